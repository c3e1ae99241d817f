# SPDX-License-Identifier: MIT
"""A program traced from system call to system call, so that it, or a child of its
own on the way to exec, can be killed at any of them, or any of them made to fail
(ptrace(2)). strace's injection can do that to the program itself; not the killing of a
parent that waits in vfork(2) for its child while that child is at a call of its own,
and of the children it counts the calls of each."""

import ctypes
import errno
import os
import signal
import struct
import sys

TRACEME, POKEUSER, CONT, DETACH, SYSCALL = 0, 6, 7, 17, 24
SETOPTIONS, GETEVENTMSG, SEIZE, GET_SYSCALL_INFO = 0x4200, 0x4201, 0x4206, 0x420e
O_SYSGOOD, O_FORK, O_VFORK, O_EXEC = 0x1, 0x2, 0x4, 0x10
EVENT_FORK, EVENT_VFORK, EVENT_EXEC = 1, 2, 4
WALL = 0x40000000

# For people: what is not here is shown as its number.
NAMES = {} if os.uname().machine != "x86_64" else {
    0: "read", 1: "write", 2: "open", 3: "close", 4: "stat", 5: "fstat", 7: "poll", 8: "lseek", 9: "mmap",
    10: "mprotect", 11: "munmap", 12: "brk", 13: "rt_sigaction", 14: "rt_sigprocmask", 16: "ioctl", 20: "writev",
    21: "access", 24: "sched_yield", 29: "shmget", 30: "shmat", 32: "dup", 33: "dup2", 39: "getpid", 46: "sendmsg", 47: "recvmsg",
    53: "socketpair", 56: "clone", 57: "fork", 58: "vfork", 59: "execve", 60: "exit", 61: "wait4", 62: "kill",
    63: "uname", 72: "fcntl", 73: "flock", 78: "getdents", 80: "chdir", 81: "fchdir", 83: "mkdir", 87: "unlink",
    89: "readlink", 97: "getrlimit", 110: "getppid", 111: "getpgrp", 112: "setsid", 121: "getpgid", 133: "mknod",
    141: "setpriority", 157: "prctl", 158: "arch_prctl", 160: "setrlimit", 162: "sync", 169: "reboot", 186: "gettid", 200: "tkill", 217: "getdents64",
    218: "set_tid_address", 228: "clock_gettime", 231: "exit_group", 232: "epoll_wait", 233: "epoll_ctl",
    247: "waitid", 254: "inotify_add_watch", 255: "inotify_rm_watch", 257: "openat", 258: "mkdirat", 259: "mknodat",
    262: "newfstatat", 263: "unlinkat", 264: "renameat", 266: "symlinkat", 267: "readlinkat", 269: "faccessat",
    281: "epoll_pwait", 289: "signalfd4", 290: "eventfd2", 291: "epoll_create1", 292: "dup3", 293: "pipe2",
    294: "inotify_init1", 302: "prlimit64", 316: "renameat2", 424: "pidfd_send_signal", 434: "pidfd_open",
    436: "close_range", 439: "faccessat2"}

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]


def name(number):
    return NAMES.get(number, f"call_{number}")


def ptrace(request, pid, address=0, data=0):
    result = libc.ptrace(request, pid, address, data)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")
    return result


def call_entered(pid):
    """The number of the call that PID is about to make, and its stack pointer; None: it comes from one."""
    info = ctypes.create_string_buffer(88)
    ptrace(GET_SYSCALL_INFO, pid, len(info), ctypes.cast(info, ctypes.c_void_p))
    if info.raw[0] != 1:
        return None
    _, stack, number = struct.unpack_from("=QQQ", info.raw, 8)
    return number, stack


def unavailable():
    """Why nothing can be traced here, or None."""
    try:
        calls = Trace(["/bin/sh", "-c", ":"], kill=None, started=lambda pid: None, children=False).run()
        return None if calls.calls and calls.status == 0 else "ptrace does not show system calls here"
    except OSError as e:
        return f"ptrace: {e.strerror}"


class Trace:
    """Runs WORDS, traced. KILL: None; ("parent", N): the program itself before its
    Nth call; ("parent", C, J): the program while its Cth child is before its Jth
    call on the way to exec; ("child", C, J): that child. Afterwards: what was
    killed at which call, what calls were made, the wait status."""

    def __init__(self, words, kill, started, children, prepare=lambda: None):
        self.words, self.kill, self.started, self.prepare = words, kill, started, prepare
        self.follow = children                  # whether children are traced, too
        self.step = SYSCALL if kill is None or len(kill) == 2 else CONT
        self.calls, self.children = [], []      # numbers; and of each child
        self.killed = None                      # what, as text
        self.status = None

    def found(self):
        return {"killed": self.killed, "calls": self.calls, "children": self.children, "status": self.status}

    def options(self):
        return O_SYSGOOD | O_EXEC | (O_VFORK if self.follow else 0)

    def start(self):
        pid = os.fork()
        if pid == 0:
            try:
                self.prepare()
                ptrace(TRACEME, 0)
                os.kill(os.getpid(), signal.SIGSTOP)
                os.execv(self.words[0], self.words)
            finally:
                os._exit(127)
        _, status = os.waitpid(pid, WALL)
        if not os.WIFSTOPPED(status):
            raise OSError(errno.EPERM, "not traced")
        ptrace(SETOPTIONS, pid, 0, self.options())
        ptrace(CONT, pid)
        return pid

    def kill_parent(self, pid):
        os.kill(pid, signal.SIGKILL)
        while True:
            _, status = os.waitpid(pid, WALL)
            if not os.WIFSTOPPED(status):
                self.status = status
                return

    def at_call(self, pid, child, number):
        """True if that was the end of the program."""
        if child is None:
            self.calls.append(number)
            if self.kill == ("parent", len(self.calls) - 1):
                self.killed = f"before {name(number)}, number {self.calls.count(number)} of it, {len(self.calls)} of all"
                self.kill_parent(self.pid)
                return True
            return False
        done = self.children[child]
        done.append(number)
        if self.kill and self.kill[1:] == (child, len(done) - 1):
            self.killed = f"child {child + 1} before {name(number)}, its call {len(done)}"
            if self.kill[0] == "parent":
                self.killed = "its " + self.killed
                self.kill_parent(self.pid)
                ptrace(DETACH, pid)
                return True
            os.kill(pid, signal.SIGKILL)
        return False

    def stops(self):
        """(pid, status) of each stop, until our own child has ended."""
        while True:
            pid, status = os.waitpid(-1, WALL)
            if os.WIFSTOPPED(status):
                yield pid, status
            elif pid == self.pid:
                self.status = status
                return

    def run(self):
        self.pid = self.start()
        self.started(self.pid)
        numbers = {}            # of the children not yet executed
        executed = False
        for pid, status in self.stops():
            number, event = os.WSTOPSIG(status), status >> 16
            if pid != self.pid and pid not in numbers:
                numbers[pid] = len(self.children)
                self.children.append([])
            child = numbers.get(pid)
            try:
                if number == signal.SIGTRAP | 0x80:
                    call = call_entered(pid) if executed else None
                    if call is not None and self.at_call(pid, child, call[0]):
                        return self
                    ptrace(self.step if child is None else SYSCALL, pid)
                elif event == EVENT_EXEC and child is not None:
                    ptrace(DETACH, pid)
                elif event or number in (signal.SIGTRAP, signal.SIGSTOP):
                    executed = executed or event == EVENT_EXEC
                    ptrace(self.step if child is None else SYSCALL, pid)
                else:
                    ptrace(self.step if child is None else SYSCALL, pid, 0, int(number))
            except ProcessLookupError:
                pass            # killed meanwhile
        return self


# Where the registers are in x86_64's struct user: the number of the call, its result.
ORIG_RAX, RAX = 15 * 8, 10 * 8


def cannot_fail_calls():
    """Why no call can be made to fail here, or None."""
    return unavailable() or (None if os.uname().machine == "x86_64" else "the registers are x86_64's")


class Callers:
    """Who makes a call: the return addresses on the stack of a program that is linked to a
    fixed address. One that a call before has left there may be among them; then the same
    place counts as two."""

    MOST, REACH = 4, 1024       # addresses; bytes of the stack that are looked at

    def __init__(self, pid):
        with open(f"/proc/{pid}/maps", encoding="ascii") as file:
            span = next(line.split()[0] for line in file if " r-xp " in line)
        self.start, end = (int(address, 16) for address in span.split("-"))
        self.code = self.read(pid, self.start, end - self.start)

    @staticmethod
    def read(pid, address, size):
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
            return os.pread(file.fileno(), size, address)

    def returns(self, address):
        """Whether it is behind a call: x86_64's E8 and four bytes, or FF and one."""
        at = address - self.start
        return 5 <= at < len(self.code) and (self.code[at - 5] == 0xe8 or self.code[at - 2] == 0xff)

    def of(self, pid, stack):
        data = self.read(pid, stack, self.REACH)
        words = struct.unpack(f"={len(data) // 8}Q", data[:len(data) & ~7])
        return [word for word in words if self.returns(word)][:self.MOST]


class Failing(Trace):
    """Runs WORDS, traced. FAULT: None; or (call, occurrence, errno): that call is not made
    (close(2) is, as it is whatever it says), and fails. A call is named as the manual
    does; with "child-" before it, it is one that a child makes on the way to exec, with
    "keeper-" one of a child that does not execute. Afterwards: the calls that were made,
    in order, with their callers, or whether the fault came, and in which call of which."""

    def __init__(self, words, fault, started, prepare=lambda: None):
        super().__init__(words, None, started, True, prepare)
        self.fault = fault
        self.counts = {}        # name of a call -> how many there were
        self.whose = {}         # pid -> "", "child-", "keeper-"
        self.failing = {}       # pid -> the number of its call that is to fail
        self.came = None        # the call that failed, and its callers
        self.callers = None     # once it is executed

    def found(self):
        return {"calls": self.calls, "came": self.came, "status": self.status}

    def options(self):
        return super().options() | O_FORK

    def at_entry(self, pid, number, stack):
        what = self.whose[pid] + name(number)
        self.counts[what] = count = self.counts.get(what, 0) + 1
        if self.fault is None:
            self.calls.append((what, count, self.callers.of(pid, stack)))
        elif not self.came and (what, count) == self.fault[:2]:
            self.came = (what, self.callers.of(pid, stack))
            self.failing[pid] = number
            if name(number) != "close":
                ptrace(POKEUSER, pid, ORIG_RAX, -1)

    def at_exit(self, pid):
        if self.failing.pop(pid, None) is not None:
            ptrace(POKEUSER, pid, RAX, -self.fault[2])

    def go_on(self, pid, number=0):
        """Until its next call, or on its own, when there is nothing more to be done to it."""
        over = self.came and pid not in self.failing
        ptrace(DETACH if over else SYSCALL, pid, 0, number)

    def born(self, parent, kind):
        message = ctypes.c_ulong()
        ptrace(GETEVENTMSG, parent, 0, ctypes.addressof(message))
        self.whose[message.value] = kind

    def at_stop(self, pid, status):
        number, event = os.WSTOPSIG(status), status >> 16
        if number == signal.SIGTRAP | 0x80:
            call = call_entered(pid) if self.callers else None
            if call is not None:
                self.at_entry(pid, *call)
            else:
                self.at_exit(pid)
        elif event == EVENT_EXEC and pid == self.pid:
            self.callers = Callers(pid)
        elif event == EVENT_EXEC:
            ptrace(DETACH, pid)
            return
        elif event in (EVENT_FORK, EVENT_VFORK):
            self.born(pid, "child-" if event == EVENT_VFORK else "keeper-")
        self.go_on(pid, 0 if event or number in (signal.SIGTRAP, signal.SIGTRAP | 0x80, signal.SIGSTOP)
                   else int(number))

    def run(self):
        self.pid = self.start()
        self.whose[self.pid] = ""
        self.started(self.pid)
        early = {}              # children that stop before their parent has told of them
        for pid, status in self.stops():
            if pid not in self.whose:
                early[pid] = status
                continue
            try:
                self.at_stop(pid, status)
                for child in [child for child in early if child in self.whose]:
                    self.at_stop(child, early.pop(child))
            except ProcessLookupError:
                pass            # killed meanwhile
        return self


class Attached(Failing):
    """A program that PID, which waits, is to execute: the calls that its children make on
    the way to exec, or to their end, are told, or one of them fails. Its own are strace's."""

    def __init__(self, pid, fault):
        super().__init__([], fault, lambda pid: None)
        self.pid = pid

    def start(self):
        ptrace(SEIZE, self.pid, 0, self.options())
        return self.pid

    def go_on(self, pid, number=0):
        if pid == self.pid and not self.came:
            ptrace(CONT, pid, 0, number)
        else:
            super().go_on(pid, number)

    def born(self, parent, kind):
        super().born(parent, "child-")

    def run(self):
        try:
            return super().run()
        except ChildProcessError:       # the call has failed, and nobody is traced any more
            return self


def main():
    """tracer.py -o LOG [CALL OCCURRENCE ERROR] -p PID: Attached; LOG is as strace's."""
    _, log, *fault, _, pid = sys.argv[1:]
    if fault:
        fault = (fault[0], int(fault[1]), getattr(errno, fault[2]))
    with open(log, "w", encoding="ascii") as file:
        found = Attached(int(pid), fault or None).run().found()
        for call, _, _ in found["calls"]:
            file.write(f"{call}()\n")
        if found["came"]:
            file.write(f"{found['came'][0]}() = -1 (INJECTED)\n")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""A runsvdir that is traced, and what happens to it meanwhile: services are added,
killed, told to go down, up, run once, and removed. Each story is told in a PID
namespace of its own, whose process 1 starts another supervisor when there is none,
as init does; at its end all must be as if nothing had gone wrong.

JOBS: how many at once. TEST_SECONDS: for each step.
"""

import contextlib
import ctypes
import json
import os
import pickle
import shutil
import signal
import struct
import time
import traceback

import tracer

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.abspath(os.environ.get("BIN") or os.path.join(HERE, "../../build/bin"))
JOBS = int(os.environ.get("JOBS", "24"))
SECONDS = float(os.environ.get("TEST_SECONDS", "90"))
AGAIN_SECONDS = 1.6     # then a letter of which nothing came is given again, if it went to one who was killed
LOOK_SECONDS = 0.02     # looking was most of what a case cost

NEWPID, NEWNS, NEWUSER = 0x20000000, 0x00020000, 0x10000000
DOWN, RUN = 0, 1
TAI = 4611686018427387914

IDLE = """#!/bin/sh
echo "$NAME $$" >>"$CASE/events"
read -r x <>"$CASE/never"
"""
# Each line is numbered; what was written for sure is counted in a file.
WRITER = """#!/bin/sh
echo "$NAME $$" >>"$CASE/events"
i=0
trap 'echo "$$ bye $i"; echo "bye-$NAME $$ $i" >>"$CASE/events"; exit 0' TERM
exec 3>>"$CASE/count.$NAME.$$" 4<>"$CASE/tick.$NAME"
while [ $i -lt 5 ]; do i=$((i + 1)); echo "$$ $i"; echo >&3; done
while read -r x <&4; do i=$((i + 1)); echo "$$ $i"; echo >&3; done
"""
LOGGER = """#!/bin/sh
echo "$NAME-log $$" >>"$CASE/events"
exec cat >>"$CASE/lines.$NAME"
"""


def text(path):
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


class Failed(Exception):
    """A step did not come to its end."""


class Case:
    """One run, in process 1 of a PID namespace of its own."""

    def __init__(self, directory, second, trace):
        """SECOND: the first supervisor is killed, and the next one traced. TRACE gives a
        tracer.Trace of the words, with what is to be called with its pid, and in it."""
        self.directory = directory
        self.second, self.make_trace = second, trace
        self.supervisor = self.tracer = None
        self.errors, self.ended = [], {}        # (kind, text); pid -> wait status
        self.ending = False
        self.again = 0                          # letters given again
        self.child_fails = False                # one that is to do what a letter asks for may be killed, or fail
        self.extra = 0

    # Files

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(content)
        os.chmod(path, 0o755)

    def service(self, name, run, log=False, **more):
        def script(body):
            return body.replace("$CASE", self.directory).replace("$NAME", name)
        self.write(f"defined/{name}/run", script(run))
        if log:
            self.write(f"defined/{name}/log/run", script(LOGGER))
            os.mkfifo(self.path(f"tick.{name}"))
        for file, body in more.items():
            self.write(f"defined/{name}/{file.replace('_', '/')}", script(body))

    def link(self, name):
        os.symlink(self.path("defined", name), self.path("scan", name))

    def make(self):
        os.makedirs(self.path("scan"))
        os.mkfifo(self.path("never"))
        self.service("a", IDLE)
        self.service("b", WRITER, log=True, finish='#!/bin/sh\necho "finish-$NAME $1 $2" >>"$CASE/events"\n',
                     control_t="#!/bin/sh\nexit 1\n", control_u="#!/bin/sh\nexit 0\n")
        self.service("c", WRITER, log=True)
        self.service("d", IDLE, down="")
        for name in "abd":
            self.link(name)
        self.ticks = {name: os.open(self.path(f"tick.{name}"), os.O_RDWR | os.O_NONBLOCK) for name in "bc"}

    def tick(self, name):
        os.write(self.ticks[name], b"x\n" * 3)

    def waking(self, name, again):
        """AGAIN, and a tick before: a shell that gets a signal just before it begins to read
        runs its trap only when there is something to be read."""
        def both():
            self.tick(name)
            return again()
        return both

    # What there is

    def events(self):
        return [line.split() for line in text(self.path("events")).splitlines()]

    def starts(self, name):
        return [int(e[1]) for e in self.events() if e[0] == name]

    def processes(self):
        """Service directory -> pids, of all that runs in one."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                directory = os.readlink(f"/proc/{pid}/cwd")
                with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                    state = file.read().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if directory.startswith(self.path("defined/")) and state not in "ZX":
                found.setdefault(directory[len(self.path("defined/")):], []).append(int(pid))
        return found

    def began(self, pid):
        """When the kernel made it, on the wall clock."""
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            ticks = int(file.read().rpartition(")")[2].split()[19])
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")

    def alive(self, pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                return file.read().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False

    def status(self, name):
        """seconds, pid, paused, want, term, state"""
        try:
            with open(self.path("defined", name, "supervise/status"), "rb") as file:
                record = file.read()
        except OSError:
            return None
        if len(record) < 20:
            return None
        seconds, nanoseconds, pid = struct.unpack(">QI", record[:12]) + struct.unpack("<I", record[12:16])
        return (seconds - TAI + nanoseconds / 1e9, pid, record[16], chr(record[17]), record[18], record[19])

    # The supervisor

    def prepare(self):
        fd = os.open(self.path("messages"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(fd, 1)
        os.dup2(fd, 2)

    def words(self):
        return [f"{BIN}/runsvdir", self.path("scan")]

    def start(self):
        self.supervisor = os.fork()
        if self.supervisor == 0:
            try:
                self.prepare()
                os.execv(f"{BIN}/runsvdir", self.words())
            finally:
                os._exit(127)

    def start_traced(self):
        self.tracer = os.fork()
        if self.tracer == 0:
            try:
                trace = self.make_trace(self.words(), lambda pid: self.tell("pid", pid), self.prepare)
                self.tell("trace", trace.run().found())
            except BaseException:
                self.tell("trace", {"failed": traceback.format_exc(), "status": 0})
            finally:
                os._exit(0)
        self.wait(lambda: text(self.path("pid")), "the traced supervisor")
        if self.tracer:         # and has not been killed already, and followed
            self.supervisor = int(text(self.path("pid")))

    def tell(self, name, what):
        with open(self.path(name + ".new"), "w", encoding="ascii") as file:
            json.dump(what, file)
        os.rename(self.path(name + ".new"), self.path(name))

    def trace(self):
        found = text(self.path("trace"))
        return json.loads(found) if found else {}

    def mind(self):
        """Reaps; starts a supervisor when there is none, but at the end."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            self.ended[pid] = status
        gone = None
        if self.tracer in self.ended:
            self.tracer, gone = None, self.trace()["status"]
            if "failed" in self.trace():
                raise Failed(self.trace()["failed"])
        elif self.supervisor in self.ended:
            gone = self.ended.pop(self.supervisor)
        if gone is None:
            return
        self.supervisor = None
        self.code = gone
        if self.ending and os.WIFEXITED(gone):
            return
        if not self.may_end(gone):
            self.errors.append(("supervisor", f"it ended by itself, wait status {gone}"))
        self.kills = time.time()
        self.start()

    def may_end(self, status):
        """With this wait status, before it was asked to."""
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def wait(self, condition, what, again=None):
        began = given = time.monotonic()
        while True:
            self.mind()
            found = condition()
            if found:
                return found
            now = time.monotonic()
            if now - began > SECONDS:
                raise Failed(f"not within {SECONDS:g} s: {what}")
            if again and now - given > AGAIN_SECONDS:
                given = now
                self.again += bool(again())
            time.sleep(LOOK_SECONDS)

    def hears(self, name):
        """Whether the supervisor has opened supervise/ok, which it does last of all: a letter that
        is written then is lost only with the supervisor."""
        try:
            ok = os.stat(self.path("defined", name, "supervise/ok"))
            names = os.listdir(f"/proc/{self.supervisor}/fd")
        except OSError:
            return False
        for fd in names:
            with contextlib.suppress(OSError):
                if os.path.samestat(os.stat(f"/proc/{self.supervisor}/fd/{fd}"), ok):
                    return True
        return False

    def write_letter(self, name, letter):
        # nobody reads, or who does is killed that moment: mind() is going to see it
        with contextlib.suppress(OSError):
            fd = os.open(self.path("defined", name, "supervise/control"), os.O_WRONLY | os.O_NONBLOCK)
            with open(fd, "wb", buffering=0) as control:
                control.write(letter.encode())

    def letter(self, name, letter):
        """Gives it to who hears it; what is returned gives it again, if it can have been lost."""
        given_to = None
        def give():
            nonlocal given_to
            self.wait(lambda: self.hears(name), f"a supervisor that hears letters for {name}")
            given_to = self.supervisor
            self.write_letter(name, letter)
        def again():
            if self.supervisor == given_to and not self.child_fails:
                return False
            give()
            return True
        give()
        return again

    # The story

    def story(self):
        if self.second:
            self.start()
        else:
            self.start_traced()
        for name in ("a", "b", "b-log"):
            self.wait(lambda: self.starts(name), f"start of {name}")
        began = time.monotonic()
        self.tick("b")
        self.link("c")
        for name in ("c", "c-log"):
            self.wait(lambda: self.starts(name), f"start of {name}, which was added")
        self.tick("c")
        os.kill(self.starts("c")[0], signal.SIGKILL)    # young: started again when its second is over
        if self.second:
            os.kill(self.supervisor, signal.SIGKILL)
            os.waitpid(self.supervisor, 0)
            self.start_traced()
        self.wait(lambda: (self.status("d") or [0])[-1] == DOWN and self.status("d"), "status of d")
        give = self.letter("d", "o")
        self.wait(lambda: self.starts("d"), "start of d, once", give)
        self.wait(lambda: len(self.starts("c")) == 2, "c started again")
        self.wait(lambda: time.monotonic() > began + 1.1, "")
        give = self.letter("a", "t")                    # old: started again at once
        self.wait(lambda: len(self.starts("a")) == 2, "a started again after t",
                  lambda: self.alive(self.starts("a")[0]) and give())
        self.tick("b")
        first = self.starts("b")[-1]
        give = self.letter("b", "t")
        said = lambda: any(e[0] == "bye-b" and int(e[1]) == first for e in self.events())
        self.wait(lambda: len(self.starts("b")) == 2, "b started again after t",
                  self.waking("b", lambda: not said() and give()))
        self.tick("b")
        give = self.letter("b", "d")
        def b_down():
            status = self.status("b")
            return (status[1], status[3], status[5]) == (0, "d", DOWN) and not self.alive(self.starts("b")[-1])
        self.wait(b_down, "b down", self.waking("b", give))
        if self.status("b")[2] or self.status("b")[4]:
            self.errors.append(("status", f"b is down: {self.status('b')[1:]}"))
        os.unlink(self.path("scan/c"))
        try:
            self.wait(lambda: not self.processes().keys() & {"c", "c/log"}, "c, which was removed, gone",
                      self.waking("c", lambda: self.ask_again("c")))
        except Failed as e:
            self.errors.append(("left", f"{e}: {self.processes()}"))
        give = self.letter("b", "u")
        self.wait(lambda: len(self.starts("b")) == 3, "b up again", give)
        self.tick("b")
        os.kill(self.starts("d")[0], signal.SIGKILL)
        self.wait(lambda: self.status("d")[-1] == DOWN and not self.alive(self.starts("d")[0]), "d down again")
        self.wait(self.settled, "all runs, and the supervisor waits")
        self.now_right()

    def settled(self):
        """All runs, and the supervisor has nothing more to do: it waits for what comes."""
        running = {"a", "b", "b/log"}
        try:
            with open(f"/proc/{self.supervisor}/syscall", encoding="ascii") as file:
                call = file.read().split()[0]
        except OSError:
            return False
        return (call.isdigit() and tracer.name(int(call)) in ("epoll_wait", "epoll_pwait") and not self.stopped(self.supervisor)
                and all((self.status(n) or [0])[-1] == RUN for n in running))

    def stopped(self, pid):
        """By who traces it, before the call or after it."""
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] in "tT"

    def now_right(self):
        found = self.processes()
        for name in ("a", "b", "b/log"):
            flat = name.replace("/", "-")
            last = self.starts(flat)[-1]
            if found.get(name) != [last]:
                self.errors.append(("copies", f"processes of {name}: {found.get(name)}, last started {last}"))
            status = self.status(name)
            if status[1:] != (last, 0, "u", 0, RUN):
                self.errors.append(("status", f"{name}: {status[1:]}, runs as {last}"))
            began = self.began(last)
            if status[0] < began - 0.2:
                self.errors.append(("status", f"{name}: changed at {status[0]:.3f}, its process began at {began:.3f}"))
        if found.get("d"):
            self.errors.append(("copies", f"d runs: {found['d']}"))
        if self.status("d")[3] != "d":
            self.errors.append(("status", f"d: {self.status('d')}"))
        self.count_starts()

    def count_starts(self):
        wanted = {"a": 2, "b": 3, "b-log": 1, "c": 2, "c-log": 1, "d": 1}
        got = {name: len(self.starts(name)) for name in wanted}
        for name, number in wanted.items():
            if got[name] != number:
                self.errors.append(("loggers" if "log" in name else "copies", f"{name}: {got[name]} starts, wanted {number}"))

    def ask_again(self, names):
        """Of those that are to go down. False: that is not needed."""
        return False

    def end(self):
        """All down. A kill meanwhile means that what was down already is up again."""
        self.ending = True
        self.code = None
        def stop():
            try:
                os.kill(self.supervisor, signal.SIGINT)
            except ProcessLookupError:
                pass
        stop()
        last = [self.supervisor]
        def ended():
            if self.supervisor and self.supervisor != last[0]:
                last[0] = self.supervisor
                stop()
            return self.code is not None and self.supervisor is None
        self.wait(ended, "all down, and its end", self.waking("b", lambda: self.ask_again("abd")))
        if self.code != 0:
            self.errors.append(("supervisor", f"wait status {self.code} at the end"))
        left = self.processes()
        if any(name == "c" or name.startswith("c/") for name in left) and any(k == "left" for k, _ in self.errors):
            left = {name: pids for name, pids in left.items() if name[0] != "c"}
        if left:
            self.errors.append(("left", f"at the end: {left}"))

    def lines(self):
        for name in "bc":
            got = {}
            for line in text(self.path(f"lines.{name}")).splitlines():
                pid, _, rest = line.partition(" ")
                got.setdefault(pid, []).append(rest)
            for pid in map(str, self.starts(name)):
                lines = got.pop(pid, [])
                byes = [e[2] for e in self.events() if e[0] == f"bye-{name}" and e[1] == pid]
                written = len(text(self.path(f"count.{name}.{pid}")))
                if byes:
                    if lines[-1:] != [f"bye {byes[0]}"]:
                        self.errors.append(("lines", f"{name} {pid}: last {lines[-2:]}, wanted bye {byes[0]}"))
                    lines = lines[:-1]
                if lines != [str(i + 1) for i in range(len(lines))] or len(lines) < written:
                    self.errors.append(("lines", f"{name} {pid}: {lines}, at least {written} were written"))
            if got:
                self.errors.append(("lines", f"{name}: of nobody: {got}"))

    def run(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})   # in the supervisors too, until they wait for it
        self.make()
        try:
            self.story()
            self.end()
            self.lines()
        except Failed as e:
            self.errors.append(("goes on", f"{e}; starts {self.events()}, runs {self.processes()}, "
                                           f"{ {n: self.status(n) for n in ('a', 'b', 'b/log', 'c', 'c/log', 'd')} }"))
        if self.errors:
            said = text(self.path("messages"))
            if said:
                self.errors.append(("messages", said))
        return {"errors": self.errors, "again": self.again, **self.trace()}


def in_namespace(action):
    """What ACTION returns, called as process 1 of a PID namespace, which ends with it."""
    read, write = os.pipe()
    outer = os.fork()
    if outer == 0:
        os.close(read)
        flags = NEWPID | NEWNS | (NEWUSER if os.geteuid() else 0)
        user, group = os.geteuid(), os.getegid()
        result = {"unavailable": "unshare"}
        if tracer.libc.unshare(flags) == 0:
            if flags & NEWUSER:
                for name, content in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
                    with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                        file.write(content)
            init = os.fork()
            if init:
                os.waitpid(init, 0)
                os._exit(0)
            # die with us (prctl PR_SET_PDEATHSIG), which unshare calls --kill-child
            tracer.libc.prctl(1, signal.SIGKILL, 0, 0, 0)
            mount = tracer.libc.mount
            if mount(b"none", b"/", None, ctypes.c_ulong(0x44000), None) or mount(b"proc", b"/proc", b"proc", ctypes.c_ulong(0), None):
                result = {"unavailable": "mount"}
            else:
                try:
                    result = action()
                except BaseException:
                    result = {"errors": [("goes on", traceback.format_exc())], "again": 0}
        with os.fdopen(write, "wb") as file:
            pickle.dump(result, file)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        data = file.read()
    os.waitpid(outer, 0)
    return pickle.loads(data) if data else {"errors": [("goes on", "the namespace was ended")], "again": 0}


def run_case(top, number, make):
    """What is found in the Case that MAKE gives for a directory, the NUMBERth."""
    directory = f"{top}/{number}"
    os.mkdir(directory)
    result = in_namespace(make(directory).run)
    shutil.rmtree(directory, ignore_errors=True)
    return result


def run_all(top, cases, make):
    """Yields case and result; MAKE makes a Case of a directory and a case. A worker takes every JOBSth, so that no two wait for
    each other; results come by a pipe, one at a time."""
    read, write = os.pipe()
    taken, give = os.pipe()
    workers = []
    for _ in range(min(JOBS, len(cases))):
        pid = os.fork()
        if pid == 0:
            os.close(read)
            os.close(give)
            while True:
                got = os.read(taken, 4)         # a turn: 4 bytes, whole
                if len(got) < 4:
                    os._exit(0)
                number = struct.unpack("<I", got)[0]
                result = run_case(top, number, lambda directory: make(directory, cases[number]))
                for large in ("calls", "children"):
                    result.pop(large, None)
                path = f"{top}/result.{number}"
                with open(path, "wb") as file:
                    pickle.dump(result, file)
                os.write(write, got)
        workers.append(pid)
    os.close(write)
    os.close(taken)
    next_case = 0
    for next_case in range(min(len(workers), len(cases))):
        os.write(give, struct.pack("<I", next_case))
    next_case = min(len(workers), len(cases))
    for _ in range(len(cases)):
        got = os.read(read, 4)
        if len(got) < 4:
            break
        if next_case < len(cases):
            os.write(give, struct.pack("<I", next_case))
            next_case += 1
        number = struct.unpack("<I", got)[0]
        path = f"{top}/result.{number}"
        with open(path, "rb") as file:
            result = pickle.load(file)
        os.unlink(path)
        yield cases[number], result
    os.close(give)
    for pid in workers:
        os.waitpid(pid, 0)

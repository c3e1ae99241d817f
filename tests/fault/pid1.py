# SPDX-License-Identifier: MIT
"""init as process 1 of a PID namespace, traced from outside of it and from its first
system call on, by strace, or its children until they execute, by tracer.py: neither is
among those that init ends on the way down, so it is there to the end, when reboot(2) is
called."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "namespace"))
from harness import SECONDS, Namespace, Skip, wait_until

INIT = "/pidone/init"
# Before init is executed a shell waits at this FIFO for the tracer.
GATE = "/gate"
CALL = re.compile(r"(?:\d+ +)?([\w-]+)\(")
STARTED = 'execve("%s"' % INIT

STRACE = ("strace", "-qq")
OF_CHILDREN = (sys.executable, "-B", os.path.join(HERE, "tracer.py"))

# Before main: the C library's, which ends a program whose thread pointer cannot be set,
# and those of tests/coverage/counters.c.
NOT_OURS = ("arch_prctl", "set_tid_address", "set_thread_area", "shmget", "shmat")


class Traced(Namespace):
    """A Namespace that TRACER watches, with WORDS for it: what to trace, what to inject."""

    def __init__(self, words, inittab, files=None, arguments=(), tracer=STRACE):
        super().__init__(INIT, dict({"/etc/inittab": inittab}, **(files or {})), arguments,
                         wrapper=["sh", "-c", 'read -r go <%s; exec "$0" "$@"' % GATE])
        os.mkfifo(self.root + GATE)
        self.log = os.path.join(self.top, "trace")
        self.words = list(tracer) + ["-o", self.log] + list(words)
        self.gate = self.tracer = None

    def find_init(self):
        """The shell at the gate, which is to become init."""
        try:
            if self.gate is None:
                self.gate = os.open(self.root + GATE, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:     # nobody waits there yet
            return None
        return children(self.process.pid)[0]

    def __enter__(self):
        super().__enter__()
        try:
            self.tracer = subprocess.Popen(self.words + ["-p", str(self.init)],
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.PIPE, text=True)
            wait_until("the tracer is there", lambda: status(self.init, "TracerPid") != "0"
                       or self.tracer.poll() is not None)
            if self.tracer.poll() is not None:
                raise Skip("%s cannot attach: " % self.words[0] + self.tracer.stderr.read().strip())
            os.write(self.gate, b"go\n")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.gate is not None:
            os.close(self.gate)
            self.gate = None
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.tracer is not None:
            # there is nobody left to be traced
            try:
                self.tracer.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self.tracer.kill()
                self.tracer.wait()
            self.tracer.stderr.close()
        super().__exit__()

    def finish(self):
        """Waits until the tracer has written all, after process 1 has ended."""
        if self.tracer.wait(SECONDS):
            raise AssertionError("the tracer failed: " + self.tracer.stderr.read())

    def trace(self):
        """What the tracer wrote, a line a call."""
        try:
            with open(self.log, errors="replace") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def find(self, command):
        """The child of init that runs COMMAND, as seen from here, or None."""
        for pid in children(self.init):
            try:
                with open("/proc/%d/cmdline" % pid) as file:
                    if file.read().replace("\0", " ").strip() == command:
                        return pid
            except OSError:
                continue
        return None

    def dead_children(self):
        """Those who wait to be reaped."""
        return [pid for pid in children(self.init) if status(pid, "State")[:1] == "Z"]


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def status(pid, name):
    """A line of /proc/PID/status, or "" if there is no such process."""
    try:
        with open("/proc/%d/status" % pid) as file:
            for line in file:
                if line.startswith(name + ":"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return ""


def calls(trace, began=STARTED):
    """[(name, occurrence)] of the calls behind the line that begins with BEGAN, of init's
    own in a trace without those of its children; an occurrence counts from when the tracer
    attached, as when= does."""
    found, counts, ours = [], {}, not began
    for line in trace:
        call = CALL.match(line)
        if not call:
            continue
        name = call.group(1)
        counts[name] = counts.get(name, 0) + 1
        if ours and name.split("-")[-1] not in NOT_OURS:
            found.append((name, counts[name]))
        ours = ours or line.startswith(began)
    return found

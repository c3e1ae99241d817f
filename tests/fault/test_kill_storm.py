#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""runsvdir is killed again and again, at random, while 20 services write numbered
lines to their loggers as fast as they can, others end all the time, and letters
come: no service is restarted that has not ended, there is never a second copy, and
no line is lost or doubled. And all of them, services, finish and control scripts, sv
and the supervisor, are killed and stopped at random, but for the loggers, which are
only stopped.

SOAK=1: 500 kills instead of 100, and 500 of everybody. KILLS, SEED: as they say.
"""

import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../namespace"))
from supervise import BIN, SECONDS, RUN, Suite, alive, logger, need, read, same, shebang_python, wait_until
from test_runsvdir import Scan, running_in

SERVICES, SHORT_LIVED = 20, 6
KILLS = int(os.environ.get("KILLS") or (500 if os.environ.get("SOAK") == "1" else 100))
SEED = int(os.environ.get("SEED") or 1)
suite = Suite("runsvdir")

# Bounded by the pipe: its logger takes no more than it can. HUP is ignored.
WRITER = shebang_python() + """
import os, signal, time
events = os.open({events!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(1))
signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.write(events, b"start %d\\n" % os.getpid())
number = 0
while not told:
    number += 1
    os.write(1, b"%d\\n" % number)
    if number % 64 == 0:
        time.sleep(0.004)       # the other 39 want to run as well
os.write(events, b"lines %d\\n" % number)
"""

# Looks at each line, and says at the end how many there were and what was wrong.
CHECKER = shebang_python() + """
import os
events = os.open({events!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
os.write(events, b"log start %d\\n" % os.getpid())
wanted, rest = 1, b""
while True:
    part = os.read(0, 65536)
    if not part:
        break
    *lines, rest = (rest + part).split(b"\\n")
    for line in lines:
        if line != b"%d" % wanted:
            os.write(events, b"wrong %s, wanted %d\\n" % (line, wanted))
            wanted = int(line) if line.isdigit() else wanted
        wanted += 1
os.write(events, b"logged %d %d\\n" % (wanted - 1, len(rest)))
"""

# Lives for less than a second, or a little more; holds a lock, so that two of them are seen.
BRIEF = shebang_python() + """
import fcntl, os, random, time
events = os.open({events!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
held = os.open({events!r} + ".lock", os.O_WRONLY | os.O_CREAT, 0o644)
try:
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    os.write(events, b"second %d\\n" % os.getpid())
with open("/proc/self/stat") as stat:       # when the kernel made it, however late it is at this
    ticks = int(stat.read().rpartition(")")[2].split()[19])
os.write(events, b"start %d %d\\n" % (os.getpid(), ticks * 1000 // os.sysconf("SC_CLK_TCK")))
time.sleep(random.choice((0, 0.3, 0.9, 1.1)))
"""


def gaps_between_starts(service):
    at = [int(e.split()[2]) for e in service.events() if e.startswith("start ")]
    return [b - a for a, b in zip(at, at[1:])]


def kill_storm(t):
    scan = Scan(t)
    writers = [scan.service(f"w{i}", run=WRITER, log=CHECKER) for i in range(SERVICES)]
    brief = [scan.service(f"b{i}", run=BRIEF, finish="say finish\n") for i in range(SHORT_LIVED)]
    r = scan.start()
    for s in writers:
        s.running()
        wait_until(lambda: s.count("log start") and s.state(log=True).state == RUN, f"the logger of {s.path}")
    before = [(s.state(), s.state(log=True)) for s in writers]
    chance = random.Random(SEED)
    began = time.monotonic()
    for _ in range(KILLS):
        # from before it has done anything to long after it has adopted all
        end = time.monotonic() + chance.choice((0, 0.005, 0.03, 0.1, 0.3)) * chance.random() * 2
        while time.monotonic() < end:
            s = chance.choice(writers)
            try:
                s.tell(chance.choice("huc"), log=False)
            except OSError:
                pass            # nobody reads: the supervisor is not there yet
            time.sleep(0.002)
        need(r.running(), f"runsvdir has ended: {r.errors()}")
        r.kill()
        t.supervisors.remove(r)
        r = scan.start()
    def all_adopted():
        return all(s.supervised() and s.supervised(log=True) for s in writers)
    wait_until(all_adopted, "the last one has adopted all")
    wait_until(lambda: [(s.state(), s.state(log=True)) for s in writers] == before,
               lambda: f"status as before: {[(s.path, s.state(), b) for s, b in zip(writers, before) if (s.state(), s.state(log=True)) != b]}")
    took = time.monotonic() - began
    pids = [(a.pid, b.pid) for a, b in before]
    found = running_in(t)
    for s, (pid, log_pid) in zip(writers, pids):
        name = os.path.basename(s.path)
        same((s.starts(), s.count("log start"), alive(pid), alive(log_pid)), ([pid], 1, True, True), f"{name}: starts, alive")
        same(found[name], [pid], f"{name}: processes")
    need(sorted(found["log"]) == sorted(p for _, p in pids), f"loggers {found['log']}, wanted {pids}")
    for s in brief:
        same(s.count("second"), 0, f"second copies of {s.path}: {s.events()}")
    # each goes on: it is started again within its second, and something
    numbers = [len(s.starts()) for s in brief]
    wait_until(lambda: all(len(s.starts()) > n + 1 for s, n in zip(brief, numbers)), "the brief ones go on")
    gaps = [gap for s in brief for gap in gaps_between_starts(s)]
    r.signal(signal.SIGHUP)
    same(r.wait_exit(SECONDS * 3), 111, "exit code")
    same({n: p for n, p in running_in(t).items() if p}, {}, "processes left")
    total = 0
    for s in writers:
        written = [int(e.split()[1]) for e in s.events() if e.startswith("lines ")]
        logged = [e for e in s.events() if e.startswith(("logged", "wrong"))]
        same(logged, [f"logged {written[0]} 0"], f"lines of {s.path}")
        total += written[0]
    for s in brief:
        same(s.count("second"), 0, f"second copies of {s.path}")
    print(f"# seed {SEED}: {KILLS} kills in {took:.1f} s, {total} lines of {SERVICES} services, "
          f"{sum(numbers)} starts of {SHORT_LIVED} brief ones, {min(gaps)} to {max(gaps)} ms apart")
    need(min(gaps) >= 980, f"starts of one service {sorted(gaps)[:5]} ms apart")


# The lines of each run are numbered; how many were written for sure is in a file.
COUNTED = shebang_python() + """
import os, time
events = os.open({events!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
pid = os.getpid()
count = os.open({events!r} + ".%d" % pid, os.O_WRONLY | os.O_CREAT, 0o644)
os.write(events, b"start %d\\n" % pid)
number = 0
while True:
    number += 1
    os.write(1, b"%d %d\\n" % (pid, number))
    os.pwrite(count, b"%d" % number, 0)
    if number % 16 == 0:
        time.sleep(0.01)
"""
EVERYBODY = 5       # services


def lines_of(s):
    """pid -> the numbers of its lines, in order."""
    found = {}
    for line in s.copied():
        pid, number = line.split()
        found.setdefault(int(pid), []).append(int(number))
    return found


def held_by(r):
    """Descriptors, and KiB of data."""
    status = dict(line.split(":", 1) for line in read(f"/proc/{r.pid}/status").splitlines())
    return len(os.listdir(f"/proc/{r.pid}/fd")), int(status["VmData"].split()[0])


class Storm:
    """Everybody below a supervisor, which is started again when it is killed."""

    def __init__(self, t, chance):
        self.t, self.chance = t, chance
        self.scan = Scan(t)
        self.services = [self.scan.service(f"w{i}", run=COUNTED, finish="exec sleep 0.05\n", log=logger(),
                                           control={"t": "sleep 0.02\nexit 1\n"}) for i in range(EVERYBODY)]
        self.r = self.scan.start()
        self.tools, self.stopped = [], []
        for s in self.services:
            s.running()
            wait_until(lambda: s.count("log start") and s.state(log=True).state == RUN, f"the logger of {s.path}")
        self.loggers = [s.state(log=True).pid for s in self.services]

    def call_sv(self):
        word = self.chance.choice(("restart", "down", "up", "once", "term", "hup", "pause", "cont", "status"))
        self.tools.append(self.t.start(f"{BIN}/sv", "-w", "1", word, self.chance.choice(self.services).path))

    def strike(self, supervisor):
        """One of them. SUPERVISOR: it may be killed, too."""
        found = running_in(self.t)
        loggers = found.pop("log", [])
        others = [pid for pids in found.values() for pid in pids] + [tool.pid for tool in self.tools if tool.running()]
        pid = self.chance.choice([self.r.pid] * 2 + loggers + others * 2)
        killed = self.chance.random() < 0.6 and pid not in loggers and (supervisor or pid != self.r.pid)
        try:
            os.kill(pid, signal.SIGKILL if killed else signal.SIGSTOP)
        except ProcessLookupError:
            return
        if not killed:
            self.stopped.append(pid)
        elif pid == self.r.pid:
            self.r.process.wait()
            self.t.supervisors.remove(self.r)
            self.r = self.scan.start()

    def go_on(self):
        for pid in self.stopped:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
        self.stopped = []

    def blow(self, number, supervisor):
        for _ in range(number):
            self.call_sv()
            time.sleep(self.chance.random() * 0.02)
            self.strike(supervisor)
            if self.chance.random() < 0.5:
                self.go_on()
        self.go_on()

    def settle(self):
        """Until all is as it should be: wanted up, and so it is."""
        for tool in self.tools:
            tool.wait_exit()
        self.tools.clear()
        for s in self.services:
            wait_until(s.supervised, f"{s.path} supervised")
            s.tell("cu")
        for s in self.services:
            s.wait_status(state=RUN, want="u", paused=0)
        def one_each():
            found = running_in(self.t)
            return all(found[os.path.basename(s.path)] == [s.state().pid] for s in self.services)
        wait_until(one_each, lambda: f"one process each; there are {dict(running_in(self.t))}")
        same([s.state(log=True).pid for s in self.services], self.loggers, "loggers")
        same([s.count("log start") for s in self.services], [1] * EVERYBODY, "starts of loggers")


def storm_of_everybody(t):
    storm = Storm(t, random.Random(SEED))
    storm.blow(KILLS, supervisor=True)
    storm.settle()
    r, before = storm.r, held_by(storm.r)
    storm.blow(KILLS // 2, supervisor=False)
    storm.settle()
    need(storm.r is r and r.running(), f"runsvdir has ended: {r.errors()}")
    wait_until(lambda: all(a <= b for a, b in zip(held_by(r), before)), lambda: f"descriptors and memory as before, {before}; {held_by(r)}")
    r.signal(signal.SIGHUP)
    same(r.wait_exit(SECONDS * 3), 111, "exit code")
    same({n: p for n, p in running_in(t).items() if p}, {}, "processes left")
    total = 0
    for s in storm.services:
        found = lines_of(s)
        for pid in s.starts():
            numbers, written = found.pop(pid, []), int(read(f"{s.events_path}.{pid}", "0") or 0)
            same(numbers, list(range(1, len(numbers) + 1)), f"lines of {s.path}, {pid}")
            need(written <= len(numbers) <= written + 1, f"{s.path}, {pid}: {len(numbers)} lines, written {written}")
            total += len(numbers)
        same(found, {}, f"lines of {s.path} by others")
    print(f"# seed {SEED}: {KILLS + KILLS // 2} of everybody killed or stopped, "
          f"{sum(len(s.starts()) for s in storm.services)} starts, {total} lines; runsvdir had {before}, and has no more")


storm_of_everybody.__doc__ = f"{KILLS} times anybody killed or stopped at random: state, processes, lines, descriptors, memory as they should be"
suite.test()(storm_of_everybody)

kill_storm.__doc__ = f"{KILLS} kills at random: 0 restarts, 0 second copies, 0 lines lost or doubled"
suite.test()(kill_storm)

if __name__ == "__main__":
    suite.main()

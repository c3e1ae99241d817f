#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""runsvdir is killed again and again, at random, while 20 services write numbered
lines to their loggers as fast as they can, others end all the time, and letters
come: no service is restarted that has not ended, there is never a second copy, and
no line is lost or doubled. And all of them, services, finish and control scripts, sv
and the supervisor, are killed and stopped at random, but for the loggers, which are
only stopped; meanwhile links come and go. The state is then what the scan directory
and the last commands say.

SOAK=1: 500 kills instead of 100, and 500 of everybody, and a SEED from the clock, which
is printed. KILLS, SEED: as they say.
"""

import collections
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../namespace"))
from supervise import (BIN, DOWN, RUN, SECONDS, Suite, alive, cwd, logger, need, read, same, shebang_python, title,
                       wait_until)
from test_runsvdir import Scan, is_gone, running_in

SERVICES, SHORT_LIVED = 20, 6
SOAK = os.environ.get("SOAK") == "1"
KILLS = int(os.environ.get("KILLS") or (500 if SOAK else 100))
SEED = int(os.environ.get("SEED") or (time.time_ns() % 100000 if SOAK else 1))
ROUNDS = 10 if SOAK else 4      # in which memory must not grow, ...
PEAKS_KIB = 32                  # ... but for what more at once than ever before needs: with SOAK=1, 26 bytes a strike
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

# Lives for less than a second, or a little more, by SEED; holds a lock, so that two of them are seen.
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
with open({events!r}) as said:
    chance = random.Random("{seed} %d" % said.read().count("start"))
time.sleep(chance.choice((0, 0.3, 0.9, 1.1)))
"""


def gaps_between_starts(service):
    at = [int(e.split()[2]) for e in service.events() if e.startswith("start ")]
    return [b - a for a, b in zip(at, at[1:])]


def kill_storm(t):
    scan = Scan(t)
    writers = [scan.service(f"w{i}", run=WRITER, log=CHECKER) for i in range(SERVICES)]
    brief = [scan.service(f"b{i}", run=BRIEF.replace("{seed}", f"{SEED} {i}"), finish="say finish\n") for i in range(SHORT_LIVED)]
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
    wait_until(lambda: not t.marked(), lambda: f"nothing left; there are {[(pid, title(pid)) for pid in t.marked()]}")
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
COMMANDED, LINKED = 5, 2        # services: told by sv; that come and go with their links

# Lasts until it is killed, or the storm opens the FIFO.
WAITS = ": <{hold}\n"
KINDS = ("service", "finish", "control", "sv", "supervisor", "logger")
WANTS = {"up": "u", "down": "d", "once": "d"}


def lines_of(s):
    """pid -> the numbers of its lines, in order."""
    found = {}
    for line in s.copied():
        pid, number = line.split()
        found.setdefault(int(pid), []).append(int(number))
    return found


def kind_of(pid, directory):
    words = read(f"/proc/{pid}/cmdline").split("\0")
    if "./run" in words:
        return "logger" if directory == "log" else "service"
    if "./finish" in words:
        return "finish"
    return "control" if "control/t" in words else None     # None: not executed yet


class Storm:
    """Everybody below a supervisor, which is started again when it is killed."""

    def __init__(self, t, chance):
        self.t, self.chance = t, chance
        self.scan = Scan(t)
        self.hold = f"{t.dir}/hold"
        os.mkfifo(self.hold)
        waits = WAITS.replace("{hold}", self.hold)
        def make(name):
            return self.scan.service(name, run=COUNTED, finish=waits, log=logger(), control={"t": waits + "exit 1\n"})
        self.commanded = [make(f"w{i}") for i in range(COMMANDED)]
        self.linked = [make(f"l{i}") for i in range(LINKED)]
        self.services = self.commanded + self.linked
        self.r = self.scan.start()
        self.tools, self.stopped, self.compared = [], [], 0
        self.hits = collections.Counter()       # (kind, killed)
        for s in self.services:
            s.running()
            wait_until(lambda: s.count("log start") and s.state(log=True).state == RUN, f"the logger of {s.path}")
        self.loggers = [s.state(log=True).pid for s in self.commanded]

    # What happens

    def call_sv(self):
        word = self.chance.choice(("restart", "down", "up", "once", "term", "hup", "pause", "cont", "status"))
        self.tools.append(self.t.start(f"{BIN}/sv", "-w", "1", word, self.chance.choice(self.commanded).path))

    def move_link(self):
        s = self.chance.choice(self.linked)
        if self.is_linked(s):
            self.scan.unlink(os.path.basename(s.path))
        else:
            self.scan.link(s)

    def is_linked(self, s):
        return os.path.lexists(f"{self.scan.path}/{os.path.basename(s.path)}")

    def found(self):
        """kind -> pids"""
        found = collections.defaultdict(list, supervisor=[self.r.pid], sv=[tool.pid for tool in self.tools if tool.running()])
        for directory, pids in running_in(self.t).items():
            for pid in pids:
                found[kind_of(pid, directory)].append(pid)
        return found

    def strike(self, supervisor):
        """One of them. SUPERVISOR: it may be killed, too."""
        found = self.found()
        kind = self.chance.choice([kind for kind in KINDS if found[kind]])
        pid = self.chance.choice(sorted(found[kind]))
        killed = self.chance.random() < 0.6 and kind != "logger" and (supervisor or kind != "supervisor")
        try:
            os.kill(pid, signal.SIGKILL if killed else signal.SIGSTOP)
        except ProcessLookupError:
            return
        self.hits[kind, killed] += 1
        if not killed:
            self.stopped.append(pid)
        elif kind == "supervisor":
            self.follow()

    def follow(self):
        """The supervisor is killed; the next one."""
        self.r.kill()
        self.t.supervisors.remove(self.r)
        self.r = self.scan.start()

    def go_on(self):
        """Whoever is stopped, and the scripts that wait."""
        for pid in self.stopped:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
        self.stopped = []
        self.release()

    def release(self):
        try:
            os.close(os.open(self.hold, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            pass                # nobody waits

    def wait(self, condition, what):
        """For what scripts may be in the way of."""
        def released():
            self.release()
            return condition()
        wait_until(released, what)

    def blow(self, number, supervisor, commands=True):
        for _ in range(number):
            if commands:
                self.call_sv()
            if self.chance.random() < 0.2:
                self.move_link()
            time.sleep(self.chance.random() * 0.02)
            self.strike(supervisor)
            if self.chance.random() < 0.3:
                self.go_on()
        self.go_on()

    # What there must be

    def round(self, number, supervisor):
        """Commands and strikes; the last commands; more strikes, and what was told is still so."""
        self.blow(number, supervisor)
        wants = self.command()
        self.blow(number // 4, supervisor, commands=False)
        self.as_told(wants)
        if supervisor:
            self.follow()
            self.as_told(wants)

    def command(self):
        """One for each, with which sv has success. Returns what is wanted then."""
        for tool in self.tools:
            self.wait(lambda tool=tool: not tool.running(), lambda tool=tool: f"the end of {tool.words}")
            self.t.supervisors.remove(tool)
        self.tools.clear()
        wants = []
        for s in self.commanded:
            self.wait(s.supervised, f"{s.path} supervised")
            s.tell("c")
            word = self.chance.choice(sorted(WANTS))
            tool = self.t.start(f"{BIN}/sv", "-w", str(int(SECONDS)), word, s.path)
            self.wait(lambda tool=tool: not tool.running(), f"the end of sv {word} {s.path}")
            same(tool.process.returncode, 0, f"sv {word} {s.path}, which said {tool.errors()}")
            self.t.supervisors.remove(tool)
            wants.append(word)
            # once: sv has its success when the service runs, which it may have done before
            wait_until(lambda s=s, word=word: s.state().want == WANTS[word], lambda s=s, word=word: f"{word}: {s.state()}")
        return wants

    def as_told(self, wants):
        """By the commands and the scan directory."""
        def right(s, word):
            state = s.state()
            pids = running_in(self.t)[os.path.basename(s.path)]
            runs = state.state == RUN and pids == [state.pid]
            rests = state.state == DOWN and state.pid == 0 and pids == []
            return s.supervised() and state.want == WANTS[word] and (
                runs if word == "up" else rests if word == "down" else runs or rests)
        for s, word in zip(self.commanded, wants):
            self.wait(lambda s=s, word=word: right(s, word), lambda s=s, word=word: f"{s.path} after {word}: {s.state()}, "
                      f"{dict(running_in(self.t))}")
            self.compared += 1
        for s in self.linked:
            here = self.is_linked(s)
            self.wait(lambda s=s, here=here: right(s, "up") if here else self.taken_down(s),
                      lambda s=s, here=here: f"{s.path}, {'linked' if here else 'not linked'}: {s.state()}, {dict(running_in(self.t))}")

    def taken_down(self, s):
        name = os.path.basename(s.path)
        return is_gone(s) and not [pid for pid in self.t.marked() if f"/{name}" in cwd(pid)]

    def settle(self):
        """All are up and linked, with one process each, one supervisor, one keeper."""
        for s in self.linked:
            if not self.is_linked(s):
                self.scan.link(s)
        for s in self.services:
            self.wait(s.supervised, f"{s.path} supervised")
            s.tell("cu")
        for s in self.services:
            def up(s=s):
                state = s.state()
                return (state.state, state.want, state.paused) == (RUN, "u", 0)
            self.wait(up, lambda s=s: f"{s.path} up: {s.state()}")
        def one_each():
            found = running_in(self.t)
            return (all(found[os.path.basename(s.path)] == [s.state().pid] for s in self.services)
                    and len(found["log"]) == len(self.services)
                    and (self.supervisors(), len(self.t.keepers())) == ([self.r.pid], 1)
                    and self.held()[1] == len(self.services) + 2)   # and the keeper has each pipe
        wait_until(one_each, lambda: f"one process each; there are {dict(running_in(self.t))}, "
                   f"supervisors {self.supervisors()}, keepers {self.t.keepers()}")
        same([s.state(log=True).pid for s in self.commanded], self.loggers, "loggers")
        same([s.count("log start") for s in self.commanded], [1] * COMMANDED, "starts of loggers")

    def supervisors(self):
        return [pid for pid in self.t.marked() if title(pid) == f"{BIN}/runsvdir"]

    def held(self):
        """Descriptors of the supervisor and of its keeper, and KiB of data."""
        status = dict(line.split(":", 1) for line in read(f"/proc/{self.r.pid}/status").splitlines())
        return (*(len(os.listdir(f"/proc/{pid}/fd")) for pid in (self.r.pid, *self.t.keepers())), int(status["VmData"].split()[0]))

    def all_kinds_hit(self):
        """Each killed and stopped, but for the loggers."""
        wanted = {(kind, killed) for kind in KINDS for killed in (True, False)} - {("logger", True)}
        same(wanted - set(self.hits), set(), f"(kind, killed) never hit; {dict(self.hits)}")


def whole_lines(s):
    """How many there are, none of them lost or doubled."""
    found, total = lines_of(s), 0
    for pid in s.starts():
        numbers, written = found.pop(pid, []), int(read(f"{s.events_path}.{pid}", "0") or 0)
        same(numbers, list(range(1, len(numbers) + 1)), f"lines of {s.path}, {pid}")
        need(written <= len(numbers) <= written + 1, f"{s.path}, {pid}: {len(numbers)} lines, written {written}; {s.events()}")
        total += len(numbers)
    same(found, {}, f"lines of {s.path} by others")
    return total


def storm_of_everybody(t):
    print(f"# seed {SEED}")
    storm = Storm(t, random.Random(SEED))
    storm.round(KILLS, supervisor=True)
    storm.settle()
    storm.round(KILLS // 2, supervisor=False)       # the most that it needs at once, too
    storm.settle()
    r, before = storm.r, storm.held()
    for number in range(ROUNDS):
        storm.round(KILLS // 4, supervisor=False)
        storm.settle()
        need(storm.r is r and r.running(), f"runsvdir has ended: {r.errors()}")
        wait_until(lambda: all(a <= b for a, b in zip(storm.held(), (*before[:-1], before[-1] + PEAKS_KIB))),
                   lambda number=number: f"descriptors and memory as before, {before}; round {number}: {storm.held()}")
    held = storm.held()
    r.signal(signal.SIGHUP)
    storm.wait(lambda: not r.running(), "the end of runsvdir")
    same(r.process.returncode, 111, "exit code")
    wait_until(lambda: not t.marked(), lambda: f"nothing left; there are {[(pid, title(pid)) for pid in t.marked()]}")
    total = sum(map(whole_lines, storm.services))
    hits = ", ".join(f"{kind} {storm.hits[kind, True]} + {storm.hits[kind, False]}" for kind in KINDS)
    print(f"# seed {SEED}: killed + stopped: {hits}; {storm.compared} times as sv was told; "
          f"{sum(len(s.starts()) for s in storm.services)} starts, {total} lines; runsvdir had {before}, and has {held}")
    storm.all_kinds_hit()


storm_of_everybody.__doc__ = f"{KILLS} times anybody killed or stopped at random: state, processes, lines, descriptors, memory as they should be"
suite.test()(storm_of_everybody)

kill_storm.__doc__ = f"{KILLS} kills at random: 0 restarts, 0 second copies, 0 lines lost or doubled"
suite.test()(kill_storm)

if __name__ == "__main__":
    suite.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""runsvdir is killed again and again, at random, while 20 services write numbered
lines to their loggers as fast as they can, others end all the time, and letters
come: no service is restarted that has not ended, there is never a second copy, and
no line is lost or doubled.

SOAK=1: 500 kills instead of 100. KILLS, SEED: as they say.
"""

import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../namespace"))
# pylint: disable=wrong-import-position
from supervise import SECONDS, RUN, Suite, alive, need, same, shebang_python, wait_until
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


kill_storm.__doc__ = f"{KILLS} kills at random: 0 restarts, 0 second copies, 0 lines lost or doubled"
suite.test()(kill_storm)

if __name__ == "__main__":
    suite.main()

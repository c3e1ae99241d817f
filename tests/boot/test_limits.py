#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a whole machine is needed for to come to a limit of: ten thousand services.

Usage: test_limits.py [CASE…], with the variables of test_boot.py. SOAK=1: 10,000 services
instead of 3,000, and beside the least that starting them can cost.
"""

import os
import sys

sys.dont_write_bytecode = True  # the tree stays clean

import system
import tap
from machine import BENCH_FILES, Bench, Counted
from tap import Failed

SOAK = os.environ.get("SOAK") == "1"
FEW, MOST = 1000, int(os.environ.get("SERVICES") or (10000 if SOAK else 3000))
RATIO = 1.3         # of the time per service at MOST to that at FEW
START_S = 300

# bench/floor is what starting them costs whoever does it.
COMPARED = ("runsvdir", "/root/floor") if SOAK else ("runsvdir",)

TOOLS = ("crowd", "floor", "idle")
TOOL = "bench/%s"


def time_each(machine, command, count):
    """Microseconds of the guest's for each of COUNT services, until the last runs."""
    took = machine.output("mkdir -p /tmp/crowd && mount -t tmpfs -o nr_inodes=0,size=75%% crowd /tmp/crowd && "
                          "cp /root/idle /tmp/crowd && /root/crowd %d /tmp/crowd %s 2>&1 && "
                          "umount /tmp/crowd" % (count, command), START_S)
    if not took.isdigit():
        raise Failed("%s with %d services: %s" % (command, count, took))
    return int(took) / count


def crowd(case):
    """Many services, by the guest's clock."""
    disk = bench.disk("crowd")
    for tool in TOOLS:
        disk.put("/root/" + tool, os.path.join(system.BUILD, TOOL % tool), "0755")
    with Counted(case, "crowd", disk, kernel=True, memory="2G") as machine:
        with case.check("boots", needed=True):
            machine.login()
            machine.output("echo 100000 >/proc/sys/fs/inotify/max_user_watches")
        each = {}
        for count in (FEW, MOST):
            for command in COMPARED:
                with case.check("%s starts %d services" % (os.path.basename(command), count), needed=True):
                    each[command, count] = time_each(machine, command, count)
                case.note("%s, %d services: %.0f us each" % (command, count, each[command, count]))
        ratio = each["runsvdir", MOST] / each["runsvdir", FEW]
        with case.check("a service of %d takes at most %g times as long as one of %d" % (MOST, RATIO, FEW)):
            if ratio > RATIO:
                raise Failed("%.2f times" % ratio)
        case.note("%.2f times" % ratio)


CASES = {"crowd": crowd}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(CASES)
    unknown = [name for name in chosen if name not in CASES]
    if unknown:
        sys.exit("test_limits.py: %s: no such case; there are: %s" % (unknown[0], " ".join(CASES)))
    missing = [name for name in (*BENCH_FILES, *(TOOL % tool for tool in TOOLS))
               if not os.path.exists(os.path.join(system.BUILD, name))]
    if missing:
        sys.exit("test_limits.py: no build/%s; run: make test" % missing[0])
    bench = Bench()
    sys.exit(tap.run({name: CASES[name] for name in chosen}, tap.side_by_side()))

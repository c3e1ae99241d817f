#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The figures of svctl and sv, side by side with those of runit, s6 and busybox,
each with the supervisor of its own kind. The service is bench/idle, which ends at
once when it is told to. Times are from vfork to the end of the command, taken by
bench/repeat.
Figures to print may be given as arguments: size restart stop list.
"""

import os
import subprocess
import sys
import time

from figures import BIN, TOOLS, RUNS, Sample, Table, adopt_orphans, end_all, peer, say, size
from supervise_figures import Services, slowness, supervisors

COUNT = 10
REST = ["sleep", "1.1"]
LISTED = 1000


def commands(supervisor, service):
    """restart, stop, start of a service, each waiting for its end."""
    if supervisor.name == "s6":
        tool = peer("s6", "usr/bin/s6-svc")
        return [[tool, *words, service] for words in (["-wr", "-r"], ["-wd", "-d"], ["-wu", "-u"])]
    program = {"runsvdir": lambda: os.path.join(BIN, "sv"), "runit": lambda: peer("runit", "usr/bin/sv"),
               "busybox": lambda: os.path.join(TOOLS, "busybox.bin/sv")}[supervisor.name]()
    return [[program, verb, service] for verb in ("restart", "stop", "start")]


def repeat(supervisor, count, *lines):
    """The milliseconds of each run, a list for each command line."""
    words = [str(count)]
    for line in lines:
        words += ["--", *line]
    done = subprocess.run([*supervisor.wrapper, os.path.join(TOOLS, "repeat"), words[0], *words[2:]], text=True, check=True,
                          env=supervisor.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    found = [[] for _ in lines]
    failed = 0
    for line in done.stdout.splitlines():
        which, status, us = line.split()
        found[int(which)].append(float(us) / 1000)
        failed += status != "0"
    if failed:
        say("%s: %d of %d commands failed" % (supervisor.name, failed, count * len(lines)))
    return found


def ready(services, count):
    """The service runs, and its supervisor can be spoken to."""
    services.records(count, pause=0.01)
    time.sleep(1.5)


def restart_and_stop(table, who, wanted):
    restarts, stops, starts = ({name: [] for name in who} for _ in range(3))
    for _ in range(RUNS):
        for name, supervisor in who.items():
            with Services(supervisor, 1) as services:
                ready(services, 1)
                restart, stop, start = commands(supervisor, os.path.join(services.scan, "s0"))
                count = COUNT if name == "runsvdir" else 3
                # A start within a second of the last one is held back, by runit's
                # rule: what is measured has run for longer.
                restarts[name] += repeat(supervisor, count, restart, REST)[0]
                down, up, _ = repeat(supervisor, count, stop, start, REST)
                stops[name] += down
                starts[name] += up
    for word, label, found, most in (("restart", "sv restart", restarts, 3), ("stop", "sv stop", stops, 2),
                                     ("stop", "sv start", starts, 2)):
        if word in wanted:
            samples = {name: Sample(values, "ms") for name, values in found.items()}
            table.add(label, samples.pop("runsvdir"), samples.items(), ratio_to="runit", most=most)


def listing(table, supervisor):
    svctl = os.path.join(BIN, "svctl")
    with Services(supervisor, LISTED) as services:
        ready(services, LISTED)
        supervisor.environment["SVDIR"] = services.scan
        taken = repeat(supervisor, 5 * RUNS, [svctl, "list"])[0]
        lines = subprocess.run([svctl, "list"], env=supervisor.environment, text=True, stdout=subprocess.PIPE,
                               stdin=subprocess.DEVNULL).stdout.count("\n")
        if lines < LISTED:
            table.gap("svctl list of %d services" % LISTED, "lists only %d" % lines)
        else:
            table.add("svctl list of %d services" % LISTED, Sample(taken, "ms"), most=30)


def main():
    wanted = sys.argv[1:] or ["size", "restart", "stop", "list"]
    adopt_orphans()
    who = supervisors()
    floor = who.pop("floor")
    table = Table("svctl", lambda: slowness(floor))
    if "size" in wanted:
        table.add("svctl, static, stripped", size("svctl"), most=128)
    if "restart" in wanted or "stop" in wanted:
        restart_and_stop(table, who, wanted)
    if "list" in wanted:
        listing(table, who["runsvdir"])
    table.show()


if __name__ == "__main__":
    try:
        main()
    finally:
        end_all()

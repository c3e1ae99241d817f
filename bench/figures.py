# SPDX-License-Identifier: MIT
"""What the three *_figures.py share: where things are, medians, the table, which is
also kept for bench/report.py, as build/bench/NAME.json."""

import ctypes
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, os.environ.get("BUILD") or "build")
BIN = os.path.abspath(os.environ.get("BIN") or os.path.join(BUILD, "bin"))
TOOLS = os.path.join(BUILD, "bench")
BUSYBOX = os.path.join(TOOLS, "busybox")

# Service directories are in memory where that can be: what a disk is busy with
# is no part of the figures. SCRATCH= says where else.
SCRATCH = os.environ.get("SCRATCH") or None
if SCRATCH is None and os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) and \
        not os.statvfs("/dev/shm").f_flag & os.ST_NOEXEC:
    SCRATCH = "/dev/shm"

# How often the quick measurements are repeated; RUNS= says otherwise.
RUNS = int(os.environ.get("RUNS") or 5)


class Sample:
    """Values of one measurement, in one unit."""

    def __init__(self, values, unit="", digits=2):
        self.values = list(values)
        self.unit = unit
        self.digits = digits

    @property
    def median(self):
        return statistics.median(self.values)

    def __str__(self):
        def number(value):
            return "%.*f" % (self.digits, value)
        text = number(self.median)
        if len(self.values) > 1 and min(self.values) != max(self.values):
            text += " (%s..%s)" % (number(min(self.values)), number(max(self.values)))
        return "%s %s" % (text, self.unit) if self.unit else text


class Nobody:
    """Takes the place of a test's case where a machine is booted for its figures."""
    machine = None


def say(text):
    """Progress, for people: not part of the table."""
    print("# " + text, file=sys.stderr, flush=True)


def shown(quotient):
    """A ratio, of two digits behind the point; one that is smaller has one digit that says something."""
    if quotient is None:
        return "-"
    return "%.2f" % quotient if quotient >= 0.005 else "%.1g" % quotient


class Table:
    """The figures, each with those of the others, its ratio and its bound."""

    HEAD = ("figure", "ours", "others", "ratio", "bound", "")

    def __init__(self, name, slowness=None):
        """`slowness`, called when a bound in ms is missed: how many times slower
        this machine is than the one on which those bounds were set."""
        self.name = name
        self.kept = {}
        self.slowness = slowness
        self.rows = []
        self.missed = 0

    def add(self, figure, ours, others=(), ratio_to=None, ratio=None, most=None):
        """`others`: [(name, Sample)]. The bound is on ours (`most`, in its unit)
        or on ours divided by that of `ratio_to`'s name, if it is there (`ratio`); with
        both, both hold. One in ms that does not hold is looked at again as it would be on
        this machine, and the verdict says so."""
        others = list(others)
        quotient = None
        good = True
        bounds = []
        if ratio_to in dict(others):
            base = dict(others)[ratio_to].median
            quotient = ours.median / base if base else float("inf")
            if ratio is not None:
                good = good and quotient <= ratio
                bounds.append("%g x %s" % (ratio, ratio_to))
        scaled = False
        if most is not None:
            bounds.append(("%g %s" % (most, ours.unit)).strip())
            if ours.median > most and ours.unit == "ms" and self.slowness:
                most = most * max(1, self.slowness())
                bounds[-1] += " (here %.3g)" % most
                scaled = True
            good = good and ours.median <= most
        if not bounds:
            verdict = ""
        else:
            verdict = "MISSED" if not good else "ok here" if scaled else "ok"
            self.missed += not good
        said = ["%s %s" % (name, value) for name, value in others] or ["-"]
        self.rows.append((figure, str(ours), said, shown(quotient),
                          ", ".join(bounds) or "-", verdict))
        self.kept[figure] = {"ours": ours.values, "others": {name: value.values for name, value in others},
                             "row": self.rows[-1]}
        say("%s: %s; %s; %s" % (figure, ours, ", ".join(said), verdict))

    def gap(self, figure, why):
        self.rows.append((figure, "-", [why], "-", "-", "NOT MEASURED"))
        self.kept[figure] = {"row": self.rows[-1]}

    def keep(self, figure, data):
        """Something that is no row: for a plot."""
        self.kept[figure] = data

    def show(self):
        lines = [self.HEAD]
        for figure, ours, others, ratio, bound, verdict in self.rows:
            lines.append((figure, ours, others[0], ratio, bound, verdict))
            lines += [("", "", other, "", "", "") for other in others[1:]]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.HEAD))]
        print("\n%s (medians, with least..most of several interleaved runs)" % self.name)
        for number, line in enumerate(lines):
            print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
            if number == 0:
                print("  ".join("-" * width for width in widths).rstrip())
        sys.stdout.flush()
        # What was not measured this time stays as it was; make bench begins anew.
        path = os.path.join(TOOLS, self.name + ".json")
        before = json.loads(read(path)) if os.path.exists(path) else {}
        with open(path, "w") as file:
            json.dump({**before, **self.kept}, file, indent=1)


def size(program):
    return Sample([os.path.getsize(os.path.join(BIN, program)) / 1024], "KiB", 1)


def peer(package, path):
    """The path of a program of Debian's, unpacked in the cache, or None."""
    done = subprocess.run([os.path.join(ROOT, "tests/peers"), package], text=True, cwd=ROOT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        say("%s cannot be had: %s" % (package, done.stderr.strip()))
        return None
    found = os.path.join(done.stdout.strip(), path)
    return found if os.path.exists(found) else None


def read(path):
    with open(path) as file:
        return file.read()


def children(pid):
    """Of all its threads."""
    found = []
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            found += map(int, read("/proc/%d/task/%s/children" % (pid, task)).split())
    except OSError:
        pass
    return found


def descendants(pid):
    found, new = [], [pid]
    while new:
        new = [child for parent in new for child in children(parent)]
        found += new
    return found


def adopt_orphans():
    """Whatever we start stays below us, so that it can be ended; and it comes
    before what else this machine does, all of those compared alike."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, int(os.environ.get("NICE") or -20))
    except PermissionError:
        pass
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0):     # PR_SET_CHILD_SUBREAPER
        sys.exit("%s: prctl: %s" % (sys.argv[0], os.strerror(ctypes.get_errno())))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))


def end_all():
    """Ends and reaps everything below us: parents first, so that nothing is
    started anew."""
    while True:
        below = descendants(os.getpid())
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            for _ in below or [0]:
                os.waitpid(-1, 0)
        except ChildProcessError:
            return


def wait_until(what, condition, seconds=30, pause=0.002):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("not within %g s: %s" % (seconds, what))
        time.sleep(pause)


def number_in(text, name):
    """The number after `name:` in a /proc file."""
    return int(re.search(r"^%s:\s+(\d+)" % name, text, re.M).group(1))

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A signal of the crash set reaches process 1 at each of its system calls, in boot,
run, reload, upgrade and on the way down. It executes itself again, its children keep
their pids, nothing is started twice, and the way down comes to its end.

Which calls there are is taken from a trace of a run without a crash. SOAK=1: each of
them; otherwise CASES of them, chosen by SEED. JOBS: how many at once. Arguments: a case
as it is in the diagnostics (openat 3), or its first word, to run those only.
"""

import os
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

from cases import choose, enough, how_chosen, report
from pid1 import Traced, calls, wait_until
from harness import Skip, strace

CASES = int(os.environ.get("CASES", "50"))
JOBS = int(os.environ.get("JOBS", "8"))

CRASHES = ("SEGV", "BUS", "ILL", "FPE", "ABRT")     # they take turns
UPGRADE = 59
RESUMED = 0.7       # of the cases, at least: there is nothing to go on with before the start nor at the very end

KEPT = ("sleep 1001", "sleep 1002")
INITTAB = """::sysinit:echo sysinit >>/tmp/log
::respawn:sh -c 'echo first >>/tmp/log; exec %s'
::respawn:sh -c 'echo second >>/tmp/log; exec %s'
::shutdown:echo shutdown >>/tmp/log
""" % KEPT
ADDED = "sleep 1003"
LIMITS = ["init.%s=%d" % limit for limit in (("shutdown", 20), ("stop", 20), ("term", 2), ("kill", 2), ("unmount", 2))]

WHAT = {
    "lives": "process 1 lives",
    "children": "its children keep their pids, and none is started twice",
    "hears": "it reloads, and is executed anew, when asked",
    "ends": "the way down comes to its end, in order",
}


class Broken(Exception):
    """(what of WHAT does not hold, how that was seen)"""


def expect(kind, ns, condition):
    def look():
        if ns.process.poll() is not None:
            raise Broken("lives", "it ended with %d" % ns.process.returncode)
        return condition()
    try:
        return wait_until(WHAT[kind], look)
    except AssertionError as error:
        raise Broken(kind, str(error)) from None


def story(ns):
    pids = {command: expect("children", ns, lambda c=command: ns.find(c)) for command in KEPT}
    ns.write("/etc/inittab", INITTAB + "::respawn:%s\n" % ADDED)
    ns.signal(signal.SIGHUP)
    pids[ADDED] = expect("hears", ns, lambda: ns.find(ADDED))
    ns.signal(UPGRADE)
    expect("hears", ns, lambda: "going on as version" in ns.output())
    found = {command: expect("children", ns, lambda c=command: ns.find(c)) for command in pids}
    if found != pids:
        raise Broken("children", "they were %s, and are %s" % (pids, found))
    try:
        ns.signal(signal.SIGTERM)
        code = ns.wait_end()
    except AssertionError as error:
        raise Broken("ends", str(error)) from None
    if code != -signal.SIGHUP:
        raise Broken("ends", "with %d" % code)
    log = ns.read("/tmp/log").split()
    if sorted(log) != ["first", "second", "shutdown", "sysinit"] or log[0] != "sysinit" or \
            log[-1] != "shutdown":
        raise Broken("children", "started: %s" % " ".join(log))


def run(case):
    """(case, whether the signal came, [(kind, text)])"""
    name, occurrence, crash = case
    strace = ["-e", "trace=" + name, "-e", "inject=%s:signal=%s:when=%d" % (name, crash, occurrence)]
    errors, said, came = [], "", True
    ns = Traced(strace, INITTAB, arguments=LIMITS)
    try:
        with ns:
            try:
                story(ns)
            except Broken as broken:
                errors.append(broken.args)
                ns.process.kill()
            said = ns.output()
            ns.finish()
            came = any("--- SIG%s " % crash in line for line in ns.trace())
    except Skip:
        raise
    except Exception:
        errors.append(("lives", traceback.format_exc()))
    return case, came, "going on after a crash" in said, \
        [(kind, "%s\n%s" % (text, said)) for kind, text in errors]


def main():
    try:
        strace()
        with Traced([], INITTAB, arguments=LIMITS) as ns:
            story(ns)
            ns.finish()
            made = calls(ns.trace())
    except Skip as reason:
        print("ok - crashes of init # SKIP %s" % reason)
        return 0
    cases = [call + (CRASHES[number % len(CRASHES)],) for number, call in enumerate(made)]
    chosen = choose(cases, CASES)
    print("# %d of the %d calls of a run%s" % (
        len(chosen), len(cases), how_chosen(chosen, cases)))
    sys.stdout.flush()
    with ThreadPoolExecutor(JOBS) as workers:
        results = list(workers.map(run, chosen))
    failed = report("wherever it crashes", WHAT, [(case, errors) for case, _, _, errors in results])
    came = enough("the signal came", [(case, did) for case, did, _, _ in results])
    resumed = sum(did for _, _, did, _ in results)
    good = resumed >= RESUMED * len(results)
    print("%s - in %d %% of the cases init was executed again" % ("ok" if good else "not ok", RESUMED * 100))
    print("# in %d" % resumed)
    return 1 if failed or not came or not good else 0


if __name__ == "__main__":
    sys.exit(main())

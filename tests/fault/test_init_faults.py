#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each system call that init makes, from its start to the end, an upgrade between, fails
once: at each of its occurrences, with each error. Whatever fails, process 1 lives, reaps,
starts again what ends, keeps its children over the upgrade, and goes down when asked, by
the shutdown entry. So it is when a call fails that nobody but a child of init's makes on
the way down or before it executes a program (child-sync 1 EIO): at its first
occurrence in each process, or its second. What those children do as others do it too,
and unmounting, which a namespace's init leaves to the kernel, does not fail here.

Which calls there are is taken from a trace of a run in which nothing fails. A call of
the trace need not come in each run: cases in which nothing was injected are counted
apart. SOAK=1: every case; otherwise CASES of them, chosen by SEED. JOBS: how many at once. Arguments: a case as it is in the
diagnostics (openat 3 EMFILE), or its first words, to run those only.
"""

import os
import signal
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from cases import choose, enough, how_chosen, report
from pid1 import Skip, Traced, calls, require, status, wait_until

CASES = int(os.environ.get("CASES", "100"))
JOBS = int(os.environ.get("JOBS", "8"))

ERRORS = ("EINTR", "EAGAIN", "ENOMEM", "EMFILE", "ENOSPC", "EIO", "EPERM", "EACCES", "EROFS",
          "ENODEV")
# "These functions are always successful": getpid(2).
CANNOT_FAIL = ("getpid",)
OF_CHILDREN = (("kill", 1), ("kill", 2), ("reboot", 1), ("setsid", 1), ("sync", 1))
CHILD = "child-"
UPGRADE = 59
AGAIN_S = 0.5       # a request whose signal was not heard of is made again

# Each run of the entry makes an orphan, which is init's to reap.
KEPT = "sleep 1001"
INITTAB = """::sysinit:true 1
::respawn:sh -c '(true &); exec %s'
::ctrlaltdel:true 2
::shutdown:sh -c 'echo shutdown >>/log'
""" % KEPT
LIMITS = ["init.%s=2" % word for word in ("shutdown", "stop", "term", "kill", "unmount")]
FILES = {"/etc/hostname": "pidone-test\n", "/etc/fstab": "none /tmp tmpfs defaults 0 0\n"}

WHAT = {
    "lives": "process 1 lives",
    "starts": "what the inittab lists is started, and started again",
    "reaps": "who has ended is reaped",
    "upgrades": "it is executed again when asked, and its children are the same",
    "ends": "it goes down when asked",
}


class Broken(Exception):
    """(what of WHAT does not hold, how that was seen)"""


def expect(kind, ns, condition):
    """What CONDITION returns once it holds. A signal may have been lost with the call
    that failed, as happens to nobody who asks again."""
    asked = time.monotonic()

    def look():
        nonlocal asked
        if ns.process.poll() is not None:
            raise Broken("lives", "it ended with %d" % ns.process.returncode)
        if kind == "starts" and time.monotonic() > asked + AGAIN_S:
            ns.signal(signal.SIGHUP)    # the inittab could not be read, perhaps
            asked = time.monotonic()
        if kind == "upgrades" and time.monotonic() > asked + AGAIN_S:
            ns.signal(UPGRADE)          # it could not be executed, perhaps
            asked = time.monotonic()
        return condition()
    try:
        return wait_until(WHAT[kind], look)
    except AssertionError as error:
        raise Broken(kind, str(error)) from None


def story(ns):
    first = expect("starts", ns, lambda: ns.find(KEPT))
    expect("reaps", ns, lambda: not ns.dead_children())
    ns.signal(signal.SIGINT)
    ns.signal(signal.SIGHUP)
    os.kill(first, signal.SIGKILL)
    expect("reaps", ns, lambda: status(first, "State") == "")
    second = expect("starts", ns, lambda: (lambda pid: pid != first and pid)(ns.find(KEPT)))
    expect("reaps", ns, lambda: not ns.dead_children())
    ns.signal(UPGRADE)
    expect("upgrades", ns, lambda: "going on as version" in ns.output())
    expect("upgrades", ns, lambda: ns.find(KEPT) == second)
    try:
        ns.signal(signal.SIGUSR2)
        code = ns.wait_end()
    except AssertionError as error:
        raise Broken("ends", str(error)) from None
    # where reboot(2) fails in a namespace, init exits
    if code != (0 if "cannot power off" in ns.output() else -signal.SIGINT):
        raise Broken("ends", "with %d" % code)
    if ns.read("/log") != "shutdown\n" and "cannot start: " not in ns.output():
        raise Broken("ends", "without its shutdown entry")


def run(case):
    """(case, was anything injected, [(kind, text)])"""
    errors, said = [], ""
    name, occurrence, error = case
    # what is not of interest need not stop
    followed = ["-f"] if name.startswith(CHILD) else []
    call = name.removeprefix(CHILD)
    strace = followed + ["-e", "trace=" + call, "-e", "inject=%s:error=%s:when=%d" % (call, error, occurrence)]
    ns = Traced(strace, INITTAB, FILES, LIMITS)
    try:
        with ns:
            try:
                story(ns)
            except Broken as broken:
                errors.append(broken.args)
                ns.process.kill()
            said = ns.output()
            ns.finish()
            injected = any("(INJECTED)" in line for line in ns.trace())
    except Skip:
        raise
    except Exception:
        errors.append(("lives", traceback.format_exc()))
        injected = True
    return case, injected, [(kind, "%s\n%s" % (text, said)) for kind, text in errors]


def whole():
    """A run in which nothing fails: the calls that are made."""
    with Traced([], INITTAB, FILES, LIMITS) as ns:
        story(ns)
        ns.finish()
        return calls(ns.trace())


def main():
    try:
        require()
        made = whole()
    except Skip as reason:
        print("ok - init under failing system calls # SKIP %s" % reason)
        return 0
    seen = {}
    for name, occurrence in made:
        if name not in CANNOT_FAIL:
            seen.setdefault(name, []).append(occurrence)
    cases = [(name, occurrence, error) for name in sorted(seen)
             for occurrence in seen[name] for error in ERRORS]
    cases += [(CHILD + name, occurrence, error) for name, occurrence in OF_CHILDREN for error in ERRORS]
    chosen = choose(cases, CASES)
    print("# a run makes %d calls of %d kinds: %s" % (len(made), len(seen), " ".join(sorted(seen))))
    print("# %d of %d cases (call, occurrence, error)%s" % (
        len(chosen), len(cases), how_chosen(chosen, cases)))
    sys.stdout.flush()
    with ThreadPoolExecutor(JOBS) as workers:
        results = list(workers.map(run, chosen))
    failed = report("whatever call fails", WHAT, [(case, errors) for case, _, errors in results])
    injected = sum(did for _, did, _ in results)
    good = enough(injected, len(results))
    print("%s - the calls came, and failed" % ("ok" if good else "not ok"))
    print("# %d cases have run; in %d the call came, and failed" % (len(results), injected))
    return 1 if failed or not good else 0


if __name__ == "__main__":
    sys.exit(main())

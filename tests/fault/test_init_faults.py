#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each system call that init makes, from its start to reboot(2), fails once, and each
that its children make, until they execute or come to their end: at each of its
occurrences, with each error. Meanwhile an entry's process is killed, the keys are
pressed, the inittab is read again, init is executed anew from a new file, and all goes
down. Whatever fails, process 1 lives, reaps, starts again what ends, and goes down when
asked, in order.

In a container init has no file systems and no swap of the machine's to let go of: its
umount2(2), swapoff(2) and remounting are not reached here, its sync(2) is. tests/boot
makes these calls; none fails there but for a file system that is busy.

Which calls there are is taken from a trace of a run in which nothing fails. A call of
the trace need not come in each run: cases in which nothing was injected are counted
apart, and may be few. A call of children is child-CALL, and counts over all of them.
SOAK=1: every case; otherwise CASES of them, chosen by SEED. JOBS: how many at once.
Arguments: a case as it is in the diagnostics (openat 3 EMFILE), or its first words, to
run those only.
"""

import os
import shutil
import signal
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from cases import choose, enough, how_chosen, report
from pid1 import INIT, OF_CHILDREN, STRACE, Traced, calls, status, wait_until
from harness import Skip, strace
from tracer import cannot_fail_calls

CASES = int(os.environ.get("CASES", "120"))
JOBS = int(os.environ.get("JOBS", "24"))

ERRORS = ("EINTR", "EAGAIN", "ENOMEM", "EMFILE", "ENOSPC", "EIO", "EPERM", "EACCES", "EROFS",
          "ENODEV")
# "These functions are always successful": getpid(2), gettid(2). The last does not return.
CANNOT_FAIL = ("getpid", "gettid", "exit_group")
AGAIN_S = 0.5       # a request whose signal was not heard of is made again
UPGRADE = 59

# Each run of the first entry makes an orphan, which is init's to reap.
KEPT = "/bin/sh /etc/kept"
ASKED = "sleep 1003"
INITTAB = """::sysinit:/etc/first
::respawn:sh -c '(true &); exec /etc/kept'
null::askfirst:%s
::ctrlaltdel:true 2
::shutdown:/etc/down
""" % ASKED
LIMITS = ["init.shutdown=20", "init.stop=20", "init.term=3", "init.kill=2", "init.unmount=2"]
LOG = "/root/log"
FILES = {
    "/etc/hostname": "pidone-test\n",
    "/etc/fstab": "none /tmp tmpfs defaults 0 0\n",
    # two orphans: one that goes when all are asked to, and one that must be killed
    "/etc/first": """#!/bin/sh
(trap '' TERM; echo deaf >>/root/log; exec sleep 1004) &
(trap 'echo everybody >>/root/log; exit' TERM; echo first >>/root/log; sleep 1002 & wait) &
""",
    "/etc/kept": """#!/bin/sh
trap 'echo term >>/root/log; exit' TERM
echo kept >>/root/log
sleep 1001 &
wait
""",
    "/etc/down": "#!/bin/sh\necho down >>/root/log\n",
}
UP = ("deaf", "first", "kept", "kept")      # in any order
DOWN = ("down", "term", "everybody")

WHAT = {
    "lives": "process 1 lives",
    "starts": "what the inittab lists is started, and started again, and not twice",
    "reaps": "who has ended is reaped",
    "hears": "it is executed anew when asked",
    "ends": "it goes down when asked: the shutdown entry, TERM to entries, to everybody, the right end",
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
        return condition()
    try:
        return wait_until(WHAT[kind], look)
    except AssertionError as error:
        raise Broken(kind, str(error)) from None


def lost(name, said):
    """Lines that are not to be looked for in the log when NAME was the call that failed
    and init SAID so: those of an entry that has its turn once and could not be executed in
    it, and those of who was not signalled, or cannot hear it."""
    words = set()
    if "/etc/first: cannot execute" in said or "/etc/inittab: cannot" in said:
        words |= {"deaf", "first", "everybody"}
    # a full process table must not hold up the way down
    if "/etc/down: cannot execute" in said or "/etc/down: cannot start" in said:
        words |= {"down"}
    if name == "child-kill":            # of kill(-1)
        words |= {"everybody"}
    if name == "child-rt_sigprocmask":  # a program is executed with all signals blocked
        words |= {"term", "everybody"}
    return words


def lines(ns):
    return ns.read(LOG).split()


def compare_way_down(name, ns, up):
    """UP: so many lines were there before it was asked for."""
    log, words = lines(ns)[up:], lost(name, ns.output())
    wanted = [word for word in DOWN if word not in words]
    found = [word for word in log if word not in words]
    if name == "kill":      # who is not asked before all others is asked with them
        wanted, found = sorted(wanted), sorted(found)
    if found != wanted or any(log.count(word) > 1 for word in words):
        raise Broken("ends", "the log has: %s, wanted: %s" % (" ".join(log), " ".join(wanted)))


def upgrade(ns):
    """A new file in init's place, which it is told to execute: again, if it says that it
    could not."""
    new = ns.root + INIT + ".new"
    shutil.copy2(ns.root + INIT, new)
    os.rename(new, ns.root + INIT)
    file = os.stat(ns.root + INIT).st_ino
    asked = 0

    def executed():
        nonlocal asked
        if ns.output().count("cannot execute, going on as before") >= asked:
            ns.signal(UPGRADE)
            asked += 1
        return os.stat("/proc/%d/exe" % ns.init).st_ino == file
    expect("hears", ns, executed)


def story(ns, name=""):
    """NAME: the call that fails."""
    def is_up(kept):
        words = lost(name, ns.output())
        wanted = sorted(word for word in UP[:2 + kept] if word not in words)
        return sorted(word for word in lines(ns) if word not in words) == wanted
    first = expect("starts", ns, lambda: ns.find(KEPT))
    expect("starts", ns, lambda: ns.find(ASKED))
    expect("starts", ns, lambda: is_up(1))
    expect("reaps", ns, lambda: not ns.dead_children())
    ns.signal(signal.SIGINT)
    ns.signal(signal.SIGHUP)
    os.kill(first, signal.SIGKILL)
    expect("reaps", ns, lambda: status(first, "State") == "")
    expect("starts", ns, lambda: is_up(2))
    expect("reaps", ns, lambda: not ns.dead_children())
    upgrade(ns)
    if name == "rt_sigprocmask":
        # musl's sigaction(3) of SIGABRT has all signals blocked, and then puts back what
        # it was told was there before: if nothing was, what comes just now is lost
        expect("hears", ns, lambda: ns.output().count("going on as version") > 0)
    if not is_up(2):
        raise Broken("starts", "the log has: %s" % " ".join(lines(ns)))
    up = len(lines(ns))
    try:
        ns.signal(signal.SIGUSR2)
        code = ns.wait_end()
    except AssertionError as error:
        raise Broken("ends", str(error)) from None
    # where reboot(2) fails in a namespace, init exits
    if code != (0 if name == "child-reboot" else -signal.SIGINT):
        raise Broken("ends", "with %d" % code)
    compare_way_down(name, ns, up)


def is_of_children(name):
    return name.startswith("child-")


def traced(case=None, of_children=False):
    if of_children:
        words = map(str, case or ())
    elif case:
        # what is not of interest need not stop
        words = ["-e", "trace=" + case[0], "-e", "inject=%s:error=%s:when=%d" % (case[0], case[2], case[1])]
    else:
        words = ()
    return Traced(words, INITTAB, FILES, LIMITS, OF_CHILDREN if of_children else STRACE)


def run(case):
    """(case, was anything injected, [(kind, text)])"""
    errors, said = [], ""
    try:
        with traced(case, is_of_children(case[0])) as ns:
            try:
                story(ns, case[0])
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
    """The calls that are made in runs in which nothing fails: init's, and its children's."""
    with traced() as ns:
        story(ns)
        ns.finish()
        made = calls(ns.trace())
    reason = cannot_fail_calls()
    if reason:
        print("ok - children of init under failing system calls # SKIP %s" % reason)
        return made
    with traced(of_children=True) as ns:
        story(ns)
        ns.finish()
        return made + calls(ns.trace(), began="")


def main():
    try:
        strace()
        made = whole()
    except Skip as reason:
        print("ok - init under failing system calls # SKIP %s" % reason)
        return 0
    except Broken as broken:
        report("where none fails", WHAT, [(("no call", 0, ""), [broken.args])])
        return 1
    seen = {}
    for name, occurrence in made:
        if name.removeprefix("child-") not in CANNOT_FAIL:
            seen.setdefault(name, []).append(occurrence)
    cases = [(name, occurrence, error) for name in sorted(seen)
             for occurrence in seen[name] for error in ERRORS]
    chosen = choose(cases, CASES)
    print("# a run makes %d calls of %d kinds: %s" % (len(made), len(seen), " ".join(sorted(seen))))
    print("# %d of %d cases (call, occurrence, error)%s" % (
        len(chosen), len(cases), how_chosen(chosen, cases)))
    sys.stdout.flush()
    with ThreadPoolExecutor(JOBS) as workers:
        results = list(workers.map(run, chosen))
    failed = report("whatever call fails", WHAT, [(case, errors) for case, _, errors in results])
    came = enough("the call came, and failed", [(case, did) for case, did, _ in results])
    return 1 if failed or not came else 0


if __name__ == "__main__":
    sys.exit(main())

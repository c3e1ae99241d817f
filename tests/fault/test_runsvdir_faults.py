#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each system call that runsvdir makes, its children on the way to exec and its keeper
of log pipes included, fails once: at each of its occurrences, with each error. Meanwhile
services are added, killed, told to go down, up, run once, and removed. No service is
lost or doubled, all that is wanted is up in the end, and all goes down when asked; so
it is when the runsvdir whose calls fail has to adopt what another one left.

Which calls there are is taken from a trace of a run in which nothing fails. A call of
the trace need not come in each run: cases in which nothing failed are counted apart.

Most calls are the same one again: an open of a record, in one place of the program, on
the same way there. That is a use, known by its callers (tracer.Callers). SOAK=1: the
first occurrence of each use (FIRST=2: the first two), with each error that its manual
page or the kernel knows. Otherwise CASES of those, chosen by SEED. SOAK=all: every
occurrence, with each of ERRORS: some hours. Arguments: a case as it is in the
diagnostics (openat 3 EMFILE), or its first words, to run those of all only.
"""

import errno
import os
import shutil
import sys
import tempfile

import tracer
from cases import EVERY, choose, enough, how_chosen, report
from story import BIN, Case, run_all, run_case, text

CASES = int(os.environ.get("CASES", "60"))
FIRST = int(os.environ.get("FIRST", "1"))

ERRORS = ("EINTR", "EAGAIN", "ENOMEM", "EMFILE", "ENOSPC", "EIO", "EPERM", "EACCES", "EROFS", "ENODEV")
# What these fail for is no accident: nobody tries again by himself what is not permitted.
SIGNALLING = {"kill": ("EPERM",), "pidfd_send_signal": ("EPERM",)}
PLAUSIBLE = {call: errors for calls, errors in {
    "open openat": ("EINTR", "ENOMEM", "EMFILE", "ENOSPC", "EIO", "EACCES", "EROFS", "ENODEV"),
    "mkdirat mknodat symlinkat": ("ENOMEM", "ENOSPC", "EIO", "EACCES", "EROFS"),
    "renameat renameat2 unlinkat": ("ENOMEM", "ENOSPC", "EIO", "EPERM", "EROFS"),
    "stat newfstatat faccessat2 readlink readlinkat": ("ENOMEM", "EIO", "EACCES"),
    "fstat getdents64": ("ENOMEM", "EIO"),
    "fchdir chdir": ("ENOMEM", "EIO", "EACCES"),
    "read": ("EINTR", "EAGAIN", "EIO"),
    "write": ("EINTR", "EAGAIN", "ENOSPC", "EIO"),
    "close": ("EINTR", "ENOSPC", "EIO"),
    "sendmsg recvmsg": ("EINTR", "EAGAIN", "ENOMEM"),
    "fcntl dup2 dup3": ("EINTR", "EMFILE", "ENOMEM"),
    "eventfd2 pidfd_open signalfd4": ("EMFILE", "ENOMEM", "ENODEV"),
    "epoll_create1 inotify_init1 pipe2 socketpair": ("EMFILE", "ENOMEM"),
    "epoll_ctl inotify_add_watch": ("ENOMEM", "ENOSPC", "EPERM"),
    "epoll_pwait poll wait4": ("EINTR", "ENOMEM"),
    "flock": ("EINTR", "EAGAIN", "ENOMEM"),
    "mmap": ("EAGAIN", "ENOMEM", "ENODEV"),
    "brk munmap": ("EAGAIN", "ENOMEM"),
    "clone fork": ("EAGAIN", "ENOMEM"),
    "close_range": ("EMFILE", "ENOMEM"),
    "execve": ("EAGAIN", "ENOMEM", "EMFILE", "EIO", "EPERM", "EACCES"),
    "getpgid setsid prctl prlimit64": ("EPERM",),
}.items() for call in calls.split()} | SIGNALLING
# They fail for wrong arguments only, or never.
CANNOT_FAIL = ("exit_group", "getpid", "getpgrp", "gettid", "rt_sigaction", "rt_sigprocmask", "sched_yield")
# Before main: the C library's, and those of tests/coverage/counters.c.
NOT_OURS = ("arch_prctl", "set_tid_address", "shmget", "shmat")

WHAT = {
    "goes on": "all steps come to their end",
    "supervisor": "it ends by itself only if it cannot be set up; the last exits 0 after INT",
    "copies": "each service runs exactly once, and was started only when it had to be",
    "loggers": "no logger was started again",
    "left": "nothing is left behind",
    "lines": "no line is lost or doubled",
    "status": "the status tells the truth",
}


class Faulty(Case):
    """CASE: a fault of tracer.Failing, with "second-" before its call if it is of one who
    adopts; or only that, for no fault."""

    def __init__(self, directory, case):
        call, *where = case
        second = call.startswith("second-")
        self.signalling = call.removeprefix("second-") in SIGNALLING
        bare = call.removeprefix("second-")
        fault = (bare, where[0], getattr(errno, where[1])) if where else None
        super().__init__(directory, second, lambda words, started, prepare:
                         tracer.Failing(words, fault, started, prepare))
        self.child_fails = self.signalling or bare.startswith("child-")

    def may_end(self, status):
        """Whoever starts it starts it again."""
        return super().may_end(status) or (os.waitstatus_to_exitcode(status) == 111 and
                                           "cannot set up" in text(self.path("messages")))

    def ask_again(self, names):
        """If it may be their signal that failed."""
        if not self.signalling:
            return False
        for name in names:
            self.write_letter(name, "x")
        return True


def told(result):
    """Its errors, with what runsvdir said, and who made the call (addr2line -f -e
    build/unstripped/runsvdir)."""
    said = "".join(what for kind, what in result["errors"] if kind == "messages")
    who = " ".join(map(hex, result["came"][1])) if result.get("came") else "nobody"
    return [(kind, "%s\n%scalled from %s" % (what, said, who)) for kind, what in result["errors"]]


def use(call, callers):
    return call, tuple(callers)


def whole(top):
    """All cases, and those with the first occurrences of each use, from runs in which
    nothing fails; None: they cannot be had."""
    every, first = [], []
    for prefix, what in (("", "the story without a fault"), ("second-", "the same, of one who adopts")):
        result = run_case(top, "whole" + prefix, lambda directory: Faulty(directory, (prefix,)))
        if "unavailable" in result:
            print("ok - runsvdir under failing system calls # SKIP no namespace: %s" % result["unavailable"])
            return None
        report(what, WHAT, [((what, 0, ""), told(result))])
        uses, kinds = {}, set()
        for call, occurrence, callers in result.get("calls", []):
            bare = call.split("-")[-1]
            if bare in CANNOT_FAIL + NOT_OURS:
                continue
            every += [(prefix + call, occurrence, error) for error in SIGNALLING.get(bare, ERRORS)]
            made = uses[use(call, callers)] = uses.get(use(call, callers), 0) + 1
            kinds.add(call)
            if made <= FIRST:
                first += [(prefix + call, occurrence, error) for error in PLAUSIBLE.get(bare, ERRORS)]
        print("# %s: %d calls of %d kinds, %d uses" % (what, sum(uses.values()), len(kinds), len(uses)))
    return every, first


def main():
    reason = tracer.cannot_fail_calls()
    if not os.access(f"{BIN}/runsvdir", os.X_OK):
        print(f"not ok - {BIN}/runsvdir is there")
        return 1
    if reason:
        print("ok - runsvdir under failing system calls # SKIP %s" % reason)
        return 0
    top = tempfile.mkdtemp(prefix="pidone.")
    try:
        known = whole(top)
        if known is None:
            return 0
        every, first = known
        cases = every if EVERY or len(sys.argv) > 1 else first
        chosen = choose(cases, CASES)
        print("# %d of %d cases (call, occurrence, error)%s; SOAK=all: %d" % (
            len(chosen), len(cases), how_chosen(chosen, cases), len(every)))
        sys.stdout.flush()
        results = list(run_all(top, chosen, Faulty))
    finally:
        shutil.rmtree(top, ignore_errors=True)
    failed = report("whatever call fails", WHAT, [(case, told(result)) for case, result in results])
    good = enough("the call came, and failed", [(case, bool(result.get("came"))) for case, result in results])
    print("# in %d uses" % len({use(*result["came"]) for _, result in results if result.get("came")}))
    return 1 if failed or len(results) < len(chosen) or not good else 0


if __name__ == "__main__":
    sys.exit(main())

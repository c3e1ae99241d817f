#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each system call that runsvdir makes, its children on the way to exec and its keeper
of log pipes included, fails once: at each of its occurrences, with each error. Meanwhile
services are added, killed, told to go down, up, run once, and removed. No service is
lost or doubled, all that is wanted is up in the end, and all goes down when asked; so
it is when the runsvdir whose calls fail has to adopt what another one left.

Which calls there are is taken from a trace of a run in which nothing fails. A call of
the trace need not come in each run: cases in which nothing failed are counted apart.
SOAK=1: every case; otherwise CASES of them, chosen by SEED. Arguments: a case as it is
in the diagnostics (openat 3 EMFILE), or its first words, to run those only.
"""

import errno
import os
import shutil
import sys
import tempfile

import tracer
from cases import choose, how_chosen, report
from story import BIN, Case, run_all, run_case, text

CASES = int(os.environ.get("CASES", "60"))

ERRORS = ("EINTR", "EAGAIN", "ENOMEM", "EMFILE", "ENOSPC", "EIO", "EPERM", "EACCES", "EROFS")
# What these fail for is no accident: nobody tries again by himself what is not permitted.
SIGNALLING = {"kill": ("EPERM",), "pidfd_send_signal": ("EPERM",)}
# They fail for wrong arguments only, or never.
CANNOT_FAIL = ("exit_group", "getpid", "getpgrp", "rt_sigaction", "rt_sigprocmask")
# The C library's, before main.
NOT_OURS = ("arch_prctl", "set_tid_address")

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
        fault = (call.removeprefix("second-"), where[0], getattr(errno, where[1])) if where else None
        super().__init__(directory, second, lambda words, started, prepare:
                         tracer.Failing(words, fault, started, prepare))

    def may_end(self, status):
        """Whoever starts it starts it again."""
        return super().may_end(status) or (os.waitstatus_to_exitcode(status) == 111 and
                                           "cannot set up" in text(self.path("messages")))

    def ask_again(self):
        """Its signal may be what failed."""
        for name in "abd":
            self.letter(name, "x")


def told(result):
    """Its errors, with what runsvdir said."""
    said = "".join(what for kind, what in result["errors"] if kind == "messages")
    return [(kind, "%s\n%s" % (what, said)) for kind, what in result["errors"]]


def whole(top):
    """The cases, from runs in which nothing fails; None: they cannot be had."""
    cases = []
    for prefix, what in (("", "the story without a fault"), ("second-", "the same, of one who adopts")):
        result = run_case(top, "whole" + prefix, lambda directory: Faulty(directory, (prefix,)))
        if "unavailable" in result:
            print("ok - runsvdir under failing system calls # SKIP no namespace: %s" % result["unavailable"])
            return None
        report(what, WHAT, [((what, 0, ""), told(result))])
        made = [(call, occurrence) for call, occurrence in map(tuple, result.get("calls", []))
                if call.split("-")[-1] not in CANNOT_FAIL + NOT_OURS]
        cases += [(prefix + call, occurrence, error) for call, occurrence in made
                  for error in SIGNALLING.get(call, ERRORS)]
        print("# %s: %d calls of %d kinds" % (what, len(made), len({call for call, _ in made})))
    return cases


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
        cases = whole(top)
        if cases is None:
            return 0
        chosen = choose(cases, CASES)
        print("# %d of %d cases (call, occurrence, error)%s" % (len(chosen), len(cases), how_chosen(chosen, cases)))
        sys.stdout.flush()
        results = list(run_all(top, chosen, Faulty))
    finally:
        shutil.rmtree(top, ignore_errors=True)
    failed = report("whatever call fails", WHAT, [(case, told(result)) for case, result in results])
    came = sum(result.get("came", False) for _, result in results)
    print("%s - calls have failed" % ("ok" if came or not chosen else "not ok"))
    print("# %d cases have run; in %d the call came, and failed" % (len(results), came))
    return 1 if failed or len(results) < len(chosen) or (chosen and not came) else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The scenarios of this directory's *.toml with ours, with runit's and with busybox's
programs: each shows what is written down for it, each row has one, and
docs/CONFORMANCE.md says the same.

--write: write docs/CONFORMANCE.md, if all that can be asked has been asked and is as
written down. Other arguments: words; only scenarios whose name, theme or
implementation has one of them are played. RUNIT_BIN: where runit's programs are.
BUSYBOX: one that has runsvdir, runsv and sv, as Debian's has not (build/bench/busybox).
JOBS, TEST_SECONDS, TIMES: as in supervise.py.
"""

import os
import sys

import scenarios
import supervise

PAGE = os.path.join(scenarios.TOP, "docs/CONFORMANCE.md")


class Report:
    def __init__(self):
        self.count = self.failed = self.skipped = 0

    def line(self, name, problem="", skip=""):
        self.count += 1
        self.failed += bool(problem)
        self.skipped += bool(skip)
        print(("not ok - " if problem else "ok - ") + name + (" # SKIP " + skip if skip else ""))
        for line in problem.splitlines():
            print("# " + line)
        sys.stdout.flush()

    def played(self, played):
        because = played.scenario.because(played.who)
        self.line("%s: %s%s" % (played.who, played.scenario.name, " (differs: %s)" % because if because else ""),
                  "\n".join([played.deviates()] + played.said) if played.deviates() else "", played.why)
        if os.environ.get("TIMES"):
            print("# %.1f s" % played.took)


def main(writing, words):
    report = Report()
    if not words:
        for what, wrong in scenarios.mistakes().items():
            report.line(what, "\n".join(wrong))
    if not words and not writing:
        with open(PAGE, encoding="utf-8") as file:
            report.line("docs/CONFORMANCE.md says what the scenarios say",
                        "" if file.read() == scenarios.page() else "it is old: make conformance")
    scenarios.play_all(words, report.played)
    print("1..%d" % report.count)
    if writing and not report.failed and not report.skipped:
        with open(PAGE + ".new", "w", encoding="utf-8") as file:
            file.write(scenarios.page())
        os.rename(PAGE + ".new", PAGE)
    elif writing:
        print("# docs/CONFORMANCE.md is not written: %d failed, %d could not be asked" % (
            report.failed, report.skipped))
    return 1 if report.failed or writing and report.skipped else 0


arguments = sys.argv[1:]
refused = supervise.refused()
if refused:
    print("ok - scenarios # SKIP " + refused)
    print("1..1")
    sys.exit(0)
supervise.contain(lambda: main("--write" in arguments, [word for word in arguments if word != "--write"]))

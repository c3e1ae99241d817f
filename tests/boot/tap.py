# SPDX-License-Identifier: MIT
"""Results in TAP, from several cases that run side by side.

A case is a function that takes a Case and makes checks one after the other.
What a check is about stands in its name; what went wrong, and the end of the
console, in `# ` lines below its `not ok`.
"""

import collections
import contextlib
import os
import queue
import signal
import sys
import threading
import time
import traceback


class Failed(Exception):
    """A check's verdict: what was seen instead of what should be."""


class Abandoned(Exception):
    """The rest of a case makes no sense after what has failed."""


class Crashed(Exception):
    """The emulator has crashed, which tells nothing of what ran in it: QEMU 7.2 with a
    thread for each processor does, once in hundreds of resets."""


class Report:
    """Prints results as they come; one line is never cut by another's."""

    def __init__(self):
        self.lock = threading.Lock()
        self.count = 0
        self.failures = 0

    def line(self, text, comments=()):
        with self.lock:
            print(text)
            for comment in comments:
                print("# " + comment)
            sys.stdout.flush()

    def result(self, good, name, comments=()):
        with self.lock:
            self.count += 1
            self.failures += not good
        self.line(("ok - " if good else "not ok - ") + name, comments)

    def end(self):
        self.line("1..%d" % self.count)
        return 1 if self.failures or not self.count else 0


class Case:
    """One case: names its checks after itself, and knows which machine (an
    object with `evidence()`, lines of text, and `crash()`) shows why one failed.
    When the emulator crashes, the case is begun again, once; checks that had passed
    count once."""

    def __init__(self, report, name):
        self.report = report
        self.name = name
        self.machine = None
        self.again = False
        self.passed = collections.Counter()     # by name
        self.to_repeat = collections.Counter()

    def begin_again(self):
        self.machine = None
        self.again = True
        self.to_repeat = self.passed.copy()

    @contextlib.contextmanager
    def check(self, name, needed=False):
        """The block passes unless it raises. After a failure the case goes on,
        unless the check was `needed` for the rest."""
        name = "%s: %s" % (self.name, name)
        try:
            yield
        except (Abandoned, Crashed):
            raise
        except Exception as error:  # anything: the other cases go on
            crash = self.machine and self.machine.crash()
            if crash and not self.again:
                raise Crashed("%s, in: %s" % (crash, name)) from error
            self.report.result(False, name, self._why(error))
            if needed:
                raise Abandoned from error
        else:
            self._pass(name)

    def _pass(self, name):
        if self.to_repeat[name]:
            self.to_repeat[name] -= 1
            return
        self.passed[name] += 1
        self.report.result(True, name)

    def skip(self, name, reason):
        self._pass("%s: %s # SKIP %s" % (self.name, name, reason))

    def note(self, text):
        self.report.line("# %s: %s" % (self.name, text))

    def _why(self, error):
        if isinstance(error, Failed):
            lines = str(error).splitlines()
        else:
            lines = "".join(traceback.format_exception(error)).splitlines()
        if self.machine:
            lines += self.machine.evidence()
        return lines


def _once(case, function):
    try:
        # What escapes from a check's block is a failure too.
        with case.check("runs to its end", needed=True):
            function(case)
    except Abandoned:
        case.note("the rest of this case was left out")


def run(cases, side_by_side):
    """Runs the cases, {name: function}, so many at once; gives the exit status."""
    report = Report()
    waiting = queue.SimpleQueue()
    for item in cases.items():
        waiting.put(item)

    def work():
        while True:
            try:
                name, function = waiting.get_nowait()
            except queue.Empty:
                return
            case = Case(report, name)
            began = time.monotonic()
            try:
                _once(case, function)
            except Crashed as crash:
                case.note("%s: it is begun again" % crash)
                case.begin_again()
                _once(case, function)
            case.note("%.0f s" % (time.monotonic() - began))

    # A signal must unwind the main thread, so that machines and scratch files
    # are put away.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    workers = [threading.Thread(target=work, daemon=True) for _ in range(side_by_side)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return report.end()


def side_by_side():
    """How many machines this computer can run at once: JOBS, or one for each
    processor, three at most."""
    return int(os.environ.get("JOBS") or min(3, len(os.sched_getaffinity(0))))

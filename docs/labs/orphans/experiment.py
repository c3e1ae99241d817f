#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import Line, as_pid_1, check, child, libc, run, say

PR_SET_CHILD_SUBREAPER = 36


def orphan(answers, gate, told):
    """Says who its parent is, then once more each time the gate opens."""
    answers.tell("%d %d" % (os.getpid(), os.getppid()))
    told.tell()
    for _ in range(2):
        gate.hear()
        answers.tell(str(os.getppid()))
    gate.hear()
    return 7


def short_lived(answers, gate):
    """Leaves its child behind, once that has seen it."""
    told = Line()
    child(orphan, answers, gate, told)
    told.hear()


def nobody_in_between():
    answers, gate = Line(), Line()
    say("I am process %d. My child starts a child of its own, and ends." % os.getpid())
    middle = child(short_lived, answers, gate)
    pid, first = map(int, answers.hear().split())
    os.waitpid(middle, 0)
    gate.tell()
    second = int(answers.hear())
    say("Process %d: my parent was %d, and now it is %d." % (pid, first, second))
    check("the orphan becomes a child of process 1", (first, second), (middle, 1))
    gate.tell()
    answers.hear()
    gate.tell()
    got, code = os.wait()
    say("It exits with 7; wait() in process 1 returns pid %d and %d." % (got, os.WEXITSTATUS(code)))
    check("and process 1 is told how it ended", (got, os.WEXITSTATUS(code)), (pid, 7))


def subreaper(answers, gate, left, gone):
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.waitpid(child(short_lived, answers, gate), 0)
    left.tell()
    gone.hear()


def one_in_between():
    answers, gate, left, gone = Line(), Line(), Line(), Line()
    reaper = child(subreaper, answers, gate, left, gone)
    say("The same with process %d in between, which has said prctl(PR_SET_CHILD_SUBREAPER)." % reaper)
    pid = int(answers.hear().split()[0])
    left.hear()
    gate.tell()
    second = int(answers.hear())
    say("Process %d: my parent is %d." % (pid, second))
    check("with a subreaper it becomes the child of that", second, reaper)
    gone.tell()
    os.waitpid(reaper, 0)
    gate.tell()
    third = int(answers.hear())
    say("The subreaper ends. Process %d: my parent is %d." % (pid, third))
    check("and when that ends too, of process 1", third, 1)
    gate.tell()
    os.wait()


def main():
    check("process 1 alone ended well", as_pid_1(nobody_in_between), 0)
    check("process 1 with a subreaper ended well", as_pid_1(one_in_between), 0)


run(main, nobody_in_between, one_in_between)

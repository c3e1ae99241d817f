#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import select
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import Line, check, child, pid_from_outside, proc, run, say, start_pid_1
from computer import Computer, disk

LAST_WORDS = """#!/bin/sh
echo "I am process $$, and I end."
read -r line
exit 3
"""


def nobody_special(answers):
    answers.tell()
    signal.pause()


def stubborn(answers):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    nobody_special(answers)


def in_a_session_of_its_own(answers):
    os.setsid()
    child(nobody_special, answers)
    signal.pause()


def process_1(told, gate):
    answers = Line()
    for function in nobody_special, stubborn, in_a_session_of_its_own:
        child(function, answers)
    for _ in range(3):
        answers.hear()
    os.write(int(told), b"\n")
    os.read(int(gate), 1)
    return sys.exit(3)


def descendants(pid):
    found = [int(word) for word in proc(pid, "task/%d/children" % pid).split()]
    return found + [one for each in found for one in descendants(each)]


def in_a_namespace():
    told, gate = Line(), Line()
    process = start_pid_1(process_1, str(told.writer), str(gate.reader), pass_fds=[told.writer, gate.reader])
    told.hear()
    pid = pid_from_outside(process)
    others = descendants(pid)
    pidfds = [os.pidfd_open(other) for other in others]
    namespace = os.open("/proc/%d/ns/pid" % pid, os.O_RDONLY)
    say("A process 1 in a namespace, with %d others: one ignores TERM, one leads a session." % len(others))
    gate.tell()
    code = process.wait()
    ended = select.select(pidfds, [], [], 0)[0]
    say("It exits with %d. When its end can be seen, %d of the others have ended." % (code, len(ended)))
    check("with process 1 all others of its namespace end, before its own end is seen",
          (code, len(ended)), (3, 4))

    done = subprocess.run(["nsenter", "--pid=/proc/self/fd/%d" % namespace, "true"], pass_fds=[namespace],
                          capture_output=True, text=True, check=False)
    say("A new process in that namespace: %s" % done.stderr.strip())
    check("no process can be made in a namespace without a process 1",
          "Cannot allocate memory" in done.stderr)


def on_a_machine():
    say("Process 1 of a machine, /sbin/lab, says a last word:")
    with Computer("panic", disk("panic", lab=LAST_WORDS)) as computer:
        say("    " + computer.shows(r"(I am process 1, and I end\.)\r").group(1))
        # it waits for this, so that the panic does not come in between
        computer.type("")
        # the last of the panic's lines: the first may stand amid what others print
        panic = computer.shows(r"---\[ end (Kernel panic - not syncing: .*) \]---").group(1)
        say("    " + panic)
        check("the machine panics, and tells the exit status",
              "Attempted to kill init! exitcode=0x00000300" in panic)
        status = computer.monitor.command("query-status")["status"]
        say("QEMU calls the machine %s: it stands, and waits for somebody to reset it." % status)
        check("and stays as it is (panic=SECONDS would reboot it)", status, "running")


def main():
    in_a_namespace()
    on_a_machine()


run(main, process_1)

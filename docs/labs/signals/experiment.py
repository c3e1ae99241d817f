#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import ctypes
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import (Line, as_pid_1, check, child, pid_from_outside, run, say, start_pid_1,
                        state)

ALL = range(1, signal.SIGRTMAX + 1)


def default_signals():
    for number in ALL:
        if number not in (signal.SIGKILL, signal.SIGSTOP) and number in signal.valid_signals():
            signal.signal(number, signal.SIG_DFL)


def send_all():
    for number in ALL:
        os.kill(1, number)
    return len(ALL)


def from_inside():
    default_signals()
    say("Process 1 has no handlers. A child sends it each signal from 1 to %d." % ALL[-1])
    _, code = os.waitpid(child(send_all), 0)
    say("%d were sent, without an error. Process 1 is still here to say so." % os.WEXITSTATUS(code))
    check("from inside, no signal without a handler does anything to process 1, not even KILL",
          os.WEXITSTATUS(code), len(ALL))

    heard = []
    signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    os.waitpid(child(os.kill, 1, signal.SIGTERM), 0)
    say("With a handler for TERM, one is sent again. Heard: %s." % heard)
    check("one with a handler arrives", heard, [signal.SIGTERM])

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    sender = child(os.kill, 1, signal.SIGUSR1)
    os.waitpid(sender, 0)
    info = signal.sigtimedwait([signal.SIGUSR1], 0)
    say("USR1 has no handler, but is blocked, and sigwaitinfo() gets it: %s, of process %s." % (
        info and signal.Signals(info.si_signo).name, info and info.si_pid))
    check("one that is blocked is kept, and can be fetched with its sender",
          info and (info.si_signo, info.si_pid), (signal.SIGUSR1, sender))


def answers(questions, replies):
    """Process 1: answers as long as it lives."""
    default_signals()
    with open(int(questions)) as asked, open(int(replies), "w") as told:
        for _ in asked:
            told.write("here\n")
            told.flush()


def from_outside():
    ask, reply = Line(), Line()
    process = start_pid_1(answers, str(ask.reader), str(reply.writer),
                          pass_fds=[ask.reader, reply.writer], stderr=subprocess.DEVNULL)
    ask.tell()
    reply.hear()
    pid = pid_from_outside(process)
    say("Seen from the parent namespace, process 1 of another is process %d." % pid)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(pid, number)
    ask.tell()
    said = reply.hear()
    say("TERM, INT and HUP from there. Are you there? %s." % said.capitalize())
    check("from outside too, TERM without a handler is nothing", said, "here")
    os.kill(pid, signal.SIGKILL)
    process.wait()      # for unshare; its exit status is of no use here
    say("KILL from there. Process %d: %s." % (pid, "there" if state(pid) else "gone"))
    check("but KILL from the parent namespace ends it", state(pid), None)


def faults():
    default_signals()
    ctypes.string_at(0)


def main():
    check("process 1, signalled from inside, ended well", as_pid_1(from_inside), 0)
    from_outside()
    say("A process 1 that reads what lies at address 0:")
    code = as_pid_1(faults)
    say("Ended by signal %d." % -code)
    check("a fault of its own ends process 1: that signal the kernel forces", code, -signal.SIGSEGV)


run(main, from_inside, answers, faults)

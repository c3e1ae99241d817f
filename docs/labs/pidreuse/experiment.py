#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import select
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import BUILD, NAME, as_pid_1, check, proc, run, say, state, wait_until

PID = 100


def start(seconds):
    """`sleep SECONDS` as process PID: its start time, once it runs."""
    spawner = subprocess.run([os.path.join(BUILD, "labs", NAME, "spawn_as"), str(PID), "sleep", str(seconds)],
                             check=True)
    assert spawner.returncode == 0
    wait_until("sleep runs", lambda: proc(PID, "cmdline") == "sleep\0%d\0" % seconds)
    return proc(PID, "stat").rpartition(")")[2].split()[19]


def same_number_twice():
    old_time = start(1001)
    pidfd = os.pidfd_open(PID)
    say("Process %d is `sleep 1001`. I note its number, and open a pidfd, %d." % (PID, pidfd))
    os.kill(PID, signal.SIGKILL)
    check("a pidfd is readable once its process has ended",
          bool(select.select([pidfd], [], [], 30)[0]))
    check("as long as it is not reaped, its number is not free", state(PID), "Z")
    os.waitpid(PID, 0)

    # Two processes that start within one tick of the clock have the same start time.
    wait_until("the next tick", lambda: int(float(proc("", "uptime").split()[0]) * 100) > int(old_time))
    new_time = start(2002)
    say("It has ended, was reaped, and its number given to another: process %d is `sleep 2002`." % PID)
    check("the number is the same", state(PID) is not None)
    say("Start times in /proc/%d/stat: %s before, %s now." % (PID, old_time, new_time))
    check("the start time tells them apart", old_time != new_time)

    try:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        said = "sent"
    except ProcessLookupError:
        said = "ESRCH"
    say("KILL by the pidfd of the old one: %s." % said)
    check("the pidfd is of the process, not of the number", (said, state(PID) in "SR"), ("ESRCH", True))
    os.kill(PID, signal.SIGKILL)
    _, code = os.waitpid(PID, 0)
    say("KILL by the number I noted: `sleep 2002`, which had done nothing, is ended by signal %d." % os.WTERMSIG(code))
    check("the number hits whoever has it", os.WTERMSIG(code), signal.SIGKILL)


def main():
    check("to its end", as_pid_1(same_number_twice), 0)


run(main, same_number_twice)

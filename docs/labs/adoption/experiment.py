#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import glob
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import BIN, ROOT, as_pid_1, check, parent, proc, run, say, scratch, service, state, wait_until

SERVICE = """#!/bin/sh
trap 'exit 3' TERM
echo $$ >>pids
sleep 1001 & wait
"""
FINISH = """#!/bin/sh
echo "$1 $2" >>finished
"""


def words(directory, name):
    try:
        with open(os.path.join(directory, name)) as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def make(top):
    return service(os.path.join(top, "service"), run=SERVICE, finish=FINISH)


def supervise(program, directory):
    return subprocess.Popen([program, directory], stderr=subprocess.DEVNULL)


def alive(pid):
    return state(pid) not in (None, "Z")


def killed_supervisor(program, directory):
    """A service whose supervisor has been killed. Its pid."""
    supervisor = supervise(program, directory)
    wait_until("it runs", lambda: words(directory, "pids"))
    pid = int(words(directory, "pids")[0])
    say("Service %d, a child of its supervisor %d." % (pid, parent(pid)))
    check("the service is the supervisor's child", parent(pid), supervisor.pid)
    supervisor.kill()
    supervisor.wait()
    say("The supervisor is killed: service %d %s, a child of %d." % (
        pid, "lives on" if alive(pid) else "is gone", parent(pid)))
    check("the service lives on, a child of process 1", (alive(pid), parent(pid)), (True, 1))
    return pid


def ours():
    runsv = os.path.join(BIN, "runsv")
    with scratch() as top:
        directory = make(top)
        pid = killed_supervisor(runsv, directory)
        supervisor = supervise(runsv, directory)
        wait_until("a pidfd", lambda: holds_pidfd(supervisor.pid, pid))
        say("Another one comes: it finds the record, opens a pidfd, %d is its service; ./run was" % pid)
        say("executed %d time, and the parent of %d is still %d." % (len(words(directory, "pids")), pid, parent(pid)))
        check("the next supervisor takes it over, and starts no other",
              (words(directory, "pids"), alive(pid)), ([str(pid)], True))
        check("but cannot become its parent", parent(pid), 1)

        os.kill(pid, signal.SIGTERM)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        wait_until("a new one", lambda: len(words(directory, "pids")) == 2)
        say("The service ends with code %d: that is told to process 1. The supervisor sees the end" % code)
        say("through the pidfd; ./finish is told: %s. Then ./run is executed again." % words(directory, "finished")[0])
        check("how it ended is lost to the supervisor, and it does not guess",
              (code, words(directory, "finished")), (3, ["-1 0"]))

        second = int(words(directory, "pids")[1])
        os.kill(second, signal.SIGTERM)
        wait_until("its end", lambda: len(words(directory, "finished")) == 2)
        say("The new one is a child, and ends the same way: ./finish is told: %s." % words(directory, "finished")[1])
        check("of a child it knows", words(directory, "finished")[1], "3 0")
        supervisor.kill()


def holds_pidfd(holder, pid):
    """Whether a process has a descriptor that is another process."""
    return any("\nPid:\t%d\n" % pid in proc(holder, "fdinfo/" + os.path.basename(path))
               for path in glob.glob("/proc/%d/fd/*" % holder))


def runits(program):
    with scratch() as top:
        directory = make(top)
        say("The same with runit's runsv:")
        killed_supervisor(program, directory)
        supervisor = supervise(program, directory)
        wait_until("a second one", lambda: len(words(directory, "pids")) == 2)
        both = [int(word) for word in words(directory, "pids")]
        say("Another one comes, knows nothing of %d, and starts %d: now there are two." % tuple(both))
        check("a supervisor that keeps no record starts a second copy",
              [alive(one) for one in both], [True, True])
        supervisor.kill()


def main():
    check("with ours: to its end", as_pid_1(ours), 0)
    peer = subprocess.run([os.path.join(ROOT, "tests/peers"), "runit"], capture_output=True,
                          text=True, check=False, cwd=ROOT)
    if peer.returncode:
        print("ok - adoption: runit's runsv starts a second copy # SKIP " + peer.stderr.strip())
    else:
        program = os.path.join(peer.stdout.strip(), "usr/bin/runsv")
        check("with runit's: to its end", as_pid_1(runits, program), 0)


run(main, ours, runits)

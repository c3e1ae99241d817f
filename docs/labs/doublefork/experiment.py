#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import glob
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import BIN, as_pid_1, check, parent, proc, run, say, scratch, SECONDS, service, state, sv, wait_until

# What daemon(3) does: fork, and let the parent end.
DAEMON = "#!/bin/sh\nsetsid sleep 1001 &\n"
SERVICE = "#!/bin/sh\nexec sleep 1002\n"


def sleeping(seconds):
    """The pids of `sleep SECONDS`, of those that live."""
    found = [int(path.split("/")[2]) for path in glob.glob("/proc/[0-9]*")
             if proc(path.split("/")[2], "cmdline") == "sleep\0%d\0" % seconds]
    return sorted(pid for pid in found if state(pid) != "Z")


def supervise(directory, run_script):
    service(directory, run=run_script)
    return subprocess.Popen([os.path.join(BIN, "runsv"), directory], stdin=subprocess.DEVNULL)


def daemon():
    with scratch() as top:
        directory = os.path.join(top, "daemon")
        say("./run of a service goes into the background, as a daemon does:")
        supervise(directory, DAEMON)
        wait_until("two of it", lambda: len(sleeping(1001)) >= 2)
        copies = sleeping(1001)
        wait_until("the end of their parents", lambda: {parent(pid) for pid in copies} == {1})
        say("its supervisor sees ./run end, and starts it again. And again: now it runs %d times." % len(copies))
        check("a daemon is started again while it runs", len(copies) >= 2)
        check("its parent is process 1, not its supervisor", {parent(pid) for pid in copies}, {1})
        said = sv("-w", str(SECONDS), "stop", directory)
        say("sv stop: %s" % said.replace(top + "/", ""))
        left = sleeping(1001)
        say("and of the daemon there are %d." % len(left))
        check("stopping the service stops none of them", left[:2], copies[:2])
        check("though sv says that it is down", said.startswith("ok: down:"))


def foreground():
    with scratch() as top:
        directory = os.path.join(top, "service")
        say("The same program, executed by ./run and left in the foreground:")
        supervisor = supervise(directory, SERVICE)
        wait_until("it runs", lambda: sleeping(1002))
        first = sleeping(1002)
        say("it runs %d time, as process %d, a child of %d, the supervisor." % (
            len(first), first[0], parent(first[0])))
        check("it is a child of its supervisor", parent(first[0]), supervisor.pid)
        os.kill(first[0], 9)
        wait_until("a new one", lambda: sleeping(1002) not in ([], first))
        say("It is killed, and runs again: %s." % sleeping(1002))
        check("its end is seen, and it is started again, once", len(sleeping(1002)), 1)
        said = sv("-w", str(SECONDS), "stop", directory)
        say("sv stop: %s" % said.replace(top + "/", ""))
        check("and stopped is stopped", (said.startswith("ok: down:"), sleeping(1002)), (True, []))


def main():
    check("the daemon: to its end", as_pid_1(daemon), 0)
    check("the service: to its end", as_pid_1(foreground), 0)


run(main, daemon, foreground)

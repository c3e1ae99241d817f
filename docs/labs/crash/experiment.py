#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import check, run, say
from harness import Namespace, wait_until

INITTAB = "::respawn:/bin/sleep 1001\n::shutdown:/bin/echo the way down\n"


def pid_of(namespace, command):
    """(pid in there, pid out here), once it runs."""
    return wait_until(command, lambda: next(
        ((pid, outer) for pid, (outer, said) in namespace.processes().items() if said == command), None))


def said(namespace, *words):
    return [line for line in namespace.output().splitlines() if all(word in line for word in words)]


def fault(pid):
    """A fault that nobody sent: a debugger spoils the instruction pointer."""
    subprocess.run(["gdb", "-p", str(pid), "-batch", "-ex", "set var $pc = 16", "-ex", "detach"],
                   check=False, capture_output=True)
    os.kill(pid, signal.SIGCHLD)    # so that it wakes up


def main():
    with Namespace("/pidone/init", {"/etc/inittab": INITTAB}) as namespace:
        inside, outside = pid_of(namespace, "/bin/sleep 1001")
        say("init is process 1, and keeps sleep running: process %d." % inside)
        if shutil.which("gdb"):
            say("A debugger sets its instruction pointer to 16, where there is no memory.")
            fault(namespace.init)
        else:
            say("It is sent SIGSEGV. (With gdb installed it would be a fault of its own.)")
            namespace.signal(signal.SIGSEGV)
        namespace.wait_output("going on after a crash")
        for line in said(namespace, "SIGSEGV") + said(namespace, "going on"):
            say("    " + line)
        check("process 1 is there", os.path.exists("/proc/%d" % namespace.init))
        check("its child runs on, and is still its child",
              (pid_of(namespace, "/bin/sleep 1001"), os.path.exists("/proc/%d" % outside)),
              ((inside, outside), True))

        os.kill(outside, signal.SIGKILL)
        again, _ = wait_until("another one", lambda: (
            pid_of(namespace, "/bin/sleep 1001")[0] != inside and pid_of(namespace, "/bin/sleep 1001")))
        say("The child is killed; it knows which entry of the inittab that was: now it is process %d." % again)
        check("it knows its children as before", again != inside)
        namespace.signal(signal.SIGTERM)
        code = namespace.wait_end()
        say("TERM: it goes down (%s), and the namespace ends as after a reboot." % said(namespace, "the way down")[0])
        check("and the way down is the usual one", (code, len(said(namespace, "the way down"))), (-signal.SIGHUP, 1))


run(main)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import Line, as_pid_1, check, child, proc, run, say, state, status, wait_until

MEBIBYTE = 1 << 20


def large(ready, gate):
    memory = bytearray(32 * MEBIBYTE)
    memory[::4096] = b"x" * len(memory[::4096])
    ready.tell()
    gate.hear()
    return 7


def kibibytes(pid):
    return int(status(pid).get("VmRSS", "0 kB").split()[0])


def life_and_death():
    ready, gate = Line(), Line()
    pid = child(large, ready, gate)
    ready.hear()
    alive = kibibytes(pid)
    say("Process %d lives: state %s, %d KiB of memory, %d open files." % (
        pid, state(pid), alive, len(os.listdir("/proc/%d/fd" % pid))))
    gate.tell()
    wait_until("it has ended", lambda: state(pid) == "Z")
    say("It has ended, and nobody has waited for it: state %s; it has %s line on memory." % (
        state(pid), "a" if "VmRSS" in status(pid) else "no"))
    check("its memory is gone at once", (alive > 32 * 1024, "VmRSS" in status(pid)), (True, False))
    check("so are its files", os.listdir("/proc/%d/fd" % pid), [])

    code = int(proc(pid, "stat").split()[-1])
    say("What is left is its pid, %d, and what waits to be fetched: exit code %d." % (pid, code >> 8))
    check("its exit status is kept", code, 7 << 8)
    os.kill(pid, signal.SIGKILL)
    check("SIGKILL is sent without an error and does nothing to it", state(pid), "Z")

    waited, code = os.waitpid(pid, 0)
    say("wait(): process %d exited with %d. /proc/%d: %s." % (
        waited, os.WEXITSTATUS(code), pid, "there" if state(pid) else "gone"))
    check("wait() fetches the status, and the process is gone",
          (waited, os.WEXITSTATUS(code), state(pid)), (pid, 7, None))


def nothing():
    return 0


def parent_that_does_not_care():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    pid = child(nothing)
    say("A parent that ignores SIGCHLD has a child, %d, which ends." % pid)
    wait_until("it is gone", lambda: state(pid) is None)
    try:
        os.waitpid(pid, 0)
        said = "a status"
    except ChildProcessError:
        said = "ECHILD"
    say("wait(): %s." % said)
    check("whose parent ignores SIGCHLD leaves no zombie, and no status", said, "ECHILD")


def hidden(pids):
    """A parent that does not wait for its child."""
    pids.tell(str(child(nothing)))
    signal.pause()


def fetched_by_process_1():
    pids = Line()
    middle = child(hidden, pids)
    pid = int(pids.hear())
    wait_until("a zombie", lambda: state(pid) == "Z")
    say("A zombie of somebody else: %d, whose parent %d does not wait." % (pid, middle))
    os.kill(middle, signal.SIGKILL)
    ended = {os.wait()[0], os.wait()[0]}
    say("The parent is killed; process 1 waits for both: %s." % sorted(ended))
    check("a zombie whose parent ends is left to process 1", ended, {middle, pid})


def main():
    for part in (life_and_death, parent_that_does_not_care, fetched_by_process_1):
        check("%s: to its end" % part.__name__.replace("_", " "), as_pid_1(part), 0)


run(main, life_and_death, parent_that_does_not_care, fetched_by_process_1)

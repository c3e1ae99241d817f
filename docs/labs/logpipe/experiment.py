#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import select
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import BIN, as_pid_1, check, child, run, say, scratch, service, state, sv, wait_until

# A service that writes a line to its log for each one that it is told, and a
# logger that keeps them.
SERVICE = """#!/bin/sh
exec 3<>told
while read -r line <&3; do echo "$line"; done
"""
LOGGER = """#!/bin/sh
exec cat >>../kept
"""


def writer(end, text, *to_close):
    for descriptor in to_close:
        os.close(descriptor)
    os.write(end, text)
    signal.pause()


def pipe_alone():
    reader, end = os.pipe()
    pid = child(writer, end, b"last words", reader)
    select.select([reader], [], [])
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    say("A child has written into a pipe, and was killed. Nobody has read yet.")
    got = os.read(reader, 100)
    say("Now it is read: %r." % got.decode())
    check("what was written outlives who wrote it", got, b"last words")
    idle = not select.select([reader], [], [], 0)[0]
    say("The parent holds the writing end too: to read on would be to wait.")
    check("there is no end of file while anybody holds the writing end", idle)
    os.close(end)
    got = os.read(reader, 100)
    say("It closes that: read returns %d bytes." % len(got))
    check("end of file comes with the last of them", got, b"")


def tell(directory, *lines):
    with open(os.path.join(directory, "told"), "w") as told:
        told.write("".join(line + "\n" for line in lines))


def kept(directory):
    try:
        with open(os.path.join(directory, "kept")) as file:
            return file.read().split()
    except FileNotFoundError:
        return []


def pid_of(directory):
    with open(os.path.join(directory, "supervise/pid")) as file:
        return int(file.read().strip() or 0)


def end_of_pipe(pid, descriptor):
    return os.stat("/proc/%d/fd/%d" % (pid, descriptor)).st_ino


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def with_a_supervisor():
    with scratch() as top:
        directory = os.path.join(top, "service")
        service(directory, run=SERVICE, log_run=LOGGER)
        os.mkfifo(os.path.join(directory, "told"))
        supervisor = subprocess.Popen([os.path.join(BIN, "runsv"), directory])
        log = os.path.join(directory, "log")
        wait_until("both run", lambda: sv("status", directory).count("run: ") == 2)
        tell(directory, "one")
        wait_until("one is kept", lambda: kept(directory) == ["one"])
        first, logger = pid_of(directory), pid_of(log)
        inode = end_of_pipe(logger, 0)
        say("A service %d and its logger %d, with a pipe (inode %d) between them." % (first, logger, inode))

        os.kill(logger, signal.SIGSTOP)
        wait_until("the logger stands still", lambda: state(logger) == "T")
        tell(directory, "two")
        wait_until("the service waits for the next line", lambda: bytes_in(directory))
        kill(first)
        second = wait_until("a new service", lambda: pid_of(directory) not in (0, first) and pid_of(directory))
        say("The logger is stopped, the service has written, and is killed. The new one is %d." % second)
        check("it writes into the same pipe", end_of_pipe(second, 1), inode)

        supervisor.kill()
        supervisor.wait()
        say("Their supervisor is killed too, and the logger, which has read nothing of it.")
        kill(logger)
        os.waitpid(logger, 0)
        supervisor = subprocess.Popen([os.path.join(BIN, "runsv"), directory])
        wait_until("two is kept", lambda: "two" in kept(directory))
        tell(directory, "three")
        wait_until("three is kept", lambda: "three" in kept(directory))
        say("Another supervisor comes, and starts a logger. It has kept: %s." % ", ".join(kept(directory)))
        check("no line is lost, and none comes twice", kept(directory), ["one", "two", "three"])
        check("the service has noticed nothing", pid_of(directory), second)
        supervisor.terminate()
        supervisor.wait()


def bytes_in(directory):
    """Whether there is something in the log pipe."""
    end = os.open(os.path.join(directory, "log/supervise/pipe"), os.O_RDONLY | os.O_NONBLOCK)
    try:
        return bool(select.select([end], [], [], 0)[0])
    finally:
        os.close(end)


def main():
    pipe_alone()
    check("with a supervisor: to its end", as_pid_1(with_a_supervisor), 0)


run(main, with_a_supervisor)

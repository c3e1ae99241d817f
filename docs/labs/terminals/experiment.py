#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import SECONDS, Line, check, child, run, say

COMPLAINT = "job control turned off"


class Terminal:
    """A terminal, and whoever sits at it: what is typed, what is shown."""

    def __init__(self):
        self.ours, self.theirs = pty.openpty()
        self.shown = ""

    def type(self, text):
        os.write(self.ours, text.encode())

    def wait(self, *texts):
        """Waits until one of the texts is shown; gives which."""
        deadline = time.monotonic() + SECONDS
        while True:
            for text in texts:
                if text in self.shown:
                    self.shown = self.shown.partition(text)[2]
                    return text
            if not select.select([self.ours], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError("not shown: %s; but: %r" % (texts, self.shown))
            self.shown += os.read(self.ours, 4096).decode(errors="replace")


def shell(terminal, make_it_controlling):
    """A session of its own with a shell in it, as init starts one."""
    os.setsid()
    if make_it_controlling:
        fcntl.ioctl(terminal.theirs, termios.TIOCSCTTY, 0)
    for descriptor in 0, 1, 2:
        os.dup2(terminal.theirs, descriptor)
    os.environ.update(PS1="prompt> ", ENV="", LC_ALL="C")
    os.execvp("sh", ["sh", "-i"])


def controlling_terminal(terminal):
    """Whether whoever asks it types has one: /dev/tty is its name for all."""
    terminal.type("(: </dev/tty) 2>/dev/null && echo 'I have'' one' || echo 'I have'' none'\r")
    return terminal.wait("I have one", "I have none") == "I have one"


def without():
    terminal = Terminal()
    say("A shell with a terminal as its input and output, in a session of its own, and no more:")
    pid = child(shell, terminal, False)
    said = terminal.wait(COMPLAINT, "prompt> ")
    say("it says: %s" % said)
    check("a shell whose terminal is not its controlling one turns job control off", said, COMPLAINT)
    check("it cannot open /dev/tty", controlling_terminal(terminal), False)
    terminal.type("echo rea''dy; cat\r")
    terminal.wait("ready")
    terminal.type("\x03")
    terminal.type("still here\r")
    said = terminal.wait("still here\r\nstill here", "prompt> ")
    say("Ctrl-C is typed at cat, which reads on: there is no foreground process group, and so")
    say("nobody to be interrupted.")
    check("Ctrl-C is no signal there", said, "still here\r\nstill here")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def with_one():
    terminal = Terminal()
    say("The same with ioctl(TIOCSCTTY) after setsid():")
    pid = child(shell, terminal, True)
    said = terminal.wait(COMPLAINT, "prompt> ")
    say("it says: %s" % said)
    check("with a controlling terminal it has job control", said, "prompt> ")
    check("and can open /dev/tty", controlling_terminal(terminal), True)
    terminal.type("sleep 1000\r")
    terminal.wait("sleep 1000")
    foreground = os.tcgetpgrp(terminal.ours)
    while foreground == pid:    # until the shell has put sleep there
        foreground = os.tcgetpgrp(terminal.ours)
    say("Process group %d, of sleep, is in the foreground. Ctrl-C:" % foreground)
    terminal.type("\x03")
    terminal.wait("prompt> ")
    terminal.type("echo code:$?:\r")
    said = terminal.wait("code:130:", "code:0:")
    check("Ctrl-C ends what is in the foreground, by SIGINT", said, "code:130:")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def ask_for(terminal, answers, new_session):
    if new_session:
        os.setsid()
    try:
        fcntl.ioctl(terminal.theirs, termios.TIOCSCTTY, 0)
        answers.tell("mine")
    except PermissionError:
        answers.tell("EPERM")


def who_gets_one():
    answers, terminal = Line(), Terminal()
    os.waitpid(child(ask_for, terminal, answers, False), 0)
    said = answers.hear()
    say("Who does not lead a session asks for the terminal: %s." % said)
    check("only the leader of a session gets a controlling terminal", said, "EPERM")

    pid = child(shell, terminal, True)
    terminal.wait("prompt> ")
    os.waitpid(child(ask_for, terminal, answers, True), 0)
    said = answers.hear()
    say("A leader asks for one that is another session's: %s." % said)
    check("and only one that is nobody's", said, "EPERM")

    terminal.type("trap '' HUP; (trap 'echo hung''up; kill $!; exit' HUP; echo wait''ing; sleep 1000 & wait)\r")
    terminal.wait("waiting")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    say("The leader is killed while somebody else is in the foreground. That gets: %s." %
        terminal.wait("hungup"))
    os.waitpid(child(ask_for, terminal, answers, True), 0)
    said = answers.hear()
    check("when the leader ends, the terminal is nobody's again", said, "mine")


def main():
    without()
    with_one()
    who_gets_one()


run(main)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import BIN, as_pid_1, check, run, say, scratch, SECONDS, service, sv, svctl, wait_until

# A server that has something to do before it listens: it lasts until somebody
# opens the FIFO `enough`.
SERVER = """#!/usr/bin/env python3
import os, socket
open("enough").close()
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind("socket")
    listener.listen()
    while True:
        listener.accept()[0].close()
"""
# The same, and it says so on a descriptor.
TELLING = SERVER.replace("listener.listen()", "listener.listen(); os.write(3, b'\\n'); os.close(3)")
# Whether it answers.
CHECK = """#!/usr/bin/env python3
import socket, sys
sys.exit(socket.socket(socket.AF_UNIX).connect_ex("socket") != 0)
"""


def ask(directory):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.path.join(directory, "socket"))
        return "it answers"
    except OSError as error:
        return error.strerror


def supervise(directory, run=SERVER, **files):
    service(directory, run=run, **files)
    os.mkfifo(os.path.join(directory, "enough"))
    subprocess.Popen([os.path.join(BIN, "runsv"), directory])
    wait_until("it runs", lambda: sv("status", directory).startswith("run:"))


def enough(directory):
    open(os.path.join(directory, "enough"), "w").close()


def without_check():
    with scratch() as top:
        directory = os.path.join(top, "server")
        say("A server that takes its time before it listens.")
        supervise(directory)
        said, answer = sv("-w", str(SECONDS), "start", directory), ask(directory)
        say("sv start: %s" % said.replace(top + "/", ""))
        say("A client: %s." % answer)
        check("the process is there, and started it is", said.startswith("ok: run:"))
        check("and nobody can use it", answer, "No such file or directory")
        enough(directory)
        wait_until("it answers", lambda: ask(directory) == "it answers")
        say("Its preparations are over. A client: %s." % ask(directory))
        check("until it listens", ask(directory), "it answers")


def with_check():
    with scratch() as top:
        directory = os.path.join(top, "server")
        say("The same with a program `check` in its directory, which says whether it answers.")
        supervise(directory, check=CHECK)
        said = sv("-w", "1", "start", directory)
        say("sv -w 1 start: %s" % said.replace(top + "/", ""))
        check("start does not call it started", said.startswith("timeout: run:"))
        waiting = subprocess.Popen([os.path.join(BIN, "sv"), "-w", str(SECONDS), "start", directory],
                                   stdout=subprocess.PIPE, text=True)
        say("sv -w %d start waits." % SECONDS)
        enough(directory)
        said = waiting.communicate()[0].strip()
        answer = ask(directory)
        say("Its preparations are over: %s. A client: %s." % (said.replace(top + "/", ""), answer))
        check("start returns when it can be used", (said.startswith("ok: run:"), answer), (True, "it answers"))


def telling():
    with scratch() as top:
        directory = os.path.join(top, "server")
        say("Nobody asks it: it writes a newline to its descriptor 3 once it listens.")
        supervise(directory, run=TELLING, **{"notification-fd": "3\n"})
        waiting = subprocess.Popen([os.path.join(BIN, "svctl"), "wait", "-t", str(SECONDS), "ready", directory], stdout=subprocess.PIPE)
        wait_until("its record has been written", lambda: sv("status", directory).startswith("run:"))
        said = svctl("wait", "-t", "0", "ready", directory)
        say("svctl wait -t 0 ready: %s" % said.replace(top + "/", ""))
        check("it runs, and is known not to be ready", (said.startswith("timeout: run:"), waiting.poll()), (True, None))
        enough(directory)
        waiting.wait(SECONDS)
        answer = ask(directory)
        say("Its preparations are over: svctl wait ready has returned %d. A client: %s." % (waiting.returncode, answer))
        check("whoever waits is told when it can be used", (waiting.returncode, answer), (0, "it answers"))


def main():
    check("without check: to its end", as_pid_1(without_check), 0)
    check("with check: to its end", as_pid_1(with_check), 0)
    check("with notification-fd: to its end", as_pid_1(telling), 0)


run(main, without_check, with_check, telling)

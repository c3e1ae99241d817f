# SPDX-License-Identifier: MIT
"""A machine in QEMU, driven as a person would: a console to log in on, keys,
a plug to pull; and a shell on the second serial line for the test's questions.

image/run says how QEMU is called, so that what is tested is what people run.
Only the console is moved from the terminal to a socket. All sockets are read
all the time: one that is not would block the guest. Nothing here sleeps in
place of waiting: each wait is for something, and has a deadline, which
TIMEOUT_SCALE (a number) makes longer on a slow computer.
"""

import atexit
import base64
import codecs
import contextlib
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from disk import Disk
from tap import Failed

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD") or "build")
LOG = os.path.join(BUILD, "log")
HOSTNAME = os.environ.get("IMAGE_HOSTNAME") or "pidone"

# 2 ns an instruction: about what an emulated processor really does, so that the
# disk and the seconds that somebody sleeps are in proportion.
ICOUNT = os.environ.get("ICOUNT") or "shift=1"

SCALE = float(os.environ.get("TIMEOUT_SCALE") or 1)
BOOT_S = 120
ANSWER_S = 30
DOWN_S = 60
CRASH_S = 5     # it closes its sockets, then it has ended
EVIDENCE_S = 10

CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)

# Something else may be written behind it at any time.
PROMPT = re.escape(HOSTNAME) + ":~# "

# The test's shell, on a line of its own, where no kernel message gets in
# between. Commands come as base64: nothing in them can be taken for an answer.
TEST_SHELL = (
    "setsid sh -c 'stty raw -echo; echo ready; while read -r t c; do "
    "(eval \"$(echo \"$c\" | base64 -d)\") </dev/null; printf \"\\n=%s %d=\\n\" \"$t\" $?; done' "
    "</dev/ttyS1 >/dev/ttyS1 2>&1")

# What the test's shell can say of a machine in which something did not happen: who
# is there and waits for what, and whether the first serial line still moves.
EVIDENCE = ("ps -o pid,ppid,stat,tty,args | awk '$2 != 2'; "
            "for pid in $(pidof sh ash getty login); do echo \"$pid $(cat /proc/$pid/syscall /proc/$pid/wchan)\"; done; "
            "stty -a -F /dev/ttyS0; for n in 1 2; do cat /proc/tty/driver/serial /proc/interrupts | grep -e tx: -e ttyS; sleep 1; done")

BENCH_FILES = ("bzImage", "disk.img", "initramfs.cpio.gz", "bin/init")
# More than fits the terminal's buffer is lost in silence.
LONGEST_COMMAND = 3000

# What moves the cursor ends a line, for our purposes; the rest is left out.
MOVES = re.compile(r"\x1b\[[0-9;]*[Hf]|\r")
ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78cDEHM])|[\x00-\x08\x0b-\x1f]")

_accel = None
_accel_lock = threading.Lock()


def _command(**options):
    """image/run's command for QEMU. It looks once whether KVM is any good."""
    global _accel
    settings = {name: value for name, value in os.environ.items()
                if name not in ("BOOT", "FIRMWARE", "APPEND", "DISPLAY_WINDOW", "MEM")}
    settings.update(options, BUILD=BUILD, KEEP="1")
    with _accel_lock:
        if _accel:
            settings["ACCEL"] = _accel
        done = subprocess.run([os.path.join(ROOT, "image/run"), "--print"], env=settings, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            raise Failed("image/run --print: " + done.stderr.strip())
        words = shlex.split(done.stdout)
        _accel = words[words.index("-accel") + 1]
    return words


class Ended(Failed):
    """The machine is gone, so what was waited for will never come."""


class Stream:
    """Text from and to one of QEMU's sockets. A thread reads it all the time,
    and keeps a copy in a file. `wait` goes on from where the last one found
    something."""

    def __init__(self, ours, log):
        self.socket = ours
        self.log = log
        self.text = ""
        self.seen = 0
        self.told = 0
        self.open = True
        self.news = threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        with open(self.log, "ab", buffering=0) as log:
            while True:
                try:
                    some = self.socket.recv(65536)
                except OSError:
                    some = b""
                if some:
                    log.write(some)
                with self.news:
                    self.open = bool(some)
                    self.text += decode(some)
                    self.news.notify_all()
                if not some:
                    return

    def send(self, text):
        try:
            self.socket.sendall(text.encode())
        except OSError as error:
            raise Ended("the machine has ended: %s" % error) from error

    def wait(self, pattern, timeout, what=None):
        """Waits for text that matches; gives (what came before it, the match)."""
        pattern = re.compile(pattern)
        deadline = time.monotonic() + timeout * SCALE
        with self.news:
            while True:
                found = pattern.search(self.text, self.seen)
                if found:
                    before = self.text[self.seen:found.start()]
                    self.seen = found.end()
                    return before, found
                what = what or repr(pattern.pattern)
                if not self.open:
                    raise Ended("the machine ended without " + what)
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Failed("no %s within %.0f s" % (what, timeout * SCALE))
                self.news.wait(left)

    def wait_end(self, timeout):
        """Waits until nothing more can come; gives all the text."""
        with self.news:
            if not self.news.wait_for(lambda: not self.open, timeout * SCALE):
                raise Failed("the line has no end within %.0f s" % (timeout * SCALE))
            return self.text

    def tail(self, lines):
        """The last lines, of those that were not given before."""
        with self.news:
            text = self.text[max(self.told, len(self.text) - 10000):]
            self.told = len(self.text)
        text = ESCAPES.sub("", MOVES.sub("\n", text))
        return [line.rstrip() for line in text.splitlines() if line.strip()][-lines:]


class Monitor:
    """QEMU's own side of the machine: QMP."""

    def __init__(self, ours, log):
        self.stream = Stream(ours, log)
        self.events = []
        self.command("qmp_capabilities")

    def _next(self, timeout, what):
        _, line = self.stream.wait(r"(?m)^(\{.*\})\r?\n", timeout, what)
        message = json.loads(line.group(1))
        if "event" in message:
            self.events.append(message)
        return message

    def command(self, name, **arguments):
        """Gives what the command returns; events that come first are kept."""
        token = secrets.token_hex(4)
        self.stream.send(json.dumps({"execute": name, "arguments": arguments, "id": token}) + "\n")
        while True:
            message = self._next(ANSWER_S, "answer to %s from QEMU" % name)
            if message.get("id") != token:
                continue
            if "error" in message:
                raise Failed("%s: %s" % (name, message["error"]["desc"]))
            return message["return"]

    def wait(self, event, timeout):
        """Waits for an event, or takes one that came earlier; gives its data."""
        deadline = time.monotonic() + timeout * SCALE
        while True:
            for index, message in enumerate(self.events):
                if message["event"] == event:
                    del self.events[:index + 1]
                    return message.get("data", {})
            left = (deadline - time.monotonic()) / SCALE
            if left <= 0:
                raise Failed("no %s within %.0f s" % (event, timeout * SCALE))
            self._next(left, event)

    def forget(self):
        """Forgets the events that have come so far."""
        self.command("query-status")
        self.events.clear()

    def keys(self, *keys):
        """Presses keys together, by their QEMU names."""
        self.command("send-key", keys=[{"type": "qcode", "data": key} for key in keys], **{"hold-time": 50})


class Machine:
    """A machine, switched on. A context manager: it is off afterwards.

    `disk` is a Disk that the machine changes; None boots the initramfs.
    `kernel` loads the kernel from outside, past GRUB, with `append` added to
    its command line, and `root` in place of the right root=. `memory` is as MEM=.
    """

    shell = False   # the test's shell runs

    def __init__(self, case, name, disk=None, firmware="bios", kernel=False, append="", root=None, memory=None):
        options = {"FIRMWARE": firmware, "BOOT": "initramfs", "APPEND": append}
        if memory:
            options["MEM"] = memory
        if disk:
            options.update(BOOT="kernel" if kernel else "disk", DISK=disk.path)
        words = _command(**options)
        if root:
            at = words.index("-append") + 1
            words[at] = re.sub(r"root=\S+", "root=" + root, words[at])
        self.disk = disk
        self.log = os.path.join(LOG, "boot-" + name)
        os.makedirs(LOG, exist_ok=True)
        for kind in ("console", "shell", "qmp", "qemu"):
            with open("%s.%s" % (self.log, kind), "wb"):
                pass
        self._start(words)
        case.machine = self

    def _start(self, words):
        ours, theirs = zip(*(socket.socketpair() for _ in range(3)))
        at = words.index("-serial")
        words[at:at + 2] = []
        for name, end in zip(("console", "shell", "qmp"), theirs):
            words += ["-chardev", "socket,id=%s,fd=%d" % (name, end.fileno())]
        words += ["-serial", "chardev:console", "-serial", "chardev:shell", "-mon", "chardev=qmp,mode=control"]
        with open(self.log + ".qemu", "wb") as log:
            # However this program ends, QEMU does.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL"] + words, pass_fds=[end.fileno() for end in theirs],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        for end in theirs:
            end.close()
        self.console = Stream(ours[0], self.log + ".console")
        self.second = Stream(ours[1], self.log + ".shell")
        try:
            self.monitor = Monitor(ours[2], self.log + ".qmp")
        except Failed as error:
            self.off()
            with open(self.log + ".qemu") as log:
                raise Failed("QEMU does not start: %s %s" % (error, log.read())) from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.off()

    def off(self):
        """Pulls the plug."""
        self.process.kill()
        self.process.wait()

    def crash(self):
        """How the emulator crashed; None: it did not."""
        if self.console.open:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            number = -self.process.wait(CRASH_S)
            if number in CRASHES:
                return "QEMU crashed by %s" % signal.Signals(number).name
        return None

    def evidence(self):
        """What the console has shown since somebody asked last, and what the test's shell
        can say, if it runs and is not what hangs."""
        lines = self.console.tail(25)
        if lines:
            lines.insert(0, "the end of the console (all of it: %s.console):" % os.path.relpath(self.log, ROOT))
        if self.shell:
            with contextlib.suppress(Failed):
                said = self.run("exec 2>&1; " + EVIDENCE, EVIDENCE_S)[1].splitlines()
                lines += ["what runs in it:"] + [line.rstrip() for line in said if line.strip()]
        return ["| " + line for line in lines]

    def login(self, timeout=BOOT_S):
        """Logs in as root, as a person does, and starts the test's shell."""
        self.console.wait(re.escape(HOSTNAME) + " login: ", timeout, "login prompt")
        self.console.send("root\r")
        self.console.wait(PROMPT, ANSWER_S, "prompt of root's shell")
        # In a subshell, waited for: busybox's sh loses its prompt if a job of its own ends
        # while it writes that (a write that SIGCHLD interrupts; musl's stdio drops it).
        self.console.send("(%s &) # the test's own shell\r" % TEST_SHELL)
        self.shell_starts(ANSWER_S)
        self.console.wait(PROMPT, ANSWER_S, "prompt of root's shell")

    def shell_starts(self, timeout=BOOT_S):
        """Waits for TEST_SHELL, which somebody has started."""
        self.second.wait(r"ready\r?\n", timeout, "shell on the second serial line")
        self.shell = True
        # SeaBIOS resets a machine that was reset once more.
        self.monitor.forget()

    def type(self, command):
        """Types a command on the console, where somebody is logged in."""
        self.console.send(command + "\r")

    def start(self, command):
        """Runs a command in the test's shell, without waiting for what comes of it: one that
        ends the machine may be sooner than the shell's answer. Gives what ends that."""
        token = secrets.token_hex(4)
        line = "%s %s\n" % (token, base64.b64encode(command.encode()).decode())
        assert len(line) < LONGEST_COMMAND, command
        self.second.send(line)
        return token

    def run(self, command, timeout=ANSWER_S):
        """Runs a command in the test's shell; gives (exit status, output)."""
        token = self.start(command)
        output, found = self.second.wait(
            r"\n=%s (\d+)=\n" % token, timeout, "answer to: " + command)
        return int(found.group(1)), output

    def output(self, command, timeout=ANSWER_S):
        """What a command prints; it must succeed."""
        status, output = self.run(command, timeout)
        if status:
            raise Failed("%s: exit status %d\n%s" % (command, status, output))
        return output.rstrip("\n")

    def expect(self, command, pattern, timeout=ANSWER_S):
        """The whole output of a command matches. Gives the match."""
        output = self.output(command, timeout)
        found = re.fullmatch(pattern, output)
        if not found:
            raise Failed("%s\n  shows:  %r\n  not:    %s" % (command, output, pattern))
        return found

    def eventually(self, command, pattern, timeout=ANSWER_S):
        """The same, sooner or later: asked until it is so."""
        deadline = time.monotonic() + timeout * SCALE
        while True:
            try:
                return self.expect(command, pattern)
            except Ended:
                raise
            except Failed as error:
                if time.monotonic() >= deadline:
                    raise Failed("not within %.0f s: %s" % (timeout * SCALE, error)) from error
            time.sleep(0.1)

    def stays_off(self, timeout=DOWN_S):
        """The machine switched itself off, and QEMU ended well."""
        data = self.monitor.wait("SHUTDOWN", timeout)
        if data != {"guest": True, "reason": "guest-shutdown"}:
            raise Failed("not the guest's own doing: %s" % data)
        try:
            status = self.process.wait(ANSWER_S * SCALE)
        except subprocess.TimeoutExpired as error:
            raise Failed("QEMU does not end") from error
        if status:
            raise Failed("QEMU's exit status: %d" % status)

    def resets(self, timeout=DOWN_S):
        """The machine resets itself. It is left standing still, before anything
        could touch the disk again, until `go_on`."""
        data = self.monitor.wait("RESET", timeout)
        self.monitor.command("stop")
        if data != {"guest": True, "reason": "guest-reset"}:
            raise Failed("not the guest's own doing: %s" % data)

    def go_on(self):
        self.monitor.command("cont")


class Counted(Machine):
    """One processor, and a clock that counts instructions, so that it does not depend on
    this computer's load."""

    def _start(self, words):
        words[words.index("-accel") + 1] = "tcg"
        words[words.index("-cpu") + 1] = "max"
        words[words.index("-smp") + 1] = "1"
        super()._start(words + ["-icount", ICOUNT])


class Bench:
    """A place for disks, gone at the end."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix=".boot.", dir=BUILD)
        atexit.register(shutil.rmtree, self.directory, ignore_errors=True)

    def disk(self, name):
        """A copy of build/disk.img."""
        return Disk(os.path.join(BUILD, "disk.img"), os.path.join(self.directory, name))

    def made_disk(self, name, **options):
        """A disk of the same root file system, made with other options."""
        build = os.path.join(self.directory, name + ".build")
        os.mkdir(build)
        os.symlink(os.path.join(BUILD, "root"), os.path.join(build, "root"))
        done = subprocess.run([os.path.join(ROOT, "image/disk")], env=dict(os.environ, BUILD=build, **options),
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise Failed("image/disk: exit status %d\n%s" % (done.returncode, done.stdout))
        return Disk(os.path.join(build, "disk.img"), os.path.join(self.directory, name))

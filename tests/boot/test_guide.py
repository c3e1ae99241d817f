#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does what docs/GUIDE.md and docs/PID1.md say, command by command, each from an
empty directory on.

Blocks of commands are typed into one shell, or on the console of the machine that
was started last if they begin with "# in the machine". One that calls QEMU starts
a machine. What stands in a block of text is what the commands before it must have
said; numbers may differ, and a line "…" stands for any number of lines. One that
begins with "# not tested: why" is left out, and told. Pages to follow may be given as arguments: GUIDE PID1.
"""

import base64
import functools
import itertools
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True  # the tree stays clean

import tap
from machine import ANSWER_S, BOOT_S, BUILD, ROOT, Machine
from tap import Failed

SHELL_S = 300   # for a block on this computer; a build may be in it
HERE, INSIDE, NOT_TESTED = "# here", "# in the machine", "# not tested: "

KERNEL = re.compile(r"\[ *\d+\.\d+\] .*")

# Puts down where and with which words QEMU is called, in place of calling it.
QEMU = """#!/bin/sh
printf '%s\\0' "$PWD" qemu-system-x86_64 "$@" >"$QEMU_WORDS"
"""


class Block:
    """Commands of the page, and what they must say (None: anything)."""

    def __init__(self, heading, line, text):
        self.line = line
        first = text.partition("\n")[0]
        self.place = INSIDE if first == INSIDE else HERE
        self.reason = first.removeprefix(NOT_TESTED) if first.startswith(NOT_TESTED) else None
        self.commands = text
        self.wanted = None
        words = [row for row in text.splitlines() if row.strip() and not row.startswith("#")]
        self.name = "%s: %s" % (heading, words[0].strip() if words else first)
        self.last = words[-1].strip() if words else ""


def blocks(name):
    """All blocks of commands of the page, in order."""
    found, heading, kind, text = [], "", None, []
    with open(os.path.join(ROOT, "docs", name)) as page:
        for number, line in enumerate(page, 1):
            fence = re.match(r"( *)```(\w*)$", line)
            if fence and kind is None:
                indent, kind, text, begin = fence[1], fence[2], [], number
            elif fence:
                if kind == "sh":
                    found.append(Block(heading, begin, "".join(text)))
                elif kind == "text":
                    found[-1].wanted = "".join(text)
                else:
                    raise SystemExit("%s:%d: a block of neither sh nor text" % (name, begin))
                kind = None
            elif kind is not None:
                text.append(line.removeprefix(indent))
            elif line.startswith("#"):
                heading = line.strip("# \n")
    return found


def compare(said, wanted):
    """The same lines, though numbers and spaces may differ. Of several services sv says
    of each that it is done when it is, whichever is the first."""
    def plain(text):
        lines = [re.sub(r"\d+", "0", " ".join(line.split())) for line in text.strip().splitlines()]
        alike = itertools.groupby(lines, lambda line: line.startswith("ok: "))
        return "".join(line + "\n" for done, group in alike for line in (sorted(group) if done else group))
    if wanted is not None and \
            not re.fullmatch(re.escape(plain(wanted)).replace("…\\\n", "(.*\n)*"), plain(said)):
        raise Failed("it says:\n%s\nnot:\n%s" % (said.strip(), wanted.strip()))


# Whoever runs this may be root: what lies outside of the directory stays as it is,
# whatever the page says.
SAFE = """for directory in /etc /usr /boot /opt; do
	[ ! -e $directory ] || mount --bind -o ro $directory $directory || exit 1
done
exec sh"""


def guarded(command):
    """The shell, in a mount namespace in which the system cannot be changed."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--mount", "sh", "-c", command]


class Shell:
    """The shell of this computer: one for the whole page, in one directory."""

    def __init__(self, top, directory):
        self.words = os.path.join(top, "words")
        self.block = os.path.join(top, "block")
        programs = os.path.join(top, "bin")
        os.mkdir(programs)
        with open(os.path.join(programs, "qemu-system-x86_64"), "w") as file:
            file.write(QEMU)
            os.fchmod(file.fileno(), 0o755)
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "BUILD", "OVERLAY")}
        environment.update(QEMU_WORDS=self.words,
                           PATH=":".join((programs, os.environ["PATH"], "/usr/sbin:/sbin")))
        self.process = subprocess.Popen(guarded(SAFE), cwd=directory, env=environment, text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        self.process.stdin.write("set -e\n")

    def run(self, block):
        """Types a block. Gives what it says, and QEMU's directory and words, if it
        was called."""
        token = secrets.token_hex(8)
        if os.path.exists(self.words):
            os.remove(self.words)
        # From a file: a document that has no end must not swallow what comes after it.
        with open(self.block, "w") as file:
            file.write(block.commands)
        try:
            self.process.stdin.write(". %s\necho =%s=\n" % (self.block, token))
        except BrokenPipeError:
            raise Failed("the shell has ended before") from None
        said = []
        late = threading.Timer(SHELL_S, self.process.kill)
        late.start()
        for line in self.process.stdout:
            if line.rstrip("\n").endswith("=%s=" % token):
                said.append(line.rstrip("\n")[:-len("=%s=" % token)])
                break
            said.append(line)
        else:
            late.cancel()
            raise Failed("a command failed, or took more than %d s:\n%s" % (SHELL_S, "".join(said)))
        late.cancel()
        words = None
        if os.path.exists(self.words):
            with open(self.words) as file:
                words = file.read().split("\0")[:-1]
        return "".join(said), words

    def end(self):
        self.process.kill()
        self.process.wait()


class Guest(Machine):
    """A machine that the page has called, its console in our hands."""

    def __init__(self, case, directory, words, number):
        self.disk = None
        self.log = os.path.join(BUILD, "log", "%s-%d" % (case.name, number))
        os.makedirs(os.path.dirname(self.log), exist_ok=True)
        here = os.getcwd()
        os.chdir(directory)
        try:
            self._start(words)
        finally:
            os.chdir(here)
        case.machine = self

    def log_in(self):
        self.console.wait(r"\S+ login: ", BOOT_S, "login prompt")
        self.console.send("root\r")
        self.console.wait(r"[#] $", ANSWER_S, "prompt of root's shell")

    def first_prompt(self):
        """A login prompt, or that of a shell in place of init."""
        _, found = self.console.wait(r"/ # |\S+ login: ", BOOT_S, "prompt")
        if found.group().endswith("login: "):
            self.console.send("root\r")
            self.console.wait(r"[#] $", ANSWER_S, "prompt of root's shell")

    def follow(self, block):
        """Types a block on the console; gives what it says."""
        commands = block.commands
        if block.last in ("poweroff", "reboot", "exec init"):
            commands = commands.replace(block.last + "\n", "")
        said = self._say(commands) if re.search(r"(?m)^[^#\n]", commands) else ""
        if block.last in ("poweroff", "reboot", "exec init"):
            before = len(self.console.text)
            self.console.send(block.last + "\r")
            if block.last == "poweroff":
                self.stays_off()
                # the kernel's messages, where the page has them; the last prompt may
                # stand before one
                if KERNEL.search(block.wanted or ""):
                    said += "\n".join(KERNEL.findall(self.console.text[before:]))
            else:
                self.log_in()
        return said

    def _say(self, commands):
        token = secrets.token_hex(4)
        encoded = base64.b64encode(commands.encode()).decode()
        # The terminal takes 4095 bytes a line at most.
        self.console.send("text=\r")
        for at in range(0, len(encoded), 1000):
            self.console.send("text=${text}%s\r" % encoded[at:at + 1000])
        self.console.send("stty -echo; set -e; echo =%s=; eval \"$(echo $text | base64 -d)\"; "
                          "set +e; stty echo; echo =$?%s=\r" % (token, token))
        self.console.wait("\n=%s=\r?\n" % token, ANSWER_S)
        said, _ = self.console.wait("=0%s=\r?\n" % token, 2 * ANSWER_S, "end of: " + block_name(commands))
        return re.sub(r"(?m)^\[ *\d+\.\d+\] .*\n?|\r", "", said)


def block_name(commands):
    return commands.strip().splitlines()[-1]


def follow(case, page):
    """The page from its beginning to its end."""
    probe = subprocess.run(guarded("true"), capture_output=True, text=True, check=False)
    if probe.returncode:
        case.skip("the page's commands work", "no namespaces here: " + probe.stderr.strip())
        return
    top = tempfile.mkdtemp(prefix=".guide.", dir=BUILD)
    directory = os.path.join(top, "mine")
    os.mkdir(directory)
    os.symlink(ROOT, os.path.join(directory, "pidone"))
    shell, guest, machines = Shell(top, directory), None, 0
    try:
        for block in blocks(page):
            if block.reason:
                case.note("line %d is not tested: %s" % (block.line, block.reason))
                continue
            with case.check("line %d, %s" % (block.line, block.name), needed=True):
                if block.place == INSIDE:
                    compare(guest.follow(block), block.wanted)
                    continue
                said, words = shell.run(block)
                compare(said, block.wanted)
                if words:
                    machines += 1
                    guest = Guest(case, words[0], words[1:], machines)
                    guest.first_prompt()
    finally:
        if guest:
            guest.off()
        shell.end()
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    # One after the other: QEMU is started in a directory, which is the whole program's.
    sys.exit(tap.run({page: functools.partial(follow, page=page + ".md")
                      for page in sys.argv[1:] or ("GUIDE", "PID1")}, 1))

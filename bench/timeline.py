#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots the image and switches it off, and has `svctl boot --svg` draw both, into
build/boot.svg and build/down.svg. Then the same for its twin with busybox's init and
runsvdir (init_figures.py), into build/boot-busybox.svg and build/down-busybox.svg.

QEMU counts instructions, so the times are those of no real machine, but the same for
both and at each run. The twin says nothing of itself: its startup script tells the
kernel log of each of its commands, bench/mark of services and gettys, and the lines
are put into init's words, for which svctl looks.
"""

import base64
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import init_figures
from init_figures import MARKS, SERVICES, Counted, Nobody, twin_image
from figures import BIN, BUILD, say
from disk import Disk
from machine import ANSWER_S

BOOT_S = 240
# So that the kernel's log reaches the console, and we see the end.
ALOUD = "dmesg -n 8; poweroff"


def draw(log, path):
    """The picture of what a log tells."""
    with open(path, "w") as file:
        subprocess.run([os.path.join(BIN, "svctl"), "boot", "--svg", "-"], input=log, text=True, stdout=file,
                       check=True)
    say(os.path.relpath(path))


def lines_of(log):
    """(time as the log has it, text) for each line of the kernel's log."""
    return re.findall(r"\[ *(\d+\.\d{6})\] (.*?)\r?$", log, re.M)


def ours(directory):
    disk = Disk(os.path.join(BUILD, "disk.img"), os.path.join(directory, "ours"))
    with Counted(Nobody(), "timeline", disk, kernel=True) as machine:
        machine.login(BOOT_S)
        for name in SERVICES:
            machine.eventually("cat /proc/$(cat /etc/rc.d/%s/supervise/pid)/comm" % name, name)
        print(machine.output("svctl boot", 4 * ANSWER_S), flush=True)
        with open(os.path.join(BUILD, "boot.svg"), "w") as file:
            file.write(machine.output("svctl boot --svg", 4 * ANSWER_S) + "\n")
        say("build/boot.svg")
        machine.type(ALOUD)
        machine.stays_off(BOOT_S)
        # The boot is not in it: the console was told the important lines only.
        log = machine.console.text
    draw(log[log.index("init: down: ") - 30:], os.path.join(BUILD, "down.svg"))


def told(script):
    """A shell script that says what it does, line by line, as it is done."""
    lines = ["echo '<6>step: begins' >/dev/kmsg"]
    nested = False
    for line in script.splitlines()[1:]:
        lines.append(line)
        nested = line.startswith("if ") or (nested and line != "fi")
        if not nested and line and not line.startswith("#"):
            lines.append("echo %s >/dev/kmsg" % shlex.quote("<6>step: " + ("hostname" if line == "fi" else line)))
    return "\n".join(["#!/bin/sh"] + lines) + "\n"


def twin_boot(log):
    """The twin's log in init's words."""
    words, step = [], None
    for time, text in lines_of(log):
        if text.startswith("step: "):
            if step is not None:
                words.append("[%s] init: boot: %s: done (%.3f ms)" % (time, text[6:], (float(time) - step) * 1000))
            step = float(time)
        elif text.startswith("mark: "):
            kind = "service" if text[6:] in SERVICES else "getty"
            words.append("[%s] init: entry: %s: %s: started (pid 0)" % (time, kind, text[6:]))
        elif re.match(r"Linux version|Run .* as init", text):
            words.append("[%s] %s" % (time, text))
    return "\n".join(words) + "\n"


def twin_down(log):
    (down,), (term,), (off,) = ([time for time, text in lines_of(log) if re.match(word, text)][:1]
                                for word in ("mark: down", "mark: term", "reboot: "))
    return ("[%s] init: down: power off: begins\n[%s] init: down: shutdown: done (0 ms)\n"
            "[%s] init: down: TERM, KILL and 1 s after each: done (0 ms)\n" % (down, term, off))


def twin(directory):
    init_figures.STARTUP = told(init_figures.STARTUP)
    init_figures.SHELL_SCRIPT = init_figures.SHELL_SCRIPT.replace(
        "\n", "\ntrap \"echo '<0>mark: term' >/dev/kmsg\" TERM\n", 1)
    disk = Disk(twin_image(), os.path.join(directory, "twin"))
    with Counted(Nobody(), "timeline-busybox", disk, kernel=True) as machine:
        machine.console.wait("login: ", BOOT_S, "login prompt")
        machine.second.send("\n")
        machine.shell_starts(BOOT_S)
        machine.eventually("dmesg | grep -c 'mark: .'", str(len(MARKS)), BOOT_S)
        draw(twin_boot(machine.output("dmesg", 4 * ANSWER_S)), os.path.join(BUILD, "boot-busybox.svg"))
        # It ends this shell too: no answer is waited for.
        machine.second.send("x %s\n" % base64.b64encode(
            b"echo '<0>mark: down' >/dev/kmsg; poweroff").decode())
        machine.stays_off(BOOT_S)
        draw(twin_down(machine.console.text), os.path.join(BUILD, "down-busybox.svg"))


def main():
    # Tells the harness not to look for KVM.
    os.environ["ACCEL"] = "tcg"
    directory = tempfile.mkdtemp(prefix=".bench.", dir=BUILD)
    try:
        for one in [ours, twin] if not sys.argv[1:] else [globals()[name] for name in sys.argv[1:]]:
            one(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()

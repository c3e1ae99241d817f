# SPDX-License-Identifier: MIT
"""A whole machine for an experiment: QEMU with the image, in which something
else is process 1. machine.py of tests/boot drives it."""

import os
import sys

from laboratory import BUILD, NAME

import machine
from machine import BENCH_FILES, BOOT_S, Machine

missing = [name for name in BENCH_FILES if not os.path.exists(os.path.join(BUILD, name))]
if missing:
    sys.exit("no build/%s; run: make image" % missing[0])

# What experiments ask for, too.
ANSWER_S, TEST_SHELL = machine.ANSWER_S, machine.TEST_SHELL
bench = machine.Bench()
INIT = "/sbin/lab"


def disk(name, **files):
    """A copy of the image's disk, with files of the experiment on it: name in
    /sbin -> text of a script."""
    copy = bench.disk("%s-%s" % (NAME, name))
    for file, text in files.items():
        copy.write("/sbin/" + file, text, mode="0755")
    return copy


class Computer(Machine):
    """A machine that boots a disk with INIT (a path on it) as process 1. WORDS:
    more for the kernel."""

    def __init__(self, name, copy, init=INIT, words=()):
        super().__init__(self, "lab-%s-%s" % (NAME, name), copy, kernel=True,
                         append=" ".join(("init=" + init, *words)))

    def shows(self, pattern, seconds=BOOT_S):
        """Waits for a line on the console; gives the match."""
        return self.console.wait(pattern, seconds)[1]

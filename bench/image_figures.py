#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The figures of the image: how large it is, and what somebody waits for who has
changed nothing, or a line of init.

It is built in a copy of the tree, with kernel and busybox from the cache. A change is
one of a message in init/init.c, another each time, so that programs, root file system,
initramfs and disk all have to be made anew. Figures to print may be given as arguments:
size again change.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

from figures import BUILD, ROOT, RUNS, Sample, Table, read, say

COPIED = ("Makefile", "config.mk", "LICENSE", "bench", "docs", "image", "init", "libsv", "man", "rootfs", "supervise",
          "svctl", "tests")
CHANGED = "init/init.c"
SAID = 'message_open("init"'


class Copy:
    """Of the tree, in which the image is built. A context manager."""

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="pidone-bench-")
        for name in COPIED:
            copy = shutil.copytree if os.path.isdir(os.path.join(ROOT, name)) else shutil.copy2
            copy(os.path.join(ROOT, name), os.path.join(self.top, name))
        self.source = read(os.path.join(self.top, CHANGED))
        if SAID not in self.source:
            sys.exit("%s: no %s in it any more" % (CHANGED, SAID))
        self.seconds()
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top, ignore_errors=True)

    def seconds(self):
        """Of one `make image`."""
        environment = {name: value for name, value in os.environ.items() if name not in ("BUILD", "BIN", "MAKEFLAGS")}
        began = time.monotonic()
        subprocess.run(["make", "-s", "image"], cwd=self.top, env=environment, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.monotonic() - began

    def image(self):
        with open(os.path.join(self.top, "build/disk.img"), "rb") as file:
            return file.read()

    def changed(self, number):
        """Seconds from another message to another disk."""
        with open(os.path.join(self.top, CHANGED), "w") as file:
            file.write(self.source.replace(SAID, 'message_open("init%d"' % number))
        before = self.image()
        taken = self.seconds()
        if self.image() == before:
            sys.exit("the change of %s is not in the image" % CHANGED)
        return taken


def sizes(table):
    for figure, name in (("kernel", "bzImage"), ("initramfs", "initramfs.cpio.gz"), ("busybox, static, stripped", "busybox")):
        table.add(figure, Sample([os.path.getsize(os.path.join(BUILD, name)) / 1024], "KiB", 0))
    disk = os.stat(os.path.join(BUILD, "disk.img"))
    table.add("disk, without its holes", Sample([disk.st_blocks * 512 / 1024], "KiB", 0))


def builds(table, wanted):
    say("the image is built in a copy of the tree")
    with Copy() as copy:
        if "again" in wanted:
            table.add("make image, nothing changed", Sample([copy.seconds() for _ in range(RUNS)], "s"), most=1)
        if "change" in wanted:
            table.add("make image, a line of init changed", Sample([copy.changed(number) for number in range(RUNS)], "s"),
                      most=10)


def main():
    wanted = sys.argv[1:] or ["size", "again", "change"]
    table = Table("image")
    if "size" in wanted:
        sizes(table)
    if {"again", "change"} & set(wanted):
        builds(table, wanted)
    table.show()


if __name__ == "__main__":
    main()

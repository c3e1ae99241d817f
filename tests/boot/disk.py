# SPDX-License-Identifier: MIT
"""A private copy of a disk image, and what its root file system looks like
from outside while no machine uses it."""

import os
import shutil
import struct
import subprocess

from tap import Failed

SECTOR = 512
CHUNK = 1 << 20


def copy(source, target, start=0, length=None, at=0):
    """Copies bytes between files; runs of zeros become holes in a new file."""
    with open(source, "rb") as src:
        with open(target, "r+b" if os.path.exists(target) else "w+b") as dst:
            fresh = os.fstat(dst.fileno()).st_size == 0
            left = os.fstat(src.fileno()).st_size - start if length is None else length
            src.seek(start)
            dst.seek(at)
            while left > 0:
                chunk = src.read(min(CHUNK, left))
                if not chunk:
                    raise Failed("%s is shorter than its partition table says" % source)
                if fresh and not any(chunk):
                    dst.seek(len(chunk), os.SEEK_CUR)
                else:
                    dst.write(chunk)
                left -= len(chunk)
            if fresh:
                dst.truncate(dst.tell())


def tool(*command, check=True):
    """Runs a tool of e2fsprogs; gives (exit status, output)."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if not shutil.which(command[0], path=path):
        raise Failed("%s is missing; install the package e2fsprogs" % command[0])
    done = subprocess.run(command, env={"PATH": path, "LC_ALL": "C"}, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode:
        raise Failed("%s: exit status %d\n%s" % (" ".join(command), done.returncode, done.stdout))
    return done.returncode, done.stdout


class Disk:
    """A copy of the image at `source`, kept at `path`."""

    def __init__(self, source, path):
        self.path = path
        copy(source, path)
        self.gpt, self.partition, self.root = self._find_root()

    def _find_root(self):
        """Whether the partition table is a GPT; which partition is the root
        file system (the last one), and its offset and length in bytes."""
        with open(self.path, "rb") as file:
            head = file.read(2 * SECTOR)
            if head[SECTOR:SECTOR + 8] != b"EFI PART":
                first, count = struct.unpack_from("<II", head, 446 + 8)
                return False, 1, (first * SECTOR, count * SECTOR)
            table, count, size = struct.unpack_from("<QII", head, SECTOR + 72)
            file.seek(table * SECTOR)
            spans = []
            for number in range(1, count + 1):
                entry = file.read(size)
                if any(entry[:16]):
                    spans.append(struct.unpack_from("<QQ", entry, 32) + (number,))
        first, last, number = max(spans)
        return True, number, (first * SECTOR, (last - first + 1) * SECTOR)

    def _take_root(self):
        part = self.path + ".root"
        if os.path.exists(part):
            os.remove(part)
        copy(self.path, part, *self.root)
        return part

    def needs_recovery(self):
        """Whether the journal holds what the file system does not yet."""
        _, features = tool("dumpe2fs", "-h", self._take_root())
        return "needs_recovery" in features

    def expect_clean(self):
        """The way down unmounted (or made read-only) the root file system."""
        part = self._take_root()
        _, features = tool("dumpe2fs", "-h", part)
        if "needs_recovery" in features:
            raise Failed("the root file system was left mounted: needs_recovery")
        status, said = tool("e2fsck", "-fn", part, check=False)
        if status:
            raise Failed("e2fsck -fn: exit status %d\n%s" % (status, said))

    def put(self, path, source, mode="0644"):
        """Makes or replaces a file with the contents of `source`, as if by hand
        before the machine is switched on."""
        self.put_all({path: source}, mode)

    def put_all(self, files, mode="0644", directory=None):
        """The same, of many: path -> source. `directory` is made for them."""
        part = self._take_root()
        with open(part + ".commands", "w") as file:
            if directory:
                file.write("mkdir %s\n" % directory)
            for path, source in files.items():
                file.write("rm {0}\nwrite {1} {0}\nsif {0} mode 010{2}\n".format(path, source, mode))
        tool("debugfs", "-w", "-f", part + ".commands", part)
        for path, source in files.items():
            tool("debugfs", "-R", "dump %s %s" % (path, part + ".dump"), part)
            with open(source, "rb") as wanted, open(part + ".dump", "rb") as now:
                if wanted.read() != now.read():
                    raise Failed("debugfs could not write %s" % path)
        copy(part, self.path, at=self.root[0])

    def write(self, path, content, mode="0644"):
        """The same, of a text."""
        with open(self.path + ".text", "w") as file:
            file.write(content)
        self.put(path, self.path + ".text", mode)

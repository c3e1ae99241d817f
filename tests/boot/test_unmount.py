#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The calls by which a machine lets go of its file systems and its swap, and by which it
is switched off, fail: once, at each of their occurrences, or always. It goes off whatever
fails, and its root is clean unless nothing could make it so. strace, spared on the way
down as its name there begins with @, has them fail. (tests/fault has all other calls of
process 1 fail, in containers, which leave file systems to the kernel.)

Usage: test_unmount.py [CASE], as it is in the results (umount2 3 EIO), or its first
words, with the variables of test_boot.py. SOAK=1: every case; otherwise CASES of them,
chosen by SEED.
"""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True  # the tree stays clean
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fault"))

import system
import tap
from cases import choose, how_chosen, spell
from disk import Disk
from machine import ANSWER_S, BENCH_FILES, DOWN_S, Bench, Machine
from tap import Failed
from ways import clean, leave, login, off

CASES = int(os.environ.get("CASES") or 8)

ERRORS = {
    "umount2": ("EBUSY", "EIO", "ENOMEM", "EPERM"),
    "mount": ("EBUSY", "EIO", "EROFS", "EPERM"),
    "swapoff": ("EINTR", "ENOMEM", "EPERM"),
    "reboot": ("EPERM",),
}
ALWAYS = "1+"
WHERE = "/strace"
# One that is there for ever, whose root nothing could unmount or make read-only.
DIRTY = {("mount", ALWAYS), ("swapoff", ALWAYS)}

MOUNT = "dd if=/dev/zero of=/root/fat bs=64k count=64 2>&1 && mkfs.vfat /root/fat && mount -o loop /root/fat /mnt"


def strace_files():
    """path -> source: strace, what it is linked to, and as @strace what runs it."""
    strace = shutil.which("strace")
    listed = subprocess.run(["ldd", strace], check=True, capture_output=True, text=True).stdout
    files = {os.path.basename(path): path for path in re.findall(r"(/\S+) \(0x", listed)}
    loader = next(path for name, path in files.items() if name.startswith("ld-linux"))
    return {WHERE + "/" + name: path for name, path in dict(files, strace=strace, **{"@strace": loader}).items()}


def follow(machine, fault):
    """Has strace follow process 1 and its children from now on."""
    inject = "-e inject=%s:error=%s:when=%s " % (fault[0], fault[2], fault[1]) if fault else ""
    if "reboot" not in inject:      # what strace has written must be out of the line before the power is
        inject += "-e inject=reboot:delay_enter=1000000 "
    machine.output("cd {0} && PATH={0}:$PATH setsid @strace --library-path {0} {0}/strace -f -qq -p 1 "
                   "-e trace={1} {2}-o /dev/ttyS1 </dev/null >/dev/null 2>&1 &".format(
                       WHERE, ",".join(ERRORS), inject))
    machine.eventually("sed -n 's/^TracerPid:\t//p' /proc/1/status | grep -vx 0 >/dev/null && echo traced", "traced")


def stands(machine):
    """leaves a machine that says that somebody is to switch it off"""
    machine.console.wait("cannot power off: ", DOWN_S, "word of reboot(2)")
    machine.console.wait("nothing is left to do but to switch off by hand", DOWN_S)
    if machine.process.poll() is not None:
        raise Failed("QEMU has ended")


def down(case, name, fault=None):
    """A machine with more file systems and swap goes down; what strace wrote."""
    disk = Disk(bench.base.path, os.path.join(bench.directory, name))
    with Machine(case, name, disk, kernel=True) as machine:
        login(case, machine, "it is up")
        with case.check("it has a file of the root mounted, and swap in both", needed=True):
            machine.output(MOUNT)
            system.swap_on(machine, "/root/swap", "/mnt/swap")
            machine.expect("sed 1d /proc/swaps | wc -l", "2")
        with case.check("strace follows process 1", needed=True):
            follow(machine, fault)
        if fault and fault[0] == "reboot":
            leave(case, machine, "poweroff", stands)
            machine.second.wait(r"reboot\(.*\n", ANSWER_S)
            text = machine.second.text
        else:
            leave(case, machine, "poweroff", off)
            text = machine.second.wait_end(ANSWER_S)
        if fault:
            with case.check("the call came, and failed"):
                if "(INJECTED)" not in text:
                    raise Failed(text[-2000:])
        if fault and fault[:2] in DIRTY:
            with case.check("what could not be let go of is said"):
                machine.console.seen = 0
                machine.console.wait(r"init: \S+: cannot (unmount|switch swap off)", 0)
        else:
            clean(case, disk, "that")
    os.remove(disk.path)
    return text


def whole(case):
    """What is called where nothing fails."""
    text = down(case, "unmount-whole")
    for call in re.findall(r"^\d+ +(\w+)\(", text, re.M):
        bench.made[call] = bench.made.get(call, 0) + 1
    with case.check("each of the calls is made"):
        if set(bench.made) != set(ERRORS):
            raise Failed("%s\n%s" % (bench.made, text[-2000:]))


def all_cases():
    """Each occurrence of each call, and all at once."""
    return [(call, when, error) for call, made in bench.made.items() for error in ERRORS[call]
            for when in [*map(str, range(1, made + 1)), ALWAYS] if (call, when) != ("reboot", ALWAYS)]


def main():
    missing = [name for name in BENCH_FILES if not os.path.exists(os.path.join(system.BUILD, name))]
    if missing:
        sys.exit("test_unmount.py: no build/%s; run: make image" % missing[0])
    if not shutil.which("strace"):
        print("ok - unmounting under failing system calls # SKIP no strace")
        return 0
    bench.made = {}
    bench.base = bench.disk("unmount")
    bench.base.put_all(strace_files(), "0755", WHERE)
    status = tap.run({"whole": whole}, 1)
    cases = all_cases()
    chosen = choose(cases, CASES)
    print("# %d of %d cases (call, occurrence, error)%s" % (len(chosen), len(cases), how_chosen(chosen, cases)))
    def one(fault):
        return lambda case: down(case, "unmount-" + "-".join(fault), fault)
    return tap.run({spell(fault): one(fault) for fault in chosen}, tap.side_by_side()) or status


if __name__ == "__main__":
    bench = Bench()
    sys.exit(main())

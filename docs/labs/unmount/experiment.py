#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import ROOT, check, run, say
from computer import Computer, TEST_SHELL, disk

# The shutdown part is the tutorial's; a shell for the experiment in place of logins.
INITTAB = """::sysinit:/sbin/startup
::respawn:/sbin/shell
::shutdown:/bin/umount -a -r
"""
STARTUP = """#!/bin/sh
mount -t proc proc /proc
mount -o remount,rw /
"""
SHELL = "#!/bin/sh\n" + TEST_SHELL + " &\nwait\n"


def way_down(name, copy, init):
    """Uses the machine, switches it off, and tells whether the disk is clean."""
    copy.write("/etc/inittab", INITTAB)
    with Computer(name, copy, init) as computer:
        computer.shell_starts()
        computer.output("echo here >/var/lib/mark; (tail -f /var/lib/mark >/var/lib/copy 2>&1 &)")
        computer.eventually("pidof tail >/dev/null && cat /var/lib/copy", "here")
        computer.start("poweroff")
        computer.stays_off()
        said = [line for line in computer.console.text.splitlines()
                if "umount" in line or "busy" in line]
    return copy.needs_recovery(), said


def busybox():
    peer = subprocess.run([os.path.join(ROOT, "tests/peers"), "busybox-static"], capture_output=True,
                          text=True, check=False, cwd=ROOT)
    if peer.returncode:
        print("ok - unmount: busybox init unmounts before it kills # SKIP " + peer.stderr.strip())
        return
    copy = disk("busybox", startup=STARTUP, shell=SHELL)
    copy.put("/sbin/init", os.path.join(peer.stdout.strip(), "bin/busybox"), mode="0755")
    dirty, said = way_down("busybox", copy, "/sbin/init")
    say("busybox init, poweroff while somebody has a file open for writing:")
    for line in said[:3]:
        say("    " + line.strip())
    say("Then it ends everybody, and switches off. The journal %s." %
        ("has to be replayed at the next boot" if dirty else "is empty"))
    check("unmounting first leaves the root file system mounted at the end", dirty)


def ours():
    dirty, _ = way_down("ours", disk("ours", startup=STARTUP, shell=SHELL), "/sbin/init")
    say("Our init with the same inittab: the entry runs at the same moment, then everybody is")
    say("ended, and then init itself unmounts. The journal %s." %
        ("has to be replayed at the next boot" if dirty else "is empty"))
    check("unmounting when nobody is left leaves it clean", not dirty)


def main():
    busybox()
    ours()


run(main)

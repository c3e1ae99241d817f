#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import check, run, say
from computer import ANSWER_S, Computer, TEST_SHELL, disk

# A process 1 that hears SIGINT and says so.
HEARS = """#!/bin/sh
mount -t proc proc /proc
mount -o remount,rw /
echo here >/var/lib/mark
sync
trap 'echo "process 1: SIGINT"' INT
sleep 36000 &
echo "process 1: ctrl-alt-del is $(cat /proc/sys/kernel/ctrl-alt-del)"
%s &
while :; do wait; done
""" % TEST_SHELL

OURS = """::sysinit:/bin/sh -c 'echo "ctrl-alt-del is $(cat /proc/sys/kernel/ctrl-alt-del)"'
::respawn:/sbin/shell
::ctrlaltdel:/bin/echo the ctrlaltdel entry
"""
SHELL = "#!/bin/sh\n" + TEST_SHELL + " &\nwait\n"


def setting(computer):
    return int(computer.shows(r"ctrl-alt-del is (\d)").group(1))


def press(computer):
    computer.monitor.keys("ctrl", "alt", "delete")


def nobody_asked():
    copy = disk("hard", lab=HEARS)
    with Computer("hard", copy) as computer:
        value = setting(computer)
        computer.shell_starts()
        say("A process 1 that handles SIGINT; it has left /proc/sys/kernel/ctrl-alt-del at %d." % value)
        check("the kernel starts with ctrl-alt-del = 1", value, 1)
        press(computer)
        computer.resets(ANSWER_S)
        say("Ctrl-Alt-Del is pressed: the machine is reset, and process 1 was not asked.")
        check("with 1 the kernel resets the machine by itself", "process 1: SIGINT" not in computer.console.text)
        dirty = copy.needs_recovery()
        say("The root file system is %s." % ("left as it was: mounted, with a journal to replay" if dirty else "clean"))
        check("and no file system is unmounted before", dirty)


def asked():
    with Computer("soft", disk("soft", lab=HEARS)) as computer:
        computer.shell_starts()
        computer.output("echo 0 >/proc/sys/kernel/ctrl-alt-del")
        say("The same process 1, and a 0 written to /proc/sys/kernel/ctrl-alt-del.")
        press(computer)
        computer.shows("process 1: SIGINT", ANSWER_S)
        say("Ctrl-Alt-Del is pressed: process 1 hears SIGINT, and does as it likes.")
        check("with 0 process 1 hears SIGINT", computer.output("echo going on"), "going on")


def ours():
    copy = disk("ours", shell=SHELL)
    copy.write("/etc/inittab", OURS)
    with Computer("ours", copy, "/sbin/init") as computer:
        value = setting(computer)
        computer.shell_starts()
        say("Our init: ctrl-alt-del is %d once it has started: reboot(RB_DISABLE_CAD)." % value)
        check("init asks to be asked", value, 0)
        press(computer)
        computer.shows("the ctrlaltdel entry", ANSWER_S)
        say("Ctrl-Alt-Del is pressed: what the inittab has for it is executed, here an echo.")
        check("it executes the ctrlaltdel entry, and no more", computer.output("echo going on"), "going on")


def main():
    nobody_asked()
    asked()
    ours()


run(main)

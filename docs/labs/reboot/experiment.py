#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import check, run, say
from harness import Namespace
from computer import Computer, disk

# A machine whose power switch is broken: the chipset's power management registers
# are switched off, as bad firmware leaves them (bit 7 of ACPI_CNTL, byte 0x44 of
# the LPC bridge of the Q35). The kernel writes to them, and stays on.
BROKEN = """mount -t proc proc /proc
mount -t sysfs sys /sys
printf '\\0' | dd of=/sys/bus/pci/devices/0000:00:1f.0/config bs=1 seek=68 conv=notrunc 2>/dev/null
"""

# Of several processors the kernel has stopped all but one by then.
ONE = ["nr_cpus=1"]

# poweroff -f is reboot(RB_POWER_OFF) and nothing else. Interrupts are off after that,
# so what process 1 says goes through the kernel's log, which needs none.
ITSELF = "#!/bin/sh\n" + BROKEN + """echo "process 1 calls reboot(2)"
exec poweroff -f
"""
CHILD = "#!/bin/sh\n" + BROKEN + """echo "a child of process 1 calls reboot(2)"
poweroff -f &
wait $!
echo "the child has ended with $?; I am process $$" >/dev/kmsg
exec sleep 36000
"""


def in_a_namespace():
    for number, what, wanted in ((signal.SIGTERM, "reboot", signal.SIGHUP),
                                 (signal.SIGUSR2, "power off", signal.SIGINT)):
        with Namespace("/pidone/init", {"/etc/inittab": "::sysinit:/bin/echo up\n"}) as namespace:
            namespace.wait_output("up")
            namespace.signal(number)
            code = namespace.wait_end()
        say("init in a namespace is told to %s: its parent sees it ended by %s." % (
            what, signal.Signals(-code).name))
        check("reboot(2) in a namespace ends process 1, by a signal that says what was asked: " + what,
              -code, wanted)


def by_itself():
    with Computer("itself", disk("itself", lab=ITSELF), words=ONE) as computer:
        computer.shows("process 1 calls")
        computer.shows("reboot: Power down")
        panic = computer.shows(r"Kernel panic - not syncing: (.*)\r").group(1)
        say("A machine that cannot switch itself off. Process 1 calls reboot(2):")
        say("    reboot: Power down")
        say("    Kernel panic - not syncing: " + panic)
        check("process 1 that calls reboot(2) is ended by it, and so the machine panics",
              "Attempted to kill init! exitcode=0x00000000" in panic)


def by_a_child():
    with Computer("child", disk("child", lab=CHILD), words=ONE) as computer:
        computer.shows("a child of process 1 calls")
        computer.shows("reboot: Power down")
        found = computer.shows(r"the child has ended with (\d+); I am process 1")
        say("A child of process 1 calls it:")
        say("    reboot: Power down")
        say("    " + found.group())
        check("reboot(2) does not return to the child, but process 1 lives", found.group(1), "0")


def main():
    in_a_namespace()
    by_itself()
    by_a_child()


run(main)

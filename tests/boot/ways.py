# SPDX-License-Identifier: MIT
"""Ways into a machine and out of it, as checks."""

import time

from machine import ANSWER_S
from tap import Failed


def login(case, machine, name="there is a login prompt, and root gets in"):
    began = time.monotonic()
    with case.check(name, needed=True):
        machine.login()
    case.note("logged in after %.1f s" % (time.monotonic() - began))


def leave(case, machine, command, how):
    """Types a command that ends it all, and waits for the end."""
    began = time.monotonic()
    with case.check("%s %s" % (command, how.__doc__), needed=True):
        machine.type(command)
        how(machine)
    case.note("%s took %.1f s" % (command, time.monotonic() - began))


def off(machine):
    """switches the machine off"""
    machine.stays_off()


def reset(machine):
    """resets the machine"""
    machine.resets()


def halted(machine):
    """stops the machine, which says so and stays on"""
    machine.console.wait("reboot: System halted", ANSWER_S * 2)
    if machine.process.poll() is not None:
        raise Failed("QEMU has ended")


def clean(case, disk, after):
    with case.check("the root file system is clean after " + after):
        disk.expect_clean()

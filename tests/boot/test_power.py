#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Power that goes at any moment, machines that are switched off and on again and
again, and a PID 1 that crashes at any moment.

Usage: test_power.py [CASE…], with the variables of test_boot.py. 25 power cuts, 25
cycles, 52 crashes take a few minutes; SOAK=1 makes 100, 200 and 100 of them. SEED (printed)
chooses the moments: the same ones, as far as the speed of this computer lets them be.
"""

import os
import random
import sys
import time

sys.dont_write_bytecode = True  # the tree stays clean

import services
import system
import tap
from machine import BENCH_FILES, Bench, Machine
from tap import Failed
from ways import clean, leave, off, reset

SOAK = os.environ.get("SOAK") == "1"
SEED = int(os.environ.get("SEED") or (time.time_ns() % 100000 if SOAK else 1))
CUTS = int(os.environ.get("CUTS") or (100 if SOAK else 25))
CYCLES = int(os.environ.get("CYCLES") or (200 if SOAK else 25))
CRASHED_BOOTS = int(os.environ.get("CRASHED_BOOTS") or (25 if SOAK else 13))

OURS = ("syslogd", "klogd", "udhcpc")

# Keeps the disk busy, so that there is something to lose; what it says in /run was on
# the disk, name and all, before it said so.
WRITER = """#!/bin/sh
cd /var/lib
n=$(cat kept 2>/dev/null)
while :; do
	n=$((${n:-0} + 1))
	dd if=/dev/urandom of=noise.$((n % 8)) bs=16k count=4 2>/dev/null
	echo $n >kept.new && mv kept.new kept && sync && echo $n >/run/kept.new && mv /run/kept.new /run/kept
done
"""


def up(machine):
    """The login prompt, and then all that the image starts, each once."""
    machine.login()
    for name in OURS:
        services.serving(machine, name)
        machine.eventually("pidof %s | wc -w" % name, "1")     # or there is a child that has not executed yet
    machine.eventually("pidof runsvdir | wc -w", "1")
    machine.eventually("pidof getty | wc -w", "3")
    services.addressed(machine)


def no_panic(machine):
    if "Kernel panic" in machine.console.text:
        raise Failed("the kernel panicked")


# ---- power cuts ----

class Cuts:
    """One disk, and the machines that it is in, one after the other."""

    def __init__(self, case, disk):
        self.case = case
        self.disk = disk
        self.moments = random.Random(SEED)
        self.up_s = self.down_s = None
        self.kept = 0

    def machine(self):
        return Machine(self.case, "cuts", self.disk, kernel=True)

    def whole(self, name, then):
        """A boot to the end, and what is to come then; with the power cut before."""
        with self.machine() as machine:
            began = time.monotonic()
            with self.case.check(name, needed=True):
                up(machine)
                self.up_s = self.up_s or time.monotonic() - began
                machine.expect("dmesg | grep 'EXT4-fs error'; true", "")
                kept = int(machine.output("cat /var/lib/kept 2>/dev/null || echo 0"))
                if kept < self.kept:
                    raise Failed("what was on the disk is lost: %d, after %d" % (kept, self.kept))
            then(machine)

    def in_boot(self, number):
        moment = self.moments.random() * self.up_s
        with self.machine() as machine:
            time.sleep(moment)
            machine.off()
        self.whole("boots after power cut %d, %.2f s into the boot" % (number, moment), lambda machine: None)

    def in_run(self, number):
        moment = self.moments.random() * 3

        def cut(machine):
            services.running(machine, "writer")
            time.sleep(moment)
            self.kept = int(machine.eventually("cat /run/kept", r"\d+").group())
            machine.off()
        self.whole("runs, before power cut %d, %.2f s after a service began to write" % (number, moment), cut)

    def in_shutdown(self, number):
        moment = self.moments.random() * self.down_s

        def cut(machine):
            machine.type("poweroff")
            time.sleep(moment)
            machine.off()
        self.whole("runs, before power cut %d, %.2f s after poweroff" % (number, moment), cut)


def cuts(case):
    """The plug pulled at random moments."""
    case.note("SEED=%d" % SEED)
    disk = bench.disk("cuts")
    state = Cuts(case, disk)

    def prepare(machine):
        services.make(machine, "writer", WRITER)
        services.link(machine, "writer")
        services.running(machine, "writer")
        began = time.monotonic()
        leave(case, machine, "poweroff", off)
        state.down_s = time.monotonic() - began

    state.whole("boots at first", prepare)
    for number in range(CUTS):
        (state.in_boot, state.in_run, state.in_shutdown)[number % 3](number + 1)
    state.whole("boots after all that", lambda machine: leave(case, machine, "poweroff", off))
    clean(case, disk, "power cuts and a poweroff")


# ---- cycles ----

# What is on the disk, but for logs, which grow up to a limit of their own, and what
# root's shell remembers of what we typed.
FILES = "find / -xdev -type f ! -path '/var/log/*' ! -path '/root/*' -exec stat -c '%n %s' {} + | sort; " \
        "find / -xdev ! -type f | sort"
LOGS_KIB = 1000
# What a process has written to is its own; VmRSS lags behind, and counts the program too.
PRIVATE = "awk '/^Private_Dirty:|^Swap:/ { sum += $2 } END { print sum }' /proc/%s/smaps_rollup"
# No boot is the other to the page: which events came at once makes a few.
PRIVATE_KIB = 16
# The programs that run: not threads of the kernel, and not those of the question.
PROCESSES = "for pid in /proc/[0-9]*; do readlink $pid/exe >/dev/null && cat $pid/comm; done 2>/dev/null | " \
            "grep -vxE 'sh|cat|sort|uniq|grep|readlink' | sort | uniq -c"


def grown(machine):
    """What this boot left behind that counts: files, processes, what PID 1 holds."""
    return {"files": machine.output(FILES),
            "processes": machine.output(PROCESSES),
            "descriptors of PID 1": machine.output("ls /proc/1/fd"),
            "descriptors of runsvdir": machine.output("ls /proc/$(pidof runsvdir)/fd | wc -l")}


def same(before, now):
    for what in before:
        if before[what] != now[what]:
            old, new = (set(found[what].splitlines()) for found in (before, now))
            raise Failed("%s: gone: %s; new: %s" % (what, sorted(old - new)[:9], sorted(new - old)[:9]))


def private(machine):
    """KiB of PID 1 and of runsvdir."""
    return [int(machine.output(PRIVATE % who)) for who in ("1", "$(pidof runsvdir)")]


def no_larger(before, now):
    if any(new > old + PRIVATE_KIB for old, new in zip(before, now)):
        raise Failed("PID 1 and runsvdir have %s KiB of memory, after %s" % (now, before))


def cycles(case):
    """Up and down again and again, by every way; one machine for all of it."""
    disk = bench.disk("cycles")
    first = memory = None
    number = 0
    while number < CYCLES:
        with Machine(case, "cycles", disk, kernel=True) as machine:
            while True:
                number += 1
                with case.check("boot %d" % number, needed=True):
                    up(machine)
                    no_panic(machine)
                with case.check("boot %d: no more there than after the first" % number):
                    # The first boot of a disk makes what is not there yet.
                    if number > 1:
                        # init does not wait for it
                        machine.eventually("pidof mdev || echo none", "none")
                        first, memory = first or grown(machine), memory or private(machine)
                        same(first, grown(machine))
                        no_larger(memory, private(machine))
                    if int(machine.output("du -sk /var/log").split()[0]) > LOGS_KIB:
                        raise Failed(machine.output("du -a /var/log"))
                # What QEMU holds of a machine grows with its resets: now and then a new one.
                if number % 4 == 3 or number == CYCLES:
                    leave(case, machine, "poweroff", off)
                    clean(case, disk, "poweroff")
                    break
                if number % 4 == 1:
                    leave(case, machine, "reboot", reset)
                else:
                    with case.check("Ctrl-Alt-Del resets the machine", needed=True):
                        machine.monitor.keys("ctrl", "alt", "delete")
                        machine.resets()
                clean(case, disk, "a reset")
                machine.go_on()


# ---- crashes of PID 1 ----

# In place of init: leaves somebody behind who will make it crash.
CRASHER = """#!/bin/sh
(sleep %.3f; kill -%s 1) &
exec /sbin/init
"""

CRASH = ("SEGV", "BUS", "ILL", "FPE", "ABRT")
CHILDREN = "for name in runsvdir getty syslogd klogd udhcpc; do pidof $name | tr ' ' '\\n' | sort -n; done"
# The fifth within a minute is too many: the kernel's own limit would be one.
CRASHES_A_BOOT = 4
WENT_ON = "init: going on after a crash"
CRASHED = "dmesg | grep -c '%s'; true" % WENT_ON


def crash(machine, number, moments):
    """One in a running system, at a random moment: nobody notices."""
    before = machine.output(CHILDREN)
    machine.output("sleep %.3f; kill -%s 1" % (moments.random() / 2, moments.choice(CRASH)))
    machine.eventually(CRASHED, str(number))
    system.reap(machine)
    machine.expect(CHILDREN, before)


def crashed_boot(case, disk, moments, boot_s):
    moment, signal = moments.random() * boot_s, moments.choice(CRASH)
    disk.write("/sbin/crasher", CRASHER % (moment, signal), mode="0755")
    with Machine(case, "crashes", disk, kernel=True, append="init=/sbin/crasher") as machine:
        with case.check("SIG%s to PID 1 %.3f s into the boot: the boot goes on" % (signal, moment), needed=True):
            up(machine)
            machine.eventually(CRASHED, "1")
            no_panic(machine)
        for number in range(2, CRASHES_A_BOOT):
            with case.check("PID 1 crashes (%d), and has the same children as before" % number):
                crash(machine, number, moments)
        moment, signal = moments.random() * 0.1, moments.choice(CRASH)
        with case.check("SIG%s to PID 1 %.3f s into the way down: it ends" % (signal, moment), needed=True):
            # Who made it crash stays for a while: init has somebody to wait for, and so
            # goes on before its end. (With nothing to wait for it is off, as it was asked.)
            # It is born ignoring TERM: poweroff may be sooner than its first command.
            machine.start("dmesg -n 8; (trap '' TERM HUP; (sleep %.3f; kill -%s 1; sleep 1) >/dev/null 2>&1 & poweroff)"
                          % (moment, signal))
            machine.stays_off()
            no_panic(machine)
            told = machine.console.text.count(WENT_ON)
            if told != CRASHES_A_BOOT:
                raise Failed("%d crashes were told on the console, of %d" % (told, CRASHES_A_BOOT))
        clean(case, disk, "that")


def crashes(case):
    """Signals of the crash set to PID 1, at random moments of boot, run and way down."""
    case.note("SEED=%d" % SEED)
    moments = random.Random(SEED)
    disk = bench.disk("crashes")
    with Machine(case, "crashes", disk, kernel=True) as machine:
        with case.check("boots at first", needed=True):
            up(machine)
            log = machine.output("dmesg")
            began, ended = (float(system.re.search(r"\[ *([\d.]+)\] " + text, log).group(1))
                            for text in ("Run /sbin/init", "init: entry: respawn: .*ttyS0"))
        leave(case, machine, "poweroff", off)
    for _ in range(CRASHED_BOOTS):
        crashed_boot(case, disk, moments, 1.2 * (ended - began))


CASES = {"cuts": cuts, "cycles": cycles, "crashes": crashes}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(CASES)
    unknown = [name for name in chosen if name not in CASES]
    if unknown:
        sys.exit("test_power.py: %s: no such case; there are: %s" % (unknown[0], " ".join(CASES)))
    missing = [name for name in BENCH_FILES if not os.path.exists(os.path.join(system.BUILD, name))]
    if missing:
        sys.exit("test_power.py: no build/%s; run: make image" % missing[0])
    bench = Bench()
    sys.exit(tap.run({name: CASES[name] for name in chosen}, tap.side_by_side()))

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Limits that only a whole machine has, of its own: ten thousand services; no more
processes, memory or room on the disk for anybody; a memory cgroup that is too small; a
clock that is set by years.

Usage: test_limits.py [CASE…], with the variables of test_boot.py. SOAK=1: 10,000 services
instead of 3,000, and beside the least that starting them can cost.
"""

import os
import sys

sys.dont_write_bytecode = True  # the tree stays clean

import services
import tap
from crowd import TOOL, TOOLS, Crowded
from machine import ANSWER_S, BENCH_FILES, BUILD, SCALE, Bench, Machine
from tap import Failed
from ways import clean, leave, login, off

SOAK = os.environ.get("SOAK") == "1"
FEW, MOST = 1000, int(os.environ.get("SERVICES") or (10000 if SOAK else 3000))
RATIO = 1.3         # of the time per service at MOST to that at FEW
COMPARED = ("runsvdir", "/root/floor") if SOAK else ("runsvdir",)


def crowd(case):
    """Many services, by the guest's clock."""
    disk = bench.disk("crowd")
    with Crowded(case, "crowd", disk) as machine:
        with case.check("boots", needed=True):
            machine.ready()
        each = {}
        for count in (FEW, MOST):
            for command in COMPARED:
                with case.check("%s starts %d services" % (os.path.basename(command), count), needed=True):
                    each[command, count] = machine.each(command, count)
                case.note("%s, %d services: %.0f us each" % (command, count, each[command, count]))
        ratio = each["runsvdir", MOST] / each["runsvdir", FEW]
        with case.check("a service of %d takes at most %g times as long as one of %d" % (MOST, RATIO, FEW)):
            if ratio > RATIO:
                raise Failed("%.2f times" % ratio)
        case.note("%.2f times" % ratio)


# ---- a machine that has run out ----

KEPT = ("klogd", "udhcpc")
# Numbers below 300 are given once, and never again when the count has come round.
PIDS = 400
# The shell ends as soon as it cannot fork; what it can do by itself it does then.
# The numbers of those that it kills are not to be had again: from 300 on, which is where
# they begin anew (RESERVED_PIDS in kernel/pid.c), there is then but one, and that is taken.
# 15 s: a getty that was killed three times in a row is tried again after 4.
NO_PIDS = """#!/bin/sh
mkfifo /tmp/never
echo %d >/proc/sys/kernel/pid_max
trap 'echo 301 >/proc/sys/kernel/pid_max; kill "$1"; read -r -t 2 line <>/tmp/never; kill "$2"; read -r -t 13 line <>/tmp/never; echo 32768 >/proc/sys/kernel/pid_max; echo processes again >/dev/console' EXIT
while :; do sleep 1000 & done
""" % PIDS
CANNOT_START = ("init: /sbin/getty 38400 tty2: cannot start: Resource temporarily unavailable",
                "runsvdir: syslogd: cannot execute ./finish: Resource temporarily unavailable")
SLEEPS = "#!/bin/sh\nexec sleep 36000\n"
EATS = "#!/bin/sh\nexec tail /dev/zero\n"
STUBBORN = """#!/bin/sh
trap '' TERM
: >/tmp/trapped
while :; do sleep 0.1; done
"""
# When the kernel made it, in ticks: what comes later may have had to wait.
DIES = "#!/bin/sh\ncut -d' ' -f22 /proc/$$/stat >>/tmp/starts\n"
SET = "date -s '%s-01-01 00:00:00' >/dev/null"
# For what comes at once, or after a second.
AGAIN_S = 10
WAIT_S, TIMEOUT_KILL_S = 2, 4
STARTS = 4


def getty(machine):
    return machine.eventually("pgrep -f '^/sbin/getty 38400 tty2'", r"\d+").group()


def others(machine):
    """Who has nothing to do with what happens, and goes on."""
    return {name: services.serving(machine, name) for name in KEPT} | {
        # A child of it is called so until it executes something.
        "runsvdir": machine.eventually("pidof runsvdir", r"\d+").group()}


def go_on(machine, before):
    if others(machine) != before:
        raise Failed("they were %s, and are %s" % (before, others(machine)))


def started_again(machine):
    """A getty and a service that are killed run again."""
    terminal, service = getty(machine), services.serving(machine, "syslogd")
    machine.output("kill -9 %s %s" % (terminal, service))
    machine.eventually("pgrep -f '^/sbin/getty 38400 tty2'", r"(?!%s$)\d+" % terminal, AGAIN_S)
    machine.eventually(services.status("syslogd"), r"run: syslogd: \(pid (?!%s\))\d+\) \d+s" % service, AGAIN_S)


def uptime(machine):
    return float(machine.output("cut -d' ' -f1 /proc/uptime"))


def clock_restarts(machine, year):
    before = others(machine)
    machine.output(SET % year)
    started_again(machine)
    began = uptime(machine)
    machine.expect("sv -w 10 restart syslogd", r"ok: run: syslogd: \(pid \d+\) \ds")
    if uptime(machine) - began > AGAIN_S * SCALE:
        raise Failed("a restart took %.1f s" % (uptime(machine) - began))
    go_on(machine, before)


def clock_adopts(machine, year):
    """No process of a service is taken for another because of the date."""
    before = others(machine)
    machine.output(SET % year)
    machine.output("kill -9 " + before["runsvdir"])
    machine.eventually("pidof runsvdir", r"(?!%s$)\d+" % before["runsvdir"], AGAIN_S)
    for name in KEPT:
        machine.eventually(services.status(name), r"run: %s: \(pid %s\) \d+s" % (name, before[name]))
    machine.eventually(EACH, "1\n1\n1\n1")


def clock_deadlines(machine, year):
    """sv waits for WAIT_S, and KILL comes TIMEOUT_KILL_S after TERM."""
    machine.output("sv -w 10 start stubborn && until test -e /tmp/trapped; do :; done")
    began = uptime(machine)
    machine.expect("sv -w %d stop stubborn >/tmp/said & until sv status stubborn | grep -q 'got TERM'; do :; done; %s; "
                   "wait $!; cat /tmp/said" % (WAIT_S, SET % year),
                   r"timeout: run: stubborn: \(pid \d+\) \d+s, want down, got TERM")
    waited = uptime(machine) - began
    machine.eventually(services.status("stubborn"), services.DOWN % "stubborn", TIMEOUT_KILL_S + AGAIN_S)
    killed = uptime(machine) - began
    if not WAIT_S <= waited <= WAIT_S + AGAIN_S * SCALE or killed < TIMEOUT_KILL_S:
        raise Failed("sv waited for %.2f s, and KILL came after %.2f s" % (waited, killed))


def clock_rate(machine, year):
    """What dies at once is started once a second: in all, as one start may be slow."""
    count = int(machine.output("wc -l </tmp/starts"))
    machine.output(SET % year)
    machine.eventually("test $(wc -l </tmp/starts) -ge %d && echo more" % (count + STARTS), "more", STARTS + AGAIN_S)
    starts = [int(line) / 100 for line in machine.output("cat /tmp/starts").splitlines()]
    took = starts[count + STARTS - 1] - starts[count - 1]
    if took < STARTS - 0.5:
        raise Failed("%d starts in %.2f s" % (STARTS, took))


def clock(case, machine):
    services.make(machine, "stubborn", STUBBORN)
    machine.output("echo %d >/etc/init.d/stubborn/timeout-kill" % (TIMEOUT_KILL_S * 1000))
    services.make(machine, "dies", DIES)
    for name in ("stubborn", "dies"):
        services.link(machine, name)
    machine.eventually("test -s /tmp/starts && echo some", "some")
    for year in ("2045", "1999"):
        for check, words in ((clock_restarts, "who ends is started again, who does not goes on"),
                             (clock_adopts, "a supervisor that is killed: the next one has the same processes"),
                             (clock_deadlines, "sv -w and timeout-kill take as long as without that"),
                             (clock_rate, "what dies at once is started once a second")):
            with case.check("a clock set to %s: %s" % (year, words)):
                check(machine, year)
            # so that the next one is a jump, too
            machine.output(SET % "2021")
    for name in ("stubborn", "dies"):
        services.unlink(machine, name)
        machine.eventually(services.status(name), services.NOBODY % name)


def pids(case, machine):
    before = others(machine)
    with case.check("no more processes: init and runsvdir say whom they cannot start"):
        machine.output("cat >/tmp/few <<'END' && chmod 755 /tmp/few\n%sEND" % NO_PIDS)
        killed = getty(machine), services.serving(machine, "syslogd")
        machine.output("setsid /tmp/few %s %s >/dev/null 2>&1 &" % killed)
        # the test's shell would not survive a question now
        machine.console.wait("(?s)%s.*%s|%s.*%s" % (*CANNOT_START, *reversed(CANNOT_START)), ANSWER_S)
    with case.check("when there are, both run again, and who runs has gone on"):
        machine.console.wait("processes again", ANSWER_S)
        machine.output("killall sleep; true")
        if getty(machine) == killed[0] or services.serving(machine, "syslogd") == killed[1]:
            raise Failed("they were not killed")
        go_on(machine, before)


def memory(case, machine):
    before = others(machine)
    with case.check("a service that eats all memory ends, and nobody else"):
        services.make(machine, "eats", EATS)
        services.link(machine, "eats")
        machine.eventually("dmesg | grep -c 'Out of memory: Killed process .*(tail)'", r"[1-9]\d*", 120)
        services.unlink(machine, "eats")
        machine.eventually(services.status("eats"), services.NOBODY % "eats")
        go_on(machine, before)


TIGHT = "/sys/fs/cgroup/tight"
# init, who supervises, services and logins; the test's shell and the kernel's threads stay out.
ENTER = ("echo +memory >/sys/fs/cgroup/cgroup.subtree_control && mkdir %s && "
         "for pid in 1 $(pidof runsvdir syslogd klogd udhcpc getty); do echo $pid >%s/cgroup.procs || exit; done" % (TIGHT, TIGHT))
ROOM = 4 << 20      # for one who eats, beside what all the others have
NOTHING = 100 << 10     # less than one of the others has by itself
RUNSVDIR_KILLED = "dmesg | grep -c 'Memory cgroup out of memory: Killed process .*(runsvdir)'"
OOM_KILLS = "sed -n 's/^oom_kill //p' %s/memory.events" % TIGHT
# Of each program, how many there are.
EACH = "; ".join("echo $(pidof %s | wc -w)" % name for name in ("runsvdir", "syslogd", "klogd", "udhcpc"))


def all_serve(machine):
    for name in (*KEPT, "syslogd"):
        services.serving(machine, name)
    machine.eventually(EACH, "1\n1\n1\n1")


def cgroup(case, machine):
    # whom else the kernel kills, for it writes about the first, is its affair
    with case.check("a memory cgroup, init in it: a service that eats all it has is killed and started again, the others serve", needed=True):
        machine.output(ENTER)
        machine.output("echo $(($(cat %s/memory.current) + %d)) >%s/memory.max" % (TIGHT, ROOM, TIGHT))
        services.link(machine, "eats")
        machine.eventually("dmesg | grep -c 'Memory cgroup out of memory: Killed process .*(tail)'", r"[2-9]|\d\d+", 120)
        services.unlink(machine, "eats")
        machine.eventually(services.status("eats"), services.NOBODY % "eats")
        all_serve(machine)
    with case.check("one too small for anybody: who supervises is killed, too, and init is not"):
        kills = int(machine.output(OOM_KILLS))
        ended = int(machine.output(RUNSVDIR_KILLED + "; true"))
        machine.output("echo %d >%s/memory.max" % (NOTHING, TIGHT))
        # nobody is killed before somebody wants more: who is started again does
        machine.eventually("killall -9 syslogd getty 2>/dev/null; [ $(%s) -gt %d ] && echo more" % (RUNSVDIR_KILLED, ended), "more", 60)
        case.note("%d killed" % (int(machine.output(OOM_KILLS)) - kills))
    with case.check("when there is room all run again, one of each, below init"):
        machine.output("echo max >%s/memory.max" % TIGHT)
        getty(machine)
        all_serve(machine)
        machine.expect("cut -d' ' -f4 /proc/$(pidof runsvdir)/stat; cat /proc/1/comm", "1\ninit")


def full(case, machine):
    before = others(machine)
    services.make(machine, "sleeps", SLEEPS)
    with case.check("a full disk: who cannot be taken on is named, who ends is started again"):
        machine.run("dd if=/dev/zero of=/filler bs=64k; i=0; while mkdir /full.$i; do i=$((i + 1)); done 2>/dev/null", 120)
        services.link(machine, "sleeps")
        machine.console.wait("sleeps: cannot make supervise/: No space left on device", ANSWER_S)
        started_again(machine)
        go_on(machine, before)
    with case.check("when there is room it is taken on"):
        # what is freed can be had only when the journal has been written; until then
        # runsvdir may get as far as a record that it must write again
        machine.output("rm -rf /filler /full.*; sync")
        services.running(machine, "sleeps")


def run_out(case):
    """A machine that runs out of everything, one after the other."""
    disk = bench.disk("limits")
    with Machine(case, "limits", disk, kernel=True) as machine:
        login(case, machine)
        for part in (clock, pids, memory, cgroup, full):
            part(case, machine)
        leave(case, machine, "poweroff", off)
    clean(case, disk, "all that")


CASES = {"crowd": crowd, "out": run_out}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(CASES)
    unknown = [name for name in chosen if name not in CASES]
    if unknown:
        sys.exit("test_limits.py: %s: no such case; there are: %s" % (unknown[0], " ".join(CASES)))
    missing = [name for name in (*BENCH_FILES, *(TOOL % tool for tool in TOOLS))
               if not os.path.exists(os.path.join(BUILD, name))]
    if missing:
        sys.exit("test_limits.py: no build/%s; run: make test" % missing[0])
    bench = Bench()
    sys.exit(tap.run({name: CASES[name] for name in chosen}, tap.side_by_side()))

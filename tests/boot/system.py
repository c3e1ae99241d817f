# SPDX-License-Identifier: MIT
"""What must be so in a system that has come up, whatever it came up from."""

import hashlib
import json
import os
import re
import secrets
from xml.etree import ElementTree

from machine import ANSWER_S, BUILD, HOSTNAME
from tap import Failed

PROGRAMS = {"init": "/sbin/init", "runsvdir": "/usr/bin/runsvdir", "runsv": "/usr/bin/runsv",
            "sv": "/usr/bin/sv", "svctl": "/usr/bin/svctl"}

# Mount point, type, options it must have (as /proc/mounts shows them).
MOUNTS = (
    ("/proc", "proc", "rw nosuid nodev noexec"),
    ("/sys", "sysfs", "rw nosuid nodev noexec"),
    ("/dev", "devtmpfs", "rw nosuid mode=755"),
    ("/dev/pts", "devpts", "rw nosuid noexec gid=5 mode=620"),
    ("/run", "tmpfs", "rw nosuid nodev mode=755"),
    ("/dev/shm", "tmpfs", "rw nosuid nodev"),
    ("/sys/fs/cgroup", "cgroup2", "rw nosuid nodev noexec"),
)

# A process whose parent is no more.
ORPHAN = "rm -f /tmp/orphan; (sh -c 'sh -c \"echo \\$\\$ >/tmp/orphan; exec sleep 3600\" &')"
# Of PID 1 and of runsvdir. (A login shell may have one until its next prompt.)
ZOMBIES = ("cat /proc/[0-9]*/stat 2>/dev/null | awk -v parents=\" 1 $(pidof runsvdir) \" "
           "'{ sub(/^.*\\) /, \"\") } $1 == \"Z\" && index(parents, \" \" $2 \" \")' | wc -l")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def mounts(machine):
    """{mount point: (type, set of options)}; of several on one place the last."""
    table = {}
    for line in machine.output("cat /proc/mounts").splitlines():
        _, point, kind, options = line.split()[:4]
        table[point] = kind, set(options.split(","))
    return table


def check(case, machine):
    with case.check("root is logged in on the serial line, without a password"):
        machine.expect("stat -c %U /dev/ttyS0; ps -o user,tty,args | grep '[-]sh$' | wc -l", "root\n[1-9]")
    check_programs(case, machine)
    check_boot(case, machine)
    check_network(case, machine)
    check_logins(case, machine)
    check_kernel_log(case, machine)
    check_reaping(case, machine)
    check_timeline(case, machine)


def check_programs(case, machine):
    with case.check("PID 1 is /sbin/init, and that is build/bin/init"):
        machine.expect("readlink /proc/1/exe", "/sbin/init")
        machine.expect("sha256sum </proc/1/exe", sha256(os.path.join(BUILD, "bin/init")) + "  -")
    with case.check("the supervisor and its tools are those of build/bin"):
        for name, path in PROGRAMS.items():
            machine.expect("sha256sum <" + path, sha256(os.path.join(BUILD, "bin", name)) + "  -")
    with case.check("busybox has no init, runsvdir, runsv or sv of its own"):
        machine.expect("busybox --list | grep -x -e init -e linuxrc -e runsvdir -e runsv -e sv -e svc; true", "")
    with case.check("one runsvdir runs, as a child of PID 1"):
        machine.expect("for pid in $(pidof runsvdir); do awk '/^PPid:/ { print $2 }' /proc/$pid/status; done", "1")


def check_boot(case, machine):
    table = mounts(machine)
    for point, kind, wanted in MOUNTS:
        with case.check("%s is %s with %s" % (point, kind, wanted.replace(" ", ","))):
            if point not in table:
                raise Failed("%s is not mounted" % point)
            found, options = table[point]
            if found != kind or not set(wanted.split()) <= options:
                raise Failed("%s: %s %s" % (point, found, ",".join(sorted(options))))
    with case.check("/dev/shm and /tmp are for everybody, /root is for root"):
        machine.expect("stat -c %a /dev/shm /tmp /root", "1777\n1777\n750")
    with case.check("the root file system is writable"):
        if "rw" not in table["/"][1]:
            raise Failed("/: " + ",".join(sorted(table["/"][1])))
        machine.expect("touch /var/lib/probe && rm /var/lib/probe && echo yes", "yes")
    with case.check("the hostname is set"):
        machine.expect("cat /proc/sys/kernel/hostname", re.escape(HOSTNAME))
    with case.check("mdev has made the device nodes as /etc/mdev.conf says"):
        # the boot does not wait for it
        machine.eventually("stat -c '%a %U:%G' /dev/null /dev/kmsg /dev/ttyS1",
                           "666 root:root\n600 root:root\n620 root:tty")
        machine.eventually("dmesg | grep -c ' init: boot: mdev: done'", "1")
    with case.check("the kernel log tells each step of the boot, and none has failed"):
        steps = machine.output("dmesg | sed -n 's/^.* init: boot: //p'").splitlines()
        bad = [step for step in steps if not re.search(r": (done|already so|skipped)\b.* ms\)$", step)]
        if bad or len(steps) < 10:
            raise Failed("\n".join(bad or steps or ["it tells nothing"]))
    with case.check("the sysinit entry of /etc/inittab has run"):
        if "STARTING SYSTEM" not in machine.console.text:
            raise Failed("no STARTING SYSTEM on the console")


def check_network(case, machine):
    with case.check("the loopback interface answers"):
        machine.expect("ip addr show dev lo | grep -o 'UP\\|inet 127.0.0.1/8' | sort -u", "UP\ninet 127.0.0.1/8")
        machine.expect("ping -c 1 -W 10 127.0.0.1 | grep -o '1 packets received'", "1 packets received")
    with case.check("DHCP gives 10.0.2.15, a route and a name server"):
        machine.eventually("ip -4 addr show dev eth0 | grep -o 'inet [0-9./]*'", r"inet 10\.0\.2\.15/24")
        machine.eventually("ip route | grep -o 'default via [0-9.]*'", r"default via 10\.0\.2\.2")
        machine.eventually("cat /etc/resolv.conf", r"(?s)(.*\n)?nameserver 10\.0\.2\.3(\n.*)?")


def swap_on(machine, *paths):
    """Makes files of 1 MiB, and swaps to them."""
    for path in paths:
        machine.output("dd if=/dev/zero of={0} bs=64k count=16 2>&1 && chmod 600 {0} && mkswap {0} && swapon {0}".format(path))


def check_logins(case, machine):
    with case.check("a getty waits on each of tty1, tty2, tty3, and on no other"):
        machine.eventually(
            "for pid in $(pidof getty); do readlink /proc/$pid/fd/0; done | sort",
            "/dev/tty1\n/dev/tty2\n/dev/tty3")
    with case.check("the screen shows a login prompt"):
        # the kernel may have something to say behind it
        machine.eventually("cat /dev/vcs1", "(?s).*%s login: .*" % re.escape(HOSTNAME))
    with case.check("who types root on the keyboard is logged in on the screen"):
        for key in ("r", "o", "o", "t", "ret"):
            machine.monitor.keys(key)
        machine.eventually("cat /dev/vcs1", "(?s).*%s:~# .*" % re.escape(HOSTNAME))
    with case.check("who logs out there gets a new login prompt"):
        machine.monitor.keys("ctrl", "d")
        machine.eventually("readlink /proc/$(pidof getty | tr ' ' '\\n' | sort -n | tail -n 1)/fd/0", "/dev/tty1")


def check_kernel_log(case, machine):
    with case.check("what the kernel said at boot is in dmesg and in /var/log/kernel.log"):
        machine.expect("dmesg | grep -c 'Linux version'", "1")
        machine.eventually("grep -c 'Linux version' /var/log/kernel.log", "[1-9]")
    with case.check("what it says later is there too"):
        kernel_speaks(machine)
    with case.check("what a program tells the kernel log is in dmesg and in /var/log/messages"):
        mark = secrets.token_hex(4)
        machine.output("echo '<3>%s' >/dev/kmsg" % mark)
        machine.expect("dmesg | grep -c " + mark, "1")
        machine.eventually("grep -c %s /var/log/messages" % mark, "1")
    with case.check("what a program tells syslog is in /var/log/messages"):
        mark = secrets.token_hex(4)
        machine.output("logger " + mark)
        machine.eventually("grep -c %s /var/log/messages" % mark, "1")


def kernel_speaks(machine):
    """A message of the kernel itself, its help on SysRq, reaches dmesg and the
    log. (What is written to /dev/kmsg never counts as the kernel's.)"""
    count = "grep -c 'sysrq: HELP' /var/log/kernel.log; true"
    before = int(machine.output(count).split()[-1])
    lines = int(machine.output("dmesg | grep -c 'sysrq: HELP'; true"))
    machine.output("echo h >/proc/sysrq-trigger")
    machine.expect("dmesg | grep -c 'sysrq: HELP'", str(lines + 1))
    machine.eventually(count, str(before + 1))


def reap(machine):
    """PID 1 gets an orphan, and waits for it."""
    machine.output(ORPHAN)
    pid = machine.eventually("cat /tmp/orphan", "([0-9]+)").group(1)
    machine.eventually("awk '/^PPid:/ { print $2 }' /proc/%s/status" % pid, "1")
    machine.output("kill " + pid)
    machine.eventually("test -e /proc/%s || echo gone" % pid, "gone")


def check_reaping(case, machine):
    with case.check("an orphan becomes a child of PID 1, which reaps it"):
        reap(machine)
    with case.check("200 orphans that end at once leave no zombie"):
        machine.output("for i in $(seq 200); do (sleep 0 &); done", timeout=4 * ANSWER_S)
        machine.eventually(ZOMBIES, "0")


def check_timeline(case, machine):
    with case.check("svctl boot has each step, each entry and each service, one after the other"):
        items = json.loads(machine.output("svctl boot --json"))
        named = {kind: [item["name"] for item in items if item["kind"] == kind] for kind in ("step", "entry", "service")}
        steps = machine.output("dmesg | sed -n 's/^.* init: boot: \\([^:]*\\): .*/\\1/p'").split()
        if sorted(named["step"]) != sorted(steps):
            raise Failed("steps: %s, not %s" % (named["step"], steps))
        for line in machine.output("grep -v '^#' /etc/inittab").splitlines():
            _, _, action, command = line.split(":", 3) if line else ("", "", "", "")
            if action in ("sysinit", "respawn") and "%s: %s" % (action, command) not in named["entry"]:
                raise Failed("no entry %s in %s" % (command, named["entry"]))
        # One that was started again since is not of the boot.
        later = machine.output("svctl boot | sed -n 's/^Not of the boot.*: \\([0-9]*\\) .*/\\1/p'") or "0"
        if len(named["service"]) + int(later) != 3:
            raise Failed("services: %s, and %s later" % (named["service"], later))
        began = {item["name"]: item["begin_us"] for item in items}
        for name in named["service"]:
            if not began[named["step"][0]] < began["respawn: /usr/bin/runsvdir /etc/rc.d"] < began[name]:
                raise Failed("%s began at %d: %s" % (name, began[name], items))
    with case.check("svctl boot --svg draws a row for each of them"):
        drawing = ElementTree.fromstring(machine.output("svctl boot --svg"))
        names = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text") if text.get("class") == "n"]
        if len(names) != len(items) or names[0] not in began:
            raise Failed("%d rows for %d items: %s" % (len(names), len(items), names))

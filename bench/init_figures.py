#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The figures of init: its size and memory, what it does while nothing happens,
what a reaped orphan costs it, and how long the image takes up and down.

The image is measured against its twin: same kernel, same root file system, but
with busybox's init, runsvdir, runsv and sv, and the steps of the boot in the
shell script of the tutorial. Both have bench/mark before the services and the
gettys, which notes their start in the kernel log. QEMU counts instructions
(-icount), so that the guest's clock does not depend on this machine's load.
Figures to print may be given as arguments: size idle orphans boot.
"""

import base64
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "boot"))
from disk import Disk
from machine import Counted
from figures import (BUILD, BUSYBOX, BIN, ROOT, RUNS, TOOLS, Nobody, Sample, Table, adopt_orphans, descendants,
                     children, end_all, number_in, peer, read, say, size, wait_until)

ORPHANS = 5000
IDLE_S = 10
BOOTS = int(os.environ.get("BOOTS") or 3)

# ---- process 1 of a PID namespace ----

SCRIPT = """set -e; R=$1; shift
mount --make-rprivate /
mount --bind "$R" "$R"
mount -t proc proc "$R/proc"
mount -t tmpfs dev "$R/dev"
for node in null console tty; do : >"$R/dev/$node"; mount --bind /dev/null "$R/dev/$node"; done
exec chroot "$R" "$@"
"""


def libraries(program):
    """What it is linked with, if it is not static."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return re.findall(r"(/\S+) \(0x", done.stdout) if done.returncode == 0 else []


class Contained:
    """COMMAND as PID 1 of a namespace whose root has nothing but /bench and what
    inittab says. A context manager; `pid` is its pid as seen from here."""

    def __init__(self, program, name, arguments=(), inittab=""):
        self.root = tempfile.mkdtemp(prefix="pidone-bench-")
        for directory in ("dev", "etc", "proc", "run", "sys", "tmp", "bench", "sbin"):
            os.mkdir(os.path.join(self.root, directory))
        self.name = name
        shutil.copy(program, os.path.join(self.root, "sbin", name))
        for library in libraries(program):
            os.makedirs(self.root + os.path.dirname(library), exist_ok=True)
            shutil.copy(library, self.root + library)
        shutil.copy(os.path.join(TOOLS, "orphans"), os.path.join(self.root, "bench"))
        with open(os.path.join(self.root, "etc/inittab"), "w") as file:
            file.write(inittab)
        for fifo in ("go", "done"):
            os.mkfifo(os.path.join(self.root, fifo))
        self.command = ["unshare", "--mount", "--pid", "--uts", "--net", "--ipc", "--fork", "--kill-child",
                        "sh", "-c", SCRIPT, "sh", self.root, "/sbin/" + name, *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, start_new_session=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until("%s is process 1" % self.name, self._find)
        return self

    def _find(self):
        for pid in children(self.process.pid):
            try:
                if os.readlink("/proc/%d/exe" % pid).endswith("/sbin/" + self.name):
                    self.pid = pid
                    return True
            except OSError:
                pass
        return False

    def __exit__(self, *_):
        self.process.kill()     # and with it, by --kill-child, all the others
        self.process.wait()
        end_all()
        shutil.rmtree(self.root, ignore_errors=True)

    def open_fifo(self, name, flags):
        return os.open(os.path.join(self.root, name), flags)

    def cpu_ns(self):
        return int(read("/proc/%d/schedstat" % self.pid).split()[0])


def reaping(program, name, count, through_inittab):
    """PID 1's microseconds of CPU time for each orphan."""
    command = "/bench/orphans %d /go /done" % count
    box = Contained(program, name, inittab="::once:%s\n" % command) if through_inittab else \
        Contained(program, name, ["--"] + command.split())
    with box:
        wait_until("orphans begins", lambda: len(descendants(box.pid)) == 1)
        # Its boot, if it has one, is over when it sleeps.
        time.sleep(0.3)
        go = box.open_fifo("go", os.O_WRONLY)
        began = box.cpu_ns()
        done = box.open_fifo("done", os.O_RDONLY)
        wait_until("all are reaped", lambda: len(descendants(box.pid)) == 1)
        used = box.cpu_ns() - began
        os.close(go)
        os.close(done)
    return used / 1000 / abs(count)


def orphans(table):
    tini = peer("tini", "usr/bin/tini-static")
    who = {"init": (os.path.join(BIN, "init"), "init", True),
           "busybox init": (BUSYBOX, "init", True)}
    dumb = peer("dumb-init", "usr/bin/dumb-init")
    if tini:
        who["tini"] = (tini, "tini", False)
    if dumb:
        who["dumb-init"] = (dumb, "dumb-init", False)
    for count, manner in ((ORPHANS, "as fast as can be"), (-ORPHANS, "one at a time")):
        # busybox init sleeps for a second after each time that it reaped.
        compared = {name: how for name, how in who.items() if count > 0 or name != "busybox init"}
        found = {name: [] for name in compared}
        for _ in range(RUNS):
            for name, (program, called, inittab) in compared.items():
                found[name].append(reaping(program, called, count, inittab))
        samples = {name: Sample(values, "us") for name, values in found.items()}
        ours = samples.pop("init")
        if tini:
            table.add("CPU time per orphan, %d %s" % (ORPHANS, manner), ours,
                      sorted(samples.items(), reverse=True), ratio_to="tini",
                      ratio=1.1 if count > 0 else None)
        else:
            table.add("CPU time per orphan, %d %s" % (ORPHANS, manner), ours, samples.items())
            table.gap("the same against tini", "Debian's tini cannot be had")


def idle(table):
    """Whoever is traced makes the system call again that the attaching
    interrupted: what counts begins a second later."""
    found = {}
    for name, program in (("init", os.path.join(BIN, "init")), ("busybox init", BUSYBOX)):
        with Contained(program, "init", inittab="::respawn:/bench/orphans 0 /go /done\n") as box:
            wait_until("its service runs", lambda: len(descendants(box.pid)) == 1)
            time.sleep(0.5)
            log = os.path.join(box.root, "strace")
            trace = subprocess.Popen(["strace", "-qq", "-o", log, "-p", str(box.pid)],
                                     stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(1)
            before = read(log).count("\n")
            time.sleep(IDLE_S)
            found[name] = Sample([read(log).count("\n") - before], "", 0)
            trace.send_signal(signal.SIGINT)
            trace.wait()
    table.add("system calls in %d idle s" % IDLE_S, found["init"],
              [("busybox init", found["busybox init"])], most=0)

# ---- the image and its twin ----

STARTUP = """#!/bin/sh
# The steps of the tutorial's script.
mount -t proc proc /proc -o nosuid,noexec,nodev
mount -t sysfs sys /sys -o nosuid,noexec,nodev
mount -t devtmpfs dev /dev -o mode=0755,nosuid
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts -o mode=0620,gid=5,nosuid,noexec
mount -t tmpfs run /run -o mode=0755,nosuid,nodev
mount -t tmpfs shm /dev/shm -o mode=1777,nosuid,nodev
if [ -f /etc/hostname ]; then
	cat /etc/hostname >/proc/sys/kernel/hostname
fi
mdev -s
echo /sbin/mdev >/proc/sys/kernel/hotplug
ip link set up dev lo
mount -a
mount -o remount,rw /
"""

# The tutorial's, with the gettys of our image.
INITTAB = """::sysinit:/bin/echo STARTING SYSTEM
::sysinit:/etc/init.d/startup
::respawn:/usr/bin/runsvdir /etc/rc.d
tty1::respawn:/sbin/getty 38400 tty1
tty2::respawn:/sbin/getty 38400 tty2
tty3::respawn:/sbin/getty 38400 tty3
ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100
::ctrlaltdel:/bin/umount -a -r
::shutdown:/bin/echo SHUTTING DOWN
::shutdown:/bin/umount -a -r
"""

# Sleeps until somebody writes to the second serial line.
SHELL = """ttyS1::once:/bench/mark -w /bench/shell
"""
SHELL_SCRIPT = """#!/bin/sh
stty raw -echo; echo ready
while read -r t c; do
	(eval "$(echo "$c" | base64 -d)") </dev/null; printf "\\n=%s %d=\\n" "$t" $?
done
"""
SERVICES = ("syslogd", "klogd", "udhcpc")
MARKS = SERVICES + ("tty1", "tty2", "tty3", "ttyS0")

# Words for the kernel's command line, to try things out.
APPEND = os.environ.get("BENCH_APPEND") or ""


class Image:
    """The root file system of the image, to be changed and made a disk of."""

    def __init__(self, name):
        self.build = os.path.join(TOOLS, "image-" + name)
        self.root = os.path.join(self.build, "root")
        shutil.rmtree(self.build, ignore_errors=True)
        os.mkdir(self.build)
        shutil.copytree(os.path.join(BUILD, "root"), self.root, symlinks=True)
        self.list = {}
        for line in read(os.path.join(self.root, "list")).splitlines():
            fields = line.split("\t")
            self.list[fields[1]] = fields
        os.mkdir(self.path("/bench"))
        self.list["/bench"] = ["dir", "/bench", "0755", "0", "0", ""]
        self.file("/bench/mark", os.path.join(TOOLS, "mark"))
        self.text("/bench/shell", SHELL_SCRIPT)

    def path(self, path):
        return self.root + "/tree" + path

    def remove(self, path):
        if os.path.lexists(self.path(path)):
            os.remove(self.path(path))
        self.list.pop(path, None)

    def file(self, path, source, mode="0755"):
        self.remove(path)
        shutil.copy(source, self.path(path))
        self.list[path] = ["file", path, mode, "0", "0", ""]

    def text(self, path, text, mode="0755"):
        self.remove(path)
        with open(self.path(path), "w") as file:
            file.write(text)
        self.list[path] = ["file", path, mode, "0", "0", ""]

    def link(self, path, target):
        self.remove(path)
        os.symlink(target, self.path(path))
        self.list[path] = ["link", path, "0777", "0", "0", target]

    def mark(self):
        """Notes the start of services and gettys."""
        for service in SERVICES:
            run = "/etc/init.d/%s/run" % service
            self.text(run, re.sub(r"^exec ", "exec /bench/mark %s " % service, read(self.path(run)), flags=re.M))
        self.text("/etc/inittab", re.sub(r"^(tty\w+)::respawn:", r"\g<0>/bench/mark \1 ",
                                         read(self.path("/etc/inittab")), flags=re.M) + SHELL, "0644")

    def disk(self):
        with open(self.root + "/list", "w") as file:
            for path in sorted(self.list):
                file.write("\t".join(self.list[path]) + "\n")
        done = subprocess.run([os.path.join(ROOT, "image/disk")], env=dict(os.environ, BUILD=self.build), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            sys.exit("image/disk: " + done.stdout)
        return os.path.join(self.build, "disk.img")


def our_image():
    image = Image("ours")
    image.mark()
    return image.disk()


def twin_image():
    image = Image("twin")
    image.file("/usr/bin/busybox", BUSYBOX)
    for path in ("/sbin/init", "/usr/bin/runsvdir", "/usr/bin/runsv", "/usr/bin/sv"):
        image.link(path, "/usr/bin/busybox")
    for path in ("/sbin/telinit", "/usr/bin/svctl"):
        image.remove(path)
    image.text("/etc/init.d/startup", STARTUP)
    image.text("/etc/inittab", INITTAB, "0644")
    image.mark()
    return image.disk()


def boot_once(name, image, directory):
    """One boot and power off: what was found out, by name."""
    found = {}
    disk = Disk(image, os.path.join(directory, name))
    with Counted(Nobody(), "bench-" + name, disk, kernel=True, append=APPEND) as machine:
        machine.console.wait("pidone login: ", 240, "login prompt")
        time.sleep(5)
        machine.second.send("\n")
        machine.shell_starts()
        log = machine.eventually("dmesg | grep -c 'mark: .'", str(len(MARKS)), 60) and machine.output("dmesg")
        found["log"] = log
        times = {what: float(at) for at, what in re.findall(r"\[ *([\d.]+)\] mark: (\S+)", log)}
        began = float(re.search(r"\[ *([\d.]+)\] Run /sbin/init", log).group(1))
        found["getty"] = (max(times[what] for what in MARKS if what.startswith("tty")) - began) * 1000
        for service in SERVICES:
            found[service] = (times[service] - began) * 1000
        found["all"] = (max(times[what] for what in MARKS) - began) * 1000
        # Not RssAnon and VmRSS of its status: up to Linux 6.1 they are counted
        # in steps of 64 pages (SPLIT_RSS_COUNTING), and show next to nothing.
        memory = machine.output("cat /proc/1/smaps_rollup")
        found["anon"] = number_in(memory, "Anonymous")
        found["rss"] = number_in(memory, "Rss")
        # It ends this shell too: no answer is waited for.
        machine.second.send("x %s\n" % base64.b64encode(
            b"echo '<0>mark: down' >/dev/kmsg; poweroff").decode())
        _, asked = machine.console.wait(r"\[ *([\d.]+)\] mark: down", 60, "the request")
        _, ended = machine.console.wait(r"\[ *([\d.]+)\] reboot: Power down", 240, "the end")
        found["down"] = (float(ended.group(1)) - float(asked.group(1))) * 1000
        machine.stays_off(60)
        found["console"] = machine.console.text
    return found


def boots(table):
    # Tells the harness not to look for KVM.
    os.environ["ACCEL"] = "tcg"
    images = {"ours": our_image(), "twin": twin_image()}
    found = {"ours": [], "twin": []}
    directory = tempfile.mkdtemp(prefix=".bench.", dir=BUILD)
    try:
        for number in range(BOOTS):
            for name, image in images.items():
                say("boot %d of %d: %s" % (number + 1, BOOTS, name))
                found[name].append(boot_once(name, image, directory))
                os.remove(os.path.join(directory, name))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    for name in found:
        with open(os.path.join(BUILD, "log", "bench-%s.dmesg" % name), "w") as file:
            file.write(found[name][-1]["log"])

    def row(figure, key, unit, digits=0, **bounds):
        ours, twin = (Sample([run[key] for run in found[name]], unit, digits) for name in ("ours", "twin"))
        table.add(figure, ours, [("busybox", twin)], **bounds)

    row("anonymous memory of PID 1, booted image", "anon", "KiB", most=32)
    row("  its whole resident memory", "rss", "KiB")
    row("boot: init to getty and 3 services", "all", "ms", ratio_to="busybox", ratio=0.5)
    for key in ("getty", "syslogd", "klogd", "udhcpc"):
        row("  of it: to %s" % ("the last getty" if key == "getty" else key), key, "ms", ratio_to="busybox")
    row("poweroff to reboot(2)", "down", "ms", ratio_to="busybox", ratio=0.25)


def main():
    wanted = sys.argv[1:] or ["size", "idle", "orphans", "boot"]
    adopt_orphans()
    table = Table("init")
    if "size" in wanted:
        table.add("init, static, stripped", size("init"), most=64)
    if "idle" in wanted:
        idle(table)
    if "orphans" in wanted:
        orphans(table)
    if "boot" in wanted:
        boots(table)
    table.show()


if __name__ == "__main__":
    try:
        main()
    finally:
        end_all()

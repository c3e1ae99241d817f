#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots what was built in QEMU, and uses it as a person would.

Usage: test_boot.py [CASE…]. Each case is a machine (or one disk in a machine
that boots several times); so many run side by side as there are processors.
JOBS, TIMEOUT_SCALE, ACCEL and BUILD come from the environment. What was on the
consoles is in build/log/boot-CASE.console.
"""

import os
import re
import sys

sys.dont_write_bytecode = True  # the tree stays clean

import services
import system
import tap
from machine import ANSWER_S, BENCH_FILES, BOOT_S, TEST_SHELL, Bench, Ended, Machine
from tap import Failed
from ways import clean, halted, leave, login, off, reset

OVMF = ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd")

# A service with something to save, for which it needs a while.
SAVES = """#!/bin/sh
trap 'sleep 2; echo saved >/var/lib/saved; sync; exit 0' TERM
sleep 36000 &
wait
"""


SLOW_SYSLOGD = """#!/bin/sh
sleep 1
exec syslogd -n
"""

# One that does not listen.
STUBBORN = """#!/bin/sh
trap '' TERM
exec sleep 36000
"""

# One that waits to be told, when it is to look at all devices.
SLOW_MDEV = """#!/bin/sh
[ "$1" = -s ] && while [ ! -e /run/go ]; do sleep 0.1; done
exec busybox mdev "$@"
"""

# So long init would wait for its children. Seven presses have to come to it within
# two seconds; where this computer is too busy, somebody presses again.
STOP_S = 600
STORMS, STORM_S = 10, 12


def press_until_reset(machine):
    for left in reversed(range(STORMS)):
        for _ in range(8):
            machine.monitor.keys("ctrl", "alt", "delete")
        try:
            return machine.resets(STORM_S)
        except Ended:
            raise
        except Failed:
            if not left:
                raise


def bios(case):
    """From the disk through GRUB, by BIOS; all services; every way to reboot."""
    disk = bench.disk("bios")
    with Machine(case, "bios", disk) as machine:
        login(case, machine)
        with case.check("GRUB loaded the kernel, by BIOS"):
            machine.expect("grep -o 'BOOT_IMAGE=[^ ]*' /proc/cmdline", "BOOT_IMAGE=/boot/bzImage")
            machine.expect("test -e /sys/firmware/efi || echo bios", "bios")
        system.check(case, machine)
        services.check(case, machine)

        with case.check("a service that needs 2 s to save its data runs"):
            services.make(machine, "saves", SAVES)
            services.link(machine, "saves")
            services.running(machine, "saves")
            machine.output("echo here >/var/lib/mark")
        with case.check("Ctrl-Alt-Del resets the machine", needed=True):
            machine.monitor.keys("ctrl", "alt", "delete")
            machine.resets()
        clean(case, disk, "Ctrl-Alt-Del")
        machine.go_on()
        login(case, machine, "there is a login prompt again after Ctrl-Alt-Del")
        with case.check("what was written before is there"):
            machine.expect("cat /var/lib/mark", "here")
        with case.check("the service was given the time to save its data"):
            machine.expect("cat /var/lib/saved", "saved")
            services.unlink(machine, "saves")

        leave(case, machine, "svctl reboot", reset)
        clean(case, disk, "svctl reboot")
        machine.go_on()
        login(case, machine, "there is a login prompt again after reboot")
        leave(case, machine, "svctl poweroff", off)
        clean(case, disk, "svctl poweroff")


def uefi(case):
    """From the disk through GRUB, by UEFI."""
    if not any(os.path.exists(code) for code in OVMF):
        case.skip("boots by UEFI", "the package ovmf is not installed")
        return
    disk = bench.disk("uefi")
    if not disk.gpt:
        case.skip("boots by UEFI", "build/disk.img was made with LABEL=mbr")
        return
    with Machine(case, "uefi", disk, firmware="uefi") as machine:
        login(case, machine)
        with case.check("GRUB loaded the kernel, by UEFI"):
            machine.expect("grep -o 'BOOT_IMAGE=[^ ]*' /proc/cmdline", "BOOT_IMAGE=/boot/bzImage")
            machine.expect("test -e /sys/firmware/efi && echo uefi", "uefi")
        system.check(case, machine)
        services.check(case, machine)
        leave(case, machine, "poweroff", off)
        clean(case, disk, "poweroff")


def initramfs(case):
    """From kernel and initramfs alone."""
    with Machine(case, "initramfs") as machine:
        login(case, machine)
        system.check(case, machine)
        services.check(case, machine)
        leave(case, machine, "reboot", reset)
        machine.go_on()
        login(case, machine, "there is a login prompt again after reboot")
        leave(case, machine, "poweroff", off)


def halt(case):
    """The plug pulled out of a machine that writes; then halt."""
    disk = bench.disk("halt")
    disk.write("/etc/init.d/syslogd/run", SLOW_SYSLOGD, mode="0755")
    with Machine(case, "crash", disk, kernel=True) as machine:
        login(case, machine)
        with case.check("nothing the kernel says is lost because syslogd is slow to start"):
            services.serving(machine, "klogd")
            machine.eventually("grep -c 'Linux version' /var/log/kernel.log", "[1-9]")
        with case.check("a file is written"):
            machine.output("echo kept >/var/lib/mark && sync && echo lost >/var/lib/lost")
        machine.off()
    with case.check("the plug pulled: the file system needs its journal", needed=True):
        if not disk.needs_recovery():
            raise Failed("it is clean: this proves nothing")
    with Machine(case, "halt", disk, kernel=True) as machine:
        login(case, machine, "there is a login prompt after the plug was pulled")
        with case.check("the journal was replayed, and the file is there"):
            machine.expect("dmesg | grep -c 'EXT4-fs.*recovery complete'", "1")
            machine.expect("cat /var/lib/mark", "kept")
        leave(case, machine, "halt", halted)
        clean(case, disk, "halt")


def choose(machine, entry):
    """Chooses an entry of GRUB's menu, as a person has to: within a second."""
    machine.console.wait("will be executed automatically", BOOT_S, "menu of GRUB")
    for _ in range(entry):
        machine.console.send("\x0e")  # Ctrl-N: the next line
    machine.console.send("\r")


def shell(case):
    """A shell in place of init, as after a lost password; exec init goes on."""
    disk = bench.disk("shell")
    with Machine(case, "shell", disk) as machine:
        with case.check("the third entry of GRUB's menu gives a shell as PID 1", needed=True):
            choose(machine, 2)
            _, found = machine.console.wait("/ # | login: ", BOOT_S, "prompt of the shell")
            if "login" in found.group():
                # This computer was too busy to be that quick: once more.
                machine.monitor.command("system_reset")
                choose(machine, 2)
                machine.console.wait("/ # ", BOOT_S, "prompt of the shell")
            machine.type("echo $(($$ + 41))")
            machine.console.wait(r"(?m)^42\r?$", ANSWER_S)
        machine.type("exec init init.stop=%d" % STOP_S)
        login(case, machine, "exec init goes on to a login prompt")
        with case.check("it was init=/bin/sh"):
            machine.expect("grep -o 'init=[^ ]*' /proc/cmdline", "init=/bin/sh")
        system.check_programs(case, machine)
        system.check_boot(case, machine)

        with case.check("a service that takes no SIGTERM runs"):
            services.make(machine, "stubborn", STUBBORN)
            services.link(machine, "stubborn")
            services.running(machine, "stubborn")
        with case.check("Ctrl-Alt-Del eight times resets the machine without waiting for that", needed=True):
            press_until_reset(machine)
        clean(case, disk, "that")


def survival(case):
    """A new init in place, a crash of it, the end of runsvdir: nobody notices."""
    disk = bench.disk("survival")
    everybody = "for name in syslogd klogd udhcpc getty; do pidof $name | tr ' ' '\\n' | sort -n; done"
    with Machine(case, "survival", disk, kernel=True) as machine:
        login(case, machine)
        for name in ("syslogd", "klogd", "udhcpc"):
            services.serving(machine, name)
        services.addressed(machine)
        before = machine.output(everybody)

        with case.check("init u carries on as the new /sbin/init, with the same children"):
            machine.output("cp /sbin/init /sbin/init.new && mv /sbin/init.new /sbin/init")
            machine.expect("readlink /proc/1/exe", r"/sbin/init \(deleted\)")
            machine.output("init u")
            machine.eventually("readlink /proc/1/exe", "/sbin/init")
            system.reap(machine)
            machine.expect(everybody, before)
        with case.check("init crashes, says so, and carries on with the same children"):
            machine.output("kill -SEGV 1")
            machine.eventually("dmesg | grep -c 'init: .*SIGSEGV'", "1")
            system.reap(machine)
            machine.expect(everybody, before)
        with case.check("runsvdir killed: another one has the same services, each of them once"):
            old = machine.output("pidof runsvdir")
            machine.output("kill -9 " + old)
            machine.eventually("pidof runsvdir", "(?!%s$)[0-9]+" % old)
            for name in ("syslogd", "klogd", "udhcpc"):
                pid = services.serving(machine, name)
                machine.expect("sv -w 10 restart " + name, r"ok: run: %s: \(pid (?!%s\))\d+\) \d+s" % (name, pid))
                machine.eventually("pidof " + name, services.serving(machine, name))
                if pid not in before.split():
                    raise Failed("%s was started again: pid %s, before: %s" % (name, pid, before.split()))
        with case.check("a process that init spares holds a file system", needed=True):
            # its name begins with @: file systems might depend on it
            machine.output("cp /usr/bin/runsv /usr/bin/@runsv; mkdir -p /root/service /mnt; "
                           "printf '#!/bin/sh\\nexec sleep 36000\\n' >/root/service/run; "
                           "chmod 755 /root/service/run; : >/root/service/down; dd if=/dev/zero of=/root/fat bs=1k count=1440 2>&1; "
                           "mkfs.vfat /root/fat && mount -o loop /root/fat /mnt && mkdir /mnt/held")
            machine.output("cd /mnt/held && setsid @runsv /root/service >/dev/null 2>&1 & cd /")
            machine.eventually("sv status /root/service/", r"down: /root/service/: \d+s")
        leave(case, machine, "poweroff", off)
        with case.check("init has said who holds it, and what"):
            said = r"init: /mnt: busy: @runsv \(pid \d+\) holds /mnt/held"
            if not re.search(said, machine.console.text):
                raise Failed("the console does not show: " + said)
        clean(case, disk, "poweroff")


def mdev(case):
    """mdev -s that takes its time: nobody waits for it, unless told to."""
    disk = bench.disk("mdev")
    disk.write("/sbin/mdev", SLOW_MDEV, mode="0755")
    with Machine(case, "mdev", disk, kernel=True) as machine:
        login(case, machine)
        with case.check("the services run, and mdev -s still does"):
            for name in ("syslogd", "klogd"):
                services.serving(machine, name)
            machine.expect("pgrep -f 'mdev -s' >/dev/null && echo runs", "runs")
            machine.expect("dmesg | grep -c ' init: boot: mdev: done'; true", "0")
        with case.check("init crashes meanwhile, and knows it still"):
            machine.output("kill -SEGV 1")
            machine.eventually("dmesg | grep -c ' init: going on after a crash'", "1")
            machine.output(": >/run/go")
            machine.eventually("dmesg | grep -c ' init: boot: mdev: done'", "1")
            machine.expect("stat -c '%a %U:%G' /dev/ttyS1", "620 root:tty")
        machine.output("dd if=/dev/zero of=/root/fat bs=64k count=64 2>&1 && mkfs.vfat /root/fat && "
                       "echo '/root/fat /mnt vfat loop 0 0' >>/etc/fstab")
        leave(case, machine, "poweroff", off)
    with Machine(case, "mdev-wait", disk, kernel=True, append="init.wait=mdev init.step=2") as machine:
        login(case, machine)
        with case.check("init.wait=mdev: what comes after it has waited, until its deadline"):
            steps = machine.output("dmesg | sed -n 's/^.* init: boot: //p'").splitlines()
            late = [step for step in steps if step.startswith("mdev: failed: process")]
            if len(late) != 1 or [s.split(":")[0] for s in steps[steps.index(late[0]) + 1:]] != [
                    "keymap", "root", "mount", "seed"]:
                raise Failed("\n".join(steps))
        with case.check("a file of the root that /etc/fstab mounts can be written to"):
            machine.expect("touch /mnt/mark && echo written", "written")
        with case.check("swap is on, to a file of the root and to one of that", needed=True):
            system.swap_on(machine, "/root/swap", "/mnt/swap")
            machine.expect("sed -n 's/ .*file.*//p' /proc/swaps | sort", "/mnt/swap\n/root/swap")
        leave(case, machine, "poweroff", off)
        with case.check("init has switched it off, and had nothing to say of any file system"):
            complaint = re.search(r"init: /.*: (cannot|busy).*", machine.console.text)
            if complaint:
                raise Failed(complaint.group())
        clean(case, disk, "poweroff")


def single(case):
    """Single user mode, of which only the kernel was told, and back."""
    disk = bench.disk("single")
    disk.write("/sbin/forgetful", "#!/bin/sh\nexec /sbin/init\n", mode="0755")
    with Machine(case, "single", disk, kernel=True, append="init=/sbin/forgetful single") as machine:
        with case.check("a root shell instead of the inittab", needed=True):
            machine.console.wait("# ", BOOT_S, "prompt of the shell")
            machine.type("echo $(pidof runsvdir getty syslogd | wc -w)$((6 * 7))")
            machine.console.wait(r"(?m)^042\r?$", ANSWER_S)
        machine.type("init 3")
        login(case, machine, "init 3 goes on to a login prompt")
        leave(case, machine, "poweroff", off)
        clean(case, disk, "poweroff")


def mbr(case):
    """A disk with the one partition of old."""
    disk = bench.made_disk("mbr", LABEL="mbr")
    with Machine(case, "mbr", disk) as machine:
        login(case, machine)
        with case.check("the root file system is the first partition"):
            machine.expect("mountpoint -d /", machine.output("cat /sys/class/block/vda1/dev"))
        leave(case, machine, "poweroff", off)
        clean(case, disk, "poweroff")


def wrong_root(case):
    """A root= that is not there is told, with what is there."""
    disk = bench.disk("wrong")
    root = "PARTUUID=00000000-0000-4000-8000-000000000000"
    with Machine(case, "wrong-root", disk, kernel=True, root=root) as machine:
        with case.check("the kernel says that it cannot open the root device"):
            machine.console.wait(r'VFS: Cannot open root device "%s"' % root, BOOT_S)
        with case.check("and which partitions there are"):
            machine.console.wait(r"\bvda%d " % disk.partition, ANSWER_S)
        with case.check("and why it stops"):
            machine.console.wait("Unable to mount root fs", ANSWER_S)


def read_only(case):
    """A root file system that is to stay read-only."""
    disk = bench.disk("read-only")
    disk.write("/etc/fstab", "/dev/root / auto ro 0 1\n")
    with Machine(case, "read-only", disk, kernel=True) as machine:
        login(case, machine)
        with case.check("the root file system is read-only"):
            if "ro" not in system.mounts(machine)["/"][1]:
                raise Failed(str(system.mounts(machine)["/"]))
        with case.check("its services run all the same"):
            for name in ("syslogd", "klogd", "udhcpc"):
                services.serving(machine, name)
        leave(case, machine, "poweroff", off)
        clean(case, disk, "poweroff")


def forced(case):
    """Past init: the kernel alone, asked by svctl -f."""
    disk = bench.disk("forced")
    with Machine(case, "forced", disk, kernel=True) as machine:
        login(case, machine)
        machine.output("echo here >/var/lib/mark")
        leave(case, machine, "svctl reboot -f", reset)
        machine.go_on()
        login(case, machine, "there is a login prompt again after reboot -f")
        with case.check("what was written before is there: it was synced"):
            machine.expect("cat /var/lib/mark", "here")
        leave(case, machine, "svctl halt -f", halted)
    with Machine(case, "forced", disk, kernel=True) as machine:
        login(case, machine, "there is a login prompt again after halt -f")
        leave(case, machine, "svctl poweroff -f", off)


TUTORIAL_INITTAB = """# /etc/inittab
::sysinit:/bin/echo STARTING SYSTEM
::sysinit:/etc/init.d/startup
tty1::respawn:/sbin/getty 38400 tty1
tty2::respawn:/sbin/getty 38400 tty2
tty3::respawn:/sbin/getty 38400 tty3
::ctrlaltdel:/bin/umount -a -r
::shutdown:/bin/echo SHUTTING DOWN
::shutdown:/bin/umount -a -r
# end of /etc/inittab
"""

TUTORIAL_STARTUP = """#!/bin/sh
mount -t proc proc /proc -o nosuid,noexec,nodev
mount -t sysfs sys /sys -o nosuid,noexec,nodev
mount -t devtmpfs dev /dev -o mode=0755,nosuid
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts -o mode=0620,gid=5,nosuid,noexec
mount -t tmpfs run /run -o mode=0755,nosuid,nodev
mount -t tmpfs shm /dev/shm -o mode=1777,nosuid,nodev
if [[ -f /etc/hostname ]]; then
cat /etc/hostname > /proc/sys/kernel/hostname
fi
mdev -s
echo /sbin/mdev > /proc/sys/kernel/hotplug
ip link set up dev lo
mount -a
mount -o remount,rw /
"""


def tutorial(case):
    """The tutorial's own /etc/inittab, unchanged, and its startup script (only
    the test's shell added, as there is no login on a serial line)."""
    disk = bench.disk("tutorial")
    disk.write("/etc/inittab", TUTORIAL_INITTAB)
    disk.write("/etc/init.d/startup", TUTORIAL_STARTUP + TEST_SHELL + " &\n", mode="0755")
    with Machine(case, "tutorial", disk, kernel=True) as machine:
        with case.check("the startup script runs to its end", needed=True):
            machine.shell_starts()
        system.check_boot(case, machine)
        system.check_logins(case, machine)
        with case.check("somebody writes files, and keeps one open"):
            machine.output("echo here >/var/lib/mark; tail -f /var/lib/mark >/var/lib/open 2>&1 & sleep 0")
        with case.check("poweroff switches the machine off", needed=True):
            machine.start("poweroff")
            machine.stays_off()
        clean(case, disk, "poweroff")


def hung(case):
    """A sysinit entry that never ends is no obstacle to poweroff."""
    disk = bench.disk("hung")
    disk.write("/etc/init.d/test", "#!/bin/sh\n%s &\n" % TEST_SHELL, mode="0755")
    disk.write("/etc/inittab", "::sysinit:/etc/init.d/test\n::sysinit:/bin/sleep 36000\n"
               "ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100\n")
    with Machine(case, "hung", disk, kernel=True, append="printk.devkmsg=off") as machine:
        with case.check("the sysinit entry hangs", needed=True):
            machine.shell_starts()
            machine.eventually("pidof sleep >/dev/null && echo hangs", "hangs")
        with case.check("what init says is on the console, where it cannot have the kernel's log"):
            machine.console.wait("init: boot: root: done", ANSWER_S)
        # Ctrl-S, and what fills the line's buffer: whoever writes there waits
        machine.console.send("\x13")
        machine.output("yes waits | head -c 10000 >/dev/ttyS0 2>/dev/null &")
        with case.check("poweroff switches the machine off", needed=True):
            machine.start("poweroff")
            machine.stays_off()
        clean(case, disk, "poweroff")


# The long ones first: the short ones fill the gaps.
CASES = {"bios": bios, "uefi": uefi, "halt": halt, "initramfs": initramfs, "shell": shell,
         "survival": survival, "mdev": mdev, "single": single, "mbr": mbr, "tutorial": tutorial, "hung": hung,
         "read-only": read_only, "forced": forced, "wrong-root": wrong_root}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(CASES)
    unknown = [name for name in chosen if name not in CASES]
    if unknown:
        sys.exit("test_boot.py: %s: no such case; there are: %s" % (unknown[0], " ".join(CASES)))
    missing = [name for name in BENCH_FILES if not os.path.exists(os.path.join(system.BUILD, name))]
    if missing:
        sys.exit("test_boot.py: no build/%s; run: make image" % missing[0])
    bench = Bench()
    sys.exit(tap.run({name: CASES[name] for name in chosen}, tap.side_by_side()))

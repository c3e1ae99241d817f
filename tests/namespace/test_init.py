# SPDX-License-Identifier: MIT
"""init as process 1 of a PID namespace: what it starts, reaps, starts again,
reloads, hears and ends."""
import os
import pty
import re
import select
import signal
import socket
import subprocess
import time

from harness import BIN, HUP, INT, NAMESPACES, SECONDS, TERM, USR1, USR2, Namespace, Skip, run_tests, strace, wait_until

INIT = "/pidone/init"
NOBODY = "::sysinit:/bin/echo UP\n"     # an inittab that keeps nothing running


def init(inittab, arguments=(), files=None, **more):
    return Namespace(INIT, dict({"/etc/inittab": inittab}, **(files or {})), arguments, **more)


def commands(ns):
    return sorted(command for pid, (_, command) in ns.processes().items() if pid != 1)


def wait_commands(ns, expected):
    wait_until("processes %r, not %r" % (expected, commands(ns)),
               lambda: commands(ns) == sorted(expected))


def pid_of(ns, command):
    """(pid in there, pid out here)."""
    def find():
        for pid, (outer, found) in ns.processes().items():
            if found == command and pid != 1:
                return pid, outer
        return None
    return wait_until(command, find)


def age(pid):
    """Seconds since the process was made."""
    with open("/proc/%d/stat" % pid) as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def switches(ns):
    """How often init has given up the CPU."""
    with open("/proc/%d/status" % ns.init) as file:
        return [line for line in file if "ctxt_switches" in line]


def traced(ns):
    with open("/proc/%d/status" % ns.init) as file:
        return "TracerPid:\t0\n" not in file.read()


def wait_rest(ns):
    """Until init waits for something that is to come."""
    def moment():
        with open("/proc/%d/stat" % ns.init) as file:
            name, _, rest = file.read().partition("(")[2].rpartition(")")
        # without a processor it does not give up one either
        return name == "init" and rest.split()[0] == "S" and switches(ns)

    def rests():
        before = moment()
        time.sleep(0.2)
        return before and moment() == before
    wait_until("init waits", rests)


def wait_heard(ns, number):
    """Until init has taken a signal that it was sent."""
    def pending():
        with open("/proc/%d/status" % ns.init) as file:
            masks = [int(line.split()[1], 16) for line in file if line.startswith(("SigPnd", "ShdPnd"))]
        return any(mask >> (number - 1) & 1 for mask in masks)
    wait_until("signal %d taken" % number, lambda: not pending())


def phases_come_in_order():
    with init("::respawn:sleep 1001\n"
              "::once:echo ONCE >>/tmp/log\n"
              "::wait:sh -c 'sleep 0.1; echo WAIT1 >>/tmp/log'\n"
              "::wait:echo WAIT2 >>/tmp/log\n"
              "::sysinit:sh -c 'sleep 0.1; echo SYS1 >>/tmp/log'\n"
              "::sysinit:echo SYS2 >>/tmp/log\n") as ns:
        pid_of(ns, "sleep 1001")
        wait_until("ONCE", lambda: "ONCE" in ns.read("/tmp/log"))
        assert ns.read("/tmp/log").split() == ["SYS1", "SYS2", "WAIT1", "WAIT2", "ONCE"]


def boot_steps_say_what_they_did():
    with init(NOBODY, files={"/etc/hostname": "  testhost \nsecond line\n"}) as ns:
        ns.wait_output("UP\n")
        steps = re.findall(r"boot: (\w+): (done|already so|skipped|failed).* \(\d+\.\d{3} ms\)",
                           ns.output())
        names = [name for name, _ in steps]
        assert len(names) == len(set(names)) and names[:2] == ["dev", "console"], names
        assert not [step for step in steps if step[1] == "failed"], ns.output()
        assert ns.run("hostname").strip() == "testhost"
        assert "UP" in ns.run("ip", "link", "show", "lo") or "lo" not in ns.run("ip", "link")


def what_fstab_lists_is_mounted():
    for text, said in (("# nothing\n\n  # else\n", "boot: mount: skipped: nothing in /etc/fstab"),
                       ("# one\nx /tmp tmpfs mode=0751 0 0\n", "boot: mount: done")):
        with init(NOBODY, files={"/etc/fstab": text}) as ns:
            ns.wait_output("UP\n")
            assert said in ns.output(), ns.output()
            assert (ns.run("stat", "-c", "%a", "/tmp").strip() == "751") == ("done" in said)


def a_hostname_may_be_empty_or_too_long_or_so_already():
    for text, said, name in (("\n", "skipped: /etc/hostname is empty", None), ("x" * 100, "done", "x" * 64)):
        with init(NOBODY, files={"/etc/hostname": text}) as ns:
            ns.wait_output("UP\n")
            assert "boot: hostname: %s (" % said in ns.output(), ns.output()
            assert name in (None, ns.run("hostname").strip())
    with init(NOBODY, files={"/etc/hostname": "so"}, wrapper=["sh", "-c", 'hostname so && exec "$0" "$@"']) as ns:
        ns.wait_output("UP\n")
        assert "boot: hostname: already so (" in ns.output(), ns.output()


class Sharing(Namespace):
    """One that has the name and the network of this machine, and may not change them."""

    def command(self):
        return [word for word in super().command() if word not in ("--uts", "--net")]


def what_is_the_machines_is_left_alone():
    if os.readlink("/proc/self/ns/uts") != "uts:[4026531838]":
        raise Skip("this is a container itself")
    with open("/sys/class/net/lo/flags") as file:
        up = int(file.read(), 16) & 1
    # it could not, should it try to
    with Sharing(INIT, {"/etc/inittab": NOBODY, "/etc/hostname": "another"},
                 wrapper=["setpriv", "--bounding-set=-sys_admin,-net_admin"]) as ns:
        ns.wait_output("UP\n")
        assert "boot: hostname: skipped: not ours in a container (" in ns.output(), ns.output()
        assert "boot: lo: %s (" % ("already so" if up else "skipped: not permitted") in ns.output(), ns.output()


def lo_that_cannot_be_raised_is_told():
    with init(NOBODY, wrapper=["setpriv", "--bounding-set=-net_admin"]) as ns:
        ns.wait_output("UP\n")
        assert "boot: lo: skipped: not permitted (" in ns.output(), ns.output()


def init_skip_leaves_steps_out():
    with init(NOBODY, ["init.skip=hostname,run"], {"/etc/hostname": "x\n"}) as ns:
        ns.wait_output("UP\n")
        assert "boot: hostname: skipped: init.skip" in ns.output()
        assert "boot: run: skipped: init.skip" in ns.output()
        assert ns.run("hostname").strip() != "x"


def mistakes_are_named_and_left_out():
    with init("one:two\n::nonsense:x\nid:3:initdefault:\n::once:\n"
              "::once:sleep 1001\n::respawn:sleep 1002\n::respawn:sleep 1001",
              arguments=["init.stop=x"]) as ns:
        pid_of(ns, "sleep 1001")
        pid_of(ns, "sleep 1002")
        assert commands(ns).count("sleep 1001") == 1, commands(ns)
        assert "init.stop=x: not understood" in ns.output(), ns.output()
        for line, text in ((1, "'one:two'"), (2, "'nonsense'"), (3, "'initdefault'"), (4, "''"),
                           (7, "an earlier line with the same command and tty")):
            assert re.search(r"/etc/inittab:%d: .*%s" % (line, text), ns.output()), ns.output()


def hostile_inittabs_do_no_harm():
    texts = {
        "one endless line": b"x" * 3000000,
        "mistakes only": b"a:b\n" * 300000,
        "bytes": bytes(range(256)) * 500,
        "many entries": b"".join(b"::once:true %d\n" % i for i in range(1000)),
        "a cut line": b"::once:" + b"a" * 600,
    }
    for what, text in texts.items():
        with init(text + b"\n::shutdown:/bin/echo LAST\n") as ns:
            ns.wait_output("boot: root")
            ns.signal(USR2)
            assert ns.wait_end() == -signal.SIGINT, what
            assert len(ns.output()) < 100000, what


def closed_descriptors_are_occupied():
    with init("::respawn:sleep 1001\n",
              wrapper=["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-']) as ns:
        _, outer = pid_of(ns, "sleep 1001")
        for number in ("0", "1", "2"):
            assert os.readlink("/proc/%d/fd/%s" % (outer, number)).endswith("/null")
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT


def environment_and_shell_are_as_with_busybox():
    # What is waited for is whole: env(1) may write in pieces.
    with init("::wait:env -0 >/tmp/env\n"
              "::once:-sh -c 'echo $0 >/tmp/name'\n"
              "::once:readlink /proc/self/cwd >/tmp/cwd\n") as ns:
        wait_until("cwd", lambda: ns.read("/tmp/cwd"))
        assert ns.read("/tmp/cwd") == "/\n"
        environment = dict(entry.split("=", 1) for entry in ns.read("/tmp/env").split("\0")[:-1])
        assert environment["PATH"] == "/sbin:/usr/sbin:/bin:/usr/bin"
        assert environment["SHELL"] == "/bin/sh" and environment["USER"] == "root" and environment["TERM"]
        wait_until("name", lambda: ns.read("/tmp/name"))


def an_environment_may_be_missing_or_too_large():
    with init("::once:env >/tmp/env\n", wrapper=["env", "-u", "HOME"]) as ns:
        wait_until("env", lambda: "HOME=/\n" in ns.read("/tmp/env"))
    many = ["X%d=%d" % (i, i) for i in range(300)] + ["INIT_%d=%d" % (i, i) for i in range(100)]
    with init("::once:/usr/bin/env >/tmp/env\n", wrapper=["env", "-i", *many]) as ns:
        wait_until("env", lambda: ns.read("/tmp/env").count("\n") >= 256)
        kept = ns.read("/tmp/env").splitlines()
        assert {line for line in kept if line[0] == "X"} == set(many[:240]), kept
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT, ns.output()


def children_are_leaders_with_default_signals():
    with init("::respawn:sleep 1001\n") as ns:
        pid, outer = pid_of(ns, "sleep 1001")
        with open("/proc/%d/status" % outer) as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        assert int(status["SigBlk"], 16) == 0 and int(status["SigIgn"], 16) == 0, status
        assert status["NSsid"].split()[-1] == str(pid)
        # exec(2) has the new command line a moment before it closes what is to be closed
        wait_until("three descriptors", lambda: len(os.listdir("/proc/%d/fd" % outer)) == 3)


def pauses_of_quick_deaths():
    with init("::respawn:sh -c 'date +%s.%N >>/tmp/quick'\n") as ns:
        times = wait_until("four starts", lambda: (
            lambda t: len(t) >= 4 and t)(ns.read("/tmp/quick").split()))
    return [float(b) - float(a) for a, b in zip(times, times[1:])]


def respawn_is_slower_after_quick_deaths():
    for _ in range(4):      # where that has to wait for a processor it is no quick one
        gaps = pauses_of_quick_deaths()
        print("# quick deaths: pauses of %s" % " ".join("%.2f s" % gap for gap in gaps))
        if all(least - 0.1 <= gap for gap, least in zip(gaps, (1, 2, 4))):
            return
    raise AssertionError("%s s" % gaps)


def respawn_is_at_once_after_a_second():
    with init("::respawn:sleep 1001\n") as ns:
        _, outer = pid_of(ns, "sleep 1001")
        took = []
        for _ in range(4):      # the best of four: the machine may be busy
            wait_until("it has run for a second", lambda: age(outer) > 1.1)
            os.kill(outer, signal.SIGKILL)
            killed = time.clock_gettime(time.CLOCK_BOOTTIME)
            again = wait_until("another", lambda: (
                lambda pid: pid != outer and pid)(pid_of(ns, "sleep 1001")[1]))
            took.append(time.clock_gettime(time.CLOCK_BOOTTIME) - age(again) - killed)
            outer = again
        # the quickest of the pauses is a second; the kernel counts in 1/100 s
        assert min(took) < 0.9, took


def a_hundred_quick_deaths_cost_little():
    with init("".join("::respawn:/bin/false %d\n" % i for i in range(99)) +
              "::respawn:sh -c 'echo >>/tmp/starts'\n") as ns:
        def seconds():
            with open("/proc/%d/schedstat" % ns.init) as file:
                return int(file.read().split()[0]) / 1e9

        def wait_starts(count):
            wait_until("%d starts" % count, lambda: ns.read("/tmp/starts").count("\n") >= count)
            wait_rest(ns)
        wait_starts(5)      # after the pauses of 1 and 2 and 4 and 8 s
        before, began = seconds(), time.monotonic()
        wait_starts(6)      # the one of 16 s, and all are started once
        share = (seconds() - before) / (time.monotonic() - began)
        print("# %.2f%% of a core" % (100 * share))
        assert share <= 0.01


def a_missing_tty_is_said_once():
    with init("tty77::respawn:sleep 1001\ntty78::sysinit:true\n::respawn:sleep 1002\n") as ns:
        pid_of(ns, "sleep 1002")
        time.sleep(2.5)     # time for it to be tried again
        assert ns.output().count("/dev/tty77") == 1, ns.output()
        # it appears, and is used at the next try
        ns.run("ln", "-s", "null", "/dev/tty77")
        pid_of(ns, "sleep 1001")


def orphans_are_reaped():
    with init("::once:sh -c 'for i in $(seq 1000); do (true &) ; done; sleep 1001'\n") as ns:
        wait_until("all were started", lambda: "sleep 1001" in commands(ns))
        wait_until("no zombies", lambda: ns.zombies() == 0)


def thirty_thousand_zombies_at_once_are_reaped():
    # their parent does not wait for them, and then it is gone; on a machine that is
    # very busy, or has no more numbers, there are fewer
    parent = """#!/usr/bin/perl
my ($made, $end) = (0, time + 90);
while ($made < 30000 && time < $end) {
	my $child = fork;
	kill 'KILL', $$ if defined $child && $child == 0;
	defined $child ? $made++ : select(undef, undef, undef, 0.1);
}
open my $file, '>', '/tmp/new';
print $file $made;
close $file;
rename '/tmp/new', '/tmp/done';
"""
    with init("::once:/parent\n::respawn:sleep 1001\n", files={"/parent": parent}) as ns:
        print("# %s zombies" % wait_until("forked", lambda: ns.read("/tmp/done"), 130))
        wait_until("no zombies", lambda: ns.zombies() == 0)
        wait_commands(ns, ["sleep 1001"])


def reload_keeps_what_runs():
    with init("::respawn:sleep 1001\n::respawn:sleep 1002\n::sysinit:echo S >>/tmp/s\n") as ns:
        first, second = pid_of(ns, "sleep 1001"), pid_of(ns, "sleep 1002")
        ns.write("/etc/inittab", "::respawn:sleep 1003\n::respawn:sleep 1002\n"
                                 "::sysinit:echo S >>/tmp/s\n")
        ns.signal(HUP)
        pid_of(ns, "sleep 1003")
        assert pid_of(ns, "sleep 1001") == first    # removed: left alone
        ns.write("/etc/inittab", "::respawn:sleep 1001\n::respawn:sleep 1002\n"
                                 "::respawn:sleep 1004\n")
        ns.signal(HUP)
        pid_of(ns, "sleep 1004")
        wait_commands(ns, ["sleep 1001", "sleep 1002", "sleep 1003", "sleep 1004"])
        assert (pid_of(ns, "sleep 1001"), pid_of(ns, "sleep 1002")) == (first, second)
        os.kill(pid_of(ns, "sleep 1003")[1], signal.SIGKILL)
        wait_commands(ns, ["sleep 1001", "sleep 1002", "sleep 1004"])
        assert ns.read("/tmp/s") == "S\n"


def reload_of_an_unreadable_inittab_keeps_the_old_one():
    with init("::respawn:sleep 1001\n") as ns:
        _, outer = pid_of(ns, "sleep 1001")
        os.unlink(ns.root + "/etc/inittab")
        os.mkdir(ns.root + "/etc/inittab")
        ns.signal(HUP)
        ns.wait_output("/etc/inittab: cannot read")
        os.kill(outer, signal.SIGKILL)
        wait_until("it is back", lambda: pid_of(ns, "sleep 1001")[1] != outer)


def signals_choose_the_end():
    for number, status in ((USR1, signal.SIGINT), (USR2, signal.SIGINT),
                           (signal.SIGPWR, signal.SIGINT), (TERM, signal.SIGHUP)):
        with init("::respawn:sleep 1001\n::shutdown:/bin/echo DOWN\n") as ns:
            pid_of(ns, "sleep 1001")
            start = time.monotonic()
            ns.signal(number)
            assert ns.wait_end() == -status, number
            print("# %s: %.3f s" % (number.name, time.monotonic() - start))
            assert "DOWN" in ns.output()


def the_way_down_is_quick_with_an_interactive_shell():
    with init("::respawn:sh -c 'trap : TERM; : >/tmp/up; while :; do sleep 0.05; done'\n",
              ["init.stop=1", "init.term=1"]) as ns:
        wait_until("up", lambda: os.path.exists(ns.root + "/tmp/up"))
        start = time.monotonic()
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT
        assert time.monotonic() - start > 1.9      # TERM is not heeded: killed


def our_children_end_before_the_others_are_signalled():
    service = "#!/bin/sh\ntrap 'echo OTHER >>/tmp/log; exit' TERM\n: >/tmp/trap\nwhile :; do sleep 0.05; done\n"
    ours = ("#!/bin/sh\ntrap 'sleep 0.5; echo OURS >>/tmp/log; exit' TERM\n(setsid /other &)\n"
            ": >/tmp/up\nwhile :; do sleep 0.05; done\n")
    with init("::respawn:/ours\n", files={"/ours": ours, "/other": service}) as ns:
        wait_until("up", lambda: os.path.exists(ns.root + "/tmp/up"))
        wait_until("the other's trap", lambda: os.path.exists(ns.root + "/tmp/trap"))
        ns.signal(TERM)
        assert ns.wait_end() == -signal.SIGHUP
        assert ns.read("/tmp/log").split() == ["OURS", "OTHER"]


def who_comes_when_nobody_was_left_is_told_to_end_too():
    daemon = "#!/bin/sh\ntrap 'echo TERM >/tmp/log; exit' TERM\n: >/tmp/up\nwhile :; do sleep 0.05; done\n"
    with init(NOBODY, ["init.term=50"], files={"/daemon": daemon}) as ns:
        ns.wait_output("UP\n")
        wait_rest(ns)
        ns.run("sh", "-c", "setsid /daemon >/dev/null 2>&1 &")
        wait_until("up", lambda: os.path.exists(ns.root + "/tmp/up"))
        ns.signal(TERM)
        assert ns.wait_end() == -signal.SIGHUP
        assert ns.read("/tmp/log") == "TERM\n"


def where_reboot_is_not_permitted_it_exits():
    with init(NOBODY, wrapper=["setpriv", "--bounding-set=-sys_boot"]) as ns:
        ns.wait_output("UP\n")
        ns.signal(TERM)
        assert ns.wait_end() == 0
        assert "cannot reboot: Operation not permitted" in ns.output()


def power_off_is_heard_while_sysinit_hangs():
    with init("::sysinit:sleep 1001\n::shutdown:/bin/echo DOWN\n") as ns:
        pid_of(ns, "sleep 1001")
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT
        assert "DOWN" in ns.output()


def a_hung_shutdown_entry_is_killed():
    with init(NOBODY + "::shutdown:sleep 1001\n::shutdown:/bin/echo LAST\n",
              ["init.shutdown=1"]) as ns:
        ns.wait_output("UP\n")
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT
        assert "LAST" in ns.output() and "killed" in ns.output()


def ctrlaltdel_entries_run_and_all_goes_on():
    with init("::respawn:sleep 1001\n::ctrlaltdel:echo KEYS >>/tmp/log\n") as ns:
        pid = pid_of(ns, "sleep 1001")
        for count in (1, 2):
            ns.signal(INT)
            wait_until("KEYS", lambda: ns.read("/tmp/log").count("KEYS") == count)
            # pressed while the entry runs, the keys do nothing
            wait_commands(ns, ["sleep 1001"])
            wait_until("it is reaped", lambda: ns.zombies() == 0)
        assert pid_of(ns, "sleep 1001") == pid


def seven_interrupts_go_straight_to_the_end():
    with init("::ctrlaltdel:sleep 1002\n::shutdown:sleep 1003\n::sysinit:sleep 1001\n") as ns:
        pid_of(ns, "sleep 1001")
        start = time.monotonic()
        count = 0
        while ns.process.poll() is None and count < 200:
            try:
                ns.signal(INT)
            except ProcessLookupError:
                break
            count += 1
            time.sleep(0.05)
        assert ns.wait_end() == -signal.SIGHUP
        assert time.monotonic() - start < 30    # which the entry has


def tstp_stops_respawning_until_cont():
    with init("::respawn:sleep 1001\n") as ns:
        _, outer = pid_of(ns, "sleep 1001")
        wait_until("a run that is followed at once", lambda: age(outer) > 1.1)
        ns.signal(signal.SIGTSTP)
        wait_heard(ns, signal.SIGTSTP)
        os.kill(outer, signal.SIGKILL)
        wait_commands(ns, [])
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            assert not commands(ns)
        ns.signal(signal.SIGCONT)
        pid_of(ns, "sleep 1001")


def restart_entry_replaces_init():
    with init("::respawn:sleep 1001\n::restart:/after one two\n",
              files={"/after": "#!/bin/sh\necho \"AFTER $$ $*\"; exec sleep 1002\n"}) as ns:
        pid_of(ns, "sleep 1001")
        ns.signal(signal.SIGQUIT)
        ns.wait_output("AFTER 1 one two")
        wait_until("only that", lambda: list(ns.processes()) == [1])


def a_restart_entry_has_the_keys_as_the_kernel_gave_them():
    program = strace()
    with init("::respawn:sleep 1001\n::restart:/after\n", files={"/after": "#!/bin/sh\necho AFTER; exec sleep 1002\n"}) as ns:
        pid_of(ns, "sleep 1001")
        # it is no process of the namespace, and so is not killed
        calls = os.path.join(ns.top, "calls")
        with subprocess.Popen([program, "-q", "-o", calls, "-e", "trace=reboot,execve", "-p", str(ns.init)]) as tracer:
            wait_until("it is traced", lambda: tracer.poll() is not None or traced(ns))
            ns.signal(signal.SIGQUIT)
            ns.wait_output("AFTER")
            tracer.terminate()
        with open(calls) as file:
            found = re.findall(r"LINUX_REBOOT_CMD_\w+|execve\(\"/after\"", file.read())
        assert found == ["LINUX_REBOOT_CMD_CAD_ON", 'execve("/after"'], found


def a_restart_entry_that_cannot_be_executed_halts():
    # /dev/tty can be had by a process with a controlling terminal only
    for tty, program, said in ("tty", "/after", "/after: cannot execute: "), ("", "/none", "/none: cannot execute: "):
        with init("::respawn:sleep 1001\n%s::restart:%s\n" % (tty, program),
                  files={"/after": "#!/bin/sh\necho AFTER\n"}) as ns:
            pid_of(ns, "sleep 1001")
            ns.signal(signal.SIGQUIT)
            assert ns.wait_end() == -signal.SIGINT, ns.output()
            assert said in ns.output() and "AFTER" not in ns.output(), ns.output()


def who_is_slow_to_kill_does_not_kill_what_the_restart_entry_starts():
    after = "#!/bin/sh\nsleep 1003 &\necho AFTER\nwait\n"
    with init("::wait:setsid sh -c 'sleep 1002 &'\n::restart:/after\n", ["init.term=1", "init.kill=1"],
              files={"/after": after}) as ns:
        locked = pid_of(ns, "sleep 1002")[0]
        # as if its memory were locked: whoever is to kill waits for 2 s for who reads this
        with subprocess.Popen([strace(), "-f", "-qq", "-o", "/dev/null", "-P", "/proc/%d/cmdline" % locked,
                               "-e", "inject=%s:delay_enter=600000000" % LOOKING, "-p", str(ns.init)],
                              stderr=subprocess.PIPE) as process:
            try:
                wait_until("it is traced", lambda: traced(ns))
                ns.signal(signal.SIGQUIT)
                ns.wait_output("AFTER")
            finally:
                process.kill()
        wait_until("only what was started, and perhaps who had no time to end", lambda: (
            lambda left: "sleep 1003" in left and set(left) <= {"sleep 1002", "sleep 1003"})(commands(ns)))


def quit_without_a_restart_entry_is_nothing():
    with init("::respawn:sleep 1001\n::ctrlaltdel:echo K >/tmp/k\n") as ns:
        pid = pid_of(ns, "sleep 1001")
        ns.signal(signal.SIGQUIT)
        ns.signal(INT)
        wait_until("K", lambda: ns.read("/tmp/k"))
        assert pid_of(ns, "sleep 1001") == pid


def no_inittab_means_the_built_in_entries():
    with Namespace(INIT, {"/etc/init.d/rcS": "#!/bin/sh\necho RCS\n"}) as ns:
        ns.wait_output("RCS")
        ns.wait_output("/etc/inittab: cannot open")
        ns.wait_output("Please press Enter to activate this console. ")


def a_full_table_has_no_room_for_single_user_mode():
    with init("".join("::once:true %d\n" % i for i in range(127)) + "::respawn:sleep 1001\n") as ns:
        pid_of(ns, "sleep 1001")
        ns.run(INIT, "s")
        ns.wait_output("no room for the shell of single user mode")
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT


def single_is_a_root_shell_instead_of_the_inittab():
    for word in ("single", "-s", "S", "1"):
        with init(NOBODY, [word], stdin=subprocess.PIPE) as ns:
            wait_until("a shell", lambda: commands(ns) == ["-/bin/sh"])
            ns.process.stdin.write(b"echo SHELL; \n")
            ns.process.stdin.flush()
            ns.wait_output("SHELL")
            assert "UP\n" not in ns.output()
            ns.process.stdin.close()


def storage_daemon(command):
    """A program that starts COMMAND, which is spared."""
    if not os.path.exists("/bin/bash"):
        raise Skip("no bash, to give a process a name")
    return "#!/bin/sh\nsetsid bash -c 'exec -a @storage %s' &\n" % command


def a_spared_process_outlives_the_killing():
    daemon = storage_daemon("bash /loop")
    loop = "trap 'echo TERM >>/tmp/log' TERM\n: >/tmp/up\nwhile :; do read -t 0.1 <>/dev/full; done\n"
    with init("::wait:/storage\n::once:sh -c '(setsid sleep 1002 &)'\n",
              ["init.term=50", "init.kill=50"], files={"/storage": daemon, "/loop": loop}) as ns:
        wait_until("up", lambda: os.path.exists(ns.root + "/tmp/up"))
        pid_of(ns, "sleep 1002")
        start = time.monotonic()
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT
        # nobody waits for it, and nobody tells it to go
        assert time.monotonic() - start < 50 and ns.read("/tmp/log") == ""


# The calls of who looks for the spared ones.
LOOKING = "open,openat,stat,newfstatat"


def way_down_traced(ns, *words, still=0):
    """Its calls of kill(2), and what WORDS have strace do. When the first command line is
    looked at, all that it follows stand still for STILL seconds."""
    trace = os.path.join(ns.top, "trace")
    with subprocess.Popen([strace(), "-f", "-qq", "-ttt", "-o", trace, "-e", "trace=kill," + LOOKING, *words,
                           "-p", str(ns.init)], stderr=subprocess.PIPE) as process:
        try:
            wait_until("it is traced", lambda: traced(ns))
            ns.signal(USR2)
            if still:
                wait_until("it looks", lambda: "/cmdline" in open(trace).read())
                process.send_signal(signal.SIGSTOP)
                time.sleep(still)
                process.send_signal(signal.SIGCONT)
            ns.wait_output("init: power off")
        finally:
            process.kill()      # else it would take the end of one that it delays when the time is over
    assert ns.wait_end() == -signal.SIGINT
    with open(trace) as file:
        return file.read()


def many(command):
    """Twenty of it."""
    return "#!/bin/sh\nfor i in %s; do setsid %s & done\n" % (" ".join("0123456789" * 2), command)


def a_spared_process_is_found_however_long_that_takes():
    with init("::wait:/many\n::wait:/storage\n", ["init.term=1", "init.kill=50"],
              files={"/storage": storage_daemon("sleep 1003"), "/many": many("sh -c 'trap \"\" TERM; exec sleep 1002'")}) as ns:
        storage = pid_of(ns, "@storage 1003")[0]
        wait_until("all", lambda: commands(ns).count("sleep 1002") == 20)
        calls = way_down_traced(ns, "-e", "inject=%s:delay_enter=60000" % LOOKING)
    assert "kill(-1, " not in calls and "kill(%d, " % storage not in calls, calls
    assert calls.count(", SIGKILL)") >= 20, calls


def a_spared_process_is_found_though_the_machine_stood_still_meanwhile():
    with init("::wait:/many\n::wait:/storage\n", ["init.term=50", "init.kill=50"],
              files={"/storage": storage_daemon("sleep 1003"), "/many": many("sleep 1002")}) as ns:
        storage = pid_of(ns, "@storage 1003")[0]
        wait_until("all", lambda: commands(ns).count("sleep 1002") == 20)
        calls = way_down_traced(ns, "-e", "inject=%s:delay_enter=60000" % LOOKING, still=3)
    assert "kill(-1, " not in calls and "kill(%d, " % storage not in calls, calls
    assert calls.count(", SIGTERM)") >= 20, calls


def a_process_that_cannot_be_looked_at_keeps_nobody_from_being_told():
    # the looker is found stuck within the time that all have from TERM on
    with init("::wait:/storage\n::wait:setsid sh -c 'sleep 1002 &'\n::wait:/told\n", ["init.term=20"], files={
            "/storage": storage_daemon("sleep 1003"), "/told": "#!/bin/sh\nsetsid sh -c 'trap \"echo TERM >/tmp/log\" TERM; : >/tmp/up; sleep 1004 & wait' &\n"}) as ns:
        storage, locked = pid_of(ns, "@storage 1003")[0], pid_of(ns, "sleep 1002")[0]
        assert storage < locked
        wait_until("up", lambda: ns.read("/tmp/log") == "" and os.path.exists(ns.root + "/tmp/up"))
        # as if its memory were locked: who reads its command line waits for ever
        path = "/proc/%d/cmdline" % locked
        calls = way_down_traced(ns, "-P", path, "-e", "inject=%s:delay_enter=600000000" % LOOKING)
        assert path in calls, calls
        assert ns.read("/tmp/log") == "TERM\n"


# One that goes on without the thread that began it, and heeds no TERM.
LEADERLESS = """#!/usr/bin/python3 -IS
import ctypes, os, signal, threading
def go_on():
    while " Z " not in open("/proc/self/stat").read():
        pass
    with open("/tmp/pid.new", "w") as file:
        file.write(str(os.getpid()))
    os.rename("/tmp/pid.new", "/tmp/pid")
    signal.pause()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
threading.Thread(target=go_on).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def a_process_whose_first_thread_has_ended_is_told_and_killed():
    if not os.path.exists("/usr/bin/python3"):
        raise Skip("no /usr/bin/python3, for a process with threads")
    with init("::wait:/storage\n::once:setsid /leaderless\n", ["init.term=1", "init.kill=50"],
              files={"/storage": storage_daemon("sleep 1003"), "/leaderless": LEADERLESS}) as ns:
        storage = pid_of(ns, "@storage 1003")[0]
        pid = wait_until("a thread alone", lambda: ns.read("/tmp/pid"))
        calls = way_down_traced(ns)
    assert "kill(%d, " % storage not in calls, calls
    # the second comes only if it was waited for
    assert "kill(%s, SIGTERM)" % pid in calls and "kill(%s, SIGKILL)" % pid in calls, calls


def a_stopped_child_and_one_million_signals_are_nothing():
    with init("::respawn:sleep 1001\n") as ns:
        _, outer = pid_of(ns, "sleep 1001")
        os.kill(outer, signal.SIGSTOP)
        for _ in range(100000):
            ns.signal(signal.SIGCHLD)
        for number in (signal.SIGALRM, signal.SIGPIPE, signal.SIGWINCH, 40, 64):
            ns.signal(number)
        os.kill(outer, signal.SIGKILL)
        wait_until("it is back", lambda: pid_of(ns, "sleep 1001")[1] != outer)


def idle_init_makes_no_system_call():
    with init("::respawn:sleep 1001\n") as ns:
        pid_of(ns, "sleep 1001")
        wait_rest(ns)
        before = switches(ns)
        time.sleep(10)
        assert switches(ns) == before


def fill(writing):
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)


def stands_full(reading, writing):
    """Its standard error, which nobody reads, does not keep it from hearing."""
    fill(writing)
    try:
        with init("::respawn:sleep 1001\n", stdout=writing) as ns:
            _, outer = pid_of(ns, "sleep 1001")
            # a child's standard error is the pipe as it was given: it may block
            with open("/proc/%d/fdinfo/2" % outer) as file:
                flags = int(file.read().split("flags:")[1].split()[0], 8)
            assert not flags & os.O_NONBLOCK
            ns.signal(signal.SIGSEGV)
            ns.signal(USR2)
            assert ns.wait_end() == -signal.SIGINT
    finally:
        os.close(reading)
        os.close(writing)


def a_full_pipe_does_not_stop_it():
    stands_full(*os.pipe())


def a_full_socket_does_not_stop_it():
    stands_full(*(end.detach() for end in socket.socketpair()))


class WithoutProc(Namespace):
    """/proc is for init to mount."""

    instead = ""

    def command(self):
        words = super().command()
        assert any('mount -t proc proc "$R/proc"\n' in word for word in words)
        return [word.replace('mount -t proc proc "$R/proc"\n', self.instead) for word in words]


def a_full_pipe_does_not_stop_it_without_proc_at_first():
    reading, writing = os.pipe()
    try:
        with WithoutProc(INIT, {"/etc/inittab": "::respawn:sleep 1001\n"}, stdout=writing) as ns:
            pid_of(ns, "sleep 1001")
            wait_rest(ns)
            fill(writing)
            ns.signal(signal.SIGSEGV)
            ns.signal(USR2)
            assert ns.wait_end() == -signal.SIGINT
    finally:
        os.close(reading)
        os.close(writing)


def who_has_joined_is_asked_to_end_too():
    joined = ("#!/bin/sh\ntrap 'echo TERM >>/tmp/log; sleep 0.5; echo END >>/tmp/log; exit 7' TERM\n: >/tmp/up\n"
              "while :; do sleep 0.05; done\n")
    for inittab in (NOBODY, "::respawn:sleep 1001\n"):
        with init(inittab, files={"/joined": joined}) as ns:
            with subprocess.Popen(["nsenter", "--target", str(ns.init)] + NAMESPACES + ["--root", "--wd", "/joined"],
                                  stderr=subprocess.DEVNULL) as outer:
                wait_until("it runs", lambda ns=ns: os.path.exists(ns.root + "/tmp/up"))
                ns.signal(USR2)
                assert ns.wait_end() == -signal.SIGINT
                assert (outer.wait(), ns.read("/tmp/log")) == (7, "TERM\nEND\n")


class OutersProc(WithoutProc):
    """/proc is that of the system around it."""

    instead = 'mount --rbind /proc "$R/proc"\n'


def processes_of_another_system_are_not_waited_for():
    with OutersProc(INIT, {"/etc/inittab": NOBODY}) as ns:
        ns.wait_output("UP\n")
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT
        # they would have all of the time that there is, and be told of
        assert "waiting for" not in ns.output(), ns.output()


def only_who_is_waited_for_is_told_of():
    with init("::respawn:sleep 1001\n::shutdown:sh -c 'until test -e /tmp/go; do sleep 0.05; done'\n") as ns:
        pid_of(ns, "sleep 1001")
        ns.signal(USR2)
        ns.wait_output("waiting for sh ")
        ns.write("/tmp/go", "")
        assert ns.wait_end() == -signal.SIGINT
        assert "waiting for sleep" not in ns.output(), ns.output()


def a_console_that_cannot_be_opened_takes_nothing_away():
    with init("::sysinit:/bin/echo UP $TERM\n", wrapper=("env", "CONSOLE=/dev/nope", "TERM=linux")) as ns:
        ns.wait_output("UP vt102\n")
        assert "boot: console: failed: " in ns.output(), ns.output()


def a_restart_entry_without_its_terminal_is_told_of():
    with init(NOBODY + "ttyX::restart:/bin/echo RESTARTED\n") as ns:
        ns.wait_output("UP\n")
        ns.signal(signal.SIGQUIT)
        ns.wait_end()
        assert "/dev/ttyX: cannot open: " in ns.output() and "RESTARTED" not in ns.output(), ns.output()


def a_volume_of_the_same_file_system_is_left_as_it_is():
    bind = 'mkdir /volume; : >/volume/there; mount --bind /volume /run; exec "$@"'
    with init(NOBODY, wrapper=("sh", "-c", bind, "sh")) as ns:
        ns.wait_output("UP\n")
        assert "boot: run: already so" in ns.output(), ns.output()
        assert ns.run("ls", "/run") == "there\n"


def tracing_to_nobody_does_not_keep_it_from_hearing():
    reading, writing = os.pipe()
    with init("::respawn:sleep 1001\n", arguments=["init.trace"], stdout=writing) as ns:
        pid, outer = pid_of(ns, "sleep 1001")
        os.close(writing)
        os.close(reading)
        os.kill(outer, signal.SIGKILL)
        wait_until("another", lambda: pid_of(ns, "sleep 1001")[0] != pid)
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT


def the_machines_devices_stay_out_of_a_container():
    # it has no /dev of its own, but a directory (2: MNT_DETACH, of all that is below)
    detach = "import ctypes, os, sys; ctypes.CDLL(None).umount2(b'/dev', 2) and sys.exit(1); os.execv(sys.argv[1], sys.argv[1:])"
    with init("::respawn:sleep 1001\n", wrapper=("python3", "-c", detach)) as ns:
        _, outer = pid_of(ns, "sleep 1001")
        with open("/proc/%d/mounts" % outer) as file:
            mounts = file.read()
        assert "devtmpfs" not in mounts, mounts + ns.output()
        assert "not ours in a container" in ns.output(), ns.output()


def failing_system_calls_do_not_end_it():
    program = strace()
    # by call: the errors, and at which of its uses
    faults = [(call, error, "1..30") for call, error in (
        ("fork", "EAGAIN"), ("fork", "ENOMEM"), ("open", "EMFILE"), ("open", "EIO"),
        ("openat", "EMFILE"), ("read", "EIO"), ("write", "EIO"), ("mount", "ENOMEM"),
        ("mkdir", "EROFS"), ("wait4", "EINTR"), ("wait4", "EINVAL"), ("stat", "EIO"),
        ("rt_sigaction", "EINVAL"), ("rt_sigprocmask", "EINVAL"), ("ioctl", "EIO"),
        ("dup2", "EBADF"), ("fcntl", "EBADF"), ("chdir", "EACCES"), ("access", "EIO"),
        ("sethostname", "EPERM"), ("socket", "ENFILE"), ("mmap", "ENOMEM"), ("kill", "EPERM"),
    )]
    faults += [(call, "ENOMEM", "6+") for call in ("fork", "openat", "wait4")]
    faults.append(("rt_sigtimedwait", "EINTR", "1..30"))
    faults.append(("rt_sigtimedwait", "EINVAL", "1..2"))
    for call, error, when in faults:
        fault = "%s:error=%s:when=%s" % (call, error, when)
        wrapper = [program, "-D", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                   "inject=" + fault]
        with init("::respawn:sleep 1001\n::shutdown:true\n",
                  ["init.stop=1", "init.term=1", "init.kill=1", "init.shutdown=1",
                   "init.unmount=1"], files={"/etc/hostname": "x\n"}, wrapper=wrapper) as ns:
            wait_rest(ns)       # process 1 is not sent what it does not wait for yet
            ns.signal(USR2)
            assert ns.wait_end() == -signal.SIGINT, fault + ns.output()


def askfirst_waits_for_enter_on_its_terminal():
    master, slave = pty.openpty()
    try:
        with init("::askfirst:-/bin/sh\n", ["init.stop=1000"], stdin=slave, stdout=slave) as ns:
            text = b""

            def see(what):
                nonlocal text
                while what not in text:
                    assert select.select([master], [], [], SECONDS)[0], text
                    text += os.read(master, 4096)
            see(b"Please press Enter to activate this console. ")
            assert any(command.split()[0] == INIT for command in commands(ns))
            os.write(master, b"not yet\n")
            wait_until("a shell", lambda: commands(ns) == ["-/bin/sh"])
            os.write(master, b"echo TERM is $TERM; tty\n")
            see(b"TERM is ")
            ns.signal(USR2)
            ns.wait_end()       # it made the terminal its own, and so heeds the hangup
    finally:
        os.close(master)
        os.close(slave)


def crash(ns, number, count):
    """Sends a crash signal, and waits until init has gone on for the COUNTth time."""
    ns.signal(number)
    ns.wait_output("going on after a crash", count)


def a_crash_with_any_number_of_variables_loses_nothing():
    """The state goes through the environment, in which there must be room for it."""
    names = ["PIDONE_TEST_%d" % i for i in range(400)]
    try:
        os.environ.update((name, "x") for name in names)
        with init("::respawn:sleep 1001\n") as ns:
            pid = pid_of(ns, "sleep 1001")
            for count in (1, 2):
                crash(ns, signal.SIGSEGV, count)
            assert pid_of(ns, "sleep 1001") == pid
    finally:
        for name in names:
            os.environ.pop(name, None)


def a_crash_signal_leaves_everything_as_it_was():
    with init("::respawn:sleep 1001\n::respawn:sleep 1002\n::sysinit:echo S >>/tmp/s\n"
              "::shutdown:/bin/echo DOWN\n") as ns:
        first, second = pid_of(ns, "sleep 1001"), pid_of(ns, "sleep 1002")
        for count, number in enumerate((signal.SIGSEGV, signal.SIGBUS, signal.SIGILL,
                                        signal.SIGABRT)):
            crash(ns, number, count + 1)
        assert "SIGSEGV sent by process" in ns.output()
        assert (pid_of(ns, "sleep 1001"), pid_of(ns, "sleep 1002")) == (first, second)
        os.kill(first[1], signal.SIGKILL)
        wait_until("respawned", lambda: pid_of(ns, "sleep 1001") != first)
        wait_commands(ns, ["sleep 1001", "sleep 1002"])
        assert ns.read("/tmp/s") == "S\n" and ns.zombies() == 0
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT and "DOWN" in ns.output()


def a_crash_in_sysinit_still_waits_for_it():
    with init("::sysinit:sh -c 'while [ ! -e /tmp/go ]; do sleep 0.05; done; echo S >>/tmp/s'\n"
              "::respawn:sleep 1001\n") as ns:
        wait_until("sysinit", lambda: any("/tmp/go" in command for command in commands(ns)))
        crash(ns, signal.SIGSEGV, 1)
        assert "sleep 1001" not in commands(ns)
        ns.write("/tmp/go", "")
        pid_of(ns, "sleep 1001")
        assert ns.read("/tmp/s") == "S\n"


def a_crash_on_the_way_down_does_not_stop_it():
    with init(NOBODY + "::shutdown:sh -c 'while [ ! -e /tmp/go ]; do sleep 0.05; done'\n"
              "::shutdown:/bin/echo LAST\n") as ns:
        ns.wait_output("UP\n")
        ns.signal(TERM)
        wait_until("shutdown", lambda: any("/tmp/go" in command for command in commands(ns)))
        crash(ns, signal.SIGABRT, 1)
        ns.write("/tmp/go", "")
        assert ns.wait_end() == -signal.SIGHUP and "LAST" in ns.output()


def a_fault_of_its_own_is_survived():
    with init("::respawn:sleep 1001\n") as ns:
        first = pid_of(ns, "sleep 1001")
        # a debugger spoils its instruction pointer, and so it faults by itself
        if subprocess.run(["sh", "-c", "command -v gdb"], check=False,
                          capture_output=True).returncode != 0:
            raise Skip("no gdb, to make it fault")
        subprocess.run(["gdb", "-p", str(ns.init), "-batch", "-ex", "set var $pc = 16",
                        "-ex", "detach"], check=False, capture_output=True, timeout=SECONDS)
        ns.signal(signal.SIGCHLD)
        ns.wait_output("crash: SIGSEGV at address 0x10, instruction 0x10")
        ns.wait_output("going on after a crash")
        assert pid_of(ns, "sleep 1001") == first
        os.kill(first[1], signal.SIGKILL)
        wait_until("respawned", lambda: pid_of(ns, "sleep 1001") != first)


def five_crashes_in_a_minute_leave_the_minimum():
    with init("::respawn:sleep 1001\n", stdin=subprocess.PIPE) as ns:
        first = pid_of(ns, "sleep 1001")
        for count in range(4):
            crash(ns, signal.SIGSEGV, count + 1)
        ns.signal(signal.SIGSEGV)
        ns.wait_output("too many crashes")
        wait_until("a shell", lambda: "-sh" in commands(ns))
        ns.process.stdin.write(b"(sleep 0.1 &); echo RESCUED\n")
        ns.process.stdin.flush()
        ns.wait_output("RESCUED")
        os.kill(first[1], signal.SIGKILL)
        wait_until("no zombies", lambda: ns.zombies() == 0)
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT
        ns.process.stdin.close()


def the_minimum_exits_where_reboot_is_not_permitted():
    with init(NOBODY, wrapper=["setpriv", "--bounding-set=-sys_boot"]) as ns:
        ns.wait_output("UP\n")
        for count in range(4):
            crash(ns, signal.SIGSEGV, count + 1)
        ns.signal(signal.SIGSEGV)
        ns.wait_output("too many crashes")
        ns.signal(USR2)
        assert ns.wait_end() == 0


def init_u_executes_the_new_binary():
    with init("::respawn:sleep 1001\n") as ns:
        first = pid_of(ns, "sleep 1001")
        path = ns.root + INIT
        with open(path, "rb") as file:
            text = file.read()
        ns.write(INIT, text)
        os.chmod(path, 0o755)
        assert os.stat("/proc/%d/exe" % ns.init).st_ino != os.stat(path).st_ino
        for count in range(1, 8):       # more often than crashes are allowed
            assert ns.run(INIT, "u") == ""
            ns.wait_output("going on as version", count)
        assert os.stat("/proc/%d/exe" % ns.init).st_ino == os.stat(path).st_ino
        assert pid_of(ns, "sleep 1001") == first
        with open("/proc/%d/environ" % first[1]) as file:
            assert "INIT_" not in file.read()


def a_signal_that_comes_while_init_u_executes_is_heard():
    # what it is replaced by is executed by the same process, which is then init again
    between = "#!/bin/sh\nkill -CONT 1\nexec /pidone/new \"$@\"\n"
    with init("::respawn:sleep 1001\n") as ns:
        _, outer = pid_of(ns, "sleep 1001")
        wait_until("a run that is followed at once", lambda: age(outer) > 1.1)
        os.rename(ns.root + INIT, ns.root + "/pidone/new")
        ns.write(INIT, between)
        ns.signal(signal.SIGTSTP)
        wait_heard(ns, signal.SIGTSTP)
        assert ns.run("/pidone/new", "u") == ""
        ns.wait_output("going on as version")
        os.kill(outer, signal.SIGKILL)
        wait_until("respawned", lambda: pid_of(ns, "sleep 1001")[1] != outer)


def init_u_with_a_broken_binary_goes_on_as_before():
    with init("::respawn:sleep 1001\n") as ns:
        first = pid_of(ns, "sleep 1001")
        os.rename(ns.root + INIT, ns.root + "/pidone/saved")
        ns.write(INIT, "garbage")
        assert ns.run("/pidone/saved", "u") == ""
        ns.wait_output("/pidone/init: cannot execute, going on as before: Permission denied")
        os.kill(first[1], signal.SIGKILL)
        wait_until("respawned", lambda: pid_of(ns, "sleep 1001") != first)


def a_trace_tells_each_event_and_action():
    with init("::respawn:sleep 1001\n", ["init.trace"]) as ns:
        first, outer = pid_of(ns, "sleep 1001")
        for line in ("phase boot", "to do: read the inittab", "to do: take boot step hostname",
                     "phase run", "to do: start respawn 'sleep 1001'",
                     "process %d made: respawn 'sleep 1001'" % first):
            ns.wait_output("init: trace: %s\n" % line)
        os.kill(outer, signal.SIGKILL)
        ns.wait_output("init: trace: signal CHLD (17) from the kernel, about process %d\n" % first)
        ns.wait_output("init: trace: process %d has ended, signal 9: respawn 'sleep 1001'\n" % first)
        ns.run("sh", "-c", "(exit 3 &)")
        wait_until("an orphan", lambda: re.search(
            r"trace: process \d+ has ended, exit status 3: an orphan", ns.output()))
        # it outlives an init, and ends with a signal
        ns.signal(59)
        ns.wait_output("going on as version")
        ns.wait_output("init: trace: phase run\n", 2)
        ns.signal(57)
        ns.wait_output("init: trace: signal real-time (57) from process 0, user")
        ns.write("/etc/inittab", "::respawn:sleep 1002\n")
        ns.signal(HUP)
        pid_of(ns, "sleep 1002")
        assert "signal HUP" not in ns.output() and "sleep 1002" not in ns.output()
        ns.signal(56)       # of this nothing is told yet
        wait_until("it is told again", lambda: (
            ns.signal(signal.SIGWINCH), "init: trace: signal WINCH (28)" in ns.output())[1])
        ns.signal(USR2)
        assert ns.wait_end() == -signal.SIGINT
        assert "init: trace: phase release\n" in ns.output()
        assert "init: trace: to do: end with power off\n" in ns.output()


def init_q_reloads():
    with init("::respawn:sleep 1001\n") as ns:
        pid_of(ns, "sleep 1001")
        os.symlink("init", ns.root + "/pidone/telinit")
        for number, words in enumerate((("init", "q"), ("init", "-q"), ("telinit", "q"))):
            ns.write("/etc/inittab", "::respawn:sleep 200%d\n" % number)
            assert ns.run("/pidone/" + words[0], words[1]) == ""
            pid_of(ns, "sleep 200%d" % number)


def telinit_letters_end_the_system():
    for letter, status in (("0", signal.SIGINT), ("6", signal.SIGHUP)):
        with init(NOBODY) as ns:
            ns.wait_output("UP\n")
            ns.run(INIT, letter)
            assert ns.wait_end() == -status


def telinit_s_leaves_a_shell_and_telinit_3_comes_back():
    with init("::respawn:sleep 1001\n", stdin=subprocess.PIPE) as ns:
        first = pid_of(ns, "sleep 1001")
        ns.run(INIT, "s")
        wait_commands(ns, ["-/bin/sh"])
        ns.run(INIT, "3")
        wait_until("back", lambda: pid_of(ns, "sleep 1001") != first)
        ns.process.stdin.close()


def telinit_3_comes_back_to_the_built_in_entries_too():
    with Namespace(INIT, {}, stdin=subprocess.PIPE) as ns:
        ns.wait_output("Please press Enter to activate this console. ")
        ns.process.stdin.write(b"\n")
        ns.process.stdin.flush()
        _, shell = pid_of(ns, "-/bin/sh")
        ns.run(INIT, "s")
        ns.run(INIT, "3")
        ns.wait_output("/etc/inittab: cannot open", 2)
        # the entry that it is of is the same in both, but here one is asked first
        os.kill(shell, signal.SIGKILL)
        ns.wait_output("Please press Enter to activate this console. ", 2)
        ns.process.stdin.close()


def an_inittab_that_cannot_be_read_is_as_none():
    directory = ("sh", "-c", 'mkdir /etc/inittab; exec "$@"', "sh")
    with Namespace(INIT, {}, stdin=subprocess.PIPE, wrapper=directory) as ns:
        ns.wait_output("/etc/inittab: cannot read: Is a directory: the built-in entries are used")
        ns.wait_output("Please press Enter to activate this console. ")
        # what runs is left as it is by a reload
        ns.signal(HUP)
        ns.wait_output("/etc/inittab: cannot read: Is a directory: kept as it is")
        ns.run(INIT, "s")
        ns.run(INIT, "3")
        ns.wait_output("the built-in entries are used", 2)
        ns.process.stdin.close()


def init_that_is_not_process_1_says_how_it_is_used():
    for words in ([], ["x"], ["q", "q"]):
        done = subprocess.run([os.path.join(BIN, "init"), *words], check=False, capture_output=True,
                              text=True)
        assert done.returncode == 100 and "usage" in done.stderr, done


def telinit_of_somebody_else_is_refused():
    with init("::respawn:sleep 1001\n") as ns:
        pid_of(ns, "sleep 1001")
        said = ns.run("setpriv", "--reuid", "65534", "--clear-groups", INIT, "q")
        assert "process 1: cannot signal: Operation not permitted" in said, said


if __name__ == "__main__":
    run_tests([value for value in list(globals().values())
               if callable(value) and getattr(value, "__module__", "") == "__main__"
               and value.__name__ not in ("init", "commands", "wait_commands", "pid_of", "age", "Sharing",
                                          "crash", "switches", "traced", "wait_rest", "wait_heard",
                                          "storage_daemon", "way_down_traced", "many", "fill", "stands_full",
                                          "WithoutProc", "OutersProc", "pauses_of_quick_deaths")],
              jobs=3 * len(os.sched_getaffinity(0)),     # mostly they wait
              alone=[a_hundred_quick_deaths_cost_little])

# SPDX-License-Identifier: MIT
"""Services of the image, controlled as a person does: with sv, with kill, and
with links in /etc/rc.d."""

import secrets

from system import ZOMBIES, kernel_speaks
from tap import Failed

RUNS = r"run: %s: \(pid (\d+)\) \d+s"
DOWN = r"down: %s: \d+s, normally up"
# Nobody supervises it.
NOBODY = r"fail: %s: (runsv not running|unable to .*)"

# A service that notes what happens to it. The shell waits for its child, so
# that it hears signals at once.
PROBE = """#!/bin/sh
exec >>/tmp/probe.log
trap 'echo HUP' HUP
trap 'echo ALRM' ALRM
trap 'echo INT' INT
trap 'echo QUIT' QUIT
trap 'echo USR1' USR1
trap 'echo USR2' USR2
trap 'echo TERM; kill $child; exit 0' TERM
sleep 36000 & child=$!
echo started
while :; do wait $child; kill -0 $child 2>/dev/null || exit 1; done
"""

SIGNALS = (("hup", "HUP"), ("alarm", "ALRM"), ("interrupt", "INT"), ("quit", "QUIT"),
           ("1", "USR1"), ("2", "USR2"))


def status(name):
    # sv's exit status says how many services failed.
    return "sv status %s; true" % name


def running(machine, name):
    """Its pid, as soon as the service runs."""
    return machine.eventually(status(name), RUNS % name).group(1)


def serving(machine, name):
    """Its pid, as soon as the program of that name, and not ./run before it, runs."""
    return machine.eventually("sv status %s && cat /proc/$(cat /etc/rc.d/%s/supervise/pid)/comm" % (name, name),
                              RUNS % name + "\n" + name).group(1)


def make(machine, name, run):
    """A service directory; it is supervised once /etc/rc.d has a link to it."""
    machine.output("mkdir -p /etc/init.d/%s && cat >/etc/init.d/%s/run <<'END' && chmod 755 /etc/init.d/%s/run\n%sEND"
                   % (name, name, name, run))


def link(machine, name):
    machine.output("ln -s /etc/init.d/%s /etc/rc.d/%s" % (name, name))


def unlink(machine, name):
    machine.output("rm /etc/rc.d/" + name)


def check(case, machine):
    check_ours(case, machine)
    check_links(case, machine)
    check_verbs(case, machine)
    check_svctl(case, machine)


def check_ours(case, machine):
    for name in ("syslogd", "klogd", "udhcpc"):
        with case.check("the service %s runs" % name):
            serving(machine, name)
    for name in ("syslogd", "klogd", "udhcpc"):
        with case.check("sv stops, starts and restarts %s" % name):
            machine.expect("sv -w 10 stop " + name, "ok: " + DOWN % name)
            before = machine.expect("sv -w 10 start " + name, "ok: " + RUNS % name).group(1)
            machine.expect("sv -w 10 restart " + name, r"ok: run: %s: \(pid (?!%s\))\d+\) \d+s" % (name, before))
    with case.check("klogd brings up syslogd before it starts itself"):
        machine.output("sv -w 10 stop klogd syslogd")
        machine.expect(status("klogd syslogd"), DOWN % "klogd" + "\n" + DOWN % "syslogd")
        machine.output("sv up klogd")
        # ./run of klogd asks for syslogd, which nobody else did.
        serving(machine, "syslogd")
        serving(machine, "klogd")
    with case.check("sv up waits until syslogd listens, whatever socket the last one has left"):
        machine.output("cp /etc/init.d/syslogd/run /tmp/run; sv -w 10 stop syslogd")
        machine.output("sed -i 's/^exec/sleep 2; exec/' /etc/init.d/syslogd/run")
        machine.expect("sv -w 10 up syslogd", "ok: " + RUNS % "syslogd")
        machine.expect("for pid in $(pidof syslogd); do tr '\\0' ' ' </proc/$pid/cmdline; done", "syslogd -n ")
        machine.output("cp /tmp/run /etc/init.d/syslogd/run")
    with case.check("klogd without syslogd: its sv up fails, and it is tried again until there is one"):
        machine.output("sv -w 10 stop klogd")
        unlink(machine, "syslogd")
        machine.eventually(status("syslogd"), NOBODY % "syslogd")
        machine.output("sv up klogd")
        # ./run has ended; the next try comes a second after the last start.
        machine.eventually(status("klogd"), r"down: klogd: \d+s, normally up, want up")
        machine.expect("for pid in $(pidof klogd); do cat /proc/$pid/cmdline; done", "")
        link(machine, "syslogd")
        serving(machine, "syslogd")
        serving(machine, "klogd")
    with case.check("syslogd is back after kill -9, with another pid, and logs on"):
        before = running(machine, "syslogd")
        machine.output("kill -9 " + before)
        machine.eventually(status("syslogd"), r"run: syslogd: \(pid (?!%s\))\d+\) \d+s" % before)
        mark = secrets.token_hex(4)
        machine.eventually("logger %s; grep -c %s /var/log/messages" % (mark, mark), "[1-9][0-9]*")
    with case.check("what the kernel says after that is logged too"):
        kernel_speaks(machine)


def addressed(machine):
    """udhcpc's script has an address, and is done with it."""
    machine.eventually("ip -4 addr show dev eth0 | grep -o 'inet '; grep -x default.script /proc/[0-9]*/comm; true", "inet ")


def check_links(case, machine):
    with case.check("a link taken out of /etc/rc.d stops the service"):
        pid = running(machine, "udhcpc")
        unlink(machine, "udhcpc")
        machine.eventually("test -e /proc/%s || echo gone" % pid, "gone")
        machine.eventually(status("udhcpc"), NOBODY % "udhcpc")
    with case.check("a link put into /etc/rc.d starts it"):
        link(machine, "udhcpc")
        serving(machine, "udhcpc")
    with case.check("a new service runs once its link is there"):
        make(machine, "probe", PROBE)
        link(machine, "probe")
        running(machine, "probe")
        log(machine, "started")


def log(machine, *words):
    """The probe has noted these words, and nothing else, since the last time."""
    machine.eventually("cat /tmp/probe.log", "\n".join(words))
    machine.output(": >/tmp/probe.log")


def check_verbs(case, machine):
    down = DOWN % "probe"
    with case.check("sv down stops it, and it stays down"):
        running(machine, "probe")
        machine.output("sv down probe")
        machine.eventually(status("probe"), down)
        log(machine, "TERM")
    with case.check("sv up starts it"):
        machine.output("sv up probe")
        running(machine, "probe")
        log(machine, "started")
    for verb, name in SIGNALS:
        with case.check("sv %s sends it SIG%s" % (verb, name)):
            machine.output("sv %s probe" % verb)
            log(machine, name)
    with case.check("sv pause and sv cont"):
        pid = running(machine, "probe")
        machine.output("sv pause probe")
        machine.eventually(status("probe"), RUNS % "probe" + ", paused")
        machine.eventually("awk '/^State:/ { print $2 }' /proc/%s/status" % pid, "T")
        machine.output("sv cont probe")
        machine.eventually(status("probe"), RUNS % "probe")
        machine.eventually("awk '/^State:/ { print $2 }' /proc/%s/status" % pid, "S")
    for verb, noted in (("term", ("TERM", "started")), ("kill", ("started",))):
        with case.check("after sv %s it is started anew" % verb):
            before = running(machine, "probe")
            machine.output("sv %s probe" % verb)
            machine.eventually(status("probe"), r"run: probe: \(pid (?!%s\))\d+\) \d+s" % before)
            log(machine, *noted)
    with case.check("sv restart waits for the new one"):
        before = running(machine, "probe")
        machine.expect("sv -w 10 restart probe", r"ok: run: probe: \(pid (?!%s\))\d+\) \d+s" % before)
        log(machine, "TERM", "started")
    with case.check("sv check says that it runs"):
        machine.expect("sv -w 10 check probe", "ok: " + RUNS % "probe")
    with case.check("sv stop waits until it is down"):
        machine.expect("sv -w 10 stop probe", "ok: " + down)
        log(machine, "TERM")
    with case.check("sv start waits until it runs"):
        machine.expect("sv -w 10 start probe", "ok: " + RUNS % "probe")
        log(machine, "started")
    with case.check("sv once does not start it again"):
        machine.output("sv -w 10 stop probe && sv once probe")
        machine.eventually(status("probe"), RUNS % "probe" + ", want down")
        log(machine, "TERM", "started")
        machine.output("sv term probe")
        machine.eventually(status("probe"), down)
        log(machine, "TERM")
    with case.check("sv exit ends it"):
        machine.output("sv -w 10 start probe")
        pid = running(machine, "probe")
        machine.output("sv exit probe")
        machine.eventually("test -e /proc/%s || echo gone" % pid, "gone")
    with case.check("sv fails for a service that nobody knows"):
        code, output = machine.run("sv status nobody")
        if code != 1 or "nobody" not in output:
            raise Failed("exit status %d: %s" % (code, output))
    with case.check("no zombie is left of all that"):
        machine.eventually(ZOMBIES, "0")


def check_svctl(case, machine):
    with case.check("svctl check finds nothing wrong with the image's own services"):
        machine.expect("svctl check klogd syslogd udhcpc", "klogd: ok\nsyslogd: ok\nudhcpc: ok")
    with case.check("svctl log finds what services say to syslog"):
        machine.expect("svctl log syslogd | tail -n 1", ".* syslogd (started|exiting).*")
        machine.expect("svctl log klogd | grep -c '/kernel.log'", "1")
    with case.check("svctl new makes a service that runs and logs"):
        machine.output("svctl new teller -- sh -c 'echo \"it is here\"; exec sleep 36000'")
        machine.expect("svctl check teller", "teller: ok")
        machine.output("svctl enable --now teller")
        machine.eventually("svctl log teller", r"\S+ it is here")
    with case.check("svctl tree shows init, the supervisor, the service and its process"):
        machine.expect("NO_COLOR=1 svctl tree teller", r"1 .*init\n.*runsvdir /etc/rc.d\n.*teller: run .*\n.* sleep 36000\n"
                       r".*log: run .*\n.* svlogd -tt /var/log/teller")
    with case.check("svctl events tells of a restart"):
        machine.output("svctl events teller >/tmp/events & until grep -q 'teller: run' /tmp/events; do :; done; "
                       "svctl restart teller; until [ $(grep -c 'teller: run, pid [0-9]*$' /tmp/events) -ge 2 ]; do :; "
                       "done; kill $!")
    with case.check("svctl disable takes it away"):
        machine.output("svctl disable teller && rm -r /etc/init.d/teller")

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our sv against runit's and busybox's: the same script of commands, with each sv,
under each runsv. Pids and seconds apart, output and exit codes must be the same;
where we want them to differ, WANTED says how and why.

BIN: our programs (build/bin). RUNIT_BIN: runit's, if they are not in PATH. BUSYBOX:
one that has sv and runsv, as Debian's has not (build/bench/busybox).
"""

import atexit
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

DEADLINE = float(os.environ.get("TEST_SECONDS", "90"))       # s; nothing here may take longer
BIN = os.path.abspath(os.environ.get("BIN", "build/bin"))


def runit_program(name):
    found = shutil.which(name, path=os.environ.get("RUNIT_BIN") or os.environ.get("PATH"))
    # busybox's, or our own, is not what we compare with
    if found and os.path.basename(os.path.realpath(found)) == name \
            and not os.path.realpath(found).startswith(os.path.realpath(BIN) + "/"):
        return found
    return None


def busybox_programs():
    """A directory with busybox's sv and runsv, or None."""
    busybox = os.environ.get("BUSYBOX") or os.path.join(BIN, "../bench/busybox")
    if not os.access(busybox, os.X_OK):
        return None
    links = tempfile.mkdtemp(prefix="test_sv.busybox.")
    atexit.register(shutil.rmtree, links, True)
    for name in ("sv", "runsv"):
        os.symlink(os.path.abspath(busybox), os.path.join(links, name))
    return links


def until(condition, what, seconds=DEADLINE):
    """Waits for an event that nothing tells of, but for looking."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not happen in %d s: %s" % (seconds, what))
        time.sleep(0.01)


TAI_OFFSET = 4611686018427387914
ANEW = "since the command"      # of what to wait for: the state is a new one
# Commands whose end runit's sv tells by the second.
BY_THE_SECOND = {"once", "restart", "try-restart", "force-restart", "force-reload", "T"}

SLEEPER = "exec sleep 1000"
# name: files under the service directory, and their contents
SERVICES = {
    "web": {"run": SLEEPER},
    "two words": {"run": SLEEPER},
    "logged": {"run": SLEEPER, "log/run": "exec cat"},
    "log-down": {"run": SLEEPER, "log/run": "exec cat", "log/down": None},
    "late-log": {"run": SLEEPER},                   # log/ is made later
    "odd-log": {"run": SLEEPER},                    # log is made later, a file
    "normally-down": {"run": SLEEPER, "down": None},
    "odd-down": {"run": SLEEPER},                   # down becomes a loop later
    "stubborn": {"run": "trap '' TERM HUP; while :; do sleep 1; done"},
    "checked": {"run": SLEEPER, "check": "touch asked; test -e ready"},
    "check-unexecutable": {"run": SLEEPER, "check": None},
    "check-speaks": {"run": SLEEPER, "check": "echo out 2>/dev/null; echo err >&2"},
    "finishing": {"run": SLEEPER, "finish": "while ! test -e go; do sleep 0.05; done"},
    "gone": {"run": SLEEPER},
    "gone-logged": {"run": SLEEPER, "log/run": "exec cat"},
}


class World:
    """A scan directory with services and a supervisor for each."""

    def __init__(self, runsv, sv):
        self.runsv, self.sv = runsv, sv
        self.root = tempfile.mkdtemp(prefix="test_sv.")
        self.svdir = os.path.join(self.root, "services")
        self.names = os.path.join(self.root, "names")
        self.supervisors = {}
        self.pids = set()
        self.held = []

    def begin(self):
        os.mkdir(self.svdir)
        os.mkdir(self.names)
        os.mkdir(self.path("bare"))
        open(self.path("a-file"), "w").close()
        for name in ("web", "normally-down", "gone", "bare", "logged", "stubborn", "log-down"):
            os.symlink(self.sv, os.path.join(self.names, name))
        os.symlink(self.sv, os.path.join(self.names, "sv"))
        for name, files in SERVICES.items():
            for file, text in files.items():
                self.write(name, file, text)
        for name in SERVICES:
            self.supervise(name)
        for name, files in SERVICES.items():
            self.settle(name, "down" if "down" in files else "run")
            if "log/run" in files:
                self.settle(name + "/log", "down" if "log/down" in files else "run")
        self.make_odd()

    def make_odd(self):
        """What a supervisor would not make."""
        os.symlink("down", self.path("odd-down/down"))
        # runit does not see one that is made later; ours does, and cannot use this one
        self.write("late-log/made", "supervise", None)
        os.rename(self.path("late-log/made"), self.path("late-log/log"))
        self.write("odd-log", "log", None)
        for name in ("gone", "gone-logged"):
            self.give_up(name)
        shutil.copytree(self.path("gone"), self.path("no-status"), symlinks=True,
                        ignore=lambda *_: ["supervise"])
        for name in ("no-status", "short-status", "status-directory"):
            os.makedirs(self.path(name + "/supervise"))
            for fifo in ("ok", "control"):
                path = self.path(name + "/supervise/" + fifo)
                os.mkfifo(path)
                self.held.append(os.open(path, os.O_RDWR))
        self.write("short-status", "supervise/status", None)
        os.mkdir(self.path("status-directory/supervise/status"))

    def path(self, name):
        return os.path.join(self.svdir, name)

    def write(self, name, file, text):
        path = self.path(os.path.join(name, file))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            out.write("" if text is None else "#!/bin/sh\n" + text + "\n")
        if text is not None:
            os.chmod(path, 0o755)

    def supervise(self, name):
        log = open(os.path.join(self.root, "supervisors"), "a")
        self.supervisors[name] = subprocess.Popen(
            [self.runsv, self.path(name)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

    def give_up(self, name):
        supervisor = self.supervisors.pop(name)
        supervisor.terminate()
        supervisor.wait(DEADLINE)

    def record(self, name):
        """The 20 bytes of a service's record, or None."""
        try:
            with open(self.path(name + "/supervise/status"), "rb") as file:
                record = file.read(20)
        except OSError:
            return None
        return record if len(record) == 20 else None

    def status(self, name):
        """(state, want, paused, got TERM), or None."""
        record = self.record(name)
        if not record:
            return None
        pid = int.from_bytes(record[12:16], "little")
        if pid:
            self.pids.add(pid)
        return (("down", "run", "finish")[record[19]], chr(record[17]), record[16], record[18])

    def settle_starts(self):
        """A TERM between runit's fork and exec is lost to a handler of runsv's: no
        command is to come so early."""
        def started(pid):
            try:
                return os.readlink("/proc/%d/exe" % pid) != os.path.realpath(self.runsv)
            except OSError:
                return True
        for name in SERVICES:
            for service in (name, name + "/log"):
                self.status(service)
        for pid in self.pids:
            until(lambda: started(pid), "%d executes its run script" % pid)

    def settle_second(self, names):
        """runit's sv takes a change in the second in which it was called for its own
        doing, so none may have been shortly before."""
        last = max([0] + [int.from_bytes(record[:8], "big") - TAI_OFFSET
                          for record in map(self.record, names) if record])
        until(lambda: time.time() >= last + 1, "a new second")

    def settle(self, name, state, want=None, paused=None, term=None, before=None):
        """Waits for that state, and for a change since the record BEFORE."""
        def settled():
            now = self.status(name)
            if before and self.record(name)[:12] == before[:12]:
                return False
            return now and now[0] == state and all(
                expected is None or expected == is_now
                for expected, is_now in zip((want, paused, term), now[1:]))
        until(settled, "%s: %s, want %s; it is %s" % (name, state, want, self.status(name)))

    def run(self, arguments, program="sv", env=None, cwd=None):
        """(exit code, stdout, stderr)"""
        environment = dict(os.environ, SVDIR=self.svdir)
        environment.pop("SVWAIT", None)
        environment.update(env or {})
        done = subprocess.run(
            [os.path.join(self.names, program)] + arguments, env=environment,
            cwd=cwd or self.svdir, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=DEADLINE)
        return (done.returncode, self.mask(done.stdout), self.mask(done.stderr))

    def mask(self, text):
        text = text.decode(errors="replace").replace(self.root, "ROOT")
        text = re.sub(r"\(pid \d+\)", "(pid N)", text)
        return re.sub(r"\b\d+s\b", "Ns", text)

    def end(self):
        """Ends what was started here, and nothing else."""
        for name in SERVICES:
            for service in (name, name + "/log"):
                self.status(service)
                try:
                    control = os.open(self.path(service + "/supervise/control"),
                                      os.O_WRONLY | os.O_NONBLOCK)
                    os.write(control, b"dxk")
                    os.close(control)
                except OSError:
                    pass
        for supervisor in self.supervisors.values():
            supervisor.terminate()
        self.write("finishing", "go", None)
        for supervisor in self.supervisors.values():
            try:
                supervisor.wait(3)
            except subprocess.TimeoutExpired:
                supervisor.kill()
                supervisor.wait()
        for pid in self.pids:
            try:
                with open("/proc/%d/cwd/run" % pid):
                    if os.readlink("/proc/%d/cwd" % pid).startswith(self.root):
                        os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        for fd in self.held:
            os.close(fd)
        shutil.rmtree(self.root, ignore_errors=True)


# ---- the script: (what it shows, sv's arguments, and what to wait for afterwards)

def steps():
    """name, arguments, options of World.run, then (service, state, …) to settle.
    Longer than a screen: a table."""
    def step(name, arguments, *settle, **options):
        return (name, arguments, options, settle)

    return [
        step("usage: no arguments", []),
        step("usage: no service", ["status"]),
        step("usage: unknown command", ["frobnicate", "web"]),
        step("usage: empty command", ["", "web"]),
        step("usage: part of restart", ["rest", "web"]),
        step("usage: part of force-stop", ["force", "web"]),
        step("usage: unknown option", ["-x", "status", "web"]),
        step("usage: unknown option in a cluster", ["-vz", "status", "web"]),
        step("usage: -w without seconds", ["-w"]),
        step("usage: -V", ["-V"]),
        step("options end at --", ["--", "status", "web"]),
        step("options end at the command", ["status", "-v"]),
        step("SVWAIT is nonsense", ["status", "web"], env={"SVWAIT": "soon"}),
        step("-w is nonsense", ["-w", "soon", "status", "web"]),

        step("status", ["status", "web"]),
        step("status by its first letter", ["s", "web"]),
        step("status by any word with that letter", ["sing", "web"]),
        step("status of several", ["status", "web", "normally-down", "logged"]),
        step("status of a name with a blank", ["status", "two words"]),
        step("status: not normally up", ["status", "normally-down"]),
        step("status with a logger", ["status", "logged"]),
        step("status with a logger that is down", ["status", "log-down"]),
        step("status of a logger", ["status", "logged/log"]),
        step("status: a log directory that nobody supervises", ["status", "late-log"]),
        step("status: log is a file", ["status", "odd-log"]),
        step("status: cannot stat down", ["status", "odd-down"]),
        step("status by path", ["status", "./web", "../services/web", "web/"]),
        step("status by absolute path", ["status", "/nonexistent/web"]),
        step("status: no such service", ["status", "nonesuch"]),
        step("status: empty name", ["status", ""]),
        step("status: a file", ["status", "a-file"]),
        step("status: never supervised", ["status", "bare"]),
        step("status: no longer supervised", ["status", "gone"]),
        step("status: no longer supervised, with a logger", ["status", "gone-logged"]),
        step("status: no record", ["status", "no-status"]),
        step("status: a short record", ["status", "short-status"]),
        step("status: the record is a directory", ["status", "status-directory"]),
        step("status: counts what failed", ["status", "bare", "web", "gone", "nonesuch"]),
        step("status: counts to 99", ["status"] + ["bare"] * 120),
        step("SVDIR does not exist", ["status", "web"], env={"SVDIR": "/nonexistent"}),
        step("SVDIR is empty", ["status", "web"], env={"SVDIR": ""}),
        step("SVDIR ends with a slash", ["status", "web"], env={"SVDIR": "../services/"}),
        step("a name too long", ["status", "x" * 300]),
        step("-v with status changes nothing", ["-v", "status", "web"]),

        step("down", ["down", "web"], ("web", "down", "d")),
        step("down when it is down", ["down", "web"], ("web", "down", "d")),
        step("status when down", ["status", "web"]),
        step("up by its first letter", ["u", "web"], ("web", "run", "u")),
        step("up when it is up", ["up", "web"], ("web", "run", "u")),
        step("-v down", ["-v", "down", "web"]),
        step("-v up", ["-v", "up", "web"]),
        step("once", ["once", "normally-down"], ("normally-down", "run", "d")),
        step("status after once", ["status", "normally-down"]),
        step("-v once", ["-v", "once", "normally-down"]),
        step("down after once", ["-v", "down", "normally-down"]),
        step("-v alarm of one that is down", ["-v", "alarm", "normally-down", "bare"]),
        step("-v once of one that is down", ["-v", "once", "normally-down"]),
        step("up after once", ["-v", "up", "normally-down"]),
        step("pause", ["pause", "web"], ("web", "run", "u", 1)),
        step("status when paused", ["status", "web"]),
        step("-v pause", ["-v", "pause", "web"]),
        step("-v cont", ["-v", "cont", "web"], ("web", "run", "u", 0)),
        step("a word beginning with c", ["-v", "continue", "web"]),
        step("-v hup", ["-v", "hup", "stubborn"], ("stubborn", "run", "u")),
        step("reload", ["reload", "stubborn"]),

        step("start", ["start", "web"]),
        step("stop", ["stop", "web"]),
        step("stop when it is stopped", ["stop", "web"]),
        step("start when it is stopped", ["start", "web"]),
        step("start several", ["start", "web", "two words", "normally-down"]),
        step("restart", ["restart", "two words"], ("two words", "run", "u", ANEW)),
        step("restart of one that is stopped, first half", ["stop", "web"]),
        step("restart of one that is stopped", ["restart", "web"]),
        step("try-restart", ["try-restart", "two words"], ("two words", "run", "u", ANEW)),
        step("try-restart of one that is stopped, first half", ["stop", "web"]),
        step("try-restart of one that is stopped", ["try-restart", "web"]),
        step("check when wanted down", ["check", "web"]),
        step("check when wanted up", ["check", "two words"]),
        step("force-stop", ["force-stop", "two words"]),
        step("force-restart", ["force-restart", "two words"], ("two words", "run", "u", ANEW)),
        step("force-reload", ["force-reload", "two words"], ("two words", "run", "u", ANEW)),
        step("D", ["D", "two words"]),
        step("back again", ["start", "two words", "web"]),
        step("T", ["T", "two words"], ("two words", "run", "u", ANEW)),
        step("control: a logger is a service", ["-v", "up", "log-down/log"]),
        step("control: never supervised", ["up", "bare", "web"]),
        step("control: no longer supervised", ["start", "gone"]),
        step("control: no record", ["start", "no-status"]),
        step("control: no such service", ["stop", "nonesuch"]),
        step("check: no longer supervised", ["check", "gone"]),

        step("timeout", ["-w", "4", "stop", "stubborn"], ("stubborn", "run", "d", 0, 1)),
        step("timeout again", ["-w", "1", "down", "stubborn"]),
        step("SVWAIT", ["stop", "stubborn", "nonesuch"], env={"SVWAIT": "1"}),
        step("kill at the end", ["-w", "4", "force-stop", "stubborn"], ("stubborn", "down", "d")),
        step("up after that", ["-v", "up", "stubborn"], ("stubborn", "run", "u")),
        step("kill restarts", ["kill", "web"], ("web", "run", "u", ANEW)),
        step("check script: not yet", ["-w", "1", "start", "checked"]),
        step("check script: not yet, check", ["-w", "1", "check", "checked"]),
        step("check script cannot be executed", ["start", "check-unexecutable"]),
        step("check script: its output", ["start", "check-speaks"]),
        step("check script: not asked when stopped", ["stop", "checked"]),
        step("finish: status", ["down", "finishing"], ("finishing", "finish", "d")),
        step("finish: stop is not done", ["-w", "1", "stop", "finishing"]),
        step("finish: shown", ["status", "finishing"]),

        step("LSB: usage", [], program="web"),
        step("LSB: unknown action", ["frobnicate"], program="web"),
        step("LSB: status is a whole word", ["s"], program="web"),
        step("LSB: unknown option", ["-x", "status"], program="web"),
        step("LSB: status, up", ["status"], program="web"),
        step("LSB: status, further words", ["status", "me"], program="web"),
        step("LSB: stop", ["stop"], program="web"),
        step("LSB: status, down", ["status"], program="web"),
        step("LSB: start", ["start"], program="web"),
        step("LSB: restart", ["restart"], program="normally-down"),
        step("LSB: status, unknown", ["status"], program="bare"),
        step("LSB: status, no longer supervised", ["status"], program="gone"),
        step("LSB: start, no longer supervised", ["start"], program="gone"),
        step("LSB: status with a logger", ["status"], program="logged"),
        step("LSB: status without its service", ["status"], program="sv",
             env={"SVDIR": "/nonexistent"}),
        step("LSB: timeout", ["-w", "1", "stop"], program="stubborn"),
        step("LSB: status of one whose logger is down, first half", ["stop", "log-down/log"]),
        step("LSB: status of one whose logger is down", ["status"], program="log-down"),

        step("exit, nobody there", ["exit", "gone"]),
        step("-v exit, nobody there", ["-v", "exit", "gone"]),
        step("exit, never supervised", ["exit", "bare"]),
        step("shutdown", ["shutdown", "web"]),
        step("force-shutdown", ["force-shutdown", "two words"]),
        step("-v exit with a logger", ["-v", "exit", "logged"]),
        step("start after exit", ["start", "web"]),
    ]


USAGE = "usage: sv [-v] [-w sec] command service ...\n\n"

# What we want different under any runsv: (exit code, stdout, stderr), why.
WANTED = {
    "usage: -V": (
        (0, "sv (pidone) VERSION\n", ""),
        "to ask for the version is no wrong usage"),
    "SVWAIT is nonsense": (
        (100, "", "sv: SVWAIT is not a number of seconds: soon\n" + USAGE),
        "runit takes it for 0, and so does not wait"),
    "-w is nonsense": (
        (100, "", "sv: not a number of seconds: soon\n" + USAGE),
        "runit takes it for 0, and so does not wait"),
    "status: a log directory that nobody supervises": (
        (1, "run: late-log: (pid N) Ns; warning: late-log/log: unable to open supervise/ok: "
            "not a directory\n", ""),
        "runit goes on with a line that shows the service as its own logger"),
    "up after once": (
        (0, "ok: run: normally-down: (pid N) Ns, normally down\n", ""),
        "runit does not wait until the letter has been read: it may say «want down» still"),
    "LSB: status of one whose logger is down": (
        (0, "run: log-down: (pid N) Ns; down: log: Ns\n", ""),
        "the service runs: runit's exit code is about the logger"),
}

# Of busybox's sv: a usage of its own; it has no init script's face.
BUSYBOX_HAS_NOT = ("usage", "LSB", "options end at the command")
BUSYBOX_WANTED = {
    "timeout again": (
        (1, "timeout: run: stubborn: (pid N) Ns, want down, got TERM\n", ""),
        "busybox does not wait for what it need not send again"),
    "check script cannot be executed": (
        (0, "ok: run: check-unexecutable: (pid N) Ns\n",
         "warning: unable to run check-unexecutable/check: access denied\n"),
        "as runit: available; busybox takes it for failed, and says so again and again"),
    "check script: its output": (
        (0, "ok: run: check-speaks: (pid N) Ns\n", "err\n"),
        "as runit: its standard output is closed"),
}
BUSYBOX_WANTED.update({step: (
    (0, "ok: %s: runsv not running\n" % name, ""),
    "as runit: that the supervisor is gone is what was asked for") for step, name in (
        ("exit, nobody there", "gone"), ("-v exit, nobody there", "gone"), ("shutdown", "web"),
        ("force-shutdown", "two words"), ("-v exit with a logger", "logged"))})

# What runit's sv says here depends on who is faster.
RACES = {"up after once"}
SEVERAL_AT_ONCE = {"start several", "back again"}   # reported as each gets there


class Results:
    def __init__(self):
        self.count = self.failed = 0

    def report(self, name, problem=None):
        self.count += 1
        print(("ok - " if problem is None else "not ok - ") + name, flush=True)
        if problem is not None:
            self.failed += 1
            for line in problem.splitlines():
                print("#   " + line)

    def skip(self, name, why):
        self.count += 1
        print("ok - %s # SKIP %s" % (name, why), flush=True)


def play(runsv, sv, results, key):
    """Plays the script in a world of its own; results[key] is a list, or an error."""
    world = World(runsv, sv)
    try:
        world.begin()
        played = []
        for name, arguments, options, settle in steps():
            world.settle_starts()
            if set(arguments) & BY_THE_SECOND:
                world.settle_second(arguments)
            before = {what[0]: world.record(what[0]) for what in settle if ANEW in what}
            code, out, err = world.run(arguments, **options)
            if name in SEVERAL_AT_ONCE:
                out = "".join(sorted(out.splitlines(True)))
            played.append((name, (code, re.sub(r"(\(pidone\)) \S+", r"\1 VERSION", out), err)))
            for what in settle:
                try:
                    world.settle(*(part for part in what if part != ANEW),
                                 before=before.get(what[0]))
                except AssertionError as error:
                    raise AssertionError("after «%s»: %s" % (name, error)) from None
        results[key] = played
    except Exception as error:      # whatever it is, it is this play's result
        results[key] = error
    finally:
        world.end()


def compare(results, name, theirs, ours):
    for side, played in (("runit's sv", theirs), ("our sv", ours)):
        if isinstance(played, Exception):
            results.report("%s: the whole script" % name, "%s: %s" % (side, played))
            return
    for (step, expected), (_, got) in zip(theirs, ours):
        why = ""
        if step in WANTED:
            expected, why = WANTED[step][0], " (wanted: %s)" % WANTED[step][1]
        problem = None
        if got != expected:
            problem = "expected %r\ngot      %r" % (expected, got)
        results.report("%s: %s%s" % (name, step, why), problem)


# ---- what only ours does, under any runsv

def test_wait_zero(world):
    """-w 0 looks once and returns at once."""
    code, out, _ = world.run(["-w", "0", "stop", "stubborn"], env={"SVWAIT": "1000"})
    assert code == 1 and out.startswith("timeout: run: stubborn: "), (code, out)


def test_wait_fraction(world):
    """-w takes a fraction of a second."""
    took = []
    for _ in range(4):      # the best of four: the machine may be busy
        begun = time.monotonic()
        code, _, _ = world.run(["-w", "0.3", "stop", "stubborn"])
        took.append(time.monotonic() - begun)
        assert code == 1 and took[-1] >= 0.3, "exit %d after %.3f s" % (code, took[-1])
    assert min(took) < 0.9, took


def wait_for_checked(world, command):
    """sv, waiting for the check script of `checked`, which has said no."""
    asked = world.path("checked/asked")
    world.settle("checked", "run", "u")
    if os.path.exists(asked):
        os.unlink(asked)
    sv = subprocess.Popen([os.path.join(world.names, "sv"), "-w", "15", command, "checked"],
                          env=dict(os.environ, SVDIR=world.svdir),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    until(lambda: os.path.exists(asked), "the check script has been run")
    return sv


def test_supervisor_comes_back(world):
    """A supervisor that dies during the wait and comes back does not end it."""
    sv = wait_for_checked(world, "start")
    with open(world.path("checked/supervise/pid")) as file:
        service = int(file.read())
    supervisor = world.supervisors.pop("checked")
    supervisor.kill()
    supervisor.wait()
    os.kill(service, signal.SIGKILL)
    until(lambda: not os.path.exists("/proc/%d/cwd" % service), "the service has ended")
    assert sv.poll() is None, "sv did not wait: %s" % sv.communicate()[0]
    world.supervise("checked")
    world.write("checked", "ready", None)
    out = world.mask(sv.communicate(timeout=DEADLINE)[0])
    assert sv.returncode == 0 and out == "ok: run: checked: (pid N) Ns\n", (sv.returncode, out)
    os.unlink(world.path("checked/ready"))


def test_check_is_retried(world):
    """A check script that fails is run again although the record does not change."""
    sv = wait_for_checked(world, "check")
    world.write("checked", "ready", None)
    out = world.mask(sv.communicate(timeout=DEADLINE)[0])
    assert sv.returncode == 0 and out == "ok: run: checked: (pid N) Ns\n", (sv.returncode, out)
    os.unlink(world.path("checked/ready"))


def test_check_that_hangs(world):
    """A check script that hangs is given up at the deadline, and another service
    is reported meanwhile."""
    world.write("checked", "check", "exec sleep 1000")
    code, out, _ = world.run(["-w", "1", "start", "checked", "web"])
    world.write("checked", "check", "test -e ready")
    assert code == 1 and out == "ok: run: web: (pid N) Ns\ntimeout: run: checked: (pid N) Ns\n", \
        (code, out)


def test_check_killed(world):
    """A check script that a signal kills has not said yes (runit: it has)."""
    world.write("checked", "check", "kill -9 $$")
    code, out, _ = world.run(["-w", "0.5", "start", "checked"])
    world.write("checked", "check", "test -e ready")
    assert code == 1 and out == "timeout: run: checked: (pid N) Ns\n", (code, out)


def test_not_a_fifo(world):
    """Files where FIFOs should be are neither written to nor taken for them."""
    for name in ("ok", "control"):
        directory = world.path("file-for-%s/supervise" % name)
        os.makedirs(directory)
        shutil.copy(world.path("web/supervise/status"), directory)
        for fifo in ("ok", "control"):
            os.mkfifo(os.path.join(directory, fifo))
        os.unlink(os.path.join(directory, name))
        open(os.path.join(directory, name), "w").close()
        held = os.open(os.path.join(directory, "control" if name == "ok" else "ok"), os.O_RDWR)
        code, out, _ = world.run(["restart", "file-for-" + name])
        os.close(held)
        assert code == 1, code
        assert out == ("warning: file-for-%s: unable to open supervise/%s: invalid argument\n"
                       % (name, name)), out
        assert os.path.getsize(os.path.join(directory, name)) == 0, "it was written to"


def test_hundred_at_once(world):
    """A hundred waits are one wait: one after the other would be past the deadline."""
    code, out, _ = world.run(["-w", str(DEADLINE / 50), "stop"] + ["stubborn"] * 100)
    assert code == 99 and out.count("timeout: ") == 100, (code, out)


def test_reader_gone(world):
    """Every service is told, though nobody reads what sv says."""
    read, write = os.pipe()
    os.close(read)
    sv = subprocess.Popen([os.path.join(world.names, "sv"), "stop", "nonesuch", "web"],
                          env=dict(os.environ, SVDIR=world.svdir), stdout=write)
    os.close(write)
    sv.wait(DEADLINE)
    world.settle("web", "down", "d")
    code, _, _ = world.run(["start", "web"])
    assert code == 0, code


def test_list(world):
    """svctl list: a line for each directory, in order, aligned; what cannot be read is told once."""
    os.symlink(world.sv, os.path.join(world.names, "svctl"))
    code, out, err = world.run([], program="svctl")
    lines = out.splitlines()
    names = sorted(name for name in os.listdir(world.svdir) if os.path.isdir(world.path(name)))
    unreadable = sum(" unreadable " in line for line in lines)
    assert code == unreadable > 0 and err.count("\n") == 1, (code, err)
    assert lines[0].split() == ["SERVICE", "STATE", "PID", "FOR", "RESTARTS", "EXIT", "READY", "MEM", "CPU",
                                "LOGGER", "ENABLED"], lines[0]
    column = lines[0].index("STATE")
    assert [line[:column].rstrip() for line in lines[1:]] == names, out
    web = next(line for line in lines if line.startswith("web "))
    assert web[column:].split()[0] == "run", web
    assert world.run(["list"], program="svctl")[0] == code
    code, out, err = world.run(["list"], program="svctl", env={"SVDIR": "/nonexistent"})
    assert (code, out, err) == (
        100, "", "svctl: /nonexistent: cannot list services: file does not exist: SVDIR names "
        "the directory that runsvdir was given\n"), (code, err)


def test_help(world):
    """svctl --help names sv's commands, and each of them is one."""
    svctl = os.path.join(world.names, "svctl")
    if not os.path.exists(svctl):
        os.symlink(world.sv, svctl)
    code, out, _ = world.run(["--help"], program="svctl")
    words = re.findall(r"^  ([a-z12][a-z-]*) +\S", out.partition("The commands of sv")[2], re.M)
    assert code == 0 and {"up", "try-restart", "force-shutdown"} <= set(words), out
    for word in set(words):
        code, out, _ = world.run([word, "bare"])
        assert (code, out) == (
            1, "warning: bare: unable to open supervise/ok: file does not exist\n"), (word, out)


OURS = [test_wait_zero, test_wait_fraction, test_supervisor_comes_back, test_check_is_retried,
        test_check_that_hangs, test_check_killed, test_not_a_fifo, test_hundred_at_once,
        test_reader_gone, test_list, test_help]


def run_ours(results, name, runsv, sv):
    world = World(runsv, sv)
    try:
        world.begin()
        world.settle_starts()
        world.run(["-w", "0", "stop", "stubborn"])
        for test in OURS:
            problem = None
            try:
                test(world)
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                problem = "%s: %s" % (type(error).__name__, error)
            results.report("%s: %s" % (name, " ".join(test.__doc__.split())), problem)
    except AssertionError as error:
        results.report("%s: services start" % name, str(error))
    finally:
        world.end()


def main():
    results = Results()
    our_sv, our_runsv = os.path.join(BIN, "svctl"), os.path.join(BIN, "runsv")
    their_sv, their_runsv = runit_program("sv"), runit_program("runsv")
    supervisors = {}
    if not os.path.exists(our_sv):
        results.report("our sv", "%s does not exist: build it, or set BIN" % our_sv)
        sys.exit(1)
    if their_runsv:
        supervisors["runit's runsv"] = their_runsv
    if os.path.exists(our_runsv):
        supervisors["our runsv"] = our_runsv
    if not (their_sv and their_runsv):
        results.skip("sv against runit's", "runit is not installed: apt-get install runit, "
                     "or set RUNIT_BIN")
    busybox = busybox_programs()
    plays, threads = {}, []
    for name, runsv in supervisors.items():
        for sv in (their_sv, our_sv) if their_sv else ():
            threads.append(threading.Thread(target=play, args=(runsv, sv, plays, (name, sv))))
    if busybox:
        for runsv, sv in ((busybox, busybox), (busybox, None), (None, busybox)):
            threads.append(threading.Thread(target=play, args=(
                os.path.join(runsv, "runsv") if runsv else our_runsv,
                os.path.join(sv, "sv") if sv else our_sv, plays, ("busybox", runsv, sv))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if their_sv:
        for name in supervisors:
            compare(results, "under " + name, plays[name, their_sv], plays[name, our_sv])
        if len(supervisors) == 2:
            their, our = (plays[name, their_sv] for name in supervisors)
            compare_supervisors(results, their, our, "runit")
    if busybox:
        theirs = plays["busybox", busybox, busybox]
        compare_busybox(results, theirs, plays["busybox", busybox, None])
        compare_supervisors(results, theirs, plays["busybox", None, busybox], "busybox")
    else:
        results.skip("sv against busybox's", "Debian's busybox has none: make build/bench/busybox")
    for name, runsv in supervisors.items():
        run_ours(results, "our sv under " + name, runsv, our_sv)
    print("1..%d" % results.count)
    sys.exit(1 if results.failed else 0)


def said_once(text):
    """How often busybox's sv says the same depends on how often it looks."""
    return re.sub(r"^(.*\n)\1+", r"\1", text, flags=re.M)


def compare_supervisors(results, theirs, ours, whose):
    """Somebody else's sv cannot tell our runsv from theirs."""
    name = "%s's sv under either runsv" % whose
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        results.skip(name, "the script did not end: %s, %s" % (theirs, ours))
        return
    for (step, expected), (_, got) in zip(theirs, ours):
        expected, got = (said[:2] + (said_once(said[2]),) for said in (expected, got))
        results.report("%s: %s" % (name, step), None if step in RACES or got == expected else
                       "under theirs %r\nunder ours   %r" % (expected, got))


def from_busybox(text):
    """What busybox's sv says, in runit's words: it has the C library's for errors."""
    text = re.sub(r"^sv: warning: can't run child", "warning: unable to run", text, flags=re.M)
    text = re.sub(r"^sv: warning: can't", "warning: unable to", text, flags=re.M)
    text = re.sub(r"warning: (.+): can't open supervise/\S+: No such device or address",
                  r"fail: \1: runsv not running", text)
    text = text.replace(": can't ", ": unable to ")
    for theirs, ours in (("No such file or directory", "file does not exist"), ("Not a directory", "not a directory"),
                         ("Is a directory", "is a directory"), ("Symbolic link loop", "symbolic link loop"),
                         ("Filename too long", "file name too long"), ("File name too long", "file name too long"),
                         ("Permission denied", "access denied"), ("Invalid argument", "invalid argument")):
        text = text.replace(": " + theirs + "\n", ": " + ours + "\n")
    return text


def compare_busybox(results, theirs, ours):
    """Our sv under busybox's runsv against busybox's own: the same but for its words."""
    name = "under busybox's runsv"
    for played in (theirs, ours):
        if isinstance(played, Exception):
            results.report("%s: the whole script" % name, str(played))
            return
    for (step, (code, out, err)), (_, got) in zip(theirs, ours):
        expected = (code, from_busybox(out), from_busybox(err))
        if step.startswith(BUSYBOX_HAS_NOT) or step in WANTED:
            continue
        why = ""
        if step in BUSYBOX_WANTED:
            expected, why = BUSYBOX_WANTED[step][0], " (wanted: %s)" % BUSYBOX_WANTED[step][1]
        results.report("%s: %s%s" % (name, step, why), None if got == expected else
                       "expected %r\ngot      %r" % (expected, got))


if __name__ == "__main__":
    main()

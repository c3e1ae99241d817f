# SPDX-License-Identifier: MIT
"""Scenarios: what has to be seen of a supervisor, of sv or of an init, as data, and
how it is seen of ours, of runit's and of busybox's.

A theme is a file, *.toml: `title`; `world`, which is "services" (programs beside each
other in a directory) or "init" (process 1 of a PID namespace whose root directory has
nothing but busybox's utilities and what is tried); `implementations`, who can be asked
at all. A scenario:

row       the key of the sentence in rows.toml that it shows
shows     what is seen, in a sentence
only      who can be asked, if not all of the theme; then
why       says why not the others
programs  path = "shell" ("#!/bin/sh" is put before it), executable
files     path = "text"
modes     path = "0644", where it is another one than that
steps     one a line, below
observed  what ours has to show, line by line, and all the others,
differs   but for these. differs.WHO.because is how a row of docs/COMPATIBILITY.md
          begins, or how the rest of a line here begins, "bug: …" (theirs, which may
          be mended one day); differs.WHO.observed is what they show.

Steps; those that show something are marked *. A step that waits in vain ends the
scenario with the line "never: STEP". There are two programs, for who is started: `say
WORDS` appends a line to a file that is called `said` here; `signals` says up, then the
name of each signal that it gets, and ends on TERM, or not if it is called with `deaf`.

runsv NAME, runsvdir [-P] [LOG], init WORDS   starts it; with "runsvdir pid1", as process 1
tell NAME LETTERS        writes them to NAME/supervise/control
signal WHO NAME          to a program that was started, or to a service's process; after KILL
                         until it has died
wait NAME STATE [FIELD=VALUE]…   until its record says so, with a pid if it is not down;
                         fields: want paused term
wait said LINE [TIMES]   until the file has it so often
wait message PATTERN     until a supervisor, or init, or what init started, has written a line
                         in which it is found
told PATTERN           * how many such lines there are: one or more
ends WHO               * until it ends; how
status NAME            * the 20 bytes, but for pid and time
said                   * all its lines
environment NAME=VALUE   for init; -uNAME: without it
processes              * the command lines of all but process 1, in order
type TEXT                on init's terminal; there is one if `terminal = true`
do SHELL                 has to succeed
ask SHELL                has to succeed, or be ended by what it asks for
until SHELL              until it succeeds
show SHELL             * what it writes, and its exit status if that is not 0

SHELL runs in the directory of services, beside which runsv.pid and runsvdir.pid say
who is called so, or in the namespace. Pids and seconds in
sv's lines are "N".
"""

import concurrent.futures
import functools
import glob
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "../namespace"))

from harness import BIN, SECONDS, Namespace, Skip, wait_until
from supervise import DOWN, FINISH, JOBS, RUN, Service, Test, children

OURS = "ours"
PEERS = ("runit", "busybox")
# For what is known not to come.
VAIN_SECONDS = 3
STATES = {"down": DOWN, "run": RUN, "finish": FINISH}
SUPERVISION = ("runsvdir", "runsv", "sv")
UTILITIES = ("sh ash sleep cat echo printf ls ps kill test [ true false env stty tty id sed grep sort uniq wc "
             "readlink mkdir mkfifo ln rm mv cp chmod date setsid hexdump head tail cut tr expr seq touch usleep "
             "mount hostname basename dirname pidof halt poweroff reboot").split()
SIGNALS = """#!/bin/sh
for name in HUP INT QUIT USR1 USR2 ALRM CONT; do trap "say $name" $name; done
if [ "$1" = deaf ]; then trap "say TERM" TERM; else trap "exec say TERM" TERM; fi
say up
while :; do sleep 0.1; done
"""
# What is dangerous outside a virtual machine only says that it was called.
PRETENDED = ("umount", "swapoff")
FIELDS = {"row", "shows", "only", "why", "programs", "files", "modes", "steps", "observed", "differs", "terminal"}


class Vain(Exception):
    """What was waited for did not come."""


class Scenario:
    def __init__(self, theme, world, implementations, data):
        unknown = set(data) - FIELDS
        if unknown:
            raise ValueError("%s: %s: no such key: %s" % (theme, data.get("row"), ", ".join(sorted(unknown))))
        self.theme, self.world = theme, world
        self.row, self.shows = data["row"], data["shows"]
        self.only, self.why = data.get("only"), data.get("why")
        self.asked = self.only or implementations
        self.programs, self.files = data.get("programs", {}), data.get("files", {})
        self.modes = {path: int(mode, 8) for path, mode in data.get("modes", {}).items()}
        self.terminal = data.get("terminal", False)
        self.steps = [step.strip() for step in data["steps"].strip().splitlines() if step.strip()]
        self.observed = data["observed"].strip("\n")
        self.differs = data.get("differs", {})
        self.name = "%s: %s" % (self.row, self.shows)

    def expected(self, who):
        return self.differs.get(who, {}).get("observed", self.observed).strip("\n")

    def because(self, who):
        return self.differs[who]["because"] if who in self.differs else None

    def needs_services(self):
        return self.world == "services" or any(re.search(r"\b(runsvdir|sv)\b", text) for text in [
            *self.files.values(), *self.programs.values(), *self.steps])


def load():
    """(title, scenarios) of each theme, in the order of their files' names."""
    themes = []
    for path in sorted(glob.glob(HERE + "/*.toml")):
        if os.path.basename(path) == "rows.toml":
            continue
        with open(path, "rb") as file:
            data = tomllib.load(file)
        theme = os.path.splitext(os.path.basename(path))[0]
        themes.append((data["title"], [
            Scenario(theme, data["world"], data["implementations"], scenario) for scenario in data["scenario"]]))
    return themes


def rows():
    """key -> (sentence, where else it is shown or ""), of what a drop-in must get right."""
    with open(HERE + "/rows.toml", "rb") as file:
        data = tomllib.load(file)
    return {key: (row, "") if isinstance(row, str) else (row["is"], row["in"])
            for chapter in data.values() for key, row in chapter.items()}


# Who is asked

@functools.cache
def unpack(package):
    """(directory, why there is none) of a package of Debian's."""
    done = subprocess.run([os.path.join(TOP, "tests/peers"), package], text=True, cwd=TOP, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True)
    return os.path.join(TOP, done.stdout.strip()), done.stderr.strip().rpartition("\n")[2] if done.returncode else ""


def unpacked(package, path):
    """A program of Debian's, or Skip."""
    directory, why = unpack(package)
    if why or not os.path.exists(os.path.join(directory, path)):
        raise Skip("Debian's %s cannot be had: %s" % (package, why))
    return os.path.join(directory, path)


def programs_of(who, names):
    """name -> file of these programs, or Skip."""
    if who == OURS:
        found = {name: os.path.join(BIN, "svctl" if name == "sv" else name) for name in names}
    elif who == "runit":
        where = os.environ.get("RUNIT_BIN")
        if not where or not os.path.exists(where):
            where = os.path.dirname(unpacked("runit", "usr/bin/runsv"))
        found = {name: os.path.join(where, name) for name in names}
    else:
        # Debian's has init, but not the others.
        found = {name: unpacked("busybox-static", "bin/busybox") if name == "init" else
                 os.path.abspath(os.environ.get("BUSYBOX") or os.path.join(BIN, "../bench/busybox"))
                 for name in names}
    for name, path in found.items():
        if not os.access(path, os.X_OK):
            raise Skip("no %s of %s: %s: make build/bench/busybox" % (name, who, path) if who == "busybox" else
                       "no %s of %s: %s" % (name, who, path))
    return found


def put(path, text, mode):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def write_parts(top, scenario):
    for path, text in scenario.programs.items():
        put(os.path.join(top, path), text if text.startswith("#!") else "#!/bin/sh\n" + text + "\n",
            scenario.modes.get(path, 0o755))
    for path, text in scenario.files.items():
        put(os.path.join(top, path), text, scenario.modes.get(path, 0o644))


# One scenario with one implementation. All are made before the first is played: a
# file that is open for writing in some thread's fork cannot be executed.

class World:
    """What steps have in common."""

    def __init__(self, who, scenario):
        self.who, self.scenario = who, scenario
        self.lines = []
        self.seconds = SECONDS

    def play(self):
        """What is observed."""
        expected = self.scenario.expected(self.who).rpartition("\n")[2]
        for step in self.scenario.steps:
            verb, _, rest = step.partition(" ")
            self.seconds = VAIN_SECONDS if expected == "never: " + step else SECONDS
            try:
                getattr(self, "step_" + verb)(rest)
            except Vain:
                self.lines.append("never: " + step)
                break
        return "\n".join(self.lines)

    def wait(self, condition):
        try:
            return wait_until("", condition, self.seconds)
        except AssertionError:
            raise Vain from None

    def mask(self, text):
        text = re.sub(r"\(pid \d+\)", "(pid N)", text)
        return re.sub(r"\b\d+s\b", "Ns", text)

    def said_lines(self):
        try:
            with open(self.said_path, encoding="utf-8", errors="replace") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def step_said(self, _):
        self.lines += self.said_lines()

    def step_wait(self, rest):
        words = shlex.split(rest)
        if words[0] == "said":
            times = int(words[2]) if len(words) > 2 else 1
            self.wait(lambda: self.said_lines().count(words[1]) >= times)
        elif words[0] == "message":
            self.wait(lambda: re.search(" ".join(words[1:]), self.messages()))
        else:
            self.wait_record(*words)

    def step_told(self, rest):
        count = sum(bool(re.search(rest, line)) for line in self.messages().splitlines())
        self.lines.append("told " + ("again and again" if count > 1 else "once" if count else "never"))

    def step_ends(self, rest):
        code = self.wait_end(rest)
        self.lines.append("%s: %s" % (rest, "exit %d" % code if code >= 0 else signal.Signals(-code).name))

    def step_do(self, rest, ends=(0,)):
        done = self.shell(rest)
        if done.returncode not in ends:
            raise AssertionError("%s: exit %d: %s" % (rest, done.returncode, done.stdout))

    def step_ask(self, rest):
        self.step_do(rest, (0, -signal.SIGTERM, -signal.SIGKILL))

    def step_until(self, rest):
        self.wait(lambda: self.shell(rest).returncode == 0 or time.sleep(0.05))

    def step_show(self, rest):
        done = self.shell(rest)
        self.lines += self.mask(done.stdout).splitlines()
        if done.returncode:
            self.lines.append("exit %d" % done.returncode)


class Services(World):
    """A directory with service directories in it, and who supervises them."""

    def __init__(self, who, scenario):
        super().__init__(who, scenario)
        programs = programs_of(who, SUPERVISION)
        top = tempfile.mkdtemp(prefix="pidone.")
        os.chmod(top, 0o755)
        self.test = Test(top)
        self.root = os.path.join(top, "services")
        self.said_path = os.path.join(top, "said")
        self.started, self.pids = {}, {}
        for name, path in programs.items():
            os.makedirs(top + "/bin", exist_ok=True)
            os.symlink(path, "%s/bin/%s" % (top, name))
        if who == OURS:
            os.symlink("sv", top + "/bin/svctl")
        put(top + "/bin/say", "#!/bin/sh\nprintf '%s\\n' \"$*\" >>" + self.said_path + "\n", 0o755)
        put(top + "/bin/signals", SIGNALS, 0o755)
        put(top + "/bin/python3", "#!/bin/sh\nexec %s -IS \"$@\"\n" % sys.executable, 0o755)
        os.makedirs(self.root)
        write_parts(self.root, scenario)
        self.environment = {"PATH": top + "/bin:" + os.environ.get("PATH", "/usr/bin:/bin"), "SVDIR": self.root}

    def end(self):
        self.test.clean()
        with open("/proc/self/mounts") as mounts:
            below = [line.split()[1] for line in mounts if line.split()[1].startswith(self.test.dir + "/")]
        for path in reversed(below):
            subprocess.run(["umount", "-l", path], check=True)
        shutil.rmtree(self.test.dir, ignore_errors=True)

    def describe(self):
        return [line for supervisor in self.test.supervisors for line in supervisor.describe()]

    def service(self, name):
        service = Service.__new__(Service)
        service.path, service.events_path = os.path.join(self.root, name), self.said_path
        return service

    def mask(self, text):
        return super().mask(text).replace(self.root, "ROOT")

    def messages(self):
        return "\n".join(supervisor.errors() for supervisor in self.test.supervisors)

    def shell(self, command):
        return subprocess.run(["sh", "-c", command], cwd=self.root, env=dict(os.environ, **self.environment),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False, timeout=SECONDS * 2)

    def start(self, name, words, prefix=()):
        supervisor = self.test.start(*prefix, "%s/bin/%s" % (self.test.dir, name), *words, env=self.environment,
                                     cwd=self.root)
        self.started[name] = supervisor
        self.pids[name] = self.wait(lambda: self.executed(supervisor.pid)) if prefix else supervisor.pid
        # For steps of the shell.
        put("%s/%s.pid" % (self.test.dir, name), "%d\n" % self.pids[name], 0o644)

    def executed(self, parent):
        """Its child, once that is another program."""
        return next((child for child in children(parent)
                     if os.readlink("/proc/%d/exe" % child) != os.readlink("/proc/%d/exe" % parent)), None)

    def step_runsv(self, rest):
        self.start("runsv", [rest])
        self.wait(lambda: self.service(rest).supervised() and self.service(rest).state())

    def step_runsvdir(self, rest):
        words = shlex.split(rest)
        prefix = []
        if words[:1] == ["pid1"]:
            prefix, words = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"], words[1:]
        options = [word for word in words if word.startswith("-")]
        self.start("runsvdir", options + [self.root] + words[len(options):], prefix)

    def step_tell(self, rest):
        name, letters = rest.split()
        self.service(name).tell(letters)

    def step_signal(self, rest):
        who, number = rest.split()
        # A process may speak before its supervisor has put it on record.
        pid = self.pids.get(who) or self.wait(lambda: self.service(who).state().pid)
        process = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(process, getattr(signal, "SIG" + number))
            # Killed in a read(2), a process takes what is written before it has died.
            if number == "KILL" and not select.select([process], [], [], self.seconds)[0]:
                raise Vain
        finally:
            os.close(process)

    def wait_record(self, name, state, *fields):
        wanted = dict(field.split("=") for field in fields)

        def right():
            record = self.service(name).state()
            return record and record.state == STATES[state] and (record.pid or state == "down") and all(
                str(getattr(record, field)) == value for field, value in wanted.items())
        self.wait(right)

    def wait_end(self, name):
        self.wait(lambda: not self.started[name].running())
        return self.started[name].process.returncode

    def step_status(self, name):
        record = self.service(name).state()
        self.lines.append("%s: %s%s%s, want %s%s" % (
            name, next(word for word, state in STATES.items() if state == record.state),
            ", pid" if record.pid else "", ", paused" if record.paused else "", record.want,
            ", TERM sent" if record.term else ""))


class Contained(Namespace):
    """A root directory with busybox's utilities, the programs of one implementation,
    and what the scenario says."""

    SHOWN = ()

    def __init__(self, programs, scenario, utilities, **more):
        self.programs, self.scenario, self.utilities = programs, scenario, utilities
        super().__init__("/sbin/init", {}, **more)

    def make_root(self, program, files):
        for directory in ("dev", "etc", "proc", "run", "sys", "tmp", "root", "bin", "sbin", "usr"):
            os.makedirs(os.path.join(self.root, directory))
        self.take(self.utilities, "/bin/busybox")
        for name in UTILITIES:
            os.symlink("busybox", "%s/bin/%s" % (self.root, name))
        for name, path in self.programs.items():
            self.take(path, ("/sbin/" if name == "init" else "/bin/") + name)
        put(self.root + "/bin/say", "#!/bin/sh\necho \"$*\" >>/said\n", 0o755)
        put(self.root + "/bin/signals", SIGNALS, 0o755)
        for name in PRETENDED:
            put("%s/sbin/%s" % (self.root, name), "#!/bin/sh\nsay %s \"$@\"\n" % name, 0o755)
        write_parts(self.root, self.scenario)

    def take(self, source, path):
        try:
            os.link(os.path.realpath(source), self.root + path)
        except OSError:
            shutil.copy2(source, self.root + path)


class Init(World):
    """An init as process 1, once it is started."""

    def __init__(self, who, scenario):
        super().__init__(who, scenario)
        utilities = unpacked("busybox-static", "bin/busybox")
        programs = programs_of(who, ("init",) + (SUPERVISION if scenario.needs_services() else ()))
        self.master, self.typed = None, b""
        terminal = {}
        if scenario.terminal:
            self.master, self.slave = pty.openpty()
            terminal = {"stdin": self.slave, "stdout": self.slave}
        self.namespace = Contained(programs, scenario, utilities, **terminal)
        self.said_path = self.namespace.root + "/said"

    def end(self):
        if self.namespace.process:
            self.namespace.__exit__()
        shutil.rmtree(self.namespace.top, ignore_errors=True)
        if self.master is not None:
            os.close(self.master)
            os.close(self.slave)

    def describe(self):
        return self.messages().splitlines()[-30:]

    def messages(self):
        if self.master is None:
            return self.namespace.output() if self.namespace.process else ""
        while select.select([self.master], [], [], 0)[0]:
            self.typed += os.read(self.master, 4096)
        return self.typed.decode(errors="replace").replace("\r", "")

    def shell(self, command):
        return subprocess.run(
            ["nsenter", "--target", str(self.namespace.init), "--mount", "--pid", "--uts", "--net", "--ipc",
             "--root", "--wd", "/bin/sh", "-c", command], env={"PATH": "/sbin:/bin"}, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=SECONDS * 2)

    def step_environment(self, rest):
        self.namespace.arguments[:0] = ["/bin/env", rest]

    def step_processes(self, _):
        self.lines += sorted(command for pid, (_, command) in self.namespace.processes().items() if pid != 1)

    def step_init(self, rest):
        self.namespace.arguments += shlex.split(rest)
        self.namespace.__enter__()

    def step_signal(self, rest):
        _, number = rest.split()
        # Without an inittab busybox's init executes its own umount -a -r at the end, in
        # itself: devices that are bound from the machine's devtmpfs make that read-only.
        if self.who != OURS and "etc/inittab" not in self.scenario.files:
            raise AssertionError("not to be tried outside a virtual machine")
        self.namespace.signal(getattr(signal, "SIG" + number))

    def step_type(self, rest):
        os.write(self.master, rest.encode() + b"\n")

    def wait_end(self, _):
        self.wait(lambda: self.namespace.process.poll() is not None)
        return self.namespace.process.returncode


class Played:
    """What came of one scenario with one implementation: observed is a text, or
    None, and then `why` says why."""

    def __init__(self, who, scenario):
        self.who, self.scenario = who, scenario
        self.observed, self.why, self.said = None, "", []
        self.error = self.world = None
        self.took = 0
        try:
            self.world = (Services if scenario.world == "services" else Init)(who, scenario)
        except Skip as reason:
            self.why = str(reason)

    def play(self):
        if not self.world:
            return self
        began = time.monotonic()
        try:
            self.observed = self.world.play()
        except Skip as reason:
            self.why = str(reason)
        except Exception as error:      # whatever it is, it is this play's result
            self.error = "%s: %s" % (type(error).__name__, error)
        try:
            if self.deviates():
                self.said = ["said: " + line for line in self.world.said_lines()[-20:]] + self.world.describe()
        finally:
            self.world.end()
        self.took = time.monotonic() - began
        return self

    def deviates(self):
        """What is wrong, or ""."""
        if self.error:
            return self.error
        if self.observed is None or self.observed == self.scenario.expected(self.who):
            return ""
        return "expected:\n%s\nobserved:\n%s" % (self.scenario.expected(self.who), self.observed)


def play_all(words, done):
    """Plays all scenarios whose name or theme has one of the words, with all who can
    be asked, many at once; calls done(played) for each as it ends."""
    chosen = [(who, scenario) for _, scenarios in load() for scenario in scenarios
              for who in (OURS, *PEERS) if who in scenario.asked
              and (not words or any(word in "%s %s %s" % (who, scenario.theme, scenario.name) for word in words))]
    plays = [Played(who, scenario) for who, scenario in chosen]
    with concurrent.futures.ThreadPoolExecutor(max_workers=JOBS) as pool:
        for future in concurrent.futures.as_completed([pool.submit(play.play) for play in plays]):
            done(future.result())


# The page

def key(because):
    """The row of docs/COMPATIBILITY.md that begins so, or None; "bug: …" is its own."""
    if because.startswith("bug: "):
        return because
    with open(os.path.join(TOP, "docs/COMPATIBILITY.md"), encoding="utf-8") as file:
        found = [line[2:].split(" | ")[0] for line in file if line.startswith("| " + because)]
    return found[0] if len(found) == 1 else None


def cell(scenario, who, implementations):
    if who not in implementations:
        return "–"
    if who not in scenario.asked:
        return "cannot: " + scenario.why
    because = scenario.because(who)
    return "same" if because is None else "differs: " + key(because)


def page():
    """The text of docs/CONFORMANCE.md."""
    themes = load()
    compared = [(who, scenario) for _, scenarios in themes for scenario in scenarios for who in PEERS
                if who in scenario.asked]
    differing = sum(who in scenario.differs for who, scenario in compared)
    lines = [
        "# The same, beside each other", "",
        "Written by `make conformance` after it has seen all of it: of our programs, of Debian's runit and",
        "of busybox (Debian's for init; ours, built from the same source, for runsvdir, runsv and sv). What is",
        "done and seen is in `tests/conformance/*.toml`; why something differs on purpose is in",
        "[COMPATIBILITY.md](COMPATIBILITY.md), by the beginning of whose row it is named here.", "",
        "%d scenarios; %d comparisons: %d the same, %d different." % (
            sum(len(scenarios) for _, scenarios in themes), len(compared), len(compared) - differing, differing)]
    for title, scenarios in themes:
        lines += ["", "## " + title, "", "| row | shows | runit | busybox |", "|---|---|---|---|"]
        implementations = {who for scenario in scenarios for who in scenario.asked}
        lines += ["| %s | %s | %s | %s |" % (
            scenario.row, scenario.shows, *(cell(scenario, who, implementations) for who in PEERS))
            for scenario in scenarios]
    elsewhere = [(row, what, where) for row, (what, where) in rows().items() if where]
    lines += ["", "## Shown elsewhere", "", "| row | is | in |", "|---|---|---|"]
    lines += ["| %s | %s | `%s` |" % (row, what, where.partition(": ")[0]) for row, what, where in elsewhere]
    return "\n".join(lines) + "\n"


def mistakes():
    """What is wrong with the files themselves, by what ought to hold."""
    known, shown, wrong = rows(), set(), {"each row has a scenario": [], "each scenario has a row": [],
                                          "each difference has its row in docs/COMPATIBILITY.md": [],
                                          "what is shown elsewhere is there": [],
                                          "who is not asked is excused": []}
    for _, scenarios in load():
        for scenario in scenarios:
            shown.add(scenario.row)
            if scenario.row not in known:
                wrong["each scenario has a row"].append(scenario.name)
            if scenario.only and not scenario.why:
                wrong["who is not asked is excused"].append(scenario.name)
            for who in scenario.differs:
                if scenario.expected(who) == scenario.observed or not key(scenario.because(who)):
                    wrong["each difference has its row in docs/COMPATIBILITY.md"].append(
                        "%s: %s: %s" % (scenario.name, who, scenario.because(who)))
    wrong["each row has a scenario"] = [row for row, (_, where) in known.items() if not where and row not in shown]
    for row, (_, where) in known.items():
        path, _, words = where.partition(": ")
        if where and not (os.path.exists(os.path.join(TOP, path))
                          and words in open(os.path.join(TOP, path), encoding="utf-8").read()):
            wrong["what is shown elsewhere is there"].append("%s: %s" % (row, where))
    return wrong

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""svctl: its verbs, what they print for people and for programs, and what they say
when something is wrong."""

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess

from harness import strace
from supervise import (BIN, DOWN, FINISH, RUN, SECONDS, Skip, Suite, alive, deaf, need, read, runit_sv, same,
                       signal_teller, stays, wait_settled, wait_until, watches, write_file)

suite = Suite("svctl")
test = suite.test

QUIET = "say start $$\nexec sleep 1000 2>/dev/null\n"
DYING = "say start $$\nexit 3\n"
# Says that it is ready when a file is there, and runs on.
READY_WHEN_TOLD = "say start $$\nwhile ! test -e go; do sleep 0.02; done\necho >&3\nexec sleep 1000\n"

FIELDS = ["service", "enabled", "problem", "state", "pid", "seconds", "changed", "want", "paused",
          "got_term", "ready", "failed", "restarts", "last_exit", "exit_code", "exit_signal",
          "exec_error", "processes", "memory", "cpu", "logger"]


class Scan:
    """SVDIR and INITDIR, a runsvdir for the former, and svctl on both."""

    def __init__(self, t, top=None):
        self.t = t
        self.svdir, self.initdir = f"{top or t.dir}/service", f"{top or t.dir}/init.d"
        os.mkdir(self.svdir)
        os.mkdir(self.initdir)
        self.environment = dict(os.environ, SVDIR=self.svdir, SVCTL_INITDIR=self.initdir)
        for name in ("NO_COLOR", "TERM", "SVWAIT"):
            self.environment.pop(name, None)

    def service(self, name, files=(), enabled=True, **parts):
        s = self.t.service(f"init.d/{name}", **parts)
        for file, content in dict(files).items():
            write_file(s.file(file), content)
        if enabled:
            os.symlink(s.path, f"{self.svdir}/{name}")
        return s

    def supervise(self, *services):
        """A runsvdir, once it supervises these."""
        r = self.t.start(f"{BIN}/runsvdir", "-P", self.svdir)
        for s in services:
            wait_until(lambda s=s: s.supervised() and s.state(), lambda s=s: f"{s.path} supervised")
        return r

    def run(self, *words, **how):
        """(exit code, standard output, standard error)"""
        done = subprocess.run([f"{BIN}/svctl", *words], stdin=subprocess.DEVNULL, capture_output=True,
                              env=dict(self.environment, **how.pop("env", {})), timeout=SECONDS * 2,
                              check=False, **how)
        return done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr)

    def good(self, *words, **how):
        """Its standard output, of a command that has nothing to complain of."""
        code, out, err = self.run(*words, **how)
        same((code, err), (0, ""), f"svctl {' '.join(words)}: {out!r}")
        return out

    def json(self, *words, code=0, **how):
        got, out, err = self.run("--json", *words, **how)
        same(got, code, f"exit code of svctl {' '.join(words)} --json: {out!r} {err!r}")
        return json.loads(out)

    def begin(self, *words):
        """A svctl that runs on."""
        process = subprocess.Popen([f"{BIN}/svctl", *words], stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment)
        self.t.undo.callback(process.stdout.close)
        self.t.undo.callback(process.wait)
        self.t.undo.callback(process.kill)
        return process


def ended(process):
    """(exit code, all that it said) of a process that must end."""
    out, _ = process.communicate(timeout=SECONDS)
    return process.returncode, out


def one_line(got, code, *words):
    """An error: nothing on standard output, one line on the other, with all WORDS."""
    same((got[0], got[1]), (code, ""), f"exit code and output; error {got[2]!r}")
    need(got[2].count("\n") == 1 and got[2].endswith("\n"), f"not one line: {got[2]!r}")
    for word in words:
        need(word in got[2], f"no {word!r} in {got[2]!r}")


def pretend(t, service, record):
    """What a supervisor keeps in supervise/, with a status of the test's own: bytes, or None
    for a directory in its place."""
    os.mkdir(service.file("supervise"))
    for fifo in ("ok", "control"):
        os.mkfifo(service.supervise(fifo))
        t.undo.callback(os.close, os.open(service.supervise(fifo), os.O_RDONLY | os.O_NONBLOCK))
    if record is None:
        os.mkdir(service.supervise("status"))
        return
    with open(service.supervise("status"), "wb") as file:
        file.write(record)


def as_somebody():
    """What makes svctl somebody's who may do nothing."""
    if os.geteuid() != 0 or read("/proc/self/uid_map").split() != ["0", "0", "4294967295"]:
        raise Skip("only root can become somebody else")
    return {"user": 4243, "group": 4243, "extra_groups": []}


# The table

def table(out):
    """name -> its cells, by heading; names and cells hold no two blanks."""
    lines = out.splitlines()
    starts = [m.start() for m in re.finditer(r"\S+", lines[0])]
    headings = lines[0].split()
    rows = {}
    for line in lines[1:]:
        cells = [line[a:b].strip() for a, b in zip(starts, starts[1:] + [None])]
        rows[cells[0]] = dict(zip(headings, cells))
    return rows


@test(early=True)
def states(t):
    """list: a line for each service, with the word for its state"""
    w = Scan(t)
    plain = w.service("plain")
    down = w.service("down", down=True)
    bad = w.service("bad", run=DYING)
    failing = w.service("failing", run=DYING, files={"max-death-tally": "2"})
    noexec = w.service("noexec", run="#!/nonexistent\n")
    paused = w.service("paused")
    stopping = w.service("stopping", run=deaf())
    loose = w.service("loose", run=signal_teller())
    w.supervise(plain, down, bad, failing, noexec, paused, stopping, loose)
    for s in (plain, paused, stopping, loose):
        s.running()
    paused.tell("p")
    paused.wait_status(paused=1)
    stopping.tell("d")
    stopping.wait_status(term=1)
    failing.wait_status(want="d", state=DOWN)
    bad.wait_start(2)
    def shown():
        """What is throttled tries once a second; what is told to exit is started again after one."""
        with contextlib.suppress(OSError):
            loose.tell("x")
        rows = table(w.good("list"))
        return rows if (rows["noexec"]["STATE"], rows["loose"]["STATE"]) == ("throttled", "unsupervised") else None
    rows = wait_until(shown, "noexec: throttled, and loose let go of")
    same(sorted(rows), sorted(os.listdir(w.initdir)), "names")
    states = {name: row["STATE"] for name, row in rows.items()}
    need(states.pop("bad") in ("throttled", "run", "finish", "starting"), f"bad: {rows['bad']}")
    same(states, {"plain": "run", "down": "down", "failing": "FAILED", "noexec": "throttled",
                  "paused": "paused", "stopping": "stopping", "loose": "unsupervised"}, "states")
    same(rows["plain"]["PID"], str(plain.status().pid), "pid")
    same(rows["plain"]["RESTARTS"], "0", "restarts")
    need(int(rows["bad"]["RESTARTS"]) >= 1, f"restarts of bad: {rows['bad']}")
    same(rows["bad"]["EXIT"], "exit 3", "last exit")
    same(rows["noexec"]["EXIT"], "not executed", "last exit of what cannot be executed")
    same((rows["plain"]["ENABLED"], rows["down"]["ENABLED"]), ("yes", "down"), "enabled")
    # columns are as wide as what is in them, and bad changes
    same(w.run()[1].splitlines()[0].split(), w.run("list")[1].splitlines()[0].split(), "without a verb")


@test()
def list_some(t):
    """list: of some names, and with -a of those that are not enabled"""
    w = Scan(t)
    web, db = w.service("web"), w.service("db")
    w.service("off", enabled=False)
    w.supervise(web, db)
    same(sorted(table(w.good("list"))), ["db", "web"], "all")
    same(sorted(table(w.good("list", "w*"))), ["web"], "some")
    rows = table(w.good("list", "-a"))
    same(sorted(rows), ["db", "off", "web"], "with -a")
    same((rows["off"]["STATE"], rows["off"]["ENABLED"]), ("-", "no"), "not enabled")


@test()
def wants(t):
    """list: what is wanted, also once and exit, while it still runs"""
    w = Scan(t)
    up, once, leaving, down = w.service("up"), w.service("once"), w.service("leaving", run=deaf()), \
        w.service("down", run=deaf())
    w.supervise(up, once, leaving, down)
    for s, letter in ((up, ""), (once, "o"), (leaving, "x"), (down, "d")):
        s.running()
        s.tell(letter)
    def told():
        return {x["service"]: (x["state"], x["want"]) for x in w.json("list")}
    wanted = {"up": ("run", "up"), "once": ("run", "once"), "leaving": ("stopping", "exit"), "down": ("stopping", "down")}
    wait_until(lambda: told() == wanted, lambda: f"{wanted}; there is {told()}")


@test()
def list_logger(t):
    """list: the logger's state and pid; none if nobody supervises it"""
    w = Scan(t)
    logged = w.service("logged", log="exec cat >/dev/null\n")
    late, plain = w.service("late"), w.service("plain")
    w.supervise(logged, late, plain)
    os.mkdir(late.file("log"))
    pid = logged.wait_status(log=True, state=RUN).pid
    rows = table(w.run("list")[1])
    same((rows["logged"]["LOGGER"], rows["plain"]["LOGGER"]), (f"run {pid}", "-"), "LOGGER")
    logger = w.json("list", "logged")[0]["logger"]
    same((logger["state"], logger["pid"]), ("run", pid), "logger in JSON")


@test()
def ready_column(t):
    """list: ready or not, of a service that says so"""
    w = Scan(t)
    s = w.service("s", run=READY_WHEN_TOLD, files={"notification-fd": "3"})
    w.supervise(s)
    s.running()
    same(table(w.good("list"))["s"]["READY"], "no", "before")
    same(w.json("list")[0]["ready"], False, "before, in JSON")
    write_file(s.file("go"))
    wait_until(lambda: table(w.good("list"))["s"]["READY"] == "yes", "READY")
    same(w.json("list")[0]["ready"], True, "after, in JSON")


@test()
def usage_of_processes(t):
    """list: memory and CPU of a service's process, its descendants and who is in its group"""
    w = Scan(t)
    # the last one is no descendant any more when its parent has ended
    s = w.service("s", run="(sleep 1000 & exec sleep 1000) &\n(sleep 1001 &)\nsay start $$\nexec sleep 1000\n")
    other = w.service("other")
    w.supervise(s, other)
    s.running()
    other.running()
    wait_until(lambda: w.json("list", "s")[0]["processes"] == 4,
               lambda: f"four processes: {w.json('status', 's')}")
    found = w.json("list")
    same([(x["service"], x["processes"]) for x in found], [("other", 1), ("s", 4)], "processes")
    need(found[1]["memory"] > found[0]["memory"] > 0, f"memory: {found}")
    need(found[0]["cpu"] >= 0, f"CPU: {found}")
    rows = table(w.good("list"))
    need(re.fullmatch(r"[0-9.]+[KMG]", rows["s"]["MEM"]), f"MEM {rows['s']}")
    need(re.fullmatch(r"[0-9.]+s", rows["s"]["CPU"]), f"CPU {rows['s']}")


@test()
def cpu_of_the_dead(t):
    """list: the CPU time of a service's children that have ended counts"""
    w = Scan(t)
    burn = "i=0; while test $i -lt 60000; do i=$((i+1)); done"
    s = w.service("s", run=f"sh -c '{burn}'\nsay start $$\nwhile :; do sleep 1000; done\n")
    w.supervise(s)
    s.running()
    need(w.json("list")[0]["cpu"] > 0.005, f"{w.json('list')}")


# JSON

@test()
def json_fields(t):
    """--json: each service has the same fields, each of its type"""
    w = Scan(t)
    up, down = w.service("up"), w.service("down", down=True)
    bad = w.service("bad", run="exec kill -KILL $$\n", files={"max-death-tally": "1"})
    w.supervise(up, down, bad)
    pid = up.running()
    bad.wait_status(want="d", state=DOWN)
    by_name = {x["service"]: x for x in w.json()}
    for found in by_name.values():
        same(list(found), FIELDS, "fields")
    same({k: by_name["up"][k] for k in ("enabled", "problem", "state", "pid", "want", "paused", "got_term",
                                        "ready", "failed", "restarts", "last_exit", "exit_code", "logger")},
         {"enabled": "yes", "problem": None, "state": "run", "pid": pid, "want": "up", "paused": False,
          "got_term": False, "ready": None, "failed": False, "restarts": 0, "last_exit": None,
          "exit_code": None, "logger": None}, "up")
    same((by_name["down"]["pid"], by_name["down"]["enabled"]), (None, "down"), "down")
    same((by_name["bad"]["state"], by_name["bad"]["failed"], by_name["bad"]["exit_signal"],
          by_name["bad"]["exit_code"]), ("failed", True, "KILL", None), "bad")
    need(0 <= by_name["up"]["seconds"] < 1000, "seconds")
    same(by_name["up"]["changed"], up.status().seconds, "changed")


def documented_fields():
    """The names that svctl.1 lists as fields of a service."""
    page = os.path.join(os.path.dirname(__file__), "../../man/svctl.1")
    part = read(page).partition(".Ss JSON")[2].partition(".S")[0]
    return re.findall(r"^\.It Li (\S+)", part, re.M)


@test()
def json_is_documented(t):
    """--json: svctl.1 lists its fields, all and no others, in their order"""
    same(documented_fields(), FIELDS, "fields")


ODD = ["two words", "new\nline", "tab\tbed", 'quo"te', "back\\slash", "esc\x1b[31mape", "umläut",
       "日本", "\udcff\udcfe", "half\udcc3", "-n", "del\x7f", "[a]", "a*", "?", "\udced\udca0\udc80"]


@test(early=True)
def odd_names(t):
    """names may be any bytes: a line each in the table, given back by JSON, controlled"""
    w = Scan(t)
    services = [w.service(name) for name in ODD]
    w.supervise(*services)
    for s in services:
        s.running()
    out = w.good("list")
    same(len(out.splitlines()), 1 + len(ODD), "lines")
    need(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out), f"a control character in {out!r}")
    found = w.json("list")
    same(sorted(os.fsencode(x["service"]) for x in found), sorted(map(os.fsencode, ODD)), "names in JSON")
    for s, name in zip(services, ODD):
        same(w.json("stop", "--", name)[0]["service"], name, "stop")
        same(s.status().state, DOWN, f"state of {name!r}")
    same(len(w.json("start", "--", *ODD)), len(ODD), "start all")
    same(len(w.json("why", "--", *ODD)), len(ODD), "why")
    for found in w.json("status", "--", *ODD):
        same(found["state"], "run", f"status of {found['service']!r}")


# Names

@test()
def globs(t):
    """names may be patterns: all that match, each once; what matches nothing is said"""
    w = Scan(t)
    names = ["web1", "web2", "db", "web[1]"]
    services = {name: w.service(name, down=True) for name in names}
    w.supervise(*services.values())
    def told(*patterns):
        return [x["service"] for x in w.json("why", *patterns)]
    same(told("web*"), ["web1", "web2", "web[1]"], "web*")
    same(told("web?", "web1"), ["web1", "web2"], "web?")
    same(told("[a-d]?"), ["db"], "[a-d]?")
    same(told("[!w]*"), ["db"], "[!w]*")
    same(told("web[1]"), ["web[1]"], "a name that looks like a pattern")
    same(told("web\\[1]"), ["web[1]"], "escaped")
    one_line(w.run("stop", "x*"), 1, "x*", "matches no service")
    same(told("web2", "db", "web2"), ["web2", "db"], "in the order given")
    same(w.json("stop", "nonesuch", "web1", code=1)[0]["service"], "web1", "the others are dealt with")


@test()
def paths(t):
    """a name may be a path to a service directory"""
    w = Scan(t)
    s = w.service("s")
    w.supervise(s)
    s.running()
    same(w.json("stop", s.path)[0]["service"], s.path, "service")
    same(s.status().state, DOWN, "state")
    same(w.json("start", "./s", cwd=w.svdir)[0]["state"], "run", "started by ./s")
    same(w.json("list", "s/", cwd=w.svdir)[0]["state"], "run", "s/")
    one_line(w.run("stop", "/nonexistent"), 1, "/nonexistent", "no such directory")


@test()
def nearest(t):
    """of a name that is not there, the nearest that is"""
    w = Scan(t)
    w.service("network")
    w.service("syslogd")
    w.service("klogd", enabled=False)
    for wrong, right in (("netwrok", "network"), ("syslog", "syslogd"), ("Network", "network"),
                         ("newtork", "network")):
        one_line(w.run("start", wrong), 1, f"{wrong}: no such service", f"is it {right}?")
    one_line(w.run("start", "nothing-like-it"), 1, "no such service in " + w.svdir)
    need("is it" not in w.run("start", "nothing-like-it")[2], "a guess that is none")
    one_line(w.run("start", "klogd"), 1, "not enabled", "svctl enable klogd")


# Telling services something

@test()
def control_verbs(t):
    """start stop restart once pause cont: done when they return, and sv's line"""
    w = Scan(t)
    s = w.service("s", down=True)
    w.supervise(s)
    def line(verb, pattern):
        out = w.good(verb, "s")
        need(re.fullmatch(pattern + "\n", out), f"{verb}: {out!r}")
    line("start", r"ok: run: s: \(pid \d+\) \d+s, normally down")
    first = s.running()
    line("pause", r"ok: run: s: \(pid \d+\) \d+s, normally down, paused")
    same(s.status().paused, 1, "paused")
    line("cont", r"ok: run: s: \(pid \d+\) \d+s, normally down")
    line("restart", r"ok: run: s: \(pid \d+\) \d+s, normally down")
    need(s.running() != first, "it is the same process")
    line("stop", r"ok: down: s: \d+s")
    same(s.status().state, DOWN, "state")
    line("once", r"ok: run: s: \(pid \d+\) \d+s, normally down, want down")


@test()
def signals(t):
    """kill and reload: the signal that is named, KILL, HUP"""
    w = Scan(t)
    s = w.service("s", run=signal_teller())
    w.supervise(s)
    pid = s.running()
    for name, seen in (("USR1", "SIGUSR1"), ("SIGUSR2", "SIGUSR2"), ("int", "SIGINT"), ("14", "SIGALRM")):
        w.good("kill", name, "s")
        s.wait_event(seen)
    w.good("reload", "s")
    s.wait_event("SIGHUP")
    w.good("kill", "s")
    need(not alive(pid), "it lives")
    code, out, err = w.run("kill", "WINCH", "s")
    need(code == 100 and out == "" and "WINCH" in err and "USR1" in err, (code, out, err))
    one = w.service("KILL")
    one.running()
    w.good("stop", "KILL")
    same(one.status().state, DOWN, "a service that has a signal's name")
    pid = s.running()
    for word in ("HPU", "0", "99", "RTMIN"):
        code, out, err = w.run("kill", word, "s")
        need(code == 100 and out == "" and f"{word} is no service" in err and "USR1" in err, (code, out, err))
    need(alive(pid) and s.status().pid == pid, "a signal that is mistyped has it killed")
    w.service("unlinked", enabled=False)
    os.symlink("nowhere", f"{w.svdir}/dangling")
    for word, said in (("unlinked", "is not enabled: svctl enable unlinked"), ("dangling", "no such service")):
        code, out, err = w.run("kill", word, "s")
        need(said in err and "nor a signal" not in err, (code, out, err))
    code, out, err = w.run("kill", "web", "s", env={"SVDIR": "/nonexistent"})
    need("SVDIR names the directory" in err, err)


@test()
def signal_during_finish(t):
    """a signal for a service whose finish runs reaches nobody, and svctl says so"""
    w = Scan(t)
    s = w.service("s", run=DYING, finish="say finish\nexec sleep 1000\n", files={"timeout-finish": "0\n"})
    w.supervise(s)
    s.wait_status(state=FINISH)
    # what waits for another run, and sees none, has failed once, not also by its timeout
    for words in (("kill", "USR1"), ("reload",), ("kill", "-t", "0.1")):
        one_line(w.run(*words, "s"), 1, "s: ", "no process")


@test()
def many_checks(t):
    """without time to wait: as many services as may have a check, and all are asked"""
    w = Scan(t)
    services = [w.service(f"s{i}", files={"check": "#!/bin/sh\nexit 0\n"}) for i in range(20)]
    for s in services:
        os.chmod(s.file("check"), 0o755)
    w.supervise(*services)
    for s in services:
        s.running()
    for _ in range(4):      # the best of four: they have a second, and the machine may be busy
        done = subprocess.run([f"{BIN}/sv", "-w", "0", "check", *(s.path for s in services)], capture_output=True,
                              text=True, check=False)
        if done.returncode == 0:
            break
    same((done.returncode, done.stdout.count("ok: run: "), done.stderr), (0, 20, ""), done.stdout)


@test()
def signals_nobody_hears(t):
    """reload, pause, cont, kill of a service that is down: said, exit 1"""
    w = Scan(t)
    s = w.service("s", files={"down": ""})
    w.supervise(s)
    s.wait_status(state=DOWN)
    for words in (("reload",), ("pause",), ("cont",), ("kill",), ("kill", "HUP"), ("kill", "--no-wait", "HUP")):
        one_line(w.run(*words, "s"), 1, "s: ", "no process")
    found = w.json("reload", "s", code=1)[0]
    same((found["result"], found["state"]), ("fail", "down"), "JSON")
    need("no process" in found["problem"], found)


@test()
def json_of_nobody(t):
    """--json: an object also for what is no service"""
    w = Scan(t)
    s = w.service("s")
    w.supervise(s)
    s.running()
    for verb in ("list", "status", "why", "start", "stop"):
        found = w.json(verb, "nosuch", "s", code=1)
        same([one["service"] for one in found], ["s", "nosuch"], verb)
        same(found[1]["problem"], "no such service", verb)


@test()
def control_json(t):
    """start and the like, --json: an object for each, also for what fails"""
    w = Scan(t)
    good, bad = w.service("good"), w.service("bad", run="#!/nonexistent\n")
    w.supervise(good, bad)
    pid = good.running()
    found = w.json("start", "good", "bad", "-t", "0.1", code=1)
    same([list(x) for x in found],
         [["service", "result", "state", "pid", "problem", "cause", "why"]] * 2, "fields")
    same({x["service"]: (x["result"], x["pid"], x["cause"]) for x in found},
         {"good": ("ok", pid, "runs"), "bad": ("timeout", None, "not-executed")}, "results")
    same(w.json("stop", "--no-wait", "good")[0]["result"], "told", "not waited for")
    good.wait_status(state=DOWN, pid=0)


@test()
def no_wait(t):
    """--no-wait: returns when the supervisor has been told; without it, after -t"""
    w = Scan(t)
    s = w.service("s", run=deaf())
    w.supervise(s)
    pid = s.running()
    same(w.good("stop", "--no-wait", "s"), "", "output")
    need(alive(pid), "it ended, and must not")
    s.wait_event("SIGTERM")
    code, out, err = w.run("stop", "-t", "0.1", "s")
    need(code == 1 and out.startswith("timeout: run: s: "), (code, out))
    need("got TERM" in err and "svctl kill s" in err, f"what to do next: {err!r}")
    same(w.json("stop", "-t", "0", "s", code=1)[0]["result"], "timeout", "-t 0")
    same(w.run("stop", "s", env={"SVWAIT": "0.1"})[0], 1, "SVWAIT")
    w.good("kill", "s")
    w.good("start", "s", env={"SVWAIT": "9223372036854769"})
    w.good("kill", "s")


@test()
def many_at_once(t):
    """stop and start of many: all are told first, then waited for together"""
    w = Scan(t)
    # each ends only when all have been told
    services = [w.service(f"s{i}", run="trap 'touch told; while ! test -e ../all; do sleep 0.02; done; exit' TERM\n"
                          "say start $$\nwhile :; do sleep 0.02; done\n") for i in range(4)]
    w.supervise(*services)
    for s in services:
        s.running()
    stop = w.begin("stop", "s*")
    for s in services:
        wait_until(lambda s=s: os.path.exists(s.file("told")), f"{s.path} told")
    write_file(f"{w.initdir}/all")
    code, out = ended(stop)
    same((code, out.count("ok: down: ")), (0, 4), out)


# Waiting

@test()
def wait_ready(t):
    """wait ready: until the service says so, and no longer"""
    w = Scan(t)
    s = w.service("s", run=READY_WHEN_TOLD, files={"notification-fd": "3"})
    w.supervise(s)
    s.running()
    same(w.good("wait", "up", "s").startswith("ok: run: s: "), True, "up before it is ready")
    code, out, err = w.run("wait", "-t", "0.05", "ready", "s")
    need(code == 1 and out.startswith("timeout: ") and "waiting for readiness" in err, (code, out, err))
    waiting = w.begin("wait", "-t", str(SECONDS), "ready", "s")
    wait_settled(lambda: waiting.poll() is None, "it waits", 0.3)
    write_file(s.file("go"))
    code, out = ended(waiting)
    need(code == 0 and out.startswith("ok: run: s: "), (code, out))


@test()
def wait_down_and_up(t):
    """wait down, wait up: return when somebody else has done it"""
    w = Scan(t)
    s, silent = w.service("s"), w.service("silent")
    w.supervise(s, silent)
    s.running()
    silent.running()
    same(w.json("wait", "ready", "silent")[0]["result"], "ok", "ready, of one that does not say")
    waiting = w.begin("wait", "down", "s", "-t", str(SECONDS))
    wait_settled(lambda: waiting.poll() is None, "it waits", 0.3)
    s.tell("d")
    same(ended(waiting)[0], 0, "down")
    waiting = w.begin("wait", "up", "s", "silent", "-t", str(SECONDS))
    wait_settled(lambda: waiting.poll() is None, "it waits", 0.3)
    s.tell("u")
    code, out = ended(waiting)
    same((code, out.count("ok: run: ")), (0, 2), out)


@test()
def wait_for_a_supervisor(t):
    """wait up: also for a supervisor that is yet to come; start does not"""
    w = Scan(t)
    s = w.service("s")
    one_line(w.run("start", "s"), 1, "s: ", "runsvdir")
    waiting = w.begin("wait", "up", "s", "-t", str(SECONDS))
    wait_settled(lambda: waiting.poll() is None, "it waits", 0.3)
    w.supervise(s)
    same(ended(waiting)[0], 0, "exit code")


@test(early=True)
def wait_till_the_time_is_over(t):
    """wait up -t: nobody supervises it, or its directory has gone meanwhile: said at the end"""
    w = Scan(t)
    w.service("s")
    one_line(w.run("wait", "up", "s", "-t", "0.1"), 1, "s: nobody has supervised it yet")
    waiting = w.begin("--json", "wait", "up", "s", "-t", "8")
    wait_until(lambda: watches(waiting.pid), "it waits")
    os.unlink(f"{w.svdir}/s")
    code, out = ended(waiting)
    found = json.loads(out)[0]
    same((code, found["result"], found["problem"]),
         (1, "fail", "unable to change to service directory: file does not exist"), out)


@test()
def wait_for_another_directory(t):
    """wait up: supervise/ that is removed and made anew, under another supervisor"""
    w = Scan(t)
    s = w.service("s", down=True)
    first = w.supervise(s)
    waiting = w.begin("wait", "up", "s", "-t", str(SECONDS * 2))
    wait_until(lambda: watches(waiting.pid), "it waits")
    first.kill()
    shutil.rmtree(s.file("supervise"))
    w.supervise(s)
    s.tell("u")
    code, out = ended(waiting)
    need(code == 0 and out.startswith("ok: run: s: "), (code, out))


@test()
def without_inotify(t):
    """no more of inotify, or of its watches: what waits looks often, what follows says so"""
    def command(limit, *words):
        script = f'echo 0 >/proc/sys/user/{limit} && shift && exec "$@"'
        return ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh", "", f"{BIN}/svctl", *words]
    def run_with(limit, *words):
        done = subprocess.run(command(limit, *words), env=w.environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=SECONDS * 2, check=False)
        return done.returncode, done.stdout, done.stderr
    if subprocess.run(["unshare", "--user", "--map-root-user", "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        raise Skip("no user namespaces")
    w = Scan(t)
    s = w.service("s", down=True, log=f"exec cat >>{t.dir}/log\n")
    w.supervise(s)
    s.wait_status(log=True, state=RUN)
    for limit, why_not in (("max_inotify_instances", "no more of inotify: raise fs.inotify.max_user_instances"),
                           ("max_inotify_watches", "no more watches: raise fs.inotify.max_user_watches")):
        same(run_with(limit, "start", "-t", "20", "s")[0], 0, f"start without {limit}")
        same(s.status().state, RUN, "state")
        same(run_with(limit, "restart", "-t", "20", "s")[0], 0, f"restart without {limit}")
        same(run_with(limit, "stop", "-t", "20", "s")[0], 0, f"stop without {limit}")
        one_line(run_with(limit, "log", "-f", "s"), 100 if limit == "max_inotify_instances" else 1, "s: ",
                 f"cannot be followed: {why_not}")
    one_line(run_with("max_inotify_instances", "events"), 100, w.svdir, "cannot be followed: no more of inotify")
    with subprocess.Popen(command("max_inotify_watches", "events"), env=w.environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as events:
        # those that it can follow it follows
        same(events.stderr.readline(), f"svctl: {w.svdir}: cannot be followed: {why_not}\n", "of SVDIR")
        same(events.stderr.readline(), f"svctl: s: cannot be followed: {why_not}\n", "of a service")
        events.kill()


@test()
def wait_uses_no_time(t):
    """a wait makes no system call but once a second"""
    w = Scan(t)
    s = w.service("s", down=True)
    w.supervise(s)
    waiting = w.begin("wait", "up", "s", "-t", str(SECONDS * 2))
    def switches():
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", read(f"/proc/{waiting.pid}/status"), re.M)[1])
    wait_settled(lambda: watches(waiting.pid), "it watches", 0.2)
    before = switches()
    wait_settled(lambda: waiting.poll() is None, "it waits", 2)
    need(switches() - before <= 6, f"{switches() - before} times in some seconds")
    s.tell("u")
    same(ended(waiting)[0], 0, "exit code")


# Why

@test(early=True)
def why(t):
    """why: a sentence for each state that a service can be in"""
    w = Scan(t)
    cases = {
        "runs": (w.service("runs"), "runs", "it runs, for"),
        "down": (w.service("down", down=True), "down-file", "file down"),
        "failing": (w.service("failing", run=DYING, files={"max-death-tally": "2"}), "failed",
                    "failed after 2 deaths within 60 s, the last with exit 3"),
        "finished": (w.service("finished", run=DYING, finish="exit 125\n"), "failed", "its finish said not to"),
        "interpreter": (w.service("interpreter", run="#!/bin/nosuchshell -e\n"), "not-executed",
                        "exec failed: No such file (the interpreter /bin/nosuchshell)"),
        "return": (w.service("return", run="#!/bin/sh\r\nexit\n"), "not-executed", "carriage return"),
        "absent": (w.service("absent", run=None), "not-executed", "there is no run"),
        "mode": (w.service("mode"), "not-executed", "not executable: chmod +x"),
        "data": (w.service("data", run=f"#!{t.dir}/data\n"), "not-executed",
                 f"exec failed: Permission denied (run, or the interpreter {t.dir}/data)"),
        "bare": (w.service("bare", run=None, files={"run": "exec sleep 1000\n"}), "not-executed",
                 "exec failed: Exec format error (run is no program and has no #! line)"),
        "circle": (w.service("circle", run=None), "not-executed", "exec failed: Symbolic link loop;"),
        "unready": (w.service("unready", run=QUIET, files={"notification-fd": "3"}), "not-ready",
                    "waiting for readiness"),
        "paused": (w.service("paused"), "paused", "svctl cont paused"),
        "stopping": (w.service("stopping", run=deaf()), "stopping", "svctl kill stopping"),
        "stopped": (w.service("stopped"), "wanted-down", "after it ended with signal TERM: svctl start stopped"),
        "never": (w.service("never", down=True), "wanted-down", "s: svctl start never"),
        "once": (w.service("once", run=DYING, down=True), "ran-once", "to run once, and ended with exit 3"),
        "finishing": (w.service("finishing", run=DYING, finish="exec sleep 1000\n"), "finishing", "its finish runs"),
        "preparing": (w.service("preparing", control={"u": "exec sleep 1000\n"}, files={"timeout-control": "600000"}), "starting",
                      "control/u"),
    }
    write_file(f"{t.dir}/data")
    os.chmod(cases["mode"][0].file("run"), 0o644)
    os.chmod(cases["bare"][0].file("run"), 0o755)
    os.symlink("run", cases["circle"][0].file("run"))
    w.supervise(*(s for s, _, _ in cases.values()))
    for name in ("paused", "stopping", "stopped"):
        cases[name][0].running()
    cases["paused"][0].tell("p")
    cases["stopping"][0].tell("d")
    cases["stopped"][0].tell("d")
    cases["once"][0].tell("o")
    cases["once"][0].wait_start()
    os.unlink(cases["never"][0].file("down"))
    for name, (_, cause, words) in cases.items():
        def told(name=name):
            return w.json("why", name)[0]
        wait_until(lambda: told()["cause"] == cause, lambda: f"{name}: {cause}; it is {told()}")
        need(words in told()["why"], f"{name}: {told()}")
        out = w.good("why", name)
        need(out.startswith(name + ": ") and out.count("\n") == 1 and words in out, f"{name}: {out!r}")


@test()
def why_throttled(t):
    """why: how long a start is held back, of a service that ended too soon"""
    w = Scan(t)
    s = w.service("s", run=DYING)
    w.supervise(s)
    s.wait_start()
    def told():
        return re.fullmatch(r"s: throttled for [01]\.\d s more: it ended with exit 3 less than a second "
                            r"after its start\n", w.good("why", "s"))
    wait_until(told, lambda: f"throttled; {w.run('why', 's')}")


@test()
def why_no_process(t):
    """why: a start for which no process can be made"""
    w = Scan(t)
    s = w.service("s", control={"u": "exit 0\n"})
    os.chmod(s.file("control/u"), 0o644)
    t.start(strace(), "-o", f"{t.dir}/trace", "-e", "trace=clone,clone3,fork,vfork",
            "-e", "inject=clone,clone3,fork,vfork:error=EAGAIN", f"{BIN}/runsv", s.path)
    sentence = "s: about to be started; if that lasts, its supervisor can make no process for it, and tries " \
        "again every 1 s\n"
    wait_until(lambda: w.run("why", "s")[1] == sentence, lambda: f"it says so; {w.run('why', 's')}")
    same(w.json("why", "s")[0]["cause"], "starting", "for programs")


@test()
def why_control_u_for_others(t):
    """why: control/u runs, also for who asks and may not run it"""
    somebody = as_somebody()
    w = Scan(t)
    s = w.service("s", control={"u": "exec sleep 1000\n"})
    w.supervise(s)
    wait_until(lambda: w.json("why", "s")[0]["cause"] == "starting", "starting")
    for path in (t.dir, w.svdir, w.initdir, s.path, s.file("control"), s.file("supervise"), os.path.dirname(t.dir)):
        os.chmod(path, os.stat(path).st_mode | 0o055)
    os.chmod(s.file("control/u"), 0o700)
    for name in ("ok", "control", "status"):
        os.chmod(s.supervise(name), 0o666)
    same(w.good("why", "s", **somebody), "s: its control/u runs, and must end before its start\n", "somebody else")


@test()
def timeout_of_a_check(t):
    """start: all is as wanted but for the check script, which is said"""
    w = Scan(t)
    s = w.service("s", run=QUIET, files={"check": "#!/bin/sh\nexit 1\n"})
    os.chmod(s.file("check"), 0o755)
    w.supervise(s)
    s.running()
    code, out, err = w.run("start", "-t", "0.3", "s")
    need(code == 1 and out.startswith("timeout: run: s: ") and
         re.fullmatch(r"svctl: s: it runs, for \d+s, but its check has not agreed\n", err), (code, out, err))
    same(w.json("start", "-t", "0.3", "s", code=1)[0]["cause"], "unchecked", "for programs")
    same(w.json("why", "s")[0]["cause"], "runs", "nobody waits for it")


@test()
def svdir_is_yet_to_come(t):
    """list -a, status: without SVDIR nothing is enabled"""
    w = Scan(t)
    w.service("s", enabled=False)
    os.rmdir(w.svdir)
    same(table(w.good("list", "-a"))["s"]["ENABLED"], "no", "list")
    same(w.json("status", "s")[0]["enabled"], "no", "for programs")


@test()
def supervise_is_no_service(t):
    """list: a directory called supervise in SVDIR is none, as for runsvdir"""
    w = Scan(t)
    w.service("s")
    os.mkdir(f"{w.svdir}/supervise")
    same(list(table(w.run("list")[1])), ["s"], "services")


@test()
def links_to_no_service(t):
    """list, metrics, tree: what is no directory, and a link that leads to none, is none, also if INITDIR has one of that
    name; of a directory that cannot be opened it is said"""
    w = Scan(t)
    w.service("s")
    w.service("off", enabled=False)
    write_file(f"{w.svdir}/file")
    for name, target in (("off", "nowhere"), ("filed", "file"), ("loop", "loop"), ("dangling", "nowhere")):
        os.symlink(target, f"{w.svdir}/{name}")
    same(list(table(w.run("list")[1])), ["s"], "services")
    same([one["service"] for one in w.json("list", code=1)], ["s"], "for programs")
    same(set(re.findall('service="([^"]*)"', w.run("metrics")[1])), {"s"}, "metrics")
    need(not re.search("off|filed|loop|dangling", w.run("tree")[1]), w.run("tree")[1])
    same(list(table(w.run("list", "off", "s")[1])), ["s"], "by name")
    limited = ["prlimit", "--nofile=5", f"{BIN}/svctl", "list"]
    done = subprocess.run(limited, env=w.environment, capture_output=True, text=True, check=False)
    need(done.returncode != 0 and "s " in done.stdout, f"{done}")


# Enabling

@test()
def enable_and_disable(t):
    """enable makes the link, and it is supervised; disable takes it away, and waits"""
    w = Scan(t)
    s = w.service("s", enabled=False, run=signal_teller())
    w.supervise()
    same(w.good("enable", "s"), "ok: s: enabled\n", "output")
    same(os.readlink(f"{w.svdir}/s"), os.path.realpath(s.path), "the link")
    pid = s.running()
    same(w.good("enable", "s"), "ok: s: enabled\n", "once more")
    out = w.good("disable", "s")
    need(out.startswith("ok: s: "), out)
    need(not alive(pid) and not s.supervised(), "it is still there")
    same(os.listdir(w.svdir), [".supervised"] if os.path.exists(f"{w.svdir}/.supervised") else [], "SVDIR")
    one_line(w.run("disable", "s"), 1, "s: ", "not enabled")


@test()
def enable_now(t):
    """enable --now: waits until it runs, though a file down is there"""
    w = Scan(t)
    s = w.service("s", enabled=False, down=True)
    w.supervise()
    found = w.json("enable", "--now", "s")
    same((found[0]["service"], found[0]["result"], found[0]["state"]), ("s", "ok", "run"), "JSON")
    s.running()
    same(w.json("disable", "s")[0]["result"], "ok", "disable")
    same(w.json("enable", "s"), [{"service": "s", "result": "ok"}], "enable")


@test()
def enable_now_without_waiting(t):
    """enable --now --no-wait: waits for who supervises it, to tell that, and not for the service"""
    w = Scan(t)
    s, more = (w.service(name, files={"check": "#!/bin/sh\nexit 1\n"}, enabled=False, down=True)
               for name in ("s", "more"))
    for file in (s.file("check"), more.file("check")):
        os.chmod(file, 0o755)
    words = ("enable", "--now", "--no-wait", "-t")
    one_line(w.run(*words, "0.1", "s"), 1, "s: ", "is runsvdir running")
    telling = w.begin(*words, str(SECONDS), "--json", "s")
    wait_until(lambda: telling.poll() is not None or watches(telling.pid), "it waits, or gives up")
    w.supervise()
    code, out = ended(telling)
    same(code, 0, f"exit code; {out}")
    same(json.loads(out)[0]["result"], "told", "result")
    s.running()
    same(w.good(*words, str(SECONDS), "more"), "", "output")
    more.running()


@test()
def enable_in_relative_initdir(t):
    """enable, disable: INITDIR may be a path from where svctl is"""
    w = Scan(t)
    s = w.service("s", enabled=False, run=signal_teller())
    w.supervise()
    how = {"env": {"SVCTL_INITDIR": "init.d"}, "cwd": t.dir}
    same(w.good("enable", "s", **how), "ok: s: enabled\n", "output")
    pid = s.running()
    same(w.good("disable", "s", **how), "ok: s: down, and supervised no more\n", "output")
    need(not alive(pid) and not s.supervised(), "it is still there")


@test()
def disable_what_does_not_end(t):
    """disable: what does not end in time fails; --now: it is killed"""
    w = Scan(t)
    s = w.service("s", run=deaf())
    w.supervise(s)
    pid = s.running()
    code, out, err = w.run("disable", "-t", "0.1", "s")
    need(code == 1 and out.startswith("timeout: "), (code, out, err))
    need(not os.path.lexists(f"{w.svdir}/s"), "the link is there")
    need(alive(pid), "it ended, and must not")
    os.symlink(s.path, f"{w.svdir}/s")
    same(w.run("disable", "--now", "-t", "0.1", "s")[0], 1, "exit code")
    wait_until(lambda: not alive(pid), "its end")


@test()
def looked_at_meanwhile(t):
    """disable: that somebody looks into supervise/ is not the end of the service"""
    w = Scan(t)
    s = w.service("s", run=deaf())
    w.supervise(s)
    pid = s.running()
    waiting = w.begin("disable", "-t", str(SECONDS), "s")
    s.wait_status(term=1)
    wait_until(lambda: watches(waiting.pid, 1), "it watches")
    for _ in range(3):
        os.listdir(s.supervise(""))
    stays(lambda: waiting.poll() is None, "it has ended", 0.3)
    os.kill(pid, signal.SIGKILL)
    same(ended(waiting), (0, "ok: s: down, and supervised no more\n"), "exit code and output")


@test()
def enable_refuses(t):
    """enable and disable: no name that leads elsewhere, nothing that is not theirs"""
    w = Scan(t)
    w.service("s", enabled=False)
    os.mkdir(f"{w.svdir}/real")
    os.symlink(w.initdir, f"{w.svdir}/elsewhere")
    os.symlink("/nonexistent", f"{w.svdir}/dangling")
    write_file(f"{w.initdir}/file")
    before = sorted(os.listdir(w.svdir))
    for name in (".", "..", "../init.d/s", f"{w.initdir}/s", "s/", "./s", ""):
        for verb in ("enable", "disable"):
            code, out, err = w.run(verb, name)
            need(code == 1 and out == "" and err.count("\n") == 1, f"{verb} {name!r}: {(code, out, err)}")
    one_line(w.run("enable", "file"), 1, "no such service")
    one_line(w.run("enable", "nonesuch"), 1, "no such service")
    one_line(w.run("disable", "real"), 1, "is no link")
    one_line(w.run("disable", "elsewhere"), 1, "is a link to", w.initdir)
    os.mkdir(f"{w.initdir}/elsewhere")
    one_line(w.run("enable", "elsewhere"), 1, "something else")
    same(sorted(os.listdir(w.svdir)), before, "SVDIR")
    same(w.good("disable", "dangling"), "ok: dangling: disabled\n", "dangling")
    need(not os.path.lexists(f"{w.svdir}/dangling"), "the link is there")


@test()
def enable_and_disable_where_nobody_is(t):
    """enable, disable: by a pattern, of what nobody supervises; without SVDIR; without a name"""
    w = Scan(t)
    for name in ("web1", "web2", "other"):
        w.service(name)
    same(w.good("disable", "web*"), "ok: web1: disabled\nok: web2: disabled\n", "disable")
    same(os.listdir(w.svdir), ["other"], "links")
    same(w.good("enable", "web*"), "ok: web1: enabled\nok: web2: enabled\n", "enable")
    same(w.run("enable", "web1", env={"SVDIR": "/nonexistent"}),
         (100, "", "svctl: /nonexistent: file does not exist: SVDIR names the directory that runsvdir was given\n"),
         "SVDIR")
    same(w.good("disable", "web1", "web1", "web*"), "ok: web1: disabled\nok: web2: disabled\n", "named twice")
    for verb in ("enable", "disable"):
        code, out, err = w.run(verb)
        need((code, out) == (100, "") and err.startswith(f"svctl {verb}: which service?\nusage: svctl {verb} "), err)


@test()
def initdir_cannot_be_read(t):
    """INITDIR is no directory: one line, exit 100, from what looks there"""
    w = Scan(t)
    w.service("s")
    write_file(f"{t.dir}/file")
    for verb in ("enable", "status", "log", "check"):
        code, out, err = w.run(verb, "x*", env={"SVCTL_INITDIR": f"{t.dir}/file"})
        same((code, out, err), (100, "", f"svctl: {t.dir}/file: cannot list services: not a directory\n"), verb)


@test()
def initdir_is_deep(t):
    """INITDIR whose path is as long as a path can be: a link to what is in there is refused"""
    w = Scan(t)
    deep = t.dir
    while len(deep) + 200 < 4090:
        deep += "/" + "d" * 199
    deep += "/" + "d" * (4090 - len(deep) - 1)
    os.makedirs(deep)
    top = os.open(deep, os.O_RDONLY)
    os.mkdir("longname", dir_fd=top)
    os.close(top)
    environment = {"SVCTL_INITDIR": deep}
    code, out, err = w.run("enable", "longname", env=environment)
    need((code, out) == (1, "") and err.startswith("svctl: longname: ") and err.count("\n") == 1, (code, out, err))
    same(os.listdir(w.svdir), [], "SVDIR")
    same(w.json("status", "longname", env=environment)[0]["directory"], f"{deep}/long", "status: as much as there is room for")


# A page about a service

@test()
def status(t):
    """status: state, place, files and options in force, logger, processes"""
    w = Scan(t)
    s = w.service("s", files={"timeout-kill": "5000\n", "down-signal": "nonsense"}, finish="exit 0\n",
                  control={"t": "exit 0\n"}, log="exec cat >/dev/null\n",
                  run="sleep 1001 &\nsay start $$\nexec sleep 1000\n")
    os.chmod(s.file("finish"), 0o644)
    w.supervise(s)
    pid = s.running()
    log = s.wait_status(log=True, state=RUN).pid
    wait_until(lambda: all(p in w.good("status", "s") for p in ("sleep 1000", "sleep 1001", f"{log} cat")), "all are shown")
    wait_until(lambda: w.json("status", "s")[0]["logger"]["processes"] == 1, "one process")
    page = w.good("status", "s")
    for pattern in (rf"^s: run, pid {pid}, for \d+s$", rf"^  directory +{re.escape(os.path.realpath(s.path))} \(enabled\)$",
                    r"^  wanted +up$", rf"^  logger +run, pid {log}, for \d+s$",
                    r"^  files +run, finish \(not executable\), control/t, log/run$",
                    r"^  options +timeout-kill 5000, down-signal nonsense \(not used: it takes a signal\)$",
                    rf"^ +{pid} sleep 1000\n +\d+ sleep 1001$", rf"^ +{log} cat$"):
        need(re.search(pattern, page, re.M), f"{pattern} not in\n{page}")
    found = w.json("status", "s")[0]
    same([f for f in FIELDS if f not in found], [], "fields missing")
    same((found["files"], found["options"]), (["run", "finish", "control/t", "log/run"],
                                              {"timeout-kill": "5000", "down-signal": "nonsense"}), "JSON")
    same([(p["command"]) for p in found["tree"]], ["sleep 1000", "sleep 1001", "cat"], "tree")
    same((found["tree"][0]["pid"], found["tree"][1]["parent"]), (pid, pid), "tree")


@test()
def status_of_others(t):
    """status: of a service that failed, that is not enabled, that nobody supervises"""
    w = Scan(t)
    s = w.service("s", run=DYING, files={"max-death-tally": "1"})
    w.service("off", enabled=False)
    lone = w.service("lone")
    same(w.run("status", "lone")[0], 1, "nobody supervises it")
    w.supervise(s, lone)
    s.wait_status(want="d", state=DOWN)
    page = w.good("status", "s")
    need("s: failed, " in page and re.search("^  why +failed after 1 death", page, re.M), page)
    need("(not enabled)" in w.good("status", "off"), "not enabled")
    same(w.json("status", "off")[0]["enabled"], "no", "JSON")
    page = w.good("status", "s", "lone", "off")
    same([line for line in page.splitlines() if not line.startswith(" ")],
         [line for line in page.splitlines() if re.match("s:|lone:|off:|$", line)], "headings")


@test()
def status_of_what_was_restarted(t):
    """status: readiness, restarts, a log that is not there, a path"""
    w = Scan(t)
    s = w.service("s", run=READY_WHEN_TOLD, files={"notification-fd": "3"}, log="exec svlogd ./main\n", log_down=True)
    w.supervise(s)
    pid = s.running()
    def state(page):
        return re.sub(r"for \d+s", "for Ns", page.splitlines()[0])
    page = w.good("status", "s")
    same(state(page), f"s: run, pid {pid}, for Ns, not ready yet", "before")
    need(re.search(r"^  why +it runs, for \d+s, and is waiting for readiness", page, re.M), page)
    need("main/current" not in page, f"no log: {page}")
    write_file(s.file("go"))
    wait_until(lambda: state(w.good("status", "s")) == f"s: run, pid {pid}, for Ns, ready",
               lambda: f"ready: {w.good('status', 's')}")
    for times in ("1 time", "2 times"):
        w.good("restart", "s")
        pid = s.status().pid
        wait_until(lambda: state(w.good("status", s.path)) ==
                   f"{s.path}: run, pid {pid}, for Ns, ready, restarted {times}, last exit: signal TERM",
                   lambda: f"restarted {times}: {w.good('status', s.path)}")
    same(w.json("status", s.path)[0]["directory"], os.path.realpath(s.path), "directory")


@test()
def status_of_the_dead(t):
    """status: of a process that has ended and was not waited for, its name"""
    w = Scan(t)
    gate = f"{t.dir}/gate"
    os.mkfifo(gate)
    s = w.service("s", run=f"cat {gate} &\nsay start $$\nexec sleep 1000\n")
    w.supervise(s)
    pid = s.running()
    # if its child ended before that, the shell would wait for it
    wait_until(lambda: read(f"/proc/{pid}/comm") == "sleep\n", "a parent that waits for nobody")
    os.close(os.open(gate, os.O_WRONLY))
    wait_until(lambda: re.search(r"^ +\d+ \[cat\]$", w.good("status", "s"), re.M),
               lambda: f"[cat] among the processes: {w.good('status', 's')}")


# What goes wrong

@test()
def record_is_no_record(t):
    """supervise/status that is none: what cannot be read, and why, in each verb"""
    w = Scan(t)
    cut, odd = w.service("cut"), w.service("odd")
    pretend(t, cut, b"short")
    pretend(t, odd, None)
    unread = {"cut": "unable to read supervise/status: bad format",
              "odd": "unable to read supervise/status: is a directory"}
    for name, problem in unread.items():
        for verb in ("start", "stop", "why"):
            same(w.run(verb, name), (1, "", f"svctl: {name}: {problem}\n"), verb)
        code, out, err = w.run("status", name)
        same((code, out.splitlines()[0], err), (1, f"{name}: {problem}", f"svctl: {name}: {problem}\n"), "status")
        same(w.json("list", name, code=1)[0]["problem"], problem, "list --json")
        same(w.json("why", name, code=1), [{"service": name, "cause": "unreadable", "why": problem}], "why --json")
        same(w.json("start", name, code=1)[0]["problem"], problem, "start --json")
        need(f"{name}: unreadable\n" in w.run("tree")[1], "tree")
    same(sorted(x["why"] for x in w.json("why", "*", code=2)), sorted(unread.values()), "both")


@test()
def no_proc(t):
    """/proc is not there: what needs it is -, or null in JSON; the rest is known"""
    if subprocess.run(["unshare", "--mount", "true"], check=False, stderr=subprocess.DEVNULL).returncode:
        raise Skip("no mount namespaces")
    w = Scan(t)
    s = w.service("s")
    w.supervise(s)
    pid = s.running()
    def blind(*words):
        done = subprocess.run(["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh",
                               f"{BIN}/svctl", *words], env=w.environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=SECONDS, check=False)
        return done.returncode, done.stdout, done.stderr
    code, out, err = blind("list")
    row = table(out)["s"]
    same((code, row["STATE"], row["PID"], row["MEM"], row["CPU"], err), (0, "run", str(pid), "-", "-", ""), out)
    found = json.loads(blind("list", "--json")[1])[0]
    same((found["state"], found["pid"], found["processes"], found["memory"], found["cpu"]),
         ("run", pid, None, None, None), "JSON")
    same(blind("stop", "s")[0], 0, "stop")
    one_line(blind("poweroff", "-y"), 1, "poweroff: PID 1 is unknown, as /proc is not there, and no init")


@test()
def no_supervisor(t):
    """nobody supervises: a line for each, and that runsvdir may not run"""
    w = Scan(t)
    s = w.service("s")
    code, out, err = w.run("list")
    same((code, table(out)["s"]["STATE"]), (1, "unsupervised"), err)
    need(err.count("\n") == 1 and w.svdir in err and "runsvdir" in err, err)
    for verb in ("start", "stop", "restart", "reload", "once", "pause", "cont", "kill", "why"):
        one_line(w.run(verb, "s"), 1, "s: ", "runsvdir")
    r = w.supervise(s)
    s.running()
    r.kill()
    for verb in ("start", "stop", "why"):
        one_line(w.run(verb, "s"), 1, "s: ", "nobody supervises it", "runsvdir")
    same(w.json("start", "s", code=1)[0]["problem"], "runsv not running", "JSON")


@test()
def no_svdir(t):
    """SVDIR is not there: one line, exit 100"""
    w = Scan(t)
    for words in (("list",), (), ("start", "s"), ("status", "s*"), ("why", "s"), ("disable", "s"), ("wait", "up", "s")):
        code, out, err = w.run(*words, env={"SVDIR": "/nonexistent"})
        need(out == "" and err.count("\n") == 1 and "/nonexistent" in err, f"{words}: {(code, out, err)}")
        need(code in (1, 100), f"{words}: {code}")
    same(w.run("list", env={"SVDIR": "/nonexistent"})[0], 100, "exit code of list")


@test()
def no_permission(t):
    """no permission: which file, and who may"""
    somebody = as_somebody()
    w = Scan(t)
    s, open_one = w.service("s"), w.service("open")
    w.supervise(s, open_one)
    s.running()
    open_one.running()
    os.chmod(open_one.file("supervise"), 0o755)
    for name in ("ok", "control"):
        os.chown(open_one.supervise(name), 0, 4242)
        os.chmod(open_one.supervise(name), 0o620)
    def other(*words, **how):
        return w.run(*words, **somebody, **how)
    one_line(other("stop", "s"), 1, "s: ", "supervise/ok", "access denied", "root", "group")
    one_line(other("why", "s"), 1, "s: ", "access denied")
    private = os.path.join(w.svdir, ".private")
    os.mkdir(private, 0o700)
    code, out, err = other("why", "--json", private + "/one")
    same((code, [one["problem"] for one in json.loads(out)]), (1, ["access denied"]), err)
    code, out, err = other("list")
    same((code, table(out)["s"]["STATE"], err.count("\n")), (2, "unreadable", 1), err)
    need("root" in err, err)
    # names can be read there, and nothing behind them
    os.mkdir(f"{w.svdir}/real")
    os.chmod(w.svdir, 0o744)
    same(table(other("list")[1])["real"]["STATE"], "unreadable", "of a list of names")
    os.chmod(w.svdir, 0o755)
    w.service("later", enabled=False)
    one_line(other("enable", "later"), 1, "later", w.svdir, "access denied", "root")
    def member(*words):
        return w.run(*words, **{**somebody, "extra_groups": [4242]})
    same(member("stop", "open")[0], 0, "a member of the file's group may")
    same(open_one.status().state, DOWN, "state")


@test()
def wrong_usage(t):
    """wrong usage: exit 100, what is wrong and the usage, nothing done"""
    w = Scan(t)
    s = w.service("s")
    w.supervise(s)
    s.running()
    for words, said in ((("start",), "of which service?"), (("stop", "--jsno", "s"), "--jsno"),
                        (("stop", "-x", "s"), "-x"), (("-t",), "-t"), (("stop", "s", "-t"), "-t"),
                        (("stop", "-t", "soon", "s"), "soon"), (("stop", "--now", "s"), "--now"),
                        (("stpo", "s"), "is it stop?"), (("disabel", "s"), "is it disable?"),
                        (("dwon", "s"), "is it down?"), (("wait", "sideways", "s"), "up, down or ready"),
                        (("wait", "up"), "of which service?"), (("wait",), "up, down or ready"),
                        (("status",), "of which service?"), (("why",), "of which service?"), (("enable",), "which service?"),
                        (("kill",), "of which service?"), (("up",), "up"), (("--json=1",), "--json=1"),
                        (("why", "--now", "s"), "--now"), (("--now", "list"), "--now"), (("-t", "5", "list"), "list")):
        code, out, err = w.run(*words)
        need(code == 100 and out == "" and said in err and "usage: svctl" in err, f"{words}: {(code, out, err)}")
    same(s.status().state, RUN, "state")
    code, _, err = w.run("start", "s", env={"SVWAIT": "soon"})
    need(code == 100 and "SVWAIT" in err, (code, err))


@test()
def options_anywhere(t):
    """options may stand before and after the verb and its names, and together"""
    w = Scan(t)
    s = w.service("s", down=True)
    w.supervise(s)
    for words in (("--json", "start", "-t", "5", "s"), ("-t5", "start", "s", "--json"), ("start", "--json", "--", "s"),
                  ("-t", "5", "--json", "start", "s"), ("-w", "5", "start", "--json", "s")):
        code, out, err = w.run(*words)
        need(code == 0 and json.loads(out)[0]["state"] == "run", f"{words}: {(code, out, err)}")
    same(w.json()[0]["service"], "s", "list is meant where no verb is")
    same(w.json("stop", "-t", "9000000000000000", "s")[0]["result"], "ok", "longer than can be counted in ms")


@test()
def words_of_sv(t):
    """sv's words are there as they are in sv; one that is none is not taken for one"""
    w = Scan(t)
    s = w.service("s", down=True)
    w.supervise(s)
    def sv(*words):
        done = subprocess.run([f"{BIN}/sv", *words], env=w.environment, capture_output=True, text=True, check=False)
        return done.returncode, re.sub(r"\d+", "N", done.stdout), done.stderr
    def svctl(*words):
        code, out, err = w.run(*words)
        return code, re.sub(r"\d+", "N", out), err
    for words in (("-w5", "up", "s"), ("-v", "up", "s"), ("up", "s"), ("-w", "3", "down", "s"), ("hup", "s"), ("stat", "s"),
                  ("d", "s"), ("s", "s"), ("force-stop", "s"), ("try-restart", "s"), ("down", "nonesuch", "s")):
        same(svctl(*words), sv(*words), " ".join(words))


@test()
def help_for_all(t):
    """--help: of all, and of each verb with an example that begins with svctl"""
    w = Scan(t)
    out = w.good("--help")
    verbs = re.findall(r"^  ([a-z]+) {2,}\S", out.partition("svctl VERB --help")[0], re.M)
    need({"list", "status", "start", "stop", "enable", "wait", "why", "kill"} <= set(verbs), out)
    for verb in verbs:
        out = w.good(verb, "--help")
        need(out.startswith(f"svctl {verb}: "), out)
        need(re.search(rf"^usage: svctl {verb}\b", out, re.M), out)
        need(re.search(rf"^example: .*\n  svctl {verb}\b", out, re.M), out)
        # a format of its own, and nothing to say
        need("--json" in out or verb in ("metrics", "poweroff", "reboot", "halt"), f"no --json:\n{out}")
        same(w.good("--help", verb), out, "before it")


# Where it is written to

def on_terminal(w, *words, env=None):
    """What svctl writes to a terminal."""
    master, slave = pty.openpty()
    try:
        process = subprocess.Popen([f"{BIN}/svctl", *words], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                                   env={**w.environment, "TERM": "linux", **(env or {})})
        os.close(slave)
        written = b""
        with contextlib.suppress(OSError):      # EIO: the other end is closed
            while part := os.read(master, 65536):
                written += part
        process.wait(SECONDS)
        return written.decode()
    finally:
        os.close(master)


@test()
def colour(t):
    """colour: on a terminal only, not with NO_COLOR, not with TERM=dumb"""
    w = Scan(t)
    s, failing = w.service("s"), w.service("failing", run=DYING, files={"max-death-tally": "1"})
    w.supervise(s, failing)
    s.running()
    failing.wait_status(want="d", state=DOWN)
    out = on_terminal(w, "list")
    need(re.search(r"\x1b\[1;31mfailing\b", out), f"what failed does not stand out: {out!r}")
    need(re.search(r"\x1b\[32ms\b", out), f"{out!r}")
    # how long each has run may be another between the two
    wait_until(lambda: re.sub(r"\x1b\[[0-9;]*m", "", on_terminal(w, "list")).replace("\r", "") == w.good("list"),
               lambda: f"the same but for colour: {on_terminal(w, 'list')!r} {w.good('list')!r}")
    need("\x1b" in on_terminal(w, "status", "s"), "status")
    need("\x1b" in on_terminal(w, "stop", "s"), "stop")
    need("\x1b" not in w.good("list"), "colour in a pipe")
    need("\x1b" not in on_terminal(w, "list", env={"NO_COLOR": "1"}), "NO_COLOR")
    need("\x1b" in on_terminal(w, "list", env={"NO_COLOR": ""}), "an empty NO_COLOR is none (no-color.org)")
    need("\x1b" not in on_terminal(w, "list", env={"TERM": "dumb"}), "dumb")
    need("\x1b" not in on_terminal(w, "list", "--json"), "JSON")


@test()
def reader_gone(t):
    """standard output cannot be written: all is done, and then that is said"""
    w = Scan(t)
    s = w.service("s")
    w.supervise(s)
    s.running()
    with open("/dev/full", "wb") as full:
        done = subprocess.run([f"{BIN}/svctl", "stop", "s"], env=w.environment, stdout=full, stderr=subprocess.PIPE,
                              text=True, check=False)
    same((done.returncode, s.status().state), (111, DOWN), done.stderr)
    need("out of disk space" in done.stderr or "No space" in done.stderr, done.stderr)


@test(early=True)
def a_thousand(t):
    """a thousand services: all are listed, stopped and started"""
    w = Scan(t, t.mount("mode=755"))
    write_file(f"{t.dir}/run", "#!/bin/sh\nexec sleep 10000\n", 0o755)
    for i in range(1000):
        os.makedirs(f"{w.initdir}/s{i:03}")
        os.symlink(f"{t.dir}/run", f"{w.initdir}/s{i:03}/run")
        os.symlink(f"{w.initdir}/s{i:03}", f"{w.svdir}/s{i:03}")
    w.supervise()
    wait_until(lambda: sum(x["state"] == "run" for x in w.json("list")) == 1000 if
               os.path.exists(f"{w.initdir}/s999/supervise/status") else False, "all run", SECONDS * 3)
    found = w.json("list")
    same([x["service"] for x in found], [f"s{i:03}" for i in range(1000)], "in order")
    same({x["processes"] for x in found}, {1}, "processes")
    same(len(table(w.good("list"))), 1000, "table")
    same({x["result"] for x in w.json("stop", "-t", "60", "*")}, {"ok"}, "stopped")
    same({x["state"] for x in w.json("list")}, {"down"}, "states")


# Somebody else's supervisor

@test()
def under_runit(t):
    """under runit's runsv: what can be known; the rest is -, and null in JSON"""
    runsv = os.path.join(os.path.dirname(runit_sv()), "runsv")
    w = Scan(t)
    s, failing = w.service("s", log="exec cat >/dev/null\n"), w.service("failing", run=DYING)
    for service in (s, failing):
        t.start(runsv, service.path)
    pid = s.running()
    failing.wait_start(2)
    row = table(w.good("list"))["s"]
    same((row["STATE"], row["PID"], row["RESTARTS"], row["EXIT"], row["READY"]), ("run", str(pid), "-", "-", "-"), "row")
    found = w.json("list", "s")[0]
    same([found[k] for k in ("failed", "restarts", "last_exit", "ready")], [None] * 4, "JSON")
    same((found["state"], found["pid"], found["want"], found["processes"], found["logger"]["state"]),
         ("run", pid, "up", 1, "run"), "JSON")
    need("it runs, for" in w.good("why", "s"), "why")
    need(w.json("why", "failing")[0]["cause"] in ("between-starts", "runs", "finishing"), "why")
    for verb, state in (("stop", DOWN), ("start", RUN), ("restart", RUN)):
        w.good(verb, "s")
        same(s.status().state, state, verb)
    same(w.json("wait", "ready", "s")[0]["result"], "ok", "wait ready")
    need(re.search(r"^  wanted +up$", w.good("status", "s"), re.M), "status")


@test()
def another_namespace(t):
    """a supervisor in another pid namespace: its pids are not taken for processes here"""
    w = Scan(t)
    s = w.service("s")
    t.start("unshare", "--pid", "--fork", "--kill-child", f"{BIN}/runsvdir", "-P", w.svdir)
    wait_until(lambda: s.supervised() and s.state() and s.state().state == RUN, "it runs")
    found = w.json("list")[0]
    same((found["state"], found["processes"], found["memory"]), ("run", None, None), "JSON")
    out = w.good("metrics")
    need('pidone_service_up{service="s",part="run"} 1\n' in out, out)
    for what in ("processes", "memory_bytes", "cpu_seconds_total"):
        need(f"pidone_service_{what}{{" not in out, f"{what}, which is not known: {out}")
    w.good("stop", "s")
    need('pidone_service_processes{service="s",part="run"} 0\n' in w.good("metrics"), "none, which is known")


if __name__ == "__main__":
    raise SystemExit(suite.main())

# SPDX-License-Identifier: MIT
"""What the tests of runsv and runsvdir share: service directories, the status
record, supervisors, and running many tests at once.

A suite runs in a PID namespace of its own: all that it starts ends with it.
Tests know the programs from outside only: files, FIFOs, signals, processes.

BIN and TEST_SECONDS as in harness.py. RUNIT_BIN: where runit's sv is, for the
tests that drive our monitors with it. JOBS: how many tests at once. TIMES: say
how long each took. Arguments: words; only tests whose name has one of them are
run.
"""

import collections
import concurrent.futures
import contextlib
import errno
import os
import re
import shlex
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import harness
from harness import BIN, SECONDS, Skip

JOBS = int(os.environ.get("JOBS", "16"))
MARK = "PIDONE_TEST"

# A file that is open for writing in a child between its fork and exec cannot be
# executed (ETXTBSY): no script is written while another thread starts a program.
files_and_forks = threading.RLock()



def need(condition, what):
    if not condition:
        raise AssertionError(what)


def same(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


class Later:
    """A text that is known only when it is needed."""

    def __init__(self, what):
        self.what = what

    def __str__(self):
        return self.what() if callable(self.what) else self.what


def wait_until(condition, what, seconds=None):
    """harness.wait_until, for what is there only then to be said."""
    return harness.wait_until(Later(what), condition, seconds or SECONDS)


def stays(condition, what, seconds=0.4):
    """CONDITION is true, and stays so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        need(condition(), what() if callable(what) else what)
        time.sleep(0.02)


def wait_settled(condition, what, seconds=1.5):
    """Waits until condition() is true and stays so for some time: for ends
    that could be undone by what is still under way."""
    end = time.monotonic() + SECONDS * 2
    since = None
    while True:
        now = time.monotonic()
        if condition():
            since = since or now
            if now - since >= seconds:
                return
        else:
            since = None
            if now > end:
                raise AssertionError(f"not settled: {Later(what)}")
        time.sleep(0.02)


# The status record

Status = collections.namedtuple("Status", "seconds nanoseconds pid paused want term state")
DOWN, RUN, FINISH = 0, 1, 2

# Where these stand in supervise/status (libsv/status.h).
READINESS, FAILED = 82, 83

TAI = 4611686018427387914


def decode(record):
    """The 20 bytes of supervise/status; more may follow."""
    need(len(record) >= 20, f"status record has {len(record)} bytes")
    seconds, nanoseconds = struct.unpack(">QI", record[:12])
    (pid,) = struct.unpack("<I", record[12:16])
    paused, want, term, state = record[16:20]
    return Status(seconds - TAI, nanoseconds, pid, paused, chr(want), term, state)


# Processes

def process_state(pid):
    """The letter of /proc/PID/stat, or None when there is no such process."""
    fields = process_fields(pid)
    return fields[0] if fields else None


def process_fields(pid):
    """/proc/PID/stat from the state on: state, ppid, pgrp, session, …; starttime is [19]."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            return f.read().decode(errors="replace").rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def alive(pid):
    return process_state(pid) not in (None, "Z", "X")


def traced(t, pid, *words):
    """strace with WORDS, which follows process PID by now, and where it writes."""
    trace = f"{t.dir}/trace.{t.count()}"
    tracer = t.start(harness.strace(), "-o", trace, *words, "-p", str(pid))
    def attached():
        if not tracer.running():
            raise Skip(f"strace: {tracer.errors().strip()}")
        return "TracerPid:\t0\n" not in read(f"/proc/{pid}/status")
    wait_until(attached, "strace attached")
    return tracer, trace


def wait_stopped(trace):
    """A strace that writes TRACE has injected a SIGSTOP."""
    wait_until(lambda: "stopped by SIGSTOP" in read(trace), lambda: f"a stop: {read(trace)}")


def waits(pid):
    """Whether it waits in poll(2) or epoll_wait(2)."""
    return "poll" in read(f"/proc/{pid}/wchan")


def processes():
    return [int(p) for p in os.listdir("/proc") if p.isdigit()]


def watches(pid, least=0):
    """Whether it has an inotify instance, with that many watches in it: proc(5), fdinfo."""
    with contextlib.suppress(OSError):
        return any("inotify" in os.readlink(f"/proc/{pid}/fd/{fd}") and
                   read(f"/proc/{pid}/fdinfo/{fd}").count("inotify wd:") >= least
                   for fd in os.listdir(f"/proc/{pid}/fd"))
    return False


# What a keeper of log pipes calls itself.
KEEPER = "keeps log pipes"


def title(pid):
    """The first of its arguments."""
    return read(f"/proc/{pid}/cmdline").split("\0")[0]


def cwd(pid):
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


def children(pid):
    found = []
    for p in processes():
        fields = process_fields(p)
        if fields and int(fields[1]) == pid:
            found.append(p)
    return found


def read(path, otherwise=""):
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as f:
            return f.read()
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
        return otherwise


def write_file(path, content="", mode=0o644):
    with files_and_forks:
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as f:
            f.write(content)
        # by its name, once it is whole: nobody executes what is open for writing; who has
        # waited for it may have taken it away
        with contextlib.suppress(FileNotFoundError):
            os.chmod(path, mode)


def shebang_python():
    # -I -S: nothing of the user's, and a quick start.
    return f"#!{sys.executable} -IS\n"


# Programs that services run. Each says what happens to it in a file of events,
# one line each, written with one write(2).

IDLE = "say start $$\nexec sleep 1000\n"


def signal_teller(end_on=("SIGTERM",), lock=None, prelude=""):
    """A ./run that tells of each signal it gets, and ends on some. With a lock:
    tells when another one runs at the same time."""
    return shebang_python() + f"""
import fcntl, os, signal, sys
def say(what):
    os.write(events, (what + "\\n").encode())
events = os.open({{events!r}}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
told = {{signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2,
        signal.SIGALRM, signal.SIGTERM, signal.SIGCONT}}
signal.pthread_sigmask(signal.SIG_BLOCK, told)
lock = {lock!r}
if lock:
    held = os.open(lock, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        say("second %d" % os.getpid())
{prelude}
say("start %d" % os.getpid())
while True:
    name = signal.Signals(signal.sigwait(told)).name
    say(name)
    if name in {tuple(end_on)!r}:
        sys.exit(0)
"""


def deaf(**more):
    return signal_teller(end_on=(), **more)


def logger(slow=0.0, copy=None):
    """A log/run that copies its standard input to a file, loses nothing when it is
    told to end (TERM), tells of signals and of end of file."""
    return shebang_python() + f"""
import os, select, signal, sys, time
def say(what):
    os.write(events, (what + "\\n").encode())
events = os.open({{events!r}}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
out = os.open({{copy!r}}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
told = []
r, w = os.pipe()
# a signal that comes just before select() is heard by it
os.set_blocking(w, False)
signal.set_wakeup_fd(w, warn_on_full_buffer=False)
for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGCONT, signal.SIGINT):
    signal.signal(number, lambda number, frame: (say("log " + signal.Signals(number).name), told.append(number)))
say("log start %d" % os.getpid())
while signal.SIGTERM not in told:
    ready, _, _ = select.select([0, r], [], [])
    if r in ready:
        os.read(r, 1)
        continue
    part = os.read(0, 65536)
    if not part:
        say("log eof")
        time.sleep({slow!r})
        say("log end")
        sys.exit(0)
    while part:
        part = part[os.write(out, part):]
""".replace("{copy!r}", repr(copy) if copy else "{copy!r}")


class Service:
    """A service directory, its events, and the raw interface to its monitor."""

    def __init__(self, test, path, run=IDLE, finish=None, down=False, control=None,
                 log=None, log_down=False, log_finish=None, events=None):
        self.test = test
        number = test.count()
        # whole when it comes: a runsvdir may be looking
        self.path = os.path.join(os.path.dirname(path), f".new.{number}")
        base = f"{test.dir}/said.{number}"
        self.events_path = events or base
        self.copy_path = base + ".log"
        os.makedirs(self.path)
        if run is not None:
            self.script("run", run)
        if finish is not None:
            self.script("finish", finish)
        if down:
            write_file(self.file("down"))
        for letter, body in (control or {}).items():
            self.control_script(letter, body)
        if log is not None:
            os.mkdir(self.file("log"))
            self.script("log/run", log)
            if log_finish is not None:
                self.script("log/finish", log_finish)
            if log_down:
                write_file(self.file("log/down"))
        os.rename(self.path, path)
        self.path = path

    def file(self, *names):
        return os.path.join(self.path, *names)

    def script(self, name, body, mode=0o755):
        """Shell with the word say, or any program that begins with #!."""
        if body.startswith("#!"):
            body = body.replace("{events!r}", repr(self.events_path))
            body = body.replace("{copy!r}", repr(self.copy_path))
        else:
            body = ("#!/bin/sh\nsay() { printf '%s\\n' \"$*\" >>" + shlex.quote(self.events_path) + "; }\n"
                    + body)
        write_file(self.file(name), body, mode)

    def control_script(self, letter, body, mode=0o755):
        os.makedirs(self.file("control"), exist_ok=True)
        self.script(f"control/{letter}", body, mode)

    # What it said

    def events(self):
        return read(self.events_path).splitlines()

    def copied(self):
        """What its logger copied."""
        return read(self.copy_path).splitlines()

    def count(self, first):
        return sum(1 for e in self.events() if e == first or e.startswith(first + " "))

    def wait_event(self, event, times=1):
        wait_until(lambda: self.count(event) >= times,
                   lambda: f"event {event!r} {times} times; there are {self.events()}")

    def starts(self):
        """The pids that were started."""
        return [int(e.split()[1]) for e in self.events() if e.startswith("start ")]

    def wait_start(self, number=1):
        wait_until(lambda: len(self.starts()) >= number,
                   lambda: f"start number {number}; there are {self.events()}")
        return self.starts()[number - 1]

    # The interface

    def supervised(self, log=False):
        """Whether supervise/ok has a reader."""
        try:
            os.close(os.open(self.supervise("ok", log), os.O_WRONLY | os.O_NONBLOCK))
            return True
        except OSError as e:
            if e.errno in (errno.ENXIO, errno.ENOENT, errno.ENOTDIR):
                return False
            raise

    def supervise(self, name, log=False):
        return self.file("log/supervise" if log else "supervise", name)

    def tell(self, letters, log=False):
        """Writes to supervise/control."""
        letters = letters.encode() if isinstance(letters, str) else letters
        fd = os.open(self.supervise("control", log), os.O_WRONLY | os.O_NONBLOCK)
        try:
            end = time.monotonic() + SECONDS
            while letters:
                try:
                    letters = letters[os.write(fd, letters):]
                except BlockingIOError:
                    need(time.monotonic() < end, f"supervise/control is not read; {len(letters)} bytes left")
                    time.sleep(0.01)
        finally:
            os.close(fd)

    def status(self, log=False):
        with open(self.supervise("status", log), "rb") as f:
            return decode(f.read())

    def recorded(self, at):
        """A byte of what the record has beside that: READINESS, FAILED."""
        with open(self.supervise("status"), "rb") as f:
            return f.read()[at]

    def state(self, log=False):
        try:
            return self.status(log)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def wait_status(self, log=False, **wanted):
        """Waits for a record with these fields."""
        def right():
            s = self.state(log)
            return s if s and all(getattr(s, k) == v for k, v in wanted.items()) else None
        return wait_until(right, lambda: f"status {wanted}; it is {self.state(log)}, events {self.events()}")

    def running(self):
        """The pid, once the record says run and ./run itself has said so: the last that did,
        as the record of the one before may still be there."""
        def right():
            s = self.state()
            return s.pid if s and s.state == RUN and [s.pid] == self.starts()[-1:] else None
        return wait_until(right, lambda: f"running; status {self.state()}, events {self.events()}")

    def text(self, name, log=False):
        return read(self.supervise(name, log), None)

    def wait_text(self, name, wanted, log=False):
        wait_until(lambda: self.text(name, log) == wanted,
                   lambda: f"{name} {wanted!r}; it is {self.text(name, log)!r}, {self.state(log)}")

    def describe(self):
        return [f"{self.path}: {self.state()}, said {self.events()[-40:]}"]


class Supervisor:
    """A process of runsv or runsvdir; what it says on standard error is kept."""

    def __init__(self, test, words, umask=-1, env=None, cwd=None, prefix=()):
        self.errors_path = f"{test.dir}/stderr.{test.count()}"
        environment = dict(os.environ, **{MARK: test.dir})
        environment["PATH"] = BIN + ":" + environment.get("PATH", "/usr/bin:/bin")
        environment.update(env or {})
        self.words = list(words)
        with files_and_forks, open(self.errors_path, "wb") as errors:
            self.process = subprocess.Popen([*prefix, *words], stdin=subprocess.DEVNULL,
                                            stdout=errors, stderr=errors, umask=umask,
                                            env=environment, cwd=cwd or test.dir)
        self.pid = self.process.pid

    def errors(self):
        return read(self.errors_path)

    def wait_errors(self, *words):
        """Waits for a line with all these words."""
        wait_until(lambda: any(all(w in line for w in words) for line in self.errors().split("\n")),
                   lambda: f"a message with {words}; there is {self.errors()!r}")

    def signal(self, number):
        os.kill(self.pid, number)

    def running(self):
        return self.process.poll() is None

    def wait_rest(self):
        """Waits until it waits for what comes: what it has begun is done."""
        wait_until(lambda: waits(self.pid),
                   lambda: f"rest; it is in {read(f'/proc/{self.pid}/wchan')!r}")

    def wait_exit(self, seconds=None):
        wait_until(lambda: not self.running(), f"the end of {' '.join(map(str, self.words))!r}", seconds)
        return self.process.returncode

    def kill(self):
        if self.running():
            self.process.kill()
        self.process.wait()

    def describe(self):
        said = self.errors().splitlines()[-30:]
        return [f"{' '.join(map(str, self.words))!r}: exit {self.process.poll()}, said:"] + ["  " + s for s in said]


class Test:
    """What one test has made: a directory, services, supervisors."""

    def __init__(self, directory):
        self.dir = directory
        self.services = []
        self.supervisors = []
        self.undo = contextlib.ExitStack()
        self.number = 0

    def count(self):
        self.number += 1
        return self.number

    def service(self, name="service", **parts):
        s = Service(self, os.path.join(self.dir, name), **parts)
        self.services.append(s)
        return s

    def start(self, *words, **how):
        s = Supervisor(self, words, **how)
        self.supervisors.append(s)
        return s

    def runsv(self, service, wait=True, **how):
        """runsv of a service, supervising it when this returns."""
        s = self.start(f"{BIN}/runsv", service.path, **how)
        if wait:
            wait_until(lambda: service.supervised() and service.state(),
                       lambda: f"supervise/ok and status of {service.path}; {s.describe()}")
        return s

    def supervised(self, **parts):
        """A service and its runsv."""
        service = self.service(**parts)
        return service, self.runsv(service)

    def mount(self, options):
        """A tmpfs of the test's own."""
        where = f"{self.dir}/mount.{self.count()}"
        os.mkdir(where)
        with files_and_forks:
            done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", where],
                                  stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise Skip(f"mount: {done.stderr.strip()}")
        self.undo.callback(subprocess.run, ["umount", "-l", where], check=False)
        return where

    def marked(self):
        """All processes that this test started, directly or not."""
        mark = f"{MARK}={self.dir}\0".encode()
        found = []
        for pid in processes():
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if mark in f.read() + b"\0":
                        found.append(pid)
            except OSError:
                pass
        return found

    def keepers(self):
        """Those of log pipes among them."""
        return [pid for pid in self.marked() if title(pid) == KEEPER and alive(pid)]

    def clean(self):
        for s in self.supervisors:
            s.kill()
        for _ in range(50):
            left = self.marked()
            if not left:
                break
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        self.undo.close()

    def describe(self):
        return [line for x in self.services[:8] + self.supervisors for line in x.describe()]


# The list of tests

class Suite:
    def __init__(self, program):
        self.program = program
        self.tests = []

    def test(self, runit=None, early=False):
        """A test; its name is the first line of its text. runit: the defect or
        difference (docs/COMPATIBILITY.md) for which runit's program is expected to
        fail it. early: it takes long, so begin with it."""
        def register(function):
            name = " ".join((function.__doc__ or function.__name__).split("\n\n")[0].split()).rstrip(".")
            self.tests.append((not early, name, function, runit))
            return function
        return register

    def run_one(self, name, function, runit):
        directory = tempfile.mkdtemp(prefix="pidone.")
        os.chmod(directory, 0o755)
        t = Test(directory)
        began = time.monotonic()
        try:
            function(t)
            result, lines = f"ok - {self.program}: {name}", []
        except Skip as skip:
            result, lines = f"ok - {self.program}: {name} # SKIP {skip}", []
        except Exception as e:
            result = f"not ok - {self.program}: {name}"
            where = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(e.__traceback__)
                     if os.path.basename(f.filename) != "supervise.py"]
            what = str(e) if isinstance(e, AssertionError) else "".join(traceback.format_exception_only(type(e), e))
            lines = [what, "in " + ", ".join(where[-2:])] + t.describe()
            if runit:
                lines.append("runit's own program is expected to fail here: " + runit)
        finally:
            t.clean()
        took = time.monotonic() - began
        shutil.rmtree(directory, ignore_errors=True)
        return result, lines, took

    def run(self, words):
        chosen = sorted((t for t in self.tests if not words or any(w in t[1] for w in words)),
                        key=lambda t: t[0])
        failed = 0
        with concurrent.futures.ThreadPoolExecutor(max_workers=JOBS) as pool:
            futures = [pool.submit(self.run_one, *t[1:]) for t in chosen]
            for future in concurrent.futures.as_completed(futures):
                result, lines, took = future.result()
                failed += result.startswith("not ok")
                print(result)
                for line in (l for text in lines for l in str(text).split("\n")):
                    # A name in a diagnostic may be any bytes.
                    print("# " + line.encode(errors="backslashreplace").decode())
                if os.environ.get("TIMES"):
                    print(f"# {took:.1f} s")
                sys.stdout.flush()
        print(f"1..{len(chosen)}", flush=True)
        return 1 if failed else 0

    def main(self):
        """Runs the tests in a PID namespace, whose first process only reaps."""
        reason = refused()
        if not reason and not os.access(f"{BIN}/{self.program}", os.X_OK):
            print(f"not ok - {self.program}: {BIN}/{self.program} is there\n1..1")
            sys.exit(1)
        if reason:
            for _, name, *_ in self.tests:
                print(f"ok - {self.program}: {name} # SKIP {reason}")
            print(f"1..{len(self.tests)}")
            sys.exit(0)
        contain(lambda: self.run(sys.argv[1:]))


# A PID namespace for this program

CONTAIN = (["unshare"] + (["--user", "--map-root-user"] if os.geteuid() else [])
           + ["--pid", "--mount-proc", "--fork", "--kill-child"])


def refused():
    """Why contain() cannot do what it is for, or ""."""
    if os.environ.get("PIDONE_INSIDE") == "1":
        return ""
    try:
        probe = subprocess.run([*CONTAIN, "true"], stderr=subprocess.PIPE, text=True, check=False)
        return probe.stderr.strip() if probe.returncode else ""
    except FileNotFoundError:
        return "no unshare"


def contain(main):
    """Executes this program again in a PID namespace, whose first process only reaps,
    runs main() there and exits with what that returns."""
    if os.environ.get("PIDONE_INSIDE") != "1":
        os.environ["PIDONE_INSIDE"] = "1"
        # nohup(1), and a shell for what it runs with "&", ignore them; runit leaves that to its services
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(CONTAIN[0], [*CONTAIN, sys.executable, *sys.argv])
    del os.environ["PIDONE_INSIDE"]
    sys.stdout.flush()
    suite = os.fork()
    if suite == 0:
        os.setsid()         # so that group and session have numbers in here
        os._exit(main())
    while True:
        pid, status = os.wait()
        if pid == suite:
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def runit_sv():
    """runit's sv with runit's runsv beside it, so not ours."""
    candidates = [os.environ.get("RUNIT_BIN", "")] + os.environ.get("PATH", "").split(":")
    for directory in filter(None, candidates):
        sv = os.path.join(directory, "sv")
        if (os.access(sv, os.X_OK) and os.access(os.path.join(directory, "runsv"), os.X_OK)
                and not os.path.exists(os.path.join(directory, "svctl"))):
            return sv
    raise Skip("no sv of runit's (RUNIT_BIN)")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def lines_with(text, *words):
    return [line for line in text.split("\n") if all(re.search(re.escape(w), line) for w in words)]

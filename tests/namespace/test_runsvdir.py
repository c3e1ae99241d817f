# SPDX-License-Identifier: MIT
"""runsvdir, from outside: a scan directory, its services, their processes."""

import collections
import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import time

from harness import strace
from supervise import (BIN, DOWN, IDLE, RUN, SECONDS, Skip, Suite, alive, children, deaf, files_and_forks, logger, need,
                       process_fields, process_state, read, same, signal_teller, stays, traced, wait_settled, wait_stopped,
                       wait_until, write_file)

suite = Suite("runsvdir")
test = suite.test


class Scan:
    """A scan directory, service directories beside it, and links to them."""

    def __init__(self, t, name="scan"):
        self.t = t
        self.path = f"{t.dir}/{name}"
        os.mkdir(self.path)

    def link(self, service, name=None):
        os.symlink(service.path, f"{self.path}/{name or os.path.basename(service.path)}")

    def unlink(self, name):
        os.unlink(f"{self.path}/{name}")

    def service(self, name, **parts):
        """A service directory elsewhere and a link to it."""
        s = self.t.service(name=f"defined/{name}", **parts)
        self.link(s)
        return s

    def start(self, *options, prefix=(), log=(), **how):
        return self.t.start(f"{BIN}/runsvdir", *options, self.path, *log, prefix=prefix, **how)


def running_in(t):
    """Service directory -> pids of what runs there, supervisors left out."""
    found = collections.defaultdict(list)
    for pid in t.marked():
        try:
            directory = os.readlink(f"/proc/{pid}/cwd")
            program = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            continue
        if os.path.basename(program) not in ("runsv", "runsvdir", "unshare") and "/defined/" in directory:
            found[os.path.basename(directory)].append(pid)
    return found


def is_gone(service):
    """Taken down: nobody supervises it, or it is down and not wanted."""
    status = service.state()
    return not service.supervised() or (status.state == DOWN and status.want == "d")


def wait_gone(service, pid):
    wait_until(lambda: not alive(pid) and is_gone(service),
               lambda: f"{service.path} taken down; {service.state()}")


# What is a service

@test()
def starts_all(t):
    """subdirectories and links to directories are services"""
    scan = Scan(t)
    a = scan.service("a")
    b = t.service(name="scan/b")
    scan.start()
    a.running()
    b.running()
    need(a.supervised() and b.supervised(), "supervise/ok has no reader")


@test()
def without_descriptors(t):
    """started without standard input, output and error: services have /dev/null, and their loggers the pipe"""
    scan = Scan(t)
    s = scan.service("one", run="say start $$\necho a line\nexec sleep 1000\n", log=logger())
    plain = scan.service("plain")
    t.start("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', f"{BIN}/runsvdir", scan.path)
    pid = s.running()
    wait_until(lambda: s.copied() == ["a line"], lambda: f"the line: {s.copied()}")
    for number in (0, 2):
        same(os.readlink(f"/proc/{pid}/fd/{number}"), "/dev/null", f"descriptor {number}")
    other = plain.running()
    plain.wait_event("start")       # by run, which exec has given what it has
    for number in (0, 1, 2):
        same(os.readlink(f"/proc/{other}/fd/{number}"), "/dev/null", f"descriptor {number} of one without a logger")


@test()
def skips(t):
    """dot names, plain files, links to files and dangling links are skipped; one in a circle is named"""
    scan = Scan(t)
    hidden = t.service(name="scan/.hidden")
    linked = t.service(name="defined/other")
    os.symlink(linked.path, f"{scan.path}/.link")
    write_file(f"{scan.path}/file", "#!/bin/sh\n", 0o755)
    os.symlink("file", f"{scan.path}/to-file")
    os.symlink("nowhere", f"{scan.path}/dangling")
    os.symlink("loop", f"{scan.path}/loop")
    real = scan.service("real")
    r = scan.start()
    pid = real.running()
    late = scan.service("late")
    late.running()
    for s in (hidden, linked):
        need(not os.path.exists(s.file("supervise")), f"{s.path} is supervised")
    r.wait_errors("loop: cannot look at")
    same(real.starts(), [pid], "starts of the real one")
    need(r.running(), "runsvdir has ended")


@test(runit="takes it for a service")
def skips_supervise(t):
    """a supervise directory inside the scan directory is no service"""
    scan = Scan(t)
    os.mkdir(f"{scan.path}/supervise")
    real = scan.service("real")
    r = scan.start()
    real.running()
    late = scan.service("late")
    late.running()
    need(not os.path.exists(f"{scan.path}/supervise/supervise"), "it is supervised")
    need("run" not in r.errors(), f"messages {r.errors()!r}")


@test(runit="says it every second")
def without_run(t):
    """an entry without run is reported once, and started when run appears"""
    scan = Scan(t)
    s = scan.service("norun", run=None)
    other = scan.service("other")
    r = scan.start()
    other.running()
    r.wait_errors("norun")
    end = time.monotonic() + 3.5
    wait_settled(lambda: time.monotonic() > end, "", 0.1)       # time for more of them
    same(len([l for l in r.errors().split("\n") if "norun" in l]), 1, f"messages {r.errors()!r}")
    s.script("run", IDLE)
    s.running()


@test()
def bad_services(t):
    """bad services do not disturb the others, and are named"""
    scan = Scan(t)
    scan.service("not-executable").script("run", IDLE, 0o644)
    os.chmod(f"{t.dir}/defined/not-executable/run", 0o644)
    scan.service("interpreter", run="#!/nonexistent\n")
    os.mkdir(scan.service("directory", run=None).file("run"))
    write_file(scan.service("supervise-file").file("supervise"))
    control = scan.service("control-file")
    os.mkdir(control.file("supervise"))
    write_file(control.supervise("control"))
    os.mkdir(scan.service("options").file("timeout-kill"))
    fails = scan.service("fails", run="exit 1\n")
    locked = scan.service("locked")
    held = t.runsv(locked)
    locked_pid = locked.running()
    good = [scan.service(f"good{i}", log=logger()) for i in range(3)]
    r = scan.start()
    pids = [s.running() for s in good]
    for name in ("not-executable", "interpreter", "directory", "supervise-file", "control-file", "options", "locked"):
        r.wait_errors(name)
    late = scan.service("late")
    late.running()
    good[0].tell("o")
    good[0].wait_status(want="d")
    same([s.starts() for s in good], [[p] for p in pids], "starts of the good ones")
    same(locked.starts(), [locked_pid], "starts of the one that somebody else supervises")
    need(held.running(), "the other runsv has ended")
    need(fails.supervised(), "the failing one is not supervised")


@test()
def taken_when_free(t):
    """a service that somebody else supervised is taken on when that one ends"""
    scan = Scan(t)
    s = scan.service("locked")
    first = t.runsv(s)
    s.running()
    scan.start().wait_errors("locked")
    s.tell("x")
    first.wait_exit()
    s.wait_start(2)


@test()
def names(t):
    """names with blanks, newline, %, UTF-8, other bytes, 255 bytes"""
    scan = Scan(t)
    wanted = ["with blank", "new\nline", "%s%n%d", "Müller-日本", os.fsdecode(b"\xff\xfe"), "x" * 255, "'\"`$(;)", "-P"]
    services = [scan.service(name, log=logger()) for name in wanted]
    r = scan.start()
    for s in services:
        s.running()
        wait_until(lambda: s.supervised(log=True), f"log of {s.path!r}")
    scan.unlink("with blank")
    wait_gone(services[0], services[0].starts()[0])
    same(r.errors(), "", "messages")


@test()
def relative_scan(t):
    """the scan directory may be relative"""
    scan = Scan(t)
    s = scan.service("one")
    t.start(f"{BIN}/runsvdir", "scan", cwd=t.dir)
    s.running()
    scan.service("two").running()


@test()
def slash_scan(t):
    """the name of the scan directory may end in a slash"""
    scan = Scan(t)
    s = scan.service("one")
    t.start(f"{BIN}/runsvdir", f"{scan.path}/")
    s.running()
    scan.service("two").running()


@test()
def link_scan(t):
    """the scan directory may be a link, whose target changes"""
    scan = Scan(t)
    s = scan.service("one")
    os.symlink("scan", f"{t.dir}/link")
    t.start(f"{BIN}/runsvdir", f"{t.dir}/link")
    pid = s.running()
    scan.service("two").running()
    scan.unlink("one")
    wait_gone(s, pid)


@test()
def current_directory(t):
    """the scan directory may be given as a dot, the current directory"""
    scan = Scan(t)
    s = scan.service("one")
    t.start(f"{BIN}/runsvdir", ".", cwd=scan.path)
    s.running()
    scan.service("two").running()


@test(early=True)
def gone_while_another_holds_it(t):
    """a service that another supervisor holds, and whose entry goes: is not taken any more"""
    scan = Scan(t)
    s = t.service("s")
    scan.link(s)
    holder = t.runsv(s)
    first = s.running()
    r = scan.start()
    r.wait_errors("s: cannot", "another supervisor holds it")
    scan.unlink("s")
    other = t.service("other")
    scan.link(other)
    other.running()         # and so the other entry's end has been seen
    holder.signal(signal.SIGTERM)
    same(holder.wait_exit(), 0, "exit code of the other")
    # it would have tried every 5 s
    wait_settled(lambda: not s.supervised() and s.starts() == [first], "nobody takes it", 5.5)


@test(runit="says it in other words")
def scan_half_read(t):
    """a scan directory that cannot be read to its end: nothing is taken for gone, and it is read again"""
    scan = Scan(t)
    s, gone = scan.service("one"), scan.service("gone")
    r = scan.start()
    pid, ends = s.running(), gone.running()
    tracer, _ = traced(t, r.pid, "-P", scan.path, "-e", "inject=getdents64:error=EIO:when=1")
    scan.unlink("gone")
    r.wait_errors("the scan directory: cannot read", "looking again")
    wait_gone(gone, ends)
    tracer.kill()
    same((s.starts(), alive(pid)), ([pid], True), "the one that is there")


def stopped_at(t, scan, call):
    """A runsvdir that is stopped after the first system call CALL, and its pid."""
    trace = f"{t.dir}/trace.{t.count()}"
    r = scan.start(prefix=[strace(), "-o", trace, "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGSTOP:when=1"])
    wait_stopped(trace)
    return r, children(r.pid)[0]


@contextlib.contextmanager
def locked(service):
    """Its lock is held, as by a child of a supervisor that was killed."""
    os.makedirs(service.file("supervise"), exist_ok=True)
    with open(service.supervise("lock"), "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@test(runit="does not wait for it")
def gone_at_the_lock(t):
    """a service whose entry goes, or is replaced, just when its lock was held: runsvdir can be ended"""
    scan, other = Scan(t), t.service(name="defined/other")
    s = scan.service("one")
    for replaced in (False, True):
        with locked(s):
            r, pid = stopped_at(t, scan, "flock")
            scan.unlink("one")
            if replaced:
                scan.link(other, "one")
            os.kill(pid, signal.SIGCONT)
            if replaced:
                other.running()
            os.kill(pid, signal.SIGHUP)
            same(r.wait_exit(), 111, "exit code")
        if not replaced:
            scan.link(s)
    same(s.starts(), [], "starts of the locked one")


@test(runit="leaves it to its runsv")
def gone_at_the_lock_adopted(t):
    """killed; the entry of a service goes just when the next one has found its lock held: taken down"""
    scan = Scan(t)
    s = scan.service("one")
    r = scan.start()
    pid = s.running()
    r.kill()
    with locked(s):
        _, number = stopped_at(t, scan, "flock")
        scan.unlink("one")
    os.kill(number, signal.SIGCONT)
    wait_gone(s, pid)


@test()
def usage(t):
    """without a directory, with an option that is none: usage, and not 0"""
    for words in ([], ["-x", t.dir]):
        r = t.start(f"{BIN}/runsvdir", *words)
        need(r.wait_exit() != 0, "exit code 0")
        need("usage" in r.errors().lower(), f"message {r.errors()!r}")


@test(runit="ends")
def no_such_name(t):
    """a name for the directory that none can have: said, and it waits on"""
    name = "x" * 300
    r = t.start(f"{BIN}/runsvdir", name)
    r.wait_errors(f"runsvdir: {name}: cannot open: ", "looking every 5 s")
    r.signal(signal.SIGTERM)
    same(r.wait_exit(), 0, "exit code")


# Changes

@test()
def added(t):
    """a service that is added is started"""
    scan = Scan(t)
    first = scan.service("first")
    scan.start()
    pid = first.running()
    second = scan.service("second")
    second.running()
    made = t.service(name="defined/made")
    os.rename(made.path, f"{scan.path}/made")
    made.path = f"{scan.path}/made"
    made.running()
    same(first.starts(), [pid], "starts of the first")


@test()
def made_in_place(t):
    """a directory made in the scan directory, its run later, is started"""
    scan = Scan(t)
    other = scan.service("other")
    scan.start()
    other.running()
    s = t.service(name="slow", run=None)
    os.rmdir(s.path)
    s.path = f"{scan.path}/slow"
    os.mkdir(s.path)
    wait_until(s.supervised, "supervised")
    s.script("run", IDLE)
    s.running()


@test()
def removed(t):
    """a service that is removed is taken down, its logger after it; the others stay"""
    scan = Scan(t)
    goes = scan.service("goes", log=logger(), run="trap 'echo last; exit' TERM\nsay start $$\nwhile :; do sleep 0.05; done\n")
    stays = scan.service("stays")
    scan.start()
    pid, kept = goes.running(), stays.running()
    goes.wait_event("log start")
    scan.unlink("goes")
    wait_gone(goes, pid)
    goes.wait_event("log end")
    same(goes.copied(), ["last"], "lines")
    same([e for e in goes.events() if "SIG" in e], [], "signals of the logger")
    wait_settled(lambda: not running_in(t)["goes"], "gone for good", 0.5)
    need(alive(kept) and stays.starts() == [kept], "the other one was touched")
    scan.link(goes)
    goes.wait_start(2)


@test(runit="takes it for gone")
def not_looked_at(t):
    """an entry that cannot be looked at keeps its service, and one that comes then is taken on later"""
    scan = Scan(t)
    s, other = scan.service("kept"), scan.service("other")
    r = scan.start()
    pid, gone = s.running(), other.running()
    tracer, trace = traced(t, r.pid, "-P", "kept", "-P", "late", "-e", "inject=/fstatat:error=EIO")
    late = scan.service("late")
    r.wait_errors("cannot look at", "late")
    wait_until(lambda: '"kept"' in read(trace), "all are looked at")
    scan.unlink("other")
    wait_gone(other, gone)
    need(alive(pid) and s.starts() == [pid] and late.starts() == [], f"{s.state()}, {late.events()}")
    tracer.kill()
    late.running()
    same((s.starts(), alive(pid)), ([pid], True), "the one that was not looked at")


@test()
def removed_several(t):
    """several removed at once are all taken down"""
    scan = Scan(t)
    services = [scan.service(f"s{i}") for i in range(12)]
    scan.start()
    pids = [s.running() for s in services]
    for i in (0, 1, 2, 5, 6, 10, 11):
        scan.unlink(f"s{i}")
    for i in (0, 1, 2, 5, 6, 10, 11):
        wait_gone(services[i], pids[i])
    for i in (3, 4, 7, 8, 9):
        same((services[i].starts(), alive(pids[i])), ([pids[i]], True), f"s{i}")


@test()
def renamed_link(t):
    """a renamed link keeps its service and pid"""
    scan = Scan(t)
    s = scan.service("old")
    scan.start()
    pid = s.running()
    os.rename(f"{scan.path}/old", f"{scan.path}/new")
    late = scan.service("late")     # once this one runs, the change was seen
    late.running()
    wait_settled(lambda: alive(pid) and s.starts() == [pid] and s.state()[2:] == (pid, 0, "u", 0, RUN),
                 lambda: f"untouched; {s.state()} {s.events()}", 1)
    scan.unlink("new")
    wait_gone(s, pid)


@test(runit="takes it for gone")
def renamed_while_read(t):
    """links renamed while the scan directory is read keep their services, pids and what is wanted"""
    scan = Scan(t)
    up = [scan.service(f"up{i}") for i in range(6)]
    down, other = scan.service("down"), scan.service("other")
    r = scan.start()
    pids = [s.running() for s in up]
    last, gone = down.running(), other.running()
    down.tell("d")
    down.wait_status(state=DOWN)
    # all names have been read, or most of them, and one been looked at
    _, trace = traced(t, r.pid, "-e", "trace=/fstatat", "-e", "inject=/fstatat:signal=SIGSTOP:when=1")
    scan.unlink("other")
    wait_stopped(trace)
    for s in (*up, down):
        name = os.path.basename(s.path)
        os.rename(f"{scan.path}/{name}", f"{scan.path}/{name}.new")
    os.kill(r.pid, signal.SIGCONT)
    wait_gone(other, gone)
    wait_settled(lambda: ([s.starts() for s in (*up, down)] == [[pid] for pid in (*pids, last)] and
                          all(s.state().want == "u" for s in up) and down.state()[2:] == (0, 0, "d", 0, DOWN)),
                 lambda: f"untouched; {[(s.state(), s.events()) for s in (*up, down)]}, {read(trace)}", 1.3)


@test(runit="its services are revived, and it has ended before them")
def wanted_up_on_the_way_down(t):
    """a service that is told to be up while runsvdir goes down stays down, and runsvdir ends; what waits is let go"""
    scan = Scan(t)
    s = scan.service("one", run="trap 'say TERM; while [ ! -e go ]; do sleep 0.02; done; exit' TERM\n"
                     "say start $$\nwhile :; do sleep 0.02; done\n")
    r = scan.start()
    s.running()
    r.signal(signal.SIGINT)
    s.wait_event("TERM")
    s.tell("u")
    s.tell("o")
    write_file(s.file("go"))
    same(r.wait_exit(), 0, "exit code")
    same(len(s.starts()), 1, "starts")


@test()
def readiness_flood(t):
    """a service that writes to its notification-fd faster than is read, and no line, keeps nobody waiting"""
    scan = Scan(t)
    flood = scan.service("flood", run="say start $$\nexec cat /dev/zero >&3\n")
    write_file(flood.file("notification-fd"), "3")
    other = scan.service("other")
    r = scan.start()
    flood.running()
    other.running()
    calls = f"{t.dir}/calls"
    tracer = t.start(strace(), "-o", calls, "-e", "trace=tee,epoll_wait,epoll_pwait", "-p", str(r.pid))
    wait_until(lambda: read(calls).count("tee(") >= 100, "it is read")
    other.tell("t")
    other.wait_start(2)
    tracer.signal(signal.SIGINT)
    tracer.wait_exit()
    in_a_row = max(len(calls) for calls in re.split("^epoll.*", read(calls), flags=re.M))
    need(in_a_row < 200, f"{in_a_row} bytes of strace's lines without a look for others")
    r.signal(signal.SIGINT)
    same(r.wait_exit(), 0, "exit code")


@test()
def second_runsvdir(t):
    """a second runsvdir on the same directory, and its end, leave the list of the first one as it is"""
    scan = Scan(t)
    services = [scan.service(f"s{i}") for i in range(3)]
    first = scan.start()
    for s in services:
        s.running()
    first.wait_rest()
    def listed():
        return sorted(name for name in os.listdir(scan.path + "/.supervised") if not name.startswith("keeper."))
    before = listed()
    same(len(before), 3, "listed")
    second = scan.start()
    second.wait_errors("s0", "another supervisor holds it")
    second.signal(signal.SIGINT)
    same(second.wait_exit(), 0, "exit code")
    same(listed(), before, "listed")


@test()
def keeper_of_a_moved_directory(t):
    """a keeper that is killed while the scan directory is away is followed by another when it is back"""
    scan = Scan(t)
    s = scan.service("one", log=logger())
    r = scan.start()
    s.running()
    wait_until(t.keepers, "a keeper")
    os.rename(scan.path, scan.path + ".off")
    r.wait_errors("cannot open")
    for pid in t.keepers():
        os.kill(pid, signal.SIGKILL)
    r.wait_errors("starting another")
    end = time.monotonic() + 2      # it is due after 1 s at most, and has nowhere to be found
    wait_settled(lambda: time.monotonic() > end, "", 0.1)
    os.rename(scan.path + ".off", scan.path)
    wait_until(t.keepers, "a keeper again")


@test()
def wanted_up_before_the_way_down(t):
    """a removed service that is told to be up again while it stops goes down with runsvdir all the same"""
    scan = Scan(t)
    s = scan.service("one", run="trap 'say TERM; while [ ! -e go ]; do sleep 0.02; done; exit' TERM\n"
                     "say start $$\nwhile :; do sleep 0.02; done\n")
    r = scan.start()
    s.running()
    os.unlink(f"{scan.path}/one")
    s.wait_event("TERM")
    s.tell("u")
    s.wait_status(want="u")
    r.signal(signal.SIGINT)
    write_file(s.file("go"))
    same(r.wait_exit(), 0, "exit code")


@test()
def wanted_down_on_the_way_down(t):
    """a service whose finish tells it to be down, as it goes down with runsvdir, does not keep that"""
    scan = Scan(t)
    s = scan.service("one", run=IDLE, finish="printf d >supervise/control\n")
    r = scan.start()
    s.running()
    r.signal(signal.SIGINT)
    same(r.wait_exit(), 0, "exit code")


@test()
def renamed_directory(t):
    """a renamed directory keeps its service and pid"""
    scan = Scan(t)
    s = t.service(name="scan/old")
    scan.start()
    pid = s.running()
    os.rename(s.path, f"{scan.path}/new")
    s.path = f"{scan.path}/new"
    scan.service("late").running()
    wait_settled(lambda: alive(pid) and s.starts() == [pid] and s.supervised(), lambda: f"untouched; {s.events()}", 1)
    s.tell("o")
    s.wait_status(want="d", pid=pid)


@test()
def two_links(t):
    """two links to one directory are one service, which goes with the last of them"""
    scan = Scan(t)
    s = scan.service("one")
    scan.link(s, "two")
    r = scan.start()
    pid = s.running()
    scan.service("late").running()
    wait_settled(lambda: s.starts() == [pid] and len(running_in(t)["one"]) == 1, lambda: f"one process; {s.events()}", 1)
    need("lock" not in r.errors(), f"messages {r.errors()!r}")
    scan.unlink("one")
    scan.service("later").running()
    wait_settled(lambda: alive(pid) and s.starts() == [pid], lambda: f"kept; {s.events()}", 1)
    scan.unlink("two")
    wait_gone(s, pid)


@test(runit="its runsv has only a pipe, which goes with it")
def both_end_at_once(t):
    """a service that is removed and its logger end at once: what is in the pipe is read by another start of the logger"""
    scan = Scan(t)
    s = scan.service("one", log=logger(), run="trap '' TERM\nsay start $$\nwhile [ ! -e go ]; do sleep 0.02; done\n"
                     "echo a line\nsay written\nwhile [ ! -e end ]; do sleep 0.02; done\n")
    r = scan.start()
    pid = s.running()
    s.wait_event("log start")
    # waitpid(2) tells of older children first: the logger has to be the younger one
    s.wait_status(log=True, state=RUN)
    loggers = lambda: [int(e.split()[2]) for e in s.events() if e.startswith("log start ")]
    os.kill(loggers()[0], signal.SIGKILL)
    s.wait_event("log start", 2)
    log = loggers()[1]
    s.wait_status(log=True, state=RUN, pid=log)
    os.kill(log, signal.SIGSTOP)
    wait_until(lambda: process_state(log) == "T", "the logger stopped")
    write_file(s.file("go"))
    s.wait_event("written")
    scan.unlink("one")
    s.wait_status(want="d")
    os.kill(r.pid, signal.SIGSTOP)
    wait_until(lambda: process_state(r.pid) == "T", "runsvdir stopped")
    os.kill(log, signal.SIGKILL)
    write_file(s.file("end"))
    wait_until(lambda: process_state(log) == "Z" and process_state(pid) == "Z", "both ended")
    os.kill(r.pid, signal.SIGCONT)
    s.wait_event("log end")
    same((s.copied(), s.count("log start")), (["a line"], 3), "what was logged, starts of the logger")
    wait_until(lambda: not s.supervised(), "let go of")


@test()
def logger_that_stays_down(t):
    """a service that has written and is removed: its logger, which is wanted down, is not started for that"""
    scan = Scan(t)
    s = scan.service("one", log=logger(), log_down=True, run="echo a line\nsay start $$\nexec sleep 1000\n")
    scan.start()
    pid = s.running()
    scan.unlink("one")
    wait_gone(s, pid)
    wait_until(lambda: not s.supervised(), "let go of")
    same(s.count("log start"), 0, "starts of the logger")


@test(early=True)
def storm_of_links(t):
    """300 links made and removed in a loop end in exactly the state of the directory"""
    scan = Scan(t)
    services = [t.service(name=f"defined/s{i}") for i in range(30)]
    keep = set(range(0, 30, 3))
    scan.start()
    for round_ in range(10):
        for i, s in enumerate(services):
            scan.link(s)
        for i, s in enumerate(services):
            if round_ < 9 or i not in keep:
                scan.unlink(f"s{i}")
    wanted = {f"s{i}" for i in keep}
    def now():
        found = running_in(t)
        return {n for n in found if found[n]} == wanted and all(len(p) <= 1 for p in found.values())
    wait_settled(now, lambda: f"running {dict(running_in(t))}, wanted {sorted(wanted)}", 1.5)
    for i, s in enumerate(services):
        if i in keep:
            same((s.supervised(), s.state().state, s.state().want), (True, RUN, "u"), f"s{i}")
        else:
            wait_until(lambda: is_gone(s), lambda: f"s{i} is not taken down: {s.state()}")


@test(early=True)
def storm_of_renames(t):
    """links renamed, removed and made again in a loop: one process each at the end"""
    scan = Scan(t)
    services = [scan.service(f"s{i}", log=logger()) for i in range(8)]
    scan.start()
    for s in services:
        s.running()
    for round_ in range(40):
        for i in range(8):
            os.rename(f"{scan.path}/s{i}", f"{scan.path}/t{i}")
            if round_ % 4 == i % 4:
                scan.unlink(f"t{i}")
                scan.link(services[i])
            else:
                os.rename(f"{scan.path}/t{i}", f"{scan.path}/s{i}")
    def now():
        found = running_in(t)
        return all(len(found[f"s{i}"]) == 1 for i in range(8))
    wait_settled(now, lambda: f"running {dict(running_in(t))}")


@test()
def replaced(t):
    """a directory replaced by another under the same name: the old one is taken down, the new one started"""
    scan = Scan(t)
    old = t.service(name="scan/name", log=logger())
    scan.start()
    pid = old.running()
    os.rename(old.path, f"{t.dir}/away")
    old.path = f"{t.dir}/away"
    new = t.service(name="scan/name", log=logger())
    started = new.running()
    need(started != pid, "the same pid")
    wait_gone(old, pid)
    wait_settled(lambda: alive(started) and new.supervised(), "the new one runs on", 0.5)


@test(runit="does not see it")
def target_replaced(t):
    """a directory that a link leads to is moved away and another put in its place: the same"""
    scan = Scan(t)
    s = scan.service("one")
    scan.start()
    pid = s.running()
    new = t.service(name="defined/new")
    os.rename(s.path, s.path + ".old")
    wait_until(lambda: not alive(pid), "the end of the old one")
    os.rename(new.path, s.path)
    wait_until(new.starts, "the start of the new one")
    need(not alive(pid), "the old one runs")


def two_versions(t):
    """Two services of one name, in v1 and v2; both say which they are."""
    os.mkdir(f"{t.dir}/v1")
    os.mkdir(f"{t.dir}/v2")
    return [t.service(name=f"{v}/one", run=f"say {v}; say start $$\nexec sleep 1000\n") for v in ("v1", "v2")]


def switch(t, to):
    os.symlink(to, f"{t.dir}/current.new")
    os.rename(f"{t.dir}/current.new", f"{t.dir}/current")


def one_of_two(t, link):
    """A link to the first of two versions; (scan, first, second, pid of the first)"""
    scan = Scan(t)
    one, two = two_versions(t)
    switch(t, "v1")
    os.symlink(link, f"{scan.path}/one")
    scan.start()
    return scan, one, two, one.running()


def second_comes(two, first):
    wait_until(lambda: two.starts() and not alive(first), "the second, and no more the first")


@test(runit="does not see it")
def way_switched(t):
    """a link that leads through another link, which is switched: that is seen, at the latest when one looks again"""
    scan, one, two, first = one_of_two(t, "../current/one")
    switch(t, "v2")
    second_comes(two, first)
    switch(t, "v1")
    os.utime(scan.path)
    wait_until(lambda: len(one.starts()) == 2 and not alive(two.starts()[0]), "the first again")


@test(runit="does not see it")
def way_made_indirect(t):
    """a link that is made anew, to the same directory by another link: when that is switched, it is seen"""
    scan, one, two, first = one_of_two(t, "../v1/one")
    os.symlink("../current/one", f"{t.dir}/link")
    os.rename(f"{t.dir}/link", f"{scan.path}/one")
    stays(lambda: one.starts() == [first] and alive(first), "the service goes on")
    switch(t, "v2")
    second_comes(two, first)


@test(runit="does not see it")
def way_awaited_moved(t):
    """a link that leads nowhere, and what its target was to come into is replaced"""
    scan = Scan(t)
    os.makedirs(f"{t.dir}/v")
    s = t.service(name="new/one")
    os.symlink("../v/one", f"{scan.path}/one")
    other = scan.service("other")
    scan.start()
    other.running()
    os.rename(f"{t.dir}/v", f"{t.dir}/old")
    os.rename(f"{t.dir}/new", f"{t.dir}/v")
    s.path = f"{t.dir}/v/one"
    s.running()


@test(runit="does not see it")
def way_touched(t):
    """touch of the scan directory has it looked at"""
    scan = Scan(t)
    one, two = two_versions(t)
    os.symlink("../v1/one", f"{scan.path}/one")
    scan.start()
    first = one.running()
    os.rename(f"{t.dir}/v1", f"{t.dir}/old")
    wait_until(lambda: not alive(first), "what its parent went with is taken down")
    os.symlink("v2", f"{t.dir}/v1")
    os.utime(scan.path)
    two.running()


@test(runit="does not see it")
def way_that_comes(t):
    """a link that leads nowhere through another link, which is switched to where it does"""
    scan = Scan(t)
    _, two = two_versions(t)
    os.mkdir(f"{t.dir}/v0")
    switch(t, "v0")
    os.symlink("../current/one", f"{scan.path}/one")
    other = scan.service("other")
    scan.start()
    other.running()
    switch(t, "v2")
    two.running()


@test(runit="does not see it")
def target_replaced_early(t):
    """a directory replaced while runsvdir opens it by a link: the old one is taken down, the new one started"""
    scan = Scan(t)
    s, new = scan.service("one"), t.service(name="new")
    pid = stopped_at(t, scan, "symlinkat")[1]
    os.rename(s.path, s.path + ".old")
    os.rename(new.path, s.path)
    os.kill(pid, signal.SIGCONT)
    wait_until(new.starts, "the start of the new one")
    s.path += ".old"
    wait_until(lambda: not s.supervised() and not any(alive(old) for old in s.starts()), "the end of the old one")


@test(runit="does not see it")
def target_replaced_later(t):
    """a scan directory that is away just when its links were opened: what they lead to is watched all the same"""
    scan = Scan(t)
    s, new = scan.service("one"), t.service(name="new")
    pid = stopped_at(t, scan, "symlinkat")[1]
    os.rename(scan.path, f"{t.dir}/away")
    os.kill(pid, signal.SIGCONT)
    old = s.running()
    os.rename(f"{t.dir}/away", scan.path)
    scan.service("late").running()      # then that was seen
    os.rename(s.path, s.path + ".old")
    os.rename(new.path, s.path)
    wait_until(new.starts, "the start of the new one")
    wait_until(lambda: not alive(old), "the end of the old one")


@test(runit="is asked before it looks")
def told_before_its_turn(t):
    """what is put into a directory before the letter that asks for a start serves that start, also while a scan goes on"""
    for asked in (False, True):
        scan = Scan(t, f"scan.{asked}")
        s = scan.service(f"one.{asked}", down=True, run="echo first\n" + IDLE)
        made = t.service(name=f"made.{asked}", log=logger())
        pid = stopped_at(t, scan, "symlinkat")[1]
        if asked:
            s.control_script("u", "say control u\n")
        os.rename(made.file("log"), s.file("log"))
        s.tell("u")
        os.kill(pid, signal.SIGCONT)
        s.running()
        same([event.split()[0] for event in s.events()], ["control"] * asked + ["start"], "what was done")
        wait_until(lambda made=made: made.copied() == ["first"], "the first line in the log")


@test()
def before_a_letter_that_waits(t):
    """what is put into a directory before a letter that nobody has read yet serves the first start, too"""
    scan = Scan(t)
    services = [scan.service(f"s{i}", run=signal_teller()) for i in range(3)]
    scan.start(prefix=[strace(), "-D", "-o", f"{t.dir}/trace", "-e", "trace=clone", "-e",
                       "inject=clone:delay_enter=500000"])
    for s in services:
        wait_until(s.supervised, "it is open")
    for s in services:
        write_file(s.file("reload-signal"), "USR1")
        s.tell("u")
    for s in services:
        s.running()
    last = max(services, key=lambda s: s.starts())
    last.tell("h")
    last.wait_event("SIGUSR1")


@test(runit="starts another")
def held_between(t):
    """a supervisor that was slow to take the lock adopts what another has started meanwhile"""
    s = t.service()
    trace = f"{t.dir}/trace.{t.count()}"
    slow = t.start(strace(), "-o", trace, "-e", "trace=mkdirat", "-e", "inject=mkdirat:signal=SIGSTOP:when=1",
                   f"{BIN}/runsv", s.path)
    wait_stopped(trace)
    other = t.runsv(s)
    pid = s.running()
    other.kill()
    os.kill(children(slow.pid)[0], signal.SIGCONT)
    wait_until(s.supervised, "another supervisor")
    # before that a new record would say that nothing runs
    same((s.running(), s.starts()), (pid, [pid]), "what runs, and was started")


@test(runit="does not see it")
def target_comes_back(t):
    """a link whose directory went with what it was in, that ends with a slash, or leads to a link or a hidden name: what comes is started"""
    scan = Scan(t)
    hidden = t.service(name="scan/.hidden")
    os.symlink(".hidden", f"{scan.path}/hidden")
    for how in ("parent", "slash", "link"):
        s = t.service(name=f"{how}/in/it")
        target = s.path + "/" if how == "slash" else s.path
        if how == "link":
            target = f"{t.dir}/between"
            os.symlink(s.path, target)
        os.symlink(target, f"{scan.path}/{how}")
    scan.start()
    pids = [s.running() for s in t.services]
    for s in list(t.services):
        gone = os.path.dirname(s.path) if "/parent/" in s.path else s.path
        os.rename(gone, gone + ".old")
    wait_until(lambda: not hidden.supervised(), "hidden is let go of")
    for pid in pids:
        wait_until(lambda pid=pid: not alive(pid), "the end of the old ones")
    for s in list(t.services):
        new = t.service(name=f"new.{t.count()}")
        os.makedirs(os.path.dirname(s.path), exist_ok=True)
        os.rename(new.path, s.path)
        wait_until(new.starts, f"the start of {s.path}")


@test(runit="does not see it")
def target_appears(t):
    """a link that leads nowhere yet, beside others that do, is started when its directory is there"""
    scan = Scan(t)
    other = scan.service("other")
    os.symlink(f"{t.dir}/defined/late", f"{scan.path}/late")
    scan.start()
    other.running()
    late = t.service(name="late.made")
    os.rename(late.path, f"{t.dir}/defined/late")
    wait_until(late.starts, "its start")


@test(runit="does not see it")
def target_appears_meanwhile(t):
    """a link that leads nowhere, and whose directory comes between the look and the watch, is started"""
    scan = Scan(t)
    late = t.service(name="late.made")
    os.mkdir(f"{t.dir}/defined")
    os.symlink(f"{t.dir}/defined/late", f"{scan.path}/late")
    _, pid = stopped_at(t, scan, "faccessat")
    os.rename(late.path, f"{t.dir}/defined/late")
    os.kill(pid, signal.SIGCONT)
    wait_until(late.starts, "its start")


@test(runit="does not see it")
def log_added(t):
    """a log/ added to a service that runs: its logger is started, and has the output from the next start on"""
    scan = Scan(t)
    s = scan.service("one", run="say start $$\necho line $$\nexec sleep 1000\n")
    scan.start()
    first = s.running()
    os.mkdir(s.file("making"))
    s.script("making/run", logger())
    os.rename(s.file("making"), s.file("log"))
    s.wait_event("log start")
    same(s.starts(), [first], "starts")
    os.kill(first, signal.SIGKILL)
    second = s.wait_start(2)
    wait_until(lambda: s.copied() == [f"line {second}"], lambda: f"its line in the log: {s.copied()}")


@test(runit="does not see it", early=True)
def log_added_in_a_storm(t):
    """a log/ is added while so much happens that the kernel drops what it would tell: its logger is started"""
    scan = Scan(t)
    s = scan.service("one")
    r = scan.start()
    s.running()
    r.signal(signal.SIGSTOP)
    wait_until(lambda: process_state(r.pid) == "T", "stopped")
    names = s.file("a"), s.file("b")
    write_file(names[0])
    # each tells of another name than the one before, so none is merged with it
    for i in range(int(read("/proc/sys/fs/inotify/max_queued_events")) + 10):
        os.rename(names[i % 2], names[1 - i % 2])
    os.mkdir(s.file("making"))
    s.script("making/run", logger())
    os.rename(s.file("making"), s.file("log"))
    r.signal(signal.SIGCONT)
    s.wait_event("log start")


def relinked_by(t, aside):
    """A link to one service is replaced by one to another, which is made at ASIDE and moved over it."""
    scan = Scan(t)
    old = t.service(name="defined/old")
    new = t.service(name="defined/new")
    scan.link(old, "name")
    scan.start()
    pid = old.running()
    os.symlink(new.path, f"{t.dir}/{aside}")
    os.rename(f"{t.dir}/{aside}", f"{scan.path}/name")
    new.running()
    wait_gone(old, pid)


@test()
def relinked(t):
    """a link replaced at once (rename over it) by one to another directory"""
    relinked_by(t, "scan/.name")


@test()
def replaced_from_elsewhere(t):
    """a link replaced by one that is moved over it from another directory"""
    relinked_by(t, "name")


@test()
def scan_link_switched(t):
    """a scan directory that is a link switched to another directory: those are the services now"""
    one, two = Scan(t, "one"), Scan(t, "two")
    both = t.service(name="defined/both")
    one.link(both)
    two.link(both)
    a, b = one.service("a"), two.service("b")
    os.symlink("one", f"{t.dir}/current")
    t.start(f"{BIN}/runsvdir", f"{t.dir}/current")
    pid, kept = a.running(), both.running()
    os.symlink("two", f"{t.dir}/.current")
    os.rename(f"{t.dir}/.current", f"{t.dir}/current")
    b.running()
    wait_gone(a, pid)
    same((both.starts(), alive(kept)), ([kept], True), "the one in both")
    two.service("c").running()


@test(runit="has none")
def scan_link_switched_list(t):
    """the scan directory is switched: services kept, or going down yet, are in the new list, not in the old"""
    one, two = Scan(t, "one"), Scan(t, "two")
    both, only = (t.service(name=f"defined/{name}", run=deaf()) for name in ("both", "only"))
    for scan, service in ((one, both), (one, only), (two, both)):
        scan.link(service)
    os.symlink("one", f"{t.dir}/current")
    r = t.start(f"{BIN}/runsvdir", f"{t.dir}/current")
    pids = [s.running() for s in (both, only)]
    os.symlink("two", f"{t.dir}/new")
    os.rename(f"{t.dir}/new", f"{t.dir}/current")
    only.wait_event("SIGTERM")
    def held(scan):
        links = subprocess.run(["find", f"{scan.path}/.supervised", "-type", "l", "-printf", "%l\\n"], check=False,
                               capture_output=True, text=True)        # some may go meanwhile
        return sorted(map(os.path.basename, links.stdout.split()))
    same((held(one), held(two)), ([], ["both", "only"]), "what is held")
    r.kill()
    two.unlink("both")
    t.start(f"{BIN}/runsvdir", f"{t.dir}/current")
    both.wait_event("SIGTERM")
    only.wait_event("SIGTERM", 2)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not held(two), "the end of the list")


@test()
def scan_link_of_links(t):
    """a scan directory reached by a link to a link (runit's runlevels): the inner one is switched, twice"""
    one, two = Scan(t, "one"), Scan(t, "two")
    a, b = one.service("a"), two.service("b")
    os.mkdir(f"{t.dir}/levels")
    os.symlink("../one", f"{t.dir}/levels/current")
    os.symlink("levels/current", f"{t.dir}/link")
    t.start(f"{BIN}/runsvdir", f"{t.dir}/link")
    pid = a.running()
    os.symlink(two.path, f"{t.dir}/levels/new")
    os.rename(f"{t.dir}/levels/new", f"{t.dir}/levels/current")
    b.running()
    wait_gone(a, pid)
    pid = b.starts()[0]
    os.rename(f"{t.dir}/levels/current", f"{t.dir}/levels/previous")        # runsvchdir.c
    os.symlink("../one", f"{t.dir}/levels/current")
    a.wait_start(2)
    wait_gone(b, pid)


@test()
def scan_way_replaced(t):
    """further up the path of the scan directory a directory is replaced, then a link switched: followed"""
    for level in ("x", "y", "z"):
        os.makedirs(f"{t.dir}/{level}/sub")
    os.symlink("x", f"{t.dir}/way")
    scans = [Scan(t, f"{level}/sub/scan") for level in ("x", "y", "z")]
    x, y, z = (scan.service(f"s{i}") for i, scan in enumerate(scans))
    t.start(f"{BIN}/runsvdir", f"{t.dir}/way/./sub/scan")
    pid = x.running()
    os.rename(f"{t.dir}/x/sub", f"{t.dir}/x/old")
    os.rename(f"{t.dir}/y/sub", f"{t.dir}/x/sub")
    y.running()
    wait_gone(x, pid)
    pid = y.starts()[0]
    os.symlink("z", f"{t.dir}/new")
    os.rename(f"{t.dir}/new", f"{t.dir}/way")
    z.running()
    wait_gone(y, pid)


@test(runit="looks every 5 s anyway")
def scan_far_away(t):
    """a scan directory that more leads to than is watched, or that links in a circle lead to: said; it looks"""
    far = f"{t.dir}{'/d' * 40}"
    os.makedirs(far)
    scan = Scan(t, far[len(t.dir) + 1:] + "/scan")
    s = scan.service("one")
    r = scan.start()
    s.running()
    r.wait_errors("scan: cannot watch what leads to it", "looking every 5 s")
    os.rename(f"{t.dir}/d", f"{t.dir}/e")
    os.makedirs(far)
    scan = Scan(t, far[len(t.dir) + 1:] + "/scan")
    scan.service("two").running()
    os.symlink("circle", f"{t.dir}/circle")
    r = t.start(f"{BIN}/runsvdir", f"{t.dir}/circle/scan")
    r.wait_errors("circle/scan: cannot open", "looking every 5 s")
    os.unlink(f"{t.dir}/circle")
    os.mkdir(f"{t.dir}/near")
    os.symlink("near", f"{t.dir}/circle")
    Scan(t, "near/scan").service("three").running()


@test()
def scan_removed(t):
    """a scan directory that is removed and made again is followed; runsvdir goes on meanwhile"""
    scan = Scan(t)
    kept, goes = scan.service("kept"), scan.service("goes")
    r = scan.start()
    kept_pid, goes_pid = kept.running(), goes.running()
    def refused(_, path, why):
        need(why[0] is FileNotFoundError, f"{path}: {why[1]}")      # runsvdir was there first
    shutil.rmtree(scan.path, onerror=refused)
    os.mkdir(scan.path)
    scan.link(kept)
    new = scan.service("new")
    new.running()
    wait_gone(goes, goes_pid)
    need(r.running(), "runsvdir has ended")
    wait_until(lambda: kept.supervised() and kept.state().state == RUN and alive(kept.state().pid), "the kept one runs")
    scan.service("late").running()
    wait_settled(lambda: len(running_in(t)["kept"]) == 1, lambda: f"kept runs as {running_in(t)['kept']}, at first {kept_pid}")


@test()
def scan_appears(t):
    """a scan directory that is not there at first is an error, or is found when it appears"""
    scan = Scan(t)
    s = scan.service("one")
    os.rename(scan.path, f"{t.dir}/later")
    r = scan.start()
    wait_until(lambda: r.errors() or not r.running(), "a message")
    if not r.running():
        same(r.wait_exit(), 111, "exit code")
    need("scan" in r.errors(), f"message {r.errors()!r}")
    os.rename(f"{t.dir}/later", scan.path)
    if r.running():
        s.running()


# Sessions and the title

@test()
def no_sessions(t):
    """without -P services share the session of runsvdir"""
    scan = Scan(t)
    services = [scan.service(f"s{i}") for i in range(2)]
    r = scan.start()
    wanted = process_fields(r.pid)[3]
    for s in services:
        same(process_fields(s.running())[3], wanted, "session")


@test()
def sessions(t):
    """-P: each service has a session and a process group of its own"""
    scan = Scan(t)
    services = [scan.service(f"s{i}", log=logger()) for i in range(3)]
    r = scan.start("-P")
    found = [process_fields(s.running())[2:4] for s in services]
    need(len({f[1] for f in found} | {process_fields(r.pid)[3]}) == 4, f"sessions {found}, runsvdir {process_fields(r.pid)[2:4]}")
    need(len({f[0] for f in found} | {process_fields(r.pid)[2]}) == 4, f"groups {found}")


def title(r):
    with open(f"/proc/{r.pid}/cmdline", "rb") as f:
        return f.read().decode(errors="replace")


@test()
def title_shows_errors(t):
    """with LOG, standard error of services shows in the process title, the newest at its end"""
    scan = Scan(t)
    s = scan.service("complains", run="say start $$\necho COMPLAINT-1 >&2\nwhile [ ! -e more ]; do sleep 0.02; done\n"
                                      "echo COMPLAINT-2 >&2\nexec sleep 1000\n")
    r = scan.start(log=["log: " + "." * 395])
    s.running()
    wait_until(lambda: "COMPLAINT-1" in title(r), lambda: f"in the title; {title(r)!r}")
    write_file(s.file("more"))
    wait_until(lambda: "COMPLAINT-2" in title(r), lambda: f"in the title; {title(r)!r}")
    need(title(r).index("COMPLAINT-1") < title(r).index("COMPLAINT-2"), f"order: {title(r)!r}")
    need("log: " in title(r), f"its beginning is gone: {title(r)!r}")


@test(runit="its pipe is non-blocking")
def title_blocks(t):
    """with LOG, the standard error that services have is blocking"""
    # O_NONBLOCK belongs to the open file, which all of them share: a program
    # that writes more than the pipe holds would fail with EAGAIN.
    scan = Scan(t)
    s = scan.service("one", run="say flags $(sed -n 's/^flags:[[:space:]]*//p' /proc/$$/fdinfo/2)\nexec sleep 1000\n")
    scan.start(log=["." * 200])
    s.wait_event("flags")
    need(not int(s.events()[0].split()[1], 8) & os.O_NONBLOCK, f"O_NONBLOCK: {s.events()[0]}")


@test(runit="its pipe is non-blocking")
def title_much(t):
    """with LOG, much on standard error does not stop a service or runsvdir"""
    scan = Scan(t)
    s = scan.service("noisy", run="say start $$\nseq 1 200000 >&2\necho LAST >&2\nsay written\nexec sleep 1000\n")
    r = scan.start(log=["." * 200])
    s.wait_event("written")
    wait_until(lambda: "LAST" in title(r), lambda: f"the last in the title; {title(r)!r}")
    scan.service("late").running()


@test()
def title_full(t):
    """with LOG and its pipe full, a start that cannot be recorded is said by runsvdir, which goes on"""
    scan = Scan(t)
    s = scan.service("one", run="say start $$\nexec sleep 1000\n")
    where = t.mount("size=100k")
    os.symlink(where, s.file("supervise"))
    r = scan.start(log=["." * 200])
    first = s.running()
    scan.service("noisy", run="say start $$\nexec yes >&2\n").running()
    # what is open is open for writing, so that it cannot be made read-only itself
    for words in (["--bind", where, where], ["-o", "remount,bind,ro", where]):
        with files_and_forks:
            done = subprocess.run(["mount", *words], stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise Skip(f"mount: {done.stderr.strip()}")
        if words[0] == "--bind":
            t.undo.callback(subprocess.run, ["umount", "-l", where], check=False)
    os.kill(first, signal.SIGKILL)
    s.wait_start(2)
    scan.service("late").running()
    need(r.running(), "runsvdir has ended")


@test()
def title_short(t):
    """a LOG of fewer than 7 characters is not used, and services run"""
    scan = Scan(t)
    s = scan.service("complains", run="say start $$\necho COMPLAINT >&2\nsay complained\nexec sleep 1000\n")
    r = scan.start(log=["......"])
    s.wait_event("complained")
    wait_until(lambda: "COMPLAINT" in r.errors(), "the complaint on standard error")
    need(title(r).rstrip("\0").endswith("......"), f"title {title(r)!r}")


@test()
def no_title(t):
    """without LOG, standard error of services is that of runsvdir"""
    scan = Scan(t)
    scan.service("complains", run="echo COMPLAINT >&2\nexec sleep 1000\n")
    r = scan.start()
    r.wait_errors("COMPLAINT")
    need("COMPLAINT" not in title(r), f"title {title(r)!r}")


# The end

STOPS_SLOWLY = "trap 'sleep 0.3; echo last; say stopped; exit' TERM\nsay start $$\nwhile :; do sleep 0.05; done\n"


def ends_all(t, number, code):
    scan = Scan(t)
    services = [scan.service(f"s{i}", run=STOPS_SLOWLY, log=logger(slow=0.2)) for i in range(4)]
    services.append(scan.service("plain", finish="say finished\n"))
    services.append(scan.service("down", down=True))
    services.append(scan.service("failing", run="say start $$\nexit 1\n"))
    r = scan.start()
    for s in services[:5]:
        s.running()
    for s in services[:4]:
        s.wait_event("log start")
    r.signal(number)
    same(r.wait_exit(), code, "exit code")
    # All this is so at the moment it ends, not later.
    for s in services[:4]:
        events = [e for e in s.events() if not e.startswith("start") and not e.startswith("log start")]
        same(events, ["stopped", "log eof", "log end"], f"events of {s.path}")
        same(s.copied(), ["last"], "lines")
    same(services[4].events()[-1], "finished", "last event of plain")
    left = {n: p for n, p in running_in(t).items() if p}
    same(left, {}, "processes left")
    for s in services:
        need(not s.supervised(), f"{s.path} is still supervised")


@test()
def term(t):
    """SIGTERM: runsvdir exits 0 and services and loggers run on"""
    scan = Scan(t)
    services = [scan.service(f"s{i}", log=logger()) for i in range(4)]
    r = scan.start()
    pids = [s.running() for s in services]
    for s in services:
        s.wait_event("log start")
    r.signal(signal.SIGTERM)
    same(r.wait_exit(), 0, "exit code")
    wait_settled(lambda: all(alive(p) for p in pids), "all run on", 0.5)
    for s, pid in zip(services, pids):
        same((s.starts(), [e for e in s.events() if "start" not in e]), ([pid], []), "events")


@test(runit="does not wait for them")
def hup(t):
    """SIGHUP: all services are stopped, each before its logger, and runsvdir exits 111"""
    ends_all(t, signal.SIGHUP, 111)


@test(runit="does not wait for it")
def hup_deaf(t):
    """SIGHUP: a service that does not end is waited for, its control heard meanwhile"""
    scan = Scan(t)
    s, quick = scan.service("deaf", run=deaf()), scan.service("quick")
    r = scan.start()
    s.running()
    pid = quick.running()
    r.signal(signal.SIGHUP)
    s.wait_event("SIGTERM")
    wait_until(lambda: not alive(pid), "the end of the other one")
    s.wait_status(want="d", term=1)
    need(r.running(), "runsvdir has ended before its service")
    s.tell("k")
    same(r.wait_exit(), 111, "exit code")


@test()
def service_told_to_exit(t):
    """x to one service ends it; the others and runsvdir go on"""
    scan = Scan(t)
    s, other = scan.service("one", log=logger()), scan.service("other")
    r = scan.start()
    pid, kept = s.running(), other.running()
    s.wait_event("log start")
    s.tell("x")
    wait_until(lambda: not alive(pid), "the end of the service")
    s.wait_event("log end")
    scan.service("late").running()
    need(r.running() and alive(kept), "the others are gone")
    # runit: an exited runsv is started again after some time, as the entry is
    # still there. The contract does not say.


# As PID 1

def as_init(t, scan, *options):
    """runsvdir as PID 1 of a namespace; its supervisor (unshare) and its pid here."""
    r = scan.start(*options, prefix=["unshare", "--pid", "--mount-proc", "--fork", "--kill-child"])
    def found():
        for pid in children(r.pid):
            try:
                if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "runsvdir":
                    return pid
            except OSError:
                pass
        need(r.running(), f"runsvdir ended: {r.errors()!r}")
        return None
    return r, wait_until(found, "runsvdir in its namespace")


def zombies(pid):
    return [c for c in children(pid) if process_state(c) == "Z"]


@test()
def init_reaps(t):
    """as PID 1: orphans are reaped, and services run"""
    scan = Scan(t)
    s = scan.service("orphans", run="say start $$\ni=0\nwhile [ $i -lt 50 ]; do (sleep 0.1 & )\ni=$((i + 1)); done\n"
                                    "( (sleep 1.5; say end) & )\nexec sleep 1000\n")
    _, init = as_init(t, scan)
    s.wait_event("end")
    wait_settled(lambda: not zombies(init), lambda: f"no zombies; {len(zombies(init))}", 0.5)
    same(s.starts() and s.state().state, RUN, "state")
    same(s.starts(), [s.state().pid], "pids")


@test(runit="leaves its services to be killed")
def init_term(t):
    """as PID 1: SIGTERM takes all down, services before loggers"""
    scan = Scan(t)
    services = [scan.service(f"s{i}", run=STOPS_SLOWLY, log=logger(slow=0.2)) for i in range(3)]
    r, init = as_init(t, scan, "-P")
    for s in services:
        wait_until(lambda: s.starts() and s.count("log start"), f"{s.path} started")
    os.kill(init, signal.SIGTERM)
    same(r.wait_exit(), 0, "exit code of the namespace")
    for s in services:
        same([e for e in s.events() if "start" not in e], ["stopped", "log eof", "log end"], "events")
        same(s.copied(), ["last"], "lines")


@test()
def reaps_strangers(t):
    """not as PID 1: children that exec left to runsvdir are reaped"""
    scan = Scan(t)
    s = scan.service("one")
    path = f"{t.dir}/starter"
    write_file(path, f"#!/bin/sh\nfor i in 1 2; do (sleep 0.7; echo stranger >>'{s.events_path}') & done\nexec '{BIN}/runsvdir' '{scan.path}'\n", 0o755)
    r = t.start(path)
    s.running()
    wait_until(lambda: os.path.basename(os.readlink(f"/proc/{r.pid}/exe")) == "runsvdir", "runsvdir")
    wait_until(lambda: s.count("stranger") == 2, "the end of the strangers")
    wait_settled(lambda: not zombies(r.pid), "no zombies", 0.5)


# Many, and idle

def many(t, scan, number, timeout):
    services = [scan.service(f"s{i}", run="exec sleep 1000\n") for i in range(number)]
    r = scan.start()
    def started():
        return all((st := s.state()) and st.state == RUN for s in services)
    wait_until(started, lambda: f"{number} services; {sum(1 for s in services if (s.state() or [0] * 7)[6] == RUN)} run", timeout)
    return services, r


@test(early=True)
def five_hundred(t):
    """500 services start, run once each, and stop"""
    scan = Scan(t)
    services, r = many(t, scan, 500, SECONDS * 3)
    pids = [s.state().pid for s in services]
    same(len(set(pids)), 500, "different pids")
    for i in range(0, 500, 2):
        scan.unlink(f"s{i}")
    wait_until(lambda: not any(alive(p) for p in pids[0::2]), "half of them down", SECONDS * 2)
    need(all(alive(p) for p in pids[1::2]), "one that was to stay has ended")
    r.signal(signal.SIGHUP)
    same(r.wait_exit(SECONDS * 3), 111, "exit code")
    wait_until(lambda: not any(alive(p) for p in pids), "all down")
    same({n: p for n, p in running_in(t).items() if p}, {}, "processes left")
    same(r.errors(), "", "messages")


@test(runit="looks every 5 s", early=True)
def idle(t):
    """100 idle services: runsvdir makes no system call"""
    strace()        # or the 100 are for nothing
    scan = Scan(t)
    _, r = many(t, scan, 100, SECONDS * 2)
    # What is still under way right after the start (the 1 s of throttling,
    # events of its own files) may end first.
    def switches():
        with open(f"/proc/{r.pid}/status", encoding="ascii", errors="replace") as f:
            return [line for line in f if "ctxt_switches" in line]
    last = []
    def unchanged():
        last.append(switches())
        return len(last) > 1 and last[-1] == last[-2] and process_state(r.pid) == "S"
    wait_settled(unchanged, lambda: f"quiet; {last[-1]}", 1.5)
    tracer, trace = traced(t, r.pid, "-f")
    # Attaching itself interrupts a wait, which is then begun again.
    size = [-1]
    def begun():
        old, size[0] = size[0], os.path.getsize(trace) if os.path.exists(trace) else 0
        return old == size[0] > 0
    wait_settled(begun, "strace has settled", 0.5)
    before = read(trace)
    end = time.monotonic() + 3
    wait_settled(lambda: time.monotonic() > end, "", 0)
    same(read(trace)[len(before):], "", "system calls in 3 s")
    tracer.signal(signal.SIGINT)
    tracer.wait_exit()


if __name__ == "__main__":
    suite.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A supervisor is killed, or ends for an upgrade, and the next one takes its
services over: from every state that a service can be in; and never a process
that is not ours."""

import os
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../namespace"))
from harness import strace
from supervise import (BIN, DOWN, FINISH, IDLE, READINESS, RUN, SECONDS, Skip, Suite, alive, children, deaf,
                       files_and_forks, logger, need, process_fields, process_state, read, same, shebang_python,
                       signal_teller, stays, traced, wait_settled, wait_stopped, wait_until, write_file)
from test_runsvdir import Scan, running_in

TICK = os.sysconf("SC_CLK_TCK")

def as_root():
    if os.geteuid() != 0 or read("/proc/self/uid_map").split() != ["0", "0", "4294967295"]:
        raise Skip("only root can give something away")


suite = Suite("adoption")
suite.program = "runsvdir"
test = suite.test

ENDS_WHEN_TOLD = "say start $$\nwhile [ ! -e end ]; do sleep 0.02; done\nexit 7\n"


def number_lines(pause=0.002):
    """A ./run that writes numbered lines; TERM: says how many, and ends."""
    return shebang_python() + f"""
import os, signal, time
events = os.open({{events!r}}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(1))
os.write(events, b"start %d\\n" % os.getpid())
number = 0
while not told:
    number += 1
    os.write(1, b"%d\\n" % number)
    time.sleep({pause!r})
os.write(events, b"lines %d\\n" % number)
"""


def lines_are_whole(s):
    """The logger has copied each numbered line once, in order."""
    wait_until(lambda: s.count("lines"), "the end of the writer")
    wanted = int([e for e in s.events() if e.startswith("lines ")][-1].split()[1])
    wait_until(lambda: len(s.copied()) >= wanted, lambda: f"{wanted} lines; there are {len(s.copied())}")
    got = s.copied()
    for i, line in enumerate(got):
        if line != str(i + 1):
            raise AssertionError(f"line {i + 1} of {len(got)}, wanted {wanted}: {got[max(0, i - 2):i + 3]}")
    same(len(got), wanted, "number of lines")


def stamp(s, log=False):
    return os.stat(s.supervise("status", log)).st_ino


def adopted(services, make):
    """make() starts the next supervisor; waits until it holds all SERVICES and has
    published what it found."""
    before = [(s, log, stamp(s, log)) for s in services for log in (False, True)
              if os.path.exists(s.supervise("status", log))]
    r = make()
    def done():
        return (all(s.supervised(log) for s, log, _ in before)
                and all(stamp(s, log) != old for s, log, old in before))
    wait_until(done, lambda: f"adopted: {[(s.path, log, s.state(log)) for s, log, _ in before]}, {r and r.errors()!r}")
    return r


def replace(r, scan, services, **how):
    """Kills a supervisor; the next one, when it has adopted."""
    r.kill()
    return adopted(services, lambda: scan.start(**how))


def one_service(t, **parts):
    scan = Scan(t)
    s = scan.service("one", **parts)
    return scan, s, scan.start()


def only(t, s, pid, name="one"):
    """PID is the only process of the service, and was started once."""
    stays(lambda: s.starts() == [pid] and running_in(t)[name] == [pid] and alive(pid),
          lambda: f"{pid} alone: {s.events()}, runs {dict(running_in(t))}, {s.state()}")


# From every state

@test()
def running(t):
    """running: the same pid, status, time of change, stat and pid files; three times in a row"""
    scan, s, r = one_service(t)
    pid = s.running()
    before = s.state(), s.text("stat"), s.text("pid")
    for _ in range(3):
        r = replace(r, scan, [s])
        only(t, s, pid)
        same((s.state(), s.text("stat"), s.text("pid")), before, "status, stat, pid")
        same(r.errors(), "", "messages")


@test()
def paused(t):
    """paused: stays so, status and process; c then continues it"""
    scan, s, r = one_service(t, run=deaf())
    pid = s.running()
    s.tell("p")
    s.wait_status(paused=1)
    wait_until(lambda: process_state(pid) == "T", "stopped")
    before = s.state()
    replace(r, scan, [s])
    only(t, s, pid)
    same((s.state(), process_state(pid)), (before, "T"), "status and state of the process")
    s.tell("c")
    s.wait_status(paused=0, pid=pid)
    s.wait_event("SIGCONT")


@test()
def once(t):
    """once: is not started again when it ends; finish gets -1 0"""
    scan, s, r = one_service(t, down=True, finish='say finish "$1" "$2"\n')
    wait_until(s.supervised, "supervised")
    s.tell("o")
    pid = s.running()
    before = s.state()
    replace(r, scan, [s])
    only(t, s, pid)
    same(s.state(), before, "status")
    os.kill(pid, signal.SIGKILL)
    s.wait_event("finish -1 0")
    s.wait_status(state=DOWN, want="d", pid=0)
    stays(lambda: s.starts() == [pid], "started again", 1.3)


@test()
def down(t):
    """down by sv: stays down, the time of change too; u starts it"""
    scan, s, r = one_service(t)
    pid = s.running()
    s.tell("d")
    s.wait_status(state=DOWN, want="d", pid=0)
    before = s.state()
    replace(r, scan, [s])
    stays(lambda: s.starts() == [pid] and s.state() == before, lambda: f"down: {s.state()}, {before}, {s.events()}", 1.3)
    s.tell("u")
    s.wait_start(2)


@test()
def down_file(t):
    """down file: not started; once it was told u, adopted as wanted up and started again"""
    scan, s, r = one_service(t, down=True)
    s.wait_status(state=DOWN, want="d")
    before = s.state()
    r = replace(r, scan, [s])
    stays(lambda: not s.starts() and s.state() == before, lambda: f"down: {s.state()}, {before}")
    s.tell("u")
    pid = s.running()
    replace(r, scan, [s])
    only(t, s, pid)
    s.wait_status(state=RUN, want="u", pid=pid)
    os.kill(pid, signal.SIGKILL)
    s.wait_start(2)


@test()
def up_file_gone(t):
    """wanted down by sv, though no down file: also when the process ended meanwhile"""
    scan, s, r = one_service(t, run=deaf())
    pid = s.running()
    s.tell("d")
    s.wait_event("SIGTERM")
    r.kill()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), "the end")
    adopted([s], scan.start)
    s.wait_status(state=DOWN, want="d", pid=0)
    stays(lambda: s.starts() == [pid], "started again", 1.3)


@test()
def throttled(t):
    """throttled: started again, not before its second is over"""
    scan, s, r = one_service(t, run="say start $$\nsay at $(cut -d' ' -f22 /proc/$$/stat)\nexit 1\n")
    s.wait_start(2)
    over = []       # the gaps that an adoption was in
    for _ in range(4):
        s.wait_status(state=DOWN, pid=0, want="u")
        number = len(s.starts())
        r = replace(r, scan, [s])
        s.wait_event("at", number + 2)
        # when the kernel made each, however late that came to say so
        at = [int(e.split()[1]) / TICK for e in s.events() if e.startswith("at ")]
        gaps = [b - a for a, b in zip(at, at[1:])]
        need(all(0.9 <= g for g in gaps), f"gaps {gaps}")
        over.append(gaps[number - 1])
        if over[-1] <= 3:
            return
    need(False, f"gaps {over} over an adoption")


@test()
def finish_running(t):
    """finish runs: the same pid, not run twice; then run is started again"""
    scan, s, r = one_service(t, run=ENDS_WHEN_TOLD,
                             finish='say finish $$ "$1" "$2"\nwhile [ ! -e finished ]; do sleep 0.02; done\nrm -f end\nsay over\n')
    s.running()
    write_file(s.file("end"))
    s.wait_event("finish")
    finish = int([e for e in s.events() if e.startswith("finish")][0].split()[1])
    s.wait_status(state=FINISH, pid=finish)
    before = s.state()
    replace(r, scan, [s])
    stays(lambda: s.count("finish") == 1 and alive(finish) and s.state() == before,
          lambda: f"finish: {s.events()}, {s.state()}, {before}")
    write_file(s.file("finished"))
    s.wait_start(2)
    same((s.count("finish"), s.count("over")), (1, 1), "finishes")
    need(f"finish {finish} 7 0" in s.events(), f"arguments {s.events()}")


@test()
def finish_ended(t):
    """finish ends while nobody supervises: it is not run again, run is"""
    scan, s, r = one_service(t, run=ENDS_WHEN_TOLD,
                             finish="say finish\nwhile [ ! -e finished ]; do sleep 0.02; done\nrm -f end\nsay over\n")
    s.running()
    write_file(s.file("end"))
    s.wait_event("finish")
    s.wait_status(state=FINISH)
    finish = s.state().pid
    r.kill()
    write_file(s.file("finished"))
    wait_until(lambda: not alive(finish), "the end of finish")
    adopted([s], scan.start)
    s.wait_start(2)
    same(s.count("finish"), 1, "finishes")


@test()
def ended_unseen(t):
    """ends while nobody supervises: finish gets -1 0, and it is started again"""
    scan, s, r = one_service(t, finish='say finish "$1" "$2"\n')
    pid = s.running()
    r.kill()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), "the end")
    adopted([s], scan.start)
    s.wait_start(2)
    same([e for e in s.events() if e.startswith("finish")], ["finish -1 0"], "finishes")


@test()
def ended_later(t):
    """ends after its adoption: finish gets -1 0 once, and it is started again"""
    scan, s, r = one_service(t, run=ENDS_WHEN_TOLD, finish='rm -f end\nsay finish "$1" "$2"\n')
    s.running()
    replace(r, scan, [s])
    write_file(s.file("end"))
    s.wait_start(2)
    same([e for e in s.events() if e.startswith("finish")], ["finish -1 0"], "finishes")
    write_file(s.file("end"))   # the second one is its own child
    s.wait_start(3)
    same([e for e in s.events() if e.startswith("finish")], ["finish -1 0", "finish 7 0"], "finishes")


def two_for_one_who_waits_for_nobody(t, *words, program="runsvdir", before_second=()):
    """Whoever is left by the first PROGRAM is not reaped before there is a file "reap", and
    runs on with the second, which is started when the first has been killed and there is a
    file "next", as arguments of BEFORE_SECOND. Returns the pid of the first."""
    commands = [[*prefix, f"{BIN}/{program}", *words] for prefix in ((), before_second)]
    parent = f"{t.dir}/parent"
    # prctl(PR_SET_CHILD_SUBREAPER)
    write_file(parent, shebang_python() + f"""
import ctypes, os, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
for number, command in enumerate({commands!r}, 1):
    pid = os.fork()
    if pid == 0:
        os.execvp(command[0], command)
    with open({t.dir!r} + "/pid%d.new" % number, "w") as file:
        file.write("%d" % pid)
    os.rename({t.dir!r} + "/pid%d.new" % number, {t.dir!r} + "/pid%d" % number)
    while number == 1 and not os.path.exists({t.dir!r} + "/next"):
        time.sleep(0.01)
while not os.path.exists({t.dir!r} + "/reap"):
    time.sleep(0.01)
while os.waitpid(-1, os.WNOHANG) != (0, 0):
    pass
time.sleep(1000)
""", 0o755)
    t.start(parent)
    return int(wait_until(lambda: read(f"{t.dir}/pid1"), "the first of them"))


@test()
def zombie(t):
    """a process that has ended but that its parent does not wait for is over"""
    scan = Scan(t)
    s = scan.service("one")
    first = two_for_one_who_waits_for_nobody(t, scan.path)
    pid = s.running()
    os.kill(first, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: process_state(pid) == "Z", "a zombie")
    write_file(f"{t.dir}/next")
    second = s.wait_start(2)
    s.wait_status(state=RUN, pid=second)
    stays(lambda: s.starts() == [pid, second] and process_state(pid) == "Z", lambda: f"{s.events()}")


def one_that_leaves_another(t):
    """A service that ends some time after TERM, when there is a file "go", and a process of
    its group that does not, with their pids; of two_for_one_who_waits_for_nobody's first
    runsvdir, whose pid it is that comes last."""
    scan = Scan(t)
    s = scan.service("one", run=f"(trap '' TERM; exec sleep 1000) & echo $! >{t.dir}/left.new\n"
                     f"mv {t.dir}/left.new {t.dir}/left\n"
                     f"trap 'say TERM; while [ ! -e {t.dir}/go ]; do sleep 0.02; done; say end; exit' TERM\n"
                     "say start $$\nwhile :; do sleep 0.02; done\n")
    write_file(s.file("timeout-kill"), "6000\n")      # from when it is told to when it ends, it is not killed
    first = two_for_one_who_waits_for_nobody(t, "-P", scan.path)
    pid = s.running()
    left = int(wait_until(lambda: read(f"{t.dir}/left"), "its child"))
    wait_until(lambda: read(f"/proc/{left}/comm") == "sleep\n", "deaf to TERM")
    return s, pid, left, first


def ends_unwaited_for(t, s, pid):
    write_file(f"{t.dir}/go")
    s.wait_event("end")
    wait_until(lambda: process_state(pid) == "Z", "a zombie")


@test()
def zombie_and_its_group(t):
    """what a service that goes down has left is killed in time also while its parent has not waited for it"""
    s, pid, left, first = one_that_leaves_another(t)
    os.kill(first, signal.SIGKILL)
    adopted([s], lambda: write_file(f"{t.dir}/next"))
    s.tell("d")
    ends_unwaited_for(t, s, pid)
    wait_until(lambda: not alive(left), lambda: f"the end of all: {running_in(t)}")


@test()
def zombie_of_before(t):
    """what a service that goes down has left is killed in time also by a supervisor that finds it ended, not waited for"""
    s, pid, left, first = one_that_leaves_another(t)
    s.tell("d")
    s.wait_event("TERM")
    s.wait_status(state=RUN, want="d")
    os.kill(first, signal.SIGKILL)
    ends_unwaited_for(t, s, pid)
    adopted([s], lambda: write_file(f"{t.dir}/next"))
    wait_until(lambda: not alive(left), lambda: f"the end of all: {running_in(t)}")


def waited_for_after(call, occurrence):
    """The parent waits for a service just when the supervisor looks for what that has left:
    after its system call CALL, counted from when the service has been told to go down."""
    def zombie_that_goes(t):
        s, pid, left, first = one_that_leaves_another(t)
        os.kill(first, signal.SIGKILL)
        adopted([s], lambda: write_file(f"{t.dir}/next"))
        second = int(wait_until(lambda: read(f"{t.dir}/pid2"), "the second of them"))
        only_there = [] if call == "kill" else ["-P", f"/proc/{pid}/stat"]
        _, trace = traced(t, second, "-e", f"trace={call}", *only_there,
                          "-e", f"inject={call}:signal=SIGSTOP:when={occurrence}")
        s.tell("d")
        s.wait_event("TERM")
        ends_unwaited_for(t, s, pid)
        wait_stopped(trace)
        write_file(f"{t.dir}/reap")
        wait_until(lambda: process_state(pid) is None, "it has been waited for")
        os.kill(second, signal.SIGCONT)
        wait_until(lambda: not alive(left), lambda: f"the end of all: {running_in(t)}, {read(trace)}")

    zombie_that_goes.__doc__ = ("what a service that goes down has left is killed in time also if its parent waits for "
                                f"it when it is looked for, after {call} {occurrence}")
    test()(zombie_that_goes)


for number in (1, 2, 3):
    waited_for_after("kill", number)
for name in ("openat", "read"):
    waited_for_after(name, 1)


@test()
def control_script(t):
    """control/t of sv down runs: the stop goes on, the service ends once and stays down"""
    scan, s, r = one_service(t, run=signal_teller(), finish="say finish\n",
                             control={"t": "say script\nwhile [ ! -e go ]; do sleep 0.02; done\nexit 1\n"})
    pid = s.running()
    s.tell("d")
    s.wait_event("script")
    replace(r, scan, [s])
    need(alive(pid) and s.starts() == [pid], "the service was touched")
    write_file(s.file("go"))
    s.wait_status(state=DOWN, want="d", pid=0)
    stays(lambda: s.starts() == [pid] and s.count("finish") == 1, lambda: f"{s.events()}", 1.3)


@test()
def start_script(t):
    """control/u before a start runs: one service at the end"""
    scan, s, r = one_service(t, run=IDLE, control={"u": "say script\nwhile [ ! -e go ]; do sleep 0.02; done\n"})
    s.wait_event("script")
    replace(r, scan, [s])
    write_file(s.file("go"))
    pid = s.running()
    wait_until(lambda: running_in(t)["one"] == [pid], lambda: f"the scripts end: {running_in(t)}")
    only(t, s, pid)


@test()
def start_script_of_up(t):
    """control/u after sv up runs: one service at the end, of one that has a down file"""
    scan, s, r = one_service(t, down=True, control={"u": "say script\nwhile [ ! -e go ]; do sleep 0.02; done\n"})
    wait_until(s.supervised, "supervised")
    s.tell("u")
    s.wait_event("script")
    replace(r, scan, [s])
    write_file(s.file("go"))
    pid = s.running()
    wait_until(lambda: running_in(t)["one"] == [pid], lambda: f"the scripts end: {running_in(t)}")
    only(t, s, pid)


@test()
def stop_under_way(t):
    """a stop is under way, the service slow to end: it ends once and stays down"""
    scan, s, r = one_service(t, finish="say finish\n",
                             run="trap 'say TERM; while [ ! -e go ]; do sleep 0.02; done; exit' TERM\nsay start $$\n"
                                 "while :; do sleep 0.02; done\n")
    pid = s.running()
    s.tell("d")
    s.wait_event("TERM")
    s.wait_status(want="d", term=1, pid=pid)
    before = s.state()
    replace(r, scan, [s])
    s.wait_status(want="d", term=1, pid=pid, seconds=before.seconds, nanoseconds=before.nanoseconds)
    write_file(s.file("go"))
    s.wait_status(state=DOWN, want="d", pid=0)
    stays(lambda: s.starts() == [pid] and s.count("finish") == 1, lambda: f"{s.events()}", 1.3)


@test()
def stop_taken_back(t):
    """a stop under way, then u to the next supervisor: started again when it has ended, not before"""
    scan, s, r = one_service(t, run=deaf(lock=f"{t.dir}/lock"))
    pid = s.running()
    s.tell("d")
    s.wait_event("SIGTERM")
    replace(r, scan, [s])
    s.tell("u")
    s.wait_status(want="u", pid=pid)
    stays(lambda: s.starts() == [pid], "started twice", 1.3)
    s.tell("k")
    s.wait_start(2)
    same(s.count("second"), 0, "second copies")


@test()
def exit_under_way(t):
    """x under way while the link stays: ends, and is started again as without a kill"""
    scan, s, r = one_service(t, run=deaf(lock=f"{t.dir}/lock"))
    s.running()
    s.tell("x")
    s.wait_event("SIGTERM")
    replace(r, scan, [s])
    s.tell("k")
    s.wait_start(2)
    same(s.count("second"), 0, "second copies")


def options(s, **values):
    for name, value in values.items():
        write_file(s.file(name.replace("_", "-")), f"{value}\n")


@test()
def kill_deadline(t):
    """timeout-kill: a stop under way goes on to KILL after adoption"""
    scan = Scan(t)
    s = t.service(name="defined/one", run=deaf())
    options(s, timeout_kill=3000)
    scan.link(s)
    r = scan.start()
    pid = s.running()
    s.tell("d")
    s.wait_event("SIGTERM")
    replace(r, scan, [s])
    s.wait_status(state=DOWN, want="d", pid=0)
    need(not alive(pid), "alive")
    same(s.starts(), [pid], "starts")


@test()
def finish_deadline(t):
    """timeout-finish: an adopted finish is killed after it; run is started again"""
    scan = Scan(t)
    s = t.service(name="defined/one", run=ENDS_WHEN_TOLD, finish="rm -f end\nsay finish\nexec sleep 1000\n")
    options(s, timeout_finish=4000)
    scan.link(s)
    r = scan.start()
    s.running()
    write_file(s.file("end"))
    s.wait_event("finish")
    replace(r, scan, [s])
    s.wait_start(2)
    same(s.count("finish"), 1, "finishes")


@test()
def failed(t):
    """max-death-tally: deaths are counted on through adoptions; failed stays failed, until u"""
    scan = Scan(t)
    s = t.service(name="defined/one", run="say start $$\nexit 1\n")
    options(s, max_death_tally=4)
    scan.link(s)
    r = scan.start()
    s.wait_start(2)
    r = replace(r, scan, [s])
    s.wait_start(3)
    r = replace(r, scan, [s])
    s.wait_start(4)
    s.wait_status(state=DOWN, want="d", pid=0)
    before = s.state()
    r = replace(r, scan, [s])
    stays(lambda: len(s.starts()) == 4 and s.state() == before, lambda: f"failed: {s.events()}, {s.state()}", 1.3)
    s.tell("u")
    s.wait_start(5)


@test()
def failed_in_finish(t):
    """max-death-tally: the supervisor is killed while the finish of the last death runs: failed all the same"""
    for alive_then in (True, False):
        scan = Scan(t, f"scan.{alive_then}")
        s = t.service(name=f"defined/one.{alive_then}", run="echo >>runs\nsay start $$\nexit 1\n",
                      finish="[ $(wc -l <runs) != 3 ] || { say finish $$; while [ ! -e go ]; do sleep 0.02; done; }\n")
        options(s, max_death_tally=3)
        write_file(s.file("timeout-finish"), "0\n")
        scan.link(s)
        r = scan.start()
        s.wait_start(3)
        s.wait_event("finish")
        pid = int(next(e for e in s.events() if e.startswith("finish ")).split()[1])
        s.wait_status(state=FINISH, pid=pid)
        r.kill()
        if not alive_then:
            write_file(s.file("go"))
            wait_until(lambda: not alive(pid), "the end of finish")
        r = adopted([s], scan.start)
        write_file(s.file("go"))
        s.wait_status(state=DOWN, want="d", pid=0)
        same(len(s.starts()), 3, "starts")
        r.kill()


@test()
def finish_says_no(t):
    """a finish that ends with 125 after its adoption: known or not, the service is not started in a loop"""
    scan = Scan(t)
    s = t.service(name="defined/one", run="say start $$\nexit 1\n", finish="say finish\nwhile [ ! -e go ]; do sleep 0.02; done\nexit 125\n")
    scan.link(s)
    r = scan.start()
    s.wait_event("finish")
    replace(r, scan, [s])
    write_file(s.file("go"))
    # the exit code of an adopted finish cannot be known; that of the next one is
    wait_until(lambda: (s.state().state, s.state().want) == (DOWN, "d"), lambda: f"failed: {s.state()}, {s.events()}")
    need(len(s.starts()) <= 2, f"starts {s.starts()}")


def says_ready_when_told(t):
    s = t.service(name="defined/one", run="say start $$\nwhile [ ! -e ready ]; do sleep 0.02; done\n"
                                          "echo >&3\nsay told\nexec sleep 1000\n")
    options(s, notification_fd=3)
    return s


@test()
def readiness(t):
    """notification-fd: said while nobody supervises, it is heard by the next one; the service is not ended by saying it"""
    scan = Scan(t)
    s = says_ready_when_told(t)
    scan.link(s)
    r = scan.start()
    pid = s.running()
    awaited = s.recorded(READINESS)
    r.kill()
    write_file(s.file("ready"))
    s.wait_event("told")
    r = adopted([s], scan.start)
    wait_until(lambda: s.recorded(READINESS) != awaited, lambda: f"ready; the record says {s.recorded(READINESS)}")
    ready = s.recorded(READINESS)
    same(s.starts(), [pid], "starts")
    r = replace(r, scan, [s])
    stays(lambda: s.recorded(READINESS) == ready, lambda: f"ready: {s.recorded(READINESS)}")
    only(t, s, pid)


@test()
def readiness_of_a_zombie(t):
    """notification-fd: a service that has ended without a word is not ready, though nobody has its end of the FIFO"""
    s = t.service(run="say start $$\nexec sleep 1000\n")
    options(s, notification_fd=3)
    trace = f"{t.dir}/trace"
    # what is on record when it waits for the first time, for the end of an adopted process too
    first = two_for_one_who_waits_for_nobody(t, s.path, program="runsv", before_second=[
        strace(), "-o", trace, "-e", "trace=/^epoll_p?wait", "-e", "inject=/^epoll_p?wait:signal=SIGKILL:when=1"])
    pid = s.running()
    awaited, before = s.recorded(READINESS), stamp(s)
    os.kill(first, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: process_state(pid) == "Z", "a zombie")
    write_file(f"{t.dir}/next")
    wait_until(lambda: "killed by SIGKILL" in read(trace), lambda: f"it waits: {read(trace)}")
    need(stamp(s) != before, "it has written nothing")
    same(s.recorded(READINESS), awaited, "the record")


@test()
def readiness_heard(t):
    """notification-fd: the supervisor is killed when it has heard it and before it is on record: the next one knows"""
    scan = Scan(t)
    s = says_ready_when_told(t)
    scan.link(s)
    r = scan.start()
    s.running()
    awaited = s.recorded(READINESS)
    tracer, _ = traced(t, r.pid, "-e", "trace=/^rename", "-e", "inject=/^rename:signal=SIGKILL:when=1")
    write_file(s.file("ready"))
    r.wait_exit()
    tracer.wait_exit()
    same(s.recorded(READINESS), awaited, "the record when it was killed")
    adopted([s], scan.start)
    wait_until(lambda: s.recorded(READINESS) != awaited, "ready")


@test()
def readiness_closed(t):
    """notification-fd: said, and closed, while nobody supervises: ready; closed before, without a word: not"""
    scan = Scan(t)
    services = []
    for name, word in (("ready", "echo >&3"), ("silent", ":")):
        s = t.service(name=f"defined/{name}", run=f"say start $$\nwhile [ ! -e go ]; do sleep 0.02; done\n"
                                                  f"{word}\nexec 3>&-\nsay closed\nexec sleep 1000\n")
        options(s, notification_fd=3)
        scan.link(s)
        services.append(s)
    ready, silent = services
    r = scan.start()
    for s in services:
        s.running()
    awaited = ready.recorded(READINESS)
    same(silent.recorded(READINESS), awaited, "the record of the other")
    write_file(silent.file("go"))
    wait_until(lambda: not os.path.exists(silent.supervise("notify")), "the end of its FIFO")
    r.kill()
    write_file(ready.file("go"))
    ready.wait_event("closed")
    r = adopted(services, scan.start)
    wait_until(lambda: ready.recorded(READINESS) != awaited, "ready")
    replace(r, scan, services)
    same(silent.recorded(READINESS), awaited, "the one that said nothing")
    need(ready.recorded(READINESS) != awaited, "not ready any more")


@test()
def killed_mark(t):
    """a process killed by sv is not mistaken for a paused one, nor for one that got TERM"""
    scan, s, r = one_service(t, run=deaf())
    s.running()
    s.tell("p")
    s.wait_status(paused=1)
    r.kill()
    os.kill(s.state().pid, signal.SIGKILL)
    adopted([s], scan.start)
    s.wait_start(2)
    s.wait_status(state=RUN, paused=0, term=0)


@test()
def removed_between_two_looks(t):
    """its entry goes while it cannot be taken over, unseen until the next look: it is taken down when it can be"""
    as_root()
    scan, s, r = one_service(t, run=deaf())
    s.running()
    r.kill()
    os.chown(s.supervise("status"), 4243, 4243)
    r = scan.start(prefix=[strace(), "-D", "-o", f"{t.dir}/trace", "-e", "inject=inotify_init1:error=EMFILE"])
    wait_until(lambda: "status may be written by others" in r.errors(), lambda: f"a complaint; {r.errors()!r}")
    scan.unlink("one")
    os.chown(s.supervise("status"), 0, 0)
    wait_until(lambda: s.state().want == "d", "it is told to end")


@test()
def record_of_somebody_else(t):
    """a record that others may write: what it names is not taken over, nor started beside, until it is root's again"""
    as_root()
    scan, s, r = one_service(t, run=deaf())
    pid = s.running()
    status, other = s.supervise("status"), f"{t.dir}/other"
    for spoil, mend in ((lambda: os.chown(status, 4243, 4243), lambda: os.chown(status, 0, 0)),
                        (lambda: os.chmod(status, 0o666), lambda: os.chmod(status, 0o644)),
                        (lambda: os.link(status, other), lambda: os.unlink(other))):
        r.kill()
        spoil()
        before = stamp(s)
        r = scan.start()
        wait_until(lambda r=r: "status may be written by others" in r.errors(), lambda r=r: f"a complaint; {r.errors()!r}")
        need(alive(pid) and stamp(s) == before and s.starts() == [pid], "it has been touched")
        mend()
        wait_until(lambda before=before: s.supervised() and stamp(s) != before, "it is taken over")
        need(alive(pid) and s.starts() == [pid], "it has been started anew")
    # its entry goes: it is taken down as soon as that can be known for its own
    r.kill()
    os.chown(status, 4243, 4243)
    r = scan.start()
    wait_until(lambda: "status may be written by others" in r.errors(), lambda: f"a complaint; {r.errors()!r}")
    scan.unlink("one")
    stays(lambda: alive(pid), "it is left alone")
    os.chown(status, 0, 0)
    wait_until(lambda: s.state().want == "d", "it is told to end")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), "its end")
    scan.link(s)
    s.wait_start(2)
    pid = s.running()
    # of one that has ended nobody is harmed
    r.kill()
    os.kill(pid, signal.SIGKILL)
    os.chown(status, 4243, 4243)
    scan.start()
    s.wait_start(3)


@test()
def hidden_processes(t):
    """a process that /proc hides (hidepid=2) is not started a second time beside itself"""
    as_root()
    scan, s, r = one_service(t, run=deaf())
    pid = s.running()
    r.kill()
    hide = f"mount -t proc -o hidepid=2 proc /proc && exec setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace " \
           f"{BIN}/runsvdir -P {scan.path}"
    r = t.start("setpriv", "--regid", "4243", "--clear-groups", "unshare", "--mount", "sh", "-c", hide)
    wait_until(lambda: "cannot take it over" in r.errors(), lambda: f"a complaint; {r.errors()!r}")
    need(alive(pid) and s.starts() == [pid], "a second one")


# Left behind

@test()
def removed_unseen(t):
    """a link is removed while nobody supervises: the next supervisor takes the service down"""
    scan = Scan(t)
    s, other = scan.service("one", log=logger()), scan.service("other")
    r = scan.start()
    pid, kept = s.running(), other.running()
    s.wait_event("log start")
    r.kill()
    scan.unlink("one")
    adopted([other], scan.start)
    wait_until(lambda: not alive(pid), "the service of the removed link has ended")
    s.wait_event("log end")
    need(alive(kept), "the other one has ended")


@test()
def removed_noted(t):
    """killed before what was started is on the list: it had been noted, and so a link that is removed then has its
    service taken down, however many die of it"""
    scan = Scan(t)
    s, other = scan.service("one"), scan.service("other")
    listed = f"{scan.path}/.supervised"
    for times in 1, 2:
        r = scan.start(prefix=[strace(), "-D", "-o", f"{t.dir}/trace.{times}", "-e", f"inject=symlinkat:signal=KILL:when={times}"])
        r.wait_exit()
        same(len(os.listdir(listed)), times, "links and the note")
        need("starting" in os.listdir(listed), os.listdir(listed))
    pid, kept = s.running(), other.running()
    scan.unlink("one")
    adopted([other], scan.start)
    wait_until(lambda: not alive(pid), "the service of the removed link has ended")
    wait_until(lambda: len(os.listdir(listed)) == 1 and "starting" not in os.listdir(listed),
               lambda: f"one link: {os.listdir(listed)}")
    need(alive(kept), "the other one has ended")


@test()
def note_kept(t):
    """a note stays as long as links cannot be made of it, whoever has written it, and is no matter of a supervisor's
    who has another directory"""
    for whose in "own", "other's":
        scan = Scan(t, whose)
        one, other = scan.service(f"{whose}.one"), scan.service(f"{whose}.other")
        full = {"prefix": [strace(), "-D", "-o", f"{t.dir}/trace.{whose}", "-e", "inject=symlinkat:error=ENOSPC"]}
        if whose == "other's":
            scan.start(prefix=[strace(), "-D", "-o", f"{t.dir}/trace", "-e", "inject=symlinkat:signal=KILL:when=1"]).wait_exit()
        r = scan.start(**full)
        pid, kept = one.running(), other.running()
        wait_until(lambda r=r: "No space" in r.errors(), "links cannot be made")
        r.kill()
        scan.unlink(f"{whose}.one")
        adopted([other], scan.start)
        wait_until(lambda pid=pid: not alive(pid), "the service of the removed link has ended")
        need(alive(kept), "the other one has ended")
    os.mkdir(f"{t.dir}/empty")
    os.symlink("noted", f"{t.dir}/current")
    noted = Scan(t, "noted")
    noted.service("left")
    noted.start(prefix=[strace(), "-D", "-o", f"{t.dir}/trace", "-e", "inject=symlinkat:signal=KILL:when=1"]).wait_exit()
    for target in "empty", "noted":
        os.symlink(target, f"{t.dir}/new")
        os.rename(f"{t.dir}/new", f"{t.dir}/current")
        if target == "empty":
            noted.unlink("left")
            r = t.start(f"{BIN}/runsvdir", f"{t.dir}/current")
            r.wait_rest()
    added = noted.service("added")
    added.running()
    r.wait_rest()
    need("starting" in os.listdir(f"{noted.path}/.supervised"), "the note of another supervisor has gone")


@test()
def not_noted(t):
    """what cannot be noted is on the list before it is started"""
    for name in "starting", "starting.new":
        scan = Scan(t, name)
        scan.service(f"{name}/one"), scan.service(f"{name}/other")
        listed = f"{scan.path}/.supervised"
        os.makedirs(f"{listed}/{name}/in")
        r = scan.start(prefix=[strace(), "-D", "-o", f"{t.dir}/trace.{name}", "-e", "inject=clone:signal=KILL:when=1"])
        r.wait_exit()
        same(len([n for n in os.listdir(listed) if os.path.islink(f"{listed}/{n}")]), 2, os.listdir(listed))


@test()
def removed_unread(t):
    """the list of what the last supervisor held, or a link in it, that cannot be read just now is read again"""
    for call in "getdents64", "readlinkat":
        scan = Scan(t, call)
        s, other = scan.service(f"{call}.one"), scan.service(f"{call}.other")
        r = scan.start()
        pid, kept = s.running(), other.running()
        r.kill()
        scan.unlink(f"{call}.one")
        r = scan.start(prefix=[strace(), "-D", "-o", f"{t.dir}/trace.{call}", "-P", f"{scan.path}/.supervised",
                               "-e", f"inject={call}:error=EIO:when=1"])
        r.wait_errors(".supervised: cannot read", "looking again")
        wait_until(lambda: not alive(pid), "the service of the removed link has ended")
        need(alive(kept), "the other one has ended")


@test()
def foreign_in_the_list(t):
    """what is no link of a supervisor's in the list is passed over; one that leads nowhere that can be seen is said"""
    scan = Scan(t)
    s, other = scan.service("one"), t.service(name="defined/other")
    found = os.stat(other.path)
    listed = f"{scan.path}/.supervised"
    os.mkdir(listed)
    for name in ("1", "1-", "-1", "g-1", "1-g", "1-2-3", f"{found.st_dev:X}-{found.st_ino:X}x",
                 f"{found.st_dev:x}-{found.st_ino + 1:x}"):
        os.symlink(other.path, f"{listed}/{name}")
    write_file(f"{listed}/1-2")
    write_file(f"{listed}/starting", f"x\0{other.path}\0{found.st_dev:x}-{found.st_ino:x}\0{other.path}")
    os.symlink(f"{t.dir}/loop", f"{t.dir}/loop")
    os.symlink(f"{t.dir}/loop", f"{listed}/1-3")
    r = scan.start()
    s.running()
    r.wait_errors(f"{t.dir}/loop", "cannot look at", "looking again")
    need(not os.path.exists(other.supervise("lock")), "another's directory has been taken")


@test()
def removed_stop_under_way(t):
    """a removed link's service that is slow to end: still taken down by the next supervisor"""
    scan = Scan(t)
    s, other = scan.service("one", run=deaf()), scan.service("other")
    r = scan.start()
    pid = s.running()
    other.running()
    scan.unlink("one")
    s.wait_event("SIGTERM")
    adopted([other], lambda: (r.kill(), scan.start())[1])
    wait_until(s.supervised, lambda: f"the service that has not ended is supervised: {s.events()}")
    s.tell("k")
    wait_until(lambda: not alive(pid), "its end")


# Loggers

@test()
def logger_running(t):
    """a logger runs: the same pids, no line lost or doubled, through five kills"""
    scan, s, r = one_service(t, run=number_lines(), log=logger())
    pid = s.running()
    s.wait_event("log start")
    log_pid = s.wait_status(log=True, state=RUN).pid
    before = s.state(), s.state(log=True)
    for _ in range(5):
        r = replace(r, scan, [s])
        size = len(s.copied())
        wait_until(lambda: len(s.copied()) > size + 20, "more lines")
    same((s.state(), s.state(log=True), s.starts()), (*before, [pid]), "status of both")
    same((s.count("log start"), alive(log_pid)), (1, True), "loggers")
    s.tell("d")
    lines_are_whole(s)


@test()
def logger_dead(t):
    """a logger that ended while nobody supervises is started again, no line lost"""
    scan, s, r = one_service(t, run=number_lines(), log=logger())
    pid = s.running()
    s.wait_event("log start")
    log_pid = s.wait_status(log=True, state=RUN).pid
    r.kill()
    os.kill(log_pid, signal.SIGTERM)
    wait_until(lambda: not alive(log_pid), "the end of the logger")
    adopted([s], scan.start)
    s.wait_event("log start", 2)
    same((s.starts(), alive(pid)), ([pid], True), "the service")
    s.tell("d")
    lines_are_whole(s)


@test()
def logger_dies_later(t):
    """an adopted logger that ends is started again, no line lost"""
    scan, s, r = one_service(t, run=number_lines(), log=logger())
    pid = s.running()
    s.wait_event("log start")
    replace(r, scan, [s])
    os.kill(s.state(log=True).pid, signal.SIGTERM)
    s.wait_event("log start", 2)
    same((s.starts(), alive(pid)), ([pid], True), "the service")
    s.tell("d")
    lines_are_whole(s)


@test()
def logger_paused(t):
    """a paused logger, the pipe full: stays so; c, and no line is lost"""
    scan, s, r = one_service(t, run=number_lines(0), log=logger())
    pid = s.running()
    s.wait_event("log start")
    s.tell("p", log=True)
    s.wait_status(log=True, paused=1)
    before = s.state(log=True)
    wait_settled(lambda: process_state(pid) == "S", "the writer waits", 0.2)
    replace(r, scan, [s])
    stays(lambda: s.state(log=True) == before and process_state(before.pid) == "T", lambda: f"paused: {s.state(log=True)}")
    same(s.starts(), [pid], "starts")
    s.tell("c", log=True)
    s.wait_status(log=True, paused=0)
    s.tell("d")
    lines_are_whole(s)


@test()
def logger_down(t):
    """a logger down by sv stays down; u, and it gets what waits in the pipe"""
    scan, s, r = one_service(t, run=number_lines(0.01), log=logger())
    s.running()
    s.wait_event("log start")
    s.tell("d", log=True)
    s.wait_status(log=True, state=DOWN, want="d")
    before = s.state(log=True)
    replace(r, scan, [s])
    stays(lambda: s.state(log=True) == before and s.count("log start") == 1, lambda: f"{s.state(log=True)}")
    s.tell("u", log=True)
    s.wait_event("log start", 2)
    s.tell("d")
    lines_are_whole(s)


def logger_of_idle(t, r, scan, s):
    s.wait_event("log start")
    log_pid = s.wait_status(log=True, state=RUN).pid
    before = s.state(log=True)
    r.kill()
    stays(lambda: alive(log_pid), lambda: f"the logger has ended with its supervisor: {s.events()}")
    adopted([s], scan.start)
    same((s.state(log=True), s.count("log start"), s.count("log eof")), (before, 1, 0), "status, starts, ends of the logger")


@test()
def logger_of_down(t):
    """the logger of a service that is down runs on when the supervisor is killed"""
    scan, s, r = one_service(t, log=logger(), down=True)
    logger_of_idle(t, r, scan, s)


@test()
def logger_of_throttled(t):
    """the logger of a service that waits for its next start runs on when the supervisor is killed"""
    scan, s, r = one_service(t, log=logger(), run="say start $$\nexit 1\n")
    s.wait_start(2)
    s.wait_status(state=DOWN, pid=0)
    logger_of_idle(t, r, scan, s)


@test()
def both_down(t):
    """service and logger down, lines in the pipe: they wait for the logger"""
    scan, s, r = one_service(t, run=number_lines(0.01), log=logger())
    s.running()
    s.wait_event("log start")
    s.tell("d", log=True)
    s.wait_status(log=True, state=DOWN, want="d")
    size = len(s.copied())
    stays(lambda: True, "")         # some lines more
    s.tell("d")
    s.wait_status(state=DOWN, want="d")
    need(int(s.events()[-1].split()[1]) > size, f"no lines wait: {s.events()}")
    replace(r, scan, [s])
    s.tell("u", log=True)
    s.wait_event("log start", 2)
    lines_are_whole(s)


def one_keeper(t):
    """It may be there later than the logger, and calls itself so later yet."""
    wait_until(lambda: len(t.keepers()) == 1, lambda: f"one keeper: {t.keepers()}")
    return t.keepers()[0]


@test()
def keeper_names(t):
    """a keeper goes by a name that is not taken; if all are, that is said, and the service has its logger"""
    makes = "import os, sys\nfor n in range(int(sys.argv[2])):\n    os.mkfifo(f'{sys.argv[1]}/keeper.{os.getpid()}.{n}')\n" \
            "os.execv(sys.argv[3], sys.argv[3:])"
    for taken in 1, 1000:
        scan = Scan(t, f"scan{taken}")
        s = t.service(name=f"scan{taken}/one", log=logger())
        listed = f"{scan.path}/.supervised"
        os.mkdir(listed)
        r = scan.start(prefix=["python3", "-c", makes, listed, str(taken)])
        s.running()
        s.wait_event("log start")
        if taken == 1:
            wait_until(lambda: f"keeper.{r.pid}.1" in os.listdir(listed), lambda: f"a name: {os.listdir(listed)}")
        else:
            r.wait_errors("cannot start a keeper", "File exists")
            same(t.keepers()[1:], [], "keepers beside the other's")
    scan = Scan(t)
    s = scan.service("one", log=logger())
    write_file(f"{scan.path}/.supervised")
    r = scan.start()
    s.running()
    s.wait_event("log start")
    r.wait_errors("cannot start a keeper", "Not a directory")


@test()
def keeper_killed(t):
    """the keeper of log pipes is killed: another takes its place, and lines wait as before"""
    scan, s, r = one_service(t, run=number_lines(0.01), log=logger())
    s.running()
    s.wait_event("log start")
    keeper = one_keeper(t)
    os.kill(keeper, signal.SIGKILL)
    r.wait_errors("keeper of log pipes has ended")
    one_keeper(t)
    s.tell("d", log=True)
    s.wait_status(log=True, state=DOWN, want="d")
    s.tell("d")
    s.wait_status(state=DOWN, want="d")
    replace(r, scan, [s])
    s.tell("u", log=True)
    s.wait_event("log start", 2)
    lines_are_whole(s)


@test()
def removed_before_its_logger_runs(t):
    """a service is removed while its logger waits for its second: the next supervisor's logger gets the lines"""
    scan, s, r = one_service(t, run="echo 1\necho 2\nsay start $$\nexec sleep 1000\n",
                             log="say log start $$\n[ -e ../read ] || exit 1\ncat >>../copied\n")
    s.running()
    number = s.count("log start")
    s.wait_event("log start", number + 1)       # a second until it is started again
    s.wait_status(log=True, state=DOWN, pid=0)
    write_file(s.file("read"))
    scan.unlink("one")
    s.wait_status(state=DOWN, pid=0, want="d")
    r.kill()
    left = s.state(log=True), sorted(os.listdir(f"{scan.path}/.supervised")), t.keepers()
    scan.start()
    wait_until(lambda: read(s.file("copied")) == "1\n2\n",
               lambda: f"lines: {read(s.file('copied'))!r}, {s.events()}; left were {left}; there are {s.state(log=True)}, "
                       f"{os.listdir(scan.path + '/.supervised')}, {t.keepers()}, supervised {s.supervised()}, {s.supervised(log=True)}")
    wait_until(lambda: not s.supervised(log=True), "taken down")


@test()
def keepers_follow(t):
    """each supervisor has one keeper, and leaves none when all is over"""
    scan, s, r = one_service(t, log=logger())
    s.running()
    s.wait_event("log start")
    for _ in range(3):
        before = [one_keeper(t)]
        r = replace(r, scan, [s])
        wait_until(lambda: len(t.keepers()) == 1 and t.keepers() != before, lambda: f"one, a new one: {t.keepers()}")
    r.signal(signal.SIGHUP)
    same(r.wait_exit(), 111, "exit code")
    wait_until(lambda: not t.keepers(), lambda: f"no keeper: {t.keepers()}")
    same([n for n in os.listdir(f"{scan.path}/.supervised") if "keeper" in n], [], "names of keepers")
    same((s.count("log start"), s.count("log eof")), (1, 1), "starts and ends of the logger")


@test()
def keeper_stopped(t):
    """a keeper that somebody has stopped does not keep a logger from its end of file"""
    scan, s, _ = one_service(t, log=logger())
    s.running()
    s.wait_event("log start")
    keeper = one_keeper(t)
    os.kill(keeper, signal.SIGSTOP)
    scan.unlink("one")
    s.wait_event("log end")
    same([e for e in s.events() if "SIG" in e], [], "signals")


@test()
def keeper_of_runsv(t):
    """a service goes from a runsv to a runsvdir, and its logger still ends after it"""
    s = t.service(name="defined/one", log=logger())
    r = t.start(f"{BIN}/runsv", s.path)
    s.running()
    s.wait_event("log start")
    r.kill()
    scan = Scan(t)
    scan.link(s)
    r = adopted([s], scan.start)
    wait_until(lambda: len(t.keepers()) == 1, lambda: f"one keeper: {t.keepers()}")
    scan.unlink("one")
    s.wait_event("log end")
    same((s.count("log start"), [e for e in s.events() if "SIG" in e]), (1, []), "starts of the logger, signals")


@test()
def group_left(t):
    """what a service that goes down has left in its process group is killed in time, by the next supervisor too"""
    for when in ("before", "between", "after"):
        scan = Scan(t, f"scan.{when}")
        left, go = f"{t.dir}/left.{when}", f"{t.dir}/go.{when}"
        s = scan.service(f"one.{when}", run=f"(trap '' TERM; echo $$ >{left}; exec sleep 1000) &\n"
                         f"trap 'say TERM; while [ ! -e {go} ]; do sleep 0.02; done; say end; exit' TERM\n"
                         "say start $$\nwhile :; do sleep 0.02; done\n")
        write_file(s.file("timeout-kill"), "10000\n")
        r = scan.start("-P")
        s.running()
        wait_until(lambda: os.path.exists(left), "its child")
        pids = running_in(t)[f"one.{when}"]
        if when == "before":
            r.kill()
            r = adopted([s], lambda: scan.start("-P"))
        told = time.monotonic()
        s.tell("d")
        s.wait_event("TERM")
        if when == "between":       # it ends while nobody supervises it
            s.wait_status(state=RUN, want="d")
            r.kill()
        write_file(go)
        s.wait_event("end")
        if when == "between":
            wait_until(lambda: not alive(s.starts()[0]), "its end")
            r = adopted([s], lambda: scan.start("-P"))
        if when == "after":
            s.wait_status(state=DOWN)
            r.kill()
            r = adopted([s], lambda: scan.start("-P"))
        there = running_in(t)[f"one.{when}"]
        need(there or time.monotonic() - told > 9, "its child was killed at once")
        wait_until(lambda: not any(alive(p) for p in pids), lambda: f"the end of all: {running_in(t)}")
        r.kill()


@test()
def groups_left(t):
    """two runs that have left others in their groups, the second while nobody supervised: all are killed in time"""
    scan = Scan(t)
    s = scan.service("one", run="(trap '' TERM; exec sleep 1000) &\n"
                     "trap 'say TERM; while [ -e stay ] && [ ! -e go ]; do sleep 0.02; done; say end; exit' TERM\n"
                     "say start $$\nwhile :; do sleep 0.02; done\n")
    write_file(s.file("timeout-kill"), "10000\n")
    r = scan.start("-P")
    s.running()
    s.tell("d")
    s.wait_status(state=DOWN)
    write_file(s.file("stay"))
    s.tell("u")
    second = s.wait_start(2)
    s.wait_status(state=RUN, pid=second)
    s.tell("d")
    s.wait_event("TERM", 2)
    s.wait_status(state=RUN, want="d")
    r.kill()
    write_file(s.file("go"))
    s.wait_event("end", 2)
    wait_until(lambda: process_state(second) is None, "its end")
    adopted([s], lambda: scan.start("-P"))
    wait_until(lambda: not running_in(t)["one"], lambda: f"the end of all: {running_in(t)}")


@test()
def ends_not_handed_over(t):
    """the keeper of the last supervisor is needed until the new one has what it has"""
    scan = Scan(t)
    s = scan.service("one", run="say start $$\nwhile [ ! -e go ]; do sleep 0.02; done\necho a line\nsay written\n"
                     "exec sleep 1000\n", log=logger())
    r = scan.start()
    s.running()
    s.wait_event("log start")
    s.tell("d", log=True)
    s.wait_status(log=True, state=DOWN)
    write_file(s.file("go"))
    s.wait_event("written")
    s.tell("d")
    s.wait_status(state=DOWN)
    r.kill()
    trace = f"{t.dir}/trace"
    r = adopted([s], lambda: scan.start(prefix=[strace(), "-o", trace, "-e", "trace=sendmsg",
                                                "-e", "inject=sendmsg:error=EAGAIN"]))
    wait_until(lambda: "EAGAIN" in read(trace), "an attempt to hand it over")
    second = children(r.pid)[0]
    stays(lambda: process_state(second) is not None, "it has ended")
    os.kill(second, signal.SIGKILL)
    r.wait_exit()
    adopted([s], scan.start)
    s.tell("u", log=True)
    wait_until(lambda: s.copied() == ["a line"], lambda: f"the line: {s.events()}, {s.copied()}")
    wait_until(lambda: len(t.keepers()) == 1, lambda: f"one keeper: {t.keepers()}")


@test()
def letters_of_the_last_moment(t):
    """what is said to services when runsvdir has been told to leave is done"""
    scan = Scan(t)
    services = [scan.service(f"s{i}") for i in range(100)]      # more than one system call tells of
    r = scan.start()
    for s in services:
        s.running()
    r.signal(signal.SIGSTOP)
    wait_until(lambda: process_state(r.pid) == "T", "stopped")
    r.signal(signal.SIGTERM)
    for s in services:
        s.tell("d")
    r.signal(signal.SIGCONT)
    same(r.wait_exit(), 0, "exit code")
    adopted(services, scan.start)
    for s in services:
        s.wait_status(state=DOWN, want="d")
    same([len(s.starts()) for s in services], [1] * 100, "starts")


@test()
def another_in_its_place(t):
    """a directory in the place of one that was removed with its link while nobody supervised: it is left alone"""
    scan = Scan(t)
    s, first = scan.service("one"), scan.service("first")
    r = scan.start()
    pid = s.running()
    first.running()
    r.kill()
    scan.unlink("one")
    os.rename(s.path, f"{t.dir}/away")
    another = t.service(name="defined/one")
    adopted([first], scan.start)
    stays(lambda: not os.path.exists(another.file("supervise")), "it is taken under supervision", 1)
    need(alive(pid), "the one that is away was ended")


@test()
def end_of_file(t):
    """after adoption: x, and the logger gets end of file and ends by itself"""
    scan, s, r = one_service(t, run=number_lines(), log=logger(slow=0.2))
    s.running()
    s.wait_event("log start")
    replace(r, scan, [s])
    scan.unlink("one")
    s.wait_event("log end")
    same([e for e in s.events() if "SIG" in e], [], "signals")
    lines_are_whole(s)
    wait_until(lambda: not s.supervised() and not running_in(t)["one"] and not running_in(t)["log"], "gone")


# After adoption

@test()
def signals(t):
    """all letters that are signals reach an adopted process"""
    scan, s, r = one_service(t, run=deaf())
    pid = s.running()
    replace(r, scan, [s])
    for letter, name in (("h", "SIGHUP"), ("a", "SIGALRM"), ("i", "SIGINT"), ("q", "SIGQUIT"),
                         ("1", "SIGUSR1"), ("2", "SIGUSR2"), ("t", "SIGTERM")):
        s.tell(letter)
        s.wait_event(name)
    s.tell("p")
    wait_until(lambda: process_state(pid) == "T", "stopped")
    s.tell("c")
    s.wait_event("SIGCONT")
    same(s.starts(), [pid], "starts")
    s.tell("k")
    s.wait_start(2)
    wait_until(lambda: not alive(pid), "the end")


@test()
def down_and_up(t):
    """an adopted service goes down by d, up by u, and down again"""
    scan, s, r = one_service(t)
    pid = s.running()
    replace(r, scan, [s])
    s.tell("d")
    s.wait_status(state=DOWN, want="d", pid=0)
    need(not alive(pid), "still alive")
    s.tell("u")
    second = s.wait_start(2)
    s.wait_status(state=RUN, pid=second, want="u", term=0)
    s.tell("d")
    s.wait_status(state=DOWN)


@test()
def end_of_all(t):
    """an adopting runsvdir takes all down on HUP, services before loggers, and leaves nothing"""
    scan = Scan(t)
    services = [scan.service(f"s{i}", run=number_lines(), log=logger(slow=0.2)) for i in range(4)]
    r = scan.start()
    for s in services:
        s.running()
        s.wait_event("log start")
    r = replace(r, scan, services)
    r.signal(signal.SIGHUP)
    same(r.wait_exit(), 111, "exit code")
    same({n: p for n, p in running_in(t).items() if p}, {}, "processes left")
    for s in services:
        same([e.split()[0] for e in s.events() if "start" not in e], ["lines", "log", "log"], "events")
        lines_are_whole(s)


@test()
def full_disk(t):
    """a service that was started again on a full disk is not started a second time by the next supervisor"""
    disk = t.mount("size=512k,nr_inodes=60")
    scan = Scan(t)
    s = t.service(name=f"{os.path.basename(disk)}/one", run=deaf(lock=f"{t.dir}/lock"))
    scan.link(s)
    r = scan.start()
    pid = s.running()
    r.wait_rest()       # it gives back what the last record had
    try:
        for number in range(1000):
            write_file(f"{disk}/{number}")      # until there are no inodes left
    except OSError:
        pass
    os.kill(pid, signal.SIGKILL)
    second = s.wait_start(2)
    r.wait_errors("one", "No space")
    r.kill()
    r = scan.start()
    wait_until(s.supervised, lambda: f"supervised: {r.errors()!r}")
    stays(lambda: s.starts() == [pid, second] and s.count("second") == 0, lambda: f"{s.events()}, {r.errors()!r}", 1.5)


@test()
def no_descriptors(t):
    """with no descriptor to spare, what was started is not started a second time by the next supervisor"""
    wrong, begun = [], 0
    for limit in range(40, 62):     # from nothing started to everything
        scan = Scan(t, f"scan{limit}")
        services = [t.service(name=f"defined{limit}/s{i}", run=deaf(lock=f"{t.dir}/lock{limit}.{i}")) for i in range(2)]
        for s in services:
            scan.link(s)
        r = scan.start(prefix=["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh"])
        wait_until(lambda: r.errors() or all(s.starts() for s in services), "it can, or says that it cannot")
        time.sleep(0.1)
        r.kill()
        said = r.errors()
        started = [s.starts() for s in services]
        begun += any(started)
        r = scan.start()
        for s in services:
            s.running()
        for s, before in zip(services, started):
            if s.count("second") or (before and s.starts() != before):
                wrong.append((limit, os.path.basename(s.path), s.events(), said))
        r.signal(signal.SIGTERM)
        r.wait_exit()
    need(0 < begun < 22, f"with {begun} of the limits something was started by the first supervisor")
    same([w[:3] for w in wrong], [], f"second copies (limit, service, events); the first supervisor said: {wrong[:1]}")


# Which supervisor

@test()
def runsv_again(t):
    """runsv, killed and run again, adopts"""
    s, r = t.supervised(run=number_lines(), log=logger())
    pid = s.running()
    s.wait_event("log start")
    before = s.state(), s.state(log=True)
    for _ in range(3):
        r.kill()
        r = adopted([s], lambda: t.start(f"{BIN}/runsv", s.path))
    same((s.state(), s.state(log=True), s.starts(), s.count("log start")), (*before, [pid], 1), "status and starts")
    r.signal(signal.SIGTERM)
    same(r.wait_exit(), 0, "exit code")
    lines_are_whole(s)


@test()
def handover(t):
    """runsv, then runsvdir, then runsv, each killed: adopted each time"""
    scan = Scan(t)
    s = scan.service("one", run=number_lines(), log=logger())
    r = t.runsv(s)
    pid = s.running()
    s.wait_event("log start")
    before = s.state(), s.state(log=True)
    r = replace(r, scan, [s])
    same((s.state(), s.state(log=True)), before, "status in runsvdir")
    r.kill()
    r = adopted([s], lambda: t.start(f"{BIN}/runsv", s.path))
    same((s.state(), s.state(log=True), s.starts()), (*before, [pid]), "status in runsv")
    r.signal(signal.SIGTERM)
    same(r.wait_exit(), 0, "exit code")
    lines_are_whole(s)


@test()
def handover_waits(t):
    """runsvdir takes a service over from a runsv that is killed later"""
    scan = Scan(t)
    s = scan.service("one")
    first = t.runsv(s)
    pid = s.running()
    scan.start().wait_errors("one")
    old = stamp(s)
    first.kill()
    wait_until(lambda: s.supervised() and stamp(s) != old, "taken over")
    only(t, s, pid)


@test()
def exit_of_runsv(t):
    """runsv killed while x is under way: the next one ends the service and itself"""
    s, r = t.supervised(run=deaf(), log=logger())
    s.running()
    s.tell("x")
    s.wait_event("SIGTERM")
    r.kill()
    r = adopted([s], lambda: t.start(f"{BIN}/runsv", s.path))
    s.tell("k")
    same(r.wait_exit(), 0, "exit code")
    same((len(s.starts()), s.count("log end")), (1, 1), "starts, ends of the logger")


@test()
def upgrade(t):
    """TERM to runsvdir, then a new one: no service restarted, states kept, no line lost"""
    scan = Scan(t)
    writes = scan.service("writes", run=number_lines(), log=logger())
    stopped, isdown, isonce = scan.service("stopped", run=deaf()), scan.service("isdown"), scan.service("isonce", down=True)
    services = [writes, stopped, isdown, isonce]
    r = scan.start()
    for s in services[:3]:
        s.running()
    writes.wait_event("log start")
    stopped.tell("p")
    stopped.wait_status(paused=1)
    isdown.tell("d")
    isdown.wait_status(state=DOWN)
    isonce.tell("o")
    isonce.running()
    before = [s.state() for s in services]
    starts = [s.starts() for s in services]
    for _ in range(3):
        r.signal(signal.SIGTERM)
        same(r.wait_exit(), 0, "exit code")
        r = adopted(services, scan.start)
    same([s.state() for s in services], before, "status")
    same([s.starts() for s in services], starts, "starts")
    writes.tell("d")
    lines_are_whole(writes)


def pid_one(t, script):
    """A shell script as PID 1 of a namespace, its supervisor and its pid here."""
    path = f"{t.dir}/pid1"
    write_file(path, "#!/bin/sh\n" + script, 0o755)
    r = t.start("unshare", "--pid", "--mount-proc", "--fork", "--kill-child", path)
    return r


@test()
def term_from_init(t):
    """TERM from PID 1, to a runsvdir that has adopted: all are taken down, exit 0"""
    scan = Scan(t)
    s, other = scan.service("one", run=number_lines(), log=logger(slow=0.2)), scan.service("other")
    r = pid_one(t, f"'{BIN}/runsvdir' '{scan.path}' & first=$!\n"
                   f"until [ -e '{t.dir}/kill' ]; do sleep 0.02; done\nkill -9 $first\nwait $first\n"
                   f"'{BIN}/runsvdir' '{scan.path}' & second=$!\n"
                   f"until [ -e '{t.dir}/term' ]; do sleep 0.02; done\nkill -TERM $second\nwait $second\n"
                   f"echo $? >'{t.dir}/code'\nuntil set -- /proc/[0-9]*; [ $# -eq 1 ]; do sleep 0.02; done\n")
    for service in (s, other):
        wait_until(lambda: service.starts(), "started")
    s.wait_event("log start")
    adopted([s, other], lambda: (write_file(f"{t.dir}/kill"), r)[1])
    same((len(s.starts()), len(other.starts())), (1, 1), "starts")
    write_file(f"{t.dir}/term")
    same(r.wait_exit(), 0, "exit code of the namespace")
    same(read(f"{t.dir}/code").strip(), "0", "exit code")
    lines_are_whole(s)
    same((len(s.starts()), len(other.starts())), (1, 1), "starts")


# Not ours

# Where the fields of the record are (libsv/status.h); control_case shows that they are there.
BYTES, BOOT_AT, NAMESPACE_AT, DEVICE_AT, INODE_AT, PID_AT, START_AT = 248, 28, 44, 52, 60, 68, 72
STATE_AT, WANT_AT, EARLIEST_AT, SUM_BYTES = 80, 81, 92, 8
MARGIN_AT = 236
WANT_DOWN = 2


def seal(record):
    """With the sum that makes it whole."""
    total = 14695981039346656037
    for byte in record[:-SUM_BYTES]:
        total = (total ^ byte) * 1099511628211 % 2 ** 64
    return bytes(record[:-SUM_BYTES]) + struct.pack("<Q", total)


def put(record, at, form, value):
    changed = bytearray(record)
    struct.pack_into(form, changed, at, value)
    return bytes(changed)


def disown(scan, name):
    """Takes the link away and all that tells the next supervisor that it was there."""
    scan.unlink(name)
    shutil.rmtree(f"{scan.path}/.supervised")


class Foreign:
    """A service that runs, its supervisor killed, and copies of its directory with
    records that are true but for what is changed. Was one of them believed, its
    process would be sent TERM and CONT: wanted down, it says."""

    def __init__(self, t):
        self.t = t
        self.scan = Scan(t)
        self.source = self.scan.service("source", run=signal_teller(end_on=()))
        r = self.scan.start()
        self.pid = self.source.running()
        self.source.wait_status(state=RUN, pid=self.pid)
        with open(self.source.supervise("status"), "rb") as file:
            self.record = file.read()
        same(len(self.record), BYTES, "bytes of the record")
        same(seal(self.record), self.record, "sum of the record")
        r.kill()
        disown(self.scan, "source")
        self.services = []

    def copy(self, name, record=None, change=lambda record: record, wanted_down=True):
        """Another service directory, RECORD or a true one of the source's process in it."""
        s = self.t.service(name=f"defined/{name}")
        os.mkdir(s.file("supervise"), 0o700)
        if record is None:
            found = os.stat(s.path)
            record = put(put(self.record, DEVICE_AT, "<Q", found.st_dev), INODE_AT, "<Q", found.st_ino)
            if wanted_down:
                record = put(record, WANT_AT, "B", WANT_DOWN)
                record = put(record, 17, "B", ord("d"))
            record = change(record)
        with files_and_forks, open(s.supervise("status"), "wb") as file:
            file.write(record)
        self.scan.link(s)
        self.services.append(s)
        return s

    def begins_afresh(self):
        """All are started as if there were no record, and the process is left alone."""
        r = self.scan.start()
        for s in self.services:
            wait_until(s.starts, lambda: f"{s.path} started; {r.errors()!r}")   # a short record is not read before
            pid = s.running()
            need(pid != self.pid, f"{s.path}: the source's pid")
            same((s.state().want, s.state().paused, s.state().term), ("u", 0, 0), f"status of {s.path}")
        stays(lambda: all(len(s.starts()) == 1 for s in self.services), "started twice", 0.3)
        for s in self.services:
            s.tell("d")
            s.wait_status(state=DOWN, pid=0)
        r.signal(signal.SIGHUP)
        r.wait_exit()
        need(alive(self.pid), f"the process that is not theirs was ended: {self.source.events()}")
        same(self.source.events(), [f"start {self.pid}"], "what the process that is not theirs has seen")


@test()
def control_case(t):
    """(a record that is made as below but true is adopted: so these tests mean something)"""
    f = Foreign(t)
    start = int(process_fields(f.pid)[19])
    told, margin = struct.unpack_from("<Q", f.record, START_AT)[0], struct.unpack_from("<I", f.record, MARGIN_AT)[0]
    need(told - margin <= start <= told, f"it was started at {start}, and signed {told} with a margin of {margin}")
    s = f.copy("true", change=lambda r: seal(put(put(r, START_AT, "<Q", start + 5), MARGIN_AT, "<I", 5)))
    f.scan.start()
    s.wait_status(pid=f.pid, want="d")
    f.source.wait_event("SIGTERM")
    same(s.starts(), [], "starts")


def random_change(at, size=1):
    def change(record):
        changed = bytearray(record)
        for i in range(at, at + size):
            changed[i] ^= 0x5a
        return seal(bytes(changed))
    return change


@test()
def other_boot(t):
    """a record of another boot: a fresh start, no signal"""
    f = Foreign(t)
    for i in range(16):
        f.copy(f"byte{i}", change=random_change(BOOT_AT + i))
    f.copy("zero", change=lambda r: seal(r[:BOOT_AT] + bytes(16) + r[BOOT_AT + 16:]))
    f.begins_afresh()


@test()
def other_namespace(t):
    """a record of another PID namespace: a fresh start, no signal"""
    f = Foreign(t)
    for i in range(8):
        f.copy(f"byte{i}", change=random_change(NAMESPACE_AT + i))
    f.begins_afresh()


@test()
def other_namespace_really(t):
    """a supervisor in another PID namespace does not adopt, though the pid exists there"""
    f = Foreign(t)
    s = f.copy("one", change=seal)
    t.start("unshare", "--pid", "--mount-proc", "--fork", "--kill-child", f"{BIN}/runsvdir", f.scan.path)
    wait_until(s.starts, "started afresh")
    stays(lambda: alive(f.pid) and len(f.source.events()) == 1, lambda: f"{f.source.events()}")


@test()
def next_namespace(t):
    """a record of a PID namespace that has ended, whose number the next one was given: a fresh start"""
    scan = Scan(t)
    s = scan.service("one")
    begin = f"while ! test -e {t.dir}/begin; do sleep 0.02; done; exec {BIN}/runsvdir {scan.path}"
    def started():
        r = t.start("unshare", "--pid", "--mount-proc", "--fork", "--kill-child", "sh", "-c", begin)
        wait_until(lambda: children(r.pid), "process 1")
        return r, os.stat(f"/proc/{children(r.pid)[0]}/ns/pid").st_ino
    write_file(f"{t.dir}/begin")
    first, _ = started()
    s.wait_start()
    s.tell("d")
    s.wait_status(state=0, want="d")
    first.kill()
    wait_until(lambda: not s.supervised(), "its end")
    os.unlink(f"{t.dir}/begin")
    _, number = started()
    with open(s.supervise("status"), "rb+") as file:
        record = put(file.read(), NAMESPACE_AT, "<Q", number)
        file.seek(0)
        file.write(seal(record))
    write_file(f"{t.dir}/begin")
    s.wait_start(2)


@test()
def other_directory(t):
    """a record of another directory: a fresh start, no signal"""
    f = Foreign(t)
    for i in range(8):
        f.copy(f"device{i}", change=random_change(DEVICE_AT + i))
        f.copy(f"inode{i}", change=random_change(INODE_AT + i))
    f.begins_afresh()


@test()
def other_start(t):
    """a pid with another start time, so another process by now: a fresh start, no signal"""
    f = Foreign(t)
    start = int(process_fields(f.pid)[19])
    others = ((start + 1, 0), (start - 1, 0), (start - 1, 5), (start + 6, 5), (0, 0), (2 ** 64 - 1, 0), (start + 2 ** 32, 5))
    for i, (other, margin) in enumerate(others):
        for running_ in (True, False):
            def change(record, other=other, margin=margin, running_=running_):
                record = put(put(record, START_AT, "<Q", other), MARGIN_AT, "<I", margin)
                return seal(record if running_ else put(record, WANT_AT, "B", 0))
            if not running_:
                f.copy(f"up{i}", change=change, wanted_down=False)
            else:
                # what was wanted holds, of a place that is ours; the process is not
                s = f.copy(f"down{i}", change=change)
                f.services.remove(s)
                s.change = "stays down"
    f.begins_afresh()
    for i in range(len(others)):
        stat = f"{t.dir}/defined/down{i}/supervise/stat"
        wait_until(lambda stat=stat: read(stat) == "down\n", lambda stat=stat: f"{stat}: {read(stat)!r}")


@test()
def other_pid(t):
    """pids that are nobody's, PID 1, the supervisor's parent, negative: a fresh start, no signal"""
    f = Foreign(t)
    for i, pid in enumerate((0, 1, 2, os.getpid(), 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 4194304)):
        f.copy(f"pid{i}", wanted_down=False, change=lambda r, pid=pid: seal(put(put(r, PID_AT, "<I", pid), 12, "<I", pid)))
    f.begins_afresh()


@test()
def copied(t):
    """cp -a of a running service's directory is not adopted: it is started, the other one runs on"""
    scan, s, r = one_service(t, run=deaf(), log=logger())
    pid = s.running()
    s.wait_event("log start")
    log_pid = s.wait_status(log=True, state=RUN).pid
    with files_and_forks:
        subprocess.run(["cp", "-a", s.path, f"{t.dir}/defined/copy"], check=True)
    os.symlink(f"{t.dir}/defined/copy", f"{scan.path}/copy")
    wait_until(lambda: len(s.starts()) == 2 and s.count("log start") == 2, lambda: f"the copy is started: {s.events()}")
    replace(r, scan, [s])
    stays(lambda: len(s.starts()) == 2 and s.count("log start") == 2 and alive(pid) and alive(log_pid)
          and s.state().pid == pid, lambda: f"{s.events()}")
    same([e for e in s.events() if "SIG" in e], [], "signals")


@test()
def copied_stopping(t):
    """cp -a while the service is being stopped: the copy is started, the process not signalled for it"""
    scan, s, r = one_service(t, run=deaf())
    pid = s.running()
    s.tell("d")
    s.wait_event("SIGCONT")
    with files_and_forks:
        subprocess.run(["cp", "-a", s.path, f"{t.dir}/defined/copy"], check=True)
    r.kill()
    disown(scan, "one")
    os.symlink(f"{t.dir}/defined/copy", f"{scan.path}/copy")
    before = s.count("SIGTERM")
    scan.start()
    s.wait_start(2)
    stays(lambda: alive(pid) and s.count("SIGTERM") == before, lambda: f"{s.events()}")


@test()
def truncated(t):
    """records of every length but the whole, and longer ones: a fresh start, no signal"""
    f = Foreign(t)
    for size in range(BYTES):
        f.copy(f"size{size}", change=lambda r, size=size: seal(r)[:size])
    for more in (1, 8, 4096):
        f.copy(f"more{more}", change=lambda r, more=more: seal(r) + b"\0" * more)
    f.begins_afresh()


@test()
def corrupted(t):
    """records with one byte harmed, each in turn: a fresh start, no signal"""
    f = Foreign(t)
    for at in range(BYTES):
        f.copy(f"at{at}", change=lambda r, at=at: seal(r)[:at] + bytes([seal(r)[at] ^ 0x41]) + seal(r)[at + 1:])
    f.copy("zeros", record=bytes(BYTES))
    f.copy("ones", record=b"\xff" * BYTES)
    f.copy("text", record=b"run\n" * (BYTES // 4))
    f.copy("empty", record=b"")
    f.begins_afresh()


@test()
def nonsense(t):
    """whole records with nonsense in their memory: one process for each service, wanted up at the end"""
    f = Foreign(t)
    dead = lambda record: put(put(record, PID_AT, "<I", 0), 12, "<I", 0)
    for i in range(1, 256, 5):
        f.copy(f"state{i}", wanted_down=False, change=lambda r, i=i: seal(put(dead(r), STATE_AT, "B", i)))
        if i > 3:
            f.copy(f"want{i}", wanted_down=False, change=lambda r, i=i: seal(put(dead(r), WANT_AT, "B", i)))
    for i, earliest in enumerate((2 ** 63 - 1, -2 ** 63, -1, 0)):
        f.copy(f"time{i}", wanted_down=False,
               change=lambda r, e=earliest: seal(put(put(dead(r), EARLIEST_AT, "<q", e), STATE_AT, "B", 1)))
    r = f.scan.start()
    unwanted = []
    for s in f.services:
        wait_until(lambda: s.supervised(), f"{s.path} supervised")
        if (s.wait_status().state, s.state().want) == (DOWN, "d"):
            unwanted.append(s)
        else:
            s.running()
    same([s.path for s in unwanted], [], "not wanted up")
    stays(lambda: all(len(s.starts()) == 1 for s in f.services), "started twice", 1.2)
    need(r.running() and alive(f.pid) and len(f.source.events()) == 1, f"the source: {f.source.events()}")


@test()
def foreign(t):
    """20 bytes, as runit's runsv writes them, whatever they say: a fresh start, no signal"""
    f = Foreign(t)
    for pid in (f.pid, 1, 0, 2 ** 31 - 1):
        for state in (0, 1, 2, 3):
            for want in "ud\0":
                f.copy(f"r{pid}.{state}.{ord(want)}", record=f.record[:12] + struct.pack("<I", pid)
                       + bytes([1, ord(want), 1, state]))
    f.begins_afresh()


# How fast

@test()
def many(t):
    """200 services, some with a logger: all adopted, none restarted; and how fast"""
    scan = Scan(t)
    services = [scan.service(f"s{i}", run=IDLE, log=logger() if i % 20 == 0 else None) for i in range(200)]
    r = scan.start()
    pids = [s.running() for s in services]
    for s in services[::20]:
        s.wait_event("log start")
    before = [s.state() for s in services]
    for _ in range(3):
        r = replace(r, scan, services)
    stays(lambda: [s.starts() for s in services] == [[p] for p in pids], "restarted", 0.5)
    same([s.state() for s in services], before, "status")
    same(r.errors(), "", "messages")


def seconds_to(services, condition, start):
    began = time.monotonic()
    r = start()
    while not all(condition(s) for s in services):
        need(time.monotonic() - began < SECONDS, f"not within {SECONDS:g} s")
        time.sleep(0.0002)
    return r, time.monotonic() - began


@test(early=True)
def quickly(t):
    """adopted as soon as a fresh start would have it running (both times are said, side by side)"""
    scan = Scan(t)
    adoptions, starts, bare = [], [], []
    for number in range(9):
        s = scan.service(f"s{number}", run="exec sleep 1000\n")
        r, took = seconds_to([s], lambda s: (s.state() or DOWN) and s.state().state == RUN, scan.start)
        starts.append(took)
        r.kill()
        old = stamp(s)
        r, took = seconds_to([s], lambda s: s.supervised() and stamp(s) != old, scan.start)
        adoptions.append(took)
        same(s.state().state, RUN, "state")
        r.signal(signal.SIGHUP)
        r.wait_exit()
        scan.unlink(f"s{number}")
        began = time.monotonic()
        with files_and_forks:
            subprocess.run(["true"], check=True)
        bare.append(time.monotonic() - began)
    ms = [statistics.median(x) * 1000 for x in (adoptions, starts, bare)]
    print("# medians of 9, with the other tests running: adopted after %.1f ms, fresh start %.1f ms, "
          "execution of true %.1f ms; at most %.1f ms for an adoption (50 ms are asked for)" % (*ms, max(adoptions) * 1000))
    need(ms[0] <= max(50, 2 * ms[1]), f"medians {ms} ms: an adoption is slower than two fresh starts")


if __name__ == "__main__":
    suite.main()

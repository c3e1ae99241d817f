# SPDX-License-Identifier: MIT
"""runsv, from outside: one service directory, its files, its processes."""

import errno
import fcntl
import os
import re
import select
import signal
import stat
import subprocess
import threading
import time

from harness import strace
from supervise import (BIN, DOWN, FINISH, IDLE, KEEPER, RUN, SECONDS, Skip, Suite, alive, children, deaf, decode,
                       logger, mode, need, process_state, read, runit_sv, same, shebang_python,
                       signal_teller, stays, title, wait_settled, wait_until, write_file)

suite = Suite("runsv")
test = suite.test

TICK = os.sysconf("SC_CLK_TCK")
STARTED = "say start $$ $(cut -d' ' -f22 /proc/$$/stat)\n"


def start_times(service):
    """When the processes of ./run were made, in seconds since boot."""
    return [int(e.split()[2]) / TICK for e in service.events() if e.startswith("start ")]


def need_one_second_between(times):
    gaps = [b - a for a, b in zip(times, times[1:])]
    need(all(g >= 1 - 2 / TICK for g in gaps), f"less than 1 s between starts: {gaps}")


# run

@test()
def run_is_executed(t):
    """run is executed as ./run in the service directory"""
    s, _ = t.supervised(run='say "$0" "$#" "$(pwd -P)"\nexec sleep 1000\n')
    s.wait_event("./run")
    same(s.events()[0], f"./run 0 {os.path.realpath(s.path)}", "$0 $# $(pwd)")


@test()
def relative_name(t):
    """the service directory may be given relative to the current directory"""
    s = t.service(name="here")
    t.start(f"{BIN}/runsv", "here", cwd=t.dir)
    s.running()


@test()
def restarted(t):
    """run is restarted when it exits, with any code"""
    s, _ = t.supervised(run=f"{STARTED}exit $(($(wc -l <'{t.dir}/said.1') % 2))\n")
    s.wait_start(3)
    need(len(set(s.starts())) >= 3, f"the same pid: {s.starts()}")


@test()
def start_rate(t):
    """there is at least 1 s between starts of a service that fails at once"""
    s, _ = t.supervised(run=STARTED + "exit 1\n")
    s.wait_start(4)
    need_one_second_between(start_times(s))


@test()
def start_rate_finish(t):
    """there is at least 1 s between starts of a service with a finish"""
    s, _ = t.supervised(run=STARTED + "exit 1\n", finish="exit 1\n")
    s.wait_start(4)
    need_one_second_between(start_times(s))


@test()
def start_rate_slow_fork(t):
    """the 1 s between starts counts from when the process was made, not decided on"""
    s = t.service(run=STARTED + "exit 1\n")
    # A busy machine, made to order: the first fork takes 0.6 s longer.
    r = t.start(strace(), "-o", f"{t.dir}/trace", "-e", "trace=clone,clone3,fork,vfork",
                "-e", "inject=clone,clone3,fork,vfork:delay_enter=600000:when=1", f"{BIN}/runsv", s.path)
    wait_until(lambda: s.count("start") >= 3, lambda: f"three starts; {s.events()}, {r.errors()!r}")
    need_one_second_between(start_times(s))


@test()
def start_rate_letters(t):
    """there is at least 1 s between starts whatever letters are sent"""
    s, _ = t.supervised(run=STARTED + "exec sleep 1000\n")
    ended = []
    def storm():
        s.tell("ouou")
        for pid in s.starts():
            if pid not in ended:
                ended.append(pid)
                s.tell("tdu" if len(ended) % 2 else "t")
        return len(s.starts()) >= 4
    wait_until(storm, lambda: f"four starts; {s.events()}")
    need_one_second_between(start_times(s))


@test()
def restart_at_once(t):
    """a run that lasted longer than 1 s restarts at once"""
    s, _ = t.supervised(run="say start $$ $(cut -d' ' -f1 /proc/uptime)\nsleep 1.2\n"
                            "say end $(cut -d' ' -f1 /proc/uptime)\nexit 0\n")
    s.wait_start(5)
    times = [float(e.split()[-1]) for e in s.events()]
    gaps = [times[i + 1] - times[i] for i in range(1, len(times) - 1, 2)]
    # The best of four: the machine may be busy. A second start within the same
    # second of throttling would take 1 s each time.
    need(min(gaps) < 0.7, f"time from end to start: {gaps}")


@test(runit="sleeps between starts, and is deaf meanwhile")
def heard_while_throttled(t):
    """control letters are heard between two starts"""
    s, _ = t.supervised(run=IDLE.replace("exec sleep 1000", "exit 1"))
    for attempt in range(6):    # again when this machine was too slow to look
        s.wait_start(s.count("start") + 1)
        s.wait_status(state=DOWN)
        before = s.count("start")
        s.tell("d")
        s.wait_status(want="d")
        if s.count("start") == before:
            wait_settled(lambda: s.count("start") == before, lambda: f"not started again: {s.events()}")
            return
        s.tell("u")
    need(False, "d was not heard before the next start, six times")


@test()
def exit_while_throttled(t):
    """x between two starts ends runsv"""
    s, r = t.supervised(run="say start $$\nexit 1\n")
    s.wait_start()
    s.tell("x")
    same(r.wait_exit(), 0, "exit code")


@test()
def clean_child(t):
    """run gets descriptors 0, 1 and 2 only, no blocked and no ignored signals"""
    s, _ = t.supervised(run=shebang_python() + """
import os
found = []
for fd in os.listdir("/proc/self/fd"):
    try:
        found.append((int(fd), os.readlink("/proc/self/fd/" + fd)))
    except OSError:
        pass
found = [n for n, name in sorted(found) if "/proc/" not in name]
with open({events!r}, "a") as f:
    f.write("fds %s\\n" % found)
os.execv("/bin/sh", ["sh", "-c", "grep -E 'Sig(Blk|Ign)' /proc/self/status >>" + {events!r} + "; echo end >>" + {events!r} + "; exec sleep 1000"])
""", log=logger())
    s.wait_event("end")
    same(s.events()[0] if s.events()[0].startswith("fds") else s.events()[1], "fds [0, 1, 2]", "descriptors")
    s2, _ = t.supervised(name="signals", run="grep -E 'Sig(Blk|Ign)' /proc/self/status | while read a b; do say $a $b; done\n"
                         "say end\nexec sleep 1000\n")
    s2.wait_event("end")
    same(s2.events()[:2], ["SigBlk: 0000000000000000", "SigIgn: 0000000000000000"], "signals")


# finish

TELL_FINISH = 'say finish "$#" "$@"\n'


def finish_words(service):
    service.wait_event("finish")
    return next(e for e in service.events() if e.startswith("finish")).split(" ")[2:]


@test()
def finish_exit_code(t):
    """finish gets the exit code and 0, and runs before the restart"""
    s, _ = t.supervised(run="say start $$\nexit 3\n", finish=TELL_FINISH)
    s.wait_start(2)
    same(finish_words(s)[:2], ["3", "0"], "arguments")
    same([e.split()[0] for e in s.events()][:3], ["start", "finish", "start"], "order")


@test()
def finish_signal(t):
    """finish gets -1 and the number of the signal that ended run"""
    for name, number in (("KILL", 9), ("TERM", 15), ("USR1", 10)):
        s, _ = t.supervised(name=name, run=f"say start $$\nkill -{name} $$\n", finish=TELL_FINISH)
        same(finish_words(s)[:2], ["-1", str(number)], f"arguments after {name}")


@test()
def finish_core(t):
    """finish gets -1 and 139 when run dumped core by SEGV"""
    script = f"{t.dir}/dump"
    write_file(script, "#!/bin/sh\ncd \"$1\" || exit\nulimit -c unlimited || exit 1\nkill -SEGV $$\n", 0o755)
    pid = os.posix_spawn(script, [script, t.dir], os.environ, setsigmask=[])
    status = os.waitpid(pid, 0)[1]
    if not (os.WIFSIGNALED(status) and os.WCOREDUMP(status)):
        raise Skip("no core is dumped here")
    s, _ = t.supervised(run="ulimit -c unlimited\nkill -SEGV $$\n", finish=TELL_FINISH)
    same(finish_words(s)[:2], ["-1", "139"], "arguments")


@test(runit="two arguments")
def finish_more_arguments(t):
    """finish gets the service's name and process group as third and fourth argument"""
    s, _ = t.supervised(name="a name", run="say start $$ $(cut -d' ' -f5 /proc/$$/stat)\nexit 3\n",
                        finish='say finish; for a; do say "arg $a"; done\n')
    s.wait_start(2)
    group = s.events()[0].split()[2]
    words = [e[4:] for e in s.events() if e.startswith("arg ")][:4]
    same(words, ["3", "0", "a name", group], "arguments")


def cannot_execute(t, **parts):
    s, r = t.supervised(finish=TELL_FINISH, **parts)
    same(finish_words(s)[:2], ["111", "0"], "arguments")
    r.wait_errors("run")
    need(os.path.basename(s.path) in r.errors(), f"the message does not name the service: {r.errors()!r}")
    return s


@test()
def run_not_executable(t):
    """finish gets 111 0 when run is not executable, which is said; run starts once it is"""
    s = cannot_execute(t, run=None)
    s.script("run", IDLE, 0o644)
    os.chmod(s.file("run"), 0o755)
    s.running()


@test()
def run_mode(t):
    """finish gets 111 0 when run is there and has no x, which is said"""
    s = t.service(run=IDLE, finish=TELL_FINISH)
    os.chmod(s.file("run"), 0o644)
    r = t.runsv(s)
    same(finish_words(s)[:2], ["111", "0"], "arguments")
    r.wait_errors("run", "service")
    os.chmod(s.file("run"), 0o755)
    s.running()


@test()
def finish_not_executable(t):
    """a finish that is not executable counts as failed: run is restarted"""
    s = t.service(run="say start $$\nexit 0\n", finish="say finish\n")
    os.chmod(s.file("finish"), 0o644)
    t.runsv(s)
    s.wait_start(3)
    same(s.count("finish"), 0, "times it ran")


@test()
def finish_state(t):
    """while finish runs, status, stat and pid say so"""
    s, _ = t.supervised(run="say start $$\nexit 0\n", finish="say finish $$\nexec sleep 1000\n")
    s.wait_event("finish")
    pid = int(s.events()[1].split()[1])
    s.wait_status(state=FINISH, pid=pid, want="u", paused=0, term=0)
    s.wait_text("stat", "finish\n")
    s.wait_text("pid", f"{pid}\n")
    s.tell("d")
    s.wait_text("stat", "finish, want down\n")


@test(runit="k while finish runs makes it down, and more starts")
def finish_no_signals(t):
    """signals are sent in state run only, not to finish"""
    # The teller ends on USR1, which we send it ourselves.
    s = t.service(run=signal_teller(end_on=("SIGUSR2",)))
    s.script("finish", signal_teller(end_on=("SIGUSR1",)))
    t.runsv(s)
    s.running()
    s.tell("2")
    s.wait_status(state=FINISH)
    finish = s.wait_start(2)
    s.tell("thaiq2cp")
    s.tell("d")
    s.wait_status(want="d")
    need(process_state(finish) != "T", "p stopped finish")
    s.tell("k")
    s.tell("hd")
    os.kill(finish, signal.SIGUSR1)
    s.wait_status(state=DOWN, pid=0)
    same([e for e in s.events() if not e.startswith("start")], ["SIGUSR2", "SIGUSR1"], "signals")


@test()
def finish_then_down(t):
    """d while run or finish is running: finish runs to its end, then the service is down"""
    s, _ = t.supervised(finish=f"say finish\nwhile [ ! -e '{t.dir}/go' ]; do sleep 0.02; done\nsay finished\n")
    s.running()
    s.tell("d")
    s.wait_event("finish")
    s.wait_status(state=FINISH, want="d")
    write_file(f"{t.dir}/go")
    s.wait_status(state=DOWN, pid=0, want="d")
    s.wait_event("finished")
    same(len(s.starts()), 1, "starts")


@test()
def exit_waits_for_finish(t):
    """x: runsv ends only when finish has"""
    s, r = t.supervised(finish="say finish\nsleep 0.5\nsay finished\n")
    s.running()
    s.tell("x")
    same(r.wait_exit(), 0, "exit code")
    same(s.events()[1:], ["finish", "finished"], "events")


# down

@test()
def down_file(t):
    """with a file down the service is not started, until u"""
    s, _ = t.supervised(down=True)
    s.wait_status(state=DOWN, want="d", pid=0, paused=0, term=0)
    s.wait_text("stat", "down\n")
    s.wait_text("pid", "")
    s.tell("h")     # heard, and nothing happens
    wait_settled(lambda: not s.events(), "not started", 0.5)
    s.tell("u")
    pid = s.running()
    s.wait_status(state=RUN, want="u", pid=pid)


@test()
def down_link_to_nothing(t):
    """a link down that leads to nothing is no such file, and the service is started; one that leads to a file is"""
    s = t.service()
    os.symlink("nowhere", s.file("down"))
    r = t.runsv(s)
    s.running()
    s.tell("x")
    r.wait_exit()
    write_file(s.file("nowhere"))
    t.runsv(s)
    s.wait_status(state=DOWN, want="d", pid=0)
    same(len(s.starts()), 1, "starts")


@test()
def old_filter_of_calls(t):
    """where faccessat2(2) is refused (older kernels, a container's filter) down and finish are seen all the same"""
    s = t.service(run="say start $$\nexit 0\n", finish="say finish\n", down=True)
    r = t.start(strace(), "-o", "/dev/null", "-e", "inject=faccessat2:error=EPERM", f"{BIN}/runsv", s.path)
    wait_until(s.supervised, lambda: f"supervise/ok; {r.errors()!r}")
    s.wait_status(state=DOWN, want="d", pid=0)
    s.tell("o")
    s.wait_event("finish")
    same(len(s.starts()), 1, "starts")


# Control letters

@test()
def signal_letters(t):
    """h a i q 1 2 c t send HUP ALRM INT QUIT USR1 USR2 CONT TERM, and nothing else"""
    s, _ = t.supervised(run=deaf())
    s.running()
    sent = []
    for letter, name in (("h", "SIGHUP"), ("a", "SIGALRM"), ("i", "SIGINT"), ("q", "SIGQUIT"),
                         ("1", "SIGUSR1"), ("2", "SIGUSR2"), ("c", "SIGCONT"), ("t", "SIGTERM"),
                         ("h", "SIGHUP")):
        s.tell(letter)
        sent.append(name)
        wait_until(lambda: s.events()[1:] == sent, lambda: f"{letter}: {sent}; there is {s.events()}")
    same(s.status()[4:], ("u", 1, RUN), "want, got TERM, state")


@test()
def kill_letter(t):
    """k kills run, which is then restarted"""
    s, _ = t.supervised(run=deaf())
    first = s.running()
    s.tell("k")
    second = s.wait_start(2)
    need(not alive(first), "the first one lives")
    s.wait_status(state=RUN, pid=second, want="u")
    same(s.events()[1:2], [f"start {second}"], "events")


@test()
def pause_letters(t):
    """p stops run and c continues it; the status says so"""
    s, _ = t.supervised(run=deaf())
    pid = s.running()
    s.tell("p")
    wait_until(lambda: process_state(pid) == "T", "stopped")
    s.wait_status(state=RUN, pid=pid, paused=1, want="u")
    s.wait_text("stat", "run, paused\n")
    s.tell("c")
    s.wait_status(paused=0, pid=pid)
    wait_until(lambda: process_state(pid) != "T", "continued")
    s.wait_text("stat", "run\n")


@test()
def down_letter(t):
    """d sends TERM, then CONT, and the service stays down"""
    s, _ = t.supervised(run=deaf(), finish=TELL_FINISH)
    pid = s.running()
    s.tell("d")
    wait_until(lambda: s.events()[1:] == ["SIGTERM", "SIGCONT"], lambda: f"TERM, CONT; {s.events()}")
    s.wait_status(state=RUN, pid=pid, want="d", term=1, paused=0)
    s.wait_text("stat", "run, got TERM, want down\n")
    s.tell("k")
    s.wait_status(state=DOWN, pid=0, want="d", term=0)
    s.wait_text("stat", "down\n")
    s.wait_text("pid", "")
    wait_settled(lambda: len(s.starts()) == 1, "not started again")
    same(finish_words(s)[:2], ["-1", "9"], "finish")


@test(runit="still says paused when down")
def down_paused(t):
    """d ends a paused service"""
    s, _ = t.supervised()
    pid = s.running()
    s.tell("p")
    wait_until(lambda: process_state(pid) == "T", "stopped")
    s.tell("d")
    s.wait_status(state=DOWN, pid=0, want="d", paused=0)
    need(not alive(pid), "it lives")


@test()
def once_running(t):
    """o to a running service: it is left alone, and not restarted when it exits"""
    s, _ = t.supervised(run=signal_teller(end_on=("SIGUSR1",)))
    pid = s.running()
    s.tell("o")
    s.wait_status(state=RUN, pid=pid, want="d", term=0)
    s.wait_text("stat", "run, want down\n")
    s.tell("1")
    s.wait_status(state=DOWN, pid=0, want="d")
    wait_settled(lambda: len(s.starts()) == 1, "not started again")
    same(s.events()[1:], ["SIGUSR1"], "events")


@test()
def once_down(t):
    """o to a service that is down starts it once"""
    s, _ = t.supervised(down=True, run=signal_teller(end_on=("SIGUSR1",)))
    s.tell("o")
    pid = s.running()
    s.wait_status(state=RUN, pid=pid, want="d")
    s.tell("1")
    s.wait_status(state=DOWN, pid=0, want="d")
    wait_settled(lambda: len(s.starts()) == 1, "not started again")


@test()
def up_running(t):
    """u to a running service changes nothing but want"""
    s, _ = t.supervised()
    pid = s.running()
    s.tell("uuu")
    s.tell("o")
    s.wait_status(want="d")
    s.tell("u")
    s.wait_status(want="u", pid=pid, state=RUN)
    same(s.starts(), [pid], "starts")


@test()
def up_while_stopping(t):
    """u after d, before run has ended: it is restarted when it ends"""
    s, _ = t.supervised(run=signal_teller(end_on=("SIGUSR1",)))
    pid = s.running()
    s.tell("d")
    s.wait_event("SIGTERM")
    s.tell("u")
    s.wait_status(want="u", pid=pid, state=RUN)
    s.tell("1")
    s.wait_start(2)


@test()
def term_letter(t):
    """t ends run, which is then restarted"""
    s, _ = t.supervised()
    first = s.running()
    s.tell("t")
    second = s.wait_start(2)
    need(not alive(first), "the first one lives")
    s.wait_status(pid=second, want="u", term=0, state=RUN)
    s.wait_text("stat", "run\n")


@test()
def exit_letter(t):
    """x sends TERM, then CONT; runsv exits 0 when run has ended, and lets go of its files"""
    s, r = t.supervised(run=signal_teller(end_on=("SIGCONT",)))
    pid = s.running()
    s.tell("x")
    same(r.wait_exit(), 0, "exit code")
    same(s.events()[1:], ["SIGTERM", "SIGCONT"], "events")
    need(not alive(pid), "run lives")
    need(not s.supervised(), "supervise/ok has a reader")
    same(s.status()[2:], (0, 0, "d", 0, DOWN), "last status")
    same((s.text("stat"), s.text("pid")), ("down\n", ""), "last stat and pid")


@test()
def exit_letter_deaf(t):
    """x to a service that does not end: status says so, runsv waits"""
    s, r = t.supervised(run=deaf())
    pid = s.running()
    s.tell("x")
    s.wait_status(state=RUN, pid=pid, want="d", term=1)
    s.wait_text("stat", "run, got TERM, want exit\n")
    need(r.running(), "runsv has ended before its service")
    s.tell("k")
    same(r.wait_exit(), 0, "exit code")


@test()
def exit_down(t):
    """x to a service that is down: runsv exits 0"""
    s, r = t.supervised(down=True)
    s.tell("x")
    same(r.wait_exit(), 0, "exit code")
    same(s.events(), [], "events")


@test()
def sigterm(t):
    """SIGTERM to runsv is the same as x, control scripts included"""
    s, r = t.supervised(run=signal_teller(end_on=("SIGCONT",)),
                        control={"t": "say control t\nexit 1\n", "x": "say control x\n", "d": "say control d\n"})
    s.running()
    r.signal(signal.SIGTERM)
    same(r.wait_exit(), 0, "exit code")
    events = s.events()[1:]
    same([e for e in events if e.startswith("control")], ["control t", "control x"], "control scripts")
    same([e for e in events if e.startswith("SIG")], ["SIGTERM", "SIGCONT"], "signals")


@test()
def unknown_letters(t):
    """unknown bytes in control are ignored"""
    s, r = t.supervised(run=deaf())
    pid = s.running()
    s.tell(bytes(b for b in range(256) if chr(b) not in "udoxtkpchaiq12"))
    s.tell("h")
    s.wait_event("SIGHUP")
    same(s.events()[1:], ["SIGHUP"], "events")
    s.wait_status(state=RUN, pid=pid, want="u", paused=0, term=0)
    need(r.running(), "runsv has ended")


@test()
def letters_when_down(t):
    """signal letters to a service that is down do nothing"""
    s, _ = t.supervised(down=True, control={l: f"say control {l}\n" for l in "tkdhaiq12"})
    s.tell("tkhaiq12d")
    s.tell("c")
    s.wait_status(state=DOWN, want="d", pid=0, term=0)
    s.tell("u")
    pid = s.running()
    same(s.events(), [f"start {pid}"], "events")
    s.wait_status(state=RUN, pid=pid, want="u", term=0, paused=0)


@test()
def letters_in_order(t):
    """letters take effect in their order"""
    s, _ = t.supervised(run=deaf())
    pid = s.running()
    s.tell("ud" * 500 + "o")
    s.tell("u" * 500 + "o" + "u")
    s.wait_status(want="u", pid=pid)
    s.tell("uo" * 700)
    s.wait_status(want="d", pid=pid)
    s.tell("hu")
    s.wait_event("SIGHUP")
    s.wait_status(want="u", pid=pid)
    s.tell("pc")
    s.wait_status(paused=0)
    wait_until(lambda: process_state(pid) not in ("T", "t"), "continued")
    s.tell("cp")
    s.wait_status(paused=1)
    wait_until(lambda: process_state(pid) == "T", "stopped")


@test(runit="takes longer than this")
def much_control(t):
    """1 MB written to control is read, and what comes after it is heard"""
    s, _ = t.supervised(run=deaf())
    pid = s.running()
    s.tell("h" * 1_000_000)
    s.tell("d")
    s.wait_event("SIGTERM")
    s.wait_status(state=RUN, pid=pid, want="d", term=1)


@test(runit="takes longer than this")
def much_control_up(t):
    """64 KiB of letters that change the status are read in time"""
    s, _ = t.supervised()
    s.running()
    s.tell("uo" * 32_768)
    s.tell("d")
    s.wait_status(state=DOWN, want="d")


# Control scripts

@test()
def control_suppresses(t):
    """control/X that exits 0 takes the place of the signal, for t p c h a i q 1 2"""
    letters = "tpchaiq12"
    s, _ = t.supervised(run=deaf(), control={l: f"say control {l}\n" for l in letters})
    pid = s.running()
    for letter in letters:
        s.tell(letter)
        s.wait_event(f"control {letter}")
    s.tell("c")
    s.wait_event("control c", 2)
    need(process_state(pid) != "T", "p stopped it")
    os.rename(s.file("control"), s.file("control.gone"))
    s.tell("h")
    s.wait_event("SIGHUP")
    same(s.events()[1:], [f"control {l}" for l in letters + "c"] + ["SIGHUP"], "events")
    same(s.status().term, 0, "got TERM")


@test(runit="says down after k, although the process lives, and u starts a second one")
def control_kill(t):
    """control/k that exits 0 takes the place of KILL, and there is still one process"""
    s, _ = t.supervised(run=deaf(), control={"k": "say control k\n"})
    pid = s.running()
    s.tell("k")
    s.wait_event("control k")
    s.tell("u")
    s.tell("h")
    s.wait_event("SIGHUP")
    wait_settled(lambda: s.starts() == [pid], lambda: f"one start; {s.events()}", 1)
    same(s.status()[2:], (pid, 0, "u", 0, RUN), "status")
    need(alive(pid), "it was killed")


@test()
def control_fails(t):
    """control/X that fails is followed by the signal"""
    s, _ = t.supervised(run=deaf(), control={"h": "say control h\nexit 1\n"})
    s.running()
    s.tell("h")
    s.wait_event("SIGHUP")
    same(s.events()[1:], ["control h", "SIGHUP"], "events")


@test(runit="takes an end by a signal for exit 0")
def control_killed(t):
    """control/X that is ended by a signal is followed by the signal"""
    s, _ = t.supervised(run=deaf(), control={"1": "say control 1\nkill -KILL $$\n"})
    s.running()
    s.tell("1")
    s.wait_event("SIGUSR1")
    same(s.events()[1:], ["control 1", "SIGUSR1"], "events")


@test()
def control_cannot_run(t):
    """control/X that cannot be executed is followed by the signal"""
    s, _ = t.supervised(run=deaf(), control={"h": "#!/nonexistent/interpreter\n"})
    os.mkdir(s.file("control/1"), 0o755)
    s.running()
    s.tell("h1")
    s.wait_event("SIGHUP")
    s.wait_event("SIGUSR1")


@test()
def control_executable(t):
    """control/X is run only if it is executable by its owner"""
    s = t.service(run=deaf())
    s.control_script("h", "say control h\n", 0o655)
    t.runsv(s)
    s.running()
    s.tell("h")
    s.wait_event("SIGHUP")
    os.chmod(s.file("control/h"), 0o744)
    s.tell("h")
    s.wait_event("control h")
    s.tell("1")
    s.wait_event("SIGUSR1")
    same(s.events()[1:], ["SIGHUP", "control h", "SIGUSR1"], "events")


@test()
def control_directory(t):
    """control scripts run as control/X in the service directory"""
    s, _ = t.supervised(control={"h": 'say control "$0" "$(pwd -P)"\n'})
    s.running()
    s.tell("h")
    s.wait_event("control")
    same(s.events()[1], f"control control/h {os.path.realpath(s.path)}", "$0 $(pwd)")


@test()
def control_up(t):
    """control/u runs before every start, of o as well, and its exit code does not matter"""
    s, _ = t.supervised(run="say start $$\nexit 0\n", control={"u": "say up\nexit 1\n"})
    s.wait_start(3)
    s.tell("d")
    s.wait_status(state=DOWN, want="d")
    before = s.count("start")
    s.tell("o")
    s.wait_start(before + 1)
    same([e.split()[0] for e in s.events()], ["up", "start"] * (before + 1), "events")


@test()
def control_down(t):
    """d: control/t, TERM unless it exited 0, CONT always, then control/d"""
    said = {l: f"say control {l}\n" for l in "tdxc"}
    s, _ = t.supervised(run=deaf(), control=said)
    s.running()
    s.tell("d")
    s.wait_event("control d")
    s.wait_event("SIGCONT")
    same(sorted(s.events()[1:]), ["SIGCONT", "control d", "control t"], "events, when control/t exits 0")
    same(s.status().term, 0, "got TERM, which was not sent")
    need(s.events().index("control t") < s.events().index("control d"), "order of t and d")
    s, _ = t.supervised(name="two", run=deaf(), control=dict(said, t="say control t\nexit 1\n", d="say control d\nexit 1\n"))
    s.running()
    s.tell("d")
    s.wait_event("control d")
    s.wait_event("SIGCONT")
    same([e for e in s.events()[1:] if e != "control d"], ["control t", "SIGTERM", "SIGCONT"], "events, when it fails")
    s.wait_status(state=RUN, want="d", term=1)


@test()
def control_exit(t):
    """x: control/t, TERM unless it exited 0, CONT always, then control/x"""
    s, r = t.supervised(run=deaf(), control={l: f"say control {l}\n" for l in "tdxc"})
    s.running()
    s.tell("x")
    s.wait_event("control x")
    s.wait_event("SIGCONT")
    same(sorted(s.events()[1:]), ["SIGCONT", "control t", "control x"], "events")
    s.tell("k")
    same(r.wait_exit(), 0, "exit code")


@test(runit="waits for it")
def hanging_control_wants(t):
    """a control script that hangs does not keep the letters after it from being recorded"""
    s, _ = t.supervised(run=deaf(), control={"h": "say control h\nexec sleep 1000\n"})
    pid = s.running()
    s.tell("h")
    s.wait_event("control h")
    s.tell("d")
    s.wait_status(state=RUN, pid=pid, want="d")


@test(runit="waits for it")
def hanging_control_kill(t):
    """a control script that hangs does not keep k from the service"""
    for letter in "ht":
        s, _ = t.supervised(name=letter, run=deaf(), control={letter: "say control\nexec sleep 1000\n"})
        pid = s.running()
        s.tell(letter)
        s.wait_event("control")
        s.tell("k")
        wait_until(lambda: not alive(pid), f"{letter} hangs, k kills")
        s.wait_start(2)


@test(runit="waits for it")
def hanging_control_down_kill(t):
    """d whose control/t hangs, then k: the service is down"""
    s, _ = t.supervised(run=deaf(), control={"t": "say control\nexec sleep 1000\n"})
    s.running()
    s.tell("d")
    s.wait_event("control")
    s.wait_status(want="d")
    s.tell("k")
    s.wait_status(state=DOWN, want="d", pid=0)


@test(runit="waits for it")
def hanging_control_death(t):
    """a control script that hangs does not keep the service's end from being seen"""
    s, _ = t.supervised(run=signal_teller(end_on=("SIGUSR1",)), control={"h": "say control h\nexec sleep 1000\n"},
                        finish=TELL_FINISH)
    pid = s.running()
    s.tell("h")
    s.wait_event("control h")
    os.kill(pid, signal.SIGUSR1)
    s.wait_event("finish")


@test(runit="waits for it", early=True)
def hanging_control_restart(t):
    """a control script that hangs does not keep the service from its restart for ever"""
    s, _ = t.supervised(run=signal_teller(end_on=("SIGUSR1",)), control={"h": "say control h\nexec sleep 1000\n"})
    pid = s.running()
    s.tell("h")
    s.wait_event("control h")
    os.kill(pid, signal.SIGUSR1)
    # The contract gives control scripts a deadline, but not whether a start
    # waits for it.
    wait_until(lambda: len(s.starts()) == 2, lambda: f"restart; {s.events()}", 60)


@test(runit="waits for it")
def hanging_control_up(t):
    """a control/u that hangs does not keep d and x from being recorded"""
    s, _ = t.supervised(down=True, control={"u": "say control u\nexec sleep 1000\n"})
    s.tell("u")
    s.wait_event("control u")
    s.tell("d")
    s.wait_status(want="d", state=DOWN)
    s.tell("u")
    s.wait_status(want="u")
    same(s.starts(), [], "starts")


@test(runit="waits for it")
def hanging_control_other_log(t):
    """a control script that hangs does not keep the logger from its letters"""
    s, _ = t.supervised(run=deaf(), log=logger(), control={"h": "say control h\nexec sleep 1000\n"})
    s.running()
    s.wait_event("log start")
    s.tell("h")
    s.wait_event("control h")
    s.tell("h", log=True)
    s.wait_event("log SIGHUP")


# The log service

@test()
def log_gets_output(t):
    """standard output of run, finish and control scripts goes to log/run"""
    s, _ = t.supervised(run="say start $$\necho from run\nexec sleep 1000\n", finish="echo from finish\n",
                        control={"h": "echo from control\n", "u": "echo from up\n", "d": "echo from down\n"}, log=logger())
    s.running()
    s.tell("h")
    wait_until(lambda: "from control" in s.copied(), lambda: f"control's line; {s.copied()}")
    s.tell("d")
    wait_until(lambda: "from finish" in s.copied(), lambda: f"finish's line; {s.copied()}")
    wait_until(lambda: "from down" in s.copied(), lambda: f"control/d's line; {s.copied()}")
    same(sorted(s.copied()), sorted(["from up", "from run", "from control", "from down", "from finish"]), "lines")


@test()
def log_pipe_blocks(t):
    """the ends of the log pipe that run, finish and log/run have are blocking"""
    # O_NONBLOCK belongs to the open file, which all of them share: a program
    # that writes more than the pipe holds would fail with EAGAIN.
    def flags(name, number):
        return f"say {name} $(sed -n 's/^flags:[[:space:]]*//p' /proc/$$/fdinfo/{number})\n"
    s, _ = t.supervised(run=flags("out", 1) + "exit 0\n", finish=flags("finish", 1),
                        log=flags("in", 0) + "exec cat >/dev/null\n")
    for name in ("out", "finish", "in"):
        s.wait_event(name)
    for event in s.events():
        need(not int(event.split()[1], 8) & os.O_NONBLOCK, f"O_NONBLOCK: {event}")


@test()
def log_directory(t):
    """log/run is executed as ./run in log"""
    s, _ = t.supervised(log='say log "$0" "$(pwd -P)"\nexec cat >/dev/null\n')
    s.wait_event("log")
    need(f"log ./run {os.path.realpath(s.path)}/log" in s.events(), f"events {s.events()}")


@test(runit="leaves what is in the pipe if the logger is just being restarted at x", early=True)
def log_keeps_pipe(t):
    """no line is lost or doubled while run and log/run are restarted many times"""
    counter = f"{t.dir}/counter"
    run = shebang_python() + f"""
import os, signal, time
# What is counted is written, whatever comes.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
with open({counter!r}, "a+") as f:
    f.seek(0)
    n = int(f.read() or 0)
    f.truncate(0)
    f.write(str(n + 3000))
with open({{events!r}}, "a") as f:
    f.write("start %d\\n" % os.getpid())
out = open(1, "wb")
for i in range(n, n + 3000):
    out.write(b"line %d\\n" % i)
    if i % 500 == 0:
        out.flush()
        time.sleep(0.1)
"""
    s, r = t.supervised(run=run, log=logger())
    rounds = 0
    while s.count("start") < 8:
        rounds += 1
        need(rounds < 200, f"eight starts; {s.events()}")
        wait_until(lambda: s.count("log start") > s.count("log SIGTERM"), "a logger")
        s.tell("t", log=True)
        time.sleep(0.3)         # how often; nothing is concluded from it
    s.tell("x")
    same(r.wait_exit(), 0, "exit code")
    need(s.count("log start") >= 4, f"few restarts of the logger: {s.count('log start')}")
    total = int(read(counter))
    got = s.copied()
    need(got == [f"line {i}" for i in range(total)],
         f"{len(got)} lines of {total}; lost {sorted(set(range(total)) - set(int(l.split()[1]) for l in got if l[5:].isdigit()))[:5]}")


@test()
def record_removed(t):
    """a status that somebody has removed is there again with the next start"""
    s, _ = t.supervised()
    first = s.running()
    os.unlink(s.supervise("status"))
    os.kill(first, signal.SIGKILL)
    second = s.wait_start(2)
    same(s.wait_status(state=RUN, pid=second).want, "u", "want")


@test()
def letters_after_the_end(t):
    """x: while the logger is still reading no letter is heeded any more; nor is HUP ever"""
    s, r = t.supervised(log="cat >/dev/null\nsay eof\nwhile ! test -e ../go; do sleep 0.02; done\n")
    s.running()
    r.signal(signal.SIGHUP)
    s.tell("x")
    s.wait_event("eof")
    s.tell("u")
    wait_settled(lambda: s.status().state == DOWN and r.running(), "it stays down", 1.3)
    write_file(s.file("go"))
    same(r.wait_exit(), 0, "exit code")
    same(len(s.starts()), 1, "starts")


@test()
def log_end_of_file(t):
    """x: when the service is down its logger gets end of file, not TERM, and is waited for"""
    s, r = t.supervised(run="trap 'echo last; sleep 0.3; echo very last; exit' TERM\nsay start $$\nwhile :; do sleep 0.05; done\n",
                        log=logger(slow=0.5))
    s.running()
    s.wait_event("log start")
    s.tell("x")
    same(r.wait_exit(), 0, "exit code")
    same(s.events()[-2:], ["log eof", "log end"], "last events")
    same([e for e in s.events() if "SIG" in e], [], "signals of the logger")
    same(s.copied(), ["last", "very last"], "lines")
    need(not s.supervised() and not s.supervised(log=True), "a supervise/ok has a reader")
    same(s.status(log=True)[2:], (0, 0, "d", 0, DOWN), "the log's last status")


@test()
def log_restarted(t):
    """log/run is restarted when it exits, at least 1 s after its start"""
    s, _ = t.supervised(log=STARTED.replace("start", "lstart") + "exit 1\n")
    s.wait_event("lstart", 4)
    times = [int(e.split()[2]) / TICK for e in s.events() if e.startswith("lstart")]
    need_one_second_between(times)


@test(runit="a failing logger stalls its service")
def log_failing(t):
    """a logger that fails at once does not keep its service from letters"""
    s, _ = t.supervised(run=deaf(), log="say lstart\nexit 1\n")
    s.running()
    for attempt in range(1, 7):
        count = s.count("lstart")
        s.wait_event("lstart", count + 1)
        wait_until(lambda: (s.state(log=True) or (0,) * 7)[6] == DOWN or s.count("lstart") > count + 1, "the logger's end")
        time.sleep(0.1)         # into the second in which runit sleeps
        before = s.count("lstart")
        s.tell("h")
        s.wait_event("SIGHUP", attempt)
        if s.count("lstart") == before:
            return
    need(False, "h came only with the next start of the logger, six times")


@test()
def log_ignores_exit(t):
    """x to a log is ignored"""
    s, r = t.supervised(log=logger())
    s.wait_event("log start")
    # the record comes after it: the CPU is given up before that is written
    pid = s.wait_status(log=True, state=RUN).pid
    s.tell("x", log=True)
    s.tell("h", log=True)
    s.wait_event("log SIGHUP")
    same(s.status(log=True)[2:], (pid, 0, "u", 0, RUN), "the log's status")
    same(s.text("stat", log=True), "run\n", "the log's stat")
    same([e for e in s.events() if "SIG" in e], ["log SIGHUP"], "signals")


@test()
def log_down_file(t):
    """log/down: the logger is not started, the service runs, u starts it and no byte is lost"""
    s, _ = t.supervised(run="say start $$\necho early\nexec sleep 1000\n", log=logger(), log_down=True)
    pid = s.running()
    s.wait_status(log=True, state=DOWN, want="d", pid=0)
    s.wait_text("stat", "down\n", log=True)     # beside the first record there is none yet
    same(s.count("log start"), 0, "starts of the logger")
    s.tell("u", log=True)
    wait_until(lambda: s.copied() == ["early"], lambda: f"the line; {s.copied()}")
    s.wait_status(log=True, state=RUN, want="u")
    same(s.status().pid, pid, "the service's pid")


@test()
def log_letters(t):
    """the logger has its own control, status, stat and pid"""
    s, _ = t.supervised(log=logger())
    pid = s.running()
    s.wait_event("log start")
    logger_pid = int(next(e for e in s.events() if e.startswith("log start")).split()[2])
    s.wait_status(log=True, state=RUN, want="u", pid=logger_pid)
    s.wait_text("pid", f"{logger_pid}\n", log=True)
    s.tell("d", log=True)
    s.wait_status(log=True, state=DOWN, want="d", pid=0)
    s.wait_event("log SIGTERM")
    s.tell("u", log=True)
    s.wait_event("log start", 2)
    s.wait_status(log=True, state=RUN, want="u")
    same(s.status()[2:], (pid, 0, "u", 0, RUN), "the service's status")


@test()
def log_no_control_scripts(t):
    """control scripts and finish of a log are not run"""
    s = t.service(log=logger(), log_finish="say log finish\n")
    os.mkdir(s.file("log/control"))
    s.script("log/control/t", "say log control t\n")
    s.script("log/control/u", "say log control u\n")
    t.runsv(s)
    s.wait_event("log start")
    s.tell("t", log=True)
    s.wait_event("log start", 2)
    same((s.count("log control"), s.count("log finish")), (0, 0), "runs of log/control/* and log/finish")
    need("log SIGTERM" in s.events(), "no TERM")


@test()
def log_exit_when_log_down(t):
    """x: a log that is down is not waited for"""
    s, r = t.supervised(log=logger(), log_down=True)
    s.running()
    s.tell("x")
    same(r.wait_exit(), 0, "exit code")
    same(s.count("log start"), 0, "starts of the logger")


@test(runit="waits for ever", early=True)
def log_pipe_held(t):
    """x: a grandchild that holds the log pipe is reported, and does not hold runsv for ever"""
    s, r = t.supervised(run="say start $$\nsetsid sleep 1000 &\nexec sleep 1000\n", log=logger())
    s.running()
    s.wait_event("log start")
    s.tell("x")
    same(r.wait_exit(seconds=75), 0, "exit code")
    need("service" in r.errors(), f"nothing is said: {r.errors()!r}")


# k, then u

@test()
def kill_then_up(t):
    """k and u at once never give two processes"""
    s, _ = t.supervised(run=signal_teller(end_on=(), lock=f"{t.dir}/lock"))
    for round_ in range(1, 7):
        s.wait_start(round_)
        s.running()
        s.tell(("ku", "kuuu", "kduk", "ukou", "kuku", "kdu")[round_ - 1])
        s.tell("u")
    s.wait_start(7)
    same([e for e in s.events() if e.startswith("second")], [], "second processes")


@test(runit="records down before the process is gone")
def kill_status(t):
    """after k the status says down only when the process has ended"""
    s, _ = t.supervised(run=deaf())
    lies, known, stop = [], [], threading.Event()
    def watch():
        while not stop.is_set():
            pid = known[-1]
            status = s.state()
            if pid and status and status.state == DOWN and s.starts()[-1] == pid and alive(pid):
                # The record may have been of before the start.
                again = s.state()
                if again and again.seconds == status.seconds and again.nanoseconds == status.nanoseconds \
                        and alive(pid) and s.state().state == DOWN:
                    lies.append((pid, status))
    known.append(s.running())
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for number in range(2, 5):
            s.tell("k")
            s.wait_start(number)
            known.append(s.running())
    finally:
        stop.set()
        watcher.join()
    same(lies, [], "down with a live process")


# The lock

@test()
def lock_second(t):
    """a second runsv exits 111 and names the directory; the first goes on"""
    s, _ = t.supervised()
    pid = s.running()
    second = t.start(f"{BIN}/runsv", s.path)
    same(second.wait_exit(), 111, "exit code")
    need("service" in second.errors(), f"message {second.errors()!r}")
    need(s.supervised(), "the first lost its supervise/ok")
    s.tell("o")
    s.wait_status(want="d", pid=pid, state=RUN)


@test()
def lock_is_flock(t):
    """supervise/lock is held with flock, and let go of at the end"""
    s, r = t.supervised(down=True)
    with open(s.supervise("lock"), "r+b") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            need(False, "the lock is free")
        except BlockingIOError:
            pass
    s.tell("x")
    r.wait_exit()
    with open(s.supervise("lock"), "r+b") as f:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        other = t.start(f"{BIN}/runsv", s.path)
        same(other.wait_exit(), 111, "exit code while somebody else holds the lock")
        need("service" in other.errors(), f"message {other.errors()!r}")


@test()
def lock_not_inherited(t):
    """run does not hold the lock after runsv was killed"""
    s, r = t.supervised()
    s.running()
    r.kill()
    with open(s.supervise("lock"), "r+b") as f:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    need(not s.supervised(), "supervise/ok has a reader")


# supervise/

@test()
def modes(t):
    """supervise is 0700, its FIFOs control and ok 0600, whatever the umask"""
    for umask in (0, 0o022, 0o077):
        s = t.service(name=f"umask{umask:o}", log=logger())
        t.runsv(s, umask=umask)
        for directory in ("supervise", "log/supervise"):
            wait_until(lambda: os.path.exists(s.file(directory, "status")), f"{directory}/status")
            same(mode(s.file(directory)), 0o700, f"mode of {directory}, umask {umask:o}")
            for fifo in ("control", "ok"):
                need(stat.S_ISFIFO(os.stat(s.file(directory, fifo)).st_mode), f"{fifo} is no FIFO")
                same(mode(s.file(directory, fifo)), 0o600, f"mode of {directory}/{fifo}, umask {umask:o}")


@test()
def modes_kept(t):
    """modes and owners of supervise and its FIFOs are kept as found"""
    s, r = t.supervised()
    s.running()
    s.tell("x")
    r.wait_exit()
    for name, bits in (("", 0o755), ("control", 0o622), ("ok", 0o606)):
        os.chmod(s.supervise(name), bits)
    owner = 0
    try:
        os.chown(s.supervise("control"), 65534, 65534)
        owner = 65534
    except OSError:
        pass                    # a user namespace with one user
    t.runsv(s)
    s.running()
    for name, bits in (("", 0o755), ("control", 0o622), ("ok", 0o606)):
        same(mode(s.supervise(name)), bits, f"mode of supervise/{name}")
    same(os.stat(s.supervise("control")).st_uid, owner, "owner of control")


@test()
def supervise_link(t):
    """supervise may be a symlink, a dangling one as well: its target is made"""
    s = t.service(log=logger())
    os.symlink(f"{t.dir}/elsewhere", s.file("supervise"))
    os.mkdir(f"{t.dir}/there", 0o700)
    os.symlink("../../there", s.file("log/supervise"))
    t.runsv(s)
    pid = s.running()
    need(os.path.islink(s.file("supervise")), "the link was replaced")
    need(os.path.isdir(f"{t.dir}/elsewhere"), "the target was not made")
    same(mode(f"{t.dir}/elsewhere"), 0o700, "mode of the target")
    same(decode(open(f"{t.dir}/elsewhere/status", "rb").read()).pid, pid, "pid in the status")
    wait_until(lambda: os.path.exists(f"{t.dir}/there/status"), "the log's status in its link's target")


@test()
def supervise_relative_link(t):
    """a dangling supervise that is relative is relative to the service directory"""
    s = t.service()
    os.symlink("../run.service", s.file("supervise"))
    t.runsv(s)
    s.running()
    need(os.path.exists(f"{t.dir}/run.service/status"), "the target was not made")


@test()
def ok_fifo(t):
    """ok: opening it for writing works while runsv runs, and gives ENXIO afterwards"""
    s, r = t.supervised(log=logger())
    s.running()
    need(s.supervised() and s.supervised(log=True), "not supervised")
    r.kill()
    for log in (False, True):
        try:
            os.close(os.open(s.supervise("ok", log), os.O_WRONLY | os.O_NONBLOCK))
            need(False, f"ok can be opened (log: {log})")
        except OSError as e:
            same(e.errno, errno.ENXIO, "errno")


# Status

@test()
def status_bytes(t):
    """the 20 bytes, stat and pid through the states"""
    s, _ = t.supervised(down=True, run=deaf())
    def is_now(want, paused, term, state, pid, text):
        s.wait_status(state=state, want=want, pid=pid, paused=paused, term=term)
        s.wait_text("stat", text)
        s.wait_text("pid", f"{pid}\n" if pid else "")
        with open(s.supervise("status"), "rb") as f:
            record = f.read()[:20]
        same(record[12:16], pid.to_bytes(4, "little"), "bytes of pid")
        same(record[16:20], bytes([paused, ord(want), term, state]), "bytes 16 to 19")
    is_now("d", 0, 0, DOWN, 0, "down\n")
    s.tell("u")
    pid = s.running()
    is_now("u", 0, 0, RUN, pid, "run\n")
    s.tell("p")
    is_now("u", 1, 0, RUN, pid, "run, paused\n")
    s.tell("t")
    is_now("u", 1, 1, RUN, pid, "run, paused, got TERM\n")
    s.tell("o")
    is_now("d", 1, 1, RUN, pid, "run, paused, got TERM, want down\n")
    s.tell("c")
    is_now("d", 0, 1, RUN, pid, "run, got TERM, want down\n")
    s.tell("u")
    is_now("u", 0, 1, RUN, pid, "run, got TERM\n")
    s.tell("d")
    is_now("d", 0, 1, RUN, pid, "run, got TERM, want down\n")
    s.tell("k")
    is_now("d", 0, 0, DOWN, 0, "down\n")


@test()
def status_time(t):
    """the time in the status is that of the last start or end, by the wall clock"""
    before = time.time()
    s, _ = t.supervised(run=deaf())
    s.running()
    first = s.status()
    when = first.seconds + first.nanoseconds / 1e9
    need(before - 1 <= when <= time.time() + 1, f"time {when}, now {time.time()}")
    need(first.nanoseconds < 1_000_000_000, f"nanoseconds {first.nanoseconds}")
    s.tell("p")
    s.wait_status(paused=1)
    s.tell("co")
    s.wait_status(paused=0, want="d")
    # sv shows how long the service runs from this.
    same(s.status()[:2], first[:2], "time of the start, after p c o")
    s.tell("k")
    s.wait_status(state=DOWN)
    last = s.status()
    need((last.seconds, last.nanoseconds) > (first.seconds, first.nanoseconds), "the end is not after the start")


@test()
def status_renamed(t):
    """status, stat and pid are written aside and renamed: what others read of them is never partial"""
    s, _ = t.supervised()
    s.running()
    seen, bad, stop = set(), [], threading.Event()
    def watch():
        while not stop.is_set():
            with open(s.supervise("status"), "rb") as f:
                record = f.read()
                seen.add(os.fstat(f.fileno()).st_ino)
            if len(record) < 20 or record[19] > 2 or chr(record[17]) not in "ud":
                bad.append(record)
            text = read(s.supervise("stat"))
            if not text.endswith("\n") or text.split(",")[0].strip() not in ("run", "down", "finish"):
                bad.append(text)
    inode = os.stat(s.supervise("status")).st_ino
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(30):
            s.tell("o")
            s.wait_status(want="d")
            s.tell("u")
            s.wait_status(want="u")
        s.tell("t")
        s.wait_start(2)
    finally:
        stop.set()
        watcher.join()
    same(bad, [], "records")
    need(seen - {inode}, "status was written in place")


# Bad input

@test(runit="says it every second")
def run_missing_once(t):
    """a missing run is said once, not every second, and found when it appears"""
    s, r = t.supervised(run=None, log=logger())
    r.wait_errors("run")
    end = time.monotonic() + 3.5
    wait_settled(lambda: time.monotonic() > end, "", 0.1)       # time for more of them
    said = [l for l in r.errors().split("\n") if re.search(r"\brun\b", l)]
    same(len(said), 1, f"messages {said}")
    need("service" in said[0], f"the message does not name the service: {said[0]!r}")
    need(r.running(), "runsv has ended")
    s.script("run", IDLE)
    s.running()


@test()
def run_missing_once_with_finish(t):
    """a missing run is said once, though its finish can be executed each time"""
    s, r = t.supervised(run=None, finish="say finish\n")
    wait_until(lambda: s.count("finish") >= 3, lambda: f"tried three times; {s.events()}")
    same(r.errors().count("cannot execute ./run"), 1, f"messages; {r.errors()!r}")


@test()
def finish_broken_once(t):
    """a finish and a control script that cannot be executed are said once, though run can each time"""
    s = t.service(run=STARTED + "exit 1\n")
    for path in ("finish", "control/u"):
        os.makedirs(os.path.dirname(s.file(path)), exist_ok=True)
        write_file(s.file(path), "#!/nosuch\n")
        os.chmod(s.file(path), 0o755)
    r = t.start(f"{BIN}/runsv", s.path)
    s.wait_start(3)
    for path in ("./finish", "control/u"):
        same(r.errors().count(f"cannot execute {path}"), 1, f"messages; {r.errors()!r}")


@test()
def log_that_cannot_be_opened_yet(t):
    """a log/ that comes and cannot be opened is said once, and opened when it can be"""
    s, r = t.supervised(run=IDLE)
    s.running()
    new = t.service("new", run=logger(), events=s.events_path)
    write_file(new.file("supervise"))
    os.rename(new.path, s.file("log"))
    r.wait_errors("service/log: ", "Not a directory")
    os.unlink(s.file("log/supervise"))
    s.wait_event("log start")
    same(r.errors().count("Not a directory"), 1, f"messages; {r.errors()!r}")


@test()
def no_table_of_ones_own(t):
    """where neither close_range(2) nor unshare(2) can be had, as under filters of system calls, all starts the same"""
    s = t.service(run=STARTED + "exit 1\n", finish="say finish\n", log=logger(), control={"u": "say up\n"})
    t.start(strace(), "-f", "-o", "/dev/null", "-e", "trace=close_range,unshare", "-e", "inject=close_range:error=ENOSYS",
            "-e", "inject=unshare:error=EPERM", f"{BIN}/runsv", s.path)
    for event in ("log start", "up", "start", "finish"):
        s.wait_event(event, 1 if event == "log start" else 2)


@test()
def inherited_without_close_range(t):
    """what the supervisor was started with is not the services', also where there is no close_range(2)"""
    s = t.service(run="ls /proc/self/fd | tr '\\n' ' ' >fds.new; mv fds.new fds; exec sleep 1000\n")
    shell = f'exec 9<>/dev/null; exec strace -f -o /dev/null -e trace=close_range -e inject=close_range:error=ENOSYS {BIN}/runsv {s.path}'
    strace()
    t.start("sh", "-c", shell)
    wait_until(lambda: os.path.exists(s.file("fds")), "it runs")
    # 3 is of the directory that is read
    same(read(s.file("fds")), "0 1 2 3 ", "descriptors")


@test()
def supervise_given_away(t):
    """what somebody to whom supervise/ was given puts there as a link is not opened"""
    s, r = t.supervised(log=logger())
    s.running()
    made = f"{t.dir}/made"
    touched = f"{t.dir}/touched"
    os.mkfifo(touched)
    # were it opened for writing, who reads from it would see the end of that
    reader = os.open(touched, os.O_RDONLY | os.O_NONBLOCK)
    t.undo.callback(os.close, reader)
    poll = select.poll()
    poll.register(reader, select.POLLHUP)
    os.symlink(touched, s.supervise("keeper.x", log=True))
    for name in ("lock", "control", "ok"):
        os.unlink(s.supervise(name))
        os.symlink(made if name == "lock" else "/dev/zero", s.supervise(name))
    r.kill()
    for name, said in (("lock", "open supervise/lock"), ("control", "open supervise/control"), ("ok", "open supervise/ok")):
        again = t.start(f"{BIN}/runsv", s.path)
        again.wait_errors(said, "a symbolic link")
        need(again.wait_exit() == 111, "exit code")
        os.unlink(s.supervise(name))
    need(not os.path.exists(made), "a file was made")
    t.runsv(s)
    s.wait_status(state=RUN)
    wait_until(lambda: not os.path.lexists(s.supervise("keeper.x", log=True)), "keeper.x is gone")
    same(poll.poll(0), [], "what was opened")


@test()
def log_that_is_none(t):
    """a log that is no directory is said once"""
    os.mkdir(f"{t.dir}/scan")
    for name, program in (("service", "runsv"), ("scan/service", "runsvdir")):
        s = t.service(name, run=IDLE)
        write_file(s.file("log"))
        r = t.start(f"{BIN}/{program}", f"{t.dir}/{name.split('/')[0]}")
        s.running()
        r.wait_rest()
        same(r.errors().count("log is not a directory"), 1, f"messages of {program}; {r.errors()!r}")


@test()
def control_scripts_broken_once(t):
    """each control script that cannot be executed is said once"""
    s, r = t.supervised(run=STARTED + "exec sleep 1000\n", control={"u": "say up\n"})
    for letter in "th":
        write_file(s.file("control", letter), "#!/nosuch\n")
        os.chmod(s.file("control", letter), 0o755)
    for number in (1, 2, 3):
        s.wait_start(number)
        s.tell("ht")
    s.wait_start(4)
    for letter in "th":
        same(r.errors().count(f"cannot execute control/{letter}"), 1, f"messages; {r.errors()!r}")


@test()
def errors_full(t):
    """a standard error that takes nothing more does not stop runsv or runsvdir, and blocks for services"""
    os.mkdir(f"{t.dir}/scan")
    os.mkfifo(f"{t.dir}/full")
    full = os.open(f"{t.dir}/full", os.O_RDWR | os.O_NONBLOCK)
    t.undo.callback(os.close, full)
    for size in (4096, 1):
        try:
            while True:
                os.write(full, b"x" * size)
        except BlockingIOError:
            pass
    for name, program in (("service", "runsv"), ("scan/service", "runsvdir")):
        s = t.service(name, run=None, finish="say finish\n")
        t.start(f"{BIN}/{program}", f"{t.dir}/{name.split('/')[0]}",
                prefix=["sh", "-c", f"exec \"$@\" 2>'{t.dir}/full'", "sh"])
        s.wait_event("finish")
        s.script("run", "say flags $(sed -n 's/^flags:[[:space:]]*//p' /proc/$$/fdinfo/2)\nexec sleep 1000\n")
        s.wait_event("flags")
        flags = next(event for event in s.events() if event.startswith("flags"))
        need(not int(flags.split()[1], 8) & os.O_NONBLOCK, f"O_NONBLOCK: {flags}")


@test()
def run_directory(t):
    """a run that is a directory is reported; control works"""
    s = t.service(run=None)
    os.mkdir(s.file("run"))
    r = t.runsv(s)
    r.wait_errors("service", "run")
    s.tell("d")
    s.wait_status(want="d", state=DOWN)
    os.rmdir(s.file("run"))
    s.script("run", IDLE)
    s.tell("u")
    s.running()


@test()
def run_bad_interpreter(t):
    """a run with an interpreter that is not there is reported; finish gets 111 0"""
    s, r = t.supervised(run="#!/nonexistent/interpreter\n", finish=TELL_FINISH)
    same(finish_words(s)[:2], ["111", "0"], "arguments")
    r.wait_errors("service", "run")
    s.script("run", IDLE)
    s.running()


@test()
def run_empty(t):
    """a run that is empty, or no program, is reported; finish gets 111 0"""
    s = t.service(run=None, finish=TELL_FINISH)
    write_file(s.file("run"), "", 0o755)
    r = t.runsv(s)
    same(finish_words(s)[:2], ["111", "0"], "arguments")
    r.wait_errors("service", "run")


@test()
def log_run_missing(t):
    """a missing log/run is reported and the service runs"""
    s = t.service()
    os.mkdir(s.file("log"))
    r = t.runsv(s)
    s.running()
    r.wait_errors("log", "run")
    s.script("log/run", logger())
    s.wait_event("log start")


@test()
def no_directory(t):
    """a directory that is not there, or none: 111 and its name"""
    write_file(f"{t.dir}/plain")
    for name in ("missing", "plain"):
        r = t.start(f"{BIN}/runsv", f"{t.dir}/{name}")
        same(r.wait_exit(), 111, f"exit code for {name}")
        need(name in r.errors(), f"message {r.errors()!r}")


@test()
def usage(t):
    """without a directory, or with an empty one: usage, and not 0"""
    for words in ([], [""], ["a", "b", "c"]):
        r = t.start(f"{BIN}/runsv", *words)
        need(r.wait_exit() != 0, f"exit code 0 for {words}")
        need("usage" in r.errors().lower(), f"message {r.errors()!r} for {words}")


@test()
def supervise_file(t):
    """a supervise that is a file: 111 and its name"""
    s = t.service()
    write_file(s.file("supervise"), "precious")
    r = t.runsv(s, wait=False)
    same(r.wait_exit(), 111, "exit code")
    need("service" in r.errors() and "supervise" in r.errors(), f"message {r.errors()!r}")
    same(read(s.file("supervise")), "precious", "the file")
    same(s.events(), [], "events")


@test(runit="takes ok for a FIFO")
def control_file(t):
    """a control or ok that is a regular file is reported, and replaced or refused"""
    for name in ("control", "ok"):
        s = t.service(name=f"bad-{name}")
        os.mkdir(s.file("supervise"), 0o700)
        write_file(s.supervise(name), "dd", 0o600)
        r = t.runsv(s, wait=False)
        r.wait_errors("bad-", name)
        def settled():
            if not r.running():
                return True
            return stat.S_ISFIFO(os.stat(s.supervise(name)).st_mode) and s.supervised() and s.state()
        wait_until(settled, lambda: f"neither ended nor replaced: {r.errors()!r}")
        if r.running():
            s.running()
            s.tell("x")
            same(r.wait_exit(), 0, "exit code")
        else:
            same(r.wait_exit(), 111, "exit code")


@test()
def readonly(t):
    """a supervise that cannot be written (read-only): 111 and its name"""
    where = t.mount("ro,size=64k")
    s = t.service()
    os.symlink(f"{where}/supervise", s.file("supervise"))
    r = t.runsv(s, wait=False)
    same(r.wait_exit(), 111, "exit code")
    need("service" in r.errors(), f"message {r.errors()!r}")
    same(s.events(), [], "events")


def fill(where):
    """Fills the file system at WHERE with a file, whose path it returns."""
    path = f"{where}/filler"
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                f.write(b"x" * 4096)
        except OSError as e:
            same(e.errno, errno.ENOSPC, "errno")
    return path


@test()
def full_disk(t):
    """a full disk under supervise: it is said, letters are heard, the status is true and whole"""
    where = t.mount("size=64k")
    s = t.service(run=deaf())
    os.symlink(f"{where}/supervise", s.file("supervise"))
    r = t.runsv(s)
    pid = s.running()
    r.wait_rest()       # it gives back what the last record had
    filler = fill(where)
    s.tell("ot")
    s.wait_event("SIGTERM")
    r.wait_errors("service", "cannot write supervise/")
    s.wait_status(state=RUN, pid=pid, want="d", term=1)
    need(s.text("stat").endswith("\n"), f"stat {s.text('stat')!r}")
    os.remove(filler)
    s.tell("h")
    s.wait_event("SIGHUP")
    s.tell("p")
    s.wait_status(state=RUN, pid=pid, want="d", term=1, paused=1)


@test(runit="it does not try again", early=True)
def full_when_taken_on(t):
    """a disk that is full when a service is taken on: said once, and its record is written when there is room"""
    where = t.mount("size=64k")
    s = t.service(log=logger())
    for name, link in (("main", s.file("supervise")), ("log", s.file("log", "supervise"))):
        os.mkdir(f"{where}/{name}")
        os.symlink(f"{where}/{name}", link)
    filler = fill(where)
    r = t.runsv(s, wait=False)
    pid = s.wait_start()
    same(s.state(), None, "the record")
    r.wait_errors("service: ", "cannot write supervise/")
    r.wait_errors("service/log: ", "cannot write supervise/")
    # what is tried again, after 5 s, and fails
    stays(lambda: len(r.errors().splitlines()) == 2, lambda: f"messages {r.errors()!r}", 6)
    os.remove(filler)
    s.wait_status(state=RUN, pid=pid, want="u")
    s.wait_status(log=True, state=RUN)
    s.wait_text("pid", f"{pid}\n")
    s.wait_text("stat", "run\n")
    s.wait_text("stat", "run\n", log=True)
    same(len(r.errors().splitlines()), 2, f"messages {r.errors()!r}")


@test(runit="it does not try again", early=True)
def full_when_it_ends(t):
    """a disk that is full when a service ends for good: all of its record is true once there is room, its logger reads on"""
    where = t.mount("size=64k")
    s = t.service(log=logger(slow=9))
    os.symlink(f"{where}/supervise", s.file("supervise"))
    r = t.runsv(s)
    s.running()
    s.wait_text("stat", "run\n")
    r.wait_rest()       # it gives back what the last record had
    os.link(s.supervise("pid"), f"{where}/keeps what it has of the disk")
    filler = fill(where)
    told = time.monotonic()
    s.tell("x")
    s.wait_event("log eof")
    s.wait_status(state=DOWN, pid=0)
    same(s.text("stat"), "run\n", "stat, for which there was no room")
    os.remove(filler)
    s.wait_text("stat", "down\n")
    need(s.count("log end") == 0 or time.monotonic() - told > 8, "the logger has ended before its time")


@test()
def names(t):
    """names with blanks, newline, %, UTF-8, other bytes, 255 bytes, a leading dash"""
    for name in ("with blank", "new\nline", "%s%n%d%%", "Müller-ß-日本", os.fsdecode(b"\xff\xfe"), "x" * 255,
                 "'\"`$(;)", "-P"):
        s = t.service(name=name, log=logger(), finish="for a; do say arg \"$a\"; done\n")
        if name == "-P":
            r = t.start(f"{BIN}/runsv", "./-P", cwd=t.dir)
        else:
            r = t.runsv(s)
        s.running()
        wait_until(lambda: s.supervised(log=True), f"log of {name!r}")
        s.tell("x")
        same(r.wait_exit(), 0, f"exit code for {name!r}")
        same(s.starts() and s.count("arg") >= 2, True, f"{name!r}")
        same(r.errors(), "", f"messages for {name!r}")


@test()
def name_in_message(t):
    """a message about a service with a newline or control characters in its name is one line"""
    s = t.service(name="two\nlines\x1b[31m", run=None)
    r = t.runsv(s)
    r.wait_errors("run")
    for line in r.errors().splitlines():
        need("run" in line, f"lines {r.errors()!r}")


@test()
def stops_itself(t):
    """a service that stops itself: c continues it, d ends it"""
    s, _ = t.supervised(run="say start $$\nkill -STOP $$\nsay continued\nkill -STOP $$\nsay again\nexec sleep 1000\n")
    pid = s.wait_start()
    wait_until(lambda: process_state(pid) == "T", "stopped")
    s.wait_status(state=RUN, pid=pid)
    s.tell("c")
    s.wait_event("continued")
    wait_until(lambda: process_state(pid) == "T", "stopped again")
    s.tell("d")
    s.wait_status(state=DOWN, want="d", pid=0)


@test()
def log_link(t):
    """log may be a symlink to a directory elsewhere"""
    s = t.service(run="say start $$\necho line\nexec sleep 1000\n")
    other = t.service(name="logger", run=logger())
    other.copy_path = s.copy_path
    other.script("run", logger())
    os.symlink("../logger", s.file("log"))
    t.runsv(s)
    wait_until(lambda: s.copied() == ["line"], lambda: f"the line; {s.copied()}")
    need(s.supervised(log=True), "log/supervise/ok has no reader")


@test()
def killed_and_run_again(t):
    """runsv killed and run again supervises, once the old service is gone"""
    s, r = t.supervised()
    pid = s.running()
    r.kill()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), "the end of the service")
    t.runsv(s)
    s.wait_start(2)
    wait_until(lambda: s.state().pid == s.starts()[-1], "status of the new one")


@test()
def no_zombies(t):
    """what ends is reaped"""
    s, r = t.supervised(run="say start $$\nexit 0\n", finish="exit 0\n", control={"u": "exit 0\n", "h": "exit 0\n"},
                        log="exit 1\n")
    s.wait_start(3)
    s.tell("d")
    s.wait_status(state=DOWN, want="d")
    s.tell("d", log=True)
    s.wait_status(log=True, state=DOWN, want="d")
    wait_until(lambda: [title(c) for c in children(r.pid)] == [KEEPER],
               lambda: f"no children but the keeper; {[(c, process_state(c)) for c in children(r.pid)]}")


# With runit's sv

def sv(t, *words, code=0):
    program = runit_sv()
    done = subprocess.run([program, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=SECONDS * 2, check=False)
    same(done.returncode, code, f"exit code of sv {words}, which said {done.stdout!r}")
    return done.stdout


@test()
def runit_sv_status(t):
    """runit's sv shows the status of service and log"""
    runit_sv()
    s, _ = t.supervised(run=deaf(), log=logger())
    pid = s.running()
    s.wait_event("log start")
    log_pid = s.wait_status(log=True, state=RUN).pid
    p = re.escape(s.path)
    def shows(pattern):
        said = sv(t, "status", s.path)
        need(re.fullmatch(pattern + "\n", said), f"sv said {said!r}, wanted {pattern!r}")
    shows(rf"run: {p}: \(pid {pid}\) \d+s; run: log: \(pid {log_pid}\) \d+s")
    s.tell("p")
    s.wait_status(paused=1)
    shows(rf"run: {p}: \(pid {pid}\) \d+s, paused; run: log: \(pid {log_pid}\) \d+s")
    s.tell("cd")
    s.wait_event("SIGTERM")
    s.wait_status(term=1, want="d", paused=0)
    shows(rf"run: {p}: \(pid {pid}\) \d+s, want down, got TERM; run: log: \(pid {log_pid}\) \d+s")
    s.tell("k")
    s.wait_status(state=DOWN)
    shows(rf"down: {p}: \d+s, normally up; run: log: \(pid {log_pid}\) \d+s")


@test()
def runit_sv_verbs(t):
    """runit's sv stops, starts, restarts, pauses, and ends a service"""
    runit_sv()
    s, r = t.supervised(log=logger())
    first = s.running()
    sv(t, "-w", "20", "stop", s.path)
    same(s.status()[2:], (0, 0, "d", 0, DOWN), "status after stop")
    sv(t, "-w", "20", "start", s.path)
    s.wait_start(2)
    second = s.running()
    sv(t, "-w", "20", "restart", s.path)
    s.wait_start(3)
    sv(t, "-v", "-w", "20", "pause", s.path)
    s.wait_status(paused=1)
    sv(t, "-v", "-w", "20", "cont", s.path)
    s.wait_status(paused=0)
    sv(t, "-v", "-w", "20", "term", s.path)
    s.wait_start(4)
    sv(t, "-v", "-w", "20", "kill", s.path)
    s.wait_start(5)
    sv(t, "-w", "20", "once", s.path)
    s.wait_status(want="d", state=RUN)
    sv(t, "-w", "20", "force-stop", s.path)
    s.wait_status(want="d", state=DOWN)
    sv(t, "-w", "20", "up", s.path + "/log")
    sv(t, "-w", "20", "shutdown", s.path)
    same(r.wait_exit(), 0, "exit code of runsv")
    need(first != second, "the same pid")
    need("runsv not running" in sv(t, "status", s.path, code=1), "sv does not see that nobody supervises")


@test()
def runit_sv_force(t):
    """runit's sv force-stop kills a service that does not end"""
    runit_sv()
    s, _ = t.supervised(run=deaf())
    s.running()
    sv(t, "-w", "1", "force-stop", s.path, code=1)
    s.wait_status(state=DOWN, want="d", pid=0)


if __name__ == "__main__":
    suite.main()

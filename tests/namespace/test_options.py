# SPDX-License-Identifier: MIT
"""The option files of a service directory: deadlines, signals, readiness, giving up."""

import contextlib
import os
import signal

from supervise import (DOWN, FAILED, FINISH, IDLE, READINESS, RUN, Suite, alive, deaf, logger, need, read, same,
                       shebang_python, signal_teller, traced, wait_settled, wait_until, write_file)

suite = Suite("runsv")
test = suite.test

DYING = "say start $$\nexit 1\n"

# What readiness can be, by the record.
SILENT, AWAITED, READY = 1, 2, 3


def with_options(t, files, **parts):
    """A supervised service with these files in its directory."""
    s = t.service(**parts)
    for name, content in files.items():
        write_file(s.file(name), content)
    return s, t.runsv(s)


def wait_record(s, at, value):
    wait_until(lambda: s.recorded(at) == value,
               lambda: f"byte {at} of the record {value}; it is {s.recorded(at)}, {s.status()}")


# Deadlines

@test()
def timeout_kill(t):
    """timeout-kill: a service that does not end after d is killed"""
    s, r = with_options(t, {"timeout-kill": "3000\n"}, run=deaf())
    pid = s.running()
    s.tell("d")
    s.wait_event("SIGTERM")
    s.wait_status(state=DOWN, pid=0)
    need(not alive(pid), "it lives")
    r.wait_errors("has not ended in time", "KILL")


@test()
def no_timeout_kill(t):
    """without timeout-kill nothing is killed"""
    s, _ = t.supervised(run=deaf())
    s.running()
    s.tell("d")
    s.wait_event("SIGTERM")
    wait_settled(lambda: s.status().state == RUN, lambda: f"running on; {s.status()}")


@test()
def timeout_finish(t):
    """timeout-finish: a finish that hangs is killed, and run restarted"""
    s, r = with_options(t, {"timeout-finish": "3000"}, run=DYING, finish="say finish\nexec sleep 1000\n")
    s.wait_start(2)
    need(s.count("finish") >= 1, "finish was not run")
    r.wait_errors("has not ended in time", "KILL")


@test()
def timeout_control(t):
    """timeout-control: a control script that hangs is killed, and the signal sent"""
    s, _ = with_options(t, {"timeout-control": "3000"}, run=signal_teller(),
                        control={"t": "say control\nexec sleep 1000\n"})
    s.running()
    s.tell("d")
    s.wait_event("control")
    s.wait_event("SIGTERM")
    s.wait_status(state=DOWN)


# Signals

@test()
def down_signal(t):
    """down-signal: d sends it in place of TERM; t sends TERM all the same"""
    s, _ = with_options(t, {"down-signal": "INT\n"}, run=signal_teller(end_on=("SIGINT",)))
    s.running()
    s.tell("t")
    s.wait_event("SIGTERM")
    s.tell("d")
    s.wait_event("SIGINT")
    s.wait_status(state=DOWN)
    same(s.count("SIGTERM"), 1, "TERMs")


@test()
def reload_signal(t):
    """reload-signal: h sends it in place of HUP; a number will do"""
    s, _ = with_options(t, {"reload-signal": f"{int(signal.SIGUSR2)}"}, run=signal_teller())
    s.running()
    s.tell("h")
    s.wait_event("SIGUSR2")
    same(s.count("SIGHUP"), 0, "HUPs")


@test()
def read_again(t):
    """option files are read at each start"""
    s, _ = t.supervised(run=signal_teller())
    s.running()
    write_file(s.file("reload-signal"), "USR1")
    s.tell("t")
    s.wait_start(2)
    s.running()
    s.tell("h")
    s.wait_event("SIGUSR1")


def restarted(s, pid):
    """S, of which PID is killed, runs again."""
    starts = s.count("start")
    os.kill(pid, signal.SIGKILL)
    s.wait_start(starts + 1)
    return s.running()


def restarted_while(t, r, s, injected):
    """The same, while getdents64(2) does that to its supervisor R."""
    tracer, trace = traced(t, r.pid, "-e", f"inject=getdents64:{injected}")
    pid = restarted(s, s.status().pid)
    tracer.kill()
    need("(INJECTED)" in read(trace), read(trace))
    return pid


def asks(s, name):
    """It gets the signal NAME for h."""
    before = s.count(name)
    s.tell("h")
    wait_until(lambda: s.count(name) == before + 1, lambda: f"{name}; it has {s.events()}")


@test()
def among_many(t):
    """an option file is found among few files and among many"""
    for count in 0, 1, 5, 20, 40, 41, 42, 43, 44, 45, 60, 300:
        s = t.service(name=f"of{count}", run=signal_teller())
        for number in range(count):
            write_file(s.file(f"file-{number:03}"), "")
        write_file(s.file("reload-signal"), "USR1")
        t.runsv(s)
        s.running()
        asks(s, "SIGUSR1")


@test()
def others_among_many(t):
    """down and log/ are found among few files and among many"""
    for count in 0, 1, 20, *range(35, 46), 300:
        s = t.service(name=f"others{count}", down=True, log=logger())
        for number in range(count):
            write_file(s.file(f"file-{number:03}"), "")
        t.runsv(s)
        s.wait_status(state=DOWN, want="d", pid=0)
        s.wait_status(log=True, state=RUN, want="u")


@test()
def no_list(t):
    """where the directory cannot be listed, its option files are found all the same"""
    s, r = t.supervised(run=signal_teller())
    s.running()
    write_file(s.file("reload-signal"), "USR1")
    restarted_while(t, r, s, "error=EIO")
    asks(s, "SIGUSR1")


@test()
def missing_from_list(t):
    """an option file that was there is looked for by its name: while it is replaced it may
    be missing from a list; without it the default is back"""
    s, r = with_options(t, {"reload-signal": "USR1"}, run=signal_teller())
    s.running()
    pid = restarted_while(t, r, s, "retval=0")
    asks(s, "SIGUSR1")
    os.unlink(s.file("reload-signal"))
    pid = restarted(s, pid)
    asks(s, "SIGHUP")
    write_file(s.file("reload-signal"), "USR2")
    restarted(s, pid)
    asks(s, "SIGUSR2")


@test()
def control_missing_from_list(t):
    """control/u that was there is looked for by its name, too"""
    s, r = t.supervised(run=signal_teller(), control={"u": "say control u\n"})
    s.running()
    restarted_while(t, r, s, "retval=0")
    same(s.count("control u"), 2, "control/u runs")
    # that there is no control/t says nothing of it
    tracer, trace = traced(t, r.pid, "-e", "inject=getdents64:retval=0")
    s.tell("t")
    s.wait_start(3)
    tracer.kill()
    need("(INJECTED)" in read(trace), read(trace))
    same(s.count("control u"), 3, "control/u runs after t")


# Giving up

@test()
def max_death_tally(t):
    """max-death-tally: after so many deaths the service has failed, and stays down until u"""
    s, r = with_options(t, {"max-death-tally": "2\n"}, run=DYING, finish="say finish $1\n")
    s.wait_start(2)
    s.wait_status(state=DOWN, want="d")
    wait_record(s, FAILED, 1)
    r.wait_errors("has failed")
    wait_settled(lambda: s.count("start") == 2, lambda: f"two starts; {s.events()}")
    same(s.count("finish"), 2, "finishes")
    s.tell("u")
    s.wait_start(3)
    wait_record(s, FAILED, 0)


@test()
def max_death_tally_too_high(t):
    """max-death-tally: more deaths than are kept could never be reached, and are told"""
    s, r = with_options(t, {"max-death-tally": "61"}, run=DYING)
    r.wait_errors("max-death-tally: '61': not used", "60 at most")
    s.wait_start(3)
    same(s.recorded(FAILED), 0, "failed")


@test()
def asked_for(t):
    """deaths that were asked for are not counted"""
    s, _ = with_options(t, {"max-death-tally": "2"}, run=signal_teller())
    for number in range(1, 4):
        s.wait_start(number)
        s.running()
        s.tell("t")
    s.wait_start(4)
    same(s.recorded(FAILED), 0, "failed")


@test()
def finish_125(t):
    """a finish that exits 125 forbids the restart"""
    s, r = t.supervised(run=DYING, finish="exit 125\n")
    s.wait_start()
    s.wait_status(state=DOWN, want="d")
    r.wait_errors("has failed")
    wait_settled(lambda: s.count("start") == 1, lambda: f"one start; {s.events()}")
    s.tell("u")
    s.wait_start(2)


# Readiness

NOTIFYING = shebang_python() + """
import os, signal
events = os.open({events!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
signal.pthread_sigmask(signal.SIG_BLOCK, {{signal.SIGUSR1, signal.SIGTERM}})
os.write(events, b"start %d\\n" % os.getpid())
if signal.sigwait({{signal.SIGUSR1, signal.SIGTERM}}) == signal.SIGTERM:
    raise SystemExit
os.write({fd}, b"\\n")
os.write(events, b"notified\\n")
signal.sigwait({{signal.SIGTERM}})
"""


def notifying(fd):
    return NOTIFYING.replace("{fd}", str(fd)).replace("{{", "{").replace("}}", "}")


def readiness(t, fd):
    s, r = with_options(t, {"notification-fd": f"{fd}\n"}, run=notifying(fd))
    s.running()
    same(s.recorded(READINESS), AWAITED, "readiness after the start")
    s.tell("1")
    s.wait_event("notified")
    wait_record(s, READINESS, READY)
    s.tell("t")
    s.wait_start(2)
    wait_record(s, READINESS, AWAITED)
    return s, r


@test()
def notification(t):
    """notification-fd: a line on it is recorded as readiness, for that run only"""
    readiness(t, 3)


@test()
def notification_high(t):
    """notification-fd may be any descriptor, also one that the supervisor uses"""
    for fd in 1, 7, 9, 200:
        os.mkdir(f"{t.dir}/{fd}")
        s = t.service(name=f"{fd}/s", run=notifying(fd))
        write_file(s.file("notification-fd"), str(fd))
        t.runsv(s)
        s.running()
        s.tell("1")
        wait_record(s, READINESS, READY)


@test()
def notification_in_parts(t):
    """what is written to notification-fd before a line end says nothing, whoever listens when it comes"""
    s, r = with_options(t, {"notification-fd": "3"}, run="printf not >&3\ntrap 'printf yet >&3; say wrote' USR1\n"
                        "trap 'echo now >&3' USR2\nsay start $$\nwhile :; do read -r line </dev/null; sleep 0.1; done\n")
    s.running()
    r.wait_rest()
    same(s.recorded(READINESS), AWAITED, "readiness")
    s.tell("1")
    s.wait_event("wrote")
    r.wait_rest()
    same(s.recorded(READINESS), AWAITED, "readiness")
    r.kill()
    t.runsv(s).wait_rest()
    same(s.recorded(READINESS), AWAITED, "readiness")
    s.tell("2")
    wait_record(s, READINESS, READY)


@test()
def notification_without_a_look(t):
    """a readiness that cannot be looked at without taking it from the FIFO is heard"""
    for call, error in ("pipe2", "EMFILE"), ("tee", "ENOMEM"):
        s = t.service(name=call, run=notifying(3))
        write_file(s.file("notification-fd"), "3")
        r = t.runsv(s)
        pid = s.running()
        tracer, trace = traced(t, r.pid, "-e", f"inject={call}:error={error}")
        os.kill(pid, signal.SIGUSR1)
        wait_record(s, READINESS, READY)
        tracer.kill()
        need("(INJECTED)" in read(trace), read(trace))


@test()
def notification_unwritten(t):
    """a readiness that cannot be recorded is said, and recorded as soon as it can be"""
    s, r = with_options(t, {"notification-fd": "3"}, run=notifying(3))
    pid = s.running()
    r.wait_rest()
    tracer, _ = traced(t, r.pid, "-P", "supervise/status", "-P", "supervise/status.new", "-e", "inject=openat,open:error=EROFS")
    os.kill(pid, signal.SIGUSR1)
    r.wait_errors("cannot write supervise/status", "Read-only")
    same(s.recorded(READINESS), AWAITED, "readiness")
    tracer.kill()
    wait_record(s, READINESS, READY)


@test()
def notification_adopted(t):
    """a readiness told while nobody supervises is heard by the next supervisor"""
    s, r = with_options(t, {"notification-fd": "3"}, run=notifying(3))
    pid = s.running()
    r.kill()
    os.kill(pid, signal.SIGUSR1)
    s.wait_event("notified")
    t.runsv(s)
    wait_record(s, READINESS, READY)
    same(s.running(), pid, "pid")
    t.supervisors[-1].kill()
    t.runsv(s)
    same(s.recorded(READINESS), READY, "readiness after the next")


@test()
def notification_closed(t):
    """notification-fd that is closed without a line on it: not ready, and it costs nothing"""
    s, r = with_options(t, {"notification-fd": "3"}, run="exec 3>&-\nsay start $$\nexec sleep 1000\n")
    s.running()
    def listens():
        fds = f"/proc/{r.pid}/fd"
        for fd in os.listdir(fds):
            with contextlib.suppress(FileNotFoundError):
                if os.readlink(f"{fds}/{fd}").endswith("/notify"):
                    return True
        return False
    wait_until(lambda: not listens(), "its end is closed")
    same(s.recorded(READINESS), AWAITED, "readiness")
    def switches():
        with open(f"/proc/{r.pid}/status", encoding="ascii") as status:
            return next(line for line in status if line.startswith("voluntary_ctxt_switches"))
    wait_settled(lambda: True, "a time in which nothing happens", 0.2)
    before = switches()
    wait_settled(lambda: True, "a time in which nothing happens", 0.5)
    same(switches(), before, "switches")


@test()
def no_notification(t):
    """without notification-fd nothing is said of readiness, and nothing is awaited"""
    s, _ = t.supervised(run=IDLE)
    s.running()
    same(s.recorded(READINESS), SILENT, "readiness")


# Nonsense

@test()
def nonsense(t):
    """a value that cannot be is told once, and the service runs as without it"""
    files = {"timeout-kill": "soon", "timeout-finish": "-1", "timeout-control": "99999999999999999999",
             "down-signal": "SIGNOTHING", "reload-signal": "0", "max-death-tally": "", "notification-fd": "1e3"}
    s, r = with_options(t, files, run=DYING)
    s.wait_start(3)
    for name in files:
        r.wait_errors(name, "not used")
        same(r.errors().count(f"{name}:"), 1, f"messages on {name}")


@test()
def unreadable(t):
    """an option file that is a directory is told, and not used"""
    s = t.service()
    os.mkdir(s.file("timeout-kill"))
    r = t.runsv(s)
    s.running()
    r.wait_errors("timeout-kill", "not used")


@test()
def failed_is_adopted(t):
    """a failed service stays failed under the next supervisor"""
    s, r = with_options(t, {"max-death-tally": "1"}, run=DYING)
    wait_record(s, FAILED, 1)
    r.kill()
    t.runsv(s)
    wait_settled(lambda: s.count("start") == 1 and s.recorded(FAILED) == 1,
                 lambda: f"one start; {s.events()}")


@test()
def finish_is_adopted(t):
    """a finish that was running under a killed supervisor is neither lost nor run again"""
    os.mkfifo(f"{t.dir}/gate")
    s, r = t.supervised(run=DYING, finish="say finish $$\nread line <" + f"'{t.dir}/gate'\n")
    s.wait_event("finish")
    s.wait_status(state=FINISH)
    r.kill()
    t.runsv(s)
    s.wait_status(state=FINISH)
    same(s.count("finish"), 1, "finishes")
    with open(f"{t.dir}/gate", "w", encoding="ascii") as gate:
        gate.write("go\n")
    s.wait_start(2)


if __name__ == "__main__":
    suite.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""runsvdir at the limits of what there is: processes, descriptors, memory, watches, the
disk. What cannot be had is said, with the service's name; the services that run go on
undisturbed; and those that could not be taken on are when it gets better. What needs a
machine of its own is in tests/boot/test_limits.py.

SOAK=1: a service with 20,000 children, instead of 2,000.
"""

import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../namespace"))
from supervise import (BIN, RUN, SECONDS, Skip, Suite, alive, children, cwd, files_and_forks, logger, need,
                       process_state, read, same, wait_until, write_file)
from test_runsvdir import Scan, as_init, wait_gone

CHILDREN = 20000 if os.environ.get("SOAK") == "1" else 2000
# Nobody's, so that nobody else's processes count.
NOBODYS = 54321
NOBODY = ("setpriv", f"--reuid={NOBODYS}", f"--regid={NOBODYS}", "--clear-groups")
# A logger that anybody may execute.
CAT = "exec cat >/dev/null\n"
suite = Suite("runsvdir")
test = suite.test


def run(*words):
    with files_and_forks:
        done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Skip(f"{words[0]}: {done.stderr.strip()}")


def wait_named(r, services, *words):
    """Each is named in a message with these words."""
    for s in services:
        r.wait_errors(os.path.basename(s.path) + ":", *words)


def limit(r, what, number, user=()):
    """From now on, for who supervises and, but for files, its services."""
    run(*user, "prlimit", f"--pid={r.pid}", f"--{what}={number}:")


def go_on(services, pids):
    """As if nothing had been."""
    same([(s.starts(), s.state().state, s.state().pid) for s in services], [([p], RUN, p) for p in pids], "the first ones")


def as_nobody(t, scan):
    """runsvdir as a user to whom limits apply; root is above that of processes."""
    if os.geteuid():
        raise Skip("not root")
    shutil.copy(f"{BIN}/runsvdir", t.dir)
    run("chown", "-R", str(NOBODYS), t.dir)
    return t.start(f"{t.dir}/runsvdir", scan.path, prefix=NOBODY)


@test()
def processes_few(t):
    """no more processes: who cannot be started is named, and started when there are"""
    scan = Scan(t)
    first = [scan.service(f"first{i}", log=CAT) for i in range(3)]
    more = [t.service(name=f"defined/more{i}", log=CAT) for i in range(3)]
    r = as_nobody(t, scan)
    pids = [s.running() for s in first]
    for s in first:
        s.wait_status(log=True, state=RUN)
    limit(r, "nproc", 1, NOBODY)
    for s in more:
        scan.link(s)
    wait_named(r, more, "cannot execute ./run", "Resource temporarily unavailable")
    first[0].tell("o")
    first[0].wait_status(want="d")
    go_on(first, pids)
    limit(r, "nproc", 1000, NOBODY)
    for s in more:
        same([s.running()], s.starts(), f"starts of {s.path}")
        s.wait_status(log=True, state=RUN)
    go_on(first, pids)


@test()
def dies_at_limit(t):
    """no more processes: who ends is started again when there are, with its finish"""
    scan = Scan(t)
    s = scan.service("one", finish="say finish $1 $2\n")
    other = scan.service("other")
    r = as_nobody(t, scan)
    pid, kept = s.running(), other.running()
    limit(r, "nproc", 1, NOBODY)
    os.kill(pid, 9)
    r.wait_errors("one:", "cannot execute", "Resource temporarily unavailable")
    go_on([other], [kept])
    limit(r, "nproc", 1000, NOBODY)
    s.wait_start(2)
    s.running()
    same(s.count("finish"), 1, "runs of finish")


@test()
def descriptors_few(t):
    """no more descriptors: who cannot be taken on is named, and taken on when there are"""
    scan = Scan(t)
    first = [scan.service(f"first{i}", log=logger()) for i in range(2)]
    more = [t.service(name=f"defined/more{i}", log=logger()) for i in range(20)]
    r = scan.start()
    pids = [s.running() for s in first]
    limit(r, "nofile", 100)
    for s in more:
        scan.link(s)
    wait_until(lambda: any(f"more{i}: cannot" in r.errors() for i in range(20)), lambda: f"a message; there is {r.errors()!r}")
    taken = [s for s in more if s.supervised()]
    wait_named(r, [s for s in more if s not in taken], "No file descriptors available")
    first[1].tell("o")
    first[1].wait_status(want="d")
    scan.unlink("first0")
    wait_gone(first[0], pids[0])
    go_on(first[1:], pids[1:])
    limit(r, "nofile", 1000)
    for s in more:
        same([s.running()], s.starts(), f"starts of {s.path}")
    go_on(first[1:], pids[1:])


@test()
def adopts_with_few_descriptors(t):
    """no descriptors to adopt with: nothing is started twice, and who has them adopts all"""
    scan = Scan(t)
    services = [scan.service(f"s{i}", log=logger()) for i in range(12)]
    r = scan.start()
    pids = [s.running() for s in services]
    r.kill()
    # it raises its limit as far as it may
    r = scan.start(prefix=["prlimit", "--nofile=60:60", "setpriv", "--bounding-set=-sys_resource"])
    r.wait_errors("No file descriptors available")
    r.kill()
    go_on(services, pids)
    scan.start()
    wait_until(lambda: all(s.supervised() and s.supervised(log=True) for s in services), "all adopted")
    go_on(services, pids)
    # the first supervisor may have died before it had started every logger
    wait_until(lambda: all(s.count("log start") for s in services), "every logger's word")
    same([s.count("log start") for s in services], [1] * 12, "starts of loggers")


@test()
def leaves_with_few_descriptors(t):
    """an entry goes, or the directory with it, before there were descriptors to adopt its service: it is taken down then"""
    for switched in (False, True):
        scan, other = Scan(t, f"scan.{switched}"), Scan(t, f"other.{switched}")
        current = f"{t.dir}/current.{switched}"
        os.symlink(scan.path, current)
        start = [f"{BIN}/runsvdir", current]
        services = [scan.service(f"s{i}.{switched}", log=logger()) for i in range(12)]
        r = t.start(*start)
        pids = [s.running() for s in services]
        r.kill()
        # it raises its limit as far as it may
        r = t.start(*start, prefix=["prlimit", "--nofile=60:60", "setpriv", "--bounding-set=-sys_resource"])
        r.wait_errors("No file descriptors available")
        time.sleep(0.5)         # in its first 100 ms it would try again at once, whatever it failed at
        if switched:
            os.symlink(other.path, current + ".new")
            os.rename(current + ".new", current)
        else:
            for s in services:
                scan.unlink(os.path.basename(s.path))
        # those that are taken down make room for the others
        for s, pid in zip(services, pids):
            wait_gone(s, pid)
        r.kill()


@test()
def memory_little(t):
    """no more memory: who cannot be taken on is named, and taken on when there is"""
    scan = Scan(t)
    first = scan.service("first")
    r = scan.start(prefix=["prlimit", "--data=1000000:"])
    pid = first.running()
    more = [t.service(name=f"scan/more{i}", down=True) for i in range(1500)]
    r.wait_errors("cannot supervise: Out of memory")
    first.tell("h")
    limit(r, "data", 100000000)
    wait_until(lambda: all(s.supervised() for s in more), "all taken on")
    first.wait_start(2)
    need(not alive(pid), "HUP was not heard")


@test()
def disk_full(t):
    """no room for supervise/: who cannot be taken on is named, and taken on when there is"""
    where = t.mount("size=1m,nr_inodes=80")
    scan = Scan(t)
    first = scan.service("first", log=logger())
    more = [t.service(name=f"{os.path.relpath(where, t.dir)}/more{i}") for i in range(15)]
    r = scan.start()
    pid = first.running()
    for s in more:
        scan.link(s)
    r.wait_errors("No space left on device")
    wait_until(lambda: all(s.supervised() or os.path.basename(s.path) + ": cannot" in r.errors() for s in more), "each is named")
    go_on([first], [pid])
    run("mount", "-o", "remount,nr_inodes=1000", where)
    for s in more:
        s.running()
    go_on([first], [pid])


@test()
def disk_read_only(t):
    """a read-only disk: who cannot be taken on is named, and taken on when it can be written"""
    where = t.mount("size=1m")
    scan = Scan(t)
    first = scan.service("first", log=logger())
    more = [t.service(name=f"{os.path.relpath(where, t.dir)}/more{i}") for i in range(3)]
    run("mount", "-o", "remount,ro", where)
    for s in more:
        scan.link(s)
    r = scan.start()
    pid = first.running()
    wait_named(r, more, "Read-only file system")
    go_on([first], [pid])
    run("mount", "-o", "remount,rw", where)
    for s in more:
        s.running()
    go_on([first], [pid])


def with_limit(name, number):
    """A command in a user namespace of its own, where that limit is the number."""
    return ["unshare", "--user", "--map-root-user", "sh", "-c",
            f'echo {number} >/proc/sys/user/{name} && exec "$@"', "sh"]


def watches_of(pid):
    """How many inotify watches it has."""
    try:
        return sum(read(f"/proc/{pid}/fdinfo/{fd}").count("inotify wd") for fd in os.listdir(f"/proc/{pid}/fdinfo"))
    except FileNotFoundError:
        return 0


def looks(t, prefix):
    """Whatever comes and goes is seen all the same. The supervisor."""
    scan = Scan(t)
    s = scan.service("one")
    r = scan.start(prefix=prefix)
    pid = s.running()
    r.wait_errors("cannot watch", "looking every 5 s")
    late = scan.service("late")
    late_pid = late.running()
    os.mkdir(s.file("log"))
    s.script("log/run", logger())
    s.wait_event("log start")
    scan.unlink("late")
    wait_gone(late, late_pid)
    go_on([s], [pid])
    same(len([l for l in r.errors().split("\n") if "cannot watch service directories" in l]), 1, f"messages {r.errors()!r}")
    return r


@test(early=True)
def watches_none(t):
    """no inotify watches: that is said once, what comes and goes is seen, and watched for when there are"""
    r = looks(t, with_limit("max_inotify_watches", 0))
    same(watches_of(r.pid), 0, "watches")
    run("nsenter", f"--user=/proc/{r.pid}/ns/user", "--preserve-credentials", "sh", "-c",
        "echo 1000 >/proc/sys/user/max_inotify_watches")
    wait_until(lambda: watches_of(r.pid) > 0, "the scan directory is watched")


@test(early=True)
def inotify_none(t):
    """no inotify instances: that is said once, and what comes and goes is seen"""
    looks(t, with_limit("max_inotify_instances", 0))


# Its children do not heed TERM, and are no children of ours until it ends.
FORKS = """say start $$
trap '' HUP
i=0
while [ $i -lt %d ]; do
	(trap '' TERM; read -r line) <>{never} &
	i=$((i + 1))
done
say made $i
exec sleep 1000
""" % CHILDREN


@test(early=True)
def children_many(t):
    """a service that forks many children: all end with it by timeout-kill, and are reaped"""
    scan = Scan(t)
    other = scan.service("other", log=logger())
    s = scan.service("forks", run=FORKS.replace("{never}", f"{t.dir}/never"))
    os.mkfifo(f"{t.dir}/never")
    write_file(s.file("timeout-kill"), "1000\n")
    r, init = as_init(t, scan, "-P")
    wait_until(lambda: s.count("made"), "its children are made", SECONDS * 10)
    starts = [other.wait_start(1)]
    s.tell("d")
    wait_until(lambda: s.state().state != RUN, "it is down")
    def left():
        return [pid for pid in children(init) if process_state(pid) == "Z" or cwd(pid) == s.path]
    wait_until(lambda: not left(), lambda: f"nobody left; there are {len(left())}", SECONDS * 3)
    s.tell("u")
    s.wait_start(2)
    same(other.starts(), starts, "starts of the other")
    need(r.running(), "runsvdir has ended")


if __name__ == "__main__":
    suite.main()

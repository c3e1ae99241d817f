#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The figures of the supervisor, side by side with runit's, s6's and busybox's,
and with the least there can be: bench/floor, a bare loop of chdir, vfork and exec, or
one that also makes the files without which sv does not find a service.

The service is bench/idle: it writes the time and its pid into the pipe that is
its standard output, and does nothing. All runs are with new service directories.
Figures to print may be given as arguments: size start memory link death curve
growth.
"""

import os
import resource
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "boot"))
from crowd import Crowded
from disk import Disk
from figures import (BIN, BUILD, RUNS, SCRATCH, TOOLS, Nobody, Sample, Table, adopt_orphans, descendants, end_all,
                     number_in, peer, read, say, size)

FEW, MOST = 1000, 10000
FLOOR_MS = 160           # of FEW, where the bounds in ms were set
FILES = "floor with files"
CURVE = (1, 10, 30, 100, 300, 1000)
IDLE_S = 10
LINKS = 30
DEATHS = 30
RAN_S = 2


def descriptors():
    """How many a supervisor may have: root may ask for all there are."""
    most = int(read("/proc/sys/fs/nr_open"))
    try:
        resource.prlimit(0, resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[0], most))
    except (PermissionError, ValueError):
        pass
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


# Of ours: it has four descriptors for each.
MANY = min(4000, (descriptors() - 64) // 400 * 100)

RECORD = struct.Struct("@qq")

S6_IN_PLACE = """mount --make-rprivate / && mount -t overlay s6 -o "lowerdir=$0:/usr/bin" /usr/bin &&
mount -t overlay s6 -o "lowerdir=$1:/usr/lib/x86_64-linux-gnu" /usr/lib/x86_64-linux-gnu && shift && exec "$@" """


class Supervisor:
    """A command that supervises a directory of services: `words` with the
    directory at the end; `path`, where it finds its programs; `tell`, a command
    after a new link."""

    def __init__(self, name, words, path=(), libraries=(), tell=None):
        self.name = name
        self.words = words
        self.tell = tell
        self.wrapper = []       # comes before its other programs
        self.environment = dict(os.environ, PATH=":".join([*path, "/usr/sbin:/usr/bin:/sbin:/bin"]))
        if libraries:
            self.environment["LD_LIBRARY_PATH"] = ":".join(libraries)


def supervisors():
    """Ours, and the others that can be had, by name."""
    found = {"runsvdir": Supervisor("runsvdir", [os.path.join(BIN, "runsvdir")], [BIN])}
    found["floor"] = Supervisor("floor", [os.path.join(TOOLS, "floor")])
    runit = peer("runit", "usr/bin/runsvdir")
    if runit:
        found["runit"] = Supervisor("runit", [runit], [os.path.dirname(runit)])
    s6 = peer("s6", "usr/bin/s6-svscan")
    libraries = [peer(package, "usr/lib/x86_64-linux-gnu") or peer(package, "lib/x86_64-linux-gnu")
                 for package in ("libs6-2.11", "libskarnet2.13", "libexecline2.9")] if s6 else [None]
    if all(libraries):
        bin = os.path.dirname(s6)
        # It wants its programs in /usr/bin, where they are not installed, and
        # starts one with an empty environment.
        wrapper = ["unshare", "--mount", "sh", "-c", S6_IN_PLACE, bin, ":".join(libraries)]
        found["s6"] = Supervisor("s6", [*wrapper, "s6-svscan", "-c", str(MANY + 100)], [bin], libraries,
                                 [os.path.join(bin, "s6-svscanctl"), "-a"])
        found["s6"].wrapper = wrapper
    links = os.path.join(TOOLS, "busybox.bin")
    os.makedirs(links, exist_ok=True)
    for applet in ("runsvdir", "runsv", "sv"):
        if not os.path.lexists(os.path.join(links, applet)):
            os.symlink("../busybox", os.path.join(links, applet))
    found["busybox"] = Supervisor("busybox", [os.path.join(links, "runsvdir")], [links])
    return found


class Services:
    """COUNT services in a new directory, and links to them in another, both
    below `top`; the supervisor, when it is started, and what they write."""

    def __init__(self, supervisor, count):
        self.supervisor = supervisor
        self.count = count
        self.top = tempfile.mkdtemp(prefix="pidone-bench-", dir=SCRATCH)
        self.scan = os.path.join(self.top, "scan")
        os.mkdir(self.scan)
        os.mkdir(os.path.join(self.top, "services"))
        # One file for all: it is read from memory then.
        shutil.copy(os.path.join(TOOLS, "idle"), self.top)
        for number in range(count):
            os.symlink(self.make(number), os.path.join(self.scan, "s%d" % number))
        self.output, self.input = os.pipe()
        resource.prlimit(0, resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        self.rest = b""

    def make(self, number):
        service = os.path.join(self.top, "services/s%d" % number)
        os.mkdir(service)
        os.link(os.path.join(self.top, "idle"), os.path.join(service, "run"))
        return service

    def __enter__(self):
        self.began = time.monotonic_ns()
        self.process = subprocess.Popen([*self.supervisor.words, self.scan], stdin=subprocess.DEVNULL,
                                        stdout=self.input, stderr=subprocess.DEVNULL,
                                        env=self.supervisor.environment)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        end_all()
        os.close(self.input)
        os.close(self.output)
        shutil.rmtree(self.top, ignore_errors=True)

    def records(self, count, seconds=120, pause=0.0):
        """The next COUNT starts: [(time in ns, pid)]."""
        found = []
        deadline = time.monotonic() + seconds
        while len(found) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.output], [], [], left)[0]:
                raise TimeoutError("%s: %d of %d services started within %g s" %
                                   (self.supervisor.name, len(found), count, seconds))
            # Not awake for each: this takes time from who is measured.
            time.sleep(pause)
            data = self.rest + os.read(self.output, 65536)
            whole = len(data) // RECORD.size * RECORD.size
            found += RECORD.iter_unpack(data[:whole])
            self.rest = data[whole:]
        return found

    def started(self):
        """Milliseconds from the start of the supervisor to that of the first service, and
        of the last."""
        times = [at for at, _ in self.records(self.count, pause=0.01)]
        return (min(times) - self.began) / 1e6, (max(times) - self.began) / 1e6

    def of_supervisor(self, pids):
        """The processes below us that are not services."""
        services = set(pids)
        return [pid for pid in descendants(os.getpid()) if pid not in services]


def start_times(supervisor, count):
    with Services(supervisor, count) as services:
        return services.started()


def rounds(who, count, runs, measure):
    """Interleaved, each the first in its turn: {name: [values]}. Who fails is left out,
    and said."""
    found = {name: [] for name in who}
    names = list(who)
    for number in range(runs):
        for name in names[number % len(names):] + names[:number % len(names)]:
            if found[name] is None:
                continue
            say("%d services, run %d of %d: %s" % (count, number + 1, runs, name))
            try:
                found[name].append(measure(who[name], count))
            except TimeoutError as error:
                say(str(error))
                found[name] = None
    return {name: values for name, values in found.items() if values}


def start(table, all_of_them):
    # Those that are compared follow each other, and often: a run of one of the others
    # takes seconds, and they are not near.
    compared = {name: all_of_them[name] for name in ("runsvdir", "floor")}
    compared[FILES] = Supervisor(FILES, [os.path.join(TOOLS, "floor"), "-f"])
    others = {name: one for name, one in all_of_them.items() if name not in compared}
    for count, runs in ((FEW, 3 * RUNS), (MANY, 2 * RUNS)):
        found = rounds(compared, count, runs, start_times)
        # runit's runsvdir takes 1,000 at most; s6 needs minutes
        if count == FEW:
            found |= rounds(others, count, RUNS, start_times)
        first, last = ({name: Sample([value[which] for value in values], "ms", 0)
                        for name, values in found.items()} for which in (0, 1))
        ours, with_files = last.pop("runsvdir"), last.pop(FILES)
        table.add("%d services, start to all running" % count, ours, last.items(), ratio_to="floor", ratio=1.8)
        table.add("  the same, beside a floor that makes the files, of %d" % count, ours, [(FILES, with_files)],
                  ratio_to=FILES)
        table.add("  of it: to the first start, of %d" % count, first["runsvdir"], [(FILES, first[FILES])],
                  ratio_to=FILES)


def slowness(floor, found=[]):
    """Of this machine, by what the floor needs for FEW services. The bounds in ms
    were set where that was FLOOR_MS."""
    if not found:
        found.append(Sample([start_times(floor, FEW)[1] for _ in range(3)], "ms", 0).median / FLOOR_MS)
        say("the floor's %d starts take %.0f ms here, and %d where the bounds were set: %.2g times"
            % (FEW, found[0] * FLOOR_MS, FLOOR_MS, found[0]))
    return found[0]


def private_kib(pids):
    total = 0
    for pid in pids:
        text = read("/proc/%d/smaps_rollup" % pid)
        total += number_in(text, "Private_Clean") + number_in(text, "Private_Dirty")
    return total


def switches(pids):
    total = 0
    for pid in pids:
        for task in os.listdir("/proc/%d/task" % pid):
            text = read("/proc/%d/task/%s/status" % (pid, task))
            total += number_in(text, "voluntary_ctxt_switches") + number_in(text, "nonvoluntary_ctxt_switches")
    return total


def at_rest(supervisor, count):
    """Private KiB for each service, context switches in IDLE_S."""
    with Services(supervisor, count) as services:
        pids = [pid for _, pid in services.records(count, pause=0.01)]
        # What it does after the last start is over.
        time.sleep(6)
        mine = services.of_supervisor(pids)
        before = switches(mine)
        time.sleep(IDLE_S)
        return private_kib(mine) / count, switches(mine) - before


def memory(table, all_of_them):
    who = {name: supervisor for name, supervisor in all_of_them.items() if name != "floor"}
    found = rounds(who, FEW, 3, at_rest)
    kib = {name: Sample([value[0] for value in values], "KiB") for name, values in found.items()}
    woken = {name: Sample([value[1] for value in values], "", 0) for name, values in found.items()}
    table.add("private memory per service, of %d" % FEW, kib.pop("runsvdir"), kib.items(), ratio_to="runit",
              most=1)
    table.add("context switches in %d s, %d idle" % (IDLE_S, FEW), woken.pop("runsvdir"), woken.items(),
              ratio_to="runit", most=0)


def link(table, all_of_them):
    def measure(supervisor, _):
        with Services(supervisor, 1) as services:
            services.records(1)
            time.sleep(1)
            made = [services.make(number) for number in range(1, LINKS + 1)]
            taken = []
            count = LINKS if supervisor.name in ("runsvdir", "s6") else 3
            for number, service in enumerate(made[:count]):
                began = time.monotonic_ns()
                os.symlink(service, os.path.join(services.scan, "new%d" % number))
                if supervisor.tell:
                    subprocess.run([*supervisor.tell, services.scan], env=supervisor.environment, check=True)
                taken.append((services.records(1)[0][0] - began) / 1e6)
                time.sleep(0.05)
            return taken
    who = {name: supervisor for name, supervisor in all_of_them.items() if name != "floor"}
    samples = {name: Sample(sum(values, []), "ms") for name, values in rounds(who, LINKS, 3, measure).items()}
    table.add("new link to service started", samples.pop("runsvdir"), samples.items(), ratio_to="runit", most=2)


def death(table, all_of_them):
    """All services of a supervisor have run for RAN_S, and are then killed one
    after the other."""
    def measure(supervisor, count):
        with Services(supervisor, count) as services:
            pids = [pid for _, pid in services.records(count)]
            time.sleep(RAN_S)
            taken = []
            for pid in pids if supervisor.name in ("runsvdir", "runit", "floor") else pids[:5]:
                began = time.monotonic_ns()
                os.kill(pid, 9)
                taken.append((services.records(1)[0][0] - began) / 1e6)
                time.sleep(0.02)
            return taken
    found = rounds(all_of_them, DEATHS, 5, measure)
    samples = {name: Sample(sum(values, []), "ms") for name, values in found.items()}
    table.add("SIGKILL after %d s to the next start" % RAN_S, samples.pop("runsvdir"), samples.items(),
              ratio_to="runit", ratio=0.5, most=0.7)


def curve(table, all_of_them):
    """Time to all running, and private memory of the supervisors then, against the
    number of services."""
    def measure(supervisor, count):
        with Services(supervisor, count) as services:
            pids = [pid for _, pid in services.records(count, pause=0.01)]
            taken = (time.monotonic_ns() - services.began) / 1e6
            time.sleep(1)
            return taken, private_kib(services.of_supervisor(pids))
    found = {name: [] for name in all_of_them}
    for count in CURVE:
        for name, values in rounds(all_of_them, count, 1, measure).items():
            found[name].append([count, *values[0]])
    table.keep("curve", found)


def growth(table, _):
    """In a machine of their own, for who has four descriptors for each service; the clock
    counts instructions there, and what is the same takes the same time again."""
    directory = tempfile.mkdtemp(prefix=".bench.", dir=BUILD)
    each = {}
    try:
        disk = Disk(os.path.join(BUILD, "disk.img"), os.path.join(directory, "growth"))
        with Crowded(Nobody(), "bench-growth", disk) as machine:
            machine.ready()
            for count in (FEW, MOST):
                for who in ("runsvdir", "/root/floor"):
                    say("%d services in QEMU: %s" % (count, who))
                    each[who, count] = Sample([machine.each(who, count)], "us", 0)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    for who, label, most in (("runsvdir", "time per service, at %d against %d" % (MOST, FEW), 1.3),
                             ("/root/floor", "  of it, the floor's", None)):
        table.add(label, each[who, MOST], [("at %d" % FEW, each[who, FEW])], ratio_to="at %d" % FEW, ratio=most)


def main():
    wanted = sys.argv[1:] or ["size", "start", "memory", "link", "death", "curve", "growth"]
    adopt_orphans()
    found = supervisors()
    table = Table("supervise", lambda: slowness(found["floor"]))
    if "size" in wanted:
        table.add("runsvdir, static, stripped", size("runsvdir"), most=96)
    for name in wanted:
        if name != "size":
            globals()[name](table, found)
    table.show()


if __name__ == "__main__":
    try:
        main()
    finally:
        end_all()

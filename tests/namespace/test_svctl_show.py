# SPDX-License-Identifier: MIT
"""svctl tree, metrics, log and events, on services that run."""

import contextlib
import fcntl
import json
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from xml.etree import ElementTree

from harness import BIN, SECONDS, strace
from supervise import (Skip, Suite, need, process_state, read, same, traced, wait_stopped, wait_until, waits, watches,
                       write_file)

suite = Suite("svctl")
test = suite.test

IDLE = "exec sleep 1000\n"
TO_FILE = "exec cat >>{}\n"


class World:
    """A scan directory with services in it, and svctl for it."""

    def __init__(self, t):
        self.t = t
        self.svdir, self.initdir = t.dir + "/services", t.dir + "/init.d"
        os.mkdir(self.svdir)
        os.mkdir(self.initdir)
        self.environment = dict(os.environ, SVDIR=self.svdir, SVCTL_INITDIR=self.initdir, LC_ALL="C")

    def add(self, name, **parts):
        return self.t.service("services/" + name, **parts)

    def supervise(self):
        """runsvdir, supervising all that has been added when this returns."""
        supervisor = self.t.start(f"{BIN}/runsvdir", self.svdir)
        wait_until(lambda: all(s.supervised() and s.state() for s in self.t.services if os.path.isdir(s.path)),
                   "all are supervised")
        return supervisor

    def svctl(self, *arguments, code=0, **environment):
        done = subprocess.run([f"{BIN}/svctl", *arguments], env=dict(self.environment, **environment),
                              capture_output=True, text=True, errors="surrogateescape",
                              stdin=subprocess.DEVNULL, timeout=SECONDS, check=False)
        same(done.returncode, code, f"exit code of svctl {arguments}: {done.stdout}{done.stderr}")
        return done

    def wait_up(self, *names):
        self.svctl("start", "-t", str(SECONDS), *names)

    def follow(self, *arguments, prefix=()):
        return Followed(self, arguments, prefix)


class Followed:
    """An svctl that goes on; what it writes comes line by line."""

    def __init__(self, world, arguments, prefix=()):
        self.process = subprocess.Popen([*prefix, f"{BIN}/svctl", *arguments], env=world.environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        errors="surrogateescape")
        self.lines = []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        world.t.undo.callback(self.end)

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait(self, condition, what):
        wait_until(lambda: condition(list(self.lines)), lambda: f"{what}; there is {self.lines[-30:]}")

    def begun(self):
        """Waits until it watches, and has read what there is."""
        pid = self.process.pid
        wait_until(lambda: watches(pid) and process_state(pid) == "S", "it watches")

    def end(self):
        self.process.kill()
        self.process.wait()


# tree

def flatten(nodes, above=()):
    for node in nodes:
        own = node.get("service") or ("log" if "log" in node else node["pid"])
        yield above + (own,), node
        yield from flatten(node["children"], above + (own,))


@test()
def tree(t):
    """tree: supervisor, service, processes of it, logger, in this order of descent"""
    w = World(t)
    web = w.add("web", run="sleep 1000 &\nexec sleep 999\n", log="exec cat >/dev/null\n")
    w.add("down", down=True)
    runsvdir = w.supervise()
    w.wait_up("web")
    pid, logger = web.status().pid, web.wait_status(log=True, state=1).pid
    wait_until(lambda: "sleep 1000" in w.svctl("tree", "web").stdout, "a sleep in the background")
    paths = dict(flatten(json.loads(w.svctl("tree", "--json").stdout)))
    ours = {path[path.index(runsvdir.pid):]: node for path, node in paths.items() if runsvdir.pid in path}
    need((runsvdir.pid, "web", pid) in ours, f"the process of web is below it: {list(ours)}")
    need((runsvdir.pid, "web", "log", logger) in ours, f"the logger's is below log: {list(ours)}")
    need(any(len(path) == 4 and path[2] == pid for path in ours), f"its child is below it: {list(ours)}")
    same(ours[runsvdir.pid, "down"]["state"], "down", "the state of a service that is down")
    need(paths and all(path[0] == 1 for path in paths), f"all is below process 1: {list(paths)}")
    text = w.svctl("tree").stdout
    need(re.search(rf"(?m)^ *[|`]- {runsvdir.pid} .*runsvdir", text), f"the supervisor: {text}")
    need("└─ web: run" in w.svctl("tree", "web", LC_ALL="C.UTF-8").stdout, "lines where there is UTF-8")


@test()
def tree_adopted(t):
    """tree: a service that was adopted is below its new supervisor"""
    w = World(t)
    web = w.add("web", run=IDLE)
    first = w.supervise()
    w.wait_up("web")
    pid = web.status().pid
    first.kill()
    second = w.supervise()
    same(web.status().pid, pid, "the pid")
    paths = [path for path, _ in flatten(json.loads(w.svctl("tree", "--json").stdout))]
    need(any(path[-3:] == (second.pid, "web", pid) for path in paths), f"below the second: {paths}")


@test()
def tree_in_words(t):
    """tree: what is unsupervised, has failed, is not ready; a supervisor whose lock file is gone; ASCII"""
    w = World(t)
    bad = w.add("bad", run="exit 3\n")
    write_file(bad.file("max-death-tally"), "1")
    mute = w.add("mute", run=IDLE)
    write_file(mute.file("notification-fd"), "3")
    web = w.add("web", run=IDLE)
    runsvdir = w.supervise()
    w.wait_up("web")
    bad.wait_status(want="d", state=0)
    mute.wait_status(state=1)
    def tree(*names, **environment):
        return re.sub(r" \d+s\b", " Ns", w.svctl("tree", *names, **environment).stdout)
    need(re.search(r"(?m)[|`]- bad: failed Ns, exit 3$", tree()), tree())
    need(re.search(r"(?m)[|`]- mute: run Ns, not ready$", tree()), tree())
    os.unlink(web.supervise("lock"))
    paths = [path for path, _ in flatten(json.loads(w.svctl("tree", "--json").stdout))]
    need(any(path[-3:] == (runsvdir.pid, "web", web.status().pid) for path in paths), f"by its process: {paths}")
    for locale, branch in (("C.UTF-8", "└─ "), ("de_DE.utf8", "└─ "), ("C", "`- "), ("", "`- ")):
        need(branch + "web: " in tree("web", LC_ALL="", LC_CTYPE="", LANG=locale), f"in {locale!r}: {tree('web')}")
    runsvdir.kill()
    need("bad: unsupervised\n" in tree(), tree())


# metrics

def openmetrics_parser():
    """The reference parser of the format."""
    sys.path.append("/usr/lib/python3/dist-packages")   # where Debian has it
    try:
        from prometheus_client.openmetrics import parser
    except ImportError:
        raise Skip("no python3-prometheus-client") from None
    return parser.text_string_to_metric_families


@test()
def metrics(t):
    """metrics: the reference parser of OpenMetrics takes it, and the values are right"""
    parse = openmetrics_parser()
    w = World(t)
    odd = 'a"b\\n\nü'
    w.add("web", run=IDLE, log="exec cat >/dev/null\n")
    w.add(odd, run="exit 3\n")
    w.add("down", down=True)
    bad = os.fsdecode(b"\xff")
    w.add(bad, down=True)
    runsvdir = w.supervise()
    w.wait_up("web")
    wait_until(lambda: '"last_exit":"exit 3"' in w.svctl("list", "--json").stdout, "an exit")
    # the kernel counts a new process's pages late
    wait_until(lambda: '"memory":0' not in w.svctl("list", "--json", "web").stdout, "memory of web")
    text = w.svctl("metrics").stdout
    text.encode()       # it is UTF-8
    samples = {}
    for family in parse(text):
        for sample in family.samples:
            key = (sample.name, sample.labels["service"], sample.labels["part"],
                   sample.labels.get("pidone_service_state"))
            need(key not in samples, f"{key} twice")
            samples[key] = sample.value
    def value(name, service, part="run", state=None):
        return samples.get(("pidone_service_" + name, service, part, state))
    same(value("up", "web"), 1, "web is up")
    same(value("up", "web", "log"), 1, "its logger is up")
    same(value("up", "down"), 0, "down is up")
    same(value("state", "down", state="down"), 1, "the state of down")
    same(sum(v for k, v in samples.items() if k[1] == "web" and k[3] and k[2] == "run"), 1, "states of web")
    same(value("last_exit_code", odd), 3, "the exit code")
    need(value("starts_total", odd) >= 1, "starts")
    same(value("supervised", "\\xff"), 1, "a name that is no UTF-8")
    same(value("processes", "web"), 1, "processes of web")
    need(value("memory_bytes", "web") > 0, "memory of web")
    need(text.endswith("# EOF\n"), "its end")
    runsvdir.kill()
    text = w.svctl("metrics", "web").stdout
    need('\npidone_service_supervised{service="web",part="run"} 0\n' in text, f"nobody supervises web: {text}")
    need("pidone_service_state{" not in text, f"and its state is not known: {text}")


# log

def stop(process):
    """Holds it back until SIGCONT: what happens meanwhile is heard of all at once."""
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: process_state(process.pid) == "T", "it is stopped")


SVLOGD = os.environ.get("RUNIT_BIN", "/nonexistent") + "/svlogd"


@test()
def log_of_a_file(t):
    """log: the file that the logger has open; -n, --json"""
    w = World(t)
    path = t.dir + "/web.log"
    w.add("web", run="for i in 1 2 3 4 5; do echo line $i; done\n" + IDLE, log=TO_FILE.format(path))
    w.supervise()
    w.wait_up("web")
    wait_until(lambda: os.path.exists(path) and open(path).read().count("\n") == 5, "five lines")
    same(w.svctl("log", "web").stdout.splitlines(), [f"line {i}" for i in range(1, 6)], "all")
    same(w.svctl("log", "-n", "2", "web").stdout.splitlines(), ["line 4", "line 5"], "the last two")
    same(w.svctl("log", "-n0", "web").stdout, "", "none")
    lines = [json.loads(line) for line in w.svctl("log", "--json", "-n1", "web").stdout.splitlines()]
    same(lines, [{"service": "web", "file": path, "line": "line 5"}], "JSON")
    page = w.svctl("status", "web").stdout
    need(page.endswith(f"{path}\n" + "".join(f"    line {i}\n" for i in range(1, 6))), f"status has them too: {page}")
    same(json.loads(w.svctl("status", "--json", "web").stdout)[0]["log"], [f"line {i}" for i in range(1, 6)], "JSON")
    with open(path, "a", encoding="utf-8") as file:
        for i in range(20000):
            file.write(f"{i} {'x' * (i % 700)}\n")
    for n in (1, 300, 9999):
        numbers = [int(line.split()[0]) for line in w.svctl("log", "-n", str(n), "web").stdout.splitlines()]
        same(numbers, list(range(20000 - n, 20000)), f"the last {n} of many")


@test()
def log_of_what_is_open(t):
    """log: not what the logger has from its supervisor, unless it has nothing else; each file once"""
    w = World(t)
    own = t.dir + "/own"
    web = w.add("web", run="echo line\n" + IDLE, log=f"exec 3>>{t.dir}/one 4>>{t.dir}/two 5>>{t.dir}/one\n"
          "while read line; do echo $line >&3; sleep 1000; done\n")
    plain = w.add("plain", run="echo plain\n" + IDLE, log="exec cat\n")
    t.start("sh", "-c", f"exec {BIN}/runsvdir -P {w.svdir} >{own}")
    wait_until(lambda: web.supervised() and plain.supervised(), "supervised")
    w.wait_up("web", "plain")
    wait_until(lambda: read(own) == "plain\n" and read(t.dir + "/one") == "line\n", "they have logged")
    write_file(t.dir + "/two", "other\n")
    shown = w.svctl("log", "web").stdout
    same(sorted(re.findall(r"==> web: (.*) <==", shown)), [t.dir + "/one", t.dir + "/two"], "files of web")
    same(w.svctl("log", "plain").stdout, "plain\n", "the supervisor's")


@test()
def log_from_the_script(t):
    """log: where log/run says, if no logger runs; if that cannot be known, it is said"""
    w = World(t)
    w.add("web", down=True, log="exec svlogd -tt ./main\n", log_down=True)
    w.add("odd", down=True, log="exec strange-logger\n", log_down=True)
    os.mkdir(w.svdir + "/web/log/main")
    write_file(w.svdir + "/web/log/main/current", "one\ntwo\n")
    same(w.svctl("log", "web").stdout, "one\ntwo\n", "the file")
    for name, text in (("@400000006b066d162329da9c.s", "old\n"), ("@400000006b066d16239f1e24.u", "b\nc\n"), ("lock", "")):
        write_file(f"{w.svdir}/web/log/main/{name}", text)
    same(w.svctl("log", "-n", "3", "web").stdout, "c\none\ntwo\n", "the end of the file before it too")
    same(w.svctl("log", "-n", "1", "web").stdout, "two\n", "not if there are enough")
    os.rename(w.svdir + "/web", w.initdir + "/web")
    same(w.svctl("log", "-n2", "web").stdout, "one\ntwo\n", "of a service that is not enabled")
    need("does not say where" in w.svctl("log", "odd", code=1).stderr, "said")
    w.add("empty", down=True)
    os.mkdir(w.svdir + "/empty/log")
    need("does not say where" in w.svctl("log", "empty", code=1).stderr, "without log/run")
    w.add("new", down=True, log="exec svlogd -tt ./main\n", log_down=True)
    same(w.svctl("log", "new", code=1).stderr,
         f"svctl: new: {os.path.realpath(w.svdir)}/new/log/./main/current: file does not exist\n", "not there yet")
    need("usage" in w.svctl("log", code=100).stderr, "usage")


@test()
def log_follows_rotation(t):
    """log -f: no line is lost or doubled while svlogd rotates as fast as it can"""
    if not os.access(SVLOGD, os.X_OK):
        raise Skip("no svlogd (RUNIT_BIN)")
    w = World(t)
    directory = t.dir + "/logs"
    os.mkdir(directory)
    write_file(directory + "/config", "s4000\nn1000\n")
    lines = 4000
    w.add("web", down=True, run=f"i=0; while [ $i -lt {lines} ]; do echo line $i; i=$((i+1)); done\n" + IDLE,
          log=f"exec {SVLOGD} {directory}\n")
    w.supervise()
    wait_until(lambda: os.path.exists(directory + "/current"), "svlogd")
    followed = w.follow("log", "-f", "-n", "5", "web")
    followed.begun()
    w.wait_up("web")
    followed.wait(lambda seen: f"line {lines - 1}" in seen, "the last line")
    got = [line for line in followed.lines if line.startswith("line")]
    for i, line in enumerate(got):
        need(line == f"line {i}", f"line {i} of {lines}: {got[max(0, i - 2):i + 3]}")
    need(sum(name.startswith("@") for name in os.listdir(directory)) > 3, "it was rotated")


@test()
def log_follows_a_file(t):
    """log -f: a file that is yet to come, that is renamed, that is emptied; and its reader's end"""
    w = World(t)
    path = t.dir + "/web.log"
    w.add("web", down=True, log=f"exec cat >>{path}\n", log_down=True)
    followed = w.follow("log", "-f", "web")
    followed.begun()
    def append(text, mode="a"):
        with open(path, mode, encoding="utf-8") as file:
            file.write(text)
    append("a\nb")
    followed.wait(lambda seen: seen == ["a"], "the whole line only")
    append("c\n")
    followed.wait(lambda seen: seen == ["a", "bc"], "the rest of it")
    os.rename(path, path + ".1")
    with open(path + ".1", "a", encoding="utf-8") as file:
        file.write("d\n")
    append("long" * 20 + "\n")
    followed.wait(lambda seen: seen == ["a", "bc", "d", "long" * 20], "of both files")
    append("", "w")
    append("f\n")
    followed.wait(lambda seen: seen[-1] == "f", "of the emptied one")
    done = subprocess.Popen([f"{BIN}/svctl", "log", "-f", "web"], env=w.environment, stdout=subprocess.PIPE)
    done.stdout.readline()
    done.stdout.close()
    done.wait(SECONDS)       # nothing is written any more, and still it ends


@test()
def log_on_a_terminal(t):
    """log: on a terminal bytes that are no text are not, but for tabs; in a pipe they are what they are, but for NULs"""
    w = World(t)
    w.add("web", down=True, log=f"exec cat >>{t.dir}/web.log\n", log_down=True)
    # bytes of UTF-8 among which are 0x80 to 0x9f are a letter, and U+009B is what ESC [ is
    line = b"a\tb\x1b[31mred \xc4\x9b\xe2\x82\xac \xc2\x9b31m \x9b31m \xe9\n"
    with open(t.dir + "/web.log", "wb") as file:
        file.write(line)
    in_a_pipe = subprocess.run([f"{BIN}/svctl", "log", "web"], env=w.environment, stdout=subprocess.PIPE, check=True)
    same(in_a_pipe.stdout, line, "in a pipe")
    master, slave = pty.openpty()
    subprocess.run([f"{BIN}/svctl", "log", "web"], env=w.environment, stdout=slave, check=True, timeout=SECONDS)
    os.close(slave)
    written = b""
    with contextlib.suppress(OSError):      # EIO: its end
        while part := os.read(master, 4096):
            written += part
    os.close(master)
    same(written, b"a\tb?[31mred \xc4\x9b\xe2\x82\xac ?31m ?31m \xe9\r\n", "on a terminal")


@test()
def log_after_a_power_cut(t):
    """log, status: what stands behind NULs, which a power cut may leave at the end of a file, is shown"""
    w = World(t)
    path = t.dir + "/web.log"
    w.add("web", down=True, log=f"exec cat >>{path}\n", log_down=True)
    def append(data):
        with open(path, "ab") as file:
            file.write(data)
    append(b"one\nha" + bytes(3000) + b"l" + bytes(1) + b"f\n" + bytes(200000) + b"two\n" + bytes(10))
    wanted = ["one", "ha?l?f", "two"]
    same(w.svctl("log", "web").stdout.splitlines(), wanted, "in a pipe")
    same(w.svctl("log", "-n2", "web").stdout.splitlines(), wanted[1:], "the last two")
    same([json.loads(line)["line"] for line in w.svctl("log", "--json", "web").stdout.splitlines()], wanted, "JSON")
    same(json.loads(w.svctl("status", "--json", "web", code=1).stdout)[0]["log"], wanted, "status")
    followed = w.follow("log", "-f", "web")
    followed.wait(lambda seen: seen == wanted, "the lines before")
    append(bytes(5))
    append(b"three\n\0\nfo\0")
    append(b"\0ur\n")
    followed.wait(lambda seen: seen == [*wanted, "three", "", "fo?ur"], "followed")


def followed_as_it_changes(t, w):
    """log -f, which has seen "one" and is stopped while "two" is written and rotated away; the
    directory that is in; and what puts another in its place, with "three"."""
    w.add("web", down=True, log="exec svlogd -tt ./main\n", log_down=True)
    old, new, main = t.dir + "/old", t.dir + "/new", w.svdir + "/web/log/main"
    for directory, text in ((old, "one\n"), (new, "three\n")):
        os.mkdir(directory)
        write_file(directory + "/current", text)
    os.symlink(old, main)
    followed = w.follow("log", "-f", "web")
    followed.wait(lambda seen: seen == ["one"], "the first")
    stop(followed.process)
    with open(old + "/current", "a", encoding="utf-8") as file:
        file.write("two\n")
    os.rename(old + "/current", old + "/@400000006b066d162329da9c.s")

    def change():
        os.unlink(main)
        os.symlink(new, main)
    return followed, old, change


@test()
def log_whose_directory_goes(t):
    """log -f: svlogd's directory is another one all at once; and is gone, which ends it"""
    w = World(t)
    followed, old, change = followed_as_it_changes(t, w)
    os.symlink("nowhere", old + "/@400000006b066d172329da9c.s")
    change()
    os.kill(followed.process.pid, signal.SIGCONT)
    followed.wait(lambda seen: seen == ["one", "two", "three"], "of both")
    shutil.rmtree(old)
    followed.wait(lambda seen: seen[3:] == [f"svctl: web: {w.svdir}/web/log/./main/current: its directory is gone"],
                  "its end")
    same(followed.process.wait(SECONDS), 0, "exit code")


@test()
def log_of_a_file_that_has_gone(t):
    """log -f: what was rotated away, directory and all, before it was looked at is left out"""
    w = World(t)
    followed, old, change = followed_as_it_changes(t, w)
    change()
    shutil.rmtree(old)
    os.kill(followed.process.pid, signal.SIGCONT)
    followed.wait(lambda seen: seen[:3] == ["one", "two", "three"], "what it had open, and the next")


@test()
def log_of_syslog(t):
    """log: of a service without a logger, the lines of syslog that bear its name, its processes' or
    logger's tag"""
    if subprocess.run(["unshare", "--mount", "true"], check=False, stderr=subprocess.DEVNULL).returncode:
        raise Skip("no mount namespaces")
    w = World(t)
    w.add("web", down=True)
    w.add("klogd", down=True)
    sleep = w.add("sleep", run=IDLE)
    w.add("tagged", down=True, log="exec logger -t mark\n", log_down=True)
    w.add("long" * 60, down=True)
    w.add("loud", down=True, log=f"exec logger -t {'loud' * 80}\n", log_down=True)
    w.supervise()
    sleep.wait_status(state=1)
    write_file(t.dir + "/messages", "".join(f"Nov 25 04:23:0{i} host {text}\n" for i, text in enumerate((
        "daemon.info web[7]: one", "daemon.info webster[7]: no", "cron: web: no", "user.notice mark: two",
        "web: three", "kernel: four", "sleep[8]: five", f"{'long' * 60}: seven"))))
    write_file(t.dir + "/errors", "Nov 25 04:23:09 host web: six\n")
    write_file(t.dir + "/syslog.conf", f"# x\nkern.*\t/dev/null\n*.*\t\t-{t.dir}/messages\n*.err {t.dir}/errors\n"
               f"daemon.* {t.dir}/messages\n")
    # the machine's own are not to be seen
    hide = "set -e; mount -t tmpfs none /etc; mount -t tmpfs none /var/log; "
    def log(name, prepare=f"cp {t.dir}/syslog.conf /etc", code=0):
        done = subprocess.run(["unshare", "--mount", "sh", "-c", f'{hide}{prepare}; exec "$@"', "sh",
                               f"{BIN}/svctl", "log", name], env=w.environment, capture_output=True,
                              text=True, check=False)
        same(done.returncode, code, f"exit code; {done.stderr}")
        return [line.rsplit(": ", 1)[1] for line in (done.stdout or done.stderr).splitlines() if ": " in line]
    same([line for line in log("web") if "<==" not in line], ["one", "three", "six"], "by its name, of two files")
    same(log("tagged")[-1:], ["two"], "by the tag")
    same([line for line in log("klogd") if "<==" not in line], ["four"], "what the kernel says")
    same([line for line in log(f"{w.svdir}/klogd///") if "<==" not in line], ["four"], "by a path that ends with /")
    same(log("/"), [], "the root, which has no name")
    same([line for line in log("long" * 60) if "<==" not in line], ["seven"], "by a long name")
    same(log("loud"), [], "of a tag that is too long")
    same([line for line in log("sleep") if "<==" not in line], ["five"], "by its name, which is its process's")
    for place in ("messages", "syslog"):
        same(log("web", f"cp {t.dir}/messages /var/log/{place}"), ["one", "three"], f"of /var/log/{place}")
    same(log("web", "true", 1), ["it has no logger, and there is no file of syslogd's"], "of none")


# events

def story(lines, name):
    """What was said of a service, without the times and pids."""
    return [re.sub(r", pid \d+", "", line.split(": ", 1)[1]) for line in lines
            if re.match(rf"\d\d:\d\d:\d\d\.\d\d\dZ {re.escape(name)}: ", line)]


def is_subsequence(wanted, seen):
    rest = iter(seen)
    return all(item in rest for item in wanted)


@test()
def events(t):
    """events: how all is, then each change, services that come and go, their loggers"""
    w = World(t)
    web = w.add("web", run=IDLE, log="exec cat >/dev/null\n")
    runsvdir = w.supervise()
    w.wait_up("web")
    web.wait_status(log=True, state=1)
    followed = w.follow("events")
    followed.wait(lambda seen: story(seen, "web") == ["run"] and story(seen, "web/log") == ["run"], "now")
    os.kill(web.status().pid, signal.SIGKILL)
    followed.wait(lambda seen: len(story(seen, "web")) >= 2 and story(seen, "web")[-1] == "run", "started anew")
    w.svctl("stop", "web")
    followed.wait(lambda seen: story(seen, "web")[-1] == "down, signal TERM", "down")
    w.add("more", run="exit 7\n")
    followed.wait(lambda seen: "throttled, exit 7" in story(seen, "more"), "a new one, which fails")
    os.rename(w.svdir + "/more", t.dir + "/more")
    followed.wait(lambda seen: story(seen, "more")[-1] == "gone", "gone")
    web.script("log/run", IDLE)
    runsvdir.kill()
    followed.wait(lambda seen: story(seen, "web")[-1] == "unsupervised" ==
                  story(seen, "web/log")[-1], "nobody supervises it")
    w.supervise()
    followed.wait(lambda seen: story(seen, "web")[-1].startswith("down"), "somebody does again")


@test()
def events_of_a_path(t):
    """events: a service given as a path goes, by being moved or removed, and comes again, with a logger"""
    w = World(t)
    one = t.service("one", run=IDLE)
    path = one.path
    followed = w.follow("events", path)
    followed.wait(lambda seen: story(seen, path) == ["unsupervised"], "now")
    os.rename(path, t.dir + "/away")
    followed.wait(lambda seen: story(seen, path) == ["unsupervised", "gone"], "moved")
    os.mkdir(t.dir + "/away/log")
    os.rename(t.dir + "/away", path)
    followed.wait(lambda seen: story(seen, path)[-1] == "unsupervised" == (story(seen, path + "/log") or [""])[-1],
                  "back, with a logger")
    shutil.rmtree(path)
    followed.wait(lambda seen: story(seen, path)[-1] == "gone" == story(seen, path + "/log")[-1], "removed")
    os.makedirs(path + "/log")
    followed.wait(lambda seen: story(seen, path + "/log")[-1] == "unsupervised", "both")
    os.rename(path, t.dir + "/away")
    followed.wait(lambda seen: story(seen, path)[-1] == "gone" == story(seen, path + "/log")[-1], "moved, both")
    os.mkdir(path)
    followed.wait(lambda seen: story(seen, path)[-1] == "unsupervised", "made anew")
    same(story(followed.lines, path + "/log")[-1], "gone", "it has no logger")


@test()
def events_for_programs(t):
    """events --json: an object a line; only those that are asked for; it ends with its reader"""
    w = World(t)
    w.add("web", run=IDLE)
    w.add("other", run=IDLE)
    w.supervise()
    w.wait_up("web", "other")
    followed = w.follow("events", "--json", "we*")
    followed.wait(lambda seen: len(seen) == 1, "the first line")
    w.svctl("restart", "other", "web")
    w.add("wet", run=IDLE)
    followed.wait(lambda seen: any('"wet"' in line for line in seen), "one that comes later")
    objects = [json.loads(line) for line in followed.lines]
    same(objects[0]["event"], "now", "the first event")
    same({o["service"] for o in objects}, {"web", "wet"}, "services")
    need(all(o["event"] in ("change", "appeared") for o in objects[1:]), f"events: {objects}")
    pids = [o["pid"] for o in objects if o["service"] == "web" and o["state"] == "run"]
    need(pids[0] != pids[-1], f"the pid changes: {pids}")
    done = subprocess.Popen([f"{BIN}/svctl", "events"], env=w.environment, stdout=subprocess.PIPE)
    done.stdout.readline()
    done.stdout.close()
    done.wait(SECONDS)


@test()
def events_of_what_comes_and_goes(t):
    """events: a logger and a supervisor that come later, a directory that goes with all that is in it,
    the scan directory itself"""
    w = World(t)
    os.mkdir(t.dir + "/elsewhere")
    web, gone = w.add("web", down=True), w.add("gone", down=True)
    linked = t.service("elsewhere/linked", down=True)
    os.symlink(linked.path, w.svdir + "/linked")
    runsvdir = w.supervise()
    wait_until(linked.supervised, "linked is supervised")
    followed = w.follow("events")
    followed.wait(lambda seen: all(story(seen, name) == ["down"] for name in ("web", "gone", "linked")), "now")
    os.mkdir(web.file("log"))
    followed.wait(lambda seen: story(seen, "web/log"), "a logger")
    # its keeper, too: an open FIFO holds the directory that it was in, which is gone only then
    runsvdir.signal(signal.SIGHUP)
    runsvdir.wait_exit()
    followed.wait(lambda seen: story(seen, "web")[-1] == "unsupervised", "nobody supervises it")
    stop(followed.process)
    shutil.rmtree(linked.file("supervise"))
    shutil.rmtree(linked.path)
    shutil.rmtree(gone.path)
    os.kill(followed.process.pid, signal.SIGCONT)
    followed.wait(lambda seen: story(seen, "gone")[-1] == "gone", "gone")
    os.unlink(w.svdir + "/linked")
    followed.wait(lambda seen: story(seen, "linked")[-1] == "gone", "linked is gone")
    shutil.rmtree(w.svdir)
    followed.wait(lambda seen: seen[-1] == f"svctl: {w.svdir}: is gone", "the end")
    same(followed.process.wait(SECONDS), 0, "exit code")


def wakes(process):
    return int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", read(f"/proc/{process.pid}/status"))[1])


def comes_to_rest(process):
    """Waits until a second has passed in which it made no system call."""
    def rests():
        before = wakes(process)
        subprocess.run(["sleep", "1"], check=True)
        return wakes(process) == before and process_state(process.pid) == "S"
    wait_until(rests, "a second without a system call")


@test()
def events_begin(t):
    """events: a service that comes when all names have been read, but nothing is watched yet"""
    w = World(t)
    w.add("web", down=True)
    trace = t.dir + "/trace"
    # at the end of the directory; -D: svctl is our child, and not strace
    followed = w.follow("events", "--json", prefix=[strace(), "-D", "-o", trace, "-e", "trace=getdents64,inotify_add_watch",
                                                    "-e", "inject=getdents64:signal=SIGSTOP:when=2"])
    wait_stopped(trace)     # the names are read
    need("inotify_add_watch" not in read(trace), f"nothing is watched yet: {read(trace)}")
    w.add("late", down=True)
    os.kill(followed.process.pid, signal.SIGCONT)
    followed.wait(lambda seen: len(seen) == 2, "both")
    same([(o["service"], o["event"]) for o in map(json.loads, followed.lines)], [("web", "now"), ("late", "now")], "events")


@test()
def events_of_what_is_replaced(t):
    """events: another directory under the name of a service, of a logger, of supervise: that one is followed"""
    w = World(t)
    os.mkdir(t.dir + "/elsewhere")
    first = t.service("elsewhere/first", run=IDLE, log="exec cat >/dev/null\n")
    os.symlink(first.path, w.svdir + "/web")
    runsvdir = w.supervise()
    w.wait_up("web")
    first.wait_status(log=True, state=1)
    followed = w.follow("events")
    followed.wait(lambda seen: story(seen, "web") == story(seen, "web/log") == ["run"], "now")
    second = t.service("elsewhere/second", down=True)
    os.symlink(second.path, t.dir + "/link")
    os.rename(t.dir + "/link", w.svdir + "/web")
    followed.wait(lambda seen: story(seen, "web")[-1] == "down" and story(seen, "web/log")[-1] == "gone", "the link")
    w.svctl("start", "web")
    followed.wait(lambda seen: story(seen, "web")[-1] == "run", "started")
    w.svctl("stop", "web")
    followed.wait(lambda seen: story(seen, "web")[-1] == "down, signal TERM", "stopped")
    runsvdir.signal(signal.SIGHUP)
    runsvdir.wait_exit()
    followed.wait(lambda seen: story(seen, "web")[-1] == "unsupervised", "nobody supervises it")
    renamed, anew, emptied = (w.add(name, down=True, log=IDLE) for name in ("renamed", "anew", "emptied"))
    other = w.add("other", down=True)
    os.mkdir(emptied.file("supervise"))
    names = ("renamed", "anew", "emptied")
    followed.wait(lambda seen: all(story(seen, name + "/log") == ["unsupervised"] for name in names), "loggers")
    os.rename(renamed.file("log"), renamed.file("log.old"))
    os.mkdir(renamed.file("log"))
    os.rename(emptied.file("supervise"), emptied.file("supervise.old"))
    shutil.rmtree(anew.file("log"))
    os.mkdir(other.file("log"))
    followed.wait(lambda seen: story(seen, "other/log"), "what was before it is heard")
    os.mkdir(anew.file("log"))
    for s in (renamed, anew):
        s.script("log/run", IDLE)
    t.start(f"{BIN}/runsvdir", w.svdir)
    followed.wait(lambda seen: story(seen, "renamed/log")[-1] == story(seen, "anew/log")[-1] == "run" and
                  story(seen, "emptied")[-1] == "down", "the new ones")


@test()
def events_of_loggers_that_go(t):
    """events: a logger that is moved or removed is gone at once; a file called log is none, and none has one itself"""
    w = World(t)
    moved, removed = (w.add(name, down=True, log=IDLE) for name in ("moved", "removed"))
    plain = w.add("plain", down=True)
    followed = w.follow("events")
    followed.wait(lambda seen: story(seen, "plain") == story(seen, "moved/log") == story(seen, "removed/log") ==
                  ["unsupervised"], "now")
    os.rename(moved.file("log"), moved.file("log.off"))
    followed.wait(lambda seen: story(seen, "moved/log")[-1] == "gone", "moved away")
    shutil.rmtree(removed.file("log"))
    followed.wait(lambda seen: story(seen, "removed/log")[-1] == "gone", "removed")
    os.rename(moved.file("log.off"), moved.file("log"))
    followed.wait(lambda seen: story(seen, "moved/log")[-1] == "unsupervised", "moved back")
    write_file(plain.file("log"))
    write_file(moved.file("log", "log"))
    os.unlink(moved.file("log", "log"))
    os.mkdir(moved.file("log", "log"))
    w.add("last", down=True)    # now all are looked at
    followed.wait(lambda seen: story(seen, "last"), "what was before it is heard")
    same([line for line in followed.lines if "plain/log" in line or "log/log" in line], [], "of what is no logger")


@test()
def events_of_supervise_elsewhere(t):
    """events: supervise is a link to what its supervisor has yet to make, as of the image's services: told, then no poll"""
    w = World(t)
    os.mkdir(t.dir + "/elsewhere")
    web = t.service("elsewhere/web", run=IDLE)
    os.symlink(t.dir + "/supervise.web", web.file("supervise"))
    os.symlink(web.path, w.svdir + "/web")
    followed = w.follow("events")
    followed.wait(lambda seen: story(seen, "web") == ["unsupervised"], "nobody supervises it yet")
    # not runsvdir, which makes something in SVDIR, too
    t.runsv(web)
    followed.wait(lambda seen: story(seen, "web")[-1] == "run", "somebody does")
    comes_to_rest(followed.process)


@test()
def events_of_a_late_end(t):
    """events: the close of ok is told before its FIFO knows: looked at again, for a second"""
    w = World(t)
    w.add("other", run=IDLE)
    web = w.add("web", run=IDLE)
    runsvdir = w.supervise()
    w.wait_up("web", "other")
    followed = w.follow("events", "web")
    followed.wait(lambda seen: story(seen, "web") == ["run"], "now")
    pid = followed.process.pid
    _, trace = traced(t, pid, "-P", "supervise/ok", "-e", "inject=/open:signal=SIGSTOP:when=1")
    # who can write to it, too, counts as a reader of it, but the close of that is not waited for
    held = os.open(web.supervise("ok"), os.O_RDWR | os.O_NONBLOCK)
    try:
        runsvdir.kill()
        wait_stopped(trace)     # it has looked
    finally:
        os.close(held)
    os.kill(pid, signal.SIGCONT)
    followed.wait(lambda seen: story(seen, "web") == ["run", "unsupervised"], "nobody supervises it")
    comes_to_rest(followed.process)


@test()
def events_that_are_too_many(t):
    """events --json: more at once than the kernel keeps for a reader: all that has changed is told"""
    w = World(t)
    web = w.add("web", run="while ! test -e go; do sleep 0.02; done\necho >&3\n" + IDLE)
    write_file(web.file("notification-fd"), "3")
    w.supervise()
    web.wait_status(state=1)
    followed = w.follow("events", "--json")
    followed.wait(lambda seen: len(seen) == 1, "now")
    with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as file:
        kept = int(file.read())
    stop(followed.process)
    for i in range(kept // 2 + 100):
        write_file(w.svdir + "/.x")
        os.unlink(w.svdir + "/.x")
    write_file(web.file("go"))
    wait_until(lambda: json.loads(w.svctl("list", "--json", "web").stdout)[0]["ready"], "web is ready")
    more = w.add("more", down=True)
    more.wait_status(state=0)
    os.kill(followed.process.pid, signal.SIGCONT)
    followed.wait(lambda seen: any('"more"' in line for line in seen) and
                  any('"ready":true' in line for line in seen), "what was lost")
    same([json.loads(line)["ready"] for line in followed.lines if '"web"' in line], [False, True], "of web")


@test()
def events_that_cannot_go_on(t):
    """events and log -f that cannot wait or write any more end, and say why"""
    w = World(t)
    w.add("web", log=TO_FILE.format(t.dir + "/web.log"))
    w.supervise()
    w.wait_up("web")
    for arguments in (["events"], ["log", "-f", "web"]):
        followed = w.follow(*arguments, prefix=[strace(), "-o", t.dir + "/trace", "-e", "inject=poll:error=ENOMEM"])
        same(followed.process.wait(SECONDS), 100, f"exit of {arguments}, which wrote {followed.lines}")
        followed.wait(lambda seen: seen and seen[-1] == f"svctl: {w.svdir}: out of memory", "why")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([f"{BIN}/svctl", "events"], env=w.environment, stdout=full, stderr=subprocess.PIPE,
                              text=True, check=False, timeout=SECONDS)
    same(done.returncode, 111, done.stderr)
    need("No space" in done.stderr or "out of disk space" in done.stderr, done.stderr)


@test()
def events_do_not_poll(t):
    """events and log -f make no system call while nothing happens"""
    w = World(t)
    w.add("web", run=IDLE, log=TO_FILE.format(t.dir + "/web.log"))
    w.supervise()
    w.wait_up("web")
    for arguments in (["events"], ["log", "-f", "web"]):
        process = w.follow(*arguments).process
        wait_until(lambda: waits(process.pid), "it waits")
        # another second in which something else happens: a process of ours that is waited for
        subprocess.run(["sleep", "0.3"], check=True)
        before = wakes(process)
        subprocess.run(["sleep", "1"], check=True)
        same(wakes(process) - before, 0, f"wakes of {arguments} in a second")


# As a console has it, with a line that is too long, one that is no text, and an end without a newline.
SAVED = """[    0.000000] Linux version 6.1.192
[    3.300000] Run /sbin/init as init process
[    3.310189] init: boot: dev: already so: options set (1.352 ms)
[    3.320000] init: boot: mount: failed: exit status 1 (7.000 ms)
%s
[    3.453500] init: entry: respawn: /usr/bin/<runsvdir> & more /etc/rc.d: started (pid 62)
[    3.454000] init: entry: once: /bin/false: started (pid 63)
[    3.455000] init: entry: once: /bin/false: failed: exit status 1 (1 ms)
[   13.400000] init: down: power off: begins
[   13.410000] init: entry: shutdown: /bin/echo: started (pid 99)
[   13.420000] init: entry: shutdown: /bin/echo: done (10 ms)
[   13.421000] init: down: shutdown: done (21 ms)
[   13.440000] init: down: stop: done (19 ms)
[   13.470000] reboot: Power down""" % ("\x01" + "x" * 3000)
SAVED_UP = [("step", "dev", 3308837, 3310189), ("step", "mount", 3313000, 3320000),
            ("entry", "respawn: /usr/bin/<runsvdir> & more /etc/rc.d", 3453500, 3453500),
            ("entry", "once: /bin/false", 3454000, 3455000)]
SAVED_DOWN = [("phase", "shutdown", 13400000, 13421000), ("entry", "shutdown: /bin/echo", 13410000, 13420000),
              ("phase", "stop", 13421000, 13440000), ("phase", "power", 13440000, 13470000)]


@test()
def boot_of_a_saved_log(t):
    """boot: a saved log as text, for programs, and from standard input"""
    w = World(t)
    path = t.dir + "/log"
    write_file(path, SAVED)
    items = json.loads(w.svctl("boot", "--json", path).stdout)
    def of(down):
        return sorted((i["kind"], i["name"], i["begin_us"], i["end_us"]) for i in items if i["down"] is down)
    same(of(False), sorted(SAVED_UP), "the boot")
    same(of(True), sorted(SAVED_DOWN), "the way down")
    same([i["name"] for i in items if i["running"]], [SAVED_UP[2][1]], "what runs on")
    text = w.svctl("boot", path).stdout
    need(text.startswith("Boot: 3455.000 ms: kernel 3300.000, from init to the last entry and service 155.000\n"), text)
    need("\nWay down, to power off: 70.000 ms\n" in text, text)
    need("\n    13.000     7.000  step mount: failed: exit status 1\n" in text, text)
    need("\n   153.500         -  entry respawn: /usr/bin/<runsvdir> & more /etc/rc.d\n" in text, text)
    with open(path) as log:
        done = subprocess.run([f"{BIN}/svctl", "boot", "-"], stdin=log, capture_output=True, text=True, timeout=SECONDS)
    same(done.stdout, text, "from standard input")


def kernel_log(t, records):
    """A FIFO that is read as /dev/kmsg is: a record at a time, and then nothing (pipe(2), O_DIRECT)."""
    path = t.dir + "/kmsg"
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    t.undo.callback(os.close, fd)
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_DIRECT | os.O_NONBLOCK)
    for record in records:
        os.write(fd, record.encode())
    return path


@test()
def boot_before_a_sleep(t):
    """boot: services are where they belong after the machine has slept; here, in a time namespace that has
    slept for an hour"""
    slept = ["unshare", "--mount", "--time", "--fork", "--boottime", "3600"]
    if subprocess.run([*slept, "true"], check=False, stderr=subprocess.DEVNULL).returncode:
        raise Skip("no time namespaces")
    if not os.path.exists("/dev/kmsg"):
        raise Skip("no /dev/kmsg, to mount another on")
    def now():
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    w = World(t)
    w.add("web", run=IDLE)
    # the log's clock is 2 s ahead, and this machine has not slept before now
    began, ahead = now(), 2000000
    log = kernel_log(t, [f"6,{i},{began + ahead + i},-;{text}\n" for i, text in enumerate((
        "Run /sbin/init as init process", f"init: version 0.1, at {began // 1000000}.{began % 1000000:06}",
        "init: boot: dev: done (0.001 ms)"))])
    w.supervise()
    w.wait_up("web")
    ended = now()
    done = subprocess.run([*slept, "sh", "-c", 'mount --bind "$0" /dev/kmsg && exec "$@"', log, f"{BIN}/svctl", "boot",
                           "--json"], env=w.environment, capture_output=True, text=True, check=False)
    same((done.returncode, done.stderr), (0, ""), "exit code and errors")
    found = [item["begin_us"] - ahead for item in json.loads(done.stdout) if item["name"] == "web"]
    need(len(found) == 1 and began - 20000 <= found[0] <= ended, f"begun {found}, between {began} and {ended}")


@test()
def boot_of_a_long_log(t):
    """boot: how much found no room is said at the end"""
    w = World(t)
    write_file(t.dir + "/log", "[    3.300000] Run /sbin/init as init process\n" + "".join(
        f"[    4.{i:06}] init: entry: once: /bin/true {i}: started (pid {i + 2})\n" for i in range(5000)))
    shown, _, rest = w.svctl("boot", t.dir + "/log").stdout.partition("\nand ")
    count = len(re.findall(r"(?m)  entry once: /bin/true \d+$", shown))
    need(0 < count < 5000, f"{count} entries")
    same(rest, f"{5000 - count} more\n", "the last line")


@test()
def boot_is_drawn(t):
    """boot --svg: a row for each item of a saved log, with its name, whatever is in that"""
    w = World(t)
    write_file(t.dir + "/log", SAVED)
    drawing = ElementTree.fromstring(w.svctl("boot", "--svg", t.dir + "/log").stdout)
    texts = ["".join(e.itertext()) for e in drawing.iter("{http://www.w3.org/2000/svg}text")]
    bars = [e for e in drawing.iter("{http://www.w3.org/2000/svg}rect")]
    for _, name, _, _ in SAVED_UP + SAVED_DOWN:
        need(any(text == name or (text.endswith("…") and name.startswith(text[:-1])) for text in texts),
             f"{name} among {texts}")
    need("Boot in 3.455 s" in texts and "Power off in 70.0 ms" in texts, f"headings among {texts}")
    need(len(bars) > len(SAVED_UP + SAVED_DOWN), f"{len(bars)} bars")
    need(all(float(bar.get("width").rstrip("%")) > 0 for bar in bars), "each has a width")


@test()
def boot_of_no_log(t):
    """boot: a log that cannot be read, one without a boot, two of them"""
    w = World(t)
    write_file(t.dir + "/empty", "")
    need("cannot read it: file does not exist" in w.svctl("boot", t.dir + "/nosuch", code=1).stderr, "not there")
    need("cannot read it: is a directory" in w.svctl("boot", t.dir, code=1).stderr.lower(), "a directory")
    need("init says nothing in there" in w.svctl("boot", t.dir + "/empty", code=1).stderr, "empty")
    need("one log at a time" in w.svctl("boot", "one", "two", code=100).stderr, "two")
    write_file(t.dir + "/damaged", "[    0.000000] init: boot: x: done (700.001 ms)\n")
    need("kernel 0.000, " in w.svctl("boot", t.dir + "/damaged").stdout, "one that took longer than there was time")
    need("<svg" in w.svctl("boot", "--svg", t.dir + "/damaged").stdout, "drawn")


@test()
def options_that_take_a_number(t):
    """options: --lines=N, --lines N, -nN, -n N are one; without N, or with a word, wrong usage; --version"""
    w = World(t)
    w.add("web", run=IDLE, log=TO_FILE.format(t.dir + "/web.log"))
    write_file(t.dir + "/web.log", "one\ntwo\nthree\n")
    for option in (["--lines=2"], ["--lines", "2"], ["-n2"], ["-n", "2"]):
        same(w.svctl("log", *option, "web").stdout, "two\nthree\n", f"with {option}")
    for option in (["--lines=x"], ["--lines", "x"], ["-nx"]):
        need("not a number of lines: x" in w.svctl("log", *option, "web", code=100).stderr, f"with {option}")
    for option in ("--lines", "-n"):
        need("option requires an argument: " + option in w.svctl("log", option, code=100).stderr, f"with {option}")
    need("no such option: --line" in w.svctl("log", "--line=2", "web", code=100).stderr, "a part of its name")
    need(re.fullmatch(r"svctl \(pidone\) \S+\n", w.svctl("--version").stdout), "--version")


@test()
def no_services(t):
    """events, tree, metrics, log: SVDIR that is not there is said, exit 100"""
    w = World(t)
    for verb in ("events", "tree", "metrics", "check"):
        if verb != "check":
            done = w.svctl(verb, code=100, SVDIR=t.dir + "/none")
            same(done.stderr.count("\n"), 1, f"lines of {verb}")
        done = w.svctl(verb, "nosuch", code=1)
        need("no such service" in done.stderr, f"{verb}: {done.stderr}")


def with_memory(w, kib, words):
    """(exit code, output with all numbers made N, errors) of a program that may have so much."""
    def limit():
        if kib:
            resource.setrlimit(resource.RLIMIT_DATA, (kib << 10, kib << 10))
    done = subprocess.run(words, env=w.environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=SECONDS, check=False, preexec_fn=limit)
    return done.returncode, re.sub(r" +", " ", re.sub(r"(?:[0-9.]+[KMGdhms]?)+", "N", done.stdout)), done.stderr


def give_memory(w, words, forget=lambda: None):
    """All amounts with which WORDS can be executed, until it is three times in a row as
    with any amount: before that it says so. What exit codes it had with too little."""
    whole, codes = with_memory(w, 0, words), set()
    forget()
    few, enough = 0, 4096       # KiB with which it cannot, and can, be executed
    while enough - few > 4:
        some = (few + enough) // 8 * 4
        few, enough = (few, some) if with_memory(w, some, [f"{BIN}/svctl", "--version"])[0] >= 0 else (some, enough)
    all_shown = 0
    while all_shown < 3:
        got = with_memory(w, enough, words)
        need(enough < 8192, f"{words}: with {enough} KiB: {got}")
        if got == whole:
            all_shown += 1
            forget()
        else:
            need(got[0] > 0 and "out of memory" in got[1] + got[2], f"{words}: with {enough} KiB: {got}")
            codes.add(got[0])
            all_shown = 0
        enough += 4
    return codes


@test()
def no_memory(t):
    """with each amount of memory that it can be started with, 4 KiB more each time: all is shown, or it is said"""
    if "/coverage/" in BIN:
        raise Skip("a program that counts gives memory back as it begins, for its counters")
    w = World(t)
    web = w.add("web", run=IDLE, log="exec cat >/dev/null\n")
    for i in range(70):
        os.mkdir(f"{w.initdir}/more-{i}")
    w.supervise()
    w.wait_up("web")
    for words in (["list"], ["list", "-a"], ["list", "--json"], ["status", "web"], ["tree"], ["tree", "--json"],
                  ["metrics"], ["check"], ["why", "web"], ["start", "web"], ["stop", "nosuch"]):
        need(give_memory(w, [f"{BIN}/svctl", *words]), f"{words}: it never had too little")
    def forget():
        shutil.rmtree(w.initdir + "/one", ignore_errors=True)
    give_memory(w, [f"{BIN}/svctl", "new", "one", "sleep 1"], forget)
    # sv, and an init script (runsv's sv: fatal)
    same(give_memory(w, [f"{BIN}/sv", "up", web.path]), {100}, "exit codes of sv")
    os.symlink(f"{BIN}/sv", t.dir + "/web")
    same(give_memory(w, [t.dir + "/web", "start"]), {151}, "exit codes of an init script")


if __name__ == "__main__":
    suite.main()

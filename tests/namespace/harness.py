# SPDX-License-Identifier: MIT
"""Our programs in namespaces of their own: a root directory that shows this
machine's programs read-only, and TAP lines for what is found out."""
import glob
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.abspath(os.environ.get("BIN") or os.path.join(HERE, "../../build/bin"))
# Of a program; make coverage leaves --ipc out, for its counters.
NAMESPACES = os.environ.get("NAMESPACES", "--mount --pid --uts --net --ipc").split()
# For anything that has to happen. Much longer than it takes with ten times as many
# processes as processors: only a test that fails waits so long.
SECONDS = float(os.environ.get("TEST_SECONDS", "90"))


class Skip(Exception):
    """A test cannot run here; its text says why."""


def wait_until(what, condition, seconds=SECONDS):
    """Returns what condition() returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError("not within %g s: %s" % (seconds, what))
        time.sleep(0.01)


def run_test(test):
    """(whether it passed, the lines that say so)."""
    name = test.__name__.replace("_", " ")
    try:
        test()
        return True, "ok - %s\n" % name
    except Skip as reason:
        return True, "ok - %s # SKIP %s\n" % (name, reason)
    except (Exception, SystemExit):
        return False, "not ok - %s\n" % name + "".join(
            "# %s\n" % line for line in traceback.format_exc().splitlines())


def report(passed, said):
    print(said, end="", flush=True)
    return passed


def run_tests(tests, jobs=1, alone=()):
    """Runs each function, named for what it proves, JOBS at once, each in a process of
    its own if that is more than one, after those in ALONE; exits 1 if any fails."""
    wanted = [test for test in tests
              if not sys.argv[1:] or any(word in test.__name__ for word in sys.argv[1:])]
    first = [test for test in wanted if jobs == 1 or test in alone]
    rest = [test for test in wanted if test not in first]
    passed = all([report(*run_test(test)) for test in first])
    if rest:
        with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
            passed = all([report(*done) for done in pool.imap(run_test, rest)]) and passed
    sys.exit(0 if passed else 1)


def strace():
    """Where strace is, if it can trace here."""
    found = shutil.which("strace")
    if not found:
        raise Skip("no strace")
    done = subprocess.run([found, "-o", "/dev/null", "true"], stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise Skip("strace: " + done.stderr.strip())
    return found


def unshare():
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare"] + user + NAMESPACES + ["--fork", "--kill-child"]


class Namespace:
    """A process tree of its own with PROGRAM as process 1, in a root directory
    of its own. FILES: path in it -> text; a text that begins with #! is made
    executable. WRAPPER: words of a command that executes it. What the program
    writes is in self.output()."""

    SHOWN = ("usr", "bin", "sbin", "lib", "lib64")      # this machine's directories

    def __init__(self, program, files, arguments=(), stdin=subprocess.DEVNULL, stdout=None,
                 wrapper=()):
        self.top = tempfile.mkdtemp(prefix="pidone-")
        self.root = os.path.join(self.top, "root")
        self.process = None
        self.make_root(program, files)
        self.program = program
        self.arguments = list(wrapper) + [program] + list(arguments)
        self.stdin, self.stdout = stdin, stdout

    def __enter__(self):
        log = open(os.path.join(self.top, "output"), "wb")
        output = log if self.stdout is None else self.stdout
        self.process = subprocess.Popen(self.command(), stdin=self.stdin, stdout=output,
                                        stderr=output, start_new_session=True)
        log.close()
        try:
            wait_until("the namespace has a process",
                       lambda: self.find_init() or self.process.poll() is not None)
            self.init = self.find_init()
            if not self.init:
                self.require()
                raise AssertionError("process 1 has ended, or its root could not be made: " + self.output().strip())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()     # and with it, by --kill-child, all the others
            self.process.wait()
        shutil.rmtree(self.top, ignore_errors=True)

    def make_root(self, program, files):
        for directory in ("dev", "etc", "proc", "run", "sys", "tmp", "root", "pidone", "usr"):
            os.makedirs(os.path.join(self.root, directory))
        for name in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink("/" + name):
                os.symlink(os.readlink("/" + name), os.path.join(self.root, name))
            elif os.path.isdir("/" + name):
                os.mkdir(os.path.join(self.root, name))
        for source in glob.glob(os.path.join(BIN, "*")):
            shutil.copy2(source, os.path.join(self.root, "pidone"), follow_symlinks=False)
        if not os.path.exists(self.root + program):
            raise AssertionError("%s is not built" % program)
        for path, text in files.items():
            self.write(path, text)

    def write(self, path, text):
        path = self.root + path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        os.chmod(path + ".new", 0o755 if text[:2] in ("#!", b"#!") else 0o644)
        os.rename(path + ".new", path)

    def read(self, path):
        """The file's text, or "" if there is none (yet)."""
        try:
            with open(self.root + path, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def command(self):
        # /dev is made by hand: the machine's own is not to be touched. umount -a -r,
        # which init runs at the end if it has no inittab, makes the file system
        # behind a mount read-only, for the machine too: here it does nothing.
        script = """set -e; R=$1; shift
            for d in %s; do
                if [ -d "$R/$d" ] && [ ! -L "$R/$d" ]; then
                    mount --bind "/$d" "$R/$d"; fi; done
            for p in bin/umount sbin/umount usr/bin/umount sbin/swapoff usr/sbin/swapoff; do
                if [ "$R/$p" -ef "/$p" ]; then mount --bind /bin/true "$R/$p"; fi; done
            mount -t proc proc "$R/proc"
            mount -t tmpfs dev "$R/dev"
            for d in null zero full tty urandom; do
                : >"$R/dev/$d"; mount --bind "/dev/$d" "$R/dev/$d"; done
            mkdir "$R/dev/pts" "$R/dev/shm"
            mount -t devpts -o newinstance,ptmxmode=0666 devpts "$R/dev/pts"
            ln -s pts/ptmx "$R/dev/ptmx"
            exec chroot "$R" "$@" """ % " ".join(self.SHOWN)
        return unshare() + ["sh", "-c", script, "sh", self.root] + self.arguments

    def require(self):
        """Skips where there are no namespaces, or nothing can be mounted in them."""
        script = "mount -t proc proc /proc && mount -t tmpfs dev /mnt && mount -t devpts -o newinstance devpts /mnt"
        done = subprocess.run(unshare() + ["sh", "-c", script], stderr=subprocess.PIPE, text=True,
                              timeout=SECONDS, check=False)
        if done.returncode:
            raise Skip("no namespaces here: " + done.stderr.strip())

    def find_init(self):
        """The pid, as seen from here, once it is the program."""
        pid = self.process.pid
        try:
            with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
                children = file.read().split()
            if children and os.readlink("/proc/%s/exe" % children[0]).endswith(
                    os.path.basename(self.program)):
                return int(children[0])
        except OSError:
            pass
        return None

    def output(self):
        with open(os.path.join(self.top, "output"), errors="replace") as file:
            return file.read()

    def signal(self, number):
        os.kill(self.init, number)

    def wait_output(self, text, count=1):
        wait_until("%r in the output:\n%s" % (text, self.output()),
                   lambda: self.output().count(text) >= count)

    def wait_end(self, seconds=SECONDS):
        """The exit status, or minus the signal, of process 1."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError("process 1 did not end within %g s:\n%s" %
                                 (seconds, self.output())) from None

    def processes(self):
        """pid in there -> (pid out here, command line), of all that live."""
        found = {}
        for status in glob.glob("/proc/[0-9]*/status"):
            try:
                with open(status) as file:
                    fields = dict(line.split(":\t", 1) for line in file if ":\t" in line)
                if os.readlink("/proc/%s/ns/pid" % fields["Pid"].strip()) != self.pid_namespace():
                    continue
                with open("/proc/%s/cmdline" % fields["Pid"].strip()) as file:
                    command = file.read().replace("\0", " ").strip()
            except (OSError, KeyError):
                continue
            if not fields["State"].startswith("Z"):
                inside = int(fields["NSpid"].split()[-1])
                found[inside] = (int(fields["Pid"]), command)
        return found

    def pid_namespace(self):
        return os.readlink("/proc/%d/ns/pid" % self.init)

    def zombies(self):
        """How many children of process 1 wait to be reaped."""
        count = 0
        for status in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(status) as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            count += fields[0] == "Z" and int(fields[1]) == self.init
        return count

    def run(self, *command):
        """Runs a command among the processes in there; its output."""
        done = subprocess.run(["nsenter", "--target", str(self.init)] + NAMESPACES +
                              ["--root", "--wd"] + list(command), check=False,
                              capture_output=True, text=True, timeout=SECONDS)
        return done.stdout + done.stderr


HUP, INT, USR1, USR2, TERM = (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2,
                              signal.SIGTERM)

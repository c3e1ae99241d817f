# SPDX-License-Identifier: MIT
"""What the experiments of the laboratory share. An experiment is a program that
says what it does, step by step, and checks what comes of it: `ok - ` and
`not ok - ` are lines of TAP, so that it is a test too.

A function that is given to as_pid_1() runs as process 1 of a PID namespace, in a
second call of the same program.
"""

import ctypes
import os
import select
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the tree stays clean

PROGRAM = os.path.abspath(sys.argv[0])
HERE = os.path.dirname(PROGRAM)
NAME = os.path.basename(HERE)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.path.join(ROOT, os.environ.get("BUILD") or "build")
BIN = os.path.join(BUILD, "bin")
SECONDS = 90  # for anything that has to happen

libc = ctypes.CDLL(None, use_errno=True)
sys.path[:0] = [os.path.join(ROOT, "tests", kind) for kind in ("namespace", "boot")]
failures = 0


def say(text):
    print("  " + text, flush=True)


def check(what, got, wanted=True):
    """One result: it is ok if got is what was wanted."""
    global failures
    if got == wanted:
        print("ok - %s: %s" % (NAME, what), flush=True)
        return
    failures += 1
    print("not ok - %s: %s\n# got %r, wanted %r" % (NAME, what, got, wanted), flush=True)


def skip(why):
    print("ok - %s # SKIP %s" % (NAME, why), flush=True)
    sys.exit(0)


def wait_until(what, condition):
    """What condition() returns, as soon as that is true."""
    deadline = time.monotonic() + SECONDS
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError("not within %d s: %s" % (SECONDS, what))
        time.sleep(0.01)


class Line:
    """A line to speak through, from any process to any other: a pipe that each
    holds at both ends. Who hears waits."""

    def __init__(self):
        self.reader, self.writer = os.pipe()

    def tell(self, text=""):
        os.write(self.writer, (text + "\n").encode())

    def hear(self):
        text = b""
        while not text.endswith(b"\n"):
            if not select.select([self.reader], [], [], SECONDS)[0]:
                raise AssertionError("nothing heard for %d s" % SECONDS)
            text += os.read(self.reader, 1)
        return text.decode().strip()


def child(function, *arguments):
    """A child that calls the function and ends. Its pid."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        status = function(*arguments) or 0
    finally:
        os._exit(status)


def proc(pid, file):
    """The text of /proc/PID/FILE, or "" if there is no such process."""
    try:
        with open("/proc/%s/%s" % (pid, file), errors="replace") as text:
            return text.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def status(pid):
    """/proc/PID/status, name -> value; empty if there is no such process."""
    return dict(line.split(":\t", 1) for line in proc(pid, "status").splitlines() if ":\t" in line)


def state(pid):
    """The letter of its state, or None: R S T Z …, see proc_pid_stat(5)."""
    return status(pid).get("State", "")[:1] or None


def parent(pid):
    return int(status(pid)["PPid"])


def namespace_command(*words):
    """A command that runs another as process 1 of a PID namespace, and ends it
    and all its children when it is ended itself."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--pid", "--mount-proc", "--fork", "--kill-child", *words]


def start_pid_1(function, *arguments, **more):
    """Starts a function of this program as process 1 of a new PID namespace."""
    sys.stdout.flush()
    return subprocess.Popen(
        namespace_command(sys.executable, PROGRAM, function.__name__, *arguments), **more)


def as_pid_1(function, *arguments):
    """The same, to its end. Its exit status, or minus the signal."""
    return start_pid_1(function, *arguments).wait()


def pid_from_outside(process):
    """The pid, as seen from here, of process 1 of what start_pid_1() gave."""
    children = "task/%d/children" % process.pid
    return int(wait_until("process 1", lambda: proc(process.pid, children).strip()))


def scratch():
    """A directory that is gone at the end."""
    return tempfile.TemporaryDirectory(prefix="pidone-lab.", ignore_cleanup_errors=True)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def service(directory, **files):
    """A service directory: its files, with _ for /; what begins with #! can be
    executed."""
    for name, text in files.items():
        write(os.path.join(directory, name.replace("_", "/")), text,
              0o755 if text.startswith("#!") else 0o644)
    return directory


def sv(*words, name="sv"):
    """Runs our sv; gives what it says."""
    done = subprocess.run([os.path.join(BIN, name), *words], capture_output=True, text=True,
                          check=False)
    return (done.stdout + done.stderr).strip()


def svctl(*words):
    return sv(*words, name="svctl")


def run(main, *parts):
    """Runs main, or as process 1 the part that is asked for."""
    if len(sys.argv) > 1:
        parts = {part.__name__: part for part in parts}
        parts[sys.argv[1]](*sys.argv[2:])
    else:
        probe = subprocess.run(namespace_command("true"), capture_output=True, text=True,
                               check=False)
        if probe.returncode:
            skip("no namespaces here: " + probe.stderr.strip())
        main()
    sys.stdout.flush()
    sys.exit(1 if failures else 0)

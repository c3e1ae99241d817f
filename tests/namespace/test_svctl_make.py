# SPDX-License-Identifier: MIT
"""svctl new and check; the completions in their shells; that the table, the help, the
pages and the completions are held to agree; poweroff, reboot and halt."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

from harness import BIN, HERE, INT, SECONDS, Namespace, strace
from supervise import Skip, Suite, mode, need, read, same, write_file

suite = Suite("svctl")
test = suite.test

TOP = os.path.abspath(HERE + "/../..")
COMPLETIONS = os.path.abspath(BIN + "/../completions")


def svctl(t, *arguments, code=0, cwd=None, **environment):
    environment = dict(os.environ, **{"SVDIR": t.dir + "/services", "SVCTL_INITDIR": t.dir + "/init.d", **environment})
    for directory in ("services", "init.d"):
        os.makedirs(f"{t.dir}/{directory}", exist_ok=True)
    done = subprocess.run([os.fsencode(a) for a in (f"{BIN}/svctl", *arguments)], env=environment,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False,
                          cwd=cwd or t.dir)
    done.stdout, done.stderr = os.fsdecode(done.stdout), os.fsdecode(done.stderr)
    same(done.returncode, code, f"exit code of svctl {arguments}: {done.stdout}{done.stderr}")
    return done


# new

def shells():
    """Those of this machine that are sh somewhere."""
    found = [["dash"], ["bash", "--posix"]]
    busybox = os.path.abspath(BIN + "/../busybox")
    if os.path.exists(busybox):
        found.append([busybox, "sh"])
    return [shell for shell in found if shutil.which(shell[0])]


@test()
def new_quotes(t):
    """new: a command of any bytes arrives as it was given, in each shell"""
    show = t.dir + "/show"
    write_file(show, f"#!{sys.executable} -IS\nimport sys, os\n"
               "sys.stdout.write(repr([os.fsencode(a) for a in sys.argv[1:]]))\n", 0o755)
    every = [os.fsdecode(bytes([byte])) for byte in range(1, 256)]
    words = (every + ["".join(every), "", " ", "-f", "--", "it's", "''", "$HOME", "`x`", "$(x)", "\\", "\\n", "a=b",
                      "~", "*", "?", "[a]", "{a,b}", "!", "#", "&", "|", ";", "<", ">", "\n\n", "\r\n", "a'b\"c"])
    svctl(t, "new", "web", "--", show, *words)
    wanted = repr([os.fsencode(word) for word in words])
    for shell in shells():
        for locale in ("C", "C.UTF-8"):
            done = subprocess.run([*shell, t.dir + "/init.d/web/run"], capture_output=True, text=True, check=False,
                                  env=dict(os.environ, LC_ALL=locale))
            same(done.stdout, wanted, f"what {shell} in {locale} makes of it; {done.stderr}")


@test()
def new_makes(t):
    """new: run and log/run, executable; a relative command by its full path; hints, JSON"""
    done = svctl(t, "new", "a b", "--", "./web", "-x")
    need("svctl enable 'a b'" in done.stdout, done.stdout)
    run, log = t.dir + "/init.d/a b/run", t.dir + "/init.d/a b/log/run"
    for script in (run, log):
        same(mode(script) & 0o111, 0o111, "executable")
        same(subprocess.run(["sh", "-n", script], check=False).returncode, 0, "syntax")
    same(read(run).splitlines()[-1], f"exec {t.dir}/web -x", "the command")
    same(read(log).splitlines()[-1], "exec svlogd -tt '/var/log/a b'", "the logger")
    os.mkdir(t.dir + "/here")
    same(json.loads(svctl(t, "new", "--json", "here/web", "--", "true").stdout),
         {"service": "web", "directory": "here/web"}, "JSON")
    need(os.path.exists(t.dir + "/here/web/run"), "where the path says")
    write_file(t.dir + "/svlogd", "#!/bin/sh\n", 0o755)
    same(svctl(t, "check", "here/web/", PATH=t.dir + ":" + os.environ["PATH"]).stdout, "here/web/: ok\n",
         "what it makes is fit")


def as_printed(t, told):
    """Runs the commands that new prints, as they are printed."""
    write_file(t.dir + "/svlogd", "#!/bin/sh\n", 0o755)
    environment = dict(os.environ, SVDIR=t.dir + "/services", SVCTL_INITDIR=t.dir + "/init.d",
                       PATH=f"{BIN}:{t.dir}:{os.environ['PATH']}")
    for command in told.rstrip("\n").split(", then: ", 1)[1].split(", svctl "):
        command = command if command.startswith("svctl ") else "svctl " + command
        done = subprocess.run(["sh", "-c", command], env=environment, cwd=t.dir, capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        same(done.returncode, 0, f"exit code of {command}: {done.stdout}{done.stderr}")


@test()
def new_where_a_path_says(t):
    """new: what ends with / is a path too; the commands that are printed do as they are"""
    for name, where in (("web", "init.d/web"), ("my web", "init.d/my web"), ("end/", "end"), ("ends//", "ends"),
                        ("./dot", "dot"), ("init.d/plain", "init.d/plain"), ("./-odd", "-odd"),
                        ("-dash/", "-dash"), (f"{t.dir}/full", "full")):
        told = svctl(t, "new", "--", name, "true").stdout
        need(os.path.exists(f"{t.dir}/{where}/run"), f"{name}: no {where}; {told}")
        as_printed(t, told)
    same(sorted(os.listdir(t.dir + "/services")), ["my web", "web"], "what was enabled")
    same(sorted(os.listdir(t.dir + "/init.d")), ["my web", "plain", "web"], "INITDIR")


@test()
def new_refuses(t):
    """new: what is there stays; names and commands that cannot be; nothing half is left"""
    os.makedirs(t.dir + "/init.d/empty")
    write_file(t.dir + "/init.d/file", "kept")
    os.symlink("nowhere", t.dir + "/init.d/link")
    svctl(t, "new", "web", "--", "true")
    before = read(t.dir + "/init.d/web/run")
    for name in ("web", "empty", "file", "link"):
        need("is there already" in svctl(t, "new", name, "--", "false", code=1).stderr, name)
    same(read(t.dir + "/init.d/web/run"), before, "web")
    same(read(t.dir + "/init.d/file"), "kept", "file")
    same(os.listdir(t.dir + "/init.d/empty"), [], "empty")
    same(sorted(os.listdir(t.dir + "/init.d")), ["empty", "file", "link", "web"], "nothing else")
    for arguments in ([], ["x"], ["x", "--"], ["x", "--", ""], ["x", "--", "-x"], [".x", "--", "y"],
                      ["x" * 5000, "--", "y"], ["a\nb", "--", "y"], ["x" * 255, "--", "y"], ["", "--", "y"]):
        need("usage: svctl new" in svctl(t, "new", *arguments, code=100).stderr, f"{arguments}")
    svctl(t, "new", "no/where/x", "--", "y", code=1)


@test()
def new_beside_the_root(t):
    """new: at the root, with slashes behind it, with a name that needs many quotes"""
    with machine() as ns:
        ns.wait_output("UP")
        same(ns.run("/pidone/svctl", "new", "/web//", "--", "true"),
             "/web: made; see its run and log/run, then: svctl check /web\n", "at the root")
        same(ns.read("/web/run").splitlines()[-1], "exec true", "its run")
        same(ns.run("/pidone/svctl", "new", "/web", "--", "true"),
             "svctl: /web: /web is there already: choose another name, or move it away\n", "once more")
    quotes = "'" * 200
    where = "/".join([quotes] * 15)
    os.makedirs(f"{t.dir}/{where}")
    told = svctl(t, "new", f"{where}/web", "--", "true").stdout
    same(told, f"{where}/web: made; see its run and log/run, then: svctl check './" +
         where.replace("'", "'\\''") + "/web'\n", "what is told")
    as_printed(t, told)


@test()
def new_on_a_full_disk(t):
    """new: a disk that is full at any moment: said, and nothing half is left"""
    steps = []
    for files in range(1, 9):
        where = t.mount(f"nr_inodes={files}")
        done = subprocess.run([f"{BIN}/svctl", "new", f"{where}/web", "--", "true"], capture_output=True, text=True,
                              check=False)
        if done.returncode == 0:
            break
        same((done.returncode, os.listdir(where)), (1, []), f"with {files}: {done.stderr}")
        steps.append(re.fullmatch(rf"svctl: {where}/web: {where}: cannot (.*): out of disk space\n", done.stderr)[1])
    same(steps, ["make a directory", "write the scripts", "make the directory log", "write the scripts"], "steps")
    same(sorted(os.listdir(where + "/web")), ["log", "run"], "when there is room")


def failing(*inject):
    """What has calls fail in what is run by it."""
    return [strace(), "-o", "/dev/null", *(word for one in inject for word in ("-e", f"inject={one}"))]


@test()
def new_where_rename_replaces(t):
    """new: on a file system that knows no RENAME_NOREPLACE nothing is replaced either"""
    os.makedirs(t.dir + "/init.d/empty")
    def new(name, code):
        done = subprocess.run([*failing("renameat2:error=EINVAL"), f"{BIN}/svctl", "new", name, "--", "true"],
                              env=dict(os.environ, SVCTL_INITDIR=t.dir + "/init.d"), capture_output=True, text=True,
                              check=False)
        same(done.returncode, code, f"new {name}: {done.stderr}")
        return done
    new("web", 0)
    same(sorted(os.listdir(t.dir + "/init.d/web")), ["log", "run"], "web")
    need("is there already" in new("empty", 1).stderr, "empty")
    same((os.listdir(t.dir + "/init.d/empty"), sorted(os.listdir(t.dir + "/init.d"))), ([], ["empty", "web"]),
         "nothing else")


# enable, disable: what others' directories keep from being done

@test()
def enable_is_refused(t):
    """enable, disable: why a link cannot be made or removed, a line each"""
    def refused(verb, name, why, **environment):
        done = svctl(t, verb, name, code=1, **environment)
        need(why in done.stderr and done.stderr.count("\n") == 1, (verb, name, done.stderr))
    read_only = t.mount("size=64k")
    for name in ("web", "more"):
        os.makedirs(f"{t.dir}/init.d/{name}")
        write_file(f"{t.dir}/init.d/{name}/run", "#!/bin/sh\nexec sleep 1000\n", 0o755)
    os.symlink(f"{t.dir}/init.d/web", read_only + "/web")
    subprocess.run(["mount", "-o", "remount,ro", read_only], check=True)
    refused("enable", "more", "cannot be made: read-only file system", SVDIR=read_only)
    refused("disable", "web", "cannot be removed: read-only file system", SVDIR=read_only)
    # it is in SVDIR; in INITDIR, which is not there, or another, it is not, or is something else
    os.mkdir(f"{t.dir}/services/web")
    os.mkdir(f"{t.dir}/other")
    refused("enable", "web", "cannot be found: file does not exist", SVCTL_INITDIR=t.dir + "/none")
    refused("enable", "web", "cannot be used: file does not exist", SVCTL_INITDIR=t.dir + "/other")
    write_file(f"{t.dir}/other/web")
    refused("enable", "web", "is no service directory", SVCTL_INITDIR=t.dir + "/other")
    need("no such verb: xyzzyplugh" in svctl(t, "xyzzyplugh", code=100).stderr, "a word like no other")


# check

def problems(t, *names, code):
    """(file, problem) of each service."""
    return {s["service"]: [(p["file"], p["problem"]) for p in s["problems"]]
            for s in json.loads(svctl(t, "check", "--json", *names, code=code).stdout)}


def found(problems_of_one, file, *words):
    need(any(f == file and all(w in p for w in words) for f, p in problems_of_one),
         f"{file}: {words}; there is {problems_of_one}")


def make(t, name, **files):
    """A service; FILES: content, executable if it begins with #!; _ is /."""
    for file, content in {"run": "#!/bin/sh\n", **files}.items():
        path = f"{t.dir}/init.d/{name}/{file.replace('__', '/').replace('_', '-')}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if content is not None:
            write_file(path, content, 0o755 if content[:2] == "#!" else 0o644)


@test()
def check_scripts(t):
    """check: scripts that are missing, not executable, or without an interpreter"""
    make(t, "good", finish="#!/usr/bin/env sh\n", control__t="#!/bin/sh\n", log__run="#!/bin/sh\n")
    make(t, "none", run=None)
    os.makedirs(t.dir + "/init.d/none", exist_ok=True)
    make(t, "mode", run="#!/bin/sh\n", check="#!/bin/sh\n", control__d="#!/bin/sh\n")
    for script in ("run", "check", "control/d"):
        os.chmod(f"{t.dir}/init.d/mode/{script}", 0o644)
    make(t, "shell", run="#!/no/such/shell\n", finish="#!/usr/bin/env no-such-program\n", check="#!sh\n")
    make(t, "odd", run="#!/bin/sh\r\n", finish="#!\n", check="#!/bin/" + "x" * 300 + "\n", control__x="#!/bin/sh\n",
         control__z="#!/bin/sh\n", log="no directory")
    make(t, "bare", run="exec true\n", finish="", log__finish="")
    os.chmod(t.dir + "/init.d/bare/run", 0o755)
    os.makedirs(t.dir + "/init.d/dir/run")
    make(t, "dangling", run=None)
    os.makedirs(t.dir + "/init.d/dangling", exist_ok=True)
    os.symlink("nowhere", t.dir + "/init.d/dangling/run")
    make(t, "program", run="#!/bin/sh\nexec 2>&1\nexec nosuch-program -f\n", finish="#!/bin/sh\nexec /no/program\n",
         check="#!/bin/sh\nPATH=/opt/bin:$PATH exec nosuch-program\n", log__run="#!/bin/sh\nexec cat >/dev/null\n")
    p = problems(t, code=8)
    found(p["program"], "run", "nosuch-program", "PATH")
    found(p["program"], "finish", "/no/program")
    same(len(p["program"]), 2, f"of program: {p['program']}")
    same(p["good"], [], "good")
    found(p["none"], "run", "not there")
    for script in ("run", "check", "control/d"):
        found(p["mode"], script, "not executable")
    found(p["shell"], "run", "/no/such/shell", "does not exist")
    found(p["shell"], "finish", "no-such-program", "PATH")
    found(p["shell"], "check", "full path")
    found(p["odd"], "run", "DOS")
    found(p["odd"], "finish", "names no interpreter")
    found(p["odd"], "check", "longer")
    found(p["odd"], "control/z", "never executed")
    found(p["odd"], "log", "no directory")
    need(not any(f == "control/x" for f, _ in p["odd"]), "control/x is good")
    found(p["bare"], "run", "#!/bin/sh")
    found(p["bare"], "finish", "empty")
    found(p["bare"], "log/run", "not there")
    found(p["dir"], "run", "no file")
    found(p["dangling"], "run", "link to nothing")


@test()
def check_for_people(t):
    """check: a line for each problem, with its file; a program is no script; what cannot be read"""
    make(t, "web", run="#!/bin/sh\r\n", finish="")
    make(t, "program", run=None, **{"control__t~": "", "control__#t#": ""})
    os.symlink("/bin/true", t.dir + "/init.d/program/run")
    make(t, "lone")
    os.symlink("nowhere", t.dir + "/init.d/lone/log")
    os.makedirs(t.dir + "/services")
    os.symlink("../init.d/wbe", t.dir + "/services/wrong")
    done = svctl(t, "check", code=3)
    same((done.stdout, done.stderr), (
        "wrong: is a link to ../init.d/wbe: file does not exist; is it web?\n"
        "lone: log: is a link to nothing\n"
        "program: ok\n"
        'web: run: has DOS line ends: there is no interpreter "/bin/sh\\r"\n'
        "web: finish: is not executable: chmod +x\n"
        "web: finish: is empty\n", ""), "what it says")
    same(svctl(t, "check", "program", SVDIR="/nonexistent").stdout, "program: ok\n", "without SVDIR")
    need(svctl(t, "check", code=2, SVDIR="/nonexistent").stdout.startswith("lone: log: "), "all, without SVDIR")
    if os.geteuid() != 0 or read("/proc/self/uid_map").split() != ["0", "0", "4294967295"]:
        raise Skip("only root can become somebody else")
    os.chmod(t.dir + "/init.d/lone/run", 0o711)
    done = subprocess.run([f"{BIN}/svctl", "check", t.dir + "/init.d/lone"], user=4243, group=4243, extra_groups=[],
                          capture_output=True, text=True, check=False)
    same(done.stdout, f"{t.dir}/init.d/lone: run: access denied\n{t.dir}/init.d/lone: log: is a link to nothing\n",
         "what cannot be read")


@test()
def check_files(t):
    """check: values that would not be used, names that look like misspelt ones"""
    make(t, "web", notification_fd="3\n", timeout_kill="5s\n", down_signal="TREM", notificaton_fd="3", dwon="",
         conf="x", readme="x", timeout_up="1", max_death_tally="61", log__run="#!/bin/sh\n", log__timeout_kill="x")
    write_file(t.dir + "/init.d/web/run~", "")
    p = problems(t, "web", code=1)["web"]
    found(p, "timeout-kill", "5s", "milliseconds")
    found(p, "down-signal", "TREM", "a signal")
    found(p, "max-death-tally", "61", "60 at most")
    found(p, "notificaton-fd", "notification-fd")
    found(p, "dwon", "down")
    found(p, "timeout-up", "s6")
    found(p, "log/timeout-kill", "milliseconds")
    same({f for f, _ in p}, {"timeout-kill", "down-signal", "max-death-tally", "notificaton-fd", "dwon",
                             "timeout-up", "log/timeout-kill"}, "nothing else")


@test()
def check_others(t):
    """check: services that scripts start and that are not there; links to nothing"""
    make(t, "here")
    make(t, "off")
    os.makedirs(t.dir + "/services")
    os.symlink("../init.d/here", t.dir + "/services/here")
    os.symlink("../init.d/hree", t.dir + "/services/wrong")
    make(t, "web", run=f"#!/bin/sh\nsv -w 5 up here >/dev/null || exit 1\nsvctl start off nosuch /no/where {t.dir}/init.d/here\n"
         "sv up $OTHER\n# sv up comment\nsv down gone\n")
    p = problems(t, code=2)
    same([f for f, _ in p["web"]], ["run"] * 3, f"of web: {p['web']}")
    found(p["web"], "run", "off", "svctl enable off")
    found(p["web"], "run", "nosuch", "no such service")
    found(p["web"], "run", "/no/where", "no such service")
    found(p["wrong"], "", "link to ../init.d/hree", "is it here?")
    same(problems(t, "wrong", code=1)["wrong"], p["wrong"], "the link by its name")
    done = svctl(t, "check", "here", "nosuch", code=1)
    same(done.stdout, "here: ok\n", "of the one that is there")
    need("no such service" in done.stderr, done.stderr)


# completions

CASES = (
    ("svctl rest", {"restart"}), ("svctl st", {"start", "stop", "status"}),
    ("svctl stop we", {"web", "webster"}), ("svctl log -n 5 we", {"web", "webster"}),
    ("svctl list --js", {"--json"}), ("svctl wait re", {"ready"}), ("svctl wait ready webs", {"webster"}),
    ("svctl kill US", {"USR1", "USR2"}), ("svctl enable of", {"off"}), ("svctl stop of", set()),
)


def with_services(t):
    for name in ("services/web", "services/webster", "services/db", "init.d/off"):
        os.makedirs(f"{t.dir}/{name}")
    return dict(os.environ, SVDIR=t.dir + "/services", SVCTL_INITDIR=t.dir + "/init.d", TERM="dumb", HOME=t.dir,
                PATH=BIN + ":" + os.environ["PATH"])


def need_shell(name):
    if not shutil.which(name):
        raise Skip(f"no {name}")
    need(os.path.exists(f"{COMPLETIONS}/svctl.{name}"), f"{COMPLETIONS}/svctl.{name} is made")


@test()
def completion_bash(t):
    """the completions of bash: verbs, options, names of services, also odd ones"""
    need_shell("bash")
    environment = with_services(t)
    os.mkdir(t.dir + "/services/odd one$x'")
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              'complete -p svctl >/dev/null; _svctl; printf "%s\\n" "${COMPREPLY[@]}"')
    def complete(line):
        words = line.split(" ")
        done = subprocess.run(["bash", "--norc", "-u", "-c", script, "bash", COMPLETIONS + "/svctl.bash", *words],
                              env=environment, capture_output=True, text=True, check=False)
        same(done.stderr, "", f"errors for {line!r}")
        return set(filter(None, done.stdout.split("\n")))
    for line, wanted in CASES:
        same(complete(line), wanted, line)
    quoted = complete("svctl why od")
    same(subprocess.run(["bash", "-c", f"printf %s {quoted.pop()}"], capture_output=True, text=True,
                        check=False).stdout, "odd one$x'", "a name that has to be quoted")


@test()
def completion_fish(t):
    """the completions of fish: verbs, options, names of services"""
    need_shell("fish")
    environment = with_services(t)
    for line, wanted in CASES:
        done = subprocess.run(["fish", "--no-config", "-c", f"source {COMPLETIONS}/svctl.fish; complete -C '{line}'"],
                              env=environment, capture_output=True, text=True, check=False)
        got = {text.split("\t")[0] for text in done.stdout.splitlines()}
        same(done.stderr, "", f"errors for {line!r}")
        need(got >= wanted and (wanted or not got & {"off"}), f"{line}: {got}")


@test()
def completion_zsh(t):
    """the completions of zsh: verbs, options, names of services, on a terminal"""
    need_shell("zsh")
    environment = with_services(t)
    os.mkdir(t.dir + "/functions")
    shutil.copy(COMPLETIONS + "/svctl.zsh", t.dir + "/functions/_svctl")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], environment)
    seen = ""
    def wait(text):
        nonlocal seen
        deadline = time.monotonic() + SECONDS
        while text not in seen:
            need(time.monotonic() < deadline, f"{text!r} on the terminal: {seen!r}")
            if select.select([terminal], [], [], 0.1)[0]:
                seen += os.read(terminal, 4096).decode(errors="replace")
        seen = seen[seen.index(text) + len(text):]
    def type_in(text):
        os.write(terminal, text.encode())
    try:
        type_in(f"PS1=ready'>'; fpath=({t.dir}/functions $fpath); autoload -U compinit; compinit -u -D\n")
        wait("ready>")
        for begin, rest in (("rest", "restart"), ("list --js", "list --json"), ("stop webs", "stop webster"),
                            ("wait re", "wait ready"), ("enable of", "enable off"), ("log -n 5 d", "log -n 5 db")):
            # the line as it is then is printed
            type_in(f"svctl {begin}\t\x01print -r -- \"got=\x05\"\n")
            wait(f"\ngot=svctl {rest}\r")
            wait("ready>")
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


# agreement

def agree(t, page=None, sv_page=None, program=None):
    return subprocess.run([TOP + "/svctl/agree", program or BIN + "/svctl", page or TOP + "/man/svctl.1",
                           sv_page or TOP + "/man/sv.8"] + [f"{COMPLETIONS}/svctl.{s}" for s in ("bash", "zsh", "fish")],
                          cwd=TOP, capture_output=True, text=True, check=False)


@test()
def agreement(t):
    """svctl/agree, which make runs: passes as it is; fails for each of table, help, pages, completions"""
    same((agree(t).returncode, agree(t).stderr), (0, ""), "as it is")
    page, sv_page = read(TOP + "/man/svctl.1"), read(TOP + "/man/sv.8")
    changed = t.dir + "/page"
    def refused(what, *words, **how):
        done = agree(t, **how)
        need(done.returncode == 1 and all(w in done.stderr for w in words), f"{what}: {done.returncode} {done.stderr}")
    for what, old, new, words in (
            ("a verb without an entry", r"\.It Cm tree .*\n", "", ["tree"]),
            ("an entry without a verb", r"(\.It Cm tree )", r".It Cm frob\n\1", ["frob"]),
            ("an option without mention", r"(\.It Cm log )Oo Fl f Oc ", r"\1", ["log", "f"]),
            ("an option that is none", r"(\.It Cm metrics)", r"\1 Oo Fl q Oc", ["metrics", "q"]),
            ("another order", r"(\.It Cm tree .*\n)((?:.*\n)*?)(\.It Cm metrics .*\n)", r"\3\2\1", ["metrics"])):
        text, times = re.subn(old, new, page, count=1)
        need(times == 1 and text != page, what)
        write_file(changed, text)
        refused(what, *words, page=changed)
    write_file(changed, sv_page.replace(".It Cm try-restart\n", ""))
    refused("a word without an entry", "try-restart", sv_page=changed)
    # a table that has grown, or whose help says other things, as the program would show it
    def wrapper(script):
        write_file(t.dir + "/svctl", f"#!/bin/sh\n{script}\n", 0o755)
        return t.dir + "/svctl"
    refused("a new verb", "frob", "does not know", program=wrapper(
        f'if [ "$1" = --help ]; then "{BIN}/svctl" --help | sed "s/^  tree .*/&\\n  frob            x/"\n'
        f'elif [ "$1" = frob ]; then "{BIN}/svctl" tree --help | sed "s/tree/frob/g"\nelse exec "{BIN}/svctl" "$@"; fi'))
    refused("a new option", "--frob", "does not know", program=wrapper(
        f'"{BIN}/svctl" "$@" | sed "s/^  --json .*/&\\n  --frob          x/"'))
    refused("an example of another", "example", program=wrapper(f'"{BIN}/svctl" "$@" | sed "s/^  svctl tree web/  svctl/"'))


@test()
def help_of_each(t):
    """each verb has a help with usage and an example, and refuses what it does not take"""
    verbs = re.findall(r"(?m)^  ([a-z]+) ", svctl(t, "--help").stdout.split("svctl VERB --help")[0])
    need(len(verbs) > 20, f"verbs: {verbs}")
    need(all(len(line) <= 80 for line in svctl(t, "--help").stdout.splitlines()), "80 columns")
    for verb in verbs:
        text = svctl(t, verb, "--help").stdout
        need(all(len(line) <= 80 for line in text.splitlines()), f"80 columns: {text}")
        need(text.startswith(f"svctl {verb}: ") and f"usage: svctl {verb}" in text and f"\n  svctl {verb}" in text, text)
        done = svctl(t, verb, "--frob", code=100)
        need("no such option" in done.stderr, done.stderr)


# poweroff, reboot, halt

def machine(program="/pidone/init"):
    return Namespace(program, {"/etc/inittab": "::sysinit:/bin/echo UP\n", "/etc/hostname": "x\n"})


@test()
def power(t):
    """poweroff, reboot, halt: in a container they ask, -y is the answer, and it ends so"""
    for verb, status in (("poweroff", -INT), ("halt", -INT), ("reboot", -1)):
        with machine() as ns:
            ns.wait_output("UP")
            said = ns.run("/pidone/svctl", verb)
            need("container" in said and "-y" in said, said)
            need(ns.process.poll() is None, "it lives on")
            same(ns.run("/pidone/svctl", verb, "-y"), "", "what it says")
            same(ns.wait_end(), status, f"how process 1 ended after {verb}: {ns.output()}")


@test()
def power_asks(t):
    """poweroff in a container asks on a terminal: all but y is a no"""
    with machine() as ns:
        ns.wait_output("UP")
        for answer, ends in (("n\n", False), ("\n", False), ("maybe\n", False), ("y\n", True)):
            pid, terminal = pty.fork()
            if pid == 0:
                os.execvp("nsenter", ["nsenter", "--target", str(ns.init), "--mount", "--pid", "--root", "--wd",
                                      "/pidone/svctl", "poweroff"])
            seen = ""
            while "[y/N]" not in seen:
                need(select.select([terminal], [], [], SECONDS)[0], f"a question: {seen!r}")
                seen += os.read(terminal, 4096).decode()
            need("container" in seen, seen)
            os.write(terminal, answer.encode())
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.close(terminal)
            if ends:
                same(ns.wait_end(), -INT, "how it ended")
            else:
                same((code, ns.process.poll()), (1, None), f"after {answer!r}")


@test()
def power_by_force(t):
    """poweroff -f: the kernel is told, and process 1 has no say"""
    with machine() as ns:
        ns.wait_output("UP")
        ns.run("/pidone/svctl", "poweroff", "-f", "-y")
        same(ns.wait_end(), -INT, "how it ended")
        need("SIGUSR2" not in ns.output() and "term" not in ns.output(), ns.output())


@test()
def power_of_the_machine(t):
    """poweroff: where PID 1 has another root directory it asks, as it is the whole machine's; only root may"""
    with machine() as ns:
        ns.wait_output("UP")
        # as /proc has it of a machine's PID 1 in a chroot(2): there is no number of a namespace in it
        said = ns.run("unshare", "--mount", "--propagation", "unchanged", "sh", "-c", "mount -t tmpfs proc /proc && mkdir -p /proc/1 && "
                      "echo init >/proc/1/comm && ln -s /pidone/init /proc/1/exe && ln -s \"$1\" /proc/1/root && "
                      "exec /pidone/svctl poweroff", "sh", "/tmp")
        same(said, "svctl: poweroff: PID 1 has another root directory: it is the whole machine that ends; "
             "-y, if that is meant\n", "another root")
        for words in (["poweroff"], ["reboot", "-y"], ["halt", "-f", "-y"]):
            same(ns.run("setpriv", "--reuid", "4243", "--clear-groups", "/pidone/svctl", *words),
                 f"svctl: {words[0]}: permission denied: root may\n", f"somebody's {words}")
        same(ns.run("setpriv", "--bounding-set=-sys_boot", "--inh-caps=-sys_boot", "/pidone/svctl", "halt", "-f", "-y"),
             "svctl: halt: permission denied: root may\n", "root without CAP_SYS_BOOT")
        need(ns.process.poll() is None, "it lives on")


@test()
def power_of_others(t):
    """poweroff: a process 1 that is no init is named and not told"""
    with Namespace("/pidone/runsvdir", {"/svc/x/run": "#!/bin/sh\nexec sleep 1000\n"}, ["/svc"]) as ns:
        for verb in ("poweroff", "reboot", "halt"):
            said = ns.run("/pidone/svctl", verb, "-y")
            need("PID 1 is runsvdir" in said, said)
        need(ns.process.poll() is None, "it lives on")
    done = svctl(t, "poweroff", "now", code=100)
    need("takes no names" in done.stderr, done.stderr)


if __name__ == "__main__":
    suite.main()

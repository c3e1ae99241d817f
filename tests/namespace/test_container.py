#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""init as the first process of a container that runc makes, which is what docker
and others run: with the capabilities, the mounts and the descriptors that those
give, not with those of a namespace that we have made ourselves."""
import json
import os
import signal
import subprocess

from harness import SECONDS, Namespace, Skip, run_tests, wait_until

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../peers")
SHOWN = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
INIT = "/pidone/init"
INITTAB = "::respawn:/pidone/runsvdir /service\ntty1::respawn:/sbin/getty tty1\n"
SERVICE = "#!/bin/sh\nexec sleep 1001\n"


def runc():
    done = subprocess.run([PEERS, "runc"], capture_output=True, text=True, check=False)
    program = os.path.join(done.stdout.strip(), "usr/sbin/runc")
    if done.returncode or subprocess.run([program, "--version"], capture_output=True, check=False).returncode:
        raise Skip("Debian's runc cannot be had")
    if os.geteuid() != 0:
        raise Skip("runc needs root")
    return program


class Container(Namespace):
    """INIT in a container, with runc's standard specification but for the
    program and a root file system in which it may write."""

    def __init__(self, files):
        self.runc = runc()
        super().__init__(INIT, files)
        self.name = os.path.basename(self.top)

    def command(self, program=INIT):
        subprocess.run([self.runc, "spec", "--bundle", self.top], check=True)
        path = os.path.join(self.top, "config.json")
        with open(path) as file:
            spec = json.load(file)
        spec["process"].update(args=[program], terminal=False)
        spec["root"].update(path=self.root, readonly=False)
        spec["mounts"] += [{"destination": shown, "source": shown, "type": "bind", "options": ["rbind", "ro"]}
                           for shown in SHOWN if os.path.isdir(self.root + shown) and
                           not os.path.islink(self.root + shown)]
        with open(path, "w") as file:
            json.dump(spec, file)
        return self.words("run", "--bundle", self.top, self.name)

    def require(self):
        subprocess.run(self.words("delete", "--force", self.name), capture_output=True, check=False)
        os.unlink(os.path.join(self.top, "config.json"))    # runc writes over none
        done = subprocess.run(self.command("/bin/true"), capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            raise Skip("runc cannot run anything here: " + done.stderr.strip())

    def words(self, *words):
        return [self.runc, "--root", os.path.join(self.top, "state"), *words]

    def find_init(self):
        done = subprocess.run(self.words("state", self.name), capture_output=True, text=True, check=False)
        state = json.loads(done.stdout) if done.returncode == 0 else {}
        return state["pid"] if state.get("status") == "running" else None

    def __exit__(self, *_):
        subprocess.run(self.words("delete", "--force", self.name), capture_output=True, check=False)
        super().__exit__()

    def run(self, *words):
        done = subprocess.run(self.words("exec", self.name, *words), capture_output=True, text=True, check=False,
                              timeout=SECONDS)
        return done.stdout + done.stderr


def container():
    return Container({"/etc/inittab": INITTAB, "/service/idle/run": SERVICE})


def serves(ns):
    wait_until("the service runs", lambda: "run: /service/idle" in ns.run("/pidone/sv", "status", "/service/idle"))


def it_boots_without_a_failure_and_says_each_step_once():
    with container() as ns:
        ns.wait_output("/dev/tty1: no such terminal")
        serves(ns)
        steps = [line.split(": ")[2] for line in ns.output().splitlines() if line.startswith("init: boot: ")]
        assert steps and len(set(steps)) == len(steps), ns.output()
        assert "failed" not in ns.output(), ns.output()
        assert ns.output().count("no such terminal") == 1, ns.output()


def it_reaps_who_is_left_by_runc_exec():
    with container() as ns:
        serves(ns)
        ns.run("sh", "-c", "sleep 0.01 & exec sleep 0.05")
        ns.run("sh", "-c", "sleep 0.2 &")
        wait_until("nobody is left", lambda: not any("sleep 0." in command for _, command in ns.processes().values())
                   and ns.zombies() == 0)


def stop_takes_the_services_down_and_ends_the_container():
    with container() as ns:
        serves(ns)
        subprocess.run(ns.words("kill", ns.name, "TERM"), check=True)
        assert ns.wait_end() == 0, ns.output()
        state = ns.read("/service/idle/supervise/stat")
        assert state == "down\n", state


def killed_by_force_it_is_gone():
    with container() as ns:
        ns.wait_output("/dev/tty1: no such terminal")
        subprocess.run(ns.words("kill", ns.name, "KILL"), check=True)
        assert ns.wait_end() == 128 + signal.SIGKILL, ns.output()


if __name__ == "__main__":
    run_tests([it_boots_without_a_failure_and_says_each_step_once, it_reaps_who_is_left_by_runc_exec,
               stop_takes_the_services_down_and_ends_the_container, killed_by_force_it_is_gone])

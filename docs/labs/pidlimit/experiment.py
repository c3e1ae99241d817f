#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from laboratory import check, run, say
from computer import Computer, disk

# Numbers below 300 are given once, and never again when the count has come round.
LIMIT = 600

# Leaves orphans behind, each of which ends at once. It uses no program, as in
# the end none can be started. At its end it looks $1 times whether they are few.
LOAD = """#!/bin/sh
count() {
	zombies=0
	for stat in /proc/[0-9]*/stat; do
		read -r line <"$stat" || continue
		case $line in *') Z '*) zombies=$((zombies + 1)) ;; esac
	done
	while read -r name kib unit; do
		case $name in KernelStack:) stacks=$kib ;; esac
	done </proc/meminfo
}
number=0
count
before=$stacks
trap 'tries=$1
	while count && [ "$zombies" -ge 50 ] && [ "$tries" -gt 1 ]; do tries=$((tries - 1)); done
	echo "load: $number orphans, $zombies zombies, $((stacks - before)) KiB of stacks"' EXIT
while [ "$number" -lt 1000 ]; do
	(: &) || exit
	number=$((number + 1))
done
"""

# sleep is what many containers have as their process 1. It waits for no child.
SLEEP = """#!/bin/sh
mount -t proc proc /proc
echo %d >/proc/sys/kernel/pid_max
/sbin/load 1 &
exec sleep 36000
""" % LIMIT

OURS = """::sysinit:/bin/sh -c 'echo %d >/proc/sys/kernel/pid_max'
::once:/sbin/load 1000
""" % LIMIT


def result(computer):
    found = computer.shows(r"load: (\d+) orphans, (\d+) zombies, (-?\d+) KiB")
    return [int(group) for group in found.groups()]


def main():
    say("A machine that counts its processes up to %d, and whose process 1 is sleep. A shell leaves" % LIMIT)
    say("1000 orphans behind, one after the other:")
    with Computer("sleep", disk("sleep", lab=SLEEP, load=LOAD)) as computer:
        complaint = computer.shows(r"load: .*(can't fork.*?)\r").group(1)
        orphans, zombies, stacks = result(computer)
        say("    " + complaint)
        say("After %d orphans there are %d zombies. (With the kernel's own threads that is all there" % (
            orphans, zombies))
        say("is room for.) They hold %d KiB of kernel stacks, and no other memory of their own." % stacks)
        check("where process 1 does not reap, nothing can be started any more", orphans < LIMIT)
        check("what has filled the machine are zombies", zombies > LIMIT / 2)
        check("a zombie holds no kernel stack", stacks < 4 * zombies)

    say("The same machine with init as process 1:")
    copy = disk("init", load=LOAD)
    copy.write("/etc/inittab", OURS)
    with Computer("init", copy, "/sbin/init") as computer:
        orphans, zombies, _ = result(computer)
        say("%d orphans, and %d zombies at the end." % (orphans, zombies))
        check("where it does, the same machine goes on", orphans, 1000)
        check("and the zombies are few", zombies < 50)


run(main)

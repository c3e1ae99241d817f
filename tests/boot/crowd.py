# SPDX-License-Identifier: MIT
"""What starting many services takes, in a machine of their own: by a clock that counts
instructions, and with as many descriptors as they want."""

import os

from machine import BUILD, Counted
from tap import Failed

TOOLS = ("crowd", "floor", "idle")
TOOL = "bench/%s"
START_S = 300


class Crowded(Counted):
    """A machine with those tools in /root."""

    def __init__(self, case, name, disk):
        for tool in TOOLS:
            disk.put("/root/" + tool, os.path.join(BUILD, TOOL % tool), "0755")
        super().__init__(case, name, disk, kernel=True, memory="2G")

    def ready(self):
        """Somebody is logged in, and thousands of directories can be watched."""
        self.login()
        self.output("echo 100000 >/proc/sys/fs/inotify/max_user_watches")

    def each(self, supervisor, count):
        """Microseconds of the guest's for each of COUNT services, from the supervisor's
        start until the last runs. "/root/floor" is the least it can cost whoever does it."""
        took = self.output("mkdir -p /tmp/crowd && mount -t tmpfs -o nr_inodes=0,size=75%% crowd /tmp/crowd && "
                           "cp /root/idle /tmp/crowd && /root/crowd %d /tmp/crowd %s 2>&1 && "
                           "umount /tmp/crowd" % (count, supervisor), START_S)
        if not took.isdigit():
            raise Failed("%s with %d services: %s" % (supervisor, count, took))
        return int(took) / count

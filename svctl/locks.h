/* SPDX-License-Identifier: MIT */
/* Who holds a file's lock: a line of /proc/locks. Pure. */
#ifndef SVCTL_LOCKS_H
#define SVCTL_LOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lock {
	uint64_t major, minor, inode;
	pid_t holder;
};

/* Reads "1: FLOCK  ADVISORY  WRITE 71 08:01:1234 0 EOF" (proc(5)); false for what is
 * no flock(2) that somebody here holds. */
bool locks_parse(const char *line, struct lock *lock);

#endif

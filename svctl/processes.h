/* SPDX-License-Identifier: MIT */
/* All processes, read once, and which of them are a service's: its own process,
 * their descendants, and who is in a process group or session that it leads, with
 * their descendants. One that went away from all of these (a daemon that forked
 * twice and made a session of its own) cannot be known for it without cgroups. */
#ifndef SVCTL_PROCESSES_H
#define SVCTL_PROCESSES_H

#include "process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* No service's. */
#define PROCESSES_NOBODY SIZE_MAX

struct processes {
	struct process *list;	/* by pid */
	size_t *owner;		/* of each: the number of its service, or NOBODY */
	size_t count;
};

/* What some processes use together. */
struct usage {
	unsigned processes;
	uint64_t memory;	/* resident bytes; what they share counts for each */
	uint64_t cpu_ms;	/* with that of their children that have ended */
};

/* Reads /proc. False with errno; then there are none, and nothing to free. */
bool processes_read(struct processes *processes);

/* Finds the owner of each process: service number I is the process PIDS[I], 0 for
 * none. A service within a service is its own. */
void processes_assign(struct processes *processes, const pid_t *pids, size_t count);

/* Adds up what each service's processes use; USAGE has COUNT elements. */
void processes_add_up(const struct processes *processes, struct usage *usage, size_t count);

/* The process of that pid, or NULL. */
const struct process *processes_find(const struct processes *processes, pid_t pid);

/* A process's command line, its words apart by blanks, or its name in brackets
 * where it has none. Returns TEXT. */
const char *processes_command(const struct process *process, char *text, size_t size);

void processes_free(struct processes *processes);

#endif

/* SPDX-License-Identifier: MIT */
/* A line of /proc/PID/stat. Pure. */
#ifndef LIBSV_PROCESS_H
#define LIBSV_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCESS_NAME_BYTES = 16 };	/* TASK_COMM_LEN, NUL included */

struct process {
	pid_t pid, parent, group, session;
	char name[PROCESS_NAME_BYTES];
	char state;		/* R, S, D, T, Z... as in proc(5): its first thread's */
	bool terminal;		/* it has a controlling terminal */
	bool kernel;		/* a thread of the kernel */
	/* 0 if the line ends before them: */
	uint64_t ticks;		/* of CPU time, its children's that it has reaped too */
	uint64_t threads;	/* that go on; the first counts until somebody has waited for it */
	uint64_t start;		/* in ticks since boot */
	uint64_t pages;		/* resident in memory */
};

/* Takes LINE, the text of /proc/PID/stat; false if it is none. A name may hold
 * blanks, parentheses and line ends. */
bool process_parse(const char *line, struct process *process);

/* Has it ended? One whose first thread has, while others go on, is shown as a zombie,
 * but not with a single thread (fs/proc/array.c, do_task_stat): it gets signals, and
 * nobody can wait for it yet (kernel/exit.c, delay_group_leader). */
bool process_has_ended(const struct process *process);

/* Is it one that runs (no thread of the kernel, and not ended)? */
bool process_is_alive(const struct process *process);

#endif

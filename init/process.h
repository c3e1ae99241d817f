/* SPDX-License-Identifier: MIT */
/* A line of /proc/PID/stat. Pure. */
#ifndef INIT_PROCESS_H
#define INIT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

enum { PROCESS_NAME_BYTES = 16 };	/* TASK_COMM_LEN, NUL included */

struct process {
	pid_t pid, parent;
	char name[PROCESS_NAME_BYTES];
	char state;		/* R, S, D, T, Z... as in proc(5) */
	bool terminal;		/* it has a controlling terminal */
	bool kernel;		/* a thread of the kernel */
};

/* Takes LINE, the text of /proc/PID/stat; false if it is none. A name may hold
 * blanks, parentheses and line ends. */
bool process_parse(const char *line, struct process *process);

/* Is it one that runs (no thread of the kernel, and not ended)? */
bool process_is_alive(const struct process *process);

#endif

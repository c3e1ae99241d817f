/* SPDX-License-Identifier: MIT */
/* All processes but ours: signalling them at the end, and seeing who is left. */
#ifndef INIT_EVERYBODY_H
#define INIT_EVERYBODY_H

#include "process.h"

#include <stdbool.h>
#include <sys/types.h>

/* Looks at process PID; false if it is not there. */
bool everybody_look(pid_t pid, struct process *process);

/* Calls VISIT with each process that is alive, but for process 1 and the
 * caller, until it returns false. Nothing if there is no /proc. */
void everybody_visit(bool (*visit)(const struct process *process, void *argument),
	void *argument);

/* Sends TERM, CONT, and HUP if it has a controlling terminal: an interactive
 * shell heeds no TERM (POSIX sh, Asynchronous Events), but it does a hangup. */
void everybody_ask(pid_t pid);

/* Does that to everybody that we may signal, or sends KILL: from a child, since
 * looking at or killing a process in uninterruptible sleep can take its time.
 * Root's processes whose argv[0] begins with @ are spared: file systems depend
 * on them (systemd's ROOT_STORAGE_DAEMONS). One whose first thread has ended is not:
 * it shows no command line any more (fs/proc/base.c, get_task_cmdline). Returns the
 * child; 0 if none could be made and it is done already. */
pid_t everybody_end(bool killing);

/* True if somebody is left who is not spared. */
bool everybody_is_left(void);

/* True if there are spared ones, and nobody else is left. */
bool everybody_is_spared(void);

#endif

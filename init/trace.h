/* SPDX-License-Identifier: MIT */
/* For who wants to see what process 1 does: each event that it gets and each action
 * that it takes, a line each in the kernel log. life->trace switches it on; without it
 * these functions do nothing. */
#ifndef INIT_TRACE_H
#define INIT_TRACE_H

#include "lifecycle.h"

#include <signal.h>

/* A signal was taken. */
void trace_signal(const struct lifecycle *life, const siginfo_t *info);

/* Child PID was reaped, with STATUS as from wait(2); LIFE is not told yet. */
void trace_child(const struct lifecycle *life, pid_t pid, int status);

/* What lifecycle_next has said: ACTION, and perhaps another phase. */
void trace_turn(const struct lifecycle *life, const struct lifecycle_action *action);

/* The process of the entry in SLOT was made. */
void trace_spawned(const struct lifecycle *life, int slot);

#endif

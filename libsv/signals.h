/* SPDX-License-Identifier: MIT */
/* Signals: blocked in our processes and taken synchronously; as they were born
 * in our children. */
#ifndef LIBSV_SIGNALS_H
#define LIBSV_SIGNALS_H

#include <signal.h>

/* Blocks every signal that can be blocked and makes every disposition the
 * default (whoever started us may have ignored some, and ignored ones outlive
 * exec: signal(7)). What is pending stays so, unless it was ignored. Called first
 * thing in main. */
void signals_block(void);

/* In a child before it executes: the empty mask. The dispositions are the
 * defaults already, and handlers do not outlive exec. */
void signals_unblock(void);

/* A signalfd(2), non-blocking, close-on-exec, for all signals; -1 with errno. */
int signals_open(void);

/* "TERM" for SIGTERM, as kill -l has it; "?" if it has no name. */
const char *signals_name(int number);

/* The number for "TERM", "SIGTERM" (any case) or "15"; -1 if it is none. */
int signals_number(const char *name);

#endif

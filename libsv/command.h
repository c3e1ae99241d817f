/* SPDX-License-Identifier: MIT */
/* THE table of what can be written to a service's supervise/control: one letter
 * each, as runsv.c and s6-svc have them. Letters, names, signals and help are
 * taken from here and from nowhere else. Pure. */
#ifndef LIBSV_COMMAND_H
#define LIBSV_COMMAND_H

#include <stddef.h>

struct command {
	char letter;
	const char *name;	/* sv's word for it */
	int signal;		/* what a running service is sent; 0: more than a signal */
	const char *help;
};

extern const struct command command_table[];
extern const size_t command_count;

/* The row of LETTER, or NULL. */
const struct command *command_find(char letter);

#endif

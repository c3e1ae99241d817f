/* SPDX-License-Identifier: MIT */
/* An inittab command as an argument vector. Pure. */
#ifndef INIT_ARGV_H
#define INIT_ARGV_H

#include "inittab.h"

struct argv {
	const char *path;	/* what to execute */
	char *words[INITTAB_COMMAND_BYTES / 2 + 1];	/* closed with a NULL */
	bool login;		/* the command began with a dash */
	char text[sizeof "-exec " + INITTAB_COMMAND_BYTES];
};

/* Splits COMMAND at blanks; one that holds a character of the shell's runs as
 * /bin/sh -c "exec COMMAND". A dash at the start: words[0] begins with a dash,
 * as login(1) does it (busybox init.c init_exec). ARGV's pointers point into
 * itself: it must not be copied. */
void argv_make(struct argv *argv, const char *command);

#endif

/* SPDX-License-Identifier: MIT */
/* The console, and the terminals that entries run on. */
#ifndef INIT_CONSOLE_H
#define INIT_CONSOLE_H

#include "spawn.h"

#include <stdbool.h>
#include <sys/types.h>

/* Occupies descriptors 0, 1 and 2 where they are closed (in an initramfs the
 * kernel finds no /dev/console for us), so that no other file ends up there. */
void console_begin(void);

/* Puts 0, 1 and 2 on the console: CONSOLE or console of the environment, or
 * what we were given, or /dev/console; sets TERM, and sane modes. Returns what
 * became of it, for people; false with errno if there is no console. */
bool console_open(const char **outcome);

/* Writes one line to the console; FORMAT as in text_format. What cannot be
 * written at once is lost. */
void console_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Can TTY (as in the inittab: without /dev/, "" for the console) be used? */
bool console_has(const char *tty);

/* How a child is to be attached to its terminal. */
struct console_child {
	const char *tty;
	bool login;		/* make it the controlling terminal if it is nobody's */
	bool ask;		/* wait for Enter first */
	bool quiet;		/* it failed before: say nothing if it fails again */
};

/* Attaches the calling process to it; 0, or the errno of a terminal that cannot be
 * opened. */
int console_attach(const struct console_child *child);

/* Starts a program in a session of its own, attached to CHILD's terminal. Other
 * than that as spawn(), detached. */
enum spawn_result console_spawn(const char *path, char *const argv[],
	struct console_child *child, pid_t *pid, int *error);

#endif

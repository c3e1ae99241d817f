/* SPDX-License-Identifier: MIT */
/* What init is told by words: its arguments and the kernel command line. Pure. */
#ifndef INIT_CMDLINE_H
#define INIT_CMDLINE_H

#include "lifecycle.h"

enum { CMDLINE_LIST_BYTES = 256 };

struct cmdline {
	bool single;			/* a root shell instead of the inittab */
	bool read_only;			/* the root is to stay so */
	bool trace;			/* what init does is told */
	/* boot steps: "name,name" */
	char skip[CMDLINE_LIST_BYTES];	/* left out */
	char wait[CMDLINE_LIST_BYTES];	/* waited for, though they need not be */
	struct lifecycle_limits limits;
};

/* Nothing was said. */
void cmdline_begin(struct cmdline *cmdline);

/* Takes one word of init's arguments or of the kernel's command line: single,
 * s, S, -s, 1; ro, rw; init.trace; init.skip=NAME,NAME; init.wait=NAME,NAME; init.step=,
 * init.shutdown=, init.stop=, init.term=, init.kill=, init.unmount= seconds. Other
 * words are not ours. False if it is one of ours with a value that cannot be. */
bool cmdline_word(struct cmdline *cmdline, const char *word);

/* Takes TEXT apart (in place) at its blanks, but for those between quotes, which are
 * taken away (lib/cmdline.c, next_arg), and gives each word to cmdline_word. The first
 * one of which that returns false, or NULL. */
const char *cmdline_words(struct cmdline *cmdline, char *text);

/* Is boot step NAME to be skipped? */
bool cmdline_skips(const struct cmdline *cmdline, const char *name);

/* Is the program of boot step NAME to be waited for in any case? */
bool cmdline_waits(const struct cmdline *cmdline, const char *name);

#endif

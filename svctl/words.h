/* SPDX-License-Identifier: MIT */
/* THE table of sv's words: for each what is sent, what is then waited for, and
 * when. Help is made from it; what a letter does is in command.h. Pure. */
#ifndef SVCTL_WORDS_H
#define SVCTL_WORDS_H

#include "goal.h"

#include <stdbool.h>
#include <stddef.h>

struct word {
	const char *name;
	/* Any word that begins with one of these means this row, unless it is
	 * another row's whole name: "sv s", "sv downright" (sv(8)). */
	const char *initials;
	const char *send;	/* letters for supervise/control; "": none */
	enum goal goal;
	bool waits;		/* also without -v */
	bool kills;		/* at the end of the time, then counts as failed */
	const char *help;	/* NULL: the help of the letter that is sent */
};

extern const struct word word_table[];
extern const size_t word_count;

/* The row that TEXT means, or NULL. */
const struct word *word_find(const char *text);

/* What WORD does, in one line. */
const char *word_help(const struct word *word);

#endif

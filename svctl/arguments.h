/* SPDX-License-Identifier: MIT */
/* svctl's command line: which options, which verb or word of sv's, which operands. */
#ifndef SVCTL_ARGUMENTS_H
#define SVCTL_ARGUMENTS_H

#include "verbs.h"
#include "words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARGUMENTS_COMPLAINT_BYTES = 64 };

/* Every verb's, and sv's words'. */
#define ARGUMENTS_ALWAYS (OPTION_HELP)

struct arguments {
	const struct verb *verb;
	const struct word *word;	/* sv's, if it is no verb; both NULL: neither was given */
	unsigned options;		/* enum option: those that were given */
	int64_t wait_ms;		/* only set with OPTION_WAIT */
	uint64_t lines;			/* only with OPTION_LINES */
	char **operands;		/* of the caller's, with room for argc */
	size_t count;
	char complaint[ARGUMENTS_COMPLAINT_BYTES];	/* of wrong usage; it ends with a blank */
	const char *what;		/* what of ARGV it is about */
};

/* Reads ARGV as main's, up to ARGC, into ARGUMENTS, in which operands is set, count and
 * options are 0, verb and word NULL. False: it is wrong, and complaint says how. */
bool arguments_parse(struct arguments *arguments, int argc, char *argv[]);

/* The options as --help shows them, in their order. */
struct arguments_option {
	unsigned option;		/* enum option, one or several */
	char letter;			/* 0: none */
	const char *name;		/* "": none */
	const char *argument;		/* NULL: none */
	const char *help;		/* NULL: known, not shown */
};
extern const struct arguments_option arguments_options[];
extern const size_t arguments_option_count;

#endif

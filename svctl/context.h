/* SPDX-License-Identifier: MIT */
/* What every verb is given, and how it says what went wrong. */
#ifndef SVCTL_CONTEXT_H
#define SVCTL_CONTEXT_H

#include "output.h"
#include "service.h"
#include "verbs.h"

#include <stdbool.h>
#include <stdint.h>

/* Exit codes beside 0 and the number of services that failed. */
enum {
	CONTEXT_FAILURES_MAX = 99,
	CONTEXT_USAGE = 100,		/* wrong usage; nothing could be done, or no more */
};

struct context {
	const struct verb *verb;
	const char *svdir;	/* $SVDIR, or where the builder said */
	const char *initdir;	/* $SVCTL_INITDIR, or the same: what `enable` links to */
	unsigned options;	/* enum option: those that were given */
	int64_t wait_ms;	/* -t, $SVWAIT, or 7,000 */
	uint64_t lines;		/* -n */
	struct output *out;
	struct output *err;
};

bool context_has(const struct context *context, enum option option);

/* Writes the line "svctl: NAME: TEXT" to standard error; FORMAT as in
 * text_format, no line end. What a NAME, or the text, holds of control
 * characters is shown as '?'. */
void context_tell(struct context *context, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says, in one line, why service NAME cannot be looked at or told, and what to
 * do about it: nobody supervises it, no permission for a file, … ANSWER and
 * PROBLEM are service_read's or service_send's. */
void context_tell_problem(struct context *context, const char *name,
	enum service_answer answer, const struct service_problem *problem);

/* Writes "svctl VERB: COMPLAINT" and the verb's usage to standard error; returns
 * CONTEXT_USAGE. */
int context_usage(struct context *context, const char *complaint);

/* The exit code for so many services that failed. */
int context_exit(size_t failures);

#endif

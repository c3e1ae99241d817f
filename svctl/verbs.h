/* SPDX-License-Identifier: MIT */
/* THE table of svctl's verbs, from which usage, help and completions are made;
 * and what a verb is given. sv's words, which svctl knows too, are in words.h.
 *
 * A verb is a row of the table and a function verb_NAME in a file of its own:
 *
 *   1. it turns its operands into services, with names_find (names.h), which
 *      knows globs and complains of what is not there;
 *   2. it looks at each, with facts_read (facts.h), or tells it something;
 *   3. it writes to context->out: lines for people (output.h), or with
 *      context_has(context, OPTION_JSON) an array of objects, or an object
 *      a line (json.h);
 *   4. what goes wrong it says by context_tell (context.h), a line each, and
 *      returns how many services failed, 99 at most, or EXIT_USAGE. */
#ifndef SVCTL_VERBS_H
#define SVCTL_VERBS_H

#include <stddef.h>

struct context;

/* What can be given beside names. A verb's row says which it takes. */
enum option {
	OPTION_WAIT = 1 << 0,		/* -t SEC: context->wait_ms */
	OPTION_NO_WAIT = 1 << 1,	/* --no-wait */
	OPTION_JSON = 1 << 2,		/* --json */
	OPTION_ALL = 1 << 3,		/* -a, --all */
	OPTION_NOW = 1 << 4,		/* --now */
	OPTION_FOLLOW = 1 << 5,		/* -f, --follow */
	OPTION_LINES = 1 << 6,		/* -n N, --lines N: context->lines */
	OPTION_FORCE = 1 << 7,		/* -f, --force */
	OPTION_HELP = 1 << 8,		/* --help: every verb's */
	OPTION_VERSION = 1 << 9,	/* --version, -V: before any verb */
	OPTION_SHOW = 1 << 10,		/* -v: sv's */
	OPTION_SVG = 1 << 11,		/* --svg */
	OPTION_YES = 1 << 12,		/* -y, --yes */
};

struct verb {
	const char *name;
	const char *arguments;		/* "NAME...": what follows the name in usage */
	unsigned options;		/* enum option, those that it takes */
	int (*function)(struct context *context, char *const *operands, size_t count);
	const char *summary;		/* one line, without a full stop */
	const char *example;		/* a command line */
	const char *teaches;		/* what that does: the line after it */
};

extern const struct verb verb_table[];
extern const size_t verb_count;

/* The row of NAME, or NULL. */
const struct verb *verb_find(const char *name);

int verb_boot(struct context *context, char *const *operands, size_t count);
int verb_check(struct context *context, char *const *operands, size_t count);
int verb_control(struct context *context, char *const *operands, size_t count);
int verb_disable(struct context *context, char *const *operands, size_t count);
int verb_enable(struct context *context, char *const *operands, size_t count);
int verb_events(struct context *context, char *const *operands, size_t count);
int verb_kill(struct context *context, char *const *operands, size_t count);
int verb_list(struct context *context, char *const *operands, size_t count);
int verb_log(struct context *context, char *const *operands, size_t count);
int verb_metrics(struct context *context, char *const *operands, size_t count);
int verb_new(struct context *context, char *const *operands, size_t count);
int verb_power(struct context *context, char *const *operands, size_t count);
int verb_status(struct context *context, char *const *operands, size_t count);
int verb_tree(struct context *context, char *const *operands, size_t count);
int verb_wait(struct context *context, char *const *operands, size_t count);
int verb_why(struct context *context, char *const *operands, size_t count);

#endif

/* SPDX-License-Identifier: MIT */
/* Telling services something, waiting for it, and saying for each what came of it:
 * sv.h in svctl's manner. */
#ifndef SVCTL_CONTROL_H
#define SVCTL_CONTROL_H

#include "context.h"
#include "json.h"
#include "names.h"
#include "words.h"

#include <stddef.h>

enum control_waits {
	CONTROL_TELL,		/* do not wait */
	CONTROL_TELL_LONG,	/* but until somebody supervises it, to be told */
	CONTROL_WAIT,
	CONTROL_WAIT_LONG,	/* also until somebody supervises it */
};

/* Carries WORD out on COUNT services, at PATHS (as service_open takes them), which
 * are spoken of as NAMES. Returns how many failed. With --json an object is written
 * for each, into the array that JSON is in. */
size_t control_run(struct context *context, const struct word *word, enum control_waits waits,
	char *const *paths, char *const *names, size_t count, struct json *json);

/* The whole of a verb that does WORD to the services that are its operands: returns
 * the exit code. */
int control_verb(struct context *context, const struct word *word, enum control_waits waits,
	char *const *operands, size_t count);

#endif

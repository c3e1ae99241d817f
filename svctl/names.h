/* SPDX-License-Identifier: MIT */
/* From what was typed to services: each operand is the name of a service in
 * SVDIR, a path (service_is_path), or a pattern (pattern.h) for names in
 * SVDIR. A name that is there is itself, whatever characters it has. */
#ifndef SVCTL_NAMES_H
#define SVCTL_NAMES_H

#include "context.h"
#include "json.h"

#include <stdbool.h>
#include <stddef.h>

/* What was typed and means no service: that was complained of. */
struct names_absent {
	const char *operand;
	int error;		/* an errno: it cannot be looked at; 0: it is not there */
};

struct names {
	char **name;		/* each once, in the order of the operands, then by name */
	size_t count;
	struct names_absent *absent;
	size_t missing;		/* how many those are */
	bool is_unproven;	/* what leads to no directory may be among them */
};

/* Finds the services that OPERANDS mean; with COUNT 0, all. Complains of each that
 * is not there, with the nearest that is. False if SVDIR cannot be read though it
 * had to be, or memory runs out: that is said too, and the verb returns
 * CONTEXT_USAGE. */
bool names_find(struct context *context, char *const *operands, size_t count,
	struct names *names);

/* The same; with COUNT 0, whether a link leads to a directory is left to who opens it. */
bool names_find_unproven(struct context *context, char *const *operands, size_t count,
	struct names *names);

/* As names_find, but names that are not in SVDIR may be in INITDIR: for services that
 * are not enabled. */
bool names_find_anywhere(struct context *context, char *const *operands, size_t count,
	struct names *names);

/* Ends the array that JSON is in, with an object for each operand that means no service. */
void names_json_end(const struct names *names, struct json *json);

/* The names in a directory of services, sorted, those that runsvdir takes for none
 * (a dot first, supervise) left out; with BESIDE set, as further ones. False with errno. */
bool names_read(const char *directory, struct names *names);

/* All names in a directory but those that begin with a dot, in any order; as further
 * ones. False with errno. */
bool names_read_files(const char *directory, struct names *names);

/* Adds a copy of NAME at the end; false if memory runs out. */
bool names_add(struct names *names, const char *name);

/* The same, unless it is there. */
bool names_add_new(struct names *names, const char *name);

void names_free(struct names *names);

#endif

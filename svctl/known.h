/* SPDX-License-Identifier: MIT */
/* The names of files that mean something in a service directory, and what others
 * may have been meant to be. Pure. */
#ifndef SVCTL_KNOWN_H
#define SVCTL_KNOWN_H

#include <stdbool.h>

enum known {
	KNOWN_OURS,		/* it means something to us */
	KNOWN_CUSTOM,		/* nothing, but many have it: conf, env, data */
	KNOWN_ELSEWHERE,	/* it means something to s6, and nothing to us */
	KNOWN_COPY,		/* "run~", "run.old": of one that means something */
	KNOWN_NOT,
};

enum known known_is(const char *name);

/* True if NAME is OTHER with more behind it, as an editor's copy has it: "t~", "t.old". */
bool known_is_copy_of(const char *name, const char *other);

/* The name that NAME looks like; NULL: none. */
const char *known_nearest(const char *name);

#endif

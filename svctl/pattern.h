/* SPDX-License-Identifier: MIT */
/* Patterns for names of services, as the shell has them. Pure. It exists beside
 * fnmatch(3) because musl's brings 13 KiB of tables of Unicode's classes. */
#ifndef SVCTL_PATTERN_H
#define SVCTL_PATTERN_H

#include <stdbool.h>

/* Has TEXT a character that means more than itself? */
bool pattern_is_one(const char *text);

/* Does all of NAME match? * is any characters, ? one (of UTF-8, or a byte that is
 * none), [a-z] one byte of those, [!a-z] one byte of all others, \ makes the next
 * character itself. A [ without its ] is itself. */
bool pattern_matches(const char *pattern, const char *name);

#endif

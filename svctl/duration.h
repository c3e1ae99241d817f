/* SPDX-License-Identifier: MIT */
/* Lengths of time as people write and read them. Pure. */
#ifndef SVCTL_DURATION_H
#define SVCTL_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text of any duration, its NUL included, is no longer. */
#define DURATION_TEXT_BYTES 32

/* So that no deadline overflows: 73 million years. */
#define DURATION_MOST_MS (INT64_MAX / 4)

/* Reads seconds, "7" or "0.25" or ".5", the whole of TEXT, into *MS; digits
 * beyond the ms are left out, and more than DURATION_MOST_MS is that much. False, and
 * *MS untouched, if it is no such text or beyond 292 million years. */
bool duration_parse(const char *text, int64_t *ms);

/* "5s", "4m05s", "3h04m", "2d03h": the two largest units; a negative one is 0s.
 * Returns its length. */
size_t duration_format(int64_t seconds, char text[DURATION_TEXT_BYTES]);

#endif

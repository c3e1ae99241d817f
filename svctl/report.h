/* SPDX-License-Identifier: MIT */
/* A service's record as people read it: sv's line, to the byte. Pure. */
#ifndef SVCTL_REPORT_H
#define SVCTL_REPORT_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* A line without its label is no longer than this, its NUL included. */
#define REPORT_BYTES 128

/* Writes "run: LABEL: (pid 7) 5s, normally down, want down", without a line
 * end, cut to SIZE - 1 characters; NOW is the wall clock. NORMALLY_UP: there is
 * no `down` file. Returns its length. */
size_t report_line(char *buffer, size_t size, const char *label,
	const struct status *status, bool normally_up, time_t now);

/* "down", "run", "finish". */
const char *report_state(enum status_state state);

#endif

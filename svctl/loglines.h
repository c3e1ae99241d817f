/* SPDX-License-Identifier: MIT */
/* The lines of a log file that are a service's: the last ones, or all from a place on. */
#ifndef SVCTL_LOGLINES_H
#define SVCTL_LOGLINES_H

#include "logsource.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct loglines {
	struct logsource source;
	int fd;			/* -1: it is not there, yet */
	off_t offset;		/* up to here all is read; a line begins there */
};

/* LINE is as it is in the file, but for NULs: none at its beginning, and '?' for each
 * run of them behind that. */
typedef void loglines_put(void *argument, const char *line);

/* Opens the source's file, at its beginning. False with errno. */
bool loglines_open(struct loglines *lines);

/* Gives PUT the lines from the offset on, and moves that behind them. A last line that
 * is not ended yet stays, unless the file is CLOSED: nobody writes to it any more. */
void loglines_read(struct loglines *lines, bool closed, loglines_put *put, void *argument);

/* The same with the last COUNT lines of the file. PUT may be NULL. Returns how many they
 * are, less than COUNT if there are no more. */
uint64_t loglines_last(struct loglines *lines, uint64_t count, bool closed, loglines_put *put,
	void *argument);

#endif

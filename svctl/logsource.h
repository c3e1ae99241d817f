/* SPDX-License-Identifier: MIT */
/* The files in which a service's log is: those that its logger has open for writing,
 * or else where log/run says; without a logger, those that syslogd writes, as far as
 * they bear the service's name or its processes'. */
#ifndef SVCTL_LOGSOURCE_H
#define SVCTL_LOGSOURCE_H

#include "snapshot.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define LOGSOURCE_TAGS 6
#define LOGSOURCE_TAG_BYTES 256	/* as long as a name */
#define LOGSOURCE_MOST 4	/* files of one service */

struct logsource {
	char path[PATH_MAX];
	char tags[LOGSOURCE_TAGS][LOGSOURCE_TAG_BYTES];	/* of the lines that are its own */
	size_t tag_count;				/* 0: all are */
};

/* Finds those of number I in SNAPSHOT, which may not exist yet; returns how many, 0 if
 * it cannot be known. */
size_t logsource_find(const struct context *context, const struct snapshot *snapshot, size_t i,
	struct logsource sources[LOGSOURCE_MOST]);

/* Is LINE, which ends with a NUL or a line end, the service's? */
bool logsource_has(const struct logsource *source, const char *line);

#endif

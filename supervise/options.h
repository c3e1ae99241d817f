/* SPDX-License-Identifier: MIT */
/* A service directory's option files (libsv/setting.h), read. */
#ifndef SUPERVISE_OPTIONS_H
#define SUPERVISE_OPTIONS_H

#include "monitor.h"

#include <stdbool.h>

/* No descriptor to notify us on. */
#define OPTIONS_NO_FD (-1)

struct options {
	struct monitor_options monitor;
	int notification_fd;	/* OPTIONS_NO_FD, or 0 and above */
};

/* The options of a directory that has none of the files. */
void options_begin(struct options *options);

/* What was seen of the files before, a bit for each; 0 at first. */
struct options_seen {
	unsigned char there;	/* it was there the last time */
	unsigned char wrong;	/* its value cannot be, which has been told */
};

/* Reads what there is in DIRECTORY, of which LISTING is listing_read's. A value that cannot
 * be is told once, with NAME of the service and SUFFIX of the directory before it, and
 * taken as if its file were not there. False if they cannot be read now, for want of
 * descriptors or memory, with errno: better not to start than with other options than were
 * asked for. */
bool options_read(struct options *options, int directory, unsigned listing, const char *name,
	const char *suffix, struct options_seen *seen);

#endif

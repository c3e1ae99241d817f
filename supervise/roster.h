/* SPDX-License-Identifier: MIT */
/* The services of a scan directory: which there are, told apart by device and
 * inode, so that a link that is renamed keeps its service. An entry that
 * disappears has its service taken down; one that comes back while it still goes
 * down is started afresh when that has ended. */
#ifndef SUPERVISE_ROSTER_H
#define SUPERVISE_ROSTER_H

#include "service.h"

#include <stdbool.h>
#include <stddef.h>

struct roster_entry;

struct roster {
	struct service_context context;
	struct table by_inode;
	struct roster_entry *first;
	size_t count;
	unsigned scan;		/* the number of the scan going on, or of the last */
	int directory;		/* the scan directory; the owner's */
	bool stopping;
};

/* A name that is, or has come to be, in the directory: its service is started
 * unless it is there already. Names that begin with a dot, what is no directory,
 * and a `supervise` (left by a runsv in the scan directory itself) are skipped. */
void roster_see(struct roster *roster, const char *name);

/* Reads the whole directory: roster_see for each name, and then every service
 * of which no name was seen is taken down. */
void roster_scan(struct roster *roster);

/* Takes down what the last supervisor of this directory held and what has no entry
 * any more. To be called once, after the first roster_scan. */
void roster_take_down_left(struct roster *roster);

/* Takes every service down; nothing is started any more. */
void roster_stop(struct roster *roster);

/* Frees what is gone. To be called after each loop_wait. */
void roster_collect(struct roster *roster);

#endif

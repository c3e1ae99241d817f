/* SPDX-License-Identifier: MIT */
/* The services of a scan directory: which there are, told apart by device and
 * inode, so that a link that is renamed keeps its service. An entry that
 * disappears has its service taken down; one that comes back while it still goes
 * down is started afresh when that has ended. */
#ifndef SUPERVISE_ROSTER_H
#define SUPERVISE_ROSTER_H

#include "held.h"
#include "service.h"
#include "watches.h"

#include <stdbool.h>
#include <stddef.h>

struct roster_awaited;
struct roster_entry;

struct roster {
	struct supervisor supervisor;
	struct watches watches;	/* on what is in the service directories, and beside them */
	struct table by_inode;
	struct roster_entry *first;
	struct roster_awaited *awaited;	/* links to what is not there */
	bool rescan;		/* one is due, see roster_rescan */
	bool again;		/* that is for the time that has passed, and nothing that was seen */
	bool quiet;		/* what that fails at has been told */
	bool is_scanning;	/* the directory is being read */
	bool is_unwatched;	/* something that a scan has opened is not watched yet */
	bool is_noting;		/* what this scan opens is listed by a note at its end */
	bool has_note;		/* that we have written, and is needed yet */
	struct held_note note;
	bool missed;		/* the last scan could not look at something */
	bool is_complete;	/* all is known that was held when we were started */
	struct timer timer;	/* for another, as something could not be looked at */
	size_t count;
	unsigned scan;		/* the number of the scan going on, or of the last */
	bool (*catch_up)(void);	/* the owner's: tells of what has come while it was read */
	bool torn;		/* while it did so, something has gone again */
	const int *directory;	/* the scan directory, the owner's; -1: it is not there */
};

/* Makes room for what is there without any service. False: no memory. */
bool roster_open(struct roster *roster);

/* A name that is, or has come to be, in the directory: its service is started
 * unless it is there already. Names that begin with a dot, what is no directory,
 * and a `supervise` (left by a runsv in the scan directory itself) are skipped. */
void roster_see(struct roster *roster, const char *name);

/* Reads the whole directory: roster_see for each name, also by catch_up, which says
 * whether that was all, and then every service of which no name was seen is taken down;
 * after the first time also what the last supervisor of this directory held and what has
 * no entry any more. */
void roster_scan(struct roster *roster);

/* The scan directory is about to be TO, a descriptor: what is held, also what will go
 * with the one before, is listed there. */
void roster_move(struct roster *roster, int to);

/* Watches what a scan has opened, and puts each on the list of what is held: after its
 * start, which this would hold up, and looks whether something has come meanwhile. To be
 * called after each loop_wait. */
void roster_watch(struct roster *roster);

/* For the supervisor's `turn`: service_turn, but first what has come to be in a service
 * directory is seen, which may be what a letter is about. */
void roster_turn(struct service *service);

/* Does so if something has changed beside a service directory. To be called after
 * each loop_wait. */
void roster_rescan(struct roster *roster);

/* Whether all services are known, and none is waited for that a supervisor before us may
 * have let go of a moment ago. */
bool roster_is_open(const struct roster *roster);

/* Takes every service down; nothing is started any more. */
void roster_stop(struct roster *roster);

/* Frees what is gone. To be called after each loop_wait. */
void roster_collect(struct roster *roster);

#endif

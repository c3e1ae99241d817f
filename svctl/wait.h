/* SPDX-License-Identifier: MIT */
/* Waiting until a supervisor has written a new record, a check script has
 * ended, or a time has come. The record is replaced by rename(2), which
 * inotify(7) tells of (what a child signs over it is no news yet); where inotify
 * cannot be had, times are all there is, and the caller looks more often. */
#ifndef SVCTL_WAIT_H
#define SVCTL_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct wait {
	int inotify;		/* -1: cannot be had */
	int children;		/* signalfd for SIGCHLD; -1: cannot be had */
};

/* Blocks SIGCHLD, which is taken here from now on. */
void wait_open(struct wait *wait);

/* Watches the supervise directory PATH, for new records or for its supervisor to
 * go, and returns the watch's number, the same for the same directory; -1 if it
 * cannot be watched. */
enum wait_for { WAIT_FOR_RECORD, WAIT_FOR_END };
int wait_watch(const struct wait *wait, const char *path, enum wait_for what);

/* Told of by wait_pause. WATCH is -1 if it may have been any. LOST: the
 * directory is gone, and the watch with it. */
typedef void wait_changed(void *argument, int watch, bool lost);

/* Returns at the time UNTIL (clock_now's), or as soon as CHANGED has been
 * called or a child has ended. */
void wait_pause(const struct wait *wait, int64_t until, wait_changed *changed,
	void *argument);

/* Returns after TIME, or as soon as a child has ended. */
void wait_briefly(const struct wait *wait, const struct timespec *time);

#endif

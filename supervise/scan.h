/* SPDX-License-Identifier: MIT */
/* Watching the scan directory: tells at once which name has come, and that
 * something has gone. By inotify(7); where that cannot be had, or the directory
 * is not there, it looks every LOOK_MS. */
#ifndef SUPERVISE_SCAN_H
#define SUPERVISE_SCAN_H

#include "loop.h"
#include "trail.h"

#include <stdbool.h>
#include <sys/types.h>

/* How often runsvdir.c looks. */
#define SCAN_LOOK_MS 5000

struct scan {
	struct loop *loop;
	const char *path;
	int directory;		/* -1: not there */
	dev_t device;
	ino_t inode;
	int inotify;		/* -1: cannot be had */
	int watch;		/* on the directory; -1: none */
	struct loop_watch loop_watch;
	struct timer timer;
	bool anew;		/* something has gone since it was begun to be read */
	int said;		/* errno, told once */
	void (*come)(void *owner, const char *name);	/* NAME may be new */
	void (*moves)(void *owner, int to);	/* TO, just opened, is about to be directory */
	void (*changed)(void *owner);	/* read the whole of it; directory may be another */
	void *owner;
	struct trail trail;	/* what path leads through; the last, as its end is not used */
};

/* Starts to watch PATH, which is kept; come, moves, changed and owner are set by then.
 * Room for one timer must have been reserved. Calls changed if PATH is there. */
void scan_open(struct scan *scan, struct loop *loop, const char *path);

/* To be called when the whole of it has been read, before anything is concluded from what
 * was not seen: a name that was changed meanwhile need not have been among those read, in
 * its old form or its new one, but has come (the kernel tells of it before it lets others
 * read on: fs/namei.c, do_renameat2). Calls come for those. False: not all are known. */
bool scan_catch_up(struct scan *scan);

#endif

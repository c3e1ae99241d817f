/* SPDX-License-Identifier: MIT */
/* Watching what appears in, or goes from, many directories, by one inotify(7). Where
 * a watch cannot be had (the limit of them, a file system without), that is said
 * once, and its owner is told to look every LOOK_MS. */
#ifndef SUPERVISE_WATCHES_H
#define SUPERVISE_WATCHES_H

#include "loop.h"
#include "table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As often as runsvdir.c looks. */
#define WATCHES_LOOK_MS 5000

/* What they need of the loop's tables: see loop_reserve. */
#define WATCHES_TIMERS 1

/* One watch, part of its owner (libsv/container.h); all zero: none. */
struct watch {
	struct table_link link;		/* by the number that inotify gave it */
	/* NAME has come or gone; NULL: it may be anything. */
	void (*seen)(struct watch *watch, const char *name);
};

struct watches {
	struct loop *loop;
	int inotify;			/* -1: cannot be had, ... */
	int error;			/* ... for this reason */
	struct loop_watch loop_watch;
	struct table table;
	struct timer timer;
	int said;			/* errno, told once */
};

/* Readies WATCHES. Without inotify it works, too, by looking. False: no memory. */
bool watches_open(struct watches *watches, struct loop *loop);

/* Makes room for COUNT watches. False: no memory. */
bool watches_reserve(struct watches *watches, size_t count);

/* Calls SEEN when a name comes to be in PATH, which may begin at DIRECTORY,
 * or, if GOES, is gone from there. There must be room. SEEN may remove any watch, but
 * free none. */
void watches_add(struct watches *watches, struct watch *watch, int directory, const char *path,
	bool goes, void (*seen)(struct watch *watch, const char *name));

/* It is not called any more. Nothing happens if it is not set. */
void watches_remove(struct watches *watches, struct watch *watch);

#endif

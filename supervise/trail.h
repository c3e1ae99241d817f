/* SPDX-License-Identifier: MIT */
/* What a path leads through: its directories, and the links in it and in them. All
 * of it is watched, so that it is seen when the path has come to mean something
 * else. A directory on the way is watched for being moved itself, and for names only
 * where a link, or the end of the path, stands in it: what else comes and goes there
 * wakes nobody. */
#ifndef SUPERVISE_TRAIL_H
#define SUPERVISE_TRAIL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/inotify.h>

/* So many directories, and links, can be watched. */
#define TRAIL_MOST 32

struct trail_step {
	int watch;			/* on a directory */
	char name[NAME_MAX + 1];	/* by which the path goes on from there */
};

struct trail {
	size_t count;
	struct trail_step step[TRAIL_MOST];
};

/* Watches, by INOTIFY, what PATH leads through now. To be called before PATH is
 * opened, so that nothing falls between. What was watched for TRAIL before, and is
 * not any more, is let go of, but for the watch KEEP, the owner's. False with errno:
 * not all of it can be watched. A path that ends nowhere is watched up to there. */
bool trail_follow(struct trail *trail, int inotify, const char *path, int keep);

/* Whether the number WATCH is used for it. */
bool trail_has(const struct trail *trail, int watch);

/* Whether the path may mean something else after EVENT. */
bool trail_is_left(const struct trail *trail, const struct inotify_event *event);

#endif

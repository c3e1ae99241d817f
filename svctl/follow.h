/* SPDX-License-Identifier: MIT */
/* Telling of what happens as it happens, until nobody reads it any more. */
#ifndef SVCTL_FOLLOW_H
#define SVCTL_FOLLOW_H

#include "output.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/inotify.h>

/* Hears of one event; false if there is nothing more to follow. */
typedef bool follow_hear(void *argument, const struct inotify_event *event);

/* Looks at what no event tells of; returns by when it is to be called again, news or
 * not: clock_now's ms, CLOCK_NEVER. */
typedef int64_t follow_look(void *argument);

/* Waits for events on INOTIFY and gives them to HEAR; LOOK, unless it is NULL, is called
 * before each wait; OUT is written out after all that have come together. Returns when
 * HEAR wants no more, or when who reads OUT has gone: 0, or the errno of poll(2). */
int follow(int inotify, struct output *out, follow_hear *hear, follow_look *look,
	void *argument);

/* Why DIRECTORY cannot be watched, in words, from errno. */
const char *follow_reason(void);

#endif

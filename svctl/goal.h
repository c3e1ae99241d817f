/* SPDX-License-Identifier: MIT */
/* Whether a service is where a command wanted it: decided from its record
 * before the command was sent and its record now, by nothing else. Pure. */
#ifndef SVCTL_GOAL_H
#define SVCTL_GOAL_H

#include "status.h"

#include <stdbool.h>

enum goal {
	GOAL_NONE,		/* nothing to wait for */
	GOAL_HEARD,		/* supervised: that is all a signal's sender can see */
	/* Both are only reached if the record also says that they are wanted: one
	 * that is down between two starts, with the letter still unread, is not. */
	GOAL_UP,
	GOAL_DOWN,
	GOAL_ONCE,		/* runs and will not be restarted, or has run and ended */
	GOAL_PAUSED,
	GOAL_CONTINUED,
	GOAL_RESTARTED,		/* runs anew; or is down as wanted: nothing to restart */
	GOAL_RESTARTED_UP,	/* runs anew */
	GOAL_WANTED,		/* up or down, as its record says is wanted */
	GOAL_GONE,		/* nobody supervises it */
	GOAL_RUNS,		/* runs, wanted or not */
	GOAL_RESTS,		/* down, and not about to be started */
	GOAL_READY,		/* runs and has said that it is ready, if it says so at all */
};

enum goal_verdict {
	GOAL_MISSED,
	GOAL_REACHED,
	GOAL_REACHED_IF_CHECKED,	/* once the service's check script agrees */
};

/* NOW is NULL if nobody supervises the service; READY: it runs and has said that it
 * is ready, or does not say. A service has started anew when
 * the time of its last change is another than BEFORE: two records are compared,
 * not a record and our clock, so neither a clock that is set nor two changes
 * within one second (sv.c compares seconds) mislead us. */
enum goal_verdict goal_judge(enum goal goal, const struct status *before,
	const struct status *now, bool ready);

#endif

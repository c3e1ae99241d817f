/* SPDX-License-Identifier: MIT */
/* Why a service is as it is, in one sentence: from its record, its directory and
 * its run file. */
#ifndef SVCTL_CAUSE_H
#define SVCTL_CAUSE_H

#include "facts.h"

#include <stdint.h>
#include <time.h>

enum cause {
	CAUSE_UNSUPERVISED,
	CAUSE_UNREADABLE,
	CAUSE_RUNS,
	CAUSE_NOT_READY,	/* runs, and has not said that it is ready */
	CAUSE_UNCHECKED,	/* runs, and its check script has not agreed */
	CAUSE_PAUSED,
	CAUSE_STOPPING,
	CAUSE_FINISHING,
	CAUSE_STARTING,		/* control/u runs, or a process cannot be made */
	CAUSE_THROTTLED,
	CAUSE_NOT_EXECUTED,
	CAUSE_FAILED,
	CAUSE_DOWN_FILE,
	CAUSE_RAN_ONCE,
	CAUSE_WANTED_DOWN,
	CAUSE_BETWEEN,		/* somebody else's runsv is about to start it */
};

/* A service, and when it was looked at. */
struct cause_case {
	const char *name;
	int directory;		/* service_open's; -1: it cannot be opened */
	const struct facts *facts;
	time_t wall;
	int64_t now;
	bool unchecked;		/* who asks waits for nothing but its check script */
};

enum cause cause_find(const struct cause_case *given);

/* "throttled", "not-executed": for programs. */
const char *cause_name(enum cause cause);

/* The sentence, without the service's name before it, a full stop or a line end. */
#define CAUSE_BYTES 512
void cause_tell(const struct cause_case *given, char text[CAUSE_BYTES]);

#endif

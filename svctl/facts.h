/* SPDX-License-Identifier: MIT */
/* A service's record in words: what its state is called, how the last run ended.
 * Under somebody else's runsv there are runit's 20 bytes; "-" is what cannot be
 * known from them. */
#ifndef SVCTL_FACTS_H
#define SVCTL_FACTS_H

#include "service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct facts {
	enum service_answer answer;
	struct service_problem problem;		/* unless SERVICE_YES */
	struct service_record record;		/* with SERVICE_YES */
};

/* DIRECTORY is service_open's or service_open_log's. */
void facts_read(int directory, struct facts *facts);

/* One word: "run", "paused", "stopping" (it got TERM and is to stay down), "finish",
 * "down"; of ours also "failed" (given up), "throttled" (its start is held back),
 * "starting" (control/u runs, or a process cannot be made); "-" where nobody supervises it. */
const char *facts_state(const struct facts *facts);

/* "up", "down"; of ours also "once" and "exit"; "-". */
const char *facts_want(const struct facts *facts);

/* Seconds since its state last changed, 0 at least; NOW is the wall clock. */
int64_t facts_seconds(const struct facts *facts, time_t now);

/* "yes", "no", or "-" if it does not say. */
const char *facts_ready(const struct facts *facts);

/* How the last run ended: "exit 1", "signal KILL", "not executed", "unknown"; "-"
 * if none has, or that is not known. */
#define FACTS_EXIT_BYTES 24
const char *facts_exit(const struct facts *facts, char text[FACTS_EXIT_BYTES]);

/* How often it was started after the first time; -1: that is not known. */
int64_t facts_restarts(const struct facts *facts);

#endif

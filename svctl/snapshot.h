/* SPDX-License-Identifier: MIT */
/* All that can be known of some services at one moment: their records, their
 * loggers', and what their processes use. */
#ifndef SVCTL_SNAPSHOT_H
#define SVCTL_SNAPSHOT_H

#include "context.h"
#include "facts.h"
#include "json.h"
#include "names.h"
#include "processes.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum snapshot_enabled {
	SNAPSHOT_NOT_ENABLED,	/* in INITDIR, and not in SVDIR */
	SNAPSHOT_ENABLED,
	SNAPSHOT_DOWN_FILE,	/* the same, but it is not started by itself */
};

struct snapshot_service {
	const char *name;
	enum snapshot_enabled enabled;
	struct facts facts;
	struct usage usage;	/* all 0 if nothing runs */
	bool has_log;
	struct facts log;
	struct usage log_usage;
};

struct snapshot {
	/* one for each name, in their order, but for unproven ones that are no services */
	struct snapshot_service *services;
	size_t count;
	bool has_usage;		/* /proc could be read: see snapshot_counts */
	struct processes processes;	/* service I owns 2 * I, its logger 2 * I + 1 */
	time_t wall;
	int64_t now;
};

/* NAMES must outlive it. False with errno if memory runs out;
 * then there is nothing to free. */
bool snapshot_take(const struct context *context, const struct names *names,
	struct snapshot *snapshot);

void snapshot_free(struct snapshot *snapshot);

/* Whether USAGE, of what FACTS are of, is known: not without /proc, nor of processes that
 * are in another pid namespace. */
bool snapshot_counts(const struct snapshot *snapshot, const struct facts *facts,
	const struct usage *usage);

/* "run 93", "none", "-": the logger in a word or two. */
#define SNAPSHOT_LOGGER_BYTES 64
const char *snapshot_logger(const struct snapshot_service *service,
	char text[SNAPSHOT_LOGGER_BYTES]);

/* "yes", "no", "down". */
const char *snapshot_enabled_word(const struct snapshot_service *service);

/* Writes the service's fields into the object that is open. */
void snapshot_json(const struct snapshot *snapshot, const struct snapshot_service *service,
	struct json *json);

#endif

/* SPDX-License-Identifier: MIT */
/* All services, for a monitoring system to read. */
#include "context.h"
#include "monitor.h"
#include "names.h"
#include "openmetrics.h"
#include "reason.h"
#include "snapshot.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

/* A service, or its logger. */
struct part {
	const char *service;
	const char *name;	/* "run", "log" */
	const struct facts *facts;
	const struct usage *usage;	/* NULL: not known */
};

/* False if it cannot be known, or there is none. *VALUE in thousandths. */
typedef bool get_value(const struct part *part, int64_t *value);

#define WHOLE 1000

static bool is_known(const struct part *part)
{
	return part->facts->answer == SERVICE_YES;
}

static bool is_ours(const struct part *part)
{
	return is_known(part) && part->facts->record.is_ours;
}

static bool get_supervised(const struct part *part, int64_t *value)
{
	*value = is_known(part) * WHOLE;
	return true;
}

static bool get_up(const struct part *part, int64_t *value)
{
	*value = (is_known(part) && part->facts->record.status.state == STATUS_RUN) * WHOLE;
	return true;
}

static bool get_wanted(const struct part *part, int64_t *value)
{
	*value = (part->facts->record.status.want == STATUS_WANT_UP) * WHOLE;
	return is_known(part);
}

static bool get_ready(const struct part *part, int64_t *value)
{
	const char *ready = facts_ready(part->facts);

	*value = (strcmp(ready, "yes") == 0) * WHOLE;
	return strcmp(ready, "-") != 0;
}

static bool get_changed(const struct part *part, int64_t *value)
{
	const struct timespec *changed = &part->facts->record.status.changed;

	*value = (int64_t)changed->tv_sec * WHOLE + changed->tv_nsec / 1000000;
	return is_known(part);
}

static bool get_starts(const struct part *part, int64_t *value)
{
	*value = (int64_t)part->facts->record.memory.starts * WHOLE;
	return is_ours(part);
}

/* A run has ended, and how is known. */
static bool has_ended(const struct part *part)
{
	char text[FACTS_EXIT_BYTES];

	return is_ours(part) && strcmp(facts_exit(part->facts, text), "-") != 0 &&
		part->facts->record.memory.last_status != MONITOR_UNKNOWN;
}

static bool get_exit_code(const struct part *part, int64_t *value)
{
	int status = part->facts->record.memory.last_status;

	*value = (int64_t)WEXITSTATUS(status) * WHOLE;
	return has_ended(part) && monitor_exec_error(status) == 0 && WIFEXITED(status);
}

static bool get_exit_signal(const struct part *part, int64_t *value)
{
	int status = part->facts->record.memory.last_status;

	*value = (int64_t)WTERMSIG(status) * WHOLE;
	return has_ended(part) && monitor_exec_error(status) == 0 && WIFSIGNALED(status);
}

static bool get_processes(const struct part *part, int64_t *value)
{
	*value = part->usage != NULL ? (int64_t)part->usage->processes * WHOLE : 0;
	return part->usage != NULL;
}

static bool get_memory(const struct part *part, int64_t *value)
{
	*value = part->usage != NULL ? (int64_t)part->usage->memory * WHOLE : 0;
	return part->usage != NULL;
}

static bool get_cpu(const struct part *part, int64_t *value)
{
	*value = part->usage != NULL ? (int64_t)part->usage->cpu_ms : 0;
	return part->usage != NULL;
}

static const struct {
	struct openmetrics_family family;
	get_value *get;
} families[] = {
	{ { "pidone_service_supervised", "gauge", "",
		"Whether a supervisor has it in hand." }, get_supervised },
	{ { "pidone_service_up", "gauge", "", "Whether it runs." }, get_up },
	{ { "pidone_service_wanted", "gauge", "",
		"Whether it is to be started again when it ends." }, get_wanted },
	{ { "pidone_service_ready", "gauge", "",
		"Whether it has said that it is ready, of those that do." }, get_ready },
	{ { "pidone_service_changed_timestamp_seconds", "gauge", "seconds",
		"When it last went up or down." }, get_changed },
	{ { "pidone_service_starts", "counter", "",
		"How often it was started." }, get_starts },
	{ { "pidone_service_last_exit_code", "gauge", "",
		"With what its last run exited, unless a signal ended it." }, get_exit_code },
	{ { "pidone_service_last_exit_signal", "gauge", "",
		"The signal that ended its last run." }, get_exit_signal },
	{ { "pidone_service_processes", "gauge", "",
		"How many processes it has." }, get_processes },
	{ { "pidone_service_memory_bytes", "gauge", "bytes",
		"Resident memory of its processes; what they share counts for each." }, get_memory },
	{ { "pidone_service_cpu_seconds", "counter", "seconds",
		"CPU time of its processes, and of their children that have ended." }, get_cpu },
};

#define FAMILY_COUNT (sizeof families / sizeof families[0])

/* A state set has a sample for each, of which one is 1. */
static const struct openmetrics_family state_family = {
	"pidone_service_state", "stateset", "", "What it does.",
};
static const char *const states[] = {
	"run", "paused", "stopping", "finish", "down", "failed", "throttled", "starting",
};

#define STATE_COUNT (sizeof states / sizeof states[0])

typedef void put_part(struct output *out, const struct part *part, size_t family);

static void put_value(struct output *out, const struct part *part, size_t family)
{
	const struct openmetrics_label labels[] = {
		{ "service", part->service }, { "part", part->name }, { NULL, NULL },
	};
	int64_t value;

	if (families[family].get(part, &value))
		openmetrics_sample(out, &families[family].family, labels, value);
}

static void put_states(struct output *out, const struct part *part, size_t family)
{
	const char *state = facts_state(part->facts);

	(void)family;		/* there is one only */
	if (!is_known(part))
		return;
	for (size_t i = 0; i < STATE_COUNT; i++) {
		const struct openmetrics_label labels[] = {
			{ "service", part->service }, { "part", part->name },
			{ state_family.name, states[i] }, { NULL, NULL },
		};

		openmetrics_sample(out, &state_family, labels,
			(strcmp(state, states[i]) == 0) * WHOLE);
	}
}

static const struct usage *known_usage(const struct snapshot *snapshot, const struct facts *facts,
	const struct usage *usage)
{
	return snapshot_counts(snapshot, facts, usage) ? usage : NULL;
}

static void put_all(struct output *out, const struct snapshot *snapshot, put_part *put,
	size_t family)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct snapshot_service *service = &snapshot->services[i];

		put(out, &(struct part){ service->name, "run", &service->facts,
			known_usage(snapshot, &service->facts, &service->usage) }, family);
		if (service->has_log)
			put(out, &(struct part){ service->name, "log", &service->log,
				known_usage(snapshot, &service->log, &service->log_usage) }, family);
	}
}

int verb_metrics(struct context *context, char *const *operands, size_t count)
{
	struct names names;
	struct snapshot snapshot;
	size_t failures;

	if (!names_find_unproven(context, operands, count, &names))
		return CONTEXT_USAGE;
	failures = names.missing;
	if (!snapshot_take(context, &names, &snapshot)) {
		context_tell(context, context->svdir, "%s", reason_text(ENOMEM));
		names_free(&names);
		return CONTEXT_USAGE;
	}
	openmetrics_begin(context->out, &state_family);
	put_all(context->out, &snapshot, put_states, 0);
	for (size_t family = 0; family < FAMILY_COUNT; family++) {
		openmetrics_begin(context->out, &families[family].family);
		put_all(context->out, &snapshot, put_value, family);
	}
	openmetrics_end(context->out);
	output_flush(context->out);
	snapshot_free(&snapshot);
	names_free(&names);
	return context_exit(failures);
}

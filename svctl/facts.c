/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include "monitor.h"
#include "report.h"
#include "signals.h"
#include "text.h"

#include <string.h>
#include <sys/wait.h>

void facts_read(int directory, struct facts *facts)
{
	memset(facts, 0, sizeof *facts);
	facts->answer = service_read_record(directory, &facts->record, &facts->problem);
}

static bool is_ours(const struct facts *facts)
{
	return facts->answer == SERVICE_YES && facts->record.is_ours;
}

/* Of nothing that runs: why, as far as our monitor says. */
static const char *down_state(const struct status_memory *memory)
{
	switch ((enum monitor_state)memory->state) {
	case MONITOR_THROTTLED:
		return "throttled";
	case MONITOR_STARTING:
	case MONITOR_RUN:	/* its child has signed the record, its supervisor not yet */
		return "starting";
	case MONITOR_DOWN:
	case MONITOR_FINISH:
		break;
	}
	return memory->failed ? "failed" : "down";
}

const char *facts_state(const struct facts *facts)
{
	const struct status *status = &facts->record.status;

	if (facts->answer != SERVICE_YES)
		return "-";
	if (status->paused)
		return "paused";
	if (status->state == STATUS_RUN && status->got_term && status->want != STATUS_WANT_UP)
		return "stopping";
	if (status->state == STATUS_DOWN && is_ours(facts))
		return down_state(&facts->record.memory);
	return report_state(status->state);
}

static const char *our_want(const struct status_memory *memory)
{
	switch ((enum monitor_want)memory->want) {
	case MONITOR_WANT_UP:
		return "up";
	case MONITOR_WANT_ONCE:
		return "once";
	case MONITOR_WANT_DOWN:
		return "down";
	case MONITOR_WANT_EXIT:
		return "exit";
	}
	return "-";
}

const char *facts_want(const struct facts *facts)
{
	if (facts->answer != SERVICE_YES)
		return "-";
	if (facts->record.is_ours)
		return our_want(&facts->record.memory);
	return facts->record.status.want == STATUS_WANT_UP ? "up" : "down";
}

int64_t facts_seconds(const struct facts *facts, time_t now)
{
	int64_t seconds = (int64_t)now - (int64_t)facts->record.status.changed.tv_sec;

	return seconds > 0 ? seconds : 0;
}

const char *facts_ready(const struct facts *facts)
{
	if (!is_ours(facts))
		return "-";
	switch ((enum monitor_readiness)facts->record.memory.readiness) {
	case MONITOR_AWAITED:
		return "no";
	case MONITOR_READY:
		return "yes";
	case MONITOR_NOT_READY:
	case MONITOR_SILENT:
		break;
	}
	return "-";
}

/* A run is over that was started and is not under way. */
static bool has_ended(const struct status_memory *memory)
{
	return memory->starts > (memory->state == MONITOR_RUN) || memory->last_status != 0;
}

const char *facts_exit(const struct facts *facts, char text[FACTS_EXIT_BYTES])
{
	const struct status_memory *memory = &facts->record.memory;
	int status = memory->last_status;

	if (!is_ours(facts) || !has_ended(memory))
		return "-";
	if (status == MONITOR_UNKNOWN)
		return "unknown";
	if (monitor_exec_error(status) != 0)
		return "not executed";
	if (WIFSIGNALED(status))
		text_format(text, FACTS_EXIT_BYTES, "signal %s", signals_name(WTERMSIG(status)));
	else
		text_format(text, FACTS_EXIT_BYTES, "exit %d", WEXITSTATUS(status));
	return text;
}

int64_t facts_restarts(const struct facts *facts)
{
	if (!is_ours(facts))
		return -1;
	return facts->record.memory.starts > 0 ? (int64_t)facts->record.memory.starts - 1 : 0;
}

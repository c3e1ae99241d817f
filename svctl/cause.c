/* SPDX-License-Identifier: MIT */
#include "cause.h"

#include "duration.h"
#include "files.h"
#include "monitor.h"
#include "setting.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {
	[CAUSE_UNSUPERVISED] = "unsupervised",
	[CAUSE_UNREADABLE] = "unreadable",
	[CAUSE_RUNS] = "runs",
	[CAUSE_NOT_READY] = "not-ready",
	[CAUSE_UNCHECKED] = "unchecked",
	[CAUSE_PAUSED] = "paused",
	[CAUSE_STOPPING] = "stopping",
	[CAUSE_FINISHING] = "finishing",
	[CAUSE_STARTING] = "starting",
	[CAUSE_THROTTLED] = "throttled",
	[CAUSE_NOT_EXECUTED] = "not-executed",
	[CAUSE_FAILED] = "failed",
	[CAUSE_DOWN_FILE] = "down-file",
	[CAUSE_RAN_ONCE] = "ran-once",
	[CAUSE_WANTED_DOWN] = "wanted-down",
	[CAUSE_BETWEEN] = "between-starts",
};

const char *cause_name(enum cause cause)
{
	return names[cause];
}

/* --- which it is ------------------------------------------------------------------- */

static enum cause find_running(const struct cause_case *given)
{
	const struct service_record *record = &given->facts->record;
	const struct status *status = &record->status;

	if (status->paused)
		return CAUSE_PAUSED;
	if (status->got_term && status->want != STATUS_WANT_UP)
		return CAUSE_STOPPING;
	if (record->is_ours && record->memory.readiness == MONITOR_AWAITED)
		return CAUSE_NOT_READY;
	return given->unchecked ? CAUSE_UNCHECKED : CAUSE_RUNS;
}

static enum cause find_down(const struct cause_case *given)
{
	const struct service_record *record = &given->facts->record;
	const struct status_memory *memory = &record->memory;
	bool wanted = record->status.want == STATUS_WANT_UP;

	if (record->is_ours && memory->failed)
		return CAUSE_FAILED;
	if (record->is_ours && memory->want == MONITOR_WANT_ONCE && memory->state == MONITOR_DOWN)
		return CAUSE_RAN_ONCE;
	if (record->is_ours && memory->state != MONITOR_DOWN) {
		if (monitor_exec_error(memory->last_status) != 0)
			return CAUSE_NOT_EXECUTED;
		return memory->state == MONITOR_THROTTLED ? CAUSE_THROTTLED : CAUSE_STARTING;
	}
	if (wanted)
		return CAUSE_BETWEEN;
	/* the file speaks of the first start; of somebody else's record it cannot be
	 * known whether there was one */
	if (given->directory >= 0 && service_normally_up(given->directory) == 0 &&
	    (!record->is_ours || memory->starts == 0))
		return CAUSE_DOWN_FILE;
	return CAUSE_WANTED_DOWN;
}

enum cause cause_find(const struct cause_case *given)
{
	const struct facts *facts = given->facts;

	if (facts->answer == SERVICE_UNSUPERVISED ||
	    (facts->answer == SERVICE_PROBLEM && facts->problem.error == ENOENT))
		return CAUSE_UNSUPERVISED;
	if (facts->answer != SERVICE_YES)
		return CAUSE_UNREADABLE;
	switch (facts->record.status.state) {
	case STATUS_RUN:
		return find_running(given);
	case STATUS_FINISH:
		return CAUSE_FINISHING;
	case STATUS_DOWN:
		break;
	}
	return find_down(given);
}

/* --- the sentence -------------------------------------------------------------------- */

static size_t add(char text[CAUSE_BYTES], size_t length, const char *more)
{
	return length + text_format(text + length, CAUSE_BYTES - length, "%s", more);
}

/* "0.6 s": up to the next start; a deadline that has passed is about to be seen. */
static void tell_left(const struct cause_case *given, char *text, size_t size)
{
	int64_t left = given->facts->record.memory.earliest - given->now;

	if (left < 0 || left > MONITOR_START_RATE_MS)
		left = 0;
	left = (left + 99) / 100;	/* up: 0.04 s are not nothing */
	text_format(text, size, "%d.%d s", (int)(left / 10), (int)(left % 10));
}

/* The program that the first line of run names; "" if there is none. */
static const char *read_interpreter(int directory, char *line, size_t size)
{
	char *end;

	if (files_read(directory, "run", line, size) < 0 || strncmp(line, "#!", 2) != 0)
		return "";
	line += 2 + strspn(line + 2, " \t");
	end = line + strcspn(line, " \t\n");
	*end = '\0';
	return line;
}

/* "No such file (the interpreter /bin/bash)". */
static void tell_not_executed(const struct cause_case *given, int error, char *text, size_t size)
{
	char line[256];
	const char *interpreter = read_interpreter(given->directory, line, sizeof line);
	bool is_there = faccessat(given->directory, "run", F_OK, 0) == 0;

	if (error == ENOENT && !is_there)
		text_format(text, size, "No such file (there is no run)");
	else if (error == ENOENT && *interpreter != '\0' && strchr(interpreter, '\r') != NULL)
		text_format(text, size, "No such file (the interpreter %s: its line ends in a "
			"carriage return)", interpreter);
	else if (error == ENOENT && *interpreter != '\0')
		text_format(text, size, "No such file (the interpreter %s)", interpreter);
	else if (error == EACCES && faccessat(given->directory, "run", X_OK, 0) < 0)
		text_format(text, size, "Permission denied (run is not executable: chmod +x)");
	else if (error == EACCES && *interpreter != '\0')
		text_format(text, size, "Permission denied (run, or the interpreter %s)", interpreter);
	else if (error == ENOEXEC && *interpreter == '\0')
		text_format(text, size, "%s (run is no program and has no #! line)", strerror(error));
	else
		text_format(text, size, "%s", strerror(error));
}

/* How many deaths are too many; 0: as many as there may be. */
static int64_t death_limit(int directory)
{
	char text[64];
	int64_t limit;

	if (files_read(directory, setting_name(SETTING_MAX_DEATH_TALLY), text, sizeof text) < 0 ||
	    !setting_parse(SETTING_MAX_DEATH_TALLY, text_trim(text), &limit))
		return 0;
	return limit;
}

static void tell_failed(const struct cause_case *given, char text[CAUSE_BYTES])
{
	const struct status_memory *memory = &given->facts->record.memory;
	int64_t limit = given->directory >= 0 ? death_limit(given->directory) : 0;
	char last[FACTS_EXIT_BYTES];
	const char *ended = facts_exit(given->facts, last);
	size_t length;

	if (limit > 0 && memory->deaths >= limit)
		length = text_format(text, CAUSE_BYTES, "failed after %u death%s within %d s, the last "
			"with %s", (unsigned)memory->deaths, memory->deaths == 1 ? "" : "s",
			MONITOR_DEATHS_MS / 1000, ended);
	else
		length = text_format(text, CAUSE_BYTES, "failed: it ended with %s, and its finish "
			"said not to start it again", ended);
	text_format(text + length, CAUSE_BYTES - length, "; it stays down until svctl start %s",
		given->name);
}

static void tell_down(const struct cause_case *given, enum cause cause, const char *since,
	char text[CAUSE_BYTES])
{
	const struct facts *facts = given->facts;
	char left[16], last[FACTS_EXIT_BYTES], why[320];
	const char *ended = facts_exit(facts, last);
	size_t length;

	tell_left(given, left, sizeof left);
	if (cause == CAUSE_THROTTLED && strcmp(ended, "-") == 0)
		text_format(text, CAUSE_BYTES, "about to be started");
	else if (cause == CAUSE_THROTTLED)
		text_format(text, CAUSE_BYTES, "throttled for %s more: it ended with %s less than a "
			"second after its start", left, ended);
	else if (cause == CAUSE_NOT_EXECUTED) {
		tell_not_executed(given, monitor_exec_error(facts->record.memory.last_status), why,
			sizeof why);
		text_format(text, CAUSE_BYTES, "exec failed: %s; it is tried again in %s", why, left);
	} else if (cause == CAUSE_RAN_ONCE) {
		length = text_format(text, CAUSE_BYTES, "it was to run once, and ended with %s %s ago",
			ended, since);
		text_format(text + length, CAUSE_BYTES - length, ": svctl start %s", given->name);
	} else if (cause == CAUSE_DOWN_FILE)
		text_format(text, CAUSE_BYTES, "the file down in its directory keeps it from being "
			"started: svctl start %s", given->name);
	else if (strcmp(ended, "-") != 0)
		text_format(text, CAUSE_BYTES, "want down since %s, after it ended with %s: svctl start %s",
			since, ended, given->name);
	else
		text_format(text, CAUSE_BYTES, "want down since %s: svctl start %s", since, given->name);
}

/* control/u comes before a start. Without one a start takes no time, unless there can be no
 * process for it. */
static void tell_starting(const struct cause_case *given, char text[CAUSE_BYTES])
{
	struct stat found;
	bool has_script = fstatat(given->directory, "control/u", &found, 0) == 0 &&
		files_is_program(&found);

	text_format(text, CAUSE_BYTES, has_script ?
		"its control/u runs, and must end before its start" :
		"about to be started; if that lasts, its supervisor can make no process for it, and "
		"tries again every %d s", MONITOR_RETRY_MS / 1000);
}

static void tell_problem(const struct cause_case *given, char text[CAUSE_BYTES])
{
	const struct service_problem *problem = &given->facts->problem;
	size_t length = add(text, 0, problem->what);

	if (problem->error != 0) {
		length = add(text, length, ": ");
		(void)add(text, length, reason_text(problem->error));
	}
}

void cause_tell(const struct cause_case *given, char text[CAUSE_BYTES])
{
	enum cause cause = cause_find(given);
	const struct facts *facts = given->facts;
	char since[DURATION_TEXT_BYTES], last[FACTS_EXIT_BYTES];
	const char *ended = facts_exit(facts, last);

	duration_format(facts_seconds(facts, given->wall), since);
	switch (cause) {
	case CAUSE_UNSUPERVISED:
		text_format(text, CAUSE_BYTES, "nobody supervises it");
		break;
	case CAUSE_UNREADABLE:
		tell_problem(given, text);
		break;
	case CAUSE_RUNS:
		text_format(text, CAUSE_BYTES, "it runs, for %s%s", since,
			facts->record.status.want == STATUS_WANT_UP ? "" : ", and is not started again");
		break;
	case CAUSE_NOT_READY:
		text_format(text, CAUSE_BYTES, "it runs, for %s, and is waiting for readiness: it has "
			"written no line to its notification-fd", since);
		break;
	case CAUSE_UNCHECKED:
		text_format(text, CAUSE_BYTES, "it runs, for %s, but its check has not agreed", since);
		break;
	case CAUSE_PAUSED:
		text_format(text, CAUSE_BYTES, "it was sent STOP: svctl cont %s", given->name);
		break;
	case CAUSE_STOPPING:
		text_format(text, CAUSE_BYTES, "it got TERM and has not ended: svctl kill %s ends it",
			given->name);
		break;
	case CAUSE_FINISHING:
		text_format(text, CAUSE_BYTES, "it ended%s%s, and its finish runs",
			*ended != '-' ? " with " : "", *ended != '-' ? ended : "");
		break;
	case CAUSE_STARTING:
		tell_starting(given, text);
		break;
	case CAUSE_BETWEEN:
		text_format(text, CAUSE_BYTES, "it is wanted up, and its supervisor has not started it yet");
		break;
	case CAUSE_THROTTLED:
	case CAUSE_NOT_EXECUTED:
	case CAUSE_DOWN_FILE:
	case CAUSE_RAN_ONCE:
	case CAUSE_WANTED_DOWN:
		tell_down(given, cause, since, text);
		break;
	case CAUSE_FAILED:
		tell_failed(given, text);
		break;
	}
}

/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include "clock.h"
#include "files.h"
#include "monitor.h"
#include "reason.h"
#include "signals.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* In SVDIR, or else in INITDIR. The two are held open, as thousands of names are
 * looked up in them. */
struct places {
	int svdir, initdir;
	int error;		/* why SVDIR is not open */
};

/* What is UNPROVEN is in SVDIR. */
static int open_service(const struct places *places, struct snapshot_service *service,
	bool unproven)
{
	int at = service_is_path(service->name) ? AT_FDCWD : places->svdir;
	int directory = service_open_at(at, service->name);

	if (at < 0 && at != AT_FDCWD)
		errno = places->error;
	service->enabled = SNAPSHOT_ENABLED;
	if (directory < 0 && errno == ENOENT && at != AT_FDCWD && !unproven) {
		directory = service_open_at(places->initdir, service->name);
		service->enabled = SNAPSHOT_NOT_ENABLED;
	}
	return directory;
}

/* DIRECTORY may be -1, with errno. */
static void read_facts(int directory, const char *what, struct facts *facts)
{
	if (directory >= 0)
		facts_read(directory, facts);
	else
		*facts = (struct facts){ .answer = SERVICE_PROBLEM, .problem = { what, errno } };
}

static bool is_none(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

/* False: it is UNPROVEN, and no service. */
static bool look(const struct places *places, struct snapshot_service *service, bool unproven)
{
	int directory = open_service(places, service, unproven);
	int log = -1;

	if (directory < 0 && unproven && is_none(errno))
		return false;
	read_facts(directory, "unable to change to service directory", &service->facts);
	if (directory < 0)
		return true;
	if (service->enabled == SNAPSHOT_ENABLED && service_normally_up(directory) == 0)
		service->enabled = SNAPSHOT_DOWN_FILE;
	log = service_open_log(directory);
	service->has_log = log >= 0 || errno != ENOENT;
	read_facts(log, "unable to change directory", &service->log);
	files_close(&log);
	files_close(&directory);
	return true;
}

/* The pid, if it is that process here: not one of another pid namespace, nor one
 * that has the pid again. Of another's record only the pid is known. */
static pid_t pid_of(const struct processes *processes, const struct facts *facts)
{
	const struct service_record *record = &facts->record;
	pid_t pid = facts->answer == SERVICE_YES ? record->status.pid : 0;
	const struct process *process = processes_find(processes, pid);

	if (process != NULL && record->is_ours && (record->identity.pid != pid ||
	    !status_is_start(&record->identity, process->start)))
		return 0;
	return pid;
}

/* Without /proc all else can be known. False if memory runs out. */
static bool add_usage(struct snapshot *snapshot)
{
	size_t count = 2 * snapshot->count;
	pid_t *pids = calloc(count + 1, sizeof *pids);
	struct usage *usage = calloc(count + 1, sizeof *usage);
	bool done = false;

	if (pids == NULL || usage == NULL)
		goto end;
	snapshot->has_usage = processes_read(&snapshot->processes);
	done = snapshot->has_usage || errno != ENOMEM;
	if (!snapshot->has_usage)
		goto end;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct snapshot_service *service = &snapshot->services[i];

		pids[2 * i] = pid_of(&snapshot->processes, &service->facts);
		pids[2 * i + 1] = pid_of(&snapshot->processes, &service->log);
	}
	processes_assign(&snapshot->processes, pids, count);
	processes_add_up(&snapshot->processes, usage, count);
	for (size_t i = 0; i < snapshot->count; i++) {
		snapshot->services[i].usage = usage[2 * i];
		snapshot->services[i].log_usage = usage[2 * i + 1];
	}
end:
	free(usage);
	free(pids);
	return done;
}

bool snapshot_take(const struct context *context, const struct names *names,
	struct snapshot *snapshot)
{
	struct places places;

	*snapshot = (struct snapshot){ .count = 0 };
	snapshot->services = calloc(names->count + 1, sizeof *snapshot->services);
	if (snapshot->services == NULL)
		return false;
	places.svdir = service_open_at(AT_FDCWD, context->svdir);
	places.error = errno;
	places.initdir = service_open_at(AT_FDCWD, context->initdir);
	for (size_t i = 0; i < names->count; i++) {
		struct snapshot_service *service = &snapshot->services[snapshot->count];

		service->name = names->name[i];
		if (look(&places, service, names->is_unproven))
			snapshot->count++;
	}
	files_close(&places.svdir);
	files_close(&places.initdir);
	snapshot->wall = clock_wall().tv_sec;
	snapshot->now = clock_now();
	if (add_usage(snapshot))
		return true;
	snapshot_free(snapshot);
	errno = ENOMEM;
	return false;
}

void snapshot_free(struct snapshot *snapshot)
{
	free(snapshot->services);
	processes_free(&snapshot->processes);
	*snapshot = (struct snapshot){ .services = NULL };
}

const char *snapshot_logger(const struct snapshot_service *service,
	char text[SNAPSHOT_LOGGER_BYTES])
{
	const struct facts *log = &service->log;

	if (!service->has_log)
		return "-";
	if (log->answer == SERVICE_PROBLEM && log->problem.error != ENOENT)
		return reason_text(log->problem.error);
	if (log->answer != SERVICE_YES)
		return "none";		/* a directory that no logger runs in */
	if (log->record.status.pid == 0)
		return facts_state(log);
	text_format(text, SNAPSHOT_LOGGER_BYTES, "%s %d", facts_state(log),
		(int)log->record.status.pid);
	return text;
}

const char *snapshot_enabled_word(const struct snapshot_service *service)
{
	switch (service->enabled) {
	case SNAPSHOT_NOT_ENABLED:
		return "no";
	case SNAPSHOT_ENABLED:
		return "yes";
	case SNAPSHOT_DOWN_FILE:
		return "down";
	}
	return "-";
}

/* --- JSON --------------------------------------------------------------------------- */

/* "-" is for people. */
static const char *known(const char *word)
{
	return strcmp(word, "-") == 0 ? NULL : word;
}

bool snapshot_counts(const struct snapshot *snapshot, const struct facts *facts,
	const struct usage *usage)
{
	return snapshot->has_usage && facts->answer == SERVICE_YES &&
		(facts->record.status.pid == 0 || usage->processes > 0);
}

static void put_bool(struct json *json, const char *key, bool is_known, bool value)
{
	if (is_known)
		json_bool(json, key, value);
	else
		json_null(json, key);
}

static void put_number(struct json *json, const char *key, bool is_known, int64_t value)
{
	if (is_known)
		json_number(json, key, value);
	else
		json_null(json, key);
}

static void put_exit(struct json *json, const struct facts *facts)
{
	char text[FACTS_EXIT_BYTES];
	const char *word = known(facts_exit(facts, text));
	int status = facts->record.memory.last_status;
	bool ended = word != NULL && status != MONITOR_UNKNOWN;
	bool ran = ended && monitor_exec_error(status) == 0;

	json_string(json, "last_exit", word);
	put_number(json, "exit_code", ran && WIFEXITED(status), WEXITSTATUS(status));
	json_string(json, "exit_signal", ran && WIFSIGNALED(status) ?
		signals_name(WTERMSIG(status)) : NULL);
	json_string(json, "exec_error", ended && !ran ?
		reason_text(monitor_exec_error(status)) : NULL);
}

static void put_process(struct json *json, const struct snapshot *snapshot,
	const struct facts *facts, const struct usage *usage)
{
	const struct status *status = &facts->record.status;
	bool is_read = facts->answer == SERVICE_YES;
	bool ours = is_read && facts->record.is_ours;
	bool counted = snapshot_counts(snapshot, facts, usage);
	const char *ready = facts_ready(facts);

	json_string(json, "state", known(facts_state(facts)));
	put_number(json, "pid", is_read && status->pid != 0, status->pid);
	put_number(json, "seconds", is_read, facts_seconds(facts, snapshot->wall));
	put_number(json, "changed", is_read, status->changed.tv_sec);
	json_string(json, "want", known(facts_want(facts)));
	put_bool(json, "paused", is_read, status->paused);
	put_bool(json, "got_term", is_read, status->got_term);
	put_bool(json, "ready", known(ready) != NULL, strcmp(ready, "yes") == 0);
	put_bool(json, "failed", ours, facts->record.memory.failed);
	put_number(json, "restarts", ours, facts_restarts(facts));
	put_exit(json, facts);
	put_number(json, "processes", counted, usage->processes);
	put_number(json, "memory", counted, (int64_t)usage->memory);
	if (counted)
		json_seconds(json, "cpu", (int64_t)usage->cpu_ms);
	else
		json_null(json, "cpu");
}

static void put_problem(struct json *json, const struct facts *facts)
{
	char text[128];
	const struct service_problem *problem = &facts->problem;

	if (facts->answer == SERVICE_YES) {
		json_null(json, "problem");
		return;
	}
	text_format(text, sizeof text, "%s%s%s", problem->what, problem->error != 0 ? ": " : "",
		problem->error != 0 ? reason_text(problem->error) : "");
	json_string(json, "problem", text);
}

void snapshot_json(const struct snapshot *snapshot, const struct snapshot_service *service,
	struct json *json)
{
	json_string(json, "service", service->name);
	json_string(json, "enabled", snapshot_enabled_word(service));
	put_problem(json, &service->facts);
	put_process(json, snapshot, &service->facts, &service->usage);
	if (!service->has_log) {
		json_null(json, "logger");
		return;
	}
	json_object(json, "logger");
	put_problem(json, &service->log);
	put_process(json, snapshot, &service->log, &service->log_usage);
	json_end_object(json);
}

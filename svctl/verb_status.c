/* SPDX-License-Identifier: MIT */
/* All about some services: a page each. */
#include "cause.h"
#include "command.h"
#include "duration.h"
#include "files.h"
#include "loglines.h"
#include "measure.h"
#include "reason.h"
#include "setting.h"
#include "snapshot.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INDENT 13		/* of what stands beside a heading */
#define DEPTH_MOST 32
#define LOG_LINES 5		/* of its log */
#define COMMAND_BYTES 512

/* One service that is shown. */
struct page {
	struct context *context;
	const struct snapshot *snapshot;
	size_t number;
	const struct snapshot_service *service;
	int directory;		/* -1: it cannot be opened */
	struct json *json;	/* NULL: for people */
};

/* --- for people ---------------------------------------------------------------------- */

static void heading(const struct page *page, const char *text)
{
	output_text(page->context->out, "  ");
	output_colour(page->context->out, COLOUR_FAINT);
	output_cell(page->context->out, text, INDENT - 2);
	output_colour(page->context->out, COLOUR_NONE);
}

static void line(const struct page *page, const char *name, const char *text)
{
	heading(page, name);
	output_foreign(page->context->out, text);
	output_text(page->context->out, "\n");
}

/* --- its files and options ------------------------------------------------------------ */

/* Which file, and what is to be said of it, or NULL. */
typedef void put_found(const struct page *page, const char *name, const char *note, bool first);

struct found {
	put_found *put;
	size_t count;
};

/* Puts the file, if there is one, and that it must be executable and is not. */
static void look_at(const struct page *page, struct found *found, const char *name, bool program)
{
	struct stat facts;
	bool bad;

	if (fstatat(page->directory, name, &facts, 0) < 0)
		return;
	bad = program && !files_is_program(&facts);
	found->put(page, name, bad ? "not executable" : NULL, found->count++ == 0);
}

static void put_files(const struct page *page, struct found *found)
{
	char control[] = "control/?";

	look_at(page, found, "run", true);
	look_at(page, found, "finish", true);
	look_at(page, found, "check", true);
	look_at(page, found, "down", false);
	for (size_t i = 0; i < command_count; i++) {
		control[sizeof control - 2] = command_table[i].letter;
		look_at(page, found, control, true);
	}
	look_at(page, found, "log/run", true);
	look_at(page, found, "log/down", false);
}

static void put_options(const struct page *page, struct found *found)
{
	for (unsigned i = 0; i < SETTING_COUNT; i++) {
		const char *name = setting_name((enum setting)i);
		char text[64];

		if (files_read(page->directory, name, text, sizeof text) >= 0)
			found->put(page, name, text_trim(text), found->count++ == 0);
	}
}

static void file_line(const struct page *page, const char *name, const char *note, bool first)
{
	output_format(page->context->out, "%s%s%s%s%s", first ? "" : ", ", name,
		note != NULL ? " (" : "", note != NULL ? note : "", note != NULL ? ")" : "");
}

static void option_line(const struct page *page, const char *name, const char *note, bool first)
{
	struct output *out = page->context->out;
	int64_t value;

	output_format(out, "%s%s ", first ? "" : ", ", name);
	output_foreign(out, note);
	for (unsigned i = 0; i < SETTING_COUNT; i++)
		if (strcmp(setting_name((enum setting)i), name) == 0 &&
		    !setting_parse((enum setting)i, note, &value))
			output_format(out, " (not used: it takes %s)", setting_expects((enum setting)i));
}

/* It is counted. */
static void put_nothing(const struct page *page, const char *name, const char *note, bool first)
{
	(void)page;
	(void)name;
	(void)note;
	(void)first;
}

/* A line of all that PUT_ALL finds, if there is something. */
static void found_line(const struct page *page, const char *name,
	void (*put_all)(const struct page *page, struct found *found), put_found *put)
{
	struct found found = { .put = put_nothing };

	put_all(page, &found);
	if (found.count == 0)
		return;
	heading(page, name);
	found = (struct found){ .put = put };
	put_all(page, &found);
	output_text(page->context->out, "\n");
}

static void file_json(const struct page *page, const char *name, const char *note, bool first)
{
	(void)note;
	(void)first;
	json_string(page->json, NULL, name);
}

static void option_json(const struct page *page, const char *name, const char *note, bool first)
{
	(void)first;
	json_string(page->json, name, note);
}

/* --- its processes ---------------------------------------------------------------------- */

/* Whether number I in the list is one of OWNER's whose parent is PARENT; with
 * parent 0, one whose parent is none of them. */
static bool is_child(const struct processes *processes, size_t i, size_t owner, pid_t parent)
{
	const struct process *above;

	if (processes->owner[i] != owner)
		return false;
	if (parent != 0)
		return processes->list[i].parent == parent;
	above = processes_find(processes, processes->list[i].parent);
	return above == NULL || processes->owner[above - processes->list] != owner;
}

static void put_process(const struct page *page, const struct process *process, unsigned depth)
{
	struct output *out = page->context->out;
	char command[COMMAND_BYTES];

	processes_command(process, command, sizeof command);
	if (page->json != NULL) {
		json_object(page->json, NULL);
		json_number(page->json, "pid", process->pid);
		json_number(page->json, "parent", process->parent);
		json_string(page->json, "command", command);
		json_end_object(page->json);
		return;
	}
	for (unsigned i = 0; i < INDENT + 2 * depth; i++)
		output_text(out, " ");
	output_format(out, "%d ", (int)process->pid);
	output_foreign(out, command);
	output_text(out, "\n");
}

/* Those below PARENT, deeper first; what changed while it was read may even be a
 * circle, so there is an end to it. */
static void put_below(const struct page *page, size_t owner, pid_t parent, unsigned depth)
{
	const struct processes *processes = &page->snapshot->processes;

	for (size_t i = 0; i < processes->count && depth < DEPTH_MOST; i++)
		if (is_child(processes, i, owner, parent)) {
			put_process(page, &processes->list[i], depth);
			put_below(page, owner, processes->list[i].pid, depth + 1);
		}
}

/* --- the page --------------------------------------------------------------------------- */

static void put_problem(const struct page *page, const struct facts *facts)
{
	struct output *out = page->context->out;

	if (facts->answer == SERVICE_UNSUPERVISED || facts->problem.error == ENOENT) {
		output_text(out, "unsupervised\n");
		return;
	}
	output_text(out, facts->problem.what);
	if (facts->problem.error != 0)
		output_format(out, ": %s", reason_text(facts->problem.error));
	output_text(out, "\n");
}

static void put_state(const struct page *page, const struct facts *facts)
{
	struct output *out = page->context->out;
	char since[DURATION_TEXT_BYTES], exit[FACTS_EXIT_BYTES];
	const char *ended = facts_exit(facts, exit), *ready = facts_ready(facts);

	if (facts->answer != SERVICE_YES) {
		put_problem(page, facts);
		return;
	}
	output_text(out, facts_state(facts));
	if (facts->record.status.pid != 0)
		output_format(out, ", pid %d", (int)facts->record.status.pid);
	duration_format(facts_seconds(facts, page->snapshot->wall), since);
	output_format(out, ", for %s", since);
	if (*ready != '-')
		output_text(out, *ready == 'y' ? ", ready" : ", not ready yet");
	if (facts_restarts(facts) > 0)
		output_format(out, ", restarted %lld time%s", (long long)facts_restarts(facts),
			facts_restarts(facts) == 1 ? "" : "s");
	if (*ended != '-')
		output_format(out, ", last exit: %s", ended);
	output_text(out, "\n");
}

static void put_title(const struct page *page)
{
	struct output *out = page->context->out;
	const struct facts *facts = &page->service->facts;

	output_colour(out, facts->answer != SERVICE_YES ? COLOUR_ODD :
		facts->record.is_ours && facts->record.memory.failed ? COLOUR_BAD :
		facts->record.status.state == STATUS_RUN ? COLOUR_GOOD : COLOUR_HEADING);
	output_foreign(out, page->service->name);
	output_colour(out, COLOUR_NONE);
	output_text(out, ": ");
	put_state(page, facts);
}

/* Where it is, and whether it is started at boot. */
static void put_place(const struct page *page, const char *place)
{
	static const char *const enabled[] = {
		[SNAPSHOT_NOT_ENABLED] = " (not enabled)",
		[SNAPSHOT_ENABLED] = " (enabled)",
		[SNAPSHOT_DOWN_FILE] = " (enabled, and not started by itself: it has a file down)",
	};

	heading(page, "directory");
	output_foreign(page->context->out, place);
	output_format(page->context->out, "%s\n", enabled[page->service->enabled]);
}

static void put_usage(const struct page *page)
{
	const struct usage *usage = &page->service->usage;
	char memory[MEASURE_TEXT_BYTES], cpu[MEASURE_TEXT_BYTES], text[128];

	if (usage->processes == 0)
		return;
	measure_memory(usage->memory, memory);
	measure_cpu(usage->cpu_ms, cpu);
	text_format(text, sizeof text, "%s of memory, %s of CPU time, %u process%s", memory, cpu,
		usage->processes, usage->processes == 1 ? "" : "es");
	line(page, "uses", text);
}

static void put_processes(const struct page *page)
{
	if (page->service->usage.processes + page->service->log_usage.processes == 0)
		return;
	line(page, "processes", "");
	put_below(page, 2 * page->number, 0, 0);
	if (page->service->log_usage.processes > 0)
		put_below(page, 2 * page->number + 1, 0, 0);
}

/* --- its log -------------------------------------------------------------------------- */

static void put_log_line(void *argument, const char *text)
{
	const struct page *page = argument;

	if (page->json != NULL) {
		json_string(page->json, NULL, text);
		return;
	}
	output_text(page->context->out, "    ");
	output_foreign(page->context->out, text);
	output_text(page->context->out, "\n");
}

/* The last lines of each file that there is; what cannot be read is `svctl log`'s to
 * complain of. */
static void put_log(struct page *page)
{
	static struct logsource sources[LOGSOURCE_MOST];
	size_t count = logsource_find(page->context, page->snapshot, page->number, sources);

	for (size_t i = 0; i < count; i++) {
		struct loglines lines = { .source = sources[i] };

		if (!loglines_open(&lines))
			continue;
		if (page->json == NULL)
			line(page, "log", lines.source.path);
		(void)loglines_last(&lines, LOG_LINES, true, put_log_line, page);
		files_close(&lines.fd);
	}
}

static void put_page(struct page *page, const char *place, const char *why, enum cause cause)
{
	const struct facts *facts = &page->service->facts;

	put_title(page);
	if (cause != CAUSE_RUNS && cause != CAUSE_UNSUPERVISED && cause != CAUSE_UNREADABLE)
		line(page, "why", why);
	put_place(page, place);
	if (facts->answer == SERVICE_YES)
		line(page, "wanted", facts_want(facts));
	put_usage(page);
	if (page->service->has_log) {
		heading(page, "logger");
		put_state(page, &page->service->log);
	}
	if (page->directory >= 0) {
		found_line(page, "files", put_files, file_line);
		found_line(page, "options", put_options, option_line);
	}
	put_processes(page);
	put_log(page);
}

static void put_object(struct page *page, const char *place, const char *why,
	enum cause cause)
{
	struct found files = { .put = file_json }, options = { .put = option_json };

	json_object(page->json, NULL);
	snapshot_json(page->snapshot, page->service, page->json);
	json_string(page->json, "cause", cause_name(cause));
	json_string(page->json, "why", why);
	json_string(page->json, "directory", place);
	json_array(page->json, "files");
	put_files(page, &files);
	json_end_array(page->json);
	json_object(page->json, "options");
	put_options(page, &options);
	json_end_object(page->json);
	json_array(page->json, "tree");
	put_below(page, 2 * page->number, 0, 0);
	put_below(page, 2 * page->number + 1, 0, 0);
	json_end_array(page->json);
	json_array(page->json, "log");
	put_log(page);
	json_end_array(page->json);
	json_end_object(page->json);
}

/* Opens it where the snapshot found it; PLACE, PATH_MAX bytes, says where that is. */
static int open_service(const struct context *context, const struct snapshot_service *service,
	char *place)
{
	bool in_svdir = service->enabled != SNAPSHOT_NOT_ENABLED;
	const char *base = in_svdir ? context->svdir : context->initdir;
	char path[PATH_MAX];

	if (service_is_path(service->name))
		(void)text_copy(path, sizeof path, service->name);
	else
		text_format(path, sizeof path, "%s/%s", base, service->name);
	if (realpath(path, place) == NULL)
		(void)text_copy(place, PATH_MAX, path);
	return service_open(base, service->name);
}

/* Returns whether the service is one that can be known. */
static bool show(struct context *context, const struct snapshot *snapshot, size_t number,
	struct json *json)
{
	struct page page = { context, snapshot, number, &snapshot->services[number], -1, json };
	char place[PATH_MAX], why[CAUSE_BYTES];
	struct cause_case given = { .name = page.service->name, .directory = -1,
		.facts = &page.service->facts, .wall = snapshot->wall, .now = snapshot->now };
	enum cause cause;

	if (json == NULL && number > 0)
		output_text(context->out, "\n");
	page.directory = given.directory = open_service(context, page.service, place);
	cause = cause_find(&given);
	cause_tell(&given, why);
	if (json != NULL)
		put_object(&page, place, why, cause);
	else
		put_page(&page, place, why, cause);
	files_close(&page.directory);
	if (page.service->enabled == SNAPSHOT_NOT_ENABLED)
		return true;
	if (page.service->facts.answer != SERVICE_YES)
		context_tell_problem(context, page.service->name, page.service->facts.answer,
			&page.service->facts.problem);
	return page.service->facts.answer == SERVICE_YES;
}

int verb_status(struct context *context, char *const *operands, size_t count)
{
	struct json json = { .out = context->out };
	bool for_programs = context_has(context, OPTION_JSON), done;
	struct names names;
	struct snapshot snapshot;
	size_t failures;

	if (count == 0)
		return context_usage(context, "of which service?");
	if (!names_find_anywhere(context, operands, count, &names))
		return CONTEXT_USAGE;
	failures = names.missing;
	done = snapshot_take(context, &names, &snapshot);
	if (!done)
		context_tell(context, context->svdir, "%s", reason_text(ENOMEM));
	if (for_programs)
		json_array(&json, NULL);
	for (size_t i = 0; i < snapshot.count && done; i++)
		failures += !show(context, &snapshot, i, for_programs ? &json : NULL);
	if (for_programs)
		names_json_end(&names, &json);
	output_flush(context->out);
	snapshot_free(&snapshot);
	names_free(&names);
	return done ? context_exit(failures) : CONTEXT_USAGE;
}

/* SPDX-License-Identifier: MIT */
/* A table of services, a line each. */
#include "duration.h"
#include "measure.h"
#include "monitor.h"
#include "reason.h"
#include "snapshot.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STATE, PID, SINCE, RESTARTS, EXIT, READY, MEMORY, CPU, LOGGER, ENABLED, COLUMNS };

static const char *const headings[COLUMNS] = {
	[STATE] = "STATE",
	[PID] = "PID",
	[SINCE] = "FOR",
	[RESTARTS] = "RESTARTS",
	[EXIT] = "EXIT",
	[READY] = "READY",
	[MEMORY] = "MEM",
	[CPU] = "CPU",
	[LOGGER] = "LOGGER",
	[ENABLED] = "ENABLED",
};

#define GAP "  "
#define CELL_BYTES 32	/* what is longer is cut */

struct row {
	char cells[COLUMNS][CELL_BYTES];
	enum colour colour;	/* of the name and the state */
};

/* What nobody supervises is no error here, but is told from what cannot be read. */
static const char *state_of(const struct snapshot_service *service)
{
	const struct facts *facts = &service->facts;

	if (service->enabled == SNAPSHOT_NOT_ENABLED)
		return "-";
	if (facts->answer == SERVICE_YES)
		return strcmp(facts_state(facts), "failed") == 0 ? "FAILED" : facts_state(facts);
	if (facts->answer == SERVICE_UNSUPERVISED || facts->problem.error == ENOENT)
		return "unsupervised";
	return "unreadable";
}

/* Bad is what will not come back by itself, or cannot be started; odd is what
 * should run and does not now. */
static enum colour colour_of(const struct facts *facts)
{
	const struct status *status = &facts->record.status;
	const struct status_memory *memory = &facts->record.memory;

	if (facts->answer != SERVICE_YES)
		return COLOUR_ODD;
	if (facts->record.is_ours && (memory->failed ||
	    (status->pid == 0 && monitor_exec_error(memory->last_status) != 0)))
		return COLOUR_BAD;
	if (status->paused || (status->state != STATUS_RUN && status->want == STATUS_WANT_UP))
		return COLOUR_ODD;
	if (status->state == STATUS_DOWN)
		return COLOUR_FAINT;
	return status->want == STATUS_WANT_UP ? COLOUR_GOOD : COLOUR_ODD;
}

static void put(struct row *row, int column, const char *text)
{
	(void)text_copy(row->cells[column], sizeof row->cells[column], text);	/* cut if need be */
}

static void put_usage(struct row *row, const struct usage *usage)
{
	char text[MEASURE_TEXT_BYTES];

	if (usage->processes == 0)
		return;
	measure_memory(usage->memory, text);
	put(row, MEMORY, text);
	measure_cpu(usage->cpu_ms, text);
	put(row, CPU, text);
}

static void describe(const struct snapshot *snapshot, const struct snapshot_service *service,
	struct row *row)
{
	const struct facts *facts = &service->facts;
	char text[SNAPSHOT_LOGGER_BYTES];

	for (int i = 0; i < COLUMNS; i++)
		put(row, i, "-");
	row->colour = colour_of(facts);
	put(row, STATE, state_of(service));
	put(row, ENABLED, snapshot_enabled_word(service));
	put(row, LOGGER, snapshot_logger(service, text));
	if (facts->answer != SERVICE_YES)
		return;
	if (facts->record.status.pid != 0)
		text_format(row->cells[PID], sizeof row->cells[PID], "%d",
			(int)facts->record.status.pid);
	duration_format(facts_seconds(facts, snapshot->wall), row->cells[SINCE]);
	if (facts_restarts(facts) >= 0)
		text_format(row->cells[RESTARTS], sizeof row->cells[RESTARTS], "%lld",
			(long long)facts_restarts(facts));
	put(row, EXIT, facts_exit(facts, text));
	put(row, READY, facts_ready(facts));
	put_usage(row, &service->usage);
}

/* Each column is as wide as what is widest in it. */
static void measure(const struct row *rows, size_t count, size_t widths[COLUMNS])
{
	for (int column = 0; column < COLUMNS; column++)
		widths[column] = strlen(headings[column]);
	for (size_t i = 0; i < count; i++)
		for (int column = 0; column < COLUMNS; column++)
			if (output_width(rows[i].cells[column]) > widths[column])
				widths[column] = output_width(rows[i].cells[column]);
	widths[COLUMNS - 1] = 0;	/* nothing to align after it */
}

static void put_row(struct output *out, const char *name, size_t width, const struct row *row,
	const size_t widths[COLUMNS])
{
	output_colour(out, row->colour);
	output_cell(out, name, width);
	output_text(out, GAP);
	output_cell(out, row->cells[STATE], widths[STATE]);
	output_colour(out, COLOUR_NONE);
	for (int column = STATE + 1; column < COLUMNS; column++) {
		output_text(out, GAP);
		output_cell(out, row->cells[column], widths[column]);
	}
	output_text(out, "\n");
}

static void put_headings(struct output *out, size_t width, const size_t widths[COLUMNS])
{
	struct row row = { .colour = COLOUR_HEADING };

	for (int column = 0; column < COLUMNS; column++)
		put(&row, column, headings[column]);
	put_row(out, "SERVICE", width, &row, widths);
}

static bool put_table(struct output *out, const struct snapshot *snapshot)
{
	struct row *rows = calloc(snapshot->count + 1, sizeof *rows);
	size_t widths[COLUMNS], width = strlen("SERVICE");

	if (rows == NULL)
		return false;
	for (size_t i = 0; i < snapshot->count; i++) {
		describe(snapshot, &snapshot->services[i], &rows[i]);
		if (output_width(snapshot->services[i].name) > width)
			width = output_width(snapshot->services[i].name);
	}
	measure(rows, snapshot->count, widths);
	put_headings(out, width, widths);
	for (size_t i = 0; i < snapshot->count; i++)
		put_row(out, snapshot->services[i].name, width, &rows[i], widths);
	free(rows);
	return true;
}

static void put_json(struct output *out, const struct snapshot *snapshot,
	const struct names *names)
{
	struct json json = { .out = out };

	json_array(&json, NULL);
	for (size_t i = 0; i < snapshot->count; i++) {
		json_object(&json, NULL);
		snapshot_json(snapshot, &snapshot->services[i], &json);
		json_end_object(&json);
	}
	names_json_end(names, &json);
}

/* What is behind the words in the table, in a line: once, however many they are.
 * Returns how many services could not be read, or all if nobody supervises any. */
static size_t tell_problems(struct context *context, const struct snapshot *snapshot)
{
	const struct snapshot_service *unreadable = NULL;
	size_t supervised = 0, failures = 0, there = 0;

	for (size_t i = 0; i < snapshot->count; i++) {
		const struct snapshot_service *service = &snapshot->services[i];

		there += service->enabled != SNAPSHOT_NOT_ENABLED;
		supervised += service->facts.answer != SERVICE_UNSUPERVISED &&
			service->facts.problem.error != ENOENT;
		if (strcmp(state_of(service), "unreadable") == 0) {
			unreadable = unreadable != NULL ? unreadable : service;
			failures++;
		}
	}
	if (unreadable != NULL)
		context_tell_problem(context, unreadable->name, unreadable->facts.answer,
			&unreadable->facts.problem);
	if (supervised > 0 || there == 0)
		return failures;
	context_tell(context, context->svdir, "nobody supervises any of these: is runsvdir running?");
	return there;
}

int verb_list(struct context *context, char *const *operands, size_t count)
{
	struct names names;
	struct snapshot snapshot;
	size_t failures;
	bool done;

	if (context_has(context, OPTION_ALL) ?
	    !names_find_anywhere(context, operands, count, &names) :
	    !names_find_unproven(context, operands, count, &names))
		return CONTEXT_USAGE;
	failures = names.missing;
	done = snapshot_take(context, &names, &snapshot);
	if (done && context_has(context, OPTION_JSON))
		put_json(context->out, &snapshot, &names);
	else if (done && (names.count > 0 || names.missing == 0))
		done = put_table(context->out, &snapshot);
	if (!done)
		context_tell(context, context->svdir, "%s", reason_text(ENOMEM));
	else
		failures += tell_problems(context, &snapshot);
	snapshot_free(&snapshot);
	names_free(&names);
	output_flush(context->out);
	return done ? context_exit(failures) : CONTEXT_USAGE;
}

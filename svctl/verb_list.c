/* SPDX-License-Identifier: MIT */
/* A table of services. */
#include "clock.h"
#include "context.h"
#include "duration.h"
#include "files.h"
#include "names.h"
#include "reason.h"
#include "report.h"
#include "service.h"
#include "text.h"

#include <errno.h>
#include <string.h>

/* The table's columns after the name, whose width is that of the longest. */
enum { STATE, PID, SINCE, WANT, LOGGER, COLUMNS };

static const struct {
	const char *heading;
	size_t width;
} columns[COLUMNS] = {
	[STATE] = { "STATE", 6 },
	[PID] = { "PID", 7 },
	[SINCE] = { "FOR", 7 },
	[WANT] = { "WANT", 4 },
	[LOGGER] = { "LOGGER", 0 },	/* the last: nothing to align after it */
};

struct row {
	char cells[COLUMNS][64];
};

static void put_row(struct output *out, const struct row *row)
{
	for (int i = 0; i < LOGGER; i++) {
		output_cell(out, row->cells[i], columns[i].width);
		output_text(out, "  ");
	}
	output_text(out, row->cells[LOGGER]);
	output_text(out, "\n");
}

static void put_headings(struct output *out, size_t width)
{
	output_cell(out, "SERVICE", width);
	output_text(out, "  ");
	for (int i = 0; i < LOGGER; i++) {
		output_cell(out, columns[i].heading, columns[i].width);
		output_text(out, "  ");
	}
	output_text(out, columns[LOGGER].heading);
	output_text(out, "\n");
}

static void describe_logger(int directory, char *cell, size_t size)
{
	struct service_problem problem;
	struct status status;
	int log = service_open_log(directory);

	if (log < 0) {
		text_format(cell, size, "%s", errno == ENOENT ? "-" : reason_text(errno));
		return;
	}
	if (service_read(log, &status, &problem) != SERVICE_YES)
		text_format(cell, size, "none");	/* a directory that no logger runs in */
	else if (status.pid == 0)
		text_format(cell, size, "%s", report_state(status.state));
	else
		text_format(cell, size, "%s %d", report_state(status.state), (int)status.pid);
	files_close(&log);
}

static void describe(int directory, struct row *row)
{
	struct service_problem problem;
	struct status status;
	enum service_answer answer = service_read(directory, &status, &problem);

	for (int i = 0; i < COLUMNS; i++)
		text_format(row->cells[i], sizeof row->cells[i], "-");
	if (answer != SERVICE_YES) {
		/* a directory that no supervisor has been in is no error here */
		text_format(row->cells[STATE], sizeof row->cells[STATE], "-");
		text_format(row->cells[LOGGER], sizeof row->cells[LOGGER], "%s%s%s", problem.what,
			problem.error != 0 ? ": " : "",
			problem.error != 0 ? reason_text(problem.error) : "");
		return;
	}
	text_format(row->cells[STATE], sizeof row->cells[STATE], "%s",
		status.paused ? "paused" : report_state(status.state));
	if (status.pid != 0)
		text_format(row->cells[PID], sizeof row->cells[PID], "%d", (int)status.pid);
	duration_format(clock_wall().tv_sec - status.changed.tv_sec, row->cells[SINCE]);
	text_format(row->cells[WANT], sizeof row->cells[WANT], "%s",
		status.want == STATUS_WANT_UP ? "up" : "down");
	describe_logger(directory, row->cells[LOGGER], sizeof row->cells[LOGGER]);
}

int verb_list(struct context *context, char *const *operands, size_t count)
{
	size_t width = strlen("SERVICE"), missing;
	struct names names;

	if (!names_find(context, operands, count, &names))
		return CONTEXT_USAGE;
	for (size_t i = 0; i < names.count; i++)
		if (output_width(names.name[i]) > width)
			width = output_width(names.name[i]);
	put_headings(context->out, width);
	for (size_t i = 0; i < names.count; i++) {
		struct row row;
		int directory = service_open(context->svdir, names.name[i]);

		if (directory >= 0) {	/* else it is gone by now */
			describe(directory, &row);
			output_cell(context->out, names.name[i], width);
			output_text(context->out, "  ");
			put_row(context->out, &row);
		}
		files_close(&directory);
	}
	missing = names.missing;
	names_free(&names);
	output_flush(context->out);
	return context_exit(missing);
}

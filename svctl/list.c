/* SPDX-License-Identifier: MIT */
#include "list.h"

#include "clock.h"
#include "duration.h"
#include "files.h"
#include "reason.h"
#include "report.h"
#include "service.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
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

/* In characters: the bytes of UTF-8 that begin one. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void put_cell(struct output *out, const char *text, size_t width)
{
	output_text(out, text);
	for (size_t i = width_of(text); i < width; i++)
		output_text(out, " ");
	output_text(out, "  ");
}

/* A table has a line for each service, whatever a name holds. */
static void put_name(struct output *out, char *name, size_t width)
{
	for (char *at = name; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	put_cell(out, name, width);
}

static void put_row(struct output *out, const struct row *row)
{
	for (int i = 0; i < LOGGER; i++)
		put_cell(out, row->cells[i], columns[i].width);
	output_text(out, row->cells[LOGGER]);
	output_text(out, "\n");
}

static void put_headings(struct output *out, size_t width)
{
	put_cell(out, "SERVICE", width);
	for (int i = 0; i < LOGGER; i++)
		put_cell(out, columns[i].heading, columns[i].width);
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

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

bool list_services(const char *svdir, struct output *out)
{
	struct dirent **entries;
	size_t width = strlen("SERVICE");
	int count = scandir(svdir, &entries, is_visible, alphasort);

	if (count < 0)
		return false;
	for (int i = 0; i < count; i++)
		if (width_of(entries[i]->d_name) > width)
			width = width_of(entries[i]->d_name);
	put_headings(out, width);
	for (int i = 0; i < count; i++) {
		struct row row;
		int directory = service_open(svdir, entries[i]->d_name);

		if (directory >= 0) {	/* else it is none, or gone by now */
			describe(directory, &row);
			put_name(out, entries[i]->d_name, width);
			put_row(out, &row);
		}
		files_close(&directory);
		free(entries[i]);
	}
	free(entries);
	output_flush(out);
	return true;
}

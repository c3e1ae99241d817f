/* SPDX-License-Identifier: MIT */
/* How the last boot went: from the kernel's log and the services' records, or from a
 * log that somebody has saved, where a way down is seen too. */
#include "clock.h"
#include "context.h"
#include "drawing.h"
#include "files.h"
#include "json.h"
#include "monitor.h"
#include "names.h"
#include "reason.h"
#include "service.h"
#include "text.h"
#include "timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ITEMS 512		/* that are no services */
#define RECORD_BYTES 8192	/* CONSOLE_EXT_LOG_MAX, kernel/printk/printk.c */
#define LINE_BYTES 1024
#define TICKS_US 20000		/* two of those that the kernel counts a start in */
#define LATER_US 60000000	/* what begins so long after the rest is not of the boot */

/* A clock's time in µs. */
static int64_t time_of(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000 + time->tv_nsec / 1000;
}

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);	/* see clock_now */
	return time_of(&now);
}

/* ---- the log ---- */

/* "6,339,5140900,-;init: ...", and further lines that begin with a blank. */
static void take_record(struct timeline *timeline, char *record)
{
	char *field = strchr(record, ','), *text = strchr(record, ';');
	int64_t at = 0;

	field = field != NULL ? strchr(field + 1, ',') : NULL;
	if (field == NULL || text == NULL || field > text)
		return;
	for (field++; *field >= '0' && *field <= '9'; field++)
		at = at * 10 + (*field - '0');
	text[1 + strcspn(text + 1, "\n")] = '\0';
	timeline_say(timeline, at, text + 1);
}

static bool read_kernel_log(struct context *context, struct timeline *timeline)
{
	static char record[RECORD_BYTES];
	int log = files_open(AT_FDCWD, "/dev/kmsg", O_RDONLY, 0);
	ssize_t size = 0;

	/* EPIPE: what came next was overwritten meanwhile */
	while (log >= 0 && ((size = read(log, record, sizeof record - 1)) > 0 || errno == EPIPE)) {
		record[size > 0 ? size : 0] = '\0';
		take_record(timeline, record);
	}
	if (log < 0 || errno != EAGAIN) {
		context_tell(context, "/dev/kmsg", "cannot read the kernel's log: %s%s",
			reason_text(errno), errno == EACCES || errno == EPERM ? ": root may" : "");
		files_close(&log);
		return false;
	}
	files_close(&log);
	return true;
}

/* What of a line is beyond the buffer is left out. */
static void take_byte(struct timeline *timeline, char *line, size_t *length, char byte)
{
	if (byte != '\n' && byte != '\0') {
		if (*length < LINE_BYTES - 1)
			line[(*length)++] = byte;
		return;
	}
	line[*length] = '\0';
	timeline_line(timeline, line);
	*length = 0;
}

static bool read_saved_log(struct context *context, struct timeline *timeline, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	static char bytes[RECORD_BYTES], line[LINE_BYTES];
	ssize_t got = 0;
	size_t length = 0;

	while (file >= 0 && ((got = read(file, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)))
		for (ssize_t i = 0; i < got; i++)
			take_byte(timeline, line, &length, bytes[i]);
	if (file < 0 || got < 0) {
		context_tell(context, path, "cannot read it: %s", reason_text(errno));
		return false;
	}
	take_byte(timeline, line, &length, '\n');
	if (!standard)
		files_close(&file);
	return true;
}

/* ---- the services ---- */

/* Which services are of the boot. */
struct boot {
	struct timeline_clocks clocks;
	int64_t last;		/* begins after it: not of the boot */
	size_t later;		/* how many did, or were started again */
};

/* The record has it to the µs, but by the wall clock, which may have been set since;
 * the kernel has the process's to a tick, by a clock that nobody sets. */
static int64_t started_at(const struct timeline_clocks *clocks, const struct service_record *record)
{
	int64_t at = time_of(&record->status.changed) + clocks->wall;
	int64_t ticks = sysconf(_SC_CLK_TCK), start;

	if (!record->is_ours || record->identity.pid == 0 || ticks <= 0)
		return at;
	start = (int64_t)(record->identity.start / (uint64_t)ticks * 1000000 +
		record->identity.start % (uint64_t)ticks * 1000000 / (uint64_t)ticks) + clocks->boot;
	return at < start - TICKS_US || at > start + TICKS_US ? start : at;
}

/* When it said that it is ready, which it did by writing into a FIFO. */
static int64_t ready_at(const struct timeline_clocks *clocks, int directory, int64_t started)
{
	struct stat fifo;
	int64_t at;

	if (fstatat(directory, "supervise/notify", &fifo, 0) < 0)
		return started;
	at = time_of(&fifo.st_mtim) + clocks->wall;
	return at > started && at < started + LATER_US ? at : started;
}

static void add_service(struct timeline *timeline, struct boot *boot, int directory,
	const char *name)
{
	struct service_problem problem;
	struct service_record record;
	struct timeline_item *item;
	int64_t at;

	if (service_read_record(directory, &record, &problem) != SERVICE_YES ||
		record.status.state != STATUS_RUN)
		return;
	at = started_at(&boot->clocks, &record);
	if (at > boot->last || (record.is_ours && record.memory.starts > 1)) {
		boot->later++;
		return;
	}
	item = timeline_add(timeline, TIMELINE_SERVICE, name, at);
	if (item == NULL)
		return;
	item->open = true;
	if (record.is_ours && record.memory.readiness == MONITOR_READY)
		item->end = ready_at(&boot->clocks, directory, at);
}

static void add_services(struct context *context, struct timeline *timeline,
	const struct names *names)
{
	struct boot boot = {
		.clocks = timeline_clocks(timeline, read_clock(CLOCK_BOOTTIME), read_clock(CLOCK_REALTIME)),
		.last = timeline_last(timeline, false) + LATER_US,
	};
	char logger[300];

	for (size_t i = 0; i < names->count; i++) {
		int directory = service_open(context->svdir, names->name[i]);
		int log = directory < 0 ? -1 : service_open_log(directory);

		if (directory >= 0)
			add_service(timeline, &boot, directory, names->name[i]);
		text_format(logger, sizeof logger, "%s/log", names->name[i]);
		if (log >= 0)
			add_service(timeline, &boot, log, logger);
		files_close(&log);
		files_close(&directory);
	}
	if (boot.later > 0 && !context_has(context, OPTION_JSON) &&
		!context_has(context, OPTION_SVG))
		output_format(context->out, "Not of the boot, or started again since: %zu services\n\n",
			boot.later);
}

/* ---- showing it ---- */

static const char *const kind_names[] = {
	[TIMELINE_STEP] = "step",
	[TIMELINE_ENTRY] = "entry",
	[TIMELINE_SERVICE] = "service",
	[TIMELINE_PHASE] = "phase",
};

/* Right-aligned, in ms, with what blanks are needed to make it WIDTH wide. */
static void put_ms(struct output *out, int64_t us, size_t width)
{
	char text[32];
	size_t length = text_format(text, sizeof text, "%lld.%03lld", (long long)(us / 1000),
		(long long)(us % 1000));

	for (; length < width; width--)
		output_text(out, " ");
	output_text(out, text);
}

static void put_items(struct output *out, const struct timeline *timeline, bool down)
{
	int64_t begin = down ? timeline->down : timeline->init;

	output_colour(out, COLOUR_HEADING);
	output_text(out, "     AT ms   TOOK ms  WHAT");
	output_colour(out, COLOUR_NONE);
	output_text(out, "\n");
	for (size_t i = 0; i < timeline->count; i++) {
		const struct timeline_item *item = &timeline->items[i];

		if (item->down != down)
			continue;
		put_ms(out, item->begin - begin, 10);
		if (item->open && item->end == item->begin)
			output_text(out, "         -");
		else
			put_ms(out, item->end - item->begin, 10);
		output_format(out, "  %s ", kind_names[item->kind]);
		output_foreign(out, item->name);
		output_text(out, item->open && item->end > item->begin ? ": ready" : "");
		if (item->result[0] != '\0' && strcmp(item->result, "done") != 0) {
			output_colour(out, item->failed ? COLOUR_BAD : COLOUR_FAINT);
			output_text(out, ": ");
			output_foreign(out, item->result);
			output_colour(out, COLOUR_NONE);
		}
		output_text(out, "\n");
	}
}

static void put_text(struct output *out, const struct timeline *timeline)
{
	bool up = timeline->init != TIMELINE_UNKNOWN, down = timeline->down != TIMELINE_UNKNOWN;

	if (up) {
		int64_t last = timeline_up(timeline);

		output_text(out, "Boot: ");
		put_ms(out, last, 0);
		output_text(out, " ms: kernel ");
		put_ms(out, timeline->init, 0);
		output_text(out, ", from init to the last entry and service ");
		put_ms(out, last - timeline->init, 0);
		output_text(out, "\n\n");
		put_items(out, timeline, false);
	}
	if (down) {
		output_text(out, up ? "\n" : "");
		output_format(out, "Way down, to %s: ", timeline->end);
		put_ms(out, timeline_last(timeline, true) - timeline->down, 0);
		output_text(out, " ms\n\n");
		put_items(out, timeline, true);
	}
	if (timeline->lost > 0)
		output_format(out, "\nand %zu more\n", timeline->lost);
}

static void put_json(struct output *out, const struct timeline *timeline)
{
	struct json json = { .out = out };

	json_array(&json, NULL);
	for (size_t i = 0; i < timeline->count; i++) {
		const struct timeline_item *item = &timeline->items[i];

		json_object(&json, NULL);
		json_string(&json, "kind", kind_names[item->kind]);
		json_string(&json, "name", item->name);
		json_bool(&json, "down", item->down);
		json_number(&json, "begin_us", item->begin);
		json_number(&json, "end_us", item->end);
		json_bool(&json, "running", item->open);
		json_string(&json, "result", item->result[0] != '\0' ? item->result : NULL);
		json_end_object(&json);
	}
	json_end_array(&json);
}

static void put(struct context *context, const struct timeline *timeline, const char *path)
{
	struct utsname system;
	char title[sizeof system.nodename + sizeof system.release + 16] = "";

	if (context_has(context, OPTION_SVG)) {
		if (path == NULL && uname(&system) == 0)
			text_format(title, sizeof title, "%s, Linux %s", system.nodename, system.release);
		drawing_put(context->out, timeline, title);
	} else if (context_has(context, OPTION_JSON)) {
		put_json(context->out, timeline);
	} else {
		put_text(context->out, timeline);
	}
	output_flush(context->out);
}

static int show(struct context *context, struct timeline *timeline, const struct names *names,
	const char *path)
{
	if (path != NULL ? !read_saved_log(context, timeline, path) :
		!read_kernel_log(context, timeline))
		return 1;
	if (timeline->count == 0) {
		context_tell(context, path != NULL ? path : "/dev/kmsg", "init says nothing in there: "
			"PID 1 is another, or this is a container, or later messages took the place");
		return 1;
	}
	if (path == NULL)
		add_services(context, timeline, names);
	timeline_end(timeline);
	put(context, timeline, path);
	return 0;
}

int verb_boot(struct context *context, char *const *operands, size_t count)
{
	struct names names = { .count = 0 };
	struct timeline timeline;
	struct timeline_item *items;
	int code = CONTEXT_USAGE;
	size_t room;

	if (count > 1)
		return context_usage(context, "of one log at a time");
	/* without services there is a boot all the same */
	if (count == 0)
		(void)names_read(context->svdir, &names);
	room = ITEMS + 2 * names.count;
	items = calloc(room, sizeof *items);
	if (items == NULL) {
		context_tell(context, "boot", "out of memory");
	} else {
		timeline_begin(&timeline, items, room);
		code = show(context, &timeline, &names, count > 0 ? operands[0] : NULL);
	}
	free(items);
	names_free(&names);
	return code;
}

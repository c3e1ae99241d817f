/* SPDX-License-Identifier: MIT */
/* The last lines of services' logs, and those that are yet to come. A file that is
 * rotated is read to its end before the next one is begun. */
#include "context.h"
#include "files.h"
#include "follow.h"
#include "json.h"
#include "loglines.h"
#include "names.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading {
	struct log *log;
	const char *service;
	struct loglines lines;
	int watch;		/* of its directory */
	const char *base;	/* of the path: the name in there */
};

struct log {
	struct context *context;
	struct reading *readings;
	size_t count;
	const struct reading *last;	/* whose line was shown last */
	int inotify;		/* -1: nothing is followed */
	bool raw;		/* for no terminal: bytes are what they are, but for NULs */
};

/* --- lines ------------------------------------------------------------------------------ */

static void put_line(void *argument, const char *line)
{
	const struct reading *reading = argument;
	struct log *log = reading->log;
	struct output *out = log->context->out;
	struct json json = { .out = out };

	if (context_has(log->context, OPTION_JSON)) {
		json_object(&json, NULL);
		json_string(&json, "service", reading->service);
		json_string(&json, "file", reading->lines.source.path);
		json_string(&json, "line", line);
		json_end_object(&json);
		return;
	}
	if (log->count > 1 && log->last != reading) {
		output_text(out, log->last != NULL ? "\n" : "");
		output_colour(out, COLOUR_HEADING);
		output_text(out, "==> ");
		output_foreign(out, reading->service);
		output_text(out, ": ");
		output_foreign(out, reading->lines.source.path);
		output_text(out, " <==");
		output_colour(out, COLOUR_NONE);
		output_text(out, "\n");
	}
	log->last = reading;
	(log->raw ? output_text : output_foreign_line)(out, line);
	output_text(out, "\n");
}

/* Sets PATH to the file before that of the reading: the newest of svlogd's, or what
 * others call it. */
static void find_older(const struct reading *reading, char path[PATH_MAX])
{
	const char *file = reading->lines.source.path, *slash = strrchr(file, '/');
	struct names names = { .name = NULL };
	char newest[NAME_MAX + 1] = "";

	text_format(path, PATH_MAX, "%.*s", (int)(slash - file), file);
	if (strcmp(slash, "/current") == 0 && names_read_files(path, &names))
		for (size_t i = 0; i < names.count; i++)
			if (names.name[i][0] == '@' && strcmp(names.name[i], newest) > 0)
				(void)text_copy(newest, sizeof newest, names.name[i]);	/* it fits */
	names_free(&names);
	text_format(path, PATH_MAX, "%.*s/%s", (int)(slash - file), file, newest);
	if (*newest == '\0')
		text_format(path, PATH_MAX, "%s.0", file);
	if (*newest == '\0' && access(path, F_OK) < 0)
		text_format(path, PATH_MAX, "%s.1", file);
}

/* Shows the last lines. If a file has just been begun, the end of the one before it is
 * shown too. */
static void show_last(struct log *log, struct reading *reading)
{
	uint64_t wanted = log->context->lines;
	uint64_t there = loglines_last(&reading->lines, wanted, true, NULL, NULL);
	struct reading old = *reading;

	if (there < wanted) {
		find_older(reading, old.lines.source.path);
		if (loglines_open(&old.lines)) {
			(void)loglines_last(&old.lines, wanted - there, true, put_line, &old);
			files_close(&old.lines.fd);
		}
		log->last = log->last == &old ? reading : log->last;
	}
	(void)loglines_last(&reading->lines, wanted, log->inotify < 0, put_line, reading);
}

/* --- following -------------------------------------------------------------------------- */

static int compare(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

static bool is_same(int one, int other)
{
	struct stat left, right;

	return fstat(one, &left) == 0 && fstat(other, &right) == 0 &&
		left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

/* svlogd's old files are called by the time of their end. Those that have come and
 * gone between the one that was open, SELF is what that is called now, and NEXT are
 * shown too. */
static void show_between(struct log *log, struct reading *reading, const char *self, int next)
{
	const char *slash = strrchr(self, '/');
	char directory[PATH_MAX];
	struct names names = { .name = NULL };
	struct reading old = *reading;
	bool reached = false;

	if (slash == NULL || slash[1] != '@')
		return;
	text_format(directory, sizeof directory, "%.*s", (int)(slash - self), self);
	if (!names_read_files(directory, &names))
		return;
	if (names.count > 0)
		qsort(names.name, names.count, sizeof *names.name, compare);
	for (size_t i = 0; i < names.count && !reached; i++) {
		/* as far as the time goes: its last letter changes while it is processed */
		if (names.name[i][0] != '@' || strncmp(names.name[i], slash + 1, 25) <= 0)
			continue;
		text_format(old.lines.source.path, sizeof old.lines.source.path, "%s/%s", directory,
			names.name[i]);
		if (!loglines_open(&old.lines))
			continue;
		reached = is_same(old.lines.fd, next);
		if (!reached)
			loglines_read(&old.lines, true, put_line, &old);
		files_close(&old.lines.fd);
		log->last = log->last == &old ? reading : log->last;
	}
	names_free(&names);
}

/* Goes on to the file that is in the place of the one that is open; false if it is
 * that still, or none. */
static bool take_next(struct log *log, struct reading *reading)
{
	int next = files_open(AT_FDCWD, reading->lines.source.path, O_RDONLY, 0);
	char link[64], self[PATH_MAX];
	ssize_t length;

	if (next < 0 || is_same(reading->lines.fd, next)) {
		files_close(&next);
		return false;
	}
	loglines_read(&reading->lines, true, put_line, reading);
	text_format(link, sizeof link, "/proc/self/fd/%d", reading->lines.fd);
	length = readlink(link, self, sizeof self - 1);
	self[length < 0 ? 0 : length] = '\0';
	show_between(log, reading, self, next);
	files_close(&reading->lines.fd);
	reading->lines.fd = next;
	reading->lines.offset = 0;
	return true;
}

static void show_new(struct log *log, struct reading *reading)
{
	struct stat facts;

	if (reading->lines.fd < 0 && !loglines_open(&reading->lines))
		return;
	if (fstat(reading->lines.fd, &facts) == 0 && facts.st_size < reading->lines.offset)
		reading->lines.offset = 0;	/* it was emptied */
	do
		loglines_read(&reading->lines, false, put_line, reading);
	while (take_next(log, reading));
}

/* Watches the directory, in which the file is written to, made and moved. */
static bool watch(struct log *log, struct reading *reading)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(reading->lines.source.path, '/');

	reading->base = slash + 1;
	text_format(directory, sizeof directory, "%.*s", (int)(slash - reading->lines.source.path),
		reading->lines.source.path);
	reading->watch = inotify_add_watch(log->inotify, slash == reading->lines.source.path ? "/" : directory,
		IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
	if (reading->watch < 0)
		context_tell(log->context, reading->service, "%s: cannot be followed: %s", directory,
			follow_reason());
	return reading->watch >= 0;
}

static bool is_any_watched(const struct log *log)
{
	for (size_t i = 0; i < log->count; i++)
		if (log->readings[i].watch >= 0)
			return true;
	return false;
}

static bool hear(void *argument, const struct inotify_event *event)
{
	struct log *log = argument;

	for (size_t i = 0; i < log->count; i++) {
		struct reading *reading = &log->readings[i];

		if (event->mask & IN_Q_OVERFLOW || (event->wd == reading->watch && event->len > 0 &&
		    strcmp(event->name, reading->base) == 0))
			show_new(log, reading);
		if (event->mask & IN_IGNORED && event->wd == reading->watch) {
			context_tell(log->context, reading->service, "%s: its directory is gone",
				reading->lines.source.path);
			reading->watch = -1;
		}
	}
	return is_any_watched(log);
}

/* --- the verb ----------------------------------------------------------------------------- */

/* Adds what there is of the service I to the readings. False if it is none. */
static bool add_readings(struct log *log, const struct snapshot *snapshot, size_t i)
{
	static struct logsource sources[LOGSOURCE_MOST];
	const char *name = snapshot->services[i].name;
	size_t count = logsource_find(log->context, snapshot, i, sources);
	bool follows = context_has(log->context, OPTION_FOLLOW), any = false;

	if (count == 0)
		context_tell(log->context, name, snapshot->services[i].has_log ?
			"its logger has no file open, and log/run does not say where it writes to" :
			"it has no logger, and there is no file of syslogd's");
	for (size_t s = 0; s < count; s++) {
		struct reading *reading = &log->readings[log->count];

		*reading = (struct reading){
			.log = log, .service = name, .lines.source = sources[s], .watch = -1,
		};
		if (!loglines_open(&reading->lines) && (!follows || errno != ENOENT)) {
			context_tell(log->context, name, "%s: %s%s", reading->lines.source.path,
				reason_text(errno), errno == EACCES ? ": root may, and who may read that file" : "");
			continue;
		}
		if (log->inotify >= 0 && !watch(log, reading))
			files_close(&reading->lines.fd);
		else
			log->count++;
		any |= reading->watch >= 0 || reading->lines.fd >= 0;
	}
	return any;
}

/* False if it cannot go on, which it has said. */
static bool run(struct log *log, const struct snapshot *snapshot, size_t *failures)
{
	int error = 0;

	for (size_t i = 0; i < snapshot->count; i++)
		*failures += !add_readings(log, snapshot, i);
	for (size_t i = 0; i < log->count; i++)
		if (log->readings[i].lines.fd >= 0)
			show_last(log, &log->readings[i]);
	output_flush(log->context->out);
	for (size_t i = 0; i < log->count && log->inotify >= 0; i++)
		show_new(log, &log->readings[i]);	/* what came before it was watched */
	if (is_any_watched(log))
		error = follow(log->inotify, log->context->out, hear, NULL, log);
	for (size_t i = 0; i < log->count; i++)
		files_close(&log->readings[i].lines.fd);
	if (error != 0)
		context_tell(log->context, log->context->svdir, "%s", reason_text(error));
	return error == 0;
}

int verb_log(struct context *context, char *const *operands, size_t count)
{
	struct log log = { .context = context, .inotify = -1, .raw = isatty(context->out->fd) != 1 };
	struct names names;
	struct snapshot snapshot;
	size_t failures;
	bool ended = false;

	if (count == 0)
		return context_usage(context, "of which service?");
	if (context_has(context, OPTION_FOLLOW)) {
		log.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (log.inotify < 0) {
			context_tell(context, operands[0], "cannot be followed: %s", follow_reason());
			return CONTEXT_USAGE;
		}
	}
	if (!names_find_anywhere(context, operands, count, &names))
		return CONTEXT_USAGE;
	failures = names.missing;
	log.readings = calloc(names.count * LOGSOURCE_MOST + 1, sizeof *log.readings);
	if (log.readings == NULL || !snapshot_take(context, &names, &snapshot)) {
		context_tell(context, context->svdir, "%s", reason_text(ENOMEM));
	} else {
		ended = run(&log, &snapshot, &failures);
		snapshot_free(&snapshot);
	}
	free(log.readings);
	names_free(&names);
	files_close(&log.inotify);
	return ended ? context_exit(failures) : CONTEXT_USAGE;
}

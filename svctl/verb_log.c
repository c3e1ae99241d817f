/* SPDX-License-Identifier: MIT */
/* The last lines of services' logs, and those that are yet to come. A file that is
 * rotated is read to its end before the next one is begun. */
#include "context.h"
#include "files.h"
#include "follow.h"
#include "json.h"
#include "logsource.h"
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

/* A longer line counts as several. */
#define LINE_MOST 65535
/* Where to begin looking for the last lines: so many bytes a line, then twice that. */
#define LINE_USUAL 256

struct reading {
	const char *service;
	struct logsource source;
	int fd;			/* -1: it is not there, yet */
	off_t offset;		/* up to here all is shown; a line begins there */
	int watch;		/* of its directory */
	const char *base;	/* of the path: the name in there */
};

struct log {
	struct context *context;
	struct reading *readings;
	size_t count;
	const struct reading *last;	/* whose line was shown last */
	int inotify;		/* -1: nothing is followed */
	bool raw;		/* for no terminal: bytes are what they are */
};

/* --- lines ------------------------------------------------------------------------------ */

static void put_line(struct log *log, const struct reading *reading, const char *line)
{
	struct output *out = log->context->out;
	struct json json = { .out = out };

	if (context_has(log->context, OPTION_JSON)) {
		json_object(&json, NULL);
		json_string(&json, "service", reading->service);
		json_string(&json, "file", reading->source.path);
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
		output_foreign(out, reading->source.path);
		output_text(out, " <==");
		output_colour(out, COLOUR_NONE);
		output_text(out, "\n");
	}
	log->last = reading;
	for (; *line != '\0' && !log->raw; line++) {
		const char one[] = { *line, '\0' };

		(*line == '\t' ? output_text : output_foreign)(out, one);
	}
	output_text(out, line);
	output_text(out, "\n");
}

/* Goes through the lines from the reading's offset on, shows all that are the service's
 * but the first SKIP, and moves the offset behind them. A last line that is not ended
 * yet stays, unless it is CLOSED. Returns how many there were. */
static uint64_t read_lines(struct log *log, struct reading *reading, bool shows, uint64_t skip,
	bool closed)
{
	static char bytes[LINE_MOST + 1];
	uint64_t lines = 0;
	size_t length = 0;

	for (;;) {
		ssize_t got = pread(reading->fd, bytes + length, LINE_MOST - length,
			reading->offset + (off_t)length);
		char *line = bytes, *end;

		if (got < 0 && errno == EINTR)
			continue;
		length += got > 0 ? (size_t)got : 0;
		bytes[length] = '\0';
		for (;;) {
			size_t left = length - (size_t)(line - bytes);

			end = memchr(line, '\n', left);
			if (end == NULL && (left == 0 || !(left == LINE_MOST || (got <= 0 && closed))))
				break;
			end = end != NULL ? end : line + left;
			*end = '\0';
			if (logsource_has(&reading->source, line) && lines++ >= skip && shows)
				put_line(log, reading, line);
			line = end < bytes + length ? end + 1 : end;
		}
		reading->offset += line - bytes;
		length -= (size_t)(line - bytes);
		memmove(bytes, line, length);
		if (got <= 0)
			return lines;
	}
}

/* Moves the offset to the beginning of the first line that begins at AT or behind it. */
static void move_to_line(struct reading *reading, off_t at)
{
	char bytes[4096], *end = NULL;
	ssize_t got;

	reading->offset = at > 0 ? at - 1 : 0;
	while (at > 0 && end == NULL &&
	       (got = pread(reading->fd, bytes, sizeof bytes, reading->offset)) > 0) {
		end = memchr(bytes, '\n', (size_t)got);
		reading->offset += end != NULL ? end + 1 - bytes : got;
	}
}

/* Shows the last lines: looks for where they begin from ever farther before the end. */
static void show_last(struct log *log, struct reading *reading)
{
	uint64_t wanted = log->context->lines, there;
	off_t size = lseek(reading->fd, 0, SEEK_END), back = (off_t)(wanted + 1) * LINE_USUAL, from;

	for (;; back *= 2) {
		from = back < size ? size - back : 0;
		move_to_line(reading, from);
		there = read_lines(log, reading, false, 0, true);
		if (there >= wanted || from == 0)
			break;
	}
	move_to_line(reading, from);
	(void)read_lines(log, reading, true, there > wanted ? there - wanted : 0,
		log->inotify < 0);
}

/* --- following -------------------------------------------------------------------------- */

static void open_log(struct reading *reading)
{
	reading->fd = files_open(AT_FDCWD, reading->source.path, O_RDONLY, 0);
	reading->offset = 0;
}

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
		text_format(old.source.path, sizeof old.source.path, "%s/%s", directory,
			names.name[i]);
		open_log(&old);
		reached = old.fd >= 0 && is_same(old.fd, next);
		if (old.fd >= 0 && !reached)
			(void)read_lines(log, &old, true, 0, true);	/* how many is of no interest */
		files_close(&old.fd);
		log->last = log->last == &old ? reading : log->last;
	}
	names_free(&names);
}

/* Goes on to the file that is in the place of the one that is open; false if it is
 * that still, or none. */
static bool take_next(struct log *log, struct reading *reading)
{
	int next = files_open(AT_FDCWD, reading->source.path, O_RDONLY, 0);
	char link[64], self[PATH_MAX];
	ssize_t length;

	if (next < 0 || is_same(reading->fd, next)) {
		files_close(&next);
		return false;
	}
	(void)read_lines(log, reading, true, 0, true);
	text_format(link, sizeof link, "/proc/self/fd/%d", reading->fd);
	length = readlink(link, self, sizeof self - 1);
	self[length < 0 ? 0 : length] = '\0';
	show_between(log, reading, self, next);
	files_close(&reading->fd);
	reading->fd = next;
	reading->offset = 0;
	return true;
}

static void show_new(struct log *log, struct reading *reading)
{
	struct stat facts;

	if (reading->fd < 0)
		open_log(reading);
	if (reading->fd < 0)
		return;
	if (fstat(reading->fd, &facts) == 0 && facts.st_size < reading->offset)
		reading->offset = 0;	/* it was emptied */
	do
		(void)read_lines(log, reading, true, 0, false);
	while (take_next(log, reading));
}

/* Watches the directory, in which the file is written to, made and moved. */
static bool watch(struct log *log, struct reading *reading)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(reading->source.path, '/');

	reading->base = slash + 1;
	text_format(directory, sizeof directory, "%.*s", (int)(slash - reading->source.path),
		reading->source.path);
	reading->watch = inotify_add_watch(log->inotify, slash == reading->source.path ? "/" : directory,
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
				reading->source.path);
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

		*reading = (struct reading){ .service = name, .source = sources[s], .watch = -1 };
		open_log(reading);
		if (reading->fd < 0 && (!follows || errno != ENOENT)) {
			context_tell(log->context, name, "%s: %s%s", reading->source.path,
				reason_text(errno), errno == EACCES ? ": root may, and who may read that file" : "");
			continue;
		}
		if (log->inotify >= 0 && !watch(log, reading))
			files_close(&reading->fd);
		else
			log->count++;
		any |= reading->watch >= 0 || reading->fd >= 0;
	}
	return any;
}

static size_t run(struct log *log, const struct snapshot *snapshot)
{
	size_t failures = 0;

	for (size_t i = 0; i < snapshot->count; i++)
		failures += !add_readings(log, snapshot, i);
	for (size_t i = 0; i < log->count; i++)
		if (log->readings[i].fd >= 0)
			show_last(log, &log->readings[i]);
	output_flush(log->context->out);
	for (size_t i = 0; i < log->count && log->inotify >= 0; i++)
		show_new(log, &log->readings[i]);	/* what came before it was watched */
	if (is_any_watched(log))
		follow(log->inotify, log->context->out, hear, log);
	for (size_t i = 0; i < log->count; i++)
		files_close(&log->readings[i].fd);
	return failures;
}

int verb_log(struct context *context, char *const *operands, size_t count)
{
	struct log log = { .context = context, .inotify = -1, .raw = isatty(context->out->fd) != 1 };
	struct names names;
	struct snapshot snapshot;
	size_t failures;

	if (count == 0)
		return context_usage(context, "of which service?");
	if (context_has(context, OPTION_FOLLOW)) {
		log.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (log.inotify < 0) {
			context_tell(context, operands[0], "cannot be followed: %s", follow_reason());
			return context_exit(1);
		}
	}
	if (!names_find(context, operands, count, &names))
		return CONTEXT_USAGE;
	failures = names.missing;
	log.readings = calloc(names.count * LOGSOURCE_MOST + 1, sizeof *log.readings);
	if (log.readings == NULL || !snapshot_take(context, &names, &snapshot)) {
		context_tell(context, context->svdir, "%s", reason_text(ENOMEM));
		failures = CONTEXT_FAILURES_MAX;
	} else {
		failures += run(&log, &snapshot);
		snapshot_free(&snapshot);
	}
	free(log.readings);
	names_free(&names);
	files_close(&log.inotify);
	return context_exit(failures);
}

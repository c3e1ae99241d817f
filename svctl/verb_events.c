/* SPDX-License-Identifier: MIT */
/* What happens to services, a line for each change as it comes: first how they are
 * now, so that nothing falls between a look and the first line. A logger is a service
 * of its own here, called NAME/log. */
#include "clock.h"
#include "context.h"
#include "facts.h"
#include "files.h"
#include "follow.h"
#include "json.h"
#include "names.h"
#include "pattern.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_WATCH (-1)
#define LOOK_AGAIN_MS 100
#define GOES_MS 1000		/* as long it is looked at whether a closed `ok` is closed */
#define LINE_BYTES 160

struct part {
	char *name;		/* NULL: a free slot */
	int directory;		/* the watch of its directory: supervise or log may come */
	int supervise;		/* of supervise/ */
	bool comes;		/* supervise is a link to what is not there yet */
	int64_t goes;		/* `ok` was closed: until when it may be seen open; 0: not so */
	bool told;		/* that it cannot be followed */
	bool logger;		/* of another part: it has none itself */
	char shown[LINE_BYTES];	/* what was said of it last */
};

struct events {
	struct context *context;
	char *const *operands;
	size_t operand_count;
	int inotify;
	int svdir;		/* the watch of SVDIR */
	int64_t again;		/* when what no event tells of is looked at next */
	struct part *parts;
	size_t count;
	size_t failures;
	bool failed;		/* out of memory */
	const char *what;	/* "now", "change": why something is said */
};

/* --- saying it ------------------------------------------------------------------------- */

/* What a change is a change of. */
static void describe(const struct facts *facts, char text[LINE_BYTES])
{
	char last[FACTS_EXIT_BYTES], pid[24] = "";
	const struct status *status = &facts->record.status;
	const char *state = facts_state(facts), *exit;
	bool runs, wanted = status->want == STATUS_WANT_UP;

	if (facts->answer != SERVICE_YES) {
		(void)text_copy(text, LINE_BYTES, facts->answer == SERVICE_UNSUPERVISED ||
			facts->problem.error == ENOENT ? "unsupervised" : reason_text(facts->problem.error));
		return;
	}
	runs = status->pid != 0;
	exit = facts_exit(facts, last);
	if (runs)
		text_format(pid, sizeof pid, ", pid %d", (int)status->pid);
	/* what is wanted, where that is not so */
	text_format(text, LINE_BYTES, "%s%s%s%s%s%s%s", state, pid,
		!runs && strcmp(exit, "-") != 0 ? ", " : "", !runs && strcmp(exit, "-") != 0 ? exit : "",
		strcmp(facts_ready(facts), "yes") == 0 ? ", ready" :
		strcmp(facts_ready(facts), "no") == 0 ? ", not ready" : "",
		runs && status->got_term ? ", got TERM" : "",
		strcmp(state, "run") == 0 && !wanted ? ", want down" :
		strcmp(state, "down") == 0 && wanted ? ", want up" : "");
}

static const char *known(const char *word)
{
	return strcmp(word, "-") == 0 ? NULL : word;
}

/* FACTS is NULL of what is gone. */
static void say(struct events *events, const char *name, const char *what, const char *text,
	const struct facts *facts)
{
	struct output *out = events->context->out;
	struct json json = { .out = out };
	struct timespec now = clock_wall();
	unsigned second = (unsigned)(now.tv_sec % 86400), ms = (unsigned)(now.tv_nsec / 1000000);
	char last[FACTS_EXIT_BYTES];

	if (!context_has(events->context, OPTION_JSON)) {
		output_format(out, "%02u:%02u:%02u.%u%02uZ ", second / 3600, second / 60 % 60, second % 60,
			ms / 100, ms % 100);
		output_foreign(out, name);
		output_format(out, ": %s\n", text);
		return;
	}
	json_object(&json, NULL);
	json_seconds(&json, "time", (int64_t)now.tv_sec * 1000 + (int64_t)ms);
	json_string(&json, "service", name);
	json_string(&json, "event", what);
	if (facts != NULL) {
		json_string(&json, "state", known(facts_state(facts)));
		if (facts->answer == SERVICE_YES && facts->record.status.pid != 0)
			json_number(&json, "pid", facts->record.status.pid);
		else
			json_null(&json, "pid");
		json_string(&json, "want", known(facts_want(facts)));
		if (known(facts_ready(facts)) != NULL)
			json_bool(&json, "ready", strcmp(facts_ready(facts), "yes") == 0);
		else
			json_null(&json, "ready");
		json_string(&json, "last_exit", known(facts_exit(facts, last)));
	}
	json_end_object(&json);
}

/* --- looking ---------------------------------------------------------------------------- */

static void tell_not_followed(struct events *events, const char *name)
{
	context_tell(events->context, name, "cannot be followed: %s", follow_reason());
	events->failures++;
}

/* Sets *NUMBER to the watch of PATH, which may be another directory than before, even
 * one that has the inode number of the last: the kernel knows, and gives what is the
 * same its old watch. False if it is not there. */
static bool rewatch(struct events *events, struct part *part, int directory, const char *path,
	uint32_t mask, int *number)
{
	char whole[64];
	bool there;
	int now;

	text_format(whole, sizeof whole, "/proc/self/fd/%d/%s", directory, path);
	now = inotify_add_watch(events->inotify, whole, mask | IN_ONLYDIR);
	there = now != NO_WATCH || errno != ENOENT;
	if (now == NO_WATCH && there && !part->told) {
		part->told = true;
		tell_not_followed(events, part->name);
	}
	/* another name may lead to the old directory: it is told, and watches it anew */
	if (*number != NO_WATCH && *number != now)
		(void)inotify_rm_watch(events->inotify, *number);
	*number = now;
	return there;
}

/* What was given as a path is gone; nobody will tell when it comes again. */
static void lose(struct events *events, struct part *part)
{
	if (*part->shown != '\0')
		say(events, part->name, "gone", "gone", NULL);
	*part->shown = '\0';
	part->comes = !part->logger;
}

/* Looks at a part, and says if it is another than before. The watch comes first: what
 * happens behind it is told of. */
static void look(struct events *events, size_t i)
{
	struct part *part = &events->parts[i];
	int directory = service_open(events->context->svdir, part->name);
	char text[LINE_BYTES];
	struct facts facts;
	struct stat entry;

	part->comes = false;
	if (directory < 0) {
		/* of a name the watch of SVDIR, or of its service, tells that it is gone */
		if (service_is_path(part->name))
			lose(events, part);
		return;
	}
	(void)rewatch(events, part, directory, ".", IN_CREATE | IN_DELETE | IN_MOVED_FROM |
		IN_MOVED_TO | IN_MOVE_SELF, &part->directory);	/* it is open */
	if (!rewatch(events, part, directory, "supervise", IN_MOVED_TO | IN_CLOSE_NOWRITE,
	    &part->supervise))
		part->comes = fstatat(directory, "supervise", &entry, AT_SYMLINK_NOFOLLOW) == 0;
	facts_read(directory, &facts);
	if (facts.answer == SERVICE_UNSUPERVISED)
		part->goes = 0;
	files_close(&directory);
	describe(&facts, text);
	if (strcmp(text, part->shown) != 0)
		say(events, part->name, *part->shown == '\0' ? events->what : "change", text, &facts);
	(void)text_copy(part->shown, sizeof part->shown, text);
}

static size_t find(const struct events *events, const char *name)
{
	size_t i = 0;

	while (i < events->count && (events->parts[i].name == NULL ||
	       strcmp(events->parts[i].name, name) != 0))
		i++;
	return i;
}

/* A slot for the part NAME: the first that is free, or a new one. SIZE_MAX if memory
 * runs out. */
static size_t make_part(struct events *events, const char *name)
{
	size_t i = 0;

	while (i < events->count && events->parts[i].name != NULL)
		i++;
	if (i == events->count) {
		struct part *parts = realloc(events->parts, (i + 1) * sizeof *parts);

		if (parts == NULL)
			return SIZE_MAX;
		events->parts = parts;
		events->count++;
	}
	events->parts[i] = (struct part){
		.name = strdup(name), .directory = NO_WATCH, .supervise = NO_WATCH,
	};
	return events->parts[i].name != NULL ? i : SIZE_MAX;
}

/* Looks at the part NAME, which may be new, or another than before. False if memory runs
 * out. */
static bool add_part(struct events *events, const char *name, bool logger)
{
	size_t i = find(events, name);

	if (i == events->count) {
		i = make_part(events, name);
		if (i == SIZE_MAX)
			return false;
		events->parts[i].logger = logger;
	}
	look(events, i);
	return true;
}

static void drop(struct events *events, size_t i)
{
	struct part *part = &events->parts[i];

	if (*part->shown != '\0')	/* or it was gone before it could be looked at */
		say(events, part->name, "gone", "gone", NULL);
	/* another name may lead to the same directory: it is told, and watches it anew */
	if (part->directory != NO_WATCH)
		(void)inotify_rm_watch(events->inotify, part->directory);
	if (part->supervise != NO_WATCH)
		(void)inotify_rm_watch(events->inotify, part->supervise);
	free(part->name);
	part->name = NULL;
}

/* Looks at the logger of NAME, which may be new, another than before, or gone: a file
 * called log is none. False if memory runs out. */
static bool add_logger(struct events *events, const char *name)
{
	char whole[PATH_MAX];
	size_t i;
	int log;

	text_format(whole, sizeof whole, "%s/log", name);
	log = service_open(events->context->svdir, whole);
	if (log >= 0) {
		files_close(&log);
		return add_part(events, whole, true);
	}
	i = find(events, whole);
	if (i < events->count)
		drop(events, i);
	return true;
}

/* Looks at a part that may be another than before; what was given as a path may have come
 * again with a logger, or be gone with it. */
static void look_with_logger(struct events *events, size_t i)
{
	const struct part *part = &events->parts[i];

	look(events, i);
	if (service_is_path(part->name) && !part->logger && !add_logger(events, part->name))
		events->failed = true;
}

/* Looks at the service NAME and at its logger. False if memory runs out. */
static bool add(struct events *events, const char *name)
{
	return add_part(events, name, false) && add_logger(events, name);
}

static bool is_asked_for(const struct events *events, const char *name)
{
	for (size_t i = 0; i < events->operand_count; i++)
		if (strcmp(events->operands[i], name) == 0 || pattern_matches(events->operands[i], name))
			return true;
	return events->operand_count == 0;
}

/* SVDIR has changed: who has come, who is gone? What is at the name CHANGED may be
 * another directory than before; NULL: that may be so of each. */
static void look_around(struct events *events, const char *changed)
{
	struct names names = { .name = NULL };

	for (size_t i = 0; i < events->count; i++) {
		const char *name = events->parts[i].name;
		int directory = name != NULL ? service_open(events->context->svdir, name) : -1;

		if (name != NULL && directory < 0 && !service_is_path(name))
			drop(events, i);
		files_close(&directory);
	}
	if (!names_read(events->context->svdir, &names))
		context_tell(events->context, events->context->svdir, "%s", reason_text(errno));
	for (size_t i = 0; i < names.count && !events->failed; i++) {
		const char *name = names.name[i];

		if (is_asked_for(events, name) && (changed == NULL || strcmp(name, changed) == 0 ||
		    find(events, name) == events->count))
			events->failed = !add(events, name);
	}
	names_free(&names);
}

/* --- hearing ------------------------------------------------------------------------------ */

static void hear_part(struct events *events, size_t i, const struct inotify_event *event)
{
	struct part *part = &events->parts[i];
	const char *file = event->len > 0 ? event->name : "";

	if (event->mask & IN_IGNORED) {
		if (part->directory == event->wd)
			part->directory = NO_WATCH;
		if (part->supervise == event->wd)
			part->supervise = NO_WATCH;
		look(events, i);
	} else if (event->mask & IN_MOVE_SELF) {
		look_with_logger(events, i);
	} else if (event->wd == part->supervise) {
		/* only a supervisor reads from `ok`; to read `status` is no news: we do */
		if (strcmp(file, event->mask & IN_MOVED_TO ? "status" : "ok") != 0)
			return;
		if (event->mask & IN_CLOSE_NOWRITE)
			part->goes = clock_now() + GOES_MS;
		look(events, i);
	} else if (strcmp(file, "supervise") == 0) {
		look(events, i);
	} else if (strcmp(file, "log") == 0 && !part->logger) {
		events->failed = !add_logger(events, part->name);
	}
}

static bool hear(void *argument, const struct inotify_event *event)
{
	struct events *events = argument;

	events->what = "appeared";
	if (event->mask & IN_Q_OVERFLOW || event->wd == events->svdir)
		look_around(events, event->len > 0 ? event->name : NULL);
	for (size_t i = 0; i < events->count; i++) {
		const struct part *part = &events->parts[i];

		if (part->name == NULL)
			continue;
		if (event->mask & IN_Q_OVERFLOW)
			look(events, i);
		else if (event->wd == part->directory || event->wd == part->supervise)
			hear_part(events, i, event);
	}
	if (event->wd == events->svdir && event->mask & IN_IGNORED)
		context_tell(events->context, events->context->svdir, "is gone");
	return !events->failed && !(event->wd == events->svdir && event->mask & IN_IGNORED);
}

/* Some things no event tells of: that the directory is made which a link leads to, as
 * the image's supervise are links, or which was given as a path; and that a FIFO has lost
 * its reader: of the close of `ok` the kernel tells before (fs/file_table.c, __fput). */
static int64_t look_again(void *argument)
{
	struct events *events = argument;
	int64_t now = clock_now();
	bool is_time = now >= events->again, any = false;

	for (size_t i = 0; i < events->count; i++) {
		struct part *part = &events->parts[i];

		if (part->name == NULL || !(part->comes || part->goes != 0))
			continue;
		if (is_time) {
			look_with_logger(events, i);
			part = &events->parts[i];	/* they may have been moved */
			if (now >= part->goes)
				part->goes = 0;
		}
		any |= part->comes || part->goes != 0;
	}
	if (is_time)
		events->again = now + LOOK_AGAIN_MS;
	return any ? events->again : CLOCK_NEVER;
}

/* --- the verb ------------------------------------------------------------------------------ */

/* False if it cannot go on, which it has said. */
static bool run(struct events *events, const struct names *names)
{
	struct context *context = events->context;
	int error = 0;

	events->svdir = inotify_add_watch(events->inotify, context->svdir, IN_ONLYDIR | IN_CREATE |
		IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF);
	if (events->svdir == NO_WATCH && errno != ENOENT)
		tell_not_followed(events, context->svdir);
	for (size_t i = 0; i < names->count && !events->failed; i++)
		events->failed = !add(events, names->name[i]);
	/* who has come after the names were read, but before SVDIR was watched */
	if (!events->failed && events->svdir != NO_WATCH)
		look_around(events, "");
	if (!events->failed)
		error = follow(events->inotify, context->out, hear, look_again, events);
	if (events->failed)
		error = ENOMEM;
	if (error != 0)
		context_tell(context, context->svdir, "%s", reason_text(error));
	for (size_t i = 0; i < events->count; i++)
		free(events->parts[i].name);
	free(events->parts);
	return error == 0;
}

int verb_events(struct context *context, char *const *operands, size_t count)
{
	struct events events = {
		.context = context, .operands = operands, .operand_count = count, .what = "now",
	};
	struct names names;
	bool ended = true;

	events.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (events.inotify < 0) {
		context_tell(context, context->svdir, "cannot be followed: %s", follow_reason());
		return CONTEXT_USAGE;
	}
	if (!names_find(context, operands, count, &names)) {
		files_close(&events.inotify);
		return CONTEXT_USAGE;
	}
	if (count == 0 || names.count > 0)
		ended = run(&events, &names);
	events.failures += names.missing;
	names_free(&names);
	files_close(&events.inotify);
	return ended ? context_exit(events.failures) : CONTEXT_USAGE;
}

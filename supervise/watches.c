/* SPDX-License-Identifier: MIT */
#include "watches.h"

#include "clock.h"
#include "container.h"
#include "files.h"
#include "message.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <stdalign.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define COME (IN_CREATE | IN_MOVED_TO | IN_MOVE_SELF)
#define GONE (IN_DELETE | IN_MOVED_FROM)

/* Watches without a number: their owners look. */
#define LOOKERS UINT64_MAX

/* Tells all of NUMBER, each of which may remove itself, or any. */
static void tell(const struct watches *watches, uint64_t number, const char *name)
{
	struct table_link *link = table_find(&watches->table, number);

	while (link != NULL) {
		struct table_link *next = table_find_next(link);
		struct watch *watch = CONTAINER_OF(link, struct watch, link);

		if (watch->seen != NULL)
			watch->seen(watch, name);
		link = next;
	}
}

/* Events have been lost (inotify(7)): anything may have happened. */
static void tell_all(const struct watches *watches)
{
	struct table_link *link = table_next(&watches->table, NULL);

	while (link != NULL) {
		struct table_link *next = table_next(&watches->table, link);
		struct watch *watch = CONTAINER_OF(link, struct watch, link);

		if (watch->seen != NULL)
			watch->seen(watch, NULL);
		link = next;
	}
}

static void look(void *owner)
{
	struct watches *watches = owner;

	if (table_find(&watches->table, LOOKERS) == NULL)
		return;
	timers_set(&watches->loop->timers, &watches->timer, watches->loop->now + WATCHES_LOOK_MS);
	tell(watches, LOOKERS, NULL);
}

static void ready(struct loop_watch *watch)
{
	struct watches *watches = CONTAINER_OF(watch, struct watches, loop_watch);
	alignas(struct inotify_event) char events[4096];
	ssize_t got;

	while ((got = read(watches->inotify, events, sizeof events)) > 0)
		for (ssize_t at = 0; at < got;) {
			/* inotify(7): aligned, and padded to be */
			const struct inotify_event *event = (const void *)(events + at);

			if (event->mask & IN_Q_OVERFLOW)
				tell_all(watches);
			/* of a directory that has gone, or is elsewhere now, no name */
			else if (event->len > 0 || (event->mask & (IN_IGNORED | IN_MOVE_SELF)) != 0)
				tell(watches, (uint64_t)event->wd,
					event->len > 0 ? event->name : NULL);
			at += (ssize_t)(sizeof *event + event->len);
		}
}

bool watches_open(struct watches *watches, struct loop *loop)
{
	watches->loop = loop;
	watches->timer = (struct timer){ .expired = look, .owner = watches };
	watches->loop_watch = (struct loop_watch){ .ready = ready };
	watches->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watches->inotify >= 0 && !loop_watch(loop, watches->inotify, &watches->loop_watch))
		files_close(&watches->inotify);
	watches->error = errno;
	return watches_reserve(watches, 1);
}

bool watches_reserve(struct watches *watches, size_t count)
{
	return table_reserve(&watches->table, count);
}

/* The number of a watch on DIRECTORY/PATH; -1 with errno. */
static int add(const struct watches *watches, int directory, const char *path, uint32_t mask)
{
	char name[PATH_MAX + 32];

	if (watches->inotify < 0) {
		errno = watches->error;
		return -1;
	}
	/* it wants a path */
	(void)text_format(name, sizeof name, "/proc/self/fd/%d/%s", directory, path);
	/* and it may be watched for somebody else already */
	return inotify_add_watch(watches->inotify, path[0] == '/' ? path : name,
		mask | IN_ONLYDIR | IN_MASK_ADD);
}

void watches_add(struct watches *watches, struct watch *watch, int directory, const char *path,
	bool goes, void (*seen)(struct watch *watch, const char *name))
{
	int number = add(watches, directory, path, goes ? COME | GONE : COME);
	int error = errno;

	watch->seen = seen;
	table_add(&watches->table, &watch->link, number < 0 ? LOOKERS : (uint64_t)number);
	if (number >= 0)
		return;
	if (watches->said != error)
		message(MESSAGE_WARNING, "cannot watch service directories: %s; looking every %d s",
			strerror(error), WATCHES_LOOK_MS / 1000);
	watches->said = error;
	if (watches->timer.place == 0)
		timers_set(&watches->loop->timers, &watches->timer,
			watches->loop->now + WATCHES_LOOK_MS);
}

void watches_remove(struct watches *watches, struct watch *watch)
{
	if (watch->seen == NULL)
		return;
	watch->seen = NULL;
	table_remove(&watches->table, &watch->link);
	if (watch->link.key != LOOKERS && table_find(&watches->table, watch->link.key) == NULL)
		/* EINVAL: gone with the directory */
		(void)inotify_rm_watch(watches->inotify, (int)watch->link.key);
}

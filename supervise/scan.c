/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include "clock.h"
#include "container.h"
#include "files.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define COME (IN_CREATE | IN_MOVED_TO)
#define GONE (IN_DELETE | IN_MOVED_FROM)
#define SELF (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)

/* When what has changed while all was read is read. */
#define AGAIN_MS 1

static void say(struct scan *scan, const char *verb, int error)
{
	if (error != scan->said)
		message(MESSAGE_WARNING, "%s: cannot %s: %s; looking every %d s", scan->path, verb,
			strerror(error), SCAN_LOOK_MS / 1000);
	scan->said = error;
}

/* Nobody needs NUMBER any more, unless it is on the trail too. */
static void unwatch(const struct scan *scan, int number)
{
	if (number >= 0 && !trail_has(&scan->trail, number))
		/* EINVAL: gone with the directory */
		(void)inotify_rm_watch(scan->inotify, number);
}

static void close_directory(struct scan *scan)
{
	unwatch(scan, scan->watch);
	scan->watch = -1;
	files_close(&scan->directory);
}

/* Opens what PATH is now, if that is not what is open already. */
static bool reopen(struct scan *scan)
{
	int directory = files_open(AT_FDCWD, scan->path, O_RDONLY | O_DIRECTORY, 0);
	struct stat found;

	if (directory < 0 || fstat(directory, &found) < 0) {
		/* the services go on as they are: it may come back */
		say(scan, "open", errno);
		close_directory(scan);
		files_close(&directory);
		return false;
	}
	if (scan->directory >= 0 && found.st_dev == scan->device && found.st_ino == scan->inode) {
		files_close(&directory);
		return true;
	}
	scan->moves(scan->owner, directory);
	close_directory(scan);
	scan->directory = directory;
	scan->device = found.st_dev;
	scan->inode = found.st_ino;
	return true;
}

/* Makes sure of directory and watches, and has everything read. PATH may be a link, or
 * lead through some, that is switched to another directory (Void's runsvchdir does so);
 * a directory may be removed and made again, or moved: that is seen on the way only. */
static void look(struct scan *scan)
{
	bool is_watched = scan->inotify >= 0 && trail_follow(&scan->trail, scan->inotify,
		scan->path, scan->watch);
	int error = errno;
	bool there = reopen(scan);

	/* the watch before the reading, so that nothing falls between */
	if (there && scan->watch < 0 && scan->inotify >= 0) {
		scan->watch = inotify_add_watch(scan->inotify, scan->path,
			COME | GONE | SELF | IN_ATTRIB | IN_ONLYDIR);
		if (scan->watch < 0)
			say(scan, "watch", errno);
	}
	if (there && scan->watch >= 0 && !is_watched)
		say(scan, "watch what leads to it", error);
	is_watched = is_watched && there && scan->watch >= 0;
	if (is_watched)
		scan->said = 0;
	scan->anew = false;
	if (there)
		scan->changed(scan->owner);
	timers_set(&scan->loop->timers, &scan->timer, scan->anew ? scan->loop->now + AGAIN_MS :
		is_watched ? CLOCK_NEVER : scan->loop->now + SCAN_LOOK_MS);
}

static void expired(void *owner)
{
	look(owner);
}

/* Deals with one event; true if the whole must be looked at anew. */
static bool take(struct scan *scan, const struct inotify_event *event)
{
	bool anew = trail_is_left(&scan->trail, event);

	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (event->wd != scan->watch)
		return anew;
	if (event->mask & IN_IGNORED)
		scan->watch = -1;
	/* touch(1) has runsvdir.c look; of what is in here the mode, say, means nothing */
	if (event->mask & IN_ATTRIB)
		return anew || event->len == 0;
	if (event->mask & COME && event->len > 0)
		scan->come(scan->owner, event->name);
	/* what is moved here may have replaced what had the name, which nothing else tells of */
	return anew || (event->mask & ~(uint32_t)(IN_CREATE | IN_ISDIR)) != 0;
}

/* Deals with all there is before anything is concluded from what has gone: a rename
 * comes as two events. True if the whole must be looked at anew; LOST: some events are
 * not known. */
static bool take_all(struct scan *scan, bool *lost)
{
	alignas(struct inotify_event) char events[4096];
	bool anew = false;
	ssize_t got;

	*lost = false;
	while ((got = read(scan->inotify, events, sizeof events)) > 0)
		for (ssize_t at = 0; at < got;) {
			/* inotify(7): aligned, and padded to be */
			const struct inotify_event *event = (const void *)(events + at);

			*lost = *lost || (event->mask & IN_Q_OVERFLOW) != 0;
			anew = take(scan, event) || anew;
			at += (ssize_t)(sizeof *event + event->len);
		}
	return anew;
}

static void ready(struct loop_watch *watch)
{
	struct scan *scan = CONTAINER_OF(watch, struct scan, loop_watch);
	bool lost;

	if (take_all(scan, &lost))
		look(scan);
}

bool scan_catch_up(struct scan *scan)
{
	bool lost;

	if (scan->inotify < 0)
		return true;
	if (take_all(scan, &lost)) {
		scan->anew = true;
		timers_set(&scan->loop->timers, &scan->timer, scan->loop->now + AGAIN_MS);
	}
	return !lost;
}

void scan_open(struct scan *scan, struct loop *loop, const char *path)
{
	scan->loop = loop;
	scan->path = path;
	scan->directory = scan->watch = -1;
	scan->timer = (struct timer){ .expired = expired, .owner = scan };
	scan->loop_watch = (struct loop_watch){ .ready = ready };
	scan->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (scan->inotify >= 0 && !loop_watch(loop, scan->inotify, &scan->loop_watch))
		files_close(&scan->inotify);
	if (scan->inotify < 0)
		say(scan, "watch", errno);
	look(scan);
}

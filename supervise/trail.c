/* SPDX-License-Identifier: MIT */
#include "trail.h"

#include "text.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define NAMES (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM)
#define SELF (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)

/* The kernel's own limit (path_resolution(7)). */
#define LINKS_MOST 40

/* Longer paths are not followed: buffers for PATH_MAX would touch pages of the stack
 * that nothing else does. */
#define LENGTH_MOST 1024

struct walk {
	char done[LENGTH_MOST];	/* no link is in it; "": where we are */
	char rest[LENGTH_MOST];
	unsigned links;
};

/* Takes the next part off the rest. Returns its length; 0: there is none. A dot leads
 * nowhere. */
static size_t take_part(struct walk *walk, const char **part)
{
	size_t start = strspn(walk->rest, "/"), length;

	while (walk->rest[start] == '.' && (walk->rest[start + 1] == '/' ||
	    walk->rest[start + 1] == '\0'))
		start += 1 + strspn(walk->rest + start + 1, "/");
	length = strcspn(walk->rest + start, "/");
	*part = walk->rest + start;
	return length;
}

/* Nothing but dots and slashes follows. */
static bool is_last(const char *rest)
{
	return rest[strspn(rest, "/.")] == '\0';
}

/* The link that DONE leads to, LENGTH characters of it being the directory it is in:
 * the way goes on by TARGET. */
static bool go_by_link(struct walk *walk, size_t length, const char *target, size_t size)
{
	size_t left = strlen(walk->rest);

	if (++walk->links > LINKS_MOST) {
		errno = ELOOP;
		return false;
	}
	if (size + 1 + left >= sizeof walk->rest) {
		errno = ENAMETOOLONG;
		return false;
	}
	memmove(walk->rest + size + 1, walk->rest, left + 1);
	memcpy(walk->rest, target, size);
	walk->rest[size] = '/';
	walk->done[length] = '\0';
	if (target[0] == '/')
		(void)text_copy(walk->done, sizeof walk->done, "/");
	return true;
}

/* Watches the directory DONE, by whose name PART the way goes on. */
static bool add(struct trail *trail, int inotify, const struct walk *walk, const char *part,
	uint32_t mask)
{
	struct trail_step *step = &trail->step[trail->count];

	if (trail->count == TRAIL_MOST) {
		errno = ENAMETOOLONG;
		return false;
	}
	/* it may be watched already, further up, or by our owner */
	step->watch = inotify_add_watch(inotify, walk->done[0] == '\0' ? "." : walk->done,
		mask | SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_MASK_ADD);
	if (step->watch < 0)
		return false;
	(void)text_copy(step->name, sizeof step->name, part);
	trail->count++;
	return true;
}

/* Goes on by the next part. 1, or 0: this is the end, or -1 with errno. */
static int go_on(struct trail *trail, int inotify, struct walk *walk)
{
	char target[LENGTH_MOST], name[NAME_MAX + 1];
	size_t before = strlen(walk->done), size;
	const char *part;
	bool is_named;
	ssize_t length;

	size = take_part(walk, &part);
	if (size == 0)
		return 0;
	if (size > NAME_MAX || before + 1 + size >= sizeof walk->done) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)text_format(name, sizeof name, "%.*s", (int)size, part);
	memmove(walk->rest, part + size, strlen(part + size) + 1);
	(void)text_format(target, sizeof target, "%s%s%s", walk->done,
		before == 0 || walk->done[before - 1] == '/' ? "" : "/", name);
	is_named = strcmp(name, "..") != 0 && (is_last(walk->rest) ||
		readlink(target, (char [1]){ 0 }, 1) >= 0 || errno != EINVAL);
	if (!add(trail, inotify, walk, name, is_named ? NAMES : 0))
		return -1;
	(void)text_copy(walk->done, sizeof walk->done, target);
	/* asked once more, now that it is watched */
	length = readlink(walk->done, target, sizeof target);
	if (length < 0)
		return errno == EINVAL ? 1 : errno == ENOENT ? 0 : -1;
	if (!is_named) {
		errno = EAGAIN;		/* it was none just now */
		return -1;
	}
	return go_by_link(walk, before, target, (size_t)length) ? 1 : -1;
}

bool trail_has(const struct trail *trail, int watch)
{
	for (size_t i = 0; i < trail->count; i++)
		if (trail->step[i].watch == watch)
			return true;
	return false;
}

bool trail_follow(struct trail *trail, int inotify, const char *path, int keep)
{
	int old[TRAIL_MOST], error;
	size_t count = trail->count;
	struct walk walk = { .links = 0 };
	int result = 1;

	for (size_t i = 0; i < count; i++)
		old[i] = trail->step[i].watch;
	trail->count = 0;
	if (!text_copy(walk.rest, sizeof walk.rest, path)) {
		errno = ENAMETOOLONG;
		result = -1;
	}
	(void)text_copy(walk.done, sizeof walk.done, path[0] == '/' ? "/" : "");
	while (result > 0)
		result = go_on(trail, inotify, &walk);
	error = errno;
	for (size_t i = 0; i < count; i++)
		if (old[i] != keep && !trail_has(trail, old[i]))
			/* EINVAL: gone with the directory */
			(void)inotify_rm_watch(inotify, old[i]);
	errno = error;
	return result == 0;
}

bool trail_is_left(const struct trail *trail, const struct inotify_event *event)
{
	for (size_t i = 0; i < trail->count; i++)
		if (trail->step[i].watch == event->wd &&
		    (event->len == 0 || strcmp(event->name, trail->step[i].name) == 0))
			return true;
	return false;
}

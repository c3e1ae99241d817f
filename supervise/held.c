/* SPDX-License-Identifier: MIT */
#include "held.h"

#include "files.h"
#include "message.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE HELD_LIST "/starting"

struct name {
	char text[64];
};

static struct name name_of(dev_t device, ino_t inode)
{
	struct name name;

	(void)text_format(name.text, sizeof name.text, HELD_LIST "/%llx-%llx",
		(unsigned long long)device, (unsigned long long)inode);
	return name;
}

/* False: it is no name of ours. */
static bool parse(const char *name, dev_t *device, ino_t *inode)
{
	uint64_t first, second;
	const char *end = text_take_hex(name, &first);

	if (end == NULL || *end != '-')
		return false;
	end = text_take_hex(end + 1, &second);
	if (end == NULL || *end != '\0')
		return false;
	*device = (dev_t)first;
	*inode = (ino_t)second;
	return true;
}

/* Where a link leads, closed with a NUL. */
static bool read_link(int directory, const char *name, char target[PATH_MAX])
{
	ssize_t length = readlinkat(directory, name, target, PATH_MAX - 1);

	if (length < 0)
		return false;
	target[length] = '\0';
	return true;
}

static bool make_list(int scan)
{
	return mkdirat(scan, HELD_LIST, 0700) == 0 || errno == EEXIST;
}

bool held_add(int scan, const char *path, dev_t device, ino_t inode)
{
	static bool told;
	struct name name = name_of(device, inode);
	int error;

	if (symlinkat(path, scan, name.text) == 0 || errno == EEXIST)
		return true;
	if (errno == ENOENT && make_list(scan) && symlinkat(path, scan, name.text) == 0)
		return true;
	error = errno;
	if (!told)
		message(MESSAGE_WARNING, "cannot write " HELD_LIST ": %s: a service whose link is removed "
			"while no runsvdir runs will not be taken down", strerror(error));
	told = true;
	errno = error;
	return false;
}

/* Of each: its name in the list, and its path, both closed with a NUL. */
bool held_note_add(struct held_note *note, const char *path, dev_t device, ino_t inode)
{
	struct name name = name_of(device, inode);
	const char *own = name.text + sizeof HELD_LIST;
	size_t head = strlen(own) + 1, tail = strlen(path) + 1;

	if (note->length + head + tail > note->size) {
		size_t size = 2 * (note->size + PATH_MAX + sizeof name.text);
		char *bytes = realloc(note->bytes, size);

		if (bytes == NULL)
			return false;
		note->bytes = bytes;
		note->size = size;
	}
	memcpy(note->bytes + note->length, own, head);
	memcpy(note->bytes + note->length + head, path, tail);
	note->length += head + tail;
	return true;
}

bool held_note_write(struct held_note *note, int scan)
{
	bool written = make_list(scan) &&
		files_make(scan, NOTE, NOTE ".new", note->bytes, note->length);

	free(note->bytes);
	*note = (struct held_note){ .bytes = NULL };
	return written;
}

void held_note_remove(int scan)
{
	(void)unlinkat(scan, NOTE, 0);		/* at worst it is settled once more */
}

static bool settle(int scan, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	bool added = true;
	dev_t device;
	ino_t inode;

	while (bytes < end) {
		const char *path = bytes + strnlen(bytes, (size_t)(end - bytes)) + 1;

		if (path >= end || memchr(path, '\0', (size_t)(end - path)) == NULL)
			break;		/* none of ours */
		if (parse(bytes, &device, &inode))
			added = held_add(scan, path, device, inode) && added;
		bytes = path + strlen(path) + 1;
	}
	return added;
}

bool held_note_settle(int scan)
{
	struct stat found;
	ssize_t length;
	char *bytes;
	bool settled;
	int error;

	if (fstatat(scan, NOTE, &found, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	if (!S_ISREG(found.st_mode))
		return true;		/* none of ours */
	bytes = malloc((size_t)found.st_size + 1);
	if (bytes == NULL)
		return false;
	length = files_read(scan, NOTE, bytes, (size_t)found.st_size + 1);
	settled = length >= 0 && settle(scan, bytes, (size_t)length);
	error = errno;
	if (settled)
		held_note_remove(scan);
	free(bytes);
	errno = error;
	return settled;
}

int held_open(int scan, dev_t device, ino_t inode)
{
	struct name name = name_of(device, inode);

	return files_open(scan, name.text, O_RDONLY | O_DIRECTORY, 0);
}

bool held_has(int scan, dev_t device, ino_t inode)
{
	struct name name = name_of(device, inode);
	char some[1];

	/* no descriptor is needed for that */
	return readlinkat(scan, name.text, some, sizeof some) > 0;
}

void held_remove(int scan, dev_t device, ino_t inode)
{
	struct name name = name_of(device, inode);

	/* ENOENT: it could not be added */
	(void)unlinkat(scan, name.text, 0);
}

void held_copy(int scan, int to, dev_t device, ino_t inode)
{
	char path[PATH_MAX];

	if (read_link(scan, name_of(device, inode).text, path))
		(void)held_add(to, path, device, inode);
}

bool held_visit(int scan, const struct held_visitor *visitor)
{
	int fd = files_open(scan, HELD_LIST, O_RDONLY | O_DIRECTORY, 0);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char path[PATH_MAX];
	dev_t device;
	ino_t inode;
	int failed = 0;

	if (list == NULL) {
		files_close(&fd);
		return errno == ENOENT;		/* nothing is held */
	}
	errno = 0;
	while ((entry = readdir(list)) != NULL) {
		/* the FIFOs of keepers are here, too, and the note */
		if (parse(entry->d_name, &device, &inode) &&
		    !visitor->knows(visitor->owner, device, inode)) {
			if (read_link(dirfd(list), entry->d_name, path))
				visitor->found(visitor->owner, path, device, inode);
			else if (errno != EINVAL && errno != ENOENT)
				failed = errno;		/* EINVAL: no link, so not ours */
		}
		errno = 0;
	}
	if (errno != 0)
		failed = errno;
	(void)closedir(list);
	errno = failed;
	return failed == 0;
}

/* SPDX-License-Identifier: MIT */
#include "seed.h"

#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#define SEED_BYTES 512		/* the pool's size, random(4) */
#define SEED_NEW SEED_PATH ".new"

static bool write_file(const char *path, int flags, const char *data, size_t size)
{
	int fd = files_open(AT_FDCWD, path, O_WRONLY | flags, 0600);
	bool written;

	if (fd < 0)
		return false;
	/* not synced: at the end everything is, and at boot that takes longer than
	 * all our steps together. Should the power fail meanwhile, a seed is used
	 * twice, which costs nothing: it is not counted as random. */
	written = files_write(fd, data, size);
	files_close(&fd);
	return written;
}

bool seed_save(void)
{
	char seed[SEED_BYTES];

	if (getrandom(seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
		return false;
	if (write_file(SEED_NEW, O_CREAT | O_TRUNC | O_NOFOLLOW, seed, sizeof seed) &&
		rename(SEED_NEW, SEED_PATH) == 0)
		return true;
	return false;
}

bool seed_restore(void)
{
	char seed[SEED_BYTES + 1];	/* files_read closes it with a NUL */
	ssize_t length = files_read(AT_FDCWD, SEED_PATH, seed, sizeof seed);

	if (length < 0 || !write_file("/dev/urandom", 0, seed, (size_t)length))
		return false;
	/* a read-only root keeps its seed, and a young pool has none to give */
	return seed_save() || errno == EROFS || errno == EAGAIN;
}

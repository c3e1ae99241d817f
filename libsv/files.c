/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int files_open(int directory, const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = openat(directory, path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

void files_close(int *fd)
{
	int error = errno;

	if (*fd >= 0)
		/* the descriptor is free whatever close(2) says; what matters
		 * was checked when it was written */
		(void)close(*fd);
	*fd = -1;
	errno = error;
}

void files_close_from(int first)
{
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	for (int fd = first; fd < 65536; fd++)
		(void)close(fd);	/* EBADF: it is not open */
}

/* Closes FD; -1 is passed on. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
	size_t length = 0;

	if (fd < 0)
		return -1;
	while (length < size - 1) {
		ssize_t got = read(fd, buffer + length, size - 1 - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			files_close(&fd);
			return -1;
		}
		if (got == 0)
			break;
		length += (size_t)got;
	}
	files_close(&fd);
	buffer[length] = '\0';
	return (ssize_t)length;
}

ssize_t files_read(int directory, const char *path, char *buffer, size_t size)
{
	return read_all(files_open(directory, path, O_RDONLY, 0), buffer, size);
}

ssize_t files_read_no_link(int directory, const char *path, char *buffer, size_t size,
	struct stat *facts)
{
	int fd = files_open(directory, path, O_RDONLY | O_NOFOLLOW, 0);

	if (fd >= 0 && fstat(fd, facts) < 0)
		files_close(&fd);
	return read_all(fd, buffer, size);
}

bool files_has_input(int fd)
{
	int bytes = 0;

	(void)ioctl(fd, FIONREAD, &bytes);	/* cannot fail for a pipe */
	return bytes > 0;
}

bool files_is_program(const struct stat *facts)
{
	return S_ISREG(facts->st_mode) && (facts->st_mode & S_IXUSR) != 0;
}

bool files_write(int fd, const void *data, size_t size)
{
	const char *bytes = data;

	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

int files_rename(int directory, const char *from, const char *to, enum files_rename how)
{
	return (int)syscall(SYS_renameat2, directory, from, directory, to, (unsigned)how);
}

/* rename(2) over a file is for ext4 the end of a careful update: it begins to write
 * the new one to the disk there and then (auto_da_alloc in ext4(5)), and whoever
 * renamed waits until it has. Exchanging the two and removing the old one does not. */
static bool take_its_place(int directory, const char *temporary, const char *path)
{
	if (files_rename(directory, temporary, path, FILES_EXCHANGE) < 0)
		/* nothing there yet, or a file system that cannot */
		return renameat(directory, temporary, directory, path) == 0;
	if (unlinkat(directory, temporary, 0) < 0 && errno == EISDIR) {
		/* rename(2) had refused; the change back is as likely to go well
		 * as the change was, and the error is told in any case */
		(void)files_rename(directory, temporary, path, FILES_EXCHANGE);
		errno = EISDIR;
		return false;
	}
	return true;
}

/* A new file, whatever has the name: what a kill has left, or a link to what is
 * another's, which who delegates supervise/ lets others make. */
static int make_temporary(int directory, const char *temporary)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL;
	int fd = files_open(directory, temporary, flags, 0644);

	if (fd < 0 && errno == EEXIST && unlinkat(directory, temporary, 0) == 0)
		fd = files_open(directory, temporary, flags, 0644);
	return fd;
}

static bool put(int directory, const char *path, const char *temporary,
	const void *data, size_t size, bool is_new)
{
	int fd = make_temporary(directory, temporary);
	int error;

	if (fd < 0)
		return false;
	if (!files_write(fd, data, size))
		goto failed;
	files_close(&fd);
	if (is_new ? renameat(directory, temporary, directory, path) == 0 :
	    take_its_place(directory, temporary, path))
		return true;
failed:
	error = errno;
	files_close(&fd);
	(void)unlinkat(directory, temporary, 0);	/* an aside; the error that counts is set */
	errno = error;
	return false;
}

bool files_replace(int directory, const char *path, const char *temporary,
	const void *data, size_t size)
{
	return put(directory, path, temporary, data, size, false);
}

bool files_make(int directory, const char *path, const char *temporary,
	const void *data, size_t size)
{
	return put(directory, path, temporary, data, size, true);
}

bool files_overwrite(int directory, const char *path, const void *data, size_t size)
{
	int fd = files_open(directory, path, O_WRONLY | O_NOFOLLOW, 0);
	struct stat found;
	bool written = fd >= 0 && fstat(fd, &found) == 0;

	/* by another name it may be anybody's (proc_sys_fs(5), protected_hardlinks) */
	if (written && (!S_ISREG(found.st_mode) || found.st_nlink != 1)) {
		errno = EMLINK;
		written = false;
	}
	written = written && files_write(fd, data, size);
	files_close(&fd);
	return written;
}

/* SPDX-License-Identifier: MIT */
/* Files: every descriptor is born close-on-exec, EINTR is dealt with, what others
 * read is replaced as a whole, or written over in one piece. */
#ifndef LIBSV_FILES_H
#define LIBSV_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* openat(2) with O_CLOEXEC, O_NOCTTY and O_NONBLOCK added (a FIFO, a tty or a
 * device must not hold us up): a descriptor, or -1 with errno. */
int files_open(int directory, const char *path, int flags, mode_t mode);

/* Closes *FD unless it is -1, and makes it -1. errno is left as it was. */
void files_close(int *fd);

/* Reads at most SIZE - 1 bytes of a file and closes them with a NUL. Returns
 * how many, or -1 with errno. What does not fit is left unread. */
ssize_t files_read(int directory, const char *path, char *buffer, size_t size);

/* The same of a file that is no link; of one it fails, ELOOP. *FACTS: as fstat(2). */
ssize_t files_read_no_link(int directory, const char *path, char *buffer, size_t size,
	struct stat *facts);

/* Whether there is anything to be read from FD, a pipe or a FIFO. */
bool files_has_input(int fd);

/* Whether that is a regular file which its owner may execute. */
bool files_is_program(const struct stat *facts);

/* Closes all descriptors from FIRST on, before Linux 5.9 up to 65,535. */
void files_close_from(int first);

/* Writes all of DATA to FD; false with errno if that fails. */
bool files_write(int fd, const void *data, size_t size);

/* renameat2(2) within a directory, with one of its flags; musl of Debian 12 knows
 * neither. 0, or -1 with errno: EINVAL of a file system, or ENOSYS of a kernel,
 * that cannot do it. */
enum files_rename { FILES_NO_REPLACE = 1 << 0, FILES_EXCHANGE = 1 << 1 };
int files_rename(int directory, const char *from, const char *to, enum files_rename how);

/* Makes PATH hold DATA, at once for whoever reads it: DATA is written to
 * TEMPORARY (same directory, made with mode 0644 less the umask), which takes its place.
 * On failure false with errno, PATH is as it was and TEMPORARY is gone. */
bool files_replace(int directory, const char *path, const char *temporary,
	const void *data, size_t size);

/* As files_replace, for a PATH that most likely is not there yet: to find that out would
 * cost as much as to rename. */
bool files_make(int directory, const char *path, const char *temporary,
	const void *data, size_t size);

/* Writes DATA over the beginning of PATH, a regular file that must exist, be no symbolic link
 * (ELOOP), and have no other name (EMLINK): that may be what somebody else was not to touch. It
 * needs no room on the disk if that was as long before; a reader may see a part of it
 * only. */
bool files_overwrite(int directory, const char *path, const void *data, size_t size);

#endif

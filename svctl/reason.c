/* SPDX-License-Identifier: MIT */
#include "reason.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Those that the calls sv makes on files, FIFOs and scripts can end in. */
static const struct {
	int error;
	const char *text;
} reasons[] = {
	{ ENOENT, "file does not exist" },
	{ EACCES, "access denied" },
	{ EPERM, "permission denied" },
	{ ENXIO, "device not configured" },
	{ ENOTDIR, "not a directory" },
	{ EISDIR, "is a directory" },
	{ ELOOP, "symbolic link loop" },
	{ ENAMETOOLONG, "file name too long" },
	{ ENOEXEC, "exec format error" },
	{ ETXTBSY, "text busy" },
	{ E2BIG, "argument list too long" },
	{ EAGAIN, "temporary failure" },
	{ EPIPE, "broken pipe" },
	{ EIO, "input/output error" },
	{ EINVAL, "invalid argument" },
	{ ENOMEM, "out of memory" },
	{ ENFILE, "system cannot open more files" },
	{ ENOSPC, "out of disk space" },
	{ EROFS, "read-only file system" },
	{ ESTALE, "stale NFS file handle" },
};

const char *reason_text(int error)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].error == error)
			return reasons[i].text;
	return strerror(error);
}

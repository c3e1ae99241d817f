/* SPDX-License-Identifier: MIT */
#include "path.h"

#include "files.h"
#include "text.h"

#include <fcntl.h>
#include <unistd.h>

/* As proc(5) has it. To ask for it costs several times what the other way does: the
 * kernel makes an entry in /proc for each descriptor that is asked for. */
static bool read_link(int directory, char *path, size_t size)
{
	char own[32];
	ssize_t length;

	(void)text_format(own, sizeof own, "/proc/self/fd/%d", directory);
	length = readlink(own, path, size);
	if (length < 0 || (size_t)length >= size)
		return false;
	path[length] = '\0';
	return true;
}

/* As getcwd(2) has it; for that we go there, and back to where paths are relative to,
 * unless we may not. */
bool path_of(int directory, char *path, size_t size)
{
	static int here = -1;
	bool found;

	if (here < 0)
		here = files_open(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
	if (here < 0 || fchdir(here) < 0 || fchdir(directory) < 0)
		return read_link(directory, path, size);
	found = getcwd(path, size) != NULL;
	(void)fchdir(here);
	return found || read_link(directory, path, size);
}

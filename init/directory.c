/* SPDX-License-Identifier: MIT */
#include "directory.h"

#include "files.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As getdents64(2) has it. */
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short size;
	unsigned char type;
	char name[];
};

void directory_visit(const char *path, bool (*visit)(const char *name, void *argument),
	void *argument)
{
	union {
		struct entry entry;
		char bytes[1024];
	} buffer;
	int fd = files_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	long size, at;

	if (fd < 0)
		return;
	while ((size = syscall(SYS_getdents64, fd, &buffer, sizeof buffer)) > 0)
		for (at = 0; at < size; ) {
			const struct entry *entry = (const void *)(buffer.bytes + at);

			if (!visit(entry->name, argument))
				goto done;
			at += entry->size;
		}
done:
	files_close(&fd);
}

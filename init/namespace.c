/* SPDX-License-Identifier: MIT */
#include "namespace.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first namespaces have fixed inodes (include/linux/proc_ns.h). */
#define FIRST_UTS_INODE 0xEFFFFFFEU
#define FIRST_PID_INODE 0xEFFFFFFCU

bool namespace_contained(void)
{
	/* it never changes, and at the end /proc may be gone */
	static enum { MACHINE, CONTAINER, UNKNOWN } known = UNKNOWN;
	struct stat status;

	if (known == UNKNOWN && stat("/proc/self/ns/pid", &status) == 0)
		known = status.st_ino == FIRST_PID_INODE ? MACHINE : CONTAINER;
	if (known != UNKNOWN)
		return known == CONTAINER;
	/* No /proc yet: in the first namespace process 2 is kthreadd, which alone
	 * is in no process group (kernel/kthread.c). */
	return getpgid(2) != 0;
}

bool namespace_has_first_uts(void)
{
	struct stat status;

	return stat("/proc/self/ns/uts", &status) == 0 && status.st_ino == FIRST_UTS_INODE;
}

bool namespace_proc_is_foreign(void)
{
	char self[12];
	ssize_t length = readlink("/proc/self", self, sizeof self);

	return length != 1 || self[0] != '1';
}

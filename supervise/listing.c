/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdalign.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Entries of a directory that are read: a service has about ten. */
#define LIST_BYTES 1024

static unsigned bit_of(const char *name)
{
	if (strcmp(name, "control") == 0)
		return LISTING_CONTROL;
	if (strcmp(name, "log") == 0)
		return LISTING_LOG;
	for (unsigned which = 0; which < SETTING_COUNT; which++)
		if (strcmp(name, setting_name((enum setting)which)) == 0)
			return 1U << which;
	return 0;
}

/* As getdents64(2), which musl and glibc give different names. */
static long list(int directory, void *entries)
{
	return syscall(SYS_getdents64, directory, entries, (unsigned)LIST_BYTES);
}

unsigned listing_read(int directory)
{
	alignas(struct dirent) char entries[LIST_BYTES];
	long got = list(directory, entries);
	unsigned found = 0;

	for (long at = 0; at < got;) {
		/* getdents(2): aligned, and padded to be */
		const struct dirent *entry = (const void *)(entries + at);

		found |= bit_of(entry->d_name);
		at += entry->d_reclen;
	}
	if (got < 0 || (got > 0 && list(directory, entries) != 0))
		found = LISTING_ALL;
	return found;
}

/* It is opened anew: where a descriptor that was read before stands is not the same in all
 * file systems. */
unsigned listing_read_again(int directory)
{
	int again = files_open(directory, ".", O_RDONLY | O_DIRECTORY, 0);
	unsigned found = again < 0 ? LISTING_ALL : listing_read(again);

	files_close(&again);
	return found;
}

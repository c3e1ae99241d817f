/* SPDX-License-Identifier: MIT */
/* Lines of /proc/self/mountinfo, of /proc/swaps and of /etc/fstab. Pure. */
#ifndef INIT_MOUNTTABLE_H
#define INIT_MOUNTTABLE_H

#include <stdbool.h>

/* Both point into the line they were made from. */
struct mounttable_line {
	char *point;		/* where it is mounted */
	char *type;		/* mountinfo: ext4, proc... */
	char *source;
	char *options;		/* fstab's; mountinfo: those of the mount */
	unsigned id;		/* mountinfo */
};

/* Take LINE apart, in place, with its octal escapes (\040 is a blank)
 * resolved. False if it is none: too few fields, and in fstab a comment. */
bool mounttable_mountinfo(char *line, struct mounttable_line *mount);
bool mounttable_fstab(char *line, struct mounttable_line *mount);

/* Does the absolute PATH lie in what is mounted at POINT, or below it? */
bool mounttable_covers(const char *point, const char *path);

/* Which of COUNT MOUNTS, in the order of mountinfo, the absolute PATH lies in: its index,
 * or -1. Of those at one point the last hides the others. */
int mounttable_find(const struct mounttable_line *mounts, int count, const char *path);

/* Takes LINE of /proc/swaps apart, in the same way: the file or device that is swapped
 * to, or NULL. The line of headings is taken for one. */
char *mounttable_swap(char *line);

/* Is WORD one of the comma-separated OPTIONS? */
bool mounttable_option(const char *options, const char *word);

#endif

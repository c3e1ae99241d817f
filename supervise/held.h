/* SPDX-License-Identifier: MIT */
/* The list of what a runsvdir holds, for the next one: should it be killed, and a
 * link be removed before the next one looks, that one would not know of a service
 * that runs on. It is a directory of symbolic links in the scan directory,
 * .supervised/DEVICE-INODE, each to the service directory's real path; for what is just
 * being started a file, .supervised/starting. */
#ifndef SUPERVISE_HELD_H
#define SUPERVISE_HELD_H

#include <stdbool.h>
#include <sys/types.h>

#define HELD_LIST ".supervised"

/* PATH, the directory DEVICE, INODE, is held by who supervises SCAN. False with errno if
 * the list cannot be written, which is told once. */
bool held_add(int scan, const char *path, dev_t device, ino_t inode);

/* Of many that are to be started at once it is noted in one file, before, and each is
 * added when it has been. The note, all zero at first, is gathered in memory. */
struct held_note {
	char *bytes;
	size_t length, size;
};

/* Adds PATH to it. False: no memory. */
bool held_note_add(struct held_note *note, const char *path, dev_t device, ino_t inode);

/* Writes it, and frees what there is of it in memory. False: it could not be. */
bool held_note_write(struct held_note *note, int scan);

/* All that was noted has been added. */
void held_note_remove(int scan);

/* Adds what a supervisor that was killed meanwhile has noted only. False with errno: that
 * could not be done; the note stays. */
bool held_note_settle(int scan);

/* The directory DEVICE, INODE by its link in the list, which may have been left by a
 * supervisor before us: a descriptor, or -1 with errno. It may lead elsewhere by now. */
int held_open(int scan, dev_t device, ino_t inode);

/* Is it in the list? */
bool held_has(int scan, dev_t device, ino_t inode);

/* It is not held any more. */
void held_remove(int scan, dev_t device, ino_t inode);

struct held_visitor {
	/* Is there nothing to be found out about the directory? */
	bool (*knows)(void *owner, dev_t device, ino_t inode);
	void (*found)(void *owner, const char *path, dev_t device, ino_t inode);
	void *owner;
};

/* Goes through the list and has VISITOR told of each path in it that he does not know;
 * false with errno: it could not be read. */
bool held_visit(int scan, const struct held_visitor *visitor);

/* What stands for DEVICE, INODE in the list of SCAN, if anything, does in that of TO. */
void held_copy(int scan, int to, dev_t device, ino_t inode);

#endif

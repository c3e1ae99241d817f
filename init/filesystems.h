/* SPDX-License-Identifier: MIT */
/* Letting go of swap and file systems at the end. */
#ifndef INIT_FILESYSTEMS_H
#define INIT_FILESYSTEMS_H

#include <sys/types.h>

/* Mounts /proc again if it is gone: a shutdown entry such as busybox's
 * "umount -a -r" unmounts it, and what is to be done then is read there. */
void filesystems_want_proc(void);

/* Saves the random seed, unmounts everything in reverse order, and detaches loop
 * devices, until nothing changes, switches swap off, unmounts what held it, makes
 * what is left read-only, and syncs; what lies on a server comes last. If something
 * cannot be made read-only the spared processes are killed, and all is tried once
 * more. That is done in a child, since any of it can block on a dead disk. In a
 * container it only syncs: swap is the machine's, the file systems may be, and the
 * mounts end with the namespace. Returns the child; 0 if none could be made and it
 * is done already. */
pid_t filesystems_release(void);

#endif

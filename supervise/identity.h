/* SPDX-License-Identifier: MIT */
/* Which process it is, past all doubt. A pid alone says nothing: it is used again
 * as soon as its process is reaped. With the start time, the boot and the
 * namespace it is one process; with the directory, that of one service. */
#ifndef SUPERVISE_IDENTITY_H
#define SUPERVISE_IDENTITY_H

#include "status.h"

#include <stdbool.h>
#include <sys/types.h>

/* Fills in boot and namespace, which are the same for all. False with errno, and they
 * are left as they were, if they cannot be found out; ENOENT: there is no /proc, and
 * without it nothing can be adopted. */
bool identity_here(struct status_identity *identity);

/* What a process that is forked now would have for a start time, field 22 of its
 * /proc/PID/stat: ticks of CLOCK_BOOTTIME (fs/proc/array.c). */
uint64_t identity_now(void);

/* Same boot, namespace and directory? */
bool identity_is_same_place(const struct status_identity *one, const struct status_identity *other);

/* Whether IDENTITY's process, should there have been one, was made before process 1: the
 * number of a PID namespace that has ended is given to another. False if that cannot be
 * known. */
bool identity_is_before(const struct status_identity *identity);

/* A pidfd of IDENTITY's process; -1 with errno: ESRCH if it has ended, else why it
 * cannot be had, or known whether it has. The start time is read after the pidfd was
 * opened, so that it is of the process that the pidfd holds. */
int identity_open(const struct status_identity *identity);

/* Whether the process of PIDFD has ended, waited for or not. */
bool identity_has_ended(int pidfd);

/* Whether PID is a process that has ended, with all of its threads, and whose number
 * has not gone yet: nobody has waited for it, or somebody just does. */
bool identity_is_zombie(pid_t pid);

/* Sends a signal by pidfd: it reaches that process or none. -1 with errno. */
int identity_signal(int pidfd, int number);

#endif

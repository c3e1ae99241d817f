/* SPDX-License-Identifier: MIT */
/* The limit on open files: a supervisor needs a handful per service, a service
 * gets the limit that we were given. */
#ifndef SUPERVISE_NOFILE_H
#define SUPERVISE_NOFILE_H

#include <stdbool.h>

/* Raises our RLIMIT_NOFILE as far as we may, and remembers what it was. */
void nofile_raise(void);

/* Whether as many descriptors are left above FD, the lowest that was free, as a service
 * is taken on with, and then some for those that run: they have to be started and
 * written about. */
bool nofile_has_room(int fd);

/* In a child: puts it back. For struct spawn's prepare: 0 or an errno; the
 * argument is not used. */
int nofile_restore(void *unused);

#endif

/* SPDX-License-Identifier: MIT */
/* runsvdir's LOG: what is written to standard error, by us and by services that
 * have no logger, is shown at the end of our command line, where ps(1) finds it
 * (runsvdir.c, daemontools' readproctitle). */
#ifndef SUPERVISE_TITLE_H
#define SUPERVISE_TITLE_H

#include "loop.h"

/* The least length of LOG: five characters are kept, for people to see where it
 * begins. */
#define TITLE_LEAST 7

/* LOG is one of main's arguments: it is written over for as long as we run. Our
 * own standard error goes there, and what is returned is for the services': a
 * descriptor that blocks, as theirs has to, while we must not wait for ourselves.
 * -1 with errno if there is no pipe to be had: all is as it was. */
int title_open(struct loop *loop, char *log);

#endif

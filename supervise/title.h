/* SPDX-License-Identifier: MIT */
/* runsvdir's LOG: what is written to standard error, by us, by services and by
 * loggers, is shown at the end of our command line, where ps(1) finds it
 * (runsvdir.c, daemontools' readproctitle). */
#ifndef SUPERVISE_TITLE_H
#define SUPERVISE_TITLE_H

#include "loop.h"

#include <stdbool.h>

/* The least length of LOG: five characters are kept, for people to see where it
 * begins. */
#define TITLE_LEAST 7

/* LOG is one of main's arguments: it is written over for as long as we run. Standard
 * error is its pipe from now on, also what children have of us. False with errno if
 * there is none to be had: all is as it was. */
bool title_open(struct loop *loop, char *log);

#endif

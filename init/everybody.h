/* SPDX-License-Identifier: MIT */
/* All processes but ours: signalling them at the end. */
#ifndef INIT_EVERYBODY_H
#define INIT_EVERYBODY_H

#include <sys/types.h>

/* Sends SIGNAL, and CONT so that stopped ones get it too, to every process that
 * we may signal: from a child, since kill(2) to a process in uninterruptible
 * sleep can take its time. Returns the child; 0 if none could be made and it is
 * done already. */
pid_t everybody_signal(int signal);

#endif

/* SPDX-License-Identifier: MIT */
/* Executing init again with what it knows: after a crash, for an upgrade, and
 * from memory when its file is deleted and would keep the root busy. The
 * processes that run keep running; zombies and pending signals are kept by the
 * kernel (execve(2)). */
#ifndef INIT_RESUME_H
#define INIT_RESUME_H

#include "lifecycle.h"

#include <signal.h>

enum resume_reason {
	RESUME_NONE,		/* started for the first time */
	RESUME_UPGRADE,
	RESUME_SIGNALLED,	/* a crash signal was sent to us */
	RESUME_CRASH,		/* a fault of our own */
	RESUME_CRASHES,		/* too many of them: better not go on */
};

/* Signal that asks for an upgrade: SIGRTMIN+25 of glibc, as with systemd(1). */
enum { RESUME_SIGNAL = 59 };

/* Keeps ARGV, to be executed with again, and LIFE, to be written down then, and
 * catches the signals of a crash. From then on SIGNALS, which are all but these,
 * are to be waited for. */
void resume_begin(char *argv[], struct lifecycle *life, sigset_t *signals);

/* Says whether init was executed by one of the functions here, and makes LIFE
 * (as left by lifecycle_begin) what it was then. */
enum resume_reason resume_take(int64_t now);

/* Executes init again, and returns if that fails, having said why: from its
 * path, or if a crash signal was sent to us the binary that runs. */
void resume_execute(void);

/* If the file that we run from was deleted, goes on from a copy in memory: a
 * file system cannot be made read-only while it holds such a file. */
void resume_let_go_of_file(void);

#endif

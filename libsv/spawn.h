/* SPDX-License-Identifier: MIT */
/* Starting a program: the only fork and the only exec of our programs (but for
 * init's own re-execution). One child function, one failure path. */
#ifndef LIBSV_SPAWN_H
#define LIBSV_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/* What a descriptor of the child is to be. */
enum { SPAWN_KEEP = -1, SPAWN_SHUT = -2 };

/* The first of those that the child is given for its own use: see carry. */
#define SPAWN_CARRIED 6
#define SPAWN_CARRY_MOST 2

struct spawn {
	const char *path;	/* executed; searched in PATH if it holds no slash */
	char *const *argv;
	char *const *environment;	/* NULL: ours */
	int directory;		/* descriptor of the working directory, or SPAWN_KEEP */
	int fd[3];		/* become 0, 1 and 2; SPAWN_KEEP, SPAWN_SHUT */
	/* Descriptors that the child needs until it executes: in `prepare` they are
	 * SPAWN_CARRIED and up, in this order; those that are -1 are left out. Only
	 * after spawn_reserve. */
	int carry[SPAWN_CARRY_MOST];
	unsigned carried;	/* how many those are */
	bool session;		/* a session of its own: setsid(2) */
	/* Called in the child after all of the above, before exec; returns 0, or
	 * an errno for which the child ends. May be NULL. After spawn_reserve no
	 * descriptor but 0, 1, 2 and those carried is there. */
	int (*prepare)(void *argument);
	void *argument;
	/* False: the child borrows our memory until it executes (as vfork(2)),
	 * so exec's error is known here; for programs on local disks. True: a
	 * fork(2) that nobody waits for. PID 1 needs it: to open a tty or a
	 * program on a dead file server may take for ever. */
	bool detached;
};

enum spawn_result {
	SPAWN_STARTED,		/* *pid is the child */
	SPAWN_NO_PROCESS,	/* no child could be made (EAGAIN, ENOMEM): try again later */
	SPAWN_NO_PROGRAM,	/* it could not be executed; the child is gone and reaped */
};

/* For a program with very many descriptors: from now on a child that borrows our
 * memory borrows our descriptors as well, until it has copies of the few that it
 * needs; otherwise, and where that cannot be, each child copies all of them, and closes
 * them one by one. Takes the numbers from 3 on for that, and closes what is open from
 * there, so it is to be called first. False with errno. */
bool spawn_reserve(void);

/* Starts SPAWN's program with default signals and an empty mask. *ERROR is set
 * to an errno unless it started. A detached child reports a failure itself, by
 * message(), and exits 126 or 127 as the shell does. Not reentrant. */
enum spawn_result spawn(const struct spawn *spawn, pid_t *pid, int *error);

#endif

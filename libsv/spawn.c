/* SPDX-License-Identifier: MIT */
/* The child shares our memory until it executes (CLONE_VM), we are suspended
 * meanwhile (CLONE_VFORK): nothing is copied, however large we are, and an
 * error comes back in plain memory. clone(2) rather than vfork(2) because the
 * child gets a stack of its own and so cannot spoil ours (musl's posix_spawn
 * does the same). With spawn_reserve it shares our descriptors, too (CLONE_FILES),
 * until close_range(2) gives it a table of its own with the lowest few in it: a
 * table of 10,000 takes a millisecond to copy and to close again. */
#include "spawn.h"

#include "files.h"
#include "large.h"
#include "message.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where copies of a child's descriptors stand while it is started, numbers that
 * nothing else has: FD_SLOTS + i of fd[i], then those carried, then what holds the
 * numbers meanwhile. */
enum { FD_SLOTS = 3, HOLDER = SPAWN_CARRIED + SPAWN_CARRY_MOST, SLOTS_END };

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1U << 1)	/* linux/close_range.h */
#endif

static bool reserved;
static bool shares;		/* a child can borrow our descriptors, as it can get its own */

/* execvp(3) of musl takes PATH_MAX + NAME_MAX of it */
#define CHILD_STACK_BYTES 16384

struct child {
	const struct spawn *spawn;
	int fd[3];		/* as in spawn, or where the copies are */
	int error;
	bool later;		/* for want of something that may be there again */
};

bool spawn_reserve(void)
{
	int holder;

	/* what we are started without must not become one of ours */
	while ((holder = open("/dev/null", O_RDWR)) >= 0 && holder < FD_SLOTS)
		continue;
	files_close_from(FD_SLOTS);
	holder = eventfd(0, EFD_CLOEXEC);
	if (holder < 0)
		return false;
	for (int slot = FD_SLOTS; slot < SLOTS_END; slot++)
		if (slot != holder && dup3(holder, slot, O_CLOEXEC) < 0)
			return false;
	if (holder >= SLOTS_END)
		(void)close(holder);
	reserved = true;
	/* of one who shares none both do nothing; a filter of system calls may refuse both,
	 * as a container's does that is older than the one and has no rights to the other */
	shares = syscall(SYS_close_range, ~0U, ~0U, CLOSE_RANGE_UNSHARE) == 0 ||
		unshare(CLONE_FILES) == 0;
	return true;
}

static bool fill(int slot, int fd)
{
	return fd < 0 || dup3(fd, slot, O_CLOEXEC) >= 0;
}

/* Puts copies of what the child needs where it finds them. */
static bool fill_slots(struct child *child)
{
	const struct spawn *spawn = child->spawn;

	for (int i = 0; i < 3; i++) {
		if (!fill(FD_SLOTS + i, spawn->fd[i]))
			return false;
		if (spawn->fd[i] >= 0)
			child->fd[i] = FD_SLOTS + i;
	}
	for (unsigned i = 0; i < spawn->carried; i++)
		if (!fill(SPAWN_CARRIED + (int)i, spawn->carry[i]))
			return false;
	return true;
}

/* A copy of a lock's descriptor would hold the lock (flock(2)). */
static void empty_slots(const struct spawn *spawn)
{
	for (int i = 0; i < 3; i++)
		(void)fill(FD_SLOTS + i, spawn->fd[i] >= 0 ? HOLDER : -1);
	for (unsigned i = 0; i < spawn->carried; i++)
		(void)fill(SPAWN_CARRIED + (int)i, spawn->carry[i] >= 0 ? HOLDER : -1);
}

/* In the child: descriptors of its own, those below SLOTS_END of ours. */
static int leave_descriptors(void)
{
	if (syscall(SYS_close_range, SLOTS_END, ~0U, CLOSE_RANGE_UNSHARE) == 0)
		return 0;
	/* before Linux 5.9: all of them, which exec closes */
	return unshare(CLONE_FILES) == 0 ? 0 : errno;
}

/* The descriptors that become 0, 1 and 2 may themselves be among 0, 1 and 2:
 * first each is copied out of the way, then all are put in place. */
static int set_descriptors(const int fd[3])
{
	int aside[3];

	for (int i = 0; i < 3; i++) {
		aside[i] = fd[i];
		if (fd[i] >= 0 && fd[i] < 3 && fd[i] != i)
			aside[i] = fcntl(fd[i], F_DUPFD_CLOEXEC, 3);
		if (fd[i] >= 0 && aside[i] < 0)
			return errno;
	}
	for (int i = 0; i < 3; i++) {
		if (aside[i] == SPAWN_KEEP)
			continue;
		if (aside[i] == SPAWN_SHUT)
			(void)close(i);		/* EBADF: it is shut */
		else if (aside[i] == i) {
			if (fcntl(i, F_SETFD, 0) < 0)
				return errno;
		} else if (dup2(aside[i], i) < 0)
			return errno;
	}
	return 0;
}

/* Returns only if the program could not be executed: an errno. */
static int execute(struct child *child)
{
	const struct spawn *spawn = child->spawn;
	char *const *environment = spawn->environment != NULL ? spawn->environment : environ;
	int error;

	if (spawn->session)
		(void)setsid();		/* fails if we lead one already */
	if (spawn->directory >= 0 && fchdir(spawn->directory) < 0)
		return errno;
	if (shares && !spawn->detached && (error = leave_descriptors()) != 0) {
		child->later = true;
		return error;
	}
	error = set_descriptors(child->fd);
	if (error == 0 && spawn->prepare != NULL)
		error = spawn->prepare(spawn->argument);
	if (error != 0)
		return error;
	signals_unblock();
	execvpe(spawn->path, spawn->argv, environment);
	return errno;
}

static int child_main(void *argument)
{
	struct child *child = argument;

	child->error = execute(child);
	_exit(child->error == ENOENT ? 127 : 126);
}

static pid_t start_detached(struct child *child)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	child->error = execute(child);
	message(MESSAGE_ERROR, "%s: cannot execute: %s", child->spawn->path,
		strerror(child->error));
	_exit(child->error == ENOENT ? 127 : 126);
}

static pid_t start_borrowing(struct child *child)
{
	static alignas(16) char stack[CHILD_STACK_BYTES] SELDOM;

	return clone(child_main, stack + sizeof stack,
		CLONE_VM | CLONE_VFORK | (shares ? CLONE_FILES : 0) | SIGCHLD, child);
}

static pid_t start_sharing(struct child *child)
{
	pid_t pid = -1;
	int error;

	if (fill_slots(child))
		pid = start_borrowing(child);
	error = errno;
	empty_slots(child->spawn);
	errno = error;
	return pid;
}

static pid_t start(struct child *child)
{
	if (child->spawn->detached)
		return start_detached(child);
	return reserved ? start_sharing(child) : start_borrowing(child);
}

enum spawn_result spawn(const struct spawn *spawn, pid_t *pid, int *error)
{
	struct child child = { .spawn = spawn, .fd = { spawn->fd[0], spawn->fd[1], spawn->fd[2] } };
	pid_t started = start(&child);

	if (started < 0) {
		*error = errno;
		return SPAWN_NO_PROCESS;
	}
	if (child.error != 0) {
		/* it is exiting, so this does not wait for anything of its doing */
		while (waitpid(started, NULL, 0) < 0 && errno == EINTR)
			continue;
		*error = child.error;
		return child.later ? SPAWN_NO_PROCESS : SPAWN_NO_PROGRAM;
	}
	*pid = started;
	return SPAWN_STARTED;
}

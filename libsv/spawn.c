/* SPDX-License-Identifier: MIT */
/* The child shares our memory until it executes (CLONE_VM), we are suspended
 * meanwhile (CLONE_VFORK): nothing is copied, however large we are, and an
 * error comes back in plain memory. clone(2) rather than vfork(2) because the
 * child gets a stack of its own and so cannot spoil ours (musl's posix_spawn
 * does the same). */
#include "spawn.h"

#include "large.h"
#include "message.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* execvp(3) of musl takes PATH_MAX + NAME_MAX of it */
#define CHILD_STACK_BYTES 16384

struct child {
	const struct spawn *spawn;
	int error;
};

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
static int execute(const struct spawn *spawn)
{
	char *const *environment = spawn->environment != NULL ? spawn->environment : environ;
	int error;

	if (spawn->session)
		(void)setsid();		/* fails if we lead one already */
	if (spawn->directory >= 0 && fchdir(spawn->directory) < 0)
		return errno;
	error = set_descriptors(spawn->fd);
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

	child->error = execute(child->spawn);
	_exit(child->error == ENOENT ? 127 : 126);
}

static pid_t start_detached(struct child *child)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	child->error = execute(child->spawn);
	message(MESSAGE_ERROR, "%s: cannot execute: %s", child->spawn->path,
		strerror(child->error));
	_exit(child->error == ENOENT ? 127 : 126);
}

static pid_t start_borrowing(struct child *child)
{
	static alignas(16) char stack[CHILD_STACK_BYTES] LARGE;

	return clone(child_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, child);
}

enum spawn_result spawn(const struct spawn *spawn, pid_t *pid, int *error)
{
	struct child child = { .spawn = spawn };
	pid_t started = spawn->detached ? start_detached(&child) : start_borrowing(&child);

	if (started < 0) {
		*error = errno;
		return SPAWN_NO_PROCESS;
	}
	if (child.error != 0) {
		/* it is exiting, so this does not wait for anything of its doing */
		while (waitpid(started, NULL, 0) < 0 && errno == EINTR)
			continue;
		*error = child.error;
		return SPAWN_NO_PROGRAM;
	}
	*pid = started;
	return SPAWN_STARTED;
}

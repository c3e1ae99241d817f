/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include "clock.h"
#include "container.h"
#include "files.h"
#include "message.h"
#include "signals.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

/* How many events one system call brings: what is left comes with the next. */
#define EVENTS 64
#define SIGNALS 16

/* Children are asked for again after this: their signal will not come again. */
#define REAP_AGAIN_MS 100

/* A child may have ended for any of several reasons that came as one SIGCHLD, so
 * we ask until there is nothing left. One that is none of ours is an orphan that
 * we inherited, as PID 1 or as a subreaper. */
static void reap(struct loop *loop)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
		struct table_link *link = pid < 0 ? NULL : table_find(&loop->children, (uint64_t)pid);

		if (link == NULL)
			continue;
		struct loop_child *child = CONTAINER_OF(link, struct loop_child, link);

		table_remove(&loop->children, link);
		child->ended(child, pid, status);
	}
	if (pid < 0 && errno != ECHILD)
		timers_set(&loop->timers, &loop->reap_timer, clock_now() + REAP_AGAIN_MS);
}

static void reap_again(void *owner)
{
	reap(owner);
}

static void take_signals(struct loop_watch *watch)
{
	struct loop *loop = CONTAINER_OF(watch, struct loop, signal_watch);
	struct signalfd_siginfo infos[SIGNALS];
	ssize_t got;

	do {
		got = read(loop->signals, infos, sizeof infos);
		for (size_t i = 0; got > 0 && i < (size_t)got / sizeof infos[0]; i++)
			if (infos[i].ssi_signo != SIGCHLD && loop->signalled != NULL)
				loop->signalled(loop->owner, &infos[i]);
	} while (got > 0 || (got < 0 && errno == EINTR));
	reap(loop);
}

bool loop_open(struct loop *loop)
{
	loop->now = clock_now();
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->signals = signals_open();
	loop->signal_watch = (struct loop_watch){ .ready = take_signals };
	loop->reap_timer = (struct timer){ .expired = reap_again, .owner = loop };
	return loop->epoll >= 0 && loop->signals >= 0 && loop_reserve(loop, 1, 1) &&
		loop_watch(loop, loop->signals, &loop->signal_watch);
}

bool loop_reserve(struct loop *loop, size_t timers, size_t children)
{
	return timers_reserve(&loop->timers, 1 + timers) && table_reserve(&loop->children, children);
}

bool loop_watch(struct loop *loop, int fd, struct loop_watch *watch)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void loop_close(struct loop *loop, int *fd)
{
	int error = errno;

	if (*fd >= 0)
		/* ENOENT: it is not watched */
		(void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, *fd, NULL);
	files_close(fd);
	errno = error;
}

void loop_child(struct loop *loop, struct loop_child *child, pid_t pid)
{
	table_add(&loop->children, &child->link, (uint64_t)pid);
}

void loop_forget(struct loop *loop, struct loop_child *child)
{
	table_remove(&loop->children, &child->link);
}

/* TIMEOUT: in ms, -1: none. Returns whether anything has happened. */
static bool take(struct loop *loop, int timeout)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(loop->epoll, events, EVENTS, timeout);
	struct timer *timer;
	bool is_anything = count > 0;

	if (count < 0 && errno != EINTR)
		message(MESSAGE_ERROR, "cannot wait for events: %s", strerror(errno));
	loop->now = clock_now();
	for (int i = 0; i < count; i++) {
		struct loop_watch *watch = events[i].data.ptr;

		watch->ready(watch);
	}
	while ((timer = timers_take(&loop->timers, loop->now)) != NULL) {
		timer->expired(timer->owner);
		is_anything = true;
	}
	return is_anything;
}

void loop_wait(struct loop *loop)
{
	int64_t earliest = timers_earliest(&loop->timers);

	(void)take(loop, earliest == CLOCK_NEVER ? -1 : clock_left(earliest, clock_now()));
}

bool loop_look(struct loop *loop)
{
	return take(loop, 0);
}

/* SPDX-License-Identifier: MIT */
#include "wait.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdalign.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How long a check script's end may go unseen without a signalfd. */
#define BLIND_MS 100

void wait_open(struct wait *wait)
{
	sigset_t child;

	(void)sigemptyset(&child);	/* these fail for bad arguments only */
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
	/* were it ignored, as we may have been started, there would be no end to
	 * wait for: wait(2) */
	(void)signal(SIGCHLD, SIG_DFL);
	wait->children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	wait->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

int wait_watch(const struct wait *wait, const char *path, enum wait_for what)
{
	if (wait->inotify < 0)
		return -1;
	return inotify_add_watch(wait->inotify, path, IN_ONLYDIR |
		(what == WAIT_FOR_END ? IN_CLOSE_NOWRITE : IN_MOVED_TO));
}

static bool is_news(const struct inotify_event *event)
{
	if (event->mask & (IN_IGNORED | IN_Q_OVERFLOW))
		return true;
	if (event->len == 0)
		return false;
	if (event->mask & IN_MOVED_TO)
		return strcmp(event->name, "status") == 0;
	/* only a supervisor reads from `ok`; to read `status` is no news: we do */
	return strcmp(event->name, "ok") == 0;
}

static void tell(const struct wait *wait, wait_changed *changed, void *argument)
{
	alignas(struct inotify_event) char events[4096];
	ssize_t size;

	while ((size = read(wait->inotify, events, sizeof events)) > 0)
		for (char *at = events; at < events + size;) {
			const struct inotify_event *event = (void *)at;

			if (is_news(event))
				changed(argument, (event->mask & IN_Q_OVERFLOW) != 0 ? -1 : event->wd,
					event->mask & IN_IGNORED);
			at += sizeof *event + event->len;
		}
}

/* Whose end it was, waitpid says. */
static void drain_children(const struct wait *wait)
{
	struct signalfd_siginfo child;

	while (read(wait->children, &child, sizeof child) > 0)
		continue;
}

void wait_pause(const struct wait *wait, int64_t until, wait_changed *changed,
	void *argument)
{
	struct pollfd polled[] = {
		{ .fd = wait->inotify, .events = POLLIN },	/* poll(2) skips -1 */
		{ .fd = wait->children, .events = POLLIN },
	};
	int left = clock_left(until, clock_now());

	if (wait->children < 0 && left > BLIND_MS)
		left = BLIND_MS;
	if (poll(polled, sizeof polled / sizeof polled[0], left) <= 0)
		return;		/* the time, or a signal: the caller looks and comes back */
	if (polled[0].revents != 0)
		tell(wait, changed, argument);
	if (polled[1].revents != 0)
		drain_children(wait);
}

void wait_briefly(const struct wait *wait, const struct timespec *time)
{
	struct pollfd polled = { .fd = wait->children, .events = POLLIN };

	if (ppoll(&polled, 1, time, NULL) > 0)
		drain_children(wait);
}

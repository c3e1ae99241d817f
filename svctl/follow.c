/* SPDX-License-Identifier: MIT */
#include "follow.h"

#include "clock.h"
#include "reason.h"

#include <errno.h>
#include <poll.h>
#include <stdalign.h>
#include <unistd.h>

/* All that can be read at once. */
static bool deal(int inotify, follow_hear *hear, void *argument)
{
	alignas(struct inotify_event) char events[4096];
	ssize_t size;

	while ((size = read(inotify, events, sizeof events)) > 0)
		for (char *at = events; at < events + size;) {
			const struct inotify_event *event = (void *)at;

			if (!hear(argument, event))
				return false;
			at += sizeof *event + event->len;
		}
	return true;
}

int follow(int inotify, struct output *out, follow_hear *hear, follow_look *look,
	void *argument)
{
	struct pollfd polled[] = {
		{ .fd = inotify, .events = POLLIN },
		{ .fd = out->fd },	/* POLLERR: a pipe's reader has gone */
	};

	do {
		int64_t again = look != NULL ? look(argument) : CLOCK_NEVER;

		output_flush(out);
		if (out->error != 0)
			return 0;
		if (poll(polled, 2, clock_left(again, clock_now())) < 0 && errno != EINTR)
			return errno;
		if (polled[1].revents != 0)
			return 0;
	} while (deal(inotify, hear, argument));
	output_flush(out);
	return 0;
}

const char *follow_reason(void)
{
	return errno == ENOSPC ? "no more watches: raise fs.inotify.max_user_watches" :
		errno == EMFILE ? "no more of inotify: raise fs.inotify.max_user_instances" :
		reason_text(errno);
}

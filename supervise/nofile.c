/* SPDX-License-Identifier: MIT */
#include "nofile.h"

#include "message.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

/* Enough for 100,000 services; the kernel's fs.nr_open is 2^20 by default. */
#define FILES_WANTED 1048576

/* A service and its logger have 14, and one more each if they are adopted. */
#define FILES_A_SERVICE 16
#define FILES_SPARE 16

static struct rlimit before;
static int raised;

void nofile_raise(void)
{
	struct rlimit more;

	if (getrlimit(RLIMIT_NOFILE, &before) < 0)
		return;
	more.rlim_cur = more.rlim_max = FILES_WANTED;
	if (before.rlim_cur >= FILES_WANTED)
		return;
	if (before.rlim_max >= FILES_WANTED || setrlimit(RLIMIT_NOFILE, &more) < 0) {
		/* not privileged, or fs.nr_open is lower: the hard limit then */
		more.rlim_cur = more.rlim_max = before.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &more) < 0) {
			message(MESSAGE_WARNING, "cannot raise the limit of open files: %s",
				strerror(errno));
			return;
		}
	}
	raised = 1;
}

bool nofile_has_room(int fd)
{
	struct rlimit now;

	/* the lowest that is free is given first, so that below it there is none */
	return getrlimit(RLIMIT_NOFILE, &now) < 0 ||
		(rlim_t)fd + FILES_A_SERVICE + FILES_SPARE <= now.rlim_cur;
}

int nofile_restore(void *unused)
{
	(void)unused;
	if (raised && setrlimit(RLIMIT_NOFILE, &before) < 0)
		return errno;
	return 0;
}

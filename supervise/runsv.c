/* SPDX-License-Identifier: MIT */
/* runsv DIR: the monitor of one service, by hand. The same code as runsvdir's. */
#include "loop.h"
#include "nofile.h"
#include "service.h"

#include "files.h"
#include "message.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

enum { EXIT_USAGE = 100, EXIT_SYSTEM = 111 };
enum { LOCK_TRIES = 20, LOCK_PAUSE_MS = 5 };

static void signalled(void *owner, const struct signalfd_siginfo *info)
{
	struct service *service = owner;

	/* INT: from the terminal, to whoever runs this by hand */
	if (info->ssi_signo != SIGTERM && info->ssi_signo != SIGINT)
		return;
	service_stop(service);
	service_turn(service);
}

/* The lock of a runsv that was killed may be held for a moment yet, by a child of
 * its own on the way to exec. */
static bool take(struct service *service, const char *path)
{
	for (int tries = 0;; tries++) {
		int directory = files_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);

		if (directory < 0) {
			message(MESSAGE_ERROR, "%s: cannot open: %s", path, strerror(errno));
			return false;
		}
		if (service_open(service, directory))
			return true;
		if (errno != EWOULDBLOCK || tries == LOCK_TRIES) {
			service_tell(service, errno);
			return false;
		}
		(void)poll(NULL, 0, LOCK_PAUSE_MS);
	}
}

int main(int argc, char **argv)
{
	static struct loop loop;
	static struct service service;
	struct service_context context = { .loop = &loop, .error = -1 };

	signals_block();
	message_open("runsv", MESSAGE_STDERR);
	if (argc != 2 || argv[1][0] == '\0' || argv[1][0] == '-') {
		message(MESSAGE_ERROR, "usage: runsv DIR");
		return EXIT_USAGE;
	}
	nofile_raise();
	loop.signalled = signalled;
	loop.owner = &service;
	if (!loop_open(&loop) || !loop_reserve(&loop, 1, SERVICE_CHILDREN)) {
		message(MESSAGE_ERROR, "%s: cannot set up: %s", argv[1], strerror(errno));
		return EXIT_SYSTEM;
	}
	service_init(&service, &context, argv[1]);
	if (!take(&service, argv[1]))
		return EXIT_SYSTEM;
	service_turn(&service);
	while (service.stage != SERVICE_GONE)
		loop_wait(&loop);
	return 0;
}

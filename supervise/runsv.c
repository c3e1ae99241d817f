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
#include <signal.h>
#include <string.h>

enum { EXIT_USAGE = 100, EXIT_SYSTEM = 111 };

static void signalled(void *owner, const struct signalfd_siginfo *info)
{
	struct service *service = owner;

	/* INT: from the terminal, to whoever runs this by hand */
	if (info->ssi_signo != SIGTERM && info->ssi_signo != SIGINT)
		return;
	service_stop(service);
	service_turn(service);
}

int main(int argc, char **argv)
{
	static struct loop loop;
	static struct service service;
	struct service_context context = { .loop = &loop };
	int directory;

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
	directory = files_open(AT_FDCWD, argv[1], O_RDONLY | O_DIRECTORY, 0);
	if (directory < 0) {
		message(MESSAGE_ERROR, "%s: cannot open: %s", argv[1], strerror(errno));
		return EXIT_SYSTEM;
	}
	service_init(&service, &context, argv[1]);
	if (!service_open(&service, directory))
		return EXIT_SYSTEM;
	service_turn(&service);
	while (service.stage != SERVICE_GONE)
		loop_wait(&loop);
	return 0;
}

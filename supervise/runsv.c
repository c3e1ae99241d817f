/* SPDX-License-Identifier: MIT */
/* runsv DIR: the monitor of one service, by hand. The same code as runsvdir's. */
#include "loop.h"
#include "nofile.h"
#include "service.h"
#include "watches.h"

#include "files.h"
#include "message.h"
#include "signals.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 100, EXIT_SYSTEM = 111 };
enum { LOCK_TRIES = 100, LOCK_PAUSE_MS = 5 };

static struct watches watches;
static struct watch inside;
static struct service service;

static void seen_inside(struct watch *unused, const char *name)
{
	(void)unused;
	if (service_look_for_log(&service, name))
		watches_remove(&watches, &inside);
}

static void signalled(void *unused, const struct signalfd_siginfo *info)
{
	(void)unused;
	/* INT: from the terminal, to whoever runs this by hand */
	if (info->ssi_signo != SIGTERM && info->ssi_signo != SIGINT)
		return;
	service_stop(&service);
	service_turn(&service);
}

/* The lock of a runsv that was killed may be held for a moment yet, by a child of
 * its own on the way to exec: a longer one where that has to wait for a CPU. */
static bool take(const char *path)
{
	for (int tries = 0;; tries++) {
		int directory = files_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);

		if (directory < 0) {
			message(MESSAGE_ERROR, "%s: cannot open: %s", path, strerror(errno));
			return false;
		}
		if (service_open(&service, directory))
			return true;
		if (errno != EWOULDBLOCK || tries == LOCK_TRIES) {
			service_tell(&service, errno);
			return false;
		}
		(void)poll(NULL, 0, LOCK_PAUSE_MS);
	}
}

int main(int argc, char **argv)
{
	static struct loop loop;
	static struct keeper keeper;
	struct supervisor supervisor = { .loop = &loop, .keeper = &keeper, .alone = true,
		.turn = service_turn };

	signals_block();
	message_open("runsv", MESSAGE_STDERR);
	if (argc != 2 || argv[1][0] == '\0' || argv[1][0] == '-') {
		message(MESSAGE_ERROR, "usage: runsv DIR");
		return EXIT_USAGE;
	}
	nofile_raise();
	loop.signalled = signalled;
	if (!spawn_reserve() || !loop_open(&loop) ||
	    !loop_reserve(&loop, 1 + KEEPER_TIMERS + WATCHES_TIMERS, SERVICE_CHILDREN + KEEPER_CHILDREN)) {
		message(MESSAGE_ERROR, "%s: cannot set up: %s", argv[1], strerror(errno));
		return EXIT_SYSTEM;
	}
	(void)message_separate(STDERR_FILENO);	/* it may block, then */
	keeper.argc = argc;
	keeper.argv = argv;
	if (!watches_open(&watches, &loop)) {
		message(MESSAGE_ERROR, "%s: cannot set up: %s", argv[1], strerror(errno));
		return EXIT_SYSTEM;
	}
	keeper_open(&keeper, &loop);
	service_init(&service, &supervisor, argv[1]);
	if (!take(argv[1]))
		return EXIT_SYSTEM;
	if (service.log == NULL)
		watches_add(&watches, &inside, service.main.directory, "", false, seen_inside);
	seen_inside(&inside, NULL);
	service_turn(&service);
	for (;;) {
		program_publish_all(&supervisor);
		if (service.stage == SERVICE_GONE)
			return 0;
		loop_wait(&loop);
	}
}

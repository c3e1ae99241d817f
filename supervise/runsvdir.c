/* SPDX-License-Identifier: MIT */
/* runsvdir [-P] DIR [LOG]: supervises every service directory in DIR, each by a
 * monitor of its own, all of them in this process. */
#include "loop.h"
#include "nofile.h"
#include "roster.h"
#include "scan.h"
#include "title.h"

#include "message.h"
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 100, EXIT_SYSTEM = 111 };

static struct loop loop;
static struct scan scan;
static struct roster roster = {
	.context = { .loop = &loop, .error = -1 },
	.directory = -1,
};
static int exit_code;
static bool leave;

static void come(void *unused, const char *name)
{
	(void)unused;
	roster_see(&roster, name);
}

static void changed(void *unused)
{
	static bool first = true;

	(void)unused;
	roster.directory = scan.directory;
	roster_scan(&roster);
	if (first)
		roster_take_down_left(&roster);
	first = false;
}

/* TERM from init, or as PID 1: the system goes down, and so do the services. From
 * anybody else: we end, the services run on, and the next runsvdir adopts them; so
 * a new version takes over. HUP: the services go down (runsvdir.c), and so they do
 * after INT, which comes from the terminal of whoever runs this by hand. */
static void signalled(void *unused, const struct signalfd_siginfo *info)
{
	(void)unused;
	if (info->ssi_signo == SIGTERM && info->ssi_pid != 1 && getpid() != 1)
		leave = true;
	else if (info->ssi_signo == SIGTERM || info->ssi_signo == SIGINT ||
	    info->ssi_signo == SIGHUP) {
		exit_code = info->ssi_signo == SIGHUP ? EXIT_SYSTEM : 0;
		roster_stop(&roster);
	}
}

static int usage(void)
{
	message(MESSAGE_ERROR, "usage: runsvdir [-P] DIR [LOG]");
	return EXIT_USAGE;
}

static void open_log(char *log)
{
	if (strlen(log) < TITLE_LEAST)
		message(MESSAGE_WARNING, "LOG is shorter than %d characters: not used", TITLE_LEAST);
	else if ((roster.context.error = title_open(&loop, log)) < 0)
		message(MESSAGE_WARNING, "cannot make a pipe for LOG: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	int option;

	signals_block();
	message_open("runsvdir", MESSAGE_STDERR);
	while ((option = getopt(argc, argv, "+:P")) != -1) {
		if (option != 'P')
			return usage();
		roster.context.sessions = true;
	}
	argc -= optind;
	argv += optind;
	if (argc < 1 || argc > 2 || argv[0][0] == '\0')
		return usage();
	nofile_raise();
	loop.signalled = signalled;
	/* one timer is the scan's */
	if (!loop_open(&loop) || !loop_reserve(&loop, 1, 1)) {
		message(MESSAGE_ERROR, "cannot set up: %s", strerror(errno));
		return EXIT_SYSTEM;
	}
	if (argc == 2)
		open_log(argv[1]);
	scan.come = come;
	scan.changed = changed;
	scan_open(&scan, &loop, argv[0]);
	for (;;) {
		roster_collect(&roster);
		if (leave || (roster.stopping && roster.count == 0))
			return exit_code;
		loop_wait(&loop);
	}
}

/* SPDX-License-Identifier: MIT */
/* runsvdir [-P] DIR [LOG]: supervises every service directory in DIR, each by a
 * monitor of its own, all of them in this process. */
#include "held.h"
#include "keeper.h"
#include "loop.h"
#include "nofile.h"
#include "roster.h"
#include "scan.h"
#include "title.h"

#include "message.h"
#include "signals.h"
#include "spawn.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Where our keeper is found, in the scan directory. */
#define KEEPERS HELD_LIST "/keeper."

/* So often is looked whether there is anything to be done, before we leave. */
#define LOOKS 1000

enum { EXIT_USAGE = 100, EXIT_SYSTEM = 111 };

static struct loop loop;
static struct scan scan;		/* large, and all zero before scan_open */
static struct keeper keeper;
static struct roster roster = {
	.supervisor = { .loop = &loop, .keeper = &keeper, .turn = roster_turn },
	.directory = &scan.directory,
};
static int exit_code;
static bool leave;

static void come(void *unused, const char *name)
{
	(void)unused;
	roster_see(&roster, name);
}

static bool moved;

/* The services of a directory that was opened anew, as another than before or as one that
 * is back, are kept track of in that. */
static void place_keeper(void)
{
	if (moved)
		keeper_place(&keeper, &scan.directory, KEEPERS);
	moved = false;
}

static void moves(void *unused, int to)
{
	(void)unused;
	roster_move(&roster, to);
	keeper_leave(&keeper);
	moved = true;
}

static bool catch_up(void)
{
	return scan_catch_up(&scan);
}

static void changed(void *unused)
{
	(void)unused;
	place_keeper();
	roster_scan(&roster);
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

/* Once all services are open that were when the last supervisor ended, and ours has what
 * they have, its keeper has nothing that ours has not. */
static void end_other_keepers(void)
{
	static bool done;

	if (done || !roster_is_open(&roster) || !keeper_has_all(&keeper))
		return;
	keeper_end_others(&keeper, scan.directory, KEEPERS);
	done = true;
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
	else if (!title_open(&loop, log))
		message(MESSAGE_WARNING, "cannot make a pipe for LOG: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	char **whole_argv = argv;
	int whole_argc = argc;
	int option;
	int looks = 0;

	signals_block();
	message_open("runsvdir", MESSAGE_STDERR);
	while ((option = getopt(argc, argv, "+:P")) != -1) {
		if (option != 'P')
			return usage();
		roster.supervisor.sessions = true;
	}
	argc -= optind;
	argv += optind;
	if (argc < 1 || argc > 2 || argv[0][0] == '\0')
		return usage();
	nofile_raise();
	keeper.argc = whole_argc;
	keeper.argv = whole_argv;
	loop.signalled = signalled;
	if (!spawn_reserve() || !loop_open(&loop) || !roster_open(&roster)) {
		message(MESSAGE_ERROR, "cannot set up: %s", strerror(errno));
		return EXIT_SYSTEM;
	}
	(void)message_separate(STDERR_FILENO);	/* it may block, then */
	if (argc == 2)
		open_log(argv[1]);
	/* paths are relative to nothing then that may be far away, and dead (path.c) */
	if (argv[0][0] == '/')
		(void)chdir("/");
	scan.come = come;
	scan.moves = moves;
	scan.changed = changed;
	roster.catch_up = catch_up;
	keeper_open(&keeper, &loop);
	scan_open(&scan, &loop, argv[0]);
	/* what has been found is started before anything else is done about it */
	(void)loop_look(&loop);
	for (;;) {
		program_publish_all(&roster.supervisor);	/* watches would hold it up */
		roster_watch(&roster);
		roster_rescan(&roster);
		program_publish_all(&roster.supervisor);
		roster_collect(&roster);
		end_other_keepers();
		if (roster.supervisor.stopping && roster.count == 0)
			break;
		if (!leave)
			loop_wait(&loop);
		/* letters that have come are read by nobody else any more */
		else if (looks++ == LOOKS || !loop_look(&loop))
			break;
	}
	keeper_close(&keeper);
	return exit_code;
}

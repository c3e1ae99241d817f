/* SPDX-License-Identifier: MIT */
/* One service directory under supervision: the service, its logger if there is a
 * log/, and the pipe between them.
 *
 * Stages
 *
 *   OPENING     Not ours yet: somebody else holds the lock, or the directory
 *               cannot be used. Said once, tried again.
 *   SUPERVISED  The monitors run.
 *   DRAINING    The service is over; its logger has got end of file and reads
 *               what is left.
 *   GONE        All is released. The owner finds it on the supervisor's list, and
 *               may free it once loop_wait has returned. */
#ifndef SUPERVISE_SERVICE_H
#define SUPERVISE_SERVICE_H

#include "keeper.h"
#include "program.h"

#include <stdbool.h>
#include <sys/types.h>

/* What a service needs of the loop's tables: see loop_reserve. */
#define SERVICE_CHILDREN (PROGRAM_CHILDREN + 1)	/* a logger has no control scripts */

enum service_stage {
	SERVICE_OPENING,
	SERVICE_SUPERVISED,
	SERVICE_DRAINING,
	SERVICE_GONE,
};

/* What a service with a log/ has beside. */
struct logger {
	struct program program;
	int pipe[2];		/* its standard input, the service's standard output */
	struct keeper_end pipe_end;
	bool is_kept;		/* by ours, and by no other keeper any more */
};

struct service {
	struct supervisor *supervisor;
	const char *name;	/* for messages, and finish's argv[3]; the owner's */
	enum service_stage stage;
	struct program main;
	struct logger *log;	/* NULL: it has none */
	struct timer timer;	/* its own, but in OPENING its owner's */
	const char *failed;	/* what the last attempt to open, it or its log/, failed at */
	int said;		/* errno of that, told once */
	bool log_failed;	/* it was log/ that failed */
	bool log_said;		/* that log is no directory */
	int64_t log_again;	/* when a log/ that could not be opened is tried again */
	struct service *next_gone;
};

/* Readies SERVICE, in stage OPENING; nothing is opened yet. The supervisor and NAME
 * must outlive it. It must not move in memory any more. */
void service_init(struct service *service, struct supervisor *supervisor, const char *name);

/* Takes DIRECTORY under supervision: a descriptor, which becomes the service's
 * whatever the outcome. Processes that a supervisor before us left running are
 * adopted. False with errno; then service_tell says why. EWOULDBLOCK: somebody
 * else supervises it, or a child of a supervisor just killed is on its way to exec:
 * its copy of the lock goes when it has signed itself into the record. */
bool service_open(struct service *service, int directory);

/* Says why service_open failed, unless it was said. */
void service_tell(struct service *service, int error);

/* NAME has come to be in the directory, or, if it is NULL, anything may have. Should
 * that be a log/ that was not there, its logger is started, and has what the service
 * writes from the service's next start on. True if there need be no more looking. */
bool service_look_for_log(struct service *service, const char *name);

/* The service is to go down for good, as by the letter x (runsv.c: SIGTERM). */
void service_stop(struct service *service);

/* Does what is due and arms the timer. To be called after each of the above; after
 * service_open once all services that are opened together are open, so that one
 * that asks for another finds it supervised. */
void service_turn(struct service *service);

/* Frees what a service that is GONE, or was never open, has of memory. */
void service_free(struct service *service);

#endif

/* SPDX-License-Identifier: MIT */
/* One service directory under supervision: its lock, its FIFOs, its log pipe,
 * its status, and the processes of the service and of its logger. What to do is
 * decided by libsv/monitor; this does it.
 *
 * Stages
 *
 *   OPENING     Not ours yet: somebody else holds the lock, or the directory
 *               cannot be used. Said once, tried again every RETRY_MS.
 *   SUPERVISED  The monitors run.
 *   DRAINING    The service is over; its logger has got end of file and reads
 *               what is left.
 *   GONE        All is released. The owner finds it on the context's list, and
 *               may free it once loop_wait has returned. */
#ifndef SUPERVISE_SERVICE_H
#define SUPERVISE_SERVICE_H

#include "loop.h"
#include "options.h"

#include "monitor.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* What a service needs of the loop's tables: see loop_reserve. */
#define SERVICE_CHILDREN 3

enum service_stage {
	SERVICE_OPENING,
	SERVICE_SUPERVISED,
	SERVICE_DRAINING,
	SERVICE_GONE,
};

/* What is the same for all services of a supervisor. */
struct service_context {
	struct loop *loop;
	bool sessions;		/* each process in a session of its own (-P) */
	int error;		/* their standard error; -1: ours */
	struct service *gone;	/* those that have become so, for the owner to take */
};

/* One supervised process, the service or its logger. */
struct process {
	struct service *service;
	struct monitor monitor;
	struct options options;
	int directory;		/* where it runs: the service directory, or its log/ */
	int supervise;		/* supervise/ in there */
	int lock;
	int control;
	int ok;
	struct status status;	/* as it was published last */
	struct status_identity identity;	/* of directory, and of run or finish */
	int pidfd;		/* of a process that we adopted; -1: it is our child */
	struct loop_watch pidfd_watch;
	int notify;		/* where it says that it is ready; -1: it has, or will not */
	int notify_end;		/* the service's end of it, while it is started */
	struct loop_watch notify_watch;
	struct loop_watch control_watch;
	struct loop_child main_child;	/* run or finish */
	struct loop_child script_child;
	pid_t last_pid;		/* of the last run */
	int said;		/* errno of the last failed start, told once */
};

struct service {
	struct service_context *context;
	const char *name;	/* for messages, and finish's argv[3]; the owner's */
	enum service_stage stage;
	struct process main;
	struct process log;
	bool has_log;
	int pipe[2];		/* log's standard input, main's standard output */
	struct timer timer;
	const char *failed;	/* what the last attempt to open failed at */
	int said;		/* errno of that, told once */
	struct service *next_gone;
};

/* Readies SERVICE, in stage OPENING; nothing is opened yet. The context and NAME
 * must outlive it. It must not move in memory any more. */
void service_init(struct service *service, struct service_context *context, const char *name);

/* Takes DIRECTORY under supervision: a descriptor, which becomes the service's
 * whatever the outcome. Processes that a supervisor before us left running are
 * adopted: known by the record in supervise/status, and by nothing less than
 * their start time, boot, namespace and directory. False with errno; then
 * service_tell says why. EWOULDBLOCK: somebody else supervises it, or a child of
 * a supervisor just killed is on its way to exec: its copy of the lock goes
 * when it has signed itself into the record. */
bool service_open(struct service *service, int directory);

/* Says why service_open failed, unless it was said. */
void service_tell(struct service *service, int error);

/* The service is to go down for good, as by the letter x (runsv.c: SIGTERM). */
void service_stop(struct service *service);

/* Does what is due and arms the timer. To be called after each of the above; after
 * service_open once all services that are opened together are open, so that one
 * that asks for another finds it supervised. */
void service_turn(struct service *service);

#endif

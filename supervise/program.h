/* SPDX-License-Identifier: MIT */
/* One supervised program: a service, or its logger. Its lock, its FIFOs and its
 * record in supervise/, and the processes that its directory's run, finish and
 * control scripts become. What to do is decided by libsv/monitor; this does it.
 * supervise/service puts two of these together. */
#ifndef SUPERVISE_PROGRAM_H
#define SUPERVISE_PROGRAM_H

#include "loop.h"
#include "options.h"

#include "monitor.h"
#include "status.h"

#include <stdbool.h>
#include <sys/types.h>

/* How many children it can have at a time: run or finish, and a control script. */
#define PROGRAM_CHILDREN 2

struct keeper;
struct service;

/* What is the same for all that one of our processes supervises. */
struct supervisor {
	struct loop *loop;
	struct keeper *keeper;
	bool alone;		/* there is one service, and no scan directory */
	bool sessions;		/* each process in a session of its own (-P) */
	bool stopping;		/* all are taken down: nothing is wanted up any more */
	/* A program of SERVICE has changed: program_turn is due, and what follows. */
	void (*turn)(struct service *service);
	/* The timer of SERVICE, which is not open, has expired. */
	void (*reopen)(struct service *service);
	/* whose records are written at the end of the turn, in the order of the changes */
	struct program *unpublished, *last_unpublished;
	bool has_started, is_awaited;	/* in this turn: see program_publish_all */
	struct service *gone;	/* those that have become so, for the owner to take */
};

struct program {
	struct supervisor *supervisor;
	struct service *service;	/* whose it is */
	const char *const *name;	/* of the service, for messages; the owner's */
	int input, output;	/* its standard input and output; SPAWN_KEEP: ours */
	bool is_log : 1;
	bool is_new : 1;	/* what it publishes has not been there before */
	bool is_unwritten : 1;	/* what should be on record could not be written */
	bool had_u : 1;		/* control/u was there the last time */
	struct options_seen options_seen;
	/* what its directory has (listing.h), once it has been looked at: when it is opened,
	 * up to the end of its first turn, and in a turn */
	unsigned short listing;
	short notification_fd;	/* OPTIONS_NO_FD: none */
	struct monitor monitor;
	int directory;		/* where it runs: the service directory, or its log/ */
	int lock;
	int control;
	int ok;
	struct status status;	/* as it was published last, or will be next */
	dev_t device;		/* of directory */
	ino_t inode;
	uint64_t start;		/* of run or finish: see status_identity */
	pid_t pid;		/* the same; 0: there is none */
	int pidfd;		/* of a process that we adopted; -1: it is our child */
	struct loop_watch pidfd_watch;
	int notify;		/* where it says that it is ready; -1: it has, or will not */
	int notify_end;		/* the service's end of it, while it is started */
	struct loop_watch notify_watch;
	struct loop_watch control_watch;
	struct loop_child main_child;	/* run or finish */
	struct loop_child script_child;
	pid_t last_pid;		/* of the last run */
	/* errno of its last start that failed, of run and finish: told once */
	unsigned char said[MONITOR_START_FINISH + 1];
	uint16_t said_scripts;	/* the same of control scripts: a bit for each */
	struct program *next_unpublished;
	uint32_t margin;	/* of start; here for it fills a gap */
	bool has_texts;		/* supervise/pid and stat say what status does */
	bool is_listed;		/* among the supervisor's unpublished */
	bool is_unpublished;
	bool is_retired;
};

/* Readies PROGRAM, of which nothing is open yet. The rest is for its owner to set:
 * what stands before the monitor. It must not move in memory any more. */
void program_init(struct program *program);

/* Opens what it needs in DIRECTORY, a descriptor that has not been read from, which
 * becomes the program's whatever the outcome, and takes the lock. Returns what it failed
 * at, with errno, or NULL. EWOULDBLOCK: somebody else has the lock. */
const char *program_open(struct program *program, int directory);

/* Makes what program_open has opened a supervised program, and says so to the
 * world. A process that a supervisor before us left running is adopted: known by
 * the record in supervise/status, and by nothing less than its start time, boot,
 * namespace and directory. Returns as program_open. */
const char *program_supervise(struct program *program);

/* Does what the monitor says is due. Its record is written by program_publish_all,
 * once, whatever comes before that; also one that could not be written before. */
void program_turn(struct program *program);

/* When a turn is due if nothing happens: monotonic ms, or CLOCK_NEVER. */
int64_t program_deadline(const struct program *program);

/* Writes the records that are to be written. To be called after each turn of the
 * loop. What was started in it goes first, unless a letter was heard or what a stop
 * was for has ended: then somebody may wait to read it. */
void program_publish_all(struct supervisor *supervisor);

/* Writes its record, and does not heed letters any more. It still counts as
 * supervised, until program_close: sv waits for that, its logger included (runsv.c). */
void program_retire(struct program *program);

/* Closes all that it has open. */
void program_close(struct program *program);

/* Opens the FIFO PATH in DIRECTORY, which is made unless it is there;
 * -1 with errno, ENOTSUP: it is something else. */
int program_open_fifo(int directory, const char *path, int flags);

#endif

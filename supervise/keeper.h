/* SPDX-License-Identifier: MIT */
/* A process that holds the writing ends of log pipes, and does nothing else. A
 * pipe lives as long as somebody has it open: while a service runs, that is the
 * service; while it does not, only its supervisor would, and with a supervisor that
 * is killed then the pipe would be gone, with what is in it, and its logger would
 * read end of file. The keeper outlives us, and the next supervisor, once it has
 * all the pipes and a keeper of its own, ends it.
 *
 * There is one for all services of a supervisor, from the first that has a logger.
 * A keeper that is killed is followed by another. */
#ifndef SUPERVISE_KEEPER_H
#define SUPERVISE_KEEPER_H

#include "loop.h"

#include <stdbool.h>
#include <sys/types.h>

/* What it needs of the loop's tables: see loop_reserve. */
#define KEEPER_TIMERS 1
#define KEEPER_CHILDREN 1

/* One end that is held, in the struct of its owner. */
struct keeper_end {
	struct keeper_end *next, **place;
	int fd;
	bool handed;		/* the keeper has it, or will read that it has */
};

struct keeper {
	struct loop *loop;
	char **argv;		/* of the program; the process says there what it is */
	int argc;
	const int *directory;	/* where it can be found by the next supervisor: ... */
	const char *prefix;	/* ... by the names there that begin so */
	char name[64];		/* its own */
	struct loop_child child;
	pid_t pid;		/* 0: there is none */
	int64_t started;
	int socket;		/* to it; -1: there is none */
	struct keeper_end *ends;
	struct timer timer;	/* the next try to start it, or to hand over the rest */
	bool said;		/* that there can be none */
};

/* Readies KEEPER, of which argc and argv are set; there is no process yet. */
void keeper_open(struct keeper *keeper, struct loop *loop);

/* Its directory is about to be another: it is not to be found there any more. */
void keeper_leave(struct keeper *keeper);

/* From now on it is to be found in *DIRECTORY, a descriptor of the caller's, -1 as
 * long as there is none, under names that begin with PREFIX, which may begin with a
 * subdirectory. DIRECTORY NULL: nowhere; nothing may be held then. */
void keeper_place(struct keeper *keeper, const int *directory, const char *prefix);

/* Has FD held, too, and for END's owner. */
void keeper_hold(struct keeper *keeper, struct keeper_end *end, int fd);

/* It is held no longer. Nothing happens if END is not held. */
void keeper_release(struct keeper *keeper, struct keeper_end *end);

/* Does it hold all that it is to hold? */
bool keeper_has_all(const struct keeper *keeper);

/* Ends the keepers of supervisors before us that are to be found in DIRECTORY under
 * PREFIX: all that they hold is held by ours now, which is left alone. */
void keeper_end_others(const struct keeper *keeper, int directory, const char *prefix);

/* We end in order. If nothing is held any more, so does the process, of itself. */
void keeper_close(struct keeper *keeper);

#endif

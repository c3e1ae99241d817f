/* SPDX-License-Identifier: MIT */
/* The one wait of a supervisor: descriptors that became readable, children that
 * ended, deadlines that passed, signals. With none of these it makes no system
 * call. What is to be called stands in structs that are part of
 * their owners (libsv/container.h). */
#ifndef SUPERVISE_LOOP_H
#define SUPERVISE_LOOP_H

#include "table.h"
#include "timers.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/types.h>

struct loop_watch {
	void (*ready)(struct loop_watch *watch);
};

struct loop_child {
	struct table_link link;
	void (*ended)(struct loop_child *child, pid_t pid, int status);
};

struct loop {
	int64_t now;		/* when the wait last returned */
	int epoll;
	int signals;
	struct table children;	/* by pid */
	struct timers timers;
	/* every signal but SIGCHLD */
	void (*signalled)(void *owner, const struct signalfd_siginfo *info);
	void *owner;
	struct loop_watch signal_watch;
	struct timer reap_timer;	/* while children cannot be asked for */
};

/* False with errno: no descriptors or no memory. */
bool loop_open(struct loop *loop);

/* Makes room for so many armed timers and for children (more may come, and are
 * found more slowly), so that nothing below needs memory. False: there is none. */
bool loop_reserve(struct loop *loop, size_t timers, size_t children);

/* Calls WATCH->ready whenever FD is readable. False with errno. WATCH must live
 * until loop_close, and until loop_wait has returned. */
bool loop_watch(struct loop *loop, int fd, struct loop_watch *watch);

/* Closes *FD, which may be watched, unless it is -1, and makes it -1. Closing it
 * would not be enough: a child has its copies until it has executed, a moment
 * longer than we wait for it (fs/exec.c: exec_mmap, then do_close_on_exec), and
 * the watch stays as long as any copy (epoll(7)). */
void loop_close(struct loop *loop, int *fd);

/* Calls CHILD->ended with its wait status when PID has been reaped. */
void loop_child(struct loop *loop, struct loop_child *child, pid_t pid);

/* It will not be called any more. */
void loop_forget(struct loop *loop, struct loop_child *child);

/* Waits until something happens, and deals with all that has. */
void loop_wait(struct loop *loop);

/* Deals with what has happened, and does not wait; false if nothing has. */
bool loop_look(struct loop *loop);

#endif

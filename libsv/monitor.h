/* SPDX-License-Identifier: MIT */
/* The monitor: what to do about one supervised process, be it a service or its
 * logger. Pure: it decides, supervise/program.c does.
 *
 * It is told what happened (a letter was written to `control`, a child ended, a
 * program was or was not started) and then asked, until it has no more to say,
 * what to do next. Time comes in as `now`, monotonic ms. The rules are those of
 * runsv.c; where we differ on purpose, docs/COMPATIBILITY.md says so.
 *
 * States
 *
 *   DOWN       Nothing runs and nothing is due: it is not wanted, or ran once.
 *   THROTTLED  Nothing runs. It is wanted, but started less than START_RATE_MS
 *              ago: it starts at that deadline.
 *   STARTING   `control/u` runs; when it has ended, `run` is executed.
 *   RUN        `run` runs.
 *   FINISH     `run` has ended; `finish` runs, if there is one.
 *
 *   DOWN ── u, o ──► STARTING ──► RUN ── ended ──► FINISH ──┬─ not wanted ──► DOWN
 *     └─ too soon ─► THROTTLED ──┘▲                         └─ wanted ──► STARTING
 *                                 └───────────────────────────── or THROTTLED
 *
 * Control scripts run beside this, one at a time. A letter that is a signal, or
 * the stop of d, x and t, waits in a queue until the script before it has ended
 * (or was killed at its deadline), while what the letter *wants* (up, down,
 * exit) holds from the moment it is heard. A letter queued twice counts once,
 * at its later place, so the queue cannot overflow. Signals go to RUN only;
 * what is still queued when `run` ends is dropped with it.
 * k does not wait: it ends a script in its way.
 *
 * A service whose run died too often, or whose finish says so, has failed: it is
 * not wanted up any more, until somebody wants it again. */
#ifndef LIBSV_MONITOR_H
#define LIBSV_MONITOR_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The least time between two starts (runsv.c: a run that lasts longer is
 * restarted at once). */
#define MONITOR_START_RATE_MS 1000

/* Deaths that nobody asked for count for so long. */
#define MONITOR_DEATHS_MS 60000

/* finish exits with this: do not restart (s6-supervise). */
#define MONITOR_DO_NOT_RESTART 125

/* When no process could be made: how long until the next try. */
#define MONITOR_RETRY_MS 1000

/* How long a logger may run on after its end of file before it is sent TERM,
 * and after that KILL. A daemon that forked away from the service and kept its
 * standard output would otherwise hold us for ever. */
#define MONITOR_DRAIN_TERM_MS 10000
#define MONITOR_DRAIN_KILL_MS 5000

/* How often, while only that is waited for, it is looked whether the processes that a
 * service left behind are gone: nothing tells of it. */
#define MONITOR_GROUP_LOOK_MS 50

/* The wait status of a process that was another's child. */
#define MONITOR_UNKNOWN (-1)

/* How many letters can wait: more than there are. */
#define MONITOR_QUEUE 16

enum monitor_state {
	MONITOR_DOWN,
	MONITOR_THROTTLED,
	MONITOR_STARTING,
	MONITOR_RUN,
	MONITOR_FINISH,
};

enum monitor_want {
	MONITOR_WANT_UP,
	MONITOR_WANT_ONCE,	/* the one run there is, or is about to be */
	MONITOR_WANT_DOWN,
	MONITOR_WANT_EXIT,	/* down, and then no monitor any more */
};

/* From the service directory; 0 ms: no deadline. They may change between runs. */
struct monitor_options {
	int32_t control_ms;	/* a control script is killed after this */
	int32_t finish_ms;	/* so is finish */
	int32_t kill_ms;	/* from the stop signal to KILL */
	int stop_signal;	/* what d and x send: TERM */
	int reload_signal;	/* what h sends: HUP */
	unsigned deaths_most;	/* so many within DEATHS_MS are too many; 0: never */
	bool notifies;		/* the service says when it is ready */
};

/* How far run is. */
enum monitor_readiness {
	MONITOR_NOT_READY,	/* it does not run */
	MONITOR_SILENT,		/* it runs, and does not say more */
	MONITOR_AWAITED,	/* it runs, and will say */
	MONITOR_READY,
};

enum monitor_verb {
	MONITOR_START_RUN,	/* execute run; answer with _started or _not_started */
	MONITOR_START_FINISH,	/* execute finish, exit and signal from last_status; answer */
	MONITOR_START_CONTROL,	/* execute control/LETTER; answer */
	MONITOR_SIGNAL,		/* send SIGNAL to PID */
	MONITOR_OVERDUE,	/* the same, and say that PID outlived its deadline */
	MONITOR_GROUP,		/* is there anything left of process group PID? SIGNAL, unless
				 * it is 0, to all of it; if not, answer with _group_gone */
	MONITOR_TELL_FAILED,	/* say that the service has failed: it stays down */
	MONITOR_PUBLISH,	/* write the status record */
};

struct monitor_action {
	enum monitor_verb verb;
	char letter;		/* MONITOR_START_CONTROL */
	int signal;		/* MONITOR_SIGNAL, MONITOR_OVERDUE, MONITOR_GROUP */
	pid_t pid;		/* the same: a child that has not been reaped */
	bool whole;		/* MONITOR_OVERDUE: and to its process group, if it leads one */
	bool changed;		/* MONITOR_PUBLISH: the time of last change is now */
	bool first;		/* the same: before anything else is done */
};

/* Why a program was not started. */
enum monitor_refusal {
	MONITOR_ABSENT,		/* there is none: a finish or control script need not be */
	MONITOR_FAILED,		/* it cannot be executed */
	MONITOR_LATER,		/* no process could be made: asked again after RETRY_MS */
};

struct monitor {
	bool is_log;		/* no control scripts, no finish, deaf to x */
	struct monitor_options options;

	enum monitor_state state;
	enum monitor_want want;
	pid_t pid;		/* of run or finish; 0: none */
	int last_status;	/* wait status of the last run; not executed: as exit 111 */
	unsigned starts;	/* how many times run was started */
	enum monitor_readiness readiness;
	bool paused;
	bool got_term;
	bool end_is_asked;	/* of run, by d, x, t or k: it is no death to be counted */
	bool failing;		/* to be given up when finish has ended */
	bool failed;		/* given up: down until the next u or o */
	bool untold;		/* ... and that is to be said */
	int64_t last_death;
	unsigned deaths;	/* of those below, not older than DEATHS_MS then */
	uint16_t death[STATUS_DEATHS];	/* in 1/10 s, the oldest first */
	bool prepared;		/* in STARTING: control/u has had its turn */
	bool draining;		/* a logger after its end of file */
	bool drain_warned;	/* it has been told to hurry */
	bool drains_again;	/* it is started once more for what it has not read */

	char queue[MONITOR_QUEUE];	/* letters waiting, oldest first */
	unsigned queued;
	char letter;		/* the letter being dealt with; 0: none */
	char script;		/* the script it needs now; 0: none */
	bool script_void;	/* what it was run for is gone: its exit means nothing */
	pid_t script_pid;	/* 0: not started yet */
	int signals[2];		/* to be sent at once, in this order; 0: none */

	int64_t earliest;	/* no start before this */
	int64_t retry_at;	/* no program before this */
	int64_t script_deadline;
	int64_t finish_deadline;
	int64_t kill_deadline;	/* of run and its group; NEVER: not set, or over */
	bool group_killed;	/* it is over: there is nothing left to be killed */
	int64_t drain_deadline;
	pid_t group;		/* what a run that was to go down has left; 0: nothing */
	int64_t group_deadline;	/* it is killed then */
	int64_t group_look;

	enum monitor_verb asked;	/* the START_ that awaits its answer */
	bool unpublished;
	bool publish_first;	/* before anything else is done */
	bool changed;
};

/* A monitor in state DOWN, since when is the caller's to say; with WANT up it starts at
 * the first _next. */
void monitor_init(struct monitor *monitor, bool is_log, enum monitor_want want,
	const struct monitor_options *options);

/* Goes on from where the last supervisor left off: STATUS and MEMORY are what it
 * recorded, PID the process of run or finish, 0 if there was none; ALIVE: it is
 * there still. Called after monitor_init. How a process that is none of our children ended is not known:
 * monitor_exited gets MONITOR_UNKNOWN. A stop that was under way is begun anew.
 * False, and nothing was done, if there is nothing to go on with: the last one had
 * let go of it, or the record makes no sense. */
bool monitor_adopt(struct monitor *monitor, const struct status *status,
	const struct status_memory *memory, pid_t pid, bool alive, int64_t now);

/* LETTER was read from `control`. Unknown letters are ignored, as by runsv. */
void monitor_letter(struct monitor *monitor, char letter, int64_t now);

/* A logger's pipe has been closed: it ends when it has read the rest. One that
 * had died and waits for its restart is started once more, to read it, unless the
 * pipe is EMPTY. */
void monitor_drain(struct monitor *monitor, bool empty, int64_t now);

/* A logger that ran when it was begun to be drained has ended and not read all there was:
 * it is started once more, unless it was told to hurry. False: it is not, or was already. */
bool monitor_drain_again(struct monitor *monitor, int64_t now);

/* The service has said that it is ready. */
void monitor_ready(struct monitor *monitor);

/* Child PID, of which monitor_exited is about to be told, has left other processes
 * in the group that it led. If it was to go down they are killed at its deadline for
 * that (timeout-kill), or, if its stop signal was still to come, as long after NOW.
 * Returns a group left by a run before, which is to be killed at once, or 0. */
pid_t monitor_left_behind(struct monitor *monitor, pid_t pid, int64_t now);

/* The same of a run that has ended while there was no supervisor, with MEMORY on record:
 * whether what it has left is to be killed. */
bool monitor_ends_group(const struct monitor_options *options,
	const struct status_memory *memory);

/* Nothing is left of it any more. */
void monitor_group_gone(struct monitor *monitor);

/* Child PID ended with wait status STATUS. False if it is none of ours. */
bool monitor_exited(struct monitor *monitor, pid_t pid, int status, int64_t now);

/* Gives the next thing to do in *ACTION, or returns false: then there is nothing
 * to do before monitor_deadline(), or before something happens. After a START_
 * verb one of the two answers must come before the next call. ERROR is the errno of
 * MONITOR_FAILED, above 0. */
bool monitor_next(struct monitor *monitor, int64_t now, struct monitor_action *action);
void monitor_started(struct monitor *monitor, pid_t pid, int64_t now);
void monitor_not_started(struct monitor *monitor, enum monitor_refusal why, int error, int64_t now);

/* The errno for which the last run could not be executed; 0 if it could. */
int monitor_exec_error(int32_t last_status);

/* When to ask again though nothing happened; CLOCK_NEVER: never. */
int64_t monitor_deadline(const struct monitor *monitor);

/* Whether all is over: exit was wanted, nothing runs any more. */
bool monitor_released(const struct monitor *monitor);

/* What to publish, but for the time of the change, which is left as it is. */
void monitor_status(const struct monitor *monitor, struct status *status);

/* What monitor_adopt needs to know. */
void monitor_remember(const struct monitor *monitor, struct status_memory *memory);

/* The same, as it will be when run, or finish, has been started at NOW: the child
 * signs itself into the record before it executes, because its supervisor may
 * not live to do so. */
void monitor_remember_start(const struct monitor *monitor, int64_t now,
	struct status_memory *memory);

#endif

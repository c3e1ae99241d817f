/* SPDX-License-Identifier: MIT */
/* What init does next, from boot to power off: a pure function of what it was
 * told and the time. The caller reports events, then asks lifecycle_next and
 * does what it says until it says to wait. */
#ifndef INIT_LIFECYCLE_H
#define INIT_LIFECYCLE_H

#include "inittab.h"

#include <stdint.h>
#include <sys/types.h>

/* In the order in which they come: none is ever gone back to. */
enum lifecycle_phase {
	LIFECYCLE_BOOT,		/* built-in steps */
	LIFECYCLE_SYSINIT,	/* entries of that kind, one after the other */
	LIFECYCLE_WAIT,
	LIFECYCLE_ONCE,
	LIFECYCLE_RUN,
	LIFECYCLE_SHUTDOWN,	/* shutdown entries, one after the other */
	LIFECYCLE_STOP,		/* our own children are asked to end */
	LIFECYCLE_TERM,		/* everybody is */
	LIFECYCLE_KILL,		/* everybody is killed */
	LIFECYCLE_RELEASE,	/* swap and file systems */
	LIFECYCLE_POWER,
};

/* What the way down leads to. */
enum lifecycle_end {
	LIFECYCLE_GO_ON,	/* there is none */
	LIFECYCLE_RESTART,
	LIFECYCLE_HALT,
	LIFECYCLE_POWER_OFF,
	LIFECYCLE_REBOOT,
};

enum lifecycle_state {
	LIFECYCLE_IDLE,
	LIFECYCLE_RUNNING,
	LIFECYCLE_WAITING,	/* to be started at its time, not before */
};

/* The process of the entry in the same slot. */
struct lifecycle_process {
	enum lifecycle_state state;
	pid_t pid;		/* running */
	int64_t since;		/* running: when it was started */
	int64_t until;		/* waiting: when to start it; running: when to kill it */
	int64_t penalty;	/* ms waited after the last quick death; 0: healthy */
	bool done;		/* it had its turn, and gets no second one */
	bool killed;		/* with its deadline passed, it was sent KILL */
};

enum { LIFECYCLE_STEPS = 24 };	/* built-in steps, at most */

/* The program that a boot step runs. */
struct lifecycle_program {
	pid_t pid;		/* 0: none */
	int64_t since;		/* when it was started */
	int64_t until;		/* when to say that it is late; CLOCK_NEVER: that was said */
};

enum { LIFECYCLE_LIMIT_MOST = 86400000 };	/* a day */

/* Deadlines, in ms, none later than LIFECYCLE_LIMIT_MOST. */
struct lifecycle_limits {
	int64_t step;		/* a program that a boot step runs */
	int64_t entry;		/* one shutdown entry */
	int64_t stop;		/* our children, from TERM on */
	int64_t term;		/* everybody, from TERM on */
	int64_t kill;		/* everybody, from KILL on */
	int64_t release;	/* unmounting */
};

extern const struct lifecycle_limits lifecycle_limits_standard;

enum { LIFECYCLE_INTERRUPTS = 7 };	/* SIGINTs in a row that force the end */

struct lifecycle {
	enum lifecycle_phase phase;
	enum lifecycle_end end;
	struct lifecycle_limits limits;
	int steps;		/* built-in steps there are */
	int step;		/* the next of them; or the one whose program is awaited */
	pid_t helper;		/* what the way down has forked; 0: nothing */
	int64_t since;		/* when the phase began; meaningful on the way down */
	bool asked;		/* the phase's one action was given */
	bool reported;		/* who is waited for was said */
	bool forced;		/* no more waiting */
	bool alone;		/* no child is left */
	bool load;		/* the inittab is to be read */
	bool single;		/* ... that of single user mode */
	bool retire;		/* ... and what it does not list is to be ended */
	bool paused;		/* nothing is respawned */
	bool upgrade;		/* init is to execute itself again */
	bool pressed;		/* ctrlaltdel entries are being run */
	bool trace;		/* what is done is told (trace.h); kept here for the next init */
	int waited;		/* slot of the entry whose end the phase waits for, or -1 */
	int pressed_waited;	/* the same among the ctrlaltdel entries */
	int64_t interrupts[LIFECYCLE_INTERRUPTS];	/* when; the oldest is overwritten */
	int interrupt;
	struct lifecycle_program programs[LIFECYCLE_STEPS];	/* by step */
	/* what is used of the two is at their beginning: it touches few pages */
	struct inittab table;
	struct lifecycle_process processes[INITTAB_ENTRIES];	/* by slot */
};

enum lifecycle_do {
	LIFECYCLE_SLEEP,	/* until action.until or an event */
	LIFECYCLE_LOAD,		/* read the inittab; report lifecycle_loaded */
	LIFECYCLE_STEP,		/* take boot step .slot; report lifecycle_step */
	LIFECYCLE_STEP_LATE,	/* say so of step .slot: .pid is not waited for any longer */
	LIFECYCLE_SPAWN,	/* start entry .slot; report one of lifecycle_spawned... */
	LIFECYCLE_KILL_ENTRY,	/* send entry .slot KILL: it had its time */
	LIFECYCLE_RETIRE_ENTRY,	/* send entry .slot TERM and CONT: it is not wanted */
	LIFECYCLE_STOP_ENTRIES,	/* TERM and CONT to all entries' processes */
	/* by a child, whom lifecycle_helper is told, after KILL to .pid unless that is 0:
	 * the last such child, which has not come to its end */
	LIFECYCLE_TERM_ALL,	/* TERM and CONT to everybody */
	LIFECYCLE_KILL_ALL,	/* KILL to everybody */
	LIFECYCLE_LEAVE,	/* release the file systems */
	LIFECYCLE_END,		/* do what .end says; report lifecycle_helper, or
				   lifecycle_not_restarted of restart entry .slot,
				   after KILL to .pid as above */
	LIFECYCLE_STUCK,	/* .end could not be done: nothing is left to do */
	LIFECYCLE_REPORT,	/* tell people who is waited for */
	LIFECYCLE_UPGRADE,	/* execute init again */
};

struct lifecycle_action {
	enum lifecycle_do what;
	int slot;
	pid_t pid;
	int64_t until;
	enum lifecycle_end end;
};

/* Before boot, with STEPS built-in steps to take. */
void lifecycle_begin(struct lifecycle *life, int steps);

/* What to do at NOW. Nothing is taken as done before it is reported, except
 * where no report is named above. */
void lifecycle_next(struct lifecycle *life, int64_t now, struct lifecycle_action *action);

/* The inittab was read (LIFECYCLE_LOAD); COMPLETE: to its end. */
void lifecycle_loaded(struct lifecycle *life, bool complete);

/* The step was taken. It runs PID, or nothing if that is 0; if AWAITED, the next
 * one is taken after that has ended. */
void lifecycle_step(struct lifecycle *life, pid_t pid, bool awaited, int64_t now);

/* Entry SLOT runs as PID. */
void lifecycle_spawned(struct lifecycle *life, int slot, pid_t pid, int64_t now);

/* No process could be made for it: it is tried again. */
void lifecycle_not_spawned(struct lifecycle *life, int slot, int64_t now);

/* Its tty is not there: it is tried again if it is one that is respawned. */
void lifecycle_no_tty(struct lifecycle *life, int slot, int64_t now);

/* What the way down asked for is being done by the child PID; 0: it is done. */
void lifecycle_helper(struct lifecycle *life, pid_t pid);

/* The restart entry could not be executed: halt instead. */
void lifecycle_not_restarted(struct lifecycle *life, int64_t now);

/* What a child is to us. */
enum lifecycle_kind {
	LIFECYCLE_ORPHAN,	/* nothing: its parent has ended */
	LIFECYCLE_ENTRY,	/* the process of the entry in slot .number */
	LIFECYCLE_PROGRAM,	/* that of boot step .number */
	LIFECYCLE_HELPER,	/* what the way down has forked */
};

struct lifecycle_child {
	enum lifecycle_kind kind;
	int number;
};

struct lifecycle_child lifecycle_find(const struct lifecycle *life, pid_t pid);

/* The child PID has ended. */
void lifecycle_exited(struct lifecycle *life, pid_t pid, int64_t now);

/* Whether a child is left (no ECHILD) that the way down waits for. */
void lifecycle_left(struct lifecycle *life, bool anybody);

/* A signal has come. */
void lifecycle_signal(struct lifecycle *life, int signal, int64_t now);

/* telinit's requests that no signal of busybox init stands for. */
void lifecycle_single(struct lifecycle *life, bool single);
void lifecycle_upgrade(struct lifecycle *life);

/* "power off", for people. */
const char *lifecycle_end_name(enum lifecycle_end end);
const char *lifecycle_phase_name(enum lifecycle_phase phase);

#endif

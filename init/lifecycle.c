/* SPDX-License-Identifier: MIT */
/* Up: boot steps, then the sysinit entries one by one, the wait entries one by
 * one, the once entries without waiting; then respawn and askfirst entries are
 * kept running. An entry that dies young is started again after a pause that
 * doubles from 1 s to 60 s, and is forgotten when it has run for 10 s.
 *
 * Down, as soon as a signal asks for it, whatever is under way: the shutdown
 * entries one by one; TERM to our own children, so that a supervisor can end
 * its services in order; TERM to everybody; KILL to everybody; file systems;
 * power. Each phase ends when nothing is left to wait for, or at its deadline.
 * Seven SIGINTs within 2 s jump to the killing, and from there a phase further
 * each time.
 *
 * The program of a boot step is waited for, or runs beside what follows. Either
 * way it has a deadline, at which people are told and the boot goes on.
 *
 * An entry's process is idle, running, or waiting for its time. Only spawn()
 * and lifecycle_spawned lead to running, only lifecycle_exited leads out of it:
 * so no entry ever runs twice. */
#include "lifecycle.h"

#include "clock.h"

#include <signal.h>
#include <string.h>

#define QUICK_DEATH_MS 1000	/* a run as long as this is restarted at once */
#define HEALTHY_MS 10000	/* ... and one as long as this clears the record */
#define PENALTY_FIRST_MS 1000
#define PENALTY_MOST_MS 60000
#define RETRY_MS 1000		/* no process could be made */
#define REPORT_MS 2000		/* people are told who is waited for */
#define STORM_MS 2000		/* LIFECYCLE_INTERRUPTS within this */
#define FORCED_KILL_MS 500
#define FORCED_RELEASE_MS 5000

const struct lifecycle_limits lifecycle_limits_standard = {
	.step = 30000,
	.entry = 30000,
	.stop = 20000,
	.term = 5000,
	.kill = 5000,
	.release = 60000,
};

static const char *const end_names[] = {
	[LIFECYCLE_GO_ON] = "nothing",
	[LIFECYCLE_RESTART] = "restart",
	[LIFECYCLE_HALT] = "halt",
	[LIFECYCLE_POWER_OFF] = "power off",
	[LIFECYCLE_REBOOT] = "reboot",
};

static const char *const phase_names[] = {
	[LIFECYCLE_BOOT] = "boot",
	[LIFECYCLE_SYSINIT] = "sysinit",
	[LIFECYCLE_WAIT] = "wait",
	[LIFECYCLE_ONCE] = "once",
	[LIFECYCLE_RUN] = "run",
	[LIFECYCLE_SHUTDOWN] = "shutdown",
	[LIFECYCLE_STOP] = "stop",
	[LIFECYCLE_TERM] = "term",
	[LIFECYCLE_KILL] = "kill",
	[LIFECYCLE_RELEASE] = "release",
	[LIFECYCLE_POWER] = "power",
};

const char *lifecycle_end_name(enum lifecycle_end end)
{
	return end_names[end];
}

const char *lifecycle_phase_name(enum lifecycle_phase phase)
{
	return phase_names[phase];
}

void lifecycle_begin(struct lifecycle *life, int steps)
{
	life->steps = steps;
	life->limits = lifecycle_limits_standard;
	life->load = true;
	life->waited = life->pressed_waited = -1;
	for (int i = 0; i < LIFECYCLE_INTERRUPTS; i++)
		life->interrupts[i] = -STORM_MS - 1;
}

static void enter(struct lifecycle *life, enum lifecycle_phase phase, int64_t now)
{
	life->phase = phase;
	life->since = now;
	life->asked = life->reported = false;
	/* if it runs still, it is an orphan from now on; but one that signals everybody
	 * must not come to signal the next one */
	if (phase != LIFECYCLE_KILL && phase != LIFECYCLE_RELEASE)
		life->helper = 0;
	life->waited = -1;
}

static bool is_listed(const struct lifecycle *life, int slot, enum inittab_action kind)
{
	return life->table.slots[slot].listing == INITTAB_LISTED &&
		life->table.slots[slot].entry.action == kind;
}

static bool is_respawned(const struct lifecycle *life, int slot)
{
	return is_listed(life, slot, INITTAB_RESPAWN) || is_listed(life, slot, INITTAB_ASKFIRST);
}

static bool comes_first(const struct lifecycle *life, int slot, int other)
{
	return other < 0 || life->table.slots[slot].order < life->table.slots[other].order;
}

/* The first entry of that kind that did not have its turn, or -1. */
static int find_turn(const struct lifecycle *life, enum inittab_action kind)
{
	int first = -1;

	for (int i = 0; i < life->table.used; i++)
		if (is_listed(life, i, kind) && !life->processes[i].done &&
			comes_first(life, i, first))
			first = i;
	return first;
}

static void sleep_until(struct lifecycle_action *action, int64_t time)
{
	if (time < action->until)
		action->until = time;
}

static bool act(struct lifecycle_action *action, enum lifecycle_do what, int slot)
{
	action->what = what;
	action->slot = slot;
	return true;
}

enum turn { TURN_TAKEN, TURN_AWAITED, TURN_NONE_LEFT };

/* Entries of one kind, one after the other: starts the next one once the one in
 * *WAITED has ended. */
static enum turn take_turn(struct lifecycle *life, enum inittab_action kind, int *waited,
	int64_t now, struct lifecycle_action *action)
{
	int slot;

	if (*waited >= 0)
		return TURN_AWAITED;
	while ((slot = find_turn(life, kind)) >= 0) {
		struct lifecycle_process *process = &life->processes[slot];

		switch (process->state) {
		case LIFECYCLE_RUNNING:
			/* a reload made it what it now is: this run is its turn */
			process->done = true;
			if (kind == INITTAB_ONCE || process->killed)
				continue;
			if (kind == INITTAB_SHUTDOWN)
				process->until = now + life->limits.entry;
			*waited = slot;
			return TURN_AWAITED;
		case LIFECYCLE_WAITING:
			if (now < process->until) {
				sleep_until(action, process->until);
				return TURN_AWAITED;
			}
			break;
		case LIFECYCLE_IDLE:
			break;
		}
		act(action, LIFECYCLE_SPAWN, slot);
		return TURN_TAKEN;
	}
	return TURN_NONE_LEFT;
}

static bool next_boot(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	if (life->step < life->steps)
		/* its program has a deadline: next_late */
		return life->programs[life->step].pid == 0 &&
			act(action, LIFECYCLE_STEP, life->step);
	enter(life, LIFECYCLE_SYSINIT, now);
	return false;
}

static bool next_turns(struct lifecycle *life, enum inittab_action kind, int64_t now,
	struct lifecycle_action *action)
{
	enum turn turn = take_turn(life, kind, &life->waited, now, action);

	if (turn == TURN_NONE_LEFT)
		enter(life, (enum lifecycle_phase)(life->phase + 1), now);
	return turn == TURN_TAKEN;
}

static bool next_run(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	int first = -1;

	if (life->paused)
		return false;
	for (int i = 0; i < life->table.used; i++) {
		const struct lifecycle_process *process = &life->processes[i];

		if (!is_respawned(life, i) || process->state == LIFECYCLE_RUNNING)
			continue;
		if (process->state == LIFECYCLE_WAITING && now < process->until)
			sleep_until(action, process->until);
		else if (comes_first(life, i, first))
			first = i;
	}
	return first >= 0 && act(action, LIFECYCLE_SPAWN, first);
}

/* While the phase waits, up to DEADLINE: people are told for whom, once. */
static bool wait_until(struct lifecycle *life, int64_t deadline, int64_t now,
	struct lifecycle_action *action)
{
	sleep_until(action, deadline);
	if (life->reported)
		return false;
	if (now < life->since + REPORT_MS) {
		sleep_until(action, life->since + REPORT_MS);
		return false;
	}
	life->reported = true;
	return act(action, LIFECYCLE_REPORT, -1);
}

static bool next_shutdown(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	if (next_turns(life, INITTAB_SHUTDOWN, now, action))
		return true;
	return life->phase == LIFECYCLE_SHUTDOWN && wait_until(life, CLOCK_NEVER, now, action);
}

static bool is_anyone_running(const struct lifecycle *life)
{
	for (int i = 0; i < life->table.used; i++)
		if (life->processes[i].state == LIFECYCLE_RUNNING && !life->processes[i].killed)
			return true;
	return false;
}

static bool next_stop(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	int64_t deadline = life->since + life->limits.stop;

	if (life->alone || !is_anyone_running(life) || (life->asked && now >= deadline)) {
		enter(life, LIFECYCLE_TERM, now);
		return false;
	}
	if (!life->asked) {
		life->asked = true;
		return act(action, LIFECYCLE_STOP_ENTRIES, -1);
	}
	return wait_until(life, deadline, now, action);
}

/* By another helper than that of the phase before. */
static bool act_helping(const struct lifecycle *life, struct lifecycle_action *action,
	enum lifecycle_do what)
{
	action->pid = life->helper;
	return act(action, what, -1);
}

static bool next_signalling(struct lifecycle *life, enum lifecycle_do what, int64_t limit,
	int64_t now, struct lifecycle_action *action)
{
	if (life->alone) {
		enter(life, LIFECYCLE_RELEASE, now);
		return false;
	}
	if (!life->asked)
		return act_helping(life, action, what);
	if (now >= life->since + limit) {
		enter(life, (enum lifecycle_phase)(life->phase + 1), now);
		return false;
	}
	return wait_until(life, life->since + limit, now, action);
}

static bool next_release(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	int64_t limit = life->forced ? FORCED_RELEASE_MS : life->limits.release;

	if (life->end == LIFECYCLE_RESTART) {
		/* what is executed may lie on any of the file systems */
		action->end = life->end;
		action->pid = life->helper;
		return act(action, LIFECYCLE_END, find_turn(life, INITTAB_RESTART));
	}
	if (!life->asked)
		return act_helping(life, action, LIFECYCLE_LEAVE);
	if (life->helper == 0 || now >= life->since + limit) {
		enter(life, LIFECYCLE_POWER, now);
		return false;
	}
	return wait_until(life, life->since + limit, now, action);
}

static bool next_power(struct lifecycle *life, struct lifecycle_action *action)
{
	if (!life->asked) {
		action->end = life->end;
		return act(action, LIFECYCLE_END, -1);
	}
	if (life->helper != 0 || life->reported)
		return false;
	life->reported = true;
	action->end = life->end;
	return act(action, LIFECYCLE_STUCK, -1);
}

static bool next_in_phase(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	switch (life->phase) {
	case LIFECYCLE_BOOT:
		return next_boot(life, now, action);
	case LIFECYCLE_SYSINIT:
		return next_turns(life, INITTAB_SYSINIT, now, action);
	case LIFECYCLE_WAIT:
		return next_turns(life, INITTAB_WAIT, now, action);
	case LIFECYCLE_ONCE:
		return next_turns(life, INITTAB_ONCE, now, action);
	case LIFECYCLE_RUN:
		return next_run(life, now, action);
	case LIFECYCLE_SHUTDOWN:
		return next_shutdown(life, now, action);
	case LIFECYCLE_STOP:
		return next_stop(life, now, action);
	case LIFECYCLE_TERM:
		return next_signalling(life, LIFECYCLE_TERM_ALL, life->limits.term, now, action);
	case LIFECYCLE_KILL:
		return next_signalling(life, LIFECYCLE_KILL_ALL,
			life->forced ? FORCED_KILL_MS : life->limits.kill, now, action);
	case LIFECYCLE_RELEASE:
		return next_release(life, now, action);
	case LIFECYCLE_POWER:
		return next_power(life, action);
	}
	return false;
}

/* Processes that had their time. */
static bool next_kill(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	for (int i = 0; i < life->table.used; i++) {
		struct lifecycle_process *process = &life->processes[i];

		if (process->state != LIFECYCLE_RUNNING)
			continue;
		if (now < process->until) {
			sleep_until(action, process->until);
			continue;
		}
		process->until = CLOCK_NEVER;
		process->killed = true;		/* in state D it may stay: nobody waits for it */
		if (life->waited == i)
			life->waited = -1;
		return act(action, LIFECYCLE_KILL_ENTRY, i);
	}
	return false;
}

/* Programs of boot steps that had their time. */
static bool next_late(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	for (int i = 0; i < life->steps; i++) {
		struct lifecycle_program *program = &life->programs[i];

		if (program->pid == 0)
			continue;
		if (now < program->until) {
			sleep_until(action, program->until);
			continue;
		}
		program->until = CLOCK_NEVER;
		if (life->step == i)
			life->step++;
		action->pid = program->pid;
		return act(action, LIFECYCLE_STEP_LATE, i);
	}
	return false;
}

/* Processes that single user mode has no place for. */
static bool next_retire(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	for (int i = 0; i < life->table.used; i++) {
		struct lifecycle_process *process = &life->processes[i];

		if (process->state != LIFECYCLE_RUNNING || process->killed ||
			process->until != CLOCK_NEVER ||
			life->table.slots[i].listing == INITTAB_LISTED)
			continue;
		process->until = now + life->limits.stop;
		return act(action, LIFECYCLE_RETIRE_ENTRY, i);
	}
	life->retire = false;
	return false;
}

/* What may be asked for in any phase before the way down. */
static bool next_request(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	if (next_late(life, now, action))
		return true;
	if (life->load)
		return act(action, LIFECYCLE_LOAD, -1);
	if (life->retire && next_retire(life, now, action))
		return true;
	if (life->pressed)
		switch (take_turn(life, INITTAB_CTRLALTDEL, &life->pressed_waited, now, action)) {
		case TURN_TAKEN:
			return true;
		case TURN_AWAITED:
			break;
		case TURN_NONE_LEFT:
			life->pressed = false;
			break;
		}
	return false;
}

void lifecycle_next(struct lifecycle *life, int64_t now, struct lifecycle_action *action)
{
	enum lifecycle_phase phase;

	*action = (struct lifecycle_action){
		.what = LIFECYCLE_SLEEP, .slot = -1, .until = CLOCK_NEVER };
	if (life->upgrade) {
		life->upgrade = false;
		(void)act(action, LIFECYCLE_UPGRADE, -1);
		return;
	}
	if (next_kill(life, now, action))
		return;
	if (life->phase < LIFECYCLE_SHUTDOWN && next_request(life, now, action))
		return;
	do
		phase = life->phase;
	while (!next_in_phase(life, now, action) && life->phase != phase);
}

static void forget(struct lifecycle *life, int slot)
{
	inittab_free(&life->table, slot);
	life->processes[slot] = (struct lifecycle_process){ .state = LIFECYCLE_IDLE };
}

/* An entry that is no longer one to be waited for holds up nothing, unless single user mode
 * is to end it first. */
static void wait_no_longer(struct lifecycle *life)
{
	if (life->retire)
		return;
	if (life->waited >= 0 && !is_listed(life, life->waited, INITTAB_SYSINIT) &&
	    !is_listed(life, life->waited, INITTAB_WAIT))
		life->waited = -1;
	if (life->pressed_waited >= 0 && !is_listed(life, life->pressed_waited, INITTAB_CTRLALTDEL))
		life->pressed_waited = -1;
}

void lifecycle_loaded(struct lifecycle *life, bool complete)
{
	inittab_end(&life->table, complete);
	wait_no_longer(life);
	life->load = false;
	for (int i = 0; i < life->table.used; i++) {
		struct lifecycle_process *process = &life->processes[i];

		/* what has run as something else has not had that turn yet */
		if (is_listed(life, i, INITTAB_SHUTDOWN) || is_listed(life, i, INITTAB_RESTART))
			process->done = false;
		if (process->state == LIFECYCLE_RUNNING)
			continue;
		/* whoever has mended something need not sit out the penalty */
		process->state = LIFECYCLE_IDLE;
		process->penalty = 0;
		if (life->table.slots[i].listing == INITTAB_UNLISTED)
			forget(life, i);
	}
}

void lifecycle_step(struct lifecycle *life, pid_t pid, bool awaited, int64_t now)
{
	if (pid != 0) {
		life->programs[life->step] = (struct lifecycle_program){
			.pid = pid, .since = now, .until = now + life->limits.step };
		life->alone = false;
	}
	if (pid == 0 || !awaited)
		life->step++;
}

void lifecycle_spawned(struct lifecycle *life, int slot, pid_t pid, int64_t now)
{
	struct lifecycle_process *process = &life->processes[slot];

	process->state = LIFECYCLE_RUNNING;
	process->pid = pid;
	process->since = now;
	process->until = CLOCK_NEVER;
	process->killed = false;
	process->done = true;
	life->alone = false;
	switch (life->table.slots[slot].entry.action) {
	case INITTAB_SHUTDOWN:
		process->until = now + life->limits.entry;
		life->waited = slot;
		break;
	case INITTAB_SYSINIT:
	case INITTAB_WAIT:
		life->waited = slot;
		break;
	case INITTAB_CTRLALTDEL:
		life->pressed_waited = slot;
		break;
	case INITTAB_ONCE:
	case INITTAB_RESPAWN:
	case INITTAB_ASKFIRST:
	case INITTAB_RESTART:
		break;
	}
}

static void wait_before_start(struct lifecycle_process *process, int64_t until)
{
	process->state = LIFECYCLE_WAITING;
	process->until = until;
}

static void punish(struct lifecycle_process *process, int64_t now)
{
	process->penalty = process->penalty == 0 ? PENALTY_FIRST_MS : 2 * process->penalty;
	if (process->penalty > PENALTY_MOST_MS)
		process->penalty = PENALTY_MOST_MS;
	wait_before_start(process, now + process->penalty);
}

void lifecycle_not_spawned(struct lifecycle *life, int slot, int64_t now)
{
	/* a full process table must not hold up the way down */
	if (life->phase >= LIFECYCLE_SHUTDOWN)
		life->processes[slot].done = true;
	else
		wait_before_start(&life->processes[slot], now + RETRY_MS);
}

void lifecycle_no_tty(struct lifecycle *life, int slot, int64_t now)
{
	life->processes[slot].done = true;
	if (is_respawned(life, slot))
		punish(&life->processes[slot], now);
}

void lifecycle_helper(struct lifecycle *life, pid_t pid)
{
	life->asked = true;
	life->helper = pid;
	if (pid != 0)
		life->alone = false;
}

static void exited_entry(struct lifecycle *life, int slot, int64_t now)
{
	struct lifecycle_process *process = &life->processes[slot];
	int64_t ran = now - process->since;

	process->state = LIFECYCLE_IDLE;
	process->pid = 0;
	process->killed = false;
	if (life->waited == slot)
		life->waited = -1;
	if (life->pressed_waited == slot)
		life->pressed_waited = -1;
	if (ran >= HEALTHY_MS)
		process->penalty = 0;
	if (life->table.slots[slot].listing == INITTAB_UNLISTED)
		forget(life, slot);
	else if (ran < QUICK_DEATH_MS && is_respawned(life, slot))
		punish(process, now);
}

static void exited_program(struct lifecycle *life, int step)
{
	life->programs[step].pid = 0;
	if (life->step == step)
		life->step++;
}

struct lifecycle_child lifecycle_find(const struct lifecycle *life, pid_t pid)
{
	if (pid == life->helper)
		return (struct lifecycle_child){ LIFECYCLE_HELPER, -1 };
	for (int i = 0; i < life->table.used; i++)
		if (life->processes[i].state == LIFECYCLE_RUNNING && life->processes[i].pid == pid)
			return (struct lifecycle_child){ LIFECYCLE_ENTRY, i };
	for (int i = 0; i < life->steps; i++)
		if (life->programs[i].pid == pid)
			return (struct lifecycle_child){ LIFECYCLE_PROGRAM, i };
	return (struct lifecycle_child){ LIFECYCLE_ORPHAN, -1 };
}

void lifecycle_exited(struct lifecycle *life, pid_t pid, int64_t now)
{
	struct lifecycle_child child = lifecycle_find(life, pid);

	switch (child.kind) {
	case LIFECYCLE_ORPHAN:
		break;
	case LIFECYCLE_ENTRY:
		exited_entry(life, child.number, now);
		break;
	case LIFECYCLE_PROGRAM:
		exited_program(life, child.number);
		break;
	case LIFECYCLE_HELPER:
		life->helper = 0;
		break;
	}
}

void lifecycle_left(struct lifecycle *life, bool anybody)
{
	life->alone = !anybody;
}

static void go_down(struct lifecycle *life, enum lifecycle_end end, int64_t now)
{
	/* the latest wish counts, but who asked for power off gets no mere restart */
	if (end == LIFECYCLE_RESTART && life->end != LIFECYCLE_GO_ON)
		return;
	if (life->phase < LIFECYCLE_SHUTDOWN) {
		enter(life, LIFECYCLE_SHUTDOWN, now);
		life->load = life->retire = life->pressed = false;
	}
	if (life->phase == LIFECYCLE_POWER) {
		if (life->helper != 0)
			return;		/* it is being done */
		life->asked = life->reported = false;
	}
	life->end = end;
}

void lifecycle_not_restarted(struct lifecycle *life, int64_t now)
{
	life->end = LIFECYCLE_HALT;
	life->since = now;
}

/* True if this SIGINT is the last of a storm. */
static bool count_interrupt(struct lifecycle *life, int64_t now)
{
	life->interrupts[life->interrupt] = now;
	life->interrupt = (life->interrupt + 1) % LIFECYCLE_INTERRUPTS;
	if (now - life->interrupts[life->interrupt] > STORM_MS)
		return false;
	for (int i = 0; i < LIFECYCLE_INTERRUPTS; i++)
		life->interrupts[i] = -STORM_MS - 1;
	return true;
}

static void force(struct lifecycle *life, int64_t now)
{
	if (life->end == LIFECYCLE_GO_ON || life->end == LIFECYCLE_RESTART)
		go_down(life, LIFECYCLE_REBOOT, now);
	life->forced = true;
	if (life->phase < LIFECYCLE_KILL)
		enter(life, LIFECYCLE_KILL, now);
	else if (life->phase < LIFECYCLE_POWER)
		enter(life, (enum lifecycle_phase)(life->phase + 1), now);
}

static void press(struct lifecycle *life, int64_t now)
{
	if (count_interrupt(life, now)) {
		force(life, now);
		return;
	}
	if (life->phase >= LIFECYCLE_SHUTDOWN || life->pressed)
		return;
	life->pressed = true;
	for (int i = 0; i < life->table.used; i++)
		if (is_listed(life, i, INITTAB_CTRLALTDEL))
			life->processes[i].done = false;
}

void lifecycle_signal(struct lifecycle *life, int signal, int64_t now)
{
	switch (signal) {
	case SIGHUP:
		life->load = life->phase < LIFECYCLE_SHUTDOWN;
		break;
	case SIGINT:
		press(life, now);
		break;
	case SIGQUIT:
		if (find_turn(life, INITTAB_RESTART) >= 0)
			go_down(life, LIFECYCLE_RESTART, now);
		break;
	case SIGUSR1:
	case SIGPWR:
		go_down(life, LIFECYCLE_HALT, now);
		break;
	case SIGUSR2:
		go_down(life, LIFECYCLE_POWER_OFF, now);
		break;
	case SIGTERM:
		go_down(life, LIFECYCLE_REBOOT, now);
		break;
	case SIGTSTP:
		life->paused = true;
		break;
	case SIGCONT:
		life->paused = false;
		break;
	}
}

void lifecycle_single(struct lifecycle *life, bool single)
{
	if (life->phase >= LIFECYCLE_SHUTDOWN)
		return;
	life->retire = life->single != single;
	life->single = single;
	life->load = true;
}

void lifecycle_upgrade(struct lifecycle *life)
{
	life->upgrade = life->phase < LIFECYCLE_RELEASE;
}

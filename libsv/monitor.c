/* SPDX-License-Identifier: MIT */
#include "monitor.h"

#include "clock.h"
#include "command.h"

#include <signal.h>
#include <string.h>

/* exit code of a run that could not be executed (runsv.c: fatal, 111); the errno
 * stands above it, where no wait status has anything */
#define STATUS_NOT_EXECUTED (111 << 8)

static void enter(struct monitor *monitor, enum monitor_state state)
{
	/* The time of the last change is that of the last start or of going
	 * down; finish belongs to the run before it (runsv.c). */
	if (state == MONITOR_RUN || (state != MONITOR_FINISH && monitor->pid == 0 &&
	    (monitor->state == MONITOR_RUN || monitor->state == MONITOR_FINISH)))
		monitor->changed = true;
	monitor->state = state;
	monitor->unpublished = true;
}

static void want(struct monitor *monitor, enum monitor_want wanted)
{
	if (monitor->want == wanted)
		return;
	monitor->want = wanted;
	monitor->unpublished = monitor->publish_first = true;
}

static bool is_down(enum monitor_want want)
{
	return want == MONITOR_WANT_DOWN || want == MONITOR_WANT_EXIT;
}

static bool wants_down(const struct monitor *monitor)
{
	return is_down(monitor->want);
}

/* Starts, or waits until a start is allowed. */
static void start(struct monitor *monitor, int64_t now)
{
	enter(monitor, now < monitor->earliest ? MONITOR_THROTTLED : MONITOR_STARTING);
	monitor->prepared = monitor->is_log;
}

/* run and finish have ended. */
static void ended(struct monitor *monitor, int64_t now)
{
	if (monitor->failing && monitor->want == MONITOR_WANT_UP) {
		want(monitor, MONITOR_WANT_DOWN);
		monitor->failed = monitor->untold = true;
	}
	monitor->failing = false;
	if (monitor->want == MONITOR_WANT_UP)
		start(monitor, now);
	else
		enter(monitor, MONITOR_DOWN);
}

static uint16_t tenths(int64_t ms)
{
	return (uint16_t)(ms / 100);
}

static bool has_died_too_often(const struct monitor *monitor)
{
	return monitor->options.deaths_most > 0 && monitor->deaths >= monitor->options.deaths_most;
}

/* One more death that nobody asked for. Those that are too old are forgotten; as
 * none is older than an hour by then, 16 bits tell which they are. */
static void count_death(struct monitor *monitor, int64_t now)
{
	unsigned kept = 0;

	if (now - monitor->last_death > MONITOR_DEATHS_MS)
		monitor->deaths = 0;
	for (unsigned i = 0; i < monitor->deaths; i++) {
		uint16_t age = (uint16_t)(tenths(now) - monitor->death[i]);

		if (age <= MONITOR_DEATHS_MS / 100 && (i > 0 || monitor->deaths < STATUS_DEATHS))
			monitor->death[kept++] = monitor->death[i];
	}
	monitor->death[kept++] = tenths(now);
	monitor->deaths = kept;
	monitor->last_death = now;
	monitor->failing = has_died_too_often(monitor);
}

/* What the script was for is gone: one that runs may end, but means nothing. */
static void give_up_script(struct monitor *monitor)
{
	monitor->script_void = true;
	if (monitor->script_pid == 0)
		monitor->letter = monitor->script = 0;
}

/* The same, and it must not stay in the way. */
static void end_script(struct monitor *monitor, int64_t now)
{
	give_up_script(monitor);
	/* one that was not started yet leaves nothing for the next */
	if (monitor->script_pid != 0)
		monitor->script_deadline = now;
}

static void run_ended(struct monitor *monitor, int status, int64_t now)
{
	monitor->pid = 0;
	monitor->last_status = status;
	monitor->readiness = MONITOR_NOT_READY;
	if (monitor->want == MONITOR_WANT_UP && !monitor->end_is_asked)
		count_death(monitor, now);
	monitor->got_term = monitor->end_is_asked = false;
	monitor->paused = false;
	monitor->kill_deadline = CLOCK_NEVER;
	monitor->group_killed = false;
	monitor->signals[0] = monitor->signals[1] = 0;
	monitor->queued = 0;
	give_up_script(monitor);
	if (monitor->is_log)
		ended(monitor, now);
	else
		enter(monitor, MONITOR_FINISH);
}

static void enqueue(struct monitor *monitor, char letter)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < monitor->queued; i++)
		if (monitor->queue[i] != letter)
			monitor->queue[kept++] = monitor->queue[i];
	monitor->queue[kept++] = letter;
	monitor->queued = kept;
}

/* Kill now: nothing queued before it matters any more, and a script that is in
 * the way is ended. */
static void enqueue_kill(struct monitor *monitor, int64_t now)
{
	monitor->queued = 0;
	if (monitor->letter != 0 && monitor->letter != 'k')
		end_script(monitor, now);
	enqueue(monitor, 'k');
}

void monitor_init(struct monitor *monitor, bool is_log, enum monitor_want wanted,
	const struct monitor_options *options)
{
	memset(monitor, 0, sizeof *monitor);
	monitor->is_log = is_log;
	monitor->options = *options;
	monitor->want = wanted;
	monitor->earliest = INT64_MIN;
	monitor->retry_at = INT64_MIN;
	monitor->script_deadline = CLOCK_NEVER;
	monitor->finish_deadline = CLOCK_NEVER;
	monitor->kill_deadline = CLOCK_NEVER;
	monitor->drain_deadline = CLOCK_NEVER;
	monitor->group_deadline = CLOCK_NEVER;
	enter(monitor, wanted == MONITOR_WANT_UP ? MONITOR_THROTTLED : MONITOR_DOWN);
}

/* A directory that was let go of is begun with afresh, as if nothing had been. */
static bool is_over(const struct status_memory *memory, bool alive)
{
	return !alive && memory->want == MONITOR_WANT_EXIT && memory->state <= MONITOR_THROTTLED &&
		memory->group == 0;
}

/* What the state that was recorded means now. */
static void resume(struct monitor *monitor, bool had_process, int64_t now)
{
	bool alive = monitor->pid != 0;

	switch (monitor->state) {
	case MONITOR_RUN:
		if (!alive)
			run_ended(monitor, MONITOR_UNKNOWN, now);
		else if (wants_down(monitor))
			enqueue(monitor, monitor->want == MONITOR_WANT_DOWN ? 'd' : 'x');
		break;
	case MONITOR_FINISH:
		/* as long as it has not failed, there have been fewer */
		monitor->failing = has_died_too_often(monitor);
		if (had_process && !alive)
			ended(monitor, now);
		else if (alive && monitor->options.finish_ms > 0)
			monitor->finish_deadline = now + monitor->options.finish_ms;
		break;
	case MONITOR_STARTING:
	case MONITOR_THROTTLED:
		if (wants_down(monitor))
			enter(monitor, MONITOR_DOWN);
		else
			start(monitor, now);
		break;
	case MONITOR_DOWN:
		/* a logger that was drained, of a service that is back */
		if (monitor->want == MONITOR_WANT_UP)
			start(monitor, now);
		break;
	}
}

bool monitor_adopt(struct monitor *monitor, const struct status *status,
	const struct status_memory *memory, pid_t pid, bool alive, int64_t now)
{
	/* if not, the child had signed itself in and its supervisor had not said so
	 * yet: what people read is still of the process before */
	bool known = alive && status->pid == pid;

	if (memory->want > MONITOR_WANT_EXIT || memory->state > MONITOR_FINISH ||
	    is_over(memory, alive))
		return false;
	monitor->want = (enum monitor_want)memory->want;
	if (monitor->is_log && monitor->want == MONITOR_WANT_EXIT)
		want(monitor, MONITOR_WANT_UP);	/* it was drained for a service that is back */
	monitor->state = (enum monitor_state)memory->state;
	/* no record of ours is so, but to start a second one would be worse */
	if (alive && monitor->state < MONITOR_RUN)
		monitor->state = MONITOR_RUN;
	monitor->pid = alive ? pid : 0;
	monitor->paused = known && status->paused;
	monitor->got_term = monitor->end_is_asked = known && status->got_term;
	monitor->readiness = alive && memory->readiness <= MONITOR_READY ?
		(enum monitor_readiness)memory->readiness : MONITOR_NOT_READY;
	monitor->failed = memory->failed;
	monitor->starts = memory->starts;
	monitor->last_status = memory->last_status;
	monitor->last_death = memory->last_death > 0 ? memory->last_death : 0;
	monitor->deaths = memory->deaths;
	memcpy(monitor->death, memory->death, sizeof monitor->death);
	/* never later than a start just now would allow */
	monitor->earliest = memory->earliest < now + MONITOR_START_RATE_MS ? memory->earliest :
		now + MONITOR_START_RATE_MS;
	monitor->group = memory->group;
	if (monitor->group != 0)
		monitor->group_deadline = now + monitor->options.kill_ms;
	monitor->changed = alive && monitor->state == MONITOR_RUN && !known;
	monitor->unpublished = true;
	resume(monitor, pid != 0, now);
	return true;
}

void monitor_remember(const struct monitor *monitor, struct status_memory *memory)
{
	memory->state = (uint8_t)monitor->state;
	memory->want = (uint8_t)monitor->want;
	memory->readiness = (uint8_t)monitor->readiness;
	memory->failed = monitor->failed;
	memory->last_death = monitor->last_death;
	memory->deaths = monitor->deaths;
	memcpy(memory->death, monitor->death, sizeof memory->death);
	memory->group = monitor->group;
	memory->starts = monitor->starts;
	memory->last_status = monitor->last_status;
	memory->earliest = monitor->earliest;
}

void monitor_remember_start(const struct monitor *monitor, int64_t now,
	struct status_memory *memory)
{
	monitor_remember(monitor, memory);
	if (monitor->asked != MONITOR_START_RUN)
		return;
	memory->state = MONITOR_RUN;
	memory->readiness = monitor->options.notifies ? MONITOR_AWAITED : MONITOR_SILENT;
	memory->starts++;
	memory->earliest = now + MONITOR_START_RATE_MS;
}

static void letter_up(struct monitor *monitor, enum monitor_want wanted, int64_t now)
{
	want(monitor, wanted);
	monitor->failed = monitor->failing = monitor->untold = false;
	monitor->deaths = 0;
	if (monitor->state == MONITOR_DOWN)
		start(monitor, now);
}

static void letter_down(struct monitor *monitor, char letter, enum monitor_want wanted, int64_t now)
{
	want(monitor, wanted);
	if (monitor->state == MONITOR_THROTTLED)
		enter(monitor, MONITOR_DOWN);
	if (monitor->state == MONITOR_STARTING && monitor->letter != 0) {
		end_script(monitor, now);
		monitor->prepared = false;	/* should it be wanted again before that */
	}
	if (monitor->state == MONITOR_RUN)
		enqueue(monitor, letter);
}

void monitor_letter(struct monitor *monitor, char letter, int64_t now)
{
	if (command_find(letter) == NULL)
		return;
	/* a logger without its pipe has nothing to be up for */
	if (monitor->draining && command_find(letter)->signal == 0)
		return;
	/* to be down is part of the exit, and does not take it back */
	if (letter == 'd' && monitor->want == MONITOR_WANT_EXIT)
		letter = 'x';
	if (letter == 'u')
		letter_up(monitor, MONITOR_WANT_UP, now);
	else if (letter == 'o')
		letter_up(monitor, MONITOR_WANT_ONCE, now);
	else if (letter == 'd')
		letter_down(monitor, letter, MONITOR_WANT_DOWN, now);
	else if (letter == 'x') {
		if (!monitor->is_log)
			letter_down(monitor, letter, MONITOR_WANT_EXIT, now);
	} else if (monitor->state == MONITOR_RUN) {
		if (letter == 'k')
			enqueue_kill(monitor, now);
		else
			enqueue(monitor, letter);
	}
}

void monitor_drain(struct monitor *monitor, bool empty, int64_t now)
{
	/* one that is to stay down reads nothing, and one that is about to start, all */
	monitor->drains_again = monitor->want == MONITOR_WANT_UP && monitor->state == MONITOR_RUN;
	want(monitor, MONITOR_WANT_EXIT);
	if (empty && (monitor->state == MONITOR_THROTTLED || monitor->state == MONITOR_STARTING))
		enter(monitor, MONITOR_DOWN);
	monitor->draining = true;
	monitor->drain_deadline = now + MONITOR_DRAIN_TERM_MS;
}

static void script_done(struct monitor *monitor)
{
	monitor->letter = monitor->script = 0;
	monitor->script_pid = 0;
	monitor->script_deadline = CLOCK_NEVER;
}

static void set_script(struct monitor *monitor, char letter, char script)
{
	monitor->letter = letter;
	monitor->script = script;
	monitor->script_void = false;
}

/* The last step of a stop, for which LETTER came: control/d or control/x. */
static void set_stopped(struct monitor *monitor, char letter)
{
	if (!monitor->is_log && wants_down(monitor))
		set_script(monitor, letter, monitor->want == MONITOR_WANT_DOWN ? 'd' : 'x');
}

/* The stop of d, x and t: the signal unless control/t has dealt with it; then,
 * if it is to go down, CONT in any case (a stopped process does not hear TERM),
 * and control/d or control/x. */
static void stop(struct monitor *monitor, bool handled, int64_t now)
{
	char letter = monitor->letter;
	bool down = letter != 't' || wants_down(monitor);

	script_done(monitor);
	if (!handled) {
		monitor->signals[0] = letter != 't' ? monitor->options.stop_signal : SIGTERM;
		monitor->got_term = true;
		monitor->unpublished = true;
	}
	if (!down)
		return;
	monitor->signals[1] = SIGCONT;
	monitor->paused = false;
	monitor->unpublished = true;
	if (monitor->options.kill_ms > 0 && monitor->kill_deadline == CLOCK_NEVER)
		monitor->kill_deadline = now + monitor->options.kill_ms;
	set_stopped(monitor, letter);
}

/* A letter's script has ended, or there is none. HANDLED: it has done itself
 * what the signal would have. */
static void script_ended(struct monitor *monitor, bool handled, int64_t now)
{
	char script = monitor->script, letter = monitor->letter;

	if (monitor->script_void || script == 'u' || script == 'd' || script == 'x') {
		script_done(monitor);
		/* control/t may be what has ended the service: the rest of a stop comes all the same */
		if (script == 't' && letter != 't' && monitor->state != MONITOR_RUN)
			set_stopped(monitor, letter);
		return;
	}
	if (script == 't') {
		stop(monitor, handled, now);
		return;
	}
	script_done(monitor);
	if (!handled)
		monitor->signals[0] = script == 'h' ? monitor->options.reload_signal :
			command_find(script)->signal;
	if (script == 'p' || script == 'c') {
		monitor->paused = script == 'p';
		monitor->unpublished = true;
	}
}

bool monitor_drain_again(struct monitor *monitor, int64_t now)
{
	if (!monitor->drains_again || monitor->state != MONITOR_DOWN || monitor->drain_warned)
		return false;
	monitor->drains_again = false;
	start(monitor, now);
	return true;
}

void monitor_ready(struct monitor *monitor)
{
	if (monitor->readiness != MONITOR_AWAITED)
		return;
	monitor->readiness = MONITOR_READY;
	monitor->unpublished = true;
}

pid_t monitor_left_behind(struct monitor *monitor, pid_t pid, int64_t now)
{
	pid_t before = monitor->group;
	int64_t deadline = monitor->kill_deadline;

	if (pid != monitor->pid || monitor->state != MONITOR_RUN)
		return 0;
	/* it has ended before its stop signal, while control/t ran for that, say, or
	 * before it was adopted */
	if (deadline == CLOCK_NEVER && wants_down(monitor) && !monitor->draining &&
	    !monitor->group_killed && monitor->options.kill_ms > 0)
		deadline = now + monitor->options.kill_ms;
	if (deadline == CLOCK_NEVER)
		return 0;
	monitor->group = pid;
	monitor->group_deadline = deadline;
	monitor->group_look = now + MONITOR_GROUP_LOOK_MS;
	monitor->unpublished = true;
	return before;
}

bool monitor_ends_group(const struct monitor_options *options, const struct status_memory *memory)
{
	return memory->state == MONITOR_RUN && options->kill_ms > 0 &&
		is_down((enum monitor_want)memory->want);
}

void monitor_group_gone(struct monitor *monitor)
{
	monitor->group = 0;
	monitor->group_deadline = CLOCK_NEVER;
	monitor->group_look = 0;
	monitor->unpublished = true;
}

bool monitor_exited(struct monitor *monitor, pid_t pid, int status, int64_t now)
{
	if (pid == monitor->script_pid) {
		/* a wait status of 0 is exit 0, and nothing else is */
		script_ended(monitor, status == 0, now);
		return true;
	}
	if (pid != monitor->pid)
		return false;
	if (monitor->state == MONITOR_RUN)
		run_ended(monitor, status, now);
	else {
		monitor->pid = 0;
		monitor->finish_deadline = CLOCK_NEVER;
		if (status == MONITOR_DO_NOT_RESTART << 8)
			monitor->failing = true;
		ended(monitor, now);
	}
	return true;
}

void monitor_started(struct monitor *monitor, pid_t pid, int64_t now)
{
	if (monitor->asked == MONITOR_START_CONTROL) {
		monitor->script_pid = pid;
		if (monitor->options.control_ms > 0)
			monitor->script_deadline = now + monitor->options.control_ms;
		return;
	}
	monitor->pid = pid;
	if (monitor->asked == MONITOR_START_FINISH) {
		if (monitor->options.finish_ms > 0)
			monitor->finish_deadline = now + monitor->options.finish_ms;
		monitor->unpublished = true;
		return;
	}
	monitor->starts++;
	monitor->earliest = now + MONITOR_START_RATE_MS;
	if (monitor->draining)
		monitor->drain_deadline = now + MONITOR_DRAIN_TERM_MS;
	monitor->paused = false;
	monitor->got_term = false;
	monitor->readiness = monitor->options.notifies ? MONITOR_AWAITED : MONITOR_SILENT;
	enter(monitor, MONITOR_RUN);
}

int monitor_exec_error(int32_t last_status)
{
	return last_status == MONITOR_UNKNOWN ? 0 : last_status >> 16;
}

void monitor_not_started(struct monitor *monitor, enum monitor_refusal why, int error, int64_t now)
{
	if (why == MONITOR_LATER)
		monitor->retry_at = now + MONITOR_RETRY_MS;
	else if (monitor->asked == MONITOR_START_CONTROL)
		script_ended(monitor, false, now);
	else if (monitor->asked == MONITOR_START_FINISH)
		ended(monitor, now);
	else {
		monitor->earliest = now + MONITOR_START_RATE_MS;
		run_ended(monitor, error << 16 | STATUS_NOT_EXECUTED, now);
	}
}

/* Takes the next letter off the queue, if there is one and no script is run. */
static bool take_letter(struct monitor *monitor)
{
	char letter = monitor->queue[0];

	if (monitor->state != MONITOR_RUN || monitor->letter != 0 || monitor->queued == 0)
		return false;
	monitor->queued--;
	memmove(monitor->queue, monitor->queue + 1, monitor->queued);
	/* now: a script may end it itself, and wait for that */
	if (strchr("dxtk", letter) != NULL)
		monitor->end_is_asked = true;
	set_script(monitor, letter, letter == 'd' || letter == 'x' ? 't' : letter);
	return true;
}

/* The steps that need no process. */
static void advance(struct monitor *monitor, int64_t now)
{
	if (monitor->state == MONITOR_THROTTLED && now >= monitor->earliest)
		start(monitor, now);
	if (take_letter(monitor) && monitor->is_log)
		script_ended(monitor, false, now);	/* a logger has no scripts */
	if (monitor->state != MONITOR_STARTING || monitor->letter != 0)
		return;
	if (wants_down(monitor) && !monitor->draining)
		enter(monitor, MONITOR_DOWN);
	else if (!monitor->prepared) {
		monitor->prepared = true;
		set_script(monitor, 'u', 'u');
	}
}

static bool act(struct monitor *monitor, struct monitor_action *action, enum monitor_verb verb)
{
	monitor->asked = verb;
	action->verb = verb;
	return true;
}

static bool act_signal(struct monitor_action *action, enum monitor_verb verb, int number, pid_t pid)
{
	action->verb = verb;
	action->signal = number;
	action->pid = pid;
	return true;
}

/* It is waited for only to be gone at last. */
static bool waits_for_group(const struct monitor *monitor)
{
	return monitor->group != 0 && monitor->want == MONITOR_WANT_EXIT &&
		monitor->state == MONITOR_DOWN;
}

static bool next_group(struct monitor *monitor, int64_t now, struct monitor_action *action)
{
	pid_t group = monitor->group;

	if (group == 0)
		return false;
	if (now >= monitor->group_deadline) {
		monitor_group_gone(monitor);
		return act_signal(action, MONITOR_GROUP, SIGKILL, group);
	}
	if (!waits_for_group(monitor) || now < monitor->group_look)
		return false;
	monitor->group_look = now + MONITOR_GROUP_LOOK_MS;
	return act_signal(action, MONITOR_GROUP, 0, group);
}

/* What is owed to a process that runs: signals due, deadlines passed. */
static bool next_signal(struct monitor *monitor, int64_t now, struct monitor_action *action)
{
	for (int i = 0; i < 2; i++) {
		int number = monitor->signals[i];

		monitor->signals[i] = 0;
		if (number != 0)
			return act_signal(action, MONITOR_SIGNAL, number, monitor->pid);
	}
	if (monitor->script_pid != 0 && now >= monitor->script_deadline) {
		monitor->script_deadline = CLOCK_NEVER;
		return act_signal(action, MONITOR_OVERDUE, SIGKILL, monitor->script_pid);
	}
	if (monitor->state == MONITOR_FINISH && monitor->pid != 0 && now >= monitor->finish_deadline) {
		monitor->finish_deadline = CLOCK_NEVER;
		return act_signal(action, MONITOR_OVERDUE, SIGKILL, monitor->pid);
	}
	if (next_group(monitor, now, action))
		return true;
	if (monitor->state != MONITOR_RUN)
		return false;
	if (now >= monitor->kill_deadline) {
		monitor->kill_deadline = CLOCK_NEVER;
		monitor->group_killed = true;
		action->whole = true;
		return act_signal(action, MONITOR_OVERDUE, SIGKILL, monitor->pid);
	}
	if (monitor->draining && now >= monitor->drain_deadline) {
		bool first = !monitor->drain_warned;

		monitor->drain_warned = true;
		monitor->drain_deadline = first ? now + MONITOR_DRAIN_KILL_MS : CLOCK_NEVER;
		return act_signal(action, MONITOR_OVERDUE, first ? SIGTERM : SIGKILL, monitor->pid);
	}
	return false;
}

/* What is to be executed. */
static bool next_program(struct monitor *monitor, int64_t now, struct monitor_action *action)
{
	if (now < monitor->retry_at)
		return false;
	if (monitor->script != 0 && monitor->script_pid == 0) {
		action->letter = monitor->script;
		return act(monitor, action, MONITOR_START_CONTROL);
	}
	if (monitor->state == MONITOR_FINISH && monitor->pid == 0)
		return act(monitor, action, MONITOR_START_FINISH);
	if (monitor->state == MONITOR_STARTING && monitor->letter == 0)
		return act(monitor, action, MONITOR_START_RUN);
	return false;
}

static bool publish(struct monitor *monitor, struct monitor_action *action)
{
	action->changed = monitor->changed;
	action->first = monitor->publish_first;
	monitor->changed = false;
	monitor->unpublished = monitor->publish_first = false;
	action->verb = MONITOR_PUBLISH;
	return true;
}

bool monitor_next(struct monitor *monitor, int64_t now, struct monitor_action *action)
{
	memset(action, 0, sizeof *action);
	/* what is wanted is on record before anything is done for it: the next
	 * supervisor goes on with it, should this one be killed meanwhile */
	if (monitor->publish_first)
		return publish(monitor, action);
	/* the signals of one letter go out before the next is looked at */
	if (next_signal(monitor, now, action))
		return true;
	advance(monitor, now);
	if (next_signal(monitor, now, action) || next_program(monitor, now, action))
		return true;
	if (monitor->untold) {
		monitor->untold = false;
		return act(monitor, action, MONITOR_TELL_FAILED);
	}
	return monitor->unpublished && publish(monitor, action);
}

static int64_t earlier(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

int64_t monitor_deadline(const struct monitor *monitor)
{
	int64_t deadline = CLOCK_NEVER;

	if (monitor->script_pid != 0)
		deadline = earlier(deadline, monitor->script_deadline);
	if (monitor->state == MONITOR_FINISH)
		deadline = earlier(deadline, monitor->finish_deadline);
	if (monitor->state == MONITOR_RUN) {
		deadline = earlier(deadline, monitor->kill_deadline);
		if (monitor->draining)
			deadline = earlier(deadline, monitor->drain_deadline);
	}
	if (monitor->group != 0)
		deadline = earlier(deadline, monitor->group_deadline);
	if (waits_for_group(monitor))
		deadline = earlier(deadline, monitor->group_look);
	if (monitor->state == MONITOR_THROTTLED)
		deadline = earlier(deadline, monitor->earliest);
	/* a program that is due and was not started: no process could be made */
	if ((monitor->script != 0 && monitor->script_pid == 0) ||
	    (monitor->state == MONITOR_FINISH && monitor->pid == 0) ||
	    (monitor->state == MONITOR_STARTING && monitor->letter == 0))
		deadline = earlier(deadline, monitor->retry_at);
	return deadline;
}

bool monitor_released(const struct monitor *monitor)
{
	return monitor->want == MONITOR_WANT_EXIT && monitor->state == MONITOR_DOWN &&
		monitor->letter == 0 && monitor->group == 0;
}

void monitor_status(const struct monitor *monitor, struct status *status)
{
	static const enum status_state states[] = {
		[MONITOR_DOWN] = STATUS_DOWN,
		[MONITOR_THROTTLED] = STATUS_DOWN,
		[MONITOR_STARTING] = STATUS_DOWN,
		[MONITOR_RUN] = STATUS_RUN,
		[MONITOR_FINISH] = STATUS_FINISH,
	};

	status->pid = monitor->pid;
	status->paused = monitor->paused;
	status->got_term = monitor->got_term;
	status->want = monitor->want == MONITOR_WANT_UP ? STATUS_WANT_UP :
		monitor->want == MONITOR_WANT_EXIT ? STATUS_WANT_EXIT : STATUS_WANT_DOWN;
	status->state = states[monitor->state];
}

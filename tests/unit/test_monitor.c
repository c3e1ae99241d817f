/* SPDX-License-Identifier: MIT */
/* The monitor, run through every state that it can reach, and through the cases
 * that runsv's users know. */
#include "../../libsv/clock.h"
#include "../../libsv/monitor.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { RUN_PID = 100, FINISH_PID = 200, SCRIPT_PID = 300, EXEC_ERROR = 8 };

/* How the world answers a START_. */
struct world {
	enum { OK, ABSENT, FAILED, LATER } run, finish, control;
	pid_t main_alive;
	pid_t script_alive;
	bool leaves;		/* run leaves processes in its group when it ends */
	bool group_alive;	/* ... and they are there */
	bool group_killed;	/* all of its group was killed, with run */
	struct status published;
	int sent[8];		/* signals, in order, since last cleared */
	int sent_count;
	char scripts[16];	/* control scripts started since last cleared */
	int script_count;
	int runs, finishes, told;
};

struct system {
	struct monitor monitor;
	struct world world;
	int64_t now;
};

/* ck_assert tells its parent of each place that it passes, which costs a system
 * call: too much for millions. */
#define must(condition, ...) \
	do { \
		if (!(condition)) \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

static void answer(struct system *s, int how, pid_t pid, pid_t *alive)
{
	static const enum monitor_refusal why[] = {
		[ABSENT] = MONITOR_ABSENT, [FAILED] = MONITOR_FAILED, [LATER] = MONITOR_LATER,
	};

	if (how != OK) {
		monitor_not_started(&s->monitor, why[how], EXEC_ERROR, s->now);
		return;
	}
	*alive = pid;
	monitor_started(&s->monitor, pid, s->now);
}

static void do_signal(struct system *s, const struct monitor_action *action)
{
	struct world *w = &s->world;

	must(action->pid > 0 &&
		(action->pid == w->main_alive || action->pid == w->script_alive),
		"signal %d to %d, which is no live child", action->signal, (int)action->pid);
	must(action->signal > 0, "signal 0");
	if (action->verb == MONITOR_SIGNAL)
		must(s->monitor.state == MONITOR_RUN, "a signal outside RUN");
	if (action->verb == MONITOR_OVERDUE && action->whole)
		w->group_killed = true;
	if (w->sent_count < 8)
		w->sent[w->sent_count++] = action->signal;
}

static void do_group(struct system *s, const struct monitor_action *action)
{
	struct world *w = &s->world;

	must(action->pid == RUN_PID, "group %d", (int)action->pid);
	must(action->signal == SIGKILL || s->monitor.want == MONITOR_WANT_EXIT,
		"it looks, and does not want to end");
	if (action->signal == SIGKILL)
		w->group_alive = false;
	else if (!w->group_alive)
		monitor_group_gone(&s->monitor);
}

static void do_action(struct system *s, const struct monitor_action *action)
{
	struct world *w = &s->world;
	struct status now = { .pid = 0 };

	monitor_status(&s->monitor, &now);
	must(action->verb == MONITOR_PUBLISH || action->verb == MONITOR_TELL_FAILED ||
		action->verb == MONITOR_GROUP || now.want == w->published.want,
		"action %d before what is wanted is on record", action->verb);
	switch (action->verb) {
	case MONITOR_START_RUN:
		must(w->main_alive == 0, "a second copy is started");
		w->runs++;
		w->group_killed = false;
		answer(s, w->run, RUN_PID, &w->main_alive);
		break;
	case MONITOR_START_FINISH:
		must(!s->monitor.is_log, "a logger's finish is run");
		must(w->main_alive == 0, "finish while run or finish runs");
		w->finishes++;
		answer(s, w->finish, FINISH_PID, &w->main_alive);
		break;
	case MONITOR_START_CONTROL:
		must(!s->monitor.is_log, "a logger's control script is run");
		must(w->script_alive == 0, "two control scripts at once");
		if (w->script_count < 15)
			w->scripts[w->script_count++] = action->letter;
		answer(s, w->control, SCRIPT_PID, &w->script_alive);
		break;
	case MONITOR_SIGNAL:
	case MONITOR_OVERDUE:
		do_signal(s, action);
		break;
	case MONITOR_GROUP:
		do_group(s, action);
		break;
	case MONITOR_TELL_FAILED:
		must(s->monitor.failed && s->monitor.want == MONITOR_WANT_DOWN, "not failed");
		w->told++;
		break;
	case MONITOR_PUBLISH:
		monitor_status(&s->monitor, &w->published);
		break;
	}
}

static void assert_truth(const struct system *s)
{
	const struct monitor *m = &s->monitor;
	struct status now = s->world.published;

	monitor_status(m, &now);
	must(memcmp(&now, &s->world.published, sizeof now) == 0, "the status is stale");
	must(now.pid == s->world.main_alive, "published pid %d", (int)now.pid);
	must((now.state == STATUS_RUN) == (s->world.main_alive == RUN_PID), "run published wrongly");
	must((now.state == STATUS_FINISH) == (s->world.main_alive == FINISH_PID ||
		(s->world.finish == LATER && m->state == MONITOR_FINISH)), "finish published wrongly");
}

/* What must hold whenever nothing is left to do at once. */
static void assert_invariants(const struct system *s)
{
	const struct monitor *m = &s->monitor;
	int64_t deadline = monitor_deadline(m);
	bool alive = s->world.main_alive != 0 || s->world.script_alive != 0;

	assert_truth(s);
	must(deadline > s->now, "a deadline that has passed: a busy loop");
	if (m->want == MONITOR_WANT_UP && !alive)
		must(deadline != CLOCK_NEVER, "wanted up, and nothing will start it");
	if (s->world.script_alive != 0)
		must(deadline != CLOCK_NEVER || m->script_deadline == CLOCK_NEVER,
			"a script without a deadline");
	if (m->want == MONITOR_WANT_DOWN && !alive && deadline == CLOCK_NEVER)
		must(m->state == MONITOR_DOWN, "down, and in state %d", m->state);
	if (monitor_released(m))
		must(!alive && !s->world.group_alive, "released with a child alive");
	if (s->world.group_alive)
		must(deadline != CLOCK_NEVER, "what is left behind is forgotten");
	must(m->queued <= MONITOR_QUEUE, "the queue overflows");
}

static void pump(struct system *s)
{
	struct monitor_action action;
	int steps = 0;

	while (monitor_next(&s->monitor, s->now, &action)) {
		must(++steps < 100, "it never comes to rest");
		do_action(s, &action);
	}
	assert_invariants(s);
}

static void begin(struct system *s, bool is_log, enum monitor_want want, const struct world *world)
{
	const struct monitor_options options = {
		.control_ms = 3000, .finish_ms = 2000, .kill_ms = 0, .stop_signal = SIGTERM,
		.reload_signal = SIGHUP,
	};

	memset(s, 0, sizeof *s);
	s->world = *world;
	s->now = 1000000;
	monitor_init(&s->monitor, is_log, want, &options);
	/* supervise/program.c: the status is there from the first moment */
	monitor_status(&s->monitor, &s->world.published);
	pump(s);
}

static void letters(struct system *s, const char *text)
{
	for (; *text != '\0'; text++)
		monitor_letter(&s->monitor, *text, s->now);
	pump(s);
}

static void main_exits(struct system *s, int status)
{
	pid_t pid = s->world.main_alive;

	must(pid != 0, "nothing runs");
	s->world.main_alive = 0;
	if (s->world.leaves && pid == RUN_PID) {
		bool down = s->monitor.want == MONITOR_WANT_DOWN || s->monitor.want == MONITOR_WANT_EXIT;
		pid_t before = monitor_left_behind(&s->monitor, pid, s->now);

		must(before == 0 || before == RUN_PID, "group %d", (int)before);
		must(s->monitor.group == RUN_PID || !down || s->monitor.options.kill_ms == 0 ||
			s->world.group_killed || s->monitor.draining, "what it has left is forgotten");
		/* without timeout-kill, or if it was not to go down, nobody cares */
		s->world.group_alive = s->monitor.group != 0;
	}
	must(monitor_exited(&s->monitor, pid, status, s->now), "its own child is not known");
	pump(s);
}

static void script_exits(struct system *s, int status)
{
	must(s->world.script_alive != 0, "no script runs");
	s->world.script_alive = 0;
	must(monitor_exited(&s->monitor, SCRIPT_PID, status, s->now), "its own script is not known");
	pump(s);
}

static void pass(struct system *s, int64_t ms)
{
	s->now += ms;
	pump(s);
}

static void forget(struct system *s)
{
	s->world.sent_count = s->world.script_count = 0;
	memset(s->world.scripts, 0, sizeof s->world.scripts);
}

static void assert_sent(const struct system *s, int count, int first, int second)
{
	ck_assert_int_eq(s->world.sent_count, count);
	if (count > 0)
		ck_assert_int_eq(s->world.sent[0], first);
	if (count > 1)
		ck_assert_int_eq(s->world.sent[1], second);
}

static const struct world PLAIN = { .run = OK, .finish = ABSENT, .control = ABSENT };
static const struct world SCRIPTED = { .run = OK, .finish = OK, .control = OK };

/* --- every state ---------------------------------------------------------------- */

/* The states reachable are finite once times are taken relative to now (every
 * deadline is a multiple of 1 s) and the letters that differ in nothing but
 * their signal are represented by one (p). All of them are visited: breadth
 * first, each state once, every event from each. */

static const char alphabet[] = "udoxtkp";

enum { TIME_PASSES = sizeof alphabet - 1, MAIN_EXITS, SCRIPT_SUCCEEDS, SCRIPT_FAILS, DRAIN, DRAIN_EMPTY,
	UNREAD, GROUP_ENDS,
	ADOPTED_ALIVE, ADOPTED_ENDS, ADOPTED_DEAD, EVENTS };

/* The supervisor is killed, and the next one goes on from what it published last:
 * the process of run or finish is still there, has ended when it is looked at first, or
 * is not there. A control script is nobody's any more. */
static void take_over(struct system *s, int event)
{
	bool alive = event != ADOPTED_DEAD;
	struct monitor_options options = s->monitor.options;
	struct status_memory memory;
	pid_t pid = s->world.main_alive;
	bool is_log = s->monitor.is_log;

	monitor_remember(&s->monitor, &memory);
	if (!alive)
		s->world.main_alive = 0;
	s->world.script_alive = 0;
	monitor_init(&s->monitor, is_log, MONITOR_WANT_UP, &options);
	if (!monitor_adopt(&s->monitor, &s->world.published, &memory, pid, alive && pid != 0, s->now))
		monitor_status(&s->monitor, &s->world.published);
	if (event == ADOPTED_ENDS)
		main_exits(s, MONITOR_UNKNOWN);
	else
		pump(s);
	if (memory.want == MONITOR_WANT_DOWN || memory.want == MONITOR_WANT_ONCE)
		must(s->monitor.want == (enum monitor_want)memory.want, "it forgot what is wanted");
}

static void tell(struct system *s, char letter)
{
	enum monitor_want before = s->monitor.want;
	char text[2] = { letter, '\0' };
	bool deaf = s->monitor.draining || (s->monitor.is_log && letter == 'x');

	letters(s, text);
	if (strchr("udox", letter) == NULL || deaf || (letter == 'd' && before == MONITOR_WANT_EXIT))
		must(s->monitor.want == before, "letter %s changed what is wanted", text);
	else
		must(s->monitor.want == (letter == 'u' ? MONITOR_WANT_UP :
			letter == 'd' ? MONITOR_WANT_DOWN : letter == 'o' ?
			MONITOR_WANT_ONCE : MONITOR_WANT_EXIT), "letter %s not heard", text);
}

static bool apply(struct system *s, int event)
{
	if (event < TIME_PASSES) {
		tell(s, alphabet[event]);
		return true;
	}
	switch (event) {
	case TIME_PASSES:
		if (monitor_deadline(&s->monitor) == CLOCK_NEVER)
			return false;
		pass(s, monitor_deadline(&s->monitor) - s->now);
		return true;
	case MAIN_EXITS:
		if (s->world.main_alive == 0)
			return false;
		main_exits(s, 0);
		return true;
	case SCRIPT_SUCCEEDS:
	case SCRIPT_FAILS:
		if (s->world.script_alive == 0)
			return false;
		script_exits(s, event == SCRIPT_SUCCEEDS ? 0 : 1 << 8);
		return true;
	case DRAIN:
	case DRAIN_EMPTY:
		if (!s->monitor.is_log || s->monitor.draining)
			return false;
		monitor_drain(&s->monitor, event == DRAIN_EMPTY, s->now);
		pump(s);
		must(event == DRAIN || s->world.main_alive != 0 || s->monitor.group != 0 ||
			monitor_released(&s->monitor),
			"a logger with nothing to read is waited for");
		return true;
	case UNREAD:
		if (!monitor_drain_again(&s->monitor, s->now))
			return false;
		must(s->monitor.is_log && s->world.main_alive == 0, "started again beside itself");
		pump(s);
		must(!monitor_drain_again(&s->monitor, s->now), "it is started again for ever");
		return true;
	case GROUP_ENDS:
		if (!s->world.group_alive)
			return false;
		s->world.group_alive = false;
		return true;
	case ADOPTED_ALIVE:
		take_over(s, event);
		return true;
	case ADOPTED_ENDS:
	case ADOPTED_DEAD:
		if (s->world.main_alive == 0)
			return false;
		take_over(s, event);
		return true;
	default:
		return false;
	}
}

static int64_t relative(int64_t time, int64_t now)
{
	/* in the past is in the past */
	return time == CLOCK_NEVER ? time : time <= now ? 0 : time - now;
}

/* The same state of affairs, whenever and however often it comes about. */
static void normalise(struct system *s)
{
	struct monitor *m = &s->monitor;
	int64_t *times[] = { &m->earliest, &m->retry_at, &m->script_deadline, &m->finish_deadline,
		&m->kill_deadline, &m->drain_deadline, &m->group_deadline, &m->group_look };

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		*times[i] = relative(*times[i], s->now);
	s->now = 0;
	m->starts = 0;
	m->last_status = 0;
	m->deaths = 0;		/* without a limit they decide nothing, ... */
	m->end_is_asked = false;	/* ... nor does which of them count */
	m->last_death = 0;
	memset(m->death, 0, sizeof m->death);
	m->asked = MONITOR_START_RUN;
	memset(m->queue + m->queued, 0, MONITOR_QUEUE - m->queued);
	forget(s);
	memset(s->world.sent, 0, sizeof s->world.sent);
	s->world.runs = s->world.finishes = s->world.told = 0;
}

enum { SEEN_MOST = 300000, TABLE_SIZE = 1 << 20 };

static struct system *seen;	/* in the order in which they were found */
static size_t seen_count;
static uint32_t *table;		/* hash to place in seen, from 1 */

static uint64_t hash_of(const struct system *s)
{
	uint64_t words[sizeof *s / sizeof(uint64_t)];
	uint64_t hash = 14695981039346656037U;

	memcpy(words, s, sizeof words);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15U;
		hash ^= hash >> 29;
	}
	return hash;
}

/* begin() zeroes all of a state, the padding included, so bytes can be compared. */
static void remember(const struct system *s)
{
	size_t at = hash_of(s) % TABLE_SIZE;

	while (table[at] != 0) {
		if (memcmp(&seen[table[at] - 1], s, sizeof *s) == 0)
			return;
		at = (at + 1) % TABLE_SIZE;
	}
	must(seen_count < SEEN_MOST, "more states than expected");
	memcpy(&seen[seen_count++], s, sizeof *s);
	table[at] = (uint32_t)seen_count;
}

static size_t explore(bool is_log, enum monitor_want want, const struct world *world, int32_t kill_ms)
{
	struct system *s = malloc(sizeof *s), *from = malloc(sizeof *from);

	seen = malloc(SEEN_MOST * sizeof *seen);
	table = calloc(TABLE_SIZE, sizeof *table);
	must(seen != NULL && table != NULL, "no memory");
	seen_count = 0;
	begin(s, is_log, want, world);
	s->monitor.options.kill_ms = kill_ms;
	normalise(s);
	remember(s);
	for (size_t next = 0; next < seen_count; next++) {
		memcpy(from, &seen[next], sizeof *from);
		for (int event = 0; event < EVENTS; event++) {
			memcpy(s, from, sizeof *s);
			if (apply(s, event)) {
				normalise(s);
				remember(s);
			}
		}
	}
	free(s);
	free(from);
	free(seen);
	free(table);
	return seen_count;
}

START_TEST(every_reachable_state)
{
	struct world world = PLAIN;
	size_t total = 0;

	world.run = _i % 3 == 0 ? OK : _i % 3 == 1 ? FAILED : LATER;
	world.finish = _i / 3 % 3 == 0 ? ABSENT : _i / 3 % 3 == 1 ? OK : LATER;
	world.control = _i / 9 % 2 == 0 ? ABSENT : OK;
	total += explore(false, MONITOR_WANT_UP, &world, 0);
	total += explore(false, MONITOR_WANT_DOWN, &world, 1000);
	if (world.control == ABSENT) {	/* with it, there are too many */
		world.leaves = true;
		total += explore(false, MONITOR_WANT_UP, &world, 1000);
		world.leaves = false;
	}
	if (world.finish == ABSENT && world.control == ABSENT) {
		total += explore(true, MONITOR_WANT_UP, &world, 0);
		world.leaves = true;
		total += explore(true, MONITOR_WANT_UP, &world, 1000);
	}
	ck_assert_uint_gt(total, 10);
	if (getenv("VERBOSE") != NULL)
		fprintf(stderr, "# run %d finish %d control %d: %zu states\n", world.run,
			world.finish, world.control, total);
}
END_TEST

/* --- the cases people know -------------------------------------------------------- */

START_TEST(restarts_at_most_once_a_second)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	ck_assert_int_eq(s.world.runs, 1);
	pass(&s, 300);
	main_exits(&s, 0);
	ck_assert_int_eq(s.monitor.state, MONITOR_THROTTLED);
	ck_assert_int_eq(monitor_deadline(&s.monitor), s.now + 700);
	pass(&s, 699);
	ck_assert_int_eq(s.world.runs, 1);
	pass(&s, 1);
	ck_assert_int_eq(s.world.runs, 2);
	pass(&s, 1000);
	main_exits(&s, 0);
	ck_assert_int_eq(s.world.runs, 3);	/* it lasted a second: at once */
}
END_TEST

/* It gets its time with the record that is there from the first moment. */
START_TEST(what_is_down_from_the_first_has_not_changed)
{
	struct monitor monitor;
	struct monitor_action action;
	struct monitor_options options;

	memset(&options, 0, sizeof options);
	monitor_init(&monitor, false, MONITOR_WANT_DOWN, &options);
	ck_assert(monitor_next(&monitor, 0, &action));
	ck_assert_int_eq(action.verb, MONITOR_PUBLISH);
	ck_assert(!action.changed);
	ck_assert(!monitor_next(&monitor, 0, &action));
}
END_TEST

START_TEST(not_executable_is_111)
{
	struct world world = SCRIPTED;
	struct system s;

	world.run = FAILED;
	world.control = ABSENT;
	begin(&s, false, MONITOR_WANT_UP, &world);
	ck_assert_int_eq(s.world.finishes, 1);
	ck_assert(WIFEXITED(s.monitor.last_status) && WEXITSTATUS(s.monitor.last_status) == 111);
	ck_assert_int_eq(monitor_exec_error(s.monitor.last_status), EXEC_ERROR);
	ck_assert_int_eq(monitor_exec_error(111 << 8), 0);
	ck_assert_int_eq(monitor_exec_error(MONITOR_UNKNOWN), 0);
	main_exits(&s, 0);
	ck_assert_int_eq(s.monitor.state, MONITOR_THROTTLED);
}
END_TEST

START_TEST(down_is_term_then_cont)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	letters(&s, "p");
	ck_assert(s.world.published.paused);
	forget(&s);
	letters(&s, "d");
	assert_sent(&s, 2, SIGTERM, SIGCONT);
	ck_assert(s.world.published.got_term);
	ck_assert(!s.world.published.paused);
	ck_assert_str_eq(s.world.scripts, "td");
	main_exits(&s, SIGTERM);
	ck_assert_int_eq(s.monitor.state, MONITOR_DOWN);
	ck_assert(!s.world.published.got_term);
}
END_TEST

START_TEST(control_t_that_succeeds_keeps_term_back)
{
	struct world world = SCRIPTED;
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &world);
	ck_assert_str_eq(s.world.scripts, "u");
	ck_assert_int_eq(s.world.runs, 0);
	script_exits(&s, 1 << 8);	/* control/u's result is ignored */
	ck_assert_int_eq(s.world.runs, 1);
	forget(&s);
	letters(&s, "d");
	assert_sent(&s, 0, 0, 0);
	script_exits(&s, 0);
	assert_sent(&s, 1, SIGCONT, 0);
	ck_assert(!s.world.published.got_term);
	ck_assert_str_eq(s.world.scripts, "td");
}
END_TEST

START_TEST(what_comes_of_control_t_is_followed_by_control_d)
{
	static const char letter[][2] = { "d", "x" };
	struct system s;

	for (int i = 0; i < 4; i++) {
		begin(&s, false, MONITOR_WANT_UP, &SCRIPTED);
		script_exits(&s, 0);
		forget(&s);
		letters(&s, letter[i % 2]);
		main_exits(&s, 0);		/* by what control/t did */
		if (i < 2)
			main_exits(&s, 0);	/* finish, before or after it */
		script_exits(&s, 0);
		ck_assert_int_eq(s.world.scripts[0], 't');
		ck_assert_int_eq(s.world.scripts[1], letter[i % 2][0]);
		ck_assert(!monitor_released(&s.monitor));
		script_exits(&s, 0);
		ck_assert_int_eq(s.world.script_count, 2);
	}
	/* who is wanted up again meanwhile has not gone down */
	begin(&s, false, MONITOR_WANT_UP, &SCRIPTED);
	script_exits(&s, 0);
	forget(&s);
	letters(&s, "d");
	main_exits(&s, 0);
	letters(&s, "u");
	script_exits(&s, 0);
	ck_assert_str_eq(s.world.scripts, "t");
}
END_TEST

START_TEST(a_hung_control_script_is_killed_and_the_signal_sent)
{
	struct world world = SCRIPTED;
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &world);
	script_exits(&s, 0);
	forget(&s);
	letters(&s, "d");
	ck_assert_int_eq(s.monitor.want, MONITOR_WANT_DOWN);
	ck_assert_int_eq(s.world.published.want, STATUS_WANT_DOWN);
	pass(&s, 3000);
	assert_sent(&s, 1, SIGKILL, 0);
	forget(&s);
	script_exits(&s, SIGKILL);
	assert_sent(&s, 2, SIGTERM, SIGCONT);
}
END_TEST

START_TEST(kill_ends_a_script_in_its_way)
{
	struct world world = SCRIPTED;
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &world);
	script_exits(&s, 0);
	letters(&s, "t12");
	forget(&s);
	letters(&s, "k");
	assert_sent(&s, 1, SIGKILL, 0);		/* to the script */
	script_exits(&s, SIGKILL);
	ck_assert_str_eq(s.world.scripts, "k");	/* not 1, not 2 */
	script_exits(&s, 1 << 8);
	assert_sent(&s, 2, SIGKILL, SIGKILL);	/* to the service */
}
END_TEST

START_TEST(kill_then_up_waits_for_the_end)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	letters(&s, "dku");
	ck_assert_int_eq(s.world.runs, 1);
	ck_assert_int_eq(s.world.published.pid, RUN_PID);
	pass(&s, 1000);
	main_exits(&s, SIGKILL);
	ck_assert_int_eq(s.world.runs, 2);
}
END_TEST

START_TEST(letters_keep_their_order)
{
	struct world world = SCRIPTED;
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &world);
	script_exits(&s, 0);
	forget(&s);
	letters(&s, "h12pcp");
	for (int i = 0; i < 5; i++)
		script_exits(&s, 1 << 8);
	ck_assert_str_eq(s.world.scripts, "h12cp");	/* p counts once, at its later place */
	ck_assert_int_eq(s.world.sent_count, 5);
	ck_assert_int_eq(s.world.sent[0], SIGHUP);
	ck_assert_int_eq(s.world.sent[4], SIGSTOP);
	ck_assert(s.world.published.paused);
	ck_assert_int_eq(s.world.script_alive, 0);
}
END_TEST

START_TEST(once_runs_once)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_DOWN, &PLAIN);
	ck_assert_int_eq(s.world.runs, 0);
	letters(&s, "o");
	ck_assert_int_eq(s.world.runs, 1);
	ck_assert_int_eq(s.world.published.want, STATUS_WANT_DOWN);
	main_exits(&s, 0);
	ck_assert_int_eq(s.monitor.state, MONITOR_DOWN);
	ck_assert_int_eq(monitor_deadline(&s.monitor), CLOCK_NEVER);
	letters(&s, "o");	/* too soon after the last start, but not forgotten */
	ck_assert_int_eq(s.monitor.state, MONITOR_THROTTLED);
	pass(&s, 1000);
	ck_assert_int_eq(s.world.runs, 2);
}
END_TEST

START_TEST(exit_releases_after_finish)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &(struct world){ .finish = OK, .control = ABSENT });
	letters(&s, "x");
	ck_assert_str_eq(s.world.scripts, "utx");
	main_exits(&s, SIGTERM);
	ck_assert_int_eq(s.world.finishes, 1);
	ck_assert(!monitor_released(&s.monitor));
	main_exits(&s, 0);
	ck_assert(monitor_released(&s.monitor));
}
END_TEST

START_TEST(finish_overdue_is_killed)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &(struct world){ .finish = OK, .control = ABSENT });
	main_exits(&s, 0);
	ck_assert_int_eq(s.monitor.state, MONITOR_FINISH);
	pass(&s, 2000);
	assert_sent(&s, 1, SIGKILL, 0);
}
END_TEST

START_TEST(kill_deadline_after_stop)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	s.monitor.options.kill_ms = 500;
	s.monitor.options.stop_signal = SIGINT;
	letters(&s, "d");
	assert_sent(&s, 2, SIGINT, SIGCONT);
	forget(&s);
	pass(&s, 500);
	assert_sent(&s, 1, SIGKILL, 0);
}
END_TEST

START_TEST(no_process_is_tried_again)
{
	struct world world = PLAIN;
	struct system s;

	world.run = LATER;
	begin(&s, false, MONITOR_WANT_UP, &world);
	ck_assert_int_eq(monitor_deadline(&s.monitor), s.now + MONITOR_RETRY_MS);
	pass(&s, MONITOR_RETRY_MS - 1);
	ck_assert_int_eq(s.world.runs, 1);
	s.world.run = OK;
	pass(&s, 1);
	ck_assert_int_eq(s.monitor.state, MONITOR_RUN);
}
END_TEST

START_TEST(a_logger_that_had_died_is_started_to_drain)
{
	struct system s;

	begin(&s, true, MONITOR_WANT_UP, &PLAIN);
	main_exits(&s, SIGKILL);
	ck_assert_int_eq(s.monitor.state, MONITOR_THROTTLED);
	monitor_drain(&s.monitor, false, s.now);
	pump(&s);
	ck_assert(!monitor_released(&s.monitor));
	pass(&s, 1000);
	ck_assert_int_eq(s.monitor.state, MONITOR_RUN);
	main_exits(&s, 0);
	ck_assert(monitor_released(&s.monitor));
}
END_TEST

/* With a run that leaves processes in its group, as LIKE, and 5 s up to KILL. */
static void begin_leaving(struct system *s, const struct world *like)
{
	struct world world = *like;

	world.leaves = true;
	begin(s, false, MONITOR_WANT_UP, &world);
	s->monitor.options.kill_ms = 5000;
}

static void assert_group_killed_in(struct system *s, int64_t ms)
{
	pass(s, ms - 1);
	ck_assert(s->world.group_alive);
	pass(s, 1);
	ck_assert(!s->world.group_alive);
}

START_TEST(what_a_run_left_is_killed_at_its_deadline)
{
	struct system s;

	begin_leaving(&s, &PLAIN);
	letters(&s, "d");
	pass(&s, 1000);
	main_exits(&s, 0);
	ck_assert_int_eq(s.world.published.state, STATUS_DOWN);
	letters(&s, "x");
	ck_assert(!monitor_released(&s.monitor));
	assert_group_killed_in(&s, 4000);
	ck_assert(monitor_released(&s.monitor));
}
END_TEST

START_TEST(what_a_run_left_that_ended_before_its_signal_is_killed_too)
{
	struct system s;

	begin_leaving(&s, &SCRIPTED);
	script_exits(&s, 0);
	letters(&s, "d");
	ck_assert_str_eq(s.world.scripts, "ut");
	main_exits(&s, 0);	/* by what control/t did */
	assert_group_killed_in(&s, 5000);
}
END_TEST

START_TEST(what_an_adopted_run_left_that_had_ended_is_killed_too)
{
	struct system s;

	begin_leaving(&s, &PLAIN);
	letters(&s, "d");
	pass(&s, 1000);
	take_over(&s, ADOPTED_ENDS);
	assert_group_killed_in(&s, 5000);
}
END_TEST

START_TEST(what_was_killed_with_its_run_is_not_waited_for)
{
	struct system s;

	begin_leaving(&s, &PLAIN);
	letters(&s, "x");
	pass(&s, 5000);
	ck_assert(s.world.group_killed);
	main_exits(&s, SIGKILL);
	ck_assert(monitor_released(&s.monitor));
}
END_TEST

START_TEST(what_a_run_left_and_has_ended_is_not_waited_for)
{
	struct system s;

	begin_leaving(&s, &PLAIN);
	letters(&s, "x");
	main_exits(&s, 0);
	s.world.group_alive = false;
	pass(&s, MONITOR_GROUP_LOOK_MS);
	ck_assert(monitor_released(&s.monitor));
}
END_TEST

START_TEST(a_logger_that_does_not_end_is_hurried)
{
	struct system s;

	begin(&s, true, MONITOR_WANT_UP, &PLAIN);
	monitor_drain(&s.monitor, false, s.now);
	letters(&s, "u");	/* too late: its pipe is closed */
	ck_assert_int_eq(s.monitor.want, MONITOR_WANT_EXIT);
	pass(&s, MONITOR_DRAIN_TERM_MS);
	assert_sent(&s, 1, SIGTERM, 0);
	pass(&s, MONITOR_DRAIN_KILL_MS);
	assert_sent(&s, 2, SIGTERM, SIGKILL);
}
END_TEST

START_TEST(a_logger_has_no_scripts_and_keeps_order)
{
	struct system s;

	begin(&s, true, MONITOR_WANT_UP, &PLAIN);
	letters(&s, "x");
	ck_assert_int_eq(s.monitor.want, MONITOR_WANT_UP);
	letters(&s, "h1p");
	ck_assert_int_eq(s.world.sent_count, 3);
	ck_assert_int_eq(s.world.sent[2], SIGSTOP);
	ck_assert_str_eq(s.world.scripts, "");
}
END_TEST

START_TEST(signals_go_to_run_only)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &(struct world){ .finish = OK, .control = ABSENT });
	main_exits(&s, 0);
	forget(&s);
	letters(&s, "tkhaiq12pc");
	assert_sent(&s, 0, 0, 0);
	ck_assert_str_eq(s.world.scripts, "");
	ck_assert(!s.world.published.paused);
}
END_TEST

START_TEST(down_while_control_u_hangs)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &SCRIPTED);
	letters(&s, "d");
	assert_sent(&s, 1, SIGKILL, 0);		/* what it prepares for is not wanted any more */
	script_exits(&s, SIGKILL);
	ck_assert_int_eq(s.monitor.state, MONITOR_DOWN);
	ck_assert_int_eq(s.world.runs, 0);
}
END_TEST

START_TEST(up_again_while_control_u_is_killed)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &SCRIPTED);
	letters(&s, "du");
	assert_sent(&s, 1, SIGKILL, 0);
	script_exits(&s, SIGKILL);
	ck_assert_str_eq(s.world.scripts, "uu");	/* what it had half done is done again */
	ck_assert_int_eq(s.world.runs, 0);
	script_exits(&s, 0);
	ck_assert_int_eq(s.world.runs, 1);
}
END_TEST

START_TEST(a_script_that_was_not_started_leaves_no_deadline)
{
	struct world world = SCRIPTED;
	struct system s;

	world.control = LATER;
	begin(&s, false, MONITOR_WANT_UP, &world);
	s.monitor.options.control_ms = 0;
	letters(&s, "d");
	ck_assert_int_eq(s.monitor.state, MONITOR_DOWN);
	s.world.control = OK;
	letters(&s, "u");
	pass(&s, MONITOR_RETRY_MS);
	ck_assert_int_eq(s.world.script_alive, SCRIPT_PID);
	assert_sent(&s, 0, 0, 0);
}
END_TEST

START_TEST(nothing_of_one_run_reaches_the_next)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &SCRIPTED);
	s.monitor.options.kill_ms = 500;
	script_exits(&s, 0);
	letters(&s, "d");
	script_exits(&s, 1 << 8);	/* control/t: TERM and CONT go out, KILL is due */
	letters(&s, "uh1");
	pass(&s, 400);
	main_exits(&s, SIGTERM);	/* while control/d runs; h and 1 wait */
	s.world.finish = LATER;
	main_exits(&s, 0);		/* finish */
	forget(&s);
	pass(&s, 600);			/* a start is allowed, but control/d still runs */
	ck_assert_int_eq(s.world.runs, 1);
	script_exits(&s, 1 << 8);
	script_exits(&s, 0);		/* control/u */
	ck_assert_int_eq(s.world.runs, 2);
	pass(&s, 500);
	assert_sent(&s, 0, 0, 0);
	ck_assert_str_eq(s.world.scripts, "u");
	main_exits(&s, 0);
	ck_assert_int_eq(monitor_deadline(&s.monitor), s.now + MONITOR_RETRY_MS);
}
END_TEST

START_TEST(a_script_of_the_last_run_signals_nobody)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &SCRIPTED);
	script_exits(&s, 0);
	pass(&s, 1000);
	letters(&s, "1");
	/* both have ended by the time we look: the script first */
	s.world.script_alive = s.world.main_alive = 0;
	ck_assert(monitor_exited(&s.monitor, SCRIPT_PID, 1 << 8, s.now));
	ck_assert(monitor_exited(&s.monitor, RUN_PID, 0, s.now));
	pump(&s);
	assert_sent(&s, 0, 0, 0);
	main_exits(&s, 0);		/* finish */
	script_exits(&s, 0);		/* control/u */
	pass(&s, 1000);
	letters(&s, "t");
	main_exits(&s, 0);
	main_exits(&s, 0);		/* finish */
	forget(&s);
	script_exits(&s, 1 << 8);	/* control/t, too late */
	script_exits(&s, 0);		/* control/u */
	ck_assert_int_eq(s.world.runs, 3);
	assert_sent(&s, 0, 0, 0);
}
END_TEST

START_TEST(a_start_that_was_signed_is_taken_over)
{
	struct system s;
	struct monitor_action action;
	struct status_memory memory;
	struct status published;

	begin(&s, false, MONITOR_WANT_DOWN, &PLAIN);
	published = s.world.published;
	monitor_letter(&s.monitor, 'u', s.now);
	ck_assert(monitor_next(&s.monitor, s.now, &action));
	ck_assert_int_eq(action.verb, MONITOR_PUBLISH);
	ck_assert(monitor_next(&s.monitor, s.now, &action));
	ck_assert_int_eq(action.verb, MONITOR_START_CONTROL);
	monitor_not_started(&s.monitor, MONITOR_ABSENT, 0, s.now);
	ck_assert(monitor_next(&s.monitor, s.now, &action));
	ck_assert_int_eq(action.verb, MONITOR_START_RUN);
	monitor_remember_start(&s.monitor, s.now, &memory);
	ck_assert_int_eq(memory.state, MONITOR_RUN);
	ck_assert_int_eq(memory.starts, 1);

	/* and here the supervisor is killed: the child lives */
	begin(&s, false, MONITOR_WANT_DOWN, &PLAIN);
	s.world.main_alive = RUN_PID;
	ck_assert(monitor_adopt(&s.monitor, &published, &memory, RUN_PID, true, s.now));
	pump(&s);
	ck_assert_int_eq(s.monitor.state, MONITOR_RUN);
	ck_assert_int_eq(s.monitor.want, MONITOR_WANT_UP);
	ck_assert_int_eq(s.world.runs, 0);
	ck_assert_int_eq(s.world.published.pid, RUN_PID);
	main_exits(&s, MONITOR_UNKNOWN);
	ck_assert_int_eq(s.monitor.state, MONITOR_THROTTLED);	/* the start rate was kept */
}
END_TEST

START_TEST(a_stop_under_way_is_begun_anew)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	letters(&s, "d");
	forget(&s);
	take_over(&s, ADOPTED_ALIVE);
	assert_sent(&s, 2, SIGTERM, SIGCONT);
	main_exits(&s, MONITOR_UNKNOWN);
	ck_assert_int_eq(s.monitor.state, MONITOR_DOWN);
}
END_TEST

START_TEST(a_finish_is_not_run_twice)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &(struct world){ .finish = OK, .control = ABSENT });
	main_exits(&s, 0);
	take_over(&s, ADOPTED_DEAD);
	ck_assert_int_eq(s.world.finishes, 1);
	ck_assert_int_eq(s.monitor.state, MONITOR_THROTTLED);
}
END_TEST

START_TEST(what_was_let_go_of_is_begun_afresh)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	letters(&s, "x");
	main_exits(&s, 0);
	ck_assert(monitor_released(&s.monitor));
	take_over(&s, ADOPTED_ALIVE);
	ck_assert_int_eq(s.monitor.want, MONITOR_WANT_UP);
	ck_assert_int_eq(s.world.runs, 2);
}
END_TEST

START_TEST(nonsense_in_a_record_is_a_fresh_start)
{
	struct status_memory memory = { .state = MONITOR_RUN, .want = 9 };
	struct status status = { .pid = 0 };
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	struct system before = s;

	ck_assert(!monitor_adopt(&s.monitor, &status, &memory, 1, true, s.now));
	memory = (struct status_memory){ .state = 9, .want = MONITOR_WANT_UP };
	ck_assert(!monitor_adopt(&s.monitor, &status, &memory, 1, true, s.now));
	ck_assert_mem_eq(&before, &s, sizeof s);
	/* a time that cannot be, as after a change of clocks, delays by a second */
	memory = (struct status_memory){ .state = MONITOR_THROTTLED, .earliest = INT64_MAX };
	ck_assert(monitor_adopt(&s.monitor, &status, &memory, 0, false, s.now));
	ck_assert_int_eq(monitor_deadline(&s.monitor), s.now + MONITOR_START_RATE_MS);
	/* what lives runs, whatever the record has: there is no second one */
	memory = (struct status_memory){ .state = MONITOR_DOWN, .want = MONITOR_WANT_UP };
	ck_assert(monitor_adopt(&s.monitor, &status, &memory, RUN_PID, true, s.now));
	ck_assert_int_eq(s.monitor.state, MONITOR_RUN);
	ck_assert_int_eq(s.monitor.pid, RUN_PID);
}
END_TEST

START_TEST(too_many_deaths_are_a_failure)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	s.monitor.options.deaths_most = 3;
	for (int i = 0; i < 2; i++) {
		pass(&s, 10000);
		main_exits(&s, 0);
	}
	pass(&s, 50100);		/* the first death is older than a minute now */
	main_exits(&s, 0);
	ck_assert_int_eq(s.monitor.state, MONITOR_RUN);
	take_over(&s, ADOPTED_ALIVE);		/* what was counted stays so */
	s.monitor.options.deaths_most = 3;
	pass(&s, 1000);
	main_exits(&s, 0);
	ck_assert_int_eq(s.monitor.state, MONITOR_DOWN);
	ck_assert(s.monitor.failed);
	ck_assert_int_eq(s.world.told, 1);
	ck_assert_int_eq(s.world.published.want, STATUS_WANT_DOWN);
	take_over(&s, ADOPTED_ALIVE);
	ck_assert(s.monitor.failed);
	ck_assert_int_eq(s.world.told, 1);
	letters(&s, "u");
	ck_assert(!s.monitor.failed);
	pass(&s, 1000);
	main_exits(&s, 0);
	ck_assert_int_eq(s.monitor.want, MONITOR_WANT_UP);	/* the count began anew */
}
END_TEST

START_TEST(deaths_that_were_asked_for_do_not_count)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	s.monitor.options.deaths_most = 2;
	for (int i = 0; i < 5; i++) {
		pass(&s, 1000);
		letters(&s, i % 2 == 0 ? "t" : "k");
		main_exits(&s, SIGTERM);
	}
	ck_assert_int_eq(s.monitor.state, MONITOR_RUN);
	ck_assert_uint_eq(s.monitor.deaths, 0);
	/* of this run: the next one's is one again */
	pass(&s, 1000);
	main_exits(&s, SIGTERM);
	ck_assert_uint_eq(s.monitor.deaths, 1);
}
END_TEST

START_TEST(deaths_by_control_scripts_do_not_count)
{
	static const char scripts[] = { 't', 'k' };

	for (size_t i = 0; i < 2 * sizeof scripts; i++) {
		const char letter[] = { scripts[i / 2], '\0' };
		struct system s;

		begin(&s, false, MONITOR_WANT_UP, &SCRIPTED);
		s.monitor.options.deaths_most = 1;
		script_exits(&s, 0);	/* control/u */
		letters(&s, letter);
		/* it ends the service itself, and may wait for that */
		if (i % 2 == 0)
			script_exits(&s, 0);
		ck_assert(!s.monitor.got_term);
		main_exits(&s, 0);
		ck_assert_uint_eq(s.monitor.deaths, 0);
		ck_assert_int_eq(s.monitor.want, MONITOR_WANT_UP);
	}
}
END_TEST

START_TEST(down_does_not_take_the_exit_back)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	letters(&s, "x");
	letters(&s, "d");
	main_exits(&s, 0);
	ck_assert(monitor_released(&s.monitor));

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	letters(&s, "x");
	letters(&s, "u");
	letters(&s, "d");
	main_exits(&s, 0);
	ck_assert(!monitor_released(&s.monitor));	/* up did */
}
END_TEST

START_TEST(deaths_are_counted_for_ever)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	for (int i = 0; i < 500; i++) {
		pass(&s, i % 100 == 99 ? 6553600 : 1000);	/* 16 bits of 1/10 s wrap there */
		main_exits(&s, 0);
		ck_assert_uint_le(s.monitor.deaths, STATUS_DEATHS);
		ck_assert_uint_eq(s.monitor.deaths, i % 100 == 99 ? 1 : s.monitor.deaths);
	}
}
END_TEST

START_TEST(finish_may_forbid_the_restart)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &(struct world){ .finish = OK, .control = ABSENT });
	pass(&s, 1000);
	main_exits(&s, 0);
	main_exits(&s, MONITOR_DO_NOT_RESTART << 8);
	ck_assert_int_eq(s.monitor.state, MONITOR_DOWN);
	ck_assert(s.monitor.failed);
	letters(&s, "o");
	ck_assert_int_eq(s.world.runs, 2);
}
END_TEST

START_TEST(readiness_is_of_one_run)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	ck_assert_int_eq(s.monitor.readiness, MONITOR_SILENT);
	monitor_ready(&s.monitor);		/* nobody asked it */
	ck_assert_int_eq(s.monitor.readiness, MONITOR_SILENT);
	s.monitor.options.notifies = true;
	pass(&s, 1000);
	main_exits(&s, 0);
	ck_assert_int_eq(s.monitor.readiness, MONITOR_AWAITED);
	monitor_ready(&s.monitor);
	pump(&s);
	take_over(&s, ADOPTED_ALIVE);
	ck_assert_int_eq(s.monitor.readiness, MONITOR_READY);
	letters(&s, "d");
	main_exits(&s, 0);
	ck_assert_int_eq(s.monitor.readiness, MONITOR_NOT_READY);
}
END_TEST

START_TEST(reload_and_stop_signals_can_be_chosen)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	s.monitor.options.reload_signal = SIGUSR2;
	s.monitor.options.stop_signal = SIGQUIT;
	letters(&s, "ht");
	assert_sent(&s, 2, SIGUSR2, SIGTERM);
	forget(&s);
	letters(&s, "d");
	assert_sent(&s, 2, SIGQUIT, SIGCONT);
}
END_TEST

/* As monitor_left_behind has it of the same run, for each state, want and option. */
START_TEST(a_group_left_while_nobody_supervised_is_ended_as_any)
{
	int ended = 0;

	for (int state = MONITOR_DOWN; state <= MONITOR_FINISH; state++)
		for (int want = MONITOR_WANT_UP; want <= MONITOR_WANT_EXIT; want++)
			for (int kill_ms = 0; kill_ms <= 5000; kill_ms += 5000) {
				struct status_memory memory = { .state = (uint8_t)state,
					.want = (uint8_t)want };
				const struct monitor_options options = { .kill_ms = kill_ms };
				struct monitor monitor;

				monitor_init(&monitor, false, (enum monitor_want)want, &options);
				monitor.state = (enum monitor_state)state;
				monitor.pid = RUN_PID;
				(void)monitor_left_behind(&monitor, RUN_PID, 1000);
				ck_assert_int_eq(monitor_ends_group(&options, &memory),
					monitor.group == RUN_PID);
				ended += monitor.group == RUN_PID;
			}
	ck_assert_int_eq(ended, 2);	/* down and exit */
}
END_TEST

START_TEST(unknown_letters_and_pids_are_ignored)
{
	struct system s;

	begin(&s, false, MONITOR_WANT_UP, &PLAIN);
	struct system before = s;

	for (int letter = 0; letter < 256; letter++)
		if (strchr("udoxpchaiq12tk", letter) == NULL || letter == 0)
			monitor_letter(&s.monitor, (char)letter, s.now);
	ck_assert(!monitor_exited(&s.monitor, 4711, 0, s.now));
	ck_assert_int_eq(monitor_left_behind(&s.monitor, 4711, s.now), 0);
	ck_assert_mem_eq(&before, &s, sizeof s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor");
	TCase *every = tcase_create("every state"), *cases = tcase_create("cases");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(every, 300);
	tcase_add_loop_test(every, every_reachable_state, 0, 18);
	tcase_add_test(cases, restarts_at_most_once_a_second);
	tcase_add_test(cases, what_is_down_from_the_first_has_not_changed);
	tcase_add_test(cases, not_executable_is_111);
	tcase_add_test(cases, down_is_term_then_cont);
	tcase_add_test(cases, control_t_that_succeeds_keeps_term_back);
	tcase_add_test(cases, what_comes_of_control_t_is_followed_by_control_d);
	tcase_add_test(cases, a_hung_control_script_is_killed_and_the_signal_sent);
	tcase_add_test(cases, kill_ends_a_script_in_its_way);
	tcase_add_test(cases, kill_then_up_waits_for_the_end);
	tcase_add_test(cases, letters_keep_their_order);
	tcase_add_test(cases, once_runs_once);
	tcase_add_test(cases, exit_releases_after_finish);
	tcase_add_test(cases, finish_overdue_is_killed);
	tcase_add_test(cases, kill_deadline_after_stop);
	tcase_add_test(cases, no_process_is_tried_again);
	tcase_add_test(cases, a_logger_that_had_died_is_started_to_drain);
	tcase_add_test(cases, what_a_run_left_is_killed_at_its_deadline);
	tcase_add_test(cases, what_a_run_left_that_ended_before_its_signal_is_killed_too);
	tcase_add_test(cases, what_an_adopted_run_left_that_had_ended_is_killed_too);
	tcase_add_test(cases, what_was_killed_with_its_run_is_not_waited_for);
	tcase_add_test(cases, what_a_run_left_and_has_ended_is_not_waited_for);
	tcase_add_test(cases, a_logger_that_does_not_end_is_hurried);
	tcase_add_test(cases, a_logger_has_no_scripts_and_keeps_order);
	tcase_add_test(cases, signals_go_to_run_only);
	tcase_add_test(cases, down_while_control_u_hangs);
	tcase_add_test(cases, up_again_while_control_u_is_killed);
	tcase_add_test(cases, a_script_that_was_not_started_leaves_no_deadline);
	tcase_add_test(cases, nothing_of_one_run_reaches_the_next);
	tcase_add_test(cases, a_script_of_the_last_run_signals_nobody);
	tcase_add_test(cases, a_start_that_was_signed_is_taken_over);
	tcase_add_test(cases, a_stop_under_way_is_begun_anew);
	tcase_add_test(cases, a_finish_is_not_run_twice);
	tcase_add_test(cases, what_was_let_go_of_is_begun_afresh);
	tcase_add_test(cases, nonsense_in_a_record_is_a_fresh_start);
	tcase_add_test(cases, too_many_deaths_are_a_failure);
	tcase_add_test(cases, deaths_that_were_asked_for_do_not_count);
	tcase_add_test(cases, deaths_by_control_scripts_do_not_count);
	tcase_add_test(cases, down_does_not_take_the_exit_back);
	tcase_add_test(cases, deaths_are_counted_for_ever);
	tcase_add_test(cases, finish_may_forbid_the_restart);
	tcase_add_test(cases, readiness_is_of_one_run);
	tcase_add_test(cases, reload_and_stop_signals_can_be_chosen);
	tcase_add_test(cases, a_group_left_while_nobody_supervised_is_ended_as_any);
	tcase_add_test(cases, unknown_letters_and_pids_are_ignored);
	suite_add_tcase(suite, every);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

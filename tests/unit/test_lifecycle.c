/* SPDX-License-Identifier: MIT */
/* The lifecycle: a few cases told one by one, and every sequence of events up
 * to a length, from several points in a system's life, with what must always
 * hold checked after each. */
#include "../../init/lifecycle.h"
#include "../../libsv/clock.h"

#include <assert.h>
#include <check.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The steps: one that runs no program, one whose program runs beside the rest, one
 * whose program is waited for. */
enum { STEP_PLAIN, STEP_BESIDE, STEP_AWAITED, STEPS };
enum { SLOTS = 12, LENGTH = 5 };

/* check's own assertions report to another process each time, which millions of
 * them cannot afford. */
#define require(condition) do { if (!(condition)) broken(#condition, __LINE__); } while (0)

/* What the shell and the kernel would be. */
struct world {
	int64_t now;
	pid_t last_pid;
	pid_t running[SLOTS];	/* by slot */
	pid_t helper;		/* of the way down, or the program that is waited for */
	pid_t signaller;	/* the helper, if it signals everybody */
	pid_t beside;
	bool orphan;		/* there is a child that was not ours */
	enum lifecycle_end wanted;	/* by the last signal that asked for one */
	enum lifecycle_end ended;	/* what LIFECYCLE_END said last */
	int64_t asked;		/* when the way down was asked for first */
	int64_t until;		/* what the last sleep said */
	bool no_process, no_tty;	/* for the next spawn */
	bool other_file;	/* the inittab reads differently */
	int starts[SLOTS];
	int killed[SLOTS];
	int reports, upgrades;
	int late[STEPS];
};

static struct lifecycle life;
static struct world world;
static char trail[128];		/* the events so far, for people */

static void broken(const char *condition, int line)
{
	ck_abort_msg("line %d: %s; phase %s, events %s", line, condition,
		lifecycle_phase_name(life.phase), trail);
}

static void list(enum inittab_action action, const char *command)
{
	struct inittab_entry entry = { .action = action };
	int slot;

	strcpy(entry.command, command);
	inittab_add(&life.table, &entry, &slot);
	require(slot < SLOTS);
}

static void load(void)
{
	inittab_begin(&life.table);
	if (life.single) {
		list(INITTAB_RESPAWN, "shell");
	} else {
		list(INITTAB_SYSINIT, "sysinit");
		list(world.other_file ? INITTAB_SHUTDOWN : INITTAB_WAIT, "wait");
		list(INITTAB_RESPAWN, world.other_file ? "getty2" : "getty");
		list(world.other_file ? INITTAB_RESPAWN : INITTAB_ONCE, "once");
		list(INITTAB_CTRLALTDEL, "ctrlaltdel");
		list(INITTAB_SHUTDOWN, "shutdown");
		list(INITTAB_RESTART, "restart");
	}
	lifecycle_loaded(&life, true);
}

static void spawn(int slot)
{
	require(slot >= 0 && slot < SLOTS);
	/* never two copies of an entry, and none that is not in the file */
	require(life.processes[slot].state != LIFECYCLE_RUNNING);
	require(world.running[slot] == 0);
	require(life.table.slots[slot].listing == INITTAB_LISTED);
	/* on the way down only what belongs there is started */
	if (life.phase >= LIFECYCLE_SHUTDOWN)
		require(life.table.slots[slot].entry.action == INITTAB_SHUTDOWN);
	if (world.no_process) {
		world.no_process = false;
		lifecycle_not_spawned(&life, slot, world.now);
	} else if (world.no_tty) {
		world.no_tty = false;
		lifecycle_no_tty(&life, slot, world.now);
	} else {
		world.starts[slot]++;
		world.running[slot] = ++world.last_pid;
		lifecycle_spawned(&life, slot, world.last_pid, world.now);
	}
}

static void start_helper(void)
{
	world.helper = ++world.last_pid;
}

static bool is_child(pid_t pid, enum lifecycle_kind kind, int number)
{
	struct lifecycle_child child = lifecycle_find(&life, pid);

	return child.kind == kind && child.number == number;
}

static void end_one(int slot)
{
	pid_t pid = world.running[slot];

	require(is_child(pid, LIFECYCLE_ENTRY, slot));
	world.running[slot] = 0;
	lifecycle_exited(&life, pid, world.now);
}

static void end_helper(void)
{
	pid_t pid = world.helper;

	world.helper = world.signaller = 0;
	lifecycle_exited(&life, pid, world.now);
}

static void end_beside(void)
{
	pid_t pid = world.beside;

	/* late or not, whatever the phase: it is known */
	require(is_child(pid, LIFECYCLE_PROGRAM, STEP_BESIDE));
	world.beside = 0;
	lifecycle_exited(&life, pid, world.now);
	require(is_child(pid, LIFECYCLE_ORPHAN, -1));
}

static void take_step(int step)
{
	require(step >= 0 && step < STEPS);
	switch (step) {
	case STEP_BESIDE:
		world.beside = ++world.last_pid;
		lifecycle_step(&life, world.beside, false, world.now);
		break;
	case STEP_AWAITED:
		start_helper();
		lifecycle_step(&life, world.helper, true, world.now);
		break;
	default:
		lifecycle_step(&life, 0, true, world.now);
		break;
	}
}

/* On the way down. Who signals everybody ends before there is another. */
static void help(const struct lifecycle_action *action)
{
	require(action->pid == world.signaller);
	start_helper();
	lifecycle_helper(&life, world.helper);
	world.signaller = action->what == LIFECYCLE_LEAVE ? 0 : world.helper;
}

static void do_action(const struct lifecycle_action *action)
{
	switch (action->what) {
	case LIFECYCLE_SLEEP:
		break;
	case LIFECYCLE_LOAD:
		require(life.phase < LIFECYCLE_SHUTDOWN);
		load();
		break;
	case LIFECYCLE_STEP:
		take_step(action->slot);
		break;
	case LIFECYCLE_STEP_LATE:
		require(action->pid == (action->slot == STEP_BESIDE ? world.beside : world.helper));
		require(++world.late[action->slot] == 1);
		break;
	case LIFECYCLE_SPAWN:
		spawn(action->slot);
		break;
	case LIFECYCLE_KILL_ENTRY:
		require(world.running[action->slot] != 0);
		world.killed[action->slot]++;
		break;
	case LIFECYCLE_RETIRE_ENTRY:
		require(world.running[action->slot] != 0);
		require(life.table.slots[action->slot].listing != INITTAB_LISTED);
		break;
	case LIFECYCLE_STOP_ENTRIES:
	case LIFECYCLE_TERM_ALL:
	case LIFECYCLE_KILL_ALL:
	case LIFECYCLE_LEAVE:
		require(life.end != LIFECYCLE_GO_ON);
		if (action->what != LIFECYCLE_STOP_ENTRIES)
			help(action);
		break;
	case LIFECYCLE_END:
		world.ended = action->end;
		if (action->end == LIFECYCLE_RESTART) {
			require(action->slot >= 0);
			require(action->pid == world.signaller);
			lifecycle_not_restarted(&life, world.now);
			world.wanted = LIFECYCLE_HALT;
		} else {
			start_helper();
			lifecycle_helper(&life, world.helper);
		}
		break;
	case LIFECYCLE_STUCK:
		require(life.phase == LIFECYCLE_POWER);
		break;
	case LIFECYCLE_REPORT:
		world.reports++;
		break;
	case LIFECYCLE_UPGRADE:
		world.upgrades++;
		break;
	}
}

static bool is_anybody_left(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (world.running[i] != 0)
			return true;
	return world.helper != 0 || world.beside != 0 || world.orphan;
}

static void check_sleep(const struct lifecycle_action *action)
{
	require(action->until > world.now);
	/* a wait that others could draw out has an end */
	if (life.phase >= LIFECYCLE_SHUTDOWN && life.phase < LIFECYCLE_POWER)
		require(action->until != CLOCK_NEVER);
	if (life.phase == LIFECYCLE_BOOT)
		require(action->until != CLOCK_NEVER);
	if (life.phase < LIFECYCLE_SHUTDOWN && world.beside != 0 && world.late[STEP_BESIDE] == 0)
		require(action->until <= life.programs[STEP_BESIDE].until);
	if (life.phase == LIFECYCLE_RUN && !life.paused)
		for (int i = 0; i < life.table.used; i++)
			if (life.table.slots[i].listing == INITTAB_LISTED &&
				life.table.slots[i].entry.action == INITTAB_RESPAWN)
				require(life.processes[i].state == LIFECYCLE_RUNNING ||
					(life.processes[i].state == LIFECYCLE_WAITING &&
					 action->until <= life.processes[i].until));
}

static void check_request(void)
{
	if (world.wanted == LIFECYCLE_GO_ON) {
		require(life.phase < LIFECYCLE_SHUTDOWN);
		require(life.end == LIFECYCLE_GO_ON);
	} else {
		require(life.phase >= LIFECYCLE_SHUTDOWN);
		require(life.end == world.wanted);
	}
}

/* Does what is to be done now. */
static void settle(void)
{
	struct lifecycle_action action;

	for (int i = 0; i < 100; i++) {
		enum lifecycle_phase before = life.phase;

		lifecycle_left(&life, is_anybody_left());
		lifecycle_next(&life, world.now, &action);
		require(life.phase >= before);
		do_action(&action);
		check_request();
		if (action.what == LIFECYCLE_SLEEP) {
			check_sleep(&action);
			world.until = action.until;
			return;
		}
	}
	broken("it comes to rest", __LINE__);
}

static void pass_time(int64_t ms)
{
	world.now += ms;
	settle();
}

static void send(int signal)
{
	static const enum lifecycle_end ends[NSIG] = {
		[SIGTERM] = LIFECYCLE_REBOOT, [SIGUSR2] = LIFECYCLE_POWER_OFF,
		[SIGUSR1] = LIFECYCLE_HALT, [SIGPWR] = LIFECYCLE_HALT,
	};
	bool done = life.phase == LIFECYCLE_POWER && life.helper != 0;

	lifecycle_signal(&life, signal, world.now);
	if (ends[signal] != LIFECYCLE_GO_ON && !done)
		world.wanted = ends[signal];
	/* whether there is such an entry is the table's affair */
	if (signal == SIGQUIT && life.end == LIFECYCLE_RESTART)
		world.wanted = LIFECYCLE_RESTART;
	if (world.wanted != LIFECYCLE_GO_ON && world.asked == 0)
		world.asked = world.now;
}

static void begin(void)
{
	memset(&life, 0, sizeof life);
	memset(&world, 0, sizeof world);
	world.now = 1000;
	lifecycle_begin(&life, STEPS);
	settle();
}

static int slot_of(const char *command)
{
	for (int i = 0; i < life.table.used; i++)
		if (life.table.slots[i].listing != INITTAB_FREE &&
			strcmp(life.table.slots[i].entry.command, command) == 0)
			return i;
	ck_abort_msg("no entry '%s'", command);
	return -1;
}

static void end_entry(const char *command)
{
	end_one(slot_of(command));
	settle();
}

static int starts(const char *command)
{
	return world.starts[slot_of(command)];
}

static void boot(void)
{
	begin();
	end_beside();
	end_helper();
	settle();
	end_entry("sysinit");
	end_entry("wait");
}

START_TEST(boot_goes_step_by_step)
{
	begin();
	ck_assert_int_eq(life.phase, LIFECYCLE_BOOT);
	ck_assert_int_ne(world.helper, 0);
	end_beside();
	end_helper();
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_SYSINIT);
	ck_assert_int_eq(starts("sysinit"), 1);
	ck_assert_int_eq(starts("wait"), 0);
	end_entry("sysinit");
	ck_assert_int_eq(starts("wait"), 1);
	ck_assert_int_eq(starts("once"), 0);
	end_entry("wait");
	ck_assert_int_eq(life.phase, LIFECYCLE_RUN);
	ck_assert_int_eq(starts("once"), 1);
	ck_assert_int_eq(starts("getty"), 1);
	ck_assert_int_eq(starts("shutdown") + starts("ctrlaltdel"), 0);
	ck_assert(world.until == CLOCK_NEVER);
}
END_TEST

START_TEST(a_hung_step_is_given_up)
{
	begin();
	ck_assert_int_eq((int)(world.until - world.now), (int)lifecycle_limits_standard.step);
	pass_time(lifecycle_limits_standard.step);
	ck_assert_int_eq(life.phase, LIFECYCLE_SYSINIT);
	end_helper();
	settle();
	ck_assert_int_eq(life.step, STEPS);
	ck_assert_int_eq(world.late[STEP_AWAITED], 1);
}
END_TEST

START_TEST(a_program_beside_is_not_waited_for)
{
	begin();
	end_helper();
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_SYSINIT);
	end_entry("sysinit");
	end_entry("wait");
	ck_assert_int_eq(life.phase, LIFECYCLE_RUN);
	ck_assert_int_eq((int)(world.until - world.now), (int)lifecycle_limits_standard.step);
	end_beside();
	settle();
	ck_assert(world.until == CLOCK_NEVER);
	ck_assert_int_eq(world.late[STEP_BESIDE], 0);
}
END_TEST

START_TEST(a_late_program_beside_is_said_once)
{
	begin();
	end_helper();
	settle();
	pass_time(lifecycle_limits_standard.step);
	ck_assert_int_eq(world.late[STEP_BESIDE], 1);
	ck_assert_int_eq(world.late[STEP_AWAITED], 0);
	ck_assert(world.until == CLOCK_NEVER);
	ck_assert_int_eq(life.phase, LIFECYCLE_SYSINIT);
	end_beside();
	settle();
}
END_TEST

START_TEST(the_way_down_ends_a_program_beside_with_everybody)
{
	begin();
	send(SIGUSR2);
	settle();
	end_entry("shutdown");
	/* no entry of ours runs: everybody is asked to end, and that is waited for */
	ck_assert_int_eq(life.phase, LIFECYCLE_TERM);
	end_helper();
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_TERM);
	end_beside();
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_RELEASE);
}
END_TEST

START_TEST(quick_deaths_are_slowed_down)
{
	static const int pauses[] = { 1, 2, 4, 8, 16, 32, 60, 60 };

	boot();
	for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
		pass_time(999);
		end_entry("getty");
		ck_assert_int_eq((int)(world.until - world.now), pauses[i] * 1000);
		pass_time(pauses[i] * 1000 - 1);
		ck_assert_int_eq(life.processes[slot_of("getty")].state, LIFECYCLE_WAITING);
		pass_time(1);
		ck_assert_int_eq(life.processes[slot_of("getty")].state, LIFECYCLE_RUNNING);
	}
	/* a run of 1 s: at once; one of 10 s: all is forgotten */
	pass_time(1000);
	end_entry("getty");
	ck_assert_int_eq(life.processes[slot_of("getty")].state, LIFECYCLE_RUNNING);
	pass_time(10000);
	end_entry("getty");
	end_entry("getty");
	ck_assert_int_eq((int)(world.until - world.now), 1000);
}
END_TEST

START_TEST(tstp_holds_respawning_until_cont)
{
	boot();
	send(SIGTSTP);
	pass_time(5000);
	end_entry("getty");
	ck_assert_int_eq(starts("getty"), 1);
	send(SIGCONT);
	settle();
	ck_assert_int_eq(starts("getty"), 2);
}
END_TEST

START_TEST(reload_leaves_processes_alone)
{
	boot();
	world.other_file = true;
	send(SIGHUP);
	settle();
	ck_assert_int_eq(starts("getty2"), 1);
	ck_assert_int_eq(starts("sysinit"), 1);
	ck_assert_int_ne(world.running[slot_of("getty")], 0);
	/* once became respawn while it ran: no second copy */
	ck_assert_int_eq(starts("once"), 1);
	world.other_file = false;
	send(SIGHUP);
	settle();
	ck_assert_int_eq(starts("getty"), 1);
	ck_assert_int_eq(starts("wait"), 1);
	/* removed and then ended: its slot is free again */
	world.other_file = true;
	send(SIGHUP);
	settle();
	end_entry("getty");
	ck_assert_int_eq(life.table.slots[2].listing, INITTAB_FREE);
}
END_TEST

START_TEST(what_runs_and_becomes_a_ctrlaltdel_entry_has_its_turn)
{
	boot();
	inittab_begin(&life.table);
	list(INITTAB_CTRLALTDEL, "getty");
	list(INITTAB_CTRLALTDEL, "ctrlaltdel");
	lifecycle_loaded(&life, true);
	settle();
	send(SIGINT);
	settle();
	/* no second copy: the next one waits for the end of the first */
	ck_assert_int_eq(starts("getty"), 1);
	ck_assert_int_eq(starts("ctrlaltdel"), 0);
	end_entry("getty");
	ck_assert_int_eq(starts("getty"), 1);
	ck_assert_int_eq(starts("ctrlaltdel"), 1);
	end_entry("ctrlaltdel");
	pass_time(3000);
	send(SIGINT);
	settle();
	ck_assert_int_eq(starts("getty"), 2);
}
END_TEST

/* That it has run as something else is not its turn. */
START_TEST(what_has_run_and_becomes_a_shutdown_entry_has_its_turn)
{
	boot();
	inittab_begin(&life.table);
	list(INITTAB_SHUTDOWN, "wait");		/* has ended */
	list(INITTAB_SHUTDOWN, "once");		/* runs */
	lifecycle_loaded(&life, true);
	settle();
	send(SIGTERM);
	settle();
	ck_assert_int_eq(starts("wait"), 2);
	end_entry("wait");
	/* no second copy: its end is waited for */
	ck_assert_int_eq(starts("once"), 1);
	ck_assert_int_eq(life.phase, LIFECYCLE_SHUTDOWN);
	end_entry("once");
	ck_assert_int_gt(life.phase, LIFECYCLE_SHUTDOWN);
}
END_TEST

START_TEST(what_has_run_and_becomes_a_restart_entry_is_executed)
{
	boot();
	inittab_begin(&life.table);
	list(INITTAB_RESTART, "wait");
	lifecycle_loaded(&life, true);
	send(SIGQUIT);
	ck_assert_int_eq(life.end, LIFECYCLE_RESTART);
}
END_TEST

START_TEST(ctrlaltdel_runs_its_entries_and_goes_on)
{
	boot();
	for (int i = 1; i < 4; i++) {
		pass_time(3000);
		send(SIGINT);
		settle();
		ck_assert_int_eq(starts("ctrlaltdel"), i);
		end_entry("getty");
		ck_assert_int_eq(starts("getty"), i + 1);
		end_entry("ctrlaltdel");
	}
	ck_assert_int_eq(life.phase, LIFECYCLE_RUN);
}
END_TEST

START_TEST(the_way_down_ends_as_soon_as_it_can)
{
	boot();
	send(SIGUSR2);
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_SHUTDOWN);
	end_entry("shutdown");
	ck_assert_int_eq(life.phase, LIFECYCLE_STOP);
	end_entry("once");
	end_entry("getty");
	/* nobody is left to be signalled */
	ck_assert_int_eq(life.phase, LIFECYCLE_RELEASE);
	end_helper();
	settle();
	ck_assert_int_eq(world.ended, LIFECYCLE_POWER_OFF);
	ck_assert_int_eq((int)(world.now - world.asked), 0);
}
END_TEST

START_TEST(the_way_down_waits_for_nobody_for_ever)
{
	const struct lifecycle_limits *limits = &lifecycle_limits_standard;

	boot();
	send(SIGTERM);
	settle();
	while (world.ended == LIFECYCLE_GO_ON)
		pass_time(world.until - world.now);
	ck_assert_int_eq(world.ended, LIFECYCLE_REBOOT);
	ck_assert_int_eq(world.killed[slot_of("shutdown")], 1);
	ck_assert_int_eq((int)(world.now - world.asked), (int)(limits->entry + limits->stop +
		limits->term + limits->kill + limits->release));
	ck_assert_int_ge(world.reports, 4);
}
END_TEST

START_TEST(a_request_is_heard_while_the_boot_hangs)
{
	begin();
	send(SIGUSR2);
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_SHUTDOWN);
	begin();
	end_beside();
	end_helper();
	settle();
	send(SIGUSR2);
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_SHUTDOWN);
	end_entry("shutdown");
	ck_assert_int_eq(life.phase, LIFECYCLE_STOP);
	end_entry("sysinit");
	ck_assert_int_eq(life.phase, LIFECYCLE_RELEASE);
}
END_TEST

/* What is given no time is asked for all the same. */
START_TEST(without_time_all_is_begun)
{
	struct lifecycle_action action;
	unsigned done = 0;

	boot();
	life.limits = (struct lifecycle_limits){ .entry = 0 };
	send(SIGUSR2);
	while (world.ended == LIFECYCLE_GO_ON) {
		lifecycle_left(&life, is_anybody_left());
		lifecycle_next(&life, world.now, &action);
		do_action(&action);
		done |= 1U << action.what;
	}
	for (unsigned what = LIFECYCLE_STOP_ENTRIES; what <= LIFECYCLE_LEAVE; what++)
		ck_assert_uint_ne(done & (1U << what), 0);
}
END_TEST

/* A reload may be what helps where an entry hangs. */
START_TEST(what_is_no_longer_in_the_file_is_not_waited_for)
{
	begin();
	end_beside();
	end_helper();
	settle();
	end_entry("sysinit");
	ck_assert_int_eq(starts("wait"), 1);
	ck_assert_int_eq(life.phase, LIFECYCLE_WAIT);
	inittab_begin(&life.table);
	list(INITTAB_SYSINIT, "wait");		/* to be waited for all the same */
	list(INITTAB_RESPAWN, "getty");
	lifecycle_loaded(&life, true);
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_WAIT);
	world.other_file = true;		/* there it is something else */
	send(SIGHUP);
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_RUN);
	ck_assert_int_eq(starts("getty2"), 1);
	boot();
	send(SIGINT);
	settle();
	ck_assert_int_eq(starts("ctrlaltdel"), 1);
	inittab_begin(&life.table);
	list(INITTAB_CTRLALTDEL, "mended");
	lifecycle_loaded(&life, true);
	pass_time(3000);
	send(SIGINT);
	settle();
	ck_assert_int_eq(starts("mended"), 1);
}
END_TEST

START_TEST(seven_interrupts_force_the_end)
{
	boot();
	for (int i = 0; i < 7; i++) {
		ck_assert_int_eq(life.phase, LIFECYCLE_RUN);
		world.now += 300;
		send(SIGINT);
		if (i == 6)
			world.wanted = LIFECYCLE_REBOOT;
		settle();
	}
	ck_assert_int_eq(life.phase, LIFECYCLE_KILL);
	pass_time(500);
	ck_assert_int_eq(life.phase, LIFECYCLE_RELEASE);
	pass_time(5000);
	ck_assert_int_eq(world.ended, LIFECYCLE_REBOOT);
	boot();
	for (int i = 0; i < 20; i++) {
		world.now += 400;
		send(SIGINT);
		settle();
	}
	ck_assert_int_eq(life.phase, LIFECYCLE_RUN);
}
END_TEST

START_TEST(who_comes_when_nobody_was_left_is_killed_too)
{
	boot();
	send(SIGTSTP);
	end_entry("once");
	end_entry("getty");
	world.orphan = true;
	settle();
	for (int i = 0; i < LIFECYCLE_INTERRUPTS; i++)
		send(SIGINT);
	world.wanted = LIFECYCLE_REBOOT;
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_KILL);
	end_helper();
	world.orphan = false;
	settle();
	ck_assert_int_eq(life.phase, LIFECYCLE_RELEASE);
}
END_TEST

START_TEST(single_user_mode_ends_the_others_and_comes_back)
{
	boot();
	lifecycle_single(&life, true);
	settle();
	ck_assert_int_eq(starts("shell"), 1);
	end_entry("once");
	/* getty does not heed TERM */
	pass_time(lifecycle_limits_standard.stop);
	ck_assert_int_eq(world.killed[slot_of("getty")], 1);
	end_entry("getty");
	lifecycle_single(&life, false);
	settle();
	ck_assert_int_eq(starts("sysinit"), 1);
	ck_assert_int_ne(world.running[slot_of("getty")], 0);
	end_entry("shell");
	ck_assert_int_eq(life.phase, LIFECYCLE_RUN);
}
END_TEST

START_TEST(restart_comes_after_a_full_shutdown)
{
	boot();
	send(SIGQUIT);
	settle();
	end_entry("shutdown");
	end_entry("once");
	end_entry("getty");
	ck_assert_int_eq(world.ended, LIFECYCLE_RESTART);
	/* which fails in this test's world */
	ck_assert_int_eq(life.end, LIFECYCLE_HALT);
	end_helper();
	settle();
	ck_assert_int_eq(world.ended, LIFECYCLE_HALT);
}
END_TEST

START_TEST(restart_ends_who_is_slow_to_kill)
{
	boot();
	send(SIGQUIT);
	settle();
	/* whom the action names is compared in do_action */
	while (world.ended == LIFECYCLE_GO_ON)
		pass_time(world.until - world.now);
	ck_assert_int_eq(world.ended, LIFECYCLE_RESTART);
}
END_TEST

/* ---- every sequence ---- */

enum event {
	EVENT_DEADLINE, EVENT_MOMENT, EVENT_FIRST_ENDS, EVENT_LAST_ENDS, EVENT_HELPER_ENDS,
	EVENT_TERM, EVENT_USR2, EVENT_INT, EVENT_HUP, EVENT_QUIT, EVENT_TSTP, EVENT_CONT,
	EVENT_NO_PROCESS, EVENT_NO_TTY, EVENT_SINGLE, EVENT_STORM, EVENT_BESIDE_ENDS, EVENTS,
};

static int find_running(bool last)
{
	int found = -1;

	for (int i = 0; i < SLOTS; i++)
		if (world.running[i] != 0 && (found < 0 ||
			(world.running[i] > world.running[found]) == last))
			found = i;
	return found;
}

static void storm(void)
{
	for (int i = 0; i < LIFECYCLE_INTERRUPTS; i++)
		send(SIGINT);
	/* from here on something is wanted */
	if (life.phase >= LIFECYCLE_SHUTDOWN &&
		(world.wanted == LIFECYCLE_GO_ON || world.wanted == LIFECYCLE_RESTART))
		world.wanted = LIFECYCLE_REBOOT;
}

/* False if it cannot happen now. Longer than a screen: each event is a case. */
static bool happen(enum event event)
{
	int slot;

	switch (event) {
	case EVENT_DEADLINE:
		if (world.until == CLOCK_NEVER)
			return false;
		world.now = world.until;
		break;
	case EVENT_MOMENT:
		world.now += 100;
		break;
	case EVENT_FIRST_ENDS:
	case EVENT_LAST_ENDS:
		slot = find_running(event == EVENT_LAST_ENDS);
		if (slot < 0)
			return false;
		end_one(slot);
		break;
	case EVENT_HELPER_ENDS:
		if (world.helper == 0)
			return false;
		end_helper();
		break;
	case EVENT_BESIDE_ENDS:
		if (world.beside == 0)
			return false;
		end_beside();
		break;
	case EVENT_TERM:
		send(SIGTERM);
		break;
	case EVENT_USR2:
		send(SIGUSR2);
		break;
	case EVENT_INT:
		send(SIGINT);
		break;
	case EVENT_HUP:
		world.other_file = !world.other_file;
		send(SIGHUP);
		break;
	case EVENT_QUIT:
		send(SIGQUIT);
		break;
	case EVENT_TSTP:
		send(SIGTSTP);
		break;
	case EVENT_CONT:
		send(SIGCONT);
		break;
	case EVENT_NO_PROCESS:
		world.no_process = true;
		return true;
	case EVENT_NO_TTY:
		world.no_tty = true;
		return true;
	case EVENT_SINGLE:
		lifecycle_single(&life, !life.single);
		break;
	case EVENT_STORM:
		storm();
		break;
	case EVENTS:
		break;
	}
	settle();
	return true;
}

/* What of the lifecycle is in use, so that millions of copies cost little. */
struct saved {
	struct world world;
	struct lifecycle_process processes[SLOTS];
	char head[offsetof(struct lifecycle, processes)];
	struct {
		struct inittab_entry entry;
		enum inittab_listing listing;
		unsigned order;
	} slots[SLOTS];
	int used;
	unsigned order;
};

static void save(struct saved *saved)
{
	static_assert(sizeof saved->slots[0] == sizeof life.table.slots[0], "the same thing");
	saved->world = world;
	memcpy(saved->head, &life, sizeof saved->head);
	memcpy(saved->processes, life.processes, sizeof saved->processes);
	memcpy(saved->slots, life.table.slots, sizeof saved->slots);
	saved->used = life.table.used;
	saved->order = life.table.order;
}

static void restore(const struct saved *saved)
{
	world = saved->world;
	memcpy(&life, saved->head, sizeof saved->head);
	memcpy(life.processes, saved->processes, sizeof saved->processes);
	memcpy(life.table.slots, saved->slots, sizeof saved->slots);
	life.table.used = saved->used;
	life.table.order = saved->order;
}

static unsigned long sequences;

/* Nobody does anything any more: what was asked for must come about all the
 * same. */
static void check_end(void)
{
	const struct lifecycle_limits *limits = &lifecycle_limits_standard;
	int64_t most = 3 * limits->entry + limits->stop + limits->term + limits->kill +
		2 * limits->release;

	sequences++;
	if (world.wanted == LIFECYCLE_GO_ON)
		return;
	for (int i = 0; i < 100 && life.phase < LIFECYCLE_POWER; i++) {
		world.now = world.until;
		settle();
	}
	require(life.phase == LIFECYCLE_POWER);
	require(world.ended != LIFECYCLE_GO_ON);
	require(world.ended == world.wanted || world.helper != 0);
	require(world.now - world.asked <= most + 600000);
}

static void explore(int depth)
{
	static struct saved saved[LENGTH + 1];

	if (depth == LENGTH) {
		check_end();
		return;
	}
	save(&saved[depth]);
	for (int event = 0; event < EVENTS; event++) {
		size_t length = strlen(trail);

		trail[length] = (char)('a' + event);
		trail[length + 1] = '\0';
		if (happen((enum event)event))
			explore(depth + 1);
		restore(&saved[depth]);
		trail[length] = '\0';
	}
}

/* Where a system's life has got to when the events begin. */
static const char *const beginnings[] = {
	"",		/* boot steps run, one of them waited for */
	"q",		/* no other */
	"qe",		/* sysinit */
	"qec",		/* wait */
	"qecc",		/* all runs */
	"ecd",		/* all runs, and so does still what a step has started */
	"qeccg",	/* ... with the inittab changed */
	"qecchd",	/* Ctrl-Alt-Del was pressed */
	"qeccf",	/* shutdown entries */
	"qeccfd",	/* our children are asked to end */
	"qeccfda",	/* they did not */
	"qeccfdaaa",
	"qeccj",	/* on the way to a restart */
	"qecco",	/* single user */
};

START_TEST(every_sequence)
{
	const char *beginning = beginnings[_i];

	begin();
	strcpy(trail, beginning);
	strcat(trail, " ");
	for (; *beginning != '\0'; beginning++)
		happen((enum event)(*beginning - 'a'));
	explore(0);
	ck_assert_uint_gt(sequences, 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lifecycle");
	TCase *cases = tcase_create("cases"), *all = tcase_create("every sequence");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, cases);
	tcase_add_test(cases, boot_goes_step_by_step);
	tcase_add_test(cases, a_hung_step_is_given_up);
	tcase_add_test(cases, a_program_beside_is_not_waited_for);
	tcase_add_test(cases, a_late_program_beside_is_said_once);
	tcase_add_test(cases, the_way_down_ends_a_program_beside_with_everybody);
	tcase_add_test(cases, quick_deaths_are_slowed_down);
	tcase_add_test(cases, tstp_holds_respawning_until_cont);
	tcase_add_test(cases, reload_leaves_processes_alone);
	tcase_add_test(cases, what_runs_and_becomes_a_ctrlaltdel_entry_has_its_turn);
	tcase_add_test(cases, what_has_run_and_becomes_a_shutdown_entry_has_its_turn);
	tcase_add_test(cases, what_has_run_and_becomes_a_restart_entry_is_executed);
	tcase_add_test(cases, ctrlaltdel_runs_its_entries_and_goes_on);
	tcase_add_test(cases, the_way_down_ends_as_soon_as_it_can);
	tcase_add_test(cases, the_way_down_waits_for_nobody_for_ever);
	tcase_add_test(cases, a_request_is_heard_while_the_boot_hangs);
	tcase_add_test(cases, without_time_all_is_begun);
	tcase_add_test(cases, what_is_no_longer_in_the_file_is_not_waited_for);
	tcase_add_test(cases, seven_interrupts_force_the_end);
	tcase_add_test(cases, who_comes_when_nobody_was_left_is_killed_too);
	tcase_add_test(cases, single_user_mode_ends_the_others_and_comes_back);
	tcase_add_test(cases, restart_comes_after_a_full_shutdown);
	tcase_add_test(cases, restart_ends_who_is_slow_to_kill);
	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 300);
	tcase_add_loop_test(all, every_sequence, 0, sizeof beginnings / sizeof beginnings[0]);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

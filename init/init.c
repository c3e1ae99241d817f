/* SPDX-License-Identifier: MIT */
/* PID 1. main sets up and then does, for ever, what lifecycle_next says; it
 * waits in one place, for a signal or a deadline. Nothing in here allocates
 * memory, exits or aborts. */
#include "argv.h"
#include "boot.h"
#include "clock.h"
#include "cmdline.h"
#include "console.h"
#include "environment.h"
#include "everybody.h"
#include "filesystems.h"
#include "large.h"
#include "lifecycle.h"
#include "load.h"
#include "message.h"
#include "namespace.h"
#include "power.h"
#include "progress.h"
#include "rescue.h"
#include "resume.h"
#include "signals.h"
#include "telinit.h"
#include "text.h"
#include "trace.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define REAP_AT_ONCE 1000		/* then we look whether somebody signals us */
#define REPORT_MOST 20			/* processes that we name */
#define WAIT_FAILED_MS 1000
#define JOINED_MS 100		/* between two looks at what no signal tells of */

/* SIGRTMIN+22 and +23 of glibc, with which systemd(1) says more or less. */
enum { TRACE_ON = 56, TRACE_OFF = 57 };

static struct lifecycle life LARGE;
static struct cmdline cmdline;
static sigset_t awaited;		/* all signals but those of a crash */

/* ---- processes ---- */

static enum spawn_result start(const struct inittab_entry *entry, bool quiet, pid_t *pid, int *error)
{
	struct console_child child = {
		.tty = entry->tty, .ask = entry->action == INITTAB_ASKFIRST, .quiet = quiet };
	struct argv executed;

	argv_make(&executed, entry->command);
	child.login = executed.login;
	return console_spawn(executed.path, executed.words, &child, pid, error);
}

static void spawn_entry(int slot)
{
	const struct inittab_entry *entry = &life.table.slots[slot].entry;
	struct lifecycle_process *process = &life.processes[slot];
	bool again = process->penalty > 0, first = process->since == 0;
	static int told;		/* why nothing could be started; 0 when it could */
	pid_t pid;
	int error;

	if (!console_has(entry->tty)) {
		if (!again)
			message(MESSAGE_WARNING, "/dev/%s: no such terminal: cannot start '%s'",
				entry->tty, entry->command);
		lifecycle_no_tty(&life, slot, clock_now());
		return;
	}
	if (start(entry, again, &pid, &error) == SPAWN_STARTED) {
		told = 0;
		lifecycle_spawned(&life, slot, pid, clock_now());
		trace_spawned(&life, slot);
		if (first)
			progress_started(&life, slot);
		return;
	}
	if (error != told)
		message(MESSAGE_WARNING, "%s: cannot start: %s", entry->command, strerror(error));
	told = error;
	lifecycle_not_spawned(&life, slot, clock_now());
}

static void kill_entry(int slot)
{
	message(MESSAGE_WARNING, "%s: takes too long: killed", life.table.slots[slot].entry.command);
	/* it leads a group, and what it waits for is in there; unless it has not
	 * come so far as to lead one */
	if (kill(-life.processes[slot].pid, SIGKILL) < 0)
		(void)kill(life.processes[slot].pid, SIGKILL);
}

static void stop_entries(void)
{
	for (int i = 0; i < life.table.used; i++)
		if (life.processes[i].state == LIFECYCLE_RUNNING)
			everybody_ask(life.processes[i].pid);
}

/* To the log, and to the console whatever the kernel lets through to it. */
static void report_process(const struct process *process, const char *command)
{
	char line[128];

	(void)text_format(line, sizeof line, "waiting for %s (pid %d, state %c)%s%s", process->name,
		(int)process->pid, process->state, command != NULL ? ": " : "",
		command != NULL ? command : "");
	message(MESSAGE_INFO, "%s", line);
	if (!namespace_contained())
		console_say("init: %s", line);
}

static bool report_anybody(const struct process *process, void *argument)
{
	int *left = argument;

	report_process(process, NULL);
	return --*left > 0;
}

/* Those that the phase waits for. */
static void report_entries(void)
{
	struct process process;

	for (int i = 0; i < life.table.used; i++)
		if (life.processes[i].state == LIFECYCLE_RUNNING && !life.processes[i].killed &&
			(life.phase != LIFECYCLE_SHUTDOWN || life.waited == i) &&
			everybody_look(life.processes[i].pid, &process))
			report_process(&process, life.table.slots[i].entry.command);
}

static void report_waiting(void)
{
	struct process process;
	int left = REPORT_MOST;

	if (life.phase == LIFECYCLE_TERM || life.phase == LIFECYCLE_KILL)
		everybody_visit(report_anybody, &left);
	else if (life.helper != 0 && everybody_look(life.helper, &process))
		report_process(&process, "unmounts");
	else
		report_entries();
}

static bool only_spared_are_left(void)
{
	return (life.phase == LIFECYCLE_TERM || life.phase == LIFECYCLE_KILL) && life.asked &&
		life.helper == 0 && everybody_is_spared();
}

/* What has entered a container from outside (setns(2)) is no descendant of ours, and no
 * signal tells of its end. */
static bool has_anybody_joined(void)
{
	return namespace_contained() && life.phase >= LIFECYCLE_SHUTDOWN &&
		life.phase <= LIFECYCLE_KILL && !namespace_proc_is_foreign() && everybody_is_left();
}

/* What people are to know of a child's end. */
static void say_ended(pid_t pid, int status)
{
	struct lifecycle_child ended = lifecycle_find(&life, pid);

	if (ended.kind == LIFECYCLE_ENTRY)
		progress_ended(&life, ended.number, status, clock_now());
	if (ended.kind == LIFECYCLE_PROGRAM)
		boot_ended(ended.number, status, life.programs[ended.number].since);
	if (ended.kind == LIFECYCLE_HELPER && life.phase == LIFECYCLE_POWER && status != 0)
		message(MESSAGE_ERROR, "cannot %s: %s", lifecycle_end_name(life.end),
			strerror(WEXITSTATUS(status)));
}

/* Takes over what has ended. Returns when to look again if no signal comes before. */
static int64_t reap(void)
{
	for (int i = 0; i < REAP_AT_ONCE; i++) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0 && errno != ECHILD)
			return clock_now() + WAIT_FAILED_MS;	/* its signal will not come again */
		if (pid == 0) {
			lifecycle_left(&life, !only_spared_are_left());
			return CLOCK_NEVER;
		}
		if (pid < 0) {
			bool joined = has_anybody_joined();

			lifecycle_left(&life, joined);
			return joined ? clock_now() + JOINED_MS : CLOCK_NEVER;
		}
		trace_child(&life, pid, status);
		say_ended(pid, status);
		lifecycle_exited(&life, pid, clock_now());
	}
	return 0;
}

/* ---- the end ---- */

/* A helper that has not come to its end would still signal everybody. */
static void end_last(pid_t helper)
{
	if (helper != 0)
		(void)kill(helper, SIGKILL);
}

/* Becomes the restart entry; returns if that cannot be. */
static void restart(int slot)
{
	struct console_child child;
	struct argv executed;
	int error;

	if (slot < 0)
		return;
	argv_make(&executed, life.table.slots[slot].entry.command);
	child = (struct console_child){
		.tty = life.table.slots[slot].entry.tty, .login = executed.login };
	if (!console_has(child.tty)) {
		message(MESSAGE_ERROR, "/dev/%s: cannot open: %s", child.tty, strerror(errno));
		return;
	}
	message(MESSAGE_NOTICE, "executing %s", executed.path);
	power_take_keys(false);
	error = console_attach(&child);
	if (error == 0) {
		signals_unblock();
		execvpe(executed.path, executed.words, environ);
		error = errno;
		(void)sigprocmask(SIG_SETMASK, &awaited, NULL);	/* it was valid before */
	}
	power_take_keys(true);
	message(MESSAGE_ERROR, "%s: cannot execute: %s", executed.path, strerror(error));
}

static void end(const struct lifecycle_action *action)
{
	if (action->end != LIFECYCLE_RESTART) {
		lifecycle_helper(&life, power_end(action->end));
		return;
	}
	end_last(action->pid);
	restart(action->slot);
	lifecycle_not_restarted(&life, clock_now());
}

/* reboot(2) came back. The last process of a container may end; the machine's
 * init may not: it stays, reaps, and hears the next request. */
static void stuck(void)
{
	if (namespace_contained())
		_exit(0);
	message(MESSAGE_ERROR, "nothing is left to do but to switch off by hand");
}

/* ---- the loop ---- */

static void take_step(int number)
{
	bool single = cmdline.single;
	struct boot_program program = boot_step(number, &cmdline);

	/* whoever has executed us, an initramfs, may have kept the word to itself */
	if (cmdline.single && !single)
		lifecycle_single(&life, true);
	life.limits = cmdline.limits;
	life.trace = life.trace || cmdline.trace;
	lifecycle_step(&life, program.pid, program.awaited, clock_now());
}

static void perform(const struct lifecycle_action *action)
{
	switch (action->what) {
	case LIFECYCLE_SLEEP:
		break;
	case LIFECYCLE_LOAD:
		lifecycle_loaded(&life, load_inittab(&life.table, life.single, life.retire));
		break;
	case LIFECYCLE_STEP:
		take_step(action->slot);
		break;
	case LIFECYCLE_STEP_LATE:
		boot_late(action->slot, action->pid, life.programs[action->slot].since);
		break;
	case LIFECYCLE_SPAWN:
		spawn_entry(action->slot);
		break;
	case LIFECYCLE_KILL_ENTRY:
		kill_entry(action->slot);
		break;
	case LIFECYCLE_RETIRE_ENTRY:
		everybody_ask(life.processes[action->slot].pid);
		break;
	case LIFECYCLE_STOP_ENTRIES:
		filesystems_want_proc();
		stop_entries();
		break;
	case LIFECYCLE_TERM_ALL:
		filesystems_want_proc();
		lifecycle_helper(&life, everybody_end(false));
		break;
	case LIFECYCLE_KILL_ALL:
		end_last(action->pid);
		lifecycle_helper(&life, everybody_end(true));
		break;
	case LIFECYCLE_LEAVE:
		end_last(action->pid);
		filesystems_want_proc();
		if (!namespace_contained())
			resume_let_go_of_file();
		lifecycle_helper(&life, filesystems_release());
		break;
	case LIFECYCLE_END:
		end(action);
		break;
	case LIFECYCLE_STUCK:
		stuck();
		break;
	case LIFECYCLE_REPORT:
		report_waiting();
		break;
	case LIFECYCLE_UPGRADE:
		resume_execute();
		break;
	}
}

static void hear(const siginfo_t *info)
{
	int value = info->si_code == SI_QUEUE ? info->si_value.sival_int : 0;

	/* of what is traced to nobody: to trace that would be the next */
	if (info->si_signo == SIGPIPE)
		return;
	trace_signal(&life, info);
	if (info->si_signo == SIGCHLD)
		return;		/* the loop reaps anyway */
	if (info->si_signo == TRACE_ON || info->si_signo == TRACE_OFF)
		life.trace = info->si_signo == TRACE_ON;
	else if (info->si_signo != RESUME_SIGNAL)
		lifecycle_signal(&life, info->si_signo, clock_now());
	else if (value == TELINIT_SINGLE || value == TELINIT_MULTI)
		lifecycle_single(&life, value == TELINIT_SINGLE);
	else
		lifecycle_upgrade(&life);
}

/* Waits for a signal up to DEADLINE, and hands it over. */
static void wait_for_signal(int64_t deadline)
{
	int left = clock_left(deadline, clock_now());
	const struct timespec timeout = { left / 1000, left % 1000 * 1000000L };
	static bool failed;		/* and that was said */
	siginfo_t info;

	if (sigtimedwait(&awaited, &info, left < 0 ? NULL : &timeout) > 0) {
		failed = false;
		hear(&info);
	} else if (errno != EAGAIN && errno != EINTR) {
		if (!failed)
			message(MESSAGE_ERROR, "cannot wait for signals: %s", strerror(errno));
		failed = true;
		(void)poll(NULL, 0, WAIT_FAILED_MS);	/* a pause, at least */
	}
}

static void run(void)
{
	struct lifecycle_action action;

	progress_begin(&life);
	for (;;) {
		int64_t again = reap();
		int64_t now = clock_now();

		lifecycle_next(&life, now, &action);
		progress_phase(&life, now);
		trace_turn(&life, &action);
		if (action.what != LIFECYCLE_SLEEP) {
			perform(&action);
			/* musl's fork blocks signals and sets the mask again: should the former
			 * fail, to what it finds on its stack */
			(void)sigprocmask(SIG_SETMASK, &awaited, NULL);
		} else
			wait_for_signal(again < action.until ? again : action.until);
	}
}

/* What crashed in a boot step would do so again. */
static void leave_out_step(void)
{
	if (life.phase == LIFECYCLE_BOOT && life.step < life.steps &&
		life.programs[life.step].pid == 0)
		lifecycle_step(&life, 0, false, clock_now());
}

/* Goes on where the init that executed us was; false if there was none. */
static bool resume(void)
{
	switch (resume_take(clock_now())) {
	case RESUME_NONE:
		return false;
	case RESUME_UPGRADE:
		message(MESSAGE_NOTICE, "going on as version " PIDONE_VERSION);
		break;
	case RESUME_SIGNALLED:
		message(MESSAGE_WARNING, "going on after a crash signal");
		break;
	case RESUME_CRASH:
		message(MESSAGE_WARNING, "going on after a crash");
		leave_out_step();
		break;
	case RESUME_CRASHES:
		rescue();
	}
	if (life.phase == LIFECYCLE_BOOT)
		boot_resume(life.step, &cmdline);
	cmdline.limits = life.limits;
	return true;
}

static void read_arguments(char *arguments[])
{
	cmdline_begin(&cmdline);
	for (; *arguments != NULL; arguments++)
		if (!cmdline_word(&cmdline, *arguments))
			message(MESSAGE_WARNING, "%s: not understood", *arguments);
}

static void set_up(int count, char *words[])
{
	signals_block();
	resume_begin(words, &life, &awaited);
	/* for tools that find us by name: executed by way of /proc/self/exe it is exe */
	(void)prctl(PR_SET_NAME, "init");
	message_open("init", MESSAGE_KERNEL);
	console_begin();
	if (namespace_contained()) {
		/* the kernel's log is not ours to write to */
		message_open("init", MESSAGE_STDERR);
		(void)message_separate(STDERR_FILENO);	/* it may block, then */
	}
	environment_begin();
	read_arguments(words + (count > 0));
	lifecycle_begin(&life, boot_steps());
	life.limits = cmdline.limits;
	life.single = cmdline.single;
	life.trace = cmdline.trace;
	if (resume())
		return;
	if (chdir("/") < 0)
		message(MESSAGE_WARNING, "/: cannot make it the working directory: %s",
			strerror(errno));
	(void)setsid();		/* fails if we lead a session already */
	power_take_keys(true);
}

int main(int count, char *words[])
{
	if (getpid() != 1)
		return telinit(words);
	set_up(count, words);
	run();
}

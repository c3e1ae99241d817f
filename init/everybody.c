/* SPDX-License-Identifier: MIT */
#include "everybody.h"

#include "clock.h"
#include "directory.h"
#include "files.h"
#include "message.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SPARED_MOST 64

/* Who looks for the spared ones is waited for no longer if for so many ms it has not
 * looked at another process. Naps of 1 ms count, each for as long as it lasts, which
 * without high resolution timers is two ticks: more, and the machine stood still. */
#define STUCK_MS 2000
#define NAP_MOST_MS 20

/* Shared with the children that find them. */
static struct spared {
	bool looking;	/* who looks has not come to the end */
	unsigned looked_at;
	int count;
	pid_t pids[SPARED_MOST];
} *spared;

bool everybody_look(pid_t pid, struct process *process)
{
	char path[32], line[512];

	(void)text_format(path, sizeof path, "/proc/%d/stat", (int)pid);
	return files_read(AT_FDCWD, path, line, sizeof line) > 0 && process_parse(line, process);
}

struct visit {
	bool (*visit)(const struct process *process, void *argument);
	void *argument;
};

static bool visit_name(const char *name, void *argument)
{
	const struct visit *visit = argument;
	struct process process;
	uint64_t pid;

	if (!text_to_number(name, INT32_MAX, &pid) || pid == 1 || pid == (uint64_t)getpid())
		return true;
	if (!everybody_look((pid_t)pid, &process) || !process_is_alive(&process))
		return true;
	return visit->visit(&process, visit->argument);
}

void everybody_visit(bool (*visit)(const struct process *process, void *argument),
	void *argument)
{
	struct visit each = { visit, argument };

	directory_visit("/proc", visit_name, &each);
}

void everybody_ask(pid_t pid)
{
	struct process process;

	/* each fails if it has ended: then its end is heard of soon */
	(void)kill(pid, SIGTERM);
	if (everybody_look(pid, &process) && process.terminal)
		(void)kill(pid, SIGHUP);
	(void)kill(pid, SIGCONT);	/* so that a stopped one gets them too */
}

static bool asks_to_be_spared(pid_t pid)
{
	char path[32], byte[2];
	struct stat status;

	(void)text_format(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	return stat(path, &status) == 0 && status.st_uid == 0 &&
		files_read(AT_FDCWD, path, byte, sizeof byte) == 1 && byte[0] == '@';
}

static bool is_spared(pid_t pid)
{
	for (int i = 0; i < spared->count; i++)
		if (spared->pids[i] == pid)
			return true;
	return false;
}

static bool note_spared(const struct process *process, void *argument)
{
	(void)argument;
	if (asks_to_be_spared(process->pid) && spared->count < SPARED_MOST)
		spared->pids[spared->count++] = process->pid;
	return true;
}

/* Threads of the kernel count too: there may be many. */
static bool look_at_name(const char *name, void *argument)
{
	spared->looked_at++;
	return visit_name(name, argument);
}

static bool hang_up(const struct process *process, void *argument)
{
	(void)argument;
	if (process->terminal)
		(void)kill(process->pid, SIGHUP);	/* it may have ended */
	return true;
}

static bool end_one(const struct process *process, void *argument)
{
	const bool *killing = argument;

	if (is_spared(process->pid))
		return true;
	if (*killing)
		(void)kill(process->pid, SIGKILL);	/* it may have ended */
	else
		everybody_ask(process->pid);
	return true;
}

/* All at once: nobody can slip through by forking. To all but init and the
 * caller (kill(2)); fails if there is nobody. */
static void end_all(bool killing)
{
	if (killing) {
		(void)kill(-1, SIGKILL);
		return;
	}
	(void)kill(-1, SIGTERM);
	everybody_visit(hang_up, NULL);
	(void)kill(-1, SIGCONT);
}

static void look_for_spared(void)
{
	struct visit each = { note_spared, NULL };

	spared->count = 0;
	directory_visit("/proc", look_at_name, &each);
	spared->looking = false;
}

static void wait_while_looking(void)
{
	static const struct timespec ms = { .tv_nsec = 1000000 };
	unsigned looked_at = spared->looked_at;
	int64_t since = clock_now(), waited = 0;

	while (spared->looking && waited < STUCK_MS) {
		int64_t nap;

		(void)nanosleep(&ms, NULL);	/* our signals are blocked */
		nap = clock_now() - since;
		since += nap;
		waited += nap < NAP_MOST_MS ? nap : NAP_MOST_MS;
		if (spared->looked_at != looked_at)
			waited = 0;
		looked_at = spared->looked_at;
	}
}

/* A process whose memory is locked keeps whoever reads its command line waiting
 * (fs/proc/base.c, get_mm_cmdline). Therefore a child looks, and those that it has not
 * seen when it gets no further are not spared: else nobody would be told or killed. It
 * may outlive who began it for TERM: then KILL has it go on. */
static void find_spared(void)
{
	if (!spared->looking) {
		pid_t pid;

		spared->looking = true;
		pid = fork();
		if (pid <= 0)
			look_for_spared();	/* ourselves, if there can be no child */
		if (pid == 0)
			_exit(0);
	}
	wait_while_looking();
}

static void end_everybody(bool killing)
{
	if (spared != NULL)
		find_spared();
	if (spared == NULL || spared->count == 0) {
		end_all(killing);
		return;
	}
	everybody_visit(end_one, &killing);
	everybody_visit(end_one, &killing);	/* and what was forked meanwhile */
}

pid_t everybody_end(bool killing)
{
	pid_t pid;

	if (spared == NULL) {
		spared = mmap(NULL, sizeof *spared, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (spared == MAP_FAILED)
			spared = NULL;		/* then nobody is */
	}
	pid = fork();
	if (pid > 0)
		return pid;
	if (pid < 0)
		message(MESSAGE_WARNING, "cannot fork to signal everybody: %s", strerror(errno));
	end_everybody(killing);
	if (pid == 0)
		_exit(0);
	return 0;
}

static bool note_other(const struct process *process, void *argument)
{
	bool *other = argument;

	*other = spared == NULL || !is_spared(process->pid);
	return !*other;
}

bool everybody_is_left(void)
{
	bool other = false;

	everybody_visit(note_other, &other);
	return other;
}

bool everybody_is_spared(void)
{
	return spared != NULL && spared->count > 0 && !everybody_is_left();
}

/* SPDX-License-Identifier: MIT */
/* The state travels in the environment, of which the kernel makes a copy: that
 * needs no file system, no descriptor and no memory of ours.
 *
 * A fault of our own is dealt with in the signal handler, on a stack of its own,
 * since there is nothing to return to. The same signals sent by somebody are put
 * off to the main loop, where no process is half started. */
#include "resume.h"

#include "clock.h"
#include "console.h"
#include "environment.h"
#include "files.h"
#include "large.h"
#include "message.h"
#include "namespace.h"
#include "record.h"
#include "rescue.h"
#include "signals.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define CRASHES 5
#define CRASHES_WITHIN_MS 60000
#define STACK_BYTES 32768

static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

#define STATE "INIT_STATE="
#define PATH "INIT_PATH="
#define HISTORY "INIT_RESUMED="	/* why, and when the last crashes were */

static char **arguments;
static struct lifecycle *life;
static char state[sizeof STATE + RECORD_BYTES] SELDOM;
static const char *path = "/sbin/init";
static char path_variable[sizeof PATH + PATH_MAX] SELDOM;
static char history[sizeof HISTORY + 2 + CRASHES * 24];
static int64_t crashes[CRASHES];	/* when, the latest first; 0: none */
static volatile sig_atomic_t depth;	/* of crashes while we deal with one */
static bool crash_was_sent;

/* ---- leaving ---- */

static const char reason_letters[] = {
	[RESUME_NONE] = '-',
	[RESUME_UPGRADE] = 'u',
	[RESUME_SIGNALLED] = 's',
	[RESUME_CRASH] = 'c',
	[RESUME_CRASHES] = 'c',
};

static void note_crash(int64_t now)
{
	memmove(crashes + 1, crashes, (CRASHES - 1) * sizeof crashes[0]);
	crashes[0] = now > 0 ? now : 1;
}

static void write_history(enum resume_reason reason)
{
	size_t length = text_format(history, sizeof history, HISTORY);

	history[length++] = reason_letters[reason];
	for (int i = 0; i < CRASHES; i++)
		length += text_format(history + length, sizeof history - length, "%llu ",
			(unsigned long long)crashes[i]);
}

/* All that the next init is to know. */
static void write_down(enum resume_reason reason, bool with_state)
{
	/* the names are put in here: with them before it state would be in our file */
	(void)text_copy(state, sizeof state, STATE);
	if (with_state && record_write(life, state + sizeof STATE - 1))
		environment_set(state);
	write_history(reason);
	environment_set(history);
	(void)text_format(path_variable, sizeof path_variable, PATH "%s", path);
	environment_set(path_variable);
}

static void take_back(void)
{
	environment_remove("INIT_STATE");
	environment_remove("INIT_RESUMED");
	environment_remove("INIT_PATH");
}

/* The instruction at which it happened. */
static unsigned long instruction(const void *context)
{
#if defined(__x86_64__)
	return (unsigned long)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (unsigned long)((const ucontext_t *)context)->uc_mcontext.pc;
#else
	(void)context;
	return 0;
#endif
}

/* Was it sent? The kernel does not always say (SI_KERNEL is a tracer's signal, or an
 * address that no page can have): then it is put off once, and comes again at once if
 * it is a fault. */
static bool can_wait(const siginfo_t *info)
{
	return info->si_code <= 0 || (info->si_code == SI_KERNEL && !crash_was_sent);
}

static void crashed(int number, siginfo_t *info, void *context)
{
	if (getpid() != 1)
		_exit(128 + number);	/* a child that has not executed yet */
	if (can_wait(info)) {
		if (info->si_code == SI_KERNEL)
			message(MESSAGE_ERROR, "SIG%s sent by the kernel", signals_name(number));
		else
			message(MESSAGE_ERROR, "SIG%s sent by process %d", signals_name(number),
				(int)info->si_pid);
		note_crash(clock_now());
		crash_was_sent = true;
		/* it is blocked, so it waits to be taken by the main loop */
		(void)kill(1, RESUME_SIGNAL);
		return;
	}
	depth++;
	message(MESSAGE_ERROR, "crash: SIG%s at address 0x%lx, instruction 0x%lx",
		signals_name(number), (unsigned long)info->si_addr, instruction(context));
	if (depth < 3) {
		note_crash(clock_now());
		write_down(RESUME_CRASH, depth == 1);
		(void)execve("/proc/self/exe", arguments, environ);
		(void)execve(path, arguments, environ);
	}
	rescue();
}

void resume_execute(void)
{
	bool sent = crash_was_sent;

	crash_was_sent = false;
	write_down(sent ? RESUME_SIGNALLED : RESUME_UPGRADE, true);
	if (sent)
		(void)execve("/proc/self/exe", arguments, environ);
	(void)execve(path, arguments, environ);
	take_back();
	message(MESSAGE_ERROR, "%s: cannot execute, going on as before: %s", path,
		strerror(errno));
}

/* Copies our binary into memory; a descriptor, or -1. */
static int copy_to_memory(void)
{
	int from = files_open(AT_FDCWD, "/proc/self/exe", O_RDONLY, 0);
	int to = (int)syscall(SYS_memfd_create, "init", MFD_CLOEXEC);
	char buffer[4096];
	ssize_t got = -1;

	if (from >= 0 && to >= 0)
		do
			got = read(from, buffer, sizeof buffer);
		while (got > 0 && files_write(to, buffer, (size_t)got));
	files_close(&from);
	if (got != 0)		/* the end was not reached */
		files_close(&to);
	return to;
}

void resume_let_go_of_file(void)
{
	struct stat ours, root;
	int fd;

	if (stat("/proc/self/exe", &ours) < 0 || stat("/", &root) < 0 || ours.st_nlink > 0 ||
		ours.st_dev != root.st_dev)
		return;
	fd = copy_to_memory();
	if (fd < 0)
		return;		/* the root will stay busy, and that will be said */
	message(MESSAGE_INFO, "our file was deleted: going on from memory");
	write_down(RESUME_UPGRADE, true);
	(void)syscall(SYS_execveat, fd, "", arguments, environ, AT_EMPTY_PATH);
	take_back();
	files_close(&fd);
}

/* ---- arriving ---- */

static void read_history(const char *text)
{
	for (int i = 0; i < CRASHES; i++) {
		size_t length = strcspn(text, " ");
		char digits[24];
		uint64_t when;

		if (length >= sizeof digits)
			return;
		memcpy(digits, text, length);
		digits[length] = '\0';
		if (text[length] == '\0' || !text_to_number(digits, INT64_MAX, &when))
			return;
		crashes[i] = (int64_t)when;
		text += length + 1;
	}
}

/* Where init is found when it is to be upgraded: the kernel keeps the path that
 * was executed for as long as we run. */
static void find_path(void)
{
	const char *given = (const char *)getauxval(AT_EXECFN);

	if (given != NULL && given[0] == '/')
		path = given;
}

static enum resume_reason why_resumed(const char *given, int64_t now)
{
	if (given[0] == reason_letters[RESUME_UPGRADE])
		return RESUME_UPGRADE;
	if (crashes[CRASHES - 1] != 0 && now - crashes[CRASHES - 1] < CRASHES_WITHIN_MS)
		return RESUME_CRASHES;
	return given[0] == reason_letters[RESUME_SIGNALLED] ? RESUME_SIGNALLED : RESUME_CRASH;
}

/* Of the processes that run nothing is known; that the system is up is. */
static void forget_all(void)
{
	int steps = life->steps;

	message(MESSAGE_ERROR, "the record of what runs is lost: entries may run twice");
	memset(life, 0, sizeof *life);
	lifecycle_begin(life, steps);
	life->phase = LIFECYCLE_RUN;
}

enum resume_reason resume_take(int64_t now)
{
	const char *given = getenv("INIT_RESUMED"), *name = getenv("INIT_PATH");
	const char *text = getenv("INIT_STATE");
	enum resume_reason reason;

	if (given == NULL || name == NULL || given[0] == '\0') {
		find_path();
		take_back();
		return RESUME_NONE;
	}
	path = name;	/* it is in the environment we were given, which stays */
	read_history(given + 1);
	if (text == NULL || !record_read(life, text))
		forget_all();
	reason = why_resumed(given, now);
	take_back();
	return reason;
}

static void catch(void)
{
	static char stack[STACK_BYTES] SELDOM;
	const stack_t other = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_sigaction = crashed,
		/* a crash while we deal with one is caught too: blocked it would end us */
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	(void)sigaltstack(&other, NULL);	/* fails for bad arguments only, as these */
	(void)sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof crash_signals / sizeof crash_signals[0]; i++)
		(void)sigdelset(&action.sa_mask, crash_signals[i]);
	for (size_t i = 0; i < sizeof crash_signals / sizeof crash_signals[0]; i++)
		(void)sigaction(crash_signals[i], &action, NULL);
}

void resume_begin(char *argv[], struct lifecycle *its_life, sigset_t *signals)
{
	arguments = argv;
	life = its_life;
	catch();
	(void)sigfillset(signals);
	for (size_t i = 0; i < sizeof crash_signals / sizeof crash_signals[0]; i++)
		(void)sigdelset(signals, crash_signals[i]);
	(void)sigprocmask(SIG_SETMASK, signals, NULL);
}

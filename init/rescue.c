/* SPDX-License-Identifier: MIT */
/* Depends on as little as can be: no lifecycle, no inittab. */
#include "rescue.h"

#include "clock.h"
#include "console.h"
#include "everybody.h"
#include "filesystems.h"
#include "message.h"
#include "namespace.h"
#include "power.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL_PAUSE_MS 1000
#define END_STEP_MS 5000
#define RELEASE_MS 30000

/* Reaps. False if no child is left. *ENDED becomes 0 if it is among them. */
static bool reap(pid_t *ended)
{
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			return pid == 0;
		if (pid == *ended)
			*ended = 0;
	}
}

/* A signal, or 0 at DEADLINE. */
static int wait_for_signal(int64_t deadline)
{
	int left = clock_left(deadline, clock_now());
	struct timespec timeout = { left / 1000, left % 1000 * 1000000L };
	sigset_t all;
	int number;

	(void)sigfillset(&all);
	number = sigtimedwait(&all, NULL, left < 0 ? NULL : &timeout);
	if (number < 0 && errno != EAGAIN)
		(void)poll(NULL, 0, SHELL_PAUSE_MS);	/* a pause, at least */
	return number > 0 ? number : 0;
}

/* Until PID has ended, or if it is 0 until nobody is left. */
static void wait_for_end(pid_t pid, int64_t ms)
{
	int64_t deadline = clock_now() + ms;
	pid_t awaited = pid;

	while (clock_now() < deadline) {
		bool anybody = reap(&awaited);

		if (pid != 0 ? awaited == 0 : !anybody)
			return;
		(void)wait_for_signal(deadline);	/* whichever: it is looked again */
	}
}

/* Returns if the end could not be had: nobody is left then. The last process of a
 * container may end (init.c, stuck). */
static void go_down(enum lifecycle_end end)
{
	filesystems_want_proc();
	(void)everybody_end(false);	/* waited for with all the others */
	wait_for_end(0, END_STEP_MS);
	(void)everybody_end(true);
	wait_for_end(0, END_STEP_MS);
	wait_for_end(filesystems_release(), RELEASE_MS);
	wait_for_end(power_end(end), END_STEP_MS);
	if (namespace_contained())
		_exit(0);
}

static pid_t start_shell(void)
{
	static char name[] = "-sh";
	static char *const argv[] = { name, NULL };
	static struct console_child child = { .tty = "", .login = true };
	pid_t pid;
	int error;

	if (console_spawn("/bin/sh", argv, &child, &pid, &error) == SPAWN_STARTED)
		return pid;
	message(MESSAGE_ERROR, "/bin/sh: cannot start: %s", strerror(error));
	return 0;
}

/* True if the way down was taken, in vain. */
static bool hear(int number)
{
	switch (number) {
	case SIGTERM:
	case SIGINT:
		go_down(LIFECYCLE_REBOOT);
		return true;
	case SIGUSR1:
	case SIGPWR:
		go_down(LIFECYCLE_HALT);
		return true;
	case SIGUSR2:
		go_down(LIFECYCLE_POWER_OFF);
		return true;
	}
	return false;
}

noreturn void rescue(void)
{
	pid_t shell = 0;
	int64_t next = 0;	/* when a shell may be started */

	message(MESSAGE_ERROR, "too many crashes: from now on only reaping, a shell on the "
		"console, and the signals to halt, power off and reboot");
	for (;;) {
		(void)reap(&shell);
		if (shell == 0 && clock_now() >= next) {
			next = clock_now() + SHELL_PAUSE_MS;
			shell = start_shell();
		}
		if (hear(wait_for_signal(shell != 0 ? CLOCK_NEVER : next)))
			shell = 0;	/* killed and reaped with all the others */
	}
}

/* SPDX-License-Identifier: MIT */
/* Makes orphans for PID 1 to reap: orphans COUNT GO DONE. Opens the FIFO GO to
 * be told when, makes COUNT processes whose parent ends before them or at once
 * after them, one after the other, and opens the FIFO DONE when all are gone.
 * With a COUNT below 0, the next is made only when PID 1 has reaped the last. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The orphan's pid. */
static pid_t orphan(void)
{
	int ends[2];
	pid_t child, pid = 0;

	if (pipe(ends) < 0 || (child = fork()) < 0)
		_exit(111);
	if (child == 0) {
		pid = fork();
		if (pid == 0)
			_exit(0);
		_exit(write(ends[1], &pid, sizeof pid) == (ssize_t)sizeof pid ? 0 : 111);
	}
	if (waitpid(child, NULL, 0) < 0 || read(ends[0], &pid, sizeof pid) != (ssize_t)sizeof pid)
		_exit(111);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static void wait_for(pid_t pid)
{
	const struct timespec moment = { .tv_nsec = 20000 };

	while (kill(pid, 0) == 0 || errno != ESRCH)
		nanosleep(&moment, NULL);
}

int main(int argc, char **argv)
{
	sigset_t none;
	int count;
	pid_t last = 0;

	if (argc != 4)
		return 100;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	count = atoi(argv[1]);
	if (open(argv[2], O_RDONLY) < 0)
		return 111;
	for (int i = 0; i < abs(count); i++) {
		last = orphan();
		if (count < 0)
			wait_for(last);
	}
	wait_for(last);
	if (open(argv[3], O_WRONLY) < 0)
		return 111;
	pause();
	return 0;
}

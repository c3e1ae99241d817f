/* SPDX-License-Identifier: MIT */
/* spawn_as PID COMMAND…: executes COMMAND in a child that has this pid, as if the
 * numbers had just come round to it. It does not wait. Needs CAP_CHECKPOINT_RESTORE
 * or CAP_SYS_ADMIN in its PID namespace: clone(2), CLONE_ARGS set_tid. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/sched.h, which musl does not bring */
struct clone_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size;
};

int main(int argc, char **argv)
{
	pid_t wanted = argc > 2 ? (pid_t)strtol(argv[1], NULL, 10) : 0;
	struct clone_arguments arguments = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1,
	};
	long pid;

	if (wanted <= 1) {
		(void)fprintf(stderr, "usage: spawn_as PID COMMAND...\n");
		return 100;
	}
	pid = syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid < 0) {
		(void)fprintf(stderr, "spawn_as: cannot have pid %s: %s\n", argv[1], strerror(errno));
		return 111;
	}
	if (pid > 0)
		return 0;
	execvp(argv[2], argv + 2);
	_exit(127);
}

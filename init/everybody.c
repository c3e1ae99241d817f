/* SPDX-License-Identifier: MIT */
#include "everybody.h"

#include "message.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

pid_t everybody_signal(int signal)
{
	pid_t pid = fork();

	if (pid > 0)
		return pid;
	if (pid < 0)
		message(MESSAGE_WARNING, "cannot fork to signal everybody: %s", strerror(errno));
	/* to all but init and the caller (kill(2)); fails if there is nobody */
	(void)kill(-1, signal);
	if (signal != SIGKILL)
		(void)kill(-1, SIGCONT);
	if (pid == 0)
		_exit(0);
	return 0;
}

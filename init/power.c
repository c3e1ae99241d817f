/* SPDX-License-Identifier: MIT */
#include "power.h"

#include "message.h"

#include <errno.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

void power_take_keys(bool take)
{
	/* fails in a container, whose keys they are not */
	(void)reboot(take ? (int)RB_DISABLE_CAD : (int)RB_ENABLE_CAD);
}

static int reboot_command(enum lifecycle_end end)
{
	switch (end) {
	case LIFECYCLE_POWER_OFF:
		return (int)RB_POWER_OFF;
	case LIFECYCLE_REBOOT:
		return (int)RB_AUTOBOOT;
	case LIFECYCLE_HALT:
	case LIFECYCLE_GO_ON:
	case LIFECYCLE_RESTART:
		break;
	}
	return (int)RB_HALT_SYSTEM;
}

pid_t power_end(enum lifecycle_end end)
{
	pid_t pid;

	message(MESSAGE_NOTICE, "%s", lifecycle_end_name(end));
	pid = fork();
	if (pid == 0)
		_exit(reboot(reboot_command(end)) < 0 ? errno : 0);
	if (pid > 0)
		return pid;
	message(MESSAGE_WARNING, "cannot fork for reboot: %s", strerror(errno));
	if (reboot(reboot_command(end)) < 0)
		message(MESSAGE_ERROR, "cannot %s: %s", lifecycle_end_name(end), strerror(errno));
	return 0;
}

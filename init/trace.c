/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include "boot.h"
#include "message.h"
#include "signals.h"
#include "text.h"

#include <sys/wait.h>

static const char *const actions[] = {
	[LIFECYCLE_SLEEP] = "wait",
	[LIFECYCLE_LOAD] = "read the inittab",
	[LIFECYCLE_STEP] = "take boot step",
	[LIFECYCLE_STEP_LATE] = "wait no longer for boot step",
	[LIFECYCLE_SPAWN] = "start",
	[LIFECYCLE_KILL_ENTRY] = "kill",
	[LIFECYCLE_RETIRE_ENTRY] = "ask to end",
	[LIFECYCLE_STOP_ENTRIES] = "ask all entries to end",
	[LIFECYCLE_TERM_ALL] = "ask everybody to end",
	[LIFECYCLE_KILL_ALL] = "kill everybody",
	[LIFECYCLE_LEAVE] = "let go of the file systems",
	[LIFECYCLE_END] = "end with",
	[LIFECYCLE_STUCK] = "nothing, for the end could not be had",
	[LIFECYCLE_REPORT] = "say who is waited for",
	[LIFECYCLE_UPGRADE] = "execute init again",
};

void trace_signal(const struct lifecycle *life, const siginfo_t *info)
{
	const char *name = signals_name(info->si_signo);

	if (!life->trace)
		return;
	if (name[0] == '?')
		name = "real-time";	/* these have numbers only */
	if (info->si_code > 0)
		message(MESSAGE_INFO, "trace: signal %s (%d) from the kernel, about process %d",
			name, info->si_signo, (int)info->si_pid);
	else
		message(MESSAGE_INFO, "trace: signal %s (%d) from process %d, user %u",
			name, info->si_signo, (int)info->si_pid, (unsigned)info->si_uid);
}

/* "respawn '/sbin/getty 38400 tty1'", in a line of SIZE bytes. */
static void name_entry(const struct lifecycle *life, int slot, char *line, size_t size)
{
	const struct inittab_entry *entry = &life->table.slots[slot].entry;

	(void)text_format(line, size, "%s '%s'", inittab_action_name(entry->action), entry->command);
}

void trace_child(const struct lifecycle *life, pid_t pid, int status)
{
	char who[INITTAB_COMMAND_BYTES + 32] = "an orphan";
	struct lifecycle_child child;

	if (!life->trace)
		return;
	child = lifecycle_find(life, pid);
	switch (child.kind) {
	case LIFECYCLE_ORPHAN:
		break;
	case LIFECYCLE_ENTRY:
		name_entry(life, child.number, who, sizeof who);
		break;
	case LIFECYCLE_PROGRAM:
		(void)text_format(who, sizeof who, "of boot step %s", boot_name(child.number));
		break;
	case LIFECYCLE_HELPER:
		(void)text_format(who, sizeof who, "our helper");
		break;
	}
	message(MESSAGE_INFO, "trace: process %d has ended, %s %d: %s", (int)pid,
		WIFEXITED(status) ? "exit status" : "signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), who);
}

/* What the action is done to; "" if that is nothing in particular. */
static void name_object(const struct lifecycle *life, const struct lifecycle_action *action,
	char *line, size_t size)
{
	line[0] = '\0';
	if (action->what == LIFECYCLE_STEP || action->what == LIFECYCLE_STEP_LATE)
		(void)text_format(line, size, "%s", boot_name(action->slot));
	else if (action->what == LIFECYCLE_END)
		(void)text_format(line, size, "%s", lifecycle_end_name(action->end));
	else if (action->slot >= 0)
		name_entry(life, action->slot, line, size);
}

void trace_turn(const struct lifecycle *life, const struct lifecycle_action *action)
{
	static int told = -1;		/* the phase that was said last */
	char object[INITTAB_COMMAND_BYTES + 32];

	if (!life->trace)
		return;
	if (told != (int)life->phase)
		message(MESSAGE_INFO, "trace: phase %s", lifecycle_phase_name(life->phase));
	told = (int)life->phase;
	if (action->what == LIFECYCLE_SLEEP)
		return;
	name_object(life, action, object, sizeof object);
	message(MESSAGE_INFO, "trace: to do: %s%s%s", actions[action->what],
		object[0] != '\0' ? " " : "", object);
}

void trace_spawned(const struct lifecycle *life, int slot)
{
	char who[INITTAB_COMMAND_BYTES + 32];

	if (!life->trace)
		return;
	name_entry(life, slot, who, sizeof who);
	message(MESSAGE_INFO, "trace: process %d made: %s", (int)life->processes[slot].pid, who);
}

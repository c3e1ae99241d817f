/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include "message.h"
#include "namespace.h"
#include "text.h"

#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

static enum lifecycle_phase told;	/* the phase that we know of */
static int64_t since;			/* when it began */

void progress_begin(const struct lifecycle *life)
{
	told = life->phase;
	since = life->since;
}

static const char *action_of(const struct lifecycle *life, int slot)
{
	return inittab_action_name(life->table.slots[slot].entry.action);
}

void progress_started(const struct lifecycle *life, int slot)
{
	if (!namespace_contained())
		message(MESSAGE_INFO, "entry: %s: %s: started (pid %d)", action_of(life, slot),
			life->table.slots[slot].entry.command, (int)life->processes[slot].pid);
}

static bool is_kept_running(enum inittab_action action)
{
	return action == INITTAB_RESPAWN || action == INITTAB_ASKFIRST;
}

void progress_ended(const struct lifecycle *life, int slot, int status, int64_t now)
{
	const struct inittab_entry *entry = &life->table.slots[slot].entry;
	char failed[40] = "failed: ";
	const char *became = failed;

	if (namespace_contained() ||
		(is_kept_running(entry->action) && life->phase < LIFECYCLE_SHUTDOWN))
		return;
	if (status == 0)
		became = "done";
	else if (is_kept_running(entry->action))
		became = "ended";
	else
		(void)text_format(failed, sizeof failed, WIFEXITED(status) ?
			"failed: exit status %d" : "failed: signal %d",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	message(MESSAGE_INFO, "entry: %s: %s: %s (%lld ms)", action_of(life, slot), entry->command,
		became, (long long)(now - life->processes[slot].since));
}

/* The kernel's log has a clock of its own (sched_clock), which counts from a little
 * earlier: from this line the difference can be seen. */
static void tell_time(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);	/* see clock_now */
	message(MESSAGE_INFO, "version " PIDONE_VERSION ", at %ld.%06ld", (long)now.tv_sec,
		now.tv_nsec / 1000);
}

static void tell_phase(const struct lifecycle *life, int64_t now)
{
	if (told == LIFECYCLE_BOOT)
		tell_time();
	if (told >= LIFECYCLE_SHUTDOWN)
		message(MESSAGE_INFO, "down: %s: done (%lld ms)", lifecycle_phase_name(told),
			(long long)(now - since));
	else if (life->phase >= LIFECYCLE_SHUTDOWN)
		message(MESSAGE_INFO, "down: %s: begins", lifecycle_end_name(life->end));
}

void progress_phase(const struct lifecycle *life, int64_t now)
{
	if (life->phase == told)
		return;
	if (!namespace_contained())
		tell_phase(life, now);
	told = life->phase;
	since = now;
}

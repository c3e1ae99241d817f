/* SPDX-License-Identifier: MIT */
/* Init's record of itself, with which it goes on after a crash: whatever stands in
 * it, the lifecycle that comes of it is sound, and a way down from there ends. */
#include "fuzz.h"

#include "../../init/record.h"

#include <signal.h>

enum { STEPS = 4 };

static struct lifecycle life, again;
static char text[RECORD_BYTES], twice[RECORD_BYTES];

static void check_sound(void)
{
	must(life.table.used >= 0 && life.table.used <= INITTAB_ENTRIES);
	must(life.waited >= -1 && life.waited < life.table.used);
	must(life.pressed_waited >= -1 && life.pressed_waited < life.table.used);
	for (int i = 0; i < life.table.used; i++)
		if (life.table.slots[i].listing != INITTAB_FREE)
			must(memchr(life.table.slots[i].entry.command, '\0', INITTAB_COMMAND_BYTES) &&
				life.table.slots[i].order <= life.table.order);
}

/* Does what is to be done, with children that end at once or never. */
static void answer(const struct lifecycle_action *action, bool ends, int64_t now)
{
	pid_t pid = 100 + action->slot;

	switch (action->what) {
	case LIFECYCLE_LOAD:
		inittab_begin(&life.table);
		lifecycle_loaded(&life, false);
		break;
	case LIFECYCLE_STEP:
		lifecycle_step(&life, 0, false, now);
		break;
	case LIFECYCLE_SPAWN:
		must(action->slot >= 0 && action->slot < life.table.used);
		must(life.processes[action->slot].state != LIFECYCLE_RUNNING);
		lifecycle_spawned(&life, action->slot, pid, now);
		must(life.processes[action->slot].pid == pid);
		if (ends)
			lifecycle_exited(&life, pid, now);
		break;
	case LIFECYCLE_TERM_ALL:
	case LIFECYCLE_KILL_ALL:
	case LIFECYCLE_LEAVE:
	case LIFECYCLE_END:
		lifecycle_helper(&life, 0);
		if (ends)
			lifecycle_left(&life, false);
		break;
	case LIFECYCLE_KILL_ENTRY:
	case LIFECYCLE_RETIRE_ENTRY:
		must(action->slot >= 0 && action->slot < life.table.used);
		break;
	case LIFECYCLE_SLEEP:
	case LIFECYCLE_STEP_LATE:
	case LIFECYCLE_STOP_ENTRIES:
	case LIFECYCLE_STUCK:
	case LIFECYCLE_REPORT:
	case LIFECYCLE_UPGRADE:
		break;
	}
}

static void check_way_down(bool ends)
{
	struct lifecycle_action action;
	int64_t now = 1;
	int turns = 0;

	lifecycle_signal(&life, SIGTERM, now);
	do {
		must(++turns < 10000);
		lifecycle_next(&life, now, &action);
		answer(&action, ends, now);
		if (action.what == LIFECYCLE_SLEEP) {
			must(action.until > now);
			if (action.until == INT64_MAX)	/* until something happens */
				break;
			now = action.until;
		}
	} while (action.what != LIFECYCLE_END);
	must(action.what == LIFECYCLE_END || life.phase == LIFECYCLE_POWER);
}

static void check(const char *record)
{
	memset(&life, 0, sizeof life);
	memset(&again, 0, sizeof again);
	lifecycle_begin(&life, STEPS);
	lifecycle_begin(&again, STEPS);
	if (!record_read(&life, record))
		return;
	check_sound();
	must(record_write(&life, text) && record_read(&again, text) && record_write(&again, twice));
	must(strcmp(text, twice) == 0);
	check_way_down(life.paused);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char *record = take_text(&input, '\0');

	check(record);
	free(record);
	return 0;
}

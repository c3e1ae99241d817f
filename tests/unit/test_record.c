/* SPDX-License-Identifier: MIT */
#include "../../init/record.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lifecycle before, after;
static char text[RECORD_BYTES], again[RECORD_BYTES];

static void add(enum inittab_action action, const char *tty, const char *command)
{
	struct inittab_entry entry = { .action = action };
	int slot;

	snprintf(entry.tty, sizeof entry.tty, "%s", tty);
	snprintf(entry.command, sizeof entry.command, "%s", command);
	inittab_add(&before.table, &entry, &slot);
}

static void set_up(void)
{
	memset(&before, 0, sizeof before);
	memset(&after, 0, sizeof after);
	lifecycle_begin(&before, 16);
	lifecycle_begin(&after, 16);
	add(INITTAB_SYSINIT, "", "/bin/echo: a:b \\ c");
	add(INITTAB_RESPAWN, "tty1", "/sbin/getty 38400 tty1");
	add(INITTAB_ASKFIRST, "", "-/bin/sh");
	add(INITTAB_SHUTDOWN, "", "echo 'x' >y");
	add(INITTAB_ONCE, "/dev/tty1", "x");
	lifecycle_loaded(&before, true);
}

static void check_same(void)
{
	ck_assert(record_write(&before, text));
	ck_assert(record_read(&after, text));
	ck_assert(record_write(&after, again));
	ck_assert_str_eq(text, again);
}

START_TEST(everything_comes_back)
{
	set_up();
	before.phase = LIFECYCLE_SHUTDOWN;
	before.end = LIFECYCLE_POWER_OFF;
	before.step = 16;
	before.since = 123456;
	before.paused = before.forced = true;
	before.limits.term = 7000;
	lifecycle_spawned(&before, 1, 4242, 99);
	lifecycle_spawned(&before, 3, 4243, 100);
	lifecycle_no_tty(&before, 2, 5000);
	before.programs[3] = (struct lifecycle_program){ .pid = 4244, .since = 77, .until = 30077 };
	before.programs[5] = (struct lifecycle_program){ .pid = 4245, .until = INT64_MAX };
	check_same();
	ck_assert_int_eq(after.programs[3].pid, 4244);
	ck_assert_int_eq((int)after.programs[3].since, 77);
	ck_assert_int_eq((int)after.programs[3].until, 30077);
	ck_assert_int_eq(after.programs[4].pid, 0);
	ck_assert(after.programs[5].until == INT64_MAX);
	ck_assert_int_eq(after.phase, LIFECYCLE_SHUTDOWN);
	ck_assert_int_eq(after.end, LIFECYCLE_POWER_OFF);
	ck_assert_int_eq((int)after.limits.term, 7000);
	ck_assert(after.paused && after.forced && !after.asked);
	ck_assert_int_eq(after.waited, 3);
	ck_assert_int_eq(after.pressed_waited, -1);
	ck_assert_int_eq(after.processes[1].pid, 4242);
	ck_assert_int_eq(after.processes[1].state, LIFECYCLE_RUNNING);
	ck_assert_int_eq(after.processes[2].state, LIFECYCLE_WAITING);
	ck_assert(after.processes[3].until == before.processes[3].until);
	ck_assert_str_eq(after.table.slots[0].entry.command, "/bin/echo: a:b \\ c");
	ck_assert_str_eq(after.table.slots[1].entry.tty, "tty1");
	ck_assert_str_eq(after.table.slots[4].entry.tty, "/dev/tty1");
	ck_assert_int_eq(after.table.used, 5);
}
END_TEST

START_TEST(every_phase_and_end_comes_back)
{
	for (int phase = 0; phase <= LIFECYCLE_POWER; phase++)
		for (int end = 0; end <= LIFECYCLE_REBOOT; end++) {
			set_up();
			before.phase = (enum lifecycle_phase)phase;
			before.end = (enum lifecycle_end)end;
			check_same();
			ck_assert_int_eq((int)after.phase, phase);
			ck_assert_int_eq((int)after.end, end);
		}
}
END_TEST

START_TEST(the_largest_table_fits)
{
	char command[INITTAB_COMMAND_BYTES];

	set_up();
	memset(&before.table, 0, sizeof before.table);
	memset(command, 'x', sizeof command - 1);
	command[sizeof command - 1] = '\0';
	for (int i = 0; i < INITTAB_ENTRIES; i++) {
		command[0] = (char)('a' + i / 16);
		command[1] = (char)('a' + i % 16);
		add(INITTAB_CTRLALTDEL, "a-tty-with-a-very-long-name-abc", command);
		lifecycle_spawned(&before, i, INT32_MAX - i, INT64_MAX / 4 - i);
	}
	check_same();
	ck_assert_int_eq(after.table.used, INITTAB_ENTRIES);
}
END_TEST

START_TEST(what_is_no_record_is_refused)
{
	static const char *const bad[] = { "", "x", "pidone-init 2\nphase run\nend nothing\n",
		"pidone-init 1\n", "pidone-init 1\nphase run\n", "pidone-init 1\nend nothing\n",
		"pidone-init 1\nphase running\nend nothing\n" };

	set_up();
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(!record_read(&after, bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(unknown_and_spoilt_lines_are_left_out)
{
	set_up();
	ck_assert(record_read(&after, "pidone-init 1\nphase run\nnews 1 2 3\nend nothing\n"
		"entry 500 3 1 1 7 0 0 0 0 ::respawn:x\nentry 0 3 1 1\nentry\n"
		"way 1 2\nway -1 0 0 0 0 0\nway 1 99999999999 0 0 0 0\nlimits x\n"
		"program 16 1 1 1\nprogram 1 99999999999 1 1\nprogram 1 2\n"
		"entry 1 3 1 9 7 0 0 0 0 ::respawn:x\nentry 2 3 1 1 7 0 0 0 0 ::nonsense:x\n"
		"entry 3 3 1 1 7 0 0 0 0 ::respawn:good\n"));
	ck_assert_int_eq(after.phase, LIFECYCLE_RUN);
	ck_assert_int_eq(after.table.used, 4);
	ck_assert_int_eq(after.programs[1].pid, 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(after.table.slots[i].listing, INITTAB_FREE);
	ck_assert_str_eq(after.table.slots[3].entry.command, "good");
}
END_TEST

START_TEST(no_time_or_limit_is_taken_that_cannot_be_counted_on_from)
{
	struct lifecycle_limits standard;

	set_up();
	standard = after.limits;
	ck_assert(record_read(&after, "pidone-init 1\nphase shutdown\nend reboot\n"
		"limits 86400001 9223372036854775807 5000000000000000000 86400000 7 0\n"
		"way 3 77 8333333333333333316 0 0 0\nprogram 1 7 9223372036854775806 1\n"
		"program 2 7 1 2305843009213693952\nprogram 3 7 1 9223372036854775807\n"
		"entry 0 3 1 1 7 5000000000000000000 0 0 0 ::respawn:x\n"
		"program 4 7 9223372036854775807 1\nentry 1 3 1 1 7 0 8333333333333333316 0 0 ::respawn:x\n"
		"entry 2 3 1 1 7 0 0 9223372036854775806 0 ::respawn:x\n"
		"entry 3 3 1 1 7 5 9223372036854775807 0 0 ::respawn:good\n"));
	ck_assert(after.limits.step == standard.step && after.limits.entry == standard.entry &&
		after.limits.stop == standard.stop && after.limits.term == 86400000 &&
		after.limits.kill == 7 && after.limits.release == 0);
	ck_assert_int_eq(after.helper, 0);
	ck_assert(after.programs[1].pid == 0 && after.programs[2].pid == 0 && after.programs[3].pid == 7 &&
		after.programs[4].pid == 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(after.table.slots[i].listing, INITTAB_FREE);
	ck_assert_str_eq(after.table.slots[3].entry.command, "good");
}
END_TEST

START_TEST(who_does_not_run_is_not_waited_for)
{
	set_up();
	ck_assert(record_read(&after, "pidone-init 1\nphase wait\nend nothing\n"
		"way 3 0 0 5 128 0\nentry 4 3 1 0 0 0 0 0 0 ::wait:x\n"));
	ck_assert_int_eq(after.waited, -1);
	ck_assert_int_eq(after.pressed_waited, -1);
}
END_TEST

START_TEST(any_spoilt_byte_does_no_harm)
{
	size_t length;

	set_up();
	lifecycle_spawned(&before, 1, 4242, 99);
	ck_assert(record_write(&before, text));
	length = strlen(text);
	for (size_t i = 0; i < length; i++)
		for (int byte = 1; byte < 256; byte += 7) {
			strcpy(again, text);
			again[i] = (char)byte;
			memset(&after, 0, sizeof after);
			lifecycle_begin(&after, 16);
			(void)record_read(&after, again);
			if (after.waited >= INITTAB_ENTRIES || after.table.used > INITTAB_ENTRIES ||
				after.steps != 16)
				ck_abort_msg("byte %zu made %d", i, byte);
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");
	TCase *tests = tcase_create("record");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, everything_comes_back);
	tcase_add_test(tests, every_phase_and_end_comes_back);
	tcase_add_test(tests, the_largest_table_fits);
	tcase_add_test(tests, what_is_no_record_is_refused);
	tcase_add_test(tests, unknown_and_spoilt_lines_are_left_out);
	tcase_add_test(tests, no_time_or_limit_is_taken_that_cannot_be_counted_on_from);
	tcase_add_test(tests, who_does_not_run_is_not_waited_for);
	tcase_add_test(tests, any_spoilt_byte_does_no_harm);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

/* SPDX-License-Identifier: MIT */
/* The timeline of a boot and of a way down, from lines of the kernel's log. */
#include "../../svctl/timeline.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 32

static struct timeline_item items[ROOM];
static struct timeline timeline;

static void begin(void)
{
	timeline_begin(&timeline, items, ROOM);
}

/* As a saved log has them. */
static void read_lines(const char *const *lines)
{
	for (; *lines != NULL; lines++) {
		char line[256];

		strcpy(line, *lines);
		timeline_line(&timeline, line);
	}
}

static const struct timeline_item *find(const char *name, bool down)
{
	for (size_t i = 0; i < timeline.count; i++)
		if (strcmp(timeline.items[i].name, name) == 0 && timeline.items[i].down == down)
			return &timeline.items[i];
	ck_abort_msg("no item %s", name);
}

static void expect(const char *name, bool down, enum timeline_kind kind, int64_t from, int64_t to)
{
	const struct timeline_item *item = find(name, down);

	ck_assert_int_eq(item->kind, kind);
	ck_assert_int_eq(item->begin, from);
	ck_assert_int_eq(item->end, to);
}

static const char *const whole[] = {
	"[    0.000000] Linux version 6.1.192",
	"[    3.300000] Run /sbin/init as init process",
	"[    3.310189] init: boot: dev: already so: options set (1.352 ms)",
	"[    3.312189] init: boot: keymap: skipped: no /etc/keymap.bmap (0.041 ms)",
	"[    3.320000] init: boot: mount: failed: exit status 1 (7.000 ms)",
	"[    3.450000] init: version 0.1, at 3.350000",
	"[    3.451000] init: entry: sysinit: /bin/echo STARTING: done (: started (pid 61)",
	"[    3.453000] init: entry: sysinit: /bin/echo STARTING: done (: done (2 ms)",
	"[    3.453500] init: entry: respawn: /usr/bin/runsvdir /etc/rc.d: started (pid 62)",
	"[    3.454000] init: entry: once: /bin/false: started (pid 63)",
	"[    3.455000] init: entry: once: /bin/false: failed: exit status 1 (1 ms)",
	"[   13.400000] init: down: power off: begins",
	"[   13.410000] init: entry: shutdown: /bin/echo: started (pid 99)",
	"[   13.420000] init: entry: shutdown: /bin/echo: done (10 ms)",
	"[   13.421000] init: down: shutdown: done (21 ms)",
	"[   13.430000] init: entry: respawn: /usr/bin/runsvdir /etc/rc.d: done (9 ms)",
	"[   13.440000] init: down: stop: done (19 ms)",
	"[   13.460000] init: down: release: done (20 ms)",
	"[   13.470000] reboot: Power down",
	NULL,
};

START_TEST(a_boot_and_a_way_down_are_read)
{
	begin();
	read_lines(whole);
	timeline_end(&timeline);
	ck_assert_int_eq(timeline.init, 3300000);
	ck_assert_int_eq(timeline.offset, 100000);
	ck_assert_int_eq(timeline.down, 13400000);
	ck_assert_int_eq(timeline.off, 13470000);
	ck_assert_str_eq(timeline.end, "power off");
	ck_assert_uint_eq(timeline.count, 12);
	ck_assert_uint_eq(timeline.lost, 0);
	expect("dev", false, TIMELINE_STEP, 3310189 - 1352, 3310189);
	expect("keymap", false, TIMELINE_STEP, 3312189 - 41, 3312189);
	expect("sysinit: /bin/echo STARTING: done (", false, TIMELINE_ENTRY, 3451000, 3453000);
	expect("respawn: /usr/bin/runsvdir /etc/rc.d", false, TIMELINE_ENTRY, 3453500, 3453500);
	expect("shutdown", true, TIMELINE_PHASE, 13400000, 13421000);
	expect("shutdown: /bin/echo", true, TIMELINE_ENTRY, 13410000, 13420000);
	expect("stop", true, TIMELINE_PHASE, 13421000, 13440000);
	/* it was told to end when the phase began */
	expect("respawn: /usr/bin/runsvdir /etc/rc.d", true, TIMELINE_ENTRY, 13421000, 13430000);
	expect("power", true, TIMELINE_PHASE, 13460000, 13470000);
	ck_assert_int_eq(timeline_last(&timeline, false), 3455000);
	ck_assert_int_eq(timeline_last(&timeline, true), 13470000);
	ck_assert_int_eq(timeline_up(&timeline), 3455000);
}
END_TEST

START_TEST(what_became_of_it_is_told)
{
	begin();
	read_lines(whole);
	ck_assert_str_eq(find("dev", false)->result, "already so: options set");
	ck_assert(!find("keymap", false)->failed);
	ck_assert(find("mount", false)->failed);
	ck_assert_str_eq(find("mount", false)->result, "failed: exit status 1");
	ck_assert(find("once: /bin/false", false)->failed);
	ck_assert(!find("once: /bin/false", false)->open);
	ck_assert(find("respawn: /usr/bin/runsvdir /etc/rc.d", false)->open);
	ck_assert(!find("respawn: /usr/bin/runsvdir /etc/rc.d", true)->open);
}
END_TEST

START_TEST(a_step_that_is_not_waited_for_is_no_part_of_the_boot)
{
	begin();
	read_lines(whole);
	read_lines((const char *const[]){ "[    9.000000] init: boot: mdev: done (5000.000 ms)", NULL });
	ck_assert_int_eq(timeline_last(&timeline, false), 3455000);
	begin();
	for (int i = 0; i < 9; i++)
		read_lines((const char *const[]){ whole[i], NULL });
	read_lines((const char *const[]){ "[    9.000000] init: boot: mdev: done (5000.000 ms)", NULL });
	ck_assert_int_eq(timeline_last(&timeline, false), 9000000);
	ck_assert_int_eq(timeline_up(&timeline), 3453500);
}
END_TEST

START_TEST(clocks_are_brought_to_that_of_the_log)
{
	/* by CLOCK_MONOTONIC, in µs: it was started at 5 s, and it is 10 s now */
	const int64_t started = 5000000, now = 10000000, booted = 1795943000000000;
	const int64_t sleeps[] = { 0, 3600000000 };

	for (size_t i = 0; i < sizeof sleeps / sizeof sleeps[0]; i++) {
		struct timeline_clocks clocks;

		begin();
		clocks = timeline_clocks(&timeline, now + sleeps[i], booted + now + sleeps[i]);
		ck_assert_int_eq(booted + started + clocks.wall, started);
		ck_assert_int_eq(started + clocks.boot, started);
		read_lines(whole);	/* it is 0.1 s ahead */
		clocks = timeline_clocks(&timeline, now + sleeps[i], booted + now + sleeps[i]);
		ck_assert_int_eq(booted + started + clocks.wall, started + 100000);
		ck_assert_int_eq(started + clocks.boot, started + 100000);
	}
}
END_TEST

START_TEST(items_are_put_in_order)
{
	begin();
	read_lines(whole);
	(void)timeline_add(&timeline, TIMELINE_SERVICE, "late", 3450000);
	timeline.items[timeline.count - 1].down = false;
	timeline_end(&timeline);
	for (size_t i = 1; i < timeline.count; i++) {
		const struct timeline_item *one = &timeline.items[i - 1], *next = one + 1;

		ck_assert(!one->down || next->down);
		if (one->down != next->down)
			continue;
		ck_assert_int_le(one->begin, next->begin);
		if (one->begin == next->begin)
			ck_assert_int_ge(one->end, next->end);
	}
}
END_TEST

START_TEST(the_last_boot_of_several_counts)
{
	begin();
	read_lines(whole);
	read_lines(whole);
	ck_assert_uint_eq(timeline.count, 12);
	read_lines((const char *const[]){ whole[0], whole[1], whole[2], NULL });
	ck_assert_uint_eq(timeline.count, 1);
	ck_assert_int_eq(timeline.down, TIMELINE_UNKNOWN);
	ck_assert_int_eq(timeline.off, TIMELINE_UNKNOWN);
}
END_TEST

START_TEST(lines_are_found_where_logs_have_them)
{
	static const char *const forms[] = {
		"[    1.500000] init: boot: dev: done (1.000 ms)",
		"[    1.500000] init: boot: dev: done (1.000 ms)\r",
		"<6>[    1.500000] init: boot: dev: done (1.000 ms)",
		"[    1.500000][    T1] init: boot: dev: done (1.000 ms)",
		"Jan  1 00:00:01 [x] kern.info kernel: [    1.500000] init: boot: dev: done (1.000 ms)",
	};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		begin();
		read_lines((const char *const[]){ forms[i], NULL });
		ck_assert_msg(timeline.count == 1, "%s", forms[i]);
		expect("dev", false, TIMELINE_STEP, 1499000, 1500000);
		/* the kernel did not say when it executed init */
		timeline_end(&timeline);
		ck_assert_int_eq(timeline.init, 1499000);
	}
}
END_TEST

START_TEST(other_lines_mean_nothing)
{
	static const char *const lines[] = {
		"", "[", "[]", "[ 1.5] init: boot: dev: done (1.000 ms)", "init: boot: dev: done (1.000 ms)",
		"[    1.500000", "[    1.500000] ", "[    1.500000] init: ", "[    1.500000] init: boot: ",
		"[    1.500000] init: boot: dev", "[    1.500000] init: boot: dev: done",
		"[    1.500000] init: boot: dev: done (", "[    1.500000] init: boot: dev: done (1.000",
		"[    1.500000] init: boot: dev: done (1.000 s)", "[    1.500000] init: boot: : (1 ms",
		"[    1.500000] init: boot (1 ms): x", "[    1.500000] init: entry: ",
		"[    1.500000] init: entry: sysinit: /bin/echo", "[    1.500000] init: entry: : done (",
		"[    1.500000] init: down: ", "[    1.500000] init: down: halt", "[    1.500000] init: down: stop: done (1 ms)",
		"[    1.500000] init: version", "[    1.500000] init: version 0.1, at x",
		"[    1.500000] reboot: Power down", "[    1.500000] uninit: boot: dev: done (1.000 ms)",
		"[99999999999999999999.500000] init: boot: dev: done (1.000 ms)",
		"[    1.500000] init: boot: dev: done (99999999999999999999.000 ms)",
		NULL,
	};

	begin();
	read_lines(lines);
	for (size_t i = 0; i < timeline.count; i++)
		ck_abort_msg("made of nothing: %s", timeline.items[i].name);
	ck_assert_int_eq(timeline.down, TIMELINE_UNKNOWN);
	ck_assert_int_eq(timeline.offset, TIMELINE_UNKNOWN);
	timeline_end(&timeline);
	ck_assert_int_eq(timeline.init, TIMELINE_UNKNOWN);
}
END_TEST

START_TEST(what_finds_no_room_is_counted)
{
	begin();
	for (int i = 0; i < ROOM + 5; i++) {
		char line[80];

		sprintf(line, "[    1.%06d] init: boot: step%d: done (0.001 ms)", i, i);
		timeline_line(&timeline, line);
	}
	ck_assert_uint_eq(timeline.count, ROOM);
	ck_assert_uint_eq(timeline.lost, 5);
	/* entries and phases find none, either; the way down is known all the same */
	timeline_begin(&timeline, items, 1);
	read_lines(whole);
	ck_assert_uint_eq(timeline.count, 1);
	ck_assert_uint_gt(timeline.lost, 0);
	ck_assert_int_eq(timeline.down, 13400000);
}
END_TEST

START_TEST(long_names_are_cut)
{
	char line[600], name[200];

	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	begin();
	sprintf(line, "[    1.500000] init: entry: once: %s: failed: %s (1 ms)", name, name);
	timeline_line(&timeline, line);
	ck_assert_uint_eq(timeline.count, 1);
	ck_assert_uint_eq(strlen(items[0].name), sizeof items[0].name - 1);
	ck_assert_uint_eq(strlen(items[0].result), sizeof items[0].result - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timeline");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, a_boot_and_a_way_down_are_read);
	tcase_add_test(all, what_became_of_it_is_told);
	tcase_add_test(all, a_step_that_is_not_waited_for_is_no_part_of_the_boot);
	tcase_add_test(all, clocks_are_brought_to_that_of_the_log);
	tcase_add_test(all, items_are_put_in_order);
	tcase_add_test(all, the_last_boot_of_several_counts);
	tcase_add_test(all, lines_are_found_where_logs_have_them);
	tcase_add_test(all, other_lines_mean_nothing);
	tcase_add_test(all, what_finds_no_room_is_counted);
	tcase_add_test(all, long_names_are_cut);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/* The sentences about a service that is down, from records as monitors write them:
 * those, too, that are on record for a moment only. */
#include "../../svctl/cause.h"

#include "../../libsv/monitor.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define NOW 100000		/* ms */
#define WALL 1700000000

static struct facts facts;

/* Of a service that is down and wanted up, and in STATE. */
static void begin(enum monitor_state state)
{
	memset(&facts, 0, sizeof facts);
	facts.answer = SERVICE_YES;
	facts.record.is_ours = true;
	facts.record.status.state = STATUS_DOWN;
	facts.record.status.want = STATUS_WANT_UP;
	facts.record.status.changed.tv_sec = WALL - 75;
	facts.record.memory.state = (uint8_t)state;
	facts.record.memory.want = MONITOR_WANT_UP;
}

static void expect(const char *name, const char *sentence)
{
	const struct cause_case given = { .name = "web", .directory = -1, .facts = &facts, .wall = WALL,
		.now = NOW };
	char text[CAUSE_BYTES];

	cause_tell(&given, text);
	ck_assert_str_eq(text, sentence);
	ck_assert_str_eq(cause_name(cause_find(&given)), name);
}

START_TEST(a_start_is_held_back)
{
	struct status_memory *memory = &facts.record.memory;

	begin(MONITOR_THROTTLED);
	memory->earliest = NOW + 40;
	expect("throttled", "about to be started");
	memory->starts = 1;
	memory->last_status = 3 << 8;
	expect("throttled", "throttled for 0.1 s more: it ended with exit 3 less than a second after its start");
	memory->earliest = NOW - 1;
	expect("throttled", "throttled for 0.0 s more: it ended with exit 3 less than a second after its start");
	memory->last_status = 9;
	memory->earliest = NOW + 1000;
	expect("throttled", "throttled for 1.0 s more: it ended with signal KILL less than a second after its start");
	begin(MONITOR_STARTING);
	expect("starting", "about to be started; if that lasts, its supervisor can make no process for "
		"it, and tries again every 1 s");
}
END_TEST

START_TEST(it_is_wanted_down)
{
	begin(MONITOR_DOWN);
	facts.record.status.want = STATUS_WANT_DOWN;
	facts.record.memory.want = MONITOR_WANT_DOWN;
	expect("wanted-down", "want down since 1m15s: svctl start web");
	facts.record.memory.starts = 1;
	expect("wanted-down", "want down since 1m15s, after it ended with exit 0: svctl start web");
	facts.record.memory.want = MONITOR_WANT_ONCE;
	expect("ran-once", "it was to run once, and ended with exit 0 1m15s ago: svctl start web");
	facts.record.memory.failed = true;
	expect("failed", "failed: it ended with exit 0, and its finish said not to start it again; "
		"it stays down until svctl start web");
}
END_TEST

START_TEST(it_cannot_be_known)
{
	begin(MONITOR_DOWN);
	facts.record.is_ours = false;
	expect("between-starts", "it is wanted up, and its supervisor has not started it yet");
	facts.answer = SERVICE_UNSUPERVISED;
	expect("unsupervised", "nobody supervises it");
	facts.answer = SERVICE_PROBLEM;
	facts.problem = (struct service_problem){ "unable to read supervise/status: bad format", 0 };
	expect("unreadable", "unable to read supervise/status: bad format");
}
END_TEST

START_TEST(what_is_wanted_has_a_word)
{
	static const struct {
		enum monitor_want want;
		const char *word;
	} cases[] = {
		{ MONITOR_WANT_UP, "up" }, { MONITOR_WANT_ONCE, "once" }, { MONITOR_WANT_DOWN, "down" },
		{ MONITOR_WANT_EXIT, "exit" },
	};

	begin(MONITOR_DOWN);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		facts.record.memory.want = (uint8_t)cases[i].want;
		ck_assert_str_eq(facts_want(&facts), cases[i].word);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cause");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, a_start_is_held_back);
	tcase_add_test(all, it_is_wanted_down);
	tcase_add_test(all, it_cannot_be_known);
	tcase_add_test(all, what_is_wanted_has_a_word);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/* sv's line, the goals of its commands, and lengths of time. */
#include "../../svctl/duration.h"
#include "../../svctl/goal.h"
#include "../../svctl/reason.h"
#include "../../svctl/report.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1700000000

static const struct {
	struct status status;
	bool normally_up;
	const char *line;
} lines[] = {
	{ { .changed.tv_sec = NOW - 5, .pid = 7, .state = STATUS_RUN }, true, "run: web: (pid 7) 5s" },
	{ { .changed.tv_sec = NOW, .pid = 7, .state = STATUS_RUN }, false,
		"run: web: (pid 7) 0s, normally down" },
	{ { .changed.tv_sec = NOW - 9, .pid = 7, .state = STATUS_RUN, .paused = true,
		.want = STATUS_WANT_DOWN, .got_term = true }, false,
		"run: web: (pid 7) 9s, normally down, paused, want down, got TERM" },
	{ { .changed.tv_sec = NOW - 9, .pid = 7, .state = STATUS_RUN, .want = STATUS_WANT_EXIT }, true,
		"run: web: (pid 7) 9s, want down" },
	{ { .changed.tv_sec = NOW - 2, .pid = INT_MAX, .state = STATUS_FINISH }, true,
		"finish: web: (pid 2147483647) 2s" },
	{ { .changed.tv_sec = NOW - 2, .pid = 8, .state = STATUS_FINISH, .want = STATUS_WANT_DOWN },
		false, "finish: web: (pid 8) 2s, normally down, want down" },
	{ { .changed.tv_sec = NOW - 1, .want = STATUS_WANT_DOWN }, true,
		"down: web: 1s, normally up" },
	{ { .changed.tv_sec = NOW - 1, .want = STATUS_WANT_DOWN }, false, "down: web: 1s" },
	{ { .changed.tv_sec = NOW - 1, .want = STATUS_WANT_UP }, true,
		"down: web: 1s, normally up, want up" },
	{ { .changed.tv_sec = NOW - 1, .want = STATUS_WANT_UP }, false, "down: web: 1s, want up" },
	/* paused and TERM say something of a process only */
	{ { .changed.tv_sec = NOW - 1, .want = STATUS_WANT_DOWN, .paused = true, .got_term = true },
		false, "down: web: 1s" },
	/* a clock that was set back */
	{ { .changed.tv_sec = NOW + 100, .pid = 7, .state = STATUS_RUN }, true,
		"run: web: (pid 7) 0s" },
	{ { .changed.tv_sec = 0, .pid = 7, .state = STATUS_RUN }, true,
		"run: web: (pid 7) 1700000000s" },
};

START_TEST(lines_are_svs)
{
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char text[REPORT_BYTES + 4];

		ck_assert_uint_eq(report_line(text, sizeof text, "web", &lines[i].status,
			lines[i].normally_up, NOW), strlen(lines[i].line));
		ck_assert_str_eq(text, lines[i].line);
	}
}
END_TEST

START_TEST(lines_are_cut_at_every_size)
{
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		for (size_t size = 0; size < 100; size++) {
			size_t whole = strlen(lines[i].line);
			size_t fits = size == 0 ? 0 : whole < size ? whole : size - 1;
			char text[101];

			memset(text, 0x5a, sizeof text);
			ck_assert_uint_eq(report_line(text, size, "web", &lines[i].status,
				lines[i].normally_up, NOW), fits);
			ck_assert_mem_eq(text, lines[i].line, fits);
			ck_assert_int_eq(text[size], 0x5a);
		}
}
END_TEST

START_TEST(the_longest_line_fits)
{
	static const struct status longest = {
		.changed.tv_sec = 0, .pid = INT_MAX, .paused = true, .got_term = true,
		.want = STATUS_WANT_DOWN, .state = STATUS_FINISH,
	};
	char text[2 * REPORT_BYTES];

	ck_assert_uint_lt(report_line(text, sizeof text, "", &longest, false, (time_t)INT64_MAX),
		REPORT_BYTES);
}
END_TEST

START_TEST(reasons_are_svs)
{
	ck_assert_str_eq(reason_text(ENOENT), "file does not exist");
	ck_assert_str_eq(reason_text(EACCES), "access denied");
	ck_assert_str_eq(reason_text(EPERM), "permission denied");
	ck_assert_str_eq(reason_text(EDOM), strerror(EDOM));
	for (int error = -1; error < 200; error++)
		ck_assert_str_ne(reason_text(error), "");
}
END_TEST

static const struct status down = { .want = STATUS_WANT_DOWN };
static const struct status wants_up = { .want = STATUS_WANT_UP };
static const struct status up = { .pid = 7, .state = STATUS_RUN };
static const struct status once = { .pid = 7, .state = STATUS_RUN, .want = STATUS_WANT_DOWN };
static const struct status paused = { .pid = 7, .state = STATUS_RUN, .paused = true };
static const struct status stopping = {
	.pid = 7, .state = STATUS_RUN, .want = STATUS_WANT_DOWN, .got_term = true,
};
static const struct status finishing = {
	.pid = 8, .state = STATUS_FINISH, .want = STATUS_WANT_DOWN, .changed.tv_sec = 1,
};
static const struct status up_anew = { .pid = 9, .state = STATUS_RUN, .changed.tv_nsec = 1 };
static const struct status up_anew_term = {
	.pid = 9, .state = STATUS_RUN, .changed.tv_nsec = 1, .got_term = true,
};
static const struct status down_anew = { .want = STATUS_WANT_DOWN, .changed.tv_sec = 1 };

START_TEST(goals)
{
	enum { NO = GOAL_MISSED, YES = GOAL_REACHED, ASK = GOAL_REACHED_IF_CHECKED };
	static const struct {
		enum goal goal;
		/* having been up before: gone, down, down but wants up, up, up with
		 * want down, paused, TERM sent, finish, up anew, that with TERM sent,
		 * down since */
		int verdicts[11];
	} cases[] = {
		{ GOAL_NONE,         { NO, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES } },
		{ GOAL_HEARD,        { NO, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES } },
		{ GOAL_UP,           { NO, NO, NO, ASK, NO, ASK, NO, NO, ASK, ASK, NO } },
		{ GOAL_DOWN,         { NO, YES, NO, NO, NO, NO, NO, NO, NO, NO, YES } },
		{ GOAL_ONCE,         { NO, NO, NO, NO, YES, NO, YES, YES, NO, NO, YES } },
		{ GOAL_PAUSED,       { NO, YES, YES, NO, NO, YES, NO, NO, NO, NO, YES } },
		{ GOAL_CONTINUED,    { NO, YES, YES, YES, YES, NO, YES, YES, YES, YES, YES } },
		{ GOAL_RESTARTED,    { NO, YES, NO, NO, NO, NO, NO, NO, ASK, NO, YES } },
		{ GOAL_RESTARTED_UP, { NO, NO, NO, NO, NO, NO, NO, NO, ASK, NO, NO } },
		{ GOAL_WANTED,       { NO, YES, NO, ASK, NO, ASK, NO, NO, ASK, ASK, YES } },
		{ GOAL_GONE,         { YES, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO } },
		{ GOAL_RUNS,         { NO, NO, NO, ASK, ASK, ASK, ASK, NO, ASK, ASK, NO } },
		{ GOAL_RESTS,        { NO, YES, NO, NO, NO, NO, NO, NO, NO, NO, YES } },
		{ GOAL_READY,        { NO, NO, NO, ASK, ASK, ASK, ASK, NO, ASK, ASK, NO } },
	};
	static const struct status *const now[] = {
		NULL, &down, &wants_up, &up, &once, &paused, &stopping, &finishing, &up_anew,
		&up_anew_term, &down_anew,
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t j = 0; j < sizeof now / sizeof now[0]; j++)
			ck_assert_msg((int)goal_judge(cases[i].goal, &up, now[j], true) ==
				cases[i].verdicts[j], "goal %zu, record %zu", i, j);
}
END_TEST

START_TEST(durations_are_read)
{
	static const struct { const char *text; int64_t ms; } good[] = {
		{ "0", 0 }, { "7", 7000 }, { "007", 7000 }, { "1.5", 1500 }, { ".5", 500 }, { "0.25", 250 },
		{ "0.001", 1 }, { "0.0009", 0 }, { "3.", 3000 }, { "2.999999999999999999999", 2999 },
		{ "9223372036854769", DURATION_MOST_MS },
	};
	static const char *const bad[] = {
		"", ".", "-1", "+1", " 1", "1 ", "1s", "1.5.", "1..5", "1,5", "x", "0x1", "1e3", "inf",
		"9223372036854776", "99999999999999999999999999",
	};
	int64_t ms;

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		ck_assert_msg(duration_parse(good[i].text, &ms), "%s", good[i].text);
		ck_assert_int_eq(ms, good[i].ms);
	}
	ms = 7;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(!duration_parse(bad[i], &ms), "«%s»", bad[i]);
	ck_assert_int_eq(ms, 7);
}
END_TEST

START_TEST(durations_are_written)
{
	static const struct { int64_t seconds; const char *text; } cases[] = {
		{ INT64_MIN, "0s" }, { -1, "0s" }, { 0, "0s" }, { 59, "59s" }, { 60, "1m00s" },
		{ 3599, "59m59s" }, { 3600, "1h00m" }, { 86399, "23h59m" }, { 86400, "1d00h" },
		{ 400 * 86400 + 7200, "400d02h" }, { INT64_MAX, "106751991167300d15h" },
	};
	char text[DURATION_TEXT_BYTES];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_uint_eq(duration_format(cases[i].seconds, text), strlen(cases[i].text));
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, lines_are_svs);
	tcase_add_test(all, lines_are_cut_at_every_size);
	tcase_add_test(all, the_longest_line_fits);
	tcase_add_test(all, reasons_are_svs);
	tcase_add_test(all, goals);
	tcase_add_test(all, durations_are_read);
	tcase_add_test(all, durations_are_written);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

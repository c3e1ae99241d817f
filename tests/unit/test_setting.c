/* SPDX-License-Identifier: MIT */
/* The option files of a service directory: their names and what they take. */
#include "../../libsv/setting.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

static const struct {
	const char *name, *text;
	int64_t value;		/* -1: it is none */
} cases[] = {
	{ "timeout-control", "0", 0 }, { "timeout-control", "86400000", 86400000 },
	{ "timeout-control", "86400001", -1 }, { "timeout-finish", "5000", 5000 },
	{ "timeout-finish", "5s", -1 }, { "timeout-kill", "-1", -1 }, { "timeout-kill", "", -1 },
	{ "timeout-kill", "1e3", -1 }, { "timeout-kill", "99999999999999999999", -1 },
	{ "down-signal", "INT", SIGINT }, { "down-signal", "sigusr1", SIGUSR1 },
	{ "down-signal", "15", SIGTERM }, { "down-signal", "0", -1 }, { "down-signal", "TREM", -1 },
	{ "down-signal", "", -1 }, { "down-signal", "1000", -1 }, { "reload-signal", "HUP", SIGHUP },
	{ "reload-signal", "HUP ", -1 }, { "max-death-tally", "5", 5 },
	{ "max-death-tally", "five", -1 }, { "max-death-tally", "60", 60 },
	{ "max-death-tally", "61", -1 }, { "notification-fd", "3", 3 },
	{ "notification-fd", "1023", 1023 }, { "notification-fd", "1024", -1 },
};

static int find(const char *name)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		if (strcmp(setting_name((enum setting)i), name) == 0)
			return i;
	ck_abort_msg("%s is in the table", name);
	return -1;
}

START_TEST(values_are_taken_or_refused)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t value = -7;
		bool taken = setting_parse((enum setting)find(cases[i].name), cases[i].text, &value);

		ck_assert_msg(taken == (cases[i].value >= 0), "%s: «%s»", cases[i].name, cases[i].text);
		ck_assert_int_eq(value, taken ? cases[i].value : -7);
	}
}
END_TEST

START_TEST(each_says_what_it_takes)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		ck_assert_str_ne(setting_name((enum setting)i), "");
		ck_assert_int_eq(find(setting_name((enum setting)i)), i);
		ck_assert_str_ne(setting_expects((enum setting)i), "");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("setting");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, values_are_taken_or_refused);
	tcase_add_test(all, each_says_what_it_takes);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

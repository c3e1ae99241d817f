/* SPDX-License-Identifier: MIT */
/* Names of files in a service directory. */
#include "../../svctl/known.h"

#include <check.h>
#include <stdlib.h>

START_TEST(names_are_told_apart)
{
	static const struct {
		const char *name;
		enum known known;
	} cases[] = {
		{ "run", KNOWN_OURS }, { "finish", KNOWN_OURS }, { "supervise", KNOWN_OURS },
		{ "timeout-control", KNOWN_OURS }, { "notification-fd", KNOWN_OURS },
		{ "env", KNOWN_CUSTOM }, { "timeout-up", KNOWN_ELSEWHERE }, { "lock-fd", KNOWN_ELSEWHERE },
		{ "run~", KNOWN_COPY }, { "run.old", KNOWN_COPY }, { "down-signal.bak", KNOWN_COPY },
		{ "#run#", KNOWN_COPY }, { "runs", KNOWN_NOT }, { "Run", KNOWN_NOT }, { "", KNOWN_NOT },
		{ "notificaton-fd", KNOWN_NOT }, { "readme", KNOWN_NOT },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(known_is(cases[i].name) == cases[i].known, "«%s»", cases[i].name);
}
END_TEST

START_TEST(the_nearest_is_found)
{
	static const struct {
		const char *name, *nearest;
	} cases[] = {
		{ "notificaton-fd", "notification-fd" }, { "notification_fd", "notification-fd" },
		{ "notify-fd", NULL }, { "timout-kill", "timeout-kill" }, { "timeout-kil", "timeout-kill" },
		{ "down-singal", "down-signal" }, { "max-death-tallly", "max-death-tally" }, { "Run", "run" },
		{ "rn", "run" }, { "finsh", "finish" }, { "dwon", "down" }, { "logs", "log" },
		{ "chekc", "check" }, { "readme", NULL }, { "config", NULL }, { "web.conf", NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *nearest = known_nearest(cases[i].name);

		if (cases[i].nearest == NULL)
			ck_assert_msg(nearest == NULL, "«%s»: %s", cases[i].name, nearest);
		else
			ck_assert_msg(nearest != NULL && strcmp(nearest, cases[i].nearest) == 0,
				"«%s»: %s", cases[i].name, nearest != NULL ? nearest : "none");
	}
}
END_TEST

START_TEST(copies_are_of_one)
{
	ck_assert(known_is_copy_of("t~", "t") && known_is_copy_of("t.old", "t"));
	ck_assert(!known_is_copy_of("t", "t") && !known_is_copy_of("tt", "t") && !known_is_copy_of("d~", "t"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("known");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, names_are_told_apart);
	tcase_add_test(all, the_nearest_is_found);
	tcase_add_test(all, copies_are_of_one);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

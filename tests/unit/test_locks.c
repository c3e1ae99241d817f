/* SPDX-License-Identifier: MIT */
/* Lines of /proc/locks. */
#include "../../svctl/locks.h"

#include <check.h>
#include <stdlib.h>

START_TEST(a_flock_is_read)
{
	struct lock lock = { 0 };

	ck_assert(locks_parse("12: FLOCK  ADVISORY  WRITE 71 fe:0a:1234567 0 EOF", &lock));
	ck_assert_uint_eq(lock.major, 0xfe);
	ck_assert_uint_eq(lock.minor, 0x0a);
	ck_assert_uint_eq(lock.inode, 1234567);
	ck_assert_int_eq(lock.holder, 71);
}
END_TEST

START_TEST(all_else_is_not)
{
	static const char *const lines[] = {
		"", " ", "1:", "1: FLOCK", "1: FLOCK ADVISORY WRITE 71", "1: FLOCK ADVISORY WRITE 71 ",
		"1: POSIX  ADVISORY  WRITE 71 08:01:5 0 EOF",
		"1: -> FLOCK  ADVISORY  WRITE 71 08:01:5 0 EOF",	/* waits for it */
		"1: FLOCK  ADVISORY  WRITE 0 08:01:5 0 EOF",		/* of another namespace */
		"1: FLOCK  ADVISORY  WRITE -1 08:01:5 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 99999999999 08:01:5 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 71 <none>:0 EOF",
		"1: FLOCK  ADVISORY  WRITE 71 08:5 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 71 :01:5 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 71 08:0g:5 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 71 08:01: 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 71 123456789:01:5 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 71 08:01:99999999999999999999999 0 EOF",
	};
	struct lock lock;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		ck_assert_msg(!locks_parse(lines[i], &lock), "«%s»", lines[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("locks");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, a_flock_is_read);
	tcase_add_test(all, all_else_is_not);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/* A file that is replaced, against what rename(2) promises: whole for whoever reads
 * it, nothing left beside it, and nothing harmed that is not a file. */
#include "../../libsv/files.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char template[] = "/tmp/pidone.files.XXXXXX";
static char path[sizeof template];
static int directory;

static void make(void)
{
	memcpy(path, template, sizeof template);
	ck_assert_ptr_nonnull(mkdtemp(path));
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(directory, 0);
}

static void end(void)
{
	(void)unlinkat(directory, "a", 0);
	(void)unlinkat(directory, "a", AT_REMOVEDIR);
	(void)unlinkat(directory, "target", 0);
	(void)unlinkat(directory, "a.new", 0);
	ck_assert_int_eq(close(directory), 0);
	ck_assert_int_eq(rmdir(path), 0);	/* and so nothing else was left */
}

static void replace(const char *text)
{
	ck_assert(files_replace(directory, "a", "a.new", text, strlen(text)));
}

static void holds(const char *name, const char *text)
{
	char buffer[100];

	ck_assert_int_eq(files_read(directory, name, buffer, sizeof buffer), (ssize_t)strlen(text));
	ck_assert_str_eq(buffer, text);
}

static bool there(const char *name)
{
	struct stat facts;

	return fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW) == 0;
}

/* "a" leads to what is not ours. */
static void link_to_others(void)
{
	ck_assert(files_replace(directory, "target", "a.new", "of others", 9));
	ck_assert_int_eq(symlinkat("target", directory, "a"), 0);
}

static void is_ours_and_no_link(void)
{
	holds("a", "ours");
	holds("target", "of others");
	ck_assert(!there("a.new"));
}

START_TEST(one_holds_what_came_last)
{
	replace("first");
	holds("a", "first");
	replace("2");
	holds("a", "2");
	replace("the third");
	holds("a", "the third");
	ck_assert(!there("a.new"));
}
END_TEST

START_TEST(who_has_it_open_reads_the_old_one)
{
	char buffer[100] = "";
	int old;

	replace("first");
	old = openat(directory, "a", O_RDONLY | O_CLOEXEC);
	replace("second");
	replace("third");
	ck_assert_int_eq(read(old, buffer, sizeof buffer - 1), 5);
	ck_assert_str_eq(buffer, "first");
	ck_assert_int_eq(close(old), 0);
}
END_TEST

START_TEST(what_a_kill_left_is_in_nobodys_way)
{
	ck_assert(files_replace(directory, "a.new", "a", "longer than what comes", 22));
	replace("first");
	holds("a", "first");
	ck_assert(!there("a.new"));
}
END_TEST

START_TEST(a_link_is_replaced_not_followed)
{
	link_to_others();
	replace("ours");
	is_ours_and_no_link();
}
END_TEST

START_TEST(no_link_leads_to_what_is_of_others)
{
	link_to_others();
	errno = 0;
	ck_assert(!files_overwrite(directory, "a", "ours", 4));
	ck_assert_int_eq(errno, ELOOP);
	ck_assert_int_eq(symlinkat("target", directory, "a.new"), 0);
	replace("ours");
	is_ours_and_no_link();
}
END_TEST

START_TEST(no_other_name_leads_to_what_is_of_others)
{
	replace("first");
	ck_assert_int_eq(linkat(directory, "a", directory, "target", 0), 0);
	errno = 0;
	ck_assert(!files_overwrite(directory, "a", "FI", 2));
	ck_assert_int_eq(errno, EMLINK);
	holds("target", "first");
	replace("ours");
	holds("a", "ours");
	holds("target", "first");
}
END_TEST

START_TEST(what_is_written_over_keeps_what_stood_behind)
{
	replace("first");
	ck_assert(files_overwrite(directory, "a", "FI", 2));
	holds("a", "FIrst");
	ck_assert(!files_overwrite(directory, "target", "FI", 2));
	ck_assert(!there("target"));
}
END_TEST

START_TEST(one_is_made_whatever_is_there)
{
	ck_assert(files_make(directory, "a", "a.new", "first", 5));
	holds("a", "first");
	ck_assert(files_make(directory, "a", "a.new", "2", 1));
	holds("a", "2");
	ck_assert_int_eq(unlinkat(directory, "a", 0), 0);
	link_to_others();
	ck_assert(files_make(directory, "a", "a.new", "ours", 4));
	is_ours_and_no_link();
	ck_assert_int_eq(unlinkat(directory, "a", 0), 0);
	ck_assert_int_eq(mkdirat(directory, "a", 0755), 0);
	errno = 0;
	ck_assert(!files_make(directory, "a", "a.new", "text", 4));
	ck_assert_int_eq(errno, EISDIR);
	ck_assert(!there("a.new"));
}
END_TEST

START_TEST(a_directory_stays)
{
	ck_assert_int_eq(mkdirat(directory, "a", 0755), 0);
	errno = 0;
	ck_assert(!files_replace(directory, "a", "a.new", "text", 4));
	ck_assert_int_eq(errno, EISDIR);
	ck_assert_int_eq(unlinkat(directory, "a", AT_REMOVEDIR), 0);
	ck_assert(!there("a.new"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("files");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, make, end);
	tcase_add_test(all, one_holds_what_came_last);
	tcase_add_test(all, who_has_it_open_reads_the_old_one);
	tcase_add_test(all, what_a_kill_left_is_in_nobodys_way);
	tcase_add_test(all, a_link_is_replaced_not_followed);
	tcase_add_test(all, no_link_leads_to_what_is_of_others);
	tcase_add_test(all, no_other_name_leads_to_what_is_of_others);
	tcase_add_test(all, what_is_written_over_keeps_what_stood_behind);
	tcase_add_test(all, one_is_made_whatever_is_there);
	tcase_add_test(all, a_directory_stays);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

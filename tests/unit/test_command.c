/* SPDX-License-Identifier: MIT */
/* The table of control letters, and the names of signals. */
#include "../../libsv/command.h"
#include "../../libsv/signals.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What runsv takes (runsv(8)), by hand. */
static const struct { char letter; int signal; } letters[] = {
	{ 'u', 0 }, { 'd', 0 }, { 'o', 0 }, { 'x', 0 }, { 't', SIGTERM }, { 'k', SIGKILL },
	{ 'p', SIGSTOP }, { 'c', SIGCONT }, { 'h', SIGHUP }, { 'a', SIGALRM }, { 'i', SIGINT },
	{ 'q', SIGQUIT }, { '1', SIGUSR1 }, { '2', SIGUSR2 },
};

START_TEST(letters_are_runsvs_and_no_others)
{
	size_t found = 0;

	for (int letter = -128; letter < 256; letter++)
		found += command_find((char)letter) != NULL && letter >= 0 && letter < 128;
	ck_assert_uint_eq(found, sizeof letters / sizeof letters[0]);
	ck_assert_uint_eq(found, command_count);
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
		const struct command *command = command_find(letters[i].letter);

		ck_assert_ptr_nonnull(command);
		ck_assert_int_eq(command->letter, letters[i].letter);
		ck_assert_int_eq(command->signal, letters[i].signal);
	}
	ck_assert_ptr_null(command_find('\0'));
}
END_TEST

START_TEST(rows_are_whole_and_different)
{
	for (size_t i = 0; i < command_count; i++) {
		const struct command *row = &command_table[i];

		ck_assert_str_ne(row->name, "");
		ck_assert_str_ne(row->help, "");
		/* sv's word begins with the letter, or, for exit, holds it */
		ck_assert_ptr_nonnull(strchr(row->name, row->letter));
		for (size_t j = 0; j < i; j++) {
			ck_assert_int_ne(row->letter, command_table[j].letter);
			ck_assert_str_ne(row->name, command_table[j].name);
		}
	}
}
END_TEST

START_TEST(help_names_the_signal)
{
	char help[32];

	for (size_t i = 0; i < command_count; i++)
		if (command_table[i].signal != 0) {
			snprintf(help, sizeof help, "send %s", signals_name(command_table[i].signal));
			ck_assert_str_eq(command_table[i].help, help);
		}
}
END_TEST

START_TEST(every_signal_has_a_name_that_is_found)
{
	char text[16];

	for (int number = 1; number < 32; number++) {
		const char *name = signals_name(number);

		ck_assert_msg(strcmp(name, "?") != 0, "signal %d", number);
		ck_assert_int_eq(signals_number(name), number);
		snprintf(text, sizeof text, "SIG%s", name);
		ck_assert_int_eq(signals_number(text), number);
		for (char *at = text; *at != '\0'; at++)
			*at = (char)tolower(*at);
		ck_assert_int_eq(signals_number(text), number);
		ck_assert_int_eq(signals_number(text + 3), number);
	}
	for (int number = 1; number < NSIG; number++) {
		snprintf(text, sizeof text, "%d", number);
		ck_assert_int_eq(signals_number(text), number);
	}
}
END_TEST

START_TEST(what_is_no_signal_is_none)
{
	static const char *const names[] = {
		"", "SIG", "SIGSIG", "SIGSIGTERM", "TER", "TERMS", " TERM", "TERM ", "0", "-1", "+9", "15 ",
		"SIG15", "?", "65", "99999999999999999999",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		ck_assert_msg(signals_number(names[i]) == -1, "«%s»", names[i]);
	ck_assert_str_eq(signals_name(0), "?");
	ck_assert_str_eq(signals_name(-1), "?");
	ck_assert_str_eq(signals_name(NSIG), "?");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("command");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, letters_are_runsvs_and_no_others);
	tcase_add_test(all, rows_are_whole_and_different);
	tcase_add_test(all, help_names_the_signal);
	tcase_add_test(all, every_signal_has_a_name_that_is_found);
	tcase_add_test(all, what_is_no_signal_is_none);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

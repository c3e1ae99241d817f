/* SPDX-License-Identifier: MIT */
/* sv's words: each of sv(8)'s commands, by hand, and the shape of the table. */
#include "../../svctl/words.h"
#include "../../libsv/command.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { LAZY = 0, WAITS = 1, KILLS = 3 };

static const struct {
	const char *text, *name, *send;
	int how;
} cases[] = {
	{ "status", "status", "", LAZY }, { "s", "status", "", LAZY }, { "sing", "status", "", LAZY },
	{ "up", "up", "u", LAZY }, { "u", "up", "u", LAZY }, { "upwards", "up", "u", LAZY },
	{ "down", "down", "d", LAZY }, { "once", "once", "o", LAZY },
	{ "pause", "pause", "p", LAZY }, { "cont", "cont", "c", LAZY }, { "chec", "cont", "c", LAZY },
	{ "hup", "hup", "h", LAZY }, { "alarm", "alarm", "a", LAZY },
	{ "interrupt", "interrupt", "i", LAZY }, { "quit", "quit", "q", LAZY },
	{ "1", "1", "1", LAZY }, { "2", "2", "2", LAZY }, { "22", "2", "2", LAZY },
	{ "term", "term", "t", LAZY }, { "try", "term", "t", LAZY }, { "kill", "kill", "k", LAZY },
	{ "exit", "exit", "x", LAZY }, { "e", "exit", "x", LAZY }, { "x", "exit", "x", LAZY },
	{ "start", "start", "u", WAITS }, { "stop", "stop", "d", WAITS },
	{ "starting", "status", "", LAZY }, { "shutdown", "shutdown", "x", WAITS },
	{ "restart", "restart", "tcu", WAITS }, { "try-restart", "try-restart", "tc", WAITS },
	{ "reload", "reload", "h", WAITS }, { "check", "check", "", WAITS },
	{ "force-stop", "force-stop", "d", KILLS }, { "D", "force-stop", "d", KILLS },
	{ "force-reload", "force-reload", "tc", KILLS }, { "T", "force-reload", "tc", KILLS },
	{ "force-restart", "force-restart", "tcu", KILLS },
	{ "force-shutdown", "force-shutdown", "x", KILLS }, { "X", "force-shutdown", "x", KILLS },
	{ "Exit", "force-shutdown", "x", KILLS },
};

START_TEST(words_are_svs)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct word *word = word_find(cases[i].text);

		ck_assert_msg(word != NULL, "%s", cases[i].text);
		ck_assert_str_eq(word->name, cases[i].name);
		ck_assert_str_eq(word->send, cases[i].send);
		ck_assert_int_eq(word->waits, cases[i].how != LAZY);
		ck_assert_int_eq(word->kills, cases[i].how == KILLS);
	}
}
END_TEST

START_TEST(what_is_no_word_is_none)
{
	static const char *const texts[] = {
		"", " ", "r", "rest", "restarts", "f", "force", "force-", "force-stop ", "3", "-", "S", "U",
		"b", "g", "j", "l", "m", "n", "v", "w", "y", "z", "\xff",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ck_assert_msg(word_find(texts[i]) == NULL, "«%s»", texts[i]);
}
END_TEST

START_TEST(rows_are_whole_and_different)
{
	for (size_t i = 0; i < word_count; i++) {
		const struct word *word = &word_table[i];

		ck_assert_ptr_eq(word_find(word->name), word);
		ck_assert_str_ne(word_help(word), "");
		ck_assert(word->waits || !word->kills);
		ck_assert(word->goal != GOAL_NONE || !word->waits);
		for (const char *letter = word->send; *letter != '\0'; letter++)
			ck_assert_ptr_nonnull(command_find(*letter));
		/* a letter means one row, in whatever order they stand */
		for (size_t j = 0; j < i; j++)
			for (const char *initial = word->initials; *initial != '\0'; initial++)
				ck_assert_ptr_null(strchr(word_table[j].initials, *initial));
	}
}
END_TEST

/* A letter and sv's word for it are in two tables: they must agree. */
START_TEST(every_letter_has_a_word)
{
	for (size_t i = 0; i < command_count; i++) {
		const struct word *word = word_find(command_table[i].name);

		ck_assert_ptr_nonnull(word);
		ck_assert_str_eq(word->name, command_table[i].name);
		ck_assert_int_eq(word->send[0], command_table[i].letter);
		ck_assert_int_eq(word->send[1], '\0');
		ck_assert_str_eq(word_help(word), command_table[i].help);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("words");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, words_are_svs);
	tcase_add_test(all, what_is_no_word_is_none);
	tcase_add_test(all, rows_are_whole_and_different);
	tcase_add_test(all, every_letter_has_a_word);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

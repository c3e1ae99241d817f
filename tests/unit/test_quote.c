/* SPDX-License-Identifier: MIT */
/* Words for the shell. That shells read them so, tests/namespace/test_svctl_new.py
 * finds out. */
#include "../../svctl/quote.h"

#include <check.h>
#include <stdlib.h>

START_TEST(words_are_quoted_where_they_must)
{
	static const struct {
		const char *word, *text;
	} cases[] = {
		{ "httpd", "httpd" }, { "/usr/sbin/x-1.2_3", "/usr/sbin/x-1.2_3" }, { "-p", "-p" },
		{ "a:b@c%d+e,f", "a:b@c%d+e,f" }, { "", "''" }, { "a b", "'a b'" }, { "$x", "'$x'" },
		{ "a=b", "'a=b'" }, { "~", "'~'" }, { "*", "'*'" }, { "!", "'!'" }, { "#", "'#'" },
		{ "it's", "'it'\\''s'" }, { "'", "''\\'''" }, { "\n", "'\n'" }, { "\\", "'\\'" },
		{ "\xff", "'\xff'" }, { "ä", "'ä'" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[64];

		ck_assert_uint_eq(quote_word(cases[i].word, text, sizeof text), strlen(cases[i].text));
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

START_TEST(nothing_is_written_that_does_not_fit)
{
	static const char *const words[] = { "plain", "", "a'b c", "''''" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		char whole[64], text[64];
		size_t length = quote_word(words[i], whole, sizeof whole);

		for (size_t size = 0; size <= length; size++) {
			memset(text, '?', sizeof text);
			ck_assert_uint_eq(quote_word(words[i], size > 0 ? text : NULL, size), length);
			ck_assert_int_eq(text[0], '?');
		}
		ck_assert_uint_eq(quote_word(words[i], text, length + 1), length);
		ck_assert_str_eq(text, whole);
		ck_assert_int_eq(text[length + 1], '?');
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("quote");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, words_are_quoted_where_they_must);
	tcase_add_test(all, nothing_is_written_that_does_not_fit);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

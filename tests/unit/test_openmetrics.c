/* SPDX-License-Identifier: MIT */
/* The OpenMetrics text, and what of a text is UTF-8. */
#include "../../svctl/openmetrics.h"
#include "../../svctl/utf8.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static struct output out;

static void begin(void)
{
	memset(&out, 0, sizeof out);
	out.fd = -1;
}

static const char *written(void)
{
	out.bytes[out.length] = '\0';
	return out.bytes;
}

START_TEST(a_family_and_its_samples)
{
	static const struct openmetrics_family counter = { "a_seconds", "counter", "seconds", "Time." };
	static const struct openmetrics_family gauge = { "b", "gauge", "", "Some." };
	const struct openmetrics_label labels[] = { { "x", "1" }, { "y", "2" }, { NULL, NULL } };

	begin();
	openmetrics_begin(&out, &counter);
	openmetrics_sample(&out, &counter, labels, 1500);
	openmetrics_begin(&out, &gauge);
	openmetrics_sample(&out, &gauge, &labels[2], -7001);
	openmetrics_end(&out);
	ck_assert_str_eq(written(), "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n"
		"# HELP a_seconds Time.\na_seconds_total{x=\"1\",y=\"2\"} 1.500\n"
		"# TYPE b gauge\n# HELP b Some.\nb -7.001\n# EOF\n");
}
END_TEST

START_TEST(labels_are_escaped)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
		{ "", "" }, { "a b{}=,#", "a b{}=,#" }, { "a\"b", "a\\\"b" }, { "a\\nb", "a\\\\nb" },
		{ "a\nb", "a\\nb" }, { "\t\x01", "\t\x01" }, { "häß€😀", "häß€😀" },
		{ "\xff", "\\\\xff" }, { "a\xc3", "a\\\\xc3" }, { "\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80" },
	};
	static const struct openmetrics_family family = { "f", "gauge", "", "" };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct openmetrics_label labels[] = { { "l", cases[i].value }, { NULL, NULL } };
		char wanted[64];

		snprintf(wanted, sizeof wanted, "f{l=\"%s\"} 0\n", cases[i].text);
		begin();
		openmetrics_sample(&out, &family, labels, 0);
		ck_assert_str_eq(written(), wanted);
	}
}
END_TEST

START_TEST(characters_have_their_lengths)
{
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		{ "", 1 }, { "a", 1 }, { "\x7f", 1 }, { "\x80", 0 }, { "\xc1\xbf", 0 }, { "\xc2\x80", 2 },
		{ "\xdf\xbf", 2 }, { "\xe0\x9f\xbf", 0 }, { "\xe0\xa0\x80", 3 }, { "\xed\x9f\xbf", 3 },
		{ "\xed\xa0\x80", 0 }, { "\xef\xbf\xbf", 3 }, { "\xf0\x8f\xbf\xbf", 0 },
		{ "\xf0\x90\x80\x80", 4 }, { "\xf4\x8f\xbf\xbf", 4 }, { "\xf4\x90\x80\x80", 0 },
		{ "\xf5\x80\x80\x80", 0 }, { "\xc2", 0 }, { "\xe2\x82", 0 }, { "\xf0\x9f\x98", 0 },
		{ "\xc2" "a", 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_uint_eq(utf8_length(cases[i].text), cases[i].length);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("openmetrics");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, a_family_and_its_samples);
	tcase_add_test(all, labels_are_escaped);
	tcase_add_test(all, characters_have_their_lengths);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/* What svctl reads and writes: patterns, guesses, amounts, JSON. */
#include "../../svctl/json.h"
#include "../../svctl/measure.h"
#include "../../svctl/nearest.h"
#include "../../svctl/pattern.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(patterns_match)
{
	static const struct { const char *pattern, *name; bool matches; } cases[] = {
		{ "", "", true }, { "", "a", false }, { "a", "a", true }, { "a", "b", false },
		{ "a", "ab", false }, { "*", "", true }, { "*", "abc", true }, { "**", "abc", true },
		{ "a*", "a", true }, { "a*c", "abbc", true }, { "a*c", "abcb", false },
		{ "*a*b", "xaybzb", true }, { "*ab", "aab", true }, { "*aab*", "aaab", true },
		{ "?", "", false }, { "?", "a", true }, { "?", "ab", false }, { "??", "ab", true },
		{ "?", "\xc3\xa4", true }, { "??", "\xc3\xa4", false }, { "?", "\xff", true },
		{ "?x", "\xe6\x97\xa5x", true }, { "*?", "\xc3\xa4", true },
		{ "[abc]", "b", true }, { "[abc]", "d", false }, { "[a-c]x", "bx", true },
		{ "[!a-c]", "d", true }, { "[!a-c]", "b", false }, { "[^a]", "b", true },
		{ "[]]", "]", true }, { "[]a]", "a", true }, { "[!]]", "]", false }, { "[a-]", "-", true },
		{ "[", "[", true }, { "[a", "[a", true }, { "[a", "a", false }, { "[abc]", "", false },
		{ "\\*", "*", true }, { "\\*", "a", false }, { "a\\", "a\\", true }, { "\\[a]", "[a]", true },
		{ "s[0-9][0-9]", "s07", true }, { "s[0-9][0-9]", "s7", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(pattern_matches(cases[i].pattern, cases[i].name) == cases[i].matches,
			"«%s» «%s»", cases[i].pattern, cases[i].name);
	ck_assert(pattern_is_one("a*") && pattern_is_one("?") && pattern_is_one("[a]"));
	ck_assert(!pattern_is_one("web-1.example"));
}
END_TEST

/* What would take for ever if each star were tried at each place. */
START_TEST(patterns_take_no_time)
{
	char name[201], pattern[201];

	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	for (size_t i = 0; i + 1 < sizeof pattern; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[sizeof pattern - 1] = '\0';
	ck_assert(pattern_matches(pattern, name));
	pattern[sizeof pattern - 2] = 'b';
	ck_assert(!pattern_matches(pattern, name));
}
END_TEST

START_TEST(distances)
{
	static const struct { const char *from, *to; unsigned distance; } cases[] = {
		{ "", "", 0 }, { "a", "a", 0 }, { "a", "", 1 }, { "", "abc", 3 }, { "web", "wbe", 1 },
		{ "web", "we", 1 }, { "web", "webb", 1 }, { "web", "wab", 1 }, { "kitten", "sitting", 3 },
		{ "ab", "ba", 1 }, { "abc", "cab", 2 }, { "abcdefgh", "xxxxxxxx", 5 },
	};
	char longest[65];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_msg(nearest_distance(cases[i].from, cases[i].to, 4) == cases[i].distance,
			"«%s» «%s»", cases[i].from, cases[i].to);
		ck_assert_uint_eq(nearest_distance(cases[i].to, cases[i].from, 4), cases[i].distance);
	}
	memset(longest, 'a', sizeof longest - 1);
	longest[64] = '\0';
	ck_assert_uint_eq(nearest_distance(longest, longest, 4), 5);
	ck_assert_uint_eq(nearest_distance(longest + 1, longest + 1, 4), 0);
}
END_TEST

START_TEST(the_nearest_is_guessed)
{
	static const char *const candidates[] = { "network", "syslogd", "klogd", "web", "db" };
	static const struct { const char *word, *guess; } cases[] = {
		{ "netwrok", "network" }, { "klog", "klogd" }, { "wbe", "web" }, { "syslog", "syslogd" },
		{ "something", NULL }, { "", NULL }, { "xyz", NULL }, { "wxyz", NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct nearest nearest = { .word = cases[i].word };

		for (size_t j = 0; j < sizeof candidates / sizeof candidates[0]; j++)
			nearest_offer(&nearest, candidates[j]);
		ck_assert_msg(nearest.guess == cases[i].guess || (nearest.guess != NULL &&
			cases[i].guess != NULL && strcmp(nearest.guess, cases[i].guess) == 0),
			"«%s»: %s", cases[i].word, nearest.guess);
	}
}
END_TEST

START_TEST(amounts)
{
	static const struct { uint64_t bytes; const char *text; } memory[] = {
		{ 0, "0K" }, { 1023, "0K" }, { 1024, "1K" }, { 812 * 1024, "812K" },
		{ 1023 * 1024, "1023K" }, { 1024 * 1024, "1.0M" }, { 1024 * 1024 + 820 * 256, "1.2M" },
		{ 10 * 1024 * 1024 - 1, "9.9M" }, { 34 * 1024 * 1024, "34M" }, { 1181116007, "1.1G" },
		{ UINT64_MAX, "15E" },
	};
	static const struct { uint64_t ms; const char *text; } cpu[] = {
		{ 0, "0.00s" }, { 9, "0.00s" }, { 10, "0.01s" }, { 9999, "9.99s" }, { 10000, "10.0s" },
		{ 59999, "59.9s" }, { 60000, "1m00s" }, { 245000, "4m05s" }, { 90000000, "1d01h" },
	};
	char text[MEASURE_TEXT_BYTES];

	for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++) {
		ck_assert_uint_eq(measure_memory(memory[i].bytes, text), strlen(memory[i].text));
		ck_assert_str_eq(text, memory[i].text);
	}
	for (size_t i = 0; i < sizeof cpu / sizeof cpu[0]; i++) {
		ck_assert_uint_eq(measure_cpu(cpu[i].ms, text), strlen(cpu[i].text));
		ck_assert_str_eq(text, cpu[i].text);
	}
}
END_TEST

/* What WRITE writes, in a buffer that lasts until the next call. */
static const char *written(void (*write_it)(struct json *json))
{
	static struct output out;
	static char text[4096];
	struct json json = { .out = &out };
	int ends[2];
	ssize_t size;

	ck_assert(pipe(ends) == 0);
	memset(&out, 0, sizeof out);
	out.fd = ends[1];
	write_it(&json);
	output_flush(&out);
	size = read(ends[0], text, sizeof text - 1);
	ck_assert(size >= 0 && out.error == 0 && json.depth == 0);
	text[size] = '\0';
	(void)close(ends[0]);
	(void)close(ends[1]);
	return text;
}

static void write_values(struct json *json)
{
	json_array(json, NULL);
	json_object(json, NULL);
	json_string(json, "s", "x");
	json_string(json, "none", NULL);
	json_number(json, "n", -7);
	json_seconds(json, "t", 1500);
	json_seconds(json, "u", -40);
	json_bool(json, "b", true);
	json_array(json, "a");
	json_number(json, NULL, 1);
	json_number(json, NULL, INT64_MIN);
	json_end_array(json);
	json_object(json, "o");
	json_end_object(json);
	json_end_object(json);
	json_object(json, NULL);
	json_null(json, "k");
	json_end_object(json);
	json_end_array(json);
}

static void write_nothing(struct json *json)
{
	json_array(json, NULL);
	json_end_array(json);
}

static void write_lines(struct json *json)
{
	for (int i = 0; i < 2; i++) {
		json_object(json, NULL);
		json_number(json, "i", i);
		json_end_object(json);
	}
}

static void write_strings(struct json *json)
{
	static const char *const strings[] = {
		"", "a\"b\\c", "\n\t\r\x01\x1f\x7f", "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80",
		"\xff", "\xc3", "\xc3(", "\xe6\x97", "\xed\xa0\x80", "\xc0\xaf", "\xe0\x80\xaf",
		"\xf4\x90\x80\x80", "\xf5", "\x80",
	};

	json_array(json, NULL);
	json_array(json, NULL);
	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
		json_string(json, NULL, strings[i]);
	json_end_array(json);
	json_end_array(json);
}

START_TEST(json_is_written)
{
	ck_assert_str_eq(written(write_values), "[{\"s\":\"x\",\"none\":null,\"n\":-7,\"t\":1.500,"
		"\"u\":-0.040,\"b\":true,\"a\":[1,-9223372036854775808],\"o\":{}},\n{\"k\":null}]\n");
	ck_assert_str_eq(written(write_nothing), "[]\n");
	ck_assert_str_eq(written(write_lines), "{\"i\":0}\n{\"i\":1}\n");
}
END_TEST

START_TEST(json_strings_are_escaped)
{
	ck_assert_str_eq(written(write_strings), "[[\"\",\"a\\\"b\\\\c\","
		"\"\\n\\t\\u000d\\u0001\\u001f\x7f\",\"\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80\","
		"\"\\udcff\",\"\\udcc3\",\"\\udcc3(\",\"\\udce6\\udc97\",\"\\udced\\udca0\\udc80\","
		"\"\\udcc0\\udcaf\",\"\\udce0\\udc80\\udcaf\",\"\\udcf4\\udc90\\udc80\\udc80\","
		"\"\\udcf5\",\"\\udc80\"]]\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("svctl_text");
	TCase *tests = tcase_create("svctl_text");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, patterns_match);
	tcase_add_test(tests, patterns_take_no_time);
	tcase_add_test(tests, distances);
	tcase_add_test(tests, the_nearest_is_guessed);
	tcase_add_test(tests, amounts);
	tcase_add_test(tests, json_is_written);
	tcase_add_test(tests, json_strings_are_escaped);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

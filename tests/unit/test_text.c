/* SPDX-License-Identifier: MIT */
/* Bounded text: against the C library's printf, at every buffer size; numbers
 * at their limits; trimming and copying at every length. */
#include "../../libsv/text.h"

#include <check.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD 0x5a

/* text_format must do what snprintf does, for every size of buffer: the same
 * characters as far as they fit, a NUL, the length of what is there, and no
 * byte beyond. */
#define assert_as_printf(...) do { \
	char expected[256], got[260]; \
	int whole = snprintf(expected, sizeof expected, __VA_ARGS__); \
	for (size_t size = 0; size <= (size_t)whole + 2; size++) { \
		size_t fits = size == 0 ? 0 : (size_t)whole < size ? (size_t)whole : size - 1; \
		memset(got, GUARD, sizeof got); \
		ck_assert_uint_eq(text_format(got, size, __VA_ARGS__), fits); \
		ck_assert_mem_eq(got, expected, fits); \
		if (size > 0) \
			ck_assert_int_eq(got[fits], '\0'); \
		for (size_t i = size == 0 ? 0 : fits + 1; i < sizeof got; i++) \
			ck_assert_int_eq(got[i], GUARD); \
	} \
} while (0)

START_TEST(formats_as_printf_at_every_size)
{
	assert_as_printf("nothing to convert");
	assert_as_printf("a %s, b %s.", "one", "");
	assert_as_printf("%c%c", 'x', '\x80');
	assert_as_printf("100 %%, %%%s", "%d");
	assert_as_printf("[%.*s]", 3, "abcdef");
	assert_as_printf("[%.*s]", 0, "abcdef");
	assert_as_printf("[%.*s]", 30, "abcdef");
	assert_as_printf("[%.*s]", -1, "abcdef");
	assert_as_printf("%d %d %d", 0, INT_MAX, INT_MIN);
	assert_as_printf("%ld %ld", LONG_MAX, LONG_MIN);
	assert_as_printf("%lld %lld", LLONG_MAX, LLONG_MIN);
	assert_as_printf("%u %lu %llu", UINT_MAX, ULONG_MAX, ULLONG_MAX);
	assert_as_printf("%x %lx %llx", UINT_MAX, ULONG_MAX, ULLONG_MAX);
	assert_as_printf("%zu %zd", SIZE_MAX, (ssize_t)-1);
	assert_as_printf("%02x%02x%02x", 0u, 10u, 255u);
	assert_as_printf("%02d %02d %02d", 5, 10, 123);
	assert_as_printf("%03d %01d %09lld", -5, -5, -12345LL);
	assert_as_printf("%s: %s: %llds%s%s", "run", "web", 17LL, ", paused", "");
}
END_TEST

START_TEST(a_precision_reads_no_further)
{
	static const char unterminated[3] = { 'a', 'b', 'c' };
	char got[8];

	ck_assert_uint_eq(text_format(got, sizeof got, "%.*s", 3, unterminated), 3);
	ck_assert_str_eq(got, "abc");
}
END_TEST

static size_t format_unchecked(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"	/* it is our caller's */
	length = text_vformat(buffer, size, format, arguments);
#pragma GCC diagnostic pop
	va_end(arguments);
	return length;
}

START_TEST(copies_what_it_does_not_understand)
{
	static const char *const formats[] = { "%", "%q", "a%", "%0", "%02", "%l", "%ll", "%z", "%5", "%.", "%." };
	char got[32];

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		ck_assert_uint_eq(format_unchecked(got, sizeof got, formats[i]), strlen(formats[i]));
		ck_assert_str_eq(got, formats[i]);
	}
	format_unchecked(got, sizeof got, "%s", (char *)NULL);
	ck_assert_str_eq(got, "(null)");
}
END_TEST

START_TEST(reads_numbers_up_to_the_limit)
{
	static const uint64_t limits[] = {
		0, 1, 9, 10, 11, 64, 99, 100, 255, INT_MAX, UINT_MAX, INT64_MAX, UINT64_MAX - 1, UINT64_MAX,
	};
	uint64_t number;
	char text[40];

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		uint64_t most = limits[i];

		snprintf(text, sizeof text, "%llu", (unsigned long long)most);
		number = 7;
		ck_assert_msg(text_to_number(text, most, &number), "%s", text);
		ck_assert_uint_eq(number, most);
		if (most < UINT64_MAX) {
			snprintf(text, sizeof text, "%llu", (unsigned long long)most + 1);
			number = 7;
			ck_assert_msg(!text_to_number(text, most, &number), "%s", text);
			ck_assert_uint_eq(number, 7);
		}
	}
	/* all small numbers under all small limits */
	for (unsigned value = 0; value < 300; value++)
		for (uint64_t most = 0; most < 300; most++) {
			snprintf(text, sizeof text, "%u", value);
			ck_assert_int_eq(text_to_number(text, most, &number), value <= most);
		}
	ck_assert(!text_to_number("18446744073709551616", UINT64_MAX, &number));
	ck_assert(!text_to_number("99999999999999999999999999", UINT64_MAX, &number));
	ck_assert(text_to_number("000000000000000000000000000012", 99, &number) && number == 12);
}
END_TEST

START_TEST(reads_hexadecimal)
{
	static const char *const none[] = { "", "-1", "g", "A", " 1", "x1", "10000000000000000", ":", "`", "/" };
	uint64_t number;
	char text[20];

	for (int bit = 0; bit < 64; bit++)
		for (uint64_t other = 0; other < 3; other++) {
			const uint64_t value = (UINT64_C(1) << bit) - other;
			const char *end;

			snprintf(text, sizeof text, "%" PRIx64 "-g", value);
			end = text_take_hex(text, &number);
			ck_assert_ptr_nonnull(end);
			ck_assert_str_eq(end, "-g");
			ck_assert_uint_eq(number, value);
		}
	number = 7;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		ck_assert_msg(text_take_hex(none[i], &number) == NULL, "«%s»", none[i]);
	ck_assert_uint_eq(number, 7);
}
END_TEST

START_TEST(refuses_what_is_no_number)
{
	static const char *const texts[] = {
		"", " ", "-1", "+1", " 1", "1 ", "1\n", "0x10", "1.0", "a", "1a", "a1", "/", ":", "\xb9",
	};
	uint64_t number = 7;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ck_assert_msg(!text_to_number(texts[i], UINT64_MAX, &number), "«%s»", texts[i]);
	ck_assert_uint_eq(number, 7);
}
END_TEST

START_TEST(trims_both_ends_and_nothing_else)
{
	static const struct { const char *given, *trimmed; } cases[] = {
		{ "", "" }, { " ", "" }, { " \t\r\n", "" }, { "a", "a" }, { " a", "a" },
		{ "a\n", "a" }, { "\t a b \r\n", "a b" }, { "a\vb\v", "a\vb\v" }, { "\xc2\xa0", "\xc2\xa0" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		strcpy(text, cases[i].given);
		ck_assert_str_eq(text_trim(text), cases[i].trimmed);
	}
}
END_TEST

START_TEST(copies_at_every_size)
{
	static const char from[] = "abcdefgh";
	char to[16];

	for (size_t length = 0; length < sizeof from; length++)
		for (size_t size = 0; size < sizeof to; size++) {
			const char *text = from + sizeof from - 1 - length;
			size_t fits = size == 0 ? 0 : length < size ? length : size - 1;

			memset(to, GUARD, sizeof to);
			ck_assert_int_eq(text_copy(to, size, text), length < size);
			ck_assert_mem_eq(to, text, fits);
			if (size > 0)
				ck_assert_int_eq(to[fits], '\0');
			for (size_t i = size == 0 ? 0 : fits + 1; i < sizeof to; i++)
				ck_assert_int_eq(to[i], GUARD);
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, formats_as_printf_at_every_size);
	tcase_add_test(all, a_precision_reads_no_further);
	tcase_add_test(all, copies_what_it_does_not_understand);
	tcase_add_test(all, reads_numbers_up_to_the_limit);
	tcase_add_test(all, refuses_what_is_no_number);
	tcase_add_test(all, reads_hexadecimal);
	tcase_add_test(all, trims_both_ends_and_nothing_else);
	tcase_add_test(all, copies_at_every_size);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

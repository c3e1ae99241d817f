/* SPDX-License-Identifier: MIT */
#include "../../init/argv.h"
#include "../../init/inittab.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct inittab_reader reader;
static struct inittab_entry entry;
static struct inittab_excerpt excerpt;

/* Feeds SIZE bytes of TEXT from the start; returns how many lines they are. */
static int feed(const char *text, size_t size)
{
	int lines = 0;

	memset(&reader, 0, sizeof reader);
	for (size_t i = 0; i < size; i++)
		lines += inittab_read(&reader, text[i]);
	return lines + inittab_read_end(&reader);
}

static enum inittab_error parse(const char *text)
{
	ck_assert_int_eq(feed(text, strlen(text)), 1);
	return inittab_parse(&reader, &entry, &excerpt);
}

#define ck_assert_excerpt(text) do { \
	ck_assert_int_eq(excerpt.length, (int)strlen(text)); \
	ck_assert_mem_eq(excerpt.start, text, strlen(text)); \
} while (0)

START_TEST(line_has_four_fields)
{
	ck_assert_int_eq(parse("tty1::respawn:/sbin/getty 38400 tty1\n"), INITTAB_GOOD);
	ck_assert_int_eq(entry.action, INITTAB_RESPAWN);
	ck_assert_str_eq(entry.tty, "tty1");
	ck_assert_str_eq(entry.command, "/sbin/getty 38400 tty1");
	ck_assert_int_eq(parse("::sysinit:a:b::c"), INITTAB_GOOD);
	ck_assert_str_eq(entry.command, "a:b::c");
	ck_assert_str_eq(entry.tty, "");
	ck_assert_int_eq(parse("/dev/ttyS0:2345:askfirst:-/bin/sh"), INITTAB_GOOD);
	ck_assert_str_eq(entry.tty, "ttyS0");
	ck_assert_str_eq(entry.command, "-/bin/sh");
}
END_TEST

START_TEST(every_action_has_its_name)
{
	static const char *const names[] = { "sysinit", "wait", "once", "respawn", "askfirst",
		"ctrlaltdel", "shutdown", "restart" };

	for (int i = 0; i < 8; i++) {
		char line[64];

		snprintf(line, sizeof line, "::%s:x", names[i]);
		ck_assert_int_eq(parse(line), INITTAB_GOOD);
		ck_assert_int_eq((int)entry.action, i);
		ck_assert_str_eq(inittab_action_name(entry.action), names[i]);
	}
}
END_TEST

START_TEST(blank_lines_and_comments_are_skipped)
{
	ck_assert_int_eq(parse("\n"), INITTAB_BLANK);
	ck_assert_int_eq(parse(" \t \n"), INITTAB_BLANK);
	ck_assert_int_eq(parse("# tty1::respawn:x\n"), INITTAB_BLANK);
	ck_assert_int_eq(parse("   # x"), INITTAB_BLANK);
	ck_assert_int_eq(parse("::once:echo a # b\n"), INITTAB_GOOD);
	ck_assert_str_eq(entry.command, "echo a ");
}
END_TEST

START_TEST(mistakes_are_named_with_what_was_read)
{
	ck_assert_int_eq(parse("tty1:respawn"), INITTAB_FIELDS);
	ck_assert_excerpt("tty1:respawn");
	ck_assert_int_eq(parse("a:b:respawn"), INITTAB_FIELDS);
	ck_assert_int_eq(parse("::Respawn:x"), INITTAB_ACTION);
	ck_assert_excerpt("Respawn");
	ck_assert_int_eq(parse(":::x"), INITTAB_ACTION);
	ck_assert_excerpt("");
	ck_assert_int_eq(parse("id:3:initdefault:"), INITTAB_SYSVINIT);
	ck_assert_excerpt("initdefault");
	ck_assert_int_eq(parse("::respawn:"), INITTAB_NO_COMMAND);
	ck_assert_int_eq(parse("::respawn:  # sh"), INITTAB_NO_COMMAND);
	for (int i = INITTAB_GOOD; i <= INITTAB_NUL; i++)
		ck_assert_ptr_nonnull(inittab_error_text((enum inittab_error)i));
}
END_TEST

START_TEST(too_long_is_an_error_and_the_longest_fits)
{
	char line[2000];

	snprintf(line, sizeof line, "%0*d::once:x", INITTAB_TTY_BYTES - 1, 0);
	ck_assert_int_eq(parse(line), INITTAB_GOOD);
	snprintf(line, sizeof line, "%0*d::once:x", INITTAB_TTY_BYTES, 0);
	ck_assert_int_eq(parse(line), INITTAB_LONG_TTY);
	snprintf(line, sizeof line, "::once:%0*d", INITTAB_COMMAND_BYTES - 1, 0);
	ck_assert_int_eq(parse(line), INITTAB_GOOD);
	snprintf(line, sizeof line, "::once:%0*d", INITTAB_COMMAND_BYTES, 0);
	ck_assert_int_eq(parse(line), INITTAB_LONG_COMMAND);
	snprintf(line, sizeof line, "::once:%01500d", 0);
	ck_assert_int_eq(parse(line), INITTAB_LONG_LINE);
	snprintf(line, sizeof line, "::once:x#%01500d", 0);
	ck_assert_int_eq(parse(line), INITTAB_GOOD);
}
END_TEST

START_TEST(a_backslash_joins_lines_and_numbers_stay_right)
{
	static const char text[] = "# one\n::once:echo \\\na\\b\n\nbad\n";
	static const unsigned first[] = { 1, 2, 4, 5 };
	int line = 0;

	memset(&reader, 0, sizeof reader);
	for (size_t i = 0; i < sizeof text - 1; i++)
		if (inittab_read(&reader, text[i])) {
			ck_assert_uint_eq(reader.first, first[line++]);
			if (line == 2) {
				ck_assert_int_eq(inittab_parse(&reader, &entry, &excerpt), INITTAB_GOOD);
				ck_assert_str_eq(entry.command, "echo a\\b");
			}
		}
	ck_assert_int_eq(line, 4);
	ck_assert(!inittab_read_end(&reader));
}
END_TEST

START_TEST(a_nul_spoils_its_line_only)
{
	static const char text[] = "::once:a\0b\n::once:c\n";

	ck_assert_int_eq(feed(text, 11), 1);
	ck_assert_int_eq(inittab_parse(&reader, &entry, &excerpt), INITTAB_NUL);
	for (size_t i = 11; i < sizeof text - 1; i++)
		inittab_read(&reader, text[i]);
	ck_assert_int_eq(inittab_parse(&reader, &entry, &excerpt), INITTAB_GOOD);
	ck_assert_str_eq(entry.command, "c");
}
END_TEST

START_TEST(any_bytes_do_no_harm)
{
	unsigned seed = 1;

	memset(&reader, 0, sizeof reader);
	for (int i = 0; i < 3000000; i++) {
		static const char often[] = "::::#\\\n\n respawnonceinitdefault/dev/";

		seed = seed * 1103515245 + 12345;
		char byte = (seed >> 20) % 4 == 0 ? (char)(seed >> 12) :
			often[(seed >> 12) % (sizeof often - 1)];
		if (inittab_read(&reader, byte)) {
			enum inittab_error error = inittab_parse(&reader, &entry, &excerpt);

			if (excerpt.start < reader.line || excerpt.length < 0 ||
				excerpt.start + excerpt.length > reader.line + sizeof reader.line)
				ck_abort_msg("excerpt outside of the line");
			if (error == INITTAB_GOOD && (entry.command[0] == '\0' ||
				strlen(entry.command) >= sizeof entry.command))
				ck_abort_msg("bad entry called good");
		}
	}
}
END_TEST

static struct inittab table;

static enum inittab_added add(const char *line, int *slot)
{
	ck_assert_int_eq(parse(line), INITTAB_GOOD);
	return inittab_add(&table, &entry, slot);
}

START_TEST(twice_the_same_is_one_entry_moved_and_retyped)
{
	int first, second, again;

	memset(&table, 0, sizeof table);
	inittab_begin(&table);
	ck_assert_int_eq(add("tty1::respawn:a", &first), INITTAB_NEW);
	ck_assert_int_eq(add("tty1::respawn:b", &second), INITTAB_NEW);
	ck_assert_int_eq(add("/dev/tty1::once:a", &again), INITTAB_TWICE);
	ck_assert_int_eq(first, again);
	ck_assert_int_eq(table.slots[first].entry.action, INITTAB_ONCE);
	ck_assert_uint_gt(table.slots[first].order, table.slots[second].order);
	ck_assert_int_eq(add("::respawn:a", &again), INITTAB_NEW);
}
END_TEST

START_TEST(reading_again_keeps_slots_and_unlists_what_is_gone)
{
	int a, b, slot;

	memset(&table, 0, sizeof table);
	inittab_begin(&table);
	add("::respawn:a", &a);
	add("::respawn:b", &b);
	inittab_end(&table, true);
	inittab_begin(&table);
	ck_assert_int_eq(add("::respawn:b", &slot), INITTAB_KNOWN);
	ck_assert_int_eq(slot, b);
	inittab_end(&table, true);
	ck_assert_int_eq(table.slots[a].listing, INITTAB_UNLISTED);
	ck_assert_int_eq(table.slots[b].listing, INITTAB_LISTED);
	/* put back while it is there: the same slot, so no second process */
	inittab_begin(&table);
	ck_assert_int_eq(add("::respawn:a", &slot), INITTAB_KNOWN);
	ck_assert_int_eq(slot, a);
	/* the reading fails here: b is kept */
	inittab_end(&table, false);
	ck_assert_int_eq(table.slots[b].listing, INITTAB_LISTED);
}
END_TEST

START_TEST(a_full_table_says_so)
{
	char line[32];
	int slot;

	memset(&table, 0, sizeof table);
	inittab_begin(&table);
	for (int i = 0; i < INITTAB_ENTRIES; i++) {
		snprintf(line, sizeof line, "::once:%d", i);
		ck_assert_int_eq(add(line, &slot), INITTAB_NEW);
	}
	ck_assert_int_eq(add("::once:more", &slot), INITTAB_FULL);
	ck_assert_int_eq(add("::once:7", &slot), INITTAB_TWICE);
	inittab_free(&table, 3);
	ck_assert_int_eq(add("::once:more", &slot), INITTAB_NEW);
	ck_assert_int_eq(slot, 3);
}
END_TEST

START_TEST(the_built_in_entries_are_busyboxs)
{
	int count = 0;

	while (inittab_standard(count, &entry))
		count++;
	ck_assert_int_eq(count, 9);
	ck_assert(inittab_standard(0, &entry));
	ck_assert_str_eq(entry.command, "/etc/init.d/rcS");
}
END_TEST

START_TEST(commands_become_words_or_go_to_a_shell)
{
	static struct argv argv;

	argv_make(&argv, "/sbin/getty  38400\ttty1 ");
	ck_assert_str_eq(argv.path, "/sbin/getty");
	ck_assert_str_eq(argv.words[0], "/sbin/getty");
	ck_assert_str_eq(argv.words[1], "38400");
	ck_assert_str_eq(argv.words[2], "tty1");
	ck_assert_ptr_null(argv.words[3]);
	ck_assert(!argv.login);
	argv_make(&argv, "-/bin/sh");
	ck_assert_str_eq(argv.path, "/bin/sh");
	ck_assert_str_eq(argv.words[0], "-/bin/sh");
	ck_assert(argv.login);
	argv_make(&argv, "-sh -c 'a b'");
	ck_assert_str_eq(argv.path, "/bin/sh");
	ck_assert_str_eq(argv.words[0], "-/bin/sh");
	ck_assert_str_eq(argv.words[2], "exec sh -c 'a b'");
	for (const char *special = "~`!$^&*()=|\\{}[];\"'<>?"; *special != '\0'; special++) {
		char command[] = "a ?";

		command[2] = *special;
		argv_make(&argv, command);
		ck_assert_str_eq(argv.words[1], "-c");
	}
	char longest[INITTAB_COMMAND_BYTES];

	memset(longest, 'a', sizeof longest - 1);
	longest[0] = '$';
	longest[sizeof longest - 1] = '\0';
	argv_make(&argv, longest);
	ck_assert_uint_eq(strlen(argv.words[2]), strlen("exec ") + sizeof longest - 1);
	for (size_t i = 0; i < sizeof longest - 1; i++)
		longest[i] = i % 2 == 0 ? 'a' : ' ';
	argv_make(&argv, longest);
	ck_assert_ptr_null(argv.words[INITTAB_COMMAND_BYTES / 2]);
	ck_assert_ptr_nonnull(argv.words[INITTAB_COMMAND_BYTES / 2 - 1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inittab");
	TCase *tests = tcase_create("inittab");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, line_has_four_fields);
	tcase_add_test(tests, every_action_has_its_name);
	tcase_add_test(tests, blank_lines_and_comments_are_skipped);
	tcase_add_test(tests, mistakes_are_named_with_what_was_read);
	tcase_add_test(tests, too_long_is_an_error_and_the_longest_fits);
	tcase_add_test(tests, a_backslash_joins_lines_and_numbers_stay_right);
	tcase_add_test(tests, a_nul_spoils_its_line_only);
	tcase_add_test(tests, any_bytes_do_no_harm);
	tcase_add_test(tests, twice_the_same_is_one_entry_moved_and_retyped);
	tcase_add_test(tests, reading_again_keeps_slots_and_unlists_what_is_gone);
	tcase_add_test(tests, a_full_table_says_so);
	tcase_add_test(tests, the_built_in_entries_are_busyboxs);
	tcase_add_test(tests, commands_become_words_or_go_to_a_shell);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

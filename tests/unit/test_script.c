/* SPDX-License-Identifier: MIT */
/* Scripts that are not executed: their interpreters, and what they start. */
#include "../../svctl/script.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

START_TEST(interpreters_are_read_as_the_kernel_does)
{
	static const struct {
		const char *text;
		enum script_kind kind;
		const char *interpreter, *argument;
	} cases[] = {
		{ "", SCRIPT_EMPTY, "", "" }, { "exec x\n", SCRIPT_WITHOUT, "", "" },
		{ "#", SCRIPT_WITHOUT, "", "" }, { "# !/bin/sh\n", SCRIPT_WITHOUT, "", "" },
		{ "\177ELF\2", SCRIPT_BINARY, "", "" }, { "\177EL", SCRIPT_WITHOUT, "", "" },
		{ "#!/bin/sh", SCRIPT_INTERPRETED, "/bin/sh", "" },
		{ "#! \t/bin/sh \t\nx", SCRIPT_INTERPRETED, "/bin/sh", "" },
		{ "#!/bin/sh -e -x\n", SCRIPT_INTERPRETED, "/bin/sh", "-e -x" },
		{ "#!/usr/bin/env\tpython3\n", SCRIPT_INTERPRETED, "/usr/bin/env", "python3" },
		{ "#!/bin/sh\r\n", SCRIPT_DOS, "/bin/sh", "" },
		{ "#!\n/bin/sh", SCRIPT_UNNAMED, "", "" }, { "#!  ", SCRIPT_UNNAMED, "", "" },
		{ "#!", SCRIPT_UNNAMED, "", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct script script;

		script_read(cases[i].text, strlen(cases[i].text), &script);
		ck_assert_msg(script.kind == cases[i].kind, "«%s»", cases[i].text);
		ck_assert_str_eq(script.interpreter, cases[i].interpreter);
		ck_assert_str_eq(script.argument, cases[i].argument);
	}
}
END_TEST

START_TEST(a_line_is_as_long_as_the_kernel_reads)
{
	char text[SCRIPT_LINE_BYTES + 2];
	struct script script;

	for (size_t size = 3; size <= SCRIPT_LINE_BYTES + 1; size++) {
		memset(text, 'x', sizeof text);
		memcpy(text, "#!/", 3);
		text[size] = '\0';
		script_read(text, size, &script);
		ck_assert_int_eq(script.kind,
			size < SCRIPT_LINE_BYTES ? SCRIPT_INTERPRETED : SCRIPT_LONG);
	}
}
END_TEST

START_TEST(what_is_started_is_found)
{
	static const struct {
		const char *text, *names;	/* each with a bar behind it */
	} cases[] = {
		{ "", "" }, { "sv", "" }, { "sv up", "" }, { "sv up web", "web|" },
		{ "  sv up a\n\tsv start b c\n", "a|b|c|" }, { "foo bar\n", "" }, { "  a b", "" },
		{ "sv -w 5 up /etc/rc.d/syslogd >/dev/null || exit 1", "/etc/rc.d/syslogd|" },
		{ "/usr/bin/svctl start -t 3 web", "web|" },
		{ "svctl -t 3 start web;exit", "web|" }, { "sv down a; sv once b", "b|" },
		{ "sv u a&&sv o b||sv check c", "a|b|c|" }, { "# sv up a\nsv up b # c\n", "b|" },
		{ "sv up a#b", "a#b|" }, { "sv up $X \"$Y\" '$Z' `q` w*b", "$Z|" },
		{ "sv up 'a b' \"c d\" e\\ f", "a b|c d|e f|" }, { "sv up \\\n  a \\\n  b\nc", "a|b|" },
		{ "if ! sv up a; then x; fi", "a|" }, { "(sv up a)", "a|" }, { "{ sv up a; }", "a|" },
		{ "sv up a 2>/dev/null b 2>&1", "a|b|" }, { "sv up a <x >>y b", "a|b|" },
		{ "sv status a", "" }, { "svx up a", "" }, { "exec sv up a", "a|" },
		{ "sv up 'a", "a|" }, { "sv up a\\", "a\\|" }, { "sv -v up -- a", "a|" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct script_search search = { .at = cases[i].text };
		char name[32], found[128] = "";

		while (script_next_started(&search, name, sizeof name))
			snprintf(found + strlen(found), sizeof found - strlen(found), "%s|", name);
		ck_assert_msg(strcmp(found, cases[i].names) == 0, "«%s»: %s", cases[i].text, found);
	}
}
END_TEST

START_TEST(what_it_becomes_is_found)
{
	static const struct {
		const char *text, *names;
	} cases[] = {
		{ "", "" }, { "exec", "" }, { "exec 2>&1\nexec httpd -f", "httpd|" }, { "exec $X", "" },
		{ "exec >/x httpd", "httpd|" }, { "[ -e x ] && exec a; exec b c", "a|b|" },
		{ "exec '/a b' exec c", "/a b|" }, { "echo exec a", "" }, { "# exec a\nexec b # exec c", "b|" },
		{ "exec \\\n a", "a|" }, { "exec -a x y", "" }, { "if x\nthen exec a\nfi", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct script_search search = { .at = cases[i].text };
		char name[32], found[128] = "";

		while (script_next_program(&search, name, sizeof name))
			snprintf(found + strlen(found), sizeof found - strlen(found), "%s|", name);
		ck_assert_msg(strcmp(found, cases[i].names) == 0, "«%s»: %s", cases[i].text, found);
	}
}
END_TEST

START_TEST(a_name_that_is_too_long_is_passed_over)
{
	struct script_search search = { .at = "sv up 0123456789 ok" };
	char name[8];

	ck_assert(script_next_started(&search, name, sizeof name));
	ck_assert_str_eq(name, "ok");
	ck_assert(!script_next_started(&search, name, sizeof name));
}
END_TEST

START_TEST(where_it_logs_to_is_found)
{
	static const struct {
		const char *text;
		enum script_log log;
		const char *name;
	} cases[] = {
		{ "", SCRIPT_LOG_UNKNOWN, "" }, { "exec svlogd", SCRIPT_LOG_UNKNOWN, "" },
		{ "#!/bin/sh\nexec svlogd -tt /var/log/web\n", SCRIPT_LOG_DIRECTORY, "/var/log/web" },
		{ "exec /usr/bin/svlogd -l 100 -b 10 -v . x", SCRIPT_LOG_DIRECTORY, "." },
		{ "svlogd -tt 'a b'", SCRIPT_LOG_DIRECTORY, "a b" }, { "svlogd $DIR", SCRIPT_LOG_UNKNOWN, "" },
		{ "exec chpst -u log svlogd main 2>&1", SCRIPT_LOG_DIRECTORY, "main" },
		{ "mkdir -p /x\n# svlogd /y\nsvlogd /z", SCRIPT_LOG_DIRECTORY, "/z" },
		{ "exec multilog t s99999 '-*' ./main", SCRIPT_LOG_DIRECTORY, "./main" },
		{ "s6-log -d 3 n20 T /var/log/x", SCRIPT_LOG_DIRECTORY, "/var/log/x" },
		{ "exec cat >>/var/log/web.log", SCRIPT_LOG_FILE, "/var/log/web.log" },
		{ "exec cat > main.log 2>&1", SCRIPT_LOG_FILE, "main.log" },
		{ "exec 2>&1\nexec svlogd x", SCRIPT_LOG_DIRECTORY, "x" },
		{ "echo x >/dev/null; svlogd x", SCRIPT_LOG_DIRECTORY, "x" },
		{ "say() { echo >>/tmp/x; }\necho >y\nexec svlogd -v x", SCRIPT_LOG_DIRECTORY, "x" },
		{ "echo x >y\nexec >z", SCRIPT_LOG_FILE, "z" }, { "cat >y", SCRIPT_LOG_UNKNOWN, "" },
		{ "echo >&2; svlogd x", SCRIPT_LOG_DIRECTORY, "x" },
		{ "exec logger -p daemon.info -t web", SCRIPT_LOG_TAG, "web" },
		{ "exec logger", SCRIPT_LOG_UNKNOWN, "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char name[64];
		enum script_log log = script_find_log(cases[i].text, name, sizeof name);

		ck_assert_msg(log == cases[i].log, "«%s»: %d", cases[i].text, log);
		if (log != SCRIPT_LOG_UNKNOWN)
			ck_assert_str_eq(name, cases[i].name);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("script");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, interpreters_are_read_as_the_kernel_does);
	tcase_add_test(all, a_line_is_as_long_as_the_kernel_reads);
	tcase_add_test(all, what_is_started_is_found);
	tcase_add_test(all, what_it_becomes_is_found);
	tcase_add_test(all, a_name_that_is_too_long_is_passed_over);
	tcase_add_test(all, where_it_logs_to_is_found);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

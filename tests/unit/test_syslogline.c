/* SPDX-License-Identifier: MIT */
/* Lines of syslogds. */
#include "../../svctl/syslogline.h"

#include <check.h>
#include <stdlib.h>

START_TEST(tags_are_found)
{
	static const struct {
		const char *line, *tag;
	} cases[] = {
		{ "Nov 25 04:23:32 pidone daemon.info udhcpc[71]: started", "udhcpc" },
		{ "Nov  5 04:23:32 pidone user.notice root: hello: world", "root" },
		{ "Nov 25 04:23:32 pidone syslog.info syslogd started: BusyBox v1.35.0", "syslogd" },
		{ "Nov 25 04:23:32 pidone kern.info kernel: [ 0.1] x", "kernel" },
		{ "Nov 25 04:23:32 pidone local0.err a.b: x", "a.b" },
		{ "Nov 25 04:23:32 web: small", "web" }, { "Nov 25 04:23:32 web[12]: small", "web" },
		{ "Nov 25 04:23:32 host cron[1]: x", "cron" }, { "Nov 25 04:23:32 host sshd: x", "sshd" },
		{ "2026-11-25T04:23:32.123456+00:00 host web[1]: x", "web" },
		{ "2026-11-25T04:23:32Z host web: x", "web" },
		{ "Nov 25 04:23:32 host web", "web" }, { "Nov 25 04:23:32 host", "" },
		{ "Nov 25 04:23:32 host\nweb: x", "" }, { "Nov 25 04:23", "" }, { "Nov 25\n04:23:32 h web: x", "" },
		{ "", "" }, { "\n", "" }, { "web: x", "" }, { "November 25 04:23:32 host web: x", "" },
		{ "@400000006925 web: x", "" }, { "Nov 25 04:23:32 host : x", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *tag = NULL;
		size_t length = syslogline_tag(cases[i].line, &tag);

		ck_assert_msg(length == strlen(cases[i].tag), "«%s»: %.*s", cases[i].line, (int)length,
			length > 0 ? tag : "");
		ck_assert(length == 0 || strncmp(tag, cases[i].tag, length) == 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("syslogline");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, tags_are_found);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/* What the picture of a boot says at a bar, and what becomes of odd names. */
#include "../../svctl/drawing.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct output out;

/* The picture of a boot with this item, from 1 s on. */
static const char *draw(const char *name, int64_t begin, int64_t end, bool open)
{
	struct timeline_item items[1], *item;
	struct timeline timeline;

	memset(&out, 0, sizeof out);
	out.fd = -1;
	timeline_begin(&timeline, items, 1);
	timeline.init = 1000000;
	item = timeline_add(&timeline, TIMELINE_SERVICE, name, begin);
	ck_assert_ptr_nonnull(item);
	item->end = end;
	item->open = open;
	timeline_end(&timeline);
	drawing_put(&out, &timeline, "title");
	ck_assert_uint_lt(out.length, sizeof out.bytes);
	out.bytes[out.length] = '\0';
	return out.bytes;
}

START_TEST(what_took_how_long)
{
	ck_assert_ptr_nonnull(strstr(draw("web", 1000000, 1002500, false), ">2.5 ms<"));
	ck_assert_ptr_nonnull(strstr(draw("web", 1001000, 1003500, true), ">ready after 2.5 ms<"));
	ck_assert_ptr_nonnull(strstr(draw("web", 1003000, 1003000, true), ">at 3.0 ms<"));
	ck_assert_ptr_nonnull(strstr(draw("web", 1000000, 2250000, false), ">1.250 s<"));
}
END_TEST

START_TEST(names_are_no_markup)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "web", ">web<" }, { "<a&b>", ">&lt;a&amp;b&gt;<" }, { "a\x01\x7f\xff", ">a?\?\?<" },
		{ "h\xc3\xa4\xc3", ">h\xc3\xa4?<" },
		{ "0123456789012345678901234567890123456789012345",
			">012345678901234567890123456789012345678901…<" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(strstr(draw(cases[i].name, 1000000, 1002500, false), cases[i].text) != NULL,
			"%s in %s", cases[i].text, out.bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drawing");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, what_took_how_long);
	tcase_add_test(all, names_are_no_markup);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/* The supervisor's two containers, against plain models of them. */
#include "../../libsv/clock.h"
#include "../../supervise/table.h"
#include "../../supervise/timers.h"

#include <check.h>
#include <stdlib.h>

enum { COUNT = 2000, STEPS = 200000 };

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245U + 12345U;
	return *seed >> 8;
}

/* table_next meets each link that is in once, whatever happens to the one just met. */
static void all_are_met(struct table *table, const struct table_link *links, const int *in)
{
	unsigned wanted = 0, met = 0;

	for (unsigned i = 0; i < COUNT; i++)
		wanted += in[i] != 0;
	for (struct table_link *link = table_next(table, NULL), *next; link != NULL; link = next) {
		uint64_t key = link->key;

		ck_assert(in[link - links]);
		met++;
		next = table_next(table, link);
		table_remove(table, link);
		table_add(table, link, key);
	}
	ck_assert_uint_eq(met, wanted);
}

START_TEST(a_table_finds_what_was_added_and_nothing_else)
{
	static struct table_link links[COUNT];
	static int in[COUNT];
	struct table table = { 0 };
	unsigned seed = 1;

	ck_assert_ptr_null(table_find(&table, 7));
	table_remove(&table, &links[0]);
	ck_assert(table_reserve(&table, 1));
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = next_random(&seed) % COUNT;
		uint64_t key = i / 2;	/* two links to a key */
		int found = 0;

		if (step % 10000 == 0)
			ck_assert(table_reserve(&table, step / 100));
		if (in[i])
			table_remove(&table, &links[i]);
		else
			table_add(&table, &links[i], key);
		in[i] = !in[i];
		for (struct table_link *link = table_find(&table, key); link != NULL;
		     link = table_find_next(link)) {
			if (link->key != key || !in[link - links])
				ck_abort_msg("a link that is another's");
			found++;
		}
		if (found != in[i & ~1U] + in[i | 1U])
			ck_abort_msg("%d links of key %u", found, (unsigned)key);
		if (step % 1000 == 0)
			all_are_met(&table, links, in);
	}
	table_free(&table);
}
END_TEST

START_TEST(timers_come_in_order)
{
	static struct timer timers[COUNT];
	struct timers heap = { 0 };
	unsigned seed = 2;

	ck_assert_int_eq(timers_earliest(&heap), CLOCK_NEVER);
	ck_assert_ptr_null(timers_take(&heap, CLOCK_NEVER - 1));
	ck_assert(timers_reserve(&heap, COUNT));
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = next_random(&seed) % COUNT;
		unsigned what = next_random(&seed) % 4;

		timers_set(&heap, &timers[i], what == 0 ? CLOCK_NEVER : next_random(&seed) % 1000);
		if (what == 1) {
			int64_t earliest = timers_earliest(&heap);
			struct timer *taken;

			if (timers_take(&heap, earliest - 1) != NULL)
				ck_abort_msg("taken before its time");
			taken = timers_take(&heap, earliest);
			if (taken == NULL || taken->deadline != earliest || taken->place != 0)
				ck_abort_msg("not the earliest");
		}
		if (step % 1000 != 0)
			continue;
		int64_t earliest = CLOCK_NEVER;
		size_t armed = 0;

		for (unsigned j = 0; j < COUNT; j++)
			if (timers[j].place != 0) {
				armed++;
				if (heap.heap[timers[j].place] != &timers[j])
					ck_abort_msg("a timer that does not know its place");
				if (timers[j].deadline < earliest)
					earliest = timers[j].deadline;
			}
		ck_assert_uint_eq(armed, heap.count);
		ck_assert_int_eq(timers_earliest(&heap), earliest);
	}
	for (int64_t last = 0; heap.count > 0;) {
		struct timer *taken = timers_take(&heap, INT64_MAX - 1);

		ck_assert_int_ge(taken->deadline, last);
		last = taken->deadline;
	}
	timers_free(&heap);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");
	TCase *cases = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(cases, 120);
	tcase_add_test(cases, a_table_finds_what_was_added_and_nothing_else);
	tcase_add_test(cases, timers_come_in_order);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

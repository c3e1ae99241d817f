/* SPDX-License-Identifier: MIT */
/* The status record: every value of every byte, every length, and runit's
 * layout, written down by hand. */
#include "../../libsv/status.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* runsv.c's layout, by hand: a paused service with pid 75328. */
static const unsigned char paused_record[STATUS_BYTES] = {
	0x40, 0x00, 0x00, 0x00, 0x65, 0x53, 0xf1, 0x0a,	/* 1700000000 + 10 + 2^62 */
	0x07, 0x5b, 0xcd, 0x15,				/* 123456789 ns */
	0x40, 0x26, 0x01, 0x00,
	1, 'u', 0, 1,
};

static const struct status paused_status = {
	.changed = { .tv_sec = 1700000000, .tv_nsec = 123456789 },
	.pid = 75328,
	.paused = true,
	.want = STATUS_WANT_UP,
	.state = STATUS_RUN,
};

static void assert_same(const struct status *a, const struct status *b)
{
	ck_assert_int_eq(a->changed.tv_sec, b->changed.tv_sec);
	ck_assert_int_eq(a->changed.tv_nsec, b->changed.tv_nsec);
	ck_assert_int_eq(a->pid, b->pid);
	ck_assert_int_eq(a->paused, b->paused);
	ck_assert_int_eq(a->got_term, b->got_term);
	ck_assert_int_eq(a->want, b->want);
	ck_assert_int_eq(a->state, b->state);
}

START_TEST(layout_is_runits)
{
	unsigned char record[STATUS_BYTES];
	struct status status;

	status_encode(&paused_status, record);
	ck_assert_mem_eq(record, paused_record, sizeof record);
	ck_assert(status_decode(paused_record, sizeof paused_record, &status));
	assert_same(&status, &paused_status);
}
END_TEST

START_TEST(what_is_written_is_read)
{
	static const long long seconds[] = { 0, 1, 1700000000, INT32_MAX, 1LL + UINT32_MAX, 253402300799 };
	static const long nanoseconds[] = { 0, 1, 999999999 };
	static const int pids[] = { 0, 1, 255, 256, 65536, 4194304, INT32_MAX };
	unsigned char record[STATUS_BYTES];
	struct status read;

	for (unsigned all = 0; all < 6 * 3 * 7 * 2 * 2 * 3 * 3; all++) {
		unsigned rest = all;
		struct status status = { .changed = { .tv_sec = (time_t)seconds[rest % 6] } };

		rest /= 6;
		status.changed.tv_nsec = nanoseconds[rest % 3];
		rest /= 3;
		status.pid = pids[rest % 7];
		rest /= 7;
		status.paused = rest % 2;
		rest /= 2;
		status.got_term = rest % 2;
		rest /= 2;
		status.want = (enum status_want)(rest % 3);
		rest /= 3;
		status.state = (enum status_state)(rest % 3);
		status_encode(&status, record);
		ck_assert_int_eq(record[17], status.want == STATUS_WANT_UP ? 'u' : 'd');
		ck_assert(status_decode(record, sizeof record, &read));
		if (status.want == STATUS_WANT_EXIT)	/* not told from down */
			status.want = STATUS_WANT_DOWN;
		assert_same(&status, &read);
	}
}
END_TEST

START_TEST(every_length)
{
	unsigned char record[64] = { 0 };
	struct status status;

	memcpy(record, paused_record, sizeof paused_record);
	memset(record + STATUS_BYTES, 0xff, sizeof record - STATUS_BYTES);
	for (size_t size = 0; size <= sizeof record; size++) {
		bool whole = size >= STATUS_BYTES;

		ck_assert_int_eq(status_decode(record, size, &status), whole);
		if (whole)
			assert_same(&status, &paused_status);
	}
}
END_TEST

/* Whatever a byte is, what is read is within its type's range; only want and
 * state can make a record none. */
START_TEST(every_value_of_every_byte)
{
	for (size_t at = 0; at < STATUS_BYTES; at++)
		for (unsigned value = 0; value < 256; value++) {
			unsigned char record[STATUS_BYTES];
			struct status status;
			bool good = true;

			memcpy(record, paused_record, sizeof record);
			record[at] = (unsigned char)value;
			if (at == 17)
				good = value == 'u' || value == 'd' || value == 0;
			if (at == 19)
				good = value <= STATUS_FINISH;
			ck_assert_msg(status_decode(record, sizeof record, &status) == good,
				"byte %zu = %u", at, value);
			if (!good)
				continue;
			ck_assert_int_ge(status.changed.tv_sec, 0);
			ck_assert_int_ge(status.changed.tv_nsec, 0);
			ck_assert_int_lt(status.changed.tv_nsec, 1000000000);
			ck_assert_int_ge(status.pid, 0);
			ck_assert_int_eq(status.paused, at == 16 ? value != 0 : true);
			ck_assert_int_eq(status.got_term, at == 18 ? value != 0 : false);
			ck_assert_int_eq(status.want, at == 17 && value == 'd' ? STATUS_WANT_DOWN :
				STATUS_WANT_UP);
			ck_assert_int_eq(status.state, at == 19 ? value : STATUS_RUN);
		}
}
END_TEST

START_TEST(times_out_of_range_are_zero)
{
	unsigned char record[STATUS_BYTES];
	struct status status = paused_status;

	/* before 1970 */
	status.changed.tv_sec = -1;
	status_encode(&status, record);
	ck_assert(status_decode(record, sizeof record, &status));
	ck_assert_int_eq(status.changed.tv_sec, 0);
	/* the label 0, and the largest: a year of more digits than time_t holds */
	memset(record, 0, 12);
	ck_assert(status_decode(record, sizeof record, &status));
	ck_assert_int_eq(status.changed.tv_sec, 0);
	memset(record, 0xff, 12);
	ck_assert(status_decode(record, sizeof record, &status));
	ck_assert_int_eq(status.changed.tv_sec, 0);
}
END_TEST

START_TEST(text_is_runits)
{
	static const struct { struct status status; const char *text; } cases[] = {
		{ { .state = STATUS_DOWN }, "down\n" },
		{ { .state = STATUS_DOWN, .want = STATUS_WANT_DOWN }, "down\n" },
		{ { .state = STATUS_DOWN, .want = STATUS_WANT_EXIT }, "down\n" },
		{ { .state = STATUS_RUN }, "run\n" },
		{ { .state = STATUS_RUN, .want = STATUS_WANT_DOWN }, "run, want down\n" },
		{ { .state = STATUS_RUN, .want = STATUS_WANT_EXIT }, "run, want exit\n" },
		{ { .state = STATUS_FINISH, .want = STATUS_WANT_DOWN }, "finish, want down\n" },
		{ { .state = STATUS_RUN, .paused = true }, "run, paused\n" },
		{ { .state = STATUS_RUN, .paused = true, .got_term = true, .want = STATUS_WANT_DOWN },
			"run, paused, got TERM, want down\n" },
	};
	char text[STATUS_TEXT_BYTES];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_uint_eq(status_describe(&cases[i].status, text), strlen(cases[i].text));
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

START_TEST(every_text_fits)
{
	for (unsigned all = 0; all < 3 * 3 * 4; all++) {
		struct status status = {
			.state = (enum status_state)(all % 3),
			.want = (enum status_want)(all / 3 % 3),
			.paused = all / 9 & 1,
			.got_term = all / 9 & 2,
		};
		char text[STATUS_TEXT_BYTES + 1];
		size_t length;

		text[STATUS_TEXT_BYTES] = 0x5a;
		length = status_describe(&status, text);
		ck_assert_int_eq(text[STATUS_TEXT_BYTES], 0x5a);
		ck_assert_int_eq(text[length - 1], '\n');	/* so nothing was cut */
	}
}
END_TEST

static const struct status_identity IDENTITY = {
	.boot = { 1, 2, 3, 255, 0, 128 }, .namespace = 0xf000000012345678, .device = UINT64_MAX,
	.inode = 42, .pid = INT32_MAX, .start = 0x0102030405060708, .margin = 0x090a0b0c,
};

static const struct status_memory MEMORY = {
	.state = 3, .want = 2, .readiness = 1, .failed = true, .starts = UINT32_MAX, .last_status = -1,
	.earliest = INT64_MIN, .last_death = INT64_MAX, .deaths = 60, .death = { 1, 65535, [59] = 77 },
	.group = INT32_MAX,
};

START_TEST(a_whole_record_is_read_back)
{
	struct status status = { .pid = 77, .state = STATUS_RUN, .paused = true }, read;
	struct status_identity identity;
	struct status_memory memory;
	unsigned char record[STATUS_RECORD_BYTES], plain[STATUS_BYTES];

	status.changed.tv_sec = 1234567890;
	status_encode_record(&status, &IDENTITY, &MEMORY, record);
	status_encode(&status, plain);
	ck_assert_mem_eq(record, plain, STATUS_BYTES);	/* what other readers see */
	ck_assert(status_decode_record(record, sizeof record, &read, &identity, &memory));
	ck_assert_int_eq(read.pid, 77);
	ck_assert_int_eq(read.changed.tv_sec, 1234567890);
	ck_assert_mem_eq(identity.boot, IDENTITY.boot, sizeof identity.boot);
	ck_assert_uint_eq(identity.namespace, IDENTITY.namespace);
	ck_assert_uint_eq(identity.device, IDENTITY.device);
	ck_assert_uint_eq(identity.inode, IDENTITY.inode);
	ck_assert_int_eq(identity.pid, IDENTITY.pid);
	ck_assert_uint_eq(identity.start, IDENTITY.start);
	ck_assert_uint_eq(identity.margin, IDENTITY.margin);
	ck_assert_uint_eq(memory.state, MEMORY.state);
	ck_assert_uint_eq(memory.want, MEMORY.want);
	ck_assert_uint_eq(memory.starts, MEMORY.starts);
	ck_assert_int_eq(memory.last_status, MEMORY.last_status);
	ck_assert_int_eq(memory.earliest, MEMORY.earliest);
	ck_assert_uint_eq(memory.readiness, MEMORY.readiness);
	ck_assert(memory.failed);
	ck_assert_int_eq(memory.last_death, MEMORY.last_death);
	ck_assert_uint_eq(memory.deaths, MEMORY.deaths);
	ck_assert_int_eq(memory.group, MEMORY.group);
	ck_assert_mem_eq(memory.death, MEMORY.death, sizeof memory.death);
}
END_TEST

START_TEST(a_start_may_lie_within_the_margin)
{
	static const struct status_identity exact = { .start = 100 }, wide = { .start = 100, .margin = 2 },
		early = { .start = 1, .margin = UINT32_MAX };

	for (uint64_t start = 95; start < 105; start++) {
		ck_assert(status_is_start(&exact, start) == (start == 100));
		ck_assert(status_is_start(&wide, start) == (start >= 98 && start <= 100));
	}
	ck_assert(status_is_start(&early, 0));
	ck_assert(!status_is_start(&early, 2));
	ck_assert(!status_is_start(&early, UINT64_MAX));
}
END_TEST

START_TEST(a_harmed_record_is_none)
{
	struct status status = { .pid = 77, .state = STATUS_RUN }, read;
	struct status_identity identity;
	struct status_memory memory;
	unsigned char record[STATUS_RECORD_BYTES + 1] = { 0 };

	status_encode_record(&status, &IDENTITY, &MEMORY, record);
	for (size_t size = 0; size <= sizeof record; size++)
		ck_assert(status_decode_record(record, size, &read, &identity, &memory) ==
			(size == STATUS_RECORD_BYTES));
	for (size_t at = 0; at < STATUS_RECORD_BYTES; at++)
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			record[at] ^= (unsigned char)bit;
			if (status_decode_record(record, STATUS_RECORD_BYTES, &read, &identity, &memory))
				ck_abort_msg("byte %zu, bit %u changed, and taken", at, bit);
			record[at] ^= (unsigned char)bit;
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("status");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_test(all, layout_is_runits);
	tcase_add_test(all, what_is_written_is_read);
	tcase_add_test(all, every_length);
	tcase_add_test(all, every_value_of_every_byte);
	tcase_add_test(all, times_out_of_range_are_zero);
	tcase_add_test(all, text_is_runits);
	tcase_add_test(all, every_text_fits);
	tcase_add_test(all, a_whole_record_is_read_back);
	tcase_add_test(all, a_start_may_lie_within_the_margin);
	tcase_add_test(all, a_harmed_record_is_none);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

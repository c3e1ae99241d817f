/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "text.h"

/* TAI64's label for 1970-01-01 plus the 10 s that TAI was ahead of UTC then;
 * leap seconds since are left out, as daemontools does. */
#define TAI_OFFSET 4611686018427387914U

static const char *const state_names[] = {
	[STATUS_DOWN] = "down",
	[STATUS_RUN] = "run",
	[STATUS_FINISH] = "finish",
};

static void put_big_endian(unsigned char *to, size_t size, uint64_t value)
{
	while (size > 0) {
		to[--size] = (unsigned char)(value & 0xff);
		value >>= 8;
	}
}

static uint64_t get_big_endian(const unsigned char *from, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | from[i];
	return value;
}

void status_encode(const struct status *status, unsigned char record[STATUS_BYTES])
{
	uint32_t pid = (uint32_t)status->pid;

	put_big_endian(record, 8, (uint64_t)status->changed.tv_sec + TAI_OFFSET);
	put_big_endian(record + 8, 4, (uint64_t)status->changed.tv_nsec);
	for (int i = 0; i < 4; i++)
		record[12 + i] = (unsigned char)(pid >> 8 * i & 0xff);
	record[16] = status->paused;
	record[17] = status->want == STATUS_WANT_UP ? 'u' : 'd';
	record[18] = status->got_term;
	record[19] = (unsigned char)status->state;
}

bool status_decode(const unsigned char *record, size_t size, struct status *status)
{
	uint64_t seconds;
	uint32_t pid = 0;

	if (size < STATUS_BYTES || record[19] > STATUS_FINISH)
		return false;
	if (record[17] != 'u' && record[17] != 'd' && record[17] != 0)
		return false;
	seconds = get_big_endian(record, 8);
	for (int i = 0; i < 4; i++)
		pid |= (uint32_t)record[12 + i] << 8 * i;
	status->changed.tv_sec = seconds >= TAI_OFFSET && seconds - TAI_OFFSET <= INT64_MAX ?
		(time_t)(seconds - TAI_OFFSET) : 0;
	status->changed.tv_nsec = (long)(get_big_endian(record + 8, 4) % 1000000000U);
	status->pid = (pid_t)(pid & INT32_MAX);
	status->paused = record[16] != 0;
	status->want = record[17] == 'd' ? STATUS_WANT_DOWN : STATUS_WANT_UP;
	status->got_term = record[18] != 0;
	status->state = (enum status_state)record[19];
	return true;
}

size_t status_describe(const struct status *status, char text[STATUS_TEXT_BYTES])
{
	const char *want = "";

	if (status->state != STATUS_DOWN && status->want == STATUS_WANT_DOWN)
		want = ", want down";
	if (status->state != STATUS_DOWN && status->want == STATUS_WANT_EXIT)
		want = ", want exit";
	return text_format(text, STATUS_TEXT_BYTES, "%s%s%s%s\n", state_names[status->state],
		status->paused ? ", paused" : "", status->got_term ? ", got TERM" : "", want);
}

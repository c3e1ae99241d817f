/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "text.h"

#include <assert.h>
#include <string.h>

/* TAI64's label for 1970-01-01 plus the 10 s that TAI was ahead of UTC then;
 * leap seconds since are left out, as daemontools does. */
#define TAI_OFFSET 4611686018427387914U

/* Eight bytes that say whose record follows, and of which make. */
static const unsigned char mark[8] = { 'p', 'i', 'd', 'o', 'n', 'e', 0, 2 };

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

static unsigned char *put_little(unsigned char *to, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		*to++ = (unsigned char)(value >> 8 * i & 0xff);
	return to;
}

static uint64_t take_little(const unsigned char **from, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)*(*from)++ << 8 * i;
	return value;
}

/* FNV-1a: against accidents, not against malice; whose file it is, the supervisor asks. */
static uint64_t sum_of(const unsigned char *bytes, size_t size)
{
	uint64_t sum = 14695981039346656037U;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * 1099511628211U;
	return sum;
}

static_assert(STATUS_BYTES + sizeof mark + 16 + 3 * 8 + 4 + 8 + 4 * 1 + 2 * 4 + 2 * 8 + 4 +
	STATUS_DEATHS * 2 + 2 * 4 + 8 == STATUS_RECORD_BYTES, "the record's fields fill it");

void status_encode_record(const struct status *status, const struct status_identity *identity,
	const struct status_memory *memory, unsigned char record[STATUS_RECORD_BYTES])
{
	unsigned char *to = record + STATUS_BYTES;

	status_encode(status, record);
	memcpy(to, mark, sizeof mark);
	to += sizeof mark;
	memcpy(to, identity->boot, sizeof identity->boot);
	to += sizeof identity->boot;
	to = put_little(to, 8, identity->namespace);
	to = put_little(to, 8, identity->device);
	to = put_little(to, 8, identity->inode);
	to = put_little(to, 4, (uint32_t)identity->pid);
	to = put_little(to, 8, identity->start);
	to = put_little(to, 1, memory->state);
	to = put_little(to, 1, memory->want);
	to = put_little(to, 1, memory->readiness);
	to = put_little(to, 1, memory->failed);
	to = put_little(to, 4, memory->starts);
	to = put_little(to, 4, (uint32_t)memory->last_status);
	to = put_little(to, 8, (uint64_t)memory->earliest);
	to = put_little(to, 8, (uint64_t)memory->last_death);
	to = put_little(to, 4, memory->deaths);
	for (size_t i = 0; i < STATUS_DEATHS; i++)
		to = put_little(to, 2, memory->death[i]);
	to = put_little(to, 4, (uint32_t)memory->group);
	/* 0 in records of before, which had the start to the tick */
	to = put_little(to, 4, identity->margin);
	(void)put_little(to, 8, sum_of(record, (size_t)(to - record)));
}

bool status_is_start(const struct status_identity *identity, uint64_t start)
{
	return start <= identity->start && identity->start - start <= identity->margin;
}

bool status_decode_record(const unsigned char *record, size_t size, struct status *status,
	struct status_identity *identity, struct status_memory *memory)
{
	const unsigned char *from = record + STATUS_BYTES + sizeof mark;
	const unsigned char *sum = record + STATUS_RECORD_BYTES - 8;

	if (size != STATUS_RECORD_BYTES || !status_decode(record, size, status) ||
	    memcmp(record + STATUS_BYTES, mark, sizeof mark) != 0)
		return false;
	if (take_little(&sum, 8) != sum_of(record, STATUS_RECORD_BYTES - 8))
		return false;
	memcpy(identity->boot, from, sizeof identity->boot);
	from += sizeof identity->boot;
	identity->namespace = take_little(&from, 8);
	identity->device = take_little(&from, 8);
	identity->inode = take_little(&from, 8);
	identity->pid = (pid_t)take_little(&from, 4);
	identity->start = take_little(&from, 8);
	memory->state = (uint8_t)take_little(&from, 1);
	memory->want = (uint8_t)take_little(&from, 1);
	memory->readiness = (uint8_t)take_little(&from, 1);
	memory->failed = take_little(&from, 1) != 0;
	memory->starts = (uint32_t)take_little(&from, 4);
	memory->last_status = (int32_t)take_little(&from, 4);
	memory->earliest = (int64_t)take_little(&from, 8);
	memory->last_death = (int64_t)take_little(&from, 8);
	memory->deaths = (uint32_t)take_little(&from, 4);
	for (size_t i = 0; i < STATUS_DEATHS; i++)
		memory->death[i] = (uint16_t)take_little(&from, 2);
	memory->group = (pid_t)take_little(&from, 4);
	identity->margin = (uint32_t)take_little(&from, 4);
	/* 1 is nobody's service, and of kill(2)'s -1 everybody */
	return identity->pid >= 0 && identity->pid != 1 && memory->group >= 0 && memory->group != 1 &&
		memory->deaths <= STATUS_DEATHS;
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

/* SPDX-License-Identifier: MIT */
/* One line each, a word and its values:
 *
 *	pidone-init 1
 *	phase NAME
 *	end NAME
 *	limits STEP ENTRY STOP TERM KILL RELEASE
 *	way STEP HELPER SINCE WAITED+1 PRESSED_WAITED+1 FLAGS
 *	program STEP PID SINCE UNTIL
 *	entry SLOT LISTING ORDER STATE PID SINCE UNTIL PENALTY FLAGS TTY::ACTION:COMMAND
 *
 * Numbers are decimal and not negative; what init never writes is left out. */
#include "record.h"

#include "clock.h"
#include "mark.h"
#include "text.h"

#include <string.h>

/* Of a monotonic clock in ms: whatever is added to it is still a number. */
#define TIME_MOST (INT64_MAX / 4)

static const char first_line[] = MARK_INIT " 1\n";

/* ---- writing ---- */

struct output {
	char *text;
	size_t length;
};

static void put_line(struct output *output, const char *word, const uint64_t *numbers, size_t count)
{
	char *text = output->text;
	size_t length = output->length;

	length += text_format(text + length, RECORD_BYTES - length, "%s", word);
	for (size_t i = 0; i < count; i++)
		length += text_format(text + length, RECORD_BYTES - length, " %llu",
			(unsigned long long)numbers[i]);
	output->length = length;
}

static void put_text(struct output *output, const char *text)
{
	output->length += text_format(output->text + output->length,
		RECORD_BYTES - output->length, "%s", text);
}

/* Flags as a number: the first is the lowest bit. */
static uint64_t join_flags(const bool *const flags[], size_t count)
{
	uint64_t number = 0;

	for (size_t i = 0; i < count; i++)
		number |= (uint64_t)*flags[i] << i;
	return number;
}

static void split_flags(bool *const flags[], size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++)
		*flags[i] = (number >> i & 1) != 0;
}

/* In the order of their bits: new ones go to the end. */
#define LIFE_FLAGS(life) { &(life)->asked, &(life)->reported, &(life)->forced, &(life)->load, \
	&(life)->single, &(life)->retire, &(life)->paused, &(life)->pressed, \
	&(life)->trace }
#define LIFE_FLAG_COUNT 9
#define LIMITS(limits) { &(limits)->step, &(limits)->entry, &(limits)->stop, &(limits)->term, \
	&(limits)->kill, &(limits)->release }
#define LIMIT_COUNT 6

static void write_life(const struct lifecycle *life, struct output *output)
{
	const bool *const flags[] = LIFE_FLAGS(life);
	const int64_t *const limits[] = LIMITS(&life->limits);
	uint64_t numbers[LIMIT_COUNT];
	const uint64_t way[] = { (uint64_t)life->step, (uint64_t)life->helper,
		(uint64_t)life->since, (uint64_t)(life->waited + 1),
		(uint64_t)(life->pressed_waited + 1), join_flags(flags, LIFE_FLAG_COUNT) };

	put_text(output, first_line);
	put_text(output, "phase ");
	put_text(output, lifecycle_phase_name(life->phase));
	put_text(output, "\nend ");
	put_text(output, lifecycle_end_name(life->end));
	put_text(output, "\n");
	for (size_t i = 0; i < LIMIT_COUNT; i++)
		numbers[i] = (uint64_t)*limits[i];
	put_line(output, "limits", numbers, LIMIT_COUNT);
	put_text(output, "\n");
	put_line(output, "way", way, sizeof way / sizeof way[0]);
	put_text(output, "\n");
}

static void write_program(const struct lifecycle_program *program, int step, struct output *output)
{
	const uint64_t numbers[] = { (uint64_t)step, (uint64_t)program->pid,
		(uint64_t)program->since, (uint64_t)program->until };

	put_line(output, "program", numbers, sizeof numbers / sizeof numbers[0]);
	put_text(output, "\n");
}

static void write_entry(const struct lifecycle *life, int slot, struct output *output)
{
	const struct inittab_entry *entry = &life->table.slots[slot].entry;
	const struct lifecycle_process *process = &life->processes[slot];
	const uint64_t numbers[] = { (uint64_t)slot, life->table.slots[slot].listing,
		life->table.slots[slot].order, process->state, (uint64_t)process->pid,
		(uint64_t)process->since, (uint64_t)process->until, (uint64_t)process->penalty,
		(uint64_t)process->done | (uint64_t)process->killed << 1 };

	put_line(output, "entry", numbers, sizeof numbers / sizeof numbers[0]);
	put_text(output, " ");
	/* of "/dev//dev/x" the parser has taken one away, and will again */
	if (strncmp(entry->tty, "/dev/", 5) == 0)
		put_text(output, "/dev/");
	put_text(output, entry->tty);
	put_text(output, "::");
	put_text(output, inittab_action_name(entry->action));
	put_text(output, ":");
	put_text(output, entry->command);
	put_text(output, "\n");
}

bool record_write(const struct lifecycle *life, char text[RECORD_BYTES])
{
	struct output output = { .text = text };

	write_life(life, &output);
	for (int i = 0; i < life->steps; i++)
		if (life->programs[i].pid != 0)
			write_program(&life->programs[i], i, &output);
	for (int i = 0; i < life->table.used; i++)
		if (life->table.slots[i].listing != INITTAB_FREE)
			write_entry(life, i, &output);
	return output.length < RECORD_BYTES - 1;
}

/* ---- reading ---- */

/* Reads COUNT numbers behind WORD, each with a blank before it; what follows
 * them, or NULL if LINE is not that. */
static const char *take_numbers(const char *line, const char *word, uint64_t *numbers, size_t count)
{
	size_t length = strlen(word);

	if (strncmp(line, word, length) != 0)
		return NULL;
	line += length;
	for (size_t i = 0; i < count; i++) {
		char digits[24];

		if (*line++ != ' ')
			return NULL;
		length = strspn(line, "0123456789");
		if (length >= sizeof digits)
			return NULL;
		memcpy(digits, line, length);
		digits[length] = '\0';
		if (!text_to_number(digits, INT64_MAX, &numbers[i]))
			return NULL;
		line += length;
	}
	return line;
}

static bool is_time(uint64_t number)
{
	return number <= TIME_MOST;
}

static bool is_deadline(uint64_t number)
{
	return is_time(number) || number == CLOCK_NEVER;
}

/* -1 if LINE does not have one of the names behind WORD. */
static int find_name(const char *line, const char *word, const char *(*name)(int), int count)
{
	size_t length = strlen(word);

	if (strncmp(line, word, length) == 0)
		for (int i = 0; i < count; i++)
			if (strcmp(line + length, name(i)) == 0)
				return i;
	return -1;
}

static const char *phase_name(int phase)
{
	return lifecycle_phase_name((enum lifecycle_phase)phase);
}

static const char *end_name(int end)
{
	return lifecycle_end_name((enum lifecycle_end)end);
}

static void read_limits(struct lifecycle *life, const char *line)
{
	int64_t *const limits[] = LIMITS(&life->limits);
	uint64_t numbers[LIMIT_COUNT];

	if (take_numbers(line, "limits", numbers, LIMIT_COUNT) == NULL)
		return;
	for (size_t i = 0; i < LIMIT_COUNT; i++)
		if (numbers[i] <= LIFECYCLE_LIMIT_MOST)
			*limits[i] = (int64_t)numbers[i];
}

static void read_way(struct lifecycle *life, const char *line)
{
	bool *const flags[] = LIFE_FLAGS(life);
	uint64_t way[6];

	line = take_numbers(line, "way", way, 6);
	if (line == NULL || *line != '\0' || way[0] > INT32_MAX || way[1] > INT32_MAX ||
		!is_time(way[2]) || way[3] > INITTAB_ENTRIES || way[4] > INITTAB_ENTRIES)
		return;
	life->step = (int)way[0];
	life->helper = (pid_t)way[1];
	life->since = (int64_t)way[2];
	life->waited = (int)way[3] - 1;
	life->pressed_waited = (int)way[4] - 1;
	split_flags(flags, LIFE_FLAG_COUNT, way[5]);
}

static void read_program(struct lifecycle *life, const char *line)
{
	uint64_t numbers[4];

	if (take_numbers(line, "program", numbers, 4) == NULL ||
		numbers[0] >= (uint64_t)life->steps || numbers[1] > INT32_MAX ||
		!is_time(numbers[2]) || !is_deadline(numbers[3]))
		return;
	life->programs[numbers[0]] = (struct lifecycle_program){ .pid = (pid_t)numbers[1],
		.since = (int64_t)numbers[2], .until = (int64_t)numbers[3] };
}

static void read_entry(struct lifecycle *life, const char *line)
{
	struct inittab_reader reader = { .first = 1 };
	struct inittab_excerpt excerpt;
	uint64_t numbers[9];
	int slot;

	line = take_numbers(line, "entry", numbers, 9);
	if (line == NULL || *line != ' ' || numbers[0] >= INITTAB_ENTRIES ||
		numbers[1] == INITTAB_FREE || numbers[1] > INITTAB_LISTED || numbers[2] > UINT32_MAX ||
		numbers[3] > LIFECYCLE_WAITING || numbers[4] > INT32_MAX ||
		!is_time(numbers[5]) || !is_deadline(numbers[6]) || !is_time(numbers[7]))
		return;
	slot = (int)numbers[0];
	if (!text_copy(reader.line, sizeof reader.line, line + 1) ||
		inittab_parse(&reader, &life->table.slots[slot].entry, &excerpt) != INITTAB_GOOD)
		return;
	life->table.slots[slot].listing = (enum inittab_listing)numbers[1];
	life->table.slots[slot].order = (unsigned)numbers[2];
	life->processes[slot] = (struct lifecycle_process){
		.state = (enum lifecycle_state)numbers[3],
		.pid = (pid_t)numbers[4],
		.since = (int64_t)numbers[5],
		.until = (int64_t)numbers[6],
		.penalty = (int64_t)numbers[7],
		.done = (numbers[8] & 1) != 0,
		.killed = (numbers[8] & 2) != 0,
	};
	if (life->table.used <= slot)
		life->table.used = slot + 1;
	if (life->table.order < numbers[2])
		life->table.order = (unsigned)numbers[2];
}

/* An entry that is waited for must be there, and run. */
static void mend(struct lifecycle *life)
{
	int *const slots[] = { &life->waited, &life->pressed_waited };

	for (size_t i = 0; i < 2; i++)
		if (*slots[i] >= 0 && life->processes[*slots[i]].state != LIFECYCLE_RUNNING)
			*slots[i] = -1;
}

bool record_read(struct lifecycle *life, const char *text)
{
	int phase = -1, end = -1;
	char line[INITTAB_LINE_BYTES + 256];

	if (strncmp(text, first_line, sizeof first_line - 1) != 0)
		return false;
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		if (length < sizeof line) {
			memcpy(line, text, length);
			line[length] = '\0';
			if (phase < 0)
				phase = find_name(line, "phase ", phase_name, LIFECYCLE_POWER + 1);
			if (end < 0)
				end = find_name(line, "end ", end_name, LIFECYCLE_REBOOT + 1);
			read_limits(life, line);
			read_way(life, line);
			read_program(life, line);
			read_entry(life, line);
		}
		text += length + (text[length] == '\n');
	}
	if (phase < 0 || end < 0)
		return false;
	life->phase = (enum lifecycle_phase)phase;
	life->end = (enum lifecycle_end)end;
	mend(life);
	return true;
}

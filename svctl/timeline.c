/* SPDX-License-Identifier: MIT */
#include "timeline.h"

#include "text.h"

#include <string.h>

void timeline_begin(struct timeline *timeline, struct timeline_item *items, size_t room)
{
	*timeline = (struct timeline){
		.items = items, .room = room,
		.init = TIMELINE_UNKNOWN, .offset = TIMELINE_UNKNOWN,
		.down = TIMELINE_UNKNOWN, .off = TIMELINE_UNKNOWN, .mark = TIMELINE_UNKNOWN,
	};
}

struct timeline_item *timeline_add(struct timeline *timeline, enum timeline_kind kind,
	const char *name, int64_t begin)
{
	struct timeline_item *item;

	if (timeline->count == timeline->room) {
		timeline->lost++;
		return NULL;
	}
	item = &timeline->items[timeline->count++];
	*item = (struct timeline_item){ .kind = kind, .begin = begin, .end = begin,
		.down = timeline->down != TIMELINE_UNKNOWN };
	(void)text_copy(item->name, sizeof item->name, name);
	return item;
}

/* ---- reading ---- */

static const char *skip_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	return text != NULL && strncmp(text, word, length) == 0 ? text + length : NULL;
}

/* "3.362189" in units of which UNIT make one, up to the first that is no part of it,
 * which is returned; NULL if it is no such number. */
static const char *take_decimal(const char *text, int64_t unit, int64_t *value)
{
	int64_t whole = 0, part = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 10)
		return NULL;
	for (; digits > 0; digits--)
		whole = whole * 10 + (*text++ - '0');
	*value = whole * unit;
	if (*text != '.')
		return text;
	for (text++; *text >= '0' && *text <= '9'; text++) {
		unit /= 10;
		part += (*text - '0') * unit;
	}
	*value += part;
	return text;
}

/* The last place in TEXT where WORD stands, or NULL. */
static const char *find_last(const char *text, const char *word)
{
	const char *found = NULL;

	for (text = strstr(text, word); text != NULL; text = strstr(text + 1, word))
		found = text;
	return found;
}

/* A line of init's, "NAME: RESULT (2.352 ms)", in its parts. */
struct report {
	char name[sizeof ((struct timeline_item *)0)->name];
	char result[sizeof ((struct timeline_item *)0)->result];
	int64_t took;		/* -1: it does not say */
};

static void copy_part(char *to, size_t size, const char *from, const char *end)
{
	(void)text_format(to, size, "%.*s", (int)(end - from), from);
}

/* RESULT is where that begins, behind ": ". */
static bool split(const char *text, const char *result, struct report *report)
{
	const char *took = find_last(text, " ("), *unit;

	if (result == NULL || result - 2 == text || took == NULL || took < result)
		return false;
	copy_part(report->name, sizeof report->name, text, result - 2);
	copy_part(report->result, sizeof report->result, result, took);
	unit = take_decimal(took + 2, 1000, &report->took);
	if (unit == NULL || strcmp(unit, " ms)") != 0)
		report->took = -1;
	return true;
}

static void take_step(struct timeline *timeline, int64_t at, const char *text)
{
	const char *result = strstr(text, ": ");
	struct timeline_item *item;
	struct report report;

	if (result == NULL || !split(text, result + 2, &report) || report.took < 0)
		return;
	/* a log may be damaged, or have no times */
	item = timeline_add(timeline, TIMELINE_STEP, report.name,
		at > report.took ? at - report.took : 0);
	if (item == NULL)
		return;
	item->end = at;
	item->failed = skip_word(report.result, "failed") != NULL;
	(void)text_copy(item->result, sizeof item->result, report.result);
}

/* A command may hold anything, so what became of it is looked for from the end. */
static const char *find_result(const char *text)
{
	static const char *const results[] = { ": started (", ": done (", ": ended (", ": failed: " };
	const char *last = NULL;

	for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
		const char *found = find_last(text, results[i]);

		if (found != NULL && (last == NULL || found > last))
			last = found;
	}
	return last != NULL ? last + 2 : NULL;
}

/* The entry NAME that is known to run, and was begun on this way. */
static struct timeline_item *find_open(struct timeline *timeline, const char *name)
{
	bool down = timeline->down != TIMELINE_UNKNOWN;

	for (size_t i = timeline->count; i-- > 0;) {
		struct timeline_item *item = &timeline->items[i];

		if (item->kind == TIMELINE_ENTRY && item->open && item->down == down &&
			strcmp(item->name, name) == 0)
			return item;
	}
	return NULL;
}

static void take_entry(struct timeline *timeline, int64_t at, const char *text)
{
	struct timeline_item *item;
	struct report report;

	if (!split(text, find_result(text), &report))
		return;
	if (skip_word(report.result, "started") != NULL) {
		item = timeline_add(timeline, TIMELINE_ENTRY, report.name, at);
		if (item != NULL)
			item->open = true;
		return;
	}
	item = find_open(timeline, report.name);
	/* one of those that were kept running: it was told to end when the phase began */
	if (item == NULL)
		item = timeline_add(timeline, TIMELINE_ENTRY, report.name,
			timeline->mark != TIMELINE_UNKNOWN ? timeline->mark : at);
	if (item == NULL)
		return;
	item->open = false;
	item->end = at;
	item->failed = skip_word(report.result, "failed") != NULL;
	(void)text_copy(item->result, sizeof item->result, report.result);
}

/* init's name of a phase (init/lifecycle.h), and for whom it is not enough. */
static const struct {
	const char *name, *means;
} phases[] = {
	{ "shutdown", "entries of that kind" },
	{ "stop", "init's own children end" },
	{ "term", "TERM to all others" },
	{ "kill", "KILL to those who are left" },
	{ "release", "file systems" },
	{ "power", "reboot(2)" },
};

static void end_phase(struct timeline *timeline, int64_t at, const char *name)
{
	struct timeline_item *item = timeline_add(timeline, TIMELINE_PHASE, name, timeline->mark);

	timeline->mark = at;
	if (item == NULL)
		return;
	item->end = at;
	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
		if (strcmp(name, phases[i].name) == 0)
			(void)text_copy(item->result, sizeof item->result, phases[i].means);
}

static void take_phase(struct timeline *timeline, int64_t at, const char *text)
{
	const char *rest = strstr(text, ": ");
	char name[sizeof timeline->items->name];

	if (rest == NULL)
		return;
	copy_part(name, sizeof name, text, rest);
	if (strcmp(rest, ": begins") == 0) {
		timeline->down = timeline->mark = at;
		(void)text_copy(timeline->end, sizeof timeline->end, name);
	} else if (timeline->down != TIMELINE_UNKNOWN && skip_word(rest, ": done (") != NULL) {
		end_phase(timeline, at, name);
	}
}

/* The monotonic time at AT. */
static void take_time(struct timeline *timeline, int64_t at, const char *text)
{
	const char *seconds = find_last(text, ", at ");
	int64_t time;

	if (seconds != NULL && take_decimal(seconds + 5, 1000000, &time) != NULL)
		timeline->offset = at - time;
}

static void take_init(struct timeline *timeline, int64_t at, const char *text)
{
	const char *rest;

	if ((rest = skip_word(text, "boot: ")) != NULL)
		take_step(timeline, at, rest);
	else if ((rest = skip_word(text, "entry: ")) != NULL)
		take_entry(timeline, at, rest);
	else if ((rest = skip_word(text, "down: ")) != NULL)
		take_phase(timeline, at, rest);
	else if ((rest = skip_word(text, "version ")) != NULL)
		take_time(timeline, at, rest);
}

void timeline_say(struct timeline *timeline, int64_t at, const char *text)
{
	const char *rest;

	if (skip_word(text, "Linux version ") != NULL)
		timeline_begin(timeline, timeline->items, timeline->room);
	else if ((rest = skip_word(text, "Run ")) != NULL && strstr(rest, " as init process") != NULL)
		timeline->init = at;
	else if ((rest = skip_word(text, "init: ")) != NULL)
		take_init(timeline, at, rest);
	else if (skip_word(text, "reboot: ") != NULL && timeline->down != TIMELINE_UNKNOWN) {
		/* the first of several: "Restarting system", "machine restart" */
		if (timeline->off == TIMELINE_UNKNOWN) {
			timeline->off = at;
			end_phase(timeline, at, "power");
		}
	}
}

/* What stands behind a time like "[    3.362189]", or NULL. */
static char *take_stamp(char *text, int64_t *at)
{
	const char *end;

	text += 1 + strspn(text + 1, " ");
	end = take_decimal(text, 1000000, at);
	if (end == NULL || end < text + 8 || end[-7] != '.' || *end != ']')
		return NULL;
	text += end - text + 1;
	return text + strspn(text, " ");
}

void timeline_line(struct timeline *timeline, char *text)
{
	char *said = NULL;
	int64_t at;

	for (char *bracket = strchr(text, '['); bracket != NULL && said == NULL;
		bracket = strchr(bracket + 1, '['))
		said = take_stamp(bracket, &at);
	if (said == NULL)
		return;
	said = text_trim(said);
	/* the thread that said it (CONFIG_PRINTK_CALLER) */
	if (*said == '[' && strstr(said, "] ") != NULL)
		said = strstr(said, "] ") + 2;
	timeline_say(timeline, at, said);
}

struct timeline_clocks timeline_clocks(const struct timeline *timeline, int64_t now, int64_t wall)
{
	int64_t offset = timeline->offset != TIMELINE_UNKNOWN ? timeline->offset : 0;

	return (struct timeline_clocks){ .wall = now + offset - wall, .boot = offset };
}

/* ---- what came of it ---- */

static bool comes_before(const struct timeline_item *item, const struct timeline_item *other)
{
	if (item->down != other->down)
		return other->down;
	if (item->begin != other->begin)
		return item->begin < other->begin;
	return item->end > other->end;
}

/* By insertion: they come nearly in order. */
static void sort(struct timeline *timeline)
{
	for (size_t i = 1; i < timeline->count; i++) {
		struct timeline_item item = timeline->items[i];
		size_t to = i;

		for (; to > 0 && comes_before(&item, &timeline->items[to - 1]); to--)
			timeline->items[to] = timeline->items[to - 1];
		timeline->items[to] = item;
	}
}

void timeline_end(struct timeline *timeline)
{
	sort(timeline);
	if (timeline->init == TIMELINE_UNKNOWN && timeline->count > 0 && !timeline->items[0].down)
		timeline->init = timeline->items[0].begin;
}

int64_t timeline_last(const struct timeline *timeline, bool down)
{
	int64_t last = down ? timeline->down : timeline->init;

	for (size_t i = 0; i < timeline->count; i++)
		if (timeline->items[i].down == down && timeline->items[i].end > last)
			last = timeline->items[i].end;
	return last;
}

int64_t timeline_up(const struct timeline *timeline)
{
	int64_t up = TIMELINE_UNKNOWN;

	for (size_t i = 0; i < timeline->count; i++) {
		const struct timeline_item *item = &timeline->items[i];

		if (!item->down && item->kind != TIMELINE_STEP && item->end > up)
			up = item->end;
	}
	return up != TIMELINE_UNKNOWN ? up : timeline_last(timeline, false);
}

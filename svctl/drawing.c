/* SPDX-License-Identifier: MIT */
/* A panel has a row for each item: its name, a bar from its beginning to its end, and
 * how long that took; paler, what runs on. The time before init is only drawn in the
 * strip above, which shows what part of the boot the panel is. */
#include "drawing.h"

#include "text.h"
#include "utf8.h"

#include <string.h>

/* In pixels. */
enum {
	WIDTH = 960,
	MARGIN = 20,
	LEFT = 300,		/* of the bars; the names are before them */
	RIGHT = 900,
	REST = 40,		/* of that, to show what runs on */
	ROW = 17,
	BAR = 11,
	STRIP = 16,
	CHARACTER = 6,		/* about, of what stands at the bars */
	GRID_LINES = 8,		/* at most */
};

#define NAME_CHARACTERS 42

static const char style[] =
	"<style>text{font:11px system-ui,sans-serif;fill:#1f2328}"
	".h{font-size:16px;font-weight:600}.n{text-anchor:end}.c{text-anchor:middle}"
	".t,.g{fill:#6e7781}.t{font-size:10px}line{stroke:#d8dee4}"
	".k{fill:#8c959f}.s{fill:#4078b8}.e{fill:#3f8f5b}.v{fill:#d98324}.p{fill:#7a5ea8}"
	".b{fill:#c2362b}.o{opacity:.22}.z{fill:#4078b8;opacity:.08}</style>\n";

static const struct {
	const char *class, *name;
} kinds[] = {
	[TIMELINE_STEP] = { "s", "step of init" },
	[TIMELINE_ENTRY] = { "e", "entry of inittab" },
	[TIMELINE_SERVICE] = { "v", "service" },
	[TIMELINE_PHASE] = { "p", "phase of the way down" },
};

struct panel {
	struct output *out;
	int64_t begin, end;	/* what it is about; there is a little more to the right */
	int top;		/* the next row */
};

static const char *entity_of(char character)
{
	switch (character) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	}
	return NULL;
}

/* Names of files and commands may hold anything. At most MOST characters. */
static void put_text(struct output *out, const char *text, size_t most)
{
	for (; *text != '\0' && most > 0; most--) {
		const char *entity = entity_of(*text);
		size_t length = utf8_length(text);

		if (length == 0 || (unsigned char)*text < ' ' || *text == 0x7f)
			entity = "?";
		if (entity != NULL)
			output_text(out, entity);
		else
			output_bytes(out, text, length);
		text += length > 0 ? length : 1;
	}
	if (*text != '\0')
		output_text(out, "…");
}

/* X and Y are where it begins; with the class "n" where it ends, "c" its middle. */
static void open_text(struct output *out, const char *class, int64_t x, int y)
{
	output_format(out, "<text class=\"%s\" x=\"%lld\" y=\"%d\">", class, (long long)x, y);
}

static void close_text(struct output *out)
{
	output_text(out, "</text>\n");
}

/* X and WIDTH in tenths of a pixel. */
static void put_bar(struct output *out, const char *class, int64_t x, int y, int64_t width, int height)
{
	output_format(out, "<rect class=\"%s\" x=\"%lld.%lld\" y=\"%d\" width=\"%lld.%lld\" height=\"%d\"/>\n",
		class, (long long)(x / 10), (long long)(x % 10), y, (long long)(width / 10),
		(long long)(width % 10), height);
}

static void put_time(struct output *out, int64_t us)
{
	if (us < 1000000)
		output_format(out, "%lld.%lld ms", (long long)(us / 1000),
			(long long)(us % 1000 / 100));
	else
		output_format(out, "%lld.%03lld s", (long long)(us / 1000000),
			(long long)(us % 1000000 / 1000));
}

/* ---- a panel ---- */

/* In tenths of a pixel. */
static int64_t position(const struct panel *panel, int64_t time)
{
	time = time < panel->begin ? 0 : time > panel->end ? panel->end - panel->begin :
		time - panel->begin;
	return 10 * LEFT + time * 10 * (RIGHT - REST - LEFT) / (panel->end - panel->begin);
}

static int64_t grid_step(int64_t most)
{
	int64_t step = 1000;

	for (int i = 0; most / step > GRID_LINES; i++)
		step = i % 3 == 1 ? step / 2 * 5 : step * 2;	/* 1, 2, 5, 10 */
	return step;
}

static void put_grid(const struct panel *panel, int rows)
{
	int64_t step = grid_step(panel->end - panel->begin);

	for (int64_t time = 0; time <= panel->end - panel->begin; time += step) {
		int64_t x = position(panel, panel->begin + time) / 10;

		output_format(panel->out, "<line x1=\"%lld\" x2=\"%lld\" y1=\"%d\" y2=\"%d\"/>\n",
			(long long)x, (long long)x, panel->top, panel->top + rows * ROW);
		open_text(panel->out, "t c", x, panel->top - 4);
		output_format(panel->out, "%lld ms", (long long)(time / 1000));
		close_text(panel->out);
	}
}

/* What stands at the bar. */
static void put_took(const struct panel *panel, const struct timeline_item *item)
{
	bool plain = item->result[0] == '\0' || strcmp(item->result, "done") == 0;
	int64_t took = item->end - item->begin;
	int64_t width = CHARACTER * (10 + (plain ? 0 : (int64_t)output_width(item->result)));
	int64_t before = position(panel, item->begin) / 10, after = position(panel, item->end) / 10;
	bool fits = after + 6 + width < WIDTH;

	open_text(panel->out, fits ? "t" : "t n", fits ? after + 6 : before - 4, panel->top + BAR);
	if (item->open && took == 0) {
		output_text(panel->out, "at ");
		took = item->begin - panel->begin;
	} else if (item->open) {
		output_text(panel->out, "ready after ");
	}
	put_time(panel->out, took);
	if (!plain) {
		output_text(panel->out, ", ");
		put_text(panel->out, item->result, SIZE_MAX);
	}
	close_text(panel->out);
}

static void put_item(struct panel *panel, const struct timeline_item *item)
{
	const char *class = item->failed ? "b" : kinds[item->kind].class;
	int64_t begin = position(panel, item->begin), end = position(panel, item->end);
	char paler[8];

	open_text(panel->out, "n", LEFT - 8, panel->top + BAR);
	put_text(panel->out, item->name, NAME_CHARACTERS);
	close_text(panel->out);
	if (item->open) {
		text_format(paler, sizeof paler, "%s o", class);
		put_bar(panel->out, paler, end, panel->top + 2, 10 * RIGHT - end, BAR);
	}
	/* what takes no time is seen all the same */
	put_bar(panel->out, class, begin, panel->top + 2, end - begin < 20 ? 20 : end - begin, BAR);
	put_took(panel, item);
	panel->top += ROW;
}

static void put_items(struct panel *panel, const struct timeline *timeline, bool down)
{
	int rows = 0;

	for (size_t i = 0; i < timeline->count; i++)
		rows += timeline->items[i].down == down;
	put_grid(panel, rows);
	for (size_t i = 0; i < timeline->count; i++)
		if (timeline->items[i].down == down)
			put_item(panel, &timeline->items[i]);
}

/* Which colour is what: of those that are there. */
static void put_legend(struct panel *panel, const struct timeline *timeline, bool down)
{
	int x = LEFT;

	for (int kind = 0; kind < TIMELINE_KINDS; kind++) {
		bool there = false;

		for (size_t i = 0; i < timeline->count; i++)
			there |= timeline->items[i].down == down && (int)timeline->items[i].kind == kind;
		if (!there)
			continue;
		put_bar(panel->out, kinds[kind].class, 10 * x, panel->top + 4, 100, 10);
		open_text(panel->out, "g", x + 15, panel->top + 13);
		output_text(panel->out, kinds[kind].name);
		close_text(panel->out);
		x += 30 + CHARACTER * (int)strlen(kinds[kind].name);
	}
	panel->top += 26;
}

/* ---- the boot, the way down ---- */

/* From the kernel's first word to the last service, and what of it the panel shows. */
static void put_strip(struct panel *panel)
{
	int64_t width = 10 * (RIGHT - MARGIN), init = 10 * MARGIN + panel->begin * width / panel->end;

	put_bar(panel->out, "k", 10 * MARGIN, panel->top, init - 10 * MARGIN, STRIP);
	put_bar(panel->out, "s", init, panel->top, 10 * RIGHT - init, STRIP);
	output_format(panel->out, "<path class=\"z\" d=\"M%lld %dH%dV%dH%dZ\"/>\n",
		(long long)(init / 10), panel->top + STRIP, RIGHT, panel->top + 3 * STRIP, LEFT);
	open_text(panel->out, "g", MARGIN, panel->top + STRIP + 13);
	output_text(panel->out, "kernel: ");
	put_time(panel->out, panel->begin);
	close_text(panel->out);
	panel->top += 3 * STRIP + 16;
}

static void put_heading(struct panel *panel, const char *what, int64_t took, const char *title)
{
	open_text(panel->out, "h", MARGIN, panel->top + 16);
	output_format(panel->out, "%s in ", what);
	put_time(panel->out, took);
	close_text(panel->out);
	open_text(panel->out, "g n", RIGHT, panel->top + 16);
	put_text(panel->out, title, SIZE_MAX);
	close_text(panel->out);
	panel->top += 28;
}

static void put_boot(struct panel *panel, const struct timeline *timeline, const char *title)
{
	int64_t last = timeline_last(timeline, false);

	panel->begin = timeline->init;
	panel->end = last > panel->begin ? last : panel->begin + 1;
	put_heading(panel, "Boot", timeline_up(timeline), title);
	put_strip(panel);
	put_items(panel, timeline, false);
	put_legend(panel, timeline, false);
}

static void put_down(struct panel *panel, const struct timeline *timeline, const char *title)
{
	int64_t last = timeline_last(timeline, true);
	char what[sizeof timeline->end];

	(void)text_copy(what, sizeof what, timeline->end);
	if (*what >= 'a' && *what <= 'z')
		*what = (char)(*what - 'a' + 'A');
	panel->begin = timeline->down;
	panel->end = last > panel->begin ? last : panel->begin + 1;
	put_heading(panel, what, panel->end - panel->begin, title);
	panel->top += 16;
	put_items(panel, timeline, true);
	put_legend(panel, timeline, true);
}

/* Nothing but the rows is of another height from one timeline to the next. */
static int height_of(const struct timeline *timeline)
{
	int height = MARGIN + ROW * (int)timeline->count;

	if (timeline->init != TIMELINE_UNKNOWN)
		height += 28 + 3 * STRIP + 16 + 26;
	if (timeline->down != TIMELINE_UNKNOWN)
		height += 28 + 16 + 26;
	return height;
}

void drawing_put(struct output *out, const struct timeline *timeline, const char *title)
{
	struct panel panel = { .out = out, .top = MARGIN / 2 };
	int height = height_of(timeline);

	output_format(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"width=\"%d\" height=\"%d\">\n", WIDTH, height, WIDTH, height);
	output_text(out, style);
	output_text(out, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
	if (timeline->init != TIMELINE_UNKNOWN)
		put_boot(&panel, timeline, title);
	if (timeline->down != TIMELINE_UNKNOWN)
		put_down(&panel, timeline, title);
	output_text(out, "</svg>\n");
}

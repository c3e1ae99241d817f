/* SPDX-License-Identifier: MIT */
/* Lines of a kernel's log, or of a file that somebody says is one, as svctl boot
 * reads them. */
#include "fuzz.h"

#include "../../svctl/timeline.h"

enum { ROOM = 16 };

static void check(const struct timeline *timeline)
{
	must(timeline->count <= ROOM);
	must(memchr(timeline->end, '\0', sizeof timeline->end) != NULL);
	for (size_t i = 0; i < timeline->count; i++) {
		const struct timeline_item *item = &timeline->items[i];

		must(item->kind < TIMELINE_KINDS);
		must(memchr(item->name, '\0', sizeof item->name) != NULL);
		must(memchr(item->result, '\0', sizeof item->result) != NULL);
		must(i == 0 || item->down >= timeline->items[i - 1].down);
		must(i == 0 || item->down != timeline->items[i - 1].down ||
			item->begin >= timeline->items[i - 1].begin);
		must(item->end <= timeline_last(timeline, item->down));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct timeline_item items[ROOM];
	struct timeline timeline;
	struct input input = { data, size };

	timeline_begin(&timeline, items, ROOM);
	while (input.size > 0) {
		char *line = take_text(&input, '\n');

		timeline_line(&timeline, line);
		must(timeline.count <= ROOM);
		free(line);
	}
	timeline_end(&timeline);
	check(&timeline);
	return 0;
}

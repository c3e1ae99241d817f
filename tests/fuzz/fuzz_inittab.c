/* SPDX-License-Identifier: MIT */
/* Two versions of an inittab, parted by a byte 0xff: the first is read at boot, the
 * second is the reload. */
#include "fuzz.h"

#include "../../init/inittab.h"

static struct inittab table;

static bool is_same(const struct inittab_entry *one, const struct inittab_entry *other)
{
	return strcmp(one->tty, other->tty) == 0 && strcmp(one->command, other->command) == 0;
}

static bool lies_in(const struct inittab_excerpt *excerpt, const char *text, size_t size)
{
	return excerpt->length >= 0 && excerpt->start >= text &&
		excerpt->start + excerpt->length <= text + size;
}

static bool feed(struct inittab_reader *reader, const char *text)
{
	bool ended = false;

	for (; *text != '\0'; text++) {
		must(!ended);
		ended = inittab_read(reader, *text);
	}
	return ended || inittab_read_end(reader);
}

/* Written as the file has it, an entry is read as itself. */
static void check_round_trip(const struct inittab_entry *entry)
{
	static struct inittab_reader reader;
	static struct inittab_entry again;
	struct inittab_excerpt excerpt;
	char line[INITTAB_LINE_BYTES + 64];

	memset(&reader, 0, sizeof reader);
	(void)snprintf(line, sizeof line, "/dev/%s:x:%s:%s\n", entry->tty,
		inittab_action_name(entry->action), entry->command);
	must(feed(&reader, line));
	if (reader.too_long)		/* /dev/ and the x were not in it */
		return;
	must(inittab_parse(&reader, &again, &excerpt) == INITTAB_GOOD);
	must(is_same(entry, &again) && again.action == entry->action);
}

static void check_bad(const struct inittab_reader *reader, enum inittab_error error,
	const struct inittab_excerpt *excerpt)
{
	must(strlen(inittab_error_text(error)) > 0);
	must(lies_in(excerpt, reader->line, sizeof reader->line));
	if (error == INITTAB_SYSVINIT)
		must(inittab_sysvinit(excerpt) >= 0 && inittab_sysvinit(excerpt) < 32);
	if (error == INITTAB_ACTION)
		must(inittab_sysvinit(excerpt) < 0);
}

static void check_added(const struct inittab_entry *entry, int slot)
{
	must(slot >= 0 && slot < table.used);
	must(table.slots[slot].listing == INITTAB_LISTED);
	must(table.slots[slot].order == table.order);
	must(is_same(entry, &table.slots[slot].entry));
	must(entry->action == table.slots[slot].entry.action);
}

static void take_line(const struct inittab_reader *reader)
{
	static struct inittab_entry entry;
	struct inittab_excerpt excerpt;
	enum inittab_error error = inittab_parse(reader, &entry, &excerpt);
	int slot;

	must(strlen(reader->line) == reader->length || reader->nul);
	must(strpbrk(reader->line, "\n#") == NULL);
	if (error != INITTAB_GOOD) {
		check_bad(reader, error, &excerpt);
		return;
	}
	must(strlen(entry.command) > 0 && strchr(entry.tty, ':') == NULL);
	if (strchr(entry.command, '\\') == NULL && strncmp(entry.tty, "/dev/", 5) != 0)
		check_round_trip(&entry);
	switch (inittab_add(&table, &entry, &slot)) {
	case INITTAB_NEW:
	case INITTAB_KNOWN:
	case INITTAB_TWICE:
		check_added(&entry, slot);
		break;
	case INITTAB_FULL:
		must(table.used == INITTAB_ENTRIES);
		break;
	}
}

static void read_file(struct input *input)
{
	static struct inittab_reader reader;
	unsigned line = 0;

	memset(&reader, 0, sizeof reader);
	inittab_begin(&table);
	while (input->size > 0 && *input->data != 0xff) {
		bool ended = inittab_read(&reader, (char)take_number(input, 1));

		must(reader.length < sizeof reader.line);
		if (!ended)
			continue;
		must(reader.first > line && reader.first <= reader.newlines);
		line = reader.first;
		take_line(&reader);
	}
	if (inittab_read_end(&reader))
		take_line(&reader);
	inittab_end(&table, true);
	(void)take_number(input, 1);
}

/* No two are equal, none has another's place, none is left between two readings. */
static void check_table(void)
{
	must(table.used >= 0 && table.used <= INITTAB_ENTRIES);
	for (int i = 0; i < table.used; i++) {
		must(table.slots[i].listing != INITTAB_UNREAD);
		if (table.slots[i].listing == INITTAB_FREE)
			continue;
		must(table.slots[i].order <= table.order);
		for (int j = 0; j < i; j++)
			must(table.slots[j].listing == INITTAB_FREE ||
				(!is_same(&table.slots[i].entry, &table.slots[j].entry) &&
					table.slots[i].order != table.slots[j].order));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	memset(&table, 0, sizeof table);
	read_file(&input);
	check_table();
	for (int i = 0; i < table.used; i += 3)		/* their processes have ended */
		inittab_free(&table, i);
	read_file(&input);
	check_table();
	return 0;
}

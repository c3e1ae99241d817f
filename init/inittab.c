/* SPDX-License-Identifier: MIT */
#include "inittab.h"

#include "text.h"

#include <string.h>

static const char *const action_names[] = {
	[INITTAB_SYSINIT] = "sysinit",
	[INITTAB_WAIT] = "wait",
	[INITTAB_ONCE] = "once",
	[INITTAB_RESPAWN] = "respawn",
	[INITTAB_ASKFIRST] = "askfirst",
	[INITTAB_CTRLALTDEL] = "ctrlaltdel",
	[INITTAB_SHUTDOWN] = "shutdown",
	[INITTAB_RESTART] = "restart",
};

/* inittab(5) of sysvinit */
static const char *const sysvinit_names[] = {
	"boot", "bootwait", "off", "ondemand", "initdefault", "powerwait", "powerfail",
	"powerokwait", "powerfailnow", "resume", "kbrequest",
};

static const char *const error_texts[] = {
	[INITTAB_GOOD] = "good",
	[INITTAB_BLANK] = "blank",
	[INITTAB_FIELDS] = "not the four fields tty:ignored:action:command",
	[INITTAB_ACTION] = "no such action",
	[INITTAB_SYSVINIT] = "action not supported",
	[INITTAB_NO_COMMAND] = "no command",
	[INITTAB_LONG_TTY] = "tty too long",
	[INITTAB_LONG_COMMAND] = "command too long",
	[INITTAB_LONG_LINE] = "line too long",
	[INITTAB_NUL] = "a NUL byte in the line",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const char *inittab_error_text(enum inittab_error error)
{
	return error_texts[error];
}

const char *inittab_action_name(enum inittab_action action)
{
	return action_names[action];
}

static bool is_name(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && memcmp(name, text, length) == 0;
}

bool inittab_action_find(const char *name, size_t length, enum inittab_action *action)
{
	for (size_t i = 0; i < COUNT(action_names); i++)
		if (is_name(action_names[i], name, length)) {
			*action = (enum inittab_action)i;
			return true;
		}
	return false;
}

static void begin_line(struct inittab_reader *reader)
{
	reader->first = reader->newlines + 1;
	reader->length = 0;
	reader->line[0] = '\0';
	reader->ended = reader->comment = reader->escaped = reader->too_long = reader->nul = false;
}

static void keep_byte(struct inittab_reader *reader, char byte)
{
	if (byte == '#')
		reader->comment = true;
	if (reader->comment)
		return;
	if (byte == '\0')
		reader->nul = true;
	if (reader->length + 1 >= sizeof reader->line) {
		reader->too_long = true;
		return;
	}
	reader->line[reader->length++] = byte;
	reader->line[reader->length] = '\0';
}

bool inittab_read(struct inittab_reader *reader, char byte)
{
	if (reader->ended || reader->first == 0)
		begin_line(reader);
	if (byte == '\n')
		reader->newlines++;
	if (reader->escaped) {
		/* a backslash joins lines, also in a comment (parse_config.c);
		 * before anything else it stands for itself */
		reader->escaped = false;
		if (byte == '\n')
			return false;
		keep_byte(reader, '\\');
	}
	if (byte == '\n') {
		reader->ended = true;
		return true;
	}
	if (byte == '\\')
		reader->escaped = true;
	else
		keep_byte(reader, byte);
	return false;
}

bool inittab_read_end(struct inittab_reader *reader)
{
	return reader->first != 0 && !reader->ended;
}

/* Takes the field that begins at *REST, up to the next colon, and moves *REST
 * behind that. False if there is no colon. */
static bool take_field(const char **rest, struct inittab_excerpt *field)
{
	const char *colon = strchr(*rest, ':');

	if (colon == NULL)
		return false;
	field->start = *rest;
	field->length = (int)(colon - *rest);
	*rest = colon + 1;
	return true;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r")] == '\0';
}

int inittab_sysvinit(const struct inittab_excerpt *name)
{
	for (size_t i = 0; i < COUNT(sysvinit_names); i++)
		if (is_name(sysvinit_names[i], name->start, (size_t)name->length))
			return (int)i;
	return -1;
}

static enum inittab_error parse_fields(const char *line, struct inittab_entry *entry,
	struct inittab_excerpt *excerpt)
{
	struct inittab_excerpt tty, ignored, action;

	if (!take_field(&line, &tty) || !take_field(&line, &ignored) ||
		!take_field(&line, &action))
		return INITTAB_FIELDS;
	*excerpt = action;
	if (!inittab_action_find(action.start, (size_t)action.length, &entry->action))
		return inittab_sysvinit(&action) >= 0 ? INITTAB_SYSVINIT : INITTAB_ACTION;
	if (tty.length >= 5 && memcmp(tty.start, "/dev/", 5) == 0) {
		tty.start += 5;
		tty.length -= 5;
	}
	*excerpt = tty;
	if (tty.length >= INITTAB_TTY_BYTES)
		return INITTAB_LONG_TTY;
	memcpy(entry->tty, tty.start, (size_t)tty.length);
	entry->tty[tty.length] = '\0';
	excerpt->start = line;
	excerpt->length = (int)strlen(line);
	if (is_blank(line))
		return INITTAB_NO_COMMAND;
	return text_copy(entry->command, sizeof entry->command, line) ?
		INITTAB_GOOD : INITTAB_LONG_COMMAND;
}

enum inittab_error inittab_parse(const struct inittab_reader *reader,
	struct inittab_entry *entry, struct inittab_excerpt *excerpt)
{
	excerpt->start = reader->line;
	excerpt->length = (int)strlen(reader->line);
	if (reader->too_long)
		return INITTAB_LONG_LINE;
	if (reader->nul)
		return INITTAB_NUL;
	if (is_blank(reader->line))
		return INITTAB_BLANK;
	return parse_fields(reader->line, entry, excerpt);
}

void inittab_begin(struct inittab *table)
{
	for (int i = 0; i < table->used; i++)
		if (table->slots[i].listing == INITTAB_LISTED)
			table->slots[i].listing = INITTAB_UNREAD;
}

void inittab_end(struct inittab *table, bool complete)
{
	for (int i = 0; i < table->used; i++)
		if (table->slots[i].listing == INITTAB_UNREAD)
			table->slots[i].listing = complete ? INITTAB_UNLISTED : INITTAB_LISTED;
}

static int find_slot(const struct inittab *table, const struct inittab_entry *entry)
{
	for (int i = 0; i < table->used; i++)
		if (table->slots[i].listing != INITTAB_FREE &&
			strcmp(table->slots[i].entry.tty, entry->tty) == 0 &&
			strcmp(table->slots[i].entry.command, entry->command) == 0)
			return i;
	return -1;
}

static int free_slot(struct inittab *table)
{
	for (int i = 0; i < table->used; i++)
		if (table->slots[i].listing == INITTAB_FREE)
			return i;
	return table->used < INITTAB_ENTRIES ? table->used++ : -1;
}

enum inittab_added inittab_add(struct inittab *table, const struct inittab_entry *entry,
	int *slot)
{
	enum inittab_added added = INITTAB_NEW;

	*slot = find_slot(table, entry);
	if (*slot < 0) {
		*slot = free_slot(table);
		if (*slot < 0)
			return INITTAB_FULL;
	} else {
		added = table->slots[*slot].listing == INITTAB_LISTED ? INITTAB_TWICE : INITTAB_KNOWN;
	}
	table->slots[*slot].entry = *entry;
	table->slots[*slot].listing = INITTAB_LISTED;
	table->slots[*slot].order = ++table->order;
	return added;
}

void inittab_free(struct inittab *table, int slot)
{
	table->slots[slot].listing = INITTAB_FREE;
}

bool inittab_standard(int number, struct inittab_entry *entry)
{
	/* busybox init.c parse_inittab */
	static const struct {
		enum inittab_action action;
		const char *tty, *command;
	} standard[] = {
		{ INITTAB_SYSINIT, "", "/etc/init.d/rcS" },
		{ INITTAB_ASKFIRST, "", "-/bin/sh" },
		{ INITTAB_ASKFIRST, "tty2", "-/bin/sh" },
		{ INITTAB_ASKFIRST, "tty3", "-/bin/sh" },
		{ INITTAB_ASKFIRST, "tty4", "-/bin/sh" },
		{ INITTAB_CTRLALTDEL, "", "reboot" },
		{ INITTAB_SHUTDOWN, "", "umount -a -r" },
		{ INITTAB_SHUTDOWN, "", "swapoff -a" },
		{ INITTAB_RESTART, "", "init" },
	};

	if (number < 0 || (size_t)number >= COUNT(standard))
		return false;
	entry->action = standard[number].action;
	/* they fit: they are written above */
	(void)text_copy(entry->tty, sizeof entry->tty, standard[number].tty);
	(void)text_copy(entry->command, sizeof entry->command, standard[number].command);
	return true;
}

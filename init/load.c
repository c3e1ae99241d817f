/* SPDX-License-Identifier: MIT */
#include "load.h"

#include "files.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define INITTAB "/etc/inittab"
#define INITTAB_MOST_BYTES (1 << 20)	/* more of it is not read */
#define COMPLAINTS_MOST 20		/* about one reading of it */

/* In this reading. */
static unsigned complaints;
static uint32_t sysvinit_named;		/* bits */

static void complain(unsigned line, const char *what, const struct inittab_excerpt *excerpt)
{
	if (complaints++ < COMPLAINTS_MOST)
		message(MESSAGE_WARNING, INITTAB ":%u: %s: '%.*s': left out", line, what,
			excerpt->length, excerpt->start);
}

/* A sysvinit file may have many of a kind; one message for each will do. */
static bool was_named(const struct inittab_excerpt *action)
{
	uint32_t bit = (uint32_t)1 << inittab_sysvinit(action);
	bool named = (sysvinit_named & bit) != 0;

	sysvinit_named |= bit;
	return named;
}

static void add_line(struct inittab *table, const struct inittab_reader *reader)
{
	struct inittab_entry entry;
	struct inittab_excerpt excerpt;
	enum inittab_error error = inittab_parse(reader, &entry, &excerpt);
	int slot;

	if (error == INITTAB_BLANK || (error == INITTAB_SYSVINIT && was_named(&excerpt)))
		return;
	if (error != INITTAB_GOOD) {
		complain(reader->first, inittab_error_text(error), &excerpt);
		return;
	}
	switch (inittab_add(table, &entry, &slot)) {
	case INITTAB_NEW:
	case INITTAB_KNOWN:
		break;
	case INITTAB_TWICE:
		complain(reader->first, "an earlier line with the same command and tty", &excerpt);
		break;
	case INITTAB_FULL:
		complain(reader->first, "more entries than there is room for", &excerpt);
		break;
	}
}

/* True if FD was read to its end; else false, with errno. */
static bool read_file(struct inittab *table, int fd)
{
	struct inittab_reader reader = { .first = 0 };
	size_t total = 0;
	char bytes[512];

	while (total < INITTAB_MOST_BYTES) {
		ssize_t got = read(fd, bytes, sizeof bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0) {
			if (inittab_read_end(&reader))
				add_line(table, &reader);
			return true;
		}
		for (ssize_t i = 0; i < got; i++)
			if (inittab_read(&reader, bytes[i]))
				add_line(table, &reader);
		total += (size_t)got;
	}
	message(MESSAGE_WARNING, INITTAB ": larger than %d bytes: the rest is left out",
		INITTAB_MOST_BYTES);
	return true;
}

static void add_standard(struct inittab *table)
{
	struct inittab_entry entry;
	int slot;

	for (int i = 0; inittab_standard(i, &entry); i++)
		(void)inittab_add(table, &entry, &slot);	/* there is room for these */
}

static void add_single(struct inittab *table)
{
	static const struct inittab_entry shell =
		{ .action = INITTAB_RESPAWN, .command = "-/bin/sh" };
	int slot;

	if (inittab_add(table, &shell, &slot) == INITTAB_FULL)
		message(MESSAGE_ERROR, "no room for the shell of single user mode");
}

static void tell_error(const char *verb, bool keep)
{
	message(MESSAGE_WARNING, INITTAB ": cannot %s: %s: %s", verb, strerror(errno),
		keep ? "kept as it is" : "the built-in entries are used");
}

/* Returns whether the table is now what the file says (or what stands for it). KEEP:
 * what it was will do, if there is no file. */
static bool load_file(struct inittab *table, bool keep)
{
	int fd = files_open(AT_FDCWD, INITTAB, O_RDONLY, 0);
	bool complete = fd >= 0 && read_file(table, fd);

	if (!complete)
		tell_error(fd < 0 ? "open" : "read", keep);
	files_close(&fd);
	if (complaints > COMPLAINTS_MOST)
		message(MESSAGE_WARNING, INITTAB ": %u more mistakes", complaints - COMPLAINTS_MOST);
	if (complete || keep)
		return complete;
	add_standard(table);
	return true;
}

bool load_inittab(struct inittab *table, bool single, bool changed)
{
	complaints = 0;
	sysvinit_named = 0;
	inittab_begin(table);
	if (!single)
		return load_file(table, table->used > 0 && !changed);
	add_single(table);
	return true;
}

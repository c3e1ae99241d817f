/* SPDX-License-Identifier: MIT */
/* The inittab: its lines, its entries and the table of them. Pure: the file is
 * fed byte by byte, so that one of any size and content costs one line. */
#ifndef INIT_INITTAB_H
#define INIT_INITTAB_H

#include <stdbool.h>
#include <stddef.h>

enum {
	INITTAB_ENTRIES = 128,
	INITTAB_TTY_BYTES = 32,		/* NULs included, here and below */
	INITTAB_COMMAND_BYTES = 512,
	INITTAB_LINE_BYTES = 640,	/* without its comment */
};

enum inittab_action {
	INITTAB_SYSINIT,
	INITTAB_WAIT,
	INITTAB_ONCE,
	INITTAB_RESPAWN,
	INITTAB_ASKFIRST,
	INITTAB_CTRLALTDEL,
	INITTAB_SHUTDOWN,
	INITTAB_RESTART,
};

/* What is wrong with a line. */
enum inittab_error {
	INITTAB_GOOD,
	INITTAB_BLANK,		/* nothing but blanks or a comment: no mistake */
	INITTAB_FIELDS,		/* fewer than four fields */
	INITTAB_ACTION,		/* no such action */
	INITTAB_SYSVINIT,	/* an action of sysvinit's that we do not have */
	INITTAB_NO_COMMAND,
	INITTAB_LONG_TTY,
	INITTAB_LONG_COMMAND,
	INITTAB_LONG_LINE,
	INITTAB_NUL,		/* a NUL byte in it */
};

struct inittab_entry {
	enum inittab_action action;
	char tty[INITTAB_TTY_BYTES];	/* without /dev/; "" is the console */
	char command[INITTAB_COMMAND_BYTES];
};

/* What was read instead of what should stand there: part of the line. */
struct inittab_excerpt {
	const char *start;
	int length;
};

/* Puts lines together. All zero is the state before the first byte. */
struct inittab_reader {
	char line[INITTAB_LINE_BYTES];
	size_t length;
	unsigned first;		/* number of the line where this one began */
	unsigned newlines;	/* seen so far */
	bool ended;		/* the line was handed out: the next byte begins one */
	bool comment, escaped, too_long, nul;
};

/* Takes the next byte. True when that ends a line: reader->line is it, without
 * its comment, and with the lines joined that end in a backslash. */
bool inittab_read(struct inittab_reader *reader, char byte);

/* The file has ended. True if there is one more line, which had no newline. */
bool inittab_read_end(struct inittab_reader *reader);

/* Makes ENTRY from the line that READER holds. Unless it returns
 * INITTAB_GOOD, *EXCERPT is what was read and ENTRY is undefined. */
enum inittab_error inittab_parse(const struct inittab_reader *reader,
	struct inittab_entry *entry, struct inittab_excerpt *excerpt);

/* Which of sysvinit's own actions NAME is: a number below 32; -1 if it is none. */
int inittab_sysvinit(const struct inittab_excerpt *name);

/* "no command", for people. */
const char *inittab_error_text(enum inittab_error error);

/* "respawn", as the file has it. */
const char *inittab_action_name(enum inittab_action action);

/* The action called NAME (LENGTH bytes); false if there is none. */
bool inittab_action_find(const char *name, size_t length, enum inittab_action *action);

enum inittab_listing {
	INITTAB_FREE,		/* nothing is in this slot */
	INITTAB_UNLISTED,	/* no longer in the file, but its process runs */
	INITTAB_UNREAD,		/* the file is being read, and it was in there before */
	INITTAB_LISTED,
};

/* Slots are stable: an entry stays where it is for as long as it is used. All
 * zero is the empty table. */
struct inittab {
	int used;		/* slots from here on were never used */
	unsigned order;		/* the highest given */
	struct {
		struct inittab_entry entry;
		enum inittab_listing listing;
		unsigned order;		/* entries run by rising order: as the file has them */
	} slots[INITTAB_ENTRIES];
};

enum inittab_added {
	INITTAB_NEW,
	INITTAB_KNOWN,		/* it was in the table before this reading */
	INITTAB_TWICE,		/* the same command and tty were in this file already */
	INITTAB_FULL,
};

/* A reading begins. */
void inittab_begin(struct inittab *table);

/* It has ended. What was not added again becomes unlisted, if the file was read
 * to its end; otherwise it stays listed. */
void inittab_end(struct inittab *table, bool complete);

/* The same command on the same tty is one entry, moved to the end and given
 * the new action (busybox init.c new_init_action). *SLOT is where it is, unless
 * the table is full. */
enum inittab_added inittab_add(struct inittab *table, const struct inittab_entry *entry,
	int *slot);

/* Empties a slot. */
void inittab_free(struct inittab *table, int slot);

/* The entries in use when there is no inittab, one after the other from 0 on;
 * false when NUMBER is beyond the last. */
bool inittab_standard(int number, struct inittab_entry *entry);

#endif

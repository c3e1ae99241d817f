/* SPDX-License-Identifier: MIT */
/* How a boot and a way down went, made out of lines of the kernel's log: init's own
 * (init/progress.h, init/boot.c) and those of the kernel at both ends. Pure. Times
 * are in µs of the log's clock. */
#ifndef SVCTL_TIMELINE_H
#define SVCTL_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum timeline_kind {
	TIMELINE_STEP,		/* built into init */
	TIMELINE_ENTRY,		/* of inittab */
	TIMELINE_SERVICE,
	TIMELINE_PHASE,		/* of the way down */
	TIMELINE_KINDS,
};

struct timeline_item {
	enum timeline_kind kind;
	bool down;		/* it is of the way down */
	bool open;		/* it runs on: END is when it began, or was ready */
	bool failed;
	int64_t begin, end;
	char name[64];
	char result[64];	/* "skipped: no /etc/keymap.bmap" */
};

/* Unknown as long as it is that. */
#define TIMELINE_UNKNOWN INT64_MIN

struct timeline {
	struct timeline_item *items;
	size_t count, room;
	size_t lost;		/* items that found no room */
	int64_t init;		/* the kernel executes init */
	int64_t offset;		/* what the log's clock is ahead of CLOCK_MONOTONIC */
	int64_t down;		/* the way down begins */
	int64_t off;		/* the kernel's last word */
	int64_t mark;		/* the phase under way began */
	char end[16];		/* "power off" */
};

/* Nothing is known. ITEMS has ROOM and is the caller's. */
void timeline_begin(struct timeline *timeline, struct timeline_item *items, size_t room);

/* TEXT was said at AT; lines that mean nothing to us change nothing. A line that is
 * the first of a boot makes it begin anew. */
void timeline_say(struct timeline *timeline, int64_t at, const char *text);

/* The same for a line of a saved log, whose time stands in it as "[   12.345678]",
 * from dmesg(1), a serial console or syslog. TEXT is changed. */
void timeline_line(struct timeline *timeline, char *text);

/* What is to be added to times of other clocks to have them by the log's: it is NOW by
 * CLOCK_BOOTTIME, and WALL by CLOCK_REALTIME. These go on while the machine sleeps, as
 * CLOCK_MONOTONIC and the log's do not; but until its first sleep CLOCK_BOOTTIME is
 * CLOCK_MONOTONIC, so of a boot the offset is true of both. */
struct timeline_clocks {
	int64_t wall, boot;
};
struct timeline_clocks timeline_clocks(const struct timeline *timeline, int64_t now, int64_t wall);

/* A new item, of which the caller fills in the rest; NULL if there is no room. NAME is
 * cut to fit. */
struct timeline_item *timeline_add(struct timeline *timeline, enum timeline_kind kind,
	const char *name, int64_t begin);

/* All has been said. Puts the items in order: those of the boot first, by their
 * beginning, what takes longer before what is a part of it. If the kernel did not say
 * when it executed init, that was when the first of them began. */
void timeline_end(struct timeline *timeline);

/* When the last of the boot's items (DOWN: of the way down's) came about, or the time
 * of init if there is none. */
int64_t timeline_last(const struct timeline *timeline, bool down);

/* When the last entry and service of the boot was there: a step that takes longer is
 * one that is not waited for. */
int64_t timeline_up(const struct timeline *timeline);

#endif

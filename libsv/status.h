/* SPDX-License-Identifier: MIT */
/* The record a monitor publishes of its service, in supervise/status (runit's
 * 20 bytes, runsv.c update_status) and, as text, supervise/stat. Behind the 20
 * bytes, which is all that other people's readers read, stands what the next
 * supervisor needs to take the service over. Pure. */
#ifndef LIBSV_STATUS_H
#define LIBSV_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define STATUS_BYTES 20
#define STATUS_RECORD_BYTES 248

/* How many deaths are remembered, and can be counted up to: at one start a second
 * there are no more in a minute. */
#define STATUS_DEATHS 60

/* The text of supervise/stat, its line end and NUL included, is no longer. */
#define STATUS_TEXT_BYTES 40

enum status_state {
	STATUS_DOWN = 0,
	STATUS_RUN = 1,
	STATUS_FINISH = 2,
};

enum status_want {
	STATUS_WANT_UP,
	STATUS_WANT_DOWN,
	STATUS_WANT_EXIT,	/* in the record the same as down */
};

struct status {
	struct timespec changed;	/* wall clock: when it last went up or down */
	pid_t pid;			/* of run or finish; 0: nothing runs */
	bool paused;
	bool got_term;
	enum status_want want;
	enum status_state state;
};

/* Which process of which directory it is, past all doubt: pids are used again,
 * machines are booted anew, directories are copied and seen in other namespaces. */
struct status_identity {
	unsigned char boot[16];		/* of /proc/sys/kernel/random/boot_id */
	uint64_t namespace;		/* inode of /proc/self/ns/pid */
	uint64_t device, inode;		/* the service directory */
	pid_t pid;			/* of run or finish; 0: none */
	/* Field 22 of /proc/PID/stat of pid, in ticks, is not above START, and below it
	 * by MARGIN at most. */
	uint64_t start;
	uint32_t margin;
};

/* A monitor's memory (libsv/monitor.h). */
struct status_memory {
	uint8_t state;			/* enum monitor_state */
	uint8_t want;			/* enum monitor_want */
	uint8_t readiness;		/* enum monitor_readiness */
	bool failed;
	uint32_t starts;
	int32_t last_status;
	int64_t earliest;		/* CLOCK_MONOTONIC ms */
	int64_t last_death;		/* the same */
	uint32_t deaths;		/* how many of those below count */
	uint16_t death[STATUS_DEATHS];	/* when, in 1/10 s, the oldest first */
	pid_t group;			/* what a run has left behind; 0: nothing */
};

/* Layout: TAI64N of the change (8 bytes seconds big-endian, 4 bytes ns
 * big-endian), pid (4 bytes little-endian), paused, 'u' or 'd', got_term, state. */
void status_encode(const struct status *status, unsigned char record[STATUS_BYTES]);

/* False if SIZE is too small or the record is none that a monitor writes: want
 * not 'u' or 'd' or 0 (daemontools), state above 2. More bytes may follow the
 * 20. A time before 1970 or beyond time_t is taken as 0. */
bool status_decode(const unsigned char *record, size_t size, struct status *status);

/* The whole record. Behind the 20 bytes: a mark, the fields of IDENTITY and of
 * MEMORY in their order, integers little-endian, and a sum over all of it. */
void status_encode_record(const struct status *status, const struct status_identity *identity,
	const struct status_memory *memory, unsigned char record[STATUS_RECORD_BYTES]);

/* Whether START, of a process that has the pid, is IDENTITY's. */
bool status_is_start(const struct status_identity *identity, uint64_t start);

/* False if it is no such record, whole and unharmed. */
bool status_decode_record(const unsigned char *record, size_t size, struct status *status,
	struct status_identity *identity, struct status_memory *memory);

/* "run, paused, got TERM, want down\n": returns its length. */
size_t status_describe(const struct status *status, char text[STATUS_TEXT_BYTES]);

#endif

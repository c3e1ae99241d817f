/* SPDX-License-Identifier: MIT */
/* Deadlines, the earliest first: a binary heap of timers that know their place,
 * so that arming, moving and disarming one costs the logarithm of how many there
 * are. It allocates only in timers_reserve. Pure, but for that. */
#ifndef SUPERVISE_TIMERS_H
#define SUPERVISE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t deadline;	/* monotonic ms */
	size_t place;		/* in the heap, from 1; 0: not armed */
	void (*expired)(void *owner);
	void *owner;
};

struct timers {
	struct timer **heap;	/* heap[1] is the earliest; heap[0] is not used */
	size_t count;
	size_t room;
};

/* Makes room for COUNT armed timers; false: no memory. */
bool timers_reserve(struct timers *timers, size_t count);

/* Arms TIMER for DEADLINE, or moves it there; CLOCK_NEVER disarms it. There must
 * be room. */
void timers_set(struct timers *timers, struct timer *timer, int64_t deadline);

/* The earliest deadline, or CLOCK_NEVER. */
int64_t timers_earliest(const struct timers *timers);

/* Disarms and returns the earliest timer if its deadline has come, else NULL. */
struct timer *timers_take(struct timers *timers, int64_t now);

void timers_free(struct timers *timers);

#endif

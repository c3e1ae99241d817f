/* SPDX-License-Identifier: MIT */
#include "timers.h"

#include "clock.h"

#include <stdlib.h>

bool timers_reserve(struct timers *timers, size_t count)
{
	size_t room = timers->room > 0 ? timers->room : 16;
	struct timer **heap;

	while (room < count)
		room *= 2;
	if (room == timers->room)
		return true;
	heap = realloc(timers->heap, (room + 1) * sizeof *heap);
	if (heap == NULL)
		return false;
	timers->heap = heap;
	timers->room = room;
	return true;
}

static void put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place] = timer;
	timer->place = place;
}

/* Moves the timer at PLACE up or down to where it belongs. */
static void settle(struct timers *timers, size_t place)
{
	struct timer *timer = timers->heap[place];

	while (place > 1 && timers->heap[place / 2]->deadline > timer->deadline) {
		put(timers, place, timers->heap[place / 2]);
		place /= 2;
	}
	for (;;) {
		size_t child = 2 * place;

		if (child < timers->count &&
		    timers->heap[child + 1]->deadline < timers->heap[child]->deadline)
			child++;
		if (child > timers->count || timers->heap[child]->deadline >= timer->deadline)
			break;
		put(timers, place, timers->heap[child]);
		place = child;
	}
	put(timers, place, timer);
}

static void disarm(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;

	timer->place = 0;
	if (place == timers->count) {
		timers->count--;
		return;
	}
	put(timers, place, timers->heap[timers->count--]);
	settle(timers, place);
}

void timers_set(struct timers *timers, struct timer *timer, int64_t deadline)
{
	if (deadline == CLOCK_NEVER) {
		if (timer->place != 0)
			disarm(timers, timer);
		return;
	}
	timer->deadline = deadline;
	if (timer->place == 0)
		put(timers, ++timers->count, timer);
	settle(timers, timer->place);
}

int64_t timers_earliest(const struct timers *timers)
{
	return timers->count == 0 ? CLOCK_NEVER : timers->heap[1]->deadline;
}

struct timer *timers_take(struct timers *timers, int64_t now)
{
	struct timer *timer;

	if (timers->count == 0 || timers->heap[1]->deadline > now)
		return NULL;
	timer = timers->heap[1];
	disarm(timers, timer);
	return timer;
}

void timers_free(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){ 0 };
}

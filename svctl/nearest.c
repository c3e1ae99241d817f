/* SPDX-License-Identifier: MIT */
#include "nearest.h"

#include <string.h>

#define LONGEST 63

static unsigned least(unsigned one, unsigned other)
{
	return one < other ? one : other;
}

/* The rows of the table of distances between beginnings: this one and the two
 * before it (optimal string alignment). */
unsigned nearest_distance(const char *from, const char *to, unsigned most)
{
	size_t rows = strlen(from), columns = strlen(to);
	unsigned before[LONGEST + 1] = { 0 }, last[LONGEST + 1], now[LONGEST + 1];

	if (rows > LONGEST || columns > LONGEST)
		return most + 1;
	for (size_t j = 0; j <= columns; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= rows; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= columns; j++) {
			now[j] = least(least(last[j], now[j - 1]) + 1,
				last[j - 1] + (from[i - 1] != to[j - 1]));
			if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		memcpy(before, last, sizeof before);
		memcpy(last, now, sizeof last);
	}
	return least(last[columns], most + 1);
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t length = strlen(nearest->word);
	/* a third of its letters, at least one: more is another word */
	unsigned most = length < 6 ? 1 : (unsigned)(length < 12 ? length / 3 : 4);
	unsigned distance = nearest_distance(nearest->word, candidate, most);

	if (distance > most || (nearest->guess != NULL && distance >= nearest->distance))
		return;
	nearest->guess = candidate;
	nearest->distance = distance;
}

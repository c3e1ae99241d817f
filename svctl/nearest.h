/* SPDX-License-Identifier: MIT */
/* Which of some words was meant by one that is none of them. Pure. */
#ifndef SVCTL_NEAREST_H
#define SVCTL_NEAREST_H

#include <stddef.h>

/* How many letters have to be put in, left out, replaced or swapped with their
 * neighbour to make TO of FROM: MOST + 1 for anything beyond MOST, or if one of
 * them is longer than 63 bytes. */
unsigned nearest_distance(const char *from, const char *to, unsigned most);

/* The best guess so far: begin with { .word = the word that was typed }. */
struct nearest {
	const char *word;
	const char *guess;	/* NULL: none that is near enough */
	unsigned distance;
};

/* Offers CANDIDATE, which must outlive NEAREST. The first of several that are
 * equally near stays. */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif

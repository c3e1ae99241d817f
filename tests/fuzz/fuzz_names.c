/* SPDX-License-Identifier: MIT */
/* Names and patterns of services: two texts, each taken as a pattern for the other, as
 * a mistyped form of it. */
#include "fuzz.h"

#include "../../svctl/nearest.h"
#include "../../svctl/pattern.h"

#include <fnmatch.h>

/* With every byte that means something marked, a name matches itself alone. */
static void check_literal(const char *name, const char *other)
{
	char *pattern = malloc(2 * strlen(name) + 1), *to = pattern;

	must(pattern != NULL);
	for (const char *from = name; *from != '\0'; from++) {
		if (strchr("*?[\\", *from) != NULL)
			*to++ = '\\';
		*to++ = *from;
	}
	*to = '\0';
	must(pattern_matches(pattern, name));
	must(pattern_matches(pattern, other) == (strcmp(name, other) == 0));
	free(pattern);
}

/* The C library is of the same opinion, where names are ASCII and there is no set (of
 * which it knows classes) and no backslash at the end (which it refuses). */
static void check_against_library(const char *pattern, const char *name)
{
	size_t length = strlen(pattern);

	for (const char *text = name; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return;
	if (strchr(pattern, '[') == NULL && (length == 0 || pattern[length - 1] != '\\'))
		must(pattern_matches(pattern, name) == (fnmatch(pattern, name, 0) == 0));
}

static void check_pattern(const char *pattern, const char *name)
{
	if (!pattern_is_one(pattern))
		must(pattern_matches(pattern, name) == (strcmp(pattern, name) == 0));
	must(pattern_matches("*", name));
	check_literal(name, pattern);
	check_against_library(pattern, name);
}

/* A distance as mathematics has it; beyond MOST there is none but MOST + 1. */
static void check_distance(const char *one, const char *other, unsigned most)
{
	size_t one_length = strlen(one), other_length = strlen(other);
	size_t difference = one_length > other_length ? one_length - other_length :
		other_length - one_length;
	unsigned distance = nearest_distance(one, other, 63), cut;

	if (one_length > 63 || other_length > 63) {
		must(distance == 64);
		return;
	}
	must(distance == nearest_distance(other, one, 63));
	must((distance == 0) == (strcmp(one, other) == 0));
	must(distance >= difference && distance <= one_length + other_length);
	must(distance <= (one_length > other_length ? one_length : other_length));
	cut = nearest_distance(one, other, most);
	must(cut == (distance <= most ? distance : most + 1));
}

static void check_guess(const char *word, const char *candidate)
{
	struct nearest nearest = { .word = word };

	nearest_offer(&nearest, candidate);
	must(nearest.guess == NULL || nearest.distance <= 4);
	if (strlen(word) <= 63) {
		nearest_offer(&nearest, word);
		must(nearest.guess != NULL && nearest.distance == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	unsigned most = (unsigned)(take_number(&input, 1) % 8);
	char *one = take_text(&input, '\0'), *other = take_text(&input, '\0');

	check_pattern(one, other);
	check_pattern(other, one);
	check_distance(one, other, most);
	check_guess(one, other);
	free(one);
	free(other);
	return 0;
}

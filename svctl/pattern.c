/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include <stddef.h>
#include <string.h>

bool pattern_is_one(const char *text)
{
	return strpbrk(text, "*?[\\") != NULL;
}

/* The character behind the ] that ends the set which begins at PATTERN, or NULL.
 * A ] that comes first is one of the set. */
static const char *set_end(const char *pattern)
{
	const char *at = pattern + 1;

	at += *at == '!' || *at == '^';
	at += *at == ']';
	at = strchr(at, ']');
	return at != NULL ? at + 1 : NULL;
}

/* Is BYTE in the set from PATTERN to END? */
static bool is_in_set(const char *pattern, const char *end, unsigned char byte)
{
	const unsigned char *at = (const unsigned char *)pattern + 1;
	const unsigned char *last = (const unsigned char *)end - 1;
	bool wanted = *at != '!' && *at != '^';

	for (at += !wanted; at < last; at++) {
		unsigned char least = *at;

		if (at[1] == '-' && at + 2 < last)
			at += 2;
		if (byte >= least && byte <= *at)
			return wanted;
	}
	return !wanted;
}

static size_t character_length(const char *name)
{
	size_t length = 1;

	if ((unsigned char)*name >= 0xc0)
		while (length < 4 && ((unsigned char)name[length] & 0xc0) == 0x80)
			length++;
	return length;
}

/* Matches one thing of the pattern that is no *. Returns what follows it and
 * moves *NAME on, or returns NULL. */
static const char *match_one(const char *pattern, const char **name)
{
	const char *end = *pattern == '[' ? set_end(pattern) : NULL;

	if (**name == '\0')
		return NULL;
	if (*pattern == '?') {
		*name += character_length(*name);
		return pattern + 1;
	}
	if (end != NULL)
		return is_in_set(pattern, end, (unsigned char)*(*name)++) ? end : NULL;
	if (*pattern == '\\' && pattern[1] != '\0')
		pattern++;
	return *pattern == *(*name)++ ? pattern + 1 : NULL;
}

/* After a mismatch the last * takes one byte more: those before it need not be
 * tried again, so the time is no more than the product of both lengths. */
bool pattern_matches(const char *pattern, const char *name)
{
	const char *after_star = NULL, *taken = NULL;

	for (;;) {
		const char *next;

		if (*pattern == '*') {
			after_star = ++pattern;
			taken = name;
			continue;
		}
		if (*pattern == '\0' && *name == '\0')
			return true;
		next = *pattern != '\0' ? match_one(pattern, &name) : NULL;
		if (next != NULL) {
			pattern = next;
			continue;
		}
		if (after_star == NULL || *taken == '\0')
			return false;
		pattern = after_star;
		name = ++taken;
	}
}

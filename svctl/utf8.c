/* SPDX-License-Identifier: MIT */
#include "utf8.h"

#include <stdbool.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The limits of the second byte leave out what is longer than need be, surrogates, and
 * what is beyond U+10FFFF (Unicode, table 3-7). */
size_t utf8_length(const char *string)
{
	const unsigned char *text = (const unsigned char *)string;
	unsigned char first = text[0], least = 0x80, most = 0xbf;
	size_t length;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (first == 0xe0)
		least = 0xa0;
	if (first == 0xed)
		most = 0x9f;
	if (first == 0xf0)
		least = 0x90;
	if (first == 0xf4)
		most = 0x8f;
	if (text[1] < least || text[1] > most)
		return 0;
	for (size_t i = 2; i < length; i++)	/* a NUL is no continuation */
		if (!is_continuation(text[i]))
			return 0;
	return length;
}

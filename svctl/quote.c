/* SPDX-License-Identifier: MIT */
#include "quote.h"

#include <string.h>

/* What means itself anywhere in a word; '=' does not, as it may assign. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	"_@%+:,./-";

/* Between single quotes all is itself but a single quote, which stands outside of
 * them, after a backslash. */
static const char quote_within[] = "'\\''";

static size_t quoted_length(const char *word)
{
	size_t length = 2;

	for (; *word != '\0'; word++)
		length += *word == '\'' ? sizeof quote_within - 1 : 1;
	return length;
}

size_t quote_word(const char *word, char *text, size_t size)
{
	size_t length = strlen(word);

	if (length > 0 && strspn(word, plain) == length) {
		if (length < size)
			memcpy(text, word, length + 1);
		return length;
	}
	length = quoted_length(word);
	if (length >= size)
		return length;
	*text++ = '\'';
	for (; *word != '\0'; word++)
		if (*word == '\'') {
			memcpy(text, quote_within, sizeof quote_within - 1);
			text += sizeof quote_within - 1;
		} else {
			*text++ = *word;
		}
	*text++ = '\'';
	*text = '\0';
	return length;
}

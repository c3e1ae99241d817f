/* SPDX-License-Identifier: MIT */
#include "output.h"

#include "files.h"
#include "text.h"
#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ECMA-48, SGR. */
static const char *const colours[] = {
	[COLOUR_NONE] = "\033[m",
	[COLOUR_BAD] = "\033[1;31m",
	[COLOUR_GOOD] = "\033[32m",
	[COLOUR_ODD] = "\033[33m",
	[COLOUR_FAINT] = "\033[2m",
	[COLOUR_HEADING] = "\033[1m",
};

void output_bytes(struct output *output, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size > 0) {
		size_t room = sizeof output->bytes - output->length;
		size_t part = size < room ? size : room;

		memcpy(output->bytes + output->length, from, part);
		output->length += part;
		from += part;
		size -= part;
		if (output->length == sizeof output->bytes)
			output_flush(output);
	}
}

void output_text(struct output *output, const char *text)
{
	output_bytes(output, text, strlen(text));
}

void output_format(struct output *output, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	text_vformat(text, sizeof text, format, arguments);
	va_end(arguments);
	output_text(output, text);
}

/* How many bytes of TEXT are one character, or none at all. *OBEYED: a terminal does
 * something on it (ECMA-48: C0, DEL, and C1, in UTF-8 or as one byte). */
static size_t take(const char *text, bool *obeyed)
{
	unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];
	size_t length = utf8_length(text);

	*obeyed = length < 2 ? first < ' ' || (first >= 0x7f && first < 0xa0) :
		first == 0xc2 && second < 0xa0;
	return length > 0 ? length : 1;
}

static void put_foreign(struct output *output, const char *text, char kept)
{
	bool obeyed;

	for (size_t length; *text != '\0'; text += length) {
		length = take(text, &obeyed);
		if (obeyed && *text != kept)
			output_bytes(output, "?", 1);
		else
			output_bytes(output, text, length);
	}
}

void output_foreign(struct output *output, const char *text)
{
	put_foreign(output, text, '\0');
}

void output_foreign_line(struct output *output, const char *text)
{
	put_foreign(output, text, '\t');
}

size_t output_width(const char *text)
{
	size_t width = 0;
	bool obeyed;

	for (; *text != '\0'; text += take(text, &obeyed))
		width++;
	return width;
}

void output_cell(struct output *output, const char *text, size_t width)
{
	output_foreign(output, text);
	for (size_t i = output_width(text); i < width; i++)
		output_text(output, " ");
}

void output_colour(struct output *output, enum colour colour)
{
	if (output->colour)
		output_text(output, colours[colour]);
}

bool output_wants_colour(int fd)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(fd) == 1 && (no_colour == NULL || *no_colour == '\0') &&
		(terminal == NULL || strcmp(terminal, "dumb") != 0);
}

void output_flush(struct output *output)
{
	if (!files_write(output->fd, output->bytes, output->length) && output->error == 0)
		output->error = errno;
	output->length = 0;
}

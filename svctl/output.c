/* SPDX-License-Identifier: MIT */
#include "output.h"

#include "files.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

void output_text(struct output *output, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t room = sizeof output->bytes - output->length;
		size_t part = left < room ? left : room;

		memcpy(output->bytes + output->length, text, part);
		output->length += part;
		text += part;
		left -= part;
		if (output->length == sizeof output->bytes)
			output_flush(output);
	}
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

void output_flush(struct output *output)
{
	if (!files_write(output->fd, output->bytes, output->length) && output->error == 0)
		output->error = errno;
	output->length = 0;
}

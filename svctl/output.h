/* SPDX-License-Identifier: MIT */
/* Standard output and standard error, in whole lines where they fit. A line
 * that cannot be written stops no command: it is remembered and said once. */
#ifndef SVCTL_OUTPUT_H
#define SVCTL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct output {
	int fd;
	int error;		/* errno of the first write that failed; 0 */
	bool colour;		/* output_colour does something */
	size_t length;
	char bytes[8192];
};

void output_bytes(struct output *output, const void *bytes, size_t size);
void output_text(struct output *output, const char *text);

/* FORMAT as in text_format; what is beyond 1,023 characters is cut. */
void output_format(struct output *output, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What others have written, names of files too: control characters, which could
 * end the line or speak to the terminal, are shown as '?'. */
void output_foreign(struct output *output, const char *text);

/* The same, but tabs stay what they are. */
void output_foreign_line(struct output *output, const char *text);

/* TEXT as output_foreign has it, then blanks up to WIDTH columns. */
void output_cell(struct output *output, const char *text, size_t width);

/* How many columns TEXT takes, as near as counting characters of UTF-8 comes. */
size_t output_width(const char *text);

/* From here on, until COLOUR_NONE. Nothing where colour is not wanted. */
enum colour {
	COLOUR_NONE,
	COLOUR_BAD,
	COLOUR_GOOD,
	COLOUR_ODD,
	COLOUR_FAINT,
	COLOUR_HEADING,
};
void output_colour(struct output *output, enum colour colour);

/* Whether FD is to be written to in colour: a terminal, no NO_COLOR in the
 * environment (no-color.org), no TERM=dumb. */
bool output_wants_colour(int fd);

/* Writes what has been put so far: for the end of each line that says what was
 * done, so that it is seen when it is done. */
void output_flush(struct output *output);

#endif

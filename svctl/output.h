/* SPDX-License-Identifier: MIT */
/* Standard output and standard error, in whole lines where they fit. A line
 * that cannot be written stops no command: it is remembered and said once. */
#ifndef SVCTL_OUTPUT_H
#define SVCTL_OUTPUT_H

#include <stddef.h>

struct output {
	int fd;
	int error;		/* errno of the first write that failed; 0 */
	size_t length;
	char bytes[8192];
};

void output_text(struct output *output, const char *text);

/* FORMAT as in text_format; what is beyond 1,023 characters is cut. */
void output_format(struct output *output, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes what has been put so far: for the end of each line that says what was
 * done, so that it is seen when it is done. */
void output_flush(struct output *output);

#endif

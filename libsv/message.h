/* SPDX-License-Identifier: MIT */
/* Messages to people: one line, one write(2), "program: object: cannot verb:
 * reason". Where they go is set once per program. */
#ifndef LIBSV_MESSAGE_H
#define LIBSV_MESSAGE_H

/* syslog(3)'s priorities, as the kernel log wants them. */
enum message_level {
	MESSAGE_ERROR = 3,
	MESSAGE_WARNING = 4,
	MESSAGE_NOTICE = 5,
	MESSAGE_INFO = 6,
};

enum message_target {
	MESSAGE_STDERR,
	MESSAGE_KERNEL,		/* /dev/kmsg; where that cannot be had the console, at once
				   or not at all; standard error where there is neither */
};

/* PROGRAM is kept, not copied. Before this call messages go to standard error
 * with no name before them. */
void message_open(const char *program, enum message_target target);

/* Writes one line; FORMAT as in text_format, no line end. A line longer than
 * 1,000 bytes is cut. errno is left as it was. */
void message(enum message_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: MIT */
/* Messages to people: one line, one write(2), "program: object: cannot verb:
 * reason". Where they go is set once per program. */
#ifndef LIBSV_MESSAGE_H
#define LIBSV_MESSAGE_H

#include <stdbool.h>

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

/* From now on what is for standard error goes to an opening of our own of what FD is, and
 * does not block there: what does not fit is lost. A terminal on which somebody has typed
 * Ctrl-S, or a pipe that nobody reads, must not stop who supervises; but that flag belongs
 * to an opening, not to a descriptor (open(2)), and standard error is our children's, too,
 * who have to block. A socket cannot be opened, but told with each message that it may not
 * block (send(2)). False with errno, and all is as it was; so for a file, as the place to
 * write at must stay shared (EINVAL). */
bool message_separate(int fd);

/* Writes one line; FORMAT as in text_format, no line end. A line longer than
 * 1,000 bytes is cut. errno is left as it was. */
void message(enum message_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: MIT */
/* A line of a file that a syslogd writes. Pure. */
#ifndef SVCTL_SYSLOGLINE_H
#define SVCTL_SYSLOGLINE_H

#include <stddef.h>

/* Sets *TAG to where the tag, the name of the program, stands in LINE, and returns its
 * length; 0: there is none. Understood are, with a time as in RFC 3164 or RFC 3339,
 * "TIME HOST TAG[PID]: TEXT" of most, "TIME HOST daemon.info TAG: TEXT" of busybox, and
 * "TIME TAG: TEXT" of its -S. LINE may end with a NUL or a line end. */
size_t syslogline_tag(const char *line, const char **tag);

#endif

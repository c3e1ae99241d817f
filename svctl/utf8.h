/* SPDX-License-Identifier: MIT */
/* What of a text is UTF-8: names of files may be any bytes. Pure. */
#ifndef SVCTL_UTF8_H
#define SVCTL_UTF8_H

#include <stddef.h>

/* How many bytes of well-formed UTF-8 the one character at STRING takes; 0: there is
 * none. A NUL is a character of one byte. */
size_t utf8_length(const char *string);

#endif

/* SPDX-License-Identifier: MIT */
/* Bounded text: formatting that cannot overrun and needs no memory, and strict
 * reading of numbers. Pure. It exists beside printf(3) because musl's brings
 * 10 KiB of floating point and wide characters into a 64 KiB PID 1, and because
 * a crash handler may call this. */
#ifndef LIBSV_TEXT_H
#define LIBSV_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes at most SIZE bytes to BUFFER, the closing NUL included, and returns
 * the number of characters before it: what did not fit is cut. SIZE 0 writes
 * nothing and returns 0. Understood: %s (NULL prints "(null)"), %.*s, %c, %d,
 * %u, %x with h-less lengths none, l, ll and z, a zero-padded width of one
 * digit (%02x), and %%. Anything else is copied as it stands. */
size_t text_format(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t text_vformat(char *buffer, size_t size, const char *format, va_list given)
	__attribute__((format(printf, 3, 0)));

/* Reads the decimal number that TEXT begins with: no sign, no blanks, at least one
 * digit, at most MOST. Returns what is behind it; NULL, and *NUMBER untouched, if
 * there is none. */
const char *text_take_number(const char *text, uint64_t most, uint64_t *number);

/* Reads a decimal number, the whole of TEXT: no sign, no blanks, at least one
 * digit, at most MOST. False, and *NUMBER untouched, if it is not that. */
bool text_to_number(const char *text, uint64_t most, uint64_t *number);

/* What CHARACTER is worth in lower-case hexadecimal; -1: nothing. */
int text_hex_digit(char character);

/* As text_take_number, of a number in lower-case hexadecimal, 16 digits at most. */
const char *text_take_hex(const char *text, uint64_t *number);

/* Cuts blanks, tabs and line ends off the end of TEXT, in place, and returns
 * its first character that is none of these. */
char *text_trim(char *text);

/* Copies FROM, cut to SIZE - 1 characters, and returns whether all fitted. */
bool text_copy(char *to, size_t size, const char *from);

#endif

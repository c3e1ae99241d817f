/* SPDX-License-Identifier: MIT */
/* A lifecycle as text, with which init executes itself again: after a crash, or
 * as another version. Pure. */
#ifndef INIT_RECORD_H
#define INIT_RECORD_H

#include "lifecycle.h"

/* Entries take 32 + 512 bytes and some numbers. The kernel takes strings of up
 * to 128 KiB (MAX_ARG_STRLEN). */
enum { RECORD_BYTES = 98304 };

/* Writes LIFE, as one string; false if it did not fit. */
bool record_write(const struct lifecycle *life, char text[RECORD_BYTES]);

/* Makes LIFE, which is as lifecycle_begin left it, what TEXT says. Lines that
 * are not understood are left out: another version may have written them. False,
 * and LIFE undefined, if it is no record. */
bool record_read(struct lifecycle *life, const char *text);

#endif

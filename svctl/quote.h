/* SPDX-License-Identifier: MIT */
/* Words for sh(1). Pure. */
#ifndef SVCTL_QUOTE_H
#define SVCTL_QUOTE_H

#include <stddef.h>

/* Writes WORD to TEXT, SIZE bytes, so that the shell reads it as that one word,
 * whatever bytes it has. Returns the length of the whole, which did not fit if it is
 * not below SIZE: nothing is written then. */
size_t quote_word(const char *word, char *text, size_t size);

#endif

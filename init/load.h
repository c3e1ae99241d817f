/* SPDX-License-Identifier: MIT */
/* Reading /etc/inittab, and saying what is wrong with it. */
#ifndef INIT_LOAD_H
#define INIT_LOAD_H

#include "inittab.h"

/* Adds the file's entries to TABLE, or if SINGLE a root shell instead; the
 * built-in ones if there is no file and the table is empty, or if CHANGED that of
 * single user mode, which is left. False if the file could not be read to its end:
 * then what the table had is to be kept. */
bool load_inittab(struct inittab *table, bool single, bool changed);

#endif

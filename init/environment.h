/* SPDX-License-Identifier: MIT */
/* The environment that init's children get: what init was given, with PATH,
 * SHELL, USER and TERM as busybox init sets them. No memory is allocated. */
#ifndef INIT_ENVIRONMENT_H
#define INIT_ENVIRONMENT_H

/* Makes environ a table of our own, holding what was there (as much of it as
 * fits); HOME is / unless it is set. */
void environment_begin(void);

/* Sets a variable: TEXT is "NAME=VALUE" and is kept, not copied. If the table is
 * full, the last variable gives way. */
void environment_set(char *text);

/* Removes the variable NAME. */
void environment_remove(const char *name);

#endif

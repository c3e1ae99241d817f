/* SPDX-License-Identifier: MIT */
/* The names in a directory. */
#ifndef INIT_DIRECTORY_H
#define INIT_DIRECTORY_H

#include <stdbool.h>

/* Calls VISIT with each of them until it returns false; nothing if PATH cannot be
 * read. No memory is allocated, as readdir(3) would. */
void directory_visit(const char *path, bool (*visit)(const char *name, void *argument),
	void *argument);

#endif

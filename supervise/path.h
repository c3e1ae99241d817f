/* SPDX-License-Identifier: MIT */
/* Where a directory is that is open. */
#ifndef SUPERVISE_PATH_H
#define SUPERVISE_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* Copies the path of what DIRECTORY is open on, free of links, into PATH, SIZE bytes
 * with the NUL at its end. False if it cannot be had, is longer, or cannot be reached. */
bool path_of(int directory, char *path, size_t size);

#endif

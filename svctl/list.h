/* SPDX-License-Identifier: MIT */
/* A table of all services in a directory. */
#ifndef SVCTL_LIST_H
#define SVCTL_LIST_H

#include "output.h"

#include <stdbool.h>

/* One line for each directory in SVDIR whose name does not begin with a dot, by
 * name, under a heading. False with errno if SVDIR cannot be read. */
bool list_services(const char *svdir, struct output *out);

#endif

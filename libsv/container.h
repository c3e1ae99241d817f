/* SPDX-License-Identifier: MIT */
/* From a part of a struct to the whole: what is linked into a table, watched or timed
 * is part of its owner, so that there need be no pointer back for each. */
#ifndef LIBSV_CONTAINER_H
#define LIBSV_CONTAINER_H

#include <stddef.h>

/* The struct TYPE of which *PART is the member MEMBER. */
#define CONTAINER_OF(part, type, member) \
	((type *)(void *)((char *)(part) - offsetof(type, member)))

#endif

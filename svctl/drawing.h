/* SPDX-License-Identifier: MIT */
/* A timeline as a picture: SVG that needs nothing but itself. */
#ifndef SVCTL_DRAWING_H
#define SVCTL_DRAWING_H

#include "output.h"
#include "timeline.h"

/* Draws what is known of the boot and of the way down of a TIMELINE that is at its end.
 * TITLE says whose they are. */
void drawing_put(struct output *out, const struct timeline *timeline, const char *title);

#endif

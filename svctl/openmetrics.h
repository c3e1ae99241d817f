/* SPDX-License-Identifier: MIT */
/* Writing the OpenMetrics text format, 1.0 (prometheus.io/docs/specs/om): metric
 * families one after the other, each with all of its samples. */
#ifndef SVCTL_OPENMETRICS_H
#define SVCTL_OPENMETRICS_H

#include "output.h"

#include <stdint.h>

struct openmetrics_family {
	const char *name;	/* without _total; it ends with the unit */
	const char *type;	/* "gauge", "counter", "stateset" */
	const char *unit;	/* "": none */
	const char *help;	/* no line end, backslash or quotation mark in it */
};

struct openmetrics_label {
	const char *name;
	const char *value;	/* any bytes: those that are no UTF-8 become "\xff" */
};

/* The lines that a family begins with. */
void openmetrics_begin(struct output *out, const struct openmetrics_family *family);

/* A sample of FAMILY; LABELS end with a NULL name. VALUE is in thousandths. */
void openmetrics_sample(struct output *out, const struct openmetrics_family *family,
	const struct openmetrics_label *labels, int64_t value);

/* The line without which the text counts as cut. */
void openmetrics_end(struct output *out);

#endif

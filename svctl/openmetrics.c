/* SPDX-License-Identifier: MIT */
#include "openmetrics.h"

#include "utf8.h"

#include <string.h>

void openmetrics_begin(struct output *out, const struct openmetrics_family *family)
{
	output_format(out, "# TYPE %s %s\n", family->name, family->type);
	if (*family->unit != '\0')
		output_format(out, "# UNIT %s %s\n", family->name, family->unit);
	output_format(out, "# HELP %s %s\n", family->name, family->help);
}

/* The format escapes three characters, and is UTF-8 throughout. */
static void put_value(struct output *out, const char *value)
{
	while (*value != '\0') {
		size_t length = utf8_length(value);

		if (length == 0)
			output_format(out, "\\\\x%02x", (unsigned char)*value);
		else if (*value == '\n')
			output_text(out, "\\n");
		else if (*value == '\\' || *value == '"')
			output_format(out, "\\%c", *value);
		else
			output_bytes(out, value, length);
		value += length > 0 ? length : 1;
	}
}

static void put_number(struct output *out, int64_t value)
{
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	output_format(out, "%s%llu", value < 0 ? "-" : "", (unsigned long long)(size / 1000));
	if (size % 1000 != 0)
		output_format(out, ".%03u", (unsigned)(size % 1000));
}

void openmetrics_sample(struct output *out, const struct openmetrics_family *family,
	const struct openmetrics_label *labels, int64_t value)
{
	const char *separator = "{";

	output_format(out, "%s%s", family->name, strcmp(family->type, "counter") == 0 ? "_total" : "");
	for (; labels->name != NULL; labels++) {
		output_format(out, "%s%s=\"", separator, labels->name);
		put_value(out, labels->value);
		output_text(out, "\"");
		separator = ",";
	}
	if (*separator == ',')
		output_text(out, "}");
	output_text(out, " ");
	put_number(out, value);
	output_text(out, "\n");
}

void openmetrics_end(struct output *out)
{
	output_text(out, "# EOF\n");
}

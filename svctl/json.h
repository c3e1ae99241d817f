/* SPDX-License-Identifier: MIT */
/* Writing JSON (RFC 8259). Commas and keys are taken care of; KEY is NULL for an
 * element of an array and for the outermost value. An object that is an element
 * of the outermost array, or has none around it, has a line to itself.
 *
 * Names of files may be any bytes, strings of JSON are Unicode: a byte that is no
 * part of UTF-8 becomes the lone surrogate \udcXX, as Python's "surrogateescape"
 * has it, so that os.fsencode() gives the name back. */
#ifndef SVCTL_JSON_H
#define SVCTL_JSON_H

#include "output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begin with { .out = … }. */
struct json {
	struct output *out;
	unsigned depth;		/* how many arrays and objects are open */
	bool inside;		/* something stands in the innermost of them */
};

void json_object(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_array(struct json *json, const char *key);
void json_end_array(struct json *json);
void json_string(struct json *json, const char *key, const char *value);	/* NULL: null */
void json_number(struct json *json, const char *key, int64_t value);
/* VALUE in thousandths: 1500 is written as 1.500. */
void json_seconds(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif

/* SPDX-License-Identifier: MIT */
#include "json.h"

#include "utf8.h"

#include <stddef.h>
#include <string.h>

static void put_escaped(struct output *out, unsigned char byte)
{
	if (byte == '"' || byte == '\\')
		output_format(out, "\\%c", byte);
	else if (byte == '\n')
		output_text(out, "\\n");
	else if (byte == '\t')
		output_text(out, "\\t");
	else
		output_format(out, byte < 0x80 ? "\\u00%02x" : "\\udc%02x", byte);
}

static void put_string(struct output *out, const char *value)
{
	const unsigned char *at = (const unsigned char *)value;

	output_text(out, "\"");
	while (*at != '\0') {
		size_t length = utf8_length((const char *)at);

		if (length == 0 || *at < ' ' || *at == '"' || *at == '\\') {
			put_escaped(out, *at++);
			continue;
		}
		output_bytes(out, at, length);
		at += length;
	}
	output_text(out, "\"");
}

/* What stands before a value. */
static void lead(struct json *json, const char *key)
{
	if (json->inside)
		output_text(json->out, key == NULL && json->depth == 1 ? ",\n" : ",");
	json->inside = true;
	if (key != NULL) {
		put_string(json->out, key);
		output_text(json->out, ":");
	}
}

static void begin(struct json *json, const char *key, const char *bracket)
{
	lead(json, key);
	output_text(json->out, bracket);
	json->depth++;
	json->inside = false;
}

static void end(struct json *json, const char *bracket)
{
	output_text(json->out, bracket);
	json->depth--;
	json->inside = json->depth > 0;
	if (json->depth == 0)
		output_text(json->out, "\n");
}

void json_object(struct json *json, const char *key)
{
	begin(json, key, "{");
}

void json_end_object(struct json *json)
{
	end(json, "}");
}

void json_array(struct json *json, const char *key)
{
	begin(json, key, "[");
}

void json_end_array(struct json *json)
{
	end(json, "]");
}

void json_string(struct json *json, const char *key, const char *value)
{
	if (value == NULL) {
		json_null(json, key);
		return;
	}
	lead(json, key);
	put_string(json->out, value);
}

void json_number(struct json *json, const char *key, int64_t value)
{
	lead(json, key);
	output_format(json->out, "%lld", (long long)value);
}

void json_seconds(struct json *json, const char *key, int64_t value)
{
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	lead(json, key);
	output_format(json->out, "%s%llu.%03u", value < 0 ? "-" : "",
		(unsigned long long)(size / 1000), (unsigned)(size % 1000));
}

void json_bool(struct json *json, const char *key, bool value)
{
	lead(json, key);
	output_text(json->out, value ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
	lead(json, key);
	output_text(json->out, "null");
}

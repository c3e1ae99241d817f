/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <stddef.h>
#include <string.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The limits of the second byte leave out what is longer than need be, surrogates, and
 * what is beyond U+10FFFF (Unicode, table 3-7). */
size_t json_character(const char *string)
{
	const unsigned char *text = (const unsigned char *)string;
	unsigned char first = text[0], least = 0x80, most = 0xbf;
	size_t length;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (first == 0xe0)
		least = 0xa0;
	if (first == 0xed)
		most = 0x9f;
	if (first == 0xf0)
		least = 0x90;
	if (first == 0xf4)
		most = 0x8f;
	if (text[1] < least || text[1] > most)
		return 0;
	for (size_t i = 2; i < length; i++)	/* a NUL is no continuation */
		if (!is_continuation(text[i]))
			return 0;
	return length;
}

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
		size_t length = json_character((const char *)at);

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

static void open(struct json *json, const char *key, const char *bracket)
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
	open(json, key, "{");
}

void json_end_object(struct json *json)
{
	end(json, "}");
}

void json_array(struct json *json, const char *key)
{
	open(json, key, "[");
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

/* SPDX-License-Identifier: MIT */
/* What others call their files, in what is printed: a word for sh(1), a string of JSON,
 * a line for people. The first two are read back here, by other rules than those that
 * write them. */
#include "fuzz.h"

#include "../../svctl/json.h"
#include "../../svctl/output.h"
#include "../../svctl/quote.h"
#include "../../svctl/utf8.h"

#include <ctype.h>
#include <stdbool.h>

/* Six bytes of JSON for each stay in an output's buffer. */
#define NAME_BYTES 1024

/* All of TEXT is UTF-8. */
static bool is_utf8(const char *text)
{
	for (size_t length; *text != '\0'; text += length) {
		length = utf8_length(text);
		if (length == 0)
			return false;
	}
	return true;
}

/* As sh(1) reads it; nothing that it would expand or divide stands outside of quotes. */
static void check_quoted(const char *name)
{
	size_t length = quote_word(name, NULL, 0);
	char *word = malloc(length + 1), *read = malloc(length + 1), *to = read;
	bool within = false;

	must(word != NULL && read != NULL && length > 0);
	must(quote_word(name, word, length + 1) == length && strlen(word) == length);
	for (const char *at = word; *at != '\0'; at++) {
		if (*at == '\'') {
			within = !within;
			continue;
		}
		if (!within && *at == '\\')
			must(*++at == '\'');
		else
			must(within || (isascii(*at) && (isalnum(*at) || strchr("_@%+:,./-", *at) != NULL)));
		*to++ = *at;
	}
	*to = '\0';
	must(!within && strcmp(read, name) == 0);
	free(word);
	free(read);
}

static unsigned hexadecimal(const char *digits)
{
	unsigned value = 0;

	for (size_t i = 0; i < 4; i++) {
		const char *digit = strchr("0123456789abcdef", digits[i]);

		must(digits[i] != '\0' && digit != NULL);
		value = 16 * value + (unsigned)(digit - "0123456789abcdef");
	}
	return value;
}

/* The byte that the escape at *AT is, which is taken. */
static char unescape(const char **at)
{
	const char *escape = *at + 1;
	unsigned value;

	*at += 2;
	switch (*escape) {
	case '"':
	case '\\':
		return *escape;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	default:
		must(*escape == 'u');
		value = hexadecimal(escape + 1);
		*at += 4;
		must(value < ' ' || (value >= 0xdc80 && value <= 0xdcff));
		return (char)(value & 0xff);
	}
}

/* One line of UTF-8, of which the name can be had back, as json.h promises. */
static void check_json(const char *name)
{
	struct output out = { .fd = -1 };
	struct json json = { .out = &out };
	char read[NAME_BYTES + 1], *to = read;
	const char *at = out.bytes + strlen("{\"name\":\"");

	json_object(&json, NULL);
	json_string(&json, "name", name);
	json_end_object(&json);
	must(out.error == 0 && out.length < sizeof out.bytes);
	out.bytes[out.length] = '\0';
	must(strlen(out.bytes) == out.length && is_utf8(out.bytes));
	must(strncmp(out.bytes, "{\"name\":\"", strlen("{\"name\":\"")) == 0);
	while (*at != '"') {
		must((unsigned char)*at >= ' ' && to < read + NAME_BYTES);
		if (*at == '\\')
			*to++ = unescape(&at);
		else
			*to++ = *at++;
	}
	*to = '\0';
	must(strcmp(at, "\"}\n") == 0 && strcmp(read, name) == 0);
}

/* The character at NAME, of LENGTH bytes, as a number as far as U+07FF, or one byte of none. */
static unsigned number_of(const char *name, size_t length)
{
	const unsigned char *at = (const unsigned char *)name;

	if (length > 2)
		return 0x800;
	return length == 2 ? (at[0] & 0x1fU) << 6 | (at[1] & 0x3fU) : at[0];
}

/* No character of it ends the line or speaks to the terminal; all others are there. */
static void check_line(const char *name)
{
	struct output out = { .fd = -1 };
	const char *said = out.bytes;
	size_t columns = 0;

	output_foreign(&out, name);
	must(out.error == 0 && out.length <= strlen(name));
	for (size_t length; *name != '\0'; name += length, columns++) {
		size_t whole = utf8_length(name);
		unsigned number = number_of(name, whole);
		bool obeyed = number < 0x20 || (number >= 0x7f && number < 0xa0);

		length = whole > 0 ? whole : 1;
		must(obeyed ? *said == '?' : memcmp(said, name, length) == 0);
		said += obeyed ? 1 : length;
	}
	must(said == out.bytes + out.length);
	out.bytes[out.length] = '\0';
	must(output_width(out.bytes) == columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size < NAME_BYTES ? size : NAME_BYTES };
	char *name = take_text(&input, '\0');

	check_quoted(name);
	check_json(name);
	check_line(name);
	free(name);
	return 0;
}

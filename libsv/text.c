/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <string.h>

struct output {
	char *buffer;
	size_t size;
	size_t length;
};

static void put(struct output *out, char character)
{
	if (out->length + 1 < out->size)
		out->buffer[out->length++] = character;
}

static void put_string(struct output *out, const char *string, size_t most)
{
	for (size_t i = 0; i < most && string[i] != '\0'; i++)
		put(out, string[i]);
}

static void put_number(struct output *out, unsigned long long value, unsigned base, unsigned width)
{
	char digits[3 * sizeof value];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value > 0);
	for (unsigned i = count; i < width; i++)
		put(out, '0');
	while (count > 0)
		put(out, digits[--count]);
}

/* One conversion's length modifier, read from *FORMAT. */
enum length { LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_SIZE };

static enum length read_length(const char **format)
{
	if (**format == 'z') {
		(*format)++;
		return LENGTH_SIZE;
	}
	if (**format != 'l')
		return LENGTH_INT;
	(*format)++;
	if (**format != 'l')
		return LENGTH_LONG;
	(*format)++;
	return LENGTH_LONG_LONG;
}

/* As a parameter a va_list may be an array, of which no address of the right type
 * can be taken; in a struct it can. */
struct arguments {
	va_list list;
};

static unsigned long long take_unsigned(struct arguments *arguments, enum length length)
{
	return length == LENGTH_LONG_LONG ? va_arg(arguments->list, unsigned long long) :
		length == LENGTH_LONG ? va_arg(arguments->list, unsigned long) :
		length == LENGTH_SIZE ? va_arg(arguments->list, size_t) :
		va_arg(arguments->list, unsigned);
}

static long long take_signed(struct arguments *arguments, enum length length)
{
	return length == LENGTH_LONG_LONG ? va_arg(arguments->list, long long) :
		length == LENGTH_LONG ? va_arg(arguments->list, long) :
		length == LENGTH_SIZE ? va_arg(arguments->list, ptrdiff_t) :
		va_arg(arguments->list, int);
}

static void put_signed(struct output *out, long long value, unsigned width)
{
	if (value >= 0) {
		put_number(out, (unsigned long long)value, 10, width);
		return;
	}
	put(out, '-');
	/* negated as unsigned: the most negative number has no positive; the sign
	 * is part of the width */
	put_number(out, 0ULL - (unsigned long long)value, 10, width > 0 ? width - 1 : 0);
}

static void put_argument(struct output *out, struct arguments *arguments, size_t most)
{
	const char *string = va_arg(arguments->list, const char *);

	put_string(out, string != NULL ? string : "(null)", most);
}

/* Does the conversion whose % is at FORMAT; returns its last character. */
static const char *convert(struct output *out, const char *format, struct arguments *arguments)
{
	const char *start = format++;
	unsigned width = 0;
	size_t most = SIZE_MAX;
	enum length length;

	if (format[0] == '0' && format[1] >= '1' && format[1] <= '9') {
		width = (unsigned)(format[1] - '0');
		format += 2;
	}
	if (format[0] == '.' && format[1] == '*') {
		int precision = va_arg(arguments->list, int);

		most = precision < 0 ? SIZE_MAX : (size_t)precision;
		format += 2;
	}
	length = read_length(&format);
	switch (*format) {
	case 's':
		put_argument(out, arguments, most);
		return format;
	case 'c':
		put(out, (char)va_arg(arguments->list, int));
		return format;
	case 'd':
		put_signed(out, take_signed(arguments, length), width);
		return format;
	case 'u':
	case 'x':
		put_number(out, take_unsigned(arguments, length), *format == 'x' ? 16 : 10, width);
		return format;
	case '%':
		put(out, '%');
		return format;
	default:
		/* a mistake in our source, which the compiler reports */
		put(out, *start);
		return start;
	}
}

size_t text_vformat(char *buffer, size_t size, const char *format, va_list given)
{
	struct output out = { .buffer = buffer, .size = size };
	struct arguments arguments;

	if (size == 0)
		return 0;
	va_copy(arguments.list, given);
	for (; *format != '\0'; format++)
		if (*format == '%')
			format = convert(&out, format, &arguments);
		else
			put(&out, *format);
	va_end(arguments.list);
	buffer[out.length] = '\0';
	return out.length;
}

size_t text_format(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	length = text_vformat(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}

const char *text_take_number(const char *text, uint64_t most, uint64_t *number)
{
	const char *begin = text;
	uint64_t value = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (digit > most || value > (most - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	if (text == begin)
		return NULL;
	*number = value;
	return text;
}

bool text_to_number(const char *text, uint64_t most, uint64_t *number)
{
	uint64_t value;
	const char *end = text_take_number(text, most, &value);

	if (end == NULL || *end != '\0')
		return false;
	*number = value;
	return true;
}

int text_hex_digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

const char *text_take_hex(const char *text, uint64_t *number)
{
	const char *begin = text;
	uint64_t value = 0;

	for (; text_hex_digit(*text) >= 0; text++) {
		if (text - begin == 16)
			return NULL;
		value = value << 4 | (uint64_t)text_hex_digit(*text);
	}
	if (text == begin)
		return NULL;
	*number = value;
	return text;
}

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

char *text_trim(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && is_blank(text[length - 1]))
		text[--length] = '\0';
	while (is_blank(*text))
		text++;
	return text;
}

bool text_copy(char *to, size_t size, const char *from)
{
	size_t length = strlen(from);
	bool fits = length < size;

	if (size == 0)
		return false;
	if (!fits)
		length = size - 1;
	memcpy(to, from, length);
	to[length] = '\0';
	return fits;
}

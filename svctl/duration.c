/* SPDX-License-Identifier: MIT */
#include "duration.h"

#include "text.h"

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

bool duration_parse(const char *text, int64_t *ms)
{
	int64_t value = 0;
	int digit_ms = 100;

	if (!is_digit(text[text[0] == '.']))	/* at least one digit */
		return false;
	for (; is_digit(*text); text++) {
		if (value > (INT64_MAX / 1000 - 9) / 10)
			return false;
		value = value * 10 + (*text - '0');
	}
	value *= 1000;
	if (*text == '.')
		for (text++; is_digit(*text); text++, digit_ms /= 10)
			value += (*text - '0') * digit_ms;
	if (*text != '\0')
		return false;
	*ms = value < DURATION_MOST_MS ? value : DURATION_MOST_MS;
	return true;
}

size_t duration_format(int64_t seconds, char text[DURATION_TEXT_BYTES])
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < MINUTE)
		return text_format(text, DURATION_TEXT_BYTES, "%ds", (int)seconds);
	if (seconds < HOUR)
		return text_format(text, DURATION_TEXT_BYTES, "%dm%02ds",
			(int)(seconds / MINUTE), (int)(seconds % MINUTE));
	if (seconds < DAY)
		return text_format(text, DURATION_TEXT_BYTES, "%dh%02dm",
			(int)(seconds / HOUR), (int)(seconds % HOUR / MINUTE));
	return text_format(text, DURATION_TEXT_BYTES, "%lldd%02dh",
		(long long)(seconds / DAY), (int)(seconds % DAY / HOUR));
}

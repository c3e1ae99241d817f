/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include "text.h"

size_t measure_memory(uint64_t bytes, char text[MEASURE_TEXT_BYTES])
{
	static const char units[] = "KMGTPE";
	uint64_t tenths = bytes / 1024 * 10 + bytes % 1024 * 10 / 1024;
	size_t unit = 0;

	for (; tenths >= 10240; unit++)
		tenths /= 1024;
	if (tenths < 100 && unit > 0)
		return text_format(text, MEASURE_TEXT_BYTES, "%u.%u%c", (unsigned)(tenths / 10),
			(unsigned)(tenths % 10), units[unit]);
	return text_format(text, MEASURE_TEXT_BYTES, "%u%c", (unsigned)(tenths / 10), units[unit]);
}

size_t measure_cpu(uint64_t ms, char text[MEASURE_TEXT_BYTES])
{
	if (ms < 10000)
		return text_format(text, MEASURE_TEXT_BYTES, "%u.%02us", (unsigned)(ms / 1000),
			(unsigned)(ms % 1000 / 10));
	if (ms < 60000)
		return text_format(text, MEASURE_TEXT_BYTES, "%u.%us", (unsigned)(ms / 1000),
			(unsigned)(ms % 1000 / 100));
	return duration_format((int64_t)(ms / 1000), text);
}

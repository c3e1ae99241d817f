/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share. Each is a program of libFuzzer's, which calls it with
 * bytes of its own invention; what must hold whatever they are is said with must(). */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition); \
		abort(); \
	} \
} while (0)

/* What is yet to be taken of the input. */
struct input {
	const uint8_t *data;
	size_t size;
};

/* The next COUNT bytes as a number; zeros where the input has ended. */
static inline uint64_t take_number(struct input *input, size_t count)
{
	uint64_t number = 0;

	for (; count > 0; count--) {
		number <<= 8;
		if (input->size > 0) {
			number |= *input->data++;
			input->size--;
		}
	}
	return number;
}

/* The next bytes up to one that is END, or all, as a string of the heap: exactly
 * as long, so that a byte beyond its end is seen. To be freed. */
static inline char *take_text(struct input *input, char end)
{
	const uint8_t *stop = input->size > 0 ? memchr(input->data, end, input->size) : NULL;
	size_t length = stop != NULL ? (size_t)(stop - input->data) : input->size;
	char *taken = malloc(length + 1);

	must(taken != NULL);
	if (length > 0)
		memcpy(taken, input->data, length);
	taken[length] = '\0';
	length += stop != NULL;
	input->data += length;
	input->size -= length;
	return taken;
}

#endif

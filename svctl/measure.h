/* SPDX-License-Identifier: MIT */
/* Amounts of memory and of CPU time as people read them. Pure. */
#ifndef SVCTL_MEASURE_H
#define SVCTL_MEASURE_H

#include "duration.h"

#include <stddef.h>
#include <stdint.h>

/* The text of any amount, its NUL included, is no longer: the longest is a duration. */
#define MEASURE_TEXT_BYTES DURATION_TEXT_BYTES

/* "812K", "1.2M", "34M", "1.1G": rounded down. Returns its length. */
size_t measure_memory(uint64_t bytes, char text[MEASURE_TEXT_BYTES]);

/* "0.05s", "12.3s", "4m05s". Returns its length. */
size_t measure_cpu(uint64_t ms, char text[MEASURE_TEXT_BYTES]);

#endif

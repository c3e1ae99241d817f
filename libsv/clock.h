/* SPDX-License-Identifier: MIT */
/* Time. Deadlines are monotonic milliseconds; the wall clock is only for what
 * people read. */
#ifndef LIBSV_CLOCK_H
#define LIBSV_CLOCK_H

#include <stdint.h>
#include <time.h>

/* No deadline: later than any time. */
#define CLOCK_NEVER INT64_MAX

/* CLOCK_MONOTONIC in ms. Cannot fail: clock_gettime(2) has no error for it. */
int64_t clock_now(void);

/* What is left of the time up to DEADLINE, in ms: 0 if it has passed, -1 for
 * CLOCK_NEVER (as poll(2) and epoll_wait(2) want it), INT32_MAX at most. */
int clock_left(int64_t deadline, int64_t now);

/* CLOCK_REALTIME. */
struct timespec clock_wall(void);

#endif

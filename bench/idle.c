/* SPDX-License-Identifier: MIT */
/* A service that does nothing: says when it began to run, by the monotonic clock,
 * and its pid, in one write to standard output, and waits for a signal. */
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	struct timespec now;
	int64_t record[2];

	clock_gettime(CLOCK_MONOTONIC, &now);
	record[0] = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	record[1] = getpid();
	if (write(1, record, sizeof record) != (ssize_t)sizeof record)
		return 111;
	for (;;)
		pause();
}

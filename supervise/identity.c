/* SPDX-License-Identifier: MIT */
#include "identity.h"

#include "files.h"
#include "process.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The fields up to the 22nd: 21 numbers of 20 digits and a name of 64 bytes. */
#define STAT_BYTES 512

/* "4ab3e1c0-…": 16 bytes in hexadecimal, dashes between. */
static bool read_boot(unsigned char boot[16])
{
	char text[64];
	size_t digits = 0;

	if (files_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", text, sizeof text) < 0)
		return false;
	memset(boot, 0, 16);
	for (const char *at = text; *at != '\0' && digits < 32; at++)
		if (text_hex_digit(*at) >= 0) {
			boot[digits / 2] = (unsigned char)(boot[digits / 2] << 4 | text_hex_digit(*at));
			digits++;
		}
	return digits == 32;
}

bool identity_here(struct status_identity *identity)
{
	static struct status_identity here;
	static bool known;
	struct stat found;

	if (!known) {
		if (!read_boot(here.boot) || stat("/proc/self/ns/pid", &found) < 0)
			return false;
		here.namespace = found.st_ino;
		known = true;
	}
	memcpy(identity->boot, here.boot, sizeof identity->boot);
	identity->namespace = here.namespace;
	return true;
}

/* A tick is 1/100 s on all that Linux runs on but Alpha (USER_HZ). */
uint64_t identity_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);	/* fails only for a clock that is not there */
	return (uint64_t)now.tv_sec * 100 + (uint64_t)now.tv_nsec / 10000000;
}

/* False with errno if it cannot be read. */
static bool look_at(pid_t pid, struct process *process)
{
	char path[32], line[STAT_BYTES];

	(void)text_format(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (files_read(AT_FDCWD, path, line, sizeof line) < 0)
		return false;
	errno = EINVAL;
	return process_parse(line, process);
}

/* 0 with errno if it cannot be read. */
static uint64_t start_of(pid_t pid)
{
	struct process process;

	return look_at(pid, &process) ? process.start : 0;
}

bool identity_is_zombie(pid_t pid)
{
	struct process process;

	return look_at(pid, &process) && process_has_ended(&process);
}

bool identity_is_same_place(const struct status_identity *one, const struct status_identity *other)
{
	return memcmp(one->boot, other->boot, sizeof one->boot) == 0 &&
		one->namespace == other->namespace && one->device == other->device &&
		one->inode == other->inode;
}

bool identity_is_before(const struct status_identity *identity)
{
	static uint64_t first;

	if (first == 0)
		first = start_of(1);
	return identity->start != 0 && identity->start < first;
}

int identity_open(const struct status_identity *identity)
{
	uint64_t start;
	bool is_it;
	int pidfd, error;

	errno = ESRCH;
	if (identity->pid <= 1 || identity->start == 0)
		return -1;
	/* close-on-exec from birth: pidfd_open(2) */
	pidfd = (int)syscall(SYS_pidfd_open, identity->pid, 0);
	error = errno;
	start = start_of(identity->pid);
	is_it = start != 0 && status_is_start(identity, start);
	if (is_it && pidfd >= 0)
		return pidfd;
	if (is_it)
		errno = error;		/* it lives, whatever it was that failed */
	else if (start == 0 && errno == ENOENT && pidfd >= 0 && !identity_has_ended(pidfd))
		errno = EACCES;		/* it is hidden from us (proc(5), hidepid) */
	else if (start != 0 || errno == ENOENT)
		errno = ESRCH;
	files_close(&pidfd);
	return -1;
}

bool identity_has_ended(int pidfd)
{
	struct pollfd polled = { .fd = pidfd, .events = POLLIN };

	/* pidfd_open(2) */
	return poll(&polled, 1, 0) > 0;
}

int identity_signal(int pidfd, int number)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

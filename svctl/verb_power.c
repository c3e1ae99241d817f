/* SPDX-License-Identifier: MIT */
/* poweroff, reboot, halt: a signal to PID 1, if that is an init that understands it.
 *
 * Whoever types it on a machine means it: no other poweroff asks. But where PID 1 is a
 * container's, or has another root directory than we, it may be another system than
 * meant: then it asks, on a terminal, and without one it refuses; -y is the answer.
 * PID 1 that is another program may take the signal for anything: it is never sent to
 * it. With -f the kernel is told, after sync(2), and nobody else. */
#include "context.h"
#include "files.h"
#include "mark.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

/* The number of the first PID namespace: include/linux/proc_ns.h,
 * PROC_PID_INIT_INO. */
#define FIRST_NAMESPACE 0xeffffffcU

static const struct end {
	const char *verb;
	int signal;		/* init(8); busybox's init has the same */
	int command;		/* of reboot(2) */
} ends[] = {
	{ "poweroff", SIGUSR2, (int)RB_POWER_OFF },
	{ "reboot", SIGTERM, (int)RB_AUTOBOOT },
	{ "halt", SIGUSR1, (int)RB_HALT_SYSTEM },
};

static const struct end *find_end(const char *verb)
{
	size_t i = 0;

	while (strcmp(ends[i].verb, verb) != 0)	/* the table of verbs has these three */
		i++;
	return &ends[i];
}

/* --- who PID 1 is -------------------------------------------------------------------------- */

static bool holds(const char *bytes, size_t size, const char *mark)
{
	size_t length = strlen(mark);

	for (const char *at = bytes; size >= length && (at = memchr(at, *mark,
	     size - length + 1 - (size_t)(at - bytes))) != NULL; at++)
		if (memcmp(at, mark, length) == 0)
			return true;
	return false;
}

/* The name of PID 1, for people too; NAME has NAME_BYTES. */
#define NAME_BYTES 64
static const char *read_name(char *name)
{
	if (files_read(AT_FDCWD, "/proc/1/comm", name, NAME_BYTES) < 0)
		(void)text_copy(name, NAME_BYTES, "unknown, as /proc is not there");
	return text_trim(name);
}

/* Is what PID 1 executes our init, or busybox's? The name tells it from other programs
 * that have the mark in them: busybox's, and this one. */
static bool is_init(const char *name)
{
	enum { OVERLAP = 16 };	/* more than a mark is long */
	char bytes[4096 + OVERLAP];
	size_t kept = 0;
	ssize_t got;
	bool found = false;
	bool named = strcmp(name, "init") == 0 || strcmp(name, "linuxrc") == 0;
	int fd = named ? files_open(AT_FDCWD, "/proc/1/exe", O_RDONLY, 0) : -1;

	while (fd >= 0 && !found && (got = read(fd, bytes + kept, sizeof bytes - kept)) > 0) {
		kept += (size_t)got;
		found = holds(bytes, kept, MARK_INIT) || holds(bytes, kept, "BusyBox v");
		if (kept > OVERLAP)
			memmove(bytes, bytes + kept - OVERLAP, OVERLAP);
		kept = kept > OVERLAP ? OVERLAP : kept;
	}
	files_close(&fd);
	return found;
}

/* Why it may be another system than is meant; NULL: it is not. */
static const char *find_doubt(void)
{
	struct stat one, other;

	if (stat("/proc/self/ns/pid", &one) == 0 && one.st_ino != FIRST_NAMESPACE)
		return "this is a container: it ends, and the machine goes on";
	if (stat("/proc/1/root/.", &one) == 0 && stat("/", &other) == 0 &&
	    (one.st_dev != other.st_dev || one.st_ino != other.st_ino))
		return "PID 1 has another root directory: it is the whole machine that ends";
	return NULL;
}

/* --- asking ------------------------------------------------------------------------------- */

static bool agrees(struct context *context, const char *doubt)
{
	char answer = 'n', next;

	if (context_has(context, OPTION_YES))
		return true;
	if (isatty(STDIN_FILENO) != 1) {
		context_tell(context, context->verb->name, "%s; -y, if that is meant", doubt);
		return false;
	}
	output_format(context->out, "%s. %s? [y/N] ", doubt, context->verb->name);
	output_flush(context->out);
	if (read(STDIN_FILENO, &answer, 1) == 1)
		while (answer != '\n' && read(STDIN_FILENO, &next, 1) == 1 && next != '\n')
			continue;
	return answer == 'y' || answer == 'Y';
}

/* --- doing it ----------------------------------------------------------------------------- */

static int complain(struct context *context)
{
	context_tell(context, context->verb->name, "%s%s", reason_text(errno),
		errno == EPERM || errno == EACCES ? ": root may" : "");
	return context_exit(1);
}

static int force(struct context *context, const struct end *end)
{
	sync();
	return reboot(end->command) < 0 ? complain(context) : context_exit(0);
}

static int refuse(struct context *context, const char *name)
{
	context_tell(context, context->verb->name, "PID 1 is %s, and no init that this can be told: "
		"use its own %s, or -f, which tells the kernel", name, context->verb->name);
	return context_exit(1);
}

int verb_power(struct context *context, char *const *operands, size_t count)
{
	const struct end *end = find_end(context->verb->name);
	const char *doubt = find_doubt(), *name;
	char bytes[NAME_BYTES];

	(void)operands;		/* it takes none */
	if (count > 0)
		return context_usage(context, "it takes no names");
	/* 0 is no signal: whether one could be sent */
	if (geteuid() != 0 || kill(1, 0) < 0) {
		errno = EPERM;
		return complain(context);
	}
	name = read_name(bytes);
	if (!context_has(context, OPTION_FORCE) && !is_init(name))
		return refuse(context, name);
	if (doubt != NULL && !agrees(context, doubt))
		return context_exit(1);
	if (context_has(context, OPTION_FORCE))
		return force(context, end);
	return kill(1, end->signal) < 0 ? complain(context) : context_exit(0);
}

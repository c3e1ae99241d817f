/* SPDX-License-Identifier: MIT */
#include "message.h"

#include "files.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel takes lines of up to 1,024 bytes less the prefix it adds
 * (kernel/printk/printk.c, LOG_LINE_MAX). */
#define LINE_MAX_BYTES 1000

static const char *message_program = "";
static enum message_target message_target = MESSAGE_STDERR;
static int message_errors = STDERR_FILENO;
static bool message_is_socket;	/* it is one, of our own */

void message_open(const char *program, enum message_target target)
{
	message_program = program;
	message_target = target;
}

bool message_separate(int fd)
{
	char path[32];
	struct stat status;
	bool is_socket;
	int own;

	if (fstat(fd, &status) < 0)
		return false;
	if (S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return false;
	}
	is_socket = S_ISSOCK(status.st_mode);
	(void)text_format(path, sizeof path, "/proc/self/fd/%d", fd);
	own = is_socket ? fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) :
		files_open(AT_FDCWD, path, O_WRONLY, 0);
	if (own < 0)
		return false;
	message_is_socket = is_socket;
	if (message_errors != STDERR_FILENO)
		files_close(&message_errors);
	message_errors = own;
	return true;
}

/* Opened anew for each line: the kernel limits each opening of /dev/kmsg to 10
 * lines in 5 s (devkmsg_open, printk.devkmsg=ratelimit), and a boot has more to
 * say; and /dev may have been mounted over meanwhile. */
static bool write_kernel(const char *line, size_t length)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool written;

	if (fd < 0)
		return false;
	written = write(fd, line, length) == (ssize_t)length;
	(void)close(fd);	/* nothing is buffered in it */
	return written;
}

static void write_errors(const char *line, size_t length)
{
	/* nowhere left to report a failure to */
	if (message_is_socket)
		(void)send(message_errors, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		(void)!write(message_errors, line, length);
}

/* False if there is none. What it does not take at once is lost: process 1 must not
 * wait because somebody has typed Ctrl-S, as it would at its standard error. */
static bool write_console(const char *line, size_t length)
{
	int fd = open("/dev/console", O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return false;
	(void)!write(fd, line, length);
	(void)close(fd);
	return true;
}

void message(enum message_level level, const char *format, ...)
{
	int error = errno;
	char line[LINE_MAX_BYTES];
	size_t prefix, length;
	va_list arguments;

	prefix = text_format(line, sizeof line, "<%d>", (int)level);
	length = prefix;
	if (*message_program != '\0')
		length += text_format(line + length, sizeof line - length, "%s: ", message_program);
	va_start(arguments, format);
	length += text_vformat(line + length, sizeof line - 1 - length, format, arguments);
	va_end(arguments);
	/* a name may hold anything; a message is one line all the same */
	for (size_t i = prefix; i < length; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[length++] = '\n';
	if (message_target != MESSAGE_KERNEL || (!write_kernel(line, length) &&
	    !write_console(line + prefix, length - prefix)))
		write_errors(line + prefix, length - prefix);
	errno = error;
}

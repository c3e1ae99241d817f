/* SPDX-License-Identifier: MIT */
#include "console.h"

#include "environment.h"
#include "files.h"
#include "inittab.h"
#include "message.h"
#include "signals.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* linux/vt.h; a musl toolchain need not have the kernel's headers */
#define VT_OPENQRY 0x5600

/* The control characters of the console, as getty(8) sets them. */
#define CONTROL(character) ((character) & 0x1f)

/* At least one of 0, 1 and 2 is a stand-in that leads nowhere. */
static bool placeholder;

/* The lowest free descriptor; 2 at most when it is called. */
static int open_anything(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (fd >= 0) {
		/* 0, 1 and 2 are for our children; they expect to block */
		(void)fcntl(fd, F_SETFL, O_RDWR);
		return fd;
	}
	placeholder = true;
	fd = open("/dev/null", O_RDWR);
	return fd >= 0 ? fd : open("/", O_RDONLY | O_DIRECTORY);
}

void console_begin(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open_anything() < 0)
			return;		/* the next one would not fare better */
}

/* Opens a terminal without waiting for its line (a modem without carrier),
 * then lets it block as programs expect. */
static int open_terminal(const char *path, int flags)
{
	int fd = open(path, O_RDWR | O_NONBLOCK | flags);

	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, O_RDWR);	/* it stays non-blocking: usable still */
	return fd;
}

static bool take_descriptors(int fd)
{
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) < 0)
			return false;
	if (fd > 2)
		(void)close(fd);	/* a copy */
	return true;
}

static void set_sane_modes(void)
{
	struct termios modes;

	if (tcgetattr(STDIN_FILENO, &modes) < 0)
		return;		/* no terminal */
	modes.c_cc[VINTR] = CONTROL('C');
	modes.c_cc[VQUIT] = CONTROL('\\');
	modes.c_cc[VERASE] = 0x7f;
	modes.c_cc[VKILL] = CONTROL('U');
	modes.c_cc[VEOF] = CONTROL('D');
	modes.c_cc[VSTART] = CONTROL('Q');
	modes.c_cc[VSTOP] = CONTROL('S');
	modes.c_cc[VSUSP] = CONTROL('Z');
	modes.c_line = 0;
	/* speed and frame are as whoever knew the line has set them */
	modes.c_cflag &= CBAUD | CBAUDEX | CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS;
	modes.c_cflag |= CREAD | HUPCL | CLOCAL;
	modes.c_iflag = ICRNL | IXON | IXOFF;
	modes.c_oflag = OPOST | ONLCR;
	modes.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &modes);	/* it works without, if less well */
}

/* What is no virtual console is taken for a serial line. */
static void set_term(void)
{
	static char serial[] = "TERM=vt102", virtual[] = "TERM=linux";
	const char *term = getenv("TERM");
	int number;

	if (ioctl(STDIN_FILENO, VT_OPENQRY, &number) < 0) {
		if (term == NULL || strcmp(term, "linux") == 0)
			environment_set(serial);
	} else if (term == NULL) {
		environment_set(virtual);
	}
}

static const char *named_console(void)
{
	const char *name = getenv("CONSOLE");

	return name != NULL ? name : getenv("console");
}

static bool take_console(const char *path)
{
	int fd = open_terminal(path, O_NOCTTY);

	if (fd < 0 || !take_descriptors(fd))
		return false;
	placeholder = false;
	return true;
}

bool console_open(const char **outcome)
{
	const char *name = named_console();
	bool opened = true;
	int error = 0;

	*outcome = name != NULL ? name : placeholder ? "/dev/console" : "as it was given";
	if (name != NULL || placeholder) {
		opened = take_console(*outcome);
		error = errno;
	}
	/* a name that leads nowhere takes nothing away */
	if (!opened && name != NULL && placeholder)
		(void)take_console("/dev/console");
	set_term();
	set_sane_modes();
	errno = error;
	return opened;
}

void console_say(const char *format, ...)
{
	int fd = files_open(AT_FDCWD, "/dev/console", O_WRONLY, 0);
	char line[256];
	size_t length;
	va_list arguments;

	if (fd < 0)
		return;
	va_start(arguments, format);
	length = text_vformat(line, sizeof line - 2, format, arguments);
	va_end(arguments);
	line[length++] = '\r';		/* a login program may have left it raw */
	line[length++] = '\n';
	(void)!write(fd, line, length);	/* as the contract says */
	files_close(&fd);
}

static void make_path(char path[sizeof "/dev/" + INITTAB_TTY_BYTES], const char *tty)
{
	(void)text_format(path, sizeof "/dev/" + INITTAB_TTY_BYTES, "/dev/%s", tty);
}

bool console_has(const char *tty)
{
	char path[sizeof "/dev/" + INITTAB_TTY_BYTES];

	make_path(path, tty);
	return tty[0] == '\0' || access(path, R_OK | W_OK) == 0;
}

/* Without O_NOCTTY, for the leader of a new session that makes it the controlling
 * terminal if it is nobody's (tty_ioctl(4)), as with busybox. */
static bool open_tty(const char *tty)
{
	char path[sizeof "/dev/" + INITTAB_TTY_BYTES];
	int fd;

	make_path(path, tty);
	fd = open_terminal(path, 0);
	return fd >= 0 && take_descriptors(fd);
}

static void ask(void)
{
	static const char prompt[] = "\nPlease press Enter to activate this console. ";
	char byte;

	/* it may take for ever, and TERM is to end it */
	signals_unblock();
	(void)files_write(STDOUT_FILENO, prompt, sizeof prompt - 1);	/* reading goes on failing */
	while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
		continue;
}

int console_attach(const struct console_child *child)
{
	if (child->tty[0] != '\0' && !open_tty(child->tty))
		return errno;
	set_sane_modes();
	if (child->ask)
		ask();
	if (child->login)
		/* only if it is nobody's: then it fails, and that is right */
		(void)ioctl(STDIN_FILENO, TIOCSCTTY, 0);
	return 0;
}

/* In the child. It is the terminal, not the program, that is to be told of. */
static int attach(void *argument)
{
	const struct console_child *child = argument;
	int error = console_attach(child);

	if (error == 0)
		return 0;
	if (!child->quiet)
		message(MESSAGE_ERROR, "/dev/%s: cannot open: %s", child->tty, strerror(error));
	_exit(126);
}

enum spawn_result console_spawn(const char *path, char *const argv[],
	struct console_child *child, pid_t *pid, int *error)
{
	const struct spawn program = {
		.path = path,
		.argv = argv,
		.directory = SPAWN_KEEP,
		.fd = { SPAWN_KEEP, SPAWN_KEEP, SPAWN_KEEP },
		.session = true,
		.prepare = attach,
		.argument = child,
		.detached = true,
	};

	return spawn(&program, pid, error);
}

/* SPDX-License-Identifier: MIT */
/* An end is handed over as a message on a socket: its number among our
 * descriptors, and a copy of it (unix(7), SCM_RIGHTS). The keeper gives it the same
 * number, so it need not remember anything. To let go, the complement of the number
 * is sent, and no descriptor. What is on its way when we are killed arrives. */
#include "keeper.h"

#include "clock.h"
#include "container.h"
#include "files.h"
#include "message.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* When it takes nothing, or has ended that soon. */
#define RETRY_MS 1000

/* When it cannot be started. */
#define START_RETRY_MS 5000

/* So many names that our pid was in before us are passed over. */
#define NAMES 1000

#define TITLE "keeps log pipes"

/* Room for one descriptor beside a message. */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* --- in the keeper ------------------------------------------------------------ */

/* Where it has the socket, and the FIFO by which it is found. No end that is held
 * has one of these numbers: see spawn_reserve. */
enum { SOCKET, FIFO, OWN_DESCRIPTORS };

/* Deals with one message. Returns by how much there is more to hold, or 2 at the end
 * of file: the supervisor is gone. */
static int take_message(void)
{
	int number, fd;
	union control control;
	struct iovec bytes = { &number, sizeof number };
	struct msghdr message = {
		.msg_iov = &bytes, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof control,
	};
	ssize_t got = recvmsg(SOCKET, &message, MSG_CMSG_CLOEXEC);

	if (got < 0)
		return 0;	/* EINTR; ENOMEM: it comes again */
	if (got != sizeof number)
		return 2;
	if (number < 0) {
		(void)close(~number);
		return -1;
	}
	if (CMSG_FIRSTHDR(&message) == NULL)
		return 0;	/* no room for it here, which cannot be helped */
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	if (fd != number) {
		(void)dup3(fd, number, O_CLOEXEC);
		(void)close(fd);
	}
	return 1;
}

static _Noreturn void keep(void)
{
	struct pollfd polled[] = {
		[SOCKET] = { .fd = SOCKET, .events = POLLIN },
		[FIFO] = { .fd = FIFO, .events = POLLIN },
	};
	int held = 0;

	for (;;) {
		if (poll(polled, OWN_DESCRIPTORS, -1) < 0)
			continue;
		/* the next supervisor has opened it for writing: POLLIN or POLLHUP */
		if (polled[FIFO].revents != 0)
			_exit(0);
		if (polled[SOCKET].revents != 0) {
			int more = take_message();

			if (more < 2)
				held += more;
			else if (held == 0)
				_exit(0);
			else
				polled[SOCKET].fd = -1;
		}
	}
}

/* In ps(1): the arguments are where the kernel looks for them (proc(5), cmdline). */
static void set_title(const struct keeper *keeper)
{
	char *end = keeper->argv[keeper->argc - 1] + strlen(keeper->argv[keeper->argc - 1]);
	size_t length = (size_t)(end - keeper->argv[0]);

	memset(keeper->argv[0], '\0', length);
	(void)text_copy(keeper->argv[0], length + 1, TITLE);
	(void)prctl(PR_SET_NAME, TITLE);
}

static _Noreturn void become_keeper(const struct keeper *keeper, int socket, int fifo)
{
	sigset_t term;

	/* from the terminal of who runs the supervisor by hand, no signal; but what
	 * ends everybody on the way down ends this, too */
	(void)setsid();
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_UNBLOCK, &term, NULL);
	if (dup2(socket, SOCKET) < 0 || dup2(fifo, FIFO) < 0)
		_exit(111);
	files_close_from(OWN_DESCRIPTORS);
	(void)chdir("/");	/* so that nothing is kept busy */
	set_title(keeper);
	keep();
}

/* --- in the supervisor -------------------------------------------------------- */

static void try_in(struct keeper *keeper, int64_t ms)
{
	timers_set(&keeper->loop->timers, &keeper->timer, keeper->loop->now + ms);
}

static int place(const struct keeper *keeper)
{
	return keeper->directory != NULL ? *keeper->directory : -1;
}

/* The part of PREFIX that is a directory: its length, 0 if there is none. */
static int directory_part(const char *prefix)
{
	const char *slash = strchr(prefix, '/');

	return slash != NULL ? (int)(slash - prefix) : 0;
}

/* Makes the FIFO by which it is found, before it is there: nobody could end one that
 * is not. Returns it, open for reading, or -1 with errno. */
static int make_name(struct keeper *keeper)
{
	char below[64];

	(void)text_format(below, sizeof below, "%.*s", directory_part(keeper->prefix),
		keeper->prefix);
	if (below[0] != '\0')
		(void)mkdirat(place(keeper), below, 0700);	/* EEXIST; others show below */
	for (unsigned number = 0; number < NAMES; number++) {
		(void)text_format(keeper->name, sizeof keeper->name, "%s%d.%u", keeper->prefix,
			(int)getpid(), number);
		if (mkfifoat(place(keeper), keeper->name, 0600) == 0)
			return files_open(place(keeper), keeper->name, O_RDONLY | O_NOFOLLOW, 0);
		if (errno != EEXIST)
			break;
	}
	keeper->name[0] = '\0';
	return -1;
}

static void forget_name(struct keeper *keeper)
{
	if (keeper->name[0] != '\0')
		(void)unlinkat(place(keeper), keeper->name, 0);
	keeper->name[0] = '\0';
}

static bool start(struct keeper *keeper)
{
	int pair[2] = { -1, -1 };
	int fifo = make_name(keeper);

	if (fifo < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		goto failed;
	keeper->pid = fork();
	if (keeper->pid == 0)
		become_keeper(keeper, pair[1], fifo);
	if (keeper->pid < 0)
		goto failed;
	files_close(&fifo);
	files_close(&pair[1]);
	keeper->socket = pair[0];
	loop_child(keeper->loop, &keeper->child, keeper->pid);
	keeper->started = keeper->loop->now;
	keeper->said = false;
	return true;
failed:
	keeper->pid = 0;
	if (!keeper->said)
		message(MESSAGE_WARNING, "cannot start a keeper of log pipes: %s: a logger whose "
			"service does not run will not outlive us", strerror(errno));
	keeper->said = true;
	files_close(&fifo);
	files_close(&pair[0]);
	files_close(&pair[1]);
	forget_name(keeper);
	return false;
}

/* FD: -1, or what goes with it. */
static bool send_message(const struct keeper *keeper, int number, int fd)
{
	union control control = { .bytes = { 0 } };
	struct iovec bytes = { &number, sizeof number };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	if (fd >= 0) {
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof fd);
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		memcpy(CMSG_DATA(&control.align), &fd, sizeof fd);
	}
	return sendmsg(keeper->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof number;
}

static void hand_over_all(struct keeper *keeper)
{
	if (keeper->ends == NULL || place(keeper) < 0)
		return;
	if (keeper->pid == 0 && !start(keeper)) {
		try_in(keeper, START_RETRY_MS);
		return;
	}
	for (struct keeper_end *end = keeper->ends; end != NULL; end = end->next) {
		if (!end->handed)
			end->handed = send_message(keeper, end->fd, end->fd);
		if (!end->handed) {
			/* it takes no more at present; EPIPE: we shall see its end */
			try_in(keeper, RETRY_MS);
			return;
		}
	}
}

static void expired(void *owner)
{
	hand_over_all(owner);
}

static void forget(struct keeper *keeper)
{
	for (struct keeper_end *end = keeper->ends; end != NULL; end = end->next)
		end->handed = false;
	keeper->pid = 0;
	files_close(&keeper->socket);
}

static void ended(struct loop_child *child, pid_t pid, int status)
{
	struct keeper *keeper = CONTAINER_OF(child, struct keeper, child);

	(void)pid;
	(void)status;
	forget(keeper);
	forget_name(keeper);
	if (keeper->ends == NULL)
		return;
	message(MESSAGE_WARNING, "the keeper of log pipes has ended: starting another");
	try_in(keeper, keeper->loop->now - keeper->started < RETRY_MS ? RETRY_MS : 0);
}

void keeper_open(struct keeper *keeper, struct loop *loop)
{
	keeper->loop = loop;
	keeper->socket = -1;
	keeper->timer = (struct timer){ .expired = expired, .owner = keeper };
	keeper->child.ended = ended;
}

void keeper_leave(struct keeper *keeper)
{
	forget_name(keeper);
}

void keeper_place(struct keeper *keeper, const int *directory, const char *prefix)
{
	pid_t before = keeper->pid;

	if (before != 0)
		loop_forget(keeper->loop, &keeper->child);
	forget(keeper);
	keeper->name[0] = '\0';
	keeper->directory = directory;
	keeper->prefix = prefix;
	hand_over_all(keeper);
	/* it would not be found where it is; the new one has all that it has */
	if (before != 0)
		(void)kill(before, SIGKILL);	/* not reaped yet, so it is that */
}

void keeper_hold(struct keeper *keeper, struct keeper_end *end, int fd)
{
	*end = (struct keeper_end){ .next = keeper->ends, .place = &keeper->ends, .fd = fd };
	if (end->next != NULL)
		end->next->place = &end->next;
	keeper->ends = end;
	if (keeper->timer.place == 0)
		hand_over_all(keeper);
}

void keeper_release(struct keeper *keeper, struct keeper_end *end)
{
	if (end->place == NULL)
		return;
	*end->place = end->next;
	if (end->next != NULL)
		end->next->place = end->place;
	end->place = NULL;
	if (!end->handed)
		return;
	/* whoever has stopped it: its hold on the pipe keeps the logger from its end */
	(void)kill(keeper->pid, SIGCONT);
	if (!send_message(keeper, ~end->fd, -1))
		(void)kill(keeper->pid, SIGKILL);	/* the next one has only what it should */
}

bool keeper_has_all(const struct keeper *keeper)
{
	for (const struct keeper_end *end = keeper->ends; end != NULL; end = end->next)
		if (!end->handed)
			return false;
	return true;
}

void keeper_end_others(const struct keeper *keeper, int directory, const char *prefix)
{
	int below = directory_part(prefix);
	const char *start = below > 0 ? prefix + below + 1 : prefix;
	char path[64];
	DIR *list;
	struct dirent *entry;
	int fd;

	(void)text_format(path, sizeof path, "%.*s", below > 0 ? below : 1, below > 0 ? prefix : ".");
	fd = files_open(directory, path, O_RDONLY | O_DIRECTORY, 0);
	list = fd < 0 ? NULL : fdopendir(fd);
	if (list == NULL) {
		files_close(&fd);	/* there is none: no supervisor was here */
		return;
	}
	while ((entry = readdir(list)) != NULL) {
		int fifo;

		if (strncmp(entry->d_name, start, strlen(start)) != 0 ||
		    (place(keeper) == directory &&
		    strcmp(entry->d_name, keeper->name + (start - prefix)) == 0))
			continue;
		/* ENXIO: nobody reads there any more; ELOOP: it is none of ours */
		fifo = files_open(dirfd(list), entry->d_name, O_WRONLY | O_NOFOLLOW, 0);
		files_close(&fifo);
		(void)unlinkat(dirfd(list), entry->d_name, 0);
	}
	(void)closedir(list);
}

void keeper_close(struct keeper *keeper)
{
	if (keeper->ends == NULL)
		forget_name(keeper);
}

/* SPDX-License-Identifier: MIT */
/* Where messages go, and that they do not wait there. */
#include "../../libsv/message.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Has FD for standard error, as it is given to a program. */
static void give(int fd)
{
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
}

static void expect(int fd, const char *text)
{
	char said[256];
	ssize_t got = read(fd, said, sizeof said - 1);

	ck_assert_int_ge(got, 0);
	said[got] = '\0';
	ck_assert_str_eq(said, text);
}

static void arrives(const int ends[2])
{
	give(ends[1]);
	message_open("unit", MESSAGE_STDERR);
	ck_assert(message_separate(STDERR_FILENO));
	message(MESSAGE_ERROR, "%d of %s", 1, "them");
	expect(ends[0], "unit: 1 of them\n");
	/* theirs blocks as before */
	ck_assert_int_eq(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

START_TEST(a_full_pipe_is_not_waited_for)
{
	static const char much[4096];
	int pipes[2];

	ck_assert_int_eq(pipe(pipes), 0);
	arrives(pipes);
	ck_assert_int_eq(fcntl(pipes[1], F_SETFL, O_NONBLOCK), 0);
	while (write(pipes[1], much, sizeof much) > 0)
		continue;
	ck_assert_int_eq(fcntl(pipes[1], F_SETFL, 0), 0);
	errno = ENOTTY;
	message(MESSAGE_ERROR, "lost");
	ck_assert_int_eq(errno, ENOTTY);
}
END_TEST

/* LOG's takes the place of what was given (supervise/title.c). */
START_TEST(the_last_that_was_separated_counts)
{
	int first[2], second[2];

	ck_assert_int_eq(pipe(first), 0);
	ck_assert_int_eq(pipe(second), 0);
	give(first[1]);
	ck_assert(message_separate(STDERR_FILENO));
	ck_assert(message_separate(second[1]));
	message_open("unit", MESSAGE_STDERR);
	message(MESSAGE_ERROR, "here");
	expect(second[0], "unit: here\n");
	/* nothing of ours holds the first */
	close(first[1]);
	close(STDERR_FILENO);
	expect(first[0], "");
}
END_TEST

/* Standard error is one where systemd's journal reads it. */
START_TEST(a_full_socket_is_not_waited_for)
{
	static const char much[4096];
	int sockets[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	arrives(sockets);
	while (send(sockets[1], much, sizeof much, MSG_DONTWAIT) > 0)
		continue;
	(void)alarm(20);
	message(MESSAGE_ERROR, "lost");
	/* nor is its end a reason to end */
	ck_assert_int_eq(close(sockets[0]), 0);
	message(MESSAGE_ERROR, "lost");
}
END_TEST

START_TEST(what_cannot_be_opened_again_stays_as_it_is)
{
	int pipes[2];
	char name[] = "/tmp/pidone.message.XXXXXX";
	int file = mkstemp(name);

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(pipe(pipes), 0);
	give(pipes[1]);
	/* others write at the same place in it */
	ck_assert(!message_separate(file));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(close(file), 0);
	ck_assert(!message_separate(file));
	ck_assert_int_eq(errno, EBADF);
	message_open("unit", MESSAGE_STDERR);
	message(MESSAGE_ERROR, "as before");
	expect(pipes[0], "unit: as before\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *tests = tcase_create("message");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, a_full_pipe_is_not_waited_for);
	tcase_add_test(tests, a_full_socket_is_not_waited_for);
	tcase_add_test(tests, the_last_that_was_separated_counts);
	tcase_add_test(tests, what_cannot_be_opened_again_stays_as_it_is);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

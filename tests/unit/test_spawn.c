/* SPDX-License-Identifier: MIT */
/* Which descriptors a program is given, whatever numbers they have with us. */
#include "spawn.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Says what it reads, and whether it can write to 2. */
static char shell[] = "sh", option[] = "-c",
	says[] = "read -r line; echo \"out $line\"; echo err >&2 || echo shut";
static char *const script[] = { shell, option, says, NULL };

/* In a process of its own, as it moves 0, 1 and 2: PLACE says where the end to read
 * from and the one to write to are, and FD what becomes of them. Returns its output. */
static const char *run(const int place[2], const int fd[3], bool detached)
{
	static char output[64];
	const struct spawn spawned = { .path = "/bin/sh", .argv = script, .directory = SPAWN_KEEP,
		.fd = { fd[0], fd[1], fd[2] }, .detached = detached };
	int in[2], out[2], error, status;
	ssize_t got;
	pid_t pid = -1, child;

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(write(in[1], "line\n", 5), 5);
	child = fork();
	if (child == 0) {
		/* out of the way first */
		int from = fcntl(in[0], F_DUPFD_CLOEXEC, 10), to = fcntl(out[1], F_DUPFD_CLOEXEC, 10);

		if (dup2(from, place[0]) < 0 || dup2(to, place[1]) < 0)
			_exit(100);
		if (spawn(&spawned, &pid, &error) != SPAWN_STARTED)
			_exit(101);
		_exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 102);
	}
	ck_assert_int_eq(close(out[1]), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	got = read(out[0], output, sizeof output - 1);
	ck_assert_int_ge(got, 0);
	output[got] = '\0';
	(void)close(in[0]);
	(void)close(in[1]);
	(void)close(out[0]);
	return output;
}

START_TEST(descriptors_may_have_each_others_places)
{
	static const struct {
		int place[2], fd[3];
		const char *output;
	} cases[] = {
		{ { 0, 1 }, { SPAWN_KEEP, SPAWN_KEEP, 1 }, "out line\nerr\n" },
		{ { 1, 0 }, { 1, 0, 0 }, "out line\nerr\n" },
		{ { 2, 0 }, { 2, 0, SPAWN_SHUT }, "out line\nshut\n" },
		{ { 1, 2 }, { 1, 2, SPAWN_KEEP }, "out line\nerr\n" },
		{ { 0, 2 }, { 0, 2, 2 }, "out line\nerr\n" },
		{ { 7, 8 }, { 7, 8, 8 }, "out line\nerr\n" },
		{ { 7, 1 }, { 7, 1, SPAWN_SHUT }, "out line\nshut\n" },
	};

	ck_assert_str_eq(run(cases[_i / 2].place, cases[_i / 2].fd, _i % 2 == 1), cases[_i / 2].output);
}
END_TEST

START_TEST(what_cannot_be_executed_is_known)
{
	struct spawn none = { .path = "/nonexistent/none", .argv = script, .directory = SPAWN_KEEP,
		.fd = { SPAWN_KEEP, SPAWN_KEEP, SPAWN_KEEP } };
	pid_t pid = -1;
	int error = 0, status;

	ck_assert_int_eq(spawn(&none, &pid, &error), SPAWN_NO_PROGRAM);
	ck_assert_int_eq(error, ENOENT);
	ck_assert_int_eq(waitpid(-1, &status, WNOHANG), -1);	/* reaped already */
	none.fd[1] = 1000;
	ck_assert_int_eq(spawn(&none, &pid, &error), SPAWN_NO_PROGRAM);
	ck_assert_int_eq(error, EBADF);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spawn");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, descriptors_may_have_each_others_places, 0, 14);
	tcase_add_test(all, what_cannot_be_executed_is_known);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

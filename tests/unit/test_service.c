/* SPDX-License-Identifier: MIT */
/* One service directory as svctl sees it: what counts as supervised, what its record
 * says, and that a record is read whole while it is written over. */
#include "../../svctl/service.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READS 100000

static const char template[] = "/tmp/pidone.service.XXXXXX";
static char path[sizeof template];
static int directory, supervise;

static void make(void)
{
	memcpy(path, template, sizeof template);
	ck_assert_ptr_nonnull(mkdtemp(path));
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(directory, 0);
	ck_assert_int_eq(mkdirat(directory, "supervise", 0700), 0);
	supervise = openat(directory, "supervise", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(supervise, 0);
}

static void end(void)
{
	(void)unlinkat(supervise, "ok", 0);
	(void)unlinkat(supervise, "control", 0);
	(void)unlinkat(supervise, "status", 0);
	ck_assert_int_eq(unlinkat(directory, "supervise", AT_REMOVEDIR), 0);
	ck_assert_int_eq(close(supervise) + close(directory), 0);
	ck_assert_int_eq(rmdir(path), 0);
}

/* As its supervisor: who holds the FIFO open; close it with close. */
static int hold(const char *name)
{
	int fd;

	ck_assert_int_eq(mkfifoat(supervise, name, 0600), 0);
	fd = openat(supervise, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void put(const char *name, const void *bytes, size_t size)
{
	int fd = openat(supervise, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	ck_assert_int_eq(close(fd), 0);
}

/* A record of ours in which all that changes from start to start is NUMBER. */
static void encode(int number, unsigned char record[STATUS_RECORD_BYTES])
{
	struct status status = { .pid = number, .state = STATUS_RUN };
	struct status_identity identity = { .pid = number, .start = (uint64_t)number };
	struct status_memory memory = { .starts = (uint32_t)number };

	status_encode_record(&status, &identity, &memory, record);
}

static void problem_is(const char *what, int error)
{
	struct service_problem problem;
	struct service_record record;

	ck_assert_int_eq(service_read_record(directory, &record, &problem), SERVICE_PROBLEM);
	ck_assert_str_eq(problem.what, what);
	ck_assert_int_eq(problem.error, error);
}

START_TEST(what_is_no_supervisors_is_said)
{
	struct service_problem problem;
	struct service_record record;
	int ok;

	problem_is("unable to open supervise/ok", ENOENT);
	put("ok", "", 0);
	problem_is("unable to open supervise/ok", EINVAL);
	ck_assert_int_eq(unlinkat(supervise, "ok", 0), 0);

	ok = hold("ok");
	problem_is("unable to open supervise/status", ENOENT);
	put("status", "too short", 9);
	problem_is("unable to read supervise/status: bad format", 0);

	ck_assert_int_eq(close(ok), 0);
	ck_assert_int_eq(service_read_record(directory, &record, &problem), SERVICE_UNSUPERVISED);
}
END_TEST

START_TEST(of_anothers_record_the_twenty_bytes_are_read)
{
	struct service_problem problem;
	struct service_record record;
	unsigned char bytes[STATUS_RECORD_BYTES + 1] = { 0 };
	int ok = hold("ok");

	encode(75, bytes);
	put("status", bytes, STATUS_BYTES);
	ck_assert_int_eq(service_read_record(directory, &record, &problem), SERVICE_YES);
	ck_assert(!record.is_ours);
	ck_assert_int_eq(record.status.pid, 75);

	put("status", bytes, STATUS_RECORD_BYTES);
	ck_assert_int_eq(service_read_record(directory, &record, &problem), SERVICE_YES);
	ck_assert(record.is_ours);
	ck_assert_uint_eq(record.memory.starts, 75);

	put("status", bytes, STATUS_RECORD_BYTES + 1);
	ck_assert_int_eq(service_read_record(directory, &record, &problem), SERVICE_YES);
	ck_assert(!record.is_ours);
	ck_assert_int_eq(close(ok), 0);
}
END_TEST

static atomic_bool done;

/* The supervisor's children, which sign by writing over what it wrote, one after
 * the other. */
static void *write_over(void *file)
{
	static const struct timespec pause = { .tv_nsec = 1000 };
	unsigned char bytes[2][STATUS_RECORD_BYTES];

	encode(0x01010101, bytes[0]);
	encode(0x02020202, bytes[1]);
	for (unsigned i = 0; !done; i++) {
		if (pwrite(*(int *)file, bytes[i % 2], sizeof bytes[0], 0) != sizeof bytes[0])
			return file;
		(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

START_TEST(what_is_written_over_is_read_whole)
{
	struct service_problem problem;
	struct service_record record;
	unsigned char bytes[STATUS_RECORD_BYTES];
	pthread_t writer;
	void *failed;
	int file, ok = hold("ok"), torn = 0;

	encode(0x01010101, bytes);
	put("status", bytes, sizeof bytes);
	file = openat(supervise, "status", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(pthread_create(&writer, NULL, write_over, &file), 0);
	for (int i = 0; i < READS; i++) {
		ck_assert_int_eq(service_read_record(directory, &record, &problem), SERVICE_YES);
		torn += !record.is_ours || record.memory.starts != (uint32_t)record.status.pid;
	}
	done = true;
	ck_assert_int_eq(pthread_join(writer, &failed), 0);
	ck_assert_ptr_null(failed);
	ck_assert_int_eq(torn, 0);
	ck_assert_int_eq(close(file), 0);
	ck_assert_int_eq(close(ok), 0);
}
END_TEST

START_TEST(letters_go_to_who_reads_them)
{
	struct service_problem problem;
	char got[8] = "";
	int control;

	ck_assert_int_eq(service_send(directory, "d", &problem), SERVICE_PROBLEM);
	ck_assert_str_eq(problem.what, "unable to open supervise/control");
	control = hold("control");
	ck_assert_int_eq(service_send(directory, "dx", &problem), SERVICE_YES);
	ck_assert_int_eq(read(control, got, sizeof got), 2);
	ck_assert_str_eq(got, "dx");
	ck_assert_int_eq(close(control), 0);
	ck_assert_int_eq(service_send(directory, "d", &problem), SERVICE_UNSUPERVISED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, make, end);
	tcase_add_test(all, what_is_no_supervisors_is_said);
	tcase_add_test(all, of_anothers_record_the_twenty_bytes_are_read);
	tcase_add_test(all, what_is_written_over_is_read_whole);
	tcase_add_test(all, letters_go_to_who_reads_them);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

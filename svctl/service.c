/* SPDX-License-Identifier: MIT */
#include "service.h"

#include "files.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a record that is not whole. */
#define READS_AT_ONCE 3
#define READS_LATER 50
#define READ_PAUSE_MS 1

static int open_directory(int at, const char *path)
{
	/* O_PATH: as for chdir(2), no permission to read it is needed */
	return files_open(at, path, O_PATH | O_DIRECTORY, 0);
}

bool service_is_path(const char *name)
{
	size_t length = strlen(name);

	return length == 0 || name[0] == '/' || name[0] == '.' || name[length - 1] == '/';
}

int service_open(const char *svdir, const char *name)
{
	int base, fd;

	if (service_is_path(name))
		return open_directory(AT_FDCWD, name);
	base = open_directory(AT_FDCWD, svdir);
	if (base < 0)
		return -1;
	fd = open_directory(base, name);
	files_close(&base);
	return fd;
}

int service_open_at(int directory, const char *name)
{
	return open_directory(directory, name);
}

int service_open_log(int directory)
{
	return open_directory(directory, "log");
}

static enum service_answer set_problem(struct service_problem *problem, const char *what,
	int error)
{
	problem->what = what;
	problem->error = error;
	return SERVICE_PROBLEM;
}

/* Opens a FIFO that a supervisor reads. ENXIO: nobody does, fifo(7); anything
 * else than a FIFO was not made by a supervisor, nor was a link. */
static enum service_answer open_fifo(int directory, const char *path, const char *what,
	int *fd, struct service_problem *problem)
{
	struct stat facts;

	*fd = files_open(directory, path, O_WRONLY | O_NOFOLLOW, 0);
	if (*fd < 0 && errno == ENXIO) {
		set_problem(problem, "runsv not running", 0);
		return SERVICE_UNSUPERVISED;
	}
	if (*fd < 0)
		return set_problem(problem, what, errno);
	if (fstat(*fd, &facts) == 0 && S_ISFIFO(facts.st_mode))
		return SERVICE_YES;
	files_close(fd);
	return set_problem(problem, what, EINVAL);
}

/* Our runsvdir writes over a record while a process of the service is started, which
 * a reader may catch half done. It is whole the next moment, or when the writer, whose
 * CPU was taken in the middle of it, has one again. */
static ssize_t read_whole(int fd, char *bytes, size_t size, struct service_record *record)
{
	for (int try = 0;; try++) {
		ssize_t got = pread(fd, bytes, size, 0);

		record->is_ours = got >= 0 && status_decode_record((unsigned char *)bytes, (size_t)got,
			&record->status, &record->identity, &record->memory);
		if (record->is_ours || got != STATUS_RECORD_BYTES || try == READS_AT_ONCE + READS_LATER)
			return got;
		if (try >= READS_AT_ONCE)
			(void)poll(NULL, 0, READ_PAUSE_MS);
	}
}

enum service_answer service_read_record(int directory, struct service_record *record,
	struct service_problem *problem)
{
	/* one byte more than there can be: a longer one is not ours */
	char bytes[STATUS_RECORD_BYTES + 1];
	enum service_answer answer;
	ssize_t size;
	int fd;

	answer = open_fifo(directory, "supervise/ok", "unable to open supervise/ok", &fd, problem);
	if (answer != SERVICE_YES)
		return answer;
	files_close(&fd);
	fd = files_open(directory, "supervise/status", O_RDONLY | O_NOFOLLOW, 0);
	if (fd < 0)
		return set_problem(problem, "unable to open supervise/status", errno);
	size = read_whole(fd, bytes, sizeof bytes, record);
	files_close(&fd);
	if (size < 0)
		return set_problem(problem, "unable to read supervise/status", errno);
	if (!record->is_ours &&
	    !status_decode((unsigned char *)bytes, (size_t)size, &record->status))
		return set_problem(problem, "unable to read supervise/status: bad format", 0);
	return SERVICE_YES;
}

enum service_answer service_read(int directory, struct status *status,
	struct service_problem *problem)
{
	struct service_record record;
	enum service_answer answer = service_read_record(directory, &record, problem);

	if (answer == SERVICE_YES)
		*status = record.status;
	return answer;
}

enum service_answer service_send(int directory, const char *letters,
	struct service_problem *problem)
{
	enum service_answer answer;
	ssize_t written;
	int fd, error;

	answer = open_fifo(directory, "supervise/control", "unable to open supervise/control",
		&fd, problem);
	if (answer != SERVICE_YES)
		return answer;
	/* so few bytes are written whole or not at all, pipe(7): PIPE_BUF */
	written = write(fd, letters, strlen(letters));
	error = errno;
	files_close(&fd);
	if (written < 0)
		return set_problem(problem, "unable to write to supervise/control", error);
	return SERVICE_YES;
}

int service_normally_up(int directory)
{
	struct stat facts;

	if (fstatat(directory, "down", &facts, 0) == 0)
		return 0;
	return errno == ENOENT ? 1 : -1;
}

enum service_check service_start_check(int directory, pid_t *pid)
{
	char *argv[] = { (char[]){ "./check" }, NULL };
	struct spawn check = {
		.path = argv[0],
		.argv = argv,
		.directory = directory,
		.fd = { SPAWN_KEEP, SPAWN_SHUT, SPAWN_KEEP },
	};
	struct stat facts;
	int error;

	if (fstatat(directory, "check", &facts, 0) < 0)
		return errno == ENOENT ? SERVICE_CHECK_NONE : SERVICE_CHECK_LATER;
	switch (spawn(&check, pid, &error)) {
	case SPAWN_STARTED:
		return SERVICE_CHECK_STARTED;
	case SPAWN_NO_PROCESS:
		errno = error;
		return SERVICE_CHECK_LATER;
	case SPAWN_NO_PROGRAM:
		errno = error;
		return SERVICE_CHECK_BROKEN;
	}
	return SERVICE_CHECK_LATER;
}

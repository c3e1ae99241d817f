/* SPDX-License-Identifier: MIT */
/* crowd COUNT TOP COMMAND…: makes COUNT services in TOP, whose ./run is TOP/idle, and
 * links to them in TOP/scan, executes COMMAND with TOP/scan at its end, and says how
 * many microseconds passed until the last of them ran. Then it ends them all. It is for
 * a machine in which there is nothing but busybox to do that with. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COUNT_MOST = 100000, PAUSE_NS = 10000000 };

/* What bench/idle writes. */
struct record {
	int64_t time, pid;
};

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int make(int count)
{
	char name[32], path[64];

	if (mkdir("services", 0755) < 0 || mkdir("scan", 0755) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof name, "services/s%d", i);
		if (mkdir(name, 0755) < 0)
			return -1;
		snprintf(path, sizeof path, "%s/run", name);
		if (link("idle", path) < 0)
			return -1;
		snprintf(path, sizeof path, "../%s", name);
		snprintf(name, sizeof name, "scan/s%d", i);
		if (symlink(path, name) < 0)
			return -1;
	}
	return 0;
}

static pid_t start(char **words, int output)
{
	pid_t pid = vfork();

	if (pid == 0) {
		dup2(output, 1);
		execvp(words[0], words);
		_exit(127);
	}
	return pid;
}

/* COUNT of them, in a pipe. Not awake for each: this takes time from who is measured. */
static int read_all(int input, struct record *records, int count)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	size_t size = (size_t)count * sizeof *records, got = 0;

	while (got < size) {
		ssize_t some = read(input, (char *)records + got, size - got);

		if (some <= 0)
			return -1;
		got += (size_t)some;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static void end_all(pid_t supervisor, const struct record *records, int count)
{
	/* it first: it would start them again */
	kill(supervisor, SIGKILL);
	waitpid(supervisor, NULL, 0);
	for (int i = 0; i < count; i++)
		kill((pid_t)records[i].pid, SIGKILL);
	while (wait(NULL) > 0)
		continue;
}

int main(int argc, char **argv)
{
	int count = argc < 4 ? 0 : atoi(argv[1]);
	static struct record records[COUNT_MOST];
	int64_t began, last = 0;
	int ends[2];
	pid_t pid;

	if (count < 1 || count > COUNT_MOST)
		return 100;
	if (chdir(argv[2]) < 0 || make(count) < 0 || pipe2(ends, O_CLOEXEC) < 0) {
		perror("crowd");
		return 111;
	}
	/* COMMAND… TOP/scan */
	memmove(argv, argv + 3, (size_t)(argc - 3) * sizeof *argv);
	argv[argc - 3] = (char []){ "scan" };
	argv[argc - 2] = NULL;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	began = now();
	pid = start(argv, ends[1]);
	close(ends[1]);
	if (pid < 0 || read_all(ends[0], records, count) < 0)
		return 111;
	for (int i = 0; i < count; i++)
		last = records[i].time > last ? records[i].time : last;
	printf("%lld\n", (long long)(last - began) / 1000);
	end_all(pid, records, count);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* The least that starting services can cost: floor DIRECTORY goes through it and
 * does chdir, vfork and exec of ./run for each; for one that ends, again. With -f
 * it makes first, in all of them, the files of supervise/ that have to be there before
 * a run script may ask for another service by sv, and keeps open what has to stay so
 * (runsv.c). */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 20000 };

static struct {
	char *name;
	pid_t pid;
} services[MOST];

static void enter(int directory, int number)
{
	if (fchdir(directory) < 0 || chdir(services[number].name) < 0)
		_exit(111);
}

static bool make_fifo(const char *path)
{
	return mkfifo(path, 0600) == 0 && open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) >= 0;
}

static void make_files(void)
{
	static const char record[20];
	int lock, status;

	if (mkdir("supervise", 0700) < 0)
		_exit(111);
	lock = open("supervise/lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0 || !make_fifo("supervise/control") ||
	    !make_fifo("supervise/ok"))
		_exit(111);
	status = open("supervise/status.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (status < 0 || write(status, record, sizeof record) != (ssize_t)sizeof record ||
	    close(status) < 0 || rename("supervise/status.new", "supervise/status") < 0)
		_exit(111);
}

/* In a process of its own: what is open takes nothing from the starts. */
static void hold_files(int directory, int count)
{
	pid_t holder = fork();

	if (holder == 0) {
		for (int i = 0; i < count; i++) {
			enter(directory, i);
			make_files();
		}
		(void)kill(getpid(), SIGSTOP);
		_exit(0);
	}
	if (holder < 0 || waitpid(holder, NULL, WUNTRACED) != holder)
		_exit(111);
}

static void start(int directory, int number)
{
	static char name[] = "./run";
	char *const run[] = { name, NULL };

	enter(directory, number);
	services[number].pid = vfork();
	if (services[number].pid == 0) {
		execv(name, run);
		_exit(127);
	}
}

int main(int argc, char **argv)
{
	DIR *directory;
	struct dirent *entry;
	bool with_files = argc == 3 && strcmp(argv[1], "-f") == 0;
	int count = 0;

	if (argc != 2 + with_files || (directory = opendir(argv[argc - 1])) == NULL)
		return 111;
	while ((entry = readdir(directory)) != NULL && count < MOST) {
		if (entry->d_name[0] == '.')
			continue;
		services[count].name = strdup(entry->d_name);
		if (services[count].name == NULL)
			return 111;
		count++;
	}
	if (with_files)
		hold_files(dirfd(directory), count);
	for (int i = 0; i < count; i++)
		start(dirfd(directory), i);
	for (;;) {
		pid_t pid = wait(NULL);

		if (pid < 0)
			return 111;
		for (int i = 0; i < count; i++)
			if (services[i].pid == pid) {
				start(dirfd(directory), i);
				break;
			}
	}
}

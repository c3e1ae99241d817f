/* SPDX-License-Identifier: MIT */
/* The least that starting services can cost: floor DIRECTORY goes through it and
 * does chdir, vfork and exec of ./run for each; for one that ends, again. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 20000 };

static struct {
	char *name;
	pid_t pid;
} services[MOST];

static void start(int directory, int number)
{
	static char name[] = "./run";
	char *const run[] = { name, NULL };

	if (fchdir(directory) < 0 || chdir(services[number].name) < 0)
		_exit(111);
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
	int count = 0;

	if (argc != 2 || (directory = opendir(argv[1])) == NULL)
		return 111;
	while ((entry = readdir(directory)) != NULL && count < MOST) {
		if (entry->d_name[0] == '.')
			continue;
		services[count].name = strdup(entry->d_name);
		if (services[count].name == NULL)
			return 111;
		start(dirfd(directory), count++);
	}
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

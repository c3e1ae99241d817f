/* SPDX-License-Identifier: MIT */
#include "processes.h"

#include "files.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 52 numbers of 20 digits, and a name. */
#define STAT_BYTES 1200
#define FIRST_ROOM 256

/* A read each: what the kernel has to say fits, and it has no more. */
static bool read_process(int proc, const char *pid, struct process *process)
{
	char path[32], line[STAT_BYTES];
	ssize_t length;
	int fd;

	text_format(path, sizeof path, "%s/stat", pid);
	fd = files_open(proc, path, O_RDONLY, 0);
	if (fd < 0)
		return false;
	length = read(fd, line, sizeof line - 1);
	files_close(&fd);
	if (length <= 0)
		return false;
	line[length] = '\0';
	return process_parse(line, process);
}

static bool make_room(struct processes *processes, size_t *room)
{
	struct process *list;

	if (processes->count < *room)
		return true;
	*room = *room == 0 ? FIRST_ROOM : 2 * *room;
	list = realloc(processes->list, *room * sizeof *list);
	if (list == NULL)
		return false;
	processes->list = list;
	return true;
}

static int compare(const void *one, const void *other)
{
	const struct process *left = one, *right = other;

	return left->pid < right->pid ? -1 : left->pid > right->pid;
}

static bool read_all(DIR *proc, struct processes *processes)
{
	const struct dirent *entry;
	size_t room = 0;

	while ((errno = 0, entry = readdir(proc)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		if (!make_room(processes, &room))
			return false;
		/* else it has ended by now */
		if (read_process(dirfd(proc), entry->d_name, &processes->list[processes->count]))
			processes->count++;
	}
	return errno == 0;
}

bool processes_read(struct processes *processes)
{
	DIR *proc = opendir("/proc");
	bool done;
	int error;

	*processes = (struct processes){ .list = NULL };
	if (proc == NULL)
		return false;
	done = read_all(proc, processes);
	if (done) {
		processes->owner = malloc((processes->count + 1) * sizeof *processes->owner);
		done = processes->owner != NULL;
	}
	error = errno;
	(void)closedir(proc);	/* nothing was written */
	if (!done) {
		processes_free(processes);
		errno = error;
		return false;
	}
	/* they come in that order, but nothing says that they must */
	qsort(processes->list, processes->count, sizeof *processes->list, compare);
	for (size_t i = 0; i < processes->count; i++)
		processes->owner[i] = PROCESSES_NOBODY;
	return true;
}

void processes_free(struct processes *processes)
{
	free(processes->list);
	free(processes->owner);
	*processes = (struct processes){ .list = NULL };
}

/* The place of PID in the list; processes->count if it is not there. */
static size_t place_of(const struct processes *processes, pid_t pid)
{
	const struct process *found = processes_find(processes, pid);

	return found != NULL ? (size_t)(found - processes->list) : processes->count;
}

const struct process *processes_find(const struct processes *processes, pid_t pid)
{
	struct process wanted = { .pid = pid };

	if (pid <= 0 || processes->count == 0)
		return NULL;
	return bsearch(&wanted, processes->list, processes->count, sizeof wanted, compare);
}

/* The service whose process leads GROUP; NOBODY if none does. */
static size_t leader_owner(const struct processes *processes, const pid_t *pids, size_t count,
	pid_t group)
{
	size_t place = place_of(processes, group);
	size_t owner = place < processes->count ? processes->owner[place] : PROCESSES_NOBODY;

	return owner < count && pids[owner] == group ? owner : PROCESSES_NOBODY;
}

void processes_assign(struct processes *processes, const pid_t *pids, size_t count)
{
	bool more = true;

	for (size_t i = 0; i < processes->count; i++)
		processes->owner[i] = PROCESSES_NOBODY;
	for (size_t i = 0; i < count; i++) {
		size_t place = place_of(processes, pids[i]);

		if (place < processes->count)
			processes->owner[place] = i;
	}
	/* who is in a group that a service leads; its own process is so already */
	for (size_t i = 0; i < processes->count; i++) {
		const struct process *process = &processes->list[i];
		size_t *owner = &processes->owner[i];

		if (*owner == PROCESSES_NOBODY && process->group != process->pid)
			*owner = leader_owner(processes, pids, count, process->group);
		if (*owner == PROCESSES_NOBODY && process->session != process->pid)
			*owner = leader_owner(processes, pids, count, process->session);
	}
	/* their descendants: parents mostly have lower pids, so one round does it but
	 * for where pids have begun anew */
	while (more) {
		more = false;
		for (size_t i = 0; i < processes->count; i++) {
			size_t place;

			if (processes->owner[i] != PROCESSES_NOBODY)
				continue;
			place = place_of(processes, processes->list[i].parent);
			if (place == processes->count ||
			    processes->owner[place] == PROCESSES_NOBODY)
				continue;
			processes->owner[i] = processes->owner[place];
			more = true;
		}
	}
}

void processes_add_up(const struct processes *processes, struct usage *usage, size_t count)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t second = (uint64_t)sysconf(_SC_CLK_TCK);

	memset(usage, 0, count * sizeof *usage);
	for (size_t i = 0; i < processes->count; i++) {
		size_t owner = processes->owner[i];

		if (owner >= count)
			continue;
		usage[owner].processes++;
		usage[owner].memory += processes->list[i].pages * page;
		usage[owner].cpu_ms += processes->list[i].ticks * 1000 / second;
	}
}

const char *processes_command(const struct process *process, char *text, size_t size)
{
	char path[32];
	ssize_t length;

	text_format(path, sizeof path, "/proc/%d/cmdline", (int)process->pid);
	length = files_read(AT_FDCWD, path, text, size);
	while (length > 0 && text[length - 1] == '\0')
		length--;
	for (ssize_t i = 0; i < length; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	if (length <= 0)
		text_format(text, size, "[%s]", process->name);
	return text;
}

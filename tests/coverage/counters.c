/* SPDX-License-Identifier: MIT */
/* The counters of a program that is built for coverage, in memory that all of its
 * processes share: they count whatever becomes of a process, be it killed or executed
 * anew, and whatever it sees of the file system; nothing is opened or written meanwhile.
 * Takes the place of what libgcov does at the start and at the end of a program. A
 * program that is started with COVERAGE_TO=DIRECTORY does nothing but write them there,
 * as gcov reads them; where that is empty, it lets go of the memory.
 *
 * Linked into those programs only (rules.mk), which sorts their counters, the sections
 * .bss.__gcov0.FUNCTION, between the two pages here. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#define PAGE 4096
#define OBJECTS 256
#define PART "/coverage/obj/"	/* after it the names of objects begin as those of sources */

struct gcov_info;

void __gcov_init(struct gcov_info *info);
void __gcov_exit(void);
void __gcov_merge_add(int64_t *counters, unsigned length);
/* gcov.h, which is gcc's own and where musl-gcc does not look: what is counted of INFO, as
 * bytes of a file. */
void __gcov_info_to_gcda(const struct gcov_info *info, void (*name)(const char *name, void *argument),
	void (*write)(const void *bytes, unsigned length, void *argument),
	void *(*allocate)(unsigned length, void *argument), void *argument);

/* A number of the program's own: its value is its address. */
extern char coverage_key[];

static char before[PAGE] __attribute__((section(".bss.__gcov.before"), aligned(PAGE), used));
static char after[PAGE] __attribute__((section(".bss.__gcov1.after"), aligned(PAGE), used));
static struct gcov_info *objects[OBJECTS];
static size_t count;

static void complain(const char *about)
{
	(void)fprintf(stderr, "coverage: %s: %s\n", about, strerror(errno));
	_exit(111);
}

/* Called by each object before main. */
void __gcov_init(struct gcov_info *info)
{
	if (count == OBJECTS)
		complain("more objects than there is room for");
	objects[count++] = info;
}

/* What libgcov would merge and write at the end is where it belongs. */
void __gcov_exit(void)
{
}

/* That it is there tells libgcov that the counters are used. */
void __gcov_merge_add(int64_t *counters, unsigned length)
{
	(void)counters;
	(void)length;
	abort();
}

static void open_file(const char *name, void *argument)
{
	FILE **file = argument;
	char path[4096];
	const char *part = strstr(name, PART);

	(void)snprintf(path, sizeof path, "%s/%s", getenv("COVERAGE_TO"),
		part != NULL ? part + strlen(PART) : name);
	*file = fopen(path, "w");
	if (*file == NULL)
		complain(path);
}

static void write_bytes(const void *bytes, unsigned length, void *argument)
{
	FILE **file = argument;

	if (fwrite(bytes, 1, length, *file) != length)
		complain("cannot write");
}

static void *allocate(unsigned length, void *argument)
{
	(void)argument;
	return malloc(length);
}

static void write_all(void)
{
	for (size_t i = 0; i < count; i++) {
		FILE *file = NULL;

		__gcov_info_to_gcda(objects[i], open_file, write_bytes, allocate, &file);
		if (file == NULL || fclose(file) != 0)
			complain("cannot write");
	}
}

/* After the objects' own constructors, which have the default priority and so come in
 * the order of linking: this one is linked last. */
__attribute__((constructor)) static void share(void)
{
	size_t size = (size_t)((uintptr_t)after - (uintptr_t)before) - PAGE;
	int id = shmget((key_t)(uintptr_t)coverage_key, size, IPC_CREAT | 0666);
	const char *to = getenv("COVERAGE_TO");

	if (id < 0)
		complain("shmget");
	if (shmat(id, before + PAGE, SHM_REMAP) == (void *)-1)
		complain("shmat");
	if (to == NULL)
		return;
	if (*to != '\0')
		write_all();
	else if (shmctl(id, IPC_RMID, NULL) < 0)
		complain("shmctl");
	exit(0);
}

/* SPDX-License-Identifier: MIT */
/* Lines of /proc/self/mountinfo, of /proc/swaps and of fstab: any, and those that the
 * kernel would write for file names of any bytes. */
#include "fuzz.h"

#include "../../init/mounttable.h"

static bool lies_in(const char *text, const char *line, size_t length)
{
	return text >= line && text + strlen(text) <= line + length;
}

static void check_any(const char *text)
{
	size_t length = strlen(text);
	char *line = strdup(text), *path;
	struct mounttable_line mount;

	must(line != NULL);
	if (mounttable_mountinfo(line, &mount))
		must(lies_in(mount.point, line, length) && lies_in(mount.type, line, length) &&
			lies_in(mount.source, line, length) && lies_in(mount.options, line, length));
	strcpy(line, text);
	if (mounttable_fstab(line, &mount)) {
		must(lies_in(mount.point, line, length) && lies_in(mount.type, line, length) &&
			lies_in(mount.source, line, length) && lies_in(mount.options, line, length));
		must(mount.source[0] != '\0' && strpbrk(mount.options, " \t\n") == NULL);
	}
	strcpy(line, text);
	path = mounttable_swap(line);
	must(path == NULL || (lies_in(path, line, length) && path[0] != '\0'));
	free(line);
}

/* As fs/proc_namespace.c mangle does; the bytes that fstab(5) wants so are among them. */
static size_t escape(char *to, const char *name)
{
	size_t length = 0;

	for (; *name != '\0'; name++)
		if (strchr(" \t\n\\#", *name) != NULL)
			length += (size_t)sprintf(to + length, "\\%03o", (unsigned char)*name);
		else
			to[length++] = *name;
	to[length] = '\0';
	return length;
}

static void check_kernels(const char *point, const char *source, unsigned id)
{
	size_t room = 4 * (strlen(point) + strlen(source)) + 200;
	char *line = malloc(room), *escaped_point = malloc(room), *escaped = malloc(room), *path;
	struct mounttable_line mount;

	must(line != NULL && escaped_point != NULL && escaped != NULL);
	(void)escape(escaped_point, point);
	(void)escape(escaped, source);
	(void)sprintf(line, "%u 25 8:1 / %s rw,noatime shared:1 master:2 - ext4 %s rw", id,
		escaped_point, escaped);
	must(mounttable_mountinfo(line, &mount));
	must(mount.id == id && strcmp(mount.point, point) == 0 &&
		strcmp(mount.source, source) == 0 && strcmp(mount.type, "ext4") == 0);
	must(mounttable_option(mount.options, "rw") && mounttable_option(mount.options, "noatime") &&
		!mounttable_option(mount.options, "ro") && !mounttable_option(mount.options, "w"));
	(void)sprintf(line, "%s  %s\text4 defaults,ro 0 1\n", escaped, escaped_point);
	must(mounttable_fstab(line, &mount));
	must(strcmp(mount.point, point) == 0 && strcmp(mount.source, source) == 0);
	(void)sprintf(line, "%s file\t\t1024\t\t0\t\t-2", escaped);
	path = mounttable_swap(line);
	must(path != NULL && strcmp(path, source) == 0);
	free(line);
	free(escaped_point);
	free(escaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	unsigned id = (unsigned)take_number(&input, 4);
	char *point = take_text(&input, '\0'), *source = take_text(&input, '\0'), *all;

	if (point[0] != '\0' && source[0] != '\0')
		check_kernels(point, source, id);
	free(point);
	free(source);
	input = (struct input){ data, size };
	all = take_text(&input, '\0');
	check_any(all);
	free(all);
	return 0;
}

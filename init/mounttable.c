/* SPDX-License-Identifier: MIT */
#include "mounttable.h"

#include "text.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool is_octal(char digit)
{
	return digit >= '0' && digit <= '7';
}

/* The kernel writes blanks, tabs, newlines, backslashes and # as \ooo
 * (fs/proc_namespace.c mangle), and fstab(5) wants blanks written so. No name has a
 * NUL: \000 is left as it stands. */
static void resolve_escapes(char *text)
{
	char *to = text;

	while (*text != '\0') {
		if (text[0] == '\\' && text[1] <= '3' && is_octal(text[1]) &&
			is_octal(text[2]) && is_octal(text[3]) && strncmp(text, "\\000", 4) != 0) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* Cuts the next word off *REST; NULL if there is none. */
static char *take_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t\n");
	size_t length = strcspn(word, " \t\n");

	if (length == 0)
		return NULL;
	*rest = word + length;
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return word;
}

bool mounttable_mountinfo(char *line, struct mounttable_line *mount)
{
	/* proc(5): id, parent, device, root, point, options, optional fields, -,
	 * type, source, options of the file system */
	char *words[6];
	char *word;
	uint64_t id;

	for (size_t i = 0; i < 6; i++) {
		words[i] = take_word(&line);
		if (words[i] == NULL)
			return false;
	}
	do
		word = take_word(&line);
	while (word != NULL && strcmp(word, "-") != 0);
	mount->point = words[4];
	mount->options = words[5];
	mount->type = take_word(&line);
	mount->source = take_word(&line);
	if (mount->type == NULL || mount->source == NULL ||
		!text_to_number(words[0], UINT32_MAX, &id))
		return false;
	mount->id = (unsigned)id;
	resolve_escapes(mount->point);
	resolve_escapes(mount->source);
	return true;
}

bool mounttable_fstab(char *line, struct mounttable_line *mount)
{
	mount->source = take_word(&line);
	if (mount->source == NULL || mount->source[0] == '#')
		return false;
	mount->point = take_word(&line);
	mount->type = take_word(&line);
	mount->options = take_word(&line);
	mount->id = 0;
	if (mount->point == NULL || mount->options == NULL)
		return false;
	resolve_escapes(mount->point);
	resolve_escapes(mount->source);
	return true;
}

bool mounttable_covers(const char *point, const char *path)
{
	size_t length = strlen(point);

	if (strcmp(point, "/") == 0)
		return path[0] == '/';
	return strncmp(path, point, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

int mounttable_find(const struct mounttable_line *mounts, int count, const char *path)
{
	int found = -1;

	for (int i = 0; i < count; i++)
		if (mounttable_covers(mounts[i].point, path) &&
		    (found < 0 || strlen(mounts[i].point) >= strlen(mounts[found].point)))
			found = i;
	return found;
}

char *mounttable_swap(char *line)
{
	char *path = take_word(&line);

	if (path != NULL)
		resolve_escapes(path);
	return path;
}

bool mounttable_option(const char *options, const char *word)
{
	size_t length = strlen(word);

	for (;;) {
		size_t option = strcspn(options, ",");

		if (option == length && memcmp(options, word, length) == 0)
			return true;
		if (options[option] == '\0')
			return false;
		options += option + 1;
	}
}

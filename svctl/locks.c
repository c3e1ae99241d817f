/* SPDX-License-Identifier: MIT */
#include "locks.h"

#include "text.h"

#include <stddef.h>
#include <string.h>

enum field { NUMBER, KIND, MODE, ACCESS, HOLDER, FILE_ID, FIELDS };

/* Cuts TEXT at blanks: false if there are fewer than FIELDS words. */
static bool split(char *text, char *fields[FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		text += strspn(text, " ");
		if (*text == '\0')
			return false;
		fields[i] = text;
		text += strcspn(text, " \n");
		if (*text != '\0')
			*text++ = '\0';
	}
	return true;
}

static bool parse_hex(const char *text, uint64_t *number)
{
	static const char digits[] = "0123456789abcdef";

	*number = 0;
	for (size_t i = 0; text[i] != '\0'; i++) {
		const char *digit = strchr(digits, text[i]);

		if (digit == NULL || i == 8)
			return false;
		*number = *number * 16 + (uint64_t)(digit - digits);
	}
	return *text != '\0';
}

static bool parse_file(char *text, struct lock *lock)
{
	char *minor = strchr(text, ':');
	char *inode = minor != NULL ? strchr(minor + 1, ':') : NULL;

	if (inode == NULL)
		return false;
	*minor++ = '\0';
	*inode++ = '\0';
	return parse_hex(text, &lock->major) && parse_hex(minor, &lock->minor) &&
		text_to_number(inode, UINT64_MAX, &lock->inode);
}

bool locks_parse(const char *line, struct lock *lock)
{
	char text[128], *fields[FIELDS];
	uint64_t holder;

	(void)text_copy(text, sizeof text, line);	/* what is looked at stands at its beginning */
	/* one who waits for a lock has "->" in place of its kind; one of another
	 * namespace has the pid 0 */
	if (!split(text, fields) || strcmp(fields[KIND], "FLOCK") != 0 ||
	    !text_to_number(fields[HOLDER], INT32_MAX, &holder) || holder == 0)
		return false;
	lock->holder = (pid_t)holder;
	return parse_file(fields[FILE_ID], lock);
}

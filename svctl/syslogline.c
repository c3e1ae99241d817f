/* SPDX-License-Identifier: MIT */
#include "syslogline.h"

#include <stdbool.h>
#include <string.h>

static const char digits[] = "0123456789";

static const char *next_word(const char *at)
{
	at += strcspn(at, " \n");
	return at + strspn(at, " ");
}

/* "2026-11-25T04:23:32.1+00:00 ", or "Nov 25 04:23:32 ", as in "Nov  5 04:23:32 ". */
static const char *skip_time(const char *line)
{
	const char *clock;

	if (strspn(line, digits) == 4 && line[4] == '-')
		return next_word(line);
	if (strcspn(line, " \n") != 3)
		return NULL;
	clock = next_word(next_word(line));
	return strspn(clock, digits) == 2 && clock[2] == ':' ? next_word(clock) : NULL;
}

static size_t tag_length(const char *at)
{
	return strcspn(at, "[: \n");
}

/* Is that word one that a tag is all of: "web:", "web[7]:"? */
static bool is_tag(const char *at)
{
	size_t length = strcspn(at, " \n");

	return length > 1 && at[length - 1] == ':';
}

/* "daemon.info": two words of letters and digits. */
static bool is_priority(const char *at)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t length = strspn(at, letters);

	return length > 0 && at[length] == '.' && strspn(at + length + 1, letters) > 0 &&
		at[length + 1 + strspn(at + length + 1, letters)] == ' ';
}

size_t syslogline_tag(const char *line, const char **tag)
{
	const char *at = skip_time(line);

	if (at == NULL)
		return 0;
	if (!is_tag(at))
		at = next_word(at);	/* the host */
	if (!is_tag(at) && is_priority(at))
		at = next_word(at);
	*tag = at;
	return tag_length(at);
}

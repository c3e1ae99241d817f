/* SPDX-License-Identifier: MIT */
#include "loglines.h"

#include "files.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A longer line counts as several. */
#define LINE_MOST 65535
/* Where to begin looking for the last lines: so many bytes a line, then twice that. */
#define LINE_USUAL 256

bool loglines_open(struct loglines *lines)
{
	lines->fd = files_open(AT_FDCWD, lines->source.path, O_RDONLY, 0);
	lines->offset = 0;
	return lines->fd >= 0;
}

/* Where the line of which LEFT bytes are there ends; NULL: it does not yet. What is
 * LAST ends with what is there. */
static char *find_end(char *line, size_t left, bool last)
{
	char *end = memchr(line, '\n', left);

	return end == NULL && (left == LINE_MOST || (last && left > 0)) ? line + left : end;
}

/* What a file was to be longer by when the power was cut is NULs, and what was written
 * next stands right behind them: those at the beginning of a line are no part of it. */
static char *skip_nuls(char *line, const char *end)
{
	while (line < end && *line == '\0')
		line++;
	return line;
}

/* Makes the line one string, with '?' for each run of NULs in it. */
static void join(char *line, const char *end)
{
	char *to = line;

	for (const char *from = line; from < end; from++)
		if (*from != '\0')
			*to++ = *from;
		else if (from + 1 == end || from[1] != '\0')
			*to++ = '?';
	*to = '\0';
}

/* Goes through the lines from the offset on, and gives PUT, which may be NULL, all but
 * the first SKIP. Returns how many there were. */
static uint64_t go_through(struct loglines *lines, bool closed, uint64_t skip, loglines_put *put,
	void *argument)
{
	static char bytes[LINE_MOST + 1];
	uint64_t count = 0;
	size_t length = 0;

	for (;;) {
		ssize_t got = pread(lines->fd, bytes + length, LINE_MOST - length,
			lines->offset + (off_t)length);
		char *line, *end, *there;

		length += got > 0 ? (size_t)got : 0;
		there = bytes + length;
		for (line = skip_nuls(bytes, there);
		     (end = find_end(line, (size_t)(there - line), got <= 0 && closed)) != NULL;
		     line = skip_nuls(end < there ? end + 1 : end, there)) {
			join(line, end);
			if (logsource_has(&lines->source, line) && count++ >= skip && put != NULL)
				put(argument, line);
		}
		lines->offset += line - bytes;
		length -= (size_t)(line - bytes);
		memmove(bytes, line, length);
		if (got <= 0)
			return count;
	}
}

void loglines_read(struct loglines *lines, bool closed, loglines_put *put, void *argument)
{
	(void)go_through(lines, closed, 0, put, argument);	/* how many is of no interest */
}

/* Moves the offset to the beginning of the first line that begins at AT or behind it. */
static void move_to_line(struct loglines *lines, off_t at)
{
	char bytes[4096], *end = NULL;
	ssize_t got;

	lines->offset = at > 0 ? at - 1 : 0;
	while (at > 0 && end == NULL &&
	       (got = pread(lines->fd, bytes, sizeof bytes, lines->offset)) > 0) {
		end = memchr(bytes, '\n', (size_t)got);
		lines->offset += end != NULL ? end + 1 - bytes : got;
	}
}

/* Looks for where they begin from ever farther before the end. */
uint64_t loglines_last(struct loglines *lines, uint64_t count, bool closed, loglines_put *put,
	void *argument)
{
	off_t size = lseek(lines->fd, 0, SEEK_END), back = (off_t)(count + 1) * LINE_USUAL, from;
	uint64_t there;

	for (;; back *= 2) {
		from = back < size ? size - back : 0;
		move_to_line(lines, from);
		there = go_through(lines, closed, 0, NULL, NULL);
		if (there >= count || from == 0)
			break;
	}
	move_to_line(lines, from);
	(void)go_through(lines, closed, there > count ? there - count : 0, put, argument);
	return there < count ? there : count;
}

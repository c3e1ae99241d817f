/* SPDX-License-Identifier: MIT */
#include "cmdline.h"

#include "text.h"

#include <string.h>

static const struct {
	const char *name;
	size_t limit;		/* where it is in struct lifecycle_limits */
	unsigned least;		/* s: what a child does needs some time, or it is left out */
} limit_words[] = {
	{ "init.step=", offsetof(struct lifecycle_limits, step), 0 },
	{ "init.shutdown=", offsetof(struct lifecycle_limits, entry), 0 },
	{ "init.stop=", offsetof(struct lifecycle_limits, stop), 0 },
	{ "init.term=", offsetof(struct lifecycle_limits, term), 1 },
	{ "init.kill=", offsetof(struct lifecycle_limits, kill), 1 },
	{ "init.unmount=", offsetof(struct lifecycle_limits, release), 1 },
};

static const char *const single_words[] = { "single", "s", "S", "-s", "1" };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

void cmdline_begin(struct cmdline *cmdline)
{
	*cmdline = (struct cmdline){ .limits = lifecycle_limits_standard };
}

/* What follows NAME in WORD, or NULL if it does not begin with that. */
static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 ? word + length : NULL;
}

static bool set_limit(struct lifecycle_limits *limits, size_t limit, unsigned least,
	const char *value)
{
	uint64_t seconds;
	int64_t milliseconds;

	if (!text_to_number(value, LIFECYCLE_LIMIT_MOST / 1000, &seconds) || seconds < least)
		return false;
	milliseconds = (int64_t)seconds * 1000;
	memcpy((char *)limits + limit, &milliseconds, sizeof milliseconds);
	return true;
}

bool cmdline_word(struct cmdline *cmdline, const char *word)
{
	const char *value;

	for (size_t i = 0; i < COUNT(single_words); i++)
		if (strcmp(word, single_words[i]) == 0)
			cmdline->single = true;
	if (strcmp(word, "init.trace") == 0)
		cmdline->trace = true;
	if (strcmp(word, "ro") == 0)
		cmdline->read_only = true;
	if (strcmp(word, "rw") == 0)
		cmdline->read_only = false;
	for (size_t i = 0; i < COUNT(limit_words); i++) {
		value = value_of(word, limit_words[i].name);
		if (value != NULL)
			return set_limit(&cmdline->limits, limit_words[i].limit,
				limit_words[i].least, value);
	}
	value = value_of(word, "init.skip=");
	if (value != NULL)
		return text_copy(cmdline->skip, sizeof cmdline->skip, value);
	value = value_of(word, "init.wait=");
	return value == NULL || text_copy(cmdline->wait, sizeof cmdline->wait, value);
}

/* Ends the word that TEXT begins with, and takes its quotes away. Returns what follows. */
static char *end_word(char *text)
{
	char *to = text, *from = text;

	for (bool quoted = false; *from != '\0' && (quoted || strchr(" \t\n", *from) == NULL); from++)
		if (*from == '"')
			quoted = !quoted;
		else
			*to++ = *from;
	if (*from != '\0')
		from++;
	*to = '\0';
	return from;
}

const char *cmdline_words(struct cmdline *cmdline, char *text)
{
	const char *bad = NULL;

	for (;;) {
		text += strspn(text, " \t\n");
		if (*text == '\0')
			return bad;
		char *rest = end_word(text);

		if (!cmdline_word(cmdline, text) && bad == NULL)
			bad = text;
		text = rest;
	}
}

static bool lists(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (;;) {
		size_t word = strcspn(list, ",");

		if (word == length && memcmp(list, name, length) == 0)
			return true;
		if (list[word] == '\0')
			return false;
		list += word + 1;
	}
}

bool cmdline_skips(const struct cmdline *cmdline, const char *name)
{
	return lists(cmdline->skip, name);
}

bool cmdline_waits(const struct cmdline *cmdline, const char *name)
{
	return lists(cmdline->wait, name);
}

/* SPDX-License-Identifier: MIT */
/* The kernel command line. */
#include "fuzz.h"

#include "../../init/cmdline.h"

static bool is_same(const struct cmdline *one, const struct cmdline *other)
{
	return one->single == other->single && one->read_only == other->read_only &&
		one->trace == other->trace && strcmp(one->wait, other->wait) == 0 &&
		strcmp(one->skip, other->skip) == 0 &&
		memcmp(&one->limits, &other->limits, sizeof one->limits) == 0;
}

static bool is_within_quotes(const char *word, const char *at)
{
	size_t quotes = 0;

	for (; word < at; word++)
		quotes += *word == '"';
	return quotes % 2 == 1;
}

/* The next word, without its quotes, or NULL. */
static char *take_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t\n"), *end = word, *quote;

	if (*word == '\0')
		return NULL;
	for (end += strcspn(end, " \t\n"); *end != '\0' && is_within_quotes(word, end);)
		end += 1 + strcspn(end + 1, " \t\n");
	*rest = *end == '\0' ? end : end + 1;
	*end = '\0';
	while ((quote = strchr(word, '"')) != NULL)
		memmove(quote, quote + 1, strlen(quote));
	return word;
}

/* Word by word it comes to the same; the first bad one is the one that is named. */
static void check_words(char *text, const struct cmdline *cmdline, const char *bad)
{
	const char *first = NULL;
	struct cmdline again;
	char *rest = text;

	cmdline_begin(&again);
	for (char *word; (word = take_word(&rest)) != NULL;)
		if (!cmdline_word(&again, word) && first == NULL)
			first = word;
	must(is_same(cmdline, &again));
	must(bad == NULL || first == NULL ? bad == first : strcmp(bad, first) == 0);
	must(bad == NULL || strncmp(bad, "init.", 5) == 0);
}

/* Each step that is listed is one of them, and none that is not. */
static void check_list(const struct cmdline *cmdline, const char list[CMDLINE_LIST_BYTES],
	bool (*has)(const struct cmdline *, const char *))
{
	char words[CMDLINE_LIST_BYTES], longer[CMDLINE_LIST_BYTES + 1], *rest = words;

	must(memchr(list, '\0', CMDLINE_LIST_BYTES) != NULL);
	strcpy(words, list);
	for (char *word; (word = strsep(&rest, ",")) != NULL;)
		must(has(cmdline, word));
	(void)snprintf(longer, sizeof longer, "%sx", list);
	must(!has(cmdline, longer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char *text = take_text(&input, '\0'), *copy = strdup(text);
	struct cmdline cmdline;
	const int64_t *limits;
	const char *bad;

	must(copy != NULL);
	cmdline_begin(&cmdline);
	limits = (const int64_t *)&cmdline.limits;
	bad = cmdline_words(&cmdline, text);
	for (size_t i = 0; i < sizeof cmdline.limits / sizeof *limits; i++)
		must(limits[i] >= 0 && limits[i] <= 86400 * 1000 && limits[i] % 1000 == 0);
	check_words(copy, &cmdline, bad);
	check_list(&cmdline, cmdline.skip, cmdline_skips);
	check_list(&cmdline, cmdline.wait, cmdline_waits);
	free(copy);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "arguments.h"

#include "duration.h"
#include "nearest.h"
#include "text.h"

#include <string.h>

#define LINES_MOST 1000000

/* What a verb does not take is looked up in no row: -f is two things. */
const struct arguments_option arguments_options[] = {
	{ OPTION_WAIT, 't', "", "SEC", "wait SEC seconds, not 7 or $SVWAIT; 0: look once" },
	{ OPTION_WAIT | OPTION_SHOW, 'w', "", "SEC", NULL },	/* sv's */
	{ OPTION_SHOW, 'v', "", NULL, NULL },			/* sv's */
	{ OPTION_NO_WAIT, 0, "no-wait", NULL, "do not wait" },
	{ OPTION_ALL, 'a', "all", NULL, "also those that are not enabled" },
	{ OPTION_NOW, 0, "now", NULL, "start it despite a down file, and wait; KILL it if need be" },
	{ OPTION_FOLLOW, 'f', "follow", NULL, "go on with what is yet to come" },
	{ OPTION_LINES, 'n', "lines", "N", "so many lines, not 10" },
	{ OPTION_FORCE, 'f', "force", NULL, "at once, without stopping anything" },
	{ OPTION_YES, 'y', "yes", NULL, "do not ask, where PID 1 may be another's" },
	{ OPTION_JSON, 0, "json", NULL, "for programs: JSON" },
	{ OPTION_SVG, 0, "svg", NULL, "a picture: SVG" },
	{ OPTION_HELP, 'h', "help", NULL, "this" },
	{ OPTION_VERSION, 'V', "version", NULL, NULL },
};
const size_t arguments_option_count = sizeof arguments_options / sizeof arguments_options[0];

/* Before a verb is known, and with one of sv's words. */
#define BEFORE (ARGUMENTS_ALWAYS | OPTION_VERSION | OPTION_WAIT | OPTION_SHOW | OPTION_NO_WAIT | \
	OPTION_JSON | OPTION_ALL)
#define WITH_WORDS (ARGUMENTS_ALWAYS | OPTION_WAIT | OPTION_SHOW)

static bool complain(struct arguments *arguments, const char *complaint, const char *what)
{
	text_format(arguments->complaint, sizeof arguments->complaint, "%s", complaint);
	arguments->what = what;
	return false;
}

static unsigned allowed(const struct arguments *arguments)
{
	if (arguments->word != NULL)
		return WITH_WORDS;
	return arguments->verb != NULL ? arguments->verb->options | ARGUMENTS_ALWAYS : BEFORE;
}

static const char *command_name(const struct arguments *arguments)
{
	return arguments->word != NULL ? arguments->word->name :
		arguments->verb != NULL ? arguments->verb->name : "";
}

/* The one of that letter or name; NULL if the verb takes none such. */
static const struct arguments_option *find_option(const struct arguments *arguments, char letter,
	const char *name, size_t length)
{
	const struct arguments_option *end = arguments_options + arguments_option_count;

	for (const struct arguments_option *option = arguments_options; option < end; option++) {
		if ((option->option & allowed(arguments)) == 0)
			continue;
		if (letter != 0 ? option->letter == letter : strlen(option->name) == length &&
		    length > 0 && strncmp(option->name, name, length) == 0)
			return option;
	}
	return NULL;
}

static bool take(struct arguments *arguments, const struct arguments_option *option,
	const char *value)
{
	arguments->options |= option->option;
	if ((option->option & OPTION_WAIT) && !duration_parse(value, &arguments->wait_ms))
		return complain(arguments, "not a number of seconds: ", value);
	if ((option->option & OPTION_LINES) && !text_to_number(value, LINES_MOST, &arguments->lines))
		return complain(arguments, "not a number of lines: ", value);
	return true;
}

/* Its argument is VALUE, or, without one, NEXT, which may be NULL; *USED: NEXT it is. */
static bool take_with(struct arguments *arguments, const struct arguments_option *option,
	const char *value, const char *next, const char *argument, bool *used)
{
	*used = value == NULL;
	if (value == NULL)
		value = next;
	return value != NULL ? take(arguments, option, value) :
		complain(arguments, "option requires an argument: ", argument);
}

static bool refuse(struct arguments *arguments, const char *argument)
{
	const char *name = command_name(arguments);

	arguments->what = argument;
	text_format(arguments->complaint, sizeof arguments->complaint, "%s%sno such option: ", name,
		*name != '\0' ? ": " : "");
	return false;
}

/* "--lines=5", "--lines 5". NEXT is the argument after it, or NULL; *USED is set if
 * it was taken. */
static bool take_long(struct arguments *arguments, const char *argument, const char *next, bool *used)
{
	const char *name = argument + 2, *value = strchr(name, '=');
	size_t length = value != NULL ? (size_t)(value - name) : strlen(name);
	const struct arguments_option *option = find_option(arguments, 0, name, length);

	if (option == NULL || (value != NULL && option->argument == NULL))
		return refuse(arguments, argument);
	if (option->argument == NULL)
		return take(arguments, option, NULL);
	return take_with(arguments, option, value != NULL ? value + 1 : NULL, next, argument, used);
}

/* "-fn5", "-fn 5". */
static bool take_short(struct arguments *arguments, const char *argument, const char *next, bool *used)
{
	for (const char *at = argument + 1; *at != '\0'; at++) {
		const struct arguments_option *option = find_option(arguments, *at, NULL, 0);

		if (option == NULL)
			return refuse(arguments, argument);
		if (option->argument != NULL)
			return take_with(arguments, option, at[1] != '\0' ? at + 1 : NULL, next,
				argument, used);
		(void)take(arguments, option, NULL);	/* only a value can be wrong */
	}
	return true;
}

/* sv takes whatever begins with the right letter; here a word is one if it is the
 * beginning of its name, or its letter: "disabel web" is not to take web down. */
static const struct word *find_word(const char *text)
{
	const struct word *word = word_find(text);

	if (word == NULL || text[1] == '\0' || strncmp(word->name, text, strlen(text)) == 0)
		return word;
	return NULL;
}

static bool take_command(struct arguments *arguments, const char *name)
{
	struct nearest nearest = { .word = name };

	arguments->verb = verb_find(name);
	if (arguments->verb == NULL)
		arguments->word = find_word(name);
	if (arguments->verb != NULL || arguments->word != NULL)
		return (arguments->options & ~allowed(arguments) & ~(unsigned)OPTION_VERSION) == 0 ||
			complain(arguments, "an option before it is none of ", name);
	for (size_t i = 0; i < verb_count; i++)
		nearest_offer(&nearest, verb_table[i].name);
	for (size_t i = 0; i < word_count; i++)
		nearest_offer(&nearest, word_table[i].name);
	if (nearest.guess == NULL)
		return complain(arguments, "no such verb: ", name);
	arguments->what = name;
	text_format(arguments->complaint, sizeof arguments->complaint, "no such verb, is it %s? ",
		nearest.guess);
	return false;
}

bool arguments_parse(struct arguments *arguments, int argc, char *argv[])
{
	bool only_operands = false, good = true;

	for (int i = 1; i < argc && good; i++) {
		const char *argument = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool used = false;

		if (only_operands || argument[0] != '-' || argument[1] == '\0') {
			if (arguments->verb != NULL || arguments->word != NULL)
				arguments->operands[arguments->count++] = argv[i];
			else
				good = take_command(arguments, argument);
		} else if (strcmp(argument, "--") == 0)
			only_operands = true;
		else if (argument[1] == '-')
			good = take_long(arguments, argument, next, &used);
		else
			good = take_short(arguments, argument, next, &used);
		i += used;
	}
	return good;
}

/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "clock.h"
#include "context.h"
#include "duration.h"
#include "nearest.h"
#include "sv.h"
#include "text.h"
#include "verbs.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_MS 7000		/* sv(8) */
#define WAIT_MOST_MS (INT64_MAX / 4)	/* so that no deadline overflows */
#define LINES 10
#define LINES_MOST 1000000
#define HELP_COLUMN 16

/* What a verb does not take is looked up in no row: -f is two things. */
static const struct {
	unsigned option;
	char letter;		/* 0: none */
	const char *name;	/* "": none */
	const char *argument;	/* NULL: none */
	const char *help;	/* NULL: known, not shown */
} options[] = {
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

#define OPTION_COUNT (sizeof options / sizeof options[0])

/* Before a verb is known, and with one of sv's words. */
#define ALWAYS (OPTION_HELP)
#define BEFORE (ALWAYS | OPTION_VERSION | OPTION_WAIT | OPTION_SHOW | OPTION_NO_WAIT | OPTION_JSON | \
	OPTION_ALL)
#define WITH_WORDS (ALWAYS | OPTION_WAIT | OPTION_SHOW)

struct line {
	struct context *context;
	const struct word *word;	/* sv's, if it is no verb */
	char **operands;
	size_t count;
};

static int usage(struct context *context, const char *complaint, const char *what)
{
	struct output *err = context->err;

	output_text(err, "svctl: ");
	output_text(err, complaint);
	output_foreign(err, what);
	output_text(err, "\nusage: svctl [list]\n       svctl VERB [OPTION...] [NAME...]\n"
		"svctl --help lists the verbs; svctl VERB --help says more\n");
	output_flush(err);
	return CONTEXT_USAGE;
}

/* --- help ------------------------------------------------------------------------ */

static void put_help_line(struct output *out, const char *name, const char *help)
{
	output_text(out, "  ");
	output_cell(out, name, HELP_COLUMN);
	output_format(out, "%s\n", help);
}

static void put_options(struct output *out, unsigned taken)
{
	char text[32];

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		bool both = options[i].letter != 0 && *options[i].name != '\0';
		const char letter[] = { options[i].letter, '\0' };

		if ((options[i].option & taken) == 0 || options[i].help == NULL)
			continue;
		text_format(text, sizeof text, "%s%s%s%s%s%s%s", *letter != '\0' ? "-" : "", letter,
			both ? ", " : "", *options[i].name != '\0' ? "--" : "", options[i].name,
			options[i].argument != NULL ? " " : "",
			options[i].argument != NULL ? options[i].argument : "");
		put_help_line(out, text, options[i].help);
	}
}

static int help(struct output *out)
{
	output_text(out, "svctl shows and controls services that are supervised.\n\n"
		"usage: svctl [list]\n       svctl VERB [OPTION...] [NAME...]\n\n"
		"A NAME is that of a directory in $SVDIR (" SVDIR_DEFAULT "), a pattern for such\n"
		"names ('web*'), or a path that begins with / or . or ends with /.\n\n");
	for (size_t i = 0; i < verb_count; i++)
		put_help_line(out, verb_table[i].name, verb_table[i].summary);
	output_text(out, "\nsvctl VERB --help shows a verb's options and an example. The commands of sv\n"
		"are here too, with its options -v and -w SEC, and do what they do there:\n\n");
	for (size_t i = 0; i < word_count; i++)
		if (verb_find(word_table[i].name) == NULL)
			put_help_line(out, word_table[i].name, word_help(&word_table[i]));
	output_flush(out);
	return EXIT_SUCCESS;
}

static int verb_help(const struct verb *verb, struct output *out)
{
	output_format(out, "svctl %s: %s\n\nusage: svctl %s [OPTION...]%s%s\n\n", verb->name,
		verb->summary, verb->name, *verb->arguments != '\0' ? " " : "", verb->arguments);
	put_options(out, verb->options | ALWAYS);
	output_format(out, "\nexample: %s\n", verb->teaches);
	output_format(out, "  %s\n", verb->example);
	output_flush(out);
	return EXIT_SUCCESS;
}

static int version(struct output *out)
{
	output_text(out, "svctl (pidone) " PIDONE_VERSION "\n");
	output_flush(out);
	return EXIT_SUCCESS;
}

/* --- reading the command line ----------------------------------------------------- */

static unsigned allowed(const struct line *line)
{
	if (line->word != NULL)
		return WITH_WORDS;
	return line->context->verb != NULL ? line->context->verb->options | ALWAYS : BEFORE;
}

static const char *command_name(const struct line *line)
{
	return line->word != NULL ? line->word->name :
		line->context->verb != NULL ? line->context->verb->name : "";
}

/* The row whose letter or name it is; OPTION_COUNT if the verb takes none such. */
static size_t find_option(const struct line *line, char letter, const char *name, size_t length)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if ((options[i].option & allowed(line)) == 0)
			continue;
		if (letter != 0 ? options[i].letter == letter : strlen(options[i].name) == length &&
		    length > 0 && strncmp(options[i].name, name, length) == 0)
			return i;
	}
	return OPTION_COUNT;
}

/* Returns 0, or the exit code of wrong usage. */
static int take(struct line *line, size_t row, const char *value)
{
	struct context *context = line->context;
	bool good = true;

	context->options |= options[row].option;
	if (options[row].option & OPTION_WAIT)
		good = duration_parse(value, &context->wait_ms);
	else if (options[row].option & OPTION_LINES)
		good = text_to_number(value, LINES_MOST, &context->lines);
	if (context->wait_ms > WAIT_MOST_MS)
		context->wait_ms = WAIT_MOST_MS;
	return good ? 0 : usage(context, options[row].option & OPTION_WAIT ?
		"not a number of seconds: " : "not a number of lines: ", value);
}

static int refuse(struct line *line, const char *option)
{
	char complaint[64];
	const char *name = command_name(line);

	text_format(complaint, sizeof complaint, "%s%sno such option: ", name, *name != '\0' ? ": " : "");
	return usage(line->context, complaint, option);
}

/* "--lines=5", "--lines 5". NEXT is the argument after it, or NULL; *USED is set if
 * it was taken. */
static int take_long(struct line *line, const char *argument, const char *next, bool *used)
{
	const char *name = argument + 2, *value = strchr(name, '=');
	size_t length = value != NULL ? (size_t)(value - name) : strlen(name);
	size_t row = find_option(line, 0, name, length);

	if (row == OPTION_COUNT || (value != NULL && options[row].argument == NULL))
		return refuse(line, argument);
	if (options[row].argument == NULL)
		return take(line, row, NULL);
	*used = value == NULL;
	value = value != NULL ? value + 1 : next;
	return value != NULL ? take(line, row, value) :
		usage(line->context, "option requires an argument: ", argument);
}

/* "-fn5", "-fn 5". */
static int take_short(struct line *line, const char *argument, const char *next, bool *used)
{
	for (const char *at = argument + 1; *at != '\0'; at++) {
		size_t row = find_option(line, *at, NULL, 0);

		if (row == OPTION_COUNT)
			return refuse(line, argument);
		if (options[row].argument != NULL) {
			*used = at[1] == '\0';
			return at[1] != '\0' ? take(line, row, at + 1) : next != NULL ?
				take(line, row, next) :
				usage(line->context, "option requires an argument: ", argument);
		}
		(void)take(line, row, NULL);	/* only a value can be wrong */
	}
	return 0;
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

static int take_command(struct line *line, const char *name)
{
	struct context *context = line->context;
	struct nearest nearest = { .word = name };
	char complaint[64] = "no such verb: ";
	unsigned given = context->options;

	context->verb = verb_find(name);
	if (context->verb == NULL)
		line->word = find_word(name);
	if (context->verb != NULL || line->word != NULL) {
		if ((given & ~allowed(line) & ~(unsigned)OPTION_VERSION) == 0)
			return 0;
		return usage(context, "an option before it is none of ", name);
	}
	for (size_t i = 0; i < verb_count; i++)
		nearest_offer(&nearest, verb_table[i].name);
	for (size_t i = 0; i < word_count; i++)
		nearest_offer(&nearest, word_table[i].name);
	if (nearest.guess != NULL)
		text_format(complaint, sizeof complaint, "no such verb, is it %s? ", nearest.guess);
	return usage(context, complaint, name);
}

/* Returns 0, or the exit code of wrong usage. */
static int parse(struct line *line, int argc, char *argv[])
{
	bool only_operands = false;

	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool used = false;
		int code = 0;

		if (only_operands || argument[0] != '-' || argument[1] == '\0') {
			if (line->context->verb != NULL || line->word != NULL)
				line->operands[line->count++] = argv[i];
			else
				code = take_command(line, argument);
		} else if (strcmp(argument, "--") == 0)
			only_operands = true;
		else if (argument[1] == '-')
			code = take_long(line, argument, next, &used);
		else
			code = take_short(line, argument, next, &used);
		if (code != 0)
			return code;
		i += used;
	}
	return 0;
}

/* --- doing it ---------------------------------------------------------------------- */

static int run_word(struct line *line)
{
	struct context *context = line->context;
	struct sv_request request = {
		.svdir = context->svdir,
		.word = line->word,
		.waits = line->word->waits || context_has(context, OPTION_SHOW),
		.deadline = clock_now() + context->wait_ms,
		.out = context->out,
		.err = context->err,
	};

	if (line->count == 0)
		return usage(context, "of which service? ", line->word->name);
	return sv_run(&request, line->operands, line->count);
}

static int run(struct line *line)
{
	struct context *context = line->context;
	bool helps = context_has(context, OPTION_HELP);

	if (context_has(context, OPTION_VERSION))
		return version(context->out);
	if (helps && context->verb != NULL)
		return verb_help(context->verb, context->out);
	if (helps)
		return help(context->out);
	if (line->word != NULL)
		return run_word(line);
	if (context->verb == NULL)
		context->verb = verb_find("list");
	return context->verb->function(context, line->operands, line->count);
}

int cli_run(int argc, char *argv[], struct output *out, struct output *err)
{
	const char *svdir = getenv("SVDIR"), *initdir = getenv("SVCTL_INITDIR");
	const char *seconds = getenv("SVWAIT");
	struct context context = {
		.svdir = svdir != NULL ? svdir : SVDIR_DEFAULT,
		.initdir = initdir != NULL ? initdir : INITDIR_DEFAULT,
		.wait_ms = WAIT_MS,
		.lines = LINES,
		.out = out,
		.err = err,
	};
	struct line line = { .context = &context };
	int code;

	out->colour = output_wants_colour(out->fd);
	err->colour = output_wants_colour(err->fd);
	if (seconds != NULL && *seconds != '\0' && !duration_parse(seconds, &context.wait_ms))
		return usage(&context, "SVWAIT is not a number of seconds: ", seconds);
	line.operands = calloc((size_t)argc + 1, sizeof *line.operands);
	if (line.operands == NULL)
		return usage(&context, "out of memory", "");
	code = parse(&line, argc, argv);
	if (code == 0)
		code = run(&line);
	free(line.operands);
	return code;
}

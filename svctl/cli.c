/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "arguments.h"
#include "clock.h"
#include "context.h"
#include "duration.h"
#include "reason.h"
#include "sv.h"
#include "text.h"
#include "verbs.h"
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 7000		/* sv(8) */
#define LINES 10
#define HELP_COLUMN 16

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
	const struct arguments_option *end = arguments_options + arguments_option_count;
	char text[32];

	for (const struct arguments_option *option = arguments_options; option < end; option++) {
		const char letter[] = { option->letter, '\0' };
		bool both = option->letter != 0 && *option->name != '\0';

		if ((option->option & taken) == 0 || option->help == NULL)
			continue;
		text_format(text, sizeof text, "%s%s%s%s%s%s%s", *letter != '\0' ? "-" : "", letter,
			both ? ", " : "", *option->name != '\0' ? "--" : "", option->name,
			option->argument != NULL ? " " : "",
			option->argument != NULL ? option->argument : "");
		put_help_line(out, text, option->help);
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
	put_options(out, verb->options | ARGUMENTS_ALWAYS);
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

/* --- doing it ---------------------------------------------------------------------- */

static int run_word(struct context *context, const struct arguments *arguments)
{
	struct sv_request request = {
		.svdir = context->svdir,
		.word = arguments->word,
		.waits = arguments->word->waits || context_has(context, OPTION_SHOW),
		.deadline = clock_now() + context->wait_ms,
		.out = context->out,
		.err = context->err,
	};

	if (arguments->count == 0)
		return usage(context, "of which service? ", arguments->word->name);
	return sv_run(&request, arguments->operands, arguments->count);
}

static int run(struct context *context, const struct arguments *arguments)
{
	bool helps = context_has(context, OPTION_HELP);

	if (context_has(context, OPTION_VERSION))
		return version(context->out);
	if (helps && context->verb != NULL)
		return verb_help(context->verb, context->out);
	if (helps)
		return help(context->out);
	if (arguments->word != NULL)
		return run_word(context, arguments);
	if (context->verb == NULL)
		context->verb = verb_find("list");
	return context->verb->function(context, arguments->operands, arguments->count);
}

int cli_run(int argc, char *argv[], struct output *out, struct output *err)
{
	const char *svdir = getenv("SVDIR"), *initdir = getenv("SVCTL_INITDIR");
	const char *seconds = getenv("SVWAIT");
	struct arguments arguments = { .wait_ms = WAIT_MS, .lines = LINES };
	struct context context = {
		.svdir = svdir != NULL ? svdir : SVDIR_DEFAULT,
		.initdir = initdir != NULL ? initdir : INITDIR_DEFAULT,
		.out = out,
		.err = err,
	};
	int code;

	out->colour = output_wants_colour(out->fd);
	err->colour = output_wants_colour(err->fd);
	if (seconds != NULL && *seconds != '\0' && !duration_parse(seconds, &arguments.wait_ms))
		return usage(&context, "SVWAIT is not a number of seconds: ", seconds);
	arguments.operands = calloc((size_t)argc + 1, sizeof *arguments.operands);
	if (arguments.operands == NULL) {
		context_tell(&context, argc > 1 ? argv[1] : "list", "%s", reason_text(ENOMEM));
		return CONTEXT_USAGE;
	}
	if (arguments_parse(&arguments, argc, argv)) {
		context.verb = arguments.verb;
		context.options = arguments.options;
		context.wait_ms = arguments.wait_ms;
		context.lines = arguments.lines;
		code = run(&context, &arguments);
	} else
		code = usage(&context, arguments.complaint, arguments.what);
	free(arguments.operands);
	return code;
}

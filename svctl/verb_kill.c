/* SPDX-License-Identifier: MIT */
/* A signal for services, KILL unless another is named first: those that a supervisor
 * sends (libsv/command.h). */
#include "command.h"
#include "control.h"
#include "pattern.h"
#include "service.h"
#include "signals.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* The word that has NUMBER sent, or NULL. */
static const struct word *word_of(int number)
{
	for (size_t i = 0; i < command_count; i++)
		if (command_table[i].signal == number)
			return word_find(command_table[i].name);
	return NULL;
}

static bool is_in(const char *directory, const char *name)
{
	char path[PATH_MAX];
	struct stat found;

	text_format(path, sizeof path, "%s/%s", directory, name);
	return lstat(path, &found) == 0 || errno != ENOENT;
}

/* A signal that is mistyped is no service: KILL, which it was to replace, is not meant. Of
 * what may be a service, if one that is not there, it is said elsewhere what is wrong. */
static bool is_service(const struct context *context, const char *operand)
{
	return service_is_path(operand) || pattern_is_one(operand) ||
		is_in(context->svdir, operand) || is_in(context->initdir, operand) ||
		access(context->svdir, F_OK) < 0;
}

static int refuse(struct context *context, const char *signal, bool is_signal)
{
	char complaint[384];
	size_t length = text_format(complaint, sizeof complaint, is_signal ?
		"a supervisor cannot be asked to send %s, only" :
		"%s is no service, nor a signal that a supervisor sends, which are", signal);

	for (size_t i = 0; i < command_count; i++)
		if (command_table[i].signal != 0)
			length += text_format(complaint + length, sizeof complaint - length, " %s",
				signals_name(command_table[i].signal));
	return context_usage(context, complaint);
}

int verb_kill(struct context *context, char *const *operands, size_t count)
{
	int number = count > 1 ? signals_number(operands[0]) : -1;
	const struct word *word = word_of(number > 0 ? number : SIGKILL);

	if (word == NULL || (count > 1 && number <= 0 && !is_service(context, operands[0])))
		return refuse(context, operands[0], number > 0);
	return control_verb(context, word,
		context_has(context, OPTION_NO_WAIT) ? CONTROL_TELL : CONTROL_WAIT,
		operands + (number > 0), count - (number > 0));
}

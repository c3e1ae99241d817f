/* SPDX-License-Identifier: MIT */
/* A signal for services, KILL unless another is named first: those that a supervisor
 * sends (libsv/command.h). */
#include "command.h"
#include "control.h"
#include "files.h"
#include "pattern.h"
#include "service.h"
#include "signals.h"
#include "text.h"

#include <errno.h>
#include <signal.h>

/* The word that has NUMBER sent, or NULL. */
static const struct word *word_of(int number)
{
	for (size_t i = 0; i < command_count; i++)
		if (command_table[i].signal == number)
			return word_find(command_table[i].name);
	return NULL;
}

/* A signal that is mistyped is no service: KILL, which it was to replace, is not meant. */
static bool is_service(const struct context *context, const char *operand)
{
	int fd = service_open(context->svdir, operand);
	bool there = fd >= 0 || errno != ENOENT || service_is_path(operand) ||
		pattern_is_one(operand);

	files_close(&fd);
	return there;
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

/* SPDX-License-Identifier: MIT */
/* A signal for services, KILL unless another is named first: those that a supervisor
 * sends (libsv/command.h). */
#include "command.h"
#include "control.h"
#include "signals.h"
#include "text.h"

#include <signal.h>

/* The word that has NUMBER sent, or NULL. */
static const struct word *word_of(int number)
{
	for (size_t i = 0; i < command_count; i++)
		if (command_table[i].signal == number)
			return word_find(command_table[i].name);
	return NULL;
}

static int refuse(struct context *context, const char *signal)
{
	char complaint[256];
	size_t length = text_format(complaint, sizeof complaint,
		"a supervisor cannot be asked to send %s, only", signal);

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

	if (word == NULL)
		return refuse(context, operands[0]);
	return control_verb(context, word,
		context_has(context, OPTION_NO_WAIT) ? CONTROL_TELL : CONTROL_WAIT,
		operands + (number > 0), count - (number > 0));
}

/* SPDX-License-Identifier: MIT */
/* start, stop, restart, reload, once, pause, cont: sv's words of those names. */
#include "control.h"

int verb_control(struct context *context, char *const *operands, size_t count)
{
	return control_verb(context, word_find(context->verb->name),
		context_has(context, OPTION_NO_WAIT) ? CONTROL_TELL : CONTROL_WAIT, operands, count);
}

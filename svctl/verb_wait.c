/* SPDX-License-Identifier: MIT */
/* Waiting until services are as they should be, without telling them anything. */
#include "control.h"

#include <string.h>

static const struct word states[] = {
	{ "up", "", "", GOAL_RUNS, true, false, NULL },
	{ "down", "", "", GOAL_RESTS, true, false, NULL },
	{ "ready", "", "", GOAL_READY, true, false, NULL },
};

int verb_wait(struct context *context, char *const *operands, size_t count)
{
	for (size_t i = 0; i < sizeof states / sizeof states[0] && count > 0; i++)
		if (strcmp(states[i].name, operands[0]) == 0)
			return control_verb(context, &states[i],
				states[i].goal == GOAL_RESTS ? CONTROL_WAIT : CONTROL_WAIT_LONG,
				operands + 1, count - 1);
	return context_usage(context, "for what? up, down or ready");
}

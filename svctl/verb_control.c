/* SPDX-License-Identifier: MIT */
/* start, stop, restart, reload, once, pause, cont: sv's words, and waiting unless
 * it is not wanted. */
#include "clock.h"
#include "context.h"
#include "names.h"
#include "sv.h"
#include "words.h"

int verb_control(struct context *context, char *const *operands, size_t count)
{
	struct sv_request request = {
		.svdir = context->svdir,
		.word = word_find(context->verb->name),
		.waits = !context_has(context, OPTION_NO_WAIT),
		.deadline = clock_now() + context->wait_ms,
		.out = context->out,
		.err = context->err,
	};
	struct names names;
	size_t failures;

	if (count == 0)
		return context_usage(context, "of which service?");
	if (!names_find(context, operands, count, &names))
		return CONTEXT_USAGE;
	failures = names.missing;
	if (names.count > 0)
		failures += (size_t)sv_run(&request, names.name, names.count);
	names_free(&names);
	return context_exit(failures);
}

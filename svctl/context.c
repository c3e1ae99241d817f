/* SPDX-License-Identifier: MIT */
#include "context.h"

#include "reason.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

bool context_has(const struct context *context, enum option option)
{
	return (context->options & (unsigned)option) != 0;
}

void context_tell(struct context *context, const char *name, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	text_vformat(text, sizeof text, format, arguments);
	va_end(arguments);
	output_flush(context->out);	/* so that lines stay in their order */
	output_text(context->err, "svctl: ");
	output_foreign(context->err, name);
	output_text(context->err, ": ");
	output_foreign(context->err, text);
	output_text(context->err, "\n");
	output_flush(context->err);
}

void context_tell_problem(struct context *context, const char *name,
	enum service_answer answer, const struct service_problem *problem)
{
	if (answer == SERVICE_UNSUPERVISED)
		context_tell(context, name, "nobody supervises it: is runsvdir running on %s?",
			context->svdir);
	else if (problem->error == EACCES)
		context_tell(context, name, "%s: %s: root may, and the file's group if it has the right",
			problem->what, reason_text(problem->error));
	else if (problem->error == ENOENT && strstr(problem->what, "supervise/") != NULL)
		context_tell(context, name, "nobody has supervised it yet: is runsvdir running on %s?",
			context->svdir);
	else if (problem->error != 0)
		context_tell(context, name, "%s: %s", problem->what, reason_text(problem->error));
	else
		context_tell(context, name, "%s", problem->what);
}

int context_usage(struct context *context, const char *complaint)
{
	const struct verb *verb = context->verb;

	output_format(context->err, "svctl %s: %s\nusage: svctl %s%s%s\n"
		"svctl %s --help says more\n", verb->name, complaint, verb->name,
		*verb->arguments != '\0' ? " " : "", verb->arguments, verb->name);
	output_flush(context->err);
	return CONTEXT_USAGE;
}

int context_exit(size_t failures)
{
	return failures < CONTEXT_FAILURES_MAX ? (int)failures : CONTEXT_FAILURES_MAX;
}

/* SPDX-License-Identifier: MIT */
/* Why services are as they are, a sentence each. */
#include "cause.h"
#include "clock.h"
#include "context.h"
#include "files.h"
#include "json.h"
#include "names.h"

#include <errno.h>

static void put_line(struct context *context, const char *name, const char *why)
{
	output_foreign(context->out, name);
	output_text(context->out, ": ");
	output_foreign(context->out, why);
	output_text(context->out, "\n");
	output_flush(context->out);
}

static void put_json(struct json *json, const char *name, const char *cause, const char *why)
{
	json_object(json, NULL);
	json_string(json, "service", name);
	json_string(json, "cause", cause);
	json_string(json, "why", why);
	json_end_object(json);
}

/* False if it cannot be told. */
static bool explain(struct context *context, const char *name, struct json *json)
{
	int directory = service_open(context->svdir, name);
	struct cause_case given = { .name = name, .directory = directory };
	char why[CAUSE_BYTES];
	struct facts facts;
	enum cause cause;

	if (directory < 0)
		facts = (struct facts){ .answer = SERVICE_PROBLEM,
			.problem = { "unable to change to service directory", errno } };
	else
		facts_read(directory, &facts);
	given.facts = &facts;
	given.wall = clock_wall().tv_sec;
	given.now = clock_now();
	cause = cause_find(&given);
	cause_tell(&given, why);
	if (json->out != NULL)
		put_json(json, name, cause_name(cause), why);
	else if (cause == CAUSE_UNSUPERVISED || cause == CAUSE_UNREADABLE)
		context_tell_problem(context, name, facts.answer, &facts.problem);
	else
		put_line(context, name, why);
	files_close(&directory);
	return cause != CAUSE_UNSUPERVISED && cause != CAUSE_UNREADABLE;
}

int verb_why(struct context *context, char *const *operands, size_t count)
{
	struct json json = { .out = context_has(context, OPTION_JSON) ? context->out : NULL };
	struct names names;
	size_t failures;

	if (count == 0)
		return context_usage(context, "of which service?");
	if (!names_find(context, operands, count, &names))
		return CONTEXT_USAGE;
	failures = names.missing;
	if (json.out != NULL)
		json_array(&json, NULL);
	for (size_t i = 0; i < names.count; i++)
		failures += !explain(context, names.name[i], &json);
	if (json.out != NULL)
		names_json_end(&names, &json);
	names_free(&names);
	output_flush(context->out);
	return context_exit(failures);
}

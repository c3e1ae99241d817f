/* SPDX-License-Identifier: MIT */
#include "control.h"

#include "cause.h"
#include "clock.h"
#include "command.h"
#include "json.h"
#include "reason.h"
#include "report.h"
#include "sv.h"
#include "text.h"

struct control {
	struct context *context;
	struct json *json;
	char *const *names;
	bool signals;		/* nothing but a signal is sent */
	size_t unheard;		/* services that failed only as they had no process to get it */
};

static const struct service_problem nobody = { "it had no process to signal", 0 };

static const char *const results[] = {
	[SV_TOLD] = "told",
	[SV_OK] = "ok",
	[SV_TIMEOUT] = "timeout",
	[SV_KILLED] = "kill",
	[SV_FAILED] = "fail",
};

/* As it is now, which may be later than what was reported. */
static void look(const struct sv_result *result, const char *name, struct facts *facts,
	struct cause_case *now)
{
	if (result->directory >= 0)
		facts_read(result->directory, facts);
	else
		*facts = (struct facts){ .answer = result->answer, .problem = *result->problem };
	*now = (struct cause_case){ .name = name, .directory = result->directory, .facts = facts,
		.wall = clock_wall().tv_sec, .now = clock_now(), .unchecked = result->unchecked };
}

static void put_json(struct control *control, const struct sv_result *result, const char *name)
{
	struct json *json = control->json;
	char why[CAUSE_BYTES], problem[128] = "";
	const char *reason = result->outcome == SV_FAILED ? result->problem->what : NULL;
	struct cause_case now;
	struct facts facts;

	look(result, name, &facts, &now);
	cause_tell(&now, why);
	json_object(json, NULL);
	json_string(json, "service", name);
	json_string(json, "result", results[result->outcome]);
	json_string(json, "state", result->status == NULL ? NULL : facts_state(&facts));
	if (result->status != NULL && result->status->pid != 0)
		json_number(json, "pid", result->status->pid);
	else
		json_null(json, "pid");
	if (reason != NULL && result->problem->error != 0) {
		text_format(problem, sizeof problem, "%s: %s", reason,
			reason_text(result->problem->error));
		reason = problem;
	}
	json_string(json, "problem", reason);
	json_string(json, "cause", cause_name(cause_find(&now)));
	json_string(json, "why", why);
	json_end_object(json);
}

/* "ok: run: web: (pid 71) 0s", as sv has it. */
static void put_line(struct control *control, const struct sv_result *result, const char *name)
{
	struct output *out = control->context->out;
	char line[REPORT_BYTES + 1];
	bool good = result->outcome == SV_OK;

	output_colour(out, good ? COLOUR_GOOD : COLOUR_BAD);
	output_format(out, "%s:", results[result->outcome]);
	output_colour(out, COLOUR_NONE);
	output_format(out, " %s: ", report_state(result->status->state));
	output_foreign(out, name);
	/* what stands behind the label */
	report_line(line, sizeof line, "", result->status,
		service_normally_up(result->directory) != 0, clock_wall().tv_sec);
	output_format(out, "%s\n", line + output_width(report_state(result->status->state)) + 2);
	output_flush(out);
}

static void tell_why(struct control *control, const struct sv_result *result, const char *name)
{
	char why[CAUSE_BYTES];
	struct cause_case now;
	struct facts facts;

	look(result, name, &facts, &now);
	cause_tell(&now, why);
	context_tell(control->context, name, "%s", why);
}

static void report(void *argument, const struct sv_result *result)
{
	struct control *control = argument;
	const char *name = control->names[result->number];
	struct sv_result unheard = *result;

	if (control->signals && result->status != NULL && result->before->state != STATUS_RUN) {
		control->unheard += result->outcome <= SV_OK;	/* sv has counted the others */
		unheard.outcome = SV_FAILED;
		unheard.problem = &nobody;
		result = &unheard;
	}
	if (context_has(control->context, OPTION_JSON)) {
		put_json(control, result, name);
		return;
	}
	if (result->problem == &nobody) {
		context_tell(control->context, name, "%s", nobody.what);
		return;
	}
	if (result->outcome == SV_FAILED) {
		context_tell_problem(control->context, name, result->answer, result->problem);
		return;
	}
	if (result->outcome == SV_TOLD)
		return;
	if (result->status != NULL)
		put_line(control, result, name);
	else {
		output_text(control->context->out, "ok: ");
		output_foreign(control->context->out, name);
		output_text(control->context->out, ": down, and supervised no more\n");
		output_flush(control->context->out);
	}
	if (result->outcome == SV_TIMEOUT)
		tell_why(control, result, name);
}

static bool is_signal(const struct word *word)
{
	const struct command *command = command_find(word->send[0]);

	return command != NULL && command->signal != 0 && word->send[1] == '\0';
}

size_t control_run(struct context *context, const struct word *word, enum control_waits waits,
	char *const *paths, char *const *names, size_t count, struct json *json)
{
	struct control control = { .context = context, .json = json, .names = names,
		.signals = is_signal(word) };
	struct sv_request request = {
		.svdir = context->svdir,
		.word = word,
		.waits = waits == CONTROL_WAIT || waits == CONTROL_WAIT_LONG,
		.patient = waits == CONTROL_TELL_LONG || waits == CONTROL_WAIT_LONG,
		.deadline = clock_now() + context->wait_ms,
		.out = context->out,
		.err = context->err,
		.report = report,
		.argument = &control,
	};

	return count > 0 ? (size_t)sv_run(&request, paths, count) + control.unheard : 0;
}

int control_verb(struct context *context, const struct word *word, enum control_waits waits,
	char *const *operands, size_t count)
{
	struct json json = { .out = context->out };
	struct names names;
	size_t failures;

	if (count == 0)
		return context_usage(context, "of which service?");
	if (!names_find(context, operands, count, &names))
		return CONTEXT_USAGE;
	if (context_has(context, OPTION_JSON))
		json_array(&json, NULL);
	failures = names.missing + control_run(context, word, waits, names.name, names.name,
		names.count, &json);
	if (context_has(context, OPTION_JSON))
		names_json_end(&names, &json);
	names_free(&names);
	output_flush(context->out);
	return context_exit(failures);
}

/* SPDX-License-Identifier: MIT */
/* One program under many names: as `sv`, runit's sv; under the name of a service
 * (a link in /etc/init.d), that service's init script; as `svctl`, all of sv and
 * what people want beyond it. */
#include "cli.h"
#include "clock.h"
#include "duration.h"
#include "output.h"
#include "reason.h"
#include "sv.h"
#include "words.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 7000		/* sv(8) */

enum {
	EXIT_OUTPUT = 111,
	EXIT_USAGE = 100,
	EXIT_LSB_USAGE = 2,
};

enum face {
	FACE_SV,
	FACE_LSB,
	FACE_SVCTL,
};

static const struct {
	const char *usage;
	int exit;
} faces[] = {
	[FACE_SV] = { " [-v] [-w sec] command service ...\n", EXIT_USAGE },
	[FACE_LSB] = { " [-w sec] command\n", EXIT_LSB_USAGE },
};

static struct output out, err;	/* zeroed, so that they take no room in the file */

static enum face face_of(const char *program)
{
	if (strcmp(program, "sv") == 0)
		return FACE_SV;
	return strcmp(program, "svctl") == 0 ? FACE_SVCTL : FACE_LSB;
}

/* COMPLAINT, about WHAT, may be NULL. */
static int usage(const char *program, const char *complaint, const char *what)
{
	enum face face = face_of(program);

	if (complaint != NULL) {
		output_text(&err, program);
		output_format(&err, ": %s", complaint);
		output_text(&err, what);
		output_text(&err, "\n");
	}
	output_text(&err, "usage: ");
	output_text(&err, program);
	output_text(&err, faces[face].usage);
	output_text(&err, "\n");
	output_flush(&err);
	return faces[face].exit;
}

static int version(const char *program)
{
	output_text(&out, program);
	output_text(&out, " (pidone) " PIDONE_VERSION "\n");
	output_flush(&out);
	return EXIT_SUCCESS;
}

static char *base_name(char *path)
{
	char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Sets up what is not on the command line. */
static bool get_wait(int64_t *ms)
{
	const char *seconds = getenv("SVWAIT");

	*ms = WAIT_MS;
	return seconds == NULL || *seconds == '\0' || duration_parse(seconds, ms);
}

static const char *get_svdir(void)
{
	const char *svdir = getenv("SVDIR");

	return svdir != NULL ? svdir : SVDIR_DEFAULT;
}

/* What the options say. */
struct options {
	bool wait;
	bool version;
	int64_t wait_ms;
};

/* Takes the options of one argument, "-v" or "-vw5"; VALUE is the argument after it,
 * or NULL, and *USED is set if it was taken. Returns 0, or the exit code of wrong usage. */
static int take_options(const char *argument, const char *value, bool *used, const char *program,
	struct options *options)
{
	for (const char *at = argument + 1; *at != '\0'; at++) {
		const char letter[] = { *at, '\0' };

		switch (*at) {
		case 'w':
			*used = at[1] == '\0';
			if (!*used)
				value = at + 1;
			if (value == NULL)
				return usage(program, "option requires an argument -- ", letter);
			if (!duration_parse(value, &options->wait_ms))
				return usage(program, "not a number of seconds: ", value);
			options->wait = true;
			return 0;
		case 'v':
			options->wait = true;
			break;
		case 'V':
			options->version = true;
			break;
		default:
			return usage(program, "illegal option -- ", letter);
		}
	}
	return 0;
}

/* Returns 0, or the exit code of wrong usage; *NEXT is the place of the first argument
 * that is no option. Not getopt(3), which brings 2 KiB of stdio with it. */
static int get_options(int argc, char *argv[], const char *program, struct options *options,
	int *next)
{
	int i = argc > 0 ? 1 : 0;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		bool used = false;
		int code;

		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		code = take_options(argv[i], i + 1 < argc ? argv[i + 1] : NULL, &used, program,
			options);
		if (code != 0)
			return code;
		i += used;
	}
	*next = i;
	return 0;
}

static int command(char *program, const struct options *options, char *argv[], int argc)
{
	enum face face = face_of(program);
	struct sv_request request = { .svdir = get_svdir(), .lsb = face == FACE_LSB };

	if (argc == 0 || (argc == 1 && face != FACE_LSB))
		return usage(program, NULL, NULL);
	request.word = word_find(argv[0]);
	if (request.word == NULL)
		return usage(program, NULL, NULL);
	/* an init script's actions are whole words, where one is refused for it */
	if (face == FACE_LSB && request.word->goal == GOAL_NONE &&
		strcmp(argv[0], request.word->name) != 0)
		return usage(program, NULL, NULL);
	request.waits = request.word->waits || options->wait;
	request.deadline = clock_now() + options->wait_ms;
	request.out = &out;
	request.err = &err;
	if (face == FACE_LSB)
		return sv_run(&request, &program, 1);
	return sv_run(&request, argv + 1, (size_t)argc - 1);
}

static int run(int argc, char *argv[], char *program)
{
	struct options options = { .wait = false };
	int code, next;

	if (face_of(program) == FACE_SVCTL)
		return cli_run(argc, argv, &out, &err);
	if (!get_wait(&options.wait_ms))
		return usage(program, "SVWAIT is not a number of seconds: ", getenv("SVWAIT"));
	code = get_options(argc, argv, program, &options, &next);
	if (code != 0)
		return code;
	if (options.version)
		return version(program);
	return command(program, &options, argv + next, argc - next);
}

int main(int argc, char *argv[])
{
	static char unnamed[] = "sv";
	char *program = argc > 0 ? base_name(argv[0]) : unnamed;
	sigset_t pipe_signal;
	int code;

	out.fd = STDOUT_FILENO;
	err.fd = STDERR_FILENO;
	/* A reader that has gone must not keep the next service from being told.
	 * Blocked, not ignored: what is ignored stays so in a check script. */
	(void)sigemptyset(&pipe_signal);	/* these fail for bad arguments only */
	(void)sigaddset(&pipe_signal, SIGPIPE);
	(void)sigprocmask(SIG_BLOCK, &pipe_signal, NULL);
	code = run(argc, argv, program);
	if (out.error != 0 && code == EXIT_SUCCESS) {
		output_text(&err, program);
		output_format(&err, ": standard output: cannot write: %s\n", reason_text(out.error));
		output_flush(&err);
		return EXIT_OUTPUT;
	}
	return code;
}

/* SPDX-License-Identifier: MIT */
/* Service directories before they run: what would stop them, or not be what was
 * meant. Nothing is executed. */
#include "context.h"
#include "files.h"
#include "json.h"
#include "known.h"
#include "names.h"
#include "nearest.h"
#include "reason.h"
#include "script.h"
#include "setting.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More of a script is not looked through. */
#define SCRIPT_BYTES 65536

/* The service that is looked at. */
struct check {
	struct context *context;
	struct json *json;
	const char *name;
	int directory;
	const char *below;	/* "", "log/": what stands before a file's name */
	size_t found;		/* how much there is to say of it */
	size_t failures;	/* services before it of which there was */
};

/* --- saying it --------------------------------------------------------------------------- */

static void begin(struct check *check, const char *name)
{
	check->name = name;
	check->found = 0;
	if (!context_has(check->context, OPTION_JSON))
		return;
	json_object(check->json, NULL);
	json_string(check->json, "service", name);
	json_array(check->json, "problems");
}

static void end(struct check *check)
{
	check->failures += check->found > 0;
	if (context_has(check->context, OPTION_JSON)) {
		json_end_array(check->json);
		json_end_object(check->json);
	} else if (check->found == 0) {
		output_foreign(check->context->out, check->name);
		output_text(check->context->out, ": ok\n");
	}
}

/* Says of FILE, "" for the directory itself, what FORMAT makes. */
static void say(struct check *check, const char *file, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void say(struct check *check, const char *file, const char *format, ...)
{
	struct output *out = check->context->out;
	char text[1024], path[NAME_MAX + 32];
	va_list arguments;

	va_start(arguments, format);
	text_vformat(text, sizeof text, format, arguments);
	va_end(arguments);
	text_format(path, sizeof path, "%s%s", check->below, file);
	check->found++;
	if (context_has(check->context, OPTION_JSON)) {
		json_object(check->json, NULL);
		json_string(check->json, "file", path);
		json_string(check->json, "problem", text);
		json_end_object(check->json);
		return;
	}
	output_foreign(out, check->name);
	output_text(out, ": ");
	output_foreign(out, path);
	output_text(out, *path != '\0' ? ": " : "");
	output_foreign(out, text);
	output_text(out, "\n");
}

/* --- scripts ------------------------------------------------------------------------------- */

/* Is there such a program? NAME may be looked for in PATH. */
static bool is_program(const char *name)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0;
	for (path = path != NULL ? path : "/usr/bin:/bin"; *path != '\0'; path += *path == ':') {
		size_t length = strcspn(path, ":");

		text_format(file, sizeof file, "%.*s/%s", (int)length, path, name);
		if (access(file, X_OK) == 0)
			return true;
		path += length;
	}
	return false;
}

static void check_interpreter(struct check *check, const char *file, const struct script *script)
{
	const char *slash = strrchr(script->interpreter, '/');
	bool by_env = slash != NULL && strcmp(slash, "/env") == 0 && *script->argument != '\0' &&
		*script->argument != '-';

	switch (script->kind) {
	case SCRIPT_EMPTY:
		say(check, file, "is empty");
		break;
	case SCRIPT_WITHOUT:
		say(check, file, "is neither a program nor a script: a script begins with #!/bin/sh");
		break;
	case SCRIPT_UNNAMED:
		say(check, file, "begins with #!, but names no interpreter");
		break;
	case SCRIPT_DOS:
		say(check, file, "has DOS line ends: there is no interpreter \"%s\\r\"",
			script->interpreter);
		break;
	case SCRIPT_LONG:
		say(check, file, "its first line is longer than the kernel reads (255 bytes)");
		break;
	case SCRIPT_INTERPRETED:
		if (script->interpreter[0] != '/')
			say(check, file, "the interpreter %s has no full path: it begins with /",
				script->interpreter);
		else if (!is_program(script->interpreter))
			say(check, file, "the interpreter %s: %s", script->interpreter,
				reason_text(errno));
		else if (by_env && !is_program(script->argument))
			say(check, file, "the interpreter %s is not in PATH", script->argument);
		break;
	case SCRIPT_BINARY:
		break;
	}
}

/* The services that a script starts must be there when it does. */
static void check_started(struct check *check, const char *file, const char *text)
{
	const struct context *context = check->context;
	struct script_search search = { .at = text };
	char name[NAME_MAX + 1];

	while (script_next_started(&search, name, sizeof name)) {
		int fd = service_open(context->svdir, name);
		bool enabled = fd >= 0;

		files_close(&fd);
		/* from where it would be executed, only full paths can be told */
		if (enabled || (service_is_path(name) && *name != '/'))
			continue;
		fd = service_is_path(name) ? -1 : service_open(context->initdir, name);
		if (fd >= 0)
			say(check, file, "starts %s, which is not enabled: svctl enable %s", name, name);
		else
			say(check, file, "starts %s, but there is no such service%s%s", name,
				service_is_path(name) ? "" : " in ",
				service_is_path(name) ? "" : context->svdir);
		files_close(&fd);
	}
}

/* The programs that a shell's script puts in its place, unless it says where to look
 * for them. */
static void check_programs(struct check *check, const char *file, const struct script *script,
	const char *text)
{
	size_t length = strlen(script->interpreter);
	struct script_search search = { .at = text };
	char name[PATH_MAX];

	if (length < 2 || strcmp(script->interpreter + length - 2, "sh") != 0 ||
	    strstr(text, "PATH=") != NULL)
		return;
	while (script_next_program(&search, name, sizeof name))
		if (!is_program(name) && (*name == '/' || strchr(name, '/') == NULL))
			say(check, file, *name == '/' ? "executes %s, which is no program" :
				"executes %s, which is not in PATH", name);
}

enum need { NEEDED, OPTIONAL };

/* AT is the directory that FILE is in. */
static void check_script(struct check *check, int at, const char *file, enum need need)
{
	static char text[SCRIPT_BYTES];
	struct script script;
	struct stat facts;
	ssize_t size;

	if (fstatat(at, file, &facts, 0) < 0) {
		if (errno != ENOENT || fstatat(at, file, &facts, AT_SYMLINK_NOFOLLOW) == 0)
			say(check, file, "%s", errno == 0 || errno == ENOENT ?
				"is a link to nothing" : reason_text(errno));
		else if (need == NEEDED)
			say(check, file, "is not there");
		return;
	}
	if (!S_ISREG(facts.st_mode)) {
		say(check, file, "is no file");
		return;
	}
	if ((facts.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		say(check, file, "is not executable: chmod +x");
	size = files_read(at, file, text, sizeof text);
	if (size < 0) {
		say(check, file, "%s", reason_text(errno));
		return;
	}
	script_read(text, (size_t)size, &script);
	check_interpreter(check, file, &script);
	if (script.kind != SCRIPT_INTERPRETED)
		return;
	check_programs(check, file, &script, text);
	check_started(check, file, text);
}

/* --- other files ---------------------------------------------------------------------------- */

static void check_settings(struct check *check, int at)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		enum setting setting = (enum setting)i;
		char text[64];
		ssize_t size = files_read(at, setting_name(setting), text, sizeof text);
		int64_t value;

		if (size < 0 && errno != ENOENT)
			say(check, setting_name(setting), "%s", reason_text(errno));
		else if (size >= 0 && !setting_parse(setting, text_trim(text), &value))
			say(check, setting_name(setting), "'%s' would not be used: it takes %s",
				text_trim(text), setting_expects(setting));
	}
}

/* The control scripts: each is called as its letter (runsv(8)). */
static void check_control(struct check *check, const char *name)
{
	static const char letters[] = "tdxkpchaiq12u";
	const char letter[] = { name[0], '\0' };
	bool known = strchr(letters, name[0]) != NULL;
	char path[NAME_MAX + 16];

	text_format(path, sizeof path, "control/%s", name);
	if (name[0] == '#' || (known && known_is_copy_of(name, letter)))
		return;
	if (name[1] != '\0' || !known)
		say(check, path, "is never executed: the letters are t d x k p c h a i q 1 2 u");
	else
		check_script(check, check->directory, path, OPTIONAL);
}

static void check_name(struct check *check, const char *name)
{
	const char *nearest;

	switch (known_is(name)) {
	case KNOWN_NOT:
		nearest = known_nearest(name);
		if (nearest != NULL)
			say(check, name, "means nothing; is it %s?", nearest);
		break;
	case KNOWN_ELSEWHERE:
		say(check, name, "means something to s6, and nothing here");
		break;
	case KNOWN_OURS:
	case KNOWN_CUSTOM:
	case KNOWN_COPY:
		break;
	}
}

static int compare(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Calls LOOK for each name in the directory PATH below AT, in order. */
static void for_each_name(struct check *check, int at, const char *path,
	void (*look)(struct check *check, const char *name))
{
	char whole[64];
	struct names names = { .name = NULL };

	text_format(whole, sizeof whole, "/proc/self/fd/%d/%s", at, path);
	if (!names_read_files(whole, &names) && errno != ENOENT)
		say(check, strcmp(path, ".") == 0 ? "" : path, "%s", reason_text(errno));
	if (names.count > 0)
		qsort(names.name, names.count, sizeof *names.name, compare);
	for (size_t i = 0; i < names.count; i++)
		look(check, names.name[i]);
	names_free(&names);
}

/* --- a directory ---------------------------------------------------------------------------- */

static void check_log(struct check *check)
{
	struct stat facts;
	int log;

	if (fstatat(check->directory, "log", &facts, 0) < 0) {
		if (fstatat(check->directory, "log", &facts, AT_SYMLINK_NOFOLLOW) == 0)
			say(check, "log", "is a link to nothing");
		return;
	}
	log = service_open_log(check->directory);
	if (log < 0) {
		say(check, "log", "%s", S_ISDIR(facts.st_mode) ? reason_text(errno) :
			"is no directory: what the service writes goes where the supervisor's goes");
		return;
	}
	check->below = "log/";
	check_script(check, log, "run", NEEDED);
	check_settings(check, log);
	for_each_name(check, log, ".", check_name);
	check->below = "";
	files_close(&log);
}

/* Looks at the directory that is open, and closes it. */
static void check_directory(struct check *check)
{
	check->below = "";
	check_script(check, check->directory, "run", NEEDED);
	check_script(check, check->directory, "finish", OPTIONAL);
	check_script(check, check->directory, "check", OPTIONAL);
	for_each_name(check, check->directory, "control", check_control);
	check_log(check);
	check_settings(check, check->directory);
	for_each_name(check, check->directory, ".", check_name);
	files_close(&check->directory);
}

/* --- links to nothing ------------------------------------------------------------------------ */

/* Says of NAME in SVDIR, if it is one, that it is a link to nothing: such a name is
 * that of no service. */
static bool check_dangling(struct check *check, const char *name)
{
	const struct context *context = check->context;
	struct nearest nearest;
	struct names there = { .name = NULL };
	char path[PATH_MAX], target[PATH_MAX];
	struct stat facts;
	ssize_t length;
	int error;

	text_format(path, sizeof path, "%s/%s", context->svdir, name);
	length = readlink(path, target, sizeof target - 1);
	if (length < 0 || stat(path, &facts) == 0)
		return false;
	error = errno;
	target[length] = '\0';
	nearest = (struct nearest){
		.word = strrchr(target, '/') != NULL ? strrchr(target, '/') + 1 : target,
	};
	if (names_read(context->initdir, &there))
		for (size_t i = 0; i < there.count; i++)
			nearest_offer(&nearest, there.name[i]);
	check->below = "";
	begin(check, name);
	if (nearest.guess != NULL)
		say(check, "", "is a link to %s: %s; is it %s?", target, reason_text(error), nearest.guess);
	else
		say(check, "", "is a link to %s: %s", target, reason_text(error));
	end(check);
	names_free(&there);
	return true;
}

static void check_all_dangling(struct check *check)
{
	DIR *directory = opendir(check->context->svdir);
	const struct dirent *entry;

	if (directory == NULL)
		return;		/* names_find says so */
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.' && (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN))
			(void)check_dangling(check, entry->d_name);	/* it has said what there is */
	(void)closedir(directory);	/* nothing was written */
}

/* --- the verb -------------------------------------------------------------------------------- */

/* Opens the service NAME, which is in SVDIR or INITDIR, or a path. */
static int open_anywhere(const struct context *context, const char *name)
{
	int fd = service_open(context->svdir, name);

	return fd < 0 && !service_is_path(name) ? service_open(context->initdir, name) : fd;
}

static void check_names(struct check *check, const struct names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		begin(check, names->name[i]);
		check->directory = open_anywhere(check->context, names->name[i]);
		if (check->directory >= 0)
			check_directory(check);
		else
			say(check, "", "%s", reason_text(errno));
		end(check);
	}
}

int verb_check(struct context *context, char *const *operands, size_t count)
{
	struct json json = { .out = context->out };
	struct check check = { .context = context, .json = &json, .directory = -1, .below = "" };
	char **left = calloc(count + 1, sizeof *left);
	struct names names = { .name = NULL };
	size_t kept = 0;
	bool done = left != NULL;

	if (!done)
		context_tell(context, context->svdir, "%s", reason_text(ENOMEM));
	if (context_has(context, OPTION_JSON))
		json_array(&json, NULL);
	for (size_t i = 0; i < count && done; i++)
		if (service_is_path(operands[i]) || !check_dangling(&check, operands[i]))
			left[kept++] = operands[i];
	if (count == 0)
		check_all_dangling(&check);
	if (done && (kept > 0 || count == 0))
		done = names_find_anywhere(context, left, kept, &names);
	if (done)
		check_names(&check, &names);
	if (context_has(context, OPTION_JSON))
		json_end_array(&json);
	output_flush(context->out);
	check.failures += names.missing;
	names_free(&names);
	free(left);
	return done ? context_exit(check.failures) : CONTEXT_USAGE;
}

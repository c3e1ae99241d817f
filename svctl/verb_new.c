/* SPDX-License-Identifier: MIT */
/* A service directory for a command, with what there is to know about it written
 * where it will be looked for. */
#include "context.h"
#include "files.h"
#include "json.h"
#include "quote.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char run_teaches[] =
	"#!/bin/sh\n"
	"# The supervisor executes this file, in this directory, and again when it ends.\n"
	"#\n"
	"# exec puts the program in the place of this shell, so that signals reach it. It\n"
	"# has to stay in the foreground: see its manual for an option such as -f, -n, -D\n"
	"# or --no-daemon. Its standard output goes to log/run; with 2>&1 its errors too.\n"
	"#\n"
	"# What it needs goes before that:\n"
	"#\n"
	"#     sv -w 5 up syslogd >/dev/null || exit 1    # another service first\n"
	"#     ulimit -n 4096\n"
	"#     export HOME=/var/lib/me\n"
	"#\n"
	"# Beside this file there may be, of which service(5) tells:\n"
	"#\n"
	"#     finish            executed when this has ended\n"
	"#     check             says, by exit code 0, that the service is of use\n"
	"#     down              an empty file: not to be started by itself\n"
	"#     timeout-kill      5000: KILL it 5 s after TERM, if it still runs\n"
	"#     notification-fd   3: it writes a line there once it is ready\n"
	"exec 2>&1\n";

static const char log_teaches[] =
	"#!/bin/sh\n"
	"# Executed as run is, with what ../run writes as its standard input. svlogd puts\n"
	"# a time before each line and keeps ten old files beside `current`, each of 1 MB\n"
	"# at most; a file `config` there says otherwise: svlogd(8). Without the directory\n"
	"# log/ the service writes to where the supervisor does.\n";

/* What is being made. */
struct made {
	struct context *context;
	const char *operand;	/* as it was typed */
	const char *name;	/* its last part */
	const char *parent;	/* the directory that it is to be in, INITDIR or a path; "" is / */
	char temporary[NAME_MAX + 1];
	int directory;		/* PARENT */
	int service;		/* the temporary one */
};

static const char *parent_path(const struct made *made)
{
	return *made->parent != '\0' ? made->parent : "/";
}

static bool complain(const struct made *made, const char *what)
{
	int error = errno;

	if (error == EEXIST)
		context_tell(made->context, made->operand, "%s/%s is there already: choose another name, "
			"or move it away", made->parent, made->name);
	else
		context_tell(made->context, made->operand, "%s: cannot %s: %s%s", parent_path(made), what,
			reason_text(error), error == EACCES || error == EPERM ?
			": root may, and who may write to that directory" : "");
	return false;
}

/* --- the scripts --------------------------------------------------------------------- */

/* A text that grows. */
struct draft {
	char *text;
	size_t length, room;
	bool failed;		/* out of memory */
};

static bool make_room(struct draft *draft, size_t size)
{
	size_t room = draft->length + size + 1;
	char *text;

	if (room <= draft->room)
		return true;
	text = draft->failed ? NULL : realloc(draft->text, 2 * room);
	if (text == NULL) {
		draft->failed = true;
		return false;
	}
	draft->text = text;
	draft->room = 2 * room;
	return true;
}

static void add(struct draft *draft, const char *text)
{
	size_t length = strlen(text);

	if (!make_room(draft, length))
		return;
	memcpy(draft->text + draft->length, text, length + 1);
	draft->length += length;
}

static void add_word(struct draft *draft, const char *word)
{
	size_t length = quote_word(word, NULL, 0);

	if (!make_room(draft, length))
		return;
	(void)quote_word(word, draft->text + draft->length, length + 1);	/* it fits */
	draft->length += length;
}

/* A path is looked up from the service directory: it is made to begin at the root. */
static void add_command(struct draft *draft, char *const *command, size_t count)
{
	char here[PATH_MAX];

	add(draft, "exec ");
	if (strchr(command[0], '/') != NULL && command[0][0] != '/') {
		struct draft path = { .text = NULL };

		draft->failed |= getcwd(here, sizeof here) == NULL;
		add(&path, draft->failed ? "" : here);
		add(&path, "/");
		add(&path, strncmp(command[0], "./", 2) == 0 ? command[0] + 2 : command[0]);
		draft->failed |= path.failed;
		add_word(draft, path.failed ? "" : path.text);
		free(path.text);
	} else {
		add_word(draft, command[0]);
	}
	for (size_t i = 1; i < count; i++) {
		add(draft, " ");
		add_word(draft, command[i]);
	}
	add(draft, "\n");
}

static void add_logger(struct draft *draft, const char *name)
{
	struct draft path = { .text = NULL };

	add(&path, "/var/log/");
	add(&path, name);
	draft->failed |= path.failed;
	add(draft, "mkdir -p ");
	add_word(draft, path.failed ? "" : path.text);
	add(draft, " || exit 1\nexec svlogd -tt ");
	add_word(draft, path.failed ? "" : path.text);
	add(draft, "\n");
	free(path.text);
}

/* Writes DRAFT, which is freed, as an executable file. */
static bool write_script(const struct made *made, const char *path, struct draft *draft)
{
	int fd = -1;
	bool written;

	errno = ENOMEM;
	if (!draft->failed)
		fd = files_open(made->service, path, O_WRONLY | O_CREAT | O_EXCL, 0777);
	written = fd >= 0 && files_write(fd, draft->text, draft->length);
	files_close(&fd);
	free(draft->text);
	return written || complain(made, "write the scripts");
}

static bool write_scripts(const struct made *made, char *const *command, size_t count)
{
	struct draft run = { .text = NULL }, log = { .text = NULL };

	add(&run, run_teaches);
	add_command(&run, command, count);
	if (!write_script(made, "run", &run))
		return false;
	if (mkdirat(made->service, "log", 0777) < 0)
		return complain(made, "make the directory log");
	add(&log, log_teaches);
	add_logger(&log, made->name);
	return write_script(made, "log/run", &log);
}

/* --- the directory --------------------------------------------------------------------- */

static void remove_temporary(const struct made *made)
{
	/* what cannot be removed is an aside: the error that counts has been told */
	(void)unlinkat(made->service, "log/run", 0);
	(void)unlinkat(made->service, "log", AT_REMOVEDIR);
	(void)unlinkat(made->service, "run", 0);
	(void)unlinkat(made->directory, made->temporary, AT_REMOVEDIR);
}

/* Never over what is there: rename(2) would take the place of an empty directory. */
static bool put_in_place(const struct made *made)
{
	struct stat facts;

	if (files_rename(made->directory, made->temporary, made->name, FILES_NO_REPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return complain(made, "put the directory in its place");
	/* a file system that knows no such flag */
	errno = EEXIST;
	if (fstatat(made->directory, made->name, &facts, AT_SYMLINK_NOFOLLOW) == 0 ||
	    renameat(made->directory, made->temporary, made->directory, made->name) < 0)
		return complain(made, "put the directory in its place");
	return true;
}

/* Under a name with a dot until it is whole: where services are made that are
 * supervised at once, the half of one would be started. */
static bool make(struct made *made, char *const *command, size_t count)
{
	bool done;

	made->service = -1;
	text_format(made->temporary, sizeof made->temporary, ".%s.%d", made->name, (int)getpid());
	if (mkdirat(made->directory, made->temporary, 0777) < 0)
		return complain(made, "make a directory");
	made->service = files_open(made->directory, made->temporary, O_PATH | O_DIRECTORY, 0);
	done = made->service >= 0 ? write_scripts(made, command, count) && put_in_place(made) :
		complain(made, "open a directory");
	if (!done)
		remove_temporary(made);
	files_close(&made->service);
	return done;
}

/* --- the verb -------------------------------------------------------------------------- */

/* Splits the operand into where and what; PATH has PATH_MAX bytes. */
static bool find_place(struct made *made, char *path)
{
	char *slash;

	if (!text_copy(path, PATH_MAX, made->operand))
		return false;
	while (strlen(path) > 1 && path[strlen(path) - 1] == '/')
		path[strlen(path) - 1] = '\0';
	slash = strrchr(path, '/');
	made->parent = slash != NULL ? path :
		service_is_path(made->operand) ? "." : made->context->initdir;
	made->name = slash != NULL ? slash + 1 : path;
	if (slash != NULL)
		*slash = '\0';
	return *made->name != '\0' && *made->name != '.' && strlen(made->name) < NAME_MAX - 16;
}

static bool has_controls(const char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return true;
	return false;
}

/* What is to be done next. To other verbs "here/web" would be a name: it becomes a path. */
static void put_next(const struct made *made, const char *path)
{
	struct output *out = made->context->out;
	bool is_name = made->parent == made->context->initdir;
	const char *dashes = is_name && made->name[0] == '-' ? "-- " : "";
	char operand[PATH_MAX + 2], word[4 * PATH_MAX];	/* a quote becomes four bytes: quote.c */

	text_format(operand, sizeof operand, "%s%s", is_name || service_is_path(path) ? "" : "./",
		is_name ? made->name : path);
	(void)quote_word(operand, word, sizeof word);	/* it fits: it was a path */
	output_format(out, ": made; see its run and log/run, then: svctl check %s", dashes);
	output_foreign(out, word);
	if (is_name) {
		output_format(out, ", svctl enable %s", dashes);
		output_foreign(out, word);
	}
	output_text(out, "\n");
}

static void tell_done(const struct made *made)
{
	struct output *out = made->context->out;
	struct json json = { .out = out };
	char path[PATH_MAX];

	text_format(path, sizeof path, "%s/%s", made->parent, made->name);
	if (context_has(made->context, OPTION_JSON)) {
		json_object(&json, NULL);
		json_string(&json, "service", made->name);
		json_string(&json, "directory", path);
		json_end_object(&json);
	} else {
		output_foreign(out, path);
		put_next(made, path);
	}
	output_flush(out);
}

int verb_new(struct context *context, char *const *operands, size_t count)
{
	struct made made = { .context = context, .operand = count > 0 ? operands[0] : "" };
	char path[PATH_MAX];
	bool done;

	if (count == 0)
		return context_usage(context, "which name shall it have?");
	if (count == 1 || *operands[1] == '\0')
		return context_usage(context, "which command shall it run?");
	if (operands[1][0] == '-')
		return context_usage(context, "a command does not begin with -");
	if (!find_place(&made, path) || has_controls(made.name))
		return context_usage(context, "no name for a service");
	made.directory = files_open(AT_FDCWD, parent_path(&made), O_PATH | O_DIRECTORY, 0);
	if (made.directory < 0) {
		(void)complain(&made, "open the directory");
		return context_exit(1);
	}
	done = make(&made, operands + 1, count - 1);
	files_close(&made.directory);
	if (done)
		tell_done(&made);
	return context_exit(!done);
}

/* SPDX-License-Identifier: MIT */
/* enable and disable: the link in SVDIR to a service's directory in INITDIR. Who
 * supervises SVDIR sees it come and go, and starts and stops the service. */
#include "control.h"

#include "files.h"
#include "json.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct word take_down = { "disable", "", "x", GOAL_GONE, true, false, NULL };
static const struct word take_down_now = { "disable", "", "x", GOAL_GONE, true, true, NULL };

/* A name that is looked up in two directories and must not lead out of them. */
static bool is_plain(const char *name)
{
	return *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
}

/* Complains, of what errno says if WHY ends in ": ". */
static bool refuse(struct context *context, const char *name, const char *why, const char *path)
{
	int error = errno;
	size_t length = strlen(why);
	bool is_error = length > 0 && why[length - 1] == ' ';

	context_tell(context, name, "%s/%s: %s%s%s", path, name, why,
		is_error ? reason_text(error) : "",
		is_error && (error == EACCES || error == EPERM) ?
		": root may, and who may write to that directory" : "");
	return false;
}

static bool is_same(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* Sets PATH, PATH_MAX bytes, to what NAME is in INITDIR: whole, as a link is looked up from
 * where it stands, and a service in SVDIR. False with errno. */
static bool find(const struct context *context, const char *name, char *path)
{
	char base[PATH_MAX];

	if (realpath(context->initdir, base) == NULL)
		return false;
	if (text_format(path, PATH_MAX, "%s/%s", base, name) < PATH_MAX - 1)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

/* --- enable ------------------------------------------------------------------------- */

/* True if the link is there afterwards. */
static bool make_link(struct context *context, const char *name, int svdir)
{
	char target[PATH_MAX];
	struct stat wanted, found;

	if (!find(context, name, target))
		return refuse(context, name, "cannot be found: ", context->initdir);
	if (stat(target, &wanted) < 0)
		return refuse(context, name, "cannot be used: ", context->initdir);
	if (!S_ISDIR(wanted.st_mode))
		return refuse(context, name, "is no service directory", context->initdir);
	if (symlinkat(target, svdir, name) == 0)
		return true;
	if (errno != EEXIST)
		return refuse(context, name, "cannot be made: ", context->svdir);
	if (fstatat(svdir, name, &found, 0) < 0 || !is_same(&found, &wanted))
		return refuse(context, name, "is something else: move it away first", context->svdir);
	return true;	/* it is enabled */
}

/* --- disable ------------------------------------------------------------------------ */

/* Removes the link, after PATH, PATH_MAX bytes, was set to where it led; "" if no
 * supervisor was ever there. True if it is gone afterwards. */
static bool remove_link(struct context *context, const char *name, int svdir, char *path)
{
	char link[PATH_MAX];
	struct stat found, wanted;
	bool leads_on;

	*path = '\0';
	if (fstatat(svdir, name, &found, AT_SYMLINK_NOFOLLOW) < 0)
		return refuse(context, name, "cannot be removed: ", context->svdir);
	if (!S_ISLNK(found.st_mode))
		return refuse(context, name, "is no link, but the service itself: move it away",
			context->svdir);
	leads_on = fstatat(svdir, name, &found, 0) == 0;
	if (leads_on && (!find(context, name, path) || stat(path, &wanted) < 0 ||
	    !is_same(&found, &wanted))) {
		ssize_t length = readlinkat(svdir, name, link, sizeof link - 1);

		link[length < 0 ? 0 : length] = '\0';
		*path = '\0';
		context_tell(context, name, "is a link to %s, not to %s/%s: rm %s/%s, if that is meant",
			link, context->initdir, name, context->svdir, name);
		return false;
	}
	/* which nobody has supervised yet there is nobody to tell of */
	if (leads_on && text_format(link, sizeof link, "%s/supervise/ok", name) > 0 &&
	    faccessat(svdir, link, F_OK, 0) < 0 && errno == ENOENT)
		*path = '\0';
	if (unlinkat(svdir, name, 0) < 0)
		return refuse(context, name, "cannot be removed: ", context->svdir);
	return true;
}

/* --- both ----------------------------------------------------------------------------- */

/* The services whose links were dealt with. */
struct done {
	struct names names;
	struct names paths;	/* of each, where it is to be told: "" not at all */
	size_t failures;
};

/* One name. False if memory runs out. */
static bool deal_with(struct context *context, const char *name, int svdir, bool enables,
	struct done *done)
{
	char path[PATH_MAX];
	bool good;

	(void)text_copy(path, sizeof path, name);	/* of a service that is enabled: in SVDIR */
	if (!is_plain(name)) {
		context_tell(context, name, "must be the name of a directory in %s",
			context->initdir);
		done->failures++;
		return true;
	}
	good = enables ? make_link(context, name, svdir) : remove_link(context, name, svdir, path);
	done->failures += !good;
	return !good || (names_add(&done->names, name) && names_add(&done->paths, path));
}

static void put_ok(struct context *context, struct json *json, const char *name)
{
	if (context_has(context, OPTION_JSON)) {
		json_object(json, NULL);
		json_string(json, "service", name);
		json_string(json, "result", "ok");
		json_end_object(json);
		return;
	}
	output_text(context->out, "ok: ");
	output_foreign(context->out, name);
	output_format(context->out, ": %sd\n", context->verb->name);
}

/* Those that need not be told are done; the others are left in DONE. */
static void put_those_done(struct context *context, struct done *done, bool all,
	struct json *json)
{
	size_t kept = 0;

	for (size_t i = 0; i < done->names.count; i++) {
		if (all || *done->paths.name[i] == '\0') {
			put_ok(context, json, done->names.name[i]);
			free(done->names.name[i]);
			free(done->paths.name[i]);
			continue;
		}
		done->names.name[kept] = done->names.name[i];
		done->paths.name[kept++] = done->paths.name[i];
	}
	done->names.count = done->paths.count = kept;
}

/* Who supervises SVDIR is told by the link, and all that is left is to wait: for
 * what goes down, and with --now for what is to run. That one has to be told to start
 * it, and is so as soon as it is seen: with --no-wait too. */
static size_t follow_up(struct context *context, bool enables, struct done *done)
{
	bool now = context_has(context, OPTION_NOW);
	bool waits = !context_has(context, OPTION_NO_WAIT);
	enum control_waits how = enables ? waits ? CONTROL_WAIT_LONG : CONTROL_TELL_LONG :
		waits ? CONTROL_WAIT : CONTROL_TELL;
	const struct word *word = enables ? word_find("start") : now ? &take_down_now : &take_down;
	struct json json = { .out = context->out };
	size_t failures;

	if (context_has(context, OPTION_JSON))
		json_array(&json, NULL);
	put_those_done(context, done, enables && !now, &json);
	failures = control_run(context, word, how, done->paths.name, done->names.name,
		done->names.count, &json);
	if (context_has(context, OPTION_JSON))
		json_end_array(&json);
	output_flush(context->out);
	return failures;
}

/* NAMES are what the operands mean. */
static int run(struct context *context, const struct names *names, bool enables)
{
	int svdir = files_open(AT_FDCWD, context->svdir, O_RDONLY | O_DIRECTORY, 0);
	struct done done = { .failures = names->missing };
	bool good = svdir >= 0;

	if (svdir < 0)
		context_tell(context, context->svdir, "%s: SVDIR names the directory that "
			"runsvdir was given", reason_text(errno));
	for (size_t i = 0; i < names->count && good; i++) {
		good = deal_with(context, names->name[i], svdir, enables, &done);
		if (!good)
			context_tell(context, names->name[i], "%s", reason_text(ENOMEM));
	}
	files_close(&svdir);
	if (good)
		done.failures += follow_up(context, enables, &done);
	names_free(&done.names);
	names_free(&done.paths);
	return good ? context_exit(done.failures) : CONTEXT_USAGE;
}

int verb_enable(struct context *context, char *const *operands, size_t count)
{
	struct names names;
	int code;

	if (count == 0)
		return context_usage(context, "which service?");
	if (!names_find_anywhere(context, operands, count, &names))
		return CONTEXT_USAGE;
	code = run(context, &names, true);
	names_free(&names);
	return code;
}

/* A link that leads nowhere is no service, but can be removed. */
static bool find_links(struct context *context, char *const *operands, size_t count,
	struct names *names)
{
	char path[PATH_MAX];
	struct stat found;
	bool good = true;

	for (size_t i = 0; i < count && good; i++) {
		struct names more = { .name = NULL };

		text_format(path, sizeof path, "%s/%s", context->svdir, operands[i]);
		if (!is_plain(operands[i]) || lstat(path, &found) == 0) {
			good = names_add_new(names, operands[i]);
			continue;
		}
		good = names_find(context, &operands[i], 1, &more);
		for (size_t j = 0; j < more.count && good; j++)
			good = names_add_new(names, more.name[j]);
		names->missing += more.missing;
		names_free(&more);
	}
	return good;
}

int verb_disable(struct context *context, char *const *operands, size_t count)
{
	struct names names = { .name = NULL };
	int code = CONTEXT_USAGE;

	if (count == 0)
		return context_usage(context, "which service?");
	if (find_links(context, operands, count, &names))
		code = run(context, &names, false);
	names_free(&names);
	return code;
}

/* SPDX-License-Identifier: MIT */
#include "names.h"

#include "files.h"
#include "nearest.h"
#include "pattern.h"
#include "reason.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FIRST_ROOM 64

/* Room for one more, a power of two at a time. */
bool names_add(struct names *names, const char *name)
{
	size_t count = names->count;
	char *copy;

	if (count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0)) {
		size_t room = count == 0 ? FIRST_ROOM : 2 * count;
		char **grown = realloc(names->name, room * sizeof *grown);

		if (grown == NULL)
			return false;
		names->name = grown;
	}
	copy = strdup(name);
	if (copy == NULL)
		return false;
	names->name[names->count++] = copy;
	return true;
}

bool names_add_new(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i], name) == 0)
			return true;
	return names_add(names, name);
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
	free(names->absent);
	*names = (struct names){ .name = NULL };
}

static int compare(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* What runsvdir takes for a service (runsvdir.c), which takes no "supervise" for one. */
static bool has_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strcmp(entry->d_name, "supervise") != 0;
}

static bool is_directory(DIR *directory, const struct dirent *entry)
{
	struct stat facts;

	if (!has_name(entry))
		return false;
	if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd(directory), entry->d_name, &facts, 0) == 0 && S_ISDIR(facts.st_mode);
}

/* To follow a link costs as much as to open what it leads to. */
static bool may_be_directory(DIR *directory, const struct dirent *entry)
{
	return entry->d_type == DT_LNK ? has_name(entry) : is_directory(directory, entry);
}

static bool read_names(const char *path, bool (*is_wanted)(DIR *directory,
	const struct dirent *entry), struct names *names)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int error;

	if (directory == NULL)
		return false;
	while ((errno = 0, entry = readdir(directory)) != NULL)
		if (is_wanted(directory, entry) && !names_add(names, entry->d_name))
			break;
	error = errno;
	(void)closedir(directory);	/* nothing was written */
	errno = error;
	return error == 0;
}

static bool read_sorted(const char *directory, bool (*is_wanted)(DIR *directory,
	const struct dirent *entry), struct names *names)
{
	size_t first = names->count;
	bool done = read_names(directory, is_wanted, names);
	int error = errno;

	if (names->count > first)
		qsort(names->name + first, names->count - first, sizeof *names->name, compare);
	errno = error;
	return done;
}

bool names_read(const char *directory, struct names *names)
{
	return read_sorted(directory, is_directory, names);
}

static bool is_shown(DIR *directory, const struct dirent *entry)
{
	(void)directory;	/* what kind of file it is does not matter */
	return entry->d_name[0] != '.';
}

bool names_read_files(const char *directory, struct names *names)
{
	return read_names(directory, is_shown, names);
}

/* Is there such a directory in DIRECTORY, or at a path? */
static bool is_there(const char *directory, const char *operand)
{
	int fd = service_open(directory, operand);
	bool there = fd >= 0;

	files_close(&fd);
	return there;
}

struct search {
	struct context *context;
	bool anywhere;		/* in INITDIR too */
	bool unproven;		/* see names_find_unproven */
	bool is_read;		/* known has been */
	struct names known;
	struct names *found;
};

static bool tell_unreadable(struct context *context, int error)
{
	context_tell(context, context->svdir, "cannot list services: %s%s", reason_text(error),
		error == ENOENT ? ": SVDIR names the directory that runsvdir was given" : "");
	return false;
}

/* All names, each once, by name: read when a pattern, a name that is not there, or
 * all are asked for. False after it was said why they cannot be. */
static bool read_known(struct search *search)
{
	struct context *context = search->context;
	struct names *known = &search->known;
	size_t kept = 0;

	if (search->is_read)
		return true;
	search->is_read = true;
	/* where all that is in INITDIR counts too, SVDIR may be yet to come */
	if (!read_sorted(context->svdir, search->unproven ? may_be_directory : is_directory,
	    known) && (!search->anywhere || errno != ENOENT))
		return tell_unreadable(context, errno);
	if (!search->anywhere)
		return true;
	if (!names_read(context->initdir, known) && errno != ENOENT) {
		context_tell(context, context->initdir, "cannot list services: %s",
			reason_text(errno));
		return false;
	}
	if (known->count > 0)
		qsort(known->name, known->count, sizeof *known->name, compare);
	for (size_t i = 0; i < known->count; i++)
		if (kept > 0 && strcmp(known->name[kept - 1], known->name[i]) == 0)
			free(known->name[i]);
		else
			known->name[kept++] = known->name[i];
	known->count = kept;
	return true;
}

static bool out_of_memory(struct search *search)
{
	context_tell(search->context, search->context->svdir, "%s", reason_text(ENOMEM));
	return false;
}

static bool add_missing(struct search *search, const char *operand, int error)
{
	struct names *found = search->found;
	struct names_absent *grown = realloc(found->absent, (found->missing + 1) * sizeof *grown);

	if (grown == NULL)
		return out_of_memory(search);
	found->absent = grown;
	found->absent[found->missing++] = (struct names_absent){ operand, error };
	return true;
}

static bool tell_missing(struct search *search, const char *operand)
{
	struct context *context = search->context;
	struct nearest nearest = { .word = operand };

	if (!add_missing(search, operand, 0))
		return false;
	if (service_is_path(operand)) {
		context_tell(context, operand, "no such directory");
		return true;
	}
	if (!search->anywhere && is_there(context->initdir, operand)) {
		context_tell(context, operand, "is not enabled: svctl enable %s", operand);
		return true;
	}
	if (!read_known(search))
		return false;
	for (size_t i = 0; i < search->known.count; i++)
		nearest_offer(&nearest, search->known.name[i]);
	if (pattern_is_one(operand))
		context_tell(context, operand, "matches no service in %s", context->svdir);
	else if (nearest.guess != NULL)
		context_tell(context, operand, "no such service in %s; is it %s?",
			context->svdir, nearest.guess);
	else
		context_tell(context, operand, "no such service in %s", context->svdir);
	return true;
}

static bool find_pattern(struct search *search, const char *operand)
{
	bool any = false;

	if (!read_known(search))
		return false;
	for (size_t i = 0; i < search->known.count; i++) {
		if (!pattern_matches(operand, search->known.name[i]))
			continue;
		any = true;
		if (!names_add_new(search->found, search->known.name[i]))
			return out_of_memory(search);
	}
	return any || tell_missing(search, operand);
}

static bool find(struct search *search, const char *operand)
{
	struct context *context = search->context;

	if (is_there(context->svdir, operand) ||
	    (search->anywhere && is_there(context->initdir, operand)))
		return names_add_new(search->found, operand) || out_of_memory(search);
	if (errno == EACCES) {
		context_tell(context, operand, "%s", reason_text(errno));
		return add_missing(search, operand, EACCES);
	}
	return !service_is_path(operand) && pattern_is_one(operand) ?
		find_pattern(search, operand) : tell_missing(search, operand);
}

static bool find_all(struct search *search, char *const *operands, size_t count)
{
	struct names *names = search->found;
	bool done = true;

	*names = (struct names){ .name = NULL };
	if (count == 0) {
		done = read_known(search);
		*names = search->known;
		names->is_unproven = search->unproven;
		search->known = (struct names){ .name = NULL };
	}
	for (size_t i = 0; i < count && done; i++)
		done = find(search, operands[i]);
	names_free(&search->known);
	if (!done)
		names_free(names);
	return done;
}

bool names_find(struct context *context, char *const *operands, size_t count,
	struct names *names)
{
	struct search search = { .context = context, .found = names };

	return find_all(&search, operands, count);
}

bool names_find_unproven(struct context *context, char *const *operands, size_t count,
	struct names *names)
{
	struct search search = { .context = context, .found = names, .unproven = count == 0 };

	return find_all(&search, operands, count);
}

bool names_find_anywhere(struct context *context, char *const *operands, size_t count,
	struct names *names)
{
	struct search search = { .context = context, .found = names, .anywhere = true };

	return find_all(&search, operands, count);
}

void names_json_end(const struct names *names, struct json *json)
{
	for (size_t i = 0; i < names->missing; i++) {
		const struct names_absent *absent = &names->absent[i];

		json_object(json, NULL);
		json_string(json, "service", absent->operand);
		json_string(json, "problem",
			absent->error != 0 ? reason_text(absent->error) : "no such service");
		json_end_object(json);
	}
	json_end_array(json);
}

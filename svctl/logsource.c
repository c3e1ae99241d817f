/* SPDX-License-Identifier: MIT */
#include "logsource.h"

#include "files.h"
#include "script.h"
#include "syslogline.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRIPT_BYTES 8192

/* --- what a logger has open ------------------------------------------------------------ */

/* "lock" and "state" are svlogd's, multilog's and s6-log's own. */
static bool is_log(const char *path)
{
	const char *name = strrchr(path, '/');
	struct stat facts;

	return name != NULL && strcmp(name, "/lock") != 0 && strcmp(name, "/state") != 0 &&
		stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

/* The last of COUNT sources and one more is the same file as one before it. */
static bool is_known(const struct logsource *sources, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(sources[i].path, sources[count].path) == 0)
			return true;
	return false;
}

/* Reads where the link of /proc goes that PID has for its descriptor FD; "" if that cannot
 * be had. */
static void read_descriptor(pid_t pid, int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t length;

	text_format(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
	length = readlink(link, path, PATH_MAX - 1);
	path[length < 0 ? 0 : length] = '\0';
}

/* What SUPERVISOR writes itself is left out; 0: nothing is. */
static size_t find_open_of(pid_t pid, pid_t supervisor, struct logsource *sources, size_t count)
{
	char own[2][PATH_MAX];
	char path[64];
	DIR *directory;
	const struct dirent *entry;

	text_format(path, sizeof path, "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	if (directory == NULL)
		return count;
	own[0][0] = own[1][0] = '\0';
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO && supervisor != 0; fd++)
		read_descriptor(supervisor, fd, own[fd - STDOUT_FILENO]);
	while (count < LOGSOURCE_MOST && (entry = readdir(directory)) != NULL) {
		struct logsource *source = &sources[count];
		struct stat link;
		ssize_t length = readlinkat(dirfd(directory), entry->d_name, source->path,
			sizeof source->path - 1);

		/* the link's mode says what the file was opened for (proc(5)); what a logger
		 * has to complain of is no log */
		if (strcmp(entry->d_name, "2") == 0 || length <= 0 || source->path[0] != '/' || fstatat(dirfd(directory),
		    entry->d_name, &link, AT_SYMLINK_NOFOLLOW) < 0 || !(link.st_mode & S_IWUSR))
			continue;
		source->path[length] = '\0';
		count += is_log(source->path) && !is_known(sources, count) &&
			strcmp(source->path, own[0]) != 0 && strcmp(source->path, own[1]) != 0;
	}
	(void)closedir(directory);	/* nothing was written */
	return count;
}

static size_t find_open_but(const struct processes *processes, size_t owner, pid_t supervisor,
	struct logsource *sources)
{
	size_t count = 0;

	for (size_t i = 0; i < processes->count; i++)
		if (processes->owner[i] == owner)
			count = find_open_of(processes->list[i].pid, supervisor, sources, count);
	return count;
}

/* A logger has its supervisor's standard output, too. That is where it writes to if it has
 * nothing else. */
static size_t find_open(const struct snapshot *snapshot, size_t i, struct logsource *sources)
{
	const struct processes *processes = &snapshot->processes;
	const struct process *logger = processes_find(processes,
		snapshot->services[i].log.record.status.pid);
	size_t count = find_open_but(processes, 2 * i + 1, logger != NULL ? logger->parent : 0,
		sources);

	return count > 0 ? count : find_open_but(processes, 2 * i + 1, 0, sources);
}

/* --- syslog --------------------------------------------------------------------------- */

static void add_tag(struct logsource *source, const char *tag)
{
	for (size_t i = 0; i < source->tag_count; i++)
		if (strcmp(source->tags[i], tag) == 0)
			return;
	/* one that is cut is that of no line; were it left out, all lines would be the service's */
	if (source->tag_count < LOGSOURCE_TAGS)
		(void)text_copy(source->tags[source->tag_count++], LOGSOURCE_TAG_BYTES, tag);
	if (strcmp(tag, "klogd") == 0)	/* it passes on what the kernel says */
		add_tag(source, "kernel");
}

/* The file of a line "kern.*	-/var/log/kernel.log" of syslog.conf. */
static bool take_rule(char *line, char *path, size_t size)
{
	line += strspn(line, " \t");
	if (*line == '#')
		return false;
	line += strcspn(line, " \t");
	line += strspn(line, " \t-");
	return *line == '/' && strncmp(line, "/dev/", 5) != 0 && text_copy(path, size, text_trim(line));
}

/* The files that syslogd writes, each with the tags of the first. */
static size_t find_syslog(struct logsource *sources)
{
	static const char *const usual[] = { "/var/log/messages", "/var/log/syslog" };
	char text[4096], *line = text, *end;
	size_t count = 0;

	if (files_read(AT_FDCWD, "/etc/syslog.conf", text, sizeof text) < 0)
		*text = '\0';
	for (; *line != '\0' && count < LOGSOURCE_MOST; line = end) {
		end = line + strcspn(line, "\n");
		if (*end != '\0')
			*end++ = '\0';
		count += take_rule(line, sources[count].path, sizeof sources[count].path) &&
			!is_known(sources, count);
	}
	for (size_t i = 0; i < sizeof usual / sizeof usual[0] && count == 0; i++)
		if (access(usual[i], F_OK) == 0)
			count += text_copy(sources[0].path, sizeof sources[0].path, usual[i]);
	for (size_t i = 1; i < count; i++) {
		memcpy(sources[i].tags, sources[0].tags, sizeof sources[0].tags);
		sources[i].tag_count = sources[0].tag_count;
	}
	return count;
}

/* --- what is written in log/run ---------------------------------------------------------- */

static size_t find_said(int log, struct logsource *sources)
{
	char text[SCRIPT_BYTES], name[PATH_MAX], place[PATH_MAX] = "", self[64];
	enum script_log what;
	ssize_t length;

	if (files_read(log, "run", text, sizeof text) < 0)
		return 0;
	what = script_find_log(text, name, sizeof name);
	if (what == SCRIPT_LOG_UNKNOWN)
		return 0;
	if (what == SCRIPT_LOG_TAG) {
		add_tag(&sources[0], name);
		return find_syslog(sources);
	}
	if (*name != '/') {
		text_format(self, sizeof self, "/proc/self/fd/%d", log);
		length = readlink(self, place, sizeof place - 2);
		place[length < 0 ? 0 : length] = '\0';
		(void)text_format(place + strlen(place), sizeof place - strlen(place), "/");
	}
	return text_format(sources[0].path, sizeof sources[0].path, "%s%s%s", place, name,
		what == SCRIPT_LOG_DIRECTORY ? "/current" : "") < sizeof sources[0].path - 1;
}

/* --- all of it ------------------------------------------------------------------------- */

/* Adds the last part of a path, behind which there may be slashes: of / that is "", which
 * is the tag of no line. */
static void add_base(struct logsource *source, const char *path)
{
	char base[NAME_MAX + 1];
	size_t end = strlen(path), begin;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
		continue;
	text_format(base, sizeof base, "%.*s", (int)(end - begin), path + begin);
	add_tag(source, base);
}

static size_t find_by_tags(const struct snapshot *snapshot, size_t i, struct logsource *sources)
{
	const struct processes *processes = &snapshot->processes;

	add_base(&sources[0], snapshot->services[i].name);
	for (size_t p = 0; p < processes->count; p++)
		if (processes->owner[p] == 2 * i)
			add_tag(&sources[0], processes->list[p].name);
	return find_syslog(sources);
}

size_t logsource_find(const struct context *context, const struct snapshot *snapshot, size_t i,
	struct logsource sources[LOGSOURCE_MOST])
{
	size_t count;
	int directory, log;

	memset(sources, 0, LOGSOURCE_MOST * sizeof *sources);
	if (!snapshot->services[i].has_log)
		return find_by_tags(snapshot, i, sources);
	count = find_open(snapshot, i, sources);
	if (count > 0)
		return count;
	directory = service_open(snapshot->services[i].enabled == SNAPSHOT_NOT_ENABLED ?
		context->initdir : context->svdir, snapshot->services[i].name);
	log = directory >= 0 ? service_open_log(directory) : -1;
	if (log >= 0)
		count = find_said(log, sources);
	files_close(&log);
	files_close(&directory);
	return count;
}

bool logsource_has(const struct logsource *source, const char *line)
{
	const char *tag;
	size_t length;

	if (source->tag_count == 0)
		return true;
	length = syslogline_tag(line, &tag);
	for (size_t i = 0; i < source->tag_count && length > 0; i++)
		if (strlen(source->tags[i]) == length && strncmp(source->tags[i], tag, length) == 0)
			return true;
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "roster.h"

#include "nofile.h"
#include "path.h"

#include "clock.h"
#include "container.h"
#include "files.h"
#include "message.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A directory that cannot be taken under supervision is tried again, ever less
 * often: the lock of a supervisor that was killed goes within milliseconds, other
 * reasons last. A failure is told once it has lasted. */
#define RETRY_FIRST_MS 5
#define RETRY_TELL_MS 100
#define RETRY_MOST_MS 5000

/* A service that was told to exit while its entry stays is started again after
 * this (runsvdir.c: at its next scan). */
#define RESTART_MS 1000

/* The directory is read again after this if something in it could not be looked at. */
#define LOOK_AGAIN_MS 5000

/* timers that are not the services': the scan's, ours, and those of the keeper and of
 * the watches */
#define OTHER_TIMERS (2 + KEEPER_TIMERS + WATCHES_TIMERS)

struct roster_entry {
	struct service service;
	struct roster *roster;
	struct roster_entry *next, **place;
	struct table_link link;		/* by inode */
	dev_t device;
	ino_t inode;
	char *name;
	struct watch inside;		/* for a log/ that is not there yet */
	struct watch beside;		/* for what it leads to to be replaced */
	char *target;			/* its name where it is; NAME, or allocated */
	int64_t pause;			/* up to the next attempt to open, ms */
	int error;			/* of the last one, if there is a pause */
	unsigned seen;			/* the scan that saw it last */
	bool leaving;			/* its entry is gone from the directory */
	bool is_unwatched;		/* it has been opened by a scan, see roster_watch */
	bool is_noted;			/* the list has it by the note only */
};

/* A link whose target is not there: it is watched for. */
struct roster_awaited {
	struct watch watch;
	struct roster *roster;
	struct roster_awaited *next;
	char target[NAME_MAX + 1];	/* its last part */
};

static struct roster_entry *find(const struct roster *roster, dev_t device, ino_t inode)
{
	struct table_link *link = table_find(&roster->by_inode, inode);

	for (; link != NULL; link = table_find_next(link)) {
		struct roster_entry *entry = CONTAINER_OF(link, struct roster_entry, link);

		if (entry->device == device && entry->inode == inode)
			return entry;
	}
	return NULL;
}

/* VERB could not be done to NAME; another scan tries it. */
static void look_again(struct roster *roster, const char *name, const char *verb)
{
	if (!roster->quiet)
		message(MESSAGE_ERROR, "%s: cannot %s: %s; looking again in %d s", name, verb,
			strerror(errno), LOOK_AGAIN_MS / 1000);
	roster->missed = true;
	timers_set(&roster->supervisor.loop->timers, &roster->timer,
		roster->supervisor.loop->now + LOOK_AGAIN_MS);
}

static void expired(void *owner)
{
	struct roster *roster = owner;

	roster->rescan = roster->again = true;
	roster->quiet = roster->missed;
}

/* Then there is much to be opened. */
static bool is_first_scan(const struct roster *roster)
{
	return roster->is_scanning && roster->scan == 1;
}

static bool is_same(const struct roster_entry *entry, const struct stat *found)
{
	return entry->device == found->st_dev && entry->inode == found->st_ino;
}

/* NAME could not be looked at: the service that we know by it is not taken for gone. */
static void keep(struct roster *roster, const char *name)
{
	for (struct roster_entry *entry = roster->first; entry != NULL; entry = entry->next)
		if (strcmp(entry->name, name) == 0)
			entry->seen = roster->scan;
}

static void seen_inside(struct watch *watch, const char *name)
{
	struct roster_entry *entry = CONTAINER_OF(watch, struct roster_entry, inside);

	if (service_look_for_log(&entry->service, name))
		watches_remove(&entry->roster->watches, &entry->inside);
}

/* What a link leads to can be moved away, and another directory be put in its place.
 * In the scan directory nothing is seen of that. */
static void seen_beside(struct watch *watch, const char *name)
{
	struct roster_entry *entry = CONTAINER_OF(watch, struct roster_entry, beside);

	if (name == NULL || strcmp(name, entry->target) == 0)
		entry->roster->rescan = true;
}

static void set_target(struct roster_entry *entry, const char *target)
{
	char *copy = target == NULL || strcmp(target, entry->name) == 0 ? NULL : strdup(target);

	if (entry->target != entry->name)
		free(entry->target);
	/* without memory it is not watched for */
	entry->target = copy != NULL ? copy : entry->name;
}

/* Nothing would tell that what a link leads to has come, or is another now. */
static void look_later(struct roster *roster)
{
	timers_set(&roster->supervisor.loop->timers, &roster->timer,
		roster->supervisor.loop->now + LOOK_AGAIN_MS);
}

/* Whether a part of PATH is a link; before Linux 5.6 it is not known. */
static bool leads_through_links(int at, const char *path)
{
	/* openat2(2); linux/openat2.h */
	const struct { uint64_t flags, mode, resolve; } how = {
		.flags = O_PATH | O_CLOEXEC, .resolve = 0x04 };		/* RESOLVE_NO_SYMLINKS */
	int fd = (int)syscall(SYS_openat2, at, path, &how, sizeof how);

	if (fd < 0)
		return errno == ELOOP;
	files_close(&fd);
	return false;
}

/* One of the links on the way may be made anew, which no watch of ours sees. */
static void look_at_way(struct roster_entry *entry)
{
	struct roster *roster = entry->roster;
	char target[PATH_MAX];
	ssize_t length = readlinkat(*roster->directory, entry->name, target, sizeof target - 1);

	if (length < 0)
		return;		/* it is none itself */
	target[length] = '\0';
	if (leads_through_links(*roster->directory, target))
		look_later(roster);
}

/* What a link in the scan directory leads to. */
static void watch_beside(struct roster_entry *entry)
{
	struct roster *roster = entry->roster;
	int directory = entry->service.main.directory;
	struct stat scan, found;

	if (fstatat(directory, "..", &found, 0) < 0 || (fstat(*roster->directory, &scan) == 0 &&
	    found.st_dev == scan.st_dev && found.st_ino == scan.st_ino))
		return;
	watches_add(&roster->watches, &entry->beside, directory, "..", true, seen_beside);
	/* it may have been replaced since it was opened */
	if (!entry->leaving && (fstatat(*roster->directory, entry->name, &found, 0) < 0 ||
	    !is_same(entry, &found)))
		roster->rescan = true;
}

/* Puts what is only noted on the list. */
static void hold(struct roster_entry *entry)
{
	char path[PATH_MAX];

	/* it may have gone meanwhile */
	entry->is_noted = entry->service.main.directory >= 0 &&
		path_of(entry->service.main.directory, path, sizeof path) &&
		!held_add(*entry->roster->directory, path, entry->device, entry->inode);
}

/* If that cannot be done the note stays, for the next supervisor. */
static void hold_noted(struct roster *roster)
{
	bool is_needed = false;

	if (*roster->directory < 0)
		return;
	for (struct roster_entry *entry = roster->first; entry != NULL; entry = entry->next) {
		if (entry->is_noted)
			hold(entry);
		is_needed = is_needed || entry->is_noted;
	}
	if (roster->has_note && !is_needed)
		held_note_remove(*roster->directory);
	roster->has_note = false;
}

static void watch(struct roster_entry *entry)
{
	int directory = entry->service.main.directory;

	entry->is_unwatched = false;
	if (directory < 0)
		return;		/* it is gone already */
	if (entry->service.log == NULL) {
		watches_add(&entry->roster->watches, &entry->inside, directory, "", false,
			seen_inside);
		/* it may have come since it was looked for */
		seen_inside(&entry->inside, NULL);
	}
	if (entry->service.main.directory >= 0) {
		watch_beside(entry);
		look_at_way(entry);
	}
}

static void unwatch(struct roster_entry *entry)
{
	entry->is_unwatched = false;
	watches_remove(&entry->roster->watches, &entry->inside);
	watches_remove(&entry->roster->watches, &entry->beside);
	set_target(entry, NULL);
}

/* What there can be more of again. */
static bool is_want(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* DIRECTORY, unless too few descriptors are left for a service; then -1 with errno. */
static int with_room(int directory)
{
	if (directory >= 0 && !nofile_has_room(directory)) {
		files_close(&directory);
		errno = EMFILE;
	}
	return directory;
}

/* DIRECTORY, if it is ENTRY's; else -1 with errno, ESTALE: it is another. */
static int own(const struct roster_entry *entry, int directory)
{
	struct stat found;

	if (directory < 0 || (fstat(directory, &found) == 0 && is_same(entry, &found)))
		return directory;
	files_close(&directory);
	errno = ESTALE;
	return -1;
}

/* Opens ENTRY's directory by its name, or, if it is only to be taken down, by the link
 * of a supervisor before us: then the name may be gone. -1 with errno, ENOENT: it is
 * not to be found. */
static int open_directory(const struct roster_entry *entry)
{
	struct roster *roster = entry->roster;
	int directory = own(entry, files_open(*roster->directory, entry->name,
		O_RDONLY | O_DIRECTORY, 0));

	if (directory < 0 && entry->leaving && !is_want(errno))
		directory = own(entry, held_open(*roster->directory, entry->device, entry->inode));
	else if (directory < 0 && errno == ESTALE)
		roster->rescan = true;		/* replaced: that is to be seen, too */
	if (directory < 0 && (errno == ESTALE || errno == ENOTDIR))
		errno = ENOENT;
	return with_room(directory);
}

/* What cannot be taken over, as it may be no process of the service's (service.c, reason).
 * That can last: it keeps nobody from ending. */
static bool is_unsure(const struct roster_entry *entry, int error)
{
	return (error == EBADMSG || error == EACCES) && !entry->roster->supervisor.stopping;
}

/* Whether ENTRY, which could not be opened yet, may have been held by a supervisor before
 * us: that one's child can have the lock for a moment, or there is no room to open it. */
static bool may_run(const struct roster_entry *entry)
{
	if (entry->service.stage != SERVICE_OPENING || entry->pause == 0)
		return false;
	return entry->pause <= RETRY_TELL_MS ||
		((is_want(entry->error) || is_unsure(entry, entry->error)) &&
		held_has(*entry->roster->directory, entry->device, entry->inode));
}

/* Another supervisor has it, who keeps track of it himself. */
static bool is_anothers(const struct roster_entry *entry)
{
	return entry->pause > 0 && entry->error == EWOULDBLOCK;
}

/* Whether it is to be tried again. What was only to be taken down is another's, or
 * gone, unless that is for want of something, or a child of the supervisor before us
 * may have the lock yet. */
static bool is_to_be_opened(const struct roster_entry *entry, int error)
{
	return !entry->leaving || is_want(error) || is_unsure(entry, error) ||
		(error == EWOULDBLOCK && entry->pause < RETRY_TELL_MS);
}

static void opened(struct roster_entry *entry)
{
	struct roster *roster = entry->roster;
	char path[PATH_MAX];

	entry->pause = 0;
	/* what has gone meanwhile is not held */
	if (path_of(entry->service.main.directory, path, sizeof path)) {
		entry->is_noted = roster->is_noting &&
			held_note_add(&roster->note, path, entry->device, entry->inode);
		if (!entry->is_noted)
			(void)held_add(*roster->directory, path, entry->device, entry->inode);
		set_target(entry, strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : NULL);
		/* one that comes alone may be in the making */
		if (roster->is_scanning)
			entry->is_unwatched = roster->is_unwatched = true;
		else
			watch(entry);
	}
	if (entry->leaving)
		service_stop(&entry->service);
	/* a log/ that has just come had its turn */
	if (entry->service.stage == SERVICE_GONE)
		return;
	/* its first turn comes when all of a scan are open */
	timers_set(&roster->supervisor.loop->timers, &entry->service.timer,
		roster->supervisor.loop->now);
}

/* Opens ENTRY's service in DIRECTORY, which becomes its; -1 with errno: it could not be
 * opened. */
static void supervise(struct roster_entry *entry, int directory)
{
	struct loop *loop = entry->roster->supervisor.loop;
	int error;

	if (directory >= 0 && service_open(&entry->service, directory)) {
		opened(entry);
		return;
	}
	error = errno;
	if (directory < 0)
		entry->service.failed = "open it";
	/* ENOENT: removed meanwhile, of which we are about to be told */
	if (directory >= 0 ? error != EWOULDBLOCK || entry->pause >= RETRY_TELL_MS :
	    error != ENOENT)
		service_tell(&entry->service, error);
	if (!is_to_be_opened(entry, error)) {
		service_stop(&entry->service);
		return;
	}
	/* one that has been removed may run for all that it could not be opened before */
	if (error != ENOENT || entry->pause == 0)
		entry->error = error;
	entry->pause = entry->pause == 0 ? RETRY_FIRST_MS : 2 * entry->pause;
	if (entry->pause > RETRY_MOST_MS)
		entry->pause = RETRY_MOST_MS;
	timers_set(&loop->timers, &entry->service.timer, loop->now + entry->pause);
}

/* If its directory is still to be found. */
static void reopen(struct service *service)
{
	struct roster_entry *entry = CONTAINER_OF(service, struct roster_entry, service);

	if (service->stage == SERVICE_OPENING)
		supervise(entry, open_directory(entry));
}

/* Room first, so that nothing can fail once the service runs: a timer each, and a
 * place for a child, of which there may be more at a time. */
static bool reserve(struct roster *roster, size_t count)
{
	return table_reserve(&roster->by_inode, count) && watches_reserve(&roster->watches, 2 * count) &&
		loop_reserve(roster->supervisor.loop, OTHER_TIMERS + count,
			KEEPER_CHILDREN + count);
}

/* What has been FOUND at NAME is a service; DIRECTORY becomes its, if it is open. */
static void add(struct roster *roster, const char *name, const struct stat *found, int directory,
	bool leaving)
{
	struct roster_entry *entry = reserve(roster, roster->count + 1) ? calloc(1, sizeof *entry) : NULL;

	if (entry != NULL)
		entry->name = strdup(name);
	if (entry == NULL || entry->name == NULL) {
		free(entry);
		files_close(&directory);
		errno = ENOMEM;
		look_again(roster, name, "supervise");
		return;
	}
	entry->roster = roster;
	entry->target = entry->name;
	entry->device = found->st_dev;
	entry->inode = found->st_ino;
	entry->seen = roster->scan;
	entry->leaving = leaving;
	entry->next = roster->first;
	entry->place = &roster->first;
	if (entry->next != NULL)
		entry->next->place = &entry->next;
	roster->first = entry;
	roster->count++;
	table_add(&roster->by_inode, &entry->link, found->st_ino);
	service_init(&entry->service, &roster->supervisor, entry->name);
	supervise(entry, directory >= 0 ? with_room(directory) : open_directory(entry));
}

static void discard(struct roster_entry *entry)
{
	struct roster *roster = entry->roster;

	if (!is_anothers(entry))
		held_remove(*roster->directory, entry->device, entry->inode);
	table_remove(&roster->by_inode, &entry->link);
	*entry->place = entry->next;
	if (entry->next != NULL)
		entry->next->place = entry->place;
	roster->count--;
	unwatch(entry);
	service_free(&entry->service);
	free(entry->name);
	free(entry);
}

/* The directory is seen under a name that is not the one we know: if that one is
 * something else now, or nothing, it has been renamed. */
static void rename_entry(struct roster_entry *entry, const char *name)
{
	struct stat found;
	char *copy;

	if (fstatat(*entry->roster->directory, entry->name, &found, 0) == 0 && is_same(entry, &found))
		return;
	copy = strdup(name);
	if (copy == NULL)
		return;		/* messages go on under the old one */
	/* what it leads to is still called what that was */
	if (entry->target != entry->name)
		free(entry->name);
	entry->name = copy;
	entry->service.name = copy;
}

static void seen_target(struct watch *watch, const char *name)
{
	struct roster_awaited *awaited = CONTAINER_OF(watch, struct roster_awaited, watch);

	if (name == NULL || strcmp(name, awaited->target) == 0)
		awaited->roster->rescan = true;
}

/* What is no service's name in the scan directory. */
static bool is_skipped(const char *name)
{
	return name[0] == '.' || strcmp(name, "supervise") == 0;
}

/* Has PARENT watched for TARGET. */
static void await_in(struct roster *roster, const char *parent, const char *target)
{
	struct roster_awaited *awaited = reserve(roster, roster->count + 1) ?
		calloc(1, sizeof *awaited) : NULL;

	if (awaited == NULL) {
		look_later(roster);
		return;
	}
	awaited->roster = roster;
	(void)text_copy(awaited->target, sizeof awaited->target, target);
	awaited->next = roster->awaited;
	roster->awaited = awaited;
	watches_add(&roster->watches, &awaited->watch, *roster->directory, parent, false,
		seen_target);
}

static void await_target(struct roster *roster, const char *name)
{
	char target[PATH_MAX], *slash;
	const char *parent = ".", *last = target;
	ssize_t length = readlinkat(*roster->directory, name, target, sizeof target - 1);
	struct stat found;

	if (length < 0) {
		roster->torn = true;	/* no link: it has gone */
		return;
	}
	while (length > 1 && target[length - 1] == '/')
		length--;
	target[length] = '\0';
	/* a link itself, to what is not there */
	if (fstatat(*roster->directory, target, &found, AT_SYMLINK_NOFOLLOW) == 0)
		look_later(roster);
	slash = strrchr(target, '/');
	if (slash != NULL) {
		*slash = '\0';
		parent = slash == target ? "/" : target;
		last = slash + 1;
	} else if (!is_skipped(target))
		return;		/* beside it, where all is seen */
	if (faccessat(*roster->directory, parent, F_OK, 0) == 0)
		await_in(roster, parent, last);
	else
		look_later(roster);
	if (leads_through_links(*roster->directory, parent))
		look_later(roster);
	/* it may have come since it was looked for */
	if (faccessat(*roster->directory, name, F_OK, 0) == 0)
		roster->rescan = true;
}

static void await_none(struct roster *roster)
{
	while (roster->awaited != NULL) {
		struct roster_awaited *awaited = roster->awaited;

		roster->awaited = awaited->next;
		watches_remove(&roster->watches, &awaited->watch);
		free(awaited);
	}
}

bool roster_open(struct roster *roster)
{
	roster->supervisor.reopen = reopen;
	roster->timer = (struct timer){ .expired = expired, .owner = roster };
	return reserve(roster, 0) && watches_open(&roster->watches, roster->supervisor.loop);
}

/* As stat(2) of NAME; what is likely to be a service that we have not yet is opened for
 * it, as DIRECTORY, to be looked for once only. */
static bool look_at(const struct roster *roster, const char *name, struct stat *found, int *directory)
{
	*directory = !is_first_scan(roster) ? -1 : files_open(*roster->directory, name,
		O_RDONLY | O_DIRECTORY, 0);
	if (*directory >= 0 && fstat(*directory, found) == 0)
		return true;
	files_close(directory);
	return fstatat(*roster->directory, name, found, 0) == 0;
}

void roster_see(struct roster *roster, const char *name)
{
	struct roster_entry *entry;
	struct stat found;
	int directory;

	if (roster->supervisor.stopping || is_skipped(name))
		return;
	if (!look_at(roster, name, &found, &directory)) {
		/* ENOENT: gone again, or a link to nothing */
		if (errno == ENOENT)
			await_target(roster, name);
		else if (errno == ELOOP) {
			/* until one of the links is made anew */
			if (!roster->again)
				message(MESSAGE_WARNING, "%s: cannot look at: %s", name,
					strerror(errno));
		} else {
			look_again(roster, name, "look at");
			keep(roster, name);
		}
		return;
	}
	if (!S_ISDIR(found.st_mode))
		return;
	entry = find(roster, found.st_dev, found.st_ino);
	if (entry == NULL) {
		add(roster, name, &found, directory, false);
		return;
	}
	files_close(&directory);
	entry->seen = roster->scan;
	entry->leaving = false;
	if (strcmp(entry->name, name) != 0)
		rename_entry(entry, name);
	/* each time: the link may be another, which leads there by another way */
	if (!entry->is_unwatched)
		look_at_way(entry);
}

static void leave(struct roster_entry *entry)
{
	if (entry->leaving)
		return;
	entry->leaving = true;
	/* its process would run on if we let go now: supervise() stops it */
	if (may_run(entry))
		return;
	service_stop(&entry->service);
	service_turn(&entry->service);
}

static bool is_known(void *owner, dev_t device, ino_t inode)
{
	return find(owner, device, inode) != NULL;
}

static void take_down(void *owner, const char *path, dev_t device, ino_t inode)
{
	struct roster *roster = owner;
	struct stat found;

	if (stat(path, &found) < 0) {
		/* gone altogether, and its processes with it or past finding */
		if (errno != ENOENT && errno != ENOTDIR)
			look_again(roster, path, "look at");
		return;
	}
	/* what was there has been replaced by what was never ours */
	if (found.st_dev != device || found.st_ino != inode)
		return;
	if (S_ISDIR(found.st_mode))
		add(roster, path, &found, -1, true);
}

/* Takes down what the last supervisor of this directory held and what has no entry
 * any more. Once, when all entries are known, or have been looked at twice. */
static void take_down_left(struct roster *roster)
{
	const struct held_visitor visitor = {
		.knows = is_known, .found = take_down, .owner = roster,
	};

	if (roster->is_complete || (roster->missed && !roster->quiet))
		return;
	if (!held_note_settle(*roster->directory))
		look_again(roster, HELD_LIST, "write");
	else if (held_visit(*roster->directory, &visitor))
		roster->is_complete = !roster->missed || roster->quiet;
	else
		look_again(roster, HELD_LIST, "read");
}

/* The directory has been read. */
static void sweep(struct roster *roster)
{
	for (struct roster_entry *entry = roster->first; entry != NULL; entry = entry->next)
		if (entry->seen != roster->scan)
			leave(entry);
	take_down_left(roster);
}

/* Whether what was not seen is not there: unless it moves on while we look, which we are
 * about to be told. */
static bool has_seen_all(struct roster *roster)
{
	roster->torn = false;
	return roster->catch_up() && !roster->torn;
}

/* It must be on disk before anything is started. */
static void write_note(struct roster *roster)
{
	if (roster->note.length == 0)
		return;
	roster->has_note = held_note_write(&roster->note, *roster->directory);
	if (!roster->has_note)
		hold_noted(roster);
}

void roster_scan(struct roster *roster)
{
	/* opened anew: a copy of the descriptor would go on where the last one ended */
	int again = files_open(*roster->directory, ".", O_RDONLY | O_DIRECTORY, 0);
	DIR *directory = again < 0 ? NULL : fdopendir(again);
	struct dirent *found;

	if (directory == NULL) {
		look_again(roster, "the scan directory", "read");
		files_close(&again);
		return;
	}
	await_none(roster);
	roster->scan++;
	roster->is_scanning = true;
	roster->is_noting = is_first_scan(roster) && held_note_settle(*roster->directory);
	roster->missed = false;
	errno = 0;
	while ((found = readdir(directory)) != NULL) {
		roster_see(roster, found->d_name);
		errno = 0;
	}
	/* what was not read is not known to be gone */
	if (errno != 0)
		look_again(roster, "the scan directory", "read");
	else if (has_seen_all(roster))
		sweep(roster);
	write_note(roster);
	roster->is_scanning = roster->is_noting = false;
	(void)closedir(directory);
}

/* First all in the new list, then none in the old one: we may be killed meanwhile. */
void roster_move(struct roster *roster, int to)
{
	struct roster_entry *entry;
	char path[PATH_MAX];

	hold_noted(roster);
	for (entry = roster->first; entry != NULL; entry = entry->next)
		if (entry->service.main.directory < 0)
			held_copy(*roster->directory, to, entry->device, entry->inode);
		else if (path_of(entry->service.main.directory, path, sizeof path))
			(void)held_add(to, path, entry->device, entry->inode);
	roster->has_note = false;
	if (*roster->directory < 0)
		return;		/* it has gone, and its list with it */
	for (entry = roster->first; entry != NULL; entry = entry->next)
		if (!is_anothers(entry))
			held_remove(*roster->directory, entry->device, entry->inode);
}

void roster_rescan(struct roster *roster)
{
	/* again, if something has changed while it was read */
	while (roster->rescan && *roster->directory >= 0) {
		roster->rescan = false;
		roster_scan(roster);
	}
	roster->rescan = roster->again = roster->quiet = false;
}

void roster_stop(struct roster *roster)
{
	roster->supervisor.stopping = true;
	for (struct roster_entry *entry = roster->first; entry != NULL; entry = entry->next) {
		/* an exit that has begun may have been taken back since */
		if (entry->service.main.monitor.want != MONITOR_WANT_EXIT)
			entry->leaving = false;
		leave(entry);
	}
}

void roster_watch(struct roster *roster)
{
	if (roster->has_note)
		hold_noted(roster);
	if (!roster->is_unwatched)
		return;
	roster->is_unwatched = false;
	for (struct roster_entry *entry = roster->first; entry != NULL; entry = entry->next)
		if (entry->is_unwatched)
			watch(entry);
}

void roster_turn(struct service *service)
{
	struct roster_entry *entry = CONTAINER_OF(service, struct roster_entry, service);

	if (entry->is_unwatched)
		watch(entry);
	service_turn(service);
}

bool roster_is_open(const struct roster *roster)
{
	if (!roster->is_complete)
		return false;
	for (const struct roster_entry *entry = roster->first; entry != NULL; entry = entry->next)
		if (may_run(entry))
			return false;
	return true;
}

void roster_collect(struct roster *roster)
{
	while (roster->supervisor.gone != NULL) {
		struct service *service = roster->supervisor.gone;
		struct roster_entry *entry = CONTAINER_OF(service, struct roster_entry, service);

		roster->supervisor.gone = service->next_gone;
		if (entry->leaving || roster->supervisor.stopping) {
			discard(entry);
			continue;
		}
		unwatch(entry);
		service_free(service);
		service_init(service, &roster->supervisor, entry->name);
		timers_set(&roster->supervisor.loop->timers, &service->timer,
			roster->supervisor.loop->now + RESTART_MS);
	}
}

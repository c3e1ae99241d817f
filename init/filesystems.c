/* SPDX-License-Identifier: MIT */
#include "filesystems.h"

#include "directory.h"
#include "everybody.h"
#include "files.h"
#include "large.h"
#include "message.h"
#include "mounttable.h"
#include "namespace.h"
#include "seed.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/swap.h>
#include <unistd.h>

/* linux/loop.h; a musl toolchain need not have the kernel's headers */
#define LOOP_CLR_FD 0x4C01
#define LOOP_GET_STATUS64 0x4C05
struct loop_info64 {
	uint64_t words[29];
};

#define TABLE_BYTES 65536
#define MOUNTS 512
#define SWAPS_BYTES 4096
#define LOOPS 256		/* /dev/loop0 and on */
#define KILLED_MS 100		/* until who was killed has let go */
#define ROUNDS 64		/* of unmounting, should something mount meanwhile */

/* What is mounted, oldest first. On the child's stack: process 1 has no memory
 * for it. */
struct mounts {
	int count;
	struct mounttable_line lines[MOUNTS];
	char text[TABLE_BYTES];
};

void filesystems_want_proc(void)
{
	if (namespace_contained() || !namespace_proc_is_foreign())
		return;
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) == 0)
		message(MESSAGE_INFO, "/proc: mounted again");
	else
		message(MESSAGE_WARNING, "/proc: cannot mount again: %s", strerror(errno));
}

/* The line that *REST begins with, made a string; *REST is moved behind it. */
static char *cut_line(char **rest)
{
	char *line = *rest;

	*rest += strcspn(line, "\n");
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return line;
}

static void swap_off(void)
{
	char text[SWAPS_BYTES], *line = text, *path;

	if (files_read(AT_FDCWD, "/proc/swaps", text, sizeof text) < 0)
		return;		/* a kernel without swap */
	(void)cut_line(&line);		/* headings */
	while (*line != '\0') {
		path = mounttable_swap(cut_line(&line));
		if (path != NULL && swapoff(path) < 0)
			message(MESSAGE_WARNING, "%s: cannot switch swap off: %s", path,
				strerror(errno));
	}
}

static void read_mounts(struct mounts *mounts)
{
	char *line = mounts->text;

	mounts->count = 0;
	if (files_read(AT_FDCWD, "/proc/self/mountinfo", mounts->text, sizeof mounts->text) < 0) {
		message(MESSAGE_WARNING, "/proc/self/mountinfo: cannot read: %s", strerror(errno));
		return;
	}
	while (*line != '\0' && mounts->count < MOUNTS)
		if (mounttable_mountinfo(cut_line(&line), &mounts->lines[mounts->count]))
			mounts->count++;
}

/* The root cannot be unmounted; the list of mounts is read in /proc, and what
 * we say goes to /dev. */
static bool is_needed(const struct mounttable_line *mount)
{
	return strcmp(mount->point, "/") == 0 || strcmp(mount->point, "/proc") == 0 ||
		strcmp(mount->point, "/dev") == 0;
}

static bool is_among(const char *type, const char *const types[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* Has nothing that a power cut could harm. */
static bool is_virtual(const struct mounttable_line *mount)
{
	static const char *const types[] = { "proc", "sysfs", "devtmpfs", "devpts", "tmpfs",
		"ramfs", "rootfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "bpf",
		"pstore", "efivarfs", "configfs", "mqueue", "hugetlbfs", "autofs", "binfmt_misc" };

	return is_among(mount->type, types, sizeof types / sizeof types[0]);
}

/* Lies on a server, for which the kernel waits for ever if it is gone: and the network
 * may have ended with a service. */
static bool is_remote(const struct mounttable_line *mount)
{
	static const char *const types[] = { "nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs",
		"coda" };

	return is_among(mount->type, types, sizeof types / sizeof types[0]);
}

/* One round over all mounts, or the LOCAL ones, the newest first. True if any could be
 * unmounted. */
static bool unmount_round(struct mounts *mounts, bool local)
{
	bool changed = false;

	read_mounts(mounts);
	for (int i = mounts->count - 1; i >= 0; i--)
		if (!is_needed(&mounts->lines[i]) && !(local && is_remote(&mounts->lines[i])) &&
			umount2(mounts->lines[i].point, UMOUNT_NOFOLLOW) == 0)
			changed = true;
	return changed;
}

/* Detaches the loop device at PATH. True if that let go of its file. */
static bool detach_loop(const char *path)
{
	struct loop_info64 info;
	int fd = files_open(AT_FDCWD, path, O_RDONLY, 0);
	bool detached;

	if (fd < 0)
		return false;
	/* of one in use the kernel only notes that it is to go when unused, and
	 * says 0 (drivers/block/loop.c loop_clr_fd): so look at it afterwards */
	detached = ioctl(fd, LOOP_GET_STATUS64, &info) == 0 && ioctl(fd, LOOP_CLR_FD, 0) == 0 &&
		ioctl(fd, LOOP_GET_STATUS64, &info) < 0;
	files_close(&fd);
	return detached;
}

/* True if any could be detached. */
static bool detach_loops(void)
{
	bool changed = false;
	char path[24];

	for (int i = 0; i < LOOPS; i++) {
		(void)text_format(path, sizeof path, "/dev/loop%d", i);
		if (detach_loop(path))
			changed = true;
	}
	return changed;
}

/* ---- who keeps a mount busy ---- */

/* A process that is asked whether it keeps the file system at POINT busy. */
struct suspect {
	const struct process *process;
	const char *point;
	const char *place;	/* "fd/", below /proc/PID; "" for that itself */
	bool holds;
};

/* Says so if the link NAME at the suspect's place leads there. */
static void try_link(struct suspect *suspect, const char *name)
{
	char path[64], target[256];
	ssize_t length;

	(void)text_format(path, sizeof path, "/proc/%d/%s%s", (int)suspect->process->pid,
		suspect->place, name);
	length = readlink(path, target, sizeof target - 1);
	if (length < 0)
		return;
	target[length] = '\0';
	suspect->holds = mounttable_covers(suspect->point, target);
	if (suspect->holds)
		message(MESSAGE_WARNING, "%s: busy: %s (pid %d) holds %s", suspect->point,
			suspect->process->name, (int)suspect->process->pid, target);
}

static bool try_name(const char *name, void *argument)
{
	try_link(argument, name);
	return !((struct suspect *)argument)->holds;
}

/* One thing that it holds will do. */
static bool name_holder(const struct process *process, void *argument)
{
	static const char *const links[] = { "cwd", "root", "exe" };
	static const char *const places[] = { "fd/", "map_files/" };	/* proc(5) */
	struct suspect suspect = { .process = process, .point = argument, .place = "" };
	char path[32];

	for (size_t i = 0; i < sizeof links / sizeof links[0] && !suspect.holds; i++)
		try_link(&suspect, links[i]);
	for (size_t i = 0; i < sizeof places / sizeof places[0] && !suspect.holds; i++) {
		suspect.place = places[i];
		(void)text_format(path, sizeof path, "/proc/%d/%s", (int)process->pid, places[i]);
		directory_visit(path, try_name, &suspect);
	}
	return true;
}

/* Says why it could not be unmounted, and by whom it is kept busy. */
static void say_busy(struct mounttable_line *mount, const char *what)
{
	message(MESSAGE_WARNING, "%s: cannot unmount%s", mount->point, what);
	everybody_visit(name_holder, mount->point);
}

/* What is local, and left. Who holds it is not asked, as that may take for ever. */
static void make_local_read_only(struct mounts *mounts)
{
	read_mounts(mounts);
	for (int i = mounts->count - 1; i >= 0; i--) {
		struct mounttable_line *line = &mounts->lines[i];

		if (!is_virtual(line) && !is_remote(line))
			(void)mount(NULL, line->point, NULL, MS_REMOUNT | MS_RDONLY, NULL);
	}
}

/* Whatever is left. False if any could not be. */
static bool make_read_only(struct mounts *mounts)
{
	bool all = true;

	read_mounts(mounts);
	for (int i = mounts->count - 1; i >= 0; i--) {
		struct mounttable_line *line = &mounts->lines[i];

		if (is_virtual(line))
			continue;
		if (mount(NULL, line->point, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0) {
			say_busy(line, " or make read-only");
			all = false;
		} else if (!is_needed(line)) {
			say_busy(line, ", made read-only");
		}
	}
	return all;
}

static void unmount_all(struct mounts *mounts, bool local)
{
	for (int i = 0; i < ROUNDS && (unmount_round(mounts, local) || detach_loops()); i++)
		continue;
}

static bool is_on_server(const struct mounts *mounts, const char *path)
{
	int at = mounttable_find(mounts->lines, mounts->count, path);

	return at >= 0 && is_remote(&mounts->lines[at]);
}

/* Each file system is written out as it is unmounted or made read-only; sync(2) at first
 * would wait for a server that is gone before any of that. */
static void release(void)
{
	static struct mounts mounts SELDOM;

	if (namespace_contained()) {
		sync();
		return;
	}
	read_mounts(&mounts);
	/* one that is gone would be waited for before anything is unmounted */
	if (!is_on_server(&mounts, SEED_PATH))
		/* not saved: the pool was never ready, or there is no place for it */
		(void)seed_save();
	/* first what takes memory, a tmpfs, as who switches swap off is the first to be
	 * killed for want of it (mm/swapfile.c, swapoff); then what held a swap file */
	unmount_all(&mounts, true);
	swap_off();
	unmount_all(&mounts, true);
	make_local_read_only(&mounts);
	unmount_all(&mounts, false);
	if (!make_read_only(&mounts)) {
		/* the spared ones were so for the sake of file systems: they have
		 * had their time */
		(void)kill(-1, SIGKILL);
		(void)poll(NULL, 0, KILLED_MS);
		swap_off();	/* there may have been too little memory for it */
		unmount_all(&mounts, false);
		(void)make_read_only(&mounts);		/* it has said what is not */
	}
	sync();
}

pid_t filesystems_release(void)
{
	pid_t pid = fork();

	if (pid > 0)
		return pid;
	if (pid < 0)
		message(MESSAGE_WARNING, "cannot fork to unmount: %s", strerror(errno));
	release();
	if (pid == 0)
		_exit(0);
	return 0;
}

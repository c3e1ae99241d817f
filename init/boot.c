/* SPDX-License-Identifier: MIT */
#include "boot.h"

#include "clock.h"
#include "console.h"
#include "files.h"
#include "large.h"
#include "message.h"
#include "mounttable.h"
#include "namespace.h"
#include "seed.h"
#include "spawn.h"
#include "text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NICE_BESIDE 19

enum result {
	STEP_DONE,
	STEP_ALREADY,
	STEP_SKIPPED,
	STEP_FAILED,
	STEP_STARTED,		/* a program runs, and is waited for */
	STEP_BESIDE,		/* ... and is not */
};

/* What became of a step. */
struct outcome {
	enum result result;
	const char *detail;	/* for people, or NULL */
	pid_t pid;		/* STEP_STARTED, STEP_BESIDE */
};

static const char *const result_names[] = {
	[STEP_DONE] = "done",
	[STEP_ALREADY] = "already so",
	[STEP_SKIPPED] = "skipped",
	[STEP_FAILED] = "failed",
	[STEP_STARTED] = "started",
	[STEP_BESIDE] = "started",
};

/* What a step reads: /proc/cmdline, which is no longer than this, or /etc/fstab
 * or mountinfo, of which the line that counts is in the first part. */
static char file[4096] LARGE;

static const char in_container[] = "not ours in a container";

static struct outcome outcome(enum result result, const char *detail)
{
	return (struct outcome){ .result = result, .detail = detail };
}

/* By errno: what cannot be here is no failure. */
static struct outcome failure(void)
{
	if (errno == EPERM || errno == EACCES)
		return outcome(STEP_SKIPPED, "not permitted");
	if (errno == ENODEV)
		return outcome(STEP_SKIPPED, "not in this kernel");
	return outcome(STEP_FAILED, strerror(errno));
}

/* Makes the line that TEXT begins with a string; returns what follows it. */
static char *cut_line(char *text)
{
	size_t length = strcspn(text, "\n");
	char *next = text[length] == '\0' ? text + length : text + length + 1;

	text[length] = '\0';
	return next;
}

/* ---- file systems ---- */

struct filesystem {
	const char *source, *point, *type;
	unsigned long flags;
	const char *options;
};

/* The kernel says it from Linux 5.8 on, also of a bind mount within one file system. In struct
 * statx, which musl has from 1.2.5 on, stx_attributes is the second of 32 words, and
 * stx_attributes_mask the eighth (linux/stat.h). */
static bool is_mount_root(const char *path)
{
	const uint64_t mount_root = 0x2000;	/* STATX_ATTR_MOUNT_ROOT */
	uint64_t facts[32];

	return syscall(SYS_statx, AT_FDCWD, path, 0, 0, facts) == 0 &&
		(facts[1] & facts[7] & mount_root) != 0;
}

static bool is_mount_point(const char *path)
{
	char parent[64];
	struct stat here, above;

	if (is_mount_root(path))
		return true;
	(void)text_format(parent, sizeof parent, "%s/..", path);	/* paths of the table below */
	return stat(path, &here) == 0 && stat(parent, &above) == 0 &&
		(here.st_dev != above.st_dev || here.st_ino == above.st_ino);
}

/* The kernel mounts /dev itself (CONFIG_DEVTMPFS_MOUNT), without our flags. */
static struct outcome set_flags(const struct filesystem *filesystem)
{
	const unsigned long most = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
	struct statvfs now;

	if (namespace_contained() || statvfs(filesystem->point, &now) < 0 ||
		(now.f_flag & filesystem->flags) == filesystem->flags)
		return outcome(STEP_ALREADY, NULL);
	/* ST_RDONLY and its like are the same numbers as MS_RDONLY (statfs(2)) */
	if (mount(NULL, filesystem->point, NULL,
		MS_REMOUNT | MS_BIND | filesystem->flags | (now.f_flag & most), NULL) < 0)
		return failure();
	return outcome(STEP_ALREADY, "options set");
}

static struct outcome mount_one(const struct filesystem *filesystem)
{
	if (is_mount_point(filesystem->point))
		return set_flags(filesystem);
	/* that it exists or cannot be made shows in what mount(2) says */
	(void)mkdir(filesystem->point, 0755);
	if (mount(filesystem->source, filesystem->point, filesystem->type, filesystem->flags,
		filesystem->options) == 0)
		return outcome(STEP_DONE, NULL);
	if (errno == EBUSY)
		return outcome(STEP_ALREADY, NULL);
	return failure();
}

static struct outcome mount_dev(struct cmdline *cmdline)
{
	static const struct filesystem dev =
		{ "dev", "/dev", "devtmpfs", MS_NOSUID, "mode=0755" };

	(void)cmdline;
	/* the devices are the machine's */
	if (namespace_contained() && !is_mount_point(dev.point))
		return outcome(STEP_SKIPPED, in_container);
	return mount_one(&dev);
}

static struct outcome mount_proc(struct cmdline *cmdline)
{
	static const struct filesystem proc =
		{ "proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL };

	struct outcome mounted = mount_one(&proc);

	(void)cmdline;
	/* now it can be had */
	if (namespace_contained() && mounted.result == STEP_DONE)
		(void)message_separate(STDERR_FILENO);	/* it may block, then */
	return mounted;
}

static struct outcome mount_sys(struct cmdline *cmdline)
{
	static const struct filesystem sys =
		{ "sys", "/sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL };

	(void)cmdline;
	return mount_one(&sys);
}

static struct outcome mount_pts(struct cmdline *cmdline)
{
	static const struct filesystem pts =
		{ "devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,gid=5" };

	(void)cmdline;
	return mount_one(&pts);
}

static struct outcome mount_shm(struct cmdline *cmdline)
{
	static const struct filesystem shm =
		{ "shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777" };

	(void)cmdline;
	return mount_one(&shm);
}

static struct outcome mount_run(struct cmdline *cmdline)
{
	static const struct filesystem run =
		{ "run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755" };

	(void)cmdline;
	return mount_one(&run);
}

static struct outcome mount_cgroup(struct cmdline *cmdline)
{
	static const struct filesystem cgroup = { "cgroup2", "/sys/fs/cgroup", "cgroup2",
		MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL };
	struct stat status;

	(void)cmdline;
	if (stat(cgroup.point, &status) < 0)
		return outcome(STEP_SKIPPED, "not in this kernel");
	return mount_one(&cgroup);
}

/* ---- settings ---- */

static struct outcome open_console(struct cmdline *cmdline)
{
	const char *detail;

	(void)cmdline;
	if (!console_open(&detail))
		return failure();
	/* it may be another now */
	if (namespace_contained())
		(void)message_separate(STDERR_FILENO);	/* it may block, then */
	return outcome(STEP_DONE, detail);
}

static struct outcome read_cmdline(struct cmdline *cmdline)
{
	const char *bad;

	if (namespace_contained())
		return outcome(STEP_SKIPPED, in_container);
	if (files_read(AT_FDCWD, "/proc/cmdline", file, sizeof file) < 0)
		return failure();
	bad = cmdline_words(cmdline, file);
	return bad == NULL ? outcome(STEP_DONE, NULL) : outcome(STEP_FAILED, bad);
}

static struct outcome set_hostname(struct cmdline *cmdline)
{
	char text[256], *name, now[65];
	size_t length;

	(void)cmdline;
	if (files_read(AT_FDCWD, "/etc/hostname", text, sizeof text) < 0)
		return errno == ENOENT ? outcome(STEP_SKIPPED, "no /etc/hostname") : failure();
	text[strcspn(text, "\n")] = '\0';
	name = text_trim(text);
	length = strlen(name);
	if (length == 0)
		return outcome(STEP_SKIPPED, "/etc/hostname is empty");
	if (length > 64)
		length = 64;	/* __NEW_UTS_LEN */
	name[length] = '\0';
	if (gethostname(now, sizeof now) == 0 && strcmp(now, name) == 0)
		return outcome(STEP_ALREADY, NULL);
	if (namespace_contained() && namespace_has_first_uts())
		return outcome(STEP_SKIPPED, in_container);
	return sethostname(name, length) == 0 ? outcome(STEP_DONE, NULL) : failure();
}

static struct outcome raise_loopback(struct cmdline *cmdline)
{
	struct ifreq request = { .ifr_name = "lo" };
	struct outcome result = outcome(STEP_DONE, NULL);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)cmdline;
	if (fd < 0)
		return errno == EAFNOSUPPORT ? outcome(STEP_SKIPPED, "not in this kernel") : failure();
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) {
		result = failure();
	} else if ((request.ifr_flags & IFF_UP) != 0) {
		result = outcome(STEP_ALREADY, NULL);
	} else {
		request.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
			result = failure();
	}
	files_close(&fd);
	return result;
}

static struct outcome set_hotplug(struct cmdline *cmdline)
{
	static const char helper[] = "/sbin/mdev\n";
	struct outcome result = outcome(STEP_DONE, NULL);
	int fd;

	(void)cmdline;
	if (namespace_contained())
		return outcome(STEP_SKIPPED, in_container);
	if (access("/sbin/mdev", X_OK) < 0)
		return outcome(STEP_SKIPPED, "no /sbin/mdev");
	fd = files_open(AT_FDCWD, "/proc/sys/kernel/hotplug", O_WRONLY, 0);
	if (fd < 0)
		return errno == ENOENT ? outcome(STEP_SKIPPED, "not in this kernel") : failure();
	if (!files_write(fd, helper, sizeof helper - 1))
		result = failure();
	files_close(&fd);
	return result;
}

/* ---- programs ---- */

static int yield(void *unused)
{
	(void)unused;
	(void)setpriority(PRIO_PROCESS, 0, NICE_BESIDE);	/* it can only be slower without */
	return 0;
}

/* AWAITED: the boot is to wait for it. What it does not wait for yields the processor
 * to what it goes on with. */
static struct outcome run(const char *path, char *const argv[], int input, bool awaited)
{
	struct spawn program = {
		.path = path,
		.argv = argv,
		.directory = SPAWN_KEEP,
		.fd = { input, SPAWN_KEEP, SPAWN_KEEP },
		.session = true,
		.prepare = awaited ? NULL : yield,
		.detached = true,
	};
	struct outcome started = outcome(awaited ? STEP_STARTED : STEP_BESIDE, NULL);
	int error;

	if (spawn(&program, &started.pid, &error) != SPAWN_STARTED)
		return outcome(STEP_FAILED, strerror(error));
	return started;
}

/* Looks at the kernel's list of what is mounted, of which several may be in one
 * place: the last counts. statfs(2) tells no devtmpfs from a tmpfs. */
static bool dev_is_devtmpfs(void)
{
	char *line = file;
	struct mounttable_line mounted;
	bool is = false;

	if (files_read(AT_FDCWD, "/proc/self/mountinfo", file, sizeof file) < 0)
		return false;
	while (*line != '\0') {
		char *next = cut_line(line);

		if (mounttable_mountinfo(line, &mounted) && strcmp(mounted.point, "/dev") == 0)
			is = strcmp(mounted.type, "devtmpfs") == 0;
		line = next;
	}
	return is;
}

/* It sets owners and modes, makes links, and where the kernel does not do so itself
 * makes the nodes. Without a node nothing goes on; for an owner hardly anything has
 * to wait, and with all the devices there are it takes longer than the whole boot. */
static struct outcome run_mdev(struct cmdline *cmdline)
{
	static char name[] = "mdev", option[] = "-s";
	static char *const argv[] = { name, option, NULL };

	if (namespace_contained())
		return outcome(STEP_SKIPPED, in_container);
	if (access("/sbin/mdev", X_OK) < 0)
		return outcome(STEP_SKIPPED, "no /sbin/mdev");
	return run("/sbin/mdev", argv, SPAWN_KEEP,
		cmdline_waits(cmdline, name) || !dev_is_devtmpfs());
}

static struct outcome load_keymap(struct cmdline *cmdline)
{
	static char name[] = "loadkmap";
	static char *const argv[] = { name, NULL };
	struct outcome result;
	int fd;

	(void)cmdline;
	if (namespace_contained())
		return outcome(STEP_SKIPPED, in_container);
	if (access("/dev/tty0", F_OK) < 0)
		return outcome(STEP_SKIPPED, "no virtual console");
	fd = files_open(AT_FDCWD, "/etc/keymap.bmap", O_RDONLY, 0);
	if (fd < 0)
		return errno == ENOENT ? outcome(STEP_SKIPPED, "no /etc/keymap.bmap") : failure();
	result = run(name, argv, fd, true);
	files_close(&fd);
	return result;
}

/* Nothing but comments, that is. If it is longer than we read, it lists something. */
static bool fstab_lists_nothing(void)
{
	ssize_t length = files_read(AT_FDCWD, "/etc/fstab", file, sizeof file);
	char *line = file;

	if (length < 0 || length == (ssize_t)sizeof file - 1)
		return false;
	while (*line != '\0') {
		char *next = cut_line(line);

		line += strspn(line, " \t");
		if (*line != '\0' && *line != '#')
			return false;
		line = next;
	}
	return true;
}

static struct outcome mount_fstab(struct cmdline *cmdline)
{
	static char name[] = "mount", option[] = "-a";
	static char *const argv[] = { name, option, NULL };

	(void)cmdline;
	if (access("/etc/fstab", R_OK) < 0)
		return outcome(STEP_SKIPPED, "no /etc/fstab");
	if (fstab_lists_nothing())
		return outcome(STEP_SKIPPED, "nothing in /etc/fstab");
	return run(name, argv, SPAWN_KEEP, true);
}

static bool fstab_has_root_read_only(void)
{
	char *line = file;
	struct mounttable_line mounted;
	bool read_only = false;

	if (files_read(AT_FDCWD, "/etc/fstab", file, sizeof file) < 0)
		return false;
	while (*line != '\0') {
		char *next = cut_line(line);

		if (mounttable_fstab(line, &mounted) && strcmp(mounted.point, "/") == 0)
			read_only = mounttable_option(mounted.options, "ro");
		line = next;
	}
	return read_only;
}

static struct outcome make_root_writable(struct cmdline *cmdline)
{
	/* what is not named is taken away (fs/super.c, MS_RMT_MASK) */
	const unsigned long most = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS;
	struct statvfs now;

	if (namespace_contained())
		return outcome(STEP_SKIPPED, in_container);
	if (statvfs("/", &now) < 0)
		return failure();
	if ((now.f_flag & ST_RDONLY) == 0)
		return outcome(STEP_ALREADY, NULL);
	if (cmdline->read_only)
		return outcome(STEP_SKIPPED, "the kernel command line says ro");
	if (fstab_has_root_read_only())
		return outcome(STEP_SKIPPED, "/etc/fstab says ro");
	if (mount(NULL, "/", NULL, MS_REMOUNT | (now.f_flag & most), NULL) < 0)
		return failure();
	return outcome(STEP_DONE, NULL);
}

static struct outcome restore_seed(struct cmdline *cmdline)
{
	(void)cmdline;
	if (namespace_contained())
		return outcome(STEP_SKIPPED, in_container);
	if (seed_restore())
		return outcome(STEP_DONE, NULL);
	return errno == ENOENT ? outcome(STEP_SKIPPED, "no " SEED_PATH) : failure();
}

/* ---- the steps ---- */

/* /dev first: the kernel log and the console are in it. The helper for devices to
 * come before mdev looks at those that are there: in between none may slip
 * through. */
static const struct step {
	const char *name;
	struct outcome (*take)(struct cmdline *cmdline);
} steps[] = {
	{ "dev", mount_dev },
	{ "console", open_console },
	{ "proc", mount_proc },
	{ "cmdline", read_cmdline },
	{ "sys", mount_sys },
	{ "pts", mount_pts },
	{ "shm", mount_shm },
	{ "run", mount_run },
	{ "cgroup", mount_cgroup },
	{ "hostname", set_hostname },
	{ "lo", raise_loopback },
	{ "hotplug", set_hotplug },
	{ "mdev", run_mdev },
	{ "keymap", load_keymap },
	/* first the root: a loop device on it, or an overlay's upper directory, is to be
	 * written to */
	{ "root", make_root_writable },
	{ "mount", mount_fstab },
	{ "seed", restore_seed },
};

#define STEPS (sizeof steps / sizeof steps[0])
static_assert(STEPS <= LIFECYCLE_STEPS, "each may run a program");

int boot_steps(void)
{
	return (int)STEPS;
}

const char *boot_name(int number)
{
	return steps[number].name;
}

/* In microseconds. */
static int64_t fine_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);	/* see clock_now */
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* SINCE: when it began, by the fine clock. */
static void say(const struct step *step, enum result result, const char *detail, int64_t since)
{
	unsigned long time = (unsigned long)(fine_clock() - since);

	message(result == STEP_FAILED ? MESSAGE_WARNING : MESSAGE_INFO,
		"boot: %s: %s%s%s (%lu.%03lu ms)", step->name, result_names[result],
		detail != NULL ? ": " : "", detail != NULL ? detail : "",
		time / 1000, time % 1000);
}

struct boot_program boot_step(int number, struct cmdline *cmdline)
{
	const struct step *step = &steps[number];
	int64_t began = fine_clock();
	struct outcome became;

	if (cmdline_skips(cmdline, step->name))
		became = outcome(STEP_SKIPPED, "init.skip");
	else
		became = step->take(cmdline);
	if (became.pid == 0)
		say(step, became.result, became.detail, began);
	return (struct boot_program){
		.pid = became.pid, .awaited = became.result == STEP_STARTED };
}

void boot_ended(int number, int status, int64_t since)
{
	char detail[32];

	if (status == 0) {
		say(&steps[number], STEP_DONE, NULL, since * 1000);
		return;
	}
	(void)text_format(detail, sizeof detail, WIFEXITED(status) ? "exit status %d" : "signal %d",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	say(&steps[number], STEP_FAILED, detail, since * 1000);
}

void boot_late(int number, pid_t pid, int64_t since)
{
	char detail[64];

	(void)text_format(detail, sizeof detail, "process %d takes too long, not waited for",
		(int)pid);
	say(&steps[number], STEP_FAILED, detail, since * 1000);
}

void boot_resume(int number, struct cmdline *cmdline)
{
	for (int i = 0; i < number; i++)
		if (steps[i].take == read_cmdline && !cmdline_skips(cmdline, steps[i].name))
			(void)read_cmdline(cmdline);	/* what was wrong with it was said */
}

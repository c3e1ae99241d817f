/* SPDX-License-Identifier: MIT */
#include "program.h"

#include "identity.h"
#include "listing.h"
#include "nofile.h"

#include "clock.h"
#include "command.h"
#include "container.h"
#include "files.h"
#include "message.h"
#include "signals.h"
#include "spawn.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not a listing: the directory has not been looked at. */
#define NOT_LISTED 0xffff

#define STATUS "supervise/status"
#define STATUS_NEW STATUS ".new"

/* Letters read from `control` at a time. */
#define LETTERS 64

/* What of a record could not be written is tried again after so many ms. */
#define WRITE_AGAIN_MS 5000

static const char *suffix(const struct program *program)
{
	return program->is_log ? "/log" : "";
}

/* --- opening ---------------------------------------------------------------- */

static void main_ended(struct loop_child *child, pid_t pid, int status);
static void script_ended(struct loop_child *child, pid_t pid, int status);

void program_init(struct program *program)
{
	memset(program, 0, sizeof *program);
	program->input = program->output = SPAWN_KEEP;
	program->directory = program->lock = -1;
	program->control = program->ok = program->pidfd = -1;
	program->notify = program->notify_end = -1;
	program->listing = NOT_LISTED;
	program->main_child.ended = main_ended;
	program->script_child.ended = script_ended;
}

/* supervise/ may be a link, also to a directory that is not there yet (people put
 * it on /run): then the target is made. */
static bool make_supervise(struct program *program)
{
	int directory = program->directory;
	char target[PATH_MAX];
	ssize_t length;

	program->is_new = mkdirat(directory, "supervise", 0700) == 0;
	if (program->is_new)
		return true;
	if (errno == EROFS) {
		if (faccessat(directory, "supervise", F_OK, 0) == 0)
			return true;
		errno = EROFS;
	}
	if (errno != EEXIST)
		return false;
	length = readlinkat(directory, "supervise", target, sizeof target - 1);
	if (length < 0)
		return errno == EINVAL;		/* no link */
	target[length] = '\0';
	return mkdirat(directory, target, 0700) == 0 || errno == EEXIST;
}

/* What is there is kept as it is, mode and owner: people delegate by them; but whoever has
 * supervise/ might have us open what he cannot himself, by a link. */
static int open_fifo(int directory, const char *path, int flags, bool *made)
{
	struct stat found;
	int fd;

	*made = mkfifoat(directory, path, 0600) == 0;
	if (!*made && errno != EEXIST)
		return -1;
	fd = files_open(directory, path, flags | O_NOFOLLOW, 0);
	if (fd < 0 || *made)
		return fd;
	if (fstat(fd, &found) == 0 && !S_ISFIFO(found.st_mode)) {
		files_close(&fd);
		errno = ENOTSUP;
	}
	return fd;
}

int program_open_fifo(int directory, const char *path, int flags)
{
	bool made;

	return open_fifo(directory, path, flags, &made);
}

const char *program_open(struct program *program, int directory)
{
	bool made;

	program->directory = directory;
	if (!make_supervise(program))
		return "make supervise/";
	program->lock = files_open(directory, "supervise/lock",
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0600);
	if (program->lock < 0)
		return "open supervise/lock";
	if (flock(program->lock, LOCK_EX | LOCK_NB) < 0)
		return "lock supervise/lock";
	/* for reading and writing: a FIFO with no writer left would be at its end
	 * of file, and so readable, for ever (fifo(7)) */
	program->control = open_fifo(directory, "supervise/control", O_RDWR, &made);
	/* who had the lock between our making supervise/ and that has made this, before any record */
	program->is_new = program->is_new && made;
	if (program->control < 0)
		return "open supervise/control";
	program->listing = (unsigned short)listing_read(directory);
	return NULL;
}

static void control_ready(struct loop_watch *watch);
static void adopted_ended(struct loop_watch *watch);

/* --- the record ----------------------------------------------------------------- */

/* Told once, until all of it is written. */
static void not_written(struct program *program, const char *path)
{
	if (program->is_unwritten)
		return;
	program->is_unwritten = true;
	message(MESSAGE_WARNING, "%s%s: cannot write %s: %s", *program->name,
		suffix(program), path, strerror(errno));
}

static bool put(const struct program *program, const char *path, const char *temporary,
	const void *data, size_t size)
{
	return program->is_new ? files_make(program->directory, path, temporary, data, size) :
		files_replace(program->directory, path, temporary, data, size);
}

static bool publish_text(struct program *program, const char *path, const char *temporary,
	const char *text, size_t length)
{
	if (put(program, path, temporary, text, length))
		return true;
	not_written(program, path);
	return false;
}

/* Whatever is not known of it, nobody adopts by. */
static struct status_identity identity_of(const struct program *program)
{
	struct status_identity identity = {
		.device = program->device, .inode = program->inode,
		.pid = program->pid, .start = program->start, .margin = program->margin,
	};

	(void)identity_here(&identity);
	return identity;
}

static void encode_record(const struct program *program, const struct status_memory *memory,
	unsigned char record[STATUS_RECORD_BYTES])
{
	const struct status_identity identity = identity_of(program);

	status_encode_record(&program->status, &identity, memory, record);
}

static bool write_record(struct program *program, const struct status_memory *memory)
{
	unsigned char record[STATUS_RECORD_BYTES];
	int error;

	encode_record(program, memory, record);
	if (put(program, STATUS, STATUS_NEW, record, sizeof record))
		return true;
	error = errno;
	/* on a full disk: rather one that may be seen half written, which its sum
	 * shows, than one that is not true */
	if (files_overwrite(program->directory, STATUS, record, sizeof record))
		return true;
	errno = error;
	return false;
}

/* What people read is as it was published; the rest is for the next supervisor, who
 * waits for the lock and so cannot see a half of it. (svctl may, and reads again.) A
 * new file would be most of what a start costs beside the fork. */
static bool write_signature(struct program *program, const struct status_memory *memory)
{
	unsigned char record[STATUS_RECORD_BYTES];

	encode_record(program, memory, record);
	/* its own descriptor of the directory it has not any more, but is in it */
	return files_overwrite(AT_FDCWD, STATUS, record, sizeof record) ||
		files_replace(AT_FDCWD, STATUS, STATUS_NEW, record, sizeof record);
}

/* The status is there from the first moment, before anything has been done. */
static void publish_first(struct program *program)
{
	struct status_memory memory;

	program->status.changed = clock_wall();
	monitor_status(&program->monitor, &program->status);
	monitor_remember(&program->monitor, &memory);
	if (!write_record(program, &memory))
		not_written(program, STATUS);
}

/* The texts beside the status, where they are not so already. */
static bool publish_texts(struct program *program, const struct status *before)
{
	const struct status *status = &program->status;
	char text[STATUS_TEXT_BYTES], old[STATUS_TEXT_BYTES];
	size_t length = 0;
	bool all = !program->has_texts, written = true;

	if (status->pid != 0)
		length = text_format(text, sizeof text, "%d\n", (int)status->pid);
	if (all || status->pid != before->pid)
		written = publish_text(program, "supervise/pid", "supervise/pid.new", text, length);
	length = status_describe(status, text);
	if (all || status_describe(before, old) != length || memcmp(text, old, length) != 0)
		written = publish_text(program, "supervise/stat", "supervise/stat.new", text,
			length) && written;
	return written;
}

/* In this order: sv looks at `status`, so the others are there when it does. */
static void publish(struct program *program)
{
	const struct status before = program->status;
	struct status_memory memory;

	monitor_status(&program->monitor, &program->status);
	monitor_remember(&program->monitor, &memory);
	if (program->status.pid == 0)
		program->pid = 0;
	program->has_texts = publish_texts(program, &before);
	program->is_new = false;
	if (write_record(program, &memory))
		program->is_unwritten = !program->has_texts;
	else
		not_written(program, STATUS);
	program->is_unpublished = false;
}

static void publish_soon(struct program *program)
{
	struct supervisor *supervisor = program->supervisor;

	if (!program->is_listed) {
		if (supervisor->unpublished == NULL)
			supervisor->unpublished = program;
		else
			supervisor->last_unpublished->next_unpublished = program;
		supervisor->last_unpublished = program;
		program->next_unpublished = NULL;
	}
	program->is_listed = program->is_unpublished = true;
}

/* What is wanted must be on record before it is done; all else is written once, at
 * the end of the turn: what a child has signed is enough for the next supervisor. */
static void record_change(struct program *program, const struct monitor_action *action)
{
	if (action->changed)
		program->status.changed = clock_wall();
	if (action->first)
		publish(program);
	else
		publish_soon(program);
}

void program_publish_all(struct supervisor *supervisor)
{
	/* its exec wakes us, and on one CPU we would run in its place; one who waits
	 * for its service has more of it running than of our having said so */
	if (supervisor->has_started && !supervisor->is_awaited)
		(void)sched_yield();	/* cannot fail */
	supervisor->has_started = supervisor->is_awaited = false;
	while (supervisor->unpublished != NULL) {
		struct program *program = supervisor->unpublished;

		supervisor->unpublished = program->next_unpublished;
		program->is_listed = false;
		if (program->is_unpublished) {
			bool was_unwritten = program->is_unwritten;

			publish(program);
			/* its timer is not for that yet */
			if (program->is_unwritten && !was_unwritten)
				supervisor->turn(program->service);
		}
	}
}

/* What its directory has in this turn; in the first one, what it had when it was opened,
 * unless a letter has come: what has been put there before that is heeded. */
static unsigned listing_of(struct program *program)
{
	if (program->listing == NOT_LISTED || files_has_input(program->control))
		program->listing = (unsigned short)listing_read_again(program->directory);
	return program->listing;
}

static bool read_options(struct program *program)
{
	struct options options;

	if (!options_read(&options, program->directory, listing_of(program), *program->name,
	    suffix(program), &program->options_seen))
		return false;
	program->monitor.options = options.monitor;
	program->notification_fd = (short)options.notification_fd;
	return true;
}

/* --- readiness ------------------------------------------------------------------ */

/* The service writes a line to a descriptor of its choice when it is ready (s6's
 * notification-fd). It is a FIFO, as the log pipe is, for the next supervisor. */

/* As read(2), but what is there stays there. */
static ssize_t peek(int fifo, char *bytes, size_t size)
{
	ssize_t got;
	int copy[2];

	if (pipe2(copy, O_CLOEXEC) < 0)
		return -1;
	got = tee(fifo, copy[1], size, SPLICE_F_NONBLOCK);
	if (got > 0)
		got = read(copy[0], bytes, (size_t)got);
	files_close(&copy[0]);
	files_close(&copy[1]);
	return got;
}

/* It is on record before it goes from the FIFO: the next supervisor hears it there or
 * knows it. */
static void heard(struct program *program)
{
	monitor_ready(&program->monitor);
	program->supervisor->turn(program->service);
	if (program->is_unpublished)
		publish(program);
	/* it may be the next run's, which the turn has started */
	if (program->monitor.readiness != MONITOR_AWAITED)
		loop_close(program->supervisor->loop, &program->notify);
	if (program->is_unwritten)
		program->supervisor->turn(program->service);
}

static void notified(struct loop_watch *watch)
{
	struct program *program = CONTAINER_OF(watch, struct program, notify_watch);
	char bytes[64];
	bool stays = true;
	ssize_t got;

	/* the event may have been on its way when we closed it */
	if (program->notify < 0)
		return;
	got = peek(program->notify, bytes, sizeof bytes);
	if (got < 0 && errno != EAGAIN) {
		/* rather lost, should we be killed just now, than not heard */
		got = read(program->notify, bytes, sizeof bytes);
		stays = false;
	}
	if (got > 0 && memchr(bytes, '\n', (size_t)got) != NULL) {
		heard(program);
		return;
	}
	/* it says nothing, and would be told of again and again; what is behind it is told
	 * of again, when others have had their turn */
	if (got > 0 && stays)
		(void)read(program->notify, bytes, (size_t)got);
	if (got != 0)
		return;
	/* its end of file, which would come again and again: it will say nothing, and the
	 * next supervisor is to know that, too */
	loop_close(program->supervisor->loop, &program->notify);
	(void)unlinkat(program->directory, "supervise/notify", 0);	/* at worst it does not */
}

static void listen_for_readiness(struct program *program)
{
	program->notify_watch = (struct loop_watch){ .ready = notified };
	if (program->notify < 0)
		program->notify = program_open_fifo(program->directory, "supervise/notify", O_RDONLY);
	if (program->notify < 0 || !loop_watch(program->supervisor->loop, program->notify,
	    &program->notify_watch))
		message(MESSAGE_ERROR, "%s%s: cannot listen for its readiness: %s",
			*program->name, suffix(program), strerror(errno));
}

/* The service of a supervisor before us has not said that it is ready. If nobody has
 * its end of the FIFO open any more, while no supervisor has seen that, it has closed
 * it since, as is done after saying it; what it wrote has gone with it. */
static void go_on_listening(struct program *program)
{
	int end = files_open(program->directory, "supervise/notify", O_WRONLY | O_NOFOLLOW, 0);

	if (end < 0 && errno == ENXIO) {
		/* one that has ended has it closed, too, whatever it had said */
		if (!identity_has_ended(program->pidfd))
			monitor_ready(&program->monitor);
	} else if (end >= 0 || errno != ENOENT)
		/* while it is open here, nothing gets lost in between */
		listen_for_readiness(program);
	files_close(&end);
}

/* A new FIFO for each run: what is left of the last one cannot speak for this one.
 * Returns the service's end, open for reading too, so that a supervisor's death
 * is no SIGPIPE; -1 if there is none. */
static int open_notification(struct program *program)
{
	int end;

	loop_close(program->supervisor->loop, &program->notify);
	if (!program->monitor.options.notifies)
		return -1;
	(void)unlinkat(program->directory, "supervise/notify", 0);	/* ENOENT; others show below */
	program->notify = program_open_fifo(program->directory, "supervise/notify", O_RDONLY);
	end = program->notify < 0 ? -1 :
		program_open_fifo(program->directory, "supervise/notify", O_RDWR);
	if (end < 0 || fcntl(end, F_SETFL, 0) < 0)
		message(MESSAGE_ERROR, "%s%s: cannot make supervise/notify: %s",
			*program->name, suffix(program), strerror(errno));
	return end;
}

/* --- adoption ------------------------------------------------------------------- */

/* Whether processes are left in GROUP, whose leader has ended. As long as there are
 * its number is nobody's pid (kernel/pid.c), but the leader's own until it is reaped:
 * of one that was adopted, by somebody else, who may take his time, or do it just now:
 * so whether it has gone is asked last. If it is another's the group has gone. */
static bool is_left(pid_t group)
{
	return kill(-group, 0) == 0 && (identity_is_zombie(group) || kill(group, 0) < 0);
}

static void end_group(pid_t group)
{
	if (group != 0 && is_left(group))
		(void)kill(-group, SIGKILL);	/* ESRCH: they have ended since */
}

/* Nobody can have written what FACTS are of but root or ourselves. Who was given supervise/
 * has his own in there as he likes. */
static bool is_trusted(const struct stat *facts)
{
	return S_ISREG(facts->st_mode) && facts->st_nlink == 1 &&
		(facts->st_uid == 0 || facts->st_uid == geteuid()) &&
		(facts->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* What run, of process PID, has left behind while nobody supervised: as in ended(). */
static void take_group(const struct program *program, pid_t pid, struct status_memory *memory)
{
	if (program->pidfd >= 0 || pid <= 0 ||
	    !monitor_ends_group(&program->monitor.options, memory) || !is_left(pid))
		return;
	if (memory->group != pid)
		end_group(memory->group);
	memory->group = pid;
}

/* Takes over what the last supervisor recorded, if the record is of this
 * directory, namespace and boot. Whether its process is alive is known only once
 * it cannot be another's: see identity_open. Returns 1, 0 if there is nothing to
 * take over, or -1 with errno. */
static int adopt(struct program *program)
{
	struct loop *loop = program->supervisor->loop;
	unsigned char record[STATUS_RECORD_BYTES + 2];
	struct status status;
	struct status_identity identity, here = identity_of(program);
	struct status_memory memory;
	struct stat facts;
	ssize_t size;

	if (program->is_new)
		return 0;
	size = files_read_no_link(program->directory, STATUS, (char *)record, sizeof record, &facts);
	program->is_new = size < 0 && errno == ENOENT;
	if (program->is_new)
		return 0;
	if (size < 0)
		return -1;
	if (!status_decode_record(record, (size_t)size, &status, &identity, &memory))
		return 0;
	if (!identity_here(&here) && errno != ENOENT)
		return -1;
	if (!identity_is_same_place(&identity, &here) || identity_is_before(&identity))
		return 0;
	if (!read_options(program))
		return -1;
	program->pidfd = identity_open(&identity);
	/* what may be running is not started beside it */
	if (program->pidfd < 0 && errno != ESRCH)
		return -1;
	if (is_trusted(&facts))
		take_group(program, identity.pid, &memory);
	else {
		/* processes that it names would get our signals, whoever's they are */
		memory.group = 0;
		if (program->pidfd >= 0) {
			files_close(&program->pidfd);
			errno = EBADMSG;
			return -1;
		}
	}
	if (!monitor_adopt(&program->monitor, &status, &memory, identity.pid, program->pidfd >= 0,
	    loop->now)) {
		files_close(&program->pidfd);
		return 0;
	}
	program->pidfd_watch = (struct loop_watch){ .ready = adopted_ended };
	if (program->pidfd >= 0 && !loop_watch(loop, program->pidfd, &program->pidfd_watch))
		return -1;
	if (program->pidfd >= 0) {
		program->pid = identity.pid;
		program->start = identity.start;
		program->margin = identity.margin;
	}
	program->last_pid = identity.pid;
	program->status = status;
	if (program->monitor.readiness == MONITOR_AWAITED)
		go_on_listening(program);
	return 1;
}

const char *program_supervise(struct program *program)
{
	struct options options;
	struct stat found;
	/* runsv.c: stat(2); a link to nothing is none */
	bool down = fstatat(program->directory, "down", &found, 0) == 0;
	int adopted;

	if (fstat(program->directory, &found) < 0)
		return "look at it";
	program->device = found.st_dev;
	program->inode = found.st_ino;
	program->control_watch = (struct loop_watch){ .ready = control_ready };
	if (!loop_watch(program->supervisor->loop, program->control, &program->control_watch))
		return "watch supervise/control";
	/* what its files say is read when it starts */
	options_begin(&options);
	program->notification_fd = OPTIONS_NO_FD;
	monitor_init(&program->monitor, program->is_log, down ? MONITOR_WANT_DOWN : MONITOR_WANT_UP,
		&options.monitor);
	adopted = adopt(program);
	if (adopted < 0)
		return "take it over from the last supervisor";
	if (adopted == 0)
		publish_first(program);
	/* last of all: whoever can open it for writing may count on the rest */
	program->ok = program_open_fifo(program->directory, "supervise/ok", O_RDONLY);
	return program->ok < 0 ? "open supervise/ok" : NULL;
}

/* --- doing what the monitor says ---------------------------------------------- */

/* Is it news that the start that was asked for has failed with ERROR? 0: it has not. */
static bool is_news(struct program *program, int error)
{
	const struct monitor *monitor = &program->monitor;
	bool news;

	if (monitor->asked == MONITOR_START_CONTROL) {
		uint16_t bit = (uint16_t)(1U << (command_find(monitor->script) - command_table));

		news = error != 0 && (program->said_scripts & bit) == 0;
		program->said_scripts = (uint16_t)(error != 0 ? program->said_scripts | bit :
			program->said_scripts & ~bit);
	} else {
		news = error != 0 && error != program->said[monitor->asked];
		program->said[monitor->asked] = (unsigned char)error;	/* they end at 133 */
	}
	return news;
}

static void tell_not_started(struct program *program, const char *path, int error)
{
	const char *why = strerror(error);

	if (!is_news(program, error))
		return;
	if (error == ENOENT && faccessat(program->directory, path, F_OK, 0) == 0)
		why = "the interpreter its first line names is not there";
	message(MESSAGE_ERROR, "%s%s: cannot execute %s: %s", *program->name, suffix(program), path,
		why);
}

static void ended(struct program *program, pid_t pid, int status)
{
	int64_t now = program->supervisor->loop->now;

	if (program->monitor.got_term)
		program->supervisor->is_awaited = true;
	/* with others in it, or until an adopted one has been reaped by its parent */
	if (kill(-pid, 0) == 0)
		end_group(monitor_left_behind(&program->monitor, pid, now));
	(void)monitor_exited(&program->monitor, pid, status, now);
	program->supervisor->turn(program->service);
}

static void main_ended(struct loop_child *child, pid_t pid, int status)
{
	ended(CONTAINER_OF(child, struct program, main_child), pid, status);
}

static void script_ended(struct loop_child *child, pid_t pid, int status)
{
	ended(CONTAINER_OF(child, struct program, script_child), pid, status);
}

/* A process that is not our child can be seen to end, but not how. */
static void adopted_ended(struct loop_watch *watch)
{
	struct program *program = CONTAINER_OF(watch, struct program, pidfd_watch);

	/* the event may have been on its way when we closed it */
	if (program->pidfd < 0)
		return;
	loop_close(program->supervisor->loop, &program->pidfd);
	ended(program, program->pid, MONITOR_UNKNOWN);
}

/* What a child that signs itself in has of our descriptors: the lock, so that
 * nobody takes it before that is done, and its own end of the FIFO `notify`, if it
 * is to have one. */
enum { CARRY_LOCK, CARRY_NOTIFY, CARRY_COUNT };

/* In the child: its own end of the FIFO becomes descriptor NUMBER. */
static int hand_over(int number)
{
	const int end = SPAWN_CARRIED + CARRY_NOTIFY;

	/* dup2(2) leaves close-on-exec as it is if both are the same */
	if (end == number ? fcntl(end, F_SETFD, 0) < 0 : dup2(end, number) < 0)
		return errno;
	return nofile_restore(NULL);
}

struct signing {
	struct program *program;
	int error;		/* why it failed; 0: it did not */
};

/* In the child, before it executes run or finish: it signs itself into the record.
 * From the fork on it may be that nobody else is left to do so. What people read
 * stays as it is until it is known whether the program could be executed. The
 * child shares our memory, so we know as well what it has found out. It says nothing
 * itself: its standard error may be a full pipe that is read by us, who wait for it. */
static int sign(void *argument)
{
	struct signing *signing = argument;
	struct program *program = signing->program;
	struct status_memory memory;
	uint64_t now;

	program->pid = getpid();
	/* between what it was before the fork and now: to ask /proc would cost as much
	 * as the fork, for it makes a directory for each process it is asked for */
	now = identity_now();
	program->margin = (uint32_t)(now - program->start);
	program->start = now;
	monitor_remember_start(&program->monitor, clock_now() + 1, &memory);
	if (!write_signature(program, &memory))
		signing->error = errno;
	/* after that, as it may take the place of a descriptor that was needed */
	return program->notify_end < 0 ? nofile_restore(NULL) :
		hand_over(program->notification_fd);
}

/* Starts PATH and answers the monitor. */
static void start(struct program *program, const char *path, char *const *argv,
	struct loop_child *child)
{
	const struct supervisor *supervisor = program->supervisor;
	struct loop *loop = supervisor->loop;
	struct signing signing = { .program = program };
	struct spawn description = {
		.path = path,
		.argv = argv,
		.directory = program->directory,
		.fd = { program->input, program->output, SPAWN_KEEP },
		.session = supervisor->sessions,
		.prepare = nofile_restore,
		.argument = &signing,
	};
	enum spawn_result result;
	pid_t pid;
	int error;

	/* what people read meanwhile is of before, but whole */
	if (program->is_unpublished)
		publish(program);
	if (child == &program->main_child) {
		description.prepare = sign;
		description.carry[CARRY_LOCK] = program->lock;
		description.carry[CARRY_NOTIFY] = program->notify_end;
		description.carried = CARRY_COUNT;
		program->start = identity_now();
	}
	result = spawn(&description, &pid, &error);
	if (signing.error != 0) {
		errno = signing.error;
		not_written(program, STATUS);
	}
	switch (result) {
	case SPAWN_STARTED:
		loop_child(loop, child, pid);
		program->supervisor->has_started = true;
		(void)is_news(program, 0);
		/* as of now, when it has been made, and with the part of a ms that
		 * the clock cuts off: so much must lie between two starts */
		loop->now = clock_now();
		monitor_started(&program->monitor, pid, loop->now + 1);
		break;
	case SPAWN_NO_PROCESS:
		tell_not_started(program, path, error);
		monitor_not_started(&program->monitor, MONITOR_LATER, error, loop->now);
		break;
	case SPAWN_NO_PROGRAM:
		tell_not_started(program, path, error);
		monitor_not_started(&program->monitor, MONITOR_FAILED, error, loop->now);
		break;
	}
}

static void start_run(struct program *program)
{
	char *argv[] = { (char []){ "./run" }, NULL };

	if (!read_options(program)) {
		tell_not_started(program, "./run", errno);
		monitor_not_started(&program->monitor, MONITOR_LATER, 0,
			program->supervisor->loop->now);
		return;
	}
	program->notify_end = open_notification(program);
	start(program, "./run", argv, &program->main_child);
	files_close(&program->notify_end);
	if (program->notify >= 0)
		listen_for_readiness(program);
	program->last_pid = program->monitor.pid;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* finish gets: the exit code, or -1 if there is none; the low byte of the wait
 * status (runit's rule: the core dump bit is in it), 0 if how it ended is not
 * known; and as in s6, the name and the process group. */
static void start_finish(struct program *program)
{
	int status = program->monitor.last_status;
	bool known = status != MONITOR_UNKNOWN;
	char code[12], low[12], name[NAME_MAX + 1], group[12];
	char *argv[] = { (char []){ "./finish" }, code, low, name, group, NULL };
	pid_t leader = program->supervisor->sessions ? program->last_pid : getpgrp();

	/* without flags: for those it takes faccessat2(2), of Linux 5.8, which filters of
	 * system calls that are older refuse */
	if (faccessat(program->directory, "finish", R_OK, 0) < 0) {
		monitor_not_started(&program->monitor, MONITOR_ABSENT, 0,
			program->supervisor->loop->now);
		return;
	}
	(void)text_format(code, sizeof code, "%d",
		known && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	(void)text_format(low, sizeof low, "%d", known ? status & 0xff : 0);
	(void)text_copy(name, sizeof name, base_name(*program->name));
	(void)text_format(group, sizeof group, "%d", (int)leader);
	start(program, "./finish", argv, &program->main_child);
}

/* A start comes after u, and needs the listing in any case if there is no script. */
static bool has_control(struct program *program, char letter, const char *path)
{
	struct stat found;
	bool there;

	if (letter == 'u' && !program->had_u && !(listing_of(program) & LISTING_CONTROL))
		return false;
	there = fstatat(program->directory, path, &found, 0) == 0;
	if (letter == 'u' && (there || errno == ENOENT))
		program->had_u = there;
	return there && (found.st_mode & S_IXUSR);
}

static void start_control(struct program *program, char letter)
{
	char path[] = "control/?";
	char *argv[] = { path, NULL };

	path[sizeof path - 2] = letter;
	if (!has_control(program, letter, path)) {
		monitor_not_started(&program->monitor, MONITOR_ABSENT, 0,
			program->supervisor->loop->now);
		return;
	}
	start(program, path, argv, &program->script_child);
}

static void send_signal(struct program *program, const struct monitor_action *action)
{
	bool adopted = program->pidfd >= 0 && action->pid == program->pid;
	int result = adopted ? identity_signal(program->pidfd, action->signal) :
		kill(action->pid, action->signal);

	/* ESRCH: it has ended, and we are about to see it */
	if (result < 0 && errno != ESRCH)
		message(MESSAGE_ERROR, "%s%s: cannot send %s to %d: %s", *program->name,
			suffix(program), signals_name(action->signal), (int)action->pid,
			strerror(errno));
}

static void do_action(struct program *program, const struct monitor_action *action)
{
	switch (action->verb) {
	case MONITOR_START_RUN:
		start_run(program);
		break;
	case MONITOR_START_FINISH:
		start_finish(program);
		break;
	case MONITOR_START_CONTROL:
		start_control(program, action->letter);
		break;
	case MONITOR_OVERDUE:
		message(MESSAGE_WARNING, "%s%s: %d has not ended in time: sending %s",
			*program->name, suffix(program), (int)action->pid,
			signals_name(action->signal));
		send_signal(program, action);
		if (action->whole)
			(void)kill(-action->pid, SIGKILL);	/* ESRCH: it leads none */
		break;
	case MONITOR_GROUP:
		if (action->signal == SIGKILL)
			end_group(action->pid);
		else if (!is_left(action->pid))
			monitor_group_gone(&program->monitor);
		break;
	case MONITOR_SIGNAL:
		send_signal(program, action);
		break;
	case MONITOR_TELL_FAILED:
		message(MESSAGE_ERROR, "%s%s: has failed: it stays down until it is wanted up again",
			*program->name, suffix(program));
		break;
	case MONITOR_PUBLISH:
		record_change(program, action);
		break;
	}
}

void program_turn(struct program *program)
{
	struct monitor_action action;

	while (!program->is_retired &&
	    monitor_next(&program->monitor, program->supervisor->loop->now, &action))
		do_action(program, &action);
	program->listing = NOT_LISTED;
	if (program->is_unwritten)
		publish_soon(program);
}

int64_t program_deadline(const struct program *program)
{
	int64_t due = program->is_retired ? CLOCK_NEVER : monitor_deadline(&program->monitor);
	int64_t again = program->is_unwritten ? program->supervisor->loop->now + WRITE_AGAIN_MS :
		CLOCK_NEVER;

	return due < again ? due : again;
}

static void control_ready(struct loop_watch *watch)
{
	struct program *program = CONTAINER_OF(watch, struct program, control_watch);
	char letters[LETTERS];
	ssize_t got;

	/* the event may have been on its way when we closed it */
	if (program->control < 0)
		return;
	got = read(program->control, letters, sizeof letters);
	if (program->is_retired)
		return;
	program->supervisor->is_awaited = true;
	program->listing = NOT_LISTED;
	for (ssize_t i = 0; i < got; i++)
		/* a ./run that has others started (sv up OTHER) may be about to */
		if (!program->supervisor->stopping || strchr("uo", letters[i]) == NULL)
			monitor_letter(&program->monitor, letters[i], program->supervisor->loop->now);
	program->supervisor->turn(program->service);
}

/* --- the end -------------------------------------------------------------------- */

void program_retire(struct program *program)
{
	if (program->is_unpublished)
		publish(program);
	program->is_retired = true;
}

void program_close(struct program *program)
{
	struct loop *loop = program->supervisor->loop;

	if (program->is_unpublished)
		publish(program);
	loop_close(loop, &program->notify);
	loop_close(loop, &program->pidfd);
	files_close(&program->ok);
	loop_close(loop, &program->control);
	files_close(&program->lock);
	files_close(&program->directory);
}

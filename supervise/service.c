/* SPDX-License-Identifier: MIT */
#include "service.h"

#include "identity.h"
#include "nofile.h"

#include "clock.h"
#include "files.h"
#include "message.h"
#include "signals.h"
#include "spawn.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Letters read from `control` at a time. */
#define LETTERS 64

static const char *suffix(const struct process *process)
{
	return process == &process->service->log ? "/log" : "";
}

/* --- opening ---------------------------------------------------------------- */

static void process_init(struct process *process, struct service *service)
{
	process->service = service;
	process->directory = process->supervise = process->lock = -1;
	process->control = process->ok = process->pidfd = -1;
	process->notify = process->notify_end = -1;
}

static void process_close(struct process *process)
{
	struct loop *loop = process->service->context->loop;

	loop_close(loop, &process->notify);
	loop_close(loop, &process->pidfd);
	files_close(&process->ok);
	loop_close(loop, &process->control);
	files_close(&process->lock);
	files_close(&process->supervise);
	files_close(&process->directory);
}

/* supervise/ may be a link, also to a directory that is not there yet (people put
 * it on /run): then the target is made. */
static bool make_supervise(int directory)
{
	char target[PATH_MAX];
	ssize_t length;

	if (mkdirat(directory, "supervise", 0700) == 0)
		return true;
	if (errno != EEXIST)
		return errno == EROFS && faccessat(directory, "supervise", F_OK, 0) == 0;
	length = readlinkat(directory, "supervise", target, sizeof target - 1);
	if (length < 0)
		return errno == EINVAL;		/* no link */
	target[length] = '\0';
	return mkdirat(directory, target, 0700) == 0 || errno == EEXIST;
}

/* What is there is kept as it is, mode and owner: people delegate by them. */
static int open_fifo(int supervise, const char *name, int flags)
{
	struct stat found;
	int fd;

	if (mkfifoat(supervise, name, 0600) < 0 && errno != EEXIST)
		return -1;
	fd = files_open(supervise, name, flags, 0);
	if (fd < 0)
		return -1;
	if (fstat(fd, &found) == 0 && !S_ISFIFO(found.st_mode)) {
		files_close(&fd);
		errno = ENOTSUP;
	}
	return fd;
}

/* Opens what a process needs in its directory, which becomes its own. Returns
 * what it failed at, with errno, or NULL. */
static const char *process_open(struct process *process, int directory)
{
	process->directory = directory;
	if (!make_supervise(directory))
		return "make supervise/";
	process->supervise = files_open(directory, "supervise", O_RDONLY | O_DIRECTORY, 0);
	if (process->supervise < 0)
		return "open supervise/";
	process->lock = files_open(process->supervise, "lock", O_WRONLY | O_APPEND | O_CREAT, 0600);
	if (process->lock < 0)
		return "open supervise/lock";
	if (flock(process->lock, LOCK_EX | LOCK_NB) < 0)
		return "lock supervise/lock";
	/* for reading and writing: a FIFO with no writer left would be at its end
	 * of file, and so readable, for ever (fifo(7)) */
	process->control = open_fifo(process->supervise, "control", O_RDWR);
	return process->control < 0 ? "open supervise/control" : NULL;
}

static const char *reason(int error)
{
	if (error == EWOULDBLOCK)
		return "another supervisor holds it";
	if (error == ENOTSUP)
		return "not a FIFO";
	return strerror(error);
}

static void control_ready(void *owner);
static void adopted_ended(void *owner);

/* --- the record ----------------------------------------------------------------- */

static void tell_not_written(const struct process *process, const char *name)
{
	message(MESSAGE_WARNING, "%s%s: cannot write supervise/%s: %s", process->service->name,
		suffix(process), name, strerror(errno));
}

static void publish_text(struct process *process, const char *name, const char *temporary,
	const char *text, size_t length)
{
	if (!files_replace(process->supervise, name, temporary, text, length))
		tell_not_written(process, name);
}

static bool write_record(struct process *process, const struct status_memory *memory)
{
	unsigned char record[STATUS_RECORD_BYTES];
	int error;

	status_encode_record(&process->status, &process->identity, memory, record);
	if (files_replace(process->supervise, "status", "status.new", record, sizeof record))
		return true;
	error = errno;
	/* on a full disk: rather one that may be seen half written, which its sum
	 * shows, than one that is not true */
	if (files_overwrite(process->supervise, "status", record, sizeof record))
		return true;
	errno = error;
	return false;
}

/* The status is there from the first moment, before anything has been done. */
static void publish_first(struct process *process)
{
	struct status_memory memory;

	process->status.changed = clock_wall();
	monitor_status(&process->monitor, &process->status);
	monitor_remember(&process->monitor, &memory);
	if (!write_record(process, &memory))
		tell_not_written(process, "status");
}

/* --- readiness ------------------------------------------------------------------ */

/* The service writes a line to a descriptor of its choice when it is ready (s6's
 * notification-fd). It is a FIFO, as the log pipe is, for the next supervisor. */

static void notified(void *owner)
{
	struct process *process = owner;
	char bytes[64];
	ssize_t got;

	/* the event may have been on its way when we closed it */
	if (process->notify < 0)
		return;
	while ((got = read(process->notify, bytes, sizeof bytes)) > 0)
		if (memchr(bytes, '\n', (size_t)got) != NULL) {
			monitor_ready(&process->monitor);
			loop_close(process->service->context->loop, &process->notify);
			service_turn(process->service);
			return;
		}
	/* its end of file, which would come again and again: it will say nothing */
	if (got == 0)
		loop_close(process->service->context->loop, &process->notify);
}

static void listen_for_readiness(struct process *process)
{
	process->notify_watch = (struct loop_watch){ .ready = notified, .owner = process };
	if (process->notify < 0)
		process->notify = open_fifo(process->supervise, "notify", O_RDONLY);
	if (process->notify < 0 || !loop_watch(process->service->context->loop, process->notify,
	    &process->notify_watch))
		message(MESSAGE_ERROR, "%s%s: cannot listen for its readiness: %s",
			process->service->name, suffix(process), strerror(errno));
}

/* A new FIFO for each run: what is left of the last one cannot speak for this one.
 * Returns the service's end, open for reading too, so that a supervisor's death
 * is no SIGPIPE; -1 if there is none. */
static int open_notification(struct process *process)
{
	int end;

	loop_close(process->service->context->loop, &process->notify);
	if (!process->options.monitor.notifies)
		return -1;
	(void)unlinkat(process->supervise, "notify", 0);	/* ENOENT; others show below */
	process->notify = open_fifo(process->supervise, "notify", O_RDONLY);
	end = process->notify < 0 ? -1 : open_fifo(process->supervise, "notify", O_RDWR);
	if (end < 0 || fcntl(end, F_SETFL, 0) < 0)
		message(MESSAGE_ERROR, "%s%s: cannot make supervise/notify: %s",
			process->service->name, suffix(process), strerror(errno));
	return end;
}

/* --- adoption ------------------------------------------------------------------- */

/* Takes over what the last supervisor recorded, if the record is of this
 * directory, namespace and boot. Whether its process is alive is known only once
 * it cannot be another's: see identity_open. */
static bool adopt(struct process *process)
{
	const struct service_context *context = process->service->context;
	unsigned char record[STATUS_RECORD_BYTES + 2];
	struct status status;
	struct status_identity identity;
	struct status_memory memory;
	ssize_t size = files_read(process->supervise, "status", (char *)record, sizeof record);

	if (size < 0 || !status_decode_record(record, (size_t)size, &status, &identity, &memory) ||
	    !identity_is_same_place(&identity, &process->identity))
		return false;
	process->pidfd = identity_open(&identity);
	if (!monitor_adopt(&process->monitor, &status, &memory, identity.pid, process->pidfd >= 0,
	    context->loop->now)) {
		files_close(&process->pidfd);
		return false;
	}
	process->pidfd_watch = (struct loop_watch){ .ready = adopted_ended, .owner = process };
	if (process->pidfd >= 0 &&
	    !loop_watch(context->loop, process->pidfd, &process->pidfd_watch))
		message(MESSAGE_ERROR, "%s%s: cannot watch %d: %s", process->service->name,
			suffix(process), (int)identity.pid, strerror(errno));
	if (process->pidfd >= 0)
		process->identity = identity;
	process->last_pid = identity.pid;
	process->status.changed = status.changed;
	if (process->monitor.readiness == MONITOR_AWAITED)
		listen_for_readiness(process);
	return true;
}

/* Makes what process_open has opened a supervised process, and says so to the
 * world. Returns what it failed at, with errno, or NULL. */
static const char *process_supervise(struct process *process, bool is_log)
{
	bool down = faccessat(process->directory, "down", F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	process->control_watch = (struct loop_watch){ .ready = control_ready, .owner = process };
	if (!loop_watch(process->service->context->loop, process->control, &process->control_watch))
		return "watch supervise/control";
	if (!options_read(&process->options, process->directory, process->service->name,
	    suffix(process)))
		return "read its options";
	monitor_init(&process->monitor, is_log, down ? MONITOR_WANT_DOWN : MONITOR_WANT_UP,
		&process->options.monitor);
	if (!identity_of_directory(process->directory, &process->identity) || !adopt(process))
		publish_first(process);
	/* last of all: whoever can open it for writing may count on the rest */
	process->ok = open_fifo(process->supervise, "ok", O_RDONLY);
	return process->ok < 0 ? "open supervise/ok" : NULL;
}

static void service_close(struct service *service)
{
	process_close(&service->main);
	process_close(&service->log);
	files_close(&service->pipe[0]);
	files_close(&service->pipe[1]);
}

/* A FIFO and not a pipe, so that the next supervisor can open it again, with what
 * is in it. The service's end is open for reading too: should its supervisor and
 * its logger be gone at once, it is not sent SIGPIPE, and writes on. */
static bool open_pipe(struct service *service)
{
	int supervise = service->log.supervise;

	service->pipe[0] = open_fifo(supervise, "pipe", O_RDONLY);
	service->pipe[1] = service->pipe[0] < 0 ? -1 : open_fifo(supervise, "pipe", O_RDWR);
	return service->pipe[1] >= 0 && fcntl(service->pipe[0], F_SETFL, 0) == 0 &&
		fcntl(service->pipe[1], F_SETFL, 0) == 0;
}

static const char *open_log(struct service *service)
{
	int directory = files_open(service->main.directory, "log", O_RDONLY | O_DIRECTORY, 0);
	const char *failed;

	if (directory < 0 && errno == ENOTDIR) {
		message(MESSAGE_WARNING, "%s: log is not a directory: there is no logger",
			service->name);
		return NULL;
	}
	if (directory < 0)
		return errno == ENOENT ? NULL : "open log/";
	service->has_log = true;
	failed = process_open(&service->log, directory);
	if (failed == NULL && !open_pipe(service))
		failed = "open log/supervise/pipe";
	return failed;
}

bool service_open(struct service *service, int directory)
{
	const char *failed;

	service->has_log = false;
	failed = process_open(&service->main, directory);
	if (failed == NULL)
		failed = open_log(service);
	if (failed == NULL && service->has_log)
		failed = process_supervise(&service->log, true);
	if (failed == NULL)
		failed = process_supervise(&service->main, false);
	service->failed = failed;
	if (failed != NULL) {
		service_close(service);		/* leaves errno */
		return false;
	}
	service->stage = SERVICE_SUPERVISED;
	service->said = 0;
	return true;
}

void service_tell(struct service *service, int error)
{
	if (error != service->said)
		message(MESSAGE_ERROR, "%s: cannot %s: %s", service->name, service->failed,
			reason(error));
	service->said = error;
}

/* --- doing what the monitor says ---------------------------------------------- */

static void tell_not_started(struct process *process, const char *program, int error)
{
	const char *why = strerror(error);

	if (error == process->said)
		return;
	process->said = error;
	if (error == ENOENT && faccessat(process->directory, program, F_OK, 0) == 0)
		why = "the interpreter its first line names is not there";
	message(MESSAGE_ERROR, "%s%s: cannot execute %s: %s", process->service->name,
		suffix(process), program, why);
}

static void child_ended(void *owner, pid_t pid, int status)
{
	struct process *process = owner;

	(void)monitor_exited(&process->monitor, pid, status, process->service->context->loop->now);
	service_turn(process->service);
}

/* A process that is not our child can be seen to end, but not how. */
static void adopted_ended(void *owner)
{
	struct process *process = owner;

	/* the event may have been on its way when we closed it */
	if (process->pidfd < 0)
		return;
	loop_close(process->service->context->loop, &process->pidfd);
	child_ended(process, process->identity.pid, MONITOR_UNKNOWN);
}

/* In the child: its own end of the FIFO becomes descriptor NUMBER. */
static int hand_over(int end, int number)
{
	/* dup2(2) leaves close-on-exec as it is if both are the same */
	if (end == number ? fcntl(end, F_SETFD, 0) < 0 : dup2(end, number) < 0)
		return errno;
	return nofile_restore(NULL);
}

/* In the child, before it executes run or finish: it signs itself into the record.
 * From the fork on it may be that nobody else is left to do so. What people read
 * stays as it is until it is known whether the program could be executed. The
 * child shares our memory, so we know as well what it has found out; but not our
 * descriptors, of which it can do without one, should they be used up. */
static int sign(void *argument)
{
	struct process *process = argument;
	struct status_memory memory;

	(void)close(process->control);
	process->identity.pid = getpid();
	process->identity.start = identity_start(0);
	monitor_remember_start(&process->monitor, clock_now() + 1, &memory);
	if (!write_record(process, &memory))
		tell_not_written(process, "status");
	/* after that, as it may take the place of a descriptor that was needed */
	return process->notify_end < 0 ? nofile_restore(NULL) :
		hand_over(process->notify_end, process->options.notification_fd);
}

/* Starts PROGRAM and answers the monitor. */
static void start(struct process *process, const char *program, char *const *argv,
	struct loop_child *child)
{
	const struct service *service = process->service;
	struct loop *loop = service->context->loop;
	bool is_log = process == &service->log;
	struct spawn description = {
		.path = program,
		.argv = argv,
		.directory = process->directory,
		.fd = { SPAWN_KEEP, SPAWN_KEEP,
			service->context->error < 0 ? SPAWN_KEEP : service->context->error },
		.session = service->context->sessions,
		.prepare = child == &process->main_child ? sign : nofile_restore,
		.argument = process,
	};
	pid_t pid;
	int error;

	if (is_log)
		description.fd[0] = service->pipe[0];
	else if (service->has_log)
		description.fd[1] = service->pipe[1];
	switch (spawn(&description, &pid, &error)) {
	case SPAWN_STARTED:
		loop_child(loop, child, pid, process);
		if (child == &process->main_child)
			process->said = 0;
		/* as of now, when it has been made, and with the part of a ms that
		 * the clock cuts off: so much must lie between two starts */
		loop->now = clock_now();
		monitor_started(&process->monitor, pid, loop->now + 1);
		break;
	case SPAWN_NO_PROCESS:
		tell_not_started(process, program, error);
		monitor_not_started(&process->monitor, MONITOR_LATER, error, loop->now);
		break;
	case SPAWN_NO_PROGRAM:
		tell_not_started(process, program, error);
		monitor_not_started(&process->monitor, MONITOR_FAILED, error, loop->now);
		break;
	}
}

static void start_run(struct process *process)
{
	char *argv[] = { (char []){ "./run" }, NULL };

	if (!options_read(&process->options, process->directory, process->service->name,
	    suffix(process))) {
		tell_not_started(process, "./run", errno);
		monitor_not_started(&process->monitor, MONITOR_LATER, 0,
			process->service->context->loop->now);
		return;
	}
	process->monitor.options = process->options.monitor;
	process->notify_end = open_notification(process);
	start(process, "./run", argv, &process->main_child);
	files_close(&process->notify_end);
	if (process->notify >= 0)
		listen_for_readiness(process);
	process->last_pid = process->monitor.pid;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* finish gets: the exit code, or -1 if there is none; the low byte of the wait
 * status (runit's rule: the core dump bit is in it), 0 if how it ended is not
 * known; and as in s6, the name and the process group. */
static void start_finish(struct process *process)
{
	const struct service *service = process->service;
	int status = process->monitor.last_status;
	bool known = status != MONITOR_UNKNOWN;
	char code[12], low[12], name[NAME_MAX + 1], group[12];
	char *argv[] = { (char []){ "./finish" }, code, low, name, group, NULL };
	pid_t leader = service->context->sessions ? process->last_pid : getpgrp();

	if (faccessat(process->directory, "finish", R_OK, AT_EACCESS) < 0) {
		monitor_not_started(&process->monitor, MONITOR_ABSENT, 0, service->context->loop->now);
		return;
	}
	(void)text_format(code, sizeof code, "%d",
		known && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	(void)text_format(low, sizeof low, "%d", known ? status & 0xff : 0);
	(void)text_copy(name, sizeof name, base_name(service->name));
	(void)text_format(group, sizeof group, "%d", (int)leader);
	start(process, "./finish", argv, &process->main_child);
}

static void start_control(struct process *process, char letter)
{
	char path[] = "control/?";
	char *argv[] = { path, NULL };
	struct stat found;

	path[sizeof path - 2] = letter;
	if (fstatat(process->directory, path, &found, 0) < 0 || !(found.st_mode & S_IXUSR)) {
		monitor_not_started(&process->monitor, MONITOR_ABSENT, 0,
			process->service->context->loop->now);
		return;
	}
	start(process, path, argv, &process->script_child);
}

/* In this order: sv looks at `status`, so the others are there when it does. */
static void publish(struct process *process, bool changed)
{
	struct status *status = &process->status;
	struct status_memory memory;
	char text[STATUS_TEXT_BYTES];
	size_t length;

	if (changed)
		status->changed = clock_wall();
	monitor_status(&process->monitor, status);
	monitor_remember(&process->monitor, &memory);
	if (status->pid == 0)
		process->identity.pid = 0;
	length = status->pid == 0 ? 0 : text_format(text, sizeof text, "%d\n", (int)status->pid);
	publish_text(process, "pid", "pid.new", text, length);
	length = status_describe(status, text);
	publish_text(process, "stat", "stat.new", text, length);
	if (!write_record(process, &memory))
		tell_not_written(process, "status");
}

static void send_signal(struct process *process, const struct monitor_action *action)
{
	bool adopted = process->pidfd >= 0 && action->pid == process->identity.pid;
	int result = adopted ? identity_signal(process->pidfd, action->signal) :
		kill(action->pid, action->signal);

	/* ESRCH: it has ended, and we are about to see it */
	if (result < 0 && errno != ESRCH)
		message(MESSAGE_ERROR, "%s%s: cannot send %s to %d: %s", process->service->name,
			suffix(process), signals_name(action->signal), (int)action->pid,
			strerror(errno));
}

static void do_action(struct process *process, const struct monitor_action *action)
{
	switch (action->verb) {
	case MONITOR_START_RUN:
		start_run(process);
		break;
	case MONITOR_START_FINISH:
		start_finish(process);
		break;
	case MONITOR_START_CONTROL:
		start_control(process, action->letter);
		break;
	case MONITOR_OVERDUE:
		message(MESSAGE_WARNING, "%s%s: %d has not ended in time: sending %s",
			process->service->name, suffix(process), (int)action->pid,
			signals_name(action->signal));
		send_signal(process, action);
		break;
	case MONITOR_SIGNAL:
		send_signal(process, action);
		break;
	case MONITOR_TELL_FAILED:
		message(MESSAGE_ERROR, "%s%s: has failed: it stays down until it is wanted up again",
			process->service->name, suffix(process));
		break;
	case MONITOR_PUBLISH:
		publish(process, action->changed);
		break;
	}
}

static void process_turn(struct process *process)
{
	struct monitor_action action;

	while (monitor_next(&process->monitor, process->service->context->loop->now, &action))
		do_action(process, &action);
}

/* --- what happens --------------------------------------------------------------- */

static void control_ready(void *owner)
{
	struct process *process = owner;
	char letters[LETTERS];
	ssize_t got;

	/* the event may have been on its way when we closed it */
	if (process->control < 0)
		return;
	got = read(process->control, letters, sizeof letters);
	for (ssize_t i = 0; i < got; i++)
		monitor_letter(&process->monitor, letters[i], process->service->context->loop->now);
	service_turn(process->service);
}

/* The service is down for good: nobody controls it any more. Its logger, if it
 * has one, gets end of file: ours are the last ends of the pipe, unless the
 * service left a process behind. */
static void release_main(struct service *service)
{
	files_close(&service->main.ok);
	loop_close(service->context->loop, &service->main.control);
	files_close(&service->pipe[1]);
	service->stage = SERVICE_DRAINING;
	if (service->has_log)
		monitor_drain(&service->log.monitor, service->context->loop->now);
}

static void release_all(struct service *service)
{
	service_close(service);
	timers_set(&service->context->loop->timers, &service->timer, CLOCK_NEVER);
	service->stage = SERVICE_GONE;
	service->next_gone = service->context->gone;
	service->context->gone = service;
}

static void timer_expired(void *owner)
{
	service_turn(owner);
}

void service_init(struct service *service, struct service_context *context, const char *name)
{
	memset(service, 0, sizeof *service);
	service->context = context;
	service->name = name;
	service->stage = SERVICE_OPENING;
	service->pipe[0] = service->pipe[1] = -1;
	process_init(&service->main, service);
	process_init(&service->log, service);
	service->main.main_child.ended = service->main.script_child.ended = child_ended;
	service->log.main_child.ended = service->log.script_child.ended = child_ended;
	service->timer = (struct timer){ .expired = timer_expired, .owner = service };
}

void service_stop(struct service *service)
{
	if (service->stage == SERVICE_OPENING)
		release_all(service);
	else if (service->stage == SERVICE_SUPERVISED)
		monitor_letter(&service->main.monitor, 'x', service->context->loop->now);
}

void service_turn(struct service *service)
{
	int64_t deadline = CLOCK_NEVER;

	if (service->stage == SERVICE_OPENING || service->stage == SERVICE_GONE)
		return;
	/* the logger first, so that it is there when the service writes */
	if (service->stage == SERVICE_SUPERVISED && service->has_log)
		process_turn(&service->log);
	if (service->stage == SERVICE_SUPERVISED) {
		process_turn(&service->main);
		if (monitor_released(&service->main.monitor))
			release_main(service);
		else
			deadline = monitor_deadline(&service->main.monitor);
	}
	if (service->stage == SERVICE_DRAINING) {
		if (service->has_log)
			process_turn(&service->log);
		if (!service->has_log || monitor_released(&service->log.monitor)) {
			release_all(service);
			return;
		}
	}
	if (service->has_log) {
		int64_t other = monitor_deadline(&service->log.monitor);

		deadline = other < deadline ? other : deadline;
	}
	timers_set(&service->context->loop->timers, &service->timer, deadline);
}

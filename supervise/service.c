/* SPDX-License-Identifier: MIT */
#include "service.h"

#include "listing.h"

#include "clock.h"
#include "files.h"
#include "message.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Where the keeper of one service that is supervised alone is found, in
 * log/supervise/. */
#define KEEPERS "supervise/keeper."

/* A log/ that has come and cannot be opened is tried again after so many ms. */
#define LOG_AGAIN_MS 5000

/* --- opening ---------------------------------------------------------------- */

static void set_up(struct service *service, struct program *program)
{
	program_init(program);
	program->supervisor = service->supervisor;
	program->name = &service->name;
	program->service = service;
	program->is_log = program != &service->main;
}

/* That of a runsv, should there have been one, is needed until ours has what it has, or
 * nobody is to have it any more. */
static void end_other_keepers(struct service *service, bool now)
{
	struct logger *log = service->log;

	if (!now || log->is_kept)
		return;
	keeper_end_others(service->supervisor->keeper, log->program.directory, KEEPERS);
	log->is_kept = true;
}

static void close_writing_end(struct service *service)
{
	keeper_release(service->supervisor->keeper, &service->log->pipe_end);
	files_close(&service->log->pipe[1]);
	service->main.output = SPAWN_KEEP;
}

static void close_log(struct service *service)
{
	if (service->log == NULL)
		return;
	close_writing_end(service);
	files_close(&service->log->pipe[0]);
	if (service->supervisor->alone) {
		keeper_close(service->supervisor->keeper);
		keeper_place(service->supervisor->keeper, NULL, NULL);
	}
	program_close(&service->log->program);
}

static void close_all(struct service *service)
{
	close_log(service);
	program_close(&service->main);
}

/* A FIFO and not a pipe, so that the next supervisor can open it again, with what
 * is in it. The service's end is open for reading too: should its supervisor and
 * its logger be gone at once, it is not sent SIGPIPE, and writes on. */
static bool open_pipe(struct service *service)
{
	struct supervisor *supervisor = service->supervisor;
	struct program *log = &service->log->program;
	int *pipe = service->log->pipe;

	pipe[0] = program_open_fifo(log->directory, "supervise/pipe", O_RDONLY);
	pipe[1] = pipe[0] < 0 ? -1 : program_open_fifo(log->directory, "supervise/pipe", O_RDWR);
	if (pipe[1] < 0 || fcntl(pipe[0], F_SETFL, 0) < 0 || fcntl(pipe[1], F_SETFL, 0) < 0)
		return false;
	log->input = pipe[0];
	service->main.output = pipe[1];
	if (supervisor->alone)
		keeper_place(supervisor->keeper, &log->directory, KEEPERS);
	keeper_hold(supervisor->keeper, &service->log->pipe_end, pipe[1]);
	end_other_keepers(service, service->log->pipe_end.handed);
	return true;
}

/* Opens log/, if there is one. Returns what it failed at, with errno, or NULL. */
static const char *open_log(struct service *service)
{
	int directory = files_open(service->main.directory, "log", O_RDONLY | O_DIRECTORY, 0);
	const char *failed;

	service->log_failed = false;
	if (directory < 0 && errno == ENOTDIR) {
		if (!service->log_said)
			message(MESSAGE_WARNING, "%s: log is not a directory: there is no logger",
				service->name);
		service->log_said = true;
		return NULL;
	}
	service->log_said = false;
	if (directory < 0)
		return errno == ENOENT ? NULL : "open log/";
	service->log = malloc(sizeof *service->log);
	if (service->log == NULL) {
		files_close(&directory);
		errno = ENOMEM;
		return "make room for log/";
	}
	*service->log = (struct logger){ .pipe = { -1, -1 } };
	set_up(service, &service->log->program);
	failed = program_open(&service->log->program, directory);
	if (failed == NULL && !open_pipe(service))
		failed = "open supervise/pipe";
	if (failed == NULL)
		failed = program_supervise(&service->log->program);
	service->log_failed = failed != NULL;
	return failed;
}

bool service_open(struct service *service, int directory)
{
	const char *failed = program_open(&service->main, directory);
	int error;

	service->log_failed = false;
	if (failed == NULL && (service->main.listing & LISTING_LOG))
		failed = open_log(service);
	if (failed == NULL)
		failed = program_supervise(&service->main);
	service->failed = failed;
	if (failed != NULL) {
		error = errno;
		close_all(service);
		service_free(service);
		errno = error;
		return false;
	}
	service->stage = SERVICE_SUPERVISED;
	service->said = 0;
	return true;
}

static const char *reason(int error)
{
	if (error == EWOULDBLOCK)
		return "another supervisor holds it";
	if (error == ENOTSUP)
		return "not a FIFO";
	if (error == ELOOP)
		return "a symbolic link";
	if (error == EBADMSG)
		return "supervise/status may be written by others";
	return strerror(error);
}

void service_tell(struct service *service, int error)
{
	if (error != service->said)
		message(MESSAGE_ERROR, "%s%s: cannot %s: %s", service->name,
			service->log_failed ? "/log" : "", service->failed, reason(error));
	service->said = error;
}

/* Opens a log/ that was not there, should it be now; what cannot be opened is tried again. */
static void try_log(struct service *service)
{
	int error;

	service->log_again = CLOCK_NEVER;
	service->failed = open_log(service);
	if (service->failed != NULL) {
		error = errno;
		close_log(service);
		service_free(service);
		service_tell(service, error);
		service->log_again = service->supervisor->loop->now + LOG_AGAIN_MS;
	} else if (service->log != NULL) {
		message(MESSAGE_INFO, "%s: has a logger now, which gets its output from its next "
			"start on", service->name);
	}
}

static int64_t deadline_of(const struct service *service)
{
	int64_t deadline = program_deadline(&service->main);
	int64_t of_log = service->log != NULL ? program_deadline(&service->log->program) :
		service->log_again;

	return deadline < of_log ? deadline : of_log;
}

bool service_look_for_log(struct service *service, const char *name)
{
	if (service->stage != SERVICE_SUPERVISED || service->log != NULL)
		return true;
	if (name != NULL && strcmp(name, "log") != 0)
		return false;
	try_log(service);
	if (service->log != NULL) {
		service_turn(service);
		return true;
	}
	if (service->log_again != CLOCK_NEVER)
		timers_set(&service->supervisor->loop->timers, &service->timer, deadline_of(service));
	return false;
}

/* --- what happens --------------------------------------------------------------- */

static bool pipe_is_empty(const struct service *service)
{
	return !files_has_input(service->log->pipe[0]);
}

/* The service is down for good: no letter is heeded any more. Its logger, if it
 * has one, gets end of file once it runs: ours and the keeper's are the last ends of
 * the pipe, unless the service left a process behind. */
static void release_main(struct service *service)
{
	program_retire(&service->main);
	service->log_again = CLOCK_NEVER;
	service->stage = SERVICE_DRAINING;
	if (service->log != NULL)
		monitor_drain(&service->log->program.monitor, pipe_is_empty(service),
			service->supervisor->loop->now);
}

/* As long as the logger does not run, what is in the pipe is kept by the keeper alone,
 * should we be killed. */
static void close_drained(struct service *service)
{
	if (service->log->pipe[1] < 0)
		return;
	if (service->log->program.monitor.state == MONITOR_RUN || pipe_is_empty(service)) {
		end_other_keepers(service, true);
		close_writing_end(service);
	}
}

/* It may have ended before its service, of which we were told first: then what it was
 * to read is here yet, as our reading end is closed only when it is released. */
static void turn_draining(struct service *service)
{
	struct program *program = &service->log->program;

	program_turn(program);
	if (monitor_released(&program->monitor) && !pipe_is_empty(service) &&
	    monitor_drain_again(&program->monitor, service->supervisor->loop->now))
		program_turn(program);
}

static void release_all(struct service *service)
{
	close_all(service);
	timers_set(&service->supervisor->loop->timers, &service->timer, CLOCK_NEVER);
	service->stage = SERVICE_GONE;
	service->next_gone = service->supervisor->gone;
	service->supervisor->gone = service;
}

static void timer_expired(void *owner)
{
	struct service *service = owner;

	if (service->stage == SERVICE_OPENING)
		service->supervisor->reopen(service);
	else
		service_turn(service);
}

void service_init(struct service *service, struct supervisor *supervisor, const char *name)
{
	memset(service, 0, sizeof *service);
	service->supervisor = supervisor;
	service->name = name;
	service->stage = SERVICE_OPENING;
	set_up(service, &service->main);
	service->log_again = CLOCK_NEVER;
	service->timer = (struct timer){ .expired = timer_expired, .owner = service };
}

void service_stop(struct service *service)
{
	if (service->stage == SERVICE_OPENING)
		release_all(service);
	else if (service->stage == SERVICE_SUPERVISED)
		monitor_letter(&service->main.monitor, 'x', service->supervisor->loop->now);
}

void service_turn(struct service *service)
{
	if (service->stage == SERVICE_OPENING || service->stage == SERVICE_GONE)
		return;
	if (service->stage == SERVICE_SUPERVISED && service->log == NULL &&
	    service->supervisor->loop->now >= service->log_again)
		try_log(service);
	if (service->log != NULL)
		end_other_keepers(service, service->log->pipe_end.handed);
	/* the logger first, so that it is there when the service writes; unless that is
	 * over already, by what the last supervisor left */
	if (service->stage == SERVICE_SUPERVISED && service->log != NULL &&
	    !monitor_released(&service->main.monitor))
		program_turn(&service->log->program);
	program_turn(&service->main);
	if (service->stage == SERVICE_SUPERVISED && monitor_released(&service->main.monitor))
		release_main(service);
	if (service->stage == SERVICE_DRAINING) {
		if (service->log != NULL) {
			turn_draining(service);
			close_drained(service);
		}
		if (service->log == NULL || monitor_released(&service->log->program.monitor)) {
			release_all(service);
			return;
		}
	}
	timers_set(&service->supervisor->loop->timers, &service->timer, deadline_of(service));
}

void service_free(struct service *service)
{
	free(service->log);
	service->log = NULL;
}

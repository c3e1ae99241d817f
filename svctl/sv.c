/* SPDX-License-Identifier: MIT */
/* Each service is a job:
 *
 *   WAITING   looked at when its record changes and, to be safe, at times;
 *             becomes DONE when the goal is reached, CHECKING when it is
 *             reached but for the check script
 *   CHECKING  its check script runs; ended with 0: looked at once more, so that
 *             what is reported is so now; ended otherwise: WAITING, for a
 *             script that fails may succeed without any change to the record
 *   DONE      reported, or never begun
 *
 * Most commands are done within a few ms, and to close an inotify with a watch
 * takes longer than that: 16 ms were measured, for the kernel waits until no
 * reader can have seen the watch (fs/notify/mark.c, synchronize_srcu). So for
 * the first HURRY_MS a service is looked at, at growing intervals, and only one
 * that takes longer is watched.
 *
 * At the deadline each WAITING job is looked at for the last time and then
 * reported as it is. A check that runs then, or waits for its turn, is given
 * CHECK_GRACE_MS: with -w 0 it could never be heard otherwise. A supervisor that is
 * gone is waited for as well: it may be on its way back. */
#include "sv.h"

#include "clock.h"
#include "files.h"
#include "monitor.h"
#include "reason.h"
#include "report.h"
#include "service.h"
#include "text.h"
#include "wait.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define HURRY_MS 20
#define HURRY_FIRST_NS 100000	/* each interval is half as long again as the last */
#define LOOK_MS 1000		/* the safety net under inotify */
#define LOOK_BLIND_MS 100	/* between two looks where nothing tells of changes */
#define CHECK_FIRST_MS 10
#define CHECK_MOST_MS 100
#define CHECK_GRACE_MS 1000
#define CHECKS_AT_ONCE 16
#define FAILURES_MAX 99

enum {
	EXIT_LSB_DOWN = 3,
	EXIT_LSB_UNKNOWN = 4,
	EXIT_FATAL = 100,
	EXIT_LSB_FATAL = 151,
};

enum job_phase {
	JOB_DONE,
	JOB_WAITING,
	JOB_CHECKING,
};

struct job {
	const char *name;
	enum job_phase phase;
	bool untold;		/* WAITING: for a supervisor, to be told */
	struct status before;	/* the record before the letters were sent */
	int watch;		/* -1: none */
	int64_t look;		/* WAITING: when to look */
	bool last;		/* looked at after the deadline */
	bool queued;		/* WAITING: for as many checks as may to end */
	bool unchecked;		/* all is as wanted, if the check script agrees */
	pid_t check;		/* CHECKING: the script */
	int64_t pause;		/* ms, before its last run; 0: it has run once at most */
};

struct sv {
	const struct sv_request *request;
	struct job *jobs;
	size_t count;
	struct wait wait;
	int64_t hurry;		/* until when */
	unsigned checks;	/* that run */
	int failures;
};

/* "fail: web: runsv not running", "warning: web/log: …: access denied" */
static void put_line(struct sv *sv, const char *prefix, const char *name, const char *suffix,
	const struct service_problem *problem)
{
	struct output *out = sv->request->out;

	output_text(out, prefix);
	output_text(out, name);
	output_format(out, "%s: %s", suffix, problem->what);
	if (problem->error != 0)
		output_format(out, ": %s", reason_text(problem->error));
	output_text(out, "\n");
	output_flush(out);
}

/* That the supervisor is gone is no failure for who wanted it to go. */
static bool is_failure(const struct sv *sv, enum service_answer answer)
{
	return answer != SERVICE_UNSUPERVISED || *sv->request->word->send != 'x';
}

static void complain(struct sv *sv, enum service_answer answer, const char *name,
	const char *suffix, const struct service_problem *problem)
{
	sv->failures++;
	put_line(sv, answer == SERVICE_UNSUPERVISED ? "fail: " : "warning: ", name, suffix, problem);
}

static void complain_no_directory(struct sv *sv, const char *name)
{
	struct service_problem problem = { "unable to change to service directory", errno };

	sv->failures++;
	put_line(sv, "fail: ", name, "", &problem);
}

/* A warning that is no part of the report: "warning: unable to run web/check". */
static void warn(struct sv *sv, const char *verb, const char *name, const char *file)
{
	struct output *err = sv->request->err;
	int error = errno;

	output_format(err, "warning: %s ", verb);
	output_text(err, name);
	output_format(err, "/%s: %s\n", file, reason_text(error));
	output_flush(err);
}

/* Puts the service's state, without a line end, as LABEL; false if it is not
 * known which state is normal, and nothing is put. */
static bool put_state(struct sv *sv, int directory, const char *name, const char *label,
	const struct status *status)
{
	char line[PATH_MAX + REPORT_BYTES];
	int normally_up = service_normally_up(directory);

	if (normally_up < 0) {
		warn(sv, "unable to stat", name, "down");
		return false;
	}
	report_line(line, sizeof line, label, status, normally_up > 0, clock_wall().tv_sec);
	output_text(sv->request->out, line);
	return true;
}

static void end_line(struct sv *sv)
{
	output_text(sv->request->out, "\n");
	output_flush(sv->request->out);
}

/* The second half of a status line, if there is a logger. */
static void show_log(struct sv *sv, int directory, const char *name)
{
	struct service_problem problem = { "unable to change directory", 0 };
	enum service_answer answer = SERVICE_PROBLEM;
	struct status status;
	int log = service_open_log(directory);

	if (log < 0 && errno == ENOENT) {
		end_line(sv);
		return;
	}
	problem.error = errno;
	output_text(sv->request->out, "; ");
	if (log >= 0)
		answer = service_read(log, &status, &problem);
	if (answer != SERVICE_YES)
		complain(sv, answer, name, "/log", &problem);
	else {
		(void)put_state(sv, log, name, "log", &status);	/* it has warned */
		end_line(sv);
	}
	files_close(&log);
}

/* Returns the exit code that an init script's `status` has. */
static int show(struct sv *sv, int directory, const char *name)
{
	struct service_problem problem;
	struct status status;
	enum service_answer answer = service_read(directory, &status, &problem);
	bool known;

	if (answer != SERVICE_YES) {
		complain(sv, answer, name, "", &problem);
		return answer == SERVICE_PROBLEM ? EXIT_LSB_UNKNOWN : EXIT_FAILURE;
	}
	known = put_state(sv, directory, name, name, &status);
	show_log(sv, directory, name);
	if (!known)
		return EXIT_LSB_UNKNOWN;
	return status.pid != 0 ? EXIT_SUCCESS : EXIT_LSB_DOWN;
}

/* What is wanted already is not sent again; but a service that was started once
 * is wanted down without having been told to go. */
static bool is_wanted(const char *send, const struct status *status)
{
	if (*send == 'u')
		return status->want == STATUS_WANT_UP;
	return *send == 'd' && status->want != STATUS_WANT_UP && status->got_term;
}

static void print_result(struct sv *sv, const struct sv_result *result)
{
	static const char *const prefixes[] = {
		[SV_TOLD] = "", [SV_OK] = "ok: ", [SV_TIMEOUT] = "timeout: ", [SV_KILLED] = "kill: ",
		[SV_FAILED] = "warning: ",
	};
	const char *prefix = prefixes[result->outcome];

	if (result->outcome == SV_TOLD)
		return;
	if (result->status == NULL) {
		if (result->outcome == SV_FAILED &&
		    (result->answer == SERVICE_UNSUPERVISED || result->directory < 0))
			prefix = "fail: ";
		put_line(sv, prefix, result->name, "", result->problem);
		return;
	}
	output_text(sv->request->out, prefix);
	(void)put_state(sv, result->directory, result->name, result->name, result->status);	/* it has warned */
	end_line(sv);
}

/* The job's turn is over, or all is. */
static void report(struct sv *sv, const struct job *job, struct sv_result result)
{
	result.number = (size_t)(job - sv->jobs);
	result.name = job->name;
	result.before = &job->before;
	result.unchecked = job->unchecked && result.outcome == SV_TIMEOUT;
	sv->failures += result.outcome > SV_OK;
	if (sv->request->report != NULL)
		sv->request->report(sv->request->argument, &result);
	else
		print_result(sv, &result);
}

static void report_status(struct sv *sv, const struct job *job, enum sv_outcome outcome,
	int directory, const struct status *status)
{
	report(sv, job, (struct sv_result){ .outcome = outcome, .directory = directory,
		.status = status });
}

static void report_problem(struct sv *sv, const struct job *job, int directory,
	enum service_answer answer, const struct service_problem *problem)
{
	report(sv, job, (struct sv_result){ .outcome = is_failure(sv, answer) ? SV_FAILED : SV_OK,
		.directory = directory, .answer = answer, .problem = problem });
}

static void report_no_directory(struct sv *sv, const struct job *job)
{
	struct service_problem problem = { "unable to change to service directory", errno };

	report_problem(sv, job, -1, SERVICE_PROBLEM, &problem);
}

/* Gives the service its letters, if they are not what is wanted already. */
static enum service_answer tell(struct sv *sv, struct job *job, int directory,
	struct service_problem *problem)
{
	const char *send = sv->request->word->send;
	enum service_answer answer = service_read(directory, &job->before, problem);

	if (answer == SERVICE_YES && *send != '\0' && !is_wanted(send, &job->before))
		answer = service_send(directory, send, problem);
	return answer;
}

/* Nobody supervises it, but somebody may be about to. */
static bool is_early(enum service_answer answer, const struct service_problem *problem)
{
	return answer == SERVICE_UNSUPERVISED ||
		(answer == SERVICE_PROBLEM && problem->error == ENOENT);
}

static void begin(struct sv *sv, struct job *job)
{
	const struct sv_request *request = sv->request;
	int directory = service_open(request->svdir, job->name);
	struct service_problem problem;
	enum service_answer answer;

	if (directory < 0) {
		report_no_directory(sv, job);
		return;
	}
	answer = tell(sv, job, directory, &problem);
	job->untold = request->patient && is_early(answer, &problem);
	if (answer != SERVICE_YES && !job->untold)
		report_problem(sv, job, directory, answer, &problem);
	else if (request->waits || job->untold)
		job->phase = JOB_WAITING;
	else
		report_status(sv, job, SV_TOLD, directory, &job->before);
	files_close(&directory);
}

/* Returns in how many ms the service is to be looked at again, news or not: at
 * once in the first hurry; later, watched from here on, seldom. For a supervisor
 * that is to go a watch is not enough: the kernel tells of the close of `ok`
 * before the FIFO knows (fs/file_table.c, __fput). */
static int64_t watch(struct sv *sv, struct job *job)
{
	char path[PATH_MAX];
	bool is_path = service_is_path(job->name);
	bool goes = sv->request->word->goal == GOAL_GONE;
	size_t length;

	if (clock_now() < sv->hurry)
		return 0;
	if (job->watch < 0) {
		length = text_format(path, sizeof path, "%s%s%s/supervise",
			is_path ? "" : sv->request->svdir, is_path ? "" : "/", job->name);
		if (length < sizeof path - 1)
			job->watch = wait_watch(&sv->wait, path,
				goes ? WAIT_FOR_END : WAIT_FOR_RECORD);
	}
	return job->watch < 0 || goes ? LOOK_BLIND_MS : LOOK_MS;
}

static void finish(struct sv *sv, struct job *job, int directory, const struct status *status)
{
	struct service_problem gone = { "runsv not running", 0 };

	job->phase = JOB_DONE;
	if (status != NULL)
		report_status(sv, job, SV_OK, directory, status);
	else
		report_problem(sv, job, directory, SERVICE_UNSUPERVISED, &gone);
}

/* The goal is reached if the check script says so. */
static void start_check(struct sv *sv, struct job *job, int directory,
	const struct status *status)
{
	job->look = clock_now() + CHECK_FIRST_MS;
	job->queued = sv->checks >= CHECKS_AT_ONCE;
	if (job->queued)
		return;
	switch (service_start_check(directory, &job->check)) {
	case SERVICE_CHECK_STARTED:
		job->phase = JOB_CHECKING;
		sv->checks++;
		break;
	case SERVICE_CHECK_BROKEN:
		/* sv.c takes such a service for available */
		warn(sv, "unable to run", job->name, "check");
		finish(sv, job, directory, status);
		break;
	case SERVICE_CHECK_NONE:
		finish(sv, job, directory, status);
		break;
	case SERVICE_CHECK_LATER:
		warn(sv, "unable to run", job->name, "check");
		job->look = clock_now() + LOOK_MS;
		break;
	}
}

/* One that does not say is as ready as can be known. */
static bool is_ready(const struct service_record *record)
{
	return !record->is_ours || record->memory.readiness == MONITOR_READY ||
		record->memory.readiness == MONITOR_SILENT;
}

/* CHECKED: the check script has just agreed. */
static void look(struct sv *sv, struct job *job, bool checked)
{
	struct service_problem problem;
	struct service_record record;
	const struct status *status = NULL;
	enum service_answer answer = SERVICE_PROBLEM;
	int64_t again = watch(sv, job);		/* first: nothing may change unseen */
	int directory = service_open(sv->request->svdir, job->name);

	job->phase = JOB_WAITING;
	job->queued = job->unchecked = false;
	job->look = clock_now() + again;
	if (directory >= 0 && job->untold) {
		job->untold = tell(sv, job, directory, &problem) != SERVICE_YES;
		if (!job->untold && !sv->request->waits) {
			job->phase = JOB_DONE;
			report_status(sv, job, SV_TOLD, directory, &job->before);
			goto done;
		}
	}
	if (directory >= 0)
		answer = service_read_record(directory, &record, &problem);
	if (answer == SERVICE_PROBLEM || job->untold)
		goto done;
	if (answer == SERVICE_YES)
		status = &record.status;
	switch (goal_judge(sv->request->word->goal, &job->before, status,
			answer == SERVICE_YES && is_ready(&record))) {
	case GOAL_MISSED:
		break;
	case GOAL_REACHED_IF_CHECKED:
		if (!checked) {
			job->unchecked = true;
			start_check(sv, job, directory, status);
			break;
		}
		finish(sv, job, directory, status);
		break;
	case GOAL_REACHED:
		finish(sv, job, directory, status);
		break;
	}
done:
	files_close(&directory);
}

/* The time is over. */
static void expire(struct sv *sv, struct job *job)
{
	bool kills = sv->request->word->kills;
	struct service_problem problem;
	struct status status;
	enum service_answer answer;
	int directory = service_open(sv->request->svdir, job->name);

	job->phase = JOB_DONE;
	if (directory < 0) {
		report_no_directory(sv, job);
		return;
	}
	answer = service_read(directory, &status, &problem);
	if (answer == SERVICE_YES) {
		report_status(sv, job, kills ? SV_KILLED : SV_TIMEOUT, directory, &status);
		if (kills)
			answer = service_send(directory, "k", &problem);
	}
	if (answer != SERVICE_YES)
		report_problem(sv, job, directory, answer, &problem);
	files_close(&directory);
}

static void reap(struct sv *sv, struct job *job)
{
	int end;
	pid_t ended = waitpid(job->check, &end, WNOHANG);

	if (ended == 0)
		return;
	sv->checks--;
	job->phase = JOB_WAITING;
	/* nobody says when it would agree: asked soon, then less often */
	job->pause = job->pause == 0 ? CHECK_FIRST_MS : 2 * job->pause;
	if (job->pause > CHECK_MOST_MS)
		job->pause = CHECK_MOST_MS;
	job->look = clock_now() + job->pause;
	/* a script that a signal killed has not agreed to anything */
	if (ended > 0 && WIFEXITED(end) && WEXITSTATUS(end) == 0)
		look(sv, job, true);
}

/* One job's turn. Returns when it wants the next, CLOCK_NEVER if it is done. */
static int64_t step(struct sv *sv, struct job *job, int64_t now)
{
	int64_t deadline = sv->request->deadline, grace = deadline + CHECK_GRACE_MS;

	if (job->phase == JOB_CHECKING)
		reap(sv, job);
	if (job->phase == JOB_WAITING && job->last && (job->queued ? now >= grace : now >= deadline))
		expire(sv, job);
	if (job->phase == JOB_WAITING && (now >= job->look || (now >= deadline && !job->last))) {
		job->last = now >= deadline;
		look(sv, job, false);
	}
	switch (job->phase) {
	case JOB_DONE:
		return CLOCK_NEVER;
	case JOB_WAITING:
		if (job->last)
			return job->queued ? job->look : now;
		return job->look < deadline ? job->look : deadline;
	case JOB_CHECKING:
		if (now < grace)
			return grace;
		(void)kill(job->check, SIGTERM);	/* it may have ended: then all is well */
		expire(sv, job);
		return CLOCK_NEVER;
	}
	return CLOCK_NEVER;
}

static void changed(void *argument, int number, bool lost)
{
	struct sv *sv = argument;

	for (size_t i = 0; i < sv->count; i++) {
		struct job *job = &sv->jobs[i];

		if (number >= 0 && job->watch != number)
			continue;
		job->look = 0;
		if (lost)
			job->watch = -1;
	}
}

static void await(struct sv *sv)
{
	struct timespec interval = { .tv_nsec = HURRY_FIRST_NS };

	sv->hurry = clock_now() + HURRY_MS;
	for (;;) {
		int64_t now = clock_now(), next = CLOCK_NEVER;

		for (size_t i = 0; i < sv->count; i++) {
			int64_t wanted = step(sv, &sv->jobs[i], now);

			if (wanted < next)
				next = wanted;
		}
		if (next == CLOCK_NEVER)
			return;
		if (now < sv->hurry) {
			wait_briefly(&sv->wait, &interval);
			interval.tv_nsec += interval.tv_nsec / 2;
		} else
			wait_pause(&sv->wait, next, changed, sv);
	}
}

static int run_status(struct sv *sv, char *const *names, size_t count)
{
	int code = EXIT_FAILURE;

	for (size_t i = 0; i < count; i++) {
		int directory = service_open(sv->request->svdir, names[i]);

		if (directory < 0)
			complain_no_directory(sv, names[i]);
		else
			code = show(sv, directory, names[i]);
		files_close(&directory);
	}
	if (sv->request->lsb)
		return code;
	return sv->failures < FAILURES_MAX ? sv->failures : FAILURES_MAX;
}

int sv_run(const struct sv_request *request, char *const *names, size_t count)
{
	struct sv sv = { .request = request, .count = count };
	bool waiting = false;

	if (request->word->goal == GOAL_NONE)
		return run_status(&sv, names, count);
	sv.jobs = calloc(count, sizeof *sv.jobs);
	if (sv.jobs == NULL) {
		output_format(request->err, "fatal: %s\n", reason_text(errno));
		output_flush(request->err);
		return request->lsb ? EXIT_LSB_FATAL : EXIT_FATAL;
	}
	for (size_t i = 0; i < count; i++) {
		sv.jobs[i].name = names[i];
		sv.jobs[i].watch = -1;
		begin(&sv, &sv.jobs[i]);
		waiting = waiting || sv.jobs[i].phase == JOB_WAITING;
	}
	if (waiting) {
		wait_open(&sv.wait);
		await(&sv);
	}
	free(sv.jobs);
	return sv.failures < FAILURES_MAX ? sv.failures : FAILURES_MAX;
}

/* SPDX-License-Identifier: MIT */
/* One service directory, seen from outside: what its supervisor publishes in
 * supervise/, and the letters that it takes there. Nothing here waits: FIFOs
 * are opened without blocking. Works with any runsv (libsv/status.h). */
#ifndef SVCTL_SERVICE_H
#define SVCTL_SERVICE_H

#include "status.h"

#include <stdbool.h>
#include <sys/types.h>

/* What went wrong, in sv's words: "unable to open supervise/ok" and an errno,
 * which is 0 if the words say it all. */
struct service_problem {
	const char *what;
	int error;
};

enum service_answer {
	SERVICE_YES,
	SERVICE_UNSUPERVISED,	/* nobody has supervise/ok or supervise/control open */
	SERVICE_PROBLEM,
};

/* True if NAME is a path; otherwise it is looked up in SVDIR. */
bool service_is_path(const char *name);

/* A descriptor, good for the calls below, of the service NAME; -1 with errno.
 * Close it with files_close. */
int service_open(const char *svdir, const char *name);

/* The same, NAME being looked up in the directory that is open as DIRECTORY. */
int service_open_at(int directory, const char *name);

/* The descriptor of the logger of the service; -1 with errno: ENOENT, none. */
int service_open_log(int directory);

/* Is it supervised, and what does its record say? *STATUS is set with the
 * answer SERVICE_YES, *PROBLEM otherwise. */
enum service_answer service_read(int directory, struct status *status,
	struct service_problem *problem);

/* The same, with all that the record holds. Our monitors write more than runit's
 * 20 bytes; of another's record, IDENTITY and MEMORY are not set. */
struct service_record {
	struct status status;
	bool is_ours;
	struct status_identity identity;
	struct status_memory memory;
};
enum service_answer service_read_record(int directory, struct service_record *record,
	struct service_problem *problem);

/* Gives LETTERS to the supervisor, all or none. */
enum service_answer service_send(int directory, const char *letters,
	struct service_problem *problem);

/* 1: there is no `down` file; 0: there is one; -1 with errno: cannot say. */
int service_normally_up(int directory);

enum service_check {
	SERVICE_CHECK_NONE,	/* there is no check script: available when it runs */
	SERVICE_CHECK_STARTED,
	SERVICE_CHECK_BROKEN,	/* it cannot be executed: errno says why */
	SERVICE_CHECK_LATER,	/* it could not be started now: errno says why */
};

/* Starts ./check, with standard output closed, as *PID. */
enum service_check service_start_check(int directory, pid_t *pid);

#endif

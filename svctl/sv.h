/* SPDX-License-Identifier: MIT */
/* One of sv's commands, carried out on some services: each is told, then all
 * are waited for at once, and each is reported as soon as it is where it was
 * wanted. */
#ifndef SVCTL_SV_H
#define SVCTL_SV_H

#include "output.h"
#include "service.h"
#include "words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sv_outcome {
	SV_TOLD,		/* and not waited for */
	SV_OK,
	SV_TIMEOUT,
	SV_KILLED,		/* the same, and it was sent KILL */
	SV_FAILED,		/* ANSWER and PROBLEM say why */
};

/* What has become of a service. */
struct sv_result {
	size_t number;		/* which of the names it is */
	const char *name;
	enum sv_outcome outcome;
	bool unchecked;		/* SV_TIMEOUT: all was as wanted, but its check script did not agree */
	int directory;		/* -1: it cannot be opened */
	const struct status *status;	/* NULL: there is none */
	const struct status *before;	/* as it was when it was told; all 0 if not known */
	enum service_answer answer;
	const struct service_problem *problem;
};

struct sv_request {
	const char *svdir;
	const struct word *word;
	bool waits;
	bool patient;		/* one that nobody supervises yet is waited for in any case */
	int64_t deadline;	/* of waiting, by clock_now */
	bool lsb;		/* exit codes of an init script */
	struct output *out, *err;
	/* Given: is called for each service instead of what sv prints. */
	void (*report)(void *argument, const struct sv_result *result);
	void *argument;
};

/* Returns the exit code: how many services failed, 99 at most; in LSB mode 0, 1,
 * 3 or 4; 100 (LSB 151) if memory runs out. */
int sv_run(const struct sv_request *request, char *const *names, size_t count);

#endif

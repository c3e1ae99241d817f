/* SPDX-License-Identifier: MIT */
/* init called by somebody else than the kernel, or as telinit: a request to
 * process 1. */
#ifndef INIT_TELINIT_H
#define INIT_TELINIT_H

/* What comes as the value of RESUME_SIGNAL (sigqueue(3)); sent without a value
 * it means an upgrade. */
enum { TELINIT_SINGLE = 's', TELINIT_MULTI = 'm' };

/* Sends what ARGV asks for; an exit status. */
int telinit(char *const argv[]);

#endif

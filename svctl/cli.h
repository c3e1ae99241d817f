/* SPDX-License-Identifier: MIT */
/* svctl's command line: options, verbs, sv's words, and help for all of them. */
#ifndef SVCTL_CLI_H
#define SVCTL_CLI_H

#include "output.h"

/* ARGV as main's. Returns the exit code. */
int cli_run(int argc, char *argv[], struct output *out, struct output *err);

#endif

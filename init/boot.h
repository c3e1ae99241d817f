/* SPDX-License-Identifier: MIT */
/* The built-in steps of the boot: what the system needs before the first entry
 * of the inittab can run. Each says in the log what became of it; none stops the
 * boot. */
#ifndef INIT_BOOT_H
#define INIT_BOOT_H

#include "cmdline.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How many there are. */
int boot_steps(void);

/* "mdev". */
const char *boot_name(int number);

/* What a step has started. */
struct boot_program {
	pid_t pid;		/* 0: nothing */
	bool awaited;		/* the boot is to wait for its end */
};

/* Takes step NUMBER; what it learns from the kernel command line goes into
 * CMDLINE. */
struct boot_program boot_step(int number, struct cmdline *cmdline);

/* The program of step NUMBER, started at SINCE (as clock_now), has ended with
 * STATUS as from wait(2). */
void boot_ended(int number, int status, int64_t since);

/* It runs still, and is not waited for any longer. */
void boot_late(int number, pid_t pid, int64_t since);

/* Reads the kernel command line again, for an init that was executed when the
 * boot was at step NUMBER: what the steps before have learnt is to hold. */
void boot_resume(int number, struct cmdline *cmdline);

#endif

/* SPDX-License-Identifier: MIT */
/* The built-in steps of the boot: what the system needs before the first entry
 * of the inittab can run. Each says in the log what became of it; none stops the
 * boot. */
#ifndef INIT_BOOT_H
#define INIT_BOOT_H

#include "cmdline.h"

#include <sys/types.h>

/* How many there are. */
int boot_steps(void);

/* Takes step NUMBER; what it learns from the kernel command line goes into
 * CMDLINE. Returns the process of the program that it has started, for which
 * the boot is to wait, or 0. */
pid_t boot_step(int number, struct cmdline *cmdline);

/* The program of step NUMBER has ended, with STATUS as from wait(2). */
void boot_ended(int number, int status);

/* It is not waited for any longer. */
void boot_late(int number, pid_t pid);

#endif

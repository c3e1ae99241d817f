/* SPDX-License-Identifier: MIT */
/* The only reboot(2). */
#ifndef INIT_POWER_H
#define INIT_POWER_H

#include "lifecycle.h"

/* Ctrl-Alt-Del is to send us SIGINT (TAKE), or to reboot at once, as it does
 * when the kernel has just started. */
void power_take_keys(bool take);

/* Halts, powers off or reboots, in a child: the kernel ends whoever calls
 * reboot(2) (kernel/reboot.c). In a PID namespace that ends the namespace.
 * Returns the child, which exits with the errno if it fails; 0 if there is none. */
pid_t power_end(enum lifecycle_end end);

#endif

/* SPDX-License-Identifier: MIT */
/* What is left of init when it cannot be trusted: it reaps, keeps a root shell
 * on the console, and hears the signals that end the system. */
#ifndef INIT_RESCUE_H
#define INIT_RESCUE_H

#include <stdnoreturn.h>

noreturn void rescue(void);

#endif

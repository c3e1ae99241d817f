/* SPDX-License-Identifier: MIT */
/* Are we the machine's init, or one in a container? */
#ifndef INIT_NAMESPACE_H
#define INIT_NAMESPACE_H

#include <stdbool.h>

/* True if our PID namespace is not the machine's first: we are init for part of
 * its processes only, and the machine's devices, swap, file systems and kernel
 * settings are somebody else's. */
bool namespace_contained(void);

/* True if the host name is the machine's own. */
bool namespace_has_first_uts(void);

/* True if /proc shows the processes of another PID namespace (or if there is
 * none), so that what we read in it is not about us. */
bool namespace_proc_is_foreign(void);

#endif

/* SPDX-License-Identifier: MIT */
/* How the boot and the way down go, said in the kernel log for who wants to see
 * where the time went: `svctl boot` reads it there. In a container nothing is said:
 * the kernel's log is not ours.
 *
 *	version VERSION, at SECONDS		after the last built-in step
 *	entry: ACTION: COMMAND: started (pid PID)
 *	entry: ACTION: COMMAND: done|ended|failed: WHY (MS ms)
 *	down: END: begins
 *	down: PHASE: done (MS ms)
 *
 * The built-in steps say the like of themselves (boot.h). */
#ifndef INIT_PROGRESS_H
#define INIT_PROGRESS_H

#include "lifecycle.h"

/* To be called first, with LIFE where a crash or an upgrade may have left it. */
void progress_begin(const struct lifecycle *life);

/* The entry in SLOT runs, for the first time. */
void progress_started(const struct lifecycle *life, int slot);

/* Its process has ended with STATUS (wait(2)); LIFE is not told yet. Of entries that are respawned that is
 * said on the way down only. */
void progress_ended(const struct lifecycle *life, int slot, int status, int64_t now);

/* LIFE may be in another phase than before. */
void progress_phase(const struct lifecycle *life, int64_t now);

#endif

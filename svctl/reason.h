/* SPDX-License-Identifier: MIT */
/* Why a system call failed, in the words sv uses: its lines are read by scripts
 * and configuration managers that look for "access denied" and "file does not
 * exist" in them, so strerror's words would break them. Pure. */
#ifndef SVCTL_REASON_H
#define SVCTL_REASON_H

/* Never NULL; strerror's words for an errno that sv does not meet. */
const char *reason_text(int error);

#endif

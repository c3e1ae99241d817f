/* SPDX-License-Identifier: MIT */
/* What is in init's file and in no other: how svctl knows whether PID 1 is one that
 * it may send signals to. */
#ifndef LIBSV_MARK_H
#define LIBSV_MARK_H

#define MARK_INIT "pidone-init"

#endif

/* SPDX-License-Identifier: MIT */
/* THE table of a service directory's option files, one value each, under the names
 * that s6 gave them (servicedir of s6); timeout-control is ours. What they mean is
 * in libsv/monitor.h. */
#ifndef LIBSV_SETTING_H
#define LIBSV_SETTING_H

#include <stdbool.h>
#include <stdint.h>

enum setting {
	SETTING_TIMEOUT_CONTROL,
	SETTING_TIMEOUT_FINISH,
	SETTING_TIMEOUT_KILL,
	SETTING_DOWN_SIGNAL,
	SETTING_RELOAD_SIGNAL,
	SETTING_MAX_DEATH_TALLY,
	SETTING_NOTIFICATION_FD,
};

#define SETTING_COUNT (SETTING_NOTIFICATION_FD + 1)

/* The file's name. */
const char *setting_name(enum setting setting);

/* Reads the value that the file's text is, cut by text_trim. False, and *VALUE
 * untouched, if it is none. */
bool setting_parse(enum setting setting, const char *text, int64_t *value);

/* What it takes, for a message: "a signal". */
const char *setting_expects(enum setting setting);

#endif

/* SPDX-License-Identifier: MIT */
#include "setting.h"

#include "signals.h"
#include "status.h"
#include "text.h"

#include <assert.h>

/* A day: longer is a mistake, and a sum of times cannot overflow. */
#define MOST_MS 86400000
#define MOST_FD 1023

enum kind { DURATION, SIGNAL, COUNT, DESCRIPTOR };

static const struct {
	const char *name;
	enum kind kind;
} table[SETTING_COUNT] = {
	[SETTING_TIMEOUT_CONTROL] = { "timeout-control", DURATION },
	[SETTING_TIMEOUT_FINISH] = { "timeout-finish", DURATION },
	[SETTING_TIMEOUT_KILL] = { "timeout-kill", DURATION },
	[SETTING_DOWN_SIGNAL] = { "down-signal", SIGNAL },
	[SETTING_RELOAD_SIGNAL] = { "reload-signal", SIGNAL },
	[SETTING_MAX_DEATH_TALLY] = { "max-death-tally", COUNT },
	[SETTING_NOTIFICATION_FD] = { "notification-fd", DESCRIPTOR },
};

static const char *const expected[] = {
	[DURATION] = "a number of milliseconds, 86400000 at most",
	[SIGNAL] = "a signal",
	[COUNT] = "a number of deaths, 60 at most",
	[DESCRIPTOR] = "a file descriptor, 1023 at most",
};

/* The greatest number of a kind. More deaths than are kept could never be counted. */
static const uint64_t most[] = {
	[DURATION] = MOST_MS,
	[COUNT] = STATUS_DEATHS,
	[DESCRIPTOR] = MOST_FD,
};

static_assert(STATUS_DEATHS == 60, "as what is expected says");

const char *setting_name(enum setting setting)
{
	return table[setting].name;
}

const char *setting_expects(enum setting setting)
{
	return expected[table[setting].kind];
}

bool setting_parse(enum setting setting, const char *text, int64_t *value)
{
	enum kind kind = table[setting].kind;
	uint64_t number;
	int signal;

	switch (kind) {
	case SIGNAL:
		signal = signals_number(text);
		if (signal <= 0)
			return false;
		*value = signal;
		return true;
	case DURATION:
	case COUNT:
	case DESCRIPTOR:
		if (!text_to_number(text, most[kind], &number))
			return false;
		*value = (int64_t)number;
		return true;
	}
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "files.h"
#include "message.h"
#include "signals.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define CONTROL_MS 30000

/* A day: longer is a mistake, and a sum of times cannot overflow. */
#define MOST_MS 86400000
#define MOST_FD 1023

enum kind { DURATION, SIGNAL, COUNT, DESCRIPTOR };

enum which {
	TIMEOUT_CONTROL, TIMEOUT_FINISH, TIMEOUT_KILL, DOWN_SIGNAL, RELOAD_SIGNAL,
	MAX_DEATH_TALLY, NOTIFICATION_FD,
};

static const struct {
	const char *name;
	enum kind kind;
} table[] = {
	[TIMEOUT_CONTROL] = { "timeout-control", DURATION },
	[TIMEOUT_FINISH] = { "timeout-finish", DURATION },
	[TIMEOUT_KILL] = { "timeout-kill", DURATION },
	[DOWN_SIGNAL] = { "down-signal", SIGNAL },
	[RELOAD_SIGNAL] = { "reload-signal", SIGNAL },
	[MAX_DEATH_TALLY] = { "max-death-tally", COUNT },
	[NOTIFICATION_FD] = { "notification-fd", DESCRIPTOR },
};

static const char *const expected[] = {
	[DURATION] = "a number of milliseconds, 86400000 at most",
	[SIGNAL] = "a signal",
	[COUNT] = "a number of deaths",
	[DESCRIPTOR] = "a file descriptor, 1023 at most",
};

/* False if TEXT is no value of that kind. */
static bool parse(enum kind kind, const char *text, int64_t *value)
{
	uint64_t number;

	switch (kind) {
	case SIGNAL:
		*value = signals_number(text);
		return *value > 0;
	case DURATION:
	case COUNT:
	case DESCRIPTOR:
		if (!text_to_number(text, kind == DESCRIPTOR ? MOST_FD : MOST_MS, &number))
			return false;
		*value = (int64_t)number;
		return true;
	}
	return false;
}

static void set(struct options *options, enum which which, int64_t value)
{
	struct monitor_options *monitor = &options->monitor;

	switch (which) {
	case TIMEOUT_CONTROL:
		monitor->control_ms = value;
		break;
	case TIMEOUT_FINISH:
		monitor->finish_ms = value;
		break;
	case TIMEOUT_KILL:
		monitor->kill_ms = value;
		break;
	case DOWN_SIGNAL:
		monitor->stop_signal = (int)value;
		break;
	case RELOAD_SIGNAL:
		monitor->reload_signal = (int)value;
		break;
	case MAX_DEATH_TALLY:
		/* more than can be are never reached */
		monitor->deaths_most = value > STATUS_DEATHS ? 0 : (unsigned)value;
		break;
	case NOTIFICATION_FD:
		monitor->notifies = true;
		options->notification_fd = (int)value;
		break;
	}
}

void options_begin(struct options *options)
{
	options->monitor = (struct monitor_options){
		.control_ms = CONTROL_MS,
		.stop_signal = SIGTERM,
		.reload_signal = SIGHUP,
	};
	options->notification_fd = OPTIONS_NO_FD;
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

bool options_read(struct options *options, int directory, const char *name, const char *suffix)
{
	options_begin(options);
	for (unsigned which = 0; which < sizeof table / sizeof table[0]; which++) {
		char text[64], *value = text;
		ssize_t length = files_read(directory, table[which].name, text, sizeof text);
		int64_t number;

		if (length < 0 && errno == ENOENT)
			continue;
		if (length < 0 && is_shortage(errno))
			return false;
		if (length >= 0)
			value = text_trim(text);
		if (length >= 0 && parse(table[which].kind, value, &number)) {
			set(options, (enum which)which, number);
			options->said &= ~(1U << which);
			continue;
		}
		if (!(options->said & 1U << which))
			message(MESSAGE_WARNING, "%s%s: %s: %s%s%s: not used; it takes %s", name,
				suffix, table[which].name, length < 0 ? strerror(errno) : "'",
				length < 0 ? "" : value, length < 0 ? "" : "'",
				expected[table[which].kind]);
		options->said |= 1U << which;
	}
	return true;
}

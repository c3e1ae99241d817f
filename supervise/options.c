/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "files.h"
#include "message.h"
#include "setting.h"
#include "text.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#define CONTROL_MS 30000

static void set(struct options *options, enum setting setting, int64_t value)
{
	struct monitor_options *monitor = &options->monitor;

	switch (setting) {
	case SETTING_TIMEOUT_CONTROL:
		monitor->control_ms = (int32_t)value;
		break;
	case SETTING_TIMEOUT_FINISH:
		monitor->finish_ms = (int32_t)value;
		break;
	case SETTING_TIMEOUT_KILL:
		monitor->kill_ms = (int32_t)value;
		break;
	case SETTING_DOWN_SIGNAL:
		monitor->stop_signal = (int)value;
		break;
	case SETTING_RELOAD_SIGNAL:
		monitor->reload_signal = (int)value;
		break;
	case SETTING_MAX_DEATH_TALLY:
		monitor->deaths_most = (unsigned)value;
		break;
	case SETTING_NOTIFICATION_FD:
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

static_assert(SETTING_COUNT <= 8, "a bit for each in what has been seen");

bool options_read(struct options *options, int directory, unsigned listing, const char *name,
	const char *suffix, struct options_seen *seen)
{
	/* what is replaced just now may be missing from the listing */
	unsigned expected = listing | seen->there;

	options_begin(options);
	for (unsigned which = 0; which < SETTING_COUNT; which++) {
		enum setting setting = (enum setting)which;
		const unsigned char bit = (unsigned char)(1U << which);
		const char *file = setting_name(setting);
		char text[64], *value = text;
		ssize_t length;
		int64_t number;

		if (!(expected & bit))
			continue;
		length = files_read(directory, file, text, sizeof text);
		if (length < 0 && errno == ENOENT) {
			seen->there &= (unsigned char)~bit;
			continue;
		}
		if (length < 0 && is_shortage(errno))
			return false;
		seen->there |= bit;
		if (length >= 0)
			value = text_trim(text);
		if (length >= 0 && setting_parse(setting, value, &number)) {
			set(options, setting, number);
			seen->wrong &= (unsigned char)~bit;
			continue;
		}
		if (!(seen->wrong & bit))
			message(MESSAGE_WARNING, "%s%s: %s: %s%s%s: not used; it takes %s", name,
				suffix, file, length < 0 ? strerror(errno) : "'",
				length < 0 ? "" : value, length < 0 ? "" : "'",
				setting_expects(setting));
		seen->wrong |= bit;
	}
	return true;
}

/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "files.h"
#include "message.h"
#include "setting.h"
#include "text.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdalign.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CONTROL_MS 30000

/* Entries of a directory that are read: a service has about ten. */
#define LIST_BYTES 1024

#define ALL ((1U << SETTING_COUNT) - 1)

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

static unsigned bit_of(const char *name)
{
	for (unsigned which = 0; which < SETTING_COUNT; which++)
		if (strcmp(name, setting_name((enum setting)which)) == 0)
			return 1U << which;
	return 0;
}

/* As getdents64(2), which musl and glibc give different names. */
static long list(int directory, void *entries)
{
	return syscall(SYS_getdents64, directory, entries, (unsigned)LIST_BYTES);
}

/* Which files DIRECTORY has, a bit for each. To look for one that is not there costs
 * nearly as much as to list a directory of that size, and most are not. ALL where it
 * is longer, or cannot be listed. It is opened anew: where a descriptor that was read
 * before stands is not the same in all file systems. */
static unsigned present(int directory)
{
	alignas(struct dirent) char entries[LIST_BYTES];
	int again = files_open(directory, ".", O_RDONLY | O_DIRECTORY, 0);
	long got = again < 0 ? -1 : list(again, entries);
	unsigned found = 0;

	for (long at = 0; at < got;) {
		/* getdents(2): aligned, and padded to be */
		const struct dirent *entry = (const void *)(entries + at);

		found |= bit_of(entry->d_name);
		at += entry->d_reclen;
	}
	if (got < 0 || (got > 0 && list(again, entries) != 0))
		found = ALL;
	files_close(&again);
	return found;
}

bool options_read(struct options *options, int directory, const char *name, const char *suffix,
	struct options_seen *seen)
{
	/* what is replaced just now, by rename(2), may be missing from a list (btrfs) */
	unsigned expected = present(directory) | seen->there;

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

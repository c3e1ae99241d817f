/* SPDX-License-Identifier: MIT */
/* The option files of a service directory: their texts, one after the other, each
 * with a byte before it that says which file it is. */
#include "fuzz.h"

#include "setting.h"
#include "signals.h"
#include "text.h"

#define UNTOUCHED INT64_MIN

/* A signal's name is its number's name. */
static void check_signal(int64_t number)
{
	must(number > 0 && number < NSIG);
	if (strcmp(signals_name((int)number), "?") != 0)
		must(signals_number(signals_name((int)number)) == number);
}

static int64_t most(enum setting setting)
{
	return setting == SETTING_NOTIFICATION_FD ? 1023 :
		setting == SETTING_MAX_DEATH_TALLY ? 60 : 86400000;
}

static void check(enum setting setting, char *text)
{
	size_t length = strlen(text);
	char *value = text_trim(text), written[24];
	int64_t number = UNTOUCHED, again;

	must(value >= text && strlen(value) <= length);
	must(strspn(value, " \t\r\n") == 0);
	if (!setting_parse(setting, value, &number)) {
		must(number == UNTOUCHED && strlen(setting_expects(setting)) > 0);
		return;
	}
	must(number >= 0 && number <= most(setting));
	if (setting == SETTING_DOWN_SIGNAL || setting == SETTING_RELOAD_SIGNAL)
		check_signal(number);
	(void)snprintf(written, sizeof written, "%lld", (long long)number);
	must(setting_parse(setting, written, &again) && again == number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	while (input.size > 0) {
		enum setting setting = (enum setting)(take_number(&input, 1) % SETTING_COUNT);
		char *text = take_text(&input, '\n');

		check(setting, text);
		free(text);
	}
	return 0;
}

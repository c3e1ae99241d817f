/* SPDX-License-Identifier: MIT */
/* What is typed behind sv and svctl, and what they say: commands, times, the line of
 * a service. */
#include "fuzz.h"

#include "command.h"
#include "../../svctl/duration.h"
#include "../../svctl/measure.h"
#include "../../svctl/report.h"
#include "../../svctl/words.h"

static void check_word(const char *text)
{
	const struct word *word = word_find(text);

	if (word == NULL) {
		for (size_t i = 0; i < word_count; i++)
			must(strcmp(text, word_table[i].name) != 0);
		return;
	}
	must(word >= word_table && word < word_table + word_count);
	must(strcmp(text, word->name) == 0 || strchr(word->initials, text[0]) != NULL);
	must(word_find(word->name) == word && strlen(word_help(word)) > 0);
	for (const char *letter = word->send; *letter != '\0'; letter++)
		must(command_find(*letter) != NULL);
}

static void check_time(const char *text)
{
	int64_t ms = -1, again;
	char written[64];

	if (!duration_parse(text, &ms)) {
		must(ms == -1);
		return;
	}
	must(ms >= 0);
	(void)snprintf(written, sizeof written, "%lld.%03d", (long long)(ms / 1000),
		(int)(ms % 1000));
	must(duration_parse(written, &again) && again == ms);
}

static void check_amounts(uint64_t amount)
{
	char text[DURATION_TEXT_BYTES], measure[MEASURE_TEXT_BYTES];

	must(duration_format((int64_t)amount, text) == strlen(text) && strlen(text) >= 2);
	must(measure_memory(amount, measure) == strlen(measure) && strlen(measure) >= 2);
	must(measure_cpu(amount, measure) == strlen(measure) && strlen(measure) >= 2);
}

/* Cut at any size it is the beginning of the whole. */
static void check_report(struct input *input, const char *label)
{
	struct status status = {
		.changed.tv_sec = (time_t)(take_number(input, 8) >> 1),
		.pid = (pid_t)(take_number(input, 4) & INT32_MAX),
		.paused = take_number(input, 1) & 1, .got_term = take_number(input, 1) & 1,
		.want = (enum status_want)(take_number(input, 1) % 3),
		.state = (enum status_state)(take_number(input, 1) % 3),
	};
	bool up = take_number(input, 1) & 1;
	time_t now = (time_t)(take_number(input, 8) >> 1);
	size_t most = strlen(label) + REPORT_BYTES, size = 1 + take_number(input, 2) % most, length;
	char *line = malloc(most), *cut = malloc(size);

	must(line != NULL && cut != NULL);
	length = report_line(line, most, label, &status, up, now);
	must(length == strlen(line) && length + 1 < most);
	must(strncmp(line, report_state(status.state), strlen(report_state(status.state))) == 0);
	must(strstr(line, label) != NULL);
	length = report_line(cut, size, label, &status, up, now);
	must(length == strlen(cut) && strncmp(line, cut, length) == 0);
	must(length == size - 1 || length == strlen(line));
	free(line);
	free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	while (input.size > 0) {
		char *text = take_text(&input, '\n');

		check_word(text);
		check_time(text);
		check_report(&input, text);
		check_amounts(take_number(&input, 8));
		free(text);
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "text.h"

const char *report_state(enum status_state state)
{
	switch (state) {
	case STATUS_DOWN:
		return "down";
	case STATUS_RUN:
		return "run";
	case STATUS_FINISH:
		return "finish";
	}
	return "";
}

/* What is worth saying about one that runs. */
static size_t report_running(char *buffer, size_t size, const struct status *status,
	bool normally_up)
{
	return text_format(buffer, size, "%s%s%s%s", normally_up ? "" : ", normally down",
		status->paused ? ", paused" : "",
		status->want == STATUS_WANT_UP ? "" : ", want down",
		status->got_term ? ", got TERM" : "");
}

size_t report_line(char *buffer, size_t size, const char *label,
	const struct status *status, bool normally_up, time_t now)
{
	long long seconds = (long long)now - (long long)status->changed.tv_sec;
	char pid[24] = "";
	size_t length;

	if (status->state != STATUS_DOWN)
		text_format(pid, sizeof pid, "(pid %d) ", (int)status->pid);
	length = text_format(buffer, size, "%s: %s: %s%llds", report_state(status->state), label,
		pid, seconds < 0 ? 0 : seconds);
	if (status->pid != 0)
		return length + report_running(buffer + length, size - length, status, normally_up);
	return length + text_format(buffer + length, size - length, "%s%s",
		normally_up ? ", normally up" : "",
		status->want == STATUS_WANT_UP ? ", want up" : "");
}

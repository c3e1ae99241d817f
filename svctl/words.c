/* SPDX-License-Identifier: MIT */
#include "words.h"

#include "command.h"

#include <string.h>

const struct word word_table[] = {
	{ "status", "s", "", GOAL_NONE, false, false, "show the state of the service and of its logger" },

	{ "up", "u", "u", GOAL_UP, false, false, NULL },
	{ "down", "d", "d", GOAL_DOWN, false, false, NULL },
	{ "once", "o", "o", GOAL_ONCE, false, false, NULL },
	{ "exit", "ex", "x", GOAL_GONE, false, false, NULL },
	{ "pause", "p", "p", GOAL_PAUSED, false, false, NULL },
	{ "cont", "c", "c", GOAL_CONTINUED, false, false, NULL },
	{ "hup", "h", "h", GOAL_HEARD, false, false, NULL },
	{ "alarm", "a", "a", GOAL_HEARD, false, false, NULL },
	{ "interrupt", "i", "i", GOAL_HEARD, false, false, NULL },
	{ "quit", "q", "q", GOAL_HEARD, false, false, NULL },
	{ "1", "1", "1", GOAL_HEARD, false, false, NULL },
	{ "2", "2", "2", GOAL_HEARD, false, false, NULL },
	{ "term", "t", "t", GOAL_RESTARTED, false, false, NULL },
	{ "kill", "k", "k", GOAL_RESTARTED, false, false, NULL },

	{ "start", "", "u", GOAL_UP, true, false, "as up, and wait until it runs" },
	{ "stop", "", "d", GOAL_DOWN, true, false, "as down, and wait until it is down" },
	{ "restart", "", "tcu", GOAL_RESTARTED_UP, true, false,
		"send TERM and CONT, then up, and wait until it runs anew" },
	{ "try-restart", "", "tc", GOAL_RESTARTED, true, false,
		"send TERM and CONT; wait until it runs anew, if it is to run" },
	{ "reload", "", "h", GOAL_HEARD, true, false, "as hup, and show the state" },
	{ "check", "", "", GOAL_WANTED, true, false, "wait until it is as wanted" },
	{ "shutdown", "", "x", GOAL_GONE, true, false,
		"as exit, and wait until nobody supervises it" },

	{ "force-stop", "D", "d", GOAL_DOWN, true, true, "as stop, and kill it if it does not" },
	{ "force-reload", "T", "tc", GOAL_RESTARTED, true, true,
		"as try-restart, and kill it if it does not" },
	{ "force-restart", "", "tcu", GOAL_RESTARTED_UP, true, true,
		"as restart, and kill it if it does not" },
	{ "force-shutdown", "XE", "x", GOAL_GONE, true, true,
		"as shutdown, and kill it if it does not" },
};

const size_t word_count = sizeof word_table / sizeof word_table[0];

const struct word *word_find(const char *text)
{
	for (size_t i = 0; i < word_count; i++)
		if (strcmp(word_table[i].name, text) == 0)
			return &word_table[i];
	if (*text == '\0')	/* strchr finds the closing NUL */
		return NULL;
	for (size_t i = 0; i < word_count; i++)
		if (strchr(word_table[i].initials, *text) != NULL)
			return &word_table[i];
	return NULL;
}

const char *word_help(const struct word *word)
{
	return word->help != NULL ? word->help : command_find(*word->send)->help;
}

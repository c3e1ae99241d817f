/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <signal.h>

const struct command command_table[] = {
	{ 'u', "up", 0, "start the service, and again whenever it ends" },
	{ 'd', "down", 0, "stop the service with TERM and CONT, and leave it stopped" },
	{ 'o', "once", 0, "start the service if it is down, and leave it when it ends" },
	{ 'x', "exit", 0, "as down, then the supervisor lets go of the service" },
	{ 'p', "pause", SIGSTOP, "send STOP" },
	{ 'c', "cont", SIGCONT, "send CONT" },
	{ 'h', "hup", SIGHUP, "send HUP" },
	{ 'a', "alarm", SIGALRM, "send ALRM" },
	{ 'i', "interrupt", SIGINT, "send INT" },
	{ 'q', "quit", SIGQUIT, "send QUIT" },
	{ '1', "1", SIGUSR1, "send USR1" },
	{ '2', "2", SIGUSR2, "send USR2" },
	{ 't', "term", SIGTERM, "send TERM" },
	{ 'k', "kill", SIGKILL, "send KILL" },
};

const size_t command_count = sizeof command_table / sizeof command_table[0];

const struct command *command_find(char letter)
{
	for (size_t i = 0; i < command_count; i++)
		if (command_table[i].letter == letter)
			return &command_table[i];
	return NULL;
}

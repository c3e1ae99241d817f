/* SPDX-License-Identifier: MIT */
#include "telinit.h"

#include "message.h"
#include "resume.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define EXIT_USAGE 100
#define EXIT_SYSTEM 111

/* sysvinit's telinit(8): what its users mean by a letter. */
static const struct request {
	const char *letters;
	int signal;
	int value;
	const char *help;
} requests[] = {
	{ "qQ", SIGHUP, 0, "read /etc/inittab again" },
	{ "0", SIGUSR2, 0, "power off" },
	{ "6", SIGTERM, 0, "reboot" },
	{ "sS1", RESUME_SIGNAL, TELINIT_SINGLE, "single user mode" },
	{ "2345", RESUME_SIGNAL, TELINIT_MULTI, "leave single user mode" },
	{ "uU", RESUME_SIGNAL, 0, "execute the init on disk, which may be a new one" },
};

static const struct request *find(const char *word)
{
	if (word[0] == '-')
		word++;
	if (word[0] != '\0' && word[1] == '\0')
		for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
			if (strchr(requests[i].letters, word[0]) != NULL)
				return &requests[i];
	return NULL;
}

static int usage(void)
{
	message(MESSAGE_ERROR, "usage: init LETTER, which is one of");
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
		message(MESSAGE_ERROR, "  %s  %s", requests[i].letters, requests[i].help);
	return EXIT_USAGE;
}

int telinit(char *const argv[])
{
	const struct request *request;
	union sigval value;

	message_open("init", MESSAGE_STDERR);
	if (argv[0] == NULL || argv[1] == NULL || argv[2] != NULL)
		return usage();
	request = find(argv[1]);
	if (request == NULL)
		return usage();
	value = (union sigval){ .sival_int = request->value };
	if ((request->value != 0 ? sigqueue(1, request->signal, value) :
		kill(1, request->signal)) == 0)
		return 0;
	message(MESSAGE_ERROR, "process 1: cannot signal: %s", strerror(errno));
	return EXIT_SYSTEM;
}

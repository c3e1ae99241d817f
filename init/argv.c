/* SPDX-License-Identifier: MIT */
#include "argv.h"

#include "text.h"

#include <string.h>

static char shell[] = "-/bin/sh", option[] = "-c";

static void make_shell(struct argv *argv, const char *command)
{
	/* it fits: text is as long as any command with this before it */
	(void)text_format(argv->text, sizeof argv->text, "exec %s", command);
	argv->path = shell + 1;
	argv->words[0] = argv->login ? shell : shell + 1;
	argv->words[1] = option;
	argv->words[2] = argv->text;
	argv->words[3] = NULL;
}

static void split(struct argv *argv)
{
	char *rest = argv->text;
	size_t count = 0;

	for (;;) {
		rest += strspn(rest, " \t");
		if (*rest == '\0')
			break;
		/* there are at most half as many words as bytes */
		argv->words[count++] = rest;
		rest += strcspn(rest, " \t");
		if (*rest != '\0')
			*rest++ = '\0';
	}
	argv->words[count] = NULL;
}

void argv_make(struct argv *argv, const char *command)
{
	argv->login = command[0] == '-';
	if (strpbrk(command, "~`!$^&*()=|\\{}[];\"'<>?") != NULL) {
		make_shell(argv, command + argv->login);
		return;
	}
	(void)text_copy(argv->text, sizeof argv->text, command);
	split(argv);
	argv->path = argv->words[0] != NULL ? argv->words[0] + argv->login : "";
}

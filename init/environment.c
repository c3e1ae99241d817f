/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include "large.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel gives init at most 32 (init/main.c MAX_INIT_ENVS); in a container
 * there may be any number, of which so many are kept. */
#define GIVEN 240
#define OURS 16			/* room for what is set here and in resume.c */
#define VARIABLES (GIVEN + OURS)

/* What an init that executes itself hands over to the next: it is never left out. */
#define HANDED_OVER "INIT_"

static char *variables[VARIABLES + 1] LARGE;	/* closed with a NULL */

static bool is_variable(const char *text, const char *name, size_t length)
{
	return strncmp(text, name, length) == 0 && text[length] == '=';
}

static size_t find(const char *name, size_t length)
{
	size_t i = 0;

	while (variables[i] != NULL && !is_variable(variables[i], name, length))
		i++;
	return i;
}

void environment_set(char *text)
{
	size_t i = find(text, strcspn(text, "="));

	if (i == VARIABLES)
		i--;
	variables[i] = text;
}

void environment_remove(const char *name)
{
	size_t i = find(name, strlen(name));

	for (; variables[i] != NULL; i++)
		variables[i] = variables[i + 1];
}

void environment_begin(void)
{
	static char home[] = "HOME=/", user[] = "USER=root", shell[] = "SHELL=/bin/sh",
		path[] = "PATH=/sbin:/usr/sbin:/bin:/usr/bin";

	size_t kept = 0;

	for (size_t i = 0; environ[i] != NULL && kept < VARIABLES; i++)
		if (kept < GIVEN || strncmp(environ[i], HANDED_OVER, strlen(HANDED_OVER)) == 0)
			variables[kept++] = environ[i];
	environ = variables;
	if (getenv("HOME") == NULL)
		environment_set(home);
	environment_set(path);
	environment_set(shell);
	environment_set(user);
}

/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "text.h"

#include <stdint.h>
#include <string.h>

#define PF_KTHREAD 0x00200000U	/* include/linux/sched.h */

/* Reads the number that TEXT begins with; a sign is skipped: -1 is no terminal
 * and no process group, and neither is looked for. NULL if there is none, or too
 * large a one. */
static const char *take_number(const char *text, uint64_t *number)
{
	text += *text == ' ';
	text += *text == '-';
	return text_take_number(text, UINT64_MAX, number);
}

/* The numbers behind the name and the state, by their place in proc(5). */
enum {
	PARENT = 4, GROUP, SESSION, TERMINAL, FOREGROUND, FLAGS, USER_TIME = 14, SYSTEM_TIME,
	CHILDREN_USER_TIME, CHILDREN_SYSTEM_TIME, THREADS = 20, START_TIME = 22, MEMORY = 24,
};

static bool parse_rest(const char *rest, struct process *process)
{
	uint64_t numbers[MEMORY + 1] = { 0 };

	if (rest[0] != ' ' || rest[1] == '\0')
		return false;
	process->state = rest[1];
	rest += 2;
	for (int i = PARENT; i <= MEMORY; i++) {
		rest = take_number(rest, &numbers[i]);
		if (rest == NULL && i <= FLAGS)
			return false;
		if (rest == NULL)
			break;
	}
	process->parent = (pid_t)numbers[PARENT];
	process->group = (pid_t)numbers[GROUP];
	process->session = (pid_t)numbers[SESSION];
	process->terminal = numbers[TERMINAL] != 0;
	process->kernel = (numbers[FLAGS] & PF_KTHREAD) != 0;
	process->ticks = numbers[USER_TIME] + numbers[SYSTEM_TIME] +
		numbers[CHILDREN_USER_TIME] + numbers[CHILDREN_SYSTEM_TIME];
	process->threads = numbers[THREADS];
	process->start = numbers[START_TIME];
	process->pages = numbers[MEMORY];
	return true;
}

bool process_parse(const char *line, struct process *process)
{
	const char *open = strchr(line, '('), *close = strrchr(line, ')');
	uint64_t pid;
	size_t length;

	if (open == NULL || close == NULL || close < open || take_number(line, &pid) != open - 1)
		return false;
	length = (size_t)(close - open - 1);
	if (length >= sizeof process->name)
		length = sizeof process->name - 1;
	memcpy(process->name, open + 1, length);
	process->name[length] = '\0';
	process->pid = (pid_t)pid;
	return parse_rest(close + 1, process);
}

bool process_has_ended(const struct process *process)
{
	return (process->state == 'Z' || process->state == 'X') && process->threads <= 1;
}

bool process_is_alive(const struct process *process)
{
	return !process->kernel && !process_has_ended(process);
}

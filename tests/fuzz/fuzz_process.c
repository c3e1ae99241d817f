/* SPDX-License-Identifier: MIT */
/* A line of /proc/PID/stat: any, and the kernel's for a process of any name. */
#include "fuzz.h"

#include "process.h"

static void check_any(const char *line)
{
	struct process process;

	if (!process_parse(line, &process))
		return;
	must(process.state != '\0');
	must(memchr(process.name, '\0', sizeof process.name) != NULL);
	must(strncmp(strchr(line, '(') + 1, process.name, strlen(process.name)) == 0);
	must(!process_has_ended(&process) || (!process_is_alive(&process) && process.threads <= 1));
}

/* FIELDS: the last that the line has. */
static void check_kernels(struct input *input, int fields)
{
	static const char states[] = "RSDTtZXIPW";
	char line[1024], name[PROCESS_NAME_BYTES], state = states[take_number(input, 1) % 10];
	unsigned pid = (unsigned)take_number(input, 4) & INT32_MAX;
	uint64_t values[53];
	struct process process;
	char *text;
	int length;

	for (int i = 4; i <= 52; i++)
		values[i] = i <= 8 ? take_number(input, 4) & INT32_MAX :
			take_number(input, i % 8 == 0 ? 8 : 1);
	text = take_text(input, '\0');
	(void)snprintf(name, sizeof name, "%s", text);
	free(text);
	length = snprintf(line, sizeof line, "%u (%s) %c", pid, name, state);
	for (int i = 4; i <= fields; i++)
		length += snprintf(line + length, sizeof line - (size_t)length, " %llu",
			(unsigned long long)values[i]);
	must(process_parse(line, &process));
	must(process.pid == (pid_t)pid && strcmp(process.name, name) == 0 && process.state == state);
	must(process.parent == (pid_t)values[4] && process.group == (pid_t)values[5] &&
		process.session == (pid_t)values[6] && process.terminal == (values[7] != 0));
	must(process.kernel == ((values[9] & 0x200000) != 0));
	must(process.threads == (fields >= 20 ? values[20] : 0));
	must(process_has_ended(&process) == ((state == 'Z' || state == 'X') && process.threads <= 1));
	must(process.start == (fields >= 22 ? values[22] : 0));
	must(process.pages == (fields >= 24 ? values[24] : 0));
	must(process.ticks == (fields >= 17 ? values[14] + values[15] + values[16] + values[17] :
		process.ticks));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char *line = take_text(&input, '\0');

	check_any(line);
	free(line);
	input = (struct input){ data, size };
	check_kernels(&input, 9 + (int)(take_number(&input, 1) % 44));
	return 0;
}

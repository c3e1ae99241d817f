/* SPDX-License-Identifier: MIT */
/* Says in the kernel log that a command is about to be executed, and executes
 * it: the kernel's clock is the guest's, and the same for all who are measured.
 *   mark NAME COMMAND…     "mark: NAME" into /dev/kmsg, then the command
 *   mark -w COMMAND…       first waits for a line on standard input */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char text[128];
	int fd, length;

	if (argc < 3)
		return 100;
	if (strcmp(argv[1], "-w") == 0) {
		if (read(0, text, sizeof text) <= 0)
			return 111;
	} else {
		length = snprintf(text, sizeof text, "<6>mark: %.100s\n", argv[1]);
		fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, text, (size_t)length) != length)
			return 111;
	}
	execvp(argv[2], argv + 2);
	return 127;
}

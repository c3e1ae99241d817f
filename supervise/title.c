/* SPDX-License-Identifier: MIT */
#include "title.h"

#include "files.h"
#include "message.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* so many characters of LOG stay */
#define KEPT 5

static struct {
	char *text;		/* what moves */
	size_t length;
	int pipe[2];
	struct loop_watch watch;
} title = { .pipe = { -1, -1 } };

static void show(struct loop_watch *unused)
{
	char bytes[4096];
	/* once: others have their turn before the rest, however fast somebody writes */
	ssize_t got = read(title.pipe[0], bytes, sizeof bytes);
	size_t count = got <= 0 ? 0 : (size_t)got < title.length ? (size_t)got : title.length;

	(void)unused;
	memmove(title.text, title.text + count, title.length - count);
	for (size_t i = 0; i < count; i++) {
		char byte = bytes[(size_t)got - count + i];

		title.text[title.length - count + i] = byte < ' ' ? ' ' : byte;
	}
}

bool title_open(struct loop *loop, char *log)
{
	title.text = log + KEPT;
	title.length = strlen(title.text);
	title.watch.ready = show;
	/* standard error last: that cannot fail */
	if (pipe2(title.pipe, O_CLOEXEC) == 0 &&
	    fcntl(title.pipe[0], F_SETFL, O_NONBLOCK) == 0 &&
	    loop_watch(loop, title.pipe[0], &title.watch) && message_separate(title.pipe[1]) &&
	    dup2(title.pipe[1], STDERR_FILENO) >= 0) {
		files_close(&title.pipe[1]);
		return true;
	}
	loop_close(loop, &title.pipe[0]);
	files_close(&title.pipe[1]);
	return false;
}

/* SPDX-License-Identifier: MIT */
/* What can be known of a script that is not executed: what would interpret it, and
 * which services it asks sv or svctl to start. Pure. */
#ifndef SVCTL_SCRIPT_H
#define SVCTL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum script_kind {
	SCRIPT_EMPTY,
	SCRIPT_BINARY,		/* ELF: the kernel knows how */
	SCRIPT_WITHOUT,		/* neither that nor #!: execve(2) refuses it */
	SCRIPT_UNNAMED,		/* #! and nothing */
	SCRIPT_DOS,		/* the line ends with a carriage return, which is part of the name */
	SCRIPT_LONG,		/* the line is longer than the kernel reads */
	SCRIPT_INTERPRETED,
};

/* What the kernel reads of a line, and so the longest name that there can be
 * (include/uapi/linux/binfmts.h: BINPRM_BUF_SIZE). */
#define SCRIPT_LINE_BYTES 256

struct script {
	enum script_kind kind;
	char interpreter[SCRIPT_LINE_BYTES];	/* of INTERPRETED and DOS */
	char argument[SCRIPT_LINE_BYTES];	/* "": none */
};

/* TEXT is the beginning of a file, SIZE bytes of it and then a NUL. */
void script_read(const char *text, size_t size, struct script *script);

/* Where a search through a script has come to. Begin with { .at = its text }. */
struct script_search {
	const char *at;
	bool in_command;	/* behind something that was found */
};

/* Finds the next one, in lines such as "sv -w 5 up /etc/rc.d/syslogd || exit 1". False
 * if there is no more. What the shell would make of variables is not known: names
 * with $, ` or a pattern in them are passed over. */
bool script_next_started(struct script_search *search, char *name, size_t size);

/* Finds the next program that the script puts in its place: "exec NAME". As above. */
bool script_next_program(struct script_search *search, char *name, size_t size);

/* Where a log/run writes to, as far as that can be read from it. */
enum script_log {
	SCRIPT_LOG_UNKNOWN,
	SCRIPT_LOG_DIRECTORY,	/* of svlogd's, multilog's or s6-log's: the file is `current` */
	SCRIPT_LOG_FILE,
	SCRIPT_LOG_TAG,		/* to syslog, by logger -t */
};

/* Sets NAME, unless it is unknown, to what the script TEXT says. */
enum script_log script_find_log(const char *text, char *name, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include "text.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	int number;
	const char *name;
} signals_table[] = {
	{ SIGHUP, "HUP" }, { SIGINT, "INT" }, { SIGQUIT, "QUIT" }, { SIGILL, "ILL" },
	{ SIGTRAP, "TRAP" }, { SIGABRT, "ABRT" }, { SIGBUS, "BUS" }, { SIGFPE, "FPE" },
	{ SIGKILL, "KILL" }, { SIGUSR1, "USR1" }, { SIGSEGV, "SEGV" }, { SIGUSR2, "USR2" },
	{ SIGPIPE, "PIPE" }, { SIGALRM, "ALRM" }, { SIGTERM, "TERM" }, { SIGSTKFLT, "STKFLT" },
	{ SIGCHLD, "CHLD" }, { SIGCONT, "CONT" }, { SIGSTOP, "STOP" }, { SIGTSTP, "TSTP" },
	{ SIGTTIN, "TTIN" }, { SIGTTOU, "TTOU" }, { SIGURG, "URG" }, { SIGXCPU, "XCPU" },
	{ SIGXFSZ, "XFSZ" }, { SIGVTALRM, "VTALRM" }, { SIGPROF, "PROF" }, { SIGWINCH, "WINCH" },
	{ SIGIO, "IO" }, { SIGPWR, "PWR" }, { SIGSYS, "SYS" },
};

#define SIGNALS_COUNT (sizeof signals_table / sizeof signals_table[0])

void signals_block(void)
{
	/* the kernel's struct sigaction, no longer than this: all zero is SIG_DFL */
	static const unsigned long standard[8];
	sigset_t all;

	(void)sigfillset(&all);		/* it and sigprocmask fail for bad arguments only */
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	/* not by sigaction(3), which refuses the three that musl keeps for itself */
	for (int number = 1; number < NSIG; number++) {
		unsigned long now[8] = { 0 };

		/* this and the next fail for bad arguments only */
		(void)syscall(SYS_rt_sigaction, number, NULL, now, (NSIG - 1) / 8);
		/* one that is pending and by default ignored, as CONT, would be lost when
		 * SIG_DFL is set once more (kernel/signal.c, do_sigaction) */
		if (memcmp(now, standard, sizeof now) != 0)
			(void)syscall(SYS_rt_sigaction, number, standard, NULL, (NSIG - 1) / 8);
	}
}

void signals_unblock(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int signals_open(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

const char *signals_name(int number)
{
	for (size_t i = 0; i < SIGNALS_COUNT; i++)
		if (signals_table[i].number == number)
			return signals_table[i].name;
	return "?";
}

int signals_number(const char *name)
{
	uint64_t number;

	if (text_to_number(name, NSIG - 1, &number) && number > 0)
		return (int)number;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < SIGNALS_COUNT; i++)
		if (strcasecmp(signals_table[i].name, name) == 0)
			return signals_table[i].number;
	return -1;
}

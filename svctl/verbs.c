/* SPDX-License-Identifier: MIT */
#include "verbs.h"

#include <string.h>

#define CONTROLS (OPTION_WAIT | OPTION_NO_WAIT | OPTION_JSON | OPTION_SHOW)

const struct verb verb_table[] = {
	{ "list", "[NAME...]", OPTION_JSON | OPTION_ALL, verb_list,
		"show a table of all services, or of some",
		"svctl list 'web*'", "the services whose names begin with web" },

	{ "status", "NAME...", OPTION_JSON, verb_status,
		"show all about services: state, processes, files, options",
		"svctl status web", "a page about web" },

	{ "start", "NAME...", CONTROLS, verb_control,
		"start services, and again when they end; wait until they run",
		"svctl start -t 30 web", "start web, and wait half a minute at most until it runs" },
	{ "stop", "NAME...", CONTROLS, verb_control,
		"stop services with TERM and CONT; wait until they are down",
		"svctl stop 'web*' db", "stop db and all whose names begin with web" },
	{ "restart", "NAME...", CONTROLS, verb_control,
		"stop services and start them; wait until they run anew",
		"svctl restart web", "restart web" },
	{ "reload", "NAME...", CONTROLS, verb_control,
		"send HUP, or what the service says in reload-signal",
		"svctl reload web", "have web read its configuration again" },
	{ "once", "NAME...", CONTROLS, verb_control,
		"start services that are down, and leave them when they end",
		"svctl once backup", "run backup now, and not again when it has ended" },
	{ "pause", "NAME...", CONTROLS, verb_control,
		"send STOP", "svctl pause web", "web stands still until svctl cont web" },
	{ "cont", "NAME...", CONTROLS, verb_control,
		"send CONT", "svctl cont web", "let web go on" },
	{ "kill", "[SIGNAL] NAME...", CONTROLS, verb_kill,
		"send KILL, or another signal",
		"svctl kill USR1 web", "tell web something; svctl kill web would end it at once" },

	{ "enable", "NAME...", CONTROLS | OPTION_NOW, verb_enable,
		"have services supervised, now and at each boot",
		"svctl enable --now web", "link web into $SVDIR, start it and wait until it runs" },
	{ "disable", "NAME...", CONTROLS | OPTION_NOW, verb_disable,
		"have services supervised no more; wait until they are down",
		"svctl disable web", "remove the link to web from $SVDIR, which takes it down" },

	{ "wait", "up|down|ready NAME...", OPTION_WAIT | OPTION_JSON, verb_wait,
		"wait until services are up, down, or ready",
		"svctl wait -t 60 ready db", "return as soon as db is ready, or after a minute" },
	{ "why", "NAME...", OPTION_JSON, verb_why,
		"say in a sentence why services are as they are",
		"svctl why web", "why does web not run?" },

	{ "boot", "[LOG]", OPTION_JSON | OPTION_SVG, verb_boot,
		"show how the last boot went, or that of a saved kernel log",
		"svctl boot --svg >boot.svg", "draw what init and the services did, and when" },
	{ "log", "NAME...", OPTION_FOLLOW | OPTION_LINES | OPTION_JSON, verb_log,
		"show the last lines that services have logged",
		"svctl log -f -n 50 web", "the last 50 lines of web's log, and what comes, until ^C" },
	{ "events", "[NAME...]", OPTION_JSON, verb_events,
		"show how services are, and each change as it happens",
		"svctl events --json web", "a line for a program to read whenever web changes" },
	{ "new", "NAME -- COMMAND...", OPTION_JSON, verb_new,
		"make the directory of a service that runs a command",
		"svctl new web -- httpd -f -p 8080", "make /etc/init.d/web, with run and log/run" },
	{ "check", "[NAME...]", OPTION_JSON, verb_check,
		"look for what would not work in service directories",
		"svctl check ./web/", "is the directory web, here, fit to be supervised?" },
	{ "tree", "[NAME...]", OPTION_JSON, verb_tree,
		"show init, supervisors, services and their processes",
		"svctl tree web", "who web's processes are, and who started them" },
	{ "metrics", "[NAME...]", 0, verb_metrics,
		"write all services for a monitoring system: OpenMetrics",
		"svctl metrics >/run/metrics/services.prom", "for a collector that reads files" },

	{ "poweroff", "", OPTION_FORCE | OPTION_YES, verb_power,
		"stop all and switch the machine off",
		"svctl poweroff", "services end, then their loggers; the disk is clean" },
	{ "reboot", "", OPTION_FORCE | OPTION_YES, verb_power,
		"stop all and start the machine anew",
		"svctl reboot -f", "at once: nothing is stopped, and what is not synced may be lost" },
	{ "halt", "", OPTION_FORCE | OPTION_YES, verb_power,
		"stop all and the machine, and leave it switched on",
		"svctl halt", "the last messages stay on the screen" },
};

const size_t verb_count = sizeof verb_table / sizeof verb_table[0];

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < verb_count; i++)
		if (strcmp(verb_table[i].name, name) == 0)
			return &verb_table[i];
	return NULL;
}

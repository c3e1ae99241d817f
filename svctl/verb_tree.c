/* SPDX-License-Identifier: MIT */
/* init, the supervisors, their services, and the processes of these. */
#include "duration.h"
#include "files.h"
#include "locks.h"
#include "reason.h"
#include "snapshot.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NONE SIZE_MAX
/* Deeper is not shown; what is read while it changes may even run in a circle. */
#define DEPTH_MOST 64

enum kind { PROCESS, SERVICE, LOGGER };

struct node {
	enum kind kind;
	size_t index;		/* in snapshot.processes.list, or snapshot.services */
	size_t parent, first, last, next;	/* nodes; NONE */
	bool shown;		/* of a process */
};

/* The first node stands for the whole and is none; then come the processes, the
 * services, and their loggers. */
struct tree {
	struct snapshot snapshot;
	struct node *nodes;
	pid_t *supervisors;	/* of each service; 0: nobody, or not known */
	bool drawn;		/* lines, not ASCII */
};

#define ROOT 0

static size_t process_node(size_t index)
{
	return 1 + index;
}

static size_t service_node(const struct tree *tree, size_t index)
{
	return 1 + tree->snapshot.processes.count + index;
}

static size_t logger_node(const struct tree *tree, size_t index)
{
	return service_node(tree, tree->snapshot.count + index);
}

/* The node of the process PID; NONE if there is no such. */
static size_t node_of(const struct tree *tree, pid_t pid)
{
	const struct process *process = processes_find(&tree->snapshot.processes, pid);

	return process != NULL ?
		process_node((size_t)(process - tree->snapshot.processes.list)) : NONE;
}

/* --- who supervises what ------------------------------------------------------------- */

struct held {
	struct stat lock;	/* supervise/lock of a service */
	size_t service;
};

static int compare(const void *one, const void *other)
{
	const struct held *left = one, *right = other;

	return left->lock.st_ino < right->lock.st_ino ? -1 : left->lock.st_ino > right->lock.st_ino;
}

/* Which locks there are to be held. Without the permission to look, none. */
static size_t find_locks(const struct context *context, const struct snapshot *snapshot,
	struct held *held)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->count; i++) {
		int directory = service_open(context->svdir, snapshot->services[i].name);

		if (directory >= 0 && fstatat(directory, "supervise/lock", &held[count].lock, 0) == 0)
			held[count++].service = i;
		files_close(&directory);
	}
	qsort(held, count, sizeof *held, compare);
	return count;
}

static void take_lock(struct tree *tree, const struct held *held, size_t count,
	const struct lock *lock)
{
	struct held wanted = { .lock.st_ino = lock->inode };
	const struct held *found = bsearch(&wanted, held, count, sizeof *held, compare);

	if (found != NULL && major(found->lock.st_dev) == lock->major &&
	    minor(found->lock.st_dev) == lock->minor)
		tree->supervisors[found->service] = lock->holder;
}

/* The lines of /proc/locks; what the buffer cuts is a line's end, of no use. */
static void read_locks(struct tree *tree, const struct held *held, size_t count)
{
	char bytes[4096];
	int fd = files_open(AT_FDCWD, "/proc/locks", O_RDONLY, 0);
	size_t length = 0;
	ssize_t got;

	while (fd >= 0 && (got = read(fd, bytes + length, sizeof bytes - 1 - length)) > 0) {
		char *line = bytes, *end;

		length += (size_t)got;
		bytes[length] = '\0';
		for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
			struct lock lock;

			*end = '\0';
			if (locks_parse(line, &lock))
				take_lock(tree, held, count, &lock);
		}
		length -= (size_t)(line - bytes);
		memmove(bytes, line, length);
	}
	files_close(&fd);
}

/* The holder of the lock; or else the parent of its process, which it is of all
 * that were not adopted. */
static bool find_supervisors(const struct context *context, struct tree *tree)
{
	const struct snapshot *snapshot = &tree->snapshot;
	struct held *held = calloc(snapshot->count + 1, sizeof *held);

	if (held == NULL)
		return false;
	read_locks(tree, held, find_locks(context, snapshot, held));
	free(held);
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct facts *facts = &snapshot->services[i].facts;
		size_t node = NONE;

		if (tree->supervisors[i] == 0 && facts->answer == SERVICE_YES)
			node = node_of(tree, facts->record.status.pid);
		if (node != NONE && snapshot->processes.owner[tree->nodes[node].index] == 2 * i)
			tree->supervisors[i] =
				snapshot->processes.list[tree->nodes[node].index].parent;
	}
	return true;
}

/* --- the tree ------------------------------------------------------------------------ */

static void append(struct tree *tree, size_t parent, size_t child)
{
	struct node *above = &tree->nodes[parent];

	tree->nodes[child].parent = parent;
	if (above->last == NONE)
		above->first = child;
	else
		tree->nodes[above->last].next = child;
	above->last = child;
}

/* A supervisor, and those between it and PID 1. */
static void show_line_of(struct tree *tree, pid_t pid)
{
	for (int depth = 0; depth < DEPTH_MOST; depth++) {
		size_t node = node_of(tree, pid);

		if (node == NONE || tree->nodes[node].shown)
			return;
		tree->nodes[node].shown = true;
		pid = tree->snapshot.processes.list[tree->nodes[node].index].parent;
	}
}

static size_t owner_node(const struct tree *tree, size_t owner)
{
	return owner % 2 == 0 ? service_node(tree, owner / 2) : logger_node(tree, owner / 2);
}

static size_t parent_of(const struct tree *tree, size_t index)
{
	const struct processes *processes = &tree->snapshot.processes;
	size_t owner = processes->owner[index];
	size_t parent = node_of(tree, processes->list[index].parent);

	if (owner != PROCESSES_NOBODY)
		return parent != NONE && processes->owner[tree->nodes[parent].index] == owner ?
			parent : owner_node(tree, owner);
	return parent != NONE && tree->nodes[parent].shown ? parent : ROOT;
}

static void link_nodes(struct tree *tree)
{
	const struct snapshot *snapshot = &tree->snapshot;

	show_line_of(tree, 1);
	for (size_t i = 0; i < snapshot->count; i++)
		if (tree->supervisors[i] > 0)
			show_line_of(tree, tree->supervisors[i]);
	for (size_t i = 0; i < snapshot->processes.count; i++)
		tree->nodes[process_node(i)].shown |=
			snapshot->processes.owner[i] != PROCESSES_NOBODY;
	for (size_t i = 0; i < snapshot->processes.count; i++)
		if (tree->nodes[process_node(i)].shown)
			append(tree, parent_of(tree, i), process_node(i));
	for (size_t i = 0; i < snapshot->count; i++) {
		size_t supervisor = tree->supervisors[i] > 0 ?
			node_of(tree, tree->supervisors[i]) : NONE;

		append(tree, supervisor != NONE ? supervisor : ROOT, service_node(tree, i));
		if (snapshot->services[i].has_log)
			append(tree, service_node(tree, i), logger_node(tree, i));
	}
}

/* False if memory runs out. */
static bool grow(const struct context *context, struct tree *tree)
{
	const struct snapshot *snapshot = &tree->snapshot;
	size_t count = 1 + snapshot->processes.count + 2 * snapshot->count;

	tree->nodes = calloc(count, sizeof *tree->nodes);
	tree->supervisors = calloc(snapshot->count + 1, sizeof *tree->supervisors);
	if (tree->nodes == NULL || tree->supervisors == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		tree->nodes[i] = (struct node){
			.parent = NONE, .first = NONE, .last = NONE, .next = NONE,
		};
	for (size_t i = 0; i < snapshot->processes.count; i++)
		tree->nodes[process_node(i)].index = i;
	for (size_t i = 0; i < snapshot->count; i++) {
		tree->nodes[service_node(tree, i)].kind = SERVICE;
		tree->nodes[service_node(tree, i)].index = i;
		tree->nodes[logger_node(tree, i)].kind = LOGGER;
		tree->nodes[logger_node(tree, i)].index = i;
	}
	if (!find_supervisors(context, tree))
		return false;
	link_nodes(tree);
	return true;
}

static void free_tree(struct tree *tree)
{
	free(tree->nodes);
	free(tree->supervisors);
	snapshot_free(&tree->snapshot);
}

/* --- for people ---------------------------------------------------------------------- */

static void put_facts(struct output *out, const struct tree *tree, const struct facts *facts)
{
	char text[FACTS_EXIT_BYTES], time[DURATION_TEXT_BYTES];
	const char *last;

	if (facts->answer != SERVICE_YES) {
		output_text(out, facts->answer == SERVICE_UNSUPERVISED ||
			facts->problem.error == ENOENT ? "unsupervised" : "unreadable");
		return;
	}
	duration_format(facts_seconds(facts, tree->snapshot.wall), time);
	output_format(out, "%s %s", facts_state(facts), time);
	last = facts_exit(facts, text);
	if (facts->record.status.pid == 0 && strcmp(last, "-") != 0)
		output_format(out, ", %s", last);
	if (strcmp(facts_ready(facts), "no") == 0)
		output_text(out, ", not ready");
}

static void put_node(struct output *out, const struct tree *tree, const struct node *node)
{
	const struct snapshot *snapshot = &tree->snapshot;
	char command[256];

	switch (node->kind) {
	case PROCESS:
		output_format(out, "%d ", (int)snapshot->processes.list[node->index].pid);
		output_foreign(out, processes_command(&snapshot->processes.list[node->index],
			command, sizeof command));
		break;
	case SERVICE:
		output_colour(out, COLOUR_HEADING);
		output_foreign(out, snapshot->services[node->index].name);
		output_colour(out, COLOUR_NONE);
		output_text(out, ": ");
		put_facts(out, tree, &snapshot->services[node->index].facts);
		break;
	case LOGGER:
		output_text(out, "log: ");
		put_facts(out, tree, &snapshot->services[node->index].log);
		break;
	}
	output_text(out, "\n");
}

/* LAST: for each level above, whether nothing comes after it there. */
static void put_branch(struct output *out, const struct tree *tree, const bool *last, size_t depth)
{
	for (size_t i = 0; i + 1 < depth; i++)
		output_text(out, last[i] ? "   " : tree->drawn ? "│  " : "|  ");
	if (depth > 0 && tree->drawn)
		output_text(out, last[depth - 1] ? "└─ " : "├─ ");
	else if (depth > 0)
		output_text(out, last[depth - 1] ? "`- " : "|- ");
}

/* What is below NODE, each before what is below itself. LAST has DEPTH elements. */
static void put_below(struct output *out, const struct tree *tree, size_t node, bool *last,
	size_t depth)
{
	for (size_t i = tree->nodes[node].first; i != NONE; i = tree->nodes[i].next) {
		if (depth > 0)
			last[depth - 1] = tree->nodes[i].next == NONE;
		put_branch(out, tree, last, depth);
		put_node(out, tree, &tree->nodes[i]);
		if (depth < DEPTH_MOST)
			put_below(out, tree, i, last, depth + 1);
	}
}

/* --- for programs -------------------------------------------------------------------- */

static void json_fields(struct json *json, const struct tree *tree, const struct node *node)
{
	const struct snapshot *snapshot = &tree->snapshot;
	const struct process *process = &snapshot->processes.list[node->index];
	const struct facts *facts;
	char command[4096];

	if (node->kind == PROCESS) {
		json_number(json, "pid", process->pid);
		json_string(json, "command", processes_command(process, command, sizeof command));
		return;
	}
	facts = node->kind == SERVICE ? &snapshot->services[node->index].facts :
		&snapshot->services[node->index].log;
	json_string(json, node->kind == SERVICE ? "service" : "log",
		snapshot->services[node->index].name);
	json_string(json, "state", facts->answer == SERVICE_YES ? facts_state(facts) : NULL);
}

static void json_below(struct json *json, const struct tree *tree, size_t node, const char *key,
	size_t depth)
{
	json_array(json, key);
	for (size_t i = tree->nodes[node].first; i != NONE && depth <= DEPTH_MOST;
	     i = tree->nodes[i].next) {
		json_object(json, NULL);
		json_fields(json, tree, &tree->nodes[i]);
		json_below(json, tree, i, "children", depth + 1);
		json_end_object(json);
	}
	json_end_array(json);
}

/* --- the verb ------------------------------------------------------------------------ */

/* The first of these that is set says what the terminal understands: locale(7). */
static bool knows_utf8(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		const char *value = getenv(variables[i]);

		if (value != NULL && *value != '\0')
			return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL;
	}
	return false;
}

int verb_tree(struct context *context, char *const *operands, size_t count)
{
	struct json json = { .out = context->out };
	struct tree tree = { .drawn = knows_utf8() };
	bool last[DEPTH_MOST + 1];
	struct names names;
	size_t failures;
	bool done;

	if (!names_find_unproven(context, operands, count, &names))
		return CONTEXT_USAGE;
	failures = names.missing;
	done = snapshot_take(context, &names, &tree.snapshot) && grow(context, &tree);
	if (!done)
		context_tell(context, context->svdir, "%s", reason_text(ENOMEM));
	else if (context_has(context, OPTION_JSON))
		json_below(&json, &tree, ROOT, NULL, 0);
	else
		put_below(context->out, &tree, ROOT, last, 0);
	output_flush(context->out);
	free_tree(&tree);
	names_free(&names);
	return done ? context_exit(failures) : CONTEXT_USAGE;
}

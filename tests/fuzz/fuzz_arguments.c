/* SPDX-License-Identifier: MIT */
/* svctl's command line: what is typed is read, written down in full, and read again; its
 * operands are looked for among the services of a directory. */
#include "fuzz.h"

#include "../../svctl/arguments.h"
#include "../../svctl/duration.h"
#include "../../svctl/names.h"
#include "../../svctl/pattern.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS_MOST 24
#define TEXTS_MOST 24
#define WAIT_MS 7001	/* nothing that is typed is that by accident */
#define LINES 2000000

static const char *const services[] = {
	"web", "web-1", "web2", "db", "a b", "[x]", "caf\xc3\xa9", "-n", "*", "\\", ".hidden",
};
static char svdir[] = "/tmp/pidone.fuzz.XXXXXX";
static struct output nowhere;

static void remove_services(void)
{
	char path[sizeof svdir + 32];

	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", svdir, services[i]);
		(void)rmdir(path);
	}
	(void)rmdir(svdir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[sizeof svdir + 32];

	(void)argc;
	(void)argv;
	must(mkdtemp(svdir) != NULL);
	must(atexit(remove_services) == 0);
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", svdir, services[i]);
		must(mkdir(path, 0700) == 0);
	}
	nowhere.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	must(nowhere.fd >= 0);
	return 0;
}

/* --- the command line -------------------------------------------------------------- */

static bool read_line(struct arguments *arguments, int argc, char *argv[])
{
	*arguments = (struct arguments){ .wait_ms = WAIT_MS, .lines = LINES };
	arguments->operands = calloc((size_t)argc, sizeof *argv);
	must(arguments->operands != NULL);
	return arguments_parse(arguments, argc, argv);
}

/* It is of ARGV, each of which ends where its memory does. */
static bool is_within(const char *text, int argc, char *const *argv)
{
	for (int i = 1; i < argc; i++)
		if (text >= argv[i] && text <= argv[i] + strlen(argv[i]))
			return true;
	return false;
}

static void check_wrong(const struct arguments *arguments, int argc, char *const *argv)
{
	size_t length = strnlen(arguments->complaint, sizeof arguments->complaint);

	must(length > 0 && length < sizeof arguments->complaint);
	must(arguments->complaint[length - 1] == ' ');
	must(arguments->what != NULL && is_within(arguments->what, argc, argv));
}

static void check_right(const struct arguments *arguments, int argc, char *const *argv)
{
	int at = 1;

	must(arguments->verb == NULL || arguments->word == NULL);
	must(arguments->count == 0 || arguments->verb != NULL || arguments->word != NULL);
	for (size_t i = 0; i < arguments->count; i++, at++)	/* in their order */
		for (; argv[at] != arguments->operands[i]; at++)
			must(at + 1 < argc);
	if (arguments->verb != NULL)
		must((arguments->options & ~(arguments->verb->options | OPTION_HELP | OPTION_VERSION)) == 0);
	if (arguments->options & OPTION_WAIT)
		must(arguments->wait_ms >= 0 && arguments->wait_ms <= DURATION_MOST_MS);
	else
		must(arguments->wait_ms == WAIT_MS);
	if (arguments->options & OPTION_LINES)
		must(arguments->lines <= 1000000);
	else
		must(arguments->lines == LINES);
}

/* A command line that is written here. */
struct written {
	char *words[WORDS_MOST + TEXTS_MOST];
	int count;
	char texts[TEXTS_MOST][64];
	int used;
};

static void write_word(struct written *written, const char *before, const char *word, const char *after)
{
	char *text = written->texts[written->used++];

	must(written->used <= TEXTS_MOST);
	(void)snprintf(text, sizeof written->texts[0], "%s%s%s", before, word, after);
	written->words[written->count++] = text;
}

/* An option alone, by its name if it has one. */
static void write_option(struct written *written, const struct arguments *arguments,
	const struct arguments_option *option)
{
	const char letter[] = { option->letter, '\0' };
	char value[32] = "";

	if (option->option & OPTION_LINES)
		(void)snprintf(value, sizeof value, "=%llu", (unsigned long long)arguments->lines);
	else if (option->option & OPTION_WAIT)
		(void)snprintf(value, sizeof value, "%lld.%03d", (long long)(arguments->wait_ms / 1000),
			(int)(arguments->wait_ms % 1000));
	if (*option->name != '\0')
		write_word(written, "--", option->name, value);
	else
		write_word(written, "-", letter, value);
}

static void write_options(struct written *written, const struct arguments *arguments, unsigned which)
{
	for (size_t i = 0; i < arguments_option_count; i++)
		if ((arguments_options[i].option & arguments->options & which) == arguments_options[i].option)
			write_option(written, arguments, &arguments_options[i]);
}

/* A word of sv's that is a verb, too, was its letter or the beginning of its name. */
static void write_command(struct written *written, const struct arguments *arguments)
{
	const struct word *word = arguments->word;
	const char letter[] = { word != NULL ? *word->initials : '\0', '\0' };

	if (arguments->verb != NULL)
		write_word(written, "", arguments->verb->name, "");
	else if (word != NULL)
		write_word(written, "", verb_find(word->name) != NULL ? letter : word->name, "");
}

/* Written down in full, with "--" before the operands, it means the same. */
static void check_again(const struct arguments *arguments)
{
	struct written written = { .count = 0 };
	struct arguments again;

	write_word(&written, "svctl", "", "");
	write_options(&written, arguments, OPTION_VERSION);
	write_command(&written, arguments);
	write_options(&written, arguments, ~(unsigned)OPTION_VERSION);
	write_word(&written, "--", "", "");
	for (size_t i = 0; i < arguments->count; i++)
		written.words[written.count++] = arguments->operands[i];
	must(read_line(&again, written.count, written.words));
	must(again.verb == arguments->verb && again.word == arguments->word);
	must(again.options == arguments->options && again.wait_ms == arguments->wait_ms);
	must(again.lines == arguments->lines && again.count == arguments->count);
	for (size_t i = 0; i < again.count; i++)
		must(again.operands[i] == arguments->operands[i]);
	free(again.operands);
}

/* --- names -------------------------------------------------------------------------- */

static bool is_service(const char *name)
{
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
		if (strcmp(services[i], name) == 0)
			return true;
	return false;
}

static bool is_named(const struct names *names, const char *operand)
{
	for (size_t i = 0; i < names->missing; i++)
		if (names->absent[i].operand == operand)
			return true;
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i], operand) == 0 || pattern_matches(operand, names->name[i]))
			return true;
	return false;
}

/* Each operand is found, or complained of; each name is found once. */
static void check_names(const struct arguments *arguments)
{
	struct context context = { .verb = arguments->verb, .svdir = svdir, .initdir = svdir,
		.out = &nowhere, .err = &nowhere };
	struct names names;

	must(names_find(&context, arguments->operands, arguments->count, &names));
	for (size_t i = 0; i < names.count; i++) {
		/* "web/log" is one, too: sv(8) */
		must(service_is_path(names.name[i]) || strchr(names.name[i], '/') != NULL ||
			is_service(names.name[i]));
		for (size_t j = 0; j < i; j++)
			must(strcmp(names.name[i], names.name[j]) != 0);
	}
	for (size_t i = 0; i < arguments->count; i++)
		must(is_named(&names, arguments->operands[i]));
	names_free(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct arguments arguments;
	char *argv[WORDS_MOST];
	int argc = 1;

	argv[0] = NULL;		/* it is not looked at */
	while (argc < WORDS_MOST && input.size > 0)
		argv[argc++] = take_text(&input, '\n');
	if (!read_line(&arguments, argc, argv))
		check_wrong(&arguments, argc, argv);
	else {
		check_right(&arguments, argc, argv);
		check_again(&arguments);
		check_names(&arguments);
	}
	free(arguments.operands);
	for (int i = 1; i < argc; i++)
		free(argv[i]);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "script.h"

#include "text.h"

#include <string.h>

/* --- the interpreter ------------------------------------------------------------------ */

static void read_line(const char *line, size_t length, struct script *script)
{
	char text[SCRIPT_LINE_BYTES], *name, *argument;

	memcpy(text, line, length);
	text[length] = '\0';
	script->kind = length > 0 && text[length - 1] == '\r' ? SCRIPT_DOS : SCRIPT_INTERPRETED;
	name = text_trim(text);
	argument = name + strcspn(name, " \t");
	if (*argument != '\0')
		*argument++ = '\0';
	(void)text_copy(script->interpreter, sizeof script->interpreter, name);	/* it fits */
	(void)text_copy(script->argument, sizeof script->argument, text_trim(argument));
	if (*name == '\0')
		script->kind = SCRIPT_UNNAMED;
}

void script_read(const char *text, size_t size, struct script *script)
{
	const char *end;

	*script = (struct script){ .kind = SCRIPT_WITHOUT };
	if (size == 0)
		script->kind = SCRIPT_EMPTY;
	else if (size >= 4 && memcmp(text, "\177ELF", 4) == 0)
		script->kind = SCRIPT_BINARY;
	if (size < 2 || memcmp(text, "#!", 2) != 0)
		return;
	end = memchr(text, '\n', size);
	if (end == NULL)
		end = text + size;
	if (end - text >= SCRIPT_LINE_BYTES)
		script->kind = SCRIPT_LONG;
	else
		read_line(text + 2, (size_t)(end - text - 2), script);
}

/* --- what it starts --------------------------------------------------------------------- */

/* Words end a command: what follows is another one. */
static bool is_separator(char byte)
{
	return byte != '\0' && strchr(";&|\n(){}", byte) != NULL;
}

static const char *skip_blanks(const char *at)
{
	for (;;) {
		at += strspn(at, " \t");
		if (at[0] == '\\' && at[1] == '\n')
			at += 2;
		else
			return at;
	}
}

/* A comment stands where a word could begin. */
static const char *skip_comment(const char *at)
{
	return *at == '#' ? at + strcspn(at, "\n") : at;
}

/* Reads a word without its quotes, cut to SIZE. *KNOWN: it is what the shell will
 * make of it. Returns where it ends. */
static const char *read_word(const char *at, char *word, size_t size, bool *known)
{
	char quote = '\0';
	size_t length = 0;

	*known = true;
	for (; *at != '\0'; at++) {
		if (quote == '\0' && (*at == ' ' || *at == '\t' || *at == '<' || *at == '>' ||
		    is_separator(*at)))
			break;
		if (*at == quote) {
			quote = '\0';
			continue;
		}
		if (quote == '\0' && (*at == '\'' || *at == '"')) {
			quote = *at;
			continue;
		}
		if (quote != '\'' && (*at == '$' || *at == '`'))
			*known = false;
		if (quote == '\0' && (*at == '*' || *at == '?' || *at == '['))
			*known = false;
		if (quote != '\'' && *at == '\\' && at[1] != '\0')
			at++;
		if (length < size - 1)
			word[length++] = *at;
		else
			*known = false;
	}
	word[length] = '\0';
	return at;
}

static bool is_sv(const char *word)
{
	const char *slash = strrchr(word, '/');
	const char *name = slash != NULL ? slash + 1 : word;

	return strcmp(name, "sv") == 0 || strcmp(name, "svctl") == 0;
}

/* What the name after it must be there for. */
static bool is_start(const char *word)
{
	static const char *const words[] = { "up", "u", "start", "once", "o", "check" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* How far a command has been read. */
enum stage {
	STAGE_OTHER,		/* it is none of sv's, or may be at its next word */
	STAGE_SV,		/* "sv": options and a command follow */
	STAGE_VALUE,		/* an option that takes a value, which is next */
	STAGE_NAMES,		/* "sv up": names follow, and svctl's options */
	STAGE_NAMES_VALUE,	/* one of these takes a value, which is next */
};

static enum stage next_stage(enum stage stage, const char *word)
{
	switch (stage) {
	case STAGE_VALUE:
		return STAGE_SV;
	case STAGE_SV:
		if (strcmp(word, "-w") == 0 || strcmp(word, "-t") == 0)
			return STAGE_VALUE;
		if (*word == '-')
			return STAGE_SV;
		return is_start(word) ? STAGE_NAMES : STAGE_OTHER;
	case STAGE_NAMES:
		return strcmp(word, "-t") == 0 ? STAGE_NAMES_VALUE : STAGE_NAMES;
	case STAGE_NAMES_VALUE:
		return STAGE_NAMES;
	case STAGE_OTHER:
		break;
	}
	return is_sv(word) ? STAGE_SV : STAGE_OTHER;
}

/* A number that a redirection begins with: 2>. */
static bool is_descriptor(const char *word, const char *behind)
{
	return (*behind == '<' || *behind == '>') && word[strspn(word, "0123456789")] == '\0';
}

enum token { TOKEN_END, TOKEN_SEPARATOR, TOKEN_WORD };

/* Reads from *AT on and moves it behind what it read: a word, as read_word does, or
 * what parts commands. Comments, and redirections with the files that they name, are
 * passed over. */
static enum token next_token(const char **at, char *word, size_t size, bool *known)
{
	while (*at = skip_comment(skip_blanks(*at)), **at != '\0') {
		if (**at == '<' || **at == '>') {
			*at += strspn(*at, "<>&|");
			*at = read_word(skip_blanks(*at), word, size, known);
			continue;
		}
		if (is_separator(**at)) {
			++*at;
			return TOKEN_SEPARATOR;
		}
		*at = read_word(*at, word, size, known);
		if (!is_descriptor(word, *at))
			return TOKEN_WORD;
	}
	return TOKEN_END;
}

bool script_next_started(struct script_search *search, char *name, size_t size)
{
	enum stage stage = search->in_command ? STAGE_NAMES : STAGE_OTHER;
	const char *at = search->at;
	enum token token;
	bool known;

	while ((token = next_token(&at, name, size, &known)) != TOKEN_END) {
		if (token == TOKEN_SEPARATOR) {
			stage = STAGE_OTHER;
			continue;
		}
		if (stage == STAGE_NAMES && known && *name != '\0' && *name != '-') {
			*search = (struct script_search){ .at = at, .in_command = true };
			return true;
		}
		stage = next_stage(stage, name);
	}
	return false;
}

/* --- what it becomes -------------------------------------------------------------------- */

bool script_next_program(struct script_search *search, char *name, size_t size)
{
	const char *at = search->at;
	bool first = !search->in_command, exec = false, known;
	enum token token;

	while ((token = next_token(&at, name, size, &known)) != TOKEN_END) {
		if (token == TOKEN_SEPARATOR) {
			first = true;
			exec = false;
			continue;
		}
		if (exec && known && *name != '\0' && *name != '-') {
			*search = (struct script_search){ .at = at, .in_command = true };
			return true;
		}
		exec = first && strcmp(name, "exec") == 0;
		first = false;
	}
	return false;
}

/* --- where it logs to ------------------------------------------------------------------ */

/* What programs take before the name; each option with a value in VALUES takes the
 * next word. */
static const struct logger {
	const char *program;
	const char *values;
	enum script_log log;
} loggers[] = {
	{ "svlogd", "rRlb", SCRIPT_LOG_DIRECTORY },
	{ "multilog", "", SCRIPT_LOG_DIRECTORY },
	{ "s6-log", "dlf", SCRIPT_LOG_DIRECTORY },
	{ "logger", "pfsu", SCRIPT_LOG_TAG },
};

static const struct logger *logger_of(const char *word)
{
	const char *slash = strrchr(word, '/');

	for (size_t i = 0; i < sizeof loggers / sizeof loggers[0]; i++)
		if (strcmp(slash != NULL ? slash + 1 : word, loggers[i].program) == 0)
			return &loggers[i];
	return NULL;
}

/* Whether WORD is what LOGGER writes to; BEFORE is the word before it. */
static bool is_target(const struct logger *logger, const char *word, const char *before)
{
	bool option = before[0] == '-' && before[1] != '\0' && before[2] == '\0';

	if (logger->log == SCRIPT_LOG_TAG)
		return option && before[1] == 't';
	if (option && strchr(logger->values, before[1]) != NULL)
		return false;
	/* the directives of multilog and s6-log are single letters and patterns */
	return *logger->values == 'r' ? *word != '-' : *word == '/' || *word == '.';
}

enum script_log script_find_log(const char *text, char *name, size_t size)
{
	const struct logger *logger = NULL;
	char before[8] = "";
	bool first = true, last = false, known;

	while (text = skip_comment(skip_blanks(text)), *text != '\0') {
		bool redirected = *text == '>';

		if (*text == '>' || *text == '<')
			text = skip_blanks(text + strspn(text, "<>"));
		if (*text == '&' || is_separator(*text)) {
			if (!redirected) {
				logger = NULL;
				first = true;
			}
			text++;
			continue;
		}
		text = read_word(text, name, size, &known);
		/* of other commands, what they write is no log */
		last = first && !redirected ? strcmp(name, "exec") == 0 : last;
		first = first && redirected;
		if (redirected && last && known && *name != '\0' && strncmp(name, "/dev/", 5) != 0)
			return SCRIPT_LOG_FILE;
		if (!redirected && logger != NULL && known && is_target(logger, name, before))
			return logger->log;
		if (logger == NULL)
			logger = logger_of(name);
		(void)text_copy(before, sizeof before, name);	/* of options, the beginning counts */
	}
	return SCRIPT_LOG_UNKNOWN;
}

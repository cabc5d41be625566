/* SPDX-License-Identifier: GPL-2.0-or-later
 * Reads the arguments that the table shows to people: "[--json] [-c DIR]
 * ENDPOINT [PATH]". A word in capitals is a place, what begins with a dash is an
 * option, and one with a blank in its brackets takes a word. */
#include "agent/ctl/ctl_complete.h"
#include <ctype.h>
#include <string.h>
#include "agent/base/commands.h"

#define OPTIONS "[--run DIR] [--help] [--version]"

static const struct { const char *name, *arguments; } commands[] = {
#define ROW(id, name, who, least, most, arguments, help, ...) \
	{name, arguments},
	COMMANDS(ROW, ROW, ROW, COMMAND_NOT_HERE)
#undef ROW
};
#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

/* One word of the arguments, without what is around it. */
struct token {
	const char *at;
	size_t n;
	bool takes;		/* an option that a word follows */
	bool other;		/* one that may stand in place of the last */
};

static bool is_around(char c)
{
	return c && strchr("[]|.", c);
}

static bool token_next(const char **text, struct token *token)
{
	const char *at = *text;

	token->other = false;
	for (; *at == ' ' || is_around(*at); at++)
		token->other |= *at == '|';
	token->at = at;
	while (*at && *at != ' ' && !is_around(*at))
		at++;
	token->n = (size_t)(at - token->at);
	token->takes = *token->at == '-' && at[0] == ' ' && isupper(at[1]);
	*text = at;
	return token->n > 0;
}

static bool token_is(const struct token *token, const char *word)
{
	return strlen(word) == token->n && !strncmp(token->at, word, token->n);
}

static bool option_takes(const char *arguments, const char *word)
{
	struct token token;

	while (token_next(&arguments, &token))
		if (token.takes && token_is(&token, word))
			return true;
	return false;
}

bool ctl_takes(const char *arguments, const char *option)
{
	struct token token;

	while (token_next(&arguments, &token))
		if (token_is(&token, option))
			return true;
	return false;
}

static const char *arguments_of(const char *command)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i].name, command))
			return commands[i].arguments;
	return "";
}

/* The words that are no options and belong to none. */
struct line {
	const char *command;		/* NULL: it is still to come */
	size_t n;			/* behind it */
	bool in_option;			/* the last word is one's */
};

static struct line line_read(char *const *words, size_t n)
{
	struct line line = {NULL, 0, false};

	for (size_t i = 0; i + 1 < n; i++) {
		const char *arguments = line.command ?
			arguments_of(line.command) : "";

		line.in_option = option_takes(OPTIONS, words[i]) ||
				 option_takes(arguments, words[i]);
		if (line.in_option)
			i++;
		else if (*words[i] == '-')
			continue;
		else if (!line.command)
			line.command = words[i];
		else
			line.n++;
		line.in_option &= i + 1 == n;
	}
	return line;
}

static void word_offer(const char *text, size_t n, const char *begun, FILE *to)
{
	if (!strncmp(text, begun, strlen(begun)) && strlen(begun) <= n)
		fprintf(to, "%.*s\n", (int)n, text);
}

static void options_offer(const char *arguments, const char *begun, FILE *to)
{
	struct token token;

	while (token_next(&arguments, &token))
		if (*token.at == '-')
			word_offer(token.at, token.n, begun, to);
}

static enum ctl_place place_of(const struct token *token)
{
	static const struct { const char *word; enum ctl_place place; }
	places[] = {
		{"ENDPOINT", PLACE_ENDPOINT}, {"BUS", PLACE_BUS},
		{"WORD", PLACE_PROFILE}, {"COMMAND", PLACE_COMMAND},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (token_is(token, places[i].word))
			return places[i].place;
	return PLACE_NOTHING;
}

/* The argument number `at`, from 0: words in small letters are offered, of
 * those in capitals the first that is known counts. */
static enum ctl_place argument_offer(const char *arguments, size_t at,
				     const char *begun, FILE *to)
{
	enum ctl_place place = PLACE_NOTHING;
	bool of_option = false;
	struct token token;
	size_t n = 0;

	while (token_next(&arguments, &token)) {
		if (*token.at == '-' || of_option) {
			of_option = token.takes;
			continue;
		}
		n += !token.other;
		if (n != at + 1)
			continue;
		if (islower((unsigned char)*token.at))
			word_offer(token.at, token.n, begun, to);
		else if (place == PLACE_NOTHING)
			place = place_of(&token);
	}
	return place;
}

static void commands_offer(const char *begun, FILE *to)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		word_offer(commands[i].name, strlen(commands[i].name), begun,
			   to);
}

enum ctl_place ctl_complete(char *const *words, size_t n, FILE *to)
{
	struct line line = line_read(words, n);
	const char *begun = n ? words[n - 1] : "";
	const char *arguments = line.command ? arguments_of(line.command) : "";
	enum ctl_place place = PLACE_NOTHING;

	if (line.in_option)
		return PLACE_NOTHING;
	if (*begun == '-') {
		options_offer(OPTIONS, begun, to);
		options_offer(arguments, begun, to);
		return PLACE_NOTHING;
	}
	place = line.command ? argument_offer(arguments, line.n, begun, to) :
			       PLACE_COMMAND;
	if (place == PLACE_COMMAND)
		commands_offer(begun, to);
	return place;
}

const char *ctl_complete_run(char *const *words, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (!strcmp(words[i], "--run"))
			return words[i + 1];
	return NULL;
}

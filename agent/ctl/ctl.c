/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl: asks the running lwmuxd over its control socket and prints the
 * answer for people, or as it came. Its commands are the table that lwmuxd has,
 * too: agent/base/commands.h. */
#include "agent/ctl/ctl.h"
#include <getopt.h>
#include <stdint.h>
#include <string.h>
#include "agent/base/nearest.h"
#include "agent/base/option.h"
#include "agent/ctl/ctl_complete.h"

#define HELP_COLUMN 30
#define WIDTH 79

static const struct command {
	const char *name, *arguments, *help;
	enum command_who who;
	int least, most;
	const char *members[COMMAND_MEMBERS];
	/* NULL: PLAIN, see the table */
	int (*run)(const struct options *options, char **args, int n);
} commands[] = {
#define ROW(id, name, who, least, most, arguments, help, ...) \
	{name, arguments, help, who, least, most, {__VA_ARGS__}, do_##id},
#define ROW_PLAIN(id, name, who, least, most, arguments, help, ...) \
	{name, arguments, help, who, least, most, {__VA_ARGS__}, NULL},
	COMMANDS(ROW, ROW_PLAIN, ROW, COMMAND_NOT_HERE)
#undef ROW
#undef ROW_PLAIN
};

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static const char *who_text(enum command_who who)
{
	switch (who) {
	case WHO_GROUP: return "members of the group lwmux, and root";
	case WHO_ROOT: return "root, or the user that lwmuxd runs as";
	case WHO_READS: return "everybody; needs no lwmuxd";
	case WHO_CHECKS:
		return "of -c: whoever may read DIR; else members of the group "
		       "lwmux";
	case WHO_ADOPTS:
		return "who may write there, and is in the group lwmux";
	case WHO_KEEPS_KEYS:
		return "whoever may write to DIR/keys; needs no lwmuxd";
	}
	return "";
}

/* How long the first of the arguments is; what is in brackets stays together. */
static size_t argument_length(const char *text)
{
	size_t n = 0;
	int depth = 0;

	for (; text[n] && (depth || text[n] != ' '); n++)
		depth += (text[n] == '[') - (text[n] == ']');
	return n;
}

/* "NAME ARGUMENTS" from column `at` on, over as many lines as it takes. Returns
 * the column behind it. */
static size_t print_synopsis(FILE *to, const struct command *c, size_t at)
{
	size_t left = at + strlen(c->name);
	size_t column = left;

	fputs(c->name, to);
	for (const char *text = c->arguments; *text; text += *text == ' ') {
		size_t n = argument_length(text);

		if (column + 1 + n > WIDTH) {
			fprintf(to, "\n%*s", (int)left, "");
			column = left;
		}
		fprintf(to, " %.*s", (int)n, text);
		column += 1 + n;
		text += n;
	}
	return column;
}

static void print_line(const struct command *c)
{
	size_t n;

	fputs("  ", stdout);
	n = print_synopsis(stdout, c, 2);
	if (n >= HELP_COLUMN) {
		putchar('\n');
		n = 0;
	}
	printf("%*s%s\n", HELP_COLUMN - (int)n, "", c->help);
}

static void print_command_usage(FILE *to, const struct command *c)
{
	fputs("usage: lwmuxctl ", to);
	print_synopsis(to, c, strlen("usage: lwmuxctl "));
	putc('\n', to);
}

static void print_usage(void)
{
	puts("usage: lwmuxctl [--run DIR] COMMAND [ARGUMENT...]\n"
	     "       lwmuxctl --help | --version\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		print_line(&commands[i]);
	puts("\nlwmuxctl(1) says more.");
}

static int say_usage(const struct command *c)
{
	if (c)
		print_command_usage(stderr, c);
	else
		fputs("usage: lwmuxctl [--run DIR] COMMAND [ARGUMENT...]; "
		      "\"lwmuxctl help\" lists the commands\n", stderr);
	return CTL_USAGE;
}

/* NULL: after a message, which names the command that was meant. */
static const struct command *command_find(const char *name)
{
	struct nearest nearest;

	nearest_init(&nearest, name);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
		nearest_offer(&nearest, commands[i].name);
	}
	fprintf(stderr, "lwmuxctl: unknown command '%s'%s\n", name,
		nearest_text(&nearest));
	return NULL;
}

int do_help(const struct options *o, char **args, int n)
{
	const struct command *c;

	(void)o;
	if (!n) {
		print_usage();
		return CTL_DONE;
	}
	c = command_find(args[0]);
	if (!c)
		return say_usage(NULL);
	print_command_usage(stdout, c);
	printf("\n%s\nwho may: %s\n", c->help, who_text(c->who));
	return CTL_DONE;
}

/* The arguments are the members of the request; there are no more of them. */
static int command_ask(const struct command *c, const struct options *o,
		       char **args, int n)
{
	struct json_object *request = request_of(c->name, NULL, NULL);
	struct json_object *answer;
	const char *text;
	int code;

	for (int i = 0; i < n && i < COMMAND_MEMBERS && c->members[i]; i++)
		json_object_object_add(request, c->members[i],
				       json_object_new_string(args[i]));
	answer = ask(o, request);
	code = answer_code(answer);
	text = code == CTL_DONE ? text_of(answer, "text") : NULL;
	if (code == CTL_DONE && o->json)
		print_json(answer);
	else if (text)
		puts(text);
	json_object_put(answer);
	return code;
}

static const struct option table[] = {
	{"run", required_argument, NULL, 'r'},
	{"config", required_argument, NULL, 'c'},
	{"json", no_argument, NULL, 'j'},
	{"for", required_argument, NULL, 'd'},
	{"follow", no_argument, NULL, 'f'},
	{"adopt", no_argument, NULL, 'a'},
	{"baud", required_argument, NULL, 'b'},
	{"parity", required_argument, NULL, 'p'},
	{"yes", no_argument, NULL, 'y'},
	{"not-well", no_argument, NULL, 'n'},
	{"watch", no_argument, NULL, 'w'},
	{"rpk", no_argument, NULL, 'k'},
	{"out", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{"complete", no_argument, NULL, 'C'},
	{NULL, 0, NULL, 0}
};

/* What the command line has: a bit for each row of the table. */
static bool is_given(uint32_t given, int letter)
{
	for (size_t i = 0; table[i].name; i++)
		if (table[i].val == letter)
			return given >> i & 1;
	return false;
}

/* An option that a command does not know may have been meant to make it do
 * less: it is not passed over. false: after a message. */
static bool options_fit(const struct command *c, uint32_t given)
{
	for (size_t i = 0; table[i].name; i++) {
		const char letter[] = {'-', (char)table[i].val, '\0'};
		char name[24];

		snprintf(name, sizeof(name), "--%s", table[i].name);
		if (!(given >> i & 1) || table[i].val == 'r' ||
		    ctl_takes(c->arguments, name) ||
		    ctl_takes(c->arguments, letter))
			continue;
		fprintf(stderr, "lwmuxctl: %s takes no %s\n", c->name, name);
		return false;
	}
	return true;
}

static int command_run(const struct options *o, uint32_t given, char **args,
		       int n)
{
	const struct command *c;

	if (!n)
		return say_usage(NULL);
	c = command_find(args[0]);
	if (!c)
		return say_usage(NULL);
	if (!options_fit(c, given))
		return say_usage(c);
	n--;
	if (n < c->least || n > c->most) {
		fprintf(stderr, "lwmuxctl: %s: too %s arguments\n", c->name,
			n < c->least ? "few" : "many");
		return say_usage(c);
	}
	return c->run ? c->run(o, args + 1, n) :
			command_ask(c, o, args + 1, n);
}

static void option_take(struct options *o, int letter)
{
	switch (letter) {
	case 'r': o->run = optarg; break;
	case 'c': o->config = optarg; break;
	case 'j': o->json = true; break;
	case 'd': o->duration = optarg; break;
	case 'f': o->follow = true; break;
	case 'a': o->adopt = true; break;
	case 'b': o->baud = optarg; break;
	case 'p': o->parity = optarg; break;
	case 'y': o->yes = true; break;
	case 'n': o->not_well = true; break;
	case 'w': o->watch = true; break;
	case 'k': o->rpk = true; break;
	case 'o': o->out = optarg; break;
	}
}

/* "-5", which getopt would take for an option. */
static bool is_negative(const char *word)
{
	return word && *word == '-' && word[1] && strchr("0123456789.", word[1]);
}

static void refuse_option(const char *word, int code)
{
	const char *names[sizeof(table) / sizeof(*table)];
	char text[OPTION_TEXT_MAX];

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		names[i] = table[i].name;
	option_trouble(names, word, optopt, code, text);
	fprintf(stderr, "lwmuxctl: %s\n", text);
}

/* Moves the words that are no options to the front of argv, behind its name.
 * Returns how many there are; -1: after a message. */
static int options_read(struct options *o, uint32_t *given, int argc,
			char **argv)
{
	int n = 0;

	for (int c = 0; c != -1; ) {
		if (is_negative(argv[optind])) {
			argv[1 + n++] = argv[optind++];
			continue;
		}
		c = getopt_long(argc, argv, "-:c:fhw", table, NULL);
		if (c == '?' || c == ':') {
			refuse_option(argv[optind - 1], c);
			return -1;
		}
		if (c == 1)
			argv[1 + n++] = optarg;
		option_take(o, c);
		for (size_t i = 0; table[i].name; i++)
			*given |= (uint32_t)(table[i].val == c) << i;
	}
	while (optind < argc)		/* behind "--" */
		argv[1 + n++] = argv[optind++];
	return n;
}

int main(int argc, char **argv)
{
	struct options o = {.run = "/run/lwmux"};
	char **words = argv + 1;
	uint32_t given = 0;
	int n = options_read(&o, &given, argc, argv);

	if (n < 0)
		return say_usage(NULL);
	if (is_given(given, 'C'))
		return ctl_names(&o, words, n);
	if (is_given(given, 'h'))
		return do_help(&o, words, n ? 1 : 0);
	if (is_given(given, 'V')) {
		puts("lwmuxctl " LWMUX_VERSION);
		return CTL_DONE;
	}
	return command_run(&o, given, words, n);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl: asks the running lwmuxd over its control socket and prints the
 * answer for people, or as it came. Its commands are the table that lwmuxd has,
 * too: agent/base/commands.h. */
#include "agent/ctl/ctl.h"
#include <getopt.h>
#include <string.h>
#include "agent/base/nearest.h"

#define HELP_COLUMN 30

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

static void print_line(const struct command *c)
{
	int n = printf("  %s%s%s", c->name, *c->arguments ? " " : "",
		       c->arguments);

	if (n >= HELP_COLUMN) {
		putchar('\n');
		n = 0;
	}
	printf("%*s%s\n", HELP_COLUMN - n, "", c->help);
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
		fprintf(stderr, "usage: lwmuxctl %s%s%s\n", c->name,
			*c->arguments ? " " : "", c->arguments);
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
	printf("usage: lwmuxctl %s%s%s\n\n%s\nwho may: %s\n", c->name,
	       *c->arguments ? " " : "", c->arguments, c->help, who_text(c->who));
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

static int command_run(const struct options *o, char **args, int n)
{
	const struct command *c;

	if (!n)
		return say_usage(NULL);
	c = command_find(args[0]);
	if (!c)
		return say_usage(NULL);
	n--;
	if (n < c->least || n > c->most) {
		fprintf(stderr, "lwmuxctl: %s: too %s arguments\n", c->name,
			n < c->least ? "few" : "many");
		return say_usage(c);
	}
	return c->run ? c->run(o, args + 1, n) :
			command_ask(c, o, args + 1, n);
}

int main(int argc, char **argv)
{
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
	struct options o = {.run = "/run/lwmux"};

	for (int c; (c = getopt_long(argc, argv, "c:fhw", table, NULL)) != -1; )
		switch (c) {
		case 'r': o.run = optarg; break;
		case 'c': o.config = optarg; break;
		case 'j': o.json = true; break;
		case 'd': o.duration = optarg; break;
		case 'f': o.follow = true; break;
		case 'a': o.adopt = true; break;
		case 'b': o.baud = optarg; break;
		case 'p': o.parity = optarg; break;
		case 'y': o.yes = true; break;
		case 'n': o.not_well = true; break;
		case 'w': o.watch = true; break;
		case 'k': o.rpk = true; break;
		case 'o': o.out = optarg; break;
		case 'h': print_usage(); return CTL_DONE;
		case 'C':
			return ctl_names(&o, argv + optind, argc - optind);
		case 'V': puts("lwmuxctl " LWMUX_VERSION); return CTL_DONE;
		default: return say_usage(NULL);
		}
	return command_run(&o, argv + optind, argc - optind);
}

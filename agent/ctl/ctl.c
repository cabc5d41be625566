/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl: asks the running lwmuxd over its control socket and prints the
 * answer for people, or as it came. Its commands are one table. */
#include "agent/ctl/ctl.h"
#include <getopt.h>
#include <string.h>
#include "agent/base/nearest.h"

#define HELP_COLUMN 30

static int do_help(const struct options *options, char **args, int n);

static const char group[] = "members of the group lwmux, and root";
static const char root[] = "root, or the user that lwmuxd runs as";
static const char files[] = "whoever may write to DIR/keys; needs no lwmuxd";

static const struct command {
	const char *name, *arguments;
	const char *help;		/* 50 characters at most */
	const char *who;
	int least, most;		/* arguments that are no options */
	int (*run)(const struct options *options, char **args, int n);
} commands[] = {
	{"status", "[--json] [--not-well] [ENDPOINT]",
	 "exits 0 healthy, 1 degraded, 2 down", group, 0, 1, do_status},
	{"read", "[--json] ENDPOINT [PATH]",
	 "what a server would read: /3303/0", group, 1, 2, do_read},
	{"write", "ENDPOINT PATH VALUE",
	 "as a server would; for root", root, 3, 3, do_write},
	{"send", "ENDPOINT PATH...",
	 "tell the servers what is there now", group, 2, ANY_NUMBER, do_send},
	{"bootstrap", "ENDPOINT",
	 "asks its bootstrap server for accounts; for root", root, 1, 1,
	 do_bootstrap},
	{"events", "[-f] [--json] [ENDPOINT]",
	 "the last 500 things that happened; -f: and go on", group, 0, 1,
	 do_events},
	{"reload", "",
	 "read the configuration anew", group, 0, 0, do_reload},
	{"check", "[-c DIR]",
	 "check the configuration, exits 0 or 1",
	 "of -c: whoever may read DIR; else members of the group lwmux", 0, 0,
	 do_check},
	{"scan", "[--json | --adopt] BUS|PORT|HOST [FROM-TO] [KEY=VALUE...]",
	 "what is there? a line for each as it is found", group, 1, ANY_NUMBER,
	 do_scan},
	{"adopt", "[-c DIR] [--yes] NAME BUS|PORT|HOST [FROM-TO]",
	 "scan, show, and write DIR/conf.d/NAME.yaml",
	 "who may write there, and is in the group lwmux", 2, ANY_NUMBER,
	 do_adopt},
	{"probe", "[--json] BUS KEY=VALUE...",
	 "what could it mean? unit=1 address=0, say", group, 1, ANY_NUMBER,
	 do_probe},
	{"profiles", "[-c DIR] [WORD]",
	 "which there are; of a name: what is in it",
	 "everybody; needs no lwmuxd", 0, 1, do_profiles},
	{"trace", "[--for TIME] [--json] BUS",
	 "what goes over a bus, in hex and in words", group, 1, 1, do_trace},
	{"metrics", "",
	 "counters for Prometheus", group, 0, 0, do_metrics},
	{"keygen", "[-c DIR] [--rpk] [--out NAME] [--json] ENDPOINT",
	 "a new key, and what the server is told of it", files, 1, 1, do_keygen},
	{"help", "[COMMAND]",
	 "these lines, or more of one command", "everybody", 0, 1, do_help},
};

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

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

static int do_help(const struct options *o, char **args, int n)
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
	       *c->arguments ? " " : "", c->arguments, c->help, c->who);
	return CTL_DONE;
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
	return c->run(o, args + 1, n);
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
		{"rpk", no_argument, NULL, 'k'},
		{"out", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0}
	};
	struct options o = {.run = "/run/lwmux"};

	for (int c; (c = getopt_long(argc, argv, "c:fh", table, NULL)) != -1; )
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
		case 'k': o.rpk = true; break;
		case 'o': o.out = optarg; break;
		case 'h': print_usage(); return CTL_DONE;
		case 'V': puts("lwmuxctl " LWMUX_VERSION); return CTL_DONE;
		default: return say_usage(NULL);
		}
	return command_run(&o, argv + optind, argc - optind);
}

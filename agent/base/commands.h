/* SPDX-License-Identifier: GPL-2.0-or-later
 * The commands of lwmuxctl and the requests of the control socket: one table
 * for both ends, which cannot know them apart. A new one is a row here and the
 * function that answers it: command_ID() in agent/control/ and, unless its row is
 * PLAIN, do_ID() in agent/ctl/. Both are declared by the table.
 *
 * A row's kind, which is a macro of who reads the table:
 *   BOTH    lwmuxd answers, lwmuxctl has a function that asks and prints;
 *   PLAIN   lwmuxd answers; lwmuxctl sends the arguments as the members of the
 *           request, and prints the answer's "text", if it has any, or
 *           with --json all of it;
 *   TOOL    lwmuxctl's alone;
 *   DAEMON  lwmuxd's alone: no command, only a request.
 *
 * Its columns: ID, name, who may, least and most arguments that are no options,
 * arguments and help for people (50 characters at most), and the members of the
 * request that the arguments become, in their order; NULL: none. A request
 * without the first `least` of them is refused. */
#ifndef AGENT_COMMANDS_H
#define AGENT_COMMANDS_H
#include <limits.h>

#define ANY_NUMBER INT_MAX	/* of arguments */
#define COMMAND_MEMBERS 3	/* of a request that the table knows */

enum command_who {
	WHO_GROUP,		/* may open the socket */
	WHO_ROOT,		/* root, or the user that lwmuxd runs as */
	WHO_READS, WHO_CHECKS, WHO_ADOPTS, WHO_KEEPS_KEYS,	/* TOOL's */
};

#define COMMANDS(BOTH, PLAIN, TOOL, DAEMON) \
	DAEMON(ping, "ping", WHO_GROUP, 0, 0, "", "", NULL) \
	BOTH(status, "status", WHO_GROUP, 0, 1, \
	     "[--json] [--not-well] [-w] [ENDPOINT|PATTERN]", \
	     "exits 0 healthy, 1 degraded, 2 down", "endpoint") \
	TOOL(watch, "watch", WHO_GROUP, 0, 1, \
	     "[--json] [--not-well] [ENDPOINT|PATTERN]", \
	     "the status every 2 s, until it is ended", NULL) \
	BOTH(read, "read", WHO_GROUP, 1, 2, "[--json] ENDPOINT [PATH]", \
	     "what a server would read: /3303/0", "endpoint", "path") \
	PLAIN(write, "write", WHO_ROOT, 3, 3, \
	      "[--json] ENDPOINT PATH VALUE", \
	      "as a server would; for root", "endpoint", "path", "value") \
	BOTH(send, "send", WHO_GROUP, 2, ANY_NUMBER, \
	     "[--json] ENDPOINT PATH...", \
	     "tell the servers what is there now", "endpoint", "path") \
	PLAIN(bootstrap, "bootstrap", WHO_ROOT, 1, 1, \
	      "[--json] ENDPOINT", \
	      "asks its bootstrap server for accounts; for root", "endpoint") \
	PLAIN(accept, "accept", WHO_ROOT, 1, 1, "[--json] ENDPOINT", \
	      "its counter may begin anew: new battery; for root", \
	      "endpoint") \
	BOTH(events, "events", WHO_GROUP, 0, 1, "[-f] [--json] [ENDPOINT]", \
	     "the last 500 things that happened; -f: and go on", "endpoint") \
	BOTH(reload, "reload", WHO_GROUP, 0, 0, "[--json]", \
	     "read the configuration anew", NULL) \
	BOTH(check, "check", WHO_CHECKS, 0, 0, "[--json] [-c DIR]", \
	     "check the configuration, exits 0 or 1", NULL) \
	BOTH(scan, "scan", WHO_GROUP, 1, ANY_NUMBER, \
	     "[--for TIME] [--json | --adopt] [--baud RATES] " \
	     "[--parity N,E,O] BUS|PORT|HOST [FROM-TO] [KEY=VALUE...]", \
	     "what is there? a line for each as it is found", "bus") \
	TOOL(adopt, "adopt", WHO_ADOPTS, 2, ANY_NUMBER, \
	     "[-c DIR] [--yes] [--for TIME] [--baud RATES] " \
	     "[--parity N,E,O] NAME BUS|PORT|HOST [FROM-TO]", \
	     "scan, show, and write DIR/conf.d/NAME.yaml", NULL) \
	BOTH(probe, "probe", WHO_GROUP, 1, ANY_NUMBER, \
	     "[--json] BUS KEY=VALUE...", \
	     "what could it mean? unit=1 address=0, say", "bus") \
	TOOL(profiles, "profiles", WHO_READS, 0, 1, \
	     "[--json] [-c DIR] [WORD]", \
	     "which there are; of a name: what is in it", NULL) \
	BOTH(trace, "trace", WHO_GROUP, 1, 1, "[--for TIME] [--json] BUS", \
	     "what goes over a bus, in hex and in words", "bus") \
	PLAIN(log_level, "log-level", WHO_ROOT, 0, 1, \
	      "[--json] [error|warning|note|detail|trace]", \
	      "how much it logs until it restarts; for root", "level") \
	BOTH(metrics, "metrics", WHO_GROUP, 0, 0, "[--json]", \
	     "counters for Prometheus", NULL) \
	TOOL(keygen, "keygen", WHO_KEEPS_KEYS, 1, 1, \
	     "[-c DIR] [--rpk] [--out NAME] [--json] ENDPOINT", \
	     "a new key, and what the server is told of it", NULL) \
	TOOL(help, "help", WHO_READS, 0, 1, "[COMMAND]", \
	     "these lines, or more of one command", NULL)

/* A kind of row that its reader leaves out. */
#define COMMAND_NOT_HERE(id, name, who, least, most, arguments, help, ...)
#endif

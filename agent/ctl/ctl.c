/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl: asks the running lwmuxd over its control socket and prints the
 * answer for people, or as it came. */
#include "agent/ctl/ctl.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEALTHY, DEGRADED, DOWN, USAGE = 3 };

static const char usage[] =
	"usage: lwmuxctl [--run DIR] COMMAND\n"
	"\n"
	"  status [--json] [ENDPOINT]  exits 0 healthy, 1 degraded, 2 down\n"
	"  read ENDPOINT PATH          what a server would read: /3303/0\n"
	"  write ENDPOINT PATH VALUE   as a server would; for root\n"
	"  send ENDPOINT PATH...       tell the servers what is there now\n"
	"  bootstrap ENDPOINT          asks its bootstrap server for accounts\n"
	"  reload                      read the configuration anew\n"
	"  check [-c DIR]              check the configuration, exits 0 or 1\n"
	"  scan BUS [KEY=VALUE...]     what is there? --for 10s, --json, --adopt\n"
	"  probe BUS KEY=VALUE...      what could it mean? unit=1 address=0\n"
	"  metrics                     counters for Prometheus\n"
	"  keygen ENDPOINT             a new key: -c DIR, --rpk, --out NAME,"
	" --json\n";

static int health_code(const char *health)
{
	if (health && !strcmp(health, "healthy"))
		return HEALTHY;
	return health && !strcmp(health, "degraded") ? DEGRADED : DOWN;
}

static int status(const struct options *o, char **args, int n)
{
	struct json_object *request = request_of("status", n ? args[0] : NULL,
						 NULL);
	char *raw = NULL;
	struct json_object *answer = ask(o, request, &raw);
	int code = DOWN;

	if (answer && !failed(answer)) {
		if (o->json)
			puts(raw);
		else
			print_status(answer, n > 0);
		code = health_code(text_of(answer, "health"));
	}
	free(raw);
	json_object_put(answer);
	return code;
}

static int read_path(const struct options *o, char **args, int n)
{
	struct json_object *request = request_of("read", args[0], n > 1 ?
						 args[1] : "/");
	char *raw = NULL;
	struct json_object *answer = ask(o, request, &raw);
	struct json_object *list = answer ? list_of(answer, "resources") : NULL;
	bool good = answer && !failed(answer);

	if (good && o->json)
		puts(raw);
	for (size_t i = 0; good && !o->json && i < length_of(list); i++)
		print_resource(json_object_array_get_idx(list, i));
	free(raw);
	json_object_put(answer);
	return good ? 0 : 1;
}

/* reload or check: is the answer's member `good` true? Prints the findings. */
static bool ask_configuration(const struct options *o, const char *what,
			      const char *member)
{
	struct json_object *request = request_of(what, NULL, NULL);
	struct json_object *answer = ask(o, request, NULL);
	struct json_object *findings = answer ? list_of(answer, "findings") :
				       NULL;
	struct json_object *done = NULL;
	bool good = answer && !failed(answer) &&
		    json_object_object_get_ex(answer, member, &done) &&
		    json_object_get_boolean(done);

	for (size_t i = 0; i < length_of(findings); i++)
		fprintf(stderr, "%s\n", json_object_get_string(
			json_object_array_get_idx(findings, i)));
	json_object_put(answer);
	return good;
}

static int reload(const struct options *o)
{
	if (ask_configuration(o, "reload", "reloaded"))
		return 0;
	fprintf(stderr, "lwmuxctl: the running configuration was kept\n");
	return 1;
}

static bool daemon_runs(const struct options *o)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/control", o->run);
	return access(path, F_OK) == 0;
}

/* The running daemon's directory; else lwmuxd itself looks at `config`: that
 * needs neither a daemon nor a port. */
static int check(const struct options *o)
{
	const char *config = o->config ? o->config : "/etc/lwmux";
	char path[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);

	if (!o->config && daemon_runs(o))
		return ask_configuration(o, "check", "good") ? 0 : 1;
	if (n > 0) {	/* beside us in a build tree */
		path[n] = 0;
		slash = strrchr(path, '/');
		strcpy(slash + 1, "lwmuxd");
		execl(path, "lwmuxd", "-c", config, "--check", NULL);
	}
	execl(LWMUX_SBINDIR "/lwmuxd", "lwmuxd", "-c", config, "--check",
	      NULL);
	fprintf(stderr, "lwmuxctl: cannot run lwmuxd: %s\n", strerror(errno));
	return 1;
}

static int write_path(const struct options *o, char **args)
{
	struct json_object *request = request_of("write", args[0], args[1]);
	struct json_object *answer;
	bool good;

	json_object_object_add(request, "value",
			       json_object_new_string(args[2]));
	answer = ask(o, request, NULL);
	good = answer && !failed(answer);
	json_object_put(answer);
	return good ? 0 : 1;
}

static int bootstrap(const struct options *o, const char *endpoint)
{
	struct json_object *answer = ask(o, request_of("bootstrap", endpoint,
						       NULL), NULL);
	bool good = answer && !failed(answer);

	json_object_put(answer);
	return good ? 0 : 1;
}

static int send_paths(const struct options *o, char **args, int n)
{
	bool good = true;

	for (int i = 1; i < n && good; i++) {
		struct json_object *answer = ask(o, request_of("send", args[0],
							       args[i]), NULL);

		good = answer && !failed(answer);
		json_object_put(answer);
	}
	return good ? 0 : 1;
}

static int metrics(const struct options *o)
{
	struct json_object *answer = ask(o, request_of("metrics", NULL, NULL),
					 NULL);
	bool good = answer && !failed(answer);

	if (good)
		fputs(text_of(answer, "metrics"), stdout);
	json_object_put(answer);
	return good ? 0 : 1;
}

static int command(const struct options *o, char **args, int n)
{
	if (n && !strcmp(args[0], "status") && n <= 2)
		return status(o, args + 1, n - 1);
	if (n && !strcmp(args[0], "read") && (n == 2 || n == 3))
		return read_path(o, args + 1, n - 1);
	if (n == 1 && !strcmp(args[0], "reload"))
		return reload(o);
	if (n == 1 && !strcmp(args[0], "check"))
		return check(o);
	if (n >= 3 && !strcmp(args[0], "send"))
		return send_paths(o, args + 1, n - 1);
	if (n == 4 && !strcmp(args[0], "write"))
		return write_path(o, args + 1);
	if (n == 2 && !strcmp(args[0], "bootstrap"))
		return bootstrap(o, args[1]);
	if (n == 1 && !strcmp(args[0], "metrics"))
		return metrics(o);
	if (n >= 2 && (!strcmp(args[0], "scan") || !strcmp(args[0], "probe")))
		return search(o, args[0], args + 1, n - 1);
	if (n == 2 && !strcmp(args[0], "keygen"))
		return keygen(o, args[1]);
	fputs(usage, stderr);
	return USAGE;
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{"run", required_argument, NULL, 'r'},
		{"config", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"for", required_argument, NULL, 'f'},
		{"adopt", no_argument, NULL, 'a'},
		{"rpk", no_argument, NULL, 'k'},
		{"out", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}
	};
	struct options o = {.run = "/run/lwmux"};

	for (int c; (c = getopt_long(argc, argv, "c:h", table, NULL)) != -1; )
		switch (c) {
		case 'r': o.run = optarg; break;
		case 'c': o.config = optarg; break;
		case 'j': o.json = true; break;
		case 'f': o.duration = optarg; break;
		case 'a': o.adopt = true; break;
		case 'k': o.rpk = true; break;
		case 'o': o.out = optarg; break;
		case 'h': fputs(usage, stdout); return 0;
		default: fputs(usage, stderr); return USAGE;
		}
	return command(&o, argv + optind, argc - optind);
}

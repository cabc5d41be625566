/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl: asks the running lwmuxd over its control socket and prints the
 * answer for people, or as it came. */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEALTHY, DEGRADED, DOWN, USAGE = 3 };

struct options { const char *run, *config; bool json; };

static const char usage[] =
	"usage: lwmuxctl [--run DIR] COMMAND\n"
	"\n"
	"  status [--json] [ENDPOINT]  exits 0 healthy, 1 degraded, 2 down\n"
	"  read ENDPOINT PATH          what a server would read: /3303/0\n"
	"  reload                      read the configuration anew\n"
	"  check [-c DIR]              check the configuration, exits 0 or 1\n";

static int dial(const char *run)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int n = snprintf(to.sun_path, sizeof(to.sun_path), "%s/control", run);

	if (fd < 0 || n >= (int)sizeof(to.sun_path)) {
		fprintf(stderr, "lwmuxctl: %s/control: path too long\n", run);
		return -1;
	}
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	fprintf(stderr, "lwmuxctl: %s: %s; %s\n", to.sun_path, strerror(errno),
		errno == EACCES ? "be root or in group lwmux" :
		"does lwmuxd run?");
	close(fd);
	return -1;
}

static char *receive(int fd)
{
	size_t size = 65536, used = 0;
	char *text = malloc(size);
	ssize_t n;

	while (text && (n = read(fd, text + used, size - used - 1)) > 0) {
		used += (size_t)n;
		if (used + 1 == size)
			text = realloc(text, size *= 2);
	}
	if (text)
		text[used] = 0;
	return text;
}

/* The answer's object, or NULL after a message. */
static struct json_object *ask(const struct options *o,
			       struct json_object *request, char **raw)
{
	struct json_object *answer;
	char *text;
	int fd = dial(o->run);

	if (fd < 0)
		return NULL;
	if (dprintf(fd, "%s\n", json_object_to_json_string_ext(request,
			JSON_C_TO_STRING_PLAIN)) < 0)
		perror("lwmuxctl");
	text = receive(fd);
	close(fd);
	answer = text ? json_tokener_parse(text) : NULL;
	if (!answer)
		fprintf(stderr, "lwmuxctl: no answer from lwmuxd\n");
	if (raw && answer)
		*raw = text;
	else
		free(text);
	return answer;
}

static const char *text_of(struct json_object *from, const char *key)
{
	struct json_object *member;

	return json_object_object_get_ex(from, key, &member) ?
	       json_object_get_string(member) : NULL;
}

static struct json_object *list_of(struct json_object *from, const char *key)
{
	struct json_object *list;

	return json_object_object_get_ex(from, key, &list) &&
	       json_object_is_type(list, json_type_array) ? list : NULL;
}

static size_t length_of(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

static void age_text(const char *seconds, char *text, size_t size)
{
	double s = seconds ? atof(seconds) : -1;

	if (s < 0)
		snprintf(text, size, "-");
	else if (s < 10)
		snprintf(text, size, "%.1fs", s);
	else if (s < 120)
		snprintf(text, size, "%.0fs", s);
	else if (s < 7200)
		snprintf(text, size, "%.0fmin", s / 60);
	else
		snprintf(text, size, "%.0fh", s / 3600);
}

static void print_servers(struct json_object *endpoint, char *text,
			  size_t size)
{
	struct json_object *servers = list_of(endpoint, "servers");

	text[0] = 0;
	for (size_t i = 0; i < length_of(servers); i++) {
		struct json_object *s = json_object_array_get_idx(servers, i);
		const char *state = text_of(s, "state");
		const char *answer = text_of(s, "last_answer");
		size_t used = strlen(text);
		bool refused = answer && answer[0] != '2';

		snprintf(text + used, size - used, "%s%s%s%s", used ? "," : "",
			 state ? state : "?", refused ? " " : "",
			 refused ? answer : "");
	}
}

static void print_endpoint(struct json_object *e)
{
	const char *error = text_of(e, "error"), *tries = text_of(e, "tries");
	char age[24], servers[200];

	age_text(text_of(e, "age"), age, sizeof(age));
	print_servers(e, servers, sizeof(servers));
	printf("%-24s %-8s %6s  %-16s %-14s %s", text_of(e, "endpoint"),
	       text_of(e, "state"), age, text_of(e, "bus") ?
	       text_of(e, "bus") : "-", servers[0] ? servers : "-",
	       error ? error : "");
	if (tries)
		printf(" x%s", tries);
	putchar('\n');
}

static void print_bus(struct json_object *bus)
{
	const char *error = text_of(bus, "error");
	struct json_object *counts;

	printf("BUS %-20s %-8s %s", text_of(bus, "bus"),
	       text_of(bus, "adapter"), error ? "down: " : "open");
	if (error)
		printf("%s", error);
	if (json_object_object_get_ex(bus, "counts", &counts)) {
		json_object_object_foreach(counts, name, n)
			printf("  %s %s", name, json_object_get_string(n));
	}
	putchar('\n');
}

static int by_endpoint(const void *a, const void *b)
{
	struct json_object *const *left = a, *const *right = b;

	return strcmp(text_of(*left, "endpoint"), text_of(*right, "endpoint"));
}

static void print_status(struct json_object *answer)
{
	struct json_object *endpoints = list_of(answer, "endpoints");
	struct json_object *buses = list_of(answer, "buses");
	struct json_object *findings = list_of(answer, "findings");

	printf("%-24s %-8s %6s  %-16s %-14s %s\n", "ENDPOINT", "STATE", "LAST",
	       "BUS", "SERVER", "NOTE");
	if (endpoints)
		json_object_array_sort(endpoints, by_endpoint);
	for (size_t i = 0; i < length_of(endpoints); i++)
		print_endpoint(json_object_array_get_idx(endpoints, i));
	for (size_t i = 0; i < length_of(buses); i++)
		print_bus(json_object_array_get_idx(buses, i));
	for (size_t i = 0; i < length_of(findings); i++)
		printf("CONFIG %s\n", json_object_get_string(
			json_object_array_get_idx(findings, i)));
	printf("%s\n", text_of(answer, "health"));
}

static int health_code(const char *health)
{
	if (health && !strcmp(health, "healthy"))
		return HEALTHY;
	return health && !strcmp(health, "degraded") ? DEGRADED : DOWN;
}

static struct json_object *request_of(const char *what, const char *endpoint,
				      const char *path)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "do", json_object_new_string(what));
	if (endpoint)
		json_object_object_add(request, "endpoint",
				       json_object_new_string(endpoint));
	if (path)
		json_object_object_add(request, "path",
				       json_object_new_string(path));
	return request;
}

static bool failed(struct json_object *answer)
{
	const char *error = text_of(answer, "error");

	if (error)
		fprintf(stderr, "lwmuxctl: %s\n", error);
	return error != NULL;
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
			fputs(raw, stdout);
		else
			print_status(answer);
		code = health_code(text_of(answer, "health"));
	}
	free(raw);
	json_object_put(request);
	json_object_put(answer);
	return code;
}

static void print_resource(struct json_object *r)
{
	const char *value = text_of(r, "value"), *name = text_of(r, "name");
	char age[24];

	age_text(text_of(r, "age"), age, sizeof(age));
	printf("%-18s %-32s %-20s %-12s %6s\n", text_of(r, "path"),
	       name ? name : "", value ? value : "-", text_of(r, "quality"),
	       age);
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
		fputs(raw, stdout);
	for (size_t i = 0; good && !o->json && i < length_of(list); i++)
		print_resource(json_object_array_get_idx(list, i));
	free(raw);
	json_object_put(request);
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
	json_object_put(request);
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
	fputs(usage, stderr);
	return USAGE;
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{"run", required_argument, NULL, 'r'},
		{"config", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}
	};
	struct options o = {.run = "/run/lwmux"};

	for (int c; (c = getopt_long(argc, argv, "c:h", table, NULL)) != -1; )
		switch (c) {
		case 'r': o.run = optarg; break;
		case 'c': o.config = optarg; break;
		case 'j': o.json = true; break;
		case 'h': fputs(usage, stdout); return 0;
		default: fputs(usage, stderr); return USAGE;
		}
	return command(&o, argv + optind, argc - optind);
}

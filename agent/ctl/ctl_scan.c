/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl scan, probe and adopt: on a bus that the daemon has, or on a port or
 * host that nobody has declared, there with each of some rates and parities. */
#include "agent/ctl/ctl_search.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORD_MAX 16

/* ---- keys */

static void key_add(struct json_object *keys, const char *key,
		    const char *value, size_t n)
{
	json_object_object_add(keys, key,
			       json_object_new_string_len(value, (int)n));
}

/* "1-30" or "7": the units. */
static bool range_take(struct json_object *keys, const char *text)
{
	size_t first = strspn(text, "0123456789");
	const char *last = text[first] == '-' ? text + first + 1 : text;
	size_t n = strspn(last, "0123456789");

	if (!first || !n || last[n])
		return false;
	key_add(keys, "from", text, first);
	key_add(keys, "to", last, n);
	return true;
}

static bool key_take(struct json_object *keys, const char *text)
{
	const char *equals = strchr(text, '=');
	char *key;

	if (!equals || equals == text) {
		fprintf(stderr, "lwmuxctl: '%s' is no KEY=VALUE, nor a range "
			"as 1-30\n", text);
		return false;
	}
	key = strndup(text, (size_t)(equals - text));
	if (!key)
		abort();
	key_add(keys, key, equals + 1, strlen(equals + 1));
	free(key);
	return true;
}

/* ---- lines that nobody has declared: Modbus */

static bool is_port(const char *target)
{
	return *target == '/';
}

static bool is_host(const char *target)
{
	return !is_port(target) && strpbrk(target, ".:");
}

/* How much of "192.0.2.1:503" is the host. An IPv6 address has no port. */
static size_t host_length(const char *target)
{
	const char *colon = strchr(target, ':');

	return colon && !strchr(colon + 1, ':') ? (size_t)(colon - target) :
						  strlen(target);
}

static void line_keys(struct json_object *keys, const char *target,
		      const char *serial)
{
	size_t n = host_length(target);

	if (is_port(target)) {
		key_add(keys, "transport", "rtu", 3);
		key_add(keys, "port", target, strlen(target));
		key_add(keys, "serial", serial, strlen(serial));
		return;
	}
	key_add(keys, "transport", "tcp", 3);
	key_add(keys, "host", target, n);
	if (target[n])
		key_add(keys, "tcp_port", target + n + 1,
			strlen(target + n + 1));
}

static void line_print(FILE *to, const char *name, const char *target,
		       const char *serial)
{
	size_t n = host_length(target);

	fprintf(to, "buses:\n  %s: {adapter: modbus, ", name);
	if (is_port(target))
		fprintf(to, "transport: rtu, port: %s, serial: %s}\n", target,
			serial);
	else
		fprintf(to, "transport: tcp, host: \"%.*s\"%s%s}\n", (int)n,
			target, target[n] ? ", tcp_port: " : "",
			target[n] ? target + n + 1 : "");
}

/* ---- one search, and one for each of the settings */

static int line_search(struct search *s, const char *what, char **args, int n,
		       const char *serial)
{
	struct json_object *request = request_of(what, NULL, NULL);
	struct json_object *keys = json_object_new_object();
	bool line = is_port(args[0]) || is_host(args[0]);

	json_object_object_add(request, "bus", json_object_new_string(
		line ? "modbus" : args[0]));
	json_object_object_add(request, "keys", keys);
	if (line)
		line_keys(keys, args[0], serial);
	for (int i = 1; i < n; i++)
		if (!range_take(keys, args[i]) && !key_take(keys, args[i])) {
			json_object_put(request);
			return CTL_USAGE;
		}
	return search_run(s, request);
}

/* Cuts the next off a list with commas. */
static bool word_next(const char **list, char word[WORD_MAX])
{
	size_t n = strcspn(*list, ",");

	if (n == 0)
		return false;
	snprintf(word, WORD_MAX, "%.*s", (int)n, *list);
	*list += n;
	*list += **list == ',';
	return true;
}

/* serial[2 * WORD_MAX]: the settings of the last, which found something where
 * `first` wants that. */
static int line_sweep(struct search *s, const char *what, char **args, int n,
		      bool first, char *serial)
{
	const char *rates = s->options->baud ? s->options->baud : "9600";
	char rate[WORD_MAX], parity[WORD_MAX];
	int rc, worst = CTL_DONE;

	if (!is_port(args[0]) && (s->options->baud || s->options->parity)) {
		fprintf(stderr, "lwmuxctl: --baud and --parity are of a port, "
			"as /dev/ttyUSB0\n");
		return CTL_USAGE;
	}
	while (word_next(&rates, rate)) {
		const char *parities = s->options->parity ?
				       s->options->parity : "N";

		while (word_next(&parities, parity)) {
			snprintf(serial, 2 * WORD_MAX, "%s 8%.1s1", rate,
				 parity);
			if (s->options->baud || s->options->parity)
				fprintf(stderr, "lwmuxctl: at %s\n", serial);
			rc = line_search(s, what, args, n, serial);
			if (rc == CTL_USAGE || (first && s->found) ||
			    !is_port(args[0]))
				return rc;
			worst = rc > worst ? rc : worst;
		}
	}
	return worst;
}

int do_scan(const struct options *o, char **args, int n)
{
	struct search s = {.options = o};
	char serial[2 * WORD_MAX];

	if (o->adopt && o->json) {
		fprintf(stderr, "lwmuxctl: scan: --json or --adopt, not both\n");
		return CTL_USAGE;
	}
	if (o->adopt) {
		puts("devices:");
		s.adopted = stdout;
	}
	return line_sweep(&s, "scan", args, n, false, serial);
}

int do_probe(const struct options *o, char **args, int n)
{
	struct search s = {.options = o};
	char serial[2 * WORD_MAX];

	return line_sweep(&s, "probe", args, n, false, serial);
}

/* ---- adopt */

static bool is_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_", *c))
			return false;
	return *name;
}

static bool is_wanted(const struct options *o, const char *path)
{
	int answer;

	if (o->yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "lwmuxctl: --yes writes it to %s\n", path);
		return false;
	}
	fprintf(stderr, "write %s? [y/N] ", path);
	answer = getchar();
	return answer == 'y' || answer == 'Y';
}

/* A file that is there already is somebody's. */
static int file_write(const char *path, const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool done = fd >= 0 && write(fd, text, n) == (ssize_t)n &&
		    fsync(fd) == 0;
	int error = errno;

	if (fd >= 0) {
		close(fd);
		if (!done)
			unlink(path);
	}
	if (!done) {
		fprintf(stderr, "lwmuxctl: cannot write %s: %s\n", path,
			strerror(error));
		return CTL_FAILED;
	}
	fprintf(stderr, "lwmuxctl: %s is written; 'lwmuxctl reload' takes it\n",
		path);
	return CTL_DONE;
}

/* devices: what the search has found, as YAML. */
static int devices_adopt(const struct options *o, char **args,
			 const char *devices, const char *serial)
{
	char path[4096], *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	int rc = CTL_DONE;

	if (!to)
		abort();
	if (is_port(args[1]) || is_host(args[1]))
		line_print(to, args[0], args[1], serial);
	fprintf(to, "devices:\n%s", devices);
	if (fclose(to))
		abort();
	fputs(text, stdout);
	fflush(stdout);
	snprintf(path, sizeof(path), "%s/conf.d/%s.yaml",
		 o->config ? o->config : "/etc/lwmux", args[0]);
	if (is_wanted(o, path))
		rc = file_write(path, text, n);
	free(text);
	return rc;
}

int do_adopt(const struct options *o, char **args, int n)
{
	struct search s = {.options = o};
	char serial[2 * WORD_MAX], *devices = NULL;
	size_t size = 0;
	int rc;

	if (!is_name(args[0])) {
		fprintf(stderr, "lwmuxctl: '%s' is no name for a file: letters, "
			"digits, - and _\n", args[0]);
		return CTL_USAGE;
	}
	s.adopted = open_memstream(&devices, &size);
	if (!s.adopted)
		abort();
	if (is_port(args[1]) || is_host(args[1]))
		s.name = args[0];
	rc = line_sweep(&s, "scan", args + 1, n - 1, true, serial);
	if (fclose(s.adopted))
		abort();
	if (rc == CTL_DONE && !s.found)	/* which was said */
		rc = CTL_FAILED;
	if (rc == CTL_DONE)
		rc = devices_adopt(o, args, devices, serial);
	free(devices);
	return rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl scan and probe: a line as soon as something is found, and what of
 * it can be pasted into the configuration. */
#include "agent/ctl/ctl.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/ctl_table.h"

static const char *text_or(struct json_object *from, const char *key,
			   const char *other)
{
	const char *text = text_of(from, key);

	return text ? text : other;
}

/* What people should know: the adapter's note, and the endpoint that it is. */
static void print_note(FILE *to, struct json_object *found, const char *before)
{
	const char *note = text_of(found, "note");
	const char *endpoint = text_of(found, "configured");

	if (note && strstr(note, "configured as"))
		endpoint = NULL;
	if (note || endpoint)
		fprintf(to, "%s%s%s%s%s", before, note ? note : "",
			note && endpoint ? "; " : "",
			endpoint ? "configured as " : "",
			endpoint ? endpoint : "");
}

/* KEYS  VALUE  PROFILE  NOTE */
static void line_of_found(FILE *to, struct json_object *found)
{
	const char *rssi = text_of(found, "rssi");
	const char *profile = text_of(found, "profile");
	const char *value = text_of(found, "value");

	ctl_pad(to, text_or(found, "keys", "-"), 52);
	if (value) {
		putc(' ', to);
		ctl_pad(to, value, 22);
	}
	if (rssi)
		fprintf(to, " %s dBm", rssi);
	if (profile)
		fprintf(to, " profile: %s", profile);
	print_note(to, found, " # ");
}

static void print_found(struct json_object *found)
{
	char *line = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&line, &n);

	if (!to)
		abort();
	line_of_found(to, found);
	if (fclose(to))
		abort();
	while (n && line[n - 1] == ' ')
		n--;
	printf("%.*s\n", (int)n, line);
	free(line);
}

/* "plant-7" of the bus plant and "unit: 7"; templates and quotes have no place
 * in it. */
static void print_name(const char *bus, const char *keys)
{
	const char *value = strchr(keys, ':');
	size_t n = value ? strcspn(value, ",") : 0;

	printf("%s-", bus);
	for (size_t i = 1; i < n; i++) {
		if (isalnum((unsigned char)value[i]) || value[i] == '_')
			putchar(value[i]);
		else if (value[i] == '-' || value[i] == '.')
			putchar('-');
	}
}

/* As it would stand in conf.d; what is no device yet is a comment, and so is
 * the second profile that fits. */
static void print_adopted(struct json_object *found)
{
	static char last[256];
	const char *of = text_of(found, "of"), *keys = text_of(found, "keys");
	const char *bus = text_of(found, "bus");
	const char *profile = text_of(found, "profile");
	const char *endpoint = text_of(found, "configured");

	if (!of || !keys)
		return;
	if (!strcmp(of, "point")) {
		printf("  # {name: NAME, %s, map: OBJECT/INSTANCE}", keys);
	} else {
		bool known = profile || strstr(keys, "profile:");

		if (!strcmp(last, keys) || endpoint)
			known = false;
		snprintf(last, sizeof(last), "%s", keys);
		fputs(known ? "  - {" : "  # - {", stdout);
		fputs("endpoint: ", stdout);
		print_name(bus, keys);
		printf(", bus: %s, %s%s%s}", bus, keys,
		       profile ? ", profile: " : "", profile ? profile : "");
	}
	print_note(stdout, found, "  # ");
	putchar('\n');
}

/* The last line: how it ended. */
static int ended(struct json_object *line)
{
	const char *note = text_of(line, "note");

	if (failed(line))
		return CTL_FAILED;
	if (note)
		fprintf(stderr, "lwmuxctl: %s\n", note);
	return CTL_DONE;
}

/* -1: more lines come. */
static int line_take(const struct options *o, const char *text)
{
	struct json_object *line = json_tokener_parse(text), *found;
	int rc = -1;

	if (o->json)
		puts(text);
	if (!json_object_object_get_ex(line, "found", &found))
		rc = ended(line);
	else if (o->adopt)
		print_adopted(found);
	else if (!o->json)
		print_found(found);
	fflush(stdout);
	json_object_put(line);
	return rc;
}

/* false: not all are KEY=VALUE. */
static bool keys_take(struct json_object *request, char **args, int n)
{
	struct json_object *keys = json_object_new_object();

	json_object_object_add(request, "keys", keys);
	for (int i = 0; i < n; i++) {
		char *equals = strchr(args[i], '=');

		if (!equals || equals == args[i]) {
			fprintf(stderr, "lwmuxctl: '%s' is no KEY=VALUE\n",
				args[i]);
			return false;
		}
		*equals = '\0';
		json_object_object_add(keys, args[i],
				       json_object_new_string(equals + 1));
	}
	return true;
}

/* args: bus, then key=value. */
static int search(const struct options *o, const char *what, char **args,
		  int n)
{
	struct json_object *request = request_of(what, NULL, NULL);
	struct answers answers;
	const char *text;
	int rc = -1;

	json_object_object_add(request, "bus", json_object_new_string(args[0]));
	if (o->duration)
		json_object_object_add(request, "for",
				       json_object_new_string(o->duration));
	if (!keys_take(request, args + 1, n - 1)) {
		json_object_put(request);
		return CTL_USAGE;
	}
	if (!ask_begin(o, request, &answers))
		return CTL_FAILED;
	if (o->adopt && !o->json)
		puts("devices:");
	while (rc < 0 && (text = answers_next(&answers)))
		rc = line_take(o, text);
	if (rc < 0)
		fprintf(stderr, "lwmuxctl: lwmuxd has hung up\n");
	answers_end(&answers);
	return rc < 0 ? CTL_FAILED : rc;
}

int do_scan(const struct options *o, char **args, int n)
{
	return search(o, "scan", args, n);
}

int do_probe(const struct options *o, char **args, int n)
{
	return search(o, "probe", args, n);
}

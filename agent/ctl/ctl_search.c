/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl scan and probe: a line as soon as something is found, and what of
 * it can be pasted into the configuration. */
#include "agent/ctl/ctl_search.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
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
	const char *missing = text_of(found, "missing");

	if (note && strstr(note, "configured as"))
		endpoint = NULL;
	if (note || endpoint)
		fprintf(to, "%s%s%s%s%s", before, note ? note : "",
			note && endpoint ? "; " : "",
			endpoint ? "configured as " : "",
			endpoint ? endpoint : "");
	if (missing && !endpoint)
		fprintf(to, "%s%s", note ? "; " : before, missing);
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
static void print_name(FILE *to, const char *bus, const char *keys)
{
	const char *value = strchr(keys, ':');
	size_t n = value ? strcspn(value, ",") : 0;

	fprintf(to, "%s-", bus);
	for (size_t i = 1; i < n; i++) {
		if (isalnum((unsigned char)value[i]) || value[i] == '_')
			putc(value[i], to);
		else if (value[i] == '-' || value[i] == '.')
			putc('-', to);
	}
}

/* As it would stand in conf.d; what is no device yet, or lacks something to
 * work as one, is a comment, and so is the second profile that fits. bus: the
 * name it gets; NULL: as it is. */
static void print_adopted(FILE *to, const char *bus, struct json_object *found)
{
	static char last[256];
	const char *of = text_of(found, "of"), *keys = text_of(found, "keys");
	const char *profile = text_of(found, "profile");
	const char *endpoint = text_of(found, "configured");

	if (!of || !keys)
		return;
	if (!bus)
		bus = text_of(found, "bus");
	if (!strcmp(of, "point")) {
		fprintf(to, "  # {name: NAME, %s, map: OBJECT/INSTANCE}", keys);
	} else {
		bool known = profile || strstr(keys, "profile:");

		if (!strcmp(last, keys) || endpoint ||
		    text_of(found, "missing"))
			known = false;
		snprintf(last, sizeof(last), "%s", keys);
		fputs(known ? "  - {" : "  # - {", to);
		fputs("endpoint: ", to);
		print_name(to, bus, keys);
		fprintf(to, ", bus: %s, %s%s%s}", bus, keys,
			profile ? ", profile: " : "", profile ? profile : "");
	}
	print_note(to, found, "  # ");
	putc('\n', to);
}

/* Where somebody looks on: "unit 37 of 247, 62 s left". */
static void print_progress(struct json_object *progress)
{
	const char *done = text_of(progress, "done");
	const char *of = text_of(progress, "of"), *left = text_of(progress,
								   "left");

	if (done && of && left && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s of %s, %s s left \033[K\r", done, of,
			left);
}

/* The last line: how it ended. */
static int search_ended(struct json_object *line)
{
	const char *note = text_of(line, "note");

	if (failed(line))
		return CTL_FAILED;
	if (note)
		fprintf(stderr, "lwmuxctl: %s\n", note);
	return CTL_DONE;
}

/* -1: more lines come. */
static int line_take(struct search *s, const char *text)
{
	struct json_object *line = json_tokener_parse(text), *member;
	int rc = -1;

	if (s->options->json && line)
		print_json(line);
	if (json_object_object_get_ex(line, "found", &member)) {
		s->found++;
		if (s->adopted)
			print_adopted(s->adopted, s->name, member);
		else if (!s->options->json)
			print_found(member);
	} else if (json_object_object_get_ex(line, "progress", &member)) {
		if (!s->options->json)
			print_progress(member);
	} else {
		rc = search_ended(line);
	}
	fflush(s->adopted ? s->adopted : stdout);
	json_object_put(line);
	return rc;
}

int search_run(struct search *s, struct json_object *request)
{
	struct answers answers;
	const char *text;
	int rc = -1;

	if (s->options->duration)
		json_object_object_add(request, "for", json_object_new_string(
			s->options->duration));
	if (!ask_begin(s->options, request, &answers))
		return CTL_FAILED;
	while (rc < 0 && (text = answers_next(&answers)))
		rc = line_take(s, text);
	if (rc < 0)
		fprintf(stderr, "lwmuxctl: lwmuxd has hung up\n");
	answers_end(&answers);
	return rc < 0 ? CTL_FAILED : rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Events: one JSON object a line for tests, sentences for people. The sentences
 * are made from the same object, so that both tell the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/server/decode.h"
#include "tests/server/server.h"

struct json_object *event_new(const char *name, const char *endpoint)
{
	struct json_object *e = json_object_new_object();

	event_text(e, "event", name);
	if (endpoint)
		event_text(e, "ep", endpoint);
	return e;
}

void event_text(struct json_object *e, const char *key, const char *value)
{
	json_object_object_add(e, key,
			       value ? json_object_new_string(value) : NULL);
}

void event_number(struct json_object *e, const char *key, int64_t value)
{
	json_object_object_add(e, key, json_object_new_int64(value));
}

void event_hex(struct json_object *e, const char *key, const uint8_t *data,
	       size_t length)
{
	char *text = malloc(2 * length + 1);

	*text = '\0';
	for (size_t i = 0; i < length; i++)
		sprintf(text + 2 * i, "%02x", data[i]);
	event_text(e, key, text);
	free(text);
}

void event_error(const char *id, const char *reason)
{
	struct json_object *e = event_new("error", NULL);

	event_text(e, "id", id);
	event_text(e, "reason", reason);
	event_send(e);
}

char *code_text(int code, char to[8])
{
	snprintf(to, 8, "%d.%02d", code >> 5 & 7, code & 0x1f);
	return to;
}

/* --- for people -------------------------------------------------------- */

static const char *text_of(struct json_object *e, const char *key)
{
	struct json_object *o = NULL;

	json_object_object_get_ex(e, key, &o);
	return o ? json_object_get_string(o) : "";
}

static bool is(struct json_object *e, const char *name)
{
	return !strcmp(text_of(e, "event"), name);
}

static void stamp(void)
{
	time_t now = time(NULL);
	char text[16];

	strftime(text, sizeof(text), "%H:%M:%S", localtime(&now));
	printf("%s  ", text);
}

/* Units of the instance, as far as 5701 was seen. */
static const char *units(const struct client *c, const char *path)
{
	struct path p = path_parse(path);
	struct json_object *o = NULL;
	char text[56];

	if (!c || p.depth < 3 ||
	    resource_type(p.id[0], p.id[2]) != LWM2M_FLOAT)
		return "";
	p.depth = 3;
	p.id[2] = 5701;
	json_object_object_get_ex(c->known, path_text(&p, text), &o);
	return o ? json_object_get_string(o) : "";
}

/* Values that changed; all of them where the answer was asked for. */
static void tell_values(struct json_object *e, bool all)
{
	struct client *c = client_find(text_of(e, "ep"));
	struct json_object *values = NULL, *old;
	const char *unit;

	json_object_object_get_ex(e, "values", &values);
	if (!values)
		return;
	json_object_object_foreach(values, learn, learned)
	{
		if (c && strstr(learn, "/5701"))
			json_object_object_add(c->known, learn,
					       json_object_get(learned));
	}
	json_object_object_foreach(values, path, value)
	{
		old = NULL;
		if (c)
			json_object_object_get_ex(c->known, path, &old);
		if (!all && (strstr(path, "/5701") || strstr(path, "/5518") ||
			     (old && json_object_equal(old, value))))
			continue;
		unit = units(c, path);
		stamp();
		printf("%s %s = %s%s%s\n", text_of(e, "ep"), path,
		       json_object_get_string(value), *unit ? " " : "", unit);
		if (c)
			json_object_object_add(c->known, path,
					       json_object_get(value));
	}
}

static int slashes(const char *link)
{
	int n = 0;

	for (; *link && *link != '>'; link++)
		n += *link == '/';
	return n;
}

static void tell_links(struct json_object *e)
{
	struct json_object *links = NULL;

	json_object_object_get_ex(e, "links", &links);
	if (!links)
		return;
	printf(", objects");
	for (size_t i = 0; i < json_object_array_length(links); i++) {
		const char *l = json_object_get_string(
			json_object_array_get_idx(links, i));

		if (slashes(l) == 2)	/* an instance */
			printf(" %.*s", (int)strcspn(l + 1, ">"), l + 1);
	}
}

static void tell(struct json_object *e)
{
	bool answer = is(e, "response");

	if (is(e, "ready")) {
		stamp();
		printf("LwM2M server listens on UDP port %s\n",
		       text_of(e, "port"));
	} else if (is(e, "registered")) {
		stamp();
		printf("%s appeared: lifetime %s s, LwM2M %s, binding %s%s",
		       text_of(e, "ep"), text_of(e, "lt"), text_of(e, "lwm2m"),
		       text_of(e, "b"),
		       strcmp(text_of(e, "queue"), "true") ? "" : ", queue");
		tell_links(e);
		printf("\n");
	} else if (is(e, "unregistered") || is(e, "expired")) {
		stamp();
		printf("%s %s\n", text_of(e, "ep"),
		       is(e, "expired") ? "is gone: its lifetime ran out"
					: "said good-bye");
	} else if (is(e, "rejected")) {
		stamp();
		printf("%s refused with %s: %s\n", text_of(e, "ep"),
		       text_of(e, "code"), text_of(e, "reason"));
	} else if (answer && strcmp(text_of(e, "method"), "GET")) {
		stamp();
		printf("%s %s %s %s -> %s\n", text_of(e, "ep"),
		       text_of(e, "method"), text_of(e, "path"),
		       text_of(e, "sent"), text_of(e, "code"));
	} else if (answer && strcmp(text_of(e, "code"), "2.05")) {
		stamp();
		printf("%s read %s -> %s\n", text_of(e, "ep"),
		       text_of(e, "path"), text_of(e, "code"));
	} else if (is(e, "timeout") || is(e, "rst")) {
		stamp();
		printf("%s %s: %s\n", text_of(e, "ep"), text_of(e, "path"),
		       is(e, "rst") ? "reset" : "no answer");
	} else if (is(e, "error")) {
		stamp();
		printf("error: %s\n", text_of(e, "reason"));
	}
	if (answer || is(e, "notification"))
		tell_values(e, answer && !strcmp(text_of(e, "observe"), ""));
}

void event_send(struct json_object *e)
{
	if (server.human)
		tell(e);
	else
		puts(json_object_to_json_string_ext(
			e, JSON_C_TO_STRING_PLAIN |
				   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(e);
}

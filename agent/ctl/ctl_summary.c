/* SPDX-License-Identifier: GPL-2.0-or-later
 * Many endpoints at a glance. */
#include "agent/ctl/ctl_summary.h"
#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>

/* In the order in which they are told. */
static const char *const states[] = {
	"online", "asleep", "silent", "unknown", "leaving", "refused",
};

#define N_STATES (sizeof(states) / sizeof(*states))

static bool member_is(struct json_object *from, const char *key,
		      const char *text)
{
	struct json_object *member;

	return json_object_object_get_ex(from, key, &member) && member &&
	       !strcmp(json_object_get_string(member), text);
}

static struct json_object *member_of(struct json_object *from, const char *key)
{
	struct json_object *member;

	return json_object_object_get_ex(from, key, &member) ? member : NULL;
}

/* NULL: there is none. */
static struct json_object *list_in(struct json_object *from, const char *key)
{
	struct json_object *list = member_of(from, key);

	return json_object_is_type(list, json_type_array) ? list : NULL;
}

static size_t count_of(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

/* To sleep is what a sleeper is for. */
static bool is_there(struct json_object *endpoint)
{
	return member_is(endpoint, "state", "online") ||
	       member_is(endpoint, "state", "asleep");
}

static bool is_registered(struct json_object *endpoint)
{
	struct json_object *servers = list_in(endpoint, "servers");
	size_t n = count_of(servers);

	for (size_t i = 0; i < n; i++) {
		struct json_object *server = json_object_array_get_idx(servers,
								       i);

		if (!member_is(server, "state", "registered") &&
		    !member_is(server, "state", "updating"))
			return false;
	}
	return n || !member_of(endpoint, "bootstrap");
}

static bool endpoint_is_well(struct json_object *endpoint)
{
	return is_there(endpoint) && is_registered(endpoint);
}

static bool bus_is_well(struct json_object *bus)
{
	return !member_of(bus, "error");
}

static void put_number(FILE *to, size_t n)
{
	if (n >= 1000) {
		put_number(to, n / 1000);
		fprintf(to, ",%03zu", n % 1000);
	} else {
		fprintf(to, "%zu", n);
	}
}

void ctl_summary(struct json_object *status, FILE *to)
{
	struct json_object *list = list_in(status, "endpoints");
	size_t n = count_of(list), counts[N_STATES] = {0}, alone = 0;
	const char *before = ": ";

	for (size_t i = 0; i < n; i++) {
		struct json_object *e = json_object_array_get_idx(list, i);

		for (size_t s = 0; s < N_STATES; s++)
			counts[s] += member_is(e, "state", states[s]);
		alone += is_there(e) && !is_registered(e);
	}
	put_number(to, n);
	fprintf(to, " endpoint%s", n == 1 ? "" : "s");
	for (size_t s = 0; s < N_STATES; s++)
		if (counts[s]) {
			fputs(before, to);
			put_number(to, counts[s]);
			fprintf(to, " %s", states[s]);
			before = ", ";
		}
	if (alone) {
		fputs("; ", to);
		put_number(to, alone);
		fputs(" not registered", to);
	}
	putc('\n', to);
}

bool ctl_keep_matching(struct json_object *status, const char *pattern)
{
	struct json_object *list = list_in(status, "endpoints");
	struct json_object *kept = json_object_new_array();
	size_t n;

	for (size_t i = 0; i < count_of(list); i++) {
		struct json_object *of = json_object_array_get_idx(list, i);
		struct json_object *name = member_of(of, "endpoint");

		if (!fnmatch(pattern, json_object_get_string(name), 0))
			json_object_array_add(kept, json_object_get(of));
	}
	n = count_of(kept);
	json_object_object_add(status, "endpoints", kept);
	return n > 0;
}

static void members_keep(struct json_object *status, const char *key,
			 bool (*is_well)(struct json_object *of))
{
	struct json_object *list = list_in(status, key);
	struct json_object *kept = json_object_new_array();

	for (size_t i = 0; i < count_of(list); i++) {
		struct json_object *of = json_object_array_get_idx(list, i);

		if (!is_well(of))
			json_object_array_add(kept, json_object_get(of));
	}
	if (list)
		json_object_object_add(status, key, kept);
	else
		json_object_put(kept);
}

void ctl_keep_not_well(struct json_object *status)
{
	members_keep(status, "endpoints", endpoint_is_well);
	members_keep(status, "buses", bus_is_well);
}

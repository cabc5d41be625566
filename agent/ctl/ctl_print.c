/* SPDX-License-Identifier: GPL-2.0-or-later
 * The status, for people. */
#include "agent/ctl/ctl.h"
#include <stdlib.h>
#include <string.h>

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

/* Why a server has no session with it. */
static void print_troubles(struct json_object *endpoint)
{
	struct json_object *servers = list_of(endpoint, "servers");

	for (size_t i = 0; i < length_of(servers); i++) {
		const char *trouble = text_of(json_object_array_get_idx(
			servers, i), "trouble");

		if (trouble)
			printf(" [%s]", trouble);
	}
}

/* While it has no servers: what its bootstrap does. */
static void print_bootstrap(struct json_object *endpoint, char *text,
			    size_t size)
{
	struct json_object *of;
	const char *state;

	if (!json_object_object_get_ex(endpoint, "bootstrap", &of))
		return;
	state = text_of(of, "state");
	snprintf(text, size, "bootstrap %s", state ? state : "?");
}

static void print_endpoint(struct json_object *e)
{
	const char *error = text_of(e, "error"), *tries = text_of(e, "tries");
	const char *held = text_of(e, "held");
	char age[24], servers[200];

	age_text(text_of(e, "age"), age, sizeof(age));
	print_servers(e, servers, sizeof(servers));
	if (!servers[0])
		print_bootstrap(e, servers, sizeof(servers));
	printf("%-24s %-8s %6s  %-16s %-14s %s", text_of(e, "endpoint"),
	       text_of(e, "state"), age, text_of(e, "bus") ?
	       text_of(e, "bus") : "-", servers[0] ? servers : "-",
	       error ? error : "");
	if (tries && error)
		printf(" x%s", tries);
	if (held)
		printf("%s%s held", error ? ", " : "", held);
	print_troubles(e);
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

/* One that was asked for by its name: how it is connected. */
static void print_accounts(struct json_object *endpoint)
{
	struct json_object *servers = list_of(endpoint, "servers");

	for (size_t i = 0; i < length_of(servers); i++) {
		struct json_object *s = json_object_array_get_idx(servers, i);
		const char *security = text_of(s, "security");
		const char *peer = text_of(s, "peer");
		const char *suite = text_of(s, "cipher_suite");
		const char *answer = text_of(s, "last_answer");
		char age[24];

		age_text(text_of(s, "session_age"), age, sizeof(age));
		printf("SERVER %-4s %s  %s  %s%s%s  session %s  %s%s%s\n",
		       text_of(s, "server"), text_of(s, "uri"),
		       peer ? peer : "-", security ? security : "nosec",
		       suite ? " " : "", suite ? suite : "", age,
		       text_of(s, "state"), answer ? ", last answer " : "",
		       answer ? answer : "");
	}
}

static int by_endpoint(const void *a, const void *b)
{
	struct json_object *const *left = a, *const *right = b;

	return strcmp(text_of(*left, "endpoint"), text_of(*right, "endpoint"));
}

/* Only where something waits for a server, or was lost. */
static void print_store(struct json_object *answer)
{
	struct json_object *store;
	const char *waiting, *dropped, *hours;

	if (!json_object_object_get_ex(answer, "store", &store))
		return;
	waiting = text_of(store, "waiting");
	dropped = text_of(store, "dropped");
	hours = text_of(store, "hours_left");
	if (waiting && strcmp(waiting, "0"))
		printf("STORE %s values wait for their servers%s%s%s\n",
		       waiting, hours ? ", room for " : "",
		       hours ? hours : "", hours ? " h more" : "");
	if (dropped && strcmp(dropped, "0"))
		printf("STORE %s values were dropped\n", dropped);
}

void print_status(struct json_object *answer, bool one)
{
	struct json_object *endpoints = list_of(answer, "endpoints");
	struct json_object *buses = list_of(answer, "buses");
	struct json_object *findings = list_of(answer, "findings");

	printf("%-24s %-8s %6s  %-16s %-14s %s\n", "ENDPOINT", "STATE", "LAST",
	       "BUS", "SERVER", "NOTE");
	if (endpoints)
		json_object_array_sort(endpoints, by_endpoint);
	for (size_t i = 0; i < length_of(endpoints); i++) {
		print_endpoint(json_object_array_get_idx(endpoints, i));
		if (one)
			print_accounts(json_object_array_get_idx(endpoints,
								 i));
	}
	for (size_t i = 0; i < length_of(buses); i++)
		print_bus(json_object_array_get_idx(buses, i));
	for (size_t i = 0; i < length_of(findings); i++)
		printf("CONFIG %s\n", json_object_get_string(
			json_object_array_get_idx(findings, i)));
	print_store(answer);
	printf("%s\n", text_of(answer, "health"));
}

void print_resource(struct json_object *r)
{
	const char *value = text_of(r, "value"), *name = text_of(r, "name");
	const char *unit = text_of(r, "unit");
	char age[24], shown[4200];

	snprintf(shown, sizeof(shown), "%s%s%s", value ? value : "-",
		 value && unit ? " " : "", value && unit ? unit : "");
	age_text(text_of(r, "age"), age, sizeof(age));
	printf("%-18s %-32s %-20s %-12s %6s\n", text_of(r, "path"),
	       name ? name : "", shown, text_of(r, "quality"), age);
}

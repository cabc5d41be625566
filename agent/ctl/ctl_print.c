/* SPDX-License-Identifier: GPL-2.0-or-later
 * The status, for people. */
#include "agent/ctl/ctl.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/ctl_table.h"

#define LINE_WIDEST 80

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

__attribute__((format(printf, 3, 4))) static void
text_append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

/* "[no answer, try 3, next in 12 s]" */
static void append_trouble(char *text, size_t size, struct json_object *server)
{
	const char *trouble = text_of(server, "trouble");
	const char *try = text_of(server, "try");
	const char *next = text_of(server, "next_try");

	if (!trouble)
		return;
	text_append(text, size, "%s[%s", *text ? " " : "", trouble);
	if (try)
		text_append(text, size, ", try %s", try);
	if (next)
		text_append(text, size, ", next in %s s", next);
	text_append(text, size, "]");
}

/* What is wrong with it, what waits, and why a server has no session. */
static void print_note(struct json_object *e, char *text, size_t size)
{
	const char *error = text_of(e, "error"), *tries = text_of(e, "tries");
	const char *held = text_of(e, "held"), *late = text_of(e, "late");
	struct json_object *servers = list_of(e, "servers");

	snprintf(text, size, "%s", error ? error : "");
	if (tries && error)
		text_append(text, size, " x%s", tries);
	if (held)
		text_append(text, size, "%s%s held", error ? ", " : "", held);
	if (late)
		text_append(text, size, "%s%s", *text ? ", " : "", late);
	for (size_t i = 0; i < length_of(servers); i++)
		append_trouble(text, size,
			       json_object_array_get_idx(servers, i));
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

static void add_endpoint(struct ctl_table *table, struct json_object *e)
{
	const char *bus = text_of(e, "bus");
	char age[24], servers[200], note[1200];

	age_text(text_of(e, "age"), age, sizeof(age));
	print_servers(e, servers, sizeof(servers));
	if (!servers[0])
		print_bootstrap(e, servers, sizeof(servers));
	print_note(e, note, sizeof(note));
	ctl_table_add(table, (const char *const[]){
		text_of(e, "endpoint"), text_of(e, "state"), age,
		bus ? bus : "-", servers[0] ? servers : "-", note});
}

static void print_endpoints(struct json_object *endpoints)
{
	struct ctl_table table = {.n_columns = 6, .right = 1 << 2};

	table.coloured = ctl_may_colour(stdout) ? 1 << 1 : 0;
	ctl_table_add(&table, (const char *const[]){
		"ENDPOINT", "STATE", "LAST", "BUS", "SERVER", "NOTE"});
	for (size_t i = 0; i < length_of(endpoints); i++)
		add_endpoint(&table, json_object_array_get_idx(endpoints, i));
	if (table.n_rows > 1)
		ctl_table_print(&table, stdout);
	ctl_table_finish(&table);
}

/* Goes on in the next line where this one is full. */
static void print_counts(struct json_object *counts, size_t used)
{
	json_object_object_foreach(counts, name, value) {
		const char *n = json_object_get_string(value);
		size_t width = strlen(name) + strlen(n) + 3;

		if (used + width > LINE_WIDEST) {
			fputs("\n   ", stdout);
			used = 3;
		}
		printf("  %s %s", name, n);
		used += width;
	}
}

static void print_bus(struct json_object *bus)
{
	const char *error = text_of(bus, "error"), *load = text_of(bus, "load");
	struct json_object *counts;
	char state[1200];

	snprintf(state, sizeof(state), "%s%s", error ? "down: " : "open",
		 error ? error : "");
	if (load && !error)
		text_append(state, sizeof(state), ", %.0f %% busy", atof(load));
	fputs("BUS ", stdout);
	ctl_pad(stdout, text_of(bus, "bus"), 20);
	printf(" %-8s %s", text_of(bus, "adapter"), state);
	if (json_object_object_get_ex(bus, "counts", &counts))
		print_counts(counts, 34 + ctl_width(state));
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
		const char *prefix = text_of(s, "prefix");
		char age[24];

		age_text(text_of(s, "session_age"), age, sizeof(age));
		printf("SERVER %-4s %s  %s  %s%s%s  session %s  %s%s%s%s%s\n",
		       text_of(s, "server"), text_of(s, "uri"),
		       peer ? peer : "-", security ? security : "nosec",
		       suite ? " " : "", suite ? suite : "", age,
		       text_of(s, "state"), answer ? ", last answer " : "",
		       answer ? answer : "", prefix ? ", by the gateway as /" :
		       "", prefix ? prefix : "");
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

static void print_health(const char *health)
{
	const char *colour = ctl_may_colour(stdout) ? ctl_colour(health) : NULL;

	printf("%s%s%s\n", colour ? colour : "", health,
	       colour ? CTL_PLAIN : "");
}

void print_status(struct json_object *answer, bool one)
{
	struct json_object *endpoints = list_of(answer, "endpoints");
	struct json_object *buses = list_of(answer, "buses");
	struct json_object *findings = list_of(answer, "findings");
	struct json_object *reasons = list_of(answer, "reasons");

	if (endpoints)
		json_object_array_sort(endpoints, by_endpoint);
	print_endpoints(endpoints);
	for (size_t i = 0; one && i < length_of(endpoints); i++)
		print_accounts(json_object_array_get_idx(endpoints, i));
	for (size_t i = 0; i < length_of(buses); i++)
		print_bus(json_object_array_get_idx(buses, i));
	for (size_t i = 0; i < length_of(findings); i++)
		printf("CONFIG %s\n", json_object_get_string(
			json_object_array_get_idx(findings, i)));
	print_store(answer);
	for (size_t i = 0; i < length_of(reasons); i++)
		printf("BECAUSE %s\n", json_object_get_string(
			json_object_array_get_idx(reasons, i)));
	print_health(text_of(answer, "health"));
}

static void add_resource(struct ctl_table *table, struct json_object *r)
{
	const char *value = text_of(r, "value"), *unit = text_of(r, "unit");
	char age[24], shown[4200];

	snprintf(shown, sizeof(shown), "%s%s%s", value ? value : "-",
		 value && unit ? " " : "", value && unit ? unit : "");
	age_text(text_of(r, "age"), age, sizeof(age));
	ctl_table_add(table, (const char *const[]){
		text_of(r, "path"), text_of(r, "name"), shown,
		text_of(r, "quality"), age});
}

void print_resources(struct json_object *list)
{
	struct ctl_table table = {.n_columns = 5, .right = 1 << 4};

	for (size_t i = 0; i < length_of(list); i++)
		add_resource(&table, json_object_array_get_idx(list, i));
	ctl_table_print(&table, stdout);
	ctl_table_finish(&table);
}

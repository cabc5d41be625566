/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the status says of each endpoint, counted: so many numbers that a
 * monitoring system bears them for any number of endpoints. */
#include "agent/control/metrics.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/batch.h"
#include "agent/coap/coap.h"
#include "agent/gateway/gateway.h"
#include "agent/store/spill.h"

#define SECOND 1e9
#define COUNTS_MAX 32
#define STATES (REGISTRATION_LEAVING + 1)

static void head(FILE *to, const char *name, const char *type,
		 const char *help)
{
	fprintf(to, "# HELP lwmux_%s %s\n# TYPE lwmux_%s %s\n", name, help,
		name, type);
}

/* A label's value: quotes, backslashes and newlines are escaped. */
static void label(FILE *to, const char *name, const char *value)
{
	fprintf(to, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			putc('\\', to);
		if (*value == '\n')
			fputs("\\n", to);
		else
			putc(*value, to);
	}
	putc('"', to);
}

static void endpoints_print(FILE *to, const struct gateway *g)
{
	size_t n[LIVENESS_STATES] = {0};

	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		n[e->life.state]++;
	head(to, "endpoints", "gauge", "Endpoints by the state of their "
	     "device.");
	for (size_t i = 0; i < LIVENESS_STATES; i++) {
		fputs("lwmux_endpoints{", to);
		label(to, "state",
		      liveness_state_name((enum liveness_state)i));
		fprintf(to, "} %zu\n", n[i]);
	}
	fprintf(to, "lwmux_endpoints{state=\"refused\"} %zu\n", g->n_refused);
}

static void held_print(FILE *to, const struct gateway *g)
{
	size_t n = 0;

	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		n += batch_held(e).n;
	head(to, "held_writes", "gauge", "Writes that wait for a sleeping "
	     "device.");
	fprintf(to, "lwmux_held_writes %zu\n", n);
}

/* By short id: bootstrap may give many servers the same. */
static void server_print(FILE *to, const struct gateway *g, uint16_t id)
{
	size_t n[STATES] = {0};

	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		for (size_t i = 0; i < e->n_clients; i++)
			if (e->clients[i].server->conf->id == id)
				n[e->clients[i].registration.state]++;
	for (size_t i = 0; i < STATES; i++) {
		fprintf(to, "lwmux_registrations{server=\"%u\",",
			id);
		label(to, "state", registration_state_name(
			(enum registration_state)i));
		fprintf(to, "} %zu\n", n[i]);
	}
}

static void servers_print(FILE *to, const struct gateway *g)
{
	uint8_t *done = calloc(UINT16_MAX + 1u, 1);

	if (!done)
		abort();
	done[0] = 1;			/* bootstrap servers */
	for (size_t i = 0; i < g->services.servers.n_configured; i++) {
		server_print(to, g, g->services.servers.configured[i]->conf->id);
		done[g->services.servers.configured[i]->conf->id] = 1;
	}
	for (const struct server *s = servers_next(&g->services.servers,
			SERVER_BOOTSTRAPPED, NULL); s;
	     s = servers_next(&g->services.servers, SERVER_BOOTSTRAPPED, s)) {
		if (!done[s->conf->id])
			server_print(to, g, s->conf->id);
		done[s->conf->id] = 1;
	}
	free(done);
}

static void buses_print(FILE *to, const struct gateway *g)
{
	struct bus_count counts[COUNTS_MAX];

	head(to, "bus_up", "gauge", "1 where the bus is open.");
	for (const struct gateway_bus *b = g->buses; b; b = b->next) {
		fputs("lwmux_bus_up{", to);
		label(to, "bus", b->conf->name);
		fprintf(to, ",adapter=\"%s\"} %d\n", b->conf->adapter,
			b->open);
	}
	head(to, "bus_events_total", "counter", "What the bus and its adapter "
	     "count; busy_us is in microseconds.");
	for (const struct gateway_bus *b = g->buses; b; b = b->next) {
		size_t n = b->bus ? bus_counts(b->bus, NULL, counts,
					       COUNTS_MAX) : 0;

		for (size_t i = 0; i < n; i++) {
			fputs("lwmux_bus_events_total{", to);
			label(to, "bus", b->conf->name);
			fputs(",", to);
			label(to, "event", counts[i].name);
			fprintf(to, "} %llu\n",
				(unsigned long long)counts[i].n);
		}
	}
}

static void load_print(FILE *to, const struct gateway *g, int64_t now)
{
	head(to, "bus_load_ratio", "gauge", "How much of its time the bus is "
	     "at work, 0 to 1.");
	for (const struct gateway_bus *b = g->buses; b; b = b->next) {
		int load = b->bus ? bus_load(b->bus, now) : -1;

		if (load < 0)
			continue;
		fputs("lwmux_bus_load_ratio{", to);
		label(to, "bus", b->conf->name);
		fprintf(to, "} %.3f\n", load / 1000.0);
	}
}

/* The worst of each bus, not of each endpoint: their number has no bound. */
static void pace_print(FILE *to, const struct gateway *g)
{
	head(to, "bus_period_ratio", "gauge", "The longest period that a point "
	     "of the bus gets, beside the one it is asked for; 1 where all "
	     "are kept.");
	for (const struct gateway_bus *b = g->buses; b; b = b->next) {
		double worst = 1;

		for (struct endpoint *e = gateway_next(g, NULL); e;
		     e = gateway_next(g, e)) {
			struct bus_pace pace = {0, 0};

			if (e->bus == b && b->bus && e->device)
				pace = bus_pace(b->bus, e->device);
			if (pace.gets && (double)pace.gets >
					 worst * (double)pace.asked)
				worst = (double)pace.gets /
					(double)pace.asked;
		}
		fputs("lwmux_bus_period_ratio{", to);
		label(to, "bus", b->conf->name);
		fprintf(to, "} %.2f\n", worst);
	}
}

static void coap_print(FILE *to)
{
	struct coap_counts counts = coap_counts();
	const struct { const char *name; uint64_t n; } all[] = {
		{"sent", counts.sent}, {"received", counts.received},
		{"failed", counts.failed}};

	head(to, "coap_datagrams_total", "counter", "CoAP datagrams of all "
	     "endpoints; failed could not be sent.");
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		fprintf(to, "lwmux_coap_datagrams_total{event=\"%s\"} %llu\n",
			all[i].name, (unsigned long long)all[i].n);
	head(to, "coap_dropped_total", "counter", "What servers have begun and "
	     "not gone on with: bodies in blocks, streams not read.");
	fprintf(to, "lwmux_coap_dropped_total{what=\"blocks\"} %llu\n"
		"lwmux_coap_dropped_total{what=\"unread\"} %llu\n",
		(unsigned long long)counts.lapsed,
		(unsigned long long)counts.cut);
}

static void store_print(FILE *to, const struct gateway *g)
{
	const struct forwarding *w = g->services.forwarding;
	const struct spill_counts log = w->spill ? spill_counts(w->spill) :
		(struct spill_counts){0};
	const struct { const char *name; uint64_t n; } all[] = {
		{"kept", w->counts.kept}, {"delivered", w->counts.delivered},
		{"dropped", w->counts.dropped},
		{"superseded", w->counts.superseded},
		{"refused", w->counts.refused}, {"unwritten", log.failed}};

	head(to, "store_waiting", "gauge", "Values that wait for a server.");
	fprintf(to, "lwmux_store_waiting %llu\n",
		(unsigned long long)w->waiting);
	head(to, "store_bytes", "gauge", "What they take.");
	fprintf(to, "lwmux_store_bytes{place=\"memory\"} %zu\n"
		"lwmux_store_bytes{place=\"disk\"} %llu\n", w->budget.used,
		(unsigned long long)log.bytes);
	head(to, "store_values_total", "counter", "Values for servers that "
	     "could not be told at once, by what became of them.");
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		fprintf(to, "lwmux_store_values_total{event=\"%s\"} %llu\n",
			all[i].name, (unsigned long long)all[i].n);
}

char *metrics_print(struct gateway *g, int64_t now)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		abort();
	head(to, "uptime_seconds", "gauge", "Since this lwmuxd started.");
	fprintf(to, "lwmux_uptime_seconds %.1f\n",
		(double)(now - g->started) / SECOND);
	endpoints_print(to, g);
	held_print(to, g);
	head(to, "registrations", "gauge", "Endpoints at a server by the state "
	     "of their registration.");
	servers_print(to, g);
	buses_print(to, g);
	load_print(to, g, now);
	pace_print(to, g);
	coap_print(to);
	store_print(to, g);
	if (fclose(to))
		abort();
	return text;
}

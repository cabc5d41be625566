/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the status says of each endpoint, counted: so many numbers that a
 * monitoring system bears them for any number of endpoints. */
#include "agent/control/metrics.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/transaction.h"
#include "agent/coap/coap.h"
#include "agent/gateway/gateway.h"
#include "agent/gateway/gateway_card.h"
#include "agent/gateway/gateway_sms.h"
#include "agent/control/control.h"
#include "agent/control/metric.h"
#include "agent/store/backlog.h"

#define SECOND 1e9
#define COUNTS_MAX 32
#define BUSY "busy_us"	/* of bus_counts() */
#define STATES (REGISTRATION_LEAVING + 1)

static void endpoints_print(FILE *to, const struct gateway *g)
{
	size_t n[LIVENESS_STATES] = {0};

	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		n[e->life.state]++;
	metric_head(to, "endpoints", "gauge",
		    "Endpoints by the state of their device.");
	for (size_t i = 0; i < LIVENESS_STATES; i++) {
		fputs("lwmux_endpoints{", to);
		metric_label(to, "state",
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
		n += transactions_deferred(e).n;
	metric_head(to, "held_writes", "gauge",
		    "Writes that wait for a sleeping device.");
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
		metric_label(to, "state", registration_state_name(
			(enum registration_state)i));
		fprintf(to, "} %zu\n", n[i]);
	}
}

static void server_waiting_print(FILE *to, const struct gateway *g,
				 uint16_t id)
{
	size_t n = 0;

	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		for (size_t i = 0; i < e->n_clients; i++)
			if (e->clients[i].server->conf->id == id &&
			    e->clients[i].forward)
				n += e->clients[i].forward->n;
	fprintf(to, "lwmux_server_waiting_values{server=\"%u\"} %zu\n", id, n);
}

/* Each short id once. */
static void servers_each(FILE *to, const struct gateway *g,
			 void (*print)(FILE *to, const struct gateway *g,
				       uint16_t id))
{
	uint8_t *done = calloc(UINT16_MAX + 1u, 1);

	if (!done)
		abort();
	done[0] = 1;			/* bootstrap servers */
	for (size_t i = 0; i < g->services.servers.n_configured; i++) {
		print(to, g, g->services.servers.configured[i]->conf->id);
		done[g->services.servers.configured[i]->conf->id] = 1;
	}
	for (const struct server *s = servers_next(&g->services.servers,
			SERVER_BOOTSTRAPPED, NULL); s;
	     s = servers_next(&g->services.servers, SERVER_BOOTSTRAPPED, s)) {
		if (!done[s->conf->id])
			print(to, g, s->conf->id);
		done[s->conf->id] = 1;
	}
	free(done);
}

static void servers_print(FILE *to, const struct gateway *g)
{
	servers_each(to, g, server_print);
}

static void servers_waiting_print(FILE *to, const struct gateway *g)
{
	metric_head(to, "server_waiting_values", "gauge",
		    "Values that wait for this server.");
	servers_each(to, g, server_waiting_print);
}

static void buses_print(FILE *to, const struct gateway *g)
{
	struct bus_count counts[COUNTS_MAX];

	metric_head(to, "bus_up", "gauge",
		    "1 where the bus is open.");
	for (const struct gateway_bus *b = g->buses; b; b = b->next) {
		fputs("lwmux_bus_up{", to);
		metric_label(to, "bus", b->conf->name);
		fprintf(to, ",adapter=\"%s\"} %d\n", b->conf->adapter,
			b->open);
	}
	metric_head(to, "bus_events_total", "counter",
		    "What the bus and its adapter count.");
	for (const struct gateway_bus *b = g->buses; b; b = b->next) {
		size_t n = b->bus ? bus_counts(b->bus, NULL, counts,
					       COUNTS_MAX) : 0;

		for (size_t i = 0; i < n; i++) {
			if (!strcmp(counts[i].name, BUSY))
				continue;
			fputs("lwmux_bus_events_total{", to);
			metric_label(to, "bus", b->conf->name);
			fputs(",", to);
			metric_label(to, "event", counts[i].name);
			fprintf(to, "} %llu\n",
				(unsigned long long)counts[i].n);
		}
	}
}

/* Counted beside the events, and no event. */
static void busy_print(FILE *to, const struct gateway *g)
{
	struct bus_count counts[COUNTS_MAX];

	metric_head(to, "bus_busy_seconds_total", "counter",
		    "How long the bus was at work.");
	for (const struct gateway_bus *b = g->buses; b; b = b->next) {
		size_t n = b->bus ? bus_counts(b->bus, NULL, counts,
					       COUNTS_MAX) : 0;
		uint64_t busy = 0;

		for (size_t i = 0; i < n; i++)
			if (!strcmp(counts[i].name, BUSY))
				busy = counts[i].n;
		fputs("lwmux_bus_busy_seconds_total{", to);
		metric_label(to, "bus", b->conf->name);
		fprintf(to, "} %.6f\n", (double)busy / 1e6);
	}
}

static void load_print(FILE *to, const struct gateway *g, int64_t now)
{
	metric_head(to, "bus_load_ratio", "gauge",
		    "How much of its time the bus is "
		    "at work, 0 to 1.");
	for (const struct gateway_bus *b = g->buses; b; b = b->next) {
		int load = b->bus ? bus_load(b->bus, now) : -1;

		if (load < 0)
			continue;
		fputs("lwmux_bus_load_ratio{", to);
		metric_label(to, "bus", b->conf->name);
		fprintf(to, "} %.3f\n", load / 1000.0);
	}
}

/* The worst of each bus, not of each endpoint: their number has no bound. */
static void pace_print(FILE *to, const struct gateway *g)
{
	metric_head(to, "bus_period_ratio", "gauge",
		    "The longest period that a point of the bus gets, "
		    "beside the one it is asked for; 1 where all are kept.");
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
		metric_label(to, "bus", b->conf->name);
		fprintf(to, "} %.2f\n", worst);
	}
}

static void coap_print(FILE *to)
{
	struct coap_counts counts = coap_counts();
	const struct { const char *name; uint64_t n; } all[] = {
		{"sent", counts.sent}, {"received", counts.received},
		{"failed", counts.failed}};

	metric_head(to, "coap_datagrams_total", "counter",
		    "CoAP datagrams of all "
		    "endpoints; failed could not be sent.");
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		fprintf(to, "lwmux_coap_datagrams_total{event=\"%s\"} %llu\n",
			all[i].name, (unsigned long long)all[i].n);
	metric_head(to, "coap_dropped_total", "counter",
		    "What servers have begun and not gone on with (bodies in "
		    "blocks, streams not read), requests while too many "
		    "others wait for devices.");
	fprintf(to, "lwmux_coap_dropped_total{what=\"blocks\"} %llu\n"
		"lwmux_coap_dropped_total{what=\"unread\"} %llu\n"
		"lwmux_coap_dropped_total{what=\"busy\"} %llu\n",
		(unsigned long long)counts.lapsed,
		(unsigned long long)counts.cut,
		(unsigned long long)counts.busy);
	metric_head(to, "control_dropped_total", "counter",
		    "Who was hung up on at the control socket: too many, too "
		    "slow to ask or to read.");
	fprintf(to, "lwmux_control_dropped_total %llu\n",
		(unsigned long long)control_dropped());
}

static void store_print(FILE *to, const struct gateway *g)
{
	const struct forwarding *w = g->services.forwarding;
	const struct backlog_counts log =
		w->backlog ? backlog_counts(w->backlog) :
			     (struct backlog_counts){0};
	const struct { const char *name; uint64_t n; } all[] = {
		{"kept", w->counts.kept}, {"delivered", w->counts.delivered},
		{"dropped", w->counts.dropped},
		{"superseded", w->counts.superseded},
		{"refused", w->counts.refused}, {"unwritten", log.failed}};

	metric_head(to, "store_waiting", "gauge",
		    "Values that wait for a server.");
	fprintf(to, "lwmux_store_waiting %llu\n",
		(unsigned long long)w->waiting);
	metric_head(to, "store_bytes", "gauge",
		    "What they take.");
	fprintf(to, "lwmux_store_bytes{place=\"memory\"} %zu\n"
		"lwmux_store_bytes{place=\"disk\"} %llu\n", w->budget.used,
		(unsigned long long)log.bytes);
	metric_head(to, "store_values_total", "counter",
		    "Values for servers that "
		    "could not be told at once, by what became of them.");
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		fprintf(to, "lwmux_store_values_total{event=\"%s\"} %llu\n",
			all[i].name, (unsigned long long)all[i].n);
}

static void card_print(FILE *to, const struct gateway *g)
{
	if (!gateway_card_is_configured(g->card))
		return;
	metric_head(to, "smartcard_up", "gauge",
		    "1 where there is a smart card with accounts.");
	fprintf(to, "lwmux_smartcard_up %d\n",
		gateway_card_module(g->card)->up);
}

static void sms_print(FILE *to, const struct gateway *g)
{
	struct gateway_sms_view view = gateway_sms_look(g->sms);

	if (!view.conf)
		return;
	metric_head(to, "sms_up", "gauge",
		    "1 where there is a modem that takes SMS.");
	fprintf(to, "lwmux_sms_up %d\n", view.module->up);
	metric_head(to, "sms_received_total", "counter",
		    "SMS of 8-bit data, by what became of them.");
	for (int i = 0; i < SMS_OUTCOMES; i++)
		fprintf(to, "lwmux_sms_received_total{outcome=\"%s\"} %llu\n",
			sms_outcome_name((enum sms_outcome)i),
			(unsigned long long)view.state->count[i]);
	metric_head(to, "sms_answers_total", "counter",
		    "Answers by SMS; dropped had no room among those that "
		    "wait.");
	fprintf(to, "lwmux_sms_answers_total{event=\"sent\"} %llu\n"
		"lwmux_sms_answers_total{event=\"dropped\"} %llu\n",
		(unsigned long long)view.sent,
		(unsigned long long)view.unsent);
}

/* "lwmux 0.1.0" without the name. */
static const char *version_of(const struct gateway *g)
{
	const char *version = g->services.version ? g->services.version : "";
	const char *number = strrchr(version, ' ');

	return number ? number + 1 : version;
}

char *metrics_print(struct gateway *g, int64_t now)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		abort();
	metric_head(to, "build_info", "gauge",
		    "1, with the version as a label.");
	fputs("lwmux_build_info{", to);
	metric_label(to, "version", version_of(g));
	fputs("} 1\n", to);
	metric_head(to, "uptime_seconds", "gauge",
		    "Since this lwmuxd started.");
	fprintf(to, "lwmux_uptime_seconds %.3f\n",
		(double)(now - g->started) / SECOND);
	metric_head(to, "config_findings", "gauge",
		    "What is wrong in the "
		    "configuration as it was last read.");
	fprintf(to, "lwmux_config_findings %zu\n", g->errors.n);
	endpoints_print(to, g);
	held_print(to, g);
	metric_head(to, "registrations", "gauge",
		    "Endpoints at a server by the state "
		    "of their registration.");
	servers_print(to, g);
	servers_waiting_print(to, g);
	buses_print(to, g);
	busy_print(to, g);
	load_print(to, g, now);
	pace_print(to, g);
	coap_print(to);
	store_print(to, g);
	card_print(to, g);
	sms_print(to, g);
	if (g->page.endpoint_metrics)
		metrics_endpoints_print(to, g, now);
	if (fclose(to))
		abort();
	return text;
}

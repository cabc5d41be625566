/* SPDX-License-Identifier: GPL-2.0-or-later
 * Numbers of each endpoint, for an alert on one meter. Each sort of them stands
 * together, as the format wants. */
#include <string.h>
#include "agent/client/client_carry.h"
#include "agent/control/metric.h"
#include "agent/endpoint/transaction.h"
#include "agent/gateway/gateway.h"

#define SECOND 1e9
#define COUNTS_MAX 32

void metric_head(FILE *to, const char *name, const char *type,
		 const char *help)
{
	fprintf(to, "# HELP lwmux_%s %s\n# TYPE lwmux_%s %s\n", name, help,
		name, type);
}

/* Quotes, backslashes and newlines are escaped. */
void metric_label(FILE *to, const char *name, const char *value)
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

static void sample_begin(FILE *to, const char *name, const struct endpoint *e)
{
	fprintf(to, "lwmux_endpoint_%s{", name);
	metric_label(to, "endpoint", e->conf->endpoint);
}

static void up_print(FILE *to, const struct endpoint *e, int64_t now)
{
	(void)now;
	sample_begin(to, "up", e);
	putc(',', to);
	metric_label(to, "bus", e->conf->bus ? e->conf->bus : "");
	fprintf(to, "} %d\n", e->life.state == LIVENESS_ONLINE ||
		e->life.state == LIVENESS_ASLEEP);
}

static void heard_print(FILE *to, const struct endpoint *e, int64_t now)
{
	if (!e->life.heard)
		return;
	sample_begin(to, "last_heard_timestamp_seconds", e);
	fprintf(to, "} %.3f\n", (double)(services_wall(e->services, now) -
		(now - e->life.seen)) / SECOND);
}

static void registered_print(FILE *to, const struct endpoint *e, int64_t now)
{
	(void)now;
	for (size_t i = 0; i < e->n_clients; i++) {
		const struct client *c = &e->clients[i];

		if (client_is_beside(c))	/* the gateway's says it */
			continue;
		sample_begin(to, "registered", e);
		fprintf(to, ",server=\"%u\"} %d\n", c->server->conf->id,
			client_is_registered(c));
	}
}

static void held_print(FILE *to, const struct endpoint *e, int64_t now)
{
	(void)now;
	sample_begin(to, "held_writes", e);
	fprintf(to, "} %zu\n", (size_t)transactions_deferred(e).n);
}

static void signal_print(FILE *to, const struct endpoint *e, int64_t now)
{
	(void)now;
	if (!e->rssi)
		return;
	sample_begin(to, "signal_dbm", e);
	fprintf(to, "} %d\n", e->rssi);
}

static void events_print(FILE *to, const struct endpoint *e, int64_t now)
{
	struct bus_count counts[COUNTS_MAX];
	size_t n = e->bus && e->bus->bus && e->device ?
		   bus_counts(e->bus->bus, e->device, counts, COUNTS_MAX) : 0;

	(void)now;
	for (size_t i = 0; i < n; i++) {
		sample_begin(to, "bus_events_total", e);
		putc(',', to);
		metric_label(to, "event", counts[i].name);
		fprintf(to, "} %llu\n", (unsigned long long)counts[i].n);
	}
}

static const struct {
	const char *name, *type, *help;
	void (*print)(FILE *to, const struct endpoint *e, int64_t now);
} all[] = {
	{"endpoint_up", "gauge", "1 where the device is online or asleep.",
	 up_print},
	{"endpoint_last_heard_timestamp_seconds", "gauge",
	 "When the device last answered or showed itself.", heard_print},
	{"endpoint_registered", "gauge", "1 where it is registered at the "
	 "server.", registered_print},
	{"endpoint_held_writes", "gauge", "Writes that wait for the device.",
	 held_print},
	{"endpoint_signal_dbm", "gauge", "How strong its radio was heard.",
	 signal_print},
	{"endpoint_bus_events_total", "counter", "What the bus and its adapter "
	 "count of the device.", events_print},
};

void metrics_endpoints_print(FILE *to, const struct gateway *g, int64_t now)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		metric_head(to, all[i].name, all[i].type, all[i].help);
		for (struct endpoint *e = gateway_next(g, NULL); e;
		     e = gateway_next(g, e))
			all[i].print(to, e, now);
	}
}

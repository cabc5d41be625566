/* SPDX-License-Identifier: GPL-2.0-or-later
 * Servers, buses and endpoints by name; what is due; messages to whom they
 * concern. What changes at a reload is in reload.c.
 *
 * The loop hands over what has come in, then calls gateway_turn(), which does
 * what is due and says when it is to be called next. Each kind of thing has a
 * heap of its own times; whoever is due again at once waits for the next turn,
 * so that the others have theirs. An endpoint that has ended is only noted,
 * and freed in one place, take_away_gone(): whoever has brought its end about
 * may still use it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/transaction.h"
#include "agent/endpoint/client_bootstrap.h"
#include "agent/endpoint/endpoint_firmware.h"
#include "agent/endpoint/endpoint_object.h"
#include "agent/bus/bus_poll.h"
#include "agent/gateway/gateway.h"
#include "agent/gateway/gateway_card.h"
#include "agent/gateway/gateway_sms.h"
#include "agent/endpoint/last_values.h"
#include "agent/gateway/listing.h"
#include "agent/base/earlier.h"
#include "agent/base/log.h"
#include "agent/base/spread.h"

#define SECOND INT64_C(1000000000)
#define BUS_HANGS (60 * SECOND)
#define MAIL 256			/* messages a turn */
#define OUT_MAX (96 * 1024)	/* 64 KiB in base64, and names */
#define STOP_WITHIN (SECOND * 9 / 2)
#define START_AGAIN (30 * SECOND)	/* a bus for which there was no thread */

static void endpoint_is_gone(struct endpoint *e)
{
	struct gateway *g = gateway_of(e);

	e->gone = true;
	e->next_gone = g->gone;
	g->gone = e;
}

static struct bus *bus_under(const struct gateway_bus *bus)
{
	return bus->bus;
}

static const char *adapter_of(const struct gateway_bus *bus)
{
	return bus->conf->adapter;
}

static const struct endpoint_host endpoint_host = {
	.bus = bus_under, .adapter = adapter_of, .gone = endpoint_is_gone,
	.clients_changed = listing_clients_changed,
	.objects_changed = listing_changed, .list = listing_compute,
};

void gateway_init(struct gateway *g)
{
	g->services.endpoint_host = &endpoint_host;
	g->services.client_host = &endpoint_client_host;
	g->services.objects = endpoint_objects;
	g->services.last = last_values_create();
	g->services.routes_at = INT64_MAX;
	g->mail = bus_mailbox_create();
	g->module_mail = module_mailbox_create();
	g->card = gateway_card_create(g);
	g->sms = gateway_sms_create(g);
	g->services.forwarding = forwarding_create();
	g->services.request_room = malloc(sizeof(*g->services.request_room));
	g->services.answer = malloc(OUT_MAX);
	g->services.answer_size = OUT_MAX;
	g->n_slots = 64;
	g->by_name = calloc(g->n_slots, sizeof(struct endpoint *));
	if (!g->mail || !g->module_mail || !g->services.request_room ||
	    !g->services.answer || !g->by_name)
		abort();
	config_errors_init(&g->errors);
}

/* ---- endpoints by name ---- */

static struct endpoint **chain_of(const struct gateway *g, const char *name)
{
	return &g->by_name[seed_of(name) & (g->n_slots - 1)];
}

struct endpoint *gateway_endpoint(const struct gateway *g, const char *name)
{
	struct endpoint *e = *chain_of(g, name);

	while (e && strcmp(e->conf->endpoint, name))
		e = e->next_by_name;
	return e;
}

struct endpoint *gateway_next(const struct gateway *g,
			      const struct endpoint *after)
{
	size_t slot = 0;

	if (after && after->next_by_name)
		return after->next_by_name;
	if (after)
		slot = (size_t)(chain_of(g, after->conf->endpoint) -
				g->by_name) + 1;
	while (slot < g->n_slots && !g->by_name[slot])
		slot++;
	return slot < g->n_slots ? g->by_name[slot] : NULL;
}

static void endpoints_grow(struct gateway *g)
{
	struct endpoint **old = g->by_name;
	size_t n = g->n_slots;

	g->n_slots *= 2;
	g->by_name = calloc(g->n_slots, sizeof(struct endpoint *));
	if (!g->by_name)
		abort();
	for (size_t i = 0; i < n; i++)
		for (struct endpoint *e = old[i], *next; e; e = next) {
			struct endpoint **chain =
				chain_of(g, e->conf->endpoint);

			next = e->next_by_name;
			e->next_by_name = *chain;
			*chain = e;
		}
	free(old);
}

void gateway_add(struct gateway *g, struct endpoint *e)
{
	struct endpoint **chain;

	if (g->services.n_endpoints >= g->n_slots)
		endpoints_grow(g);
	chain = chain_of(g, e->conf->endpoint);
	e->next_by_name = *chain;
	*chain = e;
	g->services.n_endpoints++;
}

/* And frees it. */
static void gateway_remove(struct endpoint *e)
{
	struct endpoint **at = chain_of(gateway_of(e), e->conf->endpoint);

	while (*at != e)
		at = &(*at)->next_by_name;
	*at = e->next_by_name;
	e->services->n_endpoints--;
	if (gateway_of(e)->itself == e) {
		listing_close(gateway_of(e));
		gateway_of(e)->itself = NULL;
	}
	endpoint_destroy(e);
}

static void free_buses(struct gateway *g)
{
	for (struct gateway_bus *b; (b = g->buses); ) {
		g->buses = b->next;
		config_bus_free(b->conf);
		config_bus_free(b->successor);
		free(b->trouble);
		free(b);
	}
}

void gateway_finish(struct gateway *g)
{
	for (struct endpoint *e; (e = gateway_next(g, NULL)); )
		gateway_remove(e);
	servers_finish(&g->services.servers);
	free_buses(g);
	forwarding_destroy(g->services.forwarding);
	for (size_t i = 0; i < g->n_waiting; i++)
		config_device_free(g->waiting[i]);
	for (size_t i = 0; i < g->n_refused; i++)
		config_device_free(g->refused[i]);
	free(g->waiting);
	free(g->refused);
	free(g->by_name);
	tree_finish(&g->services.device);
	tree_finish(&g->services.access);
	last_values_destroy(g->services.last);
	heap_finish(&g->services.endpoints);
	heap_finish(&g->services.clients);
	client_ids_finish(&g->services.client_ids);
	heap_finish(&g->services.transactions);
	heap_finish(&g->services.bootstraps);
	heap_finish(&g->services.firmware);
	config_errors_finish(&g->errors);
	gateway_card_destroy(g->card);
	gateway_sms_destroy(g->sms);
	module_mailbox_destroy(g->module_mail);
	mailbox_destroy(g->mail);
	free(g->services.request_room);
	free(g->services.answer);
	free(g->name);
	config_page_finish(&g->page);
}

static void take_away_gone(struct gateway *g, int64_t now)
{
	for (struct endpoint *e; (e = g->gone); ) {
		struct config_device *successor = endpoint_successor(e);

		g->gone = e->next_gone;
		listing_remove(e, now);
		gateway_remove(e);
		if (successor)
			gateway_start(g, successor, now);
	}
}

/* ---- messages ---- */

static void bus_is_open(struct gateway_bus *b, bool open, char *trouble)
{
	if (open && !b->open)
		log_line(LOG_NOTE, NULL, b->conf->name, "bus is open");
	if (!open && (!b->trouble || !trouble || strcmp(b->trouble, trouble)))
		log_line(LOG_WARN, NULL, b->conf->name, "bus is down: %s",
			 trouble ? trouble : "?");
	b->open = open;
	free(b->trouble);
	b->trouble = trouble;
}

void gateway_bus_start(struct gateway_bus *b, int64_t now)
{
	char *why;

	b->bus = bus_start(b->conf, b->gateway->mail);
	b->start_at = b->bus ? INT64_MAX : now + START_AGAIN;
	if (b->bus)
		return;
	if (asprintf(&why, "it cannot start: %s", strerror(errno)) < 0)
		abort();
	bus_is_open(b, false, why);
}

void gateway_bus_closed(struct gateway_bus *b, int64_t now)
{
	struct gateway *g = b->gateway;
	struct gateway_bus **at = &g->buses;

	bus_free(b->bus);
	b->bus = NULL;
	b->open = false;
	if (b->successor) {
		config_bus_free(b->conf);
		b->conf = b->successor;
		b->successor = NULL;
		b->leaving = b->stopped = b->for_search = false;
		free(b->trouble);
		b->trouble = NULL;
		gateway_bus_start(b, now);
		gateway_start_waiting(g, now);
		return;
	}
	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	config_bus_free(b->conf);
	free(b->trouble);
	free(b);
}

static struct gateway_bus *bus_of(struct gateway *g, const struct bus *bus)
{
	struct gateway_bus *b = g->buses;

	while (b && b->bus != bus)
		b = b->next;
	return b;
}

/* Who looks at the file's mode finds nothing wrong with it. */
static void permission_explain(char **text)
{
	char *more;

	if (asprintf(&more, "%s (is its driver in DeviceAllow= of the unit "
		     "lwmux.service, and loaded before it? lwmuxd(8))",
		     *text ? *text : strerror(EPERM)) < 0)
		abort();
	free(*text);
	*text = more;
}

static void bus_message(struct gateway *g, struct bus_message *m, int64_t now)
{
	struct gateway_bus *b = bus_of(g, m->bus);

	if (!b)
		return;
	if (m->event == BUS_CLOSED) {
		gateway_bus_closed(b, now);
	} else if (m->event == BUS_FOUND || m->event == BUS_SEARCHING ||
		   m->event == BUS_SEARCHED) {
		if (g->host)
			g->host->found(b, m);
	} else if (m->event == BUS_FRAME || m->event == BUS_TRACED) {
		if (g->host)
			g->host->traced(b, m);
	} else if (m->event == BUS_OPENED || m->event == BUS_DOWN) {
		if (m->error == -EPERM)
			permission_explain(&m->text);
		bus_is_open(b, m->event == BUS_OPENED, m->text);
		m->text = NULL;
	}
}

bool gateway_mail(struct gateway *g, int64_t now)
{
	static struct bus_message messages[MAIL];	/* agent thread only */
	size_t n = mailbox_take(g->mail, messages, MAIL);

	for (size_t i = 0; i < n; i++) {
		if (messages[i].owner)
			endpoint_message(messages[i].owner, &messages[i], now);
		else
			bus_message(g, &messages[i], now);
		bus_message_finish(&messages[i]);
	}
	return n == MAIL;
}

/* ---- what is due ---- */

#define OWNER(item, type, member) \
	((type *)(void *)((char *)(item) - offsetof(type, member)))

static void turn_heaps(struct gateway *g, int64_t now)
{
	struct heap_item *item;

	while ((item = heap_first(&g->services.transactions)) &&
	       item->due <= now)
		transaction_due(OWNER(item, struct transaction, due), now);
	while ((item = heap_first(&g->services.bootstraps)) && item->due <= now) {
		heap_remove(&g->services.bootstraps, item);
		client_bootstrap_due(OWNER(item, struct client_bootstrap, due),
				     now);
		if (item->place && item->due <= now)
			break;
	}
	while ((item = heap_first(&g->services.firmware)) && item->due <= now)
		endpoint_firmware_due(item, now);
	while ((item = heap_first(&g->services.endpoints)) && item->due <= now) {
		heap_remove(&g->services.endpoints, item);
		endpoint_due(OWNER(item, struct endpoint, due), now);
		if (item->place && item->due <= now)
			break;
	}
	while ((item = heap_first(&g->services.clients)) && item->due <= now) {
		heap_remove(&g->services.clients, item);
		client_due(OWNER(item, struct client, due), now);
		if (item->place && item->due <= now)
			break;		/* asks again at once: next turn */
	}
}

/* A server that was away has answered one endpoint: so have its others a way
 * to it. */
static void turn_back(struct gateway *g, int64_t now)
{
	bool any = false;

	for (struct server *s = g->services.servers.first; s; s = s->next)
		any |= s->back;
	for (struct endpoint *e = any ? gateway_next(g, NULL) : NULL; e;
	     e = gateway_next(g, e))
		for (size_t i = 0; i < e->n_clients; i++)
			if (e->clients[i].server->back)
				client_hurry(&e->clients[i], now);
	for (struct server *s = g->services.servers.first; any && s; s = s->next)
		s->back = false;
}

static void turn_stop(struct gateway *g, int64_t now)
{
	if (!g->services.stopping || g->services.n_endpoints)
		return;
	for (struct gateway_bus *b = g->buses, *next; b; b = next) {
		next = b->next;
		if (!b->bus) {
			gateway_bus_closed(b, now);
		} else if (!b->stopped) {
			b->stopped = true;
			bus_stop(b->bus);
		}
	}
}

/* A call into an adapter blocks for one time-out at most: this one hangs, and
 * nobody can end it. Its devices are shown as what they are, all others go
 * on. */
static void bus_watch(struct gateway *g, struct gateway_bus *b, int64_t now)
{
	bool hangs = b->bus && bus_busy_for(b->bus, now) > BUS_HANGS;

	if (hangs == b->hangs)
		return;
	b->hangs = hangs;
	if (!hangs) {
		log_line(LOG_NOTE, NULL, b->conf->name, "bus works again");
		return;
	}
	log_line(LOG_ERROR, NULL, b->conf->name, "bus hangs: a call into its "
		 "adapter has not come back for %d s",
		 (int)(BUS_HANGS / SECOND));
	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		if (e->bus == b)
			endpoint_missed(e, &(struct bus_message){
				.event = BUS_NO_ANSWER, .error = -ETIMEDOUT,
				.tries = POLL_SILENT_TRIES, .when = now}, now);
}

/* Buses that could not start try again. */
static int64_t turn_buses(struct gateway *g, int64_t now)
{
	int64_t due = INT64_MAX;
	bool down = false;

	for (struct gateway_bus *b = g->buses; b; b = b->next) {
		bus_watch(g, b, now);
		down |= b->hangs || (!b->open && b->trouble);
		if (b->bus || b->leaving || g->services.stopping)
			continue;
		if (b->start_at <= now) {
			gateway_bus_start(b, now);
			if (b->bus)
				gateway_start_waiting(g, now);
		}
		due = b->start_at < due ? b->start_at : due;
	}
	if (g->itself)
		endpoint_error(g->itself, ERROR_PERIPHERAL, down, now);
	return due;
}

void gateway_kept(void *gateway, const char *endpoint, uint64_t number)
{
	struct endpoint *e = gateway_endpoint(gateway, endpoint);

	if (e)
		endpoint_kept(e, number);
}

int64_t gateway_turn(struct gateway *g, int64_t now)
{
	int64_t due, next;

	turn_heaps(g, now);
	turn_back(g, now);
	next = gateway_routes_turn(g, now);
	due = servers_turn(&g->services.servers, now);
	due = next < due ? next : due;
	next = forward_turn(&g->services, now);
	due = next < due ? next : due;
	take_away_gone(g, now);
	turn_stop(g, now);
	next = turn_buses(g, now);
	due = next < due ? next : due;
	next = endpoint_uplink_turn(g->itself, now);
	due = next < due ? next : due;
	due = time_earlier(due, heap_due(&g->services.endpoints));
	if (heap_due(&g->services.clients) < due)
		due = heap_due(&g->services.clients);
	if (heap_due(&g->services.transactions) < due)
		due = heap_due(&g->services.transactions);
	next = store_turn(g->services.store, now);
	due = next < due ? next : due;
	next = state_lock_turn(&g->services.lock, now);
	due = next < due ? next : due;
	next = last_values_turn(g->services.last, now);
	due = next < due ? next : due;
	due = time_earlier(due, heap_due(&g->services.bootstraps));
	due = time_earlier(due, heap_due(&g->services.firmware));
	if (g->services.stopping && g->stop_by < due)
		due = g->stop_by;
	return due;
}

void gateway_stop(struct gateway *g, int64_t now)
{
	if (g->services.stopping)
		return;
	g->services.stopping = true;
	g->stop_by = now + STOP_WITHIN;
	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e)) {
		config_device_free(e->successor);
		e->successor = NULL;
		endpoint_leave(e, e->conf->queue, now);
	}
	for (struct gateway_bus *b = g->buses; b; b = b->next) {
		config_bus_free(b->successor);
		b->successor = NULL;
	}
}

bool gateway_stopped(const struct gateway *g)
{
	return g->services.stopping && !g->services.n_endpoints && !g->buses;
}

void gateway_summary(const struct gateway *g, char *text, size_t size)
{
	size_t online = 0, asleep = 0, registered = 0;
	char sleepers[40] = "";

	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e)) {
		online += e->life.state == LIVENESS_ONLINE;
		asleep += e->life.state == LIVENESS_ASLEEP;
	}
	for (const struct server *s = g->services.servers.first; s; s = s->next)
		if (server_takes_registrations(s))
			registered += s->n_registered;
	if (asleep)
		snprintf(sleepers, sizeof(sleepers), ", %zu asleep", asleep);
	snprintf(text, size, "%zu endpoints, %zu online%s, %zu registered",
		 g->services.n_endpoints + g->n_refused, online, sleepers,
		 registered);
}

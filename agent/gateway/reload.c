/* SPDX-License-Identifier: GPL-2.0-or-later
 * A new configuration against the running one, by name and fingerprint: the
 * untouched keep session, registration and observations. The start is a
 * reload from nothing. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "agent/base/arena.h"
#include "agent/endpoint/client_bootstrap.h"
#include "agent/endpoint/last_values.h"
#include "agent/gateway/gateway.h"
#include "agent/gateway/gateway_card.h"
#include "agent/gateway/gateway_sms.h"
#include "agent/gateway/listing.h"
#include "agent/base/log.h"
#include "agent/base/spread.h"

#define FDS_PER_CONNECTION 1	/* its socket: epoll_shim.c has the rest */
#define FDS_PER_BUS 4
#define FDS_OTHER 64

static struct gateway_bus *bus_named(struct gateway *g, const char *name)
{
	struct gateway_bus *b = g->buses;

	while (b && strcmp(b->conf->name, name))
		b = b->next;
	return b;
}

static size_t connections_of(const struct config *config,
			     const struct config_device *device)
{
	size_t n = 0;

	if (device->refused || !device->enabled || device->via == VIA_GATEWAY)
		return 0;
	if (config->bootstrap && device->bootstrap != BOOTSTRAP_NEVER)
		n = config->bootstrap->unsolicited;	/* it stays open */
	if (config->bootstrap && (!config->n_servers ||
				  device->bootstrap == BOOTSTRAP_FIRST))
		return n + 1;	/* the least that it will give */
	return n + (device->n_servers ? device->n_servers : config->n_servers);
}

bool gateway_fits(const struct config *config, struct config_errors *errors)
{
	size_t n = 0, need;
	struct rlimit limit;

	for (size_t i = 0; i < config->n_devices; i++)
		n += connections_of(config, config->devices[i]);
	need = n * FDS_PER_CONNECTION + config->n_buses * FDS_PER_BUS +
	       FDS_OTHER;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || need <= limit.rlim_cur)
		return true;
	config_error_add(errors, (struct place){0}, NULL,
		"%zu connections of endpoints to servers need %zu file "
		"descriptors, the limit is %llu, which is enough for %llu: "
		"raise LimitNOFILE= of the unit", n, need,
		(unsigned long long)limit.rlim_cur,
		(unsigned long long)limit.rlim_cur / FDS_PER_CONNECTION);
	return false;
}

/* ---- servers ---- */

static struct server *server_kept(struct gateway *g,
				  const struct config_server *conf)
{
	for (size_t i = 0; i < g->services.servers.n_configured; i++) {
		struct server *s = g->services.servers.configured[i];

		if (s && s->conf->id == conf->id &&
		    s->conf->fingerprint == conf->fingerprint) {
			g->services.servers.configured[i] = NULL;
			return s;
		}
	}
	return NULL;
}

static void server_retire(struct server *s)
{
	s->kind = SERVER_RETIRED;
	if (s->other)
		s->other->kind = SERVER_RETIRED;
}

static void apply_servers(struct gateway *g, struct config *config,
			  int64_t now)
{
	struct server **servers = calloc(config->n_servers ?
					 config->n_servers : 1,
					 sizeof(struct server *));

	if (!servers)
		abort();
	for (size_t i = 0; i < config->n_servers; i++) {
		servers[i] = server_kept(g, config->servers[i]);
		if (servers[i])
			continue;	/* config_free() frees the new twin */
		servers[i] = server_create_pair(&g->services,
						config->servers[i], now);
		config->servers[i] = NULL;
	}
	for (size_t i = 0; i < g->services.servers.n_configured; i++)
		if (g->services.servers.configured[i])
			server_retire(g->services.servers.configured[i]);
	free(g->services.servers.configured);
	g->services.servers.configured = servers;
	g->services.servers.n_configured = config->n_servers;
}

static void apply_bootstrap(struct gateway *g, struct config *config,
			    int64_t now)
{
	struct server *old = g->services.servers.bootstrap;

	if (old && config->bootstrap &&
	    old->conf->fingerprint == config->bootstrap->fingerprint)
		return;
	if (old)
		old->kind = SERVER_RETIRED;
	g->services.servers.bootstrap = !config->bootstrap ? NULL :
			       server_create(&g->services, config->bootstrap, now);
	if (g->services.servers.bootstrap)
		servers_add(&g->services.servers, g->services.servers.bootstrap,
			    SERVER_BOOTSTRAP);
	config->bootstrap = NULL;
}

/* Would the endpoint get just the clients that it has? */
static bool same_servers(const struct endpoint *e)
{
	const struct gateway *g = gateway_of(e);
	size_t n = 0;

	if (e->conf->via == VIA_GATEWAY)	/* it has those of another one */
		return true;
	if (!e->bootstrap != (!g->services.servers.bootstrap ||
			      e->conf->bootstrap == BOOTSTRAP_NEVER))
		return false;
	if (e->bootstrap &&
	    e->bootstrap->fingerprint != endpoint_accounts_fingerprint(e))
		return false;
	if (e->bootstrap && e->bootstrap->account)
		return true;
	for (size_t i = 0; i < g->services.servers.n_configured; i++) {
		uint16_t id = g->services.servers.configured[i]->conf->id;

		if (!endpoint_uses_server(e, id))
			continue;
		if (n >= endpoint_own_clients(e) || !server_is_same(
				e->clients[n].server,
				g->services.servers.configured[i]))
			return false;
		n++;
	}
	return n == endpoint_own_clients(e);
}

/* ---- buses ---- */

static struct config_bus *take_bus(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_buses; i++) {
		struct config_bus *conf = config->buses[i];

		if (!conf || strcmp(conf->name, name) || !conf->enabled ||
		    !conf->ops)
			continue;
		config->buses[i] = NULL;
		return conf;
	}
	return NULL;
}

static void leave_bus(struct gateway_bus *b, struct config_bus *successor)
{
	config_bus_free(b->successor);
	b->successor = successor;
	b->leaving = true;	/* stopped when its endpoints have left it */
}

static void apply_old_buses(struct gateway *g, struct config *config)
{
	for (struct gateway_bus *b = g->buses; b; b = b->next) {
		struct config_bus *conf = take_bus(config, b->conf->name);

		if (!b->leaving && conf &&
		    conf->fingerprint == b->conf->fingerprint) {
			config_bus_free(conf);
			b->for_search = false;
		} else {
			leave_bus(b, conf);
		}
	}
}

static void apply_new_buses(struct gateway *g, struct config *config,
			    int64_t now)
{
	for (size_t i = 0; i < config->n_buses; i++) {
		struct config_bus *conf = config->buses[i];
		struct gateway_bus *b;

		if (!conf || !conf->enabled || !conf->ops)
			continue;
		b = calloc(1, sizeof(*b));
		if (!b)
			abort();
		config->buses[i] = NULL;
		b->gateway = g;
		b->conf = conf;
		b->next = g->buses;
		g->buses = b;
		gateway_bus_start(b, now);
	}
}

/* Behind the detach of its devices: the bus's mailbox keeps the order. */
static void stop_leaving_buses(struct gateway *g, int64_t now)
{
	for (struct gateway_bus *b = g->buses, *next; b; b = next) {
		next = b->next;
		if (!b->leaving || b->stopped)
			continue;
		if (!b->bus) {		/* it had never started */
			gateway_bus_closed(b, now);
			continue;
		}
		b->stopped = true;
		bus_stop(b->bus);
	}
}

/* ---- devices ---- */

/* The new devices that shall run, to be found by name. */
struct named { const char *name; struct config_device **slot; };

static int by_name(const void *a, const void *b)
{
	const struct named *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static size_t sort_devices(struct config *config, struct named *named)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_devices; i++)
		if (config->devices[i]->enabled && !config->devices[i]->refused)
			named[n++] = (struct named){
				config->devices[i]->endpoint,
				&config->devices[i]};
	qsort(named, n, sizeof(*named), by_name);
	return n;
}

static bool is_untouched(const struct endpoint *e,
			 const struct config_device *conf)
{
	return !e->leaving && conf->fingerprint == e->conf->fingerprint &&
	       !(e->bus && e->bus->leaving) && same_servers(e) &&
	       !(conf->sms && gateway_of(e)->sms_changed);
}

static void apply_old_device(struct endpoint *e, const struct named *found,
			     int64_t now)
{
	if (found && is_untouched(e, *found->slot)) {
		(*found->slot)->enabled = false;	/* not to be started */
		return;
	}
	config_device_free(e->successor);
	e->successor = found ? *found->slot : NULL;
	if (found)
		*found->slot = NULL;
	endpoint_leave(e, false, now);
}

void gateway_start(struct gateway *g, struct config_device *conf, int64_t now)
{
	struct gateway_bus *b = conf->bus ? bus_named(g, conf->bus) : NULL;
	struct endpoint *e;

	if (!conf->bus && !g->services.stopping) {	/* the gateway itself */
		g->itself = endpoint_create(&g->services, conf, NULL, now);
		gateway_add(g, g->itself);
		listing_open(g, now);
		return;
	}
	if (g->services.stopping || !b) {
		config_device_free(conf);
		return;
	}
	if (!b->bus || b->leaving) {
		g->waiting = realloc(g->waiting, (g->n_waiting + 1) *
				     sizeof(struct config_device *));
		if (!g->waiting)
			abort();
		g->waiting[g->n_waiting++] = conf;
		return;
	}
	e = endpoint_create(&g->services, conf, b, now);
	gateway_add(g, e);
	listing_add(e, now);
}

void gateway_start_waiting(struct gateway *g, int64_t now)
{
	struct config_device **waiting = g->waiting;
	size_t n = g->n_waiting;

	g->waiting = NULL;
	g->n_waiting = 0;
	for (size_t i = 0; i < n; i++)
		gateway_start(g, waiting[i], now);
	free(waiting);
}

static void apply_old_devices(struct gateway *g, struct config *config,
			      int64_t now)
{
	struct named *named = calloc(config->n_devices + 1, sizeof(*named));
	size_t n;

	if (!named)
		abort();
	n = sort_devices(config, named);
	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e)) {
		struct named key = {e->conf->endpoint, NULL};

		apply_old_device(e, bsearch(&key, named, n, sizeof(*named),
					    by_name), now);
	}
	free(named);
}

static void device_refuse(struct gateway *g, struct config_device *conf)
{
	g->refused = realloc(g->refused, (g->n_refused + 1) *
			     sizeof(struct config_device *));
	if (!g->refused)
		abort();
	g->refused[g->n_refused++] = conf;
}

static void apply_new_devices(struct gateway *g, struct config *config,
			      int64_t now)
{
	for (size_t i = 0; i < g->n_refused; i++)
		config_device_free(g->refused[i]);
	g->n_refused = 0;
	for (size_t i = 0; i < config->n_devices; i++) {
		struct config_device *conf = config->devices[i];

		if (!conf || !conf->enabled)
			continue;
		config->devices[i] = NULL;
		if (conf->refused)
			device_refuse(g, conf);
		else
			gateway_start(g, conf, now);
	}
}

/* The gateway's own endpoint: a device without a bus. */
static void add_gateway_itself(struct config *config)
{
	struct config_device *conf = config->itself;

	if (!config->gateway_endpoint)
		return;
	config->itself = NULL;
	conf->endpoint = arena_text(conf->arena, config->gateway_endpoint);
	conf->fingerprint += seed_of(conf->endpoint);
	config->devices = realloc(config->devices, (config->n_devices + 1) *
				  sizeof(struct config_device *));
	if (!config->devices)
		abort();
	config->devices[config->n_devices++] = conf;
}

static int by_id(const void *a, const void *b)
{
	const struct config_server *const *left = a, *const *right = b;

	return (*left)->id - (*right)->id;
}

/* Keys are not to lie about for endpoints that are none any more. Where a part
 * of the configuration is wrong, nobody knows who that is. */
static void forget_accounts(const struct gateway *g,
			    const struct config *config)
{
	const char **names = calloc(config->n_devices + 1, sizeof(*names));
	size_t gone;

	if (!names)
		abort();
	for (size_t i = 0; i < config->n_devices; i++)
		names[i] = config->devices[i]->endpoint;
	gone = g->errors.n ? 0 : store_keep_only(g->services.store,
		STORE_ACCOUNT, names, config->n_devices);
	free(names);
	if (gone)
		log_line(LOG_NOTE, NULL, NULL, "stored accounts of endpoints "
			 "that are configured no more were removed: %zu", gone);
}

void gateway_apply(struct gateway *g, struct config *config, int64_t now)
{
	/* Accounts stay the same where only their lines have moved. */
	if (config->n_servers)
		qsort(config->servers, config->n_servers,
		      sizeof(config->servers[0]), by_id);
	add_gateway_itself(config);
	forget_accounts(g, config);
	free(g->name);
	g->name = config->gateway;
	g->object_25 = config->object_25;
	config->gateway = NULL;
	config_page_finish(&g->page);
	g->page = config->page;
	config->page = (struct config_page){0};
	g->applied++;
	for (size_t i = 0; i < g->n_waiting; i++)
		config_device_free(g->waiting[i]);
	g->n_waiting = 0;
	forwarding_configure(&g->services, config);
	last_values_configure(g->services.last, config->store_flush);
	if (!g->services.dry) {
		gateway_card_apply(g->card, config->bootstrap, now);
		g->sms_changed = gateway_sms_apply(g->sms, config->sms);
		config->sms = NULL;
	}
	apply_servers(g, config, now);
	apply_bootstrap(g, config, now);
	apply_old_buses(g, config);
	apply_new_buses(g, config, now);
	apply_old_devices(g, config, now);
	apply_new_devices(g, config, now);
	stop_leaving_buses(g, now);
	config_free(config);
}

static void log_finding(const struct gateway *g, const struct config_error *e)
{
	const char *file = e->place.file ? e->place.file : g->services.dirs.config;

	enum log_level level = e->warning ? LOG_WARN : LOG_ERROR;

	if (e->place.line)
		log_line(level, e->device, NULL, "%s:%u:%u: %s", file,
			 e->place.line, e->place.column, e->text);
	else
		log_line(level, e->device, NULL, "%s: %s", file, e->text);
}

/* A part of the configuration that a start would leave out is left out by a
 * reload as well: a mistake shows now, and not at the start after the next power
 * cut. */
bool gateway_reload(struct gateway *g, struct config *config,
		    struct config_errors *errors, int64_t now)
{
	bool good = gateway_fits(config, errors) && !config_fatal(errors);

	for (const struct config_error *e = errors->first; e; e = e->next)
		log_finding(g, e);
	config_errors_finish(&g->errors);
	g->errors = *errors;
	if (!errors->first)
		config_errors_init(&g->errors);
	if (good)
		gateway_apply(g, config, now);
	else
		config_free(config);
	return good;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/site.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/sim/disk.h"
#include "tests/sim/world.h"

#define TEXT_MAX (256 * 1024)

struct site site;

static struct site_point *point_add(struct site_endpoint *e, uint16_t object,
				    uint16_t instance, uint16_t resource)
{
	struct site_point *p = &e->points[e->n_points++];

	*p = (struct site_point){.path = path_resource(object, instance,
						       resource)};
	return p;
}

static uint32_t period_draw(void)
{
	static const uint32_t periods[] = {10, 20, 30, 60, 60, 300};

	return periods[draw(STREAM_PLAN) % (sizeof(periods) / sizeof(*periods))];
}

static void measured_add(struct site_endpoint *e, uint16_t instance,
			 uint32_t poll)
{
	struct site_point *p = point_add(e, 3303, instance, 5700);

	p->measured = true;
	p->poll = poll;
	p->send = draw_chance(STREAM_PLAN, 0.15);
	p->observed = !p->send;
	p->keep = p->observed && draw_chance(STREAM_PLAN, 0.3);
	if (p->observed && draw_chance(STREAM_PLAN, 0.3))
		p->pmin = (uint32_t)draw_between(STREAM_PLAN, 1, 60);
}

static void endpoint_draw(struct site_endpoint *e, size_t number)
{
	uint32_t poll = period_draw();
	size_t n = 1 + draw(STREAM_PLAN) % 3;

	snprintf(e->name, sizeof(e->name), "ep-%u",
		 (unsigned)(number % ENDPOINTS_MAX));
	e->queue = draw_chance(STREAM_PLAN, 0.15);
	if (e->queue)
		poll = e->wakes = 300 * (uint32_t)(1 + draw(STREAM_PLAN) % 3);
	for (size_t i = 0; i < n; i++)
		measured_add(e, (uint16_t)i, poll);
	point_add(e, 3308, 0, 5900)->written = true;
	/* A factory reset is a restart of the device, too. */
	if (draw_chance(STREAM_PLAN, 0.1))
		point_add(e, 3, 0, 5)->executed = true;
	else
		point_add(e, 3339, 0, 5523)->executed = true;
	for (size_t i = 0; i < e->n_points; i++)
		e->points[i].poll = poll;
}

/* Behind all else, so that what was drawn before stays. */
static void more_draw(struct site_endpoint *e)
{
	static const uint32_t safe_after[] = {5, 30, 120, 900};
	struct site_point *p;

	if (draw_chance(STREAM_PLAN, 0.4))
		e->safe_after = safe_after[draw(STREAM_PLAN) % 4];
	if (!draw_chance(STREAM_PLAN, 0.3))
		return;
	p = point_add(e, 3200, 0, 5501);
	p->counts = p->observed = true;
	p->poll = e->points[0].poll;
}

void site_draw(size_t endpoints)
{
	static const uint32_t lifetimes[] = {60, 300, 300, 3600, 86400};

	site = (struct site){
		.n_endpoints = endpoints,
		.n_servers = draw_chance(STREAM_PLAN, 0.25) ? 2 : 1,
		.lifetime = lifetimes[draw(STREAM_PLAN) % 5],
		.non = draw_chance(STREAM_PLAN, 0.15),
		.strays = true, .store_memory = 4 << 20, .store_disk = 64 << 20,
	};
	for (size_t i = 0; i < endpoints; i++)
		endpoint_draw(&site.endpoints[i], i);
	for (size_t i = 0; i < endpoints; i++)
		site.endpoints[i].accepts = site.endpoints[i].queue &&
					    draw_chance(STREAM_PLAN, 0.5);
	site.watched = draw_chance(STREAM_PLAN, 0.5);
	site.bootstrap = draw_chance(STREAM_PLAN, 0.3);
	site.hasty = draw_chance(STREAM_PLAN, 0.5);
	if (draw_chance(STREAM_PLAN, 0.5))
		site.pace = (uint32_t)draw_between(STREAM_PLAN, 2, 20);
	for (size_t i = 0; i < endpoints; i++)
		more_draw(&site.endpoints[i]);
	site.unsolicited = draw_chance(STREAM_PLAN, 0.5);
	for (size_t i = 0; i < endpoints; i++)
		site.endpoints[i].package = draw_chance(STREAM_PLAN, 0.1);
}

int site_find(const char *name, size_t n)
{
	long number;

	if (n < 4 || strncmp(name, "ep-", 3))
		return -1;
	number = strtol(name + 3, NULL, 10);
	return number >= 0 && (size_t)number < site.n_endpoints ?
	       (int)number : -1;
}

size_t site_package(size_t endpoint, uint8_t bytes[PACKAGE_MOST])
{
	size_t n = PACKAGE_MOST - 1000 + endpoint * 37 % 1000;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * 31 + i / 251 + endpoint);
	return n;
}

/* ---- as YAML ---- */

static struct { char at[TEXT_MAX]; size_t n; } text;

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void add(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text.n += (size_t)vsnprintf(text.at + text.n, TEXT_MAX - text.n, format,
				    args);
	va_end(args);
	if (text.n >= TEXT_MAX)
		abort();
}

static void point_write(const struct site_point *p, size_t number, bool safe)
{
	add("      - {name: p%zu, map: %u/%u/%u, poll: %us", number,
	    p->path.id[0], p->path.id[1], p->path.id[2], p->poll);
	if (p->measured || p->counts)
		add(", signal: ramp");
	else
		add(", signal: constant, value: 0");
	if (p->written)
		add(", writable: true, range: [0, %d]", WRITTEN_MOST);
	if (p->written && safe)
		add(", safe: 0");
	if (p->executed)
		add(", on_execute: 1");
	if (p->keep)
		add(", keep: true");
	if (p->send)
		add(", send: true");
	add("}\n");
}

size_t site_bus(size_t endpoint)
{
	return (size_t)site.endpoints[endpoint].name[3] % BUSES;
}

static void endpoint_write(const struct site_endpoint *e)
{
	if (e->removed)
		return;
	add("  - endpoint: %s\n    bus: bus-%zu\n", e->name,
	    site_bus((size_t)(e - site.endpoints)));
	if (e->queue)
		add("    queue: true\n");
	if (e->accepts)
		add("    asleep_write: accept\n");
	if (e->safe_after)
		add("    safe_after: %us\n", e->safe_after);
	if (e->package)
		add("    image_max: %d\n", PACKAGE_MOST);
	if (e->quiet_every)
		add("    silent_after: %us\n", 5 * e->quiet_every);
	add("    points:\n");
	for (size_t i = 0; i < e->n_points; i++)
		point_write(&e->points[i], i, e->safe_after);
}

const char *site_uri(size_t server)
{
	static char uri[64];

	snprintf(uri, sizeof(uri), "coap://s%zu", server);
	return uri;
}

static const char *habits(void)
{
	static char keys[64];
	int n = snprintf(keys, sizeof(keys), "%s",
			 site.non ? ", notify: non" : "");

	if (site.pace)
		snprintf(keys + n, sizeof(keys) - (size_t)n, ", pace: %u",
			 site.pace);
	return keys;
}

void site_write(void)
{
	text.n = 0;
	add("gateway: {name: gw}\n"
	    "store: {memory: %zu, disk: %zu, flush: 1s}\n",
	    site.store_memory, site.store_disk);
	if (site.bootstrap)
		add("bootstrap: {uri: 'coap://s%d'%s%s}\n", BOOTSTRAP, habits(),
		    site.unsolicited ? ", unsolicited: true" : "");
	else
		add("servers:\n");
	for (size_t i = 1; i <= site.n_servers && !site.bootstrap; i++)
		add("  - {id: %zu, uri: '%s', lifetime: %us%s}\n", i,
		    site_uri(i), site.lifetime, habits());
	add("buses:\n");
	for (int i = 0; i < BUSES; i++)
		add("  bus-%d: {adapter: sim}\n", i);
	add("devices:\n");
	for (size_t i = 0; i < site.n_endpoints; i++)
		endpoint_write(&site.endpoints[i]);
	disk_put("/sim/etc/lwmux.yaml", text.at);
}

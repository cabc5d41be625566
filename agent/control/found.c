/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/control/found.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>
#include "agent/bus/search_plan.h"
#include "agent/control/add.h"
#include "agent/control/dispatch.h"
#include "agent/gateway/gateway.h"

#define KEPT_MAX 200

static struct {
	struct kept { struct json_object *found; int64_t when; } all[KEPT_MAX];
	size_t n;
	unsigned applied;	/* the configuration that they were held
				 * against */
} kept;

/* Those behind it move up, in the order in which they came. */
static void found_drop(size_t i)
{
	json_object_put(kept.all[i].found);
	kept.n--;
	memmove(&kept.all[i], &kept.all[i + 1],
		(kept.n - i) * sizeof(kept.all[0]));
}

static bool is_text(struct json_object *of, const char *key, const char *text)
{
	const char *is = request_text(of, key);

	return is && !strcmp(is, text);
}

void found_begin(const char *bus)
{
	for (size_t i = kept.n; i; i--)
		if (is_text(kept.all[i - 1].found, "bus", bus))
			found_drop(i - 1);
}

void found_keep(struct json_object *found, int64_t now)
{
	if (!is_text(found, "of", "device") ||
	    request_text(found, "configured"))
		return;
	if (kept.n == KEPT_MAX)
		found_drop(0);
	kept.all[kept.n++] = (struct kept){json_object_get(found), now};
}

void found_finish(void)
{
	while (kept.n)
		found_drop(kept.n - 1);
}

/* ---- is it a device by now? ---- */

static bool is_configured_at(const struct gateway_bus *b, const char *keys)
{
	struct search_hit hit;
	bool is = false;

	search_hit_init(&hit, b->conf->ops, keys);
	for (struct endpoint *e = gateway_next(b->gateway, NULL); e && !is;
	     e = gateway_next(b->gateway, e))
		is = e->bus == b && search_hit_is(&hit, e->conf->data);
	search_hit_finish(&hit);
	return is;
}

static bool is_configured(const struct gateway *g, struct json_object *found)
{
	const char *keys = request_text(found, "keys");

	for (const struct gateway_bus *b = g->buses; keys && b; b = b->next)
		if (is_text(found, "bus", b->conf->name))
			return is_configured_at(b, keys);
	return false;
}

static struct json_object *kept_json(const struct kept *k, int64_t now)
{
	struct json_object *to = json_object_new_object();

	json_object_object_foreach(k->found, key, member)
		json_object_object_add(to, key, json_object_get(member));
	add_seconds(to, "age", now - k->when);
	return to;
}

struct json_object *found_json(const struct gateway *g, int64_t now)
{
	struct json_object *list = json_object_new_array();

	if (kept.applied != g->applied)
		for (size_t i = kept.n; i; i--)
			if (is_configured(g, kept.all[i - 1].found))
				found_drop(i - 1);
	kept.applied = g->applied;
	for (size_t i = 0; i < kept.n; i++)
		json_object_array_add(list, kept_json(&kept.all[i], now));
	return list;
}

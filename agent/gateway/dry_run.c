/* SPDX-License-Identifier: GPL-2.0-or-later
 * Waits for the first round of every device, then prints what a server would
 * read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/gateway/dry_run.h"
#include "agent/gateway/gateway.h"
#include "agent/config/object_set.h"
#include "objects/codec.h"

#define SECOND INT64_C(1000000000)
#define AT_MOST (30 * SECOND)
#define LOOK_EVERY (SECOND / 10)

static bool all_tried(const struct gateway *g)
{
	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		if (!e->round_done && e->life.state != LIVENESS_SILENT)
			return false;
	return true;
}

static const char *name_of(const struct endpoint *e,
			   const struct lwm2m_path *path)
{
	const struct tree_instance *i = tree_instance_find(&e->tree,
							   path->id[0],
							   path->id[1]);
	const struct resource_def *def = !i ? NULL :
		object_resource(i->object, path->id[2]);

	return def && def->name ? def->name : "";
}

static void print_slot(const struct endpoint *e, const struct lwm2m_path *path,
		       const struct tree_slot *slot, int64_t now)
{
	char at[PATH_TEXT_MAX], text[256], computed[256];
	const char *unit;
	struct buf out = buf_over(text, sizeof(text) - 1);
	struct buf texts = buf_over(computed, sizeof(computed));
	struct lwm2m_value value = endpoint_value(e, path, slot, now, &texts);

	path_format(path, at);
	if (slot->quality == TREE_EMPTY)
		buf_text(&out, "(no value yet)");
	else if (slot->quality == TREE_BAD)
		buf_text(&out, "(no value: the device does not give it)");
	else if (value.type == LWM2M_NONE)
		buf_text(&out, "(executable)");
	else
		value_format(&value, &out);
	text[out.used] = 0;
	unit = object_unit(config_device_model(e->conf), path->id[0],
			   path->id[2]);
	printf("  %-18s %-32s %s%s%s\n", at, name_of(e, path), text,
	       unit ? " " : "", unit ? unit : "");
}

static void print_endpoint(const struct endpoint *e, int64_t now)
{
	struct lwm2m_path root = path_root(), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;
	char why[300];

	endpoint_trouble(e, now, why, sizeof(why));
	printf("%s%s%s: %s%s%s\n", e->conf->endpoint,
	       e->conf->bus ? " on bus " : "", e->conf->bus ? e->conf->bus : "",
	       liveness_state_name((enum liveness_state)e->life.state),
	       *why ? ", " : "", why);
	while ((slot = tree_next(&e->tree, &root, &at, &path)))
		print_slot(e, &path, slot, now);
}

static int by_name(const void *a, const void *b)
{
	const struct endpoint *const *left = a, *const *right = b;

	return strcmp((*left)->conf->endpoint, (*right)->conf->endpoint);
}

static void print_all(const struct gateway *g, int64_t now)
{
	struct endpoint **all = calloc(g->services.n_endpoints + 1, sizeof(*all));
	size_t n = 0;

	if (!all)
		abort();
	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		all[n++] = e;
	qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; i < n; i++)
		print_endpoint(all[i], now);
	free(all);
	for (size_t i = 0; i < g->n_refused; i++)
		printf("%s: refused: %s\n", g->refused[i]->endpoint,
		       g->refused[i]->refused);
	fflush(stdout);
}

int64_t dry_run_turn(struct gateway *g, int64_t now)
{
	static int64_t until;

	if (!g->services.dry || g->services.stopping)
		return INT64_MAX;
	if (!until)
		until = now + AT_MOST;
	if (!all_tried(g) && now < until)
		return now + LOOK_EVERY;
	print_all(g, now);
	gateway_stop(g, now);
	return now;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/http/recorder.h"
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include "agent/control/add.h"
#include "agent/gateway/gateway.h"
#include "agent/http/history.h"

static void point_look(struct history *history, const struct endpoint *e,
		       const struct config_point *point, int64_t now)
{
	const struct tree_slot *slot = point->map.depth ?
		tree_find(&e->tree, &point->resource) : NULL;

	/* Texts are not numbers, and left out there. */
	if (slot && slot->quality == TREE_GOOD)
		history_add(history, e->conf->endpoint, &point->resource,
			    lwm2m_number(&slot->value), now);
}

void recorder_look(struct history *history, const struct gateway *g,
		   int64_t now)
{
	history_sweep(history, now);
	for (const struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		if (e->life.state == LIVENESS_ONLINE ||
		    e->life.state == LIVENESS_ASLEEP)
			for (uint32_t i = 0; i < e->conf->n_points; i++)
				point_look(history, e, &e->conf->points[i],
					   now);
}

/* As short as a float says it. */
static struct json_object *number_json(double number)
{
	char text[32];

	snprintf(text, sizeof(text), "%.7g", number);
	return json_object_new_double_s(number, text);
}

static struct json_object *point_json(const struct history_point *point,
				      int64_t wall)
{
	struct json_object *to = json_object_new_array();

	json_object_array_add(to, json_object_new_int64(
		(point->when + wall) / INT64_C(1000000000)));
	json_object_array_add(to, number_json(point->low));
	json_object_array_add(to, number_json(point->high));
	return to;
}

static struct json_object *error_json(const char *text)
{
	struct json_object *to = json_object_new_object();

	add_text(to, "error", text);
	return to;
}

struct json_object *recorder_answer(const struct history *history,
				    const struct gateway *g,
				    const char *endpoint, const char *path,
				    const char *hours, int64_t now)
{
	static struct history_point points[HISTORY_POINTS_MAX];
	struct json_object *to, *list;
	struct lwm2m_path at;
	bool day = hours && !strcmp(hours, "24");
	size_t n;

	if (!history)
		return error_json("no history is kept: see `history` of the "
				  "gateway");
	if (path_parse(path, strlen(path), &at) < 0)
		return error_json("not a path: /object/instance/resource");
	n = history_points(history, endpoint, &at,
			   day ? HISTORY_DAY : HISTORY_HOUR, now, points);
	list = json_object_new_array();
	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, point_json(
			&points[i], g->services.wall.offset));
	to = json_object_new_object();
	json_object_object_add(to, "points", list);
	return to;
}

static void path_add(void *list, const struct lwm2m_path *path)
{
	char text[PATH_TEXT_MAX];

	path_format(path, text);
	json_object_array_add(list, json_object_new_string(text));
}

struct json_object *recorder_paths(const struct history *history,
				   const char *endpoint)
{
	struct json_object *list = json_object_new_array();

	if (history)
		history_paths(history, endpoint, path_add, list);
	return list;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Resources that are computed when they are read. None of them costs memory
 * per endpoint: their slots are shared. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "agent/endpoint/endpoint.h"
#include "agent/client/services.h"
#include "agent/base/machine.h"
#include "agent/lwm2m/statistics.h"
#include "agent/base/wall.h"
#include "ipso/ipso.h"

#define SECOND INT64_C(1000000000)

static bool text_value(struct buf *texts, size_t from,
		       struct lwm2m_value *value)
{
	*value = lwm2m_string((const char *)texts->at + from,
			      (uint32_t)(texts->used - from));
	return !texts->full;
}

/* A clock that a server has set goes on from there: the slot has the time
 * written and when that was; one never set has 0 and 0, and no value before the
 * machine has found the time. */
static bool current_time(const struct tree_slot *slot, int64_t now,
			 struct lwm2m_value *value)
{
	*value = slot->value;
	value->as.integer += (now - slot->time) / SECOND;
	return slot->time || wall_is_known(now);
}

/* What a server has written stands. */
static bool utc_offset(const struct tree_slot *slot, int64_t now,
		       struct buf *texts, struct lwm2m_value *value)
{
	time_t seconds = (time_t)(now / SECOND);
	size_t from = texts->used;
	struct tm tm;
	long minutes;

	*value = slot->value;
	if (slot->flags & TREE_KEPT)
		return true;
	if (!localtime_r(&seconds, &tm))
		return false;
	minutes = tm.tm_gmtoff / 60;
	buf_print(texts, "%c%02ld:%02ld", minutes < 0 ? '-' : '+',
		  labs(minutes) / 60, labs(minutes) % 60);
	return text_value(texts, from, value);
}

/* "U", "T", "UT"; "UQ" where a 1.0 server sees queue mode in it. */
static bool bindings(const struct endpoint *e, struct buf *texts,
		     struct lwm2m_value *value)
{
	bool udp = false, tcp = false, old = false;
	size_t from = texts->used;

	for (size_t i = 0; i < e->n_clients; i++) {
		tcp |= e->clients[i].server->conf->binding == 'T';
		udp |= e->clients[i].server->conf->binding != 'T';
		old |= e->clients[i].registration.lwm2m_1_0;
	}
	buf_text(texts, udp || !tcp ? "U" : "");
	buf_text(texts, tcp ? "T" : "");
	buf_text(texts, old && e->conf->queue ? "Q" : "");
	return text_value(texts, from, value);
}

static bool memory_free(struct lwm2m_value *value)
{
	struct machine_memory memory = machine_memory();

	*value = lwm2m_integer(memory.free_kb);
	return memory.total_kb > 0;
}

static bool device(const struct endpoint *e, const struct lwm2m_path *path,
		   const struct tree_slot *slot, int64_t now,
		   struct buf *texts, struct lwm2m_value *value)
{
	switch (path->id[2]) {
	case 10: return memory_free(value);
	case 13: return current_time(slot, now, value);
	case 14: return utc_offset(slot, now, texts, value);
	case 16: return bindings(e, texts, value);
	default: return false;
	}
}

bool endpoint_compute(void *owner, const struct lwm2m_path *path,
		      const struct tree_slot *slot, int64_t now,
		      struct buf *texts, struct lwm2m_value *value)
{
	const struct endpoint *e = owner;

	switch (path->id[0]) {
	case 3: return device(e, path, slot, now, texts, value);
	case 4: return endpoint_link_compute(e, path->id[2], texts, value);
	case 25:
		return e->services->endpoint_host->list(e, path, texts, value);
	case 7:
		*value = lwm2m_integer(statistics_value(e->rare->statistics,
							path->id[2]));
		return true;
	default: return ipso_compute(path, slot, now, value);
	}
}

struct lwm2m_value endpoint_value(const struct endpoint *e,
				  const struct lwm2m_path *path,
				  const struct tree_slot *slot, int64_t now,
				  struct buf *texts)
{
	struct lwm2m_value value = slot->value;

	if (slot->flags & TREE_COMPUTED &&
	    !endpoint_compute((void *)(uintptr_t)e, path, slot,
			      services_wall(e->services, now), texts, &value))
		value = (struct lwm2m_value){.type = LWM2M_NONE};
	return value;
}

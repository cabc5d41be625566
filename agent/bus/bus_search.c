/* SPDX-License-Identifier: GPL-2.0-or-later
 * A search on the bus's thread: one exchange a call, between the polls, which
 * keep half of the bus's time. What an adapter finds by a profile's identifying
 * point is that profile's only where the value is in its range. */
#include "agent/bus/bus_search.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/text.h"
#include "agent/bus/bus_private.h"

struct search_point {
	struct adapter_device device;
	struct adapter_point point;
};

/* Something answered, and so far no profile is known that it fits. */
struct unknown { char *keys; int32_t rssi; };

struct bus_search {
	struct adapter_search base;
	const struct search_plan *plan;
	uint64_t id;
	int64_t due, until;
	int64_t told_at;		/* how far it is */
	size_t found;
	struct unknown unknown;
	char *known;			/* keys of the last that fitted */
	char *held_keys;		/* who met the condition `held`, of a */
	uint32_t held;			/* profile that has more; or NULL */
	struct search_point *points;
	struct adapter_point **pointers;
};

static void *memory_take(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

static char *keys_copy(const char *keys)
{
	char *copy = strdup(keys ? keys : "");

	if (!copy)
		abort();
	return copy;
}

/* ---- what is found */

/* One behind the other, each with its NUL; NULL is "". */
static char *texts_join(const char *const texts[3])
{
	size_t n[3], used = 0;
	char *all;

	for (int i = 0; i < 3; i++)
		n[i] = texts[i] ? strlen(texts[i]) : 0;
	all = memory_take(n[0] + n[1] + n[2] + 3);
	for (int i = 0; i < 3; i++) {
		if (n[i] > 0)
			memcpy(all + used, texts[i], n[i]);
		used += n[i] + 1;
	}
	return all;
}

/* Adapters of before minor 4 end in front of it. */
static const char *missing_of(const struct adapter_found *found)
{
	return found->size >= offsetof(struct adapter_found, missing) +
	       sizeof(found->missing) ? found->missing : NULL;
}

static bool has_bytes(const struct lwm2m_value *value)
{
	return value->type == LWM2M_STRING || value->type == LWM2M_OPAQUE ||
	       value->type == LWM2M_CORELINK;
}

static void found_say(struct bus *bus, const struct adapter_found *found,
		      uint32_t profile)
{
	struct bus_search *s = bus->search;
	struct bus_message m = {
		.event = BUS_FOUND, .id = s->id, .point = profile,
		.error = found->rssi, .when = bus_now(),
		.value = found->value};

	if (s->found++ >= SEARCH_FOUND_MAX || found->value.length >
	    BUS_VALUE_MAX)
		return;
	m.text = texts_join((const char *const[]){found->keys, found->note,
						  missing_of(found)});
	if (has_bytes(&found->value)) {
		m.length = found->value.length;
		m.bytes = memory_take(m.length);
		if (m.length > 0)
			memcpy(m.bytes, found->value.as.bytes, m.length);
		m.value.as.bytes = m.bytes;
	}
	bus_say(bus, m);
}

static bool keys_equal(const char *keys, const char *other)
{
	return keys && other && !strcmp(keys, other);
}

static void unknown_drop(struct bus_search *s)
{
	free(s->unknown.keys);
	s->unknown.keys = NULL;
}

static void unknown_say(struct bus *bus)
{
	struct bus_search *s = bus->search;
	struct adapter_found found = {.keys = s->unknown.keys,
				      .rssi = s->unknown.rssi,
				      .note = "answers; no profile fits"};

	if (s->unknown.keys)
		found_say(bus, &found, SEARCH_NO_PROFILE);
	unknown_drop(s);
}

/* Does it meet condition i, and those of the same profile before that? An
 * adapter asks one device for all of them in turn, and says nothing of those
 * that the device refuses. */
static bool condition_holds(const struct bus_search *s,
			    const struct adapter_found *found, uint32_t i)
{
	const struct search_identify *condition = &s->plan->identify[i];
	double number = lwm2m_number(&found->value);

	if (!(number >= condition->min && number <= condition->max))
		return false;
	return i == 0 || !condition[-1].more ||
	       (s->held == i - 1 && keys_equal(s->held_keys, found->keys));
}

/* Of which profile is what was found? Known with its last condition only. */
static uint32_t profile_of(struct bus_search *s,
			   const struct adapter_found *found)
{
	uint32_t i = 0;

	while (i < s->plan->n_identify && found->identify != s->pointers[i])
		i++;
	if (i == s->plan->n_identify || !condition_holds(s, found, i))
		return SEARCH_NO_PROFILE;
	if (!s->plan->identify[i].more)
		return i;
	free(s->held_keys);
	s->held_keys = keys_copy(found->keys);
	s->held = i;
	return SEARCH_NO_PROFILE;
}

/* It answered what a profile asked, or more: that need not mean that it is of
 * this profile. */
static void device_identified(struct bus *bus,
			      const struct adapter_found *found)
{
	struct bus_search *s = bus->search;
	uint32_t profile = profile_of(s, found);

	if (profile != SEARCH_NO_PROFILE) {
		if (keys_equal(s->unknown.keys, found->keys))
			unknown_drop(s);
		unknown_say(bus);
		free(s->known);
		s->known = keys_copy(found->keys);
		found_say(bus, found, profile);
	} else if (!keys_equal(s->known, found->keys) &&
		   !keys_equal(s->unknown.keys, found->keys)) {
		unknown_say(bus);
		s->unknown = (struct unknown){keys_copy(found->keys),
					      found->rssi};
	}
}

/* bus_host.found; only from within turn() and search(). */
void search_found(struct adapter_search *base,
		  const struct adapter_found *found)
{
	struct bus *bus = container_of(base->bus, struct bus, base);

	if (!bus->search || base != &bus->search->base)
		return;
	if (found->identify) {
		device_identified(bus, found);
		return;
	}
	if (keys_equal(bus->search->unknown.keys, found->keys))
		unknown_drop(bus->search);
	unknown_say(bus);
	found_say(bus, found, SEARCH_NO_PROFILE);
}

/* ---- from begin to end */

static void searched_say(struct bus *bus, uint64_t id, int error,
			 const char *text)
{
	bus_say(bus, (struct bus_message){
		.event = BUS_SEARCHED, .id = id, .error = error,
		.text = text_copy(text), .when = bus_now()});
}

static void search_free(struct bus_search *s)
{
	free(s->base.data);
	free(s->points);
	free(s->pointers);
	free(s->known);
	free(s->held_keys);
	unknown_drop(s);
	free(s);
}

/* An empty answer could mean anything. */
static const char *empty_text(const struct bus_search *s)
{
	if (s->found)
		return NULL;
	return bus_now() >= s->until ? "nothing was found in this time: --for "
				       "searches longer" :
				       "nothing was found: nobody answers or is heard";
}

void search_end(struct bus *bus, int error, const char *text)
{
	struct bus_search *s = bus->search;
	char more[64];

	if (!s)
		return;
	unknown_say(bus);
	if (s->found > SEARCH_FOUND_MAX && !text) {
		snprintf(more, sizeof(more), "%zu more are left out",
			 s->found - SEARCH_FOUND_MAX);
		text = more;
	}
	if (!error && !text)
		text = empty_text(s);
	searched_say(bus, s->id, error, text);
	bus->search = NULL;
	bus->base.search = NULL;
	search_free(s);
	bus->adapter_called = bus->open;	/* turn() sees its end */
}

/* The adapter reads the points as if each had a device of its own. */
static void points_make(struct bus_search *s, struct adapter_bus *bus)
{
	const struct adapter_ops *ops =
		container_of(bus, struct bus, base)->ops;
	const struct search_plan *plan = s->plan;

	s->points = memory_take(plan->n_identify * sizeof(*s->points));
	s->pointers = memory_take(plan->n_identify * sizeof(*s->pointers));
	for (size_t i = 0; i < plan->n_identify; i++) {
		struct search_point *at = &s->points[i];

		s->pointers[i] = &at->point;
		at->point = (struct adapter_point){
			.device = &at->device, .name = "identify",
			.data = ops->point_state ? NULL :
				plan->identify[i].point,
			.keys = plan->identify[i].point};
		at->device = (struct adapter_device){
			.bus = bus, .name = plan->identify[i].profile,
			.data = plan->identify[i].device,
			.points = &s->pointers[i], .n_points = 1};
	}
	s->base.identify = s->pointers;
	s->base.n_identify = plan->n_identify;
}

void search_begin(struct bus *bus, const struct search_plan *plan, uint64_t id)
{
	struct bus_search *s;

	if (bus->search) {
		searched_say(bus, id, -EBUSY, "a search is under way there");
		return;
	}
	s = memory_take(sizeof(*s));
	s->plan = plan;
	s->id = id;
	s->until = bus_now() + plan->duration;
	s->base = (struct adapter_search){.bus = &bus->base,
					  .kind = plan->kind};
	s->base.data = memory_take(bus->ops->search_size);
	if (bus->ops->search_size > 0)
		memcpy(s->base.data, plan->data, bus->ops->search_size);
	points_make(s, &bus->base);
	bus->search = s;
	bus->base.search = &s->base;
	if (!bus->open)
		bus->open_at = bus_now();
}

void search_forget(struct bus *bus, uint64_t id)
{
	if (bus->search && bus->search->id == id)
		search_end(bus, -ECANCELED, NULL);
}

int64_t search_due(const struct bus *bus)
{
	const struct bus_search *s = bus->search;

	if (!s)
		return POLL_NEVER;
	return s->due < s->until ? s->due : s->until;
}

/* Polls that have come due meanwhile get as long as the exchange took. */
static void search_schedule(struct bus_search *s, const struct bus *bus,
			    int64_t next, int64_t start)
{
	int64_t now = bus_now();

	s->due = next;
	if (heap_due(&bus->due) <= now && s->due < now + (now - start))
		s->due = now + (now - start);
}

static void progress_say(struct bus *bus, int64_t now)
{
	struct bus_search *s = bus->search;

	if (!s->base.total || now < s->told_at + POLL_SECOND)
		return;
	s->told_at = now;
	bus_say(bus, (struct bus_message){
		.event = BUS_SEARCHING, .id = s->id, .point = s->base.done,
		.tries = s->base.total, .when = s->base.left});
}

void search_step(struct bus *bus)
{
	struct bus_search *s = bus->search;
	int64_t now = bus_now(), next;

	if (!s || now < search_due(bus))
		return;
	if (now >= s->until) {
		search_end(bus, 0, NULL);
		return;
	}
	if (!bus->ops->search) {	/* turn() hears, or nobody */
		s->due = s->until;
		bus->adapter_called = true;
		return;
	}
	bus->adapter_called = true;
	next = bus->ops->search(&s->base, now);
	bus_count_up(bus, &bus->counters, "search_steps", 1);
	if (bus->lost)
		return;			/* which ends it, and says why */
	progress_say(bus, bus_now());
	if (next <= 0)
		search_end(bus, (int)next, NULL);
	else
		search_schedule(s, bus, next, now);
}

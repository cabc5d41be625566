/* SPDX-License-Identifier: GPL-2.0-or-later
 * scan: who answers on this bus, and what is it? Each unit is asked for what
 * the profiles know their devices by, and who answers at all for its SunSpec
 * map. In the end they are asked for their names: many do not know how, and
 * some are out of step for a moment after a function that they do not know.
 * One exchange a call, between the polls. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/modbus/device.h"

#define OUT_OF_STEP INT64_C(700000000)	/* ns */

static unsigned base_of(const struct adapter_point *point)
{
	const struct modbus_device *d =
		point->device ? point->device->data : NULL;

	return d ? modbus_point_base(d, modbus_keys(point)) : 0;
}

/* Where a model's point is in this unit; false: it has none of them. */
static bool model_find(const struct modbus_search *s, struct modbus_point *p)
{
	const int64_t *ids = p->model.at;

	for (size_t i = 0; i < p->model.n; i++) {
		int32_t address = sunspec_address(&s->walk, (unsigned)ids[i]);

		if (address >= 0)
			return modbus_model_place(p, (unsigned)ids[i],
						  (unsigned)address);
	}
	return false;
}

/* Ask the unit for what a profile knows its device by. */
static int identify_step(struct adapter_search *search,
			 const struct adapter_point *point)
{
	struct modbus_search *s = search->data;
	struct modbus_point p = *modbus_keys(point);
	struct modbus_own own = {.placed = true};
	char keys[24], text[REGISTER_TEXT_MAX];
	uint16_t words[READ_REGISTERS_MAX];
	struct lwm2m_value value;
	int rc;

	if (p.model.n > 0 && !model_find(s, &p))
		return 0;
	rc = modbus_point_prepare(&own, &p, base_of(point), READ_REGISTERS_MAX);
	if (rc)
		return rc;
	if (own.item.span == 0 || own.item.span > READ_REGISTERS_MAX)
		rc = -EAGAIN;
	if (rc == 0)
		rc = modbus_search_read(search, (uint8_t)s->unit_now, p.table,
					own.item.address, own.item.span, words);
	if (rc == 0)
		rc = modbus_value_read(&p, own.bad, words, &value, text) ?
		     -ENODATA : 0;
	modbus_point_finish(&own);
	if (rc)
		return rc == -ENODATA ? 0 : rc;
	snprintf(keys, sizeof(keys), "unit: %u", s->unit_now);
	adapter_found(search, .keys = keys, .identify = point, .value = value);
	s->told = true;
	return 0;
}

static int walk_step(struct adapter_search *search, uint16_t address)
{
	struct modbus_search *s = search->data;
	uint16_t words[2];
	int rc = modbus_search_read(search, (uint8_t)s->unit_now, TABLE_HOLDING,
				    address, 2, words);

	/* one that does not answer has no map: it is not asked for ever */
	if (rc < 0)
		s->walk.state = SUNSPEC_NONE;
	else
		sunspec_feed(&s->walk, rc == 0 ? words : NULL, false);
	return rc;
}

static void map_tell(struct adapter_search *search, const char *keys)
{
	struct modbus_search *s = search->data;
	char models[120], note[200];

	sunspec_print(&s->walk, models, sizeof(models));
	snprintf(note, sizeof(note), "SunSpec map at %u: models %s",
		 s->walk.base, models);
	adapter_found(search, .keys = keys, .note = note);
	s->told = true;
}

static void unit_tell(struct adapter_search *search)
{
	struct modbus_search *s = search->data;
	char keys[24], note[80];

	s->heard_all[s->unit_now / 64] |= UINT64_C(1) << s->unit_now % 64;
	snprintf(keys, sizeof(keys), "unit: %u", s->unit_now);
	if (s->walk.n > 0)
		map_tell(search, keys);
	if (s->told)
		return;
	snprintf(note, sizeof(note), s->exception ?
		 "answers, exception %d, %s" : "answers", s->exception,
		 exception_name(s->exception));
	adapter_found(search, .keys = keys, .note = note);
}

static void unit_begin(struct modbus_search *s, unsigned unit)
{
	s->unit_now = (uint16_t)unit;
	s->stage = SCAN_ASK;
	s->next = 0;
	s->asked = s->heard = s->told = false;
	s->exception = 0;
	memset(&s->walk, 0, sizeof(s->walk));
}

/* What the rest takes: as long as those before did, each. */
static void progress_note(struct adapter_search *search, int64_t now)
{
	const struct modbus_search *s = search->data;

	search->total = s->last - s->first + 1u;
	search->done = s->unit_now - s->first + 1u;
	search->left = (now - s->begun_at) / search->done *
		       (search->total - search->done);
}

static const struct modbus_point *identify_of(const struct adapter_search *s,
					      size_t i)
{
	return modbus_keys(s->identify[i]);
}

/* The next condition from s->next on whose point is of a model, or is not. */
static bool condition_find(struct adapter_search *search, bool of_model)
{
	struct modbus_search *s = search->data;

	while (s->next < search->n_identify &&
	       (identify_of(search, s->next)->model.n > 0) != of_model)
		s->next++;
	return s->next < search->n_identify;
}

/* Is there another exchange in this stage? A unit that is silent at first is
 * not asked for more. */
static bool is_in_stage(struct adapter_search *search)
{
	struct modbus_search *s = search->data;
	uint16_t address;

	switch (s->stage) {
	case SCAN_ASK:
		return condition_find(search, false) || !s->asked;
	case SCAN_WALK:
		return s->heard && sunspec_next(&s->walk, &address);
	case SCAN_MODELS:
		return s->walk.n > 0 && condition_find(search, true);
	case SCAN_STAGES:
		break;
	}
	return false;
}

static int stage_step(struct adapter_search *search)
{
	struct modbus_search *s = search->data;
	uint16_t word, address;

	switch (s->stage) {
	case SCAN_ASK:
	case SCAN_MODELS:
		s->asked = true;
		if (s->next < search->n_identify)
			return identify_step(search,
					     search->identify[s->next++]);
		return modbus_search_read(search, (uint8_t)s->unit_now,
					  TABLE_HOLDING, 0, 1, &word);
	case SCAN_WALK:
		sunspec_next(&s->walk, &address);
		return walk_step(search, address);
	case SCAN_STAGES:
		break;
	}
	return 0;
}

/* To the next exchange of this unit; false: all has been asked. */
static bool stage_find(struct adapter_search *search)
{
	struct modbus_search *s = search->data;

	while (s->stage < SCAN_STAGES && !is_in_stage(search)) {
		s->stage++;
		s->next = 0;
	}
	return s->stage < SCAN_STAGES;
}

/* ---- names */

/* That of a device that is read already is known to whoever wants to. */
static bool is_attached(const struct adapter_bus *bus, unsigned unit)
{
	for (const struct adapter_device *d = bus->devices; d; d = d->next)
		if (((const struct modbus_device *)d->data)->unit == unit)
			return true;
	return false;
}

/* The next from unit_now on that has been heard; false: there is none. */
static bool named_find(const struct adapter_search *search)
{
	struct modbus_search *s = search->data;

	while (s->unit_now <= s->last) {
		unsigned unit = s->unit_now;

		if (s->heard_all[unit / 64] >> unit % 64 & 1 &&
		    !is_attached(search->bus, unit))
			return true;
		s->unit_now++;
	}
	return false;
}

/* By function 17, and where that says nothing by 43/14. */
static int name_step(struct adapter_search *search)
{
	struct modbus_search *s = search->data;
	struct modbus_request request = s->by_objects ?
		request_identification((uint8_t)s->unit_now) :
		request_server_id((uint8_t)s->unit_now);
	char keys[24], name[160] = "";
	uint8_t pdu[PDU_MAX];
	int rc = modbus_search_exchange(search, &request, pdu);

	if (rc == 0)
		reply_name(&request, pdu, name, sizeof(name));
	if (*name) {
		snprintf(keys, sizeof(keys), "unit: %u", s->unit_now);
		adapter_found(search, .keys = keys, .note = name);
	}
	if (*name || s->by_objects)
		s->unit_now++;
	s->by_objects = !*name && !s->by_objects;
	return rc;
}

static int64_t names_step(struct adapter_search *search, int64_t now)
{
	struct modbus_bus *b = search->bus->data;
	int rc;

	if (!named_find(search))
		return 0;
	rc = name_step(search);
	if (rc < 0 && wire_is_broken(rc))
		return rc;
	if (rc == 0)
		return now;
	/* what it has not understood of the request it may take for the next */
	if (b->transport == WIRE_TCP)
		wire_release(&b->wire);
	return adapter_now(search->bus) + OUT_OF_STEP;
}

static int64_t names_begin(struct adapter_search *search, int64_t now)
{
	struct modbus_search *s = search->data;

	if (!s->names)
		return 0;
	s->naming = true;
	s->unit_now = s->first;
	return named_find(search) ? now : 0;
}

/* The specification knows 1 to 247, and on a line others are rare; behind an
 * address of TCP they are not. */
static void scan_begin(struct adapter_search *search, int64_t now)
{
	const struct modbus_bus *b = search->bus->data;
	struct modbus_search *s = search->data;
	bool tcp = b->transport == WIRE_TCP;

	s->first = s->from >= 0 ? (uint16_t)s->from : tcp ? 0 : 1;
	s->last = s->to >= 0 ? (uint16_t)s->to : tcp ? 255 : 247;
	s->begun = true;
	s->begun_at = now;
	unit_begin(s, s->first);
}

int64_t modbus_scan_step(struct adapter_search *search, int64_t now)
{
	struct modbus_search *s = search->data;
	int rc;

	if (s->naming)
		return names_step(search, now);
	if (!s->begun)
		scan_begin(search, now);
	if (s->unit_now > s->last)
		return 0;
	stage_find(search);
	rc = stage_step(search);
	if (rc < 0 && rc != -EAGAIN && wire_is_broken(rc))
		return rc;
	if (rc > 0 && s->stage == SCAN_ASK)
		s->exception = (uint8_t)rc;
	s->heard |= rc == 0 || (rc > 0 && rc != 10 && rc != 11);
	if ((s->heard || rc == -EAGAIN) && stage_find(search))
		return now;
	if (s->heard)
		unit_tell(search);
	progress_note(search, adapter_now(search->bus));
	if (s->unit_now >= s->last)
		return names_begin(search, now);
	unit_begin(s, s->unit_now + 1u);
	return now;
}

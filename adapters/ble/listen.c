/* SPDX-License-Identifier: GPL-2.0-or-later
 * From advertising reports to values of configured devices. */
#include "adapters/ble/listen.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "adapters/ble/gatt.h"
#include "adapters/ble/search.h"

#define SECOND INT64_C(1000000000)
#define HEARD_TIME SECOND	/* a sign of life is told at most so often */
#define SAME_TIME (10 * SECOND)	/* equal bytes are news again after this */
#define EVENT_TIME (4 * SECOND)	/* ... where they tell of an event */
#define REPEAT_TIME (900 * SECOND)	/* a repetition is no sign of life after */
#define SAY_TIME (60 * SECOND)	/* a device's trouble is told so often */
#define KEEP_TIME (60 * SECOND)
#define KEEP_STEP 256
#define NOTE_TIME (300 * SECOND)	/* so many refused in it are no noise */
#define NOTE_REFUSED 3
#define WRONG_KEYS 2		/* one may have been hit by noise */
#define KEPT_COUNTER "counter"
#define KEPT_IDENTITY "identity"

/* What is kept: which key it is of, the counter, and how far it may have gone on
 * since: after a crash what is not beyond that is old. */
struct kept {
	uint32_t key_mark, counter, ahead;
};
#define KEPT_LEAST offsetof(struct kept, ahead)	/* of older versions */

/* ---- devices */

static void identity_enter(struct ble_device *device)
{
	struct decode_identity kept = {0};

	if (device->variant)
		decode_variant(&device->state, device->variant);
	else if (adapter_kept(device->base, KEPT_IDENTITY, &kept,
			      sizeof(kept)) == (int)sizeof(kept)) {
		kept.name[DECODE_NAME - 1] = '\0';
		device->state.identity = kept;
	}
}

void listen_enter(struct ble_bus *bus, struct ble_device *device)
{
	struct ble_device **bucket = &bus->buckets[ble_bucket(
		device->address)];
	struct kept kept = {0};

	device->next = *bucket;
	*bucket = device;
	device->key_mark = decode_hash(device->bindkey_file.at,
				       device->bindkey_file.n);
	device->state.key = device->bindkey_file.at;
	device->state.n_key = device->bindkey_file.n;
	identity_enter(device);
	device->state.matches = device->matches;
	device->state.n_matches = device->n_matches;
	if (device->state.n_key > 0 &&
	    adapter_kept(device->base, KEPT_COUNTER, &kept, sizeof(kept)) >=
	    (int)KEPT_LEAST && kept.key_mark == device->key_mark) {
		device->state.counter.known = true;
		device->state.counter.value = kept.counter + kept.ahead;
		device->kept_value = device->state.counter.value;
		device->kept_ahead = kept.ahead;
	}
}

/* Which model it is has to be heard once, not after each start. Anybody can
 * send another name: a disk is not written more often for it. */
static void identity_keep(struct ble_device *device,
			  const struct decode_identity *before, int64_t now)
{
	const struct decode_identity *identity = &device->state.identity;

	if (memcmp(before, identity, sizeof(*identity)) == 0 ||
	    (device->identity_kept &&
	     now - device->identity_kept < KEEP_TIME))
		return;
	device->identity_kept = now;
	adapter_keep(device->base, KEPT_IDENTITY, identity,
		     sizeof(*identity));
}

/* ahead: what it may go on by until it is kept again. */
static void counter_keep(struct ble_device *device, uint32_t ahead,
			 int64_t now)
{
	const struct decode_counter *counter = &device->state.counter;
	const struct kept kept = {device->key_mark, counter->value, ahead};

	device->kept = now;
	if (counter->known && (counter->value != device->kept_value ||
			       ahead != device->kept_ahead))
		adapter_keep(device->base, KEPT_COUNTER, &kept, sizeof(kept));
	device->kept_value = counter->value;
	device->kept_ahead = ahead;
}

/* Once a minute is enough for a disk. A device that is heard seldom is kept at
 * once; one that is heard often goes on as it did in the last minute. */
static void counter_look(struct ble_device *device, int64_t now)
{
	const struct decode_counter *counter = &device->state.counter;
	uint32_t step = counter->value - device->kept_value;
	bool often = device->kept && now - device->kept < 2 * KEEP_TIME;

	if (counter->known && (step || device->kept_ahead) &&
	    (!device->kept || now - device->kept >= KEEP_TIME ||
	     step >= KEEP_STEP))
		counter_keep(device, !often ? 0 : step < KEEP_STEP ? step :
			     KEEP_STEP, now);
}

static int64_t counter_due(const struct ble_device *device)
{
	const struct decode_counter *counter = &device->state.counter;

	return counter->known && device->kept &&
	       (counter->value != device->kept_value || device->kept_ahead) ?
	       device->kept + KEEP_TIME : INT64_MAX;
}

void listen_leave(struct ble_bus *bus, struct ble_device *device)
{
	struct ble_device **at = &bus->buckets[ble_bucket(device->address)];

	while (*at && *at != device)
		at = &(*at)->next;
	if (*at)
		*at = device->next;
	counter_keep(device, 0, 0);	/* a clean end knows it all */
}

void listen_count_anew(struct ble_device *device)
{
	struct adapter_device *base = device->base;

	device->state.counter = (struct decode_counter){.known = false};
	device->state.has_packet = false;
	device->kept = 0;
	device->kept_value = device->kept_ahead = 0;
	adapter_keep(base, KEPT_COUNTER, "", 0);
	adapter_log(base->bus, base, LOG_NOTICE, "its next packet is good, "
		    "whatever its counter: somebody has said so");
}

/* ---- good and bad */

static const char *counter_name(enum decode_result result)
{
	switch (result) {
	case DECODED_DAMAGED:
		return "damaged";
	case DECODED_REPLAYED:
		return "replayed";
	case DECODED_WRONG_KEY:
		return "wrong_key";
	case DECODED_NO_KEY:
		return "no_key";
	case DECODED_UNPROTECTED:
		return "unprotected";
	case DECODED_NO_MODEL:
		return "no_model";
	case DECODED_OTHER:
	case DECODED_VALUES:
	case DECODED_NOTHING:
	case DECODED_REPEATED:
		break;
	}
	return NULL;
}

/* What the reader of the status can do about it. */
static void trouble_note(struct ble_device *device, enum decode_result result)
{
	struct adapter_device *base = device->base;

	device->noted = result;
	if (result == DECODED_NO_KEY)
		adapter_note(base, "encrypted, and there is no bindkey_file");
	else if (result == DECODED_NO_MODEL)
		adapter_note(base, "its model is not heard: give variant, or "
			     "scan: active to its bus");
	else if (result == DECODED_UNPROTECTED)
		adapter_note(base, "sends in clear, and has a bindkey_file");
	else if (result == DECODED_REPLAYED)
		adapter_note(base, "replayed: %d refused in 5 min; after a new "
			     "battery: lwmuxctl accept %s", NOTE_REFUSED,
			     base->name);
	else
		adapter_note(base, "%s: %d refused in 5 min",
			     decode_result_text(result), NOTE_REFUSED);
}

/* A few may be hit by noise; that a key or a model is missing is sure. */
static void trouble_look(struct ble_device *device, enum decode_result result,
			 int64_t now)
{
	bool sure = result == DECODED_NO_KEY || result == DECODED_NO_MODEL ||
		    result == DECODED_UNPROTECTED;

	if (device->refused == 0 || result != device->refusal ||
	    now - device->refused_at > NOTE_TIME) {
		device->refusal = result;
		device->refused = 0;
		device->refused_at = now;
	}
	device->refused += device->refused < UINT8_MAX;
	if (result != device->noted &&
	    (sure || device->refused >= NOTE_REFUSED))
		trouble_note(device, result);
}

static void trouble_set(struct ble_device *device, enum decode_result result,
			int64_t now)
{
	struct adapter_device *base = device->base;

	trouble_look(device, result, now);

	adapter_count(base->bus, base, counter_name(result), 1);
	device->wrong_keys = result == DECODED_WRONG_KEY ?
		(uint8_t)(device->wrong_keys + (device->wrong_keys < 255)) : 0;
	if (result == device->trouble || (result == DECODED_WRONG_KEY &&
					  device->wrong_keys < WRONG_KEYS))
		return;
	device->trouble = result;
	if (device->trouble_said && now - device->trouble_said < SAY_TIME)
		return;
	device->trouble_said = now;
	device->trouble_told = true;
	adapter_log(base->bus, base, LOG_WARNING,
		    "advertisements are refused: %s",
		    decode_result_text(result));
}

/* Of a resolvable private address, which the device changes by and by. */
static const char *address_note(const struct ble_device *device)
{
	return device->random && device->address[0] >> 6 == 1 ?
		"its address is private: when it changes, the device is lost" :
		"";
}

static void trouble_clear(struct ble_device *device)
{
	device->wrong_keys = device->refused = 0;
	device->trouble = DECODED_OTHER;
	if (device->noted != DECODED_OTHER)
		adapter_note(device->base, "%s", address_note(device));
	device->noted = DECODED_OTHER;
	if (!device->trouble_told)
		return;
	device->trouble_told = false;
	adapter_log(device->base->bus, device->base, LOG_NOTICE,
		    "advertisements are good again");
}

static void sign_of_life(struct ble_device *device, int8_t rssi, bool news,
			 int64_t now)
{
	device->rssi = rssi == 127 ? 0 : rssi;
	if (!news && device->heard && now - device->heard < HEARD_TIME)
		return;
	device->heard = now;
	adapter_heard(device->base, device->rssi);
}

/* ---- values */

static bool is_event_packet(const struct readings *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (field_is_event(r->at[i].field))
			return true;
	return false;
}

/* What is told when it begins and never when it ends. */
static bool is_beginning(const struct ble_point *p,
			 const struct lwm2m_value *value)
{
	return p->off_after && value->type == LWM2M_BOOLEAN &&
	       value->as.boolean;
}

/* Is there a beginning in it? What has begun goes on while that is sent. */
static bool beginnings_hold(struct ble_device *device,
			    const struct readings *readings, int64_t now)
{
	bool any = false;

	for (size_t i = 0; i < device->base->n_points; i++) {
		struct ble_point *p = device->base->points[i]->data;
		const struct reading *reading = !p->field ? NULL :
			reading_find(readings, p->field_id, p->index);

		if (!reading || !is_beginning(p, &reading->value))
			continue;
		if (p->off_at)
			p->off_at = now + p->off_after;
		any = true;
	}
	return any;
}

/* Each packet comes several times; without a counter inside only its bytes
 * tell. */
static bool is_same(struct ble_device *device, const struct advertisement *adv,
		    const struct readings *readings, int64_t now)
{
	uint32_t hash = decode_hash(adv->data, adv->n);
	bool event = is_event_packet(readings);
	bool once = beginnings_hold(device, readings, now) || event;
	int64_t span = event ? EVENT_TIME : SAME_TIME;
	struct ble_seen *seen;

	for (size_t i = 0; i < BLE_SEEN; i++) {
		seen = &device->seen[i];
		if (!seen->at || seen->hash != hash)
			continue;
		if (now - seen->at < span) {
			if (once)	/* while it is sent, it is one */
				seen->at = now;
			return true;
		}
		seen->at = now;
		return false;
	}
	seen = &device->seen[device->seen_next++ % BLE_SEEN];
	*seen = (struct ble_seen){hash, now};
	return false;
}

static void wake_later(struct ble_bus *bus, int64_t at)
{
	if (at < bus->later_at)
		bus->later_at = at;
}

/* Such a thing ends by itself. */
static void off_later(struct adapter_point *point,
		      const struct lwm2m_value *value, int64_t now)
{
	struct ble_point *p = point->data;

	if (!p->off_after || value->type != LWM2M_BOOLEAN)
		return;
	p->off_at = is_beginning(p, value) ? now + p->off_after : 0;
	if (p->off_at)
		wake_later(point->device->bus->data, p->off_at);
}

/* No news of the device: it is as of the last time that it was heard. */
static int64_t off_look(const struct ble_device *device,
			struct adapter_point *point, int64_t now)
{
	struct ble_point *p = point->data;

	if (!p->off_at)
		return INT64_MAX;
	if (now < p->off_at)
		return p->off_at;
	p->off_at = 0;
	adapter_report(point, lwm2m_boolean(false), device->heard);
	return INT64_MAX;
}

int64_t listen_turn(struct ble_bus *bus, int64_t now)
{
	if (now < bus->later_at)
		return bus->later_at;
	bus->later_at = INT64_MAX;
	for (struct adapter_device *d = bus->base->devices; d; d = d->next) {
		struct ble_device *device = d->data;

		for (size_t i = 0; i < d->n_points; i++)
			wake_later(bus, off_look(device, d->points[i], now));
		if (device->kept)
			counter_look(device, now);
		wake_later(bus, counter_due(device));
	}
	return bus->later_at;
}

/* A press is there and gone: a state that stays would be a lie. */
static void press_report(struct adapter_point *point,
			 const struct reading *reading)
{
	if (!reading->value.as.boolean)
		return;
	adapter_happened(point, lwm2m_boolean(true), 0, 1);
	adapter_happened(point, lwm2m_boolean(false), 0, 1);
}

/* What is told when it begins has begun anew, or ends: told in turn. That it is
 * over may be said again and again, and is a state. */
static void reading_report(struct adapter_point *point,
			   const struct reading *reading, int64_t now)
{
	const struct ble_point *p = point->data;
	bool turns = p->off_at || is_beginning(p, &reading->value);

	off_later(point, &reading->value, now);
	if (reading->field == FIELD_BUTTON)
		press_report(point, reading);
	else if (reading->field == FIELD_BUTTON_EVENT &&
		 reading->value.as.integer == 0)
		return;			/* no press */
	else if (field_is_event(reading->field) || turns)
		adapter_happened(point, reading->value, 0, 1);
	else
		adapter_report(point, reading->value, 0);
}

/* The strength is the packet's, and not in it. */
static void rssi_report(struct adapter_point *point,
			const struct advertisement *adv)
{
	if (adv->rssi != 127)
		adapter_report(point, lwm2m_integer(adv->rssi), 0);
}

static void readings_report(struct ble_device *device,
			    const struct advertisement *adv,
			    const struct readings *readings, int64_t now)
{
	for (size_t i = 0; i < device->base->n_points; i++) {
		struct adapter_point *point = device->base->points[i];
		const struct ble_point *p = point->data;
		const struct reading *reading;

		if (!p->field)
			continue;
		if (p->field_id == FIELD_RSSI)
			rssi_report(point, adv);
		reading = reading_find(readings, p->field_id, p->index);
		if (reading)
			reading_report(point, reading, now);
	}
}

static void place_report(struct ble_device *device,
			 struct adapter_point *point,
			 const struct ad_element *e)
{
	const struct ble_point *p = point->data;
	const uint8_t *data = e->data;
	size_t n = e->n;
	struct lwm2m_value value;
	uint64_t raw;
	int rc;

	if (!profile_place(&p->condition, &p->mark, &data, &n))
		return;
	rc = raw_read(&p->format, data, n, &value, &raw);
	if (rc == -EMSGSIZE)
		adapter_count(device->base->bus, device->base, "damaged", 1);
	if (rc == 0 && profile_is_value(&p->limits, raw, &value))
		adapter_report(point, value, 0);
}

/* Points that say where in the element of the profile they are. */
static void places_report(struct ble_device *device,
			  const struct advertisement *adv,
			  const struct profile_match *match)
{
	struct ad_element e;

	if (!profile_find(match, adv, device->state.identity.name, &e))
		return;
	for (size_t i = 0; i < device->base->n_points; i++) {
		struct adapter_point *point = device->base->points[i];
		const struct ble_point *p = point->data;

		if (p->at >= 0 && !p->characteristic &&
		    (!p->layout || strcmp(p->layout, match->label) == 0))
			place_report(device, point, &e);
	}
}

/* Some sensors send one packet until they measure again. What is older may be
 * somebody else's repetition: it must not keep a dead device alive. */
static bool is_old(const struct ble_device *device, enum decode_result result,
		   int64_t now)
{
	return result == DECODED_REPEATED && device->state.n_key > 0 &&
	       (!device->good || now - device->good > REPEAT_TIME);
}

static void values_take(struct ble_device *device,
			const struct advertisement *adv,
			const struct readings *readings,
			enum decode_result result, int64_t now)
{
	bool profile = device->decode == DECODE_PROFILE;
	bool news = result == DECODED_VALUES ||
		    (profile && result == DECODED_NOTHING);

	if (news && (device->state.n_key == 0 || !device->state.counter.known)
	    && is_same(device, adv, readings, now))
		news = false;
	if (news) {	/* first, so that it registers with its values */
		device->good = now;
		counter_look(device, now);
		wake_later(device->base->bus->data, counter_due(device));
		readings_report(device, adv, readings, now);
	}
	for (size_t i = 0; news && profile && i < device->n_matches; i++)
		places_report(device, adv, &device->matches[i]);
	sign_of_life(device, adv->rssi, news, now);
}

static void address_look(struct ble_device *device,
			 const struct advertisement *adv)
{
	bool was = device->random;

	device->random = adv->random;
	if (!was && *address_note(device))
		adapter_note(device->base, "%s", address_note(device));
}

static void device_hear(struct ble_device *device,
			const struct advertisement *adv, int64_t now)
{
	const struct decoder *by;
	struct readings readings;
	const struct decode_identity before = device->state.identity;
	enum decode_result result = decode(
		(enum decode_choice)device->decode, adv, &device->state, now,
		&readings, &by);

	address_look(device, adv);
	identity_keep(device, &before, now);
	if (is_old(device, result, now))
		return;
	if (counter_name(result)) {
		trouble_set(device, result, now);
		return;
	}
	/* A name alone is nothing that a key vouches for. */
	if (result == DECODED_OTHER && device->state.n_key > 0)
		return;
	if (result == DECODED_VALUES)
		trouble_clear(device);
	if (device->state.counter.anew) {
		device->state.counter.anew = false;
		adapter_log(device->base->bus, device->base, LOG_NOTICE,
			    "its counter began anew: %d rising ones in a row "
			    "were good", DECODE_RISING);
	}
	values_take(device, adv, &readings, result, now);
}

static void report_hear(struct ble_controller *by, struct report *report,
			int64_t now)
{
	struct ble_bus *bus = by->bus;
	struct ble_device *device = bus->buckets[ble_bucket(report->address)];
	struct advertisement adv = {.rssi = report->rssi};

	while (device && memcmp(device->address, report->address, 6) != 0)
		device = device->next;
	if ((!device && !bus->find) || report->address_kind > 1 ||
	    !join_add(by->join, report, now))
		return;
	memcpy(adv.address, report->address, 6);
	adv.random = report->address_kind == 1;
	adv.scan_response = report->scan_response;
	adv.data = report->data;
	adv.n = report->n;
	if (bus->find)
		search_hear(bus, &adv, device, now);
	for (; device; device = device->next) {
		if (memcmp(device->address, report->address, 6) != 0)
			continue;
		device_hear(device, &adv, now);
		if (report->connectable)
			gatt_heard(by, device, now);
	}
}

bool listen_packet(struct ble_controller *by, const uint8_t *packet, size_t n,
		   int64_t now)
{
	struct ble_bus *bus = by->bus;
	struct reports reports;
	struct report report;
	bool broken = false;

	if (!reports_init(&reports, packet, n))
		return false;
	while (reports_next(&reports, &report, &broken)) {
		bus->n_heard++;
		report_hear(by, &report, now);
	}
	bus->n_broken += broken;
	return true;
}

void listen_count(struct ble_bus *bus, int64_t now)
{
	bus->count_at = now + SECOND;
	if (bus->n_heard > 0)
		adapter_count(bus->base, NULL, "advertisements", bus->n_heard);
	if (bus->n_broken > 0)
		adapter_count(bus->base, NULL, "broken_events", bus->n_broken);
	bus->n_heard = bus->n_broken = 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * The Bluetooth LE adapter: its keys and checks, and the turn of a controller,
 * which listens all the time and never blocks. */
#include <bluetooth/bluetooth.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "adapters/ble/controller.h"
#include "adapters/ble/decode_standard.h"
#include "adapters/ble/device.h"
#include "adapters/ble/effect.h"
#include "adapters/ble/gatt.h"
#include "adapters/ble/hci.h"
#include "adapters/ble/listen.h"
#include "adapters/ble/search.h"

#define SECOND INT64_C(1000000000)
#define PACKETS_MAX 256		/* in one turn */
#define EVENTS 4
#define KEY_LEGACY 12		/* of MiBeacon, versions 2 and 3 */
#define KEY 16
#define LAYOUTS_MAX 8
#define STARTS_MAX 8

enum { ORDER_LITTLE, ORDER_BIG };
static const struct adapter_key bus_keys[] = {
	ADAPTER_KEY(ADAPTER_TEXT, struct ble_bus, controller,
		    .fallback = "hci0",
		    .help = "the controller's name, or its address"),
	{.name = "controllers", .type = ADAPTER_TEXTS,
	 .offset = offsetof(struct ble_bus, several),
	 .size = sizeof(struct adapter_list),
	 .help = "in place of controller: several, and a device is heard by "
		 "any of them"},
	{.name = "scan", .type = ADAPTER_CHOICE,
	 .offset = offsetof(struct ble_bus, scan_kind),
	 .size = sizeof(uint32_t), .fallback = "passive",
	 .choices = "passive|active",
	 .help = "active asks for scan responses, which costs the sensors "
		 "power"},
	ADAPTER_KEY(ADAPTER_CHOICE, struct ble_bus, phy, .fallback = "auto",
		    .choices = "auto|1m",
		    .help = "auto: on LE Coded too, where the controller has "
			    "it"),
	{.name = "watchdog", .type = ADAPTER_TIME,
	 .offset = offsetof(struct ble_bus, watchdog_time),
	 .size = sizeof(int64_t), .fallback = "90s", .min = 0,
	 .max = 86400 * SECOND,
	 .help = "silence after which the controller is revived; 0s: never"},
	{.type = ADAPTER_END}
};
static const struct adapter_key device_keys[] = {
	ADAPTER_KEY(ADAPTER_BYTES, struct ble_device, address,
		    .flags = ADAPTER_REQUIRED, .min = 6, .max = 6,
		    .help = "the device's Bluetooth address"),
	ADAPTER_KEY(ADAPTER_SECRET, struct ble_device, bindkey_file,
		    .min = KEY_LEGACY, .max = KEY,
		    .help = "file with the key of encrypted advertisements"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct ble_device, decode,
		    .fallback = "auto", .choices = DECODE_NAMES,
		    .help = "which decoder its advertisements go to"),
	ADAPTER_KEY(ADAPTER_TEXT, struct ble_device, match,
		    .help = "of decode profile: service XXXX, company XXXX "
			    "or manufacturer; length, starts, bytes, name"),
	ADAPTER_KEY(ADAPTER_TEXTS, struct ble_device, layouts,
		    .help = "of decode profile, in place of match: several, "
			    "each with a label in front, \"hot: company ...\""),
	ADAPTER_KEY(ADAPTER_TEXT, struct ble_device, variant,
		    .help = "the model, where no packet that is heard tells "
			    "it: a name (H5106), or SwitchBot's letter (T)"),
	ADAPTER_KEY(ADAPTER_TEXTS, struct ble_device, start,
		    .help = "what is written to it once it is connected to "
			    "and subscribed to: \"FFE9 55aa19010019\""),
	ADAPTER_KEY(ADAPTER_TIME, struct ble_device, connect_timeout,
		    .fallback = "10s", .min = SECOND, .max = 60 * SECOND,
		    .help = "how long to wait for a connection"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct ble_device, security,
		    .fallback = "none", .choices = "none|encrypted|mitm|fips",
		    .help = "what a connection must have, at least"),
	{.type = ADAPTER_END}
};
static const struct adapter_key point_keys[] = {
	ADAPTER_KEY(ADAPTER_TEXT, struct ble_point, field,
		    .help = "what a decoder finds: temperature, temperature-2"),
	ADAPTER_KEY(ADAPTER_TEXT, struct ble_point, characteristic,
		    .help = "UUID, or \"handle 0x12\", of GATT"),
	ADAPTER_KEY(ADAPTER_INT, struct ble_point, at, .fallback = "auto",
		    .min = 0, .max = 253, .flags = ADAPTER_AUTO,
		    .help = "offset of the value in bytes, of decode profile "
			    "or in a characteristic"),
	ADAPTER_KEY(ADAPTER_INT, struct ble_point, length, .fallback = "0",
		    .min = 0, .max = 253,
		    .help = "of text and bytes; 0: to the end"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct ble_point, type,
		    .fallback = "auto", .choices = RAW_TYPES,
		    .help = "of the value; auto: what the standard says of "
			    "the characteristic"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct ble_point, order,
		    .fallback = "little", .choices = "little|big",
		    .help = "order of its bytes"),
	ADAPTER_KEY(ADAPTER_INT, struct ble_point, mask, .fallback = "0",
		    .min = 0, .max = INT64_MAX,
		    .help = "bits of the value, moved down; 0: all"),
	ADAPTER_KEY(ADAPTER_INT, struct ble_point, minus, .fallback = "0",
		    .min = 0, .max = INT64_MAX,
		    .help = "bits of which one makes the value negative"),
	ADAPTER_KEY(ADAPTER_INT, struct ble_point, divisor, .fallback = "0",
		    .min = 0, .max = INT64_MAX,
		    .help = "of several values counted into one number: the "
			    "product of the ranges below its own; 0: none"),
	ADAPTER_KEY(ADAPTER_INT, struct ble_point, modulo, .fallback = "0",
		    .min = 0, .max = INT64_MAX,
		    .help = "behind divisor: how many values it can have; 0: "
			    "all"),
	ADAPTER_KEY(ADAPTER_TEXT, struct ble_point, layout,
		    .help = "label of the layout it is in; none: in all"),
	ADAPTER_KEY(ADAPTER_TEXT, struct ble_point, when,
		    .help = "bytes that must be so for a value: 0=20/a0"),
	ADAPTER_KEY(ADAPTER_TEXT, struct ble_point, behind,
		    .help = "bytes that the value stands behind, wherever "
			    "they are: 55aa0202; at counts from there"),
	ADAPTER_KEY(ADAPTER_INTS, struct ble_point, invalid,
		    .help = "raw values that stand for no value"),
	ADAPTER_KEY(ADAPTER_INTS, struct ble_point, valid,
		    .help = "lowest and highest raw value; others stand for "
			    "no value"),
	ADAPTER_KEY(ADAPTER_BOOL, struct ble_point, notify, .fallback = "no",
		    .help = "subscribe, instead of reading"),
	ADAPTER_KEY(ADAPTER_TIME, struct ble_point, off_after,
		    .fallback = "0s", .min = 0, .max = 86400 * SECOND,
		    .help = "of a field that is told when it begins only: off "
			    "again so long after; 0: as it is told"),
	{.type = ADAPTER_END}
};

/* ---- checks: pure */

/* Of controllers, else that of controller; NULL: no more. */
static const char *name_of(const struct ble_bus *b, size_t i)
{
	const char *const *names = b->several.at;

	if (b->several.n > 0)
		return i < b->several.n ? names[i] : NULL;
	return i == 0 ? b->controller : NULL;
}

static int ble_check_bus(const struct adapter_bus *bus,
			 struct adapter_error *error)
{
	const struct ble_bus *b = bus->data;
	const char *key = b->several.n > 0 ? "controllers" : "controller";
	const char *name;

	if (b->several.n > BLE_CONTROLLERS)
		return adapter_refuse(bus, error, key, "are %zu, and may be %d",
				      b->several.n, BLE_CONTROLLERS);
	for (size_t i = 0; (name = name_of(b, i)); i++) {
		if (!hci_is_name(name))
			return adapter_refuse(bus, error, key,
				"is hci0, hci1 ... as hciconfig lists them, "
				"or a controller's address");
		for (size_t k = 0; k < i; k++)
			if (strcasecmp(name, name_of(b, k)) == 0)
				return adapter_refuse(bus, error, key,
						      "names %s twice", name);
	}
	return 0;
}

static bool ble_bus_place(const struct adapter_bus *bus, char *text, size_t size)
{
	const struct ble_bus *b = bus->data;

	snprintf(text, size, "%s", name_of(b, 0));
	for (; *text; text++)
		if (*text >= 'a' && *text <= 'f' && strchr(name_of(b, 0), ':'))
			*text = (char)(*text - 'a' + 'A');
	return true;
}

static bool ble_device_place(const struct adapter_device *device, char *text,
			     size_t size)
{
	const struct ble_device *d = device->data;
	const uint8_t *a = d->address;

	snprintf(text, size, "address %02X:%02X:%02X:%02X:%02X:%02X", a[0],
		 a[1], a[2], a[3], a[4], a[5]);
	return true;
}

/* The texts of match, or of layouts; NULL: no more. */
static const char *match_text(const struct ble_device *d, size_t i)
{
	const char *const *texts = d->layouts.at;

	if (d->layouts.n > 0)
		return i < d->layouts.n ? texts[i] : NULL;
	return i == 0 ? d->match : NULL;
}

static int check_matches(const struct adapter_device *device,
			 struct adapter_error *error)
{
	const struct ble_device *d = device->data;
	const char *key = d->match ? "match" : "layouts", *wrong, *text;
	struct profile_match match;

	if (d->layouts.n > LAYOUTS_MAX)
		return adapter_refuse(device->bus, error, "layouts",
				      "are %zu, and may be %d", d->layouts.n,
				      LAYOUTS_MAX);
	if (d->match && d->layouts.n > 0)
		return adapter_refuse(device->bus, error, "layouts",
				      "and match: one of them");
	if (match_text(d, 0) && d->decode != DECODE_PROFILE)
		return adapter_refuse(device->bus, error, key,
				      "needs decode: profile");
	if (!match_text(d, 0) && d->decode == DECODE_PROFILE)
		return adapter_refuse(device->bus, error, "decode",
				      "profile needs a match, or layouts");
	for (size_t i = 0; (text = match_text(d, i)); i++)
		if (profile_match_parse(text, &match, &wrong) < 0)
			return adapter_refuse(device->bus, error, key, "%s",
					      wrong);
	return 0;
}

static int check_starts(const struct adapter_device *device,
			struct adapter_error *error)
{
	const struct ble_device *d = device->data;
	const char *const *texts = d->start.at;
	struct ble_start start;

	if (d->start.n > STARTS_MAX)
		return adapter_refuse(device->bus, error, "start",
				      "are %zu, and may be %d", d->start.n,
				      STARTS_MAX);
	for (size_t i = 0; i < d->start.n; i++)
		if (!start_parse(texts[i], &start))
			return adapter_refuse(device->bus, error, "start",
				"needs a characteristic's UUID and 1 to %d "
				"bytes in hex: FFE9 55aa19010019",
				START_BYTES);
	return 0;
}

static int ble_check_device(const struct adapter_device *device,
			    struct adapter_error *error)
{
	const struct ble_device *d = device->data;
	int rc = check_matches(device, error);

	if (!rc)
		rc = check_starts(device, error);
	if (d->bindkey_file.n > 0 && d->bindkey_file.n != KEY &&
	    d->bindkey_file.n != KEY_LEGACY)
		rc = adapter_refuse(device->bus, error, "bindkey_file",
				    "holds %zu bytes, and a key has 16 (or 12 "
				    "of an old MiBeacon)", d->bindkey_file.n);
	if (d->variant && (!*d->variant || strlen(d->variant) >= DECODE_NAME))
		rc = adapter_refuse(device->bus, error, "variant",
				    "is a name of 1 to %d characters",
				    DECODE_NAME - 1);
	if (!rc)
		ble_device_effect_check(device, error);
	return rc;
}

static int check_kind(const struct adapter_point *point,
		      struct adapter_error *error)
{
	const struct ble_point *p = point->data;
	const struct ble_device *d = point->device->data;
	unsigned index;

	if (!!p->field + (p->characteristic || p->at >= 0) != 1)
		return adapter_refuse(point->device->bus, error, "field",
				      "a point has a field, a characteristic "
				      "or a place (at)");
	if (p->field && field_find(p->field, &index) < 0)
		return adapter_refuse(point->device->bus, error, "field",
				      "no decoder knows \"%s\": lwmux-ble(5) "
				      "lists what each of them tells", p->field);
	if (p->field && !decode_finds((enum decode_choice)d->decode,
				      (unsigned)field_find(p->field, &index)))
		return adapter_refuse(point->device->bus, error, "field",
				      d->decode == DECODE_NONE ?
				      "needs a decoder, and decode is none" :
				      d->decode == DECODE_PROFILE ?
				      "of decode profile a point has a place "
				      "(at)" :
				      "the decoder of this device never finds "
				      "it: lwmux-ble(5) lists what it does");
	if (p->at >= 0 && !p->characteristic && d->decode != DECODE_PROFILE)
		return adapter_refuse(point->device->bus, error, "at",
				      "needs decode: profile, or a "
				      "characteristic");
	if (p->at >= 0 && p->type == RAW_AUTO)
		return adapter_refuse(point->device->bus, error, "type",
				      "is needed with at");
	if (!p->characteristic && (p->notify || point->writable))
		return adapter_refuse(point->device->bus, error,
				      p->notify ? "notify" : "writable",
				      "only a characteristic can be");
	return 0;
}

/* "handle 0x12" or a UUID. */
static bool characteristic_parse(struct ble_point *p)
{
	unsigned long handle;
	char *end;

	p->handle = 0;
	p->standard = NULL;
	if (strncmp(p->characteristic, "handle ", 7) != 0) {
		if (!att_uuid_parse(p->characteristic, &p->uuid))
			return false;
		p->standard = standard_find(att_uuid_short(&p->uuid));
		return true;
	}
	handle = strtoul(p->characteristic + 7, &end, 0);
	p->handle = (uint16_t)handle;
	return !*end && handle > 0 && handle <= UINT16_MAX;
}

static int check_characteristic(const struct adapter_point *point,
				struct adapter_facts *facts,
				struct adapter_error *error)
{
	struct ble_point copy = *(const struct ble_point *)point->data;

	if (!characteristic_parse(&copy))
		return adapter_refuse(point->device->bus, error,
				      "characteristic", "is a UUID (2A6E) or "
				      "\"handle 0x12\"");
	if (copy.type == RAW_AUTO && !copy.standard)
		return adapter_refuse(point->device->bus, error, "type",
				      "is needed: this characteristic is none "
				      "of the standard that the adapter knows");
	if (copy.type == RAW_AUTO && point->writable)
		return adapter_refuse(point->device->bus, error, "type",
				      "is needed to write");
	if (copy.notify && copy.handle)
		return adapter_refuse(point->device->bus, error, "notify",
				      "needs the characteristic's UUID");
	facts->polled = !copy.notify;
	facts->writable = copy.type != RAW_AUTO;
	facts->type = copy.type == RAW_AUTO ? LWM2M_FLOAT :
		      raw_value_type((enum raw_type)copy.type);
	return 0;
}

static bool layout_exists(const struct ble_device *d, const char *label)
{
	struct profile_match match;
	const char *wrong, *text;

	for (size_t i = 0; (text = match_text(d, i)); i++)
		if (profile_match_parse(text, &match, &wrong) == 0 &&
		    strcmp(match.label, label) == 0)
			return true;
	return false;
}

static bool is_range(const struct adapter_list *list)
{
	const int64_t *numbers = list->at;

	return list->n == 2 && numbers[0] <= numbers[1];
}

/* Of a value within bytes. */
static int check_place(const struct adapter_point *point,
		       struct adapter_error *error)
{
	const struct ble_point *p = point->data;
	const struct ble_device *d = point->device->data;
	struct adapter_bus *bus = point->device->bus;
	struct profile_bytes bytes;

	if (p->layout && !layout_exists(d, p->layout))
		return adapter_refuse(bus, error, "layout",
				      "no layout has the label \"%s\"",
				      p->layout);
	if (p->when && p->at < 0)
		return adapter_refuse(bus, error, "when",
				      "needs a place (at)");
	if (p->when && !profile_bytes_parse(p->when, &bytes))
		return adapter_refuse(bus, error, "when",
				      "needs a place and up to 8 bytes in "
				      "hex, and a mask where wanted: 4=02/0f");
	if (p->valid.n > 0 && !is_range(&p->valid))
		return adapter_refuse(bus, error, "valid", "is two numbers, "
				      "the lowest and the highest");
	if (p->valid.n > 0 && raw_value_type((enum raw_type)p->type) !=
	    LWM2M_INTEGER)
		return adapter_refuse(bus, error, "valid",
				      "needs a type of whole numbers");
	if (p->behind && p->at < 0)
		return adapter_refuse(bus, error, "behind",
				      "needs a place (at)");
	if (p->behind && !profile_mark_parse(p->behind, &bytes))
		return adapter_refuse(bus, error, "behind",
				      "needs up to 8 bytes in hex, and a mask "
				      "where wanted: 55aa02/ffff0f");
	if (point->writable && (p->at >= 0 || p->mask || p->minus ||
				p->divisor || p->modulo ||
				p->type >= RAW_BCD8))
		return adapter_refuse(bus, error, "writable",
				      "only a whole characteristic can be, "
				      "and neither BCD nor a part of a number");
	return 0;
}

static void field_facts(const struct ble_point *p, struct adapter_facts *facts)
{
	unsigned index, field = (unsigned)field_find(p->field, &index);

	facts->type = field_type(field);
	facts->unit = field_unit(field);
}

static int ble_check_point(const struct adapter_point *point,
			   struct adapter_facts *facts,
			   struct adapter_error *error)
{
	const struct ble_point *p = point->data;
	int rc = check_kind(point, error);

	if (!rc)
		rc = check_place(point, error);
	if (rc)
		return rc;
	if (p->characteristic)
		rc = check_characteristic(point, facts, error);
	else if (p->field)
		field_facts(p, facts);
	else
		facts->type = raw_value_type((enum raw_type)p->type);
	if (!rc)
		ble_effect_check(point, facts, error);
	return rc;
}

/* ---- the bus opens and closes */

static void parts_close(struct ble_bus *b)
{
	search_drop(b);
	gatt_close(b);
	controllers_close(b);
	if (b->epoll >= 0)
		close(b->epoll);
	b->epoll = -1;
}

static int parts_open(struct ble_bus *b)
{
	int rc;

	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (b->epoll < 0)
		return -ENOMEM;
	rc = gatt_open(b);
	return rc < 0 ? rc : controllers_open(b);
}

static int ble_open(struct adapter_bus *bus)
{
	struct ble_bus *b = bus->data;
	int64_t now = adapter_now(bus);
	int rc;

	b->base = bus;
	b->epoll = -1;
	b->count_at = now + SECOND;
	for (b->n_controllers = 0; name_of(b, b->n_controllers);
	     b->n_controllers++)
		controller_init(b, &b->controllers[b->n_controllers],
				name_of(b, b->n_controllers));
	rc = parts_open(b);
	if (rc < 0)
		parts_close(b);
	return rc;
}

static void ble_close(struct adapter_bus *bus)
{
	struct ble_bus *b = bus->data;

	listen_count(b, 0);
	parts_close(b);
}

/* ---- devices */

static void point_attach(struct adapter_point *base)
{
	struct ble_point *p = base->data;
	unsigned index = 0;

	p->base = base;
	p->format = (struct raw_format){
		.type = (enum raw_type)p->type, .at = p->at > 0 ?
		(size_t)p->at : 0, .big_endian = p->order == ORDER_BIG,
		.length = p->length, .mask = p->mask, .minus = p->minus,
		.divisor = p->divisor, .modulo = p->modulo};
	p->limits = (struct profile_limits){
		p->invalid.at, p->invalid.n, p->valid.n ? p->valid.at : NULL};
	p->condition.n = p->mark.n = 0;
	if (p->when)
		profile_bytes_parse(p->when, &p->condition);
	if (p->behind)
		profile_mark_parse(p->behind, &p->mark);
	if (p->field) {
		p->field_id = (uint16_t)field_find(p->field, &index);
		p->index = (uint8_t)index;
	}
	if (p->characteristic)
		characteristic_parse(p);
}

static int matches_build(struct ble_device *d)
{
	size_t n = d->layouts.n > 0 ? d->layouts.n : d->match ? 1 : 0;
	const char *wrong;

	d->matches = n > 0 ? calloc(n, sizeof(*d->matches)) : NULL;
	if (n > 0 && !d->matches)
		return -ENOMEM;
	for (d->n_matches = 0; d->n_matches < n; d->n_matches++)
		profile_match_parse(match_text(d, d->n_matches),
				    &d->matches[d->n_matches], &wrong);
	return 0;
}

static int starts_build(struct ble_device *d)
{
	const char *const *texts = d->start.at;

	d->n_starts = d->started = 0;
	d->starts = d->start.n > 0 ? calloc(d->start.n, sizeof(*d->starts)) :
		    NULL;
	if (d->start.n > 0 && !d->starts)
		return -ENOMEM;
	for (; d->n_starts < d->start.n; d->n_starts++)
		start_parse(texts[d->n_starts], &d->starts[d->n_starts]);
	return 0;
}

static int ble_attach(struct adapter_device *device)
{
	struct ble_device *d = device->data;

	d->base = device;
	if (matches_build(d) < 0 || starts_build(d) < 0) {
		free(d->matches);
		return -ENOMEM;
	}
	d->has_uuids = d->n_starts > 0;
	for (size_t i = 0; i < device->n_points; i++) {
		const struct ble_point *p = device->points[i]->data;

		point_attach(device->points[i]);
		d->has_uuids |= p->characteristic && !p->handle;
		d->has_notify |= p->notify;
	}
	listen_enter(device->bus->data, d);
	gatt_attach(device->bus->data, d);
	return 0;
}

static void ble_detach(struct adapter_device *device)
{
	struct ble_device *d = device->data;

	gatt_detach(device->bus->data, d);
	listen_leave(device->bus->data, d);
	free(d->matches);
	free(d->starts);
	d->matches = NULL;
	d->starts = NULL;
}

static bool ble_counts(const struct adapter_device *device)
{
	const struct ble_device *d = device->data;

	return d->bindkey_file.n > 0;
}

static void ble_count_anew(struct adapter_device *device)
{
	listen_count_anew(device->data);
}

/* ---- the turn */

static void events_take(struct ble_bus *b, int64_t now)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(b->epoll, events, EVENTS, 0);

	for (int i = 0; i < n; i++)
		if (!controllers_ready(b, events[i].data.fd, now))
			gatt_ready(b, events[i].data.fd, now);
}

static int64_t time_earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t ble_turn(struct adapter_bus *bus, int64_t now, bool readable)
{
	struct ble_bus *b = bus->data;
	int64_t next;

	if (readable)
		events_take(b, now);
	if (b->find && !bus->search)
		search_drop(b);
	controllers_turn(b, now);
	if (now >= b->count_at || b->n_heard > PACKETS_MAX)
		listen_count(b, now);
	next = time_earlier(gatt_turn(b, now), listen_turn(b, now));
	next = time_earlier(next, controllers_due(b));
	return b->n_heard + b->n_broken > 0 ? time_earlier(next, b->count_at)
					    : next;
}

static int ble_pollfd(struct adapter_bus *bus)
{
	const struct ble_bus *b = bus->data;

	return b->epoll;
}

ADAPTER_EXPORT(.name = "ble", .version = "1", .traits = ADAPTER_SLEEPY,
	       .bus_keys = bus_keys, .device_keys = device_keys,
	       .point_keys = point_keys, .search_keys = ble_search_keys,
	       .bus_size = sizeof(struct ble_bus),
	       .device_size = sizeof(struct ble_device),
	       .point_size = sizeof(struct ble_point),
	       .search_size = sizeof(struct ble_search),
	       .check_bus = ble_check_bus, .check_device = ble_check_device,
	       .check_point = ble_check_point,
	       .bus_place = ble_bus_place, .device_place = ble_device_place,
	       .open = ble_open, .close = ble_close,
	       .attach = ble_attach, .detach = ble_detach,
	       .read = gatt_read, .command = gatt_command,
	       .cancel = gatt_cancel,
	       .pollfd = ble_pollfd, .turn = ble_turn,
	       .search = search_step,
	       .counts = ble_counts, .count_anew = ble_count_anew);

/* SPDX-License-Identifier: GPL-2.0-or-later
 * The Bluetooth LE adapter: its keys and checks, and the turn of a controller,
 * which listens all the time and never blocks. */
#include <bluetooth/bluetooth.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <unistd.h>

#include "adapters/ble/decode_standard.h"
#include "adapters/ble/device.h"
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

enum { ORDER_LITTLE, ORDER_BIG };
enum { SCAN_PASSIVE, SCAN_ACTIVE };
enum { PHY_AUTO, PHY_ONLY_1M };

static const struct adapter_key bus_keys[] = {
	ADAPTER_KEY(ADAPTER_TEXT, struct ble_bus, controller,
		    .fallback = "hci0",
		    .help = "the controller's name, or its address"),
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
	ADAPTER_KEY(ADAPTER_INTS, struct ble_point, invalid,
		    .help = "raw values that stand for no value"),
	ADAPTER_KEY(ADAPTER_BOOL, struct ble_point, notify, .fallback = "no",
		    .help = "subscribe, instead of reading"),
	ADAPTER_KEY(ADAPTER_TIME, struct ble_point, off_after,
		    .fallback = "0s", .min = 0, .max = 86400 * SECOND,
		    .help = "of a field that is told when it begins only: off "
			    "again so long after; 0: as it is told"),
	{.type = ADAPTER_END}
};

/* ---- checks: pure */

static int ble_check_bus(const struct adapter_bus *bus,
			 struct adapter_error *error)
{
	const struct ble_bus *b = bus->data;

	if (!hci_is_name(b->controller))
		return adapter_refuse(bus, error, "controller",
				      "is hci0, hci1 ... as hciconfig lists "
				      "them, or a controller's address");
	return 0;
}

static bool ble_bus_place(const struct adapter_bus *bus, char *text, size_t size)
{
	const struct ble_bus *b = bus->data;

	snprintf(text, size, "%s", b->controller);
	for (; *text; text++)
		if (*text >= 'a' && *text <= 'f' && strchr(b->controller, ':'))
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

static int ble_check_device(const struct adapter_device *device,
			    struct adapter_error *error)
{
	const struct ble_device *d = device->data;
	int rc = check_matches(device, error);

	if (d->bindkey_file.n > 0 && d->bindkey_file.n != KEY &&
	    d->bindkey_file.n != KEY_LEGACY)
		rc = adapter_refuse(device->bus, error, "bindkey_file",
				    "holds %zu bytes, and a key has 16 (or 12 "
				    "of an old MiBeacon)", d->bindkey_file.n);
	if (d->variant && (!*d->variant || strlen(d->variant) >= DECODE_NAME))
		rc = adapter_refuse(device->bus, error, "variant",
				    "is a name of 1 to %d characters",
				    DECODE_NAME - 1);
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
				      "no decoder knows \"%s\"", p->field);
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
	if (point->writable && (p->at >= 0 || p->mask || p->minus ||
				p->divisor || p->modulo ||
				p->type >= RAW_BCD8))
		return adapter_refuse(bus, error, "writable",
				      "only a whole characteristic can be, "
				      "and neither BCD nor a part of a number");
	return 0;
}

static int ble_check_point(const struct adapter_point *point,
			   struct adapter_facts *facts,
			   struct adapter_error *error)
{
	const struct ble_point *p = point->data;
	unsigned index;
	int rc = check_kind(point, error);

	if (!rc)
		rc = check_place(point, error);
	if (rc)
		return rc;
	if (p->characteristic)
		return check_characteristic(point, facts, error);
	if (p->field)
		facts->type = field_type((unsigned)field_find(p->field,
							      &index));
	else
		facts->type = raw_value_type((enum raw_type)p->type);
	return 0;
}

/* ---- the bus opens and closes */

static int fd_watch(const struct ble_bus *b, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void parts_close(struct ble_bus *b)
{
	search_drop(b);
	gatt_close(b);
	mgmt_close(&b->mgmt);
	if (b->hci >= 0)
		close(b->hci);
	if (b->epoll >= 0)
		close(b->epoll);
	free(b->join);
	b->hci = b->epoll = -1;
	b->join = NULL;
}

/* Power and the news of others come by the management socket. Without it the
 * controller is taken to be on. */
static int mgmt_watch(struct ble_bus *b)
{
	int rc = mgmt_open(&b->mgmt, b->index);

	if (rc == 0)
		return fd_watch(b, b->mgmt.fd);
	adapter_log(b->base, NULL, LOG_WARNING,
		    "no management of controllers: %s", strerror(-rc));
	scan_start(&b->scan, adapter_now(b->base), false);
	return 0;
}

static int parts_open(struct ble_bus *b)
{
	int rc;

	if (b->index < 0)
		return b->index;
	b->join = calloc(1, sizeof(*b->join));
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!b->join || b->epoll < 0)
		return -ENOMEM;
	b->hci = hci_open(b->index);
	if (b->hci < 0)
		return b->hci;
	rc = fd_watch(b, b->hci);
	if (rc == 0)
		rc = gatt_open(b);
	return rc < 0 ? rc : mgmt_watch(b);
}

static void number_say(const struct ble_bus *b)
{
	char now[16];

	snprintf(now, sizeof(now), "hci%d", b->index);
	if (strncmp(b->controller, "hci", 3) == 0 &&
	    strcmp(b->controller, now) != 0)
		adapter_log(b->base, NULL, LOG_NOTICE, "%s is %s now",
			    b->controller, now);
}

static int ble_open(struct adapter_bus *bus)
{
	struct ble_bus *b = bus->data;
	int64_t now = adapter_now(bus);
	int rc;

	b->base = bus;
	b->index = hci_find(b->controller);
	b->hci = b->epoll = b->mgmt.fd = -1;
	b->count_at = now + SECOND;
	scan_init(&b->scan, b->scan_kind == SCAN_ACTIVE, b->phy == PHY_AUTO);
	watchdog_start(&b->watchdog, b->watchdog_time, now);
	rc = parts_open(b);
	if (rc == 0) {
		number_say(b);
		return 0;
	}
	parts_close(b);
	adapter_lost(bus, NULL, rc, "%s: %s", b->controller,
		     rc == -EAFNOSUPPORT ? "the kernel has no Bluetooth" :
		     rc == -ENODEV ? "there is no such controller" :
		     strerror(-rc));
	return rc;
}

static void ble_close(struct adapter_bus *bus)
{
	struct ble_bus *b = bus->data;
	uint8_t packet[SCAN_COMMAND_MAX];
	size_t n = scan_end(&b->scan, packet);

	if (n > 0)		/* nobody scans for us any more */
		hci_write(b->hci, packet, n);
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
	p->condition.n = 0;
	if (p->when)
		profile_bytes_parse(p->when, &p->condition);
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

static int ble_attach(struct adapter_device *device)
{
	struct ble_device *d = device->data;

	d->base = device;
	if (matches_build(d) < 0)
		return -ENOMEM;
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
	d->matches = NULL;
}

/* ---- the turn */

static void hci_failed(struct ble_bus *b, int rc, int64_t now)
{
	if (rc == -ENETDOWN)
		scan_power_off(&b->scan);
	else if (rc == -EPERM)
		adapter_lost(b->base, NULL, rc, "%s: scanning needs "
			     "CAP_NET_RAW", b->controller);
	else if (rc != -EAGAIN)
		adapter_lost(b->base, NULL, rc == -EPIPE ? -ENODEV : rc,
			     "%s is gone", b->controller);
	(void)now;
}

static void hci_ready(struct ble_bus *b, int64_t now)
{
	uint8_t packet[HCI_PACKET_MAX];

	for (int i = 0; i < PACKETS_MAX; i++) {
		int n = hci_read(b->hci, packet, sizeof(packet));

		if (n == -EAGAIN)
			return;
		if (n < 0) {
			hci_failed(b, n, now);
			return;
		}
		if (!listen_packet(b, packet, (size_t)n, now))
			scan_event(&b->scan, packet, (size_t)n, now);
		else if (watchdog_heard(&b->watchdog, now))
			adapter_log(b->base, NULL, LOG_NOTICE,
				    "advertisements are heard again");
	}
}

static void power_lost(struct ble_bus *b)
{
	scan_power_off(&b->scan);
	if (b->mgmt.cycle || b->said == SCAN_OFF)
		return;
	b->said = SCAN_OFF;
	adapter_log(b->base, NULL, LOG_WARNING, "%s has no power",
		    b->controller);
}

static void refusal_say(const struct ble_bus *b)
{
	if (b->mgmt.refused == 0x0005 || b->mgmt.refused == 0x000d)
		adapter_log(b->base, NULL, LOG_WARNING,
			    "%s cannot be switched on: %s", b->controller,
			    mgmt_status_text(b->mgmt.status));
	else
		adapter_log(b->base, NULL, LOG_WARNING,
			    "%s: management refused: %s", b->controller,
			    mgmt_status_text(b->mgmt.status));
}

static void mgmt_ready(struct ble_bus *b, int64_t now)
{
	enum mgmt_news news;

	while (mgmt_read(&b->mgmt, &news) == 0) {
		switch (news) {
		case MGMT_NOTHING:
			break;
		case MGMT_ON:
			hci_remember(b->controller, b->mgmt.address);
			b->scan.known = false;
			scan_start(&b->scan, now, false);
			break;
		case MGMT_OFF:
			power_lost(b);
			if (!b->opened)	/* as the site's file wants it */
				mgmt_power(&b->mgmt, true);
			break;
		case MGMT_GONE:
			adapter_lost(b->base, NULL, -ENODEV,
				     "%s was unplugged", b->controller);
			return;
		case MGMT_DISCOVERING:
		case MGMT_DISCOVERED:
			scan_others(&b->scan, news == MGMT_DISCOVERING, now);
			break;
		case MGMT_REFUSED:
			refusal_say(b);
			break;
		}
		b->opened |= news == MGMT_ON || news == MGMT_OFF;
	}
}

static void events_take(struct ble_bus *b, int64_t now)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(b->epoll, events, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == b->hci)
			hci_ready(b, now);
		else if (events[i].data.fd == b->mgmt.fd)
			mgmt_ready(b, now);
		else
			gatt_ready(b, events[i].data.fd, now);
	}
}

/* Each rung is told once in a silence. */
static void ladder_say(const struct ble_bus *b, const char *what, int rc,
		       const char *need)
{
	int64_t seconds = (adapter_now(b->base) - b->watchdog.heard) / SECOND;

	if (b->watchdog.rounds > 0)
		return;
	if (rc < 0)
		adapter_log(b->base, NULL, LOG_WARNING,
			    "nothing heard for %lld s; %s: %s%s",
			    (long long)seconds, what, strerror(-rc),
			    rc == -EACCES || rc == -EPERM ? need : "");
	else
		adapter_log(b->base, NULL, LOG_WARNING,
			    "nothing heard for %lld s: %s",
			    (long long)seconds, what);
}

static void ladder_climb(struct ble_bus *b, int64_t now)
{
	switch (watchdog_step(&b->watchdog, now)) {
	case WATCHDOG_NOTHING:
		return;
	case WATCHDOG_SCAN:
		ladder_say(b, "the scan is started again", 0, "");
		if (b->scan.state != SCAN_OFF || b->mgmt.fd < 0)
			scan_start(&b->scan, now, true);
		break;
	case WATCHDOG_POWER:
		ladder_say(b, "power is switched off and on",
			   mgmt_power_cycle(&b->mgmt), "");
		break;
	case WATCHDOG_RFKILL:
		b->mgmt.cycle = b->mgmt.powered;
		ladder_say(b, "rfkill blocks and releases it",
			   hci_rfkill(b->index),
			   " (needs write access to /dev/rfkill)");
		break;
	case WATCHDOG_USB:
		ladder_say(b, "its USB device is reset",
			   hci_usb_reset(b->index),
			   " (needs write access to its node in /dev/bus/usb)");
		break;
	}
	adapter_count(b->base, NULL, "revivals", 1);
}

/* Without a status it was a time-out. */
static void scan_refusal_say(const struct ble_bus *b)
{
	if (b->scan.status)
		adapter_log(b->base, NULL, LOG_WARNING,
			    "%s refuses to scan (HCI status 0x%02x): listening "
			    "to what others let it hear", b->controller,
			    b->scan.status);
	else
		adapter_log(b->base, NULL, LOG_WARNING,
			    "%s does not answer to commands: listening to what "
			    "others let it hear", b->controller);
}

static void scan_say(struct ble_bus *b)
{
	enum scan_state state = b->scan.state;

	if (state == b->said || (state == SCAN_REFUSED &&
				 b->scan.refusals < 4))
		return;
	if (state == SCAN_RUNNING)
		adapter_log(b->base, NULL, LOG_INFO, "scanning on %s, %s%s%s",
			    b->controller, b->scan.active ? "active" :
			    "passive", b->scan.extended ? ", extended" : "",
			    b->scan.coded ? ", LE Coded too" : "");
	else if (state == SCAN_LISTENING)
		adapter_log(b->base, NULL, LOG_INFO,
			    "another program discovers on %s: listening",
			    b->controller);
	else if (state == SCAN_REFUSED)
		scan_refusal_say(b);
	else
		return;
	b->said = state;
}

static void scan_drive(struct ble_bus *b, int64_t now)
{
	uint8_t packet[SCAN_COMMAND_MAX];
	size_t n = scan_step(&b->scan, now, packet);
	int rc;

	if (n > 0) {
		rc = hci_write(b->hci, packet, n);
		if (rc < 0)
			hci_failed(b, rc, now);
	}
	scan_say(b);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t ble_turn(struct adapter_bus *bus, int64_t now, bool readable)
{
	struct ble_bus *b = bus->data;
	int64_t next;

	if (readable)
		events_take(b, now);
	if (!bus->devices)	/* nobody is missed */
		watchdog_heard(&b->watchdog, now);
	if (b->find && !bus->search)
		search_drop(b);
	ladder_climb(b, now);
	scan_drive(b, now);
	if (now >= b->count_at || b->n_heard > PACKETS_MAX)
		listen_count(b, now);
	next = sooner(gatt_turn(b, now), listen_turn(b, now));
	next = sooner(next, sooner(scan_due(&b->scan),
				   watchdog_due(&b->watchdog)));
	return b->n_heard + b->n_broken > 0 ? sooner(next, b->count_at) : next;
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
	       .search = search_step);

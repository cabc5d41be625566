/* SPDX-License-Identifier: GPL-2.0-or-later
 * The Bluetooth adapter as a whole, but for the kernel: its HCI socket is one
 * end of a socket pair, and so is a connection, at whose other end the test
 * answers. More of connections stands in the tests of ATT, and in those with a
 * real controller in a virtual machine. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bluetooth/bluetooth.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/ble/controller.h"
#include "adapters/ble/device.h"
#include "adapters/ble/gatt.h"
#include "adapters/ble/hci.h"
#include "tests/fake/host.h"

extern const struct adapter_ops lwmux_adapter;

#define CLOSE(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static struct fake_host *host;
static struct adapter_ops ops;
static int radio, other_radio;	/* the other ends */
static int64_t now;

static struct ble_bus *bus(void)
{
	return fake_bus(host)->data;
}

static void controller_pair(struct ble_bus *b, const char *name, int *end)
{
	struct ble_controller *c = &b->controllers[b->n_controllers++];
	struct epoll_event event = {.events = EPOLLIN};
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK |
				    SOCK_CLOEXEC, 0, fds), 0);
	controller_init(b, c, name);
	c->hci = fds[0];
	*end = fds[1];
	c->join = calloc(1, sizeof(*c->join));
	scan_init(&c->scan, false, false);
	watchdog_start(&c->watchdog, b->watchdog_time, adapter_now(b->base));
	event.data.fd = c->hci;
	epoll_ctl(b->epoll, EPOLL_CTL_ADD, c->hci, &event);
}

/* ---- connections: what gatt.c asks of the kernel, wrapped by the linker */

static int peer, own_end;	/* of the connection, -1: there is none */

int __wrap_socket(int domain, int type, int protocol);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t n);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t n);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t n);
int __wrap_hci_devba(int index, bdaddr_t *address);
int __real_socket(int domain, int type, int protocol);
int __real_bind(int fd, const struct sockaddr *address, socklen_t n);
int __real_connect(int fd, const struct sockaddr *address, socklen_t n);
int __real_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t n);

int __wrap_socket(int domain, int type, int protocol)
{
	int fds[2];

	if (domain != AF_BLUETOOTH || protocol != BTPROTO_L2CAP)
		return __real_socket(domain, type, protocol);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK |
				    SOCK_CLOEXEC, 0, fds), 0);
	own_end = fds[0];
	peer = fds[1];
	return own_end;
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t n)
{
	return fd == own_end ? 0 : __real_bind(fd, address, n);
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t n)
{
	return fd == own_end ? 0 : __real_connect(fd, address, n);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t n)
{
	return fd == own_end ? 0 : __real_setsockopt(fd, level, name, value, n);
}

int __wrap_hci_devba(int index, bdaddr_t *address)
{
	(void)index;
	memset(address, 0, sizeof(*address));
	return 0;
}

/* As the adapter's own, with pairs in place of the kernel's sockets. */
static int pair_open(struct adapter_bus *base)
{
	struct ble_bus *b = base->data;

	b->base = base;
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	controller_pair(b, "hci0", &radio);
	if (b->several.n > 1)
		controller_pair(b, "hci1", &other_radio);
	return gatt_open(b);
}

static int start(void **state)
{
	(void)state;
	ops = lwmux_adapter;
	ops.open = pair_open;
	host = fake_host_create(&ops, "watchdog=90s");
	now = SECOND;
	radio = peer = own_end = -1;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_host_destroy(host);
	if (radio >= 0)
		close(radio);
	if (peer >= 0)
		close(peer);
	return 0;
}

static void turn(void)
{
	fake_time_set(host, now);
	ops.turn(fake_bus(host), now, true);
}

/* An advertisement, in hex, of this address (as written); a second later. */
static void hear(const char *address, const char *hex)
{
	/* random, but for one of a maker's own */
	uint8_t packet[300] = {0x04, 0x3e, 0, 0x02, 1, 0, *address != '5'};
	size_t n = 14;
	unsigned byte;

	for (int i = 0; i < 6; i++)
		packet[12 - i] = (uint8_t)strtoul(address + 3 * i, NULL, 16);
	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		packet[n++] = (uint8_t)byte;
	packet[13] = (uint8_t)(n - 14);
	packet[n++] = (uint8_t)-60;
	packet[2] = (uint8_t)(n - 3);
	assert_int_equal(send(radio, packet, n, 0), n);
	now += SECOND;
	turn();
}

#define ROOM "C0:11:22:33:44:55"
#define COLD "54:48:E6:8F:80:A5"
/* BTHome, 25.00 and 25.06 degrees */
#define WARM "0c16d2fc4002c40903bf130161"
#define WARMER "0c16d2fc4002ca0903bf130161"

static struct adapter_device *device;

static struct adapter_point *point(const char *address, const char *spec)
{
	char text[128];

	snprintf(text, sizeof(text), "address=%s", address);
	device = fake_device_add(host, "room", text);
	return fake_point_add(device, "p", spec);
}

static void an_advertisement_is_reported(void **state)
{
	struct adapter_point *p = point(ROOM, "field=temperature");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_false(fake_facts(p)->polled);
	assert_string_equal(fake_facts(p)->unit, "Cel");
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, WARM);
	CLOSE(fake_number(p), 25);
	assert_int_equal(fake_events(host, FAKE_HEARD), 1);
	assert_int_equal(fake_event(host, FAKE_HEARD, 0)->error, -60);
	hear(ROOM, WARMER);
	CLOSE(fake_number(p), 25.06);
}

static void the_strength_can_be_a_point(void **state)
{
	struct adapter_point *p = point(ROOM, "field=rssi");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, WARM);
	CLOSE(fake_number(p), -60);
}

static void strangers_leave_no_trace(void **state)
{
	struct adapter_point *p = point(ROOM, "field=temperature");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear("C0:11:22:33:44:56", WARM);
	hear("55:44:33:22:11:C0", WARM);
	assert_null(fake_last(p));
	assert_int_equal(fake_events(host, FAKE_HEARD), 0);
	assert_int_equal(fake_events(host, FAKE_LOG), 0);
	now += 2 * SECOND;
	turn();
	assert_int_equal(fake_count(host, "advertisements"), 2);
}

/* Three channels, and several of each: one sample. After a while it is one
 * again, so that the time of the value moves on. */
static void the_same_is_reported_once(void **state)
{
	(void)state;
	point(ROOM, "field=temperature");
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < 9; i++)
		hear(ROOM, WARM);
	assert_int_equal(fake_events(host, FAKE_REPORT), 1);
	for (int i = 0; i < 3; i++)
		hear(ROOM, WARM);
	assert_int_equal(fake_events(host, FAKE_REPORT), 2);
}

static void a_press_is_told_once_and_released(void **state)
{
	struct adapter_point *p = point(ROOM, "field=button");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "0816d2fc4000013a01");
	hear(ROOM, "0816d2fc4000013a01");
	hear(ROOM, "0816d2fc4000013a01");
	hear(ROOM, "0816d2fc4000023a00");
	assert_int_equal(fake_events(host, FAKE_REPORT), 2);
	assert_true(fake_event(host, FAKE_REPORT, 0)->value.as.boolean);
	assert_false(fake_event(host, FAKE_REPORT, 1)->value.as.boolean);
	assert_int_equal(fake_event(host, FAKE_REPORT, 0)->happened, 1);
	assert_int_equal(fake_event(host, FAKE_REPORT, 1)->happened, 1);
	assert_non_null(fake_last(p));
}

/* Of the same kind and value again: each happened; what is so did not. */
static void steps_and_kinds_are_events(void **state)
{
	static const struct {
		const char *field, *first, *second;
		unsigned happened;
	} all[] = {
		{"field=button-event", "0816d2fc4000013a01",
		 "0816d2fc4000023a01", 2},
		{"field=dimmer", "0916d2fc4000013c020a",
		 "0916d2fc4000023c020a", 2},
		{"field=motion", "0816d2fc4000012101", "0816d2fc4000022101",
		 0},
		{"field=motion off_after=60s", "0816d2fc4000012101",
		 "0816d2fc4000022101", 2},
	};
	struct adapter_point *p = point(ROOM, all[0].field);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		unsigned before = fake_events(host, FAKE_REPORT), n = 0;

		fake_point_set(p, all[i].field);
		assert_int_equal(fake_attach(host), 0);
		hear(ROOM, all[i].first);
		hear(ROOM, all[i].second);
		assert_int_equal(fake_events(host, FAKE_REPORT), before + 2);
		for (unsigned k = before; k < before + 2; k++)
			n += fake_event(host, FAKE_REPORT, k)->happened;
		assert_int_equal(n, all[i].happened);
		fake_close(host);
	}
}

static void the_second_of_a_kind_is_another_point(void **state)
{
	struct adapter_point *p = point(ROOM, "field=temperature-2");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "0a16d2fc4002ca0902cf09");
	CLOSE(fake_number(p), 25.11);
}

static void places_of_a_profile_are_read(void **state)
{
	struct adapter_point *volt, *temperature, *level;

	(void)state;
	device = fake_device_add(host, "tank", "address=" ROOM
				 " decode=profile match=company_0059");
	volt = fake_point_add(device, "v", "at=1 type=uint8");
	temperature = fake_point_add(device, "t", "at=2 type=uint8 mask=127");
	level = fake_point_add(device, "l",
			       "at=3 type=uint16 mask=16383 invalid=16383");
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "0dff5900087043b6c3e0f509fae3");
	CLOSE(fake_number(volt), 112);
	CLOSE(fake_number(temperature), 0x43);
	CLOSE(fake_number(level), 0x3b6);
	hear(ROOM, "0dff5900087043ffffe0f509fae3");
	CLOSE(fake_number(level), 0x3b6);
	/* cut: the rest is counted as damaged, and is no value */
	hear(ROOM, "06ff5900087043");
	assert_true(fake_device_count(device, "damaged") > 0);
}

/* SensorPush HT.w (sensorpush-ble's tests), by steps of 0.0025 from -40 Cel and
 * 0 %RH: its values are counted into one number; its other pages, of
 * which the low bits of the first byte tell, are no values. */
static void values_counted_into_one_number_are_read(void **state)
{
	struct adapter_point *t, *h;

	(void)state;
	device = fake_device_add(host, "sp", "address=" ROOM " decode=profile "
		"match=manufacturer_length_5_bytes_0=04/ff");
	t = fake_point_add(device, "t", "at=1 type=uint32 modulo=66001");
	h = fake_point_add(device, "h", "at=1 type=uint32 divisor=66001 "
			   "modulo=40001");
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "06ff043936e73c");
	CLOSE(fake_number(t), 24176);
	CLOSE(fake_number(h), 15481);
	hear(ROOM, "06ff0739e7cd3f");
	CLOSE(fake_number(t), 24176);
}

/* ThermoPro's probes for meat (thermopro-ble's tests): each packet is of one. */
static void packets_of_several_probes_are_told_apart(void **state)
{
	struct adapter_point *first, *second;

	(void)state;
	device = fake_device_add(host, "tp", "address=" ROOM " decode=profile "
				 "match=manufacturer_length_7-13");
	first = fake_point_add(device, "p", "at=1 type=uint16 when=0=00");
	second = fake_point_add(device, "q", "at=1 type=uint16 when=0=01");
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "08ff003a0030083800");
	CLOSE(fake_number(first), 28 + 30);
	assert_null(fake_last(second));
	hear(ROOM, "08ff0137003b0b3700");
	CLOSE(fake_number(first), 28 + 30);
	CLOSE(fake_number(second), 25 + 30);
	hear(ROOM, "0eff003300480a3300ffeeddccbbaa");
	CLOSE(fake_number(first), 21 + 30);
}

/* TP972, by Fahrenheit from -54. */
static void a_packet_of_several_points_is_read(void **state)
{
	struct adapter_point *tip, *ambient;

	(void)state;
	device = fake_device_add(host, "tp", "address=" ROOM " decode=profile "
				 "match=manufacturer_length_23");
	tip = fake_point_add(device, "p", "at=5 type=float32 when=0=00");
	ambient = fake_point_add(device, "q", "at=1 type=uint16 when=0=00");
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "18ff0072006a0a33d3b8420040ae426606ae426c54737744f8");
	assert_true(fabs(fake_number(tip) - 92.4125) < 1e-4);
	CLOSE(fake_number(ambient), 114);
}

/* Qingping's motion sensor: light with the battery, or motion. */
static void each_layout_has_points_of_its_own(void **state)
{
	struct adapter_point *battery, *motion, *steady;

	(void)state;
	device = fake_device_add(host, "q", "address=" ROOM " decode=profile "
		"layouts=light:_service_fdcd_starts_0812,"
		"motion:_service_fdcd_starts_4812");
	battery = fake_point_add(device, "b",
				 "at=10 type=uint8 layout=light");
	motion = fake_point_add(device, "m", "at=10 type=bool layout=motion");
	steady = fake_point_add(device, "s",
				"at=13 type=uint8 when=8=08/0f");
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "1416cdfd4812cdd560342d580804012d01000f01b7");
	assert_null(fake_last(battery));
	assert_true(fake_last(motion)->value.as.boolean);
	CLOSE(fake_number(steady), 0);
	fake_forget(host);
	hear(ROOM, "1716cdfd0812cdd560342d580201640f01980904"
	     "3c010000");
	CLOSE(fake_number(battery), 100);
	assert_null(fake_last(motion));
	assert_null(fake_last(steady));
}

static void what_is_wrong_is_refused(void **state)
{
	static const struct {
		const char *device, *point, *says;
	} rows[] = {
		{"", "field=temprature", "field: no decoder knows"},
		{"", "", "field: a point has"},
		{"", "field=temperature characteristic=2A6E",
		 "field: a point has"},
		{" decode=none", "field=temperature", "field: needs a decoder"},
		{" decode=profile match=company_0059", "field=temperature",
		 "field: of decode profile"},
		{" decode=ruuvi", "field=smoke", "field: the decoder of this"},
		{"", "at=3 type=uint8", "at: needs decode: profile"},
		{" decode=profile match=company_0499 layouts=company_0059",
		 "at=1 type=uint8", "layouts: and match"},
		{" layouts=a:_company_0059", "field=temperature",
		 "layouts: needs decode"},
		{" decode=profile layouts=a:_company_0059,b:_colour_red",
		 "at=1 type=uint8", "layouts: knows service"},
		{" decode=profile layouts=a:_company_0059",
		 "at=1 type=uint8 layout=b", "layout: no layout has"},
		{"", "field=temperature when=1=02", "when: needs a place"},
		{" decode=profile match=company_0059",
		 "at=1 type=uint8 when=x", "when: needs a place and up to"},
		{"", "characteristic=FF01 type=uint8 valid=5", "valid: is two"},
		{"", "characteristic=FF01 type=uint8 valid=5,4", "valid: is two"},
		{"", "characteristic=FF01 type=float32 valid=4,5",
		 "valid: needs a type of whole"},
		{"", "field=temperature behind=55aa", "behind: needs a place"},
		{"", "characteristic=FF01 at=0 type=uint8 behind=5",
		 "behind: needs up to 8"},
		{"", "characteristic=FF01 at=0 type=uint8 "
		 "behind=010203040506070809", "behind: needs up to 8"},
		{" start=FFE9", "field=temperature", "start: needs a"},
		{" start=FFE9_", "field=temperature", "start: needs a"},
		{" start=FFE9_1", "field=temperature", "start: needs a"},
		{" start=FFE_10", "field=temperature", "start: needs a"},
		{" start=FFE9_10_20", "field=temperature", "start: needs a"},
		{" start=FFE9_000102030405060708090a0b0c0d0e0f1011121314",
		 "field=temperature", "start: needs a"},
		{"", "characteristic=FF01 at=2 type=uint8 writable=yes",
		 "writable: only a whole"},
		{"", "characteristic=FF01 type=bcd8 writable=yes",
		 "writable: only a whole"},
		{" decode=profile", "field=temperature",
		 "decode: profile needs a match"},
		{" match=service_fff0", "field=temperature",
		 "match: needs decode"},
		{" decode=profile match=service", "field=temperature",
		 "match: "},
		{" decode=profile match=service_fff0", "at=1", "type: "},
		{"", "characteristic=FF01", "type: is needed"},
		{"", "characteristic=xyz", "characteristic: is a UUID"},
		{"", "characteristic=handle_0", "characteristic: is a UUID"},
		{"", "characteristic=2A6E writable=yes", "type: is needed"},
		{"", "field=temperature writable=yes", "writable: only a"},
		{"", "field=temperature notify=yes", "notify: only a"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char spec[128];

		stop(state);
		start(state);
		snprintf(spec, sizeof(spec), "address=" ROOM "%s",
			 rows[i].device);
		device = fake_device_add(host, "d", spec);
		fake_point_add(device, "p", rows[i].point);
		if (fake_check(host) == 0 ||
		    !strstr(fake_refusals(host), rows[i].says))
			fail_msg("%s %s: \"%s\", not \"%s\"", rows[i].device,
				 rows[i].point, fake_refusals(host),
				 rows[i].says);
	}
}

static void a_controller_has_a_name_or_an_address(void **state)
{
	static const char *const wrong[] = {
		"", "hci", "hcix", "hci0x", "hci256", "usb0",
		"C0:11:22:33:44", "C0:11:22:33:44:5", "C0:11:22:33:44:555",
		"C0-11-22-33-44-55", "C0:11:22:33:44:xx"};

	(void)state;
	assert_true(hci_is_name("hci0"));
	assert_true(hci_is_name("C0:11:22:33:44:ff"));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_false(hci_is_name(wrong[i]));
		assert_int_equal(hci_find(wrong[i]), -EINVAL);
	}
}

/* So that what is there twice is told, with where it is first. */
static void a_bus_is_its_controller_and_a_device_its_address(void **state)
{
	struct ble_bus *b = bus();
	char text[40];

	(void)state;
	assert_true(lwmux_adapter.bus_place(fake_bus(host), text, 40));
	assert_string_equal(text, "hci0");
	b->controller = "c0:11:22:aB:cd:ef";
	assert_true(lwmux_adapter.bus_place(fake_bus(host), text, 40));
	assert_string_equal(text, "C0:11:22:AB:CD:EF");
	point(ROOM, "field=temperature");
	assert_true(lwmux_adapter.device_place(device, text, 40));
	assert_string_equal(text, "address C0:11:22:33:44:55");
}

static void a_controller_is_followed_where_its_number_moves(void **state)
{
	static const struct hci_there there[] = {
		{0, {1}}, {3, {2}}, {4, {0}}, {5, {7}}, {6, {7}}};
	static const struct { int named; uint8_t address[6]; int index; } t[] = {
		{0, {0}, 0},		/* nothing is known of it yet */
		{4, {0}, 4},		/* the kernel still sets it up */
		{1, {2}, 3},		/* came back under another number */
		{0, {2}, 3},		/* whose own another one has now */
		{0, {9}, 0},		/* another one in its place */
		{-1, {1}, 0},		/* by its address */
		{-1, {9}, -ENODEV}, {1, {0}, -ENODEV}, {1, {9}, -ENODEV},
		{6, {7}, 6}, {5, {7}, 5},	/* cheap ones share an address */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_int_equal(hci_pick(t[i].named, t[i].address, there, 5),
				 t[i].index);
	assert_int_equal(hci_pick(0, t[0].address, NULL, 0), -ENODEV);
}

/* The socket opens before the kernel has set up the controller, which it then does
 * not know; nobody tells a second time that it is there. */
static void a_controller_is_asked_again_when_the_kernel_is_ready(void **state)
{
	static const uint8_t unknown[] = {2, 0, 1, 0, 3, 0, 4, 0, 0x11};
	static const uint8_t another[] = {4, 0, 2, 0, 0, 0};
	static const uint8_t added[] = {4, 0, 1, 0, 0, 0};
	static const uint8_t ask[] = {4, 0, 1, 0, 0, 0};
	uint8_t info[6 + 3 + 280] = {1, 0, 1, 0, 27, 1, 4, 0, 0,
				     6, 5, 4, 3, 2, 1}, asked[16];
	struct mgmt mgmt = {.index = 1};
	enum mgmt_news news;
	int fds[2];

	(void)state;
	info[9 + 13] = 1;		/* it has power */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK |
				    SOCK_CLOEXEC, 0, fds), 0);
	mgmt.fd = fds[0];
	assert_int_equal(send(fds[1], unknown, sizeof(unknown), 0),
			 sizeof(unknown));
	assert_int_equal(mgmt_read(&mgmt, &news), 0);
	assert_int_equal(news, MGMT_NOTHING);
	assert_int_equal(send(fds[1], another, sizeof(another), 0),
			 sizeof(another));
	assert_int_equal(mgmt_read(&mgmt, &news), 0);
	assert_int_equal(recv(fds[1], asked, sizeof(asked), 0), -1);
	assert_int_equal(send(fds[1], added, sizeof(added), 0), sizeof(added));
	assert_int_equal(mgmt_read(&mgmt, &news), 0);
	assert_int_equal(recv(fds[1], asked, sizeof(asked), 0), sizeof(ask));
	assert_memory_equal(asked, ask, sizeof(ask));
	assert_int_equal(send(fds[1], info, sizeof(info), 0), sizeof(info));
	assert_int_equal(mgmt_read(&mgmt, &news), 0);
	assert_int_equal(news, MGMT_ON);
	assert_memory_equal(mgmt.address, "\6\5\4\3\2\1", 6);
	close(fds[0]);
	close(fds[1]);
}

static void characteristics_are_polled_or_not(void **state)
{
	struct adapter_point *read, *notify, *write;

	(void)state;
	device = fake_device_add(host, "d", "address=" ROOM);
	read = fake_point_add(device, "r", "characteristic=2A6E");
	notify = fake_point_add(device, "n", "characteristic=2A6F notify=yes");
	write = fake_point_add(device, "w", "characteristic=FF01 type=int16 "
			       "writable=yes");
	assert_int_equal(fake_check(host), 0);
	assert_true(fake_facts(read)->polled);
	assert_false(fake_facts(read)->writable);
	assert_false(fake_facts(notify)->polled);
	assert_true(fake_facts(write)->writable);
	assert_int_equal(fake_facts(write)->type, LWM2M_INTEGER);
}

#define KEY "bindkey_file=231d39c1d7cc1ab1aee224cd096db932"
#define FIRST "1216d2fc41e445f3c9962b332211006c7c4519"
#define SECOND_ONE "1216d2fc413e932cc7175f34221100553876af"

static struct adapter_point *cold(void)
{
	device = fake_device_add(host, "cold", "address=" COLD " " KEY);
	return fake_point_add(device, "t", "field=temperature");
}

static void trouble_is_counted_and_said_once(void **state)
{
	struct adapter_point *p = cold();

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < 5; i++)
		hear(COLD, "1216d2fc41e445f3c9962b332211006c7c4518");
	assert_int_equal(fake_device_count(device, "wrong_key"), 5);
	assert_int_equal(fake_events(host, FAKE_LOG), 1);
	assert_non_null(strstr(fake_event(host, FAKE_LOG, 0)->text,
			       "wrong key"));
	assert_null(fake_last(p));
	assert_int_equal(fake_events(host, FAKE_HEARD), 0);
	hear(COLD, FIRST);
	CLOSE(fake_number(p), 25.06);
	assert_int_equal(fake_events(host, FAKE_LOG), 2);
	assert_int_equal(fake_events(host, FAKE_HEARD), 1);
	hear(COLD, WARM);		/* in clear */
	assert_int_equal(fake_device_count(device, "unprotected"), 1);
	hear(COLD, "0816d2fc41ba0db07a");
	assert_int_equal(fake_device_count(device, "damaged"), 1);
	assert_int_equal(fake_events(host, FAKE_HEARD), 1);
}

/* The last line of the status, "" for none. */
static const char *noted(void)
{
	size_t n = fake_events(host, FAKE_NOTE);

	return n ? fake_event(host, FAKE_NOTE, n - 1)->text : "";
}

static void the_status_says_why(void **state)
{
	(void)state;
	cold();
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(noted(), "");
		hear(COLD, "1216d2fc41e445f3c9962b332211006c7c4518");
	}
	assert_string_equal(noted(), "wrong key: 3 refused in 5 min");
	hear(COLD, "1216d2fc41e445f3c9962b332211006c7c4518");
	assert_int_equal(fake_events(host, FAKE_NOTE), 1);
	hear(COLD, FIRST);
	assert_int_equal(fake_events(host, FAKE_NOTE), 2);
	assert_string_equal(noted(), "");
	hear(COLD, WARM);
	assert_non_null(strstr(noted(), "in clear"));
	hear(COLD, SECOND_ONE);
	assert_string_equal(noted(), "");
	/* three in more than five minutes may be noise */
	for (int i = 0; i < 6; i++) {
		hear(COLD, "1216d2fc41e445f3c9962b332211006c7c4518");
		now += 200 * SECOND;
	}
	assert_string_equal(noted(), "");
}

static void the_status_says_what_is_missing(void **state)
{
	(void)state;
	point(COLD, "field=temperature");
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	assert_non_null(strstr(noted(), "no bindkey_file"));
	stop(state);
	start(state);
	device = fake_device_add(host, "d", "address=" ROOM " decode=govee");
	fake_point_add(device, "t", "field=temperature");
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "09ff010001010cb9148c");
	assert_non_null(strstr(noted(), "variant"));
	stop(state);
	start(state);
	point("40:11:22:33:44:55", "field=temperature");
	assert_int_equal(fake_attach(host), 0);
	hear("40:11:22:33:44:55", WARM);
	assert_non_null(strstr(noted(), "private"));
	/* also after it had to say something else */
	for (int i = 0; i < 3; i++)
		hear("40:11:22:33:44:55", "06ff9904050000");
	assert_non_null(strstr(noted(), "3 refused"));
	hear("40:11:22:33:44:55", WARMER);
	assert_non_null(strstr(noted(), "private"));
}

/* Somebody who sends nonsense in our name does not fill the log. */
static void flapping_trouble_is_not_said_again(void **state)
{
	char good[40];

	(void)state;
	point(ROOM, "field=temperature");
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < 20; i++) {
		hear(ROOM, "06ff9904050000");		/* a Ruuvi, cut */
		snprintf(good, sizeof(good), "0716d2fc4002c4%02x", i);
		hear(ROOM, good);
	}
	assert_int_equal(fake_device_count(device, "damaged"), 20);
	assert_int_equal(fake_events(host, FAKE_REPORT), 20);
	assert_int_equal(fake_events(host, FAKE_LOG), 2);
}

/* A single bad tag may be noise, and is no news. */
static void one_wrong_tag_is_not_said(void **state)
{
	(void)state;
	cold();
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, "1216d2fc41e445f3c9962b332211006c7c4518");
	hear(COLD, FIRST);
	assert_int_equal(fake_events(host, FAKE_LOG), 0);
}

static void the_counter_survives_a_restart(void **state)
{
	struct adapter_point *p = cold();

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	hear(COLD, SECOND_ONE);
	assert_int_equal(fake_events(host, FAKE_REPORT), 2);
	fake_close(host);
	close(radio);
	fake_forget(host);
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	hear(COLD, SECOND_ONE);	/* the last one: nobody knows how old */
	assert_null(fake_last(p));
	assert_int_equal(fake_events(host, FAKE_HEARD), 0);
	assert_int_equal(fake_device_count(device, "replayed"), 1);
	hear(COLD, "1216d2fc41de40b50e676600000000d7cb95de");
	CLOSE(fake_number(p), 25.07);
}

struct kept { uint32_t key_mark, counter, ahead; };

static struct kept kept_now(void)
{
	struct kept kept = {0};

	assert_int_equal(adapter_kept(device, "counter", &kept, sizeof(kept)),
			 sizeof(kept));
	return kept;
}

/* The same device with another battery: it counts from 4723 on, by 3. */
static const char *const restarted[] = {
	"1216d2fc418ad0ec4a919273120000003575b1",
	"1216d2fc4179ec82a5858f76120000a2d138f6",
	"1216d2fc419263263b6b36791200008fbfe531",
	"1216d2fc41232a22208aa87c120000bf311830",
	"1216d2fc41a60a7dd01d307f120000069e43d1",
	"1216d2fc41503dc6cb0fb0821200000ea28a2c",
	"1216d2fc41a4a3a3b1f81c85120000cbc419ec",
	"1216d2fc41d49b01d616ea881200006c8f42f6",
	"1216d2fc4190f4a31e3d748b120000bc930efc",
};

static unsigned logged(const char *words)
{
	unsigned n = 0;

	for (size_t i = 0; i < fake_events(host, FAKE_LOG); i++)
		n += !!strstr(fake_event(host, FAKE_LOG, i)->text, words);
	return n;
}

static void a_counter_that_begins_anew_is_logged_once(void **state)
{
	struct adapter_point *p = cold();

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	for (int i = 0; i < DECODE_RISING - 1; i++)
		hear(COLD, restarted[i]);
	CLOSE(fake_number(p), 25.06);
	assert_int_equal(logged("began anew"), 0);
	hear(COLD, restarted[DECODE_RISING - 1]);
	CLOSE(fake_number(p), 21.7);
	hear(COLD, restarted[DECODE_RISING]);
	CLOSE(fake_number(p), 21.8);
	assert_int_equal(logged("began anew"), 1);
}

static void a_person_accepts_a_counter_that_begins_anew(void **state)
{
	struct adapter_point *p = cold();

	(void)state;
	assert_true(ops.counts(device));
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	for (int i = 0; i < 3; i++)
		hear(COLD, restarted[i]);
	assert_int_equal(fake_events(host, FAKE_REPORT), 1);
	assert_non_null(strstr(noted(), "lwmuxctl accept cold"));
	ops.count_anew(device);
	assert_int_equal(logged("somebody has said so"), 1);
	hear(COLD, restarted[3]);
	CLOSE(fake_number(p), 21.3);
	assert_string_equal(noted(), "");
	hear(COLD, restarted[2]);	/* what is old is old again */
	hear(COLD, "1216d2fc413e932cc7175f34221100553876ae");	/* forged */
	assert_int_equal(fake_events(host, FAKE_REPORT), 2);
}

static void what_a_person_accepts_outlives_a_restart(void **state)
{
	struct adapter_point *p = cold();

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	ops.count_anew(device);
	fake_close(host);
	close(radio);
	fake_forget(host);
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, restarted[0]);
	CLOSE(fake_number(p), 21);
	assert_int_equal(kept_now().counter, 4723);
}

static void without_a_key_nothing_is_counted(void **state)
{
	(void)state;
	point(ROOM, "field=temperature");
	assert_false(ops.counts(device));
}

static void later_by(int64_t seconds)
{
	now += seconds * SECOND;
	turn();
}

/* At once, then once a minute, also where nothing more is heard. */
static void the_counter_is_kept_within_a_minute(void **state)
{
	(void)state;
	cold();
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	assert_int_equal(kept_now().counter, 0x00112233);
	assert_int_equal(kept_now().ahead, 0);
	hear(COLD, SECOND_ONE);
	assert_int_equal(kept_now().counter, 0x00112233);
	later_by(58);
	assert_int_equal(kept_now().counter, 0x00112233);
	later_by(1);
	assert_int_equal(kept_now().counter, 0x00112234);
	assert_int_equal(kept_now().ahead, 1);
	later_by(60);		/* silent since: there is nothing ahead */
	assert_int_equal(kept_now().counter, 0x00112234);
	assert_int_equal(kept_now().ahead, 0);
}

/* A crash: what was kept stands, the rest is forgotten. */
static void what_may_have_been_heard_before_a_crash_is_old(void **state)
{
	struct adapter_point *p = cold();
	struct kept kept;

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	kept = kept_now();
	kept.ahead = 1;
	fake_close(host);
	close(radio);
	fake_forget(host);
	adapter_keep(device, "counter", &kept, sizeof(kept));
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, SECOND_ONE);
	assert_null(fake_last(p));
	assert_int_equal(fake_events(host, FAKE_HEARD), 0);
}

/* What an older version has kept: no `ahead`. */
static void an_old_counter_is_understood(void **state)
{
	struct adapter_point *p = cold();
	struct kept kept;

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	kept = kept_now();
	fake_close(host);
	close(radio);
	fake_forget(host);
	adapter_keep(device, "counter", &kept, 8);
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	assert_null(fake_last(p));
	hear(COLD, SECOND_ONE);
	assert_non_null(fake_last(p));
}

/* BTHome's motion, 0x21: on, and on again; it never tells of off. */
static void motion_is_over_after_a_while(void **state)
{
	struct adapter_point *p = point(ROOM, "field=motion off_after=60s");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "0816d2fc4000012101");
	assert_true(fake_last(p)->value.as.boolean);
	later_by(40);
	hear(ROOM, "0816d2fc4000022101");
	later_by(59);
	assert_true(fake_last(p)->value.as.boolean);
	later_by(1);
	assert_false(fake_last(p)->value.as.boolean);
	assert_true(fake_last(p)->when <= now - 60 * SECOND);
	fake_forget(host);
	later_by(500);
	assert_int_equal(fake_events(host, FAKE_REPORT), 0);
	/* one that does tell of off is off at once, and once */
	hear(ROOM, "0816d2fc4000032101");
	hear(ROOM, "0816d2fc4000042100");
	assert_false(fake_last(p)->value.as.boolean);
	fake_forget(host);
	later_by(500);
	assert_int_equal(fake_events(host, FAKE_REPORT), 0);
}

/* Without a counter inside, as Govee's: one motion for as long as its packet is
 * sent, and on for so long. */
static void a_motion_is_one_while_it_is_sent(void **state)
{
	struct adapter_point *p = point(ROOM, "field=motion off_after=30s");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < 60; i++)
		hear(ROOM, "0616d2fc402101");
	assert_int_equal(fake_events(host, FAKE_REPORT), 1);
	assert_int_equal(fake_last(p)->happened, 1);
	later_by(29);
	assert_true(fake_last(p)->value.as.boolean);
	later_by(1);
	assert_false(fake_last(p)->value.as.boolean);
	hear(ROOM, "0616d2fc402101");		/* another */
	assert_int_equal(fake_events(host, FAKE_REPORT), 3);
	assert_int_equal(fake_last(p)->happened, 1);
}

/* It ends; that it is over still is a state. */
static void no_motion_is_no_event(void **state)
{
	struct adapter_point *p = point(ROOM, "field=motion off_after=30s");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "0816d2fc4000012101");
	hear(ROOM, "0816d2fc4000022100");
	assert_int_equal(fake_last(p)->happened, 1);
	hear(ROOM, "0816d2fc4000032100");
	assert_int_equal(fake_last(p)->happened, 0);
	assert_int_equal(fake_events(host, FAKE_REPORT), 3);
}

static void motion_stays_where_nothing_is_said(void **state)
{
	struct adapter_point *p = point(ROOM, "field=motion");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "0816d2fc4000012101");
	later_by(5000);
	assert_true(fake_last(p)->value.as.boolean);
}

/* A packet sent over and over must not keep a dead device alive. */
static void an_old_packet_is_no_sign_of_life(void **state)
{
	(void)state;
	cold();
	assert_int_equal(fake_attach(host), 0);
	hear(COLD, FIRST);
	for (int i = 0; i < 30; i++)
		hear(COLD, FIRST);
	assert_int_equal(fake_device_count(device, "replayed"), 0);
	assert_true(fake_events(host, FAKE_HEARD) > 10);
	/* it measures every ten minutes, and sends that all the time */
	now += 600 * SECOND;
	fake_forget(host);
	hear(COLD, FIRST);
	assert_int_equal(fake_events(host, FAKE_HEARD), 1);
	now += 300 * SECOND;
	fake_forget(host);
	hear(COLD, FIRST);
	assert_int_equal(fake_device_count(device, "replayed"), 0);
	assert_int_equal(fake_events(host, FAKE_LOG), 0);
	assert_int_equal(fake_events(host, FAKE_HEARD), 0);
}

/* A name is heard once, and not again after a restart. */
static void the_model_is_remembered(void **state)
{
	struct adapter_point *p;

	(void)state;
	device = fake_device_add(host, "air", "address=" ROOM " decode=govee");
	p = fake_point_add(device, "p", "field=pm2.5");
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "09ff010001010cb9148c");
	assert_null(fake_last(p));
	assert_int_equal(fake_device_count(device, "no_model"), 1);
	hear(ROOM, "0d09475648353130365f31323334");
	fake_close(host);
	close(radio);
	fake_forget(host);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "09ff010001010cb9148c");
	CLOSE(fake_number(p), 12);
}

static void the_site_can_say_the_model(void **state)
{
	struct adapter_point *p;

	(void)state;
	device = fake_device_add(host, "room", "address=" ROOM
				 " decode=switchbot variant=T");
	p = fake_point_add(device, "p", "field=temperature");
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "0eff6909d7c17d5deb43de03069835");
	CLOSE(fake_number(p), 24.6);
}

/* A poll every ten seconds does not begin the waiting anew: the third that
 * finds nothing fails, and each one after it. */
static void a_polled_device_fails_after_three_misses(void **state)
{
	struct adapter_point *p = point(ROOM, "characteristic=2A6E poll=10s");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fake_read(device, &p, 1), -EINPROGRESS);
		turn();
		assert_int_equal(fake_events(host, FAKE_FAULT), 0);
		now += 10 * SECOND;
	}
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(fake_read(device, &p, 1), -EINPROGRESS);
		turn();
		assert_int_equal(fake_events(host, FAKE_FAULT), i);
		now += 10 * SECOND;
	}
}

/* The next PDU that the device gets, in hex. */
static void peer_gets(const char *expected)
{
	uint8_t pdu[64];
	char text[2 * sizeof(pdu) + 1] = "";
	ssize_t n = recv(peer, pdu, sizeof(pdu), 0);

	for (ssize_t i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", pdu[i]);
	assert_string_equal(text, expected);
}

static void peer_sends(const char *hex)
{
	uint8_t pdu[64];
	size_t n = 0;

	for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		pdu[n++] = (uint8_t)byte;
	assert_int_equal(send(peer, pdu, n, 0), n);
	turn();
}

/* Connected to: FFE4 (handle 3) notifies and has its CCCD at 4, FFE9 (6) is
 * written to, without an answer where the properties are 04. */
static void peer_is_discovered(const char *properties)
{
	char pdu[64];

	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "020106");
	turn();
	peer_gets("02f700");
	peer_sends("031700");
	peer_gets("080100ffff0328");
	snprintf(pdu, sizeof(pdu), "0907" "0200100300e4ff" "0500%s0600e9ff",
		 properties);
	peer_sends(pdu);
	peer_gets("080600ffff0328");
	peer_sends("010806000a");
	peer_gets("0404000400");
	peer_sends("050104000229");
	peer_gets("1204000100");
}

#define PROBE "characteristic=FFE4 notify=yes at=0 type=int16 order=big "

/* As Inkbird's IHT-2PB wants it: two writes, of which one is to what can only be
 * subscribed to; then frames, several in one notification (inkbird-ble, issue
 * 222). */
static void a_device_is_told_to_begin(void **state)
{
	struct adapter_point *first, *second;

	(void)state;
	device = fake_device_add(host, "meat", "address=" ROOM " start="
				 "FFE9_55aa19010019,FFE4_55aa1a01001a");
	first = fake_point_add(device, "p", PROBE "behind=55aa0202");
	second = fake_point_add(device, "q", PROBE "behind=55aa0402");
	assert_int_equal(fake_check(host), 0);
	peer_is_discovered("04");
	peer_sends("13");
	peer_gets("0404000400");	/* the other point's turn */
	peer_sends("050104000229");
	peer_gets("1204000100");
	peer_sends("13");
	peer_gets("52060055aa19010019");
	peer_gets("52030055aa1a01001a");
	peer_gets("");
	peer_sends("1b0300" "55aa0202010a0e" "55aa030202fe04" "55aa0402ff9c9c");
	CLOSE(fake_number(first), 266);
	CLOSE(fake_number(second), -100);
	peer_sends("1b0300" "55aa0302010a0f");	/* Fahrenheit */
	peer_sends("1b0300" "55aa0202");	/* cut */
	assert_int_equal(fake_events(host, FAKE_REPORT), 2);
	assert_int_equal(fake_events(host, FAKE_FAULT), 1);
}

/* Where it can be refused it may be, and what can be read is read. */
static void a_start_that_is_refused_is_no_end(void **state)
{
	struct adapter_point *p;

	(void)state;
	device = fake_device_add(host, "meat", "address=" ROOM " start="
				 "FFE9_01,FFEA_02,FFE9_03");
	p = fake_point_add(device, "p", PROBE);
	peer_is_discovered("08");
	peer_sends("13");
	peer_gets("12060001");
	peer_sends("0112060003");
	peer_gets("12060003");	/* FFEA is not there */
	assert_int_equal(logged("no such characteristic"), 1);
	peer_sends("13");
	peer_gets("");
	peer_sends("1b0300010a");
	CLOSE(fake_number(p), 266);
}

/* ---- the shipped profiles that are YAML alone, with a device's bytes */

#define SHIPPED_MAX 16

struct shipped {
	struct adapter_point *at[SHIPPED_MAX];
	double scale[SHIPPED_MAX], offset[SHIPPED_MAX];
	size_t n;
};

/* Of a map of one line, "{name: t, match: manufacturer length 5, valid: [0, 9]}",
 * what the adapter takes, as the host's words. */
static void words_make(char *map, char *words, size_t size, double *scale,
		       double *offset)
{
	static const char *const taken[] = {
		"decode", "match", "layouts", "start", "characteristic", "at",
		"type", "order", "mask", "minus", "divisor", "modulo",
		"layout", "when", "behind", "invalid", "valid", "notify"};
	bool in_list = false;
	char *next;

	for (char *c = map; *c; c++) {
		in_list = (in_list || *c == '[') && *c != ']';
		if (*c == ',' && in_list)
			*c = '\1';
	}
	for (char *pair = strtok_r(map, ",{}\n", &next); pair;
	     pair = strtok_r(NULL, ",{}\n", &next)) {
		char *key = pair + strspn(pair, " "), *value = strchr(key, ':');
		size_t n = strlen(words);

		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, " ");
		if (!strcmp(key, "scale"))
			*scale = strtod(value, NULL);
		if (!strcmp(key, "offset"))
			*offset = strtod(value, NULL);
		for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
			if (!strcmp(key, taken[i]))
				snprintf(words + n, size - n, " %s=", key);
		if (!words[n])
			continue;
		for (n = strlen(words); *value && n + 1 < size; value++)
			if (*value == '\1' && value[1] == ' ')
				value++, words[n++] = ',';
			else if (!strchr("[]\"", *value))
				words[n++] = *value == ' ' ? '_' : *value;
		while (words[n - 1] == '_')
			n--;
		words[n] = '\0';
	}
}

static struct shipped shipped_read(const char *profile)
{
	struct shipped s = {.n = 0};
	char path[512], line[512], words[512] = "address=" ROOM;
	double none;
	FILE *file;

	snprintf(path, sizeof(path), LWMUX_PROFILES "/%s.yaml", profile);
	file = fopen(path, "r");
	assert_non_null(file);
	device = NULL;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "ble: ", 5) == 0) {
			words_make(line + 5, words, sizeof(words), &none,
				   &none);
			device = fake_device_add(host, "room", words);
		} else if (strncmp(line, "  - {name:", 10) == 0) {
			assert_non_null(device);
			assert_true(s.n < SHIPPED_MAX);
			words[0] = '\0';
			s.scale[s.n] = 1;
			words_make(line + 4, words, sizeof(words),
				   &s.scale[s.n], &s.offset[s.n]);
			s.at[s.n] = fake_point_add(device, "p", words + 1);
			s.n++;
		}
	}
	fclose(file);
	if (fake_check(host))
		fail_msg("%s: %s", profile, fake_refusals(host));
	return s;
}

/* expected: of each point in turn, parted by blanks; -: none. */
static void shipped_tells(const char *profile, const struct shipped *s,
			  const char *expected)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct fake_event *e = fake_last(s->at[i]);
		bool told = e && e->kind == FAKE_REPORT;
		double value = told ? lwm2m_number(&e->value) * s->scale[i] +
			       s->offset[i] : 0;
		char *end;
		double wanted = strtod(expected, &end);

		if (end == expected) {		/* "-" */
			if (told)
				fail_msg("%s, point %zu: %g", profile, i, value);
			end++;
		} else if (!told || fabs(value - wanted) > 5e-3) {
			fail_msg("%s, point %zu: %g, not %s", profile, i, value,
				 expected);
		}
		expected = end + strspn(end, " ");
	}
	assert_string_equal(expected, "");
}

/* What the parsers of others make of these bytes (sensorpush-ble's and
 * thermopro-ble's tests). */
static void shipped_profiles_read_advertisements(void **state)
{
	static const struct {
		const char *profile, *hex, *expected;
	} rows[] = {
		{"sensorpush/ht", "06ff0439e7cd3f", "96.1575 40.5450"},
		{"sensorpush/ht", "06ff0739e7cd3f", "- -"},
		{"sensorpush/htp", "08ff004d3bf84dd5ba", "21.5 45.5 101325"},
		{"sensorpush/tc", "05ff08c11700", "180.0625"},
		{"thermopro/tp96", "08ff003a0030083800", "28 26 2.096 - - -"},
		{"thermopro/tp96", "08ff0137003b0b3700", "- - - 25 25 2.875"},
		{"thermopro/tp972",
		 "18ff0072006a0a33d3b8420040ae426606ae426c54737744f8",
		 "3.5625 0.625 0.5625 15.5556 2.666 - - - - -"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct shipped s;

		stop(state);
		start(state);
		s = shipped_read(rows[i].profile);
		assert_int_equal(fake_attach(host), 0);
		hear(ROOM, rows[i].hex);
		shipped_tells(rows[i].profile, &s, rows[i].expected);
	}
}

/* ThermoPro's thermometers have a decoder, so that a scan knows them; a profile
 * can say the same (thermopro-ble's values). */
static void thermopro_needs_no_decoder(void **state)
{
	struct adapter_point *t, *h;

	(void)state;
	device = fake_device_add(host, "tp", "address=" ROOM " decode=profile "
		"layouts=a:_manufacturer_length_6-8_starts_c2_name_TP35*,"
		"b:_manufacturer_length_6-8_starts_c2_name_TP39*");
	t = fake_point_add(device, "t", "at=1 type=int16 valid=-600,1000");
	h = fake_point_add(device, "h", "at=3 type=uint8 valid=0,100");
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, "07ffc2fb002f022c");
	assert_null(fake_last(t));		/* whose are these? */
	hear(ROOM, "0d095450333537202832313432" "29");
	hear(ROOM, "07ffc2e7ff2f012c");
	CLOSE(fake_number(t), -25);
	CLOSE(fake_number(h), 47);
	fake_forget(host);
	hear(ROOM, "07ffc2e80365022c");
	CLOSE(fake_number(t), 1000);
	assert_null(fake_last(h));		/* 101 % */
	hear(ROOM, "07ffc2e90330022c");
	CLOSE(fake_number(t), 1000);
	CLOSE(fake_number(h), 48);
}

/* What a device answers that has one characteristic, at 3, to be read and to be
 * subscribed to; until nothing more is asked. */
static void peer_serve(const char *uuid, const char *value)
{
	struct att_uuid u;
	uint8_t pdu[64];
	char found[80], read[80];
	size_t n = (size_t)sprintf(found, "0915" "0200120300");

	assert_true(att_uuid_parse(uuid, &u));
	for (int i = 0; i < 16; i++)
		n += (size_t)sprintf(found + n, "%02x", u.bytes[i]);
	snprintf(read, sizeof(read), "0b%s", value);
	while (recv(peer, pdu, sizeof(pdu), 0) > 0)
		switch (pdu[0]) {
		case 0x02:
			peer_sends("03f700");
			break;
		case 0x08:
			peer_sends(pdu[1] <= 2 ? found : "010803000a");
			break;
		case 0x04:
			peer_sends("050104000229");
			break;
		case 0x0a:
			peer_sends(read);
			break;
		case 0x12:
			peer_sends("13");
			break;
		default:
			assert_int_equal(pdu[0], 0x52);
		}
}

#define AIRTHINGS(id) "b42e" id "-ade7-11e4-89d3-123b93f75cba"
#define PLUS AIRTHINGS("2a68")
#define RADON AIRTHINGS("4dcc")
#define MINI AIRTHINGS("3b98")
#define DAY AIRTHINGS("01aa")

/* Its values stand in one characteristic, which is read once for all of them. The
 * bytes are made to the layouts that airthings-ble and inkbird-ble know; a device
 * that has not measured yet says so in each value. */
static void shipped_profiles_read_characteristics(void **state)
{
	static const struct {
		const char *profile, *uuid, *hex, *expected;
	} rows[] = {
		{"airthings/wave-plus", PLUS,
		 "015a00002c0030008908bcc32003640000000000",
		 "45 44 48 21.85 100216 800 0.1"},
		{"airthings/wave-plus", PLUS,
		 "015a00002c003000a2febcc32003640000000000",
		 "45 44 48 -3.5 100216 800 0.1"},
		{"airthings/wave-plus", PLUS,
		 "01ff0000ffffffffff7fffffffffffff00000000",
		 "- - - - - - -"},
		{"airthings/wave-plus", PLUS,
		 "01c900000040ff3f1127ddff2003640000000000",
		 "- - 16383 - - 800 0.1"},
		{"airthings/wave-radon", RADON,
		 "015a00002c0030008908bcc32003640000000000",
		 "45 44 48 21.85"},
		{"airthings/wave-radon", RADON,
		 "01ff0000ffffffffff7fffffffffffff00000000",
		 "- - - -"},
		{"airthings/wave-mini", MINI,
		 "010000001973bcc3c61164000000000000000000",
		 "21.5 100216 45.5 0.1"},
		{"airthings/wave-mini", MINI,
		 "01000000ffffffffffffffff0000000000000000",
		 "- - - -"},
		{"airthings/wave", DAY, "2c00", "- - 44 -"},
		{"airthings/wave", DAY, "ffff", "- - - -"},
		{"inkbird/int-11p-b", "FFF1", "aa3c00195fa0", "60 25 95 80"},
		{"inkbird/int-11p-b", "FFF1", "aa3c00007fff", "60 - - -"},
		{"inkbird/int-11p-b", "FFF1", "bb3c00195fa0", "- - - -"},
		{"inkbird/int-11i-b", "FF01", "901a", "20 - -"},
		{"inkbird/int-11i-b", "2A19", "5f64", "- 95 100"},
		{"inkbird/int-11i-b", "2A19", "ff65", "- - -"},
		{"inkbird/idt-34c-b", "FF01", "a802fe7fa8029001fe7f60ff",
		 "20 - 20 4.4444 - -26.6667"},
		{"inkbird/iam-t1", "FFF4", "55aa01100000d701c7032003f5",
		 "21.5 45.5 800 101300"},
		{"inkbird/iam-t1", "FFF4", "55aa0110010023ffffffffffff", "-3.5 - - -"},
		{"inkbird/iht-2pb", "FFE4",
		 "55aa0202010a0e55aa0402ff9c9c55aa0b01404b",
		 "26.6 -10 - 1 0"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct adapter_point *due[SHIPPED_MAX];
		struct shipped s;
		char pdu[64];
		size_t n = 0;

		stop(state);
		start(state);
		s = shipped_read(rows[i].profile);
		assert_int_equal(fake_attach(host), 0);
		for (size_t k = 0; k < s.n; k++)
			if (fake_facts(s.at[k])->polled)
				due[n++] = s.at[k];
		if (n > 0)
			assert_int_equal(fake_read(device, due, n),
					 -EINPROGRESS);
		hear(ROOM, "020106");
		turn();
		peer_serve(rows[i].uuid, rows[i].hex);
		snprintf(pdu, sizeof(pdu), "1b0300%s", rows[i].hex);
		if (n == 0)
			peer_sends(pdu);
		shipped_tells(rows[i].profile, &s, rows[i].expected);
	}
}

/* One that has something due and is not heard has not answered. */
static void a_device_that_is_not_heard_fails(void **state)
{
	struct adapter_point *p = point(ROOM, "characteristic=2A6E");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	turn();
	assert_int_equal(fake_read(device, &p, 1), -EINPROGRESS);
	now += 29 * SECOND;
	turn();
	assert_int_equal(fake_events(host, FAKE_FAULT), 0);
	now += 2 * SECOND;
	turn();
	assert_int_equal(fake_events(host, FAKE_FAULT), 1);
	assert_int_equal(fake_event(host, FAKE_FAULT, 0)->error, -ETIMEDOUT);
}

static void a_search_tells_what_is_in_the_air(void **state)
{
	struct adapter_search search = {.kind = ADAPTER_SCAN};
	struct {
		int64_t duration, end;
	} data = {20 * SECOND, 0};
	const struct fake_event *found;

	(void)state;
	point(COLD, "field=temperature");
	assert_int_equal(fake_attach(host), 0);
	search.bus = fake_bus(host);
	search.data = &data;
	search.bus->search = &search;
	assert_true(ops.search(&search, now) > now);
	hear(ROOM, "0c094449592d73656e736f7221" WARM);
	hear(ROOM, WARMER);
	hear(COLD, WARM);
	hear("44:11:22:33:44:55", "020106");
	assert_int_equal(fake_events(host, FAKE_FOUND), 0);
	now += 5 * SECOND;
	fake_time_set(host, now);
	assert_true(ops.search(&search, now) > now);
	assert_true(ops.search(&search, now) > now);
	assert_int_equal(fake_events(host, FAKE_FOUND), 3);
	found = fake_event(host, FAKE_FOUND, 0);
	assert_non_null(strstr(found->text, "address: \"" ROOM "\""));
	assert_non_null(strstr(found->text, "profile: bthome"));
	assert_non_null(strstr(found->copy, "DIY-sensor!"));
	assert_non_null(strstr(found->copy, "temperature 25.06 Cel"));
	found = fake_event(host, FAKE_FOUND, 2);
	assert_non_null(strstr(found->copy, "private address"));
	assert_null(strstr(found->text, "profile"));
	hear("44:11:22:33:44:55", WARM);	/* more is known of it */
	assert_true(ops.search(&search, now) > now);
	assert_int_equal(fake_events(host, FAKE_FOUND), 4);
	now += 20 * SECOND;
	assert_true(ops.search(&search, now) == 0);
	assert_int_equal(fake_events(host, FAKE_FOUND), 4);
	assert_string_equal(fake_event(host, FAKE_FOUND, 0)->missing, "");
	assert_non_null(strstr(fake_event(host, FAKE_FOUND, 3)->missing,
			       "its address changes"));
	search.bus->search = NULL;
	turn();
	assert_null(bus()->find);
}

static void a_search_says_what_is_missing(void **state)
{
	struct adapter_search search = {.kind = ADAPTER_SCAN};
	struct {
		int64_t duration, end;
	} data = {20 * SECOND, 0};
	const struct fake_event *found;

	(void)state;
	point(ROOM, "field=temperature");
	assert_int_equal(fake_attach(host), 0);
	search.bus = fake_bus(host);
	search.data = &data;
	search.bus->search = &search;
	assert_true(ops.search(&search, now) > now);
	hear(COLD, FIRST);
	now += 25 * SECOND;
	fake_time_set(host, now);
	assert_true(ops.search(&search, now) == 0);
	found = fake_event(host, FAKE_FOUND, 0);
	assert_non_null(strstr(found->text, "profile: bthome"));
	assert_non_null(strstr(found->copy, "encrypted, no key"));
	assert_non_null(strstr(found->missing, "bindkey_file"));
	search.bus->search = NULL;
	turn();
}

/* The memory of a bus does not depend on who passes by. */
static void a_crowd_passes_by(void **state)
{
	char address[18];
	const struct ble_device *kept = NULL;

	(void)state;
	point(ROOM, "field=temperature");
	assert_int_equal(fake_attach(host), 0);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(address, sizeof(address), "%02X:%02X:33:44:55:66",
			 i & 255, i >> 8);
		hear(address, WARM);
	}
	for (unsigned i = 0; i < BLE_BUCKETS; i++)
		for (const struct ble_device *d = bus()->buckets[i]; d;
		     d = d->next) {
			assert_null(kept);
			kept = d;
		}
	assert_ptr_equal(kept, device->data);
	for (unsigned i = 0; i < JOIN_SLOTS; i++)
		assert_false(bus()->controllers->join->slots[i].used);
}

/* What another controller hears, too, is told once; one of them may go. */
static void an_address_is_heard_by_either_controller(void **state)
{
	struct adapter_point *p;
	int first;

	(void)state;
	fake_host_destroy(host);
	host = fake_host_create(&ops, "controllers=hci0,hci1");
	p = point(ROOM, "field=temperature");
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, WARM);
	first = radio;
	radio = other_radio;
	hear(ROOM, WARM);
	assert_int_equal(fake_events(host, FAKE_REPORT), 1);
	hear(ROOM, WARMER);
	CLOSE(fake_number(p), 25.06);
	close(first);
	turn();
	assert_false(fake_is_lost(host));
	assert_string_equal(fake_event(host, FAKE_LOG, 0)->text,
			    "hci0 is gone: the others go on");
	hear(ROOM, "0c16d2fc4002cf0903bf130161");
	CLOSE(fake_number(p), 25.11);
	close(radio);
	radio = -1;
	turn();
	assert_true(fake_is_lost(host));
}

static void controllers_are_named_once_each(void **state)
{
	static const struct { const char *spec, *says; } t[] = {
		{"controllers=hci0,usb1", "controllers: is hci0, hci1 ..."},
		{"controllers=hci0,hci1,hci0", "controllers: names hci0 twice"},
		{"controllers=hci0,hci1,hci2,hci3,hci4",
		 "controllers: are 5, and may be 4"},
		{"controller=ttyS0", "controller: is hci0, hci1 ..."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		fake_host_destroy(host);
		host = fake_host_create(&ops, t[i].spec);
		assert_int_equal(fake_check(host), 1);
		assert_memory_equal(fake_refusals(host), t[i].says,
				    strlen(t[i].says));
	}
}

static void a_reload_takes_a_device_away(void **state)
{
	struct adapter_point *p = point(ROOM, "field=temperature");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, WARM);
	fake_close(host);
	close(radio);
	fake_forget(host);
	assert_int_equal(fake_attach(host), 0);
	hear(ROOM, WARM);
	CLOSE(fake_number(p), 25);
}

static void a_controller_that_is_gone_cannot_be_revived(void **state)
{
	enum { NOWHERE = 60000 };	/* more than the kernel counts */

	(void)state;
	assert_int_equal(hci_rfkill(NOWHERE), -ENODEV);
	assert_int_equal(hci_usb_reset(NOWHERE), -ENODEV);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(an_advertisement_is_reported),
		TEST(the_strength_can_be_a_point),
		TEST(strangers_leave_no_trace),
		TEST(the_same_is_reported_once),
		TEST(a_press_is_told_once_and_released),
		TEST(steps_and_kinds_are_events),
		TEST(the_second_of_a_kind_is_another_point),
		TEST(places_of_a_profile_are_read),
		TEST(values_counted_into_one_number_are_read),
		TEST(packets_of_several_probes_are_told_apart),
		TEST(a_packet_of_several_points_is_read),
		TEST(each_layout_has_points_of_its_own),
		TEST(what_is_wrong_is_refused),
		cmocka_unit_test(a_controller_has_a_name_or_an_address),
		TEST(an_address_is_heard_by_either_controller),
		TEST(controllers_are_named_once_each),
		TEST(a_bus_is_its_controller_and_a_device_its_address),
		TEST(a_controller_is_followed_where_its_number_moves),
		TEST(a_controller_is_asked_again_when_the_kernel_is_ready),
		TEST(characteristics_are_polled_or_not),
		TEST(trouble_is_counted_and_said_once),
		TEST(the_status_says_why),
		TEST(the_status_says_what_is_missing),
		TEST(flapping_trouble_is_not_said_again),
		TEST(one_wrong_tag_is_not_said),
		TEST(the_counter_survives_a_restart),
		TEST(a_counter_that_begins_anew_is_logged_once),
		TEST(a_person_accepts_a_counter_that_begins_anew),
		TEST(what_a_person_accepts_outlives_a_restart),
		TEST(without_a_key_nothing_is_counted),
		TEST(the_counter_is_kept_within_a_minute),
		TEST(what_may_have_been_heard_before_a_crash_is_old),
		TEST(an_old_counter_is_understood),
		TEST(motion_is_over_after_a_while),
		TEST(a_motion_is_one_while_it_is_sent),
		TEST(no_motion_is_no_event),
		TEST(motion_stays_where_nothing_is_said),
		TEST(an_old_packet_is_no_sign_of_life),
		TEST(the_model_is_remembered),
		TEST(the_site_can_say_the_model),
		TEST(a_polled_device_fails_after_three_misses),
		TEST(a_device_is_told_to_begin),
		TEST(thermopro_needs_no_decoder),
		TEST(shipped_profiles_read_advertisements),
		TEST(shipped_profiles_read_characteristics),
		TEST(a_start_that_is_refused_is_no_end),
		TEST(a_device_that_is_not_heard_fails),
		TEST(a_search_tells_what_is_in_the_air),
		TEST(a_search_says_what_is_missing),
		TEST(a_crowd_passes_by),
		TEST(a_reload_takes_a_device_away),
		cmocka_unit_test(a_controller_that_is_gone_cannot_be_revived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

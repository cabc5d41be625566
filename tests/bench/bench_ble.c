/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the Bluetooth adapter costs: CPU at 1,000 advertisements a second, of
 * which one in a hundred is of a configured device (10 of them, encrypted and
 * in clear), and memory after 1,000,000 strange addresses.
 *
 *   bench_ble [SECONDS]      of the first, default 10
 *
 * The plug-in's own code, with a socket pair in place of the HCI socket: read,
 * parse, find, decrypt, decode, report. The host is a stub that only counts.
 * The cost of waking up is in it: each advertisement comes alone. */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "adapters/ble/controller.h"
#include "adapters/ble/device.h"
#include "adapters/ble/gatt.h"

#define SECOND INT64_C(1000000000)
#define RATE 1000
#define DEVICES 10
#define STRANGERS 1000000

extern const struct adapter_ops lwmux_adapter;

static uint64_t reports;
static int radio;

static int64_t clock_now(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static int64_t host_now(struct adapter_bus *bus)
{
	(void)bus;
	return clock_now(CLOCK_MONOTONIC);
}

static void host_report(struct adapter_point *point,
			const struct lwm2m_value *value, int64_t when)
{
	(void)point;
	(void)value;
	(void)when;
	reports++;
}

static void host_heard(struct adapter_device *device, int rssi)
{
	(void)device;
	(void)rssi;
}

static void host_count(struct adapter_bus *bus, struct adapter_device *device,
		       const char *name, uint64_t n)
{
	(void)bus;
	(void)device;
	(void)name;
	(void)n;
}

static int host_keep(struct adapter_device *device, const char *name,
		     const void *bytes, size_t n)
{
	(void)device;
	(void)name;
	(void)bytes;
	(void)n;
	return 0;
}

static int host_kept(struct adapter_device *device, const char *name,
		     void *bytes, size_t n)
{
	(void)device;
	(void)name;
	(void)bytes;
	(void)n;
	return -ENOENT;
}

static void __attribute__((format(printf, 4, 0)))
host_log(struct adapter_bus *bus, struct adapter_device *device, int level,
	 const char *format, va_list args)
{
	(void)bus;
	(void)device;
	(void)level;
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

static const struct adapter_host table = {
	.abi = ADAPTER_ABI, .size = sizeof(table), .now = host_now,
	.report = host_report, .heard = host_heard, .count = host_count,
	.keep = host_keep, .kept = host_kept, .log = host_log,
};

static struct ble_bus bench_bus;
static struct adapter_bus base = {.host = &table, .name = "ble",
				  .data = &bench_bus};
static struct ble_device devices[DEVICES];
static struct ble_point points[DEVICES];
static struct adapter_point bases[DEVICES], *lists[DEVICES];
static struct adapter_device device_bases[DEVICES];

static void bus_make(void)
{
	struct ble_controller *c = bench_bus.controllers;
	struct epoll_event event = {.events = EPOLLIN};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) < 0)
		exit(1);
	bench_bus.base = &base;
	controller_init(&bench_bus, c, "hci0");
	bench_bus.n_controllers = 1;
	c->hci = fds[0];
	radio = fds[1];
	bench_bus.epoll = epoll_create1(0);
	c->join = calloc(1, sizeof(*c->join));
	scan_init(&c->scan, false, false);
	event.data.fd = fds[0];
	epoll_ctl(bench_bus.epoll, EPOLL_CTL_ADD, fds[0], &event);
	gatt_open(&bench_bus);
}

static void devices_make(void)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		devices[i] = (struct ble_device){
			.address = {0xc0, 0, 0, 0, 0, (uint8_t)i}};
		points[i] = (struct ble_point){.field = "temperature",
					       .at = -1};
		bases[i] = (struct adapter_point){
			.device = &device_bases[i], .name = "t",
			.data = &points[i]};
		lists[i] = &bases[i];
		device_bases[i] = (struct adapter_device){
			.bus = &base, .name = "device", .data = &devices[i],
			.points = &lists[i], .n_points = 1,
			.next = base.devices};
		base.devices = &device_bases[i];
		lwmux_adapter.attach(&device_bases[i]);
	}
}

/* BTHome with temperature and humidity; strangers send the same length. */
static size_t event_make(uint8_t *packet, const uint8_t *address, unsigned n)
{
	static const uint8_t head[] = {0x04, 0x3e, 0x1a, 0x02, 1, 0, 1};
	static const uint8_t data[] = {14, 0x02, 0x01, 0x06, 0x0a, 0x16, 0xd2,
				       0xfc, 0x40, 0x02, 0, 0, 0x03, 0xbf,
				       0x13, 0xc4};

	memcpy(packet, head, 7);
	for (int i = 0; i < 6; i++)
		packet[7 + i] = address[5 - i];
	memcpy(packet + 13, data, sizeof(data));
	packet[23] = (uint8_t)n;
	packet[24] = (uint8_t)(n >> 8 & 0x07);
	return 13 + sizeof(data);
}

static void one(unsigned n, bool ours)
{
	uint8_t packet[64], address[6] = {0xc0, 0, 0, 0, 0,
					  (uint8_t)(n / 100 % DEVICES)};
	struct pollfd wait = {.fd = bench_bus.epoll, .events = POLLIN};
	size_t size;

	if (!ours) {
		uint32_t mixed = n * 2654435761u;

		address[0] = 0x55;
		memcpy(address + 2, &mixed, 4);
	}
	size = event_make(packet, address, n / 100);
	if (send(radio, packet, size, 0) != (ssize_t)size)
		abort();
	poll(&wait, 1, -1);
	lwmux_adapter.turn(&base, clock_now(CLOCK_MONOTONIC), true);
}

static size_t heap_used(void)
{
	return mallinfo2().uordblks;
}

static long resident_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* As fast as it goes: the share of a core at RATE follows. */
static void cpu_measure(unsigned seconds)
{
	unsigned n = RATE * seconds;
	int64_t start = clock_now(CLOCK_THREAD_CPUTIME_ID), used;

	for (unsigned i = 0; i < n; i++)
		one(i, i % 100 == 0);
	used = clock_now(CLOCK_THREAD_CPUTIME_ID) - start;
	printf("%u advertisements, 1 %% ours: %.2f us each, %.3f %% of a core "
	       "at %u/s (sending them included), %llu values (target < 3 %%)\n",
	       n, (double)used / n / 1000, (double)used / n * RATE / 1e7, RATE,
	       (unsigned long long)reports);
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 10;
	size_t before;
	long resident;

	bus_make();
	devices_make();
	cpu_measure(seconds ? seconds : 10);
	before = heap_used();
	resident = resident_kib();
	for (unsigned i = 0; i < STRANGERS; i++)
		one(i, false);
	printf("%u strangers: heap %+ld bytes, resident %+ld KiB (target 0)\n",
	       STRANGERS, (long)(heap_used() - before),
	       resident_kib() - resident);
	return heap_used() > before + 4096;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * A Bluetooth LE controller, by the kernel's hci_vhci, with devices in its air: what
 * btvirt's has not, which are LE Coded and several connections of which each is
 * served at any time. It keeps to what the Core Specification (5.4, volume 4, part E)
 * asks of a controller where the daemon could get it wrong: commands of old and
 * extended scans are not mixed, a scan that runs is not set up anew, duplicates are
 * filtered where that is wanted, and a device of LE Coded is heard only by who scans
 * there.
 *
 *   ble-controller        needs /dev/vhci
 *
 * Commands on stdin, one a line; N is a device, 0 to 3:
 *   near N ADDRESS HEX    it advertises so, to be connected, on LE 1M
 *   far N ADDRESS HEX     it advertises so, not to be connected, on LE Coded alone
 *   value N HEX           of its characteristic 2A6E, and notifies it
 *   room N                for so many connections; one more is refused
 *   quit
 * Tells on stdout: ready INDEX; coded, each time that a scan of LE Coded begins; full,
 * where a connection is refused; N connected, N disconnected, and what the services of
 * N tell (ble_services.h). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fake/ble_services.h"

#define DEVICES 4
#define ADV_MS 100		/* between two advertisements of a device */
#define ADV_MAX 200
#define PACKET_MAX 1024
#define ATT_CID 4
#define FIRST_HANDLE 0x40	/* of a connection: of device 0 */

enum { COMMAND = 0x01, ACL = 0x02, EVENT = 0x04, VENDOR = 0xff };
enum {
	EVENT_DISCONNECTED = 0x05, EVENT_COMPLETE = 0x0e, EVENT_STATUS = 0x0f,
	EVENT_SENT = 0x13, EVENT_LE = 0x3e,
	LE_FEATURES = 0x04, LE_CONNECTED = 0x0a, LE_REPORT = 0x0d,
};
enum {
	DISCONNECT = 0x0406, READ_REMOTE_VERSION = 0x041d, RESET = 0x0c03,
	READ_VERSION = 0x1001, READ_COMMANDS = 0x1002, READ_FEATURES = 0x1003,
	READ_ADDRESS = 0x1009,
	LE_READ_BUFFER = 0x2002, LE_READ_FEATURES = 0x2003,
	LE_SCAN_PARAMETERS = 0x200b, LE_SCAN_ENABLE = 0x200c,
	LE_CONNECT = 0x200d, LE_CONNECT_CANCEL = 0x200e,
	LE_READ_REMOTE = 0x2016, LE_READ_STATES = 0x201c,
	LE_EXT_SCAN_PARAMETERS = 0x2041, LE_EXT_SCAN_ENABLE = 0x2042,
	LE_EXT_CONNECT = 0x2043,
};
enum {
	STATUS_UNKNOWN_CONNECTION = 0x02, STATUS_FULL = 0x09,
	STATUS_DISALLOWED = 0x0c, STATUS_PARAMETERS = 0x12,
	STATUS_LOCAL_END = 0x16,
};
enum { PHY_1M = 1, PHY_CODED = 3, SCANS_CODED = 1 << 2 };

struct device {
	bool there, far, connected, reported;
	uint8_t address[6];	/* as HCI has it, the last byte first */
	uint8_t adv[ADV_MAX];
	size_t n_adv;
	char name[4];
	struct services services;
};

static struct controller {
	int fd;
	uint8_t phys;		/* to scan on, by bits */
	bool scans, filters;	/* duplicates */
	bool connects;
	uint8_t peer[6];
	int room;
	struct device devices[DEVICES];
} controller = {.room = DEVICES};

static void die(const char *what)
{
	fprintf(stderr, "ble-controller: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint16_t number(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* ---- to the kernel */

static void packet_send(const uint8_t *packet, size_t n)
{
	if (write(controller.fd, packet, n) != (ssize_t)n)
		die("vhci");
}

static void event_send(uint8_t event, const void *more, size_t n)
{
	uint8_t packet[PACKET_MAX] = {EVENT, event, (uint8_t)n};

	memcpy(packet + 3, more, n);
	packet_send(packet, n + 3);
}

static void complete(uint16_t opcode, uint8_t status, const void *more,
		     size_t n)
{
	uint8_t e[PACKET_MAX] = {1, (uint8_t)opcode, (uint8_t)(opcode >> 8),
				 status};

	if (n > 0)
		memcpy(e + 4, more, n);
	event_send(EVENT_COMPLETE, e, n + 4);
}

static void status_send(uint16_t opcode, uint8_t status)
{
	const uint8_t e[] = {status, 1, (uint8_t)opcode,
			     (uint8_t)(opcode >> 8)};

	event_send(EVENT_STATUS, e, sizeof(e));
}

static uint8_t handle_of(const struct device *device)
{
	return (uint8_t)(FIRST_HANDLE + (device - controller.devices));
}

static struct device *device_by_handle(uint16_t handle)
{
	size_t i = (handle & 0x0fffu) - FIRST_HANDLE;

	return i < DEVICES && controller.devices[i].connected ?
	       &controller.devices[i] : NULL;
}

/* Extended advertising report (7.7.65.13), of one. */
static void report_send(const struct device *device)
{
	uint8_t e[PACKET_MAX] = {LE_REPORT, 1};
	uint8_t *report = e + 2;

	report[0] = device->far ? 0x00 : 0x13;	/* ADV_IND */
	report[2] = 1;				/* a random address */
	memcpy(report + 3, device->address, 6);
	report[9] = device->far ? PHY_CODED : PHY_1M;
	report[10] = device->far ? PHY_CODED : 0;
	report[11] = device->far ? 1 : 0xff;	/* its set */
	report[12] = 127;			/* no power told */
	report[13] = (uint8_t)-50;
	report[23] = (uint8_t)device->n_adv;
	memcpy(report + 24, device->adv, device->n_adv);
	event_send(EVENT_LE, e, 26 + device->n_adv);
}

/* LE Enhanced Connection Complete (7.7.65.10). */
static void connected_send(const uint8_t peer[6], uint8_t status,
			   uint8_t handle)
{
	uint8_t e[31] = {LE_CONNECTED, status, handle, 0, 0, 1};

	memcpy(e + 6, peer, 6);
	e[24] = 24;		/* 30 ms */
	e[28] = 0x2a;		/* 420 ms without a sign: it has ended */
	event_send(EVENT_LE, e, sizeof(e));
}

static void disconnected_send(struct device *device, uint8_t reason)
{
	const uint8_t e[] = {0, handle_of(device), 0, reason};

	device->connected = false;
	services_begin(&device->services);
	event_send(EVENT_DISCONNECTED, e, sizeof(e));
	printf("%sdisconnected\n", device->name);
}

static void pdu_send(struct services *services, const void *pdu, size_t n)
{
	uint8_t p[PACKET_MAX] = {ACL, handle_of(services->link), 0x20};

	p[3] = (uint8_t)(n + 4);
	p[4] = (uint8_t)((n + 4) >> 8);
	p[5] = (uint8_t)n;
	p[6] = (uint8_t)(n >> 8);
	p[7] = ATT_CID;
	memcpy(p + 9, pdu, n);
	packet_send(p, n + 9);
}

/* ---- commands */

static void commands_answer(uint16_t opcode)
{
	uint8_t known[64] = {0};

	known[0] = 0x20;	/* Disconnect */
	known[5] = 0x80;	/* Reset */
	known[14] = 0x28;	/* Read Version, Features */
	known[15] = 0x02;	/* Read Address */
	known[25] = 0x07;	/* LE Event Mask, Buffer, Features */
	known[37] = 0xe0;	/* LE extended scan and connection */
	complete(opcode, 0, known, sizeof(known));
}

static uint8_t scan_parameters(const uint8_t *p, size_t n)
{
	size_t phys;

	if (controller.scans)
		return STATUS_DISALLOWED;
	phys = n < 3 ? 0 : (p[2] & 1u) + (p[2] >> 2 & 1u);
	if (phys == 0 || p[2] & ~5 || n != 3 + 5 * phys)
		return STATUS_PARAMETERS;
	controller.phys = p[2];
	return 0;
}

static uint8_t scan_enable(const uint8_t *p, size_t n)
{
	if (n != 6)
		return STATUS_PARAMETERS;
	controller.scans = p[0];
	controller.filters = p[1];
	for (int i = 0; i < DEVICES; i++)
		controller.devices[i].reported = false;
	if (controller.scans && controller.phys & SCANS_CODED)
		printf("coded\n");
	return 0;
}

static uint8_t connect_take(const uint8_t *p, size_t n)
{
	int used = 0;

	for (int i = 0; i < DEVICES; i++)
		used += controller.devices[i].connected;
	if (n < 10 || controller.connects)
		return n < 10 ? STATUS_PARAMETERS : STATUS_DISALLOWED;
	if (used >= controller.room) {
		printf("full\n");
		return STATUS_FULL;
	}
	controller.connects = true;
	memcpy(controller.peer, p + 3, 6);
	return 0;
}

static void cancel_take(uint16_t opcode)
{
	bool was = controller.connects;

	controller.connects = false;
	complete(opcode, was ? 0 : STATUS_DISALLOWED, NULL, 0);
	if (was)
		connected_send(controller.peer, STATUS_UNKNOWN_CONNECTION, 0);
}

static void remote_features(uint16_t opcode, const uint8_t *p)
{
	const uint8_t e[12] = {LE_FEATURES, 0, p[0], p[1]};

	status_send(opcode, 0);
	event_send(EVENT_LE, e, sizeof(e));
}

static void disconnect_take(uint16_t opcode, const uint8_t *p)
{
	struct device *device = device_by_handle(number(p));

	status_send(opcode, device ? 0 : STATUS_UNKNOWN_CONNECTION);
	if (device)
		disconnected_send(device, STATUS_LOCAL_END);
}

static void reset(void)
{
	controller.scans = controller.connects = false;
	for (int i = 0; i < DEVICES; i++)
		controller.devices[i].connected = false;
}

/* What is only set, and nothing depends on, succeeds. */
static void command_take(const uint8_t *packet, size_t n)
{
	static const uint8_t version[8] = {0x0c, 0, 0, 0x0c, 0xff, 0xff},
			     features[8] = {0, 0, 0, 0, 0x60}, /* LE only */
			     address[6] = {0x66, 0x55, 0x44, 0x33, 0x22, 0xc0},
			     buffer[3] = {251, 0, 8},
			     le_features[8] = {0, 0x08},	/* LE Coded */
			     states[8] = {255, 255, 255, 255, 255, 255, 255,
					  255},
			     remote_version[8] = {0};
	uint16_t opcode = number(packet + 1);
	const uint8_t *p = packet + 4;

	switch (opcode) {
	case RESET:
		reset();
		complete(opcode, 0, NULL, 0);
		break;
	case READ_VERSION:
		complete(opcode, 0, version, sizeof(version));
		break;
	case READ_COMMANDS:
		commands_answer(opcode);
		break;
	case READ_FEATURES:
		complete(opcode, 0, features, sizeof(features));
		break;
	case READ_ADDRESS:
		complete(opcode, 0, address, sizeof(address));
		break;
	case LE_READ_BUFFER:
		complete(opcode, 0, buffer, sizeof(buffer));
		break;
	case LE_READ_FEATURES:
		complete(opcode, 0, le_features, sizeof(le_features));
		break;
	case LE_READ_STATES:
		complete(opcode, 0, states, sizeof(states));
		break;
	case LE_SCAN_PARAMETERS:
	case LE_SCAN_ENABLE:
		complete(opcode, STATUS_DISALLOWED, NULL, 0);
		break;
	case LE_EXT_SCAN_PARAMETERS:
		complete(opcode, scan_parameters(p, n - 4), NULL, 0);
		break;
	case LE_EXT_SCAN_ENABLE:
		complete(opcode, scan_enable(p, n - 4), NULL, 0);
		break;
	case LE_CONNECT:
		status_send(opcode, STATUS_DISALLOWED);
		break;
	case LE_EXT_CONNECT:
		status_send(opcode, connect_take(p, n - 4));
		break;
	case LE_CONNECT_CANCEL:
		cancel_take(opcode);
		break;
	case LE_READ_REMOTE:
		remote_features(opcode, p);
		break;
	case DISCONNECT:
		disconnect_take(opcode, p);
		break;
	case READ_REMOTE_VERSION:
		status_send(opcode, STATUS_DISALLOWED);
		break;
	default:
		complete(opcode, 0, remote_version, sizeof(remote_version));
	}
}

static void acl_take(uint8_t *p, size_t n)
{
	struct device *device = device_by_handle(number(p + 1));
	const uint8_t sent[] = {1, p[1], p[2] & 0x0f, 1, 0};

	if (!device || n < 10)
		return;
	event_send(EVENT_SENT, sent, sizeof(sent));
	if (number(p + 7) == ATT_CID)
		services_receive(&device->services, p + 9, n - 9);
}

static void kernel_read(void)
{
	uint8_t packet[PACKET_MAX];
	ssize_t n = read(controller.fd, packet, sizeof(packet));

	if (n < 0)
		die("vhci");
	if (packet[0] == VENDOR && n >= 4)
		printf("ready %d\n", number(packet + 2));
	else if (packet[0] == COMMAND && n >= 4)
		command_take(packet, (size_t)n);
	else if (packet[0] == ACL)
		acl_take(packet, (size_t)n);
}

/* ---- the air */

static void connect_try(struct device *device)
{
	if (!controller.connects || device->far ||
	    memcmp(device->address, controller.peer, 6) != 0)
		return;
	controller.connects = false;
	device->connected = true;
	services_begin(&device->services);
	printf("%sconnected\n", device->name);
	connected_send(device->address, 0, handle_of(device));
}

/* Each device that is there advertises once. */
static void air_turn(void)
{
	for (int i = 0; i < DEVICES; i++) {
		struct device *device = &controller.devices[i];

		if (!device->there || device->connected)
			continue;
		if (controller.scans &&
		    (!device->far || controller.phys & SCANS_CODED) &&
		    !(controller.filters && device->reported)) {
			report_send(device);
			device->reported = true;
		}
		connect_try(device);
	}
}

static bool adv_set(struct device *device, bool far, const char *text)
{
	unsigned b[6];
	int at = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x %n", &b[0], &b[1], &b[2],
		   &b[3], &b[4], &b[5], &at) != 6 || at == 0)
		return false;
	for (int i = 0; i < 6; i++)
		device->address[i] = (uint8_t)b[5 - i];
	device->n_adv = services_hex(text + at, device->adv,
				     sizeof(device->adv));
	device->there = true;
	device->far = far;
	device->reported = false;
	return true;
}

/* false: it is not understood. */
static bool line_take(char *line)
{
	char verb[8] = "";
	int i = -1, at = 0;

	line[strcspn(line, "\r\n")] = '\0';
	if (strcmp(line, "quit") == 0)
		exit(0);
	if (sscanf(line, "%7s %d %n", verb, &i, &at) != 2)
		return false;
	if (strcmp(verb, "room") == 0) {
		controller.room = i;
		return true;
	}
	if (i < 0 || i >= DEVICES || at == 0)
		return false;
	if (strcmp(verb, "value") == 0) {
		services_value_set(&controller.devices[i].services, line + at);
		return true;
	}
	return (strcmp(verb, "near") == 0 || strcmp(verb, "far") == 0) &&
	       adv_set(&controller.devices[i], verb[0] == 'f', line + at);
}

/* Lines are read without a buffer behind our back: poll() must see them. */
static void input_read(void)
{
	static char input[1024];
	static size_t used;
	ssize_t n = read(STDIN_FILENO, input + used, sizeof(input) - 1 - used);
	char *end;

	if (n <= 0)
		exit(0);
	used += (size_t)n;
	input[used] = '\0';
	while ((end = strchr(input, '\n'))) {
		*end = '\0';
		if (!line_take(input)) {
			fprintf(stderr, "ble-controller: what is \"%s\"?\n",
				input);
			exit(2);
		}
		used -= (size_t)(end + 1 - input);
		memmove(input, end + 1, used + 1);
	}
}

static void controller_open(void)
{
	static const uint8_t create[2] = {VENDOR, 0};

	controller.fd = open("/dev/vhci", O_RDWR | O_CLOEXEC);
	if (controller.fd < 0)
		die("/dev/vhci");
	packet_send(create, sizeof(create));
	for (int i = 0; i < DEVICES; i++) {
		struct device *device = &controller.devices[i];

		snprintf(device->name, sizeof(device->name), "%d ", i);
		device->services = (struct services){
			.send = pdu_send, .link = device,
			.name = device->name, .n_value = 2,
			.value = {0x66, 0x08}};
	}
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	controller_open();
	for (;;) {
		struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0},
				       {controller.fd, POLLIN, 0}};
		int n = poll(fds, 2, ADV_MS);

		if (n < 0)
			die("poll");
		if (n == 0)
			air_turn();
		if (fds[1].revents)
			kernel_read();
		if (fds[0].revents)
			input_read();
	}
}

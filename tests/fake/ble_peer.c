/* SPDX-License-Identifier: GPL-2.0-or-later
 * A Bluetooth LE device: advertises what it is told, through raw HCI, and
 * serves a few characteristics on the fixed channel of ATT.
 *
 *   ble-peer INDEX        of the controller, which must have power
 *
 * Commands on stdin, one a line:
 *   address AA:BB:..      a random address of its own for what follows
 *   adv HEX               sends this advertisement (connectable) once
 *   value HEX             of characteristic 2A6E, and notifies it
 *   stop                  no more advertisements
 *   wait MS
 *   quit
 * Tells on stdout: ready, connected, disconnected, and what its services tell
 * (ble_services.h). */
#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/hci_lib.h>
#include <bluetooth/l2cap.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fake/ble_services.h"

#define ATT_CID 4

struct peer {
	int hci, server, link;
	bool random;
	uint8_t last[31];
	size_t n_last;
	struct services services;
};

static void die(const char *what)
{
	fprintf(stderr, "ble-peer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void command(struct peer *peer, uint16_t ocf, void *parameters, int n,
		    const char *what)
{
	uint8_t status = 0;
	struct hci_request request = {
		.ogf = OGF_LE_CTL, .ocf = ocf, .cparam = parameters,
		.clen = n, .rparam = &status, .rlen = 1};

	if (hci_send_req(peer->hci, &request, 3000) < 0)
		die(what);
	if (status && ocf != OCF_LE_SET_ADVERTISE_ENABLE) {
		fprintf(stderr, "ble-peer: %s: HCI status %#x\n", what,
			status);
		exit(1);
	}
}

static void enable(struct peer *peer, bool on)
{
	le_set_advertise_enable_cp set = {.enable = on};

	command(peer, OCF_LE_SET_ADVERTISE_ENABLE, &set,
		LE_SET_ADVERTISE_ENABLE_CP_SIZE, "advertise");
}

/* The emulated controller sends one report each time it is enabled. */
static void advertise(struct peer *peer)
{
	le_set_advertising_parameters_cp parameters = {
		.min_interval = htobs(0xa0), .max_interval = htobs(0xa0),
		.own_bdaddr_type = peer->random, .chan_map = 7};
	le_set_advertising_data_cp data = {.length = (uint8_t)peer->n_last};

	memcpy(data.data, peer->last, peer->n_last);
	enable(peer, false);
	command(peer, OCF_LE_SET_ADVERTISING_PARAMETERS, &parameters,
		LE_SET_ADVERTISING_PARAMETERS_CP_SIZE, "parameters");
	command(peer, OCF_LE_SET_ADVERTISING_DATA, &data,
		LE_SET_ADVERTISING_DATA_CP_SIZE, "data");
	enable(peer, true);
}

static void address_set(struct peer *peer, const char *text)
{
	le_set_random_address_cp set;

	if (str2ba(text, &set.bdaddr) < 0)
		die(text);
	enable(peer, false);
	command(peer, OCF_LE_SET_RANDOM_ADDRESS, &set,
		LE_SET_RANDOM_ADDRESS_CP_SIZE, "address");
	peer->random = true;
}

/* ---- its services */

static void pdu_send(struct services *services, const void *pdu, size_t n)
{
	const struct peer *peer = services->link;

	if (send(peer->link, pdu, n, MSG_NOSIGNAL) < 0)
		perror("ble-peer: send");
}

static void link_accept(struct peer *peer)
{
	struct sockaddr_l2 from;
	socklen_t n = sizeof(from);

	peer->link = accept(peer->server, (struct sockaddr *)&from, &n);
	services_begin(&peer->services);
	if (peer->link >= 0)
		printf("connected\n");
}

static void link_read(struct peer *peer)
{
	uint8_t pdu[SERVICES_PDU_MAX];
	ssize_t n = recv(peer->link, pdu, sizeof(pdu), 0);

	if (n > 0) {
		services_receive(&peer->services, pdu, (size_t)n);
		return;
	}
	close(peer->link);
	peer->link = -1;
	services_begin(&peer->services);
	printf("disconnected\n");
	if (peer->n_last)	/* a connection ends advertising */
		advertise(peer);
}

static int server_open(int index)
{
	struct sockaddr_l2 address = {.l2_family = AF_BLUETOOTH,
				      .l2_cid = htobs(ATT_CID),
				      .l2_bdaddr_type = BDADDR_LE_PUBLIC};
	int fd = socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_CLOEXEC,
			BTPROTO_L2CAP);

	if (fd < 0 || hci_devba(index, &address.l2_bdaddr) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		die("ATT server");
	return fd;
}

static bool line_take(struct peer *peer, char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	if (strncmp(line, "address ", 8) == 0) {
		address_set(peer, line + 8);
	} else if (strncmp(line, "adv ", 4) == 0) {
		peer->n_last = services_hex(line + 4, peer->last,
					sizeof(peer->last));
		advertise(peer);
	} else if (strcmp(line, "stop") == 0) {
		peer->n_last = 0;
		enable(peer, false);
	} else if (strncmp(line, "value ", 6) == 0) {
		services_value_set(&peer->services, line + 6);
	} else if (strncmp(line, "wait ", 5) == 0) {
		usleep((useconds_t)atoi(line + 5) * 1000);
	} else if (strcmp(line, "quit") == 0) {
		return false;
	} else if (line[0]) {
		fprintf(stderr, "ble-peer: what is \"%s\"?\n", line);
		exit(2);
	}
	return true;
}

/* Lines are read without a buffer behind our back: poll() must see them. */
static bool input_take(struct peer *peer)
{
	static char line[1024];
	static size_t used;
	ssize_t n = read(STDIN_FILENO, line + used, sizeof(line) - 1 - used);
	char *end;

	if (n <= 0)
		return false;
	used += (size_t)n;
	line[used] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		if (!line_take(peer, line))
			return false;
		used -= (size_t)(end + 1 - line);
		memmove(line, end + 1, used + 1);
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct peer peer = {.link = -1, .services = {
		.send = pdu_send, .link = &peer, .name = "",
		.n_value = 2, .value = {0x66, 0x08},
		.n_text = 2, .text = {'h', 'i'}}};
	int index = argc == 2 ? atoi(argv[1]) : -1;

	if (index < 0) {
		fputs("usage: ble-peer INDEX\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	peer.hci = hci_open_dev(index);
	if (peer.hci < 0)
		die("controller");
	if (ioctl(peer.hci, HCIDEVUP, index) < 0 && errno != EALREADY)
		die("power");
	peer.server = server_open(index);
	printf("ready\n");
	for (;;) {
		struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0},
				       {peer.server, POLLIN, 0},
				       {peer.link, POLLIN, 0}};

		if (poll(fds, 3, -1) < 0)
			die("poll");
		if (fds[2].revents && peer.link >= 0)
			link_read(&peer);
		if (fds[1].revents && peer.link < 0)
			link_accept(&peer);
		if (fds[0].revents && !input_take(&peer))
			return 0;
	}
}

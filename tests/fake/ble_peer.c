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
 * Tells on stdout: ready, connected, subscribed, written HEX, disconnected.
 *
 * Service 181A: 2 declaration, 3 value of 2A6E (read, notify), 4 its CCCD;
 * 5 declaration, 6 value of FF01 (read, write), 20 bytes and more. */
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

#define ATT_CID 4
#define VALUE_MAX 512
#define MTU 40

struct peer {
	int hci, server, link;
	bool random, notify;
	uint8_t last[31];
	size_t n_last;
	uint8_t value[VALUE_MAX], text[VALUE_MAX], prepared[VALUE_MAX];
	size_t n_value, n_text, n_prepared;
	uint16_t mtu;
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

static size_t hex_read(const char *hex, uint8_t *bytes, size_t size)
{
	size_t n = 0;
	unsigned byte;

	for (; n < size && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[n++] = (uint8_t)byte;
	return n;
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

/* ---- ATT, the server's side */

static uint16_t number(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static void answer(struct peer *peer, const void *pdu, size_t n)
{
	if (send(peer->link, pdu, n, MSG_NOSIGNAL) < 0)
		perror("ble-peer: send");
}

static void refuse(struct peer *peer, const uint8_t *p, uint16_t handle,
		   uint8_t code)
{
	const uint8_t pdu[] = {0x01, p[0], (uint8_t)handle,
			       (uint8_t)(handle >> 8), code};

	answer(peer, pdu, sizeof(pdu));
}

static void declarations(struct peer *peer, const uint8_t *p)
{
	static const uint8_t both[] = {0x09, 7, 2, 0, 0x12, 3, 0, 0x6e, 0x2a,
				       5, 0, 0x0a, 6, 0, 0x01, 0xff};
	uint16_t first = number(p + 1);

	if (number(p + 5) != 0x2803 || first > 5)
		refuse(peer, p, first, 0x0a);
	else if (first <= 2)
		answer(peer, both, sizeof(both));
	else
		answer(peer, (const uint8_t[]){0x09, 7, 5, 0, 0x0a, 6, 0, 0x01,
					       0xff}, 9);
}

static void value_answer(struct peer *peer, const uint8_t *p, uint16_t offset)
{
	const uint8_t *value = number(p + 1) == 3 ? peer->value : peer->text;
	size_t n = number(p + 1) == 3 ? peer->n_value : peer->n_text;
	uint8_t pdu[VALUE_MAX + 1] = {(uint8_t)(p[0] + 1)};

	if (number(p + 1) != 3 && number(p + 1) != 6) {
		refuse(peer, p, number(p + 1), 0x01);
		return;
	}
	if (offset > n) {
		refuse(peer, p, number(p + 1), 0x07);
		return;
	}
	n -= offset;
	if (n > peer->mtu - 1u)
		n = peer->mtu - 1u;
	memcpy(pdu + 1, value + offset, n);
	answer(peer, pdu, n + 1);
}

static void text_told(struct peer *peer)
{
	printf("written ");
	for (size_t i = 0; i < peer->n_text; i++)
		printf("%02x", peer->text[i]);
	printf("\n");
}

static void write_take(struct peer *peer, const uint8_t *p, size_t n)
{
	uint16_t handle = number(p + 1);

	if (handle == 4) {
		peer->notify = p[3] & 1;
		printf("subscribed\n");
	} else if (handle == 6) {
		peer->n_text = n - 3;
		memcpy(peer->text, p + 3, n - 3);
		text_told(peer);
	} else {
		refuse(peer, p, handle, 0x03);
		return;
	}
	answer(peer, (const uint8_t[]){0x13}, 1);
}

static void prepare_take(struct peer *peer, uint8_t *p, size_t n)
{
	uint16_t offset = number(p + 3);

	if (number(p + 1) != 6 || offset + n - 5 > VALUE_MAX) {
		refuse(peer, p, number(p + 1), 0x03);
		return;
	}
	memcpy(peer->prepared + offset, p + 5, n - 5);
	peer->n_prepared = offset + n - 5;
	p[0] = 0x17;
	answer(peer, p, n);
}

static void execute_take(struct peer *peer, const uint8_t *p)
{
	if (p[1]) {
		memcpy(peer->text, peer->prepared, peer->n_prepared);
		peer->n_text = peer->n_prepared;
		text_told(peer);
	}
	answer(peer, (const uint8_t[]){0x19}, 1);
}

static void pdu_take(struct peer *peer, uint8_t *p, size_t n)
{
	if (p[0] == 0x02 && n == 3) {
		answer(peer, (const uint8_t[]){0x03, MTU, 0}, 3);
		peer->mtu = number(p + 1) < MTU ? number(p + 1) : MTU;
	} else if (p[0] == 0x08 && n == 7) {
		declarations(peer, p);
	} else if (p[0] == 0x04 && n == 5 && number(p + 1) <= 4 &&
		   number(p + 3) >= 4) {
		answer(peer, (const uint8_t[]){0x05, 1, 4, 0, 0x02, 0x29}, 6);
	} else if (p[0] == 0x0a && n == 3) {
		value_answer(peer, p, 0);
	} else if (p[0] == 0x0c && n == 5) {
		value_answer(peer, p, number(p + 3));
	} else if (p[0] == 0x12 && n >= 3) {
		write_take(peer, p, n);
	} else if (p[0] == 0x16 && n >= 5) {
		prepare_take(peer, p, n);
	} else if (p[0] == 0x18 && n == 2) {
		execute_take(peer, p);
	} else if (!(p[0] & 0x40) && p[0] != 0x1e) {
		refuse(peer, p, n >= 3 ? number(p + 1) : 0,
		       p[0] == 0x04 ? 0x0a : 0x06);
	}
}

static void value_set(struct peer *peer, const char *hex)
{
	uint8_t pdu[VALUE_MAX + 3] = {0x1b, 3, 0};

	peer->n_value = hex_read(hex, peer->value, sizeof(peer->value));
	if (peer->link < 0 || !peer->notify)
		return;
	memcpy(pdu + 3, peer->value, peer->n_value);
	answer(peer, pdu, peer->n_value + 3);
}

static void link_accept(struct peer *peer)
{
	struct sockaddr_l2 from;
	socklen_t n = sizeof(from);

	peer->link = accept(peer->server, (struct sockaddr *)&from, &n);
	peer->notify = false;
	peer->mtu = 23;
	if (peer->link >= 0)
		printf("connected\n");
}

static void link_read(struct peer *peer)
{
	uint8_t pdu[VALUE_MAX + 3];
	ssize_t n = recv(peer->link, pdu, sizeof(pdu), 0);

	if (n > 0) {
		pdu_take(peer, pdu, (size_t)n);
		return;
	}
	close(peer->link);
	peer->link = -1;
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
		peer->n_last = hex_read(line + 4, peer->last,
					sizeof(peer->last));
		advertise(peer);
	} else if (strcmp(line, "stop") == 0) {
		peer->n_last = 0;
		enable(peer, false);
	} else if (strncmp(line, "value ", 6) == 0) {
		value_set(peer, line + 6);
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
	static struct peer peer = {.link = -1, .n_value = 2,
				   .value = {0x66, 0x08}, .n_text = 2,
				   .text = {'h', 'i'}};
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

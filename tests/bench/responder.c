/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The fast LwM2M server of the benchmark: one UDP socket, no library, no
 * lookup by address. It answers POST /rd with 2.01 and a location, observes
 * one path of each client that registers, acknowledges and counts what comes.
 *
 *   responder --port 0 [--observe /3303/0/5700] [--accept CT]
 *
 * prints "ready PORT" and runs until a signal. A datagram that starts with
 * '?' is answered with the counters as one JSON object: a '?' is no CoAP
 * version, and asking costs nothing between the questions. "heard" is how many
 * clients sent anything since the question before. A client is told
 * from its address by the port alone, so all of them share one host.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	COAP_CON = 0,
	COAP_NON = 1,
	COAP_ACK = 2,
	COAP_RST = 3,
	CODE_GET = 0x01,
	CODE_POST = 0x02,
	CODE_DELETE = 0x04,
	CODE_CREATED = 0x41,
	CODE_DELETED = 0x42,
	CODE_CHANGED = 0x44,
	CODE_CONTENT = 0x45,
	OPTION_OBSERVE = 6,
	OPTION_LOCATION_PATH = 8,
	OPTION_URI_PATH = 11,
	OPTION_ACCEPT = 17,
	DATAGRAM = 1500,
};

#define SECOND 1000000000LL
#define ASK_AGAIN (2 * SECOND)	/* an Observe nobody answered */

/* What is known of the client behind one UDP port. */
struct client {
	bool registered;
	bool observed;
	uint16_t register_id;	/* the message id: the same is a repetition */
	int64_t asked;		/* when the Observe was sent; 0: not yet */
};

struct counters {
	unsigned int registered, updates, observed, resets, failures;
	unsigned long notifications, retransmissions;
	int64_t first, last;	/* the first and the last registration */
	int64_t last_observed;
};

struct message {
	uint8_t type, code, token_length;
	uint16_t id;
	const uint8_t *token;
	const uint8_t *options;
	size_t options_length;	/* with the payload behind them */
};

static struct client clients[65536];
static uint16_t last_id[65536];	/* of the last notification, by port */
static unsigned int heard_in[65536];	/* the question after which, by port */
static unsigned int questions = 1, heard;
static struct counters count;
static const char *observe_path;
static int accept_format = -1;
static uint16_t next_id;
static volatile sig_atomic_t stopped;

static void handle_signal(int number)
{
	(void)number;
	stopped = 1;
}

static int64_t read_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static bool message_parse(struct message *m, const uint8_t *data, size_t n)
{
	if (n < 4 || data[0] >> 6 != 1)
		return false;
	m->type = data[0] >> 4 & 3;
	m->token_length = data[0] & 15;
	m->code = data[1];
	m->id = (uint16_t)(data[2] << 8 | data[3]);
	if (m->token_length > 8 || n < 4u + m->token_length)
		return false;
	m->token = data + 4;
	m->options = data + 4 + m->token_length;
	m->options_length = n - 4 - m->token_length;
	return true;
}

static size_t head_write(uint8_t *out, uint8_t type, uint8_t code, uint16_t id,
			 const uint8_t *token, uint8_t token_length)
{
	out[0] = (uint8_t)(1 << 6 | type << 4 | token_length);
	out[1] = code;
	out[2] = (uint8_t)(id >> 8);
	out[3] = (uint8_t)id;
	memcpy(out + 4, token, token_length);
	return 4u + token_length;
}

/* Deltas and lengths below 13 are all that this program writes. */
static size_t option_write(uint8_t *out, int delta, const void *value,
			   size_t length)
{
	out[0] = (uint8_t)(delta << 4 | (int)length);
	memcpy(out + 1, value, length);
	return 1 + length;
}

/* The number of Uri-Path segments; 1 is a Register, 2 an Update. */
static int message_count_segments(const struct message *m)
{
	const uint8_t *p = m->options, *end = p + m->options_length;
	int number = 0, segments = 0;

	while (p < end && *p != 0xff) {
		int delta = *p >> 4, length = *p & 15;

		p++;
		if (delta == 13 && p < end)
			delta = 13 + *p++;
		if (length == 13 && p < end)
			length = 13 + *p++;
		else if (length == 14)
			return -1;
		number += delta;
		p += length;
		if (number == OPTION_URI_PATH)
			segments++;
	}
	return segments;
}

static size_t created_write(uint8_t *out, const struct message *m,
			    uint16_t port)
{
	char id[8];
	int length = snprintf(id, sizeof(id), "%x", port);
	size_t n = head_write(out, COAP_ACK, CODE_CREATED, m->id, m->token,
			      m->token_length);

	n += option_write(out + n, OPTION_LOCATION_PATH, "rd", 2);
	n += option_write(out + n, 0, id, (size_t)length);
	return n;
}

static size_t observe_write(uint8_t *out, uint16_t port)
{
	uint8_t token[2] = {(uint8_t)(port >> 8), (uint8_t)port};
	size_t n = head_write(out, COAP_CON, CODE_GET, next_id++, token, 2);
	int number = 0;

	n += option_write(out + n, OPTION_OBSERVE, "", 0);
	number = OPTION_OBSERVE;
	for (const char *p = observe_path; *p == '/';) {
		size_t length = strcspn(++p, "/");

		n += option_write(out + n, OPTION_URI_PATH - number, p, length);
		number = OPTION_URI_PATH;
		p += length;
	}
	if (accept_format >= 0) {
		uint8_t ct[2] = {(uint8_t)(accept_format >> 8),
				 (uint8_t)accept_format};
		size_t length = accept_format > 255 ? 2 : accept_format > 0;

		n += option_write(out + n, OPTION_ACCEPT - number,
				  ct + 2 - length, length);
	}
	return n;
}

static void send_to(int fd, uint16_t port, const uint8_t *data, size_t n)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	while (sendto(fd, data, n, 0, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	       errno == EINTR)
		;
}

static void observe_send(int fd, uint16_t port, int64_t now)
{
	uint8_t out[64];

	clients[port].asked = now;
	send_to(fd, port, out, observe_write(out, port));
}

static void handle_register(int fd, uint16_t port, const struct message *m)
{
	struct client *c = &clients[port];
	int64_t now = read_clock();
	uint8_t out[64];

	send_to(fd, port, out, created_write(out, m, port));
	if (c->registered && c->register_id == m->id)
		return;
	count.registered -= c->registered;
	count.observed -= c->observed;
	*c = (struct client){.registered = true, .register_id = m->id};
	count.first = count.registered++ ? count.first : now;
	count.last = now;
	if (observe_path)
		observe_send(fd, port, now);
}

static void handle_request(int fd, uint16_t port, const struct message *m)
{
	bool gone = m->code == CODE_DELETE;
	uint8_t out[16];

	if (m->code == CODE_POST && message_count_segments(m) == 1) {
		handle_register(fd, port, m);
		return;
	}
	count.updates += !gone;
	if (gone) {
		count.registered -= clients[port].registered;
		count.observed -= clients[port].observed;
		clients[port] = (struct client){0};
	}
	send_to(fd, port, out,
		head_write(out, COAP_ACK, gone ? CODE_DELETED : CODE_CHANGED,
			   m->id, m->token, m->token_length));
}

static void handle_content(int fd, uint16_t port, const struct message *m)
{
	uint8_t out[4];

	if (m->type == COAP_CON)
		send_to(fd, port, out,
			head_write(out, COAP_ACK, 0, m->id, out, 0));
	if (!clients[port].observed) {
		clients[port].observed = true;
		count.observed++;
		count.last_observed = read_clock();
	} else if (m->type == COAP_ACK) {
		return;			/* the answer to a question repeated */
	} else if (last_id[port] == m->id) {
		count.retransmissions++;
		return;
	} else {
		count.notifications++;
	}
	last_id[port] = m->id;
}

static void handle_message(int fd, uint16_t port, const struct message *m)
{
	heard += heard_in[port] != questions;
	heard_in[port] = questions;
	if (m->code == CODE_CONTENT)
		handle_content(fd, port, m);
	else if (m->code >> 5 == 0 && m->code)
		handle_request(fd, port, m);
	else if (m->type == COAP_RST)
		count.resets++;
	else if (m->code >> 5 >= 4)
		count.failures++;
}

static void report(int fd, const struct sockaddr_in *to)
{
	char text[400];
	int n = snprintf(text, sizeof(text),
			 "{\"registered\": %u, \"observed\": %u, "
			 "\"notifications\": %lu, \"retransmissions\": %lu, "
			 "\"updates\": %u, \"resets\": %u, \"failures\": %u, "
			 "\"heard\": %u, "
			 "\"first\": %.6f, \"last\": %.6f, "
			 "\"last_observed\": %.6f, \"now\": %.6f}\n",
			 count.registered, count.observed, count.notifications,
			 count.retransmissions, count.updates, count.resets,
			 count.failures, heard, (double)count.first / SECOND,
			 (double)count.last / SECOND,
			 (double)count.last_observed / SECOND,
			 (double)read_clock() / SECOND);

	sendto(fd, text, (size_t)n, 0, (const struct sockaddr *)to,
	       sizeof(*to));
	questions++;
	heard = 0;
}

/* A burst may overrun the socket's buffer: ask again who did not answer. */
static void ask_again(int fd)
{
	int64_t now = read_clock();

	if (!observe_path || count.observed == count.registered)
		return;
	for (unsigned int port = 0; port < 65536; port++) {
		const struct client *c = &clients[port];

		if (c->registered && !c->observed && c->asked + ASK_AGAIN < now)
			observe_send(fd, (uint16_t)port, now);
	}
}

static void serve(int fd)
{
	uint8_t data[DATAGRAM];
	struct sockaddr_in from;
	struct message m;

	while (!stopped) {
		socklen_t length = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0,
				     (struct sockaddr *)&from, &length);

		if (n < 0)
			ask_again(fd);
		else if (n > 0 && data[0] == '?')
			report(fd, &from);
		else if (message_parse(&m, data, (size_t)n))
			handle_message(fd, ntohs(from.sin_port), &m);
	}
}

static int socket_open(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval patience = {.tv_usec = 500000};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int size = 8 << 20;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0)
		return -errno;
	/* The forced size is root's; the plain one is cut to the limit. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	getsockname(fd, (struct sockaddr *)&address, &length);
	printf("ready %d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"port", required_argument, NULL, 'p'},
		{"observe", required_argument, NULL, 'o'},
		{"accept", required_argument, NULL, 'a'},
		{0},
	};
	struct sigaction stop = {.sa_handler = handle_signal};
	uint16_t port = 0;
	int c, fd;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p')
			port = (uint16_t)atoi(optarg);
		else if (c == 'o')
			observe_path = optarg;
		else if (c == 'a')
			accept_format = atoi(optarg);
		else
			return 2;
	}
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	fd = socket_open(port);
	if (fd < 0) {
		fprintf(stderr, "responder: %s\n", strerror(-fd));
		return 1;
	}
	serve(fd);
	close(fd);
	return 0;
}

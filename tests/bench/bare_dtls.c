/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the benchmark measures lwmuxd's DTLS against: N clients on bare libcoap,
 * one context and one session with a pre-shared key each, that shake hands and
 * register.
 *
 *   bare_dtls --port PORT --key HEX [--endpoints 300] [--at-once 32]
 *             [--rate 0]
 *
 * With a rate so many begin in a second, evenly: then each flight of a handshake
 * wakes a process that waits, which costs as much CPU again.
 *
 * Identity and endpoint are bench-0000 and so on. One JSON object comes out:
 * CPU in microseconds and resident memory in bytes for one client, and the
 * rate by the clock. libcoap asks select() about each socket, which ends at
 * descriptor 1,023: 300 clients of three descriptors are as many as it takes.
 */
#include <coap3/coap.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define SECOND 1000000000LL
#define PATIENCE (60 * SECOND)

enum { BATCH = 256, SESSION_EVENTS = 8, KEY_MOST = 64 };

struct client {
	coap_context_t *context;
	coap_session_t *session;
	bool registered;
};

static struct client *clients;
static unsigned int client_count = 300, at_once = 32, started, registered;
static unsigned int rate;		/* 0: as fast as they go */
static int poll_fd;
static coap_address_t server;
static uint8_t key[KEY_MOST];
static size_t key_length;

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* Resident memory in bytes; 0 where the kernel does not say. */
static long read_memory(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	long kb = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Rss: %ld kB", &kb) == 1)
			break;
	fclose(f);
	return kb * 1024;
}

static coap_response_t handle_response(coap_session_t *session,
				       const coap_pdu_t *sent,
				       const coap_pdu_t *received,
				       const coap_mid_t mid)
{
	struct client *c = coap_session_get_app_data(session);

	(void)sent, (void)mid;
	if (coap_pdu_get_code(received) == COAP_RESPONSE_CODE_CREATED &&
	    !c->registered) {
		c->registered = true;
		registered++;
	}
	return COAP_RESPONSE_OK;
}

/* As for the own side: libcoap arms no timer for what was sent outside. */
static void client_drive(struct client *c)
{
	coap_tick_t now;

	coap_ticks(&now);
	coap_io_prepare_epoll(c->context, now);
}

static bool client_open(struct client *c, const char *name)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	coap_dtls_cpsk_t psk = {
		.version = COAP_DTLS_CPSK_SETUP_VERSION,
		.psk_info = {{strlen(name), (const uint8_t *)name},
			     {key_length, key}},
	};

	c->context = coap_new_context(NULL);
	if (!c->context)
		return false;
	coap_register_response_handler(c->context, handle_response);
	c->session = coap_new_client_session_psk2(c->context, NULL, &server,
						  COAP_PROTO_DTLS, &psk);
	if (!c->session)
		return false;
	coap_session_set_app_data(c->session, c);
	return !epoll_ctl(poll_fd, EPOLL_CTL_ADD,
			  coap_context_get_coap_fd(c->context), &event);
}

static void client_register(struct client *c, const char *name)
{
	static const char list[] =
		"</>;rt=\"oma.lwm2m\";ct=110,</1/0>,</3/0>,</3303/0>";
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON,
					COAP_REQUEST_CODE_POST,
					coap_new_message_id(c->session), 256);
	char query[4][40] = {"", "lt=3600", "lwm2m=1.1", "b=U"};
	uint8_t format = COAP_MEDIATYPE_APPLICATION_LINK_FORMAT;

	snprintf(query[0], sizeof(query[0]), "ep=%s", name);
	coap_add_token(pdu, 2, (const uint8_t *)name + strlen(name) - 2);
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 2, (const uint8_t *)"rd");
	coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, 1, &format);
	for (int i = 0; i < 4; i++)
		coap_add_option(pdu, COAP_OPTION_URI_QUERY, strlen(query[i]),
				(const uint8_t *)query[i]);
	coap_add_data(pdu, sizeof(list) - 1, (const uint8_t *)list);
	coap_send(c->session, pdu);
	client_drive(c);
}

static bool client_start(struct client *c)
{
	char name[32];

	snprintf(name, sizeof(name), "bench-%04u", started++);
	if (!client_open(c, name))
		return false;
	client_register(c, name);
	return true;
}

static void turn(int timeout_ms)
{
	struct epoll_event ready[BATCH], events[SESSION_EVENTS];
	int n = epoll_wait(poll_fd, ready, BATCH, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct client *c = ready[i].data.ptr;
		int fd = coap_context_get_coap_fd(c->context);
		int m = epoll_wait(fd, events, SESSION_EVENTS, 0);

		if (m > 0)
			coap_io_do_epoll(c->context, events, (size_t)m);
		client_drive(c);
	}
}

/* libcoap's timer may be off after a late look at it: so nothing waits for it
 * alone. */
static void push_on(void)
{
	for (unsigned int i = 0; i < started; i++) {
		if (clients[i].registered)
			continue;
		coap_io_process(clients[i].context, COAP_IO_NO_WAIT);
		client_drive(&clients[i]);
	}
}

/* When the next one may begin. */
static int64_t start_due(int64_t begin)
{
	return rate ? begin + started * SECOND / rate : begin;
}

static bool may_start(int64_t begin)
{
	return started < client_count && started - registered < at_once &&
	       start_due(begin) <= read_clock(CLOCK_MONOTONIC);
}

static int patience(int64_t begin)
{
	int64_t ms = (start_due(begin) - read_clock(CLOCK_MONOTONIC)) /
		     1000000 + 1;

	if (!rate || started == client_count || ms > 100)
		return 100;
	return ms > 0 ? (int)ms : 1;
}

static bool register_all(void)
{
	int64_t begin = read_clock(CLOCK_MONOTONIC);
	int64_t push = 0, now = begin;

	while (registered < client_count && now < begin + PATIENCE) {
		while (may_start(begin))
			if (!client_start(&clients[started]))
				return false;
		turn(patience(begin));
		now = read_clock(CLOCK_MONOTONIC);
		if (now < push)
			continue;
		push_on();
		push = now + SECOND / 5;
	}
	return registered == client_count;
}

static int measure(void)
{
	int64_t t = read_clock(CLOCK_MONOTONIC);
	int64_t cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	long memory = read_memory();
	bool good = register_all();
	double n = client_count;

	if (!good) {
		fprintf(stderr, "bare_dtls: %u registered of %u\n", registered,
			client_count);
		return 1;
	}
	cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	t = read_clock(CLOCK_MONOTONIC) - t;
	memory = read_memory() - memory;
	printf("{\"endpoints\": %u, \"memory\": %.0f, \"handshake_us\": %.1f, "
	       "\"handshake_rate\": %.1f}\n", client_count,
	       (double)memory / n, (double)cpu / 1000 / n,
	       n * SECOND / (double)t);
	return 0;
}

static bool key_read(const char *hex)
{
	unsigned int byte;

	for (; key_length < KEY_MOST && sscanf(hex, "%2x", &byte) == 1;
	     hex += 2)
		key[key_length++] = (uint8_t)byte;
	return key_length > 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"port", required_argument, NULL, 'p'},
		{"key", required_argument, NULL, 'k'},
		{"endpoints", required_argument, NULL, 'n'},
		{"at-once", required_argument, NULL, 'a'},
		{"rate", required_argument, NULL, 'r'},
		{0},
	};
	uint16_t port = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p')
			port = (uint16_t)atoi(optarg);
		else if (c == 'n')
			client_count = (unsigned int)atoi(optarg);
		else if (c == 'a')
			at_once = (unsigned int)atoi(optarg);
		else if (c == 'r')
			rate = (unsigned int)atoi(optarg);
		else if (c != 'k' || !key_read(optarg))
			return 2;
	}
	coap_startup();
	coap_set_log_level((coap_log_t)0);
	coap_address_init(&server);
	server.size = sizeof(server.addr.sin);
	server.addr.sin.sin_family = AF_INET;
	server.addr.sin.sin_port = htons(port);
	server.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	clients = calloc(client_count, sizeof(*clients));
	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!clients || poll_fd < 0)
		return 1;
	return measure();
}

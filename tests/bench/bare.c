/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the benchmark measures lwmuxd against: N clients on bare libcoap, one
 * context and one client session each, that register, answer one Observe and
 * send confirmable notifications, without any LwM2M behind it.
 *
 *   bare --port PORT [--endpoints 1000] [--seconds 5] [--rate R]
 *        [--shared-priorities]
 *
 * With --rate each client notifies R times a second, without it as fast as
 * acknowledgements come. The result is one JSON object: memory in bytes for
 * one client, CPU in microseconds for one operation, rates in 1/s.
 * --shared-priorities lets all contexts share one GnuTLS priority cache, of
 * which libcoap makes one per context, used or not.
 */
#include <coap3/coap.h>
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define PATIENCE (30 * SECOND)	/* for all to register and be observed */

enum { BATCH = 256, SESSION_EVENTS = 8 };

struct client {
	coap_context_t *context;
	coap_session_t *session;
	uint32_t sequence;	/* of the Observe option */
	uint8_t token[8], token_length;
	bool observed, in_flight;
};

static struct client *clients;
static unsigned int client_count = 1000;
static unsigned int registered, observed;
static unsigned long acknowledged, failed;
static bool notifying;		/* flat out: the next follows each ACK */
static int poll_fd;

static bool share_priorities;
static gnutls_priority_t shared_priority;

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static int64_t now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static int64_t cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
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

/*
 * libcoap calls these for every context; the definitions in the program come
 * before those of the library.
 */
int gnutls_priority_init(gnutls_priority_t *cache, const char *text,
			 const char **error_position)
{
	int (*real)(gnutls_priority_t *, const char *, const char **);
	int rc = 0;

	*(void **)&real = dlsym(RTLD_NEXT, "gnutls_priority_init");
	if (!share_priorities)
		return real(cache, text, error_position);
	if (!shared_priority)
		rc = real(&shared_priority, text, error_position);
	*cache = shared_priority;
	return rc;
}

void gnutls_priority_deinit(gnutls_priority_t cache)
{
	void (*real)(gnutls_priority_t);

	*(void **)&real = dlsym(RTLD_NEXT, "gnutls_priority_deinit");
	if (cache != shared_priority)
		real(cache);
}

static void value_add(coap_pdu_t *pdu, uint32_t sequence)
{
	uint8_t buf[4];
	char text[16];
	int n = snprintf(text, sizeof(text), "%u.%u", 18 + sequence % 6,
			 sequence / 6 % 10);

	coap_add_option(pdu, COAP_OPTION_OBSERVE,
			coap_encode_var_safe(buf, sizeof(buf), sequence), buf);
	coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, 0, NULL);
	coap_add_data(pdu, (size_t)n, (const uint8_t *)text);
}

static void handle_get(coap_resource_t *resource, coap_session_t *session,
		       const coap_pdu_t *request, const coap_string_t *query,
		       coap_pdu_t *response)
{
	struct client *c = coap_session_get_app_data(session);
	coap_bin_const_t token = coap_pdu_get_token(request);

	(void)resource, (void)query;
	c->token_length = (uint8_t)token.length;
	memcpy(c->token, token.s, token.length);
	observed += !c->observed;
	c->observed = true;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	value_add(response, ++c->sequence);
}

static void handle_put(coap_resource_t *resource, coap_session_t *session,
		       const coap_pdu_t *request, const coap_string_t *query,
		       coap_pdu_t *response)
{
	(void)resource, (void)session, (void)request, (void)query;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_NOT_ALLOWED);
}

static coap_response_t handle_response(coap_session_t *session,
				       const coap_pdu_t *sent,
				       const coap_pdu_t *received,
				       const coap_mid_t mid)
{
	(void)session, (void)sent, (void)mid;
	registered += coap_pdu_get_code(received) == COAP_RESPONSE_CODE_CREATED;
	return COAP_RESPONSE_OK;
}

static void handle_nack(coap_session_t *session, const coap_pdu_t *sent,
			const coap_nack_reason_t reason, const coap_mid_t mid)
{
	(void)session, (void)sent, (void)reason, (void)mid;
	failed++;
}

static void client_notify(struct client *c)
{
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON,
					COAP_RESPONSE_CODE_CONTENT,
					coap_new_message_id(c->session), 128);

	coap_add_token(pdu, c->token_length, c->token);
	value_add(pdu, ++c->sequence);
	c->in_flight = coap_send(c->session, pdu) != COAP_INVALID_MID;
}

/* What becomes of a context after it was used: its timer, its next message. */
static void client_drive(struct client *c)
{
	coap_tick_t now;

	if (c->in_flight && coap_can_exit(c->context)) {
		c->in_flight = false;
		acknowledged++;
		if (notifying)
			client_notify(c);
	}
	coap_ticks(&now);
	coap_io_prepare_epoll(c->context, now);
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

static bool client_open(struct client *c, const coap_address_t *server)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	coap_resource_t *unknown = coap_resource_unknown_init(handle_put);

	c->context = coap_new_context(NULL);
	if (!c->context || !unknown)
		return false;
	coap_register_request_handler(unknown, COAP_REQUEST_GET, handle_get);
	coap_add_resource(c->context, unknown);
	coap_register_response_handler(c->context, handle_response);
	coap_register_nack_handler(c->context, handle_nack);
	c->session = coap_new_client_session(c->context, NULL, server,
					     COAP_PROTO_UDP);
	if (!c->session)
		return false;
	coap_session_set_app_data(c->session, c);
	return !epoll_ctl(poll_fd, EPOLL_CTL_ADD,
			  coap_context_get_coap_fd(c->context), &event);
}

static void client_register(struct client *c, unsigned int number)
{
	static const char list[] =
		"</>;rt=\"oma.lwm2m\";ct=110,</1/0>,</3/0>,</3303/0>";
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON,
					COAP_REQUEST_CODE_POST,
					coap_new_message_id(c->session), 256);
	uint8_t token[2] = {(uint8_t)(number >> 8), (uint8_t)number};
	char query[4][32] = {"", "lt=300", "lwm2m=1.1", "b=U"};
	uint8_t format = COAP_MEDIATYPE_APPLICATION_LINK_FORMAT;

	snprintf(query[0], sizeof(query[0]), "ep=bare-%04u", number);
	coap_add_token(pdu, sizeof(token), token);
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 2, (const uint8_t *)"rd");
	coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, 1, &format);
	for (int i = 0; i < 4; i++)
		coap_add_option(pdu, COAP_OPTION_URI_QUERY, strlen(query[i]),
				(const uint8_t *)query[i]);
	coap_add_data(pdu, sizeof(list) - 1, (const uint8_t *)list);
	coap_send(c->session, pdu);
	client_drive(c);
}

static bool register_all(const coap_address_t *server)
{
	int64_t end = now_ns() + PATIENCE;

	for (unsigned int i = 0; i < client_count; i++) {
		if (!client_open(&clients[i], server))
			return false;
		client_register(&clients[i], i);
		if (i % 16 == 15)
			turn(0);
	}
	while ((registered < client_count || observed < client_count) &&
	       now_ns() < end)
		turn(100);
	return registered == client_count && observed == client_count;
}

static void notify_at_rate(double rate, int64_t end)
{
	double step = SECOND / (rate * client_count);
	int64_t start = now_ns(), now = start;

	for (unsigned long n = 0; now < end; now = now_ns()) {
		for (; start + (int64_t)((double)n * step) <= now; n++) {
			struct client *c = &clients[n % client_count];

			if (c->in_flight)
				continue;
			client_notify(c);
			client_drive(c);
		}
		turn(1);
	}
}

static void notify_flat_out(int64_t end)
{
	notifying = true;
	for (unsigned int i = 0; i < client_count; i++) {
		client_notify(&clients[i]);
		client_drive(&clients[i]);
	}
	while (now_ns() < end)
		turn(100);
	notifying = false;
}

static void limit_raise(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int measure(const coap_address_t *server, double rate, double seconds)
{
	long memory = read_memory();
	int64_t t = now_ns(), cpu = cpu_ns();
	double n = client_count, register_s, register_us, notify_s, notify_us;

	if (!register_all(server)) {
		fprintf(stderr, "bare: %u registered, %u observed of %u\n",
			registered, observed, client_count);
		return 1;
	}
	register_s = (double)(now_ns() - t) / SECOND;
	register_us = (double)(cpu_ns() - cpu) / 1000 / n;
	memory = read_memory() - memory;
	t = now_ns();
	cpu = cpu_ns();
	if (rate > 0)
		notify_at_rate(rate, t + (int64_t)(seconds * SECOND));
	else
		notify_flat_out(t + (int64_t)(seconds * SECOND));
	notify_s = (double)(now_ns() - t) / SECOND;
	notify_us = (double)(cpu_ns() - cpu) / 1000;
	printf("{\"endpoints\": %u, \"memory\": %.0f, \"register_rate\": %.1f, "
	       "\"register_us\": %.2f, \"notify_rate\": %.1f, "
	       "\"notify_us\": %.2f, \"notify_cpu\": %.3f, \"failed\": %lu}\n",
	       client_count, (double)memory / n, n / register_s, register_us,
	       (double)acknowledged / notify_s,
	       notify_us / (double)(acknowledged ? acknowledged : 1),
	       notify_us / 1e6 / notify_s, failed);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"port", required_argument, NULL, 'p'},
		{"endpoints", required_argument, NULL, 'n'},
		{"seconds", required_argument, NULL, 's'},
		{"rate", required_argument, NULL, 'r'},
		{"shared-priorities", no_argument, NULL, 'g'},
		{0},
	};
	double rate = 0, seconds = 5;
	coap_address_t server;
	uint16_t port = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p')
			port = (uint16_t)atoi(optarg);
		else if (c == 'n')
			client_count = (unsigned int)atoi(optarg);
		else if (c == 's')
			seconds = atof(optarg);
		else if (c == 'r')
			rate = atof(optarg);
		else if (c == 'g')
			share_priorities = true;
		else
			return 2;
	}
	limit_raise();
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
	return measure(&server, rate, seconds);
}

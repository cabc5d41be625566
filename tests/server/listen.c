/* SPDX-License-Identifier: GPL-2.0-or-later
 * The server's context and its ports. */
#include "tests/server/listen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/server/request.h"
#include "tests/server/secure.h"
#include "tests/server/server.h"

struct port {
	const char *name;
	coap_proto_t proto;
	int type;
	bool wanted, secure;
	uint16_t number;
};
static struct port ports[] = {
	{"port", COAP_PROTO_UDP, SOCK_DGRAM, true, false, 0},
	{"coaps", COAP_PROTO_DTLS, SOCK_DGRAM, false, true, 0},
	{"tcp", COAP_PROTO_TCP, SOCK_STREAM, false, false, 0},
	{"tls", COAP_PROTO_TLS, SOCK_STREAM, false, true, 0},
};
enum { PORTS = sizeof(ports) / sizeof(*ports) };

static struct in_addr bound;

bool listen_want(const char *name, const char *number)
{
	for (int i = 0; i < PORTS; i++) {
		if (strcmp(ports[i].name, name))
			continue;
		ports[i].wanted = true;
		ports[i].number = (uint16_t)atoi(number);
		return true;
	}
	return false;
}

/* A free port is found by asking the kernel with a socket of our own, since
 * libcoap does not tell which one an endpoint got. */
static int free_port(struct port *p)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = bound};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, p->type | SOCK_CLOEXEC, 0);
	int result = 0;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, n) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		result = -errno;
	p->number = ntohs(a.sin_port);
	close(fd);
	return result;
}

/* A thousand clients that answer at once overflow the usual buffer. libcoap
 * does not give its socket out: it is known by its port. */
static void enlarge_buffer(uint16_t port)
{
	int size = 8 << 20;

	for (int fd = 3; fd < 64; fd++) {
		struct sockaddr_in a = {0};
		socklen_t n = sizeof(a);

		if (getsockname(fd, (struct sockaddr *)&a, &n) < 0 ||
		    a.sin_family != AF_INET || ntohs(a.sin_port) != port)
			continue;
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
			       sizeof(size)) < 0)
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
				   sizeof(size));
	}
}

static int port_open(struct port *p)
{
	coap_address_t a;

	if (p->secure && !secure_possible())
		return -ENOKEY;
	if (!p->number && free_port(p) < 0)
		return -EADDRINUSE;
	coap_address_init(&a);
	a.size = sizeof(a.addr.sin);
	a.addr.sin.sin_family = AF_INET;
	a.addr.sin.sin_port = htons(p->number);
	a.addr.sin.sin_addr = bound;
	if (!coap_new_endpoint(server.coap, &a, p->proto))
		return -EADDRINUSE;
	if (p->type == SOCK_DGRAM)
		enlarge_buffer(p->number);
	return 0;
}

/* One resource takes all paths and methods. */
static void add_resource(void)
{
	coap_resource_t *r = coap_resource_unknown_init(register_handle);

	coap_register_request_handler(r, COAP_REQUEST_GET, register_handle);
	coap_register_request_handler(r, COAP_REQUEST_POST, register_handle);
	coap_register_request_handler(r, COAP_REQUEST_DELETE,
				      register_handle);
	coap_add_resource(server.coap, r);
}

static int event_handle(coap_session_t *session, coap_event_t event)
{
	secure_event(session, event);
	return 0;
}

static int context_open(void)
{
	int result = 0;

	server.coap = coap_new_context(NULL);
	/* A fleet shakes hands at once, and may then be quiet for long. */
	coap_context_set_max_handshake_sessions(server.coap, 100000);
	coap_context_set_session_timeout(server.coap, 86400);
	coap_register_response_handler(server.coap, response_handle);
	coap_register_nack_handler(server.coap, nack_handle);
	coap_register_event_handler(server.coap, event_handle);
	add_resource();
	result = secure_context(server.coap);
	for (int i = 0; i < PORTS && !result; i++)
		if (ports[i].wanted)
			result = port_open(&ports[i]);
	return result;
}

int listen_open(const char *address)
{
	return inet_pton(AF_INET, address, &bound) == 1 ? context_open()
							: -EINVAL;
}

void listen_report(void)
{
	struct json_object *e = event_new("ready", NULL);

	for (int i = 0; i < PORTS; i++)
		if (ports[i].wanted)
			event_number(e, ports[i].name, ports[i].number);
	event_send(e);
}

int listen_again(void)
{
	/* The alerts that say good-bye are lost. */
	coap_debug_set_packet_loss("100%");
	while (server.clients)
		client_remove(server.clients);
	register_forget();
	coap_free_context(server.coap);
	coap_debug_set_packet_loss("0%");
	return context_open();
}

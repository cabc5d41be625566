/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwm2m-server: a small LwM2M server for the tests and the demonstration.
 * Commands come on stdin, events go to stdout (README.md beside this file). */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/server/request.h"
#include "tests/server/server.h"

struct server server;
static volatile sig_atomic_t stopped;

struct input {
	char line[262144];	/* a written payload of 64 KiB in hex fits */
	size_t used;
	bool open;
};
static struct input input;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void usage(FILE *to)
{
	fprintf(to,
		"Usage: lwm2m-server [--port N] [--bind ADDRESS] [--human]\n"
		"                    [--observe PATH]... \n"
		"  --port N        UDP port, 0 (default) takes a free one\n"
		"  --bind ADDRESS  IPv4 address, 127.0.0.1 by default\n"
		"  --human         sentences in place of JSON\n"
		"  --observe PATH  observe this on every client that has it\n");
}

struct settings {
	const char *address;
	uint16_t port;
};

static int options(int argc, char **argv, struct settings *s)
{
	static const struct option names[] = {
		{"port", required_argument, NULL, 'p'},
		{"bind", required_argument, NULL, 'b'},
		{"human", no_argument, NULL, 'H'},
		{"observe", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "p:b:o:h", names, NULL)) != -1) {
		if (c == 'p')
			s->port = (uint16_t)atoi(optarg);
		else if (c == 'b')
			s->address = optarg;
		else if (c == 'H')
			server.human = true;
		else if (c == 'o' && server.observes < OBSERVE_MAX)
			server.observe[server.observes++] = optarg;
		else if (c == 'h')
			return usage(stdout), 1;
		else
			return usage(stderr), -EINVAL;
	}
	return 0;
}

/* A free port is found by asking the kernel with a socket of our own, since
 * libcoap does not tell which one an endpoint got. */
static int free_port(struct sockaddr_in *a)
{
	socklen_t n = sizeof(*a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result = 0;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)a, n) < 0 ||
	    getsockname(fd, (struct sockaddr *)a, &n) < 0)
		result = -errno;
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
		    a.sin_family != AF_INET || a.sin_port != port)
			continue;
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
			       sizeof(size)) < 0)
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
				   sizeof(size));
	}
}

static int listen_on(const struct settings *s)
{
	struct json_object *e;
	coap_address_t a;

	coap_address_init(&a);
	a.size = sizeof(a.addr.sin);
	a.addr.sin.sin_family = AF_INET;
	a.addr.sin.sin_port = htons(s->port);
	if (inet_pton(AF_INET, s->address, &a.addr.sin.sin_addr) != 1)
		return -EINVAL;
	if (!s->port && free_port(&a.addr.sin) < 0)
		return -EADDRINUSE;
	if (!coap_new_endpoint(server.coap, &a, COAP_PROTO_UDP))
		return -EADDRINUSE;
	enlarge_buffer(a.addr.sin.sin_port);
	e = event_new("ready", NULL);
	event_number(e, "port", ntohs(a.addr.sin.sin_port));
	event_send(e);
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

static void read_input(void)
{
	ssize_t got = read(STDIN_FILENO, input.line + input.used,
			   sizeof(input.line) - 1 - input.used);
	char *line = input.line, *end;

	if (got <= 0) {
		struct stat s;

		/* The end of a pipe or terminal is the end of the test;
		 * /dev/null (a job in the background) means nothing. */
		input.open = false;
		if (fstat(STDIN_FILENO, &s) == 0 &&
		    (S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode)))
			server.quit = true;
		return;
	}
	input.used += (size_t)got;
	input.line[input.used] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		command_run(line);
		line = end + 1;
	}
	input.used -= (size_t)(line - input.line);
	memmove(input.line, line, input.used);
	if (input.used == sizeof(input.line) - 1)
		input.used = 0;	/* a line longer than any command */
}

static void sooner(int64_t *wait, int64_t other)
{
	if (other >= 0 && (*wait < 0 || other < *wait))
		*wait = other;
}

static int64_t deadlines(void)
{
	int64_t now = now_ms(), wait = -1;
	coap_tick_t ticks;
	unsigned coap;

	sooner(&wait, clients_expire(now));
	sooner(&wait, exchanges_expire(now));
	sooner(&wait, register_late(now));
	coap_ticks(&ticks);
	coap = coap_io_prepare_epoll(server.coap, ticks);
	if (coap)
		sooner(&wait, coap);
	return wait;
}

static void turn(void)
{
	int64_t wait = deadlines();
	struct pollfd fds[] = {
		{coap_context_get_coap_fd(server.coap), POLLIN, 0},
		{input.open ? STDIN_FILENO : -1, POLLIN, 0},
	};

	if (poll(fds, 2, wait > 60000 ? 60000 : (int)wait) < 0)
		return;
	coap_io_process(server.coap, COAP_IO_NO_WAIT);
	if (!server.silent)
		coap_debug_set_packet_loss("0%");
	for (struct client *c = server.clients; c; c = c->next) {
		if (!c->observe_wanted)
			continue;
		c->observe_wanted = false;
		observe_wanted(c);
	}
	if (fds[1].revents)
		read_input();
}

static void quiet(coap_log_t level, const char *message)
{
	if (level <= 2 && getenv("COAP_LOG"))
		fputs(message, stderr);
}

static void raise_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

int main(int argc, char **argv)
{
	struct settings settings = {"127.0.0.1", 0};
	struct sigaction action = {.sa_handler = stop};
	int result = options(argc, argv, &settings);

	if (result)
		return result < 0 ? 2 : 0;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	raise_descriptors();
	coap_startup();
	coap_set_log_handler(quiet);
	server.coap = coap_new_context(NULL);
	coap_register_response_handler(server.coap, response_handle);
	coap_register_nack_handler(server.coap, nack_handle);
	add_resource();
	result = listen_on(&settings);
	if (result < 0) {
		fprintf(stderr, "lwm2m-server: %s:%u: %s\n", settings.address,
			settings.port, strerror(-result));
		return 1;
	}
	input.open = true;
	while (!stopped && !server.quit)
		turn();
	while (server.clients)
		client_remove(server.clients);
	coap_free_context(server.coap);
	coap_cleanup();
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwm2m-server: a small LwM2M server for the tests and the demonstration.
 * Commands come on stdin, events go to stdout (README.md beside this file). */
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

#include "tests/server/listen.h"
#include "tests/server/request.h"
#include "tests/server/secure.h"
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
		"                    [--observe PATH]... [--coaps N] [--tcp N]\n"
		"                    [--tls N] [KEYS]\n"
		"  --port N        UDP port, 0 (default) takes a free one\n"
		"  --coaps --tcp --tls N  as well: DTLS, TCP, TLS\n"
		"  --bind ADDRESS  IPv4 address, 127.0.0.1 by default\n"
		"  --human         sentences in place of JSON\n"
		"  --lwm2m V       newest version taken: 1.1 (default) or 1.2\n"
		"  --observe PATH  observe this on every client that has it\n"
		"  --psk FILE      lines \"IDENTITY HEXKEY\"\n"
		"  --key FILE      private key (PEM), as a raw public key, or\n"
		"  --cert FILE     with its certificate (PEM)\n"
		"  --trust FILE    who signs the clients' certificates (PEM)\n"
		"  --clients FILE  lines \"NAME HEX\" of raw public keys\n");
}

struct settings {
	const char *address;
	struct secure_settings keys;
};

/* What options of a file's name set. */
static const char **file_option(struct settings *s, const char *name)
{
	const struct {
		const char *name;
		const char **to;
	} files[] = {
		{"psk", &s->keys.psk}, {"key", &s->keys.key},
		{"cert", &s->keys.cert}, {"trust", &s->keys.trust},
		{"clients", &s->keys.clients}, {"bind", &s->address},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (!strcmp(files[i].name, name))
			return files[i].to;
	return NULL;
}

static int options(int argc, char **argv, struct settings *s)
{
	static const struct option names[] = {
		{"port", required_argument, NULL, 'p'},
		{"coaps", required_argument, NULL, 'p'},
		{"tcp", required_argument, NULL, 'p'},
		{"tls", required_argument, NULL, 'p'},
		{"bind", required_argument, NULL, 'f'},
		{"psk", required_argument, NULL, 'f'},
		{"key", required_argument, NULL, 'f'},
		{"cert", required_argument, NULL, 'f'},
		{"trust", required_argument, NULL, 'f'},
		{"clients", required_argument, NULL, 'f'},
		{"human", no_argument, NULL, 'H'},
		{"lwm2m", required_argument, NULL, 'v'},
		{"observe", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c, which;

	while ((c = getopt_long(argc, argv, "h", names, &which)) != -1) {
		if (c == 'p')
			listen_want(names[which].name, optarg);
		else if (c == 'f')
			*file_option(s, names[which].name) = optarg;
		else if (c == 'H')
			server.human = true;
		else if (c == 'v' && !strcmp(optarg, "1.2"))
			server.lwm2m_1_2 = true;
		else if (c == 'v' && !strcmp(optarg, "1.1"))
			server.lwm2m_1_2 = false;
		else if (c == 'o' && server.observes < OBSERVE_MAX)
			server.observe[server.observes++] = optarg;
		else if (c == 'h')
			return usage(stdout), 1;
		else
			return usage(stderr), -EINVAL;
	}
	return 0;
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

/* Signals come while it waits, or one between the look at `stopped` and the wait
 * would be slept over. */
static sigset_t server_unblocked;

static void turn(void)
{
	int64_t wait = deadlines();
	struct pollfd fds[] = {
		{coap_context_get_coap_fd(server.coap), POLLIN, 0},
		{input.open ? STDIN_FILENO : -1, POLLIN, 0},
	};

	/* Events are told once the answers have gone out, or a reader of them
	 * could ask a client what only the answer will tell it. */
	fflush(stdout);
	if (wait < 0 || wait > 60000)	/* none, or a late one */
		wait = 60000;
	if (ppoll(fds, 2,
		  &(struct timespec){wait / 1000, wait % 1000 * 1000000},
		  &server_unblocked) < 0)
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
	(void)level;
	if (getenv("COAP_LOG"))
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
	struct settings settings = {.address = "127.0.0.1"};
	struct sigaction action = {.sa_handler = stop};
	sigset_t ends;
	int result = options(argc, argv, &settings);

	if (result)
		return result < 0 ? 2 : 0;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, &server_unblocked);
	raise_descriptors();
	coap_startup();
	coap_set_log_handler(quiet);
	if (getenv("COAP_LOG"))
		coap_set_log_level((coap_log_t)atoi(getenv("COAP_LOG")));
	result = secure_load(&settings.keys);
	if (!result)
		result = listen_open(settings.address);
	if (result < 0) {
		fprintf(stderr, "lwm2m-server: %s: %s\n", settings.address,
			strerror(-result));
		return 1;
	}
	listen_report();
	input.open = true;
	while (!stopped && !server.quit)
		turn();
	while (server.clients)
		client_remove(server.clients);
	coap_free_context(server.coap);
	coap_cleanup();
	secure_free();
	return 0;
}

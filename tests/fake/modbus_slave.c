/* SPDX-License-Identifier: GPL-2.0-or-later
 * modbus-slave: a Modbus slave as its own process, for the tests and the
 * demonstration. Serves many TCP clients at once, or one serial line, with
 * several units that have register maps and models of their own; commands on
 * its standard input make it misbehave. slave_usage() tells all of them. */
#include "tests/fake/slave_unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 900		/* libmodbus selects: stay below FD_SETSIZE */
#define PENDING 256
#define QUERY MODBUS_TCP_MAX_ADU_LENGTH

struct client {
	modbus_t *ctx;
	int fd;
	unsigned serial;	/* tells an old client from a new one */
};

struct pending {		/* an answer held back by `late` */
	unsigned serial;
	double due;
	int length;
	uint8_t query[QUERY];
};

struct slave {
	struct slave_unit *units;
	struct client clients[CLIENTS];
	struct pending pending[PENDING];
	size_t n_clients, n_pending;
	unsigned serials;
	struct timespec start;
	int listener;		/* -1 on a serial line */
	bool rtu, wrong_unit, tells, quit;
	bool input_open, input_piped;
	char line[512];		/* of standard input, so far */
	size_t n_line;
};

static void slave_usage(FILE *to)
{
	fputs("usage: modbus-slave (--tcp PORT [--bind ADDRESS] | --rtu PATH "
	      "[--serial 9600N81])\n"
	      "         [--units 1,2,5-9] [--device UNIT=MODEL] [--values FILE]\n"
	      "models: plain sdm120 xy-md02 relay8 boiler empty\n"
	      "values: lines UNIT coil|discrete|holding|input ADDRESS VALUE...\n"
	      "commands on standard input:\n"
	      "  set UNIT TABLE ADDRESS VALUE...   define a cell and hold it\n"
	      "  unset UNIT TABLE ADDRESS          make a hole\n"
	      "  get UNIT TABLE ADDRESS            print it\n"
	      "  mute UNIT | unmute UNIT           no answers from this unit\n"
	      "  exception UNIT CODE               to everything; 0: no more\n"
	      "  late UNIT MS                      before each answer; 0: none\n"
	      "  masks UNIT 1                      knows function 22; 0: not\n"
	      "  wrong-unit on|off                 answer as another unit\n"
	      "  tell on|off                       print each request\n"
	      "  sync                              nothing; all before it is said\n"
	      "  drop                              close all connections\n"
	      "  quit                              as the end of a pipe does\n",
	      to);
}

static void die(const char *what)
{
	fprintf(stderr, "modbus-slave: %s: %s\n", what,
		errno ? modbus_strerror(errno) : "wrong");
	exit(1);
}

static double slave_now(const struct slave *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - s->start.tv_sec) +
	       (double)(now.tv_nsec - s->start.tv_nsec) / 1e9;
}

static struct slave_unit *unit_find(const struct slave *s, long id)
{
	struct slave_unit *u = s->units;

	while (u && u->id != id)
		u = u->next;
	return u;
}

static bool unit_add(struct slave *s, long id, const char *model)
{
	const struct slave_model *m = slave_model_find(model);
	struct slave_unit *u;

	if (!m || id < 0 || id > 255 || unit_find(s, id))
		return false;
	u = slave_unit_create((uint8_t)id, m);
	u->next = s->units;
	s->units = u;
	return true;
}

/* "1,2,5-9" */
static bool units_add(struct slave *s, const char *list)
{
	while (*list) {
		char *end;
		long from = strtol(list, &end, 10), to = from;

		if (end == list)
			return false;
		if (*end == '-')
			to = strtol(end + 1, &end, 10);
		for (; from <= to; from++)
			if (!unit_add(s, from, "plain"))
				return false;
		if (*end && *end != ',')
			return false;
		list = *end ? end + 1 : end;
	}
	return true;
}

static bool device_add(struct slave *s, const char *what)
{
	char *end;
	long id = strtol(what, &end, 10);

	return end != what && *end == '=' && unit_add(s, id, end + 1);
}

static bool number_read(const char *word, long low, long high, long *to)
{
	char *end;

	if (!word)
		return false;
	*to = strtol(word, &end, 0);
	return end != word && !*end && *to >= low && *to <= high;
}

/* UNIT TABLE ADDRESS, from strtok() */
static struct slave_unit *cell_read(const struct slave *s, int *table,
				    long *address)
{
	const char *unit = strtok(NULL, " \t"), *name = strtok(NULL, " \t");
	long id;

	if (!number_read(unit, 0, 255, &id) || !name)
		return NULL;
	*table = slave_table_find(name);
	if (*table < 0 || !number_read(strtok(NULL, " \t"), 0, 65535, address))
		return NULL;
	return unit_find(s, id);
}

static bool set_run(struct slave *s)
{
	int table;
	long address, value;
	struct slave_unit *u = cell_read(s, &table, &address);
	const char *word = u ? strtok(NULL, " \t") : NULL;

	if (!word)
		return false;
	for (; word; word = strtok(NULL, " \t"), address++) {
		if (address > 65535 ||
		    !number_read(word, -32768, 65535, &value))
			return false;
		slave_unit_set(u, (enum slave_table)table, (uint16_t)address,
			       (uint16_t)value);
	}
	return true;
}

static bool unset_run(struct slave *s)
{
	int table;
	long address;
	struct slave_unit *u = cell_read(s, &table, &address);

	if (u)
		slave_unit_unset(u, (enum slave_table)table, (uint16_t)address);
	return u;
}

static bool get_run(struct slave *s)
{
	int table;
	long address;
	struct slave_unit *u = cell_read(s, &table, &address);

	if (!u)
		return false;
	slave_unit_step(u, slave_now(s));
	printf("value unit=%u %s %ld = %u\n", u->id, slave_table_names[table],
	       address, slave_unit_get(u, (enum slave_table)table,
				       (uint16_t)address));
	return true;
}

/* A command about a whole unit. */
static bool unit_run(struct slave *s, const char *command)
{
	const char *word = strtok(NULL, " \t");
	struct slave_unit *u;
	long id, n = 0;

	if (!number_read(word, 0, 255, &id) || !(u = unit_find(s, id)))
		return false;
	if (strcmp(command, "mute") == 0 || strcmp(command, "unmute") == 0) {
		u->mute = command[0] == 'm';
		return true;
	}
	if (!number_read(strtok(NULL, " \t"), 0, 60000, &n))
		return false;
	if (strcmp(command, "exception") == 0)
		u->exception = (int)n;
	else if (strcmp(command, "masks") == 0)
		u->masks = n > 0;
	else
		u->late = (int)n;
	return true;
}

static void client_drop(struct slave *s, size_t i)
{
	modbus_close(s->clients[i].ctx);
	modbus_free(s->clients[i].ctx);
	s->clients[i] = s->clients[--s->n_clients];
}

static bool switch_run(bool *on)
{
	const char *word = strtok(NULL, " \t");

	if (!word || (strcmp(word, "on") != 0 && strcmp(word, "off") != 0))
		return false;
	*on = strcmp(word, "on") == 0;
	return true;
}

static bool command_run(struct slave *s, const char *command)
{
	if (strcmp(command, "set") == 0)
		return set_run(s);
	if (strcmp(command, "unset") == 0)
		return unset_run(s);
	if (strcmp(command, "get") == 0)
		return get_run(s);
	if (strcmp(command, "mute") == 0 || strcmp(command, "unmute") == 0 ||
	    strcmp(command, "exception") == 0 ||
	    strcmp(command, "late") == 0 || strcmp(command, "masks") == 0)
		return unit_run(s, command);
	if (strcmp(command, "wrong-unit") == 0)
		return switch_run(&s->wrong_unit);
	if (strcmp(command, "tell") == 0)
		return switch_run(&s->tells);
	if (strcmp(command, "drop") == 0)
		while (!s->rtu && s->n_clients)
			client_drop(s, 0);
	else if (strcmp(command, "quit") == 0)
		s->quit = true;
	else if (strcmp(command, "sync") != 0)
		return false;
	return true;
}

/* "ok" or "error" after each command, so that a test can wait for it. */
static void line_run(struct slave *s, char *line)
{
	char *command = strtok(line, " \t");

	if (!command || *command == '#')
		return;
	if (command_run(s, command))
		printf("ok %s\n", command);
	else
		printf("error %s\n", command);
	fflush(stdout);
}

static void input_read(struct slave *s)
{
	ssize_t n = read(STDIN_FILENO, s->line + s->n_line,
			 sizeof(s->line) - 1 - s->n_line);
	char *end;

	if (n <= 0) {
		s->input_open = false;
		s->quit |= s->input_piped;
		return;
	}
	s->n_line += (size_t)n;
	s->line[s->n_line] = '\0';
	while ((end = strchr(s->line, '\n'))) {
		*end = '\0';
		line_run(s, s->line);
		s->n_line -= (size_t)(end + 1 - s->line);
		memmove(s->line, end + 1, s->n_line + 1);
	}
	if (s->n_line == sizeof(s->line) - 1)
		s->n_line = 0;
}

static bool values_read(struct slave *s, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512], command[] = "set", whole[520];
	unsigned number = 0;
	bool good = true;

	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file)) {
		number++;
		line[strcspn(line, "#\r\n")] = '\0';
		if (!line[strspn(line, " \t")])
			continue;
		snprintf(whole, sizeof(whole), "%s %s", command, line);
		strtok(whole, " \t");
		if (!set_run(s)) {
			fprintf(stderr, "%s:%u: wrong\n", path, number);
			good = false;
		}
	}
	fclose(file);
	return good;
}

static unsigned word_at(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static void writes_log(const struct slave_unit *u, const uint8_t *pdu)
{
	bool bits = pdu[0] == MODBUS_FC_WRITE_SINGLE_COIL ||
		    pdu[0] == MODBUS_FC_WRITE_MULTIPLE_COILS;
	bool many = pdu[0] == MODBUS_FC_WRITE_MULTIPLE_COILS ||
		    pdu[0] == MODBUS_FC_WRITE_MULTIPLE_REGISTERS;
	enum slave_table table = bits ? SLAVE_COIL : SLAVE_HOLDING;
	unsigned address = word_at(pdu + 1), n = many ? word_at(pdu + 3) : 1;

	for (unsigned i = 0; i < n; i++)
		printf("write unit=%u %s %u = %u\n", u->id,
		       slave_table_names[table], address + i,
		       slave_unit_get(u, table, (uint16_t)(address + i)));
	fflush(stdout);
}

/* How many cells a request is about. */
static unsigned cells_of(const uint8_t *pdu)
{
	return pdu[0] == MODBUS_FC_WRITE_SINGLE_COIL ||
	       pdu[0] == MODBUS_FC_WRITE_SINGLE_REGISTER ||
	       pdu[0] == MODBUS_FC_MASK_WRITE_REGISTER ? 1 : word_at(pdu + 3);
}

static int exception_of(const struct slave_unit *u, const uint8_t *pdu)
{
	if (u->exception)
		return u->exception;
	return slave_unit_check(u, pdu[0], word_at(pdu + 1), cells_of(pdu));
}

static void query_answer(struct slave *s, modbus_t *ctx, uint8_t *query,
			 int length)
{
	uint8_t *pdu = query + modbus_get_header_length(ctx);
	uint8_t *unit = pdu - 1;
	struct slave_unit *u = unit_find(s, *unit);
	int exception, rc;

	if (!u || u->mute)
		return;
	if (s->tells) {
		printf("request %u %u %u %u\n", u->id, pdu[0],
		       word_at(pdu + 1), cells_of(pdu));
		fflush(stdout);
	}
	slave_unit_step(u, slave_now(s));
	exception = exception_of(u, pdu);
	if (s->wrong_unit)
		*unit ^= 0x40;
	modbus_set_slave(ctx, *unit);
	if (exception) {
		modbus_reply_exception(ctx, query, (unsigned)exception);
		return;
	}
	rc = modbus_reply(ctx, query, length, &u->map);
	if (rc > 0 && pdu[0] > MODBUS_FC_READ_INPUT_REGISTERS)
		writes_log(u, pdu);
}

static void query_take(struct slave *s, struct client *client, uint8_t *query,
		       int length)
{
	uint8_t id = query[modbus_get_header_length(client->ctx) - 1];
	const struct slave_unit *u = unit_find(s, id);
	struct pending *p;

	if (!u || u->late == 0 || s->n_pending == PENDING) {
		query_answer(s, client->ctx, query, length);
		return;
	}
	p = &s->pending[s->n_pending++];
	p->serial = client->serial;
	p->due = slave_now(s) + u->late / 1e3;
	p->length = length;
	memcpy(p->query, query, sizeof(p->query));
}

static void pending_answer(struct slave *s)
{
	double now = slave_now(s);

	for (size_t i = 0; i < s->n_pending;) {
		struct pending p = s->pending[i];

		if (p.due > now) {
			i++;
			continue;
		}
		memmove(&s->pending[i], &s->pending[i + 1],
			(--s->n_pending - i) * sizeof(p));
		for (size_t k = 0; k < s->n_clients; k++)
			if (s->clients[k].serial == p.serial)
				query_answer(s, s->clients[k].ctx, p.query,
					     p.length);
	}
}

static unsigned crc_of(const uint8_t *at, int n)
{
	unsigned crc = 0xffff;

	while (n--) {
		crc ^= *at++;
		for (int i = 0; i < 8; i++)
			crc = crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
	}
	return crc;
}

/* How many bytes the query has, as far as the first n tell. */
static int rtu_length(const uint8_t *query, int n)
{
	if (n > 1 && query[1] == MODBUS_FC_MASK_WRITE_REGISTER)
		return 10;
	if (n < 7 || (query[1] != MODBUS_FC_WRITE_MULTIPLE_COILS &&
		      query[1] != MODBUS_FC_WRITE_MULTIPLE_REGISTERS))
		return 8;
	return 9 + query[6];
}

/* Not modbus_receive(): on a serial line it knows one unit only, and takes
 * what follows a frame of another one for that one's reply. 0: no query. */
static int rtu_receive(int fd, uint8_t *query)
{
	struct pollfd more = {fd, POLLIN, 0};
	int n = 0;

	while (n < rtu_length(query, n)) {
		ssize_t got;

		if (poll(&more, 1, 100) != 1 || rtu_length(query, n) > QUERY)
			return 0;
		got = read(fd, query + n, (size_t)(rtu_length(query, n) - n));
		if (got <= 0)
			return -1;
		n += (int)got;
	}
	if (crc_of(query, n - 2) != (query[n - 2] | (unsigned)query[n - 1] << 8))
		return 0;
	return n;
}

/* False: the client is gone. */
static bool client_serve(struct slave *s, struct client *client)
{
	uint8_t query[QUERY];
	int n;

	memset(query, 0, sizeof(query));
	n = s->rtu ? rtu_receive(client->fd, query)
		   : modbus_receive(client->ctx, query);
	if (n > 0)
		query_take(s, client, query, n);
	else if (n == 0)
		modbus_flush(client->ctx);
	return n >= 0;
}

static void client_add(struct slave *s, modbus_t *ctx, int fd)
{
	/* a client that sends half a frame must not hold the others */
	modbus_set_indication_timeout(ctx, 0, 300000);
	s->clients[s->n_clients++] = (struct client){
		.ctx = ctx, .fd = fd, .serial = ++s->serials
	};
}

static void client_accept(struct slave *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
	modbus_t *ctx;

	if (fd < 0)
		return;
	if (s->n_clients == CLIENTS || fd >= FD_SETSIZE) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	ctx = modbus_new_tcp(NULL, 0);
	if (!ctx)
		die("modbus_new_tcp");
	modbus_set_socket(ctx, fd);
	client_add(s, ctx, fd);
}

/* A test that dies must leave no slave behind; /dev/null and a terminal say
 * nothing of the kind. */
static bool is_pipe(int fd)
{
	struct stat about;

	return fstat(fd, &about) == 0 &&
	       (S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode));
}

static void tcp_open(struct slave *s, long port, const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port)};
	socklen_t n = sizeof(to);
	int on = 1;

	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    bind(s->listener, (struct sockaddr *)&to, sizeof(to)) ||
	    listen(s->listener, 128) ||
	    getsockname(s->listener, (struct sockaddr *)&to, &n))
		die(address);
	printf("ready %u\n", ntohs(to.sin_port));
	fflush(stdout);
}

static void rtu_open(struct slave *s, const char *path, const char *serial)
{
	int baud, bits, stop;
	char parity;
	modbus_t *ctx;

	if (sscanf(serial, "%d%c%1d%1d", &baud, &parity, &bits, &stop) != 4)
		die(serial);
	ctx = modbus_new_rtu(path, baud, parity, bits, stop);
	if (!ctx || modbus_set_slave(ctx, 1) || modbus_connect(ctx))
		die(path);
	s->rtu = true;
	client_add(s, ctx, modbus_get_socket(ctx));
	printf("ready %s\n", path);
	fflush(stdout);
}

static int wait_time(const struct slave *s)
{
	double now = slave_now(s), next = 3600;

	for (size_t i = 0; i < s->n_pending; i++)
		if (s->pending[i].due - now < next)
			next = s->pending[i].due - now;
	return next <= 0 ? 0 : (int)(next * 1e3) + 1;
}

static void slave_turn(struct slave *s)
{
	static struct pollfd fds[CLIENTS + 2];
	size_t n = s->n_clients;

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){s->clients[i].fd, POLLIN, 0};
	fds[n] = (struct pollfd){s->listener, POLLIN, 0};
	fds[n + 1] = (struct pollfd){s->input_open ? STDIN_FILENO : -1, POLLIN,
				     0};
	if (poll(fds, n + 2, wait_time(s)) < 0 && errno != EINTR)
		die("poll");
	/* from behind: the last client takes a dropped one's place */
	for (size_t i = n; i-- > 0;)
		if (fds[i].revents && !client_serve(s, &s->clients[i])) {
			client_drop(s, i);
			s->quit |= s->rtu;
		}
	if (fds[n].revents)
		client_accept(s);
	if (fds[n + 1].revents)
		input_read(s);
	pending_answer(s);
}

struct options {
	const char *tcp, *rtu, *bind, *serial, *values;
};

static const struct option long_options[] = {
	{"tcp", 1, NULL, 't'}, {"rtu", 1, NULL, 'r'}, {"bind", 1, NULL, 'b'},
	{"serial", 1, NULL, 's'}, {"units", 1, NULL, 'u'},
	{"device", 1, NULL, 'd'}, {"values", 1, NULL, 'v'},
	{"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}
};

static bool options_read(struct slave *s, struct options *o, int argc,
			 char **argv)
{
	bool good = true;
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 't': o->tcp = optarg; break;
		case 'r': o->rtu = optarg; break;
		case 'b': o->bind = optarg; break;
		case 's': o->serial = optarg; break;
		case 'v': o->values = optarg; break;
		case 'u': good &= units_add(s, optarg); break;
		case 'd': good &= device_add(s, optarg); break;
		case 'h': slave_usage(stdout); exit(0);
		default: return false;
		}
	return good && optind == argc && !o->tcp != !o->rtu;
}

int main(int argc, char **argv)
{
	static struct slave s = {.listener = -1, .input_open = true};
	struct options o = {.bind = "127.0.0.1", .serial = "9600N81"};
	struct slave_unit *u;
	long port = 0;

	clock_gettime(CLOCK_MONOTONIC, &s.start);
	s.input_piped = is_pipe(STDIN_FILENO);
	if (!options_read(&s, &o, argc, argv) ||
	    (o.tcp && !number_read(o.tcp, 0, 65535, &port))) {
		slave_usage(stderr);
		return 2;
	}
	if (!s.units)
		unit_add(&s, 1, "plain");
	if (o.values && !values_read(&s, o.values))
		return 1;
	if (o.tcp)
		tcp_open(&s, port, o.bind);
	else
		rtu_open(&s, o.rtu, o.serial);
	while (!s.quit)
		slave_turn(&s);
	while (s.n_clients)
		client_drop(&s, 0);
	while ((u = s.units)) {
		s.units = u->next;
		slave_unit_destroy(u);
	}
	return 0;
}

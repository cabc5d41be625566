/* SPDX-License-Identifier: GPL-2.0-or-later
 * SMS by ModemManager. Whatever happens there (it starts anew, the modem or its
 * SIM goes and comes, the bus itself), is told, and looked at again. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "modules/sms/modem.h"
#include "modules/worker.h"

#define OUT_MAX 8		/* SMS that wait to be sent */
#define OCTETS_MAX 140
#define LOOK_EVERY 60000	/* ms: where a signal was missed */
#define LOOK_AGAIN 1000		/* the agent had no room, or the modem */
#define CONNECT_AGAIN 5000

struct outgoing {
	char number[64];
	uint8_t bytes[OCTETS_MAX];
	size_t n;
};

struct module {
	struct worker worker;
	char *which;
	sd_bus *bus;			/* NULL: not connected; thread's */
	struct modem modem;
	struct modem_undeleted undeleted;
	bool stale;			/* to be looked at anew */
	char number[32];		/* told last */
	struct outgoing out[OUT_MAX];	/* a ring; under the worker's lock */
	size_t out_first, out_n;
};

static bool sms_received(void *owner, const char *number, const uint8_t *data,
			 size_t n)
{
	struct module *m = owner;

	return worker_tell(&m->worker, MODULE_SMS, number, data, n);
}

static int modem_changed(sd_bus_message *message, void *owner,
			 sd_bus_error *error)
{
	struct module *m = owner;

	(void)message;
	(void)error;
	m->stale = true;
	return 0;
}

static void bus_close(struct module *m)
{
	m->bus = sd_bus_flush_close_unref(m->bus);
	m->modem.path[0] = '\0';
}

static bool bus_open(struct module *m)
{
	int rc = sd_bus_open_system(&m->bus);

	if (rc >= 0)
		rc = modem_watch(m->bus, modem_changed, m);
	if (rc >= 0) {
		m->stale = true;
		return true;
	}
	worker_say(&m->worker, MODULE_DOWN, "no D-Bus: %s", strerror(-rc));
	bus_close(m);
	return false;
}

static void find_failed(struct module *m, int rc, const char *why)
{
	if (rc == -EHOSTDOWN)
		worker_say(&m->worker, MODULE_DOWN, "ModemManager does not "
			   "run");
	else if (rc == -ENODEV && !strcmp(m->which, "any"))
		worker_say(&m->worker, MODULE_DOWN, "ModemManager has no "
			   "modem");
	else if (rc == -ENODEV)
		worker_say(&m->worker, MODULE_DOWN, "ModemManager has no "
			   "modem %s", m->which);
	else
		worker_say(&m->worker, MODULE_DOWN, "ModemManager: %s",
			   *why ? why : strerror(-rc));
}

static void number_tell(struct module *m)
{
	if (strcmp(m->number, m->modem.number) &&
	    worker_tell(&m->worker, MODULE_NUMBER, m->modem.number, NULL, 0))
		memcpy(m->number, m->modem.number, sizeof(m->number));
}

/* Which modem there is, how it is, and what has come. Returns ms until the next
 * look. */
static int modem_look(struct module *m)
{
	char why[200] = "";
	const char *trouble;
	bool left = false;
	int rc;

	m->stale = false;
	rc = modem_find(m->bus, m->which, &m->modem, why, sizeof(why));
	if (rc < 0) {
		find_failed(m, rc, why);
		return LOOK_EVERY;
	}
	number_tell(m);
	trouble = modem_trouble(&m->modem);
	if (m->modem.messages)
		rc = modem_read(m->bus, &m->modem, sms_received, m,
				&m->undeleted, &left, why, sizeof(why));
	if (rc < 0)
		worker_say(&m->worker, MODULE_DOWN, "%s: %s", m->modem.name,
			   *why ? why : strerror(-rc));
	else if (trouble)
		worker_say(&m->worker, MODULE_DOWN, "%s: %s", m->modem.name,
			   trouble);
	else
		worker_say(&m->worker, MODULE_UP, "%s", m->modem.name);
	return left ? LOOK_AGAIN : LOOK_EVERY;
}

static bool out_take(struct module *m, struct outgoing *to)
{
	bool any;

	pthread_mutex_lock(&m->worker.lock);
	any = m->out_n > 0;
	if (any) {
		*to = m->out[m->out_first];
		m->out_first = (m->out_first + 1) % OUT_MAX;
		m->out_n--;
	}
	pthread_mutex_unlock(&m->worker.lock);
	return any;
}

/* The server asks again for an answer that was lost. */
static void out_send(struct module *m)
{
	struct outgoing sms;
	char why[200] = "";

	while (out_take(m, &sms) && !worker_is_closing(&m->worker)) {
		if (!m->bus || !*m->modem.path)
			continue;
		if (modem_send(m->bus, &m->modem, sms.number, sms.bytes,
			       sms.n, why, sizeof(why)) < 0)
			worker_say(&m->worker, MODULE_DOWN, "%s: an SMS could "
				   "not be sent: %s", m->modem.name, why);
		m->stale = true;	/* says that it is well again */
	}
}

/* true: the time is over, and nothing has come. */
static bool module_wait(struct module *m, int ms)
{
	struct pollfd fds[2] = {{.fd = m->worker.wake, .events = POLLIN}};
	int n;

	if (m->bus)
		fds[1] = (struct pollfd){.fd = sd_bus_get_fd(m->bus),
			.events = (short)sd_bus_get_events(m->bus)};
	n = poll(fds, m->bus ? 2 : 1, ms);
	worker_answer(&m->worker);
	return n == 0;
}

/* Signals that have come. false: the bus is gone. */
static bool signals_take(struct module *m)
{
	int rc;

	do
		rc = sd_bus_process(m->bus, NULL);
	while (rc > 0);
	if (rc >= 0)
		return true;
	worker_say(&m->worker, MODULE_DOWN, "no D-Bus: %s", strerror(-rc));
	bus_close(m);
	module_wait(m, CONNECT_AGAIN);
	return false;
}

static void worker_run(struct worker *worker)
{
	struct module *m = (struct module *)worker;
	int ms = 0;

	while (!worker_is_closing(worker)) {
		if (!m->bus && !bus_open(m)) {
			module_wait(m, CONNECT_AGAIN);
			continue;
		}
		if (m->stale)
			ms = modem_look(m);
		out_send(m);
		if (signals_take(m) && !m->stale)
			m->stale = module_wait(m, ms);
	}
	bus_close(m);
}

static void worker_destroy(struct worker *worker)
{
	struct module *m = (struct module *)worker;

	free(m->which);
	free(m);
}

static struct module *sms_open(const struct module_conf *conf,
			       const struct module_host *host)
{
	struct module *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return NULL;
	m->which = strdup(conf->which);
	m->worker.run = worker_run;
	m->worker.destroy = worker_destroy;
	rc = m->which ? worker_start(&m->worker, host) : -ENOMEM;
	if (!rc)
		return m;
	worker_destroy(&m->worker);
	errno = -rc;
	return NULL;
}

static int sms_send(struct module *m, const char *number,
		    const uint8_t *bytes, size_t n)
{
	struct outgoing *to;
	int rc = -EAGAIN;

	if (n > OCTETS_MAX || strlen(number) >= sizeof(to->number))
		return -EMSGSIZE;
	pthread_mutex_lock(&m->worker.lock);
	if (m->out_n < OUT_MAX) {
		to = &m->out[(m->out_first + m->out_n++) % OUT_MAX];
		strcpy(to->number, number);
		memcpy(to->bytes, bytes, n);
		to->n = n;
		rc = 0;
	}
	pthread_mutex_unlock(&m->worker.lock);
	worker_call(&m->worker);
	return rc;
}

static void sms_close(struct module *m)
{
	worker_close(&m->worker);
}

extern const struct module_ops lwmux_module;
__attribute__((visibility("default"))) const struct module_ops lwmux_module = {
	.abi = MODULE_ABI, .name = "sms", .open = sms_open, .send = sms_send,
	.close = sms_close,
};

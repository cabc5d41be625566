/* SPDX-License-Identifier: GPL-2.0-or-later
 * Smart cards by PC/SC (pcscd): waits for readers and cards, reads each card
 * that comes, and tells what is on it. */
#include <errno.h>
#include <gnutls/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>
#include "modules/smartcard/card.h"
#include "modules/worker.h"

#define READERS_MAX 15		/* and the news of others */
#define WAIT_MS 900		/* PC/SC cannot wait for anything else */
#define PATIENCE 6		/* halves of WAIT_MS */
#define AGAIN_MS 5000		/* pcscd is not there */
#define WAITS_SILENT 5		/* of WAIT_MS, till a card is asked again */
#define NEWS "\\\\?PnP?\\Notification"
#define NAMES_MAX 2048

/* What was refused by the card in a reader, or of it. */
struct refusal {
	char reader[MAX_READERNAME + 1];
	bool pin, channel;
};

struct module {
	struct worker worker;
	char *which;
	char *pin;
	uint8_t keys[2 * SCP03_KEY_MAX];	/* KEY_ENC, KEY_MAC */
	size_t n_key;			/* of each */
	SCARDCONTEXT context;
	char names[NAMES_MAX];		/* of the readers, as PC/SC lists them */
	SCARD_READERSTATE states[READERS_MAX + 1];	/* the last: NEWS */
	size_t n;			/* readers that `which` names */
	int patience;			/* looks before "there is no card" */
	struct refusal refused[READERS_MAX];
	uint8_t bytes[CARD_FILE_MAX];
};

/* ---- one card ---- */

struct connection {
	SCARDHANDLE handle;
	DWORD protocol;
};

static int card_transmit(void *owner, const uint8_t *command, size_t n,
			 uint8_t answer[CARD_ANSWER_MAX])
{
	const struct connection *c = owner;
	const SCARD_IO_REQUEST *pci = c->protocol == SCARD_PROTOCOL_T0 ?
				      SCARD_PCI_T0 : SCARD_PCI_T1;
	DWORD size = CARD_ANSWER_MAX;

	return SCardTransmit(c->handle, pci, command, n, NULL, answer,
			     &size) == SCARD_S_SUCCESS ? (int)size : -EIO;
}

/* Its place, or a free one. */
static struct refusal *refusal_of(struct module *m, const char *reader)
{
	struct refusal *free_one = NULL;

	for (size_t i = 0; i < READERS_MAX; i++) {
		struct refusal *r = &m->refused[i];

		if (!strcmp(r->reader, reader))
			return r;
		if (!free_one && !r->pin && !r->channel)
			free_one = r;
	}
	if (!free_one)		/* more than there can be readers */
		free_one = &m->refused[READERS_MAX - 1];
	*free_one = (struct refusal){0};
	snprintf(free_one->reader, sizeof(free_one->reader), "%s", reader);
	return free_one;
}

static int connected_load(struct module *m, const char *reader,
			  struct connection *c, char *why, size_t size)
{
	struct refusal *refused = refusal_of(m, reader);
	struct card card = {.transmit = card_transmit,
			    .owner = c,
			    .pin = m->pin,
			    .pin_is_wrong = refused->pin,
			    .keys = {m->keys, m->keys + m->n_key, m->n_key},
			    .channel_is_refused = refused->channel};
	int n;

	if (gnutls_rnd(GNUTLS_RND_NONCE, card.challenge,
		       sizeof(card.challenge)) < 0) {
		snprintf(why, size, "there are no random numbers");
		return -EIO;
	}
	if (SCardBeginTransaction(c->handle) != SCARD_S_SUCCESS) {
		snprintf(why, size, "the card does not answer");
		return -EIO;
	}
	n = card_load(&card, m->bytes, why, size);
	refused->pin = card.pin_is_wrong;
	refused->channel = card.channel_is_refused;
	SCardEndTransaction(c->handle, SCARD_LEAVE_CARD);
	return n;
}

static int reader_load(struct module *m, const char *reader, char *why,
		       size_t size)
{
	struct connection c;
	LONG rc = SCardConnect(m->context, reader, SCARD_SHARE_SHARED,
			       SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
			       &c.handle, &c.protocol);
	int n;

	if (rc != SCARD_S_SUCCESS) {
		snprintf(why, size, "%s", pcsc_stringify_error(rc));
		return -EIO;
	}
	n = connected_load(m, reader, &c, why, size);
	/* One that was swapped between two looks of pcscd answers when it has
	 * had its power anew. */
	SCardDisconnect(c.handle, n == -EIO ? SCARD_UNPOWER_CARD :
						    SCARD_LEAVE_CARD);
	return n;
}

/* ---- readers ---- */

/* false: pcscd is gone. */
static bool readers_list(struct module *m)
{
	DWORD size = sizeof(m->names);
	LONG rc = SCardListReaders(m->context, NULL, m->names, &size);
	const char *name = m->names;

	m->n = 0;
	if (rc == SCARD_E_NO_READERS_AVAILABLE)
		m->names[0] = '\0';
	else if (rc != SCARD_S_SUCCESS)
		return false;
	for (; *name && m->n < READERS_MAX; name += strlen(name) + 1)
		if (!strcmp(m->which, "any") || strstr(name, m->which))
			m->states[m->n++] = (SCARD_READERSTATE){
				.szReader = name};
	m->states[m->n] = (SCARD_READERSTATE){.szReader = NEWS};
	return true;
}

/* What is so in each of them now; the next wait is for something else. As
 * SCardGetStatusChange(). */
static LONG states_get(struct module *m, DWORD ms)
{
	LONG rc = SCardGetStatusChange(m->context, ms, m->states,
				       (DWORD)m->n + 1);

	for (size_t i = 0; i <= m->n; i++)
		m->states[i].dwCurrentState = m->states[i].dwEventState &
					      ~(DWORD)SCARD_STATE_CHANGED;
	return rc;
}

static bool is_any_present(const struct module *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->states[i].dwEventState & SCARD_STATE_PRESENT)
			return true;
	return false;
}

/* Without a card there is none whose PIN or keys were refused. */
static void refused_forget(struct module *m, const char *reader)
{
	for (size_t i = 0; i < READERS_MAX; i++)
		if (!strcmp(m->refused[i].reader, reader))
			m->refused[i] = (struct refusal){0};
}

/* The first card with accounts. 0: told, and so is why there is none; -EIO: told
 * that a card does not answer, or another has it for himself; -ENOSPC: there was
 * no room. */
static int cards_read(struct module *m)
{
	char why[300] = "";
	const char *of = NULL;
	int rc = 0;
	bool told;

	for (size_t i = 0; i < m->n; i++) {
		const char *reader = m->states[i].szReader;
		int n;

		if (!(m->states[i].dwEventState & SCARD_STATE_PRESENT))
			continue;
		of = reader;
		n = reader_load(m, reader, why, sizeof(why));
		if (n == -EIO)
			rc = n;
		if (n < 0) {		/* it may have been read in part */
			explicit_bzero(m->bytes, sizeof(m->bytes));
			continue;
		}
		told = worker_tell(&m->worker, MODULE_CARD, reader, m->bytes,
				   (size_t)n);
		explicit_bzero(m->bytes, sizeof(m->bytes));
		if (told)
			worker_say(&m->worker, MODULE_UP, "the card in %s",
				   reader);
		return told ? 0 : -ENOSPC;
	}
	if (of)
		worker_say(&m->worker, MODULE_DOWN, "%s: %s", of, why);
	else if (m->n)
		worker_say(&m->worker, MODULE_DOWN, "there is no card in %s%s",
			   m->states[0].szReader,
			   m->n > 1 ? ", nor in another reader" : "");
	else if (!strcmp(m->which, "any"))
		worker_say(&m->worker, MODULE_DOWN, "there is no reader");
	else
		worker_say(&m->worker, MODULE_DOWN, "there is no reader %s",
			   m->which);
	return rc;
}

/* Cards and readers that are there; who uses them is no matter of ours. */
static bool is_changed(const struct module *m,
		       const DWORD before[READERS_MAX + 1])
{
	const DWORD matter = SCARD_STATE_PRESENT | SCARD_STATE_EMPTY |
			     SCARD_STATE_MUTE | SCARD_STATE_UNKNOWN |
			     0xffff0000;	/* how often that was so */

	for (size_t i = 0; i <= m->n; i++)
		if ((before[i] ^ m->states[i].dwCurrentState) & matter)
			return true;
	return false;
}

/* At most `waits` times WAIT_MS; 0: for as long as it takes. false: pcscd is
 * gone. */
static bool change_await(struct module *m, unsigned waits)
{
	DWORD before[READERS_MAX + 1];

	for (size_t i = 0; i <= m->n; i++)
		before[i] = m->states[i].dwCurrentState;
	for (unsigned n = 0; !worker_is_closing(&m->worker) &&
			     (!waits || n < waits); n++) {
		LONG rc = states_get(m, WAIT_MS);

		if (rc != SCARD_S_SUCCESS && rc != SCARD_E_TIMEOUT)
			return false;
		if (rc == SCARD_S_SUCCESS && is_changed(m, before))
			return true;
	}
	return true;
}

/* A pcscd that has just begun finds its readers and cards by and by. */
static bool is_too_early(struct module *m)
{
	if (is_any_present(m) || !m->patience)
		return false;
	m->patience--;
	poll(NULL, 0, WAIT_MS / 2);
	return true;
}

/* false: pcscd is gone. */
static bool card_look(struct module *m)
{
	LONG rc;

	if (!readers_list(m))
		return false;
	rc = states_get(m, 0);
	if (rc != SCARD_S_SUCCESS && rc != SCARD_E_TIMEOUT)
		return false;
	if (is_too_early(m))
		return true;
	for (size_t i = 0; i < m->n; i++)
		if (m->states[i].dwEventState & SCARD_STATE_EMPTY)
			refused_forget(m, m->states[i].szReader);
	rc = cards_read(m);
	if (rc != -ENOSPC)
		return change_await(m, rc ? WAITS_SILENT : 0);
	poll(NULL, 0, WAIT_MS);
	return true;
}

static void worker_run(struct worker *worker)
{
	struct module *m = (struct module *)worker;
	struct pollfd wake = {.fd = worker->wake, .events = POLLIN};

	while (!worker_is_closing(worker)) {
		LONG rc = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL,
						&m->context);

		m->patience = PATIENCE;
		if (rc == SCARD_S_SUCCESS) {
			while (!worker_is_closing(worker) && card_look(m))
				;
			SCardReleaseContext(m->context);
		}
		if (worker_is_closing(worker))
			break;
		worker_say(worker, MODULE_DOWN, "pcscd: %s", rc ?
			   pcsc_stringify_error(rc) : "it has ended");
		poll(&wake, 1, AGAIN_MS);
	}
}

static void worker_destroy(struct worker *worker)
{
	struct module *m = (struct module *)worker;

	if (m->pin)
		explicit_bzero(m->pin, strlen(m->pin));
	explicit_bzero(m->keys, sizeof(m->keys));
	free(m->pin);
	free(m->which);
	free(m);
}

static struct module *smartcard_open(const struct module_conf *conf,
				     const struct module_host *host)
{
	struct module *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return NULL;
	m->n_key = conf->n_key;
	if (m->n_key) {
		memcpy(m->keys, conf->key_enc, m->n_key);
		memcpy(m->keys + m->n_key, conf->key_mac, m->n_key);
	}
	m->which = strdup(conf->which);
	m->pin = conf->pin ? strdup(conf->pin) : NULL;
	m->worker.run = worker_run;
	m->worker.destroy = worker_destroy;
	rc = m->which && (m->pin || !conf->pin) ?
	     worker_start(&m->worker, host) : -ENOMEM;
	if (!rc)
		return m;
	worker_destroy(&m->worker);
	errno = -rc;
	return NULL;
}

static void smartcard_close(struct module *m)
{
	worker_close(&m->worker);
}

extern const struct module_ops lwmux_module;
__attribute__((visibility("default"))) const struct module_ops lwmux_module = {
	.abi = MODULE_ABI, .name = "smartcard", .open = smartcard_open,
	.close = smartcard_close,
};

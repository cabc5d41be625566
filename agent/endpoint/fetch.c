/* SPDX-License-Identifier: GPL-2.0-or-later
 * One GET after the other, each for the next block, over a connection of its
 * own. Whatever goes wrong ends it: a server can write the URI again. */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include "agent/client/client_session.h"
#include "agent/endpoint/endpoint.h"
#include "agent/endpoint/fetch.h"
#include "agent/coap/fetch_uri.h"
#include "agent/client/services.h"
#include "agent/base/log.h"
#include "agent/base/resolve.h"

#define BLOCK 1024
#define WHY 400

/* The server by its id: accounts, and clients with them, may be others by the
 * time that an answer comes. */
struct fetch {
	const struct endpoint *endpoint;
	uint16_t server;
	struct fetch_uri uri;
	struct coap_connection *connection;
	fetch_ended *ended;
	void *owner;
	uint8_t *bytes;
	size_t n, size, most;
	size_t block;			/* bytes of one, as the peer has it */
	uint32_t etag;
	bool looking_up, gone, asked;
};

static void fetch_free(struct fetch *f)
{
	coap_close(f->connection);
	f->connection = NULL;
	f->gone = true;
	if (f->looking_up)
		return;			/* host_found() will */
	free(f->bytes);
	free(f);
}

void fetch_cancel(struct fetch *f)
{
	if (f)
		fetch_free(f);
}

static void fetch_end(struct fetch *f, enum firmware_result result, int64_t now)
{
	f->ended(f->owner, result, f->bytes, result ? 0 : f->n, now);
	fetch_free(f);
}

static void fetch_ask(struct fetch *f, int64_t now)
{
	int rc = coap_request(f->connection, &(struct coap_message){
		.method = REQUEST_GET, .format = FORMAT_NONE,
		.path = {f->uri.path, f->uri.n_path},
		.query = {f->uri.query, f->uri.n_query},
		.wants_block2 = true, .block2_size = f->block,
		.block2 = (uint32_t)(f->n / f->block)}, now);

	f->asked = rc == 0;
	if (rc < 0)
		fetch_end(f, FIRMWARE_CONNECTION_LOST, now);
}

static bool fetch_append(struct fetch *f, const uint8_t *bytes, size_t n)
{
	if (n > f->most - f->n)
		return false;
	if (f->n + n > f->size) {
		f->size = 2 * f->size + n;
		f->bytes = realloc(f->bytes, f->size);
		if (!f->bytes)
			abort();
	}
	if (n)
		memcpy(f->bytes + f->n, bytes, n);
	f->n += n;
	return true;
}

/* Is it the block that was asked for, of the same body as those before? */
static bool fetch_fits(const struct fetch *f, const struct coap_answer *a)
{
	if (!a->has_block2)
		return !f->n;
	return a->block2 * a->block2_size == f->n &&
	       (!f->n || a->etag == f->etag) &&
	       (!a->more || a->length == a->block2_size);
}

static enum firmware_result answer_refusal(uint8_t code)
{
	return code == CODE(4, 4) || code >> 5 == 4 ? FIRMWARE_INVALID_URI :
						      FIRMWARE_CONNECTION_LOST;
}

static void fetch_take(struct fetch *f, const struct coap_answer *a, int64_t now)
{
	if (a->code != CODE(2, 5)) {
		fetch_end(f, answer_refusal(a->code), now);
	} else if (!fetch_fits(f, a)) {
		fetch_end(f, FIRMWARE_CONNECTION_LOST, now);
	} else if (!fetch_append(f, a->payload, a->length)) {
		fetch_end(f, FIRMWARE_NO_FLASH, now);
	} else if (!a->has_block2 || !a->more) {
		fetch_end(f, FIRMWARE_INITIAL, now);
	} else {
		f->etag = a->etag;
		f->block = a->block2_size;
	}
}

/* ---- coap.c calls ---- */

static void on_request(void *owner, struct coap_exchange *exchange,
		       const struct request *request, const uint8_t *token,
		       uint8_t token_length, int64_t now)
{
	(void)owner;
	(void)request;
	(void)token;
	(void)token_length;
	(void)now;
	coap_respond(exchange, CODE(4, 4), FORMAT_NONE, NULL, 0, -1);
}

static void on_ended(void *owner, enum coap_outcome outcome,
		     const uint8_t *token, uint8_t token_length,
		     const struct coap_answer *answer, int64_t now)
{
	struct fetch *f = owner;

	(void)token;
	(void)token_length;
	f->asked = false;
	if (outcome == COAP_ANSWERED)
		fetch_take(f, answer, now);
	else
		fetch_end(f, FIRMWARE_CONNECTION_LOST, now);
}

static void on_idle(void *owner, int64_t now)
{
	struct fetch *f = owner;

	if (!f->asked)
		fetch_ask(f, now);
}

static void fetch_fail(struct fetch *f, const char *why, int64_t now)
{
	log_line(LOG_WARN, f->endpoint->conf->endpoint, NULL,
		 "cannot fetch the package: %s", why);
	fetch_end(f, FIRMWARE_CONNECTION_LOST, now);
}

static void on_broken(void *owner, const struct coap_session_failure *failure,
		      int64_t now)
{
	fetch_fail(owner, failure->why, now);
}

static const struct coap_handlers handlers = {
	.request = on_request, .ended = on_ended, .idle = on_idle,
	.broken = on_broken,
};

/* ---- the connection ---- */

static enum coap_transport transport_of(const struct uri *uri)
{
	if (uri->secure)
		return uri->tcp ? COAP_OVER_TLS : COAP_OVER_DTLS;
	return uri->tcp ? COAP_OVER_TCP : COAP_OVER_UDP;
}

static void fetch_open(struct fetch *f, const struct sockaddr *address,
		       socklen_t length, const struct credentials *credentials,
		       int64_t now)
{
	char why[WHY] = "";

	f->connection = coap_open(&(struct coap_peer){
		.transport = transport_of(&f->uri.at), .address = address,
		.length = length, .credentials = credentials,
		.host = f->uri.at.host, .handlers = &handlers,
	}, f, why, sizeof(why), now);
	if (f->connection)
		fetch_ask(f, now);
	else
		fetch_fail(f, why, now);
}

/* Whose keys may be shown to the host of the URI: the server's that wrote it,
 * and nobody else's. NULL: it has none for that host, or no account any more. */
static const struct server *fetch_keys_owner(const struct fetch *f)
{
	for (size_t i = 0; i < f->endpoint->n_clients; i++) {
		const struct server *s = f->endpoint->clients[i].server;

		if (s->conf->id == f->server)
			return s->conf->security != SECURITY_NOSEC &&
			       !strcmp(f->uri.at.host, s->conf->host) ? s : NULL;
	}
	return NULL;
}

static void fetch_open_secure(struct fetch *f, const struct sockaddr *address,
			      socklen_t length, int64_t now)
{
	const struct server *server = fetch_keys_owner(f);
	struct credentials credentials;
	char why[WHY] = "";

	if (!server) {
		fetch_fail(f, "the server that wanted it has no keys for its "
			   "host any more", now);
		return;
	}
	if (client_session_keys(f->endpoint, server, &credentials, why,
				sizeof(why)) == 0)
		fetch_open(f, address, length, &credentials, now);
	else
		fetch_fail(f, why, now);
	credentials_wipe(&credentials);
}

static void host_found(void *owner, const struct addrinfo *all,
		       const char *error, int64_t now)
{
	struct fetch *f = owner;

	(void)error;
	f->looking_up = false;
	if (f->gone)
		fetch_free(f);
	else if (!all)
		fetch_end(f, FIRMWARE_INVALID_URI, now);
	else if (f->uri.at.secure)
		fetch_open_secure(f, all->ai_addr, all->ai_addrlen, now);
	else
		fetch_open(f, all->ai_addr, all->ai_addrlen, NULL, now);
}

struct fetch *fetch_start(const struct endpoint *endpoint, uint16_t server,
			  const char *uri, size_t n, size_t most,
			  fetch_ended *ended, void *owner,
			  enum firmware_result *why)
{
	struct fetch *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		abort();
	*f = (struct fetch){.endpoint = endpoint, .server = server,
			    .ended = ended, .owner = owner, .most = most,
			    .block = BLOCK, .looking_up = true};
	rc = fetch_uri_parse(uri, n, &f->uri);
	if (rc || (f->uri.at.secure && !fetch_keys_owner(f))) {
		*why = !rc || rc == -EPROTONOSUPPORT ? FIRMWARE_NO_PROTOCOL :
						       FIRMWARE_INVALID_URI;
		free(f);
		return NULL;
	}
	resolve(f->uri.at.host, f->uri.at.port, host_found, f);
	return f;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * One GET after the other, each for the next block, over a connection of its
 * own. Whatever goes wrong ends it: a server can write the URI again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/client/client_session.h"
#include "agent/endpoint/endpoint.h"
#include "agent/endpoint/fetch.h"
#include "agent/coap/fetch_uri.h"
#include "agent/gateway/gateway.h"
#include "agent/base/log.h"
#include "agent/gateway/loop.h"

#define BLOCK 1024
#define WHY 400

struct fetch {
	struct client *client;
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
		return;			/* found() will */
	free(f->bytes);
	free(f);
}

void fetch_cancel(struct fetch *f)
{
	if (f)
		fetch_free(f);
}

static void end(struct fetch *f, enum firmware_result result)
{
	f->ended(f->owner, result, f->bytes, result ? 0 : f->n);
	fetch_free(f);
}

static void ask(struct fetch *f)
{
	int rc = coap_request(f->connection, &(struct coap_message){
		.method = REQUEST_GET, .format = FORMAT_NONE,
		.path = {f->uri.path, f->uri.n_path},
		.query = {f->uri.query, f->uri.n_query},
		.wants_block2 = true, .block2_size = f->block,
		.block2 = (uint32_t)(f->n / f->block)}, loop_clock());

	f->asked = rc == 0;
	if (rc < 0)
		end(f, FIRMWARE_CONNECTION_LOST);
}

static bool append(struct fetch *f, const uint8_t *bytes, size_t n)
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
static bool fits(const struct fetch *f, const struct coap_answer *a)
{
	if (!a->has_block2)
		return !f->n;
	return a->block2 * a->block2_size == f->n &&
	       (!f->n || a->etag == f->etag) &&
	       (!a->more || a->length == a->block2_size);
}

static enum firmware_result refusal(uint8_t code)
{
	return code == CODE(4, 4) || code >> 5 == 4 ? FIRMWARE_INVALID_URI :
						      FIRMWARE_CONNECTION_LOST;
}

static void take(struct fetch *f, const struct coap_answer *a)
{
	if (a->code != CODE(2, 5)) {
		end(f, refusal(a->code));
	} else if (!fits(f, a)) {
		end(f, FIRMWARE_CONNECTION_LOST);
	} else if (!append(f, a->payload, a->length)) {
		end(f, FIRMWARE_NO_FLASH);
	} else if (!a->has_block2 || !a->more) {
		end(f, FIRMWARE_INITIAL);
	} else {
		f->etag = a->etag;
		f->block = a->block2_size;
	}
}

/* ---- coap.c calls ---- */

static void on_request(void *owner, struct coap_exchange *exchange,
		       const struct request *request, const uint8_t *token,
		       uint8_t token_length)
{
	(void)owner;
	(void)request;
	(void)token;
	(void)token_length;
	coap_respond(exchange, CODE(4, 4), FORMAT_NONE, NULL, 0, -1);
}

static void on_ended(void *owner, enum coap_outcome outcome,
		     const uint8_t *token, uint8_t token_length,
		     const struct coap_answer *answer)
{
	struct fetch *f = owner;

	(void)token;
	(void)token_length;
	f->asked = false;
	if (outcome == COAP_ANSWERED)
		take(f, answer);
	else
		end(f, FIRMWARE_CONNECTION_LOST);
}

static void on_idle(void *owner)
{
	struct fetch *f = owner;

	if (!f->asked)
		ask(f);
}

static void on_broken(void *owner, const struct coap_breakage *breakage)
{
	struct fetch *f = owner;

	log_line(LOG_WARN, f->client->endpoint->conf->endpoint, NULL,
		 "cannot fetch the package: %s", breakage->why);
	end(f, FIRMWARE_CONNECTION_LOST);
}

static const struct coap_handlers handlers = {
	.request = on_request, .ended = on_ended, .idle = on_idle,
	.broken = on_broken,
};

/* ---- the connection ---- */

static enum coap_transport transport_of(const struct config_uri *uri)
{
	if (uri->secure)
		return uri->tcp ? COAP_OVER_TLS : COAP_OVER_DTLS;
	return uri->tcp ? COAP_OVER_TCP : COAP_OVER_UDP;
}

static void open_with(struct fetch *f, const struct sockaddr *address,
		      socklen_t length, const struct credentials *credentials)
{
	char why[WHY] = "";

	f->connection = coap_open(&(struct coap_peer){
		.transport = transport_of(&f->uri.at), .address = address,
		.length = length, .credentials = credentials,
		.host = f->uri.at.host, .handlers = &handlers,
	}, f, why, sizeof(why));
	if (f->connection) {
		ask(f);
		return;
	}
	log_line(LOG_WARN, f->client->endpoint->conf->endpoint, NULL,
		 "cannot fetch the package: %s", why);
	end(f, FIRMWARE_CONNECTION_LOST);
}

/* Keys are not shown to others than the server that they are for. */
static void open_secure(struct fetch *f, const struct sockaddr *address,
			socklen_t length)
{
	const struct endpoint *e = f->client->endpoint;
	struct credentials credentials;
	char why[WHY] = "";

	if (client_session_keys(e, f->client->server, &credentials, why,
				sizeof(why)) == 0) {
		open_with(f, address, length, &credentials);
	} else {
		log_line(LOG_WARN, e->conf->endpoint, NULL, "cannot fetch the "
			 "package: %s", why);
		end(f, FIRMWARE_CONNECTION_LOST);
	}
	credentials_wipe(&credentials);
}

static void found(void *owner, const struct sockaddr *address,
		  socklen_t length)
{
	struct fetch *f = owner;

	f->looking_up = false;
	if (f->gone)
		fetch_free(f);
	else if (!length)
		end(f, FIRMWARE_INVALID_URI);
	else if (f->uri.at.secure)
		open_secure(f, address, length);
	else
		open_with(f, address, length, NULL);
}

struct fetch *fetch_start(struct client *client, const char *uri, size_t n,
			  size_t most, fetch_ended *ended, void *owner,
			  enum firmware_result *why)
{
	const struct config_server *conf = client->server->conf;
	struct fetch *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		abort();
	rc = fetch_uri_parse(uri, n, &f->uri);
	if (rc) {
		*why = rc == -EPROTONOSUPPORT ? FIRMWARE_NO_PROTOCOL :
						FIRMWARE_INVALID_URI;
		free(f);
		return NULL;
	}
	if (f->uri.at.secure && (conf->security == SECURITY_NOSEC ||
				 strcmp(f->uri.at.host, conf->host))) {
		*why = FIRMWARE_NO_PROTOCOL;
		free(f);
		return NULL;
	}
	f->client = client;
	f->ended = ended;
	f->owner = owner;
	f->most = most;
	f->block = BLOCK;
	f->looking_up = true;
	loop_lookup(f->uri.at.host, f->uri.at.port, found, f);
	return f;
}

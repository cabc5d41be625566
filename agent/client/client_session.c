/* SPDX-License-Identifier: GPL-2.0-or-later
 * Connections come and go here. What went wrong is said once, and kept for the
 * status until the server answers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/client/client_session.h"
#include "agent/base/text.h"
#include "agent/client/client_host.h"
#include "agent/base/log.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)

/* Logs what is wrong, and when the next try is, unless that was logged already:
 * by this client, or by another one of the same server, whose outage is logged
 * once. s: the server at the transport that failed; the client may speak over
 * its other transport by now, because of this. */
static void note_trouble(struct client *c, struct server *s, const char *what,
			 int64_t now)
{
	int64_t next = c->registration.next;
	char again[48] = "";

	if (c->trouble && !strcmp(c->trouble, what))
		return;
	free(c->trouble);
	c->trouble = text_copy(what);
	if (c->registration.state == REGISTRATION_WAITING && next != INT64_MAX)
		snprintf(again, sizeof(again), "; again in %lld s",
			 (long long)((next - now) / SECOND));
	c->untold = !server_is_news(s, what);
	log_line(client_session_level(c, LOG_WARN), client_name(c), NULL,
		 "%s: %s%s", s->conf->uri, what, again);
}

enum log_level client_session_level(const struct client *c,
				    enum log_level level)
{
	return c->untold ? LOG_DETAIL : level;
}

void client_session_good(struct client *c)
{
	free(c->trouble);
	c->trouble = NULL;
	c->untold = false;
}

/* What the network says is more than that nothing has come. */
void client_silent(void *owner, const char *why, int64_t now)
{
	struct client *c = owner;
	char what[400];
	bool up = !c->connection || coap_describe(c->connection).up;

	server_unanswered(c->server, now);
	if (!why && c->trouble)
		return;
	snprintf(what, sizeof(what), "%s%s", up ? "" : "no session: ",
		 why ? why : "no answer");
	note_trouble(c, c->server, what, now);
}

void client_session_heard(struct client *c)
{
	free(c->trouble);
	c->trouble = NULL;
	/* On its way back: client_session_good() is to follow. */
	c->untold &= c->registration.state == REGISTRATION_REGISTERING;
}

void client_unsent(struct client *c, struct server *s, int error,
		   int64_t now)
{
	char what[120];

	snprintf(what, sizeof(what), "nothing can be sent there: %s",
		 error ? strerror(error) : "the kernel does not say why");
	note_trouble(c, s, what, now);
}

static enum coap_transport transport_of(const struct config_server *conf)
{
	if (conf->security == SECURITY_NOSEC)
		return conf->tcp ? COAP_OVER_TCP : COAP_OVER_UDP;
	return conf->tcp ? COAP_OVER_TLS : COAP_OVER_DTLS;
}

static struct coap_connection *open_with(const struct server *s, void *owner,
					 const struct credentials *credentials,
					 char *why, size_t size, int64_t now)
{
	return coap_open(&(struct coap_peer){
		.transport = transport_of(s->conf),
		.address = (const struct sockaddr *)&s->address,
		.length = s->length, .credentials = credentials,
		.host = s->conf->host, .keepalive = s->conf->keepalive,
	}, owner, why, size, now);
}

int client_session_keys(const struct endpoint *e, const struct server *s,
			struct credentials *to, char *why, size_t size)
{
	const struct client_host *host = s->services->client_host;

	if (s->kind == SERVER_BOOTSTRAPPED)
		return host->credentials(e, s, to, why, size);
	return credentials_load(to, s->conf, s->services->dirs.config,
				host->conf(e)->endpoint, why, size);
}

/* Keys are read for each session anew, and are nowhere in between. */
struct coap_connection *client_session_open(const struct endpoint *e,
				     const struct server *s, void *owner,
				     char *why, size_t size, int64_t now)
{
	struct coap_connection *connection = NULL;
	struct credentials credentials;

	if (client_session_keys(e, s, &credentials, why, size) == 0)
		connection = open_with(s, owner, &credentials, why, size,
				       now);
	credentials_wipe(&credentials);
	return connection;
}

bool client_connect(struct client *c, int64_t now)
{
	struct server *s = c->server;
	char why[400];

	if (c->connection && c->address_generation != s->address_generation)
		client_disconnect(c);		/* it has moved */
	c->address_generation = s->address_generation;
	if (!c->connection)
		c->connection = client_session_open(c->endpoint, s, c, why,
					     sizeof(why), now);
	if (c->connection)
		return true;
	note_trouble(c, s, why, now);
	c->last_code = CLIENT_NO_ANSWER;
	return false;
}

static void carried_disconnect(struct client *c)
{
	client_spoken(c);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		forward_disconnected(k);
}

void client_disconnect(struct client *c)
{
	coap_close(c->connection);
	c->connection = NULL;
	c->under_way = REGISTRATION_NOTHING;
	forward_disconnected(c);
	carried_disconnect(c);
	/* What has waited for the end of a message goes by the next one. */
	if (c->wanted && !c->paced)
		server_queue(c->server, c);
}

/* A session that has served is tried anew at once, a new one after a while. */
static void end_session(struct client *c, int64_t now)
{
	bool proven = coap_proven(c->connection);

	client_disconnect(c);
	server_reresolve(c->server, now);
	client_event(c, proven ? REGISTRATION_CUT : REGISTRATION_LOST, 0, 0,
		     now);
}

static void keep_alert(struct client *c, int alert, int64_t now)
{
	struct lwm2m_path path = path_resource(ID_SERVER, c->instance,
						ID_SERVER_TLS_ALERT);
	struct lwm2m_value value = lwm2m_unsigned((uint64_t)alert);

	if (tree_set(client_tree(c), &path, &value,
		     services_wall(client_services(c), now)) == 0)
		client_host(c)->touched(c->endpoint, &path, now);
}

void client_session_failed(void *owner,
			   const struct coap_session_failure *failure,
			   int64_t now)
{
	struct client *c = owner;
	struct server *s = c->server;
	char what[400];

	snprintf(what, sizeof(what), "%s%s", failure->new ? "no session: " :
		 "the session has ended: ", failure->why);
	if (failure->alert > 0)		/* 0: close_notify */
		keep_alert(c, failure->alert, now);
	c->last_code = CLIENT_NO_ANSWER;
	end_session(c, now);
	note_trouble(c, s, what, now);
}

/* A socket keeps the address that we had when it was opened, which may be ours
 * no more; and a router between may have forgotten it. */
bool client_session_lost(struct client *c, int64_t now)
{
	struct server *s;

	c = client_carrier(c);
	s = c->server;
	if (!c->connection)
		return false;
	if (!coap_has_session(c->connection)) {
		client_disconnect(c);
		return false;
	}
	c->last_code = CLIENT_NO_ANSWER;
	end_session(c, now);
	note_trouble(c, s, "no answer: the session is given up", now);
	return true;
}

void client_unresolved(struct client *c, int64_t now)
{
	struct server *s = c->server;

	c->wanted = REGISTRATION_NOTHING;
	c->last_code = CLIENT_NO_ANSWER;
	client_event(c, REGISTRATION_LOST, 0, 0, now);
	note_trouble(c, s, "its name has no address", now);
}

bool client_session_stays(const struct server *s,
			  const struct coap_connection *connection)
{
	struct sockaddr_storage own;

	return !s->conf->tcp && !coap_busy(connection) &&
	       coap_local(connection, &own) &&
	       route_fits(&s->route, (struct sockaddr *)&own);
}

/* NoSec: with another address it must register again (Transport TS 6.4.3). A
 * session of DTLS that has our address still is tried by an Update first. A
 * sleeping device's server is not to be told that it is awake. */
void client_rerouted(struct client *c, int64_t now)
{
	bool stays;

	if (client_is_carried(c))
		return;
	stays = c->connection &&
		c->address_generation == c->server->address_generation &&
		client_session_stays(c->server, c->connection);
	if (!stays && c->connection)
		client_disconnect(c);
	if (!stays) {
		client_event(c, REGISTRATION_MOVED, 0, 0, now);
		return;
	}
	coap_doubt(c->connection);
	if (!client_conf(c)->queue ||
	    c->registration.state == REGISTRATION_WAITING)
		client_event(c, REGISTRATION_BACK, 0, 0, now);
}

/* ---- for people */

/* Servers of LwM2M 1.0 stumble over versions and formats of 1.1. */
const char *client_refusal_advice(const struct client *c, uint8_t code)
{
	switch (code) {
	case CODE(4, 0):
		return c->registration.lwm2m_1_0 || c->registration.lwm2m_1_2 ?
		       NULL : "a server of LwM2M 1.0 wants the key lwm2m: "
			      "\"1.0\"";
	case CODE(4, 1):
	case CODE(4, 3):
		return "is this endpoint known there, by its name and its key?";
	case CODE(4, 4):
	case CODE(4, 5):
		return "nobody registers there: port and 'path' of the server";
	case CODE(4, 12):
		return "it takes another version of LwM2M: the key 'lwm2m'";
	case CODE(4, 15):
		return "it does not read this format of links: the key 'ct'";
	case CODE(4, 29):
	case CODE(5, 3):
		return "it is busy, and is asked again";
	}
	return code >> 5 == 5 ? "a fault of the server: its log says which" :
	       NULL;
}

bool client_is_refused(const struct client *c)
{
	return !client_is_registered(c) && c->last_code >> 5 >= 4;
}

void client_trouble(const struct client *c, char *text, size_t size)
{
	const char *advice = client_refusal_advice(c, c->last_code);

	if (c->trouble)
		snprintf(text, size, "%s", c->trouble);
	else if (!client_is_refused(c))
		*text = '\0';
	else if (c->registration.state != REGISTRATION_WAITING || !advice)
		snprintf(text, size, "it answers %u.%02u", c->last_code >> 5,
			 c->last_code & 31u);
	else
		snprintf(text, size, "it answers %u.%02u: %s",
			 c->last_code >> 5, c->last_code & 31u, advice);
}

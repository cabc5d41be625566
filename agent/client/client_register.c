/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a client says of itself: the messages of its registration (Core TS
 * 6.2). Register and Update tell the lifetime, the binding and the objects. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/client/client_host.h"
#include "agent/client/client_private.h"
#include "objects/ids.h"
#include "objects/linkformat.h"

#define LINKS_MAX 65536

static void segment_add(struct buf *to, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void segment_add(struct buf *to, const char *format, ...)
{
	size_t at = to->used;
	va_list args;
	int n;

	va_start(args, format);
	n = to->used < to->size ?
	    vsnprintf((char *)to->at + at + 1, to->size - at - 1, format,
		      args) : -1;
	va_end(args);
	if (n < 0 || n > 255 || at + 1 + (size_t)n >= to->size) {
		to->full = true;
		return;
	}
	to->at[at] = (uint8_t)n;
	to->used += 1 + (size_t)n;
}

static void path_add(struct buf *to, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		segment_add(to, "%.*s", (int)n, path);
		path += n + (path[n] == '/');
	}
}

static void queries_add(struct buf *to, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "&");

		segment_add(to, "%.*s", (int)n, text);
		text += n + (text[n] == '&');
	}
}

bool client_in_queue_mode(const struct client *c)
{
	const struct tree_slot *slot = client_account_slot(c,
							   ID_SERVER_BINDING);

	return client_conf(c)->queue ||
	       (slot && slot->value.length &&
		memchr(slot->value.as.text, 'Q', slot->value.length));
}

bool client_takes_sms(const struct client *c)
{
	return client_services(c)->sms.on && client_conf(c)->sms &&
	       !client_is_carried(c) &&
	       c->server->conf->sms_number;
}

bool client_serves_sms(const struct client *c)
{
	return client_takes_sms(c) && client_services(c)->sms.unsafe;
}

/* b: "UQ" with 1.0; "U" and a bare Q with 1.1 (Core TS 6.2.1.2). All transports
 * that the client has there, where 1.1 can say so. */
static void binding_add(const struct client *c, struct buf *to)
{
	bool queue = client_in_queue_mode(c);
	bool old = c->registration.lwm2m_1_0;

	if (c->server->other && !old)
		segment_add(to, "b=UT%s", client_serves_sms(c) ? "S" : "");
	else
		segment_add(to, "b=%c%s%s", c->server->conf->binding,
			    queue && old ? "Q" : "",
			    client_serves_sms(c) ? "S" : "");
	if (queue && !old)
		segment_add(to, "Q");
}

/* sms=: an MSISDN is digits alone. */
static void number_add(const struct client *c, struct buf *to)
{
	const char *number = client_services(c)->sms.number;

	if (number && client_takes_sms(c))
		segment_add(to, "sms=%s", number + (*number == '+'));
}

static void query_add(const struct client *c, enum registration_send send,
		      uint8_t changes, struct buf *to)
{
	const struct registration *r = &c->registration;

	if (send == REGISTRATION_SEND_REGISTER) {
		segment_add(to, "ep=%s", client_name(c));
		segment_add(to, "lt=%u", r->lifetime);
		segment_add(to, "lwm2m=%s", registration_version(r));
		binding_add(c, to);
		number_add(c, to);
		if (c->server->conf->query)
			queries_add(to, c->server->conf->query);
		return;
	}
	if (changes & REGISTRATION_LIFETIME)
		segment_add(to, "lt=%u", r->lifetime);
	if (changes & REGISTRATION_NUMBER)
		number_add(c, to);
}

static void links_add(const struct client *c, struct coap_message *m)
{
	const struct config_server *conf = c->server->conf;
	struct services *services = client_services(c);
	const struct object_def *empty[CLIENT_EMPTY_MAX];
	struct buf out = buf_over(services->answer,
				  services->answer_size < LINKS_MAX ?
				  services->answer_size : LINKS_MAX);

	links_register(client_tree(c), &(struct link_options){
		.empty = empty,
		.n_empty = client_host(c)->empty_objects(c->endpoint, empty),
		.ct = conf->ct, .versions = conf->versions,
		.n_versions = conf->n_versions,
		.ver = conf->ver == VER_SAID ||
		       (conf->ver == VER_BY_LWM2M &&
			!c->registration.lwm2m_1_0)}, &out);
	m->format = FORMAT_LINK;
	m->payload = out.at;
	m->length = out.used;
}

int client_register(struct client *c, int64_t now)
{
	enum registration_send send = (enum registration_send)c->wanted;
	uint8_t path[256], query[768];
	struct buf p = buf_over(path, sizeof(path));
	struct buf q = buf_over(query, sizeof(query));
	struct coap_message m = {.method = REQUEST_POST,
				 .format = FORMAT_NONE};

	if (send == REGISTRATION_SEND_REGISTER) {
		c->said_queue = client_in_queue_mode(c);
		/* Not when it is answered: where the answer is late, the
		 * server may have begun to observe before. */
		client_observations_forget(c, now);
		path_add(&p, c->server->conf->path);
		m.path = (struct coap_segments){path, p.used};
	} else {
		m.path = (struct coap_segments){c->location, c->n_location};
	}
	if (send == REGISTRATION_SEND_DEREGISTER)
		m.method = REQUEST_DELETE;
	else
		query_add(c, send, c->wanted_changes, &q);
	m.query = (struct coap_segments){query, q.used};
	if (send == REGISTRATION_SEND_REGISTER ||
	    (send == REGISTRATION_SEND_UPDATE &&
	     c->wanted_changes & REGISTRATION_OBJECTS))
		links_add(c, &m);
	c->under_way = c->wanted;
	c->wanted = REGISTRATION_NOTHING;
	return coap_request(c->connection, &m, now);
}

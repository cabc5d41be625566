/* SPDX-License-Identifier: GPL-2.0-or-later
 * Carries out what the registration machine and the observations ask for.
 *
 * Of our confirmable messages one is outstanding at a time (RFC 7252 4.7), so
 * little is sent where it is decided: the registration machine leaves its
 * message in `wanted`, which waits for its turn at the server
 * (server_queue()); an observation is `pending`; what is kept waits in
 * forward.c. They go out when their time comes, client_due(), and when the
 * line is free again, on_idle(): registration first, for the server has to
 * know who notifies it; then notifications, the one due for longest first, in
 * turns with what is kept.
 *
 * What a Register, an Update or a notification comes to is an event of the
 * registration machine: it alone says whether this client is registered. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/client/client.h"
#include "agent/client/client_carry.h"
#include "agent/client/client_host.h"
#include "agent/client/client_session.h"
#include "agent/config/config_habits.h"
#include "agent/lwm2m/account.h"
#include "agent/base/log.h"
#include "objects/ids.h"
#include "objects/linkformat.h"

#define SECOND INT64_C(1000000000)
#define LINKS_MAX 65536
#define SEND_AGAIN (10 * SECOND)
#define ANSWERED_AFTER 1	/* s till a server has had our answer */
#define HURRY_AFTER (3 * SECOND)	/* its answer is not on its way */

void client_init(struct client *c, struct endpoint *endpoint,
		 struct server *server, uint16_t instance)
{
	const struct config_device *conf;

	*c = (struct client){.endpoint = endpoint, .server = server,
			     .instance = instance, .enable_at = INT64_MAX};
	conf = client_conf(c);
	registration_init(&c->registration, conf->lifetime ? conf->lifetime :
			  server->conf->lifetime, conf->endpoint);
	c->registration.lwm2m_1_0 = server->conf->version == VERSION_1_0;
	c->registration.lwm2m_1_2 = server->conf->version == VERSION_1_2;
	server->n_clients++;
}

/* With their registration; what they would tell may be kept all the same. */
void client_observations_end(struct client *c, int64_t now)
{
	for (struct observation *o; (o = c->observations); ) {
		c->observations = o->next;
		if (!forward_lost(c, o, now))
			observe_destroy(o);
	}
}

/* And of those that it carries. */
static void observations_forget(struct client *c, int64_t now)
{
	client_observations_end(c, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		client_observations_end(k, now);
}

bool client_is_registered(const struct client *c)
{
	return c->registration.state == REGISTRATION_REGISTERED ||
	       c->registration.state == REGISTRATION_UPDATING;
}

static void count_registered(struct client *c, bool registered)
{
	if (registered)
		c->server->n_registered++;
	else
		c->server->n_registered--;
}

void client_finish(struct client *c)
{
	if (client_is_registered(c))
		count_registered(c, false);
	client_carry_end(c);
	c->server->n_clients--;
	server_unqueue(c->server, c);
	heap_remove(&client_services(c)->clients, &c->due);
	forward_detach(c);
	while (c->observations)
		client_forget(c, c->observations);
	attribute_set_finish(&c->attributes);
	coap_close(c->connection);
	free(c->trouble);
	free(c->location);
}

/* ---- registration messages ---- */

static void add_segment(struct buf *to, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void add_segment(struct buf *to, const char *format, ...)
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

static void add_path(struct buf *to, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		add_segment(to, "%.*s", (int)n, path);
		path += n + (path[n] == '/');
	}
}

static void add_queries(struct buf *to, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "&");

		add_segment(to, "%.*s", (int)n, text);
		text += n + (text[n] == '&');
	}
}

/* In queue mode, as its device is or as the server wants it (1/x/7)? */
static bool in_queue_mode(const struct client *c)
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

/* b: "UQ" with 1.0; "U" and a bare Q with 1.1 (Core TS 6.2.1.2). */
static void add_binding(const struct client *c, struct buf *to)
{
	bool queue = in_queue_mode(c);
	bool old = c->registration.lwm2m_1_0;

	add_segment(to, "b=%c%s%s", c->server->conf->binding,
		    queue && old ? "Q" : "", client_serves_sms(c) ? "S" : "");
	if (queue && !old)
		add_segment(to, "Q");
}

/* sms=: an MSISDN is digits alone. */
static void add_number(const struct client *c, struct buf *to)
{
	const char *number = client_services(c)->sms.number;

	if (number && client_takes_sms(c))
		add_segment(to, "sms=%s", number + (*number == '+'));
}

static void add_query(const struct client *c, enum registration_send send,
		      uint8_t changes, struct buf *to)
{
	const struct registration *r = &c->registration;

	if (send == REGISTRATION_SEND_REGISTER) {
		add_segment(to, "ep=%s", client_name(c));
		add_segment(to, "lt=%u", r->lifetime);
		add_segment(to, "lwm2m=%s", registration_version(r));
		add_binding(c, to);
		add_number(c, to);
		if (c->server->conf->query)
			add_queries(to, c->server->conf->query);
		return;
	}
	if (changes & REGISTRATION_LIFETIME)
		add_segment(to, "lt=%u", r->lifetime);
	if (changes & REGISTRATION_NUMBER)
		add_number(c, to);
}

static void add_links(const struct client *c, struct coap_message *m)
{
	const struct config_server *conf = c->server->conf;
	struct services *services = client_services(c);
	const struct object_def *empty[CLIENT_EMPTY_MAX];
	struct buf out = buf_over(services->out, services->out_size < LINKS_MAX ?
				  services->out_size : LINKS_MAX);

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

static int send_registration(struct client *c, int64_t now)
{
	enum registration_send send = (enum registration_send)c->wanted;
	uint8_t path[256], query[768];
	struct buf p = buf_over(path, sizeof(path));
	struct buf q = buf_over(query, sizeof(query));
	struct coap_message m = {.method = REQUEST_POST,
				 .format = FORMAT_NONE};

	if (send == REGISTRATION_SEND_REGISTER) {
		c->said_queue = in_queue_mode(c);
		/* Not when it is answered: where the answer is late, the
		 * server may have begun to observe before. */
		observations_forget(c, now);
		add_path(&p, c->server->conf->path);
		m.path = (struct coap_segments){path, p.used};
	} else {
		m.path = (struct coap_segments){c->location, c->n_location};
	}
	if (send == REGISTRATION_SEND_DEREGISTER)
		m.method = REQUEST_DELETE;
	else
		add_query(c, send, c->wanted_changes, &q);
	m.query = (struct coap_segments){query, q.used};
	if (send == REGISTRATION_SEND_REGISTER ||
	    (send == REGISTRATION_SEND_UPDATE &&
	     c->wanted_changes & REGISTRATION_OBJECTS))
		add_links(c, &m);
	c->under_way = c->wanted;
	c->wanted = REGISTRATION_NOTHING;
	return coap_request(c->connection, &m, now);
}

static void send_now(struct client *c, int64_t now)
{
	int error;

	if (send_registration(c, now) == 0)
		return;
	error = errno;
	/* Its own address may be ours no more. */
	client_disconnect(c);
	server_suspect(c->server, now);
	client_event(c, REGISTRATION_LOST, 0, 0, now);
	client_unsent(c, error, now);
}

/* Nothing is left to say but good-bye, which an answer that may never come is
 * not to hold up. What hangs on that answer is kept. */
static void outstanding_give_up(struct client *c, int64_t now)
{
	if (coap_give_up(c->connection))
		forward_given_up(client_spoken(c), now);
}

void client_slot_granted(struct client *c, int64_t now)
{
	if (!c->wanted)
		return;
	if (client_is_leaving(c) && c->connection && !c->under_way)
		outstanding_give_up(c, now);
	if (!client_connect(c, now)) {
		c->wanted = REGISTRATION_NOTHING;
		client_event(c, REGISTRATION_LOST, 0, 0, now);
	} else if (!coap_busy(c->connection)) {
		send_now(c, now);
	}
}

static void note_registration(struct client *c, bool was, bool is, int64_t now)
{
	const char *name = client_name(c);

	if (was == is)
		return;
	count_registered(c, is);
	forward_registered(c, is, now);
	client_carry_registered(c, is, now);
	if (is)
		log_line(client_session_level(c, LOG_NOTE), name, NULL,
			 "registered at %s as LwM2M %s, "
			 "lifetime %u s", c->server->conf->uri,
			 registration_version(&c->registration),
			 c->registration.lifetime);
	else
		log_line(client_session_level(c, LOG_NOTE), name, NULL,
			 "no longer registered at %s", c->server->conf->uri);
	if (is)
		client_session_good(c);
}

static uint32_t policy_number(const struct client *c, uint16_t resource,
			      uint32_t fallback)
{
	const struct client *by = client_carrier(c);
	int64_t n = account_number(client_tree(by), path_resource(ID_SERVER,
				   by->instance, resource), fallback);

	return n < 0 ? fallback : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

struct registration_policy client_policy(const struct client *c)
{
	const struct registration_policy *p = &c->server->conf->policy;

	return (struct registration_policy){
		.retry_count = policy_number(c, ID_SERVER_RETRY_COUNT,
					     p->retry_count),
		.retry_timer = policy_number(c, ID_SERVER_RETRY_TIMER,
					     p->retry_timer),
		.sequence_delay = policy_number(c, ID_SERVER_SEQUENCE_DELAY,
						p->sequence_delay),
		.sequence_count = policy_number(c, ID_SERVER_SEQUENCE_COUNT,
						p->sequence_count),
	};
}

bool client_has_failed(const struct client *c)
{
	return c->registration.state == REGISTRATION_WAITING &&
	       !c->registration.attempt && c->registration.sequence &&
	       c->registration.sequence >= client_policy(c).sequence_count;
}

/* As often as the account allows, for one more time; or the server has said
 * that no try will do (Core TS 6.2.1.1, 1/x/16: "explicitly rejected"). */
static bool has_failed(const struct client *c, enum registration_event event,
		       uint8_t code)
{
	if (c->registration.state != REGISTRATION_WAITING)
		return false;
	if (event == REGISTRATION_ANSWER &&
	    (code == CODE(4, 1) || code == CODE(4, 3)))
		return true;
	return client_has_failed(c) &&
	       (event == REGISTRATION_ANSWER || event == REGISTRATION_LOST);
}

/* Its own endpoint, and those of the ones that it carries: it is theirs, too. */
static void registration_tell(struct client *c, bool accepted, int64_t now)
{
	client_host(c)->registration(c, accepted, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		client_host(k)->registration(k, accepted, now);
}

static void registration_event(struct client *c, enum registration_event event,
			       uint8_t code, uint8_t changes, int64_t now)
{
	const struct client_host *host = client_host(c);
	int64_t spread = event != REGISTRATION_START ||
			 host->is_fresh(c->endpoint) ? 0 :
		server_startup_window(c->server,
				      client_services(c)->n_endpoints);
	bool was = client_is_registered(c);
	bool updated = c->registration.state == REGISTRATION_UPDATING &&
		       event == REGISTRATION_ANSWER && code >> 5 == 2;
	struct registration_policy policy = client_policy(c);
	struct registration_action action =
		registration_step(&c->registration, event, code, changes,
				  spread, &policy, now);

	if (action.gone) {
		observations_forget(c, now);
		client_unknown(c);
	}
	if (action.send) {
		c->wanted = (uint8_t)action.send;
		c->wanted_changes = action.changes;
		server_queue(c->server, c);
	}
	note_registration(c, was, client_is_registered(c), now);
	if (has_failed(c, event, code))
		host->failed(c, now);
	registration_tell(c, updated || action.registered, now);
	client_reschedule(c, now);
	if (client_is_leaving(c) && c->registration.state == REGISTRATION_OFF)
		host->left(c->endpoint);
}

void client_event(struct client *c, enum registration_event event,
		  uint8_t code, uint8_t changes, int64_t now)
{
	if (client_is_carried(c))
		client_carried_event(c, event, now);
	else
		registration_event(c, event, code, changes, now);
}

void client_deregister_unconfirmed(struct client *c, int64_t now)
{
	if (!client_is_registered(c) || !c->connection)
		return;
	outstanding_give_up(c, now);
	if (coap_busy(c->connection))
		return;
	c->wanted = REGISTRATION_SEND_DEREGISTER;
	send_registration(c, now);
}

/* The server is told nothing and goes on knowing us. */
static void client_drop(struct client *c)
{
	if (client_is_registered(c))
		count_registered(c, false);
	c->wanted = REGISTRATION_NOTHING;
	server_unqueue(c->server, c);
	registration_drop(&c->registration);
}

void client_stop(struct client *c, bool keep, int64_t now)
{
	c->enable_at = INT64_MAX;
	c->disable_for = 0;
	if (keep) {
		client_drop(c);
		return;
	}
	client_event(c, REGISTRATION_STOP, 0, 0, now);
	if (!c->paced)			/* an Update that waits for an answer */
		client_slot_granted(c, now);
}

void client_enable_later(struct client *c, uint32_t delay, int64_t now)
{
	c->enable_at = now + delay * SECOND;
	client_reschedule(c, now);
}

void client_disable(struct client *c, uint32_t timeout, int64_t now)
{
	c->disable_for = timeout;
	client_enable_later(c, ANSWERED_AFTER, now);
}

void client_live(struct client *c, uint32_t lifetime, int64_t now)
{
	if (c->registration.lifetime == lifetime)
		return;
	c->registration.lifetime = lifetime;
	client_event(c, REGISTRATION_CHANGED, 0, REGISTRATION_LIFETIME, now);
}

/* Where it is disabled, it will register anyhow. */
void client_bind(struct client *c, int64_t now)
{
	if (c->said_queue != in_queue_mode(c) && c->enable_at == INT64_MAX)
		client_enable_later(c, ANSWERED_AFTER, now);
}

/* Where it is disabled or is about to be, it will register anyhow. */
void client_restart(struct client *c, int64_t now)
{
	if (!client_is_registered(c)) {
		client_event(c, REGISTRATION_RESTART, 0, 0, now);
	} else if (!c->disable_for) {
		c->restarts = true;
		client_enable_later(c, ANSWERED_AFTER, now);
	}
}

static void client_leave(struct client *c, int64_t now)
{
	c->enable_at = now + c->disable_for * SECOND;
	c->disable_for = 0;
	client_event(c, REGISTRATION_STOP, 0, 0, now);
}

static void client_enable(struct client *c, int64_t now)
{
	c->enable_at = INT64_MAX;
	client_event(c, REGISTRATION_START, 0, 0, now);
	if (client_is_registered(c) &&
	    (c->restarts || c->said_queue != in_queue_mode(c)))
		client_event(c, REGISTRATION_RESTART, 0, 0, now);
	c->restarts = false;
}

void client_hurry(struct client *c, int64_t now)
{
	if (c->registration.state == REGISTRATION_WAITING &&
	    c->last_code == CLIENT_NO_ANSWER) {
		client_event(c, REGISTRATION_BACK, 0, 0, now);
	} else if (c->under_way == REGISTRATION_SEND_REGISTER &&
		   now - coap_since(c->connection) >= HURRY_AFTER) {
		client_disconnect(c);
		client_event(c, REGISTRATION_CUT, 0, 0, now);
	}
}

static void keep_location(struct client *c, struct coap_segments location)
{
	free(c->location);
	c->location = malloc(location.n + 1);
	if (!c->location)
		abort();
	memcpy(c->location, location.at, location.n);
	c->n_location = (uint16_t)location.n;
}

static void note_refusal(const struct client *c, uint8_t sent,
			 const struct coap_answer *answer)
{
	int n = answer->length < 200 ? (int)answer->length : 200;
	bool registers = sent == REGISTRATION_SEND_REGISTER;
	bool good = registers ? answer->code == CODE(2, 1) :
		    answer->code >> 5 == 2;
	const char *advice = registers ? client_refusal_advice(c, answer->code)
				       : NULL;

	if (good || answer->code == c->last_code)
		return;
	log_line(LOG_WARN, client_name(c), NULL, "%s answered %u.%02u%s%.*s%s%s%s",
		 c->server->conf->uri, answer->code >> 5, answer->code & 31,
		 n ? ": " : "", n, n ? (const char *)answer->payload : "",
		 advice ? " (" : "", advice ? advice : "", advice ? ")" : "");
}

/* When the next try is: what an operator wants to know. */
static void note_wait(const struct client *c, int64_t now)
{
	if (c->registration.state == REGISTRATION_WAITING &&
	    c->registration.next != INT64_MAX)
		log_line(client_session_level(c, LOG_WARN), client_name(c), NULL,
			 "not registered at %s, again in %lld s",
			 c->server->conf->uri, (long long)
			 ((c->registration.next - now) / SECOND));
}

/* Without a place to update there is no registration (Core TS 6.2.1). */
static bool is_without_location(const struct client *c, uint8_t sent,
				const struct coap_answer *answer)
{
	if (sent != REGISTRATION_SEND_REGISTER || answer->code != CODE(2, 1) ||
	    answer->location.n)
		return false;
	if (c->last_code != answer->code)
		log_line(LOG_WARN, client_name(c), NULL,
			 "%s answers 2.01 to Register, but with no Location-Path "
			 "of up to 255 bytes: not registered",
			 c->server->conf->uri);
	return true;
}

uint32_t client_asked_wait(const struct coap_answer *answer)
{
	return answer->code == CODE(5, 3) || answer->code == CODE(4, 29) ?
	       answer->max_age : 0;
}

static void registration_ended(struct client *c, enum coap_outcome outcome,
			       const struct coap_answer *answer, int64_t now)
{
	uint8_t sent = c->under_way, before = c->last_code;

	c->under_way = REGISTRATION_NOTHING;
	forward_answered(c, outcome, now);
	if (outcome != COAP_ANSWERED && client_session_lost(c, now))
		return;
	if (outcome != COAP_ANSWERED) {
		client_silent(c, NULL, now);
		c->last_code = CLIENT_NO_ANSWER;
		server_reresolve(c->server, now);
		client_event(c, REGISTRATION_LOST, 0, 0, now);
		if (before != CLIENT_NO_ANSWER)
			note_wait(c, now);
		return;
	}
	server_heard(c->server, now);
	client_session_heard(c);
	c->untold &= answer->code >> 5 == 2;
	note_refusal(c, sent, answer);
	if (is_without_location(c, sent, answer)) {
		c->last_code = answer->code;
		client_event(c, REGISTRATION_LOST, 0, 0, now);
		return;
	}
	c->last_code = answer->code;
	if (answer->code >> 5 != 4)
		client_exchange(c, now);
	if (sent == REGISTRATION_SEND_REGISTER && answer->code == CODE(2, 1))
		keep_location(c, answer->location);
	c->registration.asked_wait = client_asked_wait(answer);
	client_event(c, REGISTRATION_ANSWER, answer->code, 0, now);
	if (answer->code != before && answer->code >> 5 != 2)
		note_wait(c, now);
}

/* ---- notifications ---- */

struct request_scope client_scope(struct client *c, int64_t now)
{
	return client_host(c)->scope(c, now);
}

static void observation_remember(struct client *c, struct observation *o,
				 const struct lwm2m_path *scope)
{
	struct tree_cursor at = {0, 0};
	struct lwm2m_path path;
	const struct tree_slot *slot;

	while ((slot = tree_next(client_tree(c), scope, &at, &path)))
		if (slot->quality == TREE_GOOD)
			observe_remember(o, &c->attributes, &path,
					 &slot->value);
}

void client_remember(struct client *c, struct observation *o)
{
	const struct lwm2m_path *path;

	/* None at all: no conditions anywhere. */
	for (size_t i = 0; (c->attributes.n || o->own) &&
	     (path = observe_path(o, i)); i++)
		observation_remember(c, o, path);
}

bool client_judge(struct client *c, struct observation *o, int64_t now)
{
	const struct tree_slot *slot;
	struct lwm2m_path path;

	while (observe_unjudged(o, now, &path)) {
		slot = tree_find(client_tree(c), &path);
		if (slot && slot->quality == TREE_GOOD)
			observe_changed(o, &c->attributes, &path, &slot->value,
					now);
	}
	return observe_due(o, now);
}

/* A day's confirmation waits for what is under way; notifications do not. */
static bool must_confirm(const struct client *c, const struct observation *o,
			 int64_t now)
{
	return o->confirmable || c->awake.waking ||
	       !c->server->conf->notify_non ||
	       (observe_must_confirm(o, now) && !coap_busy(client_line(c)));
}

static int send_notification(struct client *c, struct observation *o,
			     uint8_t code, uint16_t format,
			     const struct buf *out, int64_t now)
{
	bool confirmable = must_confirm(c, o, now);
	struct lwm2m_path path = o->path;
	char uri[PATH_TEXT_MAX];
	int rc;

	path.id[PATH_DEVICE] = client_device(c);
	path_format(&path, uri);
	rc = coap_notify(client_line(c), &(struct coap_notification){
		.token = o->token, .token_length = o->token_length,
		.code = code, .confirmable = confirmable,
		.format = format, .sequence = o->sequence, .uri = uri + 1,
		.payload = out->at, .length = out->used,
		.block_size = o->block_size}, now);
	if (!rc && confirmable) {
		o->confirmed = now;
		client_spoke(c);
	}
	return rc;
}

/* 2.05, 5.03: nothing of it is true now, or what ends the observation. */
static uint8_t read_observed(struct client *c, const struct observation *o,
			     struct buf *out, uint16_t *format, int64_t now)
{
	struct request_scope scope = client_scope(c, now);
	struct request_room *room = client_services(c)->room;
	uint8_t code;
	size_t n;

	*format = o->format;
	if (!o->paths)
		return request_read(&scope, &o->path, o->format, room, out,
				    format);
	code = request_read_composite(&scope, o->paths, o->n_paths, o->format,
				      room, out, &n);
	return code == CODE(2, 5) && !n ? CODE(5, 3) : code;
}

/* Sends it, unless there is nothing true to say. */
static void observation_notify(struct client *c, struct observation *o,
			       int64_t now)
{
	struct services *services = client_services(c);
	struct buf out = buf_over(services->out, services->out_size);
	uint16_t format;
	uint8_t code;
	bool hastened;
	int rc;

	if (!client_judge(c, o, now))
		return;
	/* By rights that have changed: its end is not to wait behind values. */
	hastened = o->pending && !o->news;
	if (!hastened && forward_behind(c, o, now))
		return;
	code = read_observed(c, o, &out, &format, now);
	if (code == CODE(5, 3) || code == CODE(5, 4)) {
		observe_sent(o, now);	/* stale: not said; the clocks restart */
		return;
	}
	if (code != CODE(2, 5)) {	/* it is gone: so is the observation */
		out.used = 0;
		send_notification(c, o, code, FORMAT_NONE, &out, now);
		client_forget(c, o);
		return;
	}
	if (hastened && forward_behind(c, o, now))
		return;
	o->sequence++;
	rc = send_notification(c, o, code, format, &out, now);
	if (rc < 0) {
		/* The uplink is down, or one is under way. */
		if (rc != -EIO || !forward_unsent(c, o, now))
			o->due = now + SEND_AGAIN;
		if (rc == -EIO)
			server_suspect(c->server, now);
		return;
	}
	observe_sent(o, now);
	client_remember(c, o);
	forward_notified(c, o, now);
}

/* What is to be confirmed waits for what is under way. */
static bool may_go(const struct client *c, const struct observation *o,
		   int64_t now)
{
	return client_may_notify(c, o, now) &&
	       !(must_confirm(c, o, now) && coap_busy(client_line(c)));
}

/* The one that is due for longest: each has its turn. */
static bool notify_next(struct client *c, int64_t now)
{
	struct observation *oldest = NULL;

	for (struct observation *o = c->observations; o; o = o->next)
		if (observe_due(o, now) && may_go(c, o, now) &&
		    (!oldest || o->due < oldest->due))
			oldest = o;
	if (oldest)
		observation_notify(c, oldest, now);
	return oldest != NULL;
}

static void notification_ended(struct client *c, enum coap_outcome outcome,
			       const uint8_t *token, uint8_t token_length,
			       int64_t now)
{
	struct observation *o = client_observation(c, token, token_length);

	if (outcome == COAP_ACKED)
		client_exchange(c, now);
	forward_answered(c, outcome, now);
	if (!o || outcome == COAP_ACKED)
		return;
	log_line(LOG_DETAIL, client_name(c), NULL,
		 "observation cancelled by %s", outcome == COAP_REFUSED ?
		 "a Reset" : "silence");
	if (outcome == COAP_REFUSED)
		client_forget(c, o);
	else
		observations_forget(client_carrier(c), now);
	/* RFC 7641 4.5: it is over here, while the server waits for ever. A
	 * new registration makes both agree again. */
	if (outcome == COAP_NO_ANSWER && !client_session_lost(c, now))
		client_event(client_carrier(c), REGISTRATION_RESTART, 0, 0, now);
}

static bool may_notify(const struct client *c, int64_t now)
{
	return client_line(c) && client_is_registered(c) &&
	       client_may_speak(c, now);
}

void client_reschedule(struct client *c, int64_t now)
{
	int64_t due = c->registration.next, forward = forward_next(c);

	if (c->enable_at < due)
		due = c->enable_at;
	if (may_notify(c, now))
		for (const struct observation *o = c->observations; o;
		     o = o->next)
			if (o->due < due &&
			    may_go(c, o, o->due > now ? o->due : now))
				due = o->due;
	if (c->awake.waking && c->connection && !coap_busy(c->connection))
		due = now;
	if (client_stop_at(c) < due)
		due = client_stop_at(c);
	if (forward < due)
		due = forward;
	if (due < now)
		due = now;
	heap_set(&client_services(c)->clients, &c->due, due);
}

/* Leaving takes too long: the server will see the registration lapse. */
static void give_up(struct client *c, int64_t now)
{
	bool was = client_is_registered(c);

	server_unqueue(c->server, c);
	heap_remove(&client_services(c)->clients, &c->due);
	registration_drop(&c->registration);
	note_registration(c, was, false, now);
	client_host(c)->left(c->endpoint);
}

void client_due(struct client *c, int64_t now)
{
	if (client_stop_at(c) <= now) {
		give_up(c, now);
		return;
	}
	if (c->enable_at <= now && c->disable_for)
		client_leave(c, now);
	else if (c->enable_at <= now)
		client_enable(c, now);
	if (c->registration.next <= now)
		client_event(c, REGISTRATION_TIMER, 0, 0, now);
	forward_take_turn(c, now);
	while (may_notify(c, now) && notify_next(c, now))
		;
	forward_due(c, now);
	client_wake(c, now);
	client_reschedule(c, now);
}

void client_changed(struct client *c, const struct lwm2m_path *path,
		    const struct lwm2m_value *value, int64_t now)
{
	bool any = false;

	for (struct observation *o = c->observations; o; o = o->next)
		if (observe_covers(o, path)) {
			observe_changed(o, &c->attributes, path, value, now);
			any = true;
		}
	forward_changed(c, path, any, now);
	if (any || c->forward)
		client_reschedule(c, now);
}

void client_happened(struct client *c, const struct lwm2m_path *path,
		     const struct lwm2m_value *value, int64_t now)
{
	for (struct observation *o = c->observations; o; o = o->next)
		if (observe_covers(o, path))
			observe_changed(o, &c->attributes, path, value, now);
	forward_happened(c, path, now);
	client_reschedule(c, now);
}

static uint32_t default_of(const struct client *c, uint16_t resource)
{
	const struct tree_slot *slot = client_account_slot(c, resource);

	return slot && slot->value.as.integer > 0 ?
	       (uint32_t)slot->value.as.integer : 0;
}

void client_configure(struct client *c, int64_t now)
{
	uint32_t pmin = default_of(c, ID_SERVER_PMIN);
	uint32_t pmax = default_of(c, ID_SERVER_PMAX);

	for (struct observation *o = c->observations; o; o = o->next)
		observe_configure(o, &c->attributes, pmin, pmax, now);
	for (struct observation *o = c->forward ? c->forward->lost : NULL; o;
	     o = o->next)
		observe_configure(o, &c->attributes, pmin, pmax, now);
	client_host(c)->observed(c->endpoint);
	client_reschedule(c, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		client_configure(k, now);
}

/* ---- coap.c calls ---- */

static void on_request(void *owner, struct coap_exchange *exchange,
		       const struct request *request, const uint8_t *token,
		       uint8_t token_length, int64_t now)
{
	struct client *c = owner;

	client_host(c)->request(c, exchange, request, token, token_length,
				now);
}

static void on_ended(void *owner, enum coap_outcome outcome,
		     const uint8_t *token, uint8_t token_length,
		     const struct coap_answer *answer, int64_t now)
{
	struct client *c = owner;

	if (c->under_way) {
		registration_ended(c, outcome, answer, now);
		return;
	}
	c = client_spoken(c);
	if (!forward_ended(c, outcome, answer, now))
		notification_ended(c, outcome, token, token_length, now);
}

/* What was held back for it may go, or is kept. */
static void on_answered(void *owner, enum coap_outcome outcome, int64_t now)
{
	struct client *c = owner;

	forward_answered(c, outcome, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		forward_answered(k, outcome, now);
}

static void on_refused(void *owner, const uint8_t *token,
		       uint8_t token_length, int64_t now)
{
	struct client *c;
	struct observation *o = client_carry_find(owner, token, token_length,
						  &c);

	if (!o)
		return;
	log_line(LOG_DETAIL, client_name(c), NULL,
		 "observation cancelled by a Reset");
	client_forget(c, o);
	client_reschedule(c, now);
}

static void on_idle(void *owner, int64_t now)
{
	struct client *c = owner;

	if (c->wanted && !c->paced)
		send_now(c, now);
	else
		client_due(c, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		client_reschedule(k, now);
}

static void on_traffic(void *owner, bool sent, size_t bytes, int64_t now)
{
	const struct client *c = owner;

	client_host(c)->moved(c->endpoint, sent, bytes, now);
}

static uint8_t on_block(void *owner, const struct request *request,
			size_t so_far, size_t *most, int64_t now)
{
	struct client *c = owner;

	return client_host(c)->block(c, request, so_far, most, now);
}

const struct coap_handlers client_handlers = {
	.request = on_request, .ended = on_ended, .idle = on_idle,
	.answered = on_answered, .refused = on_refused,
	.broken = client_session_failed, .silent = client_silent,
	.traffic = on_traffic, .block = on_block,
};

/* SPDX-License-Identifier: GPL-2.0-or-later
 * The registration interface (LwM2M Core 6.2), as strict as Eclipse Leshan:
 * what that server refuses is refused here, with a reason in the event. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/server/decode.h"
#include "tests/server/links.h"
#include "tests/server/request.h"
#include "tests/server/secure.h"
#include "tests/server/server.h"

enum {
	CREATED = COAP_RESPONSE_CODE(201), DELETED = COAP_RESPONSE_CODE(202),
	CHANGED = COAP_RESPONSE_CODE(204), CONTINUE = COAP_RESPONSE_CODE(231),
	BAD_REQUEST = COAP_RESPONSE_CODE(400),
	FORBIDDEN = COAP_RESPONSE_CODE(403),
	NOT_FOUND = COAP_RESPONSE_CODE(404),
	NOT_ALLOWED = COAP_RESPONSE_CODE(405),
	INCOMPLETE = COAP_RESPONSE_CODE(408),
	WRONG_VERSION = COAP_RESPONSE_CODE(412),
};

/* A request, read; texts are ended with '\0'. */
struct incoming {
	struct segments path;
	char query[512];	/* joined with '&', as it came */
	int format;		/* -1: none */
	const uint8_t *body;
	size_t length;
	coap_session_t *session;
	const coap_pdu_t *pdu;
};

/* The answer in making. */
struct answer {
	int code;
	const char *reason;
	struct segments location;
	unsigned max_age;
};

static void code_set(coap_pdu_t *pdu, int code)
{
	coap_pdu_set_code(pdu, (coap_pdu_code_t)code);
}

/* --- body in blocks (RFC 7959, Block1) --------------------------------- */

struct upload {
	coap_session_t *session;	/* only compared */
	uint8_t *body;
	size_t length;
	unsigned next_block;
	struct upload *next;
};
static struct upload *uploads;

static struct upload *upload_of(coap_session_t *session)
{
	struct upload *u = uploads;

	while (u && u->session != session)
		u = u->next;
	if (!u) {
		u = calloc(1, sizeof(*u));
		u->session = session;
		u->next = uploads;
		uploads = u;
	}
	return u;
}

static void upload_end(struct upload *u)
{
	struct upload **at = &uploads;

	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
	free(u->body);
	free(u);
}

static void block1_echo(coap_pdu_t *response, const coap_block_t *b)
{
	uint8_t value[4];
	size_t n = coap_encode_var_safe(value, sizeof(value),
					b->num << 4 | (unsigned)b->m << 3 |
						b->szx);

	coap_add_option(response, COAP_OPTION_BLOCK1, n, value);
}

/* True when the body is whole; else the response is made. */
static bool upload_take(struct incoming *in, const coap_block_t *b,
			coap_pdu_t *response)
{
	struct upload *u = upload_of(in->session);

	if (b->num == 0) {
		u->length = 0;
		u->next_block = 0;
	}
	if (b->num != u->next_block ||
	    (b->m && in->length != (size_t)16 << b->szx)) {
		code_set(response, INCOMPLETE);
		upload_end(u);
		return false;
	}
	u->next_block++;
	u->body = realloc(u->body, u->length + in->length + 1);
	memcpy(u->body + u->length, in->body, in->length);
	u->length += in->length;
	if (b->m) {
		code_set(response, CONTINUE);
		block1_echo(response, b);
		return false;
	}
	in->body = u->body;
	in->length = u->length;
	return true;
}

/* --- reading ----------------------------------------------------------- */

static bool read_options(const coap_pdu_t *pdu, struct incoming *in)
{
	coap_opt_iterator_t it;
	size_t used = 0, n;
	coap_opt_t *o;

	coap_option_iterator_init(pdu, &it, COAP_OPT_ALL);
	while ((o = coap_option_next(&it))) {
		const char *v = (const char *)coap_opt_value(o);

		n = coap_opt_length(o);
		if (it.number == COAP_OPTION_URI_PATH) {
			if (in->path.n == LOCATION_PARTS || n > 63)
				return false;
			memcpy(in->path.part[in->path.n], v, n);
			in->path.part[in->path.n++][n] = '\0';
		} else if (it.number == COAP_OPTION_URI_QUERY) {
			if (used + n + 2 > sizeof(in->query))
				return false;
			if (used)
				in->query[used++] = '&';
			memcpy(in->query + used, v, n);
			used += n;
		} else if (it.number == COAP_OPTION_CONTENT_FORMAT) {
			in->format = (int)coap_decode_var_bytes(
				coap_opt_value(o), n);
		}
	}
	in->query[used] = '\0';
	return true;
}

/* The value of a query's key: false without the key; "" for a bare one, and
 * *bare says so. */
static bool query_get(const char *query, const char *key, char *to,
		      size_t size, bool *bare)
{
	size_t n = strlen(key), length;

	while (*query) {
		length = strcspn(query, "&");
		if (length >= n && !memcmp(query, key, n) &&
		    (length == n || query[n] == '=')) {
			*bare = length == n;
			snprintf(to, size, "%.*s",
				 *bare ? 0 : (int)(length - n - 1),
				 query + n + !*bare);
			return true;
		}
		query += length;
		query += *query == '&';
	}
	return false;
}

/* --- checks ------------------------------------------------------------ */

static const char *check_binding_1_0(const char *b)
{
	static const char *const good[] = {"", "U", "UQ", "S", "SQ", "US",
					   "UQS"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!strcmp(b, good[i]))
			return NULL;
	return "b is not a binding of LwM2M 1.0";
}

static const char *check_binding(const char *version, const char *b,
				 bool queue, bool bare)
{
	if (!strcmp(version, "1.0"))
		return queue ? "Q with LwM2M 1.0" : check_binding_1_0(b);
	if (queue && !bare)
		return "Q with a value";
	if (strchr(b, 'Q'))
		return "Q inside b with LwM2M 1.1";
	if (b[strspn(b, "UTSN")])
		return "b is not a binding of LwM2M 1.1";
	return NULL;
}

static const char *check_lifetime(const char *text, int64_t *lifetime)
{
	char *end;

	errno = 0;
	*lifetime = strtoll(text, &end, 10);
	return *end || end == text || errno || *lifetime < 0
		       ? "lt is not a number" : NULL;
}

/* What a Register says, checked; `a` gets code and reason. */
struct said {
	char endpoint[128], version[8], binding[8];
	int64_t lifetime;
	bool queue;
};

static bool takes_version(const char *version)
{
	return !strcmp(version, "1.0") || !strcmp(version, "1.1") ||
	       (server.lwm2m_1_2 && !strcmp(version, "1.2"));
}

static bool check_register(const struct incoming *in, struct said *s,
			   struct answer *a)
{
	char lifetime[24] = "86400", queue[8];
	bool bare = false;

	*a = (struct answer){.code = BAD_REQUEST};
	if (!query_get(in->query, "ep", s->endpoint, sizeof(s->endpoint),
		       &bare) || !*s->endpoint) {
		a->code = FORBIDDEN;
		a->reason = "endpoint name missing";
	} else if (coap_pdu_get_type(in->pdu) != COAP_MESSAGE_CON) {
		a->reason = "CON CoAP type expected";
	} else if (in->format != COAP_MEDIATYPE_APPLICATION_LINK_FORMAT) {
		a->reason = "content format is not 40";
	} else if (!query_get(in->query, "lwm2m", s->version,
			      sizeof(s->version), &bare)) {
		a->reason = "lwm2m missing";
	} else if (!takes_version(s->version)) {
		a->code = WRONG_VERSION;
		a->reason = "LwM2M version not supported";
	} else {
		query_get(in->query, "lt", lifetime, sizeof(lifetime), &bare);
		query_get(in->query, "b", s->binding, sizeof(s->binding),
			  &bare);
		s->queue = query_get(in->query, "Q", queue, sizeof(queue),
				     &bare);
		a->reason = check_lifetime(lifetime, &s->lifetime);
		if (!a->reason)
			a->reason = check_binding(s->version, s->binding,
						  s->queue, bare);
		if (!a->reason)
			a->reason = links_check_registration(
				(const char *)in->body, in->length);
	}
	return !a->reason;
}

/* --- events ------------------------------------------------------------ */

static struct json_object *links_json(const char *text, size_t length)
{
	struct json_object *list = json_object_new_array();
	const char *why, *end = text + length;
	struct link l;

	while (text && link_next(&text, end, &l, &why) > 0)
		json_object_array_add(list, json_object_new_string_len(
						    l.start, (int)l.length));
	return list;
}

static char *join(const struct segments *s, char to[280])
{
	char *at = to;

	*at = '\0';
	for (int i = 0; i < s->n; i++)
		at += sprintf(at, "/%s", s->part[i]);
	return to;
}

static void report_client(const char *name, const struct client *c,
			  const struct incoming *in)
{
	struct json_object *e = event_new(name, c->endpoint);
	char text[280];

	event_text(e, "location", join(&c->location, text));
	event_number(e, "lt", c->lifetime);
	event_text(e, "lwm2m", c->lwm2m);
	event_text(e, "b", c->binding);
	json_object_object_add(e, "queue", json_object_new_boolean(c->queue));
	json_object_object_add(e, "links",
			       links_json(c->links, c->links_length));
	event_text(e, "address", coap_session_str(in->session));
	event_text(e, "security", secure_mode(in->session));
	event_text(e, "identity", secure_identity(in->session, text));
	event_text(e, "path", join(&in->path, text));
	event_text(e, "query", in->query);
	json_object_object_add(e, "content",
			       in->length ? json_object_new_string_len(
						    (const char *)in->body,
						    (int)in->length)
					  : NULL);
	event_number(e, "mid", coap_pdu_get_mid(in->pdu));
	event_send(e);
}

static void report_rejected(const char *operation, const char *endpoint,
			    const struct incoming *in, const struct answer *a)
{
	struct json_object *e = event_new("rejected", endpoint);
	char code[8];

	event_text(e, "operation", operation);
	event_text(e, "code", a->code ? code_text(a->code, code) : NULL);
	event_text(e, "reason", a->reason);
	event_text(e, "query", in->query);
	event_text(e, "address", coap_session_str(in->session));
	event_number(e, "mid", coap_pdu_get_mid(in->pdu));
	event_send(e);
}

/* --- the operations ---------------------------------------------------- */

static bool played(struct fault *f, struct answer *a)
{
	if (f->left <= 0)
		return false;
	f->left--;
	*a = (struct answer){.code = f->code, .reason = "as told",
			     .max_age = f->max_age};
	return true;
}

static void place(struct segments *location, const struct segments *path)
{
	char id[16], whole[64] = "";
	size_t used = 0;

	snprintf(id, sizeof(id), "%u", ++server.last_location);
	*location = *path;
	if (location->n < LOCATION_PARTS)
		strcpy(location->part[location->n++], id);
	if (!server.one_location_option)
		return;
	for (int i = 0; i < location->n; i++)
		used += (size_t)snprintf(whole + used, sizeof(whole) - used,
					 i ? "/%s" : "%s", location->part[i]);
	location->n = 1;
	strcpy(location->part[0], whole);
}

static void keep_links(struct client *c, const struct incoming *in)
{
	free(c->links);
	c->links = malloc(in->length + 1);
	memcpy(c->links, in->body, in->length);
	c->links[in->length] = '\0';
	c->links_length = in->length;
}

static void client_register(const struct incoming *in, struct answer *a)
{
	struct said s = {0};
	struct client *c;
	bool good = check_register(in, &s, a);

	if (played(&server.on_register, a) || !good) {
		report_rejected("register", s.endpoint, in, a);
		return;
	}
	c = client_find(s.endpoint);
	a->code = CREATED;
	if (c && c->session == in->session &&
	    COAP_PROTO_NOT_RELIABLE(coap_session_get_proto(in->session)) &&
	    c->register_mid == coap_pdu_get_mid(in->pdu)) {
		a->location = c->location;
		return;
	}
	if (c)
		client_remove(c);
	c = client_add(s.endpoint);
	client_move(c, in->session);
	c->register_mid = coap_pdu_get_mid(in->pdu);
	strcpy(c->lwm2m, s.version);
	strcpy(c->binding, s.binding);
	c->queue = s.queue || strchr(s.binding, 'Q');
	c->lifetime = s.lifetime;
	c->expires = now_ms() + s.lifetime * 1000;
	c->query = strdup(in->query);
	keep_links(c, in);
	place(&c->location, &in->path);
	a->location = c->location;
	c->observe_wanted = server.observes > 0;
	report_client("registered", c, in);
}

static bool check_update(const struct client *c, const struct incoming *in,
			 struct said *s, struct answer *a)
{
	char lifetime[24];
	bool bare = false;

	a->code = BAD_REQUEST;
	s->lifetime = c->lifetime;
	strcpy(s->binding, c->binding);
	if (coap_pdu_get_type(in->pdu) != COAP_MESSAGE_CON)
		a->reason = "CON CoAP type expected";
	else if (in->length && in->format != COAP_MEDIATYPE_APPLICATION_LINK_FORMAT)
		a->reason = "content format is not 40";
	else if (query_get(in->query, "ep", s->endpoint,
			   sizeof(s->endpoint), &bare) ||
		 query_get(in->query, "lwm2m", s->version,
			   sizeof(s->version), &bare))
		a->reason = "ep or lwm2m in an Update";
	if (!a->reason && query_get(in->query, "lt", lifetime,
				    sizeof(lifetime), &bare))
		a->reason = check_lifetime(lifetime, &s->lifetime);
	if (!a->reason && query_get(in->query, "b", s->binding,
				    sizeof(s->binding), &bare))
		a->reason = check_binding(c->lwm2m, s->binding, false, true);
	if (!a->reason && in->length)
		a->reason = links_check_registration((const char *)in->body,
						     in->length);
	return !a->reason;
}

static void client_update(struct client *c, const struct incoming *in,
			  struct answer *a)
{
	struct said s = {0};
	bool good;

	*a = (struct answer){0};
	good = check_update(c, in, &s, a);
	if (played(&server.on_update, a) || !good) {
		report_rejected("update", c->endpoint, in, a);
		return;
	}
	c->lifetime = s.lifetime;
	strcpy(c->binding, s.binding);
	c->expires = now_ms() + s.lifetime * 1000;
	client_move(c, in->session);
	if (in->length)
		keep_links(c, in);
	a->code = CHANGED;
	report_client("updated", c, in);
}

static void client_leave(struct client *c, const struct incoming *in,
			 struct answer *a)
{
	report_client("unregistered", c, in);
	client_remove(c);
	*a = (struct answer){.code = DELETED};
}

/* Core 6.3.13. Known by the address, as Leshan does; every path must be of an
 * object that was registered. */
static const char *check_send(const struct client *c, const struct incoming *in,
			      const struct decoded *d)
{
	char link[64];

	if (in->format != FORMAT_SENML_JSON && in->format != FORMAT_SENML_CBOR)
		return "a Send that is not SenML";
	if (d->error)
		return d->error;
	json_object_object_foreach(d->values, path, value)
	{
		struct path p = path_parse(path);

		(void)value;
		/* What a device behind a gateway has is said in object 25. */
		if (*p.prefix)
			strcpy(link, "</25/");
		else
			snprintf(link, sizeof(link), "</%d/%d>", p.id[0],
				 p.id[1]);
		if (!strstr(c->links, link))
			return "a Send of what is not registered";
	}
	return NULL;
}

static void client_send(const struct incoming *in, struct answer *a)
{
	struct client *c = server.clients;
	struct json_object *e;
	struct decoded d;

	*a = (struct answer){BAD_REQUEST, "a Send of nobody", {0}, 0};
	while (c && c->session != in->session)
		c = c->next;
	if (played(&server.on_send, a) || !c) {
		report_rejected("send", c ? c->endpoint : NULL, in, a);
		return;
	}
	d = decode(in->format, "/", in->body, in->length);
	a->reason = check_send(c, in, &d);
	if (a->reason) {
		a->code = NOT_FOUND;
		report_rejected("send", c->endpoint, in, a);
	} else if (c->send_mid != coap_pdu_get_mid(in->pdu) + 1) {
		e = event_new("send", c->endpoint);
		event_number(e, "format", in->format);
		event_number(e, "size", (int64_t)in->length);
		event_number(e, "mid", coap_pdu_get_mid(in->pdu));
		json_object_object_add(e, "values", json_object_get(d.values));
		if (d.records)
			json_object_object_add(e, "records",
					       json_object_get(d.records));
		event_send(e);
	}
	if (!a->reason) {
		a->code = CHANGED;
		c->send_mid = coap_pdu_get_mid(in->pdu) + 1;
	}
	json_object_put(d.values);
	json_object_put(d.times);
	json_object_put(d.records);
}

static void dispatch(const struct incoming *in, struct answer *a)
{
	struct client *c = client_at(&in->path);
	int method = coap_pdu_get_code(in->pdu);

	if (method == COAP_REQUEST_CODE_POST && in->path.n == 1 &&
	    !strcmp(in->path.part[0], "dp")) {
		client_send(in, a);
		return;
	}
	if (c && method == COAP_REQUEST_CODE_POST) {
		client_update(c, in, a);
	} else if (c && method == COAP_REQUEST_CODE_DELETE) {
		client_leave(c, in, a);
	} else if (c) {
		*a = (struct answer){NOT_ALLOWED, "not a POST or DELETE",
				     {0}, 0};
	} else if (method == COAP_REQUEST_CODE_POST && in->path.n &&
		   !strcmp(in->path.part[in->path.n - 1], "rd")) {
		client_register(in, a);
		return;
	} else {
		/* A fault waits for Updates, whether known here or not. */
		*a = (struct answer){NOT_FOUND, "no such registration", {0}, 0};
		played(&server.on_update, a);
	}
	if (!c)
		report_rejected(method == COAP_REQUEST_CODE_DELETE
					? "deregister" : "update",
				NULL, in, a);
}

/* --- answering --------------------------------------------------------- */

struct late {
	coap_session_t *session;	/* a reference is held */
	uint8_t token[8];
	size_t token_length;
	struct answer answer;
	int64_t due;
	struct late *next;
};
static struct late *lates;

static void answer_fill(coap_pdu_t *pdu, const struct answer *a)
{
	uint8_t age[4];

	code_set(pdu, a->code);
	for (int i = 0; i < a->location.n; i++)
		coap_add_option(pdu, COAP_OPTION_LOCATION_PATH,
				strlen(a->location.part[i]),
				(const uint8_t *)a->location.part[i]);
	if (a->max_age)
		coap_add_option(pdu, COAP_OPTION_MAXAGE,
				coap_encode_var_safe(age, sizeof(age),
						     a->max_age), age);
}

static void answer_later(const struct incoming *in, const struct answer *a)
{
	coap_bin_const_t token = coap_pdu_get_token(in->pdu);
	struct late *l = calloc(1, sizeof(*l));

	l->session = coap_session_reference(in->session);
	l->token_length = token.length;
	memcpy(l->token, token.s, token.length);
	l->answer = *a;
	l->due = now_ms() + server.delay;
	l->next = lates;
	lates = l;
}

static void late_send(const struct late *l)
{
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON,
					(coap_pdu_code_t)l->answer.code,
					coap_new_message_id(l->session), 256);

	coap_add_token(pdu, l->token_length, l->token);
	answer_fill(pdu, &l->answer);
	coap_send(l->session, pdu);
}

int64_t register_late(int64_t now)
{
	struct late **at = &lates, *l;
	int64_t soonest = -1;

	while ((l = *at)) {
		if (l->due > now) {
			if (soonest < 0 || l->due - now < soonest)
				soonest = l->due - now;
			at = &l->next;
			continue;
		}
		late_send(l);
		*at = l->next;
		coap_session_release(l->session);
		free(l);
	}
	return soonest;
}

void register_forget(void)
{
	struct late *l;

	while ((l = lates)) {
		lates = l->next;
		coap_session_release(l->session);
		free(l);
	}
	while (uploads)
		upload_end(uploads);
}

static void answer_send(const struct incoming *in, const struct answer *a,
			coap_pdu_t *response)
{
	if (a->code == 0)
		coap_debug_set_packet_loss("100%");	/* main undoes it */
	else if (server.delay > 0)
		answer_later(in, a);
	else
		answer_fill(response, a);
}

void register_handle(coap_resource_t *resource, coap_session_t *session,
		     const coap_pdu_t *request, const coap_string_t *query,
		     coap_pdu_t *response)
{
	struct incoming in = {.format = -1, .session = session,
			      .pdu = request};
	struct answer a = {0};
	coap_block_t block;
	bool blocks;

	(void)resource;
	(void)query;
	if (server.silent)
		return;
	coap_get_data(request, &in.length, &in.body);
	if (!read_options(request, &in)) {
		code_set(response, BAD_REQUEST);
		return;
	}
	blocks = coap_get_block(request, COAP_OPTION_BLOCK1, &block);
	if (blocks && !upload_take(&in, &block, response))
		return;
	dispatch(&in, &a);
	answer_send(&in, &a, response);
	if (blocks) {
		if (a.code && !server.delay)
			block1_echo(response, &block);
		upload_end(upload_of(session));
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Requests to clients. libcoap's block mode is never set (its own block-wise
 * code mixes transfers); one exchange here is one request of a test, however
 * many messages it takes. An observation is an exchange that stays. */
#include "tests/server/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/server/decode.h"
#include "tests/server/links.h"

enum { BUCKETS = 4096, BLOCK_SIZE_EXPONENT = 6, MESSAGE_SIZE = 1400 };

struct exchange {
	struct client *client;
	char *id, *path, *query;
	struct request request;		/* pointers into this exchange */
	uint8_t *payload;		/* what is sent, whole */
	unsigned block1_next;		/* of it */
	uint8_t *body;			/* what came so far */
	size_t length;
	unsigned blocks;
	coap_mid_t mid;
	int answers_due;		/* repeat: so many copies went out */
	bool observing;			/* an answer with Observe came */
	bool notification;		/* fetches the rest of one */
	int64_t sequence;		/* of that notification; -1: none */
	int64_t deadline;		/* ms; 0: none */
	struct exchange *next;
};

static struct exchange *table[BUCKETS];
static uint32_t last_token;
static unsigned waiting;	/* exchanges with a deadline */

static struct exchange **bucket(const uint8_t *token, size_t n)
{
	uint32_t h = 5381;

	for (size_t i = 0; i < n; i++)
		h = h * 33 ^ token[i];
	return &table[h % BUCKETS];
}

static struct exchange *exchange_find(const uint8_t *token, size_t n)
{
	struct exchange *x = *bucket(token, n);

	while (x && (x->request.token_length != n ||
		     memcmp(x->request.token, token, n)))
		x = x->next;
	return x;
}

static void deadline_set(struct exchange *x, int64_t deadline)
{
	waiting += (deadline != 0) - (x->deadline != 0);
	x->deadline = deadline;
}

static void exchange_end(struct exchange *x)
{
	struct exchange **at = bucket(x->request.token,
				      x->request.token_length);

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	deadline_set(x, 0);
	free(x->id);
	free(x->path);
	free(x->query);
	free(x->payload);
	free(x->body);
	free(x);
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static struct exchange *exchange_new(struct client *c, const struct request *r)
{
	struct exchange *x = calloc(1, sizeof(*x)), **at;

	x->client = c;
	x->request = *r;
	x->request.id = x->id = copy(r->id);
	x->request.path = x->path = copy(r->path);
	x->request.query = x->query = copy(r->query);
	if (r->length) {
		x->payload = malloc(r->length);
		memcpy(x->payload, r->payload, r->length);
		x->request.payload = x->payload;
	}
	if (!r->token_length) {
		last_token++;
		x->request.token_length = 4;
		memcpy(x->request.token, &last_token, 4);
	}
	x->sequence = -1;
	x->answers_due = r->repeat;
	at = bucket(x->request.token, x->request.token_length);
	x->next = *at;
	*at = x;
	return x;
}

void request_init(struct request *r)
{
	*r = (struct request){
		.method = COAP_REQUEST_CODE_GET, .accept = -1, .format = -1,
		.observe = -1, .block1 = -1, .block2 = -1, .mid = -1,
		.repeat = 1, .timeout = 60000,
	};
}

/* --- sending ----------------------------------------------------------- */

/* Options must come in the order of their numbers; this keeps it. */
static void option_add(struct raw_option *list, int *n, uint16_t number,
		       const void *value, size_t length)
{
	int at = *n;

	while (at > 0 && list[at - 1].number > number) {
		list[at] = list[at - 1];
		at--;
	}
	list[at].number = number;
	list[at].length = length;
	memcpy(list[at].value, value, length);
	(*n)++;
}

static void option_number(struct raw_option *list, int *n, uint16_t number,
			  int64_t value)
{
	uint8_t bytes[4];

	if (value >= 0)
		option_add(list, n, number, bytes,
			   coap_encode_var_safe(bytes, sizeof(bytes),
						(unsigned)value));
}

static void option_parts(struct raw_option *list, int *n, uint16_t number,
			 const char *text, const char *separator)
{
	size_t length;

	while (text && *text) {
		length = strcspn(text, separator);
		if (length && length <= sizeof(list->value))
			option_add(list, n, number, text, length);
		text += length;
		text += *text != '\0';
	}
}

static int64_t block_value(unsigned num, bool more, int szx)
{
	return szx < 0 ? -1 : (int64_t)num << 4 | more << 3 | szx;
}

/* The slice of the payload that the next message carries, and its option. */
static int64_t block1_slice(const struct exchange *x, const uint8_t **data,
			    size_t *length)
{
	const struct request *r = &x->request;
	size_t size, from;
	int szx = r->block1;

	*data = r->payload;
	*length = r->length;
	if (szx < 0 && r->length <= 1024)
		return -1;
	if (szx < 0)
		szx = BLOCK_SIZE_EXPONENT;
	size = (size_t)16 << szx;
	from = x->block1_next * size;
	*data = r->payload + from;
	*length = r->length - from < size ? r->length - from : size;
	return block_value(x->block1_next, from + *length < r->length, szx);
}

static coap_pdu_t *message(struct exchange *x, coap_mid_t mid)
{
	const struct request *r = &x->request;
	struct raw_option list[64];
	int64_t block1;
	const uint8_t *data;
	coap_pdu_t *pdu;
	size_t length;
	int n = 0;

	pdu = coap_pdu_init(r->non ? COAP_MESSAGE_NON : COAP_MESSAGE_CON,
			    (coap_pdu_code_t)r->method, mid, MESSAGE_SIZE);
	coap_add_token(pdu, r->token_length, r->token);
	block1 = block1_slice(x, &data, &length);
	if (x->blocks == 0)
		option_number(list, &n, COAP_OPTION_OBSERVE, r->observe);
	option_parts(list, &n, COAP_OPTION_URI_PATH, r->path, "/");
	option_number(list, &n, COAP_OPTION_CONTENT_FORMAT, r->format);
	option_parts(list, &n, COAP_OPTION_URI_QUERY, r->query, "&");
	option_number(list, &n, COAP_OPTION_ACCEPT, r->accept);
	option_number(list, &n, COAP_OPTION_BLOCK2,
		      block_value(x->blocks, false, r->block2));
	option_number(list, &n, COAP_OPTION_BLOCK1, block1);
	for (int i = 0; i < r->n_options; i++)
		option_add(list, &n, r->options[i].number,
			   r->options[i].value, r->options[i].length);
	for (int i = 0; i < n; i++)
		coap_add_option(pdu, list[i].number, list[i].length,
				list[i].value);
	if (length)
		coap_add_data(pdu, length, data);
	return pdu;
}

static int exchange_send(struct exchange *x)
{
	coap_session_t *session = x->client->session;
	const struct request *r = &x->request;
	int result = 0;

	x->mid = r->mid >= 0 ? r->mid : coap_new_message_id(session);
	if (r->repeat > 1)
		coap_session_set_nstart(session, (uint16_t)(r->repeat + 1));
	for (int i = 0; i < r->repeat; i++)
		if (coap_send(session, message(x, x->mid)) ==
		    COAP_INVALID_MID)
			result = -EIO;
	deadline_set(x, now_ms() + r->timeout);
	return result;
}

static int ping(struct exchange *x)
{
	coap_pdu_t *pdu;

	x->mid = coap_new_message_id(x->client->session);
	pdu = coap_pdu_init(COAP_MESSAGE_CON, 0, x->mid, 16);
	deadline_set(x, now_ms() + x->request.timeout);
	return coap_send(x->client->session, pdu) == COAP_INVALID_MID ? -EIO
								      : 0;
}

int request_send(struct client *c, const struct request *r)
{
	struct exchange *x;
	int result;

	if (r->token_length && (x = exchange_find(r->token, r->token_length)))
		exchange_end(x);
	x = exchange_new(c, r);
	result = r->method ? exchange_send(x) : ping(x);
	if (result < 0)
		exchange_end(x);
	return result;
}

/* --- observations ------------------------------------------------------ */

static struct exchange *observation_find(const struct client *c,
					 const char *path)
{
	for (int i = 0; i < BUCKETS; i++)
		for (struct exchange *x = table[i]; x; x = x->next)
			if (x->client == c && x->observing &&
			    !strcmp(x->path, path))
				return x;
	return NULL;
}

int observation_cancel(struct client *c, const char *path, const char *id)
{
	struct exchange *x = observation_find(c, path);

	if (!x)
		return -ENOENT;
	/* The same token, so the answer meets this exchange again. */
	x->observing = false;
	x->request.observe = 1;
	x->request.mid = -1;
	free(x->id);
	x->request.id = x->id = copy(id);
	return exchange_send(x);
}

int observation_forget(struct client *c, const char *path)
{
	struct exchange *x = observation_find(c, path);

	if (!x)
		return -ENOENT;
	exchange_end(x);
	return 0;
}

void observe_wanted(struct client *c)
{
	struct request r;

	for (int i = 0; i < server.observes; i++) {
		if (!links_cover(c->links, c->links_length,
				 server.observe[i]))
			continue;
		request_init(&r);
		r.path = server.observe[i];
		r.observe = 0;
		request_send(c, &r);
	}
}

void exchanges_drop(const struct client *c)
{
	for (int i = 0; i < BUCKETS; i++) {
		struct exchange *x = table[i], *next;

		for (; x; x = next) {
			next = x->next;
			if (x->client == c)
				exchange_end(x);
		}
	}
}

/* --- events ------------------------------------------------------------ */

static const char *method_name(int method)
{
	static const char *const names[] = {"PING", "GET", "POST", "PUT",
					    "DELETE", "FETCH", "PATCH",
					    "IPATCH"};

	return method >= 0 && method < 8 ? names[method] : "?";
}

static struct json_object *exchange_event(const char *name,
					  const struct exchange *x)
{
	struct json_object *e = event_new(name, x->client->endpoint);

	event_text(e, "id", x->id);
	event_text(e, "path", x->path);
	event_text(e, "method", method_name(x->request.method));
	event_hex(e, "token", x->request.token, x->request.token_length);
	return e;
}

static int64_t number_option(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t it;
	coap_opt_t *o = coap_check_option(pdu, number, &it);

	return o ? (int64_t)coap_decode_var_bytes(coap_opt_value(o),
						  coap_opt_length(o)) : -1;
}

static void add_options(struct json_object *e, const coap_pdu_t *pdu)
{
	struct json_object *list = json_object_new_array();
	coap_opt_iterator_t it;
	coap_opt_t *o;

	coap_option_iterator_init(pdu, &it, COAP_OPT_ALL);
	while ((o = coap_option_next(&it))) {
		const uint8_t *v = coap_opt_value(o);
		char text[600];
		int used = sprintf(text, "%d=", it.number);

		for (uint32_t i = 0; i < coap_opt_length(o) && i < 280; i++)
			used += sprintf(text + used, "%02x", v[i]);
		json_object_array_add(list, json_object_new_string(text));
	}
	json_object_object_add(e, "options", list);
}

static void add_links(struct json_object *e, const char *text, size_t n)
{
	struct json_object *list = json_object_new_array();
	const char *why, *end = text + n;
	struct link l;

	while (link_next(&text, end, &l, &why) > 0)
		json_object_array_add(list, json_object_new_string_len(
						    l.start, (int)l.length));
	json_object_object_add(e, "links", list);
}

static bool printable(const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (data[i] < 0x20 && data[i] != '\n' && data[i] != '\t')
			return false;
	return true;
}

static void add_payload(struct json_object *e, const struct exchange *x,
			int format, bool answer_to_read)
{
	struct decoded d;
	const char *error;

	event_hex(e, "payload", x->body, x->length);
	event_number(e, "size", (int64_t)x->length);
	if (x->length && printable(x->body, x->length))
		json_object_object_add(
			e, "text", json_object_new_string_len(
					   (const char *)x->body,
					   (int)x->length));
	if (!answer_to_read)
		return;
	d = decode(format, x->path, x->body, x->length);
	error = d.error;
	if (format == FORMAT_LINK) {
		add_links(e, (const char *)x->body, x->length);
		error = links_check_discover((const char *)x->body, x->length);
	}
	json_object_object_add(e, "values", d.values);
	if (json_object_object_length(d.times))
		json_object_object_add(e, "times", d.times);
	else
		json_object_put(d.times);
	if (d.records)
		json_object_object_add(e, "records", d.records);
	if (error)
		event_text(e, "decode_error", error);
}

static void add_message(struct json_object *e, const struct exchange *x,
			const coap_pdu_t *pdu)
{
	static const char *const types[] = {"CON", "NON", "ACK", "RST"};
	int code = coap_pdu_get_code(pdu), format;
	char text[8];

	format = (int)number_option(pdu, COAP_OPTION_CONTENT_FORMAT);
	event_text(e, "code", code_text(code, text));
	event_text(e, "type", types[coap_pdu_get_type(pdu) & 3]);
	event_number(e, "mid", coap_pdu_get_mid(pdu));
	json_object_object_add(e, "format", format < 0 ? NULL
			       : json_object_new_int(format));
	if (number_option(pdu, COAP_OPTION_OBSERVE) >= 0)
		event_number(e, "observe",
			     number_option(pdu, COAP_OPTION_OBSERVE));
	add_options(e, pdu);
	event_number(e, "blocks", x->blocks ? (int64_t)x->blocks : 1);
	add_payload(e, x, format, code == COAP_RESPONSE_CODE(205) &&
				  format >= 0);
}

static void add_sent(struct json_object *e, const struct request *r)
{
	if (r->length && r->length < 80 && printable(r->payload, r->length))
		json_object_object_add(
			e, "sent", json_object_new_string_len(
					   (const char *)r->payload,
					   (int)r->length));
	else if (r->query)
		event_text(e, "sent", r->query);
}

static void report_answer(const struct exchange *x, const coap_pdu_t *pdu)
{
	bool notification = x->notification ||
			    (x->observing && x->sequence >= 0);
	struct json_object *e = exchange_event(
		notification ? "notification" : "response", x);

	add_sent(e, &x->request);
	add_message(e, x, pdu);
	if (x->notification)
		event_number(e, "observe", x->sequence);
	event_send(e);
}

/* --- receiving --------------------------------------------------------- */

static void body_add(struct exchange *x, const coap_pdu_t *pdu, bool first)
{
	const uint8_t *data = NULL;
	size_t n = 0;

	if (first) {
		x->length = 0;
		x->blocks = 0;
	}
	coap_get_data(pdu, &n, &data);
	x->body = realloc(x->body, x->length + n + 1);
	if (n)
		memcpy(x->body + x->length, data, n);
	x->length += n;
}

/* 2.31 to a block of a request: send the next. True while it goes on. */
static bool upload_goes_on(struct exchange *x, const coap_pdu_t *pdu)
{
	coap_block_t b;

	if (coap_pdu_get_code(pdu) != COAP_RESPONSE_CODE(231) ||
	    !coap_get_block(pdu, COAP_OPTION_BLOCK1, &b))
		return false;
	/* A smaller size in the answer to the first block holds for the
	 * rest; numbers then count in the new size. */
	if (x->request.block1 < 0)
		x->request.block1 = BLOCK_SIZE_EXPONENT;
	if ((int)b.szx < x->request.block1) {
		x->block1_next = (x->block1_next + 1)
				 << (x->request.block1 - (int)b.szx);
		x->request.block1 = (int)b.szx;
	} else {
		x->block1_next++;
	}
	exchange_send(x);
	return true;
}

/* The rest of a large answer. A notification's rest is fetched with requests
 * of its own, since the observation's token is taken. */
static bool download_goes_on(struct exchange *x, const coap_pdu_t *pdu,
			     bool observed)
{
	struct exchange *rest = x;
	struct request r;
	coap_block_t b;

	if (!coap_get_block(pdu, COAP_OPTION_BLOCK2, &b))
		return false;
	x->blocks = b.num + 1;
	if (!b.m)
		return false;
	if (observed) {
		r = x->request;
		r.observe = -1;
		r.token_length = 0;
		r.mid = -1;
		rest = exchange_new(x->client, &r);
		rest->notification = x->sequence >= 0;
		rest->sequence = number_option(pdu, COAP_OPTION_OBSERVE);
		rest->blocks = x->blocks;
		body_add(rest, pdu, false);
	}
	rest->request.block2 = (int)b.szx;
	exchange_send(rest);
	return true;
}

/* An answer with Observe: the first makes the observation, later ones are
 * notifications. */
static void observed(struct exchange *x, const coap_pdu_t *pdu)
{
	bool first = !x->observing;

	x->observing = true;
	deadline_set(x, 0);
	body_add(x, pdu, true);
	x->sequence = first ? -1 : number_option(pdu, COAP_OPTION_OBSERVE);
	if (!download_goes_on(x, pdu, true))
		report_answer(x, pdu);
}

static void answered(struct exchange *x, const coap_pdu_t *pdu)
{
	coap_block_t b = {0};

	if (upload_goes_on(x, pdu))
		return;
	coap_get_block(pdu, COAP_OPTION_BLOCK2, &b);
	body_add(x, pdu, b.num == 0);
	if (download_goes_on(x, pdu, false))
		return;
	report_answer(x, pdu);
	if (--x->answers_due <= 0)
		exchange_end(x);
}

coap_response_t response_handle(coap_session_t *session,
				const coap_pdu_t *sent,
				const coap_pdu_t *received, coap_mid_t mid)
{
	coap_bin_const_t token = coap_pdu_get_token(received);
	struct exchange *x = exchange_find(token.s, token.length);

	(void)sent;
	(void)mid;
	if (server.silent)
		return COAP_RESPONSE_OK;
	if (!x || x->client->session != session)
		return coap_pdu_get_type(received) == COAP_MESSAGE_ACK
			       ? COAP_RESPONSE_OK : COAP_RESPONSE_FAIL;
	if (number_option(received, COAP_OPTION_OBSERVE) >= 0 &&
	    x->request.observe == 0)
		observed(x, received);
	else
		answered(x, received);
	return COAP_RESPONSE_OK;
}

static struct exchange *exchange_by_mid(const coap_session_t *session,
					coap_mid_t mid)
{
	for (int i = 0; i < BUCKETS; i++)
		for (struct exchange *x = table[i]; x; x = x->next)
			if (x->client->session == session && x->mid == mid &&
			    x->deadline)
				return x;
	return NULL;
}

void nack_handle(coap_session_t *session, const coap_pdu_t *sent,
		 coap_nack_reason_t reason, coap_mid_t mid)
{
	struct exchange *x;

	(void)sent;
	/* ICMP is not the end: libcoap goes on sending. */
	if (reason == COAP_NACK_ICMP_ISSUE)
		return;
	x = exchange_by_mid(session, mid);
	if (!x)
		return;
	event_send(exchange_event(reason == COAP_NACK_RST ? "rst" : "timeout",
				  x));
	exchange_end(x);
}

int64_t exchanges_expire(int64_t now)
{
	int64_t soonest = -1;

	for (int i = 0; i < BUCKETS && waiting; i++) {
		struct exchange *x = table[i], *next;

		for (; x; x = next) {
			next = x->next;
			if (!x->deadline)
				continue;
			if (x->deadline <= now) {
				event_send(exchange_event("timeout", x));
				exchange_end(x);
			} else if (soonest < 0 ||
				   x->deadline - now < soonest) {
				soonest = x->deadline - now;
			}
		}
	}
	return soonest;
}

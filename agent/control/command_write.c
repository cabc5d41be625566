/* SPDX-License-Identifier: GPL-2.0-or-later
 * A write from the control tool takes the road of a server's: the same checks,
 * the same commands to the bus, the same read-back before it counts. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include "agent/control/dispatch.h"
#include "agent/endpoint/transaction.h"
#include "agent/endpoint/client_request.h"
#include "agent/control/control.h"
#include "agent/gateway/gateway.h"

struct writing { struct control_peer *peer; const struct endpoint *endpoint; };

struct writer {
	struct control_peer *peer;	/* NULL: it has hung up */
	const struct endpoint *endpoint;	/* until it is answered */
};

static const char *reason_of(uint8_t code)
{
	static const struct { uint8_t code; const char *reason; } reasons[] = {
		{CODE(4, 0), "the value does not fit there"},
		{CODE(4, 1), "this object cannot be written"},
		{CODE(4, 4), "the endpoint has nothing at this path"},
		{CODE(4, 5), "nothing can be written there"},
		{CODE(5, 0), "the device refused"},
		{CODE(5, 1), "the adapter cannot write this"},
		{CODE(5, 3), "not now: too much waits, or the device is about "
			     "to go"},
		{CODE(5, 4), "the device does not answer"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].reason;
	return "refused";
}

/* why: of the checks, or NULL. */
static void write_answer(struct control_peer *peer, uint8_t code,
			 const char *why)
{
	struct json_object *reply;

	if (code >> 5 != 2) {
		peer_refuse(peer, "%u.%02u: %s", code >> 5, code & 31,
			    why ? why : reason_of(code));
		return;
	}
	reply = json_object_new_object();
	json_object_object_add(reply, "written",
			       json_object_new_boolean(true));
	peer_reply(peer, reply);
}

static void hung_up(void *owner)
{
	struct writer *w = owner;

	w->peer = NULL;
}

static void *write_defer(void *writing)
{
	static const struct control_peer_ops ops = {.hung_up = hung_up};
	const struct writing *asking = writing;
	struct writer *w = malloc(sizeof(*w));

	if (!w)
		abort();
	*w = (struct writer){asking->peer, asking->endpoint};
	peer_wait(w->peer, &ops, w, false);
	return w;
}

static void write_stored(void *writer, int error, int64_t now)
{
	struct writer *w = writer;

	(void)now;
	if (w->peer && error)
		peer_refuse(w->peer, "it is set, but not on the disk: %s",
			    strerror(-error));
	else if (w->peer)
		write_answer(w->peer, CODE(2, 4), NULL);
	free(w);
}

/* What is said to be written outlives a kill. */
static void write_done(void *later, uint8_t code, int64_t now)
{
	struct writer *w = later;
	const struct endpoint *e = w->endpoint;

	(void)now;
	if (code >> 5 == 2 &&
	    store_after(e->services->store, e->conf->endpoint, write_stored, w))
		return;
	if (w->peer)
		write_answer(w->peer, code, NULL);
	free(w);
}

/* People say true; LwM2M's text is 1. */
static const char *text_of(const struct object_model *model, const char *path,
			   const char *value)
{
	struct lwm2m_path at;
	const struct resource_def *def;

	if (path_parse(path, strlen(path), &at) < 0 || at.depth < 3)
		return value;
	def = model_resource(model, at.id[0], at.id[2]);
	if (!def || def->type != LWM2M_BOOLEAN)
		return value;
	if (!strcmp(value, "true") || !strcmp(value, "on"))
		return "1";
	if (!strcmp(value, "false") || !strcmp(value, "off"))
		return "0";
	return value;
}

/* Root is no server, and needs none. */
static void write_do(struct endpoint *e, struct control_peer *peer,
		     const char *path,
		     const char *value, int64_t now)
{
	static const struct requester_ops ops = {.defer = write_defer,
						 .answer = write_done};
	struct gateway *g = gateway_of(e);
	struct buf out = buf_over(g->services.answer, g->services.answer_size);
	struct attribute_set none = {0};
	struct request_scope scope = {.tree = &e->tree,
				      .model = config_device_model(e->conf),
				      .attributes = &none,
				      .fallback = FORMAT_SENML_CBOR,
				      .now = services_wall(&g->services, now),
				      .bound = &transaction_bound,
				      .owner = e};
	struct request request = {
		.method = REQUEST_PUT, .uri = path, .query = "",
		.uri_length = strlen(path), .accept = FORMAT_NONE,
		.format = FORMAT_TEXT, .observe = -1,
		.payload = (const uint8_t *)value, .length = strlen(value)};
	struct writing writing = {peer, e};
	struct request_outcome outcome;
	uint8_t code;

	outcome = request_handle(&scope, &request, g->services.request_room,
				 &out);
	code = outcome.code;
	if (code >> 5 == 2)
		code = endpoint_write(e, &outcome,
				      (struct requester){&ops, &writing},
				      now);
	if (code >> 5 == 2)
		write_done(write_defer(&writing), code, now);
	else if (code)
		write_answer(peer, code,
			     code >> 5 == 4 ? outcome.reason : NULL);
}

void command_write(struct gateway *g, struct control_peer *peer,
		   struct json_object *request, int64_t now)
{
	const char *name = request_text(request, "endpoint");
	const char *path = request_text(request, "path");
	const char *value = request_text(request, "value");
	struct endpoint *e = gateway_endpoint(g, name);

	if (!e) {
		peer_refuse(peer, "no such endpoint: %s", name);
		return;
	}
	while (*path == '/')
		path++;
	write_do(e, peer, path,
		 text_of(config_device_model(e->conf), path, value), now);
}

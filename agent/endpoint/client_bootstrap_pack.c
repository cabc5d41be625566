/* SPDX-License-Identifier: GPL-2.0-or-later
 * All accounts in one answer, which comes block by block. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/lwm2m/bootstrap_request.h"
#include "agent/endpoint/client_bootstrap.h"
#include "agent/client/services.h"
#include "agent/config/model.h"

#define PACK_MOST 65536
#define BLOCK 1024

struct bootstrap_pack {
	uint8_t *at;
	size_t n, block;
	uint64_t etag;
	uint16_t format;
};

void bootstrap_pack_drop(struct client_bootstrap *b)
{
	if (!b->pack)
		return;
	if (b->pack->at)
		explicit_bzero(b->pack->at, PACK_MOST);
	free(b->pack->at);
	free(b->pack);
	b->pack = NULL;
}

static struct bootstrap_pack *pack_of(struct client_bootstrap *b)
{
	if (b->pack)
		return b->pack;
	b->pack = calloc(1, sizeof(*b->pack));
	if (!b->pack || !(b->pack->at = malloc(PACK_MOST)))
		abort();
	b->pack->block = BLOCK;
	return b->pack;
}

/* Beside where it would ask: /bs and /bspack. */
int bootstrap_pack_ask(struct client_bootstrap *b, int64_t now)
{
	const struct config_server *conf = b->server->conf;
	struct bootstrap_pack *p = pack_of(b);
	uint8_t path_room[260], query_room[300];
	struct buf path = buf_over(path_room, sizeof(path_room));
	struct buf query = buf_over(query_room, sizeof(query_room));
	char text[256];

	snprintf(text, sizeof(text), "%spack", conf->path);
	bootstrap_path(text, &path);
	bootstrap_name(b, &query);
	return coap_request(b->connection, &(struct coap_message){
		.method = REQUEST_GET, .format = FORMAT_NONE,
		.path = {path_room, path.used},
		.query = {query_room, query.used}, .has_accept = true,
		.accept = conf->ct < 0 ? FORMAT_SENML_CBOR :
			  (uint16_t)conf->ct,
		.wants_block2 = p->n > 0, .block2_size = p->block,
		.block2 = (uint32_t)(p->n / p->block)}, now);
}

/* Is it what was asked for, of the same pack as the parts before? */
static bool pack_fits(const struct bootstrap_pack *p,
		      const struct coap_answer *a)
{
	if (a->length > PACK_MOST - p->n)
		return false;
	if (!a->has_block2)
		return !p->n;
	return a->block2 * a->block2_size == p->n &&
	       (!p->n || (a->etag == p->etag && a->format == p->format)) &&
	       (!a->more || a->length == a->block2_size);
}

enum bootstrap_pack_part
bootstrap_pack_take(struct client_bootstrap *b, const struct coap_answer *a,
		    int64_t now)
{
	struct bootstrap_pack *p = b->pack;

	if (a->code != CODE(2, 5)) {
		bootstrap_pack_drop(b);
		return BOOTSTRAP_PACK_NONE;
	}
	if (!pack_fits(p, a))
		return BOOTSTRAP_PACK_BROKEN;
	memcpy(p->at + p->n, a->payload, a->length);
	p->n += a->length;
	p->format = a->format;
	if (!a->has_block2 || !a->more)
		return BOOTSTRAP_PACK_WHOLE;
	p->etag = a->etag;
	p->block = a->block2_size;
	return bootstrap_pack_ask(b, now) < 0 ? BOOTSTRAP_PACK_BROKEN :
						BOOTSTRAP_PACK_MORE;
}

const char *bootstrap_pack_open(struct client_bootstrap *b)
{
	struct bootstrap_scope scope = {
		.copy = b->copy, .tree = &b->endpoint->tree,
		.model = agent_model(), .fallback = FORMAT_SENML_CBOR,
	};
	struct bootstrap_outcome outcome;

	if (!b->copy)
		return "no session";
	outcome = bootstrap_unpack(&scope, b->pack->format, b->pack->at,
				   b->pack->n,
				   b->endpoint->services->request_room);
	return outcome.code >> 5 == 2 ? NULL : outcome.reason;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/lwm2m/card.h"
#include <stdio.h>
#include <string.h>
#include "agent/lwm2m/bootstrap_request.h"

#define HEAD 4			/* number of objects, size of all */

struct card_object {
	uint16_t id;
	const uint8_t *instances;	/* TLV */
	size_t n;
	const uint8_t *next;
};

static uint16_t halfword_get(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* The version is one byte, 0, or two; it is the enabler's in any case, and all
 * of them have their accounts alike. */
static bool object_take(const uint8_t *at, const uint8_t *end,
			struct card_object *object)
{
	size_t n_version, left = (size_t)(end - at);

	if (left < 3)
		return false;
	n_version = at[2] ? 2 : 1;
	if (left < 2 + n_version + 2)
		return false;
	object->id = halfword_get(at);
	object->n = halfword_get(at + 2 + n_version);
	object->instances = at + 2 + n_version + 2;
	if (object->n > (size_t)(end - object->instances))
		return false;
	object->next = object->instances + object->n;
	return true;
}

static const char *object_write(const struct bootstrap_scope *scope,
				const struct card_object *object,
				struct request_room *room)
{
	struct buf none = buf_over(NULL, 0);
	struct bootstrap_outcome outcome;
	char uri[8];
	struct request request = {
		.method = REQUEST_PUT, .uri = uri, .query = "",
		.accept = FORMAT_NONE, .format = FORMAT_TLV, .observe = -1,
		.payload = object->instances, .length = object->n};

	if (!account_object(object->id))
		return NULL;
	request.uri_length = (size_t)snprintf(uri, sizeof(uri), "%u",
					      object->id);
	outcome = bootstrap_handle(scope, &request, room, &none);
	return outcome.code >> 5 == 2 ? NULL :
	       outcome.reason ? outcome.reason : "an object that is malformed";
}

static const char *objects_take(const struct bootstrap_scope *scope,
				const uint8_t *bytes, size_t n,
				struct request_room *room)
{
	const uint8_t *at = bytes + HEAD, *end;
	const char *why = NULL;

	if (n < HEAD)
		return "a file without a head";
	if (halfword_get(bytes + 2) > n - HEAD)
		return "a file that is cut short";
	end = at + halfword_get(bytes + 2);
	for (uint16_t left = halfword_get(bytes); left && !why; left--) {
		struct card_object object;

		if (!object_take(at, end, &object))
			return "an object that is cut short";
		why = object_write(scope, &object, room);
		at = object.next;
	}
	return why;
}

const char *card_read(const uint8_t *bytes, size_t n,
		      const struct object_model *model,
		      struct request_room *room, struct tree *tree)
{
	struct bootstrap_scope scope = {
		.copy = tree, .tree = tree, .model = model,
		.fallback = FORMAT_TLV, .version = "1.1"};
	const char *why;

	tree_init(tree);
	if (n > CARD_BYTES_MAX)
		return "more than 32 KiB";
	why = objects_take(&scope, bytes, n, room);
	return why ? why : account_card_check(tree);
}

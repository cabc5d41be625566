/* SPDX-License-Identifier: GPL-2.0-or-later
 * Accounts as a tree, and as bytes with a checksum. */
#include <errno.h>
#include <string.h>
#include "agent/lwm2m/account.h"
#include "objects/access.h"
#include "objects/codec.h"
#include "objects/ids.h"

static const char magic[4] = {'L', 'W', 'A', '1'};

struct head {
	char magic[4];
	uint32_t length;
	uint64_t fingerprint;
	int64_t when;
};

bool account_object(uint16_t object)
{
	return object == ID_SECURITY || object == ID_SERVER ||
	       object == ACCESS_OBJECT || object == ID_OSCORE;
}

int64_t account_number(const struct tree *tree, struct lwm2m_path path,
		       int64_t fallback)
{
	const struct tree_slot *slot = tree_find(tree, &path);

	if (!slot)
		return fallback;
	switch ((enum lwm2m_type)slot->value.type) {
	case LWM2M_BOOLEAN:
		return slot->value.as.boolean;
	case LWM2M_INTEGER: case LWM2M_TIME:
		return slot->value.as.integer;
	case LWM2M_UNSIGNED:
		return slot->value.as.uinteger > INT64_MAX ? INT64_MAX :
		       (int64_t)slot->value.as.uinteger;
	case LWM2M_NONE: case LWM2M_FLOAT: case LWM2M_STRING:
	case LWM2M_OPAQUE: case LWM2M_OBJLINK: case LWM2M_CORELINK:
		break;
	}
	return fallback;
}

struct lwm2m_value account_bytes(const struct tree *tree,
				 struct lwm2m_path path)
{
	const struct tree_slot *slot = tree_find(tree, &path);

	if (slot && (slot->value.type == LWM2M_STRING ||
		     slot->value.type == LWM2M_OPAQUE))
		return slot->value;
	return (struct lwm2m_value){LWM2M_NONE, 0, {.text = ""}};
}

/* ---- the list */

static uint16_t server_of(const struct tree *tree, uint16_t id)
{
	for (size_t i = 0; i < tree->n_instances; i++) {
		const struct tree_instance *at = &tree->instances[i];

		if (at->object->id == ID_SERVER && account_number(tree,
		    path_resource(ID_SERVER, at->id, ID_SERVER_ID), -1) == id)
			return at->id;
	}
	return ACCOUNT_NONE;
}

static struct account account_at(const struct tree *tree, uint16_t instance)
{
	struct lwm2m_value uri = account_bytes(tree,
		path_resource(ID_SECURITY, instance, ID_SECURITY_URI));
	int64_t id = account_number(tree, path_resource(ID_SECURITY,
					instance, ID_SECURITY_SERVER), 0);
	struct account a = {
		.security = instance, .server = ACCOUNT_NONE,
		.bootstrap = account_number(tree,
			path_resource(ID_SECURITY, instance,
				      ID_SECURITY_BOOTSTRAP), 0) != 0,
		.mode = (uint8_t)account_number(tree,
			path_resource(ID_SECURITY, instance, ID_SECURITY_MODE),
			ACCOUNT_NOSEC),
		.own = (int32_t)account_number(tree,
			path_resource(ID_SECURITY, instance, ACCOUNT_OWN), -1),
		.uri = uri.as.text, .uri_length = uri.length,
		.tcp = memmem(uri.as.text, uri.length, "+tcp:", 5) != NULL,
	};

	if (a.bootstrap || id < 1 || id > PATH_ID_MAX)
		return a;
	a.id = (uint16_t)id;
	a.server = server_of(tree, a.id);
	return a;
}

/* The lower, the better. */
static size_t transport_rank(const struct tree *tree, const struct account *a)
{
	struct lwm2m_value preferred = account_bytes(tree,
		path_resource(ID_SERVER, a->server, ID_SERVER_PREFERRED));
	struct lwm2m_value binding = account_bytes(tree,
		path_resource(ID_SERVER, a->server, ID_SERVER_BINDING));
	char own = a->tcp ? 'T' : 'U';
	const char *at = memchr(binding.as.text, own, binding.length);

	if (preferred.length && preferred.as.text[0] == own)
		return 0;
	return 1 + (at ? (size_t)(at - binding.as.text) : binding.length);
}

static void spares_mark(const struct tree *tree, struct account *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i && list[i].id; k++) {
			bool better = transport_rank(tree, &list[i]) <
				      transport_rank(tree, &list[k]);

			if (list[k].id == list[i].id && !list[k].spare)
				list[better ? k : i].spare = true;
		}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n && list[i].spare; k++)
			list[k].has_spare |= !list[k].spare &&
					     list[k].id == list[i].id;
}

size_t account_list(const struct tree *tree, struct account list[], size_t max)
{
	size_t n = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < tree->n_instances; i++) {
			struct account a;

			if (tree->instances[i].object->id != ID_SECURITY || n == max)
				continue;
			a = account_at(tree, tree->instances[i].id);
			if (a.bootstrap == !pass)
				list[n++] = a;
		}
	spares_mark(tree, list, n);
	return n;
}

/* ---- what is gone is wiped */

static void slot_wipe(struct tree_slot *slot)
{
	if (slot->owned && slot->value.length)
		explicit_bzero((void *)(uintptr_t)slot->value.as.bytes,
			       slot->value.length);
}

static void wipe_below(struct tree *tree, const struct lwm2m_path *scope)
{
	struct tree_cursor at = {0, 0};
	struct lwm2m_path path;

	while (tree_next(tree, scope, &at, &path))
		slot_wipe(tree_edit(tree, &path));
}

void account_tree_finish(struct tree *tree)
{
	struct lwm2m_path root = path_root();

	wipe_below(tree, &root);
	tree_finish(tree);
}

void account_remove(struct tree *tree, const struct lwm2m_path *path)
{
	wipe_below(tree, path);
	tree_remove(tree, path);
}

/* ---- bytes */

/* FNV-1a: it tells a torn file, and nobody else writes here. */
static uint64_t bytes_sum(const uint8_t *bytes, size_t n)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	return hash;
}

static size_t records_collect(const struct tree *tree,
			      struct lwm2m_record *records, size_t max)
{
	struct lwm2m_path root = path_root(), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;
	size_t n = 0;

	while ((slot = tree_next(tree, &root, &at, &path)))
		if (slot->value.type != LWM2M_NONE && n < max)
			records[n++] = (struct lwm2m_record){path, slot->value,
							     0};
	return n;
}

int account_save(const struct tree *tree, uint64_t fingerprint, int64_t when,
		 struct lwm2m_record *records, size_t max, struct buf *out)
{
	struct head head = {.fingerprint = fingerprint, .when = when};
	struct lwm2m_path root = path_root();
	size_t n = records_collect(tree, records, max), start = out->used;
	uint64_t check;
	int rc;

	memcpy(head.magic, magic, sizeof(magic));
	buf_put(out, &head, sizeof(head));
	rc = codec_encode(FORMAT_SENML_CBOR, &root, records, n, out);
	if (rc < 0 || out->full)
		return -EMSGSIZE;
	head.length = (uint32_t)(out->used - start - sizeof(head));
	memcpy(out->at + start, &head, sizeof(head));
	check = bytes_sum(out->at + start, out->used - start);
	buf_put(out, &check, sizeof(check));
	return out->full ? -EMSGSIZE : 0;
}

bool account_same(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b)
{
	size_t tail = sizeof(uint64_t);

	return n_a == n_b && n_a >= sizeof(struct head) + tail &&
	       !memcmp(a, b, offsetof(struct head, when)) &&
	       !memcmp(a + sizeof(struct head), b + sizeof(struct head),
		       n_a - sizeof(struct head) - tail);
}

static int tree_fill(struct tree *tree, const struct object_model *model,
		     const struct lwm2m_record *records, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct lwm2m_path *path = &records[i].path;

		if (path->depth < 3 || !account_object(path->id[0]))
			return -EBADMSG;
		if (!tree_add(tree, model->object(model, path->id[0]),
			      path->id[1]) ||
		    tree_set(tree, path, &records[i].value, 0) < 0)
			return -ENOMEM;
	}
	return 0;
}

int account_load(const uint8_t *bytes, size_t n,
		 const struct object_model *model, struct lwm2m_record *records,
		 size_t max, struct buf *scratch, struct tree *tree,
		 uint64_t *fingerprint, int64_t *when)
{
	struct lwm2m_path root = path_root();
	struct head head;
	uint64_t check;
	int count;

	tree_init(tree);
	if (n < sizeof(head) + sizeof(check))
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	memcpy(&check, bytes + n - sizeof(check), sizeof(check));
	if (memcmp(head.magic, magic, sizeof(magic)) ||
	    head.length != n - sizeof(head) - sizeof(check) ||
	    check != bytes_sum(bytes, n - sizeof(check)))
		return -EBADMSG;
	count = codec_decode(FORMAT_SENML_CBOR, model, &root,
			     bytes + sizeof(head), head.length, records, max,
			     scratch);
	if (count >= 0)
		count = tree_fill(tree, model, records, (size_t)count);
	if (count < 0) {
		account_tree_finish(tree);
		return count;
	}
	*fingerprint = head.fingerprint;
	*when = head.when;
	return 0;
}

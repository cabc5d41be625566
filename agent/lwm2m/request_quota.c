/* SPDX-License-Identifier: GPL-2.0-or-later
 * How much servers may leave with an endpoint: as much as is kept on disk, and
 * not more. */
#include "agent/lwm2m/request_parts.h"

/* What a value takes beside its place. */
static size_t value_size(const struct lwm2m_value *value)
{
	switch ((enum lwm2m_type)value->type) {
	case LWM2M_STRING: case LWM2M_OPAQUE: case LWM2M_CORELINK:
		return value->length;
	case LWM2M_NONE: case LWM2M_INTEGER: case LWM2M_UNSIGNED:
	case LWM2M_FLOAT: case LWM2M_BOOLEAN: case LWM2M_TIME:
	case LWM2M_OBJLINK:
		break;
	}
	return 0;
}

/* ... of those that are held now. */
static size_t held_count(const struct tree *tree, size_t *bytes)
{
	const struct lwm2m_path root = path_root();
	struct tree_cursor cursor = {0, 0};
	const struct tree_slot *slot;
	struct lwm2m_path path;
	size_t n = 0;

	while ((slot = tree_next(tree, &root, &cursor, &path)))
		if (slot->flags & TREE_PERSISTENT) {
			*bytes += value_size(&slot->value);
			n++;
		}
	return n;
}

bool request_quota_fits(struct handling *h, size_t n)
{
	const struct tree *tree = h->scope->tree;
	size_t bytes = 0, count = held_count(tree, &bytes);

	for (size_t i = 0; i < n; i++) {
		const struct lwm2m_record *record = &h->room->records[i];
		const struct tree_slot *slot = tree_find(tree, &record->path);

		if (slot && slot->flags & TREE_BOUND)
			continue;
		bytes += value_size(&record->value);
		if (slot && slot->flags & TREE_PERSISTENT)
			bytes -= value_size(&slot->value);
		else
			count++;
	}
	if (bytes <= REQUEST_HELD_BYTES && count <= REQUEST_HELD)
		return true;
	request_answer(h, CODE(4, 13), "more than is held here");
	return false;
}

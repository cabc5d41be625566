/* SPDX-License-Identifier: GPL-2.0-or-later
 * LwM2M-CBOR (Core TS 1.2 7.4.7): maps in maps, whose keys are ids or lists
 * of ids, down from the root: {3: {0: {9: 95}}} is {[3, 0, 9]: 95}. What stands
 * behind a gateway has its prefix as the first key, a text: {"d5": {3: ...}}. */
#include <errno.h>

#include "objects/codec_cbor_value.h"

/* "d5", before all ids. */
static int prefix_take(struct lwm2m_path *path, const struct lwm2m_value *text)
{
	if (path->depth || path->id[PATH_DEVICE] || !text->length ||
	    text->as.text[0] == '/' ||
	    path_prefix(text->as.text, text->length, &path->id[PATH_DEVICE]) !=
	    text->length)
		return -EBADMSG;
	return 0;
}

static int id_append(struct lwm2m_path *path, const struct cbor_item *item)
{
	int64_t id = item->value.as.integer;

	if (item->kind == ITEM_VALUE && item->value.type == LWM2M_STRING)
		return prefix_take(path, &item->value);
	if (item->kind != ITEM_VALUE || item->value.type != LWM2M_INTEGER ||
	    id < 0 || id > PATH_ID_MAX || path->depth == 4)
		return -EBADMSG;
	*path = path_child(*path, (uint16_t)id);
	return 0;
}

/* The ids of a key. */
static int key_take(struct cbor_reader *reader, const struct cbor_item *key,
		    struct lwm2m_path *path)
{
	struct cbor_item item;
	int got;

	if (key->kind != ITEM_ARRAY)
		return id_append(path, key);
	for (uint64_t i = 0;; i++) {
		got = item_member_next(reader, key->length, i, &item);
		if (got < 0 || (got && id_append(path, &item)))
			return -EBADMSG;
		if (!got)
			return i ? 0 : -EBADMSG;
	}
}

static int map_take(struct decoding *decoding, struct cbor_reader *reader,
		    struct lwm2m_path above, uint64_t length);

/* What a key stands for: a map of what is below, or a value. */
static int content_take(struct decoding *decoding, struct cbor_reader *reader,
			struct lwm2m_path path)
{
	struct lwm2m_value value = {.type = LWM2M_NONE};
	struct cbor_item item;
	int error;

	if (item_next(reader, &item))
		return -EBADMSG;
	if (item.kind == ITEM_MAP)
		return map_take(decoding, reader, path, item.length);
	if (item.kind == ITEM_VALUE && item.value.type == LWM2M_NONE)
		return decoding_add(decoding, &path, &value, 0);
	if (path.depth < 3)
		return -EBADMSG;
	/* What the model says of another object is no matter. */
	if (!path_covers(decoding->base, &path))
		return -EXDEV;
	error = cbor_value_take(decoding, &path, reader, item, &value);
	return error ? error : decoding_add(decoding, &path, &value, 0);
}

/* The members of a map. Recursion ends by itself: a key makes the path one
 * longer at least, and no path has more than a prefix and four ids. */
static int map_take(struct decoding *decoding, struct cbor_reader *reader,
		    struct lwm2m_path above, uint64_t length)
{
	const struct lwm2m_value none = {.type = LWM2M_NONE};
	struct cbor_item key;
	int got, error;

	for (uint64_t i = 0;; i++) {
		struct lwm2m_path path = above;

		got = item_member_next(reader, length, i, &key);
		if (got < 0)
			return got;
		if (!got)	/* nothing below, but it is named */
			return i || !(above.depth || above.id[PATH_DEVICE]) ? 0 :
				decoding_add(decoding, &above, &none, 0);
		error = key_take(reader, &key, &path);
		if (!error)
			error = content_take(decoding, reader, path);
		if (error)
			return error;
	}
}

int lwm2m_cbor_decode(struct decoding *decoding, const uint8_t *payload,
		      size_t n)
{
	struct cbor_reader reader = {payload, n};
	struct cbor_item item;
	int error;

	if (n > UINT32_MAX || item_next(&reader, &item) ||
	    item.kind != ITEM_MAP)
		return -EBADMSG;
	error = map_take(decoding, &reader, path_root(), item.length);
	if (error)
		return error;
	return reader.left ? -EBADMSG : 0;
}

/* The end of those from `first` that share the id at this level of a path. */
static size_t group_end(const struct lwm2m_record *records, size_t n,
			size_t first, size_t level)
{
	size_t end = first + 1;

	while (end < n && records[end].path.id[level] ==
			  records[first].path.id[level])
		end++;
	return end;
}

static size_t groups_count(const struct lwm2m_record *records, size_t n,
			   size_t level)
{
	size_t groups = 0;

	for (size_t at = 0; at < n; at = group_end(records, n, at, level))
		groups++;
	return groups;
}

static void map_put(struct buf *out, const struct lwm2m_record *records,
		    size_t n, uint8_t depth);

/* The ids at `depth` of these records, which share what stands above, and what
 * is below each. */
static void members_put(struct buf *out, const struct lwm2m_record *records,
			size_t n, uint8_t depth)
{
	for (size_t at = 0, end; at < n; at = end) {
		const struct lwm2m_record *record = &records[at];

		end = group_end(records, n, at, depth - 1u);
		item_unsigned_put(out, record->path.id[depth - 1]);
		if (record->path.depth == depth &&
		    (depth == 4 || record->value.type != LWM2M_NONE))
			cbor_value_put(out, &record->value);
		else
			map_put(out, record, end - at, depth + 1);
	}
}

static void map_put(struct buf *out, const struct lwm2m_record *records,
		    size_t n, uint8_t depth)
{
	/* One that only names what stands above is said with its key. */
	while (n && records->path.depth < depth) {
		records++;
		n--;
	}
	item_map_put(out, groups_count(records, n, depth - 1u));
	members_put(out, records, n, depth);
}

static void prefix_put(struct buf *out, uint16_t device)
{
	struct lwm2m_path path = path_root();
	char text[PATH_TEXT_MAX];

	path.id[PATH_DEVICE] = device;
	item_text_put(out, text + 1, path_format(&path, text) - 1);
}

/* Each device of a gateway beside the gateway's own objects, which are the
 * first: they come in the order of paths. */
static void devices_put(struct buf *out, const struct lwm2m_record *records,
			size_t n)
{
	size_t own = n && !records->path.id[PATH_DEVICE] ?
		     group_end(records, n, 0, PATH_DEVICE) : 0;

	item_map_put(out, groups_count(records, own, 0) +
			  groups_count(records + own, n - own, PATH_DEVICE));
	members_put(out, records, own, 1);
	for (size_t at = own, end; at < n; at = end) {
		end = group_end(records, n, at, PATH_DEVICE);
		prefix_put(out, records[at].path.id[PATH_DEVICE]);
		map_put(out, records + at, end - at, 1);
	}
}

int lwm2m_cbor_encode(const struct encoding *encoding)
{
	if (encoding->base->id[PATH_DEVICE])
		devices_put(encoding->out, encoding->records, encoding->n);
	else
		map_put(encoding->out, encoding->records, encoding->n, 1);
	return 0;
}

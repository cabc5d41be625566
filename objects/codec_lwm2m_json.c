/* SPDX-License-Identifier: GPL-2.0-or-later
 * JSON of LwM2M 1.0 (Core TS 1.0 6.4.4), older than SenML:
 * {"bn":"/3/0/","e":[{"n":"9","v":95},{"n":"0","sv":"Acme"}]}. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <json-c/json.h>

#include "objects/codec_formats.h"
#include "objects/codec_json.h"

/* What stands beside the list. */
struct outer {
	bool has_base;
	struct lwm2m_path base;
	double time;
};

struct entry {
	const char *name;
	size_t n_name;
	double time;
	struct json_object *value;	/* NULL: none yet */
	char label;			/* v, s, b or o: its first letter */
};

static int text_take(struct json_object *object, const char **text, size_t *n)
{
	if (!json_object_is_type(object, json_type_string))
		return -EBADMSG;
	*text = json_object_get_string(object);
	*n = (size_t)json_object_get_string_len(object);
	return 0;
}

static int time_take(struct json_object *object, double *time)
{
	if (!json_object_is_type(object, json_type_double) &&
	    !json_object_is_type(object, json_type_int))
		return -EBADMSG;
	*time = json_object_get_double(object);
	return 0;
}

static bool is_value(const char *key)
{
	return !strcmp(key, "v") || !strcmp(key, "sv") || !strcmp(key, "bv") ||
	       !strcmp(key, "ov");
}

static int member_take(struct entry *entry, const char *key,
		       struct json_object *object)
{
	if (!strcmp(key, "n"))
		return text_take(object, &entry->name, &entry->n_name);
	if (!strcmp(key, "t"))
		return time_take(object, &entry->time);
	if (!is_value(key))
		return 0;
	if (!object || entry->value)
		return -EBADMSG;
	entry->value = object;
	entry->label = *key;
	return 0;
}

/* The slash that may end a base or begin a name parts the two. */
static int path_take(const char *text, size_t n, struct lwm2m_path *path)
{
	if (n > 1 && text[n - 1] == '/')
		n--;
	return path_parse_prefixed(text, n, path) ? -EBADMSG : 0;
}

/* Where names begin. Leshan 1.0 writes no base, and names a resource "6", or
 * "6/1", although the request was for it already. */
static struct lwm2m_path above_find(const struct decoding *decoding,
				    const struct outer *outer,
				    const struct lwm2m_path *name)
{
	const struct lwm2m_path *base = decoding->base;
	const struct resource_def *def;
	struct lwm2m_path above = *base;

	if (outer->has_base)
		return outer->base;
	if (base->depth != 3 || !name->depth || name->id[0] != base->id[2])
		return above;
	def = model_resource(decoding->model, base->id[0], base->id[2]);
	if (name->depth == 2 || !def || !def->multiple)
		above.depth = 2;
	return above;
}

static int name_resolve(const struct decoding *decoding,
			const struct outer *outer, const struct entry *entry,
			struct lwm2m_path *path)
{
	struct lwm2m_path name = path_root();

	if (entry->n_name && path_take(entry->name, entry->n_name, &name))
		return -EBADMSG;
	if (!outer->has_base && entry->n_name && *entry->name == '/')
		*path = path_root();	/* whole by itself */
	else
		*path = above_find(decoding, outer, &name);
	if (path->depth + name.depth > 4)
		return -EBADMSG;
	if (name.id[PATH_DEVICE])
		path->id[PATH_DEVICE] = name.id[PATH_DEVICE];
	for (uint8_t i = 0; i < name.depth; i++)
		*path = path_child(*path, name.id[i]);
	return path->depth < 3 ? -EBADMSG : 0;
}

/* A text, or the bytes or the link that it spells, into scratch: json-c's
 * dies with its object. */
static int string_read(struct decoding *decoding, enum lwm2m_type type,
		       struct lwm2m_value *value)
{
	if (type == LWM2M_OPAQUE)
		return value_parse(type, value->as.text, value->length, value,
				   decoding->scratch);
	value->as.text = decoding_keep(decoding, value->as.text,
				       value->length);
	return value->as.text ? decoding_fit(type, value) : -EMSGSIZE;
}

static int value_read(struct decoding *decoding, const struct entry *entry,
		      enum lwm2m_type type, struct lwm2m_value *value)
{
	bool text;

	*value = codec_json_value(entry->value);
	text = value->type == LWM2M_STRING;
	switch (entry->label) {
	case 's':
		return text ? string_read(decoding, type, value) : -EPROTOTYPE;
	case 'o':
		if (!text || !objlink_parse(value->as.text, value->length,
					    value))
			return -EPROTOTYPE;
		break;
	case 'b':
		if (value->type != LWM2M_BOOLEAN)
			return -EPROTOTYPE;
		break;
	default:
		if (!isfinite(lwm2m_number(value)) ||
		    value->type == LWM2M_BOOLEAN)
			return -EPROTOTYPE;
		break;
	}
	return decoding_fit(type, value);
}

static int entry_add(struct decoding *decoding, const struct outer *outer,
		     const struct entry *entry)
{
	struct lwm2m_value value;
	struct lwm2m_path path;
	int64_t time;
	int error;

	if (!entry->value || name_resolve(decoding, outer, entry, &path) ||
	    decoding_time(outer->time + entry->time, &time))
		return -EBADMSG;
	if (!path_covers(decoding->base, &path))
		return -EXDEV;
	error = value_read(decoding, entry, decoding_type(decoding, &path),
			   &value);
	return error ? error : decoding_add(decoding, &path, &value, time);
}

static int entry_read(struct decoding *decoding, const struct outer *outer,
		      struct json_object *object)
{
	struct entry entry = {.name = NULL};
	int error;

	if (!json_object_is_type(object, json_type_object))
		return -EBADMSG;
	json_object_object_foreach(object, key, member) {
		error = member_take(&entry, key, member);
		if (error)
			return error;
	}
	return entry_add(decoding, outer, &entry);
}

static int outer_read(struct json_object *root, struct outer *outer)
{
	struct json_object *member;
	const char *text;
	size_t n;

	*outer = (struct outer){.has_base = false};
	if (json_object_object_get_ex(root, "bn", &member)) {
		if (text_take(member, &text, &n) ||
		    path_take(text, n, &outer->base))
			return -EBADMSG;
		outer->has_base = n > 0;
	}
	if (json_object_object_get_ex(root, "bt", &member))
		return time_take(member, &outer->time);
	return 0;
}

static int root_read(struct decoding *decoding, struct json_object *root)
{
	struct json_object *list;
	struct outer outer;
	int error;

	if (!json_object_is_type(root, json_type_object) ||
	    !json_object_object_get_ex(root, "e", &list) ||
	    !json_object_is_type(list, json_type_array))
		return -EBADMSG;
	error = outer_read(root, &outer);
	for (size_t i = 0; i < json_object_array_length(list) && !error; i++)
		error = entry_read(decoding, &outer,
				   json_object_array_get_idx(list, i));
	return error;
}

int lwm2m_json_decode(struct decoding *decoding, const uint8_t *payload,
		      size_t n)
{
	struct json_object *root;
	int error = codec_json_read(payload, n, &root);

	if (!error)
		error = root_read(decoding, root);
	json_object_put(root);
	return error;
}

static void value_write(struct buf *out, const struct lwm2m_value *value)
{
	switch ((enum lwm2m_type)value->type) {
	case LWM2M_NONE:
		break;
	case LWM2M_BOOLEAN:
		buf_text(out, value->as.boolean ? "\"bv\":true" :
						  "\"bv\":false");
		break;
	case LWM2M_INTEGER: case LWM2M_TIME: case LWM2M_UNSIGNED:
	case LWM2M_FLOAT:
		buf_text(out, "\"v\":");
		value_format(value, out);
		break;
	case LWM2M_STRING: case LWM2M_CORELINK:
		buf_text(out, "\"sv\":");
		codec_json_text_put(out, value->as.text, value->length);
		break;
	case LWM2M_OPAQUE:
		buf_text(out, "\"sv\":\"");
		value_format(value, out);
		buf_byte(out, '"');
		break;
	case LWM2M_OBJLINK:
		buf_text(out, "\"ov\":\"");
		value_format(value, out);
		buf_byte(out, '"');
		break;
	}
}

/* "/3/0/": an instance at most, so that every entry has a name. */
static size_t base_name(const struct lwm2m_path *base,
			char text[PATH_TEXT_MAX + 1])
{
	struct lwm2m_path above = *base;
	size_t n;

	if (above.depth > 2)
		above.depth = 2;
	n = path_format(&above, text);
	if (above.depth)
		text[n++] = '/';
	text[n] = '\0';
	return n;
}

static void entry_write(struct buf *out, const struct lwm2m_record *record,
			size_t skip)
{
	char text[PATH_TEXT_MAX];

	path_format(&record->path, text);
	buf_print(out, "{\"n\":\"%s\",", text + skip);
	if (record->time) {
		buf_text(out, "\"t\":");
		codec_json_time_put(out, record->time);
		buf_byte(out, ',');
	}
	value_write(out, &record->value);
	buf_byte(out, '}');
}

int lwm2m_json_encode(const struct encoding *encoding)
{
	char base[PATH_TEXT_MAX + 1];
	size_t skip = base_name(encoding->base, base);
	const char *comma = "";

	if (!codec_json_carries(encoding))
		return -ENOTSUP;
	buf_print(encoding->out, "{\"bn\":\"%s\",\"e\":[", base);
	for (size_t i = 0; i < encoding->n; i++) {
		const struct lwm2m_record *record = &encoding->records[i];

		/* An instance or a resource without content has no entry. */
		if (record->value.type == LWM2M_NONE)
			continue;
		buf_text(encoding->out, comma);
		entry_write(encoding->out, record, skip);
		comma = ",";
	}
	buf_text(encoding->out, "]}");
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * What SenML means, for both of its spellings. */
#include "objects/codec_senml.h"

#include <errno.h>
#include <math.h>
#include <string.h>


#define VERSION_KNOWN 10	/* RFC 8428; later ones add features as bits */

enum senml_label senml_label(const char *key, size_t n, bool json)
{
	static const struct {
		const char *key;
		enum senml_label label;
	} keys[] = {
		{"vlo", SENML_OBJLINK},
		{"bver", SENML_VERSION}, {"bn", SENML_BASE_NAME},
		{"bt", SENML_BASE_TIME}, {"bv", SENML_BASE_VALUE},
		{"bs", SENML_BASE_SUM}, {"n", SENML_NAME},
		{"v", SENML_NUMBER}, {"vs", SENML_STRING},
		{"vb", SENML_BOOLEAN}, {"s", SENML_SUM}, {"t", SENML_TIME},
		{"vd", SENML_DATA},
	};
	size_t known = json ? sizeof(keys) / sizeof(keys[0]) : 1;

	for (size_t i = 0; i < known; i++)
		if (strlen(keys[i].key) == n && !memcmp(keys[i].key, key, n))
			return keys[i].label;
	return n && key[n - 1] == '_' ? SENML_MUST : SENML_OTHER;
}

static int text_set(const struct lwm2m_value *raw, const char **text,
		    size_t *n)
{
	if (raw->type != LWM2M_STRING)
		return -EBADMSG;
	*text = raw->as.text;
	*n = raw->length;
	return 0;
}

static bool is_numeric(const struct lwm2m_value *raw)
{
	return raw->type != LWM2M_BOOLEAN && isfinite(lwm2m_number(raw));
}

static int time_set(const struct lwm2m_value *raw, double *time)
{
	if (!is_numeric(raw))
		return -EBADMSG;
	*time = lwm2m_number(raw);
	return 0;
}

static int value_set(struct senml_record *record, bool fits,
		     const struct lwm2m_value *raw)
{
	if (record->value.type != LWM2M_NONE)
		return -EBADMSG;
	if (!fits)
		return -EPROTOTYPE;
	record->value = *raw;
	return 0;
}

static int objlink_set(struct senml_record *record,
		       const struct lwm2m_value *raw)
{
	struct lwm2m_value link;
	bool fits = raw->type == LWM2M_STRING &&
		    objlink_parse(raw->as.text, raw->length, &link);

	return value_set(record, fits, &link);
}

int senml_set(struct senml_record *record, enum senml_label label,
	      const struct lwm2m_value *raw)
{
	if (label != SENML_OTHER && record->seen & 1u << label)
		return -EBADMSG;
	record->seen |= (uint16_t)(1u << label);
	switch (label) {
	case SENML_VERSION:
		return is_numeric(raw) && lwm2m_number(raw) <= VERSION_KNOWN ?
			0 : -EBADMSG;
	case SENML_BASE_NAME:
		return text_set(raw, &record->base_name, &record->n_base_name);
	case SENML_BASE_TIME:
		return time_set(raw, &record->base_time);
	case SENML_NAME:
		return text_set(raw, &record->name, &record->n_name);
	case SENML_NUMBER:
		return value_set(record, is_numeric(raw), raw);
	case SENML_STRING:
		return value_set(record, raw->type == LWM2M_STRING, raw);
	case SENML_BOOLEAN:
		return value_set(record, raw->type == LWM2M_BOOLEAN, raw);
	case SENML_TIME:
		return time_set(raw, &record->time);
	case SENML_DATA:
		return value_set(record, raw->type == LWM2M_OPAQUE, raw);
	case SENML_OBJLINK:
		return objlink_set(record, raw);
	case SENML_OTHER:
		return 0;
	case SENML_BASE_VALUE:	/* known, not LwM2M's, and would change */
	case SENML_BASE_SUM:	/* what the values say */
	case SENML_SUM:
	case SENML_MUST:
		break;
	}
	return -EBADMSG;
}

/* A record can do without a name or value of its own: {"bn":"/3/0/"} says
 * where the others are. Alone in its list it names an instance, or all. */
static bool is_base_only(const struct senml_list *list,
			 const struct senml_record *record)
{
	if (record->seen & 1u << SENML_NAME ||
	    record->value.type != LWM2M_NONE)
		return false;
	return !list->n_base_name || (list->n != 1 &&
		list->base_name[list->n_base_name - 1] == '/');
}

static int name_resolve(const struct senml_list *list,
			const struct senml_record *record,
			struct lwm2m_path *path)
{
	char name[2 * PATH_TEXT_MAX];
	size_t n = list->n_base_name + record->n_name;

	if (list->n_base_name > sizeof(name) ||
	    record->n_name > sizeof(name) || n > sizeof(name) || !n)
		return -EBADMSG;
	if (list->n_base_name)
		memcpy(name, list->base_name, list->n_base_name);
	if (record->n_name)
		memcpy(name + list->n_base_name, record->name, record->n_name);
	if (n > 1 && name[n - 1] == '/' && record->value.type == LWM2M_NONE)
		n--;
	return path_parse_prefixed(name, n, path) ? -EBADMSG : 0;
}

int senml_add(struct decoding *decoding, struct senml_list *list,
	      const struct senml_record *record)
{
	struct lwm2m_value value = record->value;
	struct lwm2m_path path;
	int64_t time;
	int error;

	if (record->seen & 1u << SENML_BASE_NAME) {
		list->base_name = record->base_name;
		list->n_base_name = record->n_base_name;
	}
	if (record->seen & 1u << SENML_BASE_TIME)
		list->base_time = record->base_time;
	if (is_base_only(list, record))
		return 0;
	error = name_resolve(list, record, &path);
	if (!error)
		error = decoding_time(list->base_time + record->time, &time);
	if (error)
		return error;
	if (value.type == LWM2M_NONE)
		return decoding_add(decoding, &path, &value, time);
	if (!path_covers(decoding->base, &path))
		return -EXDEV;
	if (path.depth < 3)
		return -EBADMSG;
	error = decoding_fit(decoding_type(decoding, &path), &value);
	return error ? error : decoding_add(decoding, &path, &value, time);
}

size_t senml_base_name(const struct encoding *encoding,
		       char text[PATH_TEXT_MAX + 1])
{
	const struct lwm2m_path *base = encoding->base;
	size_t n = path_format(base, text);

	/* A single resource is all name; else the base ends before a name. */
	if (base->depth && !path_equal(base, &encoding->records[0].path))
		text[n++] = '/';
	text[n] = '\0';
	return n;
}

const char *senml_name(const struct encoding *encoding,
		       const struct lwm2m_record *record,
		       char text[PATH_TEXT_MAX + 1])
{
	char base[PATH_TEXT_MAX + 1];
	size_t n = senml_base_name(encoding, base);
	size_t whole = path_format(&record->path, text);

	return text + (n < whole ? n : whole);
}

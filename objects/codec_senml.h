/* SPDX-License-Identifier: GPL-2.0-or-later
 * SenML (RFC 8428) as LwM2M uses it (Core TS 7.4.4), without its spelling in
 * JSON or CBOR. For those two codecs only. */
#ifndef OBJECTS_CODEC_SENML_H
#define OBJECTS_CODEC_SENML_H
#include "objects/codec_formats.h"

enum senml_label {
	SENML_VERSION, SENML_BASE_NAME, SENML_BASE_TIME, SENML_BASE_VALUE,
	SENML_BASE_SUM, SENML_NAME, SENML_NUMBER, SENML_STRING, SENML_BOOLEAN,
	SENML_SUM, SENML_TIME, SENML_DATA, SENML_OBJLINK,
	SENML_OTHER,		/* not LwM2M's, or a unit: no matter */
	SENML_MUST,		/* not known, and may not be ignored */
};

/* A record as it was written. Its texts must live until senml_add. */
struct senml_record {
	uint16_t seen;			/* of 1 << enum senml_label */
	const char *base_name, *name;
	size_t n_base_name, n_name;
	double base_time, time;		/* s */
	/* As it looks: INTEGER (UNSIGNED above its range) or FLOAT, STRING,
	 * BOOLEAN, OPAQUE, OBJLINK; NONE: there is no value. */
	struct lwm2m_value value;
};

/* What a list hands from record to record. */
struct senml_list {
	const char *base_name;		/* must live as long as the list */
	size_t n_base_name;
	double base_time;
	size_t n;			/* records in it; 0: not known */
};

/* The label of a text key; n, v, ... only where `json`: CBOR has numbers for
 * all but vlo. */
enum senml_label senml_label(const char *key, size_t n, bool json);

/* Puts what one value label held into the record. -EBADMSG: a label that was
 * there already, a second value, a label that may not be ignored or whose
 * content is of the wrong kind; -EPROTOTYPE a value of the wrong kind. raw is
 * NONE where the content was none of the kinds. */
int senml_set(struct senml_record *record, enum senml_label label,
	      const struct lwm2m_value *raw);

/* Name, time and type are resolved (RFC 8428 4.6), the record joins the
 * others. A record that only sets base values adds nothing. A time below 2^28
 * s stays relative to now (4.5.3). */
int senml_add(struct decoding *decoding, struct senml_list *list,
	      const struct senml_record *record);

/* For output: the name of all, before the rest of each ("/3303/0/" before
 * "5700"), and the rest. */
size_t senml_base_name(const struct encoding *encoding,
		       char text[PATH_TEXT_MAX + 1]);
const char *senml_name(const struct encoding *encoding,
		       const struct lwm2m_record *record,
		       char text[PATH_TEXT_MAX + 1]);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Payloads as a server reads them, into {"/3303/0/5700": 21.7}. As strict about
 * types as Eclipse Leshan (a Float must be a float in TLV and CBOR), with its
 * own small table of resource types and its own CBOR and TLV readers: nothing
 * is shared with the product's codecs. */
#ifndef SERVER_DECODE_H
#define SERVER_DECODE_H
#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/value.h"

/* CoAP content formats of LwM2M 1.1 (Core 7.4). */
enum {
	FORMAT_TEXT = 0, FORMAT_LINK = 40, FORMAT_OPAQUE = 42,
	FORMAT_CBOR = 60, FORMAT_SENML_JSON = 110, FORMAT_SENML_CBOR = 112,
	FORMAT_OLD_TEXT = 1541, FORMAT_TLV = 11542,
};

/* A path in numbers; depth -1 when it is not one of LwM2M. Behind a gateway it
 * has a prefix (LwM2M Gateway 1.1), any text with a letter in it. */
struct path {
	int id[4];
	int depth;
	char prefix[24];
};
struct path path_parse(const char *text);
/* Room for 56 bytes; returns `to`. */
char *path_text(const struct path *p, char *to);

struct decoded {
	struct json_object *values;	/* path: value */
	struct json_object *times;	/* path: SenML time, where given */
	struct json_object *records;	/* of SenML with times: all of them, as
					 * [path, value, time], or NULL */
	const char *error;		/* why it cannot be read, or NULL */
};

/* Decodes the answer to a request for `base`. The caller puts the objects;
 * what was read before an error stays in them. */
struct decoded decode(int format, const char *base, const uint8_t *data,
		      size_t length);

/* The type that the standards give the resource, LWM2M_NONE if not known. */
enum lwm2m_type resource_type(int object, int resource);

/* Shortest text that reads back as the same double (or float). */
char *number_text(double d, int is_float32, char to[32]);
#endif

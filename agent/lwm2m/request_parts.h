/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the files of request.c share, and nobody else. */
#ifndef AGENT_REQUEST_PARTS_H
#define AGENT_REQUEST_PARTS_H
#include "agent/lwm2m/request.h"

/* One request while it is handled. */
struct handling {
	const struct request_scope *scope;
	const struct request *request;
	struct request_room *room;
	struct buf *out;
	struct request_outcome outcome;
};

/* An answer without a payload, or a refusal and why. */
void request_answer(struct handling *h, uint8_t code, const char *reason);
void request_disallow(struct handling *h);

/* request_access.c: false: the server may not, and that was answered. */
bool request_authorise(struct handling *h);

/* Security and OSCORE hold keys: no server sees them; nor, behind a gateway, the
 * accounts that a device has of its own. */
bool request_is_closed(const struct request_scope *scope, uint16_t object);
/* NULL: path is above a resource, or its object does not know it. */
const struct resource_def *request_def(const struct tree *tree,
				       const struct lwm2m_path *path);
bool request_is_readable(const struct tree *tree, const struct lwm2m_path *at);
bool request_is_numeric(const struct resource_def *def);
/* Of the registry; not given: it has none. */
struct request_range request_range_of(const struct resource_def *def);
/* Answers 4.00, naming the range, where one is given and the value is not in
 * it. What is no number is in none. */
void request_range_check(struct handling *h, const struct request_range *range,
			 const struct lwm2m_value *value);
/* Answers 4.00 to a payload of one resource whose content is none of its type,
 * and says which is. */
void request_payload_refuse(struct handling *h, uint16_t format);
/* Answers 4.00 where a value is not of the resource's type, no finite number, or
 * a link to what is not there (Core TS 6.3.3). */
void request_value_check(struct handling *h, const struct resource_def *def,
			 const struct lwm2m_value *value);
/* There, or an empty object? */
bool request_exists(const struct request_scope *scope,
		    const struct lwm2m_path *path);
/* Attributes that only some resources can have: at path. */
uint16_t request_conditions(const struct tree *tree,
			    const struct lwm2m_path *path);
/* Attributes of the query of an Observe. false: refused. */
bool request_observe_query(struct handling *h, uint16_t conditions);

/* The slots of a Read's scope by what can be said of them. */
struct tally {
	size_t served, bad;
	size_t bound, bound_bad;
	bool overflow;
};
/* What can be served below path joins the room's records. */
void request_collect(const struct request_scope *scope,
		     const struct lwm2m_path *path, struct request_room *room,
		     struct tally *tally);
/* Of one time: where some records have one, all get the oldest of them. 2.05,
 * and out is left as it was at any other code. Names have the device's prefix,
 * or (PATH_DEVICE_ANY) that of each record. */
uint8_t request_records_write(uint16_t device, const struct lwm2m_path *path,
			      uint16_t format, struct lwm2m_record *records,
			      size_t n, struct buf *out);

/* The payload to the room's records; their number, -1: refused. */
int request_decode(struct handling *h, uint16_t format);
/* Refuses a record that cannot be written. */
void request_record_check(struct handling *h,
			  const struct lwm2m_record *record);
/* request_quota.c: false: servers have left too much here, which was
 * answered. */
bool request_quota_fits(struct handling *h, size_t n);
/* All have been checked. */
void request_records_apply(struct handling *h, size_t n);

/* The path is there and not closed. */
void request_read_handle(struct handling *h);
void request_discover(struct handling *h);
void request_write(struct handling *h);

/* May instances of the object come of the device itself? */
bool request_expects(const struct request_scope *scope, uint16_t object);
/* Has the instance of the path a resource that a device is behind? */
bool request_is_devices(const struct tree *tree,
			const struct lwm2m_path *path);
/* Is it a Create? Its object need not have an instance. */
bool request_is_create(const struct request_scope *scope,
		       const struct request *request,
		       const struct lwm2m_path *path);
void request_create(struct handling *h);
void request_delete(struct handling *h);

/* The path is the root. */
void request_fetch(struct handling *h);
void request_patch(struct handling *h);
#endif

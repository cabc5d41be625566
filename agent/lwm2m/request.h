/* SPDX-License-Identifier: GPL-2.0-or-later
 * Device management requests of a server (Core TS 6.3, Transport TS 6.4):
 * checks a request against the tree, answers what the tree can answer, and
 * returns what else must be done. Pure: no time, no I/O of its own. */
#ifndef AGENT_REQUEST_H
#define AGENT_REQUEST_H
#include "objects/access.h"
#include "objects/attributes.h"
#include "objects/buf.h"
#include "objects/codec.h"
#include "objects/tree.h"

/* CoAP codes as on the wire (RFC 7252 12.1): CODE(2, 05) is 2.05. */
#define CODE(class_, detail) ((uint8_t)((class_) << 5 | (detail)))
enum request_method {
	REQUEST_GET = 1, REQUEST_POST, REQUEST_PUT, REQUEST_DELETE,
	REQUEST_FETCH, REQUEST_PATCH, REQUEST_IPATCH,
};

struct request {
	uint8_t method;			/* enum request_method, or unknown */
	const char *uri;		/* "3303/0/5700": Uri-Path joined */
	size_t uri_length;
	const char *query;		/* Uri-Query joined by & */
	size_t query_length;
	uint16_t accept, format;	/* FORMAT_NONE: option absent */
	int32_t observe;		/* -1: option absent */
	uint16_t block_size;		/* of the answer's blocks, as it wants
					 * them, 16 to 1024; 0: it says nothing */
	const uint8_t *payload;
	size_t length;
};

/* Of numbers; both ends are in it. */
struct request_range { bool given; double min, max; };

/* What stands behind bound resources. */
struct request_bound {
	/* May this value be written? 0, or the code that refuses it. *range,
	 * given: its own one decides, the registry's does not count. */
	uint8_t (*check)(void *owner, const struct lwm2m_record *record,
			 struct request_range *range);
	/* The value now of a slot that is TREE_COMPUTED, its text in `texts`.
	 * false: there is none. May be NULL: the slot's own then. */
	bool (*compute)(void *owner, const struct lwm2m_path *path,
			const struct tree_slot *slot, int64_t now,
			struct buf *texts, struct lwm2m_value *value);
	/* May instances of the object come that are not there yet? */
	bool (*expects)(void *owner, uint16_t object);
};

/* What a request looks at and changes. */
struct request_scope {
	struct tree *tree;
	const struct object_model *model;
	struct attribute_set *attributes;	/* this server's */
	uint16_t server;		/* short server id */
	uint16_t device;		/* the tree is that of a device behind
					 * this gateway: see path.h */
	bool enforced;			/* object 2 counts: several servers, or
					 * the configuration says so */
	uint8_t rights;			/* of enum access_right, where object 2
					 * says nothing */
	bool serve_stale;		/* stale: serve: the old value of a bad
					 * resource instead of 5.04 */
	bool asleep;			/* its device sleeps by itself: no server
					 * can end queue mode */
	bool with_times;		/* its device sleeps: values of points
					 * go with their own times */
	uint16_t fallback;		/* format without an Accept option for
					 * more than one value: TLV to a 1.0
					 * server, SenML-CBOR or -JSON to 1.1 */
	int64_t now;			/* ns since 1970 */
	const struct request_bound *bound;	/* NULL: nothing is asked */
	void *owner;			/* ... and what it is called with */
};

enum request_kind {
	REQUEST_ANSWERED,	/* code and payload are all */
	REQUEST_OBSERVE,	/* answered; keep an observation of path, or
				 * of all `paths` */
	REQUEST_CANCEL,		/* answered; forget the observation of token */
	REQUEST_WRITE,		/* held ones are set (touched); `writes` go to
				 * the bus, in order, then code is the answer */
	REQUEST_EXECUTE,	/* of path, with the arguments in the payload,
				 * then code is the answer. What an IPSO reset
				 * does is done already: such a one comes as
				 * REQUEST_WRITE with touched and no writes */
	REQUEST_ATTRIBUTES,	/* answered; they were changed at path */
	REQUEST_CREATED,	/* done: the instance at path, of the touched */
	REQUEST_DELETED,	/* done: what was at path, an instance or an
				 * element */
};

struct request_outcome {
	enum request_kind kind;
	uint8_t code;			/* CODE() */
	uint16_t format;		/* of the payload written, or NONE */
	struct lwm2m_path path;
	const struct lwm2m_path *paths;	/* of a composite, in order, none
					 * below another; else NULL */
	size_t n_paths;
	struct attributes attributes;	/* OBSERVE: of this one alone */
	uint16_t block_size;		/* ... and of its notifications, as in
					 * the request */
	bool chosen;			/* CREATED: the instance's id was ours
					 * to choose, the server is told */
	const char *reason;		/* for 4.xx: diagnostic, literal or in
					 * the room */
	/* Values are borrowed from the request and scratch. */
	struct lwm2m_record *writes;	/* bound resources */
	size_t n_writes;
	struct lwm2m_path *touched;	/* held resources that were changed */
	size_t n_touched;
};

#define REQUEST_RECORDS 1024	/* resources in one request or answer */

/* What servers have written to one endpoint, at most: resources, and texts and
 * bytes in them. 4.13 then. */
#define REQUEST_HELD 960
#define REQUEST_HELD_BYTES (256 * 1024)
#define REQUEST_REASON 96	/* bytes of a diagnostic with numbers in it */
#define REQUEST_SCRATCH (72 * 1024)	/* texts and bytes of one request */

/* Room for one request at a time; one per agent thread. */
struct request_room {
	struct lwm2m_record records[REQUEST_RECORDS];
	struct lwm2m_path touched[REQUEST_RECORDS];
	uint8_t scratch[REQUEST_SCRATCH];
	uint8_t computed[65536];	/* texts of an answer ... */
	size_t n_computed;		/* ... and their bytes so far */
	char reason[REQUEST_REASON];
};

/* A Write that replaces (PUT) an instance leaves what the payload does not
 * name as it is; of a multiple resource that it names, elements that it does
 * not name go. Without a Content-Format one value is text and more are TLV.
 * An Observe of what has no value yet is answered 5.03 and not kept. FETCH and
 * iPATCH are at the root and of SenML; 4.01 for an object that is closed. The
 * query of an Observe has attributes of its own, that of a Discover the depth
 * (LwM2M 1.2).
 *
 * Every error is the code that Transport TS 6.7 names: 4.00 malformed, 4.01
 * objects 0 and 21 and what access control refuses, 4.04 nothing there, 4.05
 * operation not allowed on it, 4.06 Accept, 4.13 more than REQUEST_RECORDS,
 * 4.15 Content-Format, 5.03 no value yet, 5.04 its device does not answer, 5.00
 * the answer does not fit out. */
struct request_outcome request_handle(const struct request_scope *scope,
				      const struct request *request,
				      struct request_room *room,
				      struct buf *out);

/* What a diagnostic calls a type: "a whole number". */
const char *request_type_text(uint32_t type);
/* May the server do that (one of enum access_right) at path? Of an object: with
 * one of its instances. */
bool request_may(const struct request_scope *scope,
		 const struct lwm2m_path *path, uint8_t right);
/* May it read path, or a part of it? Of what is not there: yes. */
bool request_is_visible(const struct request_scope *scope,
			const struct lwm2m_path *path);
/* May servers make and delete instances (Core TS 6.3.6, 6.3.7) by what the
 * object is? Of the compiled ones 16 and 19; of XML files those with several
 * instances, of which all mandatory resources, and one at least, are
 * writable. */
bool request_allows_create(const struct object_def *object);
/* ... and make one here? */
bool request_is_creatable(const struct request_scope *scope, uint16_t object);
/* The i-th of those that are created at every endpoint, 0: no more. */
uint16_t request_creatable(size_t i);

/* ---- names of devices behind a gateway ---- */

/* The scopes of a Read-Composite of several. false: there is no such device, or
 * it may not be asked. now: monotonic ns. */
struct request_devices {
	bool (*scope)(void *owner, uint16_t device, int64_t now,
		      struct request_scope *scope);
	void *owner;
	int64_t now;
};

/* Which device the names of a composite request are of; 0: of none, or it is no
 * composite or not readable. false: they are of several. */
bool request_devices_named(const struct request *request,
			   struct request_room *room, uint16_t *device);
/* The answer to such a one: the values of a Read-Composite; to all others 4.00.
 * What is not there is left out. */
struct request_outcome request_read_devices(const struct request_devices *of,
					    const struct request *request,
					    struct request_room *room,
					    struct buf *out);

/* What a Read of path gives, for answers and notifications alike. Returns the
 * code; *format is set to what was written; accept FORMAT_NONE: our choice
 * (text for one value to a 1.0 server, else scope->fallback). */
uint8_t request_read(const struct request_scope *scope,
		     const struct lwm2m_path *path, uint16_t accept,
		     struct request_room *room, struct buf *out,
		     uint16_t *format);

/* The same for paths in order, none below another, in a format of SenML: what
 * is not there, not readable or has no value that is true is left out (Core TS
 * 6.3). 2.05; 4.01 none of the paths may be seen, 5.00. *n: values. */
uint8_t request_read_composite(const struct request_scope *scope,
			       const struct lwm2m_path *paths, size_t n_paths,
			       uint16_t format, struct request_room *room,
			       struct buf *out, size_t *n);
#endif

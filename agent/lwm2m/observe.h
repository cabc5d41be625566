/* SPDX-License-Identifier: GPL-2.0-or-later
 * One observation (Core TS 6.4.2, 7.3.2): when a change becomes a
 * notification. Pure; monotonic ns. The hub calls observe_changed() for every
 * new value below the path, and observe_due() when the time has come. */
#ifndef AGENT_OBSERVE_H
#define AGENT_OBSERVE_H
#include "agent/base/wall.h"
#include "objects/attributes.h"
#include "objects/value.h"

#define OBSERVE_NEVER INT64_MAX

struct observe_last {			/* one resource with conditions */
	struct lwm2m_path path;
	bool waits;			/* a value of it is not judged yet */
	double value;			/* last sent; NaN: none yet */
	int64_t judge_at;		/* the next one, not before; epmin */
};

struct observation {
	struct observation *next;
	struct lwm2m_path path;		/* the root, where there are */
	uint16_t n_paths;		/* those of an Observe-Composite, */
	uint16_t n_last;
	uint16_t format;		/* the answers', as first given */
	struct lwm2m_path *paths;	/* ... owned; else NULL */
	struct observe_last *last;	/* n_last of those with conditions,
					 * owned */
	uint8_t token[8];
	uint32_t sequence;		/* Observe option, 24 bits */
	uint32_t pmin, pmax;		/* s, in force for path; pmax 0: none */
	int64_t sent;			/* when the last one went out */
	int64_t sent_before;		/* ... where it is `held` since */
	int64_t due;			/* a notification is due, or NEVER;
					 * pmax counts also without a change */
	int64_t newest_sent;		/* wall ns: the newest value that was
					 * sent, or kept to be */
	int64_t confirmed;		/* when a confirmable one went out */
	struct attributes *own;		/* of its request, in place of those of
					 * the server's set; owned, or NULL */
	uint16_t block_size;		/* of notifications, that its request
					 * has named; 0: none (RFC 7959 2.4) */
	uint8_t token_length;
	bool pending;			/* a condition held since `sent` */
	bool news;			/* ... and what it held for is neither
					 * sent nor kept yet */
	bool held;			/* a value waits for the answer to what
					 * is under way */
	bool confirmable;		/* con=1 of one of its paths */
};

/* NULL: no memory. */
struct observation *observe_create(const struct lwm2m_path *path,
				   const uint8_t *token, uint8_t token_length,
				   uint16_t format);
/* The same of several (Observe-Composite): one notification has them all. */
struct observation *observe_create_composite(const struct lwm2m_path *paths,
					     size_t n, const uint8_t *token,
					     uint8_t token_length,
					     uint16_t format);
void observe_destroy(struct observation *observation);	/* NULL is fine */
/* All from the first on. */
void observe_destroy_all(struct observation **first);

/* Is path one of its own, or below one? */
bool observe_covers(const struct observation *observation,
		    const struct lwm2m_path *path);
/* The i-th of its paths; NULL: no more. */
const struct lwm2m_path *observe_path(const struct observation *observation,
				      size_t i);

/* Attributes of this observation alone, none inherited by another, in place of
 * those that it has; NULL: none. 0, -ENOMEM; before observe_configure(). */
int observe_attach(struct observation *observation,
		   const struct attributes *own);

/* Takes pmin and pmax in force from set, with the server's defaults (1/x/2,
 * 1/x/3) below them; pmax of 0 or below pmin is ignored. Of several paths the
 * longest pmin holds and the shortest pmax, which is pmin where it is shorter
 * than that. After creation, and whenever attributes or defaults change.
 * Returns the new due time. */
int64_t observe_configure(struct observation *observation,
			  const struct attribute_set *set,
			  uint32_t default_pmin, uint32_t default_pmax,
			  int64_t now);

/* hqmax in force for path, below one of its own (Core TS 1.2, 7.3.2): how many
 * values of it the server wants kept. UINT32_MAX: it says nothing. */
uint32_t observe_hqmax(const struct observation *observation,
		       const struct attribute_set *set,
		       const struct lwm2m_path *path);
/* epmax in force for path, below one of its own; 0: none. s */
uint32_t observe_epmax(const struct observation *observation,
		       const struct attribute_set *set,
		       const struct lwm2m_path *path);

/* value at path (depth 3 or 4, covered by the observation's) is new or has
 * changed; set: this server's attributes. Conditions compare with the last
 * sent value: crossing gt or lt in either direction, a step of at least st;
 * edge with the last value, sent or not. A resource without any, or of which
 * nothing was sent since it has them, counts as changed: for an instance or
 * object, one such member is enough. What has held once stays due, though the
 * value may be back when pmin is over. With epmin a value that comes sooner
 * after the one judged last waits: the call at the time returned is for
 * observe_unjudged() then.
 * Returns when to call observe_due(): now, later (pmin), or OBSERVE_NEVER. */
int64_t observe_changed(struct observation *observation,
			const struct attribute_set *set,
			const struct lwm2m_path *path,
			const struct lwm2m_value *value, int64_t now);

/* Copies out a path whose value may be judged now; it is not given again: call
 * observe_changed() with the value that is there. false: none, observe_due()
 * says the rest. */
bool observe_unjudged(struct observation *observation, int64_t now,
		      struct lwm2m_path *path);

/* Should a notification go out now (a condition held and pmin is over, or
 * pmax is)? */
bool observe_due(const struct observation *observation, int64_t now);
/* Due now, whatever pmin says: what it shows is not to be seen any more. */
void observe_force(struct observation *observation, int64_t now);
/* Is a value still to be told, or to be judged? */
bool observe_owes(const struct observation *observation);
/* It was handed to the transport, or answered at registration: both clocks
 * restart. Then observe_remember() for each numeric value in it that has
 * conditions. */
void observe_sent(struct observation *observation, int64_t now);
/* Where notifications need no confirmation: is one due all the same, because
 * there was none for a day (RFC 7641 4.5)? */
bool observe_must_confirm(const struct observation *observation, int64_t now);
/* It is due, and cannot go before the answer to what is under way: the clocks
 * restart, so that pmin parts the values kept until then. */
void observe_hold(struct observation *observation, int64_t now);
/* Nothing was sent since it is held: it is due since it was then. */
void observe_retry(struct observation *observation);
/* 0, or -ENOMEM: the next value will count as a change. */
int observe_remember(struct observation *observation,
		     const struct attribute_set *set,
		     const struct lwm2m_path *path,
		     const struct lwm2m_value *value);
/* The wall clock was set: what all from the first on were told, and when. */
void observe_correct(struct observation *first, const struct clock_step *step);
#endif

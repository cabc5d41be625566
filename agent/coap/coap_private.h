/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the files of coap.c share: a connection, and what is under way on it. */
#ifndef AGENT_COAP_PRIVATE_H
#define AGENT_COAP_PRIVATE_H
#include <coap3/coap.h>
#include "agent/coap/blockwise.h"
#include "agent/coap/coap.h"
#include "agent/coap/coap_session.h"
#include "agent/coap/epoll_shim.h"
#include "agent/coap/stream_inspect.h"
#include "agent/base/heap.h"

#define SECOND INT64_C(1000000000)
#define TURN_EVENTS 256
#define EXCHANGE_LIFETIME (247 * SECOND)	/* RFC 7252 4.8.2 */
#define HANDSHAKE_WAIT (30 * SECOND)

/* What has been sent confirmable and is not answered or acknowledged yet: one at
 * a time, as RFC 7252 4.7 wants it (NSTART 1). */
enum outstanding {
	OUTSTANDING_NONE, OUTSTANDING_REQUEST, OUTSTANDING_NOTIFY,
	OUTSTANDING_SEPARATE,
};

/* A body that goes out block by block: our request's, or an answer's. */
struct body {
	uint32_t key, etag;
	uint16_t format;
	uint8_t code;
	size_t length;
	uint8_t at[];
};

/* Our request, kept until it is answered, for its further blocks. */
struct outgoing {
	uint8_t method;
	uint16_t format;
	uint16_t n_path, n_query;
	bool wants_block2, has_accept;
	struct block block, block2;
	size_t length;
	uint16_t accept;
	uint8_t at[];			/* path, query, payload */
};

struct coap_separate {
	struct coap_separate *next;
	struct coap_connection *connection;	/* NULL: it was closed */
	struct body *body;		/* the answer, once there is one */
	int64_t ack_at;			/* when it is acknowledged alone, if the
					 * answer is not there; 0: it was */
	uint32_t block1, located;	/* as in coap_exchange */
	uint16_t mid, token_hash;
	uint8_t token[8], token_length;
	bool non;			/* the request was: so is the answer */
	uint8_t unwanted;		/* as in coap_exchange */
	uint8_t copies;			/* more that came before its ACK */
};

/* Notifications that nobody acknowledges, the last few: one may be refused. */
#define NOTIFIED_MAX 8
struct notified {
	struct { uint16_t mid; uint8_t token[8],
		token_length; } at[NOTIFIED_MAX];
	uint8_t next;
};

/* A context of libcoap with the sessions of some connections. It costs 1.4 kB,
 * most of that tables with a session or none; but libcoap looks at all of its
 * sessions at each event, and a list of all that waits for an ACK is in it. */
#define SHARD_CONNECTIONS 16
struct shard {
	coap_context_t *context;
	struct epoll_shim shim;
	struct heap_item due;		/* libcoap wants to be called then */
	struct shard *next, **link;	/* of those with room; link NULL: of no
					 * list */
	uint8_t n;			/* connections */
	bool pings;			/* when nothing else is sent */
};

/* Why we have ended a stream. */
enum stream_cut { CUT_NOT, CUT_UNREAD, CUT_ENDLESS, CUT_MALFORMED };

struct coap_connection {
	struct shard *shard;
	coap_session_t *session;
	void *owner;
	const struct coap_handlers *handlers;
	struct heap_item due;
	int64_t give_up;		/* of the message under way */
	struct outgoing *outgoing;
	struct body *answer;		/* whose blocks are asked for */
	struct block_body *incoming;	/* the last that had a block */
	struct block_body *other;	/* ... the one before, or NULL */
	int64_t lapse;			/* of all; 0: there is none */
	int socket;
	uint32_t unsent;		/* of a stream: bytes given to libcoap since it
					 * could last be written to */
	uint32_t asked;			/* ... messages without a pause */
	uint32_t filled;		/* ... bytes that came in this turn */
	struct stream_inspection *stream;	/* NULL: none yet */
	struct dedup *dedup;
	struct notified *notified;		/* NULL: none yet */
	struct coap_separate *separates;
	uint8_t outstanding, token[8], token_length;
	uint16_t mid;			/* of the message under way, which ... */
	bool acked;			/* ... has an ACK */
	uint8_t transport;		/* enum coap_transport */
	uint8_t cut;			/* enum stream_cut, of a stream */
	bool idle_owed, up, proven, doubted, ended;
	bool silent;			/* what is under way: its owner knows */
	union {
		struct handshake *handshake;	/* until it is up, or NULL */
		int64_t since;			/* up since then */
		struct coap_connection *next_closed;
	} is;
};

struct coap_exchange {
	struct coap_connection *connection;
	const coap_pdu_t *pdu;
	coap_pdu_t *response;
	uint32_t key;			/* of its path and query */
	uint32_t block1;		/* option + 1 to echo; 0: none */
	struct block block2;		/* wanted */
	uint32_t located;		/* object and instance; 0: none */
	bool answered, needs_dedup;
	uint8_t unwanted;		/* classes of answers, 1 << class - 1
					 * (RFC 7967), and 1; 0: it says nothing */
	struct coap_separate *later;
};

struct coap_state {
	const struct coap_handlers *handlers;
	struct heap due, shards_due;
	struct shard *shards;	/* with room */
	struct coap_connection *closed;
	struct coap_counts counts;
	int64_t now;			/* of the turn, or of the call: what
					 * libcoap calls back for is then */
	uint32_t etag;
	int epoll;
	struct epoll_event events[TURN_EVENTS];	/* of the next turn */
	int n_events;
	bool waited;		/* they are there, even if none */
	struct coap_connection *reads;	/* whose datagram it takes now */
	uint8_t verdict;	/* of the datagram that libcoap takes now */
	bool inspects;		/* libcoap has asked for one: it does so here */
	const coap_session_t *failed;	/* the last one, and why */
	int error, alert;
};
extern struct coap_state coap_state;

/* coap_shard.c: a context for one more connection, for it alone if need be; n is 1
 * of one that is new. NULL: errno says why. */
struct shard *shard_take(bool alone);
/* The session of one of them was released. */
void shard_leave(struct shard *shard);
struct shard *shard_of(struct epoll_shim *shim);
/* Takes what has come to a socket of it. */
void shard_read(struct shard *shard, struct epoll_event *event, int64_t now);
/* libcoap is called then, or sooner: what is due is sent again, or given up. */
void shard_wake(struct shard *shard, int64_t when);
/* Those whose time has come. */
void shards_turn(int64_t now);

/* coap_receive.c: does libcoap, before it takes a datagram, come by inspect.h?
 * One is sent over loopback; where that cannot be, it is believed. */
bool connection_inspects(void);
/* coap_send.c */
extern const struct block block_whole;	/* the first, of the largest size */
/* Its due time is that of the message under way, or of what else it waits for. */
void connection_arm(struct coap_connection *connection, int64_t now);
bool connection_is_stream(const struct coap_connection *connection);
/* For object 7. */
void connection_traffic(struct coap_connection *connection, bool sent,
			size_t bytes);
size_t pdu_bytes(const coap_pdu_t *pdu);
#define EMPTY_MESSAGE 4			/* an ACK; bytes */
/* libcoap takes whatever a stream has no room for, and reads on as long as there
 * is something to be read: both are bounded here. What it has been given; ends
 * a stream that is not read. */
void connection_given(struct coap_connection *connection, size_t bytes);
/* Ends a stream. */
void connection_cut(struct coap_connection *connection, enum stream_cut why);

/* coap_stream.c: takes what has come to the socket of a stream. */
void stream_read(struct coap_connection *connection, struct epoll_event *event,
		 int64_t now);
/* For gnutls_shim.h. */
ssize_t stream_decrypted(void *tls, void *to, size_t n);

/* coap_send.c */
/* With a new message id; aborts without memory. */
coap_pdu_t *pdu_create(struct coap_connection *connection,
		       coap_pdu_type_t type, uint8_t code,
		       const uint8_t *token, size_t length);
/* The body's block with its options; observe: sequence number or -1; block1:
 * option + 1 to echo, or 0. */
void pdu_fill(coap_pdu_t *pdu, const struct body *body, struct block block,
	      int32_t observe, uint32_t block1);
void pdu_add_number(coap_pdu_t *pdu, uint16_t option, uint32_t number);
struct body *body_create(uint8_t code, uint16_t format, uint32_t key,
			 const uint8_t *payload, size_t length);
/* For the blocks that will be asked for; frees it where there are none. */
void connection_keep_answer(struct coap_connection *connection,
			    struct body *body, const struct block *sent);
/* A message of this token is under way now, and supervised. */
void connection_exchange_start(struct coap_connection *connection,
			       enum outstanding outstanding,
			       const uint8_t *token, size_t length,
			       int64_t now);
/* One that was started; -EIO: nothing is under way. */
int connection_send(struct coap_connection *connection, coap_pdu_t *pdu,
		    int64_t now);
/* The next block of our request. */
int connection_send_outgoing(struct coap_connection *connection, int64_t now);

/* The next block is waited for so long (RFC 7959 2.4, 2.5); to be called at
 * each block. */
void connection_await_block(struct coap_connection *connection);
void connection_lapse(struct coap_connection *connection, int64_t now);

/* coap_receive.c */
/* Requests, responses and what was not acknowledged come to the connections of
 * this context. */
void context_listen(coap_context_t *context);
void connection_release_incoming(struct coap_connection *connection);

/* coap_response.c */
/* All but the requests. */
void context_listen_responses(coap_context_t *context);
/* What was under way has ended. */
void connection_exchange_end(struct coap_connection *connection,
			     enum coap_outcome outcome,
			     const struct coap_answer *answer, int64_t now);
/* What is under way has no answer yet: its owner is told, if it wants to know. */
void connection_silent(struct coap_connection *connection, const char *why,
		       int64_t now);

/* coap_answer.c */
/* A request's token, for dedup_find(). */
uint16_t exchange_token_hash(const uint8_t *token, size_t n);
/* For its copies. code: 0 where the answer is still to come. */
void exchange_remember(struct coap_connection *connection,
		       const struct coap_exchange *exchange, uint16_t token,
		       uint8_t code);
/* Location-Path of an instance: its object in the upper half. */
void pdu_add_location(coap_pdu_t *pdu, uint32_t located);
/* The first late answer that there is, unless something is under way. */
void connection_send_separate(struct coap_connection *connection, int64_t now);
/* Acknowledges requests whose answer has not come with the first of them that
 * was due; INT64_MAX: nothing waits for that. */
void connection_acknowledge(struct coap_connection *connection, int64_t now);
int64_t connection_ack_due(const struct coap_connection *connection);
/* Sends what needs no acknowledgement. -EIO */
int connection_tell(struct coap_connection *connection, coap_pdu_t *pdu);
#endif

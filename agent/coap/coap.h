/* SPDX-License-Identifier: GPL-2.0-or-later
 * CoAP by libcoap: one client session per connection, all driven by one epoll
 * descriptor. Agent thread only.
 *
 * libcoap's block mode is never set: message-id de-duplication, block-wise
 * transfer both ways, Observe and the supervision of deadlines are here.
 * One confirmable message is under way per connection at a time. */
#ifndef AGENT_COAP_H
#define AGENT_COAP_H
#include <sys/socket.h>
#include "agent/coap/credentials.h"
#include "agent/lwm2m/request.h"
#include "objects/buf.h"

struct coap_connection;
struct coap_exchange;		/* a request that is being answered */
struct coap_separate;		/* one that is answered later */

enum coap_outcome {
	COAP_ANSWERED,		/* a response to our request */
	COAP_ACKED,		/* our notification was acknowledged */
	COAP_REFUSED,		/* Reset: that observation is over */
	COAP_NO_ANSWER,		/* all retransmissions, or 93 s (a request over
				 * DTLS, TCP or TLS: 20 s), are over */
};

/* Option values one after the other, each behind its length byte. */
struct coap_segments { const uint8_t *at; size_t n; };

struct coap_answer {
	uint8_t code;			/* CODE() */
	struct coap_segments location;	/* Location-Path, verbatim */
	const uint8_t *payload;
	size_t length;
	uint16_t format;		/* of the payload, or FORMAT_NONE */
	uint32_t max_age;		/* s; 0: it says nothing */
	bool has_block2;		/* a part of the body: */
	uint32_t block2;		/* its number, ... */
	size_t block2_size;		/* ... bytes of all but the last, ... */
	bool more;			/* there is one behind it */
	uint32_t etag;			/* of the whole; hash, 0: none */
};

/* What has become of a session over DTLS, TCP or TLS. */
struct coap_session_failure {
	const char *why;	/* for people */
	int alert;		/* of TLS, that the server has sent; or -1 */
	bool new;		/* it never was up: the handshake failed */
};

/* owner is the connection's; now: the time of the turn in which it is called.
 * Each may call coap_close() for its own connection: what libcoap may still be
 * working with is freed in a later turn. */
struct coap_handlers {
	/* Answer by coap_respond(), or take coap_separate_begin(); neither:
	 * 5.00. */
	void (*request)(void *owner, struct coap_exchange *exchange,
			const struct request *request,
			const uint8_t *token, uint8_t token_length,
			int64_t now);
	/* Our request or notification (token) has ended. */
	void (*ended)(void *owner, enum coap_outcome outcome,
		      const uint8_t *token, uint8_t token_length,
		      const struct coap_answer *answer, int64_t now);
	/* Our request, or the handshake, has no answer yet, and goes on: the
	 * network says that nobody is there (why tells it, for people), or its
	 * first retransmission is due (why may be NULL). At most once a message
	 * for the latter. May be NULL. */
	void (*silent)(void *owner, const char *why, int64_t now);
	/* An answer by coap_respond_separately() has ended, not ANSWERED. May
	 * be NULL. */
	void (*answered)(void *owner, enum coap_outcome outcome,
			 int64_t now);
	/* A notification that needed no ACK got a Reset: that observation is
	 * over (RFC 7641 3.6). May be NULL. */
	void (*refused)(void *owner, const uint8_t *token,
			uint8_t token_length, int64_t now);
	/* Nothing is under way: the next message may be sent. */
	void (*idle)(void *owner, int64_t now);
	/* The session is gone, or never came to be; what was under way has
	 * ended with it. Nothing more comes: close the connection. */
	void (*broken)(void *owner, const struct coap_session_failure *failure,
		       int64_t now);
	/* A message has gone out or come in: bytes with its IP header, without
	 * what libcoap repeats on its own. */
	void (*traffic)(void *owner, bool sent, size_t bytes, int64_t now);
	/* A block of a request's body has come, not the last. 0, with how much
	 * the whole may be; or the code that refuses it. NULL: 72 KiB. */
	uint8_t (*block)(void *owner, const struct request *request,
			 size_t so_far, size_t *most, int64_t now);
};

int coap_start(const struct coap_handlers *handlers);
void coap_stop(void);
/* Waits until there is something to do, `ms` at most (-1: for ever, 0: not at
 * all); coap_turn() takes it then, and at the time that coap_due() says
 * (monotonic ns, INT64_MAX: never). true: a COAP_WATCH_TOLD is readable. */
bool coap_wait(int ms);
/* One more descriptor that ends a wait, until it is closed: while it is
 * readable, or (EDGE) when it has become so. Aborts where it cannot be watched. */
enum coap_watch { COAP_WATCH_LEVEL, COAP_WATCH_EDGE, COAP_WATCH_TOLD };
void coap_watch(int fd, enum coap_watch kind);
void coap_turn(int64_t now);
int64_t coap_due(void);

enum coap_transport {
	COAP_OVER_UDP, COAP_OVER_DTLS, COAP_OVER_TCP, COAP_OVER_TLS,
};
struct coap_peer {
	enum coap_transport transport;
	const struct sockaddr *address;
	socklen_t length;
	const struct credentials *credentials;	/* of DTLS and TLS; what is
						 * needed of them is copied */
	const char *host;	/* of its URI: in its certificate */
	uint32_t keepalive;	/* s without a message, then a ping; 0: none */
	const struct coap_handlers *handlers;	/* NULL: those of the start */
};
/* Its own port. The handshake goes on by itself, 30 s at most; what is sent
 * before its end waits for that. NULL: why says it. */
struct coap_connection *coap_open(const struct coap_peer *peer, void *owner,
				  char *why, size_t size, int64_t now);
/* Others than coap_start()'s: this owner is of another kind. */
void coap_handle(struct coap_connection *connection,
		 const struct coap_handlers *handlers);
/* Nothing of owner is called any more. NULL is fine. */
void coap_close(struct coap_connection *connection);

/* Its own address. false: not known. */
bool coap_local(const struct coap_connection *connection,
		struct sockaddr_storage *address);
/* Is a message of ours under way? */
bool coap_busy(const struct coap_connection *connection);
/* Is an answer of ours still to be given, by coap_respond_separately()? */
bool coap_owes(const struct coap_connection *connection);
/* Since when, monotonic ns; INT64_MAX: none is. */
int64_t coap_since(const struct coap_connection *connection);
/* Has a server answered over it before? */
bool coap_proven(const struct coap_connection *connection);
/* The way to the server is not what it was: a session that serves still answers
 * the next request soon (6 s instead of 20 s), or it is none. */
void coap_doubt(struct coap_connection *connection);
/* What is under way is given up, and is not told of: the next message goes at
 * once. Only before the last one: the line then bears two (RFC 7252 4.7).
 * false: nothing is under way, or it waits for the handshake and stays. */
bool coap_give_up(struct coap_connection *connection);
/* Can a session under it die unnoticed (DTLS, TCP, TLS)? */
bool coap_has_session(const struct coap_connection *connection);
/* For the status. */
struct coap_description {
	const char *suite;	/* of the cipher, or NULL */
	bool up;		/* the handshake is over */
	int64_t since;		/* ... since then, monotonic ns */
};
struct coap_description coap_describe(const struct coap_connection *connection);

struct coap_message {
	uint8_t method;			/* enum request_method */
	struct coap_segments path, query;
	uint16_t format;		/* of the payload, or FORMAT_NONE */
	const uint8_t *payload;		/* copied; more than 1,024 bytes go */
	size_t length;			/* block by block */
	bool has_accept;
	uint16_t accept;		/* Content-Format of the answer */
	bool wants_block2;		/* of the answer: */
	uint32_t block2;		/* number, for blocks of block2_size */
	size_t block2_size;		/* 16 to 1024 */
};
/* -EBUSY one is under way, -EIO. `ended` follows. */
int coap_request(struct coap_connection *connection,
		 const struct coap_message *message, int64_t now);
struct coap_notification {
	const uint8_t *token;
	uint8_t token_length;
	uint8_t code;		/* 2.05, or an error that ends it */
	bool confirmable;
	uint16_t format;
	uint32_t sequence;	/* Observe option; not sent with an error */
	const char *uri;	/* "3303/0": later blocks are asked for by it */
	const uint8_t *payload;
	size_t length;
	size_t block_size;	/* 16 to 1024, of its first block; 0: 1,024 */
};
/* -EBUSY as above where it is confirmable, and `ended` follows then. One that
 * is not waits for nothing: a server that never acknowledges holds up itself. */
int coap_notify(struct coap_connection *connection,
		const struct coap_notification *notification, int64_t now);

/* code, format (NONE), payload; observe: sequence number or -1. */
void coap_respond(struct coap_exchange *exchange, uint8_t code,
		  uint16_t format, const uint8_t *payload, size_t length,
		  int32_t observe);
/* Before coap_respond() without a payload: Location-Path of a new instance. */
void coap_locate(struct coap_exchange *exchange,
		 const struct lwm2m_path *path);
/* A separate response (RFC 7252 5.2.2): an empty ACK now, the answer by
 * coap_respond_separately(), which frees it. NULL: too
 * many wait (16): answer 5.03. Void when the connection is closed. */
struct coap_separate *coap_separate_begin(struct coap_exchange *exchange);
/* The same as coap_locate(), for the answer that comes later. */
void coap_locate_later(struct coap_separate *later,
		       const struct lwm2m_path *path);
void coap_respond_separately(struct coap_separate *later, uint8_t code,
			     uint16_t format, const uint8_t *payload,
			     size_t length, int64_t now);

/* Datagrams so far, of all connections; lapsed: bodies in blocks that were never
 * finished; cut: streams whose peer did not read; busy: requests for
 * which too many others waited. */
struct coap_counts { uint64_t sent, received, failed, lapsed, cut, busy; };
struct coap_counts coap_counts(void);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * The most that one peer can take of our memory and time, whatever it does. What
 * is above is refused or dropped, counted, and told. Each has a test, which is
 * named beside it. */
#ifndef AGENT_LIMITS_H
#define AGENT_LIMITS_H

/* ---- a server, of one endpoint */

/* Bytes that it was sent over TCP or TLS, has not read, and the kernel has no
 * room for: it is cut off, and the session begun anew. Counted as "unread", as
 * is the next. (e2e test_limits) */
#define STREAM_UNSENT_MAX (64 * 1024)
/* Messages of any kind over TCP or TLS without a pause, that is while more of them
 * is there already. Cut off likewise. (e2e test_limits) */
#define STREAM_ASKED_MAX 5000
/* Bytes over TCP or TLS in one turn, but for the rest of a record: others are
 * looked after before what is left. (test_coap_session) */
#define STREAM_TURN_MAX (64 * 1024)
/* Of its requests those that wait for a device to answer. One more gets 5.03,
 * counted as "busy". (test_coap) */
#define LATERS_MAX 16
/* Those of them that wait for one device, of all servers. (test_endpoint) */
#define TRANSACTION_HELD_MAX 12
/* Bytes of a request's body in blocks: 64 KiB in base64, and names. More gets
 * 4.13. (test_blockwise) What is not finished goes after EXCHANGE_LIFETIME,
 * counted as "blocks". (test_coap) */
#define BLOCK_BODY_MAX (96 * 1024)
/* Answers kept for copies of their requests (RFC 7252 4.5), and copies of one
 * request that are answered. (test_blockwise) */
#define DEDUP_MAX 16
#define COPIES_MAX 3
/* Of our confirmable messages one is under way at a time (NSTART, RFC 7252 4.7),
 * request or notification; the rest waits, of each point the newest, and what is
 * stored and forwarded in its own budget. (test_coap) */

/* Seconds between two tries to register or to bootstrap, whatever a server has
 * written into 1/x/17 to 20; but for a fifth of jitter.
 * (test_registration, test_bootstrap) */
#define RETRY_LEAST 2

/* ---- who asks at the control socket */

/* At a time; one more is hung up on, as is who is too slow to ask or to read.
 * Counted: lwmux_control_dropped_total. (e2e test_limits) */
#define CONTROL_PEERS_MAX 64
#define CONTROL_REQUEST_MAX 2048	/* bytes (e2e test_hostile) */
#define CONTROL_UNREAD_MAX (1 << 20)	/* bytes; one line more goes through */

/* ---- the log */

/* Lines about endpoints in LOG_WINDOW seconds, errors apart; how many were left
 * out is said. (test_log) */
#define LOG_LINES_MAX 200
#define LOG_WINDOW 10

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Connections and the loop that drives them. What libcoap does not do for us is
 * done here and in the other coap_*.c: de-duplication, block-wise
 * transfer, to learn of an ACK, own deadlines. */
#include <errno.h>
#include <gnutls/crypto.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "agent/coap/coap_private.h"
#include "agent/coap/credentials_parts.h"
#include "agent/coap/gnutls_shim.h"
#include "agent/base/log.h"
#include "agent/base/monotonic.h"

#define SESSION_TRIES 4			/* within that */
#define HANDSHAKE_TRIES 100
#define ACK_TIMEOUT (2 * SECOND)	/* no retransmission before it: 4.8 */
#define MAX_RETRANSMIT 4	/* RFC 7252 4.8 */

struct coap_state coap_state = {.epoll = -1};

/* libcoap counts on the wall clock, whose steps stall its retransmissions:
 * this stands before its own function. */
__attribute__((visibility("default"))) void coap_ticks(coap_tick_t *ticks)
{
	*ticks = (coap_tick_t)(monotonic_read() / (SECOND / COAP_TICKS_PER_SECOND));
}

/* Asked for each message; libcoap's own makes a system call each time. Its
 * return value: 1 is good. */
static int random_fill(void *to, size_t n)
{
	return gnutls_rnd(GNUTLS_RND_NONCE, to, n) == 0;
}

/* ---- connections ---- */

struct handshake *handshake_of(const coap_session_t *session)
{
	const struct coap_connection *c = coap_session_get_app_data(session);

	return c && c->owner && !c->up ? c->is.handshake : NULL;
}

static bool on_verify(void *transport, void *tls)
{
	struct handshake *h = handshake_of(transport);

	if (h)
		h->verified = credentials_verify(&h->credentials, h->host, tls,
						 h->why, sizeof(h->why));
	return h && h->verified;
}

static void on_failed(void *transport, int error, int alert)
{
	struct handshake *h = handshake_of(transport);

	if (h) {
		h->failed = true;
		h->error = error;
		h->alert = alert;
	}
	coap_state.failed = transport;
	coap_state.error = error;
	coap_state.alert = alert;
	log_line(LOG_TRACE, NULL, NULL, "gnutls: error %d, alert %d", error,
		 alert);
}

/* Nothing is done here but to note it: libcoap is in the middle of things. */
static int on_event(coap_session_t *session, const coap_event_t event)
{
	static const coap_event_t ends[] = {
		COAP_EVENT_DTLS_CLOSED, COAP_EVENT_DTLS_ERROR,
		COAP_EVENT_TCP_CLOSED, COAP_EVENT_TCP_FAILED,
		COAP_EVENT_SESSION_CLOSED, COAP_EVENT_SESSION_FAILED,
	};
	struct coap_connection *c = coap_session_get_app_data(session);

	for (size_t i = 0; c && c->owner && i < sizeof(ends) / sizeof(*ends);
	     i++)
		if (event == ends[i]) {
			c->ended = true;
			heap_set(&coap_state.due, &c->due, coap_state.now);
		}
	return 0;
}

/* Keys and pings are the context's in libcoap; of a session that fails it takes
 * the messages back, by which those of others are sent again too early; and an
 * ACK is seen in a datagram that comes by us. */
static bool needs_own_context(const struct coap_peer *peer)
{
	return peer->transport != COAP_OVER_UDP || peer->keepalive ||
	       !coap_state.inspects;
}

/* What libcoap writes to a stream is a whole message, which is not to wait until
 * the last one is acknowledged (RFC 1122 4.2.3.4). */
static void send_at_once(int socket)
{
	int on = 1;

	setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool open_session(struct coap_connection *c,
			 const struct coap_peer *peer)
{
	c->shard->shim.opening = c;
	c->session = session_open(c->shard->context, peer, c->is.handshake);
	c->socket = c->shard->shim.opened;
	c->shard->shim.opening = NULL;
	if (c->session && connection_is_stream(c))
		send_at_once(c->socket);
	return c->session;
}

static bool open_context(struct coap_connection *c,
			 const struct coap_peer *peer)
{
	int error;

	errno = 0;
	c->shard = shard_take(needs_own_context(peer));
	if (!c->shard)
		return false;
	if (c->shard->n == 1) {
		coap_register_event_handler(c->shard->context, on_event);
		context_listen(c->shard->context);
	}
	c->shard->pings = peer->keepalive;
	if (peer->keepalive)
		coap_context_set_keepalive(c->shard->context, peer->keepalive);
	if (open_session(c, peer))
		return true;
	error = errno;
	shard_leave(c->shard);
	errno = error;
	return false;
}

static void connection_start(struct coap_connection *c, int64_t now)
{
	coap_session_set_app_data(c->session, c);
	c->up = c->transport == COAP_OVER_UDP;
	/* libcoap counts the flights that it sends again over the whole
	 * handshake, which a bad line uses up: ours is a limit of time. */
	if (!c->up)
		coap_session_set_max_retransmit(c->session, HANDSHAKE_TRIES);
	c->give_up = now + HANDSHAKE_WAIT;
	shard_wake(c->shard, now);	/* it sets no timer for a handshake */
	connection_arm(c, now);
}

struct coap_connection *coap_open(const struct coap_peer *peer, void *owner,
				  char *why, size_t size, int64_t now)
{
	struct coap_connection *c = calloc(1, sizeof(*c));
	bool secure = peer->transport == COAP_OVER_DTLS ||
		      peer->transport == COAP_OVER_TLS;

	if (!c)
		abort();
	coap_state.now = now;
	c->owner = owner;
	c->handlers = peer->handlers ? peer->handlers : coap_state.handlers;
	c->transport = (uint8_t)peer->transport;
	if (secure)
		c->is.handshake = handshake_create(peer, why, size);
	if (secure && !c->is.handshake) {
		free(c);
		return NULL;
	}
	if (open_context(c, peer)) {
		connection_start(c, now);
		return c;
	}
	snprintf(why, size, "%s", strerror(errno ? errno : EIO));
	handshake_free(c->is.handshake);
	free(c);
	return NULL;
}

bool coap_proven(const struct coap_connection *c)
{
	return c->proven;
}

void coap_doubt(struct coap_connection *c)
{
	c->doubted = true;
}

bool coap_has_session(const struct coap_connection *c)
{
	return c->transport != COAP_OVER_UDP;
}

struct coap_description coap_describe(const struct coap_connection *c)
{
	return (struct coap_description){
		.suite = credentials_suite(session_tls(c->session)),
		.up = c->up, .since = c->is.since,
	};
}

void coap_handle(struct coap_connection *c,
		 const struct coap_handlers *handlers)
{
	c->handlers = handlers;
}

static void separates_forget(struct coap_connection *c)
{
	for (struct coap_separate *later; (later = c->separates); ) {
		c->separates = later->next;
		later->connection = NULL;
		if (later->body) {
			free(later->body);
			free(later);
		}
	}
}

void coap_close(struct coap_connection *c)
{
	if (!c)
		return;
	coap_session_set_app_data(c->session, NULL);
	heap_remove(&coap_state.due, &c->due);
	separates_forget(c);
	c->outstanding = OUTSTANDING_NONE;
	c->owner = NULL;
	if (!c->up)
		handshake_free(c->is.handshake);
	c->is.next_closed = coap_state.closed;
	coap_state.closed = c;
}

/* libcoap has no call to take a message back. In a context of its own it goes
 * with that; else the session stays until libcoap gives it up, soon and after
 * it could not be sent any more. */
static void session_release(struct coap_connection *c)
{
	epoll_shim_disown(c->socket, c);
	session_wipe(c->session);
	if (c->shard->n > 1) {
		shutdown(c->socket, SHUT_WR);
		coap_session_set_max_retransmit(c->session, 1);
	}
	coap_session_release(c->session);
	shard_leave(c->shard);
}

static void free_closed(void)
{
	for (struct coap_connection *c; (c = coap_state.closed); ) {
		coap_state.closed = c->is.next_closed;
		session_release(c);
		connection_release_incoming(c);
		free(c->outgoing);
		free(c->answer);
		free(c->dedup);
		free(c->stream);
		free(c->notified);
		free(c);
	}
}

bool coap_local(const struct coap_connection *c, struct sockaddr_storage *to)
{
	const coap_address_t *local = coap_session_get_addr_local(c->session);

	if (!local || local->size > sizeof(*to))
		return false;
	memcpy(to, &local->addr, local->size);
	return true;
}

bool coap_busy(const struct coap_connection *c)
{
	return c->outstanding != OUTSTANDING_NONE;
}

/* ---- the loop ---- */

/* GnuTLS has stumbled over a stray datagram: once more, from another port.
 * false: it was something else, or there is no time left. */
static bool begin_again(struct coap_connection *c, int64_t now)
{
	struct handshake *h = c->is.handshake;
	coap_session_t *old = c->session;
	int socket = c->socket;

	if (c->up || c->transport != COAP_OVER_DTLS || !h->failed ||
	    !credentials_is_stray(h->error) || ++h->tries >= SESSION_TRIES ||
	    now >= c->give_up)
		return false;
	if (!open_session(c, &h->peer)) {
		c->session = old;
		c->socket = socket;
		return false;
	}
	epoll_shim_disown(socket, c);
	coap_session_set_app_data(old, NULL);
	coap_session_set_app_data(c->session, c);
	coap_session_set_max_retransmit(c->session, HANDSHAKE_TRIES);
	shard_wake(c->shard, now);
	c->ended = h->failed = false;
	session_wipe(old);
	coap_session_release(old);
	return true;
}

static const char *stream_cut_text(const struct coap_connection *c)
{
	static const char *const texts[] = {
		[CUT_UNREAD] = "it does not read what it is sent",
		[CUT_ENDLESS] = "it asks without a pause",
		[CUT_MALFORMED] = "it sends what is no message (RFC 8323)",
	};

	return texts[c->cut];
}

static const char *end_of(const struct coap_connection *c)
{
	if (!c->up)
		return "the server cannot be reached";
	return connection_is_stream(c) ? "the connection was closed" :
	       "the server cannot be reached any more";
}

/* The session is gone: the owner closes the connection. */
static void connection_broke(struct coap_connection *c, const char *what,
			     int64_t now)
{
	struct coap_session_failure failure = {.why = what, .alert = -1,
					       .new = !c->up};
	const struct handshake *h = c->up ? NULL : c->is.handshake;
	char text[sizeof(h->why)];

	if (h && *h->why) {
		snprintf(text, sizeof(text), "%s", h->why);
		failure.why = text;	/* h goes when it is closed */
	} else if (!what && (h ? h->failed : coap_state.failed == c->session)) {
		failure.alert = h ? h->alert : coap_state.alert;
		credentials_explain(h ? h->error : coap_state.error,
				    failure.alert, text, sizeof(text));
		failure.why = text;
	} else if (!what) {
		failure.why = end_of(c);
	}
	coap_state.failed = NULL;
	c->outstanding = OUTSTANDING_NONE;
	heap_remove(&coap_state.due, &c->due);
	c->handlers->broken(c->owner, &failure, now);
}

static const char *silence_reason(const struct coap_connection *c)
{
	if (c->transport == COAP_OVER_TCP || !c->is.handshake ||
	    c->is.handshake->credentials.mode != SECURITY_PSK)
		return "the server does not answer the handshake";
	return "the server does not answer the handshake (does it know the "
	       "identity, and is the key the same?)";
}

/* The handshake is over: what has waited for it goes. */
static void came_up(struct coap_connection *c, int64_t now)
{
	struct handshake *h = c->is.handshake;

	if (h && !handshake_is_safe(h)) {
		connection_broke(c,
				 "the server's key cannot be checked with this "
				 "libcoap",
				 now);
		return;
	}
	if (h)
		session_forget(c->shard->context, h);
	session_wipe(c->session);
	handshake_free(h);
	c->up = true;
	c->is.since = now;
	coap_session_set_max_retransmit(c->session, MAX_RETRANSMIT);
	if (c->outstanding == OUTSTANDING_REQUEST)
		connection_send_outgoing(c, now);
}

static bool is_silent(const struct coap_connection *c, int64_t since,
		      int64_t now)
{
	return !c->silent && now - since >= ACK_TIMEOUT;
}

static void look_after_session(struct coap_connection *c, int64_t now)
{
	if (c->ended && !begin_again(c, now))
		connection_broke(c, stream_cut_text(c), now);
	else if (!c->up && coap_session_get_state(c->session) ==
		 COAP_SESSION_STATE_ESTABLISHED)
		came_up(c, now);
	else if (!c->up && now >= c->give_up)
		connection_broke(c, silence_reason(c), now);
	else if (!c->up && is_silent(c, c->give_up - HANDSHAKE_WAIT, now))
		connection_silent(c, silence_reason(c), now);
}

static void outstanding_supervise(struct coap_connection *c, int64_t now)
{
	/* The other sign of an ACK: nothing is left to be sent. */
	if ((c->outstanding == OUTSTANDING_NOTIFY ||
	     c->outstanding == OUTSTANDING_SEPARATE) &&
	    (c->acked || coap_can_exit(c->shard->context)))
		connection_exchange_end(c, COAP_ACKED, NULL, now);
	else if (c->outstanding && now >= c->give_up)
		connection_exchange_end(c, COAP_NO_ANSWER, NULL, now);
	else if (c->outstanding == OUTSTANDING_REQUEST && !c->doubted &&
		 is_silent(c, coap_since(c), now))
		connection_silent(c, NULL, now);
	if (c->owner && !c->outstanding)
		connection_send_separate(c, now);
	if (c->owner && !c->outstanding && c->idle_owed) {
		c->idle_owed = false;
		c->handlers->idle(c->owner, now);
	}
}

/* event: of its socket; NULL: its time has come. */
static void connection_drive(struct coap_connection *c,
			     struct epoll_event *event, int64_t now)
{
	int64_t before = c->give_up;

	coap_state.reads = c;
	if (event && connection_is_stream(c))
		stream_read(c, event, now);
	else if (event)
		shard_read(c->shard, event, now);
	coap_state.reads = NULL;
	if (!c->up)
		shard_wake(c->shard, now);
	if (c->owner && (c->ended || !c->up))
		look_after_session(c, now);
	if (c->owner && c->up)
		outstanding_supervise(c, now);
	if (c->owner)
		connection_acknowledge(c, now);
	connection_lapse(c, now);
	if (c->owner && c->give_up == before)	/* not one just sent */
		connection_arm(c, now);
}

static struct coap_connection *connection_of(struct heap_item *item)
{
	return (struct coap_connection *)(void *)((char *)item -
		offsetof(struct coap_connection, due));
}

/* What has come for a connection, or for a session that is to go. */
static void socket_turn(struct epoll_event *event, int64_t now)
{
	struct epoll_shim_socket *s = event->data.ptr;
	struct coap_connection *c = s->shim ? s->owner : NULL;

	if (!s->shim || (c && !c->owner))	/* closed in this turn */
		return;
	event->data.ptr = s->theirs;
	if (c)
		connection_drive(c, event, now);
	else
		shard_read(shard_of(s->shim), event, now);
}

/* What is watched that is no socket of a connection. */
static struct epoll_shim_socket watched, watched_told;

void coap_watch(int fd, enum coap_watch kind)
{
	struct epoll_event event = {
		.events = EPOLLIN | (kind == COAP_WATCH_EDGE ? EPOLLET : 0),
		.data.ptr = kind == COAP_WATCH_TOLD ? &watched_told : &watched};

	if (epoll_ctl(coap_state.epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		abort();
}

bool coap_wait(int ms)
{
	bool told = false;

	coap_state.n_events = epoll_wait(coap_state.epoll, coap_state.events,
					 TURN_EVENTS, ms);
	coap_state.waited = true;
	for (int i = 0; i < coap_state.n_events; i++)
		told |= coap_state.events[i].data.ptr == &watched_told;
	return told;
}

void coap_turn(int64_t now)
{
	struct heap_item *item;

	if (!coap_state.waited)
		coap_wait(0);
	coap_state.waited = false;
	coap_state.now = now;
	for (int i = 0; i < coap_state.n_events; i++)
		socket_turn(&coap_state.events[i], now);
	shards_turn(now);
	for (int n = 0; n < TURN_EVENTS && (item = heap_first(&coap_state.due)) &&
	     item->due <= now; n++) {
		heap_remove(&coap_state.due, item);
		connection_drive(connection_of(item), NULL, now);
	}
	free_closed();
	epoll_shim_sweep();
}

int64_t coap_due(void)
{
	int64_t shards = heap_due(&coap_state.shards_due);

	if (coap_state.closed)
		return 0;
	return heap_due(&coap_state.due) < shards ? heap_due(&coap_state.due) :
						    shards;
}

struct coap_counts coap_counts(void)
{
	return coap_state.counts;
}

static const struct gnutls_shim_hooks tls_hooks = {on_verify, on_failed,
						   stream_decrypted};

static void log_libcoap(coap_log_t level, const char *text)
{
	size_t n = strcspn(text, "\n");
	int error = errno;	/* which on_nack() wants to see */

	(void)level;	/* it logs every Reset as an alert */
	log_line(LOG_TRACE, NULL, NULL, "libcoap: %.*s", (int)n, text);
	errno = error;
}

/* Do libcoap's calls of GnuTLS really come by gnutls_shim.c, and those of its
 * own parser by ours? */
static void prove_shims(void)
{
	coap_free_context(coap_new_context(NULL));
	if (!gnutls_shim_active())
		log_line(LOG_WARN, NULL, NULL, "this libcoap does not let its "
			 "GnuTLS priorities be shared: each endpoint takes "
			 "8 kB more memory");
	if (!connection_inspects())
		log_line(LOG_WARN, NULL, NULL, "this libcoap does not let its "
			 "datagrams be checked first: malformed messages are "
			 "answered as libcoap does, not as RFC 7252 wants it");
}

int coap_start(const struct coap_handlers *handlers)
{
	coap_state.handlers = handlers;
	coap_state.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (coap_state.epoll < 0)
		return -errno;
	coap_startup();
	coap_set_prng(random_fill);
	coap_set_log_handler(log_libcoap);
	coap_set_log_level(4);			/* its warnings */
	gnutls_shim_hook(&tls_hooks);
	prove_shims();
	return 0;
}

void coap_stop(void)
{
	free_closed();
	epoll_shim_finish();
	heap_finish(&coap_state.due);
	heap_finish(&coap_state.shards_due);
	close(coap_state.epoll);
	coap_state.epoll = -1;
	coap_cleanup();
}

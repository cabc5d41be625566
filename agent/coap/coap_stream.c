/* SPDX-License-Identifier: GPL-2.0-or-later
 * What comes over TCP and TLS, message by message. libcoap reads a stream as long
 * as there is something, shows nobody its signals, and answers otherwise than RFC
 * 8323 has it: our recv() stands before the C library's, and gnutls_shim.c before
 * what TLS has decrypted. Of both it is given one message at a time, so that the
 * verdict is this one's, and no more in a turn than others can wait for. */
#include <dlfcn.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "agent/coap/coap_private.h"
#include "agent/coap/gnutls_shim.h"
#include "agent/base/limits.h"

#define CODE_ABORT 0xe5		/* 7.05 */

/* Of this thread: whose stream libcoap reads now. */
static _Thread_local struct coap_connection *reading;
static _Thread_local bool given;	/* libcoap has asked for some of it */

static ssize_t (*real_recv)(int, void *, size_t, int);

/* Before any thread is there. */
__attribute__((constructor)) static void real_find(void)
{
	*(void **)&real_recv = dlsym(RTLD_NEXT, "recv");
	if (!real_recv)
		abort();
}

/* RFC 8323 5.6. */
static void stream_abort(struct coap_connection *c)
{
	static const char why[] = "message format error";
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON,
					(coap_pdu_code_t)CODE_ABORT, 0,
					sizeof(why));

	if (!pdu)
		abort();
	coap_add_data(pdu, sizeof(why) - 1, (const uint8_t *)why);
	coap_send(c->session, pdu);
	connection_cut(c, CUT_MALFORMED);
}

/* As recv(): what has come, as it lies in the stream. */
static ssize_t stream_fill(struct coap_connection *c, void *tls)
{
	size_t room;
	uint8_t *to = stream_room(c->stream, &room);
	ssize_t n;

	if (c->filled >= STREAM_TURN_MAX &&
	    !(tls && gnutls_record_check_pending(tls))) {
		errno = EAGAIN;
		return tls ? GNUTLS_E_AGAIN : -1;
	}
	n = tls ? gnutls_shim_receive(tls, to, room) :
		  real_recv(c->socket, to, room, 0);
	if (n <= 0)
		return n;
	stream_put(c->stream, (size_t)n);
	c->filled += (uint32_t)n;
	return n;
}

static void message_count(struct coap_connection *c)
{
	if (++c->asked > STREAM_ASKED_MAX)
		connection_cut(c, CUT_ENDLESS);
}

/* What is given to libcoap in recv()'s place. */
static ssize_t stream_receive(struct coap_connection *c, void *tls, void *to,
			      size_t n)
{
	if (!c->stream)
		c->stream = calloc(1, sizeof(*c->stream));
	if (!c->stream)
		abort();
	given = true;
	for (;;) {
		ssize_t rc;

		if (c->cut)
			return 0;
		switch (stream_look(c->stream)) {
		case STREAM_BEGINS:
			coap_state.verdict = c->stream->verdict;
			message_count(c);
			return (ssize_t)stream_take(c->stream, to, n);
		case STREAM_GOES_ON:
			return (ssize_t)stream_take(c->stream, to, n);
		case STREAM_MALFORMED:
			stream_abort(c);
			break;
		case STREAM_SHORT:
			rc = stream_fill(c, tls);
			if (rc <= 0)
				return rc;
			break;
		}
	}
}

/* By its name in C it would be the header's as well, which has a body there
 * (_FORTIFY_SOURCE). */
__attribute__((visibility("default")))
ssize_t stream_recv(int fd, void *to, size_t n, int flags) __asm__("recv");

ssize_t stream_recv(int fd, void *to, size_t n, int flags)
{
	struct coap_connection *c = reading;

	if (!c || c->transport != COAP_OVER_TCP || fd != c->socket)
		return real_recv(fd, to, n, flags);
	return stream_receive(c, NULL, to, n);
}

ssize_t stream_decrypted(void *tls, void *to, size_t n)
{
	struct coap_connection *c = reading;

	if (!c || c->transport != COAP_OVER_TLS)
		return gnutls_shim_receive(tls, to, n);
	return stream_receive(c, tls, to, n);
}

/* Is there something that no event of its socket will tell of? */
static bool stream_waits(const struct coap_connection *c)
{
	void *tls = c->transport == COAP_OVER_TLS ? session_tls(c->session) :
						    NULL;

	if (!c->owner || c->ended || !c->stream)
		return false;
	if (c->stream->start < c->stream->end &&
	    stream_look(c->stream) != STREAM_SHORT)
		return true;
	return tls && gnutls_record_check_pending(tls);
}

/* There is more in the kernel already. */
static bool stream_presses(const struct coap_connection *c)
{
	char byte;

	return real_recv(c->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Most have nothing that waits between their turns. */
static void stream_rest(struct coap_connection *c)
{
	if (!c->stream || c->stream->left || c->stream->start < c->stream->end)
		return;
	free(c->stream);
	c->stream = NULL;
}

/* libcoap stops where it is given less than it has room for. */
void stream_read(struct coap_connection *c, struct epoll_event *event,
		 int64_t now)
{
	c->filled = 0;
	coap_state.verdict = 0;
	do {
		given = false;
		reading = c;
		shard_read(c->shard, event, now);
		reading = NULL;
	} while (given && stream_waits(c));
	stream_rest(c);
	/* It costs a call, so it is asked now and then. */
	if (c->asked > STREAM_ASKED_MAX / 8 && !stream_presses(c))
		c->asked = 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/coap/stream_inspect.h"
#include <string.h>
#include "agent/coap/inspect.h"
#include "agent/coap/message_option.h"
#include "agent/lwm2m/request.h"

#define TOKEN_MAX 8
#define CODE_RESPONSE 0x20	/* the first that is no request's */
#define CODE_SIGNAL 0xe0
#define HEAD_MAX 6		/* without the token */

/* A message's head: its length is that of options and payload. */
struct head {
	size_t n;		/* bytes, with the token */
	uint64_t length;
	uint8_t code, token;
};

uint8_t *stream_room(struct stream_inspection *s, size_t *n)
{
	memmove(s->at, s->at + s->start, s->end - s->start);
	s->end -= s->start;
	s->start = 0;
	*n = sizeof(s->at) - s->end;
	return s->at + s->end;
}

void stream_put(struct stream_inspection *s, size_t n)
{
	s->end += n;
}

static const struct { uint8_t bytes; uint32_t from; } lengths[] = {
	{1, 13}, {2, 269}, {4, 65805},
};

/* false: it is not whole yet. */
static bool head_read(const uint8_t *at, size_t n, struct head *h)
{
	unsigned nibble = n ? at[0] >> 4 : 0;
	size_t more = nibble < 13 ? 0 : lengths[nibble - 13].bytes;

	if (n < 2 + more)
		return false;
	h->length = 0;
	for (size_t i = 0; i < more; i++)
		h->length = h->length << 8 | at[1 + i];
	h->length += nibble < 13 ? nibble : lengths[nibble - 13].from;
	h->code = at[1 + more];
	h->token = at[0] & 15;
	h->n = 2 + more + h->token;
	return true;
}

/* Of options and payload that are shorter now than a head said which has room
 * for as many. Bytes at to. */
static size_t head_write(uint8_t *to, const struct head *h, const uint8_t *token)
{
	unsigned nibble = h->length < 13 ? (unsigned)h->length :
			  h->length < 269 ? 13 : h->length < 65805 ? 14 : 15;
	size_t more = nibble < 13 ? 0 : lengths[nibble - 13].bytes;
	uint64_t left = nibble < 13 ? 0 : h->length - lengths[nibble - 13].from;

	to[0] = (uint8_t)(nibble << 4 | h->token);
	for (size_t i = more; i; i--, left >>= 8)
		to[i] = (uint8_t)left;
	to[1 + more] = h->code;
	memcpy(to + 2 + more, token, h->token);
	return 2 + more + h->token;
}

/* The end of the options, all of which are there; NULL: they are cut short. A
 * critical one of a signal is none that we know. */
static const uint8_t *options_end(const struct head *h, const uint8_t *at,
				  const uint8_t *end)
{
	struct message_option option;
	uint32_t seen = 0;

	for (; message_option_next(at, end, seen, &option); at = option.next) {
		seen = option.number;
		if (h->code >= CODE_SIGNAL && seen & 1)
			return NULL;
	}
	return at == end || (*at == 0xff && at + 1 < end) ? at : NULL;
}

/* What is left of it stands before its payload, where it ended before. */
static void request_rewrite(struct stream_inspection *s, struct head *h,
			    const uint8_t *end)
{
	uint8_t head[HEAD_MAX + TOKEN_MAX], options[STREAM_HELD];
	const uint8_t *at = s->at + s->start;
	size_t n_options = (size_t)(end - at) - h->n, n, n_head;

	n = options_inspect(at + h->n, end, options, &s->verdict);
	h->length -= n_options - n;
	if (h->code > REQUEST_IPATCH) {
		h->code = REQUEST_GET;
		s->verdict = CODE(4, 5);
	}
	n_head = head_write(head, h, at + h->n - h->token);
	s->start = (size_t)(end - s->at) - n - n_head;
	memcpy(s->at + s->start, head, n_head);
	memcpy(s->at + s->start + n_head, options, n);
	h->n = n_head;
}

enum stream_state stream_look(struct stream_inspection *s)
{
	const uint8_t *at = s->at + s->start, *end = s->at + s->end, *options;
	struct head h;
	bool whole;

	if (s->left && s->fresh)
		return STREAM_BEGINS;
	if (s->left)
		return s->start < s->end ? STREAM_GOES_ON : STREAM_SHORT;
	if (!head_read(at, s->end - s->start, &h))
		return STREAM_SHORT;
	if (h.token > TOKEN_MAX || h.length > STREAM_LONGEST)
		return STREAM_MALFORMED;
	whole = h.n + h.length <= s->end - s->start;
	if (!whole && (s->start || s->end < sizeof(s->at)))
		return STREAM_SHORT;
	if (whole)
		end = at + h.n + h.length;
	options = options_end(&h, at + h.n, end);
	if (!options && whole)
		return STREAM_MALFORMED;
	s->verdict = 0;
	if (options && (whole || options < end) && h.code &&
	    h.code < CODE_RESPONSE)
		request_rewrite(s, &h, options);
	s->left = h.n + h.length;
	s->fresh = true;
	return STREAM_BEGINS;
}

size_t stream_take(struct stream_inspection *s, void *to, size_t n)
{
	size_t there = s->end - s->start;

	n = n < there ? n : there;
	n = n < s->left ? n : (size_t)s->left;
	memcpy(to, s->at + s->start, n);
	s->start += n;
	s->left -= n;
	s->fresh = false;
	return n;
}

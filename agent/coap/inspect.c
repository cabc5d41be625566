/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/coap/inspect.h"
#include <string.h>
#include "agent/coap/message_option.h"
#include "agent/lwm2m/request.h"

#define VERSION 1
#define HEADER 4
#define TOKEN_MAX 8
#define CLASS_SIGNAL 7		/* of RFC 8323, for streams */
#define CODE_RESERVED CODE(6, 0)
enum type { TYPE_CON, TYPE_NON, TYPE_ACK, TYPE_RST };

static enum type type_of(const uint8_t *data)
{
	return (enum type)(data[0] >> 4 & 3);
}

/* Table 4 of RFC 7252, and those of RFC 7641, 7959, 7967, 8613, 8768, 9175 and
 * 9177: all whose length libcoap looks at. */
static const struct rule {
	uint16_t number, least, most;
	bool repeatable;
} rules[] = {
	{1, 0, 8, true},	/* If-Match */
	{3, 1, 255, false},	/* Uri-Host */
	{4, 1, 8, true},	/* ETag */
	{5, 0, 0, false},	/* If-None-Match */
	{6, 0, 3, false},	/* Observe */
	{7, 0, 2, false},	/* Uri-Port */
	{8, 0, 255, true},	/* Location-Path */
	{9, 0, 255, false},	/* OSCORE */
	{11, 0, 255, true},	/* Uri-Path */
	{12, 0, 2, false},	/* Content-Format */
	{14, 0, 4, false},	/* Max-Age */
	{15, 0, 255, true},	/* Uri-Query */
	{16, 1, 1, false},	/* Hop-Limit */
	{17, 0, 2, false},	/* Accept */
	{19, 0, 3, false},	/* Q-Block1 */
	{20, 0, 255, true},	/* Location-Query */
	{23, 0, 3, false},	/* Block2 */
	{27, 0, 3, false},	/* Block1 */
	{28, 0, 4, false},	/* Size2 */
	{31, 0, 3, true},	/* Q-Block2 */
	{35, 1, 1034, false},	/* Proxy-Uri */
	{39, 1, 255, false},	/* Proxy-Scheme */
	{60, 0, 4, false},	/* Size1 */
	{252, 1, 40, false},	/* Echo */
	{258, 0, 1, false},	/* No-Response */
	{292, 0, 8, true},	/* Request-Tag */
};

static const struct rule *rule_of(uint32_t number)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rules[i].number == number)
			return &rules[i];
	return NULL;
}

static size_t put_extended(uint8_t *to, uint32_t number)
{
	if (number < 13)
		return 0;
	if (number < 269) {
		to[0] = (uint8_t)(number - 13);
		return 1;
	}
	to[0] = (uint8_t)((number - 269) >> 8);
	to[1] = (uint8_t)(number - 269);
	return 2;
}

static unsigned nibble_of(uint32_t number)
{
	return number < 13 ? number : number < 269 ? 13 : 14;
}

/* Never longer than it was: where one before it was left out, its delta takes
 * over that one's, whose head it need not have any more. */
static size_t option_put(uint8_t *to, uint32_t before,
			 const struct message_option *option)
{
	uint32_t delta = option->number - before;
	size_t n = 1;

	to[0] = (uint8_t)(nibble_of(delta) << 4 |
			  nibble_of((uint32_t)option->length));
	n += put_extended(to + n, delta);
	n += put_extended(to + n, (uint32_t)option->length);
	memmove(to + n, option->value, option->length);
	return n + option->length;
}

static bool is_wrong(const struct message_option *option, uint32_t before)
{
	const struct rule *rule = rule_of(option->number);

	return rule && (option->length < rule->least ||
			option->length > rule->most ||
			(!rule->repeatable && option->number == before));
}

size_t options_inspect(const uint8_t *at, const uint8_t *end, uint8_t *to,
		       uint8_t *verdict)
{
	uint32_t seen = 0, put = 0;
	struct message_option option;
	size_t used = 0;

	for (; message_option_next(at, end, seen, &option); at = option.next) {
		bool wrong = is_wrong(&option, seen);

		seen = option.number;
		if (wrong && option.number & 1)
			*verdict = CODE(4, 2);
		if (wrong)
			continue;
		used += option_put(to + used, put, &option);
		put = option.number;
	}
	memcpy(to + used, at, (size_t)(end - at));
	return used + (size_t)(end - at);
}

/* Just the header, as an ACK of a message that nobody has sent. */
static struct inspection answer_nothing(const uint8_t *data, uint8_t *to)
{
	to[0] = 0x60;
	to[1] = 0;
	to[2] = data[2] ^ 0x80;
	to[3] = data[3];
	return (struct inspection){.n = HEADER};
}

static struct inspection answer_reset(const uint8_t *data, uint8_t *to)
{
	memcpy(to, data, HEADER);
	to[0] &= 0xf0;
	return (struct inspection){.n = HEADER, .reject = true};
}

/* libcoap passes over the signals of streams, and over an empty message that
 * comes within a quarter of a second after another; a code of a reserved class it
 * refuses always. */
static struct inspection answer_refused(const uint8_t *data, uint8_t *to)
{
	memcpy(to, data, HEADER);
	to[0] &= 0xf0;
	to[1] = CODE_RESERVED;
	return (struct inspection){.n = HEADER};
}

/* How much of it fits: its payload goes, or all its options. */
static size_t answer_fitting(const uint8_t *data, size_t n, size_t head)
{
	const uint8_t *at = data + head, *end = data + n;
	struct message_option option;
	uint32_t seen = 0;

	if (n <= INSPECT_LONGEST)
		return n;
	for (; message_option_next(at, end, seen, &option); at = option.next)
		seen = option.number;
	n = (size_t)(at - data);
	return n <= INSPECT_LONGEST ? n : head;
}

/* A message format error (3, 4.1) that libcoap would look for, too. */
static bool is_malformed(const uint8_t *data, size_t n)
{
	size_t token = data[0] & 15;
	const uint8_t *at = data + HEADER + token, *end = data + n;
	struct message_option option;
	uint32_t seen = 0;

	if (token > TOKEN_MAX || n < HEADER + token)
		return true;
	if (!data[1])
		return n > HEADER;
	for (; message_option_next(at, end, seen, &option); at = option.next)
		seen = option.number;
	return at < end && (*at != 0xff || at + 1 == end);
}

/* What may stand in an ACK: nothing, or a response; in a Reset: nothing. */
static bool is_told_by(enum type type, uint8_t code)
{
	unsigned class = code >> 5;

	return !code || (type == TYPE_ACK && class >= 2 && class <= 5);
}

static struct inspection request_inspect(const uint8_t *data, size_t n,
					 uint8_t *to)
{
	struct inspection i = {.n = 0};
	size_t head = HEADER + (data[0] & 15u), fits;

	fits = answer_fitting(data, n, head);
	memcpy(to, data, head);
	i.n = head + options_inspect(data + head, data + fits, to + head,
				     &i.verdict);
	if (i.verdict && type_of(data) == TYPE_NON)
		return answer_reset(data, to);
	if (fits < n)
		i.verdict = CODE(4, 13);
	if (data[1] > REQUEST_IPATCH) {
		to[1] = REQUEST_GET;
		i.verdict = CODE(4, 5);
	}
	if (i.n == n && !i.verdict)
		i.n = 0;
	return i;
}

struct inspection datagram_inspect(const uint8_t *data, size_t n, uint8_t *to)
{
	struct inspection as_it_came = {.n = 0};
	enum type type;

	if (n < HEADER)
		return as_it_came;
	if (data[0] >> 6 != VERSION)
		return answer_nothing(data, to);
	type = type_of(data);
	if (type == TYPE_ACK || type == TYPE_RST)
		return is_malformed(data, n) || !is_told_by(type, data[1]) ?
			answer_nothing(data, to) : as_it_came;
	if (data[1] >> 5 == CLASS_SIGNAL || (!data[1] && n == HEADER &&
					     data[0] % 16 == 0))
		return answer_refused(data, to);
	if (!data[1] || data[1] > 31 || data[0] % 16 > TOKEN_MAX ||
	    n < HEADER + data[0] % 16u)
		return as_it_came;	/* not a request */
	return request_inspect(data, n, to);
}

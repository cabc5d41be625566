/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/coap/inspect.h"
#include <string.h>
#include "agent/coap/message_option.h"
#include "agent/lwm2m/request.h"

#define HEADER 4
enum type { TYPE_CON, TYPE_NON, TYPE_ACK, TYPE_RST };

/* Table 4 of RFC 7252, and those of RFC 7641, 7959, 7967 and 8768. */
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
	{11, 0, 255, true},	/* Uri-Path */
	{12, 0, 2, false},	/* Content-Format */
	{14, 0, 4, false},	/* Max-Age */
	{15, 0, 255, true},	/* Uri-Query */
	{16, 1, 1, false},	/* Hop-Limit */
	{17, 0, 2, false},	/* Accept */
	{20, 0, 255, true},	/* Location-Query */
	{23, 0, 3, false},	/* Block2 */
	{27, 0, 3, false},	/* Block1 */
	{28, 0, 4, false},	/* Size2 */
	{35, 1, 1034, false},	/* Proxy-Uri */
	{39, 1, 255, false},	/* Proxy-Scheme */
	{60, 0, 4, false},	/* Size1 */
	{258, 0, 1, false},	/* No-Response */
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

/* All options but those that are wrong, and what follows them. Bytes in to. */
static size_t options_copy(struct inspection *i, const uint8_t *at,
			 const uint8_t *end, uint8_t *to, size_t used)
{
	uint32_t seen = 0, put = 0;
	struct message_option option;

	for (; message_option_next(at, end, seen, &option); at = option.next) {
		bool wrong = is_wrong(&option, seen);

		seen = option.number;
		if (wrong && option.number & 1)
			i->verdict = CODE(4, 2);
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

struct inspection datagram_inspect(const uint8_t *data, size_t n, uint8_t *to)
{
	struct inspection i = {.n = 0};
	size_t token = n ? data[0] & 15 : 0, head = HEADER + token, fits;
	enum type type;

	if (n < head || token > 8 || data[0] >> 6 != 1 || !data[1] ||
	    data[1] > 31)
		return i;		/* not a request */
	type = (enum type)(data[0] >> 4 & 3);
	if (type == TYPE_ACK || type == TYPE_RST)
		return answer_nothing(data, to);
	fits = answer_fitting(data, n, head);
	memcpy(to, data, head);
	i.n = options_copy(&i, data + head, data + fits, to, head);
	if (i.verdict && type == TYPE_NON)
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

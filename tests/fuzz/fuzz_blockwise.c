/* SPDX-License-Identifier: GPL-2.0-or-later
 * One connection as a session of datagrams: blocks of bodies, and requests that
 * come again. Each is six bytes and those of its option and payload:
 *
 *	what is asked for (2 bits), length of the option (2 bits)
 *	message id, token, seconds since the one before
 *	length of the payload, where its first byte lies */
#include <stdlib.h>
#include <string.h>
#include "agent/coap/blockwise.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())
#define SECOND INT64_C(1000000000)
#define LIFETIME (247 * SECOND)
#define MOST 4096
#define CODE(class, detail) ((class) << 5 | (detail))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct block_body body;
	struct dedup dedup;
	int64_t now;
} session;

static void option_check(const struct block *block)
{
	uint8_t again[3];
	struct block same;
	size_t n = block_encode(block, again);

	EXPECT(n <= 3 && block_decode(again, n, &same));
	EXPECT(same.number == block->number && same.more == block->more &&
	       same.szx == block->szx);
}

/* As an answer that is cut: it never reaches behind the body. */
static void cut_check(struct block block, size_t length)
{
	size_t offset = 0;
	long n = block_cut(&block, length, &offset);

	if (n >= 0)
		EXPECT(offset + (size_t)n <= length &&
		       (size_t)n <= block_size(&block) &&
		       block.more == (offset + (size_t)n < length));
}

static uint8_t block_take(uint32_t key, const struct block *block,
			  const uint8_t *payload, size_t n)
{
	uint8_t code;

	session.body.most = MOST;	/* of each request */
	code = block_body_add(&session.body, key, block, payload, n);

	EXPECT(!code || code == CODE(2, 31) || code == CODE(4, 8) ||
	       code == CODE(4, 13) || code == CODE(4, 0));
	EXPECT(session.body.used <= MOST);
	EXPECT(session.body.used <= session.body.size);
	return code;
}

static void dedup_check(uint16_t mid, uint16_t token, uint8_t code)
{
	const struct dedup_answer *before;
	struct dedup_answer answer = {.until = session.now + LIFETIME,
				     .mid = mid, .token = token, .code = code};

	if (dedup_find(&session.dedup, mid, token, session.now)) {
		dedup_settle(&session.dedup, mid, token, code, 0);
		return;
	}
	dedup_add(&session.dedup, &answer);
	before = dedup_find(&session.dedup, mid, token, session.now);
	EXPECT(before && before->code == code);
	EXPECT(!dedup_find(&session.dedup, mid, token, answer.until + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&session, 0, sizeof(session));
	session.now = SECOND;
	while (size >= 6) {
		size_t n_option = data[0] >> 2 & 3, n = data[4] * 8u;
		struct block block;
		uint8_t code = 0;

		if (size < 6 + n_option)
			break;
		session.now += data[3] * SECOND;
		n = n > size - 6 - n_option ? size - 6 - n_option : n;
		if (block_decode(data + 6, n_option, &block)) {
			option_check(&block);
			cut_check(block, (size_t)data[4] << 8 | data[5]);
			code = block_take(data[0] & 3, &block,
					  data + 6 + n_option, n);
		}
		dedup_check(data[1], data[2], code);
		data += 6 + n_option + n;
		size -= 6 + n_option + n;
	}
	block_body_finish(&session.body);
	return 0;
}

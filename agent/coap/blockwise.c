/* SPDX-License-Identifier: GPL-2.0-or-later
 * Block options, bodies that come in pieces, answers that are remembered. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/coap/blockwise.h"
#include "agent/lwm2m/request.h"

bool block_decode_bulk(const uint8_t *value, size_t n, struct block *block)
{
	uint32_t bits = 0;

	if (n > 3)
		return false;
	for (size_t i = 0; i < n; i++)
		bits = bits << 8 | value[i];
	*block = (struct block){bits >> 4, bits & 8, bits & 7};
	return true;
}

bool block_decode(const uint8_t *value, size_t n, struct block *block)
{
	return block_decode_bulk(value, n, block) &&
	       block->szx != BLOCK_SZX_BULK;
}

size_t block_encode(const struct block *block, uint8_t value[3])
{
	uint32_t bits = block->number << 4 | (uint32_t)block->more << 3 |
			block->szx;
	size_t n = bits > 0xffff ? 3 : bits > 0xff ? 2 : bits ? 1 : 0;

	for (size_t i = 0; i < n; i++)
		value[i] = (uint8_t)(bits >> 8 * (n - 1 - i));
	return n;
}

long block_cut(struct block *block, size_t length, size_t *offset)
{
	size_t left;

	*offset = block->number * block_size(block);
	if (*offset > length || (*offset == length && block->number))
		return -ERANGE;
	left = length - *offset;
	block->more = left > block_size(block);
	return (long)(block->more ? block_size(block) : left);
}

void block_body_finish(struct block_body *body)
{
	if (body->at)			/* bootstrap: there may be keys */
		explicit_bzero(body->at, body->used);
	free(body->at);
	*body = (struct block_body){0};
}

static void body_grow(struct block_body *body, size_t size)
{
	if (size <= body->size)
		return;
	body->size = size < 4096 ? 4096 : 2 * size;
	body->at = realloc(body->at, body->size);
	if (!body->at)
		abort();
}

static bool is_of_its_size(const struct block *block, size_t length)
{
	size_t size = block_size(block);

	if (block->szx != BLOCK_SZX_BULK)
		return block->more ? length == size : length <= size;
	return !block->more || (length && length % size == 0);
}

uint8_t block_body_add(struct block_body *body, uint32_t key,
		       const struct block *block, const uint8_t *payload,
		       size_t length)
{
	if (block->number == 0) {
		block_body_finish(body);
		body->key = key;
	}
	if (body->key != key || block->number * block_size(block) != body->used)
		return CODE(4, 8);
	if (!is_of_its_size(block, length))
		return CODE(4, 0);
	if (body->used + length > (body->most ? body->most : BLOCK_BODY_MAX)) {
		block_body_finish(body);
		return CODE(4, 13);
	}
	body_grow(body, body->used + length);
	if (length)
		memcpy(body->at + body->used, payload, length);
	body->used += length;
	return block->more ? CODE(2, 31) : 0;
}

const struct dedup_answer *dedup_find(const struct dedup *dedup, uint16_t mid,
				      uint16_t token, int64_t now)
{
	for (size_t i = 0; i < DEDUP_MAX; i++) {
		const struct dedup_answer *a = &dedup->answers[i];

		if (a->mid == mid && a->token == token && a->until > now)
			return a;
	}
	return NULL;
}

void dedup_settle(struct dedup *dedup, uint16_t mid, uint16_t token,
		  uint8_t code, uint32_t located)
{
	for (size_t i = 0; i < DEDUP_MAX; i++) {
		struct dedup_answer *a = &dedup->answers[i];

		if (!a->until || a->mid != mid || a->token != token)
			continue;
		a->code = code;
		a->located = located;
	}
}

void dedup_add(struct dedup *dedup, const struct dedup_answer *answer)
{
	dedup->answers[dedup->next] = *answer;
	dedup->next = (uint8_t)((dedup->next + 1) % DEDUP_MAX);
}

uint32_t block_hash(uint32_t hash, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ at[i]) * 16777619u;	/* FNV-1a */
	return hash;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Block-wise transfer (RFC 7959) and de-duplication of requests (RFC 7252
 * 4.5) of one connection. Pure. */
#ifndef AGENT_BLOCKWISE_H
#define AGENT_BLOCKWISE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "agent/base/limits.h"

#define BLOCK_SZX 6			/* ours: blocks of 1,024 bytes */

#define BLOCK_SZX_BULK 7		/* several of 1,024 (BERT, RFC 8323 6) */

/* A Block1 or Block2 option. */
struct block { uint32_t number; bool more; uint8_t szx; };

/* false: reserved size, or not an option of 0 to 3 bytes. */
bool block_decode(const uint8_t *value, size_t n, struct block *block);
/* The same on a stream, where the size that is reserved says bulk. */
bool block_decode_bulk(const uint8_t *value, size_t n, struct block *block);
/* The option's bytes; returns how many (0 to 3). */
size_t block_encode(const struct block *block, uint8_t value[3]);
static inline size_t block_size(const struct block *block)
{
	return (size_t)16 << (block->szx < BLOCK_SZX ? block->szx : BLOCK_SZX);
}

/* Cuts block out of a body: sets more, returns its length; *offset is where
 * it begins. -ERANGE: behind the end. */
long block_cut(struct block *block, size_t length, size_t *offset);

/* A request's body as it arrives. */
struct block_body {
	uint32_t key;		/* of what: hash of method, path and query */
	uint8_t *at;		/* owned */
	size_t used, size;
	size_t most;		/* of used; 0: BLOCK_BODY_MAX */
};
void block_body_finish(struct block_body *body);
/* One more block. The code for its answer: 2.31 go on, 0 it is complete, 4.08
 * a block is missing before it, 4.00 it is longer or, but for the last, shorter
 * than its size, 4.13 too large. */
uint8_t block_body_add(struct block_body *body, uint32_t key,
		       const struct block *block, const uint8_t *payload,
		       size_t length);

/* The answers lately given to requests that must not run twice. */
struct dedup {
	struct dedup_answer {
		int64_t until;		/* monotonic ns; 0: unused */
		uint32_t block1;	/* option + 1; 0: none */
		uint32_t located;	/* what a Create made; 0: nothing */
		uint16_t mid, token;	/* the token's hash */
		uint8_t code;		/* 0: it is being answered later */
	} answers[DEDUP_MAX];
	uint8_t next;
};
/* NULL: new, run it. */
const struct dedup_answer *dedup_find(const struct dedup *dedup, uint16_t mid,
				      uint16_t token, int64_t now);
void dedup_add(struct dedup *dedup, const struct dedup_answer *answer);
/* One that was being answered later has been, in its acknowledgement. */
void dedup_settle(struct dedup *dedup, uint16_t mid, uint16_t token,
		  uint8_t code, uint32_t located);

uint32_t block_hash(uint32_t hash, const void *bytes, size_t n);
#endif

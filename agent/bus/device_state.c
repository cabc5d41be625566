/* SPDX-License-Identifier: GPL-2.0-or-later
 * A piece is: length of the name (1 byte), length of the bytes (2, big
 * endian), name, bytes. */
#include "agent/bus/device_state.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct piece { size_t at, size, n_name, n; };

/* The piece at an offset; size 0: the blob ends there. */
static struct piece piece_at(const uint8_t *blob, size_t length, size_t at)
{
	struct piece piece = {.at = at};
	size_t size;

	if (length - at < 3)
		return piece;
	piece.n_name = blob[at];
	piece.n = (size_t)blob[at + 1] << 8 | blob[at + 2];
	size = 3 + piece.n_name + piece.n;
	if (piece.n_name > 0 && size <= length - at)
		piece.size = size;
	return piece;
}

static struct piece piece_find(const struct device_state *state,
			       const char *name)
{
	size_t n_name = strlen(name);
	struct piece piece = piece_at(state->bytes, state->n, 0);

	while (piece.size > 0 &&
	       (piece.n_name != n_name ||
		memcmp(state->bytes + piece.at + 3, name, n_name) != 0))
		piece = piece_at(state->bytes, state->n, piece.at + piece.size);
	return piece;
}

void device_state_init(struct device_state *state, const uint8_t *bytes,
		       size_t n)
{
	struct piece piece = {0};

	*state = (struct device_state){0};
	if (!bytes || n > DEVICE_STATE_MAX)
		return;
	do {
		piece = piece_at(bytes, n, piece.at + piece.size);
	} while (piece.size > 0);
	if (piece.at == 0)
		return;
	state->bytes = malloc(piece.at);
	if (!state->bytes)
		abort();
	state->n = piece.at;
	memcpy(state->bytes, bytes, state->n);
}

void device_state_finish(struct device_state *state)
{
	free(state->bytes);
	*state = (struct device_state){0};
}

static bool piece_equals(const struct device_state *state,
			 const struct piece *piece,
			 const void *bytes, size_t n)
{
	return piece->size > 0 && piece->n == n &&
	       memcmp(state->bytes + piece->at + 3 + piece->n_name, bytes,
		      n) == 0;
}

/* false: there is none (more). A damaged blob may have several. */
static bool piece_remove(struct device_state *state, const char *name)
{
	struct piece piece = piece_find(state, name);

	if (!piece.size)
		return false;
	state->n -= piece.size;
	memmove(state->bytes + piece.at, state->bytes + piece.at + piece.size,
		state->n - piece.at);
	return true;
}

int device_state_set(struct device_state *state, const char *name,
		     const void *bytes, size_t n)
{
	struct piece old = piece_find(state, name);
	size_t n_name = strlen(name), grown;
	uint8_t *to;

	if (n_name == 0 || n_name > UINT8_MAX)
		return -EINVAL;
	if (n > DEVICE_STATE_MAX ||
	    state->n - old.size + (n ? 3 + n_name + n : 0) > DEVICE_STATE_MAX)
		return -ENOSPC;
	if (n == 0 ? old.size == 0 : piece_equals(state, &old, bytes, n))
		return 0;
	while (piece_remove(state, name))
		;
	if (n == 0)
		return 1;
	grown = state->n + 3 + n_name + n;
	state->bytes = realloc(state->bytes, grown);
	if (!state->bytes)
		abort();
	to = state->bytes + state->n;
	to[0] = (uint8_t)n_name;
	to[1] = (uint8_t)(n >> 8);
	to[2] = (uint8_t)n;
	memcpy(to + 3, name, n_name);
	memcpy(to + 3 + n_name, bytes, n);
	state->n = grown;
	return 1;
}

int device_state_get(const struct device_state *state, const char *name,
		     void *bytes, size_t n)
{
	struct piece piece = piece_find(state, name);

	if (piece.size == 0)
		return -ENOENT;
	if (n > 0)
		memcpy(bytes, state->bytes + piece.at + 3 + piece.n_name,
		       piece.n < n ? piece.n : n);
	return (int)piece.n;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Small files of the state directory, replaced atomically (write, sync,
 * rename) on libuv's workers; read at start on the agent thread. */
#ifndef AGENT_STORE_H
#define AGENT_STORE_H
#include <stddef.h>
#include <stdint.h>

struct store;

/* NULL directory: nothing is kept. Makes DIR/kept where it is not there. */
struct store *store_open(const char *directory);
/* Waits for what is being written. */
void store_close(struct store *store);
/* What adapters keep for an endpoint: bytes are copied. The newest wins. */
void store_keep(struct store *store, const char *endpoint,
		const uint8_t *bytes, size_t n);
/* heap, *n bytes; NULL: none. */
uint8_t *store_kept(struct store *store, const char *endpoint, size_t *n);
#endif

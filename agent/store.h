/* SPDX-License-Identifier: GPL-2.0-or-later
 * Small files of the state directory, replaced atomically (write, sync,
 * rename) on libuv's workers; read at start on the agent thread. */
#ifndef AGENT_STORE_H
#define AGENT_STORE_H
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_kind {
	STORE_KEPT,	/* what an adapter keeps for a device */
	STORE_HELD,	/* resources that servers have written */
	STORE_ATTRIBUTES,	/* Write-Attributes of all servers */
	STORE_ACCEPTED,	/* writes that wait for a device to wake */
};

/* NULL directory: nothing is kept. Makes a folder for each kind. */
struct store *store_open(const char *directory);
/* Waits for what is being written. */
void store_close(struct store *store);
/* Of an endpoint: bytes are copied. The newest wins. */
void store_put(struct store *store, enum store_kind kind, const char *endpoint,
	       const uint8_t *bytes, size_t n);
/* heap, *n bytes; NULL: none. What was put last, written already or not. */
uint8_t *store_get(struct store *store, enum store_kind kind,
		   const char *endpoint, size_t *n);
#endif

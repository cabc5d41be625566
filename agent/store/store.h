/* SPDX-License-Identifier: GPL-2.0-or-later
 * Small files of the state directory, replaced atomically (write, sync,
 * rename) on libuv's workers; read at start on the agent thread. */
#ifndef AGENT_STORE_H
#define AGENT_STORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_kind {
	STORE_KEPT,	/* what an adapter keeps for a device */
	STORE_HELD,	/* resources that servers have written */
	STORE_ATTRIBUTES,	/* Write-Attributes of all servers */
	STORE_ACCEPTED,	/* writes that wait for a device to wake */
	STORE_ACCOUNT,		/* server accounts of a bootstrap, with keys */
	STORE_CARD,		/* which smart card the accounts came from */
	STORE_FIRMWARE,	/* a package for a device, and how far it is */
	STORE_KINDS
};

#define STORE_JOURNAL_KEEP (INT64_C(86400) * 90 * 1000000000)	/* ns */

/* NULL directory: nothing is kept. Makes a folder for each kind. */
struct store *store_open(const char *directory);
/* Waits for what is being written; nobody is told any more. */
void store_close(struct store *store);
/* Of an endpoint: bytes are copied. The newest wins. */
void store_put(struct store *store, enum store_kind kind, const char *endpoint,
	       const uint8_t *bytes, size_t n);
/* The same, of a number from 1 on that `written` is called with, on the agent
 * thread, when this or a newer one of the same kind and endpoint is written, or
 * could not be. */
void store_put_told(struct store *store, enum store_kind kind,
		    const char *endpoint, const uint8_t *bytes, size_t n,
		    uint64_t number);
/* Takes away what is of other endpoints than these; the number of files. What
 * is still to be written stays. NULL is fine. */
size_t store_keep_only(struct store *store, enum store_kind kind,
		       const char *const endpoints[], size_t n);
typedef void store_written(void *owner, const char *endpoint, uint64_t number);
void store_watch(struct store *store, store_written *written, void *owner);
/* What servers have set in the endpoint is on the disk (error 0), or could not
 * be written. */
typedef void (*store_done)(void *context, int error, int64_t now);
/* true: `done` will be called once, out of store_turn() or store_close(), when
 * all of it that was put so far is. false: it is already. */
bool store_after(struct store *store, const char *endpoint, store_done done,
		 void *context);
/* Would store_after() have something to wait for? A store that is NULL: no. */
bool store_is_pending(struct store *store, const char *endpoint);
/* Calls those; tries again what the disk did not take. NULL is fine. When there
 * is more to do: monotonic ns, or INT64_MAX. */
int64_t store_turn(struct store *store, int64_t now);
/* The error of the last write; 0: it went well, or there was none. */
int store_error(const struct store *store);
/* heap, *n bytes; NULL: none. What was put last, written already or not. */
uint8_t *store_get(struct store *store, enum store_kind kind,
		   const char *endpoint, size_t *n);

/* The one journal of records (last_format.h). Bytes are copied and written behind
 * what is there; sync: and on the disk then, which is otherwise the kernel's to
 * do, in half a minute. Returns the number of the write that they go out
 * with, from 1 on; store_appended() is that of the last one that has ended, well
 * or not. */
uint64_t store_append(struct store *store, const uint8_t *bytes, size_t n,
		      bool sync);
uint64_t store_appended(const struct store *store);
/* Only the newest of each name stay, and none that is 90 days older than the
 * newest of all. */
void store_compact(struct store *store);
/* heap, *n bytes; NULL: none. What is still to be appended is there already. */
uint8_t *store_read(struct store *store, size_t *n);
#endif

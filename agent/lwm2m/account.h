/* SPDX-License-Identifier: GPL-2.0-or-later
 * The server accounts of one endpoint as a tree of objects 0, 1, 2 and 21:
 * what bootstrap hands out, and what is stored. Pure.
 *
 * The tree holds keys: account_tree_finish() wipes them. */
#ifndef AGENT_ACCOUNT_H
#define AGENT_ACCOUNT_H
#include "objects/buf.h"
#include "objects/def.h"
#include "objects/tree.h"

#define ACCOUNTS_MAX 32		/* servers of one endpoint */
#define ACCOUNT_DISABLED 86400	/* s; 1/x/5 where it says nothing */
#define ACCOUNT_NONE 65535	/* no such instance */
/* Of object 0, ours alone, not on any wire: the short id of the configured
 * server whose keys this instance goes by (0: of the bootstrap server's); a
 * write of the instance takes it away. */
#define ACCOUNT_OWN 65000

enum account_mode { ACCOUNT_PSK, ACCOUNT_RPK, ACCOUNT_X509, ACCOUNT_NOSEC,
		    ACCOUNT_EST };	/* /0/x/2 */

struct account {
	uint16_t security;	/* instance of object 0 */
	uint16_t server;	/* of object 1 with the same short id, or NONE */
	uint16_t id;		/* short server id, 0 of the bootstrap server */
	bool bootstrap;
	bool tcp;		/* by its URI */
	bool spare;		/* of a server that is reached by another
				 * instance, over another transport */
	bool has_spare;		/* it is that other one */
	uint8_t mode;		/* enum account_mode */
	int32_t own;		/* ACCOUNT_OWN, or -1 */
	const char *uri;	/* in the tree, not terminated */
	uint32_t uri_length;
};

/* All instances of object 0, the bootstrap server's first; their number. Of those
 * with one short id, which differ by transport (Core TS 6.1.7.2), all but one
 * are spares: 1/x/22 says which is used, else the order in 1/x/7. */
size_t account_list(const struct tree *tree, struct account list[],
		    size_t max);

/* A number, text or bytes at object/instance/resource; what is not there is
 * the fallback, or of length 0. */
int64_t account_number(const struct tree *tree, struct lwm2m_path path,
		       int64_t fallback);
struct lwm2m_value account_bytes(const struct tree *tree,
				 struct lwm2m_path path);

/* May these be used (the check of Bootstrap-Finish, Core TS 6.1.7.2)? At least
 * one server; each instance of object 1 has one of object 0 with its id and
 * the other way round; address, mode and keys fit each other; ACLs are whole.
 * NULL: yes, else what is wrong (literal). */
const char *account_check(const struct tree *tree);
/* The same of a smart card, which may name a bootstrap server alone. */
const char *account_card_check(const struct tree *tree);

/* Is an instance of this object part of the accounts? */
bool account_object(uint16_t object);
/* Take away, wiping what is freed. */
void account_tree_finish(struct tree *tree);
void account_remove(struct tree *tree, const struct lwm2m_path *path);

/* To and from bytes for the store: print is the configuration's fingerprint,
 * when it was bootstrapped (ns since 1970). records: room for `max` of them.
 * -EMSGSIZE too much for out; -EBADMSG not bytes of account_save(), or not all
 * of them (a checksum stands behind). scratch as codec_decode(). */
int account_save(const struct tree *tree, uint64_t fingerprint, int64_t when,
		 struct lwm2m_record *records, size_t max, struct buf *out);
/* Of two that account_save() has made: the same but for their time? */
bool account_same(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b);
int account_load(const uint8_t *bytes, size_t n,
		 const struct object_model *model, struct lwm2m_record *records,
		 size_t max, struct buf *scratch, struct tree *tree,
		 uint64_t *fingerprint, int64_t *when);
#endif

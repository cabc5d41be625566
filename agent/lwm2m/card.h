/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a smart card has for a client: the file EF LwM2M_Bootstrap (Core TS
 * G.3.3), into a tree of accounts. Pure. */
#ifndef AGENT_CARD_H
#define AGENT_CARD_H
#include "agent/lwm2m/account.h"
#include "agent/lwm2m/request.h"

#define CARD_BYTES_MAX 32768	/* of the file */

/* Reads the file: the number of objects, their size, and each with its id,
 * version, length and instances as TLV. They are written one after the other,
 * as a bootstrap server would, into an empty copy, with the checks of
 * bootstrap_handle(); objects that are no accounts are passed over, and so is
 * what stands behind them all.
 *
 * NULL: the tree may be used (account_card_check()); else what is wrong
 * (literal). The tree is initialized in any case, and the caller's to end by
 * account_tree_finish(). */
const char *card_read(const uint8_t *bytes, size_t n,
		      const struct object_model *model,
		      struct request_room *room, struct tree *tree);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * What an adapter keeps for a device: a few named pieces in one blob, which
 * goes to the disk as it is. Pure. The blob may come from a damaged file:
 * what cannot be read is not there. */
#ifndef AGENT_BUS_KEPT_H
#define AGENT_BUS_KEPT_H
#include <stddef.h>
#include <stdint.h>

#define KEPT_MAX 8192		/* bytes of a blob */

struct kept { uint8_t *bytes; size_t n; };	/* owned */

/* Copies; what is not whole is left out. */
void kept_init(struct kept *kept, const uint8_t *bytes, size_t n);
void kept_finish(struct kept *kept);
/* Sets or, with n 0, removes a piece. 1: the blob has changed, 0: it was so
 * already, -EINVAL the name is empty or longer than 255, -ENOSPC. */
int kept_set(struct kept *kept, const char *name, const void *bytes, size_t n);
/* Copies at most n bytes; returns how many the piece has, or -ENOENT. */
int kept_get(const struct kept *kept, const char *name, void *bytes, size_t n);
#endif

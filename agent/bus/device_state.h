/* SPDX-License-Identifier: GPL-2.0-or-later
 * What an adapter keeps for a device: a few named pieces in one blob, which
 * goes to the disk as it is. Pure. The blob may come from a damaged file:
 * what cannot be read is not there. */
#ifndef AGENT_BUS_DEVICE_STATE_H
#define AGENT_BUS_DEVICE_STATE_H
#include <stddef.h>
#include <stdint.h>

#define DEVICE_STATE_MAX 8192	/* bytes of a blob */

struct device_state { uint8_t *bytes; size_t n; };	/* owned */

/* Copies; what is not whole is left out. */
void device_state_init(struct device_state *state, const uint8_t *bytes,
		       size_t n);
void device_state_finish(struct device_state *state);
/* Sets or, with n 0, removes a piece. 1: the blob has changed, 0: it was so
 * already, -EINVAL the name is empty or longer than 255, -ENOSPC. */
int device_state_set(struct device_state *state, const char *name,
		     const void *bytes, size_t n);
/* Copies at most n bytes; returns how many the piece has, or -ENOENT. */
int device_state_get(const struct device_state *state, const char *name,
		     void *bytes, size_t n);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * An image of a device's program, shared by the agent thread and a bus's: never
 * changed once both have it, freed by the last. */
#ifndef AGENT_IMAGE_H
#define AGENT_IMAGE_H
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct image {
	atomic_uint users;
	size_t n;
	uint8_t bytes[];
};

/* A copy, of one user. */
struct image *image_create(const uint8_t *bytes, size_t n);
void image_release(struct image *image);	/* NULL is fine */
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Key files: hex in a file that only its owner can read. */
#ifndef AGENT_SECRET_H
#define AGENT_SECRET_H
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Reads path (relative to directory) into arena, which is wiped at its end.
 * Bytes, or -errno with the reason for people, without any of the content. */
int secret_read(const char *directory, const char *path, struct arena *arena,
		uint8_t **bytes, char *why, size_t size);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Key files: hex in a file that only its owner, and perhaps the daemon's group,
 * can read. */
#ifndef AGENT_SECRET_H
#define AGENT_SECRET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Reads path (relative to directory) into arena, which is wiped at its end.
 * Bytes, or -errno with the reason for people, without any of the content. Also
 * of bytes why may say something, else it is "": for root, that the daemon's own
 * user could not read them. */
int secret_read(const char *directory, const char *path, struct arena *arena,
		uint8_t **bytes, char *why, size_t size);

/* A whole file as it is, without the mark of UTF-8, at most 64 kB; closed:
 * refused where others can read it (the group may, where it is one of the
 * process; for root also where it is lwmux). Bytes are the caller's, to be wiped
 * and freed. As above. */
int secret_file(const char *directory, const char *path, bool closed,
		uint8_t **bytes, char *why, size_t size);

/* Hex to bytes (no more than n / 2, which may be text's own); blanks, line ends
 * and colons between them are skipped. How many, or -EINVAL: why (NULL: not
 * asked for) says where and what to do, without any of the text, and nothing is
 * written. */
int secret_hex(const char *text, size_t n, uint8_t *bytes, char *why,
	       size_t size);
#endif

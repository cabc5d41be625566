/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/config/config_card_key.h"
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/secret.h"
#include "agent/config/config.h"

#define KEYS 3			/* KEY_ENC, KEY_MAC, KEY_DEK */

/* The keys of a file as they stand in it. */
struct key_lines {
	uint8_t keys[KEYS][CONFIG_CARD_KEY_MAX];
	size_t n;			/* lines with something in them */
	size_t n_key;			/* of the first */
};

static bool is_blank(const char *text, size_t n)
{
	while (n && isspace((unsigned char)*text))
		text++, n--;
	return !n;
}

/* One line, hex that was decoded to bytes. */
static int key_add(struct key_lines *lines, unsigned line,
		   const uint8_t *bytes, size_t n, char *why, size_t size)
{
	if (n != 16 && n != 24 && n != 32) {
		snprintf(why, size, "has a key of %zu bytes in line %u: 16, 24 "
			 "or 32 are wanted (32, 48 or 64 digits)", n, line);
		return -EINVAL;
	}
	if (lines->n && n != lines->n_key) {
		snprintf(why, size, "has a key of %zu bytes in line %u, after "
			 "one of %zu: all have one length", n, line,
			 lines->n_key);
		return -EINVAL;
	}
	if (lines->n == KEYS) {
		snprintf(why, size, "has more than three keys, at line %u: "
			 "KEY_ENC, KEY_MAC and KEY_DEK are wanted, or one for "
			 "all", line);
		return -EINVAL;
	}
	memcpy(lines->keys[lines->n++], bytes, n);
	lines->n_key = n;
	return 0;
}

/* bytes has room for n / 2 + 1. */
static int lines_read(const char *text, size_t n, uint8_t *bytes,
		      struct key_lines *lines, char *why, size_t size)
{
	/* First all of it: so it is said where the file is no hex. */
	int rc = secret_hex(text, n, bytes, why, size);
	unsigned line = 1;

	for (size_t at = 0, end; rc >= 0 && at < n; at = end + 1, line++) {
		const char *stop = memchr(text + at, '\n', n - at);

		end = stop ? (size_t)(stop - text) : n;
		if (is_blank(text + at, end - at))
			continue;
		rc = secret_hex(text + at, end - at, bytes, NULL, 0);
		if (rc < 0)
			snprintf(why, size, "has no key in line %u", line);
		else
			rc = key_add(lines, line, bytes, (size_t)rc, why, size);
	}
	if (rc >= 0 && lines->n != 1 && lines->n != KEYS) {
		snprintf(why, size, "has %zu keys: KEY_ENC, KEY_MAC and "
			 "KEY_DEK are wanted, each in a line, or one for all",
			 lines->n);
		rc = -EINVAL;
	}
	return rc < 0 ? rc : 0;
}

static int keys_of(const char *text, size_t n, struct config_card_key *key,
		   char *why, size_t size)
{
	struct key_lines lines = {.n = 0};
	uint8_t *bytes = malloc(n / 2 + 1);
	int rc;

	if (!bytes)
		abort();
	rc = lines_read(text, n, bytes, &lines, why, size);
	explicit_bzero(bytes, n / 2 + 1);
	free(bytes);
	if (!rc) {
		key->n = lines.n_key;
		memcpy(key->enc, lines.keys[0], key->n);
		memcpy(key->mac, lines.keys[lines.n == KEYS ? 1 : 0], key->n);
	}
	explicit_bzero(&lines, sizeof(lines));
	return rc;
}

int config_card_key_read(const char *directory, const char *path,
			 struct config_card_key *key, char *why, size_t size)
{
	uint8_t *bytes;
	int n, rc;

	memset(key, 0, sizeof(*key));
	n = secret_file(directory, path, true, &bytes, why, size);
	if (n < 0)
		return n;
	rc = keys_of((const char *)bytes, (size_t)n, key, why, size);
	explicit_bzero(bytes, (size_t)n);
	free(bytes);
	return rc;
}

void config_card_key_find(const struct config *config, const char *directory,
			  struct config_errors *errors)
{
	const struct config_server *server = config->bootstrap;
	const char *path = server ? server->card_key_file : NULL;
	struct config_card_key key;
	char why[300] = "";
	int rc;

	if (!path)
		return;
	rc = config_card_key_read(directory, path, &key, why, sizeof(why));
	config_file_tell(errors, server->card_key_at, "smartcard_key_file",
			 path, rc >= 0, why);
	explicit_bzero(&key, sizeof(key));
}

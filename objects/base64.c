/* SPDX-License-Identifier: GPL-2.0-or-later
 * Base64 (RFC 4648), both alphabets. */
#include "objects/base64.h"

#include <errno.h>
#include <limits.h>

#define COMMON "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char standard[] = COMMON "+/";
static const char url[] = COMMON "-_";

static void group_put(struct buf *out, const uint8_t *bytes, size_t n,
		      const char *alphabet, bool pad)
{
	uint32_t bits = (uint32_t)bytes[0] << 16;
	char text[4];
	size_t used = n + 1;

	if (n > 1)
		bits |= (uint32_t)bytes[1] << 8;
	if (n > 2)
		bits |= bytes[2];
	for (size_t i = 0; i < 4; i++)
		text[i] = i < used ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
	buf_put(out, text, pad ? 4 : used);
}

static void text_put(struct buf *out, const uint8_t *bytes, size_t n,
		     const char *alphabet, bool pad)
{
	for (size_t i = 0; i < n; i += 3)
		group_put(out, bytes + i, n - i < 3 ? n - i : 3, alphabet, pad);
}

void base64_put(struct buf *out, const uint8_t *bytes, size_t n)
{
	text_put(out, bytes, n, standard, true);
}

void base64url_put(struct buf *out, const uint8_t *bytes, size_t n)
{
	text_put(out, bytes, n, url, false);
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Without its padding. Where there is one, the whole must be groups of 4. */
static bool padding_strip(const char *text, size_t *n)
{
	size_t whole = *n;

	while (*n && text[*n - 1] == '=')
		--*n;
	if (whole != *n && (whole % 4 || whole - *n > 2))
		return false;
	return *n % 4 != 1;
}

int base64_take(const char *text, size_t n, struct buf *out)
{
	uint32_t bits = 0;
	int held = 0;
	size_t bytes;

	if (!padding_strip(text, &n))
		return -EINVAL;
	bytes = n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0);
	if (out->full || bytes > out->size - out->used || bytes > INT_MAX)
		return -EMSGSIZE;
	for (size_t i = 0, used = out->used; i < n; i++) {
		int value = base64_digit(text[i]);

		if (value < 0)
			return -EINVAL;
		bits = (bits & 0xff) << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out->at[used++] = (uint8_t)(bits >> held);
		}
	}
	if (bits & ((1u << held) - 1))
		return -EINVAL;
	out->used += bytes;
	return (int)bytes;
}

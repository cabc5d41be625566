/* SPDX-License-Identifier: GPL-2.0-or-later
 * Base64 (RFC 4648): section 4 for text/plain, section 5 ("url") for SenML. */
#ifndef OBJECTS_BASE64_H
#define OBJECTS_BASE64_H
#include "objects/buf.h"

/* "AQ==" */
void base64_put(struct buf *out, const uint8_t *bytes, size_t n);
/* "AQ": no padding */
void base64url_put(struct buf *out, const uint8_t *bytes, size_t n);

/* Either alphabet, with its padding or without, into out; bits that belong to
 * no byte must be zero. The number of bytes, or -EINVAL, -EMSGSIZE (out takes
 * nothing then). */
int base64_take(const char *text, size_t n, struct buf *out);
#endif

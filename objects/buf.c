/* SPDX-License-Identifier: GPL-2.0-or-later
 * Output into the caller's bytes. */
#include "objects/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_put(struct buf *buf, const void *bytes, size_t n)
{
	if (buf->full || n > buf->size - buf->used) {
		buf->full = true;
		return;
	}
	if (!n)
		return;
	memcpy(buf->at + buf->used, bytes, n);
	buf->used += n;
}

void buf_byte(struct buf *buf, uint8_t byte)
{
	buf_put(buf, &byte, 1);
}

void buf_text(struct buf *buf, const char *text)
{
	buf_put(buf, text, strlen(text));
}

void buf_print(struct buf *buf, const char *format, ...)
{
	/* vsnprintf wants room for an end that the output does not have: what
	 * is printed goes through here, so that it may fill buf exactly. */
	char line[512];
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= sizeof(line))
		buf->full = true;
	else
		buf_put(buf, line, (size_t)n);
}

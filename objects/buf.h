/* SPDX-License-Identifier: GPL-2.0-or-later
 * Output into the caller's bytes. Once something did not fit, `full` stays
 * set and nothing more is written: check it once, at the end. */
#ifndef OBJECTS_BUF_H
#define OBJECTS_BUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *at;
	size_t size, used;
	bool full;
};

static inline struct buf buf_over(void *at, size_t size)
{
	return (struct buf){(uint8_t *)at, size, 0, false};
}
void buf_put(struct buf *buf, const void *bytes, size_t n);
void buf_byte(struct buf *buf, uint8_t byte);
void buf_text(struct buf *buf, const char *text);
void buf_print(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#endif

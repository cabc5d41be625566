/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the tests of paths, values and codecs share: bytes as hex, paths as
 * text, and a decode that remembers what it gave. */
#ifndef TESTS_OBJECTS_CHECK_H
#define TESTS_OBJECTS_CHECK_H
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "objects/codec.h"
#include "objects/tree.h"
#include "tests/objects/model.h"

/* "C1 02 65" to bytes; returns how many. */
static inline size_t hex_read(const char *hex, uint8_t *bytes)
{
	unsigned int byte;
	size_t n = 0;
	int used;

	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		bytes[n++] = (uint8_t)byte;
		hex += used;
	}
	return n;
}

static inline void hex_equal(const uint8_t *bytes, size_t n, const char *hex)
{
	uint8_t expected[512];
	size_t length = hex_read(hex, expected);

	assert_int_equal(n, length);
	assert_memory_equal(bytes, expected, n);
}

static inline struct lwm2m_path path(const char *text)
{
	struct lwm2m_path read;

	assert_int_equal(path_parse(text, strlen(text), &read), 0);
	return read;
}

static inline struct lwm2m_value text_value(enum lwm2m_type type,
					    const char *text)
{
	struct lwm2m_value value = lwm2m_string(text, (uint32_t)strlen(text));

	value.type = type;
	return value;
}

static inline struct lwm2m_value link_value(uint16_t object, uint16_t instance)
{
	return (struct lwm2m_value){
		.type = LWM2M_OBJLINK, .as.link = {object, instance}
	};
}

static inline struct lwm2m_value time_value(int64_t seconds)
{
	return (struct lwm2m_value){.type = LWM2M_TIME, .as.integer = seconds};
}

/* What the last decode gave. */
static struct lwm2m_record records[64];
static uint8_t scratch_bytes[4096];

static inline int decode(uint16_t format, const char *base,
			 const void *payload, size_t n)
{
	struct lwm2m_path at = path(base);
	struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));

	return codec_decode(format, &model, &at, payload, n, records,
			    COUNT(records), &scratch);
}

/* The bytes lie at the very end of theirs: a sanitizer sees a read beyond. */
static inline int decode_hex(uint16_t format, const char *base,
			     const char *hex)
{
	static uint8_t bytes[512], end[512];
	size_t n = hex_read(hex, bytes);

	memcpy(end + sizeof(end) - n, bytes, n);
	return decode(format, base, end + sizeof(end) - n, n);
}

static inline int decode_text(uint16_t format, const char *base,
			      const char *text)
{
	return decode(format, base, text, strlen(text));
}

static inline void record_equal(size_t index, const char *at,
				struct lwm2m_value value)
{
	char text[PATH_TEXT_MAX];

	path_format(&records[index].path, text);
	assert_string_equal(text, at);
	assert_int_equal(records[index].value.type, value.type);
	assert_true(value_equal(&records[index].value, &value));
}
#endif

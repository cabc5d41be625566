/* SPDX-License-Identifier: GPL-2.0-or-later
 * Nothing read is believed before its checksum holds, and then its lengths are
 * checked all the same. */
#include "agent/store/backlog_format.h"
#include <errno.h>
#include <string.h>
#include "objects/path.h"

#define HEAD 8

static uint32_t crc32_of(const uint8_t *at, size_t n)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		crc = table[(crc ^ at[i]) & 15] ^ crc >> 4;
		crc = table[(crc ^ at[i] >> 4) & 15] ^ crc >> 4;
	}
	return ~crc;
}

/* ---- numbers ---- */

static void bytes_put(struct buf *out, uint64_t number, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_byte(out, (uint8_t)(number >> 8 * i));
}

static uint64_t bytes_get(const uint8_t *at, size_t n)
{
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++)
		number |= (uint64_t)at[i] << 8 * i;
	return number;
}

/* ---- writing ---- */

static void path_write(const struct lwm2m_path *path, struct buf *out)
{
	bytes_put(out, path->depth, 1);
	for (uint8_t i = 0; i < path->depth; i++)
		bytes_put(out, path->id[i], 2);
}

static void data_write(const struct backlog_record *r, struct buf *out)
{
	const struct lwm2m_record *record = &r->data.record;
	size_t room = out->size - out->used;
	size_t value = record->value.length > 8 ? record->value.length : 8;

	bytes_put(out, r->data.sequence, 4);
	bytes_put(out, (uint64_t)record->time, 8);
	bytes_put(out, record->value.type, 1);
	path_write(&record->path, out);
	if (out->full || room < value + 32) {
		out->full = true;
		return;
	}
	out->used += queued_value_pack(&record->value, out->at + out->used);
}

static void content_write(const struct backlog_record *r, struct buf *out)
{
	switch ((enum backlog_kind)r->kind) {
	case BACKLOG_NAME:
		bytes_put(out, r->stream, 4);
		bytes_put(out, r->server, 2);
		buf_put(out, r->endpoint, r->n_endpoint);
		break;
	case BACKLOG_DATA:
		bytes_put(out, r->stream, 4);
		data_write(r, out);
		break;
	case BACKLOG_DONE_RANGE:
		bytes_put(out, r->stream, 4);
		bytes_put(out, r->from, 4);
		bytes_put(out, r->to, 4);
		break;
	case BACKLOG_WATCH:
		bytes_put(out, r->stream, 4);
		for (size_t i = 0; i < r->n_paths; i++)
			path_write(&r->paths[i], out);
		break;
	case BACKLOG_BOOT:
		buf_put(out, r->boot, sizeof(r->boot));
		bytes_put(out, (uint64_t)r->clock, 8);
		break;
	case BACKLOG_STEP:
		bytes_put(out, (uint64_t)r->step.by, 8);
		bytes_put(out, (uint64_t)r->step.from, 8);
		bytes_put(out, (uint64_t)r->step.to, 8);
		break;
	}
}

void backlog_record_write(const struct backlog_record *r, struct buf *out)
{
	struct buf head;
	size_t at = out->used, n;

	bytes_put(out, 0, HEAD);
	content_write(r, out);
	if (out->full)
		return;
	n = out->used - at;
	head = buf_over(out->at + at + 4, 4);
	bytes_put(&head, n, 2);
	bytes_put(&head, r->kind, 1);
	bytes_put(&head, r->kind == BACKLOG_DATA ? r->data.flags : 0u, 1);
	head = buf_over(out->at + at, 4);
	bytes_put(&head, crc32_of(out->at + at + 4, n - 4), 4);
}

/* ---- reading ---- */

static bool name_read(const uint8_t *at, size_t n, struct backlog_record *r)
{
	if (n < 7 || n > 6 + BACKLOG_ENDPOINT_MAX)
		return false;
	r->stream = (uint32_t)bytes_get(at, 4);
	r->server = (uint16_t)bytes_get(at + 4, 2);
	r->endpoint = (const char *)at + 6;
	r->n_endpoint = n - 6;
	return !memchr(r->endpoint, 0, r->n_endpoint);
}

/* 0: it is none. */
static size_t path_read(const uint8_t *at, size_t n, struct lwm2m_path *path)
{
	if (n < 1 || at[0] > 4 || n < 1 + 2u * at[0])
		return 0;
	*path = (struct lwm2m_path){.depth = at[0]};
	for (uint8_t i = 0; i < at[0]; i++)
		path->id[i] = (uint16_t)bytes_get(at + 1 + 2 * i, 2);
	return 1 + 2u * at[0];
}

static bool watch_read(const uint8_t *at, size_t n, struct backlog_record *r)
{
	size_t length;

	if (n < 4)
		return false;
	r->stream = (uint32_t)bytes_get(at, 4);
	for (at += 4, n -= 4; n; at += length, n -= length) {
		length = r->n_paths < BACKLOG_PATHS_MAX ?
			 path_read(at, n, &r->paths[r->n_paths++]) : 0;
		if (!length)
			return false;
	}
	return true;
}

static bool data_read(const uint8_t *at, size_t n, struct backlog_record *r)
{
	struct lwm2m_record *record = &r->data.record;
	size_t path;

	if (n < 18 || at[17] < 3 ||
	    !(path = path_read(at + 17, n - 17, &record->path)))
		return false;
	r->stream = (uint32_t)bytes_get(at, 4);
	r->data.sequence = (uint32_t)bytes_get(at + 4, 4);
	record->time = (int64_t)bytes_get(at + 8, 8);
	return queued_value_unpack(at[16], at + 17 + path, n - 17 - path,
				   &record->value);
}

static bool content_read(const uint8_t *at, size_t n, struct backlog_record *r)
{
	switch ((enum backlog_kind)r->kind) {
	case BACKLOG_NAME:
		return name_read(at, n, r);
	case BACKLOG_DATA:
		return data_read(at, n, r);
	case BACKLOG_DONE_RANGE:
		if (n != 12)
			return false;
		r->stream = (uint32_t)bytes_get(at, 4);
		r->from = (uint32_t)bytes_get(at + 4, 4);
		r->to = (uint32_t)bytes_get(at + 8, 4);
		return r->from < r->to;
	case BACKLOG_WATCH:
		return watch_read(at, n, r);
	case BACKLOG_BOOT:
		if (n != 24)
			return false;
		memcpy(r->boot, at, 16);
		r->clock = (int64_t)bytes_get(at + 16, 8);
		return true;
	case BACKLOG_STEP:
		if (n != 24)
			return false;
		r->step.by = (int64_t)bytes_get(at, 8);
		r->step.from = (int64_t)bytes_get(at + 8, 8);
		r->step.to = (int64_t)bytes_get(at + 16, 8);
		return true;
	}
	return false;
}

int backlog_record_read(const uint8_t *at, size_t n, struct backlog_record *r)
{
	size_t length;

	if (n == 0)
		return 0;
	if (n < HEAD)
		return -EBADMSG;
	length = (size_t)bytes_get(at + 4, 2);
	if (length < HEAD || length > n || length > BACKLOG_RECORD_MAX ||
	    bytes_get(at, 4) != crc32_of(at + 4, length - 4))
		return -EBADMSG;
	*r = (struct backlog_record){.kind = at[6]};
	r->data.flags = at[7];
	return content_read(at + HEAD, length - HEAD, r) ? (int)length :
	       -EBADMSG;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * A segment file of what waits for servers, as a power cut or a bad card left
 * it. Read as it is, and once more with each checksum made right: what is
 * believed then writes the very same bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/backlog_format.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t crc_of(const uint8_t *at, size_t n)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void check(const uint8_t *at, size_t n, const struct backlog_record *r)
{
	static uint8_t room[2 * BACKLOG_RECORD_MAX];
	struct buf out = buf_over(room, sizeof(room));

	EXPECT(r->n_endpoint <= BACKLOG_ENDPOINT_MAX);
	EXPECT(r->n_paths <= BACKLOG_PATHS_MAX);
	backlog_record_write(r, &out);
	EXPECT(!out.full && out.used == n);
	if (at[7] == room[7])		/* flags that nobody reads */
		EXPECT(!memcmp(at, room, n));
}

static void read_all(const uint8_t *at, size_t n)
{
	struct backlog_record r;
	int length;

	while ((length = backlog_record_read(at, n, &r)) > 0) {
		EXPECT((size_t)length <= n);
		check(at, (size_t)length, &r);
		at += length;
		n -= (size_t)length;
	}
	EXPECT(length == 0 ? n == 0 : length == -EBADMSG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	uint32_t crc;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	read_all(copy, size);
	for (size_t at = 0, n; at + 8 <= size; at += n) {
		n = copy[at + 4] | copy[at + 5] << 8;
		if (n < 8 || n > size - at)
			break;
		crc = crc_of(copy + at + 4, n - 4);
		for (int i = 0; i < 4; i++)
			copy[at + (size_t)i] = (uint8_t)(crc >> 8 * i);
	}
	read_all(copy, size);
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * A stream of anybody: what is passed on is no longer than what came, and the
 * same however the network cuts it. The first byte says how. */
#include <stdlib.h>
#include <string.h>
#include "agent/coap/stream_inspect.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes in to. */
static size_t stream_pass(const uint8_t *data, size_t size, size_t most,
			  uint8_t *to)
{
	struct stream_inspection *s = calloc(1, sizeof(*s));
	enum stream_state state = STREAM_SHORT;
	size_t n = 0;

	EXPECT(s);
	while (size && state != STREAM_MALFORMED) {
		size_t room, piece = size < most ? size : most;
		uint8_t *at = stream_room(s, &room);

		EXPECT(room);
		piece = piece < room ? piece : room;
		memcpy(at, data, piece);
		stream_put(s, piece);
		data += piece;
		size -= piece;
		while ((state = stream_look(s)) == STREAM_BEGINS ||
		       state == STREAM_GOES_ON)
			n += stream_take(s, to + n, most);
	}
	free(s);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *to, *again;
	size_t n;

	if (size < 2)
		return 0;
	to = malloc(size);
	again = malloc(size);
	EXPECT(to && again);
	n = stream_pass(data + 1, size - 1, 1 + data[0], to);
	EXPECT(n <= size - 1);
	EXPECT(n == stream_pass(data + 1, size - 1, STREAM_HELD, again));
	EXPECT(!memcmp(to, again, n));
	free(to);
	free(again);
	return 0;
}

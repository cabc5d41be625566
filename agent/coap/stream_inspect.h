/* SPDX-License-Identifier: GPL-2.0-or-later
 * The messages of a stream (RFC 8323 3.2) one by one, before libcoap sees them:
 * what inspect.h is for datagrams. Bytes come as the network cuts them, wait here
 * until a message's options are whole, and are passed on. Pure. */
#ifndef AGENT_STREAM_INSPECT_H
#define AGENT_STREAM_INSPECT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_HELD 4096	/* bytes that wait; options longer than that are
				 * passed on as they came */
/* Bytes of options and payload, about what libcoap tells the server that it takes
 * (5.3.1). */
#define STREAM_LONGEST (8 * 1024 * 1024 + 256)

struct stream_inspection {
	size_t start, end;		/* what waits, in at[] */
	uint64_t left;			/* of the message that is passed on */
	uint8_t verdict;		/* CODE() to answer it with; 0: none */
	bool fresh;			/* nothing of it was passed on yet */
	uint8_t at[STREAM_HELD];
};

enum stream_state {
	STREAM_SHORT,		/* more must come first */
	STREAM_BEGINS,		/* a message: may be passed on, its verdict is set */
	STREAM_GOES_ON,		/* more of the one that was begun */
	STREAM_MALFORMED,	/* no message (3.2, 5.2): the stream is to be aborted */
};

/* Where to put what comes, *n bytes at most: some, where more must come. */
uint8_t *stream_room(struct stream_inspection *stream, size_t *n);
/* n bytes were put there. */
void stream_put(struct stream_inspection *stream, size_t n);
/* Requests: as in datagram_inspect(), but for what is too long. A token of more
 * than 8 bytes, what is longer than was allowed, options that are cut short, and in a signal a critical one, of
 * which there is none, are malformed. */
enum stream_state stream_look(struct stream_inspection *stream);
/* Bytes in to, up to n, of one message alone. After stream_look(), where it
 * said that there is something. */
size_t stream_take(struct stream_inspection *stream, void *to, size_t n);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Datagrams of anybody: what is passed on is no longer than what came, and
 * passes once more without a change. */
#include <stdlib.h>
#include <string.h>
#include "agent/coap/inspect.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *to = malloc(size + !size), *again = malloc(size + !size);
	struct inspection i;

	EXPECT(to && again);
	i = datagram_inspect(data, size, to);
	EXPECT(i.n <= size);
	if (i.n && !i.reject)
		EXPECT(!datagram_inspect(to, i.n, again).n);
	free(to);
	free(again);
	return 0;
}

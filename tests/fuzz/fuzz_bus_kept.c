/* SPDX-License-Identifier: GPL-2.0-or-later
 * A kept file of an adapter, damaged as it may be: what is read of it stays
 * whole when pieces are set, and is read again as it is. */
#include <stdlib.h>
#include <string.h>
#include "agent/bus/bus_kept.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct kept *kept)
{
	struct kept again;

	kept_init(&again, kept->bytes, kept->n);
	EXPECT(again.n == kept->n);
	EXPECT(!kept->n || !memcmp(again.bytes, kept->bytes, kept->n));
	kept_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"", "a", "counter", "key"};
	uint8_t bytes[300], back[300];
	size_t n = size ? data[0] : 0;
	const char *name = names[n % 4];
	struct kept kept;
	int rc;

	memset(bytes, 'x', sizeof(bytes));
	kept_init(&kept, data, size);
	EXPECT(kept.n <= size);
	same(&kept);
	rc = kept_set(&kept, name, bytes, n);
	EXPECT(kept.n <= KEPT_MAX);
	if (rc >= 0 && n)
		EXPECT(kept_get(&kept, name, back, sizeof(back)) == (int)n &&
		       !memcmp(bytes, back, n));
	if (rc >= 0 && !n)
		EXPECT(kept_get(&kept, name, back, sizeof(back)) < 0);
	same(&kept);
	kept_finish(&kept);
	return 0;
}

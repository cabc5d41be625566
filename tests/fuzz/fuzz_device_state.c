/* SPDX-License-Identifier: GPL-2.0-or-later
 * A kept file of an adapter, damaged as it may be: what is read of it stays
 * whole when pieces are set, and is read again as it is. */
#include <stdlib.h>
#include <string.h>
#include "agent/bus/device_state.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct device_state *kept)
{
	struct device_state again;

	device_state_init(&again, kept->bytes, kept->n);
	EXPECT(again.n == kept->n);
	EXPECT(!kept->n || !memcmp(again.bytes, kept->bytes, kept->n));
	device_state_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"", "a", "counter", "key"};
	uint8_t bytes[300], back[300];
	size_t n = size ? data[0] : 0;
	const char *name = names[n % 4];
	struct device_state kept;
	int rc;

	memset(bytes, 'x', sizeof(bytes));
	device_state_init(&kept, data, size);
	EXPECT(kept.n <= size);
	same(&kept);
	rc = device_state_set(&kept, name, bytes, n);
	EXPECT(kept.n <= DEVICE_STATE_MAX);
	if (rc >= 0 && n)
		EXPECT(device_state_get(&kept, name, back,
					sizeof(back)) == (int)n &&
		       !memcmp(bytes, back, n));
	if (rc >= 0 && !n)
		EXPECT(device_state_get(&kept, name, back, sizeof(back)) < 0);
	same(&kept);
	device_state_finish(&kept);
	return 0;
}

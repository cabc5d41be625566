/* SPDX-License-Identifier: GPL-2.0-or-later
 * The journal of sleepers: whatever it holds, what is read from it lies in it,
 * and compacted it says the same. */
#include <stdlib.h>
#include <string.h>
#include "agent/store/last_format.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct last_index before, after, up_to_end;
	uint8_t *room = malloc(size ? size : 1);
	struct buf out = buf_over(room, size);
	size_t lost, end = last_end(data, size);

	EXPECT(room && end <= size);
	before = last_index(data, size, &lost);
	EXPECT(lost <= size);
	up_to_end = last_index(data, end, &lost);
	EXPECT(up_to_end.n == before.n);
	last_index_finish(&up_to_end);
	last_compact(data, size, INT64_MAX / 2, &out);
	EXPECT(!out.full);
	after = last_index(room, out.used, &lost);
	EXPECT(lost == 0 && after.n <= before.n);
	for (size_t i = 0; i < after.n; i++) {
		const struct last_record *r = &after.records[i];
		char name[LAST_NAME_MAX + 1];

		memcpy(name, r->name, r->n_name);
		name[r->n_name] = 0;
		if (strlen(name) == r->n_name)
			EXPECT(last_find(&before, name));
	}
	last_index_finish(&before);
	last_index_finish(&after);
	free(room);
	return 0;
}

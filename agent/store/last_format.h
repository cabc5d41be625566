/* SPDX-License-Identifier: GPL-2.0-or-later
 * The journal of what sleeping devices last said: records by endpoint, the
 * newest counts. A record that was cut off by a loss of power is passed over,
 * and so is what stands between two good ones. Pure. */
#ifndef AGENT_LAST_FORMAT_H
#define AGENT_LAST_FORMAT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "objects/buf.h"

#define LAST_NAME_MAX 255

struct last_rhythm {			/* how often it is heard */
	uint32_t longest, before, window;
	uint16_t signs;
};
struct last_record {			/* borrowed from the journal */
	const char *name;		/* not terminated */
	size_t n_name;
	uint64_t fingerprint;		/* of the device's configuration */
	int64_t heard;			/* ns since 1970 */
	struct last_rhythm rhythm;	/* signs 0: none is kept */
	const uint8_t *values;		/* SenML-CBOR */
	size_t n_values;
};

void last_put(struct buf *out, const struct last_record *record);
/* The next good one at or behind *at, which is moved behind it; false: no
 * more. *lost: bytes passed over so far. (Nobody else calls it; but where it is
 * static, and inlined, a start takes 4 % more instructions.) */
bool last_next(const uint8_t *journal, size_t n, size_t *at, size_t *lost,
	       struct last_record *record);

/* Where the next one is written: behind the last good one, and behind all that
 * is not zero. */
size_t last_end(const uint8_t *journal, size_t n);

struct last_index { struct last_record *records; size_t n; };
/* By name, the newest of each; heap. *lost as above. */
struct last_index last_index(const uint8_t *journal, size_t n, size_t *lost);
void last_index_finish(struct last_index *index);
const struct last_record *last_find(const struct last_index *index,
				    const char *name);
/* Without those that a newer one replaces, or that are older than the newest
 * of all by more than `keep` ns. */
void last_compact(const uint8_t *journal, size_t n, int64_t keep,
		  struct buf *out);
#endif

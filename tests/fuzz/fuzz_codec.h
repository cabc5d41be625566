/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the targets of the codecs share. Whatever a codec takes must also be
 * what it writes: each value it read goes out and comes back the same. */
#ifndef TESTS_FUZZ_CODEC_H
#define TESTS_FUZZ_CODEC_H
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "objects/codec.h"
#include "objects/tree.h"
#include "tests/objects/model.h"

/* Not NDEBUG's to switch off. */
#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline int one_decode(uint16_t format, const struct lwm2m_path *base,
			     const uint8_t *payload, size_t n,
			     struct lwm2m_record *records, size_t max,
			     uint8_t *room, size_t size)
{
	struct buf scratch = buf_over(room, size);
	int got = codec_decode(format, &model, base, payload, n, records, max,
			       &scratch);

	EXPECT(got >= 0 || got == -EBADMSG || got == -EPROTOTYPE ||
	       got == -EXDEV || got == -ENOTSUP || got == -EMSGSIZE);
	return got;
}

/* A value whose type the model knows, out and in again. */
static inline void value_returns(uint16_t format,
				 const struct lwm2m_record *record)
{
	static uint8_t payload[1 << 17], room[1 << 17];
	struct buf out = buf_over(payload, sizeof(payload));
	struct lwm2m_record again[2];

	EXPECT(codec_encode(format, &record->path, record, 1, &out) == 0);
	EXPECT(one_decode(format, &record->path, payload, out.used, again, 2,
			  room, sizeof(room)) == 1);
	EXPECT(path_equal(&again[0].path, &record->path));
	EXPECT(value_equal(&again[0].value, &record->value));
}

/* Is it of a resource whose type the model knows, with a value? */
static inline bool is_typed(const struct lwm2m_record *record)
{
	const struct lwm2m_path *path = &record->path;
	const struct resource_def *def =
		path->depth < 3 || path->id[1] > PATH_ID_MAX ? NULL :
		model_resource(&model, path->id[0], path->id[2]);

	return def && def->type != LWM2M_NONE &&
	       record->value.type != LWM2M_NONE;
}

static inline void records_return(uint16_t format,
				  const struct lwm2m_record *records, int n)
{
	for (int i = 0; i < n; i++)
		if (is_typed(&records[i]))
			value_returns(format, &records[i]);
}

/* The first byte chooses the path of the request, the others are payload. */
static inline void codec_run(uint16_t format, const uint8_t *data, size_t size)
{
	static const struct lwm2m_path bases[] = {
		{{0}, 0}, {{TYPES}, 1}, {{TYPES, 0}, 2}, {{1, 0}, 2},
		{{3, 0, 6}, 3}, {{3303, 0, 5700}, 3}, {{3, 0, 6, 1}, 4},
		{{TYPES, 0, LWM2M_OPAQUE}, 3},
		/* Behind a gateway: of the device "d5". */
		{{0, 0, 0, 0, 6}, 0}, {{3, 0, 6, 0, 6}, 3},
	};
	static struct lwm2m_record records[64];
	static uint8_t room[4096];
	uint8_t *payload;
	int got;

	if (!size)
		return;
	/* A copy of just this size: a read beyond it is seen. */
	payload = malloc(size);
	for (size_t i = 1; i < size; i++)
		payload[i - 1] = data[i];
	payload = realloc(payload, size > 1 ? size - 1 : 1);
	got = one_decode(format, &bases[data[0] % COUNT(bases)], payload,
			 size - 1, records, COUNT(records), room,
			 sizeof(room));
	records_return(format, records, got);
	free(payload);
}
#endif

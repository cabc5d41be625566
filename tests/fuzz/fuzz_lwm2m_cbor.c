/* SPDX-License-Identifier: GPL-2.0-or-later
 * LwM2M-CBOR from a server: also of all devices of a gateway, each behind its
 * prefix, which all go out together and come back. */
#include "tests/fuzz/fuzz_codec.h"

static const struct lwm2m_path everywhere = {{0, 0, 0, 0, PATH_DEVICE_ANY}, 0};

/* As a tree gives them: in order, each a value, none within another. */
static bool is_of_a_tree(const struct lwm2m_record *records, int n)
{
	for (int i = 0; i < n; i++)
		if (!is_typed(&records[i]) ||
		    (i && (path_compare(&records[i - 1].path,
					&records[i].path) >= 0 ||
			   path_covers(&records[i - 1].path,
				       &records[i].path))))
			return false;
	return n > 0;
}

static void all_return(const struct lwm2m_record *records, int n)
{
	static uint8_t payload[1 << 17], room[1 << 17];
	static struct lwm2m_record again[64];
	struct buf out = buf_over(payload, sizeof(payload));

	EXPECT(!codec_encode(FORMAT_LWM2M_CBOR, &everywhere, records,
			     (size_t)n, &out));
	EXPECT(one_decode(FORMAT_LWM2M_CBOR, &everywhere, payload, out.used,
			  again, COUNT(again), room, sizeof(room)) == n);
	for (int i = 0; i < n; i++)
		EXPECT(path_equal(&again[i].path, &records[i].path) &&
		       value_equal(&again[i].value, &records[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lwm2m_record records[64];
	static uint8_t room[4096];
	int n;

	codec_run(FORMAT_LWM2M_CBOR, data, size);
	if (!size)
		return 0;
	n = one_decode(FORMAT_LWM2M_CBOR, &everywhere, data + 1, size - 1,
		       records, COUNT(records), room, sizeof(room));
	records_return(FORMAT_LWM2M_CBOR, records, n);
	if (is_of_a_tree(records, n))
		all_return(records, n);
	return 0;
}

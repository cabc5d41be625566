/* SPDX-License-Identifier: GPL-2.0-or-later
 * CBOR of one value from a server. */
#include "tests/fuzz/fuzz_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	codec_run(FORMAT_CBOR, data, size);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * JSON of LwM2M 1.0 from a server. */
#include "tests/fuzz/fuzz_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	codec_run(FORMAT_JSON, data, size);
	return 0;
}

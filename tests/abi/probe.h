/* SPDX-License-Identifier: GPL-2.0-or-later
 * The structs that the adapter `probe` has filled in: a test looks into them. */
#ifndef TESTS_ABI_PROBE_H
#define TESTS_ABI_PROBE_H
#include "adapters/adapter.h"

struct probe_bus {
	uint32_t wire;
	const char *host;
	uint16_t port;
	int64_t timeout;
	bool loud;
};
struct probe_device {
	uint8_t unit;
	int16_t hole;
	uint32_t order;
	int64_t timeout;
	uint8_t address[6];
	struct adapter_list key;
};
struct probe_point {
	uint32_t kind, order;
	uint16_t number;
	double level;
	const char *text;
	struct adapter_list invalid;
};
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * HCI events with advertising reports, in pieces or whole. The input is a row
 * of packets, each behind a byte of its length. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void event_feed(struct join *join, const uint8_t *event, size_t n,
		       int64_t now)
{
	struct reports reports;
	struct report report;
	struct ad_element e;
	bool broken;
	size_t at = 0;
	unsigned sum = 0;

	if (!reports_init(&reports, event, n))
		return;
	while (reports_next(&reports, &report, &broken)) {
		if (!join_add(join, &report, now))
			continue;
		if (report.n > REPORT_DATA_MAX)
			abort();
		while (ad_next(report.data, report.n, &at, &e))
			for (size_t i = 0; i < e.n; i++)
				sum += e.data[i];
	}
	if (sum == UINT32_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct join join;
	int64_t now = 1;

	memset(&join, 0, sizeof(join));
	while (size > 1) {
		size_t n = data[0] < size ? data[0] : size - 1;
		uint8_t *event = malloc(n ? n : 1);

		if (n > 0)
			memcpy(event, data + 1, n);
		event_feed(&join, event, n, now);
		free(event);
		data += n + 1;
		size -= n + 1;
		now += INT64_C(300000000);
	}
	return 0;
}

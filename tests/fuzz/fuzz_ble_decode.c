/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every decoder of advertisements. The first byte chooses the decoder, its
 * top bits whether there is a key; the next six are the sender's address. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/decode.h"
#include "adapters/ble/decode_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void readings_check(const struct readings *r)
{
	if (r->n > READINGS_MAX)
		abort();
	for (size_t i = 0; i < r->n; i++) {
		const struct lwm2m_value *v = &r->at[i].value;

		if (r->at[i].field >= FIELDS ||
		    (v->type == LWM2M_FLOAT && v->as.number - v->as.number
		     != 0))
			abort();
		if (v->type == LWM2M_STRING &&
		    memchr(v->as.text, 0, v->length))
			abort();
	}
}

/* What a profile may say of any bytes: the first five say it. */
static void place_check(const uint8_t *data, size_t size)
{
	const struct profile_bytes none = {0}, mark = {
		.n = (uint8_t)(data[0] % 4), .value = {data[1], data[2], data[1]},
		.mask = {0xff, data[3], 0xff}};
	struct raw_format format = {
		.type = (enum raw_type)(RAW_UINT8 + data[4] % RAW_BCD32),
		.at = data[0] >> 6, .big_endian = data[0] & 4,
		.mask = data[3], .minus = data[2], .divisor = data[1]};
	const uint8_t *at = data + 5;
	size_t n = size - 5;
	struct lwm2m_value value;
	uint64_t raw;

	if (!profile_place(&none, &mark, &at, &n))
		return;
	if (at + n != data + size)
		abort();
	raw_read(&format, at, n, &value, &raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[16] = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
					0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
					0xaa, 0xaa, 0xaa, 0xaa};
	static const struct profile_match matches[] = {
		{.kind = PROFILE_COMPANY, .id = 0x0499},
		{.kind = PROFILE_MANUFACTURER, .n_places = 1, .places = {
			{.at = 2, .n = 2, .mask = {0xff, 0x0f}}}},
		{.kind = PROFILE_SERVICE_LONG, .name = "T?*"},
	};
	struct decode_device device = {.key = key, .matches = matches,
				       .n_matches = 3};
	struct advertisement adv = {.rssi = -60};
	const struct decoder *by;
	struct readings readings;
	char name[32];

	if (size < 7)
		return 0;
	device.n_key = data[0] & 0x80 ? 16 : data[0] & 0x40 ? 12 : 0;
	memcpy(adv.address, data + 1, 6);
	adv.data = data + 7;
	adv.n = size - 7;
	for (int64_t now = 1; now < 3; now++) {
		decode((enum decode_choice)(data[0] % (DECODE_NONE + 1)), &adv,
		       &device, now, &readings, &by);
		readings_check(&readings);
	}
	ad_name(adv.data, adv.n, name, sizeof(name));
	place_check(data, size);
	return 0;
}

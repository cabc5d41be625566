/* SPDX-License-Identifier: GPL-2.0-or-later
 * Xiaomi's thermometers with the free firmware of atc1441 and of pvvx, in
 * the formats of their own. The length tells which; others use 181A too. */
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/crypto.h"
#include "adapters/ble/decode.h"

enum size {			/* of the service data */
	ATC_ENCRYPTED = 8, PVVX_ENCRYPTED = 11, ATC = 13, PVVX_SHORT = 14,
	PVVX = 15,
};

static void percent_add(struct readings *out, unsigned field, uint8_t percent)
{
	if (percent <= 100)
		reading_integer(out, field, percent);
}

static void humidity_add(struct readings *out, double dividend, double divisor)
{
	if (dividend <= 100 * divisor)
		reading_number(out, FIELD_HUMIDITY, dividend, divisor);
}

static void flags_add(struct readings *out, uint8_t flags)
{
	reading_bool(out, FIELD_INPUT, flags & 1);
	reading_bool(out, FIELD_OUTPUT, flags & 2);
}

static enum decode_result atc_clear(const struct advertisement *adv,
				    const uint8_t *p, struct readings *out)
{
	if (memcmp(p, adv->address, 6) != 0)
		return DECODED_DAMAGED;
	reading_number(out, FIELD_TEMPERATURE, bes16(p + 6), 10);
	humidity_add(out, p[8], 1);
	percent_add(out, FIELD_BATTERY, p[9]);
	reading_number(out, FIELD_VOLTAGE, be16(p + 10), 1000);
	reading_integer(out, FIELD_PACKET, p[12]);
	return DECODED_VALUES;
}

static enum decode_result pvvx_clear(const struct advertisement *adv,
				     const uint8_t *p, size_t n,
				     struct readings *out)
{
	if (!decode_is_address(p, adv))
		return DECODED_DAMAGED;
	reading_number(out, FIELD_TEMPERATURE, les16(p + 6), 100);
	humidity_add(out, le16(p + 8), 100);
	reading_number(out, FIELD_VOLTAGE, le16(p + 10), 1000);
	percent_add(out, FIELD_BATTERY, p[12]);
	reading_integer(out, FIELD_PACKET, p[13]);
	if (n == PVVX)
		flags_add(out, p[14]);
	return DECODED_VALUES;
}

/* The nonce has a counter of eight bits only, so that an old packet cannot
 * be told from a new one: there is no protection from replay. */
static int payload_decrypt(const struct advertisement *adv,
			   const struct decode_device *device, const uint8_t *p,
			   size_t n, uint8_t *plain)
{
	static const uint8_t more[] = {0x11};
	uint8_t nonce[11] = {[6] = (uint8_t)(n + 3), 0x16, 0x1a, 0x18, p[0]};
	const struct crypto_sealed sealed = {
		.key = device->key, .nonce = nonce, .n_nonce = sizeof(nonce),
		.more = more, .n_more = sizeof(more),
		.text = p + 1, .n = n - 5, .tag = p + n - 4, .n_tag = 4,
	};

	for (int i = 0; i < 6; i++)
		nonce[i] = adv->address[5 - i];
	return crypto_ccm_open(&sealed, plain);
}

static enum decode_result encrypted_decode(const struct advertisement *adv,
					   const struct decode_device *device,
					   const uint8_t *p, size_t n,
					   struct readings *out)
{
	uint8_t plain[6];

	if (device->n_key != CRYPTO_KEY)
		return DECODED_NO_KEY;
	if (payload_decrypt(adv, device, p, n, plain) < 0)
		return DECODED_WRONG_KEY;
	reading_integer(out, FIELD_PACKET, p[0]);
	if (n == PVVX_ENCRYPTED) {
		reading_number(out, FIELD_TEMPERATURE, les16(plain), 100);
		humidity_add(out, le16(plain + 2), 100);
		percent_add(out, FIELD_BATTERY, plain[4]);
		flags_add(out, plain[5]);
	} else {
		reading_number(out, FIELD_TEMPERATURE, plain[0] - 80, 2);
		humidity_add(out, plain[1], 2);
		percent_add(out, FIELD_BATTERY, plain[2] & 0x7f);
		reading_bool(out, FIELD_OUTPUT, plain[2] & 0x80);
	}
	return DECODED_VALUES;
}

DECODER(atc)
{
	struct ad_element e;
	size_t at = 0;

	(void)now;
	while (ad_service(adv->data, adv->n, &at, 0x181a, &e)) {
		bool clear = e.n == ATC || e.n == PVVX_SHORT || e.n == PVVX;

		if (clear && device->n_key > 0)
			return DECODED_UNPROTECTED;
		if (e.n == ATC)
			return atc_clear(adv, e.data, out);
		if (clear)
			return pvvx_clear(adv, e.data, e.n, out);
		if (e.n == PVVX_ENCRYPTED || e.n == ATC_ENCRYPTED)
			return encrypted_decode(adv, device, e.data, e.n, out);
	}
	return DECODED_OTHER;
}

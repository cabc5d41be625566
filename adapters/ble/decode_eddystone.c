/* SPDX-License-Identifier: GPL-2.0-or-later
 * Eddystone: service data FEAA, frames UID, URL, TLM in clear, EID. */
#include <stdio.h>
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

enum frame { FRAME_UID = 0x00, FRAME_URL = 0x10, FRAME_TLM = 0x20,
	     FRAME_EID = 0x30 };

static const char *const prefixes[] = {"http://www.", "https://www.",
				       "http://", "https://"};
static const char *const domains[] = {".com", ".org", ".edu", ".net", ".info",
				      ".biz", ".gov"};
#define DOMAINS (sizeof(domains) / sizeof(*domains))

static enum decode_result uid_decode(const uint8_t *p, size_t n,
				     struct readings *out)
{
	if (n < 18)
		return DECODED_DAMAGED;
	reading_integer(out, FIELD_TX_POWER, (int8_t)p[1]);
	reading_hex(out, FIELD_NAMESPACE, p + 2, 10);
	reading_hex(out, FIELD_INSTANCE, p + 12, 6);
	return DECODED_VALUES;
}

static enum decode_result url_decode(const uint8_t *p, size_t n,
				     struct readings *out)
{
	char url[256];
	size_t used;

	if (n < 3 || p[2] >= sizeof(prefixes) / sizeof(*prefixes))
		return DECODED_DAMAGED;
	used = (size_t)snprintf(url, sizeof(url), "%s", prefixes[p[2]]);
	for (size_t i = 3; i < n && used + 8 < sizeof(url); i++) {
		if (p[i] < 2 * DOMAINS)
			used += (size_t)snprintf(url + used, 8, "%s%s",
						 domains[p[i] % DOMAINS],
						 p[i] < DOMAINS ? "/" : "");
		else if (p[i] > ' ' && p[i] < 0x7f)
			url[used++] = (char)p[i];
		else
			return DECODED_DAMAGED;
	}
	url[used] = '\0';
	reading_integer(out, FIELD_TX_POWER, (int8_t)p[1]);
	reading_text(out, FIELD_URL, "%s", url);
	return DECODED_VALUES;
}

static enum decode_result tlm_decode(const uint8_t *p, size_t n,
				     struct readings *out)
{
	if (n < 2)
		return DECODED_DAMAGED;
	if (p[1] == 1)
		return DECODED_NOTHING;	/* encrypted, by a key not ours */
	if (p[1] != 0 || n < 14)
		return DECODED_DAMAGED;
	if (be16(p + 2) > 0)
		reading_number(out, FIELD_VOLTAGE, be16(p + 2), 1000);
	if (be16(p + 4) != 0x8000)
		reading_number(out, FIELD_TEMPERATURE, bes16(p + 4), 256);
	reading_integer(out, FIELD_ADVERTISEMENTS, be32(p + 6));
	reading_number(out, FIELD_UPTIME, be32(p + 10), 10);
	return DECODED_VALUES;
}

static enum decode_result eid_decode(const uint8_t *p, size_t n,
				     struct readings *out)
{
	if (n < 10)
		return DECODED_DAMAGED;
	reading_integer(out, FIELD_TX_POWER, (int8_t)p[1]);
	reading_hex(out, FIELD_EPHEMERAL_ID, p + 2, 8);
	return DECODED_VALUES;
}

DECODER(eddystone)
{
	struct ad_element e;
	size_t at = 0;

	(void)device;
	(void)now;
	if (!ad_service(adv->data, adv->n, &at, 0xfeaa, &e) || e.n < 1)
		return DECODED_OTHER;
	switch (e.data[0]) {
	case FRAME_UID:
		return uid_decode(e.data, e.n, out);
	case FRAME_URL:
		return url_decode(e.data, e.n, out);
	case FRAME_TLM:
		return tlm_decode(e.data, e.n, out);
	case FRAME_EID:
		return eid_decode(e.data, e.n, out);
	}
	return DECODED_OTHER;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which decoder an advertisement goes to, and what several of them share. */
#include "adapters/ble/decode.h"

#include <stdio.h>
#include <string.h>

#include "adapters/ble/ad.h"

#define PACKET_TIME INT64_C(4000000000)	/* a packet is repeated for so long */
#define RESTART_PAUSE INT64_C(10000000000)	/* nobody is quicker with a
						 * battery */
#define WRAP_STEP 1000		/* packets that may be lost at FFFFFFFF */

/* In the order in which DECODE_AUTO asks them: those with strong signs
 * first. Indices are those of enum decode_choice. */
static const struct decoder decoders[] = {
	[DECODE_BTHOME] = {"bthome", decode_bthome},
	[DECODE_ATC] = {"atc", decode_atc},
	[DECODE_RUUVI] = {"ruuvi", decode_ruuvi},
	[DECODE_MIBEACON] = {"mibeacon", decode_mibeacon},
	[DECODE_EDDYSTONE] = {"eddystone", decode_eddystone},
	[DECODE_IBEACON] = {"ibeacon", decode_ibeacon},
	[DECODE_GOVEE] = {"govee", decode_govee},
	[DECODE_INKBIRD] = {"inkbird", decode_inkbird},
	[DECODE_SWITCHBOT] = {"switchbot", decode_switchbot},
	[DECODE_THERMOPRO] = {"thermopro", decode_thermopro},
	[DECODE_QINGPING] = {"qingping", decode_qingping},
	[DECODE_THERMOBEACON] = {"thermobeacon", decode_thermobeacon},
	[DECODE_ORALB] = {"oralb", decode_oralb},
	[DECODE_ARANET] = {"aranet", decode_aranet},
	[DECODE_VICTRON] = {"victron", decode_victron},
	[DECODE_MOPEKA] = {"mopeka", decode_mopeka},
	[DECODE_TILT] = {"tilt", decode_tilt},
	[DECODE_TPMS] = {"tpms", decode_tpms},
	[DECODE_STANDARD] = {"standard", decode_standard},
	[DECODE_PROFILE] = {"profile", decode_profile},
};

static enum decode_result decode_by(const struct decoder *decoder,
				    const struct advertisement *adv,
				    struct decode_device *device, int64_t now,
				    struct readings *out)
{
	enum decode_result result;

	out->n = out->used = 0;
	result = decoder->decode(adv, device, now, out);
	readings_strip(out);
	if (result == DECODED_VALUES && out->n == 0)
		result = DECODED_NOTHING;
	return result;
}

/* Govee's thermometers add a false iBeacon to their own data: the first with
 * values wins over the first that knows the packet. */
static enum decode_result decode_any(const struct advertisement *adv,
				     struct decode_device *device, int64_t now,
				     struct readings *out,
				     const struct decoder **by)
{
	enum decode_result best = DECODED_OTHER;

	for (int i = DECODE_BTHOME; i < DECODE_PROFILE; i++) {
		enum decode_result result;

		if (i == DECODE_IBEACON)
			continue;
		result = decode_by(&decoders[i], adv, device, now, out);
		if (result == DECODED_OTHER)
			continue;
		if (best == DECODED_OTHER || result == DECODED_VALUES) {
			*by = &decoders[i];
			best = result;
		}
		if (result == DECODED_VALUES)
			return result;
	}
	if (best != DECODED_OTHER)
		return best;
	best = decode_by(&decoders[DECODE_IBEACON], adv, device, now, out);
	*by = best == DECODED_OTHER ? NULL : &decoders[DECODE_IBEACON];
	return best;
}

/* Many devices have their name in a packet of its own. */
static void name_learn(const struct advertisement *adv,
		       struct decode_identity *identity)
{
	char name[DECODE_NAME];

	ad_name(adv->data, adv->n, name, sizeof(name));
	if (*name)
		memcpy(identity->name, name, sizeof(name));
}

enum decode_result decode(enum decode_choice choice,
			  const struct advertisement *adv,
			  struct decode_device *device, int64_t now,
			  struct readings *out, const struct decoder **by)
{
	enum decode_result result = DECODED_OTHER;

	*by = NULL;
	out->n = out->used = 0;
	device->chosen = choice != DECODE_AUTO;
	name_learn(adv, &device->identity);
	if (choice == DECODE_AUTO)
		result = decode_any(adv, device, now, out, by);
	else if (choice < DECODE_NONE)
		result = decode_by(*by = &decoders[choice], adv, device, now,
				   out);
	if (result == DECODED_OTHER)
		*by = NULL;
	if (result != DECODED_VALUES)
		out->n = 0;
	return result;
}

void decode_variant(struct decode_device *device, const char *variant)
{
	struct decode_identity *identity = &device->identity;

	if (variant[0] && !variant[1])
		identity->model = (uint8_t)variant[0];
	else
		snprintf(identity->name, sizeof(identity->name), "%s",
			 variant);
}

const char *decode_result_text(enum decode_result result)
{
	switch (result) {
	case DECODED_OTHER:
		return "unknown";
	case DECODED_VALUES:
	case DECODED_NOTHING:
	case DECODED_REPEATED:
		return "good";
	case DECODED_DAMAGED:
		return "damaged";
	case DECODED_REPLAYED:
		return "replayed";
	case DECODED_WRONG_KEY:
		return "wrong key";
	case DECODED_NO_KEY:
		return "encrypted, no key";
	case DECODED_UNPROTECTED:
		return "not encrypted";
	case DECODED_NO_MODEL:
		return "its model is not known";
	}
	return "?";
}

/* Is it the last of a row that makes the counter begin anew? */
static bool count_rises(struct decode_counter *counter, uint32_t value)
{
	if (counter->rising == 0 || value < counter->low)
		counter->rising = 1;
	else if (value > counter->low)
		counter->rising++;
	counter->low = value;
	if (counter->rising < DECODE_RISING)
		return false;
	counter->anew = true;
	return true;
}

enum decode_result decode_count(struct decode_counter *counter, uint32_t value,
				uint32_t restart, int64_t now)
{
	bool wrapped = value - counter->value < WRAP_STEP;
	bool paused = counter->at == 0 || now - counter->at >= RESTART_PAUSE;

	if (counter->known && value == counter->value)
		return DECODED_REPEATED;
	if (counter->known && value < counter->value && !wrapped &&
	    (value >= restart || !paused) && !count_rises(counter, value))
		return DECODED_REPLAYED;
	counter->rising = 0;
	counter->known = true;
	counter->value = value;
	counter->at = now;
	return DECODED_VALUES;
}

uint32_t decode_hash(const uint8_t *bytes, size_t n)
{
	uint32_t hash = 2166136261u;

	while (n-- > 0)
		hash = (hash ^ *bytes++) * 16777619u;
	return hash;
}

bool decode_packet_is_new(struct decode_device *device, uint8_t id,
			  const uint8_t *bytes, size_t n, int64_t now)
{
	uint32_t hash = (decode_hash(bytes, n) ^ id) * 16777619u;
	struct decode_packet *p = device->packets;

	for (size_t i = 0; i < DECODE_PACKETS; i++)
		if (p[i].at && p[i].hash == hash &&
		    now - p[i].at < PACKET_TIME)
			return false;
	p[device->packet_next++ % DECODE_PACKETS] =
		(struct decode_packet){hash, now};
	return true;
}

bool decode_is_address(const uint8_t *reversed,
		       const struct advertisement *adv)
{
	for (int i = 0; i < 6; i++)
		if (reversed[i] != adv->address[5 - i])
			return false;
	return true;
}

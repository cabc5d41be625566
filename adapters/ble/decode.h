/* SPDX-License-Identifier: GPL-2.0-or-later
 * The decoders of advertisements: each a file of its own, a function of the
 * bytes, the device's key and what is remembered of the device. */
#ifndef BLE_DECODE_H
#define BLE_DECODE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/ble/field.h"

#define DECODE_NAMES "auto|bthome|atc|ruuvi|mibeacon|eddystone|ibeacon|" \
	"govee|inkbird|switchbot|thermopro|qingping|thermobeacon|oralb|" \
	"aranet|victron|mopeka|tilt|tpms|standard|profile|none"
enum decode_choice {
	DECODE_AUTO, DECODE_BTHOME, DECODE_ATC, DECODE_RUUVI, DECODE_MIBEACON,
	DECODE_EDDYSTONE, DECODE_IBEACON, DECODE_GOVEE, DECODE_INKBIRD,
	DECODE_SWITCHBOT, DECODE_THERMOPRO, DECODE_QINGPING,
	DECODE_THERMOBEACON, DECODE_ORALB, DECODE_ARANET, DECODE_VICTRON,
	DECODE_MOPEKA, DECODE_TILT, DECODE_TPMS, DECODE_STANDARD,
	DECODE_PROFILE, DECODE_NONE,
};

enum decode_result {
	DECODED_OTHER,		/* not of this decoder */
	DECODED_VALUES,
	DECODED_NOTHING,	/* good, and without values */
	DECODED_REPEATED,	/* good, and heard before */
	DECODED_DAMAGED,
	DECODED_REPLAYED,
	DECODED_WRONG_KEY,
	DECODED_NO_KEY,		/* encrypted, and no key is configured */
	DECODED_UNPROTECTED,	/* in clear, though a key is configured */
	DECODED_NO_MODEL,	/* good, and the layout is that of a model which
				 * no packet told yet */
};

struct advertisement {
	uint8_t address[6];	/* as it is written: most significant first */
	bool random;
	bool scan_response;
	int8_t rssi;		/* dBm, 127: not known */
	const uint8_t *data;
	size_t n;
};

/* Only what is authentic moves it. */
struct decode_counter {
	bool known;
	uint32_t value;
	int64_t at;		/* ns, when it moved last; 0: long ago */
	uint32_t low;		/* the last refused one, and how many of */
	uint8_t rising;		/* them rose with none good between */
	bool anew;		/* such a row was believed; the reader clears */
};

#define DECODE_NAME 24		/* longer ones are cut */

/* What other packets told of whose layout these are; kept over restarts. */
struct decode_identity {
	char name[DECODE_NAME];	/* Local Name; "": not heard */
	uint8_t model;		/* SwitchBot's letter; 0: not heard */
};

#define DECODE_PACKETS 8	/* that are on their way at once */

/* One that was news. */
struct decode_packet {
	uint32_t hash;
	int64_t at;		/* ns; 0: none */
};

struct decode_device {
	const uint8_t *key;
	size_t n_key;		/* 0: none */
	bool chosen;		/* the decoder is the site's choice: weak
				 * signs suffice */
	const struct profile_match *matches;	/* of DECODE_PROFILE */
	size_t n_matches;
	/* remembered */
	struct decode_counter counter;
	bool has_packet;	/* of MiBeacon's old encryption */
	uint8_t packet;
	struct decode_packet packets[DECODE_PACKETS];
	uint8_t packet_next;
	struct decode_identity identity;
};

struct decoder {
	const char *name;
	/* now: ns, of any clock that runs forward */
	enum decode_result (*decode)(const struct advertisement *adv,
				     struct decode_device *device,
				     int64_t now, struct readings *out);
};

/* What the advertisement says, by the chosen decoder or the first that knows
 * it; *by is that, or NULL. out holds values only of DECODED_VALUES. */
enum decode_result decode(enum decode_choice choice,
			  const struct advertisement *adv,
			  struct decode_device *device, int64_t now,
			  struct readings *out, const struct decoder **by);
/* Can this decoder find it at all? Of none it is not known that it cannot, but
 * for those whose every field is listed. */
bool decode_finds(enum decode_choice choice, unsigned field);
/* Which model the site says that it is, in place of what no packet tells: a
 * name ("H5106") or SwitchBot's letter ("T"). What is heard overrules it. */
void decode_variant(struct decode_device *device, const char *variant);
/* "wrong key", for people. */
const char *decode_result_text(enum decode_result result);

/* A counter that came with a good tag. Lower ones are refused, but below
 * `restart` after a pause: so a device counts whose battery was changed. And
 * but for DECODE_RISING ones in a row that rise, with none good between: a
 * device whose counter begins anywhere. */
#define DECODE_RISING 8
enum decode_result decode_count(struct decode_counter *counter, uint32_t value,
				uint32_t restart, int64_t now);
/* A packet in clear with an id of eight bits, n bytes of it: is it news? The
 * same id with the same bytes is not, for four seconds from when it was. */
bool decode_packet_is_new(struct decode_device *device, uint8_t id,
			  const uint8_t *bytes, size_t n, int64_t now);
/* FNV-1a */
uint32_t decode_hash(const uint8_t *bytes, size_t n);
/* Are these six bytes, last first, the address? */
bool decode_is_address(const uint8_t *reversed,
		       const struct advertisement *adv);

#define DECODER(name) \
	enum decode_result decode_##name(const struct advertisement *adv, \
					 struct decode_device *device, \
					 int64_t now, struct readings *out)
DECODER(bthome);
DECODER(atc);
DECODER(ruuvi);
DECODER(mibeacon);
DECODER(eddystone);
DECODER(ibeacon);
DECODER(govee);
DECODER(inkbird);
DECODER(switchbot);
DECODER(thermopro);
DECODER(qingping);
DECODER(thermobeacon);
DECODER(oralb);
DECODER(aranet);
DECODER(victron);
DECODER(mopeka);
DECODER(tilt);
DECODER(tpms);
DECODER(standard);
DECODER(profile);
#endif

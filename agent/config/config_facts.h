/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a site knows of a device and no bus tells: rare, and behind a pointer.
 * Pure. */
#ifndef AGENT_CONFIG_FACTS_H
#define AGENT_CONFIG_FACTS_H
#include "agent/config/config_key.h"

struct config_location {		/* object 6; WGS84, degrees and m */
	double latitude, longitude, altitude, radius;
	bool has_altitude, has_radius;
};

struct config_rare {			/* NULL: not given */
	const char *device_type, *hardware_version, *firmware_version,
		   *software_version;	/* 3/0/17, 18, 3, 19 */
	const char *timezone, *utc_offset;	/* 3/0/15, 14 */
	const struct config_location *location;
	uint32_t firmware_max;		/* bytes of a package */
};

struct config_facts {			/* NULL: not given */
	const char *manufacturer, *model, *serial;	/* 3/0/0, 1, 2 */
	struct config_rare *rare;
};

#define FIRMWARE_MAX_USUAL (1u << 20)

extern const struct config_key config_fact_keys[], config_rare_keys[],
	config_location_keys[];

/* One key of a device or of the gateway; *facts is made where it is NULL. A
 * key that is none of these: false, and nothing is done. */
bool config_fact_set(struct config_facts **facts, const char *key,
		     const struct yaml_node *value, struct arena *arena,
		     struct config_scope *scope);
/* What firmware_max says, or what is usual. */
uint32_t config_firmware_max(const struct config_facts *facts);
#endif

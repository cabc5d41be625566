/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a site knows of a device and no bus tells. Few devices have it, so it is
 * behind a pointer. Pure. */
#ifndef AGENT_CONFIG_METADATA_H
#define AGENT_CONFIG_METADATA_H
#include "agent/config/config_key.h"

struct config_location {		/* object 6; WGS84, degrees and m */
	double latitude, longitude, altitude, radius;
	bool has_altitude, has_radius;
};

struct config_optional {		/* NULL: not given */
	const char *device_type, *hardware_version, *firmware_version,
		   *software_version;	/* 3/0/17, 18, 3, 19 */
	const char *timezone, *utc_offset;	/* 3/0/15, 14 */
	const struct config_location *location;
	uint32_t firmware_max;		/* bytes of a package */
};

struct config_metadata {		/* NULL: not given */
	const char *manufacturer, *model, *serial;	/* 3/0/0, 1, 2 */
	struct config_optional *optional;
};

#define FIRMWARE_MAX_USUAL (1u << 20)

extern const struct config_key config_metadata_keys[], config_optional_keys[],
	config_location_keys[];

/* One key of a device or of the gateway; *metadata is made where it is NULL. A
 * key that is none of these: false, and nothing is done. */
bool config_metadata_set(struct config_metadata **metadata, const char *key,
			 const struct yaml_node *value, struct arena *arena,
			 struct config_scope *scope);
/* What firmware_max says, or what is usual. */
uint32_t config_firmware_max(const struct config_metadata *metadata);
#endif

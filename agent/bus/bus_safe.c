/* SPDX-License-Identifier: GPL-2.0-or-later
 * A device that leaves is left in its safe state: the points' `safe` values
 * are written, in their order, before the adapter forgets it. On the bus's
 * thread. */
#include <errno.h>
#include <string.h>
#include "agent/bus/bus_private.h"
#include "agent/base/log.h"

#define SAFE_WITHIN POLL_SECOND

/* What an adapter does not do at once is not waited for. */
static int safe_write(struct bus_device *device, struct bus_point *point,
		      const struct lwm2m_value *raw)
{
	struct bus *bus = container_of(device->base.bus, struct bus, base);
	struct bus_command command = {
		.base = {.point = &point->base, .kind = ADAPTER_WRITE,
			 .value = *raw, .deadline = bus_now() + SAFE_WITHIN},
		.state = COMMAND_RUNNING,
	};
	int rc = bus->ops->command(&command.base);

	if (command.state == COMMAND_ENDED)
		return command.error;
	if (rc == -EINPROGRESS && bus->ops->cancel)
		bus->ops->cancel(&command.base);
	return rc;
}

static void point_safe(struct bus_device *device, struct bus_point *point,
		       const struct config_point *conf)
{
	struct lwm2m_value value = lwm2m_float(conf->safe), raw;
	int rc = point_invert(&conf->scale, &value,
			      (enum lwm2m_type)conf->raw_type, conf->raw_min,
			      conf->raw_max, &raw);

	if (rc == 0)
		rc = safe_write(device, point, &raw);
	if (rc < 0)
		log_line(LOG_WARN, device->base.name, device->base.bus->name,
			 "point %s could not be made safe: %s", conf->name,
			 strerror(-rc));
}

void device_safe(struct bus_device *device)
{
	struct bus *bus = container_of(device->base.bus, struct bus, base);

	if (!device->link || device->tries > 0 || device->current ||
	    !bus->ops->command)
		return;
	for (size_t i = 0; i < device->base.n_points; i++)
		if (device->conf->points[i].has_safe)
			point_safe(device, &device->points[i],
				   &device->conf->points[i]);
}

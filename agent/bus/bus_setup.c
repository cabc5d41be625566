/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a device is told before it is asked: the writes of its `setup`, in
 * their order, after each connect and when it is back from silence; those
 * with `every` again and again, as a heartbeat. On the bus's thread. */
#include <errno.h>
#include "agent/bus/bus_private.h"

static const struct config_point *conf_of(const struct bus_device *device,
					  size_t i)
{
	return &device->conf->points[i];
}

static uint32_t next_from(const struct bus_device *device, size_t i)
{
	while (i < device->base.n_points &&
	       !group_is_first(device->conf, i, group_setup))
		i++;
	return (uint32_t)i;
}

static int64_t next_beat(const struct bus_device *device, size_t i)
{
	int64_t every = conf_of(device, i)->every;

	return every > 0 && group_is_first(device->conf, i, group_setup) ?
	       device->points[i].served + every : POLL_NEVER;
}

static void beats_plan(struct bus_device *device)
{
	device->beat_at = POLL_NEVER;
	for (size_t i = 0; i < device->base.n_points; i++)
		if (next_beat(device, i) < device->beat_at)
			device->beat_at = next_beat(device, i);
}

void setup_begin(struct bus_device *device)
{
	device->beat_at = POLL_NEVER;
	device->setup = next_from(device, 0);
}

int64_t setup_due(const struct bus_device *device)
{
	return device->setup < device->base.n_points ? 0 : device->beat_at;
}

/* The one that is due, or has been for longest. */
static uint32_t step_point(const struct bus_device *device)
{
	uint32_t i = next_from(device, 0);

	if (device->setup < device->base.n_points)
		return device->setup;
	while (next_beat(device, i) > device->beat_at)
		i = next_from(device, i + 1);
	return i;
}

int setup_step(struct bus_device *device, int64_t now, const char **name)
{
	struct bus *bus = container_of(device->base.bus, struct bus, base);
	uint32_t before = device->setup, i = step_point(device);
	struct bus_point *point = &device->points[i];
	int rc = -ENOTSUP;

	*name = point->base.name;
	bus->adapter_called = true;
	if (bus->ops->command)
		rc = device_write(device, i, group_setup);
	if (rc < 0)
		return rc;
	point->served = now;
	/* its answer may have begun all anew: this one is done all the same */
	device->setup = before < device->base.n_points ?
			next_from(device, i + 1) : before;
	if (device->setup >= device->base.n_points)
		beats_plan(device);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * A device that leaves is left in its safe state: the points' `safe` values
 * are written, in their order, before the adapter forgets it. The same where
 * nobody is left to command it: the agent thread hangs (a dead man's handle),
 * or the run before was killed. On the bus's thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "agent/bus/bus_private.h"
#include "agent/base/log.h"

#define SAFE_WITHIN POLL_SECOND
static const struct timespec busy_pause = {0, 200 * 1000 * 1000};
/* The beat of a loop that waits for long comes every few seconds only. */
#define BEAT_LATE (10 * POLL_SECOND)

static int command_fill(struct bus_device *device, size_t at, double number,
			struct adapter_command *command)
{
	const struct config_point *conf = &device->conf->points[at];
	struct lwm2m_value value = lwm2m_float(number);

	*command = (struct adapter_command){
		.point = &device->points[at].base, .kind = ADAPTER_WRITE,
		.deadline = bus_now() + SAFE_WITHIN};
	return point_invert(&conf->scale, &value,
			    (enum lwm2m_type)conf->raw_type, conf->raw_min,
			    conf->raw_max, &command->value);
}

/* What an adapter does not do at once is not waited for. */
static int command_do(struct bus_device *device, struct bus_command *command)
{
	struct bus *bus = container_of(device->base.bus, struct bus, base);
	int rc = bus->ops->command(&command->base);

	if (command->state == COMMAND_ENDED)
		return command->error;
	if (rc == -EINPROGRESS && bus->ops->cancel)
		bus->ops->cancel(&command->base);
	return rc;
}

static size_t together_count(const struct bus_device *device, size_t at,
			     group_number *number_of)
{
	size_t n = 0;

	for (size_t i = at; i < device->base.n_points;
	     i = group_next(device->conf, i, number_of))
		n++;
	return n;
}

int device_write(struct bus_device *device, size_t at, group_number *number_of)
{
	const struct config_point *points = device->conf->points;
	size_t n = together_count(device, at, number_of), i = at;
	struct adapter_command *with = calloc(n, sizeof(*with));
	struct bus_command command = {.state = COMMAND_RUNNING};
	int rc;

	if (!with)
		abort();
	rc = command_fill(device, at, *number_of(&points[at]), &command.base);
	for (size_t k = 1; k < n && rc == 0; k++) {
		i = group_next(device->conf, i, number_of);
		rc = command_fill(device, i, *number_of(&points[i]), &with[k]);
		*(k == 1 ? &command.base.with : &with[k - 1].with) = &with[k];
	}
	device_forget_why(device);
	if (rc == 0)
		rc = command_do(device, &command);
	free(command.why);	/* device->why has it too */
	free(with);
	return rc;
}

static void unsafe_tell(const struct bus_device *device, size_t at, int error)
{
	char *why = device_error_text(device, error);

	log_line(LOG_WARN, device->base.name, device->base.bus->name,
		 "point %s could not be made safe: %s",
		 device->conf->points[at].name, why);
	free(why);
}

/* Once more: there may be no later. */
static bool point_safe(struct bus_device *device, size_t at)
{
	int rc = device_write(device, at, group_safe);

	if (rc == -EBUSY) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &busy_pause, NULL);
		rc = device_write(device, at, group_safe);
	}
	if (rc < 0)
		unsafe_tell(device, at, rc);
	return rc >= 0;
}

bool device_safe(struct bus_device *device)
{
	struct bus *bus = container_of(device->base.bus, struct bus, base);
	bool done = true;

	if (!device->link || device->reach.tries > 0 || !bus->ops->command)
		return false;
	if (device->current && device->current->state == COMMAND_WAITING)
		command_end(device, -ECANCELED);	/* it would undo it */
	if (device->current)
		return false;
	for (size_t i = 0; i < device->base.n_points; i++)
		if (group_is_first(device->conf, i, group_safe))
			done &= point_safe(device, i);
	return done;
}

bool device_has_safe(const struct config_device *conf)
{
	for (size_t i = 0; i < conf->n_points; i++)
		if (conf->points[i].has_safe)
			return true;
	return false;
}

void device_make_safe(struct bus_device *device)
{
	if (!device->make_safe || !device_safe(device))
		return;
	device->make_safe = false;
	log_line(LOG_WARN, device->base.name, device->base.bus->name,
		 "the last run ended without leaving the device safe: done");
}

static int64_t orphan_at(const struct bus_device *device, int64_t beat)
{
	int64_t after = device->conf->safe_after;

	return beat + (after > BEAT_LATE ? after : BEAT_LATE);
}

int64_t bus_agent_watch(struct bus *bus, int64_t now)
{
	int64_t beat = mailbox_beat_last(bus->up), due = POLL_NEVER, at;

	if (!beat)
		return now + POLL_SECOND;
	for (struct bus_device *d = bus->first; d; d = d->next) {
		if (d->conf->safe_after <= 0)
			continue;
		at = orphan_at(d, beat);
		if (at > now) {
			d->orphaned = false;
		} else if (!d->orphaned && device_safe(d)) {
			d->orphaned = true;
			log_line(LOG_ERROR, d->base.name, d->base.bus->name,
				 "the agent thread hangs: "
				 "the device is made safe");
		}
		due = at < due ? at : due;
	}
	return due > now ? due : now + POLL_SECOND;	/* tried again */
}

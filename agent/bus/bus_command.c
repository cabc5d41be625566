/* SPDX-License-Identifier: GPL-2.0-or-later
 * Commands on the bus's thread: one per device at a time, before its polls.
 * What was written to a polled point is read back before its server is told
 * that it is done. */
#include <errno.h>
#include <stdlib.h>
#include "agent/bus/bus_private.h"

#define READ_BACK_TRIES 8	/* exchanges that may only learn */

static struct bus *bus_of(const struct bus_device *device)
{
	return container_of(device->base.bus, struct bus, base);
}

/* Of its group, the next one. */
static struct bus_command *with_of(const struct bus_command *command)
{
	return command->base.with ?
	       container_of(command->base.with, struct bus_command, base) :
	       NULL;
}

void command_free(struct bus_command *command)
{
	struct bus_command *with;

	for (; command; command = with) {
		with = with_of(command);
		free(command->why);
		free(command);
	}
}

void device_ready(struct bus_device *device)
{
	struct bus *bus = bus_of(device);

	if (device->ready)
		return;
	device->ready = true;
	device->next_ready = NULL;
	*bus->ready_end = device;
	bus->ready_end = &device->next_ready;
}

void device_unready(struct bus_device *device)
{
	struct bus *bus = bus_of(device);
	struct bus_device **at = &bus->ready;

	if (!device->ready)
		return;
	while (*at != device)
		at = &(*at)->next_ready;
	*at = device->next_ready;
	if (!*at)
		bus->ready_end = at;
	device->ready = false;
}

static void command_say(struct bus_device *device, struct bus_command *command,
			int error)
{
	const struct bus_point *point = container_of(
		command->base.point, struct bus_point, base);

	atomic_fetch_sub(&device->commands, 1);
	if (!command->forgotten) {
		device_say(device, (struct bus_message){
			.event = BUS_DONE, .id = command->id, .error = error,
			.point = (uint32_t)(point - device->points),
			.when = bus_now(), .text = error ? command->why : NULL});
		command->why = error ? NULL : command->why;
	}
	command_free(command);
}

void command_end(struct bus_device *device, int error)
{
	struct bus_command *command = device->current;

	device->current = NULL;
	command_say(device, command, error);
	if (device->queue)
		device_ready(device);
}

void command_queue(struct bus_device *device, struct bus_command *command)
{
	struct bus_command **end = &device->queue;

	while (*end)		/* BUS_COMMANDS_MAX at most */
		end = &(*end)->next;
	*end = command;
	if (!device->current && device->link)
		device_ready(device);
}

static struct bus_command *queue_take(struct bus_command **at)
{
	struct bus_command *command = *at;

	*at = command->next;
	return command;
}

void commands_fail(struct bus_device *device, int error)
{
	while (device->queue)
		command_say(device, queue_take(&device->queue), error);
}

static void current_forget(struct bus_device *device)
{
	struct bus *bus = bus_of(device);
	struct bus_command *command = device->current;

	command->forgotten = true;
	if (command->state == COMMAND_RUNNING && !bus->ops->cancel)
		return;
	if (command->state == COMMAND_RUNNING) {
		bus->adapter_called = true;
		bus->ops->cancel(&command->base);
	}
	command_end(device, 0);
}

void command_forget(struct bus_device *device, uint64_t id)
{
	struct bus_command **at = &device->queue;

	if (device->current && device->current->id == id) {
		current_forget(device);
		return;
	}
	while (*at && (*at)->id != id)
		at = &(*at)->next;
	if (!*at)
		return;
	(*at)->forgotten = true;
	command_say(device, queue_take(at), 0);
}

/* Into bus->asked; how many of the command's points are still to be read. */
static size_t unread_collect(struct bus *bus, struct bus_command *command)
{
	size_t n = 0;

	for (; command; command = with_of(command))
		if (!command->read)
			bus->asked[n++] = command->base.point;
	return n;
}

static bool is_read(const struct bus_command *command)
{
	while (command && command->read)
		command = with_of(command);
	return !command;
}

void command_read_back(struct bus_point *point)
{
	struct bus_device *device = container_of(point->base.device,
						 struct bus_device, base);
	struct bus_command *c = device->current;

	if (!c || c->state != COMMAND_READING)
		return;
	for (; c; c = with_of(c))
		c->read |= c->base.point == &point->base;
	if (is_read(device->current))
		command_end(device, 0);
}

/* The device has confirmed the write: that it is done does not hang on reading
 * it back, which is for the value to be there when the server asks. Reports or
 * faults of all its points end the command from within. */
static void read_back(struct bus_device *device)
{
	struct bus *bus = bus_of(device);
	struct bus_command *command = device->current;
	size_t n = unread_collect(bus, command), before;
	int rc, tries = READ_BACK_TRIES;

	command->state = COMMAND_READING;
	do {
		before = n;
		rc = device_exchange(device, n);
		n = device->current == command ?
		    unread_collect(bus, command) : 0;
	} while (n > 0 && --tries > 0 &&
		 (rc == -EAGAIN || (rc == 0 && n < before)));
	if (device->current == command && rc != -EINPROGRESS)
		command_end(device, 0);
	device_schedule(device);
}

int64_t command_due(const struct bus_device *device)
{
	const struct bus_command *command = device->current;

	return command && command->state == COMMAND_WAITING ? command->again :
							      POLL_NEVER;
}

/* A device that is busy now may well take it in a moment; false: its time is
 * over before that. */
static bool command_wait(struct bus_device *device)
{
	struct bus_command *command = device->current;

	command->again = bus_now() + BUS_BUSY_PAUSE;
	if (command->again >= command->base.deadline)
		return false;
	command->state = COMMAND_WAITING;
	device_schedule(device);
	return true;
}

/* The device has taken it: what is only written is so, the rest can be read. */
static void command_taken(struct bus_command *command)
{
	for (; command; command = with_of(command)) {
		struct bus_point *point = container_of(
			command->base.point, struct bus_point, base);

		command->read = point->due == POLL_NEVER;
		if (point->base.poll == POLL_NEVER)
			point_written(point, &command->base.value);
	}
}

void command_answered(struct bus_command *command, int error)
{
	struct bus_device *device = container_of(command->base.point->device,
						 struct bus_device, base);

	free(command->why);
	command->why = error ? device_error_text(device, error) : NULL;
	command->error = error;
	command->state = COMMAND_ENDED;
}

/* The adapter is through with it. */
static void command_settle(struct bus_device *device)
{
	const struct bus *bus = bus_of(device);
	struct bus_command *command = device->current;
	int lost = bus->lost ? bus->lost : device->attachment == DEVICE_LOST ?
		   -ENODEV : 0;

	if (command->error == -EBUSY && !lost && command_wait(device))
		return;
	if (command->error == 0)
		command_taken(command);
	if (command->error != 0 || is_read(command))
		command_end(device, command->error);
	else if (lost)
		command_end(device, lost);
	else
		read_back(device);
}

static void command_run(struct bus_device *device)
{
	struct bus *bus = bus_of(device);
	struct bus_command *command = device->current;
	int rc = -ENOTSUP;

	if (bus_now() >= command->base.deadline) {
		command_end(device, command->state == COMMAND_WAITING ?
			    command->error : -ETIMEDOUT);
		return;
	}
	command->state = COMMAND_RUNNING;
	device_forget_why(device);
	bus->adapter_called = true;
	bus_count_up(bus, &bus->counters, "commands", 1);
	if (bus->ops->command)
		rc = bus->ops->command(&command->base);
	if (command->state == COMMAND_RUNNING && rc != -EINPROGRESS)
		command_answered(command, rc);
	if (command->state == COMMAND_ENDED)
		command_settle(device);
}

bool command_step(struct bus *bus)
{
	struct bus_device *device = bus->ready;

	if (!device)
		return false;
	device_unready(device);
	if (!device->link)
		return true;
	if (device->current && device->current->state == COMMAND_ENDED)
		command_settle(device);
	else if (command_due(device) <= bus_now())
		command_run(device);
	if (device->current || !device->queue)
		return true;
	device->current = queue_take(&device->queue);
	command_run(device);
	return true;
}

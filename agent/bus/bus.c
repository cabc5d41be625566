/* SPDX-License-Identifier: GPL-2.0-or-later
 * The agent thread's side of a bus: requests go into an inbox, which is not
 * bounded by itself but by the devices there are and BUS_COMMANDS_MAX. */
#include "agent/bus/bus.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "agent/bus/bus_private.h"
#include "agent/bus/bus_search.h"
#include "agent/base/spread.h"

#define MAILBOX_CAPACITY 1024

void bus_message_finish(struct bus_message *message)
{
	free(message->text);
	free(message->bytes);
	message->text = NULL;
	message->bytes = NULL;
}

struct mailbox *bus_mailbox_create(void)
{
	return mailbox_create(sizeof(struct bus_message), MAILBOX_CAPACITY);
}

static void *memory_take(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

/* The signals are the agent thread's. */
static int thread_start(struct bus *bus)
{
	sigset_t all, before;
	char name[16];
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&bus->thread, NULL, bus_run, bus);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return -rc;
	snprintf(name, sizeof(name), "bus-%.11s", bus->conf->name);
	pthread_setname_np(bus->thread, name);
	return 0;
}

static void bus_destroy(struct bus *bus)
{
	close(bus->inbox_fd);
	pthread_mutex_destroy(&bus->inbox_lock);
	pthread_mutex_destroy(&bus->counters_lock);
	heap_finish(&bus->due);
	free(bus->counters.at);
	free(bus->lost_text);
	free(bus->asked);
	free(bus->base.data);
	free(bus);
}

struct bus *bus_start(const struct config_bus *conf, struct mailbox *up)
{
	struct bus *bus = memory_take(sizeof(*bus));
	int rc = 0;

	bus->conf = conf;
	bus->ops = conf->ops;
	bus->up = up;
	bus->base.host = &bus_host;
	bus->base.name = conf->name;
	bus->base.data = memory_take(bus->ops->bus_size);
	bus->inbox_end = &bus->inbox;
	bus->ready_end = &bus->ready;
	bus->attached_end = &bus->base.devices;
	bus->turn_at = bus->keep_at = bus->watch_at = POLL_NEVER;
	bus->trace_until = POLL_NEVER;
	bus->low_fd = -1;
	pthread_mutex_init(&bus->inbox_lock, NULL);
	pthread_mutex_init(&bus->counters_lock, NULL);
	bus->inbox_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = bus->inbox_fd < 0 ? -errno : thread_start(bus);
	if (rc == 0)
		return bus;
	bus_destroy(bus);
	errno = -rc;
	return NULL;
}

void bus_stop(struct bus *bus)
{
	bus->stopping = true;
	pthread_mutex_lock(&bus->inbox_lock);
	bus->stop = true;
	pthread_mutex_unlock(&bus->inbox_lock);
	eventfd_write(bus->inbox_fd, 1);
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	if (!bus->stopping)
		bus_stop(bus);
	pthread_join(bus->thread, NULL);
	bus_destroy(bus);
}

int64_t bus_busy_for(const struct bus *bus, int64_t now)
{
	int64_t since = atomic_load_explicit(&bus->busy_since,
					     memory_order_relaxed);

	return since && since < now ? now - since : 0;
}

static void request_post(struct bus *bus, struct bus_request request)
{
	struct bus_request *copy = memory_take(sizeof(*copy));

	*copy = request;
	pthread_mutex_lock(&bus->inbox_lock);
	*bus->inbox_end = copy;
	bus->inbox_end = &copy->next;
	pthread_mutex_unlock(&bus->inbox_lock);
	eventfd_write(bus->inbox_fd, 1);
}

/* ---- one allocation: device, points, pointers to them, adapter's structs */

static size_t size_aligned(size_t size)
{
	size_t align = _Alignof(max_align_t);

	return (size + align - 1) / align * align;
}

struct layout { size_t pointers, device, points, stride, size; };

static struct layout layout_of(const struct adapter_ops *ops, size_t n)
{
	struct layout l = {.stride = size_aligned(ops->point_state
							  ? ops->point_state
							  : ops->point_size)};

	l.pointers = sizeof(struct bus_device) + n * sizeof(struct bus_point);
	l.device =
		size_aligned(l.pointers + n * sizeof(struct adapter_point *));
	l.points = size_aligned(l.device + ops->device_size);
	l.size = l.points + n * l.stride;
	return l;
}

static struct bus_device *device_create(struct bus *bus,
					const struct config_device *conf)
{
	struct layout l = layout_of(bus->ops, conf->n_points);
	uint8_t *memory = memory_take(l.size);
	struct bus_device *device = (void *)memory;
	struct adapter_point **pointers = (void *)(memory + l.pointers);

	for (size_t i = 0; i < conf->n_points; i++) {
		device->points[i].base = (struct adapter_point){
			.device = &device->base,
			.name = conf->points[i].name,
			.data = memory + l.points + i * l.stride,
			.keys = conf->points[i].data,
			.poll = conf->points[i].poll,
			.writable = conf->points[i].writable ||
				    conf->points[i].has_on_execute,
		};
		pointers[i] = &device->points[i].base;
	}
	device->base = (struct adapter_device){
		.bus = &bus->base, .name = conf->endpoint,
		.data = memory + l.device,
		.points = pointers, .n_points = conf->n_points,
	};
	device->conf = conf;
	device->seed = seed_of(conf->endpoint);
	return device;
}

struct bus_device *bus_attach(struct bus *bus,
			      const struct config_device *conf, void *owner,
			      const uint8_t *kept, size_t n_kept,
			      bool make_safe)
{
	struct bus_device *device = device_create(bus, conf);

	device->owner = owner;
	device->make_safe = make_safe && device_has_safe(conf);
	device_state_init(&device->kept, kept, n_kept);
	request_post(bus, (struct bus_request){.kind = INBOX_ATTACH,
					       .device = device});
	return device;
}

static struct bus *bus_of(const struct bus_device *device)
{
	return container_of(device->base.bus, struct bus, base);
}

/* Nothing may follow a detach or stop: the device is gone when it has said
 * BUS_DETACHED, and what came later would find it freed. */
static bool is_leaving(const struct bus_device *device)
{
	return device->leaving || bus_of(device)->stopping;
}

void bus_detach(struct bus_device *device)
{
	if (is_leaving(device))
		return;
	device->leaving = true;
	request_post(bus_of(device), (struct bus_request){
		.kind = INBOX_DETACH, .device = device});
}

void bus_device_free(struct bus_device *device)
{
	if (device)
		device_destroy(device);
}

static bool has_bytes(const struct lwm2m_value *value)
{
	return value->type == LWM2M_STRING || value->type == LWM2M_OPAQUE ||
	       value->type == LWM2M_CORELINK;
}

static struct bus_command *command_create(struct bus_device *device,
					  const struct bus_write *write,
					  int64_t deadline)
{
	const struct lwm2m_value *raw = &write->raw;
	size_t n = has_bytes(raw) ? raw->length : 0;
	struct bus_command *command = memory_take(sizeof(*command) + n);

	command->base = (struct adapter_command){
		.point = device->base.points[write->point],
		.kind = ADAPTER_WRITE, .value = *raw, .deadline = deadline,
	};
	if (has_bytes(raw)) {
		if (n > 0)
			memcpy(command->bytes, raw->as.bytes, n);
		command->base.value.as.bytes = command->bytes;
	}
	return command;
}

int bus_write(struct bus_device *device, const struct bus_write *writes,
	      size_t n, int64_t deadline, uint64_t id)
{
	struct bus_command *command, *last;

	if (is_leaving(device))
		return -ESHUTDOWN;
	for (size_t i = 0; i < n; i++)
		if (writes[i].point >= device->base.n_points)
			return -EINVAL;
	if (atomic_load(&device->commands) >= BUS_COMMANDS_MAX)
		return -EAGAIN;
	atomic_fetch_add(&device->commands, 1);
	last = command = command_create(device, &writes[0], deadline);
	command->id = id;
	for (size_t i = 1; i < n; i++) {
		struct bus_command *with = command_create(device, &writes[i],
							  deadline);

		last->base.with = &with->base;
		last = with;
	}
	request_post(bus_of(device), (struct bus_request){
		.kind = INBOX_DO, .device = device, .command = command});
	return 0;
}

void bus_cancel(struct bus_device *device, uint64_t id)
{
	if (is_leaving(device))
		return;
	request_post(bus_of(device), (struct bus_request){
		.kind = INBOX_FORGET, .device = device, .id = id});
}

void bus_poll_period(struct bus_device *device, uint32_t point, int64_t poll)
{
	if (is_leaving(device) || point >= device->base.n_points)
		return;
	request_post(bus_of(device), (struct bus_request){
		.kind = INBOX_RHYTHM, .device = device, .point = point,
		.poll = poll});
}

void bus_kept(struct bus_device *device, uint64_t id)
{
	if (!is_leaving(device))
		request_post(bus_of(device), (struct bus_request){
			.kind = INBOX_KEPT, .device = device, .id = id});
}

int bus_image(struct bus_device *device, struct image *image, bool install,
	      uint64_t id)
{
	if (is_leaving(device))
		return -ESHUTDOWN;
	request_post(bus_of(device), (struct bus_request){
		.kind = INBOX_IMAGE, .device = device,
		.image = bus_image_create(device, image, install, id)});
	return 0;
}

int bus_count_anew(struct bus_device *device)
{
	if (is_leaving(device))
		return -ESHUTDOWN;
	request_post(bus_of(device), (struct bus_request){
		.kind = INBOX_COUNT_ANEW, .device = device});
	return 0;
}

int bus_search(struct bus *bus, const struct search_plan *plan, uint64_t id)
{
	if (bus->stopping)
		return -ESHUTDOWN;
	request_post(bus, (struct bus_request){
		.kind = INBOX_SEARCH, .plan = plan, .id = id});
	return 0;
}

void bus_search_stop(struct bus *bus, uint64_t id)
{
	if (!bus->stopping)
		request_post(bus, (struct bus_request){
			.kind = INBOX_SEARCH_STOP, .id = id});
}

int bus_trace(struct bus *bus, int64_t duration, uint64_t id)
{
	int64_t now = bus_now();

	if (bus->stopping)
		return -ESHUTDOWN;
	request_post(bus, (struct bus_request){
		.kind = INBOX_TRACE, .id = id,
		.poll = duration < POLL_NEVER - now ? now + duration :
						      POLL_NEVER});
	return 0;
}

void bus_trace_stop(struct bus *bus)
{
	if (!bus->stopping)
		request_post(bus, (struct bus_request){
			.kind = INBOX_TRACE_STOP});
}

int bus_load(struct bus *bus, int64_t now)
{
	int load;

	pthread_mutex_lock(&bus->counters_lock);
	load = load_permille(&bus->load, now);
	pthread_mutex_unlock(&bus->counters_lock);
	return load;
}

struct bus_pace bus_pace(struct bus *bus, struct bus_device *device)
{
	struct bus_pace pace;

	pthread_mutex_lock(&bus->counters_lock);
	pace = device->pace;
	pthread_mutex_unlock(&bus->counters_lock);
	return pace;
}

size_t bus_counts(struct bus *bus, struct bus_device *device,
		  struct bus_count *counts, size_t max)
{
	struct bus_counters *from = device ? &device->counters :
				    &bus->counters;
	size_t n;

	pthread_mutex_lock(&bus->counters_lock);
	n = from->n < max ? from->n : max;
	if (n > 0)
		memcpy(counts, from->at, n * sizeof(*counts));
	pthread_mutex_unlock(&bus->counters_lock);
	return n;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * The functions that an adapter calls, all on its bus's thread and inside one
 * of its own functions. They note and report; what follows from it (a detach,
 * a read-back, a reopening) happens after the call has returned. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>
#include "agent/base/text.h"
#include "agent/bus/bus_private.h"
#include "agent/base/log.h"
#include "agent/base/monotonic.h"

#define KEEP_PERIOD POLL_SECOND		/* at most one BUS_KEEP in it */

static struct bus *bus_of(struct adapter_bus *base)
{
	return container_of(base, struct bus, base);
}

static struct bus_device *device_of(struct adapter_device *base)
{
	return container_of(base, struct bus_device, base);
}

static struct bus_point *point_of(struct adapter_point *base)
{
	return container_of(base, struct bus_point, base);
}

int64_t bus_now(void)
{
	return monotonic_read();
}

void bus_say(struct bus *bus, struct bus_message message)
{
	message.bus = bus;
	mailbox_put_waiting(bus->up, &message);
}

void device_say(struct bus_device *device, struct bus_message message)
{
	message.device = device;
	message.owner = device->owner;
	bus_say(bus_of(device->base.bus), message);
}

static char *__attribute__((format(printf, 1, 0)))
text_print(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		abort();
	return text;
}

static uint32_t index_of(const struct bus_point *point)
{
	return (uint32_t)(point - device_of(point->base.device)->points);
}

static uint8_t *bytes_copy(const void *bytes, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	if (n > 0)
		memcpy(copy, bytes, n);
	return copy;
}

static int64_t host_now(struct adapter_bus *bus)
{
	(void)bus;
	return bus_now();
}

static void value_copy(struct bus_message *message,
		       const struct lwm2m_value *value)
{
	message->value = *value;
	if (value->type != LWM2M_STRING && value->type != LWM2M_OPAQUE &&
	    value->type != LWM2M_CORELINK)
		return;
	message->length = value->length;
	message->bytes = bytes_copy(value->as.bytes, value->length);
	message->value.as.bytes = message->bytes;
}

static void point_fault(struct bus_point *point, int error, char *text)
{
	bool busy = error == -EBUSY;

	/* Something was there, but no value: that may change any time. */
	if (error == -ENODATA)
		point->misses = 0;
	else if (point->misses < UINT8_MAX)
		point->misses++;
	point->asked = false;
	point->busy = busy;
	if (busy && point->misses < POLL_SILENT_TRIES) {
		free(text);
		return;
	}
	point_tried(point);
	device_say(device_of(point->base.device), (struct bus_message){
		.event = BUS_FAULT, .point = index_of(point), .error = error,
		.when = bus_now(), .text = text});
	command_read_back(point);
	device_round(device_of(point->base.device));
}

static void value_say(struct adapter_point *base,
		      const struct lwm2m_value *value, int64_t when,
		      uint32_t happened)
{
	struct bus_point *point = point_of(base);
	struct bus_device *device = device_of(base->device);
	int64_t now = bus_now();
	struct bus_message message = {
		.event = BUS_SAMPLE, .point = index_of(point),
		.happened = happened,
		.when = when > 0 && when < now ? when : now};

	device_alive(device);
	if (value->length > BUS_VALUE_MAX) {
		point_fault(point, -EMSGSIZE, strdup("the value is too long"));
		return;
	}
	point_tried(point);
	point->asked = false;
	point->busy = false;
	point->misses = 0;
	value_copy(&message, value);
	device_say(device, message);
	command_read_back(point);
	device_round(device);
}

static void host_report(struct adapter_point *base,
			const struct lwm2m_value *value, int64_t when)
{
	value_say(base, value, when, 0);
}

static void host_happened(struct adapter_point *base,
			  const struct lwm2m_value *value, int64_t when,
			  uint32_t times)
{
	value_say(base, value, when, times ? times : 1);
}

static void __attribute__((format(printf, 4, 0)))
host_fault(struct adapter_device *base, struct adapter_point *point, int error,
	   const char *format, va_list args)
{
	char *text = text_print(format, args);

	if (point)
		point_fault(point_of(point), error, text);
	else
		device_fault(device_of(base), error, text);
}

void point_written(struct bus_point *point, const struct lwm2m_value *value)
{
	struct bus_message message = {.event = BUS_SAMPLE,
				      .point = index_of(point),
				      .when = bus_now()};

	value_copy(&message, value);
	device_say(device_of(point->base.device), message);
}

static void host_missed(struct adapter_point *base)
{
	point_of(base)->in_vain = true;
}

static void __attribute__((format(printf, 2, 0)))
host_why(struct adapter_device *base, const char *format, va_list args)
{
	struct bus_device *device = device_of(base);
	char text[160];

	device_forget_why(device);
	if (vsnprintf(text, sizeof(text), format, args) > 0)
		device->why = text_copy(text);
}

static void __attribute__((format(printf, 2, 0)))
host_note(struct adapter_device *base, const char *format, va_list args)
{
	char *text = text_print(format, args);

	if (text && !*text) {
		free(text);
		text = NULL;
	}
	device_say(device_of(base), (struct bus_message){
		.event = BUS_NOTE, .text = text, .when = bus_now()});
}

static void host_heard(struct adapter_device *base, int rssi)
{
	struct bus_device *device = device_of(base);

	device_alive(device);
	device_say(device, (struct bus_message){
		.event = BUS_HEARD, .error = rssi, .when = bus_now()});
}

static void __attribute__((format(printf, 4, 0)))
host_lost(struct adapter_bus *base, struct adapter_device *which, int error,
	  const char *format, va_list args)
{
	struct bus *bus = bus_of(base);
	struct bus_device *device;

	if (!which) {
		bus_lost(bus, error, text_print(format, args));
		return;
	}
	device = device_of(which);
	device_missed(device, error, text_print(format, args));
	attachment_step(device, DEVICE_LOSES);
	bus->device_lost = true;
}

static void host_done(struct adapter_command *base, int error)
{
	struct bus_command *command = container_of(base, struct bus_command,
						   base);

	if (command->state != COMMAND_RUNNING)
		return;
	command_answered(command, error);
	device_ready(device_of(base->point->device));
}

static int host_keep(struct adapter_device *base, const char *name,
		     const void *bytes, size_t n)
{
	struct bus_device *device = device_of(base);
	struct bus *bus = bus_of(base->bus);
	int rc = device_state_set(&device->kept, name, bytes, n);

	device->keeps += rc > 0;
	if (rc <= 0 || device->keeping)
		return rc < 0 ? rc : 0;
	device->keeping = true;
	if (bus->keep_at == POLL_NEVER)
		bus->keep_at = bus_now() + KEEP_PERIOD;
	return 0;
}

void device_keep_flush(struct bus_device *device)
{
	if (!device->keeping)
		return;
	device->keeping = false;
	device_say(device, (struct bus_message){
		.event = BUS_KEEP, .id = device->keeps,
		.length = device->kept.n,
		.bytes = bytes_copy(device->kept.bytes, device->kept.n)});
}

void bus_keep_flush(struct bus *bus)
{
	bus->keep_at = POLL_NEVER;
	for (struct bus_device *d = bus->first; d; d = d->next)
		device_keep_flush(d);
}

static uint64_t host_keeps(struct adapter_device *base, bool on_disk)
{
	const struct bus_device *device = device_of(base);

	return on_disk ? device->kept_to : device->keeps;
}

static int host_kept(struct adapter_device *base, const char *name, void *bytes,
		     size_t n)
{
	return device_state_get(&device_of(base)->kept, name, bytes, n);
}

void bus_count_up(struct bus *bus, struct bus_counters *counters,
		  const char *name, uint64_t n)
{
	size_t i = 0;

	pthread_mutex_lock(&bus->counters_lock);
	while (i < counters->n && strcmp(counters->at[i].name, name) != 0)
		i++;
	if (i == counters->n) {
		counters->at = reallocarray(counters->at, i + 1,
					    sizeof(*counters->at));
		if (!counters->at)
			abort();
		counters->at[counters->n++] = (struct bus_count){name, 0};
	}
	counters->at[i].n += n;
	pthread_mutex_unlock(&bus->counters_lock);
}

static void host_count(struct adapter_bus *base, struct adapter_device *device,
		       const char *name, uint64_t n)
{
	struct bus *bus = bus_of(base);

	bus_count_up(bus, device ? &device_of(device)->counters :
		     &bus->counters, name, n);
}

/* Only check_*() can be asked to refuse, and that has its own host. */
static int host_refuse(struct adapter_error *error, const char *key,
		       const char *format, va_list args)
{
	(void)error;
	(void)key;
	(void)format;
	(void)args;
	return -EINVAL;
}

static void host_warn(struct adapter_error *error, const char *key,
		      const char *format, va_list args)
{
	host_refuse(error, key, format, args);
}

static void __attribute__((format(printf, 4, 0)))
host_log(struct adapter_bus *base, struct adapter_device *device, int level,
	 const char *format, va_list args)
{
	char *text = text_print(format, args);

	if (level < LOG_ERROR)
		level = LOG_ERROR;
	if (level > LOG_TRACE)
		level = LOG_TRACE;
	log_line((enum log_level)level, device ? device->name : NULL,
		 base->name, "%s", text);
	free(text);
}

/* ---- descriptors below FD_SETSIZE, shared by all buses */

static struct {
	pthread_mutex_t lock;
	int null;		/* of /dev/null; 0: not yet open */
	int free[FD_SETSIZE];
	size_t n;
} low = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Another slot, or -EMFILE: it would not be low any more. */
static int slot_open(void)
{
	int fd;

	if (low.null <= 0)
		low.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	fd = fcntl(low.null, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0 && fd < FD_SETSIZE)
		return fd;
	if (fd >= 0)
		close(fd);
	return -EMFILE;
}

void bus_reserve_low_fds(size_t n)
{
	int fd = 0;

	pthread_mutex_lock(&low.lock);
	while (low.n < n && low.n < FD_SETSIZE && (fd = slot_open()) >= 0)
		low.free[low.n++] = fd;
	pthread_mutex_unlock(&low.lock);
}

static int host_low_fd(struct adapter_bus *base)
{
	struct bus *bus = bus_of(base);

	if (bus->low_fd >= 0)
		return bus->low_fd;
	pthread_mutex_lock(&low.lock);
	bus->low_fd = low.n > 0 ? low.free[--low.n] : slot_open();
	pthread_mutex_unlock(&low.lock);
	return bus->low_fd;
}

/* What the adapter put there is closed; the slot stays taken. */
void bus_low_fd_return(struct bus *bus)
{
	if (bus->low_fd < 0)
		return;
	pthread_mutex_lock(&low.lock);
	if (low.n < FD_SETSIZE &&
	    dup3(low.null, bus->low_fd, O_CLOEXEC) == bus->low_fd)
		low.free[low.n++] = bus->low_fd;
	pthread_mutex_unlock(&low.lock);
	bus->low_fd = -1;
}

const struct adapter_host bus_host = {
	.abi = ADAPTER_ABI, .minor = ADAPTER_MINOR,
	.size = sizeof(struct adapter_host),
	.now = host_now, .report = host_report, .fault = host_fault,
	.heard = host_heard, .lost = host_lost, .done = host_done,
	.found = search_found, .keep = host_keep, .kept = host_kept,
	.count = host_count, .refuse = host_refuse, .log = host_log,
	.low_fd = host_low_fd, .missed = host_missed, .why = host_why,
	.note = host_note,
	.warn = host_warn, .trace = trace_frame,
	.happened = host_happened, .keeps = host_keeps,
};

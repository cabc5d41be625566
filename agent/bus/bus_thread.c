/* SPDX-License-Identifier: GPL-2.0-or-later
 * The thread of a bus: requests from the agent, then one command, one poll and
 * one turn each time round; opens the bus, and again when it is lost. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include "agent/bus/bus_private.h"
#include "agent/base/text.h"

#define WAKE_GRID (POLL_SECOND / 1000)
#define ATTACH_MAX 64			/* between two turns */
#define REOPEN_PERIOD (30 * POLL_SECOND)	/* of a bus whose devices are
						 * all silent */

static struct bus_device *device_of(struct heap_item *due)
{
	return container_of(due, struct bus_device, due);
}

void bus_lost(struct bus *bus, int error, char *text)
{
	if (bus->lost) {
		free(text);
		return;
	}
	bus->lost = error < 0 ? error : -EIO;
	bus->lost_text = text;
}

/* ---- devices come and go */

static void device_enter(struct bus *bus, struct bus_device *device)
{
	device->prev = bus->last;
	if (bus->last)
		bus->last->next = device;
	else
		bus->first = device;
	bus->last = device;
	device->counted_as = REACH_UNCOUNTED;
	bus->reached[REACH_UNCOUNTED]++;
	if (device->conf->safe_after > 0)
		bus->watch_at = 0;
	if (bus->open)
		heap_set(&bus->due, &device->due, bus_now());
}

/* Once BUS_DETACHED is in the mailbox the device may be freed any time. */
static void device_leave(struct bus *bus, struct bus_device *device)
{
	device_safe(device);
	device_detach(device, -ECANCELED);
	commands_fail(device, -ECANCELED);
	device_keep_flush(device);
	*(device->prev ? &device->prev->next : &bus->first) = device->next;
	*(device->next ? &device->next->prev : &bus->last) = device->prev;
	bus->reached[REACH_UNCOUNTED]--;
	device_say(device, (struct bus_message){.event = BUS_DETACHED});
}

static void request_serve(struct bus *bus, const struct bus_request *request)
{
	switch (request->kind) {
	case INBOX_ATTACH:
		device_enter(bus, request->device);
		break;
	case INBOX_DETACH:
		device_leave(bus, request->device);
		break;
	case INBOX_DO:
		command_queue(request->device, request->command);
		break;
	case INBOX_FORGET:
		command_forget(request->device, request->id);
		break;
	case INBOX_RHYTHM:
		device_poll_period(request->device, request->point,
				   request->poll);
		break;
	case INBOX_SEARCH:
		search_begin(bus, request->plan, request->id);
		break;
	case INBOX_SEARCH_STOP:
		search_forget(bus, request->id);
		break;
	case INBOX_TRACE:
		trace_begin(bus, request->poll, request->id);
		break;
	case INBOX_TRACE_STOP:
		trace_end(bus);
		break;
	case INBOX_IMAGE:
		image_begin(bus, request->image);
		break;
	case INBOX_COUNT_ANEW:
		device_count_anew(request->device);
		break;
	case INBOX_KEPT:
		request->device->kept_to = request->id;
		if (bus->open)
			bus->turn_at = 0;
		break;
	}
}

/* false: and then stop. */
static bool requests_serve(struct bus *bus)
{
	struct bus_request *request, *next;
	eventfd_t count;
	bool stop;

	if (bus->inbox_ready)
		eventfd_read(bus->inbox_fd, &count);
	bus->inbox_ready = false;
	pthread_mutex_lock(&bus->inbox_lock);
	request = bus->inbox;
	bus->inbox = NULL;
	bus->inbox_end = &bus->inbox;
	stop = bus->stop;
	pthread_mutex_unlock(&bus->inbox_lock);
	for (; request; request = next) {
		next = request->next;
		request_serve(bus, request);
		free(request);
	}
	return !stop;
}

/* ---- the bus opens and closes */

static void bus_close(struct bus *bus, int error)
{
	search_end(bus, error, NULL);
	for (struct bus_device *d = bus->first; d; d = d->next)
		device_detach(d, error);
	if (bus->ops->close)
		bus->ops->close(&bus->base);
	bus->base.closed_at = bus_now();
	bus_low_fd_return(bus);
	bus->open = bus->silent = bus->readable = bus->adapter_called = false;
	bus->turn_at = POLL_NEVER;
	bus->lost = 0;
}

static void down_say(struct bus *bus, int error, const char *text)
{
	if (bus->last_reported == REPORTED_DOWN && bus->down_error == error)
		return;
	bus->last_reported = REPORTED_DOWN;
	bus->down_error = error;
	bus_say(bus, (struct bus_message){
		.event = BUS_DOWN, .error = error, .text = text_copy(text),
		.tries = bus->open_tries, .when = bus_now()});
}

/* Its devices fail with it, as far as that is news. */
static void bus_fail(struct bus *bus, int error, const char *text)
{
	bus->open_tries++;
	bus->open_at = bus_now() + poll_reopen(bus->open_tries,
					       error == -ENODEV ||
					       error == -ENOENT);
	down_say(bus, error, text);
	search_end(bus, error, text);
	for (struct bus_device *d = bus->first; d; d = d->next)
		if (d->reach.tries < POLL_SILENT_TRIES)
			device_missed(d, error, text_copy(text));
}

static void bus_open(struct bus *bus)
{
	int64_t now = bus_now();
	char *text;
	int rc = 0;

	if (bus->ops->bus_size > 0)
		memcpy(bus->base.data, bus->conf->data, bus->ops->bus_size);
	bus_count_up(bus, &bus->counters, "opens", 1);
	/* Each is there from the start: what is not has no rate. */
	bus_count_up(bus, &bus->counters, "exchanges", 0);
	bus_count_up(bus, &bus->counters, "commands", 0);
	bus_count_up(bus, &bus->counters, "busy_us", 0);
	if (bus->ops->open)
		rc = bus->ops->open(&bus->base);
	if (rc < 0) {
		text = bus->lost_text ? bus->lost_text :
		       text_copy(strerror(-rc));
		bus->lost_text = NULL;
		bus->lost = 0;
		bus_low_fd_return(bus);
		bus_fail(bus, rc, text);
		for (struct bus_device *d = bus->first; d; d = d->next)
			commands_fail(d, rc);
		free(text);
		return;
	}
	bus->open = bus->adapter_called = true;
	bus->opened_at = bus_now();
	/* One after the other, in the order of the configuration. */
	for (struct bus_device *d = bus->first; d; d = d->next)
		heap_set(&bus->due, &d->due, now++);
	if (bus->last_reported != REPORTED_OPENED)
		bus_say(bus, (struct bus_message){.event = BUS_OPENED,
						  .when = bus_now()});
	bus->last_reported = REPORTED_OPENED;
}

static void lost_detach(struct bus *bus)
{
	bus->device_lost = false;
	for (struct bus_device *d = bus->first; d; d = d->next) {
		if (d->attachment != DEVICE_LOST)
			continue;
		device_detach(d, -ENODEV);
		d->hold = bus_now() + poll_retry(d->reach.tries, 0, 0);
		heap_set(&bus->due, &d->due, d->hold);
	}
}

/* Open for longer than it was waited for: what failed before is over. */
static bool bus_has_lasted(const struct bus *bus)
{
	return bus_now() - bus->opened_at > poll_reopen(bus->open_tries, false);
}

/* What the calls into the adapter have brought up. */
static void bus_settle(struct bus *bus)
{
	int error = bus->lost;

	if (error) {
		char *text = bus->lost_text;

		if (bus_has_lasted(bus))
			bus->open_tries = 0;
		bus->lost_text = NULL;
		search_end(bus, error, text);
		bus_close(bus, error);
		bus_fail(bus, error, text);
		free(text);
		return;
	}
	if (bus->silent && !bus->search) {
		bus->reopen_at = bus_now() + REOPEN_PERIOD;
		bus->open_at = 0;
		bus_close(bus, -ETIMEDOUT);
		return;
	}
	if (bus->device_lost)
		lost_detach(bus);
}

/* ---- work */

/* Attaches those whose time has come, or polls one. */
static void poll_step(struct bus *bus)
{
	int64_t now = bus_now();

	for (int i = 0; i < ATTACH_MAX && !bus->lost; i++) {
		struct heap_item *due = heap_first(&bus->due);
		bool done = false;

		if (!due || due->due > now)
			return;
		if (device_of(due)->link)
			done = device_poll(device_of(due), now);
		else
			device_attach(device_of(due));
		if (done)
			return;
	}
}

static void turn_step(struct bus *bus)
{
	int64_t now = bus_now();
	bool readable = bus->readable;

	if (!bus->adapter_called && !readable && now < bus->turn_at)
		return;
	bus->adapter_called = bus->readable = false;
	if (bus->ops->turn)
		bus->turn_at = bus->ops->turn(&bus->base, now, readable);
}

static void bus_work(struct bus *bus)
{
	static void (*const steps[])(struct bus *) = {
		poll_step, search_step, images_step, turn_step,
	};

	command_step(bus);
	bus_settle(bus);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (!bus->open)
			return;
		steps[i](bus);
		bus_settle(bus);
	}
}

static int64_t wait_until(const struct bus *bus)
{
	int64_t due = heap_due(&bus->due), until = bus->keep_at;

	if (bus->watch_at < until)
		until = bus->watch_at;
	if (bus->trace_until < until)
		until = bus->trace_until;
	if (!bus->open)
		return bus->open_at < until ? bus->open_at : until;
	if (bus->ready || bus->adapter_called)
		return 0;
	if (bus->turn_at < until)
		until = bus->turn_at;
	if (search_due(bus) < until)
		until = search_due(bus);
	if (images_due(bus) < until)
		until = images_due(bus);
	return due < until ? due : until;
}

static void work_count(struct bus *bus)
{
	int64_t since = atomic_load_explicit(&bus->busy_since,
					     memory_order_relaxed);
	int64_t now = bus_now();

	pthread_mutex_lock(&bus->counters_lock);
	load_add(&bus->load, now, since ? now - since : 0);
	pthread_mutex_unlock(&bus->counters_lock);
}

static void bus_wait(struct bus *bus)
{
	struct pollfd fds[2] = {{.fd = bus->inbox_fd, .events = POLLIN},
				{.fd = -1, .events = POLLIN}};
	int64_t until = wait_until(bus), left = 0;
	struct timespec t;
	int n;

	/* On a grid, so that devices due at nearly the same time share one
	 * wake-up of both threads. */
	if (until != POLL_NEVER && until > bus_now())
		left = (until / WAKE_GRID + 1) * WAKE_GRID - bus_now();
	t.tv_sec = left / POLL_SECOND;
	t.tv_nsec = left % POLL_SECOND;
	if (bus->open && bus->ops->pollfd)
		fds[1].fd = bus->ops->pollfd(&bus->base);
	work_count(bus);
	atomic_store_explicit(&bus->busy_since, 0, memory_order_relaxed);
	n = ppoll(fds, 2, until == POLL_NEVER ? NULL : &t, NULL);
	atomic_store_explicit(&bus->busy_since, bus_now(),
			      memory_order_relaxed);
	if (n <= 0)
		return;
	bus->inbox_ready = fds[0].revents != 0;
	bus->readable = fds[1].revents != 0;
}

static void bus_end(struct bus *bus)
{
	search_end(bus, -ECANCELED, "the bus is closed");
	for (struct bus_device *d = bus->first; d; d = d->next)
		device_safe(d);
	if (bus->open)
		bus_close(bus, -ECANCELED);
	requests_serve(bus);
	search_end(bus, -ECANCELED, "the bus is closed");
	while (bus->first)
		device_leave(bus, bus->first);
	trace_end(bus);
	bus_say(bus, (struct bus_message){.event = BUS_CLOSED});
}

void *bus_run(void *argument)
{
	struct bus *bus = argument;

	while (requests_serve(bus)) {
		if (bus->open)
			bus_work(bus);
		else if (bus_now() >= bus->open_at)
			bus_open(bus);
		if (bus_now() >= bus->keep_at)
			bus_keep_flush(bus);
		if (bus_now() >= bus->trace_until)
			trace_end(bus);
		if (bus_now() >= bus->watch_at)
			bus->watch_at = bus_agent_watch(bus, bus_now());
		bus_wait(bus);
	}
	bus_end(bus);
	return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * A device on its bus's thread: attach and detach, its polls, and what its
 * answers and silences make of it (the two machines of bus_state.h).
 *
 * Its turn on the bus comes by the point that has waited longest, a command or
 * its setup; after a failure not before `hold`. In its turn it is made safe if
 * that is owed, then set up, one write a turn, and only then read: a device is
 * not asked for anything before it works as it should.
 *
 * A miss costs the bus a whole time-out, in which nobody else is served. So
 * who missed is left alone for longer each time, and for a multiple of what
 * the miss has cost all others that may miss wait while live ones are served.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/bus/bus_private.h"
#include "agent/base/log.h"

static struct bus *bus_of(const struct bus_device *device)
{
	return container_of(device->base.bus, struct bus, base);
}

void device_destroy(struct bus_device *device)
{
	struct bus_command *command;

	while ((command = device->queue)) {
		device->queue = command->next;
		command_free(command);
	}
	command_free(device->current);
	device_state_finish(&device->kept);
	free(device->counters.at);
	free(device->why);
	free(device);
}

void attachment_step(struct bus_device *device, enum attachment_event event)
{
	device->attachment = attachment_next(device->attachment, event);
}

/* ---- reachability */

static struct reach_rules reach_rules_of(const struct bus_device *device)
{
	return (struct reach_rules){device->conf->queue,
				    device->conf->silent_after};
}

static bool is_polled(const struct bus_device *device)
{
	for (size_t i = 0; i < device->base.n_points; i++)
		if (device->points[i].due != POLL_NEVER)
			return true;
	return false;
}

/* The bus counts its devices by reachability; those without polls do not
 * count. */
static void reach_count(struct bus_device *device)
{
	struct bus *bus = bus_of(device);
	bool counts = device->link && bus->ops->read && is_polled(device);

	bus->reached[device->counted_as]--;
	device->counted_as = counts ? device->reach.state : REACH_UNCOUNTED;
	bus->reached[device->counted_as]++;
}

/* true: it was silent, and is back. */
static bool device_reach(struct bus_device *device, enum reach_event event,
			 int64_t now)
{
	struct reach_rules rules = reach_rules_of(device);
	enum reachability before = device->reach.state;
	bool back = reach_step(&device->reach, event, &rules, now);

	if (device->reach.state != before)
		reach_count(device);
	return back;
}

/* While a device is silent all its values are bad: they are asked for at once
 * when it is back, those with a long period too. */
static void points_renew(struct bus_device *device, int64_t now)
{
	for (size_t i = 0; i < device->base.n_points; i++)
		if (device->points[i].due != POLL_NEVER &&
		    device->points[i].due > now)
			device->points[i].due = now;
}

void device_alive(struct bus_device *device)
{
	struct bus *bus = bus_of(device);
	bool was_live = device->reach.state == REACH_LIVE;
	int64_t now = bus_now();
	bool back = device_reach(device, REACH_ANSWERED, now);

	bus->open_tries = 0;
	if (was_live)
		return;
	if (back) {
		points_renew(device, now);
		setup_begin(device);
	}
	device->hold = 0;
	if (device->link)
		device_schedule(device);
}

/* Are all that could answer silent, and is it time to try a new connection? */
static bool is_reopening_due(const struct bus *bus, int64_t now)
{
	return bus->reached[REACH_SILENT] > 0 && now >= bus->reopen_at &&
	       bus->reached[REACH_UNKNOWN] == 0 &&
	       bus->reached[REACH_LIVE] == 0 &&
	       bus->reached[REACH_DEGRADED] == 0;
}

void device_missed(struct bus_device *device, int error, char *text)
{
	struct bus *bus = bus_of(device);

	device->missed = true;
	device_reach(device, REACH_MISSED, bus_now());
	if (is_reopening_due(bus, bus_now()))
		bus->silent = true;
	bus_count_up(bus, &device->counters, "unanswered", 1);
	device_say(device, (struct bus_message){
		.event = BUS_NO_ANSWER, .error = error, .text = text,
		.tries = device->reach.tries, .when = bus_now()});
}

void point_tried(struct bus_point *point)
{
	struct bus_device *device = container_of(point->base.device,
						 struct bus_device, base);

	if (!point->untried)
		return;
	point->untried = false;
	device->untried--;
}

void device_round(struct bus_device *device)
{
	if (device->attachment == DEVICE_SERVED || device->untried > 0 ||
	    !device->link)
		return;
	attachment_step(device, DEVICE_TRIED);
	device_say(device, (struct bus_message){.event = BUS_ROUND,
						.when = bus_now()});
}

/* ---- attach and detach */

static void data_fill(struct bus_device *device, int64_t now)
{
	const struct adapter_ops *ops = bus_of(device)->ops;
	const struct config_device *conf = device->conf;

	device->untried = 0;
	if (ops->device_size > 0)
		memcpy(device->base.data, conf->data, ops->device_size);
	for (size_t i = 0; i < conf->n_points; i++) {
		struct bus_point *point = &device->points[i];

		if (ops->point_state > 0)
			memset(point->base.data, 0, ops->point_state);
		else if (ops->point_size > 0)
			memcpy(point->base.data, conf->points[i].data,
			       ops->point_size);
		point->untried = ops->read && conf->points[i].polled;
		point->due = point->untried ? now : POLL_NEVER;
		point->asked = false;
		point->paced = false;
		point->stretch = 0;
		device->untried += point->untried;
	}
}

static void asked_reserve(struct bus *bus, size_t n)
{
	if (bus->asked_room >= n)
		return;
	bus->asked_room = n;
	bus->asked = reallocarray(bus->asked, n,
				  sizeof(struct adapter_point *));
	if (!bus->asked)
		abort();
}

static void link_enter(struct bus_device *device)
{
	struct bus *bus = bus_of(device);

	device->base.next = NULL;
	device->link = bus->attached_end;
	*device->link = &device->base;
	bus->attached_end = &device->base.next;
}

static void link_leave(struct bus_device *device)
{
	struct bus *bus = bus_of(device);

	*device->link = device->base.next;
	if (device->base.next)
		container_of(device->base.next, struct bus_device,
			     base)->link = device->link;
	else
		bus->attached_end = device->link;
	device->link = NULL;
	device->base.next = NULL;
}

void device_forget_why(struct bus_device *device)
{
	free(device->why);
	device->why = NULL;
}

char *device_error_text(const struct bus_device *device, int error)
{
	char *text = strdup(device->why ? device->why : strerror(-error));

	if (!text)
		abort();
	return text;
}

void device_count_anew(struct bus_device *device)
{
	struct bus *bus = bus_of(device);

	device->count_anew = !device->link;
	if (device->count_anew || !bus->ops->count_anew)
		return;
	bus->adapter_called = true;
	bus->ops->count_anew(&device->base);
}

void device_attach(struct bus_device *device)
{
	struct bus *bus = bus_of(device);
	int64_t now = bus_now();
	int rc = 0;

	asked_reserve(bus, device->base.n_points);
	data_fill(device, now);
	device_reach(device, REACH_ATTACHED, now);
	device->no_progress = 0;
	device->hold = 0;
	setup_begin(device);
	bus->adapter_called = true;
	if (bus->ops->attach)
		rc = bus->ops->attach(&device->base);
	if (rc < 0) {
		device_missed(device, rc, device_error_text(device, rc));
		device->hold = bus_now() +
			       poll_retry(device->reach.tries, bus_now() - now, 0);
		heap_set(&bus->due, &device->due, device->hold);
		return;
	}
	link_enter(device);
	attachment_step(device, DEVICE_ATTACHES);
	device_make_safe(device);
	if (device->count_anew)
		device_count_anew(device);
	reach_count(device);
	device_say(device, (struct bus_message){.event = BUS_ATTACHED,
						.when = now});
	device_round(device);
	device_schedule(device);
	if (device->queue)
		device_ready(device);
}

/* error: what a command at the adapter is told. */
void device_detach(struct bus_device *device, int error)
{
	struct bus *bus = bus_of(device);

	heap_set(&bus->due, &device->due, POLL_NEVER);
	attachment_step(device, DEVICE_DETACHES);
	device_unready(device);
	if (!device->link)
		return;
	bus->adapter_called = true;
	images_end(device, error);
	if (bus->ops->detach)
		bus->ops->detach(&device->base);
	link_leave(device);
	reach_count(device);
	if (device->current)
		command_end(device, error);
	device_unready(device);
}

/* ---- polls */

/* Its turn comes by the point that has waited longest, so that on a bus with
 * more to do than time nobody's points are passed over; not before `earliest`.
 */
static void turn_set(struct bus_device *device, int64_t earliest)
{
	int64_t when = setup_due(device);

	if (command_due(device) < when)
		when = command_due(device);
	for (size_t i = 0; i < device->base.n_points; i++)
		if (device->points[i].due < when)
			when = device->points[i].due;
	if (when < earliest)
		when = earliest;
	if (when < device->hold)
		when = device->hold;
	heap_set(&bus_of(device)->due, &device->due, when);
}

void device_schedule(struct bus_device *device)
{
	turn_set(device, 0);
}

void device_poll_period(struct bus_device *device, uint32_t at, int64_t poll)
{
	struct bus_point *point = &device->points[at];
	int64_t now = bus_now(), next = poll_next(now, poll, device->seed);

	point->base.poll = poll;
	point->paced = false;
	point->stretch = 0;
	if (point->due == POLL_NEVER || !device->link)
		return;
	/* one that is late keeps its place among those that wait */
	if (!point->untried && point->due > now)
		point->due = next;
	device_schedule(device);
}

static int64_t shortest_poll(const struct bus_device *device)
{
	int64_t poll = POLL_NEVER;

	for (size_t i = 0; i < device->base.n_points; i++)
		if (device->points[i].due != POLL_NEVER &&
		    device->points[i].base.poll < poll)
			poll = device->points[i].base.poll;
	return poll;
}

static int64_t retry_wait(const struct bus_device *device, int64_t cost)
{
	int64_t poll = shortest_poll(device);

	return device->conf->queue ? poll_retry_sleeper(cost, poll) :
				     poll_retry(device->reach.tries, cost, poll);
}

void device_fault(struct bus_device *device, int error, char *text)
{
	int64_t now = bus_now();

	device_missed(device, error, text);
	for (size_t i = 0; i < device->base.n_points; i++)
		point_tried(&device->points[i]);
	device_round(device);
	device->hold = now + retry_wait(device, 0);
	if (device->link)
		device_schedule(device);
}

static struct bus_point *point_of(struct adapter_point *base)
{
	return container_of(base, struct bus_point, base);
}

/* Has a waited longer than b? The points of one poll share a grid: of those
 * due at once, the one that was served before the other. */
static bool is_older(const struct bus_point *a, const struct bus_point *b)
{
	return a->due != b->due ? a->due < b->due : a->served < b->served;
}

/* Into bus->asked; the one that has waited longest comes first. */
static size_t due_collect(struct bus_device *device, int64_t now)
{
	struct bus *bus = bus_of(device);
	size_t n = 0;

	for (size_t i = 0; i < device->base.n_points; i++) {
		struct bus_point *point = &device->points[i];

		if (point->due == POLL_NEVER ||
		    point->due - poll_grain(point->base.poll) > now)
			continue;
		bus->asked[n++] = &point->base;
		if (is_older(point, point_of(bus->asked[0]))) {
			bus->asked[n - 1] = bus->asked[0];
			bus->asked[0] = &point->base;
		}
	}
	return n;
}

/* A point that fails three times in a row while its device lives is bad. It
 * waits behind those that were not asked for, which may well be answered. */
static void point_missed(struct bus_point *point, int error, int64_t now)
{
	struct bus_device *device = container_of(point->base.device,
						 struct bus_device, base);

	point->asked = false;
	point->paced = false;
	if (point->due != POLL_NEVER)
		point->due = now;
	point_tried(point);
	if (point->misses < POLL_SILENT_TRIES)
		point->misses++;
	if (point->misses < POLL_SILENT_TRIES ||
	    device->reach.tries >= POLL_SILENT_TRIES)
		return;
	device_say(device, (struct bus_message){
		.event = BUS_FAULT, .error = error,
		.text = device_error_text(device, error),
		.point = (uint32_t)(point - device->points),
		.when = bus_now()});
}

/* Of those asked, some are known to have been in the exchange. */
static bool some_in_vain(const struct bus *bus, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (point_of(bus->asked[i])->in_vain)
			return true;
	return false;
}

/* Nothing came of it: what was asked for is failed, and the device is left
 * alone for a while. The doubtful of a bus share a part of its time. */
static void exchange_fail(struct bus_device *device, size_t n, int error,
			  int64_t cost)
{
	struct bus *bus = bus_of(device);
	bool some = some_in_vain(bus, n);
	int64_t now = bus_now();

	if (!device->missed && !bus->lost &&
	    device->attachment != DEVICE_LOST)
		device_missed(device, error, device_error_text(device, error));
	for (size_t i = 0; i < n; i++) {
		struct bus_point *point = point_of(bus->asked[i]);

		if (point->asked && (point->in_vain || !some))
			point_missed(point, error, now);
	}
	device->no_progress = 0;
	device->hold = now + retry_wait(device, cost);
	bus->backoff_until = now +
		(device->reach.tries >= POLL_SILENT_TRIES ||
		 device->conf->queue ? 4 : 1) * cost;
}

static size_t still_asked(const struct bus *bus, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		left += point_of(bus->asked[i])->asked;
	return left;
}

/* When it is due again, by what came of it. */
static int64_t point_next(const struct bus_device *device,
			  const struct bus_point *point, int64_t now)
{
	int64_t poll = point->base.poll;
	int64_t from = point->due > now ? point->due : now + poll_grain(poll);

	if (point->busy && point->misses < POLL_SILENT_TRIES)
		return now + (poll < BUS_BUSY_PAUSE ? poll : BUS_BUSY_PAUSE);
	if (point->misses > POLL_SILENT_TRIES)
		from = now + poll_refused(point->misses, poll) - poll;
	return poll_next(from, poll, device->seed);
}

/* Refusals and silences have a rhythm of their own, which is nobody's wish. */
static void pace_count(struct bus_point *point, int64_t now)
{
	if (point->misses > 0)
		point->stretch = 0;
	else if (point->paced)
		point->stretch = stretch_add(point->stretch,
					     now - point->served,
					     point->base.poll);
	point->paced = point->misses == 0;
	point->served = now;
}

/* That of the point that is furthest behind. */
static struct bus_pace pace_of(const struct bus_device *device)
{
	const struct bus_point *worst = NULL;

	for (size_t i = 0; i < device->base.n_points; i++) {
		const struct bus_point *point = &device->points[i];

		if (point->due != POLL_NEVER &&
		    point->stretch > STRETCH_LATE &&
		    (!worst || point->stretch > worst->stretch))
			worst = point;
	}
	if (!worst)
		return (struct bus_pace){0, 0};
	return (struct bus_pace){
		worst->base.poll,
		stretch_period(worst->stretch, worst->base.poll)};
}

/* As soon as it is sure, and once: it will hardly pass by itself. */
static void full_tell(struct bus_device *device, struct bus_pace pace)
{
	struct bus *bus = bus_of(device);

	if (bus->full_told || !pace.gets ||
	    load_permille(&bus->load, bus_now()) < BUS_FULL)
		return;
	bus->full_told = true;
	log_line(LOG_WARN, device->base.name, bus->base.name,
		 "asked every %.3g s, read every %.3g s: the line is full; "
		 "longer polls, fewer points or a faster line help",
		 (double)pace.asked / POLL_SECOND,
		 (double)pace.gets / POLL_SECOND);
}

static void pace_update(struct bus_device *device)
{
	struct bus *bus = bus_of(device);
	struct bus_pace pace = pace_of(device);

	pthread_mutex_lock(&bus->counters_lock);
	device->pace = pace;
	pthread_mutex_unlock(&bus->counters_lock);
	full_tell(device, pace);
}

/* What has been answered, or will be, is due again a period later. */
static void answered_schedule(struct bus_device *device, size_t n, bool all,
			      int64_t now)
{
	struct bus *bus = bus_of(device);

	for (size_t i = 0; i < n; i++) {
		struct bus_point *point = point_of(bus->asked[i]);

		if (point->asked && !all)
			continue;
		/* Promised twice and never reported counts as tried. */
		if (point->asked && point->misses++ > 0)
			point_tried(point);
		/* Late or early, it returns to the grid; never at once. */
		point->due = point_next(device, point, now);
		pace_count(point, now);
		point->asked = false;
	}
}

int device_exchange(struct bus_device *device, size_t n)
{
	struct bus *bus = bus_of(device);
	int64_t start = bus_now(), cost;
	size_t left;
	int rc;

	for (size_t i = 0; i < n; i++) {
		point_of(bus->asked[i])->asked = true;
		point_of(bus->asked[i])->in_vain = false;
	}
	device->missed = false;
	device_forget_why(device);
	bus->adapter_called = true;
	rc = bus->ops->read(&device->base, bus->asked, n);
	cost = bus_now() - start;
	bus_count_up(bus, &bus->counters, "exchanges", 1);
	bus_count_up(bus, &bus->counters, "busy_us", (uint64_t)cost / 1000);
	bus_count_up(bus, &device->counters, "exchanges", 1);
	left = still_asked(bus, n);
	if (rc == 0 && left == n)
		rc = -EAGAIN;
	device->no_progress = rc == -EAGAIN ? device->no_progress + 1 : 0;
	if (rc == -EAGAIN && device->no_progress > BUS_NO_PROGRESS_MAX)
		rc = -EPROTO;
	if (device->missed && rc == -EAGAIN)
		rc = -ETIMEDOUT;
	answered_schedule(device, n, rc == -EINPROGRESS, start);
	if (rc != 0 && rc != -EAGAIN && rc != -EINPROGRESS)
		exchange_fail(device, n, rc, cost);
	for (size_t i = 0; i < n; i++)
		point_of(bus->asked[i])->asked = false;
	pace_update(device);
	device_round(device);
	return rc;
}

/* Those that may well not answer wait while the others are served. */
static bool is_backed_off(const struct bus_device *device, int64_t now)
{
	const struct bus *bus = bus_of(device);

	return now < bus->backoff_until && bus->reached[REACH_LIVE] > 0 &&
	       device->counted_as != REACH_LIVE;
}

/* One behind the other, so that who waited longest goes first. */
static void backoff_wait(struct bus_device *device)
{
	struct bus *bus = bus_of(device);

	bus->backoff_last = bus->backoff_until > bus->backoff_last ?
			    bus->backoff_until : bus->backoff_last + 1;
	heap_set(&bus->due, &device->due, bus->backoff_last);
}

/* One write of its setup; false: nothing of it is due. As long as it fails the
 * device is not asked for anything. */
static bool device_setup(struct bus_device *device, int64_t now)
{
	const char *name;
	char *text, *why;
	int rc;

	if (setup_due(device) > now)
		return false;
	device->missed = false;
	device_forget_why(device);
	rc = setup_step(device, now, &name);
	if (rc == 0) {
		device->setup_told = false;
		return true;
	}
	why = device_error_text(device, rc);
	if (asprintf(&text, "%s failed: %s", name, why) < 0)
		abort();
	free(why);
	if (!device->setup_told)
		log_line(LOG_WARN, device->base.name, device->base.bus->name,
			 "%s: it is not asked for anything before that is done",
			 text);
	device->setup_told = true;
	if (!device->missed)
		device_missed(device, rc, text);
	else
		free(text);
	device->hold = bus_now() + retry_wait(device, bus_now() - now);
	return true;
}

/* An exchange that only taught the adapter something, or left out the point
 * that waited longest, gives way to all that are due by now. */
bool device_poll(struct bus_device *device, int64_t now)
{
	struct bus *bus = bus_of(device);
	const struct bus_point *oldest;
	int64_t due;
	size_t n;

	if (is_backed_off(device, now)) {
		backoff_wait(device);
		return false;
	}
	device->hold = 0;
	device_make_safe(device);
	if (command_due(device) <= now)
		device_ready(device);
	if (device_setup(device, now)) {
		turn_set(device, 0);
		return true;
	}
	n = due_collect(device, now);
	if (n == 0) {
		device_schedule(device);
		return false;
	}
	oldest = point_of(bus->asked[0]);
	due = oldest->due;
	device_exchange(device, n);
	turn_set(device, oldest->due == due ? bus_now() : 0);
	return true;
}

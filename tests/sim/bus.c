/* SPDX-License-Identifier: GPL-2.0-or-later
 * agent/bus/bus.h without a thread: devices whose every value is a new one,
 * that sleep, die and come back, and actuators that count what they are told.
 * In place of agent/bus; what the gateway holds is on the heap, as there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/bus/bus.h"
#include "agent/bus/bus_search.h"
#include "agent/bus/image.h"
#include "tests/sim/bus.h"
#include "tests/sim/disk.h"
#include "tests/sim/gateway.h"
#include "tests/sim/judge.h"
#include "tests/sim/site.h"
#include "tests/sim/world.h"

#define BUSES_MAX 64
#define DEVICES_MAX 512
#define COMMANDS_MAX 16
#define REOPEN (5 * SECOND)
#define TRIES_SAID 3		/* of a device whose bus is lost */

struct bus {
	const struct config_bus *conf;
	struct mailbox *up;
	uint64_t number;
	size_t name;			/* its number in the configuration */
	bool stopping, open, said_down;
};

struct bus_device {
	struct bus *bus;
	const struct config_device *conf;
	void *owner;
	uint64_t number;
	size_t thing;			/* index in the site */
	bool leaving, attached, round, make_safe;
	uint32_t tries;
	unsigned commands;
	int64_t commands_at;		/* when the last is done */
	uint64_t plan;			/* of its next poll: others are void */
	int64_t poll[POINTS_MAX], due[POINTS_MAX];
	/* What it has counted is kept ahead: told is what a start goes on
	 * from, or less. */
	struct { double ahead, kept; uint64_t keeps, to; } count;
};

struct thing {			/* the device itself, whoever asks it */
	bool dead;
	double count;
	bool unkept;		/* the disk is not what it should be */
	double number[POINTS_MAX];
	double answer_lost;	/* how probable: done, but not answered */
};

static struct {
	struct bus *buses[BUSES_MAX];
	struct bus_device *devices[DEVICES_MAX];
	uint64_t numbers;
	struct thing things[ENDPOINTS_MAX];
	bool failed[BUSES];
	struct mailbox *mail;
	size_t waiting;			/* in it */
} own;

struct bus_sim bus_sim;

void buses_begin(void)
{
	memset(own.things, 0, sizeof(own.things));
	memset(own.failed, 0, sizeof(own.failed));
	bus_sim = (struct bus_sim){.quick = 20 * MS};
}

void buses_gone(void)
{
	memset(own.buses, 0, sizeof(own.buses));
	memset(own.devices, 0, sizeof(own.devices));
}

void thing_die(size_t thing, bool dead)
{
	own.things[thing].dead = dead;
}

bool thing_is_dead(size_t thing)
{
	return own.things[thing].dead || own.failed[site_bus(thing)];
}

/* It shows itself at the beginning of each of its periods. */
static bool answers(size_t thing)
{
	const struct site_endpoint *e = &site.endpoints[thing];
	int64_t every = (int64_t)e->quiet_every * SECOND;

	return !thing_is_dead(thing) &&
	       (!every || (world.now - WORLD_START) % every <
		every - (int64_t)e->quiet_for * SECOND);
}

static struct bus *bus_numbered(uint64_t number)
{
	for (size_t i = 0; i < BUSES_MAX; i++)
		if (own.buses[i] && own.buses[i]->number == number)
			return own.buses[i];
	return NULL;
}

static struct bus_device *device_numbered(uint64_t number)
{
	for (size_t i = 0; i < DEVICES_MAX; i++)
		if (own.devices[i] && own.devices[i]->number == number)
			return own.devices[i];
	return NULL;
}

/* ---- messages ---- */

void bus_message_finish(struct bus_message *message)
{
	free(message->text);
	free(message->bytes);
	message->text = NULL;
	message->bytes = NULL;
}

struct mailbox *bus_mailbox_create(void)
{
	own.mail = mailbox_create(sizeof(struct bus_message),
				  8 * BUS_MAIL_MOST);
	own.waiting = 0;
	return own.mail;
}

size_t __real_mailbox_take(struct mailbox *mailbox, void *messages, size_t max);
size_t __wrap_mailbox_take(struct mailbox *mailbox, void *messages, size_t max);
size_t __wrap_mailbox_take(struct mailbox *mailbox, void *messages, size_t max)
{
	size_t n = __real_mailbox_take(mailbox, messages, max);

	own.waiting -= mailbox == own.mail ? n : 0;
	return n;
}

size_t bus_mail(void)
{
	return own.waiting;
}

static void say(struct bus *bus, struct bus_message message)
{
	message.bus = bus;
	if (!mailbox_put(bus->up, &message))
		abort();
	own.waiting++;
}

static void device_say(struct bus_device *d, struct bus_message message)
{
	message.device = d;
	message.owner = d->owner;
	message.when = world.now;
	say(d->bus, message);
}

void bus_reserve_low_fds(size_t n)
{
	(void)n;
}

/* ---- buses ---- */

static void missed(struct bus_device *d, int error);
static void attached(uint64_t number, uint64_t unused);

/* Its devices fail with it, as far as that is news. */
static void down(struct bus *bus)
{
	if (!bus->said_down)
		say(bus, (struct bus_message){.event = BUS_DOWN, .error = -EIO,
			.text = strdup("the line is dead")});
	bus->said_down = true;
	for (size_t i = 0; i < DEVICES_MAX; i++) {
		struct bus_device *d = own.devices[i];

		if (!d || d->bus != bus || d->leaving)
			continue;
		d->attached = d->round = false;
		if (d->tries < TRIES_SAID)
			missed(d, -EIO);
	}
}

/* One after the other. */
static void attach_all(struct bus *bus)
{
	int64_t at = world.now;

	for (size_t i = 0; i < DEVICES_MAX; i++)
		if (own.devices[i] && own.devices[i]->bus == bus)
			world_at(at += bus_sim.quick, true, attached,
				 own.devices[i]->number, 0);
}

static void open_try(uint64_t number, uint64_t again);

static void bus_lose(struct bus *bus)
{
	bus->open = false;
	down(bus);
	world_at(world.now + REOPEN, true, open_try, bus->number, true);
}

static void lost_again(uint64_t number, uint64_t unused)
{
	struct bus *bus = bus_numbered(number);

	(void)unused;
	if (bus && bus->open && own.failed[bus->name] && !bus->stopping &&
	    !world.ghost)
		bus_lose(bus);
}

/* One in four tries opens it while it fails, too: nobody answers there. */
static void open_try(uint64_t number, uint64_t again)
{
	struct bus *bus = bus_numbered(number);
	bool fails = bus && own.failed[bus->name];

	if (!bus || bus->stopping || bus->open || world.ghost)
		return;
	if (fails && !draw_chance(STREAM_LOST, 0.25)) {
		down(bus);
		world_at(world.now + REOPEN, true, open_try, number, true);
		return;
	}
	bus->open = true;
	bus->said_down = false;
	say(bus, (struct bus_message){.event = BUS_OPENED});
	if (again)
		attach_all(bus);
	if (fails)
		world_at(world.now + draw_between(STREAM_LOST, SECOND,
						  20 * SECOND), true,
			 lost_again, number, 0);
}

void bus_fail(size_t number, bool fails)
{
	if (own.failed[number] == fails)
		return;
	world_say("bus-%zu %s", number, fails ? "is lost" : "works again");
	own.failed[number] = fails;
	for (size_t i = 0; i < BUSES_MAX && fails && !world.ghost; i++)
		if (own.buses[i] && own.buses[i]->name == number &&
		    own.buses[i]->open && !own.buses[i]->stopping)
			bus_lose(own.buses[i]);
}

struct bus *bus_start(const struct config_bus *conf, struct mailbox *up)
{
	struct bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		abort();
	*bus = (struct bus){.conf = conf, .up = up, .number = ++own.numbers};
	sscanf(conf->name, "bus-%zu", &bus->name);
	for (size_t i = 0; ; i++)
		if (!own.buses[i]) {
			own.buses[i] = bus;
			break;
		}
	world_at(world.now + bus_sim.quick, true, open_try, bus->number, false);
	return bus;
}

static void closed(uint64_t number, uint64_t unused)
{
	struct bus *bus = bus_numbered(number);

	(void)unused;
	if (bus)
		say(bus, (struct bus_message){.event = BUS_CLOSED});
}

void bus_stop(struct bus *bus)
{
	if (bus->stopping)
		return;
	bus->stopping = true;
	world_at(world.now + (world.ghost ? 0 : bus_sim.quick), true, closed,
		 bus->number, 0);
}

void bus_free(struct bus *bus)
{
	for (size_t i = 0; i < BUSES_MAX; i++)
		if (own.buses[i] == bus)
			own.buses[i] = NULL;
	free(bus);
}

int64_t bus_busy_for(const struct bus *bus, int64_t now)
{
	(void)bus;
	(void)now;
	return 0;
}

int bus_load(struct bus *bus, int64_t now)
{
	(void)bus;
	(void)now;
	return -1;
}

struct bus_pace bus_pace(struct bus *bus, struct bus_device *device)
{
	(void)bus;
	(void)device;
	return (struct bus_pace){0, 0};
}

size_t bus_counts(struct bus *bus, struct bus_device *device,
		  struct bus_count *counts, size_t max)
{
	(void)bus;
	(void)device;
	(void)counts;
	(void)max;
	return 0;
}

/* ---- devices ---- */

/* As agent/bus does when a device comes or leaves, or by the gateway. */
static void thing_make_safe(size_t thing)
{
	const struct site_endpoint *e = &site.endpoints[thing];

	for (size_t i = 0; e->safe_after && i < e->n_points; i++)
		if (e->points[i].written) {
			own.things[thing].number[i] = 0;
			judge_made_safe(thing);
		}
}

static const struct site_endpoint *site_of(const struct bus_device *d)
{
	return &site.endpoints[d->thing];
}

/* On the grid of its poll, at a phase of its own. */
static int64_t next_on_grid(const struct bus_device *d, int64_t poll)
{
	int64_t phase = (int64_t)(d->thing * 7919 % 1000) * (poll / 1000);

	return ((world.now - phase) / poll + 1) * poll + phase;
}

static void polled(uint64_t number, uint64_t plan);

static void plan_next(struct bus_device *d)
{
	int64_t due = NEVER;

	for (uint32_t i = 0; i < d->conf->n_points; i++)
		if (d->due[i] < due)
			due = d->due[i];
	if (d->tries)
		due = world.now + (d->tries < 3 ? 2 : 30) * SECOND;
	world_at(due, true, polled, d->number, ++d->plan);
}

#define AHEAD 100

/* One piece at a time is on its way to the disk. */
static void count_keep(struct bus_device *d, double count)
{
	uint8_t *bytes;

	if (count + AHEAD / 2 < d->count.ahead ||
	    d->count.keeps != d->count.to)
		return;
	d->count.ahead = count + AHEAD;
	bytes = malloc(sizeof(d->count.ahead));
	if (!bytes)
		abort();
	memcpy(bytes, &d->count.ahead, sizeof(d->count.ahead));
	device_say(d, (struct bus_message){.event = BUS_KEEP,
			.id = ++d->count.keeps, .bytes = bytes,
			.length = sizeof(d->count.ahead)});
}

static double count_read(struct bus_device *d)
{
	struct thing *t = &own.things[d->thing];

	t->count += (double)draw_between(STREAM_BUS, 0, 20);
	count_keep(d, t->count);
	return t->count < d->count.kept ? t->count : d->count.kept;
}

static void point_read(struct bus_device *d, uint32_t i)
{
	const struct site_point *p = &site_of(d)->points[i];
	struct thing *t = &own.things[d->thing];

	if (p->counts) {
		t->number[i] = count_read(d);
		judge_count_sampled(d->thing, t->number[i]);
	}
	if (p->measured)
		t->number[i] = judge_sampled(d->thing, i);
	device_say(d, (struct bus_message){.event = BUS_SAMPLE, .point = i,
			.value = lwm2m_float(t->number[i])});
}

static void missed(struct bus_device *d, int error)
{
	d->tries++;
	device_say(d, (struct bus_message){.event = BUS_NO_ANSWER,
			.error = error, .tries = d->tries});
}

static void polled(uint64_t number, uint64_t plan)
{
	struct bus_device *d = device_numbered(number);

	if (!d || d->leaving || !d->attached || world.ghost || plan != d->plan)
		return;
	if (!answers(d->thing)) {
		missed(d, -ETIMEDOUT);
		plan_next(d);
		return;
	}
	d->tries = 0;
	for (uint32_t i = 0; i < d->conf->n_points; i++)
		if (d->due[i] <= world.now) {
			point_read(d, i);
			d->due[i] = next_on_grid(d, d->poll[i]);
		}
	if (!d->round) {
		d->round = true;
		device_say(d, (struct bus_message){.event = BUS_ROUND});
	}
	plan_next(d);
}

static void attached(uint64_t number, uint64_t unused)
{
	struct bus_device *d = device_numbered(number);

	(void)unused;
	if (!d || d->leaving || d->attached || !d->bus->open || world.ghost)
		return;
	d->attached = true;
	for (uint32_t i = 0; i < d->conf->n_points; i++)
		d->due[i] = world.now;
	device_say(d, (struct bus_message){.event = BUS_ATTACHED});
	if (d->make_safe && answers(d->thing)) {
		thing_make_safe(d->thing);
		d->make_safe = false;
	}
	polled(number, d->plan);
}

/* Nobody counted while it was away; and it goes on from what was kept. */
static void count_begin(struct bus_device *d, const uint8_t *kept, size_t n)
{
	double count = 0;

	if (n == sizeof(count))
		memcpy(&count, kept, n);
	if (own.things[d->thing].unkept)
		judge_count_lost(d->thing);
	own.things[d->thing].unkept = false;
	own.things[d->thing].count = d->count.ahead = d->count.kept = count;
}

struct bus_device *bus_attach(struct bus *bus,
			      const struct config_device *conf, void *owner,
			      const uint8_t *kept, size_t n_kept,
			      bool make_safe)
{
	struct bus_device *d = calloc(1, sizeof(*d));
	int thing = site_find(conf->endpoint, strlen(conf->endpoint));

	if (!d || thing < 0 || conf->n_points > POINTS_MAX)
		abort();
	*d = (struct bus_device){.bus = bus, .conf = conf, .owner = owner,
				 .number = ++own.numbers,
				 .thing = (size_t)thing,
				 .make_safe = make_safe};
	count_begin(d, kept, n_kept);
	if (daemon_follows_kill() && !make_safe &&
	    site.endpoints[thing].safe_after)
		judge_fault(RULE_SAFE, "%s is left as it was before a kill",
			    conf->endpoint);
	daemon_has_devices();
	for (uint32_t i = 0; i < conf->n_points; i++) {
		d->poll[i] = conf->queue ?
			(int64_t)site.endpoints[thing].wakes * SECOND :
			conf->points[i].poll;
		d->due[i] = world.now;
	}
	for (size_t i = 0; ; i++)
		if (!own.devices[i]) {
			own.devices[i] = d;
			break;
		}
	world_at(world.now + bus_sim.quick, true, attached, d->number, 0);
	return d;
}

static void detached(uint64_t number, uint64_t unused)
{
	struct bus_device *d = device_numbered(number);

	(void)unused;
	if (!d)
		return;
	if (!world.ghost && answers(d->thing))
		thing_make_safe(d->thing);
	device_say(d, (struct bus_message){.event = BUS_DETACHED});
}

void bus_detach(struct bus_device *d)
{
	if (d->leaving)
		return;
	d->leaving = true;
	world_at(world.now + (world.ghost ? 0 : bus_sim.quick), true, detached,
		 d->number, 0);
}

void bus_device_free(struct bus_device *d)
{
	for (size_t i = 0; i < DEVICES_MAX; i++)
		if (own.devices[i] == d)
			own.devices[i] = NULL;
	free(d);
}

/* That is as much as to say: or it cannot be brought there. */
void bus_kept(struct bus_device *d, uint64_t id)
{
	d->count.to = id;
	d->count.kept = d->count.ahead;
	own.things[d->thing].unkept = disk.eio > 0 || disk.room < SIZE_MAX;
}

void bus_poll_period(struct bus_device *d, uint32_t point, int64_t poll)
{
	if (point >= d->conf->n_points)
		return;
	d->poll[point] = poll;
	if (d->due[point] > world.now)
		d->due[point] = next_on_grid(d, poll);
	plan_next(d);
}

/* ---- commands ---- */

struct command {
	uint64_t device, id;
	uint32_t point;
	double value;
	int64_t deadline;
};

static void command_done(uint64_t command, uint64_t unused)
{
	struct command c = *(struct command *)(uintptr_t)command;
	struct bus_device *d = device_numbered(c.device);
	int error = 0;

	(void)unused;
	world_give((void *)(uintptr_t)command, sizeof(c));
	if (!d || d->leaving || world.ghost)
		return;
	d->commands--;
	if (!d->attached) {
		error = -EIO;
	} else if (!answers(d->thing) || world.now > c.deadline) {
		error = -ETIMEDOUT;
	} else if (site_of(d)->points[c.point].written && c.value == 0) {
		thing_make_safe(d->thing);
		point_read(d, c.point);
	} else {
		own.things[d->thing].number[c.point] = c.value;
		if (site_of(d)->points[c.point].executed)
			judge_executed(d->thing);
		if (site_of(d)->points[c.point].written)
			judge_written(d->thing, c.value);
		if (draw_chance(STREAM_BUS, bus_sim.answer_lost))
			error = -ETIMEDOUT;
		else if (!site_of(d)->points[c.point].executed)
			point_read(d, c.point);
	}
	device_say(d, (struct bus_message){.event = BUS_DONE, .id = c.id,
					   .error = error});
}

/* No site of it has a group: one point a time. */
int bus_write(struct bus_device *d, const struct bus_write *writes, size_t n,
	      int64_t deadline, uint64_t id)
{
	struct command *c;

	if (d->leaving || d->bus->stopping)
		return -ESHUTDOWN;
	if (n != 1 || writes[0].point >= d->conf->n_points)
		return -EINVAL;
	if (d->commands >= COMMANDS_MAX)
		return -EAGAIN;
	if (site_of(d)->points[writes[0].point].written && !world.ghost &&
	    lwm2m_number(&writes[0].raw) == 0)
		judge_safe_asked(d->thing);
	d->commands++;
	c = world_take(sizeof(*c));
	*c = (struct command){d->number, id, writes[0].point,
			      lwm2m_number(&writes[0].raw), deadline};
	/* One after the other. */
	if (d->commands_at < world.now)
		d->commands_at = world.now;
	d->commands_at += draw_between(STREAM_BUS, 5 * MS, 200 * MS);
	world_at(d->commands_at, true, command_done, (uint64_t)(uintptr_t)c, 0);
	return 0;
}

/* It is on its way: what comes of it means nothing any more. */
void bus_cancel(struct bus_device *d, uint64_t id)
{
	(void)d;
	(void)id;
}

/* ---- images ---- */

struct image *image_create(const uint8_t *bytes, size_t n)
{
	struct image *image = malloc(sizeof(*image) + n);

	if (!image)
		abort();
	atomic_init(&image->users, 1);
	image->n = n;
	memcpy(image->bytes, bytes, n);
	return image;
}

void image_release(struct image *image)
{
	if (image && atomic_fetch_sub(&image->users, 1) == 1)
		free(image);
}

static void image_done(uint64_t number, uint64_t id)
{
	struct bus_device *d = device_numbered(number);

	if (d && !d->leaving)
		device_say(d, (struct bus_message){.event = BUS_DONE, .id = id,
				.error = d->attached ? 0 : -ENODEV});
}

int bus_image(struct bus_device *d, struct image *image, bool install,
	      uint64_t id)
{
	if (d->leaving || d->bus->stopping)
		return -ESHUTDOWN;
	if (!install && d->attached && !world.ghost)
		judge_package(d->thing, image->bytes, image->n);
	world_at(world.now + bus_sim.quick, true, image_done, d->number, id);
	return 0;
}

/* ---- what no simulation does ---- */

int bus_count_anew(struct bus_device *device)
{
	(void)device;
	return -ESHUTDOWN;
}

int bus_search(struct bus *bus, const struct search_plan *plan, uint64_t id)
{
	(void)bus;
	(void)plan;
	(void)id;
	return -ESHUTDOWN;
}

void bus_search_stop(struct bus *bus, uint64_t id)
{
	(void)bus;
	(void)id;
}

int bus_trace(struct bus *bus, int64_t duration, uint64_t id)
{
	(void)bus;
	(void)duration;
	(void)id;
	return -ENOTSUP;
}

void bus_trace_stop(struct bus *bus)
{
	(void)bus;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * A bus driven by an adapter that plays what each test asks for, on the bus's
 * own thread and in real time. Tests wait for what must come, never for a time
 * in which it must come. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "adapters/adapter.h"
#include "agent/bus/bus.h"
#include "agent/base/log.h"
#include "agent/lwm2m/registration.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define UNITS 16
#define ADDRESSES 8
#define PATIENCE_MS 30000

/* ---- the world that the adapter plays, set by the test at any time */

enum play { ANSWERS, DIES, REFUSES, LOSES_BUS, LOSES_DEVICE, LEARNS, LATER,
	    TALKS, SPINS };

static struct {
	atomic_int open_error, opens, closes, attaches, detaches, cancels;
	atomic_int attach_error;	/* of unit 1 */
	atomic_int play[UNITS], reads[UNITS], delay_ms[UNITS];
	atomic_int bad_address;		/* dies when it is read; 0: none */
	atomic_int values[UNITS][ADDRESSES];
	atomic_int block;		/* points an exchange takes */
	atomic_int command_error, commands;
	atomic_int command_busy;	/* so often, before it is taken */
	atomic_bool command_hurries;	/* the next busy one: 700 ms are left */
	atomic_bool command_later, command_loses, complete, lost_by_turn;
	atomic_bool fault_all;
	atomic_int counts_anew;
	atomic_int order[64], n_order;	/* units in the order of exchanges */
	atomic_int low_fd, wake_fd;
	atomic_int dirty;		/* data was not pristine */
	atomic_int broken;		/* calls out of order */
	struct adapter_command *pending[UNITS];	/* the bus's thread only */
} world;

struct fake_bus { int marker; bool open; };
struct fake_device { int unit; int marker; bool attached; };
struct fake_point { int address; int marker; };

static void expect(bool right)
{
	if (!right)
		atomic_fetch_add(&world.broken, 1);
}

static int fake_open(struct adapter_bus *bus)
{
	struct fake_bus *b = bus->data;

	atomic_fetch_add(&world.opens, 1);
	if (b->marker++ != 7 || b->open || bus->devices)
		atomic_fetch_add(&world.dirty, 1);
	if (atomic_load(&world.low_fd) == -1) {
		int low = adapter_low_fd(bus);

		expect(low == adapter_low_fd(bus));
		expect(low >= 0 && low < FD_SETSIZE &&
		       dup3(atomic_load(&world.wake_fd), low,
			    O_CLOEXEC) == low);
		atomic_store(&world.low_fd, low);
	}
	b->open = atomic_load(&world.open_error) == 0;
	return atomic_load(&world.open_error);
}

static void fake_close(struct adapter_bus *bus)
{
	struct fake_bus *b = bus->data;

	expect(b->open && !bus->devices);
	atomic_fetch_add(&world.closes, 1);
}

static int fake_attach(struct adapter_device *device)
{
	struct fake_device *d = device->data;
	uint32_t count = 0;

	if (d->marker++ != 7 || d->attached)
		atomic_fetch_add(&world.dirty, 1);
	for (size_t i = 0; i < device->n_points; i++)
		if (((struct fake_point *)device->points[i]->data)->marker != 7)
			atomic_fetch_add(&world.dirty, 1);
	if (d->unit == 1 && atomic_load(&world.attach_error))
		return atomic_load(&world.attach_error);
	adapter_kept(device, "attaches", &count, sizeof(count));
	count++;
	expect(adapter_keep(device, "attaches", &count, sizeof(count)) == 0);
	d->attached = true;
	atomic_fetch_add(&world.attaches, 1);
	return 0;
}

static void fake_detach(struct adapter_device *device)
{
	struct fake_device *d = device->data;

	expect(d->attached);
	d->attached = false;
	world.pending[d->unit] = NULL;
	atomic_fetch_add(&world.detaches, 1);
}

static int64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static void nap(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * MS};

	if (ms > 0)
		nanosleep(&t, NULL);
}

static int missed(struct adapter_point *point)
{
	adapter_missed(point);
	return -ETIMEDOUT;
}

static int answer(struct adapter_device *device, struct adapter_point **due,
		  size_t n)
{
	struct fake_device *d = device->data;
	size_t most = (size_t)atomic_load(&world.block);

	for (size_t i = 0; i < n && i < most; i++) {
		struct fake_point *p = due[i]->data;

		if (p->address && p->address == atomic_load(&world.bad_address))
			return i ? 0 : missed(due[i]);
		p->marker = 8;
		adapter_report(due[i], lwm2m_integer(atomic_load(
			&world.values[d->unit][p->address])), 0);
	}
	return 0;
}

static int play(struct adapter_device *device, struct adapter_point **due,
		size_t n, enum play what)
{
	switch (what) {
	case ANSWERS:
		return answer(device, due, n);
	case DIES:
		return -ETIMEDOUT;
	case REFUSES:
		adapter_heard(device, -70);
		adapter_fault(device, due[0], -EREMOTEIO, "exception %d", 2);
		return 0;
	case LOSES_BUS:
		adapter_lost(device->bus, NULL, -ECONNRESET, "reset by %s",
			     "peer");
		return -ECONNRESET;
	case LOSES_DEVICE:
		adapter_lost(device->bus, device, -ENODEV, "unplugged");
		return -ENODEV;
	case LEARNS:
		atomic_store(&world.play[((struct fake_device *)
					  device->data)->unit], ANSWERS);
		return -EAGAIN;
	case SPINS:
		return -EAGAIN;
	case LATER:
		return -EINPROGRESS;
	case TALKS:
		adapter_report(due[0], lwm2m_string("warm", 4), 0);
		return 0;
	}
	return -EINVAL;
}

static int fake_read(struct adapter_device *device, struct adapter_point **due,
		     size_t n)
{
	struct fake_device *d = device->data;
	int at = atomic_fetch_add(&world.n_order, 1);

	expect(d->attached && n > 0);
	atomic_fetch_add(&world.reads[d->unit], 1);
	if (at < 64)
		atomic_store(&world.order[at], d->unit);
	nap(atomic_load(&world.delay_ms[d->unit]));
	adapter_trace(device->bus, true, "\1\2", 2, "unit %d", d->unit);
	return play(device, due, n,
		    (enum play)atomic_load(&world.play[d->unit]));
}

static int fake_command(struct adapter_command *c)
{
	struct adapter_device *device = c->point->device;
	struct fake_device *d = device->data;
	struct fake_point *p = c->point->data;

	expect(d->attached && !world.pending[d->unit]);
	atomic_fetch_add(&world.commands, 1);
	if (atomic_exchange(&world.command_loses, false))
		adapter_lost(device->bus, NULL, -ECONNRESET, "cut");
	if (atomic_load(&world.command_later)) {
		world.pending[d->unit] = c;
		return -EINPROGRESS;
	}
	if (atomic_load(&world.command_busy) > 0) {
		/* It is at the device now, however long the host took. */
		if (atomic_exchange(&world.command_hurries, false))
			c->deadline = clock_now() + 700 * MS;
		atomic_fetch_sub(&world.command_busy, 1);
		return -EBUSY;
	}
	if (c->value.type == LWM2M_STRING)
		expect(c->value.length == 3 &&
		       memcmp(c->value.as.text, "off", 3) == 0);
	else if (atomic_load(&world.command_error) == 0)
		atomic_store(&world.values[d->unit][p->address],
			     (int)c->value.as.integer);
	for (c = c->with; c && !atomic_load(&world.command_error);
	     c = c->with)
		atomic_store(&world.values[d->unit][((struct fake_point *)
				c->point->data)->address],
			     (int)c->value.as.integer);
	if (atomic_load(&world.command_error) != 0)
		adapter_why(device, "the valve is stuck");
	return atomic_load(&world.command_error);
}

static void fake_cancel(struct adapter_command *c)
{
	struct fake_device *d = c->point->device->data;

	expect(world.pending[d->unit] == c);
	world.pending[d->unit] = NULL;
	atomic_fetch_add(&world.cancels, 1);
}

static void fake_count_anew(struct adapter_device *device)
{
	expect(((struct fake_device *)device->data)->attached);
	atomic_fetch_add(&world.counts_anew, 1);
}

static int fake_pollfd(struct adapter_bus *bus)
{
	(void)bus;
	return atomic_load(&world.wake_fd);
}

static int64_t fake_turn(struct adapter_bus *bus, int64_t now, bool readable)
{
	eventfd_t count;

	(void)now;
	if (readable)
		eventfd_read(atomic_load(&world.wake_fd), &count);
	if (atomic_exchange(&world.lost_by_turn, false))
		adapter_lost(bus, NULL, -EPIPE, "hung up");
	for (int unit = 0; unit < UNITS; unit++) {
		struct adapter_command *c = world.pending[unit];

		if (!c || !atomic_load(&world.complete))
			continue;
		world.pending[unit] = NULL;
		adapter_done(c, atomic_load(&world.command_error));
	}
	if (atomic_exchange(&world.fault_all, false))
		adapter_fault(bus->devices, NULL, -ETIMEDOUT, "not seen");
	return ADAPTER_NEVER;
}

static const struct adapter_ops fake_ops = {
	.abi = ADAPTER_ABI, .size = sizeof(struct adapter_ops),
	.name = "fake", .bus_size = sizeof(struct fake_bus),
	.device_size = sizeof(struct fake_device),
	.point_size = sizeof(struct fake_point),
	.open = fake_open, .close = fake_close, .attach = fake_attach,
	.detach = fake_detach, .read = fake_read, .command = fake_command,
	.cancel = fake_cancel, .pollfd = fake_pollfd, .turn = fake_turn,
	.count_anew = fake_count_anew,
};

/* log.c's: what adapters log is not looked at here. */
void log_line(enum log_level level, const char *endpoint, const char *bus,
	      const char *format, ...)
{
	(void)level;
	(void)endpoint;
	(void)bus;
	(void)format;
}

/* ---- the agent's side */

struct site {
	struct fake_bus bus_data;
	struct config_bus bus_conf;
	struct mailbox *up;
	struct bus *bus;
	size_t n;			/* messages seen */
};

struct plant {				/* a device and its configuration */
	struct config_device conf;
	struct fake_device data;
	struct config_point points[ADDRESSES];
	struct fake_point point_data[ADDRESSES];
	char name[32];
	struct bus_device *device;
	unsigned samples, faults, rounds, attached, detached, heard, no_answers;
	int64_t last[ADDRESSES];
};

static void wake(void)
{
	eventfd_write(atomic_load(&world.wake_fd), 1);
}

static int setup(void **state)
{
	struct site *s = calloc(1, sizeof(*s));

	memset(&world, 0, sizeof(world));
	atomic_store(&world.block, ADDRESSES);
	atomic_store(&world.wake_fd, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	s->bus_data.marker = 7;
	s->bus_conf = (struct config_bus){
		.name = "a-bus-with-a-long-name", .adapter = "fake",
		.ops = &fake_ops, .data = &s->bus_data,
	};
	s->up = bus_mailbox_create();
	*state = s;
	return 0;
}

static void plant_init(struct plant *p, int unit, size_t n, int64_t poll)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "unit-%d", unit);
	p->data = (struct fake_device){.unit = unit, .marker = 7};
	p->conf.endpoint = p->name;
	p->conf.data = &p->data;
	p->conf.points = p->points;
	p->conf.n_points = n;
	for (size_t i = 0; i < n; i++) {
		p->point_data[i] = (struct fake_point){(int)i, 7};
		p->points[i] = (struct config_point){
			.name = "p", .poll = poll, .polled = poll > 0,
			.settable = true, .writable = true,
			.data = &p->point_data[i],
		};
	}
}

static void plant_attach(struct site *s, struct plant *p)
{
	p->device = bus_attach(s->bus, &p->conf, p, NULL, 0, false);
}

static void note(struct bus_message *m)
{
	struct plant *p = m->owner;

	if (!p)
		return;
	assert_ptr_equal(p->device, m->device);
	switch (m->event) {
	case BUS_SAMPLE:
		p->samples++;
		p->last[m->point] = m->value.as.integer;
		break;
	case BUS_FAULT: p->faults++; break;
	case BUS_HEARD: p->heard++; break;
	case BUS_ROUND: p->rounds++; break;
	case BUS_ATTACHED: p->attached++; break;
	case BUS_NO_ANSWER: p->no_answers++; break;
	case BUS_DETACHED:
		p->detached++;
		bus_device_free(p->device);
		p->device = NULL;
		break;
	case BUS_OPENED: case BUS_DOWN: case BUS_CLOSED: case BUS_DONE:
	case BUS_KEEP: case BUS_NOTE: case BUS_FOUND: case BUS_SEARCHED:
	case BUS_SEARCHING:
	case BUS_FRAME: case BUS_TRACED:
		break;
	}
}

/* The next message; the caller finishes it. Fails when none comes. */
static struct bus_message next(struct site *s)
{
	struct pollfd fd = {.fd = mailbox_fd(s->up), .events = POLLIN};
	struct bus_message m;

	while (mailbox_take(s->up, &m, 1) == 0)
		if (poll(&fd, 1, PATIENCE_MS) <= 0)
			fail_msg("nothing came for %d ms", PATIENCE_MS);
	s->n++;
	note(&m);
	return m;
}

/* Takes messages until one of this kind (of this device) comes. */
static struct bus_message await(struct site *s, enum bus_event event,
				const struct plant *p)
{
	struct bus_message m = next(s);
	int64_t end = time(NULL) + PATIENCE_MS / 1000;

	while (m.event != event || (p && m.owner != p)) {
		bus_message_finish(&m);
		if (time(NULL) > end)
			fail_msg("event %d does not come", event);
		m = next(s);
	}
	return m;
}

static void skip_to(struct site *s, enum bus_event event, const struct plant *p)
{
	struct bus_message m = await(s, event, p);

	bus_message_finish(&m);
}

static void start(struct site *s)
{
	s->bus = bus_start(&s->bus_conf, s->up);
	assert_non_null(s->bus);
}

static void stop(struct site *s)
{
	bus_stop(s->bus);
	skip_to(s, BUS_CLOSED, NULL);
	bus_free(s->bus);
	s->bus = NULL;
	assert_int_equal(atomic_load(&world.broken), 0);
	assert_int_equal(atomic_load(&world.dirty), 0);
	assert_int_equal(atomic_load(&world.attaches),
			 atomic_load(&world.detaches));
}

/* Its plants were on a stack that is no more. */
static void bus_give_up(struct site *s)
{
	struct pollfd fd = {.fd = mailbox_fd(s->up), .events = POLLIN};
	struct bus_message m = {0};

	bus_stop(s->bus);
	while (m.event != BUS_CLOSED && poll(&fd, 1, PATIENCE_MS) > 0) {
		if (!mailbox_take(s->up, &m, 1))
			continue;
		if (m.event == BUS_DETACHED)
			bus_device_free(m.device);
		bus_message_finish(&m);
	}
	bus_free(s->bus);
}

static int teardown(void **state)
{
	struct site *s = *state;
	struct bus_message m;

	if (s->bus)			/* a test has failed */
		bus_give_up(s);
	while (mailbox_take(s->up, &m, 1) > 0)
		bus_message_finish(&m);
	mailbox_destroy(s->up);
	close(atomic_load(&world.wake_fd));
	free(s);
	return 0;
}

static int write_at(struct plant *p, uint32_t point, int64_t value, uint64_t id)
{
	struct bus_write write = {point, lwm2m_integer(value)};

	return bus_write(p->device, &write, 1, clock_now() + 3600 * SECOND,
			 id);
}

/* ---- life of a bus */

static void expect_next(struct site *s, enum bus_event event)
{
	struct bus_message m = next(s);

	while (m.event == BUS_KEEP) {
		bus_message_finish(&m);
		m = next(s);
	}
	assert_int_equal(m.event, event);
	bus_message_finish(&m);
}

static void opens_attaches_polls_and_closes(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 3, 3600 * SECOND);
	atomic_store(&world.values[2][1], 42);
	start(s);
	plant_attach(s, &p);
	expect_next(s, BUS_OPENED);
	expect_next(s, BUS_ATTACHED);
	for (int i = 0; i < 3; i++)
		expect_next(s, BUS_SAMPLE);
	expect_next(s, BUS_ROUND);
	assert_int_equal(p.last[1], 42);
	bus_stop(s->bus);
	expect_next(s, BUS_DETACHED);
	expect_next(s, BUS_CLOSED);
	bus_free(s->bus);
	s->bus = NULL;
	assert_int_equal(atomic_load(&world.closes), 1);
	assert_int_equal(atomic_load(&world.broken), 0);
}

static void device_without_polls_has_its_round_at_once(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 2, 0);
	start(s);
	plant_attach(s, &p);
	expect_next(s, BUS_OPENED);
	expect_next(s, BUS_ATTACHED);
	expect_next(s, BUS_ROUND);
	stop(s);
	assert_int_equal(atomic_load(&world.reads[2]), 0);
}

static void failing_open_is_tried_again(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p;

	plant_init(&p, 2, 1, 20 * MS);
	atomic_store(&world.open_error, -ECONNREFUSED);
	start(s);
	plant_attach(s, &p);
	m = await(s, BUS_DOWN, NULL);
	assert_int_equal(m.error, -ECONNREFUSED);
	assert_non_null(m.text);
	bus_message_finish(&m);
	while (p.no_answers < 3)	/* its devices fail with it */
		skip_to(s, BUS_NO_ANSWER, &p);
	assert_true(atomic_load(&world.opens) >= 3);
	assert_int_equal(atomic_load(&world.closes), 0);
	atomic_store(&world.open_error, 0);
	skip_to(s, BUS_OPENED, NULL);
	skip_to(s, BUS_SAMPLE, &p);
	stop(s);
}

static void lost_bus_is_opened_again(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p, q;

	plant_init(&p, 2, 1, 20 * MS);
	plant_init(&q, 3, 1, 20 * MS);
	start(s);
	plant_attach(s, &p);
	plant_attach(s, &q);
	skip_to(s, BUS_ROUND, &q);
	atomic_store(&world.play[2], LOSES_BUS);
	m = await(s, BUS_DOWN, NULL);
	assert_int_equal(m.error, -ECONNRESET);
	assert_string_equal(m.text, "reset by peer");
	bus_message_finish(&m);
	atomic_store(&world.play[2], ANSWERS);
	skip_to(s, BUS_OPENED, NULL);
	skip_to(s, BUS_ROUND, &q);
	assert_int_equal(q.rounds, 2);
	assert_int_equal(q.attached, 2);
	assert_int_equal(p.detached + q.detached, 0);
	atomic_store(&world.lost_by_turn, true);
	wake();
	skip_to(s, BUS_DOWN, NULL);
	skip_to(s, BUS_OPENED, NULL);
	skip_to(s, BUS_SAMPLE, &p);
	stop(s);
	assert_int_equal(atomic_load(&world.opens), 3);
	assert_int_equal(atomic_load(&world.closes), 3);
}

/* Else a bus that nobody is heard on is left alone for ever longer. */
static void bus_that_lasted_is_opened_as_after_the_first_loss(void **state)
{
	struct site *s = *state;
	struct bus_message m;

	start(s);
	for (int i = 0; i < 2; i++) {
		skip_to(s, BUS_OPENED, NULL);
		usleep(700000);		/* more than the first pause */
		atomic_store(&world.lost_by_turn, true);
		wake();
		m = await(s, BUS_DOWN, NULL);
		assert_int_equal(m.tries, 1);
		bus_message_finish(&m);
	}
	stop(s);
}

static void lost_device_comes_back_alone(void **state)
{
	struct site *s = *state;
	struct plant p, q;

	plant_init(&p, 2, 1, 20 * MS);
	plant_init(&q, 3, 1, 20 * MS);
	start(s);
	plant_attach(s, &p);
	plant_attach(s, &q);
	skip_to(s, BUS_ROUND, &p);
	atomic_store(&world.play[2], LOSES_DEVICE);
	skip_to(s, BUS_NO_ANSWER, &p);
	atomic_store(&world.play[2], ANSWERS);
	skip_to(s, BUS_SAMPLE, &q);
	skip_to(s, BUS_ATTACHED, &p);
	skip_to(s, BUS_SAMPLE, &p);
	stop(s);
	assert_int_equal(q.attached, 1);
	assert_int_equal(atomic_load(&world.opens), 1);
}

static void failing_attach_is_tried_again(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p, q;

	plant_init(&p, 1, 1, 20 * MS);
	plant_init(&q, 3, 1, 20 * MS);
	atomic_store(&world.attach_error, -ENOENT);
	start(s);
	plant_attach(s, &p);
	plant_attach(s, &q);
	m = await(s, BUS_NO_ANSWER, &p);
	assert_int_equal(m.error, -ENOENT);
	bus_message_finish(&m);
	skip_to(s, BUS_SAMPLE, &q);
	atomic_store(&world.attach_error, 0);
	skip_to(s, BUS_SAMPLE, &p);
	stop(s);
}

/* At once, or as soon as there is somebody to tell it to; once. */
static void counting_anew_is_told_once_attached(void **state)
{
	struct site *s = *state;
	struct plant p, q;

	plant_init(&p, 1, 1, 20 * MS);
	plant_init(&q, 3, 1, 20 * MS);
	atomic_store(&world.attach_error, -ENOENT);
	start(s);
	plant_attach(s, &p);
	plant_attach(s, &q);
	skip_to(s, BUS_NO_ANSWER, &p);
	assert_int_equal(bus_count_anew(p.device), 0);
	skip_to(s, BUS_SAMPLE, &q);
	skip_to(s, BUS_SAMPLE, &q);
	assert_int_equal(atomic_load(&world.counts_anew), 0);
	atomic_store(&world.attach_error, 0);
	skip_to(s, BUS_SAMPLE, &p);
	assert_int_equal(atomic_load(&world.counts_anew), 1);
	assert_int_equal(bus_count_anew(q.device), 0);
	while (atomic_load(&world.counts_anew) < 2)
		skip_to(s, BUS_SAMPLE, &q);
	stop(s);
	assert_int_equal(atomic_load(&world.counts_anew), 2);
}

static void bus_of_silent_devices_is_opened_anew(void **state)
{
	struct site *s = *state;
	struct plant p, q;

	plant_init(&p, 2, 1, 20 * MS);
	plant_init(&q, 3, 1, 20 * MS);
	atomic_store(&world.play[2], DIES);
	atomic_store(&world.play[3], DIES);
	start(s);
	plant_attach(s, &p);
	plant_attach(s, &q);
	while (p.attached < 2)
		skip_to(s, BUS_ATTACHED, &p);
	assert_int_equal(atomic_load(&world.opens), 2);
	assert_true(p.no_answers >= 3 && q.no_answers >= 3);
	atomic_store(&world.play[2], ANSWERS);
	skip_to(s, BUS_SAMPLE, &p);
	stop(s);
}

/* ---- polls */

static void points_are_polled_at_their_own_rhythm(void **state)
{
	struct site *s = *state;
	unsigned slow = 0, fast = 0;
	struct plant p;

	plant_init(&p, 2, 2, 10 * MS);
	p.points[1].poll = 200 * MS;
	start(s);
	plant_attach(s, &p);
	while (slow < 4) {
		struct bus_message m = await(s, BUS_SAMPLE, &p);

		slow += m.point == 1;
		fast += m.point == 0;
		bus_message_finish(&m);
	}
	assert_true(fast >= 2 * slow);
	assert_int_equal(p.rounds, 1);
	stop(s);
}

/* An hour becomes ten milliseconds: the second sample need not be waited for. */
static void a_point_may_change_its_rhythm(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 1, 1, 3600 * 1000 * MS);
	start(s);
	plant_attach(s, &p);
	for (int i = 0; i < 5; i++) {
		struct bus_message m = await(s, BUS_SAMPLE, &p);

		bus_message_finish(&m);
		if (!i)
			bus_poll_period(p.device, 0, 10 * MS);
	}
	bus_poll_period(p.device, 1, 10 * MS);	/* there is no such point */
	stop(s);
}

static void who_waited_longest_goes_first(void **state)
{
	struct site *s = *state;
	struct plant p, q;

	plant_init(&p, 2, 4, 3600 * SECOND);
	plant_init(&q, 3, 4, 3600 * SECOND);
	atomic_store(&world.block, 1);
	atomic_store(&world.delay_ms[2], 5);
	atomic_store(&world.delay_ms[3], 5);
	atomic_store(&world.open_error, -EAGAIN);
	start(s);
	plant_attach(s, &p);
	plant_attach(s, &q);
	while (q.no_answers == 0)
		skip_to(s, BUS_NO_ANSWER, &q);
	atomic_store(&world.open_error, 0);
	while (p.rounds == 0 || q.rounds == 0)
		skip_to(s, BUS_ROUND, NULL);
	for (int i = 0; i < 8; i++)
		assert_int_equal(atomic_load(&world.order[i]), 2 + i / 4);
	stop(s);
}

static void dead_device_leaves_time_to_the_living(void **state)
{
	struct site *s = *state;
	struct plant dead, live;
	unsigned before = 0;

	plant_init(&dead, 2, 2, 20 * MS);
	plant_init(&live, 3, 1, 20 * MS);
	atomic_store(&world.play[2], DIES);
	atomic_store(&world.delay_ms[2], 50);
	start(s);
	plant_attach(s, &dead);
	plant_attach(s, &live);
	for (uint32_t tries = 1; tries <= 4; tries++) {
		struct bus_message m = await(s, BUS_NO_ANSWER, &dead);

		assert_int_equal(m.tries, tries);
		assert_int_equal(m.error, -ETIMEDOUT);
		bus_message_finish(&m);
		/* ~25 polls fit between two tries: half would be a fault. */
		if (tries > 1)
			assert_true(live.samples - before >= 5);
		before = live.samples;
	}
	assert_int_equal(dead.rounds, 1);	/* tried is enough */
	assert_int_equal(dead.faults, 0);
	atomic_store(&world.play[2], ANSWERS);
	skip_to(s, BUS_SAMPLE, &dead);
	assert_int_equal(atomic_load(&world.opens), 1);
	stop(s);
}

static void all_points_are_read_when_a_device_is_back(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p, other;

	plant_init(&p, 2, 2, 20 * MS);
	p.points[1].poll = 3600 * SECOND;
	plant_init(&other, 3, 1, 20 * MS);	/* keeps the bus from reopening */
	start(s);
	plant_attach(s, &p);
	plant_attach(s, &other);
	skip_to(s, BUS_ROUND, &p);
	atomic_store(&world.play[2], DIES);
	while (p.no_answers < 3)
		skip_to(s, BUS_NO_ANSWER, &p);
	atomic_store(&world.values[2][1], 8);
	atomic_store(&world.play[2], ANSWERS);
	do {
		m = await(s, BUS_SAMPLE, &p);
		bus_message_finish(&m);
	} while (m.point != 1);
	assert_int_equal(p.last[1], 8);
	assert_int_equal(p.attached, 1);
	stop(s);
}

static void each_of_many_dead_devices_is_tried(void **state)
{
	enum { N = 6 };
	struct site *s = *state;
	struct plant live, dead[N];
	unsigned left = N;

	plant_init(&live, 2, 1, 20 * MS);
	start(s);
	plant_attach(s, &live);
	skip_to(s, BUS_ROUND, &live);
	for (int i = 0; i < N; i++) {
		plant_init(&dead[i], 3 + i, 1, 20 * MS);
		atomic_store(&world.play[3 + i], DIES);
		atomic_store(&world.delay_ms[3 + i], 60);
		plant_attach(s, &dead[i]);
	}
	while (left > 0) {
		skip_to(s, BUS_NO_ANSWER, NULL);
		left = 0;
		for (int i = 0; i < N; i++)
			left += dead[i].no_answers < 4;
	}
	for (int i = 0; i < N; i++)
		assert_true(dead[i].rounds == 1 && dead[i].no_answers < 20);
	/* While one was waited for, the living became due: it goes first. */
	for (int i = 1; i < 64 && atomic_load(&world.order[i]); i++)
		assert_false(atomic_load(&world.order[i - 1]) > 2 &&
			     atomic_load(&world.order[i]) > 2);
	stop(s);
}

static void refused_point_is_a_fault_and_a_sign_of_life(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p;

	plant_init(&p, 2, 1, 20 * MS);
	atomic_store(&world.play[2], REFUSES);
	start(s);
	plant_attach(s, &p);
	m = await(s, BUS_HEARD, &p);
	assert_int_equal(m.error, -70);
	bus_message_finish(&m);
	m = await(s, BUS_FAULT, &p);
	assert_int_equal(m.error, -EREMOTEIO);
	assert_string_equal(m.text, "exception 2");
	bus_message_finish(&m);
	skip_to(s, BUS_ROUND, &p);
	while (p.faults < 5)
		skip_to(s, BUS_FAULT, &p);
	assert_int_equal(p.no_answers, 0);
	stop(s);
}

static void point_that_fails_thrice_is_bad_though_its_device_lives(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p;

	plant_init(&p, 2, 2, 20 * MS);
	atomic_store(&world.bad_address, 1);
	start(s);
	plant_attach(s, &p);
	m = await(s, BUS_FAULT, &p);
	assert_int_equal(m.point, 1);
	assert_int_equal(m.error, -ETIMEDOUT);
	bus_message_finish(&m);
	assert_true(p.samples >= 2);
	atomic_store(&world.bad_address, 0);
	do {
		m = await(s, BUS_SAMPLE, &p);
		bus_message_finish(&m);
	} while (m.point != 1);
	stop(s);
}

static void learning_asks_again_but_not_for_ever(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p;

	plant_init(&p, 2, 1, 3600 * SECOND);
	atomic_store(&world.play[2], LEARNS);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_SAMPLE, &p);
	assert_int_equal(p.no_answers, 0);
	bus_detach(p.device);
	skip_to(s, BUS_DETACHED, &p);
	atomic_store(&world.play[2], SPINS);
	plant_attach(s, &p);
	m = await(s, BUS_NO_ANSWER, &p);
	assert_int_equal(m.error, -EPROTO);
	bus_message_finish(&m);
	stop(s);
}

static void promised_reports_do_not_block_the_round(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 2, 20 * MS);
	atomic_store(&world.play[2], LATER);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	assert_int_equal(p.samples + p.no_answers, 0);
	stop(s);
}

static void fault_of_a_device_between_reads_counts(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p;

	plant_init(&p, 2, 1, 3600 * SECOND);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	atomic_store(&world.fault_all, true);
	wake();
	m = await(s, BUS_NO_ANSWER, &p);
	assert_int_equal(m.tries, 1);
	assert_string_equal(m.text, "not seen");
	bus_message_finish(&m);
	stop(s);
}

static void text_is_copied(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p;

	plant_init(&p, 2, 1, 20 * MS);
	atomic_store(&world.play[2], TALKS);
	start(s);
	plant_attach(s, &p);
	m = await(s, BUS_SAMPLE, &p);
	assert_int_equal(m.value.type, LWM2M_STRING);
	assert_ptr_equal(m.value.as.text, m.bytes);
	assert_memory_equal(m.bytes, "warm", 4);
	assert_int_equal(m.length, 4);
	bus_message_finish(&m);
	stop(s);
}

static void many_devices_share_one_bus(void **state)
{
	enum { MANY = 10000 };
	struct site *s = *state;
	struct plant *plants = calloc(MANY, sizeof(*plants));
	unsigned rounds = 0;

	start(s);
	for (int i = 0; i < MANY; i++) {
		plant_init(&plants[i], 2 + i % 8, 1, SECOND);
		snprintf(plants[i].name, sizeof(plants[i].name), "m-%d", i);
		plant_attach(s, &plants[i]);
	}
	for (; rounds < MANY; rounds++)
		skip_to(s, BUS_ROUND, NULL);
	/* All have had one; now a whole period of all of them. */
	for (unsigned seen = 0; seen < MANY; seen++)
		skip_to(s, BUS_SAMPLE, NULL);
	stop(s);
	for (int i = 0; i < MANY; i++)
		assert_true(plants[i].detached == 1 && plants[i].rounds == 1);
	free(plants);
}

/* ---- commands */

static void write_is_read_back_before_it_is_done(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p;

	plant_init(&p, 2, 2, 3600 * SECOND);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	assert_int_equal(write_at(&p, 1, 55, 9), 0);
	m = await(s, BUS_SAMPLE, &p);
	assert_int_equal(m.point, 1);
	assert_int_equal(m.value.as.integer, 55);
	bus_message_finish(&m);
	m = await(s, BUS_DONE, &p);
	assert_int_equal(m.id, 9);
	assert_int_equal(m.error, 0);
	assert_int_equal(m.point, 1);
	bus_message_finish(&m);
	stop(s);
}

static int done_error(struct site *s, struct plant *p, uint64_t id)
{
	struct bus_message m = await(s, BUS_DONE, p);
	int error = m.error;

	assert_int_equal(m.id, id);
	bus_message_finish(&m);
	return error;
}

static void a_command_ends_in_the_adapters_words(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p;

	plant_init(&p, 2, 1, 3600 * SECOND);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	atomic_store(&world.command_error, -EREMOTEIO);
	assert_int_equal(write_at(&p, 0, 5, 1), 0);
	m = await(s, BUS_DONE, &p);
	assert_int_equal(m.error, -EREMOTEIO);
	assert_string_equal(m.text, "the valve is stuck");
	bus_message_finish(&m);
	atomic_store(&world.command_error, 0);
	assert_int_equal(write_at(&p, 0, 5, 2), 0);
	m = await(s, BUS_DONE, &p);
	assert_int_equal(m.error, 0);
	assert_null(m.text);
	bus_message_finish(&m);
	stop(s);
}

/* One command, and all of it is read back, in however many exchanges. */
static void a_group_is_written_and_read_back_together(void **state)
{
	struct site *s = *state;
	struct bus_write group[] = {{2, lwm2m_integer(31)},
				    {0, lwm2m_integer(32)},
				    {1, lwm2m_integer(33)}};
	struct plant p;

	plant_init(&p, 2, 3, 3600 * SECOND);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	atomic_store(&world.block, 1);
	assert_int_equal(bus_write(p.device, group, 3,
				   clock_now() + 60 * SECOND, 1), 0);
	assert_int_equal(done_error(s, &p, 1), 0);
	assert_int_equal(atomic_load(&world.commands), 1);
	assert_int_equal(p.last[2], 31);
	assert_int_equal(p.last[0], 32);
	assert_int_equal(p.last[1], 33);
	atomic_store(&world.command_error, -EREMOTEIO);
	assert_int_equal(bus_write(p.device, group, 3,
				   clock_now() + 60 * SECOND, 2), 0);
	assert_int_equal(done_error(s, &p, 2), -EREMOTEIO);
	group[2].point = 3;
	assert_int_equal(bus_write(p.device, group, 3, INT64_MAX, 3), -EINVAL);
	stop(s);
}

/* What nobody reads counts as what was taken, all of it. */
static void a_group_that_is_only_written_is_told(void **state)
{
	struct site *s = *state;
	struct bus_write group[] = {{0, lwm2m_integer(5)},
				    {1, lwm2m_integer(6)}};
	struct plant p;

	plant_init(&p, 2, 2, INT64_MAX);
	p.points[0].polled = p.points[1].polled = false;
	start(s);
	plant_attach(s, &p);
	assert_int_equal(bus_write(p.device, group, 2,
				   clock_now() + 60 * SECOND, 1), 0);
	assert_int_equal(done_error(s, &p, 1), 0);
	assert_int_equal(p.samples, 2);
	assert_int_equal(p.last[0], 5);
	assert_int_equal(p.last[1], 6);
	stop(s);
}

static void write_without_polls_is_done_at_once(void **state)
{
	struct site *s = *state;
	struct bus_write off = {0, lwm2m_string("off", 3)};
	struct plant p;

	plant_init(&p, 2, 1, 0);
	start(s);
	plant_attach(s, &p);
	assert_int_equal(bus_write(p.device, &off, 1,
				   clock_now() + 60 * SECOND, 1), 0);
	assert_int_equal(done_error(s, &p, 1), 0);
	assert_int_equal(atomic_load(&world.reads[2]), 0);
	off.point = 1;
	assert_int_equal(bus_write(p.device, &off, 1, INT64_MAX, 2), -EINVAL);
	stop(s);
}

static void refused_write_says_so(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 3600 * SECOND);
	atomic_store(&world.command_error, -EREMOTEIO);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	write_at(&p, 0, 1, 3);
	assert_int_equal(done_error(s, &p, 3), -EREMOTEIO);
	assert_int_equal(p.samples, 1);		/* not read back */
	stop(s);
}

static void write_that_cannot_be_read_back_is_done(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 3600 * SECOND);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	atomic_store(&world.play[2], DIES);
	write_at(&p, 0, 1, 3);
	assert_int_equal(done_error(s, &p, 3), 0);
	atomic_store(&world.play[2], REFUSES);
	write_at(&p, 0, 1, 4);
	assert_int_equal(done_error(s, &p, 4), 0);
	atomic_store(&world.play[2], LEARNS);
	write_at(&p, 0, 77, 5);
	assert_int_equal(done_error(s, &p, 5), 0);
	assert_int_equal(p.last[0], 77);
	stop(s);
}

static void write_on_a_bus_just_lost_is_not_read_back(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 3600 * SECOND);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	atomic_store(&world.command_loses, true);
	write_at(&p, 0, 1, 3);
	assert_int_equal(done_error(s, &p, 3), -ECONNRESET);
	skip_to(s, BUS_OPENED, NULL);
	stop(s);
}

static void commands_of_a_device_go_one_by_one(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 0);
	atomic_store(&world.command_later, true);
	start(s);
	plant_attach(s, &p);
	for (uint64_t id = 1; id <= 16; id++)
		assert_int_equal(write_at(&p, 0, 0, id), 0);
	assert_int_equal(write_at(&p, 0, 0, 17), -EAGAIN);
	atomic_store(&world.complete, true);
	wake();
	for (uint64_t id = 1; id <= 16; id++)
		assert_int_equal(done_error(s, &p, id), 0);
	assert_int_equal(write_at(&p, 0, 0, 18), 0);
	assert_int_equal(done_error(s, &p, 18), 0);
	stop(s);
}

static void later_write_is_read_back_too(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 3600 * SECOND);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	atomic_store(&world.command_later, true);
	atomic_store(&world.complete, true);
	write_at(&p, 0, 5, 1);
	assert_int_equal(done_error(s, &p, 1), 0);
	assert_int_equal(p.samples, 2);
	stop(s);
}

static void cancelled_command_is_forgotten(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 0);
	atomic_store(&world.command_later, true);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	write_at(&p, 0, 0, 1);		/* at the adapter */
	write_at(&p, 0, 0, 2);		/* waits */
	write_at(&p, 0, 0, 3);
	bus_cancel(p.device, 2);
	bus_cancel(p.device, 1);
	bus_cancel(p.device, 99);
	bus_cancel(p.device, 3);	/* by then at the adapter, or waits */
	write_at(&p, 0, 0, 4);
	atomic_store(&world.complete, true);
	wake();
	assert_int_equal(done_error(s, &p, 4), 0);
	stop(s);
}

static void command_past_its_deadline_is_not_begun(void **state)
{
	struct site *s = *state;
	struct bus_write v = {0, lwm2m_integer(66)};
	struct plant p;

	plant_init(&p, 2, 1, 0);
	start(s);
	plant_attach(s, &p);
	assert_int_equal(bus_write(p.device, &v, 1, clock_now() - 1, 1), 0);
	assert_int_equal(done_error(s, &p, 1), -ETIMEDOUT);
	assert_int_equal(atomic_load(&world.values[2][0]), 0);
	stop(s);
}

static void plant_safe(struct plant *p, int unit, double safe);

/* Polls go on meanwhile, and what was written after it waits behind it. */
static void busy_device_is_written_to_again(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 20 * MS);
	atomic_store(&world.command_busy, 2);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	write_at(&p, 0, 55, 1);
	write_at(&p, 0, 66, 2);
	while (atomic_load(&world.command_busy) == 2)
		nap(1);
	skip_to(s, BUS_SAMPLE, &p);
	skip_to(s, BUS_SAMPLE, &p);
	skip_to(s, BUS_DONE, &p);
	assert_int_equal(atomic_load(&world.command_busy), 0);
	assert_true(atomic_load(&world.commands) >= 3);
	skip_to(s, BUS_DONE, &p);
	assert_int_equal(atomic_load(&world.values[2][0]), 66);
	stop(s);
}

static void stays_busy(struct site *s, struct plant *p)
{
	int64_t begun;

	atomic_store(&world.command_busy, 1000);
	atomic_store(&world.command_hurries, true);
	start(s);
	plant_attach(s, p);
	begun = clock_now();
	assert_int_equal(write_at(p, 0, 66, 1), 0);
	assert_int_equal(done_error(s, p, 1), -EBUSY);
	assert_true(clock_now() >= begun + 500 * MS);
}

static void device_that_stays_busy_is_told_at_the_deadline(void **state)
{
	struct site *s = *state;
	struct plant p;
	int tried;

	plant_init(&p, 2, 1, 0);
	stays_busy(s, &p);
	/* one that waits can be cancelled, and does not come back */
	tried = atomic_load(&world.commands);
	assert_int_equal(write_at(&p, 0, 66, 2), 0);
	while (atomic_load(&world.commands) < tried + 2)
		nap(1);
	bus_cancel(p.device, 2);
	atomic_store(&world.command_busy, 0);
	assert_int_equal(write_at(&p, 0, 77, 3), 0);
	assert_int_equal(done_error(s, &p, 3), 0);
	assert_int_equal(atomic_load(&world.values[2][0]), 77);
	stop(s);
}

/* Its time is over while the bus reads. */
static void device_that_was_busy_last_is_told_to_be(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 1 * MS);
	atomic_store(&world.delay_ms[2], 900);
	stays_busy(s, &p);
	stop(s);
}

/* What waits would undo it. */
static void busy_device_is_left_safe(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_safe(&p, 2, .7);
	atomic_store(&world.command_busy, 2);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	write_at(&p, 1, 3, 1);
	while (atomic_load(&world.command_busy) == 2)
		nap(1);
	stop(s);
	assert_int_equal(atomic_load(&world.commands), 3);
	assert_int_equal(atomic_load(&world.values[2][1]), 7);
}

static void detach_answers_pending_commands(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 0);
	atomic_store(&world.command_later, true);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	write_at(&p, 0, 0, 1);
	write_at(&p, 0, 0, 2);
	bus_detach(p.device);
	bus_detach(p.device);
	assert_int_equal(write_at(&p, 0, 0, 3), -ESHUTDOWN);
	assert_int_equal(done_error(s, &p, 1), -ECANCELED);
	assert_int_equal(done_error(s, &p, 2), -ECANCELED);
	skip_to(s, BUS_DETACHED, &p);
	stop(s);
	assert_int_equal(p.detached, 1);
}

static void plant_safe(struct plant *p, int unit, double safe)
{
	plant_init(p, unit, 2, 0);
	p->points[1].has_safe = true;
	p->points[1].safe = safe;
	p->points[1].scale = (struct point_scale){.scale = .1, .decimals = -1};
	p->points[1].raw_type = LWM2M_INTEGER;
}

static void a_device_leaves_in_its_safe_state(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_safe(&p, 2, .7);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	assert_int_equal(atomic_load(&world.commands), 0);
	bus_detach(p.device);
	skip_to(s, BUS_DETACHED, &p);
	assert_int_equal(atomic_load(&world.commands), 1);
	assert_int_equal(atomic_load(&world.values[2][1]), 7);
	stop(s);
	assert_int_equal(atomic_load(&world.commands), 1);
}

/* Those of a group are made safe by one command. */
static void a_group_is_made_safe_together(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_safe(&p, 2, .7);
	p.points[0].has_safe = true;
	p.points[0].safe = .4;
	p.points[0].scale = p.points[1].scale;
	p.points[0].raw_type = p.points[1].raw_type;
	p.points[0].raw_min = p.points[1].raw_min;
	p.points[0].raw_max = p.points[1].raw_max;
	p.points[0].group = p.points[1].group = "mode";
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ATTACHED, &p);
	bus_detach(p.device);
	skip_to(s, BUS_DETACHED, &p);
	assert_int_equal(atomic_load(&world.commands), 1);
	assert_int_equal(atomic_load(&world.values[2][0]), 4);
	assert_int_equal(atomic_load(&world.values[2][1]), 7);
	stop(s);
}

static void a_stop_leaves_safe_states(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_safe(&p, 2, .7);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	stop(s);
	assert_int_equal(atomic_load(&world.commands), 1);
	assert_int_equal(atomic_load(&world.values[2][1]), 7);
}

/* It would hold the stop up. */
static void a_slow_safe_state_is_not_waited_for(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_safe(&p, 2, .7);
	atomic_store(&world.command_later, true);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	stop(s);
	assert_int_equal(atomic_load(&world.commands), 1);
	assert_int_equal(atomic_load(&world.cancels), 1);
}

/* The run before was killed: nothing else comes first. */
static void what_a_killed_run_left_is_made_safe_first(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_safe(&p, 2, .7);
	p.points[0].poll = p.points[1].poll = 10 * MS;
	p.points[0].polled = p.points[1].polled = true;
	start(s);
	p.device = bus_attach(s->bus, &p.conf, &p, NULL, 0, true);
	skip_to(s, BUS_SAMPLE, &p);
	assert_int_equal(atomic_load(&world.commands), 1);
	assert_int_equal(atomic_load(&world.values[2][1]), 7);
	skip_to(s, BUS_ROUND, &p);
	assert_int_equal(write_at(&p, 1, 3, 1), 0);
	assert_int_equal(done_error(s, &p, 1), 0);
	assert_int_equal(atomic_load(&world.values[2][1]), 3);
	stop(s);
}

/* The agent thread has not come for its mail for safe_after, and 10 s at least:
 * the bus does not wait for it. */
static void dead_man_makes_devices_safe(void **state)
{
	struct site *s = *state;
	struct plant p, other;

	plant_safe(&p, 2, .7);
	p.conf.safe_after = SECOND;
	plant_safe(&other, 1, .7);
	mailbox_beat(s->up, clock_now() - 9 * SECOND);
	start(s);
	plant_attach(s, &p);
	plant_attach(s, &other);
	skip_to(s, BUS_ROUND, &p);
	assert_int_equal(atomic_load(&world.values[2][1]), 0);
	while (atomic_load(&world.values[2][1]) != 7)
		nap(1);
	assert_true(clock_now() - mailbox_beat_last(s->up) >= 10 * SECOND);
	assert_int_equal(atomic_load(&world.values[1][1]), 0);
	stop(s);
}

/* Nothing before it is asked for, nothing after it has ended. */
static void traced(struct site *s, struct plant *p, int64_t duration)
{
	struct bus_message m;

	assert_int_equal(bus_trace(s->bus, duration, 5), 0);
	m = await(s, BUS_FRAME, NULL);
	assert_int_equal(m.id, 5);
	assert_int_equal(m.error, 1);
	assert_int_equal(m.length, 2);
	assert_memory_equal(m.bytes, "\1\2", 2);
	assert_string_equal(m.text, "unit 2");
	bus_message_finish(&m);
	if (duration == INT64_MAX)
		bus_trace_stop(s->bus);
	m = await(s, BUS_TRACED, NULL);
	assert_int_equal(m.id, 5);
	bus_message_finish(&m);
	for (int i = 0; i < 3; i++) {
		m = await(s, BUS_SAMPLE, p);
		bus_message_finish(&m);
	}
}

static void a_trace_is_of_its_time(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p;

	plant_init(&p, 2, 1, 20 * MS);
	start(s);
	plant_attach(s, &p);
	for (int i = 0; i < 3; i++) {
		m = next(s);
		assert_true(m.event != BUS_FRAME);
		bus_message_finish(&m);
	}
	traced(s, &p, INT64_MAX);
	traced(s, &p, 100 * MS);
	/* the bus ends, and the trace with it */
	assert_int_equal(bus_trace(s->bus, INT64_MAX, 6), 0);
	skip_to(s, BUS_FRAME, NULL);
	bus_stop(s->bus);
	assert_int_equal(bus_trace(s->bus, INT64_MAX, 7), -ESHUTDOWN);
	skip_to(s, BUS_TRACED, NULL);
	skip_to(s, BUS_CLOSED, NULL);
	bus_free(s->bus);
	s->bus = NULL;
}

static void a_call_that_hangs_is_seen(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, SECOND);
	atomic_store(&world.delay_ms[2], 300);
	start(s);
	assert_true(bus_busy_for(s->bus, clock_now()) < 200 * MS);
	plant_attach(s, &p);
	while (bus_busy_for(s->bus, clock_now()) < 200 * MS)
		nap(1);
	skip_to(s, BUS_ROUND, &p);
	while (bus_busy_for(s->bus, clock_now()) > 0)
		nap(1);
	stop(s);
}

static void stop_answers_pending_commands(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 0);
	atomic_store(&world.command_later, true);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	write_at(&p, 0, 0, 1);
	write_at(&p, 0, 0, 2);
	bus_stop(s->bus);
	assert_int_equal(write_at(&p, 0, 0, 3), -ESHUTDOWN);
	assert_int_equal(done_error(s, &p, 1), -ECANCELED);
	assert_int_equal(done_error(s, &p, 2), -ECANCELED);
	stop(s);
	assert_int_equal(p.detached, 1);
}

static void lost_bus_fails_the_command_under_way(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 0);
	atomic_store(&world.command_later, true);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ROUND, &p);
	write_at(&p, 0, 0, 1);
	write_at(&p, 0, 0, 2);		/* waits for the bus to return */
	while (atomic_load(&world.commands) == 0)
		nap(1);
	atomic_store(&world.lost_by_turn, true);
	wake();
	assert_int_equal(done_error(s, &p, 1), -EPIPE);
	skip_to(s, BUS_OPENED, NULL);
	atomic_store(&world.complete, true);
	wake();
	assert_int_equal(done_error(s, &p, 2), 0);
	stop(s);
}

static void closed_bus_fails_commands_when_it_does_not_open(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 0);
	atomic_store(&world.open_error, -ENODEV);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_DOWN, NULL);
	write_at(&p, 0, 0, 1);
	assert_int_equal(done_error(s, &p, 1), -ENODEV);
	stop(s);
}

/* ---- kept state, counters, descriptors */

static void kept_state_comes_back(void **state)
{
	struct site *s = *state;
	struct bus_message first, second;
	struct plant p;

	plant_init(&p, 2, 1, 3600 * SECOND);
	start(s);
	plant_attach(s, &p);
	first = await(s, BUS_KEEP, &p);
	bus_detach(p.device);
	skip_to(s, BUS_DETACHED, &p);
	p.device = bus_attach(s->bus, &p.conf, &p, first.bytes, first.length,
			      false);
	second = await(s, BUS_KEEP, &p);
	assert_int_equal(first.length, second.length);
	/* 1 attach, then 2: the count is the last, a 32-bit number. */
	assert_int_equal(first.bytes[first.length - 4], 1);
	assert_int_equal(second.bytes[second.length - 4], 2);
	bus_message_finish(&first);
	bus_message_finish(&second);
	stop(s);
}

static void detach_brings_what_was_kept(void **state)
{
	struct site *s = *state;
	struct bus_message m;
	struct plant p;

	plant_init(&p, 2, 1, 0);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_ATTACHED, &p);
	bus_detach(p.device);
	m = await(s, BUS_KEEP, &p);
	assert_true(m.length > 0);
	bus_message_finish(&m);
	skip_to(s, BUS_DETACHED, &p);
	stop(s);
}

static uint64_t count_of(struct bus *bus, struct bus_device *device,
			 const char *name)
{
	struct bus_count counts[16];
	size_t n = bus_counts(bus, device, counts, 16);

	for (size_t i = 0; i < n; i++)
		if (strcmp(counts[i].name, name) == 0)
			return counts[i].n;
	return 0;
}

static void counters_count(void **state)
{
	struct site *s = *state;
	struct plant p;

	plant_init(&p, 2, 1, 20 * MS);
	start(s);
	plant_attach(s, &p);
	while (p.samples < 3)
		skip_to(s, BUS_SAMPLE, &p);
	assert_true(count_of(s->bus, p.device, "exchanges") >= 2);
	assert_true(count_of(s->bus, NULL, "exchanges") >= 2);
	assert_int_equal(count_of(s->bus, NULL, "opens"), 1);
	assert_int_equal(count_of(s->bus, p.device, "unanswered"), 0);
	atomic_store(&world.play[2], DIES);
	skip_to(s, BUS_NO_ANSWER, &p);
	assert_true(count_of(s->bus, p.device, "unanswered") >= 1);
	stop(s);
}

static void low_descriptor_is_low_with_many_open(void **state)
{
	enum { MANY = 1500 };
	static int fds[MANY];
	struct rlimit limit = {0};
	struct stat what;
	struct site *s = *state;
	struct plant p;
	int first;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	assert_true(limit.rlim_cur > MANY + 100);
	setrlimit(RLIMIT_NOFILE, &limit);
	bus_reserve_low_fds(2);
	for (int i = 0; i < MANY; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fds[MANY - 1] > FD_SETSIZE);
	atomic_store(&world.low_fd, -1);
	plant_init(&p, 2, 1, 20 * MS);
	start(s);
	plant_attach(s, &p);
	skip_to(s, BUS_SAMPLE, &p);
	first = atomic_load(&world.low_fd);
	assert_true(first >= 0 && first < FD_SETSIZE);
	for (int i = 0; i < 5; i++) {	/* returned each time */
		atomic_store(&world.low_fd, -1);
		atomic_store(&world.lost_by_turn, true);
		wake();
		skip_to(s, BUS_DOWN, NULL);
		skip_to(s, BUS_SAMPLE, &p);
		assert_int_equal(atomic_load(&world.low_fd), first);
	}
	stop(s);
	assert_int_equal(fstat(first, &what), 0);
	assert_true(S_ISCHR(what.st_mode));	/* /dev/null holds it again */
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

/* ---- load */

static void devices_come_and_go_under_load(void **state)
{
	enum { N = 60, ROUNDS = 20 };
	struct site *s = *state;
	struct plant *plants = calloc(N, sizeof(*plants));
	unsigned seed = 1;

	mailbox_destroy(s->up);
	s->up = mailbox_create(sizeof(struct bus_message), 4);
	start(s);
	for (int i = 0; i < N; i++) {
		plant_init(&plants[i], i % UNITS, 3, MS);
		plant_attach(s, &plants[i]);
	}
	atomic_store(&world.play[5], DIES);
	for (int i = 0; i < ROUNDS * N; i++) {
		struct plant *p = &plants[rand_r(&seed) % N];
		struct bus_message m = next(s);

		bus_message_finish(&m);
		if (p->device && p->attached && rand_r(&seed) % 4 == 0)
			write_at(p, 0, 1, (uint64_t)i + 1);
		else if (p->device && p->attached)
			bus_detach(p->device);
		else if (!p->device)
			plant_attach(s, p);
		if (i % 200 == 199)
			atomic_store(&world.play[6], LOSES_BUS);
		else if (i % 200 == 0)
			atomic_store(&world.play[6], ANSWERS);
		while (p->device && p->attached && rand_r(&seed) % 2) {
			m = next(s);
			bus_message_finish(&m);
		}
	}
	stop(s);
	for (int i = 0; i < N; i++)
		assert_null(plants[i].device);
	free(plants);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(opens_attaches_polls_and_closes),
		T(device_without_polls_has_its_round_at_once),
		T(failing_open_is_tried_again),
		T(lost_bus_is_opened_again),
		T(bus_that_lasted_is_opened_as_after_the_first_loss),
		T(lost_device_comes_back_alone),
		T(failing_attach_is_tried_again),
		T(counting_anew_is_told_once_attached),
		T(bus_of_silent_devices_is_opened_anew),
		T(points_are_polled_at_their_own_rhythm),
		T(a_point_may_change_its_rhythm),
		T(who_waited_longest_goes_first),
		T(dead_device_leaves_time_to_the_living),
		T(all_points_are_read_when_a_device_is_back),
		T(each_of_many_dead_devices_is_tried),
		T(refused_point_is_a_fault_and_a_sign_of_life),
		T(point_that_fails_thrice_is_bad_though_its_device_lives),
		T(learning_asks_again_but_not_for_ever),
		T(promised_reports_do_not_block_the_round),
		T(fault_of_a_device_between_reads_counts),
		T(text_is_copied),
		T(many_devices_share_one_bus),
		T(write_is_read_back_before_it_is_done),
		T(a_command_ends_in_the_adapters_words),
		T(a_group_is_written_and_read_back_together),
		T(a_group_that_is_only_written_is_told),
		T(write_without_polls_is_done_at_once),
		T(refused_write_says_so),
		T(write_that_cannot_be_read_back_is_done),
		T(write_on_a_bus_just_lost_is_not_read_back),
		T(commands_of_a_device_go_one_by_one),
		T(later_write_is_read_back_too),
		T(cancelled_command_is_forgotten),
		T(command_past_its_deadline_is_not_begun),
		T(busy_device_is_written_to_again),
		T(device_that_stays_busy_is_told_at_the_deadline),
		T(device_that_was_busy_last_is_told_to_be),
		T(busy_device_is_left_safe),
		T(detach_answers_pending_commands),
		T(a_device_leaves_in_its_safe_state),
		T(a_group_is_made_safe_together),
		T(a_stop_leaves_safe_states),
		T(a_slow_safe_state_is_not_waited_for),
		T(what_a_killed_run_left_is_made_safe_first),
		T(dead_man_makes_devices_safe),
		T(a_trace_is_of_its_time),
		T(a_call_that_hangs_is_seen),
		T(stop_answers_pending_commands),
		T(lost_bus_fails_the_command_under_way),
		T(closed_bus_fails_commands_when_it_does_not_open),
		T(kept_state_comes_back),
		T(detach_brings_what_was_kept),
		T(counters_count),
		T(low_descriptor_is_low_with_many_open),
		T(devices_come_and_go_under_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

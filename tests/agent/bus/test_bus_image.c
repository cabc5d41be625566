/* SPDX-License-Identifier: GPL-2.0-or-later
 * Images on their way into devices, on a bus's own thread and in real time:
 * who takes turns, what ends them, and that nobody outlives his image. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "adapters/adapter.h"
#include "agent/bus/bus.h"
#include "agent/bus/image.h"
#include "agent/base/log.h"

#define PATIENCE_MS 30000
#define MS INT64_C(1000000)

struct fake_device { int unit; };

/* The world; the bus's thread plays it. */
static struct {
	atomic_int steps[2], reads, cancels, hold, check, fails_at;
	atomic_int last, changes;	/* whose step it was; how often that
					 * was another's */
	atomic_bool loses;
} world;

static int fake_read(struct adapter_device *device, struct adapter_point **due,
		     size_t n)
{
	(void)device;
	atomic_fetch_add(&world.reads, 1);
	for (size_t i = 0; i < n; i++)
		adapter_report(due[i], lwm2m_integer(1), 0);
	return 0;
}

static size_t fake_room(const struct adapter_device *device)
{
	(void)device;
	return 100;
}

static int fake_check(struct adapter_device *device, const uint8_t *bytes,
		      size_t n)
{
	(void)device;
	return n == 5 && !memcmp(bytes, "image", 5) ?
	       atomic_load(&world.check) : -EBADMSG;
}

static int64_t fake_install(struct adapter_image *image, int64_t now)
{
	int unit = ((struct fake_device *)image->device->data)->unit;
	int step = atomic_fetch_add(&world.steps[unit], 1);

	if (atomic_exchange(&world.last, unit) != unit)
		atomic_fetch_add(&world.changes, 1);
	if (image->done++ != (size_t)step || image->n != 5)
		return -EPROTO;
	if (atomic_load(&world.loses))
		adapter_lost(image->device->bus, image->device, -ENODEV,
			     "unplugged");
	if (step + 1 == atomic_load(&world.fails_at))
		return -EREMOTEIO;
	return step < 4 || atomic_load(&world.hold) ? now + 2 * MS : 0;
}

static void fake_cancel(struct adapter_image *image)
{
	if (image->n == 5)
		atomic_fetch_add(&world.cancels, 1);
}

static const struct adapter_ops fake_ops = {
	.abi = ADAPTER_ABI, .size = sizeof(struct adapter_ops),
	.name = "fake", .device_size = sizeof(struct fake_device),
	.point_size = sizeof(int), .read = fake_read,
	.image_room = fake_room, .image_check = fake_check,
	.image_install = fake_install, .image_cancel = fake_cancel,
};

/* log.c's: what is logged is not looked at here. */
void log_line(enum log_level level, const char *endpoint, const char *bus,
	      const char *format, ...)
{
	(void)level;
	(void)endpoint;
	(void)bus;
	(void)format;
}

static struct site {
	struct config_bus conf;
	struct config_point point;
	int point_data;
	struct mailbox *up;
	struct bus *bus;
	struct image *image;
	struct plant {
		struct config_device conf;
		struct fake_device data;
		struct bus_device *device;
	} plants[2];
} site;

/* The next message of this kind; the device is freed with its last one. */
static struct bus_message await(enum bus_event event, const struct plant *p)
{
	struct pollfd fd = {.fd = mailbox_fd(site.up), .events = POLLIN};
	struct bus_message m;

	for (;;) {
		if (mailbox_take(site.up, &m, 1) == 0) {
			if (poll(&fd, 1, PATIENCE_MS) <= 0)
				fail_msg("event %d does not come", event);
			continue;
		}
		bus_message_finish(&m);
		if (m.event == BUS_DETACHED) {
			struct plant *gone = m.owner;

			bus_device_free(gone->device);
			gone->device = NULL;
		}
		if (m.event == event && (!p || m.owner == p))
			return m;
	}
}

static int setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	memset(&site, 0, sizeof(site));
	atomic_store(&world.last, -1);
	site.conf = (struct config_bus){.name = "bus", .adapter = "fake",
					.ops = &fake_ops,
					.data = &site.point_data};
	site.point = (struct config_point){.name = "p", .poll = 5 * MS,
					   .polled = true,
					   .data = &site.point_data};
	site.up = bus_mailbox_create();
	site.bus = bus_start(&site.conf, site.up);
	site.image = image_create((const uint8_t *)"image", 5);
	for (int i = 0; i < 2; i++) {
		struct plant *p = &site.plants[i];

		p->data.unit = i;
		p->conf = (struct config_device){
			.endpoint = i ? "b" : "a", .data = &p->data,
			.points = &site.point, .n_points = 1};
		p->device = bus_attach(site.bus, &p->conf, p, NULL, 0, false);
	}
	for (int i = 0; i < 2; i++)
		await(BUS_ROUND, &site.plants[i]);
	return site.bus ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	bus_stop(site.bus);
	await(BUS_CLOSED, NULL);
	bus_free(site.bus);
	mailbox_destroy(site.up);
	/* Nobody else has a share of it any more. */
	if (atomic_load(&site.image->users) != 1)
		return -1;
	image_release(site.image);
	return 0;
}

static void send(int unit, bool install, uint64_t id)
{
	assert_int_equal(bus_image(site.plants[unit].device, site.image,
				   install, id), 0);
}

static void done(int unit, uint64_t id, int error)
{
	struct bus_message m = await(BUS_DONE, &site.plants[unit]);

	assert_int_equal(m.id, id);
	assert_int_equal(m.error, error);
}

static void checked_without_a_step(void **state)
{
	(void)state;
	send(0, false, 7);
	done(0, 7, 0);
	atomic_store(&world.check, -ENOTSUP);
	send(1, false, 8);
	done(1, 8, -ENOTSUP);
	assert_int_equal(atomic_load(&world.steps[0]), 0);
	assert_int_equal(atomic_load(&world.cancels), 0);
}

static void installed_between_the_polls(void **state)
{
	int reads = atomic_load(&world.reads);

	(void)state;
	send(0, true, 9);
	done(0, 9, 0);
	assert_int_equal(atomic_load(&world.steps[0]), 5);
	assert_true(atomic_load(&world.reads) > reads);
	assert_int_equal(atomic_load(&world.cancels), 0);
}

static void several_take_turns(void **state)
{
	bool first = false, second = false;

	(void)state;
	atomic_store(&world.hold, 1);
	send(0, true, 1);
	send(1, true, 2);
	while (atomic_load(&world.steps[0]) < 8 ||
	       atomic_load(&world.steps[1]) < 8)
		await(BUS_SAMPLE, NULL);
	atomic_store(&world.hold, 0);
	while (!first || !second) {
		struct bus_message m = await(BUS_DONE, NULL);

		assert_int_equal(m.error, 0);
		first |= m.id == 1;
		second |= m.id == 2;
	}
	assert_true(atomic_load(&world.changes) > 3);
}

static void one_that_fails_is_not_cancelled(void **state)
{
	(void)state;
	atomic_store(&world.fails_at, 3);
	send(0, true, 3);
	done(0, 3, -EREMOTEIO);
	assert_int_equal(atomic_load(&world.steps[0]), 3);
	assert_int_equal(atomic_load(&world.cancels), 0);
}

static void begun(int unit)
{
	while (!atomic_load(&world.steps[unit]))
		await(BUS_SAMPLE, NULL);
}

static void a_device_that_goes_ends_its_own(void **state)
{
	(void)state;
	atomic_store(&world.hold, 1);
	send(0, true, 4);
	begun(0);
	bus_detach(site.plants[0].device);
	done(0, 4, -ECANCELED);
	await(BUS_DETACHED, &site.plants[0]);
	assert_int_equal(atomic_load(&world.cancels), 1);
}

static void a_device_that_is_lost_fails_its_own(void **state)
{
	(void)state;
	atomic_store(&world.hold, 1);
	atomic_store(&world.loses, true);
	send(0, true, 5);
	done(0, 5, -ENODEV);
	assert_int_equal(atomic_load(&world.cancels), 1);
}

static void the_end_of_the_bus_ends_all(void **state)
{
	(void)state;
	atomic_store(&world.hold, 1);
	send(0, true, 6);
	send(1, true, 7);
	begun(1);	/* teardown() stops it, and looks for shares left */
	assert_int_equal(bus_image(site.plants[0].device, site.image, false,
				   8), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(checked_without_a_step),
		T(installed_between_the_polls),
		T(several_take_turns),
		T(one_that_fails_is_not_cancelled),
		T(a_device_that_goes_ends_its_own),
		T(a_device_that_is_lost_fails_its_own),
		T(the_end_of_the_bus_ends_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

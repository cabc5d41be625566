/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whose turn it is on a bus that has more to do than time, in virtual time:
 * of the bus's thread only bus_device.c is here, and each exchange with one
 * block of a device moves the clock. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/bus/bus_private.h"

#define MS (POLL_SECOND / 1000)
#define DEVICES_MAX 32
#define BLOCKS_MAX 6

struct block {
	int64_t last, worst;	/* when it was read; the longest without */
	unsigned reads;
	bool dead;		/* never answers, at the cost of a time-out */
	bool busy, refused;	/* says so, as the host notes it */
};

struct line {
	struct bus bus;
	struct adapter_ops ops;
	struct bus_device *devices[DEVICES_MAX];
	struct config_device conf;
	struct block blocks[DEVICES_MAX][BLOCKS_MAX];
	int64_t cost;		/* ns, of an exchange */
	unsigned n_devices, n_blocks;
};

static int64_t now;

/* What was written to setup points, in order. */
static struct { int64_t when; double value; } writes[64];
static unsigned n_writes, n_commands;
static int write_error;

int64_t bus_now(void)
{
	return now;
}

/* What bus_device.c asks of its neighbours. */
void command_free(struct bus_command *command)
{
	(void)command;
}

void bus_count_up(struct bus *bus, struct bus_counters *counters,
		  const char *name, uint64_t n)
{
	(void)bus;
	(void)counters;
	(void)name;
	(void)n;
}

void device_say(struct bus_device *device, struct bus_message message)
{
	(void)device;
	free(message.text);
}

void command_end(struct bus_device *device, int error)
{
	(void)device;
	(void)error;
}

int64_t command_due(const struct bus_device *device)
{
	(void)device;
	return POLL_NEVER;
}

void device_ready(struct bus_device *device)
{
	(void)device;
}

void device_unready(struct bus_device *device)
{
	(void)device;
}

void images_end(struct bus_device *device, int error)
{
	(void)device;
	(void)error;
}

static void block_note(struct block *block)
{
	if (block->reads++ > 0 && now - block->last > block->worst)
		block->worst = now - block->last;
	block->last = now;
}

/* As the adapter does: the one that waited longest, and no other. */
static int line_read(struct adapter_device *base, struct adapter_point **due,
		     size_t n)
{
	struct line *line = container_of(base->bus, struct line, bus.base);
	struct block *block = due[0]->data;
	struct bus_point *point = container_of(due[0], struct bus_point, base);

	(void)n;
	now += block->dead ? 10 * line->cost : line->cost;
	block_note(block);
	if (block->dead) {
		point->in_vain = true;
		return -ETIMEDOUT;
	}
	device_alive(container_of(base, struct bus_device, base));
	point->asked = false;
	point->busy = block->busy;
	point->misses = block->busy || block->refused ? point->misses + 1 : 0;
	return 0;
}

static int line_command(struct adapter_command *command)
{
	struct line *line = container_of(command->point->device->bus,
					 struct line, bus.base);

	now += line->cost;
	if (write_error)
		return write_error;
	device_alive(container_of(command->point->device, struct bus_device,
				  base));
	n_commands++;
	for (; command && n_writes < 64; command = command->with) {
		writes[n_writes].when = now;
		writes[n_writes++].value = lwm2m_number(&command->value);
	}
	return 0;
}

static struct bus_device *device_make(struct line *line, unsigned at,
				      int64_t poll)
{
	struct bus_device *d = calloc(1, sizeof(*d) + BLOCKS_MAX *
						      sizeof(d->points[0]));

	assert_non_null(d);
	d->base.bus = &line->bus.base;
	d->base.n_points = line->n_blocks;
	d->conf = &line->conf;
	d->seed = 977 * at;
	for (unsigned i = 0; i < line->n_blocks; i++)
		d->points[i].base = (struct adapter_point){
			.name = "p",
			.device = &d->base, .poll = poll,
			.data = &line->blocks[at][i]};
	d->counted_as = REACH_UNCOUNTED;
	line->bus.reached[REACH_UNCOUNTED]++;
	return d;
}

static struct config_point *line_points;

static void line_start(struct line *line, unsigned devices, unsigned blocks,
		       int64_t poll, int64_t cost)
{
	static struct config_point points[BLOCKS_MAX];

	memset(points, 0, sizeof(points));
	line_points = points;
	*line = (struct line){.n_devices = devices, .n_blocks = blocks,
			      .cost = cost};
	line->ops.read = line_read;
	line->ops.command = line_command;
	n_writes = 0;
	write_error = 0;
	line->bus.ops = &line->ops;
	line->bus.attached_end = &line->bus.base.devices;
	for (unsigned i = 0; i < BLOCKS_MAX; i++)
		points[i].polled = true;
	line->conf.points = points;
	line->conf.n_points = blocks;
	now = POLL_SECOND;
	for (unsigned i = 0; i < devices; i++) {
		line->devices[i] = device_make(line, i, poll);
		device_attach(line->devices[i]);
	}
}

static void line_run(struct line *line, int64_t until)
{
	while (now < until) {
		struct heap_item *due = heap_first(&line->bus.due);

		assert_non_null(due);
		if (due->due > now)
			now = due->due;
		device_poll(container_of(due, struct bus_device, due), now);
	}
}

static void line_stop(struct line *line)
{
	for (unsigned i = 0; i < line->n_devices; i++)
		device_destroy(line->devices[i]);
	free(line->bus.asked);
	heap_finish(&line->bus.due);
}

/* What the status says of it: of a line that is far too slow all there is to
 * do between two turns, give or take what the grid of the polls makes of it;
 * of one that is not nothing. */
static void assert_pace(struct line *line, int64_t poll, int64_t sum)
{
	for (unsigned d = 0; d < line->n_devices; d++) {
		struct bus_pace pace = line->devices[d]->pace;

		if (sum < poll) {
			assert_int_equal(pace.gets, 0);
		} else if (sum > 2 * poll) {
			assert_int_equal(pace.asked, poll);
			assert_true(pace.gets > sum / 2 &&
				    pace.gets < sum * 3 / 2);
		}
	}
}

/* Each block's period is at most twice what all exchanges take together, or
 * its poll with all of them in its way. */
static void nothing_starves(void **state)
{
	static const struct {
		unsigned devices, blocks;
		int64_t poll, cost;
	} cases[] = {
		{1, 2, 100 * MS, 150 * MS},
		{1, 5, POLL_SECOND, 305 * MS},
		{1, 6, 500 * MS, 305 * MS},
		{24, 3, 10 * POLL_SECOND, 400 * MS},
		{32, 3, POLL_SECOND, 70 * MS},
		{32, 6, 10 * MS, 50 * MS},
		{32, 1, POLL_SECOND, 20 * MS},
	};
	struct line line;

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		int64_t sum = cases[c].devices * cases[c].blocks *
			      cases[c].cost;
		int64_t most = sum > cases[c].poll ? 2 * sum :
			       cases[c].poll + sum;

		line_start(&line, cases[c].devices, cases[c].blocks,
			   cases[c].poll, cases[c].cost);
		line_run(&line, now + 20 * most);
		for (unsigned d = 0; d < cases[c].devices; d++)
			for (unsigned b = 0; b < cases[c].blocks; b++) {
				assert_true(line.blocks[d][b].reads >= 10);
				assert_true(line.blocks[d][b].worst <= most);
			}
		assert_pace(&line, cases[c].poll, sum);
		line_stop(&line);
	}
}

/* Polls of 1 s and 10 s on a line that cannot carry them: the rare ones come,
 * and not much later than those that are always late. */
static void rare_points_come_too(void **state)
{
	struct line line;

	(void)state;
	line_start(&line, 8, 2, POLL_SECOND, 300 * MS);
	for (unsigned d = 0; d < 8; d++)
		line.devices[d]->points[1].base.poll = 10 * POLL_SECOND;
	line_run(&line, now + 200 * POLL_SECOND);
	for (unsigned d = 0; d < 8; d++) {
		assert_true(line.blocks[d][0].worst <= 2 * 16 * 300 * MS);
		assert_true(line.blocks[d][1].worst <=
			    10 * POLL_SECOND + 16 * 300 * MS);
	}
	line_stop(&line);
}

/* The rest of a device is read between two tries of a block that never
 * answers, and the device does not count as silent. */
static void a_dead_block_is_not_in_the_way(void **state)
{
	struct line line;

	(void)state;
	line_start(&line, 2, 4, POLL_SECOND, 20 * MS);
	line.blocks[0][1].dead = true;
	line_run(&line, now + 60 * POLL_SECOND);
	for (unsigned b = 0; b < 4; b++) {
		assert_true(line.blocks[0][b].reads >= 5);
		assert_true(line.blocks[1][b].worst <= 2 * POLL_SECOND);
	}
	assert_true(line.devices[0]->reach.tries < POLL_SILENT_TRIES);
	line_stop(&line);
}

/* Three times soon, then at its poll and more rarely; one that is refused is
 * asked less and less from the fourth time on. */
static void busy_and_refused_points_are_asked_again(void **state)
{
	struct line line;

	(void)state;
	line_start(&line, 1, 3, 10 * POLL_SECOND, 20 * MS);
	line.blocks[0][0].busy = true;
	line.blocks[0][1].refused = true;
	line_run(&line, now + 2 * POLL_SECOND);
	assert_int_equal(line.blocks[0][0].reads, 3);
	assert_true(line.blocks[0][1].reads <= 2);
	line_run(&line, now + 600 * POLL_SECOND);
	assert_true(line.blocks[0][1].reads >= 6);
	assert_true(line.blocks[0][1].reads <= 12);
	assert_true(line.blocks[0][2].reads >= 58);
	line_stop(&line);
}

static void setup_point(unsigned i, double value, int64_t every)
{
	line_points[i].polled = false;
	line_points[i].is_setup = true;
	line_points[i].setup = value;
	line_points[i].every = every;
	line_points[i].raw_type = LWM2M_INTEGER;
	line_points[i].scale = (struct point_scale){.scale = 1,
						    .decimals = -1};
}

/* One device: point 0 is polled, 1 and 2 are set up, 2 beats every 10 s. */
static void setup_start(struct line *line)
{
	line_start(line, 1, 3, POLL_SECOND, 20 * MS);
	setup_point(1, 11, 0);
	setup_point(2, 22, 10 * POLL_SECOND);
	device_detach(line->devices[0], 0);
	device_attach(line->devices[0]);
}

static void setup_comes_before_the_first_poll(void **state)
{
	struct line line;

	(void)state;
	setup_start(&line);
	line_run(&line, now + 35 * POLL_SECOND);
	assert_int_equal(n_writes, 2 + 3);
	assert_true(writes[0].value == 11 && writes[1].value == 22);
	assert_true(writes[1].when <= POLL_SECOND + 40 * MS);
	for (unsigned i = 2; i < n_writes; i++) {
		int64_t beat = writes[i].when - writes[i - 1].when;

		assert_true(writes[i].value == 22);
		assert_true(beat >= 9900 * MS && beat <= 10200 * MS);
	}
	assert_true(line.blocks[0][0].reads >= 30);
	line_stop(&line);
}

/* The device is not asked for anything as long as it fails, and is told again
 * when it was silent. */
static void setup_is_tried_again(void **state)
{
	struct line line;

	(void)state;
	setup_start(&line);
	write_error = -EREMOTEIO;
	line_run(&line, now + 10 * POLL_SECOND);
	assert_int_equal(line.blocks[0][0].reads, 0);
	assert_true(line.devices[0]->reach.tries >= POLL_SILENT_TRIES);
	write_error = 0;
	line_run(&line, now + 60 * POLL_SECOND);
	assert_true(line.blocks[0][0].reads >= 1);
	assert_true(writes[0].value == 11 && writes[1].value == 22);
	line.blocks[0][0].dead = true;
	write_error = -ETIMEDOUT;
	line_run(&line, now + 60 * POLL_SECOND);
	assert_true(line.devices[0]->reach.tries >= POLL_SILENT_TRIES);
	n_writes = 0;
	line.blocks[0][0].dead = false;
	write_error = 0;
	line_run(&line, now + 120 * POLL_SECOND);
	assert_true(n_writes >= 2);
	assert_int_equal(line.devices[0]->reach.tries, 0);
	line_stop(&line);
}

/* Those of a group are one command, where the first of them stands. */
static void setup_of_a_group_is_one_command(void **state)
{
	struct config_point *points;
	struct line line;

	(void)state;
	setup_start(&line);
	points = line_points;
	points[line.conf.n_points - 1].group = "mode";
	points[line.conf.n_points - 2].group = "mode";
	n_commands = 0;
	line_run(&line, now + 5 * POLL_SECOND);
	assert_int_equal(n_commands, 1);
	assert_int_equal(n_writes, 2);
	assert_true(writes[0].value == 11 && writes[1].value == 22);
	assert_true(writes[0].when == writes[1].when);
	assert_true(line.blocks[0][0].reads >= 1);
	line_stop(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_starves),
		cmocka_unit_test(rare_points_come_too),
		cmocka_unit_test(a_dead_block_is_not_in_the_way),
		cmocka_unit_test(busy_and_refused_points_are_asked_again),
		cmocka_unit_test(setup_comes_before_the_first_poll),
		cmocka_unit_test(setup_is_tried_again),
		cmocka_unit_test(setup_of_a_group_is_one_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

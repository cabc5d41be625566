/* SPDX-License-Identifier: GPL-2.0-or-later
 * The GPIO adapter over a fake of its seam, in virtual time. Built twice: as
 * with libgpiod 1.6 and as with 2. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/gpio/counter.h"
#include "tests/adapters/gpio_fake.h"
#include "tests/fake/host.h"

#define CLOSE(a, b) assert_true(fabs((a) - (b)) < 1e-6)
#define T0 (10 * SECOND)

extern const struct adapter_ops lwmux_adapter;

static struct fake_host *host;
static struct adapter_device *device;
static int64_t now;

static void at(int64_t time)
{
	now = time;
	fake_time_set(host, now);
}

static int start(void **state)
{
	(void)state;
	gpio_fake_start();
	host = fake_host_create(&lwmux_adapter, "");
	device = fake_device_add(host, "site", "");
	at(T0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_host_destroy(host);
	gpio_fake_stop();
	return 0;
}

static struct adapter_point *point(const char *name, const char *spec)
{
	return fake_point_add(device, name, spec);
}

/* What the bus thread does when it is woken. */
static int64_t turn(void)
{
	return lwmux_adapter.turn(fake_bus(host), now, true);
}

static void move(struct line *line, bool level)
{
	gpio_move(line, level, now);
}

/* n pulses, so far apart, each taken at once. */
static void pulses(struct line *line, unsigned n, int64_t apart)
{
	for (unsigned i = 0; i < n; i++) {
		at(now + apart);
		move(line, true);
		move(line, false);
		turn();
	}
}

static bool value(const struct adapter_point *p)
{
	return fake_number(p) != 0;
}

/* What has come meanwhile is on the disk, and told, a second later. */
static uint64_t total(struct adapter_point *p)
{
	struct adapter_point *due[] = {p};

	assert_int_equal(fake_read(device, due, 1), 0);
	at(now + SECOND);
	turn();
	assert_int_equal(fake_read(device, due, 1), 0);
	return (uint64_t)fake_number(p);
}

/* ---- what is refused, and why ---- */

static void bad_points_are_refused(void **state)
{
	(void)state;
	point("a", "");
	point("b", "chip=first");
	point("c", "line=door number=3");
	point("d", "line=door pulse=1s");
	point("e", "line=door initial=on");
	point("f", "line=door part=edge count=total");
	assert_int_equal(fake_check(host), 6);
	assert_string_equal(fake_refusals(host),
		"line: which line? Give its name, or chip and number\n"
		"chip: needs the number of the line on this chip\n"
		"number: a line is found by its name or by its number\n"
		"pulse: is of outputs: needs writable: true\n"
		"initial: is of outputs: needs writable: true\n"
		"count: only the part value counts\n");
}

static void contradictory_points_are_refused(void **state)
{
	(void)state;
	point("a", "line=door bias=pull-up debounce=20ms");
	point("b", "line=door count=total");
	point("c", "line=door bias=pull-down");
	point("d", "line=door debounce=5ms");
	point("e", "line=meter bias=pull-down debounce=5ms");
	point("f", "line=relay writable=yes bias=pull-up");
	assert_int_equal(fake_check(host), 3);
	assert_string_equal(fake_refusals(host),
		"bias: the point a says otherwise of the same line\n"
		"debounce: the point a says otherwise of the same line\n"
		"bias: is of inputs: an output has none\n");
}

static void the_number_of_a_chip_is_refused(void **state)
{
	static const char *const numbers[] = {
		"chip=0 number=1", "chip=gpiochip0 number=1",
		"chip=/dev/gpiochip12 line=door",
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		point("a", numbers[i]);
		assert_int_equal(fake_check(host), i + 1);
		assert_non_null(strstr(fake_refusals(host), "chip: the numbers "
				       "of chips change with the order"));
	}
	device = fake_device_add(host, "other", "");
	point("b", "chip=first number=1");
	point("c", "chip=gpiochip-pca number=0");
	assert_int_equal(fake_check(host), 3);
}

static void facts_are_those_of_the_part(void **state)
{
	static const struct {
		const char *spec;
		uint32_t type;
		bool polled, writable;
	} all[] = {
		{"line=x", LWM2M_BOOLEAN, true, true},
		{"line=x count=total", LWM2M_UNSIGNED, true, true},
		{"line=x count=rate", LWM2M_FLOAT, true, false},
		{"line=x part=polarity", LWM2M_BOOLEAN, true, true},
		{"line=x part=debounce", LWM2M_INTEGER, true, true},
		{"line=x part=edge", LWM2M_INTEGER, true, true},
		{"line=x part=reset", LWM2M_BOOLEAN, false, true},
		{"line=x part=on_time", LWM2M_INTEGER, true, true},
	};
	struct adapter_point *p[8];

	(void)state;
	for (size_t i = 0; i < 8; i++)
		p[i] = point("p", all[i].spec);
	assert_int_equal(fake_check(host), 0);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(fake_facts(p[i])->type, all[i].type);
		assert_int_equal(fake_facts(p[i])->polled, all[i].polled);
		assert_int_equal(fake_facts(p[i])->writable, all[i].writable);
	}
}

/* ---- finding lines ---- */

static void lines_are_found_by_name_and_by_label(void **state)
{
	struct adapter_point *door = point("a", "line=door");
	struct adapter_point *lamp = point("b", "chip=second line=lamp");
	struct adapter_point *bare = point("c", "chip=second number=1");

	(void)state;
	gpio_chips[1].lines[1].level = true;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	assert_false(value(door));
	assert_false(value(lamp));
	assert_true(value(bare));
	assert_string_equal(gpio_line_named("door")->consumer, "lwmux site");
	fake_close(host);
	assert_false(gpio_line_named("door")->used);
}

static const char *fault_of(const char *spec, int error)
{
	const struct fake_event *fault;
	struct adapter_point *p = point("p", spec);

	assert_int_equal(fake_attach(host), error);
	fault = fake_last(p);
	assert_int_equal(fault->kind, FAKE_FAULT);
	assert_int_equal(fault->error, error);
	return fault->text;
}

static void an_unknown_name_is_said(void **state)
{
	(void)state;
	assert_string_equal(fault_of("line=window", -ENOENT),
			    "line window: no line has the name window");
}

static void a_number_as_a_name_is_told_how(void **state)
{
	(void)state;
	assert_string_equal(fault_of("line=17", -ENOENT),
			    "line 17: no line has the name 17: one without a "
			    "name is given by chip: LABEL and number: 17 "
			    "(lwmuxctl scan gpio lists them)");
}

static void an_unknown_label_is_said(void **state)
{
	(void)state;
	assert_string_equal(fault_of("chip=mcp number=0", -ENOENT),
		"line mcp/0: there is no chip with the label mcp");
}

static void a_number_beyond_the_chip_is_said(void **state)
{
	(void)state;
	assert_string_equal(fault_of("chip=first number=4", -ENOENT),
			    "line first/4: the chip first has no line 4");
}

static void a_name_there_twice_is_said(void **state)
{
	(void)state;
	strcpy(gpio_chips[1].lines[3].name, "door");
	assert_string_equal(fault_of("line=door", -ENOTUNIQ),
		"line door: there are 2 of them, one at gpiochip0 (first at "
		"bus/dev-0): give the chip's label too, or its path");
	point("q", "line=door chip=second");
	assert_int_equal(fake_attach(host), 0);
}

static void a_busy_line_names_its_consumer(void **state)
{
	struct line *door = gpio_line_named("door");

	(void)state;
	door->used = true;
	strcpy(door->consumer, "gpio-keys");
	assert_string_equal(fault_of("line=door", -EBUSY),
			    "line door: is held by \"gpio-keys\"");
	door->used = false;
	assert_int_equal(fake_attach(host), 0);
}

static void a_busy_line_without_a_consumer_is_said(void **state)
{
	(void)state;
	gpio_line_named("door")->used = true;
	assert_string_equal(fault_of("line=door", -EBUSY),
			    "line door: is held by another program");
}

static void a_closed_chip_is_said(void **state)
{
	(void)state;
	gpio_chips[0].open_error = -EACCES;
	assert_string_equal(fault_of("line=door", -EACCES),
		"line door: not found; but /dev/gpiochip0 cannot be opened: "
		"Permission denied");
}

static void a_refused_request_is_said(void **state)
{
	(void)state;
	gpio_line_named("door")->request_error = -EINVAL;
	assert_string_equal(fault_of("line=door", -EINVAL),
			    "line door: Invalid argument");
}

static void an_unreadable_line_is_given_back(void **state)
{
	(void)state;
	gpio_line_named("door")->get_error = -EIO;
	fault_of("line=door", -EIO);
	assert_false(gpio_line_named("door")->used);
}

/* A line that cannot be had costs its points only, and is tried again. */
static void the_other_lines_live_on(void **state)
{
	struct adapter_point *door = point("a", "line=door");
	struct adapter_point *meter = point("b", "line=meter");

	(void)state;
	gpio_line_named("meter")->request_error = -EBUSY;
	gpio_line_named("door")->level = true;
	assert_int_equal(fake_attach(host), 0);
	assert_true(value(door));
	assert_int_equal(fake_last(meter)->kind, FAKE_FAULT);
	assert_int_equal(fake_poll(device, NULL), 0);
	assert_int_equal(fake_last(meter)->kind, FAKE_FAULT);
	gpio_line_named("meter")->request_error = 0;
	assert_int_equal(fake_poll(device, NULL), 0);
	assert_int_equal(fake_last(meter)->kind, FAKE_REPORT);
}

/* ---- inputs ---- */

static void a_contact_is_told_at_the_kernels_time(void **state)
{
	struct adapter_point *door = point("a", "line=door");
	struct line *line = gpio_line_named("door");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_false(value(door));
	assert_int_equal(line->as.edge, LINE_BOTH);
	gpio_move(line, true, T0 + 5 * MS);
	at(T0 + 7 * MS);
	turn();
	assert_true(value(door));
	assert_int_equal(fake_last(door)->when, T0 + 5 * MS);
	gpio_move(line, false, T0 + 8 * MS);
	at(T0 + 9 * MS);
	turn();
	assert_false(value(door));
}

static void active_low_turns_it_around(void **state)
{
	struct adapter_point *door = point("a", "line=door active_low=yes");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_true(value(door));
	move(gpio_line_named("door"), true);
	turn();
	assert_false(value(door));
}

static void bias_reaches_the_line(void **state)
{
	(void)state;
	point("a", "line=door bias=pull-up");
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(gpio_line_named("door")->as.bias, LINE_BIAS_UP);
}

#ifdef GPIO_FAKE_V2
static void the_kernel_debounces(void **state)
{
	struct adapter_point *n = point("n", "line=door count=total "
					"debounce=20ms");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(gpio_line_named("door")->as.debounce, 20 * MS);
	assert_int_equal(gpio_line_named("door")->as.edge, LINE_RISING);
	pulses(gpio_line_named("door"), 3, MS);	/* what passed it counts */
	assert_int_equal(total(n), 3);
}
#else
/* A burst of 4 ms each ends 100 ms later: one change is told, and counted. */
static void a_bouncing_contact_settles(void **state)
{
	struct adapter_point *door = point("a", "line=door debounce=20ms");
	struct adapter_point *n = point("n", "line=door count=total");
	struct line *line = gpio_line_named("door");
	int64_t next;

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(line->as.debounce, 0);
	for (int i = 0; i < 25; i++) {
		at(T0 + i * 4 * MS);
		move(line, i % 2 == 0);
		next = turn();
		assert_false(value(door));
		assert_int_equal(next, i % 2 == 0 ? now + 20 * MS : INT64_MAX);
	}
	at(T0 + 96 * MS + 20 * MS - 1);
	turn();
	assert_false(value(door));
	at(T0 + 116 * MS);
	assert_int_equal(turn() > now, true);
	assert_true(value(door));
	assert_int_equal(fake_last(door)->when, T0 + 96 * MS);
	assert_int_equal(total(n), 1);
}

/* It settled and moved on before anybody looked. */
static void edges_say_when_it_settled(void **state)
{
	struct adapter_point *n = point("n", "line=door count=total "
					"debounce=20ms");
	struct line *line = gpio_line_named("door");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(line->as.edge, LINE_BOTH);
	gpio_move(line, true, T0 + 10 * MS);
	gpio_move(line, false, T0 + 40 * MS);
	gpio_move(line, true, T0 + 70 * MS);
	gpio_move(line, false, T0 + 75 * MS);
	at(T0 + 200 * MS);
	turn();
	assert_int_equal(total(n), 1);
}

#endif

static void a_poll_finds_what_edges_did_not_tell(void **state)
{
	struct adapter_point *door = point("a", "line=door");
	struct line *line = gpio_line_named("door");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	line->level = true;		/* no event comes of that */
	turn();
	assert_false(value(door));
	at(T0 + SECOND);
	assert_int_equal(fake_poll(device, NULL), 0);
	assert_true(value(door));
	assert_int_equal(fake_device_count(device, "missed_edges"), 1);
	assert_int_equal(fake_poll(device, NULL), 0);
	assert_int_equal(fake_device_count(device, "missed_edges"), 1);
}

/* Edges under way are no lost ones. */
static void a_poll_takes_edges_first(void **state)
{
	struct adapter_point *n = point("n", "line=door count=total edge=both");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	move(gpio_line_named("door"), true);
	assert_int_equal(total(n), 1);
	assert_int_equal(fake_device_count(device, "missed_edges"), 0);
}

/* Told at once, but for a line that flickers: its last state comes later. */
static void a_flickering_line_does_not_flood(void **state)
{
	struct adapter_point *door = point("a", "line=door");
	struct line *line = gpio_line_named("door");
	int64_t next = 0;

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	fake_forget(host);
	for (int i = 0; i < 201; i++) {
		at(now + MS / 10);
		move(line, i % 2 == 0);
		next = turn();
	}
	assert_int_equal(fake_events(host, FAKE_REPORT), 16);
	assert_true(next > now && next <= now + 250 * MS);
	at(next);
	assert_int_equal(turn(), INT64_MAX);
	assert_int_equal(fake_events(host, FAKE_REPORT), 17);
	assert_true(value(door));
}

/* ---- counters ---- */

static void pulses_are_counted(void **state)
{
	struct adapter_point *n = point("n", "line=meter count=total");
	struct line *line = gpio_line_named("meter");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(line->as.edge, LINE_RISING);
	pulses(line, 1000, MS);
	assert_int_equal(total(n), 1000);
	assert_int_equal(fake_device_count(device, "lost_edges"), 0);
	assert_int_equal(fake_device_count(device, "full_buffer"), 0);
}

static void the_edge_can_be_chosen(void **state)
{
	struct adapter_point *f = point("f", "line=meter count=total "
					"edge=falling active_low=yes");
	struct adapter_point *b = point("b", "line=door count=total edge=both");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(gpio_line_named("meter")->as.edge, LINE_RISING);
	pulses(gpio_line_named("meter"), 3, MS);
	pulses(gpio_line_named("door"), 3, MS);
	assert_int_equal(total(f), 3);
	assert_int_equal(total(b), 6);
}

static void states_and_totals_share_a_line(void **state)
{
	struct adapter_point *door = point("a", "line=door active_low=yes");
	struct adapter_point *n = point("n", "line=door count=total");
	struct line *line = gpio_line_named("door");

	(void)state;
	line->level = true;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(line->as.edge, LINE_BOTH);
	assert_false(value(door));
	at(now + SECOND);
	move(line, false);
	turn();
	assert_true(value(door));
	assert_int_equal(fake_number(n), 1);
	at(now + SECOND);
	move(line, true);
	turn();
	assert_int_equal(fake_number(n), 1);
}

static void totals_outlast_a_restart(void **state)
{
	struct adapter_point *n = point("n", "line=meter count=total");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	pulses(gpio_line_named("meter"), 7, MS);
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_number(n), 7);
	pulses(gpio_line_named("meter"), 1, MS);
	assert_int_equal(total(n), 8);
}

static int64_t totals_on_disk(void)
{
	uint64_t n = 0;

	return adapter_kept(device, "totals:meter", &n, sizeof(n)) < 0 ? -1 :
	       (int64_t)n;
}

static void first_pulse(void)
{
	at(100 * SECOND);
	pulses(gpio_line_named("meter"), 1, 0);
}

/* The first pulse goes to the disk at once; then as many as came lately are
 * written ahead, and what stands still is exact again. */
static void totals_are_written_ahead(void **state)
{
	struct adapter_point *n = point("n", "line=meter count=total "
					"save=30s");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(totals_on_disk(), -1);
	first_pulse();
	assert_int_equal(totals_on_disk(), 1);
	for (int i = 2; i <= 300; i++) {
		pulses(gpio_line_named("meter"), 1, SECOND);
		assert_in_range(totals_on_disk(), i, i + 60);
		assert_int_equal(fake_number(n), i);
	}
	for (int i = 0; i < 3; i++) {
		at(now + 31 * SECOND);
		turn();
	}
	assert_int_equal(turn(), INT64_MAX);
	assert_int_equal(totals_on_disk(), 300);
}

/* Whatever the disk does, nothing is told that it does not hold. */
static void nothing_is_told_that_is_not_on_the_disk(void **state)
{
	struct adapter_point *n = point("n", "line=meter count=total "
					"save=30s");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	first_pulse();
	assert_int_equal(fake_number(n), 1);
	fake_disk(host, true);
	pulses(gpio_line_named("meter"), 50, SECOND);
	assert_int_equal(fake_number(n), 1);
	fake_disk(host, false);
	turn();
	assert_int_equal(fake_number(n), 51);
	fake_close(host);
	assert_int_equal(totals_on_disk(), 51);
}

/* A kill: what was written is what there is. */
static void a_kill_shows_no_smaller_total(void **state)
{
	static const char spec[] = "line=meter count=total save=30s";
	struct adapter_point *n = point("n", spec);
	uint64_t told;
	uint8_t kept[64];
	int size;

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	first_pulse();
	pulses(gpio_line_named("meter"), 77, SECOND / 3);
	told = (uint64_t)fake_number(n);
	size = adapter_kept(device, "totals:meter", kept, sizeof(kept));
	assert_in_range(size, 1, sizeof(kept));
	fake_close(host);		/* writes the exact one: undone */
	adapter_keep(device, "totals:meter", kept, (size_t)size);
	assert_int_equal(fake_attach(host), 0);
	assert_in_range(fake_number(n), told, 78 + 78);
}

struct disk {			/* what a cut of the power leaves */
	uint8_t bytes[64];
	int n;
};

/* So many pulses, with a disk that takes nothing for 3 of each 7 of them. */
static void pulses_on_a_slow_disk(int n, struct disk *disk)
{
	for (int i = 0; i < n; i++) {
		if (i % 7 == 4)
			fake_disk(host, true);
		pulses(gpio_line_named("meter"), 1, SECOND / 3);
		if (i % 7 == 6)
			fake_disk(host, false);
		if (i % 7 < 4 || i % 7 == 6)
			disk->n = adapter_kept(device, "totals:meter",
					       disk->bytes,
					       sizeof(disk->bytes));
		turn();
	}
}

/* Whenever it is: what a server was told before is not more than what it reads
 * after. */
static void a_power_cut_shows_no_smaller_total(void **state)
{
	struct adapter_point *n = point("n", "line=meter count=total "
					"save=30s");
	struct disk disk = {.n = 0};
	uint64_t told, before = 0;

	(void)state;
	for (int cut = 1; cut <= 60; cut++) {
		assert_int_equal(fake_attach(host), 0);
		if (cut == 1)
			first_pulse();
		assert_true(fake_number(n) >= (double)before);
		pulses_on_a_slow_disk(cut, &disk);
		told = (uint64_t)fake_number(n);
		assert_true(told >= before);
		assert_in_range(disk.n, 1, sizeof(disk.bytes));
		fake_close(host);	/* writes the exact one: undone */
		fake_disk(host, false);
		adapter_keep(device, "totals:meter", disk.bytes,
			     (size_t)disk.n);
		before = told;
	}
	assert_true(before >= 60 * 61 / 2);
}

/* How few they are at any rate: to catch up, and then one in `save`. */
static void few_writes_do(void **state)
{
	unsigned writes = 0;
	int64_t last = -1;

	(void)state;
	point("n", "line=meter count=total save=30s");
	assert_int_equal(fake_attach(host), 0);
	at(100 * SECOND);
	for (int i = 0; i < 300; i++) {
		pulses(gpio_line_named("meter"), 7, SECOND / 7);
		writes += totals_on_disk() != last;
		last = totals_on_disk();
	}
	assert_in_range(writes, 10, 20);
}

static void edges_are_counted_apart(void **state)
{
	struct adapter_point *up = point("u", "line=door count=total");
	struct adapter_point *down = point("d", "line=door count=total "
					   "edge=falling");
	struct adapter_point *both = point("b", "line=door count=total "
					   "edge=both");
	struct line *line = gpio_line_named("door");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(line->as.edge, LINE_BOTH);
	pulses(line, 4, MS);
	at(now + MS);
	move(line, true);
	assert_int_equal(total(up), 5);
	assert_int_equal(total(down), 4);
	assert_int_equal(total(both), 9);
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_number(up), 5);
	assert_int_equal(fake_number(down), 4);
	assert_int_equal(fake_write(down, lwm2m_unsigned(100)), 0);
	assert_int_equal(fake_number(down), 100);
	assert_int_equal(fake_number(both), 9);
}

/* 5504 selects one edge: not where points ask for several. */
static void an_edge_that_is_fixed_cannot_be_selected(void **state)
{
	(void)state;
	point("u", "line=door count=total");
	point("e", "line=door part=edge edge=falling");
	assert_int_equal(fake_check(host), 1);
	assert_string_equal(fake_refusals(host),
		"edge: the point u says otherwise of the same line\n");
}

/* The meter's own figure, once; it counts on from there. */
static void a_reading_is_taken_once(void **state)
{
	struct adapter_point *n = point("n", "line=meter count=total "
					"reading=12345678");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_number(n), 12345678);
	pulses(gpio_line_named("meter"), 3, SECOND);
	assert_int_equal(total(n), 12345681);
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_number(n), 12345681);
	fake_point_set(n, "line=meter count=total reading=20000000");
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_number(n), 20000000);
}

#define UP "line=relay writable=yes interlock=motor"
#define DOWN "line=lamp writable=yes interlock=motor"

static void never_two_of_an_interlock_are_on(void **state)
{
	struct adapter_point *up = point("up", UP);
	struct adapter_point *down;

	(void)state;
	device = fake_device_add(host, "other", "");
	down = point("down", DOWN);
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_write(up, lwm2m_boolean(true)), 0);
	assert_int_equal(fake_write(down, lwm2m_boolean(true)), -EBUSY);
	assert_string_equal(fake_event(host, FAKE_WHY, 0)->text, "line lamp "
			    "stays off: relay of the interlock motor is on");
	assert_false(gpio_line_named("lamp")->level);
	assert_int_equal(fake_write(up, lwm2m_boolean(false)), 0);
	assert_int_equal(fake_write(down, lwm2m_boolean(true)), 0);
	assert_int_equal(fake_write(up, lwm2m_boolean(true)), -EBUSY);
	assert_false(gpio_line_named("relay")->level);
}

/* As another program, or the time before, has left them. */
static void an_interlock_holds_from_the_start_on(void **state)
{
	struct adapter_point *up = point("up", UP);
	struct adapter_point *down = point("down", DOWN);

	(void)state;
	gpio_line_named("relay")->level = true;
	gpio_line_named("lamp")->level = true;
	assert_int_equal(fake_attach(host), 0);
	assert_true(value(up));
	assert_false(value(down));
	assert_false(gpio_line_named("lamp")->level);
}

static void two_of_an_interlock_that_start_on_are_refused(void **state)
{
	(void)state;
	point("up", UP " initial=on");
	point("down", DOWN " initial=on");
	point("in", "line=door interlock=motor");
	assert_int_equal(fake_check(host), 2);
	assert_string_equal(fake_refusals(host),
		"initial: the point up is on at the start, and of the same "
		"interlock\n"
		"interlock: is of outputs: needs writable: true\n");
}

static void the_last_command_is_restored(void **state)
{
	static const char spec[] = "line=relay writable=yes initial=last";
	struct adapter_point *relay = point("a", spec);
	struct line *line = gpio_line_named("relay");

	(void)state;
	line->level = true;
	assert_int_equal(fake_attach(host), 0);
	assert_true(value(relay));		/* none yet: as it is */
	for (int on = 1; on >= 0; on--) {
		assert_int_equal(fake_write(relay, lwm2m_boolean(on)), 0);
		fake_close(host);
		line->level = !on;		/* the power was gone */
		assert_int_equal(fake_attach(host), 0);
		assert_int_equal(value(relay), on);
		assert_int_equal(line->level, on);
	}
}

/* It would have gone off: it is not on for ever. */
static void a_pulse_that_was_cut_short_is_not_restored(void **state)
{
	struct adapter_point *relay = point("a", "line=relay writable=yes "
					    "initial=last pulse=5s");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), 0);
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_false(value(relay));
}

static void a_line_of_two_devices_clashes(void **state)
{
	struct adapter_device *other = fake_device_add(host, "other", "");
	char text[200];

	(void)state;
	point("a", "line=door");
	fake_point_add(other, "b", "line=meter");
	fake_point_add(other, "c", "line=door chip=first");
	assert_true(lwmux_adapter.devices_clash(device, other, text,
						sizeof(text)));
	assert_string_equal(text, "its point a has the same line as c");
	other = fake_device_add(host, "third", "");
	fake_point_add(other, "d", "line=door chip=second");
	fake_point_add(other, "e", "chip=first number=1");
	assert_true(lwmux_adapter.devices_clash(device, other, text,
						sizeof(text)));
	device = fake_device_add(host, "fourth", "");
	point("f", "chip=first number=2");
	point("g", "line=door chip=first");
	assert_false(lwmux_adapter.devices_clash(other, device, text,
						 sizeof(text)));
}

#define LATCH "set_line=relay reset_line=lamp writable=yes pulse=50ms"

static void a_latching_relay_is_one_value(void **state)
{
	struct adapter_point *p = point("a", LATCH);
	struct line *set = gpio_line_named("relay");
	struct line *reset = gpio_line_named("lamp");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_last(p)->kind, FAKE_FAULT);	/* who knows */
	assert_int_equal(fake_last(p)->error, -ENODATA);
	assert_int_equal(fake_write(p, lwm2m_boolean(true)), 0);
	assert_true(value(p));
	assert_true(set->level && !reset->level);
	at(now + 50 * MS);
	turn();
	assert_false(set->level || reset->level);
	assert_true(value(p));
	assert_int_equal(fake_write(p, lwm2m_boolean(false)), 0);
	assert_true(reset->level && !set->level);
	/* the other way before the pulse is over: never both */
	assert_int_equal(fake_write(p, lwm2m_boolean(true)), 0);
	assert_true(set->level && !reset->level);
	at(now + 50 * MS);
	assert_int_equal(turn(), INT64_MAX);
	assert_false(set->level || reset->level);
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_true(value(p));			/* remembered ... */
	assert_false(set->level || reset->level);	/* ... and left so */
}

static void a_latching_relay_starts_as_is_said(void **state)
{
	struct adapter_point *p = point("a", LATCH " initial=off");
	struct line *reset = gpio_line_named("lamp");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_false(value(p));
	assert_true(reset->level);
	at(now + 50 * MS);
	turn();
	assert_false(reset->level);
	fake_point_set(p, LATCH " initial=last");
	assert_int_equal(fake_write(p, lwm2m_boolean(true)), 0);
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_true(gpio_line_named("relay")->level);
	assert_true(value(p));
}

static void a_latching_relay_without_a_coil_is_faulted(void **state)
{
	struct adapter_point *p = point("a", LATCH " initial=on");

	(void)state;
	gpio_line_named("lamp")->request_error = -EBUSY;
	fake_attach(host);
	assert_int_equal(fake_last(p)->kind, FAKE_FAULT);
	assert_false(gpio_line_named("relay")->level);
	assert_int_equal(fake_write(p, lwm2m_boolean(true)), -ENODEV);
	gpio_line_named("lamp")->request_error = 0;
	fake_poll(device, NULL);
	assert_true(gpio_line_named("relay")->level);
	assert_true(value(p));
}

static void bad_pairs_are_refused(void **state)
{
	(void)state;
	point("a", "set_line=relay writable=yes pulse=1s");
	point("b", "set_line=relay reset_line=relay writable=yes pulse=1s");
	point("c", "set_line=relay reset_line=lamp writable=yes");
	point("d", "set_line=relay reset_line=lamp pulse=1s");
	point("e", "line=door line_b=meter");
	point("f", "line=door count=quadrature");
	assert_int_equal(fake_check(host), 6);
	assert_string_equal(fake_refusals(host),
		"set_line: set_line and reset_line go together\n"
		"reset_line: is the same line as set_line\n"
		"set_line: needs pulse: for how long a coil is driven\n"
		"set_line: is of a value that is set: needs writable: true\n"
		"line_b: is of an encoder: needs count: quadrature\n"
		"count: an encoder has two lines, by their names: line and "
		"line_b\n");
}

static void a_coil_is_of_one_point(void **state)
{
	(void)state;
	point("a", LATCH);
	point("b", "line=lamp writable=yes");
	assert_int_equal(fake_check(host), 1);
	assert_string_equal(fake_refusals(host),
		"line: the point a has this line already\n");
}

#define ENCODER "line=door line_b=meter count=quadrature"

/* A leads by a quarter of a period; forward ends where it began. */
static void encoder_turn(bool forward)
{
	struct line *first = gpio_line_named(forward ? "door" : "meter");
	struct line *then = gpio_line_named(forward ? "meter" : "door");

	for (int level = 1; level >= 0; level--) {
		at(now + MS);
		move(first, level);
		at(now + MS);
		move(then, level);
	}
}

static void an_encoder_has_a_position(void **state)
{
	struct adapter_point *p = point("a", ENCODER);

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_facts(p)->type, LWM2M_INTEGER);
	assert_int_equal(fake_attach(host), 0);
	assert_true(fake_number(p) == 0);
	for (int i = 0; i < 5; i++)
		encoder_turn(true);
	turn();
	assert_true(fake_number(p) == 20);
	for (int i = 0; i < 7; i++)
		encoder_turn(false);
	turn();
	assert_true(fake_number(p) == -8);
	assert_int_equal(fake_device_count(device, "missed_edges"), 0);
	assert_int_equal(fake_write(p, lwm2m_integer(1000)), 0);
	encoder_turn(true);
	turn();
	assert_true(fake_number(p) == 1004);
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_true(fake_number(p) == 1004);
}

/* More than is read at once, and all edges before the first read. */
static void an_encoder_sorts_its_edges(void **state)
{
	struct adapter_point *p = point("a", ENCODER);
	int turns = lines_facts.numbers ? 100 : 3;

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < turns; i++)
		encoder_turn(true);
	encoder_turn(false);
	turn();
	at(now + SECOND);
	turn();
	assert_true(fake_number(p) == 4 * (turns - 1));
	assert_int_equal(fake_device_count(device, "missed_edges"), 0);
}

static void steps_of_an_encoder(void **state)
{
	static const unsigned forward[] = {0, 2, 3, 1, 0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(quadrature_step(forward[i], forward[i + 1]),
				 1);
		assert_int_equal(quadrature_step(forward[i + 1], forward[i]),
				 -1);
		assert_int_equal(quadrature_step(forward[i], forward[i]), 0);
		assert_int_equal(quadrature_step(forward[i], forward[i] ^ 3),
				 0);
	}
}

/* A time that runs is written ahead, too, and exact after a stop. */
static void a_time_on_is_exact_after_a_stop(void **state)
{
	struct adapter_point *p = point("t", "line=door part=on_time");
	struct line *line = gpio_line_named("door");

	(void)state;
	line->level = true;
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < 100; i++) {
		at(now + SECOND);
		assert_int_equal(fake_poll(device, NULL), 0);
		turn();
	}
	assert_in_range(fake_number(p), 98, 100);
	fake_close(host);
	line->level = false;
	assert_int_equal(fake_attach(host), 0);
	assert_in_range(fake_number(p), 98, 100);
}

static void each_press_is_told(void **state)
{
	struct adapter_point *bell = point("a", "line=door");
	unsigned presses = 0, told = 0;

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < 3; i++) {
		move(gpio_line_named("door"), true);
		move(gpio_line_named("door"), false);
	}
	turn();
	for (unsigned i = 0; i < fake_events(host, FAKE_REPORT); i++) {
		const struct fake_event *e = fake_event(host, FAKE_REPORT, i);

		told += e->happened > 0;
		presses += e->value.as.boolean ? e->happened : 0;
	}
	assert_int_equal(told, 6);
	assert_int_equal(presses, 3);
	assert_false(value(bell));
}

/* Too many to tell: none is lost, and it ends off. */
static void presses_beyond_the_pace_are_counted(void **state)
{
	struct adapter_point *bell = point("a", "line=door");
	unsigned presses = 0;

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < 40; i++)
		pulses(gpio_line_named("door"), 5, MS);
	at(now + SECOND);
	turn();
	for (unsigned i = 0; i < fake_events(host, FAKE_REPORT); i++) {
		const struct fake_event *e = fake_event(host, FAKE_REPORT, i);

		presses += e->value.as.boolean ? e->happened : 0;
	}
	assert_int_equal(presses, 200);
	assert_in_range(fake_events(host, FAKE_REPORT), 2, 60);
	assert_false(value(bell));
}

/* A contact that nobody counts wears no disk out. */
static void states_are_not_written(void **state)
{
	(void)state;
	point("a", "line=meter");
	assert_int_equal(fake_attach(host), 0);
	at(100 * SECOND);
	pulses(gpio_line_named("meter"), 3, SECOND);
	assert_int_equal(turn(), INT64_MAX);
	fake_close(host);
	assert_int_equal(totals_on_disk(), -1);
}

static void lost_edges_are_counted_and_told(void **state)
{
	struct adapter_point *n = point("n", "line=meter count=total");
	struct line *line = gpio_line_named("meter");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < FAKE_QUEUE + 100; i++) {
		move(line, true);
		move(line, false);
	}
	turn();
	pulses(line, 1, MS);
	assert_int_equal(fake_events(host, FAKE_LOG), 1);
	if (lines_facts.numbers) {
		assert_int_equal(line->dropped, 100);
		assert_int_equal(fake_device_count(device, "lost_edges"), 100);
		assert_int_equal(total(n), 1 + FAKE_QUEUE);
	} else {
		assert_int_equal(fake_device_count(device, "full_buffer"), 1);
		assert_int_equal(total(n), 1 + 16);
	}
	assert_non_null(strstr(fake_event(host, FAKE_LOG, 0)->text,
			       "pulses may have been lost"));
}

static void a_rate_is_derived(void **state)
{
	struct adapter_point *r = point("r", "line=meter count=rate idle=60s");
	struct line *line = gpio_line_named("meter");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	CLOSE(fake_number(r), 0);
	pulses(line, 101, 20 * MS);
	assert_int_equal(fake_poll(device, NULL), 0);
	CLOSE(fake_number(r), 50);
	at(now + 4 * SECOND);		/* none came: one in 4 s at most */
	assert_int_equal(fake_poll(device, NULL), 0);
	CLOSE(fake_number(r), .25);
	at(now + SECOND);
	move(line, true);
	turn();
	move(line, false);
	assert_int_equal(fake_poll(device, NULL), 0);
	CLOSE(fake_number(r), .2);
	at(now + 61 * SECOND);
	assert_int_equal(fake_poll(device, NULL), 0);
	CLOSE(fake_number(r), 0);
	pulses(line, 1, SECOND);	/* after silence one says nothing */
	assert_int_equal(fake_poll(device, NULL), 0);
	CLOSE(fake_number(r), 0);
}

/* ---- what a server sets ---- */

static void a_reset_is_kept_at_once(void **state)
{
	struct adapter_point *n = point("n", "line=meter count=total");
	struct adapter_point *r = point("r", "line=meter part=reset");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	pulses(gpio_line_named("meter"), 7, MS);
	assert_int_equal(fake_write(r, lwm2m_integer(1)), 0);
	assert_int_equal(fake_number(n), 0);
	pulses(gpio_line_named("meter"), 2, MS);
	assert_int_equal(total(n), 2);
	assert_int_equal(fake_write(n, lwm2m_unsigned(5000)), 0);
	assert_int_equal(fake_write(n, lwm2m_integer(-1)), -ERANGE);
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_number(n), 5000);
}

static void polarity_acts_on_the_line(void **state)
{
	struct adapter_point *door = point("a", "line=door");
	struct adapter_point *p = point("p", "line=door part=polarity "
					"writable=yes");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_false(value(door));
	assert_false(value(p));
	assert_int_equal(fake_write(p, lwm2m_boolean(true)), 0);
	assert_true(value(door));
	assert_true(value(p));
	move(gpio_line_named("door"), true);
	turn();
	assert_false(value(door));
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_true(value(p));
}

static void the_polarity_of_an_output_drives_it(void **state)
{
	struct adapter_point *relay = point("a", "line=relay writable=yes "
					    "initial=on");
	struct adapter_point *p = point("p", "line=relay part=polarity");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_true(gpio_line_named("relay")->level);
	assert_int_equal(fake_write(p, lwm2m_boolean(true)), 0);
	assert_false(gpio_line_named("relay")->level);
	assert_true(value(relay));
	gpio_line_named("relay")->set_error = -EIO;
	assert_int_equal(fake_write(p, lwm2m_boolean(false)), -EIO);
	assert_true(value(p));
}

static void edge_selection_acts_on_the_line(void **state)
{
	struct adapter_point *n = point("n", "line=door count=total");
	struct adapter_point *e = point("e", "line=door part=edge");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_number(e), 2);
	assert_int_equal(fake_write(e, lwm2m_integer(3)), 0);
	assert_int_equal(fake_number(e), 3);
	pulses(gpio_line_named("door"), 2, MS);
	assert_int_equal(total(n), 4);
	assert_int_equal(fake_write(e, lwm2m_integer(1)), 0);
	at(now + MS);
	move(gpio_line_named("door"), true);
	assert_int_equal(total(n), 4);
	move(gpio_line_named("door"), false);
	assert_int_equal(total(n), 5);
	assert_int_equal(fake_write(e, lwm2m_integer(4)), -ERANGE);
}

static void debounce_acts_on_the_line(void **state)
{
	struct adapter_point *n = point("n", "line=door count=total");
	struct adapter_point *d = point("d", "line=door part=debounce");
	struct line *line = gpio_line_named("door");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_write(d, lwm2m_integer(50)), 0);
	assert_int_equal(fake_number(d), 50);
	if (lines_facts.debounces) {
		assert_int_equal(line->as.debounce, 50 * MS);
	} else {
		pulses(line, 4, 10 * MS);
		assert_int_equal(total(n), 0);
	}
	assert_int_equal(fake_write(d, lwm2m_integer(60001)), -ERANGE);
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_number(d), 50);
}

/* What the configuration says anew counts before what was set earlier. */
static void a_new_configuration_wins(void **state)
{
	struct adapter_point *d = point("d", "line=door part=debounce");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_write(d, lwm2m_integer(50)), 0);
	fake_close(host);
	point("n", "line=door count=total debounce=5ms");
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_number(d), 5);
}

static void wrong_values_are_refused(void **state)
{
	struct adapter_point *d = point("d", "line=door part=debounce");
	struct adapter_point *r = point("r", "line=door count=rate");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_write(d, lwm2m_string("x", 1)), -EINVAL);
	assert_int_equal(fake_write(r, lwm2m_float(1)), -ENOTSUP);
}

static void times_on_and_off_add_up(void **state)
{
	struct adapter_point *on = point("on", "line=door part=on_time");
	struct adapter_point *off = point("off", "line=door part=off_time");
	struct line *line = gpio_line_named("door");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	gpio_move(line, true, T0 + 5 * SECOND);
	gpio_move(line, false, T0 + 15 * SECOND);
	at(T0 + 18 * SECOND);
	turn();
	assert_int_equal(fake_poll(device, NULL), 0);
	assert_int_equal(fake_number(on), 10);
	assert_int_equal(fake_number(off), 8);
	assert_int_equal(fake_write(off, lwm2m_integer(0)), 0);
	assert_int_equal(fake_number(off), 0);
	assert_int_equal(fake_write(on, lwm2m_integer(-1)), -ERANGE);
	fake_close(host);
	at(T0 + 100 * SECOND);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_number(on), 10);
}

/* ---- outputs ---- */

static void an_output_starts_as_it_was_told(void **state)
{
	struct adapter_point *keep = point("a", "line=relay writable=yes");
	struct adapter_point *on = point("b", "line=lamp writable=yes "
					 "initial=on active_low=yes "
					 "drive=open-drain");
	struct adapter_point *off = point("c", "chip=second number=1 "
					  "writable=yes initial=off");

	(void)state;
	gpio_line_named("relay")->level = true;
	gpio_line_named("lamp")->level = true;
	gpio_chips[1].lines[1].level = true;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	assert_true(gpio_line_named("relay")->as.output);
	assert_true(gpio_line_named("relay")->level && value(keep));
	assert_true(!gpio_line_named("lamp")->level && value(on));
	assert_int_equal(gpio_line_named("lamp")->as.drive, LINE_OPEN_DRAIN);
	assert_true(!gpio_chips[1].lines[1].level && !value(off));
}

static void an_output_is_set(void **state)
{
	struct adapter_point *relay = point("a", "line=relay writable=yes "
					    "active_low=yes initial=off");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_true(gpio_line_named("relay")->level);
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), 0);
	assert_false(gpio_line_named("relay")->level);
	assert_true(value(relay));
	assert_int_equal(fake_write(relay, lwm2m_integer(0)), 0);
	assert_true(gpio_line_named("relay")->level);
	assert_false(value(relay));
}

static void a_failed_set_is_an_error(void **state)
{
	struct adapter_point *relay = point("a", "line=relay writable=yes");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	gpio_line_named("relay")->set_error = -EPERM;
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), -EPERM);
	assert_false(value(relay));
}

static void a_line_that_stays_is_an_error(void **state)
{
	struct adapter_point *relay = point("a", "line=relay writable=yes");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	gpio_line_named("relay")->stuck = 0;
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), -EIO);
	assert_false(value(relay));
	assert_string_equal(fake_event(host, FAKE_LOG, 0)->text,
			    "line relay was set high and reads back low");
	assert_string_equal(fake_event(host, FAKE_WHY, 0)->text,
			    "line relay was set high and reads back low");
	gpio_line_named("relay")->stuck = -1;
	gpio_line_named("relay")->get_error = -EIO;
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), -EIO);
}

static void what_others_set_is_shown(void **state)
{
	struct adapter_point *relay = point("a", "line=relay writable=yes");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	gpio_line_named("relay")->level = true;
	assert_int_equal(fake_poll(device, NULL), 0);
	assert_true(value(relay));
	assert_int_equal(fake_device_count(device, "changed_by_others"), 1);
}

static void a_pulse_ends_by_itself(void **state)
{
	struct adapter_point *relay = point("a", "line=relay writable=yes "
					    "pulse=500ms");
	struct line *line = gpio_line_named("relay");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), 0);
	assert_int_equal(turn(), T0 + 500 * MS);
	at(T0 + 400 * MS);		/* once more: from now on */
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), 0);
	at(T0 + 899 * MS);
	assert_int_equal(turn(), T0 + 900 * MS);
	assert_true(line->level && value(relay));
	at(T0 + 900 * MS);
	turn();
	assert_true(!line->level && !value(relay));
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), 0);
	assert_int_equal(fake_write(relay, lwm2m_boolean(false)), 0);
	assert_false(line->level);
	line->level = true;		/* nothing is left to end */
	at(now + SECOND);
	turn();
	assert_true(line->level);
}

/* ---- chips that go ---- */

static void a_chip_goes_and_comes_back(void **state)
{
	struct adapter_point *door = point("a", "line=door");
	struct adapter_point *relay = point("b", "line=relay writable=yes");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	gpio_unplug(&gpio_chips[0]);
	turn();
	assert_false(fake_is_lost(host));	/* the relay's is not known */
	assert_int_equal(fake_last(door)->kind, FAKE_FAULT);
	assert_string_equal(fake_last(door)->text,
			    "line door: its chip is gone");
	assert_int_equal(fake_events(host, FAKE_LOG), 0);
	assert_int_equal(fake_poll(device, NULL), -ENODEV);
	assert_true(fake_is_lost(host));
	assert_int_equal(fake_last(relay)->error, -ENODEV);
	fake_close(host);
	assert_int_equal(fake_attach(host), -ENOENT);
	fake_close(host);
	memcpy(gpio_chips[0].path, "/dev/gpiochip7", 15);
	gpio_chips[0].there = true;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_last(door)->kind, FAKE_REPORT);
	move(gpio_line_named("door"), true);
	turn();
	assert_true(value(door));
}

/* Another board's relay of the same name is another relay. */
static void another_chips_line_is_never_taken(void **state)
{
	struct adapter_point *relay = point("b", "line=relay writable=yes "
					    "initial=on");
	struct line *other = &gpio_chips[1].lines[2];

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	gpio_unplug(&gpio_chips[0]);
	assert_int_equal(fake_poll(device, NULL), -ENODEV);
	fake_close(host);
	gpio_line_named("relay")->used = false;
	strcpy(other->name, "relay");
	assert_int_equal(fake_attach(host), -ENOENT);
	assert_false(other->used || other->level);
	assert_string_equal(fake_last(relay)->text, "line relay: its chip "
		"(first at bus/dev-0) is not there; another one, gpiochip1 "
		"(second at bus/dev-1), has such a line: if that is the one, "
		"say so by path: bus/dev-1");
	strcpy(gpio_chips[1].label, "first");	/* of the same make */
	assert_int_equal(fake_attach(host), -ENOENT);
	assert_false(other->used || other->level);
	gpio_chips[0].there = true;		/* both: its own is known */
	assert_int_equal(fake_attach(host), 0);
	assert_true(gpio_line_named("relay")->used);
	assert_false(other->used || other->level);
}

static void chips_of_one_label_are_told_apart_by_path(void **state)
{
	struct adapter_point *p;

	(void)state;
	strcpy(gpio_chips[1].label, "first");
	gpio_chips[1].lines[3].level = true;
	assert_string_equal(fault_of("chip=first number=3", -ENOTUNIQ),
		"line first/3: there are 2 of them, one at gpiochip0 (first "
		"at bus/dev-0): give the chip's path too");
	p = point("q", "chip=first path=dev-1 number=3");
	point("r", "path=bus/dev-0 number=3");
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	assert_true(value(p));
	assert_true(gpio_chips[0].lines[3].used);
	assert_true(gpio_chips[1].lines[3].used);
}

static void the_end_of_a_path_is_whole_names(void **state)
{
	(void)state;
	assert_string_equal(fault_of("path=ev-0 number=3", -ENOENT),
			    "line /3@ev-0: there is no chip at ev-0");
}

static void a_write_finds_the_chip_gone(void **state)
{
	struct adapter_point *relay = point("b", "line=relay writable=yes");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	gpio_unplug(&gpio_chips[0]);
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), -ENODEV);
	assert_true(fake_is_lost(host));
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), -ENODEV);
}

static void unreadable_events_fail_the_line(void **state)
{
	struct adapter_point *door = point("a", "line=door");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	gpio_line_named("door")->events_error = -EIO;
	move(gpio_line_named("door"), true);
	turn();
	assert_true(fake_is_lost(host));
	assert_int_equal(fake_last(door)->error, -EIO);
}

static void a_pulse_ends_with_its_chip(void **state)
{
	struct adapter_point *relay = point("b", "line=relay writable=yes "
					    "pulse=1s");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_write(relay, lwm2m_boolean(true)), 0);
	gpio_unplug(&gpio_chips[0]);
	at(T0 + SECOND);
	turn();
	assert_true(fake_is_lost(host));
}

/* ---- scan ---- */

static void a_scan_lists_all_lines(void **state)
{
	struct line *odd = &gpio_chips[1].lines[1];

	(void)state;
	point("a", "line=door");
	strcpy(odd->name, "a: \"b\"");
	odd->used = odd->output = true;
	gpio_chips[2].there = true;
	gpio_chips[2].open_error = -EACCES;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_search(host, ADAPTER_SCAN, "", NULL, 0, 10), 0);
	assert_int_equal(fake_events(host, FAKE_FOUND), 9);
	assert_string_equal(fake_event(host, FAKE_FOUND, 0)->text,
			    "line: door");
	assert_string_equal(fake_event(host, FAKE_FOUND, 0)->copy,
		"gpiochip0 (first at bus/dev-0) line 0, input, held by \"lwmux site\"");
	assert_string_equal(fake_event(host, FAKE_FOUND, 3)->text,
			    "chip: first, number: 3");
	assert_string_equal(fake_event(host, FAKE_FOUND, 3)->copy,
			    "gpiochip0 (first at bus/dev-0) line 3, input, free");
	assert_string_equal(fake_event(host, FAKE_FOUND, 5)->text,
			    "line: \"a: \\\"b\\\"\"");
	assert_string_equal(fake_event(host, FAKE_FOUND, 5)->copy,
			    "gpiochip1 (second at bus/dev-1) line 1, output, in use");
	assert_string_equal(fake_event(host, FAKE_FOUND, 8)->copy,
		"/dev/gpiochip2 cannot be opened: Permission denied");
	assert_int_equal(fake_search(host, ADAPTER_PROBE, "", NULL, 0, 10),
			 -ENOTSUP);
}

/* What it prints can be taken as it is. */
static void a_scan_tells_apart_what_has_one_name(void **state)
{
	static const char *const keys[] = {
		"chip: first, path: bus/dev-0, number: 0", "line: meter",
		"line: relay", "chip: first, path: bus/dev-0, number: 3",
		"line: lamp", "chip: first, path: bus/dev-1, number: 1",
		"chip: first, path: bus/dev-1, number: 2",
		"chip: first, path: bus/dev-1, number: 3",
	};

	(void)state;
	strcpy(gpio_chips[1].label, "first");
	strcpy(gpio_chips[1].lines[3].name, "door");
	snprintf(gpio_chips[1].where, sizeof(gpio_chips[1].where),
		 "%0120d/bus/dev-1", 0);
	assert_int_equal(fake_open(host), 0);
	assert_int_equal(fake_search(host, ADAPTER_SCAN, "", NULL, 0, 10), 0);
	assert_int_equal(fake_events(host, FAKE_FOUND), 8);
	for (unsigned i = 0; i < 8; i++)
		assert_string_equal(fake_event(host, FAKE_FOUND, i)->text,
				    keys[i]);
}

static void a_scan_without_chips_ends(void **state)
{
	(void)state;
	gpio_chips[0].there = gpio_chips[1].there = false;
	assert_int_equal(fake_open(host), 0);
	assert_int_equal(fake_search(host, ADAPTER_SCAN, "", NULL, 0, 10), 0);
	assert_int_equal(fake_events(host, FAKE_FOUND), 1);
	assert_string_equal(fake_event(host, FAKE_FOUND, 0)->copy,
			    "there is no GPIO chip here: no /dev/gpiochip*");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_points_are_refused),
		TEST(contradictory_points_are_refused),
		TEST(the_number_of_a_chip_is_refused),
		TEST(facts_are_those_of_the_part),
		TEST(lines_are_found_by_name_and_by_label),
		TEST(an_unknown_name_is_said),
		TEST(a_number_as_a_name_is_told_how),
		TEST(an_unknown_label_is_said),
		TEST(a_number_beyond_the_chip_is_said),
		TEST(a_name_there_twice_is_said),
		TEST(a_busy_line_names_its_consumer),
		TEST(a_busy_line_without_a_consumer_is_said),
		TEST(a_closed_chip_is_said),
		TEST(a_refused_request_is_said),
		TEST(an_unreadable_line_is_given_back),
		TEST(the_other_lines_live_on),
		TEST(a_contact_is_told_at_the_kernels_time),
		TEST(active_low_turns_it_around),
		TEST(bias_reaches_the_line),
#ifdef GPIO_FAKE_V2
		TEST(the_kernel_debounces),
#else
		TEST(a_bouncing_contact_settles),
		TEST(edges_say_when_it_settled),
#endif
		TEST(a_poll_finds_what_edges_did_not_tell),
		TEST(a_poll_takes_edges_first),
		TEST(a_flickering_line_does_not_flood),
		TEST(pulses_are_counted),
		TEST(the_edge_can_be_chosen),
		TEST(states_and_totals_share_a_line),
		TEST(totals_outlast_a_restart),
		TEST(totals_are_written_ahead),
		TEST(nothing_is_told_that_is_not_on_the_disk),
		TEST(a_kill_shows_no_smaller_total),
		TEST(a_power_cut_shows_no_smaller_total),
		TEST(few_writes_do),
		TEST(edges_are_counted_apart),
		TEST(an_edge_that_is_fixed_cannot_be_selected),
		TEST(a_reading_is_taken_once),
		TEST(never_two_of_an_interlock_are_on),
		TEST(an_interlock_holds_from_the_start_on),
		TEST(two_of_an_interlock_that_start_on_are_refused),
		TEST(the_last_command_is_restored),
		TEST(a_pulse_that_was_cut_short_is_not_restored),
		TEST(a_line_of_two_devices_clashes),
		TEST(a_latching_relay_is_one_value),
		TEST(a_latching_relay_starts_as_is_said),
		TEST(a_latching_relay_without_a_coil_is_faulted),
		TEST(bad_pairs_are_refused),
		TEST(a_coil_is_of_one_point),
		TEST(an_encoder_has_a_position),
		TEST(an_encoder_sorts_its_edges),
		TEST(steps_of_an_encoder),
		TEST(a_time_on_is_exact_after_a_stop),
		TEST(each_press_is_told),
		TEST(presses_beyond_the_pace_are_counted),
		TEST(states_are_not_written),
		TEST(lost_edges_are_counted_and_told),
		TEST(a_rate_is_derived),
		TEST(a_reset_is_kept_at_once),
		TEST(polarity_acts_on_the_line),
		TEST(the_polarity_of_an_output_drives_it),
		TEST(edge_selection_acts_on_the_line),
		TEST(debounce_acts_on_the_line),
		TEST(a_new_configuration_wins),
		TEST(wrong_values_are_refused),
		TEST(times_on_and_off_add_up),
		TEST(an_output_starts_as_it_was_told),
		TEST(an_output_is_set),
		TEST(a_failed_set_is_an_error),
		TEST(a_line_that_stays_is_an_error),
		TEST(what_others_set_is_shown),
		TEST(a_pulse_ends_by_itself),
		TEST(a_chip_goes_and_comes_back),
		TEST(another_chips_line_is_never_taken),
		TEST(chips_of_one_label_are_told_apart_by_path),
		TEST(the_end_of_a_path_is_whole_names),
		TEST(a_write_finds_the_chip_gone),
		TEST(unreadable_events_fail_the_line),
		TEST(a_pulse_ends_with_its_chip),
		TEST(a_scan_lists_all_lines),
		TEST(a_scan_tells_apart_what_has_one_name),
		TEST(a_scan_without_chips_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

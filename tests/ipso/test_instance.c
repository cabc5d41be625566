/* SPDX-License-Identifier: GPL-2.0-or-later
 * What an instance is made of, and what a sample and a reset move in it. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "ipso/ipso.h"

#define SECOND 1000000000LL

static int make_tree(void **state)
{
	static struct tree tree;

	tree_init(&tree);
	*state = &tree;
	return 0;
}

static int finish_tree(void **state)
{
	tree_finish(*state);
	return 0;
}

static void instance(struct tree *tree, uint16_t object,
		     struct ipso_options options)
{
	assert_int_equal(ipso_instance_add(tree, ipso_object(object), 0,
					   &options), 0);
}

static struct tree_slot *slot(struct tree *tree, uint16_t object,
			      uint16_t resource)
{
	struct lwm2m_path path = path_resource(object, 0, resource);

	return tree_edit(tree, &path);
}

static double number(struct tree *tree, uint16_t object,
		     uint16_t resource)
{
	return lwm2m_number(&slot(tree, object, resource)->value);
}

/* A sample as the endpoint takes it in; "5601 5602 " of what moved. */
static const char *sample(struct tree *tree, uint16_t object,
			  uint16_t resource, double value, int64_t time)
{
	static char moved[64];
	struct lwm2m_path path = path_resource(object, 0, resource);
	struct lwm2m_path changed[4];
	struct lwm2m_value v = lwm2m_float(value);
	size_t n, used = 0;

	assert_int_equal(tree_set(tree, &path, &v, time), 0);
	n = ipso_sampled(tree, &path, time, changed);
	assert_in_range(n, 0, 4);
	moved[0] = '\0';
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(moved + used, sizeof(moved) - used,
					 "%d ", changed[i].id[2]);
	return moved;
}

/* object, options -> the resources that the instance has, in order */
static const struct making {
	uint16_t object;
	struct ipso_options options;
	const char *resources;
} makings[] = {
	{3303, {0}, "5518 5601 5602 5605 5700 "},
	{3303, {.units = "Cel", .application = "flow", .has_range = true,
		.range_min = -40, .range_max = 85},
	 "5518 5601 5602 5603 5604 5605 5700 5701 5750 "},
	{3303, {.fraction = true}, "5518 5601 5602 5605 5700 6050 "},
	{3311, {.fraction = true}, "5850 5852 "},	/* has none in 1.0 */
	{3302, {.units = "Cel", .has_range = true}, "5500 5501 5505 5518 "},
	{3200, {0}, "5500 5501 5505 5518 "},
	{3347, {0}, "5500 5501 5518 "},
	{3342, {0}, "5500 5501 5518 5852 5854 "},
	{3331, {.units = "kWh"}, "5518 5700 5701 "},
	{3305, {.has_range = true}, "5518 5605 5800 5801 5802 5803 5804 "},
	{3308, {.units = "Cel", .has_range = true}, "5518 5701 5900 "},
	{3203, {.has_range = true}, "5518 5603 5604 5650 "},
	{3311, {.application = "lamp"}, "5750 5850 5852 "},
	{3343, {0}, "5548 5852 5854 "},
	{3338, {0}, "5518 5850 "},
	{3337, {.has_range = true}, "5518 5519 5520 5536 5601 5602 5605 "},
	{3313, {0}, "5518 5702 "},
	{3334, {0}, "5508 5509 5518 5605 5702 "},
	{3336, {.application = "tracker"}, "5518 5750 "},
};

static void has_what_its_object_has(void **state)
{
	struct tree *tree = *state;

	for (size_t i = 0; i < sizeof(makings) / sizeof(makings[0]); i++) {
		struct lwm2m_path root = path_root(), path;
		struct tree_cursor cursor = {0, 0};
		char found[128] = "";
		size_t used = 0;

		instance(tree, makings[i].object, makings[i].options);
		while (tree_next(tree, &root, &cursor, &path))
			used += (size_t)snprintf(found + used,
						 sizeof(found) - used, "%d ",
						 path.id[2]);
		assert_string_equal(found, makings[i].resources);
		tree_finish(tree);
	}
}

static void binds_its_main_resource(void **state)
{
	struct tree *tree = *state;

	instance(tree, 3308, (struct ipso_options){.read_only = true});
	instance(tree, 3303, (struct ipso_options){.units = "Cel"});
	assert_int_equal(slot(tree, 3308, 5900)->flags,
			 TREE_BOUND | TREE_READ_ONLY);
	assert_int_equal(slot(tree, 3303, 5700)->flags, TREE_BOUND);
	assert_int_equal(slot(tree, 3303, 5700)->quality, TREE_EMPTY);
	assert_int_equal(slot(tree, 3303, 5601)->quality, TREE_EMPTY);
	assert_int_equal(slot(tree, 3303, 5605)->quality, TREE_GOOD);
	assert_int_equal(slot(tree, 3303, 5701)->flags, 0);
	assert_memory_equal(slot(tree, 3303, 5701)->value.as.text, "Cel", 3);
}

static void a_sample_moves_min_max_and_time(void **state)
{
	struct tree *tree = *state;

	instance(tree, 3303, (struct ipso_options){0});
	assert_string_equal(sample(tree, 3303, 5700, 20, 10 * SECOND),
			    "5601 5602 5518 ");
	assert_string_equal(sample(tree, 3303, 5700, 20, 10 * SECOND + 5), "");
	assert_string_equal(sample(tree, 3303, 5700, 19, 11 * SECOND),
			    "5601 5518 ");
	assert_string_equal(sample(tree, 3303, 5700, 22.5, 11 * SECOND),
			    "5602 ");
	assert_string_equal(sample(tree, 3303, 5700, 20, 12 * SECOND),
			    "5518 ");
	assert_true(number(tree, 3303, 5601) == 19);
	assert_true(number(tree, 3303, 5602) == 22.5);
	assert_int_equal(slot(tree, 3303, 5518)->value.type, LWM2M_TIME);
	assert_int_equal(slot(tree, 3303, 5518)->value.as.integer, 12);
}

/* Registry, 6050: "0.23 for 230 ms". With 5518 it is the time of the value. */
static void a_fraction_goes_with_its_timestamp(void **state)
{
	struct tree *tree = *state;

	instance(tree, 3303, (struct ipso_options){.fraction = true});
	assert_int_equal(slot(tree, 3303, 6050)->quality, TREE_EMPTY);
	assert_string_equal(sample(tree, 3303, 5700, 20,
				   10 * SECOND + 230 * (SECOND / 1000)),
			    "5601 5602 5518 6050 ");
	assert_true(number(tree, 3303, 6050) == 0.23);
	assert_string_equal(sample(tree, 3303, 5700, 20,
				   10 * SECOND + 500 * (SECOND / 1000)),
			    "6050 ");
	assert_true(number(tree, 3303, 6050) == 0.5);
	assert_int_equal(slot(tree, 3303, 5518)->value.as.integer, 10);
	assert_string_equal(sample(tree, 3303, 5700, 20,
				   11 * SECOND + 500 * (SECOND / 1000)),
			    "5518 ");
	sample(tree, 3303, 5700, 20, 12 * SECOND - 1);
	assert_true(number(tree, 3303, 6050) < 1);
	sample(tree, 3303, 5700, 20, -SECOND / 4);	/* before 1970 */
	assert_int_equal(slot(tree, 3303, 5518)->value.as.integer, -1);
	assert_true(number(tree, 3303, 6050) == 0.75);
}

static void negative_numbers_and_times_count(void **state)
{
	struct tree *tree = *state;

	instance(tree, 3303, (struct ipso_options){0});
	sample(tree, 3303, 5700, -5, -1);
	sample(tree, 3303, 5700, -9, -1);
	assert_true(number(tree, 3303, 5601) == -9);
	assert_true(number(tree, 3303, 5602) == -5);
	assert_int_equal(slot(tree, 3303, 5518)->value.as.integer, -1);
}

static void what_a_point_reports_is_left_alone(void **state)
{
	struct tree *tree = *state;

	instance(tree, 3303, (struct ipso_options){0});
	slot(tree, 3303, 5601)->flags = TREE_BOUND;
	assert_string_equal(sample(tree, 3303, 5700, 20, SECOND),
			    "5602 5518 ");
	assert_int_equal(slot(tree, 3303, 5601)->quality, TREE_EMPTY);
}

static void active_power_has_its_own_extremes(void **state)
{
	struct tree *tree = *state;

	instance(tree, 3305, (struct ipso_options){0});
	assert_string_equal(sample(tree, 3305, 5800, 1500, SECOND),
			    "5801 5802 5518 ");
}

static int execute(struct tree *tree, uint16_t object, uint16_t resource,
		   struct lwm2m_path changed[IPSO_RESET_MAX])
{
	struct lwm2m_path path = path_resource(object, 0, resource);

	return ipso_execute(tree, &path, changed);
}

static void reset_takes_the_current_value(void **state)
{
	struct lwm2m_path changed[IPSO_RESET_MAX];
	struct tree *tree = *state;

	instance(tree, 3303, (struct ipso_options){0});
	assert_int_equal(execute(tree, 3303, 5605, changed), 0);
	sample(tree, 3303, 5700, 10, SECOND);
	sample(tree, 3303, 5700, 30, 2 * SECOND);
	sample(tree, 3303, 5700, 20, 3 * SECOND);
	assert_int_equal(execute(tree, 3303, 5605, changed), 2);
	assert_int_equal(changed[0].id[2], 5601);
	assert_int_equal(changed[1].id[2], 5602);
	assert_true(number(tree, 3303, 5601) == 20);
	assert_true(number(tree, 3303, 5602) == 20);
	assert_int_equal(slot(tree, 3303, 5602)->time, 3 * SECOND);
}

static void reset_takes_all_axes(void **state)
{
	struct lwm2m_path changed[IPSO_RESET_MAX];
	struct lwm2m_value v = lwm2m_float(3);
	struct tree *tree = *state;

	instance(tree, 3334, (struct ipso_options){0});
	for (uint16_t r = 5508; r <= 5513; r++) {
		struct lwm2m_path path = path_resource(3334, 0, r);

		tree_set(tree, &path, &v, 1);
	}
	for (uint16_t r = 5702; r <= 5704; r++)
		sample(tree, 3334, r, r, SECOND);
	assert_int_equal(execute(tree, 3334, 5605, changed), 6);
	assert_true(number(tree, 3334, 5508) == 5702);
	assert_true(number(tree, 3334, 5513) == 5704);
}

static void counters_are_reset_where_held(void **state)
{
	struct lwm2m_path changed[IPSO_RESET_MAX];
	struct lwm2m_path count = path_resource(3200, 0, 5501);
	struct lwm2m_value seven = lwm2m_integer(7);
	struct tree *tree = *state;

	instance(tree, 3200, (struct ipso_options){0});
	tree_set(tree, &count, &seven, 4);
	assert_int_equal(execute(tree, 3200, 5505, changed), 1);
	assert_int_equal(changed[0].id[2], 5501);
	assert_int_equal(slot(tree, 3200, 5501)->value.as.integer, 0);
	slot(tree, 3200, 5501)->flags = TREE_BOUND;
	assert_int_equal(execute(tree, 3200, 5505, changed), -ENOTSUP);
}

/* A value that its main resource gets next: how many it counts. */
static uint32_t counts(struct tree *tree, uint16_t object, bool on,
		       uint32_t happened)
{
	struct lwm2m_path path = path_resource(object, 0, 5500);
	struct lwm2m_value value = lwm2m_boolean(on);
	uint32_t n = ipso_counts(tree, &path, &value, happened);

	assert_int_equal(tree_set(tree, &path, &value, SECOND), 0);
	return n;
}

static void turning_on_counts_once(void **state)
{
	struct tree *tree = *state;

	instance(tree, 3302, (struct ipso_options){0});
	assert_int_equal(counts(tree, 3302, true, 0), 0);	/* it was so */
	assert_int_equal(counts(tree, 3302, true, 0), 0);
	assert_int_equal(counts(tree, 3302, false, 0), 0);
	assert_int_equal(counts(tree, 3302, true, 0), 1);
}

static void events_count_each(void **state)
{
	struct tree *tree = *state;

	instance(tree, 3347, (struct ipso_options){0});
	assert_int_equal(counts(tree, 3347, true, 1), 1);
	assert_int_equal(counts(tree, 3347, true, 1), 1);
	assert_int_equal(counts(tree, 3347, true, 40), 40);
	assert_int_equal(counts(tree, 3347, false, 1), 0);
}

static void a_device_that_counts_is_left_alone(void **state)
{
	struct tree *tree = *state;

	instance(tree, 3200, (struct ipso_options){0});
	slot(tree, 3200, 5501)->flags = TREE_BOUND;
	assert_int_equal(counts(tree, 3200, true, 1), 0);
	tree_finish(tree);
	instance(tree, 3303, (struct ipso_options){0});
	assert_int_equal(counts(tree, 3303, true, 1), 0);
}

static int64_t seconds(struct tree *tree, uint16_t object, uint16_t resource,
		       int64_t now)
{
	struct lwm2m_path path = path_resource(object, 0, resource);
	struct lwm2m_value value;

	assert_true(ipso_compute(&path, slot(tree, object, resource), now,
				 &value));
	return value.as.integer;
}

static void times_run_while_it_is_so(void **state)
{
	struct tree *tree = *state;

	instance(tree, 3343, (struct ipso_options){0});
	assert_int_equal(seconds(tree, 3343, 5852, 10 * SECOND), 0);
	sample(tree, 3343, 5548, 30, 10 * SECOND);
	assert_int_equal(seconds(tree, 3343, 5852, 15 * SECOND - 1), 4);
	sample(tree, 3343, 5548, 70, 15 * SECOND);
	assert_int_equal(seconds(tree, 3343, 5852, 17 * SECOND), 7);
	assert_int_equal(seconds(tree, 3343, 5854, 17 * SECOND), 0);
	sample(tree, 3343, 5548, 0, 20 * SECOND);
	assert_int_equal(seconds(tree, 3343, 5852, 90 * SECOND), 10);
	assert_int_equal(seconds(tree, 3343, 5854, 90 * SECOND), 70);
}

static void a_time_that_is_set_goes_on_from_there(void **state)
{
	struct lwm2m_path time_on = path_resource(3311, 0, 5852);
	struct lwm2m_value zero = lwm2m_integer(0);
	struct tree *tree = *state;

	instance(tree, 3311, (struct ipso_options){0});
	sample(tree, 3311, 5850, 1, 10 * SECOND);
	tree_set(tree, &time_on, &zero, 20 * SECOND);
	ipso_set(tree, &time_on, 20 * SECOND);
	assert_int_equal(seconds(tree, 3311, 5852, 25 * SECOND), 5);
	sample(tree, 3311, 5850, 0, 30 * SECOND);
	tree_set(tree, &time_on, &zero, 40 * SECOND);
	ipso_set(tree, &time_on, 40 * SECOND);
	assert_int_equal(seconds(tree, 3311, 5852, 90 * SECOND), 0);
}

static void other_executes_are_not_ours(void **state)
{
	struct lwm2m_path changed[IPSO_RESET_MAX];
	struct tree *tree = *state;

	instance(tree, 3303, (struct ipso_options){0});
	sample(tree, 3303, 5700, 10, SECOND);
	slot(tree, 3303, 5605)->flags = TREE_BOUND;
	assert_int_equal(execute(tree, 3303, 5605, changed), -ENOTSUP);
	assert_int_equal(execute(tree, 3303, 5700, changed), -ENOTSUP);
	assert_int_equal(execute(tree, 3, 4, changed), -ENOTSUP);
}

static void states_its_range(void **state)
{
	struct lwm2m_path main_one = path_resource(3203, 0, 5650);
	struct lwm2m_path none = path_resource(3303, 0, 5700);
	struct tree *tree = *state;
	double min, max;

	instance(tree, 3203, (struct ipso_options){
		.has_range = true, .range_min = 0, .range_max = 10,
	});
	instance(tree, 3303, (struct ipso_options){0});
	assert_true(ipso_range(tree, &main_one, &min, &max));
	assert_true(min == 0 && max == 10);
	assert_false(ipso_range(tree, &none, &min, &max));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, make_tree, finish_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(has_what_its_object_has),
		TEST(binds_its_main_resource),
		TEST(a_sample_moves_min_max_and_time),
		TEST(a_fraction_goes_with_its_timestamp),
		TEST(negative_numbers_and_times_count),
		TEST(what_a_point_reports_is_left_alone),
		TEST(active_power_has_its_own_extremes),
		TEST(reset_takes_the_current_value),
		TEST(reset_takes_all_axes),
		TEST(counters_are_reset_where_held),
		TEST(turning_on_counts_once),
		TEST(events_count_each),
		TEST(a_device_that_counts_is_left_alone),
		TEST(times_run_while_it_is_so),
		TEST(a_time_that_is_set_goes_on_from_there),
		TEST(states_its_range),
		TEST(other_executes_are_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Each object's row is found by its id, and does what is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/client/services.h"
#include "agent/config/model.h"
#include "agent/endpoint/endpoint_object.h"
#include "objects/codec.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)

static bool list(const struct endpoint *e, const struct lwm2m_path *path,
		 struct buf *texts, struct lwm2m_value *value)
{
	(void)e;
	(void)texts;
	*value = lwm2m_integer(path->id[1]);
	return true;
}

static const struct endpoint_host host = {.list = list};
static struct services services = {.endpoint_host = &host,
				   .objects = endpoint_objects};
static struct config_device conf;
static struct endpoint endpoint;

static int set_up(void **state)
{
	(void)state;
	endpoint = (struct endpoint){.services = &services, .conf = &conf};
	endpoint.optional = calloc(1, sizeof(*endpoint.optional));
	tree_init(&endpoint.tree);
	return endpoint.optional ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	endpoint_objects_finish(&endpoint);
	free((void *)(uintptr_t)endpoint.optional);
	tree_finish(&endpoint.tree);
	return 0;
}

static uint8_t execute(uint16_t object, uint16_t resource)
{
	struct lwm2m_path path = path_resource(object, 0, resource);

	return endpoint_object_execute(&endpoint, &path, SECOND);
}

static bool compute(uint16_t object, uint16_t instance, uint16_t resource,
		    struct lwm2m_value *value)
{
	struct lwm2m_path path = path_resource(object, instance, resource);
	struct tree_slot slot = {.flags = TREE_COMPUTED};
	uint8_t room[64];
	struct buf texts = buf_over(room, sizeof(room));

	return endpoint_compute(&endpoint, &path, &slot, SECOND, &texts,
				value);
}

static void what_nobody_executes_is_5_01(void **state)
{
	(void)state;
	assert_int_equal(execute(3303, 5605), CODE(5, 1));
	assert_int_equal(execute(ID_DEVICE, ID_DEVICE_TIME), CODE(5, 1));
	assert_int_equal(execute(ID_STATISTICS, 1), CODE(5, 1));
	/* No client has this account. */
	assert_int_equal(execute(ID_SERVER, ID_SERVER_UPDATE), CODE(5, 1));
	assert_int_equal(execute(ID_SERVER, ID_SERVER_DISABLE), CODE(5, 1));
}

static void without_a_bootstrap_server_its_trigger_is_refused(void **state)
{
	(void)state;
	assert_int_equal(execute(ID_SERVER, ID_SERVER_BOOTSTRAP), CODE(4, 5));
}

static void what_takes_no_images_updates_none(void **state)
{
	(void)state;
	assert_int_equal(execute(ID_FIRMWARE, ID_FIRMWARE_UPDATE), CODE(5, 1));
	assert_false(endpoint_object_done(&endpoint, 1, 0, SECOND));
}

static void errors_are_reset(void **state)
{
	struct lwm2m_path path = path_element(ID_DEVICE, 0, ID_DEVICE_ERROR, 0);

	(void)state;
	assert_non_null(tree_add(&endpoint.tree, core_object(ID_DEVICE), 0));
	endpoint_error(&endpoint, ERROR_PERIPHERAL, true, SECOND);
	assert_int_equal(tree_find(&endpoint.tree, &path)->value.as.integer,
			 ERROR_PERIPHERAL);
	assert_int_equal(execute(ID_DEVICE, ID_DEVICE_ERROR_RESET),
			 CODE(2, 4));
	assert_int_equal(tree_find(&endpoint.tree, &path)->value.as.integer,
			 0);
}

static void statistics_count_from_their_start(void **state)
{
	struct lwm2m_value value;

	(void)state;
	assert_int_equal(execute(ID_STATISTICS, ID_STATISTICS_START),
			 CODE(2, 4));
	assert_non_null(endpoint.optional->statistics);
	assert_true(compute(ID_STATISTICS, 0, 2, &value));
	assert_int_equal(value.as.integer, 0);
	assert_int_equal(execute(ID_STATISTICS, ID_STATISTICS_STOP),
			 CODE(2, 4));
}

static void the_list_is_the_gateways(void **state)
{
	struct lwm2m_value value;

	(void)state;
	assert_true(compute(ID_LISTING, 17, ID_LISTING_DEVICE, &value));
	assert_int_equal(value.as.integer, 17);
	assert_false(compute(3303, 0, 5700, &value));
}

static void what_is_not_known_has_no_value(void **state)
{
	struct lwm2m_value value;

	(void)state;
	assert_false(compute(ID_LINK, 0, ID_LINK_SIGNAL, &value));
	endpoint.rssi = -70;
	assert_true(compute(ID_LINK, 0, ID_LINK_SIGNAL, &value));
	assert_int_equal(value.as.integer, -70);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_nobody_executes_is_5_01),
		CASE(without_a_bootstrap_server_its_trigger_is_refused),
		CASE(what_takes_no_images_updates_none),
		CASE(errors_are_reset),
		CASE(statistics_count_from_their_start),
		CASE(the_list_is_the_gateways),
		CASE(what_is_not_known_has_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 5 of a device of the sim adapter (Core TS E.6): how far a package is,
 * over a restart and on the bus. No server is there: what it would push comes
 * from the disk, and its blocks are asked about. */
#include "tests/agent/gateway/gateway_case.h"
#include "agent/client/client_host.h"
#include "agent/endpoint/endpoint_firmware.h"
#include "agent/endpoint/endpoint_object.h"
#include "agent/lwm2m/firmware.h"

#define ROOM 64				/* bytes of an image that it takes */
#define SITE "gateway: {name: g}\n" \
	"servers: [{id: 1, uri: \"coap://127.0.0.1:9\"}]\n" \
	"devices:\n" \
	"  - {endpoint: a, bus: sim, image_max: 64, points: [" \
	"{name: t, value: 1, map: 3303/0}]}\n" \
	"  - {endpoint: none, bus: sim, points: [" \
	"{name: t, value: 1, map: 3303/0}]}\n"
#define URI "coap://192.0.2.1/image"
/* "SIMIMAGE", the FNV-1a of the rest, the rest. */
#define GOOD "SIMIMAGE" "\xe4\x0c\x29\x2c" "a"

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");
	const struct endpoint *none = gateway_endpoint(&gateway, "none");

	return a && a->round_done && none && none->round_done;
}

static int set_up(void **state)
{
	if (case_set_up(state))
		return -1;
	case_start(SITE);
	if (!case_turn_until(is_known))
		return -1;
	gateway.services.store = store_open(case_directory);
	return gateway.services.store ? 0 : -1;
}

static int tear_down(void **state)
{
	endpoint_object_firmware.finish(case_endpoint("a"));
	store_close(gateway.services.store);
	gateway.services.store = NULL;
	return case_tear_down(state);
}

static int64_t number(uint16_t resource)
{
	struct lwm2m_path path = path_resource(ID_FIRMWARE, 0, resource);
	const struct tree_slot *slot = tree_find(&case_endpoint("a")->tree,
						 &path);

	assert_non_null(slot);
	return slot->value.as.integer;
}

static uint8_t update(void)
{
	struct lwm2m_path path = path_resource(ID_FIRMWARE, 0,
					       ID_FIRMWARE_UPDATE);

	return endpoint_object_firmware.execute(case_endpoint("a"), &path,
						monotonic_read());
}

/* What a run before has left on the disk: the header, the URI, the image. */
static void start_with(uint8_t version, enum firmware_state state,
		       const char *uri, const char *image, size_t n)
{
	struct endpoint *a = case_endpoint("a");
	uint32_t n_uri = (uint32_t)strlen(uri);
	uint8_t bytes[256] = {version, (uint8_t)state};
	struct lwm2m_path root = {{ID_FIRMWARE, 0}, 2};

	memcpy(bytes + 4, &n_uri, sizeof(n_uri));
	memcpy(bytes + 8, uri, n_uri);
	memcpy(bytes + 8 + n_uri, image, n);
	store_put(gateway.services.store, STORE_FIRMWARE, "a", bytes,
		  8 + n_uri + n);
	endpoint_object_firmware.finish(a);
	tree_remove(&a->tree, &root);
	endpoint_object_firmware.build(a, monotonic_read());
}

static uint8_t block(const char *uri, size_t so_far, size_t *most)
{
	struct client *c = &case_endpoint("a")->clients[0];
	const struct request request = {
		.method = REQUEST_PUT, .uri = uri, .uri_length = strlen(uri),
		.query = "", .accept = FORMAT_NONE, .format = FORMAT_NONE,
		.observe = -1};

	return endpoint_object_firmware.block(c, &request, so_far, most,
					      monotonic_read());
}

/* ---- */

static void what_takes_no_image_has_no_object_5(void **state)
{
	struct lwm2m_path path = path_resource(ID_FIRMWARE, 0,
					       ID_FIRMWARE_STATE);

	(void)state;
	assert_null(tree_find(&case_endpoint("none")->tree, &path));
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_IDLE);
	assert_int_equal(number(ID_FIRMWARE_RESULT), 0);
	assert_int_equal(number(ID_FIRMWARE_DELIVERY), 2);	/* both */
}

static void nothing_to_install_is_no_update(void **state)
{
	(void)state;
	assert_int_equal(update(), CODE(4, 5));
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_IDLE);
}

static bool is_idle(void)
{
	return number(ID_FIRMWARE_STATE) == FIRMWARE_IDLE;
}

static void a_package_of_before_the_restart_is_installed(void **state)
{
	struct lwm2m_path path = path_resource(ID_FIRMWARE, 0,
					       ID_FIRMWARE_URI);
	const struct tree_slot *uri;

	(void)state;
	start_with(1, FIRMWARE_DOWNLOADED, URI, GOOD, sizeof(GOOD) - 1);
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_DOWNLOADED);
	uri = tree_find(&case_endpoint("a")->tree, &path);
	assert_int_equal(uri->value.length, strlen(URI));
	assert_memory_equal(uri->value.as.text, URI, strlen(URI));
	assert_int_equal(gateway.services.n_firmware, 1);

	assert_int_equal(update(), CODE(2, 4));
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_UPDATING);
	assert_int_equal(update(), CODE(4, 5));		/* once */
	assert_true(case_turn_until(is_idle));
	assert_int_equal(number(ID_FIRMWARE_RESULT), FIRMWARE_SUCCESS);
	assert_int_equal(gateway.services.n_firmware, 0);
}

static bool has_result(void)
{
	return number(ID_FIRMWARE_RESULT) != FIRMWARE_INITIAL;
}

static void a_device_that_refuses_it_is_told(void **state)
{
	(void)state;
	start_with(1, FIRMWARE_DOWNLOADED, "", "SIMIMAGE\0\0\0\0FAIL", 16);
	assert_int_equal(update(), CODE(2, 4));
	assert_true(case_turn_until(has_result));
	assert_int_equal(number(ID_FIRMWARE_RESULT), FIRMWARE_FAILED);
	/* It is still there, and may be tried again. */
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_DOWNLOADED);
}

static void a_file_that_is_not_ours_is_no_package(void **state)
{
	(void)state;
	start_with(9, FIRMWARE_DOWNLOADED, "", GOOD, sizeof(GOOD) - 1);
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_IDLE);
	assert_int_equal(update(), CODE(4, 5));
}

static void blocks_begin_a_download_that_may_end(void **state)
{
	struct endpoint *a = case_endpoint("a");
	size_t most = 0;
	struct heap_item *due;

	(void)state;
	assert_int_equal(block("5/0/0", 16, &most), 0);
	assert_true(most > ROOM);
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_DOWNLOADING);
	assert_int_equal(block("5/0/0", 32, &most), 0);
	assert_int_equal(gateway.services.n_firmware, 1);
	/* The server goes away with half of it. */
	due = heap_first(&gateway.services.firmware);
	assert_non_null(due);
	endpoint_firmware_due(due, due->due);
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_IDLE);
	assert_int_equal(number(ID_FIRMWARE_RESULT), FIRMWARE_CONNECTION_LOST);
	assert_int_equal(gateway.services.n_firmware, 0);
	assert_non_null(a->optional->firmware);
}

static void one_too_large_is_refused_as_soon_as_it_is_known(void **state)
{
	size_t most = 0;

	(void)state;
	assert_int_equal(block("5/0/0", 16, &most), 0);
	assert_int_equal(block("5/0/0", ROOM + 65, &most), CODE(4, 13));
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_IDLE);
	assert_int_equal(number(ID_FIRMWARE_RESULT), FIRMWARE_NO_FLASH);
}

static void blocks_for_something_else_are_not_its_own(void **state)
{
	size_t most = 7;

	(void)state;
	assert_int_equal(block("5/0/3", 1024, &most), 0);
	assert_int_equal(block("3303/0/5700", 1024, &most), 0);
	assert_int_equal(block("5/1/0", 1024, &most), 0);
	assert_int_equal(most, 7);
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_IDLE);
}

static void where_too_many_download_the_next_waits(void **state)
{
	size_t most = 0;

	(void)state;
	gateway.services.n_firmware = FIRMWARE_AT_ONCE;
	assert_int_equal(block("5/0/0", 16, &most), CODE(5, 3));
	assert_int_equal(number(ID_FIRMWARE_STATE), FIRMWARE_IDLE);
	gateway.services.n_firmware = FIRMWARE_AT_ONCE - 1;
	assert_int_equal(block("5/0/0", 16, &most), 0);
	gateway.services.n_firmware = 1;
}

static void what_the_bus_did_for_others_is_not_its_own(void **state)
{
	(void)state;
	assert_false(endpoint_object_firmware.done(case_endpoint("a"), 77, 0,
						   monotonic_read()));
	assert_false(endpoint_object_firmware.done(case_endpoint("none"), 77,
						   0, monotonic_read()));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_takes_no_image_has_no_object_5),
		CASE(nothing_to_install_is_no_update),
		CASE(a_package_of_before_the_restart_is_installed),
		CASE(a_device_that_refuses_it_is_told),
		CASE(a_file_that_is_not_ours_is_no_package),
		CASE(blocks_begin_a_download_that_may_end),
		CASE(one_too_large_is_refused_as_soon_as_it_is_known),
		CASE(blocks_for_something_else_are_not_its_own),
		CASE(where_too_many_download_the_next_waits),
		CASE(what_the_bus_did_for_others_is_not_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a server observes of a client, with nothing above it but a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/client/client_host.h"

#define SECOND INT64_C(1000000000)

/* The endpoint of the clients' floor: nobody there knows what is in it. */
struct endpoint {
	struct config_device conf;
	struct tree tree;
	unsigned observed;
};

static struct endpoint endpoint;
static struct services services;
static struct config_server conf;
static struct server server = {.services = &services, .conf = &conf};
static struct client client;

static const struct config_device *conf_of(const struct endpoint *e)
{
	return &e->conf;
}

static struct tree *tree_of(const struct endpoint *e)
{
	return &((struct endpoint *)(uintptr_t)e)->tree;
}

static int64_t stop_at(const struct endpoint *e)
{
	(void)e;
	return INT64_MAX;
}

static void observed(struct endpoint *e)
{
	e->observed++;
}

static const struct client_host host = {
	.conf = conf_of, .tree = tree_of, .stop_at = stop_at,
	.observed = observed,
};

static int set_up(void **state)
{
	(void)state;
	memset(&endpoint, 0, sizeof(endpoint));
	endpoint.conf.endpoint = "e";
	endpoint.conf.lifetime = 60;
	services.client_host = &host;
	tree_init(&endpoint.tree);
	client_init(&client, &endpoint, &server, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	client_finish(&client);
	tree_finish(&endpoint.tree);
	heap_finish(&services.clients);
	return 0;
}

static int32_t observe(uint16_t object, uint8_t token)
{
	struct request_outcome outcome = {
		.kind = REQUEST_OBSERVE, .format = 110,
		.path = path_instance(object, 0)};

	return client_observe(&client, &outcome, &token, 1, SECOND);
}

static void cancel(uint16_t object, uint8_t token)
{
	struct request_outcome outcome = {
		.kind = REQUEST_CANCEL, .path = path_instance(object, 0)};

	client_cancel(&client, &outcome, &token, 1);
}

static bool is_there(uint8_t token)
{
	return client_observation(&client, &token, 1) != NULL;
}

static void an_observation_is_found_by_its_token(void **state)
{
	(void)state;
	assert_int_equal(observe(3303, 7), 1);
	assert_true(is_there(7));
	assert_false(is_there(8));
	assert_true(endpoint.observed > 0);
}

/* RFC 7641 3.4: the numbers go on, also where it is another path. */
static void the_same_token_replaces_and_counts_on(void **state)
{
	(void)state;
	assert_int_equal(observe(3303, 7), 1);
	client_observation(&client, (const uint8_t[]){7}, 1)->sequence = 41;
	assert_int_equal(observe(3304, 7), 42);
	assert_int_equal(client.observations->path.id[0], 3304);
	assert_null(client.observations->next);
}

/* Its server may have the first answer, which was late, and ignore the second:
 * what waits for its pmin, or for an answer, is told all the same. */
static void one_that_comes_twice_owes_what_it_owed(void **state)
{
	struct observation *o;

	(void)state;
	observe(3303, 7);
	o = client_observation(&client, (const uint8_t[]){7}, 1);
	o->pending = o->news = true;
	o->newest_sent = 5;
	assert_int_equal(observe(3303, 7), 2);
	assert_ptr_equal(client.observations, o);
	assert_true(o->pending && o->news);
	assert_int_equal(o->newest_sent, 5);
	observe_hold(o, SECOND);
	assert_int_equal(observe(3303, 7), 3);
	assert_true(o->held);
}

static void one_that_owes_nothing_is_told_by_the_answer(void **state)
{
	struct observation *o;

	(void)state;
	observe(3303, 7);
	o = client_observation(&client, (const uint8_t[]){7}, 1);
	o->sent = o->newest_sent = 0;
	assert_int_equal(observe(3303, 7), 2);
	assert_int_equal(o->sent, SECOND);
	assert_int_equal(o->newest_sent, services_wall(&services, SECOND));
}

static void more_than_a_client_bears_are_answered_plainly(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLIENT_OBSERVATIONS_MAX; i++)
		assert_int_equal(observe(3303, (uint8_t)i), 1);
	assert_int_equal(observe(3303, 200), -1);
	assert_false(is_there(200));
	assert_int_equal(observe(3303, 5), 2);	/* one that is there may */
}

/* RFC 7959 2.4: as its request says, each time anew. */
static void its_blocks_are_of_the_size_of_its_request(void **state)
{
	struct request_outcome outcome = {
		.kind = REQUEST_OBSERVE, .path = path_instance(3303, 0),
		.block_size = 64};
	const uint8_t token = 7;

	(void)state;
	client_observe(&client, &outcome, &token, 1, SECOND);
	assert_int_equal(client_observation(&client, &token, 1)->block_size,
			 64);
	observe(3303, 7);
	assert_int_equal(client_observation(&client, &token, 1)->block_size,
			 0);
}

static void cancelled_by_its_token_or_else_by_its_path(void **state)
{
	(void)state;
	observe(3303, 1);
	observe(3304, 2);
	cancel(3303, 1);
	assert_false(is_there(1));
	cancel(3304, 99);		/* some servers take a new token */
	assert_false(is_there(2));
	observe(3305, 3);
	cancel(3306, 98);		/* nobody observes that */
	assert_true(is_there(3));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_observation_is_found_by_its_token),
		CASE(the_same_token_replaces_and_counts_on),
		CASE(one_that_comes_twice_owes_what_it_owed),
		CASE(one_that_owes_nothing_is_told_by_the_answer),
		CASE(more_than_a_client_bears_are_answered_plainly),
		CASE(its_blocks_are_of_the_size_of_its_request),
		CASE(cancelled_by_its_token_or_else_by_its_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

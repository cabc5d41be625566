/* SPDX-License-Identifier: GPL-2.0-or-later
 * Numbers of clients: each is one client's, and nobody's once that has ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/client/client.h"
#include "agent/client/client_ids.h"

#define MANY 100

static struct client clients[MANY];
static struct client_ids ids;

static int tear_down(void **state)
{
	(void)state;
	client_ids_finish(&ids);
	return 0;
}

static void nobody_has_none(void **state)
{
	(void)state;
	assert_null(client_by_id(&ids, 0));
	assert_null(client_by_id(&ids, 1));
	client_id_end(&ids, 0);
	client_id_move(&ids, 0, &clients[0]);
	assert_int_equal(ids.n, 0);
}

static void a_number_of_one_that_ended_finds_nobody(void **state)
{
	uint64_t first = client_id_give(&ids, &clients[0]), next;

	(void)state;
	assert_int_not_equal(first, 0);
	assert_ptr_equal(client_by_id(&ids, first), &clients[0]);
	client_id_end(&ids, first);
	assert_null(client_by_id(&ids, first));
	client_id_end(&ids, first);		/* twice is once */
	next = client_id_give(&ids, &clients[1]);
	assert_int_not_equal(next, first);
	assert_null(client_by_id(&ids, first));
	client_id_end(&ids, first);		/* is not the next one's */
	client_id_move(&ids, first, &clients[2]);
	assert_ptr_equal(client_by_id(&ids, next), &clients[1]);
}

static void it_is_found_where_it_has_moved_to(void **state)
{
	uint64_t id = client_id_give(&ids, &clients[0]);

	(void)state;
	client_id_move(&ids, id, &clients[5]);
	assert_ptr_equal(client_by_id(&ids, id), &clients[5]);
}

static void places_are_used_again(void **state)
{
	uint64_t id[MANY];

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < MANY; i++)
			id[i] = client_id_give(&ids, &clients[i]);
		for (unsigned i = 0; i < MANY; i++)
			assert_ptr_equal(client_by_id(&ids, id[i]),
					 &clients[i]);
		for (unsigned i = round % 2; i < MANY; i += 2)
			client_id_end(&ids, id[i]);
		for (unsigned i = !(round % 2); i < MANY; i += 2)
			client_id_end(&ids, id[i]);
	}
	assert_int_equal(ids.n, MANY);
}

#define CASE(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nobody_has_none),
		CASE(a_number_of_one_that_ended_finds_nobody),
		CASE(it_is_found_where_it_has_moved_to),
		CASE(places_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

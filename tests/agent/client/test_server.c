/* SPDX-License-Identifier: GPL-2.0-or-later
 * A server's pace, its queue and what is news of it: nothing is sent, and no
 * clock is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "agent/base/arena.h"
#include "agent/base/log.h"
#include "agent/client/client.h"
#include "agent/client/services.h"

#define SECOND INT64_C(1000000000)
#define NOW (1000 * SECOND)

static struct services services;
static struct server *server;

/* With an address in its URI: there is nothing to look up. */
static struct server *create_at(uint16_t port, uint16_t id, uint32_t pace,
				enum server_kind kind)
{
	struct arena *arena = arena_create();
	struct config_server *conf = arena_take(arena, sizeof(*conf));
	struct server *s;

	*conf = (struct config_server){.arena = arena};
	conf->uri = "coap://127.0.0.1:9";
	conf->host = "127.0.0.1";
	conf->port = port;
	conf->id = id;
	conf->pace = pace;
	s = server_create(&services, conf, NOW);
	servers_add(&services.servers, s, kind);
	return s;
}

static struct server *create(uint16_t id, uint32_t pace, enum server_kind kind)
{
	return create_at(9, id, pace, kind);
}

static int set_up(void **state)
{
	(void)state;
	log_open(LOG_ERROR);
	memset(&services, 0, sizeof(services));
	services.routes_at = INT64_MAX;
	server = create(1, 10, SERVER_CONFIGURED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	servers_finish(&services.servers);
	return 0;
}

static void slots_are_a_pace_apart(void **state)
{
	(void)state;
	assert_int_equal(server_send_slot(server, NOW), NOW);
	assert_int_equal(server_send_slot(server, NOW), NOW + SECOND / 10);
	assert_int_equal(server_send_slot(server, NOW), NOW + SECOND / 5);
	/* what was not used is not saved up */
	assert_int_equal(server_send_slot(server, NOW + SECOND), NOW + SECOND);
}

static void without_a_pace_all_go_at_once(void **state)
{
	struct server *s = create(2, 0, SERVER_CONFIGURED);

	(void)state;
	assert_int_equal(server_send_slot(s, NOW), NOW);
	assert_int_equal(server_send_slot(s, NOW), NOW);
	assert_int_equal(server_wait(s), 0);
	assert_int_equal(server_startup_window(s, 1000), 0);
}

static void a_window_is_what_the_pace_needs(void **state)
{
	(void)state;
	assert_int_equal(server_startup_window(server, 1001), 100 * SECOND);
}

static void who_waits_is_counted_once(void **state)
{
	struct client a = {0}, b = {0}, c = {0};

	(void)state;
	server_queue(server, &a);
	server_queue(server, &b);
	server_queue(server, &c);
	server_queue(server, &a);		/* it waits already */
	assert_int_equal(server->n_waiting, 3);
	assert_int_equal(server_wait(server), 3 * SECOND / 10);
	server_unqueue(server, &b);		/* the middle */
	assert_ptr_equal(server->first, &a);
	assert_ptr_equal(a.next_paced, &c);
	server_unqueue(server, &c);		/* the last */
	assert_ptr_equal(server->last, &a);
	server_unqueue(server, &c);
	assert_int_equal(server->n_waiting, 1);
	server_unqueue(server, &a);
	assert_null(server->first);
	assert_null(server->last);
	assert_int_equal(server_wait(server), 0);
}

/* As bootstrap gives them, where they differ in a lifetime: what the place bears
 * does not grow with them, and each has its turn. */
static void accounts_at_one_place_share_its_pace(void **state)
{
	struct client a[2] = {{0}}, b[2] = {{0}};
	struct server *other = create(2, 10, SERVER_CONFIGURED);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		server_queue(server, &a[i]);
		server_queue(other, &b[i]);
	}
	assert_int_equal(server_wait(other), 4 * SECOND / 10);
	for (size_t left = 3; left; left--) {
		servers_turn(&services.servers, NOW);
		assert_int_equal(server->n_waiting + other->n_waiting, left);
		assert_in_range(server->n_waiting, left / 2, (left + 1) / 2);
		assert_in_range(servers_turn(&services.servers, NOW),
				NOW + SECOND / 10, NOW + SECOND / 10 + 2);
		other->pace->filled -= SECOND / 10;	/* it passes */
	}
	servers_turn(&services.servers, NOW);
	assert_int_equal(server->n_waiting + other->n_waiting, 0);
	assert_int_equal(server_send_slot(server, NOW), NOW);
	assert_int_equal(server_send_slot(other, NOW), NOW + SECOND / 10);
}

static void another_port_has_a_pace_of_its_own(void **state)
{
	struct client a = {0}, b = {0};
	struct server *other = create_at(10, 2, 10, SERVER_CONFIGURED);

	(void)state;
	server_queue(server, &a);
	server_queue(other, &b);
	servers_turn(&services.servers, NOW);
	assert_int_equal(server->n_waiting + other->n_waiting, 0);
}

/* One trouble is told once for all clients, until it answers. */
static void a_trouble_is_news_once(void **state)
{
	(void)state;
	assert_true(server_is_news(server, "no answer"));
	assert_false(server_is_news(server, "no answer"));
	assert_true(server_is_news(server, "4.03"));
	assert_int_equal(server->n_unlogged, 1);
	server_heard(server, NOW);
	assert_int_equal(server->n_unlogged, 0);
	assert_true(server_is_news(server, "no answer"));
}

static void more_troubles_than_it_keeps_are_no_news(void **state)
{
	const size_t most = sizeof(server->logged) / sizeof(server->logged[0]);
	char text[2] = "a";

	(void)state;
	for (size_t i = 0; i < most; i++, text[0]++)
		assert_true(server_is_news(server, text));
	assert_false(server_is_news(server, text));
}

static void who_was_away_is_back_when_it_is_heard(void **state)
{
	(void)state;
	server_heard(server, NOW);
	server_reresolve(server, NOW + SECOND);
	assert_false(server->away);
	server_reresolve(server, NOW + 3600 * SECOND);
	assert_true(server->away);
	assert_false(server->back);
	server_heard(server, NOW + 3601 * SECOND);
	assert_false(server->away);
	assert_true(server->back);
}

/* A message is given up after a minute and a half only. */
static void who_is_silent_for_long_is_away(void **state)
{
	(void)state;
	server_heard(server, NOW);
	server_unanswered(server, NOW + 3 * SECOND);
	assert_false(server->away);
	server_unanswered(server, NOW + 40 * SECOND);
	assert_true(server->away);
}

static void an_address_is_not_looked_up(void **state)
{
	(void)state;
	assert_true(server->literal);
	assert_true(server->length > 0);
	server_reresolve(server, NOW + 3600 * SECOND);
	assert_int_equal(server->resolve_at, INT64_MAX);
}

/* Not before what is looked at anyway. */
static void what_the_kernel_refuses_has_routes_looked_at(void **state)
{
	(void)state;
	server_suspect(server, NOW);
	assert_int_equal(services.routes_at, NOW + SECOND);
	server_suspect(server, NOW + 10 * SECOND);
	assert_int_equal(services.routes_at, NOW + SECOND);
}

static void the_walk_is_of_one_kind(void **state)
{
	struct server *retired = create(7, 0, SERVER_RETIRED);
	struct server *other = create(2, 0, SERVER_CONFIGURED);
	const struct server *first = servers_next(&services.servers,
						  SERVER_CONFIGURED, NULL);
	const struct server *second = servers_next(&services.servers,
						   SERVER_CONFIGURED, first);

	(void)state;
	assert_true((first == server && second == other) ||
		    (first == other && second == server));
	assert_null(servers_next(&services.servers, SERVER_CONFIGURED, second));
	assert_ptr_equal(servers_next(&services.servers, SERVER_RETIRED, NULL),
			 retired);
}

static void who_is_retired_goes_with_its_last_client(void **state)
{
	struct server *retired = create(7, 0, SERVER_RETIRED);

	(void)state;
	retired->n_clients = 1;
	servers_turn(&services.servers, NOW);
	assert_ptr_equal(servers_next(&services.servers, SERVER_RETIRED, NULL),
			 retired);
	retired->n_clients = 0;
	servers_turn(&services.servers, NOW);
	assert_null(servers_next(&services.servers, SERVER_RETIRED, NULL));
	assert_non_null(servers_next(&services.servers, SERVER_CONFIGURED,
				     NULL));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(slots_are_a_pace_apart),
		CASE(without_a_pace_all_go_at_once),
		CASE(a_window_is_what_the_pace_needs),
		CASE(who_waits_is_counted_once),
		CASE(accounts_at_one_place_share_its_pace),
		CASE(another_port_has_a_pace_of_its_own),
		CASE(a_trouble_is_news_once),
		CASE(more_troubles_than_it_keeps_are_no_news),
		CASE(who_was_away_is_back_when_it_is_heard),
		CASE(who_is_silent_for_long_is_away),
		CASE(an_address_is_not_looked_up),
		CASE(what_the_kernel_refuses_has_routes_looked_at),
		CASE(the_walk_is_of_one_kind),
		CASE(who_is_retired_goes_with_its_last_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

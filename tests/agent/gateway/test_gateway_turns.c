/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a gateway does in its turns: a dry run prints what a server would read
 * and ends, routes are looked at when they have settled, and the loop goes on
 * until it is told to end. */
#include "tests/agent/gateway/gateway_case.h"
#include <fcntl.h>
#include <signal.h>
#include "agent/gateway/dry_run.h"
#include "agent/gateway/loop.h"

#define SITE "gateway: {name: g}\n" \
	"servers: [{id: 1, uri: \"coap://127.0.0.1:9\"}]\n" \
	"devices:\n" \
	"  - {endpoint: b, bus: sim, points: [" \
	"{name: t, value: 21.5, map: 3303/0, unit: Cel}]}\n" \
	"  - {endpoint: a, bus: sim, points: [" \
	"{name: t, value: 7, map: 3300/0}]}\n"

static int set_up(void **state)
{
	if (case_set_up(state))
		return -1;
	case_start(SITE);
	return 0;
}

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");
	const struct endpoint *b = gateway_endpoint(&gateway, "b");

	return a && a->round_done && b && b->round_done;
}

/* ---- dry run */

/* What is printed while it turns once. */
static int64_t turn_printed(char *text, size_t size, int64_t now)
{
	int pipes[2], out = dup(STDOUT_FILENO);
	int64_t next;
	ssize_t n;

	fflush(stdout);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(fcntl(pipes[1], F_SETPIPE_SZ, 65536), 65536);
	dup2(pipes[1], STDOUT_FILENO);
	next = dry_run_turn(&gateway, now);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(pipes[1]);
	n = read(pipes[0], text, size - 1);
	assert_true(n >= 0);
	text[n] = 0;
	close(pipes[0]);
	return next;
}

/* One case: it begins to wait at its first call, in a process once. */
static void a_dry_run_prints_all_when_all_was_tried(void **state)
{
	static char text[65536];
	int64_t now = monotonic_read();
	const char *a, *b;

	(void)state;
	gateway.services.dry = false;
	assert_true(turn_printed(text, sizeof(text), now) == INT64_MAX);
	gateway.services.dry = true;
	case_endpoint("a")->round_done = false;
	assert_true(turn_printed(text, sizeof(text), now) == now + SECOND / 10);
	assert_string_equal(text, "");
	assert_true(case_turn_until(is_known));
	assert_true(turn_printed(text, sizeof(text), now) == now);
	a = strstr(text, "a on bus sim: online\n");
	b = strstr(text, "b on bus sim: online\n");
	assert_non_null(a);
	assert_non_null(b);
	assert_true(a < b);			/* by name */
	assert_non_null(strstr(b, "/3303/0/5700"));
	assert_non_null(strstr(b, "21.5\n"));
	assert_non_null(strstr(b, "(executable)\n"));
	assert_true(gateway.services.stopping);
	assert_true(turn_printed(text, sizeof(text), now) == INT64_MAX);
}

/* ---- routes */

static void routes_are_looked_at_when_they_have_settled(void **state)
{
	struct services *s = &gateway.services;
	int64_t now = monotonic_read();

	(void)state;
	assert_true(gateway_routes_turn(&gateway, now) == INT64_MAX);
	gateway_routes_change(&gateway, now);
	assert_true(gateway_routes_turn(&gateway, now) == now + SECOND / 2);
	/* An address comes before its route: each word puts it off ... */
	gateway_routes_change(&gateway, now + SECOND / 4);
	assert_true(s->routes_at == now + 3 * SECOND / 4);
	/* ... but not for ever. */
	for (int i = 1; i < 20; i++)
		gateway_routes_change(&gateway, now + i * SECOND / 4);
	assert_true(s->routes_at == now + 3 * SECOND);
	assert_true(gateway_routes_turn(&gateway, now + 3 * SECOND) ==
		    INT64_MAX);
}

static void who_goes_another_way_is_told_once(void **state)
{
	struct client *c = &case_endpoint("a")->clients[0];
	struct server *server = c->server;

	(void)state;
	c->registration.state = REGISTRATION_REGISTERED;
	server->rerouted = true;
	gateway_routes_turn(&gateway, monotonic_read());
	assert_false(server->rerouted);
	/* NoSec, from another address: a Register (Transport TS 6.4.3). */
	assert_int_equal(c->registration.state, REGISTRATION_REGISTERING);
	c->registration.state = REGISTRATION_OFF;
	c->wanted = REGISTRATION_NOTHING;
}

/* ---- the loop */

static struct { int n; bool done[2]; uint32_t endpoints[2]; } reloads;

/* The first one is fine, the second one is not: then it is told to end. */
static void reload_note(struct gateway *g, uint64_t number, bool done)
{
	assert_true(number == (uint64_t)reloads.n + 1);
	reloads.done[reloads.n] = done;
	reloads.endpoints[reloads.n++] = g->services.n_endpoints;
	if (reloads.n == 2) {
		raise(SIGTERM);
		return;
	}
	case_file("lwmux.yaml", "gateway: [\n");
	assert_true(loop_reload());
}

static void loop_note_end(void)
{
}

static void the_loop_reloads_and_ends_by_sigterm_when_all_has_stopped(
	void **state)
{
	static const struct gateway_host host = {
		.reloaded = reload_note, .ended = loop_note_end};

	(void)state;
	gateway.services.dry = false;	/* it ends when all was tried */
	gateway.host = &host;
	loop_open(&gateway);
	assert_true(loop_reload());
	loop_run();
	assert_int_equal(reloads.n, 2);
	assert_true(reloads.done[0]);
	assert_int_equal(reloads.endpoints[0], 2);
	assert_false(reloads.done[1]);
	assert_int_equal(reloads.endpoints[1], 2);	/* as it was */
	assert_true(gateway.services.stopping);
	assert_true(gateway_stopped(&gateway));
	assert_int_equal(gateway.services.n_endpoints, 0);
}

static struct { int n; uint64_t number; bool done; } last;

static void last_note(struct gateway *g, uint64_t number, bool done)
{
	(void)g;
	last.n++;
	last.number = number;
	last.done = done;
}

/* Who asked for them is told that nothing was changed. */
static void reloads_end_where_all_stops(void **state)
{
	static const struct gateway_host host = {
		.reloaded = last_note, .ended = loop_note_end};
	uint64_t second;

	(void)state;
	gateway.services.dry = false;
	gateway.host = &host;
	loop_open(&gateway);
	assert_true(loop_reload());
	second = loop_reload();		/* while the first one is read */
	assert_true(second);
	gateway_stop(&gateway, monotonic_read());
	assert_int_equal(loop_reload(), 0);
	loop_run();
	assert_int_equal(last.n, 1);
	assert_true(last.number == second);
	assert_false(last.done);
}

static void a_loop_that_never_ran_is_closed(void **state)
{
	(void)state;
	loop_open(&gateway);
	loop_close();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, case_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_dry_run_prints_all_when_all_was_tried),
		CASE(routes_are_looked_at_when_they_have_settled),
		CASE(who_goes_another_way_is_told_once),
		CASE(the_loop_reloads_and_ends_by_sigterm_when_all_has_stopped),
		CASE(reloads_end_where_all_stops),
		CASE(a_loop_that_never_ran_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * What becomes of a value, with nothing above the client but a table and no
 * connection below: each counts once, and what is older goes before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

#include "agent/client/client_host.h"
#include "agent/client/forward_private.h"
#include "agent/store/backlog.h"

#define SECOND INT64_C(1000000000)
#define SENML_CBOR 112
#define TLV 11542
#define TOLD_BY 7			/* the observation's token */

struct endpoint {
	struct config_device conf;
	struct config_point points[2];	/* at /3303/0/5700 and /3303/1/5700 */
	struct tree tree;
};

static struct endpoint endpoint;
static struct services services;
static struct config_server conf;
static struct server server = {.services = &services, .conf = &conf};
static struct client client;
static int64_t now;

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
	(void)e;
}

static bool closed;			/* nobody may read anything */

static struct request_scope scope(struct client *c, int64_t at)
{
	return (struct request_scope){.tree = client_tree(c), .now = at,
				      .enforced = closed};
}

static const struct client_host host = {
	.conf = conf_of, .tree = tree_of, .stop_at = stop_at,
	.observed = observed, .scope = scope,
};

static struct lwm2m_path sensor(uint16_t instance)
{
	return path_resource(3303, instance, 5700);
}

static void account_set(uint16_t resource, bool value)
{
	struct lwm2m_path path = path_resource(1, 0, resource);
	struct lwm2m_value is = {LWM2M_BOOLEAN, 0, {.boolean = value}};

	assert_int_equal(tree_set(&endpoint.tree, &path, &is, 0), 0);
}

static void tree_fill(struct tree *tree)
{
	static const struct object_def account = {.id = 1},
				       temperature = {.id = 3303};

	tree_init(tree);
	assert_non_null(tree_add(tree, &account, 0));
	for (uint16_t i = 0; i < 2; i++)
		assert_non_null(tree_add(tree, &temperature, i));
}

static int set_up(void **state)
{
	(void)state;
	memset(&endpoint, 0, sizeof(endpoint));
	endpoint.conf.endpoint = "e";
	endpoint.conf.points = endpoint.points;
	endpoint.conf.n_points = 2;
	for (uint16_t i = 0; i < 2; i++)
		endpoint.points[i] = (struct config_point){
			.keep = true, .map = sensor(i), .resource = sensor(i)};
	now = SECOND;
	services.client_host = &host;
	services.forwarding = forwarding_create();
	services.wall.offset = INT64_C(1800000000) * SECOND;
	tree_fill(&endpoint.tree);
	client_init(&client, &endpoint, &server, 0);
	client.registration.state = REGISTRATION_REGISTERED;
	account_set(6, true);		/* it stores notifications */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	client_finish(&client);
	tree_finish(&endpoint.tree);
	heap_finish(&services.clients);
	forwarding_destroy(services.forwarding);
	return 0;
}

static struct observation *observe(uint16_t instance, uint16_t format)
{
	uint8_t token = (uint8_t)(TOLD_BY + instance);
	struct request_outcome outcome = {
		.kind = REQUEST_OBSERVE, .format = format,
		.path = sensor(instance)};

	assert_true(client_observe(&client, &outcome, &token, 1, now) > 0);
	return client_observation(&client, &token, 1);
}

/* By another token, without attributes. */
static void observe_again(uint16_t instance)
{
	const uint8_t token = 0x77;
	struct request_outcome outcome = {
		.kind = REQUEST_OBSERVE, .format = SENML_CBOR,
		.path = sensor(instance)};

	assert_true(client_observe(&client, &outcome, &token, 1, now) > 0);
}

/* As the tree has it then. */
static struct lwm2m_path measure(uint16_t instance, double value)
{
	struct lwm2m_path path = sensor(instance);
	struct lwm2m_value is = lwm2m_float(value);

	now += SECOND;
	assert_int_equal(tree_set(&endpoint.tree, &path, &is,
				  services_wall(&services, now)), 0);
	return path;
}

/* Held, as the next answer decides: nobody observes it. */
static void hold(uint16_t instance, double value)
{
	struct lwm2m_path path = measure(instance, value);

	forward_changed(&client, &path, false, now);
	assert_true(client.forward->waiting.n > 0);
}

static void assert_kept(const double *values, uint32_t n)
{
	struct queue_cursor at = {0};
	struct queued_record k;

	assert_int_equal(client.forward->kept.n, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_true(queue_next(&client.forward->kept, &at, &k));
		assert_true(lwm2m_number(&k.record.value) == values[i]);
	}
	assert_int_equal(client.forward->waiting.n, 0);
}

static void what_an_answer_has_kept_no_notification_tells(void **state)
{
	struct observation *o = observe(0, SENML_CBOR);

	(void)state;
	hold(1, 1);			/* the oldest is another's */
	hold(0, 2);
	o->held = true;
	client.forward->answer = ANSWER_LATE;
	forward_answered(&client, COAP_ANSWERED, now);
	assert_kept((double[]){1, 2}, 2);
	assert_false(o->held || o->pending);
}

static void what_no_answer_decided_over_is_held_no_more(void **state)
{
	struct observation *o = observe(0, SENML_CBOR);

	(void)state;
	hold(0, 1);
	o->held = true;
	forward_answered(&client, COAP_NO_ANSWER, now);
	assert_kept((double[]){1}, 1);
	assert_false(o->held);
}

/* One of them waits for its pmin when the other has it kept. */
static void what_is_kept_for_one_no_other_observation_tells(void **state)
{
	uint8_t token = TOLD_BY + 2;
	struct request_outcome again = {
		.kind = REQUEST_OBSERVE, .format = SENML_CBOR,
		.path = sensor(0)};
	struct observation *waits = observe(0, SENML_CBOR);

	(void)state;
	assert_true(client_observe(&client, &again, &token, 1, now) > 0);
	hold(0, 1);
	client_observation(&client, &token, 1)->held = true;
	waits->pmin = 60;
	waits->pending = waits->news = true;
	client.forward->answer = ANSWER_LATE;
	forward_answered(&client, COAP_ANSWERED, now);
	assert_kept((double[]){1}, 1);
	assert_false(waits->pending || waits->news);
}

/* The answer decides over it, whoever else would have it kept. */
static void what_waits_for_an_answer_is_not_kept_besides(void **state)
{
	struct observation *o = observe(0, SENML_CBOR);

	(void)state;
	hold(0, 1);
	hold(1, 2);
	endpoint.conf.n_points = 0;	/* no keep */
	client.observations = NULL;
	o->pending = o->news = true;
	client.forward->lost = o;
	forward_registered(&client, true, now);
	assert_int_equal(client.forward->kept.n, 0);
	assert_int_equal(client.forward->waiting.n, 2);
}

/* Nothing is sent there: the newest is to come all the same. */
static void a_muted_server_is_told_the_newest(void **state)
{
	struct observation *o = observe(0, TLV);

	(void)state;
	account_set(23, true);
	hold(0, 1);
	o->held = true;
	forward_answered(&client, COAP_NO_ANSWER, now);
	assert_kept((double[]){1}, 1);
	assert_true(o->held);
}

static void without_a_way_older_values_are_kept_before(void **state)
{
	struct observation *o = observe(1, SENML_CBOR);

	(void)state;
	hold(0, 1);
	measure(1, 2);
	o->pending = o->news = true;
	assert_true(forward_unsent(&client, o, now));
	assert_kept((double[]){1, 2}, 2);
}

static void an_ended_registration_keeps_older_values_before(void **state)
{
	struct lwm2m_path path;

	(void)state;
	hold(0, 1);
	client.registration.state = REGISTRATION_WAITING;
	path = measure(0, 2);
	forward_changed(&client, &path, false, now);
	assert_kept((double[]){1, 2}, 2);
}

/* Its Observe has overtaken the 2.01. */
static void what_is_kept_before_the_2_01_no_notification_tells(void **state)
{
	struct observation *o = observe(0, SENML_CBOR);
	struct lwm2m_path path = measure(0, 1);

	(void)state;
	client.registration.state = REGISTRATION_REGISTERING;
	o->pending = o->news = true;
	forward_changed(&client, &path, true, now);
	assert_kept((double[]){1}, 1);
	assert_false(o->pending || o->news);
}

/* ... not even one that is of more than the value. */
static void what_is_kept_before_the_2_01_none_of_more_tells(void **state)
{
	uint8_t token = TOLD_BY;
	struct request_outcome whole = {
		.kind = REQUEST_OBSERVE, .format = SENML_CBOR,
		.path = path_instance(3303, 0)};
	struct lwm2m_path path;
	struct observation *o;

	(void)state;
	assert_true(client_observe(&client, &whole, &token, 1, now) > 0);
	o = client_observation(&client, &token, 1);
	path = measure(0, 1);
	client.registration.state = REGISTRATION_REGISTERING;
	o->pending = o->news = true;
	forward_changed(&client, &path, true, now);
	assert_kept((double[]){1}, 1);
	assert_false(o->pending || o->news);
}

/* pmin lets it wait, and the registration comes first. */
static void what_waits_in_an_outage_is_kept_at_its_end(void **state)
{
	struct observation *o = observe(0, SENML_CBOR);
	struct lwm2m_path path;

	(void)state;
	endpoint.conf.n_points = 0;	/* no keep */
	client.registration.state = REGISTRATION_WAITING;
	client.observations = NULL;
	assert_true(forward_lost(&client, o, now));
	o->pmin = 60;
	observe_sent(o, now);
	path = measure(0, 1);
	forward_changed(&client, &path, false, now);
	assert_kept(NULL, 0);
	client.registration.state = REGISTRATION_REGISTERED;
	forward_registered(&client, true, now);
	assert_kept((double[]){1}, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- the log */

static char directory[32];

static int set_up_log(void **state)
{
	strcpy(directory, "/tmp/lwmux-forward-XXXXXX");
	if (!mkdtemp(directory) || set_up(state))
		return -1;
	forwarding_open(&services, directory);
	return services.forwarding->backlog ? 0 : -1;
}

static int tear_down_log(void **state)
{
	char command[64];

	forwarding_close(&services);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return tear_down(state) || system(command);
}

/* Certain ones, of an outage. */
static void keep(double value)
{
	struct lwm2m_path path;

	client.registration.state = REGISTRATION_WAITING;
	path = measure(0, value);
	forward_changed(&client, &path, false, now);
}

/* Core TS 6.4.6: only what that server may read. */
static void what_a_server_may_not_read_is_not_kept(void **state)
{
	(void)state;
	keep(1);
	closed = true;
	keep(2);
	closed = false;
	assert_kept((double[]){1}, 1);
}

/* It was due when something was under way, a newer one is not yet: behind what
 * its observation has still to tell it is kept as it was. */
static void what_was_due_is_kept_behind_history(void **state)
{
	struct observation *o = observe(0, SENML_CBOR);

	(void)state;
	o->pmin = 60;
	forward_keep(forward_get(&client), &(struct lwm2m_record){
		sensor(0), lwm2m_float(1), services_wall(&services, now)}, now);
	hold(0, 2);
	observe_hold(o, now);
	measure(0, 3);			/* pmin: not held */
	forward_answered(&client, COAP_ANSWERED, now);
	assert_kept((double[]){1, 2}, 2);
	assert_false(o->held);
}

/* As a new run of the program does. */
static void start_again(void)
{
	forwarding_close(&services);
	client_finish(&client);
	forwarding_destroy(services.forwarding);
	services.forwarding = forwarding_create();
	client_init(&client, &endpoint, &server, 0);
	forwarding_open(&services, directory);
	forward_attach(&client, now);
}

/* Until what was to be read is read. */
static void log_turn(void)
{
	struct backlog *backlog = services.forwarding->backlog;

	while (backlog_turn(backlog, now) <= now || backlog_is_reading(backlog))
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	uv_run(uv_default_loop(), UV_RUN_NOWAIT);
	backlog_turn(backlog, now);
}

static void what_is_in_the_log_outlives_a_stop(void **state)
{
	(void)state;
	keep(1);
	keep(2);
	start_again();
	assert_non_null(client.forward);
	assert_int_equal(client.forward->n, 2);
	assert_int_equal(services.forwarding->waiting, 2);
	/* Not in memory before somebody may have them. */
	assert_kept(NULL, 0);
	assert_int_equal(client.forward->place, PLACE_LOG);
	forward_load(&services);
	log_turn();
	assert_int_equal(client.forward->place, PLACE_PASSED);
	assert_kept(NULL, 0);
}

static void who_is_registered_again_gets_it_in_order(void **state)
{
	(void)state;
	keep(1);
	keep(2);
	start_again();
	client.registration.state = REGISTRATION_REGISTERED;
	forward_registered(&client, true, now);
	log_turn();
	assert_int_equal(client.forward->place, PLACE_MEMORY);
	assert_kept((double[]){1, 2}, 2);
	forward_done(client.forward, 2);
	assert_int_equal(services.forwarding->waiting, 0);
}

static void an_event_that_cannot_come_changes_nothing_and_counts(void **state)
{
	struct forward *f;

	(void)state;
	keep(1);
	f = client.forward;
	assert_int_equal(services.forwarding->counts.unexpected, 0);
	forward_answer_event(f, ANSWER_TIMEOUT);
	forward_delivery_event(f, DELIVERY_UNQUEUE);
	forward_place_event(f, PLACE_SKIPPED);
	assert_int_equal(services.forwarding->counts.unexpected, 3);
	assert_int_equal(f->answer, ANSWER_PROMPT);
	assert_int_equal(f->delivery, DELIVERY_NONE);
	assert_int_equal(f->place, PLACE_MEMORY);
}

static void times_of_this_run_follow_the_clock(void **state)
{
	int64_t at = services_wall(&services, now);
	const struct clock_step step = {at + 2 * SECOND, INT64_MAX,
					3600 * SECOND};
	struct queue_cursor cursor = {0};
	struct queued_record k;

	(void)state;
	keep(1);		/* a second on, which is before it was wrong */
	keep(2);
	forward_clock(&services, &step);
	assert_true(queue_next(&client.forward->kept, &cursor, &k));
	assert_true(k.record.time == at + SECOND);
	assert_true(queue_next(&client.forward->kept, &cursor, &k));
	assert_true(k.record.time == at + 3602 * SECOND);
}

static void what_has_no_log_and_no_server_is_counted_as_dropped(void **state)
{
	(void)state;
	keep(1);
	keep(2);
	assert_int_equal(services.forwarding->counts.kept, 2);
	forward_detach(&client);
	assert_int_equal(services.forwarding->counts.dropped, 2);
	assert_int_equal(services.forwarding->waiting, 0);
}

static void attribute(const char *query)
{
	struct lwm2m_path path = sensor(0);

	assert_int_equal(attributes_write(&client.attributes, &path, query,
					  strlen(query), 0), 0);
}

/* Core TS 1.2, 7.3.2: hqmax says how many entries are stored while the client
 * is offline; where there are as many, the oldest is dropped. */
static void of_hqmax_values_the_oldest_goes(void **state)
{
	struct lwm2m_path other;

	(void)state;
	attribute("hqmax=2");
	keep(1);
	other = measure(1, 10);		/* has none: all of it stays */
	forward_changed(&client, &other, false, now);
	keep(2);
	other = measure(1, 11);
	forward_changed(&client, &other, false, now);
	keep(3);
	keep(4);
	assert_kept((double[]){10, 11, 3, 4}, 4);
	assert_int_equal(services.forwarding->counts.dropped, 2);
	assert_int_equal(services.forwarding->waiting, 4);
	assert_int_equal(client.forward->n, 4);
}

/* "only the data ... with hqmax>0 will be included": of 0 none is stored. */
static void of_hqmax_0_nothing_is_kept(void **state)
{
	(void)state;
	keep(1);
	attribute("hqmax=0");
	keep(2);
	assert_kept(NULL, 0);
	assert_int_equal(services.forwarding->counts.dropped, 2);
	assert_int_equal(services.forwarding->waiting, 0);
}

/* In the query of an Observe it stands over what is attached; of two observations
 * of the same the larger one counts. */
static void hqmax_of_an_observation_counts(void **state)
{
	struct observation *o = observe(0, SENML_CBOR);
	const struct attributes one = {.set = ATTRIBUTE_HQMAX, .hqmax = 1};

	(void)state;
	attribute("hqmax=3");
	assert_int_equal(observe_attach(o, &one), 0);
	for (int i = 1; i <= 4; i++)
		keep(i);
	assert_kept((double[]){4}, 1);
	o->next = observe_create(&o->path, (const uint8_t *)"x", 1, SENML_CBOR);
	for (int i = 5; i <= 8; i++)
		keep(i);
	assert_kept((double[]){6, 7, 8}, 3);
}

/* What is out at the server stays until its answer. */
static void hqmax_leaves_what_is_under_way(void **state)
{
	(void)state;
	keep(1);
	keep(2);
	attribute("hqmax=1");
	client.forward->pinned = 1;
	keep(3);
	assert_kept((double[]){1, 3}, 2);
	client.forward->pinned = 0;
	keep(4);
	assert_kept((double[]){4}, 1);
}

static void hqmax_holds_in_the_log(void **state)
{
	(void)state;
	attribute("hqmax=2");
	for (int i = 1; i <= 5; i++)
		keep(i);
	start_again();
	assert_int_equal(client.forward->n, 2);
	client.registration.state = REGISTRATION_REGISTERED;
	forward_registered(&client, true, now);
	log_turn();
	assert_kept((double[]){4, 5}, 2);
}

/* As if the server took us again: what the log has is read. */
static void register_again(void)
{
	client.registration.state = REGISTRATION_REGISTERED;
	forward_registered(&client, true, now);
	log_turn();
}

/* What an earlier run has left, and what this one brings, count together; each is
 * told with its own time, in order, and those that went are counted. */
static void hqmax_counts_over_a_restart(void **state)
{
	struct lwm2m_path other;

	(void)state;
	attribute("hqmax=3");
	for (int i = 1; i <= 4; i++)
		keep(i);
	other = measure(1, 10);		/* has none */
	forward_changed(&client, &other, false, now);
	start_again();
	attribute("hqmax=3");
	assert_int_equal(client.forward->n, 4);
	keep(5);
	other = measure(1, 11);
	forward_changed(&client, &other, false, now);
	keep(6);
	register_again();
	assert_kept((double[]){4, 10, 5, 11, 6}, 5);
	assert_int_equal(client.forward->n, 5);
	assert_int_equal(services.forwarding->waiting, 5);
	assert_int_equal(services.forwarding->counts.dropped, 2);
	/* and they are gone from the log, too */
	start_again();
	assert_int_equal(client.forward->n, 5);
}

/* What comes when it is registered again takes nobody's place. */
static void hqmax_is_of_the_outage(void **state)
{
	struct lwm2m_path path;

	(void)state;
	attribute("hqmax=2");
	for (int i = 1; i <= 2; i++)
		keep(i);
	start_again();
	attribute("hqmax=2");
	keep(3);
	client.registration.state = REGISTRATION_REGISTERED;
	forward_registered(&client, true, now);
	assert_int_equal(services.forwarding->sweep, SWEEP_COUNTING);
	path = measure(0, 4);
	forward_keep(client.forward, &(struct lwm2m_record){
		.path = path, .value = lwm2m_float(4), .time = now}, now);
	log_turn();
	assert_kept((double[]){2, 3, 4}, 3);
}

/* It was away when the log was counted for another client, and comes back before
 * that one's values have been read. */
static void who_comes_back_meanwhile_is_counted_anew(void **state)
{
	(void)state;
	for (int i = 1; i <= 3; i++)
		keep(i);
	start_again();
	attribute("hqmax=2");
	client.registration.state = REGISTRATION_REGISTERED;
	forward_queue(client.forward);	/* own_from is of long ago */
	while (services.forwarding->sweep == SWEEP_COUNTING) {
		backlog_turn(services.forwarding->backlog, now);
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	}
	assert_int_equal(services.forwarding->sweep, SWEEP_UNDER_WAY);
	register_again();
	assert_kept((double[]){2, 3}, 2);
	assert_int_equal(services.forwarding->counts.dropped, 1);
}

#define LIMIT (64 * 1024)	/* bytes of the log */

/* Until the log loses some of what is the client's. */
static void others_fill(struct backlog *backlog, int values)
{
	struct backlog_stream *stream = backlog_stream(backlog, "other", 1,
						       NULL);

	for (int i = 0; i < values; i++) {
		struct queued_record k = {
			.record = {sensor(0), lwm2m_float(i), now},
			.sequence = stream->next_sequence};

		assert_int_not_equal(backlog_put(backlog, stream, &k, false),
				     0);
	}
}

/* What the log loses once it was counted is no reason to pass over what it has
 * still. */
static void what_the_log_loses_takes_no_more_with_it(void **state)
{
	struct backlog *backlog = services.forwarding->backlog;
	uint32_t left;

	(void)state;
	backlog_limit(backlog, LIMIT);
	for (int i = 1; i <= 1000; i++)
		keep(i);
	start_again();
	backlog = services.forwarding->backlog;
	backlog_limit(backlog, LIMIT);
	attribute("hqmax=400");
	client.registration.state = REGISTRATION_REGISTERED;
	forward_registered(&client, true, now);
	while (services.forwarding->sweep == SWEEP_COUNTING) {
		backlog_turn(backlog, now);
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	}
	assert_int_equal(services.forwarding->sweep, SWEEP_UNDER_WAY);
	others_fill(backlog, 1000);
	left = client.forward->n;
	assert_in_range(left, 1, 400);
	log_turn();
	assert_int_equal(client.forward->n, left);
	assert_int_equal(client.forward->kept.n, left);
	assert_int_equal(services.forwarding->counts.dropped, 1000 - left);
}

static void of_hqmax_0_a_restart_brings_nothing(void **state)
{
	(void)state;
	for (int i = 1; i <= 3; i++)
		keep(i);
	start_again();
	attribute("hqmax=0");
	register_again();
	assert_kept(NULL, 0);
	assert_int_equal(client.forward->n, 0);
	assert_int_equal(services.forwarding->waiting, 0);
	assert_int_equal(services.forwarding->counts.dropped, 3);
}

/* Memory has no room for them: those that only the log has are newer. */
static void hqmax_counts_what_is_only_in_the_log(void **state)
{
	struct queue_budget *budget = &services.forwarding->budget;
	uint64_t most = budget->most;

	(void)state;
	attribute("hqmax=3");
	keep(1);
	keep(2);
	keep(3);
	budget->most = 0;
	for (int i = 4; i <= 5; i++)
		keep(i);
	budget->most = most;
	register_again();
	assert_kept((double[]){3, 4, 5}, 3);
	assert_int_equal(client.forward->n, 3);
	assert_int_equal(services.forwarding->counts.dropped, 2);
}

/* Four values of an outage that only the log has, and the server observes again
 * before they have been read, now without an hqmax. */
static void outage_in_the_log(void)
{
	struct queue_budget *budget = &services.forwarding->budget;
	uint64_t most = budget->most;

	client_observations_end(&client, now);
	budget->most = 0;
	for (int i = 1; i <= 4; i++)
		keep(i);
	budget->most = most;
	client.registration.state = REGISTRATION_REGISTERED;
	forward_registered(&client, true, now);
	observe_again(0);
	log_turn();
	assert_null(client.forward->ended);
}

/* In the query of an Observe alone it holds for all of that outage. */
static void hqmax_of_a_lost_observation_holds_in_the_log(void **state)
{
	const struct attributes own = {.set = ATTRIBUTE_HQMAX, .hqmax = 2};

	(void)state;
	assert_int_equal(observe_attach(observe(0, SENML_CBOR), &own), 0);
	outage_in_the_log();
	assert_kept((double[]){3, 4}, 2);
}

/* ... unless another one that was lost with it wanted all. */
static void hqmax_of_one_of_two_lost_ones_drops_nothing(void **state)
{
	const struct attributes own = {.set = ATTRIBUTE_HQMAX, .hqmax = 2};

	(void)state;
	observe_again(0);
	assert_int_equal(observe_attach(observe(0, SENML_CBOR), &own), 0);
	outage_in_the_log();
	assert_kept((double[]){1, 2, 3, 4}, 4);
}

#define LOG_CASE(name) \
	cmocka_unit_test_setup_teardown(name, set_up_log, tear_down_log)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_an_answer_has_kept_no_notification_tells),
		CASE(what_no_answer_decided_over_is_held_no_more),
		CASE(what_is_kept_for_one_no_other_observation_tells),
		CASE(what_waits_for_an_answer_is_not_kept_besides),
		CASE(a_muted_server_is_told_the_newest),
		CASE(without_a_way_older_values_are_kept_before),
		CASE(an_ended_registration_keeps_older_values_before),
		CASE(what_is_kept_before_the_2_01_no_notification_tells),
		CASE(what_is_kept_before_the_2_01_none_of_more_tells),
		CASE(what_waits_in_an_outage_is_kept_at_its_end),
		CASE(what_has_no_log_and_no_server_is_counted_as_dropped),
		CASE(what_a_server_may_not_read_is_not_kept),
		CASE(what_was_due_is_kept_behind_history),
		CASE(of_hqmax_values_the_oldest_goes),
		CASE(of_hqmax_0_nothing_is_kept),
		CASE(hqmax_of_an_observation_counts),
		CASE(hqmax_leaves_what_is_under_way),
		LOG_CASE(hqmax_holds_in_the_log),
		LOG_CASE(hqmax_counts_over_a_restart),
		LOG_CASE(hqmax_is_of_the_outage),
		LOG_CASE(who_comes_back_meanwhile_is_counted_anew),
		LOG_CASE(what_the_log_loses_takes_no_more_with_it),
		LOG_CASE(of_hqmax_0_a_restart_brings_nothing),
		LOG_CASE(hqmax_counts_what_is_only_in_the_log),
		LOG_CASE(hqmax_of_a_lost_observation_holds_in_the_log),
		LOG_CASE(hqmax_of_one_of_two_lost_ones_drops_nothing),
		LOG_CASE(what_is_in_the_log_outlives_a_stop),
		LOG_CASE(who_is_registered_again_gets_it_in_order),
		LOG_CASE(an_event_that_cannot_come_changes_nothing_and_counts),
		LOG_CASE(times_of_this_run_follow_the_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

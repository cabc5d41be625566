/* SPDX-License-Identifier: GPL-2.0-or-later
 * Accounts that a bootstrap server gives: stored, in force, over; and the
 * request for them. Nobody answers at its address. */
#include "tests/agent/gateway/gateway_case.h"
#include "agent/config/model.h"
#include "agent/endpoint/client_bootstrap.h"

#define SITE "gateway: {name: g}\n" \
	"bootstrap: {uri: \"coap://127.0.0.1:9\", hold_off: 0s}\n" \
	"devices:\n" \
	"  - {endpoint: a, bus: sim, points: " \
	"[{name: t, value: 21, map: 3303/0}]}\n"
#define URI "coap://127.0.0.1:10"

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");

	return a && a->round_done && a->life.state == LIVENESS_ONLINE;
}

static int set_up(void **state)
{
	if (case_set_up(state))
		return -1;
	case_start(SITE);
	return case_turn_until(is_known) ? 0 : -1;
}

static void put(struct tree *tree, struct lwm2m_path path,
		struct lwm2m_value value)
{
	assert_int_equal(tree_set(tree, &path, &value, 0), 0);
}

/* A way to the server with this short id, without security. */
static void way_fill(struct tree *tree, uint16_t at, const char *uri,
		     uint16_t id)
{
	const struct object_model *model = agent_model();

	assert_non_null(tree_add(tree, model->object(model, ID_SECURITY), at));
	put(tree, path_resource(ID_SECURITY, at, ID_SECURITY_URI),
	    lwm2m_string(uri, (uint32_t)strlen(uri)));
	put(tree, path_resource(ID_SECURITY, at, ID_SECURITY_BOOTSTRAP),
	    lwm2m_boolean(false));
	put(tree, path_resource(ID_SECURITY, at, ID_SECURITY_MODE),
	    lwm2m_integer(ACCOUNT_NOSEC));
	put(tree, path_resource(ID_SECURITY, at, ID_SECURITY_SERVER),
	    lwm2m_integer(id));
}

static void server_fill(struct tree *tree, uint16_t at, uint16_t id,
			const char *binding)
{
	const struct object_model *model = agent_model();

	assert_non_null(tree_add(tree, model->object(model, ID_SERVER), at));
	put(tree, path_resource(ID_SERVER, at, ID_SERVER_ID),
	    lwm2m_integer(id));
	put(tree, path_resource(ID_SERVER, at, ID_SERVER_LIFETIME),
	    lwm2m_integer(600));
	put(tree, path_resource(ID_SERVER, at, ID_SERVER_BINDING),
	    lwm2m_string(binding, (uint32_t)strlen(binding)));
}

/* Of one server with this short id. */
static void account_fill(struct tree *tree, uint16_t id)
{
	tree_init(tree);
	way_fill(tree, 1, URI, id);
	server_fill(tree, 4, id, "U");
}

static void store(struct endpoint *e, uint16_t id)
{
	struct tree tree;

	account_fill(&tree, id);
	assert_null(account_check(&tree));
	assert_true(endpoint_accounts_store(e, &tree, monotonic_read()));
	account_tree_finish(&tree);
}

static void without_a_bootstrap_there_are_none(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct tree tree;

	(void)state;
	assert_non_null(e->bootstrap);
	assert_false(endpoint_accounts(e, &tree));
	assert_false(endpoint_accounts_clients(e, monotonic_read()));
	assert_int_equal(e->n_clients, 0);
}

static void what_is_stored_is_read_again(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct account list[2];
	struct tree tree;

	(void)state;
	store(e, 77);
	assert_true(e->bootstrap->when != 0);
	assert_true(endpoint_accounts(e, &tree));
	assert_int_equal(account_list(&tree, list, 2), 1);
	assert_int_equal(list[0].id, 77);
	assert_int_equal(list[0].security, 1);
	assert_int_equal(list[0].server, 4);
	account_tree_finish(&tree);
	endpoint_accounts_forget(e);
	assert_false(endpoint_accounts(e, &tree));
}

static void the_same_again_is_unchanged(void **state)
{
	struct endpoint *e = case_endpoint("a");

	(void)state;
	store(e, 77);
	assert_false(e->bootstrap->unchanged);
	store(e, 77);
	assert_true(e->bootstrap->unchanged);
	store(e, 78);
	assert_false(e->bootstrap->unchanged);
}

static void in_force_it_makes_the_clients(void **state)
{
	struct endpoint *e = case_endpoint("a");
	const struct server *server;
	struct credentials keys;
	struct lwm2m_path lifetime = path_resource(ID_SERVER, 4,
						   ID_SERVER_LIFETIME);
	char why[200];

	(void)state;
	store(e, 77);
	endpoint_accounts_apply(e, monotonic_read());
	assert_int_equal(e->n_clients, 1);
	assert_int_equal(e->clients[0].instance, 4);
	server = e->clients[0].server;
	assert_int_equal(server->conf->id, 77);
	assert_int_equal(server->conf->lifetime, 600);
	assert_int_equal(server->kind, SERVER_BOOTSTRAPPED);
	assert_int_equal(tree_find(&e->tree, &lifetime)->value.as.integer, 600);
	assert_int_equal(endpoint_accounts_credentials(e, server, &keys, why,
						       sizeof(why)), 0);
	assert_int_equal(keys.mode, SECURITY_NOSEC);
	/* another server: the first one's client goes */
	store(e, 78);
	endpoint_accounts_apply(e, monotonic_read());
	assert_int_equal(e->n_clients, 1);
	assert_int_equal(e->clients[0].server->conf->id, 78);
}

static uint32_t pmin_at(const struct client *c, struct lwm2m_path path)
{
	return attributes_effective(&c->attributes, &path).pmin;
}

static void write_pmin(struct client *c, struct lwm2m_path path)
{
	assert_int_equal(attributes_write(&c->attributes, &path, "pmin=5", 6,
					  0), 0);
}

/* By its short id, at whatever address and with whatever account. */
static void a_server_that_stays_keeps_its_attributes(void **state)
{
	struct lwm2m_path sensor = path_instance(3303, 0),
			  account = path_instance(ID_SERVER, 4);
	struct endpoint *e = case_endpoint("a");

	(void)state;
	store(e, 77);
	endpoint_accounts_apply(e, monotonic_read());
	write_pmin(&e->clients[0], sensor);
	write_pmin(&e->clients[0], account);
	endpoint_accounts_apply(e, monotonic_read());
	assert_int_equal(e->n_clients, 1);
	assert_int_equal(pmin_at(&e->clients[0], sensor), 5);
	assert_int_equal(pmin_at(&e->clients[0], account), 5);
	write_pmin(&e->clients[0], path_instance(ID_SERVER, 9));
	e->clients[0].instance = 9;	/* which its account was */
	endpoint_accounts_apply(e, monotonic_read());
	assert_int_equal(pmin_at(&e->clients[0], path_instance(ID_SERVER, 9)),
			 0);
	assert_int_equal(pmin_at(&e->clients[0], sensor), 5);
	store(e, 78);
	endpoint_accounts_apply(e, monotonic_read());
	assert_int_equal(pmin_at(&e->clients[0], sensor), 0);
}

/* One server by UDP, and by TCP when it wants to; another one beside it, which
 * is registered. */
static struct endpoint *two_servers(void)
{
	struct endpoint *e = case_endpoint("a");
	struct tree tree;

	tree_init(&tree);
	way_fill(&tree, 1, URI, 77);
	way_fill(&tree, 2, "coap+tcp://127.0.0.1:10", 77);
	server_fill(&tree, 4, 77, "UT");
	way_fill(&tree, 3, "coap://127.0.0.1:11", 78);
	server_fill(&tree, 5, 78, "U");
	assert_null(account_check(&tree));
	assert_true(endpoint_accounts_store(e, &tree, monotonic_read()));
	account_tree_finish(&tree);
	endpoint_accounts_apply(e, monotonic_read());
	assert_int_equal(e->n_clients, 2);
	assert_int_equal(e->clients[0].server->conf->id, 77);
	assert_false(e->clients[0].server->conf->tcp);
	e->clients[1].registration.state = REGISTRATION_REGISTERED;
	e->clients[1].server->n_registered++;
	return e;
}

static void prefer_tcp(struct endpoint *e, int64_t now)
{
	put(&e->tree, path_resource(ID_SERVER, 4, ID_SERVER_PREFERRED),
	    lwm2m_string("T", 1));
	client_bootstrap_prefer(e, now);
}

static void a_change_of_transport_leaves_the_others_alone(void **state)
{
	struct endpoint *e = two_servers();
	struct lwm2m_path sensor = path_instance(3303, 0);
	int64_t now = monotonic_read();

	(void)state;
	write_pmin(&e->clients[0], sensor);
	prefer_tcp(e, now);
	client_bootstrap_due(e->bootstrap, now + 5 * SECOND);
	assert_int_equal(e->n_clients, 2);
	assert_int_equal(e->clients[0].server->conf->id, 77);
	assert_true(e->clients[0].server->conf->tcp);
	assert_int_equal(pmin_at(&e->clients[0], sensor), 5);
	assert_int_equal(e->clients[1].server->conf->id, 78);
	assert_true(client_is_registered(&e->clients[1]));
}

static void a_bootstrap_that_fails_does_not_cost_a_change(void **state)
{
	struct endpoint *e = two_servers();
	struct client_bootstrap *b = e->bootstrap;
	struct tree copy;
	int64_t now = monotonic_read();

	(void)state;
	endpoint_accounts_copy(e, &copy);
	b->copy = &copy;		/* a session is open */
	prefer_tcp(e, now);
	client_bootstrap_due(b, now + 5 * SECOND);
	assert_false(e->clients[0].server->conf->tcp);
	assert_int_equal(b->due.place, 0);	/* nor is it looked at again */
	b->copy = NULL;
	account_tree_finish(&copy);
	client_bootstrap_due(b, now + 6 * SECOND);
	assert_true(e->clients[0].server->conf->tcp);
}

static void two_endpoints_share_a_server(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct account list[1];
	struct tree tree;

	(void)state;
	store(e, 77);
	endpoint_accounts_apply(e, monotonic_read());
	assert_true(endpoint_accounts(e, &tree));
	assert_int_equal(account_list(&tree, list, 1), 1);
	assert_ptr_equal(server_of_account(&gateway.services, &tree, list,
					   monotonic_read()),
			 e->clients[0].server);
	account_tree_finish(&tree);
}

static struct lwm2m_value opaque(const char *bytes)
{
	struct lwm2m_value value = lwm2m_string(bytes, strlen(bytes));

	value.type = LWM2M_OPAQUE;
	return value;
}

static bool suite_is_good(uint64_t number, char *why, size_t size)
{
	struct lwm2m_path path = path_resource(ID_SECURITY, 1,
					       ID_SECURITY_SUITES);
	struct tree tree;
	bool good;

	path.id[path.depth++] = 0;
	account_fill(&tree, 77);
	put(&tree, path_resource(ID_SECURITY, 1, ID_SECURITY_MODE),
	    lwm2m_integer(ACCOUNT_PSK));
	put(&tree, path_resource(ID_SECURITY, 1, ID_SECURITY_IDENTITY),
	    opaque("a"));
	put(&tree, path_resource(ID_SECURITY, 1, ID_SECURITY_SECRET),
	    opaque("0123456789abcdef"));
	put(&tree, path, lwm2m_unsigned(number));
	good = account_keys_check(&tree, why, size);
	account_tree_finish(&tree);
	return good;
}

/* 0/x/16 is of two bytes: 0x1c0a8 is not TLS_PSK_WITH_AES_128_CCM_8, 0xc0a8. */
static void a_suite_is_not_cut_to_another(void **state)
{
	char why[200];

	(void)state;
	assert_true(suite_is_good(0xc0a8, why, sizeof(why)));
	assert_false(suite_is_good(0x1c0a8, why, sizeof(why)));
	assert_true(*why);
}

static void a_fingerprint_is_of_what_accounts_are_for(void **state)
{
	struct endpoint *e = case_endpoint("a");
	uint64_t before = endpoint_accounts_fingerprint(e);

	(void)state;
	assert_int_equal(e->bootstrap->fingerprint, before);
	gateway.services.servers.bootstrap->conf->fingerprint++;
	assert_int_not_equal(endpoint_accounts_fingerprint(e), before);
	gateway.services.servers.bootstrap->conf->fingerprint--;
}

/* ---- the request */

static void who_has_none_asks_and_tries_again(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct client_bootstrap *b = e->bootstrap;
	int64_t now = monotonic_read();

	(void)state;
	client_bootstrap_start(e, now);
	while (b->machine.state == BOOTSTRAP_HOLDING)
		client_bootstrap_due(b, now += SECOND);
	assert_int_equal(b->machine.state, BOOTSTRAP_ASKING);
	assert_int_equal(b->asking, ASKING_SENT);
	client_bootstrap_handlers.ended(b, COAP_NO_ANSWER, NULL, 0, NULL, now);
	assert_int_equal(b->machine.state, BOOTSTRAP_WAITING);
	assert_int_equal(b->asking, ASKING_NOTHING);
	assert_int_equal(b->last_code, CLIENT_NO_ANSWER);
	assert_true(b->machine.next > now);
	/* its end is told once: another is nobody's */
	client_bootstrap_handlers.ended(b, COAP_NO_ANSWER, NULL, 0, NULL, now);
	assert_int_equal(b->machine.attempt, 1);
	now = b->machine.next;
	client_bootstrap_due(b, now);
	assert_int_equal(b->machine.state, BOOTSTRAP_ASKING);
	client_bootstrap_stop(e, now);
	assert_int_equal(b->asking, ASKING_NOTHING);
	assert_null(b->connection);
}

static void a_refusal_is_said_in_words(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct client_bootstrap *b = e->bootstrap;
	const struct coap_answer answer = {.code = CODE(4, 0)};
	int64_t now = monotonic_read();

	(void)state;
	client_bootstrap_start(e, now);
	while (b->machine.state == BOOTSTRAP_HOLDING)
		client_bootstrap_due(b, now += SECOND);
	client_bootstrap_handlers.ended(b, COAP_ANSWERED, NULL, 0, &answer,
					now);
	assert_int_equal(b->last_code, CODE(4, 0));
	assert_non_null(strstr(b->why, "does not know this name"));
}

static void a_trigger_asks_who_has_accounts(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct client_bootstrap *b = e->bootstrap;
	int64_t now = monotonic_read();

	(void)state;
	assert_false(client_bootstrap_trigger(e, "too early", now));
	store(e, 77);
	endpoint_accounts_apply(e, now);
	client_bootstrap_start(e, now);
	assert_int_equal(b->machine.state, BOOTSTRAP_IDLE);
	assert_true(client_bootstrap_trigger(e, "a test", now));
	assert_int_equal(b->machine.state, BOOTSTRAP_ASKING);
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, set_up, case_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(without_a_bootstrap_there_are_none),
		CASE(what_is_stored_is_read_again),
		CASE(the_same_again_is_unchanged),
		CASE(in_force_it_makes_the_clients),
		CASE(a_server_that_stays_keeps_its_attributes),
		CASE(a_change_of_transport_leaves_the_others_alone),
		CASE(a_bootstrap_that_fails_does_not_cost_a_change),
		CASE(two_endpoints_share_a_server),
		CASE(a_suite_is_not_cut_to_another),
		CASE(a_fingerprint_is_of_what_accounts_are_for),
		CASE(who_has_none_asks_and_tries_again),
		CASE(a_refusal_is_said_in_words),
		CASE(a_trigger_asks_who_has_accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

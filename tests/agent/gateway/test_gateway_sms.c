/* SPDX-License-Identifier: GPL-2.0-or-later
 * SMS in a gateway, with no modem: whom they wake (an Execute of /1/x/8, the
 * Registration Update Trigger of Core TS E.2), what is dropped and counted, and
 * what is said of the modem's number. */
#include "tests/agent/gateway/gateway_case.h"
#include "agent/base/mailbox.h"
#include "agent/base/text.h"
#include "agent/gateway/gateway_module.h"
#include "agent/gateway/gateway_sms.h"

#define SITE(unsafe) "gateway: {name: g}\n" \
	"sms: {per_hour: 2" unsafe "}\n" \
	"servers:\n" \
	"  - {id: 1, uri: \"coap://127.0.0.1:9\", " \
	"sms_number: \"+491701234567\"}\n" \
	"  - {id: 2, uri: \"coap://127.0.0.1:10\"}\n" \
	"devices:\n" \
	"  - {endpoint: a, bus: sim, sms: true, points: [" \
	"{name: t, value: 1, map: 3303/0}]}\n" \
	"  - {endpoint: b, bus: sim, sms: true, points: [" \
	"{name: t, value: 1, map: 3303/0}]}\n"
#define SERVER "+491701234567"
/* NON POST /1/0/8 and its like: RFC 7252 3, code 0.02, Uri-Path thrice */
#define TRIGGER "\x50\x02\x00\x01\xb1" "1" "\x01" "0" "\x01" "8"
#define READ "\x50\x01\x00\x01\xb1" "3" "\x01" "0" "\x01" "0" "\x44" "ep=a"

static struct gateway_sms *sms;

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");
	const struct endpoint *b = gateway_endpoint(&gateway, "b");

	return a && a->round_done && b && b->round_done;
}

static struct client *client(const char *endpoint)
{
	return &case_endpoint(endpoint)->clients[0];
}

static int set_up_site(void **state, const char *site)
{
	static char adapters[128];
	char sim[sizeof(case_adapters) + 8], link[140];

	if (case_set_up(state))
		return -1;
	/* Where no module stands beside them: there is no modem to ask. */
	snprintf(adapters, sizeof(adapters), "%s/adapters", case_directory);
	snprintf(link, sizeof(link), "%s/sim.so", adapters);
	snprintf(sim, sizeof(sim), "%s/sim.so", case_adapters);
	if (mkdir(adapters, 0700) || symlink(sim, link))
		return -1;
	gateway.services.dirs.adapters = adapters;
	gateway.services.dry = false;	/* a dry run takes no SMS */
	case_start(site);
	gateway.services.dry = true;
	sms = gateway.sms;
	if (!sms || !case_turn_until(is_known))
		return -1;
	client("a")->registration.state = REGISTRATION_REGISTERED;
	client("b")->registration.state = REGISTRATION_REGISTERED;
	return 0;
}

static int set_up(void **state)
{
	return set_up_site(state, SITE(""));
}

static int set_up_unsafe(void **state)
{
	return set_up_site(state, SITE(", unsafe: true"));
}

static int tear_down(void **state)
{
	for (const char *name = "a"; name; name = *name == 'a' ? "b" : NULL) {
		client(name)->registration.state = REGISTRATION_OFF;
		client(name)->wanted = REGISTRATION_NOTHING;
	}
	return case_tear_down(state);
}

static void receive(const char *number, const char *bytes, size_t n)
{
	gateway_sms_received(sms, &(struct module_message){
		.text = (char *)(uintptr_t)number,
		.bytes = (uint8_t *)(uintptr_t)bytes, .n = n},
		monotonic_read());
}

#define RECEIVE(number, bytes) receive(number, bytes, sizeof(bytes) - 1)

static uint64_t count(enum sms_outcome outcome)
{
	return gateway_sms_look(sms).state->count[outcome];
}

/* Does it send an Update? */
static bool wakes(const char *endpoint)
{
	return client(endpoint)->registration.state == REGISTRATION_UPDATING;
}

/* ---- */

static void a_trigger_wakes_all_of_its_server(void **state)
{
	(void)state;
	RECEIVE(SERVER, TRIGGER);
	assert_int_equal(count(SMS_UPDATE), 1);
	assert_true(wakes("a"));
	assert_true(wakes("b"));
}

/* The module was opened anew since: in the modem the SMS is deleted. */
static void what_a_former_module_told_counts(void **state)
{
	struct module_message m = {
		.link = 99, .event = MODULE_SMS, .text = text_copy(SERVER),
		.bytes = malloc(sizeof(TRIGGER)), .n = sizeof(TRIGGER) - 1};

	(void)state;
	assert_non_null(m.bytes);
	memcpy(m.bytes, TRIGGER, sizeof(TRIGGER));
	assert_true(mailbox_put(gateway.module_mail, &m));
	gateway_modules_turn(&gateway, monotonic_read());
	assert_int_equal(count(SMS_UPDATE), 1);
	assert_true(wakes("a"));
	m = (struct module_message){.link = 99, .event = MODULE_DOWN,
				    .text = text_copy("gone"),
				    .bytes = (uint8_t *)text_copy("")};
	assert_true(mailbox_put(gateway.module_mail, &m));
	gateway_modules_turn(&gateway, monotonic_read());
	assert_null(strstr(gateway_sms_look(sms).module->what, "gone"));
}

static void a_trigger_by_name_wakes_that_one(void **state)
{
	(void)state;
	RECEIVE(SERVER, TRIGGER "\x44" "ep=b");
	assert_false(wakes("a"));
	assert_true(wakes("b"));
}

static void one_that_waits_for_its_next_try_tries_now(void **state)
{
	struct registration *r = &client("a")->registration;

	(void)state;
	r->state = REGISTRATION_WAITING;
	r->next = monotonic_read() + 3600 * SECOND;
	client("b")->registration.state = REGISTRATION_OFF;
	RECEIVE(SERVER, TRIGGER);
	assert_int_equal(r->state, REGISTRATION_REGISTERING);
	/* Who has no account there to be woken is not. */
	assert_int_equal(client("b")->registration.state, REGISTRATION_OFF);
}

static void what_is_no_trigger_of_a_server_does_nothing(void **state)
{
	(void)state;
	RECEIVE("+4930123456", TRIGGER);
	RECEIVE(SERVER, "hello");
	RECEIVE(SERVER, READ);		/* but for unsafe: */
	RECEIVE(SERVER, TRIGGER "\x44" "ep=c");
	assert_int_equal(count(SMS_FOREIGN), 1);
	assert_int_equal(count(SMS_MALFORMED), 1);
	assert_int_equal(count(SMS_UNSUPPORTED), 1);
	assert_int_equal(count(SMS_NOBODY), 1);
	assert_int_equal(count(SMS_UPDATE), 0);
	assert_false(wakes("a") || wakes("b"));
}

static void no_more_than_per_hour_are_heard(void **state)
{
	(void)state;
	RECEIVE(SERVER, TRIGGER "\x44" "ep=a");
	RECEIVE(SERVER, TRIGGER "\x44" "ep=a");
	RECEIVE(SERVER, TRIGGER "\x44" "ep=b");
	assert_int_equal(count(SMS_UPDATE), 2);
	assert_int_equal(count(SMS_LIMITED), 1);
	assert_false(wakes("b"));
}

/* There is no modem to send the answer: that is counted. */
static void a_request_is_served_where_the_site_says_unsafe(void **state)
{
	struct gateway_sms_view view;

	(void)state;
	RECEIVE(SERVER, READ);
	view = gateway_sms_look(sms);
	assert_int_equal(count(SMS_REQUEST), 1);
	assert_int_equal(view.sent, 0);
	assert_int_equal(view.unsent, 1);
	assert_false(wakes("a"));
}

static void the_modems_number_is_told_with_the_next_update(void **state)
{
	(void)state;
	assert_null(gateway_sms_look(sms).number);
	gateway_sms_number(sms, "+49151000", monotonic_read());
	assert_string_equal(gateway_sms_look(sms).number, "+49151000");
	assert_string_equal(gateway.services.sms.number, "+49151000");
	assert_true(wakes("a"));
	gateway_sms_number(sms, "", monotonic_read());
	assert_null(gateway_sms_look(sms).number);
}

static void without_the_key_there_is_no_sms(void **state)
{
	(void)state;
	assert_true(gateway.services.sms.on);
	assert_true(gateway_sms_apply(sms, NULL));
	assert_false(gateway.services.sms.on);
	assert_null(gateway_sms_look(sms).conf);
	assert_false(gateway_sms_apply(sms, NULL));	/* it is as it was */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_trigger_wakes_all_of_its_server),
		CASE(what_a_former_module_told_counts),
		CASE(a_trigger_by_name_wakes_that_one),
		CASE(one_that_waits_for_its_next_try_tries_now),
		CASE(what_is_no_trigger_of_a_server_does_nothing),
		CASE(no_more_than_per_hour_are_heard),
		cmocka_unit_test_setup_teardown(
			a_request_is_served_where_the_site_says_unsafe,
			set_up_unsafe, tear_down),
		CASE(the_modems_number_is_told_with_the_next_update),
		CASE(without_the_key_there_is_no_sms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

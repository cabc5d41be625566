/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is asked at the control socket, and answered, without the socket: the
 * peer here keeps what it is told. */
#include "tests/agent/gateway/gateway_case.h"
#include <json-c/json.h>
#include "agent/control/dispatch.h"
#include "agent/control/events.h"
#include "agent/control/metric.h"
#include "agent/control/metrics.h"
#include "agent/control/overview.h"
#include "agent/control/status.h"
#include "agent/control/trace.h"
#include "agent/control/search.h"
#include "tests/agent/control/fake_peer.h"

#define MAIN "gateway: {name: g}\n" \
	"servers: [{id: 1, uri: \"coap://127.0.0.1:9\"}]\n"
#define SITE MAIN "devices:\n" \
	"  - {endpoint: a, bus: sim, points: [" \
	"{name: t, value: 21.5, map: 3303/0, unit: Cel}, " \
	"{name: lamp, value: 0, map: 3311/0, writable: true}]}\n" \
	"  - {endpoint: deaf, bus: sim, quiet_every: 1h, quiet_for: 1h, " \
	"points: [{name: t, value: 1, map: 3303/0}]}\n"

static struct control_peer peer;

static void heard(struct control_peer *to, const char *line)
{
	assert_false(to->ended);
	assert_true(strlen(to->lines) + strlen(line) < sizeof(to->lines));
	assert_int_equal(line[strlen(line) - 1], '\n');
	strcat(to->lines, line);
}

static void ask_anew(bool root, const char *text)
{
	memset(&peer, 0, sizeof(peer));
	peer.root = root;
	control_dispatch(&gateway, &peer, text);
}

static bool is_answered(void)
{
	return peer.ended;
}

/* Its first line; the caller puts it. */
static struct json_object *answer_to(bool root, const char *text)
{
	struct json_object *json;

	ask_anew(root, text);
	assert_true(case_turn_until(is_answered));
	json = json_tokener_parse(peer.lines);
	assert_non_null(json);
	return json;
}

static void refused(bool root, const char *text, const char *words)
{
	struct json_object *json = answer_to(root, text), *error;

	assert_true(json_object_object_get_ex(json, "error", &error));
	if (!strstr(json_object_get_string(error), words))
		fail_msg("%s: %s", text, json_object_get_string(error));
	json_object_put(json);
}

/* A text, of a path of members with dots between; "": not there. */
static const char *member(struct json_object *json, const char *path)
{
	char name[64];
	size_t n;

	for (; json && *path; path += n + (path[n] == '.')) {
		n = strcspn(path, ".");
		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		if (!json_object_object_get_ex(json, name, &json))
			return "";
	}
	return json ? json_object_get_string(json) : "";
}

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");
	const struct endpoint *deaf = gateway_endpoint(&gateway, "deaf");

	return a && a->round_done && a->life.state == LIVENESS_ONLINE &&
	       deaf && deaf->round_done;
}

static const struct gateway_host host = {.found = search_message,
					 .traced = trace_message};

static int set_up(void **state)
{
	if (case_set_up(state))
		return -1;
	gateway.host = &host;
	case_start(SITE);
	return case_turn_until(is_known) ? 0 : -1;
}

static void what_is_no_request_says_why(void **state)
{
	(void)state;
	refused(true, "status", "one line of JSON");
	refused(true, "[1]", "one line of JSON");
	refused(true, "{}", "says what to do");
	refused(true, "{\"do\": \"dance\"}", "no such request: dance");
	refused(true, "{\"do\": \"adopt\"}", "no such request");
	refused(true, "{\"do\": \"read\"}", "with 'endpoint'");
	refused(true, "{\"do\": \"send\", \"endpoint\": \"a\"}", "with 'path'");
	refused(true, "{\"do\": \"write\", \"endpoint\": \"a\", "
		"\"path\": \"3311/0/5850\"}", "with 'value'");
	refused(true, "{\"do\": \"probe\"}", "with 'bus'");
}

static void who_may_not_write_is_refused(void **state)
{
	(void)state;
	refused(false, "{\"do\": \"write\", \"endpoint\": \"a\", "
		"\"path\": \"3311/0/5850\", \"value\": \"1\"}", "for root");
	refused(false, "{\"do\": \"bootstrap\", \"endpoint\": \"a\"}",
		"for root");
	refused(false, "{\"do\": \"accept\", \"endpoint\": \"a\"}",
		"for root");
}

static void who_is_not_there_is_said(void **state)
{
	(void)state;
	refused(true, "{\"do\": \"status\", \"endpoint\": \"z\"}",
		"no such endpoint: z");
	refused(true, "{\"do\": \"read\", \"endpoint\": \"z\"}",
		"no such endpoint: z");
	refused(true, "{\"do\": \"bootstrap\", \"endpoint\": \"z\"}",
		"no such endpoint: z");
	refused(true, "{\"do\": \"bootstrap\", \"endpoint\": \"a\"}",
		"no bootstrap server");
	refused(true, "{\"do\": \"accept\", \"endpoint\": \"z\"}",
		"no such endpoint: z");
	refused(true, "{\"do\": \"accept\", \"endpoint\": \"a\"}",
		"a refuses nothing as old");
	refused(true, "{\"do\": \"send\", \"endpoint\": \"a\", "
		"\"path\": \"3303/7\"}", "no value at 3303/7");
	refused(true, "{\"do\": \"send\", \"endpoint\": \"a\", "
		"\"path\": \"x\"}", "not a path");
	refused(true, "{\"do\": \"trace\", \"bus\": \"z\"}", "no bus 'z'");
	refused(true, "{\"do\": \"trace\", \"bus\": \"sim\", "
		"\"for\": \"soon\"}", "no time");
}

static void a_value_is_read_with_and_without_a_path(void **state)
{
	struct json_object *json;

	(void)state;
	json = answer_to(false, "{\"do\": \"read\", \"endpoint\": \"a\", "
			 "\"path\": \"/3303/0/5700\"}");
	assert_non_null(strstr(peer.lines, "21.5"));
	assert_null(strstr(peer.lines, "3311"));
	json_object_put(json);
	json = answer_to(false, "{\"do\": \"read\", \"endpoint\": \"a\"}");
	assert_non_null(strstr(peer.lines, "/3303/0/5700"));
	assert_non_null(strstr(peer.lines, "/3311/0/5850"));
	json_object_put(json);
}

/* By the road of a server's: at the device, and read back. */
static void a_write_reaches_the_device(void **state)
{
	struct json_object *json = answer_to(true,
		"{\"do\": \"write\", \"endpoint\": \"a\", "
		"\"path\": \"/3311/0/5850\", \"value\": \"1\"}");
	struct lwm2m_path lamp = path_resource(3311, 0, 5850);
	const struct tree_slot *slot;

	(void)state;
	assert_string_equal(member(json, "written"), "true");
	json_object_put(json);
	slot = tree_find(&case_endpoint("a")->tree, &lamp);
	assert_non_null(slot);
	assert_true(slot->value.as.boolean);
	assert_int_equal(slot->quality, TREE_GOOD);
	assert_null(case_endpoint("a")->transactions);
}

static void what_cannot_be_written_has_its_code(void **state)
{
	(void)state;
	refused(true, "{\"do\": \"write\", \"endpoint\": \"a\", "
		"\"path\": \"/3303/0/5700\", \"value\": \"1\"}", "4.05");
	refused(true, "{\"do\": \"write\", \"endpoint\": \"a\", "
		"\"path\": \"/9/9/9\", \"value\": \"1\"}", "4.04");
	refused(true, "{\"do\": \"write\", \"endpoint\": \"a\", "
		"\"path\": \"/3311/0/5850\", \"value\": \"much\"}", "");
	assert_null(case_endpoint("a")->transactions);
}

static void the_status_tells_the_silent_from_the_well(void **state)
{
	struct json_object *json = answer_to(false, "{\"do\": \"status\"}");
	struct json_object *one, *reasons;

	(void)state;
	assert_non_null(strstr(peer.lines, "\"deaf\""));
	json_object_put(json);
	json = answer_to(false, "{\"do\": \"status\", \"endpoint\": \"a\"}");
	assert_non_null(strstr(peer.lines, "online"));
	json_object_put(json);
	one = overview_row(case_endpoint("deaf"), monotonic_read());
	assert_string_equal(member(one, "endpoint"), "deaf");
	assert_null(strstr(json_object_get_string(one), "\"online\""));
	json_object_put(one);
	reasons = overview_reasons(&gateway, monotonic_read());
	assert_true(json_object_is_type(reasons, json_type_array));
	json_object_put(reasons);
	one = overview_servers(&gateway, monotonic_read());
	assert_int_equal(json_object_array_length(one), 1);
	assert_null(strstr(json_object_get_string(one), "next_try_time"));
	json_object_put(one);
}

static void servers_tell_the_next_try(void **state)
{
	struct registration *r =
		&case_endpoint("a")->clients[0].registration, was = *r;
	int64_t now = monotonic_read();
	struct json_object *servers;
	char expected[64];

	(void)state;
	r->state = REGISTRATION_WAITING;
	r->next = now + 60 * INT64_C(1000000000);
	servers = overview_servers(&gateway, now);
	snprintf(expected, sizeof(expected), "\"next_try_time\": %lld",
		 (long long)((services_wall(&gateway.services, now) +
			      INT64_C(60500000000)) / INT64_C(1000000000)));
	assert_non_null(strstr(json_object_get_string(servers), expected));
	json_object_put(servers);
	*r = was;
}

static void metrics_count_both(void **state)
{
	char *text;

	(void)state;
	gateway.page.endpoint_metrics = true;
	text = metrics_print(&gateway, monotonic_read());
	assert_non_null(strstr(text, "\nlwmux_endpoints{state=\"online\"} 1\n"));
	assert_non_null(strstr(text, "\nlwmux_bus_up{bus=\"sim\","));
	assert_non_null(strstr(text, "endpoint=\"a\""));
	assert_non_null(strstr(text, "endpoint=\"deaf\""));
	assert_null(strstr(text, "\n\n"));
	free(text);
}

static void a_check_changes_nothing(void **state)
{
	struct json_object *json;

	(void)state;
	case_file("lwmux.yaml", MAIN "devices: [\n");
	json = answer_to(false, "{\"do\": \"check\"}");
	assert_string_equal(member(json, "good"), "false");
	json_object_put(json);
	assert_non_null(strstr(peer.lines, "lwmux.yaml:"));
	case_file("lwmux.yaml", MAIN "devices: []\n");
	json = answer_to(false, "{\"do\": \"check\"}");
	assert_string_equal(member(json, "good"), "true");
	json_object_put(json);
	assert_false(case_endpoint("a")->leaving);
}

static void the_health_is_what_the_worst_part_is(void **state)
{
	int64_t now = monotonic_read();
	struct json_object *json = status_of(&gateway, "a", now);

	(void)state;
	/* It answers, and no server knows it. */
	assert_string_equal(member(json, "health"), "degraded");
	json_object_put(json);
	case_endpoint("a")->clients[0].registration.state =
		REGISTRATION_REGISTERED;
	json = status_of(&gateway, "a", now);
	assert_string_equal(member(json, "health"), "healthy");
	json_object_put(json);
	case_endpoint("a")->clients[0].registration.state = REGISTRATION_OFF;
	case_endpoint("a")->life.state = LIVENESS_SILENT;
	json = status_of(&gateway, "a", now);
	assert_string_equal(member(json, "health"), "down");
	json_object_put(json);
	json = status_of(&gateway, "z", now);
	assert_non_null(strstr(member(json, "error"), "no such endpoint: z"));
	json_object_put(json);
}

static void a_read_tells_what_a_server_would_read(void **state)
{
	struct json_object *json, *list;

	(void)state;
	json = status_read(&gateway, "a", "/3303/0", monotonic_read());
	assert_true(json_object_object_get_ex(json, "resources", &list));
	for (size_t i = 0; i < json_object_array_length(list); i++)
		assert_memory_equal(member(json_object_array_get_idx(list, i),
					   "path"), "/3303/0/", 8);
	json_object_put(json);
	json = status_read(&gateway, "a", "/3303/9", monotonic_read());
	assert_string_equal(member(json, "error"),
			    "the endpoint has nothing at this path");
	json_object_put(json);
	json = status_read(&gateway, "a", "/3303/x", monotonic_read());
	assert_non_null(strstr(member(json, "error"), "not a path"));
	json_object_put(json);
}

/* What Prometheus' text format asks of a label's value. */
static void labels_are_escaped(void **state)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	metric_label(to, "name", "a\"b\\c\nd");
	fclose(to);
	assert_string_equal(text, "name=\"a\\\"b\\\\c\\nd\"");
	free(text);
}

static void endpoints_have_their_own_numbers(void **state)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	case_endpoint("a")->rssi = -70;
	metrics_endpoints_print(to, &gateway, monotonic_read());
	fclose(to);
	assert_non_null(strstr(text,
		"lwmux_endpoint_up{endpoint=\"a\",bus=\"sim\"} 1\n"));
	assert_non_null(strstr(text,
		"lwmux_endpoint_registered{endpoint=\"a\",server=\"1\"} 0\n"));
	assert_non_null(strstr(text,
		"lwmux_endpoint_signal_dbm{endpoint=\"a\"} -70\n"));
	/* Never heard by radio: no sample, not a zero. */
	assert_null(strstr(text, "signal_dbm{endpoint=\"deaf\"}"));
	free(text);
}

/* People say true and on, with or without a slash before the path. */
static void a_write_takes_what_people_say(void **state)
{
	struct lwm2m_path lamp = path_resource(3311, 0, 5850);
	struct json_object *request = json_tokener_parse("{\"endpoint\": "
		"\"a\", \"path\": \"//3311/0/5850\", \"value\": \"on\"}");

	(void)state;
	memset(&peer, 0, sizeof(peer));
	command_write(&gateway, &peer, request, monotonic_read());
	assert_non_null(peer.ops);		/* the bus has it */
	assert_true(case_turn_until(is_answered));
	assert_non_null(strstr(peer.lines, "\"written\""));
	assert_true(tree_find(&case_endpoint("a")->tree, &lamp)->
		    value.as.boolean);
	json_object_put(request);
}

static bool are_written(void)
{
	return !case_endpoint("a")->transactions;
}

static void who_hangs_up_has_written_all_the_same(void **state)
{
	struct lwm2m_path lamp = path_resource(3311, 0, 5850);
	struct json_object *request = json_tokener_parse("{\"endpoint\": "
		"\"a\", \"path\": \"3311/0/5850\", \"value\": \"true\"}");

	(void)state;
	memset(&peer, 0, sizeof(peer));
	command_write(&gateway, &peer, request, monotonic_read());
	json_object_put(request);
	peer.ops->hung_up(peer.owner);
	peer.ended = true;			/* nothing may be said now */
	assert_true(case_turn_until(are_written));
	assert_string_equal(peer.lines, "");
	assert_true(tree_find(&case_endpoint("a")->tree, &lamp)->
		    value.as.boolean);
}

static bool is_traced_no_more(void)
{
	return !gateway.buses->trace;
}

/* It goes on until who has asked hangs up. */
static void a_trace_ends_with_its_peer(void **state)
{
	(void)state;
	static struct control_peer first;

	control_dispatch(&gateway, &first,
			 "{\"do\": \"trace\", \"bus\": \"sim\"}");
	assert_non_null(first.ops);
	refused(false, "{\"do\": \"trace\", \"bus\": \"sim\"}", "under way");
	first.ops->hung_up(first.owner);
	assert_true(case_turn_until(is_traced_no_more));
}

static void events_are_what_was_noted(void **state)
{
	struct json_object *json, *events;
	uint64_t after = 0, before;

	(void)state;
	events_start();
	log_line(LOG_NOTE, "a", NULL, "one thing");
	log_line(LOG_NOTE, "deaf", NULL, "another thing");
	log_line(LOG_DETAIL, "a", NULL, "no news");
	json = answer_to(false, "{\"do\": \"events\", \"endpoint\": \"a\"}");
	assert_true(json_object_object_get_ex(json, "events", &events));
	assert_non_null(strstr(peer.lines, "one thing"));
	assert_null(strstr(peer.lines, "another thing"));
	assert_null(strstr(peer.lines, "no news"));
	json_object_put(json);
	json_object_put(events_json(&after, NULL));
	before = after;
	assert_false(events_new(before));
	log_line(LOG_NOTE, "a", NULL, "a third thing");
	assert_true(events_new(before));
	json = events_json(&after, NULL);
	assert_int_equal(json_object_array_length(json), 1);
	assert_true(after > before);
	json_object_put(json);
	events_stop();
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, set_up, case_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_no_request_says_why),
		CASE(who_may_not_write_is_refused),
		CASE(who_is_not_there_is_said),
		CASE(a_value_is_read_with_and_without_a_path),
		CASE(a_write_reaches_the_device),
		CASE(what_cannot_be_written_has_its_code),
		CASE(the_status_tells_the_silent_from_the_well),
		CASE(servers_tell_the_next_try),
		CASE(metrics_count_both),
		CASE(a_check_changes_nothing),
		CASE(the_health_is_what_the_worst_part_is),
		CASE(a_read_tells_what_a_server_would_read),
		CASE(labels_are_escaped),
		CASE(endpoints_have_their_own_numbers),
		CASE(a_write_takes_what_people_say),
		CASE(who_hangs_up_has_written_all_the_same),
		CASE(a_trace_ends_with_its_peer),
		CASE(events_are_what_was_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

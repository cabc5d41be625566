/* SPDX-License-Identifier: GPL-2.0-or-later
 * The control socket itself: who may come, what is cut off; and what scans have
 * found, which the answers show. */
#include "tests/agent/gateway/gateway_case.h"
#include <errno.h>
#include <json-c/json.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>
#include "agent/control/add.h"
#include "agent/control/control.h"
#include "agent/control/found.h"

#define SITE "gateway: {name: g}\n" \
	"servers: [{id: 1, uri: \"coap://127.0.0.1:9\"}]\n" \
	"devices:\n" \
	"  - {endpoint: a, bus: sim, points: " \
	"[{name: t, value: 21, map: 3303/0}]}\n"

static int set_up(void **state)
{
	if (case_set_up(state))
		return -1;
	case_start(SITE);
	return control_open(&gateway, case_directory);
}

static int tear_down(void **state)
{
	int rc = case_tear_down(state);

	control_close();
	while (uv_run(uv_default_loop(), UV_RUN_NOWAIT))
		;
	return rc;
}

static int dial(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/control",
		 case_directory);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* What comes until it is closed, as text; the loop runs meanwhile. */
static void answer_read(int fd, char *to, size_t size)
{
	int64_t end = monotonic_read() + 60 * SECOND;
	size_t used = 0;
	ssize_t n;

	for (;;) {
		uv_run(uv_default_loop(), UV_RUN_NOWAIT);
		n = recv(fd, to + used, size - 1 - used, 0);
		if (n > 0)
			used += (size_t)n;
		else if (n == 0 || errno != EAGAIN)
			break;
		if (monotonic_read() > end)
			fail_msg("no answer");
		usleep(1000);
	}
	to[used] = 0;
	close(fd);
}

static void ask_for(const char *request, char *to, size_t size)
{
	int fd = dial();

	assert_int_equal(send(fd, request, strlen(request), 0),
			 strlen(request));
	answer_read(fd, to, size);
}

static void one_line_in_one_line_out(void **state)
{
	char text[4096];

	(void)state;
	ask_for("{\"do\": \"ping\"}\n", text, sizeof(text));
	assert_string_equal(text, "{}\n");
	ask_for("{\"do\": \"status\"}\n", text, sizeof(text));
	assert_non_null(strstr(text, "\"a\""));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

/* What is behind the first line is not listened to. */
static void the_rest_is_not_listened_to(void **state)
{
	char text[4096];

	(void)state;
	ask_for("{\"do\": \"ping\"}\n{\"do\": \"status\"}\n", text,
		sizeof(text));
	assert_string_equal(text, "{}\n");
}

static void a_line_that_is_too_long_is_cut_off(void **state)
{
	char request[5000], text[4096];

	(void)state;
	memset(request, 'x', sizeof(request));
	request[sizeof(request) - 1] = 0;
	ask_for(request, text, sizeof(text));
	assert_string_equal(text, "");
}

static void a_crowd_is_turned_away_and_the_first_stay(void **state)
{
	enum { CROWD = 70 };
	char text[4096];
	int fds[CROWD];

	(void)state;
	for (int i = 0; i < CROWD; i++) {
		fds[i] = dial();
		uv_run(uv_default_loop(), UV_RUN_NOWAIT);
	}
	answer_read(fds[CROWD - 1], text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(send(fds[0], "{\"do\":\"ping\"}\n", 14, 0), 14);
	answer_read(fds[0], text, sizeof(text));
	assert_string_equal(text, "{}\n");
	for (int i = 1; i < CROWD - 1; i++)
		close(fds[i]);
}

/* ---- what scans have found */

static void find(const char *bus, int64_t number, const char *configured)
{
	struct json_object *found = json_object_new_object();

	add_text(found, "bus", bus);
	add_text(found, "of", "device");
	add_text(found, "configured", configured);
	add_int(found, "number", number);
	found_keep(found, 0);
	json_object_put(found);
}

static size_t found_count(void)
{
	struct json_object *list = found_json(&gateway, SECOND);
	size_t n = json_object_array_length(list);

	json_object_put(list);
	return n;
}

static void what_is_found_stays_until_the_next_scan(void **state)
{
	struct json_object *list, *age;

	(void)state;
	find("x", 1, NULL);
	find("y", 2, NULL);
	find("y", 3, "a");			/* is a device already */
	assert_int_equal(found_count(), 2);
	list = found_json(&gateway, 2 * SECOND);
	assert_true(json_object_object_get_ex(
		json_object_array_get_idx(list, 0), "age", &age));
	assert_true(json_object_get_double(age) == 2.0);
	json_object_put(list);
	found_begin("x");
	assert_int_equal(found_count(), 1);
	found_finish();
	assert_int_equal(found_count(), 0);
}

static void no_more_than_200_are_kept(void **state)
{
	struct json_object *list, *number;

	(void)state;
	for (int i = 0; i < 203; i++)
		find("x", i, NULL);
	list = found_json(&gateway, 0);
	assert_int_equal(json_object_array_length(list), 200);
	assert_true(json_object_object_get_ex(
		json_object_array_get_idx(list, 0), "number", &number));
	assert_int_equal(json_object_get_int(number), 3);
	json_object_put(list);
	found_finish();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_line_in_one_line_out),
		CASE(the_rest_is_not_listened_to),
		CASE(a_line_that_is_too_long_is_cut_off),
		CASE(a_crowd_is_turned_away_and_the_first_stay),
		CASE(what_is_found_stays_until_the_next_scan),
		CASE(no_more_than_200_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

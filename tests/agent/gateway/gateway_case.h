/* SPDX-License-Identifier: GPL-2.0-or-later
 * A whole gateway in a test: its configuration as text, real bus threads with
 * the sim adapter, servers that nobody answers for. What the loop does, the test
 * does by case_turn_until(). */
#ifndef TESTS_GATEWAY_CASE_H
#define TESTS_GATEWAY_CASE_H
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "agent/base/log.h"
#include "agent/base/monotonic.h"
#include "agent/client/client.h"
#include "agent/coap/coap.h"
#include "agent/gateway/gateway.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)
#define CASE_WALL (INT64_C(1800000000) * SECOND)	/* at the start */

static char case_directory[64], case_adapters[4096];
static struct gateway gateway;

static void case_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", case_directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Its clock is not set yet. */
static int case_set_up_clockless(void **state)
{
	ssize_t n = readlink("/proc/self/exe", case_adapters,
			     sizeof(case_adapters) - 32);

	(void)state;
	log_open(LOG_ERROR);
	if (n <= 0)
		return -1;
	case_adapters[n] = 0;
	for (int i = 0; i < 3; i++)	/* build/tests/agent/test */
		*strrchr(case_adapters, '/') = 0;
	strcat(case_adapters, "/adapters");
	strcpy(case_directory, "/tmp/lwmux-case-XXXXXX");
	if (!mkdtemp(case_directory) || coap_start(&client_handlers) < 0)
		return -1;
	gateway = (struct gateway){.services = {
		.dirs = {.config = case_directory, .profiles = case_directory,
			 .adapters = case_adapters}, .dry = true}};
	gateway_init(&gateway);
	return 0;
}

static inline int case_set_up(void **state)
{
	if (case_set_up_clockless(state) < 0)
		return -1;
	gateway_clock_step(&gateway, CASE_WALL - monotonic_read(),
			   monotonic_read());
	return 0;
}

/* false: it never did. */
static bool case_turn_until(bool (*holds)(void))
{
	int64_t end = monotonic_read() + 60 * SECOND;
	struct pollfd mail = {.fd = mailbox_fd(gateway.mail),
			      .events = POLLIN};

	while (!holds()) {
		if (monotonic_read() > end)
			return false;
		poll(&mail, 1, 10);
		gateway_mail(&gateway, monotonic_read());
		coap_turn(monotonic_read());
		gateway_turn(&gateway, monotonic_read());
	}
	return true;
}

static bool case_is_stopped(void)
{
	return gateway_stopped(&gateway);
}

static int case_tear_down(void **state)
{
	char command[128];
	bool stopped;

	(void)state;
	gateway_stop(&gateway, monotonic_read());
	stopped = case_turn_until(case_is_stopped);
	gateway_finish(&gateway);
	coap_stop();
	snprintf(command, sizeof(command), "rm -rf %s", case_directory);
	return stopped ? system(command) : -1;
}

static bool case_reload(void)
{
	struct config_errors errors;

	config_errors_init(&errors);
	return gateway_reload(&gateway, config_load(&gateway.services.dirs,
						    &errors),
			      &errors, monotonic_read());
}

static inline void case_start(const char *config)
{
	case_file("lwmux.yaml", config);
	assert_true(case_reload());
}

static inline struct endpoint *case_endpoint(const char *name)
{
	struct endpoint *e = gateway_endpoint(&gateway, name);

	assert_non_null(e);
	return e;
}
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmux-radio: what it takes from the daemon. What it passes on, the tests with
 * virtual controllers see. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/ble/radio.h"

static bool allowed(enum radio_kind kind, const char *bytes, size_t n)
{
	return radio_is_allowed(kind, 1, (const uint8_t *)bytes, n);
}

static void scans_and_no_more(void **state)
{
	(void)state;
	/* LE Set Scan Enable, LE Set Extended Scan Parameters */
	assert_true(allowed(RADIO_HCI, "\x01\x0c\x20\x02\x01\x00", 6));
	assert_true(allowed(RADIO_HCI, "\x01\x41\x20\x00", 4));
	/* Reset, LE Create Connection, data, an event, cut */
	assert_false(allowed(RADIO_HCI, "\x01\x03\x0c\x00", 4));
	assert_false(allowed(RADIO_HCI, "\x01\x0d\x20\x00", 4));
	assert_false(allowed(RADIO_HCI, "\x02\x0c\x20\x02\x01\x00", 6));
	assert_false(allowed(RADIO_HCI, "\x04\x0c\x20\x02\x01\x00", 6));
	assert_false(allowed(RADIO_HCI, "\x01\x0c\x20", 3));
	assert_false(allowed(RADIO_HCI, "", 0));
}

static void switches_its_own_controller_on(void **state)
{
	(void)state;
	/* Set Powered, Set Low Energy, Read Controller Information of hci1 */
	assert_true(allowed(RADIO_MGMT, "\x05\x00\x01\x00\x01\x00\x01", 7));
	assert_true(allowed(RADIO_MGMT, "\x0d\x00\x01\x00\x01\x00\x01", 7));
	assert_true(allowed(RADIO_MGMT, "\x04\x00\x01\x00\x00\x00", 6));
	/* of hci0; Pair Device, Unpair Device; cut */
	assert_false(allowed(RADIO_MGMT, "\x05\x00\x00\x00\x01\x00\x01", 7));
	assert_false(allowed(RADIO_MGMT, "\x19\x00\x01\x00\x00\x00", 6));
	assert_false(allowed(RADIO_MGMT, "\x1b\x00\x01\x00\x00\x00", 6));
	assert_false(allowed(RADIO_MGMT, "\x05\x00\x01\x00\x01", 5));
}

/* What the program answers to its first datagram. */
static int32_t answer_to(const char *request)
{
	int fds[2], status;
	int32_t answer = 0;
	pid_t child;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(fds[1], STDIN_FILENO);
		close(fds[0]);
		close(fds[1]);
		execl(LWMUX_RADIO, LWMUX_RADIO, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	assert_int_equal(send(fds[0], request, strlen(request), 0),
			 strlen(request));
	assert_int_equal(recv(fds[0], &answer, sizeof(answer), 0),
			 sizeof(answer));
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
	return answer;
}

static void what_it_does_not_know_is_refused(void **state)
{
	static const char *const wrong[] = {"hci", "hci x", "hci -1", "hci 1x",
					    "usb 0", "hci 00000000000", "mgmt"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(answer_to(wrong[i]), -EINVAL);
	/* no machine has so many controllers; one without Bluetooth has none */
	assert_true(answer_to("hci 255") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scans_and_no_more),
		cmocka_unit_test(switches_its_own_controller_on),
		cmocka_unit_test(what_it_does_not_know_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

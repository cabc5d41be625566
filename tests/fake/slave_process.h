/* SPDX-License-Identifier: GPL-2.0-or-later
 * modbus-slave as a child process of a test. All fail the test on errors. */
#ifndef TESTS_FAKE_SLAVE_PROCESS_H
#define TESTS_FAKE_SLAVE_PROCESS_H
#include <sys/types.h>

struct slave_process {
	pid_t pid;
	int in, out;
	unsigned port;			/* 0 on a serial line */
};

/* args: NULL last, without the program's name. Waits until it listens. */
struct slave_process slave_start(const char *const *args);
/* Waits for its "ok"; what else it printed before is dropped. */
void slave_tell(const struct slave_process *slave, const char *command);
/* Reads lines until one starts with `line`. */
void slave_expect(const struct slave_process *slave, const char *line);
void slave_stop(struct slave_process *slave);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * modbus-slave as a child process of a test. */
#include "tests/fake/slave_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static void die(const char *what)
{
	fprintf(stderr, "modbus-slave: %s\n", what);
	abort();
}

static void child_run(const char *const *args, const int *in, const int *out)
{
	const char *argv[32] = {MODBUS_SLAVE};
	size_t n = 1;

	while (*args && n < 31)
		argv[n++] = *args++;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	execv(MODBUS_SLAVE, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void line_read(const struct slave_process *slave, char *line,
		      size_t size)
{
	struct pollfd ready = {slave->out, POLLIN, 0};
	size_t n = 0;

	do {
		if (poll(&ready, 1, PATIENCE_MS) != 1)
			die("says nothing");
		if (read(slave->out, line + n, 1) != 1)
			die("is gone");
	} while (line[n] != '\n' && ++n < size - 1);
	line[n] = '\0';
}

struct slave_process slave_start(const char *const *args)
{
	struct slave_process slave = {0};
	char line[256];
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		die("no pipe");
	slave.pid = fork();
	if (slave.pid == 0)
		child_run(args, in, out);
	if (slave.pid < 0)
		die("no fork");
	close(in[0]);
	close(out[1]);
	slave.in = in[1];
	slave.out = out[0];
	line_read(&slave, line, sizeof(line));
	if (strncmp(line, "ready ", 6) != 0)
		die(line);
	slave.port = (unsigned)strtoul(line + 6, NULL, 10);
	return slave;
}

void slave_expect(const struct slave_process *slave, const char *start)
{
	char line[256];

	do {
		line_read(slave, line, sizeof(line));
		if (strncmp(line, "error ", 6) == 0)
			die(line);
	} while (strncmp(line, start, strlen(start)) != 0);
}

void slave_tell(const struct slave_process *slave, const char *command)
{
	if (dprintf(slave->in, "%s\n", command) < 0)
		die("does not listen");
	slave_expect(slave, "ok ");
}

void slave_stop(struct slave_process *slave)
{
	kill(slave->pid, SIGTERM);
	waitpid(slave->pid, NULL, 0);
	close(slave->in);
	close(slave->out);
	slave->pid = 0;
}

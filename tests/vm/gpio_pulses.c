/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pulls a line of gpio-sim up and down, so many times, as fast as it goes in
 * bursts, with a pause behind each.
 *
 *   gpio-pulses PULL-FILE PULSES BURST PAUSE-US
 *
 * Prints how many pulses a second that were. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void pull(int fd, const char *where)
{
	if (pwrite(fd, where, strlen(where), 0) < 0) {
		perror("gpio-pulses");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct timespec pause = {0, 0};
	int64_t start;
	long pulses, burst;
	int fd;

	if (argc != 5 || (burst = atol(argv[3])) < 1 ||
	    (fd = open(argv[1], O_WRONLY | O_CLOEXEC)) < 0) {
		fputs("usage: gpio-pulses PULL-FILE PULSES BURST PAUSE-US\n",
		      stderr);
		return 2;
	}
	pulses = atol(argv[2]);
	pause.tv_nsec = atol(argv[4]) * 1000;
	start = now();
	for (long i = 0; i < pulses; i++) {
		pull(fd, "pull-up\n");
		pull(fd, "pull-down\n");
		if (i % burst == burst - 1)
			nanosleep(&pause, NULL);
	}
	printf("%ld pulses, %.0f in a second\n", pulses,
	       (double)pulses * 1e9 / (double)(now() - start));
	return 0;
}

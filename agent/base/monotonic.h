/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one monotonic clock. Who waits reads it when the wait is over (the loop,
 * a bus's thread, the thread of the files) and hands the time down as `now`;
 * nothing below reads it. It has a file of its own, so that a program that
 * links another one, as the simulation does, runs in a time that it makes up. */
#ifndef AGENT_MONOTONIC_H
#define AGENT_MONOTONIC_H
#include <stdint.h>

int64_t monotonic_read(void);	/* ns */
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Numbers for monitoring, in Prometheus' text format. */
#ifndef AGENT_METRICS_H
#define AGENT_METRICS_H
#include <stdint.h>

struct gateway;
/* The caller frees it. */
char *metrics_print(struct gateway *gateway, int64_t now);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * The text format of Prometheus. */
#ifndef AGENT_METRIC_H
#define AGENT_METRIC_H
#include <stdint.h>
#include <stdio.h>

struct gateway;

/* Before the samples of lwmux_NAME; type: gauge or counter. */
void metric_head(FILE *to, const char *name, const char *type,
		 const char *help);
/* NAME="VALUE", escaped. */
void metric_label(FILE *to, const char *name, const char *value);

/* metrics_endpoint.c: series of each endpoint, as `metrics: endpoints` asks
 * for. */
void metrics_endpoints_print(FILE *to, const struct gateway *gateway,
			     int64_t now);
#endif

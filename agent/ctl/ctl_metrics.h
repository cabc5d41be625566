/* SPDX-License-Identifier: GPL-2.0-or-later
 * The text of metrics, taken apart for programs that read JSON. */
#ifndef AGENT_CTL_METRICS_H
#define AGENT_CTL_METRICS_H
#include <json-c/json.h>

/* text: Prometheus' format, as lwmuxd writes it. A list of {"metric": name,
 * "labels": {...} where there are any, "value": number}, in its order, the
 * caller's. What is none of its lines is left out. */
struct json_object *ctl_metrics(const char *text);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * How often an endpoint's device is polled for its observers. Agent thread. */
#ifndef AGENT_ENDPOINT_POLL_H
#define AGENT_ENDPOINT_POLL_H
#include "agent/endpoint/endpoint.h"

/* Observations, or attributes, have changed: points are polled as often as
 * their shortest epmax asks, or as configured. Not those of a sleeper. */
void endpoint_poll(struct endpoint *endpoint);
#endif

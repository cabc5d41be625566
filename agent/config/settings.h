/* SPDX-License-Identifier: GPL-2.0-or-later
 * Adapters' own keys: from the YAML's text to the members of the adapter's
 * structs, by its const tables; then its check_* functions. Agent thread. */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H
#include "adapters/adapter.h"
#include "agent/config/config.h"

/* Types everything of config: buses' ops and data, devices' and points' data
 * and facts. What is wrong goes to errors, and the device is refused. Buses
 * that are wrong are gone then, their devices refused. The YAML's nodes are not
 * needed afterwards. */
struct plugins;
void settings_apply(struct config *config, struct plugins *plugins,
		    struct config_errors *errors);
/* Are both on one port, or at one host? Typed, their sources may be gone. */
bool buses_share_line(const struct config_bus *a, const struct config_bus *b);
/* One time: "500ms", "10s", "5min", "2h", "1d" to ns. -EINVAL. */
int timespan_parse(const char *text, int64_t *ns);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Are all the keys there that a configuration names? Before a start finds out,
 * one device after the other. */
#include <stdio.h>
#include "agent/coap/credentials.h"

static void find(const struct config_server *server, const char *directory,
		 const struct config_device *device,
		 struct config_errors *errors)
{
	struct credentials credentials;
	char why[400];

	if (server->security == SECURITY_NOSEC)
		return;
	/* The same file for many is one finding: it does not name them. */
	if (credentials_load(&credentials, server, directory, device->endpoint,
			     why, sizeof(why)) < 0)
		config_error_add(errors, (struct place){NULL, 0, 0}, NULL,
				 "%s: %s", server->uri, why);
	credentials_wipe(&credentials);
}

static bool uses(const struct config *config,
		 const struct config_device *device,
		 const struct config_server *server)
{
	if (device->refused || !device->enabled ||
	    (config->bootstrap && device->bootstrap == BOOTSTRAP_FIRST))
		return false;
	for (size_t i = 0; i < device->n_servers; i++)
		if (device->servers[i] == server->id)
			return true;
	return !device->n_servers;
}

static void find_all(const struct config *config, const char *directory,
		     const struct config_device *device,
		     struct config_errors *errors)
{
	for (size_t i = 0; i < config->n_servers; i++)
		if (uses(config, device, config->servers[i]))
			find(config->servers[i], directory, device, errors);
	if (config->bootstrap && !device->refused && device->enabled &&
	    device->bootstrap != BOOTSTRAP_NEVER)
		find(config->bootstrap, directory, device, errors);
}

void credentials_find(const struct config *config, const char *directory,
		      struct config_errors *errors)
{
	const struct config_device own = {
		.endpoint = config->gateway_endpoint, .enabled = true};

	if (own.endpoint)
		find_all(config, directory, &own, errors);
	for (size_t i = 0; i < config->n_devices; i++)
		find_all(config, directory, config->devices[i], errors);
}

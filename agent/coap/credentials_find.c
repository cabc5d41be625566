/* SPDX-License-Identifier: GPL-2.0-or-later
 * Are all the keys there that a configuration names? Before a start finds out,
 * one device after the other. */
#include <stdio.h>
#include <string.h>
#include "agent/coap/credentials.h"

/* Does what went wrong name it? An endpoint's own has that one's name in it. */
static bool is_named(const char *name, const char *why)
{
	const char *template = strstr(name, "${"), *rest;
	size_t n = template ? (size_t)(template - name) : strlen(name);

	if (!strncmp(why, "credential ", strlen("credential ")))
		why += strlen("credential ");
	if (strncmp(why, name, n))
		return false;
	rest = template ? strchr(template, '}') : NULL;
	return rest ? strstr(why + n, rest + 1) != NULL : why[n] == ' ';
}

/* Of the key in the configuration; the first where it cannot be told. What an
 * endpoint's name completes may look like another file: that comes second. */
static struct place place_of(const struct config_server *server,
			     const char *why)
{
	const struct config_named *found = server->named;

	for (size_t i = server->n_named; i--; )
		if (is_named(server->named[i].name, why)) {
			found = &server->named[i];
			if (!strstr(found->name, "${"))
				break;
		}
	return found ? found->at : (struct place){0};
}

struct finding {
	const struct config_server *server;
	struct config_errors *errors;
};

/* The same file for many is one finding: it does not name them. */
static void finding_add(void *owner, const char *why)
{
	const struct finding *f = owner;

	config_error_add(f->errors, place_of(f->server, why), NULL, "%s: %s",
			 f->server->uri, why);
}

static void warning_add(const struct finding *f, const char *why)
{
	config_warning_add(f->errors, place_of(f->server, why), NULL, "%s: %s",
			   f->server->uri, why);
}

static void device_find(const struct config_server *server,
			const char *directory,
			const struct config_device *device,
			struct config_errors *errors)
{
	struct finding f = {server, errors};
	struct credentials credentials;
	char why[400];

	if (credentials_missing(server, directory, device->endpoint,
				finding_add, &f))
		return;
	/* Of the bootstrap server, whose authorities may be its accounts'
	 * alone. */
	if (credentials_load(&credentials, server, directory, device->endpoint,
			     why, sizeof(why)) < 0 ||
	    (!server->id && credentials_load_trust(&credentials, server,
				directory, device->endpoint, why,
				sizeof(why)) < 0))
		finding_add(&f, why);
	else if (*why)
		warning_add(&f, why);
	credentials_wipe(&credentials);
}

static bool device_uses(const struct config *config,
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
	if (device->via == VIA_GATEWAY)
		return;
	for (size_t i = 0; i < config->n_servers; i++)
		if (device_uses(config, device, config->servers[i]))
			device_find(config->servers[i], directory, device,
				    errors);
	if (config->bootstrap && !device->refused && device->enabled &&
	    device->bootstrap != BOOTSTRAP_NEVER)
		device_find(config->bootstrap, directory, device, errors);
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

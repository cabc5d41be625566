/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/config/config_pin.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/secret.h"
#include "agent/config/config.h"

#define PIN_LEAST 4

static int pin_of(const char *text, size_t n, char pin[CONFIG_PIN_ROOM])
{
	while (n && isspace((unsigned char)*text))
		text++, n--;
	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	if (n < PIN_LEAST || n >= CONFIG_PIN_ROOM)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
	memcpy(pin, text, n);
	pin[n] = '\0';
	return 0;
}

int config_pin_read(const char *directory, const char *path,
		    char pin[CONFIG_PIN_ROOM], char *why, size_t size)
{
	uint8_t *bytes;
	int n = secret_file(directory, path, true, &bytes, why, size);
	int rc;

	if (n < 0)
		return n;
	rc = pin_of((const char *)bytes, (size_t)n, pin);
	explicit_bzero(bytes, (size_t)n);
	free(bytes);
	if (rc)
		snprintf(why, size, "is not a PIN: 4 to 8 digits, and "
			 "nothing else");
	return rc;
}

void config_pin_find(const struct config *config, const char *directory,
		     struct config_errors *errors)
{
	const struct config_server *server = config->bootstrap;
	const char *path = server ? server->pin_file : NULL;
	char pin[CONFIG_PIN_ROOM], why[300] = "";
	int rc;

	if (!path)
		return;
	rc = config_pin_read(directory, path, pin, why, sizeof(why));
	config_file_tell(errors, server->pin_at, "smartcard_pin_file",
			 path, rc >= 0, why);
	explicit_bzero(pin, sizeof(pin));
}

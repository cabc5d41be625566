/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/config/config_pin.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/secret.h"
#include "agent/config/config.h"

#define PIN_LEAST 4

static int pin_of(const char *text, size_t n, char pin[CONFIG_PIN_ROOM])
{
	size_t digits = 0;

	while (digits < n && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	if (digits < PIN_LEAST || digits >= CONFIG_PIN_ROOM)
		return -EINVAL;
	for (size_t i = digits; i < n; i++)
		if (!strchr(" \r\n", text[i]) || !text[i])
			return -EINVAL;
	memcpy(pin, text, digits);
	pin[digits] = '\0';
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
		snprintf(why, size, "is not a PIN of 4 to 8 digits");
	return rc;
}

void config_pin_find(const struct config *config, const char *directory,
		     struct config_errors *errors)
{
	const char *path = config->bootstrap ? config->bootstrap->pin_file :
					       NULL;
	char pin[CONFIG_PIN_ROOM], why[300] = "";

	if (path && config_pin_read(directory, path, pin, why,
				    sizeof(why)) < 0)
		config_error_add(errors, (struct place){0}, NULL,
				 "bootstrap: smartcard_pin_file %s %s", path,
				 why);
	explicit_bzero(pin, sizeof(pin));
}

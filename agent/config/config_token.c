/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/config/config_token.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/secret.h"
#include "agent/config/config.h"

char *config_token_of(char *text)
{
	size_t n;

	text += strspn(text, " \t\r\n");
	n = strcspn(text, " \t\r\n");
	if (text[n + strspn(text + n, " \t\r\n")] ||
	    n < CONFIG_TOKEN_LEAST || n > CONFIG_TOKEN_MOST)
		return NULL;
	text[n] = 0;
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return NULL;
	return text;
}

char *config_token_read(const char *directory, const char *path, char *why,
			size_t size)
{
	uint8_t *bytes = NULL;
	char *text, *token;
	int n = secret_file(directory, path, true, &bytes, why, size);

	if (n < 0)
		return NULL;
	text = strndup((const char *)bytes, (size_t)n);
	explicit_bzero(bytes, (size_t)n);
	free(bytes);
	if (!text)
		abort();
	token = config_token_of(text);
	if (token) {
		memmove(text, token, strlen(token) + 1);
		return text;
	}
	snprintf(why, size, "is not one word of %d to %d printable characters "
		 "(head -c 24 /dev/urandom | base64 makes one)",
		 CONFIG_TOKEN_LEAST, CONFIG_TOKEN_MOST);
	config_token_free(text);
	return NULL;
}

void config_token_free(char *token)
{
	if (token)
		explicit_bzero(token, strlen(token));
	free(token);
}

void config_token_find(const struct config *config, const char *directory,
		       struct config_errors *errors)
{
	const char *path = config->page.token_file;
	char why[300] = "", *token;

	if (!path)
		return;
	token = config_token_read(directory, path, why, sizeof(why));
	config_file_tell(errors, config->page.token_at, "http_token_file",
			 path, token, why);
	config_token_free(token);
}

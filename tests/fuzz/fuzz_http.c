/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a browser says of itself (Host, Authorization), and the files and keys
 * beside it: texts divided by zeros. */
#include <stdlib.h>
#include <string.h>
#include "agent/config/config_build.h"
#include "agent/config/config_token.h"
#include "agent/http/http_check.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On the heap, so that a byte read behind it is noticed. */
static char *next_text(const uint8_t **data, size_t *size)
{
	size_t n = strnlen((const char *)*data, *size);
	char *text = strndup((const char *)*data, n);

	if (!text)
		abort();
	n += n < *size;
	*data += n;
	*size -= n;
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *host = next_text(&data, &size);
	char *self = next_text(&data, &size);
	char *bearer = next_text(&data, &size);
	char *file = next_text(&data, &size), *token;
	struct config_listen at;

	/* A name with a letter beyond its own is nobody of ours. */
	if (http_host_is_ours(host, "") && *host != '[')
		EXPECT(!strncasecmp(host, "localhost", 9) ||
		       strspn(host, "0123456789.:") == strlen(host));
	http_host_is_ours(host, self);
	if (config_listen_parse(host, &at) == 0)
		EXPECT(*at.host && memchr(at.host, 0, sizeof(at.host)));
	token = config_token_of(file);
	if (token) {
		EXPECT(strlen(token) >= CONFIG_TOKEN_LEAST);
		if (http_bearer_is(bearer, token))
			EXPECT(!strcmp(bearer + 7, token));
	}
	free(host);
	free(self);
	free(bearer);
	free(file);
	return 0;
}

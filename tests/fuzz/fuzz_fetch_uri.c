/* SPDX-License-Identifier: GPL-2.0-or-later
 * URIs that servers write to 5/0/1 and bootstrap servers to 0/x/0: segments lie
 * in their room, whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/uri.h"
#include "agent/coap/fetch_uri.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void whole(const uint8_t *at, size_t n, size_t room)
{
	size_t i = 0;

	EXPECT(n <= room);
	while (i < n)
		i += 1 + (size_t)at[i];
	EXPECT(i == n);
}

static void account(const uint8_t *data, size_t size)
{
	char text[512];
	struct uri_rest rest;
	struct uri uri;
	int rc;

	if (size >= sizeof(text) || memchr(data, 0, size))
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	rc = uri_parse(text, &uri);
	if (rc && rc != -EDOM)
		return;
	EXPECT(uri.n <= size);
	rc = uri_rest_parse(text + uri.n, &rest);
	EXPECT(rc == 0 || rc == -EINVAL);
	EXPECT(rc || strlen(rest.path) + strlen(rest.query) <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fetch_uri uri;
	int rc;

	if (size)
		account(data, size);
	rc = fetch_uri_parse((const char *)data, size, &uri);

	EXPECT(rc == 0 || rc == -EINVAL || rc == -EPROTONOSUPPORT);
	if (rc)
		return 0;
	whole(uri.path, uri.n_path, sizeof(uri.path));
	whole(uri.query, uri.n_query, sizeof(uri.query));
	EXPECT(uri.at.port && uri.at.host[0]);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * `http` of the gateway, and the keys beside it. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/config/config_build.h"
#include "agent/base/text.h"

/* Four numbers with dots between them, as people write them. */
static bool is_ipv4(const char *text)
{
	unsigned part[4];
	char again[16];

	if (sscanf(text, "%3u.%3u.%3u.%3u", &part[0], &part[1], &part[2],
		   &part[3]) != 4)
		return false;
	for (int i = 0; i < 4; i++)
		if (part[i] > 255)
			return false;
	snprintf(again, sizeof(again), "%u.%u.%u.%u", part[0], part[1], part[2],
		 part[3]);
	return !strcmp(again, text);
}

/* Whether it is one to the last digit is said by who opens it. */
static bool is_ipv6(const char *text)
{
	return strchr(text, ':') &&
	       strspn(text, "0123456789abcdefABCDEF:.") == strlen(text);
}

int config_listen_parse(const char *text, struct config_listen *to)
{
	const char *colon = strrchr(text, ':');
	bool v6 = *text == '[' && colon && colon > text && colon[-1] == ']';
	size_t n = colon ? (size_t)(colon - text) - (v6 ? 2 : 0) : 0;
	int64_t port;

	memset(to, 0, sizeof(*to));
	if (!n || n >= sizeof(to->host) ||
	    config_integer(colon + 1, &port) < 0 || port < 0 || port > 65535)
		return -EINVAL;
	memcpy(to->host, text + v6, n);
	to->port = (uint16_t)port;
	to->v6 = v6;
	if (v6 ? !is_ipv6(to->host) : !is_ipv4(to->host))
		return -EINVAL;
	to->loopback = v6 ? !strcmp(to->host, "::1") :
			    !strncmp(to->host, "127.", 4);
	return 0;
}

static void http_check(const struct config_page *page, struct place at,
		       struct config_scope *scope)
{
	struct config_listen listen;

	if (config_listen_parse(page->http, &listen) < 0)
		config_scope_add(scope, at, "http: '%s' is not ADDRESS:PORT "
				 "with an address in numbers, as "
				 "127.0.0.1:8088 or [::1]:8088", page->http);
	else if (!listen.loopback && !page->token_file)
		config_scope_add(scope, at, "http: %s can be reached from "
				 "other machines: that needs http_token_file, "
				 "a file with what its readers must know",
				 page->http);
}

void config_page_build(struct config_builder *b,
		       const struct yaml_node *gateway,
		       struct config_scope *scope)
{
	struct config_page *page = &b->config->page;
	const struct yaml_node *http = yaml_get(gateway, "http");
	const struct yaml_node *token = yaml_get(gateway, "http_token_file");

	if (page->http && !strcmp(page->http, "off"))
		page->http = NULL;
	if (page->http && http)
		http_check(page, http->place, scope);
	page->http = text_copy(page->http);
	page->token_file = text_copy(page->token_file);
	if (token) {
		page->token_at = token->place;
		page->token_at.file = text_copy(token->place.file);
	}
}

void config_page_finish(struct config_page *page)
{
	free(page->http);
	free(page->token_file);
	free((char *)(uintptr_t)page->token_at.file);
	*page = (struct config_page){0};
}

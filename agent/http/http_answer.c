/* SPDX-License-Identifier: GPL-2.0-or-later
 * One request: who asks, what for, and the document that lwmuxctl would get.
 * What can be asked for is one table. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/base/monotonic.h"
#include "agent/control/dispatch.h"
#include "agent/control/events.h"
#include "agent/control/metrics.h"
#include "agent/control/status.h"
#include "agent/gateway/gateway.h"
#include "agent/gateway/loop.h"
#include "agent/http/feed.h"
#include "agent/http/http_check.h"
#include "agent/http/http_private.h"
#include "agent/http/page.h"
#include "agent/http/recorder.h"

#define SELF_MOST 256

/* ---- answers ---- */

/* No script, style or address but our own; in nobody's frame; kept nowhere. */
static const char *const headers[][2] = {
	{"Content-Security-Policy", "default-src 'none'; script-src 'self'; "
	 "style-src 'self'; connect-src 'self'; img-src data:; "
	 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cache-Control", "no-store"},
};

enum MHD_Result http_respond(struct MHD_Connection *connection, unsigned status,
			     struct MHD_Response *response, const char *type)
{
	enum MHD_Result queued;

	if (!response)
		abort();
	MHD_add_response_header(response, "Content-Type", type);
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
	queued = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

enum MHD_Result http_refuse(struct MHD_Connection *connection, unsigned status,
			    const char *text)
{
	size_t n = strlen(text);
	char *line = malloc(n + 2);

	if (!line)
		abort();
	memcpy(line, text, n);
	strcpy(line + n, "\n");
	return http_respond(connection, status,
			    MHD_create_response_from_buffer(n + 1, line,
				MHD_RESPMEM_MUST_FREE),
			    "text/plain; charset=utf-8");
}

/* ---- documents ---- */

static const char *request_argument(struct MHD_Connection *connection,
				    const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND,
					   name);
}

/* On the heap; it is taken. */
static enum MHD_Result text_respond(struct MHD_Connection *connection,
				    unsigned status, char *text,
				    const char *type)
{
	return http_respond(connection, status,
			    MHD_create_response_from_buffer(strlen(text), text,
				MHD_RESPMEM_MUST_FREE), type);
}

/* What lwmuxctl would get; an error in it is that nothing of the name is
 * there. */
static enum MHD_Result json_respond(struct MHD_Connection *connection,
				    struct json_object *json)
{
	bool found = !json_object_object_get_ex(json, "error", NULL);

	return text_respond(connection, found ? MHD_HTTP_OK :
			    MHD_HTTP_NOT_FOUND, reply_line(json),
			    "application/json");
}

static enum MHD_Result answer_status(const struct http_site *site,
				     struct MHD_Connection *connection)
{
	return json_respond(connection, status_all(site->gateway, monotonic_read()));
}

static enum MHD_Result answer_endpoint(const struct http_site *site,
				       struct MHD_Connection *connection)
{
	const char *name = request_argument(connection, "name");

	if (!name)
		return http_refuse(connection, MHD_HTTP_BAD_REQUEST,
				   "which endpoint? ?name=ENDPOINT");
	return json_respond(connection, status_of(site->gateway, name,
						  monotonic_read()));
}

static enum MHD_Result answer_read(const struct http_site *site,
				   struct MHD_Connection *connection)
{
	const char *name = request_argument(connection, "name");
	const char *path = request_argument(connection, "path");

	if (!name)
		return http_refuse(connection, MHD_HTTP_BAD_REQUEST,
				   "which endpoint? ?name=ENDPOINT&path=/3303");
	return json_respond(connection, status_read(site->gateway, name,
						    path ? path : "/",
						    monotonic_read()));
}

static enum MHD_Result answer_history(const struct http_site *site,
				      struct MHD_Connection *connection)
{
	const char *name = request_argument(connection, "name");
	const char *path = request_argument(connection, "path");

	if (!name || !path)
		return http_refuse(connection, MHD_HTTP_BAD_REQUEST,
				   "of which value? ?name=ENDPOINT&path="
				   "/3303/0/5700&hours=1, or 24");
	return json_respond(
		connection,
		recorder_answer(site->history, site->gateway, name, path,
				request_argument(connection, "hours"),
				monotonic_read()));
}

static enum MHD_Result answer_events(const struct http_site *site,
				     struct MHD_Connection *connection)
{
	struct json_object *to = json_object_new_object();
	uint64_t none = 0;

	(void)site;
	json_object_object_add(
		to, "events",
		events_json(&none, request_argument(connection, "endpoint")));
	return json_respond(connection, to);
}

static enum MHD_Result answer_feed(const struct http_site *site,
				   struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	const struct feed_wish wish = {
		.rows = request_argument(connection, "rows") != NULL,
		.endpoint = request_argument(connection, "endpoint"),
		.trace = request_argument(connection, "trace"),
	};

	return feed_answer(site->feed, connection, info->connect_fd, &wish);
}

static enum MHD_Result answer_metrics(const struct http_site *site,
				      struct MHD_Connection *connection)
{
	return text_respond(connection, MHD_HTTP_OK,
			    metrics_print(site->gateway, monotonic_read()),
			    "text/plain; version=0.0.4; charset=utf-8");
}

/* ---- what can be asked for ---- */

static const struct route {
	const char *path;
	enum MHD_Result (*answer)(const struct http_site *site,
				  struct MHD_Connection *connection);
	/* Or a file of the page, which says nothing of this gateway: it asks
	 * for the token. */
	const unsigned char *file;
	const size_t *size;
	const char *type;
} routes[] = {
	{"/", NULL, page_html, &page_html_size, "text/html; charset=utf-8"},
	{"/page.css", NULL, page_css, &page_css_size,
	 "text/css; charset=utf-8"},
	{"/page.js", NULL, page_js, &page_js_size,
	 "text/javascript; charset=utf-8"},
	{"/api/status", answer_status, NULL, NULL, NULL},
	{"/api/endpoint", answer_endpoint, NULL, NULL, NULL},
	{"/api/read", answer_read, NULL, NULL, NULL},
	{"/api/history", answer_history, NULL, NULL, NULL},
	{"/api/events", answer_events, NULL, NULL, NULL},
	{"/api/feed", answer_feed, NULL, NULL, NULL},
	{"/metrics", answer_metrics, NULL, NULL, NULL},
};

static const struct route *route_find(const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (!strcmp(routes[i].path, path))
			return &routes[i];
	return NULL;
}

static enum MHD_Result file_respond(struct MHD_Connection *connection,
				    const struct route *route)
{
	/* Never written to: libmicrohttpd's argument is older than const. */
	void *file = (void *)(uintptr_t)route->file;

	return http_respond(connection, MHD_HTTP_OK,
			    MHD_create_response_from_buffer(*route->size, file,
				MHD_RESPMEM_PERSISTENT), route->type);
}

static const char *request_header(struct MHD_Connection *connection,
				  const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool host_is_ours(struct MHD_Connection *connection)
{
	const char *host = request_header(connection, MHD_HTTP_HEADER_HOST);
	char self[SELF_MOST] = "";

	gethostname(self, sizeof(self) - 1);
	return host && http_host_is_ours(host, self);
}

enum MHD_Result http_answer(const struct http_site *site,
			    struct MHD_Connection *connection,
			    const char *method, const char *path)
{
	const struct route *route = route_find(path);

	if (!host_is_ours(connection))
		return http_refuse(connection, MHD_HTTP_MISDIRECTED_REQUEST,
				   "not a name of this gateway: ask by its "
				   "address, its host name or localhost");
	if (strcmp(method, MHD_HTTP_METHOD_GET))
		return http_refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				   "read-only: GET");
	if (!route)
		return http_refuse(connection, MHD_HTTP_NOT_FOUND,
				   "no such page");
	if (route->file)
		return file_respond(connection, route);
	if (site->token &&
	    !http_bearer_is(
		    request_header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
		    site->token))
		return http_refuse(connection, MHD_HTTP_UNAUTHORIZED,
				   "the token, please: Authorization: Bearer "
				   "TOKEN");
	return route->answer(site, connection);
}

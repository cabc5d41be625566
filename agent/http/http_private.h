/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inside of agent/http/. */
#ifndef AGENT_HTTP_PRIVATE_H
#define AGENT_HTTP_PRIVATE_H
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

struct feed;
struct gateway;
struct history;

/* http_open.c: a socket that listens, or -errno, which was said. */
int http_listen(const char *at);
/* That of systemd (a new descriptor each time), or -1: it gave none. */
int http_inherited(void);
/* Can nobody but this machine reach it? */
bool http_is_local(int fd);
/* false: after a message. *token: NULL where none is asked for; else for
 * config_token_free(). */
bool http_token_read(const struct gateway *gateway, char **token);

/* What answers are made of. */
struct http_site {
	struct gateway *gateway;
	struct feed *feed;
	const struct history *history;	/* or NULL */
	char *token;			/* that readers must know, or NULL */
};
/* http_answer.c: one request. */
enum MHD_Result http_answer(const struct http_site *site,
			    struct MHD_Connection *connection,
			    const char *method, const char *path);
/* With the headers that every answer has. response is taken. */
enum MHD_Result http_respond(struct MHD_Connection *connection, unsigned status,
			     struct MHD_Response *response, const char *type);
/* A short text, for what went wrong. */
enum MHD_Result http_refuse(struct MHD_Connection *connection, unsigned status,
			    const char *text);
#endif

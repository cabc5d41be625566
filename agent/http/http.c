/* SPDX-License-Identifier: GPL-2.0-or-later
 * libmicrohttpd on the agent's loop: its epoll descriptor is one of the loop's,
 * its time-out one of the loop's timers. Visitors are few, and whoever is slow
 * is cut off. */
#include "agent/http/http.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>
#include "agent/base/log.h"
#include "agent/base/monotonic.h"
#include "agent/base/text.h"
#include "agent/config/config_token.h"
#include "agent/gateway/gateway.h"
#include "agent/http/feed.h"
#include "agent/http/history.h"
#include "agent/http/http_private.h"
#include "agent/http/recorder.h"

#define MILLISECOND INT64_C(1000000)
#define VISITORS_MAX 32u
#define ROOM ((size_t)16 * 1024)	/* of a request and its headers */
#define IDLE 15u		/* s without a byte */
#define PATIENCE (30000 * MILLISECOND)	/* for a request and its answer */
#define SWEEP 5000
#define AGAIN 30000		/* ms, where nothing could be opened */

/* One connection. */
struct visitor {
	struct visitor *next, *prev;
	int64_t since;		/* the last answer's end, or its coming */
	int fd;
	bool follows;		/* the feed, which looks after it itself */
};

/* One socket that listens; of its own, for its handles close later than it. */
struct listener {
	struct http_site site;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer, sweep;
	unsigned handles;	/* not closed yet */
	struct visitor *first;
	unsigned n_visitors;
	char *at;		/* the configuration's, or NULL: systemd's */
};

static struct {
	struct gateway *gateway;	/* NULL: not started */
	struct listener *listener;	/* or NULL */
	unsigned applied;
	uv_prepare_t watch;
	uv_timer_t again;
	struct history *history;	/* or NULL */
	int64_t room;			/* it was made with */
	uv_timer_t recorder;
} http;

/* ---- visitors ---- */

static void visitor_come(struct listener *l, int fd, void **to)
{
	struct visitor *v = calloc(1, sizeof(*v));

	if (!v)
		abort();
	v->fd = fd;
	v->since = monotonic_read();
	v->next = l->first;
	if (v->next)
		v->next->prev = v;
	l->first = v;
	l->n_visitors++;
	*to = v;
	if (!uv_is_active((uv_handle_t *)&l->sweep))
		uv_timer_again(&l->sweep);
}

static void visitor_go(struct listener *l, struct visitor *v)
{
	*(v->prev ? &v->prev->next : &l->first) = v->next;
	if (v->next)
		v->next->prev = v->prev;
	l->n_visitors--;
	free(v);
	if (!l->first)
		uv_timer_stop(&l->sweep);
}

static void connection_visited(void *listener,
			       struct MHD_Connection *connection,
			       void **context,
			       enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		visitor_go(listener, *context);
		return;
	}
	info = MHD_get_connection_info(connection,
				       MHD_CONNECTION_INFO_CONNECTION_FD);
	visitor_come(listener, info->connect_fd, context);
}

/* Who takes a byte now and then is as slow as who takes none. */
static void visitors_sweep(uv_timer_t *timer)
{
	struct listener *l = timer->data;
	int64_t now = monotonic_read();

	for (struct visitor *v = l->first; v; v = v->next)
		if (!v->follows && now - v->since > PATIENCE)
			shutdown(v->fd, SHUT_RDWR);
}

/* ---- requests ---- */

static struct visitor *visitor_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static enum MHD_Result request_asked(void *listener,
				     struct MHD_Connection *connection,
				     const char *path, const char *method,
				     const char *version, const char *upload,
				     size_t *upload_size, void **context)
{
	struct listener *l = listener;

	struct visitor *v = visitor_of(connection);

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)context;
	if (v)
		v->follows = !strcmp(path, "/api/feed");
	return http_answer(&l->site, connection, method, path);
}

static void request_answered(void *listener, struct MHD_Connection *connection,
			     void **context,
			     enum MHD_RequestTerminationCode how)
{
	struct visitor *v = visitor_of(connection);

	(void)listener;
	(void)context;
	(void)how;
	if (!v)
		return;
	v->since = monotonic_read();
	v->follows = false;
}

/* ---- the loop ---- */

static void listener_turn(struct listener *l);

static void time_has_come(uv_timer_t *timer)
{
	listener_turn(timer->data);
}

static void listener_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	listener_turn(poll->data);
}

static void listener_turn(struct listener *l)
{
	int64_t now = monotonic_read(), due;
	MHD_UNSIGNED_LONG_LONG ms;

	bool full;

	feed_turn(l->site.feed, now);
	do {	/* Only a run takes the next in line once there is room. */
		full = l->n_visitors == VISITORS_MAX;
		MHD_run(l->daemon);
	} while (full && l->n_visitors < VISITORS_MAX);
	due = feed_due(l->site.feed);
	if (MHD_get_timeout(l->daemon, &ms) == MHD_YES &&
	    (int64_t)ms * MILLISECOND < due - now)
		due = now + (int64_t)ms * MILLISECOND;
	if (due != INT64_MAX)
		uv_timer_start(&l->timer, time_has_come, due <= now ? 0 :
			       (uint64_t)((due - now - 1) / MILLISECOND + 1),
			       0);
	else
		uv_timer_stop(&l->timer);
}

static void say_nothing(void *unused, const char *format, va_list args)
{
	(void)unused;
	(void)format;
	(void)args;
}

static struct MHD_Daemon *daemon_start(struct listener *l, int fd)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
		NULL, NULL, request_asked, l, MHD_OPTION_EXTERNAL_LOGGER,
		say_nothing, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, VISITORS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, ROOM,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE,
		MHD_OPTION_NOTIFY_CONNECTION, connection_visited, l,
		MHD_OPTION_NOTIFY_COMPLETED, request_answered, l,
		MHD_OPTION_END);
}

static void handles_open(struct listener *l)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(
		l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	uv_loop_t *uv = uv_default_loop();

	uv_poll_init(uv, &l->poll, info->epoll_fd);
	uv_timer_init(uv, &l->timer);
	uv_timer_init(uv, &l->sweep);
	l->poll.data = l->timer.data = l->sweep.data = l;
	l->handles = 3;
	uv_poll_start(&l->poll, UV_READABLE, listener_readable);
	uv_timer_start(&l->sweep, visitors_sweep, SWEEP, SWEEP);
	uv_timer_stop(&l->sweep);	/* until somebody comes */
}

/* ---- open and close ---- */

static void listener_free(struct listener *l)
{
	config_token_free(l->site.token);
	free(l->at);
	free(l);
}

static void handle_closed(uv_handle_t *handle)
{
	struct listener *l = handle->data;

	if (--l->handles == 0)
		listener_free(l);
}

static void listener_close(struct listener *l)
{
	uv_close((uv_handle_t *)&l->poll, handle_closed);
	uv_close((uv_handle_t *)&l->timer, handle_closed);
	feed_close(l->site.feed);
	MHD_stop_daemon(l->daemon);
	feed_destroy(l->site.feed);
	uv_close((uv_handle_t *)&l->sweep, handle_closed);
}

/* fd is taken. token as in struct listener. */
static struct listener *listener_open(struct gateway *g, int fd,
				      const char *at, char *token)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->site.gateway = g;
	l->site.token = token;
	if (at && !(l->at = strdup(at)))
		abort();
	l->daemon = daemon_start(l, fd);
	if (l->daemon) {
		l->site.feed = feed_create(&l->site);
		handles_open(l);
		return l;
	}
	close(fd);
	log_line(LOG_ERROR, NULL, NULL, "http: cannot serve at %s",
		 at ? at : "the socket of systemd");
	listener_free(l);
	return NULL;
}

static bool may_serve(int fd, const char *token)
{
	if (token || http_is_local(fd))
		return true;
	log_line(LOG_ERROR, NULL, NULL, "http: the socket of systemd can be "
		 "reached from other machines: that needs http_token_file");
	return false;
}

static void address_follow(void);

static void try_again(uv_timer_t *timer)
{
	(void)timer;
	address_follow();
}

static void listener_begin(int fd, const char *at, char *token)
{
	if (fd >= 0 && may_serve(fd, token)) {
		http.listener = listener_open(http.gateway, fd, at, token);
	} else {
		if (fd >= 0)
			close(fd);
		config_token_free(token);
	}
	if (!http.listener)
		uv_timer_start(&http.again, try_again, AGAIN, 0);
	else
		log_line(LOG_NOTE, NULL, NULL, "http: serves at %s",
			 at ? at : "the socket of systemd");
}

/* ---- plots ---- */

static void listener_look(uv_timer_t *timer)
{
	(void)timer;
	recorder_look(http.history, http.gateway, monotonic_read());
}

/* It lives as long as somebody could ask for it. */
static void history_follow(void)
{
	int64_t room = http.listener ? http.gateway->page.history : 0;
	uint64_t every = RECORDER_EVERY / MILLISECOND;

	if (room != http.room) {
		history_destroy(http.history);
		http.history = room ? history_create((size_t)room) : NULL;
		http.room = room;
	}
	if (http.listener)
		http.listener->site.history = http.history;
	if (!http.history)
		uv_timer_stop(&http.recorder);
	else if (!uv_is_active((uv_handle_t *)&http.recorder))
		uv_timer_start(&http.recorder, listener_look, every, every);
}

/* ---- the configuration ---- */

/* As the configuration is now. Who reads goes on, where the address stays. */
static void listener_follow(void)
{
	const char *at = http.gateway->page.http;
	struct listener *l = http.listener;
	int inherited = at ? -1 : http_inherited();
	char *token;

	uv_timer_stop(&http.again);
	if (!http_token_read(http.gateway, &token)) {
		at = NULL;	/* nobody is let in without it */
		if (inherited >= 0)
			close(inherited);
		inherited = -1;
	}
	if (l && text_equal(l->at, at) && (at || inherited >= 0)) {
		config_token_free(l->site.token);
		l->site.token = token;
		if (inherited >= 0)
			close(inherited);
		return;
	}
	if (l)
		listener_close(l);
	http.listener = NULL;
	if (at || inherited >= 0)
		listener_begin(at ? http_listen(at) : inherited, at, token);
	else
		config_token_free(token);
}

static void address_follow(void)
{
	listener_follow();
	history_follow();
}

/* Before the gateway is freed. */
static void http_stop(void)
{
	http.gateway = NULL;
	if (http.listener)
		listener_close(http.listener);
	http.listener = NULL;
	history_destroy(http.history);
	http.history = NULL;
	uv_close((uv_handle_t *)&http.recorder, NULL);
	uv_close((uv_handle_t *)&http.watch, NULL);
	uv_close((uv_handle_t *)&http.again, NULL);
}

static void listener_watch(uv_prepare_t *prepare)
{
	(void)prepare;
	if (http.gateway->services.stopping) {
		http_stop();
	} else if (http.applied != http.gateway->applied) {
		http.applied = http.gateway->applied;
		address_follow();
	}
}

void http_start(struct gateway *gateway)
{
	http.gateway = gateway;
	uv_prepare_init(uv_default_loop(), &http.watch);
	uv_timer_init(uv_default_loop(), &http.again);
	uv_timer_init(uv_default_loop(), &http.recorder);
	uv_prepare_start(&http.watch, listener_watch);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Before each wait everything that is due is done; descriptors only wake the
 * loop up. It waits where CoAP's sockets and the mailboxes are, which come by
 * the thousands, and libuv's own descriptor is one of those: libuv runs only
 * when it has something to do. The other way round, with CoAP's instance among
 * libuv's descriptors, each datagram would cost a second epoll_wait(). */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>
#include "agent/coap/coap.h"
#include "agent/config/object_load.h"
#include "agent/config/object_set.h"
#include "agent/gateway/dry_run.h"
#include "agent/gateway/gateway.h"
#include "agent/gateway/gateway_module.h"
#include "agent/base/earlier.h"
#include "agent/base/log.h"
#include "agent/base/monotonic.h"
#include "agent/base/resolve.h"
#include "agent/base/route.h"
#include "agent/gateway/loop.h"
#include "agent/base/sdnotify.h"
#include "agent/store/worker.h"

#define SECOND INT64_C(1000000000)
#define STATUS_EVERY 5000		/* ms */

static struct {
	struct gateway *gateway;
	uv_poll_t routes;
	int routes_fd;
	uv_timer_t status;
	uv_signal_t term, interrupt, hangup;
	bool again;			/* libuv has just run */
	bool ended;
	char status_text[128];			/* systemd has been told */
} loop;

static void reload_read(struct worker_task *task);
static void reload_read_done(struct worker_task *task);

static struct {
	struct worker_task task;
	uint64_t number;		/* of the one that is read, or was */
	struct object_set *objects;	/* ... its definitions */
	struct config *config;		/* ... what it has found */
	struct config_errors errors;
	bool again;			/* once more, when it has ended */
} reload = {.task = {.work = reload_read, .done = reload_read_done}};

static int64_t wall_offset(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * SECOND + t.tv_nsec - monotonic_read();
}

static void routes_change(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)status;
	(void)events;
	route_drain(loop.routes_fd);
	gateway_routes_change(loop.gateway, monotonic_read());
}

static void loop_end(void)
{
	if (loop.gateway->host)
		loop.gateway->host->ended();
	loop.ended = true;
}

static int64_t loop_turn(int64_t now)
{
	struct gateway *g = loop.gateway;
	int64_t due;
	bool more;

	gateway_clock_step(g, wall_offset(), now);
	mailbox_beat(g->mail, now);
	more = gateway_mail(g, now);
	more |= gateway_modules_turn(g, now);
	due = dry_run_turn(g, now);
	coap_turn(now);
	now = monotonic_read();
	due = time_earlier(due, gateway_turn(g, now));
	due = time_earlier(due, coap_due());
	return more ? now : due;
}

static bool is_over(int64_t now)
{
	return gateway_stopped(loop.gateway) ||
	       (loop.gateway->services.stopping && now >= loop.gateway->stop_by);
}

/* ms until `due`, not too early; -1: for ever. */
static int ms_until(int64_t due, int64_t now)
{
	int64_t ms = due <= now ? 0 : (due - now + 999999) / 1000000;

	if (due == INT64_MAX)
		return -1;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* ms for which libuv has nothing to do unless its descriptor is readable; -1:
 * for ever. */
static int libuv_patience(void)
{
	uv_update_time(uv_default_loop());
	return uv_backend_timeout(uv_default_loop());
}

/* Waits for what comes, `ms` at most (-1: for ever); libuv calls back. Where it
 * has done so, its prepare handles look in the next round at what that has
 * changed. */
static void wait_for_events(int ms)
{
	bool again = loop.again, ready;
	int patience = again ? 0 : libuv_patience();

	if (patience >= 0 && (ms < 0 || patience < ms))
		ms = patience;
	ready = coap_wait(ms);
	loop.again = ready || libuv_patience() == 0;
	if (again || loop.again)
		uv_run(uv_default_loop(), UV_RUN_NOWAIT);
}

static void run_until_ended(void)
{
	while (!loop.ended) {
		int64_t due = loop_turn(monotonic_read()), now = monotonic_read();

		if (is_over(now))
			loop_end();
		else
			wait_for_events(ms_until(due, now));
	}
}

/* Also what the watchdog lives on: where a turn hangs, nothing comes here. */
static void tell_status(uv_timer_t *timer)
{
	char text[128];

	(void)timer;
	sdnotify_alive();
	log_catch_up(false);
	gateway_summary(loop.gateway, text, sizeof(text));
	if (!strcmp(text, loop.status_text))
		return;
	strcpy(loop.status_text, text);
	sdnotify_status(text);
}

static void on_end(uv_signal_t *signal, int number)
{
	(void)signal;
	log_line(LOG_NOTE, NULL, NULL, "%s: deregistering", strsignal(number));
	sdnotify_stopping();
	gateway_stop(loop.gateway, monotonic_read());
}

/* ---- reload ---- */

/* Reading takes by far the most of a reload: a worker does it, and the servers
 * are served meanwhile. */
static void reload_read(struct worker_task *task)
{
	(void)task;
	reload.config = config_read(&loop.gateway->services.dirs,
				    reload.objects, &reload.errors);
}

static void reload_begin(void)
{
	const struct config_dirs *dirs = &loop.gateway->services.dirs;

	config_errors_init(&reload.errors);
	reload.objects = object_set_load(dirs->config, dirs->objects,
					 &reload.errors);
	reload.number++;
	worker_put(&reload.task);
}

static bool reload_apply(void)
{
	bool done = gateway_reload(loop.gateway, reload.config, &reload.errors,
				   monotonic_read());

	log_line(done ? LOG_NOTE : LOG_ERROR, NULL, NULL, "%s", done ?
		 "configuration reloaded" :
		 "configuration is wrong: nothing was changed");
	return done;
}

static void reload_read_done(struct worker_task *task)
{
	const struct gateway_host *host = loop.gateway->host;
	bool again = reload.again, done = false;
	uint64_t number = reload.number;

	(void)task;
	object_set_release(reload.objects);
	reload.again = false;
	if (loop.gateway->services.stopping) {
		config_free(reload.config);
		config_errors_finish(&reload.errors);
		number += again;	/* nor is the next one read */
	} else {
		done = reload_apply();
		if (again)	/* the files may have changed while it read */
			reload_begin();
		else
			sdnotify_ready();
	}
	if (host)
		host->reloaded(loop.gateway, number, done);
}

uint64_t loop_reload(void)
{
	if (loop.gateway->services.stopping)
		return 0;
	if (reload.task.waits) {
		reload.again = true;
		return reload.number + 1;
	}
	sdnotify_reloading(monotonic_read());
	reload_begin();
	return reload.number;
}

static void on_hangup(uv_signal_t *signal, int number)
{
	(void)signal;
	(void)number;
	loop_reload();
}

/* Without it each endpoint notices for itself, by what gets no answer. */
static void watch_routes(void)
{
	loop.routes_fd = route_watch();
	if (loop.routes_fd < 0) {
		log_line(LOG_WARN, NULL, NULL, "changes of the uplink are "
			 "noticed late: the kernel does not tell of them: %s",
			 strerror(-loop.routes_fd));
		return;
	}
	uv_poll_init(uv_default_loop(), &loop.routes, loop.routes_fd);
	uv_poll_start(&loop.routes, UV_READABLE, routes_change);
	/* It may have come up since the servers were looked at. */
	gateway_routes_change(loop.gateway, monotonic_read());
}

static void watch_signal(uv_signal_t *handle, uv_signal_cb handler, int number)
{
	uv_signal_init(uv_default_loop(), handle);
	uv_signal_start(handle, handler, number);
}

static void set_up(struct gateway *gateway)
{
	uv_loop_t *uv = uv_default_loop();
	uint64_t watchdog = sdnotify_watchdog();
	uint64_t period = watchdog && watchdog < STATUS_EVERY ?
			  watchdog : STATUS_EVERY;

	loop.gateway = gateway;
	gateway->started = monotonic_read();
	loop.ended = false;
	loop.again = true;
	coap_watch(uv_backend_fd(uv), COAP_WATCH_TOLD);
	coap_watch(mailbox_edges(gateway->mail), COAP_WATCH_EDGE);
	coap_watch(mailbox_fd(gateway->module_mail), COAP_WATCH_LEVEL);
	watch_routes();
	uv_timer_init(uv, &loop.status);
	uv_timer_start(&loop.status, tell_status,
		       period < 1000 ? period : 1000, period);
	watch_signal(&loop.term, on_end, SIGTERM);
	watch_signal(&loop.interrupt, on_end, SIGINT);
	watch_signal(&loop.hangup, on_hangup, SIGHUP);
}

static void close_handle(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_close(void)
{
	uv_loop_t *uv = uv_default_loop();

	uv_walk(uv, close_handle, NULL);
	uv_run(uv, UV_RUN_DEFAULT);
	uv_loop_close(uv);
	if (loop.routes_fd >= 0)
		close(loop.routes_fd);
}

/* All that counts is done and stored; a thread that hangs holds up nobody. */
static void leave_at_once(const char *why)
{
	log_line(LOG_NOTE, NULL, NULL, "exits without waiting: %s", why);
	_exit(0);
}

void loop_open(struct gateway *gateway)
{
	gateway_clock_step(gateway, wall_offset(), monotonic_read());
	set_up(gateway);
}

void loop_run(void)
{
	struct gateway *gateway = loop.gateway;

	sdnotify_ready();
	run_until_ended();
	worker_wait(&reload.task);
	log_catch_up(true);
	forwarding_close(&gateway->services);
	store_close(gateway->services.store);
	worker_wait(&gateway->services.lock.task);
	if (!gateway_stopped(gateway))
		leave_at_once(gateway->services.n_endpoints ?
			      "not all endpoints have left" :
			      "a bus does not come back from a call");
	if (resolve_is_under_way())
		leave_at_once("a name is still looked up");
	loop_close();
}

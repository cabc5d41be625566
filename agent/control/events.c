/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/control/events.h"
#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>
#include "agent/base/log.h"
#include "agent/base/text.h"
#include "agent/control/add.h"
#include "agent/control/dispatch.h"
#include "agent/control/control.h"
#include "agent/gateway/gateway.h"

#define FOLLOW_EVERY 250	/* ms */

struct event {
	struct timespec time;
	enum log_level level;
	char *endpoint, *bus;	/* or NULL */
	char *text;
};

/* Number n is in all[n % EVENTS_MAX]; the first is 1. */
static struct {
	pthread_mutex_t lock;
	struct event all[EVENTS_MAX];
	uint64_t last;
} ring = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- what is told ---- */

static void event_finish(struct event *event)
{
	free(event->endpoint);
	free(event->bus);
	free(event->text);
	*event = (struct event){0};
}

static void event_told(enum log_level level, const char *endpoint,
		       const char *bus, const char *text)
{
	struct event event = {
		.level = level, .endpoint = text_copy(endpoint),
		.bus = text_copy(bus), .text = text_copy(text)};
	struct event *at;

	clock_gettime(CLOCK_REALTIME, &event.time);
	pthread_mutex_lock(&ring.lock);
	at = &ring.all[++ring.last % EVENTS_MAX];
	event_finish(at);
	*at = event;
	pthread_mutex_unlock(&ring.lock);
}

bool events_new(uint64_t after)
{
	bool is;

	pthread_mutex_lock(&ring.lock);
	is = ring.last != after;
	pthread_mutex_unlock(&ring.lock);
	return is;
}

/* ---- what is asked ---- */

static struct json_object *event_json(const struct event *event, uint64_t id)
{
	static const char *const levels[] = {
		[LOG_ERROR] = "error", [LOG_WARN] = "warning",
		[LOG_NOTE] = "note",
	};
	struct json_object *to = json_object_new_object();
	char text[40];

	snprintf(text, sizeof(text), "%lld.%03ld",
		 (long long)event->time.tv_sec,
		 event->time.tv_nsec / 1000000);
	add_int(to, "id", (int64_t)id);
	json_object_object_add(to, "time", json_object_new_double_s(
		(double)event->time.tv_sec, text));
	add_text(to, "level", levels[event->level]);
	add_text(to, "endpoint", event->endpoint);
	add_text(to, "bus", event->bus);
	add_text(to, "text", event->text);
	return to;
}

static bool event_concerns(const struct event *event, const char *endpoint)
{
	return !endpoint || (event->endpoint &&
			     !strcmp(event->endpoint, endpoint));
}

struct json_object *events_json(uint64_t *after, const char *endpoint)
{
	struct json_object *list = json_object_new_array();
	uint64_t id = *after;

	pthread_mutex_lock(&ring.lock);
	if (ring.last > EVENTS_MAX && id < ring.last - EVENTS_MAX)
		id = ring.last - EVENTS_MAX;
	while (id < ring.last) {
		const struct event *event = &ring.all[++id % EVENTS_MAX];

		if (event_concerns(event, endpoint))
			json_object_array_add(list, event_json(event, id));
	}
	*after = ring.last;
	pthread_mutex_unlock(&ring.lock);
	return list;
}

/* ---- followers ---- */

struct follower {
	struct follower *next;
	struct control_peer *peer;
	char *endpoint;		/* or NULL */
	uint64_t last;		/* what it was told */
};

static struct {
	struct follower *first;
	uv_timer_t timer;
} followers;

static void hung_up(void *owner)
{
	struct follower **at = &followers.first, *f = owner;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	free(f->endpoint);
	free(f);
	if (!followers.first)
		uv_timer_stop(&followers.timer);
}

static void follower_tell(struct follower *f)
{
	struct json_object *answer = json_object_new_object();
	struct json_object *list = events_json(&f->last, f->endpoint);

	json_object_object_add(answer, "events", list);
	if (json_object_array_length(list))
		peer_say(f->peer, reply_line(answer));
	else
		json_object_put(answer);
}

static void followers_tell(uv_timer_t *timer)
{
	(void)timer;
	for (struct follower *f = followers.first, *next; f; f = next) {
		next = f->next;		/* it may hang up */
		if (events_new(f->last))
			follower_tell(f);
	}
}

static void peer_follow(struct control_peer *peer, const char *endpoint,
			uint64_t last)
{
	static const struct control_peer_ops ops = {.hung_up = hung_up};
	struct follower *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->peer = peer;
	f->endpoint = text_copy(endpoint);
	f->last = last;
	f->next = followers.first;
	followers.first = f;
	peer_wait(peer, &ops, f, true);
	if (!f->next)
		uv_timer_start(&followers.timer, followers_tell, FOLLOW_EVERY,
			       FOLLOW_EVERY);
}

/* {"do": "events", "endpoint"?, "follow"?}: {"events": [...]}, and where it
 * follows one such line more whenever there is something, until it hangs up. */
void command_events(struct gateway *g, struct control_peer *peer,
		    struct json_object *request, int64_t now)
{
	struct json_object *answer, *more, *list;
	const char *endpoint = request_text(request, "endpoint");
	uint64_t last = 0;

	(void)now;
	list = events_json(&last, endpoint);
	/* One that a reload took away is still in the past. */
	if (endpoint && !json_object_array_length(list) &&
	    !gateway_endpoint(g, endpoint)) {
		json_object_put(list);
		peer_refuse(peer, "no such endpoint: %s", endpoint);
		return;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "events", list);
	if (!json_object_object_get_ex(request, "follow", &more) ||
	    !json_object_get_boolean(more))
		peer_reply(peer, answer);
	else if (peer_say(peer, reply_line(answer)))
		peer_follow(peer, endpoint, last);
}

void events_start(void)
{
	log_follow(event_told);
	uv_timer_init(uv_default_loop(), &followers.timer);
}

void events_stop(void)
{
	log_follow(NULL);
	uv_close((uv_handle_t *)&followers.timer, NULL);
	pthread_mutex_lock(&ring.lock);
	for (size_t i = 0; i < EVENTS_MAX; i++)
		event_finish(&ring.all[i]);
	ring.last = 0;
	pthread_mutex_unlock(&ring.lock);
}

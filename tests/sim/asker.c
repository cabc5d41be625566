/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/asker.h"
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/limits.h"
#include "agent/control/control.h"
#include "tests/sim/gateway.h"
#include "tests/sim/judge.h"
#include "tests/sim/pipe.h"
#include "tests/sim/server.h"
#include "tests/sim/site.h"
#include "tests/sim/world.h"

#define A STREAM_ASK
#define CUT_WITHIN (16 * SECOND)	/* who is too slow: two looks of 5 s */
#define CROWD (CONTROL_PEERS_MAX + 20)

enum asker_kind {
	ASKS_STATUS, ASKS_ENDPOINT, ASKS_READ, ASKS_METRICS, ASKS_EVENTS,
	ASKS_CHECK, ASKS_RELOAD, ASKS_WRITE, ASKS_NONSENSE,
	SAYS_NOTHING, SAYS_HALF, SAYS_MUCH, READS_NOTHING, LEAVES, FOLLOWS,
	FOLLOWS_BLINDLY,
	ASKER_KINDS
};

/* How long the answer may take. A reload waits for the disk, behind whatever does;
 * a Write for its device, which may not answer. */
static const int64_t patience[ASKER_KINDS] = {
	[ASKS_STATUS] = 5 * SECOND, [ASKS_ENDPOINT] = 5 * SECOND,
	[ASKS_READ] = 5 * SECOND, [ASKS_METRICS] = 5 * SECOND,
	[ASKS_EVENTS] = 5 * SECOND, [ASKS_CHECK] = 5 * SECOND,
	[ASKS_RELOAD] = 20 * MINUTE, [ASKS_WRITE] = 20 * MINUTE,
	[ASKS_NONSENSE] = 5 * SECOND, [SAYS_NOTHING] = CUT_WITHIN,
	[SAYS_HALF] = CUT_WITHIN, [SAYS_MUCH] = CUT_WITHIN,
	[READS_NOTHING] = CUT_WITHIN,
};

static struct asker {
	enum asker_kind kind;
	bool here;
	uint64_t number;	/* of all that came */
	bool crowded;		/* more are here than may be */
	size_t endpoint, point;
	double value;		/* ASKS_WRITE */
	char *answer;
	size_t n;
} askers[PIPES_MAX];

static struct { uint64_t n; size_t here; } own;

/* There are no users here: each is root. */
bool __wrap_peer_may_write(const struct control_peer *peer);
bool __wrap_peer_may_write(const struct control_peer *peer)
{
	(void)peer;
	return true;
}

static void asker_fault(const struct asker *a, const char *what)
{
	judge_fault(RULE_ASKED, "an asker (kind %d) %s", a->kind, what);
}

static void asker_forget(struct asker *a)
{
	world_give(a->answer, ANSWER_MOST);
	a->answer = NULL;
	a->here = false;
	own.here--;
}

/* ---- what the answers say ---- */

static const char *member_text(struct json_object *from, const char *name)
{
	struct json_object *o = json_object_object_get(from, name);

	return o ? json_object_get_string(o) : "";
}

static void status_judge_servers(size_t e, struct json_object *servers)
{
	size_t n = servers ? json_object_array_length(servers) : 0;
	bool registered[SERVERS_MAX] = {false};

	for (size_t i = 0; i < n; i++) {
		struct json_object *s = json_object_array_get_idx(servers, i);
		int64_t id = json_object_get_int64(
			json_object_object_get(s, "server"));
		const char *state = member_text(s, "state");

		if (id >= 1 && id <= SERVERS_MAX)
			registered[id - 1] = !strcmp(state, "registered") ||
					     !strcmp(state, "updating");
	}
	for (size_t s = 0; s < site.n_servers; s++)
		judge_status_registered(s, e, registered[s]);
}

static void status_judge(struct json_object *answer, bool all)
{
	struct json_object *list = json_object_object_get(answer, "endpoints");
	size_t n = list ? json_object_array_length(list) : 0;
	bool listed[ENDPOINTS_MAX] = {false};

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *name = member_text(o, "endpoint");
		int e = site_find(name, strlen(name));

		if (e < 0)
			continue;
		listed[e] = true;
		judge_status_state((size_t)e, member_text(o, "state"));
		status_judge_servers((size_t)e,
				     json_object_object_get(o, "servers"));
	}
	for (size_t e = 0; all && e < site.n_endpoints; e++)
		judge_status_listed(e, listed[e]);
}

static void read_judge(const struct asker *a, struct json_object *answer)
{
	struct json_object *list = json_object_object_get(answer, "resources");
	struct json_object *o = list && json_object_array_length(list) ?
				json_object_array_get_idx(list, 0) : NULL;
	struct json_object *value = o ? json_object_object_get(o, "value") :
				    NULL;

	if (o)
		judge_status_value(a->endpoint, a->point,
				   member_text(o, "quality"),
				   value ? json_object_get_double(value) : 0,
				   json_object_get_double(
					json_object_object_get(o, "age")));
}

static void answer_judge(struct asker *a, struct json_object *answer)
{
	bool wrong = json_object_object_get(answer, "error") != NULL;

	switch ((int)a->kind) {
	case ASKS_STATUS:
		status_judge(answer, true);
		break;
	case ASKS_ENDPOINT:
		status_judge(answer, false);
		return;			/* one that is removed is an error */
	case ASKS_READ:
		read_judge(a, answer);
		return;
	case ASKS_WRITE:
		if (json_object_object_get(answer, "written"))
			judge_write_answered(a->endpoint, a->value,
					     2 << 5 | 4);
		return;
	case ASKS_NONSENSE:
		if (!wrong)
			asker_fault(a, "asked nonsense, and was not refused");
		return;
	case ASKS_RELOAD:
	case ASKS_CHECK:
		return;			/* the disk may fail */
	default:
		break;
	}
	if (wrong)
		asker_fault(a, member_text(answer, "error"));
}

static void answer_read(struct asker *a)
{
	struct json_object *answer;

	a->answer[a->n - 1] = 0;
	answer = json_tokener_parse(a->answer);
	if (answer)
		answer_judge(a, answer);
	else
		asker_fault(a, "was told what is no JSON");
	json_object_put(answer);
}

/* ---- of pipe.h ---- */

void asker_hears(size_t i, const char *bytes, size_t n)
{
	struct asker *a = &askers[i];

	if (!a->here)
		return;
	if (a->kind == FOLLOWS)
		return;
	if (a->n + n > ANSWER_MOST)
		abort();
	if (!a->answer)
		a->answer = world_take(ANSWER_MOST);
	memcpy(a->answer + a->n, bytes, n);
	a->n += n;
}

static bool is_answered(const struct asker *a)
{
	return a->n && a->answer[a->n - 1] == '\n';
}

void asker_ended(size_t i)
{
	struct asker *a = &askers[i];

	if (!a->here)
		return;
	if (is_answered(a) && a->kind < SAYS_NOTHING)
		answer_read(a);
	else if (daemon_is_up() && !daemon_is_leaving() && !a->crowded &&
		 (a->kind < SAYS_NOTHING || a->kind == FOLLOWS))
		asker_fault(a, "was hung up on");
	asker_forget(a);
}

/* ---- who comes ---- */

static void patience_ends(uint64_t i, uint64_t number)
{
	struct asker *a = &askers[i];

	if (!a->here || a->number != number)
		return;
	if (a->kind >= LEAVES) {
		pipe_hang_up(i);
		asker_forget(a);
	} else if (!daemon_is_leaving()) {
		asker_fault(a, "waits for ever");
		pipe_hang_up(i);
		asker_forget(a);
	}
}

static size_t measured_draw(size_t e)
{
	size_t n = 0;

	while (n < site.endpoints[e].n_points &&
	       site.endpoints[e].points[n].measured)
		n++;
	return n ? (size_t)draw_between(A, 0, (int64_t)n - 1) : 0;
}

static void say(size_t i, const char *text)
{
	pipe_say(i, text, strlen(text));
}

static void write_say(size_t i, char *text, size_t size)
{
	struct asker *a = &askers[i];

	a->value = judge_write_sent(SERVERS_MAX - 1);
	snprintf(text, size, "{\"do\": \"write\", \"endpoint\": \"%s\", "
		 "\"path\": \"3308/0/5900\", \"value\": \"%.0f\"}\n",
		 site.endpoints[a->endpoint].name, a->value);
	say(i, text);
}

static void much_say(size_t i)
{
	static char much[3 * CONTROL_REQUEST_MAX];

	memset(much, 'x', sizeof(much));
	pipe_say(i, much, sizeof(much));
}

static void asker_speaks(size_t i)
{
	struct asker *a = &askers[i];
	const char *name = site.endpoints[a->endpoint].name;
	char text[256];

	if (a->kind == READS_NOTHING || a->kind == FOLLOWS_BLINDLY)
		pipe_read(i, false);
	switch (a->kind) {
	case ASKS_STATUS: case LEAVES: case READS_NOTHING:
		say(i, "{\"do\": \"status\"}\n");
		break;
	case ASKS_ENDPOINT:
		snprintf(text, sizeof(text), "{\"do\": \"status\", "
			 "\"endpoint\": \"%s\"}\n", name);
		say(i, text);
		break;
	case ASKS_READ:
		snprintf(text, sizeof(text), "{\"do\": \"read\", \"endpoint\": "
			 "\"%s\", \"path\": \"/3303/%zu/5700\"}\n", name,
			 a->point);
		say(i, text);
		break;
	case ASKS_METRICS: say(i, "{\"do\": \"metrics\"}\n"); break;
	case ASKS_EVENTS: say(i, "{\"do\": \"events\"}\n"); break;
	case ASKS_CHECK: say(i, "{\"do\": \"check\"}\n"); break;
	case ASKS_RELOAD: say(i, "{\"do\": \"reload\"}\n"); break;
	case ASKS_WRITE: write_say(i, text, sizeof(text)); break;
	case ASKS_NONSENSE:
		say(i, draw_chance(A, 0.5) ? "{\"do\": \"dance\"}\n" :
		    "{\"do\": [\"status\", {\"x\": 1e999\xff\x80\n");
		break;
	case SAYS_HALF: say(i, "{\"do\": \"sta"); break;
	case SAYS_MUCH: much_say(i); break;
	case FOLLOWS: case FOLLOWS_BLINDLY:
		say(i, "{\"do\": \"events\", \"follow\": true}\n");
		break;
	case SAYS_NOTHING: case ASKER_KINDS: break;
	}
}

static void asker_comes(enum asker_kind kind)
{
	struct asker *a;
	size_t i = 0;
	int64_t waits = patience[kind];

	while (i < PIPES_MAX && (askers[i].here || !pipe_is_free(i)))
		i++;
	if (i == PIPES_MAX || !pipe_connect(i))
		return;			/* the gateway is not there */
	if (kind == LEAVES)
		waits = draw_between(A, 0, 10 * MS);
	else if (kind == FOLLOWS || kind == FOLLOWS_BLINDLY)
		waits = draw_between(A, MINUTE, HOUR);
	a = &askers[i];
	*a = (struct asker){.kind = kind, .here = true, .number = ++own.n};
	own.here++;
	for (size_t k = 0; own.here > CONTROL_PEERS_MAX / 2 && k < PIPES_MAX; k++)
		askers[k].crowded = true;
	a->endpoint = (size_t)draw_between(A, 0,
					   (int64_t)site.n_endpoints - 1);
	/* Of a sleeper the answer takes as long as it sleeps. */
	if (kind == ASKS_WRITE && site.endpoints[a->endpoint].queue)
		a->kind = ASKS_READ;
	a->point = measured_draw(a->endpoint);
	asker_speaks(i);
	world_at(world.now + waits, false, patience_ends, i, a->number);
}

/* What people write has the values that no server writes, where there is but
 * one. */
static bool may_come(enum asker_kind kind)
{
	return kind != ASKS_WRITE ||
	       (!site.counted && site.n_servers < SERVERS_MAX);
}

static void next(uint64_t unused, uint64_t also)
{
	enum asker_kind kind = (enum asker_kind)
		draw_between(A, 0, ASKER_KINDS - 1);
	enum asker_kind crowd = draw_chance(A, 0.5) ? ASKS_STATUS :
				SAYS_NOTHING;

	(void)unused;
	(void)also;
	if (draw_chance(A, 0.01))
		for (size_t i = own.here; i < CROWD; i++)
			asker_comes(crowd);
	else if (may_come(kind))
		asker_comes(kind);
	world_at(world.now + draw_between(A, SECOND, 4 * MINUTE), false, next,
		 0, 0);
}

void askers_begin(void)
{
	memset(askers, 0, sizeof(askers));
	own = (typeof(own)){0};
	world_at(world.now + MINUTE, false, next, 0, 0);
}

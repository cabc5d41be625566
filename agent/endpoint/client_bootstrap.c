/* SPDX-License-Identifier: GPL-2.0-or-later
 * Carries out what the bootstrap machine asks for.
 *
 * There are two machines. That of bootstrap.h says whether to ask, and what
 * becomes of a session; that of bootstrap_asking.h says where the request is
 * on its way out: its turn at the server, a free line, its answer. What the
 * server writes goes to a copy of the accounts, which takes their place whole
 * at Finish or is dropped: an endpoint never runs with half of its accounts.
 *
 * machine_step() does what a step asks for, what ends before what begins, and
 * the request last: that may fail at once, which is another step. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/lwm2m/bootstrap_request.h"
#include "agent/base/text.h"
#include "agent/endpoint/client_bootstrap.h"
#include "agent/endpoint/client_request.h"
#include "agent/client/client_session.h"
#include "agent/client/services.h"
#include "agent/base/log.h"
#include "agent/config/model.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)
#define FALLBACK_AGAIN (60 * SECOND)
#define FALLBACK_MOST (3600 * SECOND)
#define LOOK_AGAIN SECOND	/* has the name got an address? */
#define PREFER_AFTER SECOND	/* the answer has gone out then */

static const char *name_of(const struct client_bootstrap *b)
{
	return b->endpoint->conf->endpoint;
}

static struct bootstrap_policy policy_of(const struct client_bootstrap *b)
{
	const struct config_server *conf = b->server->conf;

	return (struct bootstrap_policy){
		.hold_off = conf->hold_off,
		.account_timeout = conf->account_timeout,
		.retry_timer = conf->policy.retry_timer,
		.retry_most = 3600, .unsolicited = conf->unsolicited,
	};
}

static bool asking_is_due(const struct client_bootstrap *b, int64_t now)
{
	return b->asking == ASKING_QUEUED && b->ask_at <= now;
}

static void asking_step(struct client_bootstrap *b, enum asking_event event)
{
	b->asking = asking_next(b->asking, event);
}

static void bootstrap_reschedule(struct client_bootstrap *b, int64_t now)
{
	int64_t due = b->asking == ASKING_QUEUED &&
		      b->ask_at < b->machine.next ? b->ask_at :
						    b->machine.next;

	if (b->prefer_at < due && !b->copy)
		due = b->prefer_at;
	heap_set(&b->endpoint->services->bootstraps, &b->due,
		 due < now ? now : due);
}

static void server_take(struct client_bootstrap *b, int64_t now)
{
	struct server *s = endpoint_accounts_bootstrap(b->endpoint, now);

	if (s == b->server)
		return;
	s->n_clients++;
	if (b->server)
		b->server->n_clients--;
	b->server = s;
	b->stale = b->connection != NULL;
}

static void copy_drop(struct client_bootstrap *b)
{
	if (b->copy)
		account_tree_finish(b->copy);
	free(b->copy);
	b->copy = NULL;
}

static void hang_up(struct client_bootstrap *b)
{
	coap_close(b->connection);
	b->connection = NULL;
	bootstrap_pack_drop(b);
	asking_step(b, ASKING_GIVEN_UP);
}

/* ---- the request ---- */

/* Both are short: the configuration sees to it. */
static void segment_add(struct buf *to, const char *key, const char *text,
			size_t n)
{
	size_t n_key = strlen(key);

	buf_byte(to, (uint8_t)(n_key + n));
	buf_put(to, key, n_key);
	buf_put(to, text, n);
}

void bootstrap_name(const struct client_bootstrap *b, struct buf *to)
{
	segment_add(to, "ep=", name_of(b), strlen(name_of(b)));
}

void bootstrap_path(const char *path, struct buf *to)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		segment_add(to, "", path, n);
		path += n + (path[n] == '/');
	}
}

static void queries_add(const char *text, struct buf *to)
{
	while (*text) {
		size_t n = strcspn(text, "&");

		segment_add(to, "", text, n);
		text += n + (text[n] == '&');
	}
}

static int request_send(struct client_bootstrap *b, int64_t now)
{
	const struct config_server *conf = b->server->conf;
	uint8_t path_room[256], query_room[768];
	struct buf path = buf_over(path_room, sizeof(path_room));
	struct buf query = buf_over(query_room, sizeof(query_room));
	char format[16];
	int n = snprintf(format, sizeof(format), "%d", (int)conf->ct);

	if (conf->pack && !b->no_pack)
		return bootstrap_pack_ask(b, now);
	bootstrap_path(conf->path, &path);
	bootstrap_name(b, &query);
	if (conf->ct >= 0 && conf->version != VERSION_1_0 && !b->machine.plain)
		segment_add(&query, "pct=", format, (size_t)n);
	if (conf->query)
		queries_add(conf->query, &query);
	return coap_request(b->connection, &(struct coap_message){
		.method = REQUEST_POST, .format = FORMAT_NONE,
		.path = {path_room, path.used},
		.query = {query_room, query.used}}, now);
}

static void why_set(struct client_bootstrap *b, const char *why)
{
	free(b->why);
	b->why = text_copy(why);
}

static int connection_open(struct client_bootstrap *b, int64_t now)
{
	char why[400];

	if (b->connection &&
	    (b->stale ||
	     b->address_generation != b->server->address_generation)) {
		coap_close(b->connection);
		b->connection = NULL;
	}
	if (b->connection)
		return 0;
	b->stale = false;
	b->address_generation = b->server->address_generation;
	b->connection = client_session_open(b->endpoint, b->server, b, why,
				     sizeof(why), now);
	if (!b->connection) {
		why_set(b, why);
		return -EIO;
	}
	coap_handle(b->connection, &client_bootstrap_handlers);
	return 0;
}

static void machine_step(struct client_bootstrap *b, enum bootstrap_event event,
			 uint8_t code, int64_t now);

/* Its turn has come: at the pace of the server, and where it is known. */
static void request_try(struct client_bootstrap *b, int64_t now)
{
	int rc;

	if (!b->server->length) {
		asking_step(b, ASKING_WANTED);
		b->ask_at = now + LOOK_AGAIN;
		return;
	}
	rc = connection_open(b, now);
	if (!rc && coap_busy(b->connection)) {
		asking_step(b, ASKING_BUSY);	/* on_idle() */
		return;
	}
	if (!rc) {
		asking_step(b, ASKING_GOES);
		rc = request_send(b, now);
	}
	if (!rc)
		return;
	asking_step(b, ASKING_GIVEN_UP);
	if (b->connection)
		why_set(b, strerror(-rc));
	machine_step(b, BOOTSTRAP_LOST, 0, now);
}

static void request_ask(struct client_bootstrap *b, int64_t now)
{
	server_take(b, now);
	if (!b->server->conf->host)
		return;			/* a smart card will have them */
	asking_step(b, ASKING_WANTED);
	b->ask_at = server_send_slot(b->server, now);
	if (asking_is_due(b, now))
		request_try(b, now);
}

/* ---- actions ---- */

static void copy_open(struct client_bootstrap *b)
{
	b->copy = malloc(sizeof(*b->copy));
	if (!b->copy)
		abort();
	endpoint_accounts_copy(b->endpoint, b->copy);
	log_line(LOG_DETAIL, name_of(b), NULL, "bootstrap by %s begins",
		 b->server->conf->uri);
}

static void note_failure(struct client_bootstrap *b, int64_t now)
{
	const char *uri = b->server->conf->uri;
	const char *why = b->why ? b->why : "no Finish came";

	if (b->machine.state == BOOTSTRAP_WAITING)
		log_line(LOG_WARN, name_of(b), NULL, "bootstrap by %s failed: "
			 "%s; again in %lld s", uri, why, (long long)
			 ((b->machine.next - now) / SECOND));
	else
		log_line(LOG_WARN, name_of(b), NULL, "bootstrap by %s failed: "
			 "%s; the accounts stay as they are", uri, why);
}

static void account_apply(struct client_bootstrap *b, int64_t now)
{
	struct endpoint *e = b->endpoint;
	size_t n;

	why_set(b, NULL);
	copy_drop(b);
	/* One server that is down must not cost the others' observations. */
	if (b->fell_back && b->unchanged && !b->by_card) {
		log_line(LOG_NOTE, name_of(b), NULL, "bootstrapped by %s: "
			 "nothing is new", b->server->conf->uri);
		endpoint_accounts_again(e, now);
		return;
	}
	b->fallbacks = 0;
	endpoint_accounts_apply(e, now);
	n = endpoint_own_clients(e);
	log_line(LOG_NOTE, name_of(b), NULL, "bootstrapped by %s: %zu server%s",
		 b->by_card ? "a smart card" : b->server->conf->uri, n,
		 n == 1 ? "" : "s");
	server_take(b, now);
}

/* Its keys are not needed any more, nor kept. */
static void account_purge(struct client_bootstrap *b)
{
	log_line(LOG_NOTE, name_of(b), NULL, "the account of the bootstrap "
		 "server %s is over", b->server->conf->uri);
	endpoint_accounts_purge(b->endpoint);
}

static void machine_step(struct client_bootstrap *b, enum bootstrap_event event,
			 uint8_t code, int64_t now)
{
	struct bootstrap_policy policy = policy_of(b);
	int64_t spread = event != BOOTSTRAP_START ? 0 :
		server_startup_window(b->server,
				      b->endpoint->services->n_endpoints);
	struct bootstrap_action action = bootstrap_step(&b->machine, event,
		code, spread, &policy, now);

	if (action.drop)
		copy_drop(b);
	if (action.close)
		hang_up(b);
	if (action.open)
		copy_open(b);
	if (action.apply)
		account_apply(b, now);
	if (action.purge)
		account_purge(b);
	if (action.failed)
		note_failure(b, now);
	if (action.ask)
		request_ask(b, now);
	bootstrap_reschedule(b, now);
}

/* ---- what the server says ---- */

static void outcome_respond(struct coap_exchange *x,
			    struct bootstrap_outcome outcome,
			    const struct buf *out)
{
	if (outcome.reason)
		coap_respond(x, outcome.code, FORMAT_NONE,
			     (const uint8_t *)outcome.reason,
			     strlen(outcome.reason), -1);
	else
		coap_respond(x, outcome.code, outcome.format, out->at,
			     out->used, -1);
}

static const char *version_text(enum config_version version)
{
	switch (version) {
	case VERSION_1_0: return "1.0";
	case VERSION_1_1: return "1.1";
	case VERSION_1_2: return "1.2";
	}
	return "?";
}

static struct bootstrap_outcome no_session(void)
{
	return (struct bootstrap_outcome){CODE(4, 00), FORMAT_NONE,
					  "no bootstrap is under way"};
}

/* Checked, and on its way to the disk, before it is said to be good. */
static bool is_good(struct client_bootstrap *b, char *why, size_t size,
		    int64_t now)
{
	const char *wrong = account_check(b->copy);

	if (!wrong && !account_keys_check(b->copy, why, size))
		return false;
	if (!wrong && *why)
		log_line(LOG_WARN, name_of(b), NULL, "bootstrap by %s: a "
			 "pre-shared key %s", b->server->conf->uri, why);
	if (!wrong && !endpoint_accounts_store(b->endpoint, b->copy, now))
		wrong = "more than can be kept";
	snprintf(why, size, "%s", wrong ? wrong : "");
	return !wrong;
}

static struct bootstrap_outcome session_finish(struct client_bootstrap *b,
					       int64_t now)
{
	static char why[400];		/* of the answer; agent thread only */
	bool good;

	if (!b->copy)
		return no_session();
	good = is_good(b, why, sizeof(why), now);
	why_set(b, good ? NULL : why);
	machine_step(b, good ? BOOTSTRAP_FINISHED : BOOTSTRAP_REFUSED, 0, now);
	return (struct bootstrap_outcome){good ? CODE(2, 04) : CODE(4, 06),
					  FORMAT_NONE, good ? NULL : why};
}

static struct bootstrap_outcome session_handle(struct client_bootstrap *b,
					       const struct request *request,
					       struct buf *out, int64_t now)
{
	struct services *services = b->endpoint->services;
	struct bootstrap_scope scope;

	if (bootstrap_is_finish(request))
		return session_finish(b, now);
	machine_step(b, BOOTSTRAP_REQUESTED, 0, now);
	if (!b->copy)
		return no_session();
	scope = (struct bootstrap_scope){
		.copy = b->copy, .tree = &b->endpoint->tree,
		.model = agent_model(),
		.fallback = b->server->conf->version == VERSION_1_0 ?
			    FORMAT_TLV : FORMAT_SENML_CBOR,
		.version = version_text(b->server->conf->version),
	};
	return bootstrap_handle(&scope, request, services->request_room, out);
}

static void on_request(void *owner, struct coap_exchange *exchange,
		       const struct request *request, const uint8_t *token,
		       uint8_t token_length, int64_t now)
{
	struct client_bootstrap *b = owner;
	struct services *services = b->endpoint->services;
	struct buf out = buf_over(services->answer, services->answer_size);
	struct bootstrap_outcome outcome =
		session_handle(b, request, &out, now);

	(void)token;
	(void)token_length;
	log_line(outcome.code >> 5 == 2 || bootstrap_is_finish(request) ?
		 LOG_DETAIL : LOG_WARN, name_of(b), NULL,
		 "bootstrap: method %u of /%.*s: %u.%02u%s%s",
		 request->method, (int)request->uri_length, request->uri,
		 outcome.code >> 5, outcome.code & 31,
		 outcome.reason ? ", " : "",
		 outcome.reason ? outcome.reason : "");
	/* Its server need not give us the accounts again after that. */
	if (!bootstrap_is_finish(request) ||
	    !endpoint_respond_when_stored(b->endpoint, exchange, outcome.code,
					  NULL, now))
		outcome_respond(exchange, outcome, &out);
}

static const char *refusal_text(uint8_t code)
{
	switch (code) {
	case CODE(4, 00): return "4.00, it does not know this name";
	case CODE(4, 03): return "4.03, forbidden";
	case CODE(4, 04): return "4.04, it is none";
	case CODE(4, 15): return "4.15, not in this format";
	case CODE(5, 00): return "5.00, it has an error";
	case CODE(5, 03): return "5.03, it has no time";
	default: return "it refuses";
	}
}

static void pack_open(struct client_bootstrap *b, int64_t now)
{
	const char *why;

	machine_step(b, BOOTSTRAP_REQUESTED, 0, now);
	why = bootstrap_pack_open(b);
	bootstrap_pack_drop(b);
	if (!why) {
		session_finish(b, now);
		return;
	}
	why_set(b, why);
	machine_step(b, BOOTSTRAP_REFUSED, 0, now);
}

/* A part of a Bootstrap-Pack, or that there is none. */
static void pack_answered(struct client_bootstrap *b,
			  const struct coap_answer *answer, int64_t now)
{
	switch (bootstrap_pack_take(b, answer, now)) {
	case BOOTSTRAP_PACK_MORE:
		asking_step(b, ASKING_GOES);
		break;
	case BOOTSTRAP_PACK_WHOLE:
		pack_open(b, now);
		break;
	case BOOTSTRAP_PACK_NONE:
		b->no_pack = true;
		asking_step(b, ASKING_BUSY);	/* on_idle() */
		break;
	case BOOTSTRAP_PACK_BROKEN:
		why_set(b, "its pack does not come whole");
		machine_step(b, BOOTSTRAP_LOST, 0, now);
		break;
	}
}

static void on_ended(void *owner, enum coap_outcome outcome,
		     const uint8_t *token, uint8_t token_length,
		     const struct coap_answer *answer, int64_t now)
{
	struct client_bootstrap *b = owner;

	(void)token;
	(void)token_length;
	if (b->asking != ASKING_SENT)
		return;
	asking_step(b, ASKING_ENDED);
	if (outcome == COAP_ANSWERED) {
		b->last_code = answer->code;
		if (b->pack) {
			pack_answered(b, answer, now);
			return;
		}
		why_set(b, answer->code >> 5 != 2 ? refusal_text(answer->code) :
			NULL);
		b->machine.asked_wait = client_asked_wait(answer);
		machine_step(b, BOOTSTRAP_ANSWER, answer->code, now);
		return;
	}
	b->last_code = CLIENT_NO_ANSWER;
	why_set(b, "no answer");
	server_reresolve(b->server, now);
	machine_step(b, BOOTSTRAP_LOST, 0, now);
}

/* The first retransmission: it is said now, not when all of them are over; an
 * outage of a server that many ask once. */
static void on_silent(void *owner, const char *why, int64_t now)
{
	struct client_bootstrap *b = owner;

	(void)now;
	if (b->why && (!why || !strcmp(b->why, why)))
		return;
	why_set(b, why ? why : "no answer");
	log_line(server_is_news(b->server, b->why) ? LOG_WARN : LOG_DETAIL,
		 name_of(b), NULL, "bootstrap at %s: %s",
		 b->server->conf->uri, b->why);
}

static void on_idle(void *owner, int64_t now)
{
	struct client_bootstrap *b = owner;

	if (b->asking == ASKING_BLOCKED)
		request_try(b, now);
}

static void connection_end(struct client_bootstrap *b, const char *why,
			   int64_t now)
{
	why_set(b, why);
	b->last_code = CLIENT_NO_ANSWER;
	asking_step(b, ASKING_ENDED);
	machine_step(b, BOOTSTRAP_BROKEN, 0, now);
}

static void on_broken(void *owner, const struct coap_session_failure *failure,
		      int64_t now)
{
	struct client_bootstrap *b = owner;

	server_reresolve(b->server, now);
	connection_end(b, failure->why, now);
}

const struct coap_handlers client_bootstrap_handlers = {
	.request = on_request, .ended = on_ended, .idle = on_idle,
	.broken = on_broken, .silent = on_silent,
};

/* ---- for the endpoint ---- */

void client_bootstrap_create(struct endpoint *e, int64_t now)
{
	struct client_bootstrap *b;

	if (!e->services->servers.bootstrap || e->conf->bootstrap == BOOTSTRAP_NEVER)
		return;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	e->bootstrap = b;
	b->endpoint = e;
	b->prefer_at = INT64_MAX;
	bootstrap_init(&b->machine, e->conf->endpoint);
	b->fingerprint = endpoint_accounts_fingerprint(e);
	endpoint_accounts_restore(e);
	bootstrap_card_restore(e, now);
	server_take(b, now);
}

void client_bootstrap_destroy(struct endpoint *e)
{
	struct client_bootstrap *b = e->bootstrap;

	if (!b)
		return;
	heap_remove(&e->services->bootstraps, &b->due);
	hang_up(b);
	copy_drop(b);
	b->server->n_clients--;
	endpoint_accounts_forget(e);
	free(b->why);
	free(b);
	e->bootstrap = NULL;
}

/* When the account ends that a bootstrap has left. */
static int64_t account_expiry(const struct client_bootstrap *b, int64_t now)
{
	uint32_t timeout = b->when ? endpoint_accounts_timeout(b->endpoint) :
				     0;

	if (!timeout)
		return INT64_MAX;
	return now + b->when + timeout * SECOND -
	       services_wall(b->endpoint->services, now);
}

/* Something ended between a server's write of it and the change. */
static bool has_preference(const struct endpoint *e)
{
	bool has = false;

	for (size_t i = 0; i < endpoint_own_clients(e); i++) {
		struct lwm2m_path path = path_resource(ID_SERVER,
			e->clients[i].instance, ID_SERVER_PREFERRED);

		has |= tree_find(&e->tree, &path) != NULL;
	}
	return has;
}

void client_bootstrap_start(struct endpoint *e, int64_t now)
{
	struct client_bootstrap *b = e->bootstrap;

	if (!b || b->machine.state != BOOTSTRAP_OFF ||
	    b->asking != ASKING_UNREADY)
		return;
	asking_step(b, ASKING_READY);
	b->machine.expires = account_expiry(b, now);
	if (has_preference(e))
		b->prefer_at = now;
	machine_step(b, endpoint_own_clients(e) ? BOOTSTRAP_REST :
						  BOOTSTRAP_START, 0,
		     now);
}

void client_bootstrap_stop(struct endpoint *e, int64_t now)
{
	if (e->bootstrap)
		machine_step(e->bootstrap, BOOTSTRAP_STOP, 0, now);
}

bool client_bootstrap_trigger(struct endpoint *e, const char *why, int64_t now)
{
	struct client_bootstrap *b = e->bootstrap;

	if (!b || e->leaving || b->machine.state == BOOTSTRAP_OFF ||
	    !b->server->conf->host)
		return false;
	log_line(LOG_NOTE, name_of(b), NULL, "asks %s for a bootstrap: %s",
		 b->server->conf->uri, why);
	b->fell_back = false;
	machine_step(b, BOOTSTRAP_TRIGGER, 0, now);
	return true;
}

/* Ever more seldom while it brings nothing new: a minute, two, up to an hour. */
static int64_t fallback_wait(struct client_bootstrap *b)
{
	int64_t wait = FALLBACK_AGAIN << b->fallbacks;

	b->fallbacks += b->fallbacks < 6;
	return wait < FALLBACK_MOST ? wait : FALLBACK_MOST;
}

void client_bootstrap_fallback(struct client *c, int64_t now)
{
	struct client_bootstrap *b = c->endpoint->bootstrap;
	struct lwm2m_path path = path_resource(ID_SERVER, c->instance,
						ID_SERVER_FALLBACK);
	const struct tree_slot *slot = tree_find(&c->endpoint->tree, &path);

	if (!b || now < b->fall_back_at || (slot && !slot->value.as.boolean) ||
	    !client_bootstrap_trigger(c->endpoint, "its registrations failed",
				      now))
		return;
	b->fell_back = true;
	b->fall_back_at = now + fallback_wait(b);
}

void bootstrap_provided(struct client_bootstrap *b, bool servers, int64_t now)
{
	b->by_card = true;
	machine_step(b, BOOTSTRAP_PROVIDED, servers, now);
	b->by_card = false;
}

void client_bootstrap_rerouted(struct client_bootstrap *b, int64_t now)
{
	if (b->connection && !client_session_stays(b->server, b->connection))
		connection_end(b, "the way to it has changed", now);
	if (b->machine.state == BOOTSTRAP_WAITING)
		machine_step(b, BOOTSTRAP_TRIGGER, 0, now);
}

void client_bootstrap_prefer(struct endpoint *e, int64_t now)
{
	struct client_bootstrap *b = e->bootstrap;

	if (!b)
		return;
	b->prefer_at = now + PREFER_AFTER;
	bootstrap_reschedule(b, now);
}

static void prefer_now(struct client_bootstrap *b, int64_t now)
{
	b->prefer_at = INT64_MAX;
	if (b->endpoint->leaving || !endpoint_accounts_prefer(b->endpoint))
		return;
	log_line(LOG_NOTE, name_of(b), NULL, "a server prefers another "
		 "transport: registers anew there");
	endpoint_accounts_switch(b->endpoint, now);
}

void client_bootstrap_due(struct client_bootstrap *b, int64_t now)
{
	if (b->prefer_at <= now && !b->copy)
		prefer_now(b, now);
	if (asking_is_due(b, now))
		request_try(b, now);
	if (b->machine.next <= now)
		machine_step(b, BOOTSTRAP_TIMER, 0, now);
	bootstrap_reschedule(b, now);
}

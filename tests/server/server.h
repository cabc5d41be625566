/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwm2m-server: a small LwM2M server for the tests and the demonstration. What
 * all its parts share: the registration store, the events, the faults to play.
 * One thread; times are milliseconds of CLOCK_MONOTONIC. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H
#include <coap3/coap.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOCATION_PARTS = 4, OBSERVE_MAX = 16 };

/* Path segments as they stood in the options, slashes and all. */
struct segments {
	int n;
	char part[LOCATION_PARTS][64];
};

struct client {
	char *endpoint;
	char lwm2m[8];
	char binding[8];
	bool queue;
	int64_t lifetime;		/* s */
	int64_t expires;		/* ms */
	struct segments location;
	char *links, *query;		/* as they came */
	size_t links_length;
	coap_session_t *session;	/* a reference is held */
	bool observe_wanted;		/* once the 2.01 is on its way */
	coap_mid_t register_mid;	/* to know a repeated Register */
	int send_mid;			/* ... and Send; the mid plus 1 */
	struct json_object *known;	/* last values, for people */
	struct client *next;
};

/* Answers to play instead of the right one, for the next `left` requests. */
struct fault {
	int code;	/* CoAP code; 0: no answer at all */
	int left;
	unsigned max_age;	/* s; 0: without the option */
};

struct server {
	coap_context_t *coap;
	struct client *clients;
	struct fault on_register, on_update, on_send;
	bool one_location_option;	/* "rd/1" in one, as lwm2m-node-lib */
	bool silent;			/* takes nothing, answers nothing */
	bool human;
	bool lwm2m_1_2;		/* is taken from clients, too */
	bool quit;
	int64_t delay;			/* ms before Register/Update answers */
	unsigned last_location;
	const char *observe[OBSERVE_MAX];	/* at once after a Register */
	int observes;
};
extern struct server server;

int64_t now_ms(void);

/* clients.c */
struct client *client_find(const char *endpoint);
struct client *client_at(const struct segments *location);
struct client *client_add(const char *endpoint);
void client_move(struct client *c, coap_session_t *session);
void client_remove(struct client *c);
/* Reports and removes what has run out; ms of the next one, or -1. */
int64_t clients_expire(int64_t now);

/* register.c: handler of the catch-all resource, for every method */
void register_handle(coap_resource_t *resource, coap_session_t *session,
		     const coap_pdu_t *request, const coap_string_t *query,
		     coap_pdu_t *response);
/* Late answers whose delay is over; ms of the next one, or -1. */
int64_t register_late(int64_t now);
/* Drops late answers and half a body, of whatever session. */
void register_forget(void);

/* report.c: takes the event over */
struct json_object *event_new(const char *name, const char *endpoint);
void event_text(struct json_object *e, const char *key, const char *value);
void event_number(struct json_object *e, const char *key, int64_t value);
void event_hex(struct json_object *e, const char *key, const uint8_t *data,
	       size_t length);
void event_send(struct json_object *e);
void event_error(const char *id, const char *reason);
char *code_text(int code, char to[8]);

/* command.c: one line of stdin */
void command_run(char *line);
#endif

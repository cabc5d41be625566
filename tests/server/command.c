/* SPDX-License-Identifier: GPL-2.0-or-later
 * Commands, one a line: "ID VERB ARGUMENTS...". Words are split at spaces;
 * quotation marks keep a word together. Every command ends in one event that
 * carries its ID: done, error, response, timeout or rst. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/server/listen.h"
#include "tests/server/request.h"
#include "tests/server/secure.h"
#include "tests/server/server.h"
#include "tests/server/words.h"

enum { WORDS = 24, PAYLOAD = 1 << 20 };

struct command {
	const char *id, *verb;
	char **word;	/* behind the verb */
	int n;
	uint8_t *payload;
};

static void done(const struct command *cmd)
{
	struct json_object *e = event_new("done", NULL);

	event_text(e, "id", cmd->id);
	event_send(e);
}

/* --- KEY=VALUE words --------------------------------------------------- */

static int take_payload(struct command *cmd, struct request *r,
			const char *value, bool hex)
{
	size_t n = strlen(value);

	cmd->payload = realloc(cmd->payload, n + 1);
	if (hex) {
		long length = hex_parse(value, cmd->payload, n);

		if (length < 0)
			return -EINVAL;
		r->length = (size_t)length;
	} else {
		memcpy(cmd->payload, value, n);
		r->length = n;
	}
	r->payload = cmd->payload;
	return 0;
}

/* N bytes made up, for transfers in blocks. */
static int make_payload(struct command *cmd, struct request *r, int n)
{
	if (n < 0 || n > PAYLOAD)
		return -EINVAL;
	cmd->payload = realloc(cmd->payload, (size_t)n + 1);
	for (int i = 0; i < n; i++)
		cmd->payload[i] = (uint8_t)("0123456789abcdef"[i % 16]);
	r->payload = cmd->payload;
	r->length = (size_t)n;
	return 0;
}

static int take_option(struct request *r, const char *value)
{
	struct raw_option *o = &r->options[r->n_options];
	char *end;
	long n;

	if (r->n_options == 8)
		return -E2BIG;
	o->number = (uint16_t)strtoul(value, &end, 10);
	if (*end != ':' && *end != '\0')
		return -EINVAL;
	n = hex_parse(*end ? end + 1 : end, o->value, sizeof(o->value));
	if (n < 0)
		return -EINVAL;
	o->length = (size_t)n;
	r->n_options++;
	return 0;
}

static int take_token(struct request *r, const char *value)
{
	long n = hex_parse(value, r->token, sizeof(r->token));

	if (n < 0)
		return -EINVAL;
	r->token_length = (size_t)n;
	return 0;
}

static int take_number(struct request *r, const char *key, int value)
{
	struct {
		const char *name;
		int *to;
	} numbers[] = {
		{"accept", &r->accept}, {"format", &r->format},
		{"observe", &r->observe}, {"block1", &r->block1},
		{"block2", &r->block2}, {"mid", &r->mid},
		{"repeat", &r->repeat},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (strcmp(key, numbers[i].name))
			continue;
		*numbers[i].to = value;
		return 0;
	}
	return -EINVAL;
}

static int take(struct command *cmd, struct request *r, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (!strcmp(word, "text"))
		return take_payload(cmd, r, value, false);
	if (!strcmp(word, "hex"))
		return take_payload(cmd, r, value, true);
	if (!strcmp(word, "size"))
		return make_payload(cmd, r, atoi(value));
	if (!strcmp(word, "opt"))
		return take_option(r, value);
	if (!strcmp(word, "token"))
		return take_token(r, value);
	if (!strcmp(word, "q")) {
		r->query = value;
		return 0;
	}
	if (!strcmp(word, "type")) {
		r->non = !strcmp(value, "non");
		return 0;
	}
	if (!strcmp(word, "timeout")) {
		r->timeout = atoll(value);
		return 0;
	}
	return take_number(r, word, atoi(value));
}

/* --- verbs that send a request ----------------------------------------- */

struct verb {
	const char *name;
	int method, accept, format, observe;
};
static const struct verb verbs[] = {
	{"read", COAP_REQUEST_CODE_GET, -1, -1, -1},
	{"write", COAP_REQUEST_CODE_PUT, -1, 0, -1},
	{"update", COAP_REQUEST_CODE_POST, -1, 11542, -1},
	{"create", COAP_REQUEST_CODE_POST, -1, 11542, -1},
	{"delete", COAP_REQUEST_CODE_DELETE, -1, -1, -1},
	{"execute", COAP_REQUEST_CODE_POST, -1, -1, -1},
	{"discover", COAP_REQUEST_CODE_GET, 40, -1, -1},
	{"attributes", COAP_REQUEST_CODE_PUT, -1, -1, -1},
	{"observe", COAP_REQUEST_CODE_GET, -1, -1, 0},
};

static int method_of(const char *name)
{
	static const char *const names[] = {"GET", "POST", "PUT", "DELETE",
					    "FETCH", "PATCH", "IPATCH"};

	for (int i = 0; i < 7; i++)
		if (!strcmp(name, names[i]))
			return i + 1;
	return -1;
}

/* Words behind the path; one without '=' is an Execute's arguments or the
 * query of Write-Attributes. */
static int take_words(struct command *cmd, struct request *r, int from)
{
	for (int i = from; i < cmd->n; i++) {
		int result;

		if (!strcmp(cmd->verb, "attributes") && i == from) {
			r->query = cmd->word[i];
			continue;
		}
		if (!strcmp(cmd->verb, "execute") && i == from &&
		    strncmp(cmd->word[i], "mid=", 4) &&
		    strncmp(cmd->word[i], "repeat=", 7) &&
		    strncmp(cmd->word[i], "timeout=", 8)) {
			r->format = 0;
			take_payload(cmd, r, cmd->word[i], false);
			continue;
		}
		result = take(cmd, r, cmd->word[i]);
		if (result < 0)
			return result;
	}
	return 0;
}

static void send_request(struct command *cmd, struct client *c,
			 struct request *r, int from)
{
	r->id = cmd->id;
	r->path = cmd->word[from - 1];
	if (take_words(cmd, r, from) < 0)
		event_error(cmd->id, "cannot read the arguments");
	else if (request_send(c, r) < 0)
		event_error(cmd->id, "cannot send");
}

static bool run_request(struct command *cmd, struct client *c)
{
	struct request r;

	request_init(&r);
	if (!strcmp(cmd->verb, "request") && cmd->n >= 3) {
		r.method = method_of(cmd->word[1]);
		if (r.method < 0)
			event_error(cmd->id, "no such method");
		else
			send_request(cmd, c, &r, 3);
		return true;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(cmd->verb, verbs[i].name) || cmd->n < 2)
			continue;
		r.method = verbs[i].method;
		r.accept = verbs[i].accept;
		r.format = verbs[i].format;
		r.observe = verbs[i].observe;
		send_request(cmd, c, &r, 2);
		return true;
	}
	return false;
}

static void run_client(struct command *cmd)
{
	struct client *c = client_find(cmd->word[0]);
	struct request r;
	int result = 0;

	if (!c) {
		event_error(cmd->id, "no such endpoint");
	} else if (!strcmp(cmd->verb, "cancel") && cmd->n == 2) {
		result = observation_cancel(c, cmd->word[1], cmd->id);
	} else if (!strcmp(cmd->verb, "forget") && cmd->n == 2) {
		result = observation_forget(c, cmd->word[1]);
		if (!result)
			done(cmd);
	} else if (!strcmp(cmd->verb, "ping")) {
		request_init(&r);
		r.method = 0;
		r.id = cmd->id;
		r.path = "";
		result = request_send(c, &r);
	} else if (!strcmp(cmd->verb, "unregister")) {
		client_remove(c);
		done(cmd);
	} else if (!run_request(cmd, c)) {
		event_error(cmd->id, "no such command");
	}
	if (result < 0)
		event_error(cmd->id, result == -ENOENT ? "no observation"
						       : "cannot send");
}

/* --- verbs about the server itself ------------------------------------- */

static int fault_code(const char *text)
{
	int class, detail;

	if (!strcmp(text, "drop"))
		return 0;
	if (sscanf(text, "%d.%d", &class, &detail) != 2)
		return -1;
	return class << 5 | detail;
}

/* answer register|update|send CODE|drop|default [N [MAX_AGE]] */
static bool run_answer(struct command *cmd)
{
	struct fault *f;
	int code;

	if (cmd->n < 2)
		return false;
	f = !strcmp(cmd->word[0], "register") ? &server.on_register :
	    !strcmp(cmd->word[0], "send") ? &server.on_send :
	    &server.on_update;
	code = fault_code(cmd->word[1]);
	if (!strcmp(cmd->word[1], "default"))
		*f = (struct fault){0};
	else if (code < 0)
		return false;
	else
		*f = (struct fault){code, cmd->n > 2 ? atoi(cmd->word[2]) : 1,
			cmd->n > 3 ? (unsigned)atoi(cmd->word[3]) : 0};
	return true;
}

static void list_clients(struct command *cmd)
{
	struct json_object *list = json_object_new_array();
	struct json_object *e = event_new("clients", NULL);

	for (struct client *c = server.clients; c; c = c->next)
		json_object_array_add(list,
				      json_object_new_string(c->endpoint));
	event_text(e, "id", cmd->id);
	json_object_object_add(e, "clients", list);
	event_send(e);
}

static bool run_server(struct command *cmd)
{
	const char *word = cmd->n ? cmd->word[0] : "";

	if (!strcmp(cmd->verb, "silent")) {
		server.silent = !strcmp(word, "on");
		coap_debug_set_packet_loss(server.silent ? "100%" : "0%");
	} else if (!strcmp(cmd->verb, "delay")) {
		server.delay = atoll(word);
	} else if (!strcmp(cmd->verb, "location")) {
		server.one_location_option = !strcmp(word, "single");
	} else if (!strcmp(cmd->verb, "answer")) {
		return run_answer(cmd);
	} else if (!strcmp(cmd->verb, "amnesia")) {
		return listen_again() == 0;
	} else if (!strcmp(cmd->verb, "psk") && cmd->n) {
		return secure_psk(word, cmd->n > 1 ? cmd->word[1] : NULL) == 0;
	} else if (!strcmp(cmd->verb, "quit")) {
		server.quit = true;
	} else {
		return false;
	}
	return true;
}

void command_run(char *line)
{
	char *word[WORDS];
	int n = words_split(line, word, WORDS);
	struct command cmd = {.word = word + 2, .n = n - 2};

	if (n == 0 || *word[0] == '#')
		return;
	cmd.id = word[0];
	cmd.verb = n > 1 ? word[1] : "";
	if (!strcmp(cmd.verb, "clients"))
		list_clients(&cmd);
	else if (run_server(&cmd))
		done(&cmd);
	else if (cmd.n > 0)
		run_client(&cmd);
	else
		event_error(cmd.id, "no such command");
	free(cmd.payload);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inside of lwmuxctl: asking, and printing what is answered. */
#ifndef AGENT_CTL_H
#define AGENT_CTL_H
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include "agent/base/commands.h"

/* What the program exits with; lwmuxctl(1) promises them. */
enum {
	CTL_DONE, CTL_FAILED, CTL_DEGRADED = CTL_FAILED, CTL_DOWN, CTL_USAGE,
	CTL_NO_ENDPOINT
};

struct options {
	const char *run, *config;
	const char *duration;		/* --for */
	const char *baud, *parity;	/* scan, adopt: lists with commas */
	bool json, adopt;
	bool yes;			/* adopt: --yes */
	bool follow;			/* events: -f */
	bool not_well, watch;		/* status: --not-well, -w */
	bool quiet;			/* watch: what fails is said already */
	bool rpk;			/* keygen: of a raw public key */
	const char *out;		/* keygen: --out */
};

/* A request: {"do": what}, with what is not NULL. */
struct json_object *request_of(const char *what, const char *endpoint,
			       const char *path);
/* Lines that come, one after the other. Whoever waits for one looks every few
 * seconds whether lwmuxd still answers at all: a command never hangs with it. */
struct answers {
	const char *run;
	bool quiet;
	int fd;
	char *text;
	size_t used, size, taken;
};
/* false: after a message, unless they are to be quiet. request is put. */
bool ask_begin(const struct options *options, struct json_object *request,
	       struct answers *answers);
/* Without its newline, until the next call; NULL: no more come, or after a
 * message. */
const char *answers_next(struct answers *answers);
void answers_end(struct answers *answers);
/* The only answer's object, or NULL after a message. request is put. */
struct json_object *ask(const struct options *options,
			struct json_object *request);
/* One line of JSON, with the format's number: what --json prints, always. Its
 * members are in lwmuxctl.schema.json; they are only added to, or the number
 * goes up. */
#define CTL_FORMAT 1
void print_json(struct json_object *object);
/* Says what the member "error" says. */
bool failed(struct json_object *answer);
/* CTL_DONE; or after a message CTL_NO_ENDPOINT or CTL_FAILED. NULL, which is
 * what a failed ask() has said already: CTL_FAILED. */
int answer_code(struct json_object *answer);
/* The same without a message. */
int answer_code_quiet(struct json_object *answer);
const char *text_of(struct json_object *from, const char *key);
struct json_object *list_of(struct json_object *from, const char *key);
size_t length_of(struct json_object *list);

/* ctl_print.c */
/* one: it is of one endpoint, asked for by its name. */
void print_status(struct json_object *answer, bool one);
void print_resources(struct json_object *list);

/* ctl_profiles.c: the names of profiles that begin so, one a line. */
int profile_names(const struct options *options, const char *begun);
/* ctl_names.c: --complete. words: those of a command line, the last of them as
 * far as it is written. Returns the exit code. */
int ctl_names(const struct options *options, char **words, int n);

/* The commands: what stands behind their name, with as many arguments as their
 * row lets through. Each returns the exit code. */
#define ROW(id, ...) \
	int do_##id(const struct options *options, char **args, int n);
COMMANDS(ROW, COMMAND_NOT_HERE, ROW, COMMAND_NOT_HERE)
#undef ROW
#endif

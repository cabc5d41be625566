/* SPDX-License-Identifier: GPL-2.0-or-later
 * The commands that are one request and its answer. */
#include "agent/ctl/ctl.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "agent/ctl/ctl_metrics.h"
#include "agent/ctl/ctl_summary.h"

#define WATCH_EVERY 2		/* s */

static int health_code(const char *health)
{
	if (health && !strcmp(health, "healthy"))
		return CTL_DONE;
	return health && !strcmp(health, "degraded") ? CTL_DEGRADED : CTL_DOWN;
}

/* The summary counts what --not-well leaves out, too. */
static void show_status(const struct options *o, struct json_object *answer,
			bool one)
{
	if (!o->json && !one)
		ctl_summary(answer, stdout);
	if (o->not_well)
		ctl_keep_not_well(answer);
	if (o->json)
		print_json(answer);
	else
		print_status(answer, one);
}

/* "meter-*": of all endpoints those that are called so. */
static bool is_pattern(const char *name)
{
	return name && strpbrk(name, "*?[");
}

/* CTL_DONE: what lwmuxd answers, to be put in any case. */
static int status_ask(const struct options *o, const char *name,
		      struct json_object **answer)
{
	bool some = is_pattern(name);
	int code;

	*answer = ask(o, request_of("status", some ? NULL : name, NULL));
	code = o->quiet ? answer_code_quiet(*answer) : answer_code(*answer);
	if (code == CTL_DONE && some && !ctl_keep_matching(*answer, name)) {
		if (!o->quiet)
			fprintf(stderr, "lwmuxctl: no endpoint is called %s\n",
				name);
		return CTL_NO_ENDPOINT;
	}
	return code == CTL_FAILED ? CTL_DOWN : code;
}

/* The exit code. */
static int status_show(const struct options *o, struct json_object *answer,
		       const char *name)
{
	show_status(o, answer, name && !is_pattern(name));
	return health_code(text_of(answer, "health"));
}

static int status_once(const struct options *o, const char *name)
{
	struct json_object *answer;
	int code = status_ask(o, name, &answer);

	if (code == CTL_DONE)
		code = status_show(o, answer, name);
	json_object_put(answer);
	return code;
}

static void away_say(void)
{
	time_t now = time(NULL);
	struct tm tm;
	char when[16] = "";

	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%H:%M:%S", &tm);
	fprintf(stderr, "lwmuxctl: nothing is known since %s; it is asked for "
		"every %d s\n", when, WATCH_EVERY);
}

/* Over what was there before on a terminal, below it elsewhere. */
static void watch_show(const struct options *o, struct json_object *answer,
		       const char *name, bool again)
{
	bool terminal = isatty(STDOUT_FILENO) && !o->json;

	if (again)
		fputs("lwmuxctl: it is there again\n", stderr);
	if (terminal)
		fputs("\033[H\033[2J", stdout);
	status_show(o, answer, name);
	if (!terminal && !o->json)
		putchar('\n');
}

/* Until it is ended, or nobody reads it any more; where there is nothing to see
 * at first, as a status ends. Later that is said once, and what was last seen
 * stays until there is something to see again. */
static int status_watch(const struct options *o, const char *name)
{
	struct options look = *o;
	bool first = true;
	int code;

	do {
		struct json_object *answer;

		code = status_ask(&look, name, &answer);
		if (code == CTL_DONE)
			watch_show(o, answer, name, look.quiet);
		else if (!first && !look.quiet)
			away_say();
		json_object_put(answer);
		if (code != CTL_DONE && first)
			return code;
		look.quiet = code != CTL_DONE;
		first = false;
	} while (!fflush(stdout) && !sleep(WATCH_EVERY));
	return code;
}

int do_status(const struct options *o, char **args, int n)
{
	const char *name = n ? args[0] : NULL;

	return o->watch ? status_watch(o, name) : status_once(o, name);
}

int do_watch(const struct options *o, char **args, int n)
{
	return status_watch(o, n ? args[0] : NULL);
}

int do_read(const struct options *o, char **args, int n)
{
	struct json_object *request = request_of("read", args[0],
						 n > 1 ? args[1] : NULL);
	struct json_object *answer = ask(o, request);
	int code = answer_code(answer);

	if (!code && o->json)
		print_json(answer);
	else if (!code)
		print_resources(list_of(answer, "resources"));
	json_object_put(answer);
	return code;
}

/* They go now, or as soon as a server can be reached and wants them. */
static void print_sent(const struct options *o, struct json_object *answer,
		       const char *endpoint, const char *path)
{
	const char *sent = text_of(answer, "sent");

	if (o->json) {
		json_object_object_add(answer, "endpoint",
				       json_object_new_string(endpoint));
		json_object_object_add(answer, "path",
				       json_object_new_string(path));
		print_json(answer);
	} else if (sent) {
		printf("%s: %s value%s on the way to the servers\n", path,
		       sent, strcmp(sent, "1") ? "s" : "");
	}
}

int do_send(const struct options *o, char **args, int n)
{
	int code = CTL_DONE;

	for (int i = 1; i < n && !code; i++) {
		struct json_object *answer = ask(o, request_of("send", args[0],
							       args[i]));

		code = answer_code(answer);
		if (!code)
			print_sent(o, answer, args[0], args[i]);
		json_object_put(answer);
	}
	return code;
}

static void print_metrics(const struct options *o, struct json_object *answer)
{
	const char *text = text_of(answer, "metrics");

	if (!o->json) {
		fputs(text, stdout);
		return;
	}
	json_object_object_add(answer, "metrics", ctl_metrics(text));
	print_json(answer);
}

int do_metrics(const struct options *o, char **args, int n)
{
	struct json_object *answer = ask(o, request_of("metrics", NULL,
							   NULL));
	int code = answer_code(answer);

	(void)args;
	(void)n;
	if (!code)
		print_metrics(o, answer);
	json_object_put(answer);
	return code;
}

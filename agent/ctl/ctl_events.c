/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl events: what happened, and with -f what happens. */
#include "agent/ctl/ctl.h"
#include <string.h>
#include <time.h>

static void event_print(struct json_object *event)
{
	const char *endpoint = text_of(event, "endpoint");
	const char *about = endpoint ? endpoint : text_of(event, "bus");
	const char *level = text_of(event, "level"), *text;
	struct json_object *time = NULL;
	char when[32] = "";
	time_t seconds;
	struct tm tm;

	json_object_object_get_ex(event, "time", &time);
	seconds = (time_t)json_object_get_double(time);
	if (localtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	text = text_of(event, "text");
	printf("%s %s%s%s%s%s\n", when,
	       level && strcmp(level, "note") ? level : "",
	       level && strcmp(level, "note") ? ": " : "",
	       about ? about : "", about ? ": " : "", text ? text : "");
}

static void events_print(const struct options *o, struct json_object *list)
{
	for (size_t i = 0; i < length_of(list); i++) {
		struct json_object *event = json_object_array_get_idx(list, i);

		if (o->json)
			print_json(event);
		else
			event_print(event);
	}
	fflush(stdout);
}

int do_events(const struct options *o, char **args, int n)
{
	struct json_object *request = request_of("events", n ? args[0] : NULL,
						 NULL), *answer;
	struct answers answers;
	const char *text;
	int code = CTL_FAILED;

	if (o->follow)
		json_object_object_add(request, "follow",
				       json_object_new_boolean(true));
	if (!ask_begin(o, request, &answers))
		return CTL_FAILED;
	while ((text = answers_next(&answers))) {
		answer = json_tokener_parse(text);
		code = answer_code(answer);
		if (code == CTL_DONE)
			events_print(o, list_of(answer, "events"));
		json_object_put(answer);
		if (code != CTL_DONE || !o->follow)
			break;
	}
	if (!text) {	/* it has ended, and so does what follows it */
		fprintf(stderr, "lwmuxctl: lwmuxd has hung up\n");
		code = CTL_FAILED;
	}
	answers_end(&answers);
	return code;
}

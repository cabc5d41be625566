/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl trace: a line for each frame that goes over a bus. */
#include "agent/ctl/ctl.h"
#include <math.h>
#include <string.h>
#include <time.h>

static void time_print(double wall)
{
	time_t seconds = (time_t)wall;
	struct tm local;
	char text[16];

	localtime_r(&seconds, &local);
	strftime(text, sizeof(text), "%H:%M:%S", &local);
	printf("%s.%03d", text, (int)((wall - floor(wall)) * 1000));
}

/* 09:41:07.123 -> 01 03 00 64 00 02 85 d4   unit 1: read 2 holding ... */
static void frame_print(struct json_object *frame)
{
	const char *bytes = text_of(frame, "bytes");
	const char *words = text_of(frame, "words");
	const char *left_out = text_of(frame, "left_out");
	struct json_object *time, *sent;

	if (left_out)
		printf("%s frames are left out\n", left_out);
	if (!json_object_object_get_ex(frame, "time", &time) ||
	    !json_object_object_get_ex(frame, "sent", &sent))
		return;
	time_print(json_object_get_double(time));
	printf(" %s %s%s%s\n", json_object_get_boolean(sent) ? "->" : "<-",
	       bytes && *bytes ? bytes : "-", words ? "   " : "",
	       words ? words : "");
}

/* -1: more lines come. */
static int line_take(const struct options *o, const char *text)
{
	struct json_object *line = json_tokener_parse(text), *frame;
	int rc = -1;

	if (o->json && line)
		print_json(line);
	if (!json_object_object_get_ex(line, "frame", &frame))
		rc = failed(line) ? CTL_FAILED : CTL_DONE;
	else if (!o->json)
		frame_print(frame);
	fflush(stdout);
	json_object_put(line);
	return rc;
}

int do_trace(const struct options *o, char **args, int n)
{
	struct json_object *request = request_of("trace", NULL, NULL);
	struct answers answers;
	const char *text;
	int rc = -1;

	(void)n;
	json_object_object_add(request, "bus", json_object_new_string(args[0]));
	if (o->duration)
		json_object_object_add(request, "for",
				       json_object_new_string(o->duration));
	if (!ask_begin(o, request, &answers))
		return CTL_FAILED;
	while (rc < 0 && (text = answers_next(&answers)))
		rc = line_take(o, text);
	if (rc < 0)
		fprintf(stderr, "lwmuxctl: lwmuxd has hung up\n");
	answers_end(&answers);
	return rc < 0 ? CTL_FAILED : rc;
}

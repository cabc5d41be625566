/* SPDX-License-Identifier: GPL-2.0-or-later
 * Asking lwmuxd over its control socket, and taking its answers apart. */
#include "agent/ctl/ctl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char *text_of(struct json_object *from, const char *key)
{
	struct json_object *member;

	return json_object_object_get_ex(from, key, &member) ?
	       json_object_get_string(member) : NULL;
}

struct json_object *list_of(struct json_object *from, const char *key)
{
	struct json_object *list;

	return json_object_object_get_ex(from, key, &list) &&
	       json_object_is_type(list, json_type_array) ? list : NULL;
}

size_t length_of(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

struct json_object *request_of(const char *what, const char *endpoint,
				      const char *path)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "do", json_object_new_string(what));
	if (endpoint)
		json_object_object_add(request, "endpoint",
				       json_object_new_string(endpoint));
	if (path)
		json_object_object_add(request, "path",
				       json_object_new_string(path));
	return request;
}

bool failed(struct json_object *answer)
{
	const char *error = text_of(answer, "error");

	if (error)
		fprintf(stderr, "lwmuxctl: %s\n", error);
	return error != NULL;
}

static int dial(const char *run)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int n = snprintf(to.sun_path, sizeof(to.sun_path), "%s/control", run);

	if (fd < 0 || n >= (int)sizeof(to.sun_path)) {
		fprintf(stderr, "lwmuxctl: %s/control: path too long\n", run);
		return -1;
	}
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	fprintf(stderr, "lwmuxctl: %s: %s; %s\n", to.sun_path, strerror(errno),
		errno == EACCES ? "be root or in group lwmux" :
		"does lwmuxd run?");
	close(fd);
	return -1;
}

FILE *ask_begin(const struct options *o, struct json_object *request)
{
	int fd = dial(o->run);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "r+");

	if (stream && (fprintf(stream, "%s\n", json_object_to_json_string_ext(
			request, JSON_C_TO_STRING_PLAIN)) < 0 ||
		       fflush(stream)))
		perror("lwmuxctl");
	json_object_put(request);
	return stream;
}

struct json_object *ask(const struct options *o, struct json_object *request,
			char **raw)
{
	FILE *stream = ask_begin(o, request);
	struct json_object *answer = NULL;
	size_t size = 0;
	char *text = NULL;

	if (!stream)
		return NULL;
	if (getline(&text, &size, stream) > 0)
		answer = json_tokener_parse(text);
	fclose(stream);
	if (!answer)
		fprintf(stderr, "lwmuxctl: no answer from lwmuxd\n");
	if (raw && answer)
		*raw = text;
	else
		free(text);
	return answer;
}

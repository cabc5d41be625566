/* SPDX-License-Identifier: GPL-2.0-or-later
 * Asking lwmuxd over its control socket, and taking its answers apart. */
#include "agent/ctl/ctl.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE 5000		/* ms, for a sign of life */
#define READ_ROOM 65536

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

void print_json(struct json_object *object)
{
	json_object_object_add(object, "format",
			       json_object_new_int(CTL_FORMAT));
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
}

bool failed(struct json_object *answer)
{
	const char *error = text_of(answer, "error");

	if (error)
		fprintf(stderr, "lwmuxctl: %s\n", error);
	return error != NULL;
}

/* The answer has no member for it; the daemon begins this error so wherever an
 * endpoint is named. */
int answer_code_quiet(struct json_object *answer)
{
	static const char unknown[] = "no such endpoint";
	const char *error = answer ? text_of(answer, "error") : NULL;

	if (answer && !error)
		return CTL_DONE;
	return !error || strncmp(error, unknown, sizeof(unknown) - 1) ?
	       CTL_FAILED : CTL_NO_ENDPOINT;
}

int answer_code(struct json_object *answer)
{
	if (answer)
		failed(answer);
	return answer_code_quiet(answer);
}

/* false: a message was printed, where `loud`. */
static bool socket_dial(const char *run, bool loud, int *to)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = PATIENCE / 1000};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int n = snprintf(at.sun_path, sizeof(at.sun_path), "%s/control", run);

	*to = fd;
	if (fd < 0 || n >= (int)sizeof(at.sun_path)) {
		if (loud)
			fprintf(stderr, "lwmuxctl: %s/control: path too long\n",
				run);
		if (fd >= 0)
			close(fd);
		return false;
	}
	/* A full queue of connections, and requests that nobody reads. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return true;
	if (loud)
		fprintf(stderr, "lwmuxctl: %s: %s; %s\n", at.sun_path,
			strerror(errno),
			errno == EACCES ? "be root or in group lwmux" :
			errno == EAGAIN ? "lwmuxd does not answer" :
			"does lwmuxd run?");
	close(fd);
	return false;
}

static bool send_all(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return false;
		if (sent > 0) {
			text += sent;
			n -= (size_t)sent;
		}
	}
	return true;
}

static bool readable_within(int fd, int ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	return poll(&wait, 1, ms) > 0;
}

/* An answer may take its time (a device sleeps, a scan goes on), a daemon that
 * lives says so at once. */
static bool daemon_answers(const char *run)
{
	static const char ping[] = "{\"do\":\"ping\"}\n";
	bool alive;
	int fd;

	if (!socket_dial(run, false, &fd))
		return false;
	alive = send_all(fd, ping, sizeof(ping) - 1) &&
		readable_within(fd, PATIENCE);
	close(fd);
	return alive;
}

bool ask_begin(const struct options *o, struct json_object *request,
	       struct answers *answers)
{
	const char *text = json_object_to_json_string_ext(
		request, JSON_C_TO_STRING_PLAIN);
	bool good;

	*answers = (struct answers){.run = o->run, .quiet = o->quiet};
	good = socket_dial(o->run, !o->quiet, &answers->fd);
	if (good && (!send_all(answers->fd, text, strlen(text)) ||
		     !send_all(answers->fd, "\n", 1))) {
		if (!o->quiet)
			fprintf(stderr, "lwmuxctl: lwmuxd takes no request: "
				"%s\n", strerror(errno));
		close(answers->fd);
		good = false;
	}
	json_object_put(request);
	return good;
}

static bool more_read(struct answers *a)
{
	ssize_t n;

	if (a->size - a->used < READ_ROOM) {
		a->size = 2 * a->size + READ_ROOM;
		a->text = realloc(a->text, a->size + 1);
		if (!a->text)
			abort();
	}
	while (!readable_within(a->fd, PATIENCE))
		if (!daemon_answers(a->run)) {
			if (!a->quiet)
				fprintf(stderr, "lwmuxctl: lwmuxd does not "
					"answer within %d s\n",
					PATIENCE / 1000);
			return false;
		}
	n = recv(a->fd, a->text + a->used, a->size - a->used, 0);
	if (n > 0)
		a->used += (size_t)n;
	return n > 0;
}

const char *answers_next(struct answers *a)
{
	char *end;

	a->used -= a->taken;
	if (a->taken)
		memmove(a->text, a->text + a->taken, a->used);
	a->taken = 0;
	for (size_t searched = 0; ; ) {
		end = a->used ? memchr(a->text + searched, '\n',
				       a->used - searched) : NULL;
		if (end)
			break;
		searched = a->used;
		if (!more_read(a))
			return NULL;
	}
	*end = '\0';
	a->taken = (size_t)(end - a->text) + 1;
	return a->text;
}

void answers_end(struct answers *answers)
{
	close(answers->fd);
	free(answers->text);
}

struct json_object *ask(const struct options *o, struct json_object *request)
{
	struct json_object *answer = NULL;
	struct answers answers;
	const char *text;

	if (!ask_begin(o, request, &answers))
		return NULL;
	text = answers_next(&answers);
	if (text)
		answer = json_tokener_parse(text);
	if (!answer && !o->quiet)
		fprintf(stderr, "lwmuxctl: lwmuxd has hung up\n");
	answers_end(&answers);
	return answer;
}

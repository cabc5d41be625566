/* SPDX-License-Identifier: GPL-2.0-or-later
 * The control socket: who may open it may ask. Requests are one line; what is
 * longer, or slow, is cut off. */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>
#include "agent/control/ask.h"
#include "agent/control/control.h"
#include "agent/control/reloads.h"
#include "agent/control/search.h"
#include "agent/control/trace.h"
#include "agent/control/events.h"
#include "agent/control/found.h"
#include "agent/gateway/gateway.h"
#include "agent/base/limits.h"
#include "agent/base/log.h"

#define GROUP "lwmux"

#define PATIENCE 5000		/* ms; a request takes at most twice that */

struct asker {
	uv_pipe_t pipe;
	struct asker *next, *prev;
	const struct asker_ops *ops;	/* NULL: nobody is to be told */
	void *owner;
	size_t used;
	unsigned unsent;		/* lines */
	size_t left;			/* bytes of them at the last sweep */
	bool ended, asked, slow;
	char request[ASKER_REQUEST_MAX];
};

struct line {
	uv_write_t write;
	struct asker *asker;
	char *text;
};

static struct {
	uv_pipe_t pipe;
	char *path;
	struct gateway *gateway;
	struct asker *first;
	unsigned n_askers;
	uint64_t dropped;
	uv_timer_t askers_sweep;
} control;

static void handle_freed(uv_handle_t *handle)
{
	free(handle->data);
}

static void hang_up(struct asker *asker)
{
	const struct asker_ops *ops = asker->ops;

	if (uv_is_closing((uv_handle_t *)&asker->pipe))
		return;
	*(asker->prev ? &asker->prev->next : &control.first) = asker->next;
	if (asker->next)
		asker->next->prev = asker->prev;
	asker->ops = NULL;
	control.n_askers--;
	uv_close((uv_handle_t *)&asker->pipe, handle_freed);
	if (ops)
		ops->hung_up(asker->owner);
}

static void asker_drop(struct asker *asker)
{
	control.dropped++;
	hang_up(asker);
}

uint64_t control_dropped(void)
{
	return control.dropped;
}

/* ---- answers ---- */

static void line_written(uv_write_t *write, int status)
{
	struct line *line = write->data;
	struct asker *asker = line->asker;

	free(line->text);
	free(line);
	asker->unsent--;
	if (status < 0 || (asker->ended && !asker->unsent))
		hang_up(asker);
}

bool asker_say(struct asker *asker, char *text)
{
	struct line *line = malloc(sizeof(*line));
	uv_stream_t *stream = (uv_stream_t *)&asker->pipe;
	uv_buf_t buf = uv_buf_init(text, (unsigned)strlen(text));

	if (!line)
		abort();
	*line = (struct line){.asker = asker, .text = text};
	line->write.data = line;
	if (uv_stream_get_write_queue_size(stream) < ASKER_UNREAD_MAX &&
	    uv_write(&line->write, stream, &buf, 1, line_written) == 0) {
		asker->unsent++;
		return true;
	}
	free(text);
	free(line);
	asker_drop(asker);
	return false;
}

void asker_end(struct asker *asker)
{
	asker->ops = NULL;
	asker->ended = true;
	if (!asker->unsent)
		hang_up(asker);
}

/* Whatever else it says is not listened to. */
static void input_discard(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct asker *asker = handle->data;

	(void)suggested;
	*buf = uv_buf_init(asker->request, ASKER_REQUEST_MAX);
}

static void hang_up_read(uv_stream_t *stream, ssize_t n,
			       const uv_buf_t *buf)
{
	(void)buf;
	if (n < 0)
		hang_up(stream->data);
}

void asker_wait(struct asker *asker, const struct asker_ops *ops, void *owner,
		bool watch)
{
	asker->ops = ops;
	asker->owner = owner;
	if (watch)
		uv_read_start((uv_stream_t *)&asker->pipe, input_discard,
			      hang_up_read);
}

bool asker_may_write(const struct asker *asker)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&asker->pipe, &fd) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid();
}

/* ---- requests ---- */

static void input_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct asker *asker = handle->data;

	(void)suggested;
	*buf = uv_buf_init(asker->request + asker->used,
			   (unsigned)(ASKER_REQUEST_MAX - 1 - asker->used));
}

static void input_came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct asker *asker = stream->data;
	char *end;

	(void)buf;
	if (n < 0) {
		hang_up(asker);
		return;
	}
	asker->used += (size_t)n;
	asker->request[asker->used] = 0;
	end = strchr(asker->request, '\n');
	if (!end)
		return;
	*end = 0;
	asker->asked = true;
	uv_read_stop(stream);
	ask(control.gateway, asker, asker->request);
}

static void asker_connected(uv_stream_t *server, int status)
{
	struct asker *asker;

	if (status < 0)
		return;
	asker = calloc(1, sizeof(*asker));
	if (!asker)
		abort();
	uv_pipe_init(server->loop, &asker->pipe, 0);
	asker->pipe.data = asker;
	asker->next = control.first;
	if (asker->next)
		asker->next->prev = asker;
	control.first = asker;
	control.n_askers++;
	if (uv_accept(server, (uv_stream_t *)&asker->pipe) < 0)
		hang_up(asker);
	else if (control.n_askers > ASKERS_MAX)
		asker_drop(asker);
	else
		uv_read_start((uv_stream_t *)&asker->pipe, input_room,
			      input_came);
}

/* Who has not asked since the last sweep but one, or has read nothing of what
 * waits since the last, is too slow. */
static bool is_too_slow(const struct asker *asker, size_t left)
{
	return asker->asked ? left && left == asker->left : asker->slow;
}

static void askers_sweep(uv_timer_t *timer)
{
	(void)timer;
	for (struct asker *asker = control.first, *next; asker; asker = next) {
		size_t left = uv_stream_get_write_queue_size(
			(uv_stream_t *)&asker->pipe);

		next = asker->next;
		if (is_too_slow(asker, left))
			asker_drop(asker);
		asker->left = left;
		asker->slow = true;
	}
}

/* A socket that nobody answers at is a dead daemon's. */
static bool is_live(const char *path)
{
	uv_os_sock_t pair = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	bool live;

	if (pair < 0)
		return false;
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	live = connect(pair, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(pair);
	return live;
}

static int listen_at(const char *path)
{
	mode_t mask = umask(0117);	/* 0660 from the first moment */
	struct group *group = getgrnam(GROUP);
	int rc = uv_pipe_bind(&control.pipe, path);

	umask(mask);
	if (rc < 0)
		return rc;
	/* Fails where we may not; then root and we ourselves can ask. */
	if (group && chown(path, (uid_t)-1, group->gr_gid) < 0)
		log_line(LOG_DETAIL, NULL, NULL, "%s stays with our own group",
			 path);
	return uv_listen((uv_stream_t *)&control.pipe, 8, asker_connected);
}

static const struct gateway_host host = {.found = search_message,
					 .traced = trace_message,
					 .reloaded = reloads_answer,
					 .ended = control_close};

int control_open(struct gateway *gateway, const char *run_dir)
{
	size_t size = strlen(run_dir) + sizeof("/control");
	int rc;

	control.gateway = gateway;
	gateway->host = &host;
	events_start();
	control.path = malloc(size);
	if (!control.path)
		abort();
	strcpy(control.path, run_dir);
	strcat(control.path, "/control");
	if (mkdir(run_dir, 0755) < 0 && errno != EEXIST)
		log_line(LOG_ERROR, NULL, NULL, "cannot make %s: %s", run_dir,
			 strerror(errno));
	uv_pipe_init(uv_default_loop(), &control.pipe, 0);
	uv_timer_init(uv_default_loop(), &control.askers_sweep);
	uv_timer_start(&control.askers_sweep, askers_sweep, PATIENCE, PATIENCE);
	rc = -EADDRINUSE;
	if (!is_live(control.path)) {
		unlink(control.path);
		rc = listen_at(control.path);
	}
	if (rc < 0)
		log_line(LOG_ERROR, NULL, NULL, "cannot listen at %s: %s",
			 control.path, rc == -EADDRINUSE ?
			 "another lwmuxd runs there" : strerror(-rc));
	return rc;
}

void control_close(void)
{
	if (!control.path)
		return;
	while (control.first)
		hang_up(control.first);
	events_stop();
	found_finish();
	uv_close((uv_handle_t *)&control.pipe, NULL);
	uv_close((uv_handle_t *)&control.askers_sweep, NULL);
	free(control.path);	/* libuv unlinks the socket */
	control.path = NULL;
}

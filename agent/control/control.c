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
#include "agent/control/dispatch.h"
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

struct control_peer {
	uv_pipe_t pipe;
	struct control_peer *next, *prev;
	const struct control_peer_ops *ops;	/* NULL: nobody is to be told */
	void *owner;
	size_t used;
	unsigned unsent;		/* lines */
	size_t left;			/* bytes of them at the last sweep */
	bool ended, asked, slow;
	char request[CONTROL_REQUEST_MAX];
};

struct line {
	uv_write_t write;
	struct control_peer *peer;
	char *text;
};

static struct {
	uv_pipe_t pipe;
	char *path;
	struct gateway *gateway;
	struct control_peer *first;
	unsigned n_peers;
	uint64_t dropped;
	uv_timer_t peers_sweep;
} control;

static void handle_freed(uv_handle_t *handle)
{
	free(handle->data);
}

static void hang_up(struct control_peer *peer)
{
	const struct control_peer_ops *ops = peer->ops;

	if (uv_is_closing((uv_handle_t *)&peer->pipe))
		return;
	*(peer->prev ? &peer->prev->next : &control.first) = peer->next;
	if (peer->next)
		peer->next->prev = peer->prev;
	peer->ops = NULL;
	control.n_peers--;
	uv_close((uv_handle_t *)&peer->pipe, handle_freed);
	if (ops)
		ops->hung_up(peer->owner);
}

static void peer_drop(struct control_peer *peer)
{
	control.dropped++;
	hang_up(peer);
}

uint64_t control_dropped(void)
{
	return control.dropped;
}

/* ---- answers ---- */

static void line_written(uv_write_t *write, int status)
{
	struct line *line = write->data;
	struct control_peer *peer = line->peer;

	free(line->text);
	free(line);
	peer->unsent--;
	if (status < 0 || (peer->ended && !peer->unsent))
		hang_up(peer);
}

bool peer_say(struct control_peer *peer, char *text)
{
	struct line *line = malloc(sizeof(*line));
	uv_stream_t *stream = (uv_stream_t *)&peer->pipe;
	uv_buf_t buf = uv_buf_init(text, (unsigned)strlen(text));

	if (!line)
		abort();
	*line = (struct line){.peer = peer, .text = text};
	line->write.data = line;
	if (uv_stream_get_write_queue_size(stream) < CONTROL_UNREAD_MAX &&
	    uv_write(&line->write, stream, &buf, 1, line_written) == 0) {
		peer->unsent++;
		return true;
	}
	free(text);
	free(line);
	peer_drop(peer);
	return false;
}

void peer_end(struct control_peer *peer)
{
	peer->ops = NULL;
	peer->ended = true;
	if (!peer->unsent)
		hang_up(peer);
}

/* Whatever else it says is not listened to. */
static void input_discard(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct control_peer *peer = handle->data;

	(void)suggested;
	*buf = uv_buf_init(peer->request, CONTROL_REQUEST_MAX);
}

static void hang_up_read(uv_stream_t *stream, ssize_t n,
			       const uv_buf_t *buf)
{
	(void)buf;
	if (n < 0)
		hang_up(stream->data);
}

void peer_wait(struct control_peer *peer, const struct control_peer_ops *ops,
	       void *owner,
	       bool watch)
{
	peer->ops = ops;
	peer->owner = owner;
	if (watch)
		uv_read_start((uv_stream_t *)&peer->pipe, input_discard,
			      hang_up_read);
}

bool peer_may_write(const struct control_peer *peer)
{
	struct ucred user;
	socklen_t length = sizeof(user);
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&peer->pipe, &fd) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &length) < 0)
		return false;
	return user.uid == 0 || user.uid == geteuid();
}

/* ---- requests ---- */

static void input_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct control_peer *peer = handle->data;

	(void)suggested;
	*buf = uv_buf_init(peer->request + peer->used,
			   (unsigned)(CONTROL_REQUEST_MAX - 1 - peer->used));
}

static void input_came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct control_peer *peer = stream->data;
	char *end;

	(void)buf;
	if (n < 0) {
		hang_up(peer);
		return;
	}
	peer->used += (size_t)n;
	peer->request[peer->used] = 0;
	end = strchr(peer->request, '\n');
	if (!end)
		return;
	*end = 0;
	peer->asked = true;
	uv_read_stop(stream);
	control_dispatch(control.gateway, peer, peer->request);
}

static void peer_connected(uv_stream_t *server, int status)
{
	struct control_peer *peer;

	if (status < 0)
		return;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		abort();
	uv_pipe_init(server->loop, &peer->pipe, 0);
	peer->pipe.data = peer;
	peer->next = control.first;
	if (peer->next)
		peer->next->prev = peer;
	control.first = peer;
	control.n_peers++;
	if (uv_accept(server, (uv_stream_t *)&peer->pipe) < 0)
		hang_up(peer);
	else if (control.n_peers > CONTROL_PEERS_MAX)
		peer_drop(peer);
	else
		uv_read_start((uv_stream_t *)&peer->pipe, input_room,
			      input_came);
}

/* Who has not asked since the last sweep but one, or has read nothing of what
 * waits since the last, is too slow. */
static bool is_too_slow(const struct control_peer *peer, size_t left)
{
	return peer->asked ? left && left == peer->left : peer->slow;
}

static void peers_sweep(uv_timer_t *timer)
{
	(void)timer;
	for (struct control_peer *peer = control.first,
	     *next; peer; peer = next) {
		size_t left = uv_stream_get_write_queue_size(
			(uv_stream_t *)&peer->pipe);

		next = peer->next;
		if (is_too_slow(peer, left))
			peer_drop(peer);
		peer->left = left;
		peer->slow = true;
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
		log_line(LOG_DETAIL, NULL, NULL, "%s is not given to the group "
			 "%s: only root and this user can ask there", path,
			 GROUP);
	return uv_listen((uv_stream_t *)&control.pipe, 8, peer_connected);
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
	uv_timer_init(uv_default_loop(), &control.peers_sweep);
	uv_timer_start(&control.peers_sweep, peers_sweep, PATIENCE, PATIENCE);
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
	uv_close((uv_handle_t *)&control.peers_sweep, NULL);
	free(control.path);	/* libuv unlinks the socket */
	control.path = NULL;
}

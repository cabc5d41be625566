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
#include "agent/control.h"
#include "agent/gateway.h"
#include "agent/log.h"
#include "agent/status.h"

#define REQUEST_MAX 2048
#define GROUP "lwmux"

struct asker {
	uv_pipe_t pipe;
	uv_write_t write;
	size_t used;
	char *answer;
	char request[REQUEST_MAX];
};

static struct {
	uv_pipe_t pipe;
	char *path;
	struct gateway *gateway;
} control;

static void freed(uv_handle_t *handle)
{
	struct asker *asker = handle->data;

	free(asker->answer);
	free(asker);
}

static void hang_up(struct asker *asker)
{
	if (!uv_is_closing((uv_handle_t *)&asker->pipe))
		uv_close((uv_handle_t *)&asker->pipe, freed);
}

static void written(uv_write_t *write, int status)
{
	(void)status;
	hang_up(write->data);
}

static void answer(struct asker *asker)
{
	uv_buf_t buf;

	asker->answer = status_answer(control.gateway, asker->request);
	buf = uv_buf_init(asker->answer, (unsigned)strlen(asker->answer));
	asker->write.data = asker;
	if (uv_write(&asker->write, (uv_stream_t *)&asker->pipe, &buf, 1,
		     written) < 0)
		hang_up(asker);
}

static void room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct asker *asker = handle->data;

	(void)suggested;
	*buf = uv_buf_init(asker->request + asker->used,
			   (unsigned)(REQUEST_MAX - 1 - asker->used));
}

static void came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
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
	uv_read_stop(stream);
	answer(asker);
}

static void connected(uv_stream_t *server, int status)
{
	struct asker *asker;

	if (status < 0)
		return;
	asker = calloc(1, sizeof(*asker));
	if (!asker)
		abort();
	uv_pipe_init(server->loop, &asker->pipe, 0);
	asker->pipe.data = asker;
	if (uv_accept(server, (uv_stream_t *)&asker->pipe) < 0)
		hang_up(asker);
	else
		uv_read_start((uv_stream_t *)&asker->pipe, room, came);
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
	return uv_listen((uv_stream_t *)&control.pipe, 8, connected);
}

int control_open(struct gateway *gateway, const char *run_dir)
{
	size_t size = strlen(run_dir) + sizeof("/control");
	int rc;

	control.gateway = gateway;
	control.path = malloc(size);
	if (!control.path)
		abort();
	strcpy(control.path, run_dir);
	strcat(control.path, "/control");
	if (mkdir(run_dir, 0755) < 0 && errno != EEXIST)
		log_line(LOG_ERROR, NULL, NULL, "cannot make %s: %s", run_dir,
			 strerror(errno));
	uv_pipe_init(uv_default_loop(), &control.pipe, 0);
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
	uv_close((uv_handle_t *)&control.pipe, NULL);
	free(control.path);	/* libuv unlinks the socket */
	control.path = NULL;
}

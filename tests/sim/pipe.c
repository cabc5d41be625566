/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/pipe.h"
#include <stdlib.h>
#include <string.h>
#include "tests/sim/loop.h"
#include "tests/sim/world.h"

#define TAKES MS		/* from one end to the other */
#define INPUT_MAX 8192		/* bytes on their way to the gateway */

struct sent {			/* to an asker, who has not read it */
	struct sent *next;
	uv_write_t *request;
	uv_write_cb call;
	const char *at;
	size_t n;
};

static struct end {
	uv_pipe_t *gateway;	/* NULL: not accepted, or gone */
	bool open;		/* the asker has not hung up, and was not */
	bool reads, hung_up;
	char input[INPUT_MAX];
	size_t n_input;
	uv_alloc_cb alloc;	/* NULL: it does not read */
	uv_read_cb read;
	struct sent *first, **last;
	size_t unread;
} ends[PIPES_MAX];

static struct { uv_stream_t *at; uv_connection_cb call; size_t connecting; }
	listener;

static struct end *end_of(const void *gateway)
{
	for (size_t i = 0; i < PIPES_MAX; i++)
		if (ends[i].gateway == gateway)
			return &ends[i];
	return NULL;
}

/* ---- towards the gateway ---- */

static void input_deliver(struct end *e)
{
	uv_stream_t *stream = (uv_stream_t *)e->gateway;
	uv_buf_t room;
	size_t n;

	while (e->gateway == (uv_pipe_t *)stream && e->read && e->n_input) {
		e->alloc((uv_handle_t *)stream, 65536, &room);
		n = e->n_input < room.len ? e->n_input : room.len;
		memcpy(room.base, e->input, n);
		memmove(e->input, e->input + n, e->n_input - n);
		e->n_input -= n;
		e->read(stream, n ? (ssize_t)n : UV_ENOBUFS, &room);
		if (!n)
			return;
	}
	if (e->gateway == (uv_pipe_t *)stream && e->read && e->hung_up)
		e->read(stream, UV_EOF, &room);
}

static void input_comes(uint64_t i, uint64_t unused)
{
	(void)unused;
	if (!ends[i].gateway)
		return;
	input_deliver(&ends[i]);
	loop_woken();
}

static void connection_comes(uint64_t i, uint64_t unused)
{
	(void)unused;
	if (!listener.at || !ends[i].open)
		return;
	listener.connecting = i;
	listener.call(listener.at, 0);
	loop_woken();
}

bool pipe_is_free(size_t i)
{
	return !ends[i].open && !ends[i].gateway;
}

bool pipe_connect(size_t i)
{
	if (!listener.at || world.ghost)
		return false;
	ends[i] = (struct end){.open = true, .reads = true};
	ends[i].last = &ends[i].first;
	world_at(world.now + TAKES, true, connection_comes, i, 0);
	return true;
}

void pipe_say(size_t i, const char *bytes, size_t n)
{
	struct end *e = &ends[i];

	if (!e->open)
		return;
	n = n < INPUT_MAX - e->n_input ? n : INPUT_MAX - e->n_input;
	memcpy(e->input + e->n_input, bytes, n);
	e->n_input += n;
	world_at(world.now + 2 * TAKES, true, input_comes, i, 0);
}

void pipe_hang_up(size_t i)
{
	ends[i].open = false;
	ends[i].hung_up = true;
	world_at(world.now + 2 * TAKES, true, input_comes, i, 0);
}

/* ---- towards the asker ---- */

static struct sent *sent_take(struct end *e)
{
	struct sent *s = e->first;

	e->first = s->next;
	if (!e->first)
		e->last = &e->first;
	e->unread -= s->n;
	return s;
}

static void sent_read(uint64_t i, uint64_t unused)
{
	struct end *e = &ends[i];
	const uv_pipe_t *gateway = e->gateway;

	(void)unused;
	while (gateway && e->gateway == gateway && e->first &&
	       (e->reads || e->hung_up)) {
		struct sent *s = sent_take(e), is = *s;

		world_give(s, sizeof(*s));
		if (e->open && !world.ghost)
			asker_hears(i, is.at, is.n);
		is.call(is.request, e->hung_up ? UV_EPIPE : 0);
	}
	loop_woken();
}

void pipe_read(size_t i, bool reads)
{
	ends[i].reads = reads;
	if (reads)
		world_at(world.now + TAKES, true, sent_read, i, 0);
}

size_t pipes_open(size_t *unread)
{
	size_t n = 0;

	*unread = 0;
	for (size_t i = 0; i < PIPES_MAX; i++) {
		n += ends[i].gateway != NULL;
		if (ends[i].unread > *unread)
			*unread = ends[i].unread;
	}
	return n;
}

static void end_ends(size_t i)
{
	bool open = ends[i].open;

	ends[i].open = false;
	ends[i].gateway = NULL;
	ends[i].read = NULL;
	if (open)
		asker_ended(i);
}

void pipe_closed(const uv_handle_t *handle)
{
	struct end *e = end_of(handle);

	if ((const uv_handle_t *)listener.at == handle)
		listener.at = NULL;
	if (!e)
		return;
	while (e->first) {
		struct sent *s = sent_take(e), is = *s;

		world_give(s, sizeof(*s));
		is.call(is.request, UV_ECANCELED);
	}
	end_ends((size_t)(e - ends));
}

void pipes_end(void)
{
	listener.at = NULL;
	for (size_t i = 0; i < PIPES_MAX; i++) {
		while (!world.ghost && ends[i].first)
			world_give(sent_take(&ends[i]), sizeof(struct sent));
		if (!world.ghost)
			end_ends(i);
		else if (ends[i].open) {
			ends[i].open = false;
			asker_ended(i);
		}
	}
}

/* ---- libuv ---- */

int uv_pipe_init(uv_loop_t *uv, uv_pipe_t *pipe, int ipc)
{
	(void)uv;
	(void)ipc;
	loop_pipe_add(pipe);
	return 0;
}

int uv_pipe_bind(uv_pipe_t *pipe, const char *name)
{
	(void)pipe;
	(void)name;
	return 0;
}

int uv_listen(uv_stream_t *stream, int backlog, uv_connection_cb call)
{
	(void)backlog;
	listener.at = stream;
	listener.call = call;
	return 0;
}

int uv_accept(uv_stream_t *server, uv_stream_t *client)
{
	struct end *e = &ends[listener.connecting];

	(void)server;
	if (e->gateway)
		abort();		/* twice */
	e->gateway = (uv_pipe_t *)client;
	return 0;
}

int uv_read_start(uv_stream_t *stream, uv_alloc_cb alloc, uv_read_cb read)
{
	struct end *e = end_of(stream);

	e->alloc = alloc;
	e->read = read;
	world_at(world.now, true, input_comes, (uint64_t)(e - ends), 0);
	return 0;
}

int uv_read_stop(uv_stream_t *stream)
{
	end_of(stream)->read = NULL;
	return 0;
}

size_t uv_stream_get_write_queue_size(const uv_stream_t *stream)
{
	return end_of(stream)->unread;
}

int uv_write(uv_write_t *request, uv_stream_t *stream, const uv_buf_t bufs[],
	     unsigned n, uv_write_cb call)
{
	struct end *e = end_of(stream);
	struct sent *s = world_take(sizeof(*s));

	if (n != 1)
		abort();
	*s = (struct sent){.request = request, .call = call,
			   .at = bufs->base, .n = bufs->len};
	*e->last = s;
	e->last = &s->next;
	e->unread += s->n;
	world_at(world.now + TAKES, true, sent_read, (uint64_t)(e - ends), 0);
	return 0;
}

uv_buf_t uv_buf_init(char *base, unsigned n)
{
	return (uv_buf_t){.base = base, .len = n};
}

/* There is none: whether they are root, asker.c says. */
int uv_fileno(const uv_handle_t *handle, uv_os_fd_t *fd)
{
	(void)handle;
	(void)fd;
	return UV_EBADF;
}

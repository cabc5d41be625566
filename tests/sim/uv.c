/* SPDX-License-Identifier: GPL-2.0-or-later
 * The event loop of the simulation, in place of libuv's: the functions that the
 * gateway calls, in virtual time. There are no descriptors: what would make one
 * readable sets world.woken. Handles are in a list of our own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include "agent/coap/coap.h"
#include "tests/sim/disk.h"
#include "tests/sim/loop.h"
#include "tests/sim/net.h"
#include "tests/sim/pipe.h"
#include "tests/sim/world.h"

#define HANDLES_MAX (64 + PIPES_MAX)
#define NAMES_MAX 64
#define SPINS_MAX 20000		/* turns without that the time goes on */

struct handle {
	uv_handle_t *at;
	enum { TIMER, PREPARE, SIGNAL, POLL, PIPE } kind;
	bool active;
	bool closing;		/* PIPE */
	int64_t due;		/* TIMER */
	uint64_t repeat;	/* ms */
	union {
		uv_timer_cb timer;
		uv_prepare_cb prepare;
		uv_signal_cb signal;
		uv_poll_cb poll;
	} call;
	int number;		/* SIGNAL; POLL: descriptor */
};

static struct {
	struct handle handles[HANDLES_MAX];
	size_t n;
	unsigned working;	/* jobs and look-ups under way */
	bool called;		/* libuv has called back since the last wait */
	uint64_t turns;
	int64_t spun_at;
	unsigned spins;
} loop;

void (*loop_spins)(void);

void loop_begin(void)
{
	memset(&loop, 0, sizeof(loop));
}

uint64_t loop_turns(void)
{
	return loop.turns;
}

uv_loop_t *uv_default_loop(void)
{
	static uv_loop_t one;

	return &one;
}

static struct handle *handle_of(const void *at)
{
	for (size_t i = 0; i < loop.n; i++)
		if (loop.handles[i].at == at)
			return &loop.handles[i];
	abort();
}

static struct handle *handle_add(void *at, int kind)
{
	struct handle *h = &loop.handles[loop.n++];

	if (loop.n > HANDLES_MAX)
		abort();
	*h = (struct handle){.at = at};
	h->kind = kind;
	return h;
}

/* ---- timers ---- */

int uv_timer_init(uv_loop_t *uv, uv_timer_t *timer)
{
	(void)uv;
	handle_add(timer, TIMER);
	return 0;
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb call, uint64_t ms,
		   uint64_t repeat)
{
	struct handle *h = handle_of(timer);

	h->active = true;
	h->call.timer = call;
	h->due = (world.now / MS + (int64_t)ms) * MS;
	h->repeat = repeat;
	return 0;
}

int uv_timer_stop(uv_timer_t *timer)
{
	handle_of(timer)->active = false;
	return 0;
}

uint64_t uv_now(const uv_loop_t *uv)
{
	(void)uv;
	return (uint64_t)(world.now / MS);
}

int uv_timer_again(uv_timer_t *timer)
{
	struct handle *h = handle_of(timer);

	h->active = h->repeat;
	h->due = world.now + (int64_t)h->repeat * MS;
	return 0;
}

int uv_is_active(const uv_handle_t *handle)
{
	return handle_of(handle)->active;
}

void uv_update_time(uv_loop_t *uv)
{
	(void)uv;
}

uint64_t uv_hrtime(void)
{
	return (uint64_t)world.now;
}

static int64_t timers_due(void)
{
	int64_t due = NEVER;

	for (size_t i = 0; i < loop.n; i++)
		if (loop.handles[i].kind == TIMER && loop.handles[i].active &&
		    loop.handles[i].due < due)
			due = loop.handles[i].due;
	return due;
}

static void timers_run(void)
{
	for (size_t i = 0; i < loop.n; i++) {
		struct handle *h = &loop.handles[i];

		if (h->kind != TIMER || !h->active || h->due > world.now)
			continue;
		h->active = h->repeat;
		h->due = world.now + (int64_t)h->repeat * MS;
		h->call.timer((uv_timer_t *)h->at);
	}
}

/* ---- what else there is ---- */

int uv_prepare_init(uv_loop_t *uv, uv_prepare_t *prepare)
{
	(void)uv;
	handle_add(prepare, PREPARE);
	return 0;
}

int uv_prepare_start(uv_prepare_t *prepare, uv_prepare_cb call)
{
	struct handle *h = handle_of(prepare);

	h->active = true;
	h->call.prepare = call;
	return 0;
}

int uv_prepare_stop(uv_prepare_t *prepare)
{
	handle_of(prepare)->active = false;
	return 0;
}

int uv_signal_init(uv_loop_t *uv, uv_signal_t *signal)
{
	(void)uv;
	handle_add(signal, SIGNAL);
	return 0;
}

int uv_signal_start(uv_signal_t *signal, uv_signal_cb call, int number)
{
	struct handle *h = handle_of(signal);

	h->active = true;
	h->call.signal = call;
	h->number = number;
	return 0;
}

void loop_signal(int number)
{
	for (size_t i = 0; i < loop.n; i++) {
		struct handle *h = &loop.handles[i];

		if (h->kind == SIGNAL && h->active && h->number == number)
			h->call.signal((uv_signal_t *)h->at, number);
	}
	loop.called = world.woken = true;
}

int uv_poll_init(uv_loop_t *uv, uv_poll_t *poll, int fd)
{
	(void)uv;
	handle_add(poll, POLL)->number = fd;
	return 0;
}

int uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb call)
{
	(void)events;
	handle_of(poll)->call.poll = call;
	return 0;
}

void loop_readable(int fd)
{
	for (size_t i = 0; i < loop.n; i++) {
		struct handle *h = &loop.handles[i];

		if (h->kind != POLL || h->number != fd || !h->call.poll)
			continue;
		h->call.poll((uv_poll_t *)h->at, 0, UV_READABLE);
		world.woken = true;
	}
}

void uv_walk(uv_loop_t *uv, uv_walk_cb walk, void *arg)
{
	(void)uv;
	for (size_t i = loop.n; i--; )
		walk(loop.handles[i].at, arg);
}

int uv_is_closing(const uv_handle_t *handle)
{
	return handle_of(handle)->closing;
}

void loop_woken(void)
{
	loop.called = world.woken = true;
}

void loop_pipe_add(uv_pipe_t *pipe)
{
	handle_add(pipe, PIPE);
}

static void pipe_close_ends(uint64_t handle, uint64_t call)
{
	uv_handle_t *at = (uv_handle_t *)(uintptr_t)handle;
	struct handle *h;

	pipe_closed(at);
	h = handle_of(at);
	*h = loop.handles[--loop.n];
	loop.working--;
	loop_woken();
	if (call)
		((uv_close_cb)(uintptr_t)call)(at);
}

/* Whoever closes a pipe may be in a call of its own. */
static void pipe_close(struct handle *h, uv_close_cb closed)
{
	h->closing = true;
	loop.working++;
	world_at(world.now, true, pipe_close_ends, (uint64_t)(uintptr_t)h->at,
		 (uint64_t)(uintptr_t)closed);
}

void uv_close(uv_handle_t *handle, uv_close_cb closed)
{
	struct handle *h = handle_of(handle);

	if (h->kind == PIPE) {
		pipe_close(h, closed);
		return;
	}
	*h = loop.handles[--loop.n];
	if (closed)
		closed(handle);
}

int uv_loop_close(uv_loop_t *uv)
{
	(void)uv;
	return loop.n || loop.working ? UV_EBUSY : 0;
}

const char *uv_strerror(int error)
{
	(void)error;
	return "temporary failure";
}

/* ---- the loop ---- */

static void count_turn(void)
{
	if (world.now != loop.spun_at)
		loop.spins = 0;
	loop.spun_at = world.now;
	if (++loop.spins == SPINS_MAX && loop_spins)
		loop_spins();
	loop.turns++;
}

int uv_backend_fd(const uv_loop_t *uv)
{
	(void)uv;
	return -1;
}

int uv_backend_timeout(const uv_loop_t *uv)
{
	int64_t due = timers_due();

	(void)uv;
	return due == NEVER ? -1 :
	       due <= world.now ? 0 : (int)((due - world.now + MS - 1) / MS);
}

/* The next thing that happens to the gateway has happened, or `ms` are over. */
bool coap_wait(int ms)
{
	int64_t limit = ms < 0 ? NEVER : (world.now / MS + ms) * MS;
	bool called;

	while (!world.woken && (world.now < limit || !ms)) {
		int64_t events = world_due();
		int64_t due = limit < events ? limit : events;

		if (due == NEVER)
			abort();	/* it would wait for ever */
		if (due > world.now)
			world.now = due;
		world_run();
		if (world.now >= limit)
			break;
	}
	called = loop.called;
	world.woken = loop.called = false;
	count_turn();
	return called;
}

void coap_watch(int fd, enum coap_watch kind)
{
	(void)fd;
	(void)kind;
}

static void prepare(void)
{
	for (size_t i = 0; i < loop.n; i++)
		if (loop.handles[i].kind == PREPARE && loop.handles[i].active)
			loop.handles[i].call.prepare(
				(uv_prepare_t *)loop.handles[i].at);
}

/* What is not a timer calls back when it happens. */
int uv_run(uv_loop_t *uv, uv_run_mode mode)
{
	(void)uv;
	if (mode == UV_RUN_ONCE)		/* for a job */
		coap_wait(-1);
	while (mode == UV_RUN_DEFAULT && loop.working)
		coap_wait(-1);
	timers_run();
	prepare();
	return loop.n || loop.working;
}

/* ---- jobs: done by the disk, in its own time ---- */

static void job_ended(uint64_t request, uint64_t call)
{
	uv_work_t *work = (uv_work_t *)(uintptr_t)request;

	loop.working--;
	loop.called = world.woken = true;
	((uv_after_work_cb)(uintptr_t)call)(work, 0);
}

static void job_begins(uint64_t request, uint64_t unused)
{
	uv_work_t *work = (uv_work_t *)(uintptr_t)request;

	(void)unused;
	work->work_cb(work);
	world_at(world.now + disk_latency(), true, job_ended, request,
		 (uint64_t)(uintptr_t)work->after_work_cb);
}

int uv_queue_work(uv_loop_t *uv, uv_work_t *work, uv_work_cb job,
		  uv_after_work_cb after)
{
	(void)uv;
	work->work_cb = job;
	work->after_work_cb = after;
	loop.working++;
	world_at(world.now + disk_latency(), true, job_begins,
		 (uint64_t)(uintptr_t)work, 0);
	return 0;
}

/* ---- names ---- */

double loop_names_fail;		/* how probable it is */

static struct { uv_getaddrinfo_t *request; uint64_t number; } looked_up[NAMES_MAX];

static struct addrinfo *address_of(uint64_t number)
{
	struct addrinfo *found = calloc(1, sizeof(*found) +
					sizeof(struct sockaddr_in));
	struct sockaddr_in *in = (void *)(found + 1);

	if (!found)
		abort();
	*in = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_addr.s_addr = htonl((uint32_t)(number >> 16)),
		.sin_port = htons((uint16_t)number)};
	found->ai_addr = (struct sockaddr *)in;
	found->ai_addrlen = sizeof(*in);
	return found;
}

static void name_end(size_t i, bool found)
{
	uv_getaddrinfo_t *r = looked_up[i].request;

	looked_up[i].request = NULL;
	loop.working--;
	loop.called = world.woken = true;
	r->cb(r, found ? 0 : UV_EAI_AGAIN,
	      found ? address_of(looked_up[i].number) : NULL);
}

static void name_found(uint64_t i, uint64_t unused)
{
	(void)unused;
	if (looked_up[i].request)
		name_end(i, !draw_chance(STREAM_NET, loop_names_fail));
}

void loop_names_end(void)
{
	for (size_t i = 0; i < NAMES_MAX; i++)
		if (looked_up[i].request)
			name_end(i, false);
}

/* "s7" is the server number 7, at 10.0.0.7. */
int uv_getaddrinfo(uv_loop_t *uv, uv_getaddrinfo_t *request,
		   uv_getaddrinfo_cb call, const char *host,
		   const char *port, const struct addrinfo *hints)
{
	uint64_t number = strtoul(host + 1, NULL, 10);
	uint64_t address = 0x0a000000 + number +
			   ((uint64_t)net.moved[number] << 8);
	size_t i = 0;

	(void)uv;
	(void)hints;
	while (looked_up[i].request)
		if (++i == NAMES_MAX)
			abort();
	request->cb = call;
	looked_up[i].request = request;
	looked_up[i].number = address << 16 | strtoul(port, NULL, 10);
	loop.working++;
	world_at(world.now + (world.ghost ? 0 : 5 * MS), true, name_found, i,
		 0);
	return 0;
}

void uv_freeaddrinfo(struct addrinfo *found)
{
	free(found);
}

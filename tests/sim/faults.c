/* SPDX-License-Identifier: GPL-2.0-or-later
 * One fault at a time: it begins, lasts, and is over; then a pause. */
#include "tests/sim/faults.h"
#include <stddef.h>
#include "tests/sim/bootstrap.h"
#include "tests/sim/bus.h"
#include "tests/sim/disk.h"
#include "tests/sim/gateway.h"
#include "tests/sim/judge.h"
#include "tests/sim/loop.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/site.h"
#include "tests/sim/world.h"

#define F STREAM_FAULT

enum fault_kind {
	FAULT_CUT, FAULT_HALF, FAULT_UNREACHABLE, FAULT_LOSS, FAULT_DELAY,
	FAULT_TWICE, FAULT_SERVER_RESTART, FAULT_SERVER_FORGETS,
	FAULT_SERVER_SLOW, FAULT_NONSENSE, FAULT_DEVICES, FAULT_STOP,
	FAULT_KILL, FAULT_POWER, FAULT_KILL_AT_WRITE, FAULT_POWER_AT_WRITE,
	FAULT_DISK_FULL, FAULT_DISK_ERRORS, FAULT_DISK_SLOW, FAULT_RELOAD,
	FAULT_NAMES, FAULT_ADDRESS, FAULT_SERVER_MOVES, FAULT_BOOTSTRAP,
	FAULT_KINDS
};

static const char *const names[FAULT_KINDS] = {
	"line cut", "line cut one way", "no route", "loss", "delay",
	"datagrams twice", "server restarts", "server forgets",
	"server slow", "server talks nonsense", "devices die", "stop",
	"kill", "power cut", "kill at a write", "power cut at a write",
	"disk full", "disk errors", "disk slow", "reload", "no names",
	"another address", "server moves", "bootstrap server",
};

static struct {
	int64_t until, restart_at;
	uint64_t kinds;
	size_t server;
} own;

static void next(uint64_t a, uint64_t b);

int64_t faults_restart_at(void)
{
	int64_t at = own.restart_at;

	own.restart_at = 0;
	return at > world.now ? at : world.now + SECOND;
}

/* ---- what lasts ---- */

static void net_fault(enum fault_kind kind)
{
	double loss = (double)draw_between(F, 3, 35) / 100;

	switch ((int)kind) {
	case FAULT_CUT:
		net.cut_up = net.cut_down = true;
		break;
	case FAULT_HALF:
		net.cut_up = draw_chance(F, 0.5);
		net.cut_down = !net.cut_up;
		break;
	case FAULT_UNREACHABLE:
		net.unreachable = net.cut_up = net.cut_down = true;
		net_tell();
		break;
	case FAULT_LOSS:
		net.loss_up = net.loss_down = loss;
		break;
	case FAULT_DELAY:
		net.delay_least = draw_between(F, 50 * MS, 2 * SECOND);
		net.delay_most = net.delay_least +
				 draw_between(F, 0, net.delay_least);
		for (size_t i = 0; i < site.n_servers; i++)
			judge_slow(i, 2 * net.delay_most);
		break;
	case FAULT_TWICE:
		net.twice = loss;
		net.delay_most = draw_between(F, 60 * MS, SECOND);
		break;
	case FAULT_NAMES:
		loop_names_fail = 0.9;
		net.cut_up = true;
		break;
	}
}

static void buses_die(void)
{
	for (size_t i = 0; i < BUSES; i++)
		bus_fail(i, draw_chance(STREAM_LOST, 0.5));
	for (size_t i = 0; i < site.n_endpoints; i++)
		if (thing_is_dead(i))
			judge_silent(i);
}

/* Some answer no more, one by one or by the bus; what others do is not heard of,
 * each other time. */
static void devices_die(void)
{
	bool by_bus = draw_chance(STREAM_LOST, 0.5);

	bus_sim.answer_lost = 0.5;
	for (size_t i = 0; i < site.n_endpoints; i++)
		if (draw_chance(F, 0.3) && !by_bus) {
			thing_die(i, true);
			judge_silent(i);
		}
	if (by_bus)
		buses_die();
}

/* A bus opens at its next try: what is on it is alive a little later. */
static void devices_live(void)
{
	for (size_t i = 0; i < site.n_endpoints; i++)
		if (thing_is_dead(i)) {
			thing_die(i, false);
			judge_alive(i);
		}
	for (size_t i = 0; i < BUSES; i++)
		bus_fail(i, false);
}

static void disk_fault(enum fault_kind kind)
{
	switch ((int)kind) {
	case FAULT_DISK_FULL:
		disk.room = disk_used() + (size_t)draw_between(F, 0, 65536);
		net.cut_up = draw_chance(F, 0.7);
		break;
	case FAULT_DISK_ERRORS:
		disk.eio = (double)draw_between(F, 1, 50) / 100;
		net.cut_up = draw_chance(F, 0.5);
		break;
	case FAULT_DISK_SLOW:
		disk.latency = draw_between(F, SECOND, 20 * SECOND);
		net.cut_up = draw_chance(F, 0.5);
		break;
	}
}

static void stop_in_write(void)
{
	judge_killed(true);
	daemon_kill(true);
}

static void kill_in_write(void)
{
	judge_killed(false);
	daemon_kill(false);
}

static void restart_draw(void)
{
	own.restart_at = world.now + draw_between(F, SECOND, draw_chance(F, 0.7)
						  ? MINUTE : 30 * MINUTE);
}

static void gateway_fault(enum fault_kind kind)
{
	restart_draw();
	switch ((int)kind) {
	case FAULT_STOP:
		for (size_t i = 0; i < site.n_endpoints; i++)
			judge_endpoint_anew(i);
		daemon_stop();
		break;
	case FAULT_KILL:
	case FAULT_POWER:
		if (!daemon_is_up())
			break;
		judge_killed(kind == FAULT_POWER);
		daemon_kill(kind == FAULT_POWER);
		break;
	case FAULT_KILL_AT_WRITE:
	case FAULT_POWER_AT_WRITE:
		net.cut_up = draw_chance(F, 0.7);
		disk.stop_after = (uint64_t)draw_between(F, 1, 300);
		disk.stop = kind == FAULT_KILL_AT_WRITE ? kill_in_write :
			    stop_in_write;
		break;
	}
}

static void reload(void)
{
	for (size_t i = 0; i < site.n_endpoints; i++)
		if (draw_chance(F, 0.2)) {
			site.endpoints[i].removed = !site.endpoints[i].removed;
			judge_endpoint_anew(i);
			if (site.endpoints[i].removed)
				judge_endpoint_removed(i);
		}
	site_write();
	daemon_reload();
}

/* At once, or when the line is back: over() tells of that. */
static void address_change(void)
{
	net.unreachable = net.cut_up = net.cut_down = draw_chance(F, 0.5);
	net_address_change();
	judge_moved(SIZE_MAX);
}

/* Some of them ask it just now. */
static void bootstrap_fault(void)
{
	bootstrap_habit((enum bootstrap_habit)
			draw_between(F, 1, BOOTSTRAP_HABITS - 1));
	for (size_t i = 0; site.bootstrap && i < site.n_endpoints; i += 3)
		server_bootstrap(own.server, i);
}

static void begin(enum fault_kind kind)
{
	own.server = (size_t)draw_between(F, 0, (int64_t)site.n_servers - 1);
	switch (kind) {
	case FAULT_CUT: case FAULT_HALF: case FAULT_UNREACHABLE:
	case FAULT_LOSS: case FAULT_DELAY: case FAULT_TWICE: case FAULT_NAMES:
		net_fault(kind);
		break;
	case FAULT_SERVER_RESTART: case FAULT_SERVER_FORGETS:
		server_stop(own.server);
		break;
	case FAULT_SERVER_SLOW:
		server_slow(own.server, draw_between(F, SECOND, 10 * SECOND));
		break;
	case FAULT_NONSENSE:
		server_nonsense(own.server, (enum nonsense)
				draw_between(F, 1, NONSENSES - 1));
		break;
	case FAULT_DEVICES:
		devices_die();
		break;
	case FAULT_STOP: case FAULT_KILL: case FAULT_POWER:
	case FAULT_KILL_AT_WRITE: case FAULT_POWER_AT_WRITE:
		gateway_fault(kind);
		break;
	case FAULT_DISK_FULL: case FAULT_DISK_ERRORS: case FAULT_DISK_SLOW:
		disk_fault(kind);
		break;
	case FAULT_RELOAD:
		reload();
		break;
	case FAULT_ADDRESS:
		address_change();
		break;
	case FAULT_SERVER_MOVES:
		net_server_move(own.server + 1);
		judge_moved(own.server);
		break;
	case FAULT_BOOTSTRAP:
		bootstrap_fault();
		break;
	case FAULT_KINDS:
		break;
	}
}

static void over(uint64_t kind, uint64_t unused)
{
	(void)unused;
	net_mend();
	disk = (struct disk){.latency = 5 * MS, .room = SIZE_MAX};
	loop_names_fail = 0;
	bus_sim.answer_lost = 0;
	if (kind == FAULT_SERVER_RESTART || kind == FAULT_SERVER_FORGETS)
		server_start(own.server, kind == FAULT_SERVER_RESTART);
	if (kind == FAULT_SERVER_FORGETS)
		judge_forgotten();
	for (size_t i = 0; i < site.n_servers; i++)
		server_slow(i, 0);
	server_nonsense(own.server, SENSE);
	bootstrap_habit(BOOTSTRAP_GOOD);
	devices_live();
	world_say("fault over: %s", names[kind]);
	judge_disturbed(false);
	world_at(world.now + draw_between(F, MINUTE, draw_chance(F, 0.5) ?
					  5 * MINUTE : 100 * MINUTE), false,
		 next, 0, 0);
}

static void next(uint64_t unused, uint64_t also)
{
	enum fault_kind kind;
	int64_t lasts;

	(void)unused;
	(void)also;
	do {
		kind = (enum fault_kind)draw_between(F, 0, FAULT_KINDS - 1);
	} while (!(own.kinds >> kind & 1));
	lasts = draw_between(F, SECOND, draw_chance(F, 0.3) ? 10 * SECOND :
			     draw_chance(F, 0.5) ? 10 * MINUTE : 2 * HOUR);
	if (world.now + lasts > own.until)
		return;
	world_say("fault: %s, for %lld s", names[kind],
		  (long long)(lasts / SECOND));
	judge_disturbed(true);
	begin(kind);
	world_at(world.now + lasts, false, over, kind, 0);
}

/* ---- what servers do beside ---- */

static void habit(uint64_t unused, uint64_t also)
{
	size_t server = (size_t)draw_between(F, 0, (int64_t)site.n_servers - 1);
	size_t e = (size_t)draw_between(F, 0, (int64_t)site.n_endpoints - 1);

	(void)unused;
	(void)also;
	if (server_runs(server))
		switch (draw_between(F, 0, site.bootstrap ? 30 : 29) / 10) {
		case 3:
			if (site.unsolicited)
				bootstrap_unasked(e);
			else
				server_bootstrap(server, e);
			break;
		case 0: server_execute(server, e); break;
		case 1: server_write(server, e); break;
		default:
			server_read(server, e);
			server_package(server, e);
			break;
		}
	world_at(world.now + draw_between(F, SECOND, 2 * MINUTE), false, habit,
		 0, 0);
}

void faults_plan(int64_t until, uint64_t kinds)
{
	own.until = until;
	own.restart_at = 0;
	own.kinds = kinds & ((UINT64_C(1) << FAULT_KINDS) - 1);
	if (own.kinds)
		world_at(world.now + draw_between(F, MINUTE, HOUR), false, next,
			 0, 0);
	world_at(world.now + 2 * MINUTE, false, habit, 0, 0);
}

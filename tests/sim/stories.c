/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/stories.h"
#include <stdio.h>
#include <string.h>
#include "tests/sim/bootstrap.h"
#include "tests/sim/bus.h"
#include "tests/sim/disk.h"
#include "tests/sim/gateway.h"
#include "tests/sim/judge.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/site.h"
#include "tests/sim/world.h"

#define F STREAM_FAULT
#define POLL 10				/* s between two values */
#define ENDS 20				/* of the gateway in the outage */
#define CALM (10 * MINUTE)		/* before, all are observed; and after */

static struct {
	int64_t cut_at, back_at;	/* the line is cut; is good again */
	int64_t first_at;		/* the first is registered after that */
	unsigned ends, moves;
} own;

/* ---- sites ---- */

/* One point each; every other one is kept, and nobody observes it. */
static void counters_site(void)
{
	site.n_servers = 1;
	site.bootstrap = false;
	site.pace = 0;
	site.non = false;
	site.lifetime = 600;
	for (size_t i = 0; i < site.n_endpoints; i++) {
		struct site_endpoint *e = &site.endpoints[i];
		struct site_point *p = &e->points[0];

		e->queue = e->accepts = false;
		e->n_points = 1;
		p->poll = POLL;
		p->pmin = 0;
		p->send = false;
		p->observed = i % 2 == 0;
		p->keep = !p->observed;
	}
}

static void observed_site(void)
{
	counters_site();
	site.lifetime = 60;
	for (size_t i = 0; i < site.n_endpoints; i++) {
		site.endpoints[i].points[0].observed = true;
		site.endpoints[i].points[0].keep = false;
	}
}

/* ---- the line ---- */

static void line_cut(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	judge_disturbed(true);
	net.cut_up = net.cut_down = true;
	own.cut_at = world.now;
}

static void line_back(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	net.cut_up = net.cut_down = false;
	judge_disturbed(false);
	own.back_at = world.now;
}

/* ---- an hour without a server, with stops and kills in it ---- */

static void outage_end(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	judge_outage(true);	/* long known by now */
	if (own.ends++ % 2) {
		judge_killed(false);
		daemon_kill(false);
	} else {
		daemon_stop();
	}
}

static void outage_over(uint64_t unused, uint64_t also)
{
	struct daemon_status status = daemon_status();
	uint64_t least = site.n_endpoints * (uint64_t)((world.now - own.cut_at)
			 / SECOND) / POLL / 2;

	if (status.waiting < least)
		judge_fault(RULE_TOLD, "only %llu values wait after the outage, "
			    "not %llu", (unsigned long long)status.waiting,
			    (unsigned long long)least);
	if (status.dropped)
		judge_fault(RULE_TOLD, "%llu values were dropped",
			    (unsigned long long)status.dropped);
	judge_outage(false);
	line_back(unused, also);
}

static void outage_begin(void)
{
	int64_t cut = world.now + CALM;

	world_at(cut, false, line_cut, 0, 0);
	for (int i = 1; i <= ENDS; i++)
		world_at(cut + HOUR * i / (ENDS + 1) +
			 draw_between(F, 0, 20 * SECOND), false, outage_end, 0,
			 0);
	world_at(cut + HOUR, false, outage_over, 0, 0);
}

/* ---- an Update falls due in the outage ---- */

static void update_begin(void)
{
	int64_t cut = world.now + CALM + draw_between(F, 0, MINUTE);

	world_at(cut, false, line_cut, 0, 0);
	world_at(cut + 4 * MINUTE, false, line_back, 0, 0);
}

/* ---- back-off is for a server that is away ---- */

static void back_look(uint64_t unused, uint64_t also)
{
	size_t n = server_registered(0);

	(void)unused;
	(void)also;
	if (n && !own.first_at)
		own.first_at = world.now;
	if (n == site.n_endpoints)
		return;
	if (own.first_at && world.now - own.first_at > 10 * SECOND)
		judge_fault(RULE_REGISTERED, "%zu of %zu are not back 10 s "
			    "after the first", site.n_endpoints - n,
			    site.n_endpoints);
	else
		world_at(world.now + SECOND / 10, false, back_look, 0, 0);
}

/* All have given up once then, and some are in their second try. */
static void back_begin(void)
{
	int64_t back = world.now + 160 * SECOND;

	line_cut(0, 0);
	world_at(back, false, line_back, 0, 0);
	world_at(back + SECOND / 10, false, back_look, 0, 0);
}

/* ---- no battery behind the clock ---- */

static void clock_kill(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	judge_killed(false);
	daemon_kill(false);	/* the same boot: its clock goes on */
}

static void clock_set(uint64_t offset, uint64_t unused)
{
	(void)unused;
	world.offset = (int64_t)offset;
}

static void clock_begin(void)
{
	int64_t right = world.offset;

	world.offset = 1000 * SECOND - world.now;	/* 1970 */
	line_cut(0, 0);
	judge_outage(true);
	if (draw_chance(F, 0.5))
		world_at(world.now + 2 * MINUTE, false, clock_kill, 0, 0);
	world_at(world.now + 5 * MINUTE, false, clock_set, (uint64_t)right, 0);
	world_at(world.now + 10 * MINUTE, false, outage_over, 0, 0);
}

/* ---- the clock is set: no timer follows it ---- */

#define YEAR (365 * 24 * HOUR)

static void steps_over(uint64_t unused, uint64_t also)
{
	uint64_t n = site.n_endpoints;
	int64_t minutes = (world.now - WORLD_START) / MINUTE;

	(void)unused;
	(void)also;
	own.back_at = world.now;
	if (server_registers(0) != n)
		judge_fault(RULE_REGISTERED, "%llu Registers of %llu endpoints",
			    (unsigned long long)server_registers(0),
			    (unsigned long long)n);
	/* Of a lifetime of one minute. */
	if (server_updates(0) < n * (uint64_t)minutes)
		judge_fault(RULE_REGISTERED, "%llu Updates of %llu endpoints "
			    "in %lld min", (unsigned long long)
			    server_updates(0), (unsigned long long)n,
			    (long long)minutes);
}

static void steps_begin(void)
{
	world_at(world.now + 10 * MINUTE, false, clock_set,
		 (uint64_t)(world.offset + YEAR), 0);
	world_at(world.now + 20 * MINUTE, false, clock_set,
		 (uint64_t)(world.offset - YEAR), 0);
	world_at(world.now + 30 * MINUTE, false, steps_over, 0, 0);
}

/* ---- formats without times: what is kept goes by Send, beside them ---- */

static void plain_site(void)
{
	site.n_servers = 1;
	site.bootstrap = false;
	site.non = false;
	site.lifetime = 86400;
	for (size_t i = 0; i < site.n_endpoints; i++) {
		struct site_endpoint *e = &site.endpoints[i];

		e->queue = e->accepts = false;
		for (size_t p = 0; p < e->n_points; p++) {
			e->points[p].poll = POLL;
			e->points[p].pmin = 0;
			e->points[p].send = e->points[p].keep = false;
			e->points[p].observed = e->points[p].measured;
			e->points[p].plain = true;
		}
	}
}

/* What was under way gives up, but the Update behind it is answered. */
static void gaps_begin(void)
{
	for (int i = 1; i <= 10; i++) {
		int64_t cut = world.now + CALM * i +
			      draw_between(F, 0, MINUTE);

		world_at(cut, false, line_cut, 0, 0);
		world_at(cut + draw_between(F, 95, 170) * SECOND, false,
			 line_back, 0, 0);
	}
}

/* A round trip takes longer than it takes until the next value is due. */
static void slow_site(void)
{
	plain_site();
	for (size_t i = 0; i < site.n_endpoints; i++)
		for (size_t p = 0; p < site.endpoints[i].n_points; p++)
			site.endpoints[i].points[p].poll = 2;
}

static void slow_line(uint64_t unused, uint64_t also)
{
	line_back(unused, also);
	net.delay_least = draw_between(F, SECOND, 2 * SECOND);
	net.delay_most = net.delay_least + SECOND / 10;
}

static void slow_over(uint64_t unused, uint64_t also)
{
	struct daemon_status status = daemon_status();

	(void)unused;
	(void)also;
	if (status.waiting > site.n_endpoints * 64)
		judge_fault(RULE_EMPTY, "%llu values wait half an hour after "
			    "the outage", (unsigned long long)status.waiting);
	net_mend();
}

static void slow_begin(void)
{
	int64_t cut = world.now + CALM;

	world_at(cut, false, line_cut, 0, 0);
	world_at(cut + CALM, false, slow_line, 0, 0);
	world_at(cut + CALM + HOUR / 2, false, slow_over, 0, 0);
}

/* ---- a day in the life of sleepers ---- */

#define AWAKE 90			/* s, in each of their periods */
#define SLEEPERS_POLL 40
#define EVENING_WRITES 20

static void sleepers_site(void)
{
	site.counted = true;
	site.strays = false;
	site.n_servers = 1;
	site.bootstrap = false;
	site.non = false;
	site.lifetime = 1800;
	for (size_t i = 0; i < site.n_endpoints; i++) {
		struct site_endpoint *e = &site.endpoints[i];

		e->queue = true;
		e->accepts = i % 2;
		e->wakes = SLEEPERS_POLL;
		e->quiet_every = 540 + (uint32_t)(i * 7919 % 121);
		e->quiet_for = e->quiet_every - AWAKE;
		for (size_t p = 0; p < e->n_points; p++) {
			e->points[p].poll = SLEEPERS_POLL;
			e->points[p].pmin = 0;
		}
	}
}

/* What is asked of them waits until they wake. */
static void evening(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	for (size_t i = 0; i < EVENING_WRITES; i++)
		server_write(0, i % site.n_endpoints);
}

static void day_over(uint64_t unused, uint64_t also)
{
	uint64_t n = site.n_endpoints, updates = server_updates(0), wakings = 0;

	(void)unused;
	(void)also;
	own.back_at = world.now;
	if (server_registers(0) != n)
		judge_fault(RULE_REGISTERED, "%llu Registers of %llu endpoints "
			    "in a day without faults", (unsigned long long)
			    server_registers(0), (unsigned long long)n);
	for (size_t i = 0; i < n; i++)
		wakings += 24 * 3600 / site.endpoints[i].quiet_every;
	/* One at each waking, in which a lifetime never falls due. */
	if (updates < wakings - 2 * n || updates > wakings + 2 * n)
		judge_fault(RULE_STORM, "%llu Updates in %llu wakings",
			    (unsigned long long)updates,
			    (unsigned long long)wakings);
	if (judge_writes_taken() != EVENING_WRITES)
		judge_fault(RULE_WRITE, "%u of %d Writes of the evening were "
			    "answered 2.04", judge_writes_taken(),
			    EVENING_WRITES);
}

static void day_begin(void)
{
	world_at(world.now + 24 * HOUR - 20 * MINUTE, false, evening, 0, 0);
	world_at(world.now + 24 * HOUR, false, day_over, 0, 0);
}

/* ---- what an address change costs ---- */

static void address_site(void)
{
	observed_site();
	site.watched = false;
	site.lifetime = 300;
}

static void told_site(void)
{
	address_site();
	site.watched = true;
}

static void all_look(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	own.back_at = world.now;
	own.moves++;
	if (server_registered(0) != site.n_endpoints ||
	    server_registers(0) < (own.moves + 1) * site.n_endpoints)
		judge_fault(RULE_REGISTERED, "%llu Registers of %zu endpoints "
			    "after %u changes of an address",
			    (unsigned long long)server_registers(0),
			    site.n_endpoints, own.moves);
}

static void ours_change(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	net_address_change();
}

static void theirs_changes(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	net_server_move(1);
}

/* The kernel does not tell: the next message has no answer, nor has the Update
 * behind it. */
static void address_begin(void)
{
	world_at(world.now + CALM, false, ours_change, 0, 0);
	world_at(world.now + 2 * CALM, false, all_look, 0, 0);
	world_at(world.now + 2 * CALM + MINUTE, false, theirs_changes, 0, 0);
	world_at(world.now + 3 * CALM + MINUTE, false, all_look, 0, 0);
}

/* It does: all are back within ten seconds. */
static void told_begin(void)
{
	world_at(world.now + CALM, false, ours_change, 0, 0);
	world_at(world.now + CALM + 10 * SECOND, false, all_look, 0, 0);
}

/* ---- a server that answers what is no registration ---- */

static void bare_site(void)
{
	observed_site();
	site.lifetime = 86400;
}

static void sense(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	server_nonsense(0, SENSE);
	judge_disturbed(false);
	own.back_at = world.now;
}

static void bare_begin(void)
{
	judge_disturbed(true);
	server_nonsense(0, NONSENSE_NO_LOCATION);
	world_at(world.now + 5 * MINUTE, false, sense, 0, 0);
}

/* ---- the disk is full, and stays so ---- */

static void small_site(void)
{
	counters_site();
	site.store_memory = 65536;
	for (size_t i = 0; i < site.n_endpoints; i++) {
		site.endpoints[i].points[0].observed = true;
		site.endpoints[i].points[0].keep = false;
		site.endpoints[i].points[0].poll = 2;
	}
}

static void full_cut(uint64_t unused, uint64_t also)
{
	disk.room = disk_used() + 65536;
	line_cut(unused, also);
}

/* What is there is read and told, whatever cannot be written. */
static void full_look(uint64_t unused, uint64_t also)
{
	struct daemon_status status = daemon_status();

	(void)unused;
	(void)also;
	if (status.waiting > site.n_endpoints * 64)
		judge_fault(RULE_EMPTY, "%llu values wait 20 min after the "
			    "outage, on a full disk",
			    (unsigned long long)status.waiting);
}

static void full_begin(void)
{
	int64_t cut = world.now + CALM;

	world_at(cut, false, full_cut, 0, 0);
	world_at(cut + 2 * HOUR, false, line_back, 0, 0);
	world_at(cut + 2 * HOUR + 20 * MINUTE, false, full_look, 0, 0);
}

/* ---- an outage that is too long for the log: the oldest goes ---- */

static void limits_site(void)
{
	small_site();
	site.store_disk = 256 << 10;
}

static void limits_over(uint64_t unused, uint64_t also)
{
	if (!daemon_status().dropped)
		judge_fault(RULE_BOUND, "nothing was dropped, of %zu endpoints "
			    "for an hour", site.n_endpoints);
	line_back(unused, also);
}

static void limits_begin(void)
{
	int64_t cut = world.now + CALM;

	world_at(cut, false, line_cut, 0, 0);
	world_at(cut + HOUR, false, limits_over, 0, 0);
}

/* ---- no room to wait for an answer: what is held is kept ---- */

static void short_site(void)
{
	small_site();
	for (size_t i = 0; i < site.n_endpoints; i++)
		for (size_t p = 0; p < site.endpoints[i].n_points; p++)
			site.endpoints[i].points[p].poll = 10;
}

static void short_slow(uint64_t unused, uint64_t also)
{
	line_back(unused, also);
	server_slow(0, draw_between(F, 4 * SECOND, 9 * SECOND));
}

static void short_over(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	server_slow(0, 0);
}

static void short_begin(void)
{
	int64_t cut = world.now + CALM;

	world_at(cut, false, line_cut, 0, 0);
	world_at(cut + HOUR, false, short_slow, 0, 0);
	world_at(cut + HOUR + CALM, false, short_over, 0, 0);
}

/* ---- Writes whose answers are lost, and newer ones behind them, of another
 * server, too, at the same moment ---- */

static void writes_site(void)
{
	site.n_servers = 2;
	site.bootstrap = false;
	site.lifetime = 300;
	for (size_t i = 0; i < site.n_endpoints; i++) {
		struct site_endpoint *e = &site.endpoints[i];

		e->queue = true;
		e->accepts = i % 2;
		e->wakes = 30;
		for (size_t p = 0; p < e->n_points; p++)
			e->points[p].poll = 30;
	}
}

static void writes_go(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	for (size_t i = 0; i < site.n_endpoints; i++)
		if (draw_chance(F, 0.3)) {
			server_write(0, i);
			server_write(1, i);
		}
	if (world.now < own.cut_at)
		world_at(world.now + draw_between(F, SECOND, 20 * SECOND),
			 false, writes_go, 0, 0);
}

static void devices_turn(uint64_t some, uint64_t unused)
{
	(void)unused;
	bus_sim.answer_lost = some ? 0.5 : 0;
	for (size_t i = 0; i < site.n_endpoints; i++)
		if (some && draw_chance(F, 0.3)) {
			thing_die(i, true);
			judge_silent(i);
		} else if (thing_is_dead(i)) {
			thing_die(i, false);
			judge_alive(i);
		}
	if (world.now < own.cut_at)
		world_at(world.now + draw_between(F, 20 * SECOND, 3 * MINUTE),
			 false, devices_turn, !some, 0);
	else
		line_back(0, 0);
}

/* A sleeper whose device is dead for long lets its registration lapse. */
static void writes_begin(void)
{
	judge_disturbed(true);
	own.cut_at = world.now + HOUR;		/* it goes on until then */
	world_at(world.now + MINUTE, false, writes_go, 0, 0);
	world_at(world.now + MINUTE, false, devices_turn, 1, 0);
	world_at(own.cut_at + 5 * MINUTE, false, devices_turn, 0, 0);
}

/* ---- a bootstrap server that says nothing at first ---- */

static void mute_site(void)
{
	plain_site();
	site.bootstrap = site.hasty = true;
	site.lifetime = 60;
	for (size_t i = 0; i < site.n_endpoints; i++) {
		struct site_point *p = &site.endpoints[i].points[0];

		site.endpoints[i].safe_after = 30;
		p->send = i % 2;
		p->observed = !p->send;
		p->plain = false;
	}
}

static void mute_over(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	bootstrap_habit(BOOTSTRAP_GOOD);
	judge_disturbed(false);
}

/* By now all have their account: in an outage what is theirs is kept, and
 * nobody asks without a pause, whatever the account says of pauses. */
static void refuse(uint64_t on, uint64_t unused)
{
	(void)unused;
	judge_disturbed(on);
	server_nonsense(0, on ? NONSENSE_4_00 : SENSE);
	if (on)
		server_stop(0);
	server_start(0, !on);
	own.back_at = world.now;
}

static void mute_begin(void)
{
	judge_disturbed(true);
	bootstrap_habit(BOOTSTRAP_SILENT);
	world_at(world.now + 20 * MINUTE, false, mute_over, 0, 0);
	world_at(world.now + 100 * MINUTE, false, line_cut, 0, 0);
	world_at(world.now + 110 * MINUTE, false, line_back, 0, 0);
	world_at(world.now + 130 * MINUTE, false, refuse, 1, 0);
	world_at(world.now + 140 * MINUTE, false, refuse, 0, 0);
}

/* ---- packages are fetched while accounts become others, and the line goes:
 * in that order at each turn ---- */

#define TURNS 12

static void packages_site(void)
{
	counters_site();
	site.bootstrap = site.unsolicited = true;
	site.lifetime = 300;
	for (size_t i = 0; i < site.n_endpoints; i++)
		site.endpoints[i].package = true;
}

static void packages_turn(uint64_t what, uint64_t left)
{
	for (size_t i = 0; what == 0 && i < site.n_endpoints; i++)
		server_package(0, i);
	for (size_t i = 0; what == 1 && i < site.n_endpoints; i++)
		bootstrap_unasked(i);
	if (what == 2)
		line_cut(0, 0);
	if (what == 3)
		line_back(0, 0);
	if (what == 3 && !left && !judge_packages())
		judge_fault(RULE_PACKAGE, "none has come to its device");
}

static void packages_begin(void)
{
	int64_t at = world.now + CALM;

	net.delay_least = 200 * MS;
	net.delay_most = 300 * MS;
	for (uint64_t i = 0; i < TURNS; i++, at += 5 * MINUTE) {
		world_at(at, false, packages_turn, 0, 0);
		world_at(at + 500 * MS, false, packages_turn, 1, 0);
		world_at(at + draw_between(F, 2 * SECOND, 6 * SECOND), false,
			 packages_turn, 2, 0);
		world_at(at + 2 * MINUTE, false, packages_turn, 3,
			 TURNS - 1 - i);
	}
}

/* ---- counters on a slow disk, and kills ---- */

#define KILLS 12

static void counting_site(void)
{
	counters_site();
	for (size_t i = 0; i < site.n_endpoints; i++) {
		struct site_point *p = &site.endpoints[i].points[0];

		p->path = path_resource(3200, 0, 5501);
		p->measured = p->keep = false;
		p->counts = p->observed = true;
	}
}

static void counting_kill(uint64_t last, uint64_t unused)
{
	(void)unused;
	judge_killed(false);
	daemon_kill(false);
	own.back_at = last ? world.now : 0;
	disk.latency = last ? 5 * MS : disk.latency;
}

static void counting_begin(void)
{
	disk.latency = 40 * SECOND;
	for (int i = 1; i <= KILLS; i++)
		world_at(world.now + i * 4 * MINUTE +
			 draw_between(F, 0, 2 * MINUTE), false, counting_kill,
			 i == KILLS, 0);
}

/* ---- all of them ---- */

static const struct story stories[] = {
	{"outage", "an hour without a server, 20 stops and kills in it",
	 3 * HOUR, counters_site, outage_begin},
	{"update", "an Update falls due while the server is away",
	 HOUR, observed_site, update_begin},
	{"back", "one answer of a server ends the wait of all",
	 HOUR, observed_site, back_begin},
	{"clock", "values from before the clock was set",
	 HOUR, counters_site, clock_begin},
	{"steps", "the clock is set a year on, and two years back",
	 HOUR, observed_site, steps_begin},
	{"gaps", "short outages, observed in a format without times",
	 3 * HOUR, plain_site, gaps_begin},
	{"slow", "history on a line of 2 to 4 s, beside what is new",
	 80 * MINUTE, slow_site, slow_begin},
	{"address", "the gateway's address is another, then the server's",
	 HOUR, address_site, address_begin},
	{"told", "another address, and the kernel tells of it",
	 HOUR / 2, told_site, told_begin},
	{"bare", "at first the server answers 2.01 without a location",
	 HOUR, bare_site, bare_begin},
	{"full", "the disk is full in an outage, and after it",
	 3 * HOUR, small_site, full_begin},
	{"limits", "an outage that is too long for the log",
	 2 * HOUR, limits_site, limits_begin},
	{"short", "a slow server, and no memory to wait for it",
	 2 * HOUR, short_site, short_begin},
	{"writes", "to devices whose answers get lost",
	 90 * MINUTE, writes_site, writes_begin},
	{"mute", "a bootstrap server that is silent, then hasty accounts",
	 3 * HOUR, mute_site, mute_begin},
	{"package", "packages, while accounts become others and the line goes",
	 3 * HOUR, packages_site, packages_begin},
	{"counts", "what devices count, on a slow disk, and kills",
	 HOUR, counting_site, counting_begin},
	{"day", "sleepers that show themselves every 9 to 11 min",
	 24 * HOUR + 77 * SECOND, sleepers_site, day_begin},
};

const struct story *story_find(const char *name)
{
	memset(&own, 0, sizeof(own));
	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++)
		if (!strcmp(stories[i].name, name))
			return &stories[i];
	return NULL;
}

void stories_list(bool explained)
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++)
		if (explained)
			printf("  %-8s %s\n", stories[i].name,
			       stories[i].what);
		else
			puts(stories[i].name);
}

void story_end(void)
{
	if (!own.back_at)
		judge_fault(RULE_END, "the story was not told to its end");
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * A kill takes effect at once: the disk, the line and the devices hear no more
 * of it. What is left runs to its end, a ghost, for its memory to be freed:
 * what is not free then was lost by the gateway. */
#include "tests/sim/gateway.h"
#include <getopt.h>
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "agent/base/limits.h"
#include "agent/endpoint/endpoint.h"
#include "agent/endpoint/transaction.h"
#include "agent/gateway/gateway.h"
#include "agent/store/backlog_private.h"
#include "tests/sim/asker.h"
#include "tests/sim/bus.h"
#include "tests/sim/disk.h"
#include "tests/sim/judge.h"
#include "tests/sim/loop.h"
#include "tests/sim/net.h"
#include "tests/sim/pipe.h"
#include "tests/sim/site.h"
#include "tests/sim/world.h"

int lwmuxd_main(int argc, char **argv);		/* agent/main.c */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static struct {
	struct gateway *gateway;
	int64_t killed_at;
	bool killed, up, power;
	bool devices, follows_kill, leaving;
	int64_t begun;
	bool leaves;		/* it ends without freeing, as it may */
	size_t used;		/* bytes on the heap before it starts */
	jmp_buf end;
} own;

/* The opening of the control socket shows the gateway. */
int __wrap_control_open(struct gateway *gateway, const char *run_dir);
int __real_control_open(struct gateway *gateway, const char *run_dir);
int __wrap_control_open(struct gateway *gateway, const char *run_dir)
{
	own.gateway = gateway;
	own.up = true;
	return __real_control_open(gateway, run_dir);
}

_Noreturn void __wrap__exit(int code);
_Noreturn void __wrap__exit(int code)
{
	(void)code;
	own.leaves = true;
	longjmp(own.end, 1);
}

bool daemon_is_up(void)
{
	return own.up && !world.ghost;
}

bool daemon_follows_kill(void)
{
	return own.follows_kill && world.now == own.begun;
}

void daemon_has_devices(void)
{
	own.devices |= !world.ghost;
}

bool daemon_was_killed(void)
{
	return own.killed;
}

static void signal_it(uint64_t number, uint64_t unused)
{
	(void)unused;
	if (world.ghost)
		loop_names_end();
	loop_signal((int)number);
}

void daemon_kill(bool power)
{
	if (world.ghost)
		return;
	world_say("the gateway is killed%s", power ? " by a power cut" : "");
	own.killed = true;
	own.power = power;
	own.killed_at = world.now;
	world.ghost = true;
	pipes_end();
	world_at(world.now, true, signal_it, SIGTERM, 0);
}

bool daemon_is_leaving(void)
{
	return own.leaving;
}

void daemon_stop(void)
{
	own.leaving |= daemon_is_up();
	if (daemon_is_up())
		world_at(world.now, true, signal_it, SIGTERM, 0);
}

void daemon_reload(void)
{
	if (daemon_is_up())
		world_at(world.now, true, signal_it, SIGHUP, 0);
}

struct daemon_status daemon_status(void)
{
	const struct forwarding *w = own.gateway->services.forwarding;

	return (struct daemon_status){w->waiting, w->counts.dropped, w->held,
				     w->counts.unexpected};
}

static void longest(struct daemon_queue *queue, uint64_t n)
{
	queue->is = n > queue->is ? n : queue->is;
}

static void client_queues(const struct client *c, struct daemon_queue *queue)
{
	uint64_t n = 0, lost = 0;

	for (const struct observation *o = c->observations; o; o = o->next)
		n++;
	for (const struct observation *o = c->forward ? c->forward->lost : NULL;
	     o; o = o->next)
		lost++;
	longest(queue, n);
	longest(queue, lost);
}

static void endpoint_queues(const struct endpoint *e,
			    struct daemon_queue queues[QUEUES])
{
	uint64_t n = 0;

	for (const struct transaction *t = e->transactions; t; t = t->next)
		n += t->deferred;
	longest(&queues[QUEUE_WRITES], n);
	for (size_t i = 0; i < e->n_clients; i++)
		client_queues(&e->clients[i], &queues[QUEUE_OBSERVATIONS]);
}

/* A segment ends behind the record that fills it. */
void daemon_queues(struct daemon_queue queues[QUEUES])
{
	const struct forwarding *w = own.gateway->services.forwarding;
	struct backlog_counts log = backlog_counts(w->backlog);
	size_t unread;

	queues[QUEUE_MEMORY] = (struct daemon_queue){
		"bytes of values in memory", w->budget.used, w->budget.most};
	queues[QUEUE_LOG] = (struct daemon_queue){
		"bytes of the log", log.bytes, log.most + BACKLOG_RECORD_MAX};
	queues[QUEUE_DISK] = (struct daemon_queue){
		"bytes that wait for the disk", w->backlog->queued,
		QUEUE_MOST + JOB_ROOM};
	queues[QUEUE_WRITES] = (struct daemon_queue){
		"Writes to a device asleep", 0, TRANSACTION_HELD_MAX};
	queues[QUEUE_OBSERVATIONS] = (struct daemon_queue){
		"observations", 0, CLIENT_OBSERVATIONS_MAX};
	/* A file of each kind for each endpoint; of the journal what goes out
	 * next, and a compaction. */
	queues[QUEUE_FILES] = (struct daemon_queue){
		"files to be written", 0, STORE_KINDS * site.n_endpoints};
	queues[QUEUE_TWICE] = (struct daemon_queue){
		"files to be written twice", 0, 0};
	queues[QUEUE_JOURNAL] = (struct daemon_queue){
		"writes of the journal", 0, 2};
	queues[QUEUE_MAIL] = (struct daemon_queue){
		"messages of buses", bus_mail(), BUS_MAIL_MOST};
	queues[QUEUE_UNREAD] = (struct daemon_queue){
		"bytes for one who does not read", 0,
		CONTROL_UNREAD_MAX + ANSWER_MOST};
	queues[QUEUE_PEERS] = (struct daemon_queue){
		"who ask", pipes_open(&unread), CONTROL_PEERS_MAX};
	queues[QUEUE_UNREAD].is = unread;
	store_queues(own.gateway->services.store, &queues[QUEUE_FILES].is,
		     &queues[QUEUE_TWICE].is, &queues[QUEUE_JOURNAL].is);
	for (struct endpoint *e = gateway_next(own.gateway, NULL); e;
	     e = gateway_next(own.gateway, e))
		endpoint_queues(e, queues);
}

static size_t heap_used(void)
{
	return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static int run(void)
{
	static char arguments[][256] = {
		"lwmuxd", "-c", "/sim/etc", "--state", "/sim/state",
		"--run", "/sim/run",
		"--adapters", SIM_ADAPTERS, "-vv"};
	char *argv[11] = {NULL};

	for (size_t i = 0; i < (world.verbose ? 10 : 9); i++)
		argv[i] = arguments[i];
	optind = 0;
	if (setjmp(own.end))
		return 0;
	return lwmuxd_main(world.verbose ? 10 : 9, argv);
}

static void memory_check(void)
{
	size_t used = heap_used();

	if (own.leaves)
		own.used = 0;		/* nobody can tell any more */
	if (__lsan_do_recoverable_leak_check && !own.leaves &&
	    __lsan_do_recoverable_leak_check())
		judge_fault(RULE_MEMORY, "the sanitizer found a leak");
	if (own.used && used > own.used)
		judge_fault(RULE_MEMORY, "%zu bytes are lost",
			    used - own.used);
}

bool daemon_run(void)
{
	int rc;

	own.follows_kill = own.killed && (own.devices || own.follows_kill);
	own.killed = own.up = own.devices = own.leaving = false;
	own.begun = world.now;
	loop_begin();
	rc = run();
	own.up = false;
	if (own.killed)
		world.now = own.killed_at;
	world.ghost = false;
	world_process_gone();
	pipes_end();
	connections_gone();
	buses_gone();
	if (own.killed && own.power) {
		disk_power_cut();
		world.boot++;
	}
	memory_check();
	return rc == 0;
}

static void warm(uint64_t a, uint64_t b)
{
	(void)a;
	(void)b;
	daemon_kill(false);
}

void daemon_begin(void)
{
	own.killed = own.follows_kill = false;
}

void daemon_warm_up(void)
{
	for (int i = 0; i < 2; i++) {
		world_at(world.now + 2 * MINUTE, false, warm, 0, 0);
		daemon_run();
	}
	own.used = heap_used();
}

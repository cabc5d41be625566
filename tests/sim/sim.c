/* SPDX-License-Identifier: GPL-2.0-or-later
 * The whole gateway in virtual time, from one seed. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/sim/asker.h"
#include "tests/sim/bus.h"
#include "tests/sim/disk.h"
#include "tests/sim/faults.h"
#include "tests/sim/gateway.h"
#include "tests/sim/judge.h"
#include "tests/sim/loop.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/site.h"
#include "tests/sim/stories.h"
#include "tests/sim/world.h"

#define LOOK_EVERY MINUTE
#define BOUNDS_EVERY (5 * SECOND)
#define SILENCE (2 * HOUR)	/* no faults before the end */

static struct {
	uint64_t seed, seeds;
	int64_t hours;
	size_t endpoints, jobs;
	uint64_t only, without;		/* masks of faults */
	const struct story *story;	/* NULL: drawn faults */
	bool verbose, quiet, names;
} options = {.seed = 1, .seeds = 1, .hours = 24, .endpoints = 50, .jobs = 1,
	     .only = UINT64_MAX};

static struct { bool over; int64_t end; } run;

static void spins(void)
{
	judge_fault(RULE_SPIN, "the loop does not wait any more");
	printf("seed %llu: given up\n", (unsigned long long)world.seed);
	fflush(stdout);
	_Exit(1);
}

static void look(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	if (daemon_is_up()) {
		judge_dropped(daemon_status().dropped);
		if (daemon_status().unexpected)
			judge_fault(RULE_STATE, "store and forward refused "
				    "an event");
		judge_look();
	}
	if (world.now < run.end)
		world_at(world.now + LOOK_EVERY, false, look, 0, 0);
}

static void bounds_look(uint64_t unused, uint64_t also)
{
	struct daemon_queue queues[QUEUES];

	(void)unused;
	(void)also;
	if (daemon_is_up()) {
		daemon_queues(queues);
		for (size_t i = 0; i < QUEUES; i++)
			judge_queue(queues[i].what, queues[i].is,
				    queues[i].most);
	}
	if (world.now < run.end)
		world_at(world.now + BOUNDS_EVERY, false, bounds_look, 0, 0);
}

static void store_check(void)
{
	struct daemon_status status = daemon_status();

	judge_dropped(status.dropped);
	if (status.waiting)
		judge_fault(RULE_EMPTY, "%llu values wait in the store",
			    (unsigned long long)status.waiting);
}

static void end(uint64_t unused, uint64_t also)
{
	(void)unused;
	(void)also;
	run.over = true;
	store_check();
	if (options.story)
		story_end();
	judge_end();
	daemon_stop();
}

/* While the gateway is away the world goes on. */
static void pass(int64_t until)
{
	while (world_due() <= until && !run.over) {
		world.now = world_due();
		world_run();
	}
	if (world.now < until)
		world.now = until;
}

static void world_make(uint64_t seed)
{
	world_begin(seed);
	disk_begin();
	buses_begin();
	servers_begin();
	site_draw(options.endpoints);
	if (options.story)
		options.story->site_change();
	net_begin();
	daemon_begin();
	judge_begin();
	site_write();
	loop_names_fail = 0;
	loop_spins = spins;
	run.over = false;
}

static void verdict_print(void)
{
	printf("seed %llu: %s, %llu datagrams up",
	       (unsigned long long)world.seed, judge_all() ? "FAILED" : "ok",
	       (unsigned long long)net.sent_up);
	for (enum rule r = 0; r < RULES; r++)
		if (judge_faults(r))
			printf(", %s %llu", judge_rule(r),
			       (unsigned long long)judge_faults(r));
	putchar('\n');
	fflush(stdout);
}

static bool seed_run(uint64_t seed)
{
	uint64_t kinds = options.only & ~options.without;

	world_make(seed);
	world.verbose = options.verbose;
	run.end = world.now + (options.story ? options.story->lasts :
			       options.hours * HOUR);
	if (options.story)
		options.story->begin();
	else
		faults_plan(run.end - (options.hours > 3 ? SILENCE : HOUR),
			    kinds);
	if (options.story || kinds >> ASKERS_BIT & 1)
		askers_begin();
	world_at(world.now + LOOK_EVERY, false, look, 0, 0);
	world_at(world.now + BOUNDS_EVERY, false, bounds_look, 0, 0);
	world_at(run.end, false, end, 0, 0);
	while (!run.over) {
		if (!daemon_run() && !daemon_was_killed()) {
			judge_fault(RULE_END, "it does not start");
			break;
		}
		if (!run.over)
			pass(faults_restart_at());
		judge_started();
	}
	if (!options.quiet || judge_all())
		verdict_print();
	return !judge_all();
}

/* ---- many seeds, each in a process of its own ---- */

static struct { pid_t pid; uint64_t seed; } jobs[64];
static size_t n_jobs, n_failed;

static void job_wait(void)
{
	int status;
	pid_t pid = wait(&status);

	for (size_t i = 0; i < n_jobs; i++) {
		if (jobs[i].pid != pid)
			continue;
		if (WIFSIGNALED(status))
			printf("seed %llu: FAILED, died of signal %d\n",
			       (unsigned long long)jobs[i].seed,
			       WTERMSIG(status));
		n_failed += status != 0;
		jobs[i] = jobs[--n_jobs];
		return;
	}
}

static void job_start(uint64_t seed)
{
	pid_t pid;

	while (n_jobs >= options.jobs)
		job_wait();
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid)
		_Exit(!seed_run(seed));
	jobs[n_jobs].pid = pid;
	jobs[n_jobs++].seed = seed;
}

static void usage(void)
{
	puts("usage: sim [--seed N] [--seeds N] [--hours N] [--endpoints N]\n"
	     "           [--jobs N] [--only MASK] [--without MASK] [-v] [-q]\n"
	     "           [--story NAME]\n"
	     "\n"
	     "  --seed N       the first seed (1)\n"
	     "  --seeds N      how many, one after the other (1)\n"
	     "  --hours N      of virtual time (24)\n"
	     "  --endpoints N  of the site (50)\n"
	     "  --jobs N       seeds at a time (1)\n"
	     "  --only MASK    of the kinds of faults (all), in the order of\n"
	     "                 faults.c; who asks is bit 32\n"
	     "  --without MASK the others\n"
	     "  --story NAME   what happens is told, not drawn\n"
	     "  --stories      their names, and no more\n"
	     "  -v             what happens, and the gateway's log\n"
	     "  -q             failed seeds only\n"
	     "stories:");
	stories_list(true);
}

static bool parse(int argc, char **argv)
{
	enum { SEED = 256, SEEDS, HOURS, ENDPOINTS, JOBS, ONLY,
	       WITHOUT, STORY, STORIES };
	static const struct option table[] = {
		{"seed", required_argument, NULL, SEED},
		{"seeds", required_argument, NULL, SEEDS},
		{"hours", required_argument, NULL, HOURS},
		{"endpoints", required_argument, NULL, ENDPOINTS},
		{"jobs", required_argument, NULL, JOBS},
		{"only", required_argument, NULL, ONLY},
		{"without", required_argument, NULL, WITHOUT},
		{"story", required_argument, NULL, STORY},
		{"stories", no_argument, NULL, STORIES},
		{NULL, 0, NULL, 0}
	};

	for (int c; (c = getopt_long(argc, argv, "vqh", table, NULL)) != -1; )
		switch (c) {
		case SEED: options.seed = strtoull(optarg, NULL, 0); break;
		case SEEDS: options.seeds = strtoull(optarg, NULL, 0); break;
		case HOURS: options.hours = strtoll(optarg, NULL, 0); break;
		case ENDPOINTS:
			options.endpoints = strtoul(optarg, NULL, 0);
			break;
		case JOBS: options.jobs = strtoul(optarg, NULL, 0); break;
		case ONLY: options.only = strtoull(optarg, NULL, 0); break;
		case WITHOUT:
			options.without = strtoull(optarg, NULL, 0);
			break;
		case STORY:
			options.story = story_find(optarg);
			if (!options.story)
				return false;
			break;
		case STORIES: options.names = true; break;
		case 'v': options.verbose = true; break;
		case 'q': options.quiet = true; break;
		default: return false;
		}
	return optind == argc && options.endpoints &&
	       options.endpoints <= ENDPOINTS_MAX && options.jobs &&
	       options.jobs <= 64 && options.hours > 1;
}

#define EXACT "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"

/* What malloc() keeps at hand would count as in use; and what is free is not to
 * look as it did, unless whoever counts instructions wants it so. */
static void heap_make_exact(char **argv)
{
	const char *is = getenv("GLIBC_TUNABLES");

	if (is && !strncmp(is, EXACT, strlen(EXACT)))
		return;
	setenv("GLIBC_TUNABLES", EXACT ":glibc.malloc.perturb=165", 1);
	execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	static char lines[8192];	/* not from the heap */
	struct timespec begin, now;
	double minutes;

	heap_make_exact(argv);
	if (!parse(argc, argv)) {
		usage();
		return 2;
	}
	if (options.names) {
		stories_list(false);
		return 0;
	}
	setvbuf(stdout, lines, _IOLBF, sizeof(lines));
	setenv("TZ", "UTC0", 1);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("JOURNAL_STREAM");
	if (!options.verbose && !freopen("/dev/null", "w", stderr))
		return 2;
	timespec_get(&begin, TIME_UTC);
	world_make(0);
	daemon_warm_up();
	if (options.seeds == 1)
		return !seed_run(options.seed);
	for (uint64_t i = 0; i < options.seeds; i++)
		job_start(options.seed + i);
	while (n_jobs)
		job_wait();
	timespec_get(&now, TIME_UTC);
	minutes = ((double)(now.tv_sec - begin.tv_sec) +
		   (double)(now.tv_nsec - begin.tv_nsec) / 1e9) / 60;
	printf("%llu seeds, %zu failed, %.1f seeds a minute\n",
	       (unsigned long long)options.seeds, n_failed,
	       (double)options.seeds / minutes);
	return n_failed != 0;
}

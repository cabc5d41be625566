/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxd: the command line and the order of things. */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/bus/bus.h"
#include "agent/client/client.h"
#include "agent/coap/coap.h"
#include "agent/coap/credentials.h"
#include "agent/config/config_card_key.h"
#include "agent/config/config_pin.h"
#include "agent/config/config_token.h"
#include "agent/config/key_list.h"
#include "agent/control/control.h"
#include "agent/gateway/gateway.h"
#include "agent/coap/gnutls_shim.h"
#include "agent/endpoint/last_values.h"
#include "agent/base/log.h"
#include "agent/base/monotonic.h"
#include "agent/base/option.h"
#include "agent/gateway/loop.h"
#include "agent/http/http.h"
#include "agent/store/state_lock.h"

#define LOW_FDS 64		/* buses whose library uses select() */
#define LARGE_BLOCK (128 * 1024)	/* bytes, glibc's own default */

struct options {
	const char *config, *adapters, *state, *run;
	bool check, dry_run, keys, schema;
	bool of_site;			/* some option says what is where */
	int verbose;
};

static const char usage[] =
	"usage: lwmuxd [-c DIR] [--check] [--dry-run] [--keys] [--schema]\n"
	"              [--adapters DIR] [--state DIR] [--run DIR] [-v]\n"
	"\n"
	"  -c, --config DIR    configuration (/etc/lwmux)\n"
	"      --check         check it, print all errors, exit 0 or 1\n"
	"      --dry-run       poll every device once, print what servers would\n"
	"                      see, register nowhere\n"
	"      --keys          print all keys of the configuration\n"
	"      --schema        print them as a JSON Schema, for editors\n"
	"      --adapters DIR  where adapters are (" LWMUX_ADAPTER_DIR ")\n"
	"      --state DIR     what outlives a restart (/var/lib/lwmux)\n"
	"      --run DIR       the control socket (/run/lwmux)\n"
	"  -v, --verbose       more in the log; twice: all\n"
	"      --version\n";

/* false: after a message. A file in it is often given, or the one above. */
static bool folder_is_there(const char *config)
{
	struct stat status;
	bool there = stat(config, &status) == 0;

	if (there && S_ISDIR(status.st_mode))
		return true;
	fprintf(stderr, "lwmuxd: --config %s: %s; the directory with "
		"lwmux.yaml in it is meant\n", config,
		strerror(there ? ENOTDIR : errno));
	return false;
}

/* false: after a message. What would be passed over was meant to do something. */
static bool options_fit(const struct options *o)
{
	if (o->check + o->dry_run + o->keys + o->schema > 1)
		fputs("lwmuxd: only one of --check, --dry-run, --keys and "
		      "--schema\n", stderr);
	else if ((o->keys || o->schema) && o->of_site)
		fprintf(stderr, "lwmuxd: %s takes no other option than "
			"--adapters\n", o->keys ? "--keys" : "--schema");
	else
		return true;
	return false;
}

enum { CHECK = 256, DRY_RUN, KEYS, SCHEMA, ADAPTERS, STATE, RUN, VERSION };
static const struct option table[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, CHECK},
	{"dry-run", no_argument, NULL, DRY_RUN},
	{"keys", no_argument, NULL, KEYS},
	{"schema", no_argument, NULL, SCHEMA},
	{"adapters", required_argument, NULL, ADAPTERS},
	{"state", required_argument, NULL, STATE},
	{"run", required_argument, NULL, RUN},
	{"verbose", no_argument, NULL, 'v'},
	{"version", no_argument, NULL, VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0}
};

static void refuse_option(const char *word, int code)
{
	const char *names[sizeof(table) / sizeof(*table)];
	char text[OPTION_TEXT_MAX];

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		names[i] = table[i].name;
	option_trouble(names, word, optopt, code, text);
	fprintf(stderr, "lwmuxd: %s\n%s", text, usage);
}

/* 0: go on; else the exit code + 1. */
static int options_parse(struct options *o, int argc, char **argv)
{
	for (int c; (c = getopt_long(argc, argv, ":c:vh", table, NULL)) != -1; ) {
		o->of_site |= c == 'c' || c == STATE || c == RUN || c == 'v';
		switch (c) {
		case 'c': o->config = optarg; break;
		case CHECK: o->check = true; break;
		case DRY_RUN: o->dry_run = true; break;
		case KEYS: o->keys = true; break;
		case SCHEMA: o->schema = true; break;
		case ADAPTERS: o->adapters = optarg; break;
		case STATE: o->state = optarg; break;
		case RUN: o->run = optarg; break;
		case 'v': o->verbose++; break;
		case VERSION: puts("lwmuxd " LWMUX_VERSION); return 1;
		case 'h': fputs(usage, stdout); return 1;
		default:
			refuse_option(argv[optind - 1], c);
			return 3;
		}
	}
	if (optind == argc)
		return options_fit(o) ? 0 : 3;
	fprintf(stderr, "lwmuxd: '%s' is not an option\n%s", argv[optind],
		usage);
	return 3;
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* A dump would hold keys: neither a file, nor for a program that is asked. */
static void forbid_core_dumps(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static struct config_dirs dirs_of(const struct options *o)
{
	return (struct config_dirs){
		.config = o->config, .profiles = LWMUX_PROFILE_DIR,
		.objects = LWMUX_OBJECT_DIR, .adapters = o->adapters};
}

static void count_print(const char *before, size_t n, const char *one,
			const char *more)
{
	printf("%s%zu %s", before, n, n == 1 ? one : more);
}

/* Silence would not tell a good configuration from an empty one. */
static void fine_print(const struct config *config)
{
	count_print("fine: ", config->n_servers, "server", "servers");
	if (config->bootstrap)
		printf(", 1 bootstrap server");
	count_print(", ", config->n_devices, "device", "devices");
	count_print(", ", config->n_buses, "bus", "buses");
	putchar('\n');
}

/* errors: what is wrong, said; initialized by the caller, who ends it. */
static struct config *config_start(const struct options *o,
				   struct config_errors *errors, bool *good)
{
	struct config_dirs dirs = dirs_of(o);
	struct config *config = config_load(&dirs, errors);
	bool fits = config && gateway_fits(config, errors);

	if (config && o->check) {
		credentials_find(config, o->config, errors);
		config_token_find(config, o->config, errors);
		config_pin_find(config, o->config, errors);
		config_card_key_find(config, o->config, errors);
	}
	config_errors_print(errors, STDERR_FILENO);
	*good = fits && (o->check ? !errors->n : !config_fatal(errors));
	return config;
}

/* The loop, and what can be asked while it runs. */
static int open_all(struct gateway *gateway, const struct options *o)
{
	int rc;

	loop_open(gateway);
	rc = o->dry_run ? 0 : control_open(gateway, o->run);
	if (rc < 0)
		loop_close();
	return rc;
}

/* errors becomes the gateway's: the status tells what it runs without. */
static int agent_run(const struct options *o, struct config *config,
		     struct config_errors *errors)
{
	struct gateway gateway = {
		.services = {.dirs = dirs_of(o), .dry = o->dry_run,
			     .version = "lwmux " LWMUX_VERSION},
	};
	int rc, locked = 0;

	if (!o->dry_run)
		locked = state_lock_begin(&gateway.services.lock, o->state,
					  &gateway.services.was_killed);
	if (locked == -EWOULDBLOCK) {
		log_line(LOG_ERROR, NULL, NULL, "another lwmuxd runs with the "
			 "state directory %s: choose one by --state", o->state);
		config_free(config);
		config_errors_finish(errors);
		return locked;
	}
	gateway_init(&gateway);
	if (errors->first)
		gateway.errors = *errors;
	gateway.services.store = o->dry_run ? NULL : store_open(o->state);
	store_watch(gateway.services.store, gateway_kept, &gateway);
	last_values_open(gateway.services.last, gateway.services.store);
	if (gateway.services.store)
		forwarding_open(&gateway.services, o->state);
	rc = coap_start(&client_handlers);
	if (rc == 0)
		rc = open_all(&gateway, o);
	if (rc == 0) {
		if (!o->dry_run)
			http_start(&gateway);
		gateway_apply(&gateway, config, monotonic_read());
		gateway.services.was_killed = false;
		loop_run();
	} else {
		config_free(config);
		forwarding_close(&gateway.services);
		store_close(gateway.services.store);
	}
	gateway_finish(&gateway);
	coap_stop();
	if (rc == 0)		/* else nothing was made safe yet */
		state_lock_end(&gateway.services.lock);
	return rc;
}

/* Of the adapters that are installed, too. */
static int keys_print(const struct options *o)
{
	bool good = true;

	if (o->schema)
		key_schema_print(stdout, o->adapters);
	else
		good = key_list_print(stdout, o->adapters);
	return fflush(stdout) || !good;
}

/* A large block, as the journal or a piece of the log when it is read, goes back
 * to the system when it is freed. Left to itself glibc raises the limit by the
 * first of them, and each thread's heap keeps room for the next, for years. */
static void give_memory_back(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
	mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
}

int main(int argc, char **argv)
{
	struct options o = {.config = "/etc/lwmux", .state = "/var/lib/lwmux",
			    .run = "/run/lwmux", .adapters = LWMUX_ADAPTER_DIR};
	struct config_errors errors;
	struct config *config;
	int rc = options_parse(&o, argc, argv);
	bool good;

	if (rc)
		return rc - 1;
	if (o.keys || o.schema)
		return keys_print(&o);
	if (!folder_is_there(o.config))
		return 1;
	log_open(o.dry_run && !o.verbose ? LOG_WARN :
		 o.verbose > 1 ? LOG_TRACE : o.verbose ? LOG_DETAIL : LOG_NOTE);
	signal(SIGPIPE, SIG_IGN);
	give_memory_back();
	raise_descriptor_limit();
	forbid_core_dumps();
	config_errors_init(&errors);
	config = config_start(&o, &errors, &good);
	if (good && o.check)
		fine_print(config);
	if (!good || o.check) {
		config_errors_finish(&errors);
		config_free(config);
		return good ? 0 : 1;
	}
	bus_reserve_low_fds(LOW_FDS);
	return agent_run(&o, config, &errors) < 0 ? 1 : 0;
}

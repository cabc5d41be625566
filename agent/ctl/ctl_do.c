/* SPDX-License-Identifier: GPL-2.0-or-later
 * The commands that are one request and its answer, or a run of lwmuxd. */
#include "agent/ctl/ctl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agent/ctl/ctl_summary.h"

#define WATCH_EVERY 2		/* s */

static int health_code(const char *health)
{
	if (health && !strcmp(health, "healthy"))
		return CTL_DONE;
	return health && !strcmp(health, "degraded") ? CTL_DEGRADED : CTL_DOWN;
}

/* The summary counts what --not-well leaves out, too. */
static void show_status(const struct options *o, struct json_object *answer,
			bool one)
{
	if (!o->json && !one)
		ctl_summary(answer, stdout);
	if (o->not_well)
		ctl_keep_not_well(answer);
	if (o->json)
		print_json(answer);
	else
		print_status(answer, one);
}

/* "meter-*": of all endpoints those that are called so. */
static bool is_pattern(const char *name)
{
	return name && strpbrk(name, "*?[");
}

static int status_once(const struct options *o, const char *name)
{
	bool some = is_pattern(name);
	struct json_object *answer = ask(o, request_of("status",
						       some ? NULL : name,
						       NULL));
	int code = answer_code(answer);

	if (code == CTL_DONE && some && !ctl_keep_matching(answer, name)) {
		fprintf(stderr, "lwmuxctl: no endpoint is called %s\n", name);
		code = CTL_NO_ENDPOINT;
	} else if (code == CTL_DONE) {
		show_status(o, answer, name && !some);
		code = health_code(text_of(answer, "health"));
	} else if (code != CTL_NO_ENDPOINT) {
		code = CTL_DOWN;
	}
	json_object_put(answer);
	return code;
}

/* Over what was there before on a terminal, below it elsewhere; until it is
 * ended, or nobody reads it any more. */
static int status_watch(const struct options *o, const char *name)
{
	bool terminal = isatty(STDOUT_FILENO);
	int code;

	do {
		if (terminal && !o->json)
			fputs("\033[H\033[2J", stdout);
		code = status_once(o, name);
		if (!terminal && !o->json)
			putchar('\n');
	} while (!fflush(stdout) && !sleep(WATCH_EVERY));
	return code;
}

int do_status(const struct options *o, char **args, int n)
{
	const char *name = n ? args[0] : NULL;

	return o->watch ? status_watch(o, name) : status_once(o, name);
}

int do_watch(const struct options *o, char **args, int n)
{
	return status_watch(o, n ? args[0] : NULL);
}

int do_read(const struct options *o, char **args, int n)
{
	struct json_object *request = request_of("read", args[0],
						 n > 1 ? args[1] : NULL);
	struct json_object *answer = ask(o, request);
	int code = answer_code(answer);

	if (!code && o->json)
		print_json(answer);
	else if (!code)
		print_resources(list_of(answer, "resources"));
	json_object_put(answer);
	return code;
}

struct verdict {
	bool heard;		/* false: nobody answered, which was said */
	bool good;
	bool whole;		/* of a reload: no file and no bus was left out */
	size_t findings, warnings;	/* the latter are among the former */
};

static bool is_true(struct json_object *answer, const char *member)
{
	struct json_object *is;

	return json_object_object_get_ex(answer, member, &is) &&
	       json_object_get_boolean(is);
}

/* reload or check: is the answer's `member` true? Prints the findings. */
static struct verdict ask_configuration(const struct options *o,
					const char *what, const char *member)
{
	struct json_object *request = request_of(what, NULL, NULL);
	struct json_object *answer = ask(o, request);
	struct json_object *findings;
	struct verdict verdict = {.heard = answer_code(answer) == CTL_DONE};

	if (verdict.heard) {
		findings = list_of(answer, "findings");
		verdict.findings = length_of(findings);
		for (size_t i = 0; i < verdict.findings; i++) {
			const char *text = json_object_get_string(
				json_object_array_get_idx(findings, i));

			fprintf(stderr, "%s\n", text);
			verdict.warnings += strstr(text, ": warning: ") != NULL;
		}
		verdict.good = is_true(answer, member);
		verdict.whole = is_true(answer, "whole");
	}
	json_object_put(answer);
	return verdict;
}

int do_reload(const struct options *o, char **args, int n)
{
	struct verdict verdict = ask_configuration(o, "reload", "reloaded");

	(void)args;
	(void)n;
	if (verdict.good)
		printf("configuration reloaded%s\n",
		       verdict.findings > verdict.warnings ?
			       ", but for what is wrong in it" : "");
	else if (verdict.heard)
		fprintf(stderr, "lwmuxctl: the running configuration was "
			"kept\n");
	return verdict.good && verdict.whole ? CTL_DONE : CTL_FAILED;
}

static bool daemon_runs(const struct options *o)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/control", o->run);
	return access(path, F_OK) == 0;
}

static int check_running(const struct options *o)
{
	struct verdict verdict = ask_configuration(o, "check", "good");

	if (verdict.good)
		puts("fine: no mistake in the files of the running lwmuxd");
	return verdict.good ? CTL_DONE : CTL_FAILED;
}

/* Becomes lwmuxd, or ends. */
static _Noreturn void check_exec(const char *config)
{
	char path[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);

	if (n > 0) {	/* beside us in a build tree */
		path[n] = 0;
		slash = strrchr(path, '/');
		strcpy(slash + 1, "lwmuxd");
		execl(path, "lwmuxd", "-c", config, "--check", NULL);
	}
	execl(LWMUX_SBINDIR "/lwmuxd", "lwmuxd", "-c", config, "--check",
	      NULL);
	fprintf(stderr, "lwmuxctl: cannot run lwmuxd: %s\n", strerror(errno));
	_exit(CTL_FAILED);
}

static int check_files(const char *config)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		check_exec(config);
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			child = -1;
	if (child < 0) {
		fprintf(stderr, "lwmuxctl: cannot run lwmuxd: %s\n",
			strerror(errno));
		return CTL_FAILED;
	}
	if (!WIFEXITED(status)) {
		fprintf(stderr, "lwmuxctl: lwmuxd --check was killed by signal "
			"%d\n", WTERMSIG(status));
		return CTL_FAILED;
	}
	if (WEXITSTATUS(status) == 0)
		printf("fine: no mistake in %s\n", config);
	return WEXITSTATUS(status);
}

/* The running daemon's directory; else lwmuxd itself looks at that which is
 * named: that needs neither a daemon nor a port. */
int do_check(const struct options *o, char **args, int n)
{
	(void)args;
	(void)n;
	if (!o->config && daemon_runs(o))
		return check_running(o);
	return check_files(o->config ? o->config : "/etc/lwmux");
}

/* They go now, or as soon as a server can be reached and wants them. */
static void print_sent(struct json_object *answer, const char *path)
{
	const char *sent = text_of(answer, "sent");

	if (sent)
		printf("%s: %s value%s on the way to the servers\n", path,
		       sent, strcmp(sent, "1") ? "s" : "");
}

int do_send(const struct options *o, char **args, int n)
{
	int code = CTL_DONE;

	for (int i = 1; i < n && !code; i++) {
		struct json_object *answer = ask(o, request_of("send", args[0],
							       args[i]));

		code = answer_code(answer);
		if (!code)
			print_sent(answer, args[i]);
		json_object_put(answer);
	}
	return code;
}

int do_metrics(const struct options *o, char **args, int n)
{
	struct json_object *answer = ask(o, request_of("metrics", NULL,
							   NULL));
	int code = answer_code(answer);

	(void)args;
	(void)n;
	if (!code)
		fputs(text_of(answer, "metrics"), stdout);
	json_object_put(answer);
	return code;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl reload and check: what is wrong in the configuration. */
#include "agent/ctl/ctl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_LWMUXD 126		/* a child's exit code, as in a shell */

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

/* Counts them, and prints them for people. */
static void verdict_findings(const struct options *o, struct verdict *verdict,
			     struct json_object *findings)
{
	verdict->findings = length_of(findings);
	for (size_t i = 0; i < verdict->findings; i++) {
		const char *text = json_object_get_string(
			json_object_array_get_idx(findings, i));

		if (!o->json)
			fprintf(stderr, "%s\n", text);
		verdict->warnings += strstr(text, ": warning: ") != NULL;
	}
}

/* reload or check: is the answer's `member` true? Prints the findings, or all
 * that was answered. */
static struct verdict ask_configuration(const struct options *o,
					const char *what, const char *member)
{
	struct json_object *request = request_of(what, NULL, NULL);
	struct json_object *answer = ask(o, request);
	struct verdict verdict = {.heard = answer_code(answer) == CTL_DONE};

	if (verdict.heard) {
		verdict_findings(o, &verdict, list_of(answer, "findings"));
		verdict.good = is_true(answer, member);
		verdict.whole = is_true(answer, "whole");
	}
	if (verdict.heard && o->json)
		print_json(answer);
	json_object_put(answer);
	return verdict;
}

int do_reload(const struct options *o, char **args, int n)
{
	struct verdict verdict = ask_configuration(o, "reload", "reloaded");

	(void)args;
	(void)n;
	if (verdict.good && !o->json)
		printf("configuration reloaded%s\n",
		       verdict.findings > verdict.warnings ?
			       ", but for what is wrong in it" : "");
	else if (verdict.heard && !o->json)
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

	if (verdict.good && !o->json)
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
	_exit(NO_LWMUXD);
}

/* findings: what the child says goes there; -1: to people. */
static pid_t check_start(const char *config, int findings)
{
	pid_t child = fork();
	int nowhere;

	if (child < 0)
		fprintf(stderr, "lwmuxctl: cannot run lwmuxd: %s\n",
			strerror(errno));
	if (child != 0)
		return child;
	if (findings >= 0) {
		dup2(findings, STDERR_FILENO);
		nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(nowhere, STDOUT_FILENO);
	}
	check_exec(config);
}

/* Its exit code, or -1 after a message. */
static int check_wait(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "lwmuxctl: lwmuxd --check was killed by signal %d\n",
		WTERMSIG(status));
	return -1;
}

static int check_files(const char *config)
{
	pid_t child = check_start(config, -1);
	int code = child < 0 ? -1 : check_wait(child);

	if (code == 0)
		printf("fine: no mistake in %s\n", config);
	return code == 0 ? CTL_DONE : CTL_FAILED;
}

/* The lines that come from there, until its end; closes it. */
static struct json_object *findings_read(int from)
{
	struct json_object *findings = json_object_new_array();
	FILE *file = fdopen(from, "r");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		abort();
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		json_object_array_add(findings, json_object_new_string(line));
	}
	free(line);
	fclose(file);
	return findings;
}

/* What the running lwmuxd would answer; puts findings. */
static int check_print(int code, struct json_object *findings)
{
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "good",
			       json_object_new_boolean(code == 0));
	json_object_object_add(answer, "findings", findings);
	print_json(answer);
	json_object_put(answer);
	return code == 0 ? CTL_DONE : CTL_FAILED;
}

static int check_files_json(const char *config)
{
	struct json_object *findings;
	pid_t child;
	int ends[2], code;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		fprintf(stderr, "lwmuxctl: no pipe: %s\n", strerror(errno));
		return CTL_FAILED;
	}
	child = check_start(config, ends[1]);
	close(ends[1]);
	findings = findings_read(ends[0]);
	code = child < 0 ? -1 : check_wait(child);
	if (code == 0 || code == 1)
		return check_print(code, findings);
	for (size_t i = 0; i < length_of(findings); i++)	/* none are */
		fprintf(stderr, "%s\n", json_object_get_string(
			json_object_array_get_idx(findings, i)));
	json_object_put(findings);
	return CTL_FAILED;
}

/* The running daemon's directory; else lwmuxd itself looks at that which is
 * named: that needs neither a daemon nor a port. */
int do_check(const struct options *o, char **args, int n)
{
	const char *config = o->config ? o->config : "/etc/lwmux";

	(void)args;
	(void)n;
	if (!o->config && daemon_runs(o))
		return check_running(o);
	return o->json ? check_files_json(config) : check_files(config);
}

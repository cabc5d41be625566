/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl --complete: the names that lwmuxd knows, for the shells. Says nothing
 * where nobody answers. */
#include "agent/ctl/ctl.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "agent/ctl/ctl_complete.h"

static void members_print(struct json_object *list, const char *key,
			  const char *begun)
{
	for (size_t i = 0; i < length_of(list); i++) {
		const char *name = text_of(json_object_array_get_idx(list, i),
					   key);

		if (name && !strncmp(name, begun, strlen(begun)))
			puts(name);
	}
}

/* Nobody reads a message in the middle of a line that is being written. */
static void messages_drop(void)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (nowhere >= 0) {
		dup2(nowhere, STDERR_FILENO);
		close(nowhere);
	}
}

int ctl_names(const struct options *o, char **words, int n)
{
	enum ctl_place place = ctl_complete(words, (size_t)n, stdout);
	const char *run = ctl_complete_run(words, (size_t)n);
	const char *begun = n ? words[n - 1] : "";
	struct options asked = *o;
	struct json_object *answer;

	if (place == PLACE_PROFILE)
		return profile_names(o, begun);
	if (place != PLACE_ENDPOINT && place != PLACE_BUS)
		return CTL_DONE;
	asked.run = run ? run : o->run;
	messages_drop();
	answer = ask(&asked, request_of("status", NULL, NULL));
	if (place == PLACE_ENDPOINT)
		members_print(list_of(answer, "endpoints"), "endpoint", begun);
	else
		members_print(list_of(answer, "buses"), "bus", begun);
	json_object_put(answer);
	return CTL_DONE;
}

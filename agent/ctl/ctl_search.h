/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inside of lwmuxctl: one scan or probe, and what becomes of what it finds. */
#ifndef AGENT_CTL_SEARCH_H
#define AGENT_CTL_SEARCH_H
#include "agent/ctl/ctl.h"

struct search {
	const struct options *options;
	FILE *adopted;			/* devices, as YAML; NULL: all is shown
					 * as it is found */
	const char *name;		/* of their bus; NULL: its own */
	unsigned found;
};
/* request is put; to the end of the search. The exit code. */
int search_run(struct search *search, struct json_object *request);
#endif

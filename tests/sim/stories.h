/* SPDX-License-Identifier: GPL-2.0-or-later
 * Runs whose faults are not drawn but told: what a person would try. The seed
 * still draws what the story leaves open. */
#ifndef SIM_STORIES_H
#define SIM_STORIES_H
#include <stdbool.h>
#include <stdint.h>

struct story {
	const char *name, *what;
	int64_t lasts;			/* ns */
	void (*site_change)(void);	/* after site_draw() */
	void (*begin)(void);		/* plans what happens */
};

/* NULL: none of that name. */
const struct story *story_find(const char *name);
/* Their names, a line each; with what they are. */
void stories_list(bool explained);
/* At its end, before the gateway is stopped. */
void story_end(void);
#endif

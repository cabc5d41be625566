/* SPDX-License-Identifier: GPL-2.0-or-later
 * What may come next on a command line of lwmuxctl, from the table of commands:
 * the shells' completion asks by `lwmuxctl --complete`. Pure. */
#ifndef AGENT_CTL_COMPLETE_H
#define AGENT_CTL_COMPLETE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What stands in the place of the word that is being written. */
enum ctl_place {
	PLACE_NOTHING,		/* nothing that is known */
	PLACE_COMMAND,
	PLACE_ENDPOINT, PLACE_BUS, PLACE_PROFILE,
};

/* words: those behind "lwmuxctl", the last of them as far as it is written.
 * Prints options, commands and fixed words that begin like it to `to`, one a
 * line; returns what else it may be. */
enum ctl_place ctl_complete(char *const *words, size_t n, FILE *to);
/* Does the table's text of a command's arguments have the option, as "--json"? */
bool ctl_takes(const char *arguments, const char *option);
/* The word behind --run in them, or NULL. */
const char *ctl_complete_run(char *const *words, size_t n);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Of the simulated buses, what the faults reach. */
#ifndef SIM_BUS_H
#define SIM_BUS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus_sim {
	int64_t quick;			/* what opening and attaching take */
	double answer_lost;		/* of a command that was done */
};
extern struct bus_sim bus_sim;

void buses_begin(void);
void buses_gone(void);		/* with the gateway */
/* Messages that the gateway has not taken yet; agent/bus has room for so many, and
 * waits then. */
#define BUS_MAIL_MOST 1024
size_t bus_mail(void);
/* The bus of that number is lost with all that is on it, and does not open; or
 * works again, and opens at its next try. */
void bus_fail(size_t number, bool fails);
/* The device of that endpoint does not answer any more; or does. */
void thing_die(size_t endpoint, bool dead);
/* By itself, or with its bus? */
bool thing_is_dead(size_t endpoint);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Of the event loop in virtual time (uv.c), what the rest of the simulation
 * needs. */
#ifndef SIM_LOOP_H
#define SIM_LOOP_H
#include <stdint.h>
#include <uv.h>

void loop_begin(void);			/* before each start of the gateway */
void loop_signal(int number);		/* a signal to the gateway */
void loop_names_end(void);		/* look-ups under way fail */
uint64_t loop_turns(void);
extern double loop_names_fail;		/* how probable it is for a look-up */
extern void (*loop_spins)(void);	/* the time does not go on any more */
/* libuv has called back; and a handle of pipe.c. */
void loop_woken(void);
void loop_pipe_add(uv_pipe_t *pipe);
/* A descriptor has something: whoever watches it is called. */
void loop_readable(int fd);
#endif

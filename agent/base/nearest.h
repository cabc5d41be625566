/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which known word was meant by an unknown one. Pure. */
#ifndef AGENT_NEAREST_H
#define AGENT_NEAREST_H
#include <stddef.h>

#define NEAREST_WORD_MAX 63	/* longer ones are never near to anything */

struct nearest {
	const char *word;	/* as it was written */
	const char *best;	/* borrowed from an offer; NULL: none near */
	size_t distance;
	char text[NEAREST_WORD_MAX + 24];
};
void nearest_init(struct nearest *nearest, const char *word);
void nearest_offer(struct nearest *nearest, const char *known);
/* Takes this word as the one that was meant, however little they are alike. */
void nearest_choose(struct nearest *nearest, const char *known);
/* Each of "tcp|rtu". best is then inside of choices and not terminated: only
 * nearest_text() knows it. */
void nearest_offer_choices(struct nearest *nearest, const char *choices);
/* "; did you mean 'rtu'?", or "". Lives as long as nearest does. */
const char *nearest_text(struct nearest *nearest);
#endif

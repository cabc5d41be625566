/* SPDX-License-Identifier: GPL-2.0-or-later
 * Texts that may be absent, and how they are compared. Pure. */
#ifndef AGENT_TEXT_H
#define AGENT_TEXT_H
#include <stdbool.h>
#include <string.h>

/* The caller's to free; NULL of NULL. Ends the program where memory does. */
char *text_copy(const char *text);
/* Both absent are equal. */
bool text_equal(const char *a, const char *b);

/* Both are there. For walks over tables of names, where most differ in the first
 * letter, which spares the call. */
static inline bool text_is(const char *a, const char *b)
{
	return *a == *b && !strcmp(a, b);
}
#endif

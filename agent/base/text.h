/* SPDX-License-Identifier: GPL-2.0-or-later
 * Texts that may be absent. Pure. */
#ifndef AGENT_TEXT_H
#define AGENT_TEXT_H
#include <stdbool.h>

/* The caller's to free; NULL of NULL. Ends the program where memory does. */
char *text_copy(const char *text);
/* Both absent are equal. */
bool text_equal(const char *a, const char *b);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * The range of a quantity ("1.5h", "64 KiB") as regular expressions, since a
 * JSON Schema knows no other way to limit what is a text. */
#ifndef AGENT_KEY_RANGE_H
#define AGENT_KEY_RANGE_H
#include <stdio.h>
#include "agent/config/config_key.h"

enum range_end { RANGE_LEAST, RANGE_MOST };

/* What a quantity of at least, or at most, `limit` looks like in any of the
 * units, in what ECMA's, Python's and POSIX's extended expressions have in
 * common. limit: not negative. Where it is no decimal of 9 places in a unit, as
 * 20 s in minutes, all that begin like it are taken. */
void range_print(FILE *to, enum range_end end, const struct config_unit *units,
		 int64_t limit);
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where a line is: found by its name, or its chip's label and its number
 * there, each time anew, for chips come and go and are numbered anew. */
#ifndef ADAPTERS_GPIO_PLACE_H
#define ADAPTERS_GPIO_PLACE_H
#include "adapters/gpio/lines.h"

#define PLACE_WHY_MAX 800

struct place_wanted {
	const char *chip;	/* label; NULL: any, with a name only */
	const char *path;	/* of its device, or the end of it; NULL: any */
	const char *line;	/* name; NULL: by number */
	unsigned number;
};

/* Which chip it is, however it is numbered: another one may have a line of the
 * same name, and another relay on it. */
struct home {
	char label[LINE_TEXT_MAX];	/* "": not known */
	char where[CHIP_WHERE_MAX];
};

struct place {
	char path[CHIP_PATH_MAX];
	unsigned offset;
	struct home home;
};

/* home: the chip that the line was found on before, or not known; no other is
 * taken, unless the configuration names another.
 * 0; or -ENOENT, -ENOTUNIQ (two of that name), or why a chip that may have it
 * cannot be opened; then why says so in words. */
int place_find(const struct place_wanted *wanted, const struct home *home,
	       struct place *place, char why[PLACE_WHY_MAX]);
/* Who holds it, in words: `"gpioset"`. */
void place_holder(const struct place *place, char holder[LINE_TEXT_MAX + 2]);
/* A chip's number, as 0, gpiochip0 or /dev/gpiochip0: it moves. */
bool place_is_number(const char *chip);
#endif

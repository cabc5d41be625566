/* SPDX-License-Identifier: GPL-2.0-or-later
 * Looks for a line on all chips that there are. */
#include "adapters/gpio/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct finding {
	const struct place_wanted *wanted;
	struct place *place;
	unsigned found;			/* lines, or chips of that label */
	bool label_seen;
	char where[CHIP_PATH_MAX + 40];	/* the first was found */
	int error;			/* of a chip that was not opened */
	char closed[CHIP_PATH_MAX];
};

static void found(struct finding *f, struct chip *chip,
		  const char path[CHIP_PATH_MAX],
		  unsigned offset)
{
	if (f->found++)
		return;
	snprintf(f->where, sizeof(f->where), "%s (%.36s)", chip_name(chip),
		 chip_label(chip));
	memcpy(f->place->path, path, CHIP_PATH_MAX);
	f->place->offset = offset;
}

static void chip_look(struct finding *f, struct chip *chip,
		      const char path[CHIP_PATH_MAX])
{
	const struct place_wanted *w = f->wanted;
	struct line_info info;

	if (w->chip && strcmp(w->chip, chip_label(chip)) != 0)
		return;
	f->label_seen = true;
	if (!w->line) {
		if (w->number < chip_lines(chip))
			found(f, chip, path, w->number);
		return;
	}
	for (unsigned i = 0; i < chip_lines(chip); i++)
		if (chip_line(chip, i, &info) == 0 &&
		    strcmp(info.name, w->line) == 0)
			found(f, chip, path, i);
}

static int not_found(const struct finding *f, char why[PLACE_WHY_MAX])
{
	const struct place_wanted *w = f->wanted;

	if (f->error) {
		snprintf(why, PLACE_WHY_MAX, "not found; but %s cannot be "
			 "opened: %s", f->closed, strerror(-f->error));
		return f->error;
	}
	if (w->chip && !f->label_seen)
		snprintf(why, PLACE_WHY_MAX, "there is no chip with the label "
			 "%.60s", w->chip);
	else if (w->line)
		snprintf(why, PLACE_WHY_MAX, "no line has the name %.60s",
			 w->line);
	else
		snprintf(why, PLACE_WHY_MAX, "the chip %.60s has no line %u",
			 w->chip, w->number);
	return -ENOENT;
}

int place_find(const struct place_wanted *wanted, struct place *place,
	       char why[PLACE_WHY_MAX])
{
	char paths[CHIPS_MAX][CHIP_PATH_MAX];
	size_t n = chips_list(paths);
	struct finding f = {.wanted = wanted, .place = place};

	for (size_t i = 0; i < n; i++) {
		struct chip *chip;
		int rc = chip_open(paths[i], &chip);

		if (rc < 0) {
			f.error = rc;
			memcpy(f.closed, paths[i], sizeof(f.closed));
			continue;
		}
		chip_look(&f, chip, paths[i]);
		chip_close(chip);
	}
	if (!f.found)
		return not_found(&f, why);
	if (f.found == 1)
		return 0;
	snprintf(why, PLACE_WHY_MAX, "there are %u of them, one at %s%s",
		 f.found, f.where, wanted->line && !wanted->chip ?
		 ": give the chip's label too" : "");
	return -ENOTUNIQ;
}

void place_holder(const struct place *place, char holder[LINE_TEXT_MAX + 2])
{
	struct line_info info = {.used = false};
	struct chip *chip;

	snprintf(holder, LINE_TEXT_MAX + 2, "another program");
	if (chip_open(place->path, &chip) < 0)
		return;
	if (chip_line(chip, place->offset, &info) == 0 && info.consumer[0])
		snprintf(holder, LINE_TEXT_MAX + 2, "\"%s\"", info.consumer);
	chip_close(chip);
}

bool place_is_number(const char *chip)
{
	if (strncmp(chip, "/dev/", 5) == 0)
		chip += 5;
	if (strncmp(chip, "gpiochip", 8) == 0)
		chip += 8;
	return *chip && chip[strspn(chip, "0123456789")] == '\0';
}
